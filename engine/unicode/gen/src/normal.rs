//! Normalisation: a class for each code point (combining class and quick-check answers), the
//! decompositions as runs over a pool of code units, and the primary composites.

use std::collections::BTreeMap;

use icu_normalizer::properties::{
    CanonicalCombiningClassMap, CanonicalComposition, CanonicalDecomposition, Decomposed,
};
use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};

use crate::CODE_POINTS;
use crate::emit::Emitter;
use crate::runs::{self, PAGED};

const HANGUL: std::ops::Range<u32> = 0xAC00..0xD7A4;

/// Flags of a class, above the combining class. The bits of `NFD_NO` and so on are those that
/// `tare_unicode::normal` reads.
pub mod flag {
    /// Decomposes canonically.
    pub const NFD_NO: u16 = 0x100;
    /// Decomposes canonically or compatibly.
    pub const NFKD_NO: u16 = 0x200;
    /// Never occurs in NFC.
    pub const NFC_NO: u16 = 0x400;
    /// Never occurs in NFKC.
    pub const NFKC_NO: u16 = 0x800;
    /// May compose with what precedes.
    pub const MAYBE: u16 = 0x1000;
}

/// A decomposition mapping as in UnicodeData.txt, except that compatibility mappings are full.
struct Mapping {
    canonical: bool,
    to: Vec<u32>,
}

fn chars(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

fn mappings() -> BTreeMap<u32, Mapping> {
    let canonical = CanonicalDecomposition::new();
    let (nfd, nfkd) = (DecomposingNormalizer::new_nfd(), DecomposingNormalizer::new_nfkd());
    let full = |normalizer: &DecomposingNormalizerBorrowed<'_>, c: char| {
        chars(&normalizer.normalize(c.encode_utf8(&mut [0; 4])))
    };
    let mut mappings = BTreeMap::new();
    for c in (0..CODE_POINTS).filter_map(char::from_u32).filter(|&c| !HANGUL.contains(&(c as u32))) {
        let to = match canonical.decompose(c) {
            Decomposed::Default => {
                let to = full(&nfkd, c);
                if to != [c as u32] {
                    mappings.insert(c as u32, Mapping { canonical: false, to });
                }
                continue;
            }
            Decomposed::Singleton(a) => vec![a as u32],
            Decomposed::Expansion(a, b) => vec![a as u32, b as u32],
        };
        mappings.insert(c as u32, Mapping { canonical: true, to });
    }
    // What the crate will do must give the full decompositions: follow the first code point of
    // canonical mappings, and nothing else.
    for c in (0..CODE_POINTS).filter_map(char::from_u32).filter(|&c| !HANGUL.contains(&(c as u32))) {
        for (compatible, normalizer) in [(false, &nfd), (true, &nfkd)] {
            assert_eq!(decompose(c as u32, compatible, &mappings), full(normalizer, c), "{c:?}");
        }
        let mut depth = 0;
        let mut first = c as u32;
        while let Some(mapping) = mappings.get(&first).filter(|mapping| mapping.canonical) {
            depth += mapping.to.len() - 1;
            first = mapping.to[0];
        }
        assert!(depth <= 4, "{c:?}");
    }
    mappings
}

fn decompose(c: u32, compatible: bool, mappings: &BTreeMap<u32, Mapping>) -> Vec<u32> {
    match mappings.get(&c) {
        Some(Mapping { canonical: true, to }) => {
            let mut all = decompose(to[0], compatible, mappings);
            all.extend(&to[1..]);
            all
        }
        Some(Mapping { to, .. }) if compatible => to.clone(),
        _ => vec![c],
    }
}

fn units(code_points: &[u32]) -> Vec<u16> {
    code_points
        .iter()
        .map(|&c| char::from_u32(c).expect("no surrogate"))
        .collect::<String>()
        .encode_utf16()
        .collect()
}

/// A run of decompositions before its place in the pool is known.
struct Run {
    start: u32,
    length: u32,
    kind: u8,
    data: Vec<u8>,
}

/// Bit of a run's kind: the mappings are canonical.
const CANONICAL: u8 = 0x80;
/// Bit of a run's kind: one target, the others follow it one by one. Else each mapping has data of its
/// own: as many code units as the low bits say, shorter ones filled up with zeros.
const LINEAR: u8 = 0x40;
/// Bit of a run's kind: all units have the same high byte, which comes first and only once.
const NARROW: u8 = 0x20;
/// Instead of a number of units: a unit and the index of a second character of a composition.
const PAIR: u8 = 0x1F;

