//! `using` and `await using` declarations.
//!
//! The first one of a scope makes the scope's disposer, a hidden variable, and begins a region that lasts to the
//! end of the scope. What leaves the region disposes of the resources: at its end, at jumps out of it, and in its
//! handler, which notes the exception first. Where the disposal may wait it is a loop around an await.

use super::error::Res;
use super::ir::*;
use super::names::n;
use super::parser::{Compiler, Ctl};
use super::pattern::Slot;
use super::token::T;
use crate::code::function::BindingKind;
use crate::code::opcodes::Op;

impl Compiler<'_, '_, '_> {
    /// Whether the `using` here starts a declaration: a name follows on the same line.
    pub fn using_declares(&mut self) -> Res<bool> {
        if !self.is_word(n::USING) {
            return Ok(false);
        }
        let next = self.peek()?;
        Ok(next.kind == T::Ident && !next.newline)
    }

    /// Whether the `await` here starts a declaration: `using` and a name follow on the same line.
    pub fn await_using_declares(&mut self) -> Res<bool> {
        if !self.is_word(n::AWAIT) || !self.await_is_operator() {
            return Ok(false);
        }
        let next = self.peek()?;
        if next.kind != T::Ident || next.name != n::USING || next.escaped || next.newline {
            return Ok(false);
        }
        let mark = self.mark();
        self.next()?;
        let declares = self.using_declares();
        self.rewind(&mark);
        declares
    }

    /// Whether a `using` declaration is the head of a for statement: `of` as its name only before an initializer.
    pub fn using_in_head(&mut self) -> Res<bool> {
        if !self.using_declares()? {
            return Ok(false);
        }
        if self.peek()?.name != n::OF {
            return Ok(true);
        }
        let mark = self.mark();
        self.next()?;
        let after = self.peek();
        self.rewind(&mark);
        Ok(after?.kind == T::Assign)
    }

    /// A declaration as a statement, from `using` on.
    pub fn using_statement(&mut self, is_async: bool) -> Res {
        match self.scopes[self.scope as usize].kind {
            ScopeKind::Global | ScopeKind::Eval => {
                return self.err("'using' is not allowed at the top level of a script");
            }
            ScopeKind::Switch => return self.err("'using' is not allowed in a clause of a switch"),
            _ => {}
        }
        self.next()?;
        self.disposer(is_async)?;
        self.using_bindings(is_async)?;
        self.semicolon()
    }

    fn using_bindings(&mut self, is_async: bool) -> Res {
        loop {
            let (name, at) = self.binding_identifier()?;
            let slot = self.declare(name, BindingKind::Const, at)?;
            self.using_initializer(name, slot, is_async, at)?;
            if !self.eat(T::Comma)? {
                return Ok(());
            }
        }
    }

    fn using_initializer(&mut self, name: super::names::Name, slot: Slot, is_async: bool, at: u32) -> Res {
        if !self.is(T::Assign) {
            return self.err("a resource needs an initializer");
        }
        self.next()?;
        self.assign()?;
        self.name_anonymous(name);
        self.add_resource(is_async, at)?;
        self.put_slot(slot)
    }

    /// The value on the stack becomes a resource of the scope, and stays there.
    fn add_resource(&mut self, is_async: bool, at: u32) -> Res {
        let Some(Ctl::Using { disposer, .. }) = self.ctl.last().copied() else { return self.unexpected() };
        self.pseudo(p::GET_VAR, disposer, 0, at)?;
        self.emit(Op::DisposeAdd, u32::from(is_async), at)
    }

    /// Makes the disposer of the present scope, unless an earlier declaration did.
    fn disposer(&mut self, is_async: bool) -> Res {
        let scope = self.scope;
        if let Some(Ctl::Using { scope: of, is_async: waits, .. }) = self.ctl.last_mut()
            && *of == scope
        {
            *waits |= is_async;
            return Ok(());
        }
        let disposer = self.temp()?;
        self.emit(Op::Make, 2, self.prev_end)?;
        self.pseudo(p::PUT_VAR, disposer, 0, self.prev_end)?;
        let region = self.new_region()?;
        self.begin_region(region)?;
        Ok(self.ctl.try_push(Ctl::Using { region, disposer, scope, is_async })?)
    }

    /// The end of a scope: disposes of its resources. `base` is how many entries of `ctl` there were before it.
    pub fn end_using(&mut self, base: usize) -> Res {
        if self.ctl.len() <= base {
            return Ok(());
        }
        let Some(Ctl::Using { region, disposer, is_async, .. }) = self.ctl.pop() else { return Ok(()) };
        let at = self.prev_end;
        self.end_region(region)?;
        let close = self.new_label();
        self.jump(Op::Jump, close)?;
        self.label(self.regions[region as usize])?;
        self.pseudo(p::GET_VAR, disposer, 0, at)?;
        self.note_error()?;
        self.label(close)?;
        self.dispose(disposer, is_async)
    }

    /// Disposes of what a disposer holds.
    pub fn dispose(&mut self, disposer: u32, is_async: bool) -> Res {
        let at = self.prev_end;
        let (head, end) = (self.new_label(), self.new_label());
        self.label(head)?;
        self.pseudo(p::GET_VAR, disposer, 0, at)?;
        self.jump_at(Op::DisposeStep, end, at)?;
        if is_async {
            let region = self.new_region()?;
            self.push(Inst { op: p::TRY_BEGIN, x: 1, a: region, b: 0, at })?;
            self.emit_await(at)?;
            self.end_region(region)?;
            self.op(Op::Drop)?;
            self.jump_at(Op::Loop, head, at)?;
            self.label(self.regions[region as usize])?;
            self.pseudo(p::GET_VAR, disposer, 0, at)?;
            self.note_error()?;
            self.jump_at(Op::Loop, head, at)?;
        } else {
            self.op(Op::Drop)?;
        }
        self.label(end)
    }

    /// Notes the exception under the disposer on the stack.
    fn note_error(&mut self) -> Res {
        self.emit(Op::DisposeAdd, 2, self.prev_end)?;
        self.op(Op::Drop)
    }

    /// A for statement whose head declares resources, from `using` on, in a scope of its own.
    pub fn for_using(&mut self, is_async: bool, scope: u32, is_await: bool, labels: u32, at: u32) -> Res {
        self.next()?;
        let base = self.ctl.len();
        let start = self.ir.len();
        let (name, name_at) = self.binding_identifier()?;
        let slot = self.declare(name, BindingKind::Const, name_at)?;
        if self.is_word(n::OF) {
            self.put_slot(slot)?;
            let store = self.take_code(start)?;
            return self.for_each(store, Some(scope), true, is_await, labels, at, Some(is_async));
        }
        if is_await {
            return self.unexpected();
        }
        self.disposer(is_async)?;
        let saved = core::mem::replace(&mut self.allow_in, false);
        self.using_initializer(name, slot, is_async, name_at)?;
        if self.eat(T::Comma)? {
            self.using_bindings(is_async)?;
        }
        self.allow_in = saved;
        self.for_classic(None, labels)?;
        self.end_using(base)
    }

    /// The value of an iteration step, on the stack, becomes the iteration's resource.
    pub fn using_step(&mut self, is_async: bool, at: u32) -> Res {
        let disposer = self.temp()?;
        self.emit(Op::Make, 2, self.prev_end)?;
        self.pseudo(p::PUT_VAR, disposer, 0, at)?;
        self.pseudo(p::GET_VAR, disposer, 0, at)?;
        self.emit(Op::DisposeAdd, u32::from(is_async), at)?;
        let region = self.new_region()?;
        let scope = self.scope;
        Ok(self.ctl.try_push(Ctl::Using { region, disposer, scope, is_async })?)
    }

    /// Begins the region of the iteration's resource, once the value is stored.
    pub fn begin_using_step(&mut self) -> Res {
        let Some(Ctl::Using { region, .. }) = self.ctl.last().copied() else { return Ok(()) };
        self.begin_region(region)
    }
}
