//! The matcher: a backtracking interpreter of programs.
//!
//! Invariants:
//! - All state that a choice must bring back is on the backtrack stack: a choice holds where to go on
//!   and at which position, and every register changed while a choice is open is preceded by an entry
//!   that restores it. With no choice open nothing needs to be restored.
//! - Lookarounds note the height of the stack in a register. A positive one that matched drops the
//!   choices above that height and keeps the restorations; a negative one undoes all above it.
//! - Code is read with checks: a damaged program matches wrongly, but neither panics nor reads
//!   outside.

use core::ops::Range;

use crate::op::{
    self, BACK, GUARD_END, GUARD_HASHED, GUARD_SIZE, GUARD_WIDE, NONE, target, u8_at, u16_at, u32_at,
};
use crate::program::ProgramRef;
use crate::search::{Finder, is_line_terminator};
use crate::units::{Units, in_bitmap};
use crate::{ExecError, Flags, Text, unicode};
use tare_allocators::{Memory, OutOfMemory, Vec};

/// A register without a position.
const UNSET: u32 = u32::MAX;

/// How many backtracks pass between two calls of the interrupt callback.
const FUEL: u32 = 1 << 14;

/// The kind of a backtrack entry, in the top four bits of `at`.
const BRANCH: u32 = 0;
/// `at` is a register, `pos` its old value.
const RESTORE: u32 = 1;
/// A simple greedy loop at `pos` that can go back to `extra`.
const GREEDY: u32 = 2;
/// A simple lazy loop at `pos` that can take `extra` more.
const LAZY: u32 = 3;
/// A string set whose lengths from index `extra` on are untried.
const STRINGS: u32 = 4;
/// An iteration of the loop whose head is `at`.
const ITERATION: u32 = 5;

const KIND_SHIFT: u32 = 28;
const AT_MASK: u32 = (1 << KIND_SHIFT) - 1;

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    /// Kind and program counter (or register).
    at: u32,
    pos: u32,
    extra: u32,
}

/// A register with the time of its last saving.
#[derive(Clone, Copy, Debug)]
struct Register {
    value: u32,
    /// The value of [`Machine::now`] when the old value was last put on the stack. Equal to the present
    /// one: no choice was opened or taken since, so the entry is still good.
    saved: u32,
}

const FRESH: Register = Register { value: UNSET, saved: 0 };

/// Memory that matching needs, reusable from call to call, and the groups of the last match.
#[derive(Debug)]
pub struct Scratch<'a> {
    /// Entries above the height of the machine are leftovers.
    stack: Vec<'a, Entry>,
    registers: Vec<'a, Register>,
    groups: usize,
}

impl<'a> Scratch<'a> {
    /// Takes no memory yet.
    pub fn new(memory: Memory<'a>) -> Self {
        Scratch { stack: Vec::new(memory), registers: Vec::new(memory), groups: 0 }
    }

    /// Number of groups of the last match, group 0 included; 0 if there was none.
    pub fn group_count(&self) -> usize {
        self.groups
    }

    /// Where a group of the last match is, in code units; `None` if it did not take part.
    #[inline]
    pub fn group(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.groups {
            return None;
        }
        let start = self.registers.get(2 * index)?.value;
        let end = self.registers.get(2 * index + 1)?.value;
        (start != UNSET && end != UNSET).then_some(start as usize..end as usize)
    }

    /// Gives memory back that exceeds what ordinary matches need.
    pub fn release(&mut self) {
        let memory = self.stack.memory();
        if self.stack.capacity() > 4096 {
            self.stack = Vec::new(memory);
        }
    }
}

/// Looks for a match at `last_index` or behind it (only there if the program is sticky). The groups
/// are then in `scratch`. `interrupt` is called now and then and stops the match by returning true.
///
/// # Errors
/// [`ExecError::Interrupted`], or [`ExecError::OutOfMemory`] when `scratch` cannot grow (also for a
/// subject of 2³² − 1 units or more).
pub fn exec(
    program: ProgramRef<'_>,
    subject: Text<'_>,
    last_index: usize,
    scratch: &mut Scratch<'_>,
    interrupt: &mut dyn FnMut() -> bool,
) -> Result<bool, ExecError> {
    let sticky = program.flags().has(Flags::STICKY);
    exec_with(program, subject, last_index, sticky, scratch, interrupt)
}

