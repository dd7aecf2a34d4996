//! Floor 11: the public face.
//!
//! A [`Runtime`] owns memory and heap (`JSRuntime`); a [`Context`] is a realm in it (`JSContext`).
//! A [`Value`] that the host holds keeps its runtime alive and is given back when it is dropped.
//!
//! ```
//! let runtime = tare::Runtime::builder().memory_limit(64 << 20).build()?;
//! let context = runtime.new_context()?;
//! let value = context.eval("6 * 7", "answer.js")?;
//! assert_eq!(value.as_number(), Some(42.0));
//! # Ok::<(), tare::Error>(())
//! ```
//!
//! # Invariants
//! - Every entry from the host enters the runtime's heap for its duration and sets the lowest
//!   address native code may use from the present stack, so that a runtime may be used on any thread
//!   it was moved to.
//! - `Inner` is dropped when the last handle is gone: then nothing of the host refers to the heap.

mod context;
mod dump;
mod error;
mod host;
mod leaks;
mod memory;
mod modules;
mod runtime;
#[cfg(test)]
mod tests;
mod usage;
mod value;

use core::ptr::NonNull;
use std::rc::Rc;

pub use crate::code::fusions::{Fusion, Fusions};
pub use crate::mem::Front;
pub use crate::runtime::dump::DumpFlags;
pub use crate::runtime::module::ModuleLoader;
pub use crate::runtime::usage::MemoryUsage;
pub use context::{Context, Module};
pub use error::Error;
pub use leaks::{Alive, AliveReport};
pub use memory::HostBlock;
pub use modules::FileLoader;
pub use runtime::{Builder, Leftover, RejectionTracker, Runtime};
pub use usage::{MemoryReport, MemoryRow, TypeSize};
pub use value::{IntoValue, Value};

use crate::heap::Entered;
use crate::runtime as rt;

/// What the handles of a runtime share.
pub(crate) struct Inner {
    pub(crate) state: NonNull<rt::Runtime>,
}

/// An entry from the host; leaving restores what was before.
pub(crate) struct Entry {
    _heap: Entered,
    state: NonNull<rt::Runtime>,
    outermost: bool,
}

impl Inner {
    /// Enters the runtime.
    pub(crate) fn enter(&self) -> Entry {
        // SAFETY: the state lives as long as its handles.
        let state = unsafe { &mut *self.state.as_ptr() };
        let outermost = state.native_stack_floor == 0;
        if outermost {
            state.native_stack_floor = rt::thread_stack::floor(state.native_stack_bytes);
        }
        Entry { _heap: state.heap.enter(), state: self.state, outermost }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.outermost {
            // SAFETY: as in `enter`.
            unsafe {
                (*self.state.as_ptr()).native_stack_floor = 0;
                (*self.state.as_ptr()).clear_kept_alive();
            }
            self.drop_doomed();
        }
    }
}

impl Entry {
    /// Drops what the host gave and the runtime has no use for any more. One after the other, because each may enter the
    /// runtime again, and may panic: the rest is dropped at the next occasion then.
    fn drop_doomed(&self) {
        while !std::thread::panicking() {
            // SAFETY: as in `enter`; the reference is gone before what it gave is dropped.
            let next = unsafe {
                let runtime = &mut *self.state.as_ptr();
                if runtime.ended { None } else { runtime.doomed.pop_front() }
            };
            match next {
                Some(thing) => drop(thing),
                None => break,
            }
        }
    }
}

pub(crate) type Shared = Rc<Inner>;
