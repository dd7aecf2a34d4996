//! Mixed pages: where the first cells of each size class live, so that a small heap takes little.
//!
//! A page of its own for each class would cost an empty runtime several times what it asks for. A mixed page is cut
//! into *spans* of a few hundred bytes to a few KiB, each of slots of one class. A class gets pages of its own once it
//! has filled [`CLASS_BYTES`], or once so many of its cells have died here that it is worth the memory.
//!
//! # Invariants
//! - A mixed page's header says 0 for the size of slots, and its countdown is 1, so that every free of a cell comes to
//!   [`Space::mixed_free`]: allocation and the freeing of cells in other pages need not know of any of this.
//! - Free slots of a class are in the list of its *head*, a page header without a page that stands at the start of
//!   the class's first span and can be the class's current page. Its countdown is `CURRENT` and the cells of the class
//!   in mixed pages.
//! - Every slice of a mixed page belongs to the span of one class, to the header, or to nobody yet. All slots of a span
//!   are cells or free.
//! - A mixed page is always young, and all of them go back together, when no cell is in any.

use core::ptr::{NonNull, null_mut};

use super::{
    CURRENT, Chunk, GRANULE, Header, PAGE_BYTES, PAGES_PER_CHUNK, Page, Slot, Space, State, header_offset,
    page_of, start_of,
};
use crate::mem::OutOfMemory;

/// Spans are multiples of this, in bytes.
const SLICE_BYTES: usize = 256;
const SLICES: usize = PAGE_BYTES / SLICE_BYTES;
/// The first chunk of mixed pages is so large: about what the cells of a realm take.
const FIRST_BYTES: u32 = 64 << 10;
/// The following ones are.
const NEXT_BYTES: u32 = 8 << 10;
/// A span has at most this many slices.
const MOST_SLICES: usize = 8;
/// A class takes a span of one part in so many of what it has already.
const GROWTH_DIVISOR: usize = 8;
/// A class that has so much here gets pages of its own.
const CLASS_BYTES: usize = PAGE_BYTES;
/// A class that has freed so many cells here gets pages of its own: freeing there is quicker.
const CLASS_DEATHS: u32 = 2048;
/// In the table of slices: a span begins here, and the head of its class is at its start.
const BEGINS: u8 = 1 << 7;
const HAS_HEAD: u8 = 1 << 6;
const CLASS_MASK: u8 = HAS_HEAD - 1;
const HEAD_BYTES: usize = size_of::<Page>();

/// The header of a mixed page.
#[repr(C)]
pub(super) struct Mixed {
    page: Page,
    // Class of each slice, 0 for none, with the flags above.
    slices: [u8; SLICES],
    // The next slices to give out before the header and behind it, and where these parts end.
    low: u16,
    low_end: u16,
    high: u16,
    high_end: u16,
    next: *mut Mixed,
}

const MIXED_BYTES: usize = size_of::<Mixed>();
const _: () = assert!(MIXED_BYTES <= SLICE_BYTES);

/// What a space knows of its mixed pages.
pub(super) struct MixedPages {
    heads: [*mut Page; super::CLASSES],
    pages: *mut Mixed,
    // A bit for each class that has pages of its own.
    grown: u64,
}

impl MixedPages {
    pub(super) const NONE: MixedPages =
        MixedPages { heads: [null_mut(); super::CLASSES], pages: null_mut(), grown: 0 };
}

/// The class of a cell in a mixed page.
///
/// # Safety
/// `cell` is in a mixed page.
#[inline(never)]
pub(super) unsafe fn class_of(cell: NonNull<Header>) -> usize {
    let slice = cell.addr().get() % PAGE_BYTES / SLICE_BYTES;
    // SAFETY: the caller's duty: the page's header is a mixed one.
    unsafe { usize::from((*page_of(cell).cast::<Mixed>()).slices[slice] & CLASS_MASK) }
}

