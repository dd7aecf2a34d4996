//! JSON (ECMA-262 25.5): `stringify`, `rawJSON`, `isRawJSON`; `parse` is in `json_parse`.

use super::{Row, method, tag};
use crate::mem::Vec;
use crate::object::exotic::PrimitiveCell;
use crate::object::{PropertyFlags, ShapeTable, shape_flags};
use crate::runtime::{Arguments, Context};
use crate::text::atom::decimal;
use crate::text::{Atom, RawAtom, StringBuilder, Text, names};
use crate::value::{JsResult, JsString, Object, RawValue, Value, kind};

/// The key under which a value was found; made into a string only when somebody wants it.
#[derive(Clone, Copy)]
enum Key {
    Atom(RawAtom),
    Index(u64),
}

impl Key {
    fn to_value(self) -> JsResult<Value> {
        match self {
            Key::Atom(atom) => atom.to_value(),
            Key::Index(index) => {
                let mut digits = [0; 20];
                Ok(JsString::from_latin1(decimal(index, &mut digits))?.into())
            }
        }
    }
}

/// Shapes whose objects are known to have no `toJSON`.
const PLAIN_SHAPES: usize = 16;

struct Writer {
    out: StringBuilder,
    /// Objects being written, for cycles.
    stack: Vec<'static, Object>,
    replacer: Value,
    keys: Option<Vec<'static, Atom>>,
    gap: Option<JsString>,
    /// Shapes (held, so that they keep their numbers) and the epoch they were looked at.
    plain: [(Value, u32); PLAIN_SHAPES],
}

/// For each Latin-1 unit: 0 for itself, `u` for a hexadecimal escape, else the letter of its escape.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 32 {
        table[i] = b'u';
        i += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[0x22] = b'"';
    table[0x5C] = b'\\';
    table
};

fn push_escape(out: &mut StringBuilder, unit: u16) -> JsResult<()> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = ESCAPES.get(usize::from(unit)).copied().unwrap_or(b'u');
    if letter != b'u' {
        return out.push_text(Text::Latin1(&[b'\\', letter]));
    }
    let digit = |shift: u16| HEX[usize::from(unit >> shift & 15)];
    out.push_text(Text::Latin1(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]))
}

/// Units of a text that are written in one go.
const PIECE: usize = 1 << 12;

/// QuoteJSONString (25.5.2.2).
pub(crate) fn quote(out: &mut StringBuilder, text: Text<'_>) -> JsResult<()> {
    out.push_unit(0x22)?;
    quote_units(out, text)?;
    out.push_unit(0x22)
}

fn quote_units(out: &mut StringBuilder, text: Text<'_>) -> JsResult<()> {
    match text {
        Text::Latin1(units) => {
            let mut rest = units;
            while let Some(at) = rest.iter().position(|&u| ESCAPES[usize::from(u)] != 0) {
                out.push_text(Text::Latin1(&rest[..at]))?;
                push_escape(out, u16::from(rest[at]))?;
                rest = &rest[at + 1..];
            }
            out.push_text(Text::Latin1(rest))?;
        }
        Text::Utf16(units) => {
            let (mut from, mut at) = (0, 0);
            while at < units.len() {
                let unit = units[at];
                let escape = if unit & 0xF800 == 0xD800 {
                    let (_, pair) = text.code_point_at(at);
                    at += usize::from(pair);
                    !pair
                } else {
                    unit < 256 && ESCAPES[usize::from(unit)] != 0
                };
                if escape {
                    out.push_text(Text::Utf16(&units[from..at]))?;
                    push_escape(out, unit)?;
                    from = at + 1;
                }
                at += 1;
            }
            out.push_text(Text::Utf16(&units[from..]))?;
        }
    }
    Ok(())
}

