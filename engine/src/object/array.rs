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
//! - What is taken from the front of a long array leaves its slots behind: they are *cut off*. `elements` then points
//!   into the block, and the last slot that was cut off holds their number, as a plain integer; a flag of the head
//!   says that there are any. `capacity` counts from `elements` on.

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
/// With fewer elements behind them, those at the front are not cut off: moving the others takes no longer.
const LEAST_CUT: u32 = 32;

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
        self.free_elements();
    }
}

pub(super) fn layout(capacity: u32) -> Layout {
    Layout::from_size_align(capacity as usize * size_of::<Value>(), 8).expect("capacity is below 2^28")
}

impl ArrayCell {
    /// Byte offsets of the fields, for the interpreter.
    pub const ELEMENTS_OFFSET: usize = core::mem::offset_of!(ArrayCell, elements);
    /// See [`ArrayCell::ELEMENTS_OFFSET`].
    pub const LENGTH_OFFSET: usize = core::mem::offset_of!(ArrayCell, length);

    /// More elements than this are never dense.
    pub const MAX_DENSE: u32 = 1 << 28;
    /// Elements that are worth a collection when there is no memory for them.
    pub(super) const LARGE_BYTES: usize = 16 << 10;

    /// Even capacities fill the 16-byte size classes.
    pub(super) fn even(capacity: u32) -> u32 {
        (capacity + 1) & !1
    }

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

    /// Whether there is an element in the dense slot of an index.
    #[inline(always)]
    pub fn has_dense(&self, index: u32) -> bool {
        // SAFETY: below the capacity.
        index < self.capacity() && unsafe { (*self.slot_pointer(index)).bits() } != RawValue::HOLE.bits()
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
            if self.is_sparse() || index >= Self::MAX_DENSE || !self.is_worth_slots(index) {
                return Ok(Err(value));
            }
            // What was cut off is room as well, once it is enough of it to be worth moving the rest.
            if self.cut() > self.capacity() / 4 {
                self.close_cut();
            }
            let (capacity, length) = (self.capacity(), self.length());
            if index >= capacity {
                let room = capacity + capacity / 2 + 2;
                // A length that was set is where filling ends.
                let room = if index < length { room.min(length) } else { room };
                self.grow(room.max(index + 1))?;
            }
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

    /// Number of slots that were cut off.
    #[inline]
    pub fn cut(&self) -> u32 {
        if !self.head.is_cut() {
            return 0;
        }
        // SAFETY: there is at least one slot before the first, and it holds the number.
        unsafe { self.elements.get().cast::<u64>().sub(1).read() as u32 }
    }

    /// Where the elements block begins, and how many slots it has; null and none without a block.
    fn block(&self) -> (*mut u8, u32) {
        let cut = self.cut();
        (self.elements.get().wrapping_sub(cut as usize).cast(), cut + self.capacity())
    }

    /// Moves the elements to the beginning of their block.
    fn close_cut(&self) {
        let (block, slots) = self.block();
        let dense = self.dense_length();
        let first = block.cast::<Value>();
        // SAFETY: all is within the block; what is behind the elements moved becomes holes, which covers slots that
        // held elements and such as were cut off.
        unsafe {
            core::ptr::copy(self.elements.get(), first, dense as usize);
            for i in dense..slots {
                first.add(i as usize).write(Value::HOLE);
            }
        }
        self.head.set_cut(false);
        self.elements.set(first);
        self.capacity.set(slots);
    }

    /// Cuts off the first `count` slots, which hold nothing any more.
    fn cut_off(&self, count: u32) {
        let cut = self.cut() + count;
        let first = self.elements.get().wrapping_add(count as usize);
        // SAFETY: there are more slots than `count`, at least one of which is cut off.
        unsafe { first.cast::<u64>().sub(1).write(u64::from(cut)) };
        self.head.set_cut(true);
        self.elements.set(first);
        self.capacity.set(self.capacity() - count);
    }

    /// Makes the last `count` slots that were cut off the first ones, as holes.
    fn uncut(&self, count: u32) {
        let left = self.cut() - count;
        let first = self.elements.get().wrapping_sub(count as usize);
        // SAFETY: so many slots were cut off; if there are more, the next one holds their number.
        unsafe {
            for i in 0..count {
                first.add(i as usize).write(Value::HOLE);
            }
            if left > 0 {
                first.cast::<u64>().sub(1).write(u64::from(left));
            }
        }
        self.head.set_cut(left > 0);
        self.elements.set(first);
        self.capacity.set(self.capacity() + count);
    }

    /// Makes at least `capacity` dense slots.
    pub fn grow(&self, capacity: u32) -> JsResult<()> {
        if capacity <= self.capacity() {
            return Ok(());
        }
        if capacity > Self::MAX_DENSE || self.is_sparse() {
            return Err(Thrown::OutOfMemory);
        }
        if self.head.is_cut() {
            self.close_cut();
            if capacity <= self.capacity() {
                return Ok(());
            }
        }
        let old = self.capacity();
        let capacity = Self::even(capacity);
        let mem = heap::current().mem();
        // SAFETY: the old block has the layout of its capacity.
        let ask = || unsafe {
            match NonNull::new(self.elements.get().cast::<u8>()) {
                None => mem.alloc(Use::Elements, layout(capacity)),
                Some(block) => mem.realloc(Use::Elements, block, layout(old), layout(capacity).size()),
            }
        };
        let block = match ask() {
            Err(_) if layout(capacity).size() >= Self::LARGE_BYTES && heap::current().make_room() => ask()?,
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
                self.shrink(length);
            }
        }
    }

