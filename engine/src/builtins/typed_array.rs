//! Typed array objects (ECMA-262 23.2).

use super::array_buffer::throw_detached;
use super::array_sort::{merge_sort, sort_plain};
use super::{Class, Key, Row, constructor, getter_magic, method, method_magic, same_as, symbol_getter};
use crate::exec::property::same_value_zero;
use crate::mem::Vec;
use crate::object::buffer::{Element, TypedArrayCell, load, store};
use crate::object::iteration::Iteration;
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind};
use crate::text::{StringBuilder, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

/// The intrinsic that belongs to an element type, `first` being that of Int8.
fn intrinsic_of(first: Intrinsic, element: Element) -> Intrinsic {
    Intrinsic::ALL[first as usize + element as usize].0
}

fn prototype_of(element: Element) -> Intrinsic {
    intrinsic_of(Intrinsic::Int8ArrayPrototype, element)
}

/// Copies bytes between buffers, or within one.
fn copy_at_once(to: *mut u8, from: *const u8, count: usize) {
    let (from_address, to_address) = (from.addr(), to.addr());
    let backwards = from_address < to_address && to_address < from_address + count;
    // Eight at a time where the distance allows; relaxed operations, as the buffer may be shared.
    let words = count / 8;
    // SAFETY: the callers' ranges lie inside live buffers.
    unsafe {
        if backwards {
            for i in (words * 8..count).rev() {
                store(to.add(i), 0, load(from.add(i), 0));
            }
            for i in (0..words).rev() {
                store(to.add(i * 8), 3, load(from.add(i * 8), 3));
            }
        } else {
            for i in 0..words {
                store(to.add(i * 8), 3, load(from.add(i * 8), 3));
            }
            for i in words * 8..count {
                store(to.add(i), 0, load(from.add(i), 0));
            }
        }
    }
}

/// Bytes that are copied in one go.
const COPIED_AT_ONCE: usize = 1 << 16;

/// Copies `count` bytes between places of buffers, or of one. `places` says where to and from, and how many bytes
/// there are at either: it is asked anew for each part, since whoever is paid between may take bytes away.
pub(super) fn copy_bytes(
    cx: &mut Context,
    count: usize,
    places: &dyn Fn() -> ((*mut u8, usize), (*const u8, usize)),
) -> JsResult<()> {
    let ((to, _), (from, _)) = places();
    let backwards = from.addr() < to.addr() && to.addr() < from.addr() + count;
    let mut done = 0;
    while done < count {
        let part = (count - done).min(COPIED_AT_ONCE);
        cx.pay_bytes(part)?;
        let start = if backwards { count - done - part } else { done };
        let ((to, to_room), (from, from_room)) = places();
        let part = part.min(to_room.saturating_sub(start)).min(from_room.saturating_sub(start));
        copy_at_once(to.wrapping_add(start), from.wrapping_add(start), part);
        done += COPIED_AT_ONCE.min(count - done);
    }
    Ok(())
}

/// The place of an element of a view, and how many bytes there are from there on.
fn bytes_from(view: &TypedArrayCell, index: usize) -> (*mut u8, usize) {
    (view.place(index), view.len().unwrap_or(0).saturating_sub(index) << view.element().shift())
}

fn throw_gone(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("typed array is detached or out of bounds"))
}

fn throw_not(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("not a typed array"))
}

/// ValidateTypedArray (23.2.4.4): object, view and length.
fn validate<'a>(cx: &mut Context, value: &'a Value) -> JsResult<(&'a Object, &'a TypedArrayCell, usize)> {
    let (Some(object), Some(view)) = (value.as_object(), value.downcast::<TypedArrayCell>()) else {
        return Err(throw_not(cx));
    };
    match view.len() {
        Some(length) => Ok((object, view, length)),
        None => Err(throw_gone(cx)),
    }
}

/// An element, undefined beyond the length.
fn get(view: &TypedArrayCell, index: usize) -> JsResult<Value> {
    match view.bits(index) {
        Some(bits) => view.element().decode(bits),
        None => Ok(Value::UNDEFINED),
    }
}

fn set_at(cx: &mut Context, view: &TypedArrayCell, index: usize, value: &Value) -> JsResult<()> {
    let bits = cx.element_bits(view.element(), value)?;
    view.set_bits(index, bits);
    Ok(())
}

// ----- Making -----

fn construct_abstract(cx: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    Err(cx.throw_type_error(format_args!("TypedArray is abstract")))
}

