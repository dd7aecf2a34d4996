//! Atoms: 32-bit numbers that stand for property keys.
//!
//! Integers below 2^31 are their own atoms (bit 31 set); any other key is a string or symbol cell
//! in the table of the runtime, and its atom is the position there.
//!
//! # Invariants
//! - The table does not count its cells: an atom lives as long as its cell, whose finalizer takes it out
//!   ([`AtomTable::forget`]). Predefined atoms are held by the table itself.
//! - An [`Atom`] owns one count of its cell. A [`RawAtom`] owns nothing.
//! - A string whose units are the decimal form of an integer below 2^31 is never in the table, so
//!   every key has exactly one atom.
//! - `index` is open addressing with linear probing over `hash << 32 | atom`; deletion shifts back.

use core::cell::{Cell as StdCell, UnsafeCell};
use core::ptr::NonNull;

use super::names;
use super::string::{Text, set_atom, string_from_cell};
use crate::heap::{self, Blocks, Header};
use crate::mem::{Mem, OutOfMemory, Part, Use, Vec};
use crate::value::{JsResult, JsString, RawValue, Symbol, Thrown, Value, kind};

const INTEGER: u32 = 1 << 31;

/// An atom, borrowed: the number alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(transparent)]
pub struct RawAtom(u32);

impl RawAtom {
    /// No atom.
    pub const NONE: RawAtom = RawAtom(0);

    /// The atom at a position of the table.
    pub const fn from_index(index: u32) -> RawAtom {
        RawAtom(index)
    }

    /// The atom of an integer below 2^31.
    #[inline(always)]
    pub const fn from_integer(integer: u32) -> RawAtom {
        debug_assert!(integer < INTEGER);
        RawAtom(INTEGER | integer)
    }

    /// The number, as bytecode stores it.
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The atom of a number that came from [`RawAtom::bits`].
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> RawAtom {
        RawAtom(bits)
    }

    /// Whether this is an integer atom.
    #[inline(always)]
    pub const fn is_integer(self) -> bool {
        self.0 & INTEGER != 0
    }

    /// The integer below 2^31.
    #[inline(always)]
    pub const fn as_integer(self) -> Option<u32> {
        if self.is_integer() { Some(self.0 & !INTEGER) } else { None }
    }

    /// Whether this is no atom.
    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The cell of a string or symbol atom.
    #[inline]
    pub fn as_cell(self) -> Option<NonNull<Header>> {
        if self.is_integer() || self.is_none() { None } else { Some(AtomTable::current().cell(self.0)) }
    }

    fn kind(self) -> u8 {
        // SAFETY: an atom in use has a live cell.
        self.as_cell().map_or(0, |cell| unsafe { cell.as_ref().kind() })
    }

    /// Whether this is a symbol (not a private name).
    pub fn is_symbol(self) -> bool {
        self.kind() == kind::SYMBOL
    }

    /// Whether this is a private name.
    pub fn is_private(self) -> bool {
        self.kind() == kind::PRIVATE_NAME
    }

    /// Whether this is a string or an integer.
    pub fn is_string_key(self) -> bool {
        self.is_integer() || matches!(self.kind(), kind::STRING8 | kind::STRING16)
    }

    /// The array index this key is, up to 2^32 - 2 (ECMA-262 6.1.7).
    pub fn as_array_index(self) -> Option<u32> {
        if let Some(integer) = self.as_integer() {
            return Some(integer);
        }
        match self.kind() {
            kind::STRING8 | kind::STRING16 => {
                let string = string_from_cell(self.as_cell()?);
                let Ok(text) = string.text() else { return None };
                parse_index(text).filter(|&index| index < u32::MAX)
            }
            _ => None,
        }
    }

    /// One more owner.
    pub fn to_owned(self) -> Atom {
        if let Some(cell) = self.as_cell() {
            // SAFETY: an atom in use has a live cell.
            unsafe { (*cell.as_ptr()).increment() };
        }
        Atom(self)
    }

    /// The key as a value: a string or a symbol.
    pub fn to_value(self) -> JsResult<Value> {
        match self.as_cell() {
            // SAFETY: an atom in use has a live cell.
            Some(cell) => Ok(unsafe { RawValue::cell(cell).to_owned() }),
            None => Ok(self.to_js_string()?.into()),
        }
    }

