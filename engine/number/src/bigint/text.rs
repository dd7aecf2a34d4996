//! BigInts as text and back, in less than quadratic time.
//!
//! Digits are handled in chunks, as many as fit in a limb. A long number is split at a power of the chunk
//! near its middle, and the halves likewise; the powers are those of the odd part of the radix, and the
//! powers of two in it are shifts, which makes the divisors for decimal text a third shorter.

use core::ops::Range;

use tare_allocators::Vec;

use super::div::Divisor;
use super::limbs::LimbDivisor;
use super::{BigIntBuf, BigIntRef, Error, MAX_BITS, SMALL, Work, limbs, mul};
use crate::parse::{run_end, trim};
use crate::print::write_u64;
use crate::radix::DIGITS;
use crate::text::{CodeUnit, Text, starts_with};
use crate::wide::chunk_of;

/// Chunks up to which text is made or read by limbs. Law: the time for this many chunks is
/// equal whether they are split once more or not.
const PRINT_LEAF: usize = 25;
const READ_LEAF: usize = 80;

/// A radix taken apart: `2^twos * odd`.
#[derive(Clone, Copy)]
struct Radix {
    radix: u64,
    /// The largest power in a limb, and its exponent.
    chunk: u64,
    digits: usize,
    /// The chunk made ready to divide by.
    divisor: LimbDivisor,
    twos: u32,
}

impl Radix {
    /// `radix` is one of 2 to 36; anything else counts as 10, as for doubles.
    fn new(radix: u32) -> Self {
        const DECIMAL: Radix = Radix::compute(10);
        if radix == 10 || !(2..=36).contains(&radix) { DECIMAL } else { Radix::compute(radix) }
    }

    const fn compute(radix: u32) -> Self {
        let (chunk, digits) = chunk_of(radix as u64);
        let (digits, twos) = (digits as usize, radix.trailing_zeros());
        Radix { radix: radix as u64, chunk, digits, divisor: LimbDivisor::new(chunk), twos }
    }

    fn is_power_of_two(self) -> bool {
        self.radix.is_power_of_two()
    }

    fn log2(self) -> f64 {
        if self.radix == 10 { core::f64::consts::LOG2_10 } else { (self.radix as f64).log2() }
    }

    /// Chunks for a number of `bits` bits, or one more.
    fn chunks(self, bits: u64) -> usize {
        let digits = (bits as f64 / self.log2() * (1.0 + 1e-12)) as usize + 1;
        digits.div_ceil(self.digits)
    }
}

/// The chunk counts at which a number of `chunks` is split: half of it, half of that, and so on, each
/// rounded up, as long as more than `leaf` chunks are to be split.
struct Splits {
    counts: [usize; 32],
    len: usize,
}

impl Splits {
    fn of(chunks: usize, leaf: usize) -> Self {
        let mut splits = Splits { counts: [0; 32], len: 0 };
        let mut count = chunks;
        while count > leaf {
            count = count.div_ceil(2);
            splits.counts[splits.len] = count;
            splits.len += 1;
        }
        splits
    }

    fn counts(&self) -> &[usize] {
        &self.counts[..self.len]
    }
}

/// The power of two in `radix^(digits * count)`.
fn shift_of(radix: Radix, count: usize) -> u64 {
    radix.twos as u64 * (radix.digits * count) as u64
}

/// The odd parts of `chunk^count` for all counts of the splits, in their order; a function is given each.
fn odd_powers<'m>(
    work: &mut Work<'m, '_>,
    radix: Radix,
    splits: &Splits,
    mut each: impl FnMut(&mut Work<'m, '_>, usize, Vec<'m, u64>) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some((deepest, above)) = splits.counts().split_last() else { return Ok(()) };
    let odd = radix.chunk >> (radix.twos as usize * radix.digits);
    let mut power = work.zeros(*deepest)?;
    power[0] = 1;
    let mut len = 1;
    for _ in 0..*deepest {
        let carry = limbs::mul_limb_assign(&mut power[..len], odd, 0);
        if carry != 0 {
            power[len] = carry;
            len += 1;
        }
    }
    power.truncate(len);
    let mut count = *deepest;
    for (index, next) in above.iter().enumerate().rev() {
        let mut square = work.zeros(2 * power.len())?;
        mul::square(work, &mut square, &power)?;
        if *next < 2 * count {
            let rest = limbs::div_limb_assign(&mut square, odd);
            debug_assert_eq!(rest, 0);
        }
        let len = limbs::significant(&square);
        square.truncate(len);
        each(work, index + 1, power)?;
        (power, count) = (square, *next);
    }
    each(work, 0, power)
}

