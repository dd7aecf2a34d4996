//! Date objects (ECMA-262 21.4, B.2.3).

use core::fmt::Write;

use super::date_time::{DAYS, MONTHS, clip, fields, from_parts, now, parse, to_local, to_utc, zone_at};
use super::{Class, Key, Row, constructor, method, method_magic, same_as, symbol_method};
use crate::exec::convert::Hint;
use crate::object::exotic::DateCell;
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, JsString, Value};

/// Set in a row's magic for what works in local time.
const LOCAL: i32 = 0x100;

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !call.is_construct() {
        return Ok(date_string(now(), DATE | TIME)?.into());
    }
    let time = match call.list {
        [] => now(),
        [value] => {
            if let Some(date) = value.downcast::<DateCell>() {
                date.time()
            } else {
                let primitive = cx.to_primitive(value, Hint::Default)?;
                match primitive.as_string() {
                    Some(string) => parse_paid(cx, string)?,
                    None => clip(cx.to_number(&primitive)?),
                }
            }
        }
        _ => clip(to_utc(from_arguments(cx, call)?)),
    };
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::DatePrototype)?;
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(DateCell::create(shape, time)?.into())
}

/// The time of a year, a month and so on, with years of two digits in the twentieth century.
fn from_arguments(cx: &mut Context, call: &Arguments<'_>) -> JsResult<f64> {
    let mut parts = [f64::NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    for (part, value) in parts.iter_mut().zip(call.list) {
        *part = cx.to_number(value)?;
    }
    if (0.0..100.0).contains(&parts[0].trunc()) {
        parts[0] = parts[0].trunc() + 1900.0;
    }
    Ok(from_parts(&parts))
}

fn date_now(_: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(now()))
}

/// What a text says; all of it may be gone over twice.
fn parse_paid(cx: &mut Context, string: &JsString) -> JsResult<f64> {
    let text = cx.text(string)?;
    cx.pay_elements(text.len() * 8)?;
    Ok(parse(text))
}

fn date_parse(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    Ok(Value::number(parse_paid(cx, &string)?))
}

fn date_utc(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(clip(from_arguments(cx, call)?)))
}

fn this_date<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a DateCell> {
    match call.this.downcast::<DateCell>() {
        Some(date) => Ok(date),
        None => Err(cx.throw_type_error(format_args!("not a Date"))),
    }
}

// ----- Fields -----

/// Field of the day of the week, for `get`.
const WEEK_DAY: i32 = 7;

/// The getters: the magic's low byte is the field.
fn get(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Ok(Value::number(time));
    }
    if call.magic & LOCAL != 0 {
        time = to_local(time);
    }
    let fields = fields(time);
    Ok(match call.magic & 0xFF {
        WEEK_DAY => Value::int(fields.week_day as i32),
        field => Value::number(fields.parts[field as usize]),
    })
}

fn get_time(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(this_date(cx, call)?.time()))
}

fn get_year(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Ok(Value::number(time));
    }
    Ok(Value::number(fields(to_local(time)).parts[0] - 1900.0))
}

fn get_timezone_offset(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Ok(Value::number(time));
    }
    // Adding 0 turns -0 into 0.
    Ok(Value::number(-zone_at(time).0 / 60_000.0 + 0.0))
}

/// The setters: the magic's low four bits are the first field that is set, the next four how many may be.
fn set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let date = this_date(cx, call)?;
    let mut time = date.time();
    let first = (call.magic & 15) as usize;
    let most = (call.magic >> 4 & 15) as usize;
    let local = call.magic & LOCAL != 0;
    let count = call.len().clamp(1, most);
    let mut given = [0.0; 4];
    for (i, given) in given.iter_mut().take(count).enumerate() {
        *given = cx.to_number(call.get(i))?;
    }
    if time.is_nan() {
        // Only a year can make a date out of none.
        if first != 0 {
            return Ok(Value::number(f64::NAN));
        }
        time = 0.0;
    } else if local {
        time = to_local(time);
    }
    let mut parts = fields(time).parts;
    parts[first..first + count].copy_from_slice(&given[..count]);
    let new = from_parts(&parts);
    let new = clip(if local { to_utc(new) } else { new });
    date.set_time(new);
    Ok(Value::number(new))
}

fn set_time(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let date = this_date(cx, call)?;
    let time = clip(cx.to_number(call.get(0))?);
    date.set_time(time);
    Ok(Value::number(time))
}

