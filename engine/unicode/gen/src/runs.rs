//! Runs of equal values behind a page index: compact, and searched without decoding.
//!
//! A map from code points to bytes is cut into runs. A run below U+20000 costs two bytes: the low
//! byte of its start, and its value; `pages` says for each page of 256 code points which run is the
//! first to start in it. The few runs above are kept whole in `tail`.

use crate::CODE_POINTS;
use crate::emit::Emitter;

/// Code points from here on are in the tail.
pub const PAGED: u32 = 0x2_0000;

/// Cuts a map into maximal runs `(start, value)`; `split` forces further starts.
pub fn cut(values: &[u8], split: impl Fn(u32) -> bool) -> Vec<(u32, u8)> {
    let mut runs = Vec::new();
    for c in 0..CODE_POINTS {
        let value = values[c as usize];
        if c == 0 || c == PAGED || value != values[c as usize - 1] || split(c) {
            runs.push((c, value));
        }
    }
    runs
}

/// Writes `NAME_PAGES`, `NAME_LOW`, `NAME_VALUE` and `NAME_TAIL`.
pub fn emit(out: &mut Emitter, name: &str, what: &str, runs: &[(u32, u8)]) {
    let paged: Vec<(u32, u8)> = runs.iter().copied().filter(|run| run.0 < PAGED).collect();
    let pages: Vec<u16> =
        (0..=PAGED >> 8).map(|page| paged.partition_point(|run| run.0 < page << 8) as u16).collect();
    let low: Vec<u8> = paged.iter().map(|run| run.0 as u8).collect();
    let value: Vec<u8> = paged.iter().map(|run| run.1).collect();
    let tail: Vec<u32> =
        runs.iter().filter(|run| run.0 >= PAGED).map(|run| run.0 << 8 | u32::from(run.1)).collect();
    out.words(&format!("{what}: index of the first run of each page."), &format!("{name}_PAGES"), &pages);
    out.bytes(&format!("{what}: low byte of the start of each run."), &format!("{name}_LOW"), &low);
    out.bytes(&format!("{what}: value of each run."), &format!("{name}_VALUE"), &value);
    out.longs(&format!("{what}: runs from U+20000 on, start << 8 | value."), &format!("{name}_TAIL"), &tail);
}

/// Replaces stretches where `pair(c)` holds for every code point by `values[c] = mark`.
/// Only stretches of four or more are worth it.
pub fn mark_stretches(values: &mut [u8], mark: u8, pair: impl Fn(u32) -> bool) {
    let mut c = 0;
    while c < CODE_POINTS {
        let start = c;
        while c < CODE_POINTS && pair(c) {
            c += 1;
        }
        if c - start >= 4 {
            values[start as usize..c as usize].fill(mark);
        }
        c += u32::from(c == start);
    }
}

/// Appends a number below 2^22 in one to three bytes; the first says how many follow.
pub fn push_varint(bytes: &mut Vec<u8>, number: u32) {
    match number {
        0..0x80 => bytes.push(number as u8),
        0x80..0x4000 => bytes.extend([0x80 | (number >> 8) as u8, number as u8]),
        _ => {
            assert!(number < 1 << 22);
            bytes.extend([0xC0 | (number >> 16) as u8, (number >> 8) as u8, number as u8]);
        }
    }
}
