//! Emission: literals, loops, sets, and the reversal of what lookbehind matches leftwards.

use crate::CompileError;
use crate::bits::Bits;
use crate::compile::Compiler;
use crate::op;
use crate::set::{CodeSet, StringSet};
use crate::source::{Quantifier, UNBOUNDED, push_code_point};
use crate::unicode;
use tare_allocators::{OutOfMemory, Vec};

/// Programs and their tables stay below this many bytes, so that a program counter leaves four bits
/// of a backtrack entry free.
pub(crate) const MAX_SIZE: usize = 1 << 28;

/// What one character of the subject must be.
#[derive(Clone, Copy)]
pub(crate) struct Single {
    /// One of CHAR, CHAR2, CLASS to ANY_U.
    pub op: u8,
    /// Its operand: a unit, two units (low half first), a set, or nothing.
    pub operand: u32,
}

/// A loop being emitted.
#[derive(Clone, Copy)]
pub(crate) struct OpenLoop {
    /// Where the term began.
    pub start: usize,
    /// Where the head is, if there is one.
    pub head: Option<usize>,
}

impl<'a> Compiler<'a, '_> {
    pub fn back(&self) -> u8 {
        if self.backward { op::BACK } else { 0 }
    }

    pub fn byte(&mut self, byte: u8) -> Result<(), CompileError> {
        if self.code.len() >= MAX_SIZE {
            return Err(CompileError::TooLarge);
        }
        Ok(self.code.try_push(byte)?)
    }

    pub fn u16(&mut self, value: u16) -> Result<(), CompileError> {
        Ok(self.code.try_extend_from_slice(&value.to_le_bytes())?)
    }

    pub fn u32(&mut self, value: u32) -> Result<(), CompileError> {
        Ok(self.code.try_extend_from_slice(&value.to_le_bytes())?)
    }

    pub fn patch_u32(&mut self, at: usize, value: u32) {
        self.code[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub fn patch_u16(&mut self, at: usize, value: u16) {
        self.code[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    /// Points the `rel` operand at `operand` of the instruction at `pc` to the end of the code.
    pub fn patch_here(&mut self, pc: usize, operand: usize) {
        let rel = (self.code.len() - pc) as u32;
        self.patch_u32(pc + operand, rel);
    }

    /// A distance backwards from the end of the code.
    pub fn rel_to(&self, target: usize) -> u32 {
        (target as i64 - self.code.len() as i64) as i32 as u32
    }

    /// Emits an instruction without operands.
    pub fn plain(&mut self, op: u8) -> Result<(), CompileError> {
        self.byte(op)
    }

    /// Every term begins here: what came before is one block when lookbehind reverses the order.
    pub fn begin_term(&mut self) -> Result<usize, CompileError> {
        self.flush()?;
        self.mark_term()?;
        Ok(self.code.len())
    }

    fn mark_term(&mut self) -> Result<(), CompileError> {
        if self.backward {
            self.bounds.try_push(self.code.len() as u32)?;
        }
        Ok(())
    }

    /// Takes back a term that matches nothing but the empty string.
    pub fn drop_term(&mut self, start: usize) {
        self.code.truncate(start);
        if self.backward {
            self.bounds.pop();
        }
    }

    /// Adds a literal unit (or two that match alike) to the run being gathered.
    pub fn literal(&mut self, first: u16, second: u16) -> Result<(), CompileError> {
        if self.literals.len() >= usize::from(u16::MAX) {
            self.flush()?;
        }
        self.nullable = false;
        Ok(self.literals.try_push((first, second))?)
    }

    /// Emits the gathered run of literals.
    pub fn flush(&mut self) -> Result<(), CompileError> {
        let count = self.literals.len();
        if count == 0 {
            return Ok(());
        }
        self.mark_term()?;
        let back = self.back();
        let (first, second) = self.literals[0];
        let exact = self.literals.iter().all(|pair| pair.0 == pair.1);
        match (count, exact) {
            (1, true) => self.single(Single { op: op::CHAR, operand: u32::from(first) })?,
            (1, false) => {
                let operand = u32::from(first) | u32::from(second) << 16;
                self.single(Single { op: op::CHAR2, operand })?;
            }
            (_, true) => {
                let narrow = self.literals.iter().all(|pair| pair.0 < 256);
                self.byte(back | if narrow { op::STRING8 } else { op::STRING16 })?;
                self.u16(count as u16)?;
                for index in 0..count {
                    let unit = self.literals[index].0;
                    if narrow { self.byte(unit as u8)? } else { self.u16(unit)? }
                }
            }
            (_, false) => {
                self.byte(back | op::PAIRS)?;
                self.u16(count as u16)?;
                for index in 0..count {
                    let (first, second) = self.literals[index];
                    self.u16(first)?;
                    self.u16(second)?;
                }
            }
        }
        self.literals.clear();
        Ok(())
    }

    /// Emits an instruction for one character.
    pub fn single(&mut self, single: Single) -> Result<(), CompileError> {
        self.byte(single.op | self.back())?;
        match single.op {
            op::CHAR => self.u16(single.operand as u16),
            op::CHAR2 | op::CLASS | op::CLASS_U => self.u32(single.operand),
            _ => Ok(()),
        }
    }

    /// Emits a loop over one character, as a term of its own.
    pub fn single_loop(&mut self, single: Single, quantifier: Quantifier) -> Result<(), CompileError> {
        self.byte(op::LOOP | self.back())?;
        self.byte(single.op)?;
        self.byte(if quantifier.greedy { op::GREEDY } else { op::LAZY })?;
        self.u32(quantifier.min)?;
        self.u32(quantifier.max)?;
        self.u32(single.operand)?;
        self.u32(op::NONE)
    }

    /// A character of the pattern with the quantifier behind it, if any.
    pub fn character_atom(&mut self, c: u32) -> Result<(), CompileError> {
        let quantifier = self.quantifier()?;
        let single = self.character(c)?;
        if quantifier.is_none() {
            match single {
                Some(Single { op: op::CHAR, operand }) => {
                    return self.literal(operand as u16, operand as u16);
                }
                Some(Single { op: op::CHAR2, operand }) => {
                    return self.literal(operand as u16, (operand >> 16) as u16);
                }
                Some(_) => {}
                None => {
                    let mut pair = [0u16; 2];
                    for &mut unit in char::from_u32(c).unwrap_or('\0').encode_utf16(&mut pair) {
                        self.literal(unit, unit)?;
                    }
                    return Ok(());
                }
            }
        }
        let single = match single {
            Some(single) => single,
            None => {
                let mut set = CodeSet::new(self.memory);
                set.add(c, c)?;
                self.set_single(&set)?
            }
        };
        self.single_atom(single, quantifier)
    }

    /// One character with its quantifier.
    pub fn single_atom(
        &mut self,
        single: Single,
        quantifier: Option<Quantifier>,
    ) -> Result<(), CompileError> {
        match quantifier {
            None => {
                self.begin_term()?;
                self.nullable = false;
                self.single(single)
            }
            Some(Quantifier { max: 0, .. }) => Ok(()),
            Some(quantifier) => {
                self.begin_term()?;
                self.nullable &= quantifier.min == 0;
                self.single_loop(single, quantifier)
            }
        }
    }

    /// How a literal character matches under the flags in force. `None` for a surrogate pair matched
    /// exactly, which is a run of two units.
    fn character(&mut self, c: u32) -> Result<Option<Single>, CompileError> {
        if let Ok(byte @ 0..=127) = u8::try_from(c) {
            // In ASCII only k and s have equivalents elsewhere, and only with a Unicode flag.
            let plain = !self.src.unicode || !matches!(byte | 0x20, b'k' | b's');
            if !self.ignore_case || !byte.is_ascii_alphabetic() {
                return Ok(Some(Single { op: op::CHAR, operand: c }));
            }
            if plain {
                let (upper, lower) = (byte.to_ascii_uppercase(), byte.to_ascii_lowercase());
                let operand = u32::from(upper) | u32::from(lower) << 16;
                return Ok(Some(Single { op: op::CHAR2, operand }));
            }
        }
        let surrogate = self.src.unicode && (0xD800..0xE000).contains(&c);
        if self.ignore_case || surrogate {
            let mut set = CodeSet::new(self.memory);
            set.add(c, c)?;
            if self.ignore_case {
                set.close_over_case(self.src.unicode)?;
            }
            if surrogate || set.ranges() != [(c, c)] {
                return self.set_single(&set).map(Some);
            }
        }
        Ok((c < 0x10000).then_some(Single { op: op::CHAR, operand: c }))
    }

    /// The instruction for a set of characters (closed over case, inverted where it was negated).
    pub fn set_single(&mut self, set: &CodeSet<'_>) -> Result<Single, CompileError> {
        let ranges = set.ranges();
        let last = if self.src.unicode { crate::set::MAX } else { 0xFFFF };
        if ranges.len() == 1 && ranges[0].0 == 0 && ranges[0].1 >= last {
            return Ok(Single { op: if self.src.unicode { op::ANY_U } else { op::ANY }, operand: 0 });
        }
        let wide = self.src.unicode
            && ranges.iter().any(|&(low, high)| high >= 0xD800 && !(low > 0xDFFF && high <= 0xFFFF));
        if !wide && let Some((members, count)) = set.few::<2>() {
            match count {
                1 => return Ok(Single { op: op::CHAR, operand: members[0] }),
                2 => return Ok(Single { op: op::CHAR2, operand: members[0] | members[1] << 16 }),
                _ => {}
            }
        }
        let operand = self.class(ranges)?;
        Ok(Single { op: if wide { op::CLASS_U } else { op::CLASS }, operand })
    }

    /// Stores a class in the table of sets, or finds it there.
    fn class(&mut self, ranges: &[(u32, u32)]) -> Result<u32, CompileError> {
        let start = self.sets.len();
        let mut bitmap = Bits::default();
        for &(low, high) in ranges {
            if let Ok(low) = u8::try_from(low) {
                bitmap.set_range(low, u8::try_from(high).unwrap_or(255));
            }
        }
        self.sets.try_extend_from_slice(&bitmap.to_bytes())?;
        let limit = if self.src.unicode { crate::set::MAX } else { 0xFFFF };
        let clip = |&(low, high): &(u32, u32), from: u32, to: u32| {
            let (low, high) = (low.max(from), high.min(to));
            (low <= high).then_some((low, high))
        };
        let basic = ranges.iter().filter_map(|range| clip(range, 256, 0xFFFF));
        let above = ranges.iter().filter_map(|range| clip(range, 0x10000, limit));
        let (basic_count, above_count) = (basic.clone().count(), above.clone().count());
        self.sets.try_extend_from_slice(&(basic_count as u16).to_le_bytes())?;
        self.sets.try_extend_from_slice(&(above_count as u16).to_le_bytes())?;
        self.sets.try_reserve(4 * basic_count + 8 * above_count)?;
        for (low, high) in basic {
            let range = u32::from(low as u16) | u32::from(high as u16) << 16;
            self.sets.try_extend_from_slice(&range.to_le_bytes())?;
        }
        for (low, high) in above {
            let range = u64::from(low) | u64::from(high) << 32;
            self.sets.try_extend_from_slice(&range.to_le_bytes())?;
        }
        self.share_set(start)
    }

    /// Replaces the set at the end of the table by an equal one before it, if there is one.
    pub fn share_set(&mut self, start: usize) -> Result<u32, CompileError> {
        if self.sets.len() >= MAX_SIZE {
            return Err(CompileError::TooLarge);
        }
        let new = &self.sets[start..];
        // Looks at the latest sets only, so that a pattern of many classes compiles in linear time.
        let found = self.known_sets.iter().rev().take(64).find(|&&(from, len)| {
            len as usize == new.len() && &self.sets[from as usize..(from + len) as usize] == new
        });
        if let Some(&(from, _)) = found {
            self.sets.truncate(start);
            return Ok(from);
        }
        let len = (self.sets.len() - start) as u32;
        self.known_sets.try_push((start as u32, len))?;
        Ok(start as u32)
    }

    /// Starts a loop over the code that follows. The term must have begun.
    pub fn begin_loop(&mut self, quantifier: Option<Quantifier>) -> Result<OpenLoop, CompileError> {
        let start = self.code.len();
        let Some(quantifier) = quantifier.filter(|q| q.max > 0 && (q.min, q.max) != (1, 1)) else {
            return Ok(OpenLoop { start, head: None });
        };
        let position = self.register()?;
        let (code, counter) = match (quantifier.min, quantifier.max) {
            (0, 1) => (op::OPTIONAL, 0),
            (0, UNBOUNDED) => (op::STAR, 0),
            (1, UNBOUNDED) => (op::PLUS, 0),
            _ => (op::COUNTED, self.register()?),
        };
        self.byte(code)?;
        self.byte(if quantifier.greedy { 0 } else { op::LOOP_LAZY })?;
        self.u32(0)?;
        self.u32(quantifier.min)?;
        self.u32(quantifier.max)?;
        self.u16(counter)?;
        self.u16(position)?;
        self.u32(0)?;
        self.u32(op::NONE)?;
        self.u32(op::NONE)?;
        Ok(OpenLoop { start, head: Some(start) })
    }

    /// Ends a loop whose body may be empty (`nullable`) and holds the groups `captures`.
    /// Returns whether the whole may match the empty string.
    pub fn end_loop(
        &mut self,
        open: OpenLoop,
        quantifier: Option<Quantifier>,
        nullable: bool,
        captures: core::ops::Range<u32>,
    ) -> Result<bool, CompileError> {
        let Some(quantifier) = quantifier else { return Ok(nullable) };
        if quantifier.max == 0 {
            self.drop_term(open.start);
            return Ok(true);
        }
        let whole = nullable || quantifier.min == 0;
        let Some(head) = open.head else { return Ok(whole) };
        if captures.is_empty() && self.reduce_loop(head, quantifier)? {
            return Ok(whole);
        }
        let code = self.code[head];
        if nullable {
            self.code[head + 1] |= op::LOOP_EMPTY;
        }
        if !captures.is_empty() {
            self.code[head + 1] |= op::LOOP_CAPTURES;
            self.patch_u16(head + 18, (captures.start * 2) as u16);
            self.patch_u16(head + 20, (captures.end * 2) as u16);
        }
        if code != op::OPTIONAL || nullable {
            let rel = self.rel_to(head);
            self.byte(code + (op::STAR_TAIL - op::STAR))?;
            self.u32(rel)?;
        }
        self.patch_here(head, 2);
        Ok(whole)
    }

    /// Turns a loop whose body is one single-character instruction into a simple loop.
    fn reduce_loop(&mut self, head: usize, quantifier: Quantifier) -> Result<bool, CompileError> {
        let body = head + op::HEAD_LENGTH;
        let code = op::u8_at(&self.code, body) & !op::BACK;
        if !op::is_single(code) || body + op::length(&self.code, body) != self.code.len() {
            return Ok(false);
        }
        let operand = match code {
            op::CHAR => u32::from(op::u16_at(&self.code, body + 1)),
            op::CHAR2 | op::CLASS | op::CLASS_U => op::u32_at(&self.code, body + 1),
            _ => 0,
        };
        self.code.truncate(head);
        self.single_loop(Single { op: code, operand }, quantifier)?;
        Ok(true)
    }

    /// A register for the loop or lookaround being opened; given back by restoring `next_register`.
    pub fn register(&mut self) -> Result<u16, CompileError> {
        let register = u16::try_from(self.next_register).map_err(|_| CompileError::TooLarge)?;
        self.next_register += 1;
        self.register_count = self.register_count.max(self.next_register);
        Ok(register)
    }

    /// A class with strings: strings by length, then single characters, then the empty string.
    pub fn class_with_strings(
        &mut self,
        set: &CodeSet<'_>,
        strings: &StringSet<'_>,
    ) -> Result<(), CompileError> {
        let quantifier = self.quantifier()?;
        self.begin_term()?;
        let registers = self.next_register;
        let open = self.begin_loop(quantifier)?;
        let empty = strings.contains(&[]);
        let long = strings.iter().any(|string| !string.is_empty());
        let singles = !set.ranges().is_empty();
        let branches = usize::from(long) + usize::from(singles) + usize::from(empty);
        let mut left = branches;
        let mut jumps = [0; 3];
        for (index, wanted) in [long, singles, empty].into_iter().enumerate() {
            if !wanted {
                continue;
            }
            left -= 1;
            let split = self.code.len();
            if left > 0 {
                self.split()?;
            }
            match index {
                0 => {
                    let offset = self.string_table(strings)?;
                    self.byte(op::STRINGS | self.back())?;
                    self.byte(if self.ignore_case { op::FLAG_IGNORE_CASE } else { 0 } | op::FLAG_UNICODE)?;
                    self.u32(offset)?;
                }
                1 => {
                    let single = self.set_single(set)?;
                    self.single(single)?;
                }
                _ => {}
            }
            if left > 0 {
                jumps[index] = self.code.len();
                self.byte(op::JUMP)?;
                self.u32(0)?;
                self.patch_here(split, 1);
            }
        }
        for jump in jumps {
            if jump != 0 {
                self.patch_here(jump, 1);
            }
        }
        if branches == 0 {
            self.plain(op::FAIL)?;
        }
        let nullable = self.end_loop(open, quantifier, empty, 0..0)?;
        self.nullable &= nullable;
        self.next_register = registers;
        Ok(())
    }

    /// Stores the strings of more than one character (see [`op::STRINGS`]).
    fn string_table(&mut self, strings: &StringSet<'_>) -> Result<u32, CompileError> {
        // Sorted by length in units, longest first, then by units.
        let mut units: Vec<'a, u16> = Vec::new(self.memory);
        let mut spans: Vec<'a, (u32, u32)> = Vec::new(self.memory);
        for string in strings.iter().filter(|string| !string.is_empty()) {
            let start = units.len();
            for &c in string {
                let c = if self.ignore_case { unicode::fold_simple(c) } else { c };
                push_code_point(&mut units, c)?;
            }
            spans.try_push((start as u32, (units.len() - start) as u32))?;
        }
        let text = |span: &(u32, u32)| &units[span.0 as usize..(span.0 + span.1) as usize];
        spans.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| text(a).cmp(text(b))));
        let lengths = spans.chunk_by(|a, b| a.1 == b.1).count();
        let start = self.sets.len();
        put16(&mut self.sets, lengths)?;
        let mut offset = start + 2 + lengths * 8;
        for run in spans.chunk_by(|a, b| a.1 == b.1) {
            put16(&mut self.sets, run[0].1 as usize)?;
            put16(&mut self.sets, run.len())?;
            self.sets.try_extend_from_slice(&(offset as u32).to_le_bytes())?;
            offset += run.len() * run[0].1 as usize * 2;
        }
        for span in &spans {
            for &unit in text(span) {
                self.sets.try_extend_from_slice(&unit.to_le_bytes())?;
            }
        }
        if self.sets.len() >= MAX_SIZE {
            return Err(CompileError::TooLarge);
        }
        Ok(start as u32)
    }

    /// Emits a split whose second way is patched later with `patch_here(pc, 1)`.
    pub fn split(&mut self) -> Result<(), CompileError> {
        self.byte(op::SPLIT)?;
        self.u32(0)?;
        self.u32(op::NONE)?;
        self.u32(op::NONE)
    }

    /// Reverses the order of the terms of an alternative that is matched leftwards.
    pub fn reverse_terms(&mut self, first_bound: usize) {
        let end = self.code.len();
        // A term alone, such as a group in a group, stays where it is: nested ones are not moved again and again.
        if let [start, _, ..] = self.bounds[first_bound..] {
            let start = start as usize;
            self.code[start..end].reverse();
            for index in first_bound..self.bounds.len() {
                let from = self.bounds[index] as usize;
                let to = self.bounds.get(index + 1).map_or(end, |&bound| bound as usize);
                self.code[start + end - to..start + end - from].reverse();
            }
        }
        self.bounds.truncate(first_bound);
    }
}

/// Appends a count that must fit 16 bits.
pub(crate) fn put16(bytes: &mut Vec<'_, u8>, value: usize) -> Result<(), CompileError> {
    let value = u16::try_from(value).map_err(|_| CompileError::TooLarge)?;
    bytes.try_extend_from_slice(&value.to_le_bytes()).map_err(|OutOfMemory| CompileError::OutOfMemory)
}
