//! BigInt arithmetic on limbs of 64 bits in memory of the caller's allocator.
//!
//! A BigInt is a sign and a magnitude, least significant limb first ([`BigIntRef`]). Operations come in
//! two forms: `op_into(out, …)` writes the limbs into a slice of the caller, whose length `op_limbs(…)` says
//! beforehand, and `op(work, …)` makes a [`BigIntBuf`]. Either way results beyond [`MAX_BITS`] are refused
//! before any memory is taken for them. [`Work`] carries the memory for results and scratch, and a hook
//! that can end a long operation.
//!
//! # Invariants
//! - The limbs of a [`BigIntRef`] have no leading zeros, and zero (no limbs) is not negative. Every operation
//!   relies on it and keeps it.
//! - Scratch memory is given back before an operation returns, also when it fails.

mod bits;
mod div;
mod float;
mod limbs;
mod mul;
mod ntt;
mod pow;
mod text;

use core::cmp::Ordering;
use core::fmt;

use tare_allocators::{Memory, OutOfMemory, Vec};

pub use bits::{
    and, and_into, as_int_n, as_int_n_into, as_int_n_limbs, as_uint_n, as_uint_n_into, as_uint_n_limbs,
    bitwise_limbs, not, not_into, or, or_into, shift_amount, shift_left, shift_left_bits, shift_left_into,
    shift_left_limbs, shift_right, shift_right_bits, shift_right_into, shift_right_limbs, xor, xor_into,
};
pub use float::{compare_with_f64, from_f64, to_f64};
pub use pow::pow;
pub use text::{from_digits, max_text_len, parse, to_text, to_text_into};

/// The largest BigInt has this many bits.
pub const MAX_BITS: u64 = 1 << 30;

/// The largest BigInt has this many limbs.
pub const MAX_LIMBS: usize = (MAX_BITS / 64) as usize;

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// An allocation was refused.
    OutOfMemory,
    /// The result would have more than [`MAX_BITS`] bits: a RangeError in ECMAScript.
    TooBig,
    /// Division by zero: a RangeError.
    DivisionByZero,
    /// A power with a negative exponent: a RangeError.
    NegativeExponent,
    /// The interrupt hook asked to stop.
    Interrupted,
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Self {
        Error::OutOfMemory
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::OutOfMemory => "out of memory",
            Error::TooBig => "BigInt is too large",
            Error::DivisionByZero => "division by zero",
            Error::NegativeExponent => "negative exponent",
            Error::Interrupted => "interrupted",
        })
    }
}

impl std::error::Error for Error {}

/// What an operation works with: memory for results and scratch, and the interrupt hook.
pub struct Work<'m, 'h> {
    memory: Memory<'m>,
    interrupt: Option<&'h mut dyn FnMut() -> bool>,
    /// Operations on limbs since the hook was called.
    unpaid: usize,
}

/// So many operations on limbs, of a nanosecond or less each, pass between two calls of the interrupt hook, or some
/// more where a step of an algorithm takes longer.
pub const PORTION: usize = 1 << 12;

/// Plain loops over limbs are done in pieces of so many, each paid.
const PIECE: usize = 1 << 14;

impl<'m, 'h> Work<'m, 'h> {
    /// Without a hook.
    pub fn new(memory: Memory<'m>) -> Self {
        Work { memory, interrupt: None, unpaid: 0 }
    }

    /// With a hook that is called after every [`PORTION`] or so of work; when it answers true, the operation ends
    /// with [`Error::Interrupted`].
    pub fn with_interrupt(memory: Memory<'m>, interrupt: &'h mut dyn FnMut() -> bool) -> Self {
        Work { memory, interrupt: Some(interrupt), unpaid: 0 }
    }