    /// The key as a string; a symbol's is its description.
    pub fn to_js_string(self) -> JsResult<JsString> {
        if let Some(integer) = self.as_integer() {
            return integer_string(integer);
        }
        let Some(cell) = self.as_cell() else { return Ok(JsString::empty()) };
        // SAFETY: an atom in use has a live cell.
        let value = unsafe { RawValue::cell(cell).to_owned() };
        match JsString::try_from(value) {
            Ok(string) => Ok(string),
            Err(symbol) => {
                // SAFETY: what is no string in the table is a symbol or a private name: the same cell.
                let description = unsafe {
                    symbol.cell_unchecked().cast::<super::symbol::SymbolCell>().as_ref().description().clone()
                };
                Ok(JsString::try_from(description).unwrap_or_else(|_| JsString::empty()))
            }
        }
    }
}

/// An atom that owns its key.
#[derive(Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Atom(RawAtom);

impl Atom {
    /// The key of some text.
    pub fn from_text(text: Text<'_>) -> JsResult<Atom> {
        AtomTable::current().intern(text)
    }

    /// The key of a Rust string.
    #[expect(clippy::should_implement_trait, reason = "allocates in the runtime and can fail")]
    pub fn from_str(text: &str) -> JsResult<Atom> {
        if text.is_ascii() {
            return Atom::from_text(Text::Latin1(text.as_bytes()));
        }
        Atom::from_string(&JsString::from_str(text)?)
    }

    /// The key of a string value.
    pub fn from_string(string: &JsString) -> JsResult<Atom> {
        let index = string.atom_index();
        if index != 0 {
            return Ok(RawAtom(index).to_owned());
        }
        AtomTable::current().intern_string(string)
    }

    /// The key of a symbol.
    pub fn from_symbol(symbol: &Symbol) -> Atom {
        symbol.atom().to_owned()
    }

    /// The key of an integer.
    pub fn from_index(index: u64) -> JsResult<Atom> {
        if index < u64::from(INTEGER) {
            return Ok(Atom(RawAtom::from_integer(index as u32)));
        }
        let mut digits = [0; 20];
        Atom::from_text(Text::Latin1(decimal(index, &mut digits)))
    }

    /// Takes over a count of the atom.
    ///
    /// # Safety
    /// 1. One count of the atom's cell is handed over.
    pub unsafe fn from_raw(raw: RawAtom) -> Atom {
        Atom(raw)
    }

    /// Gives the atom up without dropping its count.
    pub fn into_raw(self) -> RawAtom {
        let raw = self.0;
        core::mem::forget(self);
        raw
    }

    /// The number.
    #[inline(always)]
    pub fn raw(&self) -> RawAtom {
        self.0
    }
}

impl Clone for Atom {
    fn clone(&self) -> Atom {
        self.0.to_owned()
    }
}

impl Drop for Atom {
    #[inline]
    fn drop(&mut self) {
        if let Some(cell) = self.0.as_cell() {
            // SAFETY: this atom owns one count of its cell.
            drop(unsafe { Value::from_raw(RawValue::cell(cell)) });
        }
    }
}

impl core::ops::Deref for Atom {
    type Target = RawAtom;
    #[inline(always)]
    fn deref(&self) -> &RawAtom {
        &self.0
    }
}

/// Writes `n` in decimal at the end of a buffer.
pub fn decimal(mut n: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            return &digits[at..];
        }
    }
}

fn integer_string(integer: u32) -> JsResult<JsString> {
    let mut digits = [0; 20];
    JsString::from_latin1(decimal(u64::from(integer), &mut digits))
}

/// The integer below 2^32 whose canonical decimal form the text is.
pub fn parse_index(text: Text<'_>) -> Option<u32> {
    match text {
        Text::Latin1(units) => parse_index_units(units),
        Text::Utf16(units) => parse_index_units(units),
    }
}

#[inline(always)]
fn parse_index_units<U: Copy + Into<u32>>(units: &[U]) -> Option<u32> {
    let zero = u32::from(b'0');
    if units.is_empty() || units.len() > 10 || (units[0].into() == zero && units.len() > 1) {
        return None;
    }
    let mut n = 0u64;
    for &unit in units {
        let digit = unit.into().wrapping_sub(zero);
        if digit > 9 {
            return None;
        }
        n = n * 10 + u64::from(digit);
    }
    u32::try_from(n).ok()
}

