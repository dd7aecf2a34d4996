//! Source text to tokens.
//!
//! The source is WTF-8: UTF-8 in which lone surrogates may stand as three bytes. The lexer has no mode:
//! a `/` is lexed as an operator and a `}` as a brace; the parser, which knows better, asks for
//! [`Lexer::regexp`] or [`Lexer::template_rest`] at the position of that token.

use tare_allocators::{Memory, OutOfMemory, Vec};
use tare_unicode::{is_id_continue, is_id_start, is_white_space};

use super::error::Fail;
use super::names::{Name, Names, RESERVED, decode, n, push_wtf8};
use super::token::{T, Token};
use crate::code::function::Text;

/// A lexical error: where, and what.
pub(crate) struct LexError {
    pub at: u32,
    pub message: &'static str,
}

pub(crate) enum LexFail {
    Error(LexError),
    OutOfMemory,
}

impl From<OutOfMemory> for LexFail {
    fn from(_: OutOfMemory) -> Self {
        LexFail::OutOfMemory
    }
}

type LexRes<X = ()> = Result<X, LexFail>;

fn fail<X>(at: usize, message: &'static str) -> LexRes<X> {
    Err(LexFail::Error(LexError { at: at as u32, message }))
}

const ID_START: u8 = 1;
const ID_PART: u8 = 2;
const SPACE: u8 = 4;
const DIGIT: u8 = 8;

static CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut i = 0;
    while i < 128 {
        let c = i as u8;
        if c.is_ascii_alphabetic() || c == b'$' || c == b'_' {
            class[i] = ID_START | ID_PART;
        } else if c.is_ascii_digit() {
            class[i] = ID_PART | DIGIT;
        } else if c == b' ' || c == 9 || c == 11 || c == 12 {
            class[i] = SPACE;
        }
        i += 1;
    }
    class
};

/// The value of a template chunk.
pub(crate) struct TemplateChunk {
    /// `None` if it has a bad escape (allowed in tagged templates).
    pub cooked: Option<Name>,
    pub raw: Name,
    /// The chunk ends the literal.
    pub last: bool,
    pub start: u32,
}

pub(crate) struct Lexer<'a, 's> {
    pub source: &'s [u8],
    pub at: usize,
    pub names: Names<'a>,
    scratch: Vec<'a, u8>,
    raw: Vec<'a, u8>,
    /// HTML-like comments are allowed (not in modules).
    pub html_comments: bool,
}

impl<'a, 's> Lexer<'a, 's> {
    pub fn new(source: &'s [u8], memory: Memory<'a>) -> Result<Self, OutOfMemory> {
        Ok(Lexer {
            source,
            at: 0,
            names: Names::new(memory, source.len())?,
            scratch: Vec::new(memory),
            raw: Vec::new(memory),
            html_comments: true,
        })
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.source.get(at).copied().unwrap_or(0)
    }

    /// Skips a hashbang comment.
    pub fn hashbang(&mut self) {
        if self.source.starts_with(b"#!") {
            self.skip_line();
        }
    }

    /// Whether a line separator starts here (U+2028 or U+2029).
    fn is_wide_terminator(&self, at: usize) -> bool {
        self.byte(at) == 0xE2 && self.byte(at + 1) == 0x80 && matches!(self.byte(at + 2), 0xA8 | 0xA9)
    }

    fn skip_line(&mut self) {
        while self.at < self.source.len() {
            match self.source[self.at] {
                b'\n' | b'\r' => break,
                0xE2 if self.is_wide_terminator(self.at) => break,
                _ => self.at += 1,
            }
        }
    }