/// As [`exec`], with stickiness given by the caller, who may want it whatever the flags are.
///
/// # Errors
/// As [`exec`].
pub fn exec_with(
    program: ProgramRef<'_>,
    subject: Text<'_>,
    last_index: usize,
    sticky: bool,
    scratch: &mut Scratch<'_>,
    interrupt: &mut dyn FnMut() -> bool,
) -> Result<bool, ExecError> {
    scratch.groups = 0;
    if subject.len() >= UNSET as usize {
        return Err(ExecError::OutOfMemory);
    }
    if last_index > subject.len() {
        return Ok(false);
    }
    let found = match subject {
        Text::Latin1(units) => find_match(program, units, last_index, sticky, scratch, interrupt),
        Text::Utf16(units) => find_match(program, units, last_index, sticky, scratch, interrupt),
    }?;
    if found {
        scratch.groups = program.group_count();
    }
    Ok(found)
}

fn find_match<S: Units>(
    program: ProgramRef<'_>,
    subject: S,
    last_index: usize,
    sticky: bool,
    scratch: &mut Scratch<'_>,
    interrupt: &mut dyn FnMut() -> bool,
) -> Result<bool, ExecError> {
    let full_unicode = program.flags().full_unicode();
    let groups = program.group_count();
    scratch.registers.clear();
    scratch.registers.try_resize(program.register_count(), FRESH)?;
    let mut machine = Machine {
        code: program.code(),
        sets: program.sets(),
        subject,
        stack: &mut scratch.stack,
        height: 0,
        registers: &mut scratch.registers,
        now: 1,
        fuel: FUEL,
        interrupt,
        classes: [CachedRange::NONE; CACHED],
    };
    let search = program.search();
    let mut finder = Finder::new(program, search);
    let mut start = last_index;
    if full_unicode && subject.splits_pair(start) {
        start -= 1;
    }
    loop {
        if sticky {
            if !finder.may_start(subject, start) {
                return Ok(false);
            }
        } else {
            match finder.next(subject, start) {
                Some(found) => start = found,
                None => return Ok(false),
            }
        }
        if full_unicode && subject.splits_pair(start) {
            start += 1;
            continue;
        }
        if S::WIDE
            && !sticky
            && let Some(class) = search.first_class
        {
            let candidate = start;
            while let Some((c, length)) = subject.code_point(start)
                && c >= 256
                && (length == 1 || full_unicode)
                && !machine.class_has_wide(class, c)
            {
                start += length;
            }
            if start != candidate {
                continue;
            }
        }
        machine.height = 0;
        if machine.run(start)? {
            return Ok(true);
        }
        if sticky || start >= subject.len() {
            return Ok(false);
        }
        machine.tick(1)?;
        start = match search.first_loop {
            Some(pc) => machine.run_end(pc as usize, start).max(start + 1),
            None => start + 1,
        };
        if let Some(captures) = machine.registers.get_mut(..2 * groups) {
            captures.fill(FRESH);
        }
    }
}

struct Machine<'m, 'a, S> {
    code: &'m [u8],
    sets: &'m [u8],
    subject: S,
    stack: &'m mut Vec<'a, Entry>,
    /// How many entries of the stack count.
    height: usize,
    registers: &'m mut [Register],
    /// Changes whenever a choice is opened, taken or dropped; never 0.
    now: u32,
    /// Backtracks until the next call of the callback.
    fuel: u32,
    interrupt: &'m mut dyn FnMut() -> bool,
    classes: [CachedRange; CACHED],
}

/// A stretch of code points that are all in a class or all outside it.
#[derive(Clone, Copy)]
struct CachedRange {
    class: u32,
    low: u32,
    high: u32,
    inside: bool,
}

