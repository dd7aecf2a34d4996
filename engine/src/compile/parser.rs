//! The state of a compilation: tokens, emission, scopes and declarations.
//!
//! Parsing emits the intermediate form at once; there is no tree. Where the grammar is ambiguous (arrow
//! parameters, destructuring assignment) the text is read as an expression first; if what follows shows
//! that it was something else, the state goes back to a [`Mark`] and the text is read again as what it
//! is. Places where that happened are remembered, so that nesting costs no more than a second reading.

use core::fmt;

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::error::{Error, Fail, Message, Res};
use super::ir::*;
use super::lexer::{LexFail, Lexer, Lines, is_eval_or_arguments, is_strict_reserved};
use super::names::{Name, n};
use super::token::{T, Token};
use crate::code::function::{ArgumentsKind, BindingKind, EvalScope, Flags, GlobalKind, Interner, ModuleInfo};
use crate::code::fusions::{Fusion, Fusions};
use crate::code::opcodes::Op;

/// What a compilation may do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The code returns the completion value of its last statement (scripts; evals always do).
    pub completion: bool,
    /// Strict from the start (scripts, indirect evals, `Function` parts).
    pub strict: bool,
    /// Native stack the parser may use, in bytes.
    pub stack_bytes: usize,
    /// Which rewritings of the code are done.
    pub fusions: Fusions,
}

impl Default for Options {
    fn default() -> Self {
        Options { completion: false, strict: false, stack_bytes: 512 << 10, fusions: Fusions::ALL }
    }
}

/// What encloses a statement, for jumps out of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ctl {
    /// A labelled statement, loop or switch. `label` is its name or none.
    Breakable { label: Name, break_to: u32, continue_to: u32, plain: bool },
    /// The body of a for-of loop or an array pattern: `iterator next` on the stack.
    Iterator { region: u32, is_async: bool },
    /// The body of a for-in loop: an enumerator on the stack.
    Enumerator,
    /// A region whose handler needs nothing when control jumps out.
    Catch { region: u32 },
    /// The part of a try statement that its finally block covers.
    Finally { region: u32, block: u32, temp: u32 },
    /// A finally block: so many values on the stack.
    FinallyBody { values: u32 },
    /// What follows the first `using` declaration of a scope.
    Using { region: u32, disposer: u32, scope: u32, is_async: bool },
}

/// A private name in a class body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrivateUse {
    pub name: Name,
    pub at: u32,
}

/// A function in a block that may also be a var (Annex B.3.2).
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub name: Name,
    pub scope: u32,
    pub func: u32,
    pub var: u32,
}

/// An exported local name.
#[derive(Clone, Copy)]
pub(crate) struct LocalExport {
    pub name: Name,
    pub local: Name,
    pub at: u32,
}

/// Bytes of source text between two tellings of the interner.
pub(super) const PORTION: u32 = 1 << 10;

