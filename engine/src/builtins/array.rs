//! Array objects (ECMA-262 23.1).
//!
//! The methods work on anything array-like through the object protocol. Where the receiver is a dense array
//! without holes and nothing can interfere (no callbacks in between), they work on its elements.

use super::array_bulk::{
    append_elements, close_gap, copy_elements, fill_elements, open_gap, reverse_elements,
};
use super::array_walk::{
    Walk, exchange, holes_are_nothing, move_down, move_index, move_sparse, move_up, relevant, relevant_pairs,
};
use super::{Class, Key, Row, constructor, method, method_magic, same_as, symbol_getter};
use crate::exec::property::same_value_zero;
use crate::mem::Vec;
use crate::object::{ArrayCell, PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, Object, Thrown, Value, kind};

pub(super) const MAX_SAFE_LENGTH: u64 = (1 << 53) - 1;

impl Context {
    /// ArrayCreate (10.4.2.2) with the realm's prototype.
    pub fn array_create(&mut self, length: u64) -> JsResult<Object> {
        if length > u64::from(u32::MAX) {
            return Err(self.throw_range_error(format_args!("invalid array length")));
        }
        let array = self.new_array(&[])?;
        if length > 0 {
            self.set_array_length(&array, length as u32)?;
        }
        Ok(array)
    }

    /// ArraySpeciesCreate (10.4.2.3).
    pub(super) fn array_species_create(&mut self, original: &Object, length: u64) -> JsResult<Object> {
        if !super::object::is_array(self, original.as_value())? {
            return self.array_create(length);
        }
        let mut species = self.get(original, names::CONSTRUCTOR)?;
        if self.is_constructor(&species)
            && let Some(object) = species.as_object()
        {
            let realm = self.function_realm(object)?;
            if realm.bits() != self.realm_value().bits() {
                // SAFETY: the realm value keeps its cell alive for this block.
                let other = unsafe { Context::new(self.rt_ptr(), realm.cell_unchecked().cast()) };
                if species.bits() == other.intrinsic(Intrinsic::Array).bits() {
                    species = Value::UNDEFINED;
                }
            }
        }
        if let Some(object) = species.as_object() {
            species = self.get(object, names::SYM_SPECIES)?;
            if species.is_null() {
                species = Value::UNDEFINED;
            }
        }
        if species.is_undefined() || species.bits() == self.realm().intrinsic(Intrinsic::Array).bits() {
            return self.array_create(length);
        }
        if !self.is_constructor(&species) {
            return Err(self.throw_type_error(format_args!("species is not a constructor")));
        }
        let result = self.construct(&species, &[Value::number(length as f64)], &species.clone())?;
        Object::try_from(result).map_err(|_| Thrown::Exception)
    }

    /// Whether a value is an array whose elements may be read and moved in place: one that is not sparse, without
    /// properties of its own, in which a hole is nothing.
    pub(super) fn plain<'v>(&self, object: &'v Object) -> Option<&'v ArrayCell> {
        if object.as_cell_word() != self.array_word() {
            return None;
        }
        holes_are_nothing(object).filter(|array| !array.is_sparse())
    }

    pub(super) fn throw_too_long(&mut self) -> Thrown {
        self.throw_type_error(format_args!("array is too long"))
    }
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let new_target = if call.is_construct() { call.new_target } else { call.callee.as_value() };
    let prototype = cx.prototype_from_constructor(new_target, Intrinsic::ArrayPrototype)?;
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    let array = ArrayCell::create(shape, 0)?;
    if let [length] = call.list
        && let Some(number) = length.as_number()
    {
        if number != f64::from(number as u32) {
            return Err(cx.throw_range_error(format_args!("invalid array length")));
        }
        cx.set_array_length(&array, number as u32)?;
        return Ok(array.into());
    }
    for (i, value) in call.list.iter().enumerate() {
        cx.create_index_or_throw(&array, i as u64, value.clone())?;
    }
    Ok(array.into())
}

fn is_array(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(super::object::is_array(cx, call.get(0))?))
}