    /// Skips white space and comments; whether there was a line terminator.
    fn skip_space(&mut self, mut newline: bool) -> LexRes<bool> {
        loop {
            let c = self.byte(self.at);
            if CLASS[usize::from(c)] & SPACE != 0 {
                self.at += 1;
                continue;
            }
            match c {
                b'\n' | b'\r' => {
                    newline = true;
                    self.at += 1;
                }
                b'/' => match self.byte(self.at + 1) {
                    b'/' => {
                        self.at += 2;
                        self.skip_line();
                    }
                    b'*' => {
                        let start = self.at;
                        self.at += 2;
                        loop {
                            if self.at >= self.source.len() {
                                return fail(start, "unterminated comment");
                            }
                            match self.source[self.at] {
                                b'*' if self.byte(self.at + 1) == b'/' => break,
                                b'\n' | b'\r' => newline = true,
                                0xE2 if self.is_wide_terminator(self.at) => newline = true,
                                _ => {}
                            }
                            self.at += 1;
                        }
                        self.at += 2;
                    }
                    _ => return Ok(newline),
                },
                b'<' if self.html_comments && self.source[self.at..].starts_with(b"<!--") => self.skip_line(),
                b'-' if newline && self.html_comments && self.source[self.at..].starts_with(b"-->") => {
                    self.skip_line();
                }
                0x80.. => {
                    if self.is_wide_terminator(self.at) {
                        newline = true;
                        self.at += 3;
                        continue;
                    }
                    let (c, len) = decode(self.source, self.at);
                    if !is_white_space(c) {
                        return Ok(newline);
                    }
                    self.at += len;
                }
                _ => return Ok(newline),
            }
        }
    }

    /// The next token. `first`: at the start of the source, which counts as the start of a line.
    pub fn token(&mut self, first: bool) -> LexRes<Token> {
        let newline = self.skip_space(first)?;
        let start = self.at;
        let mut token = Token {
            kind: T::Eof,
            newline,
            escaped: false,
            octal: false,
            start: start as u32,
            end: 0,
            name: Name::NONE,
            number: 0.0,
        };
        let c = self.byte(start);
        let class = CLASS[usize::from(c)];
        if class & ID_START != 0 {
            let mut at = start + 1;
            while CLASS[usize::from(self.byte(at))] & ID_PART != 0 {
                at += 1;
            }
            self.at = at;
            let after = self.byte(at);
            if after >= 0x80 || after == b'\\' {
                self.at = start;
                self.slow_identifier(&mut token, start)?;
            } else {
                token.name = self.names.of_source(self.source, start, at)?;
                token.kind = if token.name.0 < RESERVED { T::reserved(token.name) } else { T::Ident };
            }
        } else if class & DIGIT != 0 {
            self.number(&mut token)?;
        } else {
            match c {
                b'"' | b'\'' => self.string(&mut token, c)?,
                b'`' => {
                    token.kind = T::Template;
                    self.at += 1;
                }
                b'#' => {
                    self.at += 1;
                    let next = self.byte(self.at);
                    if next < 0x80 && next != b'\\' && CLASS[usize::from(next)] & ID_START == 0 {
                        return fail(start, "unexpected character '#'");
                    }
                    self.slow_identifier(&mut token, start)?;
                    token.kind = T::Private;
                }
                b'\\' => self.slow_identifier(&mut token, start)?,
                0x80.. => self.slow_identifier(&mut token, start)?,
                0 if start >= self.source.len() => {}
                b'.' if CLASS[usize::from(self.byte(start + 1))] & DIGIT != 0 => self.number(&mut token)?,
                _ => self.punctuator(&mut token, c)?,
            }
        }
        token.end = self.at as u32;
        Ok(token)
    }

