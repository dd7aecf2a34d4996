//! Names to variables, and variables to slots, boxes and captures.
//!
//! Functions are resolved from the last to the first: an inner function has a greater number than the one
//! around it, so when a function's turn comes, all who could capture its variables have done so.

use tare_allocators::{Memory, Vec};

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::parser::Compiler;
use crate::code::function::{ArgumentsKind, BindingKind, CaptureInfo, CaptureSource};
use crate::code::opcodes::Op;

/// How a REF instruction was resolved (its `x` afterwards).
const REF_STATIC: u16 = 0;
const REF_OBJECT: u16 = 1;
const REF_GLOBAL: u16 = 2;

/// Where a name leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Var(u32),
    Global,
}

impl<'a> Compiler<'a, '_, '_> {
    /// Resolves the names of a function; the result has V_ instructions for its own variables.
    pub fn resolve(&mut self, f: u32) -> Res<Vec<'a, Inst>> {
        self.f = f;
        self.see_evals(f)?;
        let mut ir = core::mem::replace(&mut self.funcs[f as usize].ir, Vec::new(self.memory));
        self.arguments_object(f, &ir)?;
        let mut out = Vec::try_with_capacity(ir.len() + 8, self.memory)?;
        core::mem::swap(&mut self.ir, &mut out);
        for i in 0..ir.len() {
            self.resolve_inst(f, &mut ir, i)?;
        }
        core::mem::swap(&mut self.ir, &mut out);
        Ok(out)
    }

    /// Captures all that the direct evals of a function can see.
    fn see_evals(&mut self, f: u32) -> Res {
        for i in 0..self.funcs[f as usize].evals.len() {
            let site = self.funcs[f as usize].evals[i];
            let mut scope = site.scope;
            while scope != NONE {
                self.implicit_arguments(scope)?;
                let info = self.scopes[scope as usize];
                let mut var = info.first;
                while var != NONE {
                    let v = self.vars[var as usize];
                    if self.eval_sees(scope, var) {
                        self.vars[var as usize].used = true;
                        self.vars[var as usize].assigned = true;
                        if v.func == f && info.kind != ScopeKind::Module {
                            self.vars[var as usize].captured = true;
                        } else {
                            self.capture(f, var)?;
                        }
                    }
                    var = v.next;
                }
                scope = info.parent;
            }
        }
        Ok(())
    }

    /// Whether a direct eval finds a variable of a scope: one that a name leads to (of parameters of one name
    /// the last), or an object; not a global one, but the hidden ones of a script.
    pub fn eval_sees(&self, scope: u32, var: u32) -> bool {
        let v = &self.vars[var as usize];
        if v.dead || v.name.is_none() {
            return false;
        }
        match v.kind {
            BindingKind::With | BindingKind::VarObject => true,
            kind => {
                (self.scopes[scope as usize].kind != ScopeKind::Global || kind == BindingKind::Hidden)
                    && self.lookup(scope, v.name) == Some(var)
            }
        }
    }

    /// Whether functions of a kind have an arguments object of their own.
    pub fn has_arguments(kind: FnKind) -> bool {
        matches!(
            kind,
            FnKind::Normal
                | FnKind::Method
                | FnKind::Getter
                | FnKind::Setter
                | FnKind::ClassConstructor
                | FnKind::DerivedConstructor
        )
    }

    /// Makes the arguments variable of a function scope exist, if the function has one.
    pub fn implicit_arguments(&mut self, scope: u32) -> Res<Option<u32>> {
        let info = self.scopes[scope as usize];
        if info.kind != ScopeKind::Function || !Self::has_arguments(self.funcs[info.func as usize].kind) {
            return Ok(None);
        }
        if let Some(var) = self.live(scope, n::ARGUMENTS) {
            return Ok(Some(var));
        }
        let var = self.add_var(scope, n::ARGUMENTS, BindingKind::Var)?;
        self.funcs[info.func as usize].arguments_var = var;
        Ok(Some(var))
    }

    /// Decides on the arguments object before the function's own code is resolved: a mapped one boxes the
    /// parameters.
    fn arguments_object(&mut self, f: u32, ir: &[Inst]) -> Res {
        let func = &self.funcs[f as usize];
        if !Self::has_arguments(func.kind) {
            return Ok(());
        }
        let (scope, simple, strict) = (func.scope, func.flags.simple_params(), func.flags.strict());
        let reads = |op| matches!(op, p::GET | p::GET_TYPEOF | p::CALL_GET | p::REF | p::DELETE | p::PUT);
        if ir.iter().any(|inst| reads(inst.op) && inst.a == n::ARGUMENTS.0)
            && self.live(scope, n::ARGUMENTS).is_none()
        {
            self.implicit_arguments(scope)?;
        }
        let var = self.funcs[f as usize].arguments_var;
        if var == NONE {
            return Ok(());
        }
        if self.vars[var as usize].function != NONE {
            // A function of that name takes its place.
            self.funcs[f as usize].arguments_var = NONE;
            return Ok(());
        }
        let kind = if strict || !simple {
            ArgumentsKind::Unmapped
        } else if self.funcs[f as usize].arg_count == 0 || !self.mapping_matters(f, ir) {
            ArgumentsKind::Sloppy
        } else {
            ArgumentsKind::Mapped
        };
        self.funcs[f as usize].arguments_kind = kind;
        if kind == ArgumentsKind::Mapped {
            let mut param = self.scopes[scope as usize].first;
            while param != NONE {
                if self.vars[param as usize].kind == BindingKind::Param {
                    self.vars[param as usize].captured = true;
                    self.vars[param as usize].used = true;
                }
                param = self.vars[param as usize].next;
            }
        }
        Ok(())
    }

    /// Whether the link between parameters and arguments can be seen: not if no parameter is assigned and the
    /// object is only read from, at once.
    fn mapping_matters(&mut self, f: u32, ir: &[Inst]) -> bool {
        let scope = self.funcs[f as usize].scope;
        if self.vars[self.funcs[f as usize].arguments_var as usize].captured {
            return true;
        }
        let mut param = self.scopes[scope as usize].first;
        while param != NONE {
            let v = self.vars[param as usize];
            if v.kind == BindingKind::Param && v.assigned {
                return true;
            }
            param = v.next;
        }
        for (i, inst) in ir.iter().enumerate() {
            match inst.op {
                // A store to a name that may be a parameter (an inner binding of that name costs only speed).
                p::REF | p::PUT if inst.a == n::ARGUMENTS.0 || self.is_param(scope, Name(inst.a)) => {
                    return true;
                }
                p::GET | p::GET_TYPEOF | p::CALL_GET if inst.a == n::ARGUMENTS.0 => {
                    let read = ir.get(i + 1).is_some_and(|next| next.is(Op::GetLength))
                        || ir.get(i + 2).is_some_and(|next| next.is(Op::GetElem))
                            && ir.get(i + 1).is_some_and(|next| matches!(next.op, p::GET | p::NUMBER));
                    if !read || inst.op != p::GET {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn is_param(&self, scope: u32, name: Name) -> bool {
        self.live(scope, name).is_some_and(|var| self.vars[var as usize].kind == BindingKind::Param)
    }

    // Looking up.

    /// Finds a name from a scope; objects that must be asked first are left in `dynamics`, innermost first.
    pub fn find(&mut self, mut scope: u32, name: Name) -> Res<Place> {
        self.dynamics.clear();
        let hidden = matches!(name, n::THIS | n::NEW_TARGET | n::HOME_OBJECT | n::ACTIVE_FUNCTION);
        while scope != NONE {
            let info = self.scopes[scope as usize];
            let object_first = matches!(info.kind, ScopeKind::With | ScopeKind::Outer);
            if object_first && info.object != NONE && !hidden {
                self.dynamics.try_push(info.object)?;
            }
            if info.count > 0
                && let Some(var) = self.live(scope, name)
            {
                self.vars[var as usize].used = true;
                if self.vars[var as usize].kind == BindingKind::Private {
                    self.dynamics.clear();
                }
                return Ok(if info.kind == ScopeKind::Global { Place::Global } else { Place::Var(var) });
            }
            if name == n::ARGUMENTS
                && info.kind == ScopeKind::Function
                && let Some(var) = self.implicit_arguments(scope)?
            {
                self.vars[var as usize].used = true;
                return Ok(Place::Var(var));
            }
            if !object_first && info.object != NONE && !hidden {
                self.dynamics.try_push(info.object)?;
            }
            scope = info.parent;
        }
        Ok(Place::Global)
    }

    /// Index, among the captures of a function, of a variable of a function around it.
    fn capture(&mut self, f: u32, var: u32) -> Res<u16> {
        if let Some(index) = self.capture_index.get(pair(f, var)) {
            return Ok(index as u16);
        }
        self.vars[var as usize].captured = true;
        self.vars[var as usize].used = true;
        let v = self.vars[var as usize];
        let module = self.scopes[v.scope as usize].kind == ScopeKind::Module;
        // The functions between, innermost first; the last is one whose closure is made in the owner's frame.
        let mut path: Vec<'_, u32> = Vec::new(self.memory);
        let mut at = f;
        while at != v.func && at != NONE {
            path.try_push(at)?;
            if self.funcs[at as usize].kind == FnKind::ModuleInit {
                // Its captures are those of the module function.
                path.clear();
            }
            at = self.funcs[at as usize].parent;
        }
        let mut source = if module {
            if self.capture_index.get(pair(0, var)).is_none() {
                let source = if v.import != NONE {
                    CaptureSource::Import(v.import)
                } else {
                    CaptureSource::Module { uninitialized: v.init_at != 0 }
                };
                self.add_capture(0, var, source)?;
            }
            CaptureSource::Capture(self.capture_index.get(pair(0, var)).unwrap_or(0) as u16)
        } else if v.func == NONE {
            // What a direct eval sees: relative to the frame that runs it.
            let outer = self.outer.map(|outer| outer.vars[v.import as usize].source);
            outer.unwrap_or(CaptureSource::Local(0))
        } else {
            // The slot is filled in when the owner's slots are known.
            CaptureSource::Local(NO_SLOT)
        };
        for &func in path.iter().rev() {
            let index = match self.capture_index.get(pair(func, var)) {
                Some(index) => index as u16,
                None => self.add_capture(func, var, source)?,
            };
            source = CaptureSource::Capture(index);
        }
        match source {
            CaptureSource::Capture(index) => Ok(index),
            _ => Ok(0),
        }
    }

    pub fn add_capture(&mut self, func: u32, var: u32, source: CaptureSource) -> Res<u16> {
        let captures = &mut self.funcs[func as usize].captures;
        let index = captures.len();
        if index >= usize::from(u16::MAX) {
            return self.err_at(0, format_args!("too many captured variables"));
        }
        let v = self.vars[var as usize];
        // `name` holds the variable until the atoms are known.
        captures.try_push(CaptureInfo { name: var, kind: v.kind, source })?;
        self.capture_index.set(pair(func, var), index as u32)?;
        Ok(index as u16)
    }

    /// Whether a variable lives in the module's environment rather than in a frame.
    pub fn is_module_var(&self, var: u32) -> bool {
        let v = &self.vars[var as usize];
        (v.captured || v.exported) && self.scopes[v.scope as usize].kind == ScopeKind::Module
    }

    /// Whether an access must check that the variable is initialized.
    fn needs_check(&mut self, f: u32, var: u32, at: u32) -> bool {
        let v = self.vars[var as usize];
        let module_import = v.import != NONE && v.func != NONE;
        if v.init_at == 0 && !module_import {
            return false;
        }
        let mut reached_at = at;
        if v.func != f {
            let mut inner = f;
            while inner != NONE && self.funcs[inner as usize].parent != v.func {
                inner = self.funcs[inner as usize].parent;
            }
            reached_at = if inner == NONE { 0 } else { self.funcs[inner as usize].created_at };
        }
        let initialized = v.init_at != NONE
            && reached_at != 0
            && reached_at >= v.init_at
            && self.scopes[v.scope as usize].kind != ScopeKind::Switch
            && !module_import;
        if !initialized {
            self.vars[var as usize].needs_tdz = true;
        }
        !initialized
    }

    // Emission of accesses.

    pub fn put_inst(&mut self, op: u16, x: u16, a: u32, at: u32) -> Res {
        self.push(Inst { op, x, a, b: 0, at })
    }

    pub fn get_var(&mut self, f: u32, var: u32, check: bool, at: u32) -> Res {
        let check = check && self.needs_check(f, var, at);
        self.vars[var as usize].used = true;
        if self.vars[var as usize].func == f && !self.is_module_var(var) {
            return self.put_inst(p::V_GET, u16::from(check), var, at);
        }
        let index = self.capture(f, var)?;
        self.emit(if check { Op::GetCaptureCheck } else { Op::GetCapture }, u32::from(index), at)
    }

    pub fn put_var(&mut self, f: u32, var: u32, check: bool, at: u32) -> Res {
        let check = check && self.needs_check(f, var, at);
        self.vars[var as usize].used = true;
        if self.vars[var as usize].func == f && !self.is_module_var(var) {
            return self.put_inst(p::V_PUT, u16::from(check), var, at);
        }
        let index = self.capture(f, var)?;
        self.emit(if check { Op::PutCaptureCheck } else { Op::PutCapture }, u32::from(index), at)
    }

    fn get_place(&mut self, f: u32, place: Place, name: Name, or_undefined: bool, at: u32) -> Res {
        match place {
            Place::Var(var) => self.get_var(f, var, true, at),
            Place::Global
                if name == n::UNDEFINED
                    && !or_undefined
                    && self.global_index.get(u64::from(name.0)).is_none() =>
            {
                self.emit(Op::PushUndefined, 0, at)
            }
            Place::Global => {
                self.emit(if or_undefined { Op::GetGlobalOrUndefined } else { Op::GetGlobal }, name.0, at)
            }
        }
    }

    /// An assignment by a program.
    pub fn put_place(&mut self, f: u32, place: Place, name: Name, at: u32) -> Res {
        let Place::Var(var) = place else { return self.emit(Op::PutGlobal, name.0, at) };
        self.vars[var as usize].assigned = true;
        match self.vars[var as usize].kind {
            BindingKind::Const => {
                if self.needs_check(f, var, at) {
                    self.get_var(f, var, true, at)?;
                    self.emit(Op::Drop, 0, at)?;
                }
                self.emit(Op::ThrowConst, name.0, at)
            }
            BindingKind::FunctionName => {
                if self.is_strict(f) {
                    self.emit(Op::ThrowConst, name.0, at)
                } else {
                    self.emit(Op::Drop, 0, at)
                }
            }
            _ => self.put_var(f, var, true, at),
        }
    }

    /// Pushes each object on the way and asks it for the name; the labels that are jumped to if it has it.
    fn ask_objects(&mut self, f: u32, objects: &[u32], name: Name, at: u32) -> Res<u32> {
        let first = self.func().labels;
        self.func_mut().labels += objects.len() as u32;
        for (i, &object) in objects.iter().enumerate() {
            self.get_var(f, object, false, at)?;
            self.push(Inst { op: Op::WithHas as u16, x: 0, a: name.0, b: first + i as u32, at })?;
        }
        Ok(first)
    }

    fn take_dynamics(&mut self) -> Vec<'a, u32> {
        core::mem::replace(&mut self.dynamics, Vec::new(self.memory))
    }

    /// A name is read, called, deleted or stored, with objects on the way.
    fn dynamic_access(&mut self, f: u32, op: u16, place: Place, name: Name, at: u32) -> Res {
        let objects = self.take_dynamics();
        let first = self.ask_objects(f, &objects, name, at)?;
        self.static_access(f, op, place, name, at)?;
        let end = self.new_label();
        self.jump_at(Op::Jump, end, at)?;
        for (i, &object) in objects.iter().enumerate() {
            self.label(first + i as u32)?;
            match op {
                p::CALL_GET if self.vars[object as usize].kind == BindingKind::With => {
                    self.emit(Op::Dup, 0, at)?;
                    self.emit(Op::WithGet, name.0, at)?;
                }
                p::CALL_GET => {
                    self.emit(Op::WithGet, name.0, at)?;
                    self.emit(Op::PushUndefined, 0, at)?;
                    self.emit(Op::Swap, 0, at)?;
                }
                p::DELETE => self.emit(Op::DeleteField, name.0, at)?,
                p::PUT => {
                    self.emit(Op::Swap, 0, at)?;
                    self.emit(Op::WithPut, name.0, at)?;
                }
                _ => self.emit(Op::WithGet, name.0, at)?,
            }
            self.jump_at(Op::Jump, end, at)?;
        }
        self.label(end)
    }

    fn static_access(&mut self, f: u32, op: u16, place: Place, name: Name, at: u32) -> Res {
        match op {
            p::GET => self.get_place(f, place, name, false, at),
            p::GET_TYPEOF => self.get_place(f, place, name, true, at),
            p::CALL_GET => {
                self.emit(Op::PushUndefined, 0, at)?;
                self.get_place(f, place, name, false, at)
            }
            p::PUT => self.put_place(f, place, name, at),
            p::DELETE => match place {
                Place::Var(_) => self.emit(Op::PushFalse, 0, at),
                Place::Global => self.emit(Op::DeleteGlobal, name.0, at),
            },
            _ => Ok(()),
        }
    }

    fn resolve_inst(&mut self, f: u32, ir: &mut [Inst], i: usize) -> Res {
        let inst = ir[i];
        let (name, at) = (Name(inst.a), inst.at);
        match inst.op {
            p::NOP => Ok(()),
            p::GET | p::GET_TYPEOF | p::CALL_GET | p::PUT | p::DELETE => {
                let place = self.find(inst.b, name)?;
                if inst.x == 1
                    && let Place::Var(var) = place
                {
                    // `this` of an eval's caller, raw.
                    return if inst.op == p::GET {
                        self.get_var(f, var, false, at)
                    } else {
                        self.put_var(f, var, false, at)
                    };
                }
                if self.dynamics.is_empty() {
                    self.static_access(f, inst.op, place, name, at)
                } else {
                    self.dynamic_access(f, inst.op, place, name, at)
                }
            }
            p::REF => {
                let place = self.find(inst.b, name)?;
                ir[i].x = REF_STATIC;
                if !self.dynamics.is_empty() {
                    ir[i].x = REF_OBJECT;
                    let objects = self.take_dynamics();
                    let end = self.new_label();
                    for &object in objects.iter() {
                        self.get_var(f, object, false, at)?;
                        self.push(Inst { op: Op::WithHas as u16, x: 0, a: name.0, b: end, at })?;
                    }
                    self.emit(Op::PushUndefined, 0, at)?;
                    return self.label(end);
                }
                if place == Place::Global && self.is_strict(f) && self.must_exist(ir, i) {
                    ir[i].x = REF_GLOBAL;
                    return self.emit(Op::HasGlobal, name.0, at);
                }
                Ok(())
            }
            p::REF_GET => {
                let reference = ir[i - inst.b as usize];
                let place = self.find(reference.b, name)?;
                if reference.x == REF_OBJECT {
                    let end = self.new_label();
                    self.push(Inst { op: Op::RefGet as u16, x: 0, a: name.0, b: end, at })?;
                    self.get_place(f, place, name, false, at)?;
                    return self.label(end);
                }
                self.get_place(f, place, name, false, at)
            }
            p::REF_PUT => self.resolve_ref_put(f, inst, ir[i - inst.b as usize]),
            p::ITER_NEXT | p::ITER_REST | p::PICK => {
                let op = match inst.op {
                    p::ITER_NEXT => Op::IterNextValue,
                    p::ITER_REST => Op::IterRest,
                    _ => Op::Pick,
                };
                let extra = inst.b != 0 && ir[i - inst.b as usize].x != REF_STATIC;
                self.emit(op, inst.a + u32::from(extra), at)
            }
            p::INIT_VAR => {
                let v = self.vars[inst.a as usize];
                if self.scopes[v.scope as usize].kind == ScopeKind::Global {
                    return self.emit(Op::InitGlobal, v.name.0, at);
                }
                self.put_var(f, inst.a, false, at)
            }
            p::GET_VAR => self.get_var(f, inst.a, false, at),
            p::GET_VAR_CHECK => self.get_var(f, inst.a, true, at),
            p::PUT_VAR => {
                if inst.x == 1 {
                    self.emit(Op::Dup, 0, at)?;
                }
                self.put_var(f, inst.a, false, at)
            }
            p::ENTER => self.enter_scope(f, inst.a, at),
            p::STRICT => {
                self.strict_part = inst.x == 1;
                self.push(inst)
            }
            p::FUNCTIONS => self.scope_functions(f, inst.a),
            p::REBOX => {
                let mut var = self.scopes[inst.a as usize].first;
                while var != NONE {
                    if !self.vars[var as usize].dead {
                        self.put_inst(p::V_REBOX, 0, var, at)?;
                    }
                    var = self.vars[var as usize].next;
                }
                Ok(())
            }
            p::ANNEX_B => self.annex_b(f, inst),
            p::INIT_FIELDS => {
                if !self.funcs[inst.a as usize].class_has_fields {
                    return Ok(());
                }
                self.emit(if inst.x == 0 { Op::PushThis } else { Op::Dup }, 0, at)?;
                if inst.a == f {
                    self.emit(Op::PushFunction, 0, at)?;
                } else {
                    self.get_var(f, inst.b, false, at)?;
                }
                self.emit(Op::InitFields, 0, at)
            }
            _ => self.push(inst),
        }
    }

    fn resolve_ref_put(&mut self, f: u32, inst: Inst, reference: Inst) -> Res {
        let (name, at) = (Name(inst.a), inst.at);
        if inst.x == 3 {
            return if reference.x == REF_STATIC { Ok(()) } else { self.emit(Op::Nip, 0, at) };
        }
        match reference.x {
            REF_STATIC => {
                if inst.x == 1 {
                    self.emit(Op::Dup, 0, at)?;
                }
                let place = self.find(reference.b, name)?;
                self.put_place(f, place, name, at)
            }
            REF_GLOBAL => {
                if inst.x == 1 {
                    self.emit(Op::DupX1, 0, at)?;
                }
                self.emit(Op::PutGlobalRef, name.0, at)
            }
            _ => {
                if inst.x == 1 {
                    self.emit(Op::DupX1, 0, at)?;
                } else if inst.x == 2 {
                    self.emit(Op::RotLeft3, 0, at)?;
                    self.emit(Op::Swap, 0, at)?;
                }
                let end = self.new_label();
                self.push(Inst { op: Op::RefPut as u16, x: 0, a: name.0, b: end, at })?;
                let place = self.find(reference.b, name)?;
                self.put_place(f, place, name, at)?;
                self.label(end)
            }
        }
    }

    /// Whether the code being resolved is strict.
    fn is_strict(&self, f: u32) -> bool {
        self.strict_part || self.funcs[f as usize].flags.strict()
    }

    /// Whether strict code must find out before the right side runs if a global exists.
    fn must_exist(&self, ir: &[Inst], i: usize) -> bool {
        if self.global_index.get(u64::from(ir[i].a)).is_some() {
            return false;
        }
        let simple = |inst: &Inst| {
            matches!(inst.op, p::NUMBER | p::STRING | p::GET)
                || inst.opcode().is_some_and(|op| {
                    matches!(
                        op,
                        Op::Closure
                            | Op::PushUndefined
                            | Op::PushNull
                            | Op::PushTrue
                            | Op::PushFalse
                            | Op::PushThis
                    )
                })
        };
        match ir.get(i + 1) {
            Some(next) if next.op == p::REF_GET => false,
            Some(next) if simple(next) => ir.get(i + 2).is_none_or(|after| after.op != p::REF_PUT),
            _ => true,
        }
    }

    // Slots.

    /// The slot of an own variable, given at first use.
    pub fn slot(&mut self, f: u32, var: u32) -> Res<u16> {
        let v = self.vars[var as usize];
        if v.local != NO_SLOT {
            return Ok(v.local);
        }
        let shares = v.arg != NO_SLOT
            && (v.init_at == 0 || (!v.needs_tdz && !v.captured && self.funcs[f as usize].evals.is_empty()));
        let slot = if shares {
            self.funcs[f as usize].slots[usize::from(v.arg)] = var;
            v.arg
        } else {
            let slots = &mut self.funcs[f as usize].slots;
            if slots.len() >= usize::from(NO_SLOT) {
                return self.err_at(v.declared_at, format_args!("too many local variables"));
            }
            slots.try_push(var)?;
            slots.len() as u16 - 1
        };
        self.vars[var as usize].local = slot;
        Ok(slot)
    }

    /// At the handler of a region: what the blocks in it left in their variables is out of reach, and must not
    /// be kept alive, least of all by a handler that answers to a lack of memory.
    fn clear_inner(&self, label: u32, inner: &Inner<'a>, at: u32, out: &mut Vec<'a, Inst>) -> Res {
        let mut next = inner.first.get(u64::from(label));
        while let Some(index) = next {
            let (var, behind) = inner.list[index as usize];
            let slot = self.vars[var as usize].local;
            if slot != NO_SLOT {
                out.try_push(Inst::new(Op::PushUndefined, 0, at))?;
                out.try_push(Inst::new(Op::PutLocal, u32::from(slot), at))?;
            }
            next = Some(behind).filter(|&behind| behind != NONE);
        }
        Ok(())
    }

    /// V_ instructions to instructions with slots.
    pub fn assign_slots(&mut self, f: u32, ir: &[Inst]) -> Res<Vec<'a, Inst>> {
        let args = usize::from(self.funcs[f as usize].arg_count);
        self.funcs[f as usize].slots.try_resize(args, NONE)?;
        let mut out = Vec::try_with_capacity(ir.len() + 8, self.memory)?;
        // The try regions around, and the variables of the blocks in each region.
        let mut around: Vec<'a, u32> = Vec::new(self.memory);
        let mut inner = Inner::new(self.memory);
        for &inst in ir {
            let (var, at) = (inst.a, inst.at);
            match inst.op {
                p::TRY_BEGIN if inst.x == 0 => around.try_push(inst.a)?,
                p::TRY_END => around.retain(|region| *region != inst.a),
                _ => {}
            }
            if !(p::V_GET..=p::V_SELF).contains(&inst.op) {
                out.try_push(inst)?;
                if inst.op == p::LABEL {
                    self.clear_inner(inst.b, &inner, at, &mut out)?;
                }
                continue;
            }
            if matches!(inst.op, p::V_UNINIT | p::V_FRESH) {
                for &region in &*around {
                    inner.note(self.regions[region as usize], var)?;
                }
            }
            let v = self.vars[var as usize];
            let checked = inst.x == 1;
            let op = match inst.op {
                p::V_GET => match (v.captured, checked) {
                    (false, false) => Op::GetLocal,
                    (false, true) => Op::GetLocalCheck,
                    (true, false) => Op::GetBoxed,
                    (true, true) => Op::GetBoxedCheck,
                },
                p::V_PUT => match (v.captured, checked) {
                    (false, false) => Op::PutLocal,
                    (false, true) => Op::PutLocalCheck,
                    (true, false) => Op::PutBoxed,
                    (true, true) => Op::PutBoxedCheck,
                },
                p::V_UNINIT if v.captured => Op::BoxUninit,
                p::V_UNINIT if v.needs_tdz => Op::UninitLocal,
                p::V_BOX if v.captured => Op::BoxLocal,
                p::V_FRESH if v.captured => Op::BoxUninit,
                p::V_REBOX if v.captured => Op::Rebox,
                p::V_SELF if v.used => {
                    let slot = self.slot(f, var)?;
                    out.try_push(Inst::new(Op::PushFunction, 0, at))?;
                    out.try_push(Inst::new(Op::PutLocal, u32::from(slot), at))?;
                    if v.captured {
                        out.try_push(Inst::new(Op::BoxLocal, u32::from(slot), at))?;
                    }
                    continue;
                }
                _ => continue,
            };
            let slot = self.slot(f, var)?;
            out.try_push(Inst::new(op, u32::from(slot), at))?;
        }
        // Slots that nothing mentions but the call fills.
        for var in [self.funcs[f as usize].arguments_var, self.funcs[f as usize].rest] {
            if var != NONE {
                self.slot(f, var)?;
            }
        }
        Ok(out)
    }
}

/// The variables of the blocks in each try region, by the label of its handler.
struct Inner<'a> {
    /// A variable, and where the next of the same region stands.
    list: Vec<'a, (u32, u32)>,
    first: Map<'a>,
    last: Map<'a>,
    seen: Map<'a>,
}

impl<'a> Inner<'a> {
    fn new(memory: Memory<'a>) -> Self {
        let map = || Map::new(memory);
        Inner { list: Vec::new(memory), first: map(), last: map(), seen: map() }
    }

    fn note(&mut self, label: u32, var: u32) -> Res {
        if self.seen.get(pair(label, var)).is_some() {
            return Ok(());
        }
        self.seen.set(pair(label, var), 1)?;
        let index = self.list.len() as u32;
        self.list.try_push((var, NONE))?;
        match self.last.get(u64::from(label)) {
            Some(last) => self.list[last as usize].1 = index,
            None => self.first.set(u64::from(label), index)?,
        }
        self.last.set(u64::from(label), index)?;
        Ok(())
    }
}
