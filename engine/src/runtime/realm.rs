//! Realms: a global object and a set of intrinsic objects (ECMA-262 9.3). Several realms share a runtime
//! and may exchange values.

use core::cell::UnsafeCell;

use crate::heap::{Blocks, Cell, Header, Tracer};
use crate::object::regexp::RegExpRealm;
use crate::object::{Shape, ShapeTable};
use crate::value::{JsResult, Object, Value, kind};

macro_rules! intrinsics {
    ($($name:ident),* $(,)?) => {
        /// The well-known objects of a realm.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the names are the specification's (ECMA-262 table 6)")]
        pub enum Intrinsic { $($name,)* }
        impl Intrinsic {
            /// How many there are.
            pub const COUNT: usize = [$(Intrinsic::$name),*].len();
            /// All of them with their names.
            pub const ALL: &'static [(Intrinsic, &'static str)] = &[$((Intrinsic::$name, stringify!($name)),)*];
        }
    };
}

intrinsics! {
    ObjectPrototype, FunctionPrototype, ArrayPrototype, StringPrototype, NumberPrototype, BooleanPrototype,
    SymbolPrototype, BigIntPrototype, ErrorPrototype, EvalErrorPrototype, RangeErrorPrototype,
    ReferenceErrorPrototype, SyntaxErrorPrototype, TypeErrorPrototype, UriErrorPrototype,
    InternalErrorPrototype, AggregateErrorPrototype, SuppressedErrorPrototype,
    IteratorPrototype, AsyncIteratorPrototype, ArrayIteratorPrototype, StringIteratorPrototype,
    MapIteratorPrototype, SetIteratorPrototype, RegExpStringIteratorPrototype, IteratorHelperPrototype,
    WrapForValidIteratorPrototype, AsyncFromSyncIteratorPrototype, ForInIteratorPrototype,
    GeneratorFunctionPrototype, GeneratorPrototype, AsyncFunctionPrototype,
    AsyncGeneratorFunctionPrototype, AsyncGeneratorPrototype,
    DatePrototype, RegExpPrototype, MapPrototype, SetPrototype, WeakMapPrototype, WeakSetPrototype,
    WeakRefPrototype, FinalizationRegistryPrototype, ArrayBufferPrototype, SharedArrayBufferPrototype,
    TypedArrayPrototype, DataViewPrototype, PromisePrototype, DisposableStackPrototype,
    AsyncDisposableStackPrototype,
    Int8ArrayPrototype, Uint8ArrayPrototype, Uint8ClampedArrayPrototype, Int16ArrayPrototype,
    Uint16ArrayPrototype, Int32ArrayPrototype, Uint32ArrayPrototype, BigInt64ArrayPrototype,
    BigUint64ArrayPrototype, Float16ArrayPrototype, Float32ArrayPrototype, Float64ArrayPrototype,
    Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Error, EvalError, RangeError,
    ReferenceError, SyntaxError, TypeError, UriError, InternalError, AggregateError, SuppressedError,
    Iterator, Date, RegExp, Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry, ArrayBuffer,
    SharedArrayBuffer, TypedArray, DataView, Promise, DisposableStack, AsyncDisposableStack, Proxy,
    GeneratorFunction, AsyncFunction,
    AsyncGeneratorFunction,
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array,
    ThrowTypeError, Eval, ArrayProtoValues, ArrayProtoToString, ObjectProtoToString, PromiseThen,
    PromiseResolve, MapSetAdd, RegExpExec, DateToPrimitive, OutOfMemoryError, StackOverflowError,
}

/// Inline capacities that object literals and `{}` start with: even numbers fill the 16-byte classes.
pub const LITERAL_CAPACITIES: [u16; 7] = [2, 4, 6, 8, 12, 16, 32];