    /// The memory in use.
    pub fn memory(&self) -> Memory<'m> {
        self.memory
    }

    /// Pays for operations on limbs that come next, or are done.
    #[inline]
    fn spend(&mut self, operations: usize) -> Result<(), Error> {
        self.unpaid += operations;
        if self.unpaid < PORTION { Ok(()) } else { self.ask() }
    }

    #[cold]
    fn ask(&mut self) -> Result<(), Error> {
        let portions = core::mem::replace(&mut self.unpaid, 0) / PORTION;
        let Some(interrupt) = self.interrupt.as_mut() else { return Ok(()) };
        // What took many portions counts as these, up to a bound.
        if (0..portions.min(64)).any(|_| interrupt()) { Err(Error::Interrupted) } else { Ok(()) }
    }

    fn zeros(&mut self, len: usize) -> Result<Vec<'m, u64>, Error> {
        let mut limbs = Vec::try_with_capacity(len, self.memory)?;
        while limbs.len() < len {
            let piece = PIECE.min(len - limbs.len());
            self.spend_if_long(piece)?;
            limbs.try_resize(limbs.len() + piece, 0)?;
        }
        Ok(limbs)
    }

    /// Pays for a loop over limbs that is worth it: what is short is paid by whoever calls the operation.
    #[inline]
    fn spend_if_long(&mut self, limbs: usize) -> Result<(), Error> {
        if limbs < PIECE { Ok(()) } else { self.spend(limbs) }
    }
}

/// A borrowed BigInt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigIntRef<'a> {
    negative: bool,
    limbs: &'a [u64],
}

impl<'a> BigIntRef<'a> {
    /// Zero.
    pub const ZERO: BigIntRef<'static> = BigIntRef { negative: false, limbs: &[] };

    /// A BigInt of these limbs, least significant first; leading zeros are passed over.
    #[inline]
    pub fn new(negative: bool, limbs: &'a [u64]) -> Self {
        let limbs = limbs::normalised(limbs);
        BigIntRef { negative: negative && !limbs.is_empty(), limbs }
    }

    /// Whether the number is below zero.
    #[inline]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Whether the number is zero.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.limbs.is_empty()
    }

    /// The magnitude, least significant limb first, without leading zeros.
    #[inline]
    pub fn limbs(self) -> &'a [u64] {
        self.limbs
    }

    /// The number of bits of the magnitude.
    pub fn bit_length(self) -> u64 {
        limbs::bit_length(self.limbs)
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        BigIntRef { negative: !self.negative && !self.limbs.is_empty(), ..self }
    }

    /// The number modulo 2^64: BigInt::asUintN(64), ToBigUint64.
    pub fn to_u64_wrapping(self) -> u64 {
        let magnitude = self.limbs.first().copied().unwrap_or(0);
        if self.negative { magnitude.wrapping_neg() } else { magnitude }
    }

    /// The number modulo 2^64 as a signed one: BigInt::asIntN(64), ToBigInt64.
    pub fn to_i64_wrapping(self) -> i64 {
        self.to_u64_wrapping() as i64
    }

    /// The number as an i64, if it is one.
    pub fn to_i64(self) -> Option<i64> {
        let value = self.to_i64_wrapping();
        (self.limbs.len() <= 1 && (value < 0) == self.negative).then_some(value)
    }

    /// The number as a u64, if it is one.
    pub fn to_u64(self) -> Option<u64> {
        (self.limbs.len() <= 1 && !self.negative).then(|| self.to_u64_wrapping())
    }
}

impl Ord for BigIntRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => limbs::compare(self.limbs, other.limbs),
            (true, true) => limbs::compare(other.limbs, self.limbs),
        }
    }
}

impl PartialOrd for BigIntRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A BigInt with limbs of its own.
#[derive(Debug)]
pub struct BigIntBuf<'m> {
    negative: bool,
    limbs: Vec<'m, u64>,
}

impl<'m> BigIntBuf<'m> {
    /// Takes limbs over; leading zeros are cut off.
    pub fn new(negative: bool, mut limbs: Vec<'m, u64>) -> Self {
        let len = limbs::significant(&limbs);
        limbs.truncate(len);
        BigIntBuf { negative: negative && len > 0, limbs }
    }

    /// Zero; takes no memory.
    pub fn zero(memory: Memory<'m>) -> Self {
        BigIntBuf { negative: false, limbs: Vec::new(memory) }
    }

