//! The only place that knows the crate of Unicode tables.

use tare_allocators::OutOfMemory;
use tare_unicode::CaseMode;

pub(crate) use tare_unicode::{canonicalize_non_unicode, fold_simple, is_id_continue, is_id_start};

/// Calls `f` with every character that matches one of the range when case is ignored.
pub(crate) fn for_each_case_equivalent_in_range(
    low: u32,
    high: u32,
    full_unicode: bool,
    mut f: impl FnMut(u32),
) {
    let mode = if full_unicode { CaseMode::Unicode } else { CaseMode::CodeUnits };
    tare_unicode::for_each_case_equivalent_in_range(low, high, mode, |_, other| f(other));
}

/// Calls `f` with the ranges of the characters that have a property; false if there is no such
/// property (22.2.1.7, tables 66 to 68 of ECMA-262).
pub(crate) fn property(
    name: &[u8],
    value: Option<&[u8]>,
    mut f: impl FnMut(u32, u32) -> Result<(), OutOfMemory>,
) -> Result<bool, OutOfMemory> {
    let Ok(name) = str::from_utf8(name) else { return Ok(false) };
    let value = match value.map(str::from_utf8) {
        Some(Ok(value)) => Some(value),
        Some(Err(_)) => return Ok(false),
        None => None,
    };
    let Some(property) = tare_unicode::lookup_property(name, value) else { return Ok(false) };
    let mut result = Ok(());
    property.for_each_range(|low, high| {
        if result.is_ok() {
            result = f(low, high);
        }
    });
    result.map(|()| true)
}

/// Calls `f` with the strings that have a property of strings; false if there is no such property.
pub(crate) fn property_of_strings(
    name: &[u8],
    mut f: impl FnMut(&[u32]) -> Result<(), OutOfMemory>,
) -> Result<bool, OutOfMemory> {
    let Ok(name) = str::from_utf8(name) else { return Ok(false) };
    let Some(property) = tare_unicode::lookup_property_of_strings(name) else { return Ok(false) };
    let mut result = Ok(());
    property.for_each_string(|string| {
        if result.is_ok() {
            result = f(string);
        }
    });
    result.map(|()| true)
}
