//! Expressions: primaries, member access, calls, `new`, `super`, optional chains, templates.

use tare_allocators::Vec;

use super::error::{Fail, Res};
use super::expr::{E, KNOWN_ARROW, Kind};
use super::ir::*;
use super::names::{Name, n};
use super::parser::{Compiler, PrivateUse};
use super::token::T;
use crate::code::function::{BindingKind, Constant};
use crate::code::opcodes::Op;

/// Values passed one by one before an array literal or argument list goes over to appending.
const BATCH: u32 = 32;
/// Arguments passed one by one, before the rest of them makes an array of all.
const MAX_ARGUMENTS: u32 = 1 << 15;

impl<'a> Compiler<'a, '_, '_> {
    /// LeftHandSideExpression.
    pub fn left_hand_side(&mut self) -> Res<E> {
        let at = self.tok.start;
        let e = match self.tok.kind {
            T::New => self.new_expression()?,
            T::Super => self.super_expression()?,
            T::Import => self.import_expression()?,
            T::LParen => self.parenthesized()?,
            T::LBracket => {
                self.array_literal()?;
                self.literal_end(at)?
            }
            T::LBrace => {
                self.object_literal()?;
                self.literal_end(at)?
            }
            T::Function => {
                self.function_expression()?;
                E::new(Kind::Value, at)
            }
            T::Template => {
                self.template()?;
                E::new(Kind::Value, at)
            }
            _ => self.primary()?,
        };
        match self.tok.kind {
            T::Dot | T::LBracket | T::OptChain | T::LParen | T::Template => self.member_chain(e, at, true),
            _ => Ok(e),
        }
    }

    /// What follows a primary: members, calls, templates.
    #[inline(never)]
    fn member_chain(&mut self, mut e: E, at: u32, calls: bool) -> Res<E> {
        let mut chain = NONE;
        if matches!(e.kind, Kind::Closed) {
            return Ok(e);
        }
        loop {
            let op_at = self.tok.start;
            match self.tok.kind {
                T::Dot => {
                    self.no_cover()?;
                    self.next()?;
                    e = self.dot(at, op_at)?;
                }
                T::LBracket => {
                    self.no_cover()?;
                    self.next()?;
                    self.expression_in()?;
                    self.expect(T::RBracket)?;
                    self.emit(Op::GetElem, 0, op_at)?;
                    e = E::new(Kind::Elem, at);
                }
                T::OptChain => {
                    if !calls {
                        return self.err("optional chaining cannot follow 'new'");
                    }
                    if chain == NONE {
                        chain = self.new_label();
                    }
                    e = self.optional(e, at, chain)?;
                }
                T::LParen if calls => e = self.call(e, at, chain != NONE)?,
                T::Template => {
                    self.no_cover()?;
                    if chain != NONE {
                        return self.err("a template cannot follow an optional chain");
                    }
                    self.callee(e)?;
                    self.tagged_template(op_at)?;
                    e = E::new(Kind::Value, at);
                }
                _ => break,
            }
        }
        if chain != NONE {
            self.label(chain)?;
            e = E::new(Kind::Chain, at);
        }
        Ok(e)
    }

    /// `?.` and what follows it.
    #[inline(never)]
    fn optional(&mut self, e: E, at: u32, chain: u32) -> Res<E> {
        let op_at = self.tok.start;
        self.no_cover()?;
        self.next()?;
        match self.tok.kind {
            T::LParen => {
                self.callee(e)?;
                self.jump_at(Op::OptionalCall, chain, op_at)?;
                let e = self.call_arguments(e, at, op_at, true)?;
                self.check_cover()?;
                Ok(e)
            }
            T::LBracket => {
                self.jump_at(Op::OptionalChain, chain, op_at)?;
                self.next()?;
                self.expression_in()?;
                self.expect(T::RBracket)?;
                self.emit(Op::GetElem, 0, op_at)?;
                Ok(E::new(Kind::Elem, at))
            }
            T::Template => self.err("a template cannot follow an optional chain"),
            _ => {
                self.jump_at(Op::OptionalChain, chain, op_at)?;
                self.dot(at, op_at)
            }
        }
    }

