//! The compiler: one pass over the pattern, emitting code as it goes.
//!
//! Open groups are frames on a stack in engine memory; the native stack never grows with the pattern.
//! Invariant: when a term begins, everything emitted since the alternative began is a sequence of
//! finished terms, each of which can be moved as a block, because jumps are relative and stay within
//! their term. Lookbehind uses that: its terms are emitted in reading order and reversed at the end of
//! the alternative.

use crate::emit::OpenLoop;
use crate::op;
use crate::scan::{self, Groups};
use crate::source::{Quantifier, Source, syntax};
use crate::{CompileError, Flags, Program, Text};
use crate::{optimize, program};
use tare_allocators::{Memory, Vec};

/// The most capturing groups a pattern may have.
const MAX_GROUPS: u32 = 32_000;

#[derive(Clone, Copy)]
enum Kind {
    /// The pattern as a whole.
    Top,
    Capture(u32),
    Plain,
    Look {
        negative: bool,
        behind: bool,
        register: u16,
        /// Where the LOOK instruction is.
        at: usize,
    },
}

/// An open group.
#[derive(Clone, Copy)]
struct Frame {
    kind: Kind,
    /// Where its `(` is.
    open_at: usize,
    /// Alternatives not yet begun.
    alternatives_left: u32,
    /// The SPLIT before the current alternative.
    split: Option<usize>,
    /// The JUMP at the end of the last finished alternative; each holds the distance to the one before,
    /// the first holds 0.
    last_jump: Option<usize>,
    open_loop: OpenLoop,
    quantifier: Option<Quantifier>,
    /// An alternative that is finished may match the empty string.
    any_nullable: bool,
    captures_before: u32,
    /// Named groups before the group, and before the current alternative.
    names_before: usize,
    names_before_alternative: usize,
    first_bound: usize,
    /// What to return to at the end.
    outer: Outer,
}

/// The state of the enclosing group that an inner one changes.
#[derive(Clone, Copy)]
struct Outer {
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    backward: bool,
    nullable: bool,
    next_register: u32,
}

pub(crate) struct Compiler<'a, 'p> {
    pub memory: Memory<'a>,
    pub src: Source<'p>,
    /// Where the next character of the pattern is.
    pub at: usize,
    pub ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    /// The current terms are matched leftwards.
    pub backward: bool,
    /// The current alternative may match the empty string, as far as it has been read.
    pub nullable: bool,
    pub code: Vec<'a, u8>,
    pub sets: Vec<'a, u8>,
    /// Start and length of the sets that may be shared.
    pub known_sets: Vec<'a, (u32, u32)>,
    pub groups: Groups<'a>,
    /// The run of literals not yet emitted; each may match as either of two units.
    pub literals: Vec<'a, (u16, u16)>,
    /// Where the terms of open leftward alternatives begin.
    pub bounds: Vec<'a, u32>,
    pub next_register: u32,
    pub register_count: u32,
    /// Open lookarounds, now and at most.
    look_depth: u32,
    look_depth_reached: u32,
    frames: Vec<'a, Frame>,
    next_group: usize,
    next_capture: u32,
    next_name: usize,
}

/// Characters that are compiled, or instructions that are improved, between two questions whether to go on: some
/// microseconds of work.
const PORTION: u32 = 64;

/// Asks now and then whether to go on.
pub(crate) struct Pace<'f> {
    left: u32,
    goes_on: &'f mut dyn FnMut() -> bool,
}

impl Pace<'_> {
    #[inline]
    pub fn tick(&mut self) -> Result<(), CompileError> {
        self.left -= 1;
        if self.left > 0 {
            return Ok(());
        }
        self.left = PORTION;
        if (self.goes_on)() { Ok(()) } else { Err(CompileError::Interrupted) }
    }
}

