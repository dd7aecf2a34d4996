//! Classes.
//!
//! Code order: the class scope (private names, the inner name), heritage, constructor, `define_class`, then
//! methods and computed keys in source order, then the fields initializer, the inner name, private static
//! methods, and a call of the synthesized function that runs static fields and blocks.

use tare_allocators::Vec;

use super::error::Res;
use super::ir::*;
use super::literal::Key;
use super::names::{Name, n};
use super::parser::Compiler;
use super::token::T;
use crate::code::function::{BindingKind, Flags};
use crate::code::opcodes::Op;

/// A private method or accessor that instances, or the class itself, receive.
#[derive(Clone, Copy)]
struct PrivateMethod {
    name: Name,
    is_static: bool,
    /// The method, or the getter.
    getter: u32,
    setter: u32,
    accessor: bool,
}

/// A class being read.
struct Class<'a> {
    scope: u32,
    /// The code around is strict, as all of a class is.
    strict: bool,
    derived: bool,
    constructor: u32,
    /// The functions that initialize instance and static fields, once there is one.
    fields: [u32; 2],
    private_methods: Vec<'a, PrivateMethod>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ElementKey {
    Public(Key),
    Private(Name, u32),
}

impl<'a> Compiler<'a, '_, '_> {
    pub fn class_declaration(&mut self) -> Res {
        let start = self.tok.start;
        self.next()?;
        let saved = core::mem::replace(&mut self.strict, true);
        let (name, at) = self.binding_identifier()?;
        self.export_declared(name, at)?;
        let var = self.declare_lexical(name, BindingKind::Class, at)?;
        self.class(Some(name), start, saved)?;
        self.strict = saved;
        self.init_var(var)
    }

    pub fn class_expression(&mut self) -> Res {
        let start = self.tok.start;
        self.next()?;
        let saved = core::mem::replace(&mut self.strict, true);
        let name = if self.at_identifier() { Some(self.binding_identifier()?.0) } else { None };
        let constructor = self.class(name, start, saved)?;
        self.strict = saved;
        if name.is_none() {
            self.anonymous = (constructor, self.ir.len());
        }
        Ok(())
    }

    /// The class from behind its name on, in code that is strict or not; its value is left on the stack.
    pub fn class(&mut self, name: Option<Name>, start: u32, strict: bool) -> Res<u32> {
        self.check_depth()?;
        let derived = self.is(T::Extends);
        let mut inner = NONE;
        let outside = self.scope;
        if let Some(name) = name {
            let scope = self.open_scope(ScopeKind::Class)?;
            inner = self.add_var(scope, name, BindingKind::Const)?;
            self.vars[inner as usize].init_at = NONE;
            self.pseudo(p::ENTER, scope, 0, start)?;
        }
        if derived {
            self.next()?;
            self.strict_part(strict, true)?;
            self.left_hand_side()?;
            self.strict_part(strict, false)?;
        } else {
            self.op(Op::PushUndefined)?;
        }
        // The heritage sees the name of the class, but not its private names.
        let uses = self.private_uses.len();
        let scope = self.open_scope(ScopeKind::Class)?;
        self.pseudo(p::ENTER, scope, 0, self.prev_end)?;
        let mut class = Class {
            scope,
            strict,
            derived,
            constructor: NONE,
            fields: [NONE; 2],
            private_methods: Vec::new(self.memory),
        };
        let closure = self.ir.len();
        self.closure(NONE, start)?;
        self.emit(Op::DefineClass, u32::from(class.derived), start)?;
        self.expect(T::LBrace)?;
        while !self.is(T::RBrace) {
            if !self.eat(T::Semicolon)? {
                self.class_element(&mut class)?;
            }
        }
        let end = self.tok.end;
        if class.constructor == NONE {
            class.constructor = self.default_constructor(class.derived)?;
        }
        let constructor = class.constructor;
        self.ir[closure].a = constructor;
        let func = &mut self.funcs[constructor as usize];
        func.source = (start, end);
        func.created_at = start;
        func.flags |= Flags::CLASS_CONSTRUCTOR | Flags::CONSTRUCTOR | Flags::HAS_PROTOTYPE | Flags::STRICT;
        func.name = name.unwrap_or(n::EMPTY);
        self.class_end(&class, inner, start)?;
        self.scope = outside;
        self.next()?;
        // Private names: what this class does not declare, one outside must.
        let mut kept = uses;
        for i in uses..self.private_uses.len() {
            let private = self.private_uses[i];
            if self.lookup(scope, private.name).is_none() {
                self.private_uses[kept] = private;
                kept += 1;
            }
        }
        self.private_uses.truncate(kept);
        Ok(constructor)
    }

