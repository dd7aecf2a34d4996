//! Floor 8: source text to bytecode, in one pass without a parse tree.
//!
//! - `lexer`, `token`, `names`: text to tokens; texts of the compilation, each once.
//! - `parser` and the grammar (`expr`, `member`, `literal`, `pattern`, `func`, `class`, `stmt`, `loops`,
//!   `module`): emit the intermediate form of [`ir`](self) with symbolic names; early errors.
//! - `resolve`: names to locals, captures, globals. Inner functions go first, so that a function knows
//!   which of its variables are captured. `enter`: what happens where a scope is entered.
//! - `fuse`: jumps to jumps, dead code, short and fused instructions; `prove` holds each against the code before it.
//! - `encode`: stack depths, layout, bytes, handler and position tables.
//!
//! The source is WTF-8. Atoms come from the caller's [`Interner`]; the unit that comes back owns them as
//! [`function`](crate::code::function) says. All memory comes through [`Memory`]; running out of it is an
//! [`Error`], as is a text nested so deeply that the native stack would not do.
#![forbid(unsafe_code)]

mod class;
mod encode;
mod enter;
mod error;
mod expr;
mod func;
mod fuse;
mod ir;
mod lexer;
mod literal;
mod loops;
mod member;
mod module;
mod names;
mod parser;
mod pattern;
mod prove;
mod regexp;
mod resolve;
mod stmt;
#[cfg(test)]
mod tests;
mod token;
mod using;

pub use error::{Error, Message};
pub use parser::Options;
use tare_allocators::{Memory, Vec};

use crate::code::function::{BindingKind, EvalScope, Flags, GlobalKind, Interner, Unit};
use crate::code::opcodes::Op;
use error::Res;
use ir::{FnKind, Inst, NONE, ScopeKind, VAR_MARK, p};
use names::{Name, n};
use parser::Compiler;
use token::T;

/// The largest source text, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1 << 30;

/// Compiles a script.
pub fn compile_script<'a>(
    source: &[u8],
    options: Options,
    memory: Memory<'a>,
    interner: &mut dyn Interner,
) -> Result<Unit<'a>, Error> {
    run(source, options, memory, interner, |c| {
        c.top_level(FnKind::Script, ScopeKind::Global, Flags::SCRIPT_CODE)?;
        c.script_body(c.options.completion)
    })
}

/// Compiles a module.
pub fn compile_module<'a>(
    source: &[u8],
    options: Options,
    memory: Memory<'a>,
    interner: &mut dyn Interner,
) -> Result<Unit<'a>, Error> {
    run(source, options, memory, interner, |c| {
        c.module = true;
        c.strict = true;
        c.lexer.html_comments = false;
        c.top_level(FnKind::Module, ScopeKind::Module, Flags::MODULE_CODE)?;
        c.module_body()
    })
}

/// Compiles the text of an eval: a direct one in `scope`, an indirect one if that is `None`.
pub fn compile_eval<'a>(
    source: &[u8],
    scope: Option<&EvalScope<'_>>,
    options: Options,
    memory: Memory<'a>,
    interner: &mut dyn Interner,
) -> Result<Unit<'a>, Error> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Error::OutOfMemory);
    }
    let mut c = Compiler::new(source, options, memory, interner)?;
    c.outer = scope;
    if let Some(scope) = scope {
        c.strict |= scope.strict;
    }
    finish(c, |c| {
        c.outer_scopes()?;
        c.top_level(FnKind::Eval, ScopeKind::Eval, Flags::EVAL_CODE)?;
        c.script_body(true)
    })
}

/// What `Function` and its siblings make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicKind {
    /// `Function`.
    Normal,
    /// `GeneratorFunction`.
    Generator,
    /// `AsyncFunction`.
    Async,
    /// `AsyncGeneratorFunction`.
    AsyncGenerator,
}

impl DynamicKind {
    /// The text before the parameters.
    pub fn prefix(self) -> &'static str {
        match self {
            DynamicKind::Normal => "function anonymous(",
            DynamicKind::Generator => "function* anonymous(",
            DynamicKind::Async => "async function anonymous(",
            DynamicKind::AsyncGenerator => "async function* anonymous(",
        }
    }
}

/// Compiles the function of a `Function` constructor. `source` is what CreateDynamicFunction puts together:
/// [`DynamicKind::prefix`], the parameters, `"\n) {\n"`, the body, `"\n}"`. `parameters_end` is the offset of the
/// parameters' end (the newline). The unit's code returns the function.
pub fn compile_function<'a>(
    source: &[u8],
    parameters_end: usize,
    options: Options,
    memory: Memory<'a>,
    interner: &mut dyn Interner,
) -> Result<Unit<'a>, Error> {
    run(source, options, memory, interner, |c| {
        c.top_level(FnKind::Script, ScopeKind::Global, Flags::EVAL_CODE)?;
        c.dynamic_function(parameters_end as u32)
    })
}

