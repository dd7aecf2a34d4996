//! The memory contract of the Tare engine, the allocators that fulfil it, and the wrappers that
//! watch, limit and test them.
//!
//! Nothing here knows JavaScript. [`contract`] is what the engine asks for; every other module is
//! an allocator, a wrapper around one, or a collection that lives in one.

pub mod collections;
pub mod contract;
pub mod pool;
pub mod system;

pub use collections::{Memory, OutOfMemory, Vec};
pub use contract::{Allocator, Stats};
pub use pool::Pool;
pub use system::System;
