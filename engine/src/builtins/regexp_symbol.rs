//! `RegExp.prototype[Symbol.match]` and its like (ECMA-262 22.2.6): each by the specification's steps, and
//! for plain RegExps (see `exec/regexp`) in a loop that makes nothing but what it returns.

use tare_regexp::{Flags, Scratch};

use super::regexp::{has_letter, new_iterator, this_object};
use super::substitution::{Captures, push_arguments, push_substitution};
use crate::exec::property::same_value;
use crate::exec::regexp::{advance_index, capture};
use crate::heap::Ref;
use crate::object::ArrayCell;
use crate::object::regexp::{ProgramCell, RegExpCell};
use crate::runtime::{Arguments, Context, Intrinsic, undefined};
use crate::text::{RawAtom, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

const MATCHED: RawAtom = RawAtom::from_integer(0);

fn push(array: &ArrayCell, value: Value) -> JsResult<()> {
    array.push_dense(value)?.map_err(|_| Thrown::OutOfMemory)
}

/// The flags of any object, as its `flags` says.
fn flags_of(cx: &mut Context, regexp: &Object) -> JsResult<JsString> {
    let flags = cx.get(regexp, names::FLAGS)?;
    cx.to_string(&flags)
}

/// `this` of a method under a symbol, and its first argument as a string.
fn receive<'a>(cx: &mut Context, call: &Arguments<'a>, name: &str) -> JsResult<(&'a Object, JsString)> {
    let this = this_object(cx, call, name)?;
    Ok((this, cx.to_string(call.get(0))?))
}

// ----- A plain RegExp's matches, one after the other -----

/// Goes through the matches of a plain RegExp without touching its `lastIndex`.
struct Matches {
    program: Ref<ProgramCell>,
    sticky: bool,
    full_unicode: bool,
    next: u64,
}

impl Matches {
    /// From `start` on; a sticky program matches only there, then where the match before ended.
    fn new(program: Ref<ProgramCell>, start: u64) -> Matches {
        let flags = program.flags();
        let (sticky, full_unicode) = (flags.has(Flags::STICKY), flags.full_unicode());
        Matches { program, sticky, full_unicode, next: start }
    }

    /// The next match's place; its groups are in `scratch`.
    fn next(
        &mut self,
        cx: &mut Context,
        string: &JsString,
        text: Text<'_>,
        scratch: &mut Scratch<'static>,
    ) -> JsResult<Option<(usize, usize)>> {
        if self.next > text.len() as u64 {
            return Ok(None);
        }
        cx.poll_native()?;
        if !cx.find_match(&self.program, text, self.next as usize, self.sticky, scratch)? {
            return Ok(None);
        }
        let Some(range) = scratch.group(0) else { return Ok(None) };
        cx.realm().regexp().note_match(string, &self.program, range.start);
        let end = range.end as u64;
        self.next = if range.is_empty() { advance_index(text, end, self.full_unicode) } else { end };
        Ok(Some((range.start, range.end)))
    }
}

