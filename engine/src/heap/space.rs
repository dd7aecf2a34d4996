//! Where cells live: in pages of equal slots, or each in a block of its own.
//!
//! With the pool front, cells of up to [`SMALL_CELL_BYTES`] live in 32 KiB pages, one size class a
//! page, up to eight pages to a chunk; the first of each class live in pages that classes share ([`mixed`]). Larger cells, and with the direct front all cells, are blocks of the
//! allocator with an eight-byte prefix that holds the cell's index in a table and its size.
//!
//! # Invariants
//! - A page slot's address is a multiple of 16; a table cell's is 8 more than one. Bit 3 of an
//!   address therefore tells the two apart, without touching memory.
//! - A page's slots below `bump` are live cells, dead cells that wait, or free (header zero, next free slot
//!   behind it); those above were never used.
//! - `table[i]` is the cell whose prefix says `i`, plus [`OLD`] if it was there at the last collection, or a
//!   free entry (odd: `next << 1 | 1`).
//! - A page that is not `young` was not allocated from since the last collection.
//! - A page's header lies at an offset that the page's address determines: at the start of every page,
//!   headers would compete for a few sets of the cache. Slots lie behind the header, and before it.
//! - A page is in exactly one [`State`]. Its `countdown` reaches zero exactly when a free must change it:
//!   *current* (`CURRENT` + cells used: never), *full* (had no free slot when it was left, with `held` cells;
//!   counts down from the patience of its class, so that it comes back with more than one free slot),
//!   *listed* (cells used; it has free slots and is in its class's list), *mixed* (1). An *empty* page has its bit set in
//!   its chunk's `empty` and a meaningless header.
//! - A chunk starts at a multiple of [`CHUNK_BYTES`], may be shorter, and is in the list of chunks with room if and only if its
//!   `empty` is not zero.

mod check;
mod chunks;
mod mixed;
mod table;

use core::alloc::Layout;
use core::cell::{Cell as StdCell, UnsafeCell};
use core::ops::Range;
use core::ptr::{NonNull, null_mut};

use self::mixed::MixedPages;
use super::{Blocks, Header, SiteHook};
use crate::base::round_up;
use crate::mem::{Front, Mem, OutOfMemory, Part, Use, Vec};

/// Size and alignment of a page.
pub const PAGE_BYTES: usize = 32 * 1024;
/// Largest cell that lives in a page.
pub const SMALL_CELL_BYTES: usize = 512;

/// Slots are multiples of this.
pub(super) const GRANULE: usize = 16;
/// Alignment of a chunk, and its size once the heap is large.
pub(super) const CHUNK_BYTES: usize = PAGES_PER_CHUNK * PAGE_BYTES;
/// Granules of a page.
pub(super) const GRANULES_PER_PAGE: usize = PAGE_BYTES / GRANULE;
/// Granules of a whole chunk: cell numbers count them.
const GRANULES_PER_CHUNK: usize = CHUNK_BYTES / GRANULE;
/// A chunk has one page for so many that there are already.
const GROWTH_DIVISOR: usize = 2;
const CLASSES: usize = SMALL_CELL_BYTES / GRANULE + 1;
const PAGES_PER_CHUNK: usize = 8;
const PAGE_HEADER_BYTES: usize = 64;
/// Number of places where page headers are, a header apart. A power of two.
const COLOURS: usize = 64;
/// A page that was full comes back when one of this many slots is free.
const PATIENCE_DIVISOR: usize = 32;
const PREFIX_BYTES: usize = 8;
const TABLE_ID: u32 = 1 << 31;
const CURRENT: u32 = 1 << 31;
/// In an entry of the table: the cell was there at the last collection.
const OLD: usize = 2;
/// The bits of an entry of the table that are not the cell's address.
const ENTRY_BITS: usize = 3;
/// How much untouched memory of a page joins its free list at a time.
const EXTEND_BYTES: u32 = 4096;
/// Chunks that cell numbers have room for.
const MAX_CHUNKS: usize = TABLE_ID as usize / GRANULES_PER_CHUNK;
/// Wholly empty chunks that are kept in any case (4 MiB of them).
const SPARE_CHUNKS: usize = 16;
/// More wholly empty chunks than this (64 MiB) go back at once, if they are more than those in use.
const MANY_SPARE_CHUNKS: usize = 256;