    /// A call: arguments and what comes of them.
    #[inline(never)]
    fn call(&mut self, e: E, at: u32, in_chain: bool) -> Res<E> {
        let op_at = self.tok.start;
        self.no_cover()?;
        let is_async = e.kind == Kind::Ident
            && !e.paren
            && at == self.prev_end.wrapping_sub(5)
            && self.ir.last().is_some_and(|last| last.a == n::ASYNC.0)
            && !self.tok.newline;
        let call_at = if e.kind == Kind::Value || e.kind == Kind::Call { op_at } else { at };
        let call_at = match (e.kind, self.ir.last()) {
            (Kind::Field | Kind::Elem | Kind::Private | Kind::Super, Some(last)) => last.at,
            _ => call_at,
        };
        self.callee(e)?;
        let mut e = self.call_arguments(e, at, call_at, in_chain)?;
        if is_async {
            e.kind = Kind::AsyncCall;
        }
        // The arguments may be parameters still.
        if self.cover != NONE && !(is_async && self.is(T::Arrow)) {
            self.check_cover()?;
        }
        Ok(e)
    }

    /// A `{a = 1}` cannot be an operand.
    fn no_cover(&mut self) -> Res {
        self.check_cover()
    }

    /// The name behind a dot, for the object on the stack.
    fn dot(&mut self, at: u32, op_at: u32) -> Res<E> {
        let tok = self.tok;
        if tok.kind == T::Private {
            self.next()?;
            self.private_name(tok.name, tok.start)?;
            self.emit(Op::GetPrivate, tok.name.0, op_at)?;
            return Ok(E::new(Kind::Private, at));
        }
        if !Self::is_name_token(tok.kind) {
            return self.unexpected();
        }
        self.next()?;
        let op = if tok.name == n::LENGTH { Op::GetLength } else { Op::GetField };
        self.emit(op, tok.name.0, tok.start)?;
        Ok(E::new(Kind::Field, at))
    }

    /// Pushes a private name's value; its declaration may come later.
    pub fn private_name(&mut self, name: Name, at: u32) -> Res {
        self.private_uses.try_push(PrivateUse { name, at })?;
        let scope = self.scope;
        self.pseudo(p::GET, name.0, scope, at)
    }

    /// Turns the value just read into receiver and callee.
    fn callee(&mut self, e: E) -> Res {
        let len = self.ir.len();
        let Some(last) = self.ir.last().copied() else { return self.op(Op::PushUndefined) };
        match e.kind {
            Kind::Ident => self.ir[len - 1].op = p::CALL_GET,
            Kind::Field => self.ir[len - 1].op = Op::GetField2 as u16,
            Kind::Elem => self.ir[len - 1].op = Op::GetElem2 as u16,
            Kind::Private => {
                let name = self.ir[len - 2];
                self.ir.truncate(len - 2);
                self.op(Op::Dup)?;
                self.push(name)?;
                self.push(last)?;
            }
            Kind::Super => {
                self.this_value(e.at)?;
                self.op(Op::Swap)?;
            }
            Kind::Chain => {
                // In parentheses: a member keeps its receiver.
                let read = self.ir[len - 2];
                let two = match read.opcode() {
                    Some(Op::GetField | Op::GetLength) => Op::GetField2,
                    Some(Op::GetElem) => Op::GetElem2,
                    _ => {
                        self.op(Op::PushUndefined)?;
                        return self.op(Op::Swap);
                    }
                };
                self.ir[len - 2].op = two as u16;
                self.ir.truncate(len - 1);
                let both = self.new_label();
                self.jump(Op::Jump, both)?;
                self.push(last)?;
                self.op(Op::PushUndefined)?;
                self.label(both)?;
            }
            _ => {
                self.op(Op::PushUndefined)?;
                self.op(Op::Swap)?;
            }
        }
        Ok(())
    }

