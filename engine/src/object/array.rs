//! Arrays and arguments objects: dense elements beside the named properties.
//!
//! # Invariants
//! - `elements` has `capacity` initialised slots; those that hold no element hold the hole marker.
//!   Slots at and above `length` are holes.
//! - An element with other attributes than writable, enumerable, configurable, or one beyond what is
//!   worth a dense slot, makes the whole array *sparse*: it then has no dense slots, and its
//!   elements are named properties with integer keys ([`ArrayCell::is_sparse`]).
//! - Dense slots beyond the first few are worth their memory while one in [`DENSE_PART`] is used. A sparse array
//!   becomes dense again when one in [`DENSE_AGAIN_PART`] of its length is ([`Object::become_dense`]). So memory
//!   follows the number of elements, not the highest index.
//! - A slot of an arguments object may hold a variable box: the element is that parameter.

use core::alloc::Layout;
use core::cell::Cell as StdCell;
use core::ptr::NonNull;

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use};
use crate::value::{JsResult, Object, RawValue, Thrown, Value, kind};

/// An array: 32 bytes and its elements.
#[repr(C)]
pub struct ArrayCell {
    head: ObjectHead,
    elements: StdCell<*mut Value>,
    length: StdCell<u32>,
    capacity: StdCell<u32>,
}

/// An arguments object has the same layout.
#[repr(transparent)]
pub struct ArgumentsCell(ArrayCell);

/// Capacity of an array whose elements are named properties.
const SPARSE: u32 = u32::MAX;
/// Up to this many slots are always worth their memory.
const FREE_SLOTS: u32 = 64;
/// And up to this many below a length that was set.
const FREE_DECLARED_SLOTS: u32 = 1 << 10;
/// More slots are worth their memory while one in so many holds an element: an element that is a named property
/// takes five words.
const DENSE_PART: usize = 8;
/// A sparse array has dense slots again when one in so many would hold an element.
pub(super) const DENSE_AGAIN_PART: u64 = 4;
/// More elements than this are never dense.
const MAX_DENSE: u32 = 1 << 28;

// SAFETY: `repr(C)` with the header first; head and elements are reported.
unsafe impl Cell for ArrayCell {
    const KIND: u8 = kind::ARRAY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        for i in 0..self.capacity() {
            // SAFETY: all slots are initialised.
            unsafe { (*self.elements.get().add(i as usize)).trace(tracer) };
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.block(Use::Elements, Part::Elements, self.element_bytes());
    }
}

// SAFETY: as above.
unsafe impl Cell for ArgumentsCell {
    const KIND: u8 = kind::ARGUMENTS;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.0.trace(tracer);
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        self.0.blocks(blocks);
    }
}

impl Drop for ArrayCell {
    fn drop(&mut self) {
        let capacity = self.capacity();
        // SAFETY: the elements are this array's alone, initialised, and dropped once.
        unsafe {
            for i in 0..capacity {
                self.elements.get().add(i as usize).drop_in_place();
            }
            if let Some(block) = NonNull::new(self.elements.get().cast::<u8>()) {
                heap::current().mem().free(Use::Elements, block, layout(capacity));
            }
        }
    }
}

/// Elements that are worth a collection when there is no memory for them.
const LARGE_BYTES: usize = 16 << 10;

fn layout(capacity: u32) -> Layout {
    Layout::from_size_align(capacity as usize * size_of::<Value>(), 8).expect("capacity is below 2^28")
}

impl ArrayCell {
    /// Byte offsets of the fields, for the interpreter.
    pub const ELEMENTS_OFFSET: usize = core::mem::offset_of!(ArrayCell, elements);
    /// See [`ArrayCell::ELEMENTS_OFFSET`].
    pub const LENGTH_OFFSET: usize = core::mem::offset_of!(ArrayCell, length);

    fn blank() -> ArrayCell {
        ArrayCell {
            head: ObjectHead::new(),
            elements: StdCell::new(core::ptr::null_mut()),
            length: StdCell::new(0),
            capacity: StdCell::new(0),
        }
    }

    /// An empty array of a shape, with room for `capacity` elements.
    pub fn create(shape: &Shape, capacity: usize) -> JsResult<Object> {
        let object = Object::alloc(ArrayCell::blank(), shape)?;
        if capacity > 0 {
            let capacity = u32::try_from(capacity).map_err(|_| Thrown::OutOfMemory)?;
            object.array_unchecked().grow(capacity)?;
        }
        Ok(object)
    }

    /// An empty arguments object of a shape, with room for `capacity` elements.
    pub fn create_arguments(shape: &Shape, capacity: usize) -> JsResult<Object> {
        let object = Object::alloc(ArgumentsCell(ArrayCell::blank()), shape)?;
        let capacity = u32::try_from(capacity).map_err(|_| Thrown::OutOfMemory)?;
        object.array_unchecked().grow(capacity)?;
        Ok(object)
    }