    /// A copy.
    pub fn from_ref(number: BigIntRef<'_>, memory: Memory<'m>) -> Result<Self, Error> {
        Ok(BigIntBuf { negative: number.negative, limbs: Vec::try_from_slice(number.limbs, memory)? })
    }

    /// The number of an i64.
    pub fn from_i64(number: i64, memory: Memory<'m>) -> Result<Self, Error> {
        Self::from_ref(BigIntRef::new(number < 0, &[number.unsigned_abs()]), memory)
    }

    /// The number of a u64.
    pub fn from_u64(number: u64, memory: Memory<'m>) -> Result<Self, Error> {
        Self::from_ref(BigIntRef::new(false, &[number]), memory)
    }

    /// The number, borrowed.
    #[inline]
    pub fn as_ref(&self) -> BigIntRef<'_> {
        BigIntRef { negative: self.negative, limbs: &self.limbs }
    }

    /// The sign and the limbs.
    pub fn into_parts(self) -> (bool, Vec<'m, u64>) {
        (self.negative, self.limbs)
    }
}

/// What an operation wrote into a slice of the caller: a number of `len` limbs. The limbs above are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whether the number is below zero.
    pub negative: bool,
    /// Limbs without leading zeros.
    pub len: usize,
}

impl Written {
    fn of(negative: bool, out: &[u64]) -> Self {
        let len = limbs::significant(out);
        Written { negative: negative && len > 0, len }
    }

    /// The same for a number that may have many leading zeros.
    fn of_long(work: &mut Work<'_, '_>, negative: bool, out: &[u64]) -> Result<Self, Error> {
        let mut end = out.len();
        while end > PIECE && limbs::significant(&out[end - PIECE..end]) == 0 {
            work.spend(PIECE)?;
            end -= PIECE;
        }
        Ok(Written::of(negative, &out[..end]))
    }
}

/// Refuses numbers of more than [`MAX_LIMBS`] limbs. The few bits a sum of the largest numbers
/// has beyond that are allowed for in the room, and refused by [`check`].
fn room(limbs: usize) -> Result<usize, Error> {
    if limbs > MAX_LIMBS + 1 { Err(Error::TooBig) } else { Ok(limbs) }
}

/// Refuses results of more than [`MAX_BITS`] bits.
fn check(written: Written) -> Result<Written, Error> {
    if written.len > MAX_LIMBS { Err(Error::TooBig) } else { Ok(written) }
}

/// Limbs up to which results and scratch are made on the stack, and results then copied.
const SMALL: usize = 16;

/// Makes a number of at most `limbs` limbs by a function that writes into a slice.
#[inline(always)]
fn build<'m, 'h>(
    work: &mut Work<'m, 'h>,
    limbs: usize,
    write: impl FnOnce(&mut Work<'m, 'h>, &mut [u64]) -> Result<Written, Error>,
) -> Result<BigIntBuf<'m>, Error> {
    if limbs <= SMALL {
        let mut out = [0; SMALL];
        let Written { negative, len } = write(work, &mut out[..limbs])?;
        return BigIntBuf::from_ref(BigIntRef { negative, limbs: &out[..len] }, work.memory);
    }
    let mut out = work.zeros(limbs)?;
    let Written { negative, len } = write(work, &mut out)?;
    out.truncate(len);
    Ok(BigIntBuf { negative, limbs: out })
}

/// The value of a number of one limb at most.
#[inline(always)]
fn one_limb(number: BigIntRef<'_>) -> Option<i128> {
    match *number.limbs {
        [] => Some(0),
        [limb] => Some(if number.negative { -i128::from(limb) } else { i128::from(limb) }),
        _ => None,
    }
}

/// Both values, if both numbers have one limb at most: the case worth a shorter way.
#[inline(always)]
fn both_one_limb(a: BigIntRef<'_>, b: BigIntRef<'_>) -> Option<(i128, i128)> {
    if a.limbs.len() <= 1 && b.limbs.len() <= 1 { one_limb(a).zip(one_limb(b)) } else { None }
}