    /// Arguments and the call; receiver and callee are on the stack.
    fn call_arguments(&mut self, callee: E, at: u32, call_at: u32, optional: bool) -> Res<E> {
        let direct_eval = callee.kind == Kind::Ident
            && !optional
            && self.ir.last().is_some_and(|last| last.op == p::CALL_GET && last.a == n::EVAL.0);
        let count = self.arguments_cover()?;
        if direct_eval {
            self.direct_eval(count, call_at)?;
        } else {
            match count {
                Some(count) => self.emit(Op::Call, count, call_at)?,
                None => self.emit(Op::CallSpread, 0, call_at)?,
            }
        }
        Ok(E::new(Kind::Call, at))
    }

    /// A direct eval sees everything: makes the hidden variables exist.
    #[inline(never)]
    fn direct_eval(&mut self, count: Option<u32>, at: u32) -> Res {
        let scope = self.scope;
        let (strict, params) = (self.strict, self.in_params);
        let f = self.f as usize;
        // One after the other in one scope see the same.
        let here = EvalSite { scope, strict, params };
        if self.funcs[f].evals.last() != Some(&here) {
            self.funcs[f].evals.try_push(here)?;
        }
        let site = self.funcs[f].evals.len() as u32 - 1;
        self.funcs[f].flags |= crate::code::function::Flags::HAS_EVAL;
        if !strict && !matches!(self.func().kind, FnKind::Script | FnKind::Module | FnKind::Eval) {
            let vars = self.var_scope();
            if self.scopes[vars as usize].object == NONE {
                let object = self.new_var(vars, n::VAR_OBJECT, BindingKind::VarObject)?;
                self.scopes[vars as usize].object = object;
            }
        }
        let owner = self.this_function();
        self.hidden_this(owner)?;
        self.hidden_new_target(owner)?;
        if self.funcs[owner as usize].super_property {
            self.hidden_home(owner)?;
        }
        if self.funcs[owner as usize].super_call {
            self.hidden_active(owner)?;
        }
        match count {
            Some(count) => self.emit_x(Op::Eval, count as u16, site, at),
            None => self.emit(Op::EvalSpread, site, at),
        }
    }

    /// Arguments in parentheses: their number, or `None` if they are in an array on the stack.
    pub fn arguments(&mut self) -> Res<Option<u32>> {
        let count = self.arguments_cover()?;
        self.check_cover()?;
        Ok(count)
    }

    /// The same for `async(...)`, whose arguments may turn out to be parameters: leaves a pending `cover`.
    fn arguments_cover(&mut self) -> Res<Option<u32>> {
        self.expect(T::LParen)?;
        let saved = core::mem::replace(&mut self.allow_in, true);
        let mut count = 0u32;
        let mut array = false;
        while !self.is(T::RParen) {
            let at = self.tok.start;
            if self.eat(T::Ellipsis)? {
                if array {
                    if count > 0 {
                        self.emit(Op::ArrayAppend, count, at)?;
                    }
                } else {
                    self.emit(Op::NewArray, count, at)?;
                }
                array = true;
                count = 0;
                self.assign_cover()?;
                self.emit(Op::ArraySpread, 0, at)?;
            } else {
                self.assign_cover()?;
                self.count_argument(&mut count, &mut array, at)?;
            }
            if !self.is(T::RParen) {
                self.expect(T::Comma)?;
            }
        }
        self.allow_in = saved;
        if array && count > 0 {
            self.emit(Op::ArrayAppend, count, self.prev_end)?;
        }
        self.next()?;
        Ok(if array { None } else { Some(count) })
    }

