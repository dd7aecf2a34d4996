//! Checks that the space keeps its invariants: part of the heap's verifier.

use super::{
    CLASSES, CURRENT, GRANULE, NO_CHUNK, PAGE_BYTES, PAGE_HEADER_BYTES, PAGES_PER_CHUNK, PREFIX_BYTES, Page,
    Slot, Space, State, cell_size, each_slot_of, header_offset, patience, start_of, table_index,
};

impl Space {
    /// Checks the invariants of pages, lists, chunks and table.
    pub(in crate::heap) fn check(&self) -> Result<(), &'static str> {
        // SAFETY: no exclusive reference is alive; only what the invariants promise is read, and that is
        // what is checked, list by list.
        unsafe {
            let chunks = &*self.chunks.get();
            let (mut held, mut empty, mut paged, mut pages, mut mixed) = (0, 0, 0, 0, 0);
            for (number, chunk) in chunks.iter().enumerate().filter(|(_, chunk)| !chunk.base.is_null()) {
                if chunk.mixed {
                    mixed += 1;
                } else {
                    held += 1;
                    pages += usize::from(chunk.pages);
                    empty += usize::from(chunk.is_empty());
                }
                for index in (0..usize::from(chunk.pages)).filter(|index| chunk.empty & 1 << index == 0) {
                    let start = chunk.base.add(index * PAGE_BYTES);
                    let page = start.add(header_offset(start.addr())).cast::<Page>();
                    if (*page).number as usize != number * PAGES_PER_CHUNK + index {
                        return Err("a page has another page's number");
                    }
                    paged += if chunk.mixed { self.check_mixed(page)? } else { self.check_page(page)? };
                }
            }
            let wrong = held != self.held_chunks.get() || pages != self.held_pages.get();
            if wrong || empty != self.empty_chunks.get() {
                return Err("chunks are counted wrongly");
            }
            if mixed != 0 {
                self.check_heads()?;
            }
            let mut linked = 0;
            let mut number = self.with_room.get();
            while number != NO_CHUNK && linked <= held {
                if chunks[number as usize].empty == 0 {
                    return Err("a chunk without an empty page is listed");
                }
                linked += 1;
                number = chunks[number as usize].next;
            }
            if linked != chunks.iter().filter(|chunk| chunk.empty != 0).count() {
                return Err("a chunk with an empty page is not listed");
            }
            let (mut cells, mut bytes) = (0, 0);
            for index in 0..self.table_len() {
                if let Some(cell) = self.table_cell(index) {
                    if table_index(cell) != index {
                        return Err("a table cell's prefix has another cell's index");
                    }
                    cells += 1;
                    bytes += cell_size(cell) + PREFIX_BYTES;
                }
            }
            if cells != self.table_cells.get() || bytes != self.table_bytes.get() {
                return Err("table cells are counted wrongly");
            }
            if paged != self.mem().page_cells() {
                return Err("page cells are counted wrongly");
            }
        }
        Ok(())
    }

    /// Checks a page and returns the number of its cells.
    ///
    /// # Safety
    /// `page` is not empty.
    unsafe fn check_page(&self, page: *mut Page) -> Result<usize, &'static str> {
        // SAFETY: a page that is not empty has a header, and slots up to `bump`.
        unsafe {
            let step = (*page).slot_bytes as usize;
            let class = step / GRANULE;
            if !step.is_multiple_of(GRANULE) || class == 0 || class >= CLASSES {
                return Err("a page has an impossible slot size");
            }
            let (mut slots, mut used) = (0, 0);
            each_slot_of(page, |slot| {
                slots += 1;
                used += usize::from((*slot.as_ptr().cast::<Slot>()).header != 0);
            });
            let (header, low) = (page.addr() - start_of(page).addr(), (*page).low);
            let first = header + PAGE_HEADER_BYTES;
            let mut free = 0;
            let mut slot = (*page).free;
            while !slot.is_null() {
                let offset = slot.addr().wrapping_sub(start_of(page).addr());
                let inside = if offset >= first {
                    offset + step <= if low { (*page).bump as usize } else { PAGE_BYTES }
                        && (offset - first).is_multiple_of(step)
                } else {
                    !low && offset + step <= (*page).bump as usize && offset.is_multiple_of(step)
                };
                if !inside {
                    return Err("a free list leaves its page");
                }
                if (*slot).header != 0 {
                    return Err("a free slot was written to");
                }
                free += 1;
                if free > slots {
                    return Err("a free list runs in a circle");
                }
                slot = (*slot).next_free;
            }
            if used + free != slots {
                return Err("a free slot is in no list");
            }
            let current = (*self.current.get())[class] == page;
            let (state, countdown) = ((*page).state, (*page).countdown as usize);
            let right = match state {
                State::Current => current && countdown == CURRENT as usize + used,
                State::Full => {
                    let freed = (*page).held as usize - used;
                    !current && free == freed && countdown + freed == patience(class) as usize
                }
                State::Listed => !current && free != 0 && used != 0 && countdown == used,
                State::Mixed => false,
            };
            if !right {
                return Err("a page's state is not what its cells say");
            }
            Ok(used)
        }
    }
}
