//! The proof of a fusion: two straight pieces of code are run on symbols, and must leave the same.
//!
//! A fused instruction is taken apart into the plain ones that it stands for; these move symbols about on
//! a stack without a bottom. What may throw, or can be seen from outside, is noted in order with the
//! symbols it was given. Two pieces are the same if stack, locals, what was noted, and the jump at the end
//! are. Builds with debug assertions hold every fusion against the code before it ([`same`]).

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::fuse::{TYPES, effect, has_jump};
use super::ir::{Inst, p};
use crate::base::hash_word;
use crate::code::opcodes::{ENDS, Op, Operand, THROWS};

/// Instructions before a new one that a fusion may change: what it looks back at, and some more.
pub(crate) const WINDOW: usize = 64;

/// Instructions before the first difference that are run as well.
const PREFIX: usize = 8;

/// What a value or an event is: a hash of all that went into it.
type Symbol = u64;

fn mix(symbol: Symbol, more: u64) -> Symbol {
    hash_word(symbol ^ more.rotate_left(29), 0x9E37_79B9_7F4A_7C15 ^ more)
}

struct Run<'m> {
    stack: Vec<'m, Symbol>,
    /// Values from below the start of the piece that were looked at.
    under: u64,
    locals: Vec<'m, (u32, Symbol)>,
    events: Vec<'m, Symbol>,
    /// Negated values, with what they negate.
    negated: Vec<'m, (Symbol, Symbol)>,
    /// Values that are names of types.
    typeofs: Vec<'m, Symbol>,
}

type Done = Result<(), OutOfMemory>;

impl<'m> Run<'m> {
    fn new(memory: Memory<'m>) -> Self {
        Run {
            stack: Vec::new(memory),
            under: 0,
            locals: Vec::new(memory),
            events: Vec::new(memory),
            negated: Vec::new(memory),
            typeofs: Vec::new(memory),
        }
    }

    /// Makes the stack so deep, with symbols for what lay there at the start.
    fn deepen(&mut self, depth: usize) -> Done {
        while self.stack.len() < depth {
            self.under += 1;
            self.stack.try_push(0)?;
            self.stack.rotate_right(1);
            self.stack[0] = mix(1, self.under);
        }
        Ok(())
    }

    fn peek(&mut self, depth: usize) -> Result<Symbol, OutOfMemory> {
        self.deepen(depth + 1)?;
        Ok(self.stack[self.stack.len() - 1 - depth])
    }

    fn pop(&mut self) -> Result<Symbol, OutOfMemory> {
        self.deepen(1)?;
        Ok(self.stack.pop().unwrap_or(0))
    }

    fn push(&mut self, symbol: Symbol) -> Done {
        self.stack.try_push(symbol)
    }

    fn local(&self, local: u32) -> Symbol {
        let known = self.locals.iter().find(|entry| entry.0 == local);
        known.map_or_else(|| mix(2, u64::from(local)), |entry| entry.1)
    }

    fn set_local(&mut self, local: u32, symbol: Symbol) -> Done {
        self.locals.retain(|entry| entry.0 != local);
        if symbol != mix(2, u64::from(local)) {
            self.locals.try_push((local, symbol))?;
            self.locals.sort_unstable();
        }
        Ok(())
    }

    fn event(&mut self, symbol: Symbol) -> Done {
        self.events.try_push(symbol)
    }

    /// Pushes the top `n` values once more, under `under` others.
    fn copy(&mut self, n: usize, under: usize) -> Done {
        self.deepen(n + under)?;
        let at = self.stack.len() - n - under;
        for _ in 0..n {
            let symbol = self.stack[self.stack.len() - n];
            self.push(symbol)?;
        }
        self.stack[at..].rotate_right(n);
        Ok(())
    }

    fn rotate(&mut self, n: usize, right: usize) -> Done {
        self.deepen(n)?;
        let at = self.stack.len() - n;
        self.stack[at..].rotate_right(right);
        Ok(())
    }

    fn negate(&mut self, symbol: Symbol) -> Result<Symbol, OutOfMemory> {
        let not = mix(3, symbol);
        self.negated.try_push((not, symbol))?;
        Ok(not)
    }

    /// A branch on the top of the stack, taken if it is true, or if it is false.
    fn branch(&mut self, back: bool, when: bool, label: u32) -> Done {
        let mut value = self.pop()?;
        let mut when = when;
        while let Some(known) = self.negated.iter().find(|entry| entry.0 == value) {
            (value, when) = (known.1, !when);
        }
        let kind = mix(4, u64::from(back) << 1 | u64::from(when));
        self.event(mix(mix(kind, value), u64::from(label)))
    }

