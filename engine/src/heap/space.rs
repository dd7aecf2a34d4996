//! Where cells live: in pages of equal slots, or each in a block of its own.
//!
//! With the pool front, cells of up to [`SMALL_CELL_BYTES`] live in 32 KiB pages, one size class a
//! page. Larger cells, and with the direct front all cells, are blocks of the allocator with an
//! eight-byte prefix that holds the cell's index in a table and its size.
//!
//! # Invariants
//! - A page slot's address is a multiple of 16; a table cell's is 8 more than one. Bit 3 of an
//!   address therefore tells the two apart, without touching memory.
//! - A page's slots below `bump` are live cells, dead cells that wait, or free (count 0, next free slot
//!   behind the header); those above were never used.
//! - `table[i]` is the cell whose prefix says `i`, or a free entry (odd: `next << 1 | 1`).
//! - A page is in exactly one state: current of its class, full (`listed` false), in its class's list
//!   of pages with free slots (`listed` true), or in the list of empty pages.

use core::alloc::Layout;
use core::cell::{Cell as StdCell, UnsafeCell};
use core::ptr::{NonNull, null_mut};

use super::Header;
use crate::base::round_up;
use crate::mem::{Front, Mem, OutOfMemory, Use, Vec};

/// Size and alignment of a page.
pub const PAGE_BYTES: usize = 32 * 1024;
/// Largest cell that lives in a page.
pub const SMALL_CELL_BYTES: usize = 512;

const GRANULE: usize = 16;
const CLASSES: usize = SMALL_CELL_BYTES / GRANULE + 1;
const PAGES_PER_CHUNK: usize = 8;
const CHUNK_BYTES: usize = PAGES_PER_CHUNK * PAGE_BYTES;
const GRANULES_PER_PAGE: usize = PAGE_BYTES / GRANULE;
const PAGE_HEADER_BYTES: usize = 64;
const PREFIX_BYTES: usize = 8;
const TABLE_ID: u32 = 1 << 31;

/// A cell's number: page and granule, or index into the table of cells (bit 31 set).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellId(pub u32);

#[repr(C)]
struct Page {
    free: *mut Slot,
    next: *mut Page,
    slot_bytes: u32,
    bump: u32,
    used: u32,
    number: u32,
    chunk: u32,
    listed: bool,
}

const _: () = assert!(size_of::<Page>() <= PAGE_HEADER_BYTES);

#[repr(C)]
struct Slot {
    header: Header,
    next_free: *mut Slot,
}

#[repr(C)]
struct Prefix {
    index: u32,
    // The block's size in units of 8 bytes, the prefix not included.
    words: u32,
}

struct Chunk {
    base: NonNull<u8>,
    empty_pages: usize,
}

/// The bytes of a live cell.
///
/// # Safety
/// 1. `cell` is a cell of some space.
#[inline(always)]
pub(super) unsafe fn cell_size(cell: NonNull<Header>) -> usize {
    // SAFETY: (1) the page header or the prefix is where the invariants say.
    unsafe {
        if is_table_cell(cell) {
            (*prefix_of(cell)).words as usize * 8
        } else {
            (*page_of(cell)).slot_bytes as usize
        }
    }
}

#[inline(always)]
fn is_table_cell(cell: NonNull<Header>) -> bool {
    cell.addr().get() & 8 != 0
}

#[inline(always)]
fn page_of(cell: NonNull<Header>) -> *mut Page {
    cell.as_ptr().map_addr(|a| a & !(PAGE_BYTES - 1)).cast()
}

#[inline(always)]
fn prefix_of(cell: NonNull<Header>) -> *mut Prefix {
    cell.as_ptr().wrapping_byte_sub(PREFIX_BYTES).cast()
}

fn table_layout(bytes: usize) -> Layout {
    // Cells are at most 4 GiB * 8, and sizes come from existing blocks or checked requests.
    Layout::from_size_align(bytes + PREFIX_BYTES, 16).expect("cell sizes are checked when allocated")
}

/// The cells of one heap, in either form.
pub(crate) struct Space {
    mem: *const Mem,
    paged: bool,
    current: UnsafeCell<[*mut Page; CLASSES]>,
    with_free: UnsafeCell<[*mut Page; CLASSES]>,
    empty: StdCell<*mut Page>,
    pages: UnsafeCell<Vec<'static, *mut Page>>,
    chunks: UnsafeCell<Vec<'static, Chunk>>,
    free_chunk: StdCell<usize>,
    table: UnsafeCell<Vec<'static, usize>>,
    table_free: StdCell<usize>,
    table_bytes: StdCell<usize>,
    live: StdCell<usize>,
}

