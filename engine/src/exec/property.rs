//! The object protocol: the essential internal methods (ECMA-262 10.1) with the exotic objects'
//! differences, and the operations on objects of 7.3.
//!
//! Everything here may run JavaScript (getters, setters, proxies) unless its name says `own_storage`.

use super::elements::{array_length_flags, unboxed};
use crate::object::exotic::PrimitiveCell;
use crate::object::{Accessor, PropertyFlags, ShapeTable, VarRef, shape_flags};
use crate::runtime::{Context, Intrinsic};
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value, kind};

pub(crate) use super::descriptor::validate;
pub use super::descriptor::{Descriptor, OwnProperty, same_value, same_value_non_number, same_value_zero};

/// A key that a typed array takes for itself: CanonicalNumericIndexString (7.1.21).
pub(crate) enum NumericKey {
    /// Not numeric: an ordinary key.
    No,
    /// An integer index.
    Index(u32),
    /// Numeric, but never a valid index (fractions, -0, infinities, too large).
    Invalid,
}

pub(crate) fn numeric_key(key: RawAtom) -> JsResult<NumericKey> {
    if let Some(integer) = key.as_integer() {
        return Ok(NumericKey::Index(integer));
    }
    if !key.is_string_key() {
        return Ok(NumericKey::No);
    }
    let string = key.to_js_string()?;
    let text = string.text()?;
    let first = if text.is_empty() { 0 } else { text.at(0) };
    // Only texts of numbers can be numeric: digits, a sign, Infinity, NaN.
    if !matches!(first, 0x30..=0x39 | 0x2D | 0x49 | 0x4E) {
        return Ok(NumericKey::No);
    }
    Ok(match tare_number::canonical_numeric_index(super::convert::number_text(text)) {
        Some(_) => NumericKey::Invalid,
        None => NumericKey::No,
    })
}

impl Context {
    // ----- [[GetPrototypeOf]], [[SetPrototypeOf]], [[IsExtensible]], [[PreventExtensions]] -----

    /// [[GetPrototypeOf]]: an object or null.
    pub fn get_prototype_of(&mut self, object: &Object) -> JsResult<Value> {
        if object.kind() == kind::PROXY {
            return self.proxy_get_prototype_of(object);
        }
        Ok(object.prototype())
    }

    /// [[SetPrototypeOf]]; false when refused.
    pub fn set_prototype_of(&mut self, object: &Object, prototype: &Value) -> JsResult<bool> {
        if object.kind() == kind::PROXY {
            return self.proxy_set_prototype_of(object, prototype);
        }
        if object.prototype().bits() == prototype.bits() {
            return Ok(true);
        }
        if !object.is_extensible_shape() || object.shape().has(shape_flags::IMMUTABLE_PROTOTYPE) {
            return Ok(false);
        }
        if prototype.bits() == object.bits() {
            return Ok(false);
        }
        // What is nobody's prototype is not among the prototypes of its own: classes that extend each other in
        // long chains need not be gone through for each.
        let among = object.shape().has(shape_flags::PROTOTYPE);
        let mut at = if among { prototype.clone() } else { Value::NULL };
        while let Some(link) = at.as_object() {
            if Object::same(link, object) {
                return Ok(false);
            }
            if link.kind() == kind::PROXY {
                break;
            }
            at = link.prototype();
        }
        if let Some(prototype) = prototype.as_object() {
            self.materialize(prototype)?;
        }
        self.materialize(object)?;
        object.set_prototype_unchecked(prototype)?;
        Ok(true)
    }

    /// [[IsExtensible]].
    pub fn is_extensible(&mut self, object: &Object) -> JsResult<bool> {
        if object.kind() == kind::PROXY {
            return self.proxy_is_extensible(object);
        }
        Ok(object.is_extensible_shape())
    }

    /// [[PreventExtensions]]; false when refused.
    pub fn prevent_extensions(&mut self, object: &Object) -> JsResult<bool> {
        match object.kind() {
            kind::PROXY => return self.proxy_prevent_extensions(object),
            kind::TYPED_ARRAY if !self.typed_array_is_fixed_length(object) => return Ok(false),
            _ => (),
        }
        self.materialize(object)?;
        object.set_shape_flag(shape_flags::NOT_EXTENSIBLE)?;
        Ok(true)
    }

