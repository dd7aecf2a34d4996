//! Multiplication: by columns for small factors, Karatsuba's method for middle ones, and the
//! number-theoretic transform of [`super::ntt`] for large ones.

use tare_allocators::Vec;

use super::limbs::{add_assign, add_into, add_mul, add_mul_4, difference_into, sub_assign};
use super::{Error, Work, ntt};

/// The limbs of the smaller factor from which the next method pays.
pub(super) struct Thresholds;

impl Thresholds {
    /// Karatsuba instead of columns. Law: the time of one product of `n` limbs is equal either way.
    pub(super) const KARATSUBA: usize = 30;
    /// The same for squares, whose columns cost about half.
    pub(super) const KARATSUBA_SQUARE: usize = 60;
    /// The transform instead of Karatsuba.
    pub(super) const TRANSFORM: usize = 1400;
    /// The same for squares, which take two transforms instead of three.
    pub(super) const TRANSFORM_SQUARE: usize = 900;
    /// The largest factors given to the transform whole, which takes about 120 bytes a limb of them; larger
    /// ones are first cut by Karatsuba's method to hold the memory down.
    pub(super) const TRANSFORM_MAX: usize = 1 << 21;
}

/// `out = a * b`; `out` has the limbs of both together. Takes scratch memory for large factors.
pub(super) fn mul(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), Error> {
    debug_assert_eq!(out.len(), a.len() + b.len());
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    if core::ptr::eq(a, b) {
        return square(work, out, a);
    }
    if b.len() < Thresholds::KARATSUBA {
        columns(work, out, a, b)
    } else if b.len() < Thresholds::TRANSFORM {
        let mut scratch = Vec::new(work.memory);
        scratch.try_resize(2 * b.len() + karatsuba_scratch(b.len()), 0)?;
        unbalanced(work, out, a, b, &mut scratch)
    } else if b.len() <= Thresholds::TRANSFORM_MAX && a.len() <= 4 * Thresholds::TRANSFORM_MAX {
        ntt::mul(work, out, a, b)
    } else {
        let mut scratch = Vec::new(work.memory);
        scratch.try_resize(2 * b.len() + karatsuba_scratch(b.len()), 0)?;
        unbalanced(work, out, a, b, &mut scratch)
    }
}

/// `out = a * a`.
pub(super) fn square(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64]) -> Result<(), Error> {
    if a.len() < Thresholds::KARATSUBA_SQUARE {
        square_columns(out, a);
        Ok(())
    } else if (Thresholds::TRANSFORM_SQUARE..=Thresholds::TRANSFORM_MAX).contains(&a.len()) {
        ntt::square(work, out, a)
    } else {
        let mut scratch = Vec::new(work.memory);
        scratch.try_resize(karatsuba_scratch(a.len()), 0)?;
        karatsuba_square(work, out, a, &mut scratch)
    }
}