/// A new object of the constructor that `this` is, or an array.
fn new_of(cx: &mut Context, this: &Value, arguments: &[Value]) -> JsResult<Object> {
    if cx.is_constructor(this) {
        let object = cx.construct(this, arguments, this)?;
        return Object::try_from(object).map_err(|_| Thrown::Exception);
    }
    let length = arguments.first().and_then(|v| v.as_number()).unwrap_or(0.0);
    cx.array_create(length as u64)
}

fn of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let array = new_of(cx, call.this, &[Value::number(call.len() as f64)])?;
    for (i, value) in call.list.iter().enumerate() {
        cx.create_index_or_throw(&array, i as u64, value.clone())?;
    }
    cx.set(&array, names::LENGTH, Value::number(call.len() as f64))?;
    Ok(array.into())
}

/// `Array.from` (23.1.2.1).
fn from(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (items, map) = (call.get(0), call.get(1));
    let mapping = !map.is_undefined();
    if mapping {
        super::function::callback(cx, map)?;
    }
    let method = cx.get_method(items, names::SYM_ITERATOR)?;
    if !method.is_undefined() {
        let array = new_of(cx, call.this, &[])?;
        let (iterator, next) = cx.iterator_from_method(items, &method)?;
        let mut index = 0u64;
        while let Some(value) = cx.iterator_step_value(&iterator, &next)? {
            let stored = if mapping {
                cx.call(map, call.get(2), &[value, Value::number(index as f64)])
            } else {
                Ok(value)
            };
            let done = stored.and_then(|value| cx.create_index_or_throw(&array, index, value));
            if let Err(error) = done {
                return Err(cx.iterator_close_after(&iterator, error));
            }
            index += 1;
        }
        cx.set(&array, names::LENGTH, Value::number(index as f64))?;
        return Ok(array.into());
    }
    let source = cx.to_object(items)?;
    let length = cx.length_of(&source)?;
    let array = new_of(cx, call.this, &[Value::number(length as f64)])?;
    for i in 0..length {
        let mut value = cx.get_index(&source, i)?;
        if mapping {
            value = cx.call(map, call.get(2), &[value, Value::number(i as f64)])?;
        }
        cx.create_index_or_throw(&array, i, value)?;
    }
    cx.set(&array, names::LENGTH, Value::number(length as f64))?;
    Ok(array.into())
}

pub(super) fn return_this(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(call.this.clone())
}

// ----- Ends -----

fn push(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    if let Some(array) = object.as_array() {
        let plain = object.kind() == kind::ARRAY
            && object.as_cell_word() == cx.array_word()
            && !ShapeTable::current().has_indexed_prototypes()
            && !array.is_sparse();
        if plain && u64::from(array.length()) + (call.len() as u64) < u64::from(u32::MAX) {
            let mut rest = call.list;
            while let [value, others @ ..] = rest {
                if array.push_dense(value.clone())?.is_err() {
                    break;
                }
                rest = others;
            }
            if rest.is_empty() {
                return Ok(Value::number(f64::from(array.length())));
            }
            return push_each(cx, &object, rest);
        }
    }
    push_each(cx, &object, call.list)
}

fn push_each(cx: &mut Context, object: &Object, values: &[Value]) -> JsResult<Value> {
    let mut length = cx.length_of(object)?;
    if length + values.len() as u64 > MAX_SAFE_LENGTH {
        return Err(cx.throw_too_long());
    }
    for value in values {
        cx.set_index(object, length, value.clone())?;
        length += 1;
    }
    let length = Value::number(length as f64);
    cx.set(object, names::LENGTH, length.clone())?;
    Ok(length)
}

fn pop(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    if let Some(array) = object.as_array() {
        let plain = object.kind() == kind::ARRAY && object.as_cell_word() == cx.array_word();
        if let (true, Some(last)) = (plain, array.length().checked_sub(1))
            && let Some(value) = array.dense(last)
        {
            array.set_length(last);
            return Ok(value);
        }
    }
    let length = cx.length_of(&object)?;
    if length == 0 {
        cx.set(&object, names::LENGTH, Value::int(0))?;
        return Ok(Value::UNDEFINED);
    }
    let value = cx.get_index(&object, length - 1)?;
    delete_index(cx, &object, length - 1)?;
    cx.set(&object, names::LENGTH, Value::number((length - 1) as f64))?;
    Ok(value)
}

