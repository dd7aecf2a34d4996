//! Numbers of JavaScript: doubles to and from text, integer conversions, and BigInt arithmetic.
//!
//! Nothing here knows values, objects or exceptions. The double side ([`print`], [`radix`],
//! [`parse`], [`convert`]) takes no memory at all: it reads [`Text`] and writes into a
//! [`print::Buffer`] of the caller. The BigInt side ([`bigint`]) takes its memory through
//! [`tare_allocators::Memory`], and says so when there is none.
#![cfg_attr(not(test), warn(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods))]

pub mod bigint;
pub mod convert;
pub mod parse;
pub mod print;
pub mod radix;
pub mod text;
mod wide;

pub use convert::{
    f16_from_f64, f64_from_f16, round_to_f16, to_int8, to_int16, to_int32, to_uint8, to_uint8_clamp,
    to_uint16, to_uint32,
};
pub use parse::{
    STRETCH, Stopped, array_index_from_text, canonical_numeric_index, decimal_literal_value,
    decimal_literal_value_while, parse_float_prefix, parse_float_prefix_while, parse_int, parse_int_while,
    radix_digits_value, radix_digits_value_while, string_to_number, string_to_number_while,
};
pub use print::{
    Buffer, FixedBuffer, NumberBuffer, RadixBuffer, number_to_string, to_exponential, to_fixed, to_precision,
};
pub use radix::number_to_string_radix;
pub use text::Text;
