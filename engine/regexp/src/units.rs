//! The subject as the matcher sees it: Latin-1 bytes or UTF-16 units, with the searches that are fast
//! on each.

use crate::source::{is_high, is_low, join};

/// A subject. Positions are indices of code units.
pub(crate) trait Units: Copy {
    /// Whether units of 256 and above, and so surrogates, can occur.
    const WIDE: bool;

    fn len(self) -> usize;

    /// The unit at `at`, or `None` behind the end.
    fn at(self, at: usize) -> Option<u16>;

    /// The first position in `from..to` whose unit is one of `needles` (one to three).
    fn find(self, needles: &[u16], from: usize, to: usize) -> Option<usize>;

    /// The last position in `from..to` whose unit is `needle`.
    fn rfind(self, needle: u16, from: usize, to: usize) -> Option<usize>;

    /// The first line terminator in `from..to`, or `to`.
    fn line_end(self, from: usize, to: usize) -> usize;

    /// Whether the units from `at` on are `bytes`.
    fn starts_with(self, at: usize, bytes: &[u8]) -> bool;

    /// Whether the `len` units at `a` and at `b` are the same.
    fn same(self, a: usize, b: usize, len: usize) -> bool;

    /// The first position in `from..to` whose unit is not in the bitmap. Units of 256 and above end
    /// the run too.
    fn run(self, bitmap: &[u8; 32], from: usize, to: usize) -> usize;

    /// The end of the run of `a` and `b` in `from..to`.
    fn run_of(self, a: u16, b: u16, from: usize, to: usize) -> usize;

    /// The first position in `from..to` whose unit is in the bitmap or, if it is 256 or above, whose
    /// low byte is in `hashed`.
    fn find_in(self, bitmap: &[u8; 32], hashed: &[u8; 32], from: usize, to: usize) -> Option<usize>;

    /// The code point at `at` and its length in units.
    #[inline(always)]
    fn code_point(self, at: usize) -> Option<(u32, usize)> {
        let unit = self.at(at)?;
        if Self::WIDE
            && is_high(unit)
            && let Some(low) = self.at(at + 1)
            && is_low(low)
        {
            return Some((join(unit, low), 2));
        }
        Some((u32::from(unit), 1))
    }

    /// The code point that ends at `at` and its length in units.
    #[inline(always)]
    fn code_point_before(self, at: usize) -> Option<(u32, usize)> {
        let unit = self.at(at.checked_sub(1)?)?;
        if Self::WIDE
            && is_low(unit)
            && at >= 2
            && let Some(high) = self.at(at - 2)
            && is_high(high)
        {
            return Some((join(high, unit), 2));
        }
        Some((u32::from(unit), 1))
    }

    /// Whether `at` is between the halves of a surrogate pair.
    #[inline(always)]
    fn splits_pair(self, at: usize) -> bool {
        Self::WIDE && at > 0 && self.at(at).is_some_and(is_low) && self.at(at - 1).is_some_and(is_high)
    }
}

#[inline(always)]
pub(crate) fn in_bitmap(bitmap: &[u8; 32], unit: u8) -> bool {
    bitmap[usize::from(unit >> 3)] >> (unit & 7) & 1 != 0
}

impl Units for &[u8] {
    const WIDE: bool = false;

    #[inline(always)]
    fn len(self) -> usize {
        <[u8]>::len(self)
    }

    #[inline(always)]
    fn at(self, at: usize) -> Option<u16> {
        self.get(at).map(|&unit| u16::from(unit))
    }

    #[inline]
    fn find(self, needles: &[u16], from: usize, to: usize) -> Option<usize> {
        let hay = self.get(from..to)?;
        let mut narrow = [0u8; 3];
        let mut count = 0;
        for &needle in needles {
            if let (Ok(needle), Some(slot)) = (u8::try_from(needle), narrow.get_mut(count)) {
                *slot = needle;
                count += 1;
            }
        }
        let [a, b, c] = narrow;
        let found = match count {
            0 => None,
            1 => memchr::memchr(a, hay),
            2 => memchr::memchr2(a, b, hay),
            _ => memchr::memchr3(a, b, c, hay),
        };
        found.map(|index| from + index)
    }

    #[inline]
    fn line_end(self, from: usize, to: usize) -> usize {
        self.find(&[10, 13], from, to).unwrap_or(to)
    }

    #[inline]
    fn rfind(self, needle: u16, from: usize, to: usize) -> Option<usize> {
        let needle = u8::try_from(needle).ok()?;
        memchr::memrchr(needle, self.get(from..to)?).map(|index| from + index)
    }

