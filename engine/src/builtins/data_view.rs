//! DataView objects (ECMA-262 25.3).

use super::array_buffer::throw_detached;
use super::{Class, Row, constructor, getter_magic, method_magic, tag};
use crate::object::ShapeTable;
use crate::object::buffer::{DataViewCell, Element, load, store};
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::value::{JsResult, Thrown, Value};

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some((object, buffer)) = call.get(0).as_object().and_then(|o| Some((o, o.as_buffer()?))) else {
        return Err(cx.throw_type_error(format_args!("the first argument must be an array buffer")));
    };
    let offset = cx.to_index(call.get(1))?;
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    if offset > buffer.byte_length() as u64 {
        return Err(throw_bounds(cx));
    }
    // Its length now is what a given length is measured by, whatever the conversion of that does.
    let bytes = buffer.byte_length() as u64;
    let tracking = call.get(2).is_undefined() && buffer.is_resizable();
    let mut fixed = None;
    if call.get(2).is_undefined() {
        if !tracking {
            fixed = Some(buffer.byte_length() - offset as usize);
        }
    } else {
        let length = cx.to_index(call.get(2))?;
        if offset + length > bytes {
            return Err(throw_bounds(cx));
        }
        fixed = Some(length as usize);
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::DataViewPrototype)?;
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    let end = offset as usize + fixed.unwrap_or(0);
    if end > buffer.byte_length() {
        return Err(throw_bounds(cx));
    }
    let shape = ShapeTable::current().root(&prototype, 0, 0)?;
    Ok(DataViewCell::create(shape, object, offset as usize, fixed)?.into())
}

fn throw_bounds(cx: &mut Context) -> Thrown {
    cx.throw_range_error(format_args!("out of the array buffer's bounds"))
}

fn this_view<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<&'a DataViewCell> {
    match call.this.downcast::<DataViewCell>() {
        Some(view) => Ok(view),
        None => Err(cx.throw_type_error(format_args!("not a DataView"))),
    }
}

fn bytes(cx: &mut Context, view: &DataViewCell) -> JsResult<(*mut u8, usize)> {
    match view.bytes() {
        Some(bytes) => Ok(bytes),
        None => Err(cx.throw_type_error(format_args!("array buffer is detached or too short"))),
    }
}

/// `buffer` (0), `byteLength` (1), `byteOffset` (2).
fn property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_view(cx, call)?;
    if call.magic == 0 {
        return Ok(view.buffer().clone());
    }
    let (_, length) = bytes(cx, view)?;
    Ok(Value::number(if call.magic == 1 { length } else { view.offset() } as f64))
}

/// The place of an element in the view.
fn place(cx: &mut Context, view: &DataViewCell, index: u64, element: Element) -> JsResult<*mut u8> {
    let (data, length) = bytes(cx, view)?;
    if index.saturating_add(element.size() as u64) > length as u64 {
        return Err(throw_bounds(cx));
    }
    Ok(data.wrapping_add(index as usize))
}

fn swapped(bits: u64, element: Element) -> u64 {
    bits.swap_bytes() >> (64 - 8 * element.size())
}

/// The getters; the magic is the element's type.
fn get(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_view(cx, call)?;
    let element = Element::ALL[call.magic as usize];
    let index = cx.to_index(call.get(0))?;
    let little = call.get(1).to_boolean();
    let at = place(cx, view, index, element)?;
    // SAFETY: inside the buffer, which nothing has changed since it was measured.
    let bits = unsafe { load(at, element.shift()) };
    element.decode(if little { bits } else { swapped(bits, element) })
}

/// The setters; the magic is the element's type.
fn set(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let view = this_view(cx, call)?;
    let element = Element::ALL[call.magic as usize];
    let index = cx.to_index(call.get(0))?;
    let bits = cx.element_bits(element, call.get(1))?;
    let little = call.get(2).to_boolean();
    let at = place(cx, view, index, element)?;
    // SAFETY: as above.
    unsafe { store(at, element.shift(), if little { bits } else { swapped(bits, element) }) };
    Ok(Value::UNDEFINED)
}

const fn reads(name: &'static str, element: Element) -> Row {
    method_magic(name, 1, get, element as i32)
}

const fn writes(name: &'static str, element: Element) -> Row {
    method_magic(name, 2, set, element as i32)
}

static ROWS: &[Row] = &[
    getter_magic("buffer", property, 0),
    getter_magic("byteLength", property, 1),
    getter_magic("byteOffset", property, 2),
    reads("getBigInt64", Element::BigInt64),
    reads("getBigUint64", Element::BigUint64),
    reads("getFloat16", Element::Float16),
    reads("getFloat32", Element::Float32),
    reads("getFloat64", Element::Float64),
    reads("getInt16", Element::Int16),
    reads("getInt32", Element::Int32),
    reads("getInt8", Element::Int8),
    reads("getUint16", Element::Uint16),
    reads("getUint32", Element::Uint32),
    reads("getUint8", Element::Uint8),
    writes("setBigInt64", Element::BigInt64),
    writes("setBigUint64", Element::BigUint64),
    writes("setFloat16", Element::Float16),
    writes("setFloat32", Element::Float32),
    writes("setFloat64", Element::Float64),
    writes("setInt16", Element::Int16),
    writes("setInt32", Element::Int32),
    writes("setInt8", Element::Int8),
    writes("setUint16", Element::Uint16),
    writes("setUint32", Element::Uint32),
    writes("setUint8", Element::Uint8),
    tag("DataView"),
];

static DATA_VIEW: Class = Class {
    constructor: constructor("DataView", 1, NativeKind::Constructor, construct),
    intrinsic: Intrinsic::DataView,
    prototype_intrinsic: Intrinsic::DataViewPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&DATA_VIEW)?;
    Ok(())
}