/// The twelve constructors; the magic is the element's type.
fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let element = Element::ALL[call.magic as usize];
    let first = call.get(0);
    let Some(source) = first.as_object() else {
        let length = cx.to_index(first)?;
        let prototype = cx.prototype_from_constructor(call.new_target, prototype_of(element))?;
        return Ok(cx.allocate_typed(element, &prototype, length)?.into());
    };
    let prototype = cx.prototype_from_constructor(call.new_target, prototype_of(element))?;
    if let Some(view) = source.downcast::<TypedArrayCell>() {
        let Some(length) = view.len() else { return Err(throw_gone(cx)) };
        let made = cx.allocate_typed(element, &prototype, length as u64)?;
        if view.element().is_bigint() != element.is_bigint() {
            return Err(throw_mixed(cx));
        }
        if let Some(target) = made.downcast::<TypedArrayCell>() {
            copy_elements(cx, target, 0, view, 0, length)?;
        }
        return Ok(made.into());
    }
    if source.as_buffer().is_some() {
        return view_of(cx, element, &prototype, source, call.get(1), call.get(2));
    }
    let method = cx.get_method(first, names::SYM_ITERATOR)?;
    let mut values: Vec<'static, Value> = cx.scratch();
    if method.is_undefined() {
        let length = cx.length_of(source)?;
        let made = cx.allocate_typed(element, &prototype, length)?;
        for i in 0..length {
            let value = cx.get_index(source, i)?;
            if let Some(view) = made.downcast::<TypedArrayCell>() {
                set_at(cx, view, i as usize, &value)?;
            }
        }
        return Ok(made.into());
    }
    let (iterator, next) = cx.iterator_from_method(first, &method)?;
    while let Some(value) = cx.iterator_step_value(&iterator, &next)? {
        values.try_push(value)?;
    }
    let made = cx.allocate_typed(element, &prototype, values.len() as u64)?;
    if let Some(view) = made.downcast::<TypedArrayCell>() {
        for (i, value) in values.iter().enumerate() {
            cx.poll_native()?;
            set_at(cx, view, i, value)?;
        }
    }
    Ok(made.into())
}

fn throw_mixed(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("cannot mix BigInt and number typed arrays"))
}

/// InitializeTypedArrayFromArrayBuffer (23.2.5.1.3).
fn view_of(
    cx: &mut Context,
    element: Element,
    prototype: &Object,
    object: &Object,
    offset: &Value,
    length: &Value,
) -> JsResult<Value> {
    let Some(buffer) = object.as_buffer() else { return Err(throw_not(cx)) };
    let size = element.size() as u64;
    let offset = cx.to_index(offset)?;
    if !offset.is_multiple_of(size) {
        return Err(cx.throw_range_error(format_args!("offset must be a multiple of {size}")));
    }
    let length = if length.is_undefined() { None } else { Some(cx.to_index(length)?) };
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    let bytes = buffer.byte_length() as u64;
    let fixed = match length {
        None if buffer.is_resizable() => {
            if offset > bytes {
                return Err(cx.throw_range_error(format_args!("offset is out of bounds")));
            }
            None
        }
        None => {
            if !bytes.is_multiple_of(size) {
                return Err(cx.throw_range_error(format_args!("buffer length must be a multiple of {size}")));
            }
            if offset > bytes {
                return Err(cx.throw_range_error(format_args!("offset is out of bounds")));
            }
            Some(((bytes - offset) / size) as usize)
        }
        Some(length) => {
            if length.saturating_mul(size).saturating_add(offset) > bytes {
                return Err(cx.throw_range_error(format_args!("invalid typed array length")));
            }
            Some(length as usize)
        }
    };
    let shape = ShapeTable::current().root(prototype, 0, 0)?;
    Ok(TypedArrayCell::create(shape, element, object, offset as usize, fixed)?.into())
}