    /// Counts an argument that was pushed. Once there are more than a call takes they are in an array instead, to which
    /// those counted are appended a batch at a time.
    fn count_argument(&mut self, count: &mut u32, array: &mut bool, at: u32) -> Res {
        *count += 1;
        if *count == MAX_ARGUMENTS && !*array {
            self.emit(Op::NewArray, *count, at)?;
            *array = true;
            *count = 0;
        }
        if *array && *count == BATCH {
            self.emit(Op::ArrayAppend, *count, at)?;
            *count = 0;
        }
        Ok(())
    }

    #[inline(never)]
    fn new_expression(&mut self) -> Res<E> {
        let at = self.tok.start;
        self.check_depth()?;
        self.next()?;
        if self.is(T::Dot) {
            self.next()?;
            if !self.is_word(n::TARGET) {
                return self.unexpected();
            }
            self.new_target(at)?;
            self.next()?;
            return Ok(E::new(Kind::Value, at));
        }
        let callee_at = self.tok.start;
        let e = match self.tok.kind {
            T::New => self.new_expression()?,
            T::Super => self.super_expression()?,
            T::Import => {
                if self.peek()?.kind == T::LParen {
                    return self.err("'new' cannot be applied to import()");
                }
                self.import_expression()?
            }
            _ => self.primary()?,
        };
        if e.kind == Kind::Call && !e.paren {
            return self.err_at(callee_at, format_args!("'new' cannot be applied to super()"));
        }
        self.member_chain(e, callee_at, false)?;
        self.op(Op::Dup)?;
        let count = if self.is(T::LParen) { self.arguments()? } else { Some(0) };
        match count {
            Some(count) => self.emit(Op::Construct, count, at)?,
            None => self.emit(Op::ConstructSpread, 0, at)?,
        }
        Ok(E::new(Kind::Value, at))
    }

    /// Pushes new.target.
    pub fn new_target(&mut self, at: u32) -> Res {
        let owner = self.this_function();
        if !self.funcs[owner as usize].new_target {
            return self.err_at(at, format_args!("new.target is allowed only in functions"));
        }
        match self.funcs[owner as usize].kind {
            FnKind::Eval => {
                let scope = self.scope;
                self.pseudo(p::GET, n::NEW_TARGET.0, scope, at)
            }
            _ if owner == self.f => self.op(Op::PushNewTarget),
            _ => {
                let var = self.hidden_new_target(owner)?;
                self.pseudo(p::GET_VAR, var, 0, at)
            }
        }
    }

    fn hidden(&mut self, owner: u32, name: Name) -> Res<u32> {
        let scope = self.funcs[owner as usize].scope;
        let var = self.new_var(scope, name, BindingKind::Hidden)?;
        self.bind(scope, name, var)?;
        Ok(var)
    }

    /// The variable that holds a function's `this`.
    pub fn hidden_this(&mut self, owner: u32) -> Res<u32> {
        let func = &mut self.funcs[owner as usize];
        if func.kind == FnKind::Eval && self.outer.is_some() {
            return Ok(NONE);
        }
        if func.this_var == NONE {
            func.uses_this = true;
            let derived = func.kind == FnKind::DerivedConstructor;
            let var = self.hidden(owner, n::THIS)?;
            if derived {
                // Its being uninitialized is always looked at, by super() and at the end.
                self.vars[var as usize].init_at = NONE;
                self.vars[var as usize].needs_tdz = true;
            }
            self.funcs[owner as usize].this_var = var;
        }
        Ok(self.funcs[owner as usize].this_var)
    }

    fn hidden_new_target(&mut self, owner: u32) -> Res<u32> {
        let func = &self.funcs[owner as usize];
        if func.kind == FnKind::Eval && self.outer.is_some() {
            return Ok(NONE);
        }
        if func.new_target_var == NONE {
            let var = self.hidden(owner, n::NEW_TARGET)?;
            self.funcs[owner as usize].new_target_var = var;
        }
        Ok(self.funcs[owner as usize].new_target_var)
    }

