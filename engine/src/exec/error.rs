//! Making and throwing errors.

use core::fmt::{self, Write};

use crate::object::PropertyFlags;
use crate::object::exotic::ErrorCell;
use crate::runtime::{Context, Intrinsic};
use crate::text::{RawAtom, StringBuilder, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

impl Context {
    /// A new error object with a message, and the stack as it is now.
    pub fn new_error(&mut self, prototype: &Object, message: &JsString) -> JsResult<Object> {
        let trace = self.capture_trace()?;
        let shape = self.rt().shapes.root(prototype, 0, 0)?;
        let error = ErrorCell::create(shape, trace)?;
        error.add_property(names::MESSAGE, message.clone().into(), PropertyFlags::HIDDEN)?;
        Ok(error)
    }

    /// Throws a new error of a class with a formatted message.
    #[cold]
    pub fn throw_error(&mut self, prototype: Intrinsic, message: fmt::Arguments<'_>) -> Thrown {
        match self.make_error(prototype, message) {
            Ok(error) => self.throw(error.into()),
            Err(thrown) => thrown,
        }
    }

    /// A new error of a class with a formatted message.
    pub fn make_error(&mut self, prototype: Intrinsic, message: fmt::Arguments<'_>) -> JsResult<Object> {
        let mut text = StringBuilder::new();
        if text.write_fmt(message).is_err() {
            return Err(Thrown::OutOfMemory);
        }
        let text = text.finish()?;
        let prototype = self.intrinsic(prototype);
        self.new_error(&prototype, &text)
    }

    /// Throws a TypeError.
    #[cold]
    pub fn throw_type_error(&mut self, message: fmt::Arguments<'_>) -> Thrown {
        self.throw_error(Intrinsic::TypeErrorPrototype, message)
    }

    /// Throws a RangeError.
    #[cold]
    pub fn throw_range_error(&mut self, message: fmt::Arguments<'_>) -> Thrown {
        self.throw_error(Intrinsic::RangeErrorPrototype, message)
    }

    /// Throws a SyntaxError.
    #[cold]
    pub fn throw_syntax_error(&mut self, message: fmt::Arguments<'_>) -> Thrown {
        self.throw_error(Intrinsic::SyntaxErrorPrototype, message)
    }

    /// Throws a ReferenceError.
    #[cold]
    pub fn throw_reference_error(&mut self, message: fmt::Arguments<'_>) -> Thrown {
        self.throw_error(Intrinsic::ReferenceErrorPrototype, message)
    }

    /// Throws an InternalError.
    #[cold]
    pub fn throw_internal_error(&mut self, message: fmt::Arguments<'_>) -> Thrown {
        self.throw_error(Intrinsic::InternalErrorPrototype, message)
    }

    /// A key for messages.
    pub fn describe_key(&self, key: RawAtom) -> DescribedKey {
        DescribedKey(key)
    }

    /// The value that a handler catches for `thrown`. `None` for what no script can catch.
    pub(crate) fn caught_value(&mut self, thrown: Thrown) -> Option<Value> {
        match thrown {
            Thrown::Exception => Some(self.take_pending()),
            Thrown::Terminated => None,
            Thrown::OutOfMemory => Some(self.prepared(Intrinsic::OutOfMemoryError)),
            Thrown::StackOverflow => Some(self.fresh_or_prepared(
                Intrinsic::RangeErrorPrototype,
                "Maximum call stack size exceeded",
                Intrinsic::StackOverflowError,
            )),
            Thrown::StringTooLong => Some(self.fresh_or_prepared(
                Intrinsic::RangeErrorPrototype,
                "invalid string length",
                Intrinsic::OutOfMemoryError,
            )),
        }
    }

    /// An error that was made with the realm, for when there is no memory for a new one.
    fn prepared(&mut self, which: Intrinsic) -> Value {
        self.realm().intrinsic(which)
    }

    fn fresh_or_prepared(&mut self, prototype: Intrinsic, message: &str, prepared: Intrinsic) -> Value {
        match self.make_error(prototype, format_args!("{message}")) {
            Ok(error) => error.into(),
            Err(_) => self.prepared(prepared),
        }
    }
}

/// See [`Context::describe_key`].
pub struct DescribedKey(RawAtom);

impl fmt::Display for DescribedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(integer) = self.0.as_integer() {
            return write!(f, "{integer}");
        }
        let Ok(name) = self.0.to_js_string() else { return f.write_str("?") };
        let Ok(text) = name.text() else { return f.write_str("?") };
        let symbol = self.0.is_symbol();
        if symbol {
            f.write_str("Symbol(")?;
        }
        for c in char::decode_utf16(text.units()) {
            f.write_char(c.unwrap_or('\u{FFFD}'))?;
        }
        if symbol {
            f.write_char(')')?;
        }
        Ok(())
    }
}
