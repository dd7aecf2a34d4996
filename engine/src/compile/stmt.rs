//! Statements and declarations.

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::parser::{Candidate, Compiler, Ctl};
use super::pattern::{Mode, Slot};
use super::token::T;
use crate::code::function::{BindingKind, GlobalKind};
use crate::code::opcodes::Op;

impl Compiler<'_, '_, '_> {
    /// A statement or declaration of a list.
    pub fn statement_item(&mut self) -> Res {
        match self.tok.kind {
            T::Function => self.function_declaration(),
            T::Class => self.class_declaration(),
            T::Const => self.lexical_declaration(BindingKind::Const),
            T::Ident => {
                if self.is_word(n::LET) && self.let_declares()? {
                    return self.lexical_declaration(BindingKind::Let);
                }
                if self.is_word(n::ASYNC) {
                    let next = self.peek()?;
                    if next.kind == T::Function && !next.newline {
                        return self.function_declaration();
                    }
                }
                if self.using_declares()? {
                    return self.using_statement(false);
                }
                if self.await_using_declares()? {
                    self.next()?;
                    return self.using_statement(true);
                }
                self.statement()
            }
            _ => self.statement(),
        }
    }

    /// Whether the `let` here starts a declaration.
    pub fn let_declares(&mut self) -> Res<bool> {
        Ok(matches!(self.peek()?.kind, T::Ident | T::LBracket | T::LBrace | T::Escaped))
    }

    /// A statement that is no declaration.
    pub fn statement(&mut self) -> Res {
        self.check_depth()?;
        let labels = core::mem::replace(&mut self.pending_labels, 0);
        self.anonymous = (NONE, 0);
        match self.tok.kind {
            T::LBrace => self.block(),
            T::Semicolon => self.next(),
            T::Var => {
                self.next()?;
                self.declarations(BindingKind::Var)?;
                self.semicolon()
            }
            T::If => self.if_statement(),
            T::For => self.for_statement(labels),
            T::While => self.while_statement(labels),
            T::Do => self.do_statement(labels),
            T::Continue | T::Break => self.jump_statement(),
            T::Return => self.return_statement(),
            T::With => self.with_statement(),
            T::Switch => self.switch_statement(),
            T::Throw => {
                let at = self.tok.start;
                self.next()?;
                if self.tok.newline {
                    return self.err("a line terminator cannot follow 'throw'");
                }
                self.expression()?;
                self.emit(Op::Throw, 0, at)?;
                self.semicolon()
            }
            T::Try => self.try_statement(),
            T::Debugger => {
                self.next()?;
                self.semicolon()
            }
            T::Function => {
                if self.strict {
                    return self
                        .err("functions can be declared only at the top level or in blocks in strict code");
                }
                self.err("functions can be declared only at the top level or in blocks")
            }
            T::Class | T::Const => self.err("a declaration is not allowed here"),
            T::Import => {
                if matches!(self.peek()?.kind, T::LParen | T::Dot) {
                    return self.expression_statement();
                }
                self.err("import declarations are allowed only at the top level of a module")
            }
            T::Export => self.err("export declarations are allowed only at the top level of a module"),
            T::Ident => {
                let labelled = match self.lexer.colon_follows() {
                    Some(colon) => colon,
                    None => self.peek()?.kind == T::Colon,
                };
                if labelled {
                    return self.labelled(labels);
                }
                if self.is_word(n::LET) && self.peek()?.kind == T::LBracket {
                    return self.err("a declaration is not allowed here");
                }
                if self.is_word(n::ASYNC) {
                    let next = self.peek()?;
                    if next.kind == T::Function && !next.newline {
                        return self.err("an async function cannot be declared here");
                    }
                }
                self.expression_statement()
            }
            _ => self.expression_statement(),
        }
    }

    fn expression_statement(&mut self) -> Res {
        self.expression()?;
        self.semicolon()?;
        self.expression_done()
    }

    /// The value of an expression statement.
    fn expression_done(&mut self) -> Res {
        self.anonymous = (NONE, 0);
        if self.completion != NONE && self.f == 0 {
            return self.pseudo(p::PUT_VAR, self.completion, 0, self.prev_end);
        }
        self.drop_value()
    }

    /// A statement whose completion value may be undefined begins.
    fn reset_completion(&mut self) -> Res {
        if self.completion != NONE && self.f == 0 {
            self.op(Op::PushUndefined)?;
            self.pseudo(p::PUT_VAR, self.completion, 0, self.prev_end)?;
        }
        Ok(())
    }

    fn block(&mut self) -> Res {
        self.block_in(ScopeKind::Block, NONE)
    }

    /// A block in braces; `start` ties its scope to a catch parameter's.
    fn block_in(&mut self, kind: ScopeKind, start: u32) -> Res {
        let scope = self.open_scope(kind)?;
        let ctl = self.ctl.len();
        if start != NONE {
            self.scopes[scope as usize].start = start;
        }
        self.expect(T::LBrace)?;
        self.pseudo(p::ENTER, scope, 0, self.prev_end)?;
        while !self.is(T::RBrace) {
            if self.is(T::Eof) {
                return self.unexpected();
            }
            self.statement_item()?;
        }
        self.end_using(ctl)?;
        self.close_scope();
        self.next()
    }

    /// The statement of an `if` branch: sloppy code may declare a function there.
    fn branch(&mut self) -> Res {
        if self.is(T::Function) && !self.strict {
            if self.peek()?.kind == T::Star {
                return self.err("a generator cannot be declared here");
            }
            let scope = self.open_scope(ScopeKind::Block)?;
            self.pseudo(p::ENTER, scope, 0, self.prev_end)?;
            self.function_declaration()?;
            self.close_scope();
            return Ok(());
        }
        self.no_labelled_function()
    }

    fn condition(&mut self) -> Res {
        self.expect(T::LParen)?;
        self.expression_in()?;
        self.expect(T::RParen)
    }

    fn if_statement(&mut self) -> Res {
        // `else if` chains are a loop here, not a recursion.
        let end = self.new_label();
        loop {
            self.reset_completion()?;
            self.next()?;
            self.condition()?;
            let otherwise = self.new_label();
            self.jump(Op::IfFalse, otherwise)?;
            self.branch()?;
            if !self.is(T::Else) {
                self.label(otherwise)?;
                break;
            }
            self.jump(Op::Jump, end)?;
            self.label(otherwise)?;
            self.next()?;
            if !self.is(T::If) {
                self.branch()?;
                break;
            }
        }
        self.label(end)
    }

    /// Gives the labels just before a loop their place to continue at.
    pub fn loop_labels(&mut self, labels: u32, continue_to: u32) {
        // Resources of the loop's head stand behind the labels.
        let head = self.ctl.iter().rev().take_while(|ctl| matches!(ctl, Ctl::Using { .. })).count();
        let len = if labels == 0 { self.ctl.len() } else { self.ctl.len() - head };
        for entry in self.ctl[len - labels as usize..len].iter_mut() {
            if let Ctl::Breakable { continue_to: to, .. } = entry {
                *to = continue_to;
            }
        }
    }

    /// Begins a loop: its labels for break and continue.
    pub fn begin_loop(&mut self, labels: u32) -> Res<(u32, u32)> {
        let (break_to, continue_to) = (self.new_label(), self.new_label());
        self.loop_labels(labels, continue_to);
        self.ctl.try_push(Ctl::Breakable { label: Name::NONE, break_to, continue_to, plain: false })?;
        Ok((break_to, continue_to))
    }

    fn while_statement(&mut self, labels: u32) -> Res {
        self.reset_completion()?;
        self.next()?;
        let start = self.ir.len();
        self.condition()?;
        let (break_to, continue_to) = self.begin_loop(labels)?;
        let body = self.new_label();
        let size = self.enter_loop(start, body, continue_to, break_to)?;
        self.no_labelled_function()?;
        self.label(continue_to)?;
        self.give_code(size)?;
        self.jump(Op::LoopIfTrue, body)?;
        self.ctl.pop();
        self.label(break_to)
    }

    /// Moves the condition that was emitted from `start` on to the stack of moved code, for the bottom of the
    /// loop, and emits the way in: a copy of a short condition, else a jump to the bottom.
    pub fn enter_loop(&mut self, start: usize, body: u32, test: u32, break_to: u32) -> Res<usize> {
        let simple = self.ir.len() - start <= 10
            && self.ir[start..].iter().all(|inst| match inst.opcode() {
                Some(op) => {
                    op.info().flags & crate::code::opcodes::SUSPENDS == 0
                        && !matches!(op, Op::Closure | Op::Eval | Op::EvalSpread)
                        && !op.info().operands.iter().any(|o| {
                            matches!(
                                o,
                                crate::code::opcodes::Operand::Jump16 | crate::code::opcodes::Operand::Jump32
                            )
                        })
                }
                None => !matches!(inst.op, p::LABEL | p::TRY_BEGIN | p::TRY_END | p::ENTER),
            });
        let size = self.take_code(start)?;
        if simple {
            let from = self.moved.len() - size;
            self.ir.try_extend_from_slice(&self.moved[from..])?;
            self.jump(Op::IfFalse, break_to)?;
        } else {
            self.jump(Op::Jump, test)?;
        }
        self.label(body)?;
        Ok(size)
    }

    fn do_statement(&mut self, labels: u32) -> Res {
        self.reset_completion()?;
        self.next()?;
        let (break_to, continue_to) = self.begin_loop(labels)?;
        let body = self.new_label();
        self.label(body)?;
        self.no_labelled_function()?;
        self.label(continue_to)?;
        self.expect(T::While)?;
        self.condition()?;
        self.jump(Op::LoopIfTrue, body)?;
        self.ctl.pop();
        self.label(break_to)?;
        self.eat(T::Semicolon)?;
        Ok(())
    }

    fn labelled(&mut self, labels: u32) -> Res {
        let tok = self.tok;
        self.check_identifier(&tok)?;
        self.next()?;
        self.expect(T::Colon)?;
        let taken = self.ctl[self.ctl_base..]
            .iter()
            .any(|ctl| matches!(ctl, Ctl::Breakable { label, .. } if *label == tok.name));
        if taken {
            return self.err_name(tok.start, "label '", tok.name, "' is already in use");
        }
        let break_to = self.new_label();
        self.ctl.try_push(Ctl::Breakable { label: tok.name, break_to, continue_to: NONE, plain: true })?;
        if self.is(T::Function) {
            if self.strict {
                return self.err("a function cannot be labelled in strict code");
            }
            if self.peek()?.kind == T::Star {
                return self.err("a generator cannot be labelled");
            }
            if self.label_forbids_function {
                return self.err("a labelled function is not allowed here");
            }
            self.function_declaration()?;
        } else {
            self.pending_labels = labels + 1;
            self.statement()?;
            self.pending_labels = 0;
        }
        self.ctl.pop();
        self.label(break_to)
    }

    fn jump_statement(&mut self) -> Res {
        let at = self.tok.start;
        let is_continue = self.is(T::Continue);
        self.next()?;
        let mut label = Name::NONE;
        if self.at_identifier() && !self.tok.newline {
            let tok = self.tok;
            self.check_identifier(&tok)?;
            label = tok.name;
            self.next()?;
        }
        let found = self.ctl[self.ctl_base..].iter().enumerate().rev().find_map(|(i, ctl)| match *ctl {
            Ctl::Breakable { label: name, break_to, continue_to, plain } => {
                let hit = if label.is_none() {
                    !plain && (!is_continue || continue_to != NONE)
                } else {
                    name == label
                };
                if hit { Some((i + self.ctl_base, break_to, continue_to)) } else { None }
            }
            _ => None,
        });
        let Some((index, break_to, continue_to)) = found else {
            if !label.is_none() {
                return self.err_name(at, "undefined label '", label, "'");
            }
            let word = if is_continue {
                "'continue' outside of a loop"
            } else {
                "'break' outside of a loop or switch"
            };
            return self.err_at(at, format_args!("{word}"));
        };
        if is_continue && continue_to == NONE {
            return self.err_name(at, "label '", label, "' is not that of a loop");
        }
        let mut base = index + 1;
        if is_continue {
            // The loop of the label, and its iterator, which stays.
            while matches!(self.ctl.get(base - 1), Some(Ctl::Breakable { plain: true, .. })) {
                base += 1;
            }
            if matches!(self.ctl.get(base), Some(Ctl::Iterator { .. } | Ctl::Enumerator)) {
                base += 1;
            }
        }
        self.leave_to(base, false)?;
        self.jump(Op::Jump, if is_continue { continue_to } else { break_to })?;
        self.resume_from(base)?;
        self.semicolon()
    }

    fn return_statement(&mut self) -> Res {
        let at = self.tok.start;
        let kind = self.func().kind;
        if matches!(
            kind,
            FnKind::Script | FnKind::Module | FnKind::Eval | FnKind::StaticBlock | FnKind::Fields
        ) {
            return self.err("'return' outside of a function");
        }
        self.next()?;
        if matches!(self.tok.kind, T::Semicolon | T::RBrace | T::Eof) || self.tok.newline {
            self.op(Op::PushUndefined)?;
        } else {
            self.expression()?;
            let flags = self.func().flags;
            if flags.async_() && flags.generator() {
                self.emit(Op::Await, 0, at)?;
            }
        }
        self.semicolon()?;
        self.return_value(false)
    }

    fn with_statement(&mut self) -> Res {
        if self.strict {
            return self.err("'with' is not allowed in strict code");
        }
        self.reset_completion()?;
        let at = self.tok.start;
        self.next()?;
        self.condition()?;
        self.emit(Op::Coerce, 0, at)?;
        let scope = self.open_scope(ScopeKind::With)?;
        let var = self.new_var(scope, n::WITH_OBJECT, BindingKind::With)?;
        self.scopes[scope as usize].object = var;
        self.pseudo(p::ENTER, scope, 0, at)?;
        self.pseudo(p::PUT_VAR, var, 0, at)?;
        self.no_labelled_function()?;
        self.close_scope();
        Ok(())
    }

    /// The body of a loop or with statement: a labelled function is not allowed there.
    pub fn no_labelled_function(&mut self) -> Res {
        let labelled = self.at_identifier();
        let saved = core::mem::replace(&mut self.label_forbids_function, labelled);
        self.statement()?;
        self.label_forbids_function = saved;
        Ok(())
    }

    fn switch_statement(&mut self) -> Res {
        self.reset_completion()?;
        self.next()?;
        self.condition()?;
        self.expect(T::LBrace)?;
        let scope = self.open_scope(ScopeKind::Switch)?;
        self.pseudo(p::ENTER, scope, 0, self.prev_end)?;
        let break_to = self.new_label();
        self.ctl.try_push(Ctl::Breakable { label: Name::NONE, break_to, continue_to: NONE, plain: false })?;
        let mut next_test = self.new_label();
        let mut default = NONE;
        let mut first = true;
        while !self.is(T::RBrace) {
            let at = self.tok.start;
            let body = self.new_label();
            if !first {
                self.jump(Op::Jump, body)?;
            }
            self.label(next_test)?;
            next_test = self.new_label();
            if self.eat(T::Default)? {
                if default != NONE {
                    return self.err_at(at, format_args!("a switch has only one default"));
                }
                default = body;
                self.jump(Op::Jump, next_test)?;
            } else {
                self.expect(T::Case)?;
                self.expression_in()?;
                self.jump_at(Op::IfNotCase, next_test, at)?;
            }
            self.expect(T::Colon)?;
            self.label(body)?;
            while !matches!(self.tok.kind, T::Case | T::Default | T::RBrace) {
                if self.is(T::Eof) {
                    return self.unexpected();
                }
                self.statement_item()?;
            }
            first = false;
        }
        if !first {
            self.jump(Op::Jump, break_to)?;
        }
        self.label(next_test)?;
        self.op(Op::Drop)?;
        if default != NONE {
            self.jump(Op::Loop, default)?;
        }
        self.label(break_to)?;
        self.ctl.pop();
        self.close_scope();
        self.next()
    }

    fn try_statement(&mut self) -> Res {
        self.reset_completion()?;
        self.next()?;
        // Whether there is a catch or a finally block shows later: a region goes away if not.
        let outer = self.new_region()?;
        let inner = self.new_region()?;
        let finally = self.new_label();
        let (caught, end) = (self.new_label(), self.new_label());
        let temp = self.temp()?;
        let start = self.ir.len();
        self.begin_region(outer)?;
        self.begin_region(inner)?;
        self.ctl.try_push(Ctl::Finally { region: outer, block: finally, temp })?;
        self.ctl.try_push(Ctl::Catch { region: inner })?;
        if !self.is(T::LBrace) {
            return self.expect(T::LBrace);
        }
        self.block()?;
        self.ctl.pop();
        if self.is(T::Catch) {
            self.end_region(inner)?;
            self.jump(Op::Jump, caught)?;
            self.label(self.regions[inner as usize])?;
            self.catch_clause()?;
            self.label(caught)?;
            self.ctl.pop();
            if !self.is(T::Finally) {
                self.forget_region(start, outer, finally);
                return Ok(());
            }
        } else {
            if !self.is(T::Finally) {
                return self.err("'catch' or 'finally' expected");
            }
            self.ctl.pop();
            self.forget_region(start, inner, NONE);
        }
        self.end_region(outer)?;
        self.op(Op::PushUndefined)?;
        self.jump(Op::Gosub, finally)?;
        self.op(Op::Drop)?;
        self.jump(Op::Jump, end)?;
        self.label(self.regions[outer as usize])?;
        self.jump(Op::Gosub, finally)?;
        self.op(Op::Throw)?;
        self.label(finally)?;
        self.next()?;
        let completion = self.completion != NONE && self.f == 0;
        if completion {
            self.pseudo(p::GET_VAR, self.completion, 0, self.prev_end)?;
            self.reset_completion()?;
        }
        self.ctl.try_push(Ctl::FinallyBody { values: 2 + u32::from(completion) })?;
        if !self.is(T::LBrace) {
            return self.expect(T::LBrace);
        }
        self.block()?;
        self.ctl.pop();
        if completion {
            self.pseudo(p::PUT_VAR, self.completion, 0, self.prev_end)?;
        }
        self.op(Op::Ret)?;
        self.label(end)
    }

    /// A region turned out not to be needed: takes its traces out of the code from `start` on, and the
    /// calls of its finally block.
    fn forget_region(&mut self, start: usize, region: u32, finally: u32) {
        for i in start..self.ir.len() {
            let inst = self.ir[i];
            if matches!(inst.op, p::TRY_BEGIN | p::TRY_END | p::CUT) && inst.a == region {
                self.ir[i].op = p::NOP;
            } else if finally != NONE && inst.is(Op::Gosub) && inst.b == finally {
                self.ir[i - 1].op = p::NOP;
                self.ir[i].op = p::NOP;
                self.ir[i + 1].op = p::NOP;
            }
        }
    }

    fn catch_clause(&mut self) -> Res {
        self.next()?;
        self.reset_completion()?;
        if !self.is(T::LParen) {
            self.op(Op::Drop)?;
            if !self.is(T::LBrace) {
                return self.expect(T::LBrace);
            }
            return self.block();
        }
        self.next()?;
        let simple = self.at_identifier();
        let kind = if simple { ScopeKind::CatchSimple } else { ScopeKind::CatchPattern };
        let scope = self.open_scope(kind)?;
        self.pseudo(p::ENTER, scope, 0, self.prev_end)?;
        if simple {
            let (name, at) = self.binding_identifier()?;
            let var = self.add_var(scope, name, BindingKind::Catch)?;
            self.vars[var as usize].declared_at = at;
            self.pseudo(p::INIT_VAR, var, 0, at)?;
        } else {
            if !matches!(self.tok.kind, T::LBrace | T::LBracket) {
                return self.unexpected();
            }
            self.pattern(Mode::Declare(BindingKind::Let))?;
        }
        self.expect(T::RParen)?;
        let start = self.scopes[scope as usize].start;
        if !self.is(T::LBrace) {
            return self.expect(T::LBrace);
        }
        self.block_in(ScopeKind::Block, start)?;
        self.close_scope();
        Ok(())
    }

    // Declarations.

    pub fn lexical_declaration(&mut self, kind: BindingKind) -> Res {
        self.next()?;
        self.declarations(kind)?;
        self.semicolon()
    }

    /// A list of declarators behind `var`, `let` or `const`.
    pub fn declarations(&mut self, kind: BindingKind) -> Res {
        loop {
            self.declarator(kind, false)?;
            if !self.eat(T::Comma)? {
                return Ok(());
            }
        }
    }

    /// One declarator. In the head of a for statement an initializer may be missing: then the code is what
    /// stores a value that is on the stack. Returns whether there was an initializer, and whether it is a plain name.
    pub fn declarator(&mut self, kind: BindingKind, head: bool) -> Res<(bool, bool)> {
        let at = self.tok.start;
        if matches!(self.tok.kind, T::LBrace | T::LBracket) {
            let (start, vars) = (self.ir.len(), self.vars.len());
            self.pattern(Mode::Declare(kind))?;
            if !self.is(T::Assign) {
                if head {
                    return Ok((false, false));
                }
                return self.err_at(at, format_args!("a pattern needs an initializer"));
            }
            let size = self.take_code(start)?;
            self.next()?;
            self.assign()?;
            self.declared_before(vars);
            self.give_code(size)?;
            return Ok((true, false));
        }
        let (name, at) = self.binding_identifier()?;
        let slot = self.declare(name, kind, at)?;
        if self.is(T::Assign) {
            self.next()?;
            self.assign()?;
            self.name_anonymous(name);
            self.put_slot(slot)?;
            return Ok((true, true));
        }
        if head && (self.is(T::In) || self.is_word(n::OF)) {
            self.put_head_slot(slot)?;
            return Ok((false, true));
        }
        match (kind, slot) {
            (BindingKind::Var, Slot::Target(_)) => {
                // Nothing happens: the reference goes.
                self.ir.pop();
            }
            (BindingKind::Const, _) => {
                return self.err("a constant needs an initializer");
            }
            (_, Slot::Var(var)) => {
                self.op(Op::PushUndefined)?;
                self.init_var(var)?;
            }
            _ => {}
        }
        Ok((false, true))
    }

    /// Stores the value of an iteration step, which lies under what the slot needs.
    pub fn put_head_slot(&mut self, slot: Slot) -> Res {
        if let Slot::Target(_) = slot {
            let depth = match slot {
                Slot::Target(target) => Self::target_depth(&target),
                _ => 0,
            };
            let back = match slot {
                Slot::Target(super::expr::Target::Ident { reference, .. }) => {
                    (self.ir.len() - reference) as u32
                }
                _ => 0,
            };
            self.pseudo(p::PICK, depth, back, self.prev_end)?;
            self.put_slot(slot)?;
            return self.op(Op::Drop);
        }
        self.put_slot(slot)
    }

    pub fn function_declaration(&mut self) -> Res {
        let start = self.tok.start;
        let flags = self.function_head()?;
        let (name, at) = self.binding_identifier()?;
        self.export_declared(name, at)?;
        self.declare_function(name, at, start, flags)
    }

    /// Declares and reads a function from its parameters on.
    pub fn declare_function(
        &mut self,
        name: Name,
        at: u32,
        start: u32,
        flags: crate::code::function::Flags,
    ) -> Res {
        let func = self.new_func(FnKind::Normal, flags)?;
        self.funcs[func as usize].created_at = 0;
        self.funcs[func as usize].source.0 = start;
        let plain = !flags.async_() && !flags.generator();
        let module_top = self.scopes[self.scope as usize].kind == ScopeKind::Module;
        if self.scope == self.var_scope() && !module_top {
            match self.declare_var(name, at, true)? {
                Some(var) => self.vars[var as usize].function = func,
                None => self.hoist(name, func)?,
            }
        } else {
            let scope = self.scope;
            let old = self.lookup(scope, name).filter(|&var| {
                var != VAR_MARK
                    && !self.vars[var as usize].dead
                    && self.vars[var as usize].function != NONE
                    && plain
                    && !self.strict
                    && !module_top
                    && !self.funcs[self.vars[var as usize].function as usize].flags.async_()
                    && !self.funcs[self.vars[var as usize].function as usize].flags.generator()
            });
            let var = match old {
                Some(var) => var,
                None => {
                    let var = self.declare_lexical(name, BindingKind::Let, at)?;
                    self.vars[var as usize].init_at = 0;
                    var
                }
            };
            self.vars[var as usize].function = func;
            if !self.strict && plain {
                self.candidates.try_push(Candidate { name, scope, func: self.f, var })?;
                let target = self.var_scope();
                self.pseudo(p::ANNEX_B, var, target, at)?;
            }
        }
        self.function_rest(func, Some((name, at)), false)
    }

    /// Notes a var of a sloppy eval, once; by Annex B only if it is nothing else.
    pub fn add_eval_var(&mut self, name: Name, annex_b: bool) -> Res {
        match self.eval_index.get(u64::from(name.0)) {
            Some(index) => self.eval_vars[index as usize].1 &= annex_b,
            None => {
                self.eval_index.set(u64::from(name.0), self.eval_vars.len() as u32)?;
                self.eval_vars.try_push((name, annex_b))?;
            }
        }
        Ok(())
    }

    /// Notes a function of a script's or eval's top level: the last of a name counts.
    fn hoist(&mut self, name: Name, func: u32) -> Res {
        match self.hoisted_index.get(u64::from(name.0)) {
            Some(index) => self.hoisted[index as usize].1 = func,
            None => {
                self.hoisted_index.set(u64::from(name.0), self.hoisted.len() as u32)?;
                self.hoisted.try_push((name, func))?;
            }
        }
        Ok(())
    }

    /// Decides which functions in blocks of the finished function are vars too.
    pub fn resolve_candidates(&mut self) -> Res {
        while let Some(candidate) = self.candidates.last().copied() {
            if candidate.func != self.f {
                break;
            }
            self.candidates.pop();
            if self.vars[candidate.var as usize].dead || self.blocked(&candidate)? {
                continue;
            }
            self.vars[candidate.var as usize].annex_b = true;
        }
        Ok(())
    }

    fn blocked(&mut self, candidate: &Candidate) -> Res<bool> {
        let target = self.var_scope();
        let name = candidate.name;
        let mut scope = self.scopes[candidate.scope as usize].parent;
        while scope != target {
            if let Some(var) = self.lookup(scope, name)
                && var != VAR_MARK
                && !self.vars[var as usize].dead
                && self.scopes[scope as usize].kind != ScopeKind::CatchSimple
            {
                return Ok(true);
            }
            scope = self.scopes[scope as usize].parent;
        }
        if self.scopes[target as usize].kind == ScopeKind::Body {
            // A parameter of that name, whatever else the body declares.
            let parameters = self.scopes[target as usize].parent;
            if self.live(parameters, name).is_some_and(|v| self.vars[v as usize].kind == BindingKind::Param) {
                return Ok(true);
            }
        }
        let found = self.lookup(target, name).filter(|&v| v != VAR_MARK && !self.vars[v as usize].dead);
        if let Some(var) = found {
            return Ok(self.vars[var as usize].kind != BindingKind::Var);
        }
        match self.scopes[target as usize].kind {
            ScopeKind::Global => match self.global_index.get(u64::from(name.0)) {
                Some(index) => {
                    Ok(matches!(self.globals[index as usize].1, GlobalKind::Let | GlobalKind::Const))
                }
                None => {
                    self.add_global(name, GlobalKind::AnnexB)?;
                    Ok(false)
                }
            },
            ScopeKind::Eval => {
                let conflict = self.outer_lexical(name);
                if !conflict {
                    self.add_eval_var(name, true)?;
                }
                Ok(conflict)
            }
            _ => {
                let var = self.add_var(target, name, BindingKind::Var)?;
                if name == n::ARGUMENTS {
                    self.own_arguments(var);
                }
                Ok(false)
            }
        }
    }

    /// Whether a lexical binding lies between a direct eval and the scope its vars go to.
    pub fn outer_lexical(&mut self, name: Name) -> bool {
        let Some(outer) = self.outer else { return false };
        let Ok(atom) = self.atom(name) else { return false };
        outer.vars.iter().any(|var| {
            var.inside_var_scope
                && var.name == atom
                && matches!(var.kind, BindingKind::Let | BindingKind::Const | BindingKind::Class)
        })
    }
}
