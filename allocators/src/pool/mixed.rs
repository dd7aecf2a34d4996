//! Mixed pages: where the first blocks of each size class live, so that a small pool takes little.
//!
//! A page of its own for each class would cost a small program several times what it asks for. A mixed page is short and
//! cut into *spans*, each of blocks of one class. A class gets pages of its own once it has filled
//! [`CLASS_BYTES`] here, or once so many of its blocks were freed here that it is worth the memory.
//!
//! # Invariants
//! - A mixed page starts at a multiple of [`PAGE_BYTES`] and has its header where every page has it. The header's class
//!   is 0 and its count 1, so that every free of a block comes to [`Pool::mixed_free`]: the paths of
//!   other blocks need not know of any of this.
//! - Free blocks of a class are in the list of its *head*, a page header without a page that stands at the start of
//!   the class's first span and can be the class's current page. Its count is `CURRENT` and the live blocks of the
//!   class in mixed pages; its `held` the bytes of its spans.
//! - Every slice of a mixed page belongs to the span of one class, to the header, or to nobody yet.
//! - Mixed pages go back together, when no block is in any.

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};

use super::{CLASSES, CURRENT, GRAIN, HEADER, PAGE_BYTES, Page, Pool, State, header_offset, no_page};
use crate::contract::Allocator;

/// Size of a mixed page.
pub(super) const MIXED_BYTES: usize = 8 * 1024;
/// Spans are multiples of this, in bytes.
const SLICE_BYTES: usize = 256;
const SLICES: usize = MIXED_BYTES / SLICE_BYTES;
/// A span has at most this many slices.
const MOST_SLICES: usize = 8;
/// A class takes a span of one part in so many of what it has already.
const GROWTH_DIVISOR: usize = 8;
/// A class that has so much here gets pages of its own.
const CLASS_BYTES: u32 = 8 * 1024;
/// A class that has freed so many blocks here gets pages of its own: freeing there is quicker.
const CLASS_DEATHS: u32 = 2048;

/// The header of a mixed page.
#[repr(C)]
struct Mixed {
    page: Page,
    // Class of each slice, 0 for none.
    slices: [Cell<u8>; SLICES],
    // The next slices to give out before the header and behind it, and where these parts end.
    low: Cell<u8>,
    low_end: u8,
    high: Cell<u8>,
    next: *mut Mixed,
}

const LAYOUT: Layout = match Layout::from_size_align(MIXED_BYTES, PAGE_BYTES) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// What a pool knows of its mixed pages.
pub(super) struct MixedPages {
    heads: [Cell<*mut Page>; CLASSES + 1],
    pages: Cell<*mut Mixed>,
    bytes: Cell<usize>,
    // A bit for each class that has pages of its own.
    grown: Cell<u64>,
}

impl MixedPages {
    pub(super) const fn new() -> MixedPages {
        MixedPages {
            heads: [const { Cell::new(ptr::null_mut()) }; CLASSES + 1],
            pages: Cell::new(ptr::null_mut()),
            bytes: Cell::new(0),
            grown: Cell::new(0),
        }
    }

    /// Bytes of the pages.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// Whether this is the head of the class.
    #[inline]
    pub(super) fn is_head(&self, page: *mut Page, class: usize) -> bool {
        self.heads[class].get() == page
    }

    /// Calls `visit` with the classes that have live blocks here, and how many.
    pub(super) fn each_class(&self, mut visit: impl FnMut(usize, usize)) {
        for (class, head) in self.heads.iter().enumerate() {
            // SAFETY: heads are whole as long as they are noted.
            if let Some(head) = unsafe { head.get().as_ref() } {
                visit(class, (head.count.get() - CURRENT) as usize);
            }
        }
    }

    /// Forgets all, for a pool that starts anew.
    fn forget(&self) {
        self.heads.iter().for_each(|head| head.set(ptr::null_mut()));
        self.pages.set(ptr::null_mut());
        self.bytes.set(0);
        self.grown.set(0);
    }
}