/// The data of mappings that make up a run, in the shortest of the ways that are possible; the low bits
/// of the kind with it.
fn encode(lists: &[Vec<u16>], canonical: bool, seconds: &[u16]) -> (u8, Vec<u8>) {
    let width = lists.iter().map(Vec::len).max().expect("not empty");
    let count = u8::try_from(width).expect("short");
    assert!(count < PAIR);
    let high = (lists[0][0] >> 8) as u8;
    // A low byte of zero is what mappings are filled up with.
    if lists.iter().flatten().all(|unit| unit >> 8 == high.into() && unit & 0xFF != 0) {
        let mut data = vec![high];
        for list in lists {
            data.extend(list.iter().map(|&unit| unit as u8));
            data.resize(data.len() + width - list.len(), 0);
        }
        if data.len() < lists.len() * width * 2 {
            return (NARROW | count, data);
        }
    }
    let second = |list: &Vec<u16>| match list[..] {
        [first, second] if !(0xD800..0xE000).contains(&first) => seconds.binary_search(&second).ok(),
        _ => None,
    };
    if canonical && let Some(indices) = lists.iter().map(second).collect::<Option<Vec<usize>>>() {
        let pairs = lists.iter().zip(indices);
        let data = pairs.flat_map(|(list, index)| {
            let [low, high] = list[0].to_le_bytes();
            [low, high, u8::try_from(index).expect("few seconds")]
        });
        return (PAIR, data.collect());
    }
    let mut data = Vec::new();
    for list in lists {
        data.extend(list.iter().flat_map(|unit| unit.to_le_bytes()));
        data.resize(data.len() + 2 * (width - list.len()), 0);
    }
    (count, data)
}

/// Cuts consecutive mappings of one sort into runs so that the tables become shortest.
fn cut(start: u32, list: &[&Mapping], seconds: &[u16]) -> Vec<Run> {
    const RUN_COST: usize = 4;
    let unit_lists: Vec<Vec<u16>> = list.iter().map(|mapping| units(&mapping.to)).collect();
    let canonical = list[0].canonical;
    // best[i]: least cost of the first i mappings, and the run that ends there.
    let mut best: Vec<(usize, usize, bool)> = vec![(0, 0, false)];
    for end in 1..=list.len() {
        let mut choice = (usize::MAX, 0, false);
        let mut linear = true;
        // Longer runs would save next to nothing and take long to find.
        for from in (end.saturating_sub(96)..end).rev() {
            linear &=
                list[from].to.len() == 1 && (from + 1 == end || list[from].to[0] + 1 == list[from + 1].to[0]);
            let before = best[from].0 + RUN_COST;
            let plain = encode(&unit_lists[from..end], canonical, seconds).1.len();
            choice = choice.min((before + plain, from, false));
            if linear {
                choice = choice.min((before + unit_lists[from].len() * 2, from, true));
            }
        }
        best.push(choice);
    }
    let mut runs = Vec::new();
    let mut end = list.len();
    while end > 0 {
        let (_, from, linear) = best[end];
        let (kind, data) = if linear {
            let first = &unit_lists[from];
            (LINEAR | first.len() as u8, first.iter().flat_map(|unit| unit.to_le_bytes()).collect())
        } else {
            encode(&unit_lists[from..end], canonical, seconds)
        };
        let kind = kind | if canonical { CANONICAL } else { 0 };
        runs.push(Run { start: start + from as u32, length: (end - from) as u32, kind, data });
        end = from;
    }
    runs.reverse();
    runs
}

/// Puts all data into one pool in which they may overlap; gives the offsets.
fn pool(runs: &[Run]) -> (Vec<u8>, Vec<u16>) {
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(runs[index].data.len()), index));
    let mut pool: Vec<u8> = Vec::new();
    let mut offsets = vec![0u16; runs.len()];
    for index in order {
        let data = &runs[index].data;
        let found = pool.windows(data.len()).position(|window| window == data.as_slice());
        let at = found.unwrap_or_else(|| {
            let overlap = (0..data.len()).rev().find(|&n| pool.ends_with(&data[..n])).unwrap_or(0);
            pool.extend(&data[overlap..]);
            pool.len() - data.len()
        });
        offsets[index] = u16::try_from(at).expect("a pool under 64 KiB");
    }
    (pool, offsets)
}

fn emit_decompositions(out: &mut Emitter, mappings: &BTreeMap<u32, Mapping>, seconds: &[u16]) {
    let mut runs: Vec<Run> = Vec::new();
    let list: Vec<(u32, &Mapping)> = mappings.iter().map(|(&c, mapping)| (c, mapping)).collect();
    let mut from = 0;
    while from < list.len() {
        let mut end = from + 1;
        // A run must start in the page it is looked up in, where there are pages.
        while end < list.len()
            && list[end].0 == list[end - 1].0 + 1
            && list[end].1.canonical == list[from].1.canonical
            && (list[end].0 & 0xFF != 0 || list[end].0 >= PAGED)
        {
            end += 1;
        }
        let mappings: Vec<&Mapping> = list[from..end].iter().map(|entry| entry.1).collect();
        runs.extend(cut(list[from].0, &mappings, seconds));
        from = end;
    }
    let (pool, offsets) = pool(&runs);
    // The run table: gaps are runs of kind 0, without an offset of their own.
    let mut table: Vec<(u32, u8)> = Vec::new();
    let mut all_offsets = Vec::new();
    let mut next = 0;
    for (run, offset) in runs.iter().zip(offsets) {
        if next <= PAGED && PAGED < run.start && next != PAGED {
            table.extend([(next, 0), (PAGED, 0)]);
            all_offsets.extend([0, 0]);
        } else if next < run.start {
            table.push((next, 0));
            all_offsets.push(0);
        }
        table.push((run.start, run.kind));
        all_offsets.push(offset);
        next = run.start + run.length;
    }
    table.push((next, 0));
    all_offsets.push(0);
    assert!(table.iter().any(|run| run.0 == PAGED) && table.is_sorted_by(|a, b| a.0 < b.0));
    runs::emit(out, "DECOMPOSE", "Decompositions", &table);
    out.words("Decompositions: where each run's mappings are in the pool.", "DECOMPOSE_OFFSET", &all_offsets);
    out.bytes("Decompositions: the targets.", "DECOMPOSE_POOL", &pool);
}

