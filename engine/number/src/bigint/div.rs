//! Division: by limbs (Knuth's algorithm D with a reciprocal), by halves (Burnikel and Ziegler) for middle
//! sizes, and by a reciprocal found with Newton's method for large ones.

use core::cmp::Ordering;

use tare_allocators::Vec;

use super::limbs::{
    LimbDivisor, add_assign, add_same, compare_equal_length, div_limb_assign, negate, normalised, reciprocal,
    shl_into, shr_assign, significant, sub_assign, sub_limb, sub_mul, sub_same,
};
use super::mul::mul;
use super::{Error, SMALL, Work};

/// The limbs of the divisor from which the next method pays.
pub(super) struct Thresholds;

impl Thresholds {
    /// Halves instead of limbs. Law: the time of dividing `2n` limbs by `n` is equal either way.
    pub(super) const HALVES: usize = 48;
    /// A reciprocal for one division whose quotient is as long as the divisor.
    pub(super) const RECIPROCAL: usize = 25_000;
    /// A reciprocal for several such divisions.
    pub(super) const SHARED_RECIPROCAL: usize = 3000;
    /// Newton's step instead of a division by halves, in finding a reciprocal.
    pub(super) const NEWTON: usize = 1000;
}

/// A divisor made ready: shifted so that its top bit is set.
pub(super) struct Divisor<'m> {
    limbs: Vec<'m, u64>,
    shift: u32,
    /// `B^2n / divisor - B^n` or a few units less, for `n` limbs and B = 2^64; empty if it does not pay.
    inverse: Vec<'m, u64>,
}

impl<'m> Divisor<'m> {
    /// Prepares a normalised divisor of at least two limbs, for quotients of about `quotient_len` limbs a
    /// division and `uses` of these.
    pub(super) fn new(
        work: &mut Work<'m, '_>,
        divisor: &[u64],
        quotient_len: usize,
        uses: usize,
    ) -> Result<Self, Error> {
        debug_assert!(divisor.len() >= 2);
        let shift = divisor.last().map_or(0, |top| top.leading_zeros());
        let mut limbs = work.zeros(divisor.len())?;
        shl_into(&mut limbs, divisor, shift);
        let total = uses.saturating_mul(quotient_len);
        let threshold = if total >= divisor.len().saturating_mul(4) {
            Thresholds::SHARED_RECIPROCAL
        } else {
            Thresholds::RECIPROCAL
        };
        let inverse = if divisor.len() >= threshold && total >= divisor.len() {
            invert(work, &limbs)?
        } else {
            Vec::new(work.memory)
        };
        Ok(Divisor { limbs, shift, inverse })
    }

    /// The limbs of the divisor.
    pub(super) fn len(&self) -> usize {
        self.limbs.len()
    }

    /// Divides. `dividend` becomes the remainder (the limbs above it zero); it needs one limb more than the
    /// number has, a zero at the top. `quotient` has `dividend.len() - divisor.len()` limbs.
    pub(super) fn divide(
        &self,
        work: &mut Work<'_, '_>,
        quotient: &mut [u64],
        dividend: &mut [u64],
    ) -> Result<(), Error> {
        let len = self.limbs.len();
        debug_assert_eq!(quotient.len() + len, dividend.len());
        debug_assert_eq!(dividend.last(), Some(&0));
        super::limbs::shl_assign(dividend, self.shift);
        if len < Thresholds::HALVES {
            // By blocks from the top, which are paid one by one.
            let mut done = quotient.len();
            while done > 0 {
                let from = done.saturating_sub(BLOCK);
                work.spend((done - from) * (len + 4))?;
                let top =
                    divide_by_limbs(&mut quotient[from..done], &mut dividend[from..done + len], &self.limbs);
                debug_assert!(!top);
                done = from;
            }
            shr_assign(&mut dividend[..len], self.shift);
            return Ok(());
        }
        // Blocks of the quotient from the top: first the odd piece, then full blocks.
        let mut done = quotient.len();
        while done > 0 {
            let block = if done.is_multiple_of(len) { len } else { done % len };
            let from = done - block;
            work.spend(4 * len)?;
            let part = &mut dividend[from..done + len];
            self.divide_block(work, &mut quotient[from..done], part)?;
            done = from;
        }
        shr_assign(&mut dividend[..len], self.shift);
        Ok(())
    }

