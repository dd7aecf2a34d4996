//! Normalisation forms (UAX #15) of Latin-1 and UTF-16 text.
//!
//! Text is taken in stretches. A *clean* character is in normal form by itself, is a starter, and does
//! not compose with what precedes; stretches of clean characters are copied. From the last clean
//! character before anything else, characters are decomposed into a buffer, which is put in canonical
//! order, composed and written out whenever a clean character follows. The buffer is as long as the
//! longest sequence of combining characters; ordering takes n log n steps, so no text is slow.

use tare_allocators::{Memory, OutOfMemory, Vec};

use crate::runs::Runs;
use crate::tables;

static CLASSES: Runs = Runs {
    pages: &tables::NORM_PAGES,
    low: &tables::NORM_LOW,
    value: &tables::NORM_VALUE,
    tail: &tables::NORM_TAIL,
};

static DECOMPOSITIONS: Runs = Runs {
    pages: &tables::DECOMPOSE_PAGES,
    low: &tables::DECOMPOSE_LOW,
    value: &tables::DECOMPOSE_VALUE,
    tail: &tables::DECOMPOSE_TAIL,
};

// Flags of a class; the low byte is the combining class.
const NFD_NO: u16 = 0x100;
const NFKD_NO: u16 = 0x200;
const NFC_NO: u16 = 0x400;
const NFKC_NO: u16 = 0x800;
const MAYBE: u16 = 0x1000;

// Bits of the kind of a run of decompositions.
const CANONICAL: u8 = 0x80;
/// One target for the first character of the run; the others follow it one by one.
const LINEAR: u8 = 0x40;
/// The high byte of all code units comes first, then the low bytes.
const NARROW: u8 = 0x20;
/// Mask of the number of code units of each mapping; zeros fill up shorter ones.
const UNITS: u8 = 0x1F;
/// In place of that number: a code unit, and the index of the second character in the compositions.
const PAIR: u8 = 0x1F;

// Hangul syllables (The Unicode Standard, 3.12).
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11A7;
const S_BASE: u32 = 0xAC00;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// A normalisation form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Canonical decomposition, then canonical composition.
    Nfc,
    /// Canonical decomposition.
    Nfd,
    /// Compatibility decomposition, then canonical composition.
    Nfkc,
    /// Compatibility decomposition.
    Nfkd,
}

impl Form {
    fn composes(self) -> bool {
        matches!(self, Form::Nfc | Form::Nfkc)
    }

    fn compatible(self) -> bool {
        matches!(self, Form::Nfkc | Form::Nfkd)
    }

    /// Flag of characters that never occur in the form.
    fn no(self) -> u16 {
        match self {
            Form::Nfc => NFC_NO,
            Form::Nfd => NFD_NO,
            Form::Nfkc => NFKC_NO,
            Form::Nfkd => NFKD_NO,
        }
    }

    /// All below this code point is clean.
    fn clean_below(self) -> u16 {
        match self {
            Form::Nfc => 0x300,
            Form::Nfd => 0xC0,
            Form::Nfkc | Form::Nfkd => 0xA0,
        }
    }

    /// Bits of a class of which a clean character has none.
    fn unclean(self) -> u16 {
        self.no() | 0xFF | if self.composes() { MAYBE } else { 0 }
    }
}

/// Text as the engine keeps it.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// Each byte is a code point.
    Latin1(&'a [u8]),
    /// UTF-16, possibly with lone surrogates, which are left as they are.
    Utf16(&'a [u16]),
}

/// Whether a text is in a normalisation form, as far as looking at single characters can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuickCheck {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It must be normalised and compared.
    Maybe,
}

/// Combining class and flags of a code point.
#[inline]
fn class(c: u32) -> u16 {
    // Nothing happens to ASCII and the control characters after it; letters that others decompose to
    // are mostly among them.
    if c < 0xA0 {
        return 0;
    }
    tables::NORM_CLASS[usize::from(CLASSES.get(c))]
}

/// The canonical combining class of a code point.
#[must_use]
pub fn combining_class(c: u32) -> u8 {
    class(c) as u8
}

