//! Elements in bulk: copied, moved and made in runs, each of which is paid before it is done.
//!
//! While a run is paid for the interrupt handler may run scripts, which may change the arrays. Between two runs an
//! array is therefore whole, and what follows is done only if it still is as it was left; where it is not, these
//! functions say how far they came, and the methods go on by the object protocol.

use crate::mem::Vec;
use crate::object::{ArrayCell, ElementsBlock};
use crate::runtime::Context;
use crate::value::{JsResult, Object, Thrown, Value};

/// So many elements are moved in one go.
const AT_ONCE: u32 = 1 << 14;

/// Appends the elements `start..end` of one array, holes as holes, to another that is `length` long. Gives the index
/// that comes next: `end`, or one before where the arrays are not plain, or not any longer.
pub(super) fn append_elements(
    cx: &mut Context,
    source: &Object,
    target: &Object,
    (start, end): (u64, u64),
    length: u64,
) -> JsResult<u64> {
    let count = end - start;
    if count == 0 || Object::same(source, target) || length + count >= u64::from(u32::MAX) {
        return Ok(start);
    }
    let fits = |cx: &Context, at: u32| {
        let (from, to) = (cx.plain(source)?, cx.plain(target)?);
        (u64::from(from.length()) >= end && to.length() == at).then_some((from, to))
    };
    let (start, length, mut at) = (start as u32, length as u32, start as u32);
    let Some((from, to)) = fits(cx, length) else { return Ok(u64::from(start)) };
    let dense_end = (end as u32).min(from.dense_length()).max(start);
    // Behind many holes there are no slots worth their memory.
    if dense_end > start && (length / 4 > to.dense_length() + 64 || length >= ArrayCell::MAX_DENSE / 2) {
        return Ok(u64::from(start));
    }
    if length == 0 && to.capacity() == 0 && dense_end - start > AT_ONCE {
        let mut block = ElementsBlock::new(dense_end - start)?;
        while at < dense_end {
            let stop = cx.next_run(at as usize, dense_end as usize)? as u32;
            let Some((from, _)) = fits(cx, length) else { return Ok(u64::from(start)) };
            block.extend_from(from, at, stop);
            if block.count() != stop - start {
                return Ok(u64::from(start));
            }
            at = stop;
        }
        if !to.adopt(block) {
            return Ok(u64::from(start));
        }
    }
    while at < dense_end {
        let stop = cx.next_run(at as usize, dense_end as usize)? as u32;
        let Some((from, to)) = fits(cx, length + (at - start)) else { return Ok(u64::from(at)) };
        to.append_range(from, at, stop)?;
        at = stop;
    }
    // Behind the dense slots there are only holes.
    if let Some((from, to)) = fits(cx, length + (at - start)) {
        to.append_range(from, at, end as u32)?;
        at = end as u32;
    }
    Ok(u64::from(at))
}

/// The array, if it is plain and so long, with so many dense slots at least.
fn still<'o>(cx: &Context, object: &'o Object, length: u32, dense: u32) -> Option<&'o ArrayCell> {
    cx.plain(object).filter(|array| array.length() == length && array.dense_length() >= dense)
}

/// Removes `count` elements of a plain array from `start` on, moving the rest down. Gives the index of the first
/// element that was not moved, where somebody else changed the array meanwhile.
pub(super) fn close_gap(cx: &mut Context, object: &Object, start: u32, count: u32) -> JsResult<Option<u64>> {
    let Some(array) = cx.plain(object) else { return Ok(Some(u64::from(start + count))) };
    let (length, dense) = (array.length(), array.dense_length());
    let (first, end) = (start.min(dense), (start + count).min(dense));
    let mut at = first;
    while at < end {
        let stop = cx.next_run(at as usize, end as usize)? as u32;
        let Some(array) = still(cx, object, length, dense) else {
            return Ok(Some(u64::from(start + count)));
        };
        array.clear(at, stop);
        at = stop;
    }
    if start == 0 || dense - end <= AT_ONCE {
        cx.pay_elements(if start == 0 { 0 } else { (dense - end) as usize })?;
        let Some(array) = still(cx, object, length, dense) else {
            return Ok(Some(u64::from(start + count)));
        };
        array.shift_dense(start, count);
        return Ok(None);
    }
    while at < dense {
        let stop = cx.next_run(at as usize, dense as usize)? as u32;
        let moved =
            still(cx, object, length, dense).is_some_and(|array| array.slide(at, at - count, stop - at));
        if !moved {
            return Ok(Some(u64::from(at)));
        }
        at = stop;
    }
    if let Some(array) = still(cx, object, length, dense) {
        array.set_length(length - count);
    }
    Ok(None)
}

