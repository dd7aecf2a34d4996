//! Proxies: the internal methods of ECMA-262 10.5 with their invariants.

use super::descriptor::{from_descriptor, to_descriptor};
use super::property::{Descriptor, OwnProperty, same_value, validate};
use crate::mem::Vec;
use crate::object::exotic::ProxyCell;
use crate::runtime::Context;
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, Object, Thrown, Value};

impl Context {
    /// Target, handler and the handler's trap, undefined when it has none.
    fn proxy_parts(&mut self, proxy: &Object, trap: RawAtom) -> JsResult<(Object, Value, Value)> {
        self.check_native_stack()?;
        let parts = proxy.downcast::<ProxyCell>().map(|cell| (cell.target(), cell.handler()));
        let (target, handler) = parts.unwrap_or((Value::NULL, Value::NULL));
        let Ok(target) = Object::try_from(target) else {
            let name = self.describe_key(trap);
            return Err(self.throw_type_error(format_args!("'{name}' on a proxy that has been revoked")));
        };
        let trap = self.get_method(&handler, trap)?;
        Ok((target, handler, trap))
    }

    #[cold]
    fn proxy_violation(&mut self, trap: RawAtom, what: &str) -> Thrown {
        let name = self.describe_key(trap);
        self.throw_type_error(format_args!("proxy: inconsistent result of '{name}': {what}"))
    }