fn set_year(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let date = this_date(cx, call)?;
    let time = date.time();
    let year = cx.to_number(call.get(0))?;
    let mut new = f64::NAN;
    if !year.is_nan() {
        let mut parts = fields(if time.is_nan() { 0.0 } else { to_local(time) }).parts;
        let whole = year.trunc();
        parts[0] = if (0.0..100.0).contains(&whole) { whole + 1900.0 } else { year };
        new = clip(to_utc(from_parts(&parts)));
    }
    date.set_time(new);
    Ok(Value::number(new))
}

// ----- Texts -----

fn push(text: &mut StringBuilder, piece: core::fmt::Arguments<'_>) -> JsResult<()> {
    text.write_fmt(piece).map_err(|_| crate::value::Thrown::OutOfMemory)
}

fn sign(year: f64) -> &'static str {
    if year < 0.0 { "-" } else { "" }
}

const DATE: i32 = 1;
const TIME: i32 = 2;

/// ToDateString (21.4.4.41.4): the date, the time, or both.
fn date_string(time: f64, what: i32) -> JsResult<JsString> {
    if time.is_nan() {
        return JsString::from_str("Invalid Date");
    }
    let (offset, zone) = zone_at(time);
    let fields = fields(time + offset);
    let [year, month, day, hours, minutes, seconds, _] = fields.parts;
    let mut text = StringBuilder::new();
    if what & DATE != 0 {
        let (week_day, month) = (DAYS[fields.week_day], MONTHS[month as usize]);
        push(&mut text, format_args!("{week_day} {month} {day:02} {}{:04}", sign(year), year.abs()))?;
    }
    if what == DATE | TIME {
        text.push_str(" ")?;
    }
    if what & TIME != 0 {
        let total = (offset.abs() / 60_000.0) as i64;
        let sign = if offset < 0.0 { '-' } else { '+' };
        push(
            &mut text,
            format_args!("{hours:02}:{minutes:02}:{seconds:02} GMT{sign}{:02}{:02}", total / 60, total % 60),
        )?;
        if !zone.as_str().is_empty() {
            push(&mut text, format_args!(" ({})", zone.as_str()))?;
        }
    }
    text.finish()
}

/// `toString` (both), `toDateString`, `toTimeString` and their `toLocale` forms: the magic says what.
fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    Ok(date_string(time, call.magic)?.into())
}

/// The `toLocale` forms: `11/21/2026, 5:11:07 AM` and parts of it.
fn to_locale_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Ok(JsString::from_str("Invalid Date")?.into());
    }
    let [year, month, day, hours, minutes, seconds, _] = fields(to_local(time)).parts;
    let mut text = StringBuilder::new();
    if call.magic & DATE != 0 {
        push(&mut text, format_args!("{}/{day}/{year}", month + 1.0))?;
    }
    if call.magic == DATE | TIME {
        text.push_str(", ")?;
    }
    if call.magic & TIME != 0 {
        let half = if hours < 12.0 { "AM" } else { "PM" };
        let hours = if hours % 12.0 == 0.0 { 12.0 } else { hours % 12.0 };
        push(&mut text, format_args!("{hours}:{minutes:02}:{seconds:02} {half}"))?;
    }
    Ok(text.finish()?.into())
}

fn to_utc_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Ok(JsString::from_str("Invalid Date")?.into());
    }
    let fields = fields(time);
    let [year, month, day, hours, minutes, seconds, _] = fields.parts;
    let (week_day, month) = (DAYS[fields.week_day], MONTHS[month as usize]);
    let mut text = StringBuilder::new();
    push(
        &mut text,
        format_args!(
            "{week_day}, {day:02} {month} {}{:04} {hours:02}:{minutes:02}:{seconds:02} GMT",
            sign(year),
            year.abs()
        ),
    )?;
    Ok(text.finish()?.into())
}

fn to_iso_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let time = this_date(cx, call)?.time();
    if time.is_nan() {
        return Err(cx.throw_range_error(format_args!("invalid date")));
    }
    let [year, month, day, hours, minutes, seconds, ms] = fields(time).parts;
    let mut text = StringBuilder::new();
    if (0.0..10_000.0).contains(&year) {
        push(&mut text, format_args!("{year:04}"))?;
    } else {
        push(&mut text, format_args!("{}{:06}", if year < 0.0 { '-' } else { '+' }, year.abs()))?;
    }
    let month = month + 1.0;
    push(&mut text, format_args!("-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z"))?;
    Ok(text.finish()?.into())
}

fn to_json(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let primitive = cx.to_primitive(object.as_value(), Hint::Number)?;
    if primitive.as_number().is_some_and(|number| !number.is_finite()) {
        return Ok(Value::NULL);
    }
    let method = cx.get(&object, names::TO_ISO_STRING)?;
    cx.call(&method, object.as_value(), &[])
}

