//! `JSON.parse` (ECMA-262 25.5.1): a parser without recursion, and the walk with a reviver.
//!
//! Finished values wait on one stack until their container is complete, so an array gets its elements in
//! one go and an object the shape that an object literal with the same keys has.

use crate::exec::convert::number_text;
use crate::exec::property::same_value;
use crate::mem::Vec;
use crate::object::{ArrayCell, PropertyFlags, ShapeTable, shape_flags};
use crate::runtime::{Arguments, Context};
use crate::text::{Atom, Text, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

/// A code unit of the text.
trait Unit: Copy + 'static {
    fn code(self) -> u32;
    fn text(units: &[Self]) -> Text<'_>;
}

impl Unit for u8 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }
    #[inline(always)]
    fn text(units: &[u8]) -> Text<'_> {
        Text::Latin1(units)
    }
}

impl Unit for u16 {
    #[inline(always)]
    fn code(self) -> u32 {
        u32::from(self)
    }
    #[inline(always)]
    fn text(units: &[u16]) -> Text<'_> {
        Text::Utf16(units)
    }
}

/// Beyond the end of the text.
const END: u32 = u32::MAX;
/// Units that are gone over between two payments.
const LONG_RUN: usize = 1 << 12;
/// Slots of the key and shape caches.
const CACHE: usize = 64;

/// What the parser read, for the reviver: a value, where it stands, and its parts.
struct Node {
    value: Value,
    start: u32,
    end: u32,
    first_part: u32,
    parts: u32,
}

/// The parse records of a text: `parts` holds node numbers with their keys (none in arrays).
struct Record {
    nodes: Vec<'static, Node>,
    parts: Vec<'static, (u32, Option<Atom>)>,
}

/// An open array or object.
struct Open {
    is_array: bool,
    start: u32,
    values: usize,
    keys: usize,
}

struct Parser<'a, U> {
    units: &'a [U],
    at: usize,
    /// Up to where the work is paid.
    paid: usize,
    open: Vec<'static, Open>,
    values: Vec<'static, Value>,
    keys: Vec<'static, Atom>,
    /// Unescaped text of the string at hand.
    unescaped: Vec<'static, u16>,
    key_cache: [Option<Atom>; CACHE],
    /// Objects made before, whose shapes the next ones probably share.
    samples: [Option<Object>; CACHE],
    record: Option<Record>,
    /// Nodes that belong to `values`.
    waiting: Vec<'static, u32>,
}

