//! String objects (ECMA-262 22.1). The methods that take patterns are in `string_pattern`.

use super::string_pattern::{is_regexp, match_, match_all, replace, search, split};
use super::symbol::{descriptive_string, this_primitive};
use super::{Class, Row, constructor, method, method_magic, symbol_method, tag};
use tare_unicode::Form;

use crate::mem::Vec;
use crate::object::ShapeTable;
use crate::object::exotic::PrimitiveCell;
use crate::object::iteration::{Iteration, IteratorCell};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{MAX_LENGTH, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Thrown, Value};

/// The string that `this` converts to.
pub(super) fn this_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<JsString> {
    if let Some(string) = call.this.as_string() {
        return Ok(string.clone());
    }
    cx.require_object_coercible(call.this, "String.prototype method")?;
    cx.to_string(call.this)
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = if call.is_empty() {
        JsString::empty()
    } else if !call.is_construct() && call.get(0).is_symbol() {
        return descriptive_string(call.get(0));
    } else {
        cx.to_string(call.get(0))?
    };
    if !call.is_construct() {
        return Ok(string.into());
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::StringPrototype)?;
    Ok(cx.wrap_primitive(string.into(), &prototype)?.into())
}

fn from_char_code(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let [one] = call.list {
        let unit = cx.to_uint32(one)? as u16;
        return Ok(JsString::from_unit(unit)?.into());
    }
    let mut text = StringBuilder::new();
    cx.pay_elements(call.len() * 4)?;
    for value in call.list {
        text.push_unit(cx.to_uint32(value)? as u16)?;
    }
    Ok(text.finish()?.into())
}

fn from_code_point(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut text = StringBuilder::new();
    cx.pay_elements(call.len() * 4)?;
    for value in call.list {
        let number = cx.to_number(value)?;
        if number.trunc() != number || !(0.0..=1114111.0).contains(&number) {
            return Err(cx.throw_range_error(format_args!("invalid code point")));
        }
        text.push_code_point(number as u32)?;
    }
    Ok(text.finish()?.into())
}

fn raw(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let cooked = cx.to_object(call.get(0))?;
    let raw = cx.get(&cooked, names::RAW)?;
    let raw = cx.to_object(&raw)?;
    let length = cx.length_of(&raw)?;
    let mut text = StringBuilder::new();
    for i in 0..length {
        let part = cx.get_index(&raw, i)?;
        let part = cx.to_string(&part)?;
        cx.append(&mut text, &part)?;
        if i + 1 < length && (i as usize) + 1 < call.len() {
            let value = cx.to_string(call.get(i as usize + 1))?;
            cx.append(&mut text, &value)?;
        }
    }
    Ok(text.finish()?.into())
}

// ----- Characters -----

/// An index argument, `None` when it is out of range.
fn index(cx: &mut Context, value: &Value, length: usize) -> JsResult<Option<usize>> {
    let at = cx.to_integer_or_infinity(value)?;
    Ok((at >= 0.0 && at < length as f64).then_some(at as usize))
}

fn char_at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    Ok(match index(cx, call.get(0), string.len())? {
        Some(at) => JsString::from_unit(cx.text(&string)?.at(at))?.into(),
        None => JsString::empty().into(),
    })
}

fn char_code_at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    Ok(match index(cx, call.get(0), string.len())? {
        Some(at) => Value::int(i32::from(cx.text(&string)?.at(at))),
        None => Value::number(f64::NAN),
    })
}

fn code_point_at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    Ok(match index(cx, call.get(0), string.len())? {
        Some(at) => Value::int(cx.text(&string)?.code_point_at(at).0 as i32),
        None => Value::UNDEFINED,
    })
}

fn at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let relative = cx.to_integer_or_infinity(call.get(0))?;
    let at = if relative < 0.0 { string.len() as f64 + relative } else { relative };
    if at < 0.0 || at >= string.len() as f64 {
        return Ok(Value::UNDEFINED);
    }
    Ok(JsString::from_unit(cx.text(&string)?.at(at as usize))?.into())
}

