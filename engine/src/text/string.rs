//! String cells: flat Latin-1, flat UTF-16, rope.
//!
//! # Invariants
//! - A flat cell has `len` units behind its 16-byte head; what the cell has room for beyond is spare.
//! - The tag of a flat cell is its atom's index, 0 when it is not interned. An interned cell's units
//!   never change; another cell's change only while it has exactly one reference
//!   ([`JsString::concat`]), and only by growing at the end.
//! - A Latin-1 string and a UTF-16 string may hold the same units; they are equal and hash alike.
//! - What a rope is stands in [`super::rope`].

use core::cell::Cell as StdCell;
use core::ptr::NonNull;

use super::atom::AtomTable;
use super::names;
use super::rope::Rope;
use crate::base::hash_units;
use crate::heap::{self, Cell, Header, Tracer};
use crate::mem::{Use, Vec};
use crate::value::{JsResult, JsString, RawValue, Thrown, Value, kind};

/// Longest string, in code units.
pub const MAX_LENGTH: usize = (1 << 30) - 1;

/// Shorter parts of strings are copied.
pub(super) const SLICE_UNITS: usize = 256;
/// Concatenations up to this many units are copied rather than made into ropes.
pub const COPY_UNITS: usize = 32;
/// A string that grows in place gets room for half as much again, up to this, or else for an eighth.
const SPARE_UNITS: usize = 1 << 16;
/// The last chunk of a rope is appended to in place up to this many bytes.
pub(super) const ROPE_CHUNK_BYTES: usize = 512;

/// The code units of a flat string.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// Each byte is a code unit below 256.
    Latin1(&'a [u8]),
    /// UTF-16 code units; surrogates may be unpaired.
    Utf16(&'a [u16]),
}

impl<'a> Text<'a> {
    /// Number of code units.
    #[inline(always)]
    pub fn len(self) -> usize {
        match self {
            Text::Latin1(units) => units.len(),
            Text::Utf16(units) => units.len(),
        }
    }

    /// Whether there are no units.
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The unit at `index`; panics when out of range.
    #[inline(always)]
    pub fn at(self, index: usize) -> u16 {
        match self {
            Text::Latin1(units) => u16::from(units[index]),
            Text::Utf16(units) => units[index],
        }
    }

    /// The code point that starts at `index`, and whether it took two units. An unpaired
    /// surrogate is its own code point.
    #[inline]
    pub fn code_point_at(self, index: usize) -> (u32, bool) {
        let first = self.at(index);
        if first & 0xFC00 == 0xD800 && index + 1 < self.len() {
            let second = self.at(index + 1);
            if second & 0xFC00 == 0xDC00 {
                let high = u32::from(first & 0x3FF) << 10;
                return (0x10000 + (high | u32::from(second & 0x3FF)), true);
            }
        }
        (u32::from(first), false)
    }

    /// The units from `start` to `end`.
    #[inline]
    pub fn slice(self, start: usize, end: usize) -> Text<'a> {
        match self {
            Text::Latin1(units) => Text::Latin1(&units[start..end]),
            Text::Utf16(units) => Text::Utf16(&units[start..end]),
        }
    }

    /// The units, one by one.
    pub fn units(self) -> impl DoubleEndedIterator<Item = u16> + 'a {
        let (narrow, wide): (&[u8], &[u16]) = match self {
            Text::Latin1(units) => (units, &[]),
            Text::Utf16(units) => (&[], units),
        };
        narrow.iter().map(|&u| u16::from(u)).chain(wide.iter().copied())
    }

    /// The text as ASCII bytes, when it is nothing else.
    pub fn as_ascii(self) -> Option<&'a str> {
        match self {
            Text::Latin1(units) if units.is_ascii() => core::str::from_utf8(units).ok(),
            _ => None,
        }
    }

    /// Whether the units equal those of a Rust string.
    pub fn equals_str(self, other: &str) -> bool {
        let mut units = self.units();
        other.encode_utf16().all(|u| units.next() == Some(u)) && units.next().is_none()
    }

    /// Whether two texts have the same units.
    pub fn equals(self, other: Text<'_>) -> bool {
        match (self, other) {
            (Text::Latin1(a), Text::Latin1(b)) => a == b,
            (Text::Utf16(a), Text::Utf16(b)) => a == b,
            _ => self.len() == other.len() && self.units().eq(other.units()),
        }
    }

    /// Code unit order.
    pub fn compare(self, other: Text<'_>) -> core::cmp::Ordering {
        match (self, other) {
            (Text::Latin1(a), Text::Latin1(b)) => a.cmp(b),
            (Text::Utf16(a), Text::Utf16(b)) => a.cmp(b),
            _ => self.units().cmp(other.units()),
        }
    }

    /// The hash under a seed; equal texts hash alike whatever their width.
    pub fn hash(self, seed: u64) -> u32 {
        match self {
            Text::Latin1(units) => hash_units(units, seed),
            Text::Utf16(units) => hash_units(units, seed),
        }
    }

    /// Position of the first occurrence of `needle` at or after `from`, in a text that is short.
    pub fn find(self, needle: Text<'_>, from: usize) -> Option<usize> {
        let Ok(found) =
            super::search::find(self, needle, from, &mut |_| Ok::<(), core::convert::Infallible>(()));
        found
    }
}

