//! `%IteratorPrototype%` and array iterators (ECMA-262 27.1.2, 23.1.5).

use super::{Row, method_magic, symbol_method, tag};
use crate::exec::iteration::ARRAY_NEXT;
use crate::object::ShapeTable;
use crate::object::iteration::{Iteration, IteratorCell};
use crate::runtime::{Arguments, Context, Intrinsic};
use crate::text::names;
use crate::value::{JsResult, Object, Value};

/// `keys` (0), `values` (1), `entries` (2) of arrays and typed arrays.
pub(super) fn iterate(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let what = [Iteration::ArrayKeys, Iteration::ArrayValues, Iteration::ArrayEntries][call.magic as usize];
    new_iterator(cx, what, object.into())
}

/// A new array iterator.
pub(super) fn new_iterator(cx: &mut Context, what: Iteration, source: Value) -> JsResult<Value> {
    let prototype = cx.intrinsic(Intrinsic::ArrayIteratorPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(IteratorCell::create(shape, what, source, Value::UNDEFINED)?.into())
}

fn next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(state) = call.this.downcast::<IteratorCell>() else {
        return Err(cx.throw_type_error(format_args!("not an array iterator")));
    };
    if !matches!(state.what(), Iteration::ArrayKeys | Iteration::ArrayValues | Iteration::ArrayEntries) {
        return Err(cx.throw_type_error(format_args!("not an array iterator")));
    }
    match cx.array_iterator_step(state)? {
        Some(value) => cx.iter_result(value, false),
        None => cx.iter_result(Value::UNDEFINED, true),
    }
}

static ROWS: &[Row] = &[method_magic("next", 0, next, ARRAY_NEXT), tag("Array Iterator")];

static ITERATOR_ROWS: &[Row] =
    &[symbol_method(names::SYM_ITERATOR, "[Symbol.iterator]", 0, super::array::return_this)];

/// The three methods that arrays and typed arrays share in kind, not in identity.
static METHODS: &[Row] = &[
    method_magic("entries", 0, iterate, 2),
    method_magic("keys", 0, iterate, 0),
    method_magic("values", 0, iterate, 1),
];

pub(super) fn install(cx: &mut Context, array_prototype: &Object) -> JsResult<()> {
    let parent = cx.realm().intrinsic(Intrinsic::ObjectPrototype);
    let iterator = cx.new_builtin_object(&parent)?;
    cx.define_rows(&iterator, ITERATOR_ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::IteratorPrototype, iterator.as_value().clone());
    let prototype = cx.new_builtin_object(iterator.as_value())?;
    cx.define_rows(&prototype, ROWS)?;
    cx.realm().set_intrinsic(Intrinsic::ArrayIteratorPrototype, prototype.into());
    cx.define_rows(array_prototype, METHODS)
}
