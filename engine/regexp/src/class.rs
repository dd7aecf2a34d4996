//! Character classes: `[...]` as it always was, and the set notation of the `v` flag.

use crate::CompileError;
use crate::compile::Compiler;
use crate::set::{CodeSet, StringSet};
use crate::source::syntax;
use tare_allocators::{OutOfMemory, Vec};

const UNTERMINATED: &str = "Unterminated character class";
const BAD_OPERATION: &str = "Invalid set operation in character class";
const BAD_CHARACTER: &str = "Invalid character in character class";

/// How the operands read so far in a class of the `v` flag are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    Nothing,
    /// One operand, which may become the first of an operation.
    One,
    Union,
    Intersection,
    Subtraction,
}

/// A set with strings, and whether the grammar says it may hold strings.
struct Operand<'a> {
    set: CodeSet<'a>,
    strings: StringSet<'a>,
    may_hold_strings: bool,
}

/// An open class of the `v` flag.
struct ClassFrame<'a> {
    start: usize,
    negated: bool,
    joined: Joined,
    /// An operator has been read and its right operand has not.
    wants_operand: bool,
    value: Operand<'a>,
}

impl<'a> Operand<'a> {
    fn new(compiler: &Compiler<'a, '_>) -> Self {
        Operand {
            set: CodeSet::new(compiler.memory),
            strings: StringSet::new(compiler.memory),
            may_hold_strings: false,
        }
    }

    /// Sorts, and makes the operand closed under case where case is ignored: operations on closed sets
    /// are those of the specification on folded ones.
    fn settle(&mut self, ignore_case: bool) -> Result<(), OutOfMemory> {
        self.set.normalise();
        self.strings.normalise();
        if ignore_case {
            self.set.close_over_case(true)?;
            self.strings.fold();
        }
        Ok(())
    }
}

impl<'a> ClassFrame<'a> {
    fn join(&mut self, mut operand: Operand<'a>, ignore_case: bool) -> Result<(), CompileError> {
        self.wants_operand = false;
        match self.joined {
            Joined::Nothing | Joined::One | Joined::Union => {
                self.joined = if self.joined == Joined::Nothing { Joined::One } else { Joined::Union };
                self.value.set.add_all(operand.set.ranges())?;
                self.value.strings.add_all(&operand.strings)?;
                self.value.may_hold_strings |= operand.may_hold_strings;
            }
            Joined::Intersection => {
                operand.settle(ignore_case)?;
                self.value.set.intersect(&operand.set)?;
                self.value.strings.retain_in(&operand.strings, true);
                self.value.may_hold_strings &= operand.may_hold_strings;
            }
            Joined::Subtraction => {
                operand.settle(ignore_case)?;
                self.value.set.subtract(&operand.set)?;
                self.value.strings.retain_in(&operand.strings, false);
            }
        }
        Ok(())
    }
}