/// A cell's number: granule counted over all chunks, or index into the table of cells (bit 31 set).
/// Valid while the cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Current,
    Full,
    Listed,
    Mixed,
}

#[repr(C)]
struct Page {
    free: *mut Slot,
    countdown: u32,
    slot_bytes: u32,
    // Offset in the page of the first slot never used; behind the header, later before it.
    bump: u32,
    held: u32,
    state: State,
    // Whether the slots before the header were never used.
    low: bool,
    // Whether cells may have been allocated here since the last collection.
    young: bool,
    // Which page of the space this is: chunk * PAGES_PER_CHUNK + page.
    number: u32,
    next: *mut Page,
    previous: *mut Page,
}

const _: () = assert!(size_of::<Page>() <= PAGE_HEADER_BYTES);

#[repr(C)]
struct Slot {
    header: u64,
    next_free: *mut Slot,
}

#[repr(C)]
struct Prefix {
    index: u32,
    // The block's size in units of 8 bytes, the prefix not included.
    words: u32,
}

struct Chunk {
    // Null when the memory went back and the number is free.
    base: *mut u8,
    // A bit for each empty page.
    empty: u8,
    pages: u8,
    // Its pages are mixed ones; the last may be shorter.
    mixed: bool,
    bytes: u32,
    next: u32,
    previous: u32,
}

impl Chunk {
    /// What `empty` is when no page is in use.
    fn all(&self) -> u8 {
        u8::MAX >> (PAGES_PER_CHUNK as u32 - u32::from(self.pages))
    }

    fn is_empty(&self) -> bool {
        self.empty == self.all()
    }
}

const NO_CHUNK: u32 = u32::MAX;
const NO_ENTRY: usize = usize::MAX >> 1;

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
            match (*page_of(cell)).slot_bytes as usize {
                0 => mixed::class_of(cell) * GRANULE,
                bytes => bytes,
            }
        }
    }
}

/// Whether the cell has a block of its own.
#[inline(always)]
pub(super) fn is_table_cell(cell: NonNull<Header>) -> bool {
    cell.addr().get() & 8 != 0
}

/// The addresses of a cell's page, in which all cells are of its size; none for a cell with a block of its own, or in a
/// page that several sizes share.
///
/// # Safety
/// 1. `cell` is a cell of some space.
#[inline(always)]
pub(super) unsafe fn page_of_cells(cell: NonNull<Header>) -> Range<usize> {
    let start = cell.addr().get() & !(PAGE_BYTES - 1);
    // SAFETY: (1) a page cell has a page.
    let alike = !is_table_cell(cell) && unsafe { (*page_of(cell)).slot_bytes } != 0;
    start..if alike { start + PAGE_BYTES } else { start }
}

/// The index of a cell in the table of cells.
///
/// # Safety
/// 1. `cell` is a table cell.
#[inline(always)]
pub(super) unsafe fn table_index(cell: NonNull<Header>) -> usize {
    // SAFETY: (1) it has a prefix.
    unsafe { (*prefix_of(cell)).index as usize }
}

/// The offset of a page's header, from any address in the page. Its bits come from above those that, for the
/// start of pages, choose among the sets of a second-level cache.
#[inline(always)]
const fn header_offset(address: usize) -> usize {
    address / (PAGE_BYTES * 4) % COLOURS * PAGE_HEADER_BYTES
}

#[inline(always)]
fn page_of(cell: NonNull<Header>) -> *mut Page {
    cell.as_ptr().map_addr(|a| (a & !(PAGE_BYTES - 1)) + header_offset(a)).cast()
}

