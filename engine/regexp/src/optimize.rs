//! What the compiler learns from the finished code: what each way of a choice can start with, which
//! loops never need to give back, and how to look for the start of a match.
//!
//! All analyses walk the code itself. They answer with supersets: *may start with* is never wrong,
//! only sometimes wide.

use crate::CompileError;
use crate::bits::Bits;
use crate::compile::LINE_TERMINATORS;
use crate::compile::Pace;
use crate::emit::MAX_SIZE;
use crate::op::{
    self, GUARD_END, GUARD_HASHED, GUARD_HASHED_SIZE, GUARD_SINGLE, GUARD_SIZE, GUARD_WIDE, NONE, target,
    u8_at, u16_at, u32_at,
};
use crate::program::{Literal, Parts, Start};
use tare_allocators::Vec;

/// The most instructions a question about first units looks at.
const BUDGET: usize = 64;

/// A superset of the units a piece of code can start with.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct First {
    bits: Bits,
    /// Low bytes of the units of 256 and above.
    hashed: Bits,
    end: bool,
    /// Nothing is known.
    any: bool,
}

impl First {
    fn unit(&mut self, unit: u16) {
        match u8::try_from(unit) {
            Ok(unit) => self.bits.set(unit),
            Err(_) => self.hashed.set(unit as u8),
        }
    }

    /// Adds units of 256 and above.
    fn wide_units(&mut self, low: u16, high: u16) {
        if self.hashed == Bits::ALL {
            return;
        }
        if high - low >= 255 {
            self.hashed = Bits::ALL;
        } else {
            (low..=high).for_each(|unit| self.unit(unit));
        }
    }

    /// Whether any unit of 256 and above may come.
    fn wide(&self) -> bool {
        !self.hashed.is_empty()
    }

    fn useless(&self) -> bool {
        self.any || (self.end && self.hashed == Bits::ALL && self.bits == Bits::ALL)
    }

    fn disjoint(&self, other: &First) -> bool {
        !self.any && !other.any && self.hashed.is_disjoint(other.hashed) && self.bits.is_disjoint(other.bits)
    }

    /// Whether nothing but ASCII word characters can come.
    fn only_words(&self) -> bool {
        !self.any && !self.wide() && !self.end && self.bits.without(Bits::WORDS).is_empty()
    }

    /// Adds what one character can be.
    fn single(&mut self, sets: &[u8], op: u8, operand: u32) {
        match op {
            op::CHAR => self.unit(operand as u16),
            op::CHAR2 => {
                self.unit(operand as u16);
                self.unit((operand >> 16) as u16);
            }
            op::CLASS | op::CLASS_U => {
                let class = operand as usize;
                if let Some(bitmap) = sets.get(class..class + 32) {
                    self.bits = self.bits.union(Bits::from_bytes(bitmap));
                }
                let (basic, above) = (u16_at(sets, class + 32), u16_at(sets, class + 34));
                let start = class + 36;
                for index in 0..usize::from(basic) {
                    if self.hashed == Bits::ALL {
                        break;
                    }
                    let at = start + 4 * index;
                    self.wide_units(u16_at(sets, at), u16_at(sets, at + 2));
                }
                let start = start + 4 * usize::from(basic);
                for index in 0..usize::from(above) {
                    if self.hashed == Bits::ALL {
                        break;
                    }
                    let at = start + 8 * index;
                    let high_half = |c: u32| 0xD7C0u16.wrapping_add((c >> 10) as u16);
                    self.wide_units(high_half(u32_at(sets, at)), high_half(u32_at(sets, at + 4)));
                }
            }
            op::DOT | op::DOT_U => {
                let mut ends = Bits::default();
                LINE_TERMINATORS
                    .iter()
                    .filter_map(|range| u8::try_from(range.0).ok())
                    .for_each(|c| ends.set(c));
                self.bits = self.bits.union(Bits::ALL.without(ends));
                self.hashed = Bits::ALL;
            }
            _ => {
                self.bits = Bits::ALL;
                self.hashed = Bits::ALL;
            }
        }
    }
}

/// The operand of a single-character instruction, as [`op::LOOP`] stores it.
fn operand(code: &[u8], pc: usize) -> u32 {
    match u8_at(code, pc) {
        op::CHAR => u32::from(u16_at(code, pc + 1)),
        _ => u32_at(code, pc + 1),
    }
}

