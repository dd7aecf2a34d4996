//! Number and BigInt objects (ECMA-262 21.1, 21.2), `parseInt`, `parseFloat`, `isNaN`, `isFinite`.

use tare_number::bigint;

use super::symbol::this_primitive;
use super::{Class, Row, constant, constructor, method, method_magic, tag};
use crate::exec::convert::{Hint, MAX_SAFE_INTEGER, number_text, number_to_string};
use crate::object::exotic::PrimitiveCell;
use crate::runtime::{Arguments, Context, Intrinsic, NativeKind};
use crate::value::{BigInt, JsResult, JsString, Thrown, Value};

fn construct(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = if call.is_empty() {
        Value::int(0)
    } else {
        let numeric = cx.to_numeric(call.get(0))?;
        match numeric.as_bigint() {
            Some(big) => Value::number(bigint::to_f64(big.parts())),
            None => numeric,
        }
    };
    if !call.is_construct() {
        return Ok(value);
    }
    let prototype = cx.prototype_from_constructor(call.new_target, Intrinsic::NumberPrototype)?;
    Ok(cx.wrap_primitive(value, &prototype)?.into())
}

fn this_number(cx: &mut Context, call: &Arguments<'_>) -> JsResult<f64> {
    let value = this_primitive(cx, call, |v| v.is_number(), "number")?;
    Ok(value.as_number().unwrap_or(f64::NAN))
}

fn radix(cx: &mut Context, value: &Value) -> JsResult<u32> {
    if value.is_undefined() {
        return Ok(10);
    }
    let radix = cx.to_integer_or_infinity(value)?;
    if !(2.0..=36.0).contains(&radix) {
        return Err(cx.throw_range_error(format_args!("radix must be between 2 and 36")));
    }
    Ok(radix as u32)
}

fn to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let number = this_number(cx, call)?;
    let radix = radix(cx, call.get(0))?;
    if radix == 10 {
        return Ok(number_to_string(number)?.into());
    }
    let mut buffer = tare_number::RadixBuffer::default();
    let text = tare_number::number_to_string_radix(number, radix, &mut buffer);
    Ok(JsString::from_latin1(text.as_bytes())?.into())
}

fn to_locale_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(number_to_string(this_number(cx, call)?)?.into())
}

fn value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    this_primitive(cx, call, |v| v.is_number(), "number")
}

fn digits(cx: &mut Context, value: f64, low: f64, high: f64) -> JsResult<u32> {
    if !(low..=high).contains(&value) {
        return Err(cx.throw_range_error(format_args!("invalid number of digits")));
    }
    Ok(value as u32)
}

fn to_fixed(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let number = this_number(cx, call)?;
    let wanted = cx.to_integer_or_infinity(call.get(0))?;
    let wanted = digits(cx, wanted, 0.0, 100.0)?;
    if !number.is_finite() || number.abs() >= 1e21 {
        return Ok(number_to_string(number)?.into());
    }
    let mut buffer = tare_number::FixedBuffer::default();
    let text = tare_number::to_fixed(number, wanted, &mut buffer);
    Ok(JsString::from_latin1(text.as_bytes())?.into())
}

fn to_exponential(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let number = this_number(cx, call)?;
    let wanted = cx.to_integer_or_infinity(call.get(0))?;
    if !number.is_finite() {
        return Ok(number_to_string(number)?.into());
    }
    let wanted = digits(cx, wanted, 0.0, 100.0)?;
    let wanted = if call.get(0).is_undefined() { None } else { Some(wanted) };
    let mut buffer = tare_number::FixedBuffer::default();
    let text = tare_number::to_exponential(number, wanted, &mut buffer);
    Ok(JsString::from_latin1(text.as_bytes())?.into())
}

fn to_precision(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let number = this_number(cx, call)?;
    if call.get(0).is_undefined() {
        return Ok(number_to_string(number)?.into());
    }
    let wanted = cx.to_integer_or_infinity(call.get(0))?;
    if !number.is_finite() {
        return Ok(number_to_string(number)?.into());
    }
    let wanted = digits(cx, wanted, 1.0, 100.0)?;
    let mut buffer = tare_number::FixedBuffer::default();
    let text = tare_number::to_precision(number, wanted, &mut buffer);
    Ok(JsString::from_latin1(text.as_bytes())?.into())
}

/// `isFinite` (0), `isInteger` (1), `isNaN` (2), `isSafeInteger` (3), without conversion.
fn classify(_: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let Some(number) = call.get(0).as_number() else { return Ok(Value::FALSE) };
    let integer = number.is_finite() && number.trunc() == number;
    Ok(Value::boolean(match call.magic {
        0 => number.is_finite(),
        1 => integer,
        2 => number.is_nan(),
        _ => integer && number.abs() <= MAX_SAFE_INTEGER,
    }))
}

/// The global `isFinite` (0) and `isNaN` (1), with conversion.
pub(super) fn classify_global(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let number = cx.to_number(call.get(0))?;
    Ok(Value::boolean(if call.magic == 0 { number.is_finite() } else { number.is_nan() }))
}

fn parse_float(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let string = cx.to_string(call.get(0))?;
    let text = cx.text(&string)?;
    cx.pay_elements(text.len().min(tare_number::STRETCH))?;
    let mut goes_on = |units: usize| cx.pay_elements(4 * units).is_ok();
    let parsed = tare_number::parse_float_prefix_while(number_text(text), &mut goes_on);
    let parsed = parsed.map_err(|_| Thrown::Terminated)?;
    Ok(Value::number(parsed.map_or(f64::NAN, |(number, _)| number)))
}

