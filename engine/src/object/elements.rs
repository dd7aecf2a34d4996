//! Elements of an array in the making: a block that is written once, from its beginning, and that an array without
//! elements then takes over. Long copies are made in runs this way, and nobody sees what is unfinished.

use super::ArrayCell;
use super::array::layout;
use crate::heap;
use crate::mem::Use;
use crate::value::{JsResult, RawValue, Thrown, Value};

/// A block with room for `capacity` elements, the first `count` of which are written.
pub struct ElementsBlock {
    first: *mut Value,
    capacity: u32,
    count: u32,
}

impl ElementsBlock {
    /// A block for so many elements; none are written.
    pub fn new(capacity: u32) -> JsResult<ElementsBlock> {
        if capacity > ArrayCell::MAX_DENSE {
            return Err(Thrown::OutOfMemory);
        }
        let capacity = ArrayCell::even(capacity);
        let mut first = core::ptr::null_mut();
        if capacity > 0 {
            let mem = heap::current().mem();
            let block = match mem.alloc(Use::Elements, layout(capacity)) {
                Err(_)
                    if layout(capacity).size() >= ArrayCell::LARGE_BYTES && heap::current().make_room() =>
                {
                    mem.alloc(Use::Elements, layout(capacity))?
                }
                answer => answer?,
            };
            first = block.cast().as_ptr();
        }
        Ok(ElementsBlock { first, capacity, count: 0 })
    }

    /// Elements written so far.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Appends a value; it is dropped if there is no room for it.
    #[inline(always)]
    pub fn push(&mut self, value: Value) {
        debug_assert!(self.count < self.capacity);
        if self.count < self.capacity {
            // SAFETY: within the block, behind what was written.
            unsafe { self.first.add(self.count as usize).write(value) };
            self.count += 1;
        }
    }

    /// Appends what stands in the dense slots `start..end` of an array, holes as holes, as far as there is room.
    pub fn extend_from(&mut self, from: &ArrayCell, start: u32, end: u32) {
        let end = end.min(from.dense_length()).min(start + (self.capacity - self.count));
        for i in start..end {
            // SAFETY: below the array's dense length, and cloned at once.
            self.push(unsafe { (*from.slot_pointer(i)).clone() });
        }
    }

    /// Appends a value so many times, as far as there is room.
    pub fn extend_with(&mut self, value: &Value, count: u32) {
        for _ in 0..count.min(self.capacity - self.count) {
            self.push(value.clone());
        }
    }

    /// The block, its slots, all of them initialised, and how many hold what was written. The block is the caller's.
    pub(super) fn into_parts(self) -> (*mut Value, u32, u32) {
        let block = core::mem::ManuallyDrop::new(self);
        for i in block.count..block.capacity {
            // SAFETY: within the block.
            unsafe { block.first.add(i as usize).cast::<RawValue>().write(RawValue::HOLE) };
        }
        (block.first, block.capacity, block.count)
    }
}

impl Drop for ElementsBlock {
    fn drop(&mut self) {
        if self.first.is_null() {
            return;
        }
        // SAFETY: what was written is dropped once, and the block has this layout.
        unsafe {
            for i in 0..self.count {
                self.first.add(i as usize).drop_in_place();
            }
            let block = core::ptr::NonNull::new_unchecked(self.first.cast());
            heap::current().mem().free(Use::Elements, block, layout(self.capacity));
        }
    }
}
