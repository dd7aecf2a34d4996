//! Multiplication of large magnitudes by a number-theoretic transform.
//!
//! The factors are cut into pieces of 16 bits, taken as the coefficients of polynomials over the prime field
//! of p = 2^64 - 2^32 + 1. A coefficient of the product is below `pieces * 2^32`, and with fewer than 2^31
//! pieces below p: the result is exact, and carrying it out gives the limbs.
//!
//! The transform reduces a polynomial modulo z^n - c, then modulo the two (here: four) factors of that, and
//! so on down to z - c, so every pass has one factor ("twiddle") for a whole block, and the values come out
//! in an order that only has to be the same for both polynomials. A length of three times a power of
//! two is first split by the cube roots of one. The table of factors is in bit-reversed order:
//! `table[2s]^2 == table[s]`, `table[2s + 1] == i table[2s]`; a block's number is its index.
//!
//! A number of the field is any u64 congruent to it ("loose"); "canonical" is the one below p. Addition and
//! subtraction of a canonical number need one correction, which keeps them short.

use tare_allocators::Vec;

use super::{Error, Work};

/// 2^64 - 2^32 + 1.
const P: u64 = 0xFFFF_FFFF_0000_0001;
/// 2^64 modulo p.
const EPSILON: u64 = 0xFFFF_FFFF;

/// Below this many values the passes go over the whole block, above they go deep first to stay in a cache.
const CACHED: usize = 1 << 12;

/// loose + canonical.
#[inline(always)]
fn add(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(if carry { EPSILON } else { 0 })
}

/// loose - canonical.
#[inline(always)]
fn sub(a: u64, b: u64) -> u64 {
    let (difference, borrow) = a.overflowing_sub(b);
    difference.wrapping_sub(if borrow { EPSILON } else { 0 })
}

#[inline(always)]
fn canonical(a: u64) -> u64 {
    if a >= P { a - P } else { a }
}

/// The canonical residue of 128 bits: with 2^64 = 2^32 - 1 and 2^96 = -1.
#[inline(always)]
fn reduce(low: u64, high: u64) -> u64 {
    let (mut difference, borrow) = low.overflowing_sub(high >> 32);
    if borrow {
        // The high half is below 2^32, so this does not wrap again.
        difference = difference.wrapping_sub(EPSILON);
    }
    let middle = high & EPSILON;
    canonical(add(difference, (middle << 32) - middle))
}

/// The canonical product of loose numbers.
#[inline(always)]
fn mul_mod(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    reduce(product as u64, (product >> 64) as u64)
}

/// The canonical product with i = 2^48, a square root of -1.
#[inline(always)]
fn times_i(a: u64) -> u64 {
    reduce(a << 48, a >> 16)
}

const fn pow_mod(base: u64, mut exponent: u64) -> u64 {
    let (mut result, mut square) = (1u128, base as u128);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * square % P as u128;
        }
        square = square * square % P as u128;
        exponent >>= 1;
    }
    result as u64
}

/// `ROOTS[k]` has order 2^k; `ROOTS[2]` is 2^48.
const ROOTS: [u64; 33] = {
    // 7 generates the group of the field.
    let mut root = pow_mod(7, (P - 1) >> 32);
    if pow_mod(root, 1 << 30) != 1 << 48 {
        root = pow_mod(root, P - 2);
    }
    let mut roots = [1; 33];
    let mut order = 32;
    while order > 0 {
        roots[order] = root;
        root = pow_mod(root, 2);
        order -= 1;
    }
    roots
};

/// A cube root of one.
const OMEGA: u64 = pow_mod(7, (P - 1) / 3);
const OMEGA_2: u64 = pow_mod(7, (P - 1) / 3 * 2);

/// The factors of the passes over one part of length `n`: modulo z^n - c with c a cube root of one.
struct Plan<'t> {
    table: &'t [u64],
    /// `sqrt(c)`, which multiplies the factors of every even pass, and c, that of every odd one: the roots
    /// of a cube root of one are its square and itself in turn. `None` for c = 1.
    twist: Option<(u64, u64)>,
    /// The same for the inverse.
    inverse_twist: Option<(u64, u64)>,
}

impl<'t> Plan<'t> {
    fn new(table: &'t [u64], part: usize) -> Self {
        let twists = [None, Some((OMEGA_2, OMEGA)), Some((OMEGA, OMEGA_2))];
        Plan { table, twist: twists[part], inverse_twist: twists[(3 - part) % 3] }
    }