/// Copies elements, converting where the types differ. Both ranges are in bounds.
fn copy_elements(
    cx: &mut Context,
    target: &TypedArrayCell,
    to: usize,
    source: &TypedArrayCell,
    from: usize,
    count: usize,
) -> JsResult<()> {
    let (t, s) = (target.element(), source.element());
    if t == s || (t.is_bigint() && s.is_bigint()) {
        let places = || {
            let (from, room) = bytes_from(source, from);
            (bytes_from(target, to), (from.cast_const(), room))
        };
        return copy_bytes(cx, count << s.shift(), &places);
    }
    if target.buffer().bits() == source.buffer().bits() {
        // Different types in the same buffer: read all before anything is written.
        let mut values: Vec<'static, f64> = cx.scratch();
        let mut paid = 0;
        for i in 0..count {
            if i == paid {
                paid = cx.next_costly_run(i, count, 4)?;
            }
            values.try_push(number_at(source, from + i))?;
        }
        paid = 0;
        for (i, value) in values.iter().enumerate() {
            if i == paid {
                paid = cx.next_costly_run(i, count, 4)?;
            }
            target.set_bits(to + i, t.encode(*value));
        }
        return Ok(());
    }
    let mut paid = 0;
    for i in 0..count {
        if i == paid {
            paid = cx.next_costly_run(i, count, 4)?;
        }
        target.set_bits(to + i, t.encode(number_at(source, from + i)));
    }
    Ok(())
}

fn number_at(view: &TypedArrayCell, index: usize) -> f64 {
    view.bits(index).and_then(|bits| view.element().decode_number(bits)?.as_number()).unwrap_or(f64::NAN)
}

/// TypedArrayCreateFromConstructor (23.2.4.2): a typed array that has at least `least` elements.
fn create(cx: &mut Context, class: &Value, arguments: &[Value], least: Option<u64>) -> JsResult<Value> {
    let made = cx.construct(class, arguments, class)?;
    let (_, _, length) = validate(cx, &made)?;
    if least.is_some_and(|least| (length as u64) < least) {
        return Err(cx.throw_type_error(format_args!("typed array is too short")));
    }
    Ok(made)
}

/// TypedArraySpeciesCreate (23.2.4.1).
fn create_species(
    cx: &mut Context,
    object: &Object,
    element: Element,
    arguments: &[Value],
    least: Option<u64>,
) -> JsResult<Value> {
    let species = cx.species_constructor(object, intrinsic_of(Intrinsic::Int8Array, element))?;
    let made = create(cx, &species, arguments, least)?;
    let other = made.downcast::<TypedArrayCell>().map(TypedArrayCell::element);
    if other.is_some_and(|other| other.is_bigint() != element.is_bigint()) {
        return Err(throw_mixed(cx));
    }
    Ok(made)
}

fn create_same(cx: &mut Context, element: Element, length: usize) -> JsResult<Object> {
    let prototype = cx.intrinsic(prototype_of(element));
    cx.allocate_typed(element, &prototype, length as u64)
}

fn of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !cx.is_constructor(call.this) {
        return Err(cx.throw_type_error(format_args!("not a constructor")));
    }
    let count = call.len() as u64;
    let made = create(cx, call.this, &[Value::number(count as f64)], Some(count))?;
    if let Some(object) = made.as_object() {
        for (i, value) in call.list.iter().enumerate() {
            cx.set_index(object, i as u64, value.clone())?;
        }
    }
    Ok(made)
}

fn from(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if !cx.is_constructor(call.this) {
        return Err(cx.throw_type_error(format_args!("not a constructor")));
    }
    let (items, map) = (call.get(0), call.get(1));
    let mapping = !map.is_undefined();
    if mapping {
        super::function::callback(cx, map)?;
    }
    let method = cx.get_method(items, names::SYM_ITERATOR)?;
    let mut values: Vec<'static, Value> = cx.scratch();
    let mut source = None;
    let length = if method.is_undefined() {
        let object = cx.to_object(items)?;
        let length = cx.length_of(&object)?;
        source = Some(object);
        length
    } else {
        let (iterator, next) = cx.iterator_from_method(items, &method)?;
        while let Some(value) = cx.iterator_step_value(&iterator, &next)? {
            values.try_push(value)?;
        }
        values.len() as u64
    };
    let made = create(cx, call.this, &[Value::number(length as f64)], Some(length))?;
    let Some(object) = made.as_object() else { return Err(throw_not(cx)) };
    for i in 0..length {
        let mut value = match &source {
            Some(source) => cx.get_index(source, i)?,
            None => values.get_mut(i as usize).map(Value::take).unwrap_or_default(),
        };
        if mapping {
            value = cx.call(map, call.get(2), &[value, Value::number(i as f64)])?;
        }
        cx.set_index(object, i, value)?;
    }
    Ok(made)
}

// ----- Properties -----