    #[inline(always)]
    fn starts_with(self, at: usize, bytes: &[u8]) -> bool {
        match self.get(at..at.wrapping_add(bytes.len())) {
            Some(units) => units.iter().zip(bytes).all(|(a, b)| a == b),
            None => false,
        }
    }

    #[inline]
    fn same(self, a: usize, b: usize, len: usize) -> bool {
        match (self.get(a..a + len), self.get(b..b + len)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        }
    }

    #[inline(always)]
    fn run(self, bitmap: &[u8; 32], from: usize, to: usize) -> usize {
        let Some(units) = self.get(from..to) else { return from };
        from + units.iter().position(|&unit| !in_bitmap(bitmap, unit)).unwrap_or(units.len())
    }

    #[inline(always)]
    fn run_of(self, a: u16, b: u16, from: usize, to: usize) -> usize {
        let Some(units) = self.get(from..to) else { return from };
        let ends = |&unit: &u8| u16::from(unit) != a && u16::from(unit) != b;
        from + units.iter().position(ends).unwrap_or(units.len())
    }

    #[inline(always)]
    fn find_in(self, bitmap: &[u8; 32], _hashed: &[u8; 32], from: usize, to: usize) -> Option<usize> {
        self.get(from..to)?.iter().position(|&unit| in_bitmap(bitmap, unit)).map(|index| from + index)
    }
}

/// The first index at which `wanted` holds, looking at sixteen units at a time.
#[inline(always)]
fn position(units: &[u16], wanted: impl Fn(u16) -> bool) -> Option<usize> {
    let (chunks, rest) = units.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        if chunk.iter().fold(false, |any, &unit| any | wanted(unit)) {
            return chunk.iter().position(|&unit| wanted(unit)).map(|found| index * 16 + found);
        }
    }
    rest.iter().position(|&unit| wanted(unit)).map(|found| chunks.len() * 16 + found)
}

impl Units for &[u16] {
    const WIDE: bool = true;

    #[inline(always)]
    fn len(self) -> usize {
        <[u16]>::len(self)
    }

    #[inline(always)]
    fn at(self, at: usize) -> Option<u16> {
        self.get(at).copied()
    }

    #[inline]
    fn find(self, needles: &[u16], from: usize, to: usize) -> Option<usize> {
        let hay = self.get(from..to)?;
        let found = match *needles {
            [a] => position(hay, |unit| unit == a),
            [a, b] => position(hay, |unit| (unit == a) | (unit == b)),
            [a, b, c] => position(hay, |unit| (unit == a) | (unit == b) | (unit == c)),
            _ => None,
        };
        found.map(|index| from + index)
    }

    #[inline]
    fn line_end(self, from: usize, to: usize) -> usize {
        let ends = |unit| (unit == 10) | (unit == 13) | (unit & !1 == 0x2028);
        self.get(from..to).and_then(|hay| position(hay, ends)).map_or(to, |index| from + index)
    }

    #[inline]
    fn rfind(self, needle: u16, from: usize, to: usize) -> Option<usize> {
        self.get(from..to)?.iter().rposition(|&unit| unit == needle).map(|index| from + index)
    }

    #[inline(always)]
    fn starts_with(self, at: usize, bytes: &[u8]) -> bool {
        match self.get(at..at.wrapping_add(bytes.len())) {
            Some(units) => units.iter().zip(bytes).all(|(&a, &b)| a == u16::from(b)),
            None => false,
        }
    }

    #[inline]
    fn same(self, a: usize, b: usize, len: usize) -> bool {
        match (self.get(a..a + len), self.get(b..b + len)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        }
    }

    #[inline(always)]
    fn run(self, bitmap: &[u8; 32], from: usize, to: usize) -> usize {
        let Some(units) = self.get(from..to) else { return from };
        let ends = |&unit: &u16| unit > 255 || !in_bitmap(bitmap, unit as u8);
        from + units.iter().position(ends).unwrap_or(units.len())
    }

    #[inline(always)]
    fn run_of(self, a: u16, b: u16, from: usize, to: usize) -> usize {
        let Some(units) = self.get(from..to) else { return from };
        from + units.iter().position(|&unit| unit != a && unit != b).unwrap_or(units.len())
    }

    #[inline(always)]
    fn find_in(self, bitmap: &[u8; 32], hashed: &[u8; 32], from: usize, to: usize) -> Option<usize> {
        let fits = |&unit: &u16| in_bitmap(if unit < 256 { bitmap } else { hashed }, unit as u8);
        self.get(from..to)?.iter().position(fits).map(|index| from + index)
    }
}
