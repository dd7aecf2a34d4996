//! Value properties and functions of the global object (ECMA-262 19.1, 19.2).

use super::{Row, constant, method};
use crate::object::PropertyFlags;
use crate::runtime::{Arguments, Context, Intrinsic};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, Thrown, Value};

/// `print(...values)`: the values as strings, separated by spaces, on the host's output.
fn print(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut line = StringBuilder::new();
    for (i, value) in call.list.iter().enumerate() {
        if i > 0 {
            line.push_str(" ")?;
        }
        let text = cx.to_string(value)?;
        line.push(&text)?;
    }
    cx.host_print(line.text());
    Ok(Value::UNDEFINED)
}

/// Indirect eval (19.2.1); the interpreter makes calls by the name `eval` direct.
fn eval(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.indirect_eval(call.get(0))
}

fn run_microtask(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    match cx.call(&values[0], &Value::UNDEFINED, &[]) {
        // Reported as an unhandled rejection is: nobody is there to catch it.
        Err(Thrown::Exception) => {
            let error = cx.take_pending();
            let promise = cx.new_promise()?;
            cx.reject_promise(&promise, error)?;
            Ok(Value::UNDEFINED)
        }
        other => other,
    }
}

fn queue_microtask(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    super::function::callback(cx, call.get(0))?;
    cx.enqueue(run_microtask, &[call.get(0)])?;
    Ok(Value::UNDEFINED)
}

static ROWS: &[Row] = &[
    constant("NaN", f64::NAN),
    constant("Infinity", f64::INFINITY),
    method("eval", 1, eval),
    method("print", 1, print),
    method("queueMicrotask", 1, queue_microtask),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let global = cx.global();
    cx.define_rows(&global, ROWS)?;
    let eval = cx.get(&global, names::EVAL)?;
    cx.realm().set_intrinsic(Intrinsic::Eval, eval);
    cx.define_builtin(&global, names::UNDEFINED, Value::UNDEFINED, PropertyFlags::FIXED)?;
    let this = global.as_value().clone();
    cx.define_builtin(&global, names::GLOBAL_THIS, this, PropertyFlags::HIDDEN)
}
