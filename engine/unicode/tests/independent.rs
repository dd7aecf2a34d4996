//! Every table against libraries that are independent of its source (the `unicode-*` crates, of the
//! same Unicode version, and `regress`, of an older one), over all code points.
#![forbid(unsafe_code)]

mod support;

use std::collections::BTreeMap;

use regress::Regex;
use support::{FORMS, members, ranges, utf16};
use tare_allocators::{Memory, System};
use tare_unicode as u;
use unicode_normalization::{IsNormalized, UnicodeNormalization};
use unicode_properties::{EmojiStatus, UnicodeEmoji, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};

fn all_chars() -> impl Iterator<Item = char> {
    (0..=u::MAX_CODE_POINT).filter_map(char::from_u32)
}

#[test]
fn the_same_unicode_version() {
    assert_eq!(unicode_properties::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(unicode_normalization::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(unicode_script::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(unicode_ident::UNICODE_VERSION, (18, 0, 0));
    assert_eq!(u::UNICODE_VERSION, (18, 0, 0));
}

#[test]
fn identifiers() {
    let (start, continues) = (members("XID_Start", None), members("XID_Continue", None));
    assert!(u::is_id_continue(0x200C) && u::is_id_continue(0x200D) && !u::is_id_start(0x200C));
    assert!(
        ![0x24, 0x5F].into_iter().any(u::is_id_start) && u::is_id_continue(0x5F) && !u::is_id_continue(0x24)
    );
    let mut only_id = (Vec::new(), Vec::new());
    for c in all_chars() {
        let n = c as u32;
        assert_eq!(start[n as usize], unicode_ident::is_xid_start(c), "{c:?}");
        assert_eq!(continues[n as usize], unicode_ident::is_xid_continue(c), "{c:?}");
        if u::is_id_start(n) != start[n as usize] {
            only_id.0.push(n);
        }
        if u::is_id_continue(n) != continues[n as usize] {
            only_id.1.push(n);
        }
    }
    // UAX #31, 5.1: what NFKC closure takes off ID_Start and ID_Continue, and nothing else.
    let arabic: Vec<u32> = (0xFC5E..0xFC64)
        .chain([0xFDFA, 0xFDFB, 0xFE70, 0xFE72, 0xFE74, 0xFE76, 0xFE78, 0xFE7A, 0xFE7C, 0xFE7E])
        .collect();
    let continues: Vec<u32> = [0x37A, 0x309B, 0x309C].into_iter().chain(arabic.clone()).collect();
    let start: Vec<u32> =
        [0x37A, 0xE33, 0xEB3, 0x309B, 0x309C].into_iter().chain(arabic).chain([0xFF9E, 0xFF9F]).collect();
    assert_eq!(only_id, (start, continues));
}

#[test]
fn general_category() {
    for c in all_chars() {
        assert_eq!(
            format!("{:?}", u::category(c as u32)),
            short_name(c.general_category()),
            "U+{:04X}",
            c as u32
        );
    }
    assert!((0xD800..0xE000).all(|c| u::category(c) == u::Category::Cs));
}

fn short_name(category: unicode_properties::GeneralCategory) -> &'static str {
    use unicode_properties::GeneralCategory as G;
    match category {
        G::UppercaseLetter => "Lu",
        G::LowercaseLetter => "Ll",
        G::TitlecaseLetter => "Lt",
        G::ModifierLetter => "Lm",
        G::OtherLetter => "Lo",
        G::NonspacingMark => "Mn",
        G::SpacingMark => "Mc",
        G::EnclosingMark => "Me",
        G::DecimalNumber => "Nd",
        G::LetterNumber => "Nl",
        G::OtherNumber => "No",
        G::ConnectorPunctuation => "Pc",
        G::DashPunctuation => "Pd",
        G::OpenPunctuation => "Ps",
        G::ClosePunctuation => "Pe",
        G::InitialPunctuation => "Pi",
        G::FinalPunctuation => "Pf",
        G::OtherPunctuation => "Po",
        G::MathSymbol => "Sm",
        G::CurrencySymbol => "Sc",
        G::ModifierSymbol => "Sk",
        G::OtherSymbol => "So",
        G::SpaceSeparator => "Zs",
        G::LineSeparator => "Zl",
        G::ParagraphSeparator => "Zp",
        G::Control => "Cc",
        G::Format => "Cf",
        G::Surrogate => "Cs",
        G::PrivateUse => "Co",
        G::Unassigned => "Cn",
    }
}

#[test]
fn emoji_properties() {
    use EmojiStatus as E;
    let sets = ["Emoji", "Emoji_Component", "Emoji_Presentation", "Emoji_Modifier_Base", "Emoji_Modifier"]
        .map(|name| members(name, None));
    for c in all_chars() {
        let status = c.emoji_status();
        let presentation = matches!(
            status,
            E::EmojiPresentation
                | E::EmojiPresentationAndModifierBase
                | E::EmojiPresentationAndEmojiComponent
                | E::EmojiPresentationAndModifierAndEmojiComponent
        );
        let expected = [
            c.is_emoji_char(),
            c.is_emoji_component() || status == E::NonEmojiButEmojiComponent,
            presentation,
            matches!(status, E::EmojiModifierBase | E::EmojiPresentationAndModifierBase),
            status == E::EmojiPresentationAndModifierAndEmojiComponent,
        ];
        assert_eq!(sets.each_ref().map(|set| set[c as usize]), expected, "U+{:04X}", c as u32);
    }
}

#[test]
fn scripts() {
    let (mut plain, mut extended) = (BTreeMap::new(), BTreeMap::new());
    for c in all_chars() {
        let n = c as u32;
        extend(plain.entry(c.script().short_name()).or_default(), n);
        let extension = c.script_extension();
        // The crate has marks for three sets of one script, and lists all others.
        if extension.is_common() {
            extend(extended.entry("Zyyy").or_default(), n);
        } else if extension.is_inherited() {
            extend(extended.entry("Zinh").or_default(), n);
        } else if extension.is_empty() {
            extend(extended.entry("Zzzz").or_default(), n);
        } else {
            extension.iter().for_each(|script| extend(extended.entry(script.short_name()).or_default(), n));
        }
    }
    // Surrogates are no characters: the crate cannot say what we do.
    for sets in [&mut plain, &mut extended] {
        let unknown = sets.get_mut("Zzzz").unwrap();
        (0xD800..0xE000).for_each(|c| extend(unknown, c));
        unknown.sort_unstable();
        unknown.dedup_by(|next, last| {
            let touches = last.1 + 1 == next.0;
            if touches {
                last.1 = next.1;
            }
            touches
        });
    }
    assert!(plain.len() > 170 && plain.len() == extended.len());
    for (short, expected) in plain {
        let long = Script::from_short_name(short).unwrap().full_name();
        assert_eq!(ranges("sc", Some(short)), expected, "sc={short}");
        assert_eq!(ranges("Script_Extensions", Some(long)), extended[short], "scx={short}");
    }
}

/// Appends a code point to a list of maximal ranges.
fn extend(ranges: &mut Vec<(u32, u32)>, c: u32) {
    match ranges.last_mut() {
        Some(last) if last.1 + 1 == c => last.1 = c,
        _ => ranges.push((c, c)),
    }
}

#[test]
fn normalisation_of_single_characters_and_with_marks() {
    let system = System;
    let memory = Memory::new(&system);
    for c in all_chars() {
        let n = c as u32;
        assert_eq!(u::combining_class(n), unicode_normalization::char::canonical_combining_class(c), "{c:?}");
        // Alone, behind a letter, and before marks that must be ordered and may compose. Of the characters
        // that are in all forms as they are, a sample will do for the latter.
        let idle = FORMS
            .into_iter()
            .all(|form| u::quick_check(form, u::Text::Utf16(&utf16(n))) == u::QuickCheck::Yes);
        let texts = [format!("{c}"), format!("a{c}"), format!("{c}\u{301}\u{323}\u{3099}")];
        for text in &texts[..if idle && !n.is_multiple_of(32) { 1 } else { 3 }] {
            let expected: [Vec<u16>; 4] = [
                text.nfc().collect::<String>().encode_utf16().collect(),
                text.nfd().collect::<String>().encode_utf16().collect(),
                text.nfkc().collect::<String>().encode_utf16().collect(),
                text.nfkd().collect::<String>().encode_utf16().collect(),
            ];
            let units: Vec<u16> = text.encode_utf16().collect();
            for (form, expected) in FORMS.into_iter().zip(expected) {
                let result = u::normalize(form, u::Text::Utf16(&units), memory).unwrap();
                assert_eq!(*result, *expected, "{form:?} of {text:?}");
                let (text, ours) = (text.chars(), u::quick_check(form, u::Text::Utf16(&units)));
                let theirs = match form {
                    u::Form::Nfc => unicode_normalization::is_nfc_quick(text),
                    u::Form::Nfd => unicode_normalization::is_nfd_quick(text),
                    u::Form::Nfkc => unicode_normalization::is_nfkc_quick(text),
                    u::Form::Nfkd => unicode_normalization::is_nfkd_quick(text),
                };
                let theirs = match theirs {
                    IsNormalized::Yes => u::QuickCheck::Yes,
                    IsNormalized::No => u::QuickCheck::No,
                    IsNormalized::Maybe => u::QuickCheck::Maybe,
                };
                assert_eq!(ours, theirs, "{form:?} of {units:X?}");
                match ours {
                    u::QuickCheck::Yes => assert_eq!(units, expected, "{form:?} of {units:X?}"),
                    u::QuickCheck::No => assert_ne!(units, expected, "{form:?}"),
                    u::QuickCheck::Maybe => assert!(matches!(form, u::Form::Nfc | u::Form::Nfkc)),
                }
            }
        }
    }
}

#[test]
fn case_mappings_agree_with_std() {
    // The standard library is a version behind: a mapping of ours may lead to a letter it lacks.
    let known =
        |code_points: &[u32]| code_points.iter().all(|&c| char::from_u32(c).unwrap().is_alphanumeric());
    let mut newer = 0;
    for c in all_chars() {
        let n = c as u32;
        for (ours, theirs) in [
            (u::to_lower_full(n), c.to_lowercase().map(u32::from).collect::<Vec<_>>()),
            (u::to_upper_full(n), c.to_uppercase().map(u32::from).collect()),
        ] {
            if *ours != *theirs {
                assert_eq!(theirs, [n], "U+{n:04X} has another mapping");
                assert!(!c.is_alphanumeric() || !known(&ours), "U+{n:04X}");
                newer += 1;
            }
        }
    }
    assert!(newer < 200, "{newer} mappings that the standard library lacks");
}

/// The properties that the Unicode Standard defines by others (DerivedCoreProperties), recomputed for
/// the version of the tables.
#[test]
fn derived_properties() {
    let system = System;
    let memory = Memory::new(&system);
    let decoded = |units: &[u16]| -> Vec<u32> {
        char::decode_utf16(units.iter().copied())
            .map(|c| c.map_or_else(|e| e.unpaired_surrogate().into(), u32::from))
            .collect()
    };
    let (lower, upper) = (members("Lowercase", None), members("Uppercase", None));
    let sets = ["Cased", "Changes_When_Lowercased", "Changes_When_Uppercased", "Grapheme_Base", "Assigned"]
        .map(|name| members(name, None));
    let extend = members("Grapheme_Extend", None);
    for c in 0..=u::MAX_CODE_POINT {
        use u::Category as G;
        let category = u::category(c);
        let decomposed = decoded(&u::normalize(u::Form::Nfd, u::Text::Utf16(&utf16(c)), memory).unwrap());
        let changed = |map: fn(u32) -> u::CaseMapping| decomposed.iter().any(|&c| *map(c) != [c]);
        let index = c as usize;
        let expected = [
            lower[index] || upper[index] || category == G::Lt,
            changed(u::to_lower_full),
            changed(u::to_upper_full),
            !matches!(category, G::Cc | G::Cf | G::Cs | G::Co | G::Cn | G::Zl | G::Zp) && !extend[index],
            category != G::Cn,
        ];
        assert_eq!(sets.each_ref().map(|set| set[index]), expected, "U+{c:04X}");
        assert!(category != G::Lu || upper[index]);
        assert!(category != G::Ll || lower[index]);
    }
}

/// All scalar values in order.
fn everything() -> String {
    all_chars().collect()
}

/// The set as `regress` sees it.
fn regress_members(property: &str, everything: &str) -> Vec<bool> {
    let regex = Regex::with_flags(&format!("\\p{{{property}}}+"), "u").expect(property);
    let mut members = vec![false; u::MAX_CODE_POINT as usize + 1];
    for found in regex.find_iter(everything) {
        for c in everything[found.range()].chars() {
            members[c as usize] = true;
        }
    }
    members
}

const BINARY: [&str; 50] = [
    "ASCII_Hex_Digit",
    "Alphabetic",
    "Bidi_Control",
    "Bidi_Mirrored",
    "Case_Ignorable",
    "Cased",
    "Changes_When_Casefolded",
    "Changes_When_Casemapped",
    "Changes_When_Lowercased",
    "Changes_When_NFKC_Casefolded",
    "Changes_When_Titlecased",
    "Changes_When_Uppercased",
    "Dash",
    "Default_Ignorable_Code_Point",
    "Deprecated",
    "Diacritic",
    "Emoji",
    "Emoji_Component",
    "Emoji_Modifier",
    "Emoji_Modifier_Base",
    "Emoji_Presentation",
    "Extended_Pictographic",
    "Extender",
    "Grapheme_Base",
    "Grapheme_Extend",
    "Hex_Digit",
    "IDS_Binary_Operator",
    "IDS_Trinary_Operator",
    "ID_Continue",
    "ID_Start",
    "Ideographic",
    "Join_Control",
    "Logical_Order_Exception",
    "Lowercase",
    "Math",
    "Noncharacter_Code_Point",
    "Pattern_Syntax",
    "Pattern_White_Space",
    "Quotation_Mark",
    "Radical",
    "Regional_Indicator",
    "Sentence_Terminal",
    "Soft_Dotted",
    "Terminal_Punctuation",
    "Unified_Ideograph",
    "Uppercase",
    "Variation_Selector",
    "White_Space",
    "XID_Continue",
    "XID_Start",
];

/// `regress` has an older Unicode: for the code points assigned there, the differences are a committed
/// list, exact in both directions, of what the newer versions changed.
#[test]
fn binary_properties_agree_with_regress() {
    let everything = everything();
    let assigned = regress_members("Assigned", &everything);
    let mut differences = String::new();
    for property in BINARY {
        let (ours, theirs) = (members(property, None), regress_members(property, &everything));
        for c in 0..assigned.len() {
            if assigned[c] && ours[c] != theirs[c] {
                differences += &format!("{} {property} U+{c:04X}\n", if ours[c] { '+' } else { '-' });
            }
        }
    }
    let committed = include_str!("data/changes-since-regress.txt");
    assert!(differences == committed, "{differences}");
}

/// `regress` has all our strings but those of Emoji 18, and no others: its numbers of strings are ours
/// without the new ones (Emoji 17.0 has 3,953 in all).
#[test]
fn properties_of_strings_agree_with_regress() {
    let expected = [
        ("Basic_Emoji", 1409, 9),
        ("Emoji_Keycap_Sequence", 12, 0),
        ("RGI_Emoji_Modifier_Sequence", 675, 10),
        ("RGI_Emoji_Flag_Sequence", 259, 0),
        ("RGI_Emoji_Tag_Sequence", 3, 0),
        ("RGI_Emoji_ZWJ_Sequence", 1614, 0),
        ("RGI_Emoji", 3972, 19),
    ];
    for (name, total, newer) in expected {
        let regex = Regex::with_flags(&format!("^\\p{{{name}}}$"), "v").expect(name);
        let mut counts = (0, 0);
        u::lookup_property_of_strings(name).unwrap().for_each_string(|string| {
            let text: String = string.iter().map(|&c| char::from_u32(c).unwrap()).collect();
            counts.0 += 1;
            counts.1 += usize::from(regex.find(&text).is_none());
        });
        assert_eq!(counts, (total, newer), "{name}");
    }
}
