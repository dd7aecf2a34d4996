//! The chunks that pages are cut from: taken from the allocator as the heap grows, given back when they are empty.

use core::ptr::{NonNull, null_mut};

use super::{
    CLASSES, CURRENT, Chunk, GROWTH_DIVISOR, MANY_SPARE_CHUNKS, MAX_CHUNKS, NO_CHUNK, PAGE_BYTES,
    PAGES_PER_CHUNK, SPARE_CHUNKS, Space, chunk_layout, no_page,
};
use crate::mem::OutOfMemory;

impl Space {
    pub(super) fn link_chunk(&self, number: u32) {
        // SAFETY: no other reference to the chunks is alive.
        let chunks = unsafe { &mut *self.chunks.get() };
        let next = self.with_room.replace(number);
        chunks[number as usize].next = next;
        chunks[number as usize].previous = NO_CHUNK;
        if next != NO_CHUNK {
            chunks[next as usize].previous = number;
        }
    }

    pub(super) fn unlink_chunk(&self, number: u32) {
        // SAFETY: no other reference to the chunks is used while this one is.
        let chunks = unsafe { &mut *self.chunks.get() };
        let Chunk { next, previous, .. } = chunks[number as usize];
        if previous == NO_CHUNK {
            self.with_room.set(next);
        } else {
            chunks[previous as usize].next = next;
        }
        if next != NO_CHUNK {
            chunks[next as usize].previous = previous;
        }
    }

    /// Takes one more chunk of pages from the allocator: as large as the heap's size makes sensible, or smaller when
    /// that is refused.
    pub(super) fn grow(&self) -> Result<(), OutOfMemory> {
        let mut pages = (self.held_pages.get() / GROWTH_DIVISOR).clamp(1, PAGES_PER_CHUNK);
        let number = loop {
            match self.take_chunk((pages * PAGE_BYTES) as u32, false, pages == 1) {
                Err(OutOfMemory) if pages > 1 => pages /= 2,
                other => break other?,
            }
        };
        self.empty_chunks.set(self.empty_chunks.get() + 1);
        self.link_chunk(number);
        Ok(())
    }

    /// Takes a chunk for mixed pages.
    pub(super) fn take_mixed_chunk(&self, bytes: u32, last: bool) -> Result<u32, OutOfMemory> {
        self.take_chunk(bytes, true, last)
    }

    /// Takes memory for a chunk and gives it a number; it is in no list. `last` says that nothing smaller is asked for if
    /// this is refused.
    fn take_chunk(&self, bytes: u32, mixed: bool, last: bool) -> Result<u32, OutOfMemory> {
        self.growing.set(true);
        let result = self.take_numbered(bytes, mixed, last);
        self.growing.set(false);
        result
    }

    fn take_numbered(&self, bytes: u32, mixed: bool, last: bool) -> Result<u32, OutOfMemory> {
        // SAFETY: exclusive access: the memory's books do not touch the chunks, and `growing` says that no one else may.
        let chunks = unsafe { &mut *self.chunks.get() };
        let gone = chunks.iter().position(|c| c.base.is_null());
        if gone.is_none() {
            if chunks.len() == MAX_CHUNKS {
                return Err(OutOfMemory);
            }
            chunks.try_reserve(1)?;
        }
        let base = self.mem().take_page(chunk_layout(bytes), last)?.as_ptr();
        base.expose_provenance();
        let pages = (bytes as usize).div_ceil(PAGE_BYTES) as u8;
        let mut chunk = Chunk { base, empty: 0, pages, mixed, bytes, next: NO_CHUNK, previous: NO_CHUNK };
        if !mixed {
            chunk.empty = chunk.all();
        }
        let number = match gone {
            Some(number) => {
                chunks[number] = chunk;
                number
            }
            None => {
                chunks.try_push(chunk)?;
                chunks.len() - 1
            }
        };
        self.held_bytes.set(self.held_bytes.get() + bytes as usize);
        if !mixed {
            self.held_chunks.set(self.held_chunks.get() + 1);
            self.held_pages.set(self.held_pages.get() + usize::from(pages));
        }
        Ok(number as u32)
    }

