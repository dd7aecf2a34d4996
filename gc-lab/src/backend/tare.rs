//! Our engine.

use super::{Backend, Run, Script, Setup};
use crate::policy::Policy;
use tare_reports::record::Outcome;

/// The back end.
pub struct Tare;

impl Backend for Tare {
    fn name(&self) -> &'static str {
        "tare"
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn fronts(&self) -> &'static [&'static str] {
        &["pool", "direct"]
    }

    fn supports(&self, _policy: &Policy) -> Result<(), String> {
        Ok(())
    }

    fn run(&self, _script: &Script, _setup: &Setup) -> Run {
        Run::not_begun(Outcome::Failed { message: "the engine of this build cannot run scripts yet".into() })
    }
}
