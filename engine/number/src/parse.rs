//! Text as doubles: StringToNumber, parseFloat, parseInt, the pieces of numeric literals, and array
//! indices. Every result is the double nearest to the exact value of the text, ties to even, however
//! many digits there are; nothing takes memory.

use crate::print::{NumberBuffer, number_to_string};
use crate::text::{CodeUnit, Text, leading_space, starts_with, trim};
use crate::wide::{Wide, chunk_of};

/// Calls a generic function with the slice of either form.
macro_rules! with_units {
    ($text:expr, $units:ident => $result:expr) => {
        match $text {
            Text::Latin1($units) => $result,
            Text::Utf16($units) => $result,
        }
    };
}

/// StringToNumber (ECMA-262, 7.1.4.1.1): NaN where the text is no StringNumericLiteral.
pub fn string_to_number(text: Text<'_>) -> f64 {
    with_units!(text, units => number_of(units)).unwrap_or(f64::NAN)
}

fn number_of<U: CodeUnit>(text: &[U]) -> Option<f64> {
    let text = trim(text);
    let Some(first) = text.first() else { return Some(0.0) };
    if first.code() == u32::from(b'0') && text.len() > 2 {
        let radix = match text[1].code() | 0x20 {
            0x78 if text[1].code() < 128 => 16,
            0x6F if text[1].code() < 128 => 8,
            0x62 if text[1].code() < 128 => 2,
            _ => 10,
        };
        if radix != 10 {
            let digits = &text[2..];
            let valid = digits.iter().all(|unit| unit.digit() < radix);
            return valid.then(|| digits_value::<U, false>(digits, radix));
        }
    }
    let (value, length) = signed_decimal(text)?;
    (length == text.len()).then_some(value)
}

/// The longest StrDecimalLiteral at the start of the text after white space, as parseFloat reads it, and
/// how many units it takes with the white space; `None` is parseFloat's NaN.
pub fn parse_float_prefix(text: Text<'_>) -> Option<(f64, usize)> {
    with_units!(text, units => {
        let space = leading_space(units);
        let (value, length) = signed_decimal(&units[space..])?;
        Some((value, space + length))
    })
}

/// The value of a DecimalLiteral with or without numeric separators, whose place the lexer has checked;
/// `None` if the text is anything else. Leading zeros are allowed, as in `089`.
pub fn decimal_literal_value(text: Text<'_>) -> Option<f64> {
    with_units!(text, units => {
        let (value, length) = decimal::<_, true>(units)?;
        (length == units.len()).then_some(value)
    })
}

/// The value of digits in a radix of 2 to 36, with or without numeric separators; `None` if there is no
/// digit or another character.
pub fn radix_digits_value(text: Text<'_>, radix: u32) -> Option<f64> {
    with_units!(text, units => {
        let valid = units.iter().all(|unit| unit.digit() < radix || is_separator(*unit));
        let some = units.iter().any(|unit| !is_separator(*unit));
        (valid && some && (2..=36).contains(&radix)).then(|| digits_value::<_, true>(units, radix))
    })
}

/// `parseInt(text, radix)` with ToInt32 of the radix argument: NaN if the text has no digit or the radix is
/// none. Exact for every radix and length.
pub fn parse_int(text: Text<'_>, radix: i32) -> f64 {
    with_units!(text, units => parse_int_units(units, radix))
}

fn parse_int_units<U: CodeUnit>(text: &[U], radix: i32) -> f64 {
    let (negative, mut text) = sign(&text[leading_space(text)..]);
    let strip_prefix = radix == 0 || radix == 16;
    let mut radix = if radix == 0 { 10 } else { radix };
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    if strip_prefix && (starts_with(text, b"0x") || starts_with(text, b"0X")) {
        text = &text[2..];
        radix = 16;
    }
    let radix = radix as u32;
    let length = text.iter().take_while(|unit| unit.digit() < radix).count();
    if length == 0 {
        return f64::NAN;
    }
    let value = digits_value::<U, false>(&text[..length], radix);
    if negative { -value } else { value }
}

/// The array index (0 to 2^32 - 2) that the text is the canonical form of.
pub fn array_index_from_text(text: Text<'_>) -> Option<u32> {
    with_units!(text, units => {
        if units.is_empty() || units.len() > 10 {
            return None;
        }
        if units[0].code() == u32::from(b'0') {
            return (units.len() == 1).then_some(0);
        }
        let mut index = 0u64;
        for unit in units {
            let digit = unit.code().wrapping_sub(u32::from(b'0'));
            if digit > 9 {
                return None;
            }
            index = index * 10 + u64::from(digit);
        }
        (index < u64::from(u32::MAX)).then_some(index as u32)
    })
}

