//! Doubles as decimal text: Number::toString, toFixed, toPrecision, toExponential (ECMA-262 6.1.6.1.20
//! and 21.1.3). Every function is exact and writes into a buffer of the caller.

use crate::wide::Wide;

/// Text under construction, of at most `N` ASCII characters, on the stack of the caller.
#[derive(Clone)]
pub struct Buffer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

/// Holds what [`number_to_string`] writes: 25 characters at most, as for `-0.0000012345678901234567`.
pub type NumberBuffer = Buffer<32>;

/// Holds what [`to_fixed`], [`to_precision`] and [`to_exponential`] write: at most a sign, 21 digits,
/// a point and 100 digits.
pub type FixedBuffer = Buffer<128>;

/// Holds what [`crate::number_to_string_radix`] writes: a sign, `0.` and 1,074 digits for 2^-1074 in base 2.
pub type RadixBuffer = Buffer<1080>;

impl<const N: usize> Buffer<N> {
    /// An empty buffer.
    #[inline]
    pub const fn new() -> Self {
        Buffer { bytes: [0; N], len: 0 }
    }

    /// The text last written, as Latin-1.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text last written.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: only the functions of this crate write into the buffer, and they write ASCII: digits,
        // letters, signs and the point (`push` asserts it in debug builds).
        unsafe { core::str::from_utf8_unchecked(self.as_bytes()) }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        debug_assert!(byte.is_ascii());
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        debug_assert!(bytes.is_ascii());
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    #[inline]
    pub(crate) fn zeros(&mut self, count: usize) {
        self.bytes[self.len..self.len + count].fill(b'0');
        self.len += count;
    }