pub(crate) struct Compiler<'a, 's, 'i> {
    pub memory: Memory<'a>,
    pub interner: &'i mut dyn Interner,
    pub lexer: Lexer<'a, 's>,
    pub lines: Option<Lines<'a>>,
    pub error: Option<(u32, Message)>,
    pub options: Options,
    stack_base: usize,

    pub tok: Token,
    /// End of the last token that was passed.
    pub prev_end: u32,
    /// Where in the source the interner is told of the work next.
    pub paid_end: u32,
    pub strict: bool,
    pub module: bool,
    pub allow_in: bool,
    /// A `{a = 1}` that must turn out to be a pattern.
    pub cover: u32,
    /// The function expression or class just emitted: its function, and the length of the code behind it.
    pub anonymous: (u32, usize),
    /// Starts of texts known to be patterns (true) or arrow parameters.
    pub known: Map<'a>,

    pub funcs: Vec<'a, Func<'a>>,
    pub scopes: Vec<'a, Scope>,
    pub vars: Vec<'a, Var>,
    pub bindings: Map<'a>,
    /// Handler label of each region.
    pub regions: Vec<'a, u32>,
    pub ctl: Vec<'a, Ctl>,
    /// Where the current function's entries of `ctl` begin.
    pub ctl_base: usize,
    pub moved: Vec<'a, Inst>,
    /// Places that the expressions being read may go back to.
    pub marks: Vec<'a, Mark>,
    pub private_uses: Vec<'a, PrivateUse>,
    pub candidates: Vec<'a, Candidate>,
    pub globals: Vec<'a, (Name, GlobalKind)>,
    pub global_index: Map<'a>,
    /// Vars of a sloppy eval; true: only functions in blocks are called so (Annex B.3.2).
    pub eval_vars: Vec<'a, (Name, bool)>,
    pub outer: Option<&'i EvalScope<'i>>,
    /// The completion value of a script or eval.
    pub completion: u32,
    pub exports: Vec<'a, LocalExport>,
    pub exported_names: Map<'a>,
    pub module_info: Option<ModuleInfo<'a>>,
    /// Key lists of literals: a count, then so many names.
    pub shape_list: Vec<'a, Name>,
    /// Plain properties of the object literals being read: instruction and key.
    pub properties: Vec<'a, (u32, Name)>,
    /// Start of the parenthesis that can only be arrow parameters, with [`Fail::Retry`].
    pub retry_at: u32,

    // The function being parsed.
    pub f: u32,
    pub scope: u32,
    pub ir: Vec<'a, Inst>,
    /// Parameters are being parsed: yield and await expressions are errors.
    pub in_params: bool,
    pub params: ParamNotes,
    /// Labels directly before the statement.
    pub pending_labels: u32,
    /// Where the parameters of a `Function` constructor's function must end.
    pub dynamic_end: u32,
    /// A label here must not be that of a function.
    pub label_forbids_function: bool,
    /// Objects on the way of the name last looked up.
    pub dynamics: Vec<'a, u32>,
    /// Captures by function and variable.
    pub capture_index: Map<'a>,
    /// An export declaration is being read.
    pub exporting: bool,
    /// The code being resolved is a strict part of a sloppy function.
    pub strict_part: bool,
    /// Functions of a script's or sloppy eval's top level.
    pub hoisted: Vec<'a, (Name, u32)>,
    /// Where in these two lists a name is.
    pub hoisted_index: Map<'a>,
    pub eval_index: Map<'a>,
    /// The parameters being parsed have an expression.
    pub has_param_expression: bool,
}

/// What the parameters being parsed showed.
#[derive(Clone, Copy)]
pub(crate) struct ParamNotes {
    pub duplicate: Option<(Name, u32)>,
    pub sloppy_name: Option<(Name, u32)>,
}

/// A place to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    tok: Token,
    prev_end: u32,
    at: usize,
    ir: usize,
    funcs: usize,
    vars: usize,
    private_uses: usize,
    candidates: usize,
    cover: u32,
    anonymous: (u32, usize),
    evals: usize,
    allow_in: bool,
}

/// An address near the top of the native stack.
#[inline(never)]
fn stack_address() -> usize {
    let here = 0u8;
    core::hint::black_box(&raw const here as usize)
}

impl<'a, 's, 'i> Compiler<'a, 's, 'i> {
    pub fn new(
        source: &'s [u8],
        options: Options,
        memory: Memory<'a>,
        interner: &'i mut dyn Interner,
    ) -> Result<Self, OutOfMemory> {
        let tok = Token {
            kind: T::Eof,
            newline: true,
            escaped: false,
            octal: false,
            start: 0,
            end: 0,
            name: Name::NONE,
            number: 0.0,
        };
        Ok(Compiler {
            memory,
            interner,
            lexer: Lexer::new(source, memory)?,
            lines: None,
            error: None,
            options,
            stack_base: stack_address(),
            tok,
            prev_end: 0,
            paid_end: PORTION,
            strict: options.strict,
            module: false,
            allow_in: true,
            cover: NONE,
            anonymous: (NONE, 0),
            known: Map::new(memory),
            funcs: Vec::new(memory),
            scopes: Vec::new(memory),
            vars: Vec::new(memory),
            bindings: Map::new(memory),
            regions: Vec::new(memory),
            ctl: Vec::new(memory),
            ctl_base: 0,
            moved: Vec::new(memory),
            marks: Vec::new(memory),
            private_uses: Vec::new(memory),
            candidates: Vec::new(memory),
            globals: Vec::new(memory),
            global_index: Map::new(memory),
            eval_vars: Vec::new(memory),
            outer: None,
            completion: NONE,
            exports: Vec::new(memory),
            exported_names: Map::new(memory),
            module_info: None,
            shape_list: Vec::new(memory),
            properties: Vec::new(memory),
            retry_at: NONE,
            f: NONE,
            scope: NONE,
            ir: Vec::new(memory),
            in_params: false,
            params: ParamNotes { duplicate: None, sloppy_name: None },
            exporting: false,
            strict_part: false,
            dynamic_end: NONE,
            dynamics: Vec::new(memory),
            capture_index: Map::new(memory),
            pending_labels: 0,
            label_forbids_function: false,
            hoisted: Vec::new(memory),
            hoisted_index: Map::new(memory),
            eval_index: Map::new(memory),
            has_param_expression: false,
        })
    }