/// Runs `work` with the matcher's memory.
fn with_scratch<T>(
    cx: &mut Context,
    work: impl FnOnce(&mut Context, &mut Scratch<'static>) -> JsResult<T>,
) -> JsResult<T> {
    let mut scratch = cx.take_scratch();
    let result = work(cx, &mut scratch);
    cx.put_scratch(scratch);
    result
}

// ----- match -----

pub(super) fn match_(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (this, string) = receive(cx, call, "[Symbol.match]")?;
    match_string(cx, this, &string)
}

/// `regexp[Symbol.match](string)`.
pub(super) fn match_string(cx: &mut Context, this: &Object, string: &JsString) -> JsResult<Value> {
    if let Some(program) = cx.plain_regexp(this).and_then(RegExpCell::program) {
        if !program.flags().has(Flags::GLOBAL) {
            return cx.builtin_exec(this, string);
        }
        cx.set_last_index(this, 0)?;
        return with_scratch(cx, |cx, scratch| all_matches(cx, program, string, scratch));
    }
    let flags = flags_of(cx, this)?;
    let flags = flags.text()?;
    if !has_letter(flags, b'g') {
        return cx.regexp_exec(this, string);
    }
    let full_unicode = has_letter(flags, b'u') || has_letter(flags, b'v');
    cx.set(this, names::LAST_INDEX, Value::int(0))?;
    let array = cx.new_array(&[])?;
    let Some(parts) = array.as_array() else { return Ok(Value::NULL) };
    loop {
        let result = cx.regexp_exec(this, string)?;
        if result.is_null() {
            return Ok(if parts.length() == 0 { Value::NULL } else { array.into() });
        }
        let matched = cx.get_value(&result, MATCHED)?;
        let matched = cx.to_string(&matched)?;
        let empty = matched.is_empty();
        push(parts, matched.into())?;
        if empty {
            cx.advance_last_index(this, string, full_unicode)?;
        }
    }
}

/// All matched strings, or null.
fn all_matches(
    cx: &mut Context,
    program: Ref<ProgramCell>,
    string: &JsString,
    scratch: &mut Scratch<'static>,
) -> JsResult<Value> {
    let text = cx.text(string)?;
    let mut matches = Matches::new(program, 0);
    let mut array = None;
    while let Some((start, end)) = matches.next(cx, string, text, scratch)? {
        let array = match &array {
            Some(array) => array,
            None => array.insert(cx.new_array(&[])?),
        };
        if let Some(parts) = array.as_array() {
            push(parts, cx.substring(string, start, end)?.into())?;
        }
    }
    Ok(array.map_or(Value::NULL, Object::into_value))
}

// ----- matchAll -----

pub(super) fn match_all(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (this, string) = receive(cx, call, "[Symbol.matchAll]")?;
    match_all_string(cx, this, string)
}

/// `regexp[Symbol.matchAll](string)`.
pub(super) fn match_all_string(cx: &mut Context, this: &Object, string: JsString) -> JsResult<Value> {
    if let Some(cell) = cx.plain_regexp(this)
        && let Some(last_index) = cell.last_index().as_int()
        && let Some(program) = cell.program()
    {
        let flags = program.flags();
        let matcher = cx.regexp_of(program.into())?;
        cx.set_last_index(&matcher, u64::from(last_index.max(0).unsigned_abs()))?;
        return new_iterator(cx, matcher.into(), string, flags.has(Flags::GLOBAL), flags.full_unicode());
    }
    let species = cx.species_constructor(this, Intrinsic::RegExp)?;
    let flags = flags_of(cx, this)?;
    let matcher = cx.construct(&species, &[this.as_value().clone(), flags.clone().into()], &species)?;
    let last_index = cx.get(this, names::LAST_INDEX)?;
    let last_index = cx.to_length(&last_index)?;
    if let Some(matcher) = matcher.as_object() {
        cx.set(matcher, names::LAST_INDEX, Value::number(last_index as f64))?;
    }
    let flags = flags.text()?;
    let full_unicode = has_letter(flags, b'u') || has_letter(flags, b'v');
    new_iterator(cx, matcher, string, has_letter(flags, b'g'), full_unicode)
}

// ----- search -----

pub(super) fn search(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (this, string) = receive(cx, call, "[Symbol.search]")?;
    search_string(cx, this, &string)
}

/// `regexp[Symbol.search](string)`.
pub(super) fn search_string(cx: &mut Context, this: &Object, string: &JsString) -> JsResult<Value> {
    if let Some(program) = cx.plain_regexp(this).and_then(RegExpCell::program) {
        // `lastIndex` is set to 0 and back, which nobody sees.
        return with_scratch(cx, |cx, scratch| {
            let text = cx.text(string)?;
            let found = Matches::new(program, 0).next(cx, string, text, scratch)?;
            Ok(Value::int(found.map_or(-1, |(start, _)| start as i32)))
        });
    }
    let previous = cx.get(this, names::LAST_INDEX)?;
    if !same_value(&previous, &Value::int(0))? {
        cx.set(this, names::LAST_INDEX, Value::int(0))?;
    }
    let result = cx.regexp_exec(this, string)?;
    let current = cx.get(this, names::LAST_INDEX)?;
    if !same_value(&current, &previous)? {
        cx.set(this, names::LAST_INDEX, previous)?;
    }
    if result.is_null() { Ok(Value::int(-1)) } else { cx.get_value(&result, names::INDEX) }
}

// ----- replace -----

pub(super) fn replace(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (this, string) = receive(cx, call, "[Symbol.replace]")?;
    replace_string(cx, this, &string, call.get(1))
}

/// `regexp[Symbol.replace](string, replacement)`.
pub(super) fn replace_string(
    cx: &mut Context,
    this: &Object,
    string: &JsString,
    replacement: &Value,
) -> JsResult<Value> {
    let template = if cx.is_callable(replacement) { None } else { Some(cx.to_string(replacement)?) };
    if let Some(cell) = cx.plain_regexp(this)
        && let Some(program) = cell.program()
    {
        let flags = program.flags();
        let last_index = cell.last_index();
        if flags.has(Flags::GLOBAL) || last_index.is_int() {
            let global = flags.has(Flags::GLOBAL);
            let moves = global || flags.has(Flags::STICKY);
            let start = if flags.has(Flags::STICKY) && !global {
                u64::from(last_index.as_int().unwrap_or(0).max(0).unsigned_abs())
            } else {
                0
            };
            // A global RegExp's `lastIndex` is 0 before and after; nothing in between sees it.
            if global {
                cx.set_last_index(this, 0)?;
            }
            let mut matches = Matches::new(program, start);
            let (value, last_end) = match template {
                Some(template) => with_scratch(cx, |cx, scratch| {
                    replace_by_template(cx, &mut matches, string, &template, global, scratch)
                })?,
                None if global => (replace_by_function(cx, &mut matches, string, replacement, true)?, 0),
                None => return replace_once_by_function(cx, this, &mut matches, string, replacement, moves),
            };
            if moves && !global {
                cx.set_last_index(this, last_end as u64)?;
            }
            return Ok(value);
        }
    }
    replace_slowly(cx, this, string, replacement, template.as_ref())
}

/// Replaces the first match, or all, by a template. Also gives the end of the last match, 0 for none.
fn replace_by_template(
    cx: &mut Context,
    matches: &mut Matches,
    string: &JsString,
    template: &JsString,
    global: bool,
    scratch: &mut Scratch<'static>,
) -> JsResult<(Value, usize)> {
    let (text, template) = (cx.text(string)?, cx.text(template)?);
    let literal = cx.find_text(template, Text::Latin1(b"$"), 0)?.is_none();
    let mut out = StringBuilder::new();
    let mut done = 0;
    let mut found = false;
    while let Some((start, end)) = matches.next(cx, string, text, scratch)? {
        found = true;
        cx.append_text(&mut out, text.slice(done, start))?;
        if literal {
            cx.append_text(&mut out, template)?;
        } else {
            let captures = Captures::Groups(scratch, &matches.program);
            push_substitution(cx, &mut out, text, (start, end), &captures, template)?;
        }
        done = end;
        if !global {
            break;
        }
    }
    if !found {
        return Ok((string.as_value().clone(), 0));
    }
    cx.append_text(&mut out, text.slice(done, text.len()))?;
    Ok((cx.finish(out)?, done))
}

/// Replaces the first match, or all, by what a function returns.
fn replace_by_function(
    cx: &mut Context,
    matches: &mut Matches,
    string: &JsString,
    function: &Value,
    global: bool,
) -> JsResult<Value> {
    let text = cx.text(string)?;
    let mut out = StringBuilder::new();
    let mut arguments = cx.scratch();
    let mut done = 0;
    let mut found = false;
    loop {
        arguments.clear();
        let next = with_scratch(cx, |cx, scratch| {
            let next = matches.next(cx, string, text, scratch)?;
            if next.is_some() {
                push_arguments(&mut arguments, string, scratch, &matches.program)?;
            }
            Ok(next)
        })?;
        let Some((start, end)) = next else { break };
        found = true;
        let value = cx.call(function, undefined(), &arguments)?;
        cx.append_text(&mut out, text.slice(done, start))?;
        match value.as_string() {
            Some(value) => cx.append(&mut out, value)?,
            None => {
                let value = cx.to_string(&value)?;
                cx.append(&mut out, &value)?;
            }
        }
        done = end;
        if !global {
            break;
        }
    }
    if !found {
        return Ok(string.as_value().clone());
    }
    cx.append_text(&mut out, text.slice(done, text.len()))?;
    cx.finish(out)
}

/// Replaces the first match by what a function returns, which sees `lastIndex` moved already.
fn replace_once_by_function(
    cx: &mut Context,
    this: &Object,
    matches: &mut Matches,
    string: &JsString,
    function: &Value,
    moves: bool,
) -> JsResult<Value> {
    let text = cx.text(string)?;
    let mut arguments = cx.scratch();
    let found = with_scratch(cx, |cx, scratch| {
        let found = matches.next(cx, string, text, scratch)?;
        if found.is_some() {
            push_arguments(&mut arguments, string, scratch, &matches.program)?;
        }
        Ok(found)
    })?;
    if moves {
        cx.set_last_index(this, found.map_or(0, |(_, end)| end as u64))?;
    }
    let Some((start, end)) = found else { return Ok(string.as_value().clone()) };
    let value = cx.call(function, undefined(), &arguments)?;
    let value = cx.to_string(&value)?;
    let mut out = StringBuilder::new();
    cx.append_text(&mut out, text.slice(0, start))?;
    out.push(&value)?;
    cx.append_text(&mut out, text.slice(end, text.len()))?;
    cx.finish(out)
}

/// `Symbol.replace` by the steps of 22.2.6.11.
fn replace_slowly(
    cx: &mut Context,
    this: &Object,
    string: &JsString,
    function: &Value,
    template: Option<&JsString>,
) -> JsResult<Value> {
    let flags = flags_of(cx, this)?;
    let flags = flags.text()?;
    let global = has_letter(flags, b'g');
    let full_unicode = has_letter(flags, b'u') || has_letter(flags, b'v');
    if global {
        cx.set(this, names::LAST_INDEX, Value::int(0))?;
    }
    let mut results = cx.scratch();
    loop {
        let result = cx.regexp_exec(this, string)?;
        if result.is_null() {
            break;
        }
        results.try_push(result.clone())?;
        if !global {
            break;
        }
        if cx.is_empty_match(&result)? {
            cx.advance_last_index(this, string, full_unicode)?;
        }
    }
    let text = cx.text(string)?;
    let mut out = StringBuilder::new();
    let mut done = 0;
    for result in &results {
        let Some(result) = result.as_object() else { continue };
        let captures = cx.length_of(result)?.max(1) - 1;
        let matched = cx.get(result, MATCHED)?;
        let matched = cx.to_string(&matched)?;
        let position = cx.get(result, names::INDEX)?;
        let position = cx.to_integer_or_infinity(&position)?.clamp(0.0, text.len() as f64) as usize;
        let mut arguments = cx.scratch();
        arguments.try_push(matched.clone().into())?;
        for i in 1..=captures {
            let mut capture = cx.get_index(result, i)?;
            if !capture.is_undefined() {
                capture = cx.to_string(&capture)?.into();
            }
            arguments.try_push(capture)?;
        }
        let mut groups = cx.get(result, names::GROUPS)?;
        let mut replaced = StringBuilder::new();
        match template {
            None => {
                arguments.try_push(Value::int(position as i32))?;
                arguments.try_push(string.as_value().clone())?;
                if !groups.is_undefined() {
                    arguments.try_push(groups)?;
                }
                let value = cx.call(function, undefined(), &arguments)?;
                replaced.push(&cx.to_string(&value)?)?;
            }
            Some(template) => {
                if !groups.is_undefined() {
                    groups = cx.to_object(&groups)?.into();
                }
                let captures = Captures::Values(&arguments[1..], &groups);
                let matched = Matched { string: text, matched: matched.text()?, position };
                matched.substitute(cx, &mut replaced, &captures, template.text()?)?;
            }
        }
        if position >= done {
            cx.append_text(&mut out, text.slice(done, position))?;
            out.push_text(replaced.text())?;
            done = position + matched.len();
        }
    }
    if done < text.len() {
        cx.append_text(&mut out, text.slice(done, text.len()))?;
    }
    cx.finish(out)
}

/// A match as a script's `exec` describes it: it need not be part of the string.
struct Matched<'t> {
    string: Text<'t>,
    matched: Text<'t>,
    position: usize,
}

