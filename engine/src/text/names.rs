//! Names the engine itself refers to: their atoms are made with the table, in this order, and
//! live as long as it.

use super::atom::RawAtom;

macro_rules! names {
    ($($name:ident = $text:literal)*) => {
        // `NONE` only keeps atom 0 free.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
        #[repr(u32)]
        enum Position { NONE, $($name,)* COUNT }
        $(#[doc = concat!("`", $text, "`")] pub const $name: RawAtom = RawAtom::from_index(Position::$name as u32);)*
        /// The texts, in the order of their atoms; atom 0 stands for none.
        pub const TEXTS: &[&str] = &[$($text,)*];
        /// Number of predefined strings.
        pub const COUNT: u32 = Position::COUNT as u32 - 1;
    };
}

macro_rules! symbols {
    ($($name:ident = $text:literal)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u32)]
        enum SymbolPosition { $($name,)* COUNT }
        $(#[doc = concat!("`", $text, "`")] pub const $name: RawAtom = RawAtom::from_index(COUNT + 1 + SymbolPosition::$name as u32);)*
        /// The descriptions of the well-known symbols, in the order of their atoms, after the strings.
        pub const SYMBOLS: &[&str] = &[$($text,)*];
        /// Number of predefined symbols.
        pub const SYMBOL_COUNT: u32 = SymbolPosition::COUNT as u32;
    };
}

names! {
    EMPTY = ""
    LENGTH = "length" PROTOTYPE = "prototype" CONSTRUCTOR = "constructor" NAME = "name"
    MESSAGE = "message" STACK = "stack" CAUSE = "cause" ERRORS = "errors" ERROR = "error" SUPPRESSED = "suppressed"
    FILE_NAME = "fileName" LINE_NUMBER = "lineNumber" COLUMN_NUMBER = "columnNumber"
    VALUE = "value" DONE = "done" NEXT = "next" RETURN = "return" THROW = "throw"
    GET = "get" SET = "set" WRITABLE = "writable" ENUMERABLE = "enumerable" CONFIGURABLE = "configurable"
    TO_STRING = "toString" VALUE_OF = "valueOf" TO_JSON = "toJSON" TO_LOCALE_STRING = "toLocaleString"
    TO_ISO_STRING = "toISOString"
    INDEX = "index" INPUT = "input" GROUPS = "groups" INDICES = "indices" RAW = "raw"
    CALLEE = "callee" CALLER = "caller" ARGUMENTS = "arguments" EVAL = "eval" DEFAULT = "default"
    ANONYMOUS = "anonymous" STAR_DEFAULT = "*default*" PROTO = "__proto__" THIS = "this" NEW_TARGET = "new.target"
    LAST_INDEX = "lastIndex" EXEC = "exec" FLAGS = "flags" GLOBAL = "global" SOURCE = "source" STICKY = "sticky"
    UNICODE = "unicode" UNICODE_SETS = "unicodeSets" HAS_INDICES = "hasIndices" IGNORE_CASE = "ignoreCase"
    MULTILINE = "multiline" DOT_ALL = "dotAll"
    UNDEFINED = "undefined" NULL = "null" TRUE = "true" FALSE = "false" NAN = "NaN" INFINITY = "Infinity"
    NEGATIVE_INFINITY = "-Infinity" ZERO = "zero"
    OBJECT = "object" FUNCTION = "function" BOOLEAN = "boolean" NUMBER = "number" STRING = "string"
    SYMBOL = "symbol" BIGINT = "bigint"
    OBJECT_CLASS = "Object" FUNCTION_CLASS = "Function" ARRAY_CLASS = "Array" ERROR_CLASS = "Error"
    BOOLEAN_CLASS = "Boolean" NUMBER_CLASS = "Number" STRING_CLASS = "String" DATE_CLASS = "Date"
    REGEXP_CLASS = "RegExp" ARGUMENTS_CLASS = "Arguments" GENERATOR_CLASS = "Generator"
    JOIN = "join" PUSH = "push" CONCAT = "concat" ADD = "add" HAS = "has" KEYS = "keys" SIZE = "size"
    DELETE = "delete" CLEAR = "clear" FOR_EACH = "forEach" ENTRIES = "entries" VALUES = "values"
    THEN = "then" CATCH = "catch" FINALLY = "finally" RESOLVE = "resolve" REJECT = "reject"
    PROMISE = "promise" STATUS = "status" REASON = "reason" FULFILLED = "fulfilled" REJECTED = "rejected"
    ALL = "all" RACE = "race" ANY = "any"
    PROXY = "proxy" REVOKE = "revoke" APPLY = "apply" CONSTRUCT = "construct"
    DEFINE_PROPERTY = "defineProperty" DELETE_PROPERTY = "deleteProperty"
    GET_OWN_PROPERTY_DESCRIPTOR = "getOwnPropertyDescriptor" GET_PROTOTYPE_OF = "getPrototypeOf"
    IS_EXTENSIBLE = "isExtensible" OWN_KEYS = "ownKeys" PREVENT_EXTENSIONS = "preventExtensions"
    SET_PROTOTYPE_OF = "setPrototypeOf"
    MAX_BYTE_LENGTH = "maxByteLength" META = "meta" URL = "url" IMPORT = "import" TARGET = "target"
    AS_YNC = "async" OF = "of" LET = "let" STATIC = "static" YIELD = "yield" AWAIT = "await" FROM = "from" AS = "as"
    USING = "using" ACCESSOR = "accessor"
    GLOBAL_THIS = "globalThis" FIELDS_INIT = "<class_fields_init>" STATIC_INIT = "<static_initializer>"
    EVAL_NAME = "<eval>" HOME_OBJECT = "<home_object>" BRAND = "<brand>" COMPUTED_FIELD = "<computed_field>"
    TYPE = "type" WITH = "with" MODE = "mode"
    GET_PREFIX = "get " SET_PREFIX = "set "
}

symbols! {
    SYM_ITERATOR = "Symbol.iterator"
    SYM_ASYNC_ITERATOR = "Symbol.asyncIterator"
    SYM_TO_PRIMITIVE = "Symbol.toPrimitive"
    SYM_TO_STRING_TAG = "Symbol.toStringTag"
    SYM_HAS_INSTANCE = "Symbol.hasInstance"
    SYM_IS_CONCAT_SPREADABLE = "Symbol.isConcatSpreadable"
    SYM_SPECIES = "Symbol.species"
    SYM_UNSCOPABLES = "Symbol.unscopables"
    SYM_MATCH = "Symbol.match"
    SYM_MATCH_ALL = "Symbol.matchAll"
    SYM_REPLACE = "Symbol.replace"
    SYM_SEARCH = "Symbol.search"
    SYM_SPLIT = "Symbol.split"
    SYM_DISPOSE = "Symbol.dispose"
    SYM_ASYNC_DISPOSE = "Symbol.asyncDispose"
}