// ----- Searching -----

/// A search string: a RegExp is a TypeError.
fn needle(cx: &mut Context, value: &Value) -> JsResult<JsString> {
    if is_regexp(cx, value)? {
        return Err(cx.throw_type_error(format_args!("a RegExp is not allowed here")));
    }
    cx.to_string(value)
}

fn position(cx: &mut Context, value: &Value, length: usize) -> JsResult<usize> {
    let at = cx.to_integer_or_infinity(value)?;
    Ok(at.clamp(0.0, length as f64) as usize)
}

fn includes(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let needle = needle(cx, call.get(0))?;
    let from = position(cx, call.get(1), string.len())?;
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    Ok(Value::boolean(cx.find_text(text, pattern, from)?.is_some()))
}

fn starts_with(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let needle = needle(cx, call.get(0))?;
    let from = position(cx, call.get(1), string.len())?;
    let end = from + needle.len();
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    Ok(Value::boolean(end <= text.len() && cx.texts_equal(text.slice(from, end), pattern)?))
}

fn ends_with(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let needle = needle(cx, call.get(0))?;
    let end =
        if call.get(1).is_undefined() { string.len() } else { position(cx, call.get(1), string.len())? };
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    Ok(Value::boolean(match end.checked_sub(pattern.len()) {
        Some(start) => cx.texts_equal(text.slice(start, end), pattern)?,
        None => false,
    }))
}

fn index_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let needle = cx.to_string(call.get(0))?;
    let from = position(cx, call.get(1), string.len())?;
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    let found = cx.find_text(text, pattern, from)?;
    Ok(found.map_or(Value::int(-1), |at| Value::int(at as i32)))
}

fn last_index_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let needle = cx.to_string(call.get(0))?;
    let from = cx.to_number(call.get(1))?;
    let from =
        if from.is_nan() { string.len() } else { from.trunc().clamp(0.0, string.len() as f64) as usize };
    let (text, pattern) = (cx.text(&string)?, cx.text(&needle)?);
    let found = cx.rfind_text(text, pattern, from)?;
    Ok(found.map_or(Value::int(-1), |at| Value::int(at as i32)))
}

// ----- Parts -----

fn slice(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let length = string.len() as u64;
    let start = cx.relative_index(call.get(0), length, 0)?;
    let end = cx.relative_index(call.get(1), length, length)?;
    if start >= end {
        return Ok(JsString::empty().into());
    }
    Ok(cx.substring(&string, start as usize, end as usize)?.into())
}

fn substring(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let start = position(cx, call.get(0), string.len())?;
    let end =
        if call.get(1).is_undefined() { string.len() } else { position(cx, call.get(1), string.len())? };
    Ok(cx.substring(&string, start.min(end), start.max(end))?.into())
}

fn substr(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let length = string.len() as u64;
    let start = cx.relative_index(call.get(0), length, 0)?;
    let count = if call.get(1).is_undefined() {
        (length - start) as f64
    } else {
        cx.to_integer_or_infinity(call.get(1))?
    };
    let end = (start as f64 + count.max(0.0)).min(length as f64) as u64;
    if start >= end {
        return Ok(JsString::empty().into());
    }
    Ok(cx.substring(&string, start as usize, end as usize)?.into())
}

/// `trim` (3), `trimStart` (1), `trimEnd` (2).
fn trim(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let text = cx.text(&string)?;
    let blank = |unit: u16| {
        tare_unicode::is_white_space(u32::from(unit)) || tare_unicode::is_line_terminator(u32::from(unit))
    };
    let (mut start, mut end) = (0, text.len());
    let mut goes_on = call.magic & 1 != 0;
    while goes_on && start < end {
        let stop = cx.next_run(start, end)?;
        while start < stop && blank(text.at(start)) {
            start += 1;
        }
        goes_on = start == stop;
    }
    goes_on = call.magic & 2 != 0;
    while goes_on && start < end {
        // Runs from the end, counted from there.
        let stop = end - cx.next_run(0, end - start)?;
        while end > stop && blank(text.at(end - 1)) {
            end -= 1;
        }
        goes_on = end == stop;
    }
    Ok(cx.substring(&string, start, end)?.into())
}

