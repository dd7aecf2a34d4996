//! Going over the indices of an array-like that may have an element.
//!
//! The specification asks for each index up to the length whether there is a property. Where the answer cannot be
//! seen or changed by a script, and no prototype has integer keys, holes are passed without asking: methods take
//! time in proportion to the elements, not to the length.

use super::array::{delete_index, has_index};
use crate::mem::Vec;
use crate::object::{ArrayCell, PropertyFlags, ShapeTable, has_own_indices, shape_flags};
use crate::runtime::Context;
use crate::text::Atom;
use crate::value::{JsResult, Object, Value, kind};

/// The array part of an array in which a hole is nothing: asking for it runs no script and finds no property of a
/// prototype.
pub(super) fn holes_are_nothing(object: &Object) -> Option<&ArrayCell> {
    let array = object.as_array().filter(|_| object.kind() == kind::ARRAY)?;
    let asks = ShapeTable::current().has_indexed_prototypes() || has_own_indices(object.shape().prototype());
    (!asks).then_some(array)
}

/// Whether an array has an element in the dense slot of an index: then there is nothing else to look at.
#[inline(always)]
fn has_dense(object: &Object, index: u64) -> bool {
    let Ok(index) = u32::try_from(index) else { return false };
    object.kind() == kind::ARRAY && object.as_array().is_some_and(|array| array.has_dense(index))
}

/// A walk over the indices of one array-like, which may change meanwhile.
pub(super) struct Walk {
    // What the list of a sparse array's indices was made from, and the list, sorted.
    shape: Value,
    stamp: (u32, u8),
    list: Vec<'static, u32>,
}

impl Walk {
    pub(super) fn new(cx: &mut Context) -> Walk {
        Walk { shape: Value::UNDEFINED, stamp: (0, 0), list: cx.scratch() }
    }

    /// Lists the indices of a sparse array, unless what was listed still holds: indices that are gone may be left.
    fn list(&mut self, object: &Object) -> JsResult<()> {
        let shape = object.shape();
        let value = shape.to_value();
        if value.bits() == self.shape.bits() && shape.stamp() == self.stamp {
            return Ok(());
        }
        self.list.clear();
        for slot in 0..shape.count() {
            if let Some(index) = shape.property(slot).and_then(|property| property.atom.as_array_index()) {
                self.list.try_push(index)?;
            }
        }
        self.list.sort_unstable();
        self.stamp = shape.stamp();
        self.shape = value;
        Ok(())
    }

    /// The first index in `from..end` at which there may be a property.
    #[inline(always)]
    pub(super) fn next(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
        if from < end && has_dense(object, from) { Ok(Some(from)) } else { self.find_next(object, from, end) }
    }

    #[inline(never)]
    fn find_next(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
        if from >= end {
            return Ok(None);
        }
        let Some(array) = holes_are_nothing(object) else { return Ok(Some(from)) };
        let (Ok(start), stop) = (u32::try_from(from), u32::try_from(end).unwrap_or(u32::MAX)) else {
            return Ok(None);
        };
        if !array.is_sparse() {
            return Ok(array.next_dense(start, stop).map(u64::from));
        }
        self.list(object)?;
        let at = self.list.partition_point(|&index| index < start);
        Ok(self.list.get(at).copied().filter(|&index| index < stop).map(u64::from))
    }

    /// The last index in `from..end` at which there may be a property.
    #[inline(always)]
    pub(super) fn last(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
        if from < end && has_dense(object, end - 1) {
            return Ok(Some(end - 1));
        }
        self.find_last(object, from, end)
    }

    #[inline(never)]
    fn find_last(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
        if from >= end {
            return Ok(None);
        }
        let Some(array) = holes_are_nothing(object) else { return Ok(Some(end - 1)) };
        let (Ok(start), stop) = (u32::try_from(from), u32::try_from(end).unwrap_or(u32::MAX)) else {
            return Ok(None);
        };
        if !array.is_sparse() {
            return Ok(array.last_dense(start, stop).map(u64::from));
        }
        self.list(object)?;
        let at = self.list.partition_point(|&index| index < stop);
        let last = at.checked_sub(1).and_then(|at| self.list.get(at));
        Ok(last.copied().filter(|&index| index >= start).map(u64::from))
    }
}

/// Moves the elements of a sparse array from `start` on: each to the index that `to` gives for its own, or away where
/// that is none. False, and nothing done, where moving them can be seen.
pub(super) fn move_sparse(
    cx: &mut Context,
    object: &Object,
    start: u64,
    mut to: impl FnMut(u64) -> Option<u64>,
) -> JsResult<bool> {
    const REFUSES: u32 = shape_flags::NOT_EXTENSIBLE | shape_flags::LENGTH_READ_ONLY;
    let shape = object.shape();
    let sparse = holes_are_nothing(object).is_some_and(ArrayCell::is_sparse);
    if !sparse || shape.has(REFUSES) {
        return Ok(false);
    }
    let mut moved: Vec<'static, (u32, Value)> = cx.scratch();
    for slot in 0..shape.count() {
        let Some(property) = shape.property(slot) else { continue };
        let Some(index) = property.atom.as_array_index() else { continue };
        if property.flags != PropertyFlags::DEFAULT {
            return Ok(false);
        }
        if u64::from(index) >= start && to(u64::from(index)) != Some(u64::from(index)) {
            moved.try_push((index, object.slot(slot)))?;
        }
    }
    moved.sort_unstable_by_key(|&(index, _)| index);
    for (index, _) in moved.iter() {
        let key = Atom::from_index(u64::from(*index))?;
        if let Some((slot, _)) = object.find(key.raw()) {
            object.remove_property(slot)?;
        }
    }
    for (index, value) in moved.drain(..) {
        if let Some(index) = to(u64::from(index)) {
            cx.create_index_or_throw(object, index, value)?;
        }
    }
    Ok(true)
}

