//! The state of a for-in loop.

use core::cell::Cell as StdCell;

use super::{ObjectHead, Shape};
use crate::heap::{Cell, Tracer};
use crate::mem::Vec;
use crate::text::Atom;
use crate::value::{JsResult, Object, Value, kind};

/// A for-in loop: the object asked, and the names found when it began, own ones first, each name once.
#[repr(C)]
pub struct ForInCell {
    head: ObjectHead,
    object: Value,
    keys: Vec<'static, Atom>,
    next: StdCell<usize>,
}

impl ForInCell {
    /// A new enumeration of `keys` of `object` (an object, or undefined for none).
    pub fn create(shape: &Shape, object: Value, keys: Vec<'static, Atom>) -> JsResult<Object> {
        Object::alloc(ForInCell { head: ObjectHead::new(), object, keys, next: StdCell::new(0) }, shape)
    }

    /// The object asked.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// The next name.
    pub fn next_key(&self) -> Option<&Atom> {
        let at = self.next.get();
        let key = self.keys.get(at)?;
        self.next.set(at + 1);
        Some(key)
    }
}

// SAFETY: `repr(C)` with the header first; head and object are reported (keys are leaves).
unsafe impl Cell for ForInCell {
    const KIND: u8 = kind::FOR_IN;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.object.trace(tracer);
    }
}
