//! Run tables: maps from code points to small numbers, searched without decoding.
//!
//! A run is a stretch of code points with one value. Runs that start below U+20000 are two bytes:
//! the low byte of the start and the value; `pages[p]` is the index of the first run that starts at
//! or after `p << 8`. Runs from U+20000 on are whole words, `start << 8 | value`.
//!
//! Invariants (kept by the generator): a run starts at 0 and one at U+20000, starts ascend,
//! `pages` has an entry for each page below U+20000 and one for the end.

use crate::MAX_CODE_POINT;

/// First code point that is looked up in the tail.
const PAGED: u32 = 0x2_0000;

/// A run table.
pub(crate) struct Runs {
    pub(crate) pages: &'static [u16; 513],
    pub(crate) low: &'static [u8],
    pub(crate) value: &'static [u8],
    pub(crate) tail: &'static [u32],
}

impl Runs {
    /// The value of a code point; of U+10FFFF for larger numbers.
    #[inline]
    pub(crate) fn get(&self, c: u32) -> u8 {
        if c >= PAGED {
            return self.get_tail(c);
        }
        self.value[self.paged_index(c)]
    }

    /// Index of the run that holds `c`, which is below U+20000.
    #[inline]
    fn paged_index(&self, c: u32) -> usize {
        let page = (c >> 8) as usize;
        let (first, end) = (usize::from(self.pages[page]), usize::from(self.pages[page + 1]));
        // The last run of this page that starts at or before `c`, or the last run of the pages before:
        // run 0 starts at U+0000, so there is one.
        first + self.low[first..end].partition_point(|&low| low <= c as u8) - 1
    }

    fn get_tail(&self, c: u32) -> u8 {
        let key = c.min(MAX_CODE_POINT) << 8 | 0xFF;
        let after = self.tail.partition_point(|&run| run <= key);
        self.tail[after - 1] as u8
    }

    /// Index, value and start of the run that holds `c`. The start is that of the run only if it is in
    /// the same page or in the tail, which tables whose values say "relative to the start" see to.
    pub(crate) fn locate(&self, c: u32) -> (usize, u8, u32) {
        if c < PAGED {
            let index = self.paged_index(c);
            return (index, self.value[index], (c & !0xFF) | u32::from(self.low[index]));
        }
        let after = self.tail.partition_point(|&run| run <= (c.min(MAX_CODE_POINT) << 8 | 0xFF));
        let run = self.tail[after - 1];
        (self.low.len() + after - 1, run as u8, run >> 8)
    }

    /// All runs in order.
    pub(crate) fn iter(&'static self) -> RunIter {
        self.iter_from(0)
    }

    /// The runs from the one that holds `c` on; the first is cut to start at `c`.
    pub(crate) fn iter_from(&'static self, c: u32) -> RunIter {
        let c = c.min(MAX_CODE_POINT);
        let index = if c < PAGED {
            self.paged_index(c)
        } else {
            self.low.len() + self.tail.partition_point(|&run| run <= (c << 8 | 0xFF)) - 1
        };
        let mut page = (c >> 8).min(511) as usize;
        while page > 0 && usize::from(self.pages[page]) > index {
            page -= 1;
        }
        RunIter { runs: self, index, page, start: c }
    }
}

/// Iterator over `(start, end inclusive, value)`.
#[derive(Clone)]
pub(crate) struct RunIter {
    runs: &'static Runs,
    index: usize,
    /// The page in which run `index` starts, or one before it.
    page: usize,
    start: u32,
}

impl Iterator for RunIter {
    type Item = (u32, u32, u8);

    fn next(&mut self) -> Option<(u32, u32, u8)> {
        let runs = self.runs;
        let paged = runs.low.len();
        let value = if self.index < paged {
            runs.value[self.index]
        } else {
            *runs.tail.get(self.index - paged)? as u8
        };
        let next = self.index + 1;
        let next_start = if next < paged {
            while usize::from(runs.pages[self.page + 1]) <= next {
                self.page += 1;
            }
            (self.page as u32) << 8 | u32::from(runs.low[next])
        } else {
            runs.tail.get(next - paged).map_or(MAX_CODE_POINT + 1, |&run| run >> 8)
        };
        let start = core::mem::replace(&mut self.start, next_start);
        self.index = next;
        Some((start, next_start - 1, value))
    }
}

/// Reads numbers of one to three bytes; the top bits of the first byte say how many follow.
#[derive(Clone)]
pub(crate) struct Varints {
    bytes: &'static [u8],
}

impl Varints {
    pub(crate) fn new(bytes: &'static [u8]) -> Self {
        Varints { bytes }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'static [u8] {
        self.bytes
    }
}

impl Iterator for Varints {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let (number, rest) = match *self.bytes {
            [a, ref rest @ ..] if a < 0x80 => (u32::from(a), rest),
            [a, b, ref rest @ ..] if a < 0xC0 => (u32::from(a & 0x3F) << 8 | u32::from(b), rest),
            [a, b, c, ref rest @ ..] => (u32::from(a & 0x3F) << 16 | u32::from(b) << 8 | u32::from(c), rest),
            _ => return None,
        };
        self.bytes = rest;
        Some(number)
    }
}
