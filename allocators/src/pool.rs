//! The pool: a single-threaded size-class allocator made for one runtime.
//!
//! It takes *chunks* (32 KiB at first, growing to 1 MiB) from the allocator under it, cuts them
//! into *pages* of 32 KiB, and gives each page to one of 32 size classes (16, 32, … 512 bytes). The
//! first few KiB of each class come from short pages that classes share ([`mixed`]).
//! Larger blocks go straight to the allocator under it and are remembered in a table, so that the
//! whole heap can be dropped at once.
//!
//! # Invariants
//! - A page starts at a multiple of [`PAGE_BYTES`], and its header lies at an offset that the page's
//!   address determines, so a block finds both by arithmetic on its own address. Were all headers
//!   at the start of their pages, they would compete for the same few sets of the cache. (Freeing and
//!   allocating at random among 100,000 blocks took 54 ns a pair with headers at the start and a
//!   patience of 1, and takes 14 ns so.) The header of a chunk follows that of its first page.
//! - Blocks of a class start at a multiple of the largest power of two that divides the class
//!   size. A layout whose size, padded to its alignment, fits a class is thereby aligned.
//! - A page is in one of five states, and `Page::count` reaches zero exactly when it must leave it:
//!   *current* (its class allocates from it; `count` = blocks used + `CURRENT`, never zero),
//!   *full* (had no free block when it was left; `count` counts down from `patience`, so that it is
//!   only looked at again once it has a few, and `held` is what was used when it was left),
//!   *listed* (free blocks, in its class's list; `count` = blocks used, so the last free is noticed),
//!   *empty* (its bit is set in its chunk's `free_pages`; header meaningless), *mixed* (see there).
//! - Only a current page has memory that was never handed out: `bump` to `end`, and once that is
//!   used up, while `low` is set, what lies before the header. It joins the free list 4 KiB at a
//!   time at most, so that memory is not touched before it is needed.
//! - A chunk is in the list of chunks with room if and only if its `free_pages` is not zero.
//!
//! # Provenance
//! A chunk exposes its provenance once, when it arrives. `free` rebuilds the page pointer from the
//! block's address and takes the exposed provenance, and the free lists hold pointers rebuilt from
//! the page's, so a caller may hand back a pointer that went through a reference to a part of the block.

pub(crate) mod large;
mod mixed;

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::ptr::{self, NonNull};

use self::large::LargeBlocks;
use self::mixed::MixedPages;
use crate::contract::{Allocator, Stats};

/// Size and alignment of a page, in bytes.
pub const PAGE_BYTES: usize = 32 * 1024;
/// The largest block that lives in a page, in bytes.
pub const LARGEST_SMALL: usize = 512;

/// Blocks come in multiples of this many bytes.
const GRAIN: usize = 16;
/// Size classes, not counting the unused class 0.
const CLASSES: usize = LARGEST_SMALL / GRAIN;
/// Added to `count` while a page is its class's current one, so that it never reaches zero.
const CURRENT: u32 = 1 << 31;
/// Number of places where headers are, 64 bytes apart. A power of two.
const COLOURS: usize = 64;
/// Untouched memory joins the free list up to the next multiple of this at a time. In bytes.
const EXTEND_BYTES: usize = 4096;
/// Pages in the smallest and in the largest chunk.
const CHUNK_PAGES: (usize, usize) = (1, 32);
/// Empty pages kept at hand before a wholly empty chunk goes back at once: this many, or ...
const SPARE_PAGES: usize = 16;
/// ... one for this many pages in use, if that is more.
const SPARE_DIVISOR: usize = 8;

/// The header of every page in use.
#[repr(C)]
struct Page {
    /// The first free block, each holding the next; null when there is none.
    free: Cell<*mut u8>,
    /// Decremented by every free; see the invariants for what it holds.
    count: Cell<u32>,
    /// The size class: block size in units of [`GRAIN`].
    class: Cell<u32>,
    /// The first byte never handed out, and the end of the last whole block.
    bump: Cell<*mut u8>,
    end: Cell<*mut u8>,
    /// Neighbours in the list of the class, while listed.
    next: Cell<*mut Page>,
    previous: Cell<*mut Page>,
    /// The chunk this page was cut from.
    chunk: Cell<*mut Chunk>,
    /// Blocks that were used when the page became full.
    held: Cell<u32>,
    state: Cell<State>,
    /// Whether the memory before the header was never handed out.
    low: Cell<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Current,
    Full,
    Listed,
    Mixed,
}