    /// One block: a quotient no longer than the divisor, known to fit (the top of the dividend is below the
    /// divisor).
    fn divide_block(
        &self,
        work: &mut Work<'_, '_>,
        quotient: &mut [u64],
        dividend: &mut [u64],
    ) -> Result<(), Error> {
        let (len, count) = (self.limbs.len(), quotient.len());
        if !self.inverse.is_empty() && count >= Thresholds::HALVES {
            return self.divide_by_inverse(work, quotient, dividend);
        }
        if count == len {
            let top = divide_by_halves(work, quotient, dividend, &self.limbs)?;
            debug_assert!(!top);
            return Ok(());
        }
        if count < Thresholds::HALVES {
            work.spend(count * len)?;
            let top = divide_by_limbs(quotient, dividend, &self.limbs);
            debug_assert!(!top);
            return Ok(());
        }
        // A short quotient is decided by the tops of both numbers, up to a correction.
        let cut = len - count;
        let mut top = divide_by_halves(work, quotient, &mut dividend[cut..], &self.limbs[cut..])?;
        let mut product = work.zeros(len)?;
        mul(work, &mut product, quotient, &self.limbs[..cut])?;
        let mut borrows = u32::from(sub_same(&mut dividend[..len], &product));
        if top {
            borrows += u32::from(sub_assign(&mut dividend[count..len], &self.limbs[..cut]));
        }
        while borrows > 0 {
            top ^= sub_limb(quotient, 1);
            borrows -= u32::from(add_same(&mut dividend[..len], &self.limbs));
        }
        debug_assert!(!top);
        Ok(())
    }

    /// The quotient as the product of the dividend's top with the reciprocal; the remainder shows by how
    /// little it is wrong.
    fn divide_by_inverse(
        &self,
        work: &mut Work<'_, '_>,
        quotient: &mut [u64],
        dividend: &mut [u64],
    ) -> Result<(), Error> {
        let (len, count) = (self.limbs.len(), quotient.len());
        // q = top + top * inverse / B^count, by the leading `count` limbs of the reciprocal.
        let inverse = &self.inverse[len - count..];
        let top = &dividend[len..];
        let mut product = work.zeros(2 * count)?;
        mul(work, &mut product, top, inverse)?;
        quotient.copy_from_slice(top);
        if add_same(quotient, &product[count..]) {
            // Only an estimate above the largest quotient can carry; the largest is then near enough.
            quotient.fill(u64::MAX);
        }
        drop(product);
        let mut product = work.zeros(len + count)?;
        mul(work, &mut product, quotient, &self.limbs)?;
        // The remainder is small in either direction, so a limb beyond the divisor holds its sign.
        let rest = &mut dividend[..len + 1];
        sub_same(rest, &product[..len + 1]);
        while rest[len] >> 63 == 1 {
            sub_limb(quotient, 1);
            add_assign(rest, &self.limbs);
        }
        while rest[len] != 0 || compare_equal_length(&rest[..len], &self.limbs) != Ordering::Less {
            super::limbs::add_limb(quotient, 1);
            sub_assign(rest, &self.limbs);
        }
        dividend[len + 1..].fill(0);
        Ok(())
    }
}

