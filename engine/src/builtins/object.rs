//! Object objects (ECMA-262 20.1).

use super::{Class, Row, accessor, constructor, method, method_magic};
use crate::exec::descriptor::{from_descriptor, to_descriptor};
use crate::exec::property::{Descriptor, OwnProperty, same_value};
use crate::object::exotic::{PrimitiveCell, ProxyCell};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// `new Object(value)` (20.1.1.1).
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if call.is_construct() && call.new_target.bits() != call.callee.as_value().bits() {
        let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::ObjectPrototype)?;
        return Ok(cx.new_object_with_prototype(prototype.as_value())?.into());
    }
    if call.get(0).is_nullish() {
        return Ok(cx.new_object()?.into());
    }
    Ok(cx.to_object(call.get(0))?.into())
}

fn get_prototype_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    cx.get_prototype_of(&object)
}

fn set_prototype_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (target, prototype) = (call.get(0), call.get(1));
    cx.require_object_coercible(target, "Object.setPrototypeOf")?;
    if !prototype.is_object() && !prototype.is_null() {
        return Err(cx.throw_type_error(format_args!("prototype must be an object or null")));
    }
    if let Some(object) = target.as_object()
        && !cx.set_prototype_of(object, prototype)?
    {
        return Err(throw_prototype(cx));
    }
    Ok(target.clone())
}

fn throw_prototype(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("cannot set prototype: cyclic value or object is not extensible"))
}

fn create(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let prototype = call.get(0);
    if !prototype.is_object() && !prototype.is_null() {
        return Err(cx.throw_type_error(format_args!("prototype must be an object or null")));
    }
    let object = cx.new_object_with_prototype(prototype)?;
    if !call.get(1).is_undefined() {
        define_all(cx, &object, call.get(1))?;
    }
    Ok(object.into())
}

/// ObjectDefineProperties (20.1.2.3.1).
fn define_all(cx: &mut Context, object: &Object, properties: &Value) -> JsResult<()> {
    let properties = cx.to_object(properties)?;
    let keys = cx.own_keys(&properties)?;
    let mut list = cx.scratch();
    for key in keys.iter() {
        cx.poll_native()?;
        if cx.is_own_enumerable(&properties, key.raw())? {
            let value = cx.get(&properties, key.raw())?;
            list.try_push((key.clone(), to_descriptor(cx, &value)?))?;
        }
    }
    for (key, desc) in list.iter() {
        cx.poll_native()?;
        cx.define_property_or_throw(object, key.raw(), desc.clone())?;
    }
    Ok(())
}

fn define_property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.get(0).as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    let key = cx.to_property_key(call.get(1))?;
    let desc = to_descriptor(cx, call.get(2))?;
    cx.define_property_or_throw(object, key.raw(), desc)?;
    Ok(call.get(0).clone())
}

fn define_properties(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(object) = call.get(0).as_object() else {
        return Err(cx.throw_type_error(format_args!("not an object")));
    };
    define_all(cx, object, call.get(1))?;
    Ok(call.get(0).clone())
}

fn get_own_property_descriptor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    let key = cx.to_property_key(call.get(1))?;
    match cx.get_own_property(&object, key.raw())? {
        Some(property) => from_descriptor(cx, &property.into()),
        None => Ok(Value::UNDEFINED),
    }
}

fn get_own_property_descriptors(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    let keys = cx.own_keys(&object)?;
    let result = cx.new_object()?;
    for key in keys.iter() {
        cx.poll_native()?;
        if let Some(property) = cx.get_own_property(&object, key.raw())? {
            let desc = from_descriptor(cx, &property.into())?;
            cx.create_data_property_or_throw(&result, key.raw(), desc)?;
        }
    }
    Ok(result.into())
}

fn get_own_property_names(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    let mut keys = cx.own_keys(&object)?;
    cx.pay_elements(keys.len() * 8)?;
    keys.retain(|key| key.is_symbol() == (call.magic == 1));
    Ok(cx.new_array_from_atoms(&keys)?.into())
}

/// EnumerableOwnProperties (7.3.23): 0 keys, 1 values, 2 entries.
fn entries(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    let keys = cx.own_keys(&object)?;
    let mut list = cx.scratch();
    for key in keys.iter() {
        cx.poll_native()?;
        if !key.is_string_key() || !cx.is_own_enumerable(&object, key.raw())? {
            continue;
        }
        let name = key.to_value();
        list.try_push(match call.magic {
            0 => name?,
            1 => cx.get(&object, key.raw())?,
            _ => {
                let value = cx.get(&object, key.raw())?;
                cx.new_array(&[name?, value])?.into()
            }
        })?;
    }
    Ok(cx.new_array(&list)?.into())
}

fn assign(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let target = cx.to_object(call.get(0))?;
    for source in call.rest(1) {
        if source.is_nullish() {
            continue;
        }
        let source = cx.to_object(source)?;
        let keys = cx.own_keys(&source)?;
        for key in keys.iter() {
            cx.poll_native()?;
            if cx.is_own_enumerable(&source, key.raw())? {
                let value = cx.get(&source, key.raw())?;
                cx.set(&target, key.raw(), value)?;
            }
        }
    }
    Ok(target.into())
}