impl<A: Allocator, const COUNT: bool> Pool<A, COUNT> {
    /// The head of a class with free blocks, unless the class has pages of its own or there is no memory.
    pub(super) fn mixed_blocks(&self, class: usize) -> Option<*mut Page> {
        if self.mixed.grown.get() & 1 << class != 0 {
            return None;
        }
        let head = self.mixed.heads[class].get();
        // SAFETY: heads are whole as long as they are noted.
        match unsafe { head.as_ref() } {
            Some(header) if !header.free.get().is_null() => Some(head),
            Some(header) if header.held.get() >= CLASS_BYTES => {
                self.mixed.grown.set(self.mixed.grown.get() | 1 << class);
                None
            }
            _ => self.add_span(class),
        }
    }

    /// The head of a class if it has free blocks: for when memory is refused.
    pub(super) fn spare_blocks(&self, class: usize) -> Option<*mut Page> {
        let head = self.mixed.heads[class].get();
        // SAFETY: heads are whole as long as they are noted.
        unsafe { (!head.is_null() && !(*head).free.get().is_null()).then_some(head) }
    }

    /// Gives a class one more span, and a head if it has none; the head.
    pub(super) fn add_span(&self, class: usize) -> Option<*mut Page> {
        // SAFETY: heads are whole as long as they are noted.
        let head = unsafe { self.mixed.heads[class].get().as_ref() };
        let held = head.map_or(0, |head| head.held.get() as usize);
        let size = class * GRAIN;
        let align = 1 << size.trailing_zeros();
        let front = if held == 0 { HEADER } else { 0 };
        // Room for a block in any case, also where the span is not aligned.
        let least = front.next_multiple_of(align) + size + align.saturating_sub(SLICE_BYTES);
        let slices = (held / GROWTH_DIVISOR).max(least).div_ceil(SLICE_BYTES).min(MOST_SLICES);
        let (page, begin) = match self.take_slices(slices) {
            Some(found) => found,
            None => {
                self.add_mixed_page()?;
                self.take_slices(slices)?
            }
        };
        // SAFETY: the slices are nobody's, and lie within their page, whose start is known from its address.
        unsafe {
            let start = page.cast::<u8>().map_addr(|a| a & !(PAGE_BYTES - 1)).add(begin * SLICE_BYTES);
            let mut head = self.mixed.heads[class].get();
            if head.is_null() {
                head = start.cast();
                head.write(Page {
                    free: Cell::new(ptr::null_mut()),
                    count: Cell::new(CURRENT),
                    class: Cell::new(class as u32),
                    bump: Cell::new(ptr::null_mut()),
                    end: Cell::new(ptr::null_mut()),
                    next: Cell::new(ptr::null_mut()),
                    previous: Cell::new(ptr::null_mut()),
                    chunk: Cell::new(ptr::null_mut()),
                    held: Cell::new(0),
                    state: Cell::new(State::Mixed),
                    low: Cell::new(false),
                });
                self.mixed.heads[class].set(head);
            }
            let bytes = slices * SLICE_BYTES;
            for slice in &(&(*page).slices)[begin..begin + slices] {
                slice.set(class as u8);
            }
            (*head).held.set((*head).held.get() + bytes as u32);
            let offset = (start.addr() + front).next_multiple_of(align) - start.addr();
            let mut next = (*head).free.get();
            for index in (0..(bytes - offset) / size).rev() {
                let block = start.add(offset + index * size);
                block.cast::<*mut u8>().write(next);
                next = block;
            }
            (*head).free.set(next);
            Some(head)
        }
    }

    /// Slices in a row that are nobody's yet: their page and the first.
    fn take_slices(&self, slices: usize) -> Option<(*mut Mixed, usize)> {
        let mut page = self.mixed.pages.get();
        // SAFETY: listed pages are mixed ones.
        while let Some(mixed) = unsafe { page.as_ref() } {
            for (at, end) in [(&mixed.low, mixed.low_end), (&mixed.high, SLICES as u8)] {
                if usize::from(end.saturating_sub(at.get())) >= slices {
                    let begin = at.get();
                    at.set(begin + slices as u8);
                    return Some((page, begin.into()));
                }
            }
            page = mixed.next;
        }
        None
    }