    /// Gives wholly empty chunks back to the allocator, all but `keep` of them.
    fn give_empty_chunks(&self, keep: usize) {
        let mut number = self.with_room.get();
        while number != NO_CHUNK && self.empty_chunks.get() > keep {
            // SAFETY: no other reference to the chunks is alive.
            let chunk = unsafe { &mut (&mut *self.chunks.get())[number as usize] };
            let (this, next) = (number, chunk.next);
            if chunk.is_empty() {
                self.give_chunk(this);
            }
            number = next;
        }
    }

    /// Gives the memory of a wholly empty chunk back.
    fn give_chunk(&self, number: u32) {
        self.unlink_chunk(number);
        // SAFETY: no reference to the chunks is alive.
        let chunk = unsafe { &(&*self.chunks.get())[number as usize] };
        debug_assert!(chunk.is_empty());
        self.held_pages.set(self.held_pages.get() - usize::from(chunk.pages));
        self.empty_chunks.set(self.empty_chunks.get() - 1);
        self.held_chunks.set(self.held_chunks.get() - 1);
        // SAFETY: no page of the chunk is in use, and it is in no list.
        unsafe { self.give_memory(number) };
    }

    /// Gives the memory of a chunk back, and makes its number free.
    ///
    /// # Safety
    /// Nothing in the chunk is in use, and it is in no list.
    pub(super) unsafe fn give_memory(&self, number: u32) {
        // SAFETY: the caller's duty; no other reference to the chunks is alive.
        unsafe {
            let chunk = &mut (&mut *self.chunks.get())[number as usize];
            let base = core::mem::replace(&mut chunk.base, null_mut());
            let bytes = core::mem::take(&mut chunk.bytes);
            (chunk.empty, chunk.pages, chunk.mixed) = (0, 0, false);
            self.held_bytes.set(self.held_bytes.get() - bytes as usize);
            self.mem().give_page(NonNull::new_unchecked(base), chunk_layout(bytes));
        }
    }

    /// Gives empty chunks back that are not likely to be needed soon: all but as many as were in use at
    /// the worst moment since the last call. Taking memory from the system and touching it costs more
    /// than all else about a cell, and most programs need again what they needed before.
    pub(in crate::heap) fn settle(&self) {
        let used = self.held_chunks.get() - self.empty_chunks.get();
        let worst = self.most_used.replace(used);
        self.give_empty_chunks((worst - used).max(SPARE_CHUNKS));
    }

    /// Gives everything back that holds no cell.
    pub(in crate::heap) fn trim(&self) {
        if self.growing.get() {
            return;
        }
        for class in 0..CLASSES {
            // SAFETY: `current` holds whole pages or the stand-in; a page without cells is nobody's.
            unsafe {
                let current = &raw mut (*self.current.get())[class];
                let page = *current;
                if page != no_page() && !self.is_head(page, class) && (*page).countdown == CURRENT {
                    *current = no_page();
                    self.release_page((*page).number);
                }
            }
        }
        self.give_empty_chunks(0);
        self.give_mixed();
    }

    /// Makes a page empty, for any class to take, and gives its chunk back if there are many empty ones.
    ///
    /// # Safety
    /// The page has no cells, is in no list and not current.
    pub(super) unsafe fn release_page(&self, page: u32) {
        let number = page / PAGES_PER_CHUNK as u32;
        // SAFETY: no other reference to the chunks is alive.
        let chunk = unsafe { &mut (&mut *self.chunks.get())[number as usize] };
        let before = chunk.empty;
        chunk.empty |= 1 << (page % PAGES_PER_CHUNK as u32);
        let whole = chunk.is_empty();
        if before == 0 {
            self.link_chunk(number);
        }
        if whole {
            let empty = self.empty_chunks.get() + 1;
            self.empty_chunks.set(empty);
            if empty > MANY_SPARE_CHUNKS && empty > self.held_chunks.get() / 2 {
                self.give_chunk(number);
            }
        }
    }
}