fn run<'a, 's, 'i>(
    source: &'s [u8],
    options: Options,
    memory: Memory<'a>,
    interner: &'i mut dyn Interner,
    parse: impl FnOnce(&mut Compiler<'a, 's, 'i>) -> Res,
) -> Result<Unit<'a>, Error> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Error::OutOfMemory);
    }
    finish(Compiler::new(source, options, memory, interner)?, parse)
}

fn finish<'a, 's, 'i>(
    mut c: Compiler<'a, 's, 'i>,
    parse: impl FnOnce(&mut Compiler<'a, 's, 'i>) -> Res,
) -> Result<Unit<'a>, Error> {
    let result = parse(&mut c).and_then(|()| c.unit());
    let result = result.map_err(|fail| c.public_error(fail));
    #[cfg(debug_assertions)]
    if let Ok(unit) = &result {
        self_check(unit);
    }
    c.lexer.names.release(c.interner);
    result
}

/// The verifier over what was compiled, in memory that is not the runtime's: nothing of a script's account
/// changes by it.
#[cfg(debug_assertions)]
fn self_check(unit: &Unit<'_>) {
    use crate::code::verify::{What, verify_unit};
    if let Err((function, fault)) = verify_unit(unit, Memory::new(&tare_allocators::System)) {
        assert!(fault.what == What::OutOfMemory, "function {function} of a unit: {fault}");
    }
}

/// Bytes that are read, or instructions that a pass goes over, in a step of work.
const UNITS_PER_STEP: u32 = 8;

impl<'a> Compiler<'a, '_, '_> {
    /// Tells of the work on the source since the last time.
    #[cold]
    pub fn pay(&mut self) -> Res {
        let bytes = (self.tok.end - self.paid_end).saturating_add(parser::PORTION);
        self.paid_end = self.tok.end.saturating_add(parser::PORTION);
        self.spend(bytes)
    }

    /// Tells of work on so many bytes or instructions.
    pub fn spend(&mut self, units: u32) -> Res {
        if self.interner.goes_on(units / UNITS_PER_STEP) { Ok(()) } else { Err(error::Fail::Interrupted) }
    }

    /// Makes and enters the top-level function.
    fn top_level(&mut self, kind: FnKind, scope: ScopeKind, flags: Flags) -> Res {
        let func = self.new_func(kind, flags)?;
        self.f = func;
        let scope = self.open_scope(scope)?;
        let f = &mut self.funcs[func as usize];
        f.scope = scope;
        f.new_target = false;
        if kind == FnKind::Eval {
            f.name = n::EVAL_CODE;
            if let Some(outer) = self.outer {
                f.super_property = outer.super_property;
                f.super_call = outer.super_call;
                f.new_target = outer.new_target;
                f.no_arguments = outer.no_arguments;
            }
        }
        self.start()?;
        self.func_mut().created_at = 0;
        Ok(())
    }

    fn script_body(&mut self, completion: bool) -> Res {
        let scope = self.scope;
        if completion {
            self.completion = self.temp()?;
        }
        self.pseudo(p::ENTER, scope, 0, 0)?;
        self.directives(true)?;
        while !self.is(T::Eof) {
            self.statement_item()?;
        }
        self.resolve_candidates()?;
        if completion {
            self.pseudo(p::GET_VAR, self.completion, 0, self.prev_end)?;
        } else {
            self.op(Op::PushUndefined)?;
        }
        self.op(Op::Return)?;
        if let Some(private) =
            self.private_uses.iter().copied().find(|private| !self.outer_private(private.name))
        {
            return self.undeclared_private(private);
        }
        self.end_top()
    }

    fn undeclared_private(&mut self, private: parser::PrivateUse) -> Res {
        self.err_name(private.at, "private name '", private.name, "' is not declared in an enclosing class")
    }

    /// Whether the code around a direct eval declares a private name.
    fn outer_private(&self, name: Name) -> bool {
        let mut scope = self.scopes[self.funcs[0].scope as usize].parent;
        while scope != NONE {
            if self.lookup(scope, name).is_some() {
                return true;
            }
            scope = self.scopes[scope as usize].parent;
        }
        false
    }

    fn module_body(&mut self) -> Res {
        let scope = self.scope;
        self.pseudo(p::ENTER, scope, 0, 0)?;
        self.directives(true)?;
        while !self.is(T::Eof) {
            self.module_item()?;
        }
        self.check_exports()?;
        if let Some(private) = self.private_uses.first().copied() {
            return self.undeclared_private(private);
        }
        self.end_using(self.ctl_base)?;
        let at = self.prev_end;
        self.push(Inst::new(Op::PushUndefined, 0, at))?;
        if self.func().has_tla {
            self.func_mut().flags |= Flags::ASYNC;
            self.op(Op::Finish)?;
        } else {
            self.op(Op::Return)?;
        }
        self.end_top()?;
        self.module_init()
    }