/// Room for the text of a number in a radix of 2 to 36, with the sign: at least what it takes, and at most
/// some 20 characters (64 in base 2) more.
pub fn max_text_len(number: BigIntRef<'_>, radix: u32) -> usize {
    let radix = Radix::new(radix);
    let bits = number.bit_length();
    let digits = if radix.is_power_of_two() {
        bits.div_ceil(u64::from(radix.twos)) as usize
    } else {
        radix.chunks(bits) * radix.digits
    };
    digits.max(1) + 1
}

/// The text of a number in a radix of 2 to 36 (BigInt::toString), written somewhere in `out`, of
/// [`max_text_len`] bytes; says where.
pub fn to_text_into(
    work: &mut Work<'_, '_>,
    out: &mut [u8],
    number: BigIntRef<'_>,
    radix: u32,
) -> Result<Range<usize>, Error> {
    let radix = Radix::new(radix);
    // The sign's place stays free in front.
    let digits = &mut out[1..];
    let len = if number.is_zero() {
        digits[0] = b'0';
        1
    } else if radix.is_power_of_two() {
        let len = number.bit_length().div_ceil(u64::from(radix.twos)) as usize;
        write_bits(work, &mut digits[..len], number.limbs, radix.twos)?;
        len
    } else {
        let chunks = radix.chunks(number.bit_length());
        let len = chunks * radix.digits;
        if number.limbs.len() <= SMALL {
            let mut limbs = [0; SMALL];
            limbs[..number.limbs.len()].copy_from_slice(number.limbs);
            print_leaf(&mut digits[..len], &mut limbs[..number.limbs.len()], radix);
            return Ok(strip(out, len, number.negative));
        }
        let mut printer = Printer::new(work, radix, chunks)?;
        let limbs = Vec::try_from_slice(number.limbs, work.memory)?;
        printer.print(work, &mut digits[..len], limbs, 0)?;
        len
    };
    Ok(strip(out, len, number.negative))
}

/// Where the text is, of `len` digits behind the first byte, without zeros in front and with a sign.
fn strip(out: &mut [u8], len: usize, negative: bool) -> Range<usize> {
    let zeros = out[1..len].iter().take_while(|digit| **digit == b'0').count();
    let mut start = 1 + zeros;
    if negative {
        start -= 1;
        out[start] = b'-';
    }
    start..1 + len
}

/// The text of a number in a radix of 2 to 36 (BigInt::toString), in ASCII.
pub fn to_text<'m>(work: &mut Work<'m, '_>, number: BigIntRef<'_>, radix: u32) -> Result<Vec<'m, u8>, Error> {
    if let ([] | [_], 10) = (number.limbs, radix) {
        let (mut text, mut digits) = ([0; 21], [0; 20]);
        let start = write_u64(number.limbs.first().copied().unwrap_or(0), &mut digits);
        text[1..].copy_from_slice(&digits);
        // The place before the first digit, in `text`.
        text[start] = b'-';
        return Ok(Vec::try_from_slice(&text[start + usize::from(!number.negative)..], work.memory)?);
    }
    if number.limbs.len() <= 4 {
        // 256 digits in base 2, and the sign.
        let mut out = [0; 272];
        let range = to_text_into(work, &mut out, number, radix)?;
        return Ok(Vec::try_from_slice(&out[range], work.memory)?);
    }
    let len = max_text_len(number, radix);
    let mut out = Vec::try_with_capacity(len, work.memory)?;
    out.try_resize(len, 0)?;
    let range = to_text_into(work, &mut out, number, radix)?;
    out.copy_within(range.clone(), 0);
    out.truncate(range.len());
    Ok(out)
}

/// Digits of `bits` bits each, with zeros in front.
fn write_bits(work: &mut Work<'_, '_>, out: &mut [u8], number: &[u64], bits: u32) -> Result<(), Error> {
    let (mut buffer, mut held) = (0u128, 0);
    let mut limbs = number.iter();
    for digits in out.rchunks_mut(RUN) {
        work.spend(2 * digits.len())?;
        for digit in digits.iter_mut().rev() {
            if held < bits {
                buffer |= u128::from(limbs.next().copied().unwrap_or(0)) << held;
                held += 64;
            }
            *digit = DIGITS[(buffer as usize) & ((1 << bits) - 1)];
            buffer >>= bits;
            held -= bits;
        }
    }
    Ok(())
}

