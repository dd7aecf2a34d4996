//! Side tables: for every granule of every page and every entry of the table of cells, a byte and two bits.
//!
//! The collector keeps what it learns here and leaves the cells alone. Places in the tables are numbered
//! through: first the granules of the chunks in use, then the entries of the table of cells.
//!
//! - The *balance* of a cell is the number of counted references found to it, less its count. It starts at
//!   zero; each reference adds one when it is found, and the cell takes its count off when it is visited. The
//!   two may come in any order. After all were visited, it is zero for a cell that only cells refer
//!   to. A signed byte holds it exactly for a cell with a count below 128, at any moment; what a byte loses
//!   of others is carried into a small table.
//! - The *mark* says that the cell takes no part (a leaf, a free slot, the middle of a cell) or is known to be
//!   alive. Marks are bits so that those of a million cells stay in the second-level cache, where the
//!   marking pass, which jumps about, finds them.
//! - A *gray* cell is marked, and what it refers to is not marked yet.

use core::ptr::NonNull;

use super::space::{
    CHUNK_BYTES, GRANULE, GRANULES_PER_PAGE, PAGE_BYTES, SMALL_CELL_BYTES, Space, is_table_cell, table_index,
};
use super::{Header, Heap};
use crate::mem::{OutOfMemory, Use, Vec};

/// Places that share a word of marks.
pub(super) const WORD_PLACES: usize = 64;
/// The first count that a balance does not hold exactly at any moment.
pub(super) const HEAVY: u32 = 128;
/// The byte of a balance that has just become too large for a signed byte.
const OVER: u8 = 1 << 7;
/// For each distance of places below that of the largest cells in pages, the bits of a word that are so far apart.
const EVERY: [u64; SMALL_CELL_BYTES / GRANULE + 1] = {
    let mut table = [1; SMALL_CELL_BYTES / GRANULE + 1];
    let mut step = 1;
    while step < table.len() {
        let mut bit = step;
        while bit < WORD_PLACES {
            table[step] |= 1 << bit;
            bit += step;
        }
        step += 1;
    }
    table
};
/// What a byte loses when it runs over.
const BYTE_SPAN: i64 = 256;
/// No chunk starts there: addresses have 48 bits.
const NO_KEY: u64 = u64::MAX;
/// No place has this number: there are fewer than 2^32.
const NO_PLACE: usize = usize::MAX;

/// Asks the processor to fetch the memory at an address.
#[inline(always)]
pub(super) fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: prefetching is a hint: it never faults.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// A cell whose balance does not fit a byte: what is to be added to the byte.
#[derive(Clone, Copy)]
struct Carry {
    place: usize,
    rest: i64,
}

/// Where the tables are: a copy for the registers of a pass, good as long as the tables are.
#[derive(Clone, Copy)]
pub(super) struct View {
    balance: *mut u8,
    marks: *mut u64,
    directory: *const u64,
    directory_mask: u64,
    table_place: usize,
}

impl View {
    /// A cell's place.
    ///
    /// # Safety
    /// 1. `cell` is a cell of the heap the tables were made for, and was then already.
    #[inline(always)]
    pub(super) unsafe fn place_of(self, cell: NonNull<Header>) -> usize {
        // SAFETY: (1) table cells have a prefix, and page cells a chunk in the directory.
        unsafe {
            if is_table_cell(cell) {
                return self.table_place + table_index(cell);
            }
            let address = cell.addr().get();
            let key = (address / CHUNK_BYTES) as u64;
            let mut slot = key & self.directory_mask;
            loop {
                let entry = *self.directory.add(slot as usize);
                if entry >> 32 == key {
                    return entry as u32 as usize + address % CHUNK_BYTES / GRANULE;
                }
                if entry == NO_KEY {
                    no_cell();
                }
                slot = (slot + 1) & self.directory_mask;
            }
        }
    }

    /// Takes the count of a cell off its balance, where it is below [`HEAVY`].
    ///
    /// # Safety
    /// 1. `place` came from [`View::place_of`], and the tables are not used otherwise meanwhile.
    #[inline(always)]
    pub(super) unsafe fn discount(self, place: usize, count: u32) {
        // SAFETY: (1) places are within the tables.
        unsafe { *self.balance.add(place) = (*self.balance.add(place)).wrapping_sub(count as u8) }
    }