/// `buffer` (0), `byteLength` (1), `byteOffset` (2), `length` (3).
fn property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(view) = call.this.downcast::<TypedArrayCell>() else { return Err(throw_not(cx)) };
    let length = view.len();
    Ok(match call.magic {
        0 => view.buffer().clone(),
        1 => Value::number(length.map_or(0, |n| n << view.element().shift()) as f64),
        2 => Value::number(length.map_or(0, |_| view.offset()) as f64),
        _ => Value::number(length.unwrap_or(0) as f64),
    })
}

const NAMES: [&str; 12] = [
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float16Array",
    "Float32Array",
    "Float64Array",
];

fn to_string_tag(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    match call.this.downcast::<TypedArrayCell>() {
        Some(view) => Ok(JsString::from_str(NAMES[view.element() as usize])?.into()),
        None => Ok(Value::UNDEFINED),
    }
}

// ----- Methods -----

fn at(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let relative = cx.to_integer_or_infinity(call.get(0))?;
    let index = if relative < 0.0 { length as f64 + relative } else { relative };
    if index < 0.0 || index >= length as f64 {
        return Ok(Value::UNDEFINED);
    }
    get(view, index as usize)
}

fn copy_within(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let to = cx.relative_index(call.get(0), length as u64, 0)? as usize;
    let from = cx.relative_index(call.get(1), length as u64, 0)? as usize;
    let end = cx.relative_index(call.get(2), length as u64, length as u64)? as usize;
    let count = end.saturating_sub(from).min(length - to);
    if count > 0 {
        let Some(length) = view.len() else { return Err(throw_gone(cx)) };
        let room = length.saturating_sub(from.max(to));
        let places = || {
            let (from, room) = bytes_from(view, from);
            (bytes_from(view, to), (from.cast_const(), room))
        };
        copy_bytes(cx, count.min(room) << view.element().shift(), &places)?;
    }
    Ok(call.this.clone())
}

fn fill(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let bits = cx.element_bits(view.element(), call.get(0))?;
    let start = cx.relative_index(call.get(1), length as u64, 0)? as usize;
    let end = cx.relative_index(call.get(2), length as u64, length as u64)? as usize;
    let Some(length) = view.len() else { return Err(throw_gone(cx)) };
    let shift = view.element().shift();
    let (mut at, mut end) = (start, end.min(length));
    while at < end {
        let stop = cx.next_run(at, end)?;
        // Whoever was paid may have made the view shorter.
        end = end.min(view.len().unwrap_or(0));
        for i in at..stop.min(end) {
            // SAFETY: below the length, which nothing changes here.
            unsafe { store(view.place(i), shift, bits) };
        }
        at = stop;
    }
    Ok(call.this.clone())
}

const FOR_EACH: i32 = 0;
const EVERY: i32 = 1;
const SOME: i32 = 2;
const FIND: i32 = 3;
const FIND_INDEX: i32 = 4;
const FIND_LAST: i32 = 5;
const FIND_LAST_INDEX: i32 = 6;

/// The methods that ask a callback about element after element.
fn visit(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let callback = call.get(0);
    super::function::callback(cx, callback)?;
    let what = call.magic;
    let backwards = matches!(what, FIND_LAST | FIND_LAST_INDEX);
    for step in 0..length {
        let i = if backwards { length - 1 - step } else { step };
        let arguments = [get(view, i)?, Value::number(i as f64), call.this.clone()];
        let yes = cx.call(callback, call.get(1), &arguments)?.to_boolean();
        let [value, index, _] = arguments;
        match what {
            EVERY if !yes => return Ok(Value::FALSE),
            SOME if yes => return Ok(Value::TRUE),
            FIND | FIND_LAST if yes => return Ok(value),
            FIND_INDEX | FIND_LAST_INDEX if yes => return Ok(index),
            _ => (),
        }
    }
    Ok(match what {
        EVERY => Value::TRUE,
        SOME => Value::FALSE,
        FIND_INDEX | FIND_LAST_INDEX => Value::int(-1),
        _ => Value::UNDEFINED,
    })
}