pub(crate) fn compile<'a>(
    pattern: Text<'_>,
    flags: Flags,
    memory: Memory<'a>,
    goes_on: &mut dyn FnMut() -> bool,
) -> Result<Program<'a>, CompileError> {
    let mut goes_on = Pace { left: PORTION, goes_on };
    if u32::try_from(pattern.len()).is_err() {
        return Err(CompileError::TooLarge);
    }
    let src = Source::new(pattern, flags.full_unicode(), flags.has(Flags::UNICODE_SETS));
    let groups = scan::scan(&src, memory)?;
    if groups.captures > MAX_GROUPS {
        return Err(CompileError::TooLarge);
    }
    let registers = 2 * (groups.captures + 1);
    let mut compiler = Compiler {
        memory,
        src,
        at: 0,
        ignore_case: flags.has(Flags::IGNORE_CASE),
        multiline: flags.has(Flags::MULTILINE),
        dot_all: flags.has(Flags::DOT_ALL),
        backward: false,
        nullable: true,
        code: Vec::try_with_capacity(128, memory)?,
        sets: Vec::try_with_capacity(256, memory)?,
        known_sets: Vec::new(memory),
        groups,
        literals: Vec::try_with_capacity(16, memory)?,
        bounds: Vec::new(memory),
        next_register: registers,
        register_count: registers,
        look_depth: 0,
        look_depth_reached: 0,
        frames: Vec::new(memory),
        next_group: 0,
        next_capture: 1,
        next_name: 0,
    };
    compiler.pattern(&mut goes_on)?;
    let mut parts = program::Parts {
        flags,
        groups: compiler.groups,
        registers: compiler.register_count,
        look_registers: 2 * compiler.look_depth_reached,
        code: compiler.code,
        sets: compiler.sets,
        search: program::Search::default(),
    };
    drop(compiler.frames);
    optimize::optimize(&mut parts, &mut compiler.known_sets, &mut goes_on)?;
    parts.assemble(memory)
}

