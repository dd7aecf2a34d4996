//! Floor 10: the builtin objects, a file per global. Each ends in its declarative table and uses
//! only the object protocol, never the interpreter's internals.
//!
//! [`install`] fills a new realm: first the two prototypes everything else hangs on, then each
//! file's `install`, in an order in which every file finds what it refers to.

mod array;
mod array_async;
mod array_buffer;
mod array_bulk;
mod array_flat;
mod array_iterator;
mod array_sort;
mod array_walk;
mod atomics;
mod base64;
mod collections;
mod console;
mod data_view;
mod date;
mod date_time;
mod disposable;
mod error;
mod function;
mod generator;
mod global;
mod iterator;
mod iterator_zip;
mod json;
mod json_parse;
mod math;
mod number;
mod object;
mod promise;
mod proxy;
mod reflect;
mod regexp;
mod regexp_symbol;
mod string;
mod string_pattern;
mod substitution;
mod symbol;
mod typed_array;
mod uri;
mod weak;

use crate::object::{Accessor, PropertyFlags};
use crate::runtime::{Context, Intrinsic, NativeDef, NativeFn, NativeKind};
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, JsString, Object, Value};

/// The key of a table row.
pub enum Key {
    /// A string.
    Name(&'static str),
    /// A well-known symbol.
    Symbol(RawAtom),
}

/// What a table row defines.
pub enum What {
    /// A function.
    Function(NativeDef),
    /// A getter, and perhaps a setter.
    Accessor(NativeDef, Option<NativeDef>),
    /// A number that never changes.
    Number(f64),
    /// A string; writable or not by the row's flags.
    Text(&'static str),
    /// The same value as an earlier property of the same object.
    SameAs(&'static str),
}

/// A row of a builtin's table.
pub struct Row {
    key: Key,
    what: What,
    flags: PropertyFlags,
}

const fn def(name: &'static str, length: u8, kind: NativeKind, magic: i32, function: NativeFn) -> NativeDef {
    NativeDef { name, length, kind, magic, function }
}

/// A method.
pub const fn method(name: &'static str, length: u8, function: NativeFn) -> Row {
    method_magic(name, length, function, 0)
}

/// A method that shares code with others and is told apart by `magic`.
pub const fn method_magic(name: &'static str, length: u8, function: NativeFn, magic: i32) -> Row {
    let def = def(name, length, NativeKind::Function, magic, function);
    Row { key: Key::Name(name), what: What::Function(def), flags: PropertyFlags::HIDDEN }
}

/// A method whose key is a well-known symbol; `name` is the function's name.
pub const fn symbol_method(symbol: RawAtom, name: &'static str, length: u8, function: NativeFn) -> Row {
    let def = def(name, length, NativeKind::Function, 0, function);
    Row { key: Key::Symbol(symbol), what: What::Function(def), flags: PropertyFlags::HIDDEN }
}

/// A getter.
pub const fn getter(name: &'static str, function: NativeFn) -> Row {
    getter_magic(name, function, 0)
}

/// A getter with a number.
pub const fn getter_magic(name: &'static str, function: NativeFn, magic: i32) -> Row {
    let get = def(name, 0, NativeKind::Getter, magic, function);
    Row { key: Key::Name(name), what: What::Accessor(get, None), flags: PropertyFlags::CONFIG }
}

/// A getter whose key is a well-known symbol.
pub const fn symbol_getter(symbol: RawAtom, name: &'static str, function: NativeFn) -> Row {
    let get = def(name, 0, NativeKind::Getter, 0, function);
    Row { key: Key::Symbol(symbol), what: What::Accessor(get, None), flags: PropertyFlags::CONFIG }
}

/// A getter and a setter.
pub const fn accessor(name: &'static str, get: NativeFn, set: NativeFn) -> Row {
    let get = def(name, 0, NativeKind::Getter, 0, get);
    let set = def(name, 1, NativeKind::Setter, 0, set);
    Row { key: Key::Name(name), what: What::Accessor(get, Some(set)), flags: PropertyFlags::CONFIG }
}

/// A number that cannot be changed.
pub const fn constant(name: &'static str, number: f64) -> Row {
    Row { key: Key::Name(name), what: What::Number(number), flags: PropertyFlags::FIXED }
}

/// A writable, configurable, not enumerable string.
pub const fn text(name: &'static str, value: &'static str) -> Row {
    Row { key: Key::Name(name), what: What::Text(value), flags: PropertyFlags::HIDDEN }
}

/// `Symbol.toStringTag`.
pub const fn tag(value: &'static str) -> Row {
    Row { key: Key::Symbol(names::SYM_TO_STRING_TAG), what: What::Text(value), flags: PropertyFlags::CONFIG }
}

/// A second name for an earlier property.
pub const fn same_as(key: Key, earlier: &'static str) -> Row {
    Row { key, what: What::SameAs(earlier), flags: PropertyFlags::HIDDEN }
}

impl Row {
    /// The same row with other attributes.
    pub const fn with_flags(mut self, flags: PropertyFlags) -> Row {
        self.flags = flags;
        self
    }
}

/// A constructor with its prototype object.
pub struct Class {
    /// The constructor's row: name, length, function.
    pub constructor: NativeDef,
    /// Where the constructor goes.
    pub intrinsic: Intrinsic,
    /// Where the prototype goes.
    pub prototype_intrinsic: Intrinsic,
    /// The prototype's prototype.
    pub parent: Intrinsic,
    /// The constructor's prototype, `%Function.prototype%` for most.
    pub constructor_parent: Intrinsic,
    /// Properties of the prototype.
    pub prototype: &'static [Row],
    /// Properties of the constructor.
    pub statics: &'static [Row],
    /// Whether the constructor is a property of the global object.
    pub global: bool,
}

/// The constructor's row of a class.
pub const fn constructor(name: &'static str, length: u8, kind: NativeKind, function: NativeFn) -> NativeDef {
    def(name, length, kind, 0, function)
}

impl Context {
    /// Defines a table's rows on an object.
    pub(crate) fn define_rows(&mut self, object: &Object, rows: &'static [Row]) -> JsResult<()> {
        for row in rows {
            let key = match row.key {
                Key::Name(name) => Atom::from_str(name)?,
                Key::Symbol(symbol) => symbol.to_owned(),
            };
            let (value, flags) = match &row.what {
                What::Function(def) => (self.new_native(def, &[])?.into_value(), row.flags),
                What::Accessor(get, set) => {
                    let get = self.new_native(get, &[])?.into_value();
                    let set = match set {
                        Some(set) => self.new_native(set, &[])?.into_value(),
                        None => Value::UNDEFINED,
                    };
                    let flags =
                        PropertyFlags(row.flags.0 & !PropertyFlags::WRITABLE | PropertyFlags::ACCESSOR);
                    (Accessor::cell(get, set)?, flags)
                }
                What::Number(number) => (Value::number(*number), row.flags),
                What::Text(text) => (JsString::from_str(text)?.into(), row.flags),
                What::SameAs(name) => {
                    let earlier = Atom::from_str(name)?;
                    (self.get(object, earlier.raw())?, row.flags)
                }
            };
            self.define_builtin(object, key.raw(), value, flags)?;
        }
        Ok(())
    }

    /// A new builtin object: its own shape, which can grow without making shared ones.
    pub(crate) fn new_builtin_object(&mut self, prototype: &Value) -> JsResult<Object> {
        let shape = self.rt().shapes.unique(prototype, 0)?;
        Object::with_shape(shape)
    }

    /// Makes a class: constructor, prototype, and their tables. A prototype that is set already (because
    /// it is no ordinary object) is kept.
    pub(crate) fn define_class(&mut self, class: &'static Class) -> JsResult<Object> {
        let existing = self.realm().intrinsic(class.prototype_intrinsic);
        let prototype = match Object::try_from(existing) {
            Ok(prototype) => prototype,
            Err(_) => {
                let parent = self.realm().intrinsic(class.parent);
                self.new_builtin_object(&parent)?
            }
        };
        let constructor = self.new_native(&class.constructor, &[])?;
        let parent = self.realm().intrinsic(class.constructor_parent);
        if constructor.prototype().bits() != parent.bits() {
            self.set_prototype_of(&constructor, &parent)?;
        }
        self.materialize(&constructor)?;
        constructor.make_unique()?;
        let link = prototype.as_value().clone();
        self.define_builtin(&constructor, names::PROTOTYPE, link, PropertyFlags::FIXED)?;
        let link = constructor.as_value().clone();
        self.define_builtin(&prototype, names::CONSTRUCTOR, link, PropertyFlags::HIDDEN)?;
        self.realm().set_intrinsic(class.prototype_intrinsic, prototype.as_value().clone());
        self.realm().set_intrinsic(class.intrinsic, constructor.as_value().clone());
        self.define_rows(&prototype, class.prototype)?;
        self.define_rows(&constructor, class.statics)?;
        if class.global {
            let key = Atom::from_str(class.constructor.name)?;
            let global = self.global();
            let value = constructor.as_value().clone();
            self.define_builtin(&global, key.raw(), value, PropertyFlags::HIDDEN)?;
        }
        Ok(constructor)
    }

    /// A namespace object such as `Math`, as a property of the global object.
    pub(crate) fn define_namespace(&mut self, name: &'static str, rows: &'static [Row]) -> JsResult<Object> {
        let parent = self.realm().intrinsic(Intrinsic::ObjectPrototype);
        let object = self.new_builtin_object(&parent)?;
        self.define_rows(&object, rows)?;
        let key = Atom::from_str(name)?;
        let global = self.global();
        self.define_builtin(&global, key.raw(), object.as_value().clone(), PropertyFlags::HIDDEN)?;
        Ok(object)
    }
}

fn function_prototype(_: &mut Context, _: &crate::runtime::Arguments<'_>) -> JsResult<Value> {
    Ok(Value::UNDEFINED)
}

static FUNCTION_PROTOTYPE: NativeDef = def("", 0, NativeKind::Function, 0, function_prototype);

/// Fills a new realm with all builtin objects.
pub(crate) fn install(cx: &mut Context) -> JsResult<()> {
    use crate::object::shape_flags;
    use crate::runtime::NativeCell;
    let object_prototype = cx.new_builtin_object(&Value::NULL)?;
    object_prototype.set_shape_flag(shape_flags::IMMUTABLE_PROTOTYPE)?;
    cx.realm().set_intrinsic(Intrinsic::ObjectPrototype, object_prototype.as_value().clone());
    let shape = cx.rt().shapes.unique(&object_prototype, 0)?;
    let function_prototype =
        NativeCell::create(shape, &FUNCTION_PROTOTYPE, cx.realm_value(), core::iter::empty())?;
    cx.realm().set_intrinsic(Intrinsic::FunctionPrototype, function_prototype.as_value().clone());
    let hidden = PropertyFlags::CONFIG;
    cx.define_builtin(&function_prototype, names::LENGTH, Value::int(0), hidden)?;
    cx.define_builtin(&function_prototype, names::NAME, JsString::empty().into(), hidden)?;
    // %Array.prototype% is itself an array, and its shape's root must exist before other arrays do.
    let shape = cx.rt().shapes.unique(&object_prototype, 0)?;
    let array_prototype = crate::object::ArrayCell::create(shape, 0)?;
    cx.realm().set_intrinsic(Intrinsic::ArrayPrototype, array_prototype.into());
    cx.realm().make_shapes()?;
    let global = cx.new_builtin_object(&object_prototype)?;
    let lexicals = cx.new_builtin_object(&Value::NULL)?;
    crate::object::mark_global(&global)?;
    crate::object::mark_global(&lexicals)?;
    cx.realm().set_globals(global, lexicals);
    error::install(cx)?;
    function::install(cx)?;
    object::install(cx)?;
    symbol::install(cx)?;
    array::install(cx)?;
    string::install(cx)?;
    number::install(cx)?;
    math::install(cx)?;
    promise::install(cx)?;
    generator::install(cx)?;
    iterator::install(cx)?;
    collections::install(cx)?;
    weak::install(cx)?;
    global::install(cx)?;
    uri::install(cx)?;
    console::install(cx)?;
    json::install(cx)?;
    proxy::install(cx)?;
    array_buffer::install(cx)?;
    typed_array::install(cx)?;
    base64::install(cx)?;
    data_view::install(cx)?;
    atomics::install(cx)?;
    disposable::install(cx)?;
    date::install(cx)?;
    regexp::install(cx)?;
    reflect::install(cx)?;
    Ok(())
}