/// `padStart` (0) and `padEnd` (1).
fn pad(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let length = cx.to_length(call.get(0))? as usize;
    if length <= string.len() {
        return Ok(string.into());
    }
    let filler = if call.get(1).is_undefined() {
        JsString::from_unit_latin1(b' ')
    } else {
        cx.to_string(call.get(1))?
    };
    if filler.is_empty() {
        return Ok(string.into());
    }
    if length > MAX_LENGTH {
        return Err(Thrown::StringTooLong);
    }
    let filler = cx.text(&filler)?;
    let mut text = StringBuilder::new();
    text.reserve(length, matches!(filler, Text::Utf16(_)) || string.is_wide())?;
    if call.magic == 1 {
        cx.append(&mut text, &string)?;
    }
    cx.append_cycled(&mut text, filler, length - string.len())?;
    if call.magic == 0 {
        cx.append(&mut text, &string)?;
    }
    cx.finish(text)
}

fn repeat(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let count = cx.to_integer_or_infinity(call.get(0))?;
    if !(0.0..f64::INFINITY).contains(&count) {
        return Err(cx.throw_range_error(format_args!("invalid repeat count")));
    }
    if count == 0.0 || string.is_empty() {
        return Ok(JsString::empty().into());
    }
    if count * string.len() as f64 > MAX_LENGTH as f64 {
        return Err(Thrown::StringTooLong);
    }
    let text = cx.text(&string)?;
    // Made in one piece, which is fast: paid as a whole.
    cx.pay_bytes(count as usize * string.len())?;
    Ok(JsString::repeated(text, count as usize)?.into())
}

fn concat(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut string = this_string(cx, call)?;
    for value in call.list {
        cx.poll_native()?;
        let part = cx.to_string(value)?;
        string = string.concat(&part)?;
    }
    Ok(string.into())
}

// ----- Case and normalisation -----

/// `toLowerCase` (0) and `toUpperCase` (1), and their locale forms.
fn change_case(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let text = cx.text(&string)?;
    if let Text::Latin1(units) = text
        && is_ascii(cx, units)?
    {
        let changes = |unit: &u8| {
            if call.magic == 0 { unit.is_ascii_uppercase() } else { unit.is_ascii_lowercase() }
        };
        let (mut at, mut unchanged) = (0, true);
        while unchanged && at < units.len() {
            let stop = cx.next_run(at, units.len())?;
            unchanged = !units[at..stop].iter().any(changes);
            at = stop;
        }
        if unchanged {
            return Ok(string.into());
        }
        if units.len() <= SHORT {
            // SAFETY: (1) every unit of the new string is written.
            let changed = unsafe {
                JsString::build_latin1(units.len(), |to| {
                    for (i, unit) in units.iter().enumerate() {
                        to.add(i).write(if changes(unit) { unit ^ 0x20 } else { *unit });
                    }
                })
            };
            return Ok(changed?.into());
        }
        let mut out = StringBuilder::new();
        out.reserve(units.len(), false)?;
        let mut piece = [0; 1024];
        for part in units.chunks(piece.len()) {
            cx.pay_elements(part.len())?;
            for (to, unit) in piece.iter_mut().zip(part) {
                *to = if changes(unit) { unit ^ 0x20 } else { *unit };
            }
            out.push_text(Text::Latin1(&piece[..part.len()]))?;
        }
        return cx.finish(out);
    }
    let mut out = StringBuilder::new();
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 16)?;
        }
        let (c, pair) = text.code_point_at(at);
        let next = at + if pair { 2 } else { 1 };
        if call.magic == 0 && c == 0x3A3 {
            // A final sigma: after a cased letter, not before one (Unicode 3.13, Final_Sigma).
            let last = is_final_sigma(cx, text, at, next)?;
            out.push_code_point(if last { 0x3C2 } else { 0x3C3 })?;
        } else {
            let mapped =
                if call.magic == 0 { tare_unicode::to_lower_full(c) } else { tare_unicode::to_upper_full(c) };
            for c in mapped {
                out.push_code_point(c)?;
            }
        }
        at = next;
    }
    cx.finish(out)
}