impl Page {
    /// Number of blocks used.
    fn used(&self) -> u32 {
        match self.state.get() {
            State::Current => self.count.get() - CURRENT,
            State::Full => self.held.get() - (patience(self.class.get() as usize) - self.count.get()),
            State::Listed => self.count.get(),
            // Its blocks are counted by class.
            State::Mixed => 0,
        }
    }
}

/// How many blocks of a full page are freed before its class allocates from it again: about a
/// sixteenth of them, 32 at most. With 1, a heap in which frees and allocations hit random pages
/// would change its current page at every allocation.
fn patience(class: usize) -> u32 {
    (PAGE_BYTES / (class * GRAIN) / 16).clamp(1, 32) as u32
}

/// The header of a chunk, behind that of its first page, whether that page is in use or not.
#[repr(C)]
struct Chunk {
    /// Neighbours in the list of all chunks.
    next: Cell<*mut Chunk>,
    previous: Cell<*mut Chunk>,
    /// Neighbours in the list of chunks with room.
    next_room: Cell<*mut Chunk>,
    previous_room: Cell<*mut Chunk>,
    /// The first page: the address the allocator under the pool returned.
    base: Cell<*mut u8>,
    /// Bit `i` is set while page `i` is empty.
    free_pages: Cell<u32>,
    pages: Cell<u32>,
}

const HEADER: usize = size_of::<Page>();
const CHUNK_HEADER: usize = size_of::<Chunk>();
const _: () = assert!(HEADER == 64 && CHUNK_HEADER <= 64 && CHUNK_PAGES.1 == 32);

/// The page a class has while it has none. It is never written: its free list is empty, so no
/// block is taken from it, and no block's address leads to it.
struct NoPage(Page);
// SAFETY: nobody writes to it (see above), so sharing it between threads is sharing constants.
unsafe impl Sync for NoPage {}
static NO_PAGE: NoPage = NoPage(Page {
    free: Cell::new(ptr::null_mut()),
    count: Cell::new(CURRENT),
    class: Cell::new(0),
    bump: Cell::new(ptr::null_mut()),
    end: Cell::new(ptr::null_mut()),
    next: Cell::new(ptr::null_mut()),
    previous: Cell::new(ptr::null_mut()),
    chunk: Cell::new(ptr::null_mut()),
    held: Cell::new(0),
    state: Cell::new(State::Current),
    low: Cell::new(false),
});

fn no_page() -> *mut Page {
    (&raw const NO_PAGE.0).cast_mut()
}

/// The size class of a layout; larger than [`CLASSES`] for a large block.
#[inline(always)]
const fn class_of(layout: Layout) -> usize {
    // Blocks of every class are aligned to the grain.
    let size = if layout.align() <= GRAIN { layout.size() } else { layout.pad_to_align().size() };
    (size + (GRAIN - 1)) >> GRAIN.trailing_zeros()
}

/// Where in its page the header is, given an address in that page.
#[inline(always)]
const fn header_offset(address: usize) -> usize {
    address / PAGE_BYTES % COLOURS * HEADER
}

/// A single-threaded size-class allocator over `A`. See the [module](self).
///
/// With `COUNT` (the default, [`Pool::new`]) every call keeps `requested`, its peak and the number
/// of allocations; a host that keeps these figures itself saves that with [`Pool::uncounted`].
/// `usable`, `committed` and `live_blocks` are exact in both.
///
/// Dropping the pool frees every block, whether live or not.
pub struct Pool<A: Allocator, const COUNT: bool = true> {
    current: [Cell<*mut Page>; CLASSES + 1],
    requested: Cell<usize>,
    peak_requested: Cell<usize>,
    allocations: Cell<u64>,
    failed: Cell<u64>,
    listed: [Cell<*mut Page>; CLASSES + 1],
    chunks: Cell<*mut Chunk>,
    room: Cell<*mut Chunk>,
    /// Pages of all chunks, and those of them that are empty.
    pages: Cell<usize>,
    empty_pages: Cell<usize>,
    mixed: MixedPages,
    large: LargeBlocks,
    inner: A,
}

// SAFETY: every pointer in the pool leads to memory of `inner` that nothing else refers to (or to
// the constant `NO_PAGE`), and blocks move between threads together with their allocator.
unsafe impl<A: Allocator, const COUNT: bool> Send for Pool<A, COUNT> {}

impl<A: Allocator> Pool<A, true> {
    /// A pool that keeps exact figures. Takes no memory yet.
    pub fn new(inner: A) -> Self {
        Self::build(inner)
    }
}

