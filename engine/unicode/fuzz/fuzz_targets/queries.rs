//! Every query with any number as code point and any text as name: none panics, and those that can be
//! checked against each other agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tare_unicode as u;

fuzz_target!(|data: &[u8]| {
    let Some((number, name)) = data.split_first_chunk::<4>() else { return };
    let c = u32::from_le_bytes(*number);
    for c in [c, c % (u::MAX_CODE_POINT + 2), c % 0x3000] {
        let (lower, upper) = (u::to_lower_simple(c), u::to_upper_simple(c));
        if c > u::MAX_CODE_POINT {
            assert_eq!((lower, upper, u::fold_simple(c)), (c, c, c));
        }
        let folded = u::fold_simple(c);
        assert_eq!(u::fold_simple(folded), folded, "folding {c:X} twice");
        let _ = (u::to_lower_full(c), u::to_upper_full(c), u::combining_class(c), u::is_white_space(c));
        assert!(!u::is_id_start(c) || u::is_id_continue(c), "{c:X}");
        for mode in [u::CaseMode::Unicode, u::CaseMode::CodeUnits] {
            u::for_each_case_equivalent(c, mode, |other| {
                assert_ne!(other, c);
                assert_eq!(mode.canonicalize(other), mode.canonicalize(c), "{c:X} and {other:X}");
            });
        }
        let _ = u::category(c);
    }
    let Ok(name) = core::str::from_utf8(name) else { return };
    let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
    if let Some(property) = u::lookup_property(name, value) {
        let c = c % (u::MAX_CODE_POINT + 1);
        let (mut inside, mut last) = (false, None);
        property.for_each_range(|start, end| {
            assert!(start <= end && last.is_none_or(|last| last + 1 < start), "ranges of {name}");
            last = Some(end);
            inside |= (start..=end).contains(&c);
        });
        assert_eq!(property.contains(c), inside, "{c:X} in {name}");
    }
    if let Some(property) = u::lookup_property_of_strings(name) {
        property.for_each_string(|string| assert!((1..=u::MAX_EMOJI_LENGTH).contains(&string.len())));
    }
});