/// A flat string cell; the units follow.
#[repr(C)]
pub struct Flat<const WIDE: bool> {
    header: Header,
    len: u32,
    /// Cached hash under the runtime's seed; 0 when not computed.
    hash: StdCell<u32>,
}

const HEAD_BYTES: usize = 16;
const _: () = assert!(size_of::<Flat<false>>() == HEAD_BYTES);

// SAFETY: `repr(C)` with the header first; no references to other cells.
unsafe impl Cell for Flat<false> {
    const KIND: u8 = kind::STRING8;
    fn trace(&self, _: &mut Tracer<'_>) {}
}

// SAFETY: as above.
unsafe impl Cell for Flat<true> {
    const KIND: u8 = kind::STRING16;
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl<const WIDE: bool> Flat<WIDE> {
    /// Sets the number of units of a cell that nobody else has, and forgets the hash.
    ///
    /// # Safety
    /// 1. `cell` is a live flat string with one reference, and its first `len` units are written.
    pub(super) unsafe fn set_len(cell: NonNull<Header>, len: usize) {
        // SAFETY: (1) both kinds of flat cell have this head.
        unsafe {
            let flat = cell.cast::<Flat<WIDE>>().as_ptr();
            (*flat).len = len as u32;
            (*flat).hash.set(0);
        }
    }

    /// The cached hash, 0 when there is none. An interned string always has one.
    pub(super) fn cached_hash(&self) -> u32 {
        self.hash.get()
    }
}

impl<const WIDE: bool> Drop for Flat<WIDE> {
    fn drop(&mut self) {
        if self.header.tag() != 0 {
            AtomTable::current().forget(self.header.tag());
        }
    }
}

/// Number of units a flat cell has room for.
unsafe fn capacity(cell: NonNull<Header>, unit: usize) -> usize {
    // SAFETY: the caller's cell is a live flat string.
    (unsafe { heap::current().cell_size(cell) } - HEAD_BYTES) / unit
}

/// Units that are compared, hashed or copied for one step of the budget.
const UNITS_PER_STEP: usize = 256;

/// Charges work on so many units, where that is worth it, to whoever asks for the budget next.
#[inline(always)]
fn owe_for(units: usize) {
    if units > COPY_UNITS * 32 {
        heap::current().owe((units / UNITS_PER_STEP) as u32);
    }
}

/// A flat cell with `len` units not yet written.
pub(super) fn alloc_flat(len: usize, wide: bool, spare: usize) -> JsResult<NonNull<Header>> {
    if len > MAX_LENGTH {
        return Err(Thrown::StringTooLong);
    }
    owe_for(len);
    let unit = if wide { 2 } else { 1 };
    let word = if wide { kind::STRING16 } else { kind::STRING8 };
    let cell = heap::current().alloc_raw(HEAD_BYTES + (len + spare) * unit, u32::from(word))?;
    // SAFETY: both kinds of flat cell have this head, which fits.
    unsafe {
        let flat = cell.cast::<Flat<false>>().as_ptr();
        (&raw mut (*flat).len).write(len as u32);
        (&raw mut (*flat).hash).write(StdCell::new(0));
    }
    Ok(cell)
}

#[inline(always)]
fn units8(cell: NonNull<Header>) -> *mut u8 {
    cell.as_ptr().cast::<u8>().wrapping_add(HEAD_BYTES)
}

#[inline(always)]
fn units16(cell: NonNull<Header>) -> *mut u16 {
    units8(cell).cast()
}

/// # Safety
/// `cell` is a fresh flat string, all of whose units are written.
pub(super) unsafe fn own(cell: NonNull<Header>) -> JsString {
    // SAFETY: the cell's one count is handed over; it is a string.
    unsafe { JsString::from_value_unchecked(Value::from_raw(RawValue::cell(cell))) }
}

/// # Safety
/// `cell` is a live flat string, and stays so and unchanged for `'a`.
pub(super) unsafe fn flat_text<'a>(cell: NonNull<Header>) -> Text<'a> {
    // SAFETY: the head says how many units follow and of which width.
    unsafe {
        let len = (*cell.cast::<Flat<false>>().as_ptr()).len as usize;
        if cell.as_ref().kind() == kind::STRING16 {
            Text::Utf16(core::slice::from_raw_parts(units16(cell), len))
        } else {
            Text::Latin1(core::slice::from_raw_parts(units8(cell), len))
        }
    }
}

/// Writes `text` at unit `at` of a flat cell.
///
/// # Safety
/// The cell has room, is wide if `wide`, and `text` does not lie in the written range.
pub(super) unsafe fn write_units(cell: NonNull<Header>, wide: bool, at: usize, text: Text<'_>) {
    // SAFETY: the caller's duties.
    unsafe {
        match (wide, text) {
            (false, Text::Latin1(units)) => {
                units8(cell).add(at).copy_from_nonoverlapping(units.as_ptr(), units.len());
            }
            (true, Text::Utf16(units)) => {
                units16(cell).add(at).copy_from_nonoverlapping(units.as_ptr(), units.len());
            }
            (true, Text::Latin1(units)) => {
                for (i, &unit) in units.iter().enumerate() {
                    units16(cell).add(at + i).write(u16::from(unit));
                }
            }
            (false, Text::Utf16(units)) => {
                for (i, &unit) in units.iter().enumerate() {
                    debug_assert!(unit < 256);
                    units8(cell).add(at + i).write(unit as u8);
                }
            }
        }
    }
}

/// A string in the making: flat, with room for all its units, and as long as what was written so far.
pub struct Unfinished {
    string: JsString,
    wide: bool,
}

impl Unfinished {
    /// Room for `len` units.
    pub fn new(len: usize, wide: bool) -> JsResult<Unfinished> {
        let cell = alloc_flat(len, wide, 0)?;
        // SAFETY: the cell is a fresh flat string; of none of its units all are written.
        unsafe {
            (&raw mut (*cell.cast::<Flat<false>>().as_ptr()).len).write(0);
            Ok(Unfinished { string: own(cell), wide })
        }
    }

