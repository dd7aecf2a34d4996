//! Iterator objects and iterator helpers (ECMA-262 27.1).

use super::{Key, Row, What, constructor, def, method, method_magic, symbol_method, tag};
use crate::exec::iteration::HELPER_NEXT;
use crate::exec::property::same_value_zero;
use crate::object::iteration::{Helper, HelperCell};
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind, undefined};
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, Object, Thrown, Value};

const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// `new Iterator()` (27.1.3.1): only for classes that extend it.
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if call.new_target.bits() == call.callee.as_value().bits() {
        return Err(cx.throw_type_error(format_args!("Iterator is an abstract class")));
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::IteratorPrototype)?;
    Ok(cx.new_object_with_prototype(prototype.as_value())?.into())
}

/// `Iterator.from` (27.1.3.2).
fn from(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (iterator, next) = cx.get_flattenable(call.get(0), true)?;
    let class = cx.realm().intrinsic(Intrinsic::Iterator);
    if cx.ordinary_has_instance(&class, &iterator)? {
        return Ok(iterator);
    }
    let prototype = cx.realm().intrinsic(Intrinsic::WrapForValidIteratorPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(HelperCell::create(shape, Helper::Wrap, iterator, next, Value::UNDEFINED, 0.0)?.into())
}

/// `Iterator.concat`.
fn concat(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let list = cx.new_array(&[])?;
    for item in call.list {
        if !item.is_object() {
            let what = cx.describe(item);
            return Err(cx.throw_type_error(format_args!("{what} is not an object")));
        }
        let method = cx.get_method(item, names::SYM_ITERATOR)?;
        if method.is_undefined() {
            let what = cx.describe(item);
            return Err(cx.throw_type_error(format_args!("{what} is not iterable")));
        }
        for part in [item.clone(), method] {
            if list
                .as_array()
                .map(|list| list.push_dense(part))
                .transpose()?
                .is_none_or(|pushed| pushed.is_err())
            {
                return Err(Thrown::OutOfMemory);
            }
        }
    }
    let prototype = cx.realm().intrinsic(Intrinsic::IteratorHelperPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let none = Value::UNDEFINED;
    Ok(HelperCell::create(shape, Helper::Concat, none.clone(), none, list.into(), 0.0)?.into())
}

/// `Iterator.prototype[Symbol.dispose]`.
fn dispose(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let method = cx.get_method(call.this, names::RETURN)?;
    if !method.is_undefined() {
        cx.call(&method, call.this, &[])?;
    }
    Ok(Value::UNDEFINED)
}

fn this_wrapper<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a HelperCell> {
    match call.this.downcast::<HelperCell>().filter(|helper| helper.what() == Helper::Wrap) {
        Some(helper) => Ok(helper),
        None => Err(cx.throw_type_error(format_args!("not a wrapped iterator"))),
    }
}

fn wrapper_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let wrapper = this_wrapper(cx, call)?;
    cx.call(&wrapper.next, &wrapper.iterator, &[])
}

fn wrapper_return(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let wrapper = this_wrapper(cx, call)?;
    let method = cx.get_method(&wrapper.iterator, names::RETURN)?;
    if method.is_undefined() {
        return cx.iter_result(Value::UNDEFINED, true);
    }
    cx.call(&method, &wrapper.iterator, &[])
}

fn this_helper<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a HelperCell> {
    match call.this.downcast::<HelperCell>().filter(|helper| helper.what() != Helper::Wrap) {
        Some(helper) => Ok(helper),
        None => Err(cx.throw_type_error(format_args!("not an iterator helper"))),
    }
}

fn helper_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let helper = this_helper(cx, call)?;
    match cx.helper_step(helper)? {
        Some(value) => cx.iter_result(value, false),
        None => cx.iter_result(Value::UNDEFINED, true),
    }
}

fn helper_return(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let helper = this_helper(cx, call)?;
    cx.helper_return(helper)?;
    cx.iter_result(Value::UNDEFINED, true)
}

fn this_object<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a Object> {
    match call.this.as_object() {
        Some(object) => Ok(object),
        None => Err(cx.throw_type_error(format_args!("not an object"))),
    }
}

/// The callback of a method; if it is none, the iterator is closed.
fn callback(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let function = call.get(0);
    if cx.is_callable(function) {
        return Ok(function.clone());
    }
    let what = cx.describe(function);
    let thrown = cx.throw_type_error(format_args!("{what} is not a function"));
    Err(cx.close_and_throw(call.this, thrown))
}

/// `map`, `filter`, `take`, `drop`, `flatMap`, by their places in the list.
const KINDS: [Helper; 5] = [Helper::Map, Helper::Filter, Helper::FlatMap, Helper::Take, Helper::Drop];