    /// The `length` of an array; of an arguments object, the number of elements it was made with.
    #[inline(always)]
    pub fn length(&self) -> u32 {
        self.length.get()
    }

    /// The place of dense slot `index`, below the capacity.
    #[inline(always)]
    pub fn slot_pointer(&self, index: u32) -> *mut Value {
        self.elements.get().wrapping_add(index as usize)
    }

    /// Number of dense slots.
    #[inline(always)]
    pub fn capacity(&self) -> u32 {
        let capacity = self.capacity.get();
        if capacity == SPARSE { 0 } else { capacity }
    }

    /// Whether the elements are named properties.
    #[inline(always)]
    pub fn is_sparse(&self) -> bool {
        self.capacity.get() == SPARSE
    }

    /// The element at `index`, when it is in a dense slot and no hole.
    #[inline(always)]
    pub fn dense(&self, index: u32) -> Option<Value> {
        if index >= self.capacity() {
            return None;
        }
        // SAFETY: below the capacity; cloned at once.
        let value = unsafe { (*self.elements.get().add(index as usize)).clone() };
        if value.bits() == Value::HOLE.bits() { None } else { Some(value) }
    }

    /// Replaces the contents of a dense slot below the length; false when there is no such slot.
    #[inline(always)]
    pub fn set_dense(&self, index: u32, value: Value) -> bool {
        if index >= self.capacity() || index >= self.length() {
            return false;
        }
        // SAFETY: below the capacity; the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.elements.get().add(index as usize), value) });
        true
    }

    /// Puts a value at `index`, growing length and dense slots as needed. `Ok(Err(value))` gives the value
    /// back when the place is not worth a dense slot: the array must become sparse first.
    pub fn put_dense(&self, index: u32, value: Value) -> JsResult<Result<(), Value>> {
        if index >= self.capacity() {
            if self.is_sparse() || index >= MAX_DENSE || !self.is_worth_slots(index) {
                return Ok(Err(value));
            }
            let (capacity, length) = (self.capacity(), self.length());
            let room = capacity + capacity / 2 + 2;
            // A length that was set is where filling ends.
            let room = if index < length { room.min(length) } else { room };
            self.grow(room.max(index + 1))?;
        }
        if index >= self.length() {
            self.length.set(index + 1);
        }
        self.set_dense(index, value);
        Ok(Ok(()))
    }

    /// Whether so many dense slots that there is one for `index` are worth their memory.
    fn is_worth_slots(&self, index: u32) -> bool {
        let (capacity, length) = (self.capacity(), self.length());
        // In order there are no more gaps than before.
        index < FREE_SLOTS
            || (index == capacity && index <= length)
            || (index < length && length <= FREE_DECLARED_SLOTS)
            || self.used() * DENSE_PART > index as usize
    }

    /// Whether it is time to look if an array of so many elements should get dense slots again: at each doubling.
    pub fn may_become_dense(&self, properties: u32) -> bool {
        self.is_sparse()
            && properties.is_power_of_two()
            && u64::from(self.length()) <= u64::from(properties) * DENSE_AGAIN_PART
    }

    /// After many deletions: whether the dense slots are no longer worth their memory.
    #[cold]
    pub fn is_wasteful(&self) -> bool {
        self.capacity() > FREE_SLOTS && self.used() * (2 * DENSE_PART) < self.capacity() as usize
    }

    /// Number of dense slots that hold an element.
    #[cold]
    fn used(&self) -> usize {
        // SAFETY: the slots below the capacity are initialised, and nothing runs meanwhile.
        let slots = (0..self.capacity()).map(|i| unsafe { (*self.slot_pointer(i)).bits() });
        slots.filter(|&bits| bits != Value::HOLE.bits()).count()
    }

    /// Appends to a dense array; the value comes back when that is not possible.
    #[inline]
    pub fn push_dense(&self, value: Value) -> JsResult<Result<(), Value>> {
        self.put_dense(self.length(), value)
    }

    /// Appends to a dense array that has a free slot; false when there is none. The count of the value is
    /// the array's then.
    #[inline(always)]
    pub fn push_in_place(&self, value: crate::value::RawValue) -> bool {
        let at = self.length();
        if at >= self.capacity() {
            return false;
        }
        // SAFETY: below the capacity; slots at and above the length are holes, which need no drop.
        unsafe { self.elements.get().add(at as usize).cast::<crate::value::RawValue>().write(value) };
        self.length.set(at + 1);
        true
    }

