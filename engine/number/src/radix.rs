//! Doubles as text in any base (Number::toString with a radix): the shortest digits that read back as the
//! same double, and the nearest such digits, computed exactly.

use core::cmp::Ordering;

use crate::print::{NumberBuffer, RadixBuffer, decompose, number_to_string};
use crate::wide::Wide;

/// The digits of all bases up to 36.
pub(crate) static DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Number::toString(number, radix) for a radix of 2 to 36 (the caller has checked the range; outside of it
/// the radix counts as 10). Never in exponential form, except in base 10.
pub fn number_to_string_radix(number: f64, radix: u32, buffer: &mut RadixBuffer) -> &str {
    buffer.clear();
    if radix == 10 || !(2..=36).contains(&radix) {
        let mut short = NumberBuffer::new();
        number_to_string(number, &mut short);
        buffer.extend(short.as_bytes());
        return buffer.as_str();
    }
    if buffer.non_finite(number) {
        return buffer.as_str();
    }
    if number < 0.0 {
        buffer.push(b'-');
    }
    let number = number.abs();
    let (mantissa, exponent) = decompose(number);
    let is_even = mantissa & 1 == 0;
    // Below a power of two the neighbour is nearer: half a step of its own.
    let is_power = mantissa == 1 << 52 && exponent > -1074;
    if number < 9_007_199_254_740_992.0 && number as u64 as f64 == number {
        integer_digits(number as u64, radix, buffer);
    } else if number < 9_007_199_254_740_992.0 && exponent > -120 {
        integer_digits(number as u64, radix, buffer);
        buffer.push(b'.');
        let places = exponent.unsigned_abs();
        let fraction = u128::from(mantissa) & ((1 << places) - 1);
        let lower = if is_power { 1 } else { 2 };
        fraction_digits(fraction << 2, places + 2, (lower, 2), is_even, radix, buffer);
    } else {
        let mut digits = Digits { bytes: [0; 1080], len: 0, point: 0 };
        digits.generate(mantissa, exponent, is_even, is_power, radix);
        digits.lay_out(buffer);
    }
    buffer.as_str()
}

fn integer_digits(mut integer: u64, radix: u32, buffer: &mut RadixBuffer) {
    let (mut text, mut start) = ([0; 64], 64);
    loop {
        start -= 1;
        text[start] = DIGITS[(integer % u64::from(radix)) as usize];
        integer /= u64::from(radix);
        if integer == 0 {
            break;
        }
    }
    buffer.extend(&text[start..]);
}

/// Writes the digits of `rest / 2^places` until what is left is within half a step of the double:
/// `halves.0` below and `halves.1` above, in the same unit, inclusive if the double is even.
///
/// The distance to the next integer is at least a whole step, so rounding up the last digit never carries.
fn fraction_digits(
    mut rest: u128,
    places: u32,
    halves: (u128, u128),
    is_even: bool,
    radix: u32,
    buffer: &mut RadixBuffer,
) {
    let one = 1u128 << places;
    let (mut below, mut above) = halves;
    loop {
        rest *= u128::from(radix);
        below *= u128::from(radix);
        above *= u128::from(radix);
        let mut digit = (rest >> places) as usize;
        rest &= one - 1;
        let low = if is_even { rest <= below } else { rest < below };
        let high = if is_even { rest + above >= one } else { rest + above > one };
        if high && (!low || rest << 1 >= one) {
            digit += 1;
        }
        buffer.push(DIGITS[digit]);
        if low || high {
            return;
        }
    }
}

/// Digits in a base, as values; the number is 0.DIGITS times radix^point.
struct Digits {
    bytes: [u8; 1080],
    len: usize,
    point: i32,
}

/// Bits of the widest value: 2^1025 * 36 and, for the smallest numbers, 36^208 * 2^53 both stay below
/// 20 limbs; the scale 36^199 of the largest does too.
type Scaled = Wide<22>;

impl Digits {
    /// The free-format algorithm of Steele, White and Dragon4 with exact integers: the value is
    /// `rest / scale`, and half the distances to the neighbours are `below / scale` and `above / scale`.
    fn generate(&mut self, mantissa: u64, exponent: i32, is_even: bool, is_power: bool, radix: u32) {
        let mut rest = Scaled::from_u64(mantissa);
        let mut scale = Scaled::from_u64(1);
        let mut below = Scaled::from_u64(1);
        // Two binary places more, so that a quarter of a step is an integer.
        rest.shl(2);
        scale.shl(2);
        below.shl(usize::from(!is_power));
        let mut above = Scaled::from_u64(2);
        if exponent >= 0 {
            for wide in [&mut rest, &mut below, &mut above] {
                wide.shl(exponent as usize);
            }
        } else {
            scale.shl(exponent.unsigned_abs() as usize);
        }
        // The power of the base just above the value. The logarithm may be off by a little; the estimate
        // is made too small by one at most, and put right by comparison.
        let log = (rest.bits() as f64 - scale.bits() as f64 - 1.0) / f64::from(radix).log2();
        let mut point = log.ceil() as i32;
        if point > 0 {
            scale.mul_pow(u64::from(radix), point as u32);
        } else {
            for wide in [&mut rest, &mut below, &mut above] {
                wide.mul_pow(u64::from(radix), point.unsigned_abs());
            }
        }
        loop {
            let mut top = rest.clone();
            top.add(&above);
            let order = top.compare(&scale);
            if order == Ordering::Less || order == Ordering::Equal && !is_even {
                break;
            }
            scale.mul_add_small(u64::from(radix), 0);
            point += 1;
        }
        self.point = point;
        loop {
            for wide in [&mut rest, &mut below, &mut above] {
                wide.mul_add_small(u64::from(radix), 0);
            }
            let mut digit = rest.small_quotient(&scale);
            let order = rest.compare(&below);
            let low = order == Ordering::Less || order == Ordering::Equal && is_even;
            let mut top = rest.clone();
            top.add(&above);
            let order = top.compare(&scale);
            let high = order == Ordering::Greater || order == Ordering::Equal && is_even;
            if high {
                let mut double = rest.clone();
                double.add(&rest);
                digit += u32::from(!low || double.compare(&scale) != Ordering::Less);
            }
            self.bytes[self.len] = DIGITS[digit as usize];
            self.len += 1;
            if low || high {
                break;
            }
        }
        while self.len > 1 && self.bytes[self.len - 1] == b'0' {
            self.len -= 1;
        }
    }

    fn lay_out(&self, buffer: &mut RadixBuffer) {
        let digits = &self.bytes[..self.len];
        if self.point <= 0 {
            buffer.extend(b"0.");
            buffer.zeros(self.point.unsigned_abs() as usize);
            buffer.extend(digits);
        } else if self.point as usize >= self.len {
            buffer.extend(digits);
            buffer.zeros(self.point as usize - self.len);
        } else {
            buffer.extend(&digits[..self.point as usize]);
            buffer.push(b'.');
            buffer.extend(&digits[self.point as usize..]);
        }
    }
}