    /// Lets a cell take part.
    ///
    /// # Safety
    /// As [`View::discount`].
    #[inline(always)]
    pub(super) unsafe fn admit(self, place: usize) {
        // SAFETY: (1) places are within the tables.
        unsafe { *self.marks.add(place / WORD_PLACES) &= !(1 << (place % WORD_PLACES)) };
    }

    /// Lets cells take part whose places are `step` apart, from `place` to `end`.
    ///
    /// # Safety
    /// As [`View::discount`], for all the places.
    #[inline(always)]
    pub(super) unsafe fn admit_all(self, mut place: usize, end: usize, step: usize) {
        let pattern = EVERY.get(step).copied().unwrap_or(1);
        while place < end {
            let word = place / WORD_PLACES;
            let mut bits = pattern << (place % WORD_PLACES);
            if end - word * WORD_PLACES < WORD_PLACES {
                bits &= (1 << (end % WORD_PLACES)) - 1;
            }
            place += step * bits.count_ones() as usize;
            // SAFETY: (1) places are within the tables.
            unsafe { *self.marks.add(word) &= !bits };
        }
    }

    /// Counts one reference to a cell; true when [`Tables::carry_byte`] must be told.
    ///
    /// # Safety
    /// As [`View::discount`].
    #[inline(always)]
    pub(super) unsafe fn count(self, place: usize) -> bool {
        // SAFETY: (1) places are within the tables.
        unsafe {
            let next = (*self.balance.add(place)).wrapping_add(1);
            *self.balance.add(place) = next;
            next == OVER
        }
    }

    /// Marks a cell; true when it was not marked before. For cells that are mostly in chunks other than the last.
    ///
    /// # Safety
    /// As [`View::place_of`] and [`View::discount`].
    #[inline(never)]
    pub(super) unsafe fn mark_far(self, cell: NonNull<Header>) -> bool {
        // SAFETY: the caller's duties.
        unsafe { self.mark(self.place_of(cell)) }
    }

    /// Asks the processor to fetch the balance of a place.
    #[inline(always)]
    pub(super) fn fetch(self, place: usize) {
        prefetch(self.balance.wrapping_add(place));
    }

    /// Marks a cell; true when it was not marked before.
    ///
    /// # Safety
    /// As [`View::discount`].
    #[inline(always)]
    pub(super) unsafe fn mark(self, place: usize) -> bool {
        // SAFETY: (1) places are within the tables.
        let word = unsafe { &mut *self.marks.add(place / WORD_PLACES) };
        let bit = 1 << (place % WORD_PLACES);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}

/// A chunk whose cells' places are found without the directory.
#[derive(Clone, Copy)]
pub(super) struct Home {
    start: usize,
    place: usize,
}

impl Home {
    /// No chunk: there are no cells at the end of the addresses.
    pub(super) const NOWHERE: Home = Home { start: usize::MAX - CHUNK_BYTES, place: 0 };

    /// The chunk of a cell that has this place; none for a cell with a block of its own.
    #[inline(always)]
    pub(super) fn of(cell: NonNull<Header>, place: usize) -> Home {
        if is_table_cell(cell) {
            return Home::NOWHERE;
        }
        let offset = cell.addr().get() % CHUNK_BYTES;
        Home { start: cell.addr().get() - offset, place: place - offset / GRANULE }
    }

