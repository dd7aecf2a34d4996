//! The Math object (ECMA-262 21.3).

use super::{Row, constant, method, method_magic, tag};
use crate::exec::interp::native;
use crate::exec::operators::exponentiate;
use crate::runtime::{Arguments, Context};
use crate::value::{JsResult, Value};

macro_rules! functions {
    ($($number:ident = $index:expr => |$x:ident| $body:expr;)*) => {
        $(const $number: i32 = $index;)*
        fn apply(function: i32, x: f64) -> f64 {
            match function {
                $($number => { let $x = x; $body })*
                _ => f64::NAN,
            }
        }
    };
}

functions! {
    ABS = native::MATH_ABS => |x| x.abs();
    ACOS = 1 => |x| x.acos();
    ACOSH = 2 => |x| acosh(x);
    ASIN = 3 => |x| x.asin();
    ASINH = 4 => |x| if x == 0.0 || !x.is_finite() { x } else { x.asinh() };
    ATAN = 5 => |x| x.atan();
    ATANH = 6 => |x| atanh(x);
    CBRT = 7 => |x| x.cbrt();
    CEIL = 8 => |x| x.ceil();
    COS = 9 => |x| x.cos();
    COSH = 10 => |x| x.cosh();
    EXP = 11 => |x| x.exp();
    EXPM1 = 12 => |x| x.exp_m1();
    FLOOR = native::MATH_FLOOR => |x| x.floor();
    FROUND = 14 => |x| f64::from(x as f32);
    LOG = 15 => |x| x.ln();
    LOG10 = 16 => |x| x.log10();
    LOG1P = 17 => |x| x.ln_1p();
    LOG2 = 18 => |x| x.log2();
    ROUND = 19 => |x| round(x);
    SIGN = 20 => |x| if x == 0.0 || x.is_nan() { x } else { x.signum() };
    SIN = 21 => |x| x.sin();
    SINH = 22 => |x| x.sinh();
    SQRT = native::MATH_SQRT => |x| x.sqrt();
    TAN = 24 => |x| x.tan();
    TANH = 25 => |x| x.tanh();
    TRUNC = 26 => |x| x.trunc();
    F16ROUND = 27 => |x| tare_number::round_to_f16(x);
}

/// Half way up: `floor(x + 0.5)` without its rounding error, keeping -0.
fn round(x: f64) -> f64 {
    if !x.is_finite() || x.abs() >= 4503599627370496.0 {
        return x;
    }
    let floor = x.floor();
    let rounded = if x - floor >= 0.5 { floor + 1.0 } else { floor };
    rounded.copysign(x)
}

/// All functions of one number.
fn unary(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let value = call.get(0);
    if value.is_int() && matches!(call.magic, CEIL | FLOOR | ROUND | TRUNC) {
        return Ok(value.clone());
    }
    let x = cx.to_number(value)?;
    Ok(Value::number(apply(call.magic, x)))
}

fn atan2(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (y, x) = (cx.to_number(call.get(0))?, cx.to_number(call.get(1))?);
    Ok(Value::number(y.atan2(x)))
}

fn pow(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (x, y) = (cx.to_number(call.get(0))?, cx.to_number(call.get(1))?);
    Ok(Value::number(exponentiate(x, y)))
}

fn clz32(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    Ok(Value::int(cx.to_uint32(call.get(0))?.leading_zeros() as i32))
}

fn imul(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let (x, y) = (cx.to_int32(call.get(0))?, cx.to_int32(call.get(1))?);
    Ok(Value::int(x.wrapping_mul(y)))
}

/// `max` (0) and `min` (1). All arguments are converted, also after a NaN.
fn extreme(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    if let [a, b] = call.list
        && let (Some(x), Some(y)) = (a.as_int(), b.as_int())
    {
        return Ok(Value::int(if call.magic == 0 { x.max(y) } else { x.min(y) }));
    }
    let mut result = if call.magic == 0 { f64::NEG_INFINITY } else { f64::INFINITY };
    for value in call.list {
        let x = cx.to_number(value)?;
        if x.is_nan() || result.is_nan() {
            result = f64::NAN;
        } else if call.magic == 0 {
            if x > result || (x == 0.0 && result == 0.0 && !x.is_sign_negative()) {
                result = x;
            }
        } else if x < result || (x == 0.0 && result == 0.0 && x.is_sign_negative()) {
            result = x;
        }
    }
    Ok(Value::number(result))
}

fn hypot(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut numbers = cx.scratch();
    for value in call.list {
        numbers.try_push(cx.to_number(value)?)?;
    }
    if numbers.iter().any(|x: &f64| x.is_infinite()) {
        return Ok(Value::number(f64::INFINITY));
    }
    let largest = numbers.iter().fold(0.0f64, |m, x| if x.is_nan() { f64::NAN } else { m.max(x.abs()) });
    if numbers.iter().any(|x| x.is_nan()) {
        return Ok(Value::number(f64::NAN));
    }
    if largest == 0.0 {
        return Ok(Value::int(0));
    }
    // Scaled, with the rounding error of each addition carried along.
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for &x in numbers.iter() {
        let scaled = x / largest;
        let term = scaled * scaled - lost;
        let next = sum + term;
        lost = (next - sum) - term;
        sum = next;
    }
    Ok(Value::number(sum.sqrt() * largest))
}

/// A random number from the runtime's own generator (xorshift64*).
fn random(cx: &mut Context, _: &Arguments<'_>) -> JsResult<Value> {
    let state = &mut cx.rt().random_state;
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    let bits = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
    Ok(Value::number(bits as f64 / 9007199254740992.0))
}