impl<U: Unit> Parser<'_, U> {
    #[inline(always)]
    fn peek(&self) -> u32 {
        self.units.get(self.at).map_or(END, |u| u.code())
    }

    #[inline(always)]
    fn space(&mut self) {
        while matches!(self.peek(), 0x20 | 0x0A | 0x0D | 0x09) {
            self.at += 1;
            if self.at - self.paid > LONG_RUN {
                return;
            }
        }
    }

    /// White space of any length.
    #[inline(always)]
    fn all_space(&mut self, cx: &mut Context) -> JsResult<()> {
        self.space();
        while matches!(self.peek(), 0x20 | 0x0A | 0x0D | 0x09) {
            self.pay(cx)?;
            self.space();
        }
        Ok(())
    }

    #[cold]
    fn fail(&self, cx: &mut Context) -> Thrown {
        let at = self.at.min(self.units.len());
        let (mut line, mut column) = (1usize, 1usize);
        for unit in &self.units[..at] {
            column += 1;
            if unit.code() == 0x0A {
                line += 1;
                column = 1;
            }
        }
        if at == self.units.len() {
            return cx.throw_syntax_error(format_args!(
                "unexpected end of JSON text at position {at} (line {line} column {column})"
            ));
        }
        let (code, _) = U::text(self.units).code_point_at(at);
        let shown = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).escape_debug();
        cx.throw_syntax_error(format_args!(
            "unexpected character '{shown}' in JSON text at position {at} (line {line} column {column})"
        ))
    }

    /// Pays for the units since the last time, and for a value.
    #[inline(always)]
    fn pay(&mut self, cx: &mut Context) -> JsResult<()> {
        let units = self.at - self.paid;
        self.paid = self.at;
        cx.pay(1 + (units / 64) as u32)
    }

    /// The text's one value.
    fn parse(&mut self, cx: &mut Context) -> JsResult<Value> {
        'value: loop {
            self.all_space(cx)?;
            self.pay(cx)?;
            let start = self.at;
            let mut value = match self.peek() {
                0x22 => self.string(cx)?.ok_or(()).map(Value::from),
                0x7B => {
                    self.at += 1;
                    self.open(false, start)?;
                    self.all_space(cx)?;
                    if self.peek() != 0x7D {
                        self.key(cx)?;
                        continue 'value;
                    }
                    self.at += 1;
                    Ok(self.close(cx)?)
                }
                0x5B => {
                    self.at += 1;
                    self.open(true, start)?;
                    self.all_space(cx)?;
                    if self.peek() != 0x5D {
                        continue 'value;
                    }
                    self.at += 1;
                    Ok(self.close(cx)?)
                }
                0x2D | 0x30..=0x39 => self.number().ok_or(()),
                0x74 => self.word(b"true", Value::TRUE).ok_or(()),
                0x66 => self.word(b"false", Value::FALSE).ok_or(()),
                0x6E => self.word(b"null", Value::NULL).ok_or(()),
                _ => Err(()),
            }
            .map_err(|()| self.fail(cx))?;
            if self.record.is_some() && !value.is_object() {
                self.note(&value, start)?;
            }
            loop {
                self.all_space(cx)?;
                let Some(open) = self.open.last() else {
                    return if self.at == self.units.len() { Ok(value) } else { Err(self.fail(cx)) };
                };
                let is_array = open.is_array;
                self.values.try_push(value)?;
                match (self.peek(), is_array) {
                    (0x2C, true) => {
                        self.at += 1;
                        continue 'value;
                    }
                    (0x2C, false) => {
                        self.at += 1;
                        self.all_space(cx)?;
                        self.key(cx)?;
                        continue 'value;
                    }
                    (0x5D, true) | (0x7D, false) => {
                        self.at += 1;
                        value = self.close(cx)?;
                    }
                    _ => return Err(self.fail(cx)),
                }
            }
        }
    }

    fn open(&mut self, is_array: bool, start: usize) -> JsResult<()> {
        let open = Open { is_array, start: start as u32, values: self.values.len(), keys: self.keys.len() };
        Ok(self.open.try_push(open)?)
    }

    /// Makes the container that was opened last from its parts.
    fn close(&mut self, cx: &mut Context) -> JsResult<Value> {
        let Some(open) = self.open.pop() else { return Ok(Value::UNDEFINED) };
        let made = if open.is_array { self.array(cx, open.values)? } else { self.object(cx, &open)? };
        if let Some(record) = &mut self.record {
            let first = self.waiting.len() - (self.values.len() - open.values);
            let first_part = record.parts.len() as u32;
            for (i, &node) in self.waiting[first..].iter().enumerate() {
                let key = if open.is_array { None } else { Some(self.keys[open.keys + i].clone()) };
                record.parts.try_push((node, key))?;
            }
            self.waiting.truncate(first);
            let parts = record.parts.len() as u32 - first_part;
            let node =
                Node { value: made.clone(), start: open.start, end: self.at as u32, first_part, parts };
            self.waiting.try_push(record.nodes.len() as u32)?;
            record.nodes.try_push(node)?;
        }
        self.values.truncate(open.values);
        self.keys.truncate(open.keys);
        Ok(made)
    }

    fn note(&mut self, value: &Value, start: usize) -> JsResult<()> {
        let Some(record) = &mut self.record else { return Ok(()) };
        self.waiting.try_push(record.nodes.len() as u32)?;
        let node =
            Node { value: value.clone(), start: start as u32, end: self.at as u32, first_part: 0, parts: 0 };
        Ok(record.nodes.try_push(node)?)
    }

    fn array(&mut self, cx: &mut Context, from: usize) -> JsResult<Value> {
        cx.collect_if_due();
        let values = &mut self.values[from..];
        let shape = ShapeTable::current().get(cx.realm().shapes().array);
        let array = ArrayCell::create(shape, values.len())?;
        if let Some(cell) = array.as_array() {
            for value in values {
                if cell.push_dense(value.take())?.is_err() {
                    return Err(Thrown::OutOfMemory);
                }
            }
        }
        Ok(array.into())
    }

    fn object(&mut self, cx: &mut Context, open: &Open) -> JsResult<Value> {
        cx.collect_if_due();
        let keys = &self.keys[open.keys..];
        let values = &mut self.values[open.values..];
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
            return Ok(Object::with_shape(cx.realm().literal_shape(4))?.into());
        };
        let place = (first.bits().wrapping_mul(31) ^ last.bits().wrapping_mul(7)) as usize;
        let sample = &mut self.samples[(place ^ keys.len()) % CACHE];
        if let Some(sample) = sample {
            let shape = sample.shape();
            let same = shape.count() as usize == keys.len()
                && !shape.has(shape_flags::UNIQUE | shape_flags::NOT_EXTENSIBLE)
                && shape.inline_capacity() as usize >= keys.len()
                && (0..).zip(keys).all(|(i, key)| {
                    shape
                        .property(i)
                        .is_some_and(|p| p.atom == key.raw() && p.flags == PropertyFlags::DEFAULT)
                });
            if same {
                let object = Object::with_shape(shape)?;
                for (i, value) in (0..).zip(values) {
                    object.set_slot(i, value.take());
                }
                return Ok(object.into());
            }
        }
        let object = Object::with_shape(cx.realm().literal_shape(keys.len()))?;
        for (key, value) in keys.iter().zip(values) {
            match object.find(key.raw()) {
                Some((slot, _)) => object.set_slot(slot, value.take()),
                None => object.add_property(key.raw(), value.take(), PropertyFlags::DEFAULT)?,
            }
        }
        *sample = Some(object.clone());
        Ok(object.into())
    }

    /// A key and its colon.
    fn key(&mut self, cx: &mut Context) -> JsResult<()> {
        if self.peek() != 0x22 {
            return Err(self.fail(cx));
        }
        self.at += 1;
        let start = self.at;
        let key = match self.plain_end(cx)? {
            None => return Err(self.fail(cx)),
            Some(end) if self.peek() == 0x22 => {
                self.at += 1;
                self.intern(start, end)?
            }
            Some(_) => match self.escaped(cx, start)? {
                Some(string) => Atom::from_string(&string)?,
                None => return Err(self.fail(cx)),
            },
        };
        self.keys.try_push(key)?;
        self.all_space(cx)?;
        if self.peek() != 0x3A {
            return Err(self.fail(cx));
        }
        self.at += 1;
        Ok(())
    }

    /// The atom of a key, mostly one that was met before.
    fn intern(&mut self, start: usize, end: usize) -> JsResult<Atom> {
        let text = U::text(&self.units[start..end]);
        if text.is_empty() {
            return Ok(names::EMPTY.to_owned());
        }
        let place = usize::from(text.at(0))
            ^ usize::from(text.at(text.len() - 1)).wrapping_mul(5)
            ^ (text.len() << 3);
        let cached = &mut self.key_cache[place % CACHE];
        if let Some(atom) = cached
            && !atom.is_integer()
            && atom.to_js_string()?.text()?.equals(text)
        {
            return Ok(atom.clone());
        }
        let atom = Atom::from_text(text)?;
        *cached = Some(atom.clone());
        Ok(atom)
    }

    /// Moves to the quote or backslash that ends a run of plain units; `None` at a control character or the
    /// end of the text.
    #[inline]
    fn plain_end(&mut self, cx: &mut Context) -> JsResult<Option<usize>> {
        loop {
            let end = self.units.len().min(self.at + LONG_RUN);
            let rest = &self.units[self.at..end];
            let run = rest.iter().position(|u| matches!(u.code(), 0x22 | 0x5C | 0..=0x1F));
            self.at += run.unwrap_or(rest.len());
            if run.is_some() || self.at == self.units.len() {
                return Ok(if matches!(self.peek(), 0x22 | 0x5C) { Some(self.at) } else { None });
            }
            self.pay(cx)?;
        }
    }

    /// A string, at its opening quote; `None` for an error at the current place.
    fn string(&mut self, cx: &mut Context) -> JsResult<Option<JsString>> {
        self.at += 1;
        let start = self.at;
        match self.plain_end(cx)? {
            None => Ok(None),
            Some(end) if self.peek() == 0x22 => {
                self.at += 1;
                JsString::from_text(U::text(&self.units[start..end])).map(Some)
            }
            Some(_) => self.escaped(cx, start),
        }
    }

    /// The rest of a string that began at `start` and has an escape at the current place.
    fn escaped(&mut self, cx: &mut Context, start: usize) -> JsResult<Option<JsString>> {
        self.unescaped.clear();
        let mut start = start;
        loop {
            if self.at - self.paid > LONG_RUN {
                self.pay(cx)?;
            }
            for i in start..self.at {
                self.unescaped.try_push(self.units[i].code() as u16)?;
            }
            if self.peek() == 0x22 {
                self.at += 1;
                return JsString::from_utf16(&self.unescaped).map(Some);
            }
            self.at += 1;
            let unit = match self.peek() {
                0x22 => 0x22,
                0x5C => 0x5C,
                0x2F => 0x2F,
                0x62 => 0x08,
                0x66 => 0x0C,
                0x6E => 0x0A,
                0x72 => 0x0D,
                0x74 => 0x09,
                0x75 => {
                    let mut unit = 0;
                    for _ in 0..4 {
                        self.at += 1;
                        let digit = char::from_u32(self.peek()).and_then(|c| c.to_digit(16));
                        let Some(digit) = digit else { return Ok(None) };
                        unit = unit << 4 | digit as u16;
                    }
                    unit
                }
                _ => return Ok(None),
            };
            self.unescaped.try_push(unit)?;
            self.at += 1;
            start = self.at;
            if self.plain_end(cx)?.is_none() {
                return Ok(None);
            }
        }
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), 0x30..=0x39) {
            self.at += 1;
        }
        self.at > start
    }

    /// A number; `None` for an error at the current place.
    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        let negative = self.peek() == 0x2D;
        self.at += usize::from(negative);
        let first = self.at;
        if self.peek() == 0x30 {
            self.at += 1;
        } else if !self.digits() {
            return None;
        }
        let mut integer = true;
        let whole = self.at - first;
        if self.peek() == 0x2E {
            self.at += 1;
            integer = false;
            if !self.digits() {
                return None;
            }
        }
        if matches!(self.peek(), 0x65 | 0x45) {
            self.at += 1;
            integer = false;
            if matches!(self.peek(), 0x2B | 0x2D) {
                self.at += 1;
            }
            if !self.digits() {
                return None;
            }
        }
        if integer && whole <= 9 {
            let digits = &self.units[first..self.at];
            let value = digits.iter().fold(0i32, |n, u| n * 10 + (u.code() as i32 - 0x30));
            if !negative {
                return Some(Value::int(value));
            }
            if value != 0 {
                return Some(Value::int(-value));
            }
        }
        let text = U::text(&self.units[start..self.at]);
        Some(Value::number(tare_number::string_to_number(number_text(text))))
    }

    fn word(&mut self, word: &[u8], value: Value) -> Option<Value> {
        for &byte in word {
            if self.peek() != u32::from(byte) {
                return None;
            }
            self.at += 1;
        }
        Some(value)
    }
}

