//! The texts of one compilation, each once: identifiers, strings, private names.
//!
//! A [`Name`] is the position of a text here. Keywords have fixed names. The runtime is asked for an
//! atom only when a text gets into code, and once.

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::error::Res;
use crate::code::function::{Interner, Text};

/// A text of this compilation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(crate) struct Name(pub u32);

impl Name {
    /// No name.
    pub const NONE: Name = Name(u32::MAX);

    pub fn is_none(self) -> bool {
        self == Name::NONE
    }
}

macro_rules! fixed {
    ($($name:ident = $text:literal)*) => {
        // The order of the reserved words is that of their tokens; not each is used by name.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
        #[repr(u32)]
        enum Position { $($name,)* }
        /// The fixed names.
        #[allow(missing_docs, dead_code)]
        pub(crate) mod n {
            use super::{Name, Position};
            $(pub const $name: Name = Name(Position::$name as u32);)*
        }
        const FIXED: &[&str] = &[$($text,)*];
    };
}

fixed! {
    // Reserved words, in the order of their tokens.
    BREAK = "break" CASE = "case" CATCH = "catch" CLASS = "class" CONST = "const" CONTINUE = "continue"
    DEBUGGER = "debugger" DEFAULT = "default" DELETE = "delete" DO = "do" ELSE = "else" ENUM = "enum"
    EXPORT = "export" EXTENDS = "extends" FALSE = "false" FINALLY = "finally" FOR = "for"
    FUNCTION = "function" IF = "if" IMPORT = "import" IN = "in" INSTANCEOF = "instanceof" NEW = "new"
    NULL = "null" RETURN = "return" SUPER = "super" SWITCH = "switch" THIS = "this" THROW = "throw"
    TRUE = "true" TRY = "try" TYPEOF = "typeof" VAR = "var" VOID = "void" WHILE = "while" WITH = "with"
    // Reserved in strict code.
    IMPLEMENTS = "implements" INTERFACE = "interface" LET = "let" PACKAGE = "package" PRIVATE = "private"
    PROTECTED = "protected" PUBLIC = "public" STATIC = "static" YIELD = "yield"
    // Contextual.
    AWAIT = "await" ASYNC = "async" OF = "of" USING = "using" GET = "get" SET = "set" FROM = "from" AS = "as"
    OBJECT = "object" BOOLEAN = "boolean" NUMBER = "number" STRING = "string" SYMBOL = "symbol" BIGINT = "bigint"
    TARGET = "target" META = "meta" EVAL = "eval" ARGUMENTS = "arguments" CONSTRUCTOR = "constructor"
    PROTOTYPE = "prototype" PROTO = "__proto__" UNDEFINED = "undefined" LENGTH = "length"
    EMPTY = "" STAR_DEFAULT = "*default*" NEW_TARGET = "new.target" HOME_OBJECT = "<home_object>"
    ACTIVE_FUNCTION = "<active_function>" FIELDS_INIT = "<class_fields_init>"
    STATIC_INIT = "<static_initializer>" EVAL_CODE = "<eval>" PRIVATE_CONSTRUCTOR = "#constructor"
    USE_STRICT = "use strict" VAR_OBJECT = "<var_object>" WITH_OBJECT = "<with>"
}

/// Number of reserved words.
pub(crate) const RESERVED: u32 = Position::IMPLEMENTS as u32;
/// The names from `RESERVED` up to this one are reserved in strict code.
pub(crate) const STRICT_RESERVED: u32 = Position::AWAIT as u32;

const EXTRA: u32 = 1 << 31;

#[derive(Clone, Copy)]
struct Entry {
    /// Offset in the source, or with [`EXTRA`] in `extra`.
    start: u32,
    len: u32,
    hash: u32,
    /// 0 until the runtime was asked.
    atom: u32,
}

pub(crate) struct Names<'a> {
    entries: Vec<'a, Entry>,
    /// Open addressing, linear probing; positions plus one, 0 is free.
    index: Vec<'a, u32>,
    extra: Vec<'a, u8>,
    wide: Vec<'a, u16>,
}

fn hash(bytes: &[u8]) -> u32 {
    let mut state = 0x517C_C1B7_2722_0A95_u64 ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0u64, |w, &b| w << 8 | u64::from(b));
        state = crate::base::folded_multiply(state ^ word, 0xE703_7ED1_A0B4_28DB);
    }
    let word = chunks.remainder().iter().rev().fold(0u64, |w, &b| w << 8 | u64::from(b));
    crate::base::folded_multiply(state ^ word, 0x8EBC_6AF0_9C88_C6E3) as u32
}

