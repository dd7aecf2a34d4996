//! Single characters and the loops over them, rightwards and leftwards.

use crate::ExecError;
use crate::machine::{GREEDY, LAZY, Machine, WINDOW, bitmap, chunk, reads_code_points};
use crate::op::{self, NONE, u8_at, u32_at};
use crate::search::is_line_terminator;
use crate::units::Units;

impl<S: Units> Machine<'_, '_, S> {
    /// One character forward.
    #[inline]
    pub(crate) fn step(&mut self, op: u8, operand: u32, pos: usize) -> Option<usize> {
        if reads_code_points::<S>(op) {
            let (c, length) = self.subject.code_point(pos)?;
            let fits = match op {
                op::CLASS_U => self.class_has(operand, c),
                op::DOT_U => !is_line_terminator(self.subject.at(pos)),
                _ => true,
            };
            return fits.then_some(pos + length);
        }
        self.unit_fits(op, operand, self.subject.at(pos)?).then_some(pos + 1)
    }

    /// One character backward.
    pub(crate) fn step_back(&mut self, op: u8, operand: u32, pos: usize) -> Option<usize> {
        if reads_code_points::<S>(op) {
            let (c, length) = self.subject.code_point_before(pos)?;
            let fits = match op {
                op::CLASS_U => self.class_has(operand, c),
                op::DOT_U => !is_line_terminator(self.subject.at(pos - 1)),
                _ => true,
            };
            return fits.then_some(pos - length);
        }
        let before = pos.checked_sub(1)?;
        self.unit_fits(op, operand, self.subject.at(before)?).then_some(before)
    }

    #[inline(always)]
    pub(crate) fn unit_fits(&mut self, op: u8, operand: u32, unit: u16) -> bool {
        match op {
            op::CHAR => u32::from(unit) == operand,
            op::CHAR2 => u32::from(unit) == operand & 0xFFFF || u32::from(unit) == operand >> 16,
            op::CLASS | op::CLASS_U => self.class_has(operand, u32::from(unit)),
            op::DOT | op::DOT_U => !is_line_terminator(Some(unit)),
            _ => true,
        }
    }

    /// The end of the longest run of a single character from `pos`, of at most `max` characters, and
    /// how many they are (at least `min` if there are as many; exact where that matters to the caller).
    #[inline(never)]
    pub(crate) fn run_forward(
        &mut self,
        op: u8,
        operand: u32,
        pos: usize,
        min: u32,
        max: u32,
    ) -> (usize, u32) {
        let subject = self.subject;
        let len = subject.len();
        if reads_code_points::<S>(op) {
            if max == u32::MAX && min <= 1 && op != op::CLASS_U {
                let end = if op == op::ANY_U { len } else { subject.line_end(pos, len) };
                return (end, u32::from(end > pos));
            }
            let (mut end, mut count) = (pos, 0);
            while count < max
                && let Some((c, length)) = subject.code_point(end)
            {
                let fits = match op {
                    op::CLASS_U => self.class_has(operand, c),
                    op::DOT_U => !is_line_terminator(subject.at(end)),
                    _ => true,
                };
                if !fits {
                    break;
                }
                end += length;
                count += 1;
            }
            return (end, count);
        }
        let limit = len.min(pos.saturating_add(max as usize));
        let end = match op {
            op::CHAR => subject.run_of(operand as u16, operand as u16, pos, limit),
            op::CHAR2 => subject.run_of(operand as u16, (operand >> 16) as u16, pos, limit),
            op::CLASS | op::CLASS_U => {
                let bitmap = bitmap(self.sets, operand);
                let mut end = subject.run(bitmap, pos, limit);
                if S::WIDE {
                    while end < limit
                        && let Some(unit @ 256..) = subject.at(end)
                        && self.class_has_wide(operand, u32::from(unit))
                    {
                        end = subject.run(bitmap, end + 1, limit);
                    }
                }
                end
            }
            op::DOT | op::DOT_U => subject.line_end(pos, limit),
            _ => limit,
        };
        (end, end.saturating_sub(pos) as u32)
    }