/// `B^2n / divisor - B^n` or a few units less, for a divisor of `n` limbs with its top bit set.
fn invert<'m>(work: &mut Work<'m, '_>, divisor: &[u64]) -> Result<Vec<'m, u64>, Error> {
    let len = divisor.len();
    if len < Thresholds::NEWTON {
        // (B^2n - 1) / divisor, from which taking B^n away leaves B^2n - 1 - divisor B^n on top.
        let mut numerator = work.zeros(2 * len)?;
        numerator.fill(u64::MAX);
        for (limb, part) in numerator[len..].iter_mut().zip(divisor) {
            *limb = !part;
        }
        let mut inverse = work.zeros(len)?;
        let top = divide_by_halves(work, &mut inverse, &mut numerator, divisor)?;
        if top {
            // Only for the divisor B^n / 2, whose inverse is B^n: the largest there is room for is one less.
            inverse.fill(u64::MAX);
        }
        return Ok(inverse);
    }
    // Newton's step: from the inverse I of the top half, I' = I + I e / B^2h, with
    // e = B^(n + h) - divisor * I the error of I over the whole divisor.
    let half = len.div_ceil(2) + 1;
    let coarse = invert(work, &divisor[len - half..])?;
    // divisor * (B^h + coarse), n + h + 1 limbs.
    let mut error = work.zeros(len + half + 1)?;
    mul(work, &mut error[..len + half], divisor, &coarse)?;
    add_assign(&mut error[half..], divisor);
    // It is near B^(n + h): what remains of the difference is about n limbs long, with a sign.
    let below = error[len + half] == 0;
    if below {
        // e > 0: B^(n + h) - product.
        negate(&mut error[..len + half], true);
    }
    error[len + half] = 0;
    let error_len = significant(&error);
    let error = &error[..error_len];
    // The step: (B^h + coarse) * e / B^2h in units of the fine inverse.
    let mut step = work.zeros(error_len + half + 1)?;
    mul(work, &mut step[..error_len + half], error, &coarse)?;
    add_assign(&mut step[half..], error);
    let step = normalised(step.get(2 * half..).unwrap_or_default());
    let mut inverse = work.zeros(len)?;
    inverse[len - half..].copy_from_slice(&coarse);
    let step = &step[..step.len().min(len)];
    if below {
        if add_assign(&mut inverse, step) {
            inverse.fill(u64::MAX);
        }
    } else if sub_assign(&mut inverse, step) {
        inverse.fill(0);
    }
    Ok(inverse)
}

/// Divides `2n` limbs by `n` with the top bit set; `dividend` becomes the remainder in its lower half, and
/// the upper one zero. Returns the limb (one bit) above the quotient.
fn divide_by_halves(
    work: &mut Work<'_, '_>,
    quotient: &mut [u64],
    dividend: &mut [u64],
    divisor: &[u64],
) -> Result<bool, Error> {
    let len = divisor.len();
    debug_assert_eq!((quotient.len(), dividend.len()), (len, 2 * len));
    if len < Thresholds::HALVES {
        work.spend(len * len)?;
        return Ok(divide_by_limbs(quotient, dividend, divisor));
    }
    work.spend(8 * len)?;
    let low = len / 2;
    let high = len - low;
    let mut product = work.zeros(len)?;
    // The upper part of the quotient by the upper part of the divisor, corrected for the lower one.
    let (low_quotient, high_quotient) = quotient.split_at_mut(low);
    let mut top = divide_by_halves(work, high_quotient, &mut dividend[2 * low..], &divisor[low..])?;
    mul(work, &mut product, high_quotient, &divisor[..low])?;
    let mut borrows = u32::from(sub_same(&mut dividend[low..low + len], &product));
    if top {
        borrows += u32::from(sub_assign(&mut dividend[len..low + len], &divisor[..low]));
    }
    while borrows > 0 {
        top ^= sub_limb(high_quotient, 1);
        borrows -= u32::from(add_same(&mut dividend[low..low + len], divisor));
    }
    // The same for the lower part.
    let mut carry =
        divide_by_halves(work, low_quotient, &mut dividend[high..high + 2 * low], &divisor[high..])?;
    mul(work, &mut product, &divisor[..high], low_quotient)?;
    let mut borrows = u32::from(sub_same(&mut dividend[..len], &product));
    if carry {
        borrows += u32::from(sub_assign(&mut dividend[low..len], &divisor[..high]));
    }
    while borrows > 0 {
        carry ^= sub_limb(low_quotient, 1);
        borrows -= u32::from(add_same(&mut dividend[..len], divisor));
    }
    debug_assert!(!carry);
    Ok(top)
}

