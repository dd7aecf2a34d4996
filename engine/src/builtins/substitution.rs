//! GetSubstitution (ECMA-262 22.1.3.19.1): what a replacement template becomes for a match.

use tare_regexp::Scratch;

use crate::exec::regexp::capture;
use crate::object::regexp::ProgramCell;
use crate::runtime::Context;
use crate::text::{Atom, StringBuilder, Text};
use crate::value::{JsResult, JsString, Value};

/// Where the captures of a match are.
pub(super) enum Captures<'c> {
    /// Strings or undefined, from the first group on; and the object of named groups, or undefined.
    Values(&'c [Value], &'c Value),
    /// In the matcher's memory.
    Groups(&'c Scratch<'static>, &'c ProgramCell),
}

impl Captures<'_> {
    fn count(&self) -> usize {
        match self {
            Captures::Values(values, _) => values.len(),
            Captures::Groups(scratch, _) => scratch.group_count().saturating_sub(1),
        }
    }

    fn has_names(&self) -> bool {
        match self {
            Captures::Values(_, groups) => !groups.is_undefined(),
            Captures::Groups(_, program) => program.has_names(),
        }
    }

    /// Appends capture `number`, counted from 1, if it took part.
    fn push(&self, out: &mut StringBuilder, string: Text<'_>, number: usize) -> JsResult<()> {
        match self {
            Captures::Values(values, _) => match values[number - 1].as_string() {
                Some(capture) => out.push(capture),
                None => Ok(()),
            },
            Captures::Groups(scratch, _) => match scratch.group(number) {
                Some(range) => out.push_text(string.slice(range.start, range.end)),
                None => Ok(()),
            },
        }
    }

    /// Appends the capture of a name, if there is one. May run JavaScript for `Values`.
    fn push_named(
        &self,
        cx: &mut Context,
        out: &mut StringBuilder,
        string: Text<'_>,
        name: Text<'_>,
    ) -> JsResult<()> {
        match self {
            Captures::Values(_, groups) => {
                let name = Atom::from_text(name)?;
                let value = cx.get_value(groups, name.raw())?;
                if !value.is_undefined() {
                    let value = cx.to_string(&value)?;
                    out.push(&value)?;
                }
                Ok(())
            }
            Captures::Groups(scratch, program) => {
                for group in program.groups_named(name)? {
                    if scratch.group(group).is_some() {
                        return self.push(out, string, group);
                    }
                }
                Ok(())
            }
        }
    }
}

/// Appends what `template` becomes for the match `start..end` of `string`.
pub(super) fn push_substitution(
    cx: &mut Context,
    out: &mut StringBuilder,
    string: Text<'_>,
    (start, end): (usize, usize),
    captures: &Captures<'_>,
    template: Text<'_>,
) -> JsResult<()> {
    let dollar = Text::Latin1(b"$");
    let mut done = 0;
    let mut at = 0;
    // Whether there is no `>` ahead: looked for once.
    let mut unclosed = false;
    while let Some(found) = cx.find_text(template, dollar, at)? {
        cx.poll_native()?;
        let next = if found + 1 < template.len() { template.at(found + 1) } else { 0 };
        // How much of the template the reference takes; what is none stays as it is.
        let mut used = 2;
        let kind = u8::try_from(next).unwrap_or(0);
        let mut number = 0;
        let mut close = 0;
        match kind {
            b'$' | b'&' | b'`' | b'\'' => (),
            digit @ b'0'..=b'9' => {
                number = usize::from(digit - b'0');
                if found + 2 < template.len()
                    && let Some(second) = u8::try_from(template.at(found + 2)).ok().filter(u8::is_ascii_digit)
                {
                    let two = number * 10 + usize::from(second - b'0');
                    if (1..=captures.count()).contains(&two) {
                        number = two;
                        used = 3;
                    }
                }
                if !(1..=captures.count()).contains(&number) {
                    at = found + 1;
                    continue;
                }
            }
            b'<' if captures.has_names() && !unclosed => {
                match cx.find_text(template, Text::Latin1(b">"), found)? {
                    Some(found) => close = found,
                    None => {
                        unclosed = true;
                        at = found + 1;
                        continue;
                    }
                }
            }
            _ => {
                at = found + 1;
                continue;
            }
        }
        cx.append_text(out, template.slice(done, found))?;
        match kind {
            b'$' => out.push_text(dollar)?,
            b'&' => cx.append_text(out, string.slice(start, end))?,
            b'`' => cx.append_text(out, string.slice(0, start))?,
            b'\'' => cx.append_text(out, string.slice(end, string.len()))?,
            b'<' => {
                captures.push_named(cx, out, string, template.slice(found + 2, close))?;
                used = close + 1 - found;
            }
            _ => captures.push(out, string, number)?,
        }
        at = found + used;
        done = at;
    }
    cx.append_text(out, template.slice(done, template.len()))
}

/// The arguments of a replacement function for the match in `scratch` (22.2.6.11, step 14.k).
pub(super) fn push_arguments(
    arguments: &mut crate::mem::Vec<'static, Value>,
    string: &JsString,
    scratch: &Scratch<'static>,
    program: &ProgramCell,
) -> JsResult<()> {
    for group in 0..scratch.group_count() {
        arguments.try_push(capture(string, scratch, group)?)?;
    }
    let at = scratch.group(0).map_or(0, |range| range.start);
    arguments.try_push(Value::int(at as i32))?;
    arguments.try_push(string.as_value().clone())?;
    let groups = program.groups_object(|group| capture(string, scratch, group))?;
    if !groups.is_undefined() {
        arguments.try_push(groups)?;
    }
    Ok(())
}