    /// Code of the class's head that the function around runs: strict, whatever that is.
    fn strict_part(&mut self, strict: bool, begins: bool) -> Res {
        if strict {
            return Ok(());
        }
        self.push(Inst { op: p::STRICT, x: u16::from(begins), a: 0, b: 0, at: self.prev_end })
    }

    fn class_end(&mut self, class: &Class<'a>, inner: u32, at: u32) -> Res {
        if class.private_methods.iter().any(|method| !method.is_static) && class.fields[0] == NONE {
            return self.class_end_with_fields(class, inner, at);
        }
        self.class_finish(class, class.fields, inner, at)
    }

    fn class_end_with_fields(&mut self, class: &Class<'a>, inner: u32, at: u32) -> Res {
        let fields = self.fields_function(false)?;
        self.class_finish(class, [fields, class.fields[1]], inner, at)
    }

    fn class_finish(&mut self, class: &Class<'a>, fields: [u32; 2], inner: u32, at: u32) -> Res {
        if fields[0] != NONE {
            self.finish_fields(fields[0], class, at)?;
            self.closure(fields[0], at)?;
            self.op(Op::SetHomeObject)?;
            self.op(Op::SetFieldsInit)?;
            self.funcs[class.constructor as usize].class_has_fields = true;
        }
        self.op(Op::Drop)?;
        if inner != NONE {
            self.op(Op::Dup)?;
            self.init_var(inner)?;
        }
        for method in class.private_methods.iter().filter(|method| method.is_static) {
            self.install_private(method, at)?;
        }
        if fields[1] != NONE {
            self.finish_fields(fields[1], class, at)?;
            self.op(Op::Dup)?;
            self.closure(fields[1], at)?;
            self.op(Op::SetHomeObject)?;
            self.emit(Op::Call, 0, at)?;
            self.op(Op::Drop)?;
        }
        Ok(())
    }

    /// Adds a private method to the object on the stack.
    fn install_private(&mut self, method: &PrivateMethod, at: u32) -> Res {
        let scope = self.scope;
        self.pseudo(p::GET, method.name.0, scope, at)?;
        for part in [method.getter, method.setter].into_iter().take(if method.accessor { 2 } else { 1 }) {
            if part == NONE {
                self.op(Op::PushUndefined)?;
            } else {
                self.pseudo(p::GET_VAR, part, 0, at)?;
            }
        }
        self.emit(if method.accessor { Op::DefinePrivateAccessor } else { Op::DefinePrivateMethod }, 0, at)
    }

    /// A function for field initializers; its code begins empty.
    fn fields_function(&mut self, is_static: bool) -> Res<u32> {
        let func = self.new_func(FnKind::Fields, Flags::METHOD | Flags::CLASS_FIELDS | Flags::HIDE_SOURCE)?;
        let f = &mut self.funcs[func as usize];
        f.name = if is_static { n::STATIC_INIT } else { n::FIELDS_INIT };
        f.super_property = true;
        f.no_arguments = true;
        let outside = self.enter_func(func)?;
        let scope = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = scope;
        self.leave_func(outside);
        Ok(func)
    }

