//! Maps and sets as storage: a table of entries in insertion order, with an index over it.
//!
//! # Invariants
//! - Keys are normalised: numbers are ints where possible and never -0, strings are flat.
//! - A deleted entry's key is the hole marker; the index may still lead to it.
//! - Every entry has a sequence number that grows with its position and never changes, so that an
//!   iterator, which remembers the next number it wants, survives deletions and rebuilding. As long as
//!   `numbers` is empty, entry `i` has number `base + i`.
//! - Up to [`LINEAR`] entries there is no index.

use core::cell::UnsafeCell;

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::value::{JsResult, Object, RawValue, Value, kind};

/// Entries that are searched without an index.
const LINEAR: usize = 8;
const FIRST_INDEX: usize = 32;

/// The entries of a map or set.
pub struct Table {
    // Keys, or keys and values in turn.
    entries: Vec<'static, Value>,
    // Entry numbers plus one by hash, 0 for none; a power of two, or nothing.
    index: Vec<'static, u32>,
    numbers: Vec<'static, u64>,
    base: u64,
    // The number of the next entry, while `numbers` is in use.
    next: u64,
    live: u32,
    // 1 for sets, 2 for maps.
    stride: u32,
    // Entries at the beginning that are known to be deleted: what takes from the front need not pass them.
    gone: usize,
    // Where to go on from a deleted entry, as far as iteration found that out: 0 for the next one. Holds until the
    // deleted entries are dropped.
    skips: Vec<'static, u32>,
}

/// Passing more deleted entries than this is remembered.
const LONG_GAP: usize = 16;

/// A key in the form in which tables hold it.
fn normalise(key: &Value) -> JsResult<Value> {
    if key.is_double() {
        return Ok(Value::number(key.double_unchecked() + 0.0));
    }
    match key.as_string() {
        Some(string) if !string.is_flat() => Ok(string.flatten()?.into()),
        _ => Ok(key.clone()),
    }
}