/// Texts up to this length are converted in one go.
const SHORT: usize = 4096;

fn is_ascii(cx: &mut Context, units: &[u8]) -> JsResult<bool> {
    for part in units.chunks(1 << 16) {
        cx.pay_bytes(part.len())?;
        if !part.is_ascii() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Final_Sigma (Unicode 3.13): a cased letter before it and none after, past what is case-ignorable. Another sigma
/// ends the look either way, so that a text is gone over three times at most.
fn is_final_sigma(cx: &mut Context, text: Text<'_>, start: usize, end: usize) -> JsResult<bool> {
    let mut at = start;
    let before = loop {
        cx.poll_native()?;
        if at == 0 {
            break false;
        }
        let mut from = at - 1;
        if from > 0 && text.code_point_at(from - 1).1 {
            from -= 1;
        }
        let (c, _) = text.code_point_at(from);
        if !tare_unicode::is_case_ignorable(c) {
            break tare_unicode::is_cased(c);
        }
        at = from;
    };
    let mut at = end;
    let after = loop {
        cx.poll_native()?;
        if at >= text.len() {
            break false;
        }
        let (c, pair) = text.code_point_at(at);
        if !tare_unicode::is_case_ignorable(c) {
            break tare_unicode::is_cased(c);
        }
        at += if pair { 2 } else { 1 };
    };
    Ok(before && !after)
}

fn unicode_text(text: Text<'_>) -> tare_unicode::Text<'_> {
    match text {
        Text::Latin1(units) => tare_unicode::Text::Latin1(units),
        Text::Utf16(units) => tare_unicode::Text::Utf16(units),
    }
}

fn normalize(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let form = if call.get(0).is_undefined() {
        Form::Nfc
    } else {
        let name = cx.to_string(call.get(0))?;
        let name = name.text()?;
        let forms = [("NFC", Form::Nfc), ("NFD", Form::Nfd), ("NFKC", Form::Nfkc), ("NFKD", Form::Nfkd)];
        match forms.into_iter().find(|(known, _)| name.equals_str(known)) {
            Some((_, form)) => form,
            None => return Err(cx.throw_range_error(format_args!("bad normalization form"))),
        }
    };
    let text = cx.text(&string)?;
    match normalized(cx, form, text)? {
        None => Ok(string.into()),
        Some(units) => {
            let mut out = StringBuilder::new();
            cx.append_text(&mut out, Text::Utf16(&units))?;
            cx.finish(out)
        }
    }
}

/// The text in a normalization form; `None` where it is in that form for sure.
fn normalized(cx: &mut Context, form: Form, text: Text<'_>) -> JsResult<Option<Vec<'static, u16>>> {
    let text = unicode_text(text);
    let memory = cx.rt().mem.memory(crate::mem::Use::Scratch);
    let mut goes_on = |units: usize| cx.pay_elements(units * 16).is_ok();
    let checked = tare_unicode::quick_check_while(form, text, &mut goes_on).ok_or(Thrown::Terminated)?;
    if checked == tare_unicode::QuickCheck::Yes {
        return Ok(None);
    }
    tare_unicode::normalize_while(form, text, memory, &mut goes_on)?.ok_or(Thrown::Terminated).map(Some)
}

/// Code unit order of the canonical compositions: equal where canonically equivalent.
fn locale_compare(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let other = cx.to_string(call.get(0))?;
    let (x, y) = (cx.text(&string)?, cx.text(&other)?);
    let (a, b) = (normalized(cx, Form::Nfc, x)?, normalized(cx, Form::Nfc, y)?);
    let a = a.as_ref().map_or(x, |units| Text::Utf16(units));
    let b = b.as_ref().map_or(y, |units| Text::Utf16(units));
    Ok(Value::int(match cx.compare_texts(a, b)? {
        core::cmp::Ordering::Less => -1,
        core::cmp::Ordering::Equal => 0,
        core::cmp::Ordering::Greater => 1,
    }))
}

/// Calls `found` with the places of unpaired surrogates, until it says false.
fn surrogates(
    cx: &mut Context,
    text: Text<'_>,
    found: &mut dyn FnMut(&mut Context, usize) -> JsResult<bool>,
) -> JsResult<()> {
    if let Text::Latin1(_) = text {
        return Ok(());
    }
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 4)?;
        }
        let (c, pair) = text.code_point_at(at);
        if !pair && (0xD800..0xE000).contains(&c) && !found(cx, at)? {
            break;
        }
        at += if pair { 2 } else { 1 };
    }
    Ok(())
}

fn is_well_formed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let mut well = true;
    let text = cx.text(&string)?;
    surrogates(cx, text, &mut |_, _| {
        well = false;
        Ok(false)
    })?;
    Ok(Value::boolean(well))
}

