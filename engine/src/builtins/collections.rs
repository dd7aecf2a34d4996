//! Map and Set objects and their iterators (ECMA-262 24.1, 24.2).

use super::{Class, Key, Row, constructor, getter, method, method_magic, same_as, symbol_getter, tag};
use crate::exec::iteration::{MAP_NEXT, SET_NEXT};
use crate::object::ShapeTable;
use crate::object::collections::{MapCell, SetCell};
use crate::object::iteration::{Iteration, IteratorCell};
use crate::runtime::{Arguments, Context, Intrinsic, NativeCell, NativeKind, undefined};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value};

fn this_map<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a MapCell> {
    match call.this.downcast::<MapCell>() {
        Some(map) => Ok(map),
        None => Err(cx.throw_type_error(format_args!("not a Map"))),
    }
}

fn this_set<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a SetCell> {
    match call.this.downcast::<SetCell>() {
        Some(set) => Ok(set),
        None => Err(cx.throw_type_error(format_args!("not a Set"))),
    }
}

/// Marks the rows whose work the constructors do directly.
const MAP_SET: i32 = 0x4D53_4554;
const SET_ADD: i32 = 0x5341_4444;

/// The method that fills a new collection; true when it is the builtin one.
pub(super) fn adder(
    cx: &mut Context,
    object: &Object,
    key: crate::text::RawAtom,
    magic: i32,
) -> JsResult<(Value, bool)> {
    let adder = cx.get(object, key)?;
    if !cx.is_callable(&adder) {
        return Err(cx.throw_type_error(format_args!("adder is not a function")));
    }
    let builtin = adder.downcast::<NativeCell>().is_some_and(|cell| cell.def().magic == magic);
    Ok((adder, builtin))
}

/// The two parts of an entry that a Map is made of.
pub(super) fn entry_parts(cx: &mut Context, item: &Value) -> JsResult<(Value, Value)> {
    let Some(pair) = item.as_object() else {
        let what = cx.describe(item);
        return Err(cx.throw_type_error(format_args!("iterator value {what} is not an entry object")));
    };
    let key = cx.get_index(pair, 0)?;
    let value = cx.get_index(pair, 1)?;
    Ok((key, value))
}

fn new_collection(cx: &mut Context, prototype: &Object, map: bool) -> JsResult<Object> {
    cx.collect_if_due();
    let shape = ShapeTable::current().root(prototype.as_value(), 0, 0)?;
    if map { MapCell::create(shape) } else { SetCell::create(shape) }
}

fn construct_map(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::MapPrototype)?;
    let object = new_collection(cx, &prototype, true)?;
    let iterable = call.get(0);
    if iterable.is_nullish() {
        return Ok(object.into());
    }
    let (set, builtin) = adder(cx, &object, names::SET, MAP_SET)?;
    cx.iterate(iterable, &mut |cx, item| {
        let (key, value) = entry_parts(cx, &item)?;
        match object.downcast::<MapCell>() {
            Some(map) if builtin => map.set(&key, value)?,
            _ => drop(cx.call(&set, object.as_value(), &[key, value])?),
        }
        Ok(true)
    })?;
    Ok(object.into())
}

fn construct_set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::SetPrototype)?;
    let object = new_collection(cx, &prototype, false)?;
    let iterable = call.get(0);
    if iterable.is_nullish() {
        return Ok(object.into());
    }
    let (add, builtin) = adder(cx, &object, names::ADD, SET_ADD)?;
    cx.iterate(iterable, &mut |cx, item| {
        match object.downcast::<SetCell>() {
            Some(set) if builtin => set.set(&item, Value::UNDEFINED)?,
            _ => drop(cx.call(&add, object.as_value(), &[item])?),
        }
        Ok(true)
    })?;
    Ok(object.into())
}

// ----- Map -----

fn map_get(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(this_map(cx, call)?.get(call.get(0))?.unwrap_or_default())
}

fn map_set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_map(cx, call)?.set(call.get(0), call.get(1).clone())?;
    Ok(call.this.clone())
}

/// `getOrInsert(key, value)`.
fn map_get_or_insert(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let map = this_map(cx, call)?;
    if let Some(value) = map.get(call.get(0))? {
        return Ok(value);
    }
    map.set(call.get(0), call.get(1).clone())?;
    Ok(call.get(1).clone())
}

