//! `console` and `performance`: what scripts expect of a shell. Not in ECMA-262.
//!
//! Values are shown without running any of their code: getters are named, not called.

use core::fmt::Write;
use std::sync::OnceLock;
use std::time::Instant;

use super::{Row, method};
use crate::exec::property::OwnProperty;
use crate::mem::Vec;
use crate::object::exotic::{DateCell, ErrorCell, PrimitiveCell};
use crate::object::shape_flags;
use crate::runtime::{Arguments, Context};
use crate::text::{StringBuilder, Text, names};
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// Objects deeper than this are only named.
const DEPTH: usize = 4;
/// Most elements or properties that are shown of one object.
const MOST: usize = 100;

struct Shower {
    out: StringBuilder,
    open: Vec<'static, Object>,
}

impl Shower {
    fn format(&mut self, text: core::fmt::Arguments<'_>) -> JsResult<()> {
        self.out.write_fmt(text).map_err(|_| Thrown::OutOfMemory)
    }

    fn value(&mut self, cx: &mut Context, value: &Value) -> JsResult<()> {
        if let Some(object) = value.as_object() {
            return self.object(cx, object);
        }
        if let Some(string) = value.as_string() {
            return super::json::quote(&mut self.out, string.text()?);
        }
        if value.is_symbol() {
            let text = super::symbol::descriptive_string(value)?;
            return match text.as_string() {
                Some(text) => self.out.push(text),
                None => Ok(()),
            };
        }
        if value.as_number().is_some_and(|n| n == 0.0 && n.is_sign_negative()) {
            return self.out.push_str("-0");
        }
        let text = cx.to_string(value)?;
        self.out.push(&text)?;
        if value.is_bigint() { self.out.push_str("n") } else { Ok(()) }
    }

    /// The value of an own data property, without running code.
    fn own_data(cx: &mut Context, object: &Object, key: crate::text::RawAtom) -> JsResult<Value> {
        Ok(match cx.get_own_property(object, key)? {
            Some(OwnProperty::Data(value, _)) => value,
            _ => Value::UNDEFINED,
        })
    }

    fn object(&mut self, cx: &mut Context, object: &Object) -> JsResult<()> {
        if object.kind() == kind::PROXY {
            return self.out.push_str("[Proxy]");
        }
        if let Some(error) = object.downcast::<ErrorCell>() {
            let name = {
                let prototype = object.prototype();
                match prototype.as_object() {
                    Some(prototype) => Self::own_data(cx, prototype, names::NAME)?,
                    None => Value::UNDEFINED,
                }
            };
            match name.as_string() {
                Some(name) => self.out.push(name)?,
                None => self.out.push_str("Error")?,
            }
            let message = Self::own_data(cx, object, names::MESSAGE)?;
            if let Some(message) = message.as_string().filter(|m| !m.is_empty()) {
                self.out.push_str(": ")?;
                self.out.push(message)?;
            }
            let stack = cx.format_stack(error)?;
            if !stack.is_empty() {
                self.out.push_str("\n")?;
                self.out.push(&stack)?;
            }
            return Ok(());
        }
        if let Some(date) = object.downcast::<DateCell>() {
            return self.format(format_args!("[Date {}]", date.time()));
        }
        if let Some(wrapped) = object.downcast::<PrimitiveCell>().map(PrimitiveCell::value) {
            self.out.push_str("[Object: ")?;
            self.value(cx, wrapped)?;
            return self.out.push_str("]");
        }
        if cx.is_callable(object.as_value()) {
            let name = Self::own_data(cx, object, names::NAME)?;
            self.out.push_str("[Function")?;
            if let Some(name) = name.as_string().filter(|name| !name.is_empty()) {
                self.out.push_str(": ")?;
                self.out.push(name)?;
            }
            return self.out.push_str("]");
        }
        if self.open.iter().any(|open| Object::same(open, object)) {
            return self.out.push_str("[Circular]");
        }
        let is_array = matches!(object.kind(), kind::ARRAY | kind::TYPED_ARRAY);
        if self.open.len() >= DEPTH {
            return self.out.push_str(if is_array { "[Array]" } else { "[Object]" });
        }
        self.open.try_push(object.clone())?;
        self.members(cx, object, is_array)?;
        self.open.pop();
        Ok(())
    }

    fn members(&mut self, cx: &mut Context, object: &Object, is_array: bool) -> JsResult<()> {
        if !matches!(object.kind(), kind::OBJECT | kind::ARRAY) {
            self.format(format_args!("{} ", kind::name(object.kind())))?;
        }
        if object.shape().has(shape_flags::LAZY_FUNCTION) {
            return self.out.push_str("{}");
        }
        let (first, last) = if is_array { ("[", "]") } else { ("{", "}") };
        self.out.push_str(first)?;
        let mut shown = 0;
        for key in &cx.own_keys(object)? {
            let Some(property) = cx.get_own_property(object, key.raw())? else { continue };
            if !property.flags().is_enumerable() {
                continue;
            }
            self.out.push_str(if shown > 0 { ", " } else { " " })?;
            shown += 1;
            if shown > MOST {
                self.out.push_str("...")?;
                break;
            }
            if !(is_array && key.as_array_index().is_some()) {
                let name = cx.describe_key(key.raw());
                self.format(format_args!("{name}: "))?;
            }
            match property {
                OwnProperty::Data(value, _) => self.value(cx, &value)?,
                OwnProperty::Accessor(get, set, _) => {
                    self.out.push_str(match (get.is_undefined(), set.is_undefined()) {
                        (false, false) => "[Getter/Setter]",
                        (true, _) => "[Setter]",
                        _ => "[Getter]",
                    })?;
                }
            }
        }
        if shown > 0 {
            self.out.push_str(" ")?;
        }
        self.out.push_str(last)
    }
}

fn log(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut shower = Shower { out: StringBuilder::new(), open: cx.scratch() };
    for (i, value) in call.list.iter().enumerate() {
        if i > 0 {
            shower.out.push_str(" ")?;
        }
        match value.as_string() {
            Some(string) => shower.out.push(string)?,
            None => shower.value(cx, value)?,
        }
    }
    let line: Text<'_> = shower.out.text();
    cx.host_print(line);
    Ok(Value::UNDEFINED)
}

/// `performance.now()`: milliseconds since it was first asked for, or since the first realm was made.
fn performance_now(_: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(start().elapsed().as_secs_f64() * 1000.0))
}

fn start() -> &'static Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now)
}

static CONSOLE: &[Row] = &[
    method("debug", 0, log),
    method("error", 0, log),
    method("info", 0, log),
    method("log", 0, log),
    method("warn", 0, log),
];

static PERFORMANCE: &[Row] = &[method("now", 0, performance_now)];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    start();
    cx.define_namespace("console", CONSOLE)?;
    cx.define_namespace("performance", PERFORMANCE)?;
    Ok(())
}
