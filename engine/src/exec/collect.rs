//! When object allocation asks for a collection.

use crate::runtime::{Context, Intrinsic};
use crate::value::Value;

impl Context {
    /// Collects when a script has caught that memory ran out, so that it can go on: what the try block made may be
    /// cyclic garbage now. What else is caught may be an object that the engine made: the policy is asked.
    pub(crate) fn collect_after_catch(&mut self, caught: &Value) {
        if caught.bits() != self.realm().intrinsic(Intrinsic::OutOfMemoryError).bits() {
            return self.collect_if_due();
        }
        self.rt().heap.collect_after_refusal();
    }

    /// Collects cycles if the trigger policy says so. Called where objects are made, before anything of the new
    /// one is looked up (a shape that no object has goes), and before each call of a native function, which may
    /// make any: everything in use is owned there, on the stack or by a Rust variable.
    #[inline(always)]
    pub fn collect_if_due(&mut self) {
        let rt = self.rt();
        if rt.heap.wants_collection() {
            rt.heap.maybe_collect();
        }
    }
}