/// `Math.sumPrecise` (ES2026): exact, by Shewchuk's non-overlapping partial sums.
fn sum_precise(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut partials: crate::mem::Vec<'static, f64> = cx.scratch();
    let (mut infinities, mut nan, mut minus_zero) = (0.0f64, false, true);
    // Sums are kept at 2^-64 of their size, so that no partial sum can overflow.
    const SCALE: f64 = 5.421010862427522e-20;
    let mut small = cx.scratch::<f64>();
    cx.iterate(call.get(0), &mut |cx, value| {
        let Some(x) = value.as_number() else {
            return Err(cx.throw_type_error(format_args!("not a number")));
        };
        if x.is_nan() {
            nan = true;
        } else if x.is_infinite() {
            if infinities != 0.0 && infinities != x {
                nan = true;
            }
            infinities = x;
        } else {
            if !(x == 0.0 && x.is_sign_negative()) {
                minus_zero = false;
            }
            small.try_push(x)?;
        }
        Ok(true)
    })?;
    if nan {
        return Ok(Value::number(f64::NAN));
    }
    if infinities != 0.0 {
        return Ok(Value::number(infinities));
    }
    if minus_zero {
        return Ok(Value::number(-0.0));
    }
    let large = small.iter().any(|x| x.abs() > 1e290);
    let scale = if large { SCALE } else { 1.0 };
    for &x in small.iter() {
        let mut x = x * scale;
        let mut kept = 0;
        for j in 0..partials.len() {
            let mut y = partials[j];
            if x.abs() < y.abs() {
                core::mem::swap(&mut x, &mut y);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        partials.truncate(kept);
        partials.try_push(x)?;
    }
    let mut sum = 0.0;
    let mut low = 0.0;
    let mut at = partials.len();
    while at > 0 {
        at -= 1;
        let x = sum;
        let y = partials[at];
        sum = x + y;
        low = y - (sum - x);
        if low != 0.0 {
            break;
        }
    }
    // Round half to even on the exact value.
    if at > 0 && ((low < 0.0 && partials[at - 1] < 0.0) || (low > 0.0 && partials[at - 1] > 0.0)) {
        let y = low * 2.0;
        let x = sum + y;
        if y == x - sum {
            sum = x;
        }
    }
    Ok(Value::number(sum / scale))
}

/// The inverse hyperbolic cosine, exact also next to 1, where the textbook's logarithm loses its digits.
fn acosh(x: f64) -> f64 {
    if x < 1.0 {
        return f64::NAN;
    }
    let above = x - 1.0;
    if x <= 2.0 {
        (above + (2.0 * above + above * above).sqrt()).ln_1p()
    } else if x < 268_435_456.0 {
        (2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt())).ln()
    } else {
        x.ln() + core::f64::consts::LN_2
    }
}

/// The inverse hyperbolic tangent, as exact below 0 as above.
fn atanh(x: f64) -> f64 {
    let size = x.abs();
    let twice = size + size;
    let result = if size < 0.5 {
        0.5 * (twice + twice * size / (1.0 - size)).ln_1p()
    } else {
        0.5 * (twice / (1.0 - size)).ln_1p()
    };
    result.copysign(x)
}

static ROWS: &[Row] = &[
    constant("E", core::f64::consts::E),
    constant("LN10", core::f64::consts::LN_10),
    constant("LN2", core::f64::consts::LN_2),
    constant("LOG10E", core::f64::consts::LOG10_E),
    constant("LOG2E", core::f64::consts::LOG2_E),
    constant("PI", core::f64::consts::PI),
    constant("SQRT1_2", core::f64::consts::FRAC_1_SQRT_2),
    constant("SQRT2", core::f64::consts::SQRT_2),
    method_magic("abs", 1, unary, ABS),
    method_magic("acos", 1, unary, ACOS),
    method_magic("acosh", 1, unary, ACOSH),
    method_magic("asin", 1, unary, ASIN),
    method_magic("asinh", 1, unary, ASINH),
    method_magic("atan", 1, unary, ATAN),
    method_magic("atanh", 1, unary, ATANH),
    method("atan2", 2, atan2),
    method_magic("cbrt", 1, unary, CBRT),
    method_magic("ceil", 1, unary, CEIL),
    method("clz32", 1, clz32),
    method_magic("cos", 1, unary, COS),
    method_magic("cosh", 1, unary, COSH),
    method_magic("exp", 1, unary, EXP),
    method_magic("expm1", 1, unary, EXPM1),
    method_magic("f16round", 1, unary, F16ROUND),
    method_magic("floor", 1, unary, FLOOR),
    method_magic("fround", 1, unary, FROUND),
    method("hypot", 2, hypot),
    method("imul", 2, imul),
    method_magic("log", 1, unary, LOG),
    method_magic("log10", 1, unary, LOG10),
    method_magic("log1p", 1, unary, LOG1P),
    method_magic("log2", 1, unary, LOG2),
    method_magic("max", 2, extreme, 0),
    method_magic("min", 2, extreme, 1),
    method("pow", 2, pow),
    method("random", 0, random),
    method_magic("round", 1, unary, ROUND),
    method_magic("sign", 1, unary, SIGN),
    method_magic("sin", 1, unary, SIN),
    method_magic("sinh", 1, unary, SINH),
    method_magic("sqrt", 1, unary, SQRT),
    method("sumPrecise", 1, sum_precise),
    method_magic("tan", 1, unary, TAN),
    method_magic("tanh", 1, unary, TANH),
    method_magic("trunc", 1, unary, TRUNC),
    tag("Math"),
];

pub(super) fn install(cx: &mut Context) -> JsResult<()> {
    cx.define_namespace("Math", ROWS)?;
    Ok(())
}
