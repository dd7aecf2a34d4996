//! Normalisation of any UTF-16, with lone surrogates: against `unicode-normalization` where the text is
//! well formed, stable, in agreement with the quick check, the same for Latin-1, and an error without a
//! leak when memory is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tare_allocators::{Fail, Memory, Plan, System};
use tare_unicode::{Form, QuickCheck, Text, normalize, quick_check};
use unicode_normalization::UnicodeNormalization;

/// Units from bytes: most pairs are taken as they are, some choose a stretch where much happens.
fn units(bytes: &[u8]) -> Vec<u16> {
    bytes
        .chunks(2)
        .map(|pair| match *pair {
            [a, b] if a < 0x20 => 0x0300 + u16::from(b) % 0x70,
            [a, b] if a < 0x30 => 0x1100 + u16::from(b),
            [a, b] => u16::from_le_bytes([a, b]),
            [a] => u16::from(a),
            _ => 0,
        })
        .collect()
}

fn oracle(form: Form, text: &str) -> Vec<u16> {
    let text: String = match form {
        Form::Nfc => text.nfc().collect(),
        Form::Nfd => text.nfd().collect(),
        Form::Nfkc => text.nfkc().collect(),
        Form::Nfkd => text.nfkd().collect(),
    };
    text.encode_utf16().collect()
}

fuzz_target!(|data: &[u8]| {
    let [refused, bytes @ ..] = data else { return };
    let text = units(bytes);
    let system = System;
    for form in [Form::Nfc, Form::Nfd, Form::Nfkc, Form::Nfkd] {
        let result = normalize(form, Text::Utf16(&text), Memory::new(&system)).expect("memory").to_vec();
        if let Ok(text) = String::from_utf16(&text) {
            assert_eq!(result, oracle(form, &text), "{form:?}");
        }
        let again = normalize(form, Text::Utf16(&result), Memory::new(&system)).expect("memory").to_vec();
        assert_eq!(again, result, "{form:?} is not stable");
        match quick_check(form, Text::Utf16(&text)) {
            QuickCheck::Yes => assert_eq!(result, text, "{form:?}"),
            QuickCheck::No => assert_ne!(result, text, "{form:?}"),
            QuickCheck::Maybe => {}
        }
        // The bytes as Latin-1, and widened.
        let wide: Vec<u16> = bytes.iter().map(|byte| u16::from(*byte)).collect();
        let narrow = normalize(form, Text::Latin1(bytes), Memory::new(&system)).expect("memory").to_vec();
        let widened = normalize(form, Text::Utf16(&wide), Memory::new(&system)).expect("memory").to_vec();
        assert_eq!(narrow, widened, "{form:?} of Latin-1");

        let failing = Fail::new(Plan::Nth(u64::from(*refused)), System);
        let refused = normalize(form, Text::Utf16(&text), Memory::new(&failing)).map(|text| text.to_vec());
        if let Ok(survived) = refused {
            assert_eq!(survived, result, "{form:?} after a refusal");
        }
    }
});