    /// Puts the beginning and the end around the code of field initializers.
    fn finish_fields(&mut self, func: u32, class: &Class<'a>, at: u32) -> Res {
        let empty = Vec::new(self.memory);
        let body = core::mem::replace(&mut self.funcs[func as usize].ir, empty);
        let outside = self.enter_func(func)?;
        let scope = self.funcs[func as usize].scope;
        self.scope = scope;
        self.pseudo(p::ENTER, scope, 0, at)?;
        if self.funcs[func as usize].name == n::FIELDS_INIT {
            for method in class.private_methods.iter().filter(|method| !method.is_static) {
                self.func_mut().uses_this = true;
                self.op(Op::PushThis)?;
                self.install_private(method, at)?;
                self.op(Op::Drop)?;
            }
        }
        self.ir.try_extend_from_slice(&body)?;
        self.function_end(true)?;
        self.leave_func(outside);
        Ok(())
    }

    fn class_element(&mut self, class: &mut Class<'a>) -> Res {
        let mut start = self.tok.start;
        let mut is_static = false;
        if self.is_word(n::STATIC) {
            let next = self.peek()?.kind;
            if next == T::LBrace {
                self.next()?;
                return self.static_block(class);
            }
            if !matches!(next, T::LParen | T::Assign | T::Semicolon | T::RBrace) {
                is_static = true;
                self.next()?;
                // The source text of a static method begins after the keyword.
                start = self.tok.start;
            }
        }
        let mut flags = Flags::METHOD;
        let mut accessor = None;
        let word = self.tok;
        if word.kind == T::Ident && !word.escaped {
            if matches!(word.name, n::GET | n::SET) && self.is_modifier()? && self.modifies()? {
                accessor = Some(word.name == n::GET);
                self.next()?;
            } else if word.name == n::ASYNC && self.is_modifier()? && !self.peek()?.newline {
                self.next()?;
                flags |= Flags::ASYNC;
            }
        }
        if accessor.is_none() && self.eat(T::Star)? {
            flags |= Flags::GENERATOR;
        }
        let key_at = self.tok.start;
        let key = if self.is(T::Private) {
            let name = self.tok.name;
            if name == n::PRIVATE_CONSTRUCTOR {
                return self.err("a private name cannot be #constructor");
            }
            self.next()?;
            ElementKey::Private(name, key_at)
        } else {
            if is_static && !self.is(T::LBracket) && !self.is(T::LParen) {
                // `[proto ctor]` for what follows.
            }
            if is_static {
                self.op(Op::Swap)?;
            }
            let computed = self.is(T::LBracket);
            if computed {
                self.strict_part(class.strict, true)?;
            }
            let key = self.property_name()?;
            if computed {
                self.strict_part(class.strict, false)?;
            }
            ElementKey::Public(key)
        };
        let is_method = self.is(T::LParen) || accessor.is_some() || flags != Flags::METHOD;
        if !is_method {
            return self.field(class, key, key_at, is_static);
        }
        match key {
            ElementKey::Private(name, at) => {
                self.private_method(class, name, at, flags, accessor, is_static, start)
            }
            ElementKey::Public(key) => {
                if key == Key::Static(n::CONSTRUCTOR) && !is_static {
                    if accessor.is_some() || flags != Flags::METHOD {
                        return self.err_at(key_at, format_args!("a constructor must be a plain method"));
                    }
                    return self.constructor(class, start);
                }
                if key == Key::Static(n::PROTOTYPE) && is_static {
                    return self.err_at(key_at, format_args!("a static method cannot be named 'prototype'"));
                }
                self.public_method(key, flags, accessor, start)?;
                if is_static {
                    self.op(Op::Swap)?;
                }
                Ok(())
            }
        }
    }

    /// Whether what follows `get` or `set` is on this element (a field named get may end by a line end).
    fn modifies(&mut self) -> Res<bool> {
        let next = self.peek()?;
        Ok(!(next.newline && next.kind == T::Star))
    }

    fn public_method(&mut self, key: Key, flags: Flags, accessor: Option<bool>, start: u32) -> Res {
        if let Some(getter) = accessor {
            return self.accessor(key, getter, start, 0);
        }
        match key {
            Key::Static(name) => {
                let func = self.method(FnKind::Method, flags, start)?;
                self.funcs[func as usize].name = name;
                self.emit_x(Op::DefineMethod, 0, name.0, start)
            }
            Key::Computed => {
                self.emit(Op::ToKey, 0, start)?;
                self.method(FnKind::Method, flags, start)?;
                self.emit(Op::DefineMethodElem, 0, start)
            }
        }
    }