/// The table of one runtime.
pub struct AtomTable {
    seed: u64,
    /// Address of the cell, or an odd free entry (`next << 1 | 1`).
    entries: UnsafeCell<Vec<'static, usize>>,
    index: UnsafeCell<Vec<'static, u64>>,
    free: StdCell<u32>,
    strings: StdCell<usize>,
    singles: UnsafeCell<Vec<'static, Value>>,
    predefined: UnsafeCell<Vec<'static, Value>>,
}

/// The heap's table slot for atoms.
pub const ATOMS: usize = 0;
const FIRST_INDEX_SIZE: usize = 1024;

impl AtomTable {
    /// An empty table; [`AtomTable::fill`] makes the predefined atoms.
    pub fn new(mem: &Mem, seed: u64) -> AtomTable {
        let memory = mem.memory(Use::Atoms);
        AtomTable {
            seed,
            entries: UnsafeCell::new(Vec::new(memory)),
            index: UnsafeCell::new(Vec::new(memory)),
            free: StdCell::new(0),
            strings: StdCell::new(0),
            singles: UnsafeCell::new(Vec::new(memory)),
            predefined: UnsafeCell::new(Vec::new(memory)),
        }
    }

    /// Makes the predefined strings and symbols. The table must be registered with the heap.
    pub fn fill(&self) -> JsResult<()> {
        // SAFETY: nothing else refers to the vectors while the table is being filled.
        unsafe {
            (*self.index.get()).try_resize(FIRST_INDEX_SIZE, 0)?;
            (*self.entries.get()).try_push(1)?;
            let singles = &mut *self.singles.get();
            singles.try_reserve_exact(256)?;
            for unit in 0..=255u8 {
                singles.try_push(JsString::build_latin1(1, |units| units.write(unit))?.into())?;
            }
            let predefined = &mut *self.predefined.get();
            predefined.try_reserve_exact((names::COUNT + names::SYMBOL_COUNT) as usize)?;
            for (i, text) in names::TEXTS.iter().enumerate() {
                let bytes = text.as_bytes();
                let string =
                    JsString::build_latin1(bytes.len(), |to| to.copy_from(bytes.as_ptr(), bytes.len()))?;
                let atom = self.intern_string(&string)?;
                debug_assert_eq!(atom.bits() as usize, i + 1, "{text} is listed twice");
                predefined.try_push(string.into())?;
            }
            for text in names::SYMBOLS {
                let symbol = Symbol::new(JsString::from_str(text)?.into())?;
                predefined.try_push(symbol.into())?;
            }
        }
        Ok(())
    }

    /// Lets the predefined atoms go; called once, when the runtime ends.
    pub fn empty(&self) {
        // SAFETY: the values are moved out before they are dropped, since dropping reaches the table.
        unsafe {
            while let Some(value) = { (*self.predefined.get()).pop() } {
                drop(value);
            }
            while let Some(value) = { (*self.singles.get()).pop() } {
                drop(value);
            }
        }
    }

