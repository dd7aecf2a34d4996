//! Sets of code points and of strings, as character classes build them at compile time.

use crate::unicode;
use tare_allocators::{Memory, OutOfMemory, Vec};

/// The last code point.
pub(crate) const MAX: u32 = 0x10FFFF;

/// A set of code points. Ranges may be added in any order; [`CodeSet::normalise`] sorts and merges
/// them, and every operation but `add` wants normalised operands and leaves a normalised result.
pub(crate) struct CodeSet<'a> {
    ranges: Vec<'a, (u32, u32)>,
}

impl<'a> CodeSet<'a> {
    pub fn new(memory: Memory<'a>) -> Self {
        CodeSet { ranges: Vec::new(memory) }
    }

    /// Inclusive ranges.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Adds an inclusive range, merging it where it continues the last one.
    pub fn add(&mut self, low: u32, high: u32) -> Result<(), OutOfMemory> {
        if let Some(last) = self.ranges.last_mut()
            && low >= last.0
            && low <= last.1.saturating_add(1)
        {
            last.1 = last.1.max(high);
            return Ok(());
        }
        self.ranges.try_push((low, high))
    }

    /// Adds the ranges of a normalised set.
    pub fn add_all(&mut self, ranges: &[(u32, u32)]) -> Result<(), OutOfMemory> {
        if self.ranges.is_empty() {
            return self.ranges.try_extend_from_slice(ranges);
        }
        self.ranges.try_reserve(ranges.len())?;
        ranges.iter().try_for_each(|&(low, high)| self.add(low, high))
    }

    pub fn normalise(&mut self) {
        if self.ranges.windows(2).all(|pair| pair[0].1.saturating_add(1) < pair[1].0) {
            return;
        }
        self.ranges.sort_unstable();
        let mut kept = 0;
        for index in 1..self.ranges.len() {
            let (low, high) = self.ranges[index];
            let last = &mut self.ranges[kept];
            if low <= last.1.saturating_add(1) {
                last.1 = last.1.max(high);
            } else {
                kept += 1;
                self.ranges[kept] = (low, high);
            }
        }
        self.ranges.truncate(kept + 1);
    }

    /// The complement among all code points.
    pub fn invert(&mut self) -> Result<(), OutOfMemory> {
        let mut inverse =
            CodeSet { ranges: Vec::try_with_capacity(self.ranges.len() + 1, self.ranges.memory())? };
        let mut next = 0;
        for &(low, high) in &self.ranges {
            if low > next {
                inverse.ranges.try_push((next, low - 1))?;
            }
            next = high + 1;
        }
        if next <= MAX {
            inverse.ranges.try_push((next, MAX))?;
        }
        *self = inverse;
        Ok(())
    }

    pub fn intersect(&mut self, other: &CodeSet<'_>) -> Result<(), OutOfMemory> {
        let mut common = CodeSet::new(self.ranges.memory());
        let (mut i, mut j) = (0, 0);
        while let (Some(a), Some(b)) = (self.ranges.get(i), other.ranges.get(j)) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                common.ranges.try_push((low, high))?;
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        *self = common;
        Ok(())
    }

    pub fn subtract(&mut self, other: &CodeSet<'_>) -> Result<(), OutOfMemory> {
        let mut inverse = CodeSet::new(self.ranges.memory());
        inverse.ranges.try_extend_from_slice(&other.ranges)?;
        inverse.invert()?;
        self.intersect(&inverse)
    }

