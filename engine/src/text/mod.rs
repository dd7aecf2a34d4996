//! Floor 4: strings and atoms.
//!
//! A string is a flat cell of Latin-1 or UTF-16 code units, or a rope that becomes flat when it is
//! read. Property names are *atoms*: numbers that stand for interned strings and symbols.
//!
//! Nothing here can run JavaScript. Everything that allocates returns `Result`.

pub mod atom;
pub mod builder;
pub mod names;
pub mod rope;
pub mod search;
pub mod string;
pub mod symbol;

pub use atom::{Atom, AtomTable, RawAtom};
pub use builder::StringBuilder;
pub use string::{MAX_LENGTH, Text, Unfinished};
