//! Bits of BigInts: shifts, and the operations that see a negative number as infinitely many ones above its
//! two's complement.

use tare_allocators::Vec;

use super::{BigIntBuf, BigIntRef, Error, MAX_BITS, PIECE, Work, Written, build, check, limbs, negate, room};

/// The limbs to provide for `number << bits`.
pub fn shift_left_limbs(number: BigIntRef<'_>, bits: u64) -> Result<usize, Error> {
    if number.is_zero() {
        return Ok(0);
    }
    let total = number.bit_length().saturating_add(bits);
    if total > MAX_BITS { Err(Error::TooBig) } else { Ok(total.div_ceil(64) as usize) }
}

/// Zeros.
fn clear(work: &mut Work<'_, '_>, out: &mut [u64]) -> Result<(), Error> {
    for piece in out.chunks_mut(PIECE) {
        work.spend_if_long(piece.len())?;
        piece.fill(0);
    }
    Ok(())
}

/// `number << bits` into `out`, of [`shift_left_limbs`] limbs.
pub fn shift_left_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<Written, Error> {
    if number.is_zero() {
        out.fill(0);
        return Ok(Written { negative: false, len: 0 });
    }
    let (words, count) = ((bits / 64) as usize, number.limbs.len());
    let (low, high) = out.split_at_mut(words);
    clear(work, low)?;
    let (shifted, above) = high.split_at_mut(count);
    let mut carry = 0;
    for (out, limbs) in shifted.chunks_mut(PIECE).zip(number.limbs.chunks(PIECE)) {
        work.spend_if_long(limbs.len())?;
        let carried = limbs::shl_into(out, limbs, (bits % 64) as u32);
        out[0] |= carry;
        carry = carried;
    }
    above.fill(0);
    if let Some(top) = above.first_mut() {
        *top = carry;
    }
    Ok(Written::of(number.negative, out))
}

/// `number << bits`.
pub fn shift_left_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, shift_left_limbs(number, bits)?, |work, out| shift_left_into(work, out, number, bits))
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
pub fn shift_right_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<Written, Error> {
    if bits >= number.bit_length() {
        out.fill(0);
        out[0] = u64::from(number.negative);
        return Ok(Written::of(number.negative, out));
    }
    let (words, rest) = ((bits / 64) as usize, (bits % 64) as u32);
    let kept = &number.limbs[words..];
    let (shifted, above) = out.split_at_mut(kept.len());
    for (index, (out, limbs)) in shifted.chunks_mut(PIECE).zip(kept.chunks(PIECE)).enumerate() {
        work.spend_if_long(limbs.len())?;
        limbs::shr_into(out, limbs, rest);
        if let (Some(next), Some(top), 1..) = (kept.get((index + 1) * PIECE), out.last_mut(), rest) {
            *top |= next << (64 - rest);
        }
    }
    above.fill(0);
    if number.negative {
        let mut lost = kept[0] & ((1 << rest) - 1) != 0;
        for piece in number.limbs[..words].chunks(PIECE) {
            work.spend_if_long(piece.len())?;
            lost = lost || piece.iter().any(|limb| *limb != 0);
        }
        if lost {
            limbs::add_limb(out, 1);
        }
    }
    Ok(Written::of(number.negative, out))
}

/// `number >> bits`, rounded towards minus infinity.
pub fn shift_right_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    build(work, shift_right_limbs(number, bits), |work, out| shift_right_into(work, out, number, bits))
}

/// The bits that an amount shifts by: every amount beyond a limb does what the largest one does.
pub fn shift_amount(amount: BigIntRef<'_>) -> u64 {
    if amount.limbs.len() > 1 { u64::MAX } else { amount.limbs.first().copied().unwrap_or(0) }
}

/// `number << amount`: to the right if `amount` is negative.
pub fn shift_left<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    amount: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    let bits = shift_amount(amount);
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

