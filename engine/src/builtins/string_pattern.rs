//! The methods of strings that take a pattern (ECMA-262 22.1.3): they ask their argument for
//! `Symbol.match` and the like, and know the answer of a plain RegExp.

use super::regexp_symbol as symbol;
use super::string::this_string;
use super::substitution::{Captures, push_substitution};
use crate::runtime::{Arguments, Context, undefined};
use crate::text::{RawAtom, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value, kind};

/// IsRegExp (7.2.6).
pub(super) fn is_regexp(cx: &mut Context, value: &Value) -> JsResult<bool> {
    let Some(object) = value.as_object() else { return Ok(false) };
    if cx.plain_regexp(value).is_some() {
        return Ok(true);
    }
    let matcher = cx.get(object, names::SYM_MATCH)?;
    if !matcher.is_undefined() {
        return Ok(matcher.to_boolean());
    }
    Ok(object.kind() == kind::REGEXP)
}

/// A plain RegExp as the pattern, and `this` where it is a string already.
#[inline]
fn plain<'a>(cx: &mut Context, call: &Arguments<'a>) -> Option<(&'a Object, &'a JsString)> {
    let (pattern, string) = (call.get(0), call.this.as_string()?);
    cx.plain_regexp(pattern)?;
    Some((pattern.as_object()?, string))
}

/// Calls `argument[symbol](this, ...)` if the argument has such a method.
fn delegate(
    cx: &mut Context,
    call: &Arguments<'_>,
    symbol: RawAtom,
    more: &[Value],
) -> JsResult<Option<Value>> {
    cx.require_object_coercible(call.this, "String.prototype method")?;
    let pattern = call.get(0);
    if !pattern.is_object() {
        return Ok(None);
    }
    let method = cx.get_method(pattern, symbol)?;
    if method.is_undefined() {
        return Ok(None);
    }
    let mut arguments = cx.scratch();
    arguments.try_push(call.this.clone())?;
    for value in more {
        arguments.try_push(value.clone())?;
    }
    cx.call(&method, pattern, &arguments).map(Some)
}

/// A RegExp of the argument, whose `symbol` method is then called with the string.
fn with_regexp(cx: &mut Context, call: &Arguments<'_>, symbol: RawAtom, flags: &str) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let pattern = if call.get(0).is_undefined() { JsString::empty() } else { cx.to_string(call.get(0))? };
    let flags = JsString::from_str(flags)?;
    let regexp = cx.new_regexp(&pattern, &flags)?;
    let method = cx.get(&regexp, symbol)?;
    cx.call(&method, regexp.as_value(), &[string.into()])
}

pub(super) fn match_(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some((regexp, string)) = plain(cx, call) {
        return symbol::match_string(cx, regexp, string);
    }
    if let Some(result) = delegate(cx, call, names::SYM_MATCH, &[])? {
        return Ok(result);
    }
    with_regexp(cx, call, names::SYM_MATCH, "")
}

pub(super) fn match_all(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.this, "String.prototype.matchAll")?;
    require_global(cx, call.get(0), "matchAll")?;
    if let Some((regexp, string)) = plain(cx, call) {
        return symbol::match_all_string(cx, regexp, string.clone());
    }
    if let Some(result) = delegate(cx, call, names::SYM_MATCH_ALL, &[])? {
        return Ok(result);
    }
    with_regexp(cx, call, names::SYM_MATCH_ALL, "g")
}

/// A RegExp argument of `matchAll` and `replaceAll` must be global.
fn require_global(cx: &mut Context, value: &Value, method: &str) -> JsResult<()> {
    if let Some(program) = cx.plain_regexp(value).and_then(|cell| cell.program())
        && program.flags().has(tare_regexp::Flags::GLOBAL)
    {
        return Ok(());
    }
    if !is_regexp(cx, value)? {
        return Ok(());
    }
    if let Some(object) = value.as_object() {
        let flags = cx.get(object, names::FLAGS)?;
        cx.require_object_coercible(&flags, "RegExp.prototype.flags")?;
        let flags = cx.to_string(&flags)?;
        if flags.text()?.find(Text::Latin1(b"g"), 0).is_none() {
            return Err(cx.throw_type_error(format_args!("{method} must be called with a global RegExp")));
        }
    }
    Ok(())
}