    fn punctuator(&mut self, token: &mut Token, c: u8) -> LexRes {
        let at = self.at;
        let (b1, b2, b3) = (self.byte(at + 1), self.byte(at + 2), self.byte(at + 3));
        let (kind, len) = match c {
            b'{' => (T::LBrace, 1),
            b'}' => (T::RBrace, 1),
            b'(' => (T::LParen, 1),
            b')' => (T::RParen, 1),
            b'[' => (T::LBracket, 1),
            b']' => (T::RBracket, 1),
            b';' => (T::Semicolon, 1),
            b',' => (T::Comma, 1),
            b':' => (T::Colon, 1),
            b'~' => (T::Tilde, 1),
            b'.' if b1 == b'.' && b2 == b'.' => (T::Ellipsis, 3),
            b'.' => (T::Dot, 1),
            b'?' => match (b1, b2) {
                (b'?', b'=') => (T::NullishEq, 3),
                (b'?', _) => (T::Nullish, 2),
                (b'.', d) if !d.is_ascii_digit() => (T::OptChain, 2),
                _ => (T::Question, 1),
            },
            b'=' => match (b1, b2) {
                (b'=', b'=') => (T::EqEq, 3),
                (b'=', _) => (T::Eq, 2),
                (b'>', _) => (T::Arrow, 2),
                _ => (T::Assign, 1),
            },
            b'!' => match (b1, b2) {
                (b'=', b'=') => (T::NeEq, 3),
                (b'=', _) => (T::Ne, 2),
                _ => (T::Not, 1),
            },
            b'+' => match b1 {
                b'+' => (T::Inc, 2),
                b'=' => (T::PlusEq, 2),
                _ => (T::Plus, 1),
            },
            b'-' => match b1 {
                b'-' => (T::Dec, 2),
                b'=' => (T::MinusEq, 2),
                _ => (T::Minus, 1),
            },
            b'*' => match (b1, b2) {
                (b'*', b'=') => (T::PowEq, 3),
                (b'*', _) => (T::Pow, 2),
                (b'=', _) => (T::StarEq, 2),
                _ => (T::Star, 1),
            },
            b'/' if b1 == b'=' => (T::SlashEq, 2),
            b'/' => (T::Slash, 1),
            b'%' if b1 == b'=' => (T::PercentEq, 2),
            b'%' => (T::Percent, 1),
            b'<' => match (b1, b2) {
                (b'<', b'=') => (T::ShlEq, 3),
                (b'<', _) => (T::Shl, 2),
                (b'=', _) => (T::Le, 2),
                _ => (T::Lt, 1),
            },
            b'>' => match (b1, b2, b3) {
                (b'>', b'>', b'=') => (T::ShrEq, 4),
                (b'>', b'>', _) => (T::Shr, 3),
                (b'>', b'=', _) => (T::SarEq, 3),
                (b'>', _, _) => (T::Sar, 2),
                (b'=', _, _) => (T::Ge, 2),
                _ => (T::Gt, 1),
            },
            b'&' => match (b1, b2) {
                (b'&', b'=') => (T::AndAndEq, 3),
                (b'&', _) => (T::AndAnd, 2),
                (b'=', _) => (T::AndEq, 2),
                _ => (T::And, 1),
            },
            b'|' => match (b1, b2) {
                (b'|', b'=') => (T::OrOrEq, 3),
                (b'|', _) => (T::OrOr, 2),
                (b'=', _) => (T::OrEq, 2),
                _ => (T::Or, 1),
            },
            b'^' if b1 == b'=' => (T::XorEq, 2),
            b'^' => (T::Xor, 1),
            _ => return fail(at, "unexpected character"),
        };
        token.kind = kind;
        self.at += len;
        Ok(())
    }

