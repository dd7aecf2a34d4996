//! Base64 and hexadecimal texts of bytes: `Uint8Array.fromBase64` and its kin (ECMA-262 23.3).

use super::{Row, method, method_magic};
use crate::mem::Vec;
use crate::object::buffer::{Element, TypedArrayCell};
use crate::runtime::{Arguments, Context, Intrinsic};
use crate::text::{Atom, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Value};

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `lastChunkHandling` of the options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastChunk {
    Loose,
    Strict,
    StopBeforePartial,
}

/// What a text was decoded to, as far as it went.
struct Decoded {
    /// Code units of the text that the bytes stand for.
    read: usize,
    bytes: Vec<'static, u8>,
    /// Why the rest could not be decoded.
    error: Option<&'static str>,
}

/// ValidateUint8Array.
fn this_bytes<'a>(cx: &mut Context, value: &'a Value) -> JsResult<&'a TypedArrayCell> {
    match value.downcast::<TypedArrayCell>().filter(|view| view.element() == Element::Uint8) {
        Some(view) => Ok(view),
        None => Err(cx.throw_type_error(format_args!("not a Uint8Array"))),
    }
}

/// The length of a view that is not out of bounds.
fn length_of(cx: &mut Context, view: &TypedArrayCell) -> JsResult<usize> {
    match view.len() {
        Some(length) => Ok(length),
        None => Err(cx.throw_type_error(format_args!("typed array is detached or out of bounds"))),
    }
}

fn string_argument(cx: &mut Context, value: &Value) -> JsResult<JsString> {
    match value.as_string() {
        Some(string) => Ok(string.clone()),
        None => {
            let what = cx.describe(value);
            Err(cx.throw_type_error(format_args!("{what} is not a string")))
        }
    }
}

/// A property of the options, undefined without options.
fn option(cx: &mut Context, options: &Value, name: &str) -> JsResult<Value> {
    if options.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let Some(object) = options.as_object() else {
        return Err(cx.throw_type_error(format_args!("options must be an object")));
    };
    let key = Atom::from_str(name)?;
    cx.get(object, key.raw())
}

/// The place of an option's value among the allowed ones, 0 for undefined.
fn choice(cx: &mut Context, options: &Value, name: &str, allowed: &[&str]) -> JsResult<usize> {
    let value = option(cx, options, name)?;
    if value.is_undefined() {
        return Ok(0);
    }
    if let Some(string) = value.as_string() {
        let text = string.text()?;
        if let Some(at) = allowed.iter().position(|a| text.units().eq(a.bytes().map(u16::from))) {
            return Ok(at);
        }
    }
    let what = cx.describe(&value);
    Err(cx.throw_type_error(format_args!("{what} is no valid {name}")))
}

fn url_safe(cx: &mut Context, options: &Value) -> JsResult<bool> {
    Ok(choice(cx, options, "alphabet", &["base64", "base64url"])? == 1)
}

fn last_chunk(cx: &mut Context, options: &Value) -> JsResult<LastChunk> {
    let at = choice(cx, options, "lastChunkHandling", &["loose", "strict", "stop-before-partial"])?;
    Ok([LastChunk::Loose, LastChunk::Strict, LastChunk::StopBeforePartial][at])
}

/// Where what is no space goes on; paid for the way there and the unit after it.
fn skip_space(cx: &mut Context, text: Text<'_>, mut at: usize, paid: &mut usize) -> JsResult<usize> {
    while at < text.len() && matches!(text.at(at), 0x09 | 0x0A | 0x0C | 0x0D | 0x20) {
        if at >= *paid {
            *paid = cx.next_costly_run(at, text.len(), 4)?;
        }
        at += 1;
    }
    if at >= *paid && at < text.len() {
        *paid = cx.next_costly_run(at, text.len(), 4)?;
    }
    Ok(at)
}

/// Decodes a chunk of two to four digits (24, 18 or 12 bits) to one to three bytes.
fn decode_chunk(
    bits: u32,
    digits: u32,
    refuse_extra_bits: bool,
    bytes: &mut Vec<'static, u8>,
) -> JsResult<bool> {
    let extra = match digits {
        2 => 4,
        3 => 2,
        _ => 0,
    };
    if refuse_extra_bits && bits & ((1 << extra) - 1) != 0 {
        return Ok(false);
    }
    let (bits, count) = (bits >> extra, digits - 1);
    for i in (0..count).rev() {
        bytes.try_push((bits >> (8 * i)) as u8)?;
    }
    Ok(true)
}

