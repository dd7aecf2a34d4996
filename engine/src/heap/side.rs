//! Side tables: a byte for every granule of every chunk and for every entry of the table of cells.
//!
//! The collector keeps what it learns here and leaves the cells alone. A byte is made for counting up:
//! its low seven bits are the number of counted references found so far, modulo 128, its high bit says that
//! the cell takes no part (a leaf, a free slot, the middle of a cell) or is known to be alive. What does
//! not fit seven bits is carried into a small table of cells with many references.
//!
//! One byte per cell matters: a million of them stay in the second-level cache, where the counting and
//! marking passes, which jump about, find them.

use core::ptr::NonNull;

use super::space::{CHUNK_BYTES, GRANULE, GRANULES_PER_CHUNK, Space, is_table_cell, table_index};
use super::{Header, Heap};
use crate::mem::{OutOfMemory, Use, Vec};

/// The cell takes no part, or is known to be alive.
pub(super) const MARK: u8 = 0x80;
const LOW: u8 = 0x7F;
const LOW_BITS: u32 = 7;
/// No chunk starts there: addresses have 48 bits.
const NO_KEY: u64 = u64::MAX;

/// A cell with at least 128 counted references: how many times 128.
#[derive(Clone, Copy)]
struct Carry {
    cell: usize,
    high: u32,
}

/// The side tables of one collection.
pub(super) struct Tables {
    bytes: Vec<'static, u8>,
    // For each chunk in use, in the order of its side bytes, where it starts.
    chunks: Vec<'static, *mut u8>,
    // Finds a chunk's side bytes: open addressing by `address / CHUNK_BYTES`; key << 32 | offset.
    directory: Vec<'static, u64>,
    directory_mask: u64,
    // Where the side bytes of the table of cells begin.
    table_offset: usize,
    table_len: usize,
    carries: Vec<'static, Carry>,
    carried: usize,
}

impl Tables {
    /// Tables for a heap, every byte [`MARK`].
    pub(super) fn new(heap: &Heap) -> Result<Tables, OutOfMemory> {
        let space = heap.space();
        let memory = heap.mem().memory(Use::Collector);
        let numbers = space.chunk_numbers();
        let mut chunks = Vec::try_with_capacity(numbers, memory)?;
        for number in 0..numbers {
            let base = space.chunk_base(number);
            if !base.is_null() {
                chunks.try_push(base)?;
            }
        }
        let table_offset = chunks.len() * GRANULES_PER_CHUNK;
        let table_len = space.table_len();
        let mut bytes = Vec::try_with_capacity(table_offset + table_len, memory)?;
        bytes.try_resize(table_offset + table_len, MARK)?;
        let entries = (chunks.len() * 4).next_power_of_two().max(8);
        let mut directory = Vec::try_with_capacity(entries, memory)?;
        directory.try_resize(entries, NO_KEY)?;
        let directory_mask = entries as u64 - 1;
        for (ordinal, &base) in chunks.iter().enumerate() {
            let key = base.addr() as u64 / CHUNK_BYTES as u64;
            let mut slot = key & directory_mask;
            while directory[slot as usize] != NO_KEY {
                slot = (slot + 1) & directory_mask;
            }
            directory[slot as usize] = key << 32 | (ordinal * GRANULES_PER_CHUNK) as u64;
        }
        Ok(Tables {
            bytes,
            chunks,
            directory,
            directory_mask,
            table_offset,
            table_len,
            carries: Vec::new(memory),
            carried: 0,
        })
    }

    /// Number of chunks that have side bytes.
    pub(super) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Where a cell's side byte is.
    ///
    /// # Safety
    /// 1. `cell` is a cell of the heap these tables were made for, and was then already.
    #[inline(always)]
    unsafe fn index_of(&self, cell: NonNull<Header>) -> usize {
        // SAFETY: (1) table cells have a prefix, and page cells a chunk in the directory.
        unsafe {
            if is_table_cell(cell) {
                return self.table_offset + table_index(cell);
            }
            let address = cell.addr().get();
            let key = (address / CHUNK_BYTES) as u64;
            let mut slot = key & self.directory_mask;
            loop {
                let entry = *self.directory.get_unchecked(slot as usize);
                if entry >> 32 == key {
                    return entry as u32 as usize + address % CHUNK_BYTES / GRANULE;
                }
                assert_ne!(entry, NO_KEY, "a cell refers to memory that is no cell's");
                slot = (slot + 1) & self.directory_mask;
            }
        }
    }

    /// A cell's side byte.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    #[inline(always)]
    pub(super) unsafe fn get(&self, cell: NonNull<Header>) -> u8 {
        // SAFETY: indices of cells are within the tables.
        unsafe { *self.bytes.get_unchecked(self.index_of(cell)) }
    }

    /// Lets a cell take part.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    #[inline(always)]
    pub(super) unsafe fn admit(&mut self, cell: NonNull<Header>) {
        // SAFETY: indices of cells are within the tables.
        unsafe {
            let index = self.index_of(cell);
            *self.bytes.get_unchecked_mut(index) &= LOW;
        }
    }

