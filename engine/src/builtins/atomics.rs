//! Atomics (ECMA-262 25.4).

use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst};

use super::{Row, method, method_magic, tag};
use crate::object::buffer::{BufferCell, Element, SharedMemory, TypedArrayCell};
use crate::runtime::waiters::{self, Outcome};
use crate::runtime::{Arguments, Context};
use crate::text::{Atom, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

/// ValidateIntegerTypedArray (25.4.3.1).
fn integer_view<'a>(cx: &mut Context, value: &'a Value, waitable: bool) -> JsResult<&'a TypedArrayCell> {
    let Some(view) = value.downcast::<TypedArrayCell>() else {
        return Err(cx.throw_type_error(format_args!("not a typed array")));
    };
    if view.len().is_none() {
        return Err(throw_gone(cx));
    }
    let fits = match view.element() {
        Element::Int32 | Element::BigInt64 => true,
        Element::Uint8Clamped | Element::Float16 | Element::Float32 | Element::Float64 => false,
        _ => !waitable,
    };
    if !fits {
        return Err(cx.throw_type_error(format_args!("typed array of a type that this does not work on")));
    }
    Ok(view)
}

fn throw_gone(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("typed array is detached or out of bounds"))
}

/// ValidateAtomicAccess (25.4.3.2).
fn valid_index(cx: &mut Context, view: &TypedArrayCell, index: &Value) -> JsResult<usize> {
    let length = view.len().unwrap_or(0);
    let index = cx.to_index(index)?;
    if index >= length as u64 {
        return Err(cx.throw_range_error(format_args!("index is out of bounds")));
    }
    Ok(index as usize)
}

/// The place of an element after conversions that may have changed the buffer.
fn place(cx: &mut Context, view: &TypedArrayCell, index: usize) -> JsResult<*mut u8> {
    match view.len() {
        None => Err(throw_gone(cx)),
        Some(length) if index >= length => Err(cx.throw_range_error(format_args!("index is out of bounds"))),
        Some(_) => Ok(view.place(index)),
    }
}

/// The operand: converted as the specification does, and as bits.
fn operand(cx: &mut Context, element: Element, value: &Value) -> JsResult<(Value, u64)> {
    if element.is_bigint() {
        let big = cx.to_bigint(value)?;
        let bits = cx.element_bits(element, &big)?;
        return Ok((big.into(), bits));
    }
    let number = Value::number(cx.to_integer_or_infinity(value)?);
    let bits = cx.element_bits(element, &number)?;
    Ok((number, bits))
}

const ADD: i32 = 0;
const AND: i32 = 1;
const EXCHANGE: i32 = 2;
const OR: i32 = 3;
const SUB: i32 = 4;
const XOR: i32 = 5;

macro_rules! modify {
    ($atomic:ty, $int:ty, $at:expr, $operation:expr, $bits:expr) => {{
        // SAFETY: elements are aligned to their size, and the buffer is alive.
        let cell = unsafe { &*$at.cast::<$atomic>() };
        let bits = $bits as $int;
        u64::from(match $operation {
            ADD => cell.fetch_add(bits, SeqCst),
            AND => cell.fetch_and(bits, SeqCst),
            OR => cell.fetch_or(bits, SeqCst),
            SUB => cell.fetch_sub(bits, SeqCst),
            XOR => cell.fetch_xor(bits, SeqCst),
            _ => cell.swap(bits, SeqCst),
        })
    }};
}

/// Read, change, write: the magic says how.
fn read_modify_write(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = integer_view(cx, call.get(0), false)?;
    let index = valid_index(cx, view, call.get(1))?;
    let (_, bits) = operand(cx, view.element(), call.get(2))?;
    let at = place(cx, view, index)?;
    let operation = call.magic;
    let old = match view.element().shift() {
        0 => modify!(AtomicU8, u8, at, operation, bits),
        1 => modify!(AtomicU16, u16, at, operation, bits),
        2 => modify!(AtomicU32, u32, at, operation, bits),
        _ => modify!(AtomicU64, u64, at, operation, bits),
    };
    view.element().decode(old)
}

fn compare_exchange(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = integer_view(cx, call.get(0), false)?;
    let index = valid_index(cx, view, call.get(1))?;
    let (_, expected) = operand(cx, view.element(), call.get(2))?;
    let (_, new) = operand(cx, view.element(), call.get(3))?;
    let at = place(cx, view, index)?;
    macro_rules! exchange {
        ($atomic:ty, $int:ty) => {{
            // SAFETY: elements are aligned to their size, and the buffer is alive.
            let cell = unsafe { &*at.cast::<$atomic>() };
            match cell.compare_exchange(expected as $int, new as $int, SeqCst, SeqCst) {
                Ok(old) | Err(old) => u64::from(old),
            }
        }};
    }
    let old = match view.element().shift() {
        0 => exchange!(AtomicU8, u8),
        1 => exchange!(AtomicU16, u16),
        2 => exchange!(AtomicU32, u32),
        _ => exchange!(AtomicU64, u64),
    };
    view.element().decode(old)
}

fn read(at: *mut u8, shift: u32) -> u64 {
    // SAFETY: elements are aligned to their size, and the caller's buffer is alive.
    unsafe {
        match shift {
            0 => u64::from((*at.cast::<AtomicU8>()).load(SeqCst)),
            1 => u64::from((*at.cast::<AtomicU16>()).load(SeqCst)),
            2 => u64::from((*at.cast::<AtomicU32>()).load(SeqCst)),
            _ => (*at.cast::<AtomicU64>()).load(SeqCst),
        }
    }
}