fn filter(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (object, view, length) = validate(cx, call.this)?;
    let callback = call.get(0);
    super::function::callback(cx, callback)?;
    let mut kept: Vec<'static, Value> = cx.scratch();
    for i in 0..length {
        let arguments = [get(view, i)?, Value::number(i as f64), call.this.clone()];
        if cx.call(callback, call.get(1), &arguments)?.to_boolean() {
            let [value, ..] = arguments;
            kept.try_push(value)?;
        }
    }
    let count = kept.len() as u64;
    let made = create_species(cx, object, view.element(), &[Value::number(count as f64)], Some(count))?;
    if let Some(target) = made.downcast::<TypedArrayCell>() {
        for (i, value) in kept.iter().enumerate() {
            set_at(cx, target, i, value)?;
        }
    }
    Ok(made)
}

fn map(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (object, view, length) = validate(cx, call.this)?;
    let callback = call.get(0);
    super::function::callback(cx, callback)?;
    let count = length as u64;
    let made = create_species(cx, object, view.element(), &[Value::number(count as f64)], Some(count))?;
    for i in 0..length {
        let arguments = [get(view, i)?, Value::number(i as f64), call.this.clone()];
        let value = cx.call(callback, call.get(1), &arguments)?;
        if let Some(target) = made.downcast::<TypedArrayCell>() {
            set_at(cx, target, i, &value)?;
        }
    }
    Ok(made)
}

/// `reduce` (0) and `reduceRight` (1).
fn reduce(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let callback = call.get(0);
    super::function::callback(cx, callback)?;
    let place = |step: usize| if call.magic == 0 { step } else { length - 1 - step };
    let (mut result, first) = if call.len() > 1 {
        (call.get(1).clone(), 0)
    } else if length > 0 {
        (get(view, place(0))?, 1)
    } else {
        return Err(cx.throw_type_error(format_args!("reduce of an empty array without initial value")));
    };
    for step in first..length {
        let i = place(step);
        let arguments = [result, get(view, i)?, Value::number(i as f64), call.this.clone()];
        result = cx.call(callback, &Value::UNDEFINED, &arguments)?;
    }
    Ok(result)
}

/// `includes` (0), `indexOf` (1).
fn search(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let nothing = if call.magic == 0 { Value::FALSE } else { Value::int(-1) };
    if length == 0 {
        return Ok(nothing);
    }
    let from = cx.relative_index(call.get(1), length as u64, 0)? as usize;
    let wanted = call.get(0);
    let mut paid = from;
    for i in from..length {
        if i == paid {
            paid = cx.next_costly_run(i, length, 4)?;
        }
        if call.magic == 0 {
            if same_value_zero(&get(view, i)?, wanted)? {
                return Ok(Value::TRUE);
            }
        } else if let Some(bits) = view.bits(i) {
            let value = view.element().decode(bits)?;
            if cx.strict_equals(&value, wanted)? {
                return Ok(Value::number(i as f64));
            }
        }
    }
    Ok(nothing)
}

fn last_index_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    if length == 0 {
        return Ok(Value::int(-1));
    }
    let mut from = length as f64 - 1.0;
    if call.len() > 1 {
        let relative = cx.to_integer_or_infinity(call.get(1))?;
        from = if relative < 0.0 { length as f64 + relative } else { relative.min(from) };
    }
    if from < 0.0 {
        return Ok(Value::int(-1));
    }
    let (end, mut paid) = (from as usize + 1, 0);
    for i in (0..end).rev() {
        if end - 1 - i == paid {
            paid = cx.next_costly_run(paid, end, 4)?;
        }
        if let Some(bits) = view.bits(i) {
            let value = view.element().decode(bits)?;
            if cx.strict_equals(&value, call.get(0))? {
                return Ok(Value::number(i as f64));
            }
        }
    }
    Ok(Value::int(-1))
}

/// `join` (0) and `toLocaleString` (1).
fn join(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let separator = if call.magic == 1 || call.get(0).is_undefined() {
        JsString::from_unit_latin1(b',')
    } else {
        cx.to_string(call.get(0))?
    };
    let mut text = StringBuilder::new();
    for i in 0..length {
        cx.poll_native()?;
        if i > 0 {
            cx.append(&mut text, &separator)?;
        }
        let mut value = get(view, i)?;
        if value.is_undefined() {
            continue;
        }
        if call.magic == 1 {
            let method = cx.get_value(&value, names::TO_LOCALE_STRING)?;
            value = cx.call(&method, &value, &[])?;
        }
        let part = cx.to_string(&value)?;
        cx.append(&mut text, &part)?;
    }
    cx.finish(text)
}

