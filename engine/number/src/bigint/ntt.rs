//! Multiplication of large magnitudes by number-theoretic transforms.
//!
//! The factors are cut into pieces of 48 bits, taken as the coefficients of polynomials. These are multiplied
//! over two prime fields, each of nearly 2^62, and the Chinese remainder theorem gives the coefficients of the
//! product: they are below `pieces * 2^96`, which with at most 2^27 pieces is less than the product of the
//! primes. So the result is exact, and carrying it out gives the limbs.
//!
//! The transform reduces a polynomial modulo z^n - c, then modulo the two factors of that, and so on down to
//! z - c. So every pass has one factor ("twiddle") for a whole block, and the values come out in an order that
//! only has to be the same for both polynomials. The table of factors is in bit-reversed order:
//! `table[2s]^2 == table[s]`, `table[2s + 1] == i table[2s]`; a block's number is its index. A length of three
//! times a power of two is first split by the cube roots of one; the parts modulo z^n - omega take the
//! factors times omega and its square in turn, since each of these is a square root of the other.
//!
//! Numbers of a field p are kept below 4p (forward) or 2p (backward), which fits in 64 bits, and are reduced
//! no further until the end (Harvey, "Faster arithmetic for number-theoretic transforms"). A constant
//! factor w comes with `w * 2^64 / p`, by which a product costs two multiplications and no division (Shoup).

use tare_allocators::Vec;

use super::limbs::{divide_2_by_1, reciprocal};
use super::{Error, Work};

/// The two primes, `k * 3 * 2^32 + 1` below 2^62, the smaller first.
const FIRST: u64 = 0x3FFF_FF5D_0000_0001;
const SECOND: u64 = 0x3FFF_FFB4_0000_0001;

/// Up to this many values the passes go over the whole block; above they go deep first, to stay in a cache.
const CACHED: usize = 1 << 12;

/// A constant factor, and it times 2^64 divided by the prime.
type Factor = [u64; 2];

const fn pow_mod(base: u64, mut exponent: u64, p: u64) -> u64 {
    let (mut result, mut square) = (1u128, base as u128);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * square % p as u128;
        }
        square = square * square % p as u128;
        exponent >>= 1;
    }
    result as u64
}

/// The field of a prime.
struct Field<const P: u64>;