/// A realm's cell.
#[repr(C)]
pub struct Realm {
    header: Header,
    intrinsics: UnsafeCell<[Value; Intrinsic::COUNT]>,
    /// The global object.
    global: UnsafeCell<Value>,
    /// Global `let`, `const` and `class` bindings: an object without prototype whose slots hold variable boxes.
    lexicals: UnsafeCell<Value>,
    shapes: UnsafeCell<RealmShapes>,
    regexp: UnsafeCell<RegExpRealm>,
    /// Data of the embedder, see `Context::set_opaque`.
    pub(crate) opaque: UnsafeCell<Option<Box<dyn core::any::Any>>>,
}

/// Root shapes that are needed often, held by their numbers. The realm counts each shape.
#[derive(Default)]
pub(crate) struct RealmShapes {
    pub(crate) literals: [u32; LITERAL_CAPACITIES.len()],
    pub(crate) array: u32,
    pub(crate) function: u32,
    pub(crate) native: u32,
    /// Of iterator results: `value`, then `done`.
    pub(crate) iter_result: u32,
    /// Of arguments objects before and after they have their properties: `length`, @@iterator and `callee`,
    /// which is a value or, in the strict form, an accessor.
    pub(crate) arguments_root: u32,
    pub(crate) arguments: u32,
    pub(crate) strict_arguments: u32,
    pub(crate) held: [Value; LITERAL_CAPACITIES.len() + 6],
}

// SAFETY: `repr(C)` with the header first; all references are reported.
unsafe impl Cell for Realm {
    const KIND: u8 = kind::REALM;
    // The embedder's data.
    const OUTSIDE: bool = true;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            for value in &*self.intrinsics.get() {
                value.trace(tracer);
            }
            (*self.global.get()).trace(tracer);
            (*self.lexicals.get()).trace(tracer);
            for value in &(*self.shapes.get()).held {
                value.trace(tracer);
            }
            (*self.regexp.get()).trace(tracer);
        }
    }

    fn blocks(&self, blocks: &mut Blocks<'_>) {
        self.regexp().blocks(blocks);
    }
}

impl Realm {
    /// A realm without any objects yet.
    pub(crate) fn blank() -> Realm {
        Realm {
            header: Header::new(0),
            intrinsics: UnsafeCell::new([const { Value::UNDEFINED }; Intrinsic::COUNT]),
            global: UnsafeCell::new(Value::UNDEFINED),
            lexicals: UnsafeCell::new(Value::UNDEFINED),
            shapes: UnsafeCell::new(RealmShapes::default()),
            regexp: UnsafeCell::new(RegExpRealm::default()),
            opaque: UnsafeCell::new(None),
        }
    }

    /// An intrinsic; undefined while the realm is being set up.
    #[inline(always)]
    pub fn intrinsic(&self, which: Intrinsic) -> Value {
        // SAFETY: cloned at once.
        unsafe { (&(*self.intrinsics.get()))[which as usize].clone() }
    }

    /// An intrinsic object.
    #[inline(always)]
    pub fn object(&self, which: Intrinsic) -> Object {
        let value = self.intrinsic(which);
        debug_assert!(value.is_object(), "{which:?} is not set up");
        // SAFETY: intrinsics are objects once the realm is set up.
        unsafe { Object::from_value_unchecked(value) }
    }