/// Where a page starts.
#[inline(always)]
fn start_of(page: *mut Page) -> *mut u8 {
    page.map_addr(|a| a & !(PAGE_BYTES - 1)).cast()
}

/// The runs of slots of a page that were ever used, behind the header and before it: the first slot of each,
/// and how many they are.
///
/// # Safety
/// 1. `page` is a page that is not empty.
#[inline(always)]
unsafe fn runs_of(page: *mut Page) -> [(NonNull<Header>, usize); 2] {
    // SAFETY: (1) the slots lie as the header says.
    unsafe {
        let start = start_of(page);
        let (step, bump) = ((*page).slot_bytes as usize, (*page).bump as usize);
        let header = page.addr() - start.addr();
        let (first, low) = (header + PAGE_HEADER_BYTES, (*page).low);
        let run = |offset: usize, end: usize| {
            (NonNull::new_unchecked(start.add(offset).cast()), end.saturating_sub(offset) / step)
        };
        [run(first, if low { bump } else { PAGE_BYTES }), run(0, if low { 0 } else { bump })]
    }
}

/// Calls `visit` with every run of slots of a page that were ever used: the first, the distance to the next, how many.
///
/// # Safety
/// 1. `page` is a page that is not empty.
#[inline(always)]
unsafe fn each_run_of(page: *mut Page, mut visit: impl FnMut(NonNull<Header>, usize, usize)) {
    // SAFETY: (1) the caller's duty.
    unsafe {
        let step = (*page).slot_bytes as usize;
        if step == 0 {
            return mixed::each_span(page, visit);
        }
        for (first, len) in runs_of(page) {
            if len != 0 {
                visit(first, step, len);
            }
        }
    }
}

/// Calls `visit` with every slot of a page that was ever used.
///
/// # Safety
/// 1. `page` is a page that is not empty.
unsafe fn each_slot_of(page: *mut Page, mut visit: impl FnMut(NonNull<Header>)) {
    // SAFETY: (1) the caller's duty; runs are of slots.
    unsafe {
        each_run_of(page, |first, step, len| {
            for index in 0..len {
                visit(first.byte_add(index * step));
            }
        });
    }
}

#[inline(always)]
fn prefix_of(cell: NonNull<Header>) -> *mut Prefix {
    cell.as_ptr().wrapping_byte_sub(PREFIX_BYTES).cast()
}

fn table_layout(bytes: usize) -> Layout {
    // SAFETY: cells are at most 32 GiB (`words` is a u32), far below what a layout may have.
    unsafe { Layout::from_size_align_unchecked(bytes + PREFIX_BYTES, 16) }
}

fn chunk_layout(bytes: u32) -> Layout {
    // SAFETY: the alignment is a power of two, and a chunk has a few pages.
    unsafe { Layout::from_size_align_unchecked(bytes as usize, CHUNK_BYTES) }
}

/// The cells of one heap, in either form.
pub(crate) struct Space {
    current: UnsafeCell<[*mut Page; CLASSES]>,
    mem: *const Mem,
    paged: StdCell<bool>,
    // Asked for the site of each table cell; with the owner it is given.
    site_hook: StdCell<Option<(SiteHook, *mut ())>>,
    // By the number in the table of cells. The host's memory, see `runtime::sites`.
    #[expect(clippy::disallowed_types, reason = "tracking leaves the runtime's books alone")]
    sites: UnsafeCell<std::vec::Vec<u32>>,
    listed: UnsafeCell<[*mut Page; CLASSES]>,
    mixed: UnsafeCell<MixedPages>,
    chunks: UnsafeCell<Vec<'static, Chunk>>,
    with_room: StdCell<u32>,
    held_chunks: StdCell<usize>,
    held_pages: StdCell<usize>,
    // Of all chunks, mixed ones included.
    held_bytes: StdCell<usize>,
    empty_chunks: StdCell<usize>,
    // A chunk is being taken: the list of chunks is not to be touched.
    growing: StdCell<bool>,
    // The most chunks in use at once since `settle`.
    most_used: StdCell<usize>,
    table: UnsafeCell<Vec<'static, usize>>,
    table_free: StdCell<usize>,
    table_bytes: StdCell<usize>,
    table_cells: StdCell<usize>,
}

