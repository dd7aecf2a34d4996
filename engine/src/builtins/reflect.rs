//! Reflect (ECMA-262 28.1).

use super::{Row, method, tag};
use crate::exec::descriptor::{from_descriptor, to_descriptor};
use crate::exec::property::Descriptor;
use crate::mem::Vec;
use crate::runtime::{Arguments, Context};
use crate::value::{JsResult, Object, Value};

/// The first argument, which must be an object.
fn target<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a Object> {
    match call.get(0).as_object() {
        Some(object) => Ok(object),
        None => Err(cx.throw_type_error(format_args!("target must be an object"))),
    }
}

/// CreateListFromArrayLike (7.3.19), which takes nothing but objects here.
fn list(cx: &mut Context, value: &Value) -> JsResult<Vec<'static, Value>> {
    if !value.is_object() {
        return Err(cx.throw_type_error(format_args!("the list of arguments must be an object")));
    }
    super::function::list_from_array_like(cx, value)
}

fn apply(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    super::function::callback(cx, call.get(0))?;
    let list = list(cx, call.get(2))?;
    cx.call(call.get(0), call.get(1), &list)
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let new_target = if call.len() > 2 { call.get(2) } else { call.get(0) };
    for value in [call.get(0), new_target] {
        if !cx.is_constructor(value) {
            let what = cx.describe(value);
            return Err(cx.throw_type_error(format_args!("{what} is not a constructor")));
        }
    }
    let list = list(cx, call.get(1))?;
    cx.construct(call.get(0), &list, new_target)
}

fn define_property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    let desc = to_descriptor(cx, call.get(2))?;
    Ok(Value::boolean(cx.define_own_property(target, key.raw(), desc)?))
}

fn delete_property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    Ok(Value::boolean(cx.delete_property(target, key.raw())?))
}

fn get(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    let receiver = if call.len() > 2 { call.get(2) } else { call.get(0) };
    cx.get_with_receiver(target, key.raw(), receiver)
}

fn get_own_property_descriptor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    match cx.get_own_property(target, key.raw())? {
        Some(property) => from_descriptor(cx, &Descriptor::from(property)),
        None => Ok(Value::UNDEFINED),
    }
}

fn get_prototype_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    cx.get_prototype_of(target)
}

fn has(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    Ok(Value::boolean(cx.has_property(target, key.raw())?))
}

fn is_extensible(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    Ok(Value::boolean(cx.is_extensible(target)?))
}

fn own_keys(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let keys = cx.own_keys(target)?;
    Ok(cx.new_array_from_atoms(&keys)?.into())
}

fn prevent_extensions(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    Ok(Value::boolean(cx.prevent_extensions(target)?))
}

fn set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let key = cx.to_property_key(call.get(1))?;
    let receiver = if call.len() > 3 { call.get(3) } else { call.get(0) };
    Ok(Value::boolean(cx.set_with_receiver(target, key.raw(), call.get(2).clone(), receiver)?))
}

fn set_prototype_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = target(cx, call)?;
    let prototype = call.get(1);
    if !prototype.is_object() && !prototype.is_null() {
        return Err(cx.throw_type_error(format_args!("prototype must be an object or null")));
    }
    Ok(Value::boolean(cx.set_prototype_of(target, prototype)?))
}

static ROWS: &[Row] = &[
    method("apply", 3, apply),
    method("construct", 2, construct),
    method("defineProperty", 3, define_property),
    method("deleteProperty", 2, delete_property),
    method("get", 2, get),
    method("getOwnPropertyDescriptor", 2, get_own_property_descriptor),
    method("getPrototypeOf", 1, get_prototype_of),
    method("has", 2, has),
    method("isExtensible", 1, is_extensible),
    method("ownKeys", 1, own_keys),
    method("preventExtensions", 1, prevent_extensions),
    method("set", 3, set),
    method("setPrototypeOf", 2, set_prototype_of),
    tag("Reflect"),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_namespace("Reflect", ROWS)?;
    Ok(())
}
