//! Jumps to jumps, code that is never reached, and short sequences that have an instruction of their own.

use tare_allocators::Vec;

use super::error::Res;
use super::ir::*;
use super::names::{Name, n};
use super::prove;
use crate::code::fusions::{Fusion, Fusions};
use crate::code::opcodes::{ENDS, Op, Operand};

/// More bytes than any instruction has.
const MAX_INST_BYTES: usize = 9;

/// Whether an opcode has a jump.
pub(crate) fn has_jump(op: Op) -> bool {
    matches!(op.info().operands.last(), Some(Operand::Jump16 | Operand::Jump32))
}

/// The names of types in the order of `TYPE_NAMES`.
pub(super) const TYPES: [Name; 8] =
    [n::UNDEFINED, n::OBJECT, n::BOOLEAN, n::NUMBER, n::STRING, n::SYMBOL, n::BIGINT, n::FUNCTION];

struct Fuser<'a, 'v> {
    input: &'v mut Vec<'a, Inst>,
    out: Vec<'a, Inst>,
    /// Input index of each label.
    places: Vec<'a, u32>,
    /// Jumps to each label.
    uses: Vec<'a, u32>,
    /// Labels added behind an instruction, by its index.
    after: Map<'a>,
    at: usize,
    all_near: bool,
    on: Fusions,
    /// The end of the output before an instruction was added, for the proof.
    before: Vec<'a, Inst>,
}

fn local8(inst: &Inst) -> Option<u16> {
    if inst.is(Op::GetLocal) && inst.a < 256 { Some(inst.a as u16) } else { None }
}

fn small(inst: &Inst) -> Option<i32> {
    if inst.is(Op::PushI32) { Some(inst.a as i32) } else { None }
}

fn small8(inst: &Inst) -> Option<i32> {
    small(inst).filter(|&i| i8::try_from(i).is_ok())
}

/// Optimizes the code of a function with `labels` labels; the code and the number of labels it has then.
pub(crate) fn fuse<'a>(
    input: &mut Vec<'a, Inst>,
    labels: u32,
    regions: &[u32],
    on: Fusions,
) -> Res<(Vec<'a, Inst>, u32)> {
    let memory = input.memory();
    for inst in input.iter_mut().filter(|inst| inst.op == p::NUMBER) {
        let bits = u64::from(inst.b) << 32 | u64::from(inst.a);
        let value = f64::from_bits(bits);
        let int = value as i32;
        if f64::from(int).to_bits() == bits {
            *inst = Inst::new(Op::PushI32, int as u32, inst.at);
        }
    }
    let mut places = Vec::new(memory);
    places.try_resize(labels as usize, NONE)?;
    let mut uses = Vec::new(memory);
    uses.try_resize(labels as usize, 0)?;
    let out = Vec::try_with_capacity(input.len(), memory)?;
    let all_near = input.len() * MAX_INST_BYTES < 32_000;
    let before = Vec::new(memory);
    let after = Map::new(memory);
    let mut fuser = Fuser { input, out, places, uses, after, at: 0, all_near, on, before };
    fuser.thread(regions)?;
    fuser.run()?;
    Ok((fuser.out, fuser.places.len() as u32))
}

impl Fuser<'_, '_> {
    /// The first real instruction at or behind an index.
    fn real(&self, mut i: usize) -> Option<usize> {
        while let Some(inst) = self.input.get(i) {
            if !matches!(inst.op, p::LABEL | p::NOP) {
                return Some(i);
            }
            i += 1;
        }
        None
    }

    /// Where a jump to a label ends up.
    fn destination(&self, label: u32) -> u32 {
        if !self.on.has(Fusion::Thread) {
            return label;
        }
        let mut label = label;
        for _ in 0..16 {
            let Some(i) = self.real(self.places[label as usize] as usize) else { break };
            if !self.input[i].is(Op::Jump) {
                break;
            }
            label = self.input[i].b;
        }
        label
    }

