//! The state of a match: the backtrack stack, the registers, and what can be asked about the next unit.

use crate::ExecError;
use crate::op::{
    self, BACK, GUARD_END, GUARD_HASHED, GUARD_SIZE, GUARD_WIDE, NONE, target_ahead, u8_at, u16_at, u32_at,
};
use crate::units::{Units, in_bitmap};
use tare_allocators::{OutOfMemory, Vec};

/// A register without a position.
pub(crate) const UNSET: u32 = u32::MAX;

/// How much work is done between two calls of the interrupt callback: a backtrack is one, and so are some tens of
/// units that are gone over. That is some microseconds.
pub const FUEL: u32 = 1 << 8;
/// The logarithm of the units that are gone over for one.
pub(crate) const UNITS: u32 = 5;
/// Units that are gone over without looking at what is left.
pub(crate) const WINDOW: usize = 1 << 12;

/// The kind of a backtrack entry, in the top four bits of `at`.
pub(crate) const BRANCH: u32 = 0;
/// `at` is a register, `pos` its old value.
pub(crate) const RESTORE: u32 = 1;
/// A simple greedy loop at `pos` that can go back to `extra`.
pub(crate) const GREEDY: u32 = 2;
/// A simple lazy loop at `pos` that can take `extra` more.
pub(crate) const LAZY: u32 = 3;
/// A string set whose lengths from index `extra` on are untried.
pub(crate) const STRINGS: u32 = 4;
/// An iteration of the loop whose head is `at`.
pub(crate) const ITERATION: u32 = 5;

pub(crate) const KIND_SHIFT: u32 = 28;
pub(crate) const AT_MASK: u32 = (1 << KIND_SHIFT) - 1;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    /// Kind and program counter (or register).
    pub(crate) at: u32,
    pub(crate) pos: u32,
    pub(crate) extra: u32,
}

/// A register with the time of its last saving.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register {
    pub(crate) value: u32,
    /// The value of [`Machine::now`] when the old value was last put on the stack. Equal to the present
    /// one: no choice was opened or taken since, so the entry is still good.
    pub(crate) saved: u32,
}

pub(crate) const FRESH: Register = Register { value: UNSET, saved: 0 };

pub(crate) struct Machine<'m, 'a, S> {
    pub(crate) code: &'m [u8],
    pub(crate) sets: &'m [u8],
    pub(crate) subject: S,
    pub(crate) stack: &'m mut Vec<'a, Entry>,
    /// How many entries of the stack count.
    pub(crate) height: usize,
    pub(crate) registers: &'m mut [Register],
    /// Changes whenever a choice is opened, taken or dropped; never 0.
    pub(crate) now: u32,
    /// Work until the next call of the callback.
    pub(crate) fuel: u32,
    pub(crate) interrupt: &'m mut dyn FnMut() -> bool,
    pub(crate) classes: [CachedRange; CACHED],
}

/// A stretch of code points that are all in a class or all outside it.
#[derive(Clone, Copy)]
pub(crate) struct CachedRange {
    pub(crate) class: u32,
    pub(crate) low: u32,
    pub(crate) high: u32,
    pub(crate) inside: bool,
}

impl CachedRange {
    pub(crate) const NONE: CachedRange = CachedRange { class: NONE, low: 1, high: 0, inside: false };
}

/// How many stretches are remembered; a power of two.
pub(crate) const CACHED: usize = 8;

/// `N` bytes at `at`.
#[inline(always)]
pub(crate) fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