/// Calls `visit` with the slots of each span of a mixed page: the first, the distance to the next, and how many.
///
/// # Safety
/// `page` is a mixed page.
pub(super) unsafe fn each_span(page: *mut Page, mut visit: impl FnMut(NonNull<Header>, usize, usize)) {
    // SAFETY: the caller's duty; spans lie within their page.
    unsafe {
        let mixed = page.cast::<Mixed>();
        let start = start_of(page);
        let mut slice = 0;
        while slice < SLICES {
            let begin = slice;
            let entry = (*mixed).slices[begin];
            slice += 1;
            if entry == 0 {
                continue;
            }
            while slice < SLICES && (*mixed).slices[slice] != 0 && (*mixed).slices[slice] & BEGINS == 0 {
                slice += 1;
            }
            let head = if entry & HAS_HEAD != 0 { HEAD_BYTES } else { 0 };
            let step = usize::from(entry & CLASS_MASK) * GRANULE;
            let first = start.add(begin * SLICE_BYTES + head);
            visit(NonNull::new_unchecked(first.cast()), step, ((slice - begin) * SLICE_BYTES - head) / step);
        }
    }
}

/// How many slices the next span of a class has that has `held` bytes in spans already.
fn slices_for(size: usize, held: usize) -> usize {
    let head = if held == 0 { HEAD_BYTES } else { 0 };
    let wanted = (held / GROWTH_DIVISOR).max(size + head);
    let mut slices = wanted.div_ceil(SLICE_BYTES).min(MOST_SLICES);
    // No more than an eighth is left over at the end, if that can be.
    while slices < MOST_SLICES && (slices * SLICE_BYTES - head) % size > slices * SLICE_BYTES / 8 {
        slices += 1;
    }
    slices
}

impl Space {
    fn mixed(&self) -> *mut MixedPages {
        self.mixed.get()
    }

    /// Whether this is the head of the class.
    pub(super) fn is_head(&self, page: *mut Page, class: usize) -> bool {
        // SAFETY: `class` is in range, and no reference to the struct is alive.
        unsafe { (*self.mixed()).heads[class] == page }
    }

    /// The head of a class with free slots, unless the class has pages of its own or there is no memory.
    pub(super) fn mixed_slots(&self, class: usize) -> Option<*mut Page> {
        // SAFETY: `class` is in range; heads stay as long as a cell of their class is in a mixed page.
        unsafe {
            let mixed = self.mixed();
            if (*mixed).grown & 1 << class != 0 {
                return None;
            }
            let head = (*mixed).heads[class];
            match head.as_ref() {
                Some(header) if !header.free.is_null() => Some(head),
                Some(header) if header.held as usize >= CLASS_BYTES => {
                    (*mixed).grown |= 1 << class;
                    None
                }
                _ => self.add_span(class),
            }
        }
    }

    /// The head of a class if it has free slots: for when memory is refused.
    pub(super) fn spare_slots(&self, class: usize) -> Option<*mut Page> {
        // SAFETY: as above.
        unsafe {
            let head = (*self.mixed()).heads[class];
            (!head.is_null() && !(*head).free.is_null()).then_some(head)
        }
    }