    /// Writes "NaN" or "Infinity" with its sign, if the number is such a one.
    #[inline]
    pub(crate) fn non_finite(&mut self, number: f64) -> bool {
        if number.is_finite() {
            return false;
        }
        self.extend(if number.is_nan() {
            b"NaN"
        } else if number > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        });
        true
    }
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The two digits of every number below 100.
static PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// Writes the decimal digits of a number at the end of `out` and returns where they begin.
#[inline]
pub(crate) fn write_u64(mut number: u64, out: &mut [u8; 20]) -> usize {
    let mut start = 20;
    while number >= 100 {
        let pair = 2 * (number % 100) as usize;
        number /= 100;
        start -= 2;
        out[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if number >= 10 {
        start -= 2;
        let pair = 2 * number as usize;
        out[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        start -= 1;
        out[start] = b'0' + number as u8;
    }
    start
}

/// Number::toString(number, 10): the shortest digits that read back as the same double, the nearest of
/// these, in the layout of the specification.
pub fn number_to_string(number: f64, buffer: &mut NumberBuffer) -> &str {
    buffer.clear();
    // Integers in the exact range need no search for the shortest digits. -0 prints as 0.
    if number as i64 as f64 == number && number.abs() < 9_007_199_254_740_992.0 {
        let integer = number as i64;
        if integer < 0 {
            buffer.push(b'-');
        }
        let mut digits = [0; 20];
        let start = write_u64(integer.unsigned_abs(), &mut digits);
        buffer.extend(&digits[start..]);
        return buffer.as_str();
    }
    if buffer.non_finite(number) {
        return buffer.as_str();
    }
    if number < 0.0 {
        buffer.push(b'-');
    }
    let shortest = Shortest::of(number.abs());
    let digits = shortest.digits();
    let (count, point) = (digits.len() as i32, shortest.point);
    if (count..=21).contains(&point) {
        buffer.extend(digits);
        buffer.zeros((point - count) as usize);
    } else if (1..=21).contains(&point) {
        buffer.extend(&digits[..point as usize]);
        buffer.push(b'.');
        buffer.extend(&digits[point as usize..]);
    } else if (-5..=0).contains(&point) {
        buffer.extend(b"0.");
        buffer.zeros((-point) as usize);
        buffer.extend(digits);
    } else {
        scientific(digits, 0, point - 1, buffer);
    }
    buffer.as_str()
}

/// `d.ddd` with `zeros` more zeros and `e+x`, as toString and toExponential write it.
fn scientific<const N: usize>(digits: &[u8], zeros: usize, exponent: i32, buffer: &mut Buffer<N>) {
    buffer.push(digits[0]);
    if digits.len() + zeros > 1 {
        buffer.push(b'.');
        buffer.extend(&digits[1..]);
        buffer.zeros(zeros);
    }
    buffer.push(b'e');
    buffer.push(if exponent < 0 { b'-' } else { b'+' });
    let mut text = [0; 20];
    let start = write_u64(u64::from(exponent.unsigned_abs()), &mut text);
    buffer.extend(&text[start..]);
}

/// The shortest digits of a double. The value is 0.DIGITS times 10^point.
struct Shortest {
    bytes: [u8; 20],
    len: usize,
    point: i32,
}

impl Shortest {
    fn digits(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// `number` is finite and greater than zero.
    fn of(number: f64) -> Self {
        let mut text = zmij::Buffer::new();
        // Either `ddd.ddd` or `d.ddde-xx`; only the digits and the place of the point are taken.
        let text = text.format_finite(number).as_bytes();
        let mut shortest = Shortest { bytes: [0; 20], len: 0, point: 0 };
        let (mut exponent, mut seen_point) = (0i32, false);
        for (index, byte) in text.iter().enumerate() {
            match byte {
                b'.' => seen_point = true,
                b'e' => {
                    let (negative, digits) = match &text[index + 1..] {
                        [b'-', digits @ ..] => (true, digits),
                        [b'+', digits @ ..] => (false, digits),
                        digits => (false, digits),
                    };
                    exponent = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
                    exponent = if negative { -exponent } else { exponent };
                    break;
                }
                digit => {
                    if shortest.len > 0 || *digit != b'0' {
                        shortest.bytes[shortest.len] = *digit;
                        shortest.len += 1;
                        shortest.point += i32::from(!seen_point);
                    } else {
                        shortest.point -= i32::from(seen_point);
                    }
                }
            }
        }
        while shortest.len > 1 && shortest.bytes[shortest.len - 1] == b'0' {
            shortest.len -= 1;
        }
        shortest.point += exponent;
        shortest
    }
}

/// The first `count` digits of a number greater than zero, rounded half up, at the start of `out`: more than
/// `count` characters, all `0`. Returns the place of the point: the value is 0.DIGITS times 10^point.
fn leading_digits(number: f64, count: usize, out: &mut [u8]) -> i32 {
    let shortest = Shortest::of(number);
    let digits = shortest.digits();
    if digits.len() <= count {
        // Every decimal of 15 digits survives a normal double, so the number is nearest to this one of them.
        if count <= 15 && number >= f64::MIN_POSITIVE {
            out[..digits.len()].copy_from_slice(digits);
            return shortest.point;
        }
    } else if digits[count..] != *b"5" {
        // The half way point has fewer digits than the shortest, or as many and is farther from the number:
        // so it does not lie between the two, and both round to the same side. Only a shortest that is
        // itself half way does not tell on which side the number is.
        let up = round_digits(digits, count, out);
        return shortest.point + i32::from(up);
    }
    let mut exact = Exact::of(number);
    exact.round_into(count, out);
    exact.point
}

/// Writes `digits` rounded to `count`, fewer than there are, half up. Says whether the rounding carried into a
/// new digit; `out` then holds a one and zeros.
fn round_digits(digits: &[u8], count: usize, out: &mut [u8]) -> bool {
    out[..count].copy_from_slice(&digits[..count]);
    if digits[count] < b'5' {
        return false;
    }
    for digit in out[..count].iter_mut().rev() {
        if *digit != b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    out[0] = b'1';
    true
}

/// The significand and binary exponent of a finite double: the value is `mantissa * 2^exponent`.
pub(crate) fn decompose(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52 & 0x7FF) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << 52, exponent - 1075),
    }
}

/// Room for every decimal digit of a double: 767 for the longest.
const MAX_DIGITS: usize = 800;

/// All decimal digits of a double, without zeros at the front. The value is 0.DIGITS times 10^point.
struct Exact {
    bytes: [u8; MAX_DIGITS],
    start: usize,
    point: i32,
}

impl Exact {
    /// `number` is finite and greater than zero.
    fn of(number: f64) -> Self {
        let (mantissa, exponent) = decompose(number);
        let twos = mantissa.trailing_zeros() as i32;
        let (mantissa, exponent) = (mantissa >> twos, exponent + twos);
        // The widest values: 53 + 1074 log2(5) bits, and 1024 bits.
        let mut wide = Wide::<41>::from_u64(mantissa);
        let mut fraction_digits = 0;
        if exponent >= 0 {
            wide.shl(exponent as usize);
        } else {
            // m / 2^k is m * 5^k / 10^k.
            wide.mul_pow(5, exponent.unsigned_abs());
            fraction_digits = -exponent;
        }
        let mut exact = Exact { bytes: [0; MAX_DIGITS], start: MAX_DIGITS, point: 0 };
        while !wide.is_zero() {
            let mut chunk = wide.div_small(10_000_000_000_000_000_000);
            // The leading chunk ends when it is used up, the others have all their 19 digits.
            for _ in 0..19 {
                if wide.is_zero() && chunk == 0 {
                    break;
                }
                exact.start -= 1;
                exact.bytes[exact.start] = b'0' + (chunk % 10) as u8;
                chunk /= 10;
            }
        }
        exact.point = (MAX_DIGITS - exact.start) as i32 - fraction_digits;
        exact
    }

    /// Writes the number rounded to `count` digits, half up in magnitude as toFixed and its sisters say
    /// ("if there are two such n, pick the larger n"), into `out`: more than `count` characters, all `0`.
    /// Where the rounding carries into a new digit, `point` goes up by one; `out` then holds a one and zeros.
    fn round_into(&mut self, count: usize, out: &mut [u8]) {
        let digits = &self.bytes[self.start..];
        if count >= digits.len() {
            out[..digits.len()].copy_from_slice(digits);
            return;
        }
        self.point += i32::from(round_digits(digits, count, out));
    }
}

/// Number.prototype.toFixed for `digits` of 0 to 100 (the caller has checked the range).
pub fn to_fixed(number: f64, digits: u32, buffer: &mut FixedBuffer) -> &str {
    debug_assert!(digits <= 100);
    let digits = digits.min(100) as usize;
    buffer.clear();
    if buffer.non_finite(number) {
        return buffer.as_str();
    }
    let magnitude = number.abs();
    if magnitude >= 1e21 {
        let mut short = NumberBuffer::new();
        number_to_string(number, &mut short);
        buffer.extend(short.as_bytes());
        return buffer.as_str();
    }
    if number < 0.0 {
        buffer.push(b'-');
    }
    if magnitude == 0.0 {
        fixed(&[], digits, buffer);
        return buffer.as_str();
    }
    let (mantissa, exponent) = decompose(magnitude);
    if exponent < 0 && digits <= 22 {
        // mantissa * 10^22 has 127 bits, so one shift with rounding gives the digits.
        let scaled = u128::from(mantissa) * 10u128.pow(digits as u32);
        let shift = exponent.unsigned_abs();
        let rounded = if shift > 127 { 0 } else { (scaled + (1 << (shift - 1))) >> shift };
        let mut text = [0; 40];
        let start = write_u128(rounded, &mut text);
        fixed(&text[start..], digits, buffer);
        return buffer.as_str();
    }
    let mut exact = Exact::of(magnitude);
    let keep = exact.point + digits as i32;
    let mut text = [b'0'; 128];
    if keep < 0 {
        fixed(&[], digits, buffer);
    } else {
        exact.round_into(keep as usize, &mut text);
        fixed(&text[..(exact.point + digits as i32) as usize], digits, buffer);
    }
    buffer.as_str()
}

/// Writes an integer given by its decimal digits with the point `digits` places from the right.
fn fixed(integer: &[u8], digits: usize, buffer: &mut FixedBuffer) {
    if integer.len() > digits {
        let split = integer.len() - digits;
        buffer.extend(&integer[..split]);
        if digits > 0 {
            buffer.push(b'.');
            buffer.extend(&integer[split..]);
        }
    } else {
        buffer.push(b'0');
        if digits > 0 {
            buffer.push(b'.');
            buffer.zeros(digits - integer.len());
            buffer.extend(integer);
        }
    }
}

/// Writes the digits of a number at the end of `out` and returns where they begin; none for zero.
fn write_u128(mut number: u128, out: &mut [u8; 40]) -> usize {
    let mut start = 40;
    let mut chunk_text = [0; 20];
    const CHUNK: u128 = 10_000_000_000_000_000_000;
    while number > u128::from(u64::MAX) {
        let chunk = (number % CHUNK) as u64;
        number /= CHUNK;
        let from = write_u64(chunk, &mut chunk_text);
        chunk_text[1..from].fill(b'0');
        out[start - 19..start].copy_from_slice(&chunk_text[1..]);
        start -= 19;
    }
    if number > 0 {
        let from = write_u64(number as u64, &mut chunk_text);
        let len = 20 - from;
        out[start - len..start].copy_from_slice(&chunk_text[from..]);
        start -= len;
    }
    start
}

/// Number.prototype.toPrecision for `precision` of 1 to 100 (the caller has checked the range).
pub fn to_precision(number: f64, precision: u32, buffer: &mut FixedBuffer) -> &str {
    debug_assert!((1..=100).contains(&precision));
    let precision = precision.clamp(1, 100) as usize;
    buffer.clear();
    if buffer.non_finite(number) {
        return buffer.as_str();
    }
    if number < 0.0 {
        buffer.push(b'-');
    }
    if number == 0.0 {
        fixed(&[], precision - 1, buffer);
        return buffer.as_str();
    }
    let mut digits = [b'0'; 101];
    let exponent = leading_digits(number.abs(), precision, &mut digits) - 1;
    if exponent < -6 || exponent >= precision as i32 {
        scientific(&digits[..precision], 0, exponent, buffer);
    } else if exponent >= 0 {
        let split = exponent as usize + 1;
        buffer.extend(&digits[..split]);
        if split < precision {
            buffer.push(b'.');
            buffer.extend(&digits[split..precision]);
        }
    } else {
        buffer.extend(b"0.");
        buffer.zeros((-1 - exponent) as usize);
        buffer.extend(&digits[..precision]);
    }
    buffer.as_str()
}

/// Number.prototype.toExponential for `digits` of 0 to 100 (the caller has checked the range), or with as
/// many digits as needed if `None`.
pub fn to_exponential(number: f64, digits: Option<u32>, buffer: &mut FixedBuffer) -> &str {
    debug_assert!(digits.is_none_or(|digits| digits <= 100));
    buffer.clear();
    if buffer.non_finite(number) {
        return buffer.as_str();
    }
    if number < 0.0 {
        buffer.push(b'-');
    }
    match digits {
        _ if number == 0.0 => scientific(b"0", digits.unwrap_or(0).min(100) as usize, 0, buffer),
        None => {
            let shortest = Shortest::of(number.abs());
            scientific(shortest.digits(), 0, shortest.point - 1, buffer);
        }
        Some(digits) => {
            let count = digits.min(100) as usize + 1;
            let mut text = [b'0'; 102];
            let exponent = leading_digits(number.abs(), count, &mut text) - 1;
            scientific(&text[..count], 0, exponent, buffer);
        }
    }
    buffer.as_str()
}