    // ----- [[GetOwnProperty]] -----

    /// [[GetOwnProperty]].
    pub fn get_own_property(&mut self, object: &Object, key: RawAtom) -> JsResult<Option<OwnProperty>> {
        match object.kind() {
            kind::PROXY => return self.proxy_get_own_property(object, key),
            kind::ARRAY => {
                if let (Some(index), Some(array)) = (key.as_integer(), object.as_array()) {
                    if let Some(value) = array.dense(index) {
                        return Ok(Some(OwnProperty::Data(value, PropertyFlags::DEFAULT)));
                    }
                } else if key == names::LENGTH {
                    return Ok(Some(OwnProperty::Data(
                        self.array_length_value(object),
                        array_length_flags(object),
                    )));
                }
            }
            kind::ARGUMENTS => {
                if let (Some(index), Some(array)) = (key.as_integer(), object.as_array())
                    && let Some(value) = array.dense(index)
                {
                    return Ok(Some(OwnProperty::Data(unboxed(value), PropertyFlags::DEFAULT)));
                }
            }
            kind::PRIMITIVE => {
                if let Some(property) = self.string_own_property(object, key)? {
                    return Ok(Some(property));
                }
            }
            kind::TYPED_ARRAY => match numeric_key(key)? {
                NumericKey::Index(index) => {
                    let value = self.typed_array_get(object, index)?;
                    return Ok(value.map(|v| OwnProperty::Data(v, PropertyFlags::DEFAULT)));
                }
                NumericKey::Invalid => return Ok(None),
                NumericKey::No => (),
            },
            _ => (),
        }
        self.get_own_named(object, key)
    }

    /// The own property that the shape has, with a function's lazy properties made first.
    fn get_own_named(&mut self, object: &Object, key: RawAtom) -> JsResult<Option<OwnProperty>> {
        let mut found = object.find(key);
        if found.is_none() && self.has_lazy(object, key) {
            self.materialize(object)?;
            found = object.find(key);
        }
        let Some((slot, flags)) = found else { return Ok(None) };
        let value = object.slot(slot);
        if flags.is_plain() {
            return Ok(Some(OwnProperty::Data(value, flags)));
        }
        if let Some(accessor) = value.downcast::<Accessor>() {
            return Ok(Some(OwnProperty::Accessor(accessor.getter.clone(), accessor.setter.clone(), flags)));
        }
        let value = self.read_variable(&value, key)?;
        Ok(Some(OwnProperty::Data(value, PropertyFlags(flags.0 & !PropertyFlags::VARIABLE))))
    }

    /// The value of a variable box, a ReferenceError while it is uninitialised.
    pub(crate) fn read_variable(&mut self, variable: &Value, key: RawAtom) -> JsResult<Value> {
        let value = variable.downcast::<VarRef>().map_or(Value::UNDEFINED, VarRef::get);
        if value.bits() == Value::UNINITIALIZED.bits() {
            let name = self.describe_key(key);
            return Err(self.throw_reference_error(format_args!("{name} is not initialized")));
        }
        Ok(value)
    }

    fn array_length_value(&self, object: &Object) -> Value {
        object.as_array().map_or(Value::int(0), |a| Value::number(f64::from(a.length())))
    }

    /// `length` and the characters of a String wrapper.
    fn string_own_property(&mut self, object: &Object, key: RawAtom) -> JsResult<Option<OwnProperty>> {
        let Some(string) = object.downcast::<PrimitiveCell>().and_then(|cell| cell.value().as_string())
        else {
            return Ok(None);
        };
        if key == names::LENGTH {
            let length = Value::int(string.len() as i32);
            return Ok(Some(OwnProperty::Data(length, PropertyFlags::FIXED)));
        }
        match key.as_integer() {
            Some(index) if (index as usize) < string.len() => {
                let unit = JsString::from_unit(string.text()?.at(index as usize))?;
                let flags = PropertyFlags(PropertyFlags::ENUMERABLE);
                Ok(Some(OwnProperty::Data(unit.into(), flags)))
            }
            _ => Ok(None),
        }
    }