const NO_ENTRY: usize = usize::MAX >> 1;

// A page that is always full stands in for "no current page", so that allocation need not ask.
#[repr(C, align(64))]
struct NoPage(Page);
// SAFETY: never written to: `free` stays null and `bump` at the end.
unsafe impl Sync for NoPage {}
static NO_PAGE: NoPage = NoPage(Page {
    free: null_mut(),
    next: null_mut(),
    slot_bytes: 0,
    bump: PAGE_BYTES as u32,
    used: 0,
    number: 0,
    chunk: 0,
    listed: false,
});

fn no_page() -> *mut Page {
    (&raw const NO_PAGE.0).cast_mut()
}

impl Space {
    pub(super) fn new(mem: &Mem) -> Space {
        Space {
            mem,
            paged: mem.front() == Front::Pool,
            current: UnsafeCell::new([no_page(); CLASSES]),
            with_free: UnsafeCell::new([null_mut(); CLASSES]),
            empty: StdCell::new(null_mut()),
            pages: UnsafeCell::new(Vec::new(mem.memory(Use::Cells))),
            chunks: UnsafeCell::new(Vec::new(mem.memory(Use::Cells))),
            free_chunk: StdCell::new(NO_ENTRY),
            table: UnsafeCell::new(Vec::new(mem.memory(Use::Cells))),
            table_free: StdCell::new(NO_ENTRY),
            table_bytes: StdCell::new(0),
            live: StdCell::new(0),
        }
    }

    #[inline(always)]
    pub(super) fn mem(&self) -> &Mem {
        // SAFETY: the memory outlives the heap over it.
        unsafe { &*self.mem }
    }

    /// A block for a cell, uninitialised.
    #[inline(always)]
    pub(super) fn alloc(&self, size: usize) -> Result<NonNull<Header>, OutOfMemory> {
        debug_assert!(size >= size_of::<Slot>());
        if self.paged && size <= SMALL_CELL_BYTES {
            let class = size.div_ceil(GRANULE);
            let bytes = class * GRANULE;
            self.mem().charge(Use::Cells, bytes)?;
            // SAFETY: `class` is in range; `current` holds a page or the stand-in, whose free list is empty.
            let slot = unsafe {
                let page = (*self.current.get())[class];
                let slot = (*page).free;
                if slot.is_null() {
                    match self.alloc_slow(class) {
                        Ok(slot) => slot,
                        Err(error) => {
                            self.mem().discharge(Use::Cells, bytes);
                            return Err(error);
                        }
                    }
                } else {
                    (*page).free = (*slot).next_free;
                    (*page).used += 1;
                    NonNull::new_unchecked(slot.cast())
                }
            };
            self.live.set(self.live.get() + 1);
            self.mem().count_block(Use::Cells, bytes);
            return Ok(slot);
        }
        self.alloc_table(size)
    }

    /// # Safety
    /// `class` is in range.
    #[cold]
    #[inline(never)]
    unsafe fn alloc_slow(&self, class: usize) -> Result<NonNull<Header>, OutOfMemory> {
        // SAFETY: pages in the lists are whole; the stand-in page is never written, because its
        // `bump` is at the end and its `free` is null.
        unsafe {
            let current = &mut (*self.current.get())[class];
            let page = *current;
            let end = PAGE_BYTES as u32;
            if (*page).free.is_null() && (*page).bump + (*page).slot_bytes <= end && page != no_page() {
                let slot = page.byte_add((*page).bump as usize).cast::<Header>();
                (*page).bump += (*page).slot_bytes;
                (*page).used += 1;
                return Ok(NonNull::new_unchecked(slot));
            }
            let with_free = &mut (*self.with_free.get())[class];
            if !with_free.is_null() {
                let page = *with_free;
                *with_free = (*page).next;
                (*page).listed = false;
                *current = page;
            } else {
                let page = self.fresh_page()?;
                (*page).slot_bytes = (class * GRANULE) as u32;
                *current = page;
            }
            let page = *current;
            let slot = (*page).free;
            if slot.is_null() {
                let slot = page.byte_add((*page).bump as usize).cast::<Header>();
                (*page).bump += (*page).slot_bytes;
                (*page).used += 1;
                return Ok(NonNull::new_unchecked(slot));
            }
            (*page).free = (*slot).next_free;
            (*page).used += 1;
            Ok(NonNull::new_unchecked(slot.cast()))
        }
    }

