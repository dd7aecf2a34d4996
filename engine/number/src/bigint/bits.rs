//! Bits of BigInts: shifts, and the operations that see a negative number as infinitely many ones above its
//! two's complement.

use tare_allocators::Vec;

use super::{BigIntBuf, BigIntRef, Error, MAX_BITS, Work, Written, build, check, limbs, room};

/// The limbs to provide for `number << bits`.
pub fn shift_left_limbs(number: BigIntRef<'_>, bits: u64) -> Result<usize, Error> {
    if number.is_zero() {
        return Ok(0);
    }
    let total = number.bit_length().saturating_add(bits);
    if total > MAX_BITS { Err(Error::TooBig) } else { Ok(total.div_ceil(64) as usize) }
}

/// `number << bits` into `out`, of [`shift_left_limbs`] limbs.
pub fn shift_left_into(out: &mut [u64], number: BigIntRef<'_>, bits: u64) -> Written {
    if number.is_zero() {
        out.fill(0);
        return Written { negative: false, len: 0 };
    }
    let (words, count) = ((bits / 64) as usize, number.limbs.len());
    let (low, high) = out.split_at_mut(words);
    low.fill(0);
    let (shifted, above) = high.split_at_mut(count);
    let carry = limbs::shl_into(shifted, number.limbs, (bits % 64) as u32);
    above.fill(0);
    if let Some(top) = above.first_mut() {
        *top = carry;
    }
    Written::of(number.negative, out)
}

/// `number << bits`.
pub fn shift_left_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, shift_left_limbs(number, bits)?, |_, out| Ok(shift_left_into(out, number, bits)))
}

/// The limbs to provide for `number >> bits`.
pub fn shift_right_limbs(number: BigIntRef<'_>, bits: u64) -> usize {
    if bits >= number.bit_length() {
        return 1;
    }
    // A negative number that loses bits goes one further from zero, which may take a limb more.
    number.limbs.len() - (bits / 64) as usize + usize::from(number.negative)
}

/// `number >> bits`, rounded towards minus infinity, into `out`, of [`shift_right_limbs`] limbs.
pub fn shift_right_into(out: &mut [u64], number: BigIntRef<'_>, bits: u64) -> Written {
    if bits >= number.bit_length() {
        out.fill(0);
        out[0] = u64::from(number.negative);
        return Written::of(number.negative, out);
    }
    let (words, rest) = ((bits / 64) as usize, (bits % 64) as u32);
    let kept = &number.limbs[words..];
    let lost = number.limbs[..words].iter().any(|limb| *limb != 0) || kept[0] & ((1 << rest) - 1) != 0;
    let (shifted, above) = out.split_at_mut(kept.len());
    limbs::shr_into(shifted, kept, rest);
    above.fill(0);
    if number.negative && lost {
        limbs::add_limb(out, 1);
    }
    Written::of(number.negative, out)
}

/// `number >> bits`, rounded towards minus infinity.
pub fn shift_right_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, shift_right_limbs(number, bits), |_, out| Ok(shift_right_into(out, number, bits)))
}

/// `number << amount`: to the right if `amount` is negative.
pub fn shift_left<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    amount: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    // Every amount beyond a limb does what the largest one does.
    let bits = if amount.limbs.len() > 1 { u64::MAX } else { amount.limbs.first().copied().unwrap_or(0) };
    if amount.negative { shift_right_bits(work, number, bits) } else { shift_left_bits(work, number, bits) }
}

/// `number >> amount`: to the left if `amount` is negative.
pub fn shift_right<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    amount: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    shift_left(work, number, amount.negated())
}

/// The limbs of the two's complement, from the lowest, without end.
struct Complement<'a> {
    limbs: core::slice::Iter<'a, u64>,
    negative: bool,
    /// While the limbs so far were all zero, negation carries one further.
    carry: bool,
}

impl<'a> Complement<'a> {
    fn of(number: BigIntRef<'a>) -> Self {
        Complement { limbs: number.limbs.iter(), negative: number.negative, carry: true }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let limb = self.limbs.next().copied().unwrap_or(0);
        if !self.negative {
            return limb;
        }
        let negated;
        (negated, self.carry) = (!limb).overflowing_add(u64::from(self.carry));
        negated
    }
}

