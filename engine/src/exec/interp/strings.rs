//! Concatenation: strings that one owner holds grow in place, short results are made in one piece, and ints
//! become digits without a string of their own.

use super::{Flow, Interp};
use crate::text::string::COPY_UNITS;
use crate::value::{JsResult, JsString, RawValue, Value};

/// `a + b` of the two topmost values.
pub(super) unsafe fn add(i: Interp) -> JsResult<Flow> {
    let (b, a) = (i.pop(), i.pop());
    let value = add_owned(i, a, b)?;
    i.push(value);
    i.done(1)
}

/// `a + b` with both operands given up, so that a string with one owner grows in place.
pub(super) fn add_owned(i: Interp, a: Value, b: Value) -> JsResult<Value> {
    let mut digits = [0; 11];
    match JsString::try_from(a) {
        Ok(mut left) => {
            if let Some(text) = b.flat_text(&mut digits) {
                if left.try_append(text)? {
                    return Ok(left.into());
                }
                if left.is_flat()
                    && !left.is_empty()
                    && !text.is_empty()
                    && left.len() + text.len() <= COPY_UNITS
                {
                    return Ok(JsString::concat_texts(left.text()?, text)?.into());
                }
            }
            match b.as_string() {
                Some(right) => Ok(left.concat(right)?.into()),
                None if b.is_object() => i.cx().add(&left, &b),
                None => {
                    let right = i.cx().to_string(&b)?;
                    Ok(left.concat(&right)?.into())
                }
            }
        }
        Err(a) => {
            if a.is_int()
                && let (Some(text), Some(right)) = (a.flat_text(&mut digits), b.as_string())
                && right.is_flat()
                && text.len() + right.len() <= COPY_UNITS
            {
                return Ok(JsString::concat_texts(text, right.text()?)?.into());
            }
            i.cx().add(&a, &b)
        }
    }
}

/// `local = local + b`, the string in the local growing in place.
pub(super) unsafe fn append_local(i: Interp) -> JsResult<Flow> {
    let local = i.u8(1);
    let slot = i.m().fp.add(local);
    let b = i.pop();
    if !(*slot).is_string() || b.is_object() || b.is_symbol() {
        let value = i.cx().add(&i.local(local), &b)?;
        i.set_local(local, value);
        return i.done(2);
    }
    // Take the value out of the slot, so that there is one owner.
    let take = || Value::from_raw(slot.replace(RawValue::UNDEFINED));
    let mut digits = [0; 11];
    if let Some(text) = b.flat_text(&mut digits)
        && let Ok(mut left) = JsString::try_from(take())
    {
        let done = left.try_append(text);
        slot.write(left.into_value().into_raw());
        if done? {
            return i.done(2);
        }
    }
    let right = i.cx().to_string(&b)?;
    let Ok(left) = JsString::try_from(take()) else { return i.done(2) };
    match left.append(&right) {
        Ok(result) => {
            i.set_local(local, result.into());
            i.done(2)
        }
        Err((left, error)) => {
            i.set_local(local, left.into());
            Err(error)
        }
    }
}

/// The parts of a template literal, which are strings and ints.
pub(super) unsafe fn concat(i: Interp) -> JsResult<Flow> {
    let count = i.u16(1);
    let first = i.m().sp.sub(count);
    let result = match JsString::concat_parts(core::slice::from_raw_parts(first.cast::<Value>(), count))? {
        Some(result) => result.into(),
        None => {
            let mut result: Value = JsString::empty().into();
            for at in (0..count).rev() {
                result = add_owned(i, result, i.peek(at))?;
            }
            result
        }
    };
    i.cut(first);
    i.push(result);
    i.done(3)
}