/// FromBase64: at most `limit` bytes.
fn from_base64(
    cx: &mut Context,
    text: Text<'_>,
    url: bool,
    last: LastChunk,
    limit: usize,
) -> JsResult<Decoded> {
    let mut out = Decoded { read: 0, bytes: cx.scratch(), error: None };
    if limit == 0 {
        return Ok(out);
    }
    let (mut bits, mut digits, mut at, mut paid) = (0u32, 0u32, 0, 0);
    loop {
        at = skip_space(cx, text, at, &mut paid)?;
        if at == text.len() {
            if digits > 0 {
                match last {
                    LastChunk::StopBeforePartial => return Ok(out),
                    LastChunk::Loose if digits > 1 => {
                        decode_chunk(bits, digits, false, &mut out.bytes)?;
                    }
                    _ => {
                        out.error = Some("the last chunk is incomplete");
                        return Ok(out);
                    }
                }
            }
            out.read = text.len();
            return Ok(out);
        }
        let unit = text.at(at);
        at += 1;
        if unit == u16::from(b'=') {
            if digits < 2 {
                out.error = Some("padding where there is nothing to pad");
                return Ok(out);
            }
            at = skip_space(cx, text, at, &mut paid)?;
            if digits == 2 {
                if at == text.len() {
                    if last != LastChunk::StopBeforePartial {
                        out.error = Some("padding is incomplete");
                    }
                    return Ok(out);
                }
                if text.at(at) == u16::from(b'=') {
                    at = skip_space(cx, text, at + 1, &mut paid)?;
                }
            }
            if at < text.len() {
                out.error = Some("text after the padding");
            } else if decode_chunk(bits, digits, last == LastChunk::Strict, &mut out.bytes)? {
                out.read = text.len();
            } else {
                out.error = Some("extra bits in the last chunk");
            }
            return Ok(out);
        }
        let alphabet = if url { URL_SAFE } else { STANDARD };
        let digit = u8::try_from(unit).ok().and_then(|unit| alphabet.iter().position(|&d| d == unit));
        let Some(digit) = digit else {
            out.error = Some("invalid character");
            return Ok(out);
        };
        let remaining = limit - out.bytes.len();
        if (remaining == 1 && digits == 2) || (remaining == 2 && digits == 3) {
            return Ok(out);
        }
        bits = bits << 6 | digit as u32;
        digits += 1;
        if digits == 4 {
            decode_chunk(bits, 4, false, &mut out.bytes)?;
            (bits, digits) = (0, 0);
            out.read = at;
            if out.bytes.len() == limit {
                return Ok(out);
            }
        }
    }
}

/// FromHex: at most `limit` bytes.
fn from_hex(cx: &mut Context, text: Text<'_>, limit: usize) -> JsResult<Decoded> {
    let mut out = Decoded { read: 0, bytes: cx.scratch(), error: None };
    if !text.len().is_multiple_of(2) {
        out.error = Some("odd number of digits");
        return Ok(out);
    }
    let digit = |at: usize| char::from_u32(u32::from(text.at(at))).and_then(|c| c.to_digit(16));
    let mut paid = 0;
    while out.read < text.len() && out.bytes.len() < limit {
        if out.read >= paid {
            paid = cx.next_costly_run(out.read, text.len(), 4)?;
        }
        let (Some(high), Some(low)) = (digit(out.read), digit(out.read + 1)) else {
            out.error = Some("invalid character");
            return Ok(out);
        };
        out.bytes.try_push((high << 4 | low) as u8)?;
        out.read += 2;
    }
    Ok(out)
}

/// `fromBase64` (magic 0) and `fromHex` (1).
fn make(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = string_argument(cx, call.get(0))?;
    let decoded = if call.magic == 0 {
        let url = url_safe(cx, call.get(1))?;
        let last = last_chunk(cx, call.get(1))?;
        {
            let text = cx.text(&string)?;
            from_base64(cx, text, url, last, usize::MAX)?
        }
    } else {
        {
            let text = cx.text(&string)?;
            from_hex(cx, text, usize::MAX)?
        }
    };
    if let Some(error) = decoded.error {
        return Err(cx.throw_syntax_error(format_args!("{error}")));
    }
    let prototype = cx.intrinsic(Intrinsic::Uint8ArrayPrototype);
    let made = cx.allocate_typed(Element::Uint8, &prototype, decoded.bytes.len() as u64)?;
    if let Some(view) = made.downcast::<TypedArrayCell>() {
        write(cx, view, &decoded.bytes)?;
    }
    Ok(made.into())
}