    /// A label behind the instruction at an index.
    fn label_after(&mut self, index: usize) -> Res<u32> {
        if let Some(label) = self.after.get(index as u64) {
            return Ok(label);
        }
        let label = self.places.len() as u32;
        self.places.try_push(index as u32 + 1)?;
        self.uses.try_push(0)?;
        self.after.set(index as u64, label)?;
        Ok(label)
    }

    fn thread(&mut self, regions: &[u32]) -> Res {
        for i in 0..self.input.len() {
            if self.input[i].op == p::LABEL {
                self.places[self.input[i].b as usize] = i as u32;
            }
        }
        for i in 0..self.input.len() {
            let Some(op) = self.input[i].opcode() else {
                if self.input[i].op == p::TRY_BEGIN {
                    self.uses[regions[self.input[i].a as usize] as usize] += 1;
                }
                continue;
            };
            if !has_jump(op) {
                continue;
            }
            if !matches!(op, Op::Loop | Op::LoopIfTrue | Op::Gosub) {
                let mut label = self.destination(self.input[i].b);
                // A value kept for a test that follows is not needed if the outcome is known.
                if matches!(op, Op::IfTrueOrPop | Op::IfFalseOrPop) && self.on.has(Fusion::TestAgain) {
                    let (test, other, other_keep) = if op == Op::IfTrueOrPop {
                        (Op::IfTrue, Op::IfFalse, Op::IfFalseOrPop)
                    } else {
                        (Op::IfFalse, Op::IfTrue, Op::IfTrueOrPop)
                    };
                    for _ in 0..16 {
                        let Some(next) = self.real(self.places[label as usize] as usize) else { break };
                        let target = self.input[next];
                        if target.is(test) {
                            self.input[i].op = test as u16;
                            label = self.destination(target.b);
                            break;
                        }
                        if target.is(other)
                            || target.is(other_keep)
                            || (op == Op::IfFalseOrPop && target.is(Op::LoopIfTrue))
                        {
                            // The test there fails: on behind it, without the value.
                            self.input[i].op = test as u16;
                            label = self.label_after(next)?;
                            break;
                        }
                        if target.is(op) {
                            label = target.b;
                            continue;
                        }
                        break;
                    }
                }
                self.input[i].b = label;
            }
            self.uses[self.input[i].b as usize] += 1;
        }
        Ok(())
    }

    /// Whether a jump from the present place to a label fits 16 bits for sure.
    fn near(&self, label: u32) -> bool {
        self.all_near || (self.places[label as usize] as usize).abs_diff(self.at) * MAX_INST_BYTES < 32_000
    }

    fn run(&mut self) -> Res {
        let mut reached = true;
        for i in 0..self.input.len() {
            self.at = i;
            let inst = self.input[i];
            match inst.op {
                p::NOP => {}
                p::LABEL => reached |= self.label(inst)?,
                p::TRY_BEGIN | p::TRY_END | p::STRICT => self.out.try_push(inst)?,
                _ if !reached => {
                    if inst.opcode().is_some_and(has_jump) {
                        self.uses[inst.b as usize] -= 1;
                    }
                }
                _ => {
                    self.add_proven(inst)?;
                    if inst.opcode().is_some_and(|op| op.info().flags & ENDS != 0) {
                        reached = false;
                    }
                }
            }
            if let Some(label) = self.after.get(i as u64) {
                reached |= self.label(Inst { op: p::LABEL, x: 0, a: 0, b: label, at: inst.at })?;
            }
        }
        Ok(())
    }