    /// The factors of the pass that splits block `s` in four: w, w^2, w^3.
    #[inline(always)]
    fn forward_factors(&self, s: usize) -> (u64, u64, u64) {
        let (mut w, mut w2) = (self.table[2 * s], self.table[s]);
        if let Some((even, odd)) = self.twist {
            (w, w2) = (mul_mod(w, odd), mul_mod(w2, even));
        }
        (w, w2, mul_mod(w, w2))
    }

    /// Their inverses.
    #[inline(always)]
    fn inverse_factors(&self, s: usize) -> (u64, u64, u64) {
        let (mut w, mut w2) = (self.inverse(2 * s), self.inverse(s));
        if let Some((even, odd)) = self.inverse_twist {
            (w, w2) = (mul_mod(w, odd), mul_mod(w2, even));
        }
        (w, w2, mul_mod(w, w2))
    }

    /// `1 / table[s]`: the inverse of a root is the negative of the one whose place has all bits flipped
    /// below the highest.
    #[inline(always)]
    fn inverse(&self, s: usize) -> u64 {
        if s == 0 {
            return 1;
        }
        P - self.table[s ^ ((1 << s.ilog2()) - 1)]
    }

    /// Values from coefficients. `s` is the number of the block.
    fn forward(&self, work: &mut Work<'_, '_>, values: &mut [u64], s: usize) -> Result<(), Error> {
        let len = values.len();
        if len > CACHED {
            work.poll()?;
            self.forward_pass(values, s);
            for (index, part) in values.chunks_exact_mut(len / 4).enumerate() {
                self.forward(work, part, 4 * s + index)?;
            }
            return Ok(());
        }
        let mut block = len;
        while block > 4 {
            let first = s * (len / block);
            for (index, part) in values.chunks_exact_mut(block).enumerate() {
                self.forward_pass(part, first + index);
            }
            block /= 4;
        }
        let first = s * (len / block);
        if block == 4 {
            for (index, part) in values.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let factors = self.forward_factors(first + index);
                *part = split(part[0], part[1], part[2], part[3], factors);
            }
        } else if block == 2 {
            for (index, part) in values.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let mut w = self.table[first + index];
                if let Some((even, _)) = self.twist {
                    w = mul_mod(w, even);
                }
                let upper = mul_mod(part[1], w);
                *part = [add(part[0], upper), sub(part[0], upper)];
            }
        }
        Ok(())
    }

    fn forward_pass(&self, values: &mut [u64], s: usize) {
        let factors = self.forward_factors(s);
        let quarter = values.len() / 4;
        let (low, high) = values.split_at_mut(2 * quarter);
        let ((x0, x1), (x2, x3)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
        for (((a, b), c), d) in x0.iter_mut().zip(x1).zip(x2).zip(x3) {
            [*a, *b, *c, *d] = split(*a, *b, *c, *d, factors);
        }
    }

    /// Coefficients, times the length, from values.
    fn backward(&self, work: &mut Work<'_, '_>, values: &mut [u64], s: usize) -> Result<(), Error> {
        let len = values.len();
        if len > CACHED {
            work.poll()?;
            for (index, part) in values.chunks_exact_mut(len / 4).enumerate() {
                self.backward(work, part, 4 * s + index)?;
            }
            self.backward_pass(values, s);
            return Ok(());
        }
        // The blocks are powers of four times the smallest, which is two or four.
        let mut block = if len.ilog2() % 2 == 1 { 2 } else { 4 };
        let first = s * (len / block);
        if block == 2 {
            for (index, part) in values.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let mut w = self.inverse(first + index);
                if let Some((even, _)) = self.inverse_twist {
                    w = mul_mod(w, even);
                }
                let upper = canonical(part[1]);
                *part = [add(part[0], upper), mul_mod(sub(part[0], upper), w)];
            }
        } else {
            for (index, part) in values.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let factors = self.inverse_factors(first + index);
                *part = join(part[0], part[1], part[2], part[3], factors);
            }
        }
        while block < len {
            block *= 4;
            let first = s * (len / block);
            for (index, part) in values.chunks_exact_mut(block).enumerate() {
                self.backward_pass(part, first + index);
            }
        }
        Ok(())
    }

    fn backward_pass(&self, values: &mut [u64], s: usize) {
        let factors = self.inverse_factors(s);
        let quarter = values.len() / 4;
        let (low, high) = values.split_at_mut(2 * quarter);
        let ((x0, x1), (x2, x3)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
        for (((a, b), c), d) in x0.iter_mut().zip(x1).zip(x2).zip(x3) {
            [*a, *b, *c, *d] = join(*a, *b, *c, *d, factors);
        }
    }
}

