//! Normalisation: the official conformance file, random texts against `unicode-normalization`, and texts
//! made to be slow.
#![forbid(unsafe_code)]

mod support;

use std::collections::BTreeSet;

use support::{FORMS, utf16};
use tare_allocators::{Memory, System};
use tare_unicode as u;
use unicode_normalization::UnicodeNormalization;

fn normalize(form: u::Form, text: &[u16]) -> Vec<u16> {
    let system = System;
    u::normalize(form, u::Text::Utf16(text), Memory::new(&system)).unwrap().to_vec()
}

/// `normalize`, with the promises that hold for every text.
fn checked(form: u::Form, text: &[u16]) -> Vec<u16> {
    let result = normalize(form, text);
    assert_eq!(normalize(form, &result), result, "{form:?} of {text:X?} is not stable");
    assert_ne!(u::quick_check(form, u::Text::Utf16(&result)), u::QuickCheck::No);
    match u::quick_check(form, u::Text::Utf16(text)) {
        u::QuickCheck::Yes => assert_eq!(result, text),
        u::QuickCheck::No => assert_ne!(result, text),
        u::QuickCheck::Maybe => {}
    }
    result
}

fn parse(field: &str) -> Vec<u16> {
    field.split(' ').flat_map(|hex| utf16(u32::from_str_radix(hex, 16).unwrap())).collect()
}

#[test]
fn conformance_file() {
    let mut listed = BTreeSet::new();
    let (mut part, mut lines) = (0, 0);
    for line in include_str!("data/NormalizationTest.txt").lines() {
        if let Some(number) = line.strip_prefix("@Part") {
            part = number.parse().unwrap();
        }
        if line.is_empty() || line.starts_with(['#', '@']) {
            continue;
        }
        let columns: Vec<Vec<u16>> = line.split(';').take(5).map(parse).collect();
        let [_, c2, c3, c4, c5] = &columns[..] else { panic!("{line}") };
        for (index, column) in columns.iter().enumerate() {
            let canonical = index < 3;
            assert_eq!(checked(u::Form::Nfc, column), *if canonical { c2 } else { c4 }, "{line}");
            assert_eq!(checked(u::Form::Nfd, column), *if canonical { c3 } else { c5 }, "{line}");
            assert_eq!(checked(u::Form::Nfkc, column), *c4, "{line}");
            assert_eq!(checked(u::Form::Nfkd, column), *c5, "{line}");
        }
        if part == 1 {
            listed.insert(columns[0].clone());
        }
        lines += 1;
    }
    assert!(lines > 20_000 && listed.len() > 17_000, "{lines} {}", listed.len());
    for c in 0..=u::MAX_CODE_POINT {
        let text = utf16(c);
        if !listed.contains(&text) {
            for form in FORMS {
                assert_eq!(normalize(form, &text), text, "U+{c:04X}");
                assert_ne!(u::quick_check(form, u::Text::Utf16(&text)), u::QuickCheck::No);
            }
        }
    }
}

/// A small generator of numbers (xorshift), so that every run tests the same texts.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

#[test]
fn random_texts_agree_with_unicode_normalization() {
    // Characters that do something, those that do nothing, and Hangul.
    let lively: Vec<char> = (0..=u::MAX_CODE_POINT)
        .filter_map(char::from_u32)
        .filter(|&c| {
            let text = utf16(c as u32);
            let yes = |form| u::quick_check(form, u::Text::Utf16(&text)) == u::QuickCheck::Yes;
            !('\u{AC00}'..'\u{D7A4}').contains(&c)
                && (u::combining_class(c as u32) != 0 || !FORMS.into_iter().all(yes))
        })
        .collect();
    let marks: Vec<char> = lively.iter().copied().filter(|&c| u::combining_class(c as u32) != 0).collect();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..60_000 {
        let text: String = (0..1 + random.below(12))
            .map(|_| match random.below(6) {
                0 => char::from(b'a' + random.below(26) as u8),
                1 | 2 => lively[random.below(lively.len())],
                3 | 4 => marks[random.below(marks.len())],
                _ if round % 2 == 0 => char::from_u32(0x1100 + random.below(0x100) as u32).unwrap(),
                _ => char::from_u32(0xAC00 + random.below(0x2BA4) as u32).unwrap(),
            })
            .collect();
        let units: Vec<u16> = text.encode_utf16().collect();
        let expected: [String; 4] =
            [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect()];
        for (form, expected) in FORMS.into_iter().zip(expected) {
            assert_eq!(
                checked(form, &units),
                expected.encode_utf16().collect::<Vec<_>>(),
                "{form:?} {text:?}"
            );
        }
    }
}

#[test]
fn latin_1_is_what_its_utf_16_is() {
    let system = System;
    let memory = Memory::new(&system);
    let mut random = Random(1);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.below(20)).map(|_| random.below(256) as u8).collect();
        let units: Vec<u16> = bytes.iter().copied().map(u16::from).collect();
        for form in FORMS {
            let result = u::normalize(form, u::Text::Latin1(&bytes), memory).unwrap();
            assert_eq!(*result, *normalize(form, &units), "{form:?} of {bytes:X?}");
            assert_eq!(
                u::quick_check(form, u::Text::Latin1(&bytes)),
                u::quick_check(form, u::Text::Utf16(&units))
            );
        }
    }
}

#[test]
fn lone_surrogates_stay() {
    for text in [
        &[0xD800][..],
        &[0xDC00, 0xD800],
        &[0xD834, 0x65, 0x301],
        &[0x65, 0x301, 0xDC00, 0x301],
        // A pair, and its halves the wrong way round: only the pair decomposes.
        &[0xD834, 0xDD5E, 0xDD5E, 0xD834],
    ] {
        for form in FORMS {
            let lossy: Vec<u16> =
                checked(form, text).into_iter().filter(|u| (0xD800..0xE000).contains(u)).collect();
            let before = text.iter().filter(|u| (0xD800..0xE000).contains(*u)).count();
            assert!(lossy.len() >= before, "{form:?} of {text:X?}");
        }
    }
    assert_eq!(normalize(u::Form::Nfc, &[0x65, 0x301, 0xDC00, 0x301]), [0xE9, 0xDC00, 0x301]);
    assert_eq!(normalize(u::Form::Nfd, &[0xD834, 0xE9]), [0xD834, 0x65, 0x301]);
}

/// A million marks in the worst order: quadratic ordering would take hours.
#[test]
fn many_marks_in_a_row() {
    let mut text = vec![0x61u16];
    for _ in 0..500_000 {
        text.extend([0x301, 0x323]);
    }
    let sorted = normalize(u::Form::Nfd, &text);
    assert_eq!(sorted.len(), text.len());
    assert!(sorted[1..=500_000].iter().all(|&unit| unit == 0x323));
    assert!(sorted[500_001..].iter().all(|&unit| unit == 0x301));
    let composed = normalize(u::Form::Nfc, &text);
    // The first dot below joins the letter; the first acute is blocked by nothing but finds no composite.
    assert_eq!((composed.len(), composed[0]), (text.len() - 1, 0x1EA1));
}