pub(super) fn delete_index(cx: &mut Context, object: &Object, index: u64) -> JsResult<()> {
    cx.poll_native()?;
    let key = crate::text::Atom::from_index(index)?;
    cx.delete_property_or_throw(object, key.raw())
}

pub(super) fn has_index(cx: &mut Context, object: &Object, index: u64) -> JsResult<bool> {
    cx.poll_native()?;
    let key = crate::text::Atom::from_index(index)?;
    cx.has_property(object, key.raw())
}

fn shift(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    if let Some(array) = cx.plain(&object)
        && array.length() > 0
    {
        let first = array.dense(0).unwrap_or_default();
        array.shift_dense(0, 1);
        return Ok(first);
    }
    let length = cx.length_of(&object)?;
    if length == 0 {
        cx.set(&object, names::LENGTH, Value::int(0))?;
        return Ok(Value::UNDEFINED);
    }
    let first = cx.get_index(&object, 0)?;
    if !move_sparse(cx, &object, 0, |index| index.checked_sub(1))? {
        move_down(cx, &object, 1, length, 1)?;
    }
    cx.set(&object, names::LENGTH, Value::number((length - 1) as f64))?;
    Ok(first)
}

/// Puts an element into a plain array, in its slot if there is one.
fn put(cx: &mut Context, object: &Object, index: u32, value: &Value) -> JsResult<()> {
    match object.as_array() {
        Some(array) if array.set_dense(index, value.clone()) => Ok(()),
        _ => cx.create_index_or_throw(object, u64::from(index), value.clone()),
    }
}

fn length_now(object: &Object) -> u32 {
    object.as_array().map_or(0, ArrayCell::length)
}

fn unshift(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let count = call.len() as u64;
    if let Some(array) = cx.plain(&object)
        && u64::from(array.length()) + count < u64::from(u32::MAX)
        && u64::from(array.dense_length()) + count < 1 << 26
    {
        let length = u64::from(array.length());
        if let Some(end) = open_gap(cx, &object, 0, count as u32)? {
            move_up(cx, &object, 0, end.min(length), count)?;
        }
        for (i, value) in call.list.iter().enumerate() {
            put(cx, &object, i as u32, value)?;
        }
        return Ok(Value::number(f64::from(length_now(&object))));
    }
    let length = cx.length_of(&object)?;
    if count > 0 {
        if length + count > MAX_SAFE_LENGTH {
            return Err(cx.throw_too_long());
        }
        let fits = length + count <= u64::from(u32::MAX);
        if !(fits && move_sparse(cx, &object, 0, |index| Some(index + count))?) {
            move_up(cx, &object, 0, length, count)?;
        }
        for (i, value) in call.list.iter().enumerate() {
            cx.set_index(&object, i as u64, value.clone())?;
        }
    }
    let length = Value::number((length + count) as f64);
    cx.set(&object, names::LENGTH, length.clone())?;
    Ok(length)
}

// ----- Copies -----

fn slice(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let start = cx.relative_index(call.get(0), length, 0)?;
    let end = cx.relative_index(call.get(1), length, length)?;
    let count = end.saturating_sub(start);
    let result = cx.array_species_create(&object, count)?;
    let mut at = start;
    if !Object::same(&object, &result)
        && cx.plain(&object).is_some_and(|from| u64::from(from.length()) >= end)
        && let Some(to) = cx.plain(&result)
    {
        to.set_length(0);
        at = append_elements(cx, &object, &result, (start, start + count), 0)?;
        if at == start + count {
            return Ok(result.into());
        }
    }
    let mut walk = Walk::new(cx);
    while let Some(i) = walk.next(&object, at, end)? {
        if let Some(value) = element(cx, &object, i)? {
            cx.create_index_or_throw(&result, i - start, value)?;
        }
        at = i + 1;
    }
    cx.set(&result, names::LENGTH, Value::number(count as f64))?;
    Ok(result.into())
}

