//! The blocks too large for a page: where they are and how large.
//!
//! An open-addressing table from address to layout, kept in the memory of the allocator under the
//! pool. A header in front of each block would be simpler, but it would push a block of a power of
//! two into the next size class, and cost a block aligned to 32 KiB another 32 KiB.
//!
//! # Invariants
//! - The capacity is zero or a power of two, and at most three quarters of it are taken.
//! - Collisions go to the next slot; a removal moves later entries back, so there are no tombstones.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

use crate::contract::Allocator;

/// Sizes from here on cannot be noted beside an alignment; no machine has them.
const TOO_LARGE: usize = 1 << 57;
const FIRST_CAPACITY: usize = 64;

#[derive(Clone, Copy)]
struct Slot {
    /// Null in a free slot.
    block: *mut u8,
    /// Size in bytes in the upper 58 bits, logarithm of the alignment in the lower 6.
    layout: u64,
}

impl Slot {
    fn new(block: NonNull<u8>, layout: Layout) -> Self {
        let (size, align) = (layout.size() as u64, layout.align().trailing_zeros() as u64);
        Slot { block: block.as_ptr(), layout: size << 6 | align }
    }
    fn layout(self) -> Layout {
        // SAFETY: made from a valid layout whose size lost no bit by the shift.
        unsafe { Layout::from_size_align_unchecked((self.layout >> 6) as usize, 1 << (self.layout & 63)) }
    }
}

/// The table of one pool. Every method that takes `inner` must be given that pool's.
pub(super) struct LargeTable {
    slots: Cell<*mut Slot>,
    capacity: Cell<usize>,
    len: Cell<usize>,
    bytes: Cell<usize>,
}

impl LargeTable {
    pub(super) fn new() -> Self {
        LargeTable {
            slots: Cell::new(ptr::null_mut()),
            capacity: Cell::new(0),
            len: Cell::new(0),
            bytes: Cell::new(0),
        }
    }

    /// Number of live large blocks.
    pub(super) fn len(&self) -> usize {
        self.len.get()
    }

    /// Sum of their sizes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Size of the table itself, in bytes.
    pub(super) fn table_bytes(&self) -> usize {
        self.capacity.get() * size_of::<Slot>()
    }

    /// Sum of what the blocks can hold, as far as `inner` tells. Walks the table if it does.
    pub(super) fn usable<A: Allocator>(&self, inner: &A) -> usize {
        let mut sum = 0;
        self.each(|slot, block| {
            let layout = slot.layout();
            // SAFETY: (1) every noted block is a live one of `inner` with this layout.
            sum += unsafe { inner.usable_size(block, layout) }.unwrap_or(layout.size());
        });
        sum
    }

    pub(super) fn alloc<A: Allocator>(&self, inner: &A, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        if layout.size() >= TOO_LARGE || !self.make_room(inner) {
            return None;
        }
        // SAFETY: (1) large blocks are larger than zero.
        let block = unsafe { if zeroed { inner.alloc_zeroed(layout) } else { inner.alloc(layout) } }?;
        self.insert(Slot::new(block, layout));
        Some(block)
    }

    /// # Safety
    /// 1. `block` is live, in this table, with layout `layout`; it is not used again.
    pub(super) unsafe fn free<A: Allocator>(&self, inner: &A, block: NonNull<u8>, layout: Layout) {
        self.remove(block);
        // SAFETY: (1) large blocks are `inner`'s own.
        unsafe { inner.free(block, layout) };
        self.bytes.set(self.bytes.get() - layout.size());
    }

    /// # Safety
    /// 1. `block` is live, in this table, with layout `old`.
    /// 2. `new_size` makes a valid layout of a large block.
    /// 3. On success the old pointer is not used again.
    pub(super) unsafe fn realloc<A: Allocator>(
        &self,
        inner: &A,
        block: NonNull<u8>,
        old: Layout,
        new_size: usize,
    ) -> Option<NonNull<u8>> {
        if new_size >= TOO_LARGE {
            return None;
        }
        // SAFETY: (1, 2, 3) passed on.
        let moved = unsafe { inner.realloc(block, old, new_size) }?;
        // SAFETY: (2).
        let new = unsafe { Layout::from_size_align_unchecked(new_size, old.align()) };
        self.remove(block);
        self.bytes.set(self.bytes.get() - old.size());
        self.insert(Slot::new(moved, new));
        Some(moved)
    }

    /// Frees every block, and the table.
    ///
    /// # Safety
    /// 1. No large block is used again.
    pub(super) unsafe fn free_all<A: Allocator>(&self, inner: &A) {
        self.each(|slot, block| {
            // SAFETY: (1) every noted block is a live one of `inner` with this layout.
            unsafe { inner.free(block, slot.layout()) };
        });
        self.len.set(0);
        self.bytes.set(0);
        self.release_table(inner);
    }

