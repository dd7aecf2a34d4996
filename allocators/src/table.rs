//! A table from block addresses to values, kept in the memory of the allocator it serves.
//!
//! The pool notes its large blocks in one, the guard all of its blocks. Nothing of it lives in the
//! blocks themselves, so a program that writes where it should not cannot spoil it, and looking up
//! an address that never was a block is harmless.
//!
//! # Invariants
//! - Open addressing: the capacity is zero or a power of two, and at most three quarters are taken.
//! - Collisions go to the next slot; a removal moves later entries back, so there are no tombstones.
//! - The slots are a block of the allocator given to every call, with the layout `layout(capacity)`.

use core::alloc::Layout;
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};

use crate::contract::Allocator;

const FIRST_CAPACITY: usize = 64;

struct Slot<V> {
    /// Null in a free slot.
    block: *mut u8,
    /// Initialised in a taken slot.
    value: MaybeUninit<V>,
}

/// See the [module](self).
pub(crate) struct AddressTable<V: Copy> {
    slots: Cell<*mut Slot<V>>,
    capacity: Cell<usize>,
    len: Cell<usize>,
}

impl<V: Copy> AddressTable<V> {
    /// An empty table; takes no memory yet.
    ///
    /// # Safety
    /// 1. Every call on this table that takes an allocator is given the same one.
    pub(crate) const unsafe fn new() -> Self {
        AddressTable { slots: Cell::new(ptr::null_mut()), capacity: Cell::new(0), len: Cell::new(0) }
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    /// Memory taken, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.capacity.get() * size_of::<Slot<V>>()
    }

    fn layout(capacity: usize) -> Option<Layout> {
        Layout::array::<Slot<V>>(capacity).ok()
    }

    /// Sees to it that one more entry fits. False when memory was refused.
    pub(crate) fn reserve_one<A: Allocator>(&self, memory: &A) -> bool {
        let capacity = self.capacity.get();
        (self.len.get() + 1) * 4 <= capacity * 3 || self.resize(memory, (capacity * 2).max(FIRST_CAPACITY))
    }

    fn resize<A: Allocator>(&self, memory: &A, capacity: usize) -> bool {
        let Some(layout) = Self::layout(capacity) else {
            return false;
        };
        // SAFETY: (1) the capacity is not zero. Zeroes are free slots: null is all zeroes.
        let Some(fresh) = (unsafe { memory.alloc_zeroed(layout) }) else {
            return false;
        };
        let slots = self.slots.replace(fresh.as_ptr().cast());
        let old_capacity = self.capacity.replace(capacity);
        self.len.set(0);
        for index in 0..old_capacity {
            // SAFETY: the old table holds as many slots, and the value of a taken one is set.
            unsafe {
                let slot = slots.add(index);
                if let Some(block) = NonNull::new((*slot).block) {
                    self.insert(block, (*slot).value.assume_init());
                }
            }
        }
        Self::free_slots(memory, slots, old_capacity);
        true
    }

    fn free_slots<A: Allocator>(memory: &A, slots: *mut Slot<V>, capacity: usize) {
        if let (Some(slots), Some(layout)) = (NonNull::new(slots), Self::layout(capacity)) {
            // SAFETY: (1, 2) `resize` allocated the slots from the same allocator, by the duty of
            // `new`, with this layout; the caller has put others in their place.
            unsafe { memory.free(slots.cast(), layout) };
        }
    }