fn reverse(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let mut paid = 0;
    for i in 0..length / 2 {
        if i == paid {
            paid = cx.next_costly_run(i, length / 2, 2)?;
        }
        let j = length - 1 - i;
        if let (Some(a), Some(b)) = (view.bits(i), view.bits(j)) {
            view.set_bits(i, b);
            view.set_bits(j, a);
        }
    }
    Ok(call.this.clone())
}

fn to_reversed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let made = create_same(cx, view.element(), length)?;
    if let Some(target) = made.downcast::<TypedArrayCell>() {
        let mut paid = 0;
        for i in 0..length {
            if i == paid {
                paid = cx.next_costly_run(i, length, 2)?;
            }
            target.set_bits(i, view.bits(length - 1 - i).unwrap_or(0));
        }
    }
    Ok(made.into())
}

fn set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(target) = call.this.downcast::<TypedArrayCell>() else { return Err(throw_not(cx)) };
    let offset = cx.to_integer_or_infinity(call.get(1))?;
    if offset < 0.0 {
        return Err(cx.throw_range_error(format_args!("offset is out of bounds")));
    }
    let Some(length) = target.len() else { return Err(throw_gone(cx)) };
    let fits = |count: u64| count as f64 + offset <= length as f64;
    if let Some(source) = call.get(0).downcast::<TypedArrayCell>() {
        let Some(count) = source.len() else { return Err(throw_gone(cx)) };
        if source.element().is_bigint() != target.element().is_bigint() {
            return Err(throw_mixed(cx));
        }
        if !fits(count as u64) {
            return Err(cx.throw_range_error(format_args!("source is too long")));
        }
        copy_elements(cx, target, offset as usize, source, 0, count)?;
        return Ok(Value::UNDEFINED);
    }
    let source = cx.to_object(call.get(0))?;
    let count = cx.length_of(&source)?;
    if !fits(count) {
        return Err(cx.throw_range_error(format_args!("source is too long")));
    }
    for i in 0..count {
        let value = cx.get_index(&source, i)?;
        set_at(cx, target, offset as usize + i as usize, &value)?;
    }
    Ok(Value::UNDEFINED)
}

fn slice(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (object, view, length) = validate(cx, call.this)?;
    let start = cx.relative_index(call.get(0), length as u64, 0)? as usize;
    let end = cx.relative_index(call.get(1), length as u64, length as u64)? as usize;
    let count = end.saturating_sub(start);
    let number = Value::number(count as f64);
    let made = create_species(cx, object, view.element(), &[number], Some(count as u64))?;
    if count == 0 {
        return Ok(made);
    }
    let Some(length) = view.len() else { return Err(throw_gone(cx)) };
    let Some(target) = made.downcast::<TypedArrayCell>() else { return Err(throw_not(cx)) };
    let end = end.min(length);
    if target.element() == view.element() {
        let room = target.len().unwrap_or(0);
        let count = end.saturating_sub(start).min(room);
        // Byte by byte upwards, as the specification has it, also where the ranges overlap.
        let shift = view.element().shift();
        let (from, to) = (view.place(start), target.place(0));
        if from.addr() < to.addr() && to.addr() < from.addr() + (count << shift) {
            let bytes = count << shift;
            let mut at = 0;
            while at < bytes {
                let stop = cx.next_run(at, bytes)?;
                let ((to, room), (from, left)) = (bytes_from(target, 0), bytes_from(view, start));
                for i in at..stop.min(room).min(left) {
                    // SAFETY: both ranges are in bounds.
                    unsafe { store(to.add(i), 0, load(from.add(i), 0)) };
                }
                at = stop;
            }
        } else {
            let places = || {
                let (from, room) = bytes_from(view, start);
                (bytes_from(target, 0), (from.cast_const(), room))
            };
            copy_bytes(cx, count << shift, &places)?;
        }
    } else {
        for i in start..end {
            cx.poll_native()?;
            let value = get(view, i)?;
            set_at(cx, target, i - start, &value)?;
        }
    }
    Ok(made)
}

fn subarray(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (Some(object), Some(view)) = (call.this.as_object(), call.this.downcast::<TypedArrayCell>()) else {
        return Err(throw_not(cx));
    };
    let length = view.len().unwrap_or(0) as u64;
    let start = cx.relative_index(call.get(0), length, 0)?;
    let buffer = view.buffer().clone();
    let begin = Value::number((view.offset() as u64 + (start << view.element().shift())) as f64);
    if view.is_tracking() && call.get(1).is_undefined() {
        return create_species(cx, object, view.element(), &[buffer, begin], None);
    }
    let end = cx.relative_index(call.get(1), length, length)?;
    let count = Value::number(end.saturating_sub(start) as f64);
    create_species(cx, object, view.element(), &[buffer, begin, count], None)
}