/// What the code at `pc` can start with, what follows it included.
fn first(code: &[u8], sets: &[u8], pc: usize) -> First {
    let mut result = First::default();
    let mut todo = [0u32; BUDGET];
    let mut known = 1;
    let mut next = 0;
    todo[0] = pc as u32;
    while next < known {
        let pc = todo[next] as usize;
        next += 1;
        let op = u8_at(code, pc);
        let behind = pc + op::length(code, pc);
        let mut ways = [Some(behind), None];
        match op {
            op::FAIL => ways = [None; 2],
            op::JUMP => ways = [Some(target(code, pc, 1)), None],
            op::SPLIT | op::SPLIT_IN_CHAIN | op::SWITCH => ways[1] = Some(target(code, pc, 1)),
            op::STAR | op::OPTIONAL => ways[1] = Some(target(code, pc, 2)),
            op::COUNTED if u32_at(code, pc + 6) == 0 => ways[1] = Some(target(code, pc, 2)),
            op::LOOK | op::NOT_LOOK => ways = [Some(target(code, pc, 3)), None],
            op::SAVE
            | op::LINE_START
            | op::LINE_START_M
            | op::WORD_BOUNDARY
            | op::PLUS
            | op::COUNTED
            | op::OPTIONAL_TAIL => {}
            op::STAR_TAIL | op::PLUS_TAIL | op::COUNTED_TAIL => {
                ways[1] = Some(target(code, pc, 1) + op::HEAD_LENGTH);
            }
            op::LINE_END | op::LINE_END_M => {
                result.end = true;
                if op == op::LINE_END_M {
                    LINE_TERMINATORS.iter().for_each(|range| result.unit(range.0 as u16));
                }
                ways = [None; 2];
            }
            op::CHAR | op::CHAR2 | op::CLASS..=op::ANY_U => {
                result.single(sets, op, operand(code, pc));
                ways = [None; 2];
            }
            op::STRING8 => {
                result.unit(u16::from(u8_at(code, pc + 3)));
                ways = [None; 2];
            }
            op::STRING16 | op::PAIRS => {
                result.unit(u16_at(code, pc + 3));
                if op == op::PAIRS {
                    result.unit(u16_at(code, pc + 5));
                }
                ways = [None; 2];
            }
            op::LOOP => {
                result.single(sets, u8_at(code, pc + 1), u32_at(code, pc + 11));
                if u32_at(code, pc + 3) > 0 {
                    ways = [None; 2];
                }
            }
            _ => {
                result.any = true;
                return result;
            }
        }
        for way in ways.into_iter().flatten() {
            // Programs are shorter than 2²⁸ bytes.
            let way = way as u32;
            if todo[..known].contains(&way) {
                continue;
            }
            let Some(slot) = todo.get_mut(known) else {
                result.any = true;
                return result;
            };
            *slot = way;
            known += 1;
        }
    }
    result
}

/// Stores a guard, or finds an equal one; [`NONE`] if it would let everything through.
fn guard(
    sets: &mut Vec<'_, u8>,
    known: &mut Vec<'_, (u32, u32)>,
    first: &First,
) -> Result<u32, CompileError> {
    if first.useless() {
        return Ok(NONE);
    }
    let mut bytes = [0u8; GUARD_HASHED_SIZE];
    let count = first.bits.count();
    let (wide, size) = match first.hashed {
        hashed if hashed.is_empty() => (0, GUARD_SIZE),
        Bits::ALL => (GUARD_WIDE, GUARD_SIZE),
        _ => (GUARD_HASHED, GUARD_HASHED_SIZE),
    };
    bytes[0] = wide | if first.end { GUARD_END } else { 0 };
    if count == 1 && bytes[0] == 0 {
        bytes[0] = GUARD_SINGLE;
        bytes[1] = first.bits.first();
    }
    bytes[2..GUARD_SIZE].copy_from_slice(&first.bits.to_bytes());
    bytes[GUARD_SIZE..].copy_from_slice(&first.hashed.to_bytes());
    let bytes = &bytes[..size];
    let equal = |&&(start, len): &&(u32, u32)| {
        len as usize == size && sets.get(start as usize..(start + len) as usize) == Some(bytes)
    };
    let latest = known.get(known.len().saturating_sub(64)..).unwrap_or(&[]);
    if let Some(&(start, _)) = latest.iter().rev().find(equal) {
        return Ok(start);
    }
    let start = sets.len() as u32;
    sets.try_extend_from_slice(bytes)?;
    if sets.len() >= MAX_SIZE {
        return Err(CompileError::TooLarge);
    }
    known.try_push((start, size as u32))?;
    Ok(start)
}