    // ----- [[HasProperty]] -----

    /// [[HasProperty]].
    pub fn has_property(&mut self, object: &Object, key: RawAtom) -> JsResult<bool> {
        let mut at = object.clone();
        loop {
            match at.kind() {
                kind::PROXY => return self.proxy_has(&at, key),
                kind::TYPED_ARRAY => match numeric_key(key)? {
                    NumericKey::Index(index) => return Ok(self.typed_array_has(&at, index)),
                    NumericKey::Invalid => return Ok(false),
                    NumericKey::No => (),
                },
                kind::NAMESPACE => return Ok(at.find(key).is_some()),
                _ => (),
            }
            if self.has_own_property(&at, key)? {
                return Ok(true);
            }
            match Object::try_from(at.prototype()) {
                Ok(next) => at = next,
                Err(_) => {
                    // Builtins that look for elements up to a length find none for as long as they like.
                    self.poll_native()?;
                    return Ok(false);
                }
            }
        }
    }

    /// HasOwnProperty (7.3.12).
    pub fn has_own_property(&mut self, object: &Object, key: RawAtom) -> JsResult<bool> {
        Ok(self.get_own_property(object, key)?.is_some())
    }

    // ----- [[Get]] -----

    /// Get (7.3.2): the property of an object.
    pub fn get(&mut self, object: &Object, key: RawAtom) -> JsResult<Value> {
        self.get_with_receiver(object, key, object.as_value())
    }

    /// [[Get]].
    pub fn get_with_receiver(&mut self, object: &Object, key: RawAtom, receiver: &Value) -> JsResult<Value> {
        let mut at = object.clone();
        loop {
            match at.kind() {
                kind::OBJECT | kind::CLOSURE | kind::NATIVE => (),
                kind::ARRAY => {
                    if let (Some(index), Some(array)) = (key.as_integer(), at.as_array()) {
                        if let Some(value) = array.dense(index) {
                            return Ok(value);
                        }
                    } else if key == names::LENGTH {
                        return Ok(self.array_length_value(&at));
                    }
                }
                kind::ARGUMENTS => {
                    if let (Some(index), Some(array)) = (key.as_integer(), at.as_array())
                        && let Some(value) = array.dense(index)
                    {
                        return Ok(unboxed(value));
                    }
                }
                kind::PRIMITIVE => {
                    if let Some(OwnProperty::Data(value, _)) = self.string_own_property(&at, key)? {
                        return Ok(value);
                    }
                }
                kind::TYPED_ARRAY => match numeric_key(key)? {
                    NumericKey::Index(index) => {
                        return Ok(self.typed_array_get(&at, index)?.unwrap_or_default());
                    }
                    NumericKey::Invalid => return Ok(Value::UNDEFINED),
                    NumericKey::No => (),
                },
                kind::PROXY => return self.proxy_get(&at, key, receiver),
                _ => (),
            }
            let mut found = at.find(key);
            if found.is_none() && self.has_lazy(&at, key) {
                self.materialize(&at)?;
                found = at.find(key);
            }
            if let Some((slot, flags)) = found {
                let value = at.slot(slot);
                if flags.is_plain() {
                    return Ok(value);
                }
                if let Some(accessor) = value.downcast::<Accessor>() {
                    if accessor.getter.is_undefined() {
                        return Ok(Value::UNDEFINED);
                    }
                    let getter = accessor.getter.clone();
                    return self.call(&getter, receiver, &[]);
                }
                return self.read_variable(&value, key);
            }
            match Object::try_from(at.prototype()) {
                Ok(next) => at = next,
                Err(_) => {
                    self.poll_native()?;
                    return Ok(Value::UNDEFINED);
                }
            }
        }
    }