fn lazy(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let what = KINDS[call.magic as usize];
    let (mut function, mut count) = (Value::UNDEFINED, 0.0);
    if matches!(what, Helper::Take | Helper::Drop) {
        count = match limit(cx, call.get(0)) {
            Ok(count) => count,
            Err(thrown) => return Err(cx.close_and_throw(call.this, thrown)),
        };
    } else {
        function = callback(cx, call)?;
    }
    let next = cx.iterator_next_method(object)?;
    let prototype = cx.realm().intrinsic(Intrinsic::IteratorHelperPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(HelperCell::create(shape, what, call.this.clone(), next, function, count)?.into())
}

fn limit(cx: &mut Context, value: &Value) -> Result<f64, Thrown> {
    let number = cx.to_number(value)?;
    let limit = number.trunc();
    if number.is_nan() || limit < 0.0 || (limit.is_finite() && limit > MAX_SAFE_INTEGER) {
        return Err(cx.throw_range_error(format_args!("limit must be a non-negative number")));
    }
    Ok(limit)
}

/// The size of chunks or windows, and how windows that are too short are treated.
fn chunk_arguments(cx: &mut Context, call: &Arguments<'_>) -> JsResult<(f64, Helper)> {
    let size = match call.get(0).as_number() {
        Some(size) if size.trunc() == size && size.is_finite() => size,
        _ => return Err(cx.throw_type_error(format_args!("size must be an integer"))),
    };
    if !(1.0..=f64::from(u32::MAX)).contains(&size) {
        return Err(cx.throw_range_error(format_args!("size must be between 1 and 4294967295")));
    }
    if call.magic == 0 {
        return Ok((size, Helper::Chunks));
    }
    let undersized = call.get(1);
    if undersized.is_undefined() {
        return Ok((size, Helper::Windows));
    }
    if let Some(undersized) = undersized.as_string() {
        for (name, helper) in [("only-full", Helper::Windows), ("allow-partial", Helper::PartialWindows)] {
            if undersized.text()?.units().eq(name.bytes().map(u16::from)) {
                return Ok((size, helper));
            }
        }
    }
    Err(cx.throw_type_error(format_args!("undersized must be \"only-full\" or \"allow-partial\"")))
}

/// `chunks` (magic 0) and `windows` (1).
fn chunked(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let (size, what) = match chunk_arguments(cx, call) {
        Ok(arguments) => arguments,
        Err(thrown) => return Err(cx.close_and_throw(call.this, thrown)),
    };
    let next = cx.iterator_next_method(object)?;
    let buffer = if call.magic == 0 { Value::UNDEFINED } else { cx.new_array(&[])?.into() };
    let prototype = cx.realm().intrinsic(Intrinsic::IteratorHelperPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(HelperCell::create(shape, what, call.this.clone(), next, buffer, size)?.into())
}

/// `includes(searchElement, skippedElements)`.
fn includes(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let mut skip = match skipped(cx, call.get(1)) {
        Ok(skip) => skip,
        Err(thrown) => return Err(cx.close_and_throw(call.this, thrown)),
    };
    let next = cx.iterator_next_method(object)?;
    while let Some(value) = cx.iterator_step_value(call.this, &next)? {
        if skip > 0.0 {
            skip -= 1.0;
        } else if same_value_zero(&value, call.get(0))? {
            cx.iterator_close(call.this)?;
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

/// How many elements `includes` passes over.
fn skipped(cx: &mut Context, value: &Value) -> JsResult<f64> {
    if value.is_undefined() {
        return Ok(0.0);
    }
    let Some(skip) = value.as_number().filter(|number| number.trunc() == *number) else {
        return Err(cx.throw_type_error(format_args!("number of skipped elements must be an integer")));
    };
    if skip < 0.0 || (skip.is_finite() && skip > MAX_SAFE_INTEGER) {
        return Err(cx.throw_range_error(format_args!("number of skipped elements is out of range")));
    }
    Ok(skip)
}

const FOR_EACH: i32 = 0;
const SOME: i32 = 1;
const EVERY: i32 = 2;
const FIND: i32 = 3;

/// `forEach`, `some`, `every`, `find`.
fn eager(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let function = callback(cx, call)?;
    let next = cx.iterator_next_method(object)?;
    let mut index = 0.0;
    while let Some(value) = cx.iterator_step_value(call.this, &next)? {
        let arguments = [value.clone(), Value::number(index)];
        index += 1.0;
        let result = match cx.call(&function, undefined(), &arguments) {
            Ok(result) => cx.truth(&result),
            Err(thrown) => return Err(cx.iterator_close_after(call.this, thrown)),
        };
        let answer = match call.magic {
            SOME if result => Value::TRUE,
            EVERY if !result => Value::FALSE,
            FIND if result => value,
            _ => continue,
        };
        cx.iterator_close(call.this)?;
        return Ok(answer);
    }
    Ok(match call.magic {
        SOME => Value::FALSE,
        EVERY => Value::TRUE,
        _ => Value::UNDEFINED,
    })
}

fn reduce(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let function = callback(cx, call)?;
    let next = cx.iterator_next_method(object)?;
    let mut index = 0.0;
    let mut sum = call.get(1).clone();
    if call.len() < 2 {
        let Some(first) = cx.iterator_step_value(call.this, &next)? else {
            return Err(cx.throw_type_error(format_args!("reduce of empty iterator with no initial value")));
        };
        sum = first;
        index = 1.0;
    }
    while let Some(value) = cx.iterator_step_value(call.this, &next)? {
        sum = match cx.call(&function, undefined(), &[sum, value, Value::number(index)]) {
            Ok(sum) => sum,
            Err(thrown) => return Err(cx.iterator_close_after(call.this, thrown)),
        };
        index += 1.0;
    }
    Ok(sum)
}

fn to_array(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    let next = cx.iterator_next_method(object)?;
    let array = cx.new_array(&[])?;
    while let Some(value) = cx.iterator_step_value(call.this, &next)? {
        if let Some(list) = array.as_array()
            && list.push_dense(value)?.is_err()
        {
            return Err(Thrown::OutOfMemory);
        }
    }
    Ok(array.into())
}

// ----- The two accessors that stand for data properties (27.1.4.1, 27.1.4.14) -----

fn get_constructor(cx: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Ok(cx.realm().intrinsic(Intrinsic::Iterator))
}

fn get_tag(_: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Ok(crate::value::JsString::from_str("Iterator")?.into())
}

fn set_constructor(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    set_ignoring_prototype(cx, call, names::CONSTRUCTOR)
}

fn set_tag(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    set_ignoring_prototype(cx, call, names::SYM_TO_STRING_TAG)
}

/// SetterThatIgnoresPrototypeProperties (7.3.24).
fn set_ignoring_prototype(cx: &mut Context, call: &Arguments<'_>, key: RawAtom) -> JsResult<Value> {
    let object = this_object(cx, call)?;
    if object.bits() == cx.realm().intrinsic(Intrinsic::IteratorPrototype).bits() {
        return Err(cx.throw_type_error(format_args!("property of Iterator.prototype is read-only")));
    }
    if cx.has_own_property(object, key)? {
        cx.set(object, key, call.get(0).clone())?;
    } else {
        cx.create_data_property_or_throw(object, key, call.get(0).clone())?;
    }
    Ok(Value::UNDEFINED)
}

const fn weird(
    key: Key,
    name: &'static str,
    get: crate::runtime::NativeFn,
    set: crate::runtime::NativeFn,
) -> Row {
    let get = def(name, 0, NativeKind::Getter, 0, get);
    let set = def(name, 1, NativeKind::Setter, 0, set);
    Row { key, what: What::Accessor(get, Some(set)), flags: PropertyFlags::CONFIG }
}

static ROWS: &[Row] = &[
    weird(Key::Name("constructor"), "constructor", get_constructor, set_constructor),
    method_magic("chunks", 1, chunked, 0),
    method_magic("drop", 1, lazy, 4),
    method_magic("every", 1, eager, EVERY),
    method_magic("filter", 1, lazy, 1),
    method_magic("find", 1, eager, FIND),
    method_magic("flatMap", 1, lazy, 2),
    method_magic("forEach", 1, eager, FOR_EACH),
    method("includes", 1, includes),
    method_magic("map", 1, lazy, 0),
    method("reduce", 1, reduce),
    method_magic("some", 1, eager, SOME),
    method_magic("take", 1, lazy, 3),
    method("toArray", 0, to_array),
    method_magic("windows", 1, chunked, 1),
    symbol_method(names::SYM_DISPOSE, "[Symbol.dispose]", 0, dispose),
    weird(Key::Symbol(names::SYM_TO_STRING_TAG), "[Symbol.toStringTag]", get_tag, set_tag),
];

static STATICS: &[Row] = &[
    method("concat", 0, concat),
    method("from", 1, from),
    method("zip", 1, super::iterator_zip::zip),
    method("zipKeyed", 1, super::iterator_zip::zip_keyed),
];

static HELPER_ROWS: &[Row] = &[
    method_magic("next", 0, helper_next, HELPER_NEXT),
    method("return", 0, helper_return),
    tag("Iterator Helper"),
];

static WRAPPER_ROWS: &[Row] = &[method("next", 0, wrapper_next), method("return", 0, wrapper_return)];

static CONSTRUCTOR: NativeDef = constructor("Iterator", 0, NativeKind::Constructor, construct);

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let prototype = cx.intrinsic(Intrinsic::IteratorPrototype);
    let class = cx.new_native(&CONSTRUCTOR, &[])?;
    cx.materialize(&class)?;
    class.make_unique()?;
    let link = prototype.as_value().clone();
    cx.define_builtin(&class, names::PROTOTYPE, link.clone(), PropertyFlags::FIXED)?;
    cx.define_rows(&class, STATICS)?;
    cx.realm().set_intrinsic(Intrinsic::Iterator, class.as_value().clone());
    cx.define_rows(&prototype, ROWS)?;
    let helpers = cx.new_builtin_object(&link)?;
    cx.define_rows(&helpers, HELPER_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::IteratorHelperPrototype, helpers.into());
    let wrappers = cx.new_builtin_object(&link)?;
    cx.define_rows(&wrappers, WRAPPER_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::WrapForValidIteratorPrototype, wrappers.into());
    let key = Atom::from_str("Iterator")?;
    let global = cx.global();
    cx.define_builtin(&global, key.raw(), class.into(), PropertyFlags::HIDDEN)
}
