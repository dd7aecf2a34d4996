//! The instructions of a program, executed one by one.

use crate::ExecError;
use crate::machine::{BRANCH, Machine, UNSET, chunk};
use crate::op::{self, BACK, target, target_ahead, u8_at, u16_at, u32_at};
use crate::search::is_line_terminator;
use crate::units::Units;

impl<S: Units> Machine<'_, '_, S> {
    /// Runs the program from `start`; true if it matched there.
    pub(crate) fn run(&mut self, start: usize) -> Result<bool, ExecError> {
        let (code, subject) = (self.code, self.subject);
        let (mut pc, mut pos) = (0, start);
        loop {
            let opcode = u8_at(code, pc);
            match opcode {
                op::MATCH => {
                    self.note(0, start);
                    self.note(1, pos);
                    return Ok(true);
                }
                op::JUMP => {
                    pc = target_ahead(code, pc, 1);
                    continue;
                }
                op::SPLIT | op::SPLIT_IN_CHAIN => {
                    if let Some(split) = chunk::<13>(code, pc) {
                        let unit = subject.at(pos);
                        let first = self.guard_unit(u32_at(split, 5), unit);
                        let second = self.guard_unit(u32_at(split, 9), unit);
                        let other = target_ahead(split, 0, 1).saturating_add(pc);
                        if first {
                            if second {
                                self.push(BRANCH, other, pos, 0)?;
                            }
                            pc += 13;
                            continue;
                        }
                        if second {
                            pc = other;
                            continue;
                        }
                    }
                }
                op::SWITCH => {
                    if let Some(next) = self.switch(pc, pos)? {
                        pc = next;
                        continue;
                    }
                }
                op::SAVE => {
                    self.set(u16_at(code, pc + 1), pos as u32)?;
                    pc += 3;
                    continue;
                }
                op::CHAR => {
                    if subject.at(pos) == Some(u16_at(code, pc + 1)) {
                        pos += 1;
                        pc += 3;
                        continue;
                    }
                }
                op::CHAR2 => {
                    if let Some(unit) = subject.at(pos)
                        && (unit == u16_at(code, pc + 1) || unit == u16_at(code, pc + 3))
                    {
                        pos += 1;
                        pc += 5;
                        continue;
                    }
                }
                op::STRING8 | op::STRING16 | op::PAIRS => {
                    if self.literal(pc, opcode, pos) {
                        pos += usize::from(u16_at(code, pc + 1));
                        pc += op::length(code, pc);
                        continue;
                    }
                }
                op::CLASS => {
                    if let Some(unit) = subject.at(pos)
                        && self.class_has(u32_at(code, pc + 1), u32::from(unit))
                    {
                        pos += 1;
                        pc += 5;
                        continue;
                    }
                }
                op::CLASS_U => {
                    if let Some((c, length)) = subject.code_point(pos)
                        && self.class_has(u32_at(code, pc + 1), c)
                    {
                        pos += length;
                        pc += 5;
                        continue;
                    }
                }
                op::DOT | op::DOT_U | op::ANY | op::ANY_U => {
                    if let Some(next) = self.step(opcode, 0, pos) {
                        pos = next;
                        pc += 1;
                        continue;
                    }
                }
                op::LOOP => {
                    if let Some(next) = self.enter_loop(pc, pos)? {
                        pos = next;
                        pc += op::LOOP_LENGTH;
                        continue;
                    }
                }
                op::LINE_START => {
                    if pos == 0 {
                        pc += 1;
                        continue;
                    }
                }
                op::LINE_START_M => {
                    if pos == 0 || is_line_terminator(subject.at(pos - 1)) {
                        pc += 1;
                        continue;
                    }
                }
                op::LINE_END => {
                    if pos == subject.len() {
                        pc += 1;
                        continue;
                    }
                }
                op::LINE_END_M => {
                    if pos == subject.len() || is_line_terminator(subject.at(pos)) {
                        pc += 1;
                        continue;
                    }
                }
                op::WORD_BOUNDARY => {
                    let flags = u8_at(code, pc + 1);
                    let both = op::FLAG_IGNORE_CASE | op::FLAG_UNICODE;
                    let folding = flags & both == both;
                    let boundary =
                        self.is_word(pos.checked_sub(1), folding) != self.is_word(Some(pos), folding);
                    if boundary != (flags & op::FLAG_NOT != 0) {
                        pc += 2;
                        continue;
                    }
                }
                op::STAR | op::OPTIONAL => {
                    if let Some(head) = chunk(code, pc)
                        && let Some(next) = self.decide(pc, head, pos)?
                    {
                        pc = next;
                        continue;
                    }
                }
                op::PLUS => {
                    if let Some(head) = chunk(code, pc) {
                        self.begin_iteration(head, UNSET as usize)?;
                        pc += op::HEAD_LENGTH;
                        continue;
                    }
                }
                op::COUNTED => {
                    if let Some(head) = chunk(code, pc) {
                        self.set(u16_at(head, 14), 0)?;
                        if let Some(next) = self.decide(pc, head, pos)? {
                            pc = next;
                            continue;
                        }
                    }
                }
                op::STAR_TAIL | op::PLUS_TAIL | op::COUNTED_TAIL => {
                    self.tick(1)?;
                    let at = target(code, pc, 1);
                    if let Some(head) = chunk(code, at) {
                        let empty = head[1] & op::LOOP_EMPTY != 0
                            && self.register(u16_at(head, 16)) == pos as u32
                            && (opcode != op::COUNTED_TAIL
                                || self.register(u16_at(head, 14)) > u32_at(head, 6));
                        if !empty && let Some(next) = self.decide(at, head, pos)? {
                            pc = next;
                            continue;
                        }
                    }
                }
                op::OPTIONAL_TAIL => {
                    let head = target(code, pc, 1);
                    if self.register(u16_at(code, head.wrapping_add(16))) != pos as u32 {
                        pc += 5;
                        continue;
                    }
                }
                op::BACK_REF => {
                    let (flags, group) = (u8_at(code, pc + 1), u16_at(code, pc + 2));
                    if let Some(next) = self.back_reference(group, flags, pos, false) {
                        self.tick_units(next - pos)?;
                        pos = next;
                        pc += 4;
                        continue;
                    }
                }
                op::STRINGS => {
                    if let Some(next) = self.strings(pc, pos, 0)? {
                        pos = next;
                        pc += 6;
                        continue;
                    }
                }
                op::LOOK | op::NOT_LOOK => {
                    let register = u16_at(code, pc + 1);
                    self.note(register, self.height);
                    self.note(register.wrapping_add(1), pos);
                    if opcode == op::NOT_LOOK {
                        self.push(BRANCH, target(code, pc, 3), pos, 0)?;
                    }
                    pc += 7;
                    continue;
                }
                op::LOOK_END => {
                    let register = u16_at(code, pc + 1);
                    self.commit(self.register(register) as usize);
                    pos = self.register(register.wrapping_add(1)) as usize;
                    pc += 3;
                    continue;
                }
                op::NOT_LOOK_END => self.undo(self.register(u16_at(code, pc + 1)) as usize),
                _ => {
                    if let Some(next) = self.leftward(opcode, pc, &mut pos)? {
                        pc = next;
                        continue;
                    }
                }
            }
            match self.backtrack()? {
                Some(next) => (pc, pos) = next,
                None => return Ok(false),
            }
        }
    }