// A page without free slots stands in for "no current page", so that allocation need not ask.
#[repr(C, align(64))]
struct NoPage(Page);
// SAFETY: never written to: `free` stays null and `bump` at the end.
unsafe impl Sync for NoPage {}
static NO_PAGE: NoPage = NoPage(Page {
    free: null_mut(),
    countdown: 0,
    slot_bytes: 0,
    bump: PAGE_BYTES as u32,
    held: 0,
    state: State::Full,
    low: false,
    young: false,
    number: 0,
    next: null_mut(),
    previous: null_mut(),
});

fn no_page() -> *mut Page {
    (&raw const NO_PAGE.0).cast_mut()
}

impl Space {
    pub(super) fn new(mem: &Mem) -> Space {
        Space {
            current: UnsafeCell::new([no_page(); CLASSES]),
            mem,
            paged: StdCell::new(mem.front() == Front::Pool),
            site_hook: StdCell::new(None),
            sites: UnsafeCell::default(),
            listed: UnsafeCell::new([null_mut(); CLASSES]),
            mixed: UnsafeCell::new(MixedPages::NONE),
            chunks: UnsafeCell::new(Vec::new(mem.memory(Use::Runtime))),
            with_room: StdCell::new(NO_CHUNK),
            held_chunks: StdCell::new(0),
            held_pages: StdCell::new(0),
            held_bytes: StdCell::new(0),
            growing: StdCell::new(false),
            empty_chunks: StdCell::new(0),
            most_used: StdCell::new(0),
            table: UnsafeCell::new(Vec::new(mem.memory(Use::Runtime))),
            table_free: StdCell::new(NO_ENTRY),
            table_bytes: StdCell::new(0),
            table_cells: StdCell::new(0),
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
        if size > SMALL_CELL_BYTES {
            return self.alloc_table(size);
        }
        let class = size.div_ceil(GRANULE);
        // SAFETY: `class` is in range; `current` holds a page or the stand-in, whose free list is empty.
        unsafe {
            let page = (*self.current.get())[class];
            let slot = (*page).free;
            if slot.is_null() {
                return self.alloc_slow(size);
            }
            self.mem().page_cell_born(class * GRANULE)?;
            (*page).free = (*slot).next_free;
            (*page).countdown += 1;
            Ok(NonNull::new_unchecked(slot.cast()))
        }
    }

    /// Allocation of a small cell when the current page of its class has no free slot.
    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, size: usize) -> Result<NonNull<Header>, OutOfMemory> {
        if !self.paged.get() {
            return self.alloc_table(size);
        }
        let class = size.div_ceil(GRANULE);
        // Asked first: a refusal must not cost a page.
        self.mem().admits_page_cell(class * GRANULE)?;
        // SAFETY: `class` is in range; pages in the lists are whole; the stand-in page is never
        // written, because its `bump` is at the end.
        unsafe {
            let current = &raw mut (*self.current.get())[class];
            let page = *current;
            let is_head = self.is_head(page, class);
            if page == no_page() || is_head || !extend(page) {
                if page != no_page() && !is_head {
                    (*page).held = (*page).countdown - CURRENT;
                    (*page).countdown = patience(class);
                    (*page).state = State::Full;
                }
                *current = no_page();
                let next = match self.mixed_slots(class) {
                    Some(head) => head,
                    None => self.next_page(class)?,
                };
                *current = next;
            }
            self.mem().page_cell_born(class * GRANULE)?;
            let page = *current;
            let slot = (*page).free;
            (*page).free = (*slot).next_free;
            (*page).countdown += 1;
            Ok(NonNull::new_unchecked(slot.cast()))
        }
    }

