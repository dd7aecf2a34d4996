//! Generates the tables of tare-unicode.
fn main() {}
