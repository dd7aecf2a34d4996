//! The tables say exactly what their source says, for every code point; and generating them again
//! gives the committed file.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};

use icu_casemap::CaseMapper;
use icu_normalizer::properties::{
    CanonicalCombiningClassMap, CanonicalComposition, CanonicalDecomposition, Decomposed,
};
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{GeneralCategory, Script};
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{
    CodePointMapData, PropertyNamesLong, PropertyNamesShort, PropertyParser, props::GeneralCategoryGroup,
};
use tare_allocators::{Memory, System};
use tare_unicode as u;
use tare_unicode_gen::CODE_POINTS;

#[test]
fn generating_again_gives_the_committed_file() {
    let committed = include_str!("../../src/tables.rs");
    assert!(tare_unicode_gen::generate().source == committed, "run `cargo run -p tare-unicode-gen`");
}

/// The set as the ranges give it; checks that they ascend and do not touch, and `contains` around
/// every border and in steps between.
fn members(property: u::Property) -> Vec<bool> {
    let mut members = vec![false; CODE_POINTS as usize];
    let mut next = 0;
    let mut borders = Vec::new();
    property.for_each_range(|start, end| {
        assert!(start <= end && end < CODE_POINTS && (next == 0 || start > next));
        members[start as usize..=end as usize].fill(true);
        next = end + 1;
        borders.extend([start.saturating_sub(1), start, end, end + 1]);
    });
    for c in borders.into_iter().chain((0..CODE_POINTS).step_by(1009)) {
        assert_eq!(property.contains(c), members.get(c as usize).copied().unwrap_or(false), "U+{c:04X}");
    }
    members
}

#[test]
fn binary_properties() {
    let properties = tare_unicode_gen::binary::properties();
    assert_eq!(properties.len(), 50);
    for (long, short, expected) in properties {
        let property = u::lookup_property(long, None).expect(long);
        assert_eq!(u::lookup_property(short, None), Some(property));
        assert!(members(property) == expected, "{long}");
    }
    assert!(members(u::lookup_property("Any", None).unwrap()).iter().all(|&member| member));
    let ascii = members(u::lookup_property("ASCII", None).unwrap());
    assert!(ascii.iter().enumerate().all(|(c, &member)| member == (c < 128)));
    let map = CodePointMapData::<GeneralCategory>::new();
    let assigned = members(u::lookup_property("Assigned", None).unwrap());
    assert!((0..CODE_POINTS).all(|c| assigned[c as usize] == (map.get32(c) != GeneralCategory::Unassigned)));
}

#[test]
fn fast_properties() {
    let properties = tare_unicode_gen::binary::properties();
    let find = |name: &str| &properties.iter().find(|property| property.0 == name).unwrap().2;
    let (start, continues) = (find("ID_Start"), find("ID_Continue"));
    let (cased, ignorable) = (find("Cased"), find("Case_Ignorable"));
    let map = CodePointMapData::<GeneralCategory>::new();
    for c in 0..CODE_POINTS {
        let index = c as usize;
        assert_eq!(u::is_id_start(c), start[index], "U+{c:04X}");
        assert_eq!(u::is_id_continue(c), continues[index], "U+{c:04X}");
        assert_eq!(u::is_cased(c), cased[index], "U+{c:04X}");
        assert_eq!(u::is_case_ignorable(c), ignorable[index], "U+{c:04X}");
        let space = map.get32(c) == GeneralCategory::SpaceSeparator || matches!(c, 9 | 11 | 12 | 0xFEFF);
        assert_eq!(u::is_white_space(c), space, "U+{c:04X}");
        assert_eq!(u::is_line_terminator(c), matches!(c, 10 | 13 | 0x2028 | 0x2029), "U+{c:04X}");
    }
    for c in [CODE_POINTS, CODE_POINTS + 65, u32::MAX] {
        assert!(!u::is_id_start(c) && !u::is_id_continue(c) && !u::is_cased(c) && !u::is_case_ignorable(c));
        assert!(!u::is_white_space(c) && !u::is_line_terminator(c));
        assert_eq!(u::category(c), u::Category::Cn);
        assert_eq!([u::to_lower_simple(c), u::to_upper_simple(c), u::fold_simple(c)], [c; 3]);
        assert!(
            ["Any", "Assigned", "Cn", "Alphabetic"]
                .iter()
                .all(|name| { !u::lookup_property(name, None).unwrap().contains(c) })
        );
    }
}