/// Start and count of `splice` and `toSpliced`.
fn splice_range(cx: &mut Context, call: &Arguments<'_>, length: u64) -> JsResult<(u64, u64)> {
    let start = cx.relative_index(call.get(0), length, 0)?;
    let count = match call.len() {
        0 => 0,
        1 => length - start,
        _ => {
            let count = cx.to_integer_or_infinity(call.get(1))?;
            count.clamp(0.0, (length - start) as f64) as u64
        }
    };
    Ok((start, count))
}

fn splice(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let (start, count) = splice_range(cx, call, length)?;
    let items = call.rest(2);
    if length + items.len() as u64 - count > MAX_SAFE_LENGTH {
        return Err(cx.throw_too_long());
    }
    let removed = cx.array_species_create(&object, count)?;
    let added = items.len() as u64;
    if let (Some(array), Some(to)) = (cx.plain(&object), cx.plain(&removed))
        && !Object::same(&object, &removed)
        && u64::from(array.length()) == length
        && length + added - count < u64::from(u32::MAX)
        && u64::from(array.dense_length()) + added < 1 << 26
    {
        let (start, count, added) = (start as u32, count as u32, items.len() as u32);
        to.set_length(0);
        let range = (u64::from(start), u64::from(start + count));
        let copied = append_elements(cx, &object, &removed, range, 0)?;
        for i in copied..range.1 {
            if let Some(value) = element(cx, &object, i)? {
                cx.create_index_or_throw(&removed, i - range.0, value)?;
            }
        }
        let more = u64::from(added.abs_diff(count));
        if added > count {
            if let Some(end) = open_gap(cx, &object, start + count, more as u32)? {
                move_up(cx, &object, range.1, end.min(length), more)?;
            }
        } else if let Some(from) = close_gap(cx, &object, start + added, more as u32)? {
            move_down(cx, &object, from, length, more)?;
            cx.set(&object, names::LENGTH, Value::number((length - more) as f64))?;
        }
        for (i, item) in items.iter().enumerate() {
            put(cx, &object, start + i as u32, item)?;
        }
        return Ok(removed.into());
    }
    let (mut walk, mut at) = (Walk::new(cx), start);
    while let Some(i) = walk.next(&object, at, start + count)? {
        if let Some(value) = element(cx, &object, i)? {
            cx.create_index_or_throw(&removed, i - start, value)?;
        }
        at = i + 1;
    }
    cx.set(&removed, names::LENGTH, Value::number(count as f64))?;
    let fits = length - count + added <= u64::from(u32::MAX);
    let moved = |index: u64| (index >= start + count).then(|| index - count + added);
    if fits && move_sparse(cx, &object, start, moved)? {
        // What was removed is gone with it.
    } else if added < count {
        move_down(cx, &object, start + count, length, count - added)?;
    } else if added > count {
        move_up(cx, &object, start + count, length, added - count)?;
    }
    for (i, item) in items.iter().enumerate() {
        cx.set_index(&object, start + i as u64, item.clone())?;
    }
    cx.set(&object, names::LENGTH, Value::number((length - count + added) as f64))?;
    Ok(removed.into())
}

fn is_concat_spreadable(cx: &mut Context, value: &Value) -> JsResult<bool> {
    let Some(object) = value.as_object() else { return Ok(false) };
    let spreadable = cx.get(object, names::SYM_IS_CONCAT_SPREADABLE)?;
    if !spreadable.is_undefined() {
        return Ok(spreadable.to_boolean());
    }
    super::object::is_array(cx, value)
}

fn concat(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let result = cx.array_species_create(&object, 0)?;
    let mut length = 0u64;
    for item in core::iter::once(object.as_value()).chain(call.list) {
        if is_concat_spreadable(cx, item)? {
            let Some(source) = item.as_object() else { continue };
            let count = cx.length_of(source)?;
            if length + count > MAX_SAFE_LENGTH {
                return Err(cx.throw_too_long());
            }
            let mut at = append_elements(cx, source, &result, (0, count), length)?;
            let mut walk = Walk::new(cx);
            while let Some(i) = walk.next(source, at, count)? {
                if let Some(value) = element(cx, source, i)? {
                    cx.create_index_or_throw(&result, length + i, value)?;
                }
                at = i + 1;
            }
            length += count;
        } else {
            if length >= MAX_SAFE_LENGTH {
                return Err(cx.throw_too_long());
            }
            cx.create_index_or_throw(&result, length, item.clone())?;
            length += 1;
        }
    }
    cx.set(&result, names::LENGTH, Value::number(length as f64))?;
    Ok(result.into())
}

