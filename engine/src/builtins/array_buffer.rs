//! ArrayBuffer and SharedArrayBuffer objects (ECMA-262 25.1, 25.2).

use super::{Class, Row, constructor, getter_magic, method, method_magic, symbol_getter, tag};
use crate::object::buffer::BufferCell;
use crate::runtime::{Arguments, Context, Intrinsic, NativeDef, NativeKind};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// Rows of the ArrayBuffer class have magic 0, those of SharedArrayBuffer this bit.
const SHARED: i32 = 0x100;

/// `this`, if it is a buffer of the kind that the row is for.
fn this_buffer<'a>(cx: &mut Context, call: &Arguments<'a>) -> JsResult<(&'a Object, &'a BufferCell)> {
    let wanted = if call.magic & SHARED != 0 { kind::SHARED_ARRAY_BUFFER } else { kind::ARRAY_BUFFER };
    if let Some(object) = call.this.as_object()
        && let (true, Some(cell)) = (object.kind() == wanted, object.as_buffer())
    {
        return Ok((object, cell));
    }
    Err(cx.throw_type_error(format_args!("not {}", kind_name(wanted))))
}

fn kind_name(kind: u8) -> &'static str {
    if kind == kind::ARRAY_BUFFER { "an ArrayBuffer" } else { "a SharedArrayBuffer" }
}

pub(super) fn throw_detached(cx: &mut Context) -> Thrown {
    cx.throw_type_error(format_args!("array buffer is detached"))
}

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let shared = call.magic & SHARED != 0;
    let length = cx.to_index(call.get(0))?;
    let mut max = None;
    if let Some(options) = call.get(1).as_object() {
        let value = cx.get(options, names::MAX_BYTE_LENGTH)?;
        if !value.is_undefined() {
            max = Some(cx.to_index(&value)?);
        }
    }
    if max.is_some_and(|max| length > max) {
        return Err(cx.throw_range_error(format_args!("array buffer is longer than its maximum")));
    }
    let default =
        if shared { Intrinsic::SharedArrayBufferPrototype } else { Intrinsic::ArrayBufferPrototype };
    let prototype = cx.prototype_from_constructor(call.new_target, default)?;
    Ok(cx.allocate_buffer(&prototype, length, max, shared)?.into())
}

fn is_view(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(matches!(call.get(0).kind(), kind::TYPED_ARRAY | kind::DATA_VIEW)))
}

/// `byteLength` (0), `maxByteLength` (1), `resizable` or `growable` (2), `detached` (3).
fn property(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, buffer) = this_buffer(cx, call)?;
    Ok(match call.magic & !SHARED {
        0 => Value::number(buffer.byte_length() as f64),
        1 => Value::number(buffer.max_byte_length() as f64),
        2 => Value::boolean(buffer.is_resizable()),
        _ => Value::boolean(buffer.is_detached()),
    })
}

fn resize(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, buffer) = this_buffer(cx, call)?;
    if !buffer.is_resizable() {
        return Err(cx.throw_type_error(format_args!("array buffer is not resizable")));
    }
    let length = cx.to_index(call.get(0))?;
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    if length > buffer.max_byte_length() as u64 {
        return Err(cx.throw_range_error(format_args!("array buffer is longer than its maximum")));
    }
    buffer.resize(length as usize);
    Ok(Value::UNDEFINED)
}

fn grow(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, buffer) = this_buffer(cx, call)?;
    if !buffer.is_resizable() {
        return Err(cx.throw_type_error(format_args!("array buffer is not growable")));
    }
    let length = cx.to_index(call.get(0))?;
    if !buffer.grow_shared(usize::try_from(length).unwrap_or(usize::MAX)) {
        return Err(cx.throw_range_error(format_args!("invalid array buffer length")));
    }
    Ok(Value::UNDEFINED)
}

