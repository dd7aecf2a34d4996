//! Powers.

use super::{BigIntBuf, BigIntRef, Error, MAX_BITS, Work, limbs, mul};

/// `base ** exponent`.
pub fn pow<'m>(
    work: &mut Work<'m, '_>,
    base: BigIntRef<'_>,
    exponent: BigIntRef<'_>,
) -> Result<BigIntBuf<'m>, Error> {
    if exponent.is_negative() {
        return Err(Error::NegativeExponent);
    }
    let is_odd = exponent.limbs().first().is_some_and(|limb| limb & 1 == 1);
    if exponent.is_zero() || base.limbs() == [1] {
        return BigIntBuf::from_i64(if base.is_negative() && is_odd { -1 } else { 1 }, work.memory());
    }
    if base.is_zero() {
        return Ok(BigIntBuf::zero(work.memory()));
    }
    // The power has more than (bits - 1) * exponent bits, and the base is at least two.
    let exponent = match exponent.to_u64() {
        Some(exponent) if exponent <= MAX_BITS => exponent,
        _ => return Err(Error::TooBig),
    };
    let power_bits = log2(base.limbs()) * exponent as f64;
    if power_bits * (1.0 - SLACK) > (MAX_BITS + 1) as f64 {
        return Err(Error::TooBig);
    }
    // Powers of two in the base go in at the end, by a shift.
    let zero_limbs = base.limbs().iter().take_while(|limb| **limb == 0).count();
    let zero_bits = base.limbs()[zero_limbs].trailing_zeros();
    let shift = (64 * zero_limbs as u64 + u64::from(zero_bits)) * exponent;
    let mut odd = work.zeros(base.limbs().len() - zero_limbs)?;
    limbs::shr_into(&mut odd, &base.limbs()[zero_limbs..], zero_bits);
    let odd = limbs::normalised(&odd);

    // An upper bound of the bits of the odd part's power; its limbs bound those of every step.
    let bits = (log2(odd) * exponent as f64 * (1.0 + SLACK)) as u64 + 1;
    let words = (shift / 64) as usize;
    let mut power = work.zeros(words + (bits / 64) as usize + 3)?;
    {
        let power = &mut power[words..];
        let len = if odd == [1] {
            power[0] = 1;
            1
        } else if bits <= 62 {
            power[0] = odd[0].pow(exponent as u32);
            1
        } else {
            // Two buffers in turn, from the leading bit of the exponent down.
            let mut scratch = work.zeros((bits / 64) as usize + 2)?;
            power[..odd.len()].copy_from_slice(odd);
            let mut len = odd.len();
            for bit in (0..exponent.ilog2()).rev() {
                mul::square(work, &mut scratch[..2 * len], &power[..len])?;
                len = limbs::significant(&scratch[..2 * len]);
                if exponent >> bit & 1 == 1 {
                    mul::mul(work, &mut power[..len + odd.len()], &scratch[..len], odd)?;
                    len = limbs::significant(&power[..len + odd.len()]);
                } else {
                    power[..len].copy_from_slice(&scratch[..len]);
                }
            }
            len
        };
        power[len..].fill(0);
        let carried = limbs::shl_assign(&mut power[..len + 1], (shift % 64) as u32);
        debug_assert_eq!(carried, 0);
    }
    let power = BigIntBuf::new(base.is_negative() && is_odd, power);
    if power.as_ref().bit_length() > MAX_BITS { Err(Error::TooBig) } else { Ok(power) }
}

/// The part by which a product of a logarithm may be wrong in doubles, with a wide margin.
const SLACK: f64 = 1e-12;

/// The binary logarithm of a normalised magnitude that is not zero.
fn log2(limbs: &[u64]) -> f64 {
    match limbs {
        [] => 0.0,
        [limb] => (*limb as f64).log2(),
        [below @ .., next, top] => {
            ((*top as f64) + (*next as f64) / 2f64.powi(64)).log2() + 64.0 * (below.len() + 1) as f64
        }
    }
}
