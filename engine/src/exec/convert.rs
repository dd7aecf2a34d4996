//! Type conversion (ECMA-262 7.1).

use crate::object::exotic::PrimitiveCell;
use crate::runtime::{Context, Intrinsic};
use crate::text::{Atom, Text, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value, kind};

/// Which primitive `ToPrimitive` should prefer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint {
    /// No preference.
    Default,
    /// A number.
    Number,
    /// A string.
    String,
}

/// Text of strings as the number crate wants it.
pub(crate) fn number_text(text: Text<'_>) -> tare_number::Text<'_> {
    match text {
        Text::Latin1(units) => tare_number::Text::Latin1(units),
        Text::Utf16(units) => tare_number::Text::Utf16(units),
    }
}

/// A number as a string (ECMA-262 6.1.6.1.20).
pub fn number_to_string(number: f64) -> JsResult<JsString> {
    let mut buffer = tare_number::NumberBuffer::default();
    JsString::from_latin1(tare_number::number_to_string(number, &mut buffer).as_bytes())
}

impl Value {
    /// ToBoolean.
    #[inline]
    pub fn to_boolean(&self) -> bool {
        if let Some(b) = self.as_boolean() {
            return b;
        }
        if self.is_int() {
            return self.int_unchecked() != 0;
        }
        if self.is_double() {
            let d = self.double_unchecked();
            return d != 0.0 && !d.is_nan();
        }
        if let Some(string) = self.as_string() {
            return !string.is_empty();
        }
        if let Some(big) = self.as_bigint() {
            return !big.is_zero();
        }
        self.is_cell()
    }
}

impl Context {
    /// ToPrimitive (7.1.1).
    pub fn to_primitive(&mut self, value: &Value, hint: Hint) -> JsResult<Value> {
        let Some(object) = value.as_object() else { return Ok(value.clone()) };
        let exotic = self.get_method(value, names::SYM_TO_PRIMITIVE)?;
        if !exotic.is_undefined() {
            let hint = match hint {
                Hint::Default => names::DEFAULT,
                Hint::Number => names::NUMBER,
                Hint::String => names::STRING,
            };
            let result = self.call(&exotic, value, &[hint.to_value()?])?;
            if result.is_object() {
                return Err(self.throw_type_error(format_args!("cannot convert object to primitive value")));
            }
            return Ok(result);
        }
        let order = match hint {
            Hint::String => [names::TO_STRING, names::VALUE_OF],
            _ => [names::VALUE_OF, names::TO_STRING],
        };
        for name in order {
            let method = self.get(object, name)?;
            if self.is_callable(&method) {
                let result = self.call(&method, value, &[])?;
                if !result.is_object() {
                    return Ok(result);
                }
            }
        }
        Err(self.throw_type_error(format_args!("cannot convert object to primitive value")))
    }

    /// ToNumber (7.1.4).
    pub fn to_number(&mut self, value: &Value) -> JsResult<f64> {
        if let Some(number) = value.as_number() {
            return Ok(number);
        }
        if let Some(string) = value.as_string() {
            let text = self.text(string)?;
            if text.len() <= tare_number::STRETCH {
                self.pay_elements(text.len())?;
                return Ok(tare_number::string_to_number(number_text(text)));
            }
            let mut goes_on = |units: usize| self.pay_elements(4 * units).is_ok();
            let number = tare_number::string_to_number_while(number_text(text), &mut goes_on);
            return number.map_err(|_| Thrown::Terminated);
        }
        if value.is_undefined() {
            return Ok(f64::NAN);
        }
        if value.is_null() {
            return Ok(0.0);
        }
        if let Some(b) = value.as_boolean() {
            return Ok(f64::from(u8::from(b)));
        }
        if value.is_symbol() {
            return Err(self.throw_type_error(format_args!("cannot convert symbol to number")));
        }
        if value.is_bigint() {
            return Err(self.throw_type_error(format_args!("cannot convert bigint to number")));
        }
        let primitive = self.to_primitive(value, Hint::Number)?;
        self.to_number(&primitive)
    }

    /// ToNumeric (7.1.3): a number or a BigInt.
    pub fn to_numeric(&mut self, value: &Value) -> JsResult<Value> {
        if value.is_number() || value.is_bigint() {
            return Ok(value.clone());
        }
        let primitive = self.to_primitive(value, Hint::Number)?;
        if primitive.is_bigint() {
            return Ok(primitive);
        }
        Ok(Value::number(self.to_number(&primitive)?))
    }

    /// ToString (7.1.17).
    pub fn to_string(&mut self, value: &Value) -> JsResult<JsString> {
        if let Some(string) = value.as_string() {
            return Ok(string.clone());
        }
        if let Some(number) = value.as_number() {
            return number_to_string(number);
        }
        if let Some(b) = value.as_boolean() {
            return (if b { names::TRUE } else { names::FALSE }).to_js_string();
        }
        if value.is_undefined() {
            return names::UNDEFINED.to_js_string();
        }
        if value.is_null() {
            return names::NULL.to_js_string();
        }
        if value.is_symbol() {
            return Err(self.throw_type_error(format_args!("cannot convert symbol to string")));
        }
        if let Some(big) = value.as_bigint() {
            let big = big.clone();
            return self.bigint_to_string(&big, 10);
        }
        if !value.is_object() {
            debug_assert!(false, "an internal value where a string is made");
            return JsString::from_str("[internal]");
        }
        let primitive = self.to_primitive(value, Hint::String)?;
        self.to_string(&primitive)
    }

    /// ToPropertyKey (7.1.19).
    pub fn to_property_key(&mut self, value: &Value) -> JsResult<Atom> {
        if let Some(int) = value.as_int()
            && int >= 0
        {
            return Atom::from_index(int as u64);
        }
        if let Some(string) = value.as_string() {
            return Atom::from_string(string);
        }
        if let Some(symbol) = value.as_symbol() {
            return Ok(Atom::from_symbol(symbol));
        }
        if value.is_object() {
            let primitive = self.to_primitive(value, Hint::String)?;
            return self.to_property_key(&primitive);
        }
        if let Some(number) = value.as_number()
            && (0.0..2147483648.0).contains(&number)
            && number.trunc() == number
        {
            return Atom::from_index(number as u64);
        }
        let string = self.to_string(value)?;
        Atom::from_string(&string)
    }

    /// ToObject (7.1.18).
    pub fn to_object(&mut self, value: &Value) -> JsResult<Object> {
        if let Some(object) = value.as_object() {
            return Ok(object.clone());
        }
        let which = match value.kind() {
            _ if value.is_number() => Intrinsic::NumberPrototype,
            _ if value.is_boolean() => Intrinsic::BooleanPrototype,
            kind::STRING8..=kind::ROPE => Intrinsic::StringPrototype,
            kind::SYMBOL => Intrinsic::SymbolPrototype,
            kind::BIGINT => Intrinsic::BigIntPrototype,
            _ => return Err(self.throw_type_error(format_args!("cannot convert to object: {value:?}"))),
        };
        let prototype = self.intrinsic(which);
        self.wrap_primitive(value.clone(), &prototype)
    }

    /// A wrapper object with a prototype.
    pub fn wrap_primitive(&mut self, value: Value, prototype: &Object) -> JsResult<Object> {
        let value = match value.as_string() {
            // Index look-ups into the wrapper must not fail for memory: it holds flat text.
            Some(string) => string.flatten()?.into(),
            None => value,
        };
        let shape = self.rt().shapes.root(prototype, 0, 0)?;
        PrimitiveCell::create(shape, value)
    }

    /// ToIntegerOrInfinity (7.1.5).
    pub fn to_integer_or_infinity(&mut self, value: &Value) -> JsResult<f64> {
        if let Some(int) = value.as_int() {
            return Ok(f64::from(int));
        }
        let number = self.to_number(value)?;
        // Adding 0 turns -0 into 0.
        Ok(if number.is_nan() { 0.0 } else { number.trunc() + 0.0 })
    }

    /// ToInt32 (7.1.6).
    pub fn to_int32(&mut self, value: &Value) -> JsResult<i32> {
        if let Some(int) = value.as_int() {
            return Ok(int);
        }
        Ok(tare_number::to_int32(self.to_number(value)?))
    }

    /// ToUint32 (7.1.7).
    pub fn to_uint32(&mut self, value: &Value) -> JsResult<u32> {
        Ok(self.to_int32(value)? as u32)
    }

    /// ToLength (7.1.20).
    pub fn to_length(&mut self, value: &Value) -> JsResult<u64> {
        let length = self.to_integer_or_infinity(value)?;
        Ok(length.clamp(0.0, MAX_SAFE_INTEGER) as u64)
    }

    /// ToIndex (7.1.22).
    pub fn to_index(&mut self, value: &Value) -> JsResult<u64> {
        if value.is_undefined() {
            return Ok(0);
        }
        let index = self.to_integer_or_infinity(value)?;
        if !(0.0..=MAX_SAFE_INTEGER).contains(&index) {
            return Err(self.throw_range_error(format_args!("invalid index")));
        }
        Ok(index as u64)
    }

    /// LengthOfArrayLike (7.3.18).
    pub fn length_of(&mut self, object: &Object) -> JsResult<u64> {
        if object.kind() == kind::ARRAY
            && let Some(array) = object.as_array()
        {
            return Ok(u64::from(array.length()));
        }
        let length = self.get(object, names::LENGTH)?;
        self.to_length(&length)
    }

    /// A relative index as `slice` and others take it: from the end when negative, clamped to
    /// `0..=length`; `default` when undefined.
    pub fn relative_index(&mut self, value: &Value, length: u64, default: u64) -> JsResult<u64> {
        if value.is_undefined() {
            return Ok(default);
        }
        let relative = self.to_integer_or_infinity(value)?;
        let length_f = length as f64;
        Ok(if relative < 0.0 { (length_f + relative).max(0.0) } else { relative.min(length_f) } as u64)
    }

    /// RequireObjectCoercible (7.2.1): an error that names `what` was called on undefined or null.
    pub fn require_object_coercible(&mut self, value: &Value, what: &str) -> JsResult<()> {
        if value.is_nullish() {
            return Err(self.throw_type_error(format_args!("{what} called on null or undefined")));
        }
        Ok(())
    }

    /// A value for messages: short, never runs JavaScript, never fails.
    pub fn describe<'v>(&self, value: &'v Value) -> Described<'v> {
        Described(value)
    }
}

/// 2^53 - 1.
pub const MAX_SAFE_INTEGER: f64 = 9007199254740991.0;

/// See [`Context::describe`].
pub struct Described<'a>(&'a Value);

impl core::fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        use core::fmt::Write;
        if let Some(string) = self.0.as_string() {
            f.write_char('"')?;
            if let Ok(text) = string.text() {
                for c in char::decode_utf16(text.units().take(64)) {
                    f.write_char(c.unwrap_or('\u{FFFD}'))?;
                }
            }
            return f.write_char('"');
        }
        match self.0.kind() {
            0 => write!(f, "{:?}", self.0),
            kind::SYMBOL => f.write_str("symbol"),
            kind::BIGINT => f.write_str("bigint"),
            kind::CLOSURE | kind::NATIVE | kind::BOUND => f.write_str("function"),
            _ => f.write_str("object"),
        }
    }
}