    /// The place of a cell, if it is in the chunk. A chunk may end before the next multiple of its alignment: cells
    /// that lie there have a block of their own, and bit 3 set.
    #[inline(always)]
    pub(super) fn place_of(self, cell: NonNull<Header>) -> Option<usize> {
        let offset = cell.addr().get().wrapping_sub(self.start);
        (offset & (!(CHUNK_BYTES - 1) | 8) == 0).then(|| self.place + offset / GRANULE)
    }
}

#[cold]
#[inline(never)]
fn no_cell() -> ! {
    panic!("a cell refers to memory that is no cell's");
}

/// The side tables of one collection.
pub(super) struct Tables {
    balance: Vec<'static, u8>,
    marks: Vec<'static, u64>,
    gray: Vec<'static, u64>,
    // For each page in the order of its places, where it starts.
    pages: Vec<'static, *mut u8>,
    // Finds a chunk's first place: open addressing by `address / CHUNK_BYTES`; key << 32 | place.
    directory: Vec<'static, u64>,
    directory_mask: u64,
    // The place of the first entry of the table of cells.
    table_place: usize,
    carries: Vec<'static, Carry>,
    carried: usize,
}

impl Tables {
    /// Tables for a heap: every balance 0, every place marked, none gray.
    pub(super) fn new(heap: &Heap) -> Result<Tables, OutOfMemory> {
        let space = heap.space();
        let memory = heap.mem().memory(Use::Collector);
        let numbers = space.chunk_numbers();
        let (mut chunks, mut count) = (0usize, 0usize);
        for number in 0..numbers {
            chunks += usize::from(!space.chunk_base(number).is_null());
            count += space.chunk_pages(number);
        }
        let mut pages = Vec::try_with_capacity(count, memory)?;
        let table_place = count * GRANULES_PER_PAGE;
        let words = (table_place + space.table_len()).div_ceil(WORD_PLACES);
        let filled = |value: u64| {
            let mut bits = Vec::try_with_capacity(words, memory)?;
            bits.try_resize(words, value)?;
            Ok(bits)
        };
        let (marks, gray) = (filled(u64::MAX)?, filled(0)?);
        let mut balance = Vec::try_with_capacity(words * WORD_PLACES, memory)?;
        balance.try_resize(words * WORD_PLACES, 0)?;
        let entries = (chunks * 4).next_power_of_two().max(8);
        let mut directory = Vec::try_with_capacity(entries, memory)?;
        directory.try_resize(entries, NO_KEY)?;
        let directory_mask = entries as u64 - 1;
        for number in 0..numbers {
            let base = space.chunk_base(number);
            if base.is_null() {
                continue;
            }
            let key = base.addr() as u64 / CHUNK_BYTES as u64;
            let mut slot = key & directory_mask;
            while directory[slot as usize] != NO_KEY {
                slot = (slot + 1) & directory_mask;
            }
            directory[slot as usize] = key << 32 | (pages.len() * GRANULES_PER_PAGE) as u64;
            for index in 0..space.chunk_pages(number) {
                pages.try_push(base.wrapping_add(index * PAGE_BYTES))?;
            }
        }
        Ok(Tables {
            balance,
            marks,
            gray,
            pages,
            directory,
            directory_mask,
            table_place,
            carries: Vec::new(memory),
            carried: 0,
        })
    }

    /// Whether finding the place of a cell needs the cell's prefix, which is worth fetching early.
    pub(super) fn only_table(&self) -> bool {
        self.table_place == 0
    }

    /// Number of words of marks: places divided by [`WORD_PLACES`].
    pub(super) fn words(&self) -> usize {
        self.marks.len()
    }

    /// Where the tables are now.
    #[inline(always)]
    pub(super) fn view(&mut self) -> View {
        View {
            balance: self.balance.as_mut_ptr(),
            marks: self.marks.as_mut_ptr(),
            directory: self.directory.as_ptr(),
            directory_mask: self.directory_mask,
            table_place: self.table_place,
        }
    }

    /// The place of an entry of the table of cells.
    pub(super) fn place_of_entry(&self, index: usize) -> usize {
        self.table_place + index
    }

    /// The cell at a place where one is.
    #[inline(always)]
    pub(super) fn cell_at(&self, space: &Space, place: usize) -> Option<NonNull<Header>> {
        if place >= self.table_place {
            return space.table_cell(place - self.table_place);
        }
        let base = self.pages[place / GRANULES_PER_PAGE];
        NonNull::new(base.wrapping_add(place % GRANULES_PER_PAGE * GRANULE).cast())
    }

    /// Takes a count off a balance that is [`HEAVY`] or more. An error leaves the balance wrong: the
    /// collection is given up.
    #[cold]
    #[inline(never)]
    pub(super) fn discount_heavy(&mut self, place: usize, count: u32) -> Result<(), OutOfMemory> {
        self.carry(place, -i64::from(count))
    }

