//! Text as doubles: StringToNumber, parseFloat, parseInt, the pieces of numeric literals, and array
//! indices. Every result is the double nearest to the exact value of the text, ties to even, however
//! many digits there are; nothing takes memory.
//!
//! Functions whose names end in `_while` ask before they go on after each [`STRETCH`] of a long text.

use crate::print::{NumberBuffer, number_to_string};
use crate::text::{CodeUnit, Text, is_white_space, starts_with};
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

/// So many units are read between two questions whether to go on.
pub const STRETCH: usize = 1 << 14;

/// Whoever was asked whether to go on said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Where the units from `from` on end that `is` says yes to.
#[inline(always)]
pub(crate) fn run_end<U: CodeUnit>(
    text: &[U],
    from: usize,
    goes_on: &mut impl FnMut(usize) -> bool,
    mut is: impl FnMut(U) -> bool,
) -> Result<usize, Stopped> {
    let mut at = from;
    loop {
        let stop = text.len().min(at + STRETCH);
        while at < stop {
            if !is(text[at]) {
                return Ok(at);
            }
            at += 1;
        }
        if at >= text.len() {
            return Ok(at);
        }
        if !goes_on(STRETCH) {
            return Err(Stopped);
        }
    }
}

/// The text without white space before it.
fn trim_start<'t, U: CodeUnit>(
    text: &'t [U],
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<&'t [U], Stopped> {
    Ok(&text[run_end(text, 0, goes_on, |unit| is_white_space(unit.code()))?..])
}

/// The text without white space at both ends.
pub(crate) fn trim<'t, U: CodeUnit>(
    text: &'t [U],
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<&'t [U], Stopped> {
    let mut text = trim_start(text, goes_on)?;
    loop {
        let least = text.len().saturating_sub(STRETCH);
        while text.len() > least && is_white_space(text[text.len() - 1].code()) {
            text = &text[..text.len() - 1];
        }
        if text.len() > least || text.is_empty() {
            return Ok(text);
        }
        if !goes_on(STRETCH) {
            return Err(Stopped);
        }
    }
}

/// For texts that are read in one go.
fn always(_: usize) -> bool {
    true
}

/// StringToNumber (ECMA-262, 7.1.4.1.1): NaN where the text is no StringNumericLiteral.
pub fn string_to_number(text: Text<'_>) -> f64 {
    string_to_number_while(text, &mut always).unwrap_or(f64::NAN)
}

/// The same for texts of any length.
pub fn string_to_number_while(
    text: Text<'_>,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<f64, Stopped> {
    Ok(with_units!(text, units => number_of(units, goes_on))?.unwrap_or(f64::NAN))
}