/// The code point that starts at `at`, which is within `text`, and how many units it takes.
#[inline]
fn decode<U: Copy + Into<u16>>(text: &[U], at: usize) -> (u32, usize) {
    let unit: u16 = text[at].into();
    if unit & 0xFC00 == 0xD800
        && let Some(&next) = text.get(at + 1)
    {
        let next: u16 = next.into();
        if next & 0xFC00 == 0xDC00 {
            return (0x1_0000 + ((u32::from(unit) & 0x3FF) << 10 | u32::from(next) & 0x3FF), 2);
        }
    }
    (u32::from(unit), 1)
}

/// Is the text in the form? Answers [`QuickCheck::Maybe`] only for forms with composition.
#[must_use]
pub fn quick_check(form: Form, text: Text<'_>) -> QuickCheck {
    quick_check_while(form, text, &mut |_| true).unwrap_or(QuickCheck::Maybe)
}

/// Is asked, with the number of units worked on since, whether the work goes on.
pub type GoesOn<'f> = &'f mut dyn FnMut(usize) -> bool;

/// Units after which [`GoesOn`] is asked.
const PORTION: usize = 1 << 11;

/// As [`quick_check`]; `None` when `goes_on` said no.
#[must_use]
pub fn quick_check_while(form: Form, text: Text<'_>, goes_on: GoesOn<'_>) -> Option<QuickCheck> {
    match text {
        Text::Latin1(_) if form == Form::Nfc => Some(QuickCheck::Yes),
        Text::Latin1(bytes) => check(form, bytes, goes_on),
        Text::Utf16(units) => check(form, units, goes_on),
    }
}

fn check<U: Copy + Into<u16>>(form: Form, text: &[U], goes_on: GoesOn<'_>) -> Option<QuickCheck> {
    let (no, clean_below) = (form.no(), form.clean_below());
    let mut answer = QuickCheck::Yes;
    let mut last = 0;
    let (mut at, mut asked) = (0, 0);
    while at < text.len() {
        if at - asked >= PORTION {
            if !goes_on(at - asked) {
                return None;
            }
            asked = at;
        }
        if text[at].into() < clean_below {
            // Sixteen at a time: the largest of them tells.
            let chunk = text[at..].first_chunk::<16>();
            let largest = |chunk: &[U; 16]| chunk.iter().fold(0, |most, &unit| unit.into().max(most));
            at += if chunk.is_some_and(|chunk| largest(chunk) < clean_below) { 16 } else { 1 };
            last = 0;
            continue;
        }
        let (c, units) = decode(text, at);
        at += units;
        let class = class(c);
        let combining = class & 0xFF;
        if class & no != 0 || (combining != 0 && combining < last) {
            return Some(QuickCheck::No);
        }
        if form.composes() && class & MAYBE != 0 {
            answer = QuickCheck::Maybe;
        }
        last = combining;
    }
    Some(answer)
}

/// The text in the form. Text that is all clean, as ASCII is, costs one copy.
///
/// # Errors
/// The memory for the result or for the buffer was refused.
pub fn normalize<'m>(form: Form, text: Text<'_>, memory: Memory<'m>) -> Result<Vec<'m, u16>, OutOfMemory> {
    let whole = normalize_while(form, text, memory, &mut |_| true)?;
    Ok(whole.unwrap_or_else(|| Vec::new(memory)))
}

/// As [`normalize`]; `None` when `goes_on` said no.
///
/// # Errors
/// As [`normalize`].
pub fn normalize_while<'m>(
    form: Form,
    text: Text<'_>,
    memory: Memory<'m>,
    goes_on: GoesOn<'_>,
) -> Result<Option<Vec<'m, u16>>, OutOfMemory> {
    match text {
        Text::Latin1(bytes) => Normalizer::run(form, bytes, memory, goes_on),
        Text::Utf16(units) => Normalizer::run(form, units, memory, goes_on),
    }
}