    /// The error as the caller sees it.
    pub fn public_error(&mut self, fail: Fail) -> Error {
        match fail {
            Fail::OutOfMemory => Error::OutOfMemory,
            Fail::TooDeep => Error::TooDeep,
            Fail::Interrupted => Error::Interrupted,
            Fail::Syntax | Fail::Retry => {
                let (at, message) =
                    self.error.take().unwrap_or((0, Message::new(format_args!("invalid source text"))));
                match self.position(at) {
                    Ok((line, column)) => Error::Syntax { message, line, column },
                    Err(_) => Error::OutOfMemory,
                }
            }
        }
    }

    /// Line and column of an offset.
    pub fn position(&mut self, at: u32) -> Res<(u32, u32)> {
        if self.lines.is_none() {
            self.lines = Some(Lines::new(self.lexer.source, self.memory)?);
        }
        Ok(self.lines.as_mut().map_or((1, 1), |lines| lines.position(self.lexer.source, at)))
    }

    // Errors.

    pub fn err_at<X>(&mut self, at: u32, text: fmt::Arguments<'_>) -> Res<X> {
        self.error = Some((at, Message::new(text)));
        Err(Fail::Syntax)
    }

    pub fn err<X>(&mut self, text: &str) -> Res<X> {
        self.err_at(self.tok.start, format_args!("{text}"))
    }

    pub fn unexpected<X>(&mut self) -> Res<X> {
        let tok = self.tok;
        match tok.kind {
            T::Eof => self.err_at(tok.start, format_args!("unexpected end of input")),
            T::String | T::Number | T::BigInt | T::Template | T::Escaped => {
                self.err_at(tok.start, format_args!("unexpected {}", tok.kind.text()))
            }
            T::Ident | T::Private => self.err_name(tok.start, "unexpected identifier '", tok.name, "'"),
            kind => self.err_at(tok.start, format_args!("unexpected token '{}'", kind.text())),
        }
    }

    /// An error whose message quotes a name.
    pub fn err_name<X>(&mut self, at: u32, before: &str, name: Name, after: &str) -> Res<X> {
        let message = {
            let text = self.lexer.names.text(self.lexer.source, name);
            match core::str::from_utf8(text) {
                Ok(text) => Message::new(format_args!("{before}{text}{after}")),
                Err(_) => Message::new(format_args!("{before}?{after}")),
            }
        };
        self.error = Some((at, message));
        Err(Fail::Syntax)
    }

    /// Fails if the native stack is nearly used up. Called wherever the grammar recurs.
    #[inline]
    pub fn check_depth(&self) -> Res {
        if self.stack_base.abs_diff(stack_address()) > self.options.stack_bytes {
            return Err(Fail::TooDeep);
        }
        Ok(())
    }

    // Tokens.

    #[cold]
    fn lex_failed<X>(&mut self, fail: LexFail) -> Res<X> {
        match fail {
            LexFail::OutOfMemory => Err(Fail::OutOfMemory),
            LexFail::Error(error) => self.err_at(error.at, format_args!("{}", error.message)),
        }
    }