impl<A: Allocator> Pool<A, false> {
    /// A pool that leaves `requested`, `peak_requested` and `total_allocations` to its host.
    pub fn uncounted(inner: A) -> Self {
        Self::build(inner)
    }
}

impl<A: Allocator, const COUNT: bool> Pool<A, COUNT> {
    fn build(inner: A) -> Self {
        Pool {
            current: core::array::from_fn(|_| Cell::new(no_page())),
            listed: [const { Cell::new(ptr::null_mut()) }; CLASSES + 1],
            chunks: Cell::new(ptr::null_mut()),
            room: Cell::new(ptr::null_mut()),
            pages: Cell::new(0),
            empty_pages: Cell::new(0),
            requested: Cell::new(0),
            peak_requested: Cell::new(0),
            allocations: Cell::new(0),
            failed: Cell::new(0),
            mixed: MixedPages::new(),
            // SAFETY: (1) it is only ever given `inner`.
            large: unsafe { LargeBlocks::new() },
            inner,
        }
    }

    /// The allocator that pages and large blocks come from.
    pub fn inner(&self) -> &A {
        &self.inner
    }

    /// As [`Allocator::alloc`], for calls that know the type of the pool.
    ///
    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    #[inline]
    pub unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        debug_assert!(layout.size() != 0, "a block of no bytes was asked for");
        let class = class_of(layout);
        if class > CLASSES {
            return self.alloc_large(layout, false);
        }
        let page = self.current[class].get();
        // SAFETY: `current` holds pages in use or the constant page; all are valid `Page`s.
        let page = unsafe { &*page };
        let Some(block) = NonNull::new(page.free.get()) else {
            return self.alloc_slow(class, layout.size());
        };
        // SAFETY: a block in a free list holds the pointer to the next one; this one leaves it.
        page.free.set(unsafe { block.cast::<*mut u8>().read() });
        page.count.set(page.count.get() + 1);
        self.charge(layout.size());
        Some(block)
    }

    /// As [`Allocator::free`], for calls that know the type of the pool.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `layout`.
    /// 2. It is not used again.
    #[inline]
    pub unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        if class_of(layout) > CLASSES {
            // SAFETY: (1, 2) passed on; the layout says that the block is a large one.
            return unsafe { self.free_large(block, layout) };
        }
        let address = block.as_ptr().addr();
        let page = (address & !(PAGE_BYTES - 1)) + header_offset(address);
        let page = ptr::with_exposed_provenance_mut::<Page>(page);
        // SAFETY: (1) a small block lies in a page in use, whose chunk exposed its provenance.
        let header = unsafe { &*page };
        debug_assert!(
            header.class.get() == 0 || header.class.get() as usize == class_of(layout),
            "freed with another layout"
        );
        let block = page.cast::<u8>().with_addr(address);
        // SAFETY: (1, 2) the block is no longer used by the caller, and has room for a pointer.
        unsafe { block.cast::<*mut u8>().write(header.free.get()) };
        header.free.set(block);
        self.discharge(layout.size());
        let count = header.count.get() - 1;
        header.count.set(count);
        if count == 0 {
            self.page_event(page);
        }
    }

    /// As [`Allocator::alloc_zeroed`], for calls that know the type of the pool.
    ///
    /// # Safety
    /// 1. `layout.size()` is greater than zero.
    #[inline]
    pub unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        if class_of(layout) > CLASSES {
            return self.alloc_large(layout, true);
        }
        // SAFETY: (1) passed on.
        let block = unsafe { self.alloc(layout) }?;
        // SAFETY: the block was just returned for `layout.size()` bytes.
        unsafe { block.as_ptr().write_bytes(0, layout.size()) };
        Some(block)
    }

    /// As [`Allocator::realloc`], for calls that know the type of the pool.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `old`.
    /// 2. `new_size` is greater than zero and, rounded up to the alignment, within `isize::MAX`.
    /// 3. On success the old pointer is not used again.
    #[inline]
    pub unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (2) makes the layout valid.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, old.align()) };
        let class = class_of(new);
        if class <= CLASSES && class == class_of(old) {
            self.recharge(old.size(), new_size);
            return Some(block);
        }
        // SAFETY: (1, 2, 3) passed on.
        unsafe { self.realloc_slow(block, old, new) }
    }

    /// How many bytes a live small block can hold, or a large one as far as `inner` can tell.
    ///
    /// # Safety
    /// 1. `block` is live and belongs to this allocator, with layout `layout`.
    #[inline]
    pub unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> usize {
        let class = class_of(layout);
        if class <= CLASSES {
            return class * GRAIN;
        }
        // SAFETY: (1) large blocks are `inner`'s own, with the same layout.
        unsafe { self.inner.usable_size(block, layout) }.unwrap_or(layout.size())
    }

    /// The size a request is rounded up to.
    #[inline]
    pub fn good_size(&self, layout: Layout) -> usize {
        let class = class_of(layout);
        if class <= CLASSES { class * GRAIN } else { self.inner.good_size(layout) }
    }

    /// Bytes held from the allocator under the pool: chunks, mixed pages, large blocks, and the table of these.
    pub fn committed(&self) -> usize {
        self.pages.get() * PAGE_BYTES + self.mixed.bytes() + self.large.bytes() + self.large.table_bytes()
    }

    /// Bytes asked for by live blocks; zero in an uncounted pool.
    #[inline]
    pub fn requested(&self) -> usize {
        self.requested.get()
    }

    #[inline(always)]
    fn charge(&self, bytes: usize) {
        if COUNT {
            let requested = self.requested.get() + bytes;
            self.requested.set(requested);
            if requested > self.peak_requested.get() {
                self.peak_requested.set(requested);
            }
            self.allocations.set(self.allocations.get() + 1);
        }
    }

    #[inline(always)]
    fn discharge(&self, bytes: usize) {
        if COUNT {
            self.requested.set(self.requested.get() - bytes);
        }
    }

    #[inline]
    fn recharge(&self, old: usize, new: usize) {
        if COUNT {
            let requested = self.requested.get() - old + new;
            self.requested.set(requested);
            self.peak_requested.set(self.peak_requested.get().max(requested));
        }
    }

    #[cold]
    fn fail(&self) -> Option<NonNull<u8>> {
        self.failed.set(self.failed.get() + 1);
        None
    }

    /// Takes a block when the current page of `class` has no free one.
    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, class: usize, size: usize) -> Option<NonNull<u8>> {
        let page = self.current[class].get();
        // SAFETY: as in `alloc`.
        let header = unsafe { &*page };
        if !has_untouched(header) {
            // The page is full (or there is none): another one becomes current.
            let Some(next) = self.next_page(class) else { return self.fail() };
            if page != no_page() && !self.mixed.is_head(page, class) {
                header.held.set(header.count.get() - CURRENT);
                header.count.set(patience(class));
                header.state.set(State::Full);
            }
            self.current[class].set(next);
        }
        // SAFETY: the current page is a page in use from here on.
        let header = unsafe { &*self.current[class].get() };
        if header.free.get().is_null() {
            extend_free_list(header);
        }
        let block = NonNull::new(header.free.get())?;
        // SAFETY: as in `alloc`.
        header.free.set(unsafe { block.cast::<*mut u8>().read() });
        header.count.set(header.count.get() + 1);
        self.charge(size);
        Some(block)
    }

    /// A page with a free block to become the current one of a class, or the head of its mixed ones.
    fn next_page(&self, class: usize) -> Option<*mut Page> {
        self.mixed_blocks(class)
            .or_else(|| self.take_listed(class))
            .or_else(|| self.take_page(class))
            .or_else(|| self.take_impatiently(class))
            .or_else(|| self.spare_blocks(class))
            .or_else(|| self.add_span(class))
    }

    /// Unlinks the first page of a class's list and makes its state current.
    fn take_listed(&self, class: usize) -> Option<*mut Page> {
        let page = self.listed[class].get();
        if page.is_null() {
            return None;
        }
        self.unlist(page);
        // SAFETY: listed pages are pages in use.
        let header = unsafe { &*page };
        header.count.set(header.count.get() + CURRENT);
        header.state.set(State::Current);
        Some(page)
    }

    /// Enters a full page into its class's list.
    fn list(&self, page: *mut Page) {
        // SAFETY: the page is in use, and so is every listed page.
        unsafe {
            (*page).count.set((*page).used());
            (*page).state.set(State::Listed);
            let class = (*page).class.get() as usize;
            let next = self.listed[class].get();
            (*page).next.set(next);
            (*page).previous.set(ptr::null_mut());
            if !next.is_null() {
                (*next).previous.set(page);
            }
            self.listed[class].set(page);
        }
    }

    /// Lists every full page of a class that has a free block after all, and takes one. For when
    /// memory is refused: walks all pages.
    #[cold]
    fn take_impatiently(&self, class: usize) -> Option<*mut Page> {
        self.each_page(|page| {
            // SAFETY: `each_page` passes pages in use.
            let header = unsafe { &*page };
            let full = header.state.get() == State::Full && header.class.get() as usize == class;
            if full && !header.free.get().is_null() {
                self.list(page);
            }
        });
        self.take_listed(class)
    }

    /// Removes a page from its class's list.
    fn unlist(&self, page: *mut Page) {
        // SAFETY: listed pages, and therefore their neighbours, are pages in use.
        unsafe {
            let (next, previous) = ((*page).next.get(), (*page).previous.get());
            if !next.is_null() {
                (*next).previous.set(previous);
            }
            if previous.is_null() {
                self.listed[(*page).class.get() as usize].set(next);
            } else {
                (*previous).next.set(next);
            }
        }
    }

    /// Cuts a page for `class` from a chunk with room, which may have to be fetched first.
    fn take_page(&self, class: usize) -> Option<*mut Page> {
        let mut chunk = self.room.get();
        if chunk.is_null() {
            chunk = self.take_chunk()?;
        }
        // SAFETY: chunks in the list are valid, and have an empty page: the bit that is found.
        // Its memory belongs to the pool, so a header may be written there; the room behind the
        // headers holds whole blocks up to `end`, which lies inside the page.
        unsafe {
            let index = (*chunk).free_pages.get().trailing_zeros() as usize;
            (*chunk).free_pages.set((*chunk).free_pages.get() & !(1 << index));
            if (*chunk).free_pages.get() == 0 {
                self.unlink_room(chunk);
            }
            self.empty_pages.set(self.empty_pages.get() - 1);
            let start = (*chunk).base.get().add(index * PAGE_BYTES);
            let offset = header_offset(start.addr());
            let page = start.add(offset).cast::<Page>();
            let size = class * GRAIN;
            let headers = if index == 0 { HEADER + CHUNK_HEADER } else { HEADER };
            let first = (offset + headers).next_multiple_of(1 << size.trailing_zeros());
            let blocks = (PAGE_BYTES - first) / size;
            page.write(Page {
                free: Cell::new(ptr::null_mut()),
                count: Cell::new(CURRENT),
                class: Cell::new(class as u32),
                bump: Cell::new(start.add(first)),
                end: Cell::new(start.add(first + blocks * size)),
                next: Cell::new(ptr::null_mut()),
                previous: Cell::new(ptr::null_mut()),
                chunk: Cell::new(chunk),
                held: Cell::new(0),
                state: Cell::new(State::Current),
                low: Cell::new(offset >= size),
            });
            Some(page)
        }
    }

    /// Fetches a chunk, as large as the heap's size makes sensible, or smaller if that is refused.
    fn take_chunk(&self) -> Option<*mut Chunk> {
        let mut pages = (self.pages.get() / 2).clamp(CHUNK_PAGES.0, CHUNK_PAGES.1);
        pages = 1 << pages.ilog2();
        let base = loop {
            let layout = chunk_layout(pages);
            // SAFETY: (1) a chunk has at least one page.
            match unsafe { self.inner.alloc(layout) } {
                Some(base) => break base.as_ptr(),
                None if pages == 1 => return None,
                None => pages /= 2,
            }
        };
        base.expose_provenance();
        // SAFETY: the chunk's first page has room for its header behind that of the page, and both
        // offsets keep the alignment.
        let chunk = unsafe { base.add(header_offset(base.addr()) + HEADER).cast::<Chunk>() };
        let next = self.chunks.get();
        // SAFETY: as above; `next` is null or a valid chunk.
        unsafe {
            chunk.write(Chunk {
                next: Cell::new(next),
                previous: Cell::new(ptr::null_mut()),
                next_room: Cell::new(ptr::null_mut()),
                previous_room: Cell::new(ptr::null_mut()),
                base: Cell::new(base),
                free_pages: Cell::new(u32::MAX >> (32 - pages)),
                pages: Cell::new(pages as u32),
            });
            if !next.is_null() {
                (*next).previous.set(chunk);
            }
        }
        self.chunks.set(chunk);
        self.link_room(chunk);
        self.pages.set(self.pages.get() + pages);
        self.empty_pages.set(self.empty_pages.get() + pages);
        Some(chunk)
    }

    fn link_room(&self, chunk: *mut Chunk) {
        let next = self.room.get();
        // SAFETY: `chunk` and, unless null, `next` are valid chunks.
        unsafe {
            (*chunk).next_room.set(next);
            (*chunk).previous_room.set(ptr::null_mut());
            if !next.is_null() {
                (*next).previous_room.set(chunk);
            }
        }
        self.room.set(chunk);
    }

    fn unlink_room(&self, chunk: *mut Chunk) {
        // SAFETY: `chunk` is in the list, and so are its neighbours: all are valid chunks.
        unsafe {
            let (next, previous) = ((*chunk).next_room.get(), (*chunk).previous_room.get());
            if !next.is_null() {
                (*next).previous_room.set(previous);
            }
            if previous.is_null() {
                self.room.set(next);
            } else {
                (*previous).next_room.set(next);
            }
        }
    }

    /// A page's `count` reached zero: it has free blocks again (full), or no used ones (listed).
    #[cold]
    #[inline(never)]
    fn page_event(&self, page: *mut Page) {
        // SAFETY: the caller just freed a block of this page, so it is a page in use.
        let header = unsafe { &*page };
        if header.state.get() == State::Full {
            self.list(page);
        } else if header.state.get() == State::Mixed {
            self.mixed_free(page);
        } else {
            debug_assert_eq!(header.state.get(), State::Listed);
            self.unlist(page);
            self.release_page(page);
            // A little is kept, so that a heap that breathes does not fetch and return chunks.
            let used = self.pages.get() - self.empty_pages.get();
            let spare = SPARE_PAGES.max(used / SPARE_DIVISOR);
            let chunk = header.chunk.get();
            // SAFETY: the chunk of a page in use is valid; the page's header is still readable.
            let (empty, pages) = unsafe { (chunk_is_empty(chunk), (*chunk).pages.get() as usize) };
            if empty && self.empty_pages.get() - pages >= spare {
                self.release_chunk(chunk);
            }
        }
    }

    /// Makes a page empty, for any class to take. It must not be in a list, nor current.
    fn release_page(&self, page: *mut Page) {
        // SAFETY: the page is still in use, and its chunk valid.
        unsafe {
            let chunk = (*page).chunk.get();
            let index = (page.addr() - (*chunk).base.get().addr()) / PAGE_BYTES;
            let free = (*chunk).free_pages.get();
            (*chunk).free_pages.set(free | 1 << index);
            if free == 0 {
                self.link_room(chunk);
            }
        }
        self.empty_pages.set(self.empty_pages.get() + 1);
    }

    /// Gives a chunk, all of whose pages are empty, back to `inner`.
    fn release_chunk(&self, chunk: *mut Chunk) {
        self.unlink_room(chunk);
        // SAFETY: `chunk` and its neighbours are valid chunks; it is in the list of chunks. None
        // of its pages is in use, so nothing refers to its memory after it is unlinked.
        unsafe {
            let (next, previous) = ((*chunk).next.get(), (*chunk).previous.get());
            if !next.is_null() {
                (*next).previous.set(previous);
            }
            if previous.is_null() {
                self.chunks.set(next);
            } else {
                (*previous).next.set(next);
            }
            let pages = (*chunk).pages.get() as usize;
            self.pages.set(self.pages.get() - pages);
            self.empty_pages.set(self.empty_pages.get() - pages);
            self.free_chunk(chunk);
        }
    }

    /// Hands the memory of a chunk to `inner`.
    ///
    /// # Safety
    /// 1. `chunk` is a valid chunk that no list leads to any more, and none of its blocks is live.
    unsafe fn free_chunk(&self, chunk: *mut Chunk) {
        // SAFETY: (1) the header is read before the memory goes; the base and the layout are
        // those of the allocation in `take_chunk`.
        unsafe {
            let (base, pages) = ((*chunk).base.get(), (*chunk).pages.get() as usize);
            self.inner.free(NonNull::new_unchecked(base), chunk_layout(pages));
        }
    }

    #[cold]
    #[inline(never)]
    fn alloc_large(&self, layout: Layout, zeroed: bool) -> Option<NonNull<u8>> {
        match self.large.alloc(&self.inner, layout, zeroed) {
            Some(block) => {
                self.charge(layout.size());
                Some(block)
            }
            None => self.fail(),
        }
    }

    /// # Safety
    /// 1. `block` is a live large block of this pool with layout `layout`, not used again.
    #[cold]
    #[inline(never)]
    unsafe fn free_large(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1) passed on.
        unsafe { self.large.free(&self.inner, block, layout) };
        self.discharge(layout.size());
    }

    /// Reallocates where the size class changes.
    ///
    /// # Safety
    /// As for [`Pool::realloc`], with `new` the layout that results.
    #[cold]
    #[inline(never)]
    unsafe fn realloc_slow(&self, block: NonNull<u8>, old: Layout, new: Layout) -> Option<NonNull<u8>> {
        if class_of(old) > CLASSES && class_of(new) > CLASSES {
            // SAFETY: (1, 2, 3) passed on; both layouts are large ones.
            return match unsafe { self.large.realloc(&self.inner, block, old, new) } {
                Some(moved) => {
                    self.recharge(old.size(), new.size());
                    Some(moved)
                }
                None => self.fail(),
            };
        }
        // A move is not a new allocation, and must not show a peak of both blocks at once.
        let before = (self.allocations.get(), self.peak_requested.get());
        // SAFETY: (2) the new size is greater than zero.
        let moved = unsafe { self.alloc(new) }?;
        // SAFETY: both blocks are live, do not overlap, and hold the copied length; (1, 3) the
        // old one is given up.
        unsafe {
            moved.as_ptr().copy_from_nonoverlapping(block.as_ptr(), old.size().min(new.size()));
            self.free(block, old);
        }
        self.allocations.set(before.0);
        self.peak_requested.set(before.1.max(self.requested.get()));
        Some(moved)
    }

    /// Gives empty chunks, and what `inner` can spare, back.
    pub fn trim(&self) {
        self.give_empty();
        self.large.shrink(&self.inner);
        self.inner.trim();
    }

    /// Gives empty chunks back to `inner`, the current pages of classes that have no block among them.
    pub fn give_empty(&self) {
        self.give_mixed();
        for (class, current) in self.current.iter().enumerate() {
            let page = current.get();
            // SAFETY: current pages are pages in use or the constant page.
            let empty = page != no_page() && unsafe { (*page).count.get() } == CURRENT;
            if empty && !self.mixed.is_head(page, class) {
                current.set(no_page());
                self.release_page(page);
            }
        }
        let mut chunk = self.room.get();
        while !chunk.is_null() {
            // SAFETY: chunks in the list are valid until released, which is after this read.
            let (next, empty) = unsafe { ((*chunk).next_room.get(), chunk_is_empty(chunk)) };
            if empty {
                self.release_chunk(chunk);
            }
            chunk = next;
        }
    }

    /// Frees every block. The pool is empty afterwards, and may be used again.
    ///
    /// # Safety
    /// 1. No block of this pool is used again.
    pub unsafe fn destroy_all(&self) {
        let mut chunk = self.chunks.replace(ptr::null_mut());
        self.room.set(ptr::null_mut());
        for (current, listed) in self.current.iter().zip(&self.listed) {
            current.set(no_page());
            listed.set(ptr::null_mut());
        }
        self.pages.set(0);
        self.empty_pages.set(0);
        self.requested.set(0);
        // SAFETY: (1) every block of `inner` belongs to the pool, which forgets them all.
        if unsafe { self.inner.destroy_all() } {
            self.large.forget();
            self.forget_mixed();
            return;
        }
        while !chunk.is_null() {
            // SAFETY: (1) no block is live; nothing leads to the chunks any more.
            unsafe {
                let next = (*chunk).next.get();
                self.free_chunk(chunk);
                chunk = next;
            }
        }
        // SAFETY: (1) passed on.
        unsafe {
            self.free_mixed();
            self.large.free_all(&self.inner);
        }
    }

    /// Calls `visit` for every page in use.
    fn each_page(&self, mut visit: impl FnMut(*mut Page)) {
        let mut chunk = self.chunks.get();
        while !chunk.is_null() {
            // SAFETY: listed chunks are valid; pages whose bit is not set are in use.
            unsafe {
                let mut used = !(*chunk).free_pages.get() & (u32::MAX >> (32 - (*chunk).pages.get()));
                while used != 0 {
                    let index = used.trailing_zeros() as usize;
                    used &= used - 1;
                    let start = (*chunk).base.get().add(index * PAGE_BYTES);
                    visit(start.add(header_offset(start.addr())).cast::<Page>());
                }
                chunk = (*chunk).next.get();
            }
        }
    }

    /// The pool's figures. Walks the pages, and the large blocks where `inner` knows their sizes.
    pub fn stats(&self) -> Stats {
        let (mut usable, mut live) = (0, 0);
        self.each_page(|page| {
            // SAFETY: `each_page` passes pages in use.
            let page = unsafe { &*page };
            let blocks = page.used() as usize;
            usable += page.class.get() as usize * GRAIN * blocks;
            live += blocks;
        });
        self.mixed.each_class(|class, blocks| {
            usable += class * GRAIN * blocks;
            live += blocks;
        });
        Stats {
            requested: COUNT.then(|| self.requested.get()),
            usable: Some(usable + self.large.usable(&self.inner)),
            committed: Some(self.committed()),
            resident: None,
            live_blocks: Some(live + self.large.len()),
            peak_requested: COUNT.then(|| self.peak_requested.get()),
            total_allocations: COUNT.then(|| self.allocations.get()),
            failed: Some(self.failed.get()),
        }
    }
}