    fn constructor(&mut self, class: &mut Class<'a>, start: u32) -> Res {
        if class.constructor != NONE {
            return self.err_at(start, format_args!("a class has only one constructor"));
        }
        let kind = if class.derived { FnKind::DerivedConstructor } else { FnKind::ClassConstructor };
        let flags = if class.derived { Flags::METHOD | Flags::DERIVED } else { Flags::METHOD };
        let func = self.method(kind, flags, start)?;
        // The closure is made before define_class.
        self.ir.pop();
        class.constructor = func;
        Ok(())
    }

    fn default_constructor(&mut self, derived: bool) -> Res<u32> {
        let kind = if derived { FnKind::DerivedConstructor } else { FnKind::ClassConstructor };
        let mut flags = Flags::METHOD | Flags::SIMPLE_PARAMS;
        if derived {
            flags |= Flags::DERIVED;
        }
        let func = self.new_func(kind, flags)?;
        let outside = self.enter_func(func)?;
        let at = self.tok.start;
        let scope = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = scope;
        self.pseudo(p::ENTER, scope, 0, at)?;
        if derived {
            let rest = self.temp()?;
            self.func_mut().rest = rest;
            self.op(Op::PushFunction)?;
            self.emit(Op::SuperBase, 0, at)?;
            self.op(Op::PushNewTarget)?;
            self.pseudo(p::GET_VAR, rest, 0, at)?;
            self.emit(Op::ConstructSpread, 0, at)?;
            self.push(Inst { op: p::INIT_FIELDS, x: 1, a: func, b: NONE, at })?;
            self.op(Op::Return)?;
        } else {
            self.push(Inst { op: p::INIT_FIELDS, x: 0, a: func, b: NONE, at })?;
            self.op(Op::PushUndefined)?;
            self.op(Op::Return)?;
        }
        self.leave_func(outside);
        Ok(func)
    }

