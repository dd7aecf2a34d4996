//! The verifier's part about variables: what the slots of a frame and the captures of a closure hold at
//! each instruction.
//!
//! Three things must not happen, whatever way control takes: a slot used as a box that may hold a plain
//! value, a slot used plainly that may hold a box, and the uninitialized marker pushed where a script can
//! get at it. What a closure or a direct eval captures is followed into it, as functions come after the
//! one that makes them. A closure cannot be called before something is executed that can call: functions of
//! one scope, which are made one after the other, may know each other.
//!
//! The marker may be read raw where the very next instruction is there to look for it.

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::disassemble::read_operand;
use super::function::{ArgumentsKind, CaptureSource, FunctionTemplate, Handler, Unit};
use super::opcodes::{ENDS, Op, Operand};
use super::verify::{Fault, What};

/// A plain value is possible.
const PLAIN: u8 = 1;
/// A box is possible.
const BOX: u8 = 2;
/// The marker is possible, plain or in the box.
const UNINIT: u8 = 4;

/// The most bytes of states that a check may keep; functions that would need more are not checked.
const MOST_STATES: usize = 16 << 20;

const NO_ROW: u32 = u32::MAX;

/// Checks the variables of all functions of a unit, which [`verify`](super::verify::verify) has passed.
/// The function at fault comes with the fault.
pub fn verify_slots(unit: &Unit<'_>, memory: Memory<'_>) -> Result<(), (usize, Fault)> {
    let no_memory = |error: OutOfMemory| (0, Fault::from(error));
    // What each function's captures hold when its closure is made.
    let mut first: Vec<'_, usize> = Vec::new(memory);
    let mut captures: Vec<'_, u8> = Vec::new(memory);
    for template in unit.functions.iter() {
        first.try_push(captures.len()).map_err(no_memory)?;
        for capture in template.captures.iter() {
            let state = match capture.source {
                CaptureSource::Module { uninitialized: true } | CaptureSource::Import(_) => BOX | UNINIT,
                _ => BOX,
            };
            captures.try_push(state).map_err(no_memory)?;
        }
    }
    for (index, template) in unit.functions.iter().enumerate() {
        let own = first[index]..first[index] + template.captures.len();
        let mut check = Check {
            unit,
            template,
            first: &first,
            captures: &mut captures,
            rows: Vec::new(memory),
            states: Vec::new(memory),
            seen: Vec::new(memory),
            work: Vec::new(memory),
            made: Vec::new(memory),
            width: usize::from(template.local_count) + template.captures.len(),
        };
        check.run(own).map_err(|fault| (index, fault))?;
    }
    Ok(())
}

struct Check<'u, 'm> {
    unit: &'u Unit<'u>,
    template: &'u FunctionTemplate<'u>,
    /// Where the captures of each function begin in `captures`.
    first: &'u [usize],
    captures: &'u mut Vec<'m, u8>,
    /// By code offset: the row of states at the beginning of a block, or none.
    rows: Vec<'m, u32>,
    states: Vec<'m, u8>,
    /// By row: whether control has come there.
    seen: Vec<'m, bool>,
    work: Vec<'m, usize>,
    /// Functions whose closures were just made.
    made: Vec<'m, usize>,
    /// The locals, then the captures.
    width: usize,
}

