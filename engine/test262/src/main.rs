//! Runs the ECMAScript conformance suite.
fn main() {}