#[test]
fn categories() {
    let map = CodePointMapData::<GeneralCategory>::new();
    for c in 0..CODE_POINTS {
        assert_eq!(u::category(c) as u8, map.get32(c) as u8, "U+{c:04X}");
    }
    let (long, short) = (PropertyNamesLong::<GeneralCategory>::new(), PropertyNamesShort::new());
    let values: BTreeSet<GeneralCategory> = (0..CODE_POINTS).map(|c| map.get32(c)).collect();
    assert_eq!(values.len(), 30);
    for category in &values {
        let (long, short) = (long.get(*category).unwrap(), short.get(*category).unwrap());
        let property = u::lookup_property(long, None).expect(long);
        for (name, value) in [(short, None), ("gc", Some(long)), ("General_Category", Some(short))] {
            assert_eq!(u::lookup_property(name, value), Some(property));
        }
        let members = members(property);
        assert!((0..CODE_POINTS).all(|c| members[c as usize] == (map.get32(c) == *category)), "{long}");
        assert_eq!(format!("{:?}", u::Category::ALL[*category as usize]), short);
    }
    let parser = PropertyParser::<GeneralCategoryGroup>::new();
    for names in [
        "C Other",
        "L Letter",
        "LC Cased_Letter",
        "M Mark Combining_Mark",
        "N Number",
        "S Symbol",
        "P Punctuation punct",
        "Z Separator",
        "Nd Decimal_Number digit",
        "Cc Control cntrl",
    ] {
        for name in names.split(' ') {
            let group = parser.get_strict(name).expect(name);
            let members = members(u::lookup_property("gc", Some(name)).expect(name));
            assert!((0..CODE_POINTS).all(|c| members[c as usize] == group.contains(map.get32(c))), "{name}");
        }
    }
}

#[test]
fn scripts_and_their_extensions() {
    let map = CodePointMapData::<Script>::new();
    let extensions = ScriptWithExtensions::new();
    let (long, short) = (PropertyNamesLong::<Script>::new(), PropertyNamesShort::<Script>::new());
    let (mut plain, mut extended) = (BTreeMap::new(), BTreeMap::new());
    for c in 0..CODE_POINTS {
        extend(plain.entry(map.get32(c)).or_default(), c);
        for script in extensions.get_script_extensions_val32(c).iter() {
            extend(extended.entry(script).or_default(), c);
        }
    }
    assert_eq!(plain.len(), extended.len());
    for (script, expected) in plain {
        let (long, short) = (long.get(script).unwrap(), short.get(script).unwrap());
        let property = u::lookup_property("sc", Some(long)).expect(long);
        assert_eq!(u::lookup_property("Script", Some(short)), Some(property));
        let extensions = u::lookup_property("scx", Some(short)).expect(long);
        assert_eq!(u::lookup_property("Script_Extensions", Some(long)), Some(extensions));
        for (property, expected) in [(property, &expected), (extensions, &extended[&script])] {
            let mut ranges = Vec::new();
            property.for_each_range(|start, end| ranges.push((start, end)));
            assert_eq!(ranges, *expected, "{long}");
            for &(start, end) in expected {
                assert!(property.contains(start) && property.contains(end));
                assert!(start == 0 || !property.contains(start - 1));
                assert!(!property.contains(end + 1));
            }
        }
    }
    for (third, first) in [("Qaac", "Coptic"), ("Qaai", "Inherited"), ("Zinh", "Inherited")] {
        assert_eq!(u::lookup_property("sc", Some(third)), u::lookup_property("sc", Some(first)));
    }
    // Named in PropertyValueAliases.txt, without members.
    let empty = members(u::lookup_property("sc", Some("Katakana_Or_Hiragana")).unwrap());
    assert!(empty.iter().all(|&member| !member));
}

/// Appends a code point to a list of maximal ranges.
fn extend(ranges: &mut Vec<(u32, u32)>, c: u32) {
    match ranges.last_mut() {
        Some(last) if last.1 + 1 == c => last.1 = c,
        _ => ranges.push((c, c)),
    }
}

#[test]
fn case_mappings() {
    let mapper = CaseMapper::new();
    let root = "und".parse().unwrap();
    for c in (0..CODE_POINTS).filter_map(char::from_u32) {
        let n = c as u32;
        assert_eq!(u::to_lower_simple(n), mapper.simple_lowercase(c) as u32, "{c:?}");
        assert_eq!(u::to_upper_simple(n), mapper.simple_uppercase(c) as u32, "{c:?}");
        assert_eq!(u::fold_simple(n), mapper.simple_fold(c) as u32, "{c:?}");
        let text = c.to_string();
        let lower: Vec<u32> = mapper.lowercase_to_string(&text, &root).chars().map(u32::from).collect();
        let upper: Vec<u32> = mapper.uppercase_to_string(&text, &root).chars().map(u32::from).collect();
        assert_eq!(*u::to_lower_full(n), *lower, "{c:?}");
        assert_eq!(*u::to_upper_full(n), *upper, "{c:?}");
        assert!(u::to_upper_full(n).into_iter().eq(upper));
    }
    for n in 0xD800..0xE000 {
        assert_eq!([u::to_lower_simple(n), u::to_upper_simple(n), u::fold_simple(n)], [n; 3]);
        assert_eq!([&*u::to_lower_full(n), &*u::to_upper_full(n)], [[n]; 2]);
    }
}