    /// Places a label; whether control reaches it by a jump.
    fn label(&mut self, inst: Inst) -> Res<bool> {
        let mut reached = false;
        loop {
            let len = self.out.len();
            let Some(last) = self.out.last().copied() else { break };
            if last.is(Op::Jump) && last.b == inst.b && self.on.has(Fusion::JumpToNext) {
                // A jump to what follows it anyway.
                self.uses[inst.b as usize] -= 1;
                self.out.pop();
                reached = true;
                continue;
            }
            if last.is(Op::Jump) && len >= 2 && self.on.has(Fusion::BranchAround) {
                // A branch around a jump.
                let branch = self.out[len - 2];
                let inverse = match branch.opcode() {
                    Some(Op::IfFalse) => Op::IfTrue,
                    Some(Op::IfTrue) => Op::IfFalse,
                    Some(Op::IfFalseLocal) => Op::IfTrueLocal,
                    Some(Op::IfTrueLocal) => Op::IfFalseLocal,
                    Some(Op::IfStrictEq) => Op::IfNotStrictEq,
                    Some(Op::IfNotStrictEq) => Op::IfStrictEq,
                    Some(Op::IfStrictEqInt) => Op::IfNotStrictEqInt,
                    Some(Op::IfNotStrictEqInt) => Op::IfStrictEqInt,
                    Some(Op::IfEq) => Op::IfNotEq,
                    Some(Op::IfNotEq) => Op::IfEq,
                    _ => break,
                };
                let wide = matches!(inverse, Op::IfTrue | Op::IfFalse);
                if branch.b == inst.b && (wide || self.near(last.b)) {
                    self.uses[inst.b as usize] -= 1;
                    self.out.pop();
                    self.out[len - 2].op = inverse as u16;
                    self.out[len - 2].b = last.b;
                    reached = true;
                    continue;
                }
            }
            break;
        }
        if self.uses[inst.b as usize] > 0 {
            reached = true;
            self.out.try_push(inst)?;
        }
        Ok(reached)
    }

    /// Takes a local's value off the end of the output, if that is what was pushed last.
    fn pop_local(&mut self) -> Option<u16> {
        let last = self.out.last().copied()?;
        if let Some(local) = local8(&last) {
            self.out.pop();
            return Some(local);
        }
        if last.is(Op::GetLocals) {
            let len = self.out.len();
            self.out[len - 1] = Inst::new(Op::GetLocal, u32::from(last.x), last.at);
            return Some(last.a as u16);
        }
        None
    }

    /// Two locals pushed last.
    fn pop_locals(&mut self) -> Option<(u16, u16)> {
        let last = self.out.last().copied()?;
        if last.is(Op::GetLocals) {
            self.out.pop();
            return Some((last.x, last.a as u16));
        }
        None
    }

    /// A local and a small int pushed last.
    fn pop_local_int(&mut self, wide: bool) -> Option<(u16, i32)> {
        let last = self.out.last().copied()?;
        let int = if wide { small(&last)? } else { small8(&last)? };
        let len = self.out.len();
        if len < 2 {
            return None;
        }
        let before = self.out[len - 2];
        if local8(&before).is_none() && !before.is(Op::GetLocals) {
            return None;
        }
        self.out.pop();
        let local = self.pop_local()?;
        Some((local, int))
    }

    fn emit(&mut self, op: Op, x: u16, a: u32, b: u32, at: u32) -> Res {
        Ok(self.out.try_push(Inst { op: op as u16, x, a, b, at })?)
    }

    /// Adds an instruction; builds with debug assertions check that what it was fused with means the same.
    fn add_proven(&mut self, inst: Inst) -> Res {
        if !cfg!(debug_assertions) {
            return self.add(inst);
        }
        let len = self.out.len();
        let kept = len - len.min(prove::WINDOW);
        self.before.clear();
        self.before.try_extend_from_slice(&self.out[kept..])?;
        self.before.try_push(inst)?;
        self.add(inst)?;
        let memory = self.out.memory();
        if !prove::same(&self.before, &self.out[kept..], memory)? {
            panic!("a fusion changed {:?} to {:?}", self.before, &self.out[kept..]);
        }
        Ok(())
    }