    /// To be called when a byte of balance ran over. An error leaves the balance wrong: the collection is
    /// given up.
    #[cold]
    #[inline(never)]
    pub(super) fn carry_byte(&mut self, place: usize) -> Result<(), OutOfMemory> {
        self.carry(place, BYTE_SPAN)
    }

    /// Whether the cell at a place takes no part, or was marked.
    pub(super) fn is_marked(&self, place: usize) -> bool {
        self.marks[place / WORD_PLACES] >> (place % WORD_PLACES) & 1 != 0
    }

    /// Makes a marked cell gray.
    #[inline(always)]
    pub(super) fn make_gray(&mut self, place: usize) {
        self.gray[place / WORD_PLACES] |= 1 << (place % WORD_PLACES);
    }

    /// The gray cells of a word of marks, as bits; they are gray no longer.
    #[inline(always)]
    pub(super) fn take_gray(&mut self, word: usize) -> u64 {
        core::mem::take(&mut self.gray[word])
    }

    /// Marks the cells that take part and whose balance is not zero, and makes them gray. To be called when all
    /// references were counted, and before anything else is marked.
    pub(super) fn find_roots(&mut self) {
        for word in 0..self.marks.len() {
            let open = !self.marks[word];
            if open != 0 {
                let roots = open & self.uneven(word);
                self.gray[word] = roots;
                self.marks[word] |= roots;
            }
        }
        for index in 0..self.carries.len() {
            let Carry { place, rest } = self.carries[index];
            if place == NO_PLACE {
                continue;
            }
            let (word, bit) = (place / WORD_PLACES, 1 << (place % WORD_PLACES));
            let open = self.gray[word] & bit != 0 || self.marks[word] & bit == 0;
            if open {
                let even = rest + i64::from(self.balance[place] as i8) == 0;
                let root = if even { 0 } else { bit };
                self.gray[word] = (self.gray[word] & !bit) | root;
                self.marks[word] = (self.marks[word] & !bit) | root;
            }
        }
    }

    /// A bit for each place of a word of marks whose byte of balance is not zero.
    #[inline(always)]
    fn uneven(&self, word: usize) -> u64 {
        const LOW: u64 = u64::from_ne_bytes([0x7F; 8]);
        let bytes = &self.balance[word * WORD_PLACES..][..WORD_PLACES];
        let mut bits = 0;
        for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let eight = u64::from_le_bytes(*eight);
            // The high bit of each byte that is not zero, then gathered into one byte.
            let high = (((eight & LOW) + LOW) | eight) & !LOW;
            bits |= ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
        }
        bits
    }

    /// Adds to what a balance has beside its byte.
    fn carry(&mut self, place: usize, amount: i64) -> Result<(), OutOfMemory> {
        if (self.carried + 1) * 2 > self.carries.len() {
            let mut larger = Vec::new(self.carries.memory());
            larger.try_resize((self.carries.len() * 2).max(64), Carry { place: NO_PLACE, rest: 0 })?;
            for carry in self.carries.iter().filter(|carry| carry.place != NO_PLACE) {
                *slot_of(&mut larger, carry.place) = *carry;
            }
            self.carries = larger;
        }
        let slot = slot_of(&mut self.carries, place);
        self.carried += usize::from(slot.place == NO_PLACE);
        slot.place = place;
        slot.rest += amount;
        Ok(())
    }

    /// Calls `visit` with every cell that takes part and is not marked; `visit` may free the cell it is given.
    #[inline(always)]
    pub(super) fn each_unmarked(&self, space: &Space, mut visit: impl FnMut(NonNull<Header>)) {
        for word in 0..self.marks.len() {
            let mut open = !self.marks[word];
            while open != 0 {
                let place = word * WORD_PLACES + open.trailing_zeros() as usize;
                open &= open - 1;
                if let Some(cell) = self.cell_at(space, place) {
                    visit(cell);
                }
            }
        }
    }
}

/// The entry of a place, or the free one where it belongs. One is free.
fn slot_of<'a>(carries: &'a mut Vec<'static, Carry>, place: usize) -> &'a mut Carry {
    let mask = carries.len() - 1;
    let mut slot = (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 20 & mask;
    while carries[slot].place != NO_PLACE && carries[slot].place != place {
        slot = (slot + 1) & mask;
    }
    &mut carries[slot]
}
