//! The elements of arrays and arguments objects: their own [[DefineOwnProperty]] (ECMA-262 10.4.2.1,
//! 10.4.4.2), and the way from dense elements to named properties.

use super::descriptor::{Descriptor, OwnProperty, validate};
use crate::object::{Accessor, PropertyFlags, ShapeTable, VarRef, shape_flags};
use crate::runtime::Context;
use crate::text::{Atom, RawAtom};
use crate::value::{JsResult, Object, Value};

impl Context {
    /// An element of an array: dense when it has the default attributes, else the array becomes sparse.
    pub(super) fn define_element(
        &mut self,
        object: &Object,
        index: u32,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<bool> {
        let Some(array) = object.as_array() else { return Ok(false) };
        let current = self.get_own_property(object, key)?;
        let Some(property) = validate(&desc, current.as_ref(), object.is_extensible_shape())? else {
            return Ok(false);
        };
        let (mut value, flags) = match property {
            OwnProperty::Data(value, flags) => (value, flags),
            OwnProperty::Accessor(get, set, flags) => (Accessor::cell(get, set)?, flags),
        };
        if object.shape().has(shape_flags::PROTOTYPE) {
            ShapeTable::current().note_indexed_prototype();
        }
        if flags == PropertyFlags::DEFAULT && !array.is_sparse() {
            match array.put_dense(index, value)? {
                Ok(()) => return Ok(true),
                Err(back) => value = back,
            }
        }
        self.make_sparse(object)?;
        match object.find(key) {
            Some((slot, _)) => object.redefine_property(slot, value, flags)?,
            None => {
                object.add_property(key, value, flags)?;
                if index >= array.length() {
                    array.set_length(index + 1);
                }
                if array.may_become_dense(object.shape().count()) {
                    // Without memory for it the array stays as it is.
                    let _ = object.become_dense();
                }
            }
        }
        Ok(true)
    }

    /// Turns dense elements into named properties.
    pub(crate) fn make_sparse(&mut self, object: &Object) -> JsResult<()> {
        let Some(array) = object.as_array() else { return Ok(()) };
        if array.is_sparse() {
            return Ok(());
        }
        object.set_shape_flag(shape_flags::DICTIONARY)?;
        if object.shape().has(shape_flags::PROTOTYPE) {
            ShapeTable::current().note_indexed_prototype();
        }
        let mut paid = 0;
        for index in 0..array.dense_length() {
            let mut done = Ok(());
            if index == paid {
                let end = array.dense_length() as usize;
                done = self.next_costly_run(index as usize, end, 64).map(|stop| paid = stop as u32);
            }
            if let (Ok(()), Some(value)) = (done, array.dense(index)) {
                done = object.add_property(RawAtom::from_integer(index), value, PropertyFlags::DEFAULT);
            }
            // After a failure half-way the copies already made are found before the elements are gone, so they are
            // taken out again.
            if done.is_err() {
                for undo in 0..index {
                    if let Some((slot, _)) = object.find(RawAtom::from_integer(undo)) {
                        object.remove_property(slot)?;
                    }
                }
                return done;
            }
        }
        array.become_sparse();
        Ok(())
    }

    /// An element of an arguments object that is still dense (10.4.4.2).
    pub(super) fn define_argument(
        &mut self,
        object: &Object,
        index: u32,
        key: RawAtom,
        desc: Descriptor,
    ) -> JsResult<bool> {
        let Some(array) = object.as_array() else { return Ok(false) };
        let old = array.dense(index).unwrap_or_default();
        let current = OwnProperty::Data(unboxed(old.clone()), PropertyFlags::DEFAULT);
        let Some(property) = validate(&desc, Some(&current), true)? else { return Ok(false) };
        if let (OwnProperty::Data(value, _), Some(variable)) = (&property, old.downcast::<VarRef>())
            && desc.value.is_some()
        {
            variable.set(value.clone());
        }
        let mapped = old.downcast::<VarRef>().is_some();
        let (value, flags) = match property {
            OwnProperty::Data(value, PropertyFlags::DEFAULT) => {
                if !mapped {
                    array.set_dense(index, value);
                }
                return Ok(true);
            }
            // As long as it is writable it stays the parameter: a named property with a box.
            OwnProperty::Data(_, flags) if mapped && flags.is_writable() => {
                (old, PropertyFlags(flags.0 | PropertyFlags::VARIABLE))
            }
            OwnProperty::Data(value, flags) => (value, flags),
            OwnProperty::Accessor(get, set, flags) => (Accessor::cell(get, set)?, flags),
        };
        object.add_property(key, value, flags)?;
        array.set_dense(index, Value::HOLE);
        Ok(true)
    }

    /// ArraySetLength (10.4.2.4).
    pub(super) fn define_array_length(&mut self, object: &Object, desc: Descriptor) -> JsResult<bool> {
        let Some(array) = object.as_array() else { return Ok(false) };
        let mut length = array.length();
        if let Some(value) = &desc.value {
            let new = self.to_uint32(value)?;
            let number = self.to_number(value)?;
            if f64::from(new) != number {
                return Err(self.throw_range_error(format_args!("invalid array length")));
            }
            length = new;
        }
        let flags = array_length_flags(object);
        if desc.configurable == Some(true)
            || desc.enumerable == Some(true)
            || desc.is_accessor()
            || (!flags.is_writable() && (desc.writable == Some(true) || length != array.length()))
        {
            return Ok(false);
        }
        let mut complete = true;
        if length != array.length() {
            complete = self.set_array_length(object, length)?;
        }
        if desc.writable == Some(false) {
            object.set_shape_flag(shape_flags::LENGTH_READ_ONLY)?;
        }
        Ok(complete)
    }

    /// Sets an array's length, deleting elements from the end; false when one cannot be deleted.
    pub(crate) fn set_array_length(&mut self, object: &Object, length: u32) -> JsResult<bool> {
        let Some(array) = object.as_array() else { return Ok(false) };
        if array.is_sparse() && length < array.length() {
            let mut gone: crate::mem::Vec<'static, u32> = self.scratch();
            let shape = object.shape();
            // The last few are looked up one by one, as `pop` wants it.
            let few = (length..array.length()).take(FEW).len() < FEW;
            for index in (length..array.length()).take(if few { FEW } else { 0 }) {
                let key = Atom::from_index(u64::from(index))?;
                if object.find(key.raw()).is_some() {
                    gone.try_push(index)?;
                }
            }
            for i in 0..if few { 0 } else { shape.count() } {
                if let Some(index) = shape.property(i).and_then(|p| p.atom.as_array_index())
                    && index >= length
                {
                    gone.try_push(index)?;
                }
            }
            gone.sort_unstable();
            while let Some(index) = gone.pop() {
                let key = Atom::from_index(u64::from(index))?;
                if let Some((slot, flags)) = object.find(key.raw()) {
                    if !flags.is_configurable() {
                        array.set_length(index + 1);
                        return Ok(false);
                    }
                    object.remove_property(slot)?;
                }
            }
        }
        array.set_length(length);
        if length == 0 && array.is_sparse() {
            let _ = object.become_dense();
        }
        Ok(true)
    }
}

/// Elements that are looked up one by one when a sparse array is cut.
const FEW: usize = 8;

/// Attributes of an array's `length`.
pub(super) fn array_length_flags(object: &Object) -> PropertyFlags {
    let read_only = object.shape().has(shape_flags::LENGTH_READ_ONLY);
    PropertyFlags(if read_only { 0 } else { PropertyFlags::WRITABLE })
}

/// An element of an arguments object: the parameter's value where it is mapped.
pub(crate) fn unboxed(value: Value) -> Value {
    match value.downcast::<VarRef>() {
        Some(variable) => variable.get(),
        None => value,
    }
}