    fn add(&mut self, inst: Inst) -> Res {
        let Some(op) = inst.opcode() else { return Ok(self.out.try_push(inst)?) };
        let (a, at) = (inst.a, inst.at);
        match op {
            Op::GetLocal => {
                if let Some(last) = self.out.last().copied() {
                    if last.is(Op::PutLocal) && last.a == a && self.on.has(Fusion::StoreLoad) {
                        let len = self.out.len();
                        self.out[len - 1].op = Op::SetLocal as u16;
                        return Ok(());
                    }
                    if let (Some(first), Some(second)) = (local8(&last), local8(&inst))
                        && self.on.has(Fusion::TwoLocals)
                    {
                        self.out.pop();
                        return self.emit(Op::GetLocals, first, u32::from(second), 0, at);
                    }
                }
            }
            Op::PutLocal => return self.put_local(inst),
            Op::Drop if self.on.has(Fusion::PushDrop) => {
                if let Some(last) = self.out.last().copied() {
                    if last.is(Op::SetLocal) {
                        self.out.pop();
                        return self.put_local(Inst::new(Op::PutLocal, last.a, last.at));
                    }
                    if last.is(Op::Dup) || last.is(Op::PushUndefined) || last.is(Op::GetLocal) {
                        self.out.pop();
                        return Ok(());
                    }
                }
            }
            Op::Swap
                if self.out.last().is_some_and(|last| last.is(Op::Swap)) && self.on.has(Fusion::SwapSwap) =>
            {
                self.out.pop();
                return Ok(());
            }
            Op::GetField | Op::GetField2 | Op::GetLength => {
                let this = self.out.last().is_some_and(|last| last.is(Op::PushThis));
                if this && op == Op::GetField && self.on.has(Fusion::ThisField) {
                    self.out.pop();
                    return self.emit(Op::ThisGetField, 0, a, 0, at);
                }
                if let Some(last) = self.out.last().copied()
                    && last.is(Op::GetCapture)
                    && last.a < 256
                    && op == Op::GetField
                    && self.on.has(Fusion::CaptureField)
                {
                    self.out.pop();
                    return self.emit(Op::CaptureGetField, last.a as u16, a, 0, at);
                }
                if self.on.has(Fusion::LocalField)
                    && let Some(local) = self.pop_local()
                {
                    let fused = match op {
                        Op::GetField => Op::LocalGetField,
                        Op::GetField2 => Op::LocalGetField2,
                        _ => Op::LocalGetLength,
                    };
                    return self.emit(fused, local, a, 0, at);
                }
            }
            Op::PutField => {
                if self.on.has(Fusion::ThisPutField)
                    && let Some(start) = self.operand_start()
                    && start > 0
                    && self.out[start - 1].is(Op::PushThis)
                {
                    self.out.remove(start - 1);
                    return self.emit(Op::ThisPutField, 0, a, 0, at);
                }
            }
            Op::GetElem => {
                if self.on.has(Fusion::ElementLocals)
                    && let Some((first, second)) = self.pop_locals()
                {
                    return self.emit(Op::GetElemLocals, first, u32::from(second), 0, at);
                }
                if self.on.has(Fusion::ElementLocal)
                    && let Some(local) = self.pop_local()
                {
                    return self.emit(Op::GetElemLocal, 0, u32::from(local), 0, at);
                }
            }
            Op::Add | Op::Sub => {
                if self.on.has(Fusion::OpLocals)
                    && let Some((first, second)) = self.pop_locals()
                {
                    let fused = if op == Op::Add { Op::AddLocals } else { Op::SubLocals };
                    return self.emit(fused, first, u32::from(second), 0, at);
                }
                if self.on.has(Fusion::OpLocalInt)
                    && let Some((local, int)) = self.pop_local_int(false)
                {
                    let fused = if op == Op::Add { Op::AddLocalInt } else { Op::SubLocalInt };
                    return self.emit(fused, local, int as u32, 0, at);
                }
                if self.on.has(Fusion::OpInt)
                    && let Some(int) = self.pop_int8()
                {
                    let fused = if op == Op::Add { Op::AddInt } else { Op::SubInt };
                    return self.emit(fused, 0, int as u32, 0, at);
                }
                if op == Op::Add
                    && self.on.has(Fusion::OpLocal)
                    && let Some(local) = self.pop_local()
                {
                    return self.emit(Op::AddLocal, 0, u32::from(local), 0, at);
                }
                return self.emit(op, 0, 0, 0, at);
            }
            Op::Mod => {
                if let Some(last) = self.out.last().copied()
                    && small8(&last).is_some_and(|int| int > 0)
                    && self.on.has(Fusion::OpInt)
                {
                    self.out.pop();
                    return self.emit(Op::ModInt, 0, last.a, 0, at);
                }
                return self.emit(op, 0, 0, 0, at);
            }
            Op::BitAnd | Op::BitOr | Op::Shl | Op::Sar | Op::Shr => {
                if let Some(last) = self.out.last().copied()
                    && let Some(int) = small(&last)
                    && self.on.has(Fusion::OpInt)
                {
                    let shift = (0..32).contains(&int);
                    let fused = match op {
                        Op::BitAnd => Some(Op::AndInt),
                        Op::BitOr if int == 0 => Some(Op::ToInt32),
                        Op::Shl if shift => Some(Op::ShlInt),
                        Op::Sar if shift => Some(Op::SarInt),
                        Op::Shr if shift => Some(Op::ShrInt),
                        _ => None,
                    };
                    if let Some(fused) = fused {
                        self.out.pop();
                        return self.emit(fused, 0, if fused == Op::ToInt32 { 0 } else { last.a }, 0, at);
                    }
                }
                return self.emit(op, 0, 0, 0, at);
            }
            Op::Mul => {
                if self.on.has(Fusion::OpLocals)
                    && let Some((first, second)) = self.pop_locals()
                {
                    return self.emit(Op::MulLocals, first, u32::from(second), 0, at);
                }
                if self.on.has(Fusion::OpLocal)
                    && let Some(local) = self.pop_local()
                {
                    return self.emit(Op::MulLocal, 0, u32::from(local), 0, at);
                }
                return self.emit(op, 0, 0, 0, at);
            }
            Op::Div | Op::Exp | Op::BitXor => return self.emit(op, 0, 0, 0, at),
            Op::IfFalse | Op::IfTrue => return self.branch(op, inst),
            Op::LoopIfTrue => return self.loop_branch(inst),
            Op::Return
                if self.out.last().is_some_and(|last| last.is(Op::PushUndefined))
                    && self.on.has(Fusion::ReturnUndefined) =>
            {
                self.out.pop();
                return self.emit(Op::ReturnUndefined, 0, 0, 0, at);
            }
            Op::StrictEq | Op::StrictNe | Op::Eq | Op::Ne if self.typeof_is() => {
                if matches!(op, Op::StrictNe | Op::Ne) {
                    return self.emit(Op::Not, 0, 0, 0, at);
                }
                return Ok(());
            }
            Op::StrictEq
            | Op::StrictNe
            | Op::Eq
            | Op::Ne
            | Op::Lt
            | Op::Le
            | Op::Gt
            | Op::Ge
            | Op::Instanceof
            | Op::In => {
                return self.emit(op, 0, 0, 0, at);
            }
            _ => {}
        }
        Ok(self.out.try_push(inst)?)
    }