/// Values in the order of a comparison function, or of their size.
fn sorted(
    cx: &mut Context,
    view: &TypedArrayCell,
    length: usize,
    compare: &Value,
) -> JsResult<Vec<'static, u64>> {
    let element = view.element();
    let mut bits: Vec<'static, u64> = cx.scratch();
    let mut paid = 0;
    for i in 0..length {
        if i == paid {
            paid = cx.next_run(i, length)?;
        }
        bits.try_push(view.bits(i).unwrap_or(0))?;
    }
    if compare.is_undefined() {
        match element {
            Element::BigInt64 => sort_plain(cx, &mut bits, &mut |&a, &b| (a as i64).cmp(&(b as i64)))?,
            Element::BigUint64 => sort_plain(cx, &mut bits, &mut Ord::cmp)?,
            _ => {
                let number =
                    |b: u64| element.decode_number(b).and_then(|v| v.as_number()).unwrap_or(f64::NAN);
                sort_plain(cx, &mut bits, &mut |&a, &b| {
                    let (x, y) = (number(a), number(b));
                    // NaN last whatever its sign; -0 before 0.
                    x.is_nan().cmp(&y.is_nan()).then(x.total_cmp(&y))
                })?;
            }
        }
        return Ok(bits);
    }
    let mut values: Vec<'static, Value> = cx.scratch();
    cx.pay_elements(bits.len() * 4)?;
    for &bits in bits.iter() {
        values.try_push(element.decode(bits)?)?;
    }
    merge_sort(cx, &mut values, &mut |cx, a, b| {
        let order = cx.call(compare, &Value::UNDEFINED, &[a.clone(), b.clone()])?;
        let order = cx.to_number(&order)?;
        Ok(order.is_nan() || order <= 0.0)
    })?;
    for (bits, value) in bits.iter_mut().zip(values.iter()) {
        *bits = cx.element_bits(element, value)?;
    }
    Ok(bits)
}

/// `sort` (0) and `toSorted` (1).
fn sort(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let compare = call.get(0);
    if !compare.is_undefined() {
        super::function::callback(cx, compare)?;
    }
    let (_, view, length) = validate(cx, call.this)?;
    let made = if call.magic == 1 { Some(create_same(cx, view.element(), length)?) } else { None };
    let bits = sorted(cx, view, length, compare)?;
    let target = match &made {
        Some(made) => made.downcast::<TypedArrayCell>(),
        None => Some(view),
    };
    if let Some(target) = target {
        let mut paid = 0;
        for (i, &word) in bits.iter().enumerate() {
            if i == paid {
                paid = cx.next_run(i, bits.len())?;
            }
            target.set_bits(i, word);
        }
    }
    Ok(made.map_or_else(|| call.this.clone(), Value::from))
}

fn with(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, view, length) = validate(cx, call.this)?;
    let relative = cx.to_integer_or_infinity(call.get(0))?;
    let index = if relative < 0.0 { length as f64 + relative } else { relative };
    let bits = cx.element_bits(view.element(), call.get(1))?;
    if index < 0.0 || view.len().is_none_or(|length| index >= length as f64) {
        return Err(cx.throw_range_error(format_args!("index is out of bounds")));
    }
    let made = create_same(cx, view.element(), length)?;
    if let Some(target) = made.downcast::<TypedArrayCell>() {
        let mut paid = 0;
        for i in 0..length {
            if i == paid {
                paid = cx.next_costly_run(i, length, 2)?;
            }
            target.set_bits(i, if i as f64 == index { bits } else { view.bits(i).unwrap_or(0) });
        }
    }
    Ok(made.into())
}

/// `keys` (0), `values` (1), `entries` (2).
fn iterate(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    validate(cx, call.this)?;
    let what = [Iteration::ArrayKeys, Iteration::ArrayValues, Iteration::ArrayEntries][call.magic as usize];
    super::array_iterator::new_iterator(cx, what, call.this.clone())
}