/// `getOrInsertComputed(key, callback)`: the callback is given the key as the map holds it.
fn map_get_or_compute(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let map = this_map(cx, call)?;
    check_callback(cx, call.get(1))?;
    if let Some(value) = map.get(call.get(0))? {
        return Ok(value);
    }
    let zero = call.get(0).as_number() == Some(0.0);
    let key = if zero { Value::int(0) } else { call.get(0).clone() };
    let value = cx.call(call.get(1), undefined(), core::slice::from_ref(&key))?;
    map.set(&key, value.clone())?;
    Ok(value)
}

fn map_has(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_map(cx, call)?.has(call.get(0))?))
}

fn map_delete(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_map(cx, call)?.delete(call.get(0))?))
}

fn map_clear(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_map(cx, call)?.clear();
    Ok(Value::UNDEFINED)
}

fn map_size(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(this_map(cx, call)?.len() as f64))
}

fn map_for_each(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let map = this_map(cx, call)?;
    check_callback(cx, call.get(0))?;
    let mut at = 0;
    while let Some((key, value, next)) = map.step(at) {
        at = next;
        cx.call(call.get(0), call.get(1), &[value, key, call.this.clone()])?;
    }
    Ok(Value::UNDEFINED)
}

fn check_callback(cx: &mut Context, callback: &Value) -> JsResult<()> {
    if !cx.is_callable(callback) {
        let what = cx.describe(callback);
        return Err(cx.throw_type_error(format_args!("{what} is not a function")));
    }
    Ok(())
}

/// `keys` (0), `values` (1), `entries` (2).
fn map_iterate(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_map(cx, call)?;
    let what = [Iteration::MapKeys, Iteration::MapValues, Iteration::MapEntries][call.magic as usize];
    new_iterator(cx, what, Intrinsic::MapIteratorPrototype, call.this)
}

fn new_iterator(cx: &mut Context, what: Iteration, prototype: Intrinsic, source: &Value) -> JsResult<Value> {
    let prototype = cx.realm().intrinsic(prototype);
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(IteratorCell::create(shape, what, source.clone(), Value::UNDEFINED)?.into())
}

/// `Map.groupBy` (24.1.2.1).
fn map_group_by(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.require_object_coercible(call.get(0), "Map.groupBy")?;
    check_callback(cx, call.get(1))?;
    let prototype = cx.intrinsic(Intrinsic::MapPrototype);
    let object = new_collection(cx, &prototype, true)?;
    let Some(groups) = object.downcast::<MapCell>() else { return Ok(Value::UNDEFINED) };
    let mut index = 0.0;
    cx.iterate(call.get(0), &mut |cx, value| {
        let key = cx.call(call.get(1), undefined(), &[value.clone(), Value::number(index)])?;
        index += 1.0;
        let group = match groups.get(&key)? {
            Some(group) => group,
            None => {
                let group: Value = cx.new_array(&[])?.into();
                groups.set(&key, group.clone())?;
                group
            }
        };
        if let Some(list) = group.as_object().and_then(|o| o.as_array())
            && list.push_dense(value)?.is_err()
        {
            return Err(Thrown::OutOfMemory);
        }
        Ok(true)
    })?;
    Ok(object.into())
}

// ----- Set -----

fn set_add(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_set(cx, call)?.set(call.get(0), Value::UNDEFINED)?;
    Ok(call.this.clone())
}

fn set_has(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_set(cx, call)?.has(call.get(0))?))
}

fn set_delete(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(this_set(cx, call)?.delete(call.get(0))?))
}

fn set_clear(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_set(cx, call)?.clear();
    Ok(Value::UNDEFINED)
}

fn set_size(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::number(this_set(cx, call)?.len() as f64))
}

fn set_for_each(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let set = this_set(cx, call)?;
    check_callback(cx, call.get(0))?;
    let mut at = 0;
    while let Some((key, _, next)) = set.step(at) {
        at = next;
        cx.call(call.get(0), call.get(1), &[key.clone(), key, call.this.clone()])?;
    }
    Ok(Value::UNDEFINED)
}

/// `values` (0), `entries` (1).
fn set_iterate(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_set(cx, call)?;
    let what = [Iteration::SetValues, Iteration::SetEntries][call.magic as usize];
    new_iterator(cx, what, Intrinsic::SetIteratorPrototype, call.this)
}

/// A Set Record (24.2.1.2): an object that can be asked like a set.
struct SetRecord<'a> {
    object: &'a Value,
    size: f64,
    has: Value,
    keys: Value,
}