    /// `typeof value` and the name of a type, pushed last, become one test.
    fn typeof_is(&mut self) -> bool {
        let len = self.out.len();
        let [.., before, last] = self.out[..] else { return false };
        if !before.is(Op::Typeof) || last.op != p::STRING || !self.on.has(Fusion::TypeofIs) {
            return false;
        }
        let Some(number) = TYPES.iter().position(|name| name.0 == last.a) else { return false };
        self.out.pop();
        self.out[len - 2] = Inst::new(Op::TypeofIs, number as u32, before.at);
        true
    }

    fn pop_int8(&mut self) -> Option<i32> {
        let int = small8(self.out.last()?)?;
        self.out.pop();
        Some(int)
    }

    /// Index where the code of the value on top of the stack begins, if it is straight and short.
    fn operand_start(&self) -> Option<usize> {
        self.walk_back().ok()
    }

    /// Index of the get_locals whose second value begins the value on top of the stack, the first being
    /// what lies under it.
    fn split_start(&self) -> Option<usize> {
        self.walk_back().err().flatten()
    }

    /// Where the value on top of the stack begins; the error is the get_locals it begins in the middle of.
    fn walk_back(&self) -> Result<usize, Option<usize>> {
        let mut needed = 1usize;
        let mut i = self.out.len();
        for _ in 0..48 {
            if i == 0 {
                return Err(None);
            }
            i -= 1;
            let inst = self.out[i];
            let op = match inst.op {
                p::STRING | p::NUMBER => {
                    needed -= 1;
                    if needed == 0 {
                        return Ok(i);
                    }
                    continue;
                }
                _ => inst.opcode().ok_or(None)?,
            };
            if has_jump(op) || op.info().flags & ENDS != 0 {
                return Err(None);
            }
            let (pops, pushes) = effect(op, &inst).ok_or(None)?;
            if pushes > needed {
                return Err(if inst.is(Op::GetLocals) && needed == 1 { Some(i) } else { None });
            }
            needed = needed - pushes + pops;
            // What it names by depth must lie within the code, or what lies below could not go away.
            let below = op.info().operands.contains(&Operand::Depth) && inst.a as usize + op.reach() > needed;
            if below {
                return Err(None);
            }
            if needed == 0 {
                return Ok(i);
            }
        }
        Err(None)
    }

