//! Allocators that wrap another one: to watch, to limit, to test.
//!
//! Every wrapper is generic over the allocator inside and is again an allocator, so they stack in any
//! order. A wrapper reports the figures that callers see at its own door; what it does not count it
//! passes on from inside.

mod counting;
mod fail;
mod guard;
mod limit;
mod poison;
mod tally;
mod trace;

pub use counting::Counting;
pub use fail::{Fail, FailHandle, Plan};
pub(crate) use guard::DEFAULT_ZONE;
pub use guard::{Guard, Noticed, Violation, ViolationKind, Violations};
pub use limit::Limit;
pub use poison::Poison;
pub(crate) use trace::{FNV_START, LARGE, LINE, MAGIC, Tag, WHOLE_DESTROY, WHOLE_TRIM, fnv};
pub use trace::{Trace, take_trace_failure};

/// What fresh memory is filled with: a value that is neither a valid pointer, nor a small number,
/// nor text.
pub const FRESH_BYTE: u8 = 0xA5;
/// What freed memory is filled with.
pub const FREED_BYTE: u8 = 0xDD;
