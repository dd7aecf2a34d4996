//! Promises as storage, and what waits for them.

use core::cell::{Cell as StdCell, UnsafeCell};

use super::{ObjectHead, Shape};
use crate::heap::{self, Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::value::{JsResult, Object, Value, kind};

/// [[PromiseState]].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PromiseState {
    /// Neither fulfilled nor rejected.
    Pending,
    /// Settled with a value.
    Fulfilled,
    /// Settled with a reason.
    Rejected,
}

/// What happens when a promise settles (PromiseReaction records, 27.2.1.2, the two kinds in one).
#[derive(Clone, Debug)]
pub struct Reaction {
    /// What is settled with the handler's outcome: undefined for nothing, a promise made by the
    /// intrinsic constructor, an array `[promise, resolve, reject]` of another capability, or a
    /// suspended frame, which is gone on with.
    pub target: Value,
    /// The handler for a value, or undefined.
    pub fulfilled: Value,
    /// The handler for a reason, or undefined.
    pub rejected: Value,
}

/// The reactions of a pending promise, in order: nearly always there is at most one.
pub enum Reactions {
    /// None.
    None,
    /// One.
    One(Reaction),
    /// Several.
    Many(Vec<'static, Reaction>),
}

/// A promise.
#[repr(C)]
pub struct PromiseCell {
    head: ObjectHead,
    result: UnsafeCell<Value>,
    reactions: UnsafeCell<Reactions>,
    state: StdCell<PromiseState>,
    handled: StdCell<bool>,
}

impl PromiseCell {
    /// A new pending promise.
    pub fn create(shape: &Shape) -> JsResult<Object> {
        let cell = PromiseCell {
            head: ObjectHead::new(),
            result: UnsafeCell::new(Value::UNDEFINED),
            reactions: UnsafeCell::new(Reactions::None),
            state: StdCell::new(PromiseState::Pending),
            handled: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    /// [[PromiseState]].
    pub fn state(&self) -> PromiseState {
        self.state.get()
    }

    /// [[PromiseResult]]: undefined while pending.
    pub fn result(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.result.get()).clone() }
    }

    /// [[PromiseIsHandled]].
    pub fn is_handled(&self) -> bool {
        self.handled.get()
    }

    /// Sets [[PromiseIsHandled]].
    pub fn set_handled(&self) {
        self.handled.set(true);
    }

    /// Adds a reaction to a pending promise.
    pub fn add_reaction(&self, reaction: Reaction) -> JsResult<()> {
        // SAFETY: no other reference into the cell is kept by anybody, and nothing here drops values.
        let reactions = unsafe { &mut *self.reactions.get() };
        match reactions {
            Reactions::None => *reactions = Reactions::One(reaction),
            Reactions::One(_) => {
                let mut list = Vec::try_with_capacity(4, heap::current().mem().memory(Use::Runtime))?;
                if let Reactions::One(first) = core::mem::replace(reactions, Reactions::None) {
                    list.try_push(first)?;
                }
                list.try_push(reaction)?;
                *reactions = Reactions::Many(list);
            }
            Reactions::Many(list) => list.try_push(reaction)?,
        }
        Ok(())
    }

    /// Settles a pending promise and takes its reactions out.
    pub fn settle(&self, state: PromiseState, result: Value) -> Reactions {
        debug_assert_eq!(self.state.get(), PromiseState::Pending);
        self.state.set(state);
        // SAFETY: the old values are moved out before they are dropped.
        unsafe {
            drop(core::mem::replace(&mut *self.result.get(), result));
            core::mem::replace(&mut *self.reactions.get(), Reactions::None)
        }
    }
}

impl Reaction {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.target.trace(tracer);
        self.fulfilled.trace(tracer);
        self.rejected.trace(tracer);
    }
}

// SAFETY: `repr(C)` with the header first; head, result and reactions are reported.
unsafe impl Cell for PromiseCell {
    const KIND: u8 = kind::PROMISE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            (*self.result.get()).trace(tracer);
            match &*self.reactions.get() {
                Reactions::None => (),
                Reactions::One(reaction) => reaction.trace(tracer),
                Reactions::Many(list) => list.iter().for_each(|reaction| reaction.trace(tracer)),
            }
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the cell is alive while the heap is walked.
        if let Reactions::Many(list) = unsafe { &*self.reactions.get() } {
            blocks.list(Use::Runtime, Part::Lists, list);
        }
    }
}
