//! Cells that have a block of their own, and the table that numbers them: the part of the space that serves large
//! cells, with the direct front and while allocations are tracked all cells.

use core::ptr::NonNull;

use super::{
    ENTRY_BITS, NO_ENTRY, PREFIX_BYTES, Prefix, Space, TABLE_ID, is_table_cell, prefix_of, table_index,
    table_layout,
};
use crate::heap::{Header, SiteHook};
use crate::mem::{OutOfMemory, Use};

impl Space {
    #[inline(never)]
    pub(in crate::heap) fn alloc_table(&self, size: usize) -> Result<NonNull<Header>, OutOfMemory> {
        let bytes = size.checked_next_multiple_of(8).ok_or(OutOfMemory)?;
        let words = u32::try_from(bytes / 8).map_err(|_| OutOfMemory)?;
        // SAFETY: exclusive access: the memory's books do not touch this table.
        let table = unsafe { &mut *self.table.get() };
        if self.table_free.get() == NO_ENTRY {
            if table.len() >= (TABLE_ID - 1) as usize {
                return Err(OutOfMemory);
            }
            table.try_push(NO_ENTRY << 1 | 1)?;
            self.table_free.set(table.len() - 1);
        }
        let block = self.mem().alloc(Use::Cells, table_layout(bytes))?;
        block.as_ptr().expose_provenance();
        let index = self.table_free.get();
        let cell = block.as_ptr().wrapping_add(PREFIX_BYTES).cast::<Header>();
        self.table_free.set(table[index] >> 1);
        table[index] = cell.addr();
        self.table_bytes.set(self.table_bytes.get() + bytes + PREFIX_BYTES);
        self.table_cells.set(self.table_cells.get() + 1);
        if let Some((hook, owner)) = self.site_hook.get() {
            self.note_site(index, hook, owner);
        }
        // SAFETY: the block is larger than the prefix.
        unsafe {
            block.cast::<Prefix>().write(Prefix { index: index as u32, words });
            Ok(NonNull::new_unchecked(cell))
        }
    }

    pub(in crate::heap) fn track(&self, hook: SiteHook, owner: *mut ()) {
        debug_assert_eq!(self.live_cells(), 0, "cells were made before");
        self.paged.set(false);
        self.site_hook.set(Some((hook, owner)));
    }

    pub(in crate::heap) fn is_tracking(&self) -> bool {
        self.site_hook.get().is_some()
    }

    #[cold]
    pub(in crate::heap) fn note_site(&self, index: usize, hook: SiteHook, owner: *mut ()) {
        // SAFETY: the hook keeps its contract, and touches neither cells nor this list.
        unsafe {
            let site = hook(owner);
            let sites = &mut *self.sites.get();
            if sites.len() <= index {
                sites.resize(index + 1, 0);
            }
            sites[index] = site;
        }
    }

    /// # Safety
    /// `cell` is a cell of this space.
    pub(in crate::heap) unsafe fn site_of(&self, cell: NonNull<Header>) -> Option<u32> {
        if !self.is_tracking() || !is_table_cell(cell) {
            return None;
        }
        // SAFETY: table cells have a prefix; no mutable reference to the list is alive.
        unsafe { (&*self.sites.get()).get(table_index(cell)).copied() }
    }

    /// # Safety
    /// As [`Space::free`], for a table cell.
    #[inline(never)]
    pub(in crate::heap) unsafe fn free_table(&self, cell: NonNull<Header>) {
        // SAFETY: the prefix is where the invariants say.
        unsafe {
            let prefix = prefix_of(cell);
            let (index, bytes) = ((*prefix).index as usize, (*prefix).words as usize * 8);
            let table = &mut *self.table.get();
            table[index] = self.table_free.get() << 1 | 1;
            self.table_free.set(index);
            self.table_bytes.set(self.table_bytes.get() - bytes - PREFIX_BYTES);
            self.table_cells.set(self.table_cells.get() - 1);
            #[cfg(debug_assertions)]
            cell.as_ptr().cast::<u8>().write_bytes(0xDB, bytes);
            self.mem().free(Use::Cells, NonNull::new_unchecked(prefix.cast()), table_layout(bytes));
        }
    }

    /// Number of entries of the table of cells.
    pub(in crate::heap) fn table_len(&self) -> usize {
        // SAFETY: no exclusive reference to the vector is alive.
        unsafe { (&*self.table.get()).len() }
    }

    /// The cell of a table entry, if there is one.
    #[inline(always)]
    pub(in crate::heap) fn table_cell(&self, index: usize) -> Option<NonNull<Header>> {
        // SAFETY: no exclusive reference to the vector is alive.
        let entry = unsafe { (&*self.table.get())[index] };
        if entry & 1 != 0 {
            return None;
        }
        NonNull::new(core::ptr::with_exposed_provenance_mut(entry & !ENTRY_BITS))
    }

    /// The cell of a table entry, if there is one that was not there at the last collection.
    #[inline(always)]
    pub(in crate::heap) fn young_table_cell(&self, index: usize) -> Option<NonNull<Header>> {
        // SAFETY: no exclusive reference to the vector is alive.
        let entry = unsafe { (&*self.table.get())[index] };
        if entry & ENTRY_BITS != 0 {
            return None;
        }
        NonNull::new(core::ptr::with_exposed_provenance_mut(entry))
    }

    /// A block for a cell that is found without a walk over all pages: always a table cell.
    pub(in crate::heap) fn alloc_apart(&self, size: usize) -> Result<NonNull<Header>, OutOfMemory> {
        self.alloc_table(size)
    }
}
