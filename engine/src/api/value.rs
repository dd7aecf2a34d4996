//! Values in the host's hands.

use core::fmt;
use core::mem::ManuallyDrop;
use std::rc::Rc;

use super::{Context, Error, Shared};
use crate::object::buffer::SharedMemory;
use crate::text::Atom;
use crate::value as engine;

/// A JavaScript value. Cloning counts, dropping gives the count back.
pub struct Value {
    shared: Shared,
    value: ManuallyDrop<engine::Value>,
}

impl Value {
    pub(crate) fn new(shared: &Shared, value: engine::Value) -> Value {
        Value { shared: Rc::clone(shared), value: ManuallyDrop::new(value) }
    }

    pub(crate) fn engine(&self) -> &engine::Value {
        &self.value
    }

    /// Gives the value up without giving its reference back: what an embedder does that forgets `JS_FreeValue`. What
    /// it refers to stays alive to the end of the runtime, which tells of it if [`DumpFlags::LEAKS`](super::DumpFlags::LEAKS) is set.
    pub fn leak(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the handle is dropped once: `this` is not.
        drop(unsafe { core::ptr::read(&this.shared) });
    }

    /// Whether this is `undefined`.
    pub fn is_undefined(&self) -> bool {
        self.value.is_undefined()
    }
    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }
    /// Whether this is a string.
    pub fn is_string(&self) -> bool {
        self.value.is_string()
    }
    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        self.value.is_object()
    }
    /// The boolean, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        self.value.as_boolean()
    }
    /// The number, when it is one.
    pub fn as_number(&self) -> Option<f64> {
        self.value.as_number()
    }
    /// The string, when it is one; unpaired surrogates become U+FFFD.
    pub fn as_str(&self) -> Option<String> {
        let _entry = self.shared.enter();
        let text = self.value.as_string()?.text().ok()?;
        Some(char::decode_utf16(text.units()).map(|c| c.unwrap_or('\u{FFFD}')).collect())
    }

    /// The bytes of a SharedArrayBuffer, to be handed to a runtime on another thread.
    pub fn shared_memory(&self) -> Option<SharedMemory> {
        self.value.as_object()?.as_buffer()?.shared_memory()
    }

    /// The value as a string, as `String(value)` would give it.
    pub fn to_display(&self, context: &Context) -> Result<String, Error> {
        context.with(|cx| {
            let string = cx.to_string(&self.value)?;
            let text = string.text()?;
            Ok(char::decode_utf16(text.units()).map(|c| c.unwrap_or('\u{FFFD}')).collect())
        })
    }

    /// A property.
    pub fn get(&self, context: &Context, name: &str) -> Result<Value, Error> {
        let value = context.with(|cx| {
            let key = Atom::from_str(name)?;
            cx.get_value(&self.value, key.raw())
        })?;
        Ok(Value::new(&self.shared, value))
    }

    /// An element.
    pub fn get_index(&self, context: &Context, index: u32) -> Result<Value, Error> {
        let value = context.with(|cx| {
            let key = Atom::from_index(u64::from(index))?;
            cx.get_value(&self.value, key.raw())
        })?;
        Ok(Value::new(&self.shared, value))
    }

    /// Assigns a property.
    pub fn set(&self, context: &Context, name: &str, value: impl IntoValue) -> Result<(), Error> {
        let value = value.into_value(context)?;
        context.with(|cx| {
            let key = Atom::from_str(name)?;
            cx.set_value(&self.value, key.raw(), engine::Value::clone(&value.value), true)
        })
    }

    /// Calls a function.
    pub fn call(&self, context: &Context, this: &Value, arguments: &[Value]) -> Result<Value, Error> {
        let value = context.with(|cx| {
            let mut list = cx.scratch();
            for argument in arguments {
                list.try_push(engine::Value::clone(&argument.value))?;
            }
            cx.call(&self.value, &this.value, &list)
        })?;
        Ok(Value::new(&self.shared, value))
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        Value::new(&self.shared, engine::Value::clone(&self.value))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let _entry = self.shared.enter();
        // SAFETY: dropped once, here.
        unsafe { ManuallyDrop::drop(&mut self.value) };
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.as_str() {
            return write!(f, "{text:?}");
        }
        self.value.fmt(f)
    }
}

/// What the host can hand to a script.
pub trait IntoValue {
    /// The value, made in the context's runtime.
    fn into_value(self, context: &Context) -> Result<Value, Error>;
}

impl IntoValue for Value {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        if !Rc::ptr_eq(&self.shared, context.shared()) {
            return Err(Error::Host(String::from(
                "a value of one runtime was handed to another; convert it to a host value first",
            )));
        }
        Ok(self)
    }
}

impl IntoValue for &Value {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        self.clone().into_value(context)
    }
}

macro_rules! into_number {
    ($($type:ty),*) => {$(
        impl IntoValue for $type {
            fn into_value(self, context: &Context) -> Result<Value, Error> {
                Ok(Value::new(context.shared(), engine::Value::number(f64::from(self))))
            }
        }
    )*};
}
into_number!(i32, u32, f64, u8, i16);

impl IntoValue for bool {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        Ok(Value::new(context.shared(), engine::Value::boolean(self)))
    }
}

impl IntoValue for () {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        Ok(Value::new(context.shared(), engine::Value::UNDEFINED))
    }
}

impl IntoValue for &str {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        let string = context.with(|_| engine::JsString::from_str(self))?;
        Ok(Value::new(context.shared(), string.into()))
    }
}

impl IntoValue for String {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        self.as_str().into_value(context)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self, context: &Context) -> Result<Value, Error> {
        match self {
            Some(value) => value.into_value(context),
            None => Ok(Value::new(context.shared(), engine::Value::NULL)),
        }
    }
}