/// The reciprocal of the two top limbs (Möller and Granlund).
fn reciprocal_of_two(high: u64, low: u64) -> u64 {
    let mut inverse = reciprocal(high);
    let mut product = high.wrapping_mul(inverse).wrapping_add(low);
    if product < low {
        inverse = inverse.wrapping_sub(1);
        if product >= high {
            inverse = inverse.wrapping_sub(1);
            product = product.wrapping_sub(high);
        }
        product = product.wrapping_sub(high);
    }
    let (below, above) = inverse.carrying_mul(low, 0);
    let (sum, carry) = product.overflowing_add(above);
    if carry {
        inverse = inverse.wrapping_sub(1);
        if (sum, below) >= (high, low) {
            inverse = inverse.wrapping_sub(1);
        }
    }
    inverse
}

/// The quotient of three limbs by the two top limbs of the divisor, which are greater than the first two.
#[inline]
fn divide_3_by_2(u2: u64, u1: u64, u0: u64, divisor: u128, inverse: u64) -> u64 {
    let high = (divisor >> 64) as u64;
    let estimate = u128::from(inverse) * u128::from(u2) + (u128::from(u2) << 64 | u128::from(u1));
    let mut quotient = (estimate >> 64) as u64;
    let upper = u1.wrapping_sub(quotient.wrapping_mul(high));
    let product = u128::from(quotient) * u128::from(divisor as u64);
    let mut rest = (u128::from(upper) << 64 | u128::from(u0)).wrapping_sub(product).wrapping_sub(divisor);
    quotient = quotient.wrapping_add(1);
    if (rest >> 64) as u64 >= estimate as u64 {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor);
    }
    if rest >= divisor {
        quotient = quotient.wrapping_add(1);
    }
    quotient
}

/// Knuth's algorithm D. `quotient` has `dividend.len() - divisor.len()` limbs; `divisor` at least two and
/// its top bit set; `dividend` becomes the remainder, with zeros above. Returns the bit above the quotient.
fn divide_by_limbs(quotient: &mut [u64], dividend: &mut [u64], divisor: &[u64]) -> bool {
    let len = divisor.len();
    let (d1, d0) = (divisor[len - 1], divisor[len - 2]);
    let (top_divisor, inverse) = (u128::from(d1) << 64 | u128::from(d0), reciprocal_of_two(d1, d0));
    let start = dividend.len() - len;
    let top = compare_equal_length(&dividend[start..], divisor) != Ordering::Less;
    if top {
        sub_same(&mut dividend[start..], divisor);
    }
    for index in (0..start).rev() {
        let window = &mut dividend[index..index + len + 1];
        let (u2, u1, u0) = (window[len], window[len - 1], window[len - 2]);
        let mut digit =
            if (u2, u1) >= (d1, d0) { u64::MAX } else { divide_3_by_2(u2, u1, u0, top_divisor, inverse) };
        let borrowed = sub_mul(&mut window[..len], divisor, digit);
        let below = u2 < borrowed;
        window[len] = 0;
        if below {
            // One too many; with three limbs by two this happens about once in 2^64 times.
            digit -= 1;
            add_same(&mut window[..len], divisor);
        }
        quotient[index] = digit;
    }
    top
}

/// Limbs of a quotient that are found in one go.
const BLOCK: usize = 1 << 10;

