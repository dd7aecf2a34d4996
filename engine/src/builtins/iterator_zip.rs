//! `Iterator.zip` and `Iterator.zipKeyed` (ECMA-262 27.1.3.3, 27.1.3.4): their arguments. The steps of what
//! they return are in `exec/helpers.rs`.

use crate::exec::property::OwnProperty;
use crate::mem::Vec;
use crate::object::ShapeTable;
use crate::object::iteration::{Helper, HelperCell};
use crate::runtime::{Arguments, Context, Intrinsic};
use crate::text::Atom;
use crate::value::{JsResult, Object, Thrown, Value};

/// Iterators and their `next` methods in turn.
type Records = Vec<'static, Value>;

/// `mode` of the options, and their `padding` where it counts.
fn options(cx: &mut Context, value: &Value) -> JsResult<(Helper, Value)> {
    let object = match value.as_object() {
        Some(object) => object,
        None if value.is_undefined() => return Ok((Helper::ZipShortest, Value::UNDEFINED)),
        None => return Err(cx.throw_type_error(format_args!("options must be an object"))),
    };
    let mode = Atom::from_str("mode")?;
    let mode = cx.get(object, mode.raw())?;
    let mut how = None;
    if mode.is_undefined() {
        how = Some(Helper::ZipShortest);
    } else if let Some(mode) = mode.as_string() {
        for (name, candidate) in [
            ("shortest", Helper::ZipShortest),
            ("longest", Helper::ZipLongest),
            ("strict", Helper::ZipStrict),
        ] {
            if mode.text()?.units().eq(name.bytes().map(u16::from)) {
                how = Some(candidate);
            }
        }
    }
    let Some(how) = how else {
        return Err(cx.throw_type_error(format_args!("mode must be \"shortest\", \"longest\" or \"strict\"")));
    };
    let mut padding = Value::UNDEFINED;
    if how == Helper::ZipLongest {
        let key = Atom::from_str("padding")?;
        padding = cx.get(object, key.raw())?;
        if !padding.is_undefined() && !padding.is_object() {
            return Err(cx.throw_type_error(format_args!("padding must be an object")));
        }
    }
    Ok((how, padding))
}

/// IfAbruptCloseIterators: `first` (an iterator, or undefined) was opened before all of `open`.
fn close_all(cx: &mut Context, open: &Records, first: &Value, mut thrown: Thrown) -> Thrown {
    for record in open.chunks(2).rev() {
        if let Some(iterator) = record.first() {
            thrown = cx.iterator_close_after(iterator, thrown);
        }
    }
    if !first.is_undefined() {
        thrown = cx.iterator_close_after(first, thrown);
    }
    thrown
}

fn push(open: &mut Records, record: (Value, Value)) -> JsResult<()> {
    open.try_push(record.0)?;
    Ok(open.try_push(record.1)?)
}

fn finish(cx: &mut Context, how: Helper, open: &Records, padding: &Value, keys: Value) -> JsResult<Value> {
    let iterators = cx.new_array(open)?;
    let prototype = cx.realm().intrinsic(Intrinsic::IteratorHelperPrototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(HelperCell::create(shape, how, iterators.into(), padding.clone(), keys, 0.0)?.into())
}

fn iterables<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a Object> {
    match call.get(0).as_object() {
        Some(object) => Ok(object),
        None => {
            let what = cx.describe(call.get(0));
            Err(cx.throw_type_error(format_args!("{what} is not an object")))
        }
    }
}

/// `Iterator.zip(iterables, options)`.
pub(super) fn zip(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    iterables(cx, call)?;
    let (how, padding) = options(cx, call.get(1))?;
    let mut open: Records = cx.scratch();
    let (input, next) = cx.get_iterator(call.get(0))?;
    loop {
        let value = match cx.iterator_step_value(&input, &next) {
            Ok(Some(value)) => value,
            Ok(None) => break,
            Err(thrown) => return Err(close_all(cx, &open, &Value::UNDEFINED, thrown)),
        };
        match cx.get_flattenable(&value, false) {
            Ok(record) => push(&mut open, record)?,
            Err(thrown) => return Err(close_all(cx, &open, &input, thrown)),
        }
    }
    let count = open.len() / 2;
    let padding = if padding.is_undefined() {
        padding
    } else {
        match padding_values(cx, &padding, count) {
            Ok(values) => values,
            Err(thrown) => return Err(close_all(cx, &open, &Value::UNDEFINED, thrown)),
        }
    };
    finish(cx, how, &open, &padding, Value::UNDEFINED)
}

/// The first `count` values of the iterable `padding`, undefined for those it lacks, as an array.
fn padding_values(cx: &mut Context, padding: &Value, count: usize) -> JsResult<Value> {
    let mut values: Vec<'static, Value> = cx.scratch();
    let (iterator, next) = cx.get_iterator(padding)?;
    let mut going = true;
    while values.len() < count {
        let mut value = None;
        if going {
            value = cx.iterator_step_value(&iterator, &next)?;
            going = value.is_some();
        }
        values.try_push(value.unwrap_or_default())?;
    }
    if going {
        cx.iterator_close(&iterator)?;
    }
    Ok(cx.new_array(&values)?.into())
}

/// `Iterator.zipKeyed(iterables, options)`.
pub(super) fn zip_keyed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = iterables(cx, call)?;
    let (how, padding) = options(cx, call.get(1))?;
    let mut open: Records = cx.scratch();
    let mut keys: Vec<'static, Atom> = cx.scratch();
    for key in cx.own_keys(object)?.iter() {
        match keyed_record(cx, object, key) {
            Ok(Some(record)) => {
                push(&mut open, record)?;
                keys.try_push(key.clone())?;
            }
            Ok(None) => (),
            Err(thrown) => return Err(close_all(cx, &open, &Value::UNDEFINED, thrown)),
        }
    }
    let mut pads = Value::UNDEFINED;
    if let Some(padding) = padding.as_object() {
        let mut values: Vec<'static, Value> = cx.scratch();
        for key in &keys {
            match cx.get(padding, key.raw()) {
                Ok(value) => values.try_push(value)?,
                Err(thrown) => return Err(close_all(cx, &open, &Value::UNDEFINED, thrown)),
            }
        }
        pads = cx.new_array(&values)?.into();
    }
    let keys = cx.new_array_from_atoms(&keys)?;
    finish(cx, how, &open, &pads, keys.into())
}

fn keyed_record(cx: &mut Context, object: &Object, key: &Atom) -> JsResult<Option<(Value, Value)>> {
    let property: Option<OwnProperty> = cx.get_own_property(object, key.raw())?;
    if property.is_none_or(|property| !property.flags().is_enumerable()) {
        return Ok(None);
    }
    let value = cx.get(object, key.raw())?;
    if value.is_undefined() {
        return Ok(None);
    }
    cx.get_flattenable(&value, false).map(Some)
}
