//! BigInts and doubles: exact comparison, exact conversion, and the one rounding.

use core::cmp::Ordering;

use super::{BigIntBuf, BigIntRef, Error, Work, limbs};
use crate::print::decompose;
use crate::wide::round_limbs;

/// The double nearest to a BigInt, ties to even; infinite from 2^1024 - 2^970 on.
pub fn to_f64(number: BigIntRef<'_>) -> f64 {
    let magnitude = round_limbs(number.limbs);
    if number.negative { -magnitude } else { magnitude }
}

/// The magnitude of an integral part: up to 16 limbs and a half.
fn integer_limbs(magnitude: f64, out: &mut [u64; 17]) -> usize {
    let (mantissa, exponent) = decompose(magnitude);
    if exponent <= 0 {
        out[0] = if exponent > -64 { mantissa >> exponent.unsigned_abs() } else { 0 };
    } else {
        let (words, bits) = (exponent as usize / 64, exponent as usize % 64);
        let shifted = u128::from(mantissa) << bits;
        (out[words], out[words + 1]) = (shifted as u64, (shifted >> 64) as u64);
    }
    limbs::significant(out)
}

/// The BigInt equal to a double; `None` if the double is no integer (a RangeError in NumberToBigInt).
pub fn from_f64<'m>(work: &mut Work<'m, '_>, number: f64) -> Result<Option<BigIntBuf<'m>>, Error> {
    if !number.is_finite() || number.trunc() != number {
        return Ok(None);
    }
    let mut out = [0; 17];
    let len = integer_limbs(number.abs(), &mut out);
    BigIntBuf::from_ref(BigIntRef::new(number < 0.0, &out[..len]), work.memory).map(Some)
}

/// How a BigInt compares with a double, exactly; `None` for NaN.
pub fn compare_with_f64(number: BigIntRef<'_>, other: f64) -> Option<Ordering> {
    if other.is_nan() {
        return None;
    }
    let sign = |number: f64| number.partial_cmp(&0.0).unwrap_or(Ordering::Equal);
    let own = if number.is_zero() {
        Ordering::Equal
    } else if number.negative {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    if own != sign(other) || own == Ordering::Equal {
        return Some(own.cmp(&sign(other)));
    }
    let magnitude = if other.is_infinite() {
        Ordering::Less
    } else {
        let mut out = [0; 17];
        let len = integer_limbs(other.abs(), &mut out);
        // An equal integral part leaves the fraction to decide.
        let fraction = if other.trunc() == other { Ordering::Equal } else { Ordering::Less };
        limbs::compare(number.limbs, &out[..len]).then(fraction)
    };
    Some(if number.negative { magnitude.reverse() } else { magnitude })
}