    /// An empty page with its header set but for the slot size.
    fn fresh_page(&self) -> Result<*mut Page, OutOfMemory> {
        // SAFETY: pages of the empty list are whole and unused; a chunk's pages are carved once.
        unsafe {
            if self.empty.get().is_null() {
                self.grow()?;
            }
            let page = self.empty.get();
            self.empty.set((*page).next);
            (&mut *self.chunks.get())[(*page).chunk as usize].empty_pages -= 1;
            (*page).next = null_mut();
            (*page).free = null_mut();
            (*page).bump = PAGE_HEADER_BYTES as u32;
            (*page).used = 0;
            (*page).listed = false;
            Ok(page)
        }
    }

    /// Takes one more chunk of pages from the allocator.
    fn grow(&self) -> Result<(), OutOfMemory> {
        // SAFETY: exclusive access: nothing called from here touches the vectors.
        let (pages, chunks) = unsafe { (&mut *self.pages.get(), &mut *self.chunks.get()) };
        let reuse = chunks.iter().position(|c| c.empty_pages == usize::MAX);
        if reuse.is_none() {
            chunks.try_reserve(1)?;
            pages.try_reserve(PAGES_PER_CHUNK)?;
        }
        let layout = Layout::from_size_align(CHUNK_BYTES, PAGE_BYTES).expect("constant layout");
        let base = self.mem().take_page(layout)?;
        let chunk = Chunk { base, empty_pages: PAGES_PER_CHUNK };
        let number = match reuse {
            Some(i) => {
                chunks[i] = chunk;
                i
            }
            None => {
                chunks.try_push(chunk)?;
                chunks.len() - 1
            }
        };
        for i in (0..PAGES_PER_CHUNK).rev() {
            // SAFETY: the chunk has room for its pages, and nobody uses it yet.
            unsafe {
                let page = base.as_ptr().add(i * PAGE_BYTES).cast::<Page>();
                page.write(Page {
                    free: null_mut(),
                    next: self.empty.get(),
                    slot_bytes: 0,
                    bump: PAGE_HEADER_BYTES as u32,
                    used: 0,
                    number: (number * PAGES_PER_CHUNK + i) as u32,
                    chunk: number as u32,
                    listed: false,
                });
                self.empty.set(page);
            }
        }
        for i in 0..PAGES_PER_CHUNK {
            // SAFETY: within the chunk.
            let page = unsafe { base.as_ptr().add(i * PAGE_BYTES) }.cast::<Page>();
            match reuse {
                Some(_) => pages[number * PAGES_PER_CHUNK + i] = page,
                None => pages.try_push(page)?,
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn alloc_table(&self, size: usize) -> Result<NonNull<Header>, OutOfMemory> {
        let bytes = round_up(size, 8);
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
        let index = self.table_free.get();
        let cell = block.as_ptr().wrapping_add(PREFIX_BYTES).cast::<Header>();
        self.table_free.set(table[index] >> 1);
        table[index] = cell.expose_provenance();
        self.table_bytes.set(self.table_bytes.get() + bytes + PREFIX_BYTES);
        self.live.set(self.live.get() + 1);
        // SAFETY: the block is larger than the prefix.
        unsafe {
            block.cast::<Prefix>().write(Prefix { index: index as u32, words });
            Ok(NonNull::new_unchecked(cell))
        }
    }

    /// Gives a cell's memory back.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this space that was finalized; nobody uses it again.
    #[inline]
    pub(super) unsafe fn free(&self, cell: NonNull<Header>) {
        self.live.set(self.live.get() - 1);
        // SAFETY: (1) page header or prefix are where the invariants say.
        unsafe {
            if is_table_cell(cell) {
                let prefix = prefix_of(cell);
                let (index, bytes) = ((*prefix).index as usize, (*prefix).words as usize * 8);
                let table = &mut *self.table.get();
                table[index] = self.table_free.get() << 1 | 1;
                self.table_free.set(index);
                self.table_bytes.set(self.table_bytes.get() - bytes - PREFIX_BYTES);
                self.mem().free(Use::Cells, NonNull::new_unchecked(prefix.cast()), table_layout(bytes));
                return;
            }
            let page = page_of(cell);
            let slot = cell.as_ptr().cast::<Slot>();
            let bytes = (*page).slot_bytes as usize;
            #[cfg(debug_assertions)]
            cell.as_ptr().cast::<u8>().write_bytes(0xDB, bytes);
            slot.cast::<u64>().write(0);
            (*slot).next_free = (*page).free;
            (*page).free = slot;
            (*page).used -= 1;
            self.mem().discharge(Use::Cells, bytes);
            self.mem().uncount_block(Use::Cells, bytes);
            if !(*page).listed || (*page).used == 0 {
                self.page_has_room(page);
            }
        }
    }

    /// # Safety
    /// `page` is a page of this space with at least one free slot.
    unsafe fn page_has_room(&self, page: *mut Page) {
        // SAFETY: the caller's page is whole; lists hold whole pages.
        unsafe {
            let class = (*page).slot_bytes as usize / GRANULE;
            if page == (*self.current.get())[class] {
                return;
            }
            let list = &mut (*self.with_free.get())[class];
            if !(*page).listed {
                (*page).listed = true;
                (*page).next = *list;
                *list = page;
            }
            if (*page).used == 0 && (*list != page || !(*page).next.is_null()) {
                // An empty page leaves its class, unless it is the class's only one with room.
                let mut link: *mut *mut Page = list;
                while *link != page {
                    link = &raw mut (**link).next;
                }
                *link = (*page).next;
                (*page).listed = false;
                (*page).next = self.empty.get();
                self.empty.set(page);
                let chunk = (*page).chunk as usize;
                let chunks = &mut *self.chunks.get();
                chunks[chunk].empty_pages += 1;
                if chunks[chunk].empty_pages == PAGES_PER_CHUNK {
                    // One wholly empty chunk is kept for the next growth, a second one goes back.
                    let kept = self.free_chunk.replace(chunk);
                    if kept != NO_ENTRY && kept != chunk && chunks[kept].empty_pages == PAGES_PER_CHUNK {
                        self.give_chunk(kept);
                    }
                }
            }
        }
    }

    /// # Safety
    /// Every page of the chunk is in the list of empty pages.
    unsafe fn give_chunk(&self, chunk: usize) {
        // SAFETY: the pages are unlinked before their memory goes.
        unsafe {
            let mut head = self.empty.get();
            let mut link: *mut *mut Page = &raw mut head;
            while !(*link).is_null() {
                if (**link).chunk as usize == chunk {
                    *link = (**link).next;
                } else {
                    link = &raw mut (**link).next;
                }
            }
            self.empty.set(head);
            let chunks = &mut *self.chunks.get();
            let pages = &mut *self.pages.get();
            for page in &mut pages[chunk * PAGES_PER_CHUNK..][..PAGES_PER_CHUNK] {
                *page = null_mut();
            }
            chunks[chunk].empty_pages = usize::MAX;
            let layout = Layout::from_size_align(CHUNK_BYTES, PAGE_BYTES).expect("constant layout");
            self.mem().give_page(chunks[chunk].base, layout);
        }
    }

    /// Resizes a cell; it may move.
    ///
    /// # Safety
    /// 1. `cell` is live with a count of one that is the caller's, and may be moved bytewise.
    pub(super) unsafe fn resize(
        &self,
        cell: NonNull<Header>,
        new_size: usize,
    ) -> Result<NonNull<Header>, OutOfMemory> {
        // SAFETY: (1) the caller's duty; both blocks hold the copied bytes.
        unsafe {
            let old_size = cell_size(cell);
            let small = self.paged && new_size <= SMALL_CELL_BYTES;
            if is_table_cell(cell) && !small {
                let bytes = round_up(new_size, 8);
                let words = u32::try_from(bytes / 8).map_err(|_| OutOfMemory)?;
                let prefix = prefix_of(cell);
                let index = (*prefix).index as usize;
                let block = NonNull::new_unchecked(prefix.cast::<u8>());
                let moved =
                    self.mem().realloc(Use::Cells, block, table_layout(old_size), bytes + PREFIX_BYTES)?;
                moved.cast::<Prefix>().write(Prefix { index: index as u32, words });
                let cell = moved.as_ptr().wrapping_add(PREFIX_BYTES).cast::<Header>();
                (&mut *self.table.get())[index] = cell.expose_provenance();
                self.table_bytes.set(self.table_bytes.get() + bytes - old_size);
                return Ok(NonNull::new_unchecked(cell));
            }
            if small && round_up(new_size, GRANULE) == old_size {
                return Ok(cell);
            }
            let moved = self.alloc(new_size)?;
            moved
                .cast::<u8>()
                .as_ptr()
                .copy_from_nonoverlapping(cell.cast::<u8>().as_ptr(), old_size.min(new_size));
            self.free(cell);
            Ok(moved)
        }
    }

    /// The number of a cell.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this space.
    #[inline(always)]
    pub(super) unsafe fn id_of(&self, cell: NonNull<Header>) -> CellId {
        // SAFETY: (1) as the invariants say.
        unsafe {
            if is_table_cell(cell) {
                CellId(TABLE_ID | (*prefix_of(cell)).index)
            } else {
                let granule = (cell.addr().get() & (PAGE_BYTES - 1)) / GRANULE;
                CellId((*page_of(cell)).number * GRANULES_PER_PAGE as u32 + granule as u32)
            }
        }
    }

    /// The cell with a number.
    ///
    /// # Safety
    /// 1. `id` came from [`Space::id_of`] and the cell's memory was not freed since.
    #[inline(always)]
    pub(super) unsafe fn cell_at(&self, id: CellId) -> NonNull<Header> {
        // SAFETY: (1) the page or the table entry exists.
        unsafe {
            if id.0 & TABLE_ID != 0 {
                let table = &*self.table.get();
                let address = *table.get_unchecked((id.0 & !TABLE_ID) as usize);
                NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address))
            } else {
                let pages = &*self.pages.get();
                let page = *pages.get_unchecked(id.0 as usize / GRANULES_PER_PAGE);
                let offset = (id.0 as usize % GRANULES_PER_PAGE) * GRANULE;
                NonNull::new_unchecked(page.byte_add(offset).cast())
            }
        }
    }

    /// Calls `visit` with every cell that is live or waits to be freed.
    pub(super) fn for_each(&self, visit: &mut dyn FnMut(NonNull<Header>)) {
        let mut index = 0;
        // SAFETY: pages and table are read anew at every step, so `visit` may free the cell it is given.
        unsafe {
            while index < (&*self.pages.get()).len() {
                let page = (&*self.pages.get())[index];
                index += 1;
                if page.is_null() || (*page).used == 0 {
                    continue;
                }
                let mut offset = PAGE_HEADER_BYTES as u32;
                while offset < (*page).bump {
                    let cell = NonNull::new_unchecked(page.byte_add(offset as usize).cast::<Header>());
                    if (*cell.as_ptr()).count() != 0 || (*cell.as_ptr()).is_dead() {
                        visit(cell);
                    }
                    offset += (*page).slot_bytes;
                }
            }
            let mut index = 0;
            while index < (&*self.table.get()).len() {
                let entry = (&*self.table.get())[index];
                index += 1;
                if entry & 1 == 0 {
                    visit(NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(entry)));
                }
            }
        }
    }

