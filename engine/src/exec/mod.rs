//! Floor 9: everything that may run JavaScript: the object protocol, conversions, operators, calls, the
//! interpreter, generators, promises' machinery, modules.

pub mod convert;
pub mod error;
pub mod function;
pub mod operators;
pub mod property;
