//! Reading the text of a pattern: units, code points, digits and group names.

use crate::unicode;
use crate::{CompileError, Text};
use tare_allocators::Vec;

/// The largest bound of a quantifier; larger ones mean the same on any string there can be.
pub(crate) const UNBOUNDED: u32 = u32::MAX;

/// A quantifier: `{min,max}` and whether it prefers more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantifier {
    pub min: u32,
    pub max: u32,
    pub greedy: bool,
}

/// Pattern text with the mode it is read in.
#[derive(Clone, Copy)]
pub(crate) struct Source<'p> {
    text: Text<'p>,
    /// `u` or `v`: surrogate pairs are one character and Annex B does not apply.
    pub unicode: bool,
    /// `v`
    pub sets: bool,
}

pub(crate) fn syntax<T>(message: &'static str, position: usize) -> Result<T, CompileError> {
    Err(CompileError::Syntax { message, position })
}

/// Joins two surrogates.
pub(crate) fn join(high: u16, low: u16) -> u32 {
    0x10000 + ((u32::from(high) & 0x3FF) << 10) + (u32::from(low) & 0x3FF)
}

pub(crate) fn is_high(unit: u16) -> bool {
    unit & 0xFC00 == 0xD800
}

pub(crate) fn is_low(unit: u16) -> bool {
    unit & 0xFC00 == 0xDC00
}

impl<'p> Source<'p> {
    pub fn new(text: Text<'p>, unicode: bool, sets: bool) -> Self {
        Source { text, unicode, sets }
    }

    pub fn unit(&self, at: usize) -> Option<u16> {
        self.text.unit(at)
    }

    /// Whether the unit at `at` is the ASCII character `c`.
    pub fn is(&self, at: usize, c: u8) -> bool {
        self.unit(at) == Some(u16::from(c))
    }

    pub fn starts_with(&self, at: usize, text: &[u8]) -> bool {
        text.iter().enumerate().all(|(i, &c)| self.is(at + i, c))
    }

    /// The code point at `at` and its length in units, surrogate pairs joined.
    pub fn code_point(&self, at: usize) -> Option<(u32, usize)> {
        let unit = self.unit(at)?;
        if is_high(unit)
            && let Some(low) = self.unit(at + 1)
            && is_low(low)
        {
            return Some((join(unit, low), 2));
        }
        Some((u32::from(unit), 1))
    }

    /// The character at `at` as the pattern's mode reads it, and its length in units.
    pub fn character(&self, at: usize) -> Option<(u32, usize)> {
        if self.unicode { self.code_point(at) } else { self.unit(at).map(|unit| (u32::from(unit), 1)) }
    }

    pub fn digit(&self, at: usize) -> Option<u32> {
        let unit = self.unit(at)?;
        char::from_u32(u32::from(unit))?.to_digit(10)
    }

    /// A decimal number, saturating; `at` moves behind it. `None` if there is no digit.
    pub fn number(&self, at: &mut usize) -> Option<u32> {
        let mut value = self.digit(*at)?;
        *at += 1;
        while let Some(digit) = self.digit(*at) {
            value = value.saturating_mul(10).saturating_add(digit);
            *at += 1;
        }
        Some(value)
    }

    /// Exactly `count` hexadecimal digits.
    pub fn hex(&self, at: usize, count: usize) -> Option<u32> {
        let mut value = 0;
        for i in 0..count {
            value = value * 16 + char::from_u32(u32::from(self.unit(at + i)?))?.to_digit(16)?;
        }
        Some(value)
    }

    /// `{hex digits}` at `at`: the value (at most 0x10FFFF) and the length with both braces.
    pub fn braced_hex(&self, at: usize) -> Option<(u32, usize)> {
        if !self.is(at, b'{') {
            return None;
        }
        let (mut value, mut end) = (0u32, at + 1);
        while !self.is(end, b'}') {
            let digit = char::from_u32(u32::from(self.unit(end)?))?.to_digit(16)?;
            value = value.checked_mul(16)?.checked_add(digit)?;
            if value > 0x10FFFF {
                return None;
            }
            end += 1;
        }
        (end > at + 1).then_some((value, end + 1 - at))
    }

