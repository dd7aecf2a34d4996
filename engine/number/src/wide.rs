//! Unsigned integers of a fixed, generous width on the stack, for exact work on doubles.
//!
//! Every caller knows a bound of its values from the range of a double, and chooses `N` with it;
//! a value that outgrows `N` limbs is a mistake of this crate, found by a debug assertion.

use core::cmp::Ordering;

/// An integer of at most `N` limbs of 64 bits, least significant first.
///
/// Invariant: `limbs[len..]` is zero, and `limbs[len - 1]` is not zero unless `len` is 0.
#[derive(Clone)]
pub(crate) struct Wide<const N: usize> {
    limbs: [u64; N],
    len: usize,
}

impl<const N: usize> Wide<N> {
    pub(crate) fn from_u64(value: u64) -> Self {
        let mut limbs = [0; N];
        limbs[0] = value;
        Wide { limbs, len: usize::from(value != 0) }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.len == 0
    }

    /// The number of bits without leading zeros.
    pub(crate) fn bits(&self) -> usize {
        match self.len {
            0 => 0,
            len => 64 * len - self.limbs[len - 1].leading_zeros() as usize,
        }
    }

    fn push(&mut self, limb: u64) {
        if limb != 0 {
            debug_assert!(self.len < N, "a value outgrew its bound");
            self.limbs[self.len] = limb;
            self.len += 1;
        }
    }

    fn trim(&mut self) {
        while self.len > 0 && self.limbs[self.len - 1] == 0 {
            self.len -= 1;
        }
    }

    /// `self = self * factor + addend`.
    pub(crate) fn mul_add_small(&mut self, factor: u64, addend: u64) {
        let mut carry = addend;
        for limb in &mut self.limbs[..self.len] {
            (*limb, carry) = limb.carrying_mul(factor, carry);
        }
        self.push(carry);
        self.trim();
    }

    /// Multiplies by `base` to the power of `exponent`.
    pub(crate) fn mul_pow(&mut self, base: u64, mut exponent: u32) {
        let (chunk, chunk_digits) = chunk_of(base);
        while exponent >= chunk_digits {
            self.mul_add_small(chunk, 0);
            exponent -= chunk_digits;
        }
        if exponent > 0 {
            self.mul_add_small(base.pow(exponent), 0);
        }
    }

    /// Divides by `divisor` in place and returns the remainder.
    pub(crate) fn div_small(&mut self, divisor: u64) -> u64 {
        let mut rest = 0u64;
        for limb in self.limbs[..self.len].iter_mut().rev() {
            let part = u128::from(rest) << 64 | u128::from(*limb);
            *limb = (part / u128::from(divisor)) as u64;
            rest = (part % u128::from(divisor)) as u64;
        }
        self.trim();
        rest
    }