/// The number of a result of the short way.
fn of_two_limbs<'m>(work: &Work<'m, '_>, negative: bool, magnitude: u128) -> Result<BigIntBuf<'m>, Error> {
    let limbs = [magnitude as u64, (magnitude >> 64) as u64];
    BigIntBuf::from_ref(BigIntRef::new(negative, &limbs), work.memory)
}

/// The limbs to provide for `a + b` or `a - b`.
pub fn add_limbs(a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<usize, Error> {
    room(a.limbs.len().max(b.limbs.len()) + 1)
}

/// `a + b` into `out`, of [`add_limbs`] limbs.
pub fn add_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    // The longer one first; the sum is the same.
    let (a, b) = if a.limbs.len() >= b.limbs.len() { (a, b) } else { (b, a) };
    let (sum, above) = out.split_at_mut(a.limbs.len());
    above.fill(0);
    let adds = a.negative == b.negative;
    if sum.len() <= PIECE {
        if adds {
            above[0] = u64::from(limbs::add_into(sum, a.limbs, b.limbs));
            return check(Written::of(a.negative, out));
        }
        let exchanged = limbs::difference_into(sum, a.limbs, b.limbs);
        return check(Written::of(a.negative != exchanged, out));
    }
    let (mut carry, mut rest) = (false, b.limbs);
    for (out, x) in sum.chunks_mut(PIECE).zip(a.limbs.chunks(PIECE)) {
        work.spend(2 * x.len())?;
        let y;
        (y, rest) = rest.split_at(rest.len().min(x.len()));
        // At most one of the two carries.
        carry = if adds {
            limbs::add_into(out, x, y) | (carry && limbs::add_limb(out, 1))
        } else {
            limbs::sub_into(out, x, y) | (carry && limbs::sub_limb(out, 1))
        };
    }
    if adds {
        above[0] = u64::from(carry);
        return check(Written::of_long(work, a.negative, out)?);
    }
    if carry {
        negate(work, sum)?;
    }
    check(Written::of_long(work, a.negative != carry, out)?)
}

/// The two's complement negation of all limbs.
fn negate(work: &mut Work<'_, '_>, number: &mut [u64]) -> Result<(), Error> {
    let mut carry = true;
    for piece in number.chunks_mut(PIECE) {
        work.spend_if_long(piece.len())?;
        carry = limbs::negate(piece, carry);
    }
    Ok(())
}

/// `a - b` into `out`, of [`add_limbs`] limbs.
pub fn sub_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    add_into(work, out, a, b.negated())
}

/// `a + b`.
pub fn add<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    if let Some((x, y)) = both_one_limb(a, b) {
        return of_two_limbs(work, x + y < 0, (x + y).unsigned_abs());
    }
    build(work, add_limbs(a, b)?, |work, out| add_into(work, out, a, b))
}

/// `a - b`.
pub fn sub<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    add(work, a, b.negated())
}

/// `-a`.
pub fn neg<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    BigIntBuf::from_ref(a.negated(), work.memory)
}

/// The limbs to provide for `a * b`.
pub fn mul_limbs(a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<usize, Error> {
    if a.is_zero() || b.is_zero() {
        return Ok(0);
    }
    // The product has as many bits as both together, or one less.
    if a.bit_length() + b.bit_length() > MAX_BITS + 1 {
        return Err(Error::TooBig);
    }
    room(a.limbs.len() + b.limbs.len())
}

/// `a * b` into `out`, of [`mul_limbs`] limbs. Takes scratch memory for large numbers.
pub fn mul_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    if a.is_zero() || b.is_zero() {
        out.fill(0);
        return Ok(Written { negative: false, len: 0 });
    }
    let (product, above) = out.split_at_mut(a.limbs.len() + b.limbs.len());
    above.fill(0);
    mul::mul(work, product, a.limbs, b.limbs)?;
    check(Written::of(a.negative != b.negative, out))
}

/// `a * b`.
pub fn mul<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    if let Some((x, y)) = both_one_limb(a, b) {
        return of_two_limbs(work, a.negative != b.negative, x.unsigned_abs() * y.unsigned_abs());
    }
    build(work, mul_limbs(a, b)?, |work, out| mul_into(work, out, a, b))
}

