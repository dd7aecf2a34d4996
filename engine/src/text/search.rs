//! Search for a text in a text, in time linear in both: looking for the first unit and comparing as long as
//! that gets on, else by the two-way algorithm (Crochemore and Perrin), which needs no memory.
//!
//! Both work on sequences that are read by index, so that looking from the end is looking in the reversed
//! sequences, and every pairing of widths is served by the same code.

use core::ops::ControlFlow;

use super::Text;

/// Units whose comparison or scan is one step of the budget, and after how many the caller is told.
const UNITS_PER_STEP: usize = 16;
const TOLD_AFTER: usize = 1 << 11;

/// Units that a scan goes over between two tellings.
const SCANNED: usize = 1 << 13;
/// Fast scans cost less: units for one step.
const SCANNED_PER_STEP: usize = 256;

/// Units that are looked at one by one before a scan in vectors is worth its beginning.
const NEAR: usize = 24;

/// Is told of steps of work done; an error ends the search.
pub type Tell<'t, E> = &'t mut dyn FnMut(u32) -> Result<(), E>;

/// Position of the first occurrence of `needle` at or after `from`.
pub fn find<E>(hay: Text<'_>, needle: Text<'_>, from: usize, tell: Tell<'_, E>) -> Result<Option<usize>, E> {
    if needle.is_empty() {
        return Ok((from <= hay.len()).then_some(from));
    }
    if from > hay.len() || needle.len() > hay.len() - from {
        return Ok(None);
    }
    let found = match (hay.slice(from, hay.len()), needle) {
        // A single unit in what is short.
        (Text::Latin1(hay), Text::Latin1(&[unit])) if hay.len() <= SCANNED => {
            let near = hay.len().min(NEAR);
            let found = hay[..near].iter().position(|&u| u == unit);
            let found = found.or_else(|| memchr::memchr(unit, &hay[near..]).map(|at| near + at));
            let steps = found.unwrap_or(hay.len()) / SCANNED_PER_STEP;
            if steps > 0 {
                tell(steps as u32)?;
            }
            Ok(found)
        }
        (Text::Latin1(hay), Text::Latin1(needle)) => search(Ahead(hay), Ahead(needle), tell),
        (Text::Latin1(hay), Text::Utf16(needle)) => search(Ahead(hay), Ahead(needle), tell),
        (Text::Utf16(hay), Text::Latin1(needle)) => search(Ahead(hay), Ahead(needle), tell),
        (Text::Utf16(hay), Text::Utf16(needle)) => search(Ahead(hay), Ahead(needle), tell),
    }?;
    Ok(found.map(|at| from + at))
}

/// Position of the last occurrence of `needle` that starts at or before `from`.
pub fn rfind<E>(hay: Text<'_>, needle: Text<'_>, from: usize, tell: Tell<'_, E>) -> Result<Option<usize>, E> {
    if needle.len() > hay.len() {
        return Ok(None);
    }
    let end = from.min(hay.len() - needle.len()) + needle.len();
    if needle.is_empty() {
        return Ok(Some(end));
    }
    let found = match (hay.slice(0, end), needle) {
        (Text::Latin1(hay), Text::Latin1(needle)) => search(Back(hay), Back(needle), tell),
        (Text::Latin1(hay), Text::Utf16(needle)) => search(Back(hay), Back(needle), tell),
        (Text::Utf16(hay), Text::Latin1(needle)) => search(Back(hay), Back(needle), tell),
        (Text::Utf16(hay), Text::Utf16(needle)) => search(Back(hay), Back(needle), tell),
    }?;
    Ok(found.map(|at| end - at - needle.len()))
}

/// A sequence of units.
trait Units: Copy {
    fn len(self) -> usize;
    /// The unit at an index below the length.
    fn at(self, index: usize) -> u16;
    /// The first place of `unit` within `start..end`.
    fn place_of(self, unit: u16, start: usize, end: usize) -> Option<usize>;
}