/// The limbs to provide for a bitwise operation.
pub fn bitwise_limbs(a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<usize, Error> {
    room(a.limbs.len().max(b.limbs.len()) + 1)
}

#[inline(always)]
fn bitwise_into<'a>(
    out: &mut [u64],
    a: BigIntRef<'a>,
    b: BigIntRef<'a>,
    op: impl Fn(u64, u64) -> u64,
) -> Result<Written, Error> {
    if !a.negative && !b.negative {
        let both = a.limbs.len().min(b.limbs.len());
        let ((common_a, rest_a), (common_b, rest_b)) = (a.limbs.split_at(both), b.limbs.split_at(both));
        let (common, above) = out.split_at_mut(both);
        for ((limb, x), y) in common.iter_mut().zip(common_a).zip(common_b) {
            *limb = op(*x, *y);
        }
        // Zeros above the shorter number leave the other as it is, or nothing of it.
        let keep = op(u64::MAX, 0);
        let (longer, top) = above.split_at_mut(rest_a.len().max(rest_b.len()));
        for (limb, x) in longer.iter_mut().zip(rest_a.iter().chain(rest_b)) {
            *limb = x & keep;
        }
        top.fill(0);
        return check(Written::of(false, out));
    }
    // Negation carries as far as the lowest limb that is not zero; from there on it only flips bits.
    let carries = |number: BigIntRef<'_>| match number.negative {
        true => number.limbs.iter().take_while(|limb| **limb == 0).count() + 1,
        false => 0,
    };
    let start = carries(a).max(carries(b)).min(out.len());
    let (mut x, mut y) = (Complement::of(a), Complement::of(b));
    for limb in &mut out[..start] {
        *limb = op(x.next(), y.next());
    }
    let flip = |number: BigIntRef<'_>| if number.negative { u64::MAX } else { 0 };
    let (flip_a, flip_b) = (flip(a), flip(b));
    let rest_of = |number: BigIntRef<'a>| -> &'a [u64] { number.limbs.get(start..).unwrap_or_default() };
    let (rest_a, rest_b) = (rest_of(a), rest_of(b));
    let both = rest_a.len().min(rest_b.len());
    let (common, above) = out[start..].split_at_mut(both);
    for ((limb, x), y) in common.iter_mut().zip(rest_a).zip(rest_b) {
        *limb = op(x ^ flip_a, y ^ flip_b);
    }
    // Above the shorter number there are only its signs, and above both.
    let (longer, top) = above.split_at_mut(rest_a.len().max(rest_b.len()) - both);
    for (limb, x) in longer.iter_mut().zip(rest_a[both..].iter()) {
        *limb = op(x ^ flip_a, flip_b);
    }
    for (limb, y) in longer.iter_mut().zip(rest_b[both..].iter()) {
        *limb = op(flip_a, y ^ flip_b);
    }
    top.fill(op(flip_a, flip_b));
    let negative = op(u64::from(a.negative), u64::from(b.negative)) & 1 == 1;
    if negative {
        limbs::negate(out);
    }
    check(Written::of(negative, out))
}

#[inline(always)]
fn bitwise<'m>(
    work: &mut Work<'m, '_>,
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
    op: impl Fn(u64, u64) -> u64,
) -> Result<BigIntBuf<'m>, Error> {
    if !a.negative && !b.negative {
        return bitwise_of_naturals(work, a.limbs, b.limbs, op);
    }
    if let Some((x, y)) = super::both_one_limb(a, b) {
        // In 128 bits the two's complement of either has its signs in the upper half.
        let (low, high) = (op(x as u64, y as u64), op((x >> 64) as u64, (y >> 64) as u64));
        let result = (u128::from(high) << 64 | u128::from(low)) as i128;
        return super::of_two_limbs(work, result < 0, result.unsigned_abs());
    }
    build(work, bitwise_limbs(a, b)?, |_, out| bitwise_into(out, a, b, op))
}

/// The operation on numbers that are not negative: each limb of the result is written once, which is all
/// that such an operation costs.
#[inline(always)]
fn bitwise_of_naturals<'m>(
    work: &mut Work<'m, '_>,
    a: &[u64],
    b: &[u64],
    op: impl Fn(u64, u64) -> u64,
) -> Result<BigIntBuf<'m>, Error> {
    let (longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let rest = &longer[shorter.len()..];
    // Zeros above the shorter number leave the longer as it is, or nothing of it.
    let rest = &rest[..if op(u64::MAX, 0) == 0 { 0 } else { rest.len() }];
    let mut limbs = Vec::try_with_capacity(shorter.len() + rest.len(), work.memory)?;
    limbs.try_extend_zip(longer, shorter, op)?;
    limbs.try_extend_from_slice(rest)?;
    let len = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |i| i + 1);
    limbs.truncate(len);
    Ok(BigIntBuf { negative: false, limbs })
}