    /// Makes at least `capacity` dense slots.
    pub fn grow(&self, capacity: u32) -> JsResult<()> {
        let old = self.capacity();
        if capacity <= old {
            return Ok(());
        }
        if capacity > MAX_DENSE || self.is_sparse() {
            return Err(Thrown::OutOfMemory);
        }
        // Even capacities fill the 16-byte size classes.
        let capacity = (capacity + 1) & !1;
        let mem = heap::current().mem();
        // SAFETY: the old block has the layout of its capacity.
        let ask = || unsafe {
            match NonNull::new(self.elements.get().cast::<u8>()) {
                None => mem.alloc(Use::Elements, layout(capacity)),
                Some(block) => mem.realloc(Use::Elements, block, layout(old), layout(capacity).size()),
            }
        };
        let block = match ask() {
            Err(_) if layout(capacity).size() >= LARGE_BYTES && heap::current().make_room() => ask()?,
            answer => answer?,
        };
        // SAFETY: the block holds the old slots; new ones are initialised at once.
        unsafe {
            let elements = block.cast::<Value>().as_ptr();
            for i in old..capacity {
                elements.add(i as usize).write(Value::HOLE);
            }
            self.elements.set(elements);
            self.capacity.set(capacity);
        }
        Ok(())
    }

    /// Sets the length of an array whose elements at and above it are gone already (sparse), or
    /// drops them (dense).
    pub fn set_length(&self, length: u32) {
        let old = self.length.replace(length);
        if length < old && !self.is_sparse() {
            for i in length..old.min(self.capacity()) {
                // SAFETY: below the capacity; moved out before it is dropped.
                drop(unsafe { core::mem::replace(&mut *self.elements.get().add(i as usize), Value::HOLE) });
            }
            let capacity = self.capacity();
            if length == 0 {
                self.free_elements();
            } else if length < capacity / 4 && capacity > 32 {
                let smaller = ((length + length / 2 + 2) + 1) & !1;
                // SAFETY: the block has the layout of its capacity, and the slots cut off are holes.
                unsafe {
                    let block = NonNull::new_unchecked(self.elements.get().cast::<u8>());
                    let mem = heap::current().mem();
                    // A refusal to shrink changes nothing.
                    if let Ok(block) =
                        mem.realloc(Use::Elements, block, layout(capacity), layout(smaller).size())
                    {
                        self.elements.set(block.cast().as_ptr());
                        self.capacity.set(smaller);
                    }
                }
            }
        }
    }

    fn free_elements(&self) {
        let capacity = self.capacity();
        if let Some(block) = NonNull::new(self.elements.replace(core::ptr::null_mut()).cast::<u8>()) {
            self.capacity.set(0);
            // SAFETY: the block is this array's alone, unlinked, and its slots are dropped once.
            unsafe {
                for i in 0..capacity {
                    block.cast::<Value>().as_ptr().add(i as usize).drop_in_place();
                }
                heap::current().mem().free(Use::Elements, block, layout(capacity));
            }
        }
    }

    /// Marks the array as sparse, once its elements have been copied to named properties.
    pub fn become_sparse(&self) {
        self.free_elements();
        self.capacity.set(SPARSE);
    }

    /// Makes a sparse array one with `capacity` dense slots, all holes: its elements are about to be stored anew.
    pub(super) fn become_dense(&self, capacity: u32) -> JsResult<()> {
        debug_assert!(self.is_sparse());
        self.capacity.set(0);
        let made = self.grow(capacity);
        if made.is_err() {
            self.capacity.set(SPARSE);
        }
        made
    }

    /// Moves the dense elements out and leaves an empty dense array: for sorting and the like.
    /// Calls `take` with each slot's value, holes included.
    pub fn drain_dense(&self, mut take: impl FnMut(Value)) {
        for i in 0..self.capacity().min(self.length()) {
            // SAFETY: below the capacity.
            take(unsafe { core::mem::replace(&mut *self.elements.get().add(i as usize), Value::HOLE) });
        }
    }

    /// Dense slots below the length.
    pub fn dense_length(&self) -> u32 {
        self.length().min(self.capacity())
    }

    /// Removes `count` elements or holes from `start` on, moving the rest down.
    pub fn shift_dense(&self, start: u32, count: u32) {
        let (length, dense) = (self.length(), self.dense_length());
        debug_assert!(!self.is_sparse() && start + count <= length);
        let (from, to) = ((start + count).min(dense), start.min(dense));
        // SAFETY: the removed values are moved out first; the rest is moved bytewise within
        // the initialised slots and the places freed at the end become holes.
        unsafe {
            let elements = self.elements.get();
            for i in to..from {
                let gone = core::mem::replace(&mut *elements.add(i as usize), Value::HOLE);
                drop(gone);
            }
            if from > to {
                let tail = (dense - from) as usize;
                core::ptr::copy(elements.add(from as usize), elements.add(to as usize), tail);
                for i in dense - (from - to)..dense {
                    elements.add(i as usize).write(Value::HOLE);
                }
            }
        }
        self.length.set(length - count);
    }

