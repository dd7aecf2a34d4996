//! Promises that were rejected without a handler, until somebody asks for those that still have none.

use crate::heap::Blocks;
use crate::mem::{Mem, Part, Use, Vec};
use crate::object::promise::PromiseCell;
use crate::value::Value;

/// The promises noted, in memory of the runtime.
pub struct Rejections {
    /// Whether they are noted at all.
    pub wanted: bool,
    promises: Vec<'static, Value>,
    /// Those before were taken.
    first: usize,
    /// One could not be noted for lack of memory.
    lost: bool,
}

/// What [`Rejections::take`] finds.
pub enum Unhandled {
    /// A promise without a handler.
    Promise(Value),
    /// Some that were forgotten for lack of memory.
    Lost,
}

fn is_handled(promise: &Value) -> bool {
    promise.downcast::<PromiseCell>().is_none_or(PromiseCell::is_handled)
}

impl Rejections {
    /// None yet, and none wanted.
    pub fn new(mem: &Mem) -> Rejections {
        Rejections { wanted: false, promises: Vec::new(mem.memory(Use::Runtime)), first: 0, lost: false }
    }

    /// Notes a promise that was rejected without a handler.
    pub fn note(&mut self, promise: &Value) {
        if !self.wanted {
            return;
        }
        if self.promises.len() == self.promises.capacity() {
            // Before the list grows: most have got their handler by now. Half of it must become free, or
            // a list that stays almost full would be searched again and again.
            self.promises.drain(..self.first).for_each(drop);
            self.first = 0;
            self.promises.retain(|promise| !is_handled(promise));
            let room = (self.promises.len() * 2).max(8);
            if self.promises.try_reserve(room - self.promises.len()).is_err()
                && self.promises.len() == self.promises.capacity()
            {
                self.lost = true;
                return;
            }
        }
        self.lost |= self.promises.try_push(promise.clone()).is_err();
    }

    /// Takes the first promise that still has no handler.
    pub fn take(&mut self) -> Option<Unhandled> {
        while let Some(place) = self.promises.get_mut(self.first) {
            let promise = place.take();
            self.first += 1;
            if !is_handled(&promise) {
                return Some(Unhandled::Promise(promise));
            }
        }
        self.clear();
        if core::mem::take(&mut self.lost) { Some(Unhandled::Lost) } else { None }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        while let Some(promise) = self.promises.pop() {
            drop(promise);
        }
        self.first = 0;
    }

    /// Reports the list's block.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Runtime, Part::Runtime, &self.promises);
    }
}