    /// A page with a free slot to become the current one of a class: a listed one, or one more, or what is left.
    fn next_page(&self, class: usize) -> Result<*mut Page, OutOfMemory> {
        // SAFETY: `class` is in range; pages in the lists are whole, and a page taken is nobody's.
        unsafe {
            let mut listed = (*self.listed.get())[class];
            if listed.is_null() {
                match self.take_page() {
                    Ok(page) => {
                        (*page).slot_bytes = (class * GRANULE) as u32;
                        extend(page);
                        return Ok(page);
                    }
                    Err(OutOfMemory) => {
                        if let Some(head) = self.spare_slots(class) {
                            return Ok(head);
                        }
                        listed = match self.list_impatiently(class) {
                            Ok(listed) => listed,
                            Err(OutOfMemory) => return self.add_span(class).ok_or(OutOfMemory),
                        };
                    }
                }
            }
            self.unlist(listed, class);
            (*listed).countdown += CURRENT;
            (*listed).state = State::Current;
            (*listed).young = true;
            Ok(listed)
        }
    }

    /// Lists every full page of a class that has a free slot after all; the first of them. For when memory is
    /// refused: walks all pages.
    #[cold]
    fn list_impatiently(&self, class: usize) -> Result<*mut Page, OutOfMemory> {
        for chunk in 0..self.chunk_numbers() {
            for index in 0..PAGES_PER_CHUNK {
                let Some(page) = self.page(chunk, index) else { continue };
                // SAFETY: the page is not empty, and so whole.
                unsafe {
                    let full = (*page).state == State::Full && (*page).slot_bytes as usize == class * GRANULE;
                    if full && !(*page).free.is_null() {
                        let freed = patience(class) - (*page).countdown;
                        self.list(page, (*page).held - freed);
                    }
                }
            }
        }
        // SAFETY: `class` is in range.
        let first = unsafe { (*self.listed.get())[class] };
        if first.is_null() { Err(OutOfMemory) } else { Ok(first) }
    }

    /// Enters a page that was full into the list of its class.
    ///
    /// # Safety
    /// `page` is whole, full, and has `used` cells and a free slot.
    unsafe fn list(&self, page: *mut Page, used: u32) {
        // SAFETY: the caller's page is whole; lists hold whole pages.
        unsafe {
            let class = (*page).slot_bytes as usize / GRANULE;
            (*page).countdown = used;
            (*page).state = State::Listed;
            let next = (*self.listed.get())[class];
            (*page).next = next;
            (*page).previous = null_mut();
            if !next.is_null() {
                (*next).previous = page;
            }
            (*self.listed.get())[class] = page;
        }
    }

    /// # Safety
    /// `page` is in the list of its class.
    unsafe fn unlist(&self, page: *mut Page, class: usize) {
        // SAFETY: neighbours in the list are whole pages.
        unsafe {
            let (next, previous) = ((*page).next, (*page).previous);
            if previous.is_null() {
                (*self.listed.get())[class] = next;
            } else {
                (*previous).next = next;
            }
            if !next.is_null() {
                (*next).previous = previous;
            }
        }
    }

    /// An empty page, its header set but for the slot size.
    fn take_page(&self) -> Result<*mut Page, OutOfMemory> {
        if self.with_room.get() == NO_CHUNK {
            self.grow()?;
        }
        let number = self.with_room.get();
        // SAFETY: no other reference to the chunks is alive; an empty page is nobody's.
        unsafe {
            let chunks = &mut *self.chunks.get();
            let chunk = &mut chunks[number as usize];
            if chunk.is_empty() {
                self.empty_chunks.set(self.empty_chunks.get() - 1);
                let used = self.held_chunks.get() - self.empty_chunks.get();
                self.most_used.set(self.most_used.get().max(used));
            }
            let index = chunk.empty.trailing_zeros();
            chunk.empty &= chunk.empty - 1;
            let start = chunk.base.add(index as usize * PAGE_BYTES);
            let header = header_offset(start.addr());
            let page = start.add(header).cast::<Page>();
            if chunk.empty == 0 {
                self.unlink_chunk(number);
            }
            page.write(Page {
                free: null_mut(),
                countdown: CURRENT,
                slot_bytes: 0,
                bump: (header + PAGE_HEADER_BYTES) as u32,
                held: 0,
                state: State::Current,
                low: true,
                young: true,
                number: number * PAGES_PER_CHUNK as u32 + index,
                next: null_mut(),
                previous: null_mut(),
            });
            Ok(page)
        }
    }