/// A code unit.
trait Unit: Copy + Into<u16> {
    fn first(units: &[Self], unit: u16) -> Option<usize>;
    fn last(units: &[Self], unit: u16) -> Option<usize>;
}

impl Unit for u8 {
    #[inline]
    fn first(units: &[u8], unit: u16) -> Option<usize> {
        memchr::memchr(u8::try_from(unit).ok()?, units)
    }
    #[inline]
    fn last(units: &[u8], unit: u16) -> Option<usize> {
        memchr::memrchr(u8::try_from(unit).ok()?, units)
    }
}

impl Unit for u16 {
    #[inline]
    fn first(units: &[u16], unit: u16) -> Option<usize> {
        // By blocks, which are compared in vectors.
        let (blocks, rest) = units.as_chunks::<32>();
        let hit = |block: &[u16]| block.iter().fold(false, |hit, &u| hit | (u == unit));
        for (i, block) in blocks.iter().enumerate() {
            if hit(block) {
                return block.iter().position(|&u| u == unit).map(|at| i * 32 + at);
            }
        }
        rest.iter().position(|&u| u == unit).map(|at| blocks.len() * 32 + at)
    }
    #[inline]
    fn last(units: &[u16], unit: u16) -> Option<usize> {
        units.iter().rposition(|&u| u == unit)
    }
}

/// Units from the front.
#[derive(Clone, Copy)]
struct Ahead<'a, U>(&'a [U]);

/// Units from the end.
#[derive(Clone, Copy)]
struct Back<'a, U>(&'a [U]);

impl<U: Unit> Units for Ahead<'_, U> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn at(self, index: usize) -> u16 {
        self.0[index].into()
    }
    #[inline(always)]
    fn place_of(self, unit: u16, start: usize, end: usize) -> Option<usize> {
        U::first(&self.0[start..end], unit).map(|at| start + at)
    }
}

impl<U: Unit> Units for Back<'_, U> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn at(self, index: usize) -> u16 {
        self.0[self.0.len() - 1 - index].into()
    }
    #[inline(always)]
    fn place_of(self, unit: u16, start: usize, end: usize) -> Option<usize> {
        let n = self.0.len();
        U::last(&self.0[n - end..n - start], unit).map(|at| end - 1 - at)
    }
}

/// Counts units of work and tells of them in portions.
struct Meter<'t, E> {
    units: usize,
    tell: Tell<'t, E>,
}

impl<E> Meter<'_, E> {
    #[inline(always)]
    fn count(&mut self, units: usize) -> Result<(), E> {
        self.units += units;
        if self.units < TOLD_AFTER { Ok(()) } else { self.report() }
    }

    #[cold]
    fn report(&mut self) -> Result<(), E> {
        let steps = core::mem::take(&mut self.units) / UNITS_PER_STEP;
        (self.tell)(steps as u32)
    }
}

/// `hay` is at least as long as `needle`, which is not empty.
fn search<E>(hay: impl Units, needle: impl Units, tell: Tell<'_, E>) -> Result<Option<usize>, E> {
    let mut meter = Meter { units: 0, tell };
    let found = match by_first_unit(hay, needle, &mut meter)? {
        ControlFlow::Break(found) => found,
        ControlFlow::Continue(from) => two_way(hay, needle, from, &mut meter)?,
    };
    // The rest is told too, so that many short searches count; there is nothing more to be stopped.
    if meter.units >= UNITS_PER_STEP {
        meter.report()?;
    }
    Ok(found)
}