    /// Forgets blocks and table without freeing them: `inner` has already dropped its heap.
    pub(super) fn forget(&self) {
        self.slots.set(ptr::null_mut());
        self.capacity.set(0);
        self.len.set(0);
        self.bytes.set(0);
    }

    /// Makes the table smaller where most of it is free.
    pub(super) fn shrink<A: Allocator>(&self, inner: &A) {
        if self.len.get() == 0 {
            self.release_table(inner);
        } else if self.len.get() * 8 < self.capacity.get() && self.capacity.get() > FIRST_CAPACITY {
            // A refusal leaves the larger table, which does no harm.
            self.resize(inner, (self.len.get() * 2).next_power_of_two().max(FIRST_CAPACITY));
        }
    }

    /// Frees the table itself; must be empty of blocks.
    pub(super) fn release_table<A: Allocator>(&self, inner: &A) {
        let (slots, capacity) = (self.slots.replace(ptr::null_mut()), self.capacity.replace(0));
        if let Some(slots) = NonNull::new(slots) {
            // SAFETY: (1, 2) the table was allocated with this layout, and nothing refers to it now.
            unsafe { inner.free(slots.cast(), table_layout(capacity)) };
        }
    }

    /// Sees to it that one more entry fits.
    fn make_room<A: Allocator>(&self, inner: &A) -> bool {
        let capacity = self.capacity.get();
        (self.len.get() + 1) * 4 <= capacity * 3 || self.resize(inner, (capacity * 2).max(FIRST_CAPACITY))
    }

    fn resize<A: Allocator>(&self, inner: &A, capacity: usize) -> bool {
        // SAFETY: (1) the capacity is not zero.
        let Some(fresh) = (unsafe { inner.alloc_zeroed(table_layout(capacity)) }) else {
            return false;
        };
        // Zeroes are free slots: a null pointer is all zeroes on every target this builds for.
        let old = (self.slots.replace(fresh.as_ptr().cast()), self.capacity.replace(capacity));
        let bytes = self.bytes.get();
        self.len.set(0);
        for index in 0..old.1 {
            // SAFETY: the old table holds as many slots.
            let slot = unsafe { old.0.add(index).read() };
            if !slot.block.is_null() {
                self.insert(slot);
            }
        }
        self.bytes.set(bytes);
        if let Some(slots) = NonNull::new(old.0) {
            // SAFETY: (1, 2) as in `release_table`.
            unsafe { inner.free(slots.cast(), table_layout(old.1)) };
        }
        true
    }

    /// The slot where the search for an address begins.
    fn home(&self, block: *mut u8) -> usize {
        // Fibonacci hashing: the upper bits of the product depend on all bits of the address.
        let product = (block.addr() as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (product >> (64 - self.capacity.get().trailing_zeros())) as usize
    }

    /// Enters a block; the caller has made room.
    fn insert(&self, slot: Slot) {
        let (slots, mask) = (self.slots.get(), self.capacity.get() - 1);
        let mut index = self.home(slot.block);
        // SAFETY: the mask keeps the index inside the table, which is never full.
        unsafe {
            while !(*slots.add(index)).block.is_null() {
                index = (index + 1) & mask;
            }
            slots.add(index).write(slot);
        }
        self.len.set(self.len.get() + 1);
        self.bytes.set(self.bytes.get() + slot.layout().size());
    }

    /// Removes a block that is in the table. Leaves `bytes` to the caller.
    fn remove(&self, block: NonNull<u8>) {
        let (slots, mask) = (self.slots.get(), self.capacity.get().wrapping_sub(1));
        let mut hole = self.home(block.as_ptr());
        // SAFETY: the mask keeps indices inside the table; the block is found before a free slot.
        unsafe {
            while (*slots.add(hole)).block != block.as_ptr() {
                hole = (hole + 1) & mask;
            }
            let mut next = (hole + 1) & mask;
            while !(*slots.add(next)).block.is_null() {
                // An entry may move back into the hole unless its home lies behind the hole.
                let home = self.home((*slots.add(next)).block);
                if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                    slots.add(hole).write(slots.add(next).read());
                    hole = next;
                }
                next = (next + 1) & mask;
            }
            (*slots.add(hole)).block = ptr::null_mut();
        }
        self.len.set(self.len.get() - 1);
    }

    fn each(&self, mut visit: impl FnMut(Slot, NonNull<u8>)) {
        for index in 0..self.capacity.get() {
            // SAFETY: the table holds as many slots.
            let slot = unsafe { self.slots.get().add(index).read() };
            if let Some(block) = NonNull::new(slot.block) {
                visit(slot, block);
            }
        }
    }
}

fn table_layout(capacity: usize) -> Layout {
    // SAFETY: a table has fewer slots than there are blocks of 512 bytes in the address space.
    unsafe { Layout::from_size_align_unchecked(capacity * size_of::<Slot>(), align_of::<Slot>()) }
}