impl<const P: u64> Field<P> {
    /// Generates the whole group.
    const GENERATOR: u64 = if P == FIRST { 5 } else { 19 };
    /// `ROOTS[k]` has order 2^k.
    const ROOTS: [u64; 33] = {
        let mut root = pow_mod(Self::GENERATOR, (P - 1) >> 32, P);
        let mut roots = [1; 33];
        let mut order = 32;
        while order > 0 {
            roots[order] = root;
            root = pow_mod(root, 2, P);
            order -= 1;
        }
        roots
    };
    /// A cube root of one.
    const OMEGA: u64 = pow_mod(Self::GENERATOR, (P - 1) / 3, P);
    const RECIPROCAL: u64 = reciprocal(P << 2);
    /// `1 / P` modulo 2^64, by Newton's steps from the three bits that every odd number is right in.
    const INVERSE: u64 = {
        let (mut inverse, mut step) = (P, 0);
        while step < 5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(P.wrapping_mul(inverse)));
            step += 1;
        }
        inverse
    };

    #[inline]
    fn factor(value: u64) -> Factor {
        [value, divide_2_by_1(value << 2, 0, P << 2, Self::RECIPROCAL).0]
    }

    /// `value * factor` for any value, below 2p.
    #[inline(always)]
    fn times(value: u64, [factor, quotient]: Factor) -> u64 {
        let multiple = (u128::from(value) * u128::from(quotient)) >> 64;
        value.wrapping_mul(factor).wrapping_sub((multiple as u64).wrapping_mul(P))
    }

    /// Below 2p, from below 4p.
    #[inline(always)]
    fn halve(value: u64) -> u64 {
        value.min(value.wrapping_sub(2 * P))
    }

    /// Below p, from below 2p.
    #[inline(always)]
    fn canonical(value: u64) -> u64 {
        value.min(value.wrapping_sub(P))
    }

    /// `a * b / 2^64`, below 2p, for numbers below 2p (Montgomery).
    #[inline(always)]
    fn times_reduced(a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let quotient = (product as u64).wrapping_mul(Self::INVERSE);
        let multiple = (u128::from(quotient) * u128::from(P)) >> 64;
        ((product >> 64) as u64).wrapping_sub(multiple as u64).wrapping_add(P)
    }

    /// Splits two numbers below 4p: `a + wb` and `a - wb`, below 4p.
    #[inline(always)]
    fn split(a: u64, b: u64, w: Factor) -> (u64, u64) {
        let (a, b) = (Self::halve(a), Self::times(b, w));
        (a + b, a + (2 * P - b))
    }

    /// Joins two numbers below 2p: `a + b` and `(a - b) w`, below 2p.
    #[inline(always)]
    fn join(a: u64, b: u64, w: Factor) -> (u64, u64) {
        (Self::halve(a + b), Self::times(a + (2 * P - b), w))
    }

    /// The factors for blocks of `len` values, times a cube root of one.
    fn table<'m>(work: &mut Work<'m, '_>, len: usize, twist: u64) -> Result<Vec<'m, Factor>, Error> {
        let mut table = Vec::try_with_capacity(len / 2, work.memory)?;
        table.try_resize(len / 2, Self::factor(twist))?;
        let (mut filled, mut order) = (1, 2);
        while filled < len / 2 {
            let (done, next) = table.split_at_mut(filled);
            let root = Self::factor(Self::ROOTS[order]);
            for (next, done) in next.chunks_mut(RUN).zip(done.chunks(RUN)) {
                work.spend(8 * done.len())?;
                for (new, old) in next.iter_mut().zip(done) {
                    *new = Self::factor(Self::canonical(Self::times(old[0], root)));
                }
            }
            filled *= 2;
            order += 1;
        }
        Ok(table)
    }

    /// Splits modulo z^3n - 1 into modulo z^n - 1, z^n - omega, z^n - omega^2; with the roots exchanged, back,
    /// times three. Numbers below 2p.
    fn three_way(work: &mut Work<'_, '_>, values: &mut [u64], omega: u64) -> Result<(), Error> {
        let omega_2 = Self::factor(pow_mod(omega, 2, P));
        let omega = Self::factor(omega);
        let third = values.len() / 3;
        let (x0, rest) = values.split_at_mut(third);
        let (x1, x2) = rest.split_at_mut(third);
        let sum = |a, b, c| Self::halve(Self::halve(a + b) + c);
        for ((x0, x1), x2) in x0.chunks_mut(RUN).zip(x1.chunks_mut(RUN)).zip(x2.chunks_mut(RUN)) {
            work.spend(8 * x0.len())?;
            for ((a, b), c) in x0.iter_mut().zip(x1).zip(x2) {
                let (first, second, third) = (*a, *b, *c);
                *a = sum(first, second, third);
                *b = sum(first, Self::times(second, omega), Self::times(third, omega_2));
                *c = sum(first, Self::times(second, omega_2), Self::times(third, omega));
            }
        }
        Ok(())
    }

    /// The coefficients of `a * b` (or `a * a`) modulo z^len - 1 over this field, below 2p.
    fn convolve<'m>(
        work: &mut Work<'m, '_>,
        a: &[u64],
        b: Option<&[u64]>,
        shape: Shape,
    ) -> Result<Vec<'m, u64>, Error> {
        let tables = Tables::<'m, P>::new(work, shape)?;
        let mut values = pieces(work, a, shape.len())?;
        tables.forward(work, &mut values)?;
        // The scale takes back the length and Montgomery's 2^64.
        let length = pow_mod(shape.len() as u64, P - 2, P);
        let power = (1u128 << 64) % u128::from(P);
        let scale = Self::factor((u128::from(length) * power % u128::from(P)) as u64);
        if let Some(b) = b {
            let mut others = pieces(work, b, shape.len())?;
            tables.forward(work, &mut others)?;
            for (values, others) in values.chunks_mut(RUN).zip(others.chunks(RUN)) {
                work.spend(4 * values.len())?;
                for (value, other) in values.iter_mut().zip(others) {
                    let product = Self::times_reduced(Self::halve(*value), Self::halve(*other));
                    *value = Self::times(product, scale);
                }
            }
        } else {
            for values in values.chunks_mut(RUN) {
                work.spend(4 * values.len())?;
                for value in values {
                    let half = Self::halve(*value);
                    *value = Self::times(Self::times_reduced(half, half), scale);
                }
            }
        }
        tables.backward(work, &mut values)?;
        Ok(values)
    }
}