impl Writer {
    /// Whether objects of this one's shape are known to have no `toJSON`.
    fn has_no_to_json(&mut self, object: &Object) -> bool {
        let shape = object.shape();
        if !matches!(object.kind(), kind::OBJECT | kind::ARRAY)
            || shape.has(shape_flags::UNIQUE)
            || !shape.is_cacheable()
        {
            return false;
        }
        let cell = RawValue::cell(core::ptr::NonNull::from(shape).cast());
        let epoch = ShapeTable::current().epoch();
        let entry = &mut self.plain[shape.id() as usize % PLAIN_SHAPES];
        if entry.0.bits() == cell.bits() && entry.1 == epoch {
            return true;
        }
        let mut at = object.clone();
        loop {
            let ordinary = matches!(at.kind(), kind::OBJECT | kind::ARRAY);
            if !ordinary || at.find(names::TO_JSON).is_some() {
                return false;
            }
            match Object::try_from(at.prototype()) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        // SAFETY: the shape is alive: it is the object's.
        *entry = (unsafe { cell.to_owned() }, epoch);
        true
    }

    /// The first half of SerializeJSONProperty (25.5.2.1): what is to be written, `None` for undefined.
    fn prepare(
        &mut self,
        cx: &mut Context,
        holder: Option<&Object>,
        key: Key,
        value: Value,
    ) -> JsResult<Option<Value>> {
        let mut value = value;
        let convertible = match value.as_object() {
            Some(object) => !self.has_no_to_json(object),
            None => value.is_bigint(),
        };
        if convertible {
            let method = cx.get_value(&value, names::TO_JSON)?;
            if cx.is_callable(&method) {
                value = cx.call(&method, &value, &[key.to_value()?])?;
            }
        }
        if !self.replacer.is_undefined() {
            let this = holder.map_or(Value::UNDEFINED, |h| h.as_value().clone());
            let replacer = self.replacer.clone();
            value = cx.call(&replacer, &this, &[key.to_value()?, value])?;
        }
        if let Some(object) = value.as_object() {
            if let Some(cell) = object.downcast::<PrimitiveCell>() {
                let wrapped = cell.value();
                let plain = if wrapped.is_number() {
                    Value::number(cx.to_number(&value)?)
                } else if wrapped.is_string() {
                    cx.to_string(&value)?.into()
                } else if wrapped.is_boolean() || wrapped.is_bigint() {
                    wrapped.clone()
                } else {
                    return Ok(Some(value));
                };
                return Ok(Some(plain));
            }
            if cx.is_callable(&value) {
                return Ok(None);
            }
        }
        Ok(if value.is_undefined() || value.is_symbol() { None } else { Some(value) })
    }

    fn newline(&mut self, depth: usize) -> JsResult<()> {
        if let Some(gap) = &self.gap {
            self.out.push_unit(0x0A)?;
            let gap = gap.text()?;
            for _ in 0..depth {
                self.out.push_text(gap)?;
            }
        }
        Ok(())
    }

    /// The second half of SerializeJSONProperty: writes a value that is not left out.
    fn write(&mut self, cx: &mut Context, value: &Value) -> JsResult<()> {
        if let Some(string) = value.as_string() {
            return self.write_string(cx, string);
        }
        if let Some(int) = value.as_int() {
            if int < 0 {
                self.out.push_unit(0x2D)?;
            }
            let mut digits = [0; 20];
            return self.out.push_text(Text::Latin1(decimal(u64::from(int.unsigned_abs()), &mut digits)));
        }
        if let Some(number) = value.as_number() {
            if !number.is_finite() {
                return self.out.push_str("null");
            }
            let mut buffer = tare_number::NumberBuffer::default();
            let text = tare_number::number_to_string(number, &mut buffer);
            return self.out.push_text(Text::Latin1(text.as_bytes()));
        }
        if let Some(object) = value.as_object() {
            return self.write_object(cx, object);
        }
        if value.is_bigint() {
            return Err(cx.throw_type_error(format_args!("BigInt value cannot be serialized in JSON")));
        }
        self.out.push_str(match value.as_boolean() {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        })
    }

    /// QuoteJSONString, paid; long texts piece by piece.
    fn write_string(&mut self, cx: &mut Context, string: &JsString) -> JsResult<()> {
        let text = cx.text(string)?;
        if text.len() <= PIECE {
            return quote(&mut self.out, text);
        }
        self.out.push_unit(0x22)?;
        let mut at = 0;
        while at < text.len() {
            cx.pay_elements(PIECE)?;
            let mut end = text.len().min(at + PIECE);
            // A pair stays together.
            if end < text.len() && text.at(end - 1) & 0xFC00 == 0xD800 {
                end -= 1;
            }
            quote_units(&mut self.out, text.slice(at, end))?;
            at = end;
        }
        self.out.push_unit(0x22)
    }

    fn write_object(&mut self, cx: &mut Context, object: &Object) -> JsResult<()> {
        if object.shape().has(shape_flags::RAW_JSON) {
            let raw = Atom::from_str("rawJSON")?;
            let text = cx.get(object, raw.raw())?;
            let text = cx.to_string(&text)?;
            return self.out.push(&text);
        }
        cx.check_native_stack()?;
        cx.pay(1 + (self.stack.len() / 64) as u32)?;
        if self.stack.iter().any(|open| Object::same(open, object)) {
            return Err(cx.throw_type_error(format_args!("circular reference in a value for JSON")));
        }
        self.stack.try_push(object.clone())?;
        if super::object::is_array(cx, object.as_value())? {
            self.write_array(cx, object)?;
        } else {
            self.out.push_unit(0x7B)?;
            let mut empty = true;
            if !self.write_plain(cx, object, &mut empty)? {
                self.write_properties(cx, object, &mut empty)?;
            }
            if !empty {
                self.newline(self.stack.len() - 1)?;
            }
            self.out.push_unit(0x7D)?;
        }
        self.stack.pop();
        Ok(())
    }

    fn write_array(&mut self, cx: &mut Context, object: &Object) -> JsResult<()> {
        self.out.push_unit(0x5B)?;
        let length = cx.length_of(object)?;
        for i in 0..length {
            cx.pay(1 + (self.gap.is_some() as usize * self.stack.len() / 16) as u32)?;
            if i > 0 {
                self.out.push_unit(0x2C)?;
            }
            self.newline(self.stack.len())?;
            let dense = if object.kind() == kind::ARRAY {
                object.as_array().and_then(|array| array.dense(i as u32))
            } else {
                None
            };
            let value = match dense {
                Some(value) => value,
                None => cx.get_index(object, i)?,
            };
            match self.prepare(cx, Some(object), Key::Index(i), value)? {
                Some(value) => self.write(cx, &value)?,
                None => self.out.push_str("null")?,
            }
        }
        if length > 0 {
            self.newline(self.stack.len() - 1)?;
        }
        self.out.push_unit(0x5D)
    }

    fn write_property(
        &mut self,
        cx: &mut Context,
        object: &Object,
        key: RawAtom,
        value: Value,
        empty: &mut bool,
    ) -> JsResult<()> {
        cx.pay(1 + (self.gap.is_some() as usize * self.stack.len() / 16) as u32)?;
        let Some(value) = self.prepare(cx, Some(object), Key::Atom(key), value)? else { return Ok(()) };
        if !core::mem::replace(empty, false) {
            self.out.push_unit(0x2C)?;
        }
        self.newline(self.stack.len())?;
        self.write_string(cx, &key.to_js_string()?)?;
        self.out.push_unit(0x3A)?;
        if self.gap.is_some() {
            self.out.push_unit(0x20)?;
        }
        self.write(cx, &value)
    }

    /// Writes an object whose keys can be read off a shared shape. False when this is no such object.
    fn write_plain(&mut self, cx: &mut Context, object: &Object, empty: &mut bool) -> JsResult<bool> {
        let shape = object.shape();
        if object.kind() != kind::OBJECT
            || self.keys.is_some()
            || shape.has(shape_flags::UNIQUE | shape_flags::INTEGER_KEYS)
        {
            return Ok(false);
        }
        // SAFETY: the shape is alive: it is the object's. Shared shapes do not change, and this one
        // stays while it is held, whatever `toJSON` and getters do to the object.
        let _held = unsafe { RawValue::cell(core::ptr::NonNull::from(shape).cast()).to_owned() };
        for i in 0..shape.count() {
            let Some(property) = shape.property(i) else { continue };
            let key = property.atom;
            if !property.flags.is_enumerable() || !key.is_string_key() {
                continue;
            }
            let value = if object.shape().id() == shape.id() && property.flags.is_plain() {
                object.slot(i)
            } else {
                cx.get(object, key)?
            };
            self.write_property(cx, object, key, value, empty)?;
        }
        Ok(true)
    }

    fn write_properties(&mut self, cx: &mut Context, object: &Object, empty: &mut bool) -> JsResult<()> {
        if let Some(count) = self.keys.as_ref().map(|keys| keys.len()) {
            for i in 0..count {
                let Some(key) = self.keys.as_ref().and_then(|keys| keys.get(i)).cloned() else { break };
                let value = cx.get(object, key.raw())?;
                self.write_property(cx, object, key.raw(), value, empty)?;
            }
            return Ok(());
        }
        let keys = enumerable_keys(cx, object)?;
        for key in &keys {
            let value = cx.get(object, key.raw())?;
            self.write_property(cx, object, key.raw(), value, empty)?;
        }
        Ok(())
    }
}

/// The keys of EnumerableOwnProperties (7.3.23).
pub(super) fn enumerable_keys(cx: &mut Context, object: &Object) -> JsResult<Vec<'static, Atom>> {
    let mut keys = cx.own_keys(object)?;
    let mut kept = 0;
    for i in 0..keys.len() {
        cx.poll_native()?;
        if !keys[i].is_symbol() && cx.is_own_enumerable(object, keys[i].raw())? {
            keys.swap(kept, i);
            kept += 1;
        }
    }
    keys.truncate(kept);
    Ok(keys)
}