fn parse_units<U: Unit>(
    cx: &mut Context,
    units: &[U],
    recording: bool,
) -> JsResult<(Value, Option<(Record, u32)>)> {
    let record = if recording { Some(Record { nodes: cx.scratch(), parts: cx.scratch() }) } else { None };
    let mut parser = Parser {
        units,
        at: 0,
        paid: 0,
        open: cx.scratch(),
        values: cx.scratch(),
        keys: cx.scratch(),
        unescaped: cx.scratch(),
        key_cache: [const { None }; CACHE],
        samples: [const { None }; CACHE],
        record,
        waiting: cx.scratch(),
    };
    let value = parser.parse(cx)?;
    let root = parser.waiting.last().copied().unwrap_or(0);
    Ok((value, parser.record.take().map(|record| (record, root))))
}

/// Parses a whole JSON text, without reviver.
pub(crate) fn parse_text(cx: &mut Context, text: Text<'_>) -> JsResult<Value> {
    Ok(match text {
        Text::Latin1(units) => parse_units(cx, units, false)?.0,
        Text::Utf16(units) => parse_units(cx, units, false)?.0,
    })
}

/// `JSON.parse(text, reviver)`.
pub(super) fn parse(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    let reviver = call.get(1);
    if !cx.is_callable(reviver) {
        return parse_text(cx, text);
    }
    let (value, record) = match text {
        Text::Latin1(units) => parse_units(cx, units, true)?,
        Text::Utf16(units) => parse_units(cx, units, true)?,
    };
    let holder = cx.new_object()?;
    holder.add_property(names::EMPTY, value, PropertyFlags::DEFAULT)?;
    let Some((record, root)) = record else { return Ok(Value::UNDEFINED) };
    let walk = Walk { reviver, text, record: &record };
    walk.internalize(cx, &holder, &names::EMPTY.to_owned(), Some(root))
}

