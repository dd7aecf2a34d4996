//! Runs the ECMAScript conformance suite (tc39/test262) against an engine.
//!
//! The suite is no part of the project: the runner is given any checkout of it. What flows where:
//! [`suite`] finds test files and reads their front matter ([`meta`]); those outside the scope go
//! ([`features`]); [`pool`] hands the rest to worker processes; each [`worker`] builds a
//! [`engine::Job`] for each mode of a test, lets an [`engine::Engine`] run it and judges how it
//! ended ([`judge`]); [`report`] and [`expected`] make tables, JSON and the verdict of the outcomes.

pub mod agents;
pub mod engine;
pub mod engines;
pub mod expected;
pub mod features;
pub mod judge;
pub mod meta;
pub mod pool;
pub mod report;
pub mod suite;
pub mod worker;