/// Whether every unit of a loop is a word character and the next instruction is `\b`: then no run but
/// the longest (and the empty one) can end there.
fn ends_at_word_boundary(parts: &Parts<'_>, own: &First, next: usize) -> bool {
    u8_at(&parts.code, next) == op::WORD_BOUNDARY
        && u8_at(&parts.code, next + 1) & op::FLAG_NOT == 0
        && own.only_words()
}

fn put(code: &mut [u8], at: usize, value: u32) {
    if let Some(slot) = code.get_mut(at..at + 4) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
}

/// Fills in guards and modes of loops, and decides how to search.
pub(crate) fn optimize(
    parts: &mut Parts<'_>,
    known: &mut Vec<'_, (u32, u32)>,
    goes_on: &mut Pace<'_>,
) -> Result<(), CompileError> {
    let mut pc = 0;
    while pc < parts.code.len() {
        goes_on.tick()?;
        let op = u8_at(&parts.code, pc);
        let behind = pc + op::length(&parts.code, pc);
        let (one, two, at) = match op {
            op::LOOK..=op::NOT_LOOK_END => {
                let register = parts.registers + u32::from(u16_at(&parts.code, pc + 1));
                let register = u16::try_from(register).map_err(|_| CompileError::TooLarge)?;
                parts.code[pc + 1..pc + 3].copy_from_slice(&register.to_le_bytes());
                pc = behind;
                continue;
            }
            op::SPLIT | op::SPLIT_IN_CHAIN => (behind, target(&parts.code, pc, 1), pc + 5),
            op::STAR..=op::COUNTED => (behind, target(&parts.code, pc, 2), pc + 22),
            op::LOOP => {
                let mut own = First::default();
                own.single(&parts.sets, u8_at(&parts.code, pc + 1), u32_at(&parts.code, pc + 11));
                let follow = first(&parts.code, &parts.sets, behind);
                let some = u32_at(&parts.code, pc + 3) > 0;
                if u8_at(&parts.code, pc + 2) == op::GREEDY
                    && (own.disjoint(&follow) || (some && ends_at_word_boundary(parts, &own, behind)))
                {
                    parts.code[pc + 2] = op::POSSESSIVE;
                } else {
                    let guard = guard(&mut parts.sets, known, &follow)?;
                    put(&mut parts.code, pc + 15, guard);
                }
                pc = behind;
                continue;
            }
            _ => {
                pc = behind;
                continue;
            }
        };
        for (way, at) in [(one, at), (two, at + 4)] {
            // The rest of a chain is guarded by the SWITCH at its head.
            if op == op::SPLIT_IN_CHAIN && way == two {
                continue;
            }
            let first = first(&parts.code, &parts.sets, way);
            let guard = guard(&mut parts.sets, known, &first)?;
            put(&mut parts.code, at, guard);
        }
        if op == op::SPLIT {
            switch(parts, pc)?;
        }
        pc = behind;
    }
    let whole = first(&parts.code, &parts.sets, 0);
    let guard = guard(&mut parts.sets, known, &whole)?;
    parts.search.guard = (guard != NONE).then_some(guard);
    if let Some(pc) = find_literals(parts, &whole) {
        let second = first(&parts.code, &parts.sets, pc);
        let guard = self::guard(&mut parts.sets, known, &second)?;
        parts.search.second = (guard != NONE).then_some(guard);
    }
    Ok(())
}

/// The fewest and the most ways of a [`op::SWITCH`].
const SWITCH_WAYS: core::ops::RangeInclusive<usize> = 4..=120;