fn slice(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (object, buffer) = this_buffer(cx, call)?;
    let shared = call.magic & SHARED != 0;
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    let length = buffer.byte_length() as u64;
    let first = cx.relative_index(call.get(0), length, 0)?;
    let last = cx.relative_index(call.get(1), length, length)?;
    let count = last.saturating_sub(first);
    let default = if shared { Intrinsic::SharedArrayBuffer } else { Intrinsic::ArrayBuffer };
    let species = cx.species_constructor(object, default)?;
    let made = cx.construct(&species, &[Value::number(count as f64)], &species)?;
    let target = match made.as_object().and_then(|o| Some((o, o.as_buffer()?))) {
        Some((target, cell)) if cell.is_shared() == shared => {
            if Object::same(target, object) {
                return Err(cx.throw_type_error(format_args!("species made the same array buffer")));
            }
            cell
        }
        _ => {
            return Err(cx.throw_type_error(format_args!("species made no array buffer of this kind")));
        }
    };
    if target.is_detached() {
        return Err(throw_detached(cx));
    }
    if (target.byte_length() as u64) < count {
        return Err(cx.throw_type_error(format_args!("species made a shorter array buffer")));
    }
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    let length = buffer.byte_length();
    let first = first as usize;
    if first < length {
        let count = (count as usize).min(length - first);
        super::typed_array::copy_bytes(cx, count, &|| {
            let from = buffer.data().wrapping_add(first).cast_const();
            ((target.data(), target.byte_length()), (from, buffer.byte_length().saturating_sub(first)))
        })?;
    }
    Ok(made)
}

/// `transfer` (0) and `transferToFixedLength` (1).
fn transfer(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (_, buffer) = this_buffer(cx, call)?;
    let length =
        if call.get(0).is_undefined() { buffer.byte_length() as u64 } else { cx.to_index(call.get(0))? };
    if buffer.is_detached() {
        return Err(throw_detached(cx));
    }
    let keep = call.magic == 0 && buffer.is_resizable();
    let max = keep.then_some(buffer.max_byte_length() as u64);
    let prototype = cx.intrinsic(Intrinsic::ArrayBufferPrototype);
    if !buffer.is_resizable() && length == buffer.byte_length() as u64 && length > 0 {
        // The bytes change hands. The empty buffer gets its capacity with them.
        let made = cx.allocate_buffer(&prototype, 0, None, false)?;
        if let Some(cell) = made.as_buffer() {
            buffer.move_bytes_to(cell);
        }
        return Ok(made.into());
    }
    let made = cx.allocate_buffer(&prototype, length, max, false)?;
    if let Some(cell) = made.as_buffer() {
        let count = buffer.byte_length().min(cell.byte_length());
        super::typed_array::copy_bytes(cx, count, &|| {
            ((cell.data(), cell.byte_length()), (buffer.data().cast_const(), buffer.byte_length()))
        })?;
    }
    buffer.detach();
    Ok(made.into())
}

static ROWS: &[Row] = &[
    getter_magic("byteLength", property, 0),
    getter_magic("detached", property, 3),
    getter_magic("maxByteLength", property, 1),
    getter_magic("resizable", property, 2),
    method("resize", 1, resize),
    method("slice", 2, slice),
    method_magic("transfer", 0, transfer, 0),
    method_magic("transferToFixedLength", 0, transfer, 1),
    tag("ArrayBuffer"),
];

static ARRAY_BUFFER: Class = Class {
    constructor: constructor("ArrayBuffer", 1, NativeKind::Constructor, construct),
    intrinsic: Intrinsic::ArrayBuffer,
    prototype_intrinsic: Intrinsic::ArrayBufferPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: &[
        method("isView", 1, is_view),
        symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this),
    ],
    global: true,
};

static SHARED_ROWS: &[Row] = &[
    getter_magic("byteLength", property, SHARED),
    method_magic("grow", 1, grow, SHARED),
    getter_magic("growable", property, SHARED | 2),
    getter_magic("maxByteLength", property, SHARED | 1),
    method_magic("slice", 2, slice, SHARED),
    tag("SharedArrayBuffer"),
];

static SHARED_ARRAY_BUFFER: Class = Class {
    constructor: NativeDef {
        name: "SharedArrayBuffer",
        length: 1,
        kind: NativeKind::Constructor,
        magic: SHARED,
        function: construct,
    },
    intrinsic: Intrinsic::SharedArrayBuffer,
    prototype_intrinsic: Intrinsic::SharedArrayBufferPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: SHARED_ROWS,
    statics: &[symbol_getter(names::SYM_SPECIES, "[Symbol.species]", super::array::return_this)],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_class(&ARRAY_BUFFER)?;
    cx.define_class(&SHARED_ARRAY_BUFFER)?;
    Ok(())
}