/// Calls `each` with pieces of all three, which are of the same length.
#[inline(always)]
fn in_pieces(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: &[u64],
    b: &[u64],
    op: impl Fn(u64, u64) -> u64,
) -> Result<(), Error> {
    for ((out, a), b) in out.chunks_mut(PIECE).zip(a.chunks(PIECE)).zip(b.chunks(PIECE)) {
        work.spend_if_long(2 * out.len())?;
        for ((limb, x), y) in out.iter_mut().zip(a).zip(b) {
            *limb = op(*x, *y);
        }
    }
    Ok(())
}

#[inline(always)]
fn bitwise_into<'a>(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'a>,
    b: BigIntRef<'a>,
    op: impl Fn(u64, u64) -> u64,
) -> Result<Written, Error> {
    let flip = |number: BigIntRef<'_>| if number.negative { u64::MAX } else { 0 };
    let (flip_a, flip_b) = (flip(a), flip(b));
    // Negation carries as far as the lowest limb that is not zero; from there on it only flips bits.
    let mut start = 0;
    if a.negative || b.negative {
        let (mut x, mut y) = (Complement::of(a), Complement::of(b));
        while start < out.len() && (a.negative && x.carry || b.negative && y.carry) {
            work.spend(1)?;
            out[start] = op(x.next(), y.next());
            start += 1;
        }
    }
    let rest_of = |number: BigIntRef<'a>| -> &'a [u64] { number.limbs.get(start..).unwrap_or_default() };
    let (rest_a, rest_b) = (rest_of(a), rest_of(b));
    let both = rest_a.len().min(rest_b.len());
    let (common, above) = out[start..].split_at_mut(both);
    in_pieces(work, common, &rest_a[..both], &rest_b[..both], |x, y| op(x ^ flip_a, y ^ flip_b))?;
    // Above the shorter number there are only its signs, and above both.
    let (longer, top) = above.split_at_mut(rest_a.len().max(rest_b.len()) - both);
    let (more_a, more_b) = (&rest_a[both..], &rest_b[both..]);
    if more_a.is_empty() {
        in_pieces(work, longer, more_b, more_b, |_, y| op(flip_a, y ^ flip_b))?;
    } else {
        in_pieces(work, longer, more_a, more_a, |x, _| op(x ^ flip_a, flip_b))?;
    }
    top.fill(op(flip_a, flip_b));
    let negative = op(u64::from(a.negative), u64::from(b.negative)) & 1 == 1;
    if negative {
        negate(work, out)?;
    }
    check(Written::of_long(work, negative, out)?)
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
    build(work, bitwise_limbs(a, b)?, |work, out| bitwise_into(work, out, a, b, op))
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
    for (longer, shorter) in longer.chunks(PIECE).zip(shorter.chunks(PIECE)) {
        work.spend_if_long(shorter.len())?;
        limbs.try_extend_zip(longer, shorter, &op)?;
    }
    for piece in rest.chunks(PIECE) {
        work.spend_if_long(piece.len())?;
        limbs.try_extend_from_slice(piece)?;
    }
    let len = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |i| i + 1);
    limbs.truncate(len);
    Ok(BigIntBuf { negative: false, limbs })
}

/// `a & b` into `out`, of [`bitwise_limbs`] limbs.
pub fn and_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    bitwise_into(work, out, a, b, |x, y| x & y)
}

/// `a & b`.
pub fn and<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x & y)
}

/// `a | b` into `out`, of [`bitwise_limbs`] limbs.
pub fn or_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    bitwise_into(work, out, a, b, |x, y| x | y)
}

/// `a | b`.
pub fn or<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x | y)
}

/// `a ^ b` into `out`, of [`bitwise_limbs`] limbs.
pub fn xor_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    bitwise_into(work, out, a, b, |x, y| x ^ y)
}

/// `a ^ b`.
pub fn xor<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x ^ y)
}

const MINUS_ONE: BigIntRef<'static> = BigIntRef { negative: true, limbs: &[1] };

/// `~a` into `out`, of [`super::add_limbs`] limbs for `a` and a number of one limb.
pub fn not_into(work: &mut Work<'_, '_>, out: &mut [u64], a: BigIntRef<'_>) -> Result<Written, Error> {
    super::sub_into(work, out, MINUS_ONE, a)
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
        limbs::negate(out, true);
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
        limbs::negate(out, true);
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