    /// Gives a class one more span, and a head if it has none; the head.
    pub(super) fn add_span(&self, class: usize) -> Option<*mut Page> {
        // SAFETY: `class` is in range; heads are whole.
        let held = unsafe { (*self.mixed()).heads[class].as_ref().map_or(0, |head| head.held as usize) };
        let size = class * GRANULE;
        let slices = slices_for(size, held);
        let (page, begin) = match self.take_slices(slices) {
            Some(found) => found,
            None => {
                self.add_chunk()?;
                self.take_slices(slices)?
            }
        };
        // SAFETY: the slices are nobody's, and lie within their page; `class` is in range.
        unsafe {
            let mixed = self.mixed();
            let start = start_of(page.cast::<Page>()).add(begin * SLICE_BYTES);
            let (mut head, mut flags, mut offset) = ((*mixed).heads[class], BEGINS, 0);
            if head.is_null() {
                head = start.cast();
                (flags, offset) = (BEGINS | HAS_HEAD, HEAD_BYTES);
                head.write(Page {
                    free: null_mut(),
                    countdown: CURRENT,
                    slot_bytes: size as u32,
                    bump: 0,
                    held: 0,
                    state: State::Mixed,
                    low: false,
                    young: true,
                    number: 0,
                    next: null_mut(),
                    previous: null_mut(),
                });
                (*mixed).heads[class] = head;
            }
            let bytes = slices * SLICE_BYTES;
            (*head).held += bytes as u32;
            for slice in begin..begin + slices {
                (*page).slices[slice] = class as u8 | if slice == begin { flags } else { 0 };
            }
            let mut next = (*head).free;
            for index in (0..(bytes - offset) / size).rev() {
                let slot = start.add(offset + index * size).cast::<Slot>();
                slot.write(Slot { header: 0, next_free: next });
                next = slot;
            }
            (*head).free = next;
            Some(head)
        }
    }

    /// Slices in a row that are nobody's yet: their page and the first.
    fn take_slices(&self, slices: usize) -> Option<(*mut Mixed, usize)> {
        // SAFETY: listed pages are mixed ones; no reference to their headers is alive.
        unsafe {
            let mut page = (*self.mixed()).pages;
            while let Some(mixed) = page.as_mut() {
                for (at, end) in [(&mut mixed.low, mixed.low_end), (&mut mixed.high, mixed.high_end)] {
                    if usize::from(end - *at) >= slices {
                        let begin = *at;
                        *at += slices as u16;
                        return Some((page, begin.into()));
                    }
                }
                page = mixed.next;
            }
            None
        }
    }

    /// Takes a chunk of mixed pages.
    fn add_chunk(&self) -> Option<()> {
        // SAFETY: the pages of the new chunk are nobody's yet.
        unsafe {
            let first = (*self.mixed()).pages.is_null();
            let bytes = if first { FIRST_BYTES } else { NEXT_BYTES };
            let number = match self.take_mixed_chunk(bytes, !first) {
                Err(OutOfMemory) if first => self.take_mixed_chunk(NEXT_BYTES, true).ok()?,
                other => other.ok()?,
            };
            let Chunk { base, bytes, .. } = (&*self.chunks.get())[number as usize];
            let mut start = 0;
            while start < bytes as usize {
                let page_bytes = (bytes as usize - start).min(PAGE_BYTES);
                let page = base.add(start);
                let header = header_offset(page.addr());
                let mixed = page.add(header).cast::<Mixed>();
                mixed.write(Mixed {
                    page: Page {
                        free: null_mut(),
                        countdown: 1,
                        slot_bytes: 0,
                        bump: 0,
                        held: 0,
                        state: State::Mixed,
                        low: false,
                        young: true,
                        number: number * PAGES_PER_CHUNK as u32 + (start / PAGE_BYTES) as u32,
                        next: null_mut(),
                        previous: null_mut(),
                    },
                    slices: [0; SLICES],
                    low: 0,
                    low_end: (header / SLICE_BYTES) as u16,
                    high: (header + MIXED_BYTES).div_ceil(SLICE_BYTES) as u16,
                    high_end: (page_bytes / SLICE_BYTES) as u16,
                    next: (*self.mixed()).pages,
                });
                (*self.mixed()).pages = mixed;
                start += PAGE_BYTES;
            }
            Some(())
        }
    }