    /// Appends units, as far as there is room; where the string is not wide they all fit in a byte.
    pub fn push(&mut self, text: Text<'_>) {
        let cell = self.string.as_cell();
        let at = self.string.len();
        // SAFETY: the cell is a flat string of this width, which nobody else knows, and what is appended fits.
        unsafe {
            let text = text.slice(0, text.len().min(capacity(cell, if self.wide { 2 } else { 1 }) - at));
            write_units(cell, self.wide, at, text);
            (&raw mut (*cell.cast::<Flat<false>>().as_ptr()).len).write((at + text.len()) as u32);
        }
    }

    /// The string.
    pub fn finish(self) -> JsString {
        self.string
    }
}

impl Value {
    /// The text of a flat string, or the digits of an int.
    #[inline]
    pub fn flat_text<'a>(&'a self, digits: &'a mut [u8; 11]) -> Option<Text<'a>> {
        if let Some(int) = self.as_int() {
            return Some(Text::Latin1(int_digits(int, digits)));
        }
        let string = self.as_string().filter(|s| s.is_flat())?;
        // SAFETY: as in `JsString::text`.
        Some(unsafe { flat_text(string.as_cell()) })
    }
}

/// The decimal form of an int.
#[inline]
fn int_digits(int: i32, digits: &mut [u8; 11]) -> &[u8] {
    let mut rest = int.unsigned_abs();
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if int < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    &digits[at..]
}

impl<const WIDE: bool> Flat<WIDE> {
    /// Offset of the number of units, in ropes too.
    pub const LENGTH_OFFSET: usize = core::mem::offset_of!(Flat<WIDE>, len);
    /// Offset of the first unit.
    pub const UNITS_OFFSET: usize = HEAD_BYTES;
}

const _: () = assert!(Flat::<false>::LENGTH_OFFSET == Rope::LENGTH_OFFSET);

impl JsString {
    /// The empty string.
    pub fn empty() -> JsString {
        AtomTable::current().string(names::EMPTY)
    }