impl Matched<'_> {
    fn substitute(
        &self,
        cx: &mut Context,
        out: &mut StringBuilder,
        captures: &Captures<'_>,
        template: Text<'_>,
    ) -> JsResult<()> {
        let end = self.position + self.matched.len();
        if end <= self.string.len() && self.string.slice(self.position, end).equals(self.matched) {
            return push_substitution(cx, out, self.string, (self.position, end), captures, template);
        }
        // As if the string were what the match says it is.
        let mut whole = StringBuilder::new();
        whole.push_text(self.string.slice(0, self.position))?;
        whole.push_text(self.matched)?;
        if end < self.string.len() {
            whole.push_text(self.string.slice(end, self.string.len()))?;
        }
        push_substitution(cx, out, whole.text(), (self.position, end), captures, template)
    }
}

// ----- split -----

pub(super) fn split(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (this, string) = receive(cx, call, "[Symbol.split]")?;
    split_string(cx, this, &string, call.get(1))
}

/// `regexp[Symbol.split](string, limit)`.
pub(super) fn split_string(
    cx: &mut Context,
    this: &Object,
    string: &JsString,
    limit: &Value,
) -> JsResult<Value> {
    if (limit.is_undefined() || limit.is_int())
        && let Some(program) = cx.plain_regexp(this).and_then(RegExpCell::program)
    {
        let limit = if limit.is_undefined() { u32::MAX } else { cx.to_uint32(limit)? };
        return with_scratch(cx, |cx, scratch| split_plain(cx, program, string, limit, scratch));
    }
    let species = cx.species_constructor(this, Intrinsic::RegExp)?;
    let flags = flags_of(cx, this)?;
    let full_unicode = has_letter(flags.text()?, b'u') || has_letter(flags.text()?, b'v');
    let sticky = if has_letter(flags.text()?, b'y') {
        flags
    } else {
        JsString::concat_texts(flags.text()?, Text::Latin1(b"y"))?
    };
    let splitter = cx.construct(&species, &[this.as_value().clone(), sticky.into()], &species)?;
    let Some(splitter) = splitter.as_object() else { return Ok(Value::UNDEFINED) };
    let array = cx.new_array(&[])?;
    let Some(parts) = array.as_array() else { return Ok(Value::UNDEFINED) };
    let limit = if limit.is_undefined() { u32::MAX } else { cx.to_uint32(limit)? };
    if limit == 0 {
        return Ok(array.into());
    }
    if string.is_empty() {
        if cx.regexp_exec(splitter, string)?.is_null() {
            push(parts, string.as_value().clone())?;
        }
        return Ok(array.into());
    }
    let size = string.len() as u64;
    let text = cx.text(string)?;
    let (mut done, mut at) = (0, 0);
    while at < size {
        cx.set(splitter, names::LAST_INDEX, Value::number(at as f64))?;
        let result = cx.regexp_exec(splitter, string)?;
        let Some(result) = result.as_object() else {
            at = advance_index(text, at, full_unicode);
            continue;
        };
        let end = cx.get(splitter, names::LAST_INDEX)?;
        let end = cx.to_length(&end)?.min(size);
        if end == done {
            at = advance_index(text, at, full_unicode);
            continue;
        }
        push(parts, cx.substring(string, done as usize, at as usize)?.into())?;
        if parts.length() == limit {
            return Ok(array.into());
        }
        done = end;
        let captures = cx.length_of(result)?.max(1) - 1;
        for i in 1..=captures {
            push(parts, cx.get_index(result, i)?)?;
            if parts.length() == limit {
                return Ok(array.into());
            }
        }
        at = done;
    }
    push(parts, cx.substring(string, done as usize, size as usize)?.into())?;
    Ok(array.into())
}