    /// Opens a gap of `count` holes at `start`, moving the rest up.
    pub fn open_gap(&self, start: u32, count: u32) -> JsResult<()> {
        let (length, dense) = (self.length(), self.dense_length());
        debug_assert!(!self.is_sparse() && start <= length);
        let new_length = length.checked_add(count).ok_or(Thrown::OutOfMemory)?;
        if start < dense && count > 0 {
            let new_dense = dense + count;
            if new_dense > self.capacity() {
                self.grow(new_dense + new_dense / 4)?;
            }
            // SAFETY: within the capacity; the gap is overwritten with holes after its values moved up.
            unsafe {
                let elements = self.elements.get();
                let from = elements.add(start as usize);
                core::ptr::copy(from, from.add(count as usize), (dense - start) as usize);
                for i in start..start + count {
                    elements.add(i as usize).write(Value::HOLE);
                }
            }
        }
        self.length.set(new_length);
        Ok(())
    }

    /// Appends what stands at `start..end` of another array that is not sparse, holes as holes.
    pub fn append_range(&self, from: &ArrayCell, start: u32, end: u32) -> JsResult<()> {
        debug_assert!(!self.is_sparse() && !from.is_sparse() && start <= end);
        let at = self.length();
        let new_length = at.checked_add(end - start).ok_or(Thrown::OutOfMemory)?;
        let (start, dense) = (start.min(from.dense_length()), end.min(from.dense_length()));
        if start < dense {
            let needed = at + (dense - start);
            if needed > self.capacity() {
                // Into an empty array this is all there will be.
                self.grow(if at == 0 { needed } else { needed + needed / 4 })?;
            }
            for i in 0..dense - start {
                // SAFETY: within both arrays' slots; those above the length are holes, which need no drop.
                unsafe {
                    let value = (*from.slot_pointer(start + i)).clone();
                    self.slot_pointer(at + i).write(value);
                }
            }
        }
        self.length.set(new_length);
        Ok(())
    }

    /// Reverses the order of elements and holes; false where not all have a slot.
    pub fn reverse_dense(&self) -> bool {
        let length = self.length();
        if self.is_sparse() || length > self.capacity() {
            return false;
        }
        for low in 0..length / 2 {
            // SAFETY: both are below the capacity, and different.
            unsafe { core::ptr::swap(self.slot_pointer(low), self.slot_pointer(length - 1 - low)) };
        }
        true
    }

    /// The first index in `from..end` at which there is an element in a dense slot.
    pub fn next_dense(&self, from: u32, end: u32) -> Option<u32> {
        // SAFETY: the slots below the capacity are initialised, and nothing runs meanwhile.
        (from..end.min(self.dense_length()))
            .find(|&i| unsafe { (*self.slot_pointer(i)).bits() } != RawValue::HOLE.bits())
    }

    /// The last index in `from..end` at which there is an element in a dense slot.
    pub fn last_dense(&self, from: u32, end: u32) -> Option<u32> {
        // SAFETY: as above.
        (from..end.min(self.dense_length()))
            .rev()
            .find(|&i| unsafe { (*self.slot_pointer(i)).bits() } != RawValue::HOLE.bits())
    }

    /// The dense slots below the length, as a slice that must not be kept while anything runs
    /// that could change the array.
    ///
    /// # Safety
    /// 1. Nothing that could change this array runs while the slice is alive.
    #[inline(always)]
    pub unsafe fn dense_slice(&self) -> &[Value] {
        let count = self.length().min(self.capacity()) as usize;
        if count == 0 {
            return &[];
        }
        // SAFETY: (1) the slots are initialised and not changed.
        unsafe { core::slice::from_raw_parts(self.elements.get(), count) }
    }

    /// Whether the elements are dense, without holes, for the whole length.
    pub fn is_packed(&self) -> bool {
        if self.is_sparse() || self.length() > self.capacity() {
            return false;
        }
        // SAFETY: (1) nothing runs here.
        unsafe { self.dense_slice() }.iter().all(|v| v.bits() != Value::HOLE.bits())
    }

    /// Bytes of the elements block.
    pub fn element_bytes(&self) -> usize {
        layout(self.capacity()).size()
    }
}

impl Object {
    /// The array part of an array or arguments object.
    #[inline(always)]
    pub fn as_array(&self) -> Option<&ArrayCell> {
        matches!(self.kind(), kind::ARRAY | kind::ARGUMENTS).then(|| self.array_unchecked())
    }

    #[inline(always)]
    fn array_unchecked(&self) -> &ArrayCell {
        // SAFETY: arrays and arguments objects have this layout; callers checked the kind.
        unsafe { self.as_cell().cast::<ArrayCell>().as_ref() }
    }
}
