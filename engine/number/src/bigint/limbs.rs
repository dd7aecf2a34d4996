//! Loops over limbs: the only place where carries are carried by hand.
//!
//! Slices are little-endian: the least significant limb first. Unless a function says otherwise its
//! operands may have leading zeros. Lengths that do not fit together are mistakes of the caller inside this
//! crate; they show as panics of the slice arithmetic, never as wrong memory accesses.

use core::cmp::Ordering;

/// The number of limbs without leading zeros.
#[inline]
pub(crate) fn significant(limbs: &[u64]) -> usize {
    limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1)
}

/// The slice without leading zeros.
#[inline]
pub(crate) fn normalised(limbs: &[u64]) -> &[u64] {
    &limbs[..significant(limbs)]
}

/// The number of bits of a normalised magnitude.
#[inline]
pub(crate) fn bit_length(limbs: &[u64]) -> u64 {
    match limbs.last() {
        None => 0,
        Some(top) => 64 * limbs.len() as u64 - u64::from(top.leading_zeros()),
    }
}

/// Compares two normalised magnitudes.
pub(crate) fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| compare_equal_length(a, b))
}

/// Compares two magnitudes of the same number of limbs.
pub(crate) fn compare_equal_length(a: &[u64], b: &[u64]) -> Ordering {
    debug_assert_eq!(a.len(), b.len());
    a.iter().rev().cmp(b.iter().rev())
}

/// `a += b` for slices of the same length; returns the carry.
pub(crate) fn add_same(a: &mut [u64], b: &[u64]) -> bool {
    let b = &b[..a.len()];
    let (a_chunks, a_rest) = a.as_chunks_mut::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    let mut carry = false;
    for (x, y) in a_chunks.iter_mut().zip(b_chunks) {
        (x[0], carry) = x[0].carrying_add(y[0], carry);
        (x[1], carry) = x[1].carrying_add(y[1], carry);
        (x[2], carry) = x[2].carrying_add(y[2], carry);
        (x[3], carry) = x[3].carrying_add(y[3], carry);
    }
    for (x, y) in a_rest.iter_mut().zip(b_rest) {
        (*x, carry) = x.carrying_add(*y, carry);
    }
    carry
}

/// `a -= b` for slices of the same length; returns the borrow.
pub(crate) fn sub_same(a: &mut [u64], b: &[u64]) -> bool {
    let b = &b[..a.len()];
    let (a_chunks, a_rest) = a.as_chunks_mut::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    let mut borrow = false;
    for (x, y) in a_chunks.iter_mut().zip(b_chunks) {
        (x[0], borrow) = x[0].borrowing_sub(y[0], borrow);
        (x[1], borrow) = x[1].borrowing_sub(y[1], borrow);
        (x[2], borrow) = x[2].borrowing_sub(y[2], borrow);
        (x[3], borrow) = x[3].borrowing_sub(y[3], borrow);
    }
    for (x, y) in a_rest.iter_mut().zip(b_rest) {
        (*x, borrow) = x.borrowing_sub(*y, borrow);
    }
    borrow
}

/// Adds one limb; returns the carry.
#[inline]
pub(crate) fn add_limb(a: &mut [u64], addend: u64) -> bool {
    let mut carry = addend;
    for limb in a {
        if carry == 0 {
            return false;
        }
        let overflow;
        (*limb, overflow) = limb.overflowing_add(carry);
        carry = u64::from(overflow);
    }
    carry != 0
}

/// Subtracts one limb; returns the borrow.
#[inline]
pub(crate) fn sub_limb(a: &mut [u64], part: u64) -> bool {
    let mut borrow = part;
    for limb in a {
        if borrow == 0 {
            return false;
        }
        let underflow;
        (*limb, underflow) = limb.overflowing_sub(borrow);
        borrow = u64::from(underflow);
    }
    borrow != 0
}