impl CachedRange {
    const NONE: CachedRange = CachedRange { class: NONE, low: 1, high: 0, inside: false };
}

/// How many stretches are remembered; a power of two.
const CACHED: usize = 8;

/// `N` bytes at `at`.
#[inline(always)]
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

/// The stretch of code points around `c` (256 or above) that are all in a class, or all outside it.
fn class_stretch(sets: &[u8], class: u32, c: u32) -> (u32, u32, bool) {
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
fn bitmap(sets: &[u8], class: u32) -> &[u8; 32] {
    sets.get(class as usize..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; 32])
}

/// Whether an opcode of a single character reads code points rather than units.
#[inline(always)]
fn reads_code_points<S: Units>(op: u8) -> bool {
    S::WIDE && matches!(op, op::CLASS_U | op::DOT_U | op::ANY_U)
}

impl<S: Units> Machine<'_, '_, S> {
    #[inline(always)]
    fn tick(&mut self, cost: u32) -> Result<(), ExecError> {
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

    #[inline(always)]
    fn push_entry(&mut self, entry: Entry) -> Result<(), OutOfMemory> {
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
    fn grow(&mut self) -> Result<(), OutOfMemory> {
        let len = (2 * self.stack.len()).max(32);
        self.stack.try_resize(len, Entry::default())
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Entry> {
        self.height = self.height.checked_sub(1)?;
        self.stack.get(self.height).copied()
    }

    /// Registers saved before now must be saved again before they change.
    #[inline(always)]
    fn new_time(&mut self) {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.restart_time();
        }
    }

    #[cold]
    #[inline(never)]
    fn restart_time(&mut self) {
        self.registers.iter_mut().for_each(|register| register.saved = 0);
        self.now = 1;
    }

    /// Opens a choice.
    #[inline(always)]
    fn push(&mut self, kind: u32, at: usize, pos: usize, extra: u32) -> Result<(), OutOfMemory> {
        self.new_time();
        self.push_entry(Entry { at: kind << KIND_SHIFT | at as u32, pos: pos as u32, extra })
    }

    #[inline(always)]
    fn register(&self, register: u16) -> u32 {
        self.registers.get(usize::from(register)).map_or(UNSET, |register| register.value)
    }

    /// Changes a register so that backtracking changes it back.
    #[inline(always)]
    fn set(&mut self, register: u16, value: u32) -> Result<(), OutOfMemory> {
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

    /// Whether what starts with a guard can match at `pos`.
    #[inline(always)]
    fn guard(&self, guard: u32, pos: usize) -> bool {
        self.guard_unit(guard, self.subject.at(pos))
    }

    /// Whether what starts with a guard can match before `unit`.
    #[inline(always)]
    fn guard_unit(&self, guard: u32, unit: Option<u16>) -> bool {
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
    fn guard_wide(&self, guard: u32, unit: u16) -> bool {
        let flags = u8_at(self.sets, guard as usize);
        flags & GUARD_WIDE != 0
            || (flags & GUARD_HASHED != 0
                && chunk(self.sets, guard as usize + GUARD_SIZE)
                    .is_some_and(|bitmap| in_bitmap(bitmap, unit as u8)))
    }

    /// Whether a class holds `c`, which is 256 or above.
    #[inline]
    fn class_has_wide(&mut self, class: u32, c: u32) -> bool {
        let slot = &mut self.classes[(c >> 5) as usize % CACHED];
        if slot.class != class || c < slot.low || c > slot.high {
            let (low, high, inside) = class_stretch(self.sets, class, c);
            *slot = CachedRange { class, low, high, inside };
        }
        slot.inside
    }

    #[inline(always)]
    fn class_has(&mut self, class: u32, c: u32) -> bool {
        match u8::try_from(c) {
            Ok(unit) => in_bitmap(bitmap(self.sets, class), unit),
            Err(_) => self.class_has_wide(class, c),
        }
    }

    /// One character forward.
    #[inline(always)]
    fn step(&mut self, op: u8, operand: u32, pos: usize) -> Option<usize> {
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
    fn step_back(&mut self, op: u8, operand: u32, pos: usize) -> Option<usize> {
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
    fn unit_fits(&mut self, op: u8, operand: u32, unit: u16) -> bool {
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
    #[inline(always)]
    fn run_forward(&mut self, op: u8, operand: u32, pos: usize, min: u32, max: u32) -> (usize, u32) {
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
    fn run_end(&mut self, pc: usize, pos: usize) -> usize {
        let (op, operand) = (u8_at(self.code, pc + 1), u32_at(self.code, pc + 11));
        self.run_forward(op, operand, pos, 0, u32::MAX).0
    }

    /// The last position from `end` down to `floor` at which `guard` lets through what follows.
    #[inline(always)]
    fn last_guarded(&self, op: u8, guard: u32, floor: usize, end: usize) -> Option<usize> {
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
    fn previous(&self, op: u8, pos: usize) -> usize {
        if reads_code_points::<S>(op) && pos >= 2 && self.subject.splits_pair(pos - 1) {
            return pos - 2;
        }
        pos - 1
    }

    /// A loop over one character at `pc`, entered at `pos`: where to go on behind it.
    #[inline(always)]
    fn enter_loop(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
        let Some(code) = chunk::<{ op::LOOP_LENGTH }>(self.code, pc) else { return Ok(None) };
        let (op, mode) = (code[1], code[2]);
        let (min, max) = (u32_at(code, 3), u32_at(code, 7));
        let (operand, guard) = (u32_at(code, 11), u32_at(code, 15));
        if mode == op::LAZY {
            let (end, count) = if min == 0 { (pos, 0) } else { self.run_forward(op, operand, pos, min, min) };
            if count < min {
                return Ok(None);
            }
            let left = if max == u32::MAX { max } else { max.saturating_sub(min) };
            return self.lazy(pc, op, operand, guard, end, left);
        }
        let (end, count) = self.run_forward(op, operand, pos, min, max);
        if count < min {
            return Ok(None);
        }
        self.tick(end.saturating_sub(pos) as u32 >> 6)?;
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
    fn greedy(
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
    #[inline(always)]
    fn lazy(
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
            let Some(found) = self.subject.find(&[unit], pos, self.subject.len()) else { return Ok(None) };
            if matches!(op, op::DOT | op::DOT_U) && self.subject.line_end(pos, found) < found {
                return Ok(None);
            }
            self.tick((found - pos) as u32 >> 6)?;
            self.push(LAZY, pc, found, left)?;
            return Ok(Some(found));
        }
        while !self.guard(guard, pos) {
            if left == 0 {
                return Ok(None);
            }
            match self.step(op, operand, pos) {
                Some(next) => pos = next,
                None => return Ok(None),
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
    fn enter_loop_back(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
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
        self.tick(count >> 6)?;
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

    /// Goes back to the latest choice: where to go on. `None` when there is no choice left.
    #[inline(always)]
    fn backtrack(&mut self) -> Result<Option<(usize, usize)>, ExecError> {
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
    fn resume(
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
                let left = if extra == u32::MAX { extra } else { extra - 1 };
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
    fn begin_iteration(&mut self, head: &[u8; op::HEAD_LENGTH], pos: usize) -> Result<(), ExecError> {
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
    fn decide(
        &mut self,
        at: usize,
        head: &[u8; op::HEAD_LENGTH],
        pos: usize,
    ) -> Result<Option<usize>, ExecError> {
        let body = at + op::HEAD_LENGTH;
        let end = target(head, 0, 2).wrapping_add(at);
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

    /// The end of the text of group `group`, found again at `pos` (leftwards: its start).
    fn back_reference(&self, group: u16, flags: u8, pos: usize, back: bool) -> Option<usize> {
        let (start, end) =
            (self.register(group.wrapping_mul(2)), self.register(group.wrapping_mul(2).wrapping_add(1)));
        if start == UNSET || end == UNSET {
            return Some(pos);
        }
        let subject = self.subject;
        let (start, end) = (start as usize, end as usize);
        let len = end.checked_sub(start)?;
        let (from, to) = if back { (pos.checked_sub(len)?, pos) } else { (pos, pos.checked_add(len)?) };
        if to > subject.len() || end > subject.len() {
            return None;
        }
        let unicode = flags & op::FLAG_UNICODE != 0;
        if unicode && (subject.splits_pair(from) || subject.splits_pair(to)) {
            return None;
        }
        let same = if flags & op::FLAG_IGNORE_CASE == 0 {
            subject.same(start, from, len)
        } else if unicode {
            // Folding never changes the number of units, so positions stay in step.
            let mut index = 0;
            loop {
                if index >= len {
                    break true;
                }
                let (Some(a), Some(b)) =
                    (subject.code_point(start + index), subject.code_point(from + index))
                else {
                    break false;
                };
                if a != b && unicode::fold_simple(a.0) != unicode::fold_simple(b.0) {
                    break false;
                }
                index += a.1;
            }
        } else {
            (0..len).all(|index| match (subject.at(start + index), subject.at(from + index)) {
                (Some(a), Some(b)) => {
                    a == b || unicode::canonicalize_non_unicode(a) == unicode::canonicalize_non_unicode(b)
                }
                _ => false,
            })
        };
        same.then_some(if back { from } else { to })
    }

    /// The only group of a list that took part, or none.
    fn participant(&self, list: u32) -> Option<u16> {
        let list = list as usize;
        (0..usize::from(u16_at(self.sets, list))).map(|index| u16_at(self.sets, list + 2 + 2 * index)).find(
            |&group| {
                self.register(group.wrapping_mul(2)) != UNSET
                    && self.register(group.wrapping_mul(2).wrapping_add(1)) != UNSET
            },
        )
    }

    /// Compares the `len` units at `at` with those in the table of sets at `text`.
    fn compare(&self, at: usize, text: usize, len: usize, flags: u8) -> core::cmp::Ordering {
        let mut index = 0;
        while index < len {
            let stored = |index: usize| u16_at(self.sets, text + 2 * index);
            let Some((c, length)) = self.subject.code_point(at + index) else {
                return core::cmp::Ordering::Greater;
            };
            let c = if flags & op::FLAG_IGNORE_CASE != 0 { unicode::fold_simple(c) } else { c };
            let ordering = if c < 0x10000 {
                stored(index).cmp(&(c as u16))
            } else {
                let high = 0xD7C0u16.wrapping_add((c >> 10) as u16);
                let low = 0xDC00 | (c & 0x3FF) as u16;
                stored(index).cmp(&high).then_with(|| stored(index + 1).cmp(&low))
            };
            if ordering.is_ne() {
                return ordering;
            }
            index += length;
        }
        core::cmp::Ordering::Equal
    }

    /// The next string of a STRINGS instruction that is here, trying lengths from index `from` on.
    fn strings(&mut self, pc: usize, pos: usize, from: usize) -> Result<Option<usize>, ExecError> {
        let back = u8_at(self.code, pc) & BACK != 0;
        let flags = u8_at(self.code, pc + 1);
        let table = u32_at(self.code, pc + 2) as usize;
        let lengths = usize::from(u16_at(self.sets, table));
        for index in from..lengths {
            let row = table + 2 + 8 * index;
            let len = usize::from(u16_at(self.sets, row));
            let start = if back { pos.checked_sub(len) } else { Some(pos) };
            let Some(start) = start.filter(|start| start + len <= self.subject.len()) else { continue };
            if self.subject.splits_pair(start) || self.subject.splits_pair(start + len) {
                continue;
            }
            let (mut low, mut high) = (0, usize::from(u16_at(self.sets, row + 2)));
            let texts = u32_at(self.sets, row + 4) as usize;
            while low < high {
                let middle = (low + high) / 2;
                match self.compare(start, texts + 2 * len * middle, len, flags) {
                    core::cmp::Ordering::Less => low = middle + 1,
                    core::cmp::Ordering::Greater => high = middle,
                    core::cmp::Ordering::Equal => {
                        if index + 1 < lengths {
                            self.push(STRINGS, pc, pos, index as u32 + 1)?;
                        }
                        return Ok(Some(if back { start } else { start + len }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Whether the unit at `at` is a word character.
    #[inline(always)]
    fn is_word(&self, at: Option<usize>, folding: bool) -> bool {
        match at.and_then(|at| self.subject.at(at)) {
            Some(unit) => match u8::try_from(unit) {
                Ok(byte) => byte.is_ascii_alphanumeric() || byte == b'_',
                Err(_) => folding && matches!(unit, 0x17F | 0x212A),
            },
            None => false,
        }
    }

    /// Drops the choices above `height` and keeps the restorations.
    fn commit(&mut self, height: usize) {
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
    fn undo(&mut self, height: usize) {
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

    /// Writes a register that needs no restoring.
    fn note(&mut self, register: u16, value: usize) {
        if let Some(slot) = self.registers.get_mut(usize::from(register)) {
            slot.value = value as u32;
        }
    }

    /// A run of units (or pairs of them) that ends or starts at `pos`.
    #[inline(always)]
    fn literal(&self, pc: usize, op: u8, at: usize) -> bool {
        let count = usize::from(u16_at(self.code, pc + 1));
        let subject = self.subject;
        match op {
            op::STRING8 => {
                self.code.get(pc + 3..pc + 3 + count).is_some_and(|bytes| subject.starts_with(at, bytes))
            }
            op::STRING16 => {
                S::WIDE
                    && (0..count)
                        .all(|index| subject.at(at + index) == Some(u16_at(self.code, pc + 3 + 2 * index)))
            }
            _ => {
                let Some(pairs) = self.code.get(pc + 3..pc + 3 + 4 * count) else { return false };
                pairs.as_chunks::<4>().0.iter().enumerate().all(|(index, pair)| {
                    match subject.at(at + index) {
                        Some(unit) => unit == u16_at(pair, 0) || unit == u16_at(pair, 2),
                        None => false,
                    }
                })
            }
        }
    }

    /// Runs the program from `start`; true if it matched there.
    fn run(&mut self, start: usize) -> Result<bool, ExecError> {
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
                    pc = target(code, pc, 1);
                    continue;
                }
                op::SPLIT | op::SPLIT_IN_CHAIN => {
                    if let Some(split) = chunk::<13>(code, pc) {
                        let unit = subject.at(pos);
                        let first = self.guard_unit(u32_at(split, 5), unit);
                        let second = self.guard_unit(u32_at(split, 9), unit);
                        let other = target(split, 0, 1).wrapping_add(pc);
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
                    if self.register(u16_at(code, head + 16)) != pos as u32 {
                        pc += 5;
                        continue;
                    }
                }
                op::BACK_REF => {
                    let (flags, group) = (u8_at(code, pc + 1), u16_at(code, pc + 2));
                    if let Some(next) = self.back_reference(group, flags, pos, false) {
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
    fn switch(&mut self, pc: usize, pos: usize) -> Result<Option<usize>, ExecError> {
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
                let other = target(self.code, pc, 1);
                let first = self.guard_unit(u32_at(self.sets, table), unit);
                let second = self.guard_unit(u32_at(self.sets, table + 4), unit);
                if first && second {
                    self.push(BRANCH, other, pos, 0)?;
                }
                Ok(if first { Some(pc + 13) } else { second.then_some(other) })
            }
            _ => {
                let rel = table + 8 + op::SWITCH_MAP + 4 * usize::from(entry - 2);
                Ok(Some(pc + u32_at(self.sets, rel) as usize))
            }
        }
    }

    /// The rarer instructions: named references and everything that matches leftwards.
    #[inline(never)]
    fn leftward(&mut self, opcode: u8, pc: usize, pos: &mut usize) -> Result<Option<usize>, ExecError> {
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
                    Some(group) => self.back_reference(group, u8_at(code, pc + 1), *pos, back),
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