fn number_of<U: CodeUnit>(
    text: &[U],
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<f64>, Stopped> {
    let text = trim(text, goes_on)?;
    let Some(first) = text.first() else { return Ok(Some(0.0)) };
    if first.code() == u32::from(b'0') && text.len() > 2 {
        let radix = match text[1].code() | 0x20 {
            0x78 if text[1].code() < 128 => 16,
            0x6F if text[1].code() < 128 => 8,
            0x62 if text[1].code() < 128 => 2,
            _ => 10,
        };
        if radix != 10 {
            let digits = &text[2..];
            if run_end(digits, 0, goes_on, |unit| unit.digit() < radix)? < digits.len() {
                return Ok(None);
            }
            return digits_value::<U, false>(digits, radix, goes_on).map(Some);
        }
    }
    Ok(signed_decimal(text, goes_on)?.filter(|(_, length)| *length == text.len()).map(|(value, _)| value))
}

/// The longest StrDecimalLiteral at the start of the text after white space, as parseFloat reads it, and
/// how many units it takes with the white space; `None` is parseFloat's NaN.
pub fn parse_float_prefix(text: Text<'_>) -> Option<(f64, usize)> {
    parse_float_prefix_while(text, &mut always).unwrap_or_default()
}

/// The same for texts of any length.
pub fn parse_float_prefix_while(
    text: Text<'_>,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<(f64, usize)>, Stopped> {
    with_units!(text, units => {
        let number = trim_start(units, goes_on)?;
        let space = units.len() - number.len();
        Ok(signed_decimal(number, goes_on)?.map(|(value, length)| (value, space + length)))
    })
}

/// The value of a DecimalLiteral with or without numeric separators, whose place the lexer has checked;
/// `None` if the text is anything else. Leading zeros are allowed, as in `089`.
pub fn decimal_literal_value(text: Text<'_>) -> Option<f64> {
    decimal_literal_value_while(text, &mut always).unwrap_or_default()
}

/// The same for texts of any length.
pub fn decimal_literal_value_while(
    text: Text<'_>,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<f64>, Stopped> {
    with_units!(text, units => {
        let read = decimal::<_, true>(units, goes_on)?;
        Ok(read.filter(|(_, length)| *length == units.len()).map(|(value, _)| value))
    })
}

/// The value of digits in a radix of 2 to 36, with or without numeric separators; `None` if there is no
/// digit or another character.
pub fn radix_digits_value(text: Text<'_>, radix: u32) -> Option<f64> {
    radix_digits_value_while(text, radix, &mut always).unwrap_or_default()
}

/// The same for texts of any length.
pub fn radix_digits_value_while(
    text: Text<'_>,
    radix: u32,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<f64>, Stopped> {
    with_units!(text, units => {
        let valid = run_end(units, 0, goes_on, |unit| unit.digit() < radix || is_separator(unit))? == units.len();
        let some = run_end(units, 0, goes_on, is_separator)? < units.len();
        if valid && some && (2..=36).contains(&radix) {
            digits_value::<_, true>(units, radix, goes_on).map(Some)
        } else {
            Ok(None)
        }
    })
}

/// `parseInt(text, radix)` with ToInt32 of the radix argument: NaN if the text has no digit or the radix is
/// none. Exact for every radix and length.
pub fn parse_int(text: Text<'_>, radix: i32) -> f64 {
    parse_int_while(text, radix, &mut always).unwrap_or(f64::NAN)
}

/// The same for texts of any length.
pub fn parse_int_while(
    text: Text<'_>,
    radix: i32,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<f64, Stopped> {
    with_units!(text, units => parse_int_units(units, radix, goes_on))
}

fn parse_int_units<U: CodeUnit>(
    text: &[U],
    radix: i32,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<f64, Stopped> {
    let (negative, mut text) = sign(trim_start(text, goes_on)?);
    let strip_prefix = radix == 0 || radix == 16;
    let mut radix = if radix == 0 { 10 } else { radix };
    if !(2..=36).contains(&radix) {
        return Ok(f64::NAN);
    }
    if strip_prefix && (starts_with(text, b"0x") || starts_with(text, b"0X")) {
        text = &text[2..];
        radix = 16;
    }
    let radix = radix as u32;
    let length = run_end(text, 0, goes_on, |unit| unit.digit() < radix)?;
    if length == 0 {
        return Ok(f64::NAN);
    }
    let value = digits_value::<U, false>(&text[..length], radix, goes_on)?;
    Ok(if negative { -value } else { value })
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
        let number = number_of(units, &mut always).unwrap_or_default().or_else(|| starts_with(units, b"NaN").then_some(f64::NAN))?;
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

fn signed_decimal<U: CodeUnit>(
    text: &[U],
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<(f64, usize)>, Stopped> {
    let (negative, unsigned) = sign(text);
    let read = if starts_with(unsigned, b"Infinity") {
        Some((f64::INFINITY, 8))
    } else {
        decimal::<U, false>(unsigned, goes_on)?
    };
    let signed = |value: f64| if negative { -value } else { value };
    Ok(read.map(|(value, length)| (signed(value), text.len() - unsigned.len() + length)))
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
fn decimal<U: CodeUnit, const SEPARATORS: bool>(
    text: &[U],
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<Option<(f64, usize)>, Stopped> {
    let mut scan = Scan::default();
    let mut digits = |from: usize, scan: &mut Scan, is_fraction: bool| {
        run_end(text, from, goes_on, |unit| {
            let digit = unit.code().wrapping_sub(u32::from(b'0'));
            if digit < 10 {
                scan.digit(digit, is_fraction);
            }
            digit < 10 || SEPARATORS && is_separator(unit)
        })
    };
    let mut end = digits(0, &mut scan, false)?;
    if text.get(end).is_some_and(|unit| unit.code() == u32::from(b'.')) {
        let behind = digits(end + 1, &mut scan, true)?;
        // A point alone is no number; a point behind digits belongs to them.
        end = behind;
    }
    if !scan.any {
        return Ok(None);
    }
    let mantissa_end = end;
    if text.get(end).is_some_and(|unit| matches!(unit.code(), 0x45 | 0x65)) {
        let (negative, rest) = sign(&text[end + 1..]);
        let (mut exponent, mut any) = (0i64, false);
        let length = run_end(rest, 0, goes_on, |unit| {
            let digit = unit.code().wrapping_sub(u32::from(b'0'));
            if digit < 10 {
                // Far beyond any text's length, so that no number of zeros can bring the value back.
                exponent = (exponent * 10 + i64::from(digit)).min(1 << 50);
                any = true;
            }
            digit < 10 || SEPARATORS && is_separator(unit)
        })?;
        if any {
            scan.exponent += if negative { -exponent } else { exponent };
            end = text.len() - rest.len() + length;
        }
    }
    let value = if scan.dropped {
        long_value::<U>(&text[..mantissa_end], &scan, goes_on)?
    } else {
        short_value(scan.mantissa, scan.exponent)
    };
    Ok(Some((value, end)))
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
fn long_value<U: CodeUnit>(
    digits: &[U],
    scan: &Scan,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<f64, Stopped> {
    const KEPT: usize = 800;
    let mut text = Decimal::<{ KEPT + 32 }>::new();
    let (mut seen, mut sticky) = (0usize, false);
    run_end(digits, 0, goes_on, |unit| {
        let digit = unit.code().wrapping_sub(u32::from(b'0'));
        if digit > 9 || seen == 0 && digit == 0 {
            return true;
        }
        if seen < KEPT {
            text.push(b'0' + digit as u8);
        } else {
            sticky |= digit != 0;
        }
        seen += 1;
        true
    })?;
    // `scan.exponent` belongs to the first 19 digits.
    let mut exponent = scan.exponent - (seen.min(KEPT) as i64 - 19);
    if sticky {
        text.push(b'1');
        exponent -= 1;
    }
    Ok(text.value(exponent))
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
fn digits_value<U: CodeUnit, const SEPARATORS: bool>(
    digits: &[U],
    radix: u32,
    goes_on: &mut impl FnMut(usize) -> bool,
) -> Result<f64, Stopped> {
    let (_, chunk_digits) = chunk_of(u64::from(radix));
    if digits.len() <= chunk_digits as usize {
        let mut value = 0;
        for unit in digits {
            if !(SEPARATORS && is_separator(*unit)) {
                value = value * u64::from(radix) + u64::from(unit.digit());
            }
        }
        return Ok(value as f64);
    }
    if radix == 10 {
        return Ok(decimal::<U, SEPARATORS>(digits, goes_on)?.map_or(f64::NAN, |(value, _)| value));
    }
    // Zeros at the beginning count for nothing, however many there are.
    let zeros = run_end(digits, 0, goes_on, |unit| unit.digit() == 0 || SEPARATORS && is_separator(unit))?;
    // Beyond 2^1024 the value is infinite whatever follows, so 17 limbs and a few are enough.
    let mut value = Wide::<20>::from_u64(0);
    let (mut chunk, mut power) = (0u64, 1u64);
    let (full, _) = chunk_of(u64::from(radix));
    for unit in &digits[zeros..] {
        if SEPARATORS && is_separator(*unit) {
            continue;
        }
        chunk = chunk * u64::from(radix) + u64::from(unit.digit());
        power *= u64::from(radix);
        if power == full {
            value.mul_add_small(power, chunk);
            (chunk, power) = (0, 1);
            if value.bits() > 1024 {
                return Ok(f64::INFINITY);
            }
        }
    }
    value.mul_add_small(power, chunk);
    Ok(value.to_f64())
}