    /// GetV (7.3.3): the property of any value; a TypeError for undefined and null.
    pub fn get_value(&mut self, value: &Value, key: RawAtom) -> JsResult<Value> {
        if let Some(object) = value.as_object() {
            return self.get(object, key);
        }
        if let Some(string) = value.as_string() {
            if key == names::LENGTH {
                return Ok(Value::int(string.len() as i32));
            }
            if let Some(index) = key.as_integer()
                && (index as usize) < string.len()
            {
                return Ok(JsString::from_unit(string.text()?.at(index as usize))?.into());
            }
        }
        let prototype = match value.kind() {
            _ if value.is_number() => Intrinsic::NumberPrototype,
            _ if value.is_boolean() => Intrinsic::BooleanPrototype,
            kind::STRING8..=kind::ROPE => Intrinsic::StringPrototype,
            kind::SYMBOL => Intrinsic::SymbolPrototype,
            kind::BIGINT => Intrinsic::BigIntPrototype,
            _ => {
                let name = self.describe_key(key);
                let what = self.describe(value);
                return Err(self.throw_type_error(format_args!("cannot read property '{name}' of {what}")));
            }
        };
        let prototype = self.intrinsic(prototype);
        self.get_with_receiver(&prototype, key, value)
    }

    /// The property of any value by a computed key.
    pub fn get_element(&mut self, value: &Value, key: &Value) -> JsResult<Value> {
        if let (Some(object), Some(index)) = (value.as_object(), key.as_index())
            && index >= 0
        {
            return self.get(object, RawAtom::from_integer(index as u32));
        }
        if value.is_nullish() {
            let (what, key) = (self.describe(value), self.describe(key));
            return Err(self.throw_type_error(format_args!("cannot read property {key} of {what}")));
        }
        let key = self.to_property_key(key)?;
        self.get_value(value, key.raw())
    }

    /// The property with an integer key of any size.
    pub fn get_index(&mut self, object: &Object, index: u64) -> JsResult<Value> {
        self.poll_native()?;
        let key = Atom::from_index(index)?;
        self.get(object, key.raw())
    }

    /// GetMethod (7.3.10): a callable value, or undefined.
    pub fn get_method(&mut self, value: &Value, key: RawAtom) -> JsResult<Value> {
        let method = self.get_value(value, key)?;
        if method.is_nullish() {
            return Ok(Value::UNDEFINED);
        }
        if !self.is_callable(&method) {
            let name = self.describe_key(key);
            return Err(self.throw_type_error(format_args!("{name} is not a function")));
        }
        Ok(method)
    }

    // ----- [[Set]] -----

    /// Set (7.3.4) that throws when the assignment is refused.
    pub fn set(&mut self, object: &Object, key: RawAtom, value: Value) -> JsResult<()> {
        if !self.set_with_receiver(object, key, value, object.as_value())? {
            return Err(self.throw_read_only(key));
        }
        Ok(())
    }

    /// The error for an assignment that was refused in strict code.
    pub fn throw_read_only(&mut self, key: RawAtom) -> Thrown {
        let name = self.describe_key(key);
        self.throw_type_error(format_args!("'{name}' is read-only"))
    }

    /// The property with an integer key of any size, throwing when refused.
    pub fn set_index(&mut self, object: &Object, index: u64, value: Value) -> JsResult<()> {
        self.poll_native()?;
        let key = Atom::from_index(index)?;
        self.set(object, key.raw(), value)
    }

    /// PutValue on a property of any value: `strict` decides whether a refusal throws.
    pub fn set_value(&mut self, target: &Value, key: RawAtom, value: Value, strict: bool) -> JsResult<()> {
        let done = match target.as_object() {
            Some(object) => self.set_with_receiver(object, key, value, target)?,
            None => {
                if target.is_nullish() {
                    let (name, what) = (self.describe_key(key), self.describe(target));
                    return Err(self.throw_type_error(format_args!("cannot set property '{name}' of {what}")));
                }
                let wrapper = self.to_object(target)?;
                self.set_with_receiver(&wrapper, key, value, target)?
            }
        };
        if !done && strict {
            return Err(self.throw_read_only(key));
        }
        Ok(())
    }

    /// PutValue by a computed key.
    pub fn set_element(&mut self, target: &Value, key: &Value, value: Value, strict: bool) -> JsResult<()> {
        if target.is_nullish() {
            let (what, key) = (self.describe(target), self.describe(key));
            return Err(self.throw_type_error(format_args!("cannot set property {key} of {what}")));
        }
        let key = self.to_property_key(key)?;
        self.set_value(target, key.raw(), value, strict)
    }