/// A decomposed character: combining class << 56 | position << 21 | code point, so that sorting whole
/// words is stable canonical ordering. Positions count from the start of the buffer.
type Item = u64;

fn code_point(item: Item) -> u32 {
    item as u32 & 0x1F_FFFF
}

fn combining(item: Item) -> u8 {
    (item >> 56) as u8
}

struct Normalizer<'m> {
    form: Form,
    out: Vec<'m, u16>,
    buffer: Vec<'m, Item>,
    /// Some mark in the buffer is behind one of a higher class.
    unordered: bool,
}

impl<'m> Normalizer<'m> {
    fn run<U: Copy + Into<u16>>(
        form: Form,
        text: &[U],
        memory: Memory<'m>,
        goes_on: GoesOn<'_>,
    ) -> Result<Option<Vec<'m, u16>>, OutOfMemory> {
        let out = Vec::try_with_capacity(text.len(), memory)?;
        let mut this = Normalizer { form, out, buffer: Vec::new(memory), unordered: false };
        let unclean = form.unclean();
        let (mut at, mut asked) = (0, 0);
        while at < text.len() {
            if at - asked >= PORTION {
                if !goes_on(at - asked) {
                    return Ok(None);
                }
                asked = at;
            }
            // A stretch ends after a portion at the latest, not within a pair: what follows is then looked at
            // as if it were unclean, which changes nothing.
            let mut limit = text.len().min(at + PORTION);
            if limit < text.len() && text[limit - 1].into() & 0xFC00 == 0xD800 {
                limit -= 1;
            }
            let (back, end) = clean_stretch(form, &text[..limit], at);
            // What follows the stretch may compose with its last character.
            let copied = if form.composes() && end < text.len() { back } else { end };
            this.copy(&text[at..copied])?;
            if end == text.len() {
                break;
            }
            // Up to the next clean character behind the unclean one.
            at = copied;
            let (mut c, mut units) = decode(text, at);
            let mut bits = class(c);
            loop {
                this.decompose(c, bits)?;
                at += units;
                if at == text.len() {
                    break;
                }
                if at - asked >= PORTION {
                    if !goes_on(at - asked) {
                        return Ok(None);
                    }
                    asked = at;
                }
                (c, units) = decode(text, at);
                bits = class(c);
                if at > end && bits & unclean == 0 {
                    break;
                }
            }
            this.flush()?;
        }
        Ok(Some(this.out))
    }

    fn copy<U: Copy + Into<u16>>(&mut self, units: &[U]) -> Result<(), OutOfMemory> {
        let len = self.out.len();
        self.out.try_resize(len + units.len(), 0)?;
        for (to, &from) in self.out[len..].iter_mut().zip(units) {
            *to = from.into();
        }
        Ok(())
    }

    fn write(&mut self, c: u32) -> Result<(), OutOfMemory> {
        match c.checked_sub(0x1_0000) {
            None => self.out.try_push(c as u16),
            Some(offset) => {
                self.out.try_push(0xD800 | (offset >> 10) as u16)?;
                self.out.try_push(0xDC00 | (offset & 0x3FF) as u16)
            }
        }
    }

    /// Appends the full decomposition of `c`, whose class is `bits`.
    fn decompose(&mut self, mut c: u32, bits: u16) -> Result<(), OutOfMemory> {
        let flag = if self.form.compatible() { NFKD_NO } else { NFD_NO };
        if bits & flag == 0 {
            return self.push(c, bits);
        }
        let syllable = c.wrapping_sub(S_BASE);
        if syllable < S_COUNT {
            self.append(L_BASE + syllable / (V_COUNT * T_COUNT))?;
            self.append(V_BASE + syllable / T_COUNT % V_COUNT)?;
            let trailing = syllable % T_COUNT;
            return if trailing == 0 { Ok(()) } else { self.append(T_BASE + trailing) };
        }
        // Canonical mappings lead to one character or to a pair of which only the first may decompose
        // further, at most four deep (the generator checks both); compatibility mappings are full.
        let mut seconds = [0; 4];
        let mut depth = 0;
        loop {
            let Some(mut mapping) = Mapping::of(c).filter(|m| m.is_canonical() || self.form.compatible())
            else {
                self.append(c)?;
                break;
            };
            if !mapping.is_canonical() {
                for target in mapping {
                    self.append(target)?;
                }
                break;
            }
            c = mapping.next().unwrap_or(c);
            if let Some(second) = mapping.next() {
                seconds[depth] = second;
                depth += 1;
            }
        }
        while depth > 0 {
            depth -= 1;
            self.append(seconds[depth])?;
        }
        Ok(())
    }

    /// Appends a character that does not decompose.
    fn append(&mut self, c: u32) -> Result<(), OutOfMemory> {
        self.push(c, class(c))
    }

    /// Appends a character of class `bits` that does not decompose; writes out what it cannot change.
    fn push(&mut self, c: u32, bits: u16) -> Result<(), OutOfMemory> {
        let combining_class = bits as u8;
        if combining_class == 0 {
            if !self.form.composes() {
                self.flush()?;
                return self.write(c);
            }
            if bits & MAYBE == 0 {
                self.flush()?;
            }
        }
        let position = self.buffer.len() as u64;
        self.unordered |= self.buffer.last().is_some_and(|&last| combining(last) > combining_class);
        self.buffer.try_push(u64::from(combining_class) << 56 | position << 21 | u64::from(c))
    }

    /// Orders, composes and writes out the buffer.
    fn flush(&mut self) -> Result<(), OutOfMemory> {
        if self.unordered {
            for marks in self.buffer.chunk_by_mut(|&a, &b| (combining(a) == 0) == (combining(b) == 0)) {
                if combining(marks[0]) != 0 {
                    sort(marks);
                }
            }
            self.unordered = false;
        }
        if self.form.composes() {
            let len = compose_all(&mut self.buffer);
            self.buffer.truncate(len);
        }
        for index in 0..self.buffer.len() {
            self.write(code_point(self.buffer[index]))?;
        }
        self.buffer.clear();
        Ok(())
    }
}

