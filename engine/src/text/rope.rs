//! Ropes: concatenations not yet carried out, and slices of other strings.
//!
//! # Invariants
//! - A rope's `right` says what it is. A string: a concatenation, whose children have together `len` units, none of
//!   them empty; it is wide if either child is. `undefined`: one that was carried out; then `left` is flat and
//!   whole. An int: a *slice*, the `len` units of the flat string `left` from there on, wide if that is.
//! - A slice is never carried out in place: who reads its units reads those of `left`, which does not change
//!   because the slice has a reference to it.

use core::cell::UnsafeCell;
use core::ptr::NonNull;

use super::string::{Flat, ROPE_CHUNK_BYTES, SLICE_UNITS, Text, alloc_flat, flat_text, own, write_units};
use crate::heap::{self, Cell, Header, Tracer};
use crate::mem::{Use, Vec};
use crate::value::{JsResult, JsString, Thrown, Value, kind};

/// A concatenation not yet carried out, or a part of another string.
#[repr(C)]
pub struct Rope {
    header: Header,
    len: u32,
    wide: bool,
    left: UnsafeCell<Value>,
    right: UnsafeCell<Value>,
}

// SAFETY: `repr(C)` with the header first; both children are reported.
unsafe impl Cell for Rope {
    const KIND: u8 = kind::ROPE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: no reference into the cells is alive while the collector runs.
        unsafe {
            (*self.left.get()).trace(tracer);
            (*self.right.get()).trace(tracer);
        }
    }
}

impl Rope {
    /// Offset of the number of units, as in flat strings.
    pub(super) const LENGTH_OFFSET: usize = core::mem::offset_of!(Rope, len);

    /// Whether the units are wide.
    pub(super) fn is_wide(&self) -> bool {
        self.wide
    }

    /// The units of a slice; `None` if this is none.
    #[inline]
    pub(super) fn slice_text(&self) -> Option<Text<'_>> {
        // SAFETY: neither side of a slice changes while it lives, and its left side is flat.
        unsafe {
            let start = (*self.right.get()).as_int()? as usize;
            Some(flat_text((*self.left.get()).cell_unchecked()).slice(start, start + self.len as usize))
        }
    }

    /// The units; a concatenation is carried out first.
    pub(super) fn text(&self) -> JsResult<Text<'_>> {
        match self.slice_text() {
            Some(text) => Ok(text),
            // SAFETY: the rope holds the flat cell, and does not change it again while it is borrowed.
            None => Ok(unsafe { flat_text(self.flatten()?) }),
        }
    }

    /// The flat string at the left end, when only this rope leads to it and it has the larger part of the units:
    /// the rest can then be written behind them. A string that is read after each time it was appended to is not
    /// copied each time so.
    ///
    /// # Safety
    /// 1. No reference into the ropes below this one is alive.
    unsafe fn growable_end(&self) -> Option<*mut Value> {
        let mut place = self.left.get();
        // SAFETY: (1) the cells are alive, each held by the one before it.
        unsafe {
            loop {
                let cell = (*place).cell_unchecked();
                let header = cell.as_ref();
                if header.count() != 1 {
                    return None;
                }
                if header.kind() == kind::ROPE {
                    let rope = cell.cast::<Rope>().as_ref();
                    if (*rope.right.get()).is_int() {
                        return None;
                    }
                    place = rope.left.get();
                    continue;
                }
                let flat = &*place.cast::<JsString>();
                let fits = header.tag() == 0 && flat.is_wide() == self.wide && flat.len() >= SLICE_UNITS;
                return (fits && flat.len() * 2 >= self.len as usize).then_some(place);
            }
        }
    }

    /// Carries the concatenation out, if that was not done yet; the cell with the units.
    pub(super) fn flatten(&self) -> JsResult<NonNull<Header>> {
        // SAFETY: no reference into the two cells outlives this function; nothing called here
        // runs JavaScript or looks at this rope.
        unsafe {
            if (*self.right.get()).is_undefined() {
                return Ok((*self.left.get()).cell_unchecked());
            }
            debug_assert!((*self.right.get()).is_string(), "a slice is not carried out");
            let len = self.len as usize;
            let mut pending: Vec<'_, NonNull<Header>> = Vec::new(heap::current().mem().memory(Use::Scratch));
            let end_place = self.growable_end();
            let (cell, start) = match end_place {
                None => (alloc_flat(len, self.wide, 0)?, 0),
                Some(place) => {
                    // It stays where it is, with room behind its units, until all is written.
                    let flat = &mut *place.cast::<JsString>();
                    flat.reserve(len)?;
                    (flat.as_cell(), flat.len())
                }
            };
            let fresh = if end_place.is_none() { Some(own(cell)) } else { None };
            let mut end = len;
            pending.try_push((*self.left.get()).cell_unchecked())?;
            let mut next = Some((*self.right.get()).cell_unchecked());
            // From the right end to the left: ropes that grew by appending need no deep stack.
            while let Some(part) = next.take().or_else(|| pending.pop()) {
                if end == start {
                    break;
                }
                let mut text = None;
                if part.as_ref().kind() == kind::ROPE {
                    let rope = part.cast::<Rope>().as_ref();
                    text = rope.slice_text();
                    if text.is_none() {
                        if (*rope.right.get()).is_undefined() {
                            next = Some((*rope.left.get()).cell_unchecked());
                        } else {
                            pending.try_push((*rope.left.get()).cell_unchecked())?;
                            next = Some((*rope.right.get()).cell_unchecked());
                        }
                        continue;
                    }
                }
                let text = text.unwrap_or_else(|| flat_text(part));
                end -= text.len();
                write_units(cell, self.wide, end, text);
            }
            debug_assert_eq!(end, start);
            let whole = match (fresh, end_place) {
                (Some(whole), _) => whole.into(),
                (None, Some(place)) => {
                    Flat::<false>::set_len(cell, len);
                    // The ropes in between are nobody else's, and go with the old left side.
                    (*place).take()
                }
                (None, None) => return Err(Thrown::OutOfMemory),
            };
            let old = core::mem::replace(&mut *self.left.get(), whole);
            let right = (*self.right.get()).take();
            drop((old, right));
            Ok(cell)
        }
    }
}