    /// [[Set]]; false when refused.
    pub fn set_with_receiver(
        &mut self,
        object: &Object,
        key: RawAtom,
        value: Value,
        receiver: &Value,
    ) -> JsResult<bool> {
        let mut at = object.clone();
        loop {
            let own = receiver.bits() == at.as_value().bits();
            match at.kind() {
                kind::PROXY => return self.proxy_set(&at, key, value, receiver),
                kind::TYPED_ARRAY => match numeric_key(key)? {
                    NumericKey::Index(index) if own => {
                        self.typed_array_set(&at, index, &value)?;
                        return Ok(true);
                    }
                    NumericKey::Index(index) if !self.typed_array_has(&at, index) => return Ok(true),
                    NumericKey::Invalid if own => {
                        // The value is converted for its side effects and then lost.
                        self.typed_array_convert(&at, &value)?;
                        return Ok(true);
                    }
                    NumericKey::Invalid => return Ok(true),
                    _ => (),
                },
                kind::NAMESPACE => return Ok(false),
                kind::ARRAY | kind::ARGUMENTS if own => {
                    if let (Some(index), Some(array)) = (key.as_integer(), at.as_array())
                        && let Some(old) = array.dense(index)
                    {
                        match old.downcast::<VarRef>() {
                            Some(variable) => variable.set(value),
                            None => drop(array.set_dense(index, value)),
                        }
                        return Ok(true);
                    }
                }
                _ => (),
            }
            if own && at.kind() != kind::ARRAY && at.kind() != kind::PRIMITIVE {
                // The common case without a descriptor in between.
                if let Some((slot, flags)) = at.find(key)
                    && flags.is_plain()
                {
                    if flags.is_writable() {
                        at.set_slot(slot, value);
                    }
                    return Ok(flags.is_writable());
                }
            }
            match self.get_own_property(&at, key)? {
                Some(OwnProperty::Accessor(_, setter, _)) => {
                    if setter.is_undefined() {
                        return Ok(false);
                    }
                    self.call(&setter, receiver, &[value])?;
                    return Ok(true);
                }
                Some(OwnProperty::Data(_, flags)) => {
                    if !flags.is_writable() {
                        return Ok(false);
                    }
                    return self.set_on_receiver(receiver, key, value);
                }
                None => (),
            }
            match Object::try_from(at.prototype()) {
                Ok(next) => at = next,
                Err(_) => return self.set_on_receiver(receiver, key, value),
            }
        }
    }

    /// The second half of OrdinarySet (10.1.9.2): write to the receiver's own data property.
    fn set_on_receiver(&mut self, receiver: &Value, key: RawAtom, value: Value) -> JsResult<bool> {
        let Some(object) = receiver.as_object() else { return Ok(false) };
        let simple = matches!(object.kind(), kind::OBJECT | kind::ERROR | kind::MAP | kind::SET);
        if simple && object.find(key).is_none() {
            if !object.is_extensible_shape() {
                return Ok(false);
            }
            object.add_property(key, value, PropertyFlags::DEFAULT)?;
            return Ok(true);
        }
        match self.get_own_property(object, key)? {
            Some(OwnProperty::Accessor(..)) => Ok(false),
            Some(OwnProperty::Data(_, flags)) => {
                if !flags.is_writable() {
                    return Ok(false);
                }
                let descriptor = Descriptor { value: Some(value), ..Descriptor::default() };
                self.define_own_property(object, key, descriptor)
            }
            None => self.create_data_property(object, key, value),
        }
    }

    // ----- [[Delete]] -----