/// `a /= divisor`, from the top by blocks; returns the remainder.
fn divide_by_one(work: &mut Work<'_, '_>, a: &mut [u64], divisor: u64) -> Result<u64, Error> {
    if a.len() <= BLOCK {
        return Ok(div_limb_assign(a, divisor));
    }
    let (divisor, mut rest) = (LimbDivisor::new(divisor), 0);
    for block in a.rchunks_mut(BLOCK) {
        work.spend(4 * block.len())?;
        rest = divisor.divide_on(block, rest);
    }
    Ok(divisor.remainder(rest))
}

/// Quotient and remainder of normalised magnitudes; the divisor is not zero. `quotient` has
/// `dividend.len() - divisor.len() + 1` limbs (none if that is negative), `rest` as many as the shorter of both.
pub(super) fn div_rem(
    work: &mut Work<'_, '_>,
    quotient: &mut [u64],
    rest: &mut [u64],
    dividend: &[u64],
    divisor: &[u64],
) -> Result<(), Error> {
    let (count, len) = (dividend.len(), divisor.len());
    if count < len {
        rest.copy_from_slice(dividend);
        return Ok(());
    }
    if let [limb] = divisor {
        quotient.copy_from_slice(dividend);
        let last = divide_by_one(work, quotient, *limb)?;
        rest.iter_mut().for_each(|limb| *limb = last);
        return Ok(());
    }
    if count < SMALL {
        // Both numbers shifted, on the stack.
        let shift = divisor[len - 1].leading_zeros();
        let (mut upper, mut lower) = ([0; SMALL], [0; SMALL]);
        upper[count] = shl_into(&mut upper[..count], dividend, shift);
        shl_into(&mut lower[..len], divisor, shift);
        let top = divide_by_limbs(quotient, &mut upper[..count + 1], &lower[..len]);
        debug_assert!(!top);
        shr_assign(&mut upper[..len], shift);
        rest.copy_from_slice(&upper[..len]);
        return Ok(());
    }
    let mut whole = work.zeros(count + 1)?;
    whole[..count].copy_from_slice(dividend);
    let ready = Divisor::new(work, divisor, quotient.len(), 1)?;
    ready.divide(work, quotient, &mut whole)?;
    rest.copy_from_slice(&whole[..len]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tare_allocators::{Memory, System};

    use super::super::limbs::{compare, mul_limb_assign};
    use super::*;

    /// Reproducible limbs, with runs of ones and zeros that provoke corrections.
    fn limbs(len: usize, seed: u64) -> std::vec::Vec<u64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..len)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                match state % 5 {
                    0 => u64::MAX,
                    1 => 0,
                    2 => 1 << 63,
                    _ => state,
                }
            })
            .collect()
    }

    #[test]
    fn reciprocals_satisfy_their_definition() {
        for seed in 1..2000u64 {
            let pair = limbs(2, seed);
            let (high, low) = (pair[0] | 1 << 63, pair[1]);
            let expected = (u128::MAX / u128::from(high)) as u64;
            assert_eq!(reciprocal(high), expected);
            // v is the largest with (B + v) * d <= B^3 - 1, for two limbs d.
            let inverse = reciprocal_of_two(high, low);
            let product = |inverse: u64| {
                let mut all = [low, high, 0, 0];
                all[2] = mul_limb_assign(&mut all[..2], inverse, 0);
                let carried = add_assign(&mut all[1..], &[low, high]);
                assert!(!carried);
                all
            };
            assert_eq!(product(inverse)[3], 0, "{high:x} {low:x}");
            assert!(inverse == u64::MAX || product(inverse + 1)[3] == 1, "{high:x} {low:x}");
        }
    }

    /// Every method gives the one quotient whose remainder is below the divisor.
    #[test]
    fn all_methods_agree_with_the_definition() {
        let mut work = Work::new(Memory::new(&System));
        let shapes = [(3, 2), (10, 5), (70, 30), (140, 70), (200, 129), (401, 131), (700, 100), (300, 290)];
        let large = [(4 * 300, 1100), (9000, 4100), (12000, 4400), (4700, 4100)];
        for (seed, (u_len, v_len)) in shapes.iter().cycle().take(400).chain(&large).enumerate() {
            let (mut u, mut v) = (limbs(*u_len, seed as u64 + 7), limbs(*v_len, 31 * seed as u64 + 1));
            (u[u_len - 1], v[v_len - 1]) = (u[u_len - 1] | 1, v[v_len - 1] | 1);
            let mut quotient = vec![1; u_len - v_len + 1];
            let mut rest = vec![1; *v_len];
            div_rem(&mut work, &mut quotient, &mut rest, &u, &v).unwrap();
            assert_eq!(compare(normalised(&rest), &v), Ordering::Less);
            let mut back = vec![0; u_len + 1];
            mul(&mut work, &mut back, &quotient, &v).unwrap();
            assert!(!add_assign(&mut back, &rest));
            assert_eq!(normalised(&back), u, "{u_len} by {v_len}, seed {seed}");
        }
    }

    /// Whole blocks, short ones and both, by divisors that are prepared for many uses; the extreme divisors
    /// are those whose reciprocal is the greatest and the least.
    #[test]
    fn shared_reciprocals_give_the_quotient() {
        let mut work = Work::new(Memory::new(&System));
        let len = Thresholds::SHARED_RECIPROCAL + 50;
        for (seed, u_len) in [len + 20, len + 900, 2 * len, 3 * len + 77].into_iter().enumerate() {
            for kind in 0..4 {
                let mut v = match kind {
                    0 | 1 => limbs(len, seed as u64 + 3),
                    2 => vec![0; len],
                    _ => vec![u64::MAX; len],
                };
                v[len - 1] |= if kind == 1 { 1 } else { 1 << 63 };
                let ready = Divisor::new(&mut work, &v, len, 100).unwrap();
                assert!(!ready.inverse.is_empty());
                for u in [limbs(u_len, seed as u64 + 11), vec![u64::MAX; u_len], vec![0; u_len]] {
                    let mut dividend = u.clone();
                    dividend.push(0);
                    let mut quotient = vec![1; dividend.len() - len];
                    ready.divide(&mut work, &mut quotient, &mut dividend).unwrap();
                    assert_eq!(significant(&dividend[len..]), 0);
                    assert_eq!(compare_equal_length(&dividend[..len], &v), Ordering::Less);
                    let mut back = vec![0; quotient.len() + len];
                    mul(&mut work, &mut back, &quotient, &v).unwrap();
                    assert!(!add_assign(&mut back, &dividend[..len]));
                    assert_eq!(normalised(&back), normalised(&u), "{u_len} limbs, kind {kind}");
                }
            }
        }
    }

    #[test]
    fn inverses_are_close_enough_to_need_few_corrections() {
        let mut work = Work::new(Memory::new(&System));
        for (seed, len) in [(1, 1000), (2, 1501), (3, 2200), (4, 4001), (5, 4500)] {
            for kind in 0..3 {
                let mut v = match kind {
                    0 => limbs(len, seed),
                    1 => vec![0; len],
                    _ => vec![u64::MAX; len],
                };
                v[len - 1] |= 1 << 63;
                let inverse = invert(&mut work, &v).unwrap();
                // (B^n + inverse) * v against B^2n.
                let mut product = vec![0; 2 * len + 1];
                mul(&mut work, &mut product[..2 * len], &inverse, &v).unwrap();
                add_assign(&mut product[len..], &v);
                let above = product[2 * len] != 0;
                if !above {
                    negate(&mut product[..2 * len], true);
                }
                // The distance is at most 16 times the divisor.
                product[2 * len] = 0;
                let distance = normalised(&product);
                let mut bound = v.clone();
                let above = mul_limb_assign(&mut bound, 16, 0);
                bound.push(above);
                assert_eq!(compare(distance, &bound), Ordering::Less, "length {len}, kind {kind}");
            }
        }
    }
}