/// Four coefficients modulo z^4 - w^4 to their values at w, -w, i w, -i w (each standing for a block). Loose
/// in, loose out.
#[inline(always)]
fn split(a: u64, b: u64, c: u64, d: u64, (w, w2, w3): (u64, u64, u64)) -> [u64; 4] {
    let (b, c, d) = (mul_mod(b, w), mul_mod(c, w2), mul_mod(d, w3));
    let (even, odd) = (add(a, c), canonical(add(b, d)));
    let (even_difference, turned) = (sub(a, c), times_i(sub(b, d)));
    [add(even, odd), sub(even, odd), add(even_difference, turned), sub(even_difference, turned)]
}

/// The inverse of [`split`], times four, with the inverse factors. Loose in, loose out.
#[inline(always)]
fn join(a: u64, b: u64, c: u64, d: u64, (w, w2, w3): (u64, u64, u64)) -> [u64; 4] {
    let (b, d) = (canonical(b), canonical(d));
    let (first, first_difference) = (add(a, b), sub(a, b));
    let (second, turned) = (canonical(add(c, d)), times_i(sub(c, d)));
    [
        add(first, second),
        mul_mod(sub(first_difference, turned), w),
        mul_mod(sub(first, second), w2),
        mul_mod(add(first_difference, turned), w3),
    ]
}

/// Splits modulo z^3n - 1 into modulo z^n - 1, z^n - omega, z^n - omega^2 (and back, with the roots
/// exchanged, times three).
fn three_way(values: &mut [u64], omega: u64, omega_2: u64) {
    let third = values.len() / 3;
    let (x0, rest) = values.split_at_mut(third);
    let (x1, x2) = rest.split_at_mut(third);
    for ((a, b), c) in x0.iter_mut().zip(x1).zip(x2) {
        let (first, second, third) = (*a, canonical(*b), canonical(*c));
        *a = add(add(first, second), third);
        *b = add(add(first, mul_mod(second, omega)), mul_mod(third, omega_2));
        *c = add(add(first, mul_mod(second, omega_2)), mul_mod(third, omega));
    }
}

/// A length for the transform: `parts` (1 or 3) times a power of two.
fn shape(pieces: usize) -> (usize, usize) {
    let power = pieces.next_power_of_two().max(16);
    if power / 4 * 3 >= pieces { (3, power / 4) } else { (1, power) }
}

/// The factors for blocks of `len` values.
fn factor_table<'m>(work: &Work<'m, '_>, len: usize) -> Result<Vec<'m, u64>, Error> {
    let mut table = Vec::new(work.memory);
    table.try_resize(len / 2, 1)?;
    let (mut filled, mut order) = (1, 2);
    while filled < len / 2 {
        let (done, next) = table.split_at_mut(filled);
        for (new, old) in next.iter_mut().zip(done) {
            *new = mul_mod(*old, ROOTS[order]);
        }
        filled *= 2;
        order += 1;
    }
    Ok(table)
}

/// Cuts limbs into pieces of 16 bits, and zeros behind them.
fn pieces<'m>(work: &Work<'m, '_>, limbs: &[u64], len: usize) -> Result<Vec<'m, u64>, Error> {
    let mut values = Vec::new(work.memory);
    values.try_resize(len, 0)?;
    for (four, limb) in values.as_chunks_mut::<4>().0.iter_mut().zip(limbs) {
        *four = [limb & 0xFFFF, limb >> 16 & 0xFFFF, limb >> 32 & 0xFFFF, limb >> 48];
    }
    Ok(values)
}

/// Carries coefficients out into limbs.
fn carry_out(out: &mut [u64], values: &[u64]) {
    let mut carry = 0u128;
    for (limb, four) in out.iter_mut().zip(values.as_chunks::<4>().0) {
        let [a, b, c, d] = four.map(|value| u128::from(canonical(value)));
        carry += a + (b << 16) + (c << 32) + (d << 48);
        *limb = carry as u64;
        carry >>= 64;
    }
    debug_assert_eq!(carry, 0);
}