    /// What follows `\u`: `{...}`, or four digits, where two escaped surrogates are joined.
    /// Returns the code point and the length of the text behind `\u`.
    pub fn unicode_escape(&self, at: usize, full: bool) -> Option<(u32, usize)> {
        if !full {
            return Some((self.hex(at, 4)?, 4));
        }
        if self.is(at, b'{') {
            return self.braced_hex(at);
        }
        let first = self.hex(at, 4)? as u16;
        if is_high(first)
            && self.starts_with(at + 4, b"\\u")
            && let Some(low) = self.hex(at + 6, 4)
            && is_low(low as u16)
        {
            return Some((join(first, low as u16), 10));
        }
        Some((u32::from(first), 4))
    }

    /// A quantifier at `at`, moving `at` behind it. `Ok(None)` where there is none, also for a `{` that
    /// Annex B reads as itself.
    pub fn quantifier(&self, at: &mut usize) -> Result<Option<Quantifier>, CompileError> {
        let start = *at;
        let (min, max) = match self.unit(start).map(|unit| unit as u32).and_then(char::from_u32) {
            Some('*') => (0, UNBOUNDED),
            Some('+') => (1, UNBOUNDED),
            Some('?') => (0, 1),
            Some('{') => match self.braced_quantifier(start) {
                Some((min, max, end)) => {
                    if min > max {
                        return syntax("numbers out of order in {} quantifier", start);
                    }
                    *at = end - 1;
                    (min, max)
                }
                None if self.unicode => return syntax("Incomplete quantifier", start),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        *at += 1;
        let greedy = !self.is(*at, b'?');
        if !greedy {
            *at += 1;
        }
        Ok(Some(Quantifier { min, max, greedy }))
    }

    /// `{n}`, `{n,}` or `{n,m}` at `at`: bounds and end.
    pub fn braced_quantifier(&self, start: usize) -> Option<(u32, u32, usize)> {
        let mut at = start + 1;
        let min = self.number(&mut at)?;
        let max = if self.is(at, b',') {
            at += 1;
            if self.is(at, b'}') { UNBOUNDED } else { self.number(&mut at)? }
        } else {
            min
        };
        self.is(at, b'}').then_some((min, max, at + 1))
    }

    /// A group name up to and with its `>`, starting behind the `<`. Appends its UTF-16 units to
    /// `name` and moves `at` behind the `>`.
    pub fn group_name(&self, at: &mut usize, name: &mut Vec<'_, u16>) -> Result<(), CompileError> {
        const INVALID: &str = "Invalid capture group name";
        let mut first = true;
        loop {
            let position = *at;
            if self.is(position, b'>') && !first {
                *at += 1;
                return Ok(());
            }
            let Some((mut c, mut length)) = self.code_point(position) else {
                return syntax(INVALID, position);
            };
            if c == u32::from(b'\\') {
                let escaped =
                    if self.is(position + 1, b'u') { self.unicode_escape(position + 2, true) } else { None };
                let Some((value, digits)) = escaped else {
                    return syntax("Invalid Unicode escape", position);
                };
                (c, length) = (value, digits + 2);
            }
            let dollar = c == u32::from(b'$') || c == u32::from(b'_');
            let valid = dollar
                || if first {
                    unicode::is_id_start(c)
                } else {
                    unicode::is_id_continue(c) || c == 0x200C || c == 0x200D
                };
            if !valid {
                return syntax(INVALID, position);
            }
            push_code_point(name, c)?;
            first = false;
            *at += length;
        }
    }
}

/// Appends a code point as one or two UTF-16 units.
pub(crate) fn push_code_point(units: &mut Vec<'_, u16>, c: u32) -> Result<(), tare_allocators::OutOfMemory> {
    if c < 0x10000 {
        units.try_push(c as u16)
    } else {
        units.try_push(0xD7C0u16.wrapping_add((c >> 10) as u16))?;
        units.try_push(0xDC00 | (c & 0x3FF) as u16)
    }
}