    fn put_local(&mut self, inst: Inst) -> Res {
        let (local, at) = (inst.a, inst.at);
        let Some(last) = self.out.last().copied() else { return Ok(self.out.try_push(inst)?) };
        if last.is(Op::Dup) && self.on.has(Fusion::StoreLoad) {
            self.out.pop();
            return self.emit(Op::SetLocal, 0, local, 0, at);
        }
        if last.is(Op::GetLocal) && last.a == local && self.on.has(Fusion::LoadStore) {
            self.out.pop();
            return Ok(());
        }
        if local < 256 {
            let len = self.out.len();
            if (last.is(Op::Inc) || last.is(Op::Dec)) && len >= 2 && self.on.has(Fusion::StepLocal) {
                let before = self.out[len - 2];
                let op = if last.is(Op::Inc) { Op::IncLocal } else { Op::DecLocal };
                if before.is(Op::GetLocal) && before.a == local {
                    self.out.truncate(len - 2);
                    return self.emit(op, 0, local, 0, last.at);
                }
                if before.is(Op::GetLocals) && before.a == local {
                    self.out.truncate(len - 2);
                    self.emit(Op::GetLocal, 0, u32::from(before.x), 0, before.at)?;
                    return self.emit(op, 0, local, 0, last.at);
                }
            }
            let append = self.on.has(Fusion::AppendLocal);
            if last.is(Op::AddLocals) && u32::from(last.x) == local && append {
                self.out.pop();
                self.emit(Op::GetLocal, 0, last.a, 0, last.at)?;
                return self.emit(Op::AppendLocal, 0, local, 0, last.at);
            }
            if last.is(Op::Add) && (append || self.on.has(Fusion::AddPutLocal)) {
                self.out.pop();
                if append
                    && let Some(pair) = self.split_start()
                    && u32::from(self.out[pair].x) == local
                    && self.leaves_alone(pair + 1, local)
                {
                    let both = self.out[pair];
                    self.out[pair] = Inst::new(Op::GetLocal, both.a, both.at);
                    return self.emit(Op::AppendLocal, 0, local, 0, last.at);
                }
                if append
                    && let Some(start) = self.operand_start()
                    && start > 0
                    && self.is_append(start, local)
                {
                    self.out.remove(start - 1);
                    return self.emit(Op::AppendLocal, 0, local, 0, last.at);
                }
                if self.on.has(Fusion::AddPutLocal) {
                    return self.emit(Op::AddPutLocal, 0, local, 0, last.at);
                }
                self.out.try_push(last)?;
            }
        }
        Ok(self.out.try_push(inst)?)
    }