/// `join`, and `toLocaleString` (magic 1). An array that is being joined already is empty text.
fn join(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.check_native_stack()?;
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let separator = if call.magic == 1 || call.get(0).is_undefined() {
        crate::value::JsString::from_unit_latin1(b',')
    } else {
        cx.to_string(call.get(0))?
    };
    if cx.rt().joining.iter().any(|v| v.bits() == object.bits()) {
        return Ok(crate::value::JsString::empty().into());
    }
    cx.rt().joining.try_push(object.as_value().clone())?;
    let text = join_elements(cx, &object, length, &separator, call.magic == 1);
    drop(cx.rt().joining.pop());
    text
}

fn join_elements(
    cx: &mut Context,
    object: &Object,
    length: u64,
    separator: &crate::value::JsString,
    locale: bool,
) -> JsResult<Value> {
    let mut text = StringBuilder::new();
    let mut walk = Walk::new(cx);
    let mut i = 0;
    while i < length {
        // Between holes there are only separators.
        let next = walk.next(object, i, length)?;
        let separators = next.map_or(length - 1, |next| next) - i.saturating_sub(1);
        for _ in 0..if separator.is_empty() { 0 } else { separators } {
            cx.poll_native()?;
            cx.append(&mut text, separator)?;
        }
        let Some(at) = next else { break };
        i = at + 1;
        let value = cx.get_index(object, at)?;
        if value.is_nullish() {
            continue;
        }
        let part = if locale {
            let method = cx.get_value(&value, names::TO_LOCALE_STRING)?;
            let local = cx.call(&method, &value, &[])?;
            cx.to_string(&local)?
        } else {
            cx.to_string(&value)?
        };
        cx.append(&mut text, &part)?;
    }
    cx.finish(text)
}

fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let mut method = cx.get(&object, names::JOIN)?;
    if !cx.is_callable(&method) {
        method = cx.realm().intrinsic(Intrinsic::ObjectProtoToString);
    }
    cx.call(&method, object.as_value(), &[])
}

// ----- Changes in place -----

fn reverse(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let done = reverse_elements(cx, &object)?;
    if done == length / 2 {
        return Ok(object.into());
    }
    let far = |array: &ArrayCell| u64::from(array.dense_length()) * 8 < length;
    if done == 0 && cx.plain(&object).is_some_and(far) {
        // The elements go far away, where there would be no slots for them.
        cx.make_sparse(&object)?;
    }
    if done == 0 && move_sparse(cx, &object, 0, |index| Some(length - 1 - index))? {
        return Ok(object.into());
    }
    if done == 0
        && let Some(list) = relevant_pairs(cx, &object, length)?
    {
        for low in list.iter() {
            exchange(cx, &object, *low, length - 1 - low)?;
        }
        return Ok(object.into());
    }
    for low in done..length / 2 {
        exchange(cx, &object, low, length - 1 - low)?;
    }
    Ok(object.into())
}

fn fill(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let start = cx.relative_index(call.get(1), length, 0)?;
    let end = cx.relative_index(call.get(2), length, length)?;
    let from = fill_elements(cx, &object, call.get(0), start, end)?;
    for i in from..end {
        cx.set_index(&object, i, call.get(0).clone())?;
    }
    Ok(object.into())
}

fn copy_within(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let to = cx.relative_index(call.get(0), length, 0)?;
    let from = cx.relative_index(call.get(1), length, 0)?;
    let end = cx.relative_index(call.get(2), length, length)?;
    let count = end.saturating_sub(from).min(length - to);
    if copy_elements(cx, &object, from, to, count)? {
        return Ok(object.into());
    }
    let backward = from < to && to < from + count;
    if let Some(list) = relevant(cx, &object, from, to, count)? {
        for i in 0..list.len() {
            let i = list[if backward { list.len() - 1 - i } else { i }];
            move_index(cx, &object, from + i, to + i)?;
        }
        return Ok(object.into());
    }
    for i in 0..count {
        let i = if backward { count - 1 - i } else { i };
        move_index(cx, &object, from + i, to + i)?;
    }
    Ok(object.into())
}