pub(super) fn search(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some((regexp, string)) = plain(cx, call) {
        return symbol::search_string(cx, regexp, string);
    }
    if let Some(result) = delegate(cx, call, names::SYM_SEARCH, &[])? {
        return Ok(result);
    }
    with_regexp(cx, call, names::SYM_SEARCH, "")
}

/// `replace` (0) and `replaceAll` (1).
pub(super) fn replace(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.this, "String.prototype.replace")?;
    if call.magic == 1 {
        require_global(cx, call.get(0), "replaceAll")?;
    }
    if let Some((regexp, string)) = plain(cx, call) {
        return symbol::replace_string(cx, regexp, string, call.get(1));
    }
    if let Some(result) = delegate(cx, call, names::SYM_REPLACE, &[call.get(1).clone()])? {
        return Ok(result);
    }
    let string = this_string(cx, call)?;
    let needle = cx.to_string(call.get(0))?;
    let functional = cx.is_callable(call.get(1));
    let template = if functional { JsString::empty() } else { cx.to_string(call.get(1))? };
    let mut out = StringBuilder::new();
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    let replacement = cx.text(&template)?;
    // Without a dollar sign a template stands for itself.
    let plain = cx.find_text(replacement, Text::Latin1(b"$"), 0)?.is_none();
    let (mut done, mut from) = (0, 0);
    let mut found = false;
    while let Some(at) = cx.find_text(text, pattern, from)? {
        cx.poll_native()?;
        found = true;
        let end = at + pattern.len();
        cx.append_text(&mut out, text.slice(done, at))?;
        if functional {
            let arguments = [needle.clone().into(), Value::int(at as i32), string.clone().into()];
            let value = cx.call(call.get(1), undefined(), &arguments)?;
            let value = cx.to_string(&value)?;
            cx.append(&mut out, &value)?;
        } else if plain {
            cx.append_text(&mut out, replacement)?;
        } else {
            let none = Captures::Values(&[], undefined());
            push_substitution(cx, &mut out, text, (at, end), &none, replacement)?;
        }
        done = end;
        from = at + pattern.len().max(1);
        if call.magic == 0 {
            break;
        }
    }
    if !found {
        return Ok(string.into());
    }
    cx.append_text(&mut out, text.slice(done, text.len()))?;
    cx.finish(out)
}

pub(super) fn split(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some((regexp, string)) = plain(cx, call) {
        return symbol::split_string(cx, regexp, string, call.get(1));
    }
    if let Some(result) = delegate(cx, call, names::SYM_SPLIT, &[call.get(1).clone()])? {
        return Ok(result);
    }
    let string = this_string(cx, call)?;
    let limit = if call.get(1).is_undefined() { u32::MAX } else { cx.to_uint32(call.get(1))? };
    let separator = cx.to_string(call.get(0))?;
    if limit == 0 {
        return Ok(cx.new_array(&[])?.into());
    }
    if call.get(0).is_undefined() {
        return Ok(cx.new_array(&[string.into()])?.into());
    }
    let array = cx.new_array(&[])?;
    let Some(parts) = array.as_array() else { return Ok(Value::UNDEFINED) };
    let push = |part: JsString| -> JsResult<bool> {
        if parts.push_dense(part.into())?.is_err() {
            return Err(Thrown::OutOfMemory);
        }
        Ok(parts.length() < limit)
    };
    let (text, pattern) = (cx.text(&string)?, cx.text(&separator)?);
    if pattern.is_empty() {
        let end = text.len().min(limit as usize);
        let mut at = 0;
        while at < end {
            let stop = cx.next_costly_run(at, end, 8)?;
            for unit in text.slice(at, stop).units() {
                push(JsString::from_unit(unit)?)?;
            }
            at = stop;
        }
        return Ok(array.into());
    }
    let mut done = 0;
    while let Some(at) = cx.find_text(text, pattern, done)? {
        cx.poll_native()?;
        if !push(cx.substring(&string, done, at)?)? {
            return Ok(array.into());
        }
        done = at + pattern.len();
    }
    push(cx.substring(&string, done, text.len())?)?;
    Ok(array.into())
}