    pub(super) fn live_cells(&self) -> usize {
        self.live.get()
    }

    pub(super) fn committed(&self) -> usize {
        // SAFETY: no reference to the vector is alive.
        let chunks = unsafe { &*self.chunks.get() };
        let held = chunks.iter().filter(|c| c.empty_pages != usize::MAX).count();
        held * CHUNK_BYTES + self.table_bytes.get()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let layout = Layout::from_size_align(CHUNK_BYTES, PAGE_BYTES).expect("constant layout");
        // SAFETY: the heap is gone: no reference to the vectors is alive and no cell is used
        // again; an even table entry is the address of a block of this space.
        unsafe {
            for chunk in (&*self.chunks.get()).iter() {
                if chunk.empty_pages != usize::MAX {
                    self.mem().give_page(chunk.base, layout);
                }
            }
            for &entry in (&*self.table.get()).iter().filter(|&&entry| entry & 1 == 0) {
                let cell: *mut Header = core::ptr::with_exposed_provenance_mut(entry);
                let prefix = cell.byte_sub(PREFIX_BYTES).cast::<Prefix>();
                let bytes = (*prefix).words as usize * 8;
                self.mem().free(Use::Cells, NonNull::new_unchecked(prefix.cast()), table_layout(bytes));
            }
        }
    }
}