/// SetUint8ArrayBytes.
fn write(cx: &mut Context, view: &TypedArrayCell, bytes: &[u8]) -> JsResult<()> {
    let mut at = 0;
    while at < bytes.len() {
        let stop = cx.next_run(at, bytes.len())?;
        for (i, &byte) in bytes[at..stop].iter().enumerate() {
            view.set_bits(at + i, u64::from(byte));
        }
        at = stop;
    }
    Ok(())
}

/// `setFromBase64` (magic 0) and `setFromHex` (1).
fn set_from(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_bytes(cx, call.this)?;
    let string = string_argument(cx, call.get(0))?;
    let decoded = if call.magic == 0 {
        let url = url_safe(cx, call.get(1))?;
        let last = last_chunk(cx, call.get(1))?;
        let limit = length_of(cx, view)?;
        {
            let text = cx.text(&string)?;
            from_base64(cx, text, url, last, limit)?
        }
    } else {
        let limit = length_of(cx, view)?;
        {
            let text = cx.text(&string)?;
            from_hex(cx, text, limit)?
        }
    };
    write(cx, view, &decoded.bytes)?;
    if let Some(error) = decoded.error {
        return Err(cx.throw_syntax_error(format_args!("{error}")));
    }
    let result = cx.new_object()?;
    for (name, number) in [("read", decoded.read), ("written", decoded.bytes.len())] {
        let key = Atom::from_str(name)?;
        cx.create_data_property_or_throw(&result, key.raw(), Value::number(number as f64))?;
    }
    Ok(result.into())
}

fn to_base64(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_bytes(cx, call.this)?;
    let alphabet = if url_safe(cx, call.get(0))? { URL_SAFE } else { STANDARD };
    let omit_padding = option(cx, call.get(0), "omitPadding")?.to_boolean();
    let length = length_of(cx, view)?;
    let mut text: Vec<'static, u8> = cx.scratch();
    let mut paid = 0;
    for start in (0..length).step_by(3) {
        if start >= paid {
            paid = cx.next_costly_run(start, length, 4)?;
        }
        let count = (length - start).min(3);
        let mut bits = 0;
        for i in 0..3 {
            let byte = if i < count { view.bits(start + i).unwrap_or(0) } else { 0 };
            bits = bits << 8 | byte as usize;
        }
        for i in 0..4 {
            if i <= count {
                text.try_push(alphabet[bits >> (18 - 6 * i) & 63])?;
            } else if !omit_padding {
                text.try_push(b'=')?;
            }
        }
    }
    let mut out = StringBuilder::new();
    cx.append_text(&mut out, Text::Latin1(&text))?;
    cx.finish(out)
}

fn to_hex(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_bytes(cx, call.this)?;
    let length = length_of(cx, view)?;
    let mut text: Vec<'static, u8> = cx.scratch();
    let mut paid = 0;
    for i in 0..length {
        if i == paid {
            paid = cx.next_costly_run(i, length, 4)?;
        }
        let byte = view.bits(i).unwrap_or(0) as usize;
        text.try_push(b"0123456789abcdef"[byte >> 4])?;
        text.try_push(b"0123456789abcdef"[byte & 15])?;
    }
    let mut out = StringBuilder::new();
    cx.append_text(&mut out, Text::Latin1(&text))?;
    cx.finish(out)
}

static STATICS: &[Row] = &[method_magic("fromBase64", 1, make, 0), method_magic("fromHex", 1, make, 1)];

static ROWS: &[Row] = &[
    method_magic("setFromBase64", 1, set_from, 0),
    method_magic("setFromHex", 1, set_from, 1),
    method("toBase64", 0, to_base64),
    method("toHex", 0, to_hex),
];

/// Adds to `%Uint8Array%`, which exists.
pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let class = cx.intrinsic(Intrinsic::Uint8Array);
    cx.define_rows(&class, STATICS)?;
    let prototype = cx.get(&class, names::PROTOTYPE)?;
    match prototype.as_object() {
        Some(prototype) => cx.define_rows(prototype, ROWS),
        None => Ok(()),
    }
}