    /// Counts one reference to a cell. An error leaves the count wrong: the collection is given up.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    #[inline(always)]
    pub(super) unsafe fn count(&mut self, cell: NonNull<Header>) -> Result<(), OutOfMemory> {
        // SAFETY: indices of cells are within the tables.
        unsafe {
            let index = self.index_of(cell);
            let byte = self.bytes.get_unchecked_mut(index);
            let next = byte.wrapping_add(1);
            if next & LOW == 0 {
                *byte &= MARK;
                return self.carry(cell);
            }
            *byte = next;
        }
        Ok(())
    }

    /// Marks a cell; true when it was not marked before.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    #[inline(always)]
    pub(super) unsafe fn mark(&mut self, cell: NonNull<Header>) -> bool {
        // SAFETY: indices of cells are within the tables.
        unsafe {
            let index = self.index_of(cell);
            let byte = self.bytes.get_unchecked_mut(index);
            let fresh = *byte & MARK == 0;
            *byte |= MARK;
            fresh
        }
    }

    /// Forgets that a cell is marked and all that was counted, so that it passes for one that is referred to
    /// from outside.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    pub(super) unsafe fn postpone(&mut self, cell: NonNull<Header>) {
        // SAFETY: indices of cells are within the tables.
        unsafe {
            let index = self.index_of(cell);
            self.bytes[index] = 0;
        }
        if let Some(slot) = self.carry_slot(cell) {
            self.carries[slot].high = 0;
        }
    }

    /// Whether a cell has more references than were counted.
    ///
    /// # Safety
    /// 1. As [`Tables::index_of`], and the cell is live and not marked.
    #[inline(always)]
    pub(super) unsafe fn has_external(&self, cell: NonNull<Header>) -> bool {
        // SAFETY: (1) the caller's duty.
        unsafe { (*cell.as_ptr()).count() != self.internal(cell) }
    }

    /// How many references were counted.
    ///
    /// # Safety
    /// As [`Tables::index_of`].
    #[inline(always)]
    pub(super) unsafe fn internal(&self, cell: NonNull<Header>) -> u32 {
        // SAFETY: (1) the caller's duty.
        let low = u32::from(unsafe { self.get(cell) } & LOW);
        if self.carried == 0 {
            return low;
        }
        match self.carry_slot(cell) {
            Some(slot) => low + (self.carries[slot].high << LOW_BITS),
            None => low,
        }
    }

    fn carry_slot(&self, cell: NonNull<Header>) -> Option<usize> {
        if self.carried == 0 {
            return None;
        }
        let mut slot = carry_hash(cell.addr().get()) & (self.carries.len() - 1);
        loop {
            match self.carries[slot].cell {
                0 => return None,
                address if address == cell.addr().get() => return Some(slot),
                _ => slot = (slot + 1) & (self.carries.len() - 1),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn carry(&mut self, cell: NonNull<Header>) -> Result<(), OutOfMemory> {
        if let Some(slot) = self.carry_slot(cell) {
            self.carries[slot].high += 1;
            return Ok(());
        }
        if (self.carried + 1) * 2 > self.carries.len() {
            let mut larger = Vec::new(self.carries.memory());
            larger.try_resize((self.carries.len() * 2).max(64), Carry { cell: 0, high: 0 })?;
            for carry in self.carries.iter().filter(|carry| carry.cell != 0) {
                insert(&mut larger, *carry);
            }
            self.carries = larger;
        }
        insert(&mut self.carries, Carry { cell: cell.addr().get(), high: 1 });
        self.carried += 1;
        Ok(())
    }

    /// Calls `visit` with every cell that takes part and is not marked at that moment; `visit` may change the
    /// tables, and may free the cell it is given.
    #[inline(always)]
    pub(super) fn each_unmarked(
        &mut self,
        space: &Space,
        mut visit: impl FnMut(&mut Tables, NonNull<Header>),
    ) {
        const MARKS: u64 = u64::from_ne_bytes([MARK; 8]);
        let words = self.table_offset / 8;
        for word in 0..words {
            let bytes = self.word(word);
            if bytes & MARKS == MARKS {
                continue;
            }
            for byte in 0..8 {
                let index = word * 8 + byte;
                if self.bytes[index] & MARK == 0 {
                    let base = self.chunks[index / GRANULES_PER_CHUNK];
                    // SAFETY: only cells take part; this one is in its chunk.
                    let cell = unsafe {
                        NonNull::new_unchecked(base.add(index % GRANULES_PER_CHUNK * GRANULE).cast())
                    };
                    visit(self, cell);
                }
            }
        }
        for index in 0..self.table_len {
            if self.bytes[self.table_offset + index] & MARK == 0
                && let Some(cell) = space.table_cell(index)
            {
                visit(self, cell);
            }
        }
    }

    #[inline(always)]
    fn word(&self, word: usize) -> u64 {
        // SAFETY: callers pass words below `table_offset / 8`; the read may be unaligned.
        unsafe { self.bytes.as_ptr().add(word * 8).cast::<u64>().read_unaligned() }
    }
}

fn carry_hash(address: usize) -> usize {
    ((address >> 3) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> 20
}

fn insert(carries: &mut Vec<'static, Carry>, carry: Carry) {
    let mask = carries.len() - 1;
    let mut slot = carry_hash(carry.cell) & mask;
    while carries[slot].cell != 0 {
        slot = (slot + 1) & mask;
    }
    carries[slot] = carry;
}