/// `freeze` (magic 1) and `seal` (0).
fn set_integrity(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some(object) = call.get(0).as_object()
        && !cx.set_integrity(object, call.magic == 1)?
    {
        return Err(cx.throw_type_error(format_args!("object cannot be made non-extensible")));
    }
    Ok(call.get(0).clone())
}

/// `isFrozen` (magic 1) and `isSealed` (0).
fn test_integrity(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(match call.get(0).as_object() {
        Some(object) => cx.test_integrity(object, call.magic == 1)?,
        None => true,
    }))
}

fn prevent_extensions(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let Some(object) = call.get(0).as_object()
        && !cx.prevent_extensions(object)?
    {
        return Err(cx.throw_type_error(format_args!("object cannot be made non-extensible")));
    }
    Ok(call.get(0).clone())
}

fn is_extensible(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(match call.get(0).as_object() {
        Some(object) => cx.is_extensible(object)?,
        None => false,
    }))
}

fn is(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(same_value(call.get(0), call.get(1))?))
}

fn has_own(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.get(0))?;
    let key = cx.to_property_key(call.get(1))?;
    Ok(Value::boolean(cx.has_own_property(&object, key.raw())?))
}

fn from_entries(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.get(0), "Object.fromEntries")?;
    let result = cx.new_object()?;
    cx.iterate(call.get(0), &mut |cx, entry| {
        let Some(entry) = entry.as_object() else {
            return Err(cx.throw_type_error(format_args!("iterator value is not an entry object")));
        };
        let key = cx.get_index(entry, 0)?;
        let value = cx.get_index(entry, 1)?;
        let key = cx.to_property_key(&key)?;
        cx.create_data_property_or_throw(&result, key.raw(), value)?;
        Ok(true)
    })?;
    Ok(result.into())
}

/// `Object.groupBy` (20.1.2.13).
fn group_by(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.get(0), "Object.groupBy")?;
    super::function::callback(cx, call.get(1))?;
    let result = cx.new_object_with_prototype(&Value::NULL)?;
    let mut index = 0u64;
    cx.iterate(call.get(0), &mut |cx, item| {
        let arguments = [item.clone(), Value::number(index as f64)];
        index += 1;
        let key = cx.call(call.get(1), &Value::UNDEFINED, &arguments)?;
        let key = cx.to_property_key(&key)?;
        let group = match cx.get(&result, key.raw())?.into_object() {
            Ok(group) => group,
            Err(_) => {
                let group = cx.new_array(&[])?;
                cx.create_data_property_or_throw(&result, key.raw(), group.as_value().clone())?;
                group
            }
        };
        let length = cx.length_of(&group)?;
        cx.create_index_or_throw(&group, length, item)?;
        Ok(true)
    })?;
    Ok(result.into())
}

// ----- Object.prototype -----

fn has_own_property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let key = cx.to_property_key(call.get(0))?;
    let object = cx.to_object(call.this)?;
    Ok(Value::boolean(cx.has_own_property(&object, key.raw())?))
}

fn is_prototype_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(value) = call.get(0).as_object() else { return Ok(Value::FALSE) };
    let object = cx.to_object(call.this)?;
    let mut at = value.clone();
    while let Ok(next) = Object::try_from(cx.get_prototype_of(&at)?) {
        cx.poll_native()?;
        if Object::same(&next, &object) {
            return Ok(Value::TRUE);
        }
        at = next;
    }
    Ok(Value::FALSE)
}

fn property_is_enumerable(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let key = cx.to_property_key(call.get(0))?;
    let object = cx.to_object(call.this)?;
    Ok(Value::boolean(cx.is_own_enumerable(&object, key.raw())?))
}

/// IsArray (7.2.2).
pub(crate) fn is_array(cx: &mut Context, value: &Value) -> JsResult<bool> {
    let mut at = value.clone();
    loop {
        match at.kind() {
            kind::ARRAY => return Ok(true),
            kind::PROXY => {
                let target = at.downcast::<ProxyCell>().map_or(Value::NULL, ProxyCell::target);
                if target.is_null() {
                    return Err(cx.throw_type_error(format_args!("proxy has been revoked")));
                }
                at = target;
            }
            _ => return Ok(false),
        }
    }
}

