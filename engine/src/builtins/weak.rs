//! WeakMap, WeakSet, WeakRef and FinalizationRegistry objects (ECMA-262 24.3, 24.4, 26.1, 26.2).

use super::collections::{adder, entry_parts};
use super::{Class, Row, constructor, method, method_magic, tag};
use crate::exec::property::same_value;
use crate::object::ShapeTable;
use crate::object::weak::{RegistryCell, WeakMapCell, WeakRefCell, WeakSetCell, can_be_held_weakly};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind, undefined};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value};

const MAP_SET: i32 = 0x574D_5345;
const SET_ADD: i32 = 0x5753_4144;

fn wrong_this(cx: &mut Context, what: &str) -> Thrown {
    cx.throw_type_error(format_args!("not a {what}"))
}

fn check_key(cx: &mut Context, key: &Value, what: &str) -> JsResult<()> {
    if can_be_held_weakly(key) {
        return Ok(());
    }
    let described = cx.describe(key);
    Err(cx.throw_type_error(format_args!("{described} cannot be {what}")))
}

fn this_map<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a WeakMapCell> {
    call.this.downcast::<WeakMapCell>().ok_or_else(|| wrong_this(cx, "WeakMap"))
}

fn this_set<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a WeakSetCell> {
    call.this.downcast::<WeakSetCell>().ok_or_else(|| wrong_this(cx, "WeakSet"))
}

fn construct_map(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::WeakMapPrototype)?;
    let object = WeakMapCell::create(ShapeTable::current().root(prototype.as_value(), 0, 0)?)?;
    if call.get(0).is_nullish() {
        return Ok(object.into());
    }
    let (set, _) = adder(cx, &object, names::SET, MAP_SET)?;
    cx.iterate(call.get(0), &mut |cx, item| {
        let (key, value) = entry_parts(cx, &item)?;
        cx.call(&set, object.as_value(), &[key, value])?;
        Ok(true)
    })?;
    Ok(object.into())
}

fn construct_set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::WeakSetPrototype)?;
    let object = WeakSetCell::create(ShapeTable::current().root(prototype.as_value(), 0, 0)?)?;
    if call.get(0).is_nullish() {
        return Ok(object.into());
    }
    let (add, _) = adder(cx, &object, names::ADD, SET_ADD)?;
    cx.iterate(call.get(0), &mut |cx, item| {
        cx.call(&add, object.as_value(), &[item])?;
        Ok(true)
    })?;
    Ok(object.into())
}

fn map_get(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(this_map(cx, call)?.get(call.get(0)).unwrap_or_default())
}

fn map_set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let map = this_map(cx, call)?;
    check_key(cx, call.get(0), "a key of a WeakMap")?;
    map.set(call.get(0), call.get(1).clone())?;
    Ok(call.this.clone())
}

/// `getOrInsert(key, value)` (0) and `getOrInsertComputed(key, callback)` (1).
fn map_get_or_insert(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let map = this_map(cx, call)?;
    let key = call.get(0);
    check_key(cx, key, "a key of a WeakMap")?;
    if call.magic == 1 && !cx.is_callable(call.get(1)) {
        let what = cx.describe(call.get(1));
        return Err(cx.throw_type_error(format_args!("{what} is not a function")));
    }
    if let Some(value) = map.get(key) {
        return Ok(value);
    }
    let value = match call.magic {
        0 => call.get(1).clone(),
        _ => cx.call(call.get(1), undefined(), core::slice::from_ref(key))?,
    };
    map.set(key, value.clone())?;
    Ok(value)
}

fn map_has(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_map(cx, call)?.has(call.get(0))))
}

fn map_delete(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_map(cx, call)?.delete(call.get(0))))
}

fn set_add(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let set = this_set(cx, call)?;
    check_key(cx, call.get(0), "a member of a WeakSet")?;
    set.set(call.get(0), Value::UNDEFINED)?;
    Ok(call.this.clone())
}

fn set_has(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_set(cx, call)?.has(call.get(0))))
}

fn set_delete(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_set(cx, call)?.delete(call.get(0))))
}

fn construct_ref(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = call.get(0);
    check_key(cx, target, "the target of a WeakRef")?;
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::WeakRefPrototype)?;
    cx.rt().keep_alive(target)?;
    Ok(WeakRefCell::create(ShapeTable::current().root(prototype.as_value(), 0, 0)?, target)?.into())
}

