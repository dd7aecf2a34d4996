//! The state of a for-in loop.

use core::cell::Cell as StdCell;

use super::{ObjectHead, Shape, ShapeTable};
use crate::heap::{Blocks, Cell, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::text::Atom;
use crate::value::{JsResult, Object, Value, kind};

/// A for-in loop: the object asked, and the names found when it began, own ones first, each name once.
#[repr(C)]
pub struct ForInCell {
    head: ObjectHead,
    object: Value,
    keys: Vec<'static, Atom>,
    next: StdCell<usize>,
    /// The shared shape the object had when all keys were its own; undefined where that says nothing.
    shape: Value,
    asks: bool,
}

impl ForInCell {
    /// A new enumeration of `keys` of `object` (an object, or undefined for none); `of` is the shape, not
    /// unique, that has them all, or undefined. `asks` says that whether a name is enumerable is found out when
    /// the loop comes to it.
    pub fn create(object: Value, keys: Vec<'static, Atom>, of: Value, asks: bool) -> JsResult<Object> {
        // Not looked up before the names were: that may run scripts, and a collection frees a shape without objects.
        let shape = ShapeTable::current().root(&Value::NULL, 0, 0)?;
        let head = ObjectHead::new();
        Object::alloc(ForInCell { head, object, keys, next: StdCell::new(0), shape: of, asks }, shape)
    }

    /// Whether each name is looked at when the loop comes to it: there is a proxy on the chain.
    pub fn asks(&self) -> bool {
        self.asks
    }

    /// Whether the object has all its keys for sure.
    #[inline]
    pub fn is_unchanged(&self) -> bool {
        self.shape.is_cell()
            && self.object.as_object().is_some_and(|object| {
                let now: *const Shape = object.shape();
                now.addr() == self.shape.cell_unchecked().as_ptr().addr()
            })
    }

    /// The object asked.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// The next name.
    pub fn next_key(&self) -> Option<&Atom> {
        let at = self.next.get();
        let key = self.keys.get(at)?;
        self.next.set(at + 1);
        Some(key)
    }
}

// SAFETY: `repr(C)` with the header first; head and object are reported (keys are leaves).
unsafe impl Cell for ForInCell {
    const KIND: u8 = kind::FOR_IN;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.object.trace(tracer);
        self.shape.trace(tracer);
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Runtime, Part::Lists, &self.keys);
    }
}

/// What an [`IteratorCell`] goes over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Iteration {
    /// Indices of an array-like.
    ArrayKeys,
    /// Elements of an array-like.
    ArrayValues,
    /// Pairs of an array-like.
    ArrayEntries,
    /// Keys of a Map.
    MapKeys,
    /// Values of a Map.
    MapValues,
    /// Pairs of a Map.
    MapEntries,
    /// Members of a Set.
    SetValues,
    /// Pairs of members of a Set.
    SetEntries,
    /// Code points of a string.
    StringPoints,
    /// Matches of a RegExp (`matchAll`): source is the RegExp, extra the string.
    RegExpMatches,
    /// Matches of a RegExp that is not global: at most one.
    RegExpMatch,
    /// The values of a sync iterator, awaited: source is the iterator, extra its `next`.
    AsyncFromSync,
}

/// The iterator of a builtin: where it is in what.
#[repr(C)]
pub struct IteratorCell {
    head: ObjectHead,
    source: core::cell::UnsafeCell<Value>,
    extra: core::cell::UnsafeCell<Value>,
    index: StdCell<u64>,
    what: Iteration,
    flag: StdCell<bool>,
}

impl IteratorCell {
    /// A new iterator.
    pub fn create(shape: &Shape, what: Iteration, source: Value, extra: Value) -> JsResult<Object> {
        let cell = IteratorCell {
            head: ObjectHead::new(),
            source: core::cell::UnsafeCell::new(source),
            extra: core::cell::UnsafeCell::new(extra),
            index: StdCell::new(0),
            what,
            flag: StdCell::new(false),
        };
        Object::alloc(cell, shape)
    }

    /// What it goes over.
    pub fn what(&self) -> Iteration {
        self.what
    }