    /// Goes the way that the next unit decides.
    #[inline(always)]
    pub(crate) fn switch(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
        let table = u32_at(self.code, pc + 5) as usize;
        let Some(map) = chunk::<{ op::SWITCH_MAP }>(self.sets, table.saturating_add(8)) else {
            return Ok(None);
        };
        let unit = self.subject.at(pos);
        let entry = match unit {
            Some(unit) => map[usize::from(unit).min(256)],
            None => map[257],
        };
        match entry {
            0 => Ok(None),
            1 => {
                let other = target_ahead(self.code, pc, 1);
                let first = self.guard_unit(u32_at(self.sets, table), unit);
                let second = self.guard_unit(u32_at(self.sets, table + 4), unit);
                if first && second {
                    self.push(BRANCH, other, pos, 0)?;
                }
                Ok(if first { Some(pc + 13) } else { second.then_some(other) })
            }
            _ => {
                let rel = table + 8 + op::SWITCH_MAP + 4 * usize::from(entry - 2);
                let rel = u32_at(self.sets, rel) as usize;
                Ok((rel > 0).then_some(pc + rel))
            }
        }
    }

    /// The rarer instructions: named references and everything that matches leftwards.
    #[inline(never)]
    pub(crate) fn leftward(
        &mut self,
        opcode: u8,
        pc: usize,
        pos: &mut usize,
    ) -> Result<Option<usize>, ExecError> {
        let code = self.code;
        let back = opcode & BACK != 0;
        let plain = opcode & !BACK;
        let next = match plain {
            op::BACK_REF | op::BACK_REF_NAMED => {
                let group = match plain {
                    op::BACK_REF => Some(u16_at(code, pc + 2)),
                    _ => self.participant(u32_at(code, pc + 2)),
                };
                match group {
                    Some(group) => {
                        let next = self.back_reference(group, u8_at(code, pc + 1), *pos, back);
                        self.tick_units(next.map_or(0, |next| next.abs_diff(*pos)))?;
                        next
                    }
                    None => Some(*pos),
                }
            }
            op::STRING8 | op::STRING16 | op::PAIRS if back => pos
                .checked_sub(usize::from(u16_at(code, pc + 1)))
                .filter(|&start| self.literal(pc, plain, start)),
            op::CHAR if back => self.step_back(plain, u32::from(u16_at(code, pc + 1)), *pos),
            op::CHAR2 | op::CLASS | op::CLASS_U if back => self.step_back(plain, u32_at(code, pc + 1), *pos),
            op::DOT | op::DOT_U | op::ANY | op::ANY_U if back => self.step_back(plain, 0, *pos),
            op::LOOP if back => self.enter_loop_back(pc, *pos)?,
            op::STRINGS if back => self.strings(pc, *pos, 0)?,
            _ => None,
        };
        Ok(next.map(|next| {
            *pos = next;
            pc + op::length(code, pc)
        }))
    }
}