    pub fn lexed<X>(&mut self, result: Result<X, LexFail>) -> Res<X> {
        match result {
            Ok(x) => Ok(x),
            Err(fail) => self.lex_failed(fail),
        }
    }

    /// Reads the first token.
    pub fn start(&mut self) -> Res {
        self.lexer.hashbang();
        let first = self.lexer.token(true);
        self.tok = self.lexed(first)?;
        Ok(())
    }

    /// Passes the current token.
    #[inline]
    pub fn next(&mut self) -> Res {
        self.prev_end = self.tok.end;
        match self.lexer.token(false) {
            Ok(tok) => {
                self.tok = tok;
                if tok.end < self.paid_end { Ok(()) } else { self.pay() }
            }
            Err(fail) => self.lex_failed(fail),
        }
    }

    /// The token behind the current one.
    pub fn peek(&mut self) -> Res<Token> {
        let at = self.lexer.at;
        let peeked = self.lexer.token(false);
        self.lexer.at = at;
        self.lexed(peeked)
    }

    #[inline]
    pub fn is(&self, kind: T) -> bool {
        self.tok.kind == kind
    }

    /// Whether the current token is the contextual keyword, without escapes.
    #[inline]
    pub fn is_word(&self, name: Name) -> bool {
        self.tok.kind == T::Ident && self.tok.name == name && !self.tok.escaped
    }

    #[inline]
    pub fn eat(&mut self, kind: T) -> Res<bool> {
        if self.tok.kind == kind {
            self.next()?;
            Ok(true)
        } else {
            Ok(false)
        }
    }

    pub fn expect(&mut self, kind: T) -> Res {
        if self.tok.kind == kind {
            return self.next();
        }
        if self.is(T::Eof) {
            return self.unexpected();
        }
        self.err_at(self.tok.start, format_args!("'{}' expected", kind.text()))
    }

    /// The end of a statement: a semicolon, or where one may be left out.
    pub fn semicolon(&mut self) -> Res {
        match self.tok.kind {
            T::Semicolon => self.next(),
            T::RBrace | T::Eof => Ok(()),
            _ if self.tok.newline => Ok(()),
            _ => self.unexpected(),
        }
    }

    pub fn mark(&self) -> Mark {
        Mark {
            tok: self.tok,
            prev_end: self.prev_end,
            at: self.lexer.at,
            ir: self.ir.len(),
            funcs: self.funcs.len(),
            vars: self.vars.len(),
            private_uses: self.private_uses.len(),
            candidates: self.candidates.len(),
            cover: self.cover,
            anonymous: self.anonymous,
            evals: self.func().evals.len(),
            allow_in: self.allow_in,
        }
    }

    /// Goes back. What was declared meanwhile is dead.
    pub fn rewind(&mut self, mark: &Mark) {
        self.tok = mark.tok;
        self.prev_end = mark.prev_end;
        self.lexer.at = mark.at;
        self.ir.truncate(mark.ir);
        for func in self.funcs[mark.funcs..].iter_mut() {
            func.dead = true;
            func.ir = Vec::new(func.ir.memory());
        }
        self.vars[mark.vars..].iter_mut().for_each(|var| var.dead = true);
        // What a function has once for all its code, and the object for the vars of its evals: made again
        // where the second reading needs them, which may be in another function.
        let forget = |var: &mut u32| {
            if *var != NONE && *var as usize >= mark.vars {
                *var = NONE;
            }
        };
        let mut f = self.f;
        while f != NONE {
            let func = &mut self.funcs[f as usize];
            forget(&mut func.this_var);
            forget(&mut func.new_target_var);
            forget(&mut func.home_var);
            forget(&mut func.active_var);
            forget(&mut func.return_temp);
            f = func.parent;
        }
        let vars = self.var_scope() as usize;
        forget(&mut self.scopes[vars].object);
        self.private_uses.truncate(mark.private_uses);
        self.candidates.truncate(mark.candidates);
        self.cover = mark.cover;
        self.anonymous = mark.anonymous;
        self.allow_in = mark.allow_in;
        let evals = mark.evals;
        self.func_mut().evals.truncate(evals);
    }

    // Emission.

