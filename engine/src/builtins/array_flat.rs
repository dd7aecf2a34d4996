//! `flat` and `flatMap` (ECMA-262 23.1.3.13, 23.1.3.14).

use super::array::{MAX_SAFE_LENGTH, element};
use super::array_walk::Walk;
use crate::mem::Vec;
use crate::runtime::{Arguments, Context};
use crate::value::{JsResult, Object, Value};

/// Arrays within arrays that `flat` follows.
const MAX_NESTING: usize = 1 << 20;

/// FlattenIntoArray (23.1.3.13.1), with its own stack of sources instead of recursion.
fn flatten(
    cx: &mut Context,
    target: &Object,
    source: &Object,
    length: u64,
    depth: f64,
    mapper: Option<(&Value, &Value)>,
) -> JsResult<()> {
    let mut stack: Vec<'static, (Object, u64, u64, Walk)> = cx.scratch();
    stack.try_push((source.clone(), 0, length, Walk::new(cx)))?;
    let mut to = 0;
    while let Some((object, from, length, walk)) = stack.last_mut() {
        let Some(at) = walk.next(object, *from, *length)? else {
            drop(stack.pop());
            continue;
        };
        *from = at + 1;
        let object = object.clone();
        cx.poll_native()?;
        let level = stack.len() - 1;
        let Some(mut value) = element(cx, &object, at)? else { continue };
        if let (Some((function, this)), 0) = (mapper, level) {
            let arguments = [value, Value::number(at as f64), object.as_value().clone()];
            value = cx.call(function, this, &arguments)?;
        }
        if (level as f64) < depth
            && super::object::is_array(cx, &value)?
            && let Some(inner) = value.as_object()
        {
            let length = cx.length_of(inner)?;
            // What contains itself goes on for ever.
            if stack.len() >= MAX_NESTING {
                return Err(crate::value::Thrown::StackOverflow);
            }
            stack.try_push((inner.clone(), 0, length, Walk::new(cx)))?;
            continue;
        }
        if to >= MAX_SAFE_LENGTH {
            return Err(cx.throw_too_long());
        }
        cx.create_index_or_throw(target, to, value)?;
        to += 1;
    }
    Ok(())
}

pub(super) fn flat(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let depth = if call.get(0).is_undefined() { 1.0 } else { cx.to_integer_or_infinity(call.get(0))? };
    let result = cx.array_species_create(&object, 0)?;
    flatten(cx, &result, &object, length, depth, None)?;
    Ok(result.into())
}

pub(super) fn flat_map(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    super::function::callback(cx, call.get(0))?;
    let result = cx.array_species_create(&object, 0)?;
    flatten(cx, &result, &object, length, 1.0, Some((call.get(0), call.get(1))))?;
    Ok(result.into())
}