/// Digits that are worked on between two payments.
const RUN: usize = 1 << 13;

/// The divisors for the text of one number.
struct Printer<'m> {
    radix: Radix,
    splits: Splits,
    divisors: Vec<'m, Option<Divisor<'m>>>,
}

impl<'m> Printer<'m> {
    fn new(work: &mut Work<'m, '_>, radix: Radix, chunks: usize) -> Result<Self, Error> {
        let splits = Splits::of(chunks, PRINT_LEAF);
        let mut divisors = Vec::try_with_capacity(splits.len, work.memory)?;
        for _ in 0..splits.len {
            divisors.try_push(None)?;
        }
        odd_powers(work, radix, &splits, |work, index, power| {
            divisors[index] = Some(Divisor::new(work, &power, power.len(), 1 << index)?);
            Ok(())
        })?;
        Ok(Printer { radix, splits, divisors })
    }

    /// Fills `out`, a multiple of the chunk's digits, with zeros in front.
    fn print(
        &mut self,
        work: &mut Work<'m, '_>,
        out: &mut [u8],
        mut number: Vec<'m, u64>,
        level: usize,
    ) -> Result<(), Error> {
        let len = limbs::significant(&number);
        number.truncate(len);
        let chunks = out.len() / self.radix.digits;
        let (Some(count), true) = (self.splits.counts().get(level).copied(), number.len() > PRINT_LEAF / 2)
        else {
            work.spend(4 * (number.len() + 1) * (1 + number.len()) + out.len())?;
            print_leaf(out, &mut number, self.radix);
            return Ok(());
        };
        if chunks <= count {
            return self.print(work, out, number, level + 1);
        }
        work.spend(8 * number.len())?;
        // number = quotient * odd * 2^shift + rest
        let shift = shift_of(self.radix, count);
        let (words, bits) = ((shift / 64) as usize, (shift % 64) as u32);
        let (quotient, rest) = {
            let upper = number.get(words..).unwrap_or_default();
            let mut dividend = work.zeros(upper.len() + 1)?;
            limbs::shr_into(&mut dividend[..upper.len()], upper, bits);
            let Some(divisor) = &self.divisors[level] else { return Ok(()) };
            let mut quotient = work.zeros(dividend.len().saturating_sub(divisor.len()))?;
            if !quotient.is_empty() {
                divisor.divide(work, &mut quotient, &mut dividend)?;
            }
            // The low bits go under the remainder.
            let len = limbs::significant(&dividend);
            let mut rest = work.zeros(words + len + 1)?;
            rest[words + len] = limbs::shl_into(&mut rest[words..words + len], &dividend[..len], bits);
            let low = words.min(number.len());
            rest[..low].copy_from_slice(&number[..low]);
            if let Some(limb) = number.get(words) {
                rest[words] |= limb & ((1 << bits) - 1);
            }
            (quotient, rest)
        };
        drop(number);
        let (high, low) = out.split_at_mut((chunks - count) * self.radix.digits);
        self.print(work, high, quotient, level + 1)?;
        self.print(work, low, rest, level + 1)
    }
}

/// Fills `out`, a multiple of the chunk's digits, chunk by chunk from the end. `number` is used up.
fn print_leaf(out: &mut [u8], mut number: &mut [u64], radix: Radix) {
    for chunk in out.rchunks_exact_mut(radix.digits) {
        if number.is_empty() {
            chunk.fill(b'0');
            continue;
        }
        let mut value = radix.divisor.divide(number);
        while let [rest @ .., 0] = number {
            number = rest;
        }
        if radix.radix == 10 {
            let mut text = [b'0'; 20];
            write_u64(value, &mut text);
            chunk.copy_from_slice(&text[20 - chunk.len()..]);
        } else {
            for digit in chunk.iter_mut().rev() {
                *digit = DIGITS[(value % radix.radix) as usize];
                value /= radix.radix;
            }
        }
    }
    debug_assert!(number.is_empty());
}

/// StringToBigInt (ECMA-262, 7.1.14): `None` where the text is no StringIntegerLiteral.
pub fn parse<'m>(work: &mut Work<'m, '_>, text: Text<'_>) -> Result<Option<BigIntBuf<'m>>, Error> {
    match text {
        Text::Latin1(units) => parse_units(work, units),
        Text::Utf16(units) => parse_units(work, units),
    }
}