fn to_well_formed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let text = cx.text(&string)?;
    let mut out = StringBuilder::new();
    let mut done = 0;
    surrogates(cx, text, &mut |cx, at| {
        cx.append_text(&mut out, text.slice(done, at))?;
        out.push_unit(0xFFFD)?;
        done = at + 1;
        Ok(true)
    })?;
    if done == 0 {
        return Ok(string.into());
    }
    cx.append_text(&mut out, text.slice(done, text.len()))?;
    cx.finish(out)
}

// ----- Primitive, iteration, HTML -----

fn value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_primitive(cx, call, |v| v.is_string(), "string")
}

fn iterator(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let prototype = cx.intrinsic(Intrinsic::StringIteratorPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(IteratorCell::create(shape, Iteration::StringPoints, string.into(), Value::UNDEFINED)?.into())
}

fn iterator_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let state = call.this.downcast::<IteratorCell>().filter(|state| state.what() == Iteration::StringPoints);
    let Some(state) = state else {
        return Err(cx.throw_type_error(format_args!("not a string iterator")));
    };
    let source = state.source();
    let Some(string) = source.as_string() else { return cx.iter_result(Value::UNDEFINED, true) };
    let at = state.index() as usize;
    if at >= string.len() {
        state.finish();
        return cx.iter_result(Value::UNDEFINED, true);
    }
    let (c, pair) = cx.text(string)?.code_point_at(at);
    state.set_index((at + if pair { 2 } else { 1 }) as u64);
    let point = JsString::from_code_point(c)?;
    cx.iter_result(point.into(), false)
}

/// Tag and attribute of the HTML methods (Annex B.2.2), by their numbers.
const HTML: [(&str, &str); 13] = [
    ("a", "name"),
    ("big", ""),
    ("blink", ""),
    ("b", ""),
    ("tt", ""),
    ("font", "color"),
    ("font", "size"),
    ("i", ""),
    ("a", "href"),
    ("small", ""),
    ("strike", ""),
    ("sub", ""),
    ("sup", ""),
];

fn html(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = this_string(cx, call)?;
    let (tag, attribute) = HTML[call.magic as usize];
    let mut out = StringBuilder::new();
    out.push_str("<")?;
    out.push_str(tag)?;
    if !attribute.is_empty() {
        let value = cx.to_string(call.get(0))?;
        out.push_str(" ")?;
        out.push_str(attribute)?;
        out.push_str("=\"")?;
        let value = cx.text(&value)?;
        let mut at = 0;
        while at < value.len() {
            let stop = cx.next_costly_run(at, value.len(), 4)?;
            for unit in value.slice(at, stop).units() {
                if unit == u16::from(b'"') { out.push_str("&quot;")? } else { out.push_unit(unit)? }
            }
            at = stop;
        }
        out.push_str("\"")?;
    }
    out.push_str(">")?;
    cx.append(&mut out, &string)?;
    out.push_str("</")?;
    out.push_str(tag)?;
    out.push_str(">")?;
    cx.finish(out)
}