    /// [[Delete]]; false when refused.
    pub fn delete_property(&mut self, object: &Object, key: RawAtom) -> JsResult<bool> {
        match object.kind() {
            kind::PROXY => return self.proxy_delete(object, key),
            kind::ARRAY | kind::ARGUMENTS => {
                if let (Some(index), Some(array)) = (key.as_integer(), object.as_array()) {
                    if array.dense(index).is_some() {
                        array.set_dense(index, Value::HOLE);
                        let due = ShapeTable::current().note_deletion(array.capacity());
                        if due && object.kind() == kind::ARRAY && array.is_wasteful() {
                            // Without memory for it the array stays as it is.
                            if let Err(Thrown::Terminated) = self.make_sparse(object) {
                                return Err(Thrown::Terminated);
                            }
                        }
                        return Ok(true);
                    }
                } else if key == names::LENGTH && object.kind() == kind::ARRAY {
                    return Ok(false);
                }
            }
            kind::PRIMITIVE if self.string_own_property(object, key)?.is_some() => {
                return Ok(false);
            }
            kind::TYPED_ARRAY => match numeric_key(key)? {
                NumericKey::Index(index) => return Ok(!self.typed_array_has(object, index)),
                NumericKey::Invalid => return Ok(true),
                NumericKey::No => (),
            },
            _ => (),
        }
        if self.has_lazy(object, key) {
            self.materialize(object)?;
        }
        let Some((slot, flags)) = object.find(key) else { return Ok(true) };
        if !flags.is_configurable() {
            return Ok(false);
        }
        object.remove_property(slot)?;
        Ok(true)
    }

    // ----- [[DefineOwnProperty]] -----

    /// [[DefineOwnProperty]]; false when refused.
    pub fn define_own_property(&mut self, object: &Object, key: RawAtom, desc: Descriptor) -> JsResult<bool> {
        match object.kind() {
            kind::PROXY => return self.proxy_define_own_property(object, key, desc),
            kind::ARRAY => {
                if key == names::LENGTH {
                    return self.define_array_length(object, desc);
                }
                if let (Some(index), Some(array)) = (key.as_array_index(), object.as_array()) {
                    if index >= array.length() && object.shape().has(shape_flags::LENGTH_READ_ONLY) {
                        return Ok(false);
                    }
                    return self.define_element(object, index, key, desc);
                }
            }
            kind::ARGUMENTS => {
                if let (Some(index), Some(array)) = (key.as_integer(), object.as_array())
                    && array.dense(index).is_some()
                {
                    return self.define_argument(object, index, key, desc);
                }
            }
            kind::PRIMITIVE => {
                if let Some(current) = self.string_own_property(object, key)? {
                    return Ok(validate(&desc, Some(&current), false)?.is_some());
                }
            }
            kind::TYPED_ARRAY => match numeric_key(key)? {
                NumericKey::Index(index) => {
                    let refused = desc.configurable == Some(false)
                        || desc.enumerable == Some(false)
                        || desc.is_accessor()
                        || desc.writable == Some(false);
                    if !self.typed_array_has(object, index) || refused {
                        return Ok(false);
                    }
                    if let Some(value) = desc.value {
                        self.typed_array_set(object, index, &value)?;
                    }
                    return Ok(true);
                }
                NumericKey::Invalid => return Ok(false),
                NumericKey::No => (),
            },
            kind::NAMESPACE => {
                let Some(current) = self.get_own_named(object, key)? else { return Ok(false) };
                let OwnProperty::Data(value, flags) = &current else { return Ok(false) };
                if key.is_symbol() {
                    return Ok(validate(&desc, Some(&current), false)?.is_some());
                }
                let _ = flags;
                return Ok(desc.configurable != Some(true)
                    && desc.enumerable != Some(false)
                    && !desc.is_accessor()
                    && desc.writable != Some(false)
                    && match &desc.value {
                        Some(new) => same_value(new, value)?,
                        None => true,
                    });
            }
            _ => (),
        }
        self.ordinary_define_own_property(object, key, desc)
    }