impl JsString {
    /// Calls `visit` with the first `most` units. Unlike [`JsString::text`] it carries no concatenation out:
    /// nothing is allocated, and no cell changes.
    pub fn beginning(&self, most: usize, visit: &mut dyn FnMut(u16)) {
        let mut at = self.as_value();
        while let Some(rope) = at.downcast::<Rope>() {
            // SAFETY: nothing here changes the rope while the references are alive.
            let (left, right) = unsafe { (&*rope.left.get(), &*rope.right.get()) };
            if let Some(text) = rope.slice_text() {
                return text.slice(0, most.min(text.len())).units().for_each(visit);
            }
            if let (Some(head), Some(tail)) = (left.as_string(), right.as_string())
                && head.len() < most
            {
                // No part of a rope is empty, so that this goes at most `most` levels deep.
                head.beginning(most, visit);
                return tail.beginning(most - head.len(), visit);
            }
            at = left;
        }
        // SAFETY: a string that is no rope is flat, and does not change while `self` is borrowed.
        let text = unsafe { flat_text(at.cell_unchecked()) };
        text.slice(0, most.min(text.len())).units().for_each(visit);
    }

    /// The units from `start` to `end` as a slice; `None` if they are too small a part of what they come from, which
    /// lives as long. The text was read, so that it is at hand.
    pub(super) fn slice(&self, start: usize, end: usize) -> JsResult<Option<JsString>> {
        let (whole, offset) = match self.downcast::<Rope>() {
            None => (self.as_value(), 0),
            // SAFETY: only read here, while nothing changes the rope; its text was read, so that `left` is flat.
            Some(rope) => unsafe { (&*rope.left.get(), (*rope.right.get()).as_int().unwrap_or(0)) },
        };
        let Some(flat) = whole.as_string().filter(|flat| (end - start) * 2 >= flat.len()) else {
            return Ok(None);
        };
        let rope = Rope {
            header: Header::new(0),
            len: (end - start) as u32,
            wide: flat.is_wide(),
            left: UnsafeCell::new(whole.clone()),
            right: UnsafeCell::new(Value::int(offset + start as i32)),
        };
        let rope = heap::current().alloc(rope, u32::from(kind::ROPE))?;
        // SAFETY: a rope is a string.
        Ok(Some(unsafe { JsString::from_value_unchecked(rope.into()) }))
    }

    /// Appends to the last chunk of a rope that nobody else has. `None` when this is not such a
    /// rope, `Some(false)` when its last chunk is full.
    pub(super) fn append_to_last_chunk(&self, text: Text<'_>) -> JsResult<Option<bool>> {
        let Some(rope) = self.downcast::<Rope>() else { return Ok(None) };
        // SAFETY: with a count of one nobody else sees the rope; no reference into it is alive.
        unsafe {
            if self.as_cell().as_ref().count() != 1 {
                return Ok(None);
            }
            if (*rope.right.get()).is_undefined() {
                // Carried out already: the whole may grow.
                let whole = &mut *rope.left.get().cast::<JsString>();
                if !whole.is_growable(text) {
                    return Ok(None);
                }
                whole.append_in_place(text)?;
                let rope = self.as_cell().cast::<Rope>().as_ptr();
                (*rope).len += text.len() as u32;
                return Ok(Some(true));
            }
            if !(*rope.right.get()).is_string() {
                return Ok(None);
            }
            let last = &mut *rope.right.get().cast::<JsString>();
            if !last.is_flat() || !last.is_growable(text) || (last.len() + text.len()) * 2 > ROPE_CHUNK_BYTES
            {
                return Ok(Some(false));
            }
            last.append_in_place(text)?;
            let rope = self.as_cell().cast::<Rope>().as_ptr();
            (*rope).len += text.len() as u32;
            Ok(Some(true))
        }
    }

    pub(super) fn new_rope(left: JsString, right: JsString) -> JsResult<JsString> {
        let len = (left.len() + right.len()) as u32;
        let wide = left.is_wide() || right.is_wide();
        let rope = Rope {
            header: Header::new(0),
            len,
            wide,
            left: UnsafeCell::new(left.into()),
            right: UnsafeCell::new(right.into()),
        };
        let rope = heap::current().alloc(rope, u32::from(kind::ROPE))?;
        // SAFETY: a rope is a string.
        Ok(unsafe { JsString::from_value_unchecked(rope.into()) })
    }
}