/// Replaces the SPLIT at `pc`, whose guards are in place, by a SWITCH if it begins a chain of many.
fn switch(parts: &mut Parts<'_>, pc: usize) -> Result<(), CompileError> {
    let mut ways = 1;
    let mut at = pc;
    while u8_at(&parts.code, at) == op::SPLIT && ways <= *SWITCH_WAYS.end() {
        at = target(&parts.code, at, 1);
        ways += 1;
    }
    if !SWITCH_WAYS.contains(&ways) {
        return Ok(());
    }
    // Entry 2 + 2k leads to way k alone, entry 3 + 2k to the SPLIT that begins with way k.
    let mut map = [0u8; op::SWITCH_MAP];
    let mut rels = [0u32; 2 * 120 + 2];
    let mut at = pc;
    for way in 0..ways {
        let last = way + 1 == ways;
        let start = if last { at } else { at + 13 };
        rels[2 * way] = (start - pc) as u32;
        rels[2 * way + 1] = (at - pc) as u32;
        let first = first(&parts.code, &parts.sets, start);
        for (unit, entry) in map.iter_mut().enumerate() {
            let fits = first.any
                || match unit {
                    256 => first.wide(),
                    257 => first.end,
                    _ => first.bits.has(unit as u8),
                };
            if fits {
                // The second way that fits turns the first one's entry into that of its SPLIT.
                *entry = if *entry == 0 { (2 + 2 * way) as u8 } else { *entry | 1 };
            }
        }
        at = target(&parts.code, at, 1);
    }
    // At the first way's SPLIT the SWITCH itself goes on.
    map.iter_mut().filter(|entry| **entry == 3).for_each(|entry| *entry = 1);
    let table = parts.sets.len() as u32;
    let guards = parts.code[pc + 5..pc + 13].first_chunk::<8>().copied().unwrap_or_default();
    parts.sets.try_extend_from_slice(&guards)?;
    parts.sets.try_extend_from_slice(&map)?;
    for rel in &rels[..2 * ways] {
        parts.sets.try_extend_from_slice(&rel.to_le_bytes())?;
    }
    if parts.sets.len() >= MAX_SIZE {
        return Err(CompileError::TooLarge);
    }
    let mut at = target(&parts.code, pc, 1);
    while u8_at(&parts.code, at) == op::SPLIT {
        parts.code[at] = op::SPLIT_IN_CHAIN;
        at = target(&parts.code, at, 1);
    }
    parts.code[pc] = op::SWITCH;
    put(&mut parts.code, pc + 5, table);
    Ok(())
}

/// How much a unit narrows a search: how rare it is in ordinary text, roughly.
fn rarity(unit: u16) -> u32 {
    match u8::try_from(unit) {
        Ok(b' ' | b'e' | b't' | b'a' | b'o' | b'n' | b'i' | b's' | b'r') => 1,
        Ok(b'a'..=b'z' | b'0'..=b'9' | b'\n') => 2,
        Ok(b'A'..=b'Z' | b'.' | b',' | b'-' | b'/' | b'"' | b'\r') => 4,
        Ok(_) => 6,
        Err(_) => 8,
    }
}

/// The unit at `index` of the literal at `pc`.
fn literal_unit(code: &[u8], pc: usize, index: usize) -> u16 {
    match u8_at(code, pc) {
        op::STRING8 => u16::from(u8_at(code, pc + 3 + index)),
        op::CHAR => u16_at(code, pc + 1),
        _ => u16_at(code, pc + 3 + 2 * index),
    }
}

/// Whether what matches can depend on where a group is.
fn has_back_references(code: &[u8]) -> bool {
    let mut pc = 0;
    while pc < code.len() {
        if matches!(u8_at(code, pc) & !op::BACK, op::BACK_REF | op::BACK_REF_NAMED) {
            return true;
        }
        pc += op::length(code, pc);
    }
    false
}