impl<'a> Compiler<'a, '_> {
    fn pattern(&mut self, goes_on: &mut Pace<'_>) -> Result<(), CompileError> {
        let outer = self.outer();
        self.push_frame(Kind::Top, 0, None, OpenLoop { start: 0, head: None }, outer)?;
        loop {
            goes_on.tick()?;
            let at = self.at;
            let Some((c, length)) = self.src.character(at) else { break };
            match u8::try_from(c).unwrap_or(0) {
                b'|' => {
                    self.at += 1;
                    self.next_alternative()?;
                }
                b'(' => self.open_group()?,
                b')' => {
                    if self.frames.len() == 1 {
                        return syntax("Unmatched ')'", at);
                    }
                    self.at += 1;
                    self.close_group()?;
                }
                b'^' | b'$' => {
                    self.at += 1;
                    self.begin_term()?;
                    let code = match (c == u32::from(b'^'), self.multiline) {
                        (true, false) => op::LINE_START,
                        (true, true) => op::LINE_START_M,
                        (false, false) => op::LINE_END,
                        (false, true) => op::LINE_END_M,
                    };
                    self.plain(code)?;
                }
                b'.' => {
                    self.at += 1;
                    let code = match (self.dot_all, self.src.unicode) {
                        (false, false) => op::DOT,
                        (false, true) => op::DOT_U,
                        (true, false) => op::ANY,
                        (true, true) => op::ANY_U,
                    };
                    let quantifier = self.quantifier()?;
                    self.single_atom(crate::emit::Single { op: code, operand: 0 }, quantifier)?;
                }
                b'\\' => self.atom_escape()?,
                b'[' => self.class_atom()?,
                b'*' | b'+' | b'?' => return syntax("Nothing to repeat", at),
                b'{' if self.src.braced_quantifier(at).is_some() => return syntax("Nothing to repeat", at),
                b'{' | b'}' | b']' if self.src.unicode => return syntax("Lone quantifier brackets", at),
                _ => {
                    self.at += length;
                    self.character_atom(c)?;
                }
            }
        }
        if self.frames.len() > 1 {
            let position = self.frames.last().map_or(0, |frame| frame.open_at);
            return syntax("Unterminated group", position);
        }
        self.end_alternative()?;
        if let Some(frame) = self.frames.pop() {
            self.patch_jumps(frame.last_jump);
        }
        self.plain(op::MATCH)
    }

    /// The quantifier at `self.at`, if there is one.
    pub fn quantifier(&mut self) -> Result<Option<Quantifier>, CompileError> {
        self.src.quantifier(&mut self.at)
    }

    fn outer(&self) -> Outer {
        Outer {
            ignore_case: self.ignore_case,
            multiline: self.multiline,
            dot_all: self.dot_all,
            backward: self.backward,
            nullable: self.nullable,
            next_register: self.next_register,
        }
    }

    fn push_frame(
        &mut self,
        kind: Kind,
        open_at: usize,
        quantifier: Option<Quantifier>,
        open_loop: OpenLoop,
        outer: Outer,
    ) -> Result<(), CompileError> {
        let alternatives = self.groups.infos.get(self.next_group).map_or(1, |info| info.alternatives);
        self.next_group += 1;
        let captures_before = match kind {
            Kind::Capture(group) => group,
            _ => self.next_capture,
        };
        // The name of a named group belongs to the alternative around it, and has been counted.
        let names = self.next_name;
        self.frames.try_push(Frame {
            kind,
            open_at,
            alternatives_left: alternatives,
            split: None,
            last_jump: None,
            open_loop,
            quantifier,
            any_nullable: false,
            captures_before,
            names_before: names,
            names_before_alternative: names,
            first_bound: self.bounds.len(),
            outer,
        })?;
        self.begin_alternative()
    }

    fn begin_alternative(&mut self) -> Result<(), CompileError> {
        self.nullable = true;
        let at = self.code.len();
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.alternatives_left = frame.alternatives_left.saturating_sub(1);
        frame.split = (frame.alternatives_left > 0).then_some(at);
        if frame.split.is_some() { self.split() } else { Ok(()) }
    }

    /// Finishes the code of the current alternative.
    fn end_alternative(&mut self) -> Result<(), CompileError> {
        self.flush()?;
        let nullable = self.nullable;
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.any_nullable |= nullable;
        let first_bound = frame.first_bound;
        if self.backward {
            self.reverse_terms(first_bound);
        }
        Ok(())
    }

    fn next_alternative(&mut self) -> Result<(), CompileError> {
        self.end_alternative()?;
        let at = self.code.len();
        let names = self.next_name;
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        // Groups of the alternative just finished cannot take part together with those to come.
        for name in &mut self.groups.names[frame.names_before_alternative.min(names)..names] {
            name.conflicts = false;
        }
        frame.names_before_alternative = names;
        let link = frame.last_jump.map_or(0, |jump| (at - jump) as u32);
        let split = frame.split.take();
        frame.last_jump = Some(at);
        self.byte(op::JUMP)?;
        self.u32(link)?;
        if let Some(split) = split {
            self.patch_here(split, 1);
        }
        self.begin_alternative()
    }

    /// Points the chain of jumps that ends in `last` to the end of the code.
    fn patch_jumps(&mut self, last: Option<usize>) {
        let mut next = last;
        while let Some(jump) = next {
            let link = op::u32_at(&self.code, jump + 1) as usize;
            self.patch_here(jump, 1);
            next = (link > 0).then(|| jump - link);
        }
    }

    fn open_group(&mut self) -> Result<(), CompileError> {
        let open_at = self.at;
        self.at += 1;
        let outer = self.outer();
        let info = self.groups.infos.get(self.next_group).copied();
        let quantifier = info.and_then(|info| info.quantifier);
        if !self.src.is(self.at, b'?') {
            return self.open_capture(open_at, quantifier, outer);
        }
        self.at += 1;
        let behind = self.src.is(self.at, b'<');
        let mark = self.at + usize::from(behind);
        match self.src.unit(mark).and_then(|unit| u8::try_from(unit).ok()).unwrap_or(0) {
            sign @ (b'=' | b'!') => {
                self.at = mark + 1;
                self.open_look(open_at, sign == b'!', behind, quantifier, outer)
            }
            b':' if !behind => {
                self.at += 1;
                self.open_plain(open_at, quantifier, outer)
            }
            _ if behind => {
                self.at += 1;
                self.named_group(open_at)?;
                self.open_capture(open_at, quantifier, outer)
            }
            _ => {
                self.modifiers(open_at)?;
                self.open_plain(open_at, quantifier, outer)
            }
        }
    }

    fn open_plain(
        &mut self,
        open_at: usize,
        quantifier: Option<Quantifier>,
        outer: Outer,
    ) -> Result<(), CompileError> {
        self.begin_term()?;
        let open_loop = self.begin_loop(quantifier)?;
        self.push_frame(Kind::Plain, open_at, quantifier, open_loop, outer)
    }

    fn open_capture(
        &mut self,
        open_at: usize,
        quantifier: Option<Quantifier>,
        outer: Outer,
    ) -> Result<(), CompileError> {
        let group = self.next_capture;
        if group > self.groups.captures {
            return syntax("Invalid group", open_at);
        }
        self.next_capture += 1;
        self.begin_term()?;
        let open_loop = self.begin_loop(quantifier)?;
        self.save(group, self.backward)?;
        self.push_frame(Kind::Capture(group), open_at, quantifier, open_loop, outer)
    }

    fn open_look(
        &mut self,
        open_at: usize,
        negative: bool,
        behind: bool,
        quantifier: Option<Quantifier>,
        outer: Outer,
    ) -> Result<(), CompileError> {
        // Only Annex B allows a quantifier here, and only behind a lookahead.
        let quantifier = quantifier.filter(|_| !behind && !self.src.unicode);
        self.begin_term()?;
        let open_loop = self.begin_loop(quantifier)?;
        // Numbered by depth, apart from the registers of loops: lookarounds note their state without
        // saving what the register held, which an earlier loop might still go back to.
        let register = u16::try_from(2 * self.look_depth).map_err(|_| CompileError::TooLarge)?;
        self.look_depth += 1;
        self.look_depth_reached = self.look_depth_reached.max(self.look_depth);
        let at = self.code.len();
        self.byte(if negative { op::NOT_LOOK } else { op::LOOK })?;
        self.u16(register)?;
        self.u32(0)?;
        self.backward = behind;
        self.push_frame(Kind::Look { negative, behind, register, at }, open_at, quantifier, open_loop, outer)
    }

    /// Stores the position as start or end of a group.
    fn save(&mut self, group: u32, end: bool) -> Result<(), CompileError> {
        self.byte(op::SAVE)?;
        self.u16((group * 2 + u32::from(end)) as u16)
    }

    /// Behind `(?<`: the name, which must not be that of a group it can meet in one match.
    fn named_group(&mut self, open_at: usize) -> Result<(), CompileError> {
        let start = self.at;
        let mut name: Vec<'a, u16> = Vec::new(self.memory);
        self.src.group_name(&mut self.at, &mut name)?;
        let index = self.next_name;
        let Some(known) = self.groups.names.get(index).copied() else {
            return syntax("Invalid group", open_at);
        };
        let groups = &self.groups;
        let clash = |other: &scan::Name| {
            other.conflicts && other.hash == known.hash && groups.name(other) == groups.name(&known)
        };
        if groups.names[..index].iter().any(clash) {
            return syntax("Duplicate capture group name", start);
        }
        self.groups.names[index].conflicts = true;
        self.next_name += 1;
        Ok(())
    }

    /// Behind `(?`: flags to set and to clear, up to and with the `:`.
    fn modifiers(&mut self, open_at: usize) -> Result<(), CompileError> {
        let mut seen = [false; 3];
        let mut dash = false;
        let mut any = false;
        loop {
            let at = self.at;
            let Some(unit) = self.src.unit(at) else { return syntax("Invalid group", open_at) };
            let letter = u8::try_from(unit).unwrap_or(0);
            self.at += 1;
            let index = match letter {
                b':' if any => return Ok(()),
                b'-' if dash => return syntax("Multiple dashes in flag group", at),
                b'-' => {
                    dash = true;
                    continue;
                }
                b'i' => 0,
                b'm' => 1,
                b's' => 2,
                b':' => return syntax("Invalid flag group", at),
                _ if any || dash => return syntax("Invalid flag group", at),
                _ => return syntax("Invalid group", open_at),
            };
            if seen[index] {
                return syntax("Repeated flag in flag group", at);
            }
            seen[index] = true;
            any = true;
            let flag = match index {
                0 => &mut self.ignore_case,
                1 => &mut self.multiline,
                _ => &mut self.dot_all,
            };
            *flag = !dash;
        }
    }

    fn close_group(&mut self) -> Result<(), CompileError> {
        self.end_alternative()?;
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.patch_jumps(frame.last_jump);
        // Inside the group its alternatives excluded each other; what follows can meet all of them.
        let names = self.next_name;
        for name in &mut self.groups.names[frame.names_before.min(names)..names] {
            name.conflicts = true;
        }
        let mut nullable = frame.any_nullable;
        let outer = frame.outer;
        self.ignore_case = outer.ignore_case;
        self.multiline = outer.multiline;
        self.dot_all = outer.dot_all;
        self.backward = outer.backward;
        match frame.kind {
            Kind::Capture(group) => self.save(group, !self.backward)?,
            Kind::Look { negative, register, at, .. } => {
                self.look_depth -= 1;
                self.byte(if negative { op::NOT_LOOK_END } else { op::LOOK_END })?;
                self.u16(register)?;
                self.patch_here(at, 3);
                nullable = true;
            }
            Kind::Top | Kind::Plain => {}
        }
        let quantifiable = match frame.kind {
            Kind::Look { behind, .. } => !behind && !self.src.unicode,
            _ => true,
        };
        if quantifiable {
            let at = self.at;
            let quantifier = self.quantifier()?;
            if quantifier != frame.quantifier {
                return syntax("Nothing to repeat", at);
            }
        }
        let captures = frame.captures_before..self.next_capture;
        let whole = self.end_loop(frame.open_loop, frame.quantifier, nullable, captures)?;
        self.nullable = outer.nullable && whole;
        self.next_register = outer.next_register;
        Ok(())
    }
}

/// Line terminators.
pub(crate) const LINE_TERMINATORS: [(u32, u32); 3] = [(10, 10), (13, 13), (0x2028, 0x2029)];