impl<'a> Names<'a> {
    pub fn new(memory: Memory<'a>, source_bytes: usize) -> Result<Self, OutOfMemory> {
        let room = (source_bytes / 32).next_power_of_two().clamp(256, 1 << 16);
        let mut names = Names {
            entries: Vec::try_with_capacity(room / 2, memory)?,
            index: Vec::try_with_capacity(room, memory)?,
            extra: Vec::new(memory),
            wide: Vec::new(memory),
        };
        names.index.try_resize(room, 0)?;
        for text in FIXED {
            names.add_extra(&[], text.as_bytes())?;
        }
        Ok(names)
    }

    fn bytes_of<'s>(&'s self, source: &'s [u8], entry: Entry) -> &'s [u8] {
        if entry.start & EXTRA == 0 {
            &source[entry.start as usize..][..entry.len as usize]
        } else {
            &self.extra[(entry.start & !EXTRA) as usize..][..entry.len as usize]
        }
    }

    /// The text of a name, WTF-8.
    pub fn text<'s>(&'s self, source: &'s [u8], name: Name) -> &'s [u8] {
        self.entries.get(name.0 as usize).map_or(b"", |&entry| self.bytes_of(source, entry))
    }

    fn find(&self, source: &[u8], bytes: &[u8], hash: u32) -> Result<Name, usize> {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.index[at] {
                0 => return Err(at),
                position => {
                    let entry = self.entries[position as usize - 1];
                    if entry.hash == hash
                        && entry.len as usize == bytes.len()
                        && self.bytes_of(source, entry) == bytes
                    {
                        return Ok(Name(position - 1));
                    }
                }
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, at: usize, entry: Entry) -> Result<Name, OutOfMemory> {
        self.entries.try_push(entry)?;
        let count = self.entries.len();
        self.index[at] = count as u32;
        if count * 2 > self.index.len() {
            let size = self.index.len() * 4;
            let mut index = Vec::try_with_capacity(size, self.index.memory())?;
            index.try_resize(size, 0)?;
            for (i, entry) in self.entries.iter().enumerate() {
                let mut at = entry.hash as usize & (size - 1);
                while index[at] != 0 {
                    at = (at + 1) & (size - 1);
                }
                index[at] = i as u32 + 1;
            }
            self.index = index;
        }
        Ok(Name(count as u32 - 1))
    }

    /// The name of a piece of the source.
    #[inline]
    pub fn of_source(&mut self, source: &[u8], start: usize, end: usize) -> Result<Name, OutOfMemory> {
        let bytes = &source[start..end];
        let hash = hash(bytes);
        match self.find(source, bytes, hash) {
            Ok(name) => Ok(name),
            Err(at) => {
                self.insert(at, Entry { start: start as u32, len: (end - start) as u32, hash, atom: 0 })
            }
        }
    }

    /// The name of a text that is not in the source as it stands.
    pub fn add_extra(&mut self, source: &[u8], bytes: &[u8]) -> Result<Name, OutOfMemory> {
        let hash = hash(bytes);
        match self.find(source, bytes, hash) {
            Ok(name) => Ok(name),
            Err(at) => {
                let start = self.extra.len() as u32 | EXTRA;
                self.extra.try_extend_from_slice(bytes)?;
                self.insert(at, Entry { start, len: bytes.len() as u32, hash, atom: 0 })
            }
        }
    }

    /// The name of an atom's text.
    pub fn of_atom(
        &mut self,
        atom: u32,
        source: &[u8],
        interner: &mut dyn Interner,
    ) -> Result<Name, OutOfMemory> {
        let mut bytes = Vec::new(self.extra.memory());
        let mut result = Ok(());
        interner.text_of(atom, &mut |text| {
            result = match text {
                Text::Latin1(units) => units.iter().try_for_each(|&u| push_wtf8(&mut bytes, u32::from(u))),
                Text::Utf16(units) => units.iter().try_for_each(|&u| push_wtf8(&mut bytes, u32::from(u))),
            };
        });
        result?;
        self.add_extra(source, &bytes)
    }

    /// The atom of a name. The table keeps the one count it owns.
    pub fn atom(&mut self, source: &[u8], name: Name, interner: &mut dyn Interner) -> Res<u32> {
        if name.is_none() {
            return Ok(0);
        }
        let entry = self.entries[name.0 as usize];
        if entry.atom != 0 {
            return Ok(entry.atom);
        }
        let mut wide = core::mem::replace(&mut self.wide, Vec::new(self.extra.memory()));
        let atom = {
            let bytes = self.bytes_of(source, entry);
            intern_wtf8(bytes, &mut wide, interner)
        };
        self.wide = wide;
        let atom = atom?;
        self.entries[name.0 as usize].atom = atom;
        Ok(atom)
    }

    /// Gives the table's counts back.
    pub fn release(&mut self, interner: &mut dyn Interner) {
        for entry in self.entries.iter() {
            if entry.atom != 0 {
                interner.release(entry.atom);
            }
        }
        self.entries.clear();
    }
}

/// Interns a WTF-8 text in the narrowest form.
fn intern_wtf8(
    bytes: &[u8],
    wide: &mut Vec<'_, u16>,
    interner: &mut dyn Interner,
) -> Result<u32, OutOfMemory> {
    if bytes.is_ascii() {
        return interner.intern(Text::Latin1(bytes));
    }
    let all = to_units(bytes, wide)?;
    if all < 0x100 {
        let mut narrow: Vec<'_, u8> = Vec::try_with_capacity(wide.len(), wide.memory())?;
        for &unit in wide.iter() {
            narrow.try_push(unit as u8)?;
        }
        return interner.intern(Text::Latin1(&narrow));
    }
    interner.intern(Text::Utf16(wide))
}

/// Replaces `units` by the UTF-16 form of a WTF-8 text; the bits that occur in any unit.
pub(crate) fn to_units(bytes: &[u8], units: &mut Vec<'_, u16>) -> Result<u32, OutOfMemory> {
    units.clear();
    let (mut at, mut all) = (0, 0);
    while at < bytes.len() {
        let (c, len) = decode(bytes, at);
        at += len;
        if c >= 0x1_0000 {
            units.try_push((0xD800 + ((c - 0x1_0000) >> 10)) as u16)?;
            units.try_push((0xDC00 + ((c - 0x1_0000) & 0x3FF)) as u16)?;
            all |= 0xFFFF;
        } else {
            units.try_push(c as u16)?;
            all |= c;
        }
    }
    Ok(all)
}

/// The code point at an offset of a WTF-8 text, and its length in bytes. Bad bytes count as U+FFFD of
/// length one.
#[inline]
pub(crate) fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let first = bytes[at];
    if first < 0x80 {
        return (u32::from(first), 1);
    }
    let next = |i: usize| match bytes.get(at + i) {
        Some(&b) if b & 0xC0 == 0x80 => Some(u32::from(b & 0x3F)),
        _ => None,
    };
    let first = u32::from(first);
    let decoded = match first {
        0xC2..=0xDF => next(1).map(|a| ((first & 0x1F) << 6 | a, 2)),
        0xE0..=0xEF => next(1).and_then(|a| next(2).map(|b| ((first & 0xF) << 12 | a << 6 | b, 3))),
        0xF0..=0xF4 => next(1).and_then(|a| {
            next(2).and_then(|b| next(3).map(|c| ((first & 7) << 18 | a << 12 | b << 6 | c, 4)))
        }),
        _ => None,
    };
    match decoded {
        Some((c, len)) if c <= 0x10_FFFF => (c, len),
        _ => (0xFFFD, 1),
    }
}

