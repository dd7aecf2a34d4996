//! Properties of strings: patterns of emoji with places for skin tones, and pairs of letters for flags.
//!
//! Basic_Emoji and Emoji_Keycap_Sequence follow from binary properties and need no table; the
//! generator checks the first against ICU4X. RGI_Emoji_Modifier_Sequence needs a list of exceptions.

use std::collections::{BTreeMap, BTreeSet};

use icu_properties::props::{BasicEmoji, Emoji, EmojiModifierBase, EmojiPresentation, RegionalIndicator};
use icu_properties::{CodePointSetData, EmojiSetData};

use crate::CODE_POINTS;
use crate::emit::Emitter;

const ZWJ: u32 = 0x200D;
const VS16: u32 = 0xFE0F;
const FIRST_TONE: u32 = 0x1_F3FB;
const FIRST_INDICATOR: u32 = 0x1_F1E6;
const FIRST_TAG: u32 = 0xE_0000;
const BLACK_FLAG: u32 = 0x1_F3F4;

/// Which skin tones a pattern takes, in the order of the numbers in the table: the places are behind
/// the first and behind the last code point.
fn kind(variants: &BTreeSet<Vec<(usize, u32)>>, length: usize) -> u8 {
    let plain = || vec![vec![]];
    let one = || (0..5).map(|tone| vec![(1, tone)]);
    let two = |same: bool| {
        (0..25).filter(move |n| same || n / 5 != n % 5).map(move |n| vec![(1, n / 5), (length, n % 5)])
    };
    let kinds: [BTreeSet<Vec<(usize, u32)>>; 5] = [
        plain().into_iter().collect(),
        plain().into_iter().chain(one()).collect(),
        one().collect(),
        plain().into_iter().chain(two(true)).collect(),
        two(false).collect(),
    ];
    kinds.iter().position(|kind| kind == variants).expect("a new kind of emoji: extend the table") as u8
}

fn all_sequences() -> BTreeSet<Vec<u32>> {
    let mut all = BTreeSet::new();
    for emoji in emojis::iter() {
        all.insert(emoji.as_str().chars().map(u32::from).collect());
        for toned in emoji.skin_tones().into_iter().flatten() {
            all.insert(toned.as_str().chars().map(u32::from).collect());
        }
    }
    all
}

/// Writes the patterns of ZWJ sequences, the flags and the tag sequences.
pub fn emit(out: &mut Emitter) {
    check_basic();
    let all = all_sequences();
    let mut patterns: BTreeMap<Vec<u32>, BTreeSet<Vec<(usize, u32)>>> = BTreeMap::new();
    for sequence in all.iter().filter(|sequence| sequence.contains(&ZWJ)) {
        let (mut pattern, mut tones) = (Vec::new(), Vec::new());
        for &c in sequence {
            match c.checked_sub(FIRST_TONE) {
                Some(tone @ 0..5) => tones.push((pattern.len(), tone)),
                _ => pattern.push(c),
            }
        }
        patterns.entry(pattern).or_default().insert(tones);
    }
    let elements: BTreeSet<u32> =
        patterns.keys().flatten().copied().filter(|c| ![ZWJ, VS16].contains(c)).collect();
    let elements: Vec<u32> = elements.into_iter().collect();
    assert!(elements.len() <= 128);
    let mut bytes = Vec::new();
    for (pattern, variants) in &patterns {
        let parts: Vec<&[u32]> = pattern.split(|&c| c == ZWJ).collect();
        bytes.push(kind(variants, pattern.len()) << 4 | u8::try_from(parts.len()).expect("few parts"));
        for part in parts {
            let index = elements.binary_search(&part[0]).expect("collected above") as u8;
            match part[1..] {
                [] => bytes.push(index),
                [VS16] => bytes.push(index | 0x80),
                _ => panic!("a new kind of ZWJ sequence: {pattern:X?}"),
            }
        }
    }
    // Below U+E000, or in plane 1 from U+1E000 on: sixteen bits tell which.
    let words: Vec<u16> = elements
        .iter()
        .map(|&c| {
            assert!(c < 0xE000 || (0x1_E000..0x2_0000).contains(&c));
            c as u16
        })
        .collect();
    out.words(
        "Emoji: code points that ZWJ sequences are made of; from 0xE000 on, of plane 1.",
        "ZWJ_ELEMENTS",
        &words,
    );
    out.bytes(
        "Emoji: ZWJ sequences: kind << 4 | parts, then per part VS16 << 7 | element.",
        "ZWJ_PATTERNS",
        &bytes,
    );

    let mut flags = [0u32; 26];
    let mut tags = Vec::new();
    for sequence in &all {
        match sequence[..] {
            [a @ FIRST_INDICATOR..0x1_F200, b @ FIRST_INDICATOR..0x1_F200] => {
                flags[(a - FIRST_INDICATOR) as usize] |= 1 << (b - FIRST_INDICATOR);
            }
            [BLACK_FLAG, ref rest @ .., 0xE_007F] => {
                let text: String = rest
                    .iter()
                    .map(|tag| char::from(u8::try_from(tag - FIRST_TAG).expect("a tag")))
                    .collect();
                tags.push(text);
            }
            _ => assert!(sequence.iter().all(|&c| c < FIRST_TAG), "a new kind of tag sequence"),
        }
    }
    let bases = CodePointSetData::new::<EmojiModifierBase>();
    let exceptions: Vec<u32> = (0..CODE_POINTS)
        .filter(|&c| {
            let toned = (0..5).filter(|tone| all.contains(&vec![c, FIRST_TONE + tone])).count();
            assert!(toned == 0 || (toned == 5 && bases.contains32(c)));
            bases.contains32(c) && toned == 0
        })
        .collect();
    let doc = "Emoji: modifier bases that are not recommended with modifiers.";
    out.longs(doc, "MODIFIER_EXCEPT", &exceptions);
    out.longs("Emoji: second letters of flags, as bits, for each first letter.", "FLAG_LETTERS", &flags);
    out.text("Emoji: subdivision flags.", "FLAG_TAGS", &tags.join(";"));
}

/// The crate derives Basic_Emoji: emoji presentation but no indicator, or other emoji with VS16 but
/// not the bases of keycaps.
fn check_basic() {
    let basic = EmojiSetData::new::<BasicEmoji>();
    let emoji = CodePointSetData::new::<Emoji>();
    let presentation = CodePointSetData::new::<EmojiPresentation>();
    let indicator = CodePointSetData::new::<RegionalIndicator>();
    for c in (0..CODE_POINTS).filter_map(char::from_u32) {
        let single = presentation.contains(c) && !indicator.contains(c);
        let double = emoji.contains(c) && !presentation.contains(c) && c > '9';
        assert_eq!(basic.contains(c), single, "{c:?}");
        assert_eq!(basic.contains_str(&format!("{c}\u{FE0F}")), double, "{c:?}");
    }
}
