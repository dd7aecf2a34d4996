//! Property descriptors as objects (ECMA-262 6.2.6).

use super::property::Descriptor;
use crate::object::PropertyFlags;
use crate::runtime::Context;
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Value};

/// ToPropertyDescriptor (6.2.6.5).
pub(crate) fn to_descriptor(cx: &mut Context, value: &Value) -> JsResult<Descriptor> {
    let Some(object) = value.as_object() else {
        return Err(cx.throw_type_error(format_args!("property descriptor must be an object")));
    };
    let mut desc = Descriptor::default();
    let field = |cx: &mut Context, key: RawAtom| -> JsResult<Option<Value>> {
        if cx.has_property(object, key)? { cx.get(object, key).map(Some) } else { Ok(None) }
    };
    desc.enumerable = field(cx, names::ENUMERABLE)?.map(|v| v.to_boolean());
    desc.configurable = field(cx, names::CONFIGURABLE)?.map(|v| v.to_boolean());
    desc.value = field(cx, names::VALUE)?;
    desc.writable = field(cx, names::WRITABLE)?.map(|v| v.to_boolean());
    desc.get = field(cx, names::GET)?;
    desc.set = field(cx, names::SET)?;
    for (function, what) in [(&desc.get, "getter"), (&desc.set, "setter")] {
        if let Some(function) = function
            && !function.is_undefined()
            && !cx.is_callable(function)
        {
            return Err(cx.throw_type_error(format_args!("{what} is not a function")));
        }
    }
    if desc.is_accessor() && desc.is_data() {
        return Err(cx.throw_type_error(format_args!(
            "property descriptor cannot have both accessors and a value or writable attribute"
        )));
    }
    Ok(desc)
}

/// FromPropertyDescriptor (6.2.6.4).
pub(crate) fn from_descriptor(cx: &mut Context, desc: &Descriptor) -> JsResult<Value> {
    let object = cx.new_object()?;
    let add = |key, value: Option<Value>| match value {
        Some(value) => object.add_property(key, value, PropertyFlags::DEFAULT),
        None => Ok(()),
    };
    add(names::VALUE, desc.value.clone())?;
    add(names::WRITABLE, desc.writable.map(Value::boolean))?;
    add(names::GET, desc.get.clone())?;
    add(names::SET, desc.set.clone())?;
    add(names::ENUMERABLE, desc.enumerable.map(Value::boolean))?;
    add(names::CONFIGURABLE, desc.configurable.map(Value::boolean))?;
    Ok(object.into())
}