fn chunk_layout(pages: usize) -> Layout {
    // SAFETY: the alignment is a power of two, and 32 pages at most are far from `isize::MAX`.
    unsafe { Layout::from_size_align_unchecked(pages * PAGE_BYTES, PAGE_BYTES) }
}

/// # Safety
/// 1. `chunk` is a valid chunk.
unsafe fn chunk_is_empty(chunk: *mut Chunk) -> bool {
    // SAFETY: (1).
    let chunk = unsafe { &*chunk };
    chunk.free_pages.get().count_ones() == chunk.pages.get()
}

/// Whether a page has memory that was never handed out.
fn has_untouched(page: &Page) -> bool {
    page.bump.get() != page.end.get() || page.low.get()
}

/// Threads the next untouched memory of a page, which has some, into its empty free list.
fn extend_free_list(page: &Page) {
    let size = page.class.get() as usize * GRAIN;
    if page.bump.get() == page.end.get() {
        // Above the header all is used; now what lies before it.
        page.low.set(false);
        let offset = header_offset(page.end.get().addr() - 1);
        let header = (&raw const *page).addr();
        let start = page.end.get().with_addr(header - offset);
        page.bump.set(start);
        page.end.set(start.wrapping_add(offset / size * size));
    }
    let left = (page.end.get().addr() - page.bump.get().addr()) / size;
    // Up to the next boundary: the blocks that begin in a page of the machine that is in use already.
    let reach = EXTEND_BYTES - page.bump.get().addr() % EXTEND_BYTES;
    let blocks = reach.div_ceil(size).min(left);
    let first = page.bump.get();
    let mut block = first;
    for _ in 1..blocks {
        // SAFETY: `blocks` whole blocks lie between `bump` and `end`, which nobody uses yet.
        unsafe {
            let next = block.add(size);
            block.cast::<*mut u8>().write(next);
            block = next;
        }
    }
    // SAFETY: as above, for the last of them.
    unsafe {
        block.cast::<*mut u8>().write(ptr::null_mut());
        page.bump.set(block.add(size));
    }
    page.free.set(first);
}