/// `a += b` where `a` is not shorter; returns the carry out of `a`.
pub(crate) fn add_assign(a: &mut [u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at_mut(b.len());
    add_same(low, b) && add_limb(high, 1)
}

/// `a -= b` where `a` is not shorter; returns the borrow out of `a`.
pub(crate) fn sub_assign(a: &mut [u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at_mut(b.len());
    sub_same(low, b) && sub_limb(high, 1)
}

/// `out = a + b` where `a` is not shorter than `b` and `out` is as long as `a`; returns the carry.
pub(crate) fn add_into(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at(b.len());
    let (out_low, out_high) = out.split_at_mut(b.len());
    let mut carry = false;
    let (out_chunks, out_rest) = out_low.as_chunks_mut::<4>();
    let ((a_chunks, a_rest), (b_chunks, b_rest)) = (low.as_chunks::<4>(), b.as_chunks::<4>());
    for ((o, x), y) in out_chunks.iter_mut().zip(a_chunks).zip(b_chunks) {
        (o[0], carry) = x[0].carrying_add(y[0], carry);
        (o[1], carry) = x[1].carrying_add(y[1], carry);
        (o[2], carry) = x[2].carrying_add(y[2], carry);
        (o[3], carry) = x[3].carrying_add(y[3], carry);
    }
    for ((o, x), y) in out_rest.iter_mut().zip(a_rest).zip(b_rest) {
        (*o, carry) = x.carrying_add(*y, carry);
    }
    out_high.copy_from_slice(high);
    carry && add_limb(out_high, 1)
}

/// `out = a - b` where `a` is not shorter than `b` and `out` is as long as `a`; returns the borrow.
pub(crate) fn sub_into(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at(b.len());
    let (out_low, out_high) = out.split_at_mut(b.len());
    let mut borrow = false;
    let (out_chunks, out_rest) = out_low.as_chunks_mut::<4>();
    let ((a_chunks, a_rest), (b_chunks, b_rest)) = (low.as_chunks::<4>(), b.as_chunks::<4>());
    for ((o, x), y) in out_chunks.iter_mut().zip(a_chunks).zip(b_chunks) {
        (o[0], borrow) = x[0].borrowing_sub(y[0], borrow);
        (o[1], borrow) = x[1].borrowing_sub(y[1], borrow);
        (o[2], borrow) = x[2].borrowing_sub(y[2], borrow);
        (o[3], borrow) = x[3].borrowing_sub(y[3], borrow);
    }
    for ((o, x), y) in out_rest.iter_mut().zip(a_rest).zip(b_rest) {
        (*o, borrow) = x.borrowing_sub(*y, borrow);
    }
    out_high.copy_from_slice(high);
    borrow && sub_limb(out_high, 1)
}

/// `out = |a - b|` where `a` is not shorter than `b` and `out` is as long as `a`; returns whether `b` is the
/// greater one.
pub(crate) fn difference_into(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    if !sub_into(out, a, b) {
        return false;
    }
    negate(out, true);
    true
}

/// The two's complement negation of all limbs, or of some with what the limbs below `carry`; returns the carry.
pub(crate) fn negate(limbs: &mut [u64], mut carry: bool) -> bool {
    for limb in limbs {
        (*limb, carry) = (!*limb).overflowing_add(u64::from(carry));
    }
    carry
}

/// `a = a * factor + addend`; returns the limb carried out.
pub(crate) fn mul_limb_assign(a: &mut [u64], factor: u64, addend: u64) -> u64 {
    let mut carry = addend;
    for x in a {
        (*x, carry) = x.carrying_mul(factor, carry);
    }
    carry
}

/// `out += a * factor` for slices of the same length; returns the limb carried out.
#[inline]
pub(crate) fn add_mul(out: &mut [u64], a: &[u64], factor: u64) -> u64 {
    let out = &mut out[..a.len()];
    let (out_chunks, out_rest) = out.as_chunks_mut::<4>();
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    let mut carry = 0;
    for (o, x) in out_chunks.iter_mut().zip(a_chunks) {
        (o[0], carry) = x[0].carrying_mul_add(factor, o[0], carry);
        (o[1], carry) = x[1].carrying_mul_add(factor, o[1], carry);
        (o[2], carry) = x[2].carrying_mul_add(factor, o[2], carry);
        (o[3], carry) = x[3].carrying_mul_add(factor, o[3], carry);
    }
    for (o, x) in out_rest.iter_mut().zip(a_rest) {
        (*o, carry) = x.carrying_mul_add(factor, *o, carry);
    }
    carry
}

/// `out += a * factors`, four rows of a product at once, which halves the loads, stores and carries. The first
/// `a.len()` limbs of `out` are added to, and the four above them written.
pub(crate) fn add_mul_4(out: &mut [u64], a: &[u64], factors: &[u64; 4]) {
    let [f0, f1, f2, f3] = *factors;
    let (rows, above) = out.split_at_mut(a.len());
    // What the limbs so far leave for the next four places.
    let [mut c0, mut c1, mut c2, mut c3] = [0u64; 4];
    for (o, x) in rows.iter_mut().zip(a) {
        let (p0, h0) = x.carrying_mul(f0, *o);
        let (l1, h1) = x.carrying_mul(f1, 0);
        let (l2, h2) = x.carrying_mul(f2, 0);
        let (l3, h3) = x.carrying_mul(f3, 0);
        let (p1, carry) = h0.carrying_add(l1, false);
        let (p2, carry) = h1.carrying_add(l2, carry);
        let (p3, carry) = h2.carrying_add(l3, carry);
        let p4 = h3.wrapping_add(u64::from(carry));
        let carry;
        (*o, carry) = p0.carrying_add(c0, false);
        let carry_1;
        (c0, carry_1) = p1.carrying_add(c1, carry);
        let carry_2;
        (c1, carry_2) = p2.carrying_add(c2, carry_1);
        let carry_3;
        (c2, carry_3) = p3.carrying_add(c3, carry_2);
        c3 = p4.wrapping_add(u64::from(carry_3));
    }
    above[..4].copy_from_slice(&[c0, c1, c2, c3]);
}

/// `out -= a * factor` for slices of the same length; returns the limb borrowed.
#[inline]
pub(crate) fn sub_mul(out: &mut [u64], a: &[u64], factor: u64) -> u64 {
    let out = &mut out[..a.len()];
    // out - a*f = !(!out + a*f): the complement turns the subtraction into the faster addition.
    let mut carry = 0;
    let (out_chunks, out_rest) = out.as_chunks_mut::<4>();
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    for (o, x) in out_chunks.iter_mut().zip(a_chunks) {
        for lane in 0..4 {
            let sum;
            (sum, carry) = x[lane].carrying_mul_add(factor, !o[lane], carry);
            o[lane] = !sum;
        }
    }
    for (o, x) in out_rest.iter_mut().zip(a_rest) {
        let sum;
        (sum, carry) = x.carrying_mul_add(factor, !*o, carry);
        *o = !sum;
    }
    carry
}

/// `out = a << bits` for `bits` below 64, with `out` as long as `a`; returns the bits shifted out.
pub(crate) fn shl_into(out: &mut [u64], a: &[u64], bits: u32) -> u64 {
    if bits == 0 {
        out.copy_from_slice(a);
        return 0;
    }
    let mut carry = 0;
    for (o, x) in out.iter_mut().zip(a) {
        *o = x << bits | carry;
        carry = x >> (64 - bits);
    }
    carry
}

/// `a <<= bits` for `bits` below 64; returns the bits shifted out.
pub(crate) fn shl_assign(a: &mut [u64], bits: u32) -> u64 {
    if bits == 0 {
        return 0;
    }
    let mut carry = 0;
    for x in a {
        (*x, carry) = (*x << bits | carry, *x >> (64 - bits));
    }
    carry
}

/// `a >>= bits` for `bits` below 64.
pub(crate) fn shr_assign(a: &mut [u64], bits: u32) {
    if bits == 0 {
        return;
    }
    let mut carry = 0;
    for x in a.iter_mut().rev() {
        (*x, carry) = (*x >> bits | carry, *x << (64 - bits));
    }
}

/// `out = a >> bits` for `bits` below 64, with `out` as long as `a`.
pub(crate) fn shr_into(out: &mut [u64], a: &[u64], bits: u32) {
    if bits == 0 {
        out.copy_from_slice(a);
        return;
    }
    let Some((last, _)) = a.split_last() else { return };
    for (o, pair) in out.iter_mut().zip(a.windows(2)) {
        *o = pair[0] >> bits | pair[1] << (64 - bits);
    }
    out[a.len() - 1] = last >> bits;
}

/// The reciprocal of a limb whose top bit is set: `(2^128 - 1) / divisor - 2^64` (Möller and Granlund,
/// "Improved division by invariant integers").
pub(crate) const fn reciprocal(divisor: u64) -> u64 {
    debug_assert!(divisor >> 63 == 1);
    let numerator = (!divisor as u128) << 64 | u64::MAX as u128;
    (numerator / divisor as u128) as u64
}

/// The quotient and remainder of two limbs by one with its reciprocal; `high` is below `divisor`.
#[inline]
pub(crate) fn divide_2_by_1(high: u64, low: u64, divisor: u64, reciprocal: u64) -> (u64, u64) {
    let product = u128::from(reciprocal) * u128::from(high) + (u128::from(high) << 64 | u128::from(low));
    let mut quotient = ((product >> 64) as u64).wrapping_add(1);
    let mut rest = low.wrapping_sub(quotient.wrapping_mul(divisor));
    if rest > product as u64 {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor);
    }
    if rest >= divisor {
        quotient = quotient.wrapping_add(1);
        rest -= divisor;
    }
    (quotient, rest)
}

/// A divisor of one limb with its reciprocal.
#[derive(Clone, Copy)]
pub(crate) struct LimbDivisor {
    normal: u64,
    shift: u32,
    inverse: u64,
}

impl LimbDivisor {
    /// `divisor` is not zero.
    pub(crate) const fn new(divisor: u64) -> Self {
        let shift = divisor.leading_zeros();
        let normal = divisor << shift;
        LimbDivisor { normal, shift, inverse: reciprocal(normal) }
    }

    /// `a /= divisor` for the lower part of a number whose upper part left `rest`; returns what is left. Both are
    /// shifted as the divisor is.
    pub(crate) fn divide_on(self, a: &mut [u64], mut rest: u64) -> u64 {
        let LimbDivisor { normal, shift, inverse } = self;
        for limb in a.iter_mut().rev() {
            let high = rest | (*limb >> 1) >> (63 - shift);
            (*limb, rest) = divide_2_by_1(high, *limb << shift, normal, inverse);
        }
        rest
    }

    /// The remainder that [`LimbDivisor::divide_on`] left in the end.
    pub(crate) fn remainder(self, rest: u64) -> u64 {
        rest >> self.shift
    }

    /// `a /= divisor`; returns the remainder.
    pub(crate) fn divide(self, a: &mut [u64]) -> u64 {
        let LimbDivisor { normal, shift, inverse } = self;
        if shift == 0 {
            let mut rest = 0;
            for limb in a.iter_mut().rev() {
                (*limb, rest) = divide_2_by_1(rest, *limb, normal, inverse);
            }
            return rest;
        }
        // The dividend is shifted on the way, so that the divisor can have its top bit set.
        let Some(top) = a.last() else { return 0 };
        let mut rest = top >> (64 - shift);
        for index in (1..a.len()).rev() {
            let shifted = a[index] << shift | a[index - 1] >> (64 - shift);
            (a[index], rest) = divide_2_by_1(rest, shifted, normal, inverse);
        }
        (a[0], rest) = divide_2_by_1(rest, a[0] << shift, normal, inverse);
        rest >> shift
    }
}

/// `a /= divisor` for any divisor but zero; returns the remainder.
pub(crate) fn div_limb_assign(a: &mut [u64], divisor: u64) -> u64 {
    LimbDivisor::new(divisor).divide(a)
}