fn mix(bits: u64) -> u32 {
    (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// The hash of a normalised key.
fn hash(key: &Value) -> JsResult<u32> {
    if let Some(string) = key.as_string() {
        return Ok(mix(u64::from(string.hash()?)));
    }
    if let Some(big) = key.as_bigint() {
        let parts = big.parts();
        let mut sum = u64::from(parts.is_negative());
        for &limb in parts.limbs() {
            sum = (sum ^ limb).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
        }
        return Ok(mix(sum));
    }
    Ok(mix(key.bits() >> if key.is_cell() { 3 } else { 0 }))
}

/// Whether two normalised keys are the same.
#[inline]
fn same(held: &Value, key: &Value, by_content: bool) -> JsResult<bool> {
    if held.bits() == key.bits() {
        return Ok(true);
    }
    if !by_content {
        return Ok(false);
    }
    if let (Some(a), Some(b)) = (held.as_string(), key.as_string()) {
        return a.equals(b);
    }
    if let (Some(a), Some(b)) = (held.as_bigint(), key.as_bigint()) {
        return Ok(a.equals(b));
    }
    Ok(false)
}

impl Table {
    fn new(stride: u32) -> Table {
        let memory = heap::current().mem().memory(Use::Collections);
        Table {
            entries: Vec::new(memory),
            index: Vec::new(memory),
            numbers: Vec::new(memory),
            base: 0,
            next: 0,
            live: 0,
            stride,
            gone: 0,
            skips: Vec::new(memory),
        }
    }

    fn count(&self) -> usize {
        self.entries.len() / self.stride as usize
    }

    #[inline]
    fn key(&self, entry: usize) -> &Value {
        &self.entries[entry * self.stride as usize]
    }

    /// The entry of a normalised key.
    #[inline]
    fn find(&self, key: &Value) -> JsResult<Option<usize>> {
        let by_content = key.is_cell() && matches!(key.kind(), kind::STRING8..=kind::ROPE | kind::BIGINT);
        if self.index.is_empty() {
            for entry in 0..self.count() {
                if same(self.key(entry), key, by_content)? {
                    return Ok(Some(entry));
                }
            }
            return Ok(None);
        }
        let mask = self.index.len() - 1;
        let mut slot = self.home(key)?;
        loop {
            let entry = self.index[slot] as usize;
            if entry == 0 {
                return Ok(None);
            }
            if same(self.key(entry - 1), key, by_content)? {
                return Ok(Some(entry - 1));
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Where the search for a normalised key starts. Sixteen ints in a row share a cache line of the index.
    #[inline]
    fn home(&self, key: &Value) -> JsResult<usize> {
        let shift = 32 - self.index.len().trailing_zeros();
        if let Some(int) = key.as_int() {
            let int = int as u32;
            let group = mix(u64::from(int >> 4)) ^ int >> 4;
            let start = (mix(u64::from(group)) >> shift) & !15;
            return Ok((start | (int ^ group) & 15) as usize);
        }
        Ok((hash(key)? >> shift) as usize)
    }

    fn number(&self, entry: usize) -> u64 {
        if self.numbers.is_empty() { self.base + entry as u64 } else { self.numbers[entry] }
    }

    /// Makes room for another entry: drops deleted ones, enlarges the index.
    #[cold]
    fn rebuild(&mut self) -> JsResult<()> {
        let live = self.live as usize;
        let wanted = if live < LINEAR { 0 } else { (live * 8 / 3).next_power_of_two().max(FIRST_INDEX) };
        if wanted > self.index.len() {
            let more = wanted - self.index.len();
            self.index.try_reserve_exact(more)?;
        }
        if live < self.count() {
            self.compact()?;
        }
        self.index.clear();
        self.index.try_resize(wanted, 0)?;
        if wanted != 0 {
            for entry in 0..self.count() {
                let home = self.home(self.key(entry))?;
                self.enter(entry, home);
            }
        }
        Ok(())
    }

    /// Puts an entry into the index.
    fn enter(&mut self, entry: usize, home: usize) {
        let mask = self.index.len() - 1;
        let mut slot = home;
        while self.index[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.index[slot] = entry as u32 + 1;
    }

    /// Removes the deleted entries.
    fn compact(&mut self) -> JsResult<()> {
        let stride = self.stride as usize;
        let count = self.count();
        let first =
            (0..count).find(|&entry| self.key(entry).bits() != RawValue::HOLE.bits()).unwrap_or(count);
        let prefix_only = count - first == self.live as usize;
        if !prefix_only && self.numbers.is_empty() {
            self.numbers.try_reserve_exact(count)?;
            for entry in 0..count {
                self.numbers.try_push(self.base + entry as u64)?;
            }
            self.next = self.base + count as u64;
        }
        let mut to = 0;
        for from in first..count {
            if self.key(from).bits() != RawValue::HOLE.bits() {
                for part in 0..stride {
                    self.entries.swap(to * stride + part, from * stride + part);
                }
                if !self.numbers.is_empty() {
                    self.numbers[to] = self.numbers[from];
                }
                to += 1;
            }
        }
        if self.numbers.is_empty() {
            self.base += first as u64;
        } else {
            self.numbers.truncate(to);
            if to == 0 {
                self.base = self.next;
            }
        }
        self.entries.truncate(to * stride);
        self.gone = 0;
        self.skips = Vec::new(self.entries.memory());
        Ok(())
    }

    /// After a deletion: most entries being deleted ones, these go, so that iteration does not pass them again
    /// and again. Each has been paid for by its deletion.
    #[cold]
    fn tidy_up(&mut self) {
        let live = self.live as usize;
        // What is refused for want of memory waits for the next deletion.
        if self.compact().is_err() {
            return;
        }
        let wanted = if live < LINEAR { 0 } else { (live * 8 / 3).next_power_of_two().max(FIRST_INDEX) };
        let mut smaller = Vec::new(self.index.memory());
        if smaller.try_resize(wanted, 0).is_ok() {
            self.index = smaller;
        } else {
            self.index.fill(0);
        }
        if !self.index.is_empty() {
            for entry in 0..self.count() {
                // Keys in the table have their hashes already, or need no memory for it.
                if let Ok(home) = self.home(self.key(entry)) {
                    self.enter(entry, home);
                }
            }
        }
        let mut smaller = Vec::new(self.entries.memory());
        if smaller.try_reserve_exact(live * 2 * self.stride as usize).is_ok() {
            for value in self.entries.drain(..) {
                // There is room for all of them.
                let _ = smaller.try_push(value);
            }
            self.entries = smaller;
        }
    }

    fn insert(&mut self, key: Value, value: Value) -> JsResult<()> {
        if self.stride == 2 {
            self.entries.try_reserve(2)?;
        } else {
            self.entries.try_reserve(1)?;
        }
        let full = if self.index.is_empty() { LINEAR } else { self.index.len() / 4 * 3 };
        if self.count() >= full {
            self.rebuild()?;
        }
        let entry = self.count();
        if !self.numbers.is_empty() {
            self.numbers.try_push(self.next)?;
            self.next += 1;
        }
        if !self.index.is_empty() {
            let home = self.home(&key)?;
            self.enter(entry, home);
        }
        self.entries.try_push(key)?;
        if self.stride == 2 {
            self.entries.try_push(value)?;
        }
        self.live += 1;
        Ok(())
    }

    /// Remembers that all entries from `start` to `end` are deleted.
    #[cold]
    fn remember_gap(&mut self, start: usize, end: usize) {
        if start >= self.skips.len() && self.skips.try_resize(start + 1, 0).is_err() {
            return;
        }
        self.skips[start] = end as u32;
    }

    fn next_number(&self) -> u64 {
        if self.numbers.is_empty() { self.base + self.count() as u64 } else { self.next }
    }
}

/// A Map (kind `MAP`) or Set (kind `SET`).
#[repr(C)]
pub struct Collection<const KIND: u8> {
    head: ObjectHead,
    table: UnsafeCell<Table>,
}

/// A Map.
pub type MapCell = Collection<{ kind::MAP }>;
/// A Set.
pub type SetCell = Collection<{ kind::SET }>;

impl<const KIND: u8> Collection<KIND> {
    /// A new empty collection.
    pub fn create(shape: &Shape) -> JsResult<Object> {
        let table = Table::new(if KIND == kind::MAP { 2 } else { 1 });
        Object::alloc(Collection::<KIND> { head: ObjectHead::new(), table: UnsafeCell::new(table) }, shape)
    }

    #[allow(
        clippy::mut_from_ref,
        reason = "the borrow never outlives a method here, none of which re-enters"
    )]
    fn table(&self) -> &mut Table {
        // SAFETY: the methods below use it one at a time: nothing they call, dropping a value
        // included, comes back to the same collection while its caller holds it.
        unsafe { &mut *self.table.get() }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.table().live as usize
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the key is there.
    pub fn has(&self, key: &Value) -> JsResult<bool> {
        Ok(self.table().find(&normalise(key)?)?.is_some())
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &Value) -> JsResult<Option<Value>> {
        let table = self.table();
        Ok(table.find(&normalise(key)?)?.map(|entry| table.entries[entry * 2 + 1].clone()))
    }

    /// Sets the value of a key; of a set, adds the key.
    pub fn set(&self, key: &Value, value: Value) -> JsResult<()> {
        let key = normalise(key)?;
        let table = self.table();
        match table.find(&key)? {
            None => table.insert(key, value),
            Some(entry) => {
                if KIND == kind::MAP {
                    drop(core::mem::replace(&mut table.entries[entry * 2 + 1], value));
                }
                Ok(())
            }
        }
    }

    /// Removes a key; whether it was there.
    pub fn delete(&self, key: &Value) -> JsResult<bool> {
        let key = normalise(key)?;
        let table = self.table();
        let Some(entry) = table.find(&key)? else { return Ok(false) };
        let at = entry * table.stride as usize;
        let old = core::mem::replace(&mut table.entries[at], Value::HOLE);
        let value = if table.stride == 2 { table.entries[at + 1].take() } else { Value::UNDEFINED };
        table.live -= 1;
        if entry == table.gone {
            while table.gone < table.count() && table.key(table.gone).bits() == RawValue::HOLE.bits() {
                table.gone += 1;
            }
        }
        if table.count() > 2 * table.live as usize + FIRST_INDEX {
            table.tidy_up();
        }
        drop((old, value));
        Ok(true)
    }

    /// Removes everything.
    pub fn clear(&self) {
        let table = self.table();
        let memory = table.entries.memory();
        table.base = table.next_number();
        table.live = 0;
        table.gone = 0;
        table.skips = Vec::new(memory);
        table.numbers = Vec::new(memory);
        table.index = Vec::new(memory);
        drop(core::mem::replace(&mut table.entries, Vec::new(memory)));
    }

    /// The first entry whose number is at least `number`: its key, its value (undefined in sets), and the
    /// number to go on with.
    pub fn step(&self, number: u64) -> Option<(Value, Value, u64)> {
        let table = self.table();
        let mut entry = if table.numbers.is_empty() {
            usize::try_from(number.saturating_sub(table.base)).unwrap_or(usize::MAX)
        } else {
            table.numbers.partition_point(|&n| n < number)
        };
        entry = entry.max(table.gone);
        let start = entry;
        while entry < table.count() {
            let key = table.key(entry);
            if key.bits() != RawValue::HOLE.bits() {
                let value =
                    if table.stride == 2 { table.entries[entry * 2 + 1].clone() } else { Value::UNDEFINED };
                let found = (key.clone(), value, table.number(entry) + 1);
                if entry - start > LONG_GAP {
                    table.remember_gap(start, entry);
                }
                return Some(found);
            }
            entry = (entry + 1).max(table.skips.get(entry).map_or(0, |&to| to as usize));
        }
        None
    }
}

// SAFETY: `repr(C)` with the header first; head and entries are reported.
unsafe impl<const KIND: u8> Cell for Collection<KIND> {
    const KIND: u8 = KIND;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no mutable reference into the cell is alive while the collector runs.
        for value in unsafe { &(*self.table.get()).entries } {
            value.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        let table = self.table();
        blocks.list(Use::Collections, Part::Table, &table.entries);
        blocks.list(Use::Collections, Part::Table, &table.index);
        blocks.list(Use::Collections, Part::Table, &table.numbers);
        blocks.list(Use::Collections, Part::Table, &table.skips);
    }
}