    fn hidden_home(&mut self, owner: u32) -> Res<u32> {
        let func = &self.funcs[owner as usize];
        if func.kind == FnKind::Eval && self.outer.is_some() {
            return Ok(NONE);
        }
        self.funcs[owner as usize].flags |= crate::code::function::Flags::NEEDS_HOME_OBJECT;
        if self.funcs[owner as usize].home_var == NONE {
            let var = self.hidden(owner, n::HOME_OBJECT)?;
            self.funcs[owner as usize].home_var = var;
        }
        Ok(self.funcs[owner as usize].home_var)
    }

    fn hidden_active(&mut self, owner: u32) -> Res<u32> {
        let func = &self.funcs[owner as usize];
        if func.kind == FnKind::Eval && self.outer.is_some() {
            return Ok(NONE);
        }
        if func.active_var == NONE {
            let var = self.hidden(owner, n::ACTIVE_FUNCTION)?;
            self.funcs[owner as usize].active_var = var;
        }
        Ok(self.funcs[owner as usize].active_var)
    }

    /// Pushes `this`.
    pub fn this_value(&mut self, at: u32) -> Res {
        let owner = self.this_function();
        let kind = self.funcs[owner as usize].kind;
        if kind == FnKind::Eval && self.outer.is_some() {
            let scope = self.scope;
            return self.pseudo(p::GET, n::THIS.0, scope, at);
        }
        self.funcs[owner as usize].uses_this = true;
        if owner == self.f && kind != FnKind::DerivedConstructor {
            return self.emit(Op::PushThis, 0, at);
        }
        let var = self.hidden_this(owner)?;
        self.pseudo(p::GET_VAR_CHECK, var, 0, at)
    }

    /// Pushes the home object.
    fn home_object(&mut self, at: u32) -> Res {
        let owner = self.this_function();
        if self.funcs[owner as usize].kind == FnKind::Eval {
            let scope = self.scope;
            return self.pseudo(p::GET, n::HOME_OBJECT.0, scope, at);
        }
        self.funcs[owner as usize].flags |= crate::code::function::Flags::NEEDS_HOME_OBJECT;
        if owner == self.f {
            return self.op(Op::PushHomeObject);
        }
        let var = self.hidden_home(owner)?;
        self.pseudo(p::GET_VAR, var, 0, at)
    }

    /// Pushes the function whose constructor `super()` calls.
    pub fn active_function(&mut self, at: u32) -> Res {
        let owner = self.this_function();
        if self.funcs[owner as usize].kind == FnKind::Eval {
            let scope = self.scope;
            return self.pseudo(p::GET, n::ACTIVE_FUNCTION.0, scope, at);
        }
        if owner == self.f {
            return self.op(Op::PushFunction);
        }
        let var = self.hidden_active(owner)?;
        self.pseudo(p::GET_VAR, var, 0, at)
    }

    #[inline(never)]
    fn super_expression(&mut self) -> Res<E> {
        let at = self.tok.start;
        self.next()?;
        let owner = self.this_function() as usize;
        match self.tok.kind {
            T::LParen => {
                if !self.funcs[owner].super_call {
                    return self.err_at(
                        at,
                        format_args!("super() is allowed only in constructors of derived classes"),
                    );
                }
                self.active_function(at)?;
                self.emit(Op::SuperBase, 0, at)?;
                self.new_target(at)?;
                match self.arguments()? {
                    Some(count) => self.emit(Op::Construct, count, at)?,
                    None => self.emit(Op::ConstructSpread, 0, at)?,
                }
                self.bind_this(at)?;
                Ok(E::new(Kind::Call, at))
            }
            T::Dot | T::LBracket => {
                if !self.funcs[owner].super_property {
                    return self.err_at(at, format_args!("super is allowed only in methods"));
                }
                self.this_value(at)?;
                let op_at = self.tok.start;
                if self.eat(T::Dot)? {
                    let tok = self.tok;
                    if !Self::is_name_token(tok.kind) {
                        return self.unexpected();
                    }
                    self.next()?;
                    self.string(tok.name)?;
                } else {
                    self.next()?;
                    self.expression_in()?;
                    self.expect(T::RBracket)?;
                }
                self.home_object(op_at)?;
                self.emit(Op::SuperBase, 0, op_at)?;
                self.emit(Op::GetSuper, 0, op_at)?;
                Ok(E::new(Kind::Super, at))
            }
            _ => self.err_at(at, format_args!("unexpected super")),
        }
    }