    /// The function that gives a module's functions their values before anything runs.
    fn module_init(&mut self) -> Res {
        let scope = self.funcs[0].scope;
        let mut any = false;
        let mut var = self.scopes[scope as usize].first;
        while var != NONE {
            any |= self.vars[var as usize].function != NONE;
            var = self.vars[var as usize].next;
        }
        if !any {
            return Ok(());
        }
        self.f = 0;
        self.scope = scope;
        let func = self.new_func(FnKind::ModuleInit, Flags::HIDE_SOURCE | Flags::STRICT)?;
        let outside = self.enter_func(func)?;
        let inner = self.open_scope(ScopeKind::Function)?;
        self.funcs[func as usize].scope = inner;
        let mut var = self.scopes[scope as usize].first;
        while var != NONE {
            let v = self.vars[var as usize];
            if v.function != NONE {
                self.vars[var as usize].exported = true;
                self.closure(v.function, v.declared_at)?;
                self.pseudo(p::PUT_VAR, var, 0, v.declared_at)?;
            }
            var = v.next;
        }
        self.op(Op::PushUndefined)?;
        self.op(Op::Return)?;
        self.leave_func(outside);
        Ok(())
    }

    /// The end of the top-level function.
    fn end_top(&mut self) -> Res {
        if self.strict {
            self.func_mut().flags |= Flags::STRICT;
        }
        let end = self.lexer.source.len() as u32;
        self.func_mut().source = (0, end);
        let empty = Vec::new(self.memory);
        let ir = core::mem::replace(&mut self.ir, empty);
        self.funcs[0].ir = ir;
        Ok(())
    }

    fn dynamic_function(&mut self, parameters_end: u32) -> Res {
        let scope = self.scope;
        self.pseudo(p::ENTER, scope, 0, 0)?;
        let start = self.tok.start;
        let flags = self.function_head()?;
        let (name, _) = self.binding_identifier()?;
        let func = self.new_func(FnKind::Normal, flags)?;
        self.funcs[func as usize].source.0 = start;
        self.funcs[func as usize].name = name;
        // The parameters must end where the caller says, and the body where the text ends.
        self.dynamic_end = parameters_end;
        self.function_rest(func, None, false)?;
        self.funcs[func as usize].name = name;
        if !self.is(T::Eof) {
            return self.unexpected();
        }
        self.closure(func, start)?;
        self.op(Op::Return)?;
        if let Some(private) = self.private_uses.first().copied() {
            return self.undeclared_private(private);
        }
        self.end_top()
    }

    /// Makes scopes of what a direct eval can see.
    fn outer_scopes(&mut self) -> Res {
        let Some(outer) = self.outer else { return Ok(()) };
        // Outermost first. A scope ends with an object, which is asked before the names further out, and before
        // a second variable of the same name: an inner one hides it from names, but not from what the eval
        // declares.
        let mut open = false;
        for i in (0..outer.vars.len()).rev() {
            let entry = outer.vars[i];
            let name = self.lexer.names.of_atom(entry.name, self.lexer.source, self.interner)?;
            if !open || self.lookup(self.scope, name).is_some() {
                self.scopes.try_push(ir::Scope {
                    parent: self.scope,
                    func: NONE,
                    kind: ScopeKind::Outer,
                    first: NONE,
                    last: NONE,
                    count: 0,
                    object: NONE,
                    start: 0,
                })?;
                self.scope = self.scopes.len() as u32 - 1;
            }
            let var = self.new_var(self.scope, name, entry.kind)?;
            self.vars[var as usize].import = i as u32;
            // Never known to be initialized.
            self.vars[var as usize].init_at = if entry.checked { NONE } else { 0 };
            open = !matches!(entry.kind, BindingKind::With | BindingKind::VarObject);
            if open {
                self.bind(self.scope, name, var)?;
            } else {
                self.scopes[self.scope as usize].object = var;
            }
        }
        Ok(())
    }

    /// Vars of a sloppy direct eval must not cross a lexical binding.
    pub(crate) fn check_eval_vars(&mut self) -> Res {
        for i in 0..self.eval_vars.len() {
            let name = self.eval_vars[i].0;
            if self.outer_lexical(name) {
                return self.redeclared(name, 0);
            }
        }
        Ok(())
    }

    /// Whether the vars of this eval become globals.
    pub(crate) fn eval_vars_are_global(&self) -> bool {
        self.outer.is_none_or(|outer| outer.global_vars)
    }

    /// The vars of a sloppy eval as declarations of globals.
    pub(crate) fn globalize_eval_vars(&mut self) -> Res {
        for i in 0..self.eval_vars.len() {
            let name = self.eval_vars[i].0;
            let function = self.hoisted_index.get(u64::from(name.0)).is_some();
            let kind = match self.eval_vars[i].1 {
                _ if function => GlobalKind::Function,
                true => GlobalKind::AnnexB,
                false => GlobalKind::Var,
            };
            self.add_global(name, kind)?;
        }
        Ok(())
    }

    /// The variable a name is bound to in a scope, if it is one.
    pub(crate) fn live(&self, scope: u32, name: Name) -> Option<u32> {
        self.lookup(scope, name).filter(|&var| var != VAR_MARK && !self.vars[var as usize].dead)
    }
}
