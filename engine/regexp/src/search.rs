//! The search for positions at which a match may start.

use crate::ExecError;
use crate::machine::{Machine, WINDOW};
use crate::op::{self, GUARD_END, GUARD_HASHED, GUARD_SIZE, GUARD_WIDE, u8_at, u16_at};
use crate::program::{Literal, ProgramRef, Search, Start};
use crate::units::{Units, in_bitmap};

/// A literal of the code, ready to be looked for.
#[derive(Clone, Copy)]
struct Needle<'p> {
    /// The operand bytes.
    units: &'p [u8],
    /// Bytes per unit.
    width: usize,
    rarest: usize,
    rarest_unit: u16,
}

impl<'p> Needle<'p> {
    fn new(code: &'p [u8], literal: Literal) -> Option<Self> {
        let pc = literal.pc as usize;
        let count = usize::from(u16_at(code, pc + 1));
        let (units, width) = match u8_at(code, pc) {
            op::CHAR => (code.get(pc + 1..pc + 3)?, 2),
            op::STRING8 => (code.get(pc + 3..pc + 3 + count)?, 1),
            op::STRING16 => (code.get(pc + 3..pc + 3 + 2 * count)?, 2),
            _ => return None,
        };
        let rarest = usize::from(literal.rarest);
        if units.len() < (rarest + 1) * width {
            return None;
        }
        let needle = Needle { units, width, rarest, rarest_unit: 0 };
        Some(Needle { rarest_unit: needle.unit(rarest), ..needle })
    }

    fn len(self) -> usize {
        self.units.len() / self.width
    }

    fn unit(self, index: usize) -> u16 {
        if self.width == 1 { u16::from(u8_at(self.units, index)) } else { u16_at(self.units, 2 * index) }
    }

    /// The first place at `from` or behind it where the literal is.
    fn find<S: Units>(
        self,
        machine: &mut Machine<'_, '_, S>,
        from: usize,
    ) -> Result<Option<usize>, ExecError> {
        let subject = machine.subject;
        let Some(last) = subject.len().checked_sub(self.len()) else { return Ok(None) };
        let mut at = from;
        while at <= last {
            let end = last.min(at + WINDOW);
            let Some(found) = subject.find(&[self.rarest_unit], at + self.rarest, end + self.rarest + 1)
            else {
                machine.tick_units(end - at)?;
                at = end + 1;
                continue;
            };
            machine.tick_units(found - self.rarest - at + self.len())?;
            at = found - self.rarest;
            let here = if self.width == 1 {
                subject.starts_with(at, self.units)
            } else {
                (0..self.len()).all(|index| subject.at(at + index) == Some(self.unit(index)))
            };
            if here {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }
}

/// What a match can start with.
#[derive(Clone, Copy)]
struct FirstUnits<'p> {
    bitmap: &'p [u8; 32],
    /// For the low bytes of units of 256 and above.
    hashed: &'p [u8; 32],
    end: bool,
    needles: [u16; 3],
    /// How many needles, or 0 if the bitmap has more than three.
    count: usize,
}

impl<'p> FirstUnits<'p> {
    #[inline]
    fn new(sets: &'p [u8], search: &Search) -> Option<Self> {
        let bytes = sets.get(search.guard? as usize..)?;
        let flags = u8_at(bytes, 0);
        let bitmap = bytes.get(2..)?.first_chunk()?;
        let hashed = match flags & (GUARD_WIDE | GUARD_HASHED) {
            0 => &[0; 32],
            GUARD_HASHED => bytes.get(GUARD_SIZE..)?.first_chunk()?,
            _ => &[255; 32],
        };
        let [a, b, c] = search.needles;
        let needles = [u16::from(a), u16::from(b), u16::from(c)];
        let count = usize::from(search.needle_count);
        Some(FirstUnits { bitmap, hashed, end: flags & GUARD_END != 0, needles, count })
    }

    #[inline(always)]
    fn fits<S: Units>(&self, subject: S, at: usize) -> bool {
        match subject.at(at) {
            None => self.end,
            Some(unit) => match u8::try_from(unit) {
                Ok(unit) => in_bitmap(self.bitmap, unit),
                Err(_) => in_bitmap(self.hashed, unit as u8),
            },
        }
    }