/// CanonicalNumericIndexString (ECMA-262, 7.1.21): the number whose text this is, or -0 for `-0`; `None` for
/// a text that no number prints as.
pub fn canonical_numeric_index(text: Text<'_>) -> Option<f64> {
    with_units!(text, units => {
        // Names of properties are seldom numbers: the first unit decides for nearly all of them.
        let first = units.first()?.code();
        let may_be_number = matches!(first, 0x30..=0x39 | 0x2D | 0x49 | 0x4E);
        if !may_be_number || units.len() > 25 {
            return None;
        }
        if units.len() == 2 && starts_with(units, b"-0") {
            return Some(-0.0);
        }
        let number = number_of(units).or_else(|| starts_with(units, b"NaN").then_some(f64::NAN))?;
        let mut buffer = NumberBuffer::new();
        let printed = number_to_string(number, &mut buffer).as_bytes();
        (printed.len() == units.len() && starts_with(units, printed)).then_some(number)
    })
}

fn is_separator<U: CodeUnit>(unit: U) -> bool {
    unit.code() == u32::from(b'_')
}

/// Splits off a sign.
fn sign<U: CodeUnit>(text: &[U]) -> (bool, &[U]) {
    match text.first().map(|unit| unit.code()) {
        Some(0x2B) => (false, &text[1..]),
        Some(0x2D) => (true, &text[1..]),
        _ => (false, text),
    }
}

fn signed_decimal<U: CodeUnit>(text: &[U]) -> Option<(f64, usize)> {
    let (negative, unsigned) = sign(text);
    let (value, length) =
        if starts_with(unsigned, b"Infinity") { (f64::INFINITY, 8) } else { decimal::<U, false>(unsigned)? };
    Some((if negative { -value } else { value }, text.len() - unsigned.len() + length))
}

/// The first 19 significant digits of a decimal text, and what is known of the others.
#[derive(Default)]
struct Scan {
    mantissa: u64,
    /// Digits in `mantissa`, from the first that is not zero.
    significant: u32,
    /// The power of ten that `mantissa` stands for.
    exponent: i64,
    any: bool,
    /// A digit other than zero did not fit.
    dropped: bool,
}

impl Scan {
    #[inline]
    fn digit(&mut self, digit: u32, is_fraction: bool) {
        self.any = true;
        if self.significant < 19 {
            self.mantissa = self.mantissa * 10 + u64::from(digit);
            self.significant += u32::from(self.mantissa != 0);
            self.exponent -= i64::from(is_fraction);
        } else {
            self.dropped |= digit != 0;
            self.exponent += i64::from(!is_fraction);
        }
    }
}

/// The longest StrUnsignedDecimalLiteral (without Infinity) at the start of a text, and its length.
/// With `SEPARATORS`, the character `_` is passed over.
fn decimal<U: CodeUnit, const SEPARATORS: bool>(text: &[U]) -> Option<(f64, usize)> {
    let mut scan = Scan::default();
    let digits = |from: usize, scan: &mut Scan, is_fraction: bool| {
        let mut at = from;
        while let Some(unit) = text.get(at) {
            let digit = unit.code().wrapping_sub(u32::from(b'0'));
            if digit < 10 {
                scan.digit(digit, is_fraction);
            } else if !(SEPARATORS && is_separator(*unit)) {
                break;
            }
            at += 1;
        }
        at
    };
    let mut end = digits(0, &mut scan, false);
    if text.get(end).is_some_and(|unit| unit.code() == u32::from(b'.')) {
        let behind = digits(end + 1, &mut scan, true);
        // A point alone is no number; a point behind digits belongs to them.
        end = behind;
    }
    if !scan.any {
        return None;
    }
    let mantissa_end = end;
    if text.get(end).is_some_and(|unit| matches!(unit.code(), 0x45 | 0x65)) {
        let (negative, rest) = sign(&text[end + 1..]);
        let (mut exponent, mut length, mut any) = (0i64, 0, false);
        for unit in rest {
            let digit = unit.code().wrapping_sub(u32::from(b'0'));
            if digit < 10 {
                // Far beyond any text's length, so that no number of zeros can bring the value back.
                exponent = (exponent * 10 + i64::from(digit)).min(1 << 50);
                any = true;
            } else if !(SEPARATORS && is_separator(*unit)) {
                break;
            }
            length += 1;
        }
        if any {
            scan.exponent += if negative { -exponent } else { exponent };
            end = text.len() - rest.len() + length;
        }
    }
    let value = if scan.dropped {
        long_value::<U>(&text[..mantissa_end], &scan)
    } else {
        short_value(scan.mantissa, scan.exponent)
    };
    Some((value, end))
}