    /// Adds every character that matches one of the set when case is ignored.
    pub fn close_over_case(&mut self, full_unicode: bool) -> Result<(), OutOfMemory> {
        let mut extra: CodeSet<'a> = CodeSet::new(self.ranges.memory());
        let mut result = Ok(());
        for &(low, high) in &self.ranges {
            // ASCII letters go by arithmetic; only k and s have equivalents elsewhere, and only with a Unicode flag.
            for (first, last, other) in [(b'A', b'Z', 0x20), (b'a', b'z', -0x20)] {
                let (from, to) = (low.max(u32::from(first)), high.min(u32::from(last)));
                if from <= to {
                    extra.add(from.wrapping_add_signed(other), to.wrapping_add_signed(other))?;
                    for (letter, far) in [(b'k', 0x212A), (b's', 0x17F)] {
                        let letter = u32::from(letter & !0x20 | first & 0x20);
                        if full_unicode && (from..=to).contains(&letter) {
                            extra.add(far, far)?;
                        }
                    }
                }
            }
            let low = low.max(0x80);
            if low > high {
                continue;
            }
            unicode::for_each_case_equivalent_in_range(low, high, full_unicode, |other| {
                if result.is_ok() {
                    result = extra.add(other, other);
                }
            });
        }
        result?;
        if !extra.ranges.is_empty() {
            self.ranges.try_extend_from_slice(&extra.ranges)?;
            self.normalise();
        }
        Ok(())
    }

    /// The only members, if there are at most `N`.
    pub fn few<const N: usize>(&self) -> Option<([u32; N], usize)> {
        let mut members = [0; N];
        let mut count = 0;
        for &(low, high) in &self.ranges {
            for c in low..=high {
                *members.get_mut(count)? = c;
                count += 1;
            }
        }
        Some((members, count))
    }
}

/// A set of strings, none of them of one character (those live in the [`CodeSet`] beside it).
pub(crate) struct StringSet<'a> {
    chars: Vec<'a, u32>,
    /// Start and length in `chars`.
    entries: Vec<'a, (u32, u32)>,
}

impl<'a> StringSet<'a> {
    pub fn new(memory: Memory<'a>) -> Self {
        StringSet { chars: Vec::new(memory), entries: Vec::new(memory) }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn add(&mut self, string: &[u32]) -> Result<(), OutOfMemory> {
        let start = self.chars.len() as u32;
        self.chars.try_extend_from_slice(string)?;
        self.entries.try_push((start, string.len() as u32))
    }

    pub fn add_all(&mut self, other: &StringSet<'_>) -> Result<(), OutOfMemory> {
        other.iter().try_for_each(|string| self.add(string))
    }

    /// Sorts by length, longest first, then by content, and drops duplicates.
    pub fn normalise(&mut self) {
        let chars = &self.chars;
        let text = |entry: &(u32, u32)| &chars[entry.0 as usize..(entry.0 + entry.1) as usize];
        self.entries.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| text(a).cmp(text(b))));
        let mut kept = 0;
        for index in 1..self.entries.len() {
            if text(&self.entries[index]) != text(&self.entries[kept]) {
                kept += 1;
                self.entries[kept] = self.entries[index];
            }
        }
        let len = self.entries.len().min(kept + 1);
        self.entries.truncate(len);
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.entries.iter().map(|entry| &self.chars[entry.0 as usize..(entry.0 + entry.1) as usize])
    }

    /// Whether a normalised set holds `string`.
    pub fn contains(&self, string: &[u32]) -> bool {
        let text = |entry: &(u32, u32)| &self.chars[entry.0 as usize..(entry.0 + entry.1) as usize];
        self.entries
            .binary_search_by(|entry| {
                (string.len() as u32).cmp(&entry.1).then_with(|| text(entry).cmp(string))
            })
            .is_ok()
    }

    /// Keeps the strings for which `other` (normalised) says `keep`.
    pub fn retain_in(&mut self, other: &StringSet<'_>, keep: bool) {
        let chars = &self.chars;
        self.entries
            .retain(|entry| other.contains(&chars[entry.0 as usize..(entry.0 + entry.1) as usize]) == keep);
    }

    /// Replaces every character by its simple case folding.
    pub fn fold(&mut self) {
        for c in self.chars.iter_mut() {
            *c = unicode::fold_simple(*c);
        }
        self.normalise();
    }
}