    /// Whether the code before `start` pushes the local, and the code from there on does not change it.
    fn is_append(&self, start: usize, local: u32) -> bool {
        let before = self.out[start - 1];
        before.is(Op::GetLocal) && before.a == local && self.leaves_alone(start, local)
    }

    /// Whether the code from `start` on does not change the local.
    fn leaves_alone(&self, start: usize, local: u32) -> bool {
        self.out[start..].iter().all(|inst| {
            let writes = inst.opcode().is_some_and(|op| {
                matches!(
                    op,
                    Op::PutLocal
                        | Op::SetLocal
                        | Op::IncLocal
                        | Op::DecLocal
                        | Op::AppendLocal
                        | Op::AddPutLocal
                        | Op::PutLocalCheck
                )
            });
            !(writes && inst.a == local)
        })
    }

    fn branch(&mut self, op: Op, inst: Inst) -> Res {
        let (label, at) = (inst.b, inst.at);
        let Some(last) = self.out.last().copied() else { return Ok(self.out.try_push(inst)?) };
        if last.is(Op::Not) && self.on.has(Fusion::BranchNot) {
            self.out.pop();
            let inverse = if op == Op::IfFalse { Op::IfTrue } else { Op::IfFalse };
            return self.branch(inverse, Inst { op: inverse as u16, ..inst });
        }
        if !self.near(label) {
            return Ok(self.out.try_push(inst)?);
        }
        let compare = last.opcode().filter(|_| self.on.has(Fusion::CompareBranch));
        if op == Op::IfFalse {
            let fused = match compare {
                Some(Op::Lt) => Some((Op::IfNotLt, Op::IfNotLtLocals, Op::IfNotLtInt)),
                Some(Op::Le) => Some((Op::IfNotLe, Op::IfNotLeLocals, Op::IfNotLeInt)),
                Some(Op::Gt) => Some((Op::IfNotGt, Op::IfNotGtLocals, Op::IfNotGtInt)),
                Some(Op::Ge) => Some((Op::IfNotGe, Op::IfNotGeLocals, Op::IfNotGeInt)),
                _ => None,
            };
            if let Some((plain, locals, int)) = fused {
                self.out.pop();
                if self.on.has(Fusion::CompareLocals)
                    && let Some((first, second)) = self.pop_locals()
                {
                    return self.emit(locals, first, u32::from(second), label, last.at);
                }
                if self.on.has(Fusion::CompareInt)
                    && let Some((local, value)) = self.pop_local_int(false)
                {
                    return self.emit(int, local, value as u32, label, last.at);
                }
                return self.emit(plain, 0, 0, label, last.at);
            }
        }
        let equal = match (compare, op) {
            (Some(Op::StrictEq), Op::IfFalse) | (Some(Op::StrictNe), Op::IfTrue) => {
                Some((Op::IfNotStrictEq, Some(Op::IfNotStrictEqInt)))
            }
            (Some(Op::StrictNe), Op::IfFalse) | (Some(Op::StrictEq), Op::IfTrue) => {
                Some((Op::IfStrictEq, Some(Op::IfStrictEqInt)))
            }
            (Some(Op::Eq), Op::IfFalse) | (Some(Op::Ne), Op::IfTrue) => Some((Op::IfNotEq, None)),
            (Some(Op::Ne), Op::IfFalse) | (Some(Op::Eq), Op::IfTrue) => Some((Op::IfEq, None)),
            _ => None,
        };
        if let Some((plain, with_int)) = equal {
            self.out.pop();
            if let Some(with_int) = with_int
                && self.on.has(Fusion::CompareInt)
                && let Some(value) = self.pop_int8()
            {
                return self.emit(with_int, 0, value as u32, label, last.at);
            }
            return self.emit(plain, 0, 0, label, last.at);
        }
        if self.on.has(Fusion::BranchLocal)
            && let Some(local) = self.pop_local()
        {
            let fused = if op == Op::IfFalse { Op::IfFalseLocal } else { Op::IfTrueLocal };
            return self.emit(fused, 0, u32::from(local), label, at);
        }
        self.emit(op, 0, 0, label, at)
    }