/// The simple way: the result, or the place from which on it does too much.
fn by_first_unit<E>(
    hay: impl Units,
    needle: impl Units,
    meter: &mut Meter<'_, E>,
) -> Result<ControlFlow<Option<usize>, usize>, E> {
    let (m, first) = (needle.len(), needle.at(0));
    let last = needle.at(m - 1);
    // The places where it can begin.
    let end = hay.len() - m + 1;
    let (mut at, mut compared) = (0, 0);
    while at < end {
        let stop = end.min(at + SCANNED);
        let Some(place) = hay.place_of(first, at, stop) else {
            meter.count((stop - at) * UNITS_PER_STEP / SCANNED_PER_STEP)?;
            at = stop;
            continue;
        };
        // Most places that begin alike do not end alike.
        if hay.at(place + m - 1) != last {
            compared += 1;
            meter.count(1 + (place - at) * UNITS_PER_STEP / SCANNED_PER_STEP)?;
            at = place + 1;
            continue;
        }
        let same = (1..m.min(TOLD_AFTER)).take_while(|&i| hay.at(place + i) == needle.at(i)).count() + 1;
        if same == m {
            meter.count((place - at) * UNITS_PER_STEP / SCANNED_PER_STEP + m)?;
            return Ok(ControlFlow::Break(Some(place)));
        }
        compared += same;
        meter.count((place - at) * UNITS_PER_STEP / SCANNED_PER_STEP + same)?;
        if same == TOLD_AFTER || compared > 1024 + 4 * place {
            return Ok(ControlFlow::Continue(place));
        }
        at = place + 1;
    }
    Ok(ControlFlow::Break(None))
}

/// The start of the maximal suffix of `needle`, by the order of units or its reverse, and its period.
fn maximal_suffix<E>(
    needle: impl Units,
    reversed: bool,
    meter: &mut Meter<'_, E>,
) -> Result<(usize, usize), E> {
    let (mut start, mut candidate, mut offset, mut period) = (0, 1, 0, 1);
    while candidate + offset < needle.len() {
        meter.count(1)?;
        let (a, b) = (needle.at(start + offset), needle.at(candidate + offset));
        if a == b {
            if offset + 1 == period {
                candidate += period;
                offset = 0;
            } else {
                offset += 1;
            }
        } else if (b < a) != reversed {
            candidate += offset + 1;
            offset = 0;
            period = candidate - start;
        } else {
            start = candidate;
            candidate += 1;
            offset = 0;
            period = 1;
        }
    }
    Ok((start, period))
}