/// The property list that an array as replacer gives.
fn property_list(cx: &mut Context, array: &Object) -> JsResult<Vec<'static, Atom>> {
    let mut list: Vec<'static, Atom> = cx.scratch();
    for i in 0..cx.length_of(array)? {
        let item = cx.get_index(array, i)?;
        let wrapped = item.downcast::<PrimitiveCell>().map(PrimitiveCell::value);
        let usable = |v: &Value| v.is_string() || v.is_number();
        if usable(&item) || wrapped.is_some_and(usable) {
            let key = Atom::from_string(&cx.to_string(&item)?)?;
            cx.pay_elements(list.len())?;
            if !list.contains(&key) {
                list.try_push(key)?;
            }
        }
    }
    Ok(list)
}

/// The text that one level of indentation is.
fn gap(cx: &mut Context, space: &Value) -> JsResult<Option<JsString>> {
    let mut space = space.clone();
    if let Some(wrapped) = space.downcast::<PrimitiveCell>().map(PrimitiveCell::value) {
        if wrapped.is_number() {
            space = Value::number(cx.to_number(&space)?);
        } else if wrapped.is_string() {
            space = cx.to_string(&space)?.into();
        }
    }
    if space.is_number() {
        let count = cx.to_integer_or_infinity(&space)?.clamp(0.0, 10.0) as usize;
        return Ok(if count == 0 { None } else { Some(JsString::from_latin1(&[b' '; 10][..count])?) });
    }
    match space.as_string() {
        Some(string) if !string.is_empty() => {
            let text = string.text()?;
            Ok(Some(JsString::from_text(text.slice(0, text.len().min(10)))?))
        }
        _ => Ok(None),
    }
}