    /// Makes the top of the stack `this`, keeping it, and runs the field initializers.
    pub fn bind_this(&mut self, at: u32) -> Res {
        let owner = self.this_function();
        self.op(Op::Dup)?;
        if self.funcs[owner as usize].kind == FnKind::Eval {
            let scope = self.scope;
            self.push(Inst { op: p::GET, x: 1, a: n::THIS.0, b: scope, at })?;
            self.emit(Op::ThrowIfInitialized, 0, at)?;
            self.push(Inst { op: p::PUT, x: 1, a: n::THIS.0, b: scope, at })?;
            self.op(Op::Dup)?;
            self.active_function(at)?;
            return self.emit(Op::InitFields, 0, at);
        }
        let var = self.hidden_this(owner)?;
        self.pseudo(p::GET_VAR, var, 0, at)?;
        self.emit(Op::ThrowIfInitialized, 0, at)?;
        self.pseudo(p::PUT_VAR, var, 0, at)?;
        // `this constructor` for init_fields; goes away if the class turns out to have no fields.
        if owner != self.f {
            self.hidden_active(owner)?;
        }
        let active = self.funcs[owner as usize].active_var;
        self.push(Inst { op: p::INIT_FIELDS, x: 1, a: owner, b: active, at })
    }

    #[inline(never)]
    fn import_expression(&mut self) -> Res<E> {
        let at = self.tok.start;
        self.next()?;
        match self.tok.kind {
            T::Dot => {
                self.next()?;
                if !self.is_word(n::META) {
                    return self.unexpected();
                }
                if !self.module {
                    return self.err_at(at, format_args!("import.meta is allowed only in modules"));
                }
                self.next()?;
                self.emit(Op::Make, 0, at)?;
                Ok(E::new(Kind::Value, at))
            }
            T::LParen => {
                self.next()?;
                self.assign_in()?;
                self.op(Op::PushUndefined)?;
                if self.eat(T::Comma)? && !self.is(T::RParen) {
                    self.op(Op::Drop)?;
                    self.assign_in()?;
                    self.eat(T::Comma)?;
                }
                self.expect(T::RParen)?;
                self.emit(Op::ImportCall, 0, at)?;
                Ok(E::new(Kind::New, at))
            }
            _ => self.unexpected(),
        }
    }

    #[inline(never)]
    fn primary(&mut self) -> Res<E> {
        let tok = self.tok;
        let at = tok.start;
        let value = E::new(Kind::Value, at);
        match tok.kind {
            T::Ident => {
                if tok.name == n::ASYNC && !tok.escaped {
                    let next = self.peek()?;
                    if next.kind == T::Function && !next.newline {
                        self.function_expression()?;
                        return Ok(value);
                    }
                }
                self.check_identifier(&tok)?;
                self.next()?;
                self.identifier(tok.name, at)?;
                return Ok(E::new(Kind::Ident, at));
            }
            T::Number => {
                if tok.escaped && self.strict {
                    return self.err("a number in strict code cannot start with 0");
                }
                self.next()?;
                self.number(tok.number, at)?;
            }
            T::String => {
                if tok.octal && self.strict {
                    return self.err("octal escapes are not allowed in strict code");
                }
                self.next()?;
                self.string(tok.name)?;
            }
            T::BigInt => {
                self.next()?;
                let atom = self.atom(tok.name)?;
                let index = self.constant(Constant::BigInt(atom))?;
                self.emit(Op::PushConst32, index, at)?;
            }
            T::This => {
                self.next()?;
                self.this_value(at)?;
            }
            T::Null => {
                self.next()?;
                self.op(Op::PushNull)?;
            }
            T::True | T::False => {
                self.next()?;
                self.op(if tok.kind == T::True { Op::PushTrue } else { Op::PushFalse })?;
            }
            T::Function => self.function_expression()?,
            T::Class => self.class_expression()?,
            T::LParen => return self.parenthesized(),
            T::LBracket => {
                self.array_literal()?;
                return self.literal_end(at);
            }
            T::LBrace => {
                self.object_literal()?;
                return self.literal_end(at);
            }
            T::Template => self.template()?,
            T::Slash | T::SlashEq => {
                let scanned = self.lexer.regexp(at as usize);
                let (pattern, flags) = self.lexed(scanned)?;
                super::regexp::validate(self, pattern, flags, at)?;
                self.tok.end = self.lexer.at as u32;
                self.next()?;
                let (pattern, flags) = (self.atom(pattern)?, self.atom(flags)?);
                let index = self.constant(Constant::RegExp { pattern, flags })?;
                self.emit(Op::PushRegExp, index, at)?;
            }
            T::Escaped => return self.err("keyword must not contain escapes"),
            _ => return self.unexpected(),
        }
        Ok(value)
    }

