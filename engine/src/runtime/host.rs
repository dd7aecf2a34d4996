//! What the runtime does for its host: output, tear-down.

use std::io::Write;

use super::{Context, Runtime};
use crate::heap::Reason;
use crate::text::Text;

/// How often the last collection is tried when the allocator refuses its tables.
const TEAR_DOWN_TRIES: usize = 4;

impl Context {
    /// Writes a line to the host's output, as UTF-8. Failures to write are the host's business.
    pub(crate) fn host_print(&mut self, line: Text<'_>) {
        let output = &mut self.rt().output;
        let mut bytes = [0u8; 256];
        let mut used = 0;
        for c in char::decode_utf16(line.units()).chain(core::iter::once(Ok('\n'))) {
            let c = c.unwrap_or('\u{FFFD}');
            if used + 4 > bytes.len() {
                let _ = output.write_all(&bytes[..used]);
                used = 0;
            }
            used += c.encode_utf8(&mut bytes[used..]).len();
        }
        let _ = output.write_all(&bytes[..used]);
        let _ = output.flush();
    }
}

impl Runtime {
    /// Forgets the patterns compiled lately; RegExps that have them keep them.
    pub(crate) fn forget_programs(&mut self) {
        for program in &mut self.programs {
            drop(program.take());
        }
    }

    /// Leaves all cells as they are, for the memory to be dropped whole. What the runtime holds is let go in
    /// [`Runtime::tear_down`] all the same: it may be the host's.
    ///
    /// # Safety
    /// 1. No script runs again, and no cell is looked at.
    /// 2. There is a pool in front of the allocator.
    pub(crate) unsafe fn abandon(&mut self) {
        // SAFETY: (1, 2) the caller's duties; the memory is the runtime's last field.
        unsafe { self.heap.abandon() };
    }

    /// Lets everything go that the runtime itself holds, and collects what is then garbage. `told` says that
    /// what is left will be told as leaked.
    pub(crate) fn tear_down(&mut self, told: bool) {
        // Nothing is put off any more; what waited goes first.
        self.heap.set_release_budget(0);
        self.heap.free_waiting(0);
        while let Some(job) = self.jobs.pop() {
            drop(job);
        }
        while let Some(wait) = self.waits.pop() {
            drop(wait);
        }
        drop(self.pending.take());
        self.clear_kept_alive();
        while let Some(module) = self.modules.pop() {
            drop(module);
        }
        self.module_loader = None;
        drop(self.symbol_registry.take());
        drop(self.machine.extra_arguments.take());
        self.interrupt = None;
        self.regexp = None;
        self.forget_programs();
        self.rejection_tracker = None;
        self.rejections.clear();
        self.heap.set_observer(None);
        self.heap.set_log(None);
        self.heap.set_garbage_hook(None);
        if self.heap.is_abandoned() {
            return;
        }
        // What the allocator refuses once it may give the next time.
        for _ in 0..TEAR_DOWN_TRIES {
            if self.heap.collect(Reason::TearDown).is_ok() {
                return;
            }
        }
        // Without memory for the tables all cells are freed later, whoever refers to them. Only somebody who wants to
        // know which were leaked gets them beyond the limit.
        if told {
            self.mem.set_limit(0);
            let _ = self.heap.collect(Reason::TearDown);
        }
    }

    /// Lets the predefined atoms go: the last thing of a tear-down.
    pub(crate) fn let_atoms_go(&mut self) {
        self.atoms.empty();
    }
}