    /// Takes one more mixed page.
    fn add_mixed_page(&self) -> Option<()> {
        // SAFETY: (1) the page is not empty; its memory is nobody's, and the header lies within it.
        unsafe {
            let start = self.inner.alloc(LAYOUT)?.as_ptr();
            start.expose_provenance();
            let header = header_offset(start.addr());
            let mixed = start.add(header).cast::<Mixed>();
            mixed.write(Mixed {
                page: Page {
                    free: Cell::new(ptr::null_mut()),
                    count: Cell::new(1),
                    class: Cell::new(0),
                    bump: Cell::new(ptr::null_mut()),
                    end: Cell::new(ptr::null_mut()),
                    next: Cell::new(ptr::null_mut()),
                    previous: Cell::new(ptr::null_mut()),
                    chunk: Cell::new(ptr::null_mut()),
                    held: Cell::new(0),
                    state: Cell::new(State::Mixed),
                    low: Cell::new(false),
                },
                slices: [const { Cell::new(0) }; SLICES],
                low: Cell::new(0),
                low_end: (header / SLICE_BYTES) as u8,
                high: Cell::new((header + size_of::<Mixed>()).div_ceil(SLICE_BYTES) as u8),
                next: self.mixed.pages.get(),
            });
            self.mixed.pages.set(mixed);
        }
        self.mixed.bytes.set(self.mixed.bytes.get() + MIXED_BYTES);
        Some(())
    }

    /// Takes the block that was just put in the free list of a mixed page to that of its class.
    pub(super) fn mixed_free(&self, page: *mut Page) {
        // SAFETY: the caller freed a block of this page: its slice has a class, and that a head.
        unsafe {
            let block = (*page).free.replace(ptr::null_mut());
            (*page).count.set(1);
            let slice = block.addr() % PAGE_BYTES / SLICE_BYTES;
            let class = usize::from((&(*page.cast::<Mixed>()).slices)[slice].get());
            let head = &*self.mixed.heads[class].get();
            block.cast::<*mut u8>().write(head.free.get());
            head.free.set(block);
            head.count.set(head.count.get() - 1);
            // A head has no other use for a place to bump: it counts what was freed.
            let deaths = head.bump.get().map_addr(|deaths| deaths + 1);
            head.bump.set(deaths);
            head.end.set(deaths);
            if deaths.addr() >= CLASS_DEATHS as usize && self.mixed.is_head(self.current[class].get(), class)
            {
                self.mixed.grown.set(self.mixed.grown.get() | 1 << class);
                self.current[class].set(no_page());
            }
        }
    }

    /// Gives all mixed pages back if no block is in them.
    pub(super) fn give_mixed(&self) {
        let mut live = 0;
        self.mixed.each_class(|_, blocks| live += blocks);
        if live != 0 {
            return;
        }
        for (class, current) in self.current.iter().enumerate() {
            if current.get() != no_page() && self.mixed.is_head(current.get(), class) {
                current.set(no_page());
            }
        }
        // SAFETY: (1) no block is live, and nothing else leads to the pages now.
        unsafe { self.free_mixed() };
    }

    /// Hands the memory of all mixed pages to `inner`.
    ///
    /// # Safety
    /// 1. No block in them is used again.
    pub(super) unsafe fn free_mixed(&self) {
        let mut page = self.mixed.pages.get();
        self.mixed.forget();
        while !page.is_null() {
            // SAFETY: (1) the link is read before the memory goes; it was allocated with this layout.
            unsafe {
                let next = (*page).next;
                let start = page.cast::<u8>().map_addr(|a| a & !(PAGE_BYTES - 1));
                self.inner.free(NonNull::new_unchecked(start), LAYOUT);
                page = next;
            }
        }
    }

    /// Forgets all mixed pages: `inner` has dropped its heap already.
    pub(super) fn forget_mixed(&self) {
        self.mixed.forget();
    }
}
