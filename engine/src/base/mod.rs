//! Floor 0: arithmetic on sizes and bits, and hashing. Imports nothing of the engine.
//!
//! Everything here is pure; nothing may allocate.

/// Rounds `n` up to a multiple of `unit`, which is a power of two.
#[inline(always)]
pub const fn round_up(n: usize, unit: usize) -> usize {
    (n + unit - 1) & !(unit - 1)
}

/// The 64 by 64 bit product, high half folded into the low half: the mixing step of all hashing here
/// (as in wyhash and foldhash).
#[inline(always)]
pub const fn folded_multiply(a: u64, b: u64) -> u64 {
    let wide = (a as u128) * (b as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Hashes one word under a seed.
#[inline(always)]
pub const fn hash_word(word: u64, seed: u64) -> u64 {
    folded_multiply(word ^ seed, 0x9E37_79B9_7F4A_7C15)
}

/// Hashes code units under a seed; Latin-1 and UTF-16 text of the same units hash alike.
#[inline]
pub fn hash_units<T: Copy + Into<u16>>(units: &[T], seed: u64) -> u32 {
    let mut state = seed ^ (units.len() as u64).wrapping_mul(0xA076_1D64_78BD_642F);
    let mut chunks = units.chunks_exact(4);
    for chunk in &mut chunks {
        let mut word = 0u64;
        for (i, &unit) in chunk.iter().enumerate() {
            let unit: u16 = unit.into();
            word |= u64::from(unit) << (16 * i);
        }
        state = folded_multiply(state ^ word, 0xE703_7ED1_A0B4_28DB);
    }
    let mut word = 0u64;
    for (i, &unit) in chunks.remainder().iter().enumerate() {
        let unit: u16 = unit.into();
        word |= u64::from(unit) << (16 * i);
    }
    folded_multiply(state ^ word, 0x8EBC_6AF0_9C88_C6E3) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_and_utf16_hash_alike() {
        let narrow = b"property name";
        let wide: [u16; 13] = narrow.map(u16::from);
        assert_eq!(hash_units(narrow.as_slice(), 7), hash_units(wide.as_slice(), 7));
        assert_ne!(hash_units(narrow.as_slice(), 7), hash_units(narrow.as_slice(), 8));
    }

    #[test]
    fn rounding() {
        assert_eq!(round_up(0, 16), 0);
        assert_eq!(round_up(1, 16), 16);
        assert_eq!(round_up(32, 16), 32);
    }
}
