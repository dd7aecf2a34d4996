//! Going over the indices of an array-like that may have an element.
//!
//! The specification asks for each index up to the length whether there is a property. Where the answer cannot be
//! seen or changed by a script, and no prototype has integer keys, holes are passed without asking: methods take
//! time in proportion to the elements, not to the length.

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
    #[inline]
    pub(super) fn next(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
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
    #[inline]
    pub(super) fn last(&mut self, object: &Object, from: u64, end: u64) -> JsResult<Option<u64>> {
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