    pub(crate) fn shl(&mut self, bits: usize) {
        let (words, bits) = (bits / 64, bits % 64);
        if self.len == 0 {
            return;
        }
        if words > 0 {
            debug_assert!(self.len + words <= N, "a value outgrew its bound");
            self.limbs.copy_within(..self.len, words);
            self.limbs[..words].fill(0);
            self.len += words;
        }
        if bits > 0 {
            let mut carry = 0;
            for limb in &mut self.limbs[words..self.len] {
                (*limb, carry) = (*limb << bits | carry, *limb >> (64 - bits));
            }
            self.push(carry);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        let len = self.len.max(other.len);
        let mut carry = false;
        for (limb, addend) in self.limbs[..len].iter_mut().zip(&other.limbs[..len]) {
            (*limb, carry) = limb.carrying_add(*addend, carry);
        }
        self.len = len;
        self.push(u64::from(carry));
    }

    /// `self -= other`, where `other` is not greater.
    pub(crate) fn sub(&mut self, other: &Self) {
        let mut borrow = false;
        for (limb, part) in self.limbs[..self.len].iter_mut().zip(&other.limbs[..self.len]) {
            (*limb, borrow) = limb.borrowing_sub(*part, borrow);
        }
        debug_assert!(!borrow && other.len <= self.len);
        self.trim();
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.len
            .cmp(&other.len)
            .then_with(|| self.limbs[..self.len].iter().rev().cmp(other.limbs[..other.len].iter().rev()))
    }

    /// `self / other` for a quotient known to be small; `self` becomes the remainder.
    pub(crate) fn small_quotient(&mut self, other: &Self) -> u32 {
        // A lower estimate from the leading limbs saves most of the subtractions.
        let mut quotient = 0;
        if self.len > 0 && self.len >= other.len {
            let high = if self.len > other.len { self.limbs[self.len - 1] } else { 0 };
            let top = u128::from(high) << 64 | u128::from(self.limbs[other.len - 1]);
            let estimate = (top / (u128::from(other.limbs[other.len - 1]) + 1)) as u64;
            if estimate > 0 {
                let (mut carry, mut borrow) = (0, false);
                for (limb, part) in self.limbs[..self.len].iter_mut().zip(&other.limbs[..self.len]) {
                    let product;
                    (product, carry) = part.carrying_mul(estimate, carry);
                    (*limb, borrow) = limb.borrowing_sub(product, borrow);
                }
                debug_assert!(!borrow);
                self.trim();
                quotient = estimate as u32;
            }
        }
        while self.compare(other) != Ordering::Less {
            self.sub(other);
            quotient += 1;
        }
        quotient
    }

    /// The nearest double, ties to even; infinity from 2^1024 on (after rounding).
    pub(crate) fn to_f64(&self) -> f64 {
        round_limbs(&self.limbs[..self.len])
    }
}

/// The largest power of `base` in a limb, and its exponent.
pub(crate) const fn chunk_of(base: u64) -> (u64, u32) {
    let (mut power, mut exponent) = (base, 1);
    while let Some(next) = power.checked_mul(base) {
        power = next;
        exponent += 1;
    }
    (power, exponent)
}

/// The double nearest to an integer of normalised limbs (no leading zero limb), ties to even.
pub(crate) fn round_limbs(limbs: &[u64]) -> f64 {
    let Some((&top, below)) = limbs.split_last() else { return 0.0 };
    if below.is_empty() {
        return top as f64;
    }
    if limbs.len() > 16 {
        return f64::INFINITY;
    }
    let shift = top.leading_zeros();
    let next = below[below.len() - 1];
    // The leading 64 bits; whatever is below them only matters as "not zero".
    let mut lead = if shift == 0 { top } else { top << shift | next >> (64 - shift) };
    let rest = next << shift != 0 || below[..below.len() - 1].iter().any(|limb| *limb != 0);
    lead |= u64::from(rest);
    let exponent = 64 * below.len() as u32 - shift;
    // `lead as f64` rounds once; the scaling by a power of two is exact or overflows.
    (lead as f64) * f64::from_bits(u64::from(1023 + exponent) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_agrees_with_u128() {
        let mut wide = Wide::<8>::from_u64(u64::MAX);
        wide.mul_add_small(u64::MAX, 7);
        assert_eq!(wide.bits(), 128);
        let rest = wide.div_small(1_000_003);
        let expected = u128::from(u64::MAX) * u128::from(u64::MAX) + 7;
        assert_eq!(u128::from(rest), expected % 1_000_003);
        let mut other = Wide::<8>::from_u64((expected / 1_000_003) as u64);
        let mut high = Wide::<8>::from_u64(((expected / 1_000_003) >> 64) as u64);
        high.shl(64);
        other.add(&high);
        assert_eq!(wide.compare(&other), Ordering::Equal);
        wide.mul_add_small(29, 5);
        assert_eq!(wide.small_quotient(&other), 29);
        assert_eq!(wide.to_f64(), 5.0);
    }

    #[test]
    fn rounding_is_to_even_and_overflows_to_infinity() {
        assert_eq!(round_limbs(&[1 << 10, 1 << 63]), (1u128 << 127) as f64);
        assert_eq!(round_limbs(&[1, 0, 1]), 2f64.powi(128));
        assert_eq!(round_limbs(&[1, 0, 1 << 63 | 1 << 10]), 2f64.powi(191) * (1.0 + f64::EPSILON));
        assert_eq!(round_limbs(&[0, 0, 1 << 63 | 1 << 10]), 2f64.powi(191));
        assert_eq!(round_limbs(&[0, 0, 1 << 63 | 3 << 10]), 2f64.powi(191) * (1.0 + 2.0 * f64::EPSILON));
        assert_eq!(round_limbs(&[u64::MAX; 16]), f64::INFINITY);
        let mut largest = [0; 16];
        largest[15] = u64::MAX << 11;
        assert_eq!(round_limbs(&largest), f64::MAX);
        largest[0] = 1;
        assert_eq!(round_limbs(&largest), f64::MAX);
    }
}
