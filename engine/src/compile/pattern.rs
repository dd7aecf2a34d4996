//! Destructuring patterns, of bindings and of assignments.

use tare_allocators::Vec;

use super::error::Res;
use super::expr::{E, KNOWN_PATTERN, Kind, Target};
use super::ir::*;
use super::literal::Key;
use super::names::{Name, n};
use super::parser::{Compiler, Ctl};
use super::token::T;
use crate::code::function::BindingKind;
use crate::code::opcodes::Op;

/// What the names in a pattern are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Targets of an assignment.
    Assign,
    /// New bindings.
    Declare(BindingKind),
}

/// What an element of a pattern stores to.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Target(Target),
    Var(u32),
    /// A nested pattern: the mark says where its text starts; it is read after the value is there.
    Pattern,
}

impl Compiler<'_, '_, '_> {
    /// An assignment pattern; its code takes the value off the stack.
    pub fn assignment_pattern(&mut self) -> Res {
        self.pattern(Mode::Assign)
    }

    /// A pattern; the value is on the stack and gets dropped.
    pub fn pattern(&mut self, mode: Mode) -> Res {
        self.check_depth()?;
        if self.is(T::LBrace) { self.object_pattern(mode) } else { self.array_pattern(mode) }
    }

    /// Declares a name of a binding form.
    pub fn declare(&mut self, name: Name, kind: BindingKind, at: u32) -> Res<Slot> {
        self.export_declared(name, at)?;
        // The names of functions in blocks and the parameters of catch clauses may be `let`.
        let declared = matches!(kind, BindingKind::Let | BindingKind::Const)
            && self.scopes[self.scope as usize].kind != ScopeKind::CatchPattern;
        if name == n::LET && declared {
            return self.err_at(at, format_args!("'let' cannot be a lexically bound name"));
        }
        match kind {
            BindingKind::Var => {
                self.declare_var(name, at, false)?;
                let scope = self.scope;
                let reference = self.ir.len();
                self.pseudo(p::REF, name.0, scope, at)?;
                Ok(Slot::Target(Target::Ident { name, reference, at }))
            }
            BindingKind::Param => self.declare_param(name, at, NO_SLOT).map(Slot::Var),
            kind => self.declare_lexical(name, kind, at).map(Slot::Var),
        }
    }

    /// What an element stores to. In assignments its own code is emitted.
    fn element(&mut self, mode: Mode) -> Res<Slot> {
        match mode {
            Mode::Declare(kind) => {
                if matches!(self.tok.kind, T::LBrace | T::LBracket) {
                    return Ok(Slot::Pattern);
                }
                let (name, at) = self.binding_identifier()?;
                self.declare(name, kind, at)
            }
            Mode::Assign => {
                let start = self.tok.start;
                if matches!(self.tok.kind, T::LBrace | T::LBracket) {
                    if self.known.get(u64::from(start)) == Some(KNOWN_PATTERN) {
                        return Ok(Slot::Pattern);
                    }
                    // `[a].b` is a target, `[a]` is a pattern.
                    let mark = self.mark();
                    let cover = core::mem::replace(&mut self.cover, NONE);
                    let e = self.left_hand_side()?;
                    if e.kind == Kind::Literal {
                        self.rewind(&mark);
                        self.known.set(u64::from(start), KNOWN_PATTERN)?;
                        return Ok(Slot::Pattern);
                    }
                    self.check_cover()?;
                    self.cover = cover;
                    return self.element_target(e);
                }
                let e = self.left_hand_side()?;
                self.element_target(e)
            }
        }
    }

    fn element_target(&mut self, e: E) -> Res<Slot> {
        if e.kind == Kind::Chain || matches!(e.kind, Kind::Call | Kind::AsyncCall) {
            return self.invalid_target(e.at);
        }
        self.as_target(e, false).map(Slot::Target)
    }

    fn slot_depth(slot: &Slot) -> u32 {
        match slot {
            Slot::Target(target) => Self::target_depth(target),
            Slot::Var(_) | Slot::Pattern => 0,
        }
    }

    /// Distance back to the REF instruction of a slot, for a pseudo instruction emitted now; 0 if none.
    fn slot_reference(&self, slot: &Slot) -> u32 {
        match slot {
            Slot::Target(Target::Ident { reference, .. }) => (self.ir.len() - reference) as u32,
            _ => 0,
        }
    }

    /// Default value, then the store; the value is on the stack.
    fn finish_element(&mut self, slot: Slot, mode: Mode) -> Res {
        if let Slot::Pattern = slot {
            // The default comes behind the pattern but runs before it.
            let (start, vars) = (self.ir.len(), self.vars.len());
            self.pattern(mode)?;
            if !self.is(T::Assign) {
                return Ok(());
            }
            let size = self.take_code(start)?;
            if mode == Mode::Declare(BindingKind::Param) {
                self.has_param_expression = true;
            }
            self.default_value(None)?;
            self.declared_before(vars);
            return self.give_code(size);
        }
        if self.is(T::Assign) {
            let name = match slot {
                Slot::Target(Target::Ident { name, .. }) => Some(name),
                Slot::Var(var) => Some(self.vars[var as usize].name),
                _ => None,
            };
            if mode == Mode::Declare(BindingKind::Param) {
                self.has_param_expression = true;
            }
            self.default_value(name)?;
        }
        match slot {
            Slot::Target(target) => self.put_target(target, false),
            Slot::Var(var) => self.init_var(var),
            Slot::Pattern => Ok(()),
        }
    }

    /// Initializes a lexical variable with the top of the stack.
    pub fn init_var(&mut self, var: u32) -> Res {
        let at = self.prev_end;
        if self.vars[var as usize].init_at == NONE {
            self.vars[var as usize].init_at = at;
        }
        self.pseudo(p::INIT_VAR, var, 0, at)
    }

    /// What was just read runs before the pattern in front of it, whose names are the variables from `first` on:
    /// they are in their dead zone while it does.
    pub fn declared_before(&mut self, first: usize) {
        let (f, end) = (self.f, self.prev_end);
        for var in self.vars[first..].iter_mut() {
            if var.func == f && var.init_at != 0 && var.init_at != NONE {
                var.init_at = end;
            }
        }
    }

    /// `= value` behind an element whose value is on the stack.
    pub fn default_value(&mut self, name: Option<Name>) -> Res {
        let defined = self.new_label();
        self.next()?;
        self.jump(Op::IfDefinedOrPop, defined)?;
        self.assign_in()?;
        if let Some(name) = name {
            self.name_anonymous(name);
        }
        self.anonymous = (NONE, 0);
        self.label(defined)
    }

    fn object_pattern(&mut self, mode: Mode) -> Res {
        let at = self.tok.start;
        self.next()?;
        self.emit(Op::CheckCoercible, 0, at)?;
        // Keys, for a rest element: a name, or the place where a computed key can be saved.
        let mut keys: Vec<'_, (Name, u32)> = Vec::new(self.memory);
        while !self.is(T::RBrace) {
            let at = self.tok.start;
            if self.eat(T::Ellipsis)? {
                self.object_rest(mode, &keys, at)?;
                if !self.is(T::RBrace) {
                    return self.err("a rest element must be the last");
                }
                break;
            }
            let key_tok = self.tok;
            let key = self.property_name()?;
            match key {
                Key::Static(name) => {
                    keys.try_push((name, NONE))?;
                    let slot = if self.eat(T::Colon)? {
                        self.element(mode)?
                    } else {
                        self.check_identifier(&key_tok)?;
                        if self.strict && super::lexer::is_eval_or_arguments(name) {
                            return self.err_name(
                                key_tok.start,
                                "'",
                                name,
                                "' cannot be bound in strict code",
                            );
                        }
                        match mode {
                            Mode::Declare(kind) => self.declare(name, kind, key_tok.start)?,
                            Mode::Assign => {
                                self.identifier(name, key_tok.start)?;
                                let e = E::new(Kind::Ident, key_tok.start);
                                Slot::Target(self.as_target(e, false)?)
                            }
                        }
                    };
                    let back = self.slot_reference(&slot);
                    self.pseudo(p::PICK, Self::slot_depth(&slot), back, at)?;
                    let op = if name == super::names::n::LENGTH { Op::GetLength } else { Op::GetField };
                    self.emit(op, name.0, key_tok.start)?;
                    self.finish_element(slot, mode)?;
                }
                Key::Computed => {
                    if mode == Mode::Declare(BindingKind::Param) {
                        self.has_param_expression = true;
                    }
                    self.emit(Op::ToKey, 0, at)?;
                    keys.try_push((Name::NONE, self.ir.len() as u32))?;
                    self.pseudo(p::NOP, 0, 0, at)?;
                    self.expect(T::Colon)?;
                    let slot = self.element(mode)?;
                    for _ in 0..2 {
                        let back = self.slot_reference(&slot);
                        self.pseudo(p::PICK, Self::slot_depth(&slot) + 1, back, at)?;
                    }
                    self.emit(Op::GetElem, 0, at)?;
                    self.finish_element(slot, mode)?;
                    self.op(Op::Drop)?;
                }
            }
            if !self.is(T::RBrace) {
                self.expect(T::Comma)?;
            }
        }
        self.next()?;
        self.op(Op::Drop)
    }

    fn object_rest(&mut self, mode: Mode, keys: &[(Name, u32)], at: u32) -> Res {
        if matches!(self.tok.kind, T::LBrace | T::LBracket) && mode != Mode::Assign {
            return self.err("a rest element of an object pattern must be a name");
        }
        let slot = self.element(mode)?;
        if let Slot::Pattern = slot {
            return self.invalid_target(at);
        }
        let back = self.slot_reference(&slot);
        self.pseudo(p::PICK, Self::slot_depth(&slot), back, at)?;
        for &(name, saved) in keys {
            if saved == NONE {
                self.string(name)?;
            } else {
                let temp = self.temp()?;
                self.ir[saved as usize] = Inst { op: Op::Dup as u16, x: 0, a: 0, b: 0, at };
                // Dup and a store in one instruction: the store keeps the value.
                self.ir[saved as usize].op = p::PUT_VAR;
                self.ir[saved as usize].a = temp;
                self.ir[saved as usize].x = 1;
                self.pseudo(p::GET_VAR, temp, 0, at)?;
            }
        }
        self.emit(Op::ObjectRest, keys.len() as u32, at)?;
        self.op(Op::Nip)?;
        match slot {
            Slot::Target(target) => self.put_target(target, false),
            Slot::Var(var) => self.init_var(var),
            Slot::Pattern => Ok(()),
        }
    }

    fn array_pattern(&mut self, mode: Mode) -> Res {
        let at = self.tok.start;
        self.next()?;
        self.emit(Op::IterOpen, 0, at)?;
        let region = self.new_region()?;
        self.begin_region(region)?;
        self.ctl.try_push(Ctl::Iterator { region, is_async: false })?;
        while !self.is(T::RBracket) {
            let at = self.tok.start;
            if self.eat(T::Comma)? {
                self.pseudo(p::ITER_NEXT, 0, 0, at)?;
                self.op(Op::Drop)?;
                continue;
            }
            let rest = self.eat(T::Ellipsis)?;
            let slot = self.element(mode)?;
            let back = self.slot_reference(&slot);
            let step = if rest { p::ITER_REST } else { p::ITER_NEXT };
            self.pseudo(step, Self::slot_depth(&slot), back, at)?;
            if rest {
                match slot {
                    Slot::Target(target) => self.put_target(target, false)?,
                    Slot::Var(var) => self.init_var(var)?,
                    Slot::Pattern => self.pattern(mode)?,
                }
                if !self.is(T::RBracket) {
                    return self.err("a rest element must be the last");
                }
                break;
            }
            self.finish_element(slot, mode)?;
            if !self.is(T::RBracket) {
                self.expect(T::Comma)?;
            }
        }
        self.next()?;
        self.ctl.pop();
        self.end_region(region)?;
        self.emit(Op::IterClose, 0, at)?;
        let end = self.new_label();
        self.jump(Op::Jump, end)?;
        self.label(self.regions[region as usize])?;
        self.emit(Op::IterCloseThrow, 0, at)?;
        self.label(end)
    }
}