#[test]
fn normalisation_of_single_characters() {
    let system = System;
    let memory = Memory::new(&system);
    let (nfc, nfkc) = (ComposingNormalizer::new_nfc(), ComposingNormalizer::new_nfkc());
    let (nfd, nfkd) = (DecomposingNormalizer::new_nfd(), DecomposingNormalizer::new_nfkd());
    let classes = CanonicalCombiningClassMap::new();
    for n in 0..CODE_POINTS {
        assert_eq!(u::combining_class(n), classes.get32_u8(n), "U+{n:04X}");
        let mut units = [0; 2];
        let units: &[u16] = match char::from_u32(n) {
            Some(c) => c.encode_utf16(&mut units),
            None => &[n as u16],
        };
        // Lone surrogates are replaced by ICU4X, and kept by us.
        let expected = match char::from_u32(n) {
            None => [(); 4].map(|()| units.to_vec()),
            Some(_) => [
                nfc.normalize_utf16(units).into_owned(),
                nfd.normalize_utf16(units).into_owned(),
                nfkc.normalize_utf16(units).into_owned(),
                nfkd.normalize_utf16(units).into_owned(),
            ],
        };
        for (form, expected) in
            [u::Form::Nfc, u::Form::Nfd, u::Form::Nfkc, u::Form::Nfkd].into_iter().zip(expected)
        {
            let text = u::Text::Utf16(units);
            let result = u::normalize(form, text, memory).unwrap();
            assert_eq!(*result, *expected, "{form:?} of U+{n:04X}");
            match u::quick_check(form, text) {
                u::QuickCheck::Yes => assert_eq!(*result, *units, "{form:?} of U+{n:04X}"),
                u::QuickCheck::No => assert_ne!(*result, *units, "{form:?} of U+{n:04X}"),
                u::QuickCheck::Maybe => {}
            }
            if let Ok(byte) = u8::try_from(n) {
                assert_eq!(*u::normalize(form, u::Text::Latin1(&[byte]), memory).unwrap(), *expected);
                assert_eq!(u::quick_check(form, u::Text::Latin1(&[byte])), u::quick_check(form, text));
            }
        }
    }
}

#[test]
fn composition_of_pairs() {
    let (composition, decomposition) = (CanonicalComposition::new(), CanonicalDecomposition::new());
    let (mut firsts, mut seconds) = (BTreeSet::new(), BTreeSet::new());
    for c in (0..CODE_POINTS).filter_map(char::from_u32) {
        if let Decomposed::Expansion(first, second) = decomposition.decompose(c) {
            firsts.insert(first);
            seconds.insert(second);
            if composition.compose(first, second) == Some(c) {
                assert!(composes_backwards(second), "{c:?}");
            }
        }
    }
    // Every first part with every second part, and a sample of all others with every second part.
    firsts.extend((0..CODE_POINTS).step_by(61).filter_map(char::from_u32));
    for &first in &firsts {
        for &second in &seconds {
            let ours = u::normal::compose(first as u32, second as u32);
            assert_eq!(ours, composition.compose(first, second).map(u32::from), "{first:?} {second:?}");
        }
    }
}

fn composes_backwards(c: char) -> bool {
    u::quick_check(u::Form::Nfc, u::Text::Utf16(c.encode_utf16(&mut [0; 2]))) == u::QuickCheck::Maybe
}

fn strings(name: &str) -> BTreeSet<Vec<u32>> {
    let mut strings = BTreeSet::new();
    let mut longest = 0;
    u::lookup_property_of_strings(name).expect(name).for_each_string(|string| {
        longest = longest.max(string.len());
        assert!(strings.insert(string.to_vec()), "{string:X?} twice");
    });
    assert!(longest <= u::MAX_EMOJI_LENGTH);
    strings
}

#[test]
fn emoji_sequences() {
    let mut source: BTreeSet<Vec<u32>> = BTreeSet::new();
    for emoji in emojis::iter() {
        for emoji in emoji.skin_tones().into_iter().flatten().chain([emoji]) {
            source.insert(emoji.as_str().chars().map(u32::from).collect());
        }
    }
    // The source lists neither lone skin tones nor lone hair styles.
    source.extend((0x1_F3FB..0x1_F400).chain(0x1_F9B0..0x1_F9B4).map(|c| vec![c]));
    let all = strings("RGI_Emoji");
    assert_eq!(all.difference(&source).collect::<Vec<_>>(), Vec::<&Vec<u32>>::new());
    assert_eq!(source.difference(&all).collect::<Vec<_>>(), Vec::<&Vec<u32>>::new());
    let mut sum = 0;
    for part in [
        "Basic_Emoji",
        "Emoji_Keycap_Sequence",
        "RGI_Emoji_Modifier_Sequence",
        "RGI_Emoji_Flag_Sequence",
        "RGI_Emoji_Tag_Sequence",
        "RGI_Emoji_ZWJ_Sequence",
    ] {
        let strings = strings(part);
        assert!(strings.is_subset(&all), "{part}");
        sum += strings.len();
    }
    assert_eq!(sum, all.len());
    assert_eq!(u::lookup_property_of_strings("Emoji"), None);
}
