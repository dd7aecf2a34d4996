//! The Unicode knowledge of the Tare engine: identifiers, white space, case, normalisation, and the
//! properties that regular expressions can name.
//!
//! Code points are plain `u32` (lone surrogates are code points like any other; numbers above
//! U+10FFFF have no property and map to themselves). Text is Latin-1 or UTF-16, never converted.
//! Queries take no memory; only [`normalize`] does, from the runtime's allocator.
//!
//! The tables are arrays in a generated source file ([`tables`]) and not one binary blob: typed
//! arrays need no alignment tricks, a change of the Unicode version can be reviewed as a diff, and
//! the linker leaves out those that a build does not use. [`TABLE_BYTES`] is their size.
#![cfg_attr(not(test), warn(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods))]
#![no_std]
#![forbid(unsafe_code)]

pub mod case;
pub mod category;
pub mod emoji;
pub mod ident;
pub mod normal;
pub mod property;
mod runs;
#[rustfmt::skip]
mod tables;

pub use case::{
    CaseMapping, CaseMode, canonicalize_non_unicode, fold_simple, for_each_case_equivalent,
    for_each_case_equivalent_in_range, to_lower_full, to_lower_simple, to_upper_full, to_upper_simple,
};
pub use category::{Category, category};
pub use emoji::{MAX_EMOJI_LENGTH, PropertyOfStrings, lookup_property_of_strings};
pub use ident::{
    is_case_ignorable, is_cased, is_id_continue, is_id_start, is_line_terminator, is_white_space,
};
pub use normal::{
    Form, GoesOn, QuickCheck, Text, combining_class, normalize, normalize_while, quick_check,
    quick_check_while,
};
pub use property::{Property, lookup_property};
pub use tables::{TABLE_BYTES, UNICODE_VERSION};

/// The last code point.
pub const MAX_CODE_POINT: u32 = 0x10_FFFF;