    #[inline]
    pub fn push(&mut self, inst: Inst) -> Res {
        Ok(self.ir.try_push(inst)?)
    }

    /// Emits an instruction with one operand, or none, at a source offset.
    #[inline]
    pub fn emit(&mut self, op: Op, a: u32, at: u32) -> Res {
        self.push(Inst::new(op, a, at))
    }

    /// Emits an instruction whose position is the end of what was read.
    #[inline]
    pub fn op(&mut self, op: Op) -> Res {
        self.push(Inst::new(op, 0, self.prev_end))
    }

    #[inline]
    pub fn pseudo(&mut self, op: u16, a: u32, b: u32, at: u32) -> Res {
        self.push(Inst { op, x: 0, a, b, at })
    }

    pub fn emit_x(&mut self, op: Op, x: u16, a: u32, at: u32) -> Res {
        self.push(Inst { op: op as u16, x, a, b: 0, at })
    }

    pub fn new_label(&mut self) -> u32 {
        let func = self.func_mut();
        func.labels += 1;
        func.labels - 1
    }

    pub fn label(&mut self, label: u32) -> Res {
        self.pseudo(p::LABEL, 0, label, self.prev_end)
    }

    pub fn jump(&mut self, op: Op, label: u32) -> Res {
        self.push(Inst { op: op as u16, x: 0, a: 0, b: label, at: self.prev_end })
    }

    pub fn jump_at(&mut self, op: Op, label: u32, at: u32) -> Res {
        self.push(Inst { op: op as u16, x: 0, a: 0, b: label, at })
    }

    pub fn string(&mut self, name: Name) -> Res {
        self.pseudo(p::STRING, name.0, 0, self.prev_end)
    }

    pub fn number(&mut self, value: f64, at: u32) -> Res {
        let bits = value.to_bits();
        self.pseudo(p::NUMBER, bits as u32, (bits >> 32) as u32, at)
    }

    pub fn new_region(&mut self) -> Res<u32> {
        let handler = self.new_label();
        self.regions.try_push(handler)?;
        Ok(self.regions.len() as u32 - 1)
    }

    pub fn begin_region(&mut self, region: u32) -> Res {
        self.pseudo(p::TRY_BEGIN, region, 0, self.prev_end)
    }

    pub fn end_region(&mut self, region: u32) -> Res {
        self.pseudo(p::TRY_END, region, 0, self.prev_end)
    }

    /// Drops the value of an expression that nobody needs, simplifying what made it.
    pub fn drop_value(&mut self) -> Res {
        if !self.options.fusions.has(Fusion::DropResult) {
            return self.op(Op::Drop);
        }
        let len = self.ir.len();
        if let [.., before, last] = &mut self.ir[..] {
            match (before.opcode(), last.opcode()) {
                (Some(Op::DupX1), Some(Op::PutField))
                | (Some(Op::DupX2), Some(Op::PutElem | Op::PutPrivate))
                | (Some(Op::DupX3), Some(Op::PutSuper)) => {
                    *before = *last;
                    self.ir.truncate(len - 1);
                    return Ok(());
                }
                (
                    Some(Op::Inc | Op::Dec),
                    Some(Op::PutField | Op::PutElem | Op::PutPrivate | Op::PutSuper),
                ) if last.x == 1 => {
                    // to_numeric, dup, inc, put: the postfix form.
                    last.x = 0;
                    let (inc, put) = (*before, *last);
                    self.ir[len - 4] = inc;
                    self.ir[len - 3] = put;
                    self.ir.truncate(len - 2);
                    return Ok(());
                }
                (_, None) if last.op == p::REF_PUT && last.x == 1 => {
                    last.x = 0;
                    return Ok(());
                }
                (Some(Op::Inc | Op::Dec), None) if last.op == p::REF_PUT && last.x == 2 => {
                    last.x = 0;
                    last.b -= 2;
                    let (inc, put) = (*before, *last);
                    self.ir[len - 4] = inc;
                    self.ir[len - 3] = put;
                    self.ir.truncate(len - 2);
                    return Ok(());
                }
                _ => {}
            }
        }
        self.op(Op::Drop)
    }