    /// Gives the memory of all cells back.
    ///
    /// # Safety
    /// 1. All cells were finalized; nobody uses them again.
    pub(super) unsafe fn free_all(&self) {
        for index in 0..self.table_len() {
            if let Some(cell) = self.table_cell(index) {
                // SAFETY: (1) the caller's duty.
                unsafe { self.free_table(cell) };
            }
        }
        for chunk in 0..self.chunk_numbers() {
            for index in 0..PAGES_PER_CHUNK {
                let Some(page) = self.page(chunk, index) else { continue };
                // SAFETY: (1) each slot that holds a cell is freed once; the page is looked at again only as
                // long as it is not empty, that is, while there are such slots.
                unsafe {
                    let mut left = 0;
                    each_slot_of(page, |slot| left += usize::from(slot.cast::<u64>().read() != 0));
                    if left == 0 {
                        continue;
                    }
                    let mut last = None;
                    each_slot_of(page, |slot| {
                        if slot.cast::<u64>().read() != 0
                            && let Some(cell) = last.replace(slot)
                        {
                            self.free(cell);
                        }
                    });
                    if let Some(cell) = last {
                        self.free(cell);
                    }
                }
            }
        }
    }

    /// A page that is not empty.
    fn page(&self, chunk: usize, index: usize) -> Option<*mut Page> {
        // SAFETY: no exclusive reference to the vector is alive; the page is within its chunk.
        unsafe {
            let Chunk { base, empty, pages, .. } = (&*self.chunks.get())[chunk];
            if index >= usize::from(pages) || empty & 1 << index != 0 {
                return None;
            }
            let start = base.add(index * PAGE_BYTES);
            Some(start.add(header_offset(start.addr())).cast())
        }
    }

    /// Gives a cell's memory back.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this space that was finalized; nobody uses it again.
    #[inline(always)]
    pub(super) unsafe fn free(&self, cell: NonNull<Header>) {
        // SAFETY: (1) page header or prefix are where the invariants say.
        unsafe {
            if is_table_cell(cell) {
                return self.free_table(cell);
            }
            let page = page_of(cell);
            let slot = cell.as_ptr().cast::<Slot>();
            let bytes = (*page).slot_bytes as usize;
            #[cfg(debug_assertions)]
            cell.as_ptr().cast::<u8>().write_bytes(0xDB, bytes);
            (*slot).header = 0;
            (*slot).next_free = (*page).free;
            (*page).free = slot;
            self.mem().page_cell_died(bytes);
            (*page).countdown -= 1;
            if (*page).countdown == 0 {
                self.change_state(page);
            }
        }
    }

