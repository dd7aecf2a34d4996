//! Functions written in Rust: what a builtin's table row says, and the cell of such a function.

use core::ptr::NonNull;

use super::Context;
use crate::heap::{self, Cell, Tracer};
use crate::object::{ObjectHead, Shape};
use crate::value::{JsResult, Object, RawValue, Value, kind};

/// A function written in Rust.
pub type NativeFn = fn(&mut Context, &Arguments<'_>) -> JsResult<Value>;

/// What a native function is called with. Everything is borrowed from the caller for the call.
pub struct Arguments<'a> {
    /// The `this` value, as passed (not coerced).
    pub this: &'a Value,
    /// The arguments that were passed.
    pub list: &'a [Value],
    /// `new.target`: a constructor, or undefined in a plain call.
    pub new_target: &'a Value,
    /// The function being called.
    pub callee: &'a Object,
    /// The row's number, for functions that share code.
    pub magic: i32,
}

struct SharedUndefined(Value);
// SAFETY: `undefined` has no count: sharing it between threads touches nothing.
unsafe impl Sync for SharedUndefined {}
static UNDEFINED: SharedUndefined = SharedUndefined(Value::UNDEFINED);

/// `undefined`, to borrow.
pub fn undefined() -> &'static Value {
    &UNDEFINED.0
}

impl<'a> Arguments<'a> {
    /// That no marker gets to a native function, nor out of it: for debug builds.
    pub fn check(&self, result: Option<&JsResult<Value>>) {
        let given = self.list.iter().chain([self.this, self.new_target]);
        let result = result.and_then(|result| result.as_ref().ok());
        debug_assert!(given.chain(result).all(|value| !value.raw().is_internal()), "an internal value");
    }

    /// Argument `i`; `undefined` where none was passed.
    #[inline(always)]
    pub fn get(&self, i: usize) -> &'a Value {
        self.list.get(i).unwrap_or(undefined())
    }

    /// Number of arguments passed.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether no arguments were passed.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The arguments from `i` on.
    pub fn rest(&self, i: usize) -> &'a [Value] {
        self.list.get(i..).unwrap_or(&[])
    }

    /// Whether this is a `new` (or `super`, or `Reflect.construct`) call.
    #[inline(always)]
    pub fn is_construct(&self) -> bool {
        !self.new_target.is_undefined()
    }

    /// Data slot `i` of the callee, as given to [`NativeCell::create`].
    pub fn data(&self, i: usize) -> Value {
        self.callee.downcast::<NativeCell>().map_or(Value::UNDEFINED, |cell| cell.slot(i))
    }
}

/// How a native function may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NativeKind {
    /// Only by calling.
    Function,
    /// A getter: its name starts with `get `.
    Getter,
    /// A setter: its name starts with `set `.
    Setter,
    /// Only with `new`; a call is a TypeError.
    Constructor,
    /// Both ways.
    ConstructorOrFunction,
}

/// A row of a builtin's table.
pub struct NativeDef {
    /// The function's `name`.
    pub name: &'static str,
    /// The function's `length`.
    pub length: u8,
    /// How it may be called.
    pub kind: NativeKind,
    /// Handed to the function, for functions that share code.
    pub magic: i32,
    /// The code.
    pub function: NativeFn,
}

impl NativeDef {
    /// Whether `new` works on it.
    pub fn is_constructor(&self) -> bool {
        matches!(self.kind, NativeKind::Constructor | NativeKind::ConstructorOrFunction)
    }
}

/// The cell of a native function; data slots follow.
#[repr(C)]
pub struct NativeCell {
    head: ObjectHead,
    def: &'static NativeDef,
    realm: Value,
}

