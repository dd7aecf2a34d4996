//! Generators as storage.

use core::cell::{Cell as StdCell, UnsafeCell};

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::value::{JsResult, Object, Value, kind};

/// How a suspended frame is gone on with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// With a value: `next`, or a fulfilled promise.
    Next,
    /// With an exception: `throw`, or a rejected promise.
    Throw,
    /// With a return completion.
    Return,
}

/// [[GeneratorState]] and [[AsyncGeneratorState]].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GeneratorState {
    /// Before its first statement.
    SuspendedStart,
    /// At a `yield`.
    SuspendedYield,
    /// Running; for an async generator also: at an `await`.
    Executing,
    /// An async generator that has ended and answers the requests that are left.
    Draining,
    /// Ended.
    Completed,
}

/// A generator: its frame, while it does not run.
#[repr(C)]
pub struct GeneratorCell {
    head: ObjectHead,
    frame: UnsafeCell<Value>,
    state: StdCell<GeneratorState>,
}

impl GeneratorCell {
    /// A new generator without its frame.
    pub fn create(shape: &Shape) -> JsResult<Object> {
        let cell = GeneratorCell {
            head: ObjectHead::new(),
            frame: UnsafeCell::new(Value::UNDEFINED),
            state: StdCell::new(GeneratorState::SuspendedStart),
        };
        Object::alloc(cell, shape)
    }

    /// The state.
    pub fn state(&self) -> GeneratorState {
        self.state.get()
    }

    /// Sets the state.
    pub fn set_state(&self, state: GeneratorState) {
        self.state.set(state);
    }

    /// Takes the frame out.
    pub fn take_frame(&self) -> Value {
        // SAFETY: no reference into the cell is kept.
        unsafe { (*self.frame.get()).take() }
    }

    /// Puts the frame in.
    pub fn set_frame(&self, frame: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.frame.get(), frame) });
    }
}

// SAFETY: `repr(C)` with the header first; head and frame are reported.
unsafe impl Cell for GeneratorCell {
    const KIND: u8 = kind::GENERATOR;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe { (*self.frame.get()).trace(tracer) };
    }
}

/// An AsyncGeneratorRequest (27.6.3.1).
#[derive(Clone)]
pub struct Request {
    /// The completion's kind.
    pub how: Resume,
    /// The completion's value.
    pub value: Value,
    /// The promise that answers it.
    pub promise: Value,
}

/// An async generator.
#[repr(C)]
pub struct AsyncGeneratorCell {
    head: ObjectHead,
    frame: UnsafeCell<Value>,
    queue: UnsafeCell<Vec<'static, Request>>,
    state: StdCell<GeneratorState>,
    unwrapping: StdCell<bool>,
}

impl AsyncGeneratorCell {
    /// A new async generator without its frame.
    pub fn create(shape: &Shape) -> JsResult<Object> {
        let cell = AsyncGeneratorCell {
            head: ObjectHead::new(),
            frame: UnsafeCell::new(Value::UNDEFINED),
            queue: UnsafeCell::new(Vec::new(heap::current().mem().memory(Use::Runtime))),
            state: StdCell::new(GeneratorState::SuspendedStart),
            unwrapping: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    /// The state.
    pub fn state(&self) -> GeneratorState {
        self.state.get()
    }

    /// Sets the state.
    pub fn set_state(&self, state: GeneratorState) {
        self.state.set(state);
    }

    /// Whether the frame awaits the value of a `return()`, to be resumed with a return completion.
    pub fn take_unwrapping(&self) -> bool {
        self.unwrapping.replace(false)
    }

    /// See [`AsyncGeneratorCell::take_unwrapping`].
    pub fn set_unwrapping(&self) {
        self.unwrapping.set(true);
    }

    /// Takes the frame out.
    pub fn take_frame(&self) -> Value {
        // SAFETY: no reference into the cell is kept.
        unsafe { (*self.frame.get()).take() }
    }

    /// Puts the frame in.
    pub fn set_frame(&self, frame: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.frame.get(), frame) });
    }

    /// Adds a request at the end of the queue.
    pub fn push_request(&self, request: Request) -> JsResult<()> {
        // SAFETY: no reference into the queue is kept, and pushing drops no values.
        Ok(unsafe { (*self.queue.get()).try_push(request) }?)
    }

    /// The first request.
    pub fn first_request(&self) -> Option<Request> {
        // SAFETY: cloned at once.
        unsafe { (*self.queue.get()).first().cloned() }
    }

    /// Removes the first request.
    pub fn pop_request(&self) -> Option<Request> {
        // SAFETY: no reference into the queue is kept, and removing drops no values.
        unsafe {
            let queue = &mut *self.queue.get();
            if queue.is_empty() { None } else { Some(queue.remove(0)) }
        }
    }
}

// SAFETY: `repr(C)` with the header first; head, frame and requests are reported.
unsafe impl Cell for AsyncGeneratorCell {
    const KIND: u8 = kind::ASYNC_GENERATOR;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            (*self.frame.get()).trace(tracer);
            for request in &*self.queue.get() {
                request.value.trace(tracer);
                request.promise.trace(tracer);
            }
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the cell is alive while the heap is walked.
        blocks.list(Use::Runtime, Part::Lists, unsafe { &*self.queue.get() });
    }
}