    /// Behind an object or array literal: a `{a = 1}` in it is good only where a pattern may still come.
    #[inline(never)]
    fn literal_end(&mut self, at: u32) -> Res<E> {
        if self.cover != NONE {
            let open = matches!(
                self.tok.kind,
                T::Assign | T::Comma | T::RParen | T::RBracket | T::RBrace | T::In | T::Arrow
            ) || self.is_word(n::OF);
            if !open {
                self.check_cover()?;
            }
        }
        Ok(E::new(Kind::Literal, at))
    }

    /// Reads a variable.
    pub fn identifier(&mut self, name: Name, at: u32) -> Res {
        if name == n::ARGUMENTS {
            let owner = self.this_function();
            if self.funcs[owner as usize].no_arguments {
                return self.err_at(at, format_args!("'arguments' is not allowed here"));
            }
        }
        let scope = self.scope;
        self.pseudo(p::GET, name.0, scope, at)
    }

    pub fn constant(&mut self, constant: Constant<'a>) -> Res<u32> {
        let constants = &mut self.func_mut().constants;
        constants.try_push(constant)?;
        Ok(constants.len() as u32 - 1)
    }

    #[inline(never)]
    fn parenthesized(&mut self) -> Res<E> {
        let at = self.tok.start;
        self.next()?;
        let saved = core::mem::replace(&mut self.allow_in, true);
        let cover = core::mem::replace(&mut self.cover, NONE);
        let mut first = true;
        let mut e;
        loop {
            if self.is(T::Ellipsis) || (self.is(T::RParen) && !first) {
                return self.retry_arrow(at);
            }
            let part = self.assign_cover()?;
            if first {
                e = part;
            } else {
                self.anonymous = (NONE, 0);
                e = E::new(Kind::Value, at);
            }
            first = false;
            if !self.is(T::Comma) {
                break;
            }
            self.next()?;
            self.drop_value()?;
        }
        self.allow_in = saved;
        self.expect(T::RParen)?;
        if self.cover != NONE && !self.is(T::Arrow) {
            self.check_cover()?;
        }
        self.cover = cover;
        if e.kind == Kind::Closed {
            e.kind = Kind::Value;
        }
        Ok(E { kind: e.kind, paren: true, at })
    }

    #[inline(never)]
    fn retry_arrow(&mut self, at: u32) -> Res<E> {
        // The reading of an arrow head must happen where an assignment expression starts; elsewhere
        // this is the error.
        self.error = Some((self.tok.start, super::error::Message::new(format_args!("unexpected token"))));
        if self.known.get(u64::from(at)) == Some(KNOWN_ARROW) {
            return Err(Fail::Syntax);
        }
        self.retry_at = at;
        Err(Fail::Retry)
    }

    // Templates.