    fn loop_branch(&mut self, inst: Inst) -> Res {
        let label = inst.b;
        let Some(last) = self.out.last().copied() else { return Ok(self.out.try_push(inst)?) };
        let plain = match last.opcode() {
            Some(Op::Lt) => Op::LoopLt,
            Some(Op::Le) => Op::LoopLe,
            Some(Op::Gt) => Op::LoopGt,
            Some(Op::Ge) => Op::LoopGe,
            _ => return Ok(self.out.try_push(inst)?),
        };
        if !self.near(label) || !self.on.has(Fusion::CompareBranch) {
            return Ok(self.out.try_push(inst)?);
        }
        let at = last.at;
        self.out.pop();
        if matches!(plain, Op::LoopLt | Op::LoopLe)
            && self.on.has(Fusion::CompareLocals)
            && let Some((first, second)) = self.pop_locals()
        {
            if self.pop_step(Op::IncLocal, first) {
                let op = if plain == Op::LoopLt { Op::IncLoopLtLocals } else { Op::IncLoopLeLocals };
                return self.emit(op, first, u32::from(second), label, at);
            }
            if plain == Op::LoopLt {
                return self.emit(Op::LoopLtLocals, first, u32::from(second), label, at);
            }
            self.emit(Op::GetLocals, first, u32::from(second), 0, at)?;
            return self.emit(plain, 0, 0, label, at);
        }
        let wide = matches!(plain, Op::LoopLt | Op::LoopLe);
        if self.on.has(Fusion::CompareInt)
            && let Some((local, value)) = self.pop_local_int(wide)
        {
            let step = if wide { Op::IncLocal } else { Op::DecLocal };
            if self.pop_step(step, local) {
                let op = match plain {
                    Op::LoopLt => Op::IncLoopLtInt,
                    Op::LoopLe => Op::IncLoopLeInt,
                    Op::LoopGt => Op::DecLoopGtInt,
                    _ => Op::DecLoopGeInt,
                };
                return self.emit(op, local, value as u32, label, at);
            }
            if plain == Op::LoopLt {
                return self.emit(Op::LoopLtInt, local, value as u32, label, at);
            }
            self.emit(Op::GetLocal, 0, u32::from(local), 0, at)?;
            self.emit(Op::PushI32, 0, value as u32, 0, at)?;
        }
        self.emit(plain, 0, 0, label, at)
    }

    /// Takes an increment or decrement of a local off the end of the output.
    fn pop_step(&mut self, op: Op, local: u16) -> bool {
        let hit = self.on.has(Fusion::LoopStep)
            && self.out.last().is_some_and(|last| last.is(op) && last.a == u32::from(local));
        if hit {
            self.out.pop();
        }
        hit
    }
}

/// Pops and pushes of an instruction, if they do not depend on a shape.
pub(crate) fn effect(op: Op, inst: &Inst) -> Option<(usize, usize)> {
    let info = op.info();
    let mut pops = usize::from(info.pops);
    for (i, operand) in info.operands.iter().enumerate() {
        match operand {
            Operand::Count => {
                let two = info.operands.len() == 2;
                pops += if two && i == 0 { usize::from(inst.x) } else { inst.a as usize };
            }
            Operand::Shape => return None,
            _ => {}
        }
    }
    Some((pops, usize::from(info.pushes)))
}
