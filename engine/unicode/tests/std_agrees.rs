//! Identifiers and case against the standard library, whose Unicode version may be older: code points
//! that it does not know as assigned are left to the other tests.

use tare_unicode as u;

#[test]
fn case_mappings_agree_with_std() {
    for c in (0..=u::MAX_CODE_POINT).filter_map(char::from_u32) {
        let known = c.is_alphanumeric();
        let lower: Vec<u32> = c.to_lowercase().map(u32::from).collect();
        let upper: Vec<u32> = c.to_uppercase().map(u32::from).collect();
        // A mapping that std has, and any mapping of a letter it knows, must be ours.
        if known || lower != [c as u32] || upper != [c as u32] {
            assert_eq!(&*u::to_lower_full(c as u32), lower, "lower of U+{:04X}", c as u32);
            assert_eq!(&*u::to_upper_full(c as u32), upper, "upper of U+{:04X}", c as u32);
        }
    }
}