/// A factor much longer than the other is cut into pieces of the other's length. `scratch` holds
/// twice the length of `b` and what Karatsuba's method needs for it.
fn unbalanced(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: &[u64],
    b: &[u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let len = b.len();
    if a.len() == len {
        return karatsuba(work, out, a, b, scratch);
    }
    let (product, scratch) = scratch.split_at_mut(2 * len);
    let mut done = 0;
    out[..len].fill(0);
    while done < a.len() {
        let piece = &a[done..a.len().min(done + len)];
        let product = &mut product[..piece.len() + len];
        if piece.len() == len {
            karatsuba(work, product, piece, b, scratch)?;
        } else {
            mul(work, product, b, piece)?;
        }
        // The part above `done + len` is written for the first time here.
        let (low, high) = product.split_at(len);
        let rest = &mut out[done..];
        rest[len..len + high.len()].copy_from_slice(high);
        let carried = add_assign(&mut rest[..len + high.len()], low);
        debug_assert!(!carried);
        done += piece.len();
    }
    Ok(())
}

/// By columns: each limb of the product is the sum of the limb products that belong there.
fn columns(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), Error> {
    work.spend(a.len().min(COLUMN) * b.len())?;
    if a.len() > COLUMN {
        return long_columns(work, out, a, b);
    }
    let (fours, rest) = b.as_chunks::<4>();
    out[..a.len()].fill(0);
    for (index, factors) in fours.iter().enumerate() {
        add_mul_4(&mut out[4 * index..], a, factors);
    }
    for (index, factor) in (4 * fours.len()..).zip(rest) {
        let row = &mut out[index..];
        row[a.len()] = add_mul(&mut row[..a.len()], a, *factor);
    }
    Ok(())
}

/// Limbs of the longer factor that are multiplied in one go.
const COLUMN: usize = 1 << 12;

/// Columns for one long factor, piece by piece.
#[cold]
fn long_columns(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), Error> {
    let mut product = work.zeros(COLUMN + b.len())?;
    out[..b.len()].fill(0);
    for (index, piece) in a.chunks(COLUMN).enumerate() {
        let product = &mut product[..piece.len() + b.len()];
        if piece.len() >= b.len() {
            columns(work, product, piece, b)?
        } else {
            columns(work, product, b, piece)?
        }
        // The part above the first limbs is written for the first time here.
        let (low, high) = product.split_at(b.len());
        let rest = &mut out[index * COLUMN..];
        rest[b.len()..b.len() + high.len()].copy_from_slice(high);
        let carried = add_assign(&mut rest[..b.len() + high.len()], low);
        debug_assert!(!carried);
    }
    Ok(())
}

/// The square by rows above the diagonal, doubled, and the squares on the diagonal.
fn square_columns(out: &mut [u64], a: &[u64]) {
    out.fill(0);
    for (index, factor) in a.iter().enumerate() {
        let above = &a[index + 1..];
        let row = &mut out[2 * index + 1..];
        row[above.len()] = add_mul(&mut row[..above.len()], above, *factor);
    }
    let (mut doubled, mut carry) = (0, false);
    let (pairs, _) = out.as_chunks_mut::<2>();
    for (pair, limb) in pairs.iter_mut().zip(a) {
        let (low, high) = limb.carrying_mul(*limb, 0);
        let (first, second) = (pair[0] << 1 | doubled, pair[1] << 1 | pair[0] >> 63);
        doubled = pair[1] >> 63;
        (pair[0], carry) = first.carrying_add(low, carry);
        (pair[1], carry) = second.carrying_add(high, carry);
    }
}

/// The limbs of scratch that [`karatsuba`] takes for factors of `len` limbs.
fn karatsuba_scratch(len: usize) -> usize {
    let (mut total, mut len) = (0, len);
    while len >= Thresholds::KARATSUBA {
        let half = len.div_ceil(2);
        total += 2 * half;
        len = half;
    }
    // On each level the sum of two products, `2 * half + 1` limbs, takes the place of the scratch of the
    // level below, which is never smaller; so only the deepest level adds to the total.
    total + 2 * len + 1
}

/// `out = a * b` for factors of the same length by three products of half the length.
///
/// With `a = a1 X + a0` and `b` likewise, the middle term `a0 b1 + a1 b0` is
/// `a0 b0 + a1 b1 - (a0 - a1)(b0 - b1)`.
fn karatsuba(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: &[u64],
    b: &[u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let len = a.len();
    if len < Thresholds::KARATSUBA {
        return columns(work, out, a, b);
    }
    if (Thresholds::TRANSFORM..=Thresholds::TRANSFORM_MAX).contains(&len) {
        return ntt::mul(work, out, a, b);
    }
    work.spend(8 * len)?;
    let half = len.div_ceil(2);
    let ((a0, a1), (b0, b1)) = (a.split_at(half), b.split_at(half));
    let (middle, scratch) = scratch.split_at_mut(2 * half);
    {
        // The differences live in the output until the outer products come there.
        let (da, db) = out[..2 * half].split_at_mut(half);
        let negative = difference_into(da, a0, a1) != difference_into(db, b0, b1);
        karatsuba(work, middle, da, db, scratch)?;
        let (low, high) = out.split_at_mut(2 * half);
        karatsuba(work, low, a0, b0, scratch)?;
        karatsuba(work, high, a1, b1, scratch)?;
        combine(out, half, middle, negative, scratch);
    }
    Ok(())
}

/// `out = a * a` by three squares of half the length.
fn karatsuba_square(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: &[u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let len = a.len();
    if len < Thresholds::KARATSUBA_SQUARE {
        work.spend(len * len / 2)?;
        square_columns(out, a);
        return Ok(());
    }
    if (Thresholds::TRANSFORM_SQUARE..=Thresholds::TRANSFORM_MAX).contains(&len) {
        return ntt::square(work, out, a);
    }
    work.spend(8 * len)?;
    let half = len.div_ceil(2);
    let (a0, a1) = a.split_at(half);
    let (middle, scratch) = scratch.split_at_mut(2 * half);
    difference_into(&mut out[..half], a0, a1);
    karatsuba_square(work, middle, &out[..half], scratch)?;
    let (low, high) = out.split_at_mut(2 * half);
    karatsuba_square(work, low, a0, scratch)?;
    karatsuba_square(work, high, a1, scratch)?;
    combine(out, half, middle, false, scratch);
    Ok(())
}

/// Adds `(low + high - middle) X` (plus `middle` if it is `negative`) to the outer products in `out`.
fn combine(out: &mut [u64], half: usize, middle: &[u64], negative: bool, scratch: &mut [u64]) {
    let sum = &mut scratch[..2 * half + 1];
    let (low, high) = out.split_at(2 * half);
    let carry = add_into(&mut sum[..2 * half], low, high);
    sum[2 * half] = u64::from(carry);
    let lost = if negative { add_assign(sum, middle) } else { sub_assign(sum, middle) };
    debug_assert!(!lost);
    let target = &mut out[half..];
    // The sum may have a leading zero limb more than there is room for.
    let sum = &sum[..sum.len().min(target.len())];
    let lost = add_assign(target, sum);
    debug_assert!(!lost);
}