    fn equality(&mut self, op: Op) -> Done {
        let (b, a) = (self.pop()?, self.pop()?);
        let negative = matches!(op, Op::Ne | Op::StrictNe);
        // The name of a type is a string: both forms of equality are one for it and another string.
        let names = self.typeofs.contains(&a) && self.typeofs.contains(&b);
        let strict = matches!(op, Op::StrictEq | Op::StrictNe) || names;
        let mut equal = mix(mix(if strict { 5 } else { 6 }, a), b);
        if !strict {
            equal = mix(equal, self.events.len() as u64);
            self.event(equal)?;
        }
        if negative {
            equal = self.negate(equal)?;
        }
        self.push(equal)
    }

    fn all(&mut self, parts: &[Inst]) -> Done {
        parts.iter().try_for_each(|part| self.step(part))
    }

    /// Runs one instruction. Fused ones are told by what they stand for.
    #[expect(clippy::too_many_lines, reason = "one arm per instruction, each a line")]
    fn step(&mut self, inst: &Inst) -> Done {
        let (x, a) = (u32::from(inst.x), inst.a);
        let one = |op: Op, a: u32| Inst { op: op as u16, x: 0, a, b: inst.b, at: inst.at };
        let get = |local: u32| one(Op::GetLocal, local);
        let int = |value: u32| one(Op::PushI32, value);
        let Some(op) = inst.opcode() else { return self.pseudo(inst) };
        match op {
            // Stack and locals.
            Op::Drop => self.pop().map(drop),
            Op::Nip => {
                self.rotate(2, 1)?;
                self.pop().map(drop)
            }
            Op::Dup => self.copy(1, 0),
            Op::Dup2 => self.copy(2, 0),
            Op::Dup3 => self.copy(3, 0),
            Op::DupX1 => self.copy(1, 1),
            Op::DupX2 => self.copy(1, 2),
            Op::DupX3 => self.copy(1, 3),
            Op::Swap => self.rotate(2, 1),
            Op::RotRight3 => self.rotate(3, 1),
            Op::RotLeft3 => self.rotate(3, 2),
            Op::Pick => {
                let symbol = self.peek(a as usize)?;
                self.push(symbol)
            }
            Op::GetLocal | Op::GetLocal8 => self.push(self.local(a)),
            Op::PutLocal | Op::PutLocal8 => {
                let symbol = self.pop()?;
                self.set_local(a, symbol)
            }
            Op::SetLocal | Op::SetLocal8 => {
                let symbol = self.peek(0)?;
                self.set_local(a, symbol)
            }
            Op::GetLocalCheck => {
                let symbol = self.local(a);
                self.event(mix(mix(7, u64::from(a)), symbol))?;
                self.push(symbol)
            }
            Op::PutLocalCheck => {
                self.event(mix(mix(8, u64::from(a)), self.local(a)))?;
                let symbol = self.pop()?;
                self.set_local(a, symbol)
            }
            Op::UninitLocal => self.set_local(a, 9),
            Op::BoxLocal | Op::BoxUninit | Op::Rebox => {
                let symbol = mix(mix(op as u64, self.local(a)), self.events.len() as u64);
                self.event(symbol)?;
                self.set_local(a, symbol)
            }
            // Values with rules of their own.
            Op::Not => {
                let symbol = self.pop()?;
                let not = self.negate(symbol)?;
                self.push(not)
            }
            Op::Eq | Op::Ne | Op::StrictEq | Op::StrictNe => self.equality(op),
            Op::Typeof => {
                let symbol = mix(10, self.pop()?);
                self.typeofs.try_push(symbol)?;
                self.push(symbol)
            }
            Op::IfTrue | Op::IfFalse => self.branch(false, op == Op::IfTrue, inst.b),
            Op::LoopIfTrue => self.branch(true, true, inst.b),
            // Fused ones.
            Op::GetLocals => self.all(&[get(x), get(a)]),
            Op::IncLocal => self.all(&[get(a), one(Op::Inc, 0), one(Op::PutLocal, a)]),
            Op::DecLocal => self.all(&[get(a), one(Op::Dec, 0), one(Op::PutLocal, a)]),
            Op::AddPutLocal => self.all(&[one(Op::Add, 0), one(Op::PutLocal, a)]),
            Op::AppendLocal => self.all(&[get(a), one(Op::Swap, 0), one(Op::Add, 0), one(Op::PutLocal, a)]),
            Op::ThisGetField => self.all(&[one(Op::PushThis, 0), one(Op::GetField, a)]),
            Op::ThisPutField => self.all(&[one(Op::PushThis, 0), one(Op::Swap, 0), one(Op::PutField, a)]),
            Op::LocalGetField => self.all(&[get(x), one(Op::GetField, a)]),
            Op::LocalGetField2 => self.all(&[get(x), one(Op::GetField2, a)]),
            Op::LocalGetLength => self.all(&[get(x), one(Op::GetLength, a)]),
            Op::CaptureGetField => self.all(&[one(Op::GetCapture, x), one(Op::GetField, a)]),
            Op::GetElemLocals => self.all(&[get(x), get(a), one(Op::GetElem, 0)]),
            Op::GetElemLocal => self.all(&[get(a), one(Op::GetElem, 0)]),
            Op::AddLocals => self.all(&[get(x), get(a), one(Op::Add, 0)]),
            Op::SubLocals => self.all(&[get(x), get(a), one(Op::Sub, 0)]),
            Op::MulLocals => self.all(&[get(x), get(a), one(Op::Mul, 0)]),
            Op::AddLocal => self.all(&[get(a), one(Op::Add, 0)]),
            Op::MulLocal => self.all(&[get(a), one(Op::Mul, 0)]),
            Op::AddLocalInt => self.all(&[get(x), int(a), one(Op::Add, 0)]),
            Op::SubLocalInt => self.all(&[get(x), int(a), one(Op::Sub, 0)]),
            Op::AddInt => self.all(&[int(a), one(Op::Add, 0)]),
            Op::SubInt => self.all(&[int(a), one(Op::Sub, 0)]),
            Op::ModInt => self.all(&[int(a), one(Op::Mod, 0)]),
            Op::AndInt => self.all(&[int(a), one(Op::BitAnd, 0)]),
            Op::ShlInt => self.all(&[int(a), one(Op::Shl, 0)]),
            Op::SarInt => self.all(&[int(a), one(Op::Sar, 0)]),
            Op::ShrInt => self.all(&[int(a), one(Op::Shr, 0)]),
            Op::ToInt32 => self.all(&[int(0), one(Op::BitOr, 0)]),
            Op::TypeofIs => {
                let name = TYPES.get(a as usize).map_or(0, |name| name.0);
                let string = Inst { op: p::STRING, x: 0, a: name, b: 0, at: inst.at };
                self.all(&[one(Op::Typeof, 0), string, one(Op::StrictEq, 0)])
            }
            Op::ReturnUndefined => self.all(&[one(Op::PushUndefined, 0), one(Op::Return, 0)]),
            Op::IfTrueLocal => self.all(&[get(a), one(Op::IfTrue, 0)]),
            Op::IfFalseLocal => self.all(&[get(a), one(Op::IfFalse, 0)]),
            Op::IfNotLt => self.all(&[one(Op::Lt, 0), one(Op::IfFalse, 0)]),
            Op::IfNotLe => self.all(&[one(Op::Le, 0), one(Op::IfFalse, 0)]),
            Op::IfNotGt => self.all(&[one(Op::Gt, 0), one(Op::IfFalse, 0)]),
            Op::IfNotGe => self.all(&[one(Op::Ge, 0), one(Op::IfFalse, 0)]),
            Op::IfNotLtLocals => self.all(&[get(x), get(a), one(Op::IfNotLt, 0)]),
            Op::IfNotLeLocals => self.all(&[get(x), get(a), one(Op::IfNotLe, 0)]),
            Op::IfNotGtLocals => self.all(&[get(x), get(a), one(Op::IfNotGt, 0)]),
            Op::IfNotGeLocals => self.all(&[get(x), get(a), one(Op::IfNotGe, 0)]),
            Op::IfNotLtInt => self.all(&[get(x), int(a), one(Op::IfNotLt, 0)]),
            Op::IfNotLeInt => self.all(&[get(x), int(a), one(Op::IfNotLe, 0)]),
            Op::IfNotGtInt => self.all(&[get(x), int(a), one(Op::IfNotGt, 0)]),
            Op::IfNotGeInt => self.all(&[get(x), int(a), one(Op::IfNotGe, 0)]),
            Op::IfEq => self.all(&[one(Op::Eq, 0), one(Op::IfTrue, 0)]),
            Op::IfNotEq => self.all(&[one(Op::Eq, 0), one(Op::IfFalse, 0)]),
            Op::IfStrictEq => self.all(&[one(Op::StrictEq, 0), one(Op::IfTrue, 0)]),
            Op::IfNotStrictEq => self.all(&[one(Op::StrictEq, 0), one(Op::IfFalse, 0)]),
            Op::IfStrictEqInt => self.all(&[int(a), one(Op::StrictEq, 0), one(Op::IfTrue, 0)]),
            Op::IfNotStrictEqInt => self.all(&[int(a), one(Op::StrictEq, 0), one(Op::IfFalse, 0)]),
            Op::LoopLt => self.all(&[one(Op::Lt, 0), one(Op::LoopIfTrue, 0)]),
            Op::LoopLe => self.all(&[one(Op::Le, 0), one(Op::LoopIfTrue, 0)]),
            Op::LoopGt => self.all(&[one(Op::Gt, 0), one(Op::LoopIfTrue, 0)]),
            Op::LoopGe => self.all(&[one(Op::Ge, 0), one(Op::LoopIfTrue, 0)]),
            Op::LoopLtLocals => self.all(&[get(x), get(a), one(Op::LoopLt, 0)]),
            Op::LoopLtInt => self.all(&[get(x), int(a), one(Op::LoopLt, 0)]),
            Op::IncLoopLtLocals => self.all(&[one(Op::IncLocal, x), get(x), get(a), one(Op::LoopLt, 0)]),
            Op::IncLoopLeLocals => self.all(&[one(Op::IncLocal, x), get(x), get(a), one(Op::LoopLe, 0)]),
            Op::IncLoopLtInt => self.all(&[one(Op::IncLocal, x), get(x), int(a), one(Op::LoopLt, 0)]),
            Op::IncLoopLeInt => self.all(&[one(Op::IncLocal, x), get(x), int(a), one(Op::LoopLe, 0)]),
            Op::DecLoopGtInt => self.all(&[one(Op::DecLocal, x), get(x), int(a), one(Op::LoopGt, 0)]),
            Op::DecLoopGeInt => self.all(&[one(Op::DecLocal, x), get(x), int(a), one(Op::LoopGe, 0)]),
            _ => self.other(op, inst),
        }
    }

