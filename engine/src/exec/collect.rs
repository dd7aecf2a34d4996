//! When object allocation asks for a collection.

use crate::runtime::Context;

impl Context {
    /// Collects cycles if the trigger policy says so. Called where objects are made and everything in use
    /// is owned: on the stack, or by a Rust variable.
    #[inline(always)]
    pub fn collect_if_due(&mut self) {
        let rt = self.rt();
        if rt.heap.wants_collection() {
            rt.heap.maybe_collect();
        }
    }
}