/// `Object.prototype.toString` (20.1.3.6).
fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if call.this.is_undefined() {
        return Ok(crate::value::JsString::from_str("[object Undefined]")?.into());
    }
    if call.this.is_null() {
        return Ok(crate::value::JsString::from_str("[object Null]")?.into());
    }
    let object = cx.to_object(call.this)?;
    let builtin = if is_array(cx, object.as_value())? {
        "Array"
    } else {
        match object.kind() {
            kind::ARGUMENTS => "Arguments",
            kind::ERROR => "Error",
            kind::DATE => "Date",
            kind::REGEXP => "RegExp",
            kind::PRIMITIVE => match object.downcast::<PrimitiveCell>().map(|cell| cell.value().clone()) {
                Some(v) if v.is_boolean() => "Boolean",
                Some(v) if v.is_number() => "Number",
                Some(v) if v.is_string() => "String",
                _ => "Object",
            },
            _ if cx.is_callable(object.as_value()) => "Function",
            _ => "Object",
        }
    };
    let tag = cx.get(&object, names::SYM_TO_STRING_TAG)?;
    let mut text = StringBuilder::new();
    text.push_str("[object ")?;
    match tag.as_string() {
        Some(tag) => text.push(tag)?,
        None => text.push_str(builtin)?,
    }
    text.push_str("]")?;
    Ok(text.finish()?.into())
}

fn to_locale_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let method = cx.get_value(call.this, names::TO_STRING)?;
    cx.call(&method, call.this, &[])
}

fn value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(cx.to_object(call.this)?.into())
}

fn get_proto(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    cx.get_prototype_of(&object)
}

fn set_proto(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.this, "Object.prototype.__proto__")?;
    let prototype = call.get(0);
    if let (Some(object), true) = (call.this.as_object(), prototype.is_object() || prototype.is_null())
        && !cx.set_prototype_of(object, prototype)?
    {
        return Err(throw_prototype(cx));
    }
    Ok(Value::UNDEFINED)
}

/// `__defineGetter__` (magic 0) and `__defineSetter__` (1).
fn define_accessor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    super::function::callback(cx, call.get(1))?;
    let mut desc = Descriptor { enumerable: Some(true), configurable: Some(true), ..Descriptor::default() };
    let function = Some(call.get(1).clone());
    if call.magic == 0 {
        desc.get = function
    } else {
        desc.set = function
    }
    let key = cx.to_property_key(call.get(0))?;
    cx.define_property_or_throw(&object, key.raw(), desc)?;
    Ok(Value::UNDEFINED)
}

/// `__lookupGetter__` (magic 0) and `__lookupSetter__` (1).
fn lookup_accessor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut at = cx.to_object(call.this)?;
    let key = cx.to_property_key(call.get(0))?;
    loop {
        match cx.get_own_property(&at, key.raw())? {
            Some(OwnProperty::Accessor(get, set, _)) => return Ok(if call.magic == 0 { get } else { set }),
            Some(OwnProperty::Data(..)) => return Ok(Value::UNDEFINED),
            None => (),
        }
        match Object::try_from(cx.get_prototype_of(&at)?) {
            Ok(next) => at = next,
            Err(_) => return Ok(Value::UNDEFINED),
        }
    }
}

static ROWS: &[Row] = &[
    method("hasOwnProperty", 1, has_own_property),
    method("isPrototypeOf", 1, is_prototype_of),
    method("propertyIsEnumerable", 1, property_is_enumerable),
    method("toLocaleString", 0, to_locale_string),
    method("toString", 0, to_string),
    method("valueOf", 0, value_of),
    accessor("__proto__", get_proto, set_proto),
    method_magic("__defineGetter__", 2, define_accessor, 0),
    method_magic("__defineSetter__", 2, define_accessor, 1),
    method_magic("__lookupGetter__", 1, lookup_accessor, 0),
    method_magic("__lookupSetter__", 1, lookup_accessor, 1),
];

static STATICS: &[Row] = &[
    method("assign", 2, assign),
    method("create", 2, create),
    method("defineProperties", 2, define_properties),
    method("defineProperty", 3, define_property),
    method_magic("entries", 1, entries, 2),
    method_magic("freeze", 1, set_integrity, 1),
    method("fromEntries", 1, from_entries),
    method("getOwnPropertyDescriptor", 2, get_own_property_descriptor),
    method("getOwnPropertyDescriptors", 1, get_own_property_descriptors),
    method_magic("getOwnPropertyNames", 1, get_own_property_names, 0),
    method_magic("getOwnPropertySymbols", 1, get_own_property_names, 1),
    method("getPrototypeOf", 1, get_prototype_of),
    method("groupBy", 2, group_by),
    method("hasOwn", 2, has_own),
    method("is", 2, is),
    method("isExtensible", 1, is_extensible),
    method_magic("isFrozen", 1, test_integrity, 1),
    method_magic("isSealed", 1, test_integrity, 0),
    method_magic("keys", 1, entries, 0),
    method("preventExtensions", 1, prevent_extensions),
    method_magic("seal", 1, set_integrity, 0),
    method("setPrototypeOf", 2, set_prototype_of),
    method_magic("values", 1, entries, 1),
];

static OBJECT: Class = Class {
    constructor: constructor("Object", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Object,
    prototype_intrinsic: Intrinsic::ObjectPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: STATICS,
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&OBJECT)?;
    let prototype = cx.intrinsic(Intrinsic::ObjectPrototype);
    let to_string = cx.get(&prototype, names::TO_STRING)?;
    cx.realm().set_intrinsic(Intrinsic::ObjectProtoToString, to_string);
    Ok(())
}
