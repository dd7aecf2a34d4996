//! What can go wrong, as the host sees it.

use core::fmt;

use super::{Shared, Value};
use crate::exec::property::OwnProperty;
use crate::runtime::Context;
use crate::text::names;
use crate::value::Thrown;

/// Why a call into the engine failed.
#[derive(Debug)]
pub enum Error {
    /// A script threw; `message` is what the shell would print (`TypeError: ...`), `stack` the
    /// lines `    at f (file:line:column)`.
    Exception {
        /// The thrown value.
        value: Value,
        /// Class and message.
        message: String,
        /// Where it was thrown; empty for values that are no errors.
        stack: String,
    },
    /// There was not even memory to describe what happened, or to make a runtime.
    OutOfMemory,
    /// The interrupt handler stopped the script.
    Terminated,
    /// The host asked for something impossible.
    Host(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Exception { message, stack, .. } => {
                f.write_str(message)?;
                if stack.is_empty() { Ok(()) } else { write!(f, "\n{}", stack.trim_end()) }
            }
            Error::OutOfMemory => f.write_str("InternalError: out of memory"),
            Error::Terminated => f.write_str("InternalError: interrupted"),
            Error::Host(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// Whether this is the `InternalError: out of memory` of a memory limit or an allocator.
    pub fn is_out_of_memory(&self) -> bool {
        match self {
            Error::OutOfMemory => true,
            Error::Exception { message, .. } => message == "InternalError: out of memory",
            _ => false,
        }
    }

    /// What left the engine, with its value and texts. Host strings are made on the host's heap.
    pub(crate) fn from_thrown(shared: &Shared, cx: &mut Context, thrown: Thrown) -> Error {
        let Some(value) = cx.caught_value(thrown) else { return Error::Terminated };
        let message = describe(cx, &value);
        let stack = match value.downcast::<crate::object::exotic::ErrorCell>() {
            Some(error) => cx.format_stack(error).map_or(String::new(), |s| lossy(&s)),
            None => String::new(),
        };
        Error::Exception { value: Value::new(shared, value), message, stack }
    }
}

fn lossy(string: &crate::value::JsString) -> String {
    string.text().map_or(String::new(), |text| {
        char::decode_utf16(text.units()).map(|c| c.unwrap_or('\u{FFFD}')).collect()
    })
}

/// `name: message` of an error, from its data properties alone: no script runs.
fn describe(cx: &mut Context, value: &crate::value::Value) -> String {
    let Some(object) = value.as_object() else {
        return match value.as_string() {
            Some(string) => lossy(string),
            None => cx.to_string(value).map_or_else(|_| String::from("?"), |s| lossy(&s)),
        };
    };
    let mut find = |key| {
        let mut at = object.clone();
        for _ in 0..64 {
            if at.kind() == crate::value::kind::PROXY {
                break;
            }
            if let Ok(Some(OwnProperty::Data(found, _))) = cx.get_own_property(&at, key) {
                return found.as_string().map(lossy);
            }
            match crate::value::Object::try_from(at.prototype()) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        None
    };
    let name = find(names::NAME);
    let message = find(names::MESSAGE);
    match (name, message) {
        (Some(name), Some(message)) if !message.is_empty() => format!("{name}: {message}"),
        (Some(name), _) => name,
        (None, Some(message)) => message,
        (None, None) => String::from("[object]"),
    }
}
