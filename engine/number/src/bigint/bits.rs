//! Bits of BigInts: shifts, and the operations that see a negative number as infinitely many ones above its
//! two's complement.

use tare_allocators::Vec;

use super::{BigIntBuf, BigIntRef, Error, MAX_BITS, Work, Written, check, finish, limbs, room};

/// `number << bits`.
pub fn shift_left_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    if number.is_zero() {
        return Ok(BigIntBuf::zero(work.memory));
    }
    if number.bit_length().saturating_add(bits) > MAX_BITS {
        return Err(Error::TooBig);
    }
    let words = (bits / 64) as usize;
    let mut out = work.zeros((number.bit_length() + bits).div_ceil(64).max(1) as usize)?;
    let len = number.limbs.len().min(out.len() - words);
    let carry = limbs::shl_into(&mut out[words..words + len], number.limbs, (bits % 64) as u32);
    if let Some(top) = out.get_mut(words + len) {
        *top = carry;
    }
    Ok(BigIntBuf::new(number.negative, out))
}

/// `number >> bits`, rounded towards minus infinity.
pub fn shift_right_bits<'m>(
    work: &mut Work<'m, '_>,
    number: BigIntRef<'_>,
    bits: u64,
) -> Result<BigIntBuf<'m>, Error> {
    if bits >= number.bit_length() {
        let limb = u64::from(number.negative);
        return BigIntBuf::from_ref(BigIntRef::new(number.negative, &[limb]), work.memory);
    }
    let (words, rest) = ((bits / 64) as usize, (bits % 64) as u32);
    let kept = &number.limbs[words..];
    let lost = number.limbs[..words].iter().any(|limb| *limb != 0) || kept[0] & ((1 << rest) - 1) != 0;
    // A negative number that loses bits goes one further from zero, which may take a limb more.
    let grows = number.negative && lost;
    let mut out = work.zeros(kept.len() + usize::from(grows))?;
    limbs::shr_into(&mut out[..kept.len()], kept, rest);
    if grows {
        limbs::add_limb(&mut out, 1);
    }
    Ok(BigIntBuf::new(number.negative, out))
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
    if let Some((x, y)) = super::both_one_limb(a, b) {
        // In 128 bits the two's complement of either has its signs in the upper half.
        let (low, high) = (op(x as u64, y as u64), op((x >> 64) as u64, (y >> 64) as u64));
        let result = (u128::from(high) << 64 | u128::from(low)) as i128;
        return super::of_two_limbs(work, result < 0, result.unsigned_abs());
    }
    let mut out = work.zeros(bitwise_limbs(a, b)?)?;
    let written = bitwise_into(&mut out, a, b, op)?;
    finish(out, written)
}

/// `a & b`.
pub fn and<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x & y)
}

/// `a | b`.
pub fn or<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x | y)
}

/// `a ^ b`.
pub fn xor<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    bitwise(work, a, b, |x, y| x ^ y)
}

/// `~a`, which is `-a - 1`.
pub fn not<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    let minus_one = BigIntRef { negative: true, limbs: &[1] };
    super::sub(work, minus_one, a)
}

/// The low `bits` bits of a magnitude.
fn low_bits<'m>(work: &Work<'m, '_>, number: BigIntRef<'_>, bits: u64) -> Result<Vec<'m, u64>, Error> {
    let words = bits.div_ceil(64).min(number.limbs.len() as u64) as usize;
    let mut low = Vec::try_from_slice(&number.limbs[..words], work.memory)?;
    if let Some(top) = low.get_mut((bits / 64) as usize) {
        *top &= (1 << (bits % 64)) - 1;
    }
    Ok(low)
}

/// `2^bits - magnitude` for a magnitude of at most that, and not zero.
fn complement_to<'m>(work: &Work<'m, '_>, magnitude: &[u64], bits: u64) -> Result<Vec<'m, u64>, Error> {
    let mut out = work.zeros(bits.div_ceil(64) as usize)?;
    let len = limbs::significant(magnitude);
    let count = len.min(out.len());
    out[..count].copy_from_slice(&magnitude[..count]);
    limbs::negate(&mut out);
    if !bits.is_multiple_of(64)
        && let Some(top) = out.last_mut()
    {
        *top &= (1 << (bits % 64)) - 1;
    }
    Ok(out)
}

/// BigInt.asUintN: the number modulo 2^bits.
pub fn as_uint_n<'m>(
    work: &mut Work<'m, '_>,
    bits: u64,
    number: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    if !number.negative && number.bit_length() <= bits {
        return BigIntBuf::from_ref(number, work.memory);
    }
    let low = low_bits(work, number, bits)?;
    if !number.negative || limbs::significant(&low) == 0 {
        return Ok(BigIntBuf::new(false, low));
    }
    if bits > MAX_BITS {
        return Err(Error::TooBig);
    }
    Ok(BigIntBuf::new(false, complement_to(work, &low, bits)?))
}

/// BigInt.asIntN: the number modulo 2^bits, from -2^(bits-1) on.
pub fn as_int_n<'m>(
    work: &mut Work<'m, '_>,
    bits: u64,
    number: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    if number.bit_length() < bits {
        return BigIntBuf::from_ref(number, work.memory);
    }
    if bits == 0 {
        return Ok(BigIntBuf::zero(work.memory));
    }
    // From here on the number has at least `bits` bits, so that is no large amount.
    let low = as_uint_n(work, bits, number)?;
    let sign = bits - 1;
    let is_set = low.limbs.get((sign / 64) as usize).is_some_and(|limb| limb >> (sign % 64) & 1 == 1);
    if !is_set {
        return Ok(low);
    }
    // 2^bits - low is 2^(bits-1) at most, which has no more limbs.
    Ok(BigIntBuf::new(true, complement_to(work, &low.limbs, bits)?))
}
