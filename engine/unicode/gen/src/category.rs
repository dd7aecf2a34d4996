//! General_Category: a run table in which stretches of alternating upper and lower case are one run.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::CODE_POINTS;
use crate::emit::Emitter;
use crate::runs;

/// Number of an unassigned code point's category.
pub const CN: u8 = GeneralCategory::Unassigned as u8;
/// Number of the category Lu.
pub const LU: u8 = GeneralCategory::UppercaseLetter as u8;
/// Number of the category Ll.
pub const LL: u8 = GeneralCategory::LowercaseLetter as u8;
/// Run value: upper case at even code points, lower case at odd ones; plus one: the reverse.
pub const ALTERNATING: u8 = 30;

/// The general category of every code point, as its number in ICU.
#[must_use]
pub fn categories() -> Vec<u8> {
    let map = CodePointMapData::<GeneralCategory>::new();
    (0..CODE_POINTS).map(|c| map.get32(c) as u8).collect()
}

/// Writes the run table.
pub fn emit(out: &mut Emitter, categories: &[u8]) {
    let mut values = categories.to_vec();
    for parity in 0..2 {
        runs::mark_stretches(&mut values, ALTERNATING + parity as u8, |c| {
            categories[c as usize] == if c & 1 == parity { LU } else { LL }
        });
    }
    runs::emit(out, "GC", "General_Category", &runs::cut(&values, |_| false));
}