/// The powers of ten that are doubles exactly.
static EXACT_TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// `mantissa * 10^exponent`, rounded once.
fn short_value(mantissa: u64, exponent: i64) -> f64 {
    if exponent == 0 || mantissa == 0 {
        return mantissa as f64;
    }
    if mantissa <= 1 << 53 && exponent.unsigned_abs() < EXACT_TENS.len() as u64 {
        // Both operands are exact, so the one operation rounds correctly.
        let ten = EXACT_TENS[exponent.unsigned_abs() as usize];
        return if exponent < 0 { mantissa as f64 / ten } else { mantissa as f64 * ten };
    }
    let mut text = Decimal::<48>::new();
    text.number(mantissa);
    text.value(exponent)
}

/// More digits than a u64 holds: up to 800 of them decide, and the others only by not being zero. The
/// boundary between two doubles has at most 768 digits, so nothing behind the 800th can tip it otherwise.
#[cold]
fn long_value<U: CodeUnit>(digits: &[U], scan: &Scan) -> f64 {
    const KEPT: usize = 800;
    let mut text = Decimal::<{ KEPT + 32 }>::new();
    let (mut seen, mut sticky) = (0usize, false);
    for unit in digits {
        let digit = unit.code().wrapping_sub(u32::from(b'0'));
        if digit > 9 || seen == 0 && digit == 0 {
            continue;
        }
        if seen < KEPT {
            text.push(b'0' + digit as u8);
        } else {
            sticky |= digit != 0;
        }
        seen += 1;
    }
    // `scan.exponent` belongs to the first 19 digits.
    let mut exponent = scan.exponent - (seen.min(KEPT) as i64 - 19);
    if sticky {
        text.push(b'1');
        exponent -= 1;
    }
    text.value(exponent)
}

/// Digits and an exponent as ASCII, for the exact parser of the standard library (which takes no memory).
struct Decimal<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Decimal<N> {
    fn new() -> Self {
        Decimal { bytes: [0; N], len: 0 }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn number(&mut self, number: u64) {
        let mut text = [0; 20];
        let start = crate::print::write_u64(number, &mut text);
        for byte in &text[start..] {
            self.push(*byte);
        }
    }

    /// The value of the digits so far times 10^exponent.
    fn value(&mut self, exponent: i64) -> f64 {
        self.push(b'e');
        if exponent < 0 {
            self.push(b'-');
        }
        // With at most 800 digits, every exponent beyond these bounds gives zero or infinity.
        self.number(exponent.unsigned_abs().min(1_000_000));
        let text = core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default();
        text.parse().unwrap_or(f64::NAN)
    }
}

/// The value of digits that are all valid in the radix (separators passed over with `SEPARATORS`).
fn digits_value<U: CodeUnit, const SEPARATORS: bool>(digits: &[U], radix: u32) -> f64 {
    let (_, chunk_digits) = chunk_of(u64::from(radix));
    if digits.len() <= chunk_digits as usize {
        let mut value = 0;
        for unit in digits {
            if !(SEPARATORS && is_separator(*unit)) {
                value = value * u64::from(radix) + u64::from(unit.digit());
            }
        }
        return value as f64;
    }
    if radix == 10 {
        return decimal::<U, SEPARATORS>(digits).map_or(f64::NAN, |(value, _)| value);
    }
    // Beyond 2^1024 the value is infinite whatever follows, so 17 limbs and a few are enough.
    let mut value = Wide::<20>::from_u64(0);
    let (mut chunk, mut power) = (0u64, 1u64);
    let (full, _) = chunk_of(u64::from(radix));
    for unit in digits {
        if SEPARATORS && is_separator(*unit) {
            continue;
        }
        chunk = chunk * u64::from(radix) + u64::from(unit.digit());
        power *= u64::from(radix);
        if power == full {
            value.mul_add_small(power, chunk);
            (chunk, power) = (0, 1);
            if value.bits() > 1024 {
                return f64::INFINITY;
            }
        }
    }
    value.mul_add_small(power, chunk);
    value.to_f64()
}