    /// OrdinaryDefineOwnProperty (10.1.6.1) on the named properties.
    fn ordinary_define_own_property(
        &mut self,
        object: &Object,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<bool> {
        if self.has_lazy(object, key) {
            self.materialize(object)?;
        }
        let found = object.find(key);
        if let Some((slot, flags)) = found
            && flags.is_variable()
        {
            return self.define_variable(object, slot, flags, key, desc);
        }
        let current = self.get_own_named(object, key)?;
        let Some(property) = validate(&desc, current.as_ref(), object.is_extensible_shape())? else {
            return Ok(false);
        };
        let (value, flags) = match property {
            OwnProperty::Data(value, flags) => (value, flags),
            OwnProperty::Accessor(get, set, flags) => (Accessor::cell(get, set)?, flags),
        };
        match object.find(key) {
            Some((slot, _)) => object.redefine_property(slot, value, flags)?,
            None => {
                self.materialize(object)?;
                object.add_property(key, value, flags)?;
            }
        }
        Ok(true)
    }

    /// A global variable's property: its value stays in the box.
    fn define_variable(
        &mut self,
        object: &Object,
        slot: u32,
        flags: PropertyFlags,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<bool> {
        let variable = object.slot(slot);
        let value = self.read_variable(&variable, key)?;
        let current = OwnProperty::Data(value, PropertyFlags(flags.0 & !PropertyFlags::VARIABLE));
        match validate(&desc, Some(&current), true)? {
            None => Ok(false),
            Some(OwnProperty::Data(value, new)) => {
                if let Some(variable) = variable.downcast::<VarRef>() {
                    variable.set(value.clone());
                }
                if object.kind() == kind::ARGUMENTS && !new.is_writable() {
                    // A parameter's element that becomes read-only is the parameter no more.
                    object.redefine_property(slot, value, new)?;
                    return Ok(true);
                }
                object.redefine_property(slot, variable, PropertyFlags(new.0 | PropertyFlags::VARIABLE))?;
                Ok(true)
            }
            Some(OwnProperty::Accessor(get, set, new)) => {
                object.redefine_property(slot, Accessor::cell(get, set)?, new)?;
                Ok(true)
            }
        }
    }

    // ----- Operations -----

    /// CreateDataProperty (7.3.5); false when refused.
    pub fn create_data_property(&mut self, object: &Object, key: RawAtom, value: Value) -> JsResult<bool> {
        if object.kind() == kind::OBJECT && object.find(key).is_none() {
            if !object.is_extensible_shape() {
                return Ok(false);
            }
            object.add_property(key, value, PropertyFlags::DEFAULT)?;
            return Ok(true);
        }
        self.define_own_property(object, key, Descriptor::data(value, PropertyFlags::DEFAULT))
    }

    /// CreateDataPropertyOrThrow (7.3.6).
    pub fn create_data_property_or_throw(
        &mut self,
        object: &Object,
        key: RawAtom,
        value: Value,
    ) -> JsResult<()> {
        if !self.create_data_property(object, key, value)? {
            return Err(self.throw_not_definable(key));
        }
        Ok(())
    }

    /// CreateDataPropertyOrThrow with an integer key of any size.
    pub fn create_index_or_throw(&mut self, object: &Object, index: u64, value: Value) -> JsResult<()> {
        self.poll_native()?;
        if object.as_cell_word() == self.array_word()
            && let (Some(array), Ok(at)) = (object.as_array(), u32::try_from(index))
            && at <= array.length()
            && !array.is_sparse()
        {
            return match array.put_dense(at, value)? {
                Ok(()) => Ok(()),
                Err(value) => {
                    let key = Atom::from_index(index)?;
                    self.create_data_property_or_throw(object, key.raw(), value)
                }
            };
        }
        let key = Atom::from_index(index)?;
        self.create_data_property_or_throw(object, key.raw(), value)
    }

    /// DefinePropertyOrThrow (7.3.9).
    pub fn define_property_or_throw(
        &mut self,
        object: &Object,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<()> {
        if !self.define_own_property(object, key, desc)? {
            return Err(self.throw_not_definable(key));
        }
        Ok(())
    }

    fn throw_not_definable(&mut self, key: RawAtom) -> Thrown {
        let name = self.describe_key(key);
        self.throw_type_error(format_args!("cannot define property '{name}'"))
    }

    /// DeletePropertyOrThrow (7.3.10).
    pub fn delete_property_or_throw(&mut self, object: &Object, key: RawAtom) -> JsResult<()> {
        if !self.delete_property(object, key)? {
            let name = self.describe_key(key);
            return Err(self.throw_type_error(format_args!("could not delete property '{name}'")));
        }
        Ok(())
    }

    /// Defines a property of an object the engine itself has just made, which cannot be refused.
    pub fn define_builtin(
        &mut self,
        object: &Object,
        key: RawAtom,
        value: Value,
        flags: PropertyFlags,
    ) -> JsResult<()> {
        self.materialize(object)?;
        match object.find(key) {
            Some((slot, _)) => object.redefine_property(slot, value, flags),
            None => object.add_property(key, value, flags),
        }
    }

    /// [[OwnPropertyKeys]]: integers ascending, then strings, then symbols, each in order of creation.
    pub fn own_keys(&mut self, object: &Object) -> JsResult<crate::mem::Vec<'static, Atom>> {
        if object.kind() == kind::PROXY {
            return self.proxy_own_keys(object);
        }
        self.materialize(object)?;
        let mut keys: crate::mem::Vec<'static, Atom> = self.scratch();
        match object.kind() {
            kind::ARRAY | kind::ARGUMENTS => {
                if let Some(array) = object.as_array() {
                    let end = array.capacity().min(array.length()) as usize;
                    let (mut at, mut paid) = (0, 0);
                    while at < end {
                        if at == paid {
                            paid = self.next_costly_run(at, end, 8)?;
                        }
                        if array.dense(at as u32).is_some() {
                            keys.try_push(Atom::from_index(at as u64)?)?;
                        }
                        at += 1;
                    }
                }
            }
            kind::PRIMITIVE => {
                if let Some(string) = object.downcast::<PrimitiveCell>().and_then(|c| c.value().as_string()) {
                    self.push_indices(&mut keys, string.len())?;
                }
            }
            kind::TYPED_ARRAY => {
                let length = self.typed_array_length(object).unwrap_or(0);
                self.push_indices(&mut keys, length)?;
            }
            _ => (),
        }
        self.pay_elements(object.shape().count() as usize * 16)?;
        // Not before: whoever is asked there may run scripts.
        let shape = object.shape();
        if shape.has(shape_flags::INTEGER_KEYS) || object.as_array().is_some_and(|a| a.is_sparse()) {
            for i in 0..shape.count() {
                if let Some(property) = shape.property(i)
                    && property.atom.as_array_index().is_some()
                {
                    keys.try_push(property.atom.to_owned())?;
                }
            }
            keys.sort_unstable_by_key(|key| key.as_array_index());
        }
        match object.kind() {
            kind::ARRAY => keys.try_push(names::LENGTH.to_owned())?,
            kind::PRIMITIVE
                if object.downcast::<PrimitiveCell>().is_some_and(|cell| cell.value().is_string()) =>
            {
                keys.try_push(names::LENGTH.to_owned())?;
            }
            _ => (),
        }
        for symbols in [false, true] {
            for i in 0..shape.count() {
                let Some(property) = shape.property(i) else { continue };
                let atom = property.atom;
                if atom.is_private() || atom.is_symbol() != symbols || atom.as_array_index().is_some() {
                    continue;
                }
                keys.try_push(atom.to_owned())?;
            }
        }
        Ok(keys)
    }

    /// A new ordinary object whose prototype is `%Object.prototype%`.
    pub fn new_object(&mut self) -> JsResult<Object> {
        self.collect_if_due();
        Object::with_shape(self.realm().literal_shape(4))
    }

    /// OrdinaryObjectCreate (10.1.12): `prototype` is an object or null.
    pub fn new_object_with_prototype(&mut self, prototype: &Value) -> JsResult<Object> {
        self.collect_if_due();
        if let Some(object) = prototype.as_object() {
            self.materialize(object)?;
        }
        let shape = self.rt().shapes.root(prototype, 4, 0)?;
        Object::with_shape(shape)
    }

    /// An empty list in scratch memory of the runtime.
    pub fn scratch<T>(&mut self) -> crate::mem::Vec<'static, T> {
        crate::mem::Vec::new(self.rt().mem.memory(crate::mem::Use::Scratch))
    }

    /// Speciality of `for-in`, `Object.keys` and others: whether an own key is enumerable.
    pub fn is_own_enumerable(&mut self, object: &Object, key: RawAtom) -> JsResult<bool> {
        Ok(self.get_own_property(object, key)?.is_some_and(|p| p.flags().is_enumerable()))
    }
}