    #[inline]
    fn find<S: Units>(
        &self,
        machine: &mut Machine<'_, '_, S>,
        from: usize,
    ) -> Result<Option<usize>, ExecError> {
        let subject = machine.subject;
        let len = subject.len();
        let mut at = from;
        while at < len {
            let end = len.min(at + WINDOW);
            let found = if self.count > 0 {
                subject.find(&self.needles[..self.count], at, end)
            } else {
                subject.find_in(self.bitmap, self.hashed, at, end)
            };
            machine.tick_units(found.unwrap_or(end) - at)?;
            if found.is_some() {
                return Ok(found);
            }
            at = end;
        }
        Ok((self.end && from <= len).then_some(len))
    }
}

/// Finds start positions from left to right.
pub(crate) struct Finder<'p> {
    search: Search,
    literal: Option<(Needle<'p>, usize)>,
    first: Option<FirstUnits<'p>>,
    required: Option<Needle<'p>>,
    /// Where the required literal was seen last; it covers all starts up to there.
    seen: Option<usize>,
}

impl<'p> Finder<'p> {
    #[inline]
    pub fn new(program: ProgramRef<'p>, search: Search) -> Self {
        let code = program.code();
        Finder {
            literal: search
                .literal
                .and_then(|(literal, offset)| Some((Needle::new(code, literal)?, usize::from(offset)))),
            first: FirstUnits::new(program.sets(), &search),
            required: search.required.and_then(|literal| Needle::new(code, literal)),
            search,
            seen: None,
        }
    }

    /// Whether a match may start exactly at `at`, by its first unit.
    pub fn may_start<S: Units>(&self, subject: S, at: usize) -> bool {
        self.first.as_ref().is_none_or(|first| first.fits(subject, at))
            && at + usize::from(self.search.least) <= subject.len()
    }

    /// The first position at `from` or behind it where a match may start.
    #[inline]
    pub fn next<S: Units>(
        &mut self,
        machine: &mut Machine<'_, '_, S>,
        from: usize,
    ) -> Result<Option<usize>, ExecError> {
        let subject = machine.subject;
        let mut from = from;
        if let Some(needle) = self.required
            && self.seen.is_none_or(|seen| seen < from)
        {
            match needle.find(machine, from)? {
                None => return Ok(None),
                seen => self.seen = seen,
            }
        }
        loop {
            if from + usize::from(self.search.least) > subject.len() {
                return Ok(None);
            }
            match self.search.start {
                Start::Any | Start::Word => {}
                Start::Subject if from > 0 => return Ok(None),
                Start::Subject => return Ok(self.may_start(subject, 0).then_some(0)),
                Start::Line => {
                    if from > 0 && !is_line_terminator(subject.at(from - 1)) {
                        let stop = subject.len().min(from + WINDOW);
                        let end = subject.line_end(from, stop);
                        machine.tick_units(end - from)?;
                        if end == stop && stop < subject.len() {
                            from = stop;
                            continue;
                        }
                        if end == subject.len() {
                            return Ok(None);
                        }
                        from = end + 1;
                    }
                    if self.may_start(subject, from) {
                        return Ok(Some(from));
                    }
                    from += 1;
                    continue;
                }
            }
            let at = match (self.literal, &self.first) {
                (Some((needle, offset)), _) => {
                    let Some(at) = needle.find(machine, from + offset)? else { return Ok(None) };
                    let at = at - offset;
                    if offset > 0 && !self.may_start(subject, at) {
                        from = at + 1;
                        continue;
                    }
                    at
                }
                (None, Some(first)) => match first.find(machine, from)? {
                    Some(at) => at,
                    None => return Ok(None),
                },
                (None, None) => return Ok(Some(from)),
            };
            if self.search.start != Start::Word || at == 0 || !is_word(subject.at(at - 1)) {
                return Ok(Some(at));
            }
            from = at + 1;
        }
    }
}

#[inline(always)]
pub(crate) fn is_line_terminator(unit: Option<u16>) -> bool {
    matches!(unit, Some(10 | 13 | 0x2028 | 0x2029))
}

/// Whether a unit is an ASCII word character.
#[inline(always)]
pub(crate) fn is_word(unit: Option<u16>) -> bool {
    unit.and_then(|unit| u8::try_from(unit).ok())
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