    /// Takes the cell that was just put in the free list of a mixed page to that of its class.
    ///
    /// # Safety
    /// `page` is a mixed page whose free list holds one slot.
    pub(super) unsafe fn mixed_free(&self, page: *mut Page) {
        // SAFETY: the caller's duty; the head of the class is there as long as it has slots.
        unsafe {
            let slot = core::mem::replace(&mut (*page).free, null_mut());
            (*page).countdown = 1;
            let class = class_of(NonNull::new_unchecked(slot.cast()));
            #[cfg(debug_assertions)]
            slot.cast::<u8>().add(size_of::<Slot>()).write_bytes(0xDB, class * GRANULE - size_of::<Slot>());
            let mixed = self.mixed();
            let head = (*mixed).heads[class];
            (*slot).next_free = (*head).free;
            (*head).free = slot;
            (*head).countdown -= 1;
            self.mem().page_cell_shrank(class * GRANULE);
            // Counts deaths: a head has no other use for it.
            (*head).bump += 1;
            let current = &raw mut (*self.current.get())[class];
            if (*head).bump >= CLASS_DEATHS && *current == head {
                (*mixed).grown |= 1 << class;
                *current = super::no_page();
            }
        }
    }

    /// Gives all mixed pages back if no cell is in them.
    pub(super) fn give_mixed(&self) {
        // SAFETY: heads are whole; without cells nobody refers to their pages but `current` and this list.
        unsafe {
            let mixed = self.mixed();
            let heads = (*mixed).heads;
            if (*mixed).pages.is_null()
                || heads.iter().any(|&head| !head.is_null() && (*head).countdown != CURRENT)
            {
                return;
            }
            for (class, &head) in heads.iter().enumerate() {
                let current = &raw mut (*self.current.get())[class];
                if !head.is_null() && *current == head {
                    *current = super::no_page();
                }
            }
            *mixed = MixedPages::NONE;
            for number in 0..self.chunk_numbers() {
                if (&*self.chunks.get())[number].mixed {
                    self.give_memory(number as u32);
                }
            }
        }
    }

    /// Checks the mixed pages: the number of cells in one.
    ///
    /// # Safety
    /// `page` is a mixed page.
    pub(super) unsafe fn check_mixed(&self, page: *mut Page) -> Result<usize, &'static str> {
        // SAFETY: the caller's duty; slots have a header word.
        unsafe {
            if (*page).countdown != 1 || !(*page).free.is_null() || (*page).state != State::Mixed {
                return Err("a mixed page's header was changed");
            }
            let mut used = 0;
            each_span(page, |first, step, len| {
                for index in 0..len {
                    used += usize::from(first.byte_add(index * step).cast::<u64>().read() != 0);
                }
            });
            Ok(used)
        }
    }

    /// Checks that the heads count what is in mixed pages, and list what is free there.
    pub(super) fn check_heads(&self) -> Result<(), &'static str> {
        // SAFETY: heads and listed pages are whole.
        unsafe {
            let mixed = self.mixed();
            let (mut used, mut free) = ([0u32; super::CLASSES], [0u32; super::CLASSES]);
            let mut page = (*mixed).pages;
            while let Some(header) = page.as_ref() {
                each_span(page.cast(), |first, step, len| {
                    for index in 0..len {
                        let cell = first.byte_add(index * step);
                        let count = if cell.cast::<u64>().read() != 0 { &mut used } else { &mut free };
                        count[step / GRANULE] += 1;
                    }
                });
                page = header.next;
            }
            for (class, &head) in (*mixed).heads.iter().enumerate() {
                if head.is_null() {
                    if used[class] + free[class] != 0 {
                        return Err("a class has mixed slots and no head");
                    }
                    continue;
                }
                if (*head).countdown != CURRENT + used[class] {
                    return Err("a class counts its cells in mixed pages wrongly");
                }
                let (mut slot, mut listed) = ((*head).free, 0);
                while !slot.is_null() && listed <= free[class] {
                    if (*slot).header != 0 {
                        return Err("a free slot of a mixed page was written to");
                    }
                    listed += 1;
                    slot = (*slot).next_free;
                }
                if listed != free[class] {
                    return Err("a free slot of a mixed page is in no list");
                }
            }
            Ok(())
        }
    }
}
