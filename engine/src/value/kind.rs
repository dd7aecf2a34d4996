//! The kinds of cells: one row each. The kind table of the heap, the names in dumps and the class
//! tests all come from here.

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal, $label:literal;)*) => {
        $($(#[doc = $doc])* pub const $name: u8 = $number;)*

        /// The name of a kind in dumps; `unknown` for a number without a row.
        pub const fn name(kind: u8) -> &'static str {
            match kind { $($number => $label,)* _ => "unknown" }
        }

        /// Every kind with its name, in the order of the table.
        pub const ALL: &[(u8, &str)] = &[$(($number, $label),)*];
    };
}

kinds! {
    /// Flat string of Latin-1 code units.
    STRING8 = 1, "string (latin-1)";
    /// Flat string of UTF-16 code units.
    STRING16 = 2, "string (utf-16)";
    /// Concatenation that is flattened when it is read.
    ROPE = 3, "rope";
    /// Symbol.
    SYMBOL = 4, "symbol";
    /// BigInt.
    BIGINT = 5, "bigint";
    /// Boxed variable.
    VAR_REF = 6, "variable box";
    /// Getter and setter of an accessor property.
    ACCESSOR = 7, "accessor";
    /// Shape.
    SHAPE = 8, "shape";
    /// Bytecode of a function.
    CODE = 9, "function code";
    /// Realm.
    REALM = 10, "realm";
    /// Module record.
    MODULE = 11, "module";
    /// Suspended frame of a generator or async function.
    FRAME = 12, "suspended frame";
    /// What the functions of one source text share.
    SCRIPT = 13, "script";
    /// Private name (a key that no script can hold).
    PRIVATE_NAME = 14, "private name";
    /// A list the engine keeps for itself.
    LIST = 15, "internal list";
    /// Compiled pattern, which RegExps share.
    REGEXP_PROGRAM = 16, "compiled regexp";

    /// Ordinary object.
    OBJECT = 32, "Object";
    /// Array exotic object.
    ARRAY = 33, "Array";
    /// Function compiled from source.
    CLOSURE = 34, "Function";
    /// Function written in Rust.
    NATIVE = 35, "Function (native)";
    /// Bound function.
    BOUND = 36, "Function (bound)";
    /// Arguments object.
    ARGUMENTS = 37, "Arguments";
    /// Error.
    ERROR = 38, "Error";
    /// Boolean, Number, String, Symbol or BigInt object.
    PRIMITIVE = 39, "Primitive wrapper";
    /// Date.
    DATE = 40, "Date";
    /// RegExp.
    REGEXP = 41, "RegExp";
    /// Map.
    MAP = 42, "Map";
    /// Set.
    SET = 43, "Set";
    /// WeakMap.
    WEAK_MAP = 44, "WeakMap";
    /// WeakSet.
    WEAK_SET = 45, "WeakSet";
    /// WeakRef.
    WEAK_REF = 46, "WeakRef";
    /// FinalizationRegistry.
    FINALIZATION_REGISTRY = 47, "FinalizationRegistry";
    /// ArrayBuffer.
    ARRAY_BUFFER = 48, "ArrayBuffer";
    /// SharedArrayBuffer.
    SHARED_ARRAY_BUFFER = 49, "SharedArrayBuffer";
    /// Any of the typed arrays.
    TYPED_ARRAY = 50, "TypedArray";
    /// DataView.
    DATA_VIEW = 51, "DataView";
    /// Promise.
    PROMISE = 52, "Promise";
    /// Proxy.
    PROXY = 53, "Proxy";
    /// Generator.
    GENERATOR = 54, "Generator";
    /// Async generator.
    ASYNC_GENERATOR = 55, "AsyncGenerator";
    /// Iterator of a builtin (array, map, set, string, RegExp string, helper).
    ITERATOR = 56, "Iterator";
    /// Module namespace.
    NAMESPACE = 57, "Module";
    /// Object of the embedder.
    HOST = 58, "Host object";
    /// State of a for-in loop.
    FOR_IN = 59, "for-in iterator";
    /// Iterator helper, and what `Iterator.from` wraps.
    ITERATOR_HELPER = 60, "Iterator Helper";
    /// DisposableStack, AsyncDisposableStack, and the resources of a block.
    DISPOSER = 61, "DisposableStack";
}

/// Kinds from here on are objects.
pub const FIRST_OBJECT: u8 = 32;