/// A length of the transform: `parts` (1 or 3) times a power of two.
#[derive(Clone, Copy)]
struct Shape {
    parts: usize,
    part: usize,
}

impl Shape {
    fn of(pieces: usize) -> Self {
        let power = pieces.next_power_of_two().max(16);
        if power / 4 * 3 >= pieces {
            Shape { parts: 3, part: power / 4 }
        } else {
            Shape { parts: 1, part: power }
        }
    }

    fn len(self) -> usize {
        self.parts * self.part
    }
}

/// The factors of a length: as they are, and if there are three parts, times omega and times its square.
struct Tables<'m, const P: u64> {
    shape: Shape,
    tables: [Vec<'m, Factor>; 3],
}

impl<'m, const P: u64> Tables<'m, P> {
    fn new(work: &mut Work<'m, '_>, shape: Shape) -> Result<Self, Error> {
        let omega = Field::<P>::OMEGA;
        let twisted = if shape.parts == 3 { shape.part } else { 0 };
        let tables = [
            Field::<P>::table(work, shape.part, 1)?,
            Field::<P>::table(work, twisted, omega)?,
            Field::<P>::table(work, twisted, pow_mod(omega, 2, P))?,
        ];
        Ok(Tables { shape, tables })
    }

    /// The factors of the even and the odd passes over a part.
    fn plan(&self, even: usize, odd: usize) -> Plan<'_, P> {
        Plan { even: &self.tables[even], odd: &self.tables[odd] }
    }

    /// Values from coefficients below 2p.
    fn forward(&self, work: &mut Work<'_, '_>, values: &mut [u64]) -> Result<(), Error> {
        if self.shape.parts == 3 {
            Field::<P>::three_way(work, values, Field::<P>::OMEGA)?;
        }
        // The root of omega is its square, and the root of that omega.
        let plans = [(0, 0), (2, 1), (1, 2)];
        for (part, (even, odd)) in values.chunks_exact_mut(self.shape.part).zip(plans) {
            self.plan(even, odd).forward(work, part, 0)?;
        }
        Ok(())
    }

    /// Coefficients, times the length, from values below 2p.
    fn backward(&self, work: &mut Work<'_, '_>, values: &mut [u64]) -> Result<(), Error> {
        // Omega and its square are also each other's inverse.
        let plans = [(0, 0), (1, 2), (2, 1)];
        for (part, (even, odd)) in values.chunks_exact_mut(self.shape.part).zip(plans) {
            self.plan(even, odd).backward(work, part, 0)?;
        }
        if self.shape.parts == 3 {
            Field::<P>::three_way(work, values, pow_mod(Field::<P>::OMEGA, 2, P))?;
        }
        Ok(())
    }
}

/// The factors of the passes over one part. Every pass here is two of the definition: an even and an odd one.
struct Plan<'t, const P: u64> {
    even: &'t [Factor],
    odd: &'t [Factor],
}

/// The inverse of `table[s]`, given the table of the inverse cube root: the inverse of a root is the negative
/// of the one whose index has all bits flipped below the highest.
#[inline(always)]
fn inverse<const P: u64>(table: &[Factor], s: usize) -> Factor {
    if s == 0 {
        return table[0];
    }
    let [factor, quotient] = table[s ^ ((1 << s.ilog2()) - 1)];
    [P - factor, !quotient]
}