static ROWS: &[Row] = &[
    method_magic("anchor", 1, html, 0),
    method("at", 1, at),
    method_magic("big", 0, html, 1),
    method_magic("blink", 0, html, 2),
    method_magic("bold", 0, html, 3),
    method("charAt", 1, char_at),
    method_magic("charCodeAt", 1, char_code_at, crate::exec::interp::native::CHAR_CODE_AT),
    method("codePointAt", 1, code_point_at),
    method("concat", 1, concat),
    method("endsWith", 1, ends_with),
    method_magic("fixed", 0, html, 4),
    method_magic("fontcolor", 1, html, 5),
    method_magic("fontsize", 1, html, 6),
    method("includes", 1, includes),
    method("indexOf", 1, index_of),
    method("isWellFormed", 0, is_well_formed),
    method_magic("italics", 0, html, 7),
    method("lastIndexOf", 1, last_index_of),
    method_magic("link", 1, html, 8),
    method("localeCompare", 1, locale_compare),
    method("match", 1, match_),
    method("matchAll", 1, match_all),
    method("normalize", 0, normalize),
    method_magic("padEnd", 1, pad, 1),
    method_magic("padStart", 1, pad, 0),
    method("repeat", 1, repeat),
    method_magic("replace", 2, replace, 0),
    method_magic("replaceAll", 2, replace, 1),
    method("search", 1, search),
    method("slice", 2, slice),
    method_magic("small", 0, html, 9),
    method("split", 2, split),
    method("startsWith", 1, starts_with),
    method_magic("strike", 0, html, 10),
    method_magic("sub", 0, html, 11),
    method("substr", 2, substr),
    method("substring", 2, substring),
    method_magic("sup", 0, html, 12),
    method_magic("toLocaleLowerCase", 0, change_case, 0),
    method_magic("toLocaleUpperCase", 0, change_case, 1),
    method_magic("toLowerCase", 0, change_case, 0),
    method("toString", 0, value_of),
    method_magic("toUpperCase", 0, change_case, 1),
    method("toWellFormed", 0, to_well_formed),
    method_magic("trim", 0, trim, 3),
    method_magic("trimEnd", 0, trim, 2),
    method_magic("trimStart", 0, trim, 1),
    method("valueOf", 0, value_of),
    symbol_method(names::SYM_ITERATOR, "[Symbol.iterator]", 0, iterator),
];

static OLD_NAMES: &[Row] = &[
    super::same_as(super::Key::Name("trimLeft"), "trimStart"),
    super::same_as(super::Key::Name("trimRight"), "trimEnd"),
];

static STRING: Class = Class {
    constructor: constructor("String", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::String,
    prototype_intrinsic: Intrinsic::StringPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[
        method("fromCharCode", 1, from_char_code),
        method("fromCodePoint", 1, from_code_point),
        method("raw", 1, raw),
    ],
    global: true,
};

static ITERATOR_ROWS: &[Row] = &[method("next", 0, iterator_next), tag("String Iterator")];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let parent = cx.intrinsic(Intrinsic::ObjectPrototype);
    let shape = cx.rt().shapes.unique(&parent, 0)?;
    let empty = PrimitiveCell::create(shape, JsString::empty().into())?;
    cx.realm().set_intrinsic(Intrinsic::StringPrototype, empty.as_value().clone());
    cx.define_class(&STRING)?;
    cx.define_rows(&empty, OLD_NAMES)?;
    let parent = cx.realm().intrinsic(Intrinsic::IteratorPrototype);
    let prototype = cx.new_builtin_object(&parent)?;
    cx.define_rows(&prototype, ITERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::StringIteratorPrototype, prototype.into());
    Ok(())
}