/// The stretch of code points around `c` (256 or above) that are all in a class, or all outside it.
pub(crate) fn class_stretch(sets: &[u8], class: u32, c: u32) -> (u32, u32, bool) {
    let class = class as usize;
    let basic = usize::from(u16_at(sets, class + 32));
    let start = class + 36;
    let around = |index: usize, len: usize, range: &dyn Fn(usize) -> (u32, u32), first: u32, last: u32| {
        let next = if index < len { range(index) } else { (last + 1, last + 1) };
        if next.0 <= c {
            return (next.0, next.1, true);
        }
        let before = if index > 0 { range(index - 1).1.saturating_add(1) } else { first };
        (before, next.0 - 1, false)
    };
    if c < 0x10000 {
        let ranges = sets.get(start..start + 4 * basic).unwrap_or(&[]).as_chunks::<4>().0;
        let index = ranges.partition_point(|range| u32::from(u16_at(range, 2)) < c);
        let range = |index: usize| {
            let range = ranges.get(index).unwrap_or(&[0; 4]);
            (u32::from(u16_at(range, 0)), u32::from(u16_at(range, 2)))
        };
        return around(index, ranges.len(), &range, 256, 0xFFFF);
    }
    let start = start + 4 * basic;
    let above = usize::from(u16_at(sets, class + 34));
    let ranges = sets.get(start..start + 8 * above).unwrap_or(&[]).as_chunks::<8>().0;
    let index = ranges.partition_point(|range| u32_at(range, 4) < c);
    let range = |index: usize| {
        let range = ranges.get(index).unwrap_or(&[0; 8]);
        (u32_at(range, 0), u32_at(range, 4))
    };
    around(index, ranges.len(), &range, 0x10000, u32::MAX - 1)
}

#[inline(always)]
pub(crate) fn bitmap(sets: &[u8], class: u32) -> &[u8; 32] {
    sets.get(class as usize..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; 32])
}

/// Whether an opcode of a single character reads code points rather than units.
#[inline(always)]
pub(crate) fn reads_code_points<S: Units>(op: u8) -> bool {
    S::WIDE && matches!(op, op::CLASS_U | op::DOT_U | op::ANY_U)
}

impl<S: Units> Machine<'_, '_, S> {
    #[inline(always)]
    pub(crate) fn tick(&mut self, cost: u32) -> Result<(), ExecError> {
        match self.fuel.checked_sub(cost) {
            Some(left) => self.fuel = left,
            None => {
                self.fuel = FUEL;
                if (self.interrupt)() {
                    return Err(ExecError::Interrupted);
                }
            }
        }
        Ok(())
    }

    /// Pays for units that were gone over.
    #[inline(always)]
    pub(crate) fn tick_units(&mut self, units: usize) -> Result<(), ExecError> {
        self.tick((units >> UNITS) as u32)
    }