fn transform(work: &mut Work<'_, '_>, values: &mut [u64], parts: usize, table: &[u64]) -> Result<(), Error> {
    if parts == 3 {
        three_way(values, OMEGA, OMEGA_2);
    }
    let len = values.len() / parts;
    for (index, part) in values.chunks_exact_mut(len).enumerate() {
        Plan::new(table, index).forward(work, part, 0)?;
    }
    Ok(())
}

fn transform_back(
    work: &mut Work<'_, '_>,
    values: &mut [u64],
    parts: usize,
    table: &[u64],
) -> Result<(), Error> {
    let len = values.len() / parts;
    for (index, part) in values.chunks_exact_mut(len).enumerate() {
        Plan::new(table, index).backward(work, part, 0)?;
    }
    if parts == 3 {
        three_way(values, OMEGA_2, OMEGA);
    }
    Ok(())
}

/// `out = a * b`.
pub(super) fn mul(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), Error> {
    let (parts, part) = shape(4 * out.len());
    let len = parts * part;
    let table = factor_table(work, part)?;
    let mut values = pieces(work, a, len)?;
    transform(work, &mut values, parts, &table)?;
    let mut others = pieces(work, b, len)?;
    transform(work, &mut others, parts, &table)?;
    let scale = pow_mod(len as u64, P - 2);
    for (value, other) in values.iter_mut().zip(&others) {
        *value = mul_mod(mul_mod(*value, *other), scale);
    }
    drop(others);
    transform_back(work, &mut values, parts, &table)?;
    carry_out(out, &values);
    Ok(())
}

/// `out = a * a`.
pub(super) fn square(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64]) -> Result<(), Error> {
    let (parts, part) = shape(4 * out.len());
    let len = parts * part;
    let table = factor_table(work, part)?;
    let mut values = pieces(work, a, len)?;
    transform(work, &mut values, parts, &table)?;
    let scale = pow_mod(len as u64, P - 2);
    for value in values.iter_mut() {
        *value = mul_mod(mul_mod(*value, *value), scale);
    }
    transform_back(work, &mut values, parts, &table)?;
    carry_out(out, &values);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tare_allocators::{Memory, System};

    use super::*;

    #[test]
    fn the_field_reduces_at_its_edges() {
        let exact = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(P)) as u64;
        let edges = [0, 1, EPSILON, EPSILON + 1, 1 << 48, P - 1, P, P + 1, u64::MAX - 1, u64::MAX, 1 << 63];
        for a in edges {
            assert_eq!(times_i(a), exact(a, 1 << 48));
            for b in edges {
                assert_eq!(mul_mod(a, b), exact(a, b));
                let b = canonical(b);
                assert_eq!(canonical(add(a, b)), ((u128::from(a) + u128::from(b)) % u128::from(P)) as u64);
                assert_eq!(
                    canonical(sub(a, b)),
                    ((u128::from(a) + u128::from(P - b)) % u128::from(P)) as u64
                );
            }
        }
        assert_eq!(ROOTS[2], 1 << 48);
        assert_eq!(ROOTS[1], P - 1);
        assert_eq!(pow_mod(OMEGA, 3), 1);
        assert_ne!(OMEGA, 1);
    }

    /// The greatest coefficients there can be: all pieces at their maximum, at every shape.
    #[test]
    fn products_of_all_ones_are_exact() {
        let mut work = Work::new(Memory::new(&System));
        for len in [1, 2, 3, 5, 6, 11, 12, 24, 47, 96, 383, 800, 1600, 3000] {
            let ones = vec![u64::MAX; len];
            let mut out = vec![0; 2 * len];
            mul(&mut work, &mut out, &ones, &ones).unwrap();
            // (X - 1)^2 = X^2 - 2X + 1
            let mut expected = vec![0; 2 * len];
            expected[0] = 1;
            expected[len] = u64::MAX - 1;
            expected[len + 1..].fill(u64::MAX);
            assert_eq!(out, expected, "{len}");
            out.fill(7);
            square(&mut work, &mut out, &ones).unwrap();
            assert_eq!(out, expected, "{len}");
        }
    }
}