    /// An identifier with escapes or characters beyond ASCII; `start` may be a `#` already passed.
    fn slow_identifier(&mut self, token: &mut Token, start: usize) -> LexRes {
        let mut out = core::mem::replace(&mut self.scratch, Vec::new(self.raw.memory()));
        out.clear();
        if self.at > start {
            out.try_push(b'#')?;
        }
        let mut first = true;
        loop {
            let at = self.at;
            let c = self.byte(at);
            let c = if c == b'\\' {
                token.escaped = true;
                if self.byte(at + 1) != b'u' {
                    return fail(at, "invalid escape in identifier");
                }
                self.at += 2;
                match self.unicode_escape() {
                    Some(c) => c,
                    None => return fail(at, "invalid Unicode escape in identifier"),
                }
            } else if c < 0x80 {
                if CLASS[usize::from(c)] & ID_PART == 0 {
                    break;
                }
                self.at += 1;
                u32::from(c)
            } else {
                let (c, len) = decode(self.source, at);
                if !(if first { is_id_start(c) } else { is_id_continue(c) }) {
                    if first {
                        return fail(at, "unexpected character");
                    }
                    break;
                }
                self.at += len;
                c
            };
            let good = if first {
                is_id_start(c) || c == u32::from(b'$') || c == u32::from(b'_')
            } else {
                is_id_continue(c) || matches!(c, 0x24 | 0x5F | 0x200C | 0x200D)
            };
            if !good {
                return fail(at, "invalid character in identifier");
            }
            push_wtf8(&mut out, c)?;
            first = false;
        }
        if first {
            return fail(start, "identifier expected");
        }
        token.name = if token.escaped {
            self.names.add_extra(self.source, &out)?
        } else {
            self.names.of_source(self.source, start, self.at)?
        };
        self.scratch = out;
        token.kind = if token.name.0 >= RESERVED {
            T::Ident
        } else if token.escaped {
            T::Escaped
        } else {
            T::reserved(token.name)
        };
        Ok(())
    }

    /// What follows `\u`: four digits or a braced code point.
    fn unicode_escape(&mut self) -> Option<u32> {
        if self.byte(self.at) == b'{' {
            self.at += 1;
            let (mut value, mut digits) = (0u32, 0);
            while let Some(digit) = (self.byte(self.at) as char).to_digit(16) {
                value = value * 16 + digit;
                if value > 0x10_FFFF {
                    return None;
                }
                digits += 1;
                self.at += 1;
            }
            if digits == 0 || self.byte(self.at) != b'}' {
                return None;
            }
            self.at += 1;
            return Some(value);
        }
        self.hex(4)
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..digits {
            value = value * 16 + (self.byte(self.at) as char).to_digit(16)?;
            self.at += 1;
        }
        Some(value)
    }

    /// Digits of a radix with separators; how many.
    fn digits(&mut self, radix: u32) -> LexRes<usize> {
        let mut count = 0;
        loop {
            let c = self.byte(self.at);
            if c == b'_' {
                let good = count > 0
                    && (self.byte(self.at - 1) as char).is_digit(radix)
                    && (self.byte(self.at + 1) as char).is_digit(radix);
                if !good {
                    return fail(self.at, "numeric separators are allowed only between digits");
                }
                self.at += 1;
                continue;
            }
            if !(c as char).is_digit(radix) {
                return Ok(count);
            }
            count += 1;
            self.at += 1;
        }
    }

