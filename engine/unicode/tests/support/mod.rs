//! Helpers of several tests.

use tare_unicode as u;

/// The set as its ranges give it.
#[allow(dead_code, reason = "not every test needs it")]
pub fn members(name: &str, value: Option<&str>) -> Vec<bool> {
    let property = u::lookup_property(name, value).unwrap_or_else(|| panic!("{name}={value:?}"));
    let mut members = vec![false; u::MAX_CODE_POINT as usize + 1];
    property.for_each_range(|start, end| members[start as usize..=end as usize].fill(true));
    members
}

/// The ranges of a property.
#[allow(dead_code, reason = "not every test needs it")]
pub fn ranges(name: &str, value: Option<&str>) -> Vec<(u32, u32)> {
    let property = u::lookup_property(name, value).unwrap_or_else(|| panic!("{name}={value:?}"));
    let mut ranges = Vec::new();
    property.for_each_range(|start, end| ranges.push((start, end)));
    ranges
}

/// A code point as UTF-16, a lone surrogate as itself.
#[allow(dead_code, reason = "not every test needs it")]
pub fn utf16(c: u32) -> Vec<u16> {
    char::from_u32(c).map_or_else(|| vec![c as u16], |c| c.encode_utf16(&mut [0; 2]).to_vec())
}

/// All normalisation forms.
#[allow(dead_code, reason = "not every test needs it")]
pub const FORMS: [u::Form; 4] = [u::Form::Nfc, u::Form::Nfd, u::Form::Nfkc, u::Form::Nfkd];
