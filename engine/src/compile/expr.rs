//! Expressions: assignment, conditional, binary and unary operators.

use super::error::{Fail, Res};
use super::ir::*;
use super::names::{Name, n};
use super::parser::Compiler;
use super::token::T;
use crate::code::opcodes::Op;

/// What an expression was, for what may follow it. In all cases its value is on the stack, and for the
/// kinds that can be assigned to, the last instruction is the one that reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Value,
    /// A unary operator: no base for `**`.
    Unary,
    Ident,
    Field,
    Elem,
    Super,
    Private,
    Call,
    /// `async(...)`, which may be the head of an arrow function.
    AsyncCall,
    /// An optional chain; its last instruction is the label of its end.
    Chain,
    /// An object or array literal: possibly a pattern.
    Literal,
    /// An arrow function, yield or assignment: nothing may follow it.
    Closed,
    /// An `a && b` or `a || b` without parentheses.
    Logical,
    /// `a ?? b` without parentheses.
    Coalesce,
    /// A literal's value: no target, but foldable.
    New,
}

/// An expression that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct E {
    pub kind: Kind,
    /// In parentheses.
    pub paren: bool,
    pub at: u32,
}

impl E {
    pub fn new(kind: Kind, at: u32) -> E {
        E { kind, paren: false, at }
    }
}

/// A place to assign to; what it needs is on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The instruction that resolves it.
    Ident {
        name: Name,
        reference: usize,
        at: u32,
    },
    Field {
        name: u32,
        at: u32,
    },
    Elem {
        at: u32,
    },
    Super {
        at: u32,
    },
    Private {
        name: u32,
        at: u32,
    },
    /// A call: assigning to it throws when it happens (sloppy code only).
    Call {
        at: u32,
    },
}

impl Target {
    /// The same place; errors of the store are reported at `at`.
    fn stored_at(self, place: u32) -> Target {
        let mut target = self;
        match &mut target {
            Target::Ident { at, .. }
            | Target::Field { at, .. }
            | Target::Elem { at }
            | Target::Super { at }
            | Target::Private { at, .. }
            | Target::Call { at } => *at = place,
        }
        target
    }
}

/// How an AssignmentExpression starts.
#[derive(Clone, Copy)]
enum Start {
    /// As a conditional expression.
    Plain,
    /// The same, or as what a mark was pushed for.
    Marked,
    Yield,
    /// `async` has been passed.
    Arrow {
        is_async: bool,
    },
    Pattern,
}

/// In the map of known starts.
pub(crate) const KNOWN_PATTERN: u32 = 1;
pub(crate) const KNOWN_ARROW: u32 = 2;

fn precedence(kind: T) -> u8 {
    match kind {
        T::Nullish => 1,
        T::OrOr => 2,
        T::AndAnd => 3,
        T::Or => 4,
        T::Xor => 5,
        T::And => 6,
        T::Eq | T::Ne | T::EqEq | T::NeEq => 7,
        T::Lt | T::Gt | T::Le | T::Ge | T::Instanceof | T::In => 8,
        T::Shl | T::Sar | T::Shr => 9,
        T::Plus | T::Minus => 10,
        T::Star | T::Slash | T::Percent => 11,
        T::Pow => 12,
        _ => 0,
    }
}

fn binary_op(kind: T) -> Option<Op> {
    Some(match kind {
        T::Or | T::OrEq => Op::BitOr,
        T::Xor | T::XorEq => Op::BitXor,
        T::And | T::AndEq => Op::BitAnd,
        T::Eq => Op::Eq,
        T::Ne => Op::Ne,
        T::EqEq => Op::StrictEq,
        T::NeEq => Op::StrictNe,
        T::Lt => Op::Lt,
        T::Gt => Op::Gt,
        T::Le => Op::Le,
        T::Ge => Op::Ge,
        T::Instanceof => Op::Instanceof,
        T::In => Op::In,
        T::Shl | T::ShlEq => Op::Shl,
        T::Sar | T::SarEq => Op::Sar,
        T::Shr | T::ShrEq => Op::Shr,
        T::Plus | T::PlusEq => Op::Add,
        T::Minus | T::MinusEq => Op::Sub,
        T::Star | T::StarEq => Op::Mul,
        T::Slash | T::SlashEq => Op::Div,
        T::Percent | T::PercentEq => Op::Mod,
        T::Pow | T::PowEq => Op::Exp,
        _ => return None,
    })
}