    /// A string of Latin-1 units.
    pub fn from_latin1(units: &[u8]) -> JsResult<JsString> {
        match units {
            [] => return Ok(JsString::empty()),
            [unit] => return Ok(JsString::from_unit_latin1(*unit)),
            _ => (),
        }
        let cell = alloc_flat(units.len(), false, 0)?;
        // SAFETY: the cell has room for the units, which are all written.
        unsafe {
            write_units(cell, false, 0, Text::Latin1(units));
            Ok(own(cell))
        }
    }

    /// A string of UTF-16 units; stored as Latin-1 where they fit.
    pub fn from_utf16(units: &[u16]) -> JsResult<JsString> {
        let wide = units.iter().any(|&u| u > 0xFF);
        if !wide && units.len() <= 1 {
            return Ok(units.first().map_or_else(JsString::empty, |&u| JsString::from_unit_latin1(u as u8)));
        }
        let cell = alloc_flat(units.len(), wide, 0)?;
        // SAFETY: the cell has room for the units, which are all written.
        unsafe {
            write_units(cell, wide, 0, Text::Utf16(units));
            Ok(own(cell))
        }
    }

    /// A string of some text.
    pub fn from_text(text: Text<'_>) -> JsResult<JsString> {
        match text {
            Text::Latin1(units) => JsString::from_latin1(units),
            Text::Utf16(units) => JsString::from_utf16(units),
        }
    }

    /// A string of UTF-8 text.
    #[expect(clippy::should_implement_trait, reason = "allocates in the runtime and can fail")]
    pub fn from_str(text: &str) -> JsResult<JsString> {
        if text.is_ascii() {
            return JsString::from_latin1(text.as_bytes());
        }
        let wide = text.chars().any(|c| c > '\u{FF}');
        let cell = alloc_flat(text.encode_utf16().count(), wide, 0)?;
        for (i, unit) in text.encode_utf16().enumerate() {
            // SAFETY: the cell has room for exactly these units.
            unsafe {
                if wide { units16(cell).add(i).write(unit) } else { units8(cell).add(i).write(unit as u8) }
            }
        }
        // SAFETY: all units are written.
        Ok(unsafe { own(cell) })
    }

    /// A string of one Latin-1 unit; these are shared.
    pub fn from_unit_latin1(unit: u8) -> JsString {
        AtomTable::current().single(unit)
    }

    /// A string of one code unit.
    pub fn from_unit(unit: u16) -> JsResult<JsString> {
        match u8::try_from(unit) {
            Ok(unit) => Ok(JsString::from_unit_latin1(unit)),
            Err(_) => JsString::from_utf16(&[unit]),
        }
    }

    /// A string of one code point (a surrogate pair above U+FFFF).
    pub fn from_code_point(code_point: u32) -> JsResult<JsString> {
        if code_point < 0x10000 {
            return JsString::from_unit(code_point as u16);
        }
        let c = code_point - 0x10000;
        JsString::from_utf16(&[0xD800 | (c >> 10) as u16, 0xDC00 | (c & 0x3FF) as u16])
    }

    /// A flat cell of `len` units, which `fill` writes all of. For builders.
    ///
    /// # Safety
    /// 1. `fill` writes every unit of the slice it is given.
    pub unsafe fn build_latin1(len: usize, fill: impl FnOnce(*mut u8)) -> JsResult<JsString> {
        let cell = alloc_flat(len, false, 0)?;
        fill(units8(cell));
        // SAFETY: (1) all units are written.
        Ok(unsafe { own(cell) })
    }

    /// Number of code units.
    #[inline(always)]
    pub fn len(&self) -> usize {
        // SAFETY: flat cells and ropes keep their length at the same place.
        unsafe { (*self.as_cell().cast::<Flat<false>>().as_ptr()).len as usize }
    }

    /// Whether this is the empty string.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the units are at hand without work.
    #[inline(always)]
    pub fn is_flat(&self) -> bool {
        self.kind() != kind::ROPE
    }

    /// The atom this string is, when it is interned.
    #[inline(always)]
    pub(crate) fn atom_index(&self) -> u32 {
        // SAFETY: the string is alive.
        if self.is_flat() { unsafe { self.as_cell().as_ref().tag() } } else { 0 }
    }