    /// An instruction that is the same before and after: what it takes, and that it happened.
    fn other(&mut self, op: Op, inst: &Inst) -> Done {
        let info = op.info();
        let mut symbol = mix(11, op as u64);
        let values = info.operands.len() - usize::from(has_jump(op));
        if values > 0 {
            // Without an operand the field may hold a note of the parser's.
            symbol = mix(symbol, u64::from(inst.a));
        }
        if values > 1 {
            symbol = mix(symbol, u64::from(inst.x));
        }
        if has_jump(op) {
            symbol = mix(symbol, u64::from(inst.b));
        }
        if info.operands.contains(&Operand::Depth) {
            for i in 0..op.reach() {
                symbol = mix(symbol, self.peek(inst.a as usize + i)?);
            }
        }
        // A literal's values stay below all that is looked at: nothing reaches over a literal.
        let (pops, pushes) = effect(op, inst).unwrap_or((0, 1));
        for _ in 0..pops {
            symbol = mix(symbol, self.pop()?);
        }
        let reads = matches!(op, Op::GetBoxed | Op::GetCapture | Op::GetCapture8);
        let writes = matches!(op, Op::PutBoxed | Op::PutCapture);
        if matches!(op, Op::GetBoxed | Op::PutBoxed | Op::GetBoxedCheck | Op::PutBoxedCheck) {
            symbol = mix(symbol, self.local(inst.a));
        }
        let seen = info.flags & (THROWS | ENDS) != 0 || writes || has_jump(op);
        if seen || reads {
            symbol = mix(symbol, self.events.len() as u64);
        }
        if seen {
            self.event(symbol)?;
        }
        (0..pushes).try_for_each(|i| self.push(mix(symbol, i as u64)))
    }

