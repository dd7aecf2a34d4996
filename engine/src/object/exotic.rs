//! Cells of objects with one or two internal slots: errors, wrappers of primitives, proxies.

use core::cell::UnsafeCell;

use super::{ObjectHead, Shape};
use crate::heap::{Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::value::{JsResult, Object, Value, kind};

/// One entry of an error's stack: where a function was when the error was made.
pub struct TraceEntry {
    /// The function's bytecode cell, a native function object, or for the place of a SyntaxError the
    /// file's name.
    pub function: Value,
    /// Offset into the bytecode; for a file's name, the line.
    pub pc: u32,
    /// For a file's name, the column.
    pub column: u32,
}

/// An error: its stack is kept raw and written out when somebody reads it.
#[repr(C)]
pub struct ErrorCell {
    head: ObjectHead,
    trace: UnsafeCell<Option<Vec<'static, TraceEntry>>>,
}

impl ErrorCell {
    /// A new error object with a raw stack.
    pub fn create(shape: &Shape, trace: Option<Vec<'static, TraceEntry>>) -> JsResult<Object> {
        Object::alloc(ErrorCell { head: ObjectHead::new(), trace: UnsafeCell::new(trace) }, shape)
    }

    /// The raw stack, innermost function first.
    pub fn trace_entries(&self) -> &[TraceEntry] {
        // SAFETY: set only by `set_trace`, across which no caller keeps this borrow.
        unsafe { (*self.trace.get()).as_deref().unwrap_or(&[]) }
    }

    /// Replaces the raw stack (`Error.captureStackTrace`).
    pub fn set_trace(&self, trace: Option<Vec<'static, TraceEntry>>) {
        // SAFETY: the old one is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.trace.get(), trace) });
    }
}

// SAFETY: `repr(C)` with the header first; head and functions are reported.
unsafe impl Cell for ErrorCell {
    const KIND: u8 = kind::ERROR;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        for entry in self.trace_entries() {
            entry.function.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: see `trace_entries`.
        if let Some(trace) = unsafe { &*self.trace.get() } {
            blocks.list(Use::Runtime, Part::Trace, trace);
        }
    }
}

/// An object that wraps a boolean, number, string, symbol or BigInt.
#[repr(C)]
pub struct PrimitiveCell {
    head: ObjectHead,
    value: Value,
}

impl PrimitiveCell {
    /// A new wrapper.
    pub fn create(shape: &Shape, value: Value) -> JsResult<Object> {
        Object::alloc(PrimitiveCell { head: ObjectHead::new(), value }, shape)
    }

    /// What is wrapped.
    pub fn value(&self) -> &Value {
        &self.value
    }
}

// SAFETY: `repr(C)` with the header first; head and value are reported.
unsafe impl Cell for PrimitiveCell {
    const KIND: u8 = kind::PRIMITIVE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.value.trace(tracer);
    }
}

/// A proxy; both parts are null once it is revoked.
#[repr(C)]
pub struct ProxyCell {
    head: ObjectHead,
    target: UnsafeCell<Value>,
    handler: UnsafeCell<Value>,
    callable: bool,
    constructor: bool,
}

impl ProxyCell {
    /// A new proxy.
    pub fn create(
        shape: &Shape,
        target: Value,
        handler: Value,
        callable: bool,
        constructor: bool,
    ) -> JsResult<Object> {
        let cell = ProxyCell {
            head: ObjectHead::new(),
            target: UnsafeCell::new(target),
            handler: UnsafeCell::new(handler),
            callable,
            constructor,
        };
        Object::alloc(cell, shape)
    }

    /// The target, null when revoked.
    pub fn target(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.target.get()).clone() }
    }

    /// The handler, null when revoked.
    pub fn handler(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.handler.get()).clone() }
    }

    /// Whether the target was callable when the proxy was made.
    pub fn is_callable(&self) -> bool {
        self.callable
    }

    /// Whether the target was a constructor when the proxy was made.
    pub fn is_constructor(&self) -> bool {
        self.constructor
    }

    /// Lets target and handler go.
    pub fn revoke(&self) {
        // SAFETY: the old values are moved out before they are dropped.
        unsafe {
            drop(core::mem::replace(&mut *self.target.get(), Value::NULL));
            drop(core::mem::replace(&mut *self.handler.get(), Value::NULL));
        }
    }
}

// SAFETY: `repr(C)` with the header first; head, target and handler are reported.
unsafe impl Cell for ProxyCell {
    const KIND: u8 = kind::PROXY;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            (*self.target.get()).trace(tracer);
            (*self.handler.get()).trace(tracer);
        }
    }
}

/// A Date: milliseconds since the epoch, an integer within the time range or NaN.
#[repr(C)]
pub struct DateCell {
    head: ObjectHead,
    time: core::cell::Cell<f64>,
}

impl DateCell {
    /// A new Date.
    pub fn create(shape: &Shape, time: f64) -> JsResult<Object> {
        Object::alloc(DateCell { head: ObjectHead::new(), time: core::cell::Cell::new(time) }, shape)
    }

    /// The time value.
    pub fn time(&self) -> f64 {
        self.time.get()
    }

    /// Replaces the time value, which the caller has clipped.
    pub fn set_time(&self, time: f64) {
        self.time.set(time);
    }
}

// SAFETY: `repr(C)` with the header first; the head's references are reported.
unsafe impl Cell for DateCell {
    const KIND: u8 = kind::DATE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
    }
}
