//! Escapes: characters, class escapes, properties, back references.

use crate::CompileError;
use crate::compile::Compiler;
use crate::emit::put16;
use crate::op;
use crate::set::{CodeSet, StringSet};
use crate::source::syntax;
use crate::unicode;
use tare_allocators::Vec;

/// What `\d`, `\s` and `\w` stand for.
const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];
/// WhiteSpace and LineTerminator.
const SPACE: &[(u32, u32)] = &[
    (0x9, 0xD),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

impl<'a> Compiler<'a, '_> {
    /// An escape outside a class; `self.at` is at the backslash.
    pub fn atom_escape(&mut self) -> Result<(), CompileError> {
        let start = self.at;
        self.at += 1;
        let Some(unit) = self.src.unit(self.at) else { return syntax("\\ at end of pattern", start) };
        match u8::try_from(unit).unwrap_or(0) {
            letter @ (b'b' | b'B') => {
                self.at += 1;
                self.begin_term()?;
                let not = if letter == b'B' { op::FLAG_NOT } else { 0 };
                self.byte(op::WORD_BOUNDARY)?;
                self.byte(not | self.case_flags())
            }
            b'k' if self.src.unicode || self.groups.has_names => {
                self.at += 1;
                self.named_reference(start)
            }
            b'1'..=b'9' => {
                let mut end = self.at;
                let number = self.src.number(&mut end).unwrap_or(0);
                if number <= self.groups.captures {
                    self.at = end;
                    let flags = self.case_flags();
                    return self.reference_atom(|this| {
                        this.byte(op::BACK_REF | this.back())?;
                        this.byte(flags)?;
                        this.u16(number as u16)
                    });
                }
                if self.src.unicode {
                    return syntax("Invalid escape", start);
                }
                let c = self.character_escape(start, false)?;
                self.character_atom(c)
            }
            _ => {
                let mut set = CodeSet::new(self.memory);
                let mut strings = StringSet::new(self.memory);
                // The sets of digits, spaces and words are closed over case already, and so are their complements.
                let property = self.src.unit(self.at).is_some_and(|unit| unit | 0x20 == u16::from(b'p'));
                if self.class_escape(&mut set, &mut strings)? {
                    set.normalise();
                    if self.ignore_case && property {
                        set.close_over_case(self.src.unicode)?;
                        if self.src.sets {
                            strings.fold();
                        }
                    }
                    if !strings.is_empty() {
                        strings.normalise();
                        return self.class_with_strings(&set, &strings);
                    }
                    let single = self.set_single(&set)?;
                    let quantifier = self.quantifier()?;
                    return self.single_atom(single, quantifier);
                }
                let c = self.character_escape(start, false)?;
                self.character_atom(c)
            }
        }
    }

    fn case_flags(&self) -> u8 {
        let case = if self.ignore_case { op::FLAG_IGNORE_CASE } else { 0 };
        case | if self.src.unicode { op::FLAG_UNICODE } else { 0 }
    }

    /// Emits a back reference with its quantifier.
    fn reference_atom(
        &mut self,
        emit: impl FnOnce(&mut Self) -> Result<(), CompileError>,
    ) -> Result<(), CompileError> {
        let quantifier = self.quantifier()?;
        self.begin_term()?;
        let registers = self.next_register;
        let open = self.begin_loop(quantifier)?;
        emit(self)?;
        self.end_loop(open, quantifier, true, 0..0)?;
        self.next_register = registers;
        Ok(())
    }

    /// Behind `\k`: `<name>`.
    fn named_reference(&mut self, start: usize) -> Result<(), CompileError> {
        if !self.src.is(self.at, b'<') {
            return syntax("Invalid named reference", start);
        }
        self.at += 1;
        let mut name: Vec<'a, u16> = Vec::new(self.memory);
        if let Err(error) = self.src.group_name(&mut self.at, &mut name) {
            return match error {
                CompileError::Syntax { position, .. } => syntax("Invalid named reference", position),
                other => Err(other),
            };
        }
        let hash = crate::scan::hash(&name);
        let table = self.sets.len();
        put16(&mut self.sets, 0)?;
        let mut count = 0usize;
        let mut only = 0;
        for index in 0..self.groups.names.len() {
            let known = self.groups.names[index];
            if known.hash == hash && *self.groups.name(&known) == *name {
                put16(&mut self.sets, known.group as usize)?;
                only = known.group as u16;
                count += 1;
            }
        }
        let flags = self.case_flags();
        if count == 0 {
            return syntax("Invalid named capture referenced", start);
        }
        if count == 1 {
            self.sets.truncate(table);
            return self.reference_atom(|this| {
                this.byte(op::BACK_REF | this.back())?;
                this.byte(flags)?;
                this.u16(only)
            });
        }
        let Ok(short) = u16::try_from(count) else { return Err(CompileError::TooLarge) };
        self.sets[table..table + 2].copy_from_slice(&short.to_le_bytes());
        let offset = self.share_set(table)?;
        self.reference_atom(|this| {
            this.byte(op::BACK_REF_NAMED | this.back())?;
            this.byte(flags)?;
            this.u32(offset)
        })
    }

    /// A class escape (`\d`, `\p{...}` and their like) whose letter is at `self.at`: adds what it stands
    /// for and moves behind it. False, and nothing done, if it is no class escape.
    pub fn class_escape(
        &mut self,
        set: &mut CodeSet<'a>,
        strings: &mut StringSet<'a>,
    ) -> Result<bool, CompileError> {
        let letter = self.src.unit(self.at).and_then(|unit| u8::try_from(unit).ok()).unwrap_or(0);
        let ranges = match letter | 0x20 {
            b'd' => DIGITS,
            b's' => SPACE,
            b'w' => WORD,
            b'p' if self.src.unicode => {
                self.property(letter == b'P', set, strings)?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        if !letter.is_ascii_alphabetic() {
            return Ok(false);
        }
        self.at += 1;
        if letter.is_ascii_lowercase() && !(letter == b'w' && self.ignore_case && self.src.unicode) {
            set.add_all(ranges)?;
            return Ok(true);
        }
        let mut members = CodeSet::new(self.memory);
        members.add_all(ranges)?;
        if letter | 0x20 == b'w' && self.ignore_case && self.src.unicode {
            // Characters that fold to a word character are word characters (22.2.2.7.3).
            members.close_over_case(true)?;
        }
        if letter.is_ascii_uppercase() {
            members.invert()?;
        }
        set.add_all(members.ranges())?;
        Ok(true)
    }

    /// `p{...}` or `P{...}` at `self.at`.
    fn property(
        &mut self,
        negated: bool,
        set: &mut CodeSet<'a>,
        strings: &mut StringSet<'a>,
    ) -> Result<(), CompileError> {
        const INVALID: &str = "Invalid property name";
        let start = self.at - 1;
        if !self.src.is(self.at + 1, b'{') {
            return syntax(INVALID, start);
        }
        let mut text = [0u8; 96];
        let (mut len, mut equals) = (0, None);
        let mut end = self.at + 2;
        while !self.src.is(end, b'}') {
            let byte = self.src.unit(end).and_then(|unit| u8::try_from(unit).ok()).unwrap_or(0);
            let fits = byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'=' && equals.is_none());
            let Some(slot) = text.get_mut(len).filter(|_| fits) else { return syntax(INVALID, start) };
            if byte == b'=' {
                equals = Some(len);
            }
            *slot = byte;
            len += 1;
            end += 1;
        }
        self.at = end + 1;
        let (name, value) = match equals {
            Some(equals) => (&text[..equals], Some(&text[equals + 1..len])),
            None => (&text[..len], None),
        };
        let mut members = CodeSet::new(self.memory);
        if unicode::property(name, value, |low, high| members.add(low, high))? {
            members.normalise();
            if negated {
                if self.src.sets && self.ignore_case {
                    // With `v` the complement is taken among folded characters.
                    members.close_over_case(true)?;
                }
                members.invert()?;
            }
            return Ok(set.add_all(members.ranges())?);
        }
        if !self.src.sets || negated || value.is_some() {
            return syntax(INVALID, start);
        }
        let found = unicode::property_of_strings(name, |string| match string {
            &[c] => members.add(c, c),
            _ => strings.add(string),
        })?;
        if !found {
            return syntax(INVALID, start);
        }
        members.normalise();
        Ok(set.add_all(members.ranges())?)
    }

    /// An escape for one character; `self.at` is behind the backslash at `start`.
    pub fn character_escape(&mut self, start: usize, in_class: bool) -> Result<u32, CompileError> {
        let Some((c, length)) = self.src.character(self.at) else {
            return syntax("\\ at end of pattern", start);
        };
        let invalid = if in_class { "Invalid class escape" } else { "Invalid escape" };
        let strict = self.src.unicode;
        let byte = u8::try_from(c).unwrap_or(0);
        self.at += length;
        let value = match byte {
            b't' => 9,
            b'n' => 10,
            b'v' => 11,
            b'f' => 12,
            b'r' => 13,
            b'c' => {
                let next = self.src.unit(self.at).and_then(|unit| u8::try_from(unit).ok()).unwrap_or(0);
                let legacy = !strict && in_class && (next.is_ascii_digit() || next == b'_');
                if next.is_ascii_alphabetic() || legacy {
                    self.at += 1;
                    u32::from(next & 31)
                } else if strict {
                    return syntax("Invalid unicode escape", start);
                } else {
                    // Annex B: the backslash stands for itself and the `c` follows.
                    self.at -= 1;
                    u32::from(b'\\')
                }
            }
            b'0' if self.src.digit(self.at).is_none() => 0,
            b'0'..=b'9' if strict => {
                return syntax(if in_class { invalid } else { "Invalid decimal escape" }, start);
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                let most = if value < 4 { 3 } else { 2 };
                for _ in 1..most {
                    match self.src.digit(self.at) {
                        Some(digit @ 0..=7) => value = value * 8 + digit,
                        _ => break,
                    }
                    self.at += 1;
                }
                value
            }
            b'x' => match self.src.hex(self.at, 2) {
                Some(value) => {
                    self.at += 2;
                    value
                }
                None if strict => return syntax(invalid, start),
                None => c,
            },
            b'u' => match self.src.unicode_escape(self.at, strict) {
                Some((value, length)) => {
                    self.at += length;
                    value
                }
                None if strict => return syntax("Invalid Unicode escape", start),
                None => c,
            },
            b'k' if self.groups.has_names => return syntax(invalid, start),
            b'-' if strict && in_class => c,
            b'^' | b'$' | b'\\' | b'.' | b'*' | b'+' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}'
            | b'|' | b'/' => c,
            b'&' | b'!' | b'#' | b'%' | b',' | b':' | b';' | b'<' | b'=' | b'>' | b'@' | b'`' | b'~'
                if self.src.sets && in_class =>
            {
                c
            }
            b'b' if in_class => 8,
            _ if strict => return syntax(invalid, start),
            _ => c,
        };
        Ok(value)
    }
}
