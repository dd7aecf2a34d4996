//! Floor 9: everything that may run JavaScript: the object protocol, conversions, operators, calls, the
//! interpreter, generators, promises' machinery, modules.

mod async_;
pub mod collect;
pub mod convert;
pub(crate) mod descriptor;
mod dispose;
pub(crate) mod elements;
pub mod error;
pub mod function;
pub(crate) mod generator;
mod helpers;
pub(crate) mod interp;
pub mod iteration;
pub(crate) mod module;
pub mod operators;
pub mod promise;
pub mod property;
mod proxy;
pub(crate) mod regexp;
pub mod script;
pub(crate) mod task;
mod typed;
pub(crate) mod work;

/// The kinds of all floors.
pub(crate) const fn kind_table() -> [crate::heap::KindInfo; crate::heap::KINDS] {
    crate::runtime::base_kinds()
}
