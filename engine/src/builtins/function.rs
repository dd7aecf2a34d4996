//! Function objects (ECMA-262 20.2).

use super::{Class, Row, constructor, method, method_magic, symbol_method};
use crate::exec::elements::unboxed;
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, BoundCell, ClosureCell, Context, Intrinsic, NativeCell, NativeKind};
use crate::text::{StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Object, Value, kind};

/// `new Function(...parameters, body)`.
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.create_dynamic_function(call, false, false)
}

/// The most arguments a call can be given.
const MAX_APPLIED: u32 = 65_534;

/// CreateListFromArrayLike (7.3.19).
pub(crate) fn list_from_array_like(
    cx: &mut Context,
    value: &Value,
) -> JsResult<crate::mem::Vec<'static, Value>> {
    let mut list = cx.scratch();
    if value.is_nullish() {
        return Ok(list);
    }
    let Some(object) = value.as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    if let Some(list) = plain_list(cx, object)? {
        return Ok(list);
    }
    let length = cx.length_of(object)?;
    if length > u64::from(MAX_APPLIED) {
        return Err(cx.throw_range_error(format_args!("too many arguments in function call")));
    }
    for i in 0..length {
        list.try_push(cx.get_index(object, i)?)?;
    }
    Ok(list)
}

/// The elements of an array without holes, or of an arguments object that nobody has given other properties:
/// reading these runs no script.
fn plain_list(cx: &mut Context, object: &Object) -> JsResult<Option<crate::mem::Vec<'static, Value>>> {
    let Some(array) = object.as_array() else { return Ok(None) };
    let shapes = cx.realm().shapes();
    let length = match object.kind() {
        kind::ARRAY => array.length(),
        _ if ![shapes.arguments, shapes.strict_arguments].contains(&object.shape().id()) => return Ok(None),
        _ => match object.slot(0).as_int() {
            Some(length) if length as u32 == array.length() => length as u32,
            _ => return Ok(None),
        },
    };
    if length > MAX_APPLIED {
        return Ok(None);
    }
    let mut list = cx.scratch();
    cx.pay_elements(length as usize)?;
    list.try_reserve_exact(length as usize)?;
    for i in 0..length {
        match array.dense(i) {
            Some(value) => list.try_push(unboxed(value))?,
            None => return Ok(None),
        }
    }
    Ok(Some(list))
}

fn apply(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !cx.is_callable(call.this) {
        return Err(cx.throw_type_error(format_args!("not a function")));
    }
    let list = list_from_array_like(cx, call.get(1))?;
    cx.call(call.this, call.get(0), &list)
}

fn call_method(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.call(call.this, call.get(0), call.rest(1))
}

/// `Function.prototype.bind` (20.2.3.2).
fn bind(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(target) = call.this.as_object().filter(|_| cx.is_callable(call.this)) else {
        return Err(cx.throw_type_error(format_args!("not a function")));
    };
    let arguments = cx.new_array(call.rest(1))?;
    let prototype = cx.get_prototype_of(target)?;
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let bound = {
        let constructor = cx.is_constructor(target.as_value());
        BoundCell::create(shape, target.clone(), call.get(0).clone(), arguments, constructor)?
    };
    let mut length = Value::int(0);
    if cx.has_own_property(target, names::LENGTH)? {
        let given = cx.get(target, names::LENGTH)?;
        if let Some(number) = given.as_number() {
            let taken = call.rest(1).len() as f64;
            let number = if number.is_nan() { 0.0 } else { number.trunc() + 0.0 };
            length = Value::number((number - taken).max(0.0));
        }
    }
    bound.add_property(names::LENGTH, length, PropertyFlags::CONFIG)?;
    let name = cx.get(target, names::NAME)?;
    // A rope where the name is long, so that functions bound many times over share the text: what has a second
    // owner does not grow in place.
    let prefix = JsString::from_str("bound ")?;
    let text = match name.as_string() {
        Some(name) => prefix.clone().concat(name)?,
        None => prefix,
    };
    bound.add_property(names::NAME, text.into(), PropertyFlags::CONFIG)?;
    Ok(bound.into())
}

