//! Case: the rules of ECMA-262 for regular expressions recomputed from the full mappings, and the classes
//! of equal characters by brute force.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use tare_unicode as u;

#[test]
fn canonicalize_without_u_is_what_the_specification_says() {
    for unit in 0..=u16::MAX {
        let upper = u::to_upper_full(unit.into());
        let expected = match *upper {
            [c] if c <= 0xFFFF && !(unit >= 128 && c < 128) => c as u16,
            _ => unit,
        };
        assert_eq!(u::canonicalize_non_unicode(unit), expected, "U+{unit:04X}");
    }
}

#[test]
fn classes_of_equal_characters() {
    for mode in [u::CaseMode::Unicode, u::CaseMode::CodeUnits] {
        let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for c in 0..=u::MAX_CODE_POINT {
            classes.entry(mode.canonicalize(c)).or_default().push(c);
        }
        let mut pairs = Vec::new();
        for class in classes.values() {
            assert!(class.len() <= 4, "{class:X?}");
            for &c in class {
                let mut found = Vec::new();
                u::for_each_case_equivalent(c, mode, |e| found.push(e));
                found.sort_unstable();
                let expected: Vec<u32> = class.iter().copied().filter(|&e| e != c).collect();
                assert_eq!(found, expected, "{mode:?} U+{c:04X}");
                pairs.extend(expected.iter().map(|&e| (c, e)));
            }
        }
        assert!(pairs.len() > 2_000);
        pairs.sort_unstable();
        for (start, end) in [
            (0, u::MAX_CODE_POINT),
            (0x41, 0x5A),
            (0x60, 0x17F),
            (0x100, 0x100),
            (0x101, 0x2FE),
            (0x10400, 0x1044F),
            (0x1_FFFF, 0x2_0000),
            (0x3_0000, u::MAX_CODE_POINT),
            (5, 4),
        ] {
            let mut found = Vec::new();
            u::for_each_case_equivalent_in_range(start, end, mode, |c, e| found.push((c, e)));
            found.sort_unstable();
            let expected: Vec<(u32, u32)> =
                pairs.iter().copied().filter(|&(c, _)| (start..=end).contains(&c)).collect();
            assert_eq!(found, expected, "{mode:?} U+{start:04X}..U+{end:04X}");
        }
    }
    let members = |c, mode| {
        let mut found = Vec::new();
        u::for_each_case_equivalent(c, mode, |e| found.push(e));
        found.sort_unstable();
        found
    };
    assert_eq!(members(0x6B, u::CaseMode::Unicode), [0x4B, 0x212A]);
    assert_eq!(members(0x6B, u::CaseMode::CodeUnits), [0x4B]);
    assert_eq!(members(0x10428, u::CaseMode::Unicode), [0x10400]);
    assert_eq!(members(0x10428, u::CaseMode::CodeUnits), []);
}

#[test]
fn known_mappings() {
    assert_eq!(*u::to_upper_full(0xDF), [0x53, 0x53]);
    assert_eq!(*u::to_upper_full(0xFB03), [0x46, 0x46, 0x49]);
    assert_eq!(*u::to_lower_full(0x130), [0x69, 0x307]);
    assert_eq!(*u::to_lower_full(0x3A3), [0x3C3]);
    assert_eq!(u::to_upper_simple(0xFF), 0x178);
    assert_eq!(u::fold_simple(0x1E9E), 0xDF);
    assert_eq!(u::canonicalize_non_unicode(0x131), 0x131);
    assert_eq!(u::canonicalize_non_unicode(0x17F), 0x17F);
}