/// InternalizeJSONProperty (25.5.1.1) with the source text of primitives.
struct Walk<'a> {
    reviver: &'a Value,
    text: Text<'a>,
    record: &'a Record,
}

impl Walk<'_> {
    fn internalize(
        &self,
        cx: &mut Context,
        holder: &Object,
        key: &Atom,
        node: Option<u32>,
    ) -> JsResult<Value> {
        cx.check_native_stack()?;
        let value = cx.get(holder, key.raw())?;
        let mut node = node.and_then(|n| self.record.nodes.get(n as usize));
        if let Some(found) = node
            && !same_value(&found.value, &value)?
        {
            node = None;
        }
        let context = cx.new_object()?;
        if let Some(object) = value.as_object() {
            let parts = node.map_or(&[][..], |n| {
                &self.record.parts[n.first_part as usize..(n.first_part + n.parts) as usize]
            });
            if super::object::is_array(cx, &value)? {
                for i in 0..cx.length_of(object)? {
                    let part = parts.get(i as usize).filter(|part| part.1.is_none()).map(|part| part.0);
                    self.element(cx, object, &Atom::from_index(i)?, part)?;
                }
            } else {
                let keys = super::json::enumerable_keys(cx, object)?;
                for (i, key) in keys.iter().enumerate() {
                    cx.poll_native()?;
                    // The last of equal keys counts; mostly keys stand where they stood in the text.
                    let is =
                        |part: &&(u32, Option<Atom>)| part.1.as_ref().is_some_and(|k| k.raw() == key.raw());
                    let direct = parts.get(i).filter(is).filter(|_| parts.len() == keys.len());
                    if direct.is_none() {
                        cx.pay_elements(parts.len())?;
                    }
                    let part = direct.or_else(|| parts.iter().rev().find(is)).map(|part| part.0);
                    self.element(cx, object, key, part)?;
                }
            }
        } else if let Some(node) = node {
            let source = JsString::from_text(self.text.slice(node.start as usize, node.end as usize))?;
            context.add_property(names::SOURCE, source.into(), PropertyFlags::DEFAULT)?;
        }
        cx.call(self.reviver, holder.as_value(), &[key.to_value()?, value, context.into()])
    }

    fn element(&self, cx: &mut Context, object: &Object, key: &Atom, part: Option<u32>) -> JsResult<()> {
        let new = self.internalize(cx, object, key, part)?;
        if new.is_undefined() {
            cx.delete_property(object, key.raw())?;
        } else {
            cx.create_data_property(object, key.raw(), new)?;
        }
        Ok(())
    }
}
