//! Why a computation stopped.

use crate::mem::OutOfMemory;

/// An abrupt completion on its way up. It is small on purpose: the thrown value, when there is one,
/// waits in the runtime, and running out of memory needs no memory to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Thrown {
    /// An exception value is pending in the runtime.
    Exception,
    /// Memory ran out: becomes `InternalError: out of memory` where a handler catches it.
    OutOfMemory,
    /// A string would pass the length limit: becomes `RangeError: invalid string length`.
    StringTooLong,
    /// The stack is exhausted: becomes `RangeError: Maximum call stack size exceeded`, in
    /// QuickJS's words `InternalError: stack overflow`.
    StackOverflow,
    /// The embedder's interrupt handler asked to stop; no script can catch it.
    Terminated,
}

impl From<OutOfMemory> for Thrown {
    fn from(_: OutOfMemory) -> Thrown {
        Thrown::OutOfMemory
    }
}

/// The result of whatever may complete abruptly.
pub type JsResult<T> = Result<T, Thrown>;