    /// # Safety
    /// `page` is full and has got its first free slot, or is listed and has lost its last cell, or is mixed.
    #[cold]
    #[inline(never)]
    unsafe fn change_state(&self, page: *mut Page) {
        // SAFETY: the caller's page is whole; lists hold whole pages.
        unsafe {
            if (*page).state == State::Mixed {
                return self.mixed_free(page);
            }
            let class = (*page).slot_bytes as usize / GRANULE;
            if (*page).state == State::Full {
                // A page holds many slots: it is not empty yet.
                return self.list(page, (*page).held - patience(class));
            }
            self.unlist(page, class);
            self.release_page((*page).number);
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
            let small = self.paged.get() && new_size <= SMALL_CELL_BYTES;
            if is_table_cell(cell) && !small {
                let bytes = new_size.checked_next_multiple_of(8).ok_or(OutOfMemory)?;
                let words = u32::try_from(bytes / 8).map_err(|_| OutOfMemory)?;
                if bytes == old_size {
                    return Ok(cell);
                }
                let prefix = prefix_of(cell);
                let index = (*prefix).index as usize;
                let block = NonNull::new_unchecked(prefix.cast::<u8>());
                let moved =
                    self.mem().realloc(Use::Cells, block, table_layout(old_size), bytes + PREFIX_BYTES)?;
                moved.as_ptr().expose_provenance();
                moved.cast::<Prefix>().write(Prefix { index: index as u32, words });
                let cell = moved.as_ptr().wrapping_add(PREFIX_BYTES).cast::<Header>();
                (&mut *self.table.get())[index] = cell.addr();
                self.table_bytes.set(self.table_bytes.get() + bytes - old_size);
                return Ok(NonNull::new_unchecked(cell));
            }
            if small && round_up(new_size, GRANULE) == old_size && !is_table_cell(cell) {
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
                CellId((*page_of(cell)).number * (PAGE_BYTES / GRANULE) as u32 + granule as u32)
            }
        }
    }

    /// The cell with a number.
    ///
    /// # Safety
    /// 1. `id` came from [`Space::id_of`] and the cell's memory was not freed since.
    #[inline(always)]
    pub(super) unsafe fn cell_at(&self, id: CellId) -> NonNull<Header> {
        // SAFETY: (1) the chunk or the table entry exists.
        unsafe {
            if id.0 & TABLE_ID != 0 {
                let table = &*self.table.get();
                let address = *table.get_unchecked((id.0 & !TABLE_ID) as usize) & !ENTRY_BITS;
                NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address))
            } else {
                let chunks = &*self.chunks.get();
                let chunk = chunks.get_unchecked(id.0 as usize / GRANULES_PER_CHUNK);
                let offset = (id.0 as usize % GRANULES_PER_CHUNK) * GRANULE;
                NonNull::new_unchecked(chunk.base.add(offset).cast())
            }
        }
    }

    /// Number of chunk numbers ever given out: [`Space::chunk_base`] takes those below.
    pub(super) fn chunk_numbers(&self) -> usize {
        // SAFETY: no reference to the vector is alive.
        unsafe { (&*self.chunks.get()).len() }
    }

    /// Number of pages of a chunk; none when its memory went back.
    pub(super) fn chunk_pages(&self, number: usize) -> usize {
        // SAFETY: no exclusive reference to the vector is alive.
        unsafe { (&*self.chunks.get())[number].pages.into() }
    }

    /// Where a chunk starts; null when its memory went back.
    pub(super) fn chunk_base(&self, number: usize) -> *mut u8 {
        // SAFETY: no exclusive reference to the vector is alive.
        unsafe { (&*self.chunks.get())[number].base }
    }

    /// Makes all cells old.
    pub(super) fn age(&self) {
        for chunk in 0..self.chunk_numbers() {
            for index in 0..PAGES_PER_CHUNK {
                if let Some(page) = self.page(chunk, index) {
                    // SAFETY: the page is not empty. Allocation from a current page goes on unnoticed.
                    unsafe { (*page).young = matches!((*page).state, State::Current | State::Mixed) };
                }
            }
        }
        // SAFETY: exclusive access: nothing called from here touches the table.
        for entry in unsafe { (&mut *self.table.get()).iter_mut() } {
            if *entry & 1 == 0 {
                *entry |= OLD;
            }
        }
    }

    /// Calls `visit` with every run of slots of a chunk that were ever used, free ones included; or only with
    /// those of young pages: the first, the distance to the next, and how many there are. `visit` neither
    /// allocates nor frees cells.
    #[inline(always)]
    pub(super) fn each_run(
        &self,
        chunk: usize,
        young: bool,
        mut visit: impl FnMut(NonNull<Header>, usize, usize),
    ) {
        for index in 0..PAGES_PER_CHUNK {
            if let Some(page) = self.page(chunk, index) {
                // SAFETY: (1) the page is not empty.
                unsafe {
                    if !young || (*page).young {
                        each_run_of(page, &mut visit);
                    }
                }
            }
        }
    }

    /// Calls `visit` with every cell that is live or waits to be freed. `visit` neither allocates nor
    /// frees cells.
    pub(super) fn for_each(&self, visit: &mut dyn FnMut(NonNull<Header>)) {
        for chunk in 0..self.chunk_numbers() {
            self.each_run(chunk, false, |first, step, len| {
                for index in 0..len {
                    // SAFETY: a slot that was used holds a header, all zero when it is free.
                    unsafe {
                        let cell = first.byte_add(index * step);
                        if cell.cast::<u64>().read() != 0 {
                            visit(cell);
                        }
                    }
                }
            });
        }
        for index in 0..self.table_len() {
            if let Some(cell) = self.table_cell(index) {
                visit(cell);
            }
        }
    }

    /// Reports the tables of chunks and cells.
    pub(super) fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no exclusive reference to the vectors is alive.
        unsafe {
            blocks.list(Use::Runtime, Part::CellTable, &*self.chunks.get());
            blocks.list(Use::Runtime, Part::CellTable, &*self.table.get());
        }
    }

    pub(super) fn live_cells(&self) -> usize {
        self.mem().page_cells() + self.table_cells.get()
    }

    pub(super) fn committed(&self) -> usize {
        self.held_bytes.get() + self.table_bytes.get()
    }

    /// What the memory's books hold for a live cell.
    ///
    /// # Safety
    /// 1. `cell` is a cell of this space.
    pub(super) unsafe fn charge_of(&self, cell: NonNull<Header>) -> usize {
        // SAFETY: (1) the caller's duty.
        let bytes = unsafe { cell_size(cell) };
        if is_table_cell(cell) { self.mem().charge_of(bytes + PREFIX_BYTES) } else { bytes }
    }
}