impl Compiler<'_, '_, '_> {
    /// Expression, with comma operators.
    pub fn expression(&mut self) -> Res<E> {
        let at = self.tok.start;
        let mut e = self.assign()?;
        while self.is(T::Comma) {
            self.next()?;
            self.drop_value()?;
            self.assign()?;
            self.anonymous = (NONE, 0);
            e = E::new(Kind::Value, at);
        }
        Ok(e)
    }

    /// Expression in a place where `in` is an operator.
    pub fn expression_in(&mut self) -> Res<E> {
        let saved = core::mem::replace(&mut self.allow_in, true);
        let e = self.expression()?;
        self.allow_in = saved;
        Ok(e)
    }

    /// AssignmentExpression where `in` is an operator.
    pub fn assign_in(&mut self) -> Res<E> {
        let saved = core::mem::replace(&mut self.allow_in, true);
        let e = self.assign()?;
        self.allow_in = saved;
        Ok(e)
    }

    /// AssignmentExpression. A `{a = 1}` in it must have become a pattern.
    pub fn assign(&mut self) -> Res<E> {
        let saved = core::mem::replace(&mut self.cover, NONE);
        let e = self.assign_cover()?;
        self.check_cover()?;
        self.cover = saved;
        Ok(e)
    }

    pub fn check_cover(&mut self) -> Res {
        if self.cover != NONE {
            return self
                .err_at(self.cover, format_args!("invalid object literal: only a pattern may be like this"));
        }
        Ok(())
    }

    /// AssignmentExpression; may leave a pending `cover` for what encloses it. One that a sibling left
    /// stays pending, and is no concern of this expression.
    pub fn assign_cover(&mut self) -> Res<E> {
        let sibling = core::mem::replace(&mut self.cover, NONE);
        let marks = self.marks.len();
        let e = self.assign_alone()?;
        self.marks.truncate(marks);
        if sibling != NONE {
            self.cover = sibling;
        }
        Ok(e)
    }

    #[inline(always)]
    fn assign_alone(&mut self) -> Res<E> {
        self.check_depth()?;
        let start = self.tok.start;
        let start_kind = match self.tok.kind {
            T::Ident | T::LParen | T::LBrace | T::LBracket => self.assign_start()?,
            _ => Start::Plain,
        };
        match start_kind {
            Start::Yield => return self.yield_expression(),
            Start::Arrow { is_async } => return self.arrow_function(is_async),
            Start::Pattern => return self.pattern_assignment(),
            Start::Plain | Start::Marked => {}
        }
        let marks = self.marks.len();
        let result = self.conditional();
        if let Ok(e) = result
            && !self.tok.kind.is_assignment()
            && !self.is(T::Arrow)
        {
            return Ok(e);
        }
        self.marks.truncate(marks);
        self.assign_rest(result, start, matches!(start_kind, Start::Marked))
    }

    /// How an AssignmentExpression starts that may have a form of its own. Where that is not known yet, a mark is
    /// pushed, to which [`Self::assign_rest`] goes back: on a list, because parenthesis lies in parenthesis
    /// and native stack is short.
    #[inline(never)]
    fn assign_start(&mut self) -> Res<Start> {
        let known = self.known.get(u64::from(self.tok.start));
        match self.tok.kind {
            T::Ident => {
                let tok = self.tok;
                if tok.name == n::YIELD && self.func().flags.generator() {
                    if tok.escaped {
                        return self.err("keyword must not contain escapes");
                    }
                    return Ok(Start::Yield);
                }
                if self.is_word(n::ASYNC) {
                    let next = self.peek()?;
                    if next.kind == T::Ident && !next.newline {
                        let at = self.lexer.at;
                        self.lexer.at = next.end as usize;
                        let after = self.lexer.token(false);
                        self.lexer.at = at;
                        if self.lexed(after)?.kind == T::Arrow {
                            self.next()?;
                            return Ok(Start::Arrow { is_async: true });
                        }
                    }
                }
                let arrow = match self.lexer.arrow_follows() {
                    Some(arrow) => arrow,
                    None => self.peek()?.kind == T::Arrow,
                };
                if arrow {
                    return Ok(Start::Arrow { is_async: false });
                }
                if !self.is_word(n::ASYNC) {
                    return Ok(Start::Plain);
                }
                if known == Some(KNOWN_ARROW) {
                    self.next()?;
                    return Ok(Start::Arrow { is_async: true });
                }
            }
            T::LParen => {
                if known == Some(KNOWN_ARROW) || matches!(self.peek()?.kind, T::RParen | T::Ellipsis) {
                    return Ok(Start::Arrow { is_async: false });
                }
            }
            _ => {
                if known == Some(KNOWN_PATTERN) {
                    return Ok(Start::Pattern);
                }
            }
        }
        let mark = self.mark();
        self.marks.try_push(mark)?;
        Ok(Start::Marked)
    }

    /// What follows a conditional expression is `=` or `=>`, or it was none: its mark is the last, if it has one.
    #[inline(never)]
    fn assign_rest(&mut self, result: Res<E>, start: u32, marked: bool) -> Res<E> {
        let e = match result {
            Err(Fail::Retry) if self.retry_at == start && marked => {
                self.retry_at = NONE;
                E { kind: Kind::Value, paren: true, at: start }
            }
            other => other?,
        };
        if self.is(T::Assign) && e.kind == Kind::Literal && !e.paren && marked {
            self.rewind_to_mark();
            self.known.set(u64::from(start), KNOWN_PATTERN)?;
            return self.pattern_assignment();
        }
        if self.tok.kind.is_assignment() {
            return self.assignment(e);
        }
        // An arrow, or a parenthesis that must be one.
        let is_async = e.kind == Kind::AsyncCall;
        if e.at == start && marked && (is_async || e.paren) {
            self.rewind_to_mark();
            self.known.set(u64::from(start), KNOWN_ARROW)?;
            if is_async {
                self.next()?;
            }
            return self.arrow_function(is_async);
        }
        self.unexpected()
    }

    #[inline(never)]
    fn rewind_to_mark(&mut self) {
        if let Some(mark) = self.marks.pop() {
            self.rewind(&mark);
        }
    }

    /// `[a] = value`, `{a} = value`.
    fn pattern_assignment(&mut self) -> Res<E> {
        let at = self.tok.start;
        // The pattern is read first but runs last: its code waits.
        let start = self.ir.len();
        self.assignment_pattern()?;
        let size = self.take_code(start)?;
        if !self.is(T::Assign) {
            return self.unexpected();
        }
        self.next()?;
        self.assign()?;
        self.op(Op::Dup)?;
        self.give_code(size)?;
        self.anonymous = (NONE, 0);
        Ok(E::new(Kind::Closed, at))
    }

    fn assignment(&mut self, e: E) -> Res<E> {
        let operator = self.tok.kind;
        if matches!(e.kind, Kind::Closed | Kind::Chain) {
            return self.invalid_target(e.at);
        }
        let call_allowed = !matches!(operator, T::AndAndEq | T::OrOrEq | T::NullishEq);
        let target = self.as_target(e, call_allowed)?;
        let at = self.tok.start;
        self.next()?;
        match operator {
            T::Assign => {
                self.assign()?;
                if let Target::Ident { name, .. } = target
                    && !e.paren
                {
                    self.name_anonymous(name);
                }
            }
            T::AndAndEq | T::OrOrEq | T::NullishEq => return self.logical_assignment(e, target, operator),
            _ => {
                self.get_target(target)?;
                let left = self.ir.len() - 1;
                self.assign()?;
                let link = self.ir.len() - left;
                if let Some(op) = binary_op(operator) {
                    self.push(Inst { op: op as u16, x: 0, a: link as u32, b: 0, at })?;
                }
            }
        }
        self.put_target(target.stored_at(at), true)?;
        self.anonymous = (NONE, 0);
        Ok(E::new(Kind::Closed, e.at))
    }

    fn logical_assignment(&mut self, e: E, target: Target, operator: T) -> Res<E> {
        self.get_target(target)?;
        let (short, end) = (self.new_label(), self.new_label());
        let op = match operator {
            T::AndAndEq => Op::IfFalseOrPop,
            T::OrOrEq => Op::IfTrueOrPop,
            _ => Op::IfNotNullishOrPop,
        };
        self.jump(op, short)?;
        self.assign()?;
        if let Target::Ident { name, .. } = target
            && !e.paren
        {
            self.name_anonymous(name);
        }
        self.put_target(target, true)?;
        self.jump(Op::Jump, end)?;
        self.label(short)?;
        let under = match target {
            Target::Ident { reference, .. } => {
                // Drops the reference, if there is one, from under the value.
                self.push(Inst {
                    op: p::REF_PUT,
                    x: 3,
                    a: 0,
                    b: (self.ir.len() - reference) as u32,
                    at: self.prev_end,
                })?;
                0
            }
            Target::Field { .. } => 1,
            Target::Elem { .. } | Target::Private { .. } => 2,
            Target::Super { .. } => 3,
            Target::Call { .. } => 0,
        };
        for _ in 0..under {
            self.op(Op::Nip)?;
        }
        self.label(end)?;
        self.anonymous = (NONE, 0);
        Ok(E::new(Kind::Closed, e.at))
    }

    pub fn invalid_target<X>(&mut self, at: u32) -> Res<X> {
        self.err_at(at, format_args!("invalid assignment target"))
    }

    /// Turns the expression just emitted into a place: its last instruction goes.
    pub fn as_target(&mut self, e: E, call_allowed: bool) -> Res<Target> {
        let len = self.ir.len();
        let Some(&last) = self.ir.last() else { return self.invalid_target(e.at) };
        match e.kind {
            Kind::Ident => {
                let name = Name(last.a);
                if self.strict && super::lexer::is_eval_or_arguments(name) {
                    return self.err_name(e.at, "cannot assign to '", name, "' in strict code");
                }
                self.ir[len - 1].op = p::REF;
                Ok(Target::Ident { name, reference: len - 1, at: e.at })
            }
            Kind::Field => {
                self.ir.truncate(len - 1);
                Ok(Target::Field { name: last.a, at: last.at })
            }
            Kind::Elem => {
                self.ir.truncate(len - 1);
                Ok(Target::Elem { at: last.at })
            }
            Kind::Super => {
                self.ir.truncate(len - 1);
                Ok(Target::Super { at: last.at })
            }
            Kind::Private => {
                self.ir.truncate(len - 1);
                Ok(Target::Private { name: last.a, at: last.at })
            }
            Kind::Call | Kind::AsyncCall if !self.strict && call_allowed => {
                // The call happens, then this; what follows is not reached.
                self.op(Op::Drop)?;
                self.emit_x(Op::ThrowError, 0, n::EMPTY.0, e.at)?;
                Ok(Target::Call { at: e.at })
            }
            _ => self.invalid_target(e.at),
        }
    }

    /// Values a target has on the stack, without a reference of an identifier.
    pub fn target_depth(target: &Target) -> u32 {
        match target {
            Target::Ident { .. } | Target::Call { .. } => 0,
            Target::Field { .. } => 1,
            Target::Elem { .. } | Target::Private { .. } => 2,
            Target::Super { .. } => 3,
        }
    }

    /// Pushes the target's value, keeping what a store needs.
    pub fn get_target(&mut self, target: Target) -> Res {
        match target {
            Target::Ident { name, reference, at } => {
                let back = (self.ir.len() - reference) as u32;
                self.pseudo(p::REF_GET, name.0, back, at)
            }
            Target::Field { name, at } => self.emit(Op::GetField2, name, at),
            Target::Elem { at } => {
                self.emit(Op::ToKey2, 0, at)?;
                self.op(Op::Dup2)?;
                self.emit(Op::GetElem, 0, at)
            }
            Target::Super { at } => {
                self.op(Op::Dup3)?;
                self.emit(Op::GetSuper, 0, at)
            }
            Target::Private { name, at } => {
                self.op(Op::Dup2)?;
                self.emit(Op::GetPrivate, name, at)
            }
            Target::Call { at } => {
                self.emit_x(Op::ThrowError, 0, n::EMPTY.0, at)?;
                // Not reached; for the depth.
                self.op(Op::PushUndefined)
            }
        }
    }

    /// Stores the top of the stack; `keep` leaves it.
    pub fn put_target(&mut self, target: Target, keep: bool) -> Res {
        match target {
            Target::Ident { name, reference, at } => {
                let back = (self.ir.len() - reference) as u32;
                self.push(Inst { op: p::REF_PUT, x: u16::from(keep), a: name.0, b: back, at })
            }
            Target::Field { name, at } => {
                if keep {
                    self.op(Op::DupX1)?;
                }
                self.emit(Op::PutField, name, at)
            }
            Target::Elem { at } => {
                if keep {
                    self.op(Op::DupX2)?;
                }
                self.emit(Op::PutElem, 0, at)
            }
            Target::Super { at } => {
                if keep {
                    self.op(Op::DupX3)?;
                }
                self.emit(Op::PutSuper, 0, at)
            }
            Target::Private { name, at } => {
                if keep {
                    self.op(Op::DupX2)?;
                }
                self.emit(Op::PutPrivate, name, at)
            }
            Target::Call { at } => {
                self.emit_x(Op::ThrowError, 0, n::EMPTY.0, at)?;
                if !keep {
                    self.op(Op::Drop)?;
                }
                Ok(())
            }
        }
    }

    // The ways down to a primary expression are short functions, each with its rare rest in one of its own:
    // they are on the stack once for each level of nesting.

    #[inline(always)]
    fn conditional(&mut self) -> Res<E> {
        let e = self.binary(0)?;
        if !self.is(T::Question) || e.kind == Kind::Closed {
            return Ok(e);
        }
        self.conditional_rest(e)
    }

    #[inline(never)]
    fn conditional_rest(&mut self, e: E) -> Res<E> {
        self.next()?;
        let (otherwise, end) = (self.new_label(), self.new_label());
        self.jump(Op::IfFalse, otherwise)?;
        self.assign_in()?;
        self.jump(Op::Jump, end)?;
        self.label(otherwise)?;
        self.expect(T::Colon)?;
        self.assign()?;
        self.label(end)?;
        Ok(E::new(Kind::Value, e.at))
    }

    #[inline(always)]
    fn binary(&mut self, min: u8) -> Res<E> {
        let at = self.tok.start;
        let e = if self.is(T::Private) { self.private_in(min)? } else { self.unary()? };
        if precedence(self.tok.kind) <= min || e.kind == Kind::Closed {
            return Ok(e);
        }
        self.binary_rest(e, at, min)
    }

    #[inline(never)]
    fn binary_rest(&mut self, mut e: E, at: u32, min: u8) -> Res<E> {
        loop {
            let kind = self.tok.kind;
            let level = precedence(kind);
            if level <= min || e.kind == Kind::Closed || (kind == T::In && !self.allow_in) {
                return Ok(e);
            }
            let operator_at = self.tok.start;
            match kind {
                T::Pow => {
                    if e.kind == Kind::Unary && !e.paren {
                        return self.err("the base of '**' is a unary expression; use parentheses");
                    }
                    self.next()?;
                    self.check_depth()?;
                    self.binary(level - 1)?;
                    self.emit(Op::Exp, 0, operator_at)?;
                    e = E::new(Kind::Value, at);
                }
                T::AndAnd | T::OrOr | T::Nullish => {
                    let mixes = if kind == T::Nullish { Kind::Logical } else { Kind::Coalesce };
                    if e.kind == mixes && !e.paren {
                        return self.err("'??' cannot be mixed with '&&' or '||' without parentheses");
                    }
                    self.next()?;
                    let end = self.new_label();
                    let op = match kind {
                        T::AndAnd => Op::IfFalseOrPop,
                        T::OrOr => Op::IfTrueOrPop,
                        _ => Op::IfNotNullishOrPop,
                    };
                    self.jump(op, end)?;
                    let right = self.binary(level)?;
                    if right.kind == mixes && !right.paren {
                        return self.err_at(
                            right.at,
                            format_args!("'??' cannot be mixed with '&&' or '||' without parentheses"),
                        );
                    }
                    self.label(end)?;
                    e = E::new(if kind == T::Nullish { Kind::Coalesce } else { Kind::Logical }, at);
                }
                _ => {
                    let left = self.ir.len();
                    self.next()?;
                    self.binary(level)?;
                    if let Some(op) = binary_op(kind) {
                        let link = self.ir.len() + 1 - left;
                        self.push(Inst { op: op as u16, x: 0, a: link as u32, b: 0, at: operator_at })?;
                    }
                    e = E::new(Kind::Value, at);
                }
            }
        }
    }

    /// `#name in value`.
    #[inline(never)]
    fn private_in(&mut self, min: u8) -> Res<E> {
        let tok = self.tok;
        self.next()?;
        if !self.is(T::In) || !self.allow_in || min >= precedence(T::In) {
            return self.err_at(tok.start, format_args!("unexpected private name"));
        }
        let at = self.tok.start;
        self.next()?;
        self.binary(precedence(T::In))?;
        self.private_name(tok.name, tok.start)?;
        self.emit(Op::HasPrivate, 0, at)?;
        Ok(E::new(Kind::Value, tok.start))
    }

    #[inline(always)]
    fn unary(&mut self) -> Res<E> {
        let operator = match self.tok.kind {
            T::Plus | T::Minus | T::Not | T::Tilde | T::Typeof | T::Void | T::Delete | T::Inc | T::Dec => {
                true
            }
            T::Ident => self.tok.name == n::AWAIT && self.await_is_operator(),
            _ => false,
        };
        if operator { self.unary_operator() } else { self.postfix() }
    }

    #[inline(never)]
    fn unary_operator(&mut self) -> Res<E> {
        let at = self.tok.start;
        let op = match self.tok.kind {
            T::Plus => Op::Plus,
            T::Minus => Op::Neg,
            T::Not => Op::Not,
            T::Tilde => Op::BitNot,
            T::Typeof => {
                self.next()?;
                self.check_depth()?;
                let e = self.unary()?;
                if e.kind == Kind::Ident
                    && let Some(last) = self.ir.last_mut()
                {
                    last.op = p::GET_TYPEOF;
                }
                self.op(Op::Typeof)?;
                return Ok(E::new(Kind::Unary, at));
            }
            T::Void => {
                self.next()?;
                self.check_depth()?;
                self.unary()?;
                self.drop_value()?;
                self.op(Op::PushUndefined)?;
                return Ok(E::new(Kind::Unary, at));
            }
            T::Delete => {
                self.next()?;
                self.check_depth()?;
                let e = self.unary()?;
                self.delete(e, at)?;
                return Ok(E::new(Kind::Unary, at));
            }
            T::Inc | T::Dec => {
                let op = if self.is(T::Inc) { Op::Inc } else { Op::Dec };
                self.next()?;
                self.check_depth()?;
                let e = self.unary()?;
                let target = self.as_target(e, true)?;
                self.get_target(target)?;
                self.emit(op, 0, at)?;
                self.put_target(target, true)?;
                return Ok(E::new(Kind::Value, at));
            }
            _ => {
                if self.tok.escaped {
                    return self.err("keyword must not contain escapes");
                }
                if self.in_params {
                    return self.err("await is not allowed in parameters");
                }
                self.next()?;
                self.check_depth()?;
                self.unary()?;
                self.emit_await(at)?;
                return Ok(E::new(Kind::Unary, at));
            }
        };
        self.next()?;
        self.check_depth()?;
        let start = self.ir.len();
        self.unary()?;
        if op == Op::Neg
            && self.ir.len() == start + 1
            && let Some(last) = self.ir.last_mut()
            && last.op == p::NUMBER
        {
            let value = -f64::from_bits(u64::from(last.b) << 32 | u64::from(last.a));
            (last.a, last.b) = (value.to_bits() as u32, (value.to_bits() >> 32) as u32);
        } else {
            self.emit(op, 0, at)?;
        }
        Ok(E::new(Kind::Unary, at))
    }

    pub fn await_is_operator(&self) -> bool {
        let func = self.func();
        func.flags.async_() || func.kind == FnKind::Module
    }

    pub fn emit_await(&mut self, at: u32) -> Res {
        if self.func().kind == FnKind::Module {
            self.func_mut().has_tla = true;
        }
        self.emit(Op::Await, 0, at)
    }

    fn delete(&mut self, e: E, at: u32) -> Res {
        let Some(last) = self.ir.last().copied() else { return self.invalid_target(at) };
        let len = self.ir.len();
        match e.kind {
            Kind::Ident => {
                if self.strict {
                    return self.err_at(at, format_args!("a variable cannot be deleted in strict code"));
                }
                self.ir[len - 1].op = p::DELETE;
                Ok(())
            }
            Kind::Field => {
                self.ir.truncate(len - 1);
                self.emit(Op::DeleteField, last.a, at)
            }
            Kind::Elem => {
                self.ir.truncate(len - 1);
                self.emit(Op::DeleteElem, 0, at)
            }
            Kind::Super => {
                self.ir.truncate(len - 1);
                for _ in 0..3 {
                    self.op(Op::Drop)?;
                }
                self.emit_x(Op::ThrowError, 1, n::EMPTY.0, at)?;
                self.op(Op::PushUndefined)
            }
            Kind::Private => self.err_at(at, format_args!("private names cannot be deleted")),
            Kind::Chain => {
                let read = self.ir[len - 2];
                self.ir.truncate(len - 2);
                match read.opcode() {
                    Some(Op::GetField | Op::GetLength) => self.emit(Op::DeleteField, read.a, at)?,
                    Some(Op::GetElem) => self.emit(Op::DeleteElem, 0, at)?,
                    Some(Op::GetPrivate) => {
                        return self.err_at(at, format_args!("private names cannot be deleted"));
                    }
                    _ => {
                        self.push(read)?;
                        self.push(last)?;
                        self.drop_value()?;
                        return self.op(Op::PushTrue);
                    }
                }
                let end = self.new_label();
                self.jump(Op::Jump, end)?;
                self.push(last)?;
                self.op(Op::Drop)?;
                self.op(Op::PushTrue)?;
                self.label(end)
            }
            _ => {
                self.op(Op::Drop)?;
                self.op(Op::PushTrue)
            }
        }
    }

    #[inline(always)]
    fn postfix(&mut self) -> Res<E> {
        let e = self.left_hand_side()?;
        if !matches!(self.tok.kind, T::Inc | T::Dec) || self.tok.newline || e.kind == Kind::Closed {
            return Ok(e);
        }
        self.postfix_operator(e)
    }

    #[inline(never)]
    fn postfix_operator(&mut self, e: E) -> Res<E> {
        let at = self.tok.start;
        let op = if self.is(T::Inc) { Op::Inc } else { Op::Dec };
        let target = self.as_target(e, true)?;
        self.next()?;
        self.get_target(target)?;
        self.emit(Op::ToNumeric, 0, at)?;
        let dup = match target {
            Target::Ident { .. } => {
                // The copy goes under the reference, if there is one: see the resolution of REF_PUT.
                Op::Dup
            }
            Target::Field { .. } => Op::DupX1,
            Target::Elem { .. } | Target::Private { .. } => Op::DupX2,
            Target::Super { .. } => Op::DupX3,
            Target::Call { .. } => Op::Dup,
        };
        self.op(dup)?;
        self.emit(op, 0, at)?;
        self.put_target(target, false)?;
        if let Some(last) = self.ir.last_mut() {
            // Marks the form for `drop_value`, and for the resolution.
            if last.op == p::REF_PUT {
                last.x = 2;
            } else {
                last.x = 1;
            }
        }
        Ok(E::new(Kind::Value, e.at))
    }

    fn yield_expression(&mut self) -> Res<E> {
        let at = self.tok.start;
        if self.in_params {
            return self.err("yield is not allowed in parameters");
        }
        self.next()?;
        let is_async = self.func().flags.async_();
        if self.is(T::Star) && !self.tok.newline {
            self.next()?;
            self.assign()?;
            self.yield_star(at, is_async)?;
            return Ok(E::new(Kind::Closed, at));
        }
        let bare = self.tok.newline
            || matches!(
                self.tok.kind,
                T::Eof | T::Semicolon | T::RBrace | T::RParen | T::RBracket | T::Comma | T::Colon | T::In
            )
            || self.is_word(n::OF);
        if bare {
            self.op(Op::PushUndefined)?;
        } else {
            self.assign()?;
        }
        if is_async {
            self.emit(Op::Await, 0, at)?;
        }
        let resumed = self.new_label();
        self.jump_at(Op::Yield, resumed, at)?;
        self.return_value(true)?;
        self.label(resumed)?;
        self.anonymous = (NONE, 0);
        Ok(E::new(Kind::Closed, at))
    }

    fn yield_star(&mut self, at: u32, is_async: bool) -> Res {
        let (again, done, value) = (self.new_label(), self.new_label(), self.new_label());
        self.emit(if is_async { Op::IterOpenAsync } else { Op::IterOpen }, 0, at)?;
        self.op(Op::PushUndefined)?;
        self.number(0.0, at)?;
        self.label(again)?;
        self.emit(Op::DelegateStep, 0, at)?;
        if is_async {
            self.emit(Op::Await, 0, at)?;
        }
        self.jump_at(Op::DelegateCheck, done, at)?;
        self.emit(Op::YieldDelegate, 0, at)?;
        self.jump_at(Op::Loop, again, at)?;
        self.label(done)?;
        self.jump_at(Op::DelegateFinish, value, at)?;
        self.return_value(true)?;
        self.label(value)?;
        self.anonymous = (NONE, 0);
        Ok(())
    }
}