    #[inline(always)]
    pub(crate) fn push_entry(&mut self, entry: Entry) -> Result<(), OutOfMemory> {
        if self.height == self.stack.len() {
            self.grow()?;
        }
        if let Some(slot) = self.stack.get_mut(self.height) {
            *slot = entry;
            self.height += 1;
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn grow(&mut self) -> Result<(), OutOfMemory> {
        let len = (2 * self.stack.len()).max(32);
        self.stack.try_resize(len, Entry::default())
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.height = self.height.checked_sub(1)?;
        self.stack.get(self.height).copied()
    }

    /// Registers saved before now must be saved again before they change.
    #[inline(always)]
    pub(crate) fn new_time(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.restart_time();
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn restart_time(&mut self) {
        self.registers.iter_mut().for_each(|register| register.saved = 0);
        self.now = 1;
    }

    /// Opens a choice.
    #[inline(always)]
    pub(crate) fn push(&mut self, kind: u32, at: usize, pos: usize, extra: u32) -> Result<(), OutOfMemory> {
        self.new_time();
        self.push_entry(Entry { at: kind << KIND_SHIFT | at as u32, pos: pos as u32, extra })
    }

    #[inline(always)]
    pub(crate) fn register(&self, register: u16) -> u32 {
        self.registers.get(usize::from(register)).map_or(UNSET, |register| register.value)
    }

    /// Changes a register so that backtracking changes it back.
    #[inline(always)]
    pub(crate) fn set(&mut self, register: u16, value: u32) -> Result<(), OutOfMemory> {
        let (height, now) = (self.height, self.now);
        if let Some(slot) = self.registers.get_mut(usize::from(register)) {
            let old = slot.value;
            slot.value = value;
            if height > 0 && slot.saved != now {
                slot.saved = now;
                let at = RESTORE << KIND_SHIFT | u32::from(register);
                self.push_entry(Entry { at, pos: old, extra: 0 })?;
            }
        }
        Ok(())
    }

    /// Writes a register that needs no restoring.
    pub(crate) fn note(&mut self, register: u16, value: usize) {
        if let Some(slot) = self.registers.get_mut(usize::from(register)) {
            slot.value = value as u32;
        }
    }

    /// Whether what starts with a guard can match at `pos`.
    #[inline(always)]
    pub(crate) fn guard(&self, guard: u32, pos: usize) -> bool {
        self.guard_unit(guard, self.subject.at(pos))
    }

    /// Whether what starts with a guard can match before `unit`.
    #[inline(always)]
    pub(crate) fn guard_unit(&self, guard: u32, unit: Option<u16>) -> bool {
        if guard == NONE {
            return true;
        }
        let Some(bytes) = chunk::<GUARD_SIZE>(self.sets, guard as usize) else { return true };
        match unit {
            None => bytes[0] & GUARD_END != 0,
            Some(unit) => match u8::try_from(unit) {
                Ok(unit) => bytes[2 + usize::from(unit >> 3)] >> (unit & 7) & 1 != 0,
                Err(_) => self.guard_wide(guard, unit),
            },
        }
    }

    /// Whether what starts with a guard can match before `unit`, which is 256 or above.
    #[inline]
    pub(crate) fn guard_wide(&self, guard: u32, unit: u16) -> bool {
        let flags = u8_at(self.sets, guard as usize);
        flags & GUARD_WIDE != 0
            || (flags & GUARD_HASHED != 0
                && chunk(self.sets, guard as usize + GUARD_SIZE)
                    .is_some_and(|bitmap| in_bitmap(bitmap, unit as u8)))
    }

    /// Whether a class holds `c`, which is 256 or above.
    #[inline]
    pub(crate) fn class_has_wide(&mut self, class: u32, c: u32) -> bool {
        let slot = &mut self.classes[(c >> 5) as usize % CACHED];
        if slot.class != class || c < slot.low || c > slot.high {
            let (low, high, inside) = class_stretch(self.sets, class, c);
            *slot = CachedRange { class, low, high, inside };
        }
        slot.inside
    }

    #[inline(always)]
    pub(crate) fn class_has(&mut self, class: u32, c: u32) -> bool {
        match u8::try_from(c) {
            Ok(unit) => in_bitmap(bitmap(self.sets, class), unit),
            Err(_) => self.class_has_wide(class, c),
        }
    }

    /// Goes back to the latest choice: where to go on. `None` when there is no choice left.
    #[inline(always)]
    pub(crate) fn backtrack(&mut self) -> Result<Option<(usize, usize)>, ExecError> {
        while let Some(entry) = self.pop() {
            let at = (entry.at & AT_MASK) as usize;
            let pos = entry.pos as usize;
            match entry.at >> KIND_SHIFT {
                BRANCH => {
                    self.new_time();
                    self.tick(1)?;
                    return Ok(Some((at, pos)));
                }
                RESTORE => {
                    if let Some(slot) = self.registers.get_mut(at) {
                        slot.value = entry.pos;
                    }
                }
                kind => {
                    self.new_time();
                    self.tick(1)?;
                    if let Some(found) = self.resume(kind, at, pos, entry.extra)? {
                        return Ok(Some(found));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next way of a choice that has several.
    pub(crate) fn resume(
        &mut self,
        kind: u32,
        at: usize,
        pos: usize,
        extra: u32,
    ) -> Result<Option<(usize, usize)>, ExecError> {
        let code = self.code;
        let back = u8_at(code, at) & BACK != 0;
        let op = u8_at(code, at + 1);
        let (operand, guard) = (u32_at(code, at + 11), u32_at(code, at + 15));
        match kind {
            GREEDY if back => {
                let next = self.step(op & !BACK, operand, pos).unwrap_or(pos + 1);
                if (next as u32) < extra {
                    self.push(GREEDY, at, next, extra)?;
                }
                Ok(Some((at + op::LOOP_LENGTH, next)))
            }
            GREEDY => {
                let end = self.previous(op, pos);
                Ok(self.greedy(at, op, guard, extra as usize, end)?.map(|pos| (at + op::LOOP_LENGTH, pos)))
            }
            LAZY => {
                let left = if extra == u32::MAX { extra } else { extra.saturating_sub(1) };
                if back {
                    let Some(next) = self.step_back(op, operand, pos) else { return Ok(None) };
                    if left > 0 {
                        self.push(LAZY, at, next, left)?;
                    }
                    return Ok(Some((at + op::LOOP_LENGTH, next)));
                }
                let Some(next) = self.step(op, operand, pos) else { return Ok(None) };
                let found = self.lazy(at, op, operand, guard, next, left)?;
                Ok(found.map(|pos| (at + op::LOOP_LENGTH, pos)))
            }
            STRINGS => Ok(self.strings(at, pos, extra as usize)?.map(|pos| (at + 6, pos))),
            ITERATION => {
                let Some(head) = chunk(code, at) else { return Ok(None) };
                self.begin_iteration(head, pos)?;
                Ok(Some((at + op::HEAD_LENGTH, pos)))
            }
            _ => Ok(None),
        }
    }

    /// Starts an iteration of a loop.
    #[inline(always)]
    pub(crate) fn begin_iteration(
        &mut self,
        head: &[u8; op::HEAD_LENGTH],
        pos: usize,
    ) -> Result<(), ExecError> {
        let flags = head[1];
        if head[0] == op::COUNTED {
            let counter = u16_at(head, 14);
            self.set(counter, self.register(counter).saturating_add(1))?;
        }
        if flags & op::LOOP_CAPTURES != 0 {
            for register in u16_at(head, 18)..u16_at(head, 20) {
                if self.register(register) != UNSET {
                    self.set(register, UNSET)?;
                }
            }
        }
        if flags & op::LOOP_EMPTY != 0 {
            self.set(u16_at(head, 16), pos as u32)?;
        }
        Ok(())
    }

    /// Whether another iteration, the end, or both are tried: the program counter to go on at.
    #[inline(always)]
    pub(crate) fn decide(
        &mut self,
        at: usize,
        head: &[u8; op::HEAD_LENGTH],
        pos: usize,
    ) -> Result<Option<usize>, ExecError> {
        let body = at + op::HEAD_LENGTH;
        let end = target_ahead(head, 0, 2).saturating_add(at);
        if head[0] == op::COUNTED {
            let count = self.register(u16_at(head, 14));
            if count < u32_at(head, 6) {
                self.begin_iteration(head, pos)?;
                return Ok(Some(body));
            }
            if count >= u32_at(head, 10) {
                return Ok(Some(end));
            }
        }
        let unit = self.subject.at(pos);
        let enter = self.guard_unit(u32_at(head, 22), unit);
        let leave = self.guard_unit(u32_at(head, 26), unit);
        if enter && leave {
            if head[1] & op::LOOP_LAZY != 0 {
                self.push(ITERATION, at, pos, 0)?;
                return Ok(Some(end));
            }
            self.push(BRANCH, end, pos, 0)?;
        } else if leave {
            return Ok(Some(end));
        } else if !enter {
            return Ok(None);
        }
        self.begin_iteration(head, pos)?;
        Ok(Some(body))
    }

    /// Drops the choices above `height` and keeps the restorations.
    pub(crate) fn commit(&mut self, height: usize) {
        self.new_time();
        let mut kept = height;
        if height > 0 {
            for index in height..self.height {
                let entry = self.stack.get(index).copied().unwrap_or_default();
                if entry.at >> KIND_SHIFT == RESTORE
                    && let Some(slot) = self.stack.get_mut(kept)
                {
                    *slot = entry;
                    kept += 1;
                }
            }
        }
        self.height = self.height.min(kept);
    }

    /// Undoes everything above `height`.
    pub(crate) fn undo(&mut self, height: usize) {
        self.new_time();
        while self.height > height
            && let Some(entry) = self.pop()
        {
            if entry.at >> KIND_SHIFT == RESTORE
                && let Some(slot) = self.registers.get_mut((entry.at & AT_MASK) as usize)
            {
                slot.value = entry.pos;
            }
        }
    }
}