impl<const P: u64> Plan<'_, P> {
    #[inline(always)]
    fn forward_factors(&self, s: usize) -> [Factor; 3] {
        [self.even[s], self.odd[2 * s], self.odd[2 * s + 1]]
    }

    #[inline(always)]
    fn backward_factors(&self, s: usize) -> [Factor; 3] {
        [inverse::<P>(self.even, s), inverse::<P>(self.odd, 2 * s), inverse::<P>(self.odd, 2 * s + 1)]
    }

    /// Values of block `s` from coefficients; both below 4p.
    fn forward(&self, work: &mut Work<'_, '_>, values: &mut [u64], s: usize) -> Result<(), Error> {
        let len = values.len();
        if len > CACHED {
            forward_pass::<P>(work, values, self.forward_factors(s))?;
            for (index, part) in values.chunks_exact_mut(len / 4).enumerate() {
                self.forward(work, part, 4 * s + index)?;
            }
            return Ok(());
        }
        work.spend(2 * len)?;
        let mut block = len;
        while block > 4 {
            let first = s * (len / block);
            for (index, part) in values.chunks_exact_mut(block).enumerate() {
                forward_pass::<P>(work, part, self.forward_factors(first + index))?;
            }
            block /= 4;
        }
        let first = s * (len / block);
        if block == 4 {
            for (index, part) in values.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *part = split_4::<P>(*part, self.forward_factors(first + index));
            }
        } else {
            for (index, part) in values.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                (part[0], part[1]) = Field::<P>::split(part[0], part[1], self.even[first + index]);
            }
        }
        Ok(())
    }

    /// Coefficients, times the length, of block `s` from values; both below 2p.
    fn backward(&self, work: &mut Work<'_, '_>, values: &mut [u64], s: usize) -> Result<(), Error> {
        let len = values.len();
        if len > CACHED {
            for (index, part) in values.chunks_exact_mut(len / 4).enumerate() {
                self.backward(work, part, 4 * s + index)?;
            }
            backward_pass::<P>(work, values, self.backward_factors(s))?;
            return Ok(());
        }
        work.spend(2 * len)?;
        // The blocks are powers of four times the smallest, which is two or four.
        let mut block = if len.ilog2() % 2 == 1 { 2 } else { 4 };
        let first = s * (len / block);
        if block == 2 {
            for (index, part) in values.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let factor = inverse::<P>(self.even, first + index);
                (part[0], part[1]) = Field::<P>::join(part[0], part[1], factor);
            }
        } else {
            for (index, part) in values.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *part = join_4::<P>(*part, self.backward_factors(first + index));
            }
        }
        while block < len {
            block *= 4;
            let first = s * (len / block);
            for (index, part) in values.chunks_exact_mut(block).enumerate() {
                backward_pass::<P>(work, part, self.backward_factors(first + index))?;
            }
        }
        Ok(())
    }
}

/// Two passes of splitting at once.
#[inline(always)]
fn split_4<const P: u64>([a, b, c, d]: [u64; 4], [outer, first, second]: [Factor; 3]) -> [u64; 4] {
    let ((a, c), (b, d)) = (Field::<P>::split(a, c, outer), Field::<P>::split(b, d, outer));
    let ((a, b), (c, d)) = (Field::<P>::split(a, b, first), Field::<P>::split(c, d, second));
    [a, b, c, d]
}

/// Two passes of joining at once.
#[inline(always)]
fn join_4<const P: u64>([a, b, c, d]: [u64; 4], [outer, first, second]: [Factor; 3]) -> [u64; 4] {
    let ((a, b), (c, d)) = (Field::<P>::join(a, b, first), Field::<P>::join(c, d, second));
    let ((a, c), (b, d)) = (Field::<P>::join(a, c, outer), Field::<P>::join(b, d, outer));
    [a, b, c, d]
}

