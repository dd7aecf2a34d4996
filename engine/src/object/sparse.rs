//! Objects whose properties come and go, and arrays between their sparse and dense forms: storage that is put in
//! order, none of which a script can see.

use core::ptr::NonNull;

use super::array::DENSE_AGAIN_PART;
use super::{EXT_FLAGS, EXT_HEAD_BYTES, ObjectHead, PropertyFlags, ShapeTable, shape_flags};
use crate::heap;
use crate::mem::{Use, Vec};
use crate::value::{JsResult, Object, Value, kind};

/// Named properties of an array that is made dense again: with more it stays sparse.
const MAX_NAMED: usize = 64;

impl Object {
    /// Closes the gaps that deleted properties left in a dictionary, so that its memory follows the number of
    /// properties and not that of all there ever were.
    #[cold]
    pub(super) fn drop_deleted(&self) -> JsResult<()> {
        let shape = self.shape();
        let mut to = 0;
        ShapeTable::current().drop_deleted(shape, &mut |from| {
            if from != to {
                // SAFETY: both slots exist; the lower one held a deleted property, and so a hole.
                unsafe { core::ptr::swap(self.slot_place(from), self.slot_place(to)) };
            }
            to += 1;
        })
    }

    /// Gives a sparse array dense slots again, if enough of them would be used and its elements are ordinary.
    pub fn become_dense(&self) -> JsResult<bool> {
        const KEEPS: u32 =
            shape_flags::NOT_EXTENSIBLE | shape_flags::LENGTH_READ_ONLY | shape_flags::PROTOTYPE;
        let shape = self.shape();
        let Some(array) = self.as_array().filter(|array| array.is_sparse()) else { return Ok(false) };
        if self.kind() != kind::ARRAY || shape.has(KEEPS) || shape.inline_capacity() != 0 {
            return Ok(false);
        }
        let (mut elements, mut named) = (0u64, 0);
        for slot in 0..shape.count() {
            let Some(property) = shape.property(slot) else { continue };
            if property.atom.as_array_index().is_none() {
                named += 1;
            } else if property.flags == PropertyFlags::DEFAULT {
                elements += 1;
            } else {
                return Ok(false);
            }
        }
        if elements * DENSE_AGAIN_PART < u64::from(array.length()) || named > MAX_NAMED {
            return Ok(false);
        }
        let table = ShapeTable::current();
        let mut target = table.root(shape.prototype(), 0, 0)?;
        for slot in 0..shape.count() {
            if let Some(property) = shape.property(slot)
                && property.atom.as_array_index().is_none()
            {
                target = table.child(target, property.atom, property.flags)?;
            }
        }
        let mut kept: Vec<'static, Value> = Vec::new(heap::current().mem().memory(Use::Scratch));
        kept.try_reserve_exact(named)?;
        array.become_dense(if elements == 0 { 0 } else { array.length() })?;
        // From here on only slots are moved, and nothing is refused.
        let head = self.head();
        for slot in 0..shape.count() {
            let Some(property) = shape.property(slot) else { continue };
            // SAFETY: slots that the shape counts exist; what is left behind needs no drop.
            let value = unsafe { core::mem::replace(&mut *self.slot_place(slot), Value::HOLE) };
            match property.atom.as_array_index() {
                Some(index) => drop(array.set_dense(index, value)),
                None => drop(kept.try_push(value)),
            }
        }
        let (slots, capacity) = head.ext_slots();
        for (to, value) in kept.drain(..).enumerate() {
            // SAFETY: there are fewer slots in use than before.
            unsafe { slots.add(to).write(value) };
        }
        self.set_shape(target);
        if named == 0
            && let Some(slots) = NonNull::new(slots)
        {
            head.ext.set(head.ext.get() & EXT_FLAGS);
            // SAFETY: the block is this object's alone, has this layout, and its slots are holes.
            unsafe {
                let block = slots.cast::<u8>().sub(EXT_HEAD_BYTES);
                heap::current().mem().free(Use::Slots, block, ObjectHead::ext_layout(capacity));
            }
        }
        Ok(true)
    }
}