/// Puts a page's next untouched slots into its free list; false when there are none left.
///
/// # Safety
/// `page` is whole and its free list is empty.
unsafe fn extend(page: *mut Page) -> bool {
    // SAFETY: slots from `bump` on that end before the header, or the page's end, are nobody's.
    unsafe {
        let start = start_of(page);
        let step = (*page).slot_bytes;
        let (first, room) = loop {
            let end = if (*page).low { PAGE_BYTES } else { page.addr() - start.addr() };
            let room = (end as u32).saturating_sub((*page).bump) / step;
            if room != 0 {
                break ((*page).bump, room);
            }
            if !(*page).low {
                return false;
            }
            (*page).low = false;
            (*page).bump = 0;
        };
        let count = room.min((EXTEND_BYTES / step).max(1));
        let mut next = null_mut();
        for index in (0..count).rev() {
            let slot = start.add((first + index * step) as usize).cast::<Slot>();
            slot.write(Slot { header: 0, next_free: next });
            next = slot;
        }
        (*page).free = next;
        (*page).bump = first + count * step;
        true
    }
}

/// How many slots of a page that was full have to be free before it is looked at again.
const fn patience(class: usize) -> u32 {
    (PAGE_BYTES / GRANULE / PATIENCE_DIVISOR / class) as u32 + 1
}

impl Drop for Space {
    fn drop(&mut self) {
        // SAFETY: the heap is gone: no reference to the vectors is alive and no cell is used
        // again; an even table entry is the address of a block of this space.
        unsafe {
            for chunk in (&*self.chunks.get()).iter() {
                if let Some(base) = NonNull::new(chunk.base) {
                    self.mem().give_page(base, chunk_layout(chunk.bytes));
                }
            }
            for index in 0..self.table_len() {
                if let Some(cell) = self.table_cell(index) {
                    let bytes = cell_size(cell);
                    let block = NonNull::new_unchecked(prefix_of(cell).cast());
                    self.mem().free(Use::Cells, block, table_layout(bytes));
                }
            }
        }
    }
}