impl<'a> Compiler<'a, '_> {
    /// A class, whose `[` is at `self.at`, with its quantifier.
    pub fn class_atom(&mut self) -> Result<(), CompileError> {
        if self.src.sets {
            return self.set_class();
        }
        let start = self.at;
        self.at += 1;
        let negated = self.src.is(self.at, b'^');
        self.at += usize::from(negated);
        let mut set = CodeSet::new(self.memory);
        while !self.src.is(self.at, b']') {
            let from = self.at;
            let first = self.class_member(start, &mut set)?;
            let ranged = self.src.is(self.at, b'-')
                && !self.src.is(self.at + 1, b']')
                && self.src.unit(self.at + 1).is_some();
            if !ranged {
                if let Some(c) = first {
                    set.add(c, c)?;
                }
                continue;
            }
            self.at += 1;
            match (first, self.class_member(start, &mut set)?) {
                (Some(low), Some(high)) if low > high => {
                    return syntax("Range out of order in character class", from);
                }
                (Some(low), Some(high)) => set.add(low, high)?,
                _ if self.src.unicode => return syntax("Invalid character class", from),
                (low, high) => {
                    for c in [low, high, Some(u32::from(b'-'))].into_iter().flatten() {
                        set.add(c, c)?;
                    }
                }
            }
        }
        self.at += 1;
        set.normalise();
        if self.ignore_case {
            set.close_over_case(self.src.unicode)?;
        }
        if negated {
            set.invert()?;
        }
        let single = self.set_single(&set)?;
        let quantifier = self.quantifier()?;
        self.single_atom(single, quantifier)
    }

    /// A member of a class: a character, or `None` for an escape whose set has been added.
    fn class_member(&mut self, start: usize, set: &mut CodeSet<'a>) -> Result<Option<u32>, CompileError> {
        let Some((c, length)) = self.src.character(self.at) else { return syntax(UNTERMINATED, start) };
        let from = self.at;
        self.at += length;
        if c != u32::from(b'\\') {
            return Ok(Some(c));
        }
        let mut strings = StringSet::new(self.memory);
        if self.class_escape(set, &mut strings)? {
            return Ok(None);
        }
        self.character_escape(from, true).map(Some)
    }

    /// A class of the `v` flag, whose `[` is at `self.at`, with its quantifier.
    fn set_class(&mut self) -> Result<(), CompileError> {
        let mut frames: Vec<'a, ClassFrame<'a>> = Vec::new(self.memory);
        let value = loop {
            let at = self.at;
            let Some(unit) = self.src.unit(at) else {
                return syntax(UNTERMINATED, frames.first().map_or(at, |frame| frame.start));
            };
            let byte = u8::try_from(unit).unwrap_or(0);
            if byte == b'[' {
                if let Some(frame) = frames.last() {
                    check_room(frame, at)?;
                }
                self.at += 1;
                let negated = self.src.is(self.at, b'^');
                self.at += usize::from(negated);
                let value = Operand::new(self);
                let joined = Joined::Nothing;
                frames.try_push(ClassFrame { start: at, negated, joined, wants_operand: false, value })?;
                continue;
            }
            let Some(frame) = frames.last_mut() else { return syntax(UNTERMINATED, at) };
            if byte == b']' {
                if frame.wants_operand {
                    return syntax(BAD_OPERATION, at);
                }
                self.at += 1;
                let Some(mut frame) = frames.pop() else { return syntax(UNTERMINATED, at) };
                frame.value.settle(self.ignore_case)?;
                if frame.negated {
                    if frame.value.may_hold_strings {
                        return syntax("Negated character class may contain strings", frame.start);
                    }
                    frame.value.set.invert()?;
                }
                match frames.last_mut() {
                    Some(outer) => outer.join(frame.value, self.ignore_case)?,
                    None => break frame.value,
                }
                continue;
            }
            let operator = match byte {
                b'&' if self.src.is(at + 1, b'&') => Some(Joined::Intersection),
                b'-' if self.src.is(at + 1, b'-') => Some(Joined::Subtraction),
                _ => None,
            };
            if let Some(operator) = operator {
                let fits = frame.joined == Joined::One || frame.joined == operator;
                if frame.wants_operand || !fits || (byte == b'&' && self.src.is(at + 2, b'&')) {
                    return syntax(BAD_OPERATION, at);
                }
                if frame.joined == Joined::One {
                    frame.value.settle(self.ignore_case)?;
                    frame.joined = operator;
                }
                frame.wants_operand = true;
                self.at += 2;
                continue;
            }
            check_room(frame, at)?;
            let (operand, ranged) = self.set_operand()?;
            let Some(frame) = frames.last_mut() else { return syntax(UNTERMINATED, at) };
            if ranged && frame.wants_operand {
                return syntax(BAD_OPERATION, at);
            }
            frame.join(operand, self.ignore_case)?;
            if ranged {
                frame.joined = Joined::Union;
            }
        };
        if value.strings.is_empty() {
            let single = self.set_single(&value.set)?;
            let quantifier = self.quantifier()?;
            return self.single_atom(single, quantifier);
        }
        self.class_with_strings(&value.set, &value.strings)
    }

    /// A character, a range, a class escape or `\q{...}`; the second result says it was a range.
    fn set_operand(&mut self) -> Result<(Operand<'a>, bool), CompileError> {
        let mut operand = Operand::new(self);
        let from = self.at;
        if self.src.is(from, b'\\') {
            if self.src.starts_with(from + 1, b"q{") {
                self.at += 3;
                self.string_disjunction(&mut operand)?;
                return Ok((operand, false));
            }
            self.at += 1;
            if self.class_escape(&mut operand.set, &mut operand.strings)? {
                operand.may_hold_strings = !operand.strings.is_empty();
                return Ok((operand, false));
            }
            self.at = from;
        }
        let low = self.set_character()?;
        if !self.src.is(self.at, b'-') || self.src.is(self.at + 1, b'-') {
            operand.set.add(low, low)?;
            return Ok((operand, false));
        }
        self.at += 1;
        let high = self.set_character()?;
        if low > high {
            return syntax("Range out of order in character class", from);
        }
        operand.set.add(low, high)?;
        Ok((operand, true))
    }

    /// A `ClassSetCharacter`.
    fn set_character(&mut self) -> Result<u32, CompileError> {
        let at = self.at;
        let Some((c, length)) = self.src.character(at) else { return syntax(UNTERMINATED, at) };
        let byte = u8::try_from(c).unwrap_or(0);
        if byte == b'\\' {
            self.at += 1;
            return self.character_escape(at, true);
        }
        let syntax_character = matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'/' | b'-' | b'|');
        let doubled = b"&!#$%*+,.:;<=>?@^`~".contains(&byte) && self.src.is(at + 1, byte);
        if syntax_character || doubled {
            return syntax(if doubled { BAD_OPERATION } else { BAD_CHARACTER }, at);
        }
        self.at += length;
        Ok(c)
    }

    /// Behind `\q{`: strings separated by `|`, up to and with the `}`.
    fn string_disjunction(&mut self, operand: &mut Operand<'a>) -> Result<(), CompileError> {
        let mut string: Vec<'a, u32> = Vec::new(self.memory);
        loop {
            let closing = self.src.is(self.at, b'}');
            if !closing && !self.src.is(self.at, b'|') {
                if self.src.unit(self.at).is_none() {
                    return syntax("Invalid escape", self.at);
                }
                let c = self.set_character()?;
                string.try_push(c)?;
                continue;
            }
            self.at += 1;
            match *string {
                [c] => operand.set.add(c, c)?,
                _ => {
                    operand.may_hold_strings = true;
                    operand.strings.add(&string)?;
                }
            }
            string.clear();
            if closing {
                return Ok(());
            }
        }
    }
}

/// An operand may come here: it may not behind a finished operation.
fn check_room(frame: &ClassFrame<'_>, at: usize) -> Result<(), CompileError> {
    let operation = matches!(frame.joined, Joined::Intersection | Joined::Subtraction);
    if operation && !frame.wants_operand { syntax(BAD_OPERATION, at) } else { Ok(()) }
}