// ----- Callbacks -----

const FOR_EACH: i32 = 0;
const MAP: i32 = 1;
const FILTER: i32 = 2;
const SOME: i32 = 3;
const EVERY: i32 = 4;

/// `forEach`, `map`, `filter`, `some`, `every`.
fn iterate(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let callback = call.get(0);
    super::function::callback(cx, callback)?;
    let result = match call.magic {
        MAP => Some(cx.array_species_create(&object, length)?),
        FILTER => Some(cx.array_species_create(&object, 0)?),
        _ => None,
    };
    let mut to = 0;
    let (mut walk, mut from) = (Walk::new(cx), 0);
    while let Some(i) = walk.next(&object, from, length)? {
        from = i + 1;
        let Some(value) = element(cx, &object, i)? else { continue };
        let arguments = [value, Value::number(i as f64), object.as_value().clone()];
        let returned = cx.call(callback, call.get(1), &arguments)?;
        let [value, ..] = arguments;
        match (call.magic, &result) {
            (MAP, Some(result)) => cx.create_index_or_throw(result, i, returned)?,
            (FILTER, Some(result)) if cx.truth(&returned) => {
                cx.create_index_or_throw(result, to, value)?;
                to += 1;
            }
            (SOME, _) if cx.truth(&returned) => return Ok(Value::TRUE),
            (EVERY, _) if !cx.truth(&returned) => return Ok(Value::FALSE),
            _ => (),
        }
    }
    Ok(match (call.magic, result) {
        (_, Some(result)) => result.into(),
        (SOME, _) => Value::FALSE,
        (EVERY, _) => Value::TRUE,
        _ => Value::UNDEFINED,
    })
}

/// The element at `index` if there is one, own or inherited.
pub(super) fn element(cx: &mut Context, object: &Object, index: u64) -> JsResult<Option<Value>> {
    if let (Some(array), Ok(index)) = (object.as_array(), u32::try_from(index))
        && object.kind() == kind::ARRAY
        && let Some(value) = array.dense(index)
    {
        return Ok(Some(value));
    }
    if has_index(cx, object, index)? { cx.get_index(object, index).map(Some) } else { Ok(None) }
}

/// `reduce` (magic 0) and `reduceRight` (1).
fn reduce(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    super::function::callback(cx, call.get(0))?;
    let mut accumulator = if call.len() > 1 { Some(call.get(1).clone()) } else { None };
    let (mut walk, mut low, mut high) = (Walk::new(cx), 0, length);
    loop {
        let next =
            if call.magic == 0 { walk.next(&object, low, length)? } else { walk.last(&object, 0, high)? };
        let Some(i) = next else { break };
        (low, high) = (i + 1, i);
        let Some(value) = element(cx, &object, i)? else { continue };
        accumulator = Some(match accumulator {
            None => value,
            Some(so_far) => {
                let arguments = [so_far, value, Value::number(i as f64), object.as_value().clone()];
                cx.call(call.get(0), &Value::UNDEFINED, &arguments)?
            }
        });
    }
    match accumulator {
        Some(value) => Ok(value),
        None => Err(cx.throw_type_error(format_args!("reduce of empty array with no initial value"))),
    }
}

/// `find` (0), `findIndex` (1), `findLast` (2), `findLastIndex` (3).
fn find(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    super::function::callback(cx, call.get(0))?;
    for step in 0..length {
        let i = if call.magic < 2 { step } else { length - 1 - step };
        let value = cx.get_index(&object, i)?;
        let arguments = [value.clone(), Value::number(i as f64), object.as_value().clone()];
        if cx.call(call.get(0), call.get(1), &arguments)?.to_boolean() {
            return Ok(if call.magic & 1 == 0 { value } else { Value::number(i as f64) });
        }
    }
    Ok(if call.magic & 1 == 0 { Value::UNDEFINED } else { Value::int(-1) })
}

// ----- Searching -----

