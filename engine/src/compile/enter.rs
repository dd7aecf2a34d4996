//! What happens where a scope is entered: the declaration instantiations of the specification
//! (functions 10.2.11, blocks 14.2.3, scripts 16.1.7, evals 19.2.1.3), as code.
//!
//! A function's scope has its parameters and, unless those have expressions, its variables too. With
//! expressions the body has a scope of its own: what closures and evals in the parameters see is not what the
//! body declares. Vars of sloppy direct evals go to the scope's object, which lies around the names of its scope.

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::parser::Compiler;
use super::resolve::Place;
use crate::code::function::{ArgumentsKind, BindingKind};
use crate::code::opcodes::Op;

/// Where a var of a sloppy direct eval belongs.
#[derive(Clone, Copy)]
enum EvalTarget {
    /// A var object of a function.
    Object(u32),
    /// A variable of its function that is there already.
    Var(u32),
    Global,
}

impl Compiler<'_, '_, '_> {
    /// The bindings of a scope begin.
    pub fn enter_scope(&mut self, f: u32, scope: u32, at: u32) -> Res {
        let info = self.scopes[scope as usize];
        let func_scope = self.funcs[f as usize].scope == scope;
        if func_scope {
            self.prologue(f, at)?;
        }
        if info.kind == ScopeKind::Global {
            return self.enter_global(f, at);
        }
        let once = func_scope || info.kind == ScopeKind::Body;
        let mapped = self.funcs[f as usize].arguments_var != NONE
            && self.funcs[f as usize].arguments_kind == ArgumentsKind::Mapped;
        let mut var = info.first;
        while var != NONE {
            let v = self.vars[var as usize];
            let next = v.next;
            if v.dead || (info.kind == ScopeKind::Module && (v.import != NONE || self.is_module_var(var))) {
                var = next;
                continue;
            }
            let lexical = v.init_at != 0;
            let op = match v.kind {
                BindingKind::Param if !lexical && mapped => p::NOP,
                _ if lexical => p::V_UNINIT,
                _ if once => p::V_BOX,
                _ => p::V_FRESH,
            };
            // The own `this` of a derived constructor and the like are among them.
            if op != p::NOP {
                self.put_inst(op, 0, var, at)?;
            }
            var = next;
        }
        if func_scope {
            self.hidden_values(f, at)?;
        }
        if info.kind == ScopeKind::Eval {
            // Its functions may capture what has just been boxed.
            self.enter_eval(f, scope, at)?;
        }
        if info.object != NONE && info.kind != ScopeKind::With {
            self.emit(Op::Make, 1, at)?;
            self.put_var(f, info.object, false, at)?;
        }
        let mut var = info.first;
        while var != NONE {
            let v = self.vars[var as usize];
            if !v.dead {
                if info.kind == ScopeKind::Body
                    && v.kind == BindingKind::Var
                    && v.function == NONE
                    && let Some(param) = self.parameter_of(info.parent, v.name)?
                {
                    self.get_var(f, param, false, at)?;
                    self.put_var(f, var, false, at)?;
                }
                if v.kind == BindingKind::Private {
                    self.emit(Op::NewPrivateName, v.name.0, at)?;
                    self.put_var(f, var, false, at)?;
                }
            }
            var = v.next;
        }
        if info.kind == ScopeKind::Module || (func_scope && self.funcs[f as usize].late_functions) {
            return Ok(());
        }
        self.scope_functions(f, scope)
    }

    /// The functions declared in a scope get their values.
    pub fn scope_functions(&mut self, f: u32, scope: u32) -> Res {
        let mut var = self.scopes[scope as usize].first;
        while var != NONE {
            let v = self.vars[var as usize];
            if v.function != NONE && !v.dead {
                self.emit(Op::Closure, v.function, v.declared_at)?;
                self.put_var(f, var, false, v.declared_at)?;
            }
            var = v.next;
        }
        Ok(())
    }

    /// The variable of the parameters' scope that a body variable of the same name starts with.
    fn parameter_of(&mut self, scope: u32, name: Name) -> Res<Option<u32>> {
        if name == n::ARGUMENTS {
            return self.implicit_arguments(scope);
        }
        Ok(self.live(scope, name).filter(|&var| self.vars[var as usize].kind == BindingKind::Param))
    }

    fn prologue(&mut self, f: u32, at: u32) -> Res {
        let func = &self.funcs[f as usize];
        let coerces = matches!(func.kind, FnKind::Normal | FnKind::Method | FnKind::Getter | FnKind::Setter);
        if coerces && func.uses_this && !func.flags.strict() {
            self.emit(Op::CoerceThis, 0, at)?;
        }
        let self_var = self.funcs[f as usize].self_var;
        if self_var != NONE {
            self.put_inst(p::V_SELF, 0, self_var, at)?;
        }
        Ok(())
    }

    /// Values of the hidden variables of a function.
    fn hidden_values(&mut self, f: u32, at: u32) -> Res {
        let func = &self.funcs[f as usize];
        let derived = func.kind == FnKind::DerivedConstructor;
        let hidden = [
            (func.this_var, Op::PushThis),
            (func.new_target_var, Op::PushNewTarget),
            (func.home_var, Op::PushHomeObject),
            (func.active_var, Op::PushFunction),
        ];
        for (var, op) in hidden {
            if var == NONE || (derived && op == Op::PushThis) {
                continue;
            }
            self.emit(op, 0, at)?;
            self.put_var(f, var, false, at)?;
        }
        Ok(())
    }

    fn enter_global(&mut self, f: u32, at: u32) -> Res {
        // A completion value or hidden `this` needs no declaration, but may need a box.
        let mut var = self.scopes[self.funcs[f as usize].scope as usize].first;
        while var != NONE {
            let v = self.vars[var as usize];
            if v.kind == BindingKind::Hidden && !v.dead {
                self.put_inst(p::V_BOX, 0, var, at)?;
            }
            var = v.next;
        }
        self.hidden_values(f, at)?;
        if !self.globals.is_empty() {
            self.emit(Op::DeclareGlobals, 0, at)?;
        }
        self.global_functions(at)
    }

    fn global_functions(&mut self, at: u32) -> Res {
        for i in 0..self.hoisted.len() {
            let (name, func) = self.hoisted[i];
            self.emit(Op::Closure, func, at)?;
            self.emit(Op::DefineGlobalFunction, name.0, at)?;
        }
        Ok(())
    }

    fn enter_eval(&mut self, f: u32, scope: u32, at: u32) -> Res {
        if self.eval_vars.is_empty() && self.hoisted.is_empty() {
            return Ok(());
        }
        self.check_eval_vars()?;
        if self.eval_vars_are_global() {
            self.globalize_eval_vars()?;
            self.emit(Op::DeclareGlobals, 0, at)?;
            return self.global_functions(at);
        }
        for i in 0..self.eval_vars.len() {
            let name = self.eval_vars[i].0;
            if let EvalTarget::Object(object) = self.eval_target(scope, name) {
                self.get_var(f, object, false, at)?;
                self.emit(Op::DeclareVar, name.0, at)?;
            }
        }
        // Functions go to the var scope itself, past the with statements and catch parameters between.
        for i in 0..self.hoisted.len() {
            let (name, func) = self.hoisted[i];
            match self.eval_target(scope, name) {
                EvalTarget::Object(object) => {
                    self.get_var(f, object, false, at)?;
                    self.emit(Op::Closure, func, at)?;
                    self.emit(Op::WithPut, name.0, at)?;
                }
                EvalTarget::Var(var) => {
                    self.emit(Op::Closure, func, at)?;
                    self.put_var(f, var, false, at)?;
                }
                EvalTarget::Global => {}
            }
        }
        Ok(())
    }

    /// Where a var of a sloppy direct eval in a function belongs.
    fn eval_target(&self, scope: u32, name: Name) -> EvalTarget {
        let mut outer = self.scopes[scope as usize].parent;
        while outer != NONE {
            let info = self.scopes[outer as usize];
            if info.object != NONE && self.vars[info.object as usize].kind == BindingKind::VarObject {
                return EvalTarget::Object(info.object);
            }
            if let Some(var) = self.live(outer, name)
                && matches!(self.vars[var as usize].kind, BindingKind::Var | BindingKind::Param)
                && self
                    .outer
                    .is_some_and(|o| o.vars[self.vars[var as usize].import as usize].inside_var_scope)
            {
                return EvalTarget::Var(var);
            }
            outer = info.parent;
        }
        EvalTarget::Global
    }

    /// The declaration of a function in a block is evaluated: its value goes to the var of that name (B.3.2),
    /// past with statements and catch parameters between. Where a global lexical binding has the name there is
    /// no such var, which only shows at run time.
    pub fn annex_b(&mut self, f: u32, inst: Inst) -> Res {
        let (v, at) = (self.vars[inst.a as usize], inst.at);
        if !v.annex_b {
            return Ok(());
        }
        let target = match self.scopes[inst.b as usize].kind {
            ScopeKind::Global => EvalTarget::Global,
            ScopeKind::Eval if self.eval_vars_are_global() => EvalTarget::Global,
            ScopeKind::Eval => self.eval_target(inst.b, v.name),
            _ => match self.find(inst.b, v.name)? {
                Place::Var(var) => EvalTarget::Var(var),
                Place::Global => EvalTarget::Global,
            },
        };
        match target {
            EvalTarget::Object(object) => {
                self.get_var(f, object, false, at)?;
                self.get_var(f, inst.a, false, at)?;
                self.emit(Op::WithPut, v.name.0, at)
            }
            EvalTarget::Var(var) => {
                self.get_var(f, inst.a, false, at)?;
                self.vars[var as usize].assigned = true;
                self.put_var(f, var, false, at)
            }
            EvalTarget::Global => {
                self.emit(Op::PushNull, 0, at)?;
                self.get_var(f, inst.a, false, at)?;
                self.emit(Op::PutGlobalRef, v.name.0, at)
            }
        }
    }
}