    /// The code units; a concatenation is carried out first.
    #[inline]
    pub fn text(&self) -> JsResult<Text<'_>> {
        match self.downcast::<Rope>() {
            // SAFETY: a flat cell does not change while another reference (`self`) exists beside the
            // one `concat` consumes; the borrow keeps `self` alive.
            None => Ok(unsafe { flat_text(self.as_cell()) }),
            Some(rope) => rope.text(),
        }
    }

    /// The flat string with the same units.
    pub fn flatten(&self) -> JsResult<JsString> {
        let Some(rope) = self.downcast::<Rope>() else { return Ok(self.clone()) };
        if let Some(text) = rope.slice_text() {
            return JsString::from_text(text);
        }
        let cell = rope.flatten()?;
        // SAFETY: the cell is alive, owned by the rope.
        Ok(unsafe { JsString::from_value_unchecked(RawValue::cell(cell).to_owned()) })
    }

    /// The string in WTF-8: UTF-8 in which unpaired surrogates stand for themselves.
    pub fn to_wtf8(&self) -> JsResult<Vec<'static, u8>> {
        let text = self.text()?;
        let mut bytes = Vec::new(heap::current().mem().memory(Use::Scratch));
        bytes.try_reserve(text.len())?;
        let mut at = 0;
        while at < text.len() {
            let (c, pair) = text.code_point_at(at);
            at += if pair { 2 } else { 1 };
            match c {
                0..0x80 => bytes.try_push(c as u8)?,
                0x80..0x800 => {
                    bytes.try_extend_from_slice(&[0xC0 | (c >> 6) as u8, 0x80 | (c & 0x3F) as u8])?;
                }
                0x800..0x10000 => bytes.try_extend_from_slice(&[
                    0xE0 | (c >> 12) as u8,
                    0x80 | (c >> 6 & 0x3F) as u8,
                    0x80 | (c & 0x3F) as u8,
                ])?,
                _ => bytes.try_extend_from_slice(&[
                    0xF0 | (c >> 18) as u8,
                    0x80 | (c >> 12 & 0x3F) as u8,
                    0x80 | (c >> 6 & 0x3F) as u8,
                    0x80 | (c & 0x3F) as u8,
                ])?,
            }
        }
        Ok(bytes)
    }

    /// The hash under the runtime's seed, cached in the cell where that is flat.
    pub fn hash(&self) -> JsResult<u32> {
        let cell = match self.downcast::<Rope>() {
            None => self.as_cell(),
            Some(rope) => match rope.slice_text() {
                Some(text) => return Ok(text.hash(AtomTable::current().seed()).max(1)),
                None => rope.flatten()?,
            },
        };
        // SAFETY: a live flat cell.
        unsafe {
            let cached = &(*cell.cast::<Flat<false>>().as_ptr()).hash;
            if cached.get() == 0 {
                let text = flat_text(cell);
                owe_for(text.len());
                cached.set(text.hash(AtomTable::current().seed()).max(1));
            }
            Ok(cached.get())
        }
    }

    /// Whether two strings have the same units.
    pub fn equals(&self, other: &JsString) -> JsResult<bool> {
        if JsString::same(self, other) {
            return Ok(true);
        }
        if self.len() != other.len() || (self.atom_index() != 0 && other.atom_index() != 0) {
            return Ok(false);
        }
        owe_for(self.len());
        Ok(self.text()?.equals(other.text()?))
    }

    /// Code unit order.
    pub fn compare(&self, other: &JsString) -> JsResult<core::cmp::Ordering> {
        owe_for(self.len().min(other.len()));
        Ok(self.text()?.compare(other.text()?))
    }

    /// The units from `start` to `end`, as a string. A long part that is most of the string it comes from shares
    /// its units, so that what takes its input apart from one end does not copy the rest each time.
    pub fn substring(&self, start: usize, end: usize) -> JsResult<JsString> {
        if start == 0 && end == self.len() {
            return Ok(self.clone());
        }
        let text = self.text()?;
        if end - start < SLICE_UNITS {
            return JsString::from_text(text.slice(start, end));
        }
        match self.slice(start, end)? {
            Some(slice) => Ok(slice),
            None => JsString::from_text(text.slice(start, end)),
        }
    }