fn forward_pass<const P: u64>(
    work: &mut Work<'_, '_>,
    values: &mut [u64],
    factors: [Factor; 3],
) -> Result<(), Error> {
    let quarter = values.len() / 4;
    let (low, high) = values.split_at_mut(2 * quarter);
    let ((x0, x1), (x2, x3)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
    let parts = x0.chunks_mut(RUN).zip(x1.chunks_mut(RUN)).zip(x2.chunks_mut(RUN)).zip(x3.chunks_mut(RUN));
    for (((x0, x1), x2), x3) in parts {
        work.spend(8 * x0.len())?;
        for (((a, b), c), d) in x0.iter_mut().zip(x1).zip(x2).zip(x3) {
            [*a, *b, *c, *d] = split_4::<P>([*a, *b, *c, *d], factors);
        }
    }
    Ok(())
}

fn backward_pass<const P: u64>(
    work: &mut Work<'_, '_>,
    values: &mut [u64],
    factors: [Factor; 3],
) -> Result<(), Error> {
    let quarter = values.len() / 4;
    let (low, high) = values.split_at_mut(2 * quarter);
    let ((x0, x1), (x2, x3)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
    let parts = x0.chunks_mut(RUN).zip(x1.chunks_mut(RUN)).zip(x2.chunks_mut(RUN)).zip(x3.chunks_mut(RUN));
    for (((x0, x1), x2), x3) in parts {
        work.spend(8 * x0.len())?;
        for (((a, b), c), d) in x0.iter_mut().zip(x1).zip(x2).zip(x3) {
            [*a, *b, *c, *d] = join_4::<P>([*a, *b, *c, *d], factors);
        }
    }
    Ok(())
}

/// Values that are worked on between two payments.
const RUN: usize = 1 << 12;

const PIECE_BITS: u32 = 48;
const PIECE: u64 = (1 << PIECE_BITS) - 1;

/// The number of pieces that hold so many limbs: four for three.
fn piece_count(limbs: usize) -> usize {
    (4 * limbs).div_ceil(3)
}

/// Cuts limbs into pieces, and zeros behind them.
fn pieces<'m>(work: &mut Work<'m, '_>, limbs: &[u64], len: usize) -> Result<Vec<'m, u64>, Error> {
    let mut values = work.zeros(len)?;
    work.spend(len)?;
    let (threes, rest) = limbs.as_chunks::<3>();
    let cut =
        |[a, b, c]: [u64; 3]| [a & PIECE, (a >> 48 | b << 16) & PIECE, (b >> 32 | c << 32) & PIECE, c >> 16];
    let mut fours = values.as_chunks_mut::<4>().0.iter_mut();
    for threes in threes.chunks(RUN) {
        work.spend(4 * threes.len())?;
        for (three, four) in threes.iter().zip(fours.by_ref()) {
            *four = cut(*three);
        }
    }
    if let [a] | [a, _] = *rest {
        let b = rest.get(1).copied().unwrap_or(0);
        // At most three pieces are not zero, and there is room for these.
        for (value, piece) in values[4 * threes.len()..].iter_mut().zip(cut([a, b, 0])) {
            *value = piece;
        }
    }
    Ok(values)
}

/// Coefficients from their residues in both fields, carried out into limbs.
fn carry_out(work: &mut Work<'_, '_>, out: &mut [u64], first: &[u64], second: &[u64]) -> Result<(), Error> {
    type Second = Field<SECOND>;
    let inverse = Second::factor(pow_mod(FIRST, SECOND - 2, SECOND));
    let mut carry = 0u128;
    let fours = first.as_chunks::<4>().0.iter().zip(second.as_chunks::<4>().0);
    for (index, (limbs, (x, y))) in out.chunks_mut(3).zip(fours).enumerate() {
        if index.is_multiple_of(RUN) {
            work.spend(16 * RUN.min(first.len() / 4))?;
        }
        let mut pieces = [0; 4];
        for (piece, (x, y)) in pieces.iter_mut().zip(x.iter().zip(y)) {
            let (x, y) = (Field::<FIRST>::canonical(*x), *y);
            // x + FIRST * ((y - x) / FIRST modulo SECOND)
            let quotient = Second::canonical(Second::times(y + (SECOND - x), inverse));
            carry += u128::from(x) + u128::from(FIRST) * u128::from(quotient);
            *piece = carry as u64 & PIECE;
            carry >>= PIECE_BITS;
        }
        let [a, b, c, d] = pieces;
        for (limb, value) in limbs.iter_mut().zip([a | b << 48, b >> 16 | c << 32, c >> 32 | d << 16]) {
            *limb = value;
        }
    }
    Ok(())
}

/// `out = a * b`, or `a * a` without a second factor.
fn product(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: Option<&[u64]>) -> Result<(), Error> {
    let shape = Shape::of(piece_count(a.len()) + piece_count(b.unwrap_or(a).len()));
    debug_assert!(shape.len() <= 1 << 27);
    let first = Field::<FIRST>::convolve(work, a, b, shape)?;
    let second = Field::<SECOND>::convolve(work, a, b, shape)?;
    carry_out(work, out, &first, &second)
}

/// `out = a * b`.
pub(super) fn mul(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), Error> {
    product(work, out, a, Some(b))
}

/// `out = a * a`.
pub(super) fn square(work: &mut Work<'_, '_>, out: &mut [u64], a: &[u64]) -> Result<(), Error> {
    product(work, out, a, None)
}

#[cfg(test)]
mod tests {
    use tare_allocators::{Memory, System};

    use super::*;

    fn field_holds<const P: u64>() {
        let exact = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(P)) as u64;
        let edges = [0, 1, 2, 1 << 32, 1 << 61, P - 1, P, P + 1, 2 * P - 1, 2 * P, 4 * P - 1, u64::MAX];
        for a in edges {
            for b in edges {
                let factor = Field::<P>::factor(b % P);
                let product = Field::<P>::times(a, factor);
                assert!(product < 2 * P);
                assert_eq!(product % P, exact(a, b % P));
                if a < 2 * P && b < 2 * P {
                    let product = Field::<P>::times_reduced(a, b);
                    assert!(product < 2 * P);
                    assert_eq!(((u128::from(product) << 64) % u128::from(P)) as u64, exact(a, b));
                }
            }
        }
        assert_eq!(Field::<P>::ROOTS[1], P - 1);
        assert_ne!(Field::<P>::OMEGA, 1);
        assert_eq!(pow_mod(Field::<P>::OMEGA, 3, P), 1);
    }

    #[test]
    fn the_fields_reduce_at_their_edges() {
        field_holds::<FIRST>();
        field_holds::<SECOND>();
        assert!(u128::from(FIRST) * u128::from(SECOND) > 1 << (96 + 27));
    }

    /// The greatest coefficients there can be: all pieces at their maximum, at every shape.
    #[test]
    fn products_of_all_ones_are_exact() {
        let mut work = Work::new(Memory::new(&System));
        for len in [1, 2, 3, 4, 5, 6, 11, 12, 24, 47, 96, 383, 800, 1600, 3000, 7000] {
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

    #[test]
    fn unequal_factors_agree_with_columns() {
        let mut work = Work::new(Memory::new(&System));
        let limbs: std::vec::Vec<u64> = (1..900u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        for (a_len, b_len) in [(1, 899), (10, 31), (100, 23), (500, 3), (899, 700)] {
            let (a, b) = (&limbs[..a_len], &limbs[limbs.len() - b_len..]);
            let (mut out, mut expected) = (vec![0; a_len + b_len], vec![0; a_len + b_len]);
            mul(&mut work, &mut out, a, b).unwrap();
            super::super::mul::mul(&mut work, &mut expected, a, b).unwrap();
            assert_eq!(out, expected, "{a_len} by {b_len}");
        }
    }
}