    /// Enters the function that initializes fields, to add to its code.
    fn enter_fields(&mut self, class: &mut Class<'a>, is_static: bool) -> Res<super::func::Outside<'a>> {
        let which = usize::from(is_static);
        if class.fields[which] == NONE {
            class.fields[which] = self.fields_function(is_static)?;
        }
        let func = class.fields[which];
        let outside = self.enter_func(func)?;
        let empty = Vec::new(self.memory);
        self.ir = core::mem::replace(&mut self.funcs[func as usize].ir, empty);
        self.scope = self.funcs[func as usize].scope;
        self.strict = true;
        Ok(outside)
    }

    fn field(&mut self, class: &mut Class<'a>, key: ElementKey, at: u32, is_static: bool) -> Res {
        let mut saved_key = NONE;
        match key {
            ElementKey::Public(Key::Static(name)) => {
                if name == n::CONSTRUCTOR || (is_static && name == n::PROTOTYPE) {
                    return self.err_name(at, "a field cannot be named '", name, "'");
                }
            }
            ElementKey::Public(Key::Computed) => {
                self.emit(Op::ToKey, 0, at)?;
                saved_key = self.new_var(class.scope, Name::NONE, BindingKind::Hidden)?;
                self.pseudo(p::PUT_VAR, saved_key, 0, at)?;
            }
            ElementKey::Private(name, at) => {
                self.declare_private(class, name, at)?;
            }
        }
        if is_static && matches!(key, ElementKey::Public(_)) {
            self.op(Op::Swap)?;
        }
        let outside = self.enter_fields(class, is_static)?;
        self.func_mut().uses_this = true;
        self.op(Op::PushThis)?;
        match key {
            ElementKey::Public(Key::Computed) => self.pseudo(p::GET_VAR, saved_key, 0, at)?,
            ElementKey::Private(name, _) => {
                let scope = self.scope;
                self.pseudo(p::GET, name.0, scope, at)?;
            }
            ElementKey::Public(Key::Static(_)) => {}
        }
        if self.eat(T::Assign)? {
            self.assign()?;
            match key {
                ElementKey::Public(Key::Computed) => {
                    if self.is_anonymous() {
                        self.emit(Op::SetFunctionName, 1, at)?;
                    }
                }
                ElementKey::Private(name, _) | ElementKey::Public(Key::Static(name)) => {
                    self.name_anonymous(name);
                }
            }
        } else {
            self.op(Op::PushUndefined)?;
        }
        match key {
            ElementKey::Public(Key::Static(name)) => self.emit(Op::DefineField, name.0, at)?,
            ElementKey::Public(Key::Computed) => self.emit(Op::DefineElem, 0, at)?,
            ElementKey::Private(..) => self.emit(Op::DefinePrivate, 0, at)?,
        }
        self.op(Op::Drop)?;
        self.leave_func(outside);
        self.semicolon()
    }

    fn static_block(&mut self, class: &mut Class<'a>) -> Res {
        let start = self.tok.start;
        let outside = self.enter_fields(class, true)?;
        self.func_mut().uses_this = true;
        self.op(Op::PushThis)?;
        let func = self.new_func(FnKind::StaticBlock, Flags::METHOD | Flags::HIDE_SOURCE)?;
        let f = &mut self.funcs[func as usize];
        f.super_property = true;
        f.no_arguments = true;
        f.created_at = start;
        let inside = self.enter_func(func)?;
        let scope = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = scope;
        self.pseudo(p::ENTER, scope, 0, start)?;
        self.expect(T::LBrace)?;
        while !self.is(T::RBrace) {
            if self.is(T::Eof) {
                return self.unexpected();
            }
            self.statement_item()?;
        }
        self.function_end(true)?;
        self.leave_func(inside);
        self.closure(func, start)?;
        self.op(Op::SetHomeObject)?;
        self.emit(Op::Call, 0, start)?;
        self.op(Op::Drop)?;
        self.leave_func(outside);
        self.next()
    }

    fn declare_private(&mut self, class: &Class<'a>, name: Name, at: u32) -> Res {
        if self.lookup(class.scope, name).is_some() {
            return self.redeclared(name, at);
        }
        self.add_var(class.scope, name, BindingKind::Private)?;
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // What an element is takes many words.
    fn private_method(
        &mut self,
        class: &mut Class<'a>,
        name: Name,
        at: u32,
        flags: Flags,
        accessor: Option<bool>,
        is_static: bool,
        start: u32,
    ) -> Res {
        let other = class.private_methods.iter().position(|method| {
            method.name == name
                && method.accessor
                && method.is_static == is_static
                && match accessor {
                    Some(true) => method.getter == NONE,
                    Some(false) => method.setter == NONE,
                    None => false,
                }
        });
        if other.is_none() {
            self.declare_private(class, name, at)?;
        }
        let kind = match accessor {
            None => FnKind::Method,
            Some(true) => FnKind::Getter,
            Some(false) => FnKind::Setter,
        };
        let flags = if accessor.is_some() { flags | Flags::ACCESSOR } else { flags };
        if is_static {
            self.op(Op::Swap)?;
        }
        let func = self.method(kind, flags, start)?;
        self.funcs[func as usize].name = match accessor {
            None => name,
            Some(true) => self.prefixed("get ", name)?,
            Some(false) => self.prefixed("set ", name)?,
        };
        self.op(Op::SetHomeObject)?;
        let var = self.new_var(class.scope, Name::NONE, BindingKind::Hidden)?;
        self.pseudo(p::PUT_VAR, var, 0, at)?;
        if is_static {
            self.op(Op::Swap)?;
        }
        let is_setter = accessor == Some(false);
        match other {
            Some(i) if is_setter => class.private_methods[i].setter = var,
            Some(i) => class.private_methods[i].getter = var,
            None => class.private_methods.try_push(PrivateMethod {
                name,
                is_static,
                getter: if is_setter { NONE } else { var },
                setter: if is_setter { var } else { NONE },
                accessor: accessor.is_some(),
            })?,
        }
        Ok(())
    }
}