impl<'u> Check<'u, '_> {
    fn run(&mut self, own: core::ops::Range<usize>) -> Result<(), Fault> {
        let count = self.blocks()?;
        if count.saturating_mul(self.width) > MOST_STATES {
            return Ok(());
        }
        self.states.try_resize(count * self.width, 0)?;
        self.seen.try_resize(count, false)?;
        let locals = usize::from(self.template.local_count);
        let mut state: Vec<'_, u8> = Vec::new(self.states.memory());
        state.try_resize(locals, PLAIN)?;
        if matches!(self.template.arguments, Some((_, ArgumentsKind::Mapped))) {
            state[..usize::from(self.template.arg_count)].fill(BOX);
        }
        for i in own {
            state.try_push(self.captures[i])?;
        }
        self.merge(0, &state)?;
        while let Some(pc) = self.work.pop() {
            let row = self.rows[pc] as usize * self.width;
            state.copy_from_slice(&self.states[row..row + self.width]);
            self.block(pc, &mut state)?;
        }
        Ok(())
    }

    /// Finds where blocks begin; their number.
    fn blocks(&mut self) -> Result<usize, Fault> {
        let code = &self.template.code[..];
        self.rows.try_resize(code.len(), NO_ROW)?;
        let mut count = 0u32;
        let mut begin = |rows: &mut Vec<'_, u32>, pc: usize| {
            if let Some(row) = rows.get_mut(pc)
                && *row == NO_ROW
            {
                *row = count;
                count += 1;
            }
        };
        begin(&mut self.rows, 0);
        for handler in self.template.handlers.iter().filter(|handler| handler.target != Handler::STRICT) {
            begin(&mut self.rows, handler.start as usize);
            begin(&mut self.rows, handler.target as usize);
        }
        let mut pc = 0;
        while let Some(op) = code.get(pc).and_then(|&byte| Op::from_byte(byte)) {
            let mut at = pc + 1;
            for &operand in op.info().operands {
                if matches!(operand, Operand::Jump16 | Operand::Jump32) {
                    begin(&mut self.rows, (pc as i64 + value_at(code, operand, at)) as usize);
                }
                at += operand.size();
            }
            pc = at;
        }
        Ok(count as usize)
    }

    /// Control may come to a block with this state.
    fn merge(&mut self, pc: usize, state: &[u8]) -> Result<(), Fault> {
        let row = self.rows[pc] as usize;
        let mut changed = !core::mem::replace(&mut self.seen[row], true);
        for (old, &new) in self.states[row * self.width..][..self.width].iter_mut().zip(state) {
            changed |= *old | new != *old;
            *old |= new;
        }
        if changed && !self.work.contains(&pc) {
            self.work.try_push(pc)?;
        }
        Ok(())
    }

    /// Follows a block from its beginning to its end.
    fn block(&mut self, start: usize, state: &mut [u8]) -> Result<(), Fault> {
        let template = self.template;
        let code = &template.code[..];
        let (mut pc, mut changed) = (start, true);
        while let Some(op) = code.get(pc).and_then(|&byte| Op::from_byte(byte)) {
            if !is_inert(op) || self.rows[pc] != NO_ROW {
                self.closures_made(pc, state)?;
            }
            if pc != start && self.rows[pc] != NO_ROW {
                return self.merge(pc, state);
            }
            if core::mem::replace(&mut changed, false) {
                for handler in template.handlers.iter().filter(|handler| handler.covers(pc as u32)) {
                    self.merge(handler.target as usize, state)?;
                }
            }
            let info = op.info();
            let next = pc + op.size();
            let (mut at, mut jump) = (pc + 1, None);
            for (i, &operand) in info.operands.iter().enumerate() {
                let value = value_at(code, operand, at);
                at += operand.size();
                let looked_at = || {
                    // Of two operands the second is on top.
                    let last = i + 1 == info.operands.len();
                    let by = code.get(next).and_then(|&byte| Op::from_byte(byte));
                    last && matches!(by, Some(Op::ThrowIfInitialized | Op::DerivedReturn))
                };
                let slot = match operand {
                    Operand::Local8 | Operand::Local16 => value as usize,
                    Operand::Capture8 | Operand::Capture16 => {
                        usize::from(template.local_count) + value as usize
                    }
                    Operand::Jump16 | Operand::Jump32 => {
                        jump = Some((pc as i64 + value) as usize);
                        continue;
                    }
                    Operand::Function => {
                        self.closure(pc, value as usize, state)?;
                        continue;
                    }
                    Operand::Scope => {
                        self.eval(pc, value as usize, state)?;
                        continue;
                    }
                    _ => continue,
                };
                let (allowed, after) = effect(op, state[slot]);
                if !allowed {
                    return Err(Fault { pc: pc as u32, what: What::Box });
                }
                if reads_unchecked(op) && state[slot] & UNINIT != 0 && !looked_at() {
                    return Err(Fault { pc: pc as u32, what: What::Uninitialized });
                }
                changed |= after != state[slot];
                state[slot] = after;
            }
            if let Some(target) = jump {
                self.merge(target, state)?;
            }
            if info.flags & ENDS != 0 {
                return Ok(());
            }
            pc = next;
        }
        Ok(())
    }

    /// The state of what a closure or an eval captures.
    fn captured(&self, pc: usize, source: CaptureSource, state: &[u8]) -> Result<u8, Fault> {
        let slot = match source {
            CaptureSource::Local(local) => usize::from(local),
            CaptureSource::Capture(capture) => usize::from(self.template.local_count + capture),
            CaptureSource::Module { .. } | CaptureSource::Import(_) => return Ok(BOX),
        };
        match state.get(slot) {
            Some(&state) if state & PLAIN == 0 => Ok(state),
            _ => Err(Fault { pc: pc as u32, what: What::Box }),
        }
    }

    fn closure(&mut self, pc: usize, function: usize, state: &[u8]) -> Result<(), Fault> {
        let index = self.template.functions[function] as usize;
        for capture in self.unit.functions[index].captures.iter() {
            self.captured(pc, capture.source, state)?;
        }
        Ok(self.made.try_push(index)?)
    }

    /// The closures just made can be called from here on.
    fn closures_made(&mut self, pc: usize, state: &[u8]) -> Result<(), Fault> {
        let unit = self.unit;
        while let Some(index) = self.made.pop() {
            for (i, capture) in unit.functions[index].captures.iter().enumerate() {
                self.captures[self.first[index] + i] |= self.captured(pc, capture.source, state)?;
            }
        }
        Ok(())
    }

    fn eval(&self, pc: usize, scope: usize, state: &[u8]) -> Result<(), Fault> {
        for var in self.template.eval_scopes[scope].vars.iter() {
            if self.captured(pc, var.source, state)? & UNINIT != 0 && !var.checked {
                return Err(Fault { pc: pc as u32, what: What::Uninitialized });
            }
        }
        Ok(())
    }
}

