//! Sorting of arrays (ECMA-262 23.1.3.30).

use super::array_walk::Walk;
use crate::mem::Vec;
use crate::runtime::{Arguments, Context};
use crate::value::{JsResult, Value};

/// SortCompare (23.1.3.30.2): whether `a` must not come after `b`.
fn in_order(cx: &mut Context, compare: &Value, a: &Value, b: &Value) -> JsResult<bool> {
    if a.is_undefined() || b.is_undefined() {
        return Ok(b.is_undefined());
    }
    if !compare.is_undefined() {
        let order = cx.call(compare, &Value::UNDEFINED, &[a.clone(), b.clone()])?;
        let order = match order.as_int() {
            Some(order) => f64::from(order),
            None => cx.to_number(&order)?,
        };
        return Ok(order.is_nan() || order <= 0.0);
    }
    cx.poll_native()?;
    if let (Some(x), Some(y)) = (a.as_string(), b.as_string()) {
        return Ok(cx.compare_strings(x, y)?.is_le());
    }
    cx.poll_native()?;
    let (x, y) = (cx.to_string(a)?, cx.to_string(b)?);
    Ok(cx.compare_strings(&x, &y)?.is_le())
}

/// A stable merge sort whose comparisons may run scripts. Insertion sort for short runs, then
/// merging from one buffer to the other.
pub(crate) fn merge_sort(
    cx: &mut Context,
    items: &mut Vec<'static, Value>,
    in_order: &mut dyn FnMut(&mut Context, &Value, &Value) -> JsResult<bool>,
) -> JsResult<()> {
    const RUN: usize = 8;
    let count = items.len();
    for start in (0..count).step_by(RUN) {
        let end = (start + RUN).min(count);
        for i in start + 1..end {
            let mut at = i;
            while at > start && !in_order(cx, &items[at - 1], &items[at])? {
                items.swap(at - 1, at);
                at -= 1;
            }
        }
    }
    let mut other: Vec<'static, Value> = cx.scratch();
    other.try_resize(count, Value::UNDEFINED)?;
    let mut width = RUN;
    while width < count {
        for start in (0..count).step_by(width * 2) {
            let middle = (start + width).min(count);
            let end = (start + width * 2).min(count);
            let (mut left, mut right, mut to) = (start, middle, start);
            while left < middle && right < end {
                let from = if in_order(cx, &items[left], &items[right])? { &mut left } else { &mut right };
                other[to] = items[*from].clone();
                *from += 1;
                to += 1;
            }
            cx.pay_elements(middle - left + end - right)?;
            for from in (left..middle).chain(right..end) {
                other[to] = items[from].clone();
                to += 1;
            }
        }
        core::mem::swap(items, &mut other);
        width *= 2;
    }
    Ok(())
}

pub(super) fn sort(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let compare = call.get(0);
    if !compare.is_undefined() {
        super::function::callback(cx, compare)?;
    }
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let mut items: Vec<'static, Value> = cx.scratch();
    let (mut walk, mut at) = (Walk::new(cx), 0);
    while let Some(i) = walk.next(&object, at, length)? {
        if let Some(value) = super::array::element(cx, &object, i)? {
            items.try_push(value)?;
        }
        at = i + 1;
    }
    sort_values(cx, &mut items, compare)?;
    let count = items.len() as u64;
    for (i, value) in items.iter().enumerate() {
        cx.set_index(&object, i as u64, value.clone())?;
    }
    let (mut walk, mut at) = (Walk::new(cx), count);
    while let Some(i) = walk.next(&object, at, length)? {
        super::array::delete_index(cx, &object, i)?;
        at = i + 1;
    }
    Ok(object.into())
}

/// Sorts by a comparison function, or as strings.
pub(super) fn sort_values(
    cx: &mut Context,
    items: &mut Vec<'static, Value>,
    compare: &Value,
) -> JsResult<()> {
    if compare.is_undefined() && items.iter().all(|v| v.is_int()) {
        return sort_ints_as_text(cx, items);
    }
    merge_sort(cx, items, &mut |cx, a, b| in_order(cx, compare, a, b))
}

/// Elements that are sorted in one go: well under a millisecond.
const SORTED_AT_ONCE: usize = 1 << 13;

/// Sorts values whose order runs no script, by runs that are then merged, each paid.
pub(super) fn sort_plain<T: Copy>(
    cx: &mut Context,
    items: &mut Vec<'static, T>,
    order: &mut dyn FnMut(&T, &T) -> core::cmp::Ordering,
) -> JsResult<()> {
    let count = items.len();
    for run in items.chunks_mut(SORTED_AT_ONCE) {
        cx.pay_elements(run.len() * 32)?;
        run.sort_unstable_by(&mut *order);
    }
    if count <= SORTED_AT_ONCE {
        return Ok(());
    }
    let mut other: Vec<'static, T> = cx.scratch();
    other.try_extend_from_slice(items)?;
    let mut width = SORTED_AT_ONCE;
    while width < count {
        for start in (0..count).step_by(width * 2) {
            let (middle, end) = ((start + width).min(count), (start + width * 2).min(count));
            let (mut left, mut right, mut to) = (start, middle, start);
            while to < end {
                let stop = cx.next_costly_run(to, end, 4)?;
                while to < stop {
                    let from_left =
                        right == end || (left < middle && order(&items[left], &items[right]).is_le());
                    let from = if from_left { &mut left } else { &mut right };
                    other[to] = items[*from];
                    *from += 1;
                    to += 1;
                }
            }
        }
        core::mem::swap(items, &mut other);
        width *= 2;
    }
    Ok(())
}

/// Integers in the order of their decimal texts, without making strings.
fn sort_ints_as_text(cx: &mut Context, items: &mut Vec<'static, Value>) -> JsResult<()> {
    let mut keys: Vec<'static, ([u8; 12], i32)> = cx.scratch();
    cx.pay_elements(items.len() * 4)?;
    for value in items.iter() {
        let int = value.int_unchecked();
        let mut digits = [0; 20];
        let text = crate::text::atom::decimal(u64::from(int.unsigned_abs()), &mut digits);
        let mut key = [0u8; 12];
        let sign = usize::from(int < 0);
        if int < 0 {
            key[0] = b'-';
        }
        key[sign..sign + text.len()].copy_from_slice(text);
        keys.try_push((key, int))?;
    }
    // Equal keys are equal integers: stability cannot be seen.
    sort_plain(cx, &mut keys, &mut Ord::cmp)?;
    for (value, (_, int)) in items.iter_mut().zip(keys.iter()) {
        *value = Value::int(*int);
    }
    Ok(())
}
