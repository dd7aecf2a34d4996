//! URI handling and `escape`/`unescape` (ECMA-262 19.2.6, B.2.1).

use super::{Row, method, method_magic};
use crate::runtime::{Arguments, Context, Intrinsic};
use crate::text::{StringBuilder, Text};
use crate::value::{JsResult, Thrown, Value};

const HEX: &[u8; 16] = b"0123456789ABCDEF";
/// Beside letters and digits, what `encodeURIComponent` leaves alone.
const UNRESERVED_MARKS: &[u8] = b"-_.!~*'()";
/// What `encodeURI` leaves alone in addition, and `decodeURI` does not decode.
const RESERVED: &[u8] = b";/?:@&=+$,#";

/// Units that `escape` works on in one go.
const ESCAPED_AT_ONCE: usize = 1024;

fn is_one_of(unit: u16, set: &[u8]) -> bool {
    u8::try_from(unit).is_ok_and(|byte| set.contains(&byte))
}

fn is_alphanumeric(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric())
}

fn malformed(cx: &mut Context) -> Thrown {
    cx.throw_error(Intrinsic::UriErrorPrototype, format_args!("malformed URI sequence"))
}

fn push_percent(out: &mut StringBuilder, byte: u8) -> JsResult<()> {
    let digits = [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
    out.push_text(Text::Latin1(&digits))
}

/// `encodeURI` (0) and `encodeURIComponent` (1).
fn encode(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    let mut out = StringBuilder::new();
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 16)?;
        }
        let unit = text.at(at);
        let plain = is_alphanumeric(unit)
            || is_one_of(unit, UNRESERVED_MARKS)
            || (call.magic == 0 && is_one_of(unit, RESERVED));
        if plain {
            out.push_unit(unit)?;
            at += 1;
            continue;
        }
        let (code, pair) = text.code_point_at(at);
        let Some(c) = char::from_u32(code) else { return Err(malformed(cx)) };
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            push_percent(&mut out, byte)?;
        }
        at += 1 + usize::from(pair);
    }
    cx.finish(out)
}

/// The number that `count` hexadecimal digits from `at` on are.
fn hex(text: Text<'_>, at: usize, count: usize) -> Option<u32> {
    if at + count > text.len() {
        return None;
    }
    (at..at + count).try_fold(0, |value, i| {
        let digit = char::from_u32(u32::from(text.at(i)))?.to_digit(16)?;
        Some(value << 4 | digit)
    })
}

/// The byte that `%XX` at `at` is.
fn percent(text: Text<'_>, at: usize) -> Option<u8> {
    if at < text.len() && text.at(at) == 0x25 { hex(text, at + 1, 2).map(|byte| byte as u8) } else { None }
}

/// `decodeURI` (0) and `decodeURIComponent` (1).
fn decode(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    let mut out = StringBuilder::new();
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 16)?;
        }
        let unit = text.at(at);
        if unit != 0x25 {
            out.push_unit(unit)?;
            at += 1;
            continue;
        }
        let start = at;
        let Some(first) = percent(text, at) else { return Err(malformed(cx)) };
        at += 3;
        if first < 0x80 {
            if call.magic == 0 && RESERVED.contains(&first) {
                out.push_text(text.slice(start, at))?;
            } else {
                out.push_unit(u16::from(first))?;
            }
            continue;
        }
        let count = first.leading_ones() as usize;
        if !(2..=4).contains(&count) {
            return Err(malformed(cx));
        }
        let mut bytes = [first, 0, 0, 0];
        for byte in &mut bytes[1..count] {
            let Some(next) = percent(text, at) else { return Err(malformed(cx)) };
            *byte = next;
            at += 3;
        }
        match core::str::from_utf8(&bytes[..count]).ok().and_then(|s| s.chars().next()) {
            Some(c) => out.push_code_point(u32::from(c))?,
            None => return Err(malformed(cx)),
        }
    }
    cx.finish(out)
}

fn escape(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let mut out = StringBuilder::new();
    for (at, unit) in cx.text(&string)?.units().enumerate() {
        if at.is_multiple_of(ESCAPED_AT_ONCE) {
            cx.pay_elements(ESCAPED_AT_ONCE * 16)?;
        }
        if is_alphanumeric(unit) || is_one_of(unit, b"@*_+-./") {
            out.push_unit(unit)?;
        } else if let Ok(byte) = u8::try_from(unit) {
            push_percent(&mut out, byte)?;
        } else {
            let digit = |shift: u16| HEX[usize::from(unit >> shift & 15)];
            out.push_text(Text::Latin1(&[b'%', b'u', digit(12), digit(8), digit(4), digit(0)]))?;
        }
    }
    cx.finish(out)
}

fn unescape(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    let mut out = StringBuilder::new();
    let (mut at, mut paid) = (0, 0);
    while at < text.len() {
        if at >= paid {
            paid = cx.next_costly_run(at, text.len(), 16)?;
        }
        let unit = text.at(at);
        at += 1;
        if unit == 0x25 {
            if at < text.len()
                && text.at(at) == 0x75
                && let Some(unit) = hex(text, at + 1, 4)
            {
                out.push_unit(unit as u16)?;
                at += 5;
                continue;
            }
            if let Some(unit) = hex(text, at, 2) {
                out.push_unit(unit as u16)?;
                at += 2;
                continue;
            }
        }
        out.push_unit(unit)?;
    }
    cx.finish(out)
}

static ROWS: &[Row] = &[
    method_magic("decodeURI", 1, decode, 0),
    method_magic("decodeURIComponent", 1, decode, 1),
    method_magic("encodeURI", 1, encode, 0),
    method_magic("encodeURIComponent", 1, encode, 1),
    method("escape", 1, escape),
    method("unescape", 1, unescape),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let global = cx.global();
    cx.define_rows(&global, ROWS)
}