    #[inline(never)]
    fn template(&mut self) -> Res {
        self.check_depth()?;
        let at = self.tok.start;
        let (mut parts, mut converted) = (0u32, false);
        loop {
            let scanned = self.lexer.template_rest();
            let chunk = self.lexed(scanned)?;
            let Some(cooked) = chunk.cooked else {
                return self.err_at(chunk.start, format_args!("invalid escape in template"));
            };
            if cooked != n::EMPTY || (chunk.last && parts == 0) {
                self.string(cooked)?;
                parts += 1;
            }
            if chunk.last {
                break;
            }
            self.substitution()?;
            self.emit(Op::ToString, 0, at)?;
            converted = true;
            parts += 1;
            if parts == 200 {
                self.emit(Op::Concat, parts, at)?;
                parts = 1;
            }
        }
        if parts > 1 || converted {
            self.emit(Op::Concat, parts, at)?;
        }
        self.tok.end = self.lexer.at as u32;
        self.next()
    }

    /// The expression of a substitution; leaves the lexer behind its brace.
    fn substitution(&mut self) -> Res {
        self.next()?;
        self.expression_in()?;
        if !self.is(T::RBrace) {
            return self.unexpected();
        }
        self.lexer.at = self.tok.end as usize;
        Ok(())
    }

    #[inline(never)]
    fn tagged_template(&mut self, at: u32) -> Res {
        self.check_depth()?;
        let mut cooked = Vec::new(self.memory);
        let mut raw = Vec::new(self.memory);
        let site = self.ir.len();
        self.emit(Op::PushTemplate, 0, at)?;
        let mut count = 1u32;
        let mut array = false;
        loop {
            let scanned = self.lexer.template_rest();
            let chunk = self.lexed(scanned)?;
            let text = match chunk.cooked {
                Some(name) => self.atom(name)?,
                None => 0,
            };
            cooked.try_push(text)?;
            let text = self.atom(chunk.raw)?;
            raw.try_push(text)?;
            if chunk.last {
                break;
            }
            self.substitution()?;
            self.count_argument(&mut count, &mut array, at)?;
        }
        let index = self.constant(Constant::Template { cooked, raw })?;
        self.ir[site].a = index;
        if array {
            if count > 0 {
                self.emit(Op::ArrayAppend, count, at)?;
            }
            self.emit(Op::CallSpread, 0, at)?;
        } else {
            self.emit(Op::Call, count, at)?;
        }
        self.tok.end = self.lexer.at as u32;
        self.next()
    }

    // Array literals.

    #[inline(never)]
    pub fn array_literal(&mut self) -> Res {
        let at = self.tok.start;
        self.next()?;
        let saved = core::mem::replace(&mut self.allow_in, true);
        let mut count = 0u32;
        let mut made = false;
        while !self.is(T::RBracket) {
            let at = self.tok.start;
            if matches!(self.tok.kind, T::Comma | T::Ellipsis) {
                if !made {
                    self.emit(Op::NewArray, count, at)?;
                    made = true;
                } else if count > 0 {
                    self.emit(Op::ArrayAppend, count, at)?;
                }
                count = 0;
                if self.is(T::Comma) {
                    self.next()?;
                    self.emit(Op::ArrayHole, 0, at)?;
                    continue;
                }
                self.next()?;
                self.assign_cover()?;
                self.emit(Op::ArraySpread, 0, at)?;
            } else {
                self.assign_cover()?;
                count += 1;
                if count == BATCH {
                    self.emit(if made { Op::ArrayAppend } else { Op::NewArray }, count, at)?;
                    made = true;
                    count = 0;
                }
            }
            if !self.is(T::RBracket) {
                self.expect(T::Comma)?;
            }
        }
        self.allow_in = saved;
        if !made {
            self.emit(Op::NewArray, count, at)?;
        } else if count > 0 {
            self.emit(Op::ArrayAppend, count, at)?;
        }
        self.next()
    }
}
