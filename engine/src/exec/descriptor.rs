//! Property descriptors (ECMA-262 6.2.6), as records and as objects, and what they are compared with.

use crate::object::PropertyFlags;
use crate::runtime::Context;
use crate::text::{RawAtom, names};
use crate::value::{JsResult, Value};

/// What an own property is, as found in an object.
#[derive(Clone, Debug)]
pub enum OwnProperty {
    /// A value and its attributes.
    Data(Value, PropertyFlags),
    /// Getter and setter (each a function or undefined) and attributes.
    Accessor(Value, Value, PropertyFlags),
}

impl OwnProperty {
    /// The attributes.
    pub fn flags(&self) -> PropertyFlags {
        match self {
            OwnProperty::Data(_, flags) | OwnProperty::Accessor(_, _, flags) => *flags,
        }
    }
}

/// A property descriptor (6.2.6): absent fields are `None`.
#[derive(Clone, Debug, Default)]
pub struct Descriptor {
    /// [[Value]]
    pub value: Option<Value>,
    /// [[Get]]: a function or undefined.
    pub get: Option<Value>,
    /// [[Set]]: a function or undefined.
    pub set: Option<Value>,
    /// [[Writable]]
    pub writable: Option<bool>,
    /// [[Enumerable]]
    pub enumerable: Option<bool>,
    /// [[Configurable]]
    pub configurable: Option<bool>,
}

impl Descriptor {
    /// A data descriptor with all attributes given.
    pub fn data(value: Value, flags: PropertyFlags) -> Descriptor {
        Descriptor {
            value: Some(value),
            writable: Some(flags.is_writable()),
            enumerable: Some(flags.is_enumerable()),
            configurable: Some(flags.is_configurable()),
            ..Descriptor::default()
        }
    }

    /// An accessor descriptor with all attributes given.
    pub fn accessor(get: Value, set: Value, flags: PropertyFlags) -> Descriptor {
        Descriptor {
            get: Some(get),
            set: Some(set),
            enumerable: Some(flags.is_enumerable()),
            configurable: Some(flags.is_configurable()),
            ..Descriptor::default()
        }
    }

    /// Whether it has a getter or setter field.
    pub fn is_accessor(&self) -> bool {
        self.get.is_some() || self.set.is_some()
    }

    /// Whether it has a value or writable field.
    pub fn is_data(&self) -> bool {
        self.value.is_some() || self.writable.is_some()
    }

    /// The property a new one would be, absent fields taking their defaults.
    pub(super) fn complete(self) -> OwnProperty {
        let mut bits = 0;
        if self.enumerable == Some(true) {
            bits |= PropertyFlags::ENUMERABLE;
        }
        if self.configurable == Some(true) {
            bits |= PropertyFlags::CONFIGURABLE;
        }
        if self.is_accessor() {
            let flags = PropertyFlags(bits | PropertyFlags::ACCESSOR);
            OwnProperty::Accessor(self.get.unwrap_or_default(), self.set.unwrap_or_default(), flags)
        } else {
            if self.writable == Some(true) {
                bits |= PropertyFlags::WRITABLE;
            }
            OwnProperty::Data(self.value.unwrap_or_default(), PropertyFlags(bits))
        }
    }
}

impl From<OwnProperty> for Descriptor {
    fn from(property: OwnProperty) -> Descriptor {
        match property {
            OwnProperty::Data(value, flags) => Descriptor::data(value, flags),
            OwnProperty::Accessor(get, set, flags) => Descriptor::accessor(get, set, flags),
        }
    }
}

/// SameValue (7.2.10) on anything; strings are compared by content.
pub fn same_value(a: &Value, b: &Value) -> JsResult<bool> {
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Ok(x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()));
    }
    same_value_non_number(a, b)
}

/// SameValueZero (7.2.11).
pub fn same_value_zero(a: &Value, b: &Value) -> JsResult<bool> {
    if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
        return Ok(x == y || (x.is_nan() && y.is_nan()));
    }
    same_value_non_number(a, b)
}

/// SameValueNonNumber (7.2.12), false if only one is a number.
pub fn same_value_non_number(a: &Value, b: &Value) -> JsResult<bool> {
    if a.bits() == b.bits() {
        return Ok(true);
    }
    if let (Some(x), Some(y)) = (a.as_string(), b.as_string()) {
        return x.equals(y);
    }
    if let (Some(x), Some(y)) = (a.as_bigint(), b.as_bigint()) {
        return Ok(x.equals(y));
    }
    Ok(false)
}

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

/// ValidateAndApplyPropertyDescriptor (10.1.6.3), without the applying: the property as it
/// would be, or `None` when the definition is refused.
pub(crate) fn validate(
    desc: &Descriptor,
    current: Option<&OwnProperty>,
    extensible: bool,
) -> JsResult<Option<OwnProperty>> {
    let Some(current) = current else {
        return Ok(extensible.then(|| desc.clone().complete()));
    };
    let flags = current.flags();
    if !flags.is_configurable() {
        if desc.configurable == Some(true)
            || desc.enumerable.is_some_and(|e| e != flags.is_enumerable())
            || (desc.is_accessor() && matches!(current, OwnProperty::Data(..)))
            || (desc.is_data() && matches!(current, OwnProperty::Accessor(..)))
        {
            return Ok(None);
        }
        match current {
            OwnProperty::Accessor(get, set, _) => {
                if desc.get.as_ref().is_some_and(|g| g.bits() != get.bits())
                    || desc.set.as_ref().is_some_and(|s| s.bits() != set.bits())
                {
                    return Ok(None);
                }
            }
            OwnProperty::Data(value, _) if !flags.is_writable() => {
                if desc.writable == Some(true) {
                    return Ok(None);
                }
                if let Some(new) = &desc.value
                    && !same_value(new, value)?
                {
                    return Ok(None);
                }
            }
            OwnProperty::Data(..) => (),
        }
    }
    let mut merged = desc.clone();
    merged.enumerable.get_or_insert(flags.is_enumerable());
    merged.configurable.get_or_insert(flags.is_configurable());
    match current {
        OwnProperty::Data(value, _) if !desc.is_accessor() => {
            merged.value.get_or_insert_with(|| value.clone());
            merged.writable.get_or_insert(flags.is_writable());
        }
        OwnProperty::Accessor(get, set, _) if !desc.is_data() => {
            merged.get.get_or_insert_with(|| get.clone());
            merged.set.get_or_insert_with(|| set.clone());
        }
        _ => (),
    }
    Ok(Some(merged.complete()))
}