    /// The end of the longest run of the loop at `pc` from `pos`.
    pub(crate) fn run_end(&mut self, pc: usize, pos: usize) -> Result<usize, ExecError> {
        let (op, operand) = (u8_at(self.code, pc + 1), u32_at(self.code, pc + 11));
        Ok(self.run_paid(op, operand, pos, 0, u32::MAX)?.0)
    }

    /// As [`Machine::run_forward`], in windows that are paid one by one where much of the subject is left; the
    /// last of them is the caller's to pay.
    #[inline(always)]
    pub(crate) fn run_paid(
        &mut self,
        op: u8,
        operand: u32,
        pos: usize,
        min: u32,
        max: u32,
    ) -> Result<(usize, u32), ExecError> {
        if max as usize <= WINDOW || self.subject.len().saturating_sub(pos) <= WINDOW {
            return Ok(self.run_forward(op, operand, pos, min, max));
        }
        self.run_in_windows(op, operand, pos, min, max)
    }

    #[cold]
    #[inline(never)]
    fn run_in_windows(
        &mut self,
        op: u8,
        operand: u32,
        pos: usize,
        min: u32,
        max: u32,
    ) -> Result<(usize, u32), ExecError> {
        let (len, window) = (self.subject.len(), WINDOW as u32);
        let (mut end, mut count) = (pos, 0u32);
        if reads_code_points::<S>(op) && max == u32::MAX && min <= 1 && op != op::CLASS_U {
            // Where only the end matters and the next window begins makes no difference.
            while end < len {
                let stop = len.min(end + WINDOW);
                let found = if op == op::ANY_U { stop } else { self.subject.line_end(end, stop) };
                self.tick_units(found - end)?;
                end = found;
                if found < stop {
                    break;
                }
            }
            return Ok((end, u32::from(end > pos)));
        }
        loop {
            let most = window.min(max - count);
            let (next, run) = self.run_forward(op, operand, end, 0, most);
            let units = next.saturating_sub(end);
            (end, count) = (next, count + run);
            if run < most || count == max {
                return Ok((end, count));
            }
            self.tick_units(units)?;
        }
    }

    /// The last position from `end` down to `floor` at which `guard` lets through what follows.
    #[inline]
    pub(crate) fn last_guarded(&self, op: u8, guard: u32, floor: usize, end: usize) -> Option<usize> {
        if guard == NONE {
            return Some(end);
        }
        if u8_at(self.sets, guard as usize) & op::GUARD_SINGLE != 0 {
            let unit = u16::from(u8_at(self.sets, guard as usize + 1));
            return self.subject.rfind(unit, floor, (end + 1).min(self.subject.len()));
        }
        let mut pos = end;
        while !self.guard(guard, pos) {
            if pos <= floor {
                return None;
            }
            pos = self.previous(op, pos);
        }
        Some(pos)
    }

    /// The position one character before `pos`, which is not the first.
    #[inline(always)]
    pub(crate) fn previous(&self, op: u8, pos: usize) -> usize {
        if reads_code_points::<S>(op) && pos >= 2 && self.subject.splits_pair(pos - 1) {
            return pos - 2;
        }
        pos.saturating_sub(1)
    }

    /// A loop over one character at `pc`, entered at `pos`: where to go on behind it.
    #[inline(always)]
    pub(crate) fn enter_loop(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
        let Some(code) = chunk::<{ op::LOOP_LENGTH }>(self.code, pc) else { return Ok(None) };
        let (op, mode) = (code[1], code[2]);
        let (min, max) = (u32_at(code, 3), u32_at(code, 7));
        let (operand, guard) = (u32_at(code, 11), u32_at(code, 15));
        if mode == op::LAZY {
            let (end, count) = if min == 0 { (pos, 0) } else { self.run_paid(op, operand, pos, min, min)? };
            if count < min {
                return Ok(None);
            }
            let left = if max == u32::MAX { max } else { max.saturating_sub(min) };
            return self.lazy(pc, op, operand, guard, end, left);
        }
        let (end, count) = self.run_paid(op, operand, pos, min, max)?;
        if count < min {
            return Ok(None);
        }
        self.tick_units(end.saturating_sub(pos))?;
        if mode == op::POSSESSIVE {
            return Ok(Some(end));
        }
        let floor = if min == 0 {
            pos
        } else if reads_code_points::<S>(op) {
            let mut floor = pos;
            for _ in 0..min {
                floor += self.subject.code_point(floor).map_or(0, |found| found.1);
            }
            floor
        } else {
            pos + min as usize
        };
        self.greedy(pc, op, guard, floor, end)
    }