fn index_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    if length == 0 {
        return Ok(Value::int(-1));
    }
    let mut at = cx.relative_index(call.get(1), length, 0)?;
    let mut walk = Walk::new(cx);
    while let Some(i) = walk.next(&object, at, length)? {
        at = i + 1;
        cx.poll_native()?;
        if let Some(value) = element(cx, &object, i)?
            && cx.strict_equals(&value, call.get(0))?
        {
            return Ok(Value::number(i as f64));
        }
    }
    Ok(Value::int(-1))
}

fn last_index_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    if length == 0 {
        return Ok(Value::int(-1));
    }
    let mut end = length;
    if call.len() > 1 {
        let from = cx.to_integer_or_infinity(call.get(1))?;
        let last = if from < 0.0 { length as f64 + from } else { from.min(length as f64 - 1.0) };
        if last < 0.0 {
            return Ok(Value::int(-1));
        }
        end = last as u64 + 1;
    }
    let mut walk = Walk::new(cx);
    while let Some(i) = walk.last(&object, 0, end)? {
        end = i;
        cx.poll_native()?;
        if let Some(value) = element(cx, &object, i)?
            && cx.strict_equals(&value, call.get(0))?
        {
            return Ok(Value::number(i as f64));
        }
    }
    Ok(Value::int(-1))
}

fn includes(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    if length == 0 {
        return Ok(Value::FALSE);
    }
    let mut at = cx.relative_index(call.get(1), length, 0)?;
    let mut walk = Walk::new(cx);
    while at < length {
        let next = walk.next(&object, at, length)?;
        if next != Some(at) && call.get(0).is_undefined() {
            // A hole is undefined.
            return Ok(Value::TRUE);
        }
        let Some(i) = next else { break };
        at = i + 1;
        let value = cx.get_index(&object, i)?;
        if same_value_zero(&value, call.get(0))? {
            return Ok(Value::TRUE);
        }
    }
    Ok(Value::FALSE)
}

fn at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let relative = cx.to_integer_or_infinity(call.get(0))?;
    let index = if relative < 0.0 { length as f64 + relative } else { relative };
    if index < 0.0 || index >= length as f64 {
        return Ok(Value::UNDEFINED);
    }
    cx.get_index(&object, index as u64)
}

// ----- Changes by copy -----

/// The elements as a list, holes as undefined; a RangeError where no array could hold them.
fn elements(cx: &mut Context, object: &Object, length: u64) -> JsResult<Vec<'static, Value>> {
    if length > u64::from(u32::MAX) {
        return Err(cx.throw_range_error(format_args!("invalid array length")));
    }
    let mut list = cx.scratch();
    for i in 0..length {
        list.try_push(cx.get_index(object, i)?)?;
    }
    Ok(list)
}

fn to_reversed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    if length > u64::from(u32::MAX) {
        return Err(cx.throw_range_error(format_args!("invalid array length")));
    }
    let mut list = cx.scratch();
    for i in (0..length).rev() {
        list.try_push(cx.get_index(&object, i)?)?;
    }
    Ok(cx.array_of_list(list)?.into())
}

fn to_sorted(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !call.get(0).is_undefined() {
        super::function::callback(cx, call.get(0))?;
    }
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let mut list = elements(cx, &object, length)?;
    super::array_sort::sort_values(cx, &mut list, call.get(0))?;
    Ok(cx.array_of_list(list)?.into())
}

fn to_spliced(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let (start, count) = splice_range(cx, call, length)?;
    let items = call.rest(2);
    let new_length = length - count + items.len() as u64;
    if new_length > MAX_SAFE_LENGTH {
        return Err(cx.throw_too_long());
    }
    if new_length > u64::from(u32::MAX) {
        return Err(cx.throw_range_error(format_args!("invalid array length")));
    }
    let mut list = cx.scratch();
    for i in 0..start {
        list.try_push(cx.get_index(&object, i)?)?;
    }
    for item in items {
        list.try_push(item.clone())?;
    }
    for i in start + count..length {
        list.try_push(cx.get_index(&object, i)?)?;
    }
    Ok(cx.array_of_list(list)?.into())
}