    /// [[GetPrototypeOf]] (10.5.1).
    pub(crate) fn proxy_get_prototype_of(&mut self, proxy: &Object) -> JsResult<Value> {
        let name = names::GET_PROTOTYPE_OF;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.get_prototype_of(&target);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone()])?;
        if !result.is_object() && !result.is_null() {
            return Err(self.proxy_violation(name, "neither object nor null"));
        }
        if !self.is_extensible(&target)? && self.get_prototype_of(&target)?.bits() != result.bits() {
            return Err(self.proxy_violation(name, "the target is not extensible and has another prototype"));
        }
        Ok(result)
    }

    /// [[SetPrototypeOf]] (10.5.2).
    pub(crate) fn proxy_set_prototype_of(&mut self, proxy: &Object, prototype: &Value) -> JsResult<bool> {
        let name = names::SET_PROTOTYPE_OF;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.set_prototype_of(&target, prototype);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone(), prototype.clone()])?;
        if !self.truth(&result) {
            return Ok(false);
        }
        if !self.is_extensible(&target)? && self.get_prototype_of(&target)?.bits() != prototype.bits() {
            return Err(self.proxy_violation(name, "the target is not extensible and has another prototype"));
        }
        Ok(true)
    }

    /// [[IsExtensible]] (10.5.3).
    pub(crate) fn proxy_is_extensible(&mut self, proxy: &Object) -> JsResult<bool> {
        let name = names::IS_EXTENSIBLE;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.is_extensible(&target);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone()])?;
        let result = self.truth(&result);
        if result != self.is_extensible(&target)? {
            return Err(self.proxy_violation(name, "the target says otherwise"));
        }
        Ok(result)
    }

    /// [[PreventExtensions]] (10.5.4).
    pub(crate) fn proxy_prevent_extensions(&mut self, proxy: &Object) -> JsResult<bool> {
        let name = names::PREVENT_EXTENSIONS;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.prevent_extensions(&target);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone()])?;
        let result = self.truth(&result);
        if result && self.is_extensible(&target)? {
            return Err(self.proxy_violation(name, "the target is extensible"));
        }
        Ok(result)
    }

    /// [[GetOwnProperty]] (10.5.5).
    pub(crate) fn proxy_get_own_property(
        &mut self,
        proxy: &Object,
        key: RawAtom,
    ) -> JsResult<Option<OwnProperty>> {
        let name = names::GET_OWN_PROPERTY_DESCRIPTOR;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.get_own_property(&target, key);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone(), key.to_value()?])?;
        if !result.is_object() && !result.is_undefined() {
            return Err(self.proxy_violation(name, "neither object nor undefined"));
        }
        let current = self.get_own_property(&target, key)?;
        if result.is_undefined() {
            if let Some(current) = current {
                if !current.flags().is_configurable() {
                    return Err(self.proxy_violation(name, "the property is not configurable"));
                }
                if !self.is_extensible(&target)? {
                    return Err(self.proxy_violation(name, "the target is not extensible"));
                }
            }
            return Ok(None);
        }
        let extensible = self.is_extensible(&target)?;
        let described = to_descriptor(self, &result)?;
        // What the caller sees has every field.
        let Some(property) = validate(&described, None, true)? else { return Ok(None) };
        let complete = Descriptor::from(property.clone());
        if validate(&complete, current.as_ref(), extensible)?.is_none() {
            return Err(self.proxy_violation(name, "incompatible with the target's property"));
        }
        if !property.flags().is_configurable() {
            let Some(current) = current.filter(|c| !c.flags().is_configurable()) else {
                return Err(self.proxy_violation(name, "the target's property is configurable"));
            };
            let now_fixed = described.writable == Some(false);
            if now_fixed && matches!(current, OwnProperty::Data(_, flags) if flags.is_writable()) {
                return Err(self.proxy_violation(name, "the target's property is writable"));
            }
        }
        Ok(Some(property))
    }

    /// [[DefineOwnProperty]] (10.5.6).
    pub(crate) fn proxy_define_own_property(
        &mut self,
        proxy: &Object,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<bool> {
        let name = names::DEFINE_PROPERTY;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.define_own_property(&target, key, desc);
        }
        let object = from_descriptor(self, &desc)?;
        let arguments = [target.as_value().clone(), key.to_value()?, object];
        let done = self.call(&trap, &handler, &arguments)?;
        if !self.truth(&done) {
            return Ok(false);
        }
        let current = self.get_own_property(&target, key)?;
        let extensible = self.is_extensible(&target)?;
        let fixing = desc.configurable == Some(false);
        let Some(current) = current else {
            if !extensible {
                return Err(self.proxy_violation(name, "the target is not extensible"));
            }
            if fixing {
                return Err(self.proxy_violation(name, "the target has no such fixed property"));
            }
            return Ok(true);
        };
        if validate(&desc, Some(&current), extensible)?.is_none() {
            return Err(self.proxy_violation(name, "incompatible with the target's property"));
        }
        if fixing && current.flags().is_configurable() {
            return Err(self.proxy_violation(name, "the target's property is configurable"));
        }
        let flags = current.flags();
        if matches!(current, OwnProperty::Data(..))
            && !flags.is_configurable()
            && flags.is_writable()
            && desc.writable == Some(false)
        {
            return Err(self.proxy_violation(name, "the target's property is writable"));
        }
        Ok(true)
    }

    /// [[HasProperty]] (10.5.7).
    pub(crate) fn proxy_has(&mut self, proxy: &Object, key: RawAtom) -> JsResult<bool> {
        let name = names::HAS;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.has_property(&target, key);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone(), key.to_value()?])?;
        if self.truth(&result) {
            return Ok(true);
        }
        if let Some(current) = self.get_own_property(&target, key)? {
            if !current.flags().is_configurable() {
                return Err(self.proxy_violation(name, "the property is not configurable"));
            }
            if !self.is_extensible(&target)? {
                return Err(self.proxy_violation(name, "the target is not extensible"));
            }
        }
        Ok(false)
    }

    /// [[Get]] (10.5.8).
    pub(crate) fn proxy_get(&mut self, proxy: &Object, key: RawAtom, receiver: &Value) -> JsResult<Value> {
        let name = names::GET;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.get_with_receiver(&target, key, receiver);
        }
        let arguments = [target.as_value().clone(), key.to_value()?, receiver.clone()];
        let result = self.call(&trap, &handler, &arguments)?;
        match self.get_own_property(&target, key)? {
            Some(current) if current.flags().is_configurable() => (),
            Some(OwnProperty::Data(value, flags))
                if !flags.is_writable() && !same_value(&value, &result)? =>
            {
                return Err(self.proxy_violation(name, "the target's property has another value"));
            }
            Some(OwnProperty::Accessor(getter, ..)) if getter.is_undefined() && !result.is_undefined() => {
                return Err(self.proxy_violation(name, "the target's property has no getter"));
            }
            _ => (),
        }
        Ok(result)
    }

    /// [[Set]] (10.5.9).
    pub(crate) fn proxy_set(
        &mut self,
        proxy: &Object,
        key: RawAtom,
        value: Value,
        receiver: &Value,
    ) -> JsResult<bool> {
        let name = names::SET;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.set_with_receiver(&target, key, value, receiver);
        }
        let arguments = [target.as_value().clone(), key.to_value()?, value.clone(), receiver.clone()];
        let done = self.call(&trap, &handler, &arguments)?;
        if !self.truth(&done) {
            return Ok(false);
        }
        match self.get_own_property(&target, key)? {
            Some(current) if current.flags().is_configurable() => (),
            Some(OwnProperty::Data(current, flags))
                if !flags.is_writable() && !same_value(&current, &value)? =>
            {
                return Err(self.proxy_violation(name, "the target's property is read-only"));
            }
            Some(OwnProperty::Accessor(_, setter, _)) if setter.is_undefined() => {
                return Err(self.proxy_violation(name, "the target's property has no setter"));
            }
            _ => (),
        }
        Ok(true)
    }

    /// [[Delete]] (10.5.10).
    pub(crate) fn proxy_delete(&mut self, proxy: &Object, key: RawAtom) -> JsResult<bool> {
        let name = names::DELETE_PROPERTY;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.delete_property(&target, key);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone(), key.to_value()?])?;
        if !self.truth(&result) {
            return Ok(false);
        }
        if let Some(current) = self.get_own_property(&target, key)? {
            if !current.flags().is_configurable() {
                return Err(self.proxy_violation(name, "the property is not configurable"));
            }
            if !self.is_extensible(&target)? {
                return Err(self.proxy_violation(name, "the target is not extensible"));
            }
        }
        Ok(true)
    }

    /// The keys that an `ownKeys` trap returned, each once.
    fn proxy_key_list(&mut self, result: &Value) -> JsResult<Vec<'static, Atom>> {
        let name = names::OWN_KEYS;
        let Some(list) = result.as_object() else {
            return Err(self.proxy_violation(name, "not an object"));
        };
        let mut keys: Vec<'static, Atom> = self.scratch();
        for i in 0..self.length_of(list)? {
            let item = self.get_index(list, i)?;
            if !item.is_string() && !item.is_symbol() {
                return Err(self.proxy_violation(name, "an element is neither string nor symbol"));
            }
            keys.try_push(self.to_property_key(&item)?)?;
        }
        // Sorted numbers show duplicates without comparing every pair.
        let mut sorted: Vec<'static, u32> = self.scratch();
        for key in &keys {
            sorted.try_push(key.bits())?;
        }
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.proxy_violation(name, "a key comes twice"));
        }
        Ok(keys)
    }

    /// [[OwnPropertyKeys]] (10.5.11).
    pub(crate) fn proxy_own_keys(&mut self, proxy: &Object) -> JsResult<Vec<'static, Atom>> {
        let name = names::OWN_KEYS;
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.own_keys(&target);
        }
        let result = self.call(&trap, &handler, &[target.as_value().clone()])?;
        let keys = self.proxy_key_list(&result)?;
        let extensible = self.is_extensible(&target)?;
        let target_keys = self.own_keys(&target)?;
        let mut fixed: Vec<'static, bool> = self.scratch();
        for key in &target_keys {
            let property = self.get_own_property(&target, key.raw())?;
            fixed.try_push(property.is_some_and(|p| !p.flags().is_configurable()))?;
        }
        if extensible && !fixed.contains(&true) {
            return Ok(keys);
        }
        let mut sorted: Vec<'static, u32> = self.scratch();
        for key in &keys {
            sorted.try_push(key.bits())?;
        }
        sorted.sort_unstable();
        for (key, &fixed) in target_keys.iter().zip(fixed.iter()) {
            if (fixed || !extensible) && sorted.binary_search(&key.bits()).is_err() {
                return Err(self.proxy_violation(name, "a key of the target is missing"));
            }
        }
        if !extensible && keys.len() != target_keys.len() {
            return Err(self.proxy_violation(name, "the target is not extensible and lacks a key"));
        }
        Ok(keys)
    }

    /// [[Call]] (10.5.12).
    pub(crate) fn proxy_call(&mut self, proxy: &Value, this: &Value, arguments: &[Value]) -> JsResult<Value> {
        let Some(proxy) = proxy.as_object() else { return Ok(Value::UNDEFINED) };
        let (target, handler, trap) = self.proxy_parts(proxy, names::APPLY)?;
        if trap.is_undefined() {
            return self.call(target.as_value(), this, arguments);
        }
        let list = self.new_array(arguments)?;
        self.call(&trap, &handler, &[target.into(), this.clone(), list.into()])
    }

    /// [[Construct]] (10.5.13).
    pub(crate) fn proxy_construct(
        &mut self,
        proxy: &Value,
        arguments: &[Value],
        new_target: &Value,
    ) -> JsResult<Value> {
        let name = names::CONSTRUCT;
        let Some(proxy) = proxy.as_object() else { return Ok(Value::UNDEFINED) };
        let (target, handler, trap) = self.proxy_parts(proxy, name)?;
        if trap.is_undefined() {
            return self.construct(target.as_value(), arguments, new_target);
        }
        let list = self.new_array(arguments)?;
        let made = self.call(&trap, &handler, &[target.into(), list.into(), new_target.clone()])?;
        if !made.is_object() {
            return Err(self.proxy_violation(name, "not an object"));
        }
        Ok(made)
    }

    /// ProxyCreate (10.5.14).
    pub(crate) fn proxy_create(&mut self, target: &Value, handler: &Value) -> JsResult<Object> {
        if !target.is_object() || !handler.is_object() {
            return Err(self.throw_type_error(format_args!("target and handler of a proxy must be objects")));
        }
        let callable = self.is_callable(target);
        let constructor = self.is_constructor(target);
        let shape = self.rt().shapes.root(&Value::NULL, 0, 0)?;
        ProxyCell::create(shape, target.clone(), handler.clone(), callable, constructor)
    }
}