    /// Gives back most of the slots, when few are used: `length` is that of the array.
    fn shrink(&self, length: u32) {
        if self.head.is_cut() {
            self.close_cut();
        }
        let (capacity, smaller) = (self.capacity(), Self::even(length + length / 2 + 2));
        // SAFETY: the block has the layout of its capacity, and the slots given back are holes.
        unsafe {
            let block = NonNull::new_unchecked(self.elements.get().cast::<u8>());
            let mem = heap::current().mem();
            // A refusal to shrink changes nothing.
            if let Ok(block) = mem.realloc(Use::Elements, block, layout(capacity), layout(smaller).size()) {
                self.elements.set(block.cast().as_ptr());
                self.capacity.set(smaller);
            }
        }
    }

    fn free_elements(&self) {
        let (block, slots) = self.block();
        if let Some(block) = NonNull::new(block) {
            let (first, capacity) = (self.elements.replace(core::ptr::null_mut()), self.capacity.replace(0));
            self.head.set_cut(false);
            // SAFETY: the block is this array's alone, unlinked, and its slots are dropped once; those that were
            // cut off hold nothing.
            unsafe {
                for i in 0..capacity {
                    first.add(i as usize).drop_in_place();
                }
                heap::current().mem().free(Use::Elements, block, layout(slots));
            }
        }
    }

    /// Takes the elements of a block over; false where this array has slots already or is sparse.
    pub fn adopt(&self, block: super::ElementsBlock) -> bool {
        if self.capacity.get() != 0 {
            return false;
        }
        let (elements, capacity, count) = block.into_parts();
        self.elements.set(elements);
        self.capacity.set(capacity);
        self.length.set(self.length().max(count));
        true
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

    /// Removes `count` elements or holes from `start` on, moving the rest down. From the front it takes as long as
    /// there are elements removed, the other way round no longer than there are elements behind.
    pub fn shift_dense(&self, start: u32, count: u32) {
        let (length, dense) = (self.length(), self.dense_length());
        debug_assert!(!self.is_sparse() && start + count <= length);
        let (from, to) = ((start + count).min(dense), start.min(dense));
        for i in to..from {
            // SAFETY: below the capacity; moved out before it is dropped.
            drop(unsafe { core::mem::replace(&mut *self.elements.get().add(i as usize), Value::HOLE) });
        }
        self.length.set(length - count);
        if from == to {
            return;
        }
        if start == 0 && dense - from >= LEAST_CUT {
            self.cut_off(from);
            let (_, slots) = self.block();
            if length - count < slots / 4 && dense - from == length - count {
                self.shrink(length - count);
            }
            return;
        }
        // SAFETY: within the slots; the places freed at the end become holes.
        unsafe {
            let elements = self.elements.get();
            core::ptr::copy(elements.add(from as usize), elements.add(to as usize), (dense - from) as usize);
            for i in dense - (from - to)..dense {
                elements.add(i as usize).write(Value::HOLE);
            }
        }
        if self.length() == 0 && self.head.is_cut() {
            self.free_elements();
        }
    }

    /// Opens a gap of `count` holes at `start`, moving the rest up.
    pub fn open_gap(&self, start: u32, count: u32) -> JsResult<()> {
        let (length, dense) = (self.length(), self.dense_length());
        debug_assert!(!self.is_sparse() && start <= length);
        let new_length = length.checked_add(count).ok_or(Thrown::OutOfMemory)?;
        if start == 0 && count > 0 && self.cut() >= count {
            self.uncut(count);
        } else if start < dense && count > 0 {
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

    /// Replaces what stands in the dense slots `start..end` by holes.
    pub fn clear(&self, start: u32, end: u32) {
        for i in start..end.min(self.capacity()) {
            // SAFETY: below the capacity; moved out before it is dropped.
            drop(unsafe { core::mem::replace(&mut *self.slot_pointer(i), Value::HOLE) });
        }
    }

    /// Moves the contents of `count` dense slots from `from` to `to` on, over what stands there, leaving holes; false
    /// where there are no such slots below the length.
    pub fn slide(&self, from: u32, to: u32, count: u32) -> bool {
        if from.max(to) + count > self.dense_length() {
            return false;
        }
        let (from_end, to_end) = (from + count, to + count);
        // What is overwritten, and what is left behind: both without the part that the two have in common.
        let (over, behind) = if to < from {
            (to..to_end.min(from), from.max(to_end)..from_end)
        } else {
            (to.max(from_end)..to_end, from..from_end.min(to))
        };
        self.clear(over.start, over.end);
        // SAFETY: within the slots; what was overwritten is gone, and what is left behind becomes holes.
        unsafe {
            core::ptr::copy(self.slot_pointer(from), self.slot_pointer(to), count as usize);
            for i in behind {
                self.slot_pointer(i).write(Value::HOLE);
            }
        }
        true
    }

    /// Copies the contents of a dense slot to another, a hole as a hole; both are below the length.
    pub fn copy_slot(&self, from: u32, to: u32) {
        if from.max(to) < self.dense_length() {
            // SAFETY: below the capacity; cloned, and moved out before it is dropped.
            unsafe {
                let value = (*self.slot_pointer(from)).clone();
                drop(core::mem::replace(&mut *self.slot_pointer(to), value));
            }
        }
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

    /// Exchanges what stands at each index in `from..to`, below the middle, with what stands as far from the end;
    /// false where not all have a slot.
    pub fn exchange_ends(&self, from: u32, to: u32) -> bool {
        let length = self.length();
        if self.is_sparse() || length > self.capacity() || to > length / 2 {
            return false;
        }
        for low in from..to {
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
        layout(self.block().1).size()
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