    /// `count` times the same text.
    pub fn repeated(text: Text<'_>, count: usize) -> JsResult<JsString> {
        let Some(len) = text.len().checked_mul(count).filter(|&len| len <= MAX_LENGTH) else {
            return Err(Thrown::StringTooLong);
        };
        if len <= 1 || count == 1 {
            return JsString::from_text(text.slice(0, len));
        }
        let wide = matches!(text, Text::Utf16(_));
        let unit = if wide { 2 } else { 1 };
        let cell = alloc_flat(len, wide, 0)?;
        // SAFETY: the cell has room for `len` units; each step doubles what is written, until all are.
        unsafe {
            if let Text::Latin1(&[only]) = text {
                units8(cell).write_bytes(only, len);
                return Ok(own(cell));
            }
            write_units(cell, wide, 0, text);
            let mut done = text.len();
            while done < len {
                let more = done.min(len - done);
                units8(cell).copy_to_nonoverlapping(units8(cell).add(done * unit), more * unit);
                done += more;
            }
            Ok(own(cell))
        }
    }

    /// Joins two strings. The left one is consumed: if nobody else has it, it grows in place.
    pub fn concat(mut self, right: &JsString) -> JsResult<JsString> {
        let (n, m) = (self.len(), right.len());
        if m == 0 {
            return Ok(self);
        }
        if n == 0 {
            return Ok(right.clone());
        }
        if n + m > MAX_LENGTH {
            return Err(Thrown::StringTooLong);
        }
        if right.is_flat() {
            let text = right.text()?;
            if self.is_flat() {
                if self.is_growable(text) {
                    self.append_in_place(text)?;
                    return Ok(self);
                }
                if n + m <= COPY_UNITS {
                    return JsString::concat_texts(self.text()?, text);
                }
            } else if let Some(done) = self.append_to_last_chunk(text)? {
                return if done { Ok(self) } else { JsString::new_rope(self, right.clone()) };
            }
        }
        JsString::new_rope(self, right.clone())
    }

    /// As [`JsString::concat`], but gives the left string back when it fails.
    pub fn append(mut self, right: &JsString) -> Result<JsString, (JsString, Thrown)> {
        if self.len() + right.len() > MAX_LENGTH {
            return Err((self, Thrown::StringTooLong));
        }
        if self.is_flat() && right.is_flat() && !self.is_empty() {
            match right.text() {
                Ok(text) if self.is_growable(text) => {
                    return match self.append_in_place(text) {
                        Ok(()) => Ok(self),
                        Err(error) => Err((self, error)),
                    };
                }
                Ok(_) => (),
                Err(error) => return Err((self, error)),
            }
        }
        // A second owner while the rope is made keeps the string through a failure; ropes that
        // nobody else has are appended to without one.
        if self.kind() == kind::ROPE {
            return match right.text() {
                Ok(text) => match self.append_to_last_chunk(text) {
                    Ok(Some(true)) => Ok(self),
                    Ok(_) => {
                        let kept = self.clone();
                        JsString::new_rope(self, right.clone()).map_err(|error| (kept, error))
                    }
                    Err(error) => Err((self, error)),
                },
                Err(error) => Err((self, error)),
            };
        }
        let kept = self.clone();
        self.concat(right).map_err(|error| (kept, error))
    }

    /// Appends in place to a string that nobody else has; false where the result needs another cell. The
    /// string is unchanged then, and when it fails.
    #[inline]
    pub fn try_append(&mut self, text: Text<'_>) -> JsResult<bool> {
        if self.len() + text.len() > MAX_LENGTH {
            return Ok(false);
        }
        if self.is_flat() {
            let growable = self.is_growable(text);
            if growable {
                self.append_in_place(text)?;
            }
            return Ok(growable);
        }
        Ok(self.append_to_last_chunk(text)? == Some(true))
    }