static ROWS: &[Row] = &[
    getter_magic("buffer", property, 0),
    getter_magic("byteLength", property, 1),
    getter_magic("byteOffset", property, 2),
    getter_magic("length", property, 3),
    symbol_getter(names::SYM_TO_STRING_TAG, "[Symbol.toStringTag]", to_string_tag),
    method("at", 1, at),
    method("copyWithin", 2, copy_within),
    method_magic("entries", 0, iterate, 2),
    method_magic("every", 1, visit, EVERY),
    method("fill", 1, fill),
    method("filter", 1, filter),
    method_magic("find", 1, visit, FIND),
    method_magic("findIndex", 1, visit, FIND_INDEX),
    method_magic("findLast", 1, visit, FIND_LAST),
    method_magic("findLastIndex", 1, visit, FIND_LAST_INDEX),
    method_magic("forEach", 1, visit, FOR_EACH),
    method_magic("includes", 1, search, 0),
    method_magic("indexOf", 1, search, 1),
    method_magic("join", 1, join, 0),
    method_magic("keys", 0, iterate, 0),
    method("lastIndexOf", 1, last_index_of),
    method("map", 1, map),
    method_magic("reduce", 1, reduce, 0),
    method_magic("reduceRight", 1, reduce, 1),
    method("reverse", 0, reverse),
    method("set", 1, set),
    method("slice", 2, slice),
    method_magic("some", 1, visit, SOME),
    method_magic("sort", 1, sort, 0),
    method("subarray", 2, subarray),
    method_magic("toLocaleString", 0, join, 1),
    method("toReversed", 0, to_reversed),
    method_magic("toSorted", 1, sort, 1),
    method_magic("values", 0, iterate, 1),
    same_as(Key::Symbol(names::SYM_ITERATOR), "values"),
    method("with", 2, with),
];

static TYPED_ARRAY: Class = Class {
    constructor: constructor("TypedArray", 0, NativeKind::ConstructorOrFunction, construct_abstract),
    intrinsic: Intrinsic::TypedArray,
    prototype_intrinsic: Intrinsic::TypedArrayPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[
        method("from", 1, from),
        method("of", 0, of),
        symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this),
    ],
    global: false,
};

macro_rules! classes {
    ($($element:ident $prototype:ident $size:literal $sizes:ident,)*) => {
        $(static $sizes: [Row; 1] =
            [super::constant("BYTES_PER_ELEMENT", $size)];)*
        static CLASSES: [Class; 12] = [$(Class {
            constructor: NativeDef {
                name: stringify!($element),
                length: 3,
                kind: NativeKind::Constructor,
                magic: Intrinsic::$element as i32 - Intrinsic::Int8Array as i32,
                function: construct,
            },
            intrinsic: Intrinsic::$element,
            prototype_intrinsic: Intrinsic::$prototype,
            parent: Intrinsic::TypedArrayPrototype,
            constructor_parent: Intrinsic::TypedArray,
            prototype: &$sizes,
            statics: &$sizes,
            global: true,
        },)*];
    };
}

classes! {
    Int8Array Int8ArrayPrototype 1.0 INT8,
    Uint8Array Uint8ArrayPrototype 1.0 UINT8,
    Uint8ClampedArray Uint8ClampedArrayPrototype 1.0 CLAMPED,
    Int16Array Int16ArrayPrototype 2.0 INT16,
    Uint16Array Uint16ArrayPrototype 2.0 UINT16,
    Int32Array Int32ArrayPrototype 4.0 INT32,
    Uint32Array Uint32ArrayPrototype 4.0 UINT32,
    BigInt64Array BigInt64ArrayPrototype 8.0 BIGINT64,
    BigUint64Array BigUint64ArrayPrototype 8.0 BIGUINT64,
    Float16Array Float16ArrayPrototype 2.0 FLOAT16,
    Float32Array Float32ArrayPrototype 4.0 FLOAT32,
    Float64Array Float64ArrayPrototype 8.0 FLOAT64,
}

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&TYPED_ARRAY)?;
    let prototype = cx.intrinsic(Intrinsic::TypedArrayPrototype);
    // The very function that arrays have.
    let to_string = cx.realm().intrinsic(Intrinsic::ArrayProtoToString);
    let to_string = if to_string.is_undefined() {
        let arrays = cx.intrinsic(Intrinsic::ArrayPrototype);
        cx.get(&arrays, names::TO_STRING)?
    } else {
        to_string
    };
    cx.define_builtin(&prototype, names::TO_STRING, to_string, PropertyFlags::HIDDEN)?;
    CLASSES.iter().try_for_each(|class| cx.define_class(class).map(drop))
}
