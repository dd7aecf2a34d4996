//! Error objects (ECMA-262 20.5).
//!
//! `stack` is an accessor on `Error.prototype`: the stack is kept raw and written out when it is read.

use super::{Class, Row, accessor, constructor, method, text};
use crate::exec::property::Descriptor;
use crate::object::exotic::ErrorCell;
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, Context, Intrinsic, NativeCell, NativeKind};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, JsString, Object, Value};

/// The classes, by their constructors' numbers.
const CLASSES: [Intrinsic; 10] = [
    Intrinsic::ErrorPrototype,
    Intrinsic::EvalErrorPrototype,
    Intrinsic::RangeErrorPrototype,
    Intrinsic::ReferenceErrorPrototype,
    Intrinsic::SyntaxErrorPrototype,
    Intrinsic::TypeErrorPrototype,
    Intrinsic::UriErrorPrototype,
    Intrinsic::InternalErrorPrototype,
    Intrinsic::AggregateErrorPrototype,
    Intrinsic::SuppressedErrorPrototype,
];
const AGGREGATE: i32 = 8;
const SUPPRESSED: i32 = 9;

/// `new Error(message, options)`, `new AggregateError(errors, message, options)`, `new SuppressedError(error,
/// suppressed, message)`.
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let new_target = if call.is_construct() { call.new_target } else { call.callee.as_value() };
    let prototype = cx.prototype_from_constructor(new_target, CLASSES[call.magic as usize])?;
    let first = match call.magic {
        AGGREGATE => 1,
        SUPPRESSED => 2,
        _ => 0,
    };
    let trace = cx.capture_callers_trace()?;
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let error = ErrorCell::create(shape, trace)?;
    let message = call.get(first);
    if !message.is_undefined() {
        let message = cx.to_string(message)?;
        error.add_property(names::MESSAGE, message.into(), PropertyFlags::HIDDEN)?;
    }
    if call.magic == SUPPRESSED {
        cx.define_suppressed(&error, call.get(0).clone(), call.get(1).clone())?;
        return Ok(error.into());
    }
    install_cause(cx, &error, call.get(first + 1))?;
    if call.magic == AGGREGATE {
        let array = cx.new_array(&[])?;
        cx.spread_into(&array, call.get(0))?;
        cx.define_builtin(&error, names::ERRORS, array.into(), PropertyFlags::HIDDEN)?;
    }
    Ok(error.into())
}

/// InstallErrorCause (20.5.8.1).
fn install_cause(cx: &mut Context, error: &Object, options: &Value) -> JsResult<()> {
    if let Some(options) = options.as_object()
        && cx.has_property(options, names::CAUSE)?
    {
        let cause = cx.get(options, names::CAUSE)?;
        cx.define_builtin(error, names::CAUSE, cause, PropertyFlags::HIDDEN)?;
    }
    Ok(())
}

/// `Error.prototype.toString` (20.5.3.4).
fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.this.as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let name = cx.get(object, names::NAME)?;
    let name = if name.is_undefined() { names::ERROR_CLASS.to_js_string()? } else { cx.to_string(&name)? };
    let message = cx.get(object, names::MESSAGE)?;
    let message = if message.is_undefined() { JsString::empty() } else { cx.to_string(&message)? };
    if name.is_empty() {
        return Ok(message.into());
    }
    if message.is_empty() {
        return Ok(name.into());
    }
    let mut out = StringBuilder::new();
    out.push(&name)?;
    out.push_str(": ")?;
    out.push(&message)?;
    Ok(out.finish()?.into())
}

fn get_stack(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    match call.this.downcast::<ErrorCell>() {
        Some(error) => Ok(cx.format_stack(error)?.into()),
        None => Ok(Value::UNDEFINED),
    }
}

/// Assigning `stack` makes it an ordinary own property.
fn set_stack(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.this.as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let desc = Descriptor::data(call.get(0).clone(), PropertyFlags::DEFAULT);
    cx.define_property_or_throw(object, names::STACK, desc)?;
    Ok(Value::UNDEFINED)
}

fn is_error(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(call.get(0).downcast::<ErrorCell>().is_some()))
}

