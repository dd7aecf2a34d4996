//! The verifier: checks a compiled function against the opcode table.
//!
//! It finds the depth of the operand stack at every instruction that can be reached, on its own and not
//! from what the compiler believed, and checks every operand.

use core::fmt;

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::disassemble::read_operand;
use super::function::{FunctionTemplate, Handler, Unit};
use super::opcodes::{BACK, ENDS, Op, Operand};
use super::slots::verify_slots;

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the instruction.
    pub pc: u32,
    /// What is wrong.
    pub what: What,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Memory for the check ran out.
    OutOfMemory,
    /// No such opcode, or operands cut off.
    BadInstruction,
    /// An index operand is out of range.
    BadOperand,
    /// A jump into the middle of an instruction, out of the code, or in the wrong direction.
    BadJump,
    /// An instruction pops more than there is.
    Underflow,
    /// The stack grows above `stack_size`.
    Overflow,
    /// Two ways to an instruction differ in depth.
    Depth,
    /// Control runs off the end.
    FallsOff,
    /// A handler range is no range of instructions.
    BadHandler,
    /// A slot is used as a box where it may hold a plain value, or plainly where it may hold a box.
    Box,
    /// A variable that may be uninitialized is read without a check.
    Uninitialized,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.what, self.pc)
    }
}

impl From<OutOfMemory> for Fault {
    fn from(_: OutOfMemory) -> Fault {
        Fault { pc: 0, what: What::OutOfMemory }
    }
}

const UNSEEN: u16 = u16::MAX;
const INSIDE: u16 = u16::MAX - 1;

/// Verifies all functions of a unit, and what their variables hold. The function at fault comes with the fault.
pub fn verify_unit(unit: &Unit<'_>, memory: Memory<'_>) -> Result<(), (usize, Fault)> {
    for (index, template) in unit.functions.iter().enumerate() {
        verify(template, unit.functions.len(), memory).map_err(|fault| (index, fault))?;
    }
    verify_slots(unit, memory)
}

/// Verifies a function. `functions` is the number of functions in its unit.
pub fn verify(template: &FunctionTemplate<'_>, functions: usize, memory: Memory<'_>) -> Result<(), Fault> {
    let code = &template.code[..];
    let fault = |pc: usize, what| Err(Fault { pc: pc as u32, what });
    // First the instructions one after the other.
    let mut depths: Vec<'_, u16> = Vec::new(memory);
    depths.try_resize(code.len(), INSIDE)?;
    let mut pc = 0;
    while pc < code.len() {
        depths[pc] = UNSEEN;
        let Some(op) = Op::from_byte(code[pc]) else { return fault(pc, What::BadInstruction) };
        let mut at = pc + 1;
        for &operand in op.info().operands {
            let Some(value) = code.get(at..).and_then(|bytes| read_operand(operand, bytes)) else {
                return fault(pc, What::BadInstruction);
            };
            let limit = match operand {
                Operand::Local8 | Operand::Local16 => usize::from(template.local_count),
                Operand::Capture8 | Operand::Capture16 => template.captures.len(),
                Operand::Ic => template.caches.len(),
                Operand::Const16 | Operand::Const32 => template.constants.len(),
                Operand::Function => template.functions.len(),
                Operand::Shape => template.shapes.len(),
                Operand::Scope => template.eval_scopes.len(),
                _ => usize::MAX,
            };
            if value >= 0 && value as usize >= limit {
                return fault(pc, What::BadOperand);
            }
            at += operand.size();
        }
        pc = at;
    }
    if template.functions.iter().any(|&index| index as usize >= functions) {
        return fault(0, What::BadOperand);
    }
    // Then along the ways.
    let mut work: Vec<'_, (usize, usize)> = Vec::new(memory);
    work.try_push((0, 0))?;
    for handler in template.handlers.iter() {
        let (start, end) = (handler.start as usize, handler.end as usize);
        let starts = |at: usize| at == code.len() || depths.get(at).is_some_and(|&d| d != INSIDE);
        let strict = handler.target == Handler::STRICT;
        if start >= end || !starts(start) || !starts(end) || !(strict || starts(handler.target as usize)) {
            return fault(start, What::BadHandler);
        }
        if strict {
            if template.flags.strict() || !template.flags.strict_parts() {
                return fault(start, What::BadHandler);
            }
            continue;
        }
        work.try_push((handler.target as usize, usize::from(handler.depth) + 1))?;
    }
    while let Some((start, depth)) = work.pop() {
        let (mut pc, mut depth) = (start, depth);
        loop {
            match depths.get(pc) {
                None => return fault(pc, What::FallsOff),
                Some(&INSIDE) => return fault(pc, What::BadJump),
                Some(&UNSEEN) => {}
                Some(&seen) if usize::from(seen) == depth => break,
                Some(_) => return fault(pc, What::Depth),
            }
            if depth > usize::from(template.stack_size) {
                return fault(pc, What::Overflow);
            }
            depths[pc] = depth as u16;
            let Some(op) = Op::from_byte(code[pc]) else { return fault(pc, What::BadInstruction) };
            let info = op.info();
            let (mut pops, mut jump, mut at) = (usize::from(info.pops), None, pc + 1);
            for &operand in info.operands {
                let value = read_operand(operand, &code[at..]).unwrap_or(0);
                match operand {
                    Operand::Count => pops += value as usize,
                    Operand::Shape => pops += template.shapes[value as usize].1 as usize,
                    Operand::Depth if value as usize + op.reach() > depth => {
                        return fault(pc, What::Underflow);
                    }
                    Operand::Jump16 | Operand::Jump32 => jump = Some(value),
                    _ => {}
                }
                at += operand.size();
            }
            if pops > depth {
                return fault(pc, What::Underflow);
            }
            let base = depth - pops;
            if let Some(distance) = jump {
                if (distance <= 0) != (info.flags & BACK != 0) {
                    return fault(pc, What::BadJump);
                }
                let target = pc as i64 + distance;
                if target < 0 || target as usize >= code.len() {
                    return fault(pc, What::BadJump);
                }
                work.try_push((target as usize, base + usize::from(info.jump_pushes)))?;
            }
            if info.flags & ENDS != 0 {
                break;
            }
            depth = base + usize::from(info.pushes);
            pc = at;
        }
    }
    Ok(())
}