/// GetSetRecord (24.2.1.2).
fn set_record<'a>(cx: &mut Context, value: &'a Value) -> JsResult<SetRecord<'a>> {
    let Some(object) = value.as_object() else {
        let what = cx.describe(value);
        return Err(cx.throw_type_error(format_args!("{what} is not an object")));
    };
    let size = cx.get(object, names::SIZE)?;
    let size = cx.to_number(&size)?;
    if size.is_nan() {
        return Err(cx.throw_type_error(format_args!("size is not a number")));
    }
    let size = size.trunc();
    if size < 0.0 {
        return Err(cx.throw_range_error(format_args!("size must not be negative")));
    }
    let has = cx.get(object, names::HAS)?;
    if !cx.is_callable(&has) {
        return Err(cx.throw_type_error(format_args!("has is not a function")));
    }
    let keys = cx.get(object, names::KEYS)?;
    if !cx.is_callable(&keys) {
        return Err(cx.throw_type_error(format_args!("keys is not a function")));
    }
    Ok(SetRecord { object: value, size, has, keys })
}

impl SetRecord<'_> {
    fn has(&self, cx: &mut Context, key: Value) -> JsResult<bool> {
        Ok(cx.call(&self.has, self.object, &[key])?.to_boolean())
    }

    /// Calls `visit` with each key; false stops and closes the iterator.
    fn each(&self, cx: &mut Context, visit: &mut dyn FnMut(Value) -> JsResult<bool>) -> JsResult<bool> {
        let (iterator, next) = cx.iterator_from_method(self.object, &self.keys)?;
        while let Some(key) = cx.iterator_step_value(&iterator, &next)? {
            if !visit(key)? {
                cx.iterator_close(&iterator)?;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Adds all members of another set.
fn add_all(cx: &mut Context, to: &SetCell, from: &SetCell) -> JsResult<()> {
    let mut at = 0;
    while let Some((key, _, next)) = from.step(at) {
        at = next;
        cx.poll_native()?;
        to.set(&key, Value::UNDEFINED)?;
    }
    Ok(())
}

const UNION: i32 = 0;
const INTERSECTION: i32 = 1;
const DIFFERENCE: i32 = 2;
const SYMMETRIC_DIFFERENCE: i32 = 3;

/// `union`, `intersection`, `difference`, `symmetricDifference` (24.2.4).
fn set_combine(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let own = this_set(cx, call)?;
    let other = set_record(cx, call.get(0))?;
    let prototype = cx.intrinsic(Intrinsic::SetPrototype);
    let object = new_collection(cx, &prototype, false)?;
    let Some(result) = object.downcast::<SetCell>() else { return Ok(Value::UNDEFINED) };
    let small = own.len() as f64 <= other.size;
    match call.magic {
        UNION | SYMMETRIC_DIFFERENCE => {
            // The keys are asked for before the copy is made.
            let (iterator, next) = cx.iterator_from_method(other.object, &other.keys)?;
            add_all(cx, result, own)?;
            while let Some(key) = cx.iterator_step_value(&iterator, &next)? {
                if call.magic == SYMMETRIC_DIFFERENCE && own.has(&key)? {
                    result.delete(&key)?;
                } else {
                    result.set(&key, Value::UNDEFINED)?;
                }
            }
        }
        INTERSECTION if small => {
            let mut at = 0;
            while let Some((key, _, next)) = own.step(at) {
                at = next;
                if other.has(cx, key.clone())? {
                    result.set(&key, Value::UNDEFINED)?;
                }
            }
        }
        INTERSECTION => {
            other.each(cx, &mut |key| {
                if own.has(&key)? {
                    result.set(&key, Value::UNDEFINED)?;
                }
                Ok(true)
            })?;
        }
        _ => {
            add_all(cx, result, own)?;
            if small {
                // The keys as they were: `has` may change the set.
                let copy = new_collection(cx, &prototype, false)?;
                let Some(keys) = copy.downcast::<SetCell>() else { return Ok(Value::UNDEFINED) };
                add_all(cx, keys, own)?;
                let mut at = 0;
                while let Some((key, _, next)) = keys.step(at) {
                    at = next;
                    if other.has(cx, key.clone())? {
                        result.delete(&key)?;
                    }
                }
            } else {
                other.each(cx, &mut |key| {
                    result.delete(&key)?;
                    Ok(true)
                })?;
            }
        }
    }
    Ok(object.into())
}

const SUBSET: i32 = 0;
const SUPERSET: i32 = 1;
const DISJOINT: i32 = 2;

/// `isSubsetOf`, `isSupersetOf`, `isDisjointFrom` (24.2.4).
fn set_compare(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let own = this_set(cx, call)?;
    let other = set_record(cx, call.get(0))?;
    let size = own.len() as f64;
    let answer = match call.magic {
        SUBSET if size > other.size => false,
        SUPERSET if size < other.size => false,
        SUPERSET => other.each(cx, &mut |key| own.has(&key))?,
        DISJOINT if size > other.size => other.each(cx, &mut |key| Ok(!own.has(&key)?))?,
        _ => {
            let mut at = 0;
            let mut answer = true;
            while let Some((key, _, next)) = own.step(at) {
                at = next;
                if other.has(cx, key)? == (call.magic == DISJOINT) {
                    answer = false;
                    break;
                }
            }
            answer
        }
    };
    Ok(Value::boolean(answer))
}

// ----- Iterators -----

/// `next` of both iterator prototypes.
fn next(cx: &mut Context, call: &Arguments<'_>, map: bool) -> JsResult<Value> {
    let state = call.this.downcast::<IteratorCell>().filter(|state| match state.what() {
        Iteration::MapKeys | Iteration::MapValues | Iteration::MapEntries => map,
        Iteration::SetValues | Iteration::SetEntries => !map,
        _ => false,
    });
    let Some(state) = state else {
        return Err(cx.throw_type_error(format_args!("not a collection's iterator")));
    };
    match cx.collection_step(state)? {
        Some(value) => cx.iter_result(value, false),
        None => cx.iter_result(Value::UNDEFINED, true),
    }
}

fn map_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    next(cx, call, true)
}

fn set_next(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    next(cx, call, false)
}

static MAP_ROWS: &[Row] = &[
    method("get", 1, map_get),
    method_magic("set", 2, map_set, MAP_SET),
    method("getOrInsert", 2, map_get_or_insert),
    method("getOrInsertComputed", 2, map_get_or_compute),
    method("has", 1, map_has),
    method("delete", 1, map_delete),
    method("clear", 0, map_clear),
    method_magic("entries", 0, map_iterate, 2),
    method("forEach", 1, map_for_each),
    method_magic("keys", 0, map_iterate, 0),
    getter("size", map_size),
    method_magic("values", 0, map_iterate, 1),
    same_as(Key::Symbol(names::SYM_ITERATOR), "entries"),
    tag("Map"),
];

static SET_ROWS: &[Row] = &[
    method("has", 1, set_has),
    method_magic("add", 1, set_add, SET_ADD),
    method("delete", 1, set_delete),
    method("clear", 0, set_clear),
    method_magic("entries", 0, set_iterate, 1),
    method("forEach", 1, set_for_each),
    getter("size", set_size),
    method_magic("values", 0, set_iterate, 0),
    same_as(Key::Name("keys"), "values"),
    same_as(Key::Symbol(names::SYM_ITERATOR), "values"),
    method_magic("union", 1, set_combine, UNION),
    method_magic("intersection", 1, set_combine, INTERSECTION),
    method_magic("difference", 1, set_combine, DIFFERENCE),
    method_magic("symmetricDifference", 1, set_combine, SYMMETRIC_DIFFERENCE),
    method_magic("isSubsetOf", 1, set_compare, SUBSET),
    method_magic("isSupersetOf", 1, set_compare, SUPERSET),
    method_magic("isDisjointFrom", 1, set_compare, DISJOINT),
    tag("Set"),
];

static MAP_ITERATOR_ROWS: &[Row] = &[method_magic("next", 0, map_next, MAP_NEXT), tag("Map Iterator")];
static SET_ITERATOR_ROWS: &[Row] = &[method_magic("next", 0, set_next, SET_NEXT), tag("Set Iterator")];

static MAP: Class = Class {
    constructor: constructor("Map", 0, NativeKind::Constructor, construct_map),
    intrinsic: Intrinsic::Map,
    prototype_intrinsic: Intrinsic::MapPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: MAP_ROWS,
    statics: &[
        method("groupBy", 2, map_group_by),
        symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this),
    ],
    global: true,
};

static SET: Class = Class {
    constructor: constructor("Set", 0, NativeKind::Constructor, construct_set),
    intrinsic: Intrinsic::Set,
    prototype_intrinsic: Intrinsic::SetPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: SET_ROWS,
    statics: &[symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this)],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&MAP)?;
    cx.define_class(&SET)?;
    let parent = cx.realm().intrinsic(Intrinsic::IteratorPrototype);
    for (which, rows) in [
        (Intrinsic::MapIteratorPrototype, MAP_ITERATOR_ROWS),
        (Intrinsic::SetIteratorPrototype, SET_ITERATOR_ROWS),
    ] {
        let prototype = cx.new_builtin_object(&parent)?;
        cx.define_rows(&prototype, rows)?;
        cx.realm().set_intrinsic(which, prototype.into());
    }
    Ok(())
}