fn parse_units<'m, U: CodeUnit>(work: &mut Work<'m, '_>, text: &[U]) -> Result<Option<BigIntBuf<'m>>, Error> {
    let text = trim(text, &mut |units| work.spend(units).is_ok()).map_err(|_| Error::Interrupted)?;
    let (radix, negative, digits) = match text.first().map(|unit| unit.code()) {
        None => return Ok(Some(BigIntBuf::zero(work.memory))),
        Some(0x2B) => (10, false, &text[1..]),
        Some(0x2D) => (10, true, &text[1..]),
        _ if starts_with(text, b"0x") || starts_with(text, b"0X") => (16, false, &text[2..]),
        _ if starts_with(text, b"0o") || starts_with(text, b"0O") => (8, false, &text[2..]),
        _ if starts_with(text, b"0b") || starts_with(text, b"0B") => (2, false, &text[2..]),
        _ => (10, false, text),
    };
    from_units::<U, false>(work, digits, radix, negative)
}

/// The number of the digits of a literal (without prefix and `n`) in a radix of 2 to 36; numeric separators
/// are passed over. `None` if there is no digit, or another character.
pub fn from_digits<'m>(
    work: &mut Work<'m, '_>,
    digits: Text<'_>,
    radix: u32,
    negative: bool,
) -> Result<Option<BigIntBuf<'m>>, Error> {
    if !(2..=36).contains(&radix) {
        return Ok(None);
    }
    match digits {
        Text::Latin1(units) => from_units::<u8, true>(work, units, radix, negative),
        Text::Utf16(units) => from_units::<u16, true>(work, units, radix, negative),
    }
}

fn from_units<'m, U: CodeUnit, const SEPARATORS: bool>(
    work: &mut Work<'m, '_>,
    text: &[U],
    radix: u32,
    negative: bool,
) -> Result<Option<BigIntBuf<'m>>, Error> {
    if SEPARATORS && text.iter().any(|unit| unit.code() == u32::from(b'_')) {
        // Only literals have separators, so this is no hot way: the digits are copied without them.
        let mut digits = Vec::try_with_capacity(text.len(), work.memory)?;
        for unit in text.iter().filter(|unit| unit.code() != u32::from(b'_')) {
            digits.try_push(*unit)?;
        }
        return from_plain_digits(work, &digits, radix, negative);
    }
    from_plain_digits(work, text, radix, negative)
}

fn from_plain_digits<'m, U: CodeUnit>(
    work: &mut Work<'m, '_>,
    text: &[U],
    radix: u32,
    negative: bool,
) -> Result<Option<BigIntBuf<'m>>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    for part in text.chunks(RUN) {
        work.spend(part.len())?;
        if part.iter().fold(false, |bad, unit| bad | (unit.digit() >= radix)) {
            return Ok(None);
        }
    }
    let is_zero = |unit: U| unit.code() == u32::from(b'0');
    let zeros =
        run_end(text, 0, &mut |units| work.spend(units).is_ok(), is_zero).map_err(|_| Error::Interrupted)?;
    let digits = &text[zeros..];
    let radix = Radix::new(radix);
    if digits.is_empty() {
        return Ok(Some(BigIntBuf::zero(work.memory)));
    }
    if digits.len() <= radix.digits {
        let limb = [chunk_value(digits, radix.radix)];
        return BigIntBuf::from_ref(BigIntRef::new(negative, &limb), work.memory).map(Some);
    }
    if (digits.len() - 1) as f64 * radix.log2() > (MAX_BITS + 1) as f64 {
        return Err(Error::TooBig);
    }
    if !radix.is_power_of_two() && digits.len() <= SMALL * radix.digits {
        let (mut chunks, mut out) = ([0; SMALL], [0; SMALL]);
        let count = digits.len().div_ceil(radix.digits);
        for (chunk, digits) in chunks.iter_mut().zip(digits.rchunks(radix.digits)) {
            *chunk = chunk_value(digits, radix.radix);
        }
        read_leaf(&mut out[..count], &chunks[..count], radix);
        return BigIntBuf::from_ref(BigIntRef::new(negative, &out[..count]), work.memory).map(Some);
    }
    let number = if radix.is_power_of_two() {
        read_bits(work, digits, radix.twos)?
    } else {
        let mut chunks = work.zeros(digits.len().div_ceil(radix.digits))?;
        for (index, (chunk, digits)) in chunks.iter_mut().zip(digits.rchunks(radix.digits)).enumerate() {
            if index.is_multiple_of(256) {
                work.spend(256 * digits.len())?;
            }
            *chunk = chunk_value(digits, radix.radix);
        }
        let mut out = work.zeros(chunks.len())?;
        Reader::new(work, radix, chunks.len())?.read(work, &mut out, &chunks, 0)?;
        out
    };
    let number = BigIntBuf::new(negative, number);
    if number.as_ref().bit_length() > MAX_BITS { Err(Error::TooBig) } else { Ok(Some(number)) }
}

