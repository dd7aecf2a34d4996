//! Object literals and property names.

use tare_allocators::Vec;

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::parser::Compiler;
use super::token::T;
use crate::code::function::Flags;
use crate::code::opcodes::Op;

/// A property's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    /// Known now.
    Static(Name),
    /// On the stack, not yet converted.
    Computed,
}

/// Literals up to this size are made from values on the stack.
const MAX_SHAPE: usize = 64;
/// Literals of one function that are made so: as many shapes as an operand can tell apart.
const MAX_LITERALS: u32 = 1 << 16;

/// `define_method` operand: enumerable.
pub(crate) const ENUMERABLE: u16 = 4;

impl Compiler<'_, '_, '_> {
    /// A property name; a computed one is left on the stack.
    pub fn property_name(&mut self) -> Res<Key> {
        let tok = self.tok;
        let name = match tok.kind {
            T::String => {
                if tok.octal && self.strict {
                    return self.err("octal escapes are not allowed in strict code");
                }
                tok.name
            }
            T::Number => {
                if tok.escaped && self.strict {
                    return self.err("a number in strict code cannot start with 0");
                }
                let mut buffer = tare_number::NumberBuffer::new();
                let text = tare_number::number_to_string(tok.number, &mut buffer);
                self.lexer.names.add_extra(self.lexer.source, text.as_bytes())?
            }
            T::BigInt => self.decimal_name(tok.name)?,
            T::LBracket => {
                self.next()?;
                self.assign_in()?;
                self.expect(T::RBracket)?;
                return Ok(Key::Computed);
            }
            kind if Self::is_name_token(kind) => tok.name,
            _ => return self.unexpected(),
        };
        self.next()?;
        Ok(Key::Static(name))
    }

    /// The decimal form of a BigInt literal.
    #[inline(never)]
    fn decimal_name(&mut self, literal: Name) -> Res<Name> {
        let text = self.lexer.names.text(self.lexer.source, literal);
        let (radix, digits) = match text {
            [b'0', b'x' | b'X', digits @ ..] => (16, digits),
            [b'0', b'o' | b'O', digits @ ..] => (8, digits),
            [b'0', b'b' | b'B', digits @ ..] => (2, digits),
            _ => return Ok(literal),
        };
        // Decimal digits, least significant first.
        let mut decimal: Vec<'_, u8> = Vec::new(self.memory);
        for &digit in digits {
            let mut carry = (digit as char).to_digit(16).unwrap_or(0);
            for d in decimal.iter_mut() {
                carry += u32::from(*d) * radix;
                *d = (carry % 10) as u8;
                carry /= 10;
            }
            while carry > 0 {
                decimal.try_push((carry % 10) as u8)?;
                carry /= 10;
            }
        }
        if decimal.is_empty() {
            decimal.try_push(0)?;
        }
        decimal.reverse();
        decimal.iter_mut().for_each(|d| *d += b'0');
        Ok(self.lexer.names.add_extra(self.lexer.source, &decimal)?)
    }

    /// A name with `get ` or `set ` before it.
    pub fn prefixed(&mut self, prefix: &str, name: Name) -> Res<Name> {
        let mut text: Vec<'_, u8> = Vec::new(self.memory);
        text.try_extend_from_slice(prefix.as_bytes())?;
        text.try_extend_from_slice(self.lexer.names.text(self.lexer.source, name))?;
        Ok(self.lexer.names.add_extra(self.lexer.source, &text)?)
    }

    /// Whether the current word is a modifier (get, set, async, static, accessor) of what follows, and not a name.
    pub fn is_modifier(&mut self) -> Res<bool> {
        Ok(!matches!(
            self.peek()?.kind,
            T::Comma | T::Colon | T::LParen | T::RBrace | T::Assign | T::Semicolon | T::Eof
        ))
    }

    #[inline(never)]
    pub fn object_literal(&mut self) -> Res {
        let at = self.tok.start;
        self.next()?;
        let saved = core::mem::replace(&mut self.allow_in, true);
        let base = self.properties.len();
        let object = self.ir.len();
        self.emit(Op::NewObject, 0, at)?;
        let mut plain = true;
        let mut has_proto = false;
        while !self.is(T::RBrace) {
            self.property(&mut plain, &mut has_proto)?;
            if !self.is(T::RBrace) {
                self.expect(T::Comma)?;
            }
        }
        self.allow_in = saved;
        self.next()?;
        let count = self.properties.len() - base;
        if plain
            && count > 0
            && count <= MAX_SHAPE
            && self.func().literals < MAX_LITERALS
            && self.distinct(base)
        {
            self.func_mut().literals += 1;
            // All values stay on the stack; the object is made at the end.
            self.ir[object].op = p::NOP;
            for i in base..self.properties.len() {
                let define = self.properties[i].0 as usize;
                self.ir[define].op = p::NOP;
            }
            let names = self.shape_names(base)?;
            self.emit(Op::ObjectLiteral, names, at)?;
        }
        self.properties.truncate(base);
        Ok(())
    }

    fn distinct(&self, base: usize) -> bool {
        let properties = &self.properties[base..];
        for (i, &(_, name)) in properties.iter().enumerate() {
            let text = self.lexer.names.text(self.lexer.source, name);
            if text.first().is_some_and(u8::is_ascii_digit) || properties[..i].iter().any(|p| p.1 == name) {
                return false;
            }
        }
        true
    }

    /// Notes the names of a literal; the index of its list.
    #[inline(never)]
    fn shape_names(&mut self, base: usize) -> Res<u32> {
        let start = self.shape_list.len() as u32;
        self.shape_list.try_push(Name((self.properties.len() - base) as u32))?;
        for i in base..self.properties.len() {
            let name = self.properties[i].1;
            self.shape_list.try_push(name)?;
        }
        Ok(start)
    }

    fn property(&mut self, plain: &mut bool, has_proto: &mut bool) -> Res {
        let at = self.tok.start;
        if self.eat(T::Ellipsis)? {
            *plain = false;
            self.assign_cover()?;
            return self.emit(Op::CopyDataProperties, 0, at);
        }
        let mut flags = Flags::METHOD;
        let mut accessor = None;
        let word = self.tok;
        if word.kind == T::Ident && !word.escaped {
            if matches!(word.name, n::GET | n::SET) && self.is_modifier()? {
                accessor = Some(word.name);
                self.next()?;
            } else if word.name == n::ASYNC && self.is_modifier()? {
                self.next()?;
                if self.tok.newline {
                    return self.unexpected();
                }
                flags |= Flags::ASYNC;
            }
        }
        if accessor.is_none() && self.eat(T::Star)? {
            flags |= Flags::GENERATOR;
        }
        let key_tok = self.tok;
        let key = self.property_name()?;
        if let Some(which) = accessor {
            *plain = false;
            return self.accessor(key, which == n::GET, at, ENUMERABLE);
        }
        if self.is(T::LParen) || flags != Flags::METHOD {
            return self.literal_method(key, flags, at, plain);
        }
        match key {
            Key::Static(name) if self.eat(T::Colon)? => {
                self.assign_cover()?;
                if name == n::PROTO {
                    if *has_proto && self.cover == NONE {
                        self.cover = at;
                    }
                    *has_proto = true;
                    *plain = false;
                    self.anonymous = (NONE, 0);
                    return self.emit(Op::SetProto, 0, at);
                }
                self.name_anonymous(name);
                self.define_property(name, at)
            }
            Key::Computed => {
                *plain = false;
                self.expect(T::Colon)?;
                self.emit(Op::ToKey, 0, at)?;
                self.assign_cover()?;
                if self.is_anonymous() {
                    self.emit(Op::SetFunctionName, 1, at)?;
                }
                self.emit(Op::DefineElem, 0, at)
            }
            Key::Static(name) => {
                // Shorthand.
                self.check_identifier(&key_tok)?;
                self.identifier(name, at)?;
                if self.is(T::Assign) {
                    if self.cover == NONE {
                        self.cover = self.tok.start;
                    }
                    self.next()?;
                    let cover = self.cover;
                    self.assign()?;
                    self.cover = cover;
                    self.op(Op::Drop)?;
                }
                self.define_property(name, at)
            }
        }
    }

    fn define_property(&mut self, name: Name, at: u32) -> Res {
        let index = self.ir.len() as u32;
        self.properties.try_push((index, name))?;
        self.emit(Op::DefineField, name.0, at)
    }

    #[inline(never)]
    fn literal_method(&mut self, key: Key, flags: Flags, at: u32, plain: &mut bool) -> Res {
        match key {
            Key::Static(name) => {
                let func = self.method(FnKind::Method, flags, at)?;
                self.funcs[func as usize].name = name;
                if !self.funcs[func as usize].flags.needs_home_object() && name != n::PROTO {
                    return self.define_property(name, at);
                }
                *plain = false;
                self.emit_x(Op::DefineMethod, ENUMERABLE, name.0, at)
            }
            Key::Computed => {
                *plain = false;
                self.emit(Op::ToKey, 0, at)?;
                self.method(FnKind::Method, flags, at)?;
                self.emit(Op::DefineMethodElem, u32::from(ENUMERABLE), at)
            }
        }
    }

    /// A getter or setter behind its key.
    #[inline(never)]
    pub fn accessor(&mut self, key: Key, getter: bool, at: u32, enumerable: u16) -> Res {
        let (kind, bits, prefix) =
            if getter { (FnKind::Getter, 1, "get ") } else { (FnKind::Setter, 2, "set ") };
        let flags = Flags::METHOD | Flags::ACCESSOR;
        if key == Key::Computed {
            self.emit(Op::ToKey, 0, at)?;
        }
        let func = self.method(kind, flags, at)?;
        match key {
            Key::Static(name) => {
                self.funcs[func as usize].name = self.prefixed(prefix, name)?;
                self.emit_x(Op::DefineMethod, bits | enumerable, name.0, at)
            }
            Key::Computed => self.emit(Op::DefineMethodElem, u32::from(bits | enumerable), at),
        }
    }
}