    /// A greedy loop may end at `end` or before it, down to `floor`.
    #[inline(always)]
    pub(crate) fn greedy(
        &mut self,
        pc: usize,
        op: u8,
        guard: u32,
        floor: usize,
        end: usize,
    ) -> Result<Option<usize>, ExecError> {
        let Some(pos) = self.last_guarded(op, guard, floor, end) else { return Ok(None) };
        if pos > floor {
            self.push(GREEDY, pc, pos, floor as u32)?;
        }
        Ok(Some(pos))
    }

    /// A lazy loop may end at `pos` or behind it, after at most `left` more characters.
    #[inline(never)]
    pub(crate) fn lazy(
        &mut self,
        pc: usize,
        op: u8,
        operand: u32,
        guard: u32,
        pos: usize,
        left: u32,
    ) -> Result<Option<usize>, ExecError> {
        let (mut pos, mut left) = (pos, left);
        let single = guard != NONE && u8_at(self.sets, guard as usize) & op::GUARD_SINGLE != 0;
        if single && left == u32::MAX && matches!(op, op::DOT | op::DOT_U | op::ANY | op::ANY_U) {
            // The next place at which what follows can match, unless the line ends before it.
            let unit = u16::from(u8_at(self.sets, guard as usize + 1));
            let Some(found) = self.subject.find(&[unit], pos, self.subject.len()) else {
                self.tick_units(self.subject.len().saturating_sub(pos))?;
                return Ok(None);
            };
            self.tick_units(found - pos)?;
            if matches!(op, op::DOT | op::DOT_U) && self.subject.line_end(pos, found) < found {
                return Ok(None);
            }
            self.push(LAZY, pc, found, left)?;
            return Ok(Some(found));
        }
        let mut stepped = 0u32;
        while !self.guard(guard, pos) {
            if left == 0 {
                return Ok(None);
            }
            match self.step(op, operand, pos) {
                Some(next) => pos = next,
                None => return Ok(None),
            }
            stepped += 1;
            if stepped & 63 == 0 {
                self.tick(1)?;
            }
            if left != u32::MAX {
                left -= 1;
            }
        }
        if left > 0 {
            self.push(LAZY, pc, pos, left)?;
        }
        Ok(Some(pos))
    }

    /// As [`Machine::enter_loop`], leftwards.
    pub(crate) fn enter_loop_back(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
        let code = self.code;
        let op = u8_at(code, pc + 1);
        let lazy = u8_at(code, pc + 2) == op::LAZY;
        let (min, max) = (u32_at(code, pc + 3), u32_at(code, pc + 7));
        let operand = u32_at(code, pc + 11);
        let (mut end, mut count, mut floor) = (pos, 0, pos);
        let most = if lazy { min } else { max };
        while count < most
            && let Some(next) = self.step_back(op, operand, end)
        {
            end = next;
            count += 1;
            if count == min {
                floor = end;
            }
        }
        if count < min {
            return Ok(None);
        }
        self.tick_units(count as usize)?;
        if lazy {
            let left = if max == u32::MAX { max } else { max.saturating_sub(min) };
            if left > 0 {
                self.push(LAZY, pc, end, left)?;
            }
        } else if end < floor {
            self.push(GREEDY, pc, end, floor as u32)?;
        }
        Ok(Some(end))
    }
}