fn with(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let object = cx.to_object(call.this)?;
    let length = cx.length_of(&object)?;
    let relative = cx.to_integer_or_infinity(call.get(0))?;
    let index = if relative < 0.0 { length as f64 + relative } else { relative };
    if index < 0.0 || index >= length as f64 {
        return Err(cx.throw_range_error(format_args!("invalid array index")));
    }
    if length > u64::from(u32::MAX) {
        return Err(cx.throw_range_error(format_args!("invalid array length")));
    }
    let mut list = cx.scratch();
    for i in 0..length {
        let replaced = i == index as u64;
        list.try_push(if replaced { call.get(1).clone() } else { cx.get_index(&object, i)? })?;
    }
    Ok(cx.array_of_list(list)?.into())
}

static ROWS: &[Row] = &[
    method("at", 1, at),
    method("concat", 1, concat),
    method("copyWithin", 2, copy_within),
    method_magic("every", 1, iterate, EVERY),
    method("fill", 1, fill),
    method_magic("filter", 1, iterate, FILTER),
    method_magic("find", 1, find, 0),
    method_magic("findIndex", 1, find, 1),
    method_magic("findLast", 1, find, 2),
    method_magic("findLastIndex", 1, find, 3),
    method("flat", 0, super::array_flat::flat),
    method("flatMap", 1, super::array_flat::flat_map),
    method_magic("forEach", 1, iterate, FOR_EACH),
    method("includes", 1, includes),
    method("indexOf", 1, index_of),
    method("join", 1, join),
    method("lastIndexOf", 1, last_index_of),
    method_magic("map", 1, iterate, MAP),
    method("pop", 0, pop),
    method_magic("push", 1, push, crate::exec::interp::native::ARRAY_PUSH),
    method_magic("reduce", 1, reduce, 0),
    method_magic("reduceRight", 1, reduce, 1),
    method("reverse", 0, reverse),
    method("shift", 0, shift),
    method("slice", 2, slice),
    method_magic("some", 1, iterate, SOME),
    method("sort", 1, super::array_sort::sort),
    method("splice", 2, splice),
    method_magic("toLocaleString", 0, join, 1),
    method("toReversed", 0, to_reversed),
    method("toSorted", 1, to_sorted),
    method("toSpliced", 2, to_spliced),
    method("toString", 0, to_string),
    method("unshift", 1, unshift),
    method("with", 2, with),
];

/// Rows that refer to what `array_iterator` adds first.
static ITERATOR_ROWS: &[Row] = &[same_as(Key::Symbol(names::SYM_ITERATOR), "values")];

static STATICS: &[Row] = &[
    method("from", 1, from),
    method("fromAsync", 1, super::array_async::from_async),
    method("isArray", 1, is_array),
    method("of", 0, of),
    symbol_getter(names::SYM_SPECIES, "[Symbol.species]", return_this),
];

static ARRAY: Class = Class {
    constructor: constructor("Array", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Array,
    prototype_intrinsic: Intrinsic::ArrayPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: STATICS,
    global: true,
};

/// Names that `with` statements do not look up in arrays (23.1.3.41).
const UNSCOPABLES: &[&str] = &[
    "at",
    "copyWithin",
    "entries",
    "fill",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flat",
    "flatMap",
    "includes",
    "keys",
    "toReversed",
    "toSorted",
    "toSpliced",
    "values",
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&ARRAY)?;
    let prototype = cx.intrinsic(Intrinsic::ArrayPrototype);
    super::array_iterator::install(cx, &prototype)?;
    cx.define_rows(&prototype, ITERATOR_ROWS)?;
    let values = cx.get(&prototype, names::VALUES)?;
    cx.realm().set_intrinsic(Intrinsic::ArrayProtoValues, values);
    let to_string = cx.get(&prototype, names::TO_STRING)?;
    cx.realm().set_intrinsic(Intrinsic::ArrayProtoToString, to_string);
    let list = cx.new_object_with_prototype(&Value::NULL)?;
    for name in UNSCOPABLES {
        let key = crate::text::Atom::from_str(name)?;
        list.add_property(key.raw(), Value::TRUE, PropertyFlags::DEFAULT)?;
    }
    cx.define_builtin(&prototype, names::SYM_UNSCOPABLES, list.into(), PropertyFlags::CONFIG)
}