fn parse_int(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let (Some(int), true) = (call.get(0).as_int(), call.get(1).is_undefined()) {
        return Ok(Value::int(int));
    }
    let string = cx.to_string(call.get(0))?;
    let radix = cx.to_int32(call.get(1))?;
    let text = cx.text(&string)?;
    cx.pay_elements(text.len().min(tare_number::STRETCH))?;
    let mut goes_on = |units: usize| cx.pay_elements(4 * units).is_ok();
    let parsed = tare_number::parse_int_while(number_text(text), radix, &mut goes_on);
    Ok(Value::number(parsed.map_err(|_| Thrown::Terminated)?))
}

static ROWS: &[Row] = &[
    method("toExponential", 1, to_exponential),
    method("toFixed", 1, to_fixed),
    method("toLocaleString", 0, to_locale_string),
    method("toPrecision", 1, to_precision),
    method("toString", 1, to_string),
    method("valueOf", 0, value_of),
];

static STATICS: &[Row] = &[
    constant("EPSILON", f64::EPSILON),
    constant("MAX_SAFE_INTEGER", MAX_SAFE_INTEGER),
    constant("MAX_VALUE", f64::MAX),
    constant("MIN_SAFE_INTEGER", -MAX_SAFE_INTEGER),
    constant("MIN_VALUE", 5e-324),
    constant("NaN", f64::NAN),
    constant("NEGATIVE_INFINITY", f64::NEG_INFINITY),
    constant("POSITIVE_INFINITY", f64::INFINITY),
    method_magic("isFinite", 1, classify, 0),
    method_magic("isInteger", 1, classify, 1),
    method_magic("isNaN", 1, classify, 2),
    method_magic("isSafeInteger", 1, classify, 3),
];

static GLOBALS: &[Row] = &[
    method("parseFloat", 1, parse_float),
    method("parseInt", 2, parse_int),
    method_magic("isFinite", 1, classify_global, 0),
    method_magic("isNaN", 1, classify_global, 1),
];

static NUMBER: Class = Class {
    constructor: constructor("Number", 1, NativeKind::ConstructorOrFunction, construct),
    intrinsic: Intrinsic::Number,
    prototype_intrinsic: Intrinsic::NumberPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: ROWS,
    statics: STATICS,
    global: true,
};

// ----- BigInt -----

fn construct_bigint(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if call.is_construct() {
        return Err(cx.throw_type_error(format_args!("BigInt is not a constructor")));
    }
    let primitive = cx.to_primitive(call.get(0), Hint::Number)?;
    if let Some(number) = primitive.as_number() {
        let memory = cx.rt().mem.memory(crate::mem::Use::Scratch);
        return match bigint::from_f64(&mut bigint::Work::new(memory), number) {
            Ok(Some(big)) => {
                let parts = big.as_ref();
                Ok(BigInt::from_limbs(parts.is_negative(), parts.limbs())?.into())
            }
            Ok(None) => Err(cx.throw_range_error(format_args!(
                "cannot convert {number} to a BigInt because it is not an integer"
            ))),
            Err(error) => Err(cx.bigint_error(error)),
        };
    }
    Ok(cx.to_bigint(&primitive)?.into())
}

fn this_bigint(cx: &mut Context, call: &Arguments<'_>) -> JsResult<BigInt> {
    let value = this_primitive(cx, call, |v| v.is_bigint(), "BigInt")?;
    BigInt::try_from(value).map_err(|_| Thrown::Exception)
}

fn bigint_to_string(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let big = this_bigint(cx, call)?;
    let radix = if call.magic == 1 { 10 } else { radix(cx, call.get(0))? };
    Ok(cx.bigint_to_string(&big, radix)?.into())
}

fn bigint_value_of(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(this_bigint(cx, call)?.into())
}

/// `asIntN` (0) and `asUintN` (1).
fn wrap(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let bits = cx.to_index(call.get(0))?;
    let big = cx.to_bigint(call.get(1))?;
    let parts = big.parts();
    let result = if call.magic == 0 {
        cx.bigint_work(|w| bigint::as_int_n(w, bits, parts))?
    } else {
        cx.bigint_work(|w| bigint::as_uint_n(w, bits, parts))?
    };
    Ok(result.into())
}

static BIGINT: Class = Class {
    constructor: constructor("BigInt", 1, NativeKind::ConstructorOrFunction, construct_bigint),
    intrinsic: Intrinsic::BigInt,
    prototype_intrinsic: Intrinsic::BigIntPrototype,
    parent: Intrinsic::ObjectPrototype,
    constructor_parent: Intrinsic::FunctionPrototype,
    prototype: &[
        method_magic("toLocaleString", 0, bigint_to_string, 1),
        method("toString", 0, bigint_to_string),
        method("valueOf", 0, bigint_value_of),
        tag("BigInt"),
    ],
    statics: &[method_magic("asIntN", 2, wrap, 0), method_magic("asUintN", 2, wrap, 1)],
    global: true,
};

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    let prototype = cx.intrinsic(Intrinsic::ObjectPrototype);
    let wrapper = cx.rt().shapes.unique(&prototype, 0)?;
    let zero = PrimitiveCell::create(wrapper, Value::int(0))?;
    cx.realm().set_intrinsic(Intrinsic::NumberPrototype, zero.into());
    let number = cx.define_class(&NUMBER)?;
    let global = cx.global();
    cx.define_rows(&global, GLOBALS)?;
    // Number.parseFloat and Number.parseInt are the global functions themselves.
    for name in ["parseFloat", "parseInt"] {
        let key = crate::text::Atom::from_str(name)?;
        let function = cx.get(&global, key.raw())?;
        cx.define_builtin(&number, key.raw(), function, crate::object::PropertyFlags::HIDDEN)?;
    }
    cx.define_class(&BIGINT)?;
    Ok(())
}