/// The distances below `count` at which an array has an element behind `from` or behind `to`, ascending: nothing else
/// is moved or deleted by copying the one range to the other. `None` where more than that can be seen.
pub(super) fn relevant(
    cx: &mut Context,
    object: &Object,
    from: u64,
    to: u64,
    count: u64,
) -> JsResult<Option<Vec<'static, u64>>> {
    list_of(cx, object, |index, list| {
        for base in [from, to] {
            if let Some(distance) = index.checked_sub(base).filter(|&distance| distance < count) {
                list.try_push(distance)?;
            }
        }
        Ok(())
    })
}

/// The lower indices of the pairs that lie as far from the beginning as from the end of an array, ascending, where at
/// least one of the two has an element. `None` where going over the others can be seen.
pub(super) fn relevant_pairs(
    cx: &mut Context,
    object: &Object,
    length: u64,
) -> JsResult<Option<Vec<'static, u64>>> {
    list_of(cx, object, |index, list| {
        let low = index.min((length - 1).saturating_sub(index));
        if low < length / 2 { Ok(list.try_push(low)?) } else { Ok(()) }
    })
}

/// What `note` appends for each index at which an array has an element: ascending, each once. `None` where a script
/// sees who asks for an element.
fn list_of(
    cx: &mut Context,
    object: &Object,
    mut note: impl FnMut(u64, &mut Vec<'static, u64>) -> JsResult<()>,
) -> JsResult<Option<Vec<'static, u64>>> {
    let Some(array) = holes_are_nothing(object) else { return Ok(None) };
    let mut list: Vec<'static, u64> = cx.scratch();
    if array.is_sparse() {
        let shape = object.shape();
        for slot in 0..shape.count() {
            let Some(property) = shape.property(slot) else { continue };
            let Some(index) = property.atom.as_array_index() else { continue };
            if property.flags.is_accessor() {
                return Ok(None);
            }
            note(u64::from(index), &mut list)?;
        }
    } else {
        let (mut at, end) = (0, array.length());
        while let Some(index) = array.next_dense(at, end) {
            note(u64::from(index), &mut list)?;
            at = index + 1;
        }
    }
    list.sort_unstable();
    // Each once.
    let mut kept = 0;
    for i in 0..list.len() {
        if i == 0 || list[i] != list[kept - 1] {
            list[kept] = list[i];
            kept += 1;
        }
    }
    list.truncate(kept);
    Ok(Some(list))
}

/// Moves the property at `from` to `to`, or deletes the latter if there is none.
pub(super) fn move_index(cx: &mut Context, object: &Object, from: u64, to: u64) -> JsResult<()> {
    if has_index(cx, object, from)? {
        let value = cx.get_index(object, from)?;
        cx.set_index(object, to, value)
    } else {
        delete_index(cx, object, to)
    }
}

/// Moves the elements in `from..end` by `count` indices down, and deletes what was there above.
pub(super) fn move_down(cx: &mut Context, object: &Object, from: u64, end: u64, count: u64) -> JsResult<()> {
    if let Some(list) = relevant(cx, object, from, from - count, end - from)? {
        for distance in list.iter() {
            move_index(cx, object, from + distance, from + distance - count)?;
        }
        let (mut walk, mut at) = (Walk::new(cx), end);
        while let Some(i) = walk.last(object, end - count, at)? {
            delete_index(cx, object, i)?;
            at = i;
        }
        return Ok(());
    }
    for i in from..end {
        move_index(cx, object, i, i - count)?;
    }
    for i in (end - count..end).rev() {
        delete_index(cx, object, i)?;
    }
    Ok(())
}

/// Moves the elements in `start..end` by `count` indices up.
pub(super) fn move_up(cx: &mut Context, object: &Object, start: u64, end: u64, count: u64) -> JsResult<()> {
    if let Some(list) = relevant(cx, object, start, start + count, end - start)? {
        for distance in list.iter().rev() {
            move_index(cx, object, start + distance, start + distance + count)?;
        }
        return Ok(());
    }
    for i in (start..end).rev() {
        move_index(cx, object, i, i + count)?;
    }
    Ok(())
}

/// Exchanges the properties at two indices, or their absence.
pub(super) fn exchange(cx: &mut Context, object: &Object, low: u64, high: u64) -> JsResult<()> {
    let has_low = has_index(cx, object, low)?;
    let low_value = if has_low { cx.get_index(object, low)? } else { Value::UNDEFINED };
    let has_high = has_index(cx, object, high)?;
    let high_value = if has_high { cx.get_index(object, high)? } else { Value::UNDEFINED };
    if has_high {
        cx.set_index(object, low, high_value)?;
    } else if has_low {
        delete_index(cx, object, low)?;
    }
    if has_low {
        cx.set_index(object, high, low_value)?;
    } else if has_high {
        delete_index(cx, object, high)?;
    }
    Ok(())
}