    fn pseudo(&mut self, inst: &Inst) -> Done {
        let symbol = mix(mix(mix(12, u64::from(inst.op)), u64::from(inst.a)), u64::from(inst.b));
        match inst.op {
            p::STRING => {
                self.typeofs.try_push(symbol)?;
                self.push(symbol)
            }
            p::NUMBER => self.push(symbol),
            _ => self.event(symbol),
        }
    }
}

fn equal(a: &Inst, b: &Inst) -> bool {
    (a.op, a.x, a.a, a.b) == (b.op, b.x, b.a, b.b)
}

/// Whether two straight pieces of code do the same.
pub(crate) fn same(before: &[Inst], after: &[Inst], memory: Memory<'_>) -> Result<bool, OutOfMemory> {
    let common = before.iter().zip(after).take_while(|(a, b)| equal(a, b)).count();
    if common == before.len() && common == after.len() {
        return Ok(true);
    }
    // The end of what both begin with is run too: it says which values are one. But not across a label and
    // the like.
    let barrier = |inst: &Inst| inst.opcode().map_or(!matches!(inst.op, p::STRING | p::NUMBER), has_jump);
    let near = common.saturating_sub(PREFIX);
    let start = before[near..common].iter().rposition(barrier).map_or(near, |at| near + at + 1);
    let (before, after) = (&before[start..], &after[start..]);
    let (mut one, mut two) = (Run::new(memory), Run::new(memory));
    one.all(before)?;
    two.all(after)?;
    let depth = |run: &Run<'_>| run.stack.len() as i64 - run.under as i64;
    if depth(&one) != depth(&two) {
        return Ok(false);
    }
    let deepest = one.stack.len().max(two.stack.len());
    one.deepen(deepest)?;
    two.deepen(deepest)?;
    Ok(one.stack[..] == two.stack[..] && one.locals[..] == two.locals[..] && one.events[..] == two.events[..])
}