/// `a & b` into `out`, of [`bitwise_limbs`] limbs.
pub fn and_into(out: &mut [u64], a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<Written, Error> {
    bitwise_into(out, a, b, |x, y| x & y)
}

/// `a & b`.
pub fn and<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x & y)
}

/// `a | b` into `out`, of [`bitwise_limbs`] limbs.
pub fn or_into(out: &mut [u64], a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<Written, Error> {
    bitwise_into(out, a, b, |x, y| x | y)
}

/// `a | b`.
pub fn or<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x | y)
}

/// `a ^ b` into `out`, of [`bitwise_limbs`] limbs.
pub fn xor_into(out: &mut [u64], a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<Written, Error> {
    bitwise_into(out, a, b, |x, y| x ^ y)
}

/// `a ^ b`.
pub fn xor<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x ^ y)
}

const MINUS_ONE: BigIntRef<'static> = BigIntRef { negative: true, limbs: &[1] };

/// `~a` into `out`, of [`super::add_limbs`] limbs for `a` and a number of one limb.
pub fn not_into(out: &mut [u64], a: BigIntRef<'_>) -> Result<Written, Error> {
    super::sub_into(out, MINUS_ONE, a)
}

/// `~a`, which is `-a - 1`.
pub fn not<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    super::sub(work, MINUS_ONE, a)
}

/// The limbs to provide for BigInt.asUintN.
pub fn as_uint_n_limbs(bits: u64, number: BigIntRef<'_>) -> Result<usize, Error> {
    if !number.negative || number.bit_length() > bits {
        return Ok(as_int_n_limbs(bits, number));
    }
    // The complement of a negative number has all the bits asked for.
    if bits > MAX_BITS { Err(Error::TooBig) } else { Ok(bits.div_ceil(64) as usize) }
}

/// The limbs to provide for BigInt.asIntN.
pub fn as_int_n_limbs(bits: u64, number: BigIntRef<'_>) -> usize {
    bits.div_ceil(64).min(number.limbs.len() as u64) as usize
}

/// Cuts `out` down to its low bits; the limbs above become zero.
fn keep_low_bits(out: &mut [u64], bits: u64) {
    let words = bits.div_ceil(64).min(out.len() as u64) as usize;
    out[words..].fill(0);
    if !bits.is_multiple_of(64)
        && let Some(top) = out.get_mut((bits / 64) as usize)
    {
        *top &= (1 << (bits % 64)) - 1;
    }
}

/// The low limbs of a magnitude, as many as there is room for.
fn copy_low(out: &mut [u64], number: BigIntRef<'_>) {
    let count = out.len().min(number.limbs.len());
    out[..count].copy_from_slice(&number.limbs[..count]);
    out[count..].fill(0);
}

/// BigInt.asUintN: the number modulo 2^bits, into `out`, of [`as_uint_n_limbs`] limbs.
pub fn as_uint_n_into(out: &mut [u64], bits: u64, number: BigIntRef<'_>) -> Written {
    copy_low(out, number);
    if number.negative {
        limbs::negate(out);
    }
    keep_low_bits(out, bits);
    Written::of(false, out)
}

/// BigInt.asIntN: the number modulo 2^bits, from -2^(bits-1) on, into `out`, of [`as_int_n_limbs`] limbs.
pub fn as_int_n_into(out: &mut [u64], bits: u64, number: BigIntRef<'_>) -> Written {
    if number.bit_length() < bits {
        copy_low(out, number);
        return Written::of(number.negative, out);
    }
    // From here on the number has at least `bits` bits, so that is no large amount.
    as_uint_n_into(out, bits, number);
    let sign = bits.wrapping_sub(1);
    let is_set = out.get((sign / 64) as usize).is_some_and(|limb| limb >> (sign % 64) & 1 == 1);
    if is_set {
        // 2^bits - low is 2^(bits-1) at most, which has no more limbs.
        limbs::negate(out);
        keep_low_bits(out, bits);
    }
    Written::of(is_set, out)
}

/// BigInt.asUintN: the number modulo 2^bits.
pub fn as_uint_n<'m>(
    work: &mut Work<'m, '_>,
    bits: u64,
    number: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, as_uint_n_limbs(bits, number)?, |_, out| Ok(as_uint_n_into(out, bits, number)))
}

/// BigInt.asIntN: the number modulo 2^bits, from -2^(bits-1) on.
pub fn as_int_n<'m>(
    work: &mut Work<'m, '_>,
    bits: u64,
    number: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, as_int_n_limbs(bits, number), |_, out| Ok(as_int_n_into(out, bits, number)))
}