impl<A: Allocator, const COUNT: bool> Drop for Pool<A, COUNT> {
    fn drop(&mut self) {
        // SAFETY: (1) blocks do not outlive their allocator.
        unsafe { self.destroy_all() };
    }
}

// SAFETY: (1) blocks are disjoint parts of pages of `inner`'s memory, or blocks of `inner`, and
// aligned as the module says; (2) pages never move; (3) zeroes are written here or by `inner`, and
// `realloc` copies before it frees; (4) nothing here panics on inputs that keep the contract, and
// refusals of `inner` are passed on; (5) a class size is at least the layout's size.
unsafe impl<A: Allocator, const COUNT: bool> Allocator for Pool<A, COUNT> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if COUNT { "pool(" } else { "pool(uncounted, " })?;
        self.inner.describe(f)?;
        f.write_str(")")
    }
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        unsafe { Pool::alloc(self, layout) }
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: (1) passed on.
        unsafe { Pool::alloc_zeroed(self, layout) }
    }
    #[inline]
    unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, new_size: usize) -> Option<NonNull<u8>> {
        // SAFETY: (1, 2, 3) passed on.
        unsafe { Pool::realloc(self, block, old, new_size) }
    }
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: (1, 2) passed on.
        unsafe { Pool::free(self, block, layout) }
    }
    #[inline]
    unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
        // SAFETY: (1) passed on.
        Some(unsafe { Pool::usable_size(self, block, layout) })
    }
    #[inline]
    fn good_size(&self, layout: Layout) -> usize {
        Pool::good_size(self, layout)
    }
    fn stats(&self) -> Stats {
        Pool::stats(self)
    }
    fn committed(&self) -> Option<usize> {
        Some(Pool::committed(self))
    }
    fn held(&self) -> Option<usize> {
        Pool::stats(self).usable
    }
    fn trim(&self) {
        Pool::trim(self);
    }
    unsafe fn destroy_all(&self) -> bool {
        // SAFETY: (1) passed on.
        unsafe { Pool::destroy_all(self) };
        true
    }
}

#[cfg(test)]
mod tests;