/// Walks the instructions that every match executes, in order, and picks literals to search for.
/// Returns where the code for what follows the first unit is, if that is one place.
fn find_literals(parts: &mut Parts<'_>, whole: &First) -> Option<usize> {
    let code = &parts.code;
    let mut pc = 0;
    // Units from the start of the match to here, if that is fixed; and the least number of them.
    let mut offset = Some(0usize);
    let mut least = 0usize;
    let mut fixed: Option<(u32, Literal, usize)> = None;
    let mut free: Option<(u32, Literal)> = None;
    let mut start = Start::Any;
    let mut at_start = true;
    let mut only_saves = true;
    let mut first_loop = None;
    let mut first_class = None;
    let mut second = None;
    loop {
        if offset == Some(1) && second.is_none() {
            second = Some(pc);
        }
        let op = u8_at(code, pc);
        let behind = pc + op::length(code, pc);
        let count = usize::from(u16_at(code, pc + 1));
        let mut next = behind;
        let mut literal = None;
        let mut width = Some(0);
        let mut exact = true;
        match op {
            op::LINE_START if at_start => start = Start::Subject,
            op::LINE_START_M if at_start => start = Start::Line,
            op::WORD_BOUNDARY if at_start && u8_at(code, pc + 1) == 0 && whole.only_words() => {
                start = Start::Word;
            }
            op::SAVE | op::LINE_START..=op::LINE_END_M | op::WORD_BOUNDARY => {}
            op::CHAR => (literal, width) = (Some(1), Some(1)),
            op::STRING8 | op::STRING16 => (literal, width) = (Some(count), Some(count)),
            op::PAIRS => width = Some(count),
            op::CHAR2 | op::CLASS | op::DOT | op::ANY => width = Some(1),
            op::CLASS_U | op::DOT_U | op::ANY_U => (width, exact) = (Some(1), false),
            op::LOOP => {
                let (min, max) = (u32_at(code, pc + 3), u32_at(code, pc + 7));
                width = Some(min as usize);
                exact = min == max && !matches!(u8_at(code, pc + 1), op::CLASS_U | op::DOT_U | op::ANY_U);
            }
            op::STAR | op::OPTIONAL => (next, width) = (target(code, pc, 2), None),
            op::COUNTED if u32_at(code, pc + 6) == 0 => (next, width) = (target(code, pc, 2), None),
            op::PLUS | op::COUNTED => {}
            op::STAR_TAIL..=op::COUNTED_TAIL => width = None,
            op::SPLIT | op::SPLIT_IN_CHAIN | op::SWITCH => {
                // The alternative ends with a jump to where all alternatives meet.
                let jump = target(code, pc, 1).wrapping_sub(5);
                if u8_at(code, jump) != op::JUMP {
                    break;
                }
                (next, width) = (target(code, jump, 1), None);
            }
            op::LOOK | op::NOT_LOOK => next = target(code, pc, 3),
            op::BACK_REF | op::BACK_REF_NAMED | op::STRINGS => width = None,
            _ => break,
        }
        if only_saves {
            first_class = match op {
                op::CLASS | op::CLASS_U => Some(u32_at(code, pc + 1)),
                op::LOOP
                    if u32_at(code, pc + 3) > 0 && matches!(u8_at(code, pc + 1), op::CLASS | op::CLASS_U) =>
                {
                    Some(u32_at(code, pc + 11))
                }
                _ => None,
            };
        }
        if op == op::LOOP && only_saves && u32_at(code, pc + 7) == u32::MAX {
            first_loop = Some(pc as u32);
        }
        only_saves &= op == op::SAVE;
        at_start &= matches!(op, op::SAVE | op::LOOK | op::NOT_LOOK);
        if let Some(count) = literal {
            let index = (0..count.min(256)).max_by_key(|&index| rarity(literal_unit(code, pc, index)));
            let index = index.unwrap_or(0);
            let score = rarity(literal_unit(code, pc, index)) + 2 * (count.min(8) as u32 - 1);
            let found = Literal { pc: pc as u32, rarest: index as u8 };
            match offset {
                Some(offset) if offset < 256 => {
                    // What comes first saves the check of what comes before it.
                    let score = score + if offset == 0 { 2 } else { 0 };
                    if fixed.is_none_or(|(best, ..)| score > best) {
                        fixed = Some((score, found, offset));
                    }
                }
                _ => {
                    if free.is_none_or(|(best, _)| score > best) {
                        free = Some((score, found));
                    }
                }
            }
        }
        least = least.saturating_add(width.unwrap_or(0));
        offset = match (offset, width) {
            (Some(offset), Some(width)) if exact => offset.checked_add(width),
            _ => None,
        };
        pc = next;
    }
    let members = whole.bits.count();
    let few = (1..=3).contains(&members) && !whole.wide() && !whole.any;
    if few {
        let mut left = whole.bits;
        for slot in parts.search.needles.iter_mut().take(members as usize) {
            *slot = left.first();
            let mut taken = Bits::default();
            taken.set(*slot);
            left = left.without(taken);
        }
        parts.search.needle_count = members as u8;
    }
    parts.search.start = start;
    parts.search.first_class = first_class.filter(|_| whole.wide());
    parts.search.first_loop = first_loop.filter(|_| !has_back_references(code));
    parts.search.least = least.min(usize::from(u16::MAX)) as u16;
    parts.search.literal = fixed
        .filter(|&(score, _, offset)| offset == 0 || score >= if few { 6 } else { 4 })
        .map(|(_, literal, offset)| (literal, offset as u16));
    parts.search.required = free.map(|(_, literal)| literal);
    second
}