/// The needle is cut where its local period is its period; the right part is compared first, from the cut
/// on, then the left one. A mismatch in the right part moves past it, one in the left by the period.
fn two_way<E>(
    hay: impl Units,
    needle: impl Units,
    from: usize,
    meter: &mut Meter<'_, E>,
) -> Result<Option<usize>, E> {
    let (n, m) = (hay.len(), needle.len());
    let (forward, backward) = (maximal_suffix(needle, false, meter)?, maximal_suffix(needle, true, meter)?);
    let (cut, period) = if forward.0 > backward.0 { forward } else { backward };
    // Whether the left part repeats with that period: then so does the whole needle.
    let mut repeats = cut + period <= m;
    let mut i = 0;
    while repeats && i < cut {
        meter.count(1)?;
        repeats = needle.at(i) == needle.at(i + period);
        i += 1;
    }
    let shift = if repeats { period } else { cut.max(m - cut) + 1 };
    // Of a periodic needle, how many units from its beginning are known to match already.
    let mut known = 0;
    let mut at = from;
    while at + m <= n {
        let mut right = cut.max(known);
        while right < m && needle.at(right) == hay.at(at + right) {
            meter.count(1)?;
            right += 1;
        }
        meter.count(1)?;
        if right < m {
            at += right - cut + 1;
            known = 0;
            continue;
        }
        let mut left = cut;
        while left > known && needle.at(left - 1) == hay.at(at + left - 1) {
            meter.count(1)?;
            left -= 1;
        }
        if left <= known {
            return Ok(Some(at));
        }
        at += shift;
        known = if repeats { m - period } else { 0 };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(hay: &[u16], needle: &[u16], from: usize) -> Option<usize> {
        (from..=hay.len()).find(|&at| hay[at..].starts_with(needle))
    }

    fn plain_back(hay: &[u16], needle: &[u16], from: usize) -> Option<usize> {
        (0..=from.min(hay.len())).rev().find(|&at| hay[at..].starts_with(needle))
    }

    /// Every pairing of widths, and each of the ways.
    fn check(hay: &[u16], needle: &[u16], from: usize) {
        let narrow = |units: &[u16]| units.iter().map(|&u| u as u8).collect::<std::vec::Vec<u8>>();
        let (hay8, needle8) = (narrow(hay), narrow(needle));
        let (wanted, wanted_back) = (plain(hay, needle, from), plain_back(hay, needle, from));
        for hay in [Text::Utf16(hay), Text::Latin1(&hay8)] {
            for needle in [Text::Utf16(needle), Text::Latin1(&needle8)] {
                let none = &mut |_| Ok::<(), ()>(());
                assert_eq!(find(hay, needle, from, none), Ok(wanted), "{hay:?} {needle:?} {from}");
                assert_eq!(rfind(hay, needle, from, none), Ok(wanted_back), "{hay:?} {needle:?} {from} back");
            }
        }
        if !needle.is_empty() && from <= hay.len() && needle.len() <= hay.len() - from {
            let mut meter = Meter { units: 0, tell: &mut |_| Ok::<(), ()>(()) };
            assert_eq!(
                two_way(Ahead(hay), Ahead(needle), from, &mut meter),
                Ok(wanted),
                "{hay:?} {needle:?}"
            );
        }
    }

    #[test]
    fn all_short_texts_over_two_letters() {
        let words = |most: usize| {
            (0..=most).flat_map(|len| {
                (0..1u32 << len).map(move |bits| {
                    (0..len).map(|i| 97 + (bits >> i & 1) as u16).collect::<std::vec::Vec<u16>>()
                })
            })
        };
        for hay in words(9) {
            for needle in words(5) {
                for from in [0, 1, 4, 9, 12] {
                    check(&hay, &needle, from);
                }
            }
        }
    }

    #[test]
    fn long_needles_of_every_kind() {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for round in 0..400 {
            let period = 1 + next() as usize % 12;
            let letters = 1 + next() % 3;
            let word: std::vec::Vec<u16> = (0..period).map(|_| 97 + (next() % letters) as u16).collect();
            let mut hay: std::vec::Vec<u16> = word.iter().copied().cycle().take(300).collect();
            let at = next() as usize % hay.len();
            hay[at] = 122;
            let start = next() as usize % 200;
            let mut needle = hay[start..start + 1 + next() as usize % 90].to_vec();
            if round % 2 == 0 {
                let last = needle.len() - 1;
                needle[last] = 122;
            }
            check(&hay, &needle, 0);
            check(&hay, &needle, 150);
        }
    }

    /// What quadratic search makes of these is a hundred million steps.
    #[test]
    fn work_is_linear_and_told() {
        let n = 20_000;
        let long = |unit: u8| std::vec![unit; n];
        let with = |mut text: std::vec::Vec<u8>, at: usize, unit: u8| {
            text[at] = unit;
            text
        };
        let hay = long(b'a');
        let needles = [
            with(long(b'a')[..n / 2].to_vec(), n / 2 - 1, b'b'),
            with(long(b'a')[..n / 2].to_vec(), 0, b'b'),
            with(long(b'a')[..n / 2].to_vec(), n / 4, b'b'),
            b"ab".repeat(n / 4),
        ];
        for needle in &needles {
            for back in [false, true] {
                let mut steps = 0;
                let mut tell = |told: u32| {
                    steps += told as usize;
                    Ok::<(), ()>(())
                };
                let (hay, needle) = (Text::Latin1(&hay), Text::Latin1(needle));
                let found =
                    if back { rfind(hay, needle, n, &mut tell) } else { find(hay, needle, 0, &mut tell) };
                assert_eq!(found, Ok(None));
                assert!(steps * UNITS_PER_STEP < 12 * n, "{} units", steps * UNITS_PER_STEP);
            }
        }
        let mut told = 0;
        let mut stop = |_| {
            told += 1;
            Err(())
        };
        assert_eq!(find(Text::Latin1(&hay), Text::Latin1(&needles[0]), 0, &mut stop), Err(()));
        assert_eq!(told, 1);
    }
}
