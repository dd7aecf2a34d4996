//! Identifiers, white space and line ends as ECMA-262 defines them (clauses 12.2, 12.3, 12.7).

use crate::category::in_categories;
use crate::tables;

/// Is the bit for `c` set? The tables of bits cover the code points below U+0800: Latin, Greek, Cyrillic,
/// Hebrew, Arabic.
#[inline]
fn bit(bits: &[u32; 64], c: u32) -> Option<bool> {
    bits.get((c >> 5) as usize).map(|word| word >> (c & 31) & 1 != 0)
}

/// Is `c` inside a list of toggles, an odd number of which are at or before it?
#[inline]
fn toggled(c: u32, toggles: &[u32]) -> bool {
    // The lists are short, and most text is below their first entry or in a run of few compares.
    toggles.partition_point(|&toggle| toggle <= c) & 1 != 0
}

/// Has `c` the property ID_Start (UAX #31, Other_ID_Start included)? `$` and `_` have not.
#[inline]
#[must_use]
pub fn is_id_start(c: u32) -> bool {
    match bit(&tables::ID_START_BITS, c) {
        Some(is) => is,
        None => in_categories(c, tables::ID_START_MASK) ^ toggled(c, &tables::ID_START_EXCEPT),
    }
}

/// Has `c` the property ID_Continue (UAX #31, Other_ID_Continue included)? `$`, U+200C and U+200D,
/// which ECMA-262 allows besides, have it as Unicode says: U+200C and U+200D yes, `$` no.
#[inline]
#[must_use]
pub fn is_id_continue(c: u32) -> bool {
    match bit(&tables::ID_CONTINUE_BITS, c) {
        Some(is) => is,
        None => in_categories(c, tables::ID_CONTINUE_MASK) ^ toggled(c, &tables::ID_CONTINUE_EXCEPT),
    }
}

/// Has `c` the property Cased (for Final_Sigma)?
#[inline]
#[must_use]
pub fn is_cased(c: u32) -> bool {
    match u8::try_from(c) {
        Ok(byte) if byte < 0x80 => byte.is_ascii_alphabetic(),
        _ => in_categories(c, tables::CASED_MASK) ^ toggled(c, &tables::CASED_EXCEPT),
    }
}

/// Has `c` the property Case_Ignorable (for Final_Sigma)?
#[inline]
#[must_use]
pub fn is_case_ignorable(c: u32) -> bool {
    in_categories(c, tables::CASE_IGNORABLE_MASK) ^ toggled(c, &tables::CASE_IGNORABLE_EXCEPT)
}

/// Is `c` WhiteSpace (ECMA-262, 12.2)? Line terminators are not.
#[inline]
#[must_use]
pub fn is_white_space(c: u32) -> bool {
    match c {
        0x09 | 0x0B | 0x0C | 0x20 | 0xA0 => true,
        _ if c < 0x1680 => false,
        _ => matches!(c, 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 | 0xFEFF),
    }
}

/// Is `c` a LineTerminator (ECMA-262, 12.3)?
#[inline]
#[must_use]
pub fn is_line_terminator(c: u32) -> bool {
    matches!(c, 0x0A | 0x0D | 0x2028 | 0x2029)
}