    /// Sets an intrinsic.
    pub fn set_intrinsic(&self, which: Intrinsic, value: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut (&mut (*self.intrinsics.get()))[which as usize], value) });
    }

    /// The global object.
    #[inline(always)]
    pub fn global(&self) -> Object {
        // SAFETY: set to an object when the realm is made; cloned at once.
        unsafe { Object::from_value_unchecked((*self.global.get()).clone()) }
    }

    /// The object behind the global lexical bindings.
    #[inline(always)]
    pub fn lexicals(&self) -> Object {
        // SAFETY: as above.
        unsafe { Object::from_value_unchecked((*self.lexicals.get()).clone()) }
    }

    pub(crate) fn set_globals(&self, global: Object, lexicals: Object) {
        // SAFETY: as in `set_intrinsic`.
        unsafe {
            drop(core::mem::replace(&mut *self.global.get(), global.into()));
            drop(core::mem::replace(&mut *self.lexicals.get(), lexicals.into()));
        }
    }

    /// Header word of an array that nobody has given properties of its own.
    #[inline(always)]
    pub(crate) fn array_word(&self) -> u32 {
        self.shapes().array << 8 | u32::from(crate::value::kind::ARRAY)
    }

    /// Numbers of the root shapes.
    #[inline(always)]
    pub(crate) fn shapes(&self) -> &RealmShapes {
        // SAFETY: written only while the realm is set up.
        unsafe { &*self.shapes.get() }
    }

    pub(crate) fn set_shapes(&self, shapes: RealmShapes) {
        // SAFETY: only while the realm is set up, when nobody reads them.
        drop(unsafe { core::mem::replace(&mut *self.shapes.get(), shapes) });
    }

    /// What is kept for RegExps.
    #[inline(always)]
    pub(crate) fn regexp(&self) -> &RegExpRealm {
        // SAFETY: written only while the realm is set up.
        unsafe { &*self.regexp.get() }
    }

    pub(crate) fn set_regexp(&self, regexp: RegExpRealm) {
        // SAFETY: only while the realm is set up, when nobody reads it.
        drop(unsafe { core::mem::replace(&mut *self.regexp.get(), regexp) });
    }

    /// The root shape for an object literal or constructor with `properties` properties.
    #[inline(always)]
    pub fn literal_shape(&self, properties: usize) -> &'static Shape {
        let i = LITERAL_CAPACITIES.iter().position(|&c| usize::from(c) >= properties);
        let i = i.unwrap_or(LITERAL_CAPACITIES.len() - 1);
        ShapeTable::current().get(self.shapes().literals[i])
    }

    /// Makes the root shapes, once the prototypes exist.
    pub(crate) fn make_shapes(&self) -> JsResult<()> {
        use crate::object::{PropertyFlags, shape_flags::LAZY_FUNCTION};
        let table = ShapeTable::current();
        let mut shapes = RealmShapes::default();
        let object = self.intrinsic(Intrinsic::ObjectPrototype);
        let function = self.intrinsic(Intrinsic::FunctionPrototype);
        let mut hold = |i: usize, shape: &'static Shape| {
            // SAFETY: the shape is live.
            shapes.held[i] =
                unsafe { crate::value::RawValue::cell(core::ptr::NonNull::from(shape).cast()).to_owned() };
            shape.id()
        };
        let mut literals = [0; LITERAL_CAPACITIES.len()];
        for (i, &capacity) in LITERAL_CAPACITIES.iter().enumerate() {
            literals[i] = hold(i, table.root(&object, capacity, 0)?);
        }
        let at = LITERAL_CAPACITIES.len();
        let array = hold(at, table.root(&self.intrinsic(Intrinsic::ArrayPrototype), 0, 0)?);
        let functions = hold(at + 1, table.root(&function, 0, LAZY_FUNCTION)?);
        let result = table.root(&object, 2, 0)?;
        let result = table.child(result, crate::text::names::VALUE, PropertyFlags::DEFAULT)?;
        let result = hold(at + 2, table.child(result, crate::text::names::DONE, PropertyFlags::DEFAULT)?);
        let root = table.root(&object, 0, 0)?;
        let arguments_root = hold(at + 3, root);
        let shared = table.child(root, crate::text::names::LENGTH, PropertyFlags::HIDDEN)?;
        let shared = table.child(shared, crate::text::names::SYM_ITERATOR, PropertyFlags::HIDDEN)?;
        let callee = crate::text::names::CALLEE;
        let arguments = hold(at + 4, table.child(shared, callee, PropertyFlags::HIDDEN)?);
        let accessor = PropertyFlags(PropertyFlags::ACCESSOR);
        let strict_arguments = hold(at + 5, table.child(shared, callee, accessor)?);
        shapes.arguments_root = arguments_root;
        shapes.arguments = arguments;
        shapes.strict_arguments = strict_arguments;
        shapes.literals = literals;
        shapes.iter_result = result;
        shapes.array = array;
        shapes.function = functions;
        shapes.native = functions;
        self.set_shapes(shapes);
        Ok(())
    }
}
