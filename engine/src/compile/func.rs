//! Functions: parameters, bodies, arrows, methods, and leaving them.

use tare_allocators::Vec;

use super::error::Res;
use super::expr::{E, Kind};
use super::ir::*;
use super::lexer::{is_eval_or_arguments, is_strict_reserved};
use super::names::{Name, n};
use super::parser::{Compiler, Ctl};
use super::pattern::{Mode, Slot};
use super::token::T;
use crate::code::function::{BindingKind, Flags};
use crate::code::opcodes::Op;

/// What a function's text suspends when it begins.
pub(crate) struct Outside<'a> {
    f: u32,
    scope: u32,
    ir: Vec<'a, Inst>,
    strict: bool,
    allow_in: bool,
    in_params: bool,
    has_param_expression: bool,
    ctl_base: usize,
    cover: u32,
}

/// What parameters showed that matters if the body turns out to be strict.
#[derive(Clone, Copy)]
struct Params {
    simple: bool,
    duplicate: Option<(Name, u32)>,
    /// A name that strict code does not allow.
    sloppy_name: Option<(Name, u32)>,
}

impl<'a> Compiler<'a, '_, '_> {
    /// Enters a function made by `new_func`.
    pub fn enter_func(&mut self, func: u32) -> Res<Outside<'a>> {
        let ir = Vec::try_with_capacity(32, self.memory)?;
        let outside = Outside {
            f: self.f,
            scope: self.scope,
            ir: core::mem::replace(&mut self.ir, ir),
            strict: self.strict,
            allow_in: core::mem::replace(&mut self.allow_in, true),
            in_params: core::mem::replace(&mut self.in_params, false),
            has_param_expression: core::mem::replace(&mut self.has_param_expression, false),
            ctl_base: core::mem::replace(&mut self.ctl_base, self.ctl.len()),
            cover: core::mem::replace(&mut self.cover, NONE),
        };
        self.f = func;
        Ok(outside)
    }

    /// Leaves the function: its code is complete.
    pub fn leave_func(&mut self, outside: Outside<'a>) {
        if self.strict {
            self.func_mut().flags |= Flags::STRICT;
        }
        let ir = core::mem::replace(&mut self.ir, outside.ir);
        self.func_mut().ir = ir;
        self.ctl.truncate(self.ctl_base);
        self.f = outside.f;
        self.scope = outside.scope;
        self.strict = outside.strict;
        self.allow_in = outside.allow_in;
        self.in_params = outside.in_params;
        self.has_param_expression = outside.has_param_expression;
        self.ctl_base = outside.ctl_base;
        self.cover = outside.cover;
        self.anonymous = (NONE, 0);
    }

    /// Function expression; emits its closure.
    pub fn function_expression(&mut self) -> Res {
        let start = self.tok.start;
        let flags = self.function_head()?;
        let mut name = None;
        let func = self.new_func(FnKind::Normal, flags)?;
        self.funcs[func as usize].source.0 = start;
        self.funcs[func as usize].created_at = start;
        if !self.is(T::LParen) {
            // The name is in the scope of the function: yield and await follow the function's own kind.
            let outer = self.f;
            self.f = func;
            let bound = self.binding_identifier();
            self.f = outer;
            name = Some(bound?);
        }
        self.function_rest(func, name, true)?;
        self.closure(func, start)?;
        if name.is_none() {
            self.anonymous = (func, self.ir.len());
        }
        Ok(())
    }

    /// `async`, `function`, `*`.
    pub fn function_head(&mut self) -> Res<Flags> {
        let mut flags = Flags::default();
        if self.is_word(n::ASYNC) {
            flags |= Flags::ASYNC;
            self.next()?;
        }
        self.expect(T::Function)?;
        if self.eat(T::Star)? {
            flags |= Flags::GENERATOR;
        }
        if flags == Flags::default() {
            flags = Flags::CONSTRUCTOR | Flags::HAS_PROTOTYPE;
        } else if flags.generator() {
            flags |= Flags::HAS_PROTOTYPE;
        }
        Ok(flags)
    }

    pub fn closure(&mut self, func: u32, at: u32) -> Res {
        self.emit(Op::Closure, func, at)
    }

    /// A method's function, from its parameters on; emits its closure.
    pub fn method(&mut self, kind: FnKind, flags: Flags, start: u32) -> Res<u32> {
        let mut flags = flags;
        if flags.generator() {
            flags |= Flags::HAS_PROTOTYPE;
        }
        let func = self.new_func(kind, flags)?;
        let f = &mut self.funcs[func as usize];
        f.source.0 = start;
        f.created_at = start;
        f.super_property = true;
        f.super_call = kind == FnKind::DerivedConstructor;
        self.function_rest(func, None, false)?;
        self.closure(func, start)?;
        Ok(func)
    }

    /// Parameters and body of a function other than an arrow.
    pub fn function_rest(&mut self, func: u32, name: Option<(Name, u32)>, expression: bool) -> Res {
        self.check_depth()?;
        let outside = self.enter_func(func)?;
        if let Some((name, _)) = name {
            self.funcs[func as usize].name = name;
            if expression {
                let scope = self.open_scope(ScopeKind::SelfName)?;
                let var = self.add_var(scope, name, BindingKind::FunctionName)?;
                self.funcs[func as usize].self_var = var;
            }
        }
        let scope = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = scope;
        self.pseudo(p::ENTER, scope, 0, self.tok.start)?;
        let params_at = self.tok.start;
        if self.funcs[func as usize].kind == FnKind::ClassConstructor {
            // Before the parameters, which may see the fields.
            self.push(Inst { op: p::INIT_FIELDS, x: 0, a: func, b: NONE, at: params_at })?;
        }
        self.expect(T::LParen)?;
        let params = self.parameters(T::RParen)?;
        match self.funcs[func as usize].kind {
            FnKind::Getter if self.funcs[func as usize].arg_count != 0 || !params.simple => {
                return self.err_at(params_at, format_args!("a getter has no parameters"));
            }
            FnKind::Setter
                if self.funcs[func as usize].arg_count != 1 || self.funcs[func as usize].rest != NONE =>
            {
                return self.err_at(params_at, format_args!("a setter has exactly one parameter"));
            }
            _ => {}
        }
        self.function_body(params, name)?;
        self.funcs[func as usize].source.1 = self.tok.end;
        self.leave_func(outside);
        self.next()
    }

    /// The body in braces; its closing brace remains the current token.
    fn function_body(&mut self, params: Params, name: Option<(Name, u32)>) -> Res {
        if self.has_param_expression {
            let scope = self.open_scope(ScopeKind::Body)?;
            self.func_mut().body_scope = scope;
            self.pseudo(p::ENTER, scope, 0, self.tok.start)?;
        } else if !params.simple {
            let scope = self.func().scope;
            self.func_mut().late_functions = true;
            self.pseudo(p::FUNCTIONS, scope, 0, self.tok.start)?;
        }
        self.in_params = false;
        if self.func().flags.generator() {
            self.emit(Op::InitialYield, 0, self.tok.start)?;
        }
        self.expect(T::LBrace)?;
        let was_strict = self.strict;
        self.directives(params.simple)?;
        if self.strict && !was_strict {
            self.retroactive(params, name)?;
        }
        if let Some((name, at)) = params.duplicate {
            let kind = self.func().kind;
            if self.strict || !params.simple || kind != FnKind::Normal {
                return self.err_name(at, "duplicate parameter '", name, "'");
            }
        }
        while !self.is(T::RBrace) {
            if self.is(T::Eof) {
                return self.unexpected();
            }
            self.statement_item()?;
        }
        self.function_end(params.simple)
    }

    /// Checks that could be made only when the body was known to be strict.
    fn retroactive(&mut self, params: Params, name: Option<(Name, u32)>) -> Res {
        if let Some((name, at)) = params.sloppy_name {
            return self.err_name(at, "'", name, "' is not allowed as a name in strict code");
        }
        if let Some((name, at)) = name
            && (is_eval_or_arguments(name) || is_strict_reserved(name))
        {
            return self.err_name(at, "'", name, "' is not allowed as a name in strict code");
        }
        Ok(())
    }

    /// The code behind the last statement.
    pub fn function_end(&mut self, simple: bool) -> Res {
        if simple {
            self.func_mut().flags |= Flags::SIMPLE_PARAMS;
        }
        self.anonymous = (NONE, 0);
        self.end_using(self.ctl_base)?;
        self.resolve_candidates()?;
        self.op(Op::PushUndefined)?;
        self.final_return()
    }

    /// Leaves with the value on the stack, all regions being left.
    fn final_return(&mut self) -> Res {
        let flags = self.func().flags;
        if flags.async_() || flags.generator() {
            return self.op(Op::Finish);
        }
        if self.func().kind == FnKind::DerivedConstructor {
            let this = self.hidden_this(self.f)?;
            self.pseudo(p::GET_VAR, this, 0, self.prev_end)?;
            self.emit(Op::DerivedReturn, 0, self.prev_end)?;
        }
        self.op(Op::Return)
    }

    /// Directive prologue.
    pub fn directives(&mut self, simple: bool) -> Res {
        let mut octal = NONE;
        while self.is(T::String) {
            let tok = self.tok;
            let next = self.peek()?;
            let alone = match next.kind {
                T::Semicolon | T::RBrace | T::Eof => true,
                kind => {
                    // A new statement on a new line, unless the string goes on there.
                    next.newline
                        && !matches!(
                            kind,
                            T::Dot
                                | T::OptChain
                                | T::LParen
                                | T::LBracket
                                | T::Template
                                | T::Comma
                                | T::Question
                                | T::In
                                | T::Instanceof
                        )
                        && !(kind >= T::Nullish && kind <= T::NullishEq)
                }
            };
            if !alone {
                break;
            }
            if tok.octal && octal == NONE {
                octal = tok.start;
            }
            if tok.name == n::USE_STRICT && !tok.escaped && tok.end - tok.start == 12 {
                if !simple {
                    return self.err("'use strict' is not allowed in a function with such parameters");
                }
                self.strict = true;
            }
            if self.strict && octal != NONE {
                return self.err_at(octal, format_args!("octal escapes are not allowed in strict code"));
            }
            if self.completion != NONE && self.f == 0 {
                self.string(tok.name)?;
                self.pseudo(p::PUT_VAR, self.completion, 0, tok.start)?;
            }
            self.next()?;
            self.semicolon()?;
        }
        Ok(())
    }

    // Parameters.

    /// A parameter's name. `arg` is its slot if it is initialized from the start.
    pub fn declare_param(&mut self, name: Name, at: u32, arg: u16) -> Res<u32> {
        let scope = self.func().scope;
        if let Some(old) = self.lookup(scope, name)
            && old != VAR_MARK
            && !self.vars[old as usize].dead
            && self.vars[old as usize].kind == BindingKind::Param
            && self.params.duplicate.is_none()
        {
            self.params.duplicate = Some((name, at));
        }
        if (is_eval_or_arguments(name) || is_strict_reserved(name)) && self.params.sloppy_name.is_none() {
            self.params.sloppy_name = Some((name, at));
        }
        let var = self.add_var(scope, name, BindingKind::Param)?;
        self.vars[var as usize].arg = arg;
        self.vars[var as usize].declared_at = at;
        if arg == NO_SLOT {
            self.vars[var as usize].init_at = NONE;
        }
        Ok(var)
    }

    /// The parameters up to the closing token, which is passed.
    fn parameters(&mut self, close: T) -> Res<Params> {
        let saved = core::mem::replace(
            &mut self.params,
            super::parser::ParamNotes { duplicate: None, sloppy_name: None },
        );
        let dynamic_end = core::mem::replace(&mut self.dynamic_end, NONE);
        self.in_params = true;
        let mut simple = true;
        let mut counting = true;
        while !self.is(close) {
            if self.eat(T::Ellipsis)? {
                simple = false;
                self.rest_parameter()?;
                if !self.is(close) {
                    return self.err("a rest parameter must be the last");
                }
                break;
            }
            let arg = self.func().arg_count;
            if arg >= u16::MAX - 1 {
                return self.err("too many parameters");
            }
            self.func_mut().arg_count += 1;
            counting &= self.parameter(arg, &mut simple)?;
            if counting {
                self.func_mut().length += 1;
            }
            if !self.is(close) {
                self.expect(T::Comma)?;
            }
        }
        if dynamic_end != NONE {
            // The text of a `Function` constructor: the parameters end where they were put together.
            if self.tok.start != dynamic_end + 1 {
                return self.unexpected();
            }
        }
        self.next()?;
        self.in_params = false;
        let notes = core::mem::replace(&mut self.params, saved);
        Ok(Params { simple, duplicate: notes.duplicate, sloppy_name: notes.sloppy_name })
    }

    /// One parameter; false if it has a default.
    fn parameter(&mut self, arg: u16, simple: &mut bool) -> Res<bool> {
        if matches!(self.tok.kind, T::LBrace | T::LBracket) {
            *simple = false;
            let hidden = self.hidden_arg(arg)?;
            let mode = Mode::Declare(BindingKind::Param);
            self.pseudo(p::GET_VAR, hidden, 0, self.tok.start)?;
            let (start, vars) = (self.ir.len(), self.vars.len());
            self.pattern(mode)?;
            if !self.is(T::Assign) {
                return Ok(true);
            }
            self.has_param_expression = true;
            let size = self.take_code(start)?;
            self.default_value(None)?;
            self.declared_before(vars);
            self.give_code(size)?;
            return Ok(false);
        }
        let (name, at) = self.binding_identifier()?;
        if self.is(T::Assign) {
            *simple = false;
            self.has_param_expression = true;
            let hidden = self.hidden_arg(arg)?;
            let var = self.declare_param(name, at, NO_SLOT)?;
            self.vars[var as usize].arg = arg;
            self.pseudo(p::GET_VAR, hidden, 0, at)?;
            self.default_value(Some(name))?;
            self.init_var(var)?;
            return Ok(false);
        }
        if self.has_param_expression {
            // Earlier defaults must not see it.
            let hidden = self.hidden_arg(arg)?;
            let var = self.declare_param(name, at, NO_SLOT)?;
            self.vars[var as usize].arg = arg;
            self.pseudo(p::GET_VAR, hidden, 0, at)?;
            self.init_var(var)?;
        } else {
            self.declare_param(name, at, arg)?;
        }
        Ok(true)
    }

    /// A `var arguments` in a function body is the arguments object.
    pub fn own_arguments(&mut self, var: u32) {
        let scope = self.vars[var as usize].scope;
        let func = self.func_mut();
        let own = !matches!(
            func.kind,
            FnKind::Arrow
                | FnKind::Fields
                | FnKind::StaticBlock
                | FnKind::Script
                | FnKind::Module
                | FnKind::Eval
        );
        if own && func.scope == scope && func.arguments_var == NONE {
            func.arguments_var = var;
        }
    }

    /// The slot of an argument that has no name of its own.
    fn hidden_arg(&mut self, arg: u16) -> Res<u32> {
        let scope = self.func().scope;
        let var = self.new_var(scope, Name::NONE, BindingKind::Hidden)?;
        self.vars[var as usize].arg = arg;
        Ok(var)
    }

    fn rest_parameter(&mut self) -> Res {
        let scope = self.func().scope;
        if matches!(self.tok.kind, T::LBrace | T::LBracket) {
            let hidden = self.new_var(scope, Name::NONE, BindingKind::Hidden)?;
            self.func_mut().rest = hidden;
            self.pseudo(p::GET_VAR, hidden, 0, self.tok.start)?;
            return self.pattern(Mode::Declare(BindingKind::Param));
        }
        let (name, at) = self.binding_identifier()?;
        if !self.has_param_expression {
            let var = self.declare_param(name, at, NO_SLOT)?;
            self.vars[var as usize].init_at = 0;
            self.func_mut().rest = var;
            return Ok(());
        }
        let hidden = self.new_var(scope, Name::NONE, BindingKind::Hidden)?;
        self.func_mut().rest = hidden;
        let var = self.declare_param(name, at, NO_SLOT)?;
        self.pseudo(p::GET_VAR, hidden, 0, at)?;
        self.init_var(var)
    }

    // Arrows.

    /// An arrow function, behind `async` if it has that; emits its closure.
    pub fn arrow_function(&mut self, is_async: bool) -> Res<E> {
        self.check_depth()?;
        let start = if is_async { self.async_start() } else { self.tok.start };
        if is_async && self.tok.newline {
            return self.unexpected();
        }
        let flags = if is_async { Flags::ARROW | Flags::ASYNC } else { Flags::ARROW };
        let func = self.new_func(FnKind::Arrow, flags)?;
        self.funcs[func as usize].source.0 = start;
        self.funcs[func as usize].created_at = start;
        let allow_in = self.allow_in;
        let outside = self.enter_func(func)?;
        let scope = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = scope;
        self.pseudo(p::ENTER, scope, 0, start)?;
        let params = if self.is(T::LParen) {
            self.next()?;
            self.parameters(T::RParen)?
        } else {
            self.in_params = true;
            self.func_mut().arg_count = 1;
            self.func_mut().length = 1;
            let saved = core::mem::replace(
                &mut self.params,
                super::parser::ParamNotes { duplicate: None, sloppy_name: None },
            );
            let (name, at) = self.binding_identifier()?;
            self.declare_param(name, at, 0)?;
            let notes = core::mem::replace(&mut self.params, saved);
            Params { simple: true, duplicate: None, sloppy_name: notes.sloppy_name }
        };
        if !self.is(T::Arrow) || self.tok.newline {
            return self.unexpected();
        }
        self.in_params = false;
        self.next()?;
        if self.is(T::LBrace) {
            self.function_body(params, None)?;
            self.funcs[func as usize].source.1 = self.tok.end;
            self.leave_func(outside);
            self.next()?;
        } else {
            if let Some((name, at)) = params.duplicate {
                return self.err_name(at, "duplicate parameter '", name, "'");
            }
            if self.has_param_expression {
                let scope = self.open_scope(ScopeKind::Body)?;
                self.func_mut().body_scope = scope;
                self.pseudo(p::ENTER, scope, 0, self.tok.start)?;
            }
            if params.simple {
                self.func_mut().flags |= Flags::SIMPLE_PARAMS;
            }
            self.allow_in = allow_in;
            self.assign()?;
            self.final_return()?;
            self.funcs[func as usize].source.1 = self.prev_end;
            self.leave_func(outside);
        }
        self.closure(func, start)?;
        self.anonymous = (func, self.ir.len());
        Ok(E::new(Kind::Closed, start))
    }

    /// Where the word `async` that was just passed began (it has no escapes).
    fn async_start(&self) -> u32 {
        self.prev_end - 5
    }

    // Leaving.

    /// `return` with the value on the stack: leaves the regions, then the function.
    pub fn return_value(&mut self, from_yield: bool) -> Res {
        let derived = self.func().kind == FnKind::DerivedConstructor;
        let (mut regions, mut finally) = (false, NONE);
        for ctl in self.ctl[self.ctl_base..].iter().rev() {
            match *ctl {
                Ctl::Iterator { .. } | Ctl::Using { .. } => regions = true,
                Ctl::Finally { temp, .. } => {
                    regions = true;
                    if finally == NONE {
                        finally = temp;
                    }
                }
                Ctl::Catch { .. } => regions |= derived,
                _ => {}
            }
        }
        let _ = from_yield;
        if !regions {
            return self.final_return();
        }
        let temp = if finally != NONE {
            finally
        } else {
            if self.func().return_temp == NONE {
                let temp = self.temp()?;
                self.func_mut().return_temp = temp;
            }
            self.func().return_temp
        };
        self.pseudo(p::PUT_VAR, temp, 0, self.prev_end)?;
        self.leave_to(self.ctl_base, true)?;
        self.pseudo(p::GET_VAR, temp, 0, self.prev_end)?;
        self.final_return()?;
        self.resume_from(self.ctl_base)
    }

    /// Code that leaves the statements down to `base` (exclusive of those below).
    pub fn leave_to(&mut self, base: usize, returning: bool) -> Res {
        let at = self.prev_end;
        for i in (base..self.ctl.len()).rev() {
            match self.ctl[i] {
                Ctl::Breakable { .. } => {}
                Ctl::Iterator { region, is_async } => {
                    self.end_region(region)?;
                    self.pseudo(p::CUT, region, 0, at)?;
                    self.close_iterator(is_async, at)?;
                }
                Ctl::Using { region, disposer, is_async, .. } => {
                    self.end_region(region)?;
                    self.pseudo(p::CUT, region, 0, at)?;
                    self.dispose(disposer, is_async)?;
                }
                Ctl::Enumerator if returning => {}
                Ctl::Enumerator => self.op(Op::Drop)?,
                Ctl::Catch { region } => self.end_region(region)?,
                Ctl::Finally { region, block, .. } => {
                    self.end_region(region)?;
                    self.pseudo(p::CUT, region, 0, at)?;
                    self.op(Op::PushUndefined)?;
                    self.jump(Op::Gosub, block)?;
                    self.op(Op::Drop)?;
                }
                Ctl::FinallyBody { .. } if returning => {}
                Ctl::FinallyBody { values } => {
                    for _ in 0..values {
                        self.op(Op::Drop)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Behind code that left: the regions go on for what follows.
    pub fn resume_from(&mut self, base: usize) -> Res {
        for i in base..self.ctl.len() {
            if let Ctl::Iterator { region, .. }
            | Ctl::Catch { region }
            | Ctl::Finally { region, .. }
            | Ctl::Using { region, .. } = self.ctl[i]
            {
                self.begin_region(region)?;
            }
        }
        Ok(())
    }

    /// IteratorClose of the record on the stack.
    pub fn close_iterator(&mut self, is_async: bool, at: u32) -> Res {
        if !is_async {
            return self.emit(Op::IterClose, 0, at);
        }
        let end = self.new_label();
        self.jump_at(Op::IterCloseCall, end, at)?;
        self.emit_await(at)?;
        self.emit(Op::Coerce, 1, at)?;
        self.op(Op::Drop)?;
        self.label(end)
    }

    /// Stores what a declaration initializes.
    pub fn put_slot(&mut self, slot: Slot) -> Res {
        match slot {
            Slot::Target(target) => self.put_target(target, false),
            Slot::Var(var) => self.init_var(var),
            Slot::Pattern => Ok(()),
        }
    }
}
