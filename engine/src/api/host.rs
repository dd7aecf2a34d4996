//! Functions of the host as JavaScript functions.
//!
//! The closure itself is the host's memory; the cell that holds it is the runtime's. It refers to the
//! runtime's handle weakly, so that a function stored in a global does not keep its runtime alive.

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
    // There until the cell is freed.
    function: Option<HostFunction>,
}

impl Drop for HostCell {
    fn drop(&mut self) {
        // Dropping the closure is the host's code, which may do anything: evaluate, collect, panic. It waits until the
        // host's outermost call returns (or the runtime has ended), where nothing is in flight.
        let Some(function) = self.function.take() else { return };
        let owner = heap::current().owner().cast::<rt::Runtime>();
        // SAFETY: a heap's owner is its runtime, which outlives the cells; no other reference to the list is alive.
        unsafe { (*owner).doomed.push_back(Box::new(function)) };
    }
}

// SAFETY: `repr(C)` with the header first; no references to cells.
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
    let Some(function) = &host.function else { return Ok(engine::Value::UNDEFINED) };
    let result = function(&context, &this, &arguments);
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
    let cell = HostCell { header: Header::new(0), runtime: Rc::downgrade(shared), function: Some(function) };
    let cell: engine::Value = heap::current().alloc(cell, u32::from(kind::LIST))?.into();
    let object = cx.new_native(&TRAMPOLINE, &[cell])?;
    cx.define_builtin(&object, names::LENGTH, engine::Value::int(i32::from(length)), PropertyFlags::CONFIG)?;
    cx.define_builtin(&object, names::NAME, JsString::from_str(name)?.into(), PropertyFlags::CONFIG)?;
    Ok(object)
}