fn load(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = integer_view(cx, call.get(0), false)?;
    let index = valid_index(cx, view, call.get(1))?;
    let at = place(cx, view, index)?;
    view.element().decode(read(at, view.element().shift()))
}

fn store(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = integer_view(cx, call.get(0), false)?;
    let index = valid_index(cx, view, call.get(1))?;
    let (value, bits) = operand(cx, view.element(), call.get(2))?;
    let at = place(cx, view, index)?;
    // SAFETY: as in `read`.
    unsafe {
        match view.element().shift() {
            0 => (*at.cast::<AtomicU8>()).store(bits as u8, SeqCst),
            1 => (*at.cast::<AtomicU16>()).store(bits as u16, SeqCst),
            2 => (*at.cast::<AtomicU32>()).store(bits as u32, SeqCst),
            _ => (*at.cast::<AtomicU64>()).store(bits, SeqCst),
        }
    }
    Ok(value)
}

fn is_lock_free(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let size = cx.to_integer_or_infinity(call.get(0))?;
    Ok(Value::boolean(matches!(size as i64, 1 | 2 | 4 | 8) && size.abs() < 9.0))
}

fn pause(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let times = call.get(0);
    if !times.is_undefined() && !times.as_number().is_some_and(|n| n.trunc() == n && n.is_finite()) {
        return Err(cx.throw_type_error(format_args!("not an integral number")));
    }
    core::hint::spin_loop();
    Ok(Value::UNDEFINED)
}

// ----- Waiting -----

/// What `wait` and `waitAsync` have in common, up to the wait.
struct Wait {
    place: *mut u8,
    element: Element,
    expected: u64,
    timeout_ms: f64,
    memory: SharedMemory,
}

impl Wait {
    fn holds(&self) -> bool {
        read(self.place, self.element.shift()) == self.expected
    }
}

/// DoWait (25.4.3.14), up to the wait itself.
fn prepare(cx: &mut Context, call: &Arguments<'_>, blocks: bool) -> JsResult<Wait> {
    let view = integer_view(cx, call.get(0), true)?;
    let memory = view.buffer().as_object().and_then(Object::as_buffer).and_then(BufferCell::shared_memory);
    let Some(memory) = memory else {
        return Err(cx.throw_type_error(format_args!("only shared array buffers can be waited on")));
    };
    let index = valid_index(cx, view, call.get(1))?;
    let element = view.element();
    let expected = if element.is_bigint() {
        cx.element_bits(element, call.get(2))?
    } else {
        u64::from(cx.to_int32(call.get(2))? as u32)
    };
    let timeout = cx.to_number(call.get(3))?;
    if blocks && !cx.rt().can_block {
        return Err(cx.throw_type_error(format_args!("this thread must not be blocked")));
    }
    let timeout_ms = if timeout.is_nan() { f64::INFINITY } else { timeout.max(0.0) };
    Ok(Wait { place: place(cx, view, index)?, element, expected, timeout_ms, memory })
}

fn wait(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let wait = prepare(cx, call, true)?;
    // Waiting is work enough for a question each time.
    let asks = cx.rt().interrupt.is_some();
    let interrupted = asks.then_some(|| cx.ask().is_err());
    let text = match waiters::wait(wait.place.addr(), wait.timeout_ms, || wait.holds(), interrupted) {
        Outcome::NotEqual => "not-equal",
        Outcome::Notified => "ok",
        Outcome::TimedOut => "timed-out",
        Outcome::Interrupted => return Err(Thrown::Terminated),
    };
    Ok(JsString::from_str(text)?.into())
}

fn wait_async(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let wait = prepare(cx, call, false)?;
    let promise = cx.new_promise()?;
    let result = cx.new_object()?;
    let mut text = "not-equal";
    let mut waits = false;
    if wait.timeout_ms > 0.0 {
        let memory = wait.memory.clone();
        waits =
            cx.wait_with_promise(&promise, memory, wait.place.addr(), wait.timeout_ms, || wait.holds())?;
    } else if wait.holds() {
        text = "timed-out";
    }
    let key = Atom::from_str("async")?;
    cx.create_data_property_or_throw(&result, key.raw(), Value::boolean(waits))?;
    let value = if waits { promise } else { JsString::from_str(text)?.into() };
    cx.create_data_property_or_throw(&result, names::VALUE, value)?;
    Ok(result.into())
}

fn notify(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = integer_view(cx, call.get(0), true)?;
    let index = valid_index(cx, view, call.get(1))?;
    let count = if call.get(2).is_undefined() {
        f64::INFINITY
    } else {
        cx.to_integer_or_infinity(call.get(2))?.max(0.0)
    };
    let shared = view.buffer().as_object().and_then(Object::as_buffer).is_some_and(|b| b.is_shared());
    if !shared {
        return Ok(Value::int(0));
    }
    let address = view.place(index).addr();
    let woken = waiters::notify(address, count);
    Ok(Value::number(woken as f64))
}

static ROWS: &[Row] = &[
    method_magic("add", 3, read_modify_write, ADD),
    method_magic("and", 3, read_modify_write, AND),
    method("compareExchange", 4, compare_exchange),
    method_magic("exchange", 3, read_modify_write, EXCHANGE),
    method("isLockFree", 1, is_lock_free),
    method("load", 2, load),
    method("notify", 3, notify),
    method_magic("or", 3, read_modify_write, OR),
    method("pause", 0, pause),
    method("store", 3, store),
    method_magic("sub", 3, read_modify_write, SUB),
    method("wait", 4, wait),
    method("waitAsync", 4, wait_async),
    method_magic("xor", 3, read_modify_write, XOR),
    tag("Atomics"),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_namespace("Atomics", ROWS)?;
    Ok(())
}