    /// One flat string of strings and ints. `None` where a part is something else or a rope, or where the
    /// result would be long enough for a rope.
    pub fn concat_parts(parts: &[Value]) -> JsResult<Option<JsString>> {
        let (mut len, mut wide) = (0, false);
        let mut digits = [0; 11];
        for part in parts {
            match part.flat_text(&mut digits) {
                Some(text) => {
                    len += text.len();
                    wide |= matches!(text, Text::Utf16(_));
                }
                None => return Ok(None),
            }
        }
        if len > ROPE_CHUNK_BYTES {
            return Ok(None);
        }
        if len < 2 {
            let whole = parts.iter().find_map(|part| match part.as_string() {
                Some(string) if string.is_empty() => None,
                Some(string) => Some(Ok(string.clone())),
                None => part.flat_text(&mut digits).map(JsString::from_text),
            });
            return whole.unwrap_or(Ok(JsString::empty())).map(Some);
        }
        let cell = alloc_flat(len, wide, 0)?;
        let mut at = 0;
        for part in parts {
            if let Some(text) = part.flat_text(&mut digits) {
                // SAFETY: the lengths add up to that of the new cell, and all units are written.
                unsafe { write_units(cell, wide, at, text) };
                at += text.len();
            }
        }
        // SAFETY: as above.
        Ok(Some(unsafe { own(cell) }))
    }

    /// One flat string of two texts.
    pub fn concat_texts(left: Text<'_>, right: Text<'_>) -> JsResult<JsString> {
        let wide = matches!(left, Text::Utf16(_)) || matches!(right, Text::Utf16(_));
        let cell = alloc_flat(left.len() + right.len(), wide, 0)?;
        // SAFETY: the new cell has room for both, and all units are written.
        unsafe {
            write_units(cell, wide, 0, left);
            write_units(cell, wide, left.len(), right);
            Ok(own(cell))
        }
    }

    /// Whether `text` may be appended to this cell: nobody else has it, it is no atom, and it is
    /// wide enough.
    pub(super) fn is_growable(&self, text: Text<'_>) -> bool {
        // SAFETY: the string is alive.
        let header = unsafe { self.as_cell().as_ref() };
        header.count() == 1
            && header.tag() == 0
            && (header.kind() == kind::STRING16 || matches!(text, Text::Latin1(_)))
    }

    /// Makes room for `len` units in a flat string that nobody else has, and some to spare where that is more
    /// than there is.
    ///
    /// # Safety
    /// 1. This is the only reference to the cell, which is flat.
    pub(super) unsafe fn reserve(&mut self, len: usize) -> JsResult<()> {
        let unit = if self.kind() == kind::STRING16 { 2 } else { 1 };
        // SAFETY: (1) the cell may move; the old reference is replaced without being given up.
        unsafe {
            if len > capacity(self.as_cell(), unit) {
                // In proportion, so that appending takes constant time on average; less where that is much.
                let room = len + (len / 2).min(SPARE_UNITS.max(len / 8));
                let bytes = HEAD_BYTES + room.min(MAX_LENGTH) * unit;
                let cell = heap::current().resize_raw(self.as_cell(), bytes)?;
                core::mem::forget(core::mem::replace(self, own(cell)));
            }
        }
        Ok(())
    }

    /// Appends to a flat string that [`JsString::is_growable`]; unchanged on failure.
    pub(super) fn append_in_place(&mut self, text: Text<'_>) -> JsResult<()> {
        let wide = self.kind() == kind::STRING16;
        let (n, m) = (self.len(), text.len());
        // SAFETY: this is the only reference to a flat cell, so it may move and change; `text`
        // belongs to another cell, which is alive through another reference.
        unsafe {
            self.reserve(n + m)?;
            let cell = self.as_cell();
            write_units(cell, wide, n, text);
            Flat::<false>::set_len(cell, n + m);
        }
        Ok(())
    }

    /// Whether the units are stored as UTF-16.
    pub fn is_wide(&self) -> bool {
        match self.downcast::<Rope>() {
            Some(rope) => rope.is_wide(),
            None => self.kind() == kind::STRING16,
        }
    }
}

/// A string cell reference, for the atom table.
pub(super) fn string_from_cell(cell: NonNull<Header>) -> JsString {
    // SAFETY: the atom table holds live string cells only.
    unsafe { JsString::from_value_unchecked(RawValue::cell(cell).to_owned()) }
}

/// Marks a flat string as the atom `index`, under whose hash the table found it.
///
/// # Safety
/// `string` is flat and not interned.
pub(super) unsafe fn set_atom(string: &JsString, index: u32, hash: u32) {
    // SAFETY: the string is alive; the tag of a flat string is its atom.
    unsafe {
        (*string.as_cell().cast::<Flat<false>>().as_ptr()).hash.set(hash);
        let header = &mut *string.as_cell().as_ptr();
        header.set_word(index << 8 | u32::from(header.kind()));
    }
}