/// The value of valid digits that fit in a limb.
fn chunk_value<U: CodeUnit>(digits: &[U], radix: u64) -> u64 {
    if radix == 10 {
        // In base 10 the digit is the low half of the character.
        return digits.iter().fold(0, |value, unit| value * 10 + u64::from(unit.code() & 0xF));
    }
    digits.iter().fold(0, |value, unit| value * radix + u64::from(unit.digit()))
}

/// The limbs of valid digits of `bits` bits each.
fn read_bits<'m, U: CodeUnit>(
    work: &mut Work<'m, '_>,
    digits: &[U],
    bits: u32,
) -> Result<Vec<'m, u64>, Error> {
    let mut out = work.zeros((digits.len() * bits as usize).div_ceil(64))?;
    let (mut buffer, mut held) = (0u128, 0);
    let mut limbs = out.iter_mut();
    for part in digits.rchunks(RUN) {
        work.spend(2 * part.len())?;
        for unit in part.iter().rev() {
            buffer |= u128::from(unit.digit()) << held;
            held += bits;
            if held >= 64
                && let Some(limb) = limbs.next()
            {
                *limb = buffer as u64;
                buffer >>= 64;
                held -= 64;
            }
        }
    }
    if let Some(limb) = limbs.next() {
        *limb = buffer as u64;
    }
    Ok(out)
}

/// The powers for the value of one text.
struct Reader<'m> {
    radix: Radix,
    splits: Splits,
    powers: Vec<'m, Vec<'m, u64>>,
}

impl<'m> Reader<'m> {
    fn new(work: &mut Work<'m, '_>, radix: Radix, chunks: usize) -> Result<Self, Error> {
        let splits = Splits::of(chunks, READ_LEAF);
        let mut powers = Vec::try_with_capacity(splits.len, work.memory)?;
        for _ in 0..splits.len {
            powers.try_push(Vec::new(work.memory))?;
        }
        odd_powers(work, radix, &splits, |_, index, power| {
            powers[index] = power;
            Ok(())
        })?;
        Ok(Reader { radix, splits, powers })
    }

    /// The value of chunks, least significant first, into as many limbs.
    fn read(
        &self,
        work: &mut Work<'m, '_>,
        out: &mut [u64],
        chunks: &[u64],
        level: usize,
    ) -> Result<(), Error> {
        let Some(count) = self.splits.counts().get(level).copied() else {
            work.spend(chunks.len() * chunks.len())?;
            read_leaf(out, chunks, self.radix);
            return Ok(());
        };
        if chunks.len() <= count {
            return self.read(work, out, chunks, level + 1);
        }
        work.spend(8 * out.len())?;
        let (low, high) = out.split_at_mut(count);
        self.read(work, low, &chunks[..count], level + 1)?;
        self.read(work, high, &chunks[count..], level + 1)?;
        // low + high * odd * 2^shift
        let (odd, shift) = (&self.powers[level], shift_of(self.radix, count));
        let value = limbs::normalised(high);
        let mut product = work.zeros(odd.len() + value.len() + 1)?;
        mul::mul(work, &mut product[..odd.len() + value.len()], odd, value)?;
        limbs::shl_assign(&mut product, (shift % 64) as u32);
        high.fill(0);
        let carried = limbs::add_assign(&mut out[(shift / 64) as usize..], limbs::normalised(&product));
        debug_assert!(!carried);
        Ok(())
    }
}

/// The value of chunks, least significant first, limb by limb into as many limbs.
fn read_leaf(out: &mut [u64], chunks: &[u64], radix: Radix) {
    out.fill(0);
    let mut len = 0;
    for chunk in chunks.iter().rev() {
        let carry = limbs::mul_limb_assign(&mut out[..len], radix.chunk, *chunk);
        if carry != 0 {
            out[len] = carry;
            len += 1;
        }
    }
}
