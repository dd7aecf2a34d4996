//! `for` statements of all kinds.

use super::error::Res;
use super::expr::{KNOWN_PATTERN, Kind};
use super::ir::*;
use super::names::n;
use super::parser::{Compiler, Ctl};
use super::pattern::Slot;
use super::token::T;
use crate::code::function::BindingKind;
use crate::code::opcodes::Op;

impl Compiler<'_, '_, '_> {
    pub fn for_statement(&mut self, labels: u32) -> Res {
        if self.completion != NONE && self.f == 0 {
            self.op(Op::PushUndefined)?;
            self.pseudo(p::PUT_VAR, self.completion, 0, self.prev_end)?;
        }
        let at = self.tok.start;
        self.next()?;
        let mut is_await = false;
        if self.tok.kind == T::Ident && self.tok.name == n::AWAIT && self.await_is_operator() {
            if self.tok.escaped {
                return self.err("keyword must not contain escapes");
            }
            is_await = true;
            self.next()?;
        }
        self.expect(T::LParen)?;
        let waits = self.await_using_declares()?;
        if waits {
            self.next()?;
        }
        if waits || self.using_in_head()? {
            let scope = self.open_scope(ScopeKind::Block)?;
            self.pseudo(p::ENTER, scope, 0, at)?;
            self.for_using(waits, scope, is_await, labels, at)?;
            self.close_scope();
            return Ok(());
        }
        let is_let = self.is_word(n::LET) && self.let_declares()?;
        let kind = match self.tok.kind {
            T::Var => Some(BindingKind::Var),
            T::Const => Some(BindingKind::Const),
            T::Ident if is_let => Some(BindingKind::Let),
            _ => None,
        };
        let scope = match kind {
            Some(BindingKind::Let | BindingKind::Const) => {
                let scope = self.open_scope(ScopeKind::Block)?;
                self.pseudo(p::ENTER, scope, 0, at)?;
                Some(scope)
            }
            _ => None,
        };
        match kind {
            Some(kind) => self.for_declaration(kind, scope, is_await, labels, at)?,
            None => self.for_expression(is_await, labels, at)?,
        }
        if scope.is_some() {
            self.close_scope();
        }
        Ok(())
    }

    fn for_declaration(
        &mut self,
        kind: BindingKind,
        scope: Option<u32>,
        is_await: bool,
        labels: u32,
        at: u32,
    ) -> Res {
        self.next()?;
        let start = self.ir.len();
        let saved = core::mem::replace(&mut self.allow_in, false);
        let (declared_at, declared) = (self.tok.start, self.tok.name);
        let (initialized, name) = self.declarator(kind, true)?;
        self.allow_in = saved;
        let of = self.is_word(n::OF);
        if of || self.is(T::In) {
            if initialized {
                // Annex B: `for (var x = 1 in y)`; the initializer runs first.
                if of || kind != BindingKind::Var || !name || self.strict {
                    return self.err_at(
                        declared_at,
                        format_args!("a for-in or for-of declaration cannot have an initializer"),
                    );
                }
                let scope = self.scope;
                let here = self.ir.len();
                let reference = here;
                self.pseudo(p::REF, declared.0, scope, at)?;
                let target = super::expr::Target::Ident { name: declared, reference, at };
                self.put_head_slot(Slot::Target(target))?;
                let size = self.take_code(here)?;
                return self.for_each(size, None, of, is_await, labels, at, None);
            }
            let size = self.take_code(start)?;
            return self.for_each(size, scope, of, is_await, labels, at, None);
        }
        if is_await {
            return self.unexpected();
        }
        if !initialized && !name {
            return self.err_at(declared_at, format_args!("a pattern needs an initializer"));
        }
        let saved = core::mem::replace(&mut self.allow_in, false);
        if self.eat(T::Comma)? {
            self.declarations(kind)?;
        }
        self.allow_in = saved;
        let rebind = if kind == BindingKind::Let { scope } else { None };
        self.for_classic(rebind, labels)
    }

    fn for_expression(&mut self, is_await: bool, labels: u32, at: u32) -> Res {
        if self.is(T::Semicolon) {
            if is_await {
                return self.unexpected();
            }
            return self.for_classic(None, labels);
        }
        let first = self.tok;
        let mark = self.mark();
        let start = self.ir.len();
        let saved = core::mem::replace(&mut self.allow_in, false);
        let e = self.assign_cover()?;
        let of = self.is_word(n::OF);
        if of || self.is(T::In) {
            self.allow_in = saved;
            if of && first.kind == T::Ident && !e.paren {
                let plain = e.kind == Kind::Ident && self.prev_end == first.end;
                if first.name == n::LET && !first.escaped {
                    return self
                        .err_at(first.start, format_args!("the target of for-of cannot start with 'let'"));
                }
                if plain && first.name == n::ASYNC && !first.escaped && !is_await {
                    return self.err_at(first.start, format_args!("the target of for-of cannot be 'async'"));
                }
            }
            if e.kind == Kind::Literal && !e.paren {
                self.rewind(&mark);
                self.known.set(u64::from(first.start), KNOWN_PATTERN)?;
                self.assignment_pattern()?;
            } else {
                if matches!(e.kind, Kind::Closed | Kind::Chain | Kind::Value | Kind::Unary) {
                    return self.invalid_target(e.at);
                }
                let target = self.as_target(e, true)?;
                self.put_head_slot(Slot::Target(target))?;
            }
            self.anonymous = (NONE, 0);
            let of = self.is_word(n::OF);
            let size = self.take_code(start)?;
            return self.for_each(size, None, of, is_await, labels, at, None);
        }
        self.check_cover()?;
        if is_await {
            return self.unexpected();
        }
        self.drop_value()?;
        if self.eat(T::Comma)? {
            self.expression()?;
            self.drop_value()?;
        }
        self.allow_in = saved;
        self.for_classic(None, labels)
    }

    /// `; condition; update) body`.
    pub fn for_classic(&mut self, scope: Option<u32>, labels: u32) -> Res {
        self.anonymous = (NONE, 0);
        self.expect(T::Semicolon)?;
        if let Some(scope) = scope {
            self.pseudo(p::REBOX, scope, 0, self.prev_end)?;
        }
        let start = self.ir.len();
        let has_test = !self.is(T::Semicolon);
        if has_test {
            self.expression_in()?;
        }
        self.expect(T::Semicolon)?;
        let (break_to, continue_to) = self.begin_loop(labels)?;
        let (body, test) = (self.new_label(), self.new_label());
        let test_size = if has_test { self.enter_loop(start, body, test, break_to)? } else { 0 };
        if !has_test {
            self.label(body)?;
        }
        let start = self.ir.len();
        if !self.is(T::RParen) {
            self.expression_in()?;
            self.drop_value()?;
        }
        let update_size = self.take_code(start)?;
        self.expect(T::RParen)?;
        self.no_labelled_function()?;
        self.label(continue_to)?;
        if let Some(scope) = scope {
            self.pseudo(p::REBOX, scope, 0, self.prev_end)?;
        }
        self.give_code(update_size)?;
        self.label(test)?;
        if has_test {
            self.give_code(test_size)?;
            self.jump(Op::LoopIfTrue, body)?;
        } else {
            self.jump(Op::Loop, body)?;
        }
        self.ctl.pop();
        self.label(break_to)
    }

    /// `of` or `in`, the rest of the head, and the body. The code that stores a step's value was taken
    /// out; `using` says that the value is a resource, and whether its disposal is awaited.
    #[expect(clippy::too_many_arguments, reason = "the parts of the head")]
    pub fn for_each(
        &mut self,
        store: usize,
        scope: Option<u32>,
        of: bool,
        is_await: bool,
        labels: u32,
        at: u32,
        using: Option<bool>,
    ) -> Res {
        if is_await && !of {
            return self.unexpected();
        }
        self.next()?;
        let value_at = self.tok.start;
        if of {
            self.assign_in()?;
        } else {
            self.expression_in()?;
        }
        if let Some(scope) = scope {
            // The names are in their dead zone while this runs.
            let mut var = self.scopes[scope as usize].first;
            while var != NONE {
                let v = &mut self.vars[var as usize];
                if v.init_at != 0 {
                    v.init_at = self.prev_end;
                }
                var = v.next;
            }
        }
        self.expect(T::RParen)?;
        let (break_to, continue_to) = self.begin_loop(labels)?;
        let (head, exit) = (self.new_label(), self.new_label());
        let open = match (of, is_await) {
            (true, true) => Op::IterOpenAsync,
            (true, false) => Op::IterOpen,
            (false, _) => Op::ForInStart,
        };
        self.emit(open, 0, value_at)?;
        self.label(head)?;
        let mut region = NONE;
        if of {
            if is_await {
                self.emit(Op::IterCallNext, 0, value_at)?;
                self.emit_await(value_at)?;
                self.jump_at(Op::IterUnwrap, exit, value_at)?;
            } else {
                self.jump_at(Op::ForOfNext, exit, value_at)?;
            }
            region = self.new_region()?;
            self.push(Inst { op: p::TRY_BEGIN, x: 1, a: region, b: 0, at })?;
            self.ctl.try_push(Ctl::Iterator { region, is_async: is_await })?;
        } else {
            self.jump_at(Op::ForInNext, exit, value_at)?;
            self.ctl.try_push(Ctl::Enumerator)?;
        }
        if let Some(scope) = scope {
            self.pseudo(p::ENTER, scope, 0, at)?;
        }
        let ctl = self.ctl.len();
        if let Some(is_async) = using {
            self.using_step(is_async, at)?;
        }
        self.give_code(store)?;
        self.begin_using_step()?;
        self.no_labelled_function()?;
        self.end_using(ctl)?;
        self.label(continue_to)?;
        if of {
            self.end_region(region)?;
        }
        self.jump_at(Op::Loop, head, at)?;
        self.ctl.pop();
        self.ctl.pop();
        if of {
            self.label(self.regions[region as usize])?;
            self.iterator_handler(is_await, at)?;
        }
        self.label(exit)?;
        self.op(Op::Drop)?;
        if of {
            self.op(Op::Drop)?;
        }
        self.label(break_to)
    }

    /// What an exception in the body of a for-of loop does: `iterator next exception` on the stack.
    fn iterator_handler(&mut self, is_await: bool, at: u32) -> Res {
        if !is_await {
            return self.emit(Op::IterCloseThrow, 0, at);
        }
        self.op(Op::RotRight3)?;
        let region = self.new_region()?;
        self.push(Inst { op: p::TRY_BEGIN, x: 2, a: region, b: 0, at })?;
        let closed = self.new_label();
        self.jump_at(Op::IterCloseCall, closed, at)?;
        self.emit_await(at)?;
        self.op(Op::Drop)?;
        self.label(closed)?;
        self.end_region(region)?;
        self.op(Op::Throw)?;
        self.label(self.regions[region as usize])?;
        self.op(Op::Drop)?;
        self.op(Op::Throw)
    }
}
