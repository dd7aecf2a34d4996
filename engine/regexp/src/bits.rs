//! Sets of the units below 256, as a bitmap.

/// One bit per unit; unit 0 is the lowest bit of the first word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; 4]);

/// The bits of 32 bytes, lowest first.
const BYTES: usize = 32;

impl Bits {
    /// All 256.
    pub const ALL: Bits = Bits([u64::MAX; 4]);
    /// ASCII letters, digits and `_`.
    pub const WORDS: Bits = Bits([0x03FF_0000_0000_0000, 0x07FF_FFFE_87FF_FFFE, 0, 0]);

    /// Reads 32 bytes; none of the units if there are fewer.
    pub fn from_bytes(bytes: &[u8]) -> Bits {
        let mut words = [0; 4];
        if let Some(bytes) = bytes.first_chunk::<BYTES>() {
            for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*chunk);
            }
        }
        Bits(words)
    }

    /// As 32 bytes.
    pub fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *chunk = word.to_le_bytes();
        }
        bytes
    }

    pub fn set(&mut self, unit: u8) {
        self.0[usize::from(unit >> 6)] |= 1 << (unit & 63);
    }

    pub fn has(self, unit: u8) -> bool {
        self.0[usize::from(unit >> 6)] >> (unit & 63) & 1 != 0
    }

    /// Adds an inclusive range.
    pub fn set_range(&mut self, low: u8, high: u8) {
        for (index, word) in (0u32..).zip(self.0.iter_mut()) {
            let (from, to) = (u32::from(low).max(64 * index), u32::from(high).min(64 * index + 63));
            if from <= to {
                *word |= (u64::MAX >> (63 - (to - from))) << (from & 63);
            }
        }
    }

    pub fn union(self, other: Bits) -> Bits {
        Bits(core::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub fn without(self, other: Bits) -> Bits {
        Bits(core::array::from_fn(|i| self.0[i] & !other.0[i]))
    }

    pub fn is_disjoint(self, other: Bits) -> bool {
        self.0.iter().zip(other.0).all(|(a, b)| a & b == 0)
    }

    pub fn is_empty(self) -> bool {
        self == Bits::default()
    }

    pub fn count(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The lowest unit of a set that is not empty.
    pub fn first(self) -> u8 {
        let index = self.0.iter().position(|&word| word != 0).unwrap_or(0);
        (64 * index) as u8 + (self.0[index].trailing_zeros() & 63) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_they_belong() {
        for (low, high) in [(0, 0), (0, 255), (63, 64), (1, 62), (127, 200), (255, 255), (64, 127)] {
            let mut range = Bits::default();
            range.set_range(low, high);
            let mut each = Bits::default();
            (low..=high).for_each(|unit| each.set(unit));
            assert_eq!(range, each, "{low}..={high}");
            assert_eq!(range.count(), u32::from(high - low) + 1);
            assert_eq!(range.first(), low);
            assert!((0..=255).all(|unit| range.has(unit) == (low..=high).contains(&unit)));
            assert_eq!(Bits::from_bytes(&range.to_bytes()), range);
            assert!(range.to_bytes()[usize::from(low >> 3)] >> (low & 7) & 1 == 1);
            assert!(range.without(each).is_empty() && range.is_disjoint(Bits::ALL.without(range)));
        }
        assert!((0..=255u8).all(|c| Bits::WORDS.has(c) == (c.is_ascii_alphanumeric() || c == b'_')));
        assert_eq!(Bits::WORDS.union(Bits::ALL), Bits::ALL);
    }
}
