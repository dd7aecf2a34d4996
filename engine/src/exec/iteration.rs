//! Iterators (ECMA-262 7.4) and the enumeration of `for-in` (14.7.5.9).

use crate::object::collections::{MapCell, SetCell};
use crate::object::generator::GeneratorCell;
use crate::object::iteration::{ForInCell, Helper, HelperCell, Iteration, IteratorCell};
use crate::object::{ShapeTable, shape_flags};
use crate::runtime::{Context, Intrinsic, NativeCell};
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// Magic number of the row of `%ArrayIteratorPrototype%.next`, by which its callers know it.
pub const ARRAY_NEXT: i32 = 0x4152_4E58;
/// The same of `%GeneratorPrototype%.next`.
pub const GENERATOR_NEXT: i32 = 0x4745_4E58;
/// The same of `%MapIteratorPrototype%.next`.
pub const MAP_NEXT: i32 = 0x4D41_4E58;
/// The same of `%SetIteratorPrototype%.next`.
pub const SET_NEXT: i32 = 0x5345_4E58;
/// The same of `%IteratorHelperPrototype%.next`.
pub const HELPER_NEXT: i32 = 0x4845_4E58;

impl Context {
    /// A step of a builtin iterator without its result object; `None` where the protocol must be followed.
    #[inline]
    fn fast_step(&mut self, iterator: &Value, next: &Value) -> JsResult<Option<Option<Value>>> {
        let Some(function) = next.downcast::<NativeCell>() else { return Ok(None) };
        let magic = function.def().magic;
        if magic == GENERATOR_NEXT {
            return match iterator.downcast::<GeneratorCell>() {
                Some(generator) => self.generator_step(generator).map(Some),
                None => Ok(None),
            };
        }
        if magic == HELPER_NEXT {
            return match iterator.downcast::<HelperCell>().filter(|helper| helper.what() != Helper::Wrap) {
                Some(helper) => self.helper_step(helper).map(Some),
                None => Ok(None),
            };
        }
        let Some(state) = iterator.downcast::<IteratorCell>() else { return Ok(None) };
        match state.what() {
            Iteration::ArrayKeys | Iteration::ArrayValues | Iteration::ArrayEntries
                if magic == ARRAY_NEXT =>
            {
                self.array_iterator_step(state).map(Some)
            }
            Iteration::MapKeys | Iteration::MapValues | Iteration::MapEntries if magic == MAP_NEXT => {
                self.collection_step(state).map(Some)
            }
            Iteration::SetValues | Iteration::SetEntries if magic == SET_NEXT => {
                self.collection_step(state).map(Some)
            }
            Iteration::RegExpMatches | Iteration::RegExpMatch if magic == super::regexp::REGEXP_NEXT => {
                self.regexp_iterator_step(state).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// One step of a Map's or Set's iterator: `None` at the end.
    pub(crate) fn collection_step(&mut self, state: &IteratorCell) -> JsResult<Option<Value>> {
        let source = state.source();
        let step = if let Some(map) = source.downcast::<MapCell>() {
            map.step(state.index())
        } else if let Some(set) = source.downcast::<SetCell>() {
            set.step(state.index()).map(|(key, _, next)| (key.clone(), key, next))
        } else {
            None
        };
        let Some((key, value, next)) = step else {
            state.finish();
            return Ok(None);
        };
        state.set_index(next);
        Ok(Some(match state.what() {
            Iteration::MapKeys | Iteration::SetValues => key,
            Iteration::MapValues => value,
            _ => self.new_array(&[key, value])?.into(),
        }))
    }

    /// IteratorStep (7.4.8) without the value: false when the iterator is done.
    pub fn iterator_step(&mut self, iterator: &Value, next: &Value) -> JsResult<bool> {
        self.poll_native()?;
        if let Some(step) = self.fast_step(iterator, next)? {
            return Ok(step.is_some());
        }
        let result = self.call(next, iterator, &[])?;
        let Some(object) = result.as_object() else {
            return Err(self.throw_type_error(format_args!("iterator must return an object")));
        };
        Ok(!self.get(object, names::DONE)?.to_boolean())
    }

    /// One step of an array iterator (23.1.5.1): `None` at the end.
    pub fn array_iterator_step(&mut self, state: &IteratorCell) -> JsResult<Option<Value>> {
        let source = state.source();
        let Some(object) = source.as_object() else { return Ok(None) };
        let index = state.index();
        if let (Some(array), kind::ARRAY) = (object.as_array(), object.kind())
            && state.what() == Iteration::ArrayValues
            && index < u64::from(array.length())
            && let Some(value) = array.dense(index as u32)
        {
            state.set_index(index + 1);
            return Ok(Some(value));
        }
        let length = if object.kind() == kind::TYPED_ARRAY {
            match self.typed_array_length(object) {
                Some(length) => length as u64,
                None => {
                    return Err(
                        self.throw_type_error(format_args!("typed array is detached or out of bounds"))
                    );
                }
            }
        } else {
            self.length_of(object)?
        };
        if index >= length {
            state.finish();
            return Ok(None);
        }
        state.set_index(index + 1);
        let key = Value::number(index as f64);
        Ok(Some(match state.what() {
            Iteration::ArrayKeys => key,
            Iteration::ArrayValues => self.get_index(object, index)?,
            _ => {
                let value = self.get_index(object, index)?;
                self.new_array(&[key, value])?.into()
            }
        }))
    }

    /// GetIterator, sync: the iterator and its `next`.
    pub fn get_iterator(&mut self, iterable: &Value) -> JsResult<(Value, Value)> {
        let method = self.get_method(iterable, names::SYM_ITERATOR)?;
        if method.is_undefined() {
            let what = self.describe(iterable);
            return Err(self.throw_type_error(format_args!("{what} is not iterable")));
        }
        self.iterator_from_method(iterable, &method)
    }

    /// GetIteratorFromMethod.
    pub fn iterator_from_method(&mut self, iterable: &Value, method: &Value) -> JsResult<(Value, Value)> {
        let iterator = self.call(method, iterable, &[])?;
        let Some(object) = iterator.as_object() else {
            return Err(self.throw_type_error(format_args!("iterator is not an object")));
        };
        let next = self.get(object, names::NEXT)?;
        Ok((iterator, next))
    }

    /// IteratorStepValue: `None` when the iterator is done.
    pub fn iterator_step_value(&mut self, iterator: &Value, next: &Value) -> JsResult<Option<Value>> {
        self.poll_native()?;
        if let Some(step) = self.fast_step(iterator, next)? {
            return Ok(step);
        }
        let result = self.call(next, iterator, &[])?;
        let Some(object) = result.as_object() else {
            return Err(self.throw_type_error(format_args!("iterator must return an object")));
        };
        if self.get(object, names::DONE)?.to_boolean() {
            return Ok(None);
        }
        self.get(object, names::VALUE).map(Some)
    }

    /// IteratorClose with a normal completion: errors of `return` are thrown.
    pub fn iterator_close(&mut self, iterator: &Value) -> JsResult<()> {
        let method = self.get_method(iterator, names::RETURN)?;
        if method.is_undefined() {
            return Ok(());
        }
        let result = self.call(&method, iterator, &[])?;
        if !result.is_object() {
            return Err(self.throw_type_error(format_args!("iterator result is not an object")));
        }
        Ok(())
    }

    /// IteratorClose with a throw completion: the first error wins.
    pub fn iterator_close_after(&mut self, iterator: &Value, error: Thrown) -> Thrown {
        if error == Thrown::Terminated {
            return error;
        }
        let pending = if error == Thrown::Exception { Some(self.take_pending()) } else { None };
        if self.iterator_close(iterator) == Err(Thrown::Terminated) {
            return Thrown::Terminated;
        }
        match pending {
            Some(value) => self.throw(value),
            None => error,
        }
    }

    /// Calls `visit` with each value of an iterable; false stops and closes the iterator, and so
    /// does an error, which is then returned.
    pub fn iterate(
        &mut self,
        iterable: &Value,
        visit: &mut dyn FnMut(&mut Context, Value) -> JsResult<bool>,
    ) -> JsResult<()> {
        let (iterator, next) = self.get_iterator(iterable)?;
        while let Some(value) = self.iterator_step_value(&iterator, &next)? {
            match visit(self, value) {
                Ok(true) => (),
                Ok(false) => return self.iterator_close(&iterator),
                Err(error) => return Err(self.iterator_close_after(&iterator, error)),
            }
        }
        Ok(())
    }

    /// CreateIterResultObject (7.4.14).
    pub fn iter_result(&mut self, value: Value, done: bool) -> JsResult<Value> {
        self.collect_if_due();
        let shape = ShapeTable::current().get(self.realm().shapes().iter_result);
        let object = Object::with_shape(shape)?;
        object.set_slot(0, value);
        object.set_slot(1, Value::boolean(done));
        Ok(object.into())
    }

    /// Starts a `for-in` loop: names of the whole chain, each once; a name that is not enumerable
    /// hides those of the same name behind it.
    pub(crate) fn for_in_start(&mut self, value: &Value) -> JsResult<Value> {
        // They stay with the iterator.
        let mut keys: crate::mem::Vec<'static, Atom> =
            crate::mem::Vec::new(self.rt().mem.memory(crate::mem::Use::Runtime));
        if value.is_nullish() {
            return Ok(ForInCell::create(Value::UNDEFINED, keys, Value::UNDEFINED, false)?.into());
        }
        let object = self.to_object(value)?;
        if let Some(of) = self.plain_names(&object, &mut keys)? {
            return Ok(ForInCell::create(object.into(), keys, of, false)?.into());
        }
        let mut at = object.clone();
        // Names seen on the way, enumerable or not; the `known` ones, of objects before, are in order.
        let mut seen: crate::mem::Vec<'static, Atom> = self.scratch();
        let mut known = 0;
        // With a proxy on the chain names are asked for one at a time, when the loop comes to them.
        let mut asks = false;
        loop {
            self.poll_native()?;
            asks |= at.kind() == kind::PROXY;
            let simple = matches!(at.kind(), kind::OBJECT | kind::NATIVE | kind::CLOSURE)
                && at.shape().count() == 0
                && !at.shape().has(shape_flags::LAZY_FUNCTION);
            if !simple {
                let own = self.own_keys(&at)?;
                for key in own.iter() {
                    if !key.is_string_key() {
                        continue;
                    }
                    if seen[..known].binary_search_by_key(&key.raw(), |s| s.raw()).is_ok() {
                        continue;
                    }
                    if at.kind() == kind::PROXY {
                        keys.try_push(key.clone())?;
                        seen.try_push(key.clone())?;
                    } else if let Some(property) = self.get_own_property(&at, key.raw())? {
                        if property.flags().is_enumerable() {
                            keys.try_push(key.clone())?;
                        }
                        seen.try_push(key.clone())?;
                    }
                }
                known = seen.len();
                seen.sort_unstable_by_key(|key| key.raw());
            }
            match Object::try_from(self.get_prototype_of(&at)?) {
                // The chain's end is nearly always %Object.prototype%, which has nothing enumerable.
                Ok(next) if self.is_bare_object_prototype(&next) => break,
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        Ok(ForInCell::create(object.into(), keys, Value::UNDEFINED, asks)?.into())
    }

    /// The names of an ordinary object that inherits none and whose shape says it all; gives the shape then.
    fn plain_names(
        &mut self,
        object: &Object,
        keys: &mut crate::mem::Vec<'static, Atom>,
    ) -> JsResult<Option<Value>> {
        let shape = object.shape();
        let inherits = match Object::try_from(object.prototype()) {
            Ok(prototype) => !self.is_bare_object_prototype(&prototype),
            Err(_) => false,
        };
        if object.kind() != kind::OBJECT || shape.has(shape_flags::UNIQUE) || inherits {
            return Ok(None);
        }
        let properties = || (0..shape.count()).filter_map(|i| shape.property(i));
        if properties().any(|property| property.atom.is_integer()) {
            return Ok(None);
        }
        for property in properties() {
            if property.flags.is_enumerable() && property.atom.is_string_key() {
                keys.try_push(property.atom.to_owned())?;
            }
        }
        Ok(Some(shape.to_value()))
    }

    fn is_bare_object_prototype(&self, object: &Object) -> bool {
        if object.bits() != self.realm().intrinsic(Intrinsic::ObjectPrototype).bits() {
            return false;
        }
        let shape = object.shape();
        (0..shape.count()).all(|i| shape.property(i).is_none_or(|p| !p.flags.is_enumerable()))
    }

    /// The next name of a `for-in` loop that its object still has.
    pub(crate) fn for_in_next(&mut self, state: &ForInCell) -> JsResult<Option<Value>> {
        while let Some(key) = state.next_key() {
            let Some(object) = state.object().as_object() else { return Ok(None) };
            let still = if state.asks() {
                self.inherits_enumerable(object, key.raw())?
            } else {
                state.is_unchanged() || self.has_property(object, key.raw())?
            };
            if still {
                return key.to_value().map(Some);
            }
            self.poll_native()?;
        }
        Ok(None)
    }

    /// Whether the first object of the chain that has the key lists it; proxies are asked by
    /// [[GetOwnProperty]] and [[GetPrototypeOf]] (14.7.5.10).
    fn inherits_enumerable(&mut self, object: &Object, key: RawAtom) -> JsResult<bool> {
        let mut at = object.clone();
        loop {
            self.poll_native()?;
            if let Some(property) = self.get_own_property(&at, key)? {
                return Ok(property.flags().is_enumerable());
            }
            match Object::try_from(self.get_prototype_of(&at)?) {
                Ok(next) => at = next,
                Err(_) => return Ok(false),
            }
        }
    }
}
