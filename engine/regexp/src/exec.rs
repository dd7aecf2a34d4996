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

use crate::machine::{CACHED, CachedRange, Entry, FRESH, FUEL, Machine, Register, UNSET};
use crate::op;
use crate::program::ProgramRef;
use crate::search::Finder;
use crate::units::Units;
use crate::{ExecError, Flags, Text};
use tare_allocators::{Memory, Vec};

/// Memory that matching needs, reusable from call to call, and the groups of the last match.
#[derive(Debug)]
pub struct Scratch<'a> {
    /// Entries above the height of the machine are leftovers.
    stack: Vec<'a, Entry>,
    registers: Vec<'a, Register>,
    groups: usize,
    /// Work until the next call of the callback; goes on from match to match, so that short ones count.
    fuel: u32,
}

impl<'a> Scratch<'a> {
    /// Takes no memory yet.
    pub fn new(memory: Memory<'a>) -> Self {
        Scratch { stack: Vec::new(memory), registers: Vec::new(memory), groups: 0, fuel: FUEL }
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

    /// Bytes of the blocks it holds, as they were asked for; 0 for one it does not have.
    pub fn block_bytes(&self) -> [usize; 2] {
        [
            self.stack.capacity() * core::mem::size_of::<Entry>(),
            self.registers.capacity() * core::mem::size_of::<Register>(),
        ]
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
/// are then in `scratch`. `interrupt` is called whenever [`FUEL`] is used up, by this and earlier matches with
/// `scratch`, and stops the match by returning true.
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
        fuel: scratch.fuel,
        interrupt,
        classes: [CachedRange::NONE; CACHED],
    };
    let found = try_starts(&mut machine, program, last_index, sticky);
    scratch.fuel = machine.fuel;
    found
}

fn try_starts<S: Units>(
    machine: &mut Machine<'_, '_, S>,
    program: ProgramRef<'_>,
    last_index: usize,
    sticky: bool,
) -> Result<bool, ExecError> {
    let (subject, groups) = (machine.subject, program.group_count());
    let full_unicode = program.flags().full_unicode();
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
            match finder.next(machine, start)? {
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
                machine.tick_units(start - candidate)?;
                continue;
            }
        }
        machine.height = 0;
        let second = search.second.unwrap_or(op::NONE);
        if machine.guard(second, start + 1) && machine.run(start)? {
            return Ok(true);
        }
        if sticky || start >= subject.len() {
            return Ok(false);
        }
        machine.tick(1)?;
        start = match search.first_loop {
            Some(pc) => machine.run_end(pc as usize, start)?.max(start + 1),
            None => start + 1,
        };
        if let Some(captures) = machine.registers.get_mut(..2 * groups) {
            captures.fill(FRESH);
        }
    }
}
