//! When object allocation asks for a collection.

use crate::heap::Reason;
use crate::runtime::{Context, Intrinsic};
use crate::value::Value;

impl Context {
    /// Collects when a script has caught that memory ran out, so that it can go on: what the try block made may be
    /// cyclic garbage now. Not again before something was allocated that could be worth it.
    pub(crate) fn collect_if_out_of_memory(&mut self, caught: &Value) {
        if caught.bits() != self.realm().intrinsic(Intrinsic::OutOfMemoryError).bits() {
            return;
        }
        let rt = self.rt();
        let allocations = rt.mem.allocations();
        if allocations >= rt.next_emergency {
            // Without memory for the collector's tables the script has to let go of something itself.
            let _ = rt.heap.collect(Reason::OutOfMemory);
            rt.next_emergency = allocations + rt.heap.live_cells() as u64 / 4;
        }
    }

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
