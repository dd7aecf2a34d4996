//! Functions of the host as JavaScript functions.
//!
//! The closure itself is the host's memory; the cell that holds it is the runtime's. It refers to the
//! runtime's handle weakly, so that a function stored in a global does not keep its runtime alive.

use core::cell::RefCell;
use std::rc::{Rc, Weak};

use super::context::engine_value;
use super::{Context, Error, Inner, Shared, Value};
use crate::heap::{self, Cell, Header, Tracer};
use crate::object::PropertyFlags;
use crate::runtime::{self as rt, Arguments, NativeDef, NativeKind};
use crate::text::names;
use crate::value::{self as engine, JsResult, JsString, Object, kind};

/// A function of the host.
pub(super) type HostFunction = Box<dyn Fn(&Context, &Value, &[Value]) -> Result<Value, Error>>;

/// Holds a host closure.
#[repr(C)]
pub(crate) struct HostCell {
    header: Header,
    runtime: Weak<Inner>,
    function: RefCell<HostFunction>,
}

// SAFETY: `repr(C)` with the header first; no references to cells. Dropping the closure is the
// host's code, which may drop values: these go through the worklist like all others.
unsafe impl Cell for HostCell {
    const KIND: u8 = kind::LIST;
    const OUTSIDE: bool = true;
    fn trace(&self, _: &mut Tracer<'_>) {}
}

static TRAMPOLINE: NativeDef =
    NativeDef { name: "", length: 0, kind: NativeKind::Function, magic: 0, function: trampoline };

fn trampoline(cx: &mut rt::Context, call: &Arguments<'_>) -> JsResult<engine::Value> {
    let cell = call.data(0);
    let Some(host) = cell.downcast::<HostCell>() else { return Ok(engine::Value::UNDEFINED) };
    let Some(shared) = host.runtime.upgrade() else { return Ok(engine::Value::UNDEFINED) };
    let context = Context::from_engine(&shared, cx);
    let this = Value::new(&shared, call.this.clone());
    let arguments: Vec<Value> = call.list.iter().map(|v| Value::new(&shared, v.clone())).collect();
    let result = (host.function.borrow())(&context, &this, &arguments);
    match result {
        Ok(value) => Ok(engine_value(&value)),
        Err(Error::Exception { value, .. }) => {
            let value = engine_value(&value);
            Err(cx.throw(value))
        }
        Err(Error::OutOfMemory) => Err(engine::Thrown::OutOfMemory),
        Err(Error::Terminated) => Err(engine::Thrown::Terminated),
        Err(Error::Host(message)) => Err(cx.throw_type_error(format_args!("{message}"))),
    }
}

/// A function object for a host closure.
pub(super) fn create(
    cx: &mut rt::Context,
    shared: &Shared,
    name: &str,
    length: u8,
    function: HostFunction,
) -> JsResult<Object> {
    let cell =
        HostCell { header: Header::new(0), runtime: Rc::downgrade(shared), function: RefCell::new(function) };
    let cell: engine::Value = heap::current().alloc(cell, u32::from(kind::LIST))?.into();
    let object = cx.new_native(&TRAMPOLINE, &[cell])?;
    cx.define_builtin(&object, names::LENGTH, engine::Value::int(i32::from(length)), PropertyFlags::CONFIG)?;
    cx.define_builtin(&object, names::NAME, JsString::from_str(name)?.into(), PropertyFlags::CONFIG)?;
    Ok(object)
}