/// The limbs to provide for `a / b`.
pub fn div_limbs(a: BigIntRef<'_>, b: BigIntRef<'_>) -> usize {
    (a.limbs.len() + 1).saturating_sub(b.limbs.len())
}

/// The limbs to provide for `a % b`.
pub fn rem_limbs(a: BigIntRef<'_>, b: BigIntRef<'_>) -> usize {
    a.limbs.len().min(b.limbs.len())
}

/// `a / b` towards zero into `quotient`, of [`div_limbs`] limbs, and the remainder, which has the sign of
/// `a`, into `rest`, of [`rem_limbs`] limbs. Takes scratch memory for large numbers.
pub fn div_rem_into(
    work: &mut Work<'_, '_>,
    quotient: &mut [u64],
    rest: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<(Written, Written), Error> {
    if b.is_zero() {
        return Err(Error::DivisionByZero);
    }
    quotient[div_limbs(a, b)..].fill(0);
    rest[rem_limbs(a, b)..].fill(0);
    div::div_rem(work, &mut quotient[..div_limbs(a, b)], &mut rest[..rem_limbs(a, b)], a.limbs, b.limbs)?;
    Ok((Written::of(a.negative != b.negative, quotient), Written::of(a.negative, rest)))
}

/// [`div_rem_into`] for callers who want one of the two, with room on the stack or in memory for the other.
fn with_room<'m, 'h>(
    work: &mut Work<'m, 'h>,
    limbs: usize,
    run: impl FnOnce(&mut Work<'m, 'h>, &mut [u64]) -> Result<Written, Error>,
) -> Result<Written, Error> {
    if limbs <= SMALL {
        return run(work, &mut [0; SMALL][..limbs]);
    }
    let mut room = work.zeros(limbs)?;
    run(work, &mut room)
}

/// `a / b` towards zero into `out`, of [`div_limbs`] limbs.
pub fn div_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    if let ([limb], [divisor]) = (a.limbs, b.limbs) {
        out.fill(0);
        out[0] = limb / divisor;
        return Ok(Written::of(a.negative != b.negative, out));
    }
    with_room(work, rem_limbs(a, b), |work, rest| Ok(div_rem_into(work, out, rest, a, b)?.0))
}

/// The remainder of `a / b`, with the sign of `a`, into `out`, of [`rem_limbs`] limbs.
pub fn rem_into(
    work: &mut Work<'_, '_>,
    out: &mut [u64],
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<Written, Error> {
    if let ([limb], [divisor]) = (a.limbs, b.limbs) {
        out.fill(0);
        out[0] = limb % divisor;
        return Ok(Written::of(a.negative, out));
    }
    with_room(work, div_limbs(a, b), |work, quotient| Ok(div_rem_into(work, quotient, out, a, b)?.1))
}

/// `a / b` towards zero, and the remainder, which has the sign of `a`.
pub fn div_rem<'m>(
    work: &mut Work<'m, '_>,
    a: BigIntRef<'_>,
    b: BigIntRef<'_>,
) -> Result<(BigIntBuf<'m>, BigIntBuf<'m>), Error> {
    let (mut quotient, mut rest) = (work.zeros(div_limbs(a, b))?, work.zeros(rem_limbs(a, b))?);
    div_rem_into(work, &mut quotient, &mut rest, a, b)?;
    Ok((BigIntBuf::new(a.negative != b.negative, quotient), BigIntBuf::new(a.negative, rest)))
}

/// `a / b` towards zero.
pub fn div<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    build(work, div_limbs(a, b), |work, out| div_into(work, out, a, b))
}

/// The remainder of `a / b`, with the sign of `a`.
pub fn rem<'m>(work: &mut Work<'m, '_>, a: BigIntRef<'_>, b: BigIntRef<'_>) -> Result<BigIntBuf<'m>, Error> {
    build(work, rem_limbs(a, b), |work, out| rem_into(work, out, a, b))
}