    /// Takes the code from `start` on out, onto the stack of moved code; the size to give back.
    pub fn take_code(&mut self, start: usize) -> Res<usize> {
        let size = self.ir.len() - start;
        self.moved.try_extend_from_slice(&self.ir[start..])?;
        self.ir.truncate(start);
        Ok(size)
    }

    /// Emits the code last taken out.
    pub fn give_code(&mut self, size: usize) -> Res {
        let start = self.moved.len() - size;
        self.ir.try_extend_from_slice(&self.moved[start..])?;
        self.moved.truncate(start);
        Ok(())
    }

    // Functions.

    #[inline]
    pub fn func(&self) -> &Func<'a> {
        &self.funcs[self.f as usize]
    }

    #[inline]
    pub fn func_mut(&mut self) -> &mut Func<'a> {
        &mut self.funcs[self.f as usize]
    }

    /// Makes a function in the present scope; does not enter it.
    pub fn new_func(&mut self, kind: FnKind, flags: Flags) -> Res<u32> {
        let memory = self.memory;
        self.funcs.try_push(Func {
            parent: self.f,
            kind,
            flags,
            name: n::EMPTY,
            ir: Vec::new(memory),
            scope: NONE,
            body_scope: NONE,
            labels: 0,
            literals: 0,
            arg_count: 0,
            length: 0,
            rest: NONE,
            this_var: NONE,
            new_target_var: NONE,
            home_var: NONE,
            active_var: NONE,
            arguments_var: NONE,
            self_var: NONE,
            return_temp: NONE,
            arguments_kind: ArgumentsKind::Unmapped,
            uses_this: false,
            super_property: false,
            super_call: false,
            new_target: true,
            no_arguments: false,
            class_has_fields: false,
            late_functions: false,
            has_tla: false,
            dead: false,
            created_at: self.tok.start,
            source: (self.tok.start, self.tok.start),
            captures: Vec::new(memory),
            constants: Vec::new(memory),
            evals: Vec::new(memory),
            slots: Vec::new(memory),
            unit_index: 0,
        })?;
        Ok(self.funcs.len() as u32 - 1)
    }

    /// The function whose `this` is seen here.
    pub fn this_function(&self) -> u32 {
        let mut f = self.f;
        while self.funcs[f as usize].kind == FnKind::Arrow {
            f = self.funcs[f as usize].parent;
        }
        f
    }

    // Scopes.

    pub fn open_scope(&mut self, kind: ScopeKind) -> Res<u32> {
        self.scopes.try_push(Scope {
            parent: self.scope,
            func: self.f,
            kind,
            first: NONE,
            last: NONE,
            count: 0,
            object: NONE,
            start: self.tok.start,
        })?;
        self.scope = self.scopes.len() as u32 - 1;
        Ok(self.scope)
    }

    pub fn close_scope(&mut self) {
        self.scope = self.scopes[self.scope as usize].parent;
    }

    /// Makes a variable that no name finds.
    pub fn new_var(&mut self, scope: u32, name: Name, kind: BindingKind) -> Res<u32> {
        let id = self.vars.len() as u32;
        let func = self.scopes[scope as usize].func;
        self.vars.try_push(Var {
            name,
            scope,
            func,
            kind,
            next: NONE,
            captured: false,
            needs_tdz: false,
            assigned: false,
            used: false,
            dead: false,
            exported: false,
            init_at: 0,
            function: NONE,
            annex_b: false,
            import: NONE,
            arg: NO_SLOT,
            local: NO_SLOT,
            declared_at: self.tok.start,
        })?;
        let scope = &mut self.scopes[scope as usize];
        let last = scope.last;
        scope.last = id;
        if last == NONE {
            scope.first = id;
        } else {
            self.vars[last as usize].next = id;
        }
        Ok(id)
    }

    /// A temporary of the running function.
    pub fn temp(&mut self) -> Res<u32> {
        let scope = self.func().scope;
        self.new_var(scope, Name::NONE, BindingKind::Hidden)
    }

    pub fn lookup(&self, scope: u32, name: Name) -> Option<u32> {
        self.bindings.get(pair(scope, name.0))
    }

    pub fn bind(&mut self, scope: u32, name: Name, var: u32) -> Res {
        if var != VAR_MARK {
            self.scopes[scope as usize].count += 1;
        }
        Ok(self.bindings.set(pair(scope, name.0), var)?)
    }

    /// A new variable with its name bound.
    pub fn add_var(&mut self, scope: u32, name: Name, kind: BindingKind) -> Res<u32> {
        let var = self.new_var(scope, name, kind)?;
        self.bind(scope, name, var)?;
        Ok(var)
    }

    /// The scope that holds `var`s declared here.
    pub fn var_scope(&self) -> u32 {
        let func = self.func();
        if func.body_scope != NONE { func.body_scope } else { func.scope }
    }

    pub fn redeclared<X>(&mut self, name: Name, at: u32) -> Res<X> {
        self.err_name(at, "'", name, "' has already been declared")
    }

    /// Declares a lexical binding in the present scope.
    pub fn declare_lexical(&mut self, name: Name, kind: BindingKind, at: u32) -> Res<u32> {
        let scope = self.scope;
        if self.lookup(scope, name).is_some_and(|found| found == VAR_MARK || !self.vars[found as usize].dead)
        {
            return self.redeclared(name, at);
        }
        let parent = self.scopes[scope as usize].parent;
        match self.scopes[scope as usize].kind {
            ScopeKind::Body
                if self
                    .lookup(parent, name)
                    .is_some_and(|v| v != VAR_MARK && self.vars[v as usize].kind == BindingKind::Param) =>
            {
                return self.redeclared(name, at);
            }
            // The block of a catch clause cannot redeclare its parameter.
            ScopeKind::Block
                if matches!(
                    self.scopes[parent as usize].kind,
                    ScopeKind::CatchSimple | ScopeKind::CatchPattern
                ) && self.scopes[scope as usize].start == self.scopes[parent as usize].start
                    && self.lookup(parent, name).is_some() =>
            {
                return self.redeclared(name, at);
            }
            ScopeKind::Global => {
                if self.global_index.get(u64::from(name.0)).is_some() {
                    return self.redeclared(name, at);
                }
                let global = if kind == BindingKind::Const { GlobalKind::Const } else { GlobalKind::Let };
                self.add_global(name, global)?;
            }
            ScopeKind::Eval if self.eval_index.get(u64::from(name.0)).is_some() => {
                return self.redeclared(name, at);
            }
            _ => {}
        }
        let var = self.add_var(scope, name, kind)?;
        self.vars[var as usize].init_at = NONE;
        self.vars[var as usize].declared_at = at;
        Ok(var)
    }

    /// Declares a `var` (or a top-level function) from the present scope. The variable, or `None` where the binding
    /// is no variable of this unit (globals, evals).
    pub fn declare_var(&mut self, name: Name, at: u32, function: bool) -> Res<Option<u32>> {
        let target = self.var_scope();
        let mut scope = self.scope;
        loop {
            let found = self.lookup(scope, name);
            if scope == target {
                return self.declare_var_in(scope, name, at, function, found);
            }
            match found {
                Some(VAR_MARK) => {}
                Some(var) if !self.vars[var as usize].dead => {
                    if self.scopes[scope as usize].kind != ScopeKind::CatchSimple {
                        return self.redeclared(name, at);
                    }
                }
                _ => {
                    self.bind(scope, name, VAR_MARK)?;
                }
            }
            scope = self.scopes[scope as usize].parent;
        }
    }

    fn declare_var_in(
        &mut self,
        scope: u32,
        name: Name,
        at: u32,
        function: bool,
        found: Option<u32>,
    ) -> Res<Option<u32>> {
        use BindingKind::{Param, Var};
        let lexical = found.is_some_and(|var| {
            var != VAR_MARK
                && !self.vars[var as usize].dead
                && !matches!(self.vars[var as usize].kind, Var | Param)
        });
        if lexical {
            return self.redeclared(name, at);
        }
        match self.scopes[scope as usize].kind {
            ScopeKind::Global => {
                let kind = if function { GlobalKind::Function } else { GlobalKind::Var };
                match self.global_index.get(u64::from(name.0)) {
                    Some(index) => {
                        let global = &mut self.globals[index as usize];
                        if matches!(global.1, GlobalKind::Let | GlobalKind::Const) {
                            return self.redeclared(name, at);
                        }
                        if function || global.1 == GlobalKind::AnnexB {
                            global.1 = kind;
                        }
                    }
                    None => self.add_global(name, kind)?,
                }
                Ok(None)
            }
            ScopeKind::Eval if !self.strict => {
                self.add_eval_var(name, false)?;
                Ok(None)
            }
            _ => match found {
                Some(var) if var != VAR_MARK && !self.vars[var as usize].dead => Ok(Some(var)),
                _ => {
                    let var = self.add_var(scope, name, Var)?;
                    self.vars[var as usize].declared_at = at;
                    if name == n::ARGUMENTS && !function {
                        self.own_arguments(var);
                    }
                    Ok(Some(var))
                }
            },
        }
    }

    /// Notes a global declaration.
    pub fn add_global(&mut self, name: Name, kind: GlobalKind) -> Res {
        self.global_index.set(u64::from(name.0), self.globals.len() as u32)?;
        Ok(self.globals.try_push((name, kind))?)
    }

    // Names.

    /// Checks an identifier that is read or bound: reserved words by context.
    pub fn check_identifier(&mut self, tok: &Token) -> Res {
        let name = tok.name;
        if tok.kind == T::Escaped {
            return self.err_at(tok.start, format_args!("keyword must not contain escapes"));
        }
        if tok.kind != T::Ident {
            return self.unexpected();
        }
        if name.0 > n::AWAIT.0 {
            return Ok(());
        }
        let kind = self.func().kind;
        let reserved = match name {
            n::YIELD => {
                self.strict
                    || self.func().flags.generator()
                    || (kind == FnKind::Arrow && self.yield_outside())
            }
            n::AWAIT => self.await_reserved(),
            _ => self.strict && is_strict_reserved(name),
        };
        if reserved {
            return self.err_name(tok.start, "'", name, "' is reserved here");
        }
        Ok(())
    }

    /// Whether arrow parameters being parsed lie in a generator.
    fn yield_outside(&self) -> bool {
        self.in_params && self.funcs[self.func().parent as usize].flags.generator()
    }

    pub fn await_reserved(&self) -> bool {
        let func = self.func();
        if self.module || func.flags.async_() || func.kind == FnKind::StaticBlock {
            return true;
        }
        if func.kind == FnKind::Arrow && self.in_params {
            let parent = &self.funcs[func.parent as usize];
            return parent.flags.async_() || parent.kind == FnKind::StaticBlock;
        }
        if func.kind == FnKind::Fields {
            return self.funcs[func.parent as usize].kind == FnKind::StaticBlock;
        }
        false
    }

    /// Passes a binding identifier.
    pub fn binding_identifier(&mut self) -> Res<(Name, u32)> {
        let tok = self.tok;
        self.check_identifier(&tok)?;
        if self.strict && is_eval_or_arguments(tok.name) {
            return self.err_name(tok.start, "'", tok.name, "' cannot be bound in strict code");
        }
        self.next()?;
        Ok((tok.name, tok.start))
    }

    /// Whether the current token can be an identifier.
    pub fn at_identifier(&self) -> bool {
        self.tok.kind == T::Ident
    }

    /// Whether a token is a word: an identifier or any keyword.
    pub fn is_name_token(kind: T) -> bool {
        matches!(kind, T::Ident | T::Escaped) || kind.is_reserved()
    }

    /// Gives an anonymous function that was just emitted its name.
    pub fn name_anonymous(&mut self, name: Name) -> bool {
        let (func, len) = self.anonymous;
        if func != NONE && len == self.ir.len() {
            self.funcs[func as usize].name = name;
            self.anonymous = (NONE, 0);
            return true;
        }
        false
    }

    pub fn is_anonymous(&self) -> bool {
        self.anonymous.0 != NONE && self.anonymous.1 == self.ir.len()
    }

    pub fn atom(&mut self, name: Name) -> Res<u32> {
        self.lexer.names.atom(self.lexer.source, name, self.interner)
    }
}
