//! Operators on values (ECMA-262 13): everything beyond what the interpreter's handlers do themselves.

use core::cmp::Ordering;

use tare_number::bigint::{self, BigIntBuf, BigIntRef, Error, Work, Written};

use super::convert::{Hint, number_text};
use super::property::same_value_non_number;
use crate::mem::Use;
use crate::runtime::{BoundCell, Context};
use crate::text::{RawAtom, Text, names};
use crate::value::{BigInt, JsResult, JsString, Object, Thrown, Value, kind};

/// The arithmetic and bitwise operators of two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Binary {
    Sub,
    Mul,
    Div,
    Mod,
    Exp,
    Shl,
    Sar,
    Shr,
    And,
    Or,
    Xor,
}

/// Number::exponentiate (6.1.6.1.3).
pub fn exponentiate(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

/// Number::remainder (6.1.6.1.6).
pub fn remainder(a: f64, b: f64) -> f64 {
    a % b
}

/// Numbers of up to so many limbs are combined or compared in one go.
const SHORT_LIMBS: usize = 1 << 14;

/// Steps of the budget for a portion of work on BigInts.
const STEPS_OF_PORTION: u32 = (bigint::PORTION / 128) as u32;

impl Context {
    // ----- BigInt -----

    /// Runs an operation on BigInts in memory of the runtime.
    pub fn bigint_work(
        &mut self,
        operation: impl FnOnce(&mut Work<'static, '_>) -> Result<BigIntBuf<'static>, Error>,
    ) -> JsResult<BigInt> {
        let memory = self.rt().mem.memory(Use::Scratch);
        let done = operation(&mut Work::with_interrupt(memory, &mut || self.pay(STEPS_OF_PORTION).is_err()));
        match done {
            Ok(result) => {
                let parts = result.as_ref();
                BigInt::from_limbs(parts.is_negative(), parts.limbs())
            }
            Err(error) => Err(self.bigint_error(error)),
        }
    }

    /// A BigInt that an operation writes where it will live, in a room of at most `limbs` limbs.
    fn bigint_written(
        &mut self,
        limbs: Result<usize, Error>,
        write: impl FnOnce(&mut Work<'static, '_>, &mut [u64]) -> Result<Written, Error>,
    ) -> JsResult<BigInt> {
        let memory = self.rt().mem.memory(Use::Scratch);
        let written = match limbs {
            Ok(limbs) => {
                // Room and result are written once at least.
                let pay = |cx: &mut Context, limbs: usize| cx.pay_elements(limbs * 2);
                BigInt::write_with(self, limbs, pay, |cx, out| {
                    let mut stops = || cx.pay(STEPS_OF_PORTION).is_err();
                    write(&mut Work::with_interrupt(memory, &mut stops), out)
                })?
            }
            Err(error) => Err(error),
        };
        written.map_err(|error| self.bigint_error(error))
    }

    fn bigint_sum(&mut self, x: BigIntRef<'_>, y: BigIntRef<'_>) -> JsResult<BigInt> {
        self.bigint_written(bigint::add_limbs(x, y), |w, out| bigint::add_into(w, out, x, y))
    }

    /// The order of two BigInts.
    fn compare_bigints(&mut self, x: BigIntRef<'_>, y: BigIntRef<'_>) -> JsResult<Ordering> {
        let (a, b) = (x.limbs(), y.limbs());
        if a.len() == b.len() && x.is_negative() == y.is_negative() {
            // From the top, as long as they are the same.
            let mut end = a.len();
            while end > SHORT_LIMBS {
                let piece = end - SHORT_LIMBS..end;
                self.pay_elements(SHORT_LIMBS)?;
                if a[piece.clone()] != b[piece] {
                    break;
                }
                end -= SHORT_LIMBS;
            }
            let order = a[..end].iter().rev().cmp(b[..end].iter().rev());
            return Ok(if x.is_negative() { order.reverse() } else { order });
        }
        Ok(x.cmp(&y))
    }

    /// The exception for a failed BigInt operation.
    pub fn bigint_error(&mut self, error: Error) -> Thrown {
        match error {
            Error::OutOfMemory => Thrown::OutOfMemory,
            Error::Interrupted => Thrown::Terminated,
            Error::TooBig => self.throw_range_error(format_args!("BigInt is too large to allocate")),
            Error::DivisionByZero => self.throw_range_error(format_args!("BigInt division by zero")),
            Error::NegativeExponent => self.throw_range_error(format_args!("BigInt negative exponent")),
        }
    }

    /// BigInt::toString (6.1.6.2.21).
    pub fn bigint_to_string(&mut self, big: &BigInt, radix: u32) -> JsResult<JsString> {
        let memory = self.rt().mem.memory(Use::Scratch);
        let mut stops = || self.pay(STEPS_OF_PORTION).is_err();
        let text = bigint::to_text(&mut Work::with_interrupt(memory, &mut stops), big.parts(), radix);
        match text {
            Ok(text) => self.string_of(Text::Latin1(&text)),
            Err(error) => Err(self.bigint_error(error)),
        }
    }

    /// StringToBigInt (7.1.14); `None` where the text is no integer literal.
    pub fn string_to_bigint(&mut self, string: &JsString) -> JsResult<Option<BigInt>> {
        let memory = self.rt().mem.memory(Use::Scratch);
        let text = number_text(self.text(string)?);
        let mut stops = || self.pay(STEPS_OF_PORTION).is_err();
        let parsed = bigint::parse(&mut Work::with_interrupt(memory, &mut stops), text);
        match parsed {
            Ok(None) => Ok(None),
            Ok(Some(result)) => {
                let parts = result.as_ref();
                Ok(Some(BigInt::from_limbs(parts.is_negative(), parts.limbs())?))
            }
            Err(error) => Err(self.bigint_error(error)),
        }
    }

    /// ToBigInt (7.1.13).
    pub fn to_bigint(&mut self, value: &Value) -> JsResult<BigInt> {
        let primitive = self.to_primitive(value, Hint::Number)?;
        if let Some(big) = primitive.as_bigint() {
            return Ok(big.clone());
        }
        if let Some(b) = primitive.as_boolean() {
            return BigInt::from_limbs(false, &[u64::from(b)]);
        }
        if let Some(string) = primitive.as_string() {
            return match self.string_to_bigint(string)? {
                Some(big) => Ok(big),
                None => Err(self.throw_syntax_error(format_args!("cannot convert string to BigInt"))),
            };
        }
        let what = self.describe(&primitive);
        Err(self.throw_type_error(format_args!("cannot convert {what} to BigInt")))
    }

    fn bigint_binary(&mut self, operator: Binary, a: &BigInt, b: &BigInt) -> JsResult<Value> {
        let (x, y) = (a.parts(), b.parts());
        self.pay_elements(x.limbs().len() + y.limbs().len())?;
        let result = match operator {
            Binary::Sub => {
                self.bigint_written(bigint::add_limbs(x, y), |w, out| bigint::sub_into(w, out, x, y))
            }
            Binary::Mul => {
                self.bigint_written(bigint::mul_limbs(x, y), |w, out| bigint::mul_into(w, out, x, y))
            }
            Binary::Div => {
                self.bigint_written(Ok(bigint::div_limbs(x, y)), |w, out| bigint::div_into(w, out, x, y))
            }
            Binary::Mod => {
                self.bigint_written(Ok(bigint::rem_limbs(x, y)), |w, out| bigint::rem_into(w, out, x, y))
            }
            Binary::Exp => self.bigint_work(|w| bigint::pow(w, x, y)),
            Binary::Shl | Binary::Sar => {
                let bits = bigint::shift_amount(y);
                if (operator == Binary::Shl) == y.is_negative() {
                    let limbs = bigint::shift_right_limbs(x, bits);
                    self.bigint_written(Ok(limbs), |w, out| bigint::shift_right_into(w, out, x, bits))
                } else {
                    let limbs = bigint::shift_left_limbs(x, bits);
                    self.bigint_written(limbs, |w, out| bigint::shift_left_into(w, out, x, bits))
                }
            }
            Binary::And | Binary::Or | Binary::Xor
                if !x.is_negative()
                    && !y.is_negative()
                    && x.limbs().len().max(y.limbs().len()) <= SHORT_LIMBS =>
            {
                match operator {
                    Binary::And => BigInt::zip_naturals(x.limbs(), y.limbs(), |x, y| x & y),
                    Binary::Or => BigInt::zip_naturals(x.limbs(), y.limbs(), |x, y| x | y),
                    _ => BigInt::zip_naturals(x.limbs(), y.limbs(), |x, y| x ^ y),
                }
            }
            Binary::And => {
                self.bigint_written(bigint::bitwise_limbs(x, y), |w, out| bigint::and_into(w, out, x, y))
            }
            Binary::Or => {
                self.bigint_written(bigint::bitwise_limbs(x, y), |w, out| bigint::or_into(w, out, x, y))
            }
            Binary::Xor => {
                self.bigint_written(bigint::bitwise_limbs(x, y), |w, out| bigint::xor_into(w, out, x, y))
            }
            Binary::Shr => {
                return Err(self
                    .throw_type_error(format_args!("BigInts have no unsigned right shift, use >> instead")));
            }
        };
        result.map(Value::from)
    }

    // ----- Arithmetic -----

    /// `a + b`.
    pub fn add(&mut self, a: &Value, b: &Value) -> JsResult<Value> {
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            return Ok(Value::number(x + y));
        }
        if let (Some(x), Some(y)) = (a.as_string(), b.as_string()) {
            return Ok(x.clone().concat(y)?.into());
        }
        let a = self.to_primitive(a, Hint::Default)?;
        let b = self.to_primitive(b, Hint::Default)?;
        if a.is_string() || b.is_string() {
            let (x, y) = (self.to_string(&a)?, self.to_string(&b)?);
            drop((a, b));
            return Ok(x.concat(&y)?.into());
        }
        let (a, b) = (self.to_numeric(&a)?, self.to_numeric(&b)?);
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            return Ok(Value::number(x + y));
        }
        match (a.as_bigint(), b.as_bigint()) {
            (Some(x), Some(y)) => Ok(self.bigint_sum(x.parts(), y.parts())?.into()),
            _ => Err(self.throw_mixed()),
        }
    }

    fn throw_mixed(&mut self) -> Thrown {
        self.throw_type_error(format_args!("cannot mix BigInt and other types, use explicit conversions"))
    }

    /// `a operator b`, for all operators but `+`.
    pub fn binary(&mut self, operator: Binary, a: &Value, b: &Value) -> JsResult<Value> {
        let (a, b) = (self.to_numeric(a)?, self.to_numeric(b)?);
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            let int = tare_number::to_int32;
            let shift = |y: f64| int(y) as u32 & 31;
            return Ok(match operator {
                Binary::Sub => Value::number(x - y),
                Binary::Mul => Value::number(x * y),
                Binary::Div => Value::number(x / y),
                Binary::Mod => Value::number(remainder(x, y)),
                Binary::Exp => Value::number(exponentiate(x, y)),
                Binary::Shl => Value::int(int(x).wrapping_shl(shift(y))),
                Binary::Sar => Value::int(int(x) >> shift(y)),
                Binary::Shr => Value::number(f64::from(int(x) as u32 >> shift(y))),
                Binary::And => Value::int(int(x) & int(y)),
                Binary::Or => Value::int(int(x) | int(y)),
                Binary::Xor => Value::int(int(x) ^ int(y)),
            });
        }
        match (a.as_bigint(), b.as_bigint()) {
            (Some(x), Some(y)) => self.bigint_binary(operator, x, y),
            _ => Err(self.throw_mixed()),
        }
    }

    /// `-a`.
    pub fn negate(&mut self, a: &Value) -> JsResult<Value> {
        let a = self.to_numeric(a)?;
        match a.as_bigint() {
            Some(big) => {
                let parts = big.parts();
                if parts.limbs().len() <= SHORT_LIMBS {
                    return Ok(BigInt::from_limbs(!parts.is_negative(), parts.limbs())?.into());
                }
                Ok(self.bigint_sum(BigIntRef::ZERO, parts.negated())?.into())
            }
            None => Ok(Value::number(-a.as_number().unwrap_or(f64::NAN))),
        }
    }

    /// `~a`.
    pub fn bit_not(&mut self, a: &Value) -> JsResult<Value> {
        let a = self.to_numeric(a)?;
        match a.as_bigint() {
            Some(big) => {
                let parts = big.parts();
                Ok(self.bigint_sum(BigIntRef::new(true, &[1]), parts.negated())?.into())
            }
            None => Ok(Value::int(!tare_number::to_int32(a.as_number().unwrap_or(f64::NAN)))),
        }
    }

    /// `a + 1` or `a - 1`, of a numeric value.
    pub fn step(&mut self, a: &Value, up: bool) -> JsResult<Value> {
        let a = self.to_numeric(a)?;
        match a.as_bigint() {
            Some(big) => {
                let one = BigIntRef::new(!up, &[1]);
                Ok(self.bigint_sum(big.parts(), one)?.into())
            }
            None => Ok(Value::number(a.as_number().unwrap_or(f64::NAN) + if up { 1.0 } else { -1.0 })),
        }
    }

    // ----- Comparison -----

    /// IsStrictlyEqual (7.2.15).
    pub fn strict_equals(&mut self, a: &Value, b: &Value) -> JsResult<bool> {
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            return Ok(x == y);
        }
        self.same_paid(a, b)
    }

    /// Whether two values that are no numbers are the same, by content where they are strings or BigInts.
    fn same_paid(&mut self, a: &Value, b: &Value) -> JsResult<bool> {
        if let (Some(x), Some(y)) = (a.as_string(), b.as_string()) {
            return self.strings_equal(x, y);
        }
        if let (Some(x), Some(y)) = (a.as_bigint(), b.as_bigint()) {
            return Ok(self.compare_bigints(x.parts(), y.parts())? == Ordering::Equal);
        }
        same_value_non_number(a, b)
    }

    /// IsLooselyEqual (7.2.14).
    pub fn loose_equals(&mut self, a: &Value, b: &Value) -> JsResult<bool> {
        let (mut a, mut b) = (a.clone(), b.clone());
        loop {
            if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
                return Ok(x == y);
            }
            if a.is_nullish() || b.is_nullish() {
                return Ok((a.is_nullish() && b.is_nullish())
                    || (a.is_nullish() && self.is_html_dda(&b))
                    || (b.is_nullish() && self.is_html_dda(&a)));
            }
            if (a.is_object() && b.is_object())
                || (a.is_string() && b.is_string())
                || (a.is_symbol() && b.is_symbol())
                || (a.is_bigint() && b.is_bigint())
                || (a.is_boolean() && b.is_boolean())
            {
                return self.same_paid(&a, &b);
            }
            if a.is_object() {
                a = self.to_primitive(&a, Hint::Default)?;
                continue;
            }
            if b.is_object() {
                b = self.to_primitive(&b, Hint::Default)?;
                continue;
            }
            if a.is_boolean() {
                a = Value::number(self.to_number(&a)?);
                continue;
            }
            if b.is_boolean() {
                b = Value::number(self.to_number(&b)?);
                continue;
            }
            if a.is_symbol() || b.is_symbol() {
                return Ok(false);
            }
            if let (Some(x), Some(y)) = (a.as_bigint(), b.as_number()) {
                return Ok(bigint::compare_with_f64(x.parts(), y) == Some(Ordering::Equal));
            }
            if let (Some(x), Some(y)) = (a.as_number(), b.as_bigint()) {
                return Ok(bigint::compare_with_f64(y.parts(), x) == Some(Ordering::Equal));
            }
            if let (Some(x), Some(y)) = (a.as_bigint(), b.as_string()) {
                let y = self.string_to_bigint(y)?;
                return match y {
                    Some(y) => Ok(self.compare_bigints(x.parts(), y.parts())? == Ordering::Equal),
                    None => Ok(false),
                };
            }
            if let (Some(x), Some(y)) = (a.as_string(), b.as_bigint()) {
                let x = self.string_to_bigint(x)?;
                return match x {
                    Some(x) => Ok(self.compare_bigints(x.parts(), y.parts())? == Ordering::Equal),
                    None => Ok(false),
                };
            }
            // What is left is a number and a string.
            let (x, y) = (self.to_number(&a)?, self.to_number(&b)?);
            return Ok(x == y);
        }
    }

    /// An object that behaves like undefined in some places (Annex B.3.6); made by test hosts only.
    pub fn is_html_dda(&self, value: &Value) -> bool {
        value.kind() == kind::NATIVE
            && value.as_object().is_some_and(|o| o.shape().has(crate::object::shape_flags::HTML_DDA))
    }

    /// ToBoolean (7.1.2), with the exception of Annex B.3.6.
    pub fn truth(&self, value: &Value) -> bool {
        value.to_boolean() && !self.is_html_dda(value)
    }

    /// The order of two primitives or objects, left operand converted first; `None` when
    /// either is NaN. Less, Equal, Greater refer to `a` against `b`.
    pub fn compare(&mut self, a: &Value, b: &Value) -> JsResult<Option<Ordering>> {
        let a = self.to_primitive(a, Hint::Number)?;
        let b = self.to_primitive(b, Hint::Number)?;
        self.compare_primitives(&a, &b)
    }

    fn compare_primitives(&mut self, a: &Value, b: &Value) -> JsResult<Option<Ordering>> {
        if let (Some(x), Some(y)) = (a.as_string(), b.as_string()) {
            return Ok(Some(self.compare_strings(x, y)?));
        }
        if let (Some(x), Some(y)) = (a.as_bigint(), b.as_string()) {
            let y = self.string_to_bigint(y)?;
            return y.map(|y| self.compare_bigints(x.parts(), y.parts())).transpose();
        }
        if let (Some(x), Some(y)) = (a.as_string(), b.as_bigint()) {
            let x = self.string_to_bigint(x)?;
            return x.map(|x| self.compare_bigints(x.parts(), y.parts())).transpose();
        }
        let (a, b) = (self.to_numeric(a)?, self.to_numeric(b)?);
        Ok(match (a.as_bigint(), b.as_bigint()) {
            (Some(x), Some(y)) => Some(self.compare_bigints(x.parts(), y.parts())?),
            (Some(x), None) => bigint::compare_with_f64(x.parts(), b.as_number().unwrap_or(f64::NAN)),
            (None, Some(y)) => {
                bigint::compare_with_f64(y.parts(), a.as_number().unwrap_or(f64::NAN)).map(Ordering::reverse)
            }
            (None, None) => {
                let (x, y) = (a.as_number().unwrap_or(f64::NAN), b.as_number().unwrap_or(f64::NAN));
                x.partial_cmp(&y)
            }
        })
    }

    /// The string that `typeof` gives.
    pub fn type_of(&self, value: &Value) -> RawAtom {
        match value.kind() {
            _ if value.is_number() => names::NUMBER,
            _ if value.is_boolean() => names::BOOLEAN,
            _ if value.is_undefined() => names::UNDEFINED,
            0 => names::OBJECT,
            kind::STRING8..=kind::ROPE => names::STRING,
            kind::SYMBOL => names::SYMBOL,
            kind::BIGINT => names::BIGINT,
            _ if self.is_html_dda(value) => names::UNDEFINED,
            _ if self.is_callable(value) => names::FUNCTION,
            _ => names::OBJECT,
        }
    }

    /// InstanceofOperator (13.10.2).
    pub fn instance_of(&mut self, value: &Value, target: &Value) -> JsResult<bool> {
        if !target.is_object() {
            return Err(self.throw_type_error(format_args!("invalid 'instanceof' right operand")));
        }
        let method = self.get_method(target, names::SYM_HAS_INSTANCE)?;
        if !method.is_undefined() {
            return Ok(self.call(&method, target, std::slice::from_ref(value))?.to_boolean());
        }
        if !self.is_callable(target) {
            return Err(self.throw_type_error(format_args!("invalid 'instanceof' right operand")));
        }
        self.ordinary_has_instance(target, value)
    }

    /// OrdinaryHasInstance (7.3.21).
    pub fn ordinary_has_instance(&mut self, constructor: &Value, value: &Value) -> JsResult<bool> {
        if !self.is_callable(constructor) {
            return Ok(false);
        }
        if let Some(bound) = constructor.downcast::<BoundCell>() {
            let target = bound.target.clone();
            return self.instance_of(value, target.as_value());
        }
        let (Some(object), Some(constructor)) = (value.as_object(), constructor.as_object()) else {
            return Ok(false);
        };
        let prototype = self.get(constructor, names::PROTOTYPE)?;
        let Some(prototype) = prototype.as_object() else {
            return Err(self.throw_type_error(format_args!("operand 'prototype' property is not an object")));
        };
        let mut at = object.clone();
        loop {
            self.poll_native()?;
            let next = self.get_prototype_of(&at)?;
            let Ok(next) = Object::try_from(next) else { return Ok(false) };
            if Object::same(&next, prototype) {
                return Ok(true);
            }
            at = next;
        }
    }

    /// `key in object`.
    pub fn has_element(&mut self, key: &Value, object: &Value) -> JsResult<bool> {
        let Some(object) = object.as_object() else {
            return Err(self.throw_type_error(format_args!("invalid 'in' operand")));
        };
        let key = self.to_property_key(key)?;
        self.has_property(object, key.raw())
    }

    /// CopyDataProperties (7.3.26), skipping the keys given.
    pub fn copy_data_properties(&mut self, target: &Object, source: &Value, skip: &[Value]) -> JsResult<()> {
        if source.is_nullish() {
            return Ok(());
        }
        let from = self.to_object(source)?;
        let mut excluded = self.scratch();
        for key in skip {
            excluded.try_push(self.to_property_key(key)?)?;
        }
        let keys = self.own_keys(&from)?;
        for key in keys.iter() {
            self.pay(1 + (excluded.len() / 64) as u32)?;
            if excluded.iter().any(|e| e.raw() == key.raw()) {
                continue;
            }
            if self.is_own_enumerable(&from, key.raw())? {
                let value = self.get(&from, key.raw())?;
                self.create_data_property_or_throw(target, key.raw(), value)?;
            }
        }
        Ok(())
    }
}