/// `JSON.stringify(value, replacer, space)`.
pub(crate) fn stringify_value(
    cx: &mut Context,
    value: &Value,
    replacer: &Value,
    space: &Value,
) -> JsResult<Value> {
    let mut keys = None;
    let mut function = Value::UNDEFINED;
    if let Some(object) = replacer.as_object() {
        if cx.is_callable(replacer) {
            function = replacer.clone();
        } else if super::object::is_array(cx, replacer)? {
            keys = Some(property_list(cx, object)?);
        }
    }
    let gap = gap(cx, space)?;
    let holder = if function.is_undefined() {
        None
    } else {
        let holder = cx.new_object()?;
        holder.add_property(names::EMPTY, value.clone(), PropertyFlags::DEFAULT)?;
        Some(holder)
    };
    let mut writer = Writer {
        out: StringBuilder::new(),
        stack: cx.scratch(),
        replacer: function,
        keys,
        gap,
        plain: [const { (Value::UNDEFINED, 0) }; PLAIN_SHAPES],
    };
    match writer.prepare(cx, holder.as_ref(), Key::Atom(names::EMPTY), value.clone())? {
        None => Ok(Value::UNDEFINED),
        Some(value) => {
            writer.write(cx, &value)?;
            cx.finish(writer.out)
        }
    }
}

fn stringify(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    stringify_value(cx, call.get(0), call.get(1), call.get(2))
}

/// `JSON.rawJSON(text)`: an object that `stringify` writes as the text of a primitive.
fn raw_json(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    let bad = |unit: u16| matches!(unit, 0x09 | 0x0A | 0x0D | 0x20);
    if text.is_empty() || bad(text.at(0)) || bad(text.at(text.len() - 1)) || matches!(text.at(0), 0x5B | 0x7B)
    {
        return Err(cx.throw_syntax_error(format_args!("not the JSON text of a primitive")));
    }
    super::json_parse::parse_text(cx, text)?;
    let object = cx.new_object_with_prototype(&Value::NULL)?;
    let key = Atom::from_str("rawJSON")?;
    object.add_property(key.raw(), string.into(), PropertyFlags(PropertyFlags::ENUMERABLE))?;
    object.set_shape_flag(shape_flags::NOT_EXTENSIBLE)?;
    object.set_shape_flag(shape_flags::RAW_JSON)?;
    Ok(object.into())
}

fn is_raw_json(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::boolean(call.get(0).as_object().is_some_and(|o| o.shape().has(shape_flags::RAW_JSON))))
}

static ROWS: &[Row] = &[
    method("isRawJSON", 1, is_raw_json),
    method("parse", 2, super::json_parse::parse),
    method("rawJSON", 1, raw_json),
    method("stringify", 3, stringify),
    tag("JSON"),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.rt().parse_json = |cx, text| super::json_parse::parse_text(cx, text.text()?);
    cx.define_namespace("JSON", ROWS)?;
    Ok(())
}
