//! The blocks too large for a page: where they are and how large.
//!
//! A header in front of each block would be simpler than a table, but it would push a block of a
//! power of two into the next size class, and cost a block aligned to 32 KiB another 32 KiB.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;

use crate::contract::Allocator;
use crate::table::AddressTable;

/// Sizes from here on cannot be noted beside an alignment; no machine has them.
const TOO_LARGE: usize = 1 << 57;

/// A layout in one word: size in bytes in the upper 58 bits, logarithm of the alignment in the lower 6.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackedLayout(u64);

impl PackedLayout {
    /// `None` for sizes that no machine has.
    pub(crate) fn new(layout: Layout) -> Option<Self> {
        (layout.size() < TOO_LARGE)
            .then(|| PackedLayout((layout.size() as u64) << 6 | u64::from(layout.align().trailing_zeros())))
    }
    pub(crate) fn unpack(self) -> Layout {
        // SAFETY: made from a valid layout whose size lost no bit by the shift.
        unsafe { Layout::from_size_align_unchecked((self.0 >> 6) as usize, 1 << (self.0 & 63)) }
    }
}

/// The large blocks of one pool.
pub(super) struct LargeBlocks {
    table: AddressTable<PackedLayout>,
    bytes: Cell<usize>,
}

impl LargeBlocks {
    /// # Safety
    /// 1. Every call that takes an allocator is given the same one.
    pub(super) unsafe fn new() -> Self {
        // SAFETY: (1) passed on.
        LargeBlocks { table: unsafe { AddressTable::new() }, bytes: Cell::new(0) }
    }

    /// Number of live large blocks.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Sum of their sizes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Size of the table itself, in bytes.
    pub(super) fn table_bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Sum of what the blocks can hold, as far as `inner` tells. Walks the table.
    pub(super) fn usable<A: Allocator>(&self, inner: &A) -> usize {
        let mut sum = 0;
        self.table.each(|block, layout| {
            let layout = layout.unpack();
            // SAFETY: (1) every noted block is a live one of `inner` with this layout.
            sum += unsafe { inner.usable_size(block, layout) }.unwrap_or(layout.size());
        });
        sum
    }

    pub(super) fn alloc<A: Allocator>(&self, inner: &A, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        let packed = PackedLayout::new(layout)?;
        if !self.table.reserve_one(inner) {
            return None;
        }
        // SAFETY: (1) large blocks are larger than zero.
        let block = unsafe { if zeroed { inner.alloc_zeroed(layout) } else { inner.alloc(layout) } }?;
        self.table.insert(block, packed);
        self.bytes.set(self.bytes.get() + layout.size());
        Some(block)
    }

    /// # Safety
    /// 1. `block` is a live large block with layout `layout`; it is not used again.
    pub(super) unsafe fn free<A: Allocator>(&self, inner: &A, block: NonNull<u8>, layout: Layout) {
        let noted = self.table.remove(block);
        debug_assert!(noted == PackedLayout::new(layout), "not a live block with this layout");
        // SAFETY: (1) large blocks are `inner`'s own.
        unsafe { inner.free(block, layout) };
        self.bytes.set(self.bytes.get() - layout.size());
    }

    /// # Safety
    /// 1. `block` is a live large block with layout `old`.
    /// 2. `new` is the layout of a large block with the same alignment.
    /// 3. On success the old pointer is not used again.
    pub(super) unsafe fn realloc<A: Allocator>(
        &self,
        inner: &A,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Option<NonNull<u8>> {
        let packed = PackedLayout::new(new)?;
        // SAFETY: (1, 2, 3) passed on.
        let moved = unsafe { inner.realloc(block, old, new.size()) }?;
        if moved == block {
            self.table.set(block, packed);
        } else {
            self.table.remove(block);
            self.table.insert(moved, packed);
        }
        self.bytes.set(self.bytes.get() - old.size() + new.size());
        Some(moved)
    }

    /// Frees every block, and the table.
    ///
    /// # Safety
    /// 1. No large block is used again.
    pub(super) unsafe fn free_all<A: Allocator>(&self, inner: &A) {
        self.table.each(|block, layout| {
            // SAFETY: (1) every noted block is a live one of `inner` with this layout.
            unsafe { inner.free(block, layout.unpack()) };
        });
        self.bytes.set(0);
        self.table.release(inner);
    }

    /// Forgets blocks and table without freeing them: `inner` has already dropped its heap.
    pub(super) fn forget(&self) {
        self.bytes.set(0);
        self.table.forget();
    }

    /// Makes the table smaller where most of it is free.
    pub(super) fn shrink<A: Allocator>(&self, inner: &A) {
        self.table.shrink(inner);
    }
}