    fn number(&mut self, token: &mut Token) -> LexRes {
        let start = self.at;
        token.kind = T::Number;
        let c = self.byte(start);
        let mut big = false;
        if c == b'0'
            && self.byte(start + 1).is_ascii_alphabetic()
            && !matches!(self.byte(start + 1), b'e' | b'E' | b'n')
        {
            let radix = match self.byte(start + 1) | 0x20 {
                b'x' => 16,
                b'o' => 8,
                b'b' => 2,
                _ => return fail(start, "invalid number"),
            };
            self.at += 2;
            if self.digits(radix)? == 0 {
                return fail(start, "digits expected");
            }
            if self.byte(self.at) == b'n' {
                big = true;
            } else {
                let text = Text::Latin1(&self.source[start + 2..self.at]);
                token.number = tare_number::radix_digits_value(text, radix).unwrap_or(0.0);
            }
        } else if c == b'0' && self.byte(start + 1) == b'_' {
            return fail(start + 1, "numeric separator after a leading zero");
        } else if c == b'0' && self.byte(start + 1).is_ascii_digit() {
            // A legacy octal, or a decimal with a leading zero.
            token.escaped = true;
            self.at += 1;
            let mut octal = true;
            while self.byte(self.at).is_ascii_digit() {
                octal &= self.byte(self.at) < b'8';
                self.at += 1;
            }
            if self.byte(self.at) == b'_' {
                return fail(self.at, "numeric separator after a leading zero");
            }
            if octal {
                let text = Text::Latin1(&self.source[start + 1..self.at]);
                token.number = tare_number::radix_digits_value(text, 8).unwrap_or(0.0);
            } else {
                self.fraction()?;
                token.number = self.decimal_value(start);
            }
        } else {
            let mut small = 0u32;
            while self.byte(self.at).is_ascii_digit() && self.at - start < 9 {
                small = small * 10 + u32::from(self.byte(self.at) - b'0');
                self.at += 1;
            }
            let next = self.byte(self.at);
            if CLASS[usize::from(next)] & ID_PART == 0 && next != b'.' && next < 0x80 && next != b'\\' {
                token.number = f64::from(small);
                return Ok(());
            }
            self.at = start;
            if c != b'.' {
                self.digits(10)?;
            }
            if self.byte(self.at) == b'n' && c != b'.' {
                if c == b'0' && self.at > start + 1 {
                    return fail(start, "invalid BigInt literal");
                }
                big = true;
            } else {
                self.fraction()?;
                token.number = self.decimal_value(start);
            }
        }
        if big {
            token.kind = T::BigInt;
            let mut out = core::mem::replace(&mut self.scratch, Vec::new(self.raw.memory()));
            out.clear();
            for &b in self.source[start..self.at].iter().filter(|&&b| b != b'_') {
                out.try_push(b)?;
            }
            token.name = self.names.add_extra(self.source, &out)?;
            self.scratch = out;
            self.at += 1;
        }
        let next = self.byte(self.at);
        let id = if next < 0x80 {
            CLASS[usize::from(next)] & ID_PART != 0 || next == b'\\'
        } else {
            is_id_start(decode(self.source, self.at).0)
        };
        if id {
            return fail(self.at, "identifier directly after number");
        }
        Ok(())
    }

    fn decimal_value(&self, start: usize) -> f64 {
        tare_number::decimal_literal_value(Text::Latin1(&self.source[start..self.at])).unwrap_or(f64::NAN)
    }

    /// Fraction and exponent of a decimal literal.
    fn fraction(&mut self) -> LexRes {
        if self.byte(self.at) == b'.' {
            self.at += 1;
            if self.byte(self.at) == b'_' {
                return fail(self.at, "numeric separators are allowed only between digits");
            }
            self.digits(10)?;
        }
        if matches!(self.byte(self.at), b'e' | b'E') {
            let at = self.at;
            self.at += 1;
            if matches!(self.byte(self.at), b'+' | b'-') {
                self.at += 1;
            }
            if self.byte(self.at) == b'_' || self.digits(10)? == 0 {
                return fail(at, "digits expected in exponent");
            }
        }
        Ok(())
    }

    fn string(&mut self, token: &mut Token, quote: u8) -> LexRes {
        token.kind = T::String;
        let start = self.at;
        self.at += 1;
        while self.at < self.source.len() {
            let c = self.source[self.at];
            if c == quote {
                token.name = self.names.of_source(self.source, start + 1, self.at)?;
                self.at += 1;
                return Ok(());
            }
            if matches!(c, b'\\' | b'\n' | b'\r') {
                break;
            }
            self.at += 1;
        }
        token.escaped = true;
        let mut out = core::mem::replace(&mut self.scratch, Vec::new(self.raw.memory()));
        out.clear();
        out.try_extend_from_slice(&self.source[start + 1..self.at])?;
        loop {
            if self.at >= self.source.len() {
                return fail(start, "unterminated string");
            }
            match self.source[self.at] {
                c if c == quote => break,
                b'\n' | b'\r' => return fail(start, "unterminated string"),
                b'\\' => {
                    let at = self.at;
                    self.at += 1;
                    if let Err(text) = self.escape(&mut out, false, &mut token.octal)? {
                        return fail(at, text);
                    }
                }
                c if c < 0x80 => {
                    out.try_push(c)?;
                    self.at += 1;
                }
                _ => {
                    let (c, len) = decode(self.source, self.at);
                    push_wtf8(&mut out, c)?;
                    self.at += len;
                }
            }
        }
        self.at += 1;
        token.name = self.names.add_extra(self.source, &out)?;
        self.scratch = out;
        Ok(())
    }

