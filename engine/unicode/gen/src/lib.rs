//! Generates the tables of tare-unicode from the compiled Unicode data of ICU4X (and the emoji
//! sequences of the `emojis` crate), as one Rust source file of typed arrays.
//!
//! Every table is compressed by one of three means, each in a module of its own: runs of equal
//! values behind a page index ([`runs`]), differences from a union of general categories
//! ([`binary`]), and patterns with placeholders for skin tones ([`emoji`]).
#![forbid(unsafe_code)]

pub mod binary;
pub mod case;
pub mod category;
pub mod emit;
pub mod emoji;
pub mod normal;
pub mod runs;
pub mod scripts;

/// One past the last code point.
pub const CODE_POINTS: u32 = 0x11_0000;

/// The outcome of [`generate`].
pub struct Generated {
    /// The text of `tables.rs`.
    pub source: String,
    /// One line for each table with its size in bytes.
    pub report: String,
}

/// Builds all tables.
#[must_use]
pub fn generate() -> Generated {
    let mut out = emit::Emitter::new();
    let version = icu_properties_data::unicode_tag!().replace('.', ", ");
    out.constant("Version of Unicode.", "UNICODE_VERSION", "(u8, u8, u8)", &format!("({version})"));
    let categories = category::categories();
    category::emit(&mut out, &categories);
    binary::emit(&mut out, &categories);
    case::emit(&mut out);
    scripts::emit(&mut out);
    normal::emit(&mut out);
    emoji::emit(&mut out);
    out.finish()
}