/// Appends a code point as WTF-8; a low surrogate behind a high one becomes one code point with it.
pub(crate) fn push_wtf8(out: &mut Vec<'_, u8>, mut c: u32) -> Result<(), OutOfMemory> {
    if (0xDC00..0xE000).contains(&c)
        && let [.., 0xED, high @ 0xA0..=0xAF, low] = out[..]
    {
        let high = 0xD000 | u32::from(high & 0x3F) << 6 | u32::from(low & 0x3F);
        c = 0x1_0000 + ((high - 0xD800) << 10) + (c - 0xDC00);
        let len = out.len() - 3;
        out.truncate(len);
    }
    match c {
        0..0x80 => out.try_push(c as u8),
        0x80..0x800 => out.try_extend_from_slice(&[0xC0 | (c >> 6) as u8, 0x80 | (c & 0x3F) as u8]),
        0x800..0x1_0000 => out.try_extend_from_slice(&[
            0xE0 | (c >> 12) as u8,
            0x80 | (c >> 6 & 0x3F) as u8,
            0x80 | (c & 0x3F) as u8,
        ]),
        _ => out.try_extend_from_slice(&[
            0xF0 | (c >> 18) as u8,
            0x80 | (c >> 12 & 0x3F) as u8,
            0x80 | (c >> 6 & 0x3F) as u8,
            0x80 | (c & 0x3F) as u8,
        ]),
    }
}
