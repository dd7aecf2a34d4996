//! Resources that wait for their disposal: of a block with `using` declarations, and the objects
//! DisposableStack and AsyncDisposableStack (ECMA-262 9.5, 27.3, 27.4).

use core::cell::{Cell as StdCell, UnsafeCell};

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::value::{JsResult, Object, Value, kind};

/// How a resource is disposed of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// Its method is called.
    Sync,
    /// Its method is called, and the result awaited.
    Async,
    /// Its method, a synchronous one, is called, and that it ended is awaited.
    AsyncFromSync,
}

/// A DisposableResource record (9.5.2).
#[derive(Clone, Debug)]
pub struct Resource {
    /// [[ResourceValue]]: what the method is called on.
    pub value: Value,
    /// The method is called with the value as its argument instead (`adopt`).
    pub as_argument: bool,
    /// [[DisposeMethod]]: undefined for a null or undefined value, which still asks for an await.
    pub method: Value,
    /// [[Hint]].
    pub hint: Hint,
}

/// What a [`DisposerCell`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disposer {
    /// The resources of a block: no script sees it.
    Block,
    /// A DisposableStack.
    Stack,
    /// An AsyncDisposableStack.
    AsyncStack,
}

/// A DisposeCapability record (9.5.1), and how far its disposal has come.
#[repr(C)]
pub struct DisposerCell {
    head: ObjectHead,
    resources: UnsafeCell<Vec<'static, Resource>>,
    /// The completion so far, when it is a throw completion.
    error: UnsafeCell<Option<Value>>,
    what: Disposer,
    disposed: StdCell<bool>,
    needs_await: StdCell<bool>,
    has_awaited: StdCell<bool>,
}

impl DisposerCell {
    /// A new one without resources.
    pub fn create(shape: &Shape, what: Disposer) -> JsResult<Object> {
        let cell = DisposerCell {
            head: ObjectHead::new(),
            resources: UnsafeCell::new(Vec::new(heap::current().mem().memory(Use::Runtime))),
            error: UnsafeCell::new(None),
            what,
            disposed: StdCell::new(false),
            needs_await: StdCell::new(false),
            has_awaited: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    /// What it is.
    pub fn what(&self) -> Disposer {
        self.what
    }

    /// [[DisposableState]] is disposed.
    pub fn is_disposed(&self) -> bool {
        self.disposed.get()
    }

    /// Sets [[DisposableState]] to disposed.
    pub fn set_disposed(&self) {
        self.disposed.set(true);
    }

    /// Adds a resource.
    pub fn push(&self, resource: Resource) -> JsResult<()> {
        // SAFETY: no reference into the list is kept, and pushing drops no values.
        Ok(unsafe { (*self.resources.get()).try_push(resource) }?)
    }

    /// Takes the last resource out.
    pub fn pop(&self) -> Option<Resource> {
        // SAFETY: as above; the value is moved out.
        unsafe { (*self.resources.get()).pop() }
    }

    /// Moves all resources to another disposer, which has none.
    pub fn move_to(&self, other: &DisposerCell) {
        // SAFETY: the cells differ, and no reference into either list is kept.
        unsafe { core::ptr::swap(self.resources.get(), other.resources.get()) };
    }

    /// Takes out the error the disposal has met so far.
    pub fn take_error(&self) -> Option<Value> {
        // SAFETY: the value is moved out.
        unsafe { (*self.error.get()).take() }
    }

    /// Sets the error, there being none.
    pub fn set_error(&self, error: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { (*self.error.get()).replace(error) });
    }

    /// `needsAwait` and `hasAwaited` of DisposeResources (9.5.8).
    pub fn awaits(&self) -> (bool, bool) {
        (self.needs_await.get(), self.has_awaited.get())
    }

    /// Sets what [`DisposerCell::awaits`] gives.
    pub fn set_awaits(&self, needs_await: bool, has_awaited: bool) {
        self.needs_await.set(needs_await);
        self.has_awaited.set(has_awaited);
    }
}

// SAFETY: `repr(C)` with the header first; head, resources and error are reported.
unsafe impl Cell for DisposerCell {
    const KIND: u8 = kind::DISPOSER;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            for resource in &*self.resources.get() {
                resource.value.trace(tracer);
                resource.method.trace(tracer);
            }
            if let Some(error) = &*self.error.get() {
                error.trace(tracer);
            }
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the cell is alive while the heap is walked.
        blocks.list(Use::Runtime, Part::Lists, unsafe { &*self.resources.get() });
    }
}