fn deref(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(cell) = call.this.downcast::<WeakRefCell>() else { return Err(wrong_this(cx, "WeakRef")) };
    let target = cell.target();
    if !target.is_undefined() {
        cx.rt().keep_alive(&target)?;
    }
    Ok(target)
}

fn construct_registry(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let callback = call.get(0);
    if !cx.is_callable(callback) {
        let what = cx.describe(callback);
        return Err(cx.throw_type_error(format_args!("{what} is not a function")));
    }
    let prototype =
        cx.prototype_from_constructor(call.new_target, Intrinsic::FinalizationRegistryPrototype)?;
    let shape = ShapeTable::current().root(prototype.as_value(), 0, 0)?;
    Ok(RegistryCell::create(shape, callback.clone(), cx.realm_value())?.into())
}

fn this_registry<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a RegistryCell> {
    call.this.downcast::<RegistryCell>().ok_or_else(|| wrong_this(cx, "FinalizationRegistry"))
}

fn register(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let registry = this_registry(cx, call)?;
    let (target, held, token) = (call.get(0), call.get(1), call.get(2));
    check_key(cx, target, "registered")?;
    if same_value(target, held)? {
        return Err(cx.throw_type_error(format_args!("target and held value must not be the same")));
    }
    if !token.is_undefined() {
        check_key(cx, token, "an unregister token")?;
    }
    registry.register(target, held.clone(), token)?;
    Ok(Value::UNDEFINED)
}

fn unregister(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let registry = this_registry(cx, call)?;
    check_key(cx, call.get(0), "an unregister token")?;
    Ok(Value::boolean(registry.unregister(call.get(0))))
}

/// CleanupFinalizationRegistry (9.12.2), as a job.
fn clean_up(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let Some(registry) = values.first().and_then(|value| value.downcast::<RegistryCell>()) else {
        return Ok(Value::UNDEFINED);
    };
    let _: bool = registry.set_notified(false);
    while let Some(held) = registry.take_dead() {
        cx.call(registry.callback(), undefined(), &[held])?;
    }
    Ok(Value::UNDEFINED)
}

static MAP_ROWS: &[Row] = &[
    method("delete", 1, map_delete),
    method("get", 1, map_get),
    method_magic("set", 2, map_set, MAP_SET),
    method_magic("getOrInsert", 2, map_get_or_insert, 0),
    method_magic("getOrInsertComputed", 2, map_get_or_insert, 1),
    method("has", 1, map_has),
    tag("WeakMap"),
];
static SET_ROWS: &[Row] = &[
    method("delete", 1, set_delete),
    method("has", 1, set_has),
    method_magic("add", 1, set_add, SET_ADD),
    tag("WeakSet"),
];
static REF_ROWS: &[Row] = &[method("deref", 0, deref), tag("WeakRef")];
static REGISTRY_ROWS: &[Row] =
    &[method("register", 2, register), method("unregister", 1, unregister), tag("FinalizationRegistry")];

macro_rules! class {
    ($name:ident $text:literal $length:literal $construct:ident $intrinsic:ident $prototype:ident $rows:ident) => {
        static $name: Class = Class {
            constructor: constructor($text, $length, NativeKind::Constructor, $construct),
            intrinsic: Intrinsic::$intrinsic,
            prototype_intrinsic: Intrinsic::$prototype,
            parent: Intrinsic::ObjectPrototype,
            constructor_parent: Intrinsic::FunctionPrototype,
            prototype: $rows,
            statics: &[],
            global: true,
        };
    };
}
class!(MAP "WeakMap" 0 construct_map WeakMap WeakMapPrototype MAP_ROWS);
class!(SET "WeakSet" 0 construct_set WeakSet WeakSetPrototype SET_ROWS);
class!(REF "WeakRef" 1 construct_ref WeakRef WeakRefPrototype REF_ROWS);
class!(REGISTRY "FinalizationRegistry" 1 construct_registry FinalizationRegistry FinalizationRegistryPrototype REGISTRY_ROWS);

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.rt().finalization_job = clean_up;
    for class in [&MAP, &SET, &REF, &REGISTRY] {
        let _: Object = cx.define_class(class)?;
    }
    Ok(())
}