/// Opens a gap of `count` holes in a plain array at `start`, moving the rest up. Gives the index behind the last
/// element that was not moved, where somebody else changed the array meanwhile.
pub(super) fn open_gap(cx: &mut Context, object: &Object, start: u32, count: u32) -> JsResult<Option<u64>> {
    let Some(array) = cx.plain(object) else { return Ok(Some(u64::MAX)) };
    let (length, dense) = (array.length(), array.dense_length());
    let behind = if start == 0 && array.cut() >= count { 0 } else { dense.saturating_sub(start) };
    if behind <= AT_ONCE {
        array.open_gap(start, count)?;
        cx.pay_elements(behind as usize)?;
        return Ok(None);
    }
    if array.capacity() < dense + count {
        array.grow((dense + count).saturating_add(dense / 4))?;
    }
    array.set_length(length + count);
    let mut end = dense;
    while end > start {
        // Paid from the other side, which costs the same.
        let run = cx.next_run(start as usize, end as usize)? as u32 - start;
        let moved = still(cx, object, length + count, dense + count)
            .is_some_and(|array| array.slide(end - run, end - run + count, run));
        if !moved {
            return Ok(Some(u64::from(end)));
        }
        end -= run;
    }
    Ok(None)
}

/// Fills the dense slots `start..end` of a plain array. Gives the index that comes next: `end`, or one before where
/// the array has no such slots, or not any longer.
pub(super) fn fill_elements(
    cx: &mut Context,
    object: &Object,
    value: &Value,
    start: u64,
    end: u64,
) -> JsResult<u64> {
    let Some(array) = cx.plain(object) else { return Ok(start) };
    let length = array.length();
    if start >= end || end > u64::from(length) {
        return Ok(start);
    }
    let (mut at, end) = (start as u32, end as u32);
    if at == 0 && array.capacity() == 0 && end <= ArrayCell::MAX_DENSE {
        // All of it is filled: there is no need for more room than that.
        let mut block = ElementsBlock::new(end)?;
        while at < end {
            let stop = cx.next_run(at as usize, end as usize)? as u32;
            block.extend_with(value, stop - at);
            at = stop;
        }
        let adopted = still(cx, object, length, 0).is_some_and(|array| array.adopt(block));
        return Ok(if adopted { u64::from(end) } else { start });
    }
    while at < end {
        let stop = cx.next_run(at as usize, end as usize)? as u32;
        let Some(array) = cx.plain(object) else { break };
        for index in at..stop {
            if !array.set_dense(index, value.clone()) {
                return Ok(u64::from(index));
            }
        }
        at = stop;
    }
    Ok(u64::from(at))
}

/// Reverses the order of the elements of a plain array. Gives the number of pairs that were exchanged, from the ends
/// on: none where not all elements have slots.
pub(super) fn reverse_elements(cx: &mut Context, object: &Object) -> JsResult<u64> {
    let length = cx.plain(object).map_or(0, ArrayCell::length);
    let (mut at, middle) = (0, length / 2);
    while at < middle {
        let stop = cx.next_run(at as usize, middle as usize)? as u32;
        if !still(cx, object, length, length).is_some_and(|array| array.exchange_ends(at, stop)) {
            break;
        }
        at = stop;
    }
    Ok(u64::from(at))
}

/// Copies the contents of `count` dense slots of a plain array within it, holes as holes. False, with nothing done,
/// where they are no such slots.
pub(super) fn copy_elements(
    cx: &mut Context,
    object: &Object,
    from: u64,
    to: u64,
    count: u64,
) -> JsResult<bool> {
    let dense = cx.plain(object).map_or(0, ArrayCell::dense_length);
    if from.max(to) + count > u64::from(dense) {
        return Ok(false);
    }
    let (from, to, count) = (from as u32, to as u32, count as u32);
    let backward = from < to;
    let mut at = 0;
    while at < count {
        let stop = cx.next_run(at as usize, count as usize)? as u32;
        if let Some(array) = cx.plain(object) {
            for i in at..stop {
                let i = if backward { count - 1 - i } else { i };
                array.copy_slot(from + i, to + i);
            }
        }
        at = stop;
    }
    Ok(true)
}

impl Context {
    /// A new array of a list of values.
    pub(super) fn array_of_list(&mut self, mut list: Vec<'static, Value>) -> JsResult<Object> {
        if list.len() <= AT_ONCE as usize {
            self.pay_elements(list.len())?;
            return self.new_array(&list);
        }
        let count = u32::try_from(list.len()).map_err(|_| Thrown::OutOfMemory)?;
        let array = self.new_array(&[])?;
        let mut block = ElementsBlock::new(count)?;
        let mut at = 0;
        while at < list.len() {
            let stop = self.next_run(at, list.len())?;
            for value in &mut list[at..stop] {
                block.push(core::mem::take(value));
            }
            at = stop;
        }
        match array.as_array() {
            Some(cell) if cell.adopt(block) => Ok(array),
            _ => Err(Thrown::OutOfMemory),
        }
    }
}