/// Splits by a plain RegExp. A search finds the first place where the sticky splitter of the specification
/// would match.
fn split_plain(
    cx: &mut Context,
    program: Ref<ProgramCell>,
    string: &JsString,
    limit: u32,
    scratch: &mut Scratch<'static>,
) -> JsResult<Value> {
    let array = cx.new_array(&[])?;
    let Some(parts) = array.as_array() else { return Ok(Value::UNDEFINED) };
    if limit == 0 {
        return Ok(array.into());
    }
    let text = cx.text(string)?;
    let full_unicode = program.flags().full_unicode();
    if text.is_empty() {
        if cx.find_match(&program, text, 0, true, scratch)? {
            cx.realm().regexp().note_match(string, &program, 0);
        } else {
            push(parts, string.as_value().clone())?;
        }
        return Ok(array.into());
    }
    let (mut done, mut at) = (0, 0);
    while at < text.len() {
        cx.poll_native()?;
        if !cx.find_match(&program, text, at, false, scratch)? {
            break;
        }
        let Some(range) = scratch.group(0) else { break };
        if range.start >= text.len() {
            break;
        }
        cx.realm().regexp().note_match(string, &program, range.start);
        if range.end == done {
            at = advance_index(text, range.start as u64, full_unicode) as usize;
            continue;
        }
        push(parts, cx.substring(string, done, range.start)?.into())?;
        if parts.length() == limit {
            return Ok(array.into());
        }
        done = range.end;
        for group in 1..scratch.group_count() {
            push(parts, capture(string, scratch, group)?)?;
            if parts.length() == limit {
                return Ok(array.into());
            }
        }
        at = done;
    }
    push(parts, cx.substring(string, done, text.len())?.into())?;
    Ok(array.into())
}