/// Writes the table of composites; gives its second characters in the BMP.
fn emit_composites(out: &mut Emitter, composites: &[(u32, u32, u32)]) -> Vec<u16> {
    let mut bmp: Vec<(u16, u16, u16)> = Vec::new();
    let mut other = Vec::new();
    for &(first, second, composite) in composites {
        match (u16::try_from(second), u16::try_from(first), u16::try_from(composite)) {
            (Ok(second), Ok(first), Ok(composite)) => bmp.push((second, first, composite)),
            _ => other.push([second, first, composite]),
        }
    }
    bmp.sort_unstable();
    other.sort_unstable();
    let mut seconds: Vec<u16> = bmp.iter().map(|entry| entry.0).collect();
    seconds.dedup();
    let mut starts: Vec<u16> =
        seconds.iter().map(|&second| bmp.partition_point(|entry| entry.0 < second) as u16).collect();
    starts.push(bmp.len() as u16);
    let firsts: Vec<u16> = bmp.iter().map(|entry| entry.1).collect();
    let results: Vec<u16> = bmp.iter().map(|entry| entry.2).collect();
    out.words("Composition: second characters.", "COMPOSE_SECOND", &seconds);
    out.words("Composition: index of the first pair of each second character.", "COMPOSE_START", &starts);
    out.words("Composition: first characters.", "COMPOSE_FIRST", &firsts);
    out.words("Composition: the composites.", "COMPOSE_RESULT", &results);
    out.longs("Composition outside the BMP: second, first, composite.", "COMPOSE_OTHER", &other.concat());
    seconds
}

/// Writes all tables of normalisation.
pub fn emit(out: &mut Emitter) {
    let mappings = mappings();
    let composition = CanonicalComposition::new();
    let composites: Vec<(u32, u32, u32)> = mappings
        .iter()
        .filter(|(_, mapping)| mapping.canonical && mapping.to.len() == 2)
        .filter_map(|(&c, mapping)| {
            let [a, b] = [0, 1].map(|i| char::from_u32(mapping.to[i]).expect("no surrogate"));
            (composition.compose(a, b) == char::from_u32(c)).then_some((a as u32, b as u32, c))
        })
        .collect();

    let ccc = CanonicalCombiningClassMap::new();
    let mut classes: Vec<u16> = (0..CODE_POINTS).map(|c| u16::from(ccc.get32_u8(c))).collect();
    for (&c, mapping) in &mappings {
        let primary = composites.iter().any(|entry| entry.2 == c);
        // A primary composite stays in NFKC unless its canonical decomposition decomposes further.
        let stays = decompose(c, false, &mappings) == decompose(c, true, &mappings);
        classes[c as usize] |= flag::NFKD_NO
            | if mapping.canonical { flag::NFD_NO } else { 0 }
            | if mapping.canonical && !primary { flag::NFC_NO } else { 0 }
            | if primary && stays { 0 } else { flag::NFKC_NO };
    }
    for &(_, second, _) in &composites {
        classes[second as usize] |= flag::MAYBE;
    }
    for c in HANGUL {
        classes[c as usize] |= flag::NFD_NO | flag::NFKD_NO;
    }
    for c in (0x1161..0x1176).chain(0x11A8..0x11C3) {
        classes[c as usize] |= flag::MAYBE;
    }
    // A composite may compose with what precedes if its first part may (Gurung Khema, for one).
    for &(_, _, composite) in &composites {
        let first = decompose(composite, false, &mappings)[0];
        classes[composite as usize] |= classes[first as usize] & flag::MAYBE;
    }
    assert!(classes[..0xA0].iter().all(|&class| class == 0), "the crate takes this for granted");
    let mut distinct = classes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let values: Vec<u8> = classes
        .iter()
        .map(|class| u8::try_from(distinct.binary_search(class).expect("listed")).expect("few classes"))
        .collect();
    runs::emit(out, "NORM", "Normalisation classes", &runs::cut(&values, |_| false));
    out.words("Normalisation: combining class and quick-check flags of each class.", "NORM_CLASS", &distinct);
    let seconds = emit_composites(out, &composites);
    emit_decompositions(out, &mappings, &seconds);
}