/// `Function.prototype.toString` (20.2.3.5).
fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some(closure) = call.this.downcast::<ClosureCell>() {
        let code = closure.code();
        let (start, end) = code.template.source;
        let source = &code.script().source;
        if let Some(bytes) = source.get(start as usize..end as usize) {
            let mut text = StringBuilder::new();
            push_wtf8(&mut text, bytes)?;
            return Ok(text.finish()?.into());
        }
    }
    if !cx.is_callable(call.this) {
        return Err(cx.throw_type_error(format_args!("not a function")));
    }
    let mut text = StringBuilder::new();
    text.push_str("function ")?;
    if let Some(native) = call.this.downcast::<NativeCell>() {
        match native.def().kind {
            NativeKind::Getter => text.push_str("get ")?,
            NativeKind::Setter => text.push_str("set ")?,
            _ => (),
        }
        let name = native.def().name;
        // What follows must read as a PropertyName (NativeFunction, 20.2.3.5): symbols' methods have brackets
        // already, names such as `$&` need them.
        let plain =
            name.starts_with('[') || name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
        text.push_str(if plain { "" } else { "[\"" })?;
        text.push_str(name)?;
        text.push_str(if plain { "" } else { "\"]" })?;
    }
    text.push_str("() {\n    [native code]\n}")?;
    Ok(text.finish()?.into())
}

/// Appends WTF-8: UTF-8 in which surrogates may stand alone.
pub(crate) fn push_wtf8(text: &mut StringBuilder, bytes: &[u8]) -> JsResult<()> {
    if bytes.is_ascii() {
        return text.push_text(Text::Latin1(bytes));
    }
    let mut at = 0;
    while at < bytes.len() {
        let first = u32::from(bytes[at]);
        let (len, bits) = match first {
            0..0x80 => (1, first),
            0x80..0xE0 => (2, first & 0x1F),
            0xE0..0xF0 => (3, first & 0x0F),
            _ => (4, first & 0x07),
        };
        let mut code_point = bits;
        for i in 1..len {
            code_point = code_point << 6 | u32::from(bytes.get(at + i).copied().unwrap_or(0x80) & 0x3F);
        }
        text.push_code_point(code_point)?;
        at += len;
    }
    Ok(())
}

fn has_instance(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(cx.ordinary_has_instance(call.this, call.get(0))?))
}

static ROWS: &[Row] = &[
    method_magic("apply", 2, apply, crate::exec::interp::native::FUNCTION_APPLY),
    method("bind", 1, bind),
    method_magic("call", 1, call_method, crate::exec::interp::native::FUNCTION_CALL),
    method("toString", 0, to_string),
    symbol_method(names::SYM_HAS_INSTANCE, "[Symbol.hasInstance]", 1, has_instance)
        .with_flags(PropertyFlags::FIXED),
];

static FUNCTION: Class = Class {
    constructor: constructor("Function", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Function,
    prototype_intrinsic: Intrinsic::FunctionPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&FUNCTION)?;
    // `caller` and `arguments` of old throw for every function (10.2.4).
    let thrower = cx.intrinsic(Intrinsic::ThrowTypeError);
    let prototype = cx.intrinsic(Intrinsic::FunctionPrototype);
    for name in [names::CALLER, names::ARGUMENTS] {
        let value = thrower.as_value().clone();
        let accessor = crate::object::Accessor::cell(value.clone(), value)?;
        let flags = PropertyFlags(PropertyFlags::CONFIGURABLE | PropertyFlags::ACCESSOR);
        cx.define_builtin(&prototype, name, accessor, flags)?;
    }
    Ok(())
}

/// A function as an object, for natives that take callbacks: a TypeError that names `what` otherwise.
pub(crate) fn callback(cx: &mut Context, value: &Value) -> JsResult<()> {
    if cx.is_callable(value) {
        return Ok(());
    }
    let what = cx.describe(value);
    Err(cx.throw_type_error(format_args!("{what} is not a function")))
}
