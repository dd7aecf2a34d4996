//! Runs of units: literals, back references, and the strings of a class.

use crate::ExecError;
use crate::machine::{Machine, STRINGS, UNSET};
use crate::op::{self, BACK, u8_at, u16_at, u32_at};
use crate::unicode;
use crate::units::Units;

impl<S: Units> Machine<'_, '_, S> {
    /// A run of units (or pairs of them) that ends or starts at `pos`.
    #[inline(always)]
    pub(crate) fn literal(&self, pc: usize, op: u8, at: usize) -> bool {
        let count = usize::from(u16_at(self.code, pc + 1));
        let subject = self.subject;
        match op {
            op::STRING8 => {
                self.code.get(pc + 3..pc + 3 + count).is_some_and(|bytes| subject.starts_with(at, bytes))
            }
            op::STRING16 => {
                S::WIDE
                    && (0..count)
                        .all(|index| subject.at(at + index) == Some(u16_at(self.code, pc + 3 + 2 * index)))
            }
            _ => {
                let Some(pairs) = self.code.get(pc + 3..pc + 3 + 4 * count) else { return false };
                pairs.as_chunks::<4>().0.iter().enumerate().all(|(index, pair)| {
                    match subject.at(at + index) {
                        Some(unit) => unit == u16_at(pair, 0) || unit == u16_at(pair, 2),
                        None => false,
                    }
                })
            }
        }
    }

    /// The end of the text of group `group`, found again at `pos` (leftwards: its start).
    pub(crate) fn back_reference(&self, group: u16, flags: u8, pos: usize, back: bool) -> Option<usize> {
        let (start, end) =
            (self.register(group.wrapping_mul(2)), self.register(group.wrapping_mul(2).wrapping_add(1)));
        if start == UNSET || end == UNSET {
            return Some(pos);
        }
        let subject = self.subject;
        let (start, end) = (start as usize, end as usize);
        let len = end.checked_sub(start)?;
        let (from, to) = if back { (pos.checked_sub(len)?, pos) } else { (pos, pos.checked_add(len)?) };
        if to > subject.len() || end > subject.len() {
            return None;
        }
        let unicode = flags & op::FLAG_UNICODE != 0;
        if unicode && (subject.splits_pair(from) || subject.splits_pair(to)) {
            return None;
        }
        let same = if flags & op::FLAG_IGNORE_CASE == 0 {
            subject.same(start, from, len)
        } else if unicode {
            // Folding never changes the number of units, so positions stay in step.
            let mut index = 0;
            loop {
                if index >= len {
                    break true;
                }
                let (Some(a), Some(b)) =
                    (subject.code_point(start + index), subject.code_point(from + index))
                else {
                    break false;
                };
                if a != b && unicode::fold_simple(a.0) != unicode::fold_simple(b.0) {
                    break false;
                }
                index += a.1;
            }
        } else {
            (0..len).all(|index| match (subject.at(start + index), subject.at(from + index)) {
                (Some(a), Some(b)) => {
                    a == b || unicode::canonicalize_non_unicode(a) == unicode::canonicalize_non_unicode(b)
                }
                _ => false,
            })
        };
        same.then_some(if back { from } else { to })
    }

    /// The only group of a list that took part, or none.
    pub(crate) fn participant(&self, list: u32) -> Option<u16> {
        let list = list as usize;
        (0..usize::from(u16_at(self.sets, list))).map(|index| u16_at(self.sets, list + 2 + 2 * index)).find(
            |&group| {
                self.register(group.wrapping_mul(2)) != UNSET
                    && self.register(group.wrapping_mul(2).wrapping_add(1)) != UNSET
            },
        )
    }

    /// Compares the `len` units at `at` with those in the table of sets at `text`.
    pub(crate) fn compare(&self, at: usize, text: usize, len: usize, flags: u8) -> core::cmp::Ordering {
        let mut index = 0;
        while index < len {
            let stored = |index: usize| u16_at(self.sets, text + 2 * index);
            let Some((c, length)) = self.subject.code_point(at + index) else {
                return core::cmp::Ordering::Greater;
            };
            let c = if flags & op::FLAG_IGNORE_CASE != 0 { unicode::fold_simple(c) } else { c };
            let ordering = if c < 0x10000 {
                stored(index).cmp(&(c as u16))
            } else {
                let high = 0xD7C0u16.wrapping_add((c >> 10) as u16);
                let low = 0xDC00 | (c & 0x3FF) as u16;
                stored(index).cmp(&high).then_with(|| stored(index + 1).cmp(&low))
            };
            if ordering.is_ne() {
                return ordering;
            }
            index += length;
        }
        core::cmp::Ordering::Equal
    }

    /// The next string of a STRINGS instruction that is here, trying lengths from index `from` on.
    pub(crate) fn strings(&mut self, pc: usize, pos: usize, from: usize) -> Result<Option<usize>, ExecError> {
        let back = u8_at(self.code, pc) & BACK != 0;
        let flags = u8_at(self.code, pc + 1);
        let table = u32_at(self.code, pc + 2) as usize;
        let lengths = usize::from(u16_at(self.sets, table));
        for index in from..lengths {
            let row = table + 2 + 8 * index;
            let len = usize::from(u16_at(self.sets, row));
            let start = if back { pos.checked_sub(len) } else { Some(pos) };
            let Some(start) = start.filter(|start| start + len <= self.subject.len()) else { continue };
            if self.subject.splits_pair(start) || self.subject.splits_pair(start + len) {
                continue;
            }
            let (mut low, mut high) = (0, usize::from(u16_at(self.sets, row + 2)));
            let texts = u32_at(self.sets, row + 4) as usize;
            while low < high {
                let middle = (low + high) / 2;
                match self.compare(start, texts + 2 * len * middle, len, flags) {
                    core::cmp::Ordering::Less => low = middle + 1,
                    core::cmp::Ordering::Greater => high = middle,
                    core::cmp::Ordering::Equal => {
                        if index + 1 < lengths {
                            self.push(STRINGS, pc, pos, index as u32 + 1)?;
                        }
                        return Ok(Some(if back { start } else { start + len }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Whether the unit at `at` is a word character.
    #[inline(always)]
    pub(crate) fn is_word(&self, at: Option<usize>, folding: bool) -> bool {
        match at.and_then(|at| self.subject.at(at)) {
            Some(unit) => match u8::try_from(unit) {
                Ok(byte) => byte.is_ascii_alphanumeric() || byte == b'_',
                Err(_) => folding && matches!(unit, 0x17F | 0x212A),
            },
            None => false,
        }
    }
}