/// The stretch of clean characters from `at` on: where its last character starts (`at` if there is
/// none) and where it ends.
fn clean_stretch<U: Copy + Into<u16>>(form: Form, text: &[U], at: usize) -> (usize, usize) {
    let (unclean, clean_below) = (form.unclean(), form.clean_below());
    let (mut back, mut end) = (at, at);
    while end < text.len() {
        let mut units = 1;
        if text[end].into() >= clean_below {
            let decoded = decode(text, end);
            if class(decoded.0) & unclean != 0 {
                break;
            }
            units = decoded.1;
        } else if let Some(chunk) = text[end..].first_chunk::<16>()
            && chunk.iter().fold(0, |largest, &unit| unit.into().max(largest)) < clean_below
        {
            // Sixteen at a time: the largest of them tells.
            end += 15;
        }
        back = end;
        end += units;
    }
    (back, end)
}

/// A decomposition mapping.
struct Mapping {
    kind: u8,
    bytes: &'static [u8],
    /// High byte of all units of a narrow mapping.
    high: u8,
    /// Distance to add to the one target.
    step: u32,
}

impl Mapping {
    fn of(c: u32) -> Option<Mapping> {
        if c < 0xA0 {
            return None;
        }
        let (index, kind, start) = DECOMPOSITIONS.locate(c);
        if kind == 0 {
            return None;
        }
        let pool = &tables::DECOMPOSE_POOL[usize::from(tables::DECOMPOSE_OFFSET[index])..];
        let (step, units) = (c - start, usize::from(kind & UNITS));
        let mapping = |high, pool: &'static [u8], width: usize| {
            let at = width * step as usize;
            Some(Mapping { kind, bytes: &pool[at..at + width], high, step: 0 })
        };
        if kind & LINEAR != 0 {
            return Some(Mapping { kind, bytes: &pool[..2 * units], high: 0, step });
        }
        if kind & NARROW != 0 {
            return mapping(pool[0], &pool[1..], units);
        }
        mapping(0, pool, if kind & UNITS == PAIR { 3 } else { 2 * units })
    }

    fn is_canonical(&self) -> bool {
        self.kind & CANONICAL != 0
    }

    /// Takes the next code unit off the mapping.
    fn next_unit(&mut self) -> Option<u16> {
        let unit = match *self.bytes {
            [low, ref rest @ ..] if self.kind & NARROW != 0 => {
                self.bytes = rest;
                if low == 0 { 0 } else { u16::from_le_bytes([low, self.high]) }
            }
            [low, high, ref rest @ ..] => {
                self.bytes = rest;
                u16::from_le_bytes([low, high])
            }
            // The second half of a pair.
            [index] => {
                self.bytes = &[];
                tables::COMPOSE_SECOND[usize::from(index)]
            }
            [] => return None,
        };
        (unit != 0).then_some(unit)
    }
}