    /// The escape behind a backslash. The inner error is a message; in a template nothing octal is allowed.
    fn escape(
        &mut self,
        out: &mut Vec<'a, u8>,
        template: bool,
        octal: &mut bool,
    ) -> LexRes<Result<(), &'static str>> {
        let c = self.byte(self.at);
        if self.at >= self.source.len() {
            return Ok(Err("unterminated string"));
        }
        self.at += 1;
        let value = match c {
            b'n' => 10,
            b't' => 9,
            b'r' => 13,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'\r' => {
                if self.byte(self.at) == b'\n' {
                    self.at += 1;
                }
                return Ok(Ok(()));
            }
            b'\n' => return Ok(Ok(())),
            b'x' => match self.hex(2) {
                Some(value) => value,
                None => return Ok(Err("invalid \\x escape")),
            },
            b'u' => match self.unicode_escape() {
                Some(value) => value,
                None => return Ok(Err("invalid Unicode escape")),
            },
            b'0' if !self.byte(self.at).is_ascii_digit() => 0,
            b'0'..=b'7' => {
                if template {
                    return Ok(Err("octal escape in template"));
                }
                *octal = true;
                let mut value = u32::from(c - b'0');
                let more = if c < b'4' { 2 } else { 1 };
                for _ in 0..more {
                    let d = self.byte(self.at);
                    if !matches!(d, b'0'..=b'7') {
                        break;
                    }
                    value = value * 8 + u32::from(d - b'0');
                    self.at += 1;
                }
                value
            }
            b'8' | b'9' => {
                if template {
                    return Ok(Err("invalid escape in template"));
                }
                *octal = true;
                u32::from(c)
            }
            0x80.. => {
                self.at -= 1;
                let (c, len) = decode(self.source, self.at);
                self.at += len;
                if matches!(c, 0x2028 | 0x2029) {
                    return Ok(Ok(()));
                }
                c
            }
            _ => u32::from(c),
        };
        push_wtf8(out, value)?;
        Ok(Ok(()))
    }

    /// The rest of a template chunk: the lexer stands behind a backquote, or behind the brace that ends
    /// a substitution.
    pub fn template_rest(&mut self) -> LexRes<TemplateChunk> {
        let start = self.at;
        let mut out = core::mem::replace(&mut self.scratch, Vec::new(self.raw.memory()));
        let mut raw = core::mem::replace(&mut self.raw, Vec::new(out.memory()));
        out.clear();
        raw.clear();
        let mut good = true;
        let last = loop {
            if self.at >= self.source.len() {
                return fail(start.saturating_sub(1), "unterminated template");
            }
            match self.source[self.at] {
                b'`' => {
                    self.at += 1;
                    break true;
                }
                b'$' if self.byte(self.at + 1) == b'{' => {
                    self.at += 2;
                    break false;
                }
                b'\r' => {
                    out.try_push(b'\n')?;
                    raw.try_push(b'\n')?;
                    self.at += 1;
                    if self.byte(self.at) == b'\n' {
                        self.at += 1;
                    }
                }
                b'\\' => {
                    let from = self.at;
                    self.at += 1;
                    if self.escape(&mut out, true, &mut false)?.is_err() {
                        good = false;
                        // Whatever follows, a backquote or brace behind the backslash is not skipped twice.
                        self.at = self.at.max(from + 2);
                        if self.source[from..self.at].iter().skip(2).any(|&b| b == b'`' || b == b'$') {
                            self.at = from + 2;
                        }
                    }
                    let end = self.at.min(self.source.len());
                    let mut i = from;
                    while i < end {
                        let b = self.source[i];
                        i += 1;
                        if b == b'\r' {
                            raw.try_push(b'\n')?;
                            if self.byte(i) == b'\n' {
                                i += 1;
                            }
                        } else {
                            raw.try_push(b)?;
                        }
                    }
                }
                c if c < 0x80 => {
                    out.try_push(c)?;
                    raw.try_push(c)?;
                    self.at += 1;
                }
                _ => {
                    let (c, len) = decode(self.source, self.at);
                    push_wtf8(&mut out, c)?;
                    push_wtf8(&mut raw, c)?;
                    self.at += len;
                }
            }
        };
        let cooked = if good { Some(self.names.add_extra(self.source, &out)?) } else { None };
        let raw_name = self.names.add_extra(self.source, &raw)?;
        self.scratch = out;
        self.raw = raw;
        Ok(TemplateChunk { cooked, raw: raw_name, last, start: start as u32 })
    }

    /// A RegExp literal that starts at `start` (its slash): pattern and flags. Leaves the lexer behind it.
    pub fn regexp(&mut self, start: usize) -> LexRes<(Name, Name)> {
        self.at = start + 1;
        let mut class = false;
        loop {
            if self.at >= self.source.len() || self.is_wide_terminator(self.at) {
                return fail(start, "unterminated regular expression");
            }
            match self.source[self.at] {
                b'\n' | b'\r' => return fail(start, "unterminated regular expression"),
                b'/' if !class => break,
                b'[' => class = true,
                b']' => class = false,
                b'\\' => {
                    self.at += 1;
                    if matches!(self.byte(self.at), b'\n' | b'\r') || self.is_wide_terminator(self.at) {
                        return fail(start, "unterminated regular expression");
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        let pattern = self.names.of_source(self.source, start + 1, self.at)?;
        self.at += 1;
        let from = self.at;
        loop {
            let c = self.byte(self.at);
            if c >= 0x80 {
                let (c, len) = decode(self.source, self.at);
                if !is_id_continue(c) {
                    break;
                }
                self.at += len;
            } else if CLASS[usize::from(c)] & ID_PART != 0 {
                self.at += 1;
            } else if c == b'\\' {
                return fail(self.at, "invalid regular expression flags");
            } else {
                break;
            }
        }
        let flags = self.names.of_source(self.source, from, self.at)?;
        Ok((pattern, flags))
    }

    /// Whether the next token, on any line, is `=>` (only spaces skipped: comments answer `None`).
    pub fn arrow_follows(&self) -> Option<bool> {
        let mut at = self.at;
        while CLASS[usize::from(self.byte(at))] & SPACE != 0 {
            at += 1;
        }
        match self.byte(at) {
            b'=' => Some(self.byte(at + 1) == b'>'),
            b'/' if matches!(self.byte(at + 1), b'*' | b'/') => None,
            0x80.. | b'\n' | b'\r' => None,
            _ => Some(false),
        }
    }
}

impl Lexer<'_, '_> {
    /// Whether the next token is a colon (comments and line ends answer `None`).
    pub fn colon_follows(&self) -> Option<bool> {
        let mut at = self.at;
        while CLASS[usize::from(self.byte(at))] & SPACE != 0 {
            at += 1;
        }
        match self.byte(at) {
            b':' => Some(true),
            b'/' if matches!(self.byte(at + 1), b'*' | b'/') => None,
            0x80.. | b'\n' | b'\r' => None,
            _ => Some(false),
        }
    }
}

impl From<Fail> for LexFail {
    fn from(_: Fail) -> Self {
        LexFail::OutOfMemory
    }
}

/// Bytes between two known counts of code units.
const BLOCK: usize = 512;

/// The line starts of a source, for positions.
pub(crate) struct Lines<'a> {
    starts: Vec<'a, u32>,
    /// UTF-16 code units before each block; empty if the source is ASCII.
    blocks: Vec<'a, u32>,
    /// The line of the last answer.
    last: usize,
    /// The last offset asked for, with the code units before it; and the last start of a line.
    counted: (u32, u32),
    line_units: (u32, u32),
}

/// UTF-16 code units of a piece of WTF-8 that starts and ends between characters.
fn count_units(bytes: &[u8]) -> u32 {
    bytes.iter().map(|&b| u32::from(b & 0xC0 != 0x80) + u32::from(b >= 0xF0)).sum()
}

impl<'a> Lines<'a> {
    pub fn new(source: &[u8], memory: Memory<'a>) -> Result<Self, OutOfMemory> {
        let mut starts = Vec::try_with_capacity(source.len() / 40 + 1, memory)?;
        starts.try_push(0u32)?;
        let ascii = source.is_ascii();
        for (i, &b) in source.iter().enumerate() {
            let end = match b {
                b'\n' => true,
                b'\r' => source.get(i + 1) != Some(&b'\n'),
                0xA8 | 0xA9 if !ascii => i >= 2 && source[i - 1] == 0x80 && source[i - 2] == 0xE2,
                _ => false,
            };
            if end {
                starts.try_push(i as u32 + 1)?;
            }
        }
        let mut blocks = Vec::new(memory);
        if !ascii {
            let mut units = 0;
            for block in source.chunks(BLOCK) {
                blocks.try_push(units)?;
                units += count_units(block);
            }
        }
        Ok(Lines { starts, blocks, last: 0, counted: (0, 0), line_units: (0, 0) })
    }

    /// UTF-16 code units before an offset.
    fn units(&self, source: &[u8], offset: u32) -> u32 {
        let offset = (offset as usize).min(source.len());
        match self.blocks.get(offset / BLOCK) {
            Some(&units) => units + count_units(&source[offset / BLOCK * BLOCK..offset]),
            None => match self.blocks.last() {
                Some(&units) => units + count_units(&source[(self.blocks.len() - 1) * BLOCK..offset]),
                None => offset as u32,
            },
        }
    }

    /// Line and column, from 1, of an offset.
    pub fn position(&mut self, source: &[u8], offset: u32) -> (u32, u32) {
        let holds = |line: usize| {
            self.starts[line] <= offset && self.starts.get(line + 1).is_none_or(|&next| offset < next)
        };
        let line = if holds(self.last) {
            self.last
        } else if self.last + 1 < self.starts.len() && holds(self.last + 1) {
            self.last + 1
        } else {
            self.starts.partition_point(|&start| start <= offset) - 1
        };
        self.last = line;
        if self.blocks.is_empty() {
            return (line as u32 + 1, offset.min(source.len() as u32) - self.starts[line] + 1);
        }
        // Positions are mostly asked for in order, and many in one line: what lies between is counted once.
        let start = self.starts[line];
        let (from, units) = self.counted;
        let units = if from >= start && from <= offset && ((offset - from) as usize) < BLOCK {
            let end = (offset as usize).min(source.len());
            units + count_units(&source[(from as usize).min(end)..end])
        } else {
            self.units(source, offset)
        };
        if self.line_units.0 != start {
            self.line_units = (start, self.units(source, start));
        }
        self.counted = (offset, units);
        (line as u32 + 1, units - self.line_units.1 + 1)
    }
}

/// The name is a word the reserved-word rules of strict code know.
pub(crate) fn is_strict_reserved(name: Name) -> bool {
    name.0 >= RESERVED && name.0 < super::names::STRICT_RESERVED
}

/// `eval` or `arguments`.
pub(crate) fn is_eval_or_arguments(name: Name) -> bool {
    name == n::EVAL || name == n::ARGUMENTS
}