/// `Error.captureStackTrace(object)`: gives any object a `stack`.
fn capture_stack_trace(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.get(0).as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let trace = cx.capture_callers_trace()?;
    if let Some(error) = object.downcast::<ErrorCell>() {
        error.set_trace(trace);
        return Ok(Value::UNDEFINED);
    }
    let prototype = cx.intrinsic(Intrinsic::ErrorPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let holder = ErrorCell::create(shape, trace)?;
    if let Some(error) = holder.downcast::<ErrorCell>() {
        let stack = cx.format_stack(error)?;
        let desc = Descriptor::data(stack.into(), PropertyFlags::HIDDEN);
        cx.define_property_or_throw(object, names::STACK, desc)?;
    }
    Ok(Value::UNDEFINED)
}

static ERROR_STATICS: &[Row] =
    &[method("isError", 1, is_error), method("captureStackTrace", 1, capture_stack_trace)];

static ERROR_ROWS: &[Row] = &[
    method("toString", 0, to_string),
    text("name", "Error"),
    text("message", ""),
    accessor("stack", get_stack, set_stack),
];

const fn with_magic(mut def: crate::runtime::NativeDef, magic: i32) -> crate::runtime::NativeDef {
    def.magic = magic;
    def
}

static ERROR: Class = Class {
    constructor: constructor("Error", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Error,
    prototype_intrinsic: Intrinsic::ErrorPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ERROR_ROWS,
    statics: ERROR_STATICS,
    global: true,
};

macro_rules! native_errors {
    ($($static:ident $name:literal $length:literal $magic:literal $intrinsic:ident $prototype:ident;)*) => {
        $(static $static: Class = Class {
            constructor: with_magic(
                constructor($name, $length, NativeKind::ConstructorOrFunction, construct),
                $magic,
            ),
            intrinsic: Intrinsic::$intrinsic,
            prototype_intrinsic: Intrinsic::$prototype,
            parent: Intrinsic::ErrorPrototype,
            constructor_parent: Intrinsic::Error,
            prototype: &[text("name", $name), text("message", "")],
            statics: &[],
            global: true,
        };)*
        static NATIVE_ERRORS: &[&Class] = &[$(&$static,)*];
    };
}

native_errors! {
    EVAL_ERROR "EvalError" 1 1 EvalError EvalErrorPrototype;
    RANGE_ERROR "RangeError" 1 2 RangeError RangeErrorPrototype;
    REFERENCE_ERROR "ReferenceError" 1 3 ReferenceError ReferenceErrorPrototype;
    SYNTAX_ERROR "SyntaxError" 1 4 SyntaxError SyntaxErrorPrototype;
    TYPE_ERROR "TypeError" 1 5 TypeError TypeErrorPrototype;
    URI_ERROR "URIError" 1 6 UriError UriErrorPrototype;
    INTERNAL_ERROR "InternalError" 1 7 InternalError InternalErrorPrototype;
    AGGREGATE_ERROR "AggregateError" 2 8 AggregateError AggregateErrorPrototype;
    SUPPRESSED_ERROR "SuppressedError" 3 9 SuppressedError SuppressedErrorPrototype;
}

/// `%ThrowTypeError%` (10.2.4.1).
fn throw_type_error(cx: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Err(cx.throw_type_error(format_args!("invalid property access")))
}

static THROWER: crate::runtime::NativeDef = constructor("", 0, NativeKind::Function, throw_type_error);

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&ERROR)?;
    for class in NATIVE_ERRORS {
        cx.define_class(class)?;
    }
    // What is thrown when there is no memory to make an error must exist beforehand.
    for (which, prototype, message) in [
        (Intrinsic::OutOfMemoryError, Intrinsic::InternalErrorPrototype, "out of memory"),
        (Intrinsic::StackOverflowError, Intrinsic::RangeErrorPrototype, "Maximum call stack size exceeded"),
    ] {
        let prototype = cx.intrinsic(prototype);
        let message = JsString::from_str(message)?;
        let shape = ShapeTable::current().root(&prototype, 0, 0)?;
        let error = ErrorCell::create(shape, None)?;
        error.add_property(names::MESSAGE, message.into(), PropertyFlags::HIDDEN)?;
        cx.realm().set_intrinsic(which, error.into());
    }
    let thrower = cx.new_native(&THROWER, &[])?;
    cx.materialize(&thrower)?;
    cx.define_builtin(&thrower, names::LENGTH, Value::int(0), PropertyFlags::FIXED)?;
    cx.define_builtin(&thrower, names::NAME, JsString::empty().into(), PropertyFlags::FIXED)?;
    cx.prevent_extensions(&thrower)?;
    debug_assert!(thrower.downcast::<NativeCell>().is_some());
    cx.realm().set_intrinsic(Intrinsic::ThrowTypeError, thrower.into());
    Ok(())
}