fn value_at(code: &[u8], operand: Operand, at: usize) -> i64 {
    code.get(at..).and_then(|bytes| read_operand(operand, bytes)).unwrap_or(0)
}

/// Whether an instruction only makes closures and stores them.
fn is_inert(op: Op) -> bool {
    matches!(
        op,
        Op::Closure
            | Op::PutLocal
            | Op::PutLocal8
            | Op::PutBoxed
            | Op::PutCapture
            | Op::BoxLocal
            | Op::BoxUninit
            | Op::UninitLocal
    )
}

/// Whether an instruction may use a slot in this state, and the state afterwards.
fn effect(op: Op, state: u8) -> (bool, u8) {
    let (plain, boxed) = (state & BOX == 0, state & PLAIN == 0);
    match op {
        Op::PutLocal | Op::PutLocal8 | Op::SetLocal | Op::SetLocal8 => (true, PLAIN),
        Op::UninitLocal => (plain, PLAIN | UNINIT),
        Op::GetLocalCheck | Op::PutLocalCheck => (plain, PLAIN),
        Op::BoxLocal => (plain, BOX | state & UNINIT),
        Op::BoxUninit => (true, BOX | UNINIT),
        Op::Rebox | Op::GetBoxed => (boxed, state),
        Op::PutBoxed | Op::GetBoxedCheck | Op::PutBoxedCheck => (boxed, BOX),
        Op::GetCapture | Op::GetCapture8 | Op::CaptureGetField => (boxed, state),
        Op::PutCapture | Op::GetCaptureCheck | Op::PutCaptureCheck => (boxed, BOX),
        _ => (plain, state),
    }
}

/// Whether an instruction takes the value of its slot as it is.
fn reads_unchecked(op: Op) -> bool {
    !matches!(
        op,
        Op::PutLocal
            | Op::PutLocal8
            | Op::SetLocal
            | Op::SetLocal8
            | Op::UninitLocal
            | Op::GetLocalCheck
            | Op::PutLocalCheck
            | Op::BoxLocal
            | Op::BoxUninit
            | Op::Rebox
            | Op::PutBoxed
            | Op::GetBoxedCheck
            | Op::PutBoxedCheck
            | Op::PutCapture
            | Op::GetCaptureCheck
            | Op::PutCaptureCheck
    )
}