    /// The table of the current runtime.
    #[inline(always)]
    pub fn current() -> &'static AtomTable {
        let table = heap::current().table(ATOMS).cast::<AtomTable>();
        debug_assert!(!table.is_null());
        // SAFETY: the runtime registers its table before any cell is made and keeps it to the end.
        unsafe { &*table }
    }

    /// The seed of the runtime's hashes.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of atoms: strings and symbols, predefined ones included.
    pub fn len(&self) -> usize {
        // SAFETY: no reference into the vector is alive.
        unsafe { (&*self.entries.get()).iter().filter(|&&e| e & 1 == 0).count() }
    }

    /// Whether there are no atoms.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a cell is one of the strings of a single unit that the table keeps.
    pub fn is_single(&self, cell: NonNull<Header>) -> bool {
        // SAFETY: no mutable reference into the vector is alive.
        unsafe { (&*self.singles.get()).iter().any(|single| single.as_cell() == Some(cell)) }
    }

    /// Calls `visit` with the cell of every atom of the table, also when the predefined ones were let go.
    pub fn for_each_cell(&self, visit: &mut dyn FnMut(NonNull<Header>)) {
        self.for_each(&mut |atom| visit(self.cell(atom.bits())));
    }

    /// Reports the table's blocks.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the vectors is alive.
        unsafe {
            blocks.list(Use::Atoms, Part::AtomTable, &*self.entries.get());
            blocks.list(Use::Atoms, Part::AtomTable, &*self.index.get());
            blocks.list(Use::Atoms, Part::AtomTable, &*self.singles.get());
            blocks.list(Use::Atoms, Part::AtomTable, &*self.predefined.get());
        }
    }

    /// Calls `visit` with every atom of the table.
    pub fn for_each(&self, visit: &mut dyn FnMut(RawAtom)) {
        // SAFETY: the vector is read anew at each step.
        unsafe {
            for i in 1..(&*self.entries.get()).len() {
                if (&*self.entries.get())[i] & 1 == 0 {
                    visit(RawAtom(i as u32));
                }
            }
        }
    }

    #[inline(always)]
    fn cell(&self, atom: u32) -> NonNull<Header> {
        // SAFETY: atoms in use have an entry with a live cell.
        unsafe {
            let entry = *(&*self.entries.get()).get_unchecked(atom as usize);
            debug_assert!(entry & 1 == 0, "atom {atom} is gone");
            NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(entry))
        }
    }

    /// A predefined string.
    pub fn string(&self, atom: RawAtom) -> JsString {
        string_from_cell(self.cell(atom.0))
    }

    /// The shared string of one Latin-1 unit.
    pub fn single(&self, unit: u8) -> JsString {
        // SAFETY: the strings were made by `fill`; no reference into the vector outlives this.
        let value = unsafe { (&*self.singles.get())[usize::from(unit)].clone() };
        // SAFETY: all of them are strings.
        unsafe { JsString::from_value_unchecked(value) }
    }

    /// The key of some text.
    pub fn intern(&self, text: Text<'_>) -> JsResult<Atom> {
        if let Some(integer) = parse_index(text).filter(|&n| n < INTEGER) {
            return Ok(Atom(RawAtom::from_integer(integer)));
        }
        let hash = text.hash(self.seed).max(1);
        if let Some(atom) = self.find(text, hash) {
            return Ok(atom);
        }
        // Single units are shared strings already; using them as atoms keeps one cell.
        let string = JsString::from_text(text)?;
        self.insert(&string, hash)
    }

    /// The key of a string value; the string's own cell becomes the atom if there is none yet.
    pub fn intern_string(&self, string: &JsString) -> JsResult<Atom> {
        let text = string.text()?;
        if let Some(integer) = parse_index(text).filter(|&n| n < INTEGER) {
            return Ok(Atom(RawAtom::from_integer(integer)));
        }
        let hash = string.hash()?;
        if let Some(atom) = self.find(text, hash) {
            return Ok(atom);
        }
        self.insert(&string.flatten()?, hash)
    }

    /// The atom of some text if there is one: for look-ups that must not grow the table.
    pub fn find_text(&self, text: Text<'_>) -> Option<Atom> {
        if let Some(integer) = parse_index(text).filter(|&n| n < INTEGER) {
            return Some(Atom(RawAtom::from_integer(integer)));
        }
        self.find(text, text.hash(self.seed).max(1))
    }

    fn find(&self, text: Text<'_>, hash: u32) -> Option<Atom> {
        // SAFETY: no reference into the vector outlives this function, and nothing here changes it.
        let index = unsafe { &*self.index.get() };
        let mask = index.len() - 1;
        let mut at = hash as usize & mask;
        while index[at] != 0 {
            if (index[at] >> 32) as u32 == hash {
                let atom = index[at] as u32;
                let cell = self.cell(atom);
                let candidate = string_from_cell(cell);
                // Interned strings are flat: reading them cannot fail. One that waits to be freed is left alone.
                // SAFETY: the cells in the table are whole: their finalizer takes them out.
                if candidate.text().is_ok_and(|t| t.equals(text)) && !unsafe { cell.as_ref() }.is_dead() {
                    return Some(RawAtom(atom).to_owned());
                }
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Makes a flat string that is not in the table an atom.
    fn insert(&self, string: &JsString, hash: u32) -> JsResult<Atom> {
        debug_assert!(
            !string.text().is_ok_and(|text| parse_index(text).is_some_and(|n| n < INTEGER)),
            "an integer below 2^31 is no name"
        );
        self.reserve_index()?;
        let atom = self.new_entry(string.as_cell())?;
        // SAFETY: `find` saw that the string is not interned; `intern` and `intern_string` pass flat ones.
        unsafe { set_atom(string, atom, hash) };
        self.place(hash, atom);
        self.strings.set(self.strings.get() + 1);
        Ok(RawAtom(atom).to_owned())
    }

    fn place(&self, hash: u32, atom: u32) {
        // SAFETY: no other reference into the vector is alive.
        let index = unsafe { &mut *self.index.get() };
        let mask = index.len() - 1;
        let mut at = hash as usize & mask;
        while index[at] != 0 {
            at = (at + 1) & mask;
        }
        index[at] = u64::from(hash) << 32 | u64::from(atom);
    }

    fn reserve_index(&self) -> Result<(), OutOfMemory> {
        // SAFETY: no other reference into the vector is alive.
        let index = unsafe { &mut *self.index.get() };
        if (self.strings.get() + 1) * 4 <= index.len() * 3 {
            return Ok(());
        }
        let mut larger = Vec::new(index.memory());
        larger.try_resize(index.len() * 2, 0u64)?;
        let old = core::mem::replace(index, larger);
        for &entry in old.iter().filter(|&&e| e != 0) {
            self.place((entry >> 32) as u32, entry as u32);
        }
        Ok(())
    }

    fn new_entry(&self, cell: NonNull<Header>) -> JsResult<u32> {
        // SAFETY: no other reference into the vector is alive.
        let entries = unsafe { &mut *self.entries.get() };
        let address = cell.as_ptr().expose_provenance();
        let free = self.free.get();
        if free != 0 {
            self.free.set((entries[free as usize] >> 1) as u32);
            entries[free as usize] = address;
            return Ok(free);
        }
        // A tag has 24 bits.
        if entries.len() >= 1 << 24 {
            return Err(Thrown::OutOfMemory);
        }
        entries.try_push(address)?;
        Ok(entries.len() as u32 - 1)
    }

    /// Gives a new symbol its atom.
    pub(super) fn adopt(&self, cell: NonNull<Header>) -> JsResult<()> {
        let atom = self.new_entry(cell)?;
        // SAFETY: the cell is a new symbol, whose tag is its atom.
        unsafe {
            let header = &mut *cell.as_ptr();
            header.set_word(atom << 8 | u32::from(header.kind()));
        }
        Ok(())
    }

    /// Takes an atom out whose cell is being finalized.
    pub(super) fn forget(&self, atom: u32) {
        let cell = self.cell(atom);
        // SAFETY: the cell is being finalized, so it is still whole; no reference into the
        // vectors is alive.
        unsafe {
            if matches!(cell.as_ref().kind() & heap::KIND_MASK, kind::STRING8 | kind::STRING16) {
                let hash = (*cell.cast::<super::string::Flat<false>>().as_ptr()).cached_hash();
                self.remove_from_index(hash, atom);
                self.strings.set(self.strings.get() - 1);
            }
            (&mut *self.entries.get())[atom as usize] = (self.free.get() as usize) << 1 | 1;
            self.free.set(atom);
        }
    }

    fn remove_from_index(&self, hash: u32, atom: u32) {
        // SAFETY: no other reference into the vector is alive.
        let index = unsafe { &mut *self.index.get() };
        let mask = index.len() - 1;
        let mut at = hash as usize & mask;
        while index[at] as u32 != atom {
            debug_assert!(index[at] != 0, "atom {atom} is not in the index");
            at = (at + 1) & mask;
        }
        // Shift the entries behind back to where they would have been put.
        let mut hole = at;
        loop {
            at = (at + 1) & mask;
            if index[at] == 0 {
                break;
            }
            let home = (index[at] >> 32) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                index[hole] = index[at];
                hole = at;
            }
        }
        index[hole] = 0;
    }
}
