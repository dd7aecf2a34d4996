//! One sample from start to record: the one way in which everything that measures takes its samples.

use crate::backend::{self, Run, Script, Setup};
use crate::machine;
use crate::matrix::{Program, Size};
use crate::policy::{Policy, QUICKJS_THRESHOLD};
use crate::process;
use crate::sample::{self, Ended, Job};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tare_reports::Record;
use tare_reports::record::{Measured, Noise, SCHEMA, Sample};
use tare_reports::stats::Random;

/// A sample is disturbed when the clock on the wall ran this much longer than the process did, ...
pub const DISTURBED_SHARE: f64 = 0.2;

/// ... and by at least this: below it the grain of the clocks decides.
const DISTURBED_NS: u64 = 2_000_000;

/// Bytes of padding that an environment gets at most.
const PADDING_BYTES: usize = 8192;

/// How to take a sample.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a> {
    /// The program that the sample names.
    pub program: &'a Program,
    /// What is to be measured.
    pub sample: &'a Sample,
    /// What it may take.
    pub timeout: Duration,
    /// The lab whose engine is measured; `None` for this one.
    pub lab: Option<&'a Path>,
    /// The command line, for the record.
    pub command: &'a [String],
    /// The core to bind the process to.
    pub pinned_core: Option<u32>,
    /// The seed of the padding of the environment.
    pub seed: u64,
    /// Whether it stands for one that was disturbed.
    pub retaken: bool,
}

impl Take<'_> {
    /// Runs the sample in a child process, in a set-up that `adapt` may change. `None` when the user interrupted.
    ///
    /// # Errors
    /// When no process can be started, or the sample names what does not exist.
    pub fn run(
        &self,
        interrupted: &AtomicBool,
        adapt: impl FnOnce(&mut Setup),
    ) -> Result<Option<(Setup, Run)>, String> {
        let Take { sample, .. } = self;
        let mut setup = Setup {
            memory_limit_bytes: sample.memory_limit_bytes,
            warmup: sample.warmup,
            further_iterations: sample.further_iterations,
            thp: sample.thp.clone(),
            pinned_core: self.pinned_core,
            env_bytes: self.padding(),
            meter: false,
            policy: sample.policy.clone(),
            engine_command: backend::find(&sample.engine)?.command().map(str::to_string),
            ..Setup::new(&sample.allocator, &sample.front, &Policy::quickjs(QUICKJS_THRESHOLD))
        };
        adapt(&mut setup);
        let size = Some(sample.size).filter(|size| *size > 0);
        let script = Script { size, ..self.program.script(Size::Default) };
        let job = Job { engine: sample.engine.clone(), script, setup, check: self.program.check() };
        match sample::in_child_of(self.lab, &job, self.timeout, interrupted)? {
            Ended::Interrupted => Ok(None),
            Ended::Run(run) => Ok(Some((job.setup, *run))),
        }
    }

    /// Takes the sample in a child process. `None` when the user interrupted.
    ///
    /// # Errors
    /// When no process can be started, or the sample names what does not exist.
    pub fn record(&self, interrupted: &AtomicBool) -> Result<Option<Record>, String> {
        let Take { sample, .. } = self;
        let engine = backend::find(&sample.engine)?;
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
        let (load1, pressure_cpu_some) = (machine::load1(), machine::pressure_cpu_some());
        let Some((setup, run)) = self.run(interrupted, |_| {})? else { return Ok(None) };
        if !run.outcome.is_ok() {
            tracing::info!("{}: {} {}", sample.key(), run.outcome.name(), run.outcome.message());
        }
        let measured = run.measured.filter(|_| run.outcome.is_ok());
        let disturbed = measured.as_ref().is_some_and(disturbed);
        Ok(Some(Record {
            schema: SCHEMA,
            sample: (*sample).clone(),
            measured,
            outcome: run.outcome,
            noise: Noise {
                load1,
                pressure_cpu_some,
                governor: machine::governor(),
                aslr: machine::aslr(),
                env_bytes: setup.env_bytes,
                pinned_core: setup.pinned_core,
                disturbed,
                retaken: self.retaken,
                ..run.noise
            },
            machine: machine::machine(),
            versions: run.versions.unwrap_or_else(|| machine::versions(&engine.version())),
            environment: machine::environment(&process::variables(&setup)),
            command: self.command.to_vec(),
            calibration: None,
            started_unix_ms: started,
        }))
    }

    /// Bytes of padding, by chance, so that no cell is always measured with its stack in the same place.
    fn padding(&self) -> u64 {
        let key = self.sample.key();
        let seed = key.bytes().fold(self.seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3).rotate_left(7)
        });
        Random::new(seed).below(PADDING_BYTES) as u64
    }
}

/// Whether a sample waited for a core more than the lab allows.
fn disturbed(measured: &Measured) -> bool {
    let waited = measured.wall_ns.saturating_sub(measured.cpu_ns);
    waited > DISTURBED_NS && waited as f64 > measured.cpu_ns as f64 * DISTURBED_SHARE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_waited_is_disturbed() {
        let measured = |wall_ns, cpu_ns| Measured { wall_ns, cpu_ns, ..Measured::default() };
        assert!(!disturbed(&measured(110_000_000, 100_000_000)));
        assert!(disturbed(&measured(130_000_000, 100_000_000)));
        assert!(!disturbed(&measured(2_000_000, 1_000_000)), "the grain of the clocks");
    }

    #[test]
    fn the_padding_varies_between_samples_and_not_between_runs() {
        let program = Program::File("a.js".into(), String::new());
        let padding = |block| {
            let sample = Sample { block, ..Sample::default() };
            let take = Take {
                program: &program,
                sample: &sample,
                timeout: Duration::ZERO,
                lab: None,
                command: &[],
                pinned_core: None,
                seed: 1,
                retaken: false,
            };
            take.padding()
        };
        let all: Vec<u64> = (0..100).map(padding).collect();
        assert_eq!(all, (0..100).map(padding).collect::<Vec<_>>());
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 90, "{distinct:?}");
        assert!(all.iter().any(|p| *p > 6000) && all.iter().any(|p| *p < 2000));
    }
}