fn to_primitive(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.this.as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let hint = call.get(0).as_string();
    let text = match hint {
        Some(hint) => hint.text()?,
        None => crate::text::Text::Latin1(b""),
    };
    let order = if text.equals_str("string") || text.equals_str("default") {
        [names::TO_STRING, names::VALUE_OF]
    } else if text.equals_str("number") {
        [names::VALUE_OF, names::TO_STRING]
    } else {
        return Err(cx.throw_type_error(format_args!("invalid hint")));
    };
    for name in order {
        let method = cx.get(object, name)?;
        if cx.is_callable(&method) {
            let result = cx.call(&method, call.this, &[])?;
            if !result.is_object() {
                return Ok(result);
            }
        }
    }
    Err(cx.throw_type_error(format_args!("cannot convert object to primitive value")))
}

const fn setter(name: &'static str, first: i32, most: i32, local: i32) -> Row {
    method_magic(name, most as u8, set, first | most << 4 | local)
}

static ROWS: &[Row] = &[
    method_magic("getDate", 0, get, LOCAL | 2),
    method_magic("getDay", 0, get, LOCAL | WEEK_DAY),
    method_magic("getFullYear", 0, get, LOCAL),
    method_magic("getHours", 0, get, LOCAL | 3),
    method_magic("getMilliseconds", 0, get, LOCAL | 6),
    method_magic("getMinutes", 0, get, LOCAL | 4),
    method_magic("getMonth", 0, get, LOCAL | 1),
    method_magic("getSeconds", 0, get, LOCAL | 5),
    method("getTime", 0, get_time),
    method("getTimezoneOffset", 0, get_timezone_offset),
    method_magic("getUTCDate", 0, get, 2),
    method_magic("getUTCDay", 0, get, WEEK_DAY),
    method_magic("getUTCFullYear", 0, get, 0),
    method_magic("getUTCHours", 0, get, 3),
    method_magic("getUTCMilliseconds", 0, get, 6),
    method_magic("getUTCMinutes", 0, get, 4),
    method_magic("getUTCMonth", 0, get, 1),
    method_magic("getUTCSeconds", 0, get, 5),
    method("getYear", 0, get_year),
    setter("setDate", 2, 1, LOCAL),
    setter("setFullYear", 0, 3, LOCAL),
    setter("setHours", 3, 4, LOCAL),
    setter("setMilliseconds", 6, 1, LOCAL),
    setter("setMinutes", 4, 3, LOCAL),
    setter("setMonth", 1, 2, LOCAL),
    setter("setSeconds", 5, 2, LOCAL),
    method("setTime", 1, set_time),
    setter("setUTCDate", 2, 1, 0),
    setter("setUTCFullYear", 0, 3, 0),
    setter("setUTCHours", 3, 4, 0),
    setter("setUTCMilliseconds", 6, 1, 0),
    setter("setUTCMinutes", 4, 3, 0),
    setter("setUTCMonth", 1, 2, 0),
    setter("setUTCSeconds", 5, 2, 0),
    method("setYear", 1, set_year),
    method_magic("toDateString", 0, to_string, DATE),
    method("toISOString", 0, to_iso_string),
    method("toJSON", 1, to_json),
    method_magic("toLocaleDateString", 0, to_locale_string, DATE),
    method_magic("toLocaleString", 0, to_locale_string, DATE | TIME),
    method_magic("toLocaleTimeString", 0, to_locale_string, TIME),
    method_magic("toString", 0, to_string, DATE | TIME),
    method_magic("toTimeString", 0, to_string, TIME),
    method("toUTCString", 0, to_utc_string),
    same_as(Key::Name("toGMTString"), "toUTCString"),
    method("valueOf", 0, get_time),
    symbol_method(names::SYM_TO_PRIMITIVE, "[Symbol.toPrimitive]", 1, to_primitive)
        .with_flags(PropertyFlags::CONFIG),
];

static DATE_CLASS: Class = Class {
    constructor: constructor("Date", 7, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Date,
    prototype_intrinsic: Intrinsic::DatePrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[method("UTC", 7, date_utc), method("now", 0, date_now), method("parse", 1, date_parse)],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&DATE_CLASS)?;
    let prototype = cx.intrinsic(Intrinsic::DatePrototype);
    let method = cx.get(&prototype, names::SYM_TO_PRIMITIVE)?;
    cx.realm().set_intrinsic(Intrinsic::DateToPrimitive, method);
    Ok(())
}