    /// The slot where the search for an address begins. The capacity must not be zero.
    fn home(&self, block: *mut u8) -> usize {
        // Fibonacci hashing: the upper bits of the product depend on all bits of the address.
        let product = (block.addr() as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (product >> (64 - self.capacity.get().trailing_zeros())) as usize
    }

    fn block_at(&self, index: usize) -> *mut u8 {
        debug_assert!(index < self.capacity.get());
        // SAFETY: indices are masked to the capacity.
        unsafe { (*self.slots.get().add(index)).block }
    }

    /// The index of a block's slot.
    fn find(&self, block: NonNull<u8>) -> Option<usize> {
        if self.capacity.get() == 0 {
            return None;
        }
        let mask = self.capacity.get() - 1;
        let mut index = self.home(block.as_ptr());
        loop {
            let there = self.block_at(index);
            if there == block.as_ptr() {
                return Some(index);
            }
            if there.is_null() {
                return None;
            }
            index = (index + 1) & mask;
        }
    }

    /// Enters a block that is not in the table. Room must have been reserved.
    pub(crate) fn insert(&self, block: NonNull<u8>, value: V) {
        debug_assert!(self.len.get() < self.capacity.get() && self.find(block).is_none());
        let mask = self.capacity.get() - 1;
        let mut index = self.home(block.as_ptr());
        while !self.block_at(index).is_null() {
            index = (index + 1) & mask;
        }
        // SAFETY: the index is masked to the capacity.
        unsafe {
            self.slots.get().add(index).write(Slot { block: block.as_ptr(), value: MaybeUninit::new(value) });
        }
        self.len.set(self.len.get() + 1);
    }

    /// The value of a block.
    pub(crate) fn get(&self, block: NonNull<u8>) -> Option<V> {
        let index = self.find(block)?;
        // SAFETY: the slot is a taken one.
        Some(unsafe { (*self.slots.get().add(index)).value.assume_init() })
    }

    /// Replaces the value of a block that is in the table.
    pub(crate) fn set(&self, block: NonNull<u8>, value: V) {
        if let Some(index) = self.find(block) {
            // SAFETY: the slot is a taken one.
            unsafe { (*self.slots.get().add(index)).value = MaybeUninit::new(value) };
        }
    }

    /// Removes a block and returns its value.
    pub(crate) fn remove(&self, block: NonNull<u8>) -> Option<V> {
        let mut hole = self.find(block)?;
        let (slots, mask) = (self.slots.get(), self.capacity.get() - 1);
        // SAFETY: the slot is a taken one.
        let value = unsafe { (*slots.add(hole)).value.assume_init() };
        let mut next = (hole + 1) & mask;
        loop {
            let there = self.block_at(next);
            if there.is_null() {
                break;
            }
            // An entry may move back into the hole unless its home lies behind the hole.
            let home = self.home(there);
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                // SAFETY: both indices are masked to the capacity.
                unsafe { slots.add(hole).write(slots.add(next).read()) };
                hole = next;
            }
            next = (next + 1) & mask;
        }
        // SAFETY: the index is masked to the capacity.
        unsafe { (*slots.add(hole)).block = ptr::null_mut() };
        self.len.set(self.len.get() - 1);
        Some(value)
    }

    /// Calls `visit` for every entry. `visit` must not change the table.
    pub(crate) fn each(&self, mut visit: impl FnMut(NonNull<u8>, V)) {
        for index in 0..self.capacity.get() {
            if let Some(block) = NonNull::new(self.block_at(index)) {
                // SAFETY: the slot is a taken one.
                visit(block, unsafe { (*self.slots.get().add(index)).value.assume_init() });
            }
        }
    }

    /// Gives memory back where most of the table is free.
    pub(crate) fn shrink<A: Allocator>(&self, memory: &A) {
        if self.len.get() == 0 {
            self.release(memory);
        } else if self.len.get() * 8 < self.capacity.get() && self.capacity.get() > FIRST_CAPACITY {
            // A refusal leaves the larger table, which does no harm.
            self.resize(memory, (self.len.get() * 2).next_power_of_two().max(FIRST_CAPACITY));
        }
    }

    /// Forgets every entry and frees the table's memory.
    pub(crate) fn release<A: Allocator>(&self, memory: &A) {
        let (slots, capacity) = (self.slots.get(), self.capacity.get());
        self.forget();
        Self::free_slots(memory, slots, capacity);
    }

    /// Forgets every entry and the table's memory: the allocator has already dropped its heap.
    pub(crate) fn forget(&self) {
        self.slots.set(ptr::null_mut());
        self.capacity.set(0);
        self.len.set(0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::System;

    #[test]
    fn behaves_as_a_map_under_churn() {
        // SAFETY: (1) `System` is the only allocator here.
        let table = unsafe { AddressTable::<u32>::new() };
        let mut model = HashMap::new();
        let mut state = 1_u64;
        for step in 0..40_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Few distinct addresses, so that probes collide and holes are filled.
            let address = ((state >> 40) as usize % 700 + 1) * 16;
            let block = NonNull::without_provenance(address.try_into().unwrap());
            if let Some(value) = model.remove(&address) {
                assert_eq!(table.get(block), Some(value));
                assert_eq!(table.remove(block), Some(value));
                assert_eq!(table.get(block), None);
            } else {
                assert!(table.reserve_one(&System));
                table.insert(block, step);
                model.insert(address, step);
            }
            if step % 5_000 == 0 {
                table.shrink(&System);
            }
            assert_eq!(table.len(), model.len());
        }
        table.each(|block, value| assert_eq!(model.remove(&block.as_ptr().addr()), Some(value)));
        assert!(model.is_empty());
        table.release(&System);
        assert_eq!(table.bytes(), 0);
    }
}