    /// The source; undefined once it is exhausted.
    pub fn source(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.source.get()).clone() }
    }

    /// Looks at the source; `look` runs nothing that could end the iterator.
    pub fn with_source<T>(&self, look: impl FnOnce(&Value) -> T) -> T {
        // SAFETY: the reference is gone before anybody can replace the source.
        look(unsafe { &*self.source.get() })
    }

    /// The second value it was made with.
    pub fn extra(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.extra.get()).clone() }
    }

    /// Where it is.
    pub fn index(&self) -> u64 {
        self.index.get()
    }

    /// Moves it.
    pub fn set_index(&self, index: u64) {
        self.index.set(index);
    }

    /// A flag for whoever made it.
    pub fn flag(&self) -> bool {
        self.flag.get()
    }

    /// Sets the flag.
    pub fn set_flag(&self, flag: bool) {
        self.flag.set(flag);
    }

    /// Lets the source go: the iterator is exhausted.
    pub fn finish(&self) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.source.get(), Value::UNDEFINED) });
    }
}

// SAFETY: `repr(C)` with the header first; head and both values are reported.
unsafe impl Cell for IteratorCell {
    const KIND: u8 = kind::ITERATOR;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            (*self.source.get()).trace(tracer);
            (*self.extra.get()).trace(tracer);
        }
    }
}

/// What an iterator helper does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Helper {
    /// `map`.
    Map,
    /// `filter`.
    Filter,
    /// `take`.
    Take,
    /// `drop`.
    Drop,
    /// `flatMap`.
    FlatMap,
    /// `Iterator.from`: passes everything on.
    Wrap,
    /// `Iterator.concat`: goes over one iterable after the other.
    Concat,
    /// `chunks`: `count` is their size.
    Chunks,
    /// `windows` that are full: `count` is their size, `function` the values of the last one.
    Windows,
    /// `windows`, where a first one may be too short.
    PartialWindows,
    /// `Iterator.zip` until the first of its iterators ends. For the three: `iterator` is an array of iterators
    /// and their methods in turn, an iterator being null once it has ended; `next` an array of padding, or
    /// undefined; `function` an array of keys, or undefined.
    ZipShortest,
    /// `Iterator.zip` until the last ends.
    ZipLongest,
    /// `Iterator.zip` of iterators that must end together.
    ZipStrict,
}

/// Where an iterator helper is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HelperState {
    /// Its `next` was not called yet.
    Start,
    /// Between two steps.
    Suspended,
    /// In a step.
    Running,
    /// Ended.
    Done,
}

/// An iterator helper (27.1.2.1): a generator without code of its own.
#[repr(C)]
pub struct HelperCell {
    head: ObjectHead,
    /// The iterator underneath.
    pub iterator: Value,
    /// Its `next`.
    pub next: Value,
    /// The callback; for `concat` an array of iterables and their methods in turn.
    pub function: Value,
    inner: core::cell::UnsafeCell<[Value; 2]>,
    what: Helper,
    state: StdCell<HelperState>,
    count: StdCell<f64>,
}

impl HelperCell {
    /// A new helper. `count` is the limit of `take` and `drop`, elsewhere the counter.
    pub fn create(
        shape: &Shape,
        what: Helper,
        iterator: Value,
        next: Value,
        function: Value,
        count: f64,
    ) -> JsResult<Object> {
        let cell = HelperCell {
            head: ObjectHead::new(),
            iterator,
            next,
            function,
            inner: core::cell::UnsafeCell::new([Value::UNDEFINED, Value::UNDEFINED]),
            what,
            state: StdCell::new(HelperState::Start),
            count: StdCell::new(count),
        };
        Object::alloc(cell, shape)
    }

    /// What it does.
    pub fn what(&self) -> Helper {
        self.what
    }

    /// Where it is.
    pub fn state(&self) -> HelperState {
        self.state.get()
    }

    /// Sets where it is.
    pub fn set_state(&self, state: HelperState) {
        self.state.set(state);
    }

    /// Limit or counter.
    pub fn count(&self) -> f64 {
        self.count.get()
    }

    /// Sets limit or counter.
    pub fn set_count(&self, count: f64) {
        self.count.set(count);
    }

    /// The inner iterator and its `next`; undefined for none.
    pub fn inner(&self) -> (Value, Value) {
        // SAFETY: cloned at once.
        let inner = unsafe { (*self.inner.get()).clone() };
        let [iterator, next] = inner;
        (iterator, next)
    }

    /// Replaces the inner iterator.
    pub fn set_inner(&self, iterator: Value, next: Value) {
        // SAFETY: the old values are moved out before they are dropped.
        drop(unsafe { core::mem::replace(&mut *self.inner.get(), [iterator, next]) });
    }
}

// SAFETY: `repr(C)` with the header first; head and all values are reported.
unsafe impl Cell for HelperCell {
    const KIND: u8 = kind::ITERATOR_HELPER;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.iterator.trace(tracer);
        self.next.trace(tracer);
        self.function.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        for value in unsafe { &*self.inner.get() } {
            value.trace(tracer);
        }
    }
}