impl Iterator for Mapping {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let unit = self.next_unit()?;
        let mut c = u32::from(unit);
        if unit & 0xFC00 == 0xD800
            && let Some(low) = self.next_unit()
        {
            c = 0x1_0000 + ((c & 0x3FF) << 10 | u32::from(low) & 0x3FF);
        }
        Some(c + self.step)
    }
}

/// Sorts ascending: short lists by insertion, long ones by a heap, which takes n log n steps at worst.
/// Much less code than the general sort of the library.
fn sort(items: &mut [Item]) {
    if items.len() <= 16 {
        for end in 1..items.len() {
            let mut at = end;
            while at > 0 && items[at - 1] > items[at] {
                items.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    for root in (0..items.len() / 2).rev() {
        sift(items, root);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift(&mut items[..end], 0);
    }
}

/// Moves the item at `root` down until no item under it is larger.
fn sift(heap: &mut [Item], mut root: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= heap.len() {
            return;
        }
        if heap.get(child + 1).is_some_and(|right| *right > heap[child]) {
            child += 1;
        }
        if heap[root] >= heap[child] {
            return;
        }
        heap.swap(root, child);
        root = child;
    }
}

/// Composes in place the characters of a buffer in canonical order; gives the new length.
fn compose_all(buffer: &mut [Item]) -> usize {
    let mut starter: Option<usize> = None;
    let mut len = 0;
    for at in 0..buffer.len() {
        let item = buffer[at];
        if let Some(starter) = starter {
            // Blocked if something in between is a starter or of no lower class.
            let blocked = len > starter + 1 && combining(buffer[len - 1]) >= combining(item);
            if !blocked && let Some(c) = compose(code_point(buffer[starter]), code_point(item)) {
                buffer[starter] = u64::from(c);
                continue;
            }
        }
        if combining(item) == 0 {
            starter = Some(len);
        }
        buffer[len] = item;
        len += 1;
    }
    len
}

/// The primary composite of two characters.
#[must_use]
pub fn compose(first: u32, second: u32) -> Option<u32> {
    let (l, v) = (first.wrapping_sub(L_BASE), second.wrapping_sub(V_BASE));
    if l < L_COUNT && v < V_COUNT {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    let (syllable, t) = (first.wrapping_sub(S_BASE), second.wrapping_sub(T_BASE));
    if syllable < S_COUNT && syllable.is_multiple_of(T_COUNT) && t.wrapping_sub(1) < T_COUNT - 1 {
        return Some(first + t);
    }
    if let (Ok(first), Ok(second)) = (u16::try_from(first), u16::try_from(second)) {
        let group = tables::COMPOSE_SECOND.binary_search(&second).ok()?;
        let range = usize::from(tables::COMPOSE_START[group])..usize::from(tables::COMPOSE_START[group + 1]);
        let index = tables::COMPOSE_FIRST[range.clone()].binary_search(&first).ok()?;
        return Some(u32::from(tables::COMPOSE_RESULT[range.start + index]));
    }
    let (triples, _) = tables::COMPOSE_OTHER.as_chunks::<3>();
    let index = triples.binary_search_by_key(&(second, first), |&[b, a, _]| (b, a)).ok()?;
    Some(triples[index][2])
}