impl NativeCell {
    /// A new function in a realm, with data slots.
    pub fn create(
        shape: &Shape,
        def: &'static NativeDef,
        realm: Value,
        data: impl ExactSizeIterator<Item = Value>,
    ) -> JsResult<Object> {
        let count = data.len();
        let word = shape.id() << 8 | u32::from(kind::NATIVE);
        let size = size_of::<NativeCell>() + count * size_of::<Value>();
        let cell = heap::current().alloc_raw(size, word)?;
        // SAFETY: the whole cell is initialised before anybody sees it; the header is kept.
        unsafe {
            let header = cell.read();
            cell.cast::<NativeCell>().write(NativeCell { head: ObjectHead::new(), def, realm });
            cell.write(header);
            let slots = cell.as_ptr().byte_add(size_of::<NativeCell>()).cast::<Value>();
            let room = (heap::current().cell_size(cell) - size_of::<NativeCell>()) / size_of::<Value>();
            for i in count..room {
                slots.add(i).write(Value::HOLE);
            }
            for (i, value) in data.enumerate() {
                slots.add(i).write(value);
            }
            Ok(Object::from_value_unchecked(Value::from_raw(RawValue::cell(cell))))
        }
    }

    /// The table row.
    #[inline(always)]
    pub fn def(&self) -> &'static NativeDef {
        self.def
    }

    /// The realm it was made in.
    #[inline(always)]
    pub fn realm(&self) -> &Value {
        &self.realm
    }

    fn slots(&self) -> (*mut Value, usize) {
        let cell = NonNull::from(self).cast();
        // SAFETY: the cell is live or being finalized; its slots follow the fixed part.
        unsafe {
            let room = (heap::current().cell_size(cell) - size_of::<NativeCell>()) / size_of::<Value>();
            (cell.as_ptr().byte_add(size_of::<NativeCell>()).cast(), room)
        }
    }

    /// Data slot `i`; undefined beyond those given.
    pub fn slot(&self, i: usize) -> Value {
        let (slots, room) = self.slots();
        if i >= room {
            return Value::UNDEFINED;
        }
        // SAFETY: initialised; cloned at once.
        unsafe { (*slots.add(i)).clone() }
    }

    /// Replaces data slot `i`; out of range is ignored.
    pub fn set_slot(&self, i: usize, value: Value) {
        let (slots, room) = self.slots();
        if i < room {
            // SAFETY: initialised; the old value is moved out before it is dropped.
            drop(unsafe { core::mem::replace(&mut *slots.add(i), value) });
        }
    }
}

// SAFETY: `repr(C)` with the header first; head, realm and slots are reported.
unsafe impl Cell for NativeCell {
    const KIND: u8 = kind::NATIVE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.realm.trace(tracer);
        let (slots, room) = self.slots();
        for i in 0..room {
            // SAFETY: all slots are initialised.
            unsafe { (*slots.add(i)).trace(tracer) };
        }
    }
}

impl Drop for NativeCell {
    fn drop(&mut self) {
        let (slots, room) = self.slots();
        for i in 0..room {
            // SAFETY: all slots are initialised, and dropped once.
            unsafe { slots.add(i).drop_in_place() };
        }
    }
}

/// A bound function: target, `this`, and leading arguments as an array cell.
#[repr(C)]
pub struct BoundCell {
    head: ObjectHead,
    /// The function to call.
    pub target: Object,
    /// Its `this`.
    pub this: Value,
    /// The leading arguments: an array object without holes.
    pub arguments: Object,
    /// Whether `new` works on it, as on its target: known from the start, so that nobody goes down a chain for it.
    pub constructor: bool,
}

impl BoundCell {
    /// A new bound function.
    pub fn create(
        shape: &Shape,
        target: Object,
        this: Value,
        arguments: Object,
        constructor: bool,
    ) -> JsResult<Object> {
        Object::alloc(BoundCell { head: ObjectHead::new(), target, this, arguments, constructor }, shape)
    }
}

// SAFETY: `repr(C)` with the header first; all references are reported.
unsafe impl Cell for BoundCell {
    const KIND: u8 = kind::BOUND;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.target.trace(tracer);
        self.this.trace(tracer);
        self.arguments.trace(tracer);
    }
}
