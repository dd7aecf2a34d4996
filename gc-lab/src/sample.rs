//! A sample in a process of its own: what the parent sends, what the child answers.
//!
//! The child is this program with the hidden subcommand `sample`. It reads one [`Job`] as JSON
//! in a line of its standard input and writes one [`Run`] as JSON to its standard output. Whatever else
//! happens to it (a signal, a panic, an endless loop) the parent sees from outside.

use crate::backend::{self, Run, Script, Setup, shell};
use crate::machine::{self, Disturbance};
use crate::process;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tare_reports::record::{Outcome, SCHEMA};

/// What a child is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The engine.
    pub engine: String,
    /// The program.
    pub script: Script,
    /// The set-up of the runtime.
    pub setup: Setup,
    /// The workload whose check the result must pass; `None` to accept any result.
    pub check: Option<String>,
}

/// The name of the hidden subcommand.
pub const SUBCOMMAND: &str = "sample";

/// The child's side.
///
/// # Errors
/// When the job cannot be read or the answer not be written.
pub fn serve() -> Result<(), String> {
    answer(|job: Job| {
        if let Some(command) = &job.setup.engine_command {
            shell::define(command)?;
        }
        let mut run = perform(&job);
        // Who asked for a command knows its version, and asks it only once.
        if job.setup.engine_command.is_none() {
            run.versions = backend::find(&job.engine).ok().map(|engine| machine::versions(&engine.version()));
        }
        Ok(run)
    })
}

/// Reads a job from standard input, does it, and writes the answer: the child's side of [`ask`].
///
/// # Errors
/// When the job cannot be read or done, or the answer not be written.
pub fn answer<J: DeserializeOwned, A: Serialize>(
    perform: impl FnOnce(J) -> Result<A, String>,
) -> Result<(), String> {
    let mut text = String::new();
    std::io::stdin().read_line(&mut text).map_err(|e| format!("cannot read the job: {e}"))?;
    process::end_with_the_lab();
    let job: J = serde_json::from_str(&text).map_err(|e| format!("cannot read the job: {e}"))?;
    let answer = perform(job)?;
    let answer = serde_json::to_string(&answer).map_err(|e| format!("cannot write the answer: {e}"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(|e| format!("cannot write the answer: {e}"))
}

/// Runs a job in this process.
pub fn perform(job: &Job) -> Run {
    let backend = match backend::find(&job.engine) {
        Ok(backend) => backend,
        Err(message) => return Run::not_begun(Outcome::Failed { message }),
    };
    let begun = Disturbance::now();
    let mut run = backend.run(&job.script, &job.setup);
    run.noise = begun.until(&Disturbance::now());
    if let Some(measured) = &run.measured
        && measured.cpu_ns > 0
    {
        run.noise.wall_over_cpu = measured.wall_ns as f64 / measured.cpu_ns as f64;
    }
    if let Some(message) = tare_allocators::take_trace_failure() {
        run.outcome = Outcome::Failed { message };
    }
    if let (Outcome::Ok, Some(workload), Some(measured)) = (&run.outcome, &job.check, &run.measured) {
        let size = job.script.size.and_then(|s| u32::try_from(s).ok());
        let checked = match tare_workloads::find(workload) {
            Some(workload) => workload.check(size, &measured.result),
            None => Err(format!("there is no workload `{workload}` to check by")),
        };
        if let Err(message) = checked {
            run.outcome = Outcome::WrongResult { message };
        }
    }
    run
}

/// How the parent's wait ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// With an answer, or with something to record in its place.
    Run(Box<Run>),
    /// The user interrupted the lab; nothing is to be recorded.
    Interrupted,
}

/// Runs a job in a child process.
///
/// # Errors
/// When no child can be started at all.
pub fn in_child(job: &Job, timeout: Duration, interrupted: &AtomicBool) -> Result<Ended, String> {
    in_child_of(None, job, timeout, interrupted)
}

/// Runs a job in a child process of a lab: of this one, or of another build by its path.
///
/// # Errors
/// When no child can be started at all.
pub fn in_child_of(
    lab: Option<&Path>,
    job: &Job,
    timeout: Duration,
    interrupted: &AtomicBool,
) -> Result<Ended, String> {
    let answer = ask::<_, Run>(lab, SUBCOMMAND, &job.setup, job, timeout, interrupted)?;
    Ok(match answer {
        None => Ended::Interrupted,
        Some(Ok(run)) if run.schema == SCHEMA => Ended::Run(Box::new(run)),
        Some(Ok(run)) => {
            let message = format!("its records are of version {}, not {SCHEMA}", run.schema);
            Ended::Run(Box::new(Run::not_begun(Outcome::Failed { message })))
        }
        Some(Err(outcome)) => Ended::Run(Box::new(Run::not_begun(outcome))),
    })
}

/// Has a child process under a hidden subcommand do a job: what it answered, or how it ended without an answer;
/// `None` when the user interrupted.
///
/// # Errors
/// When no child can be started at all.
pub fn ask<J: Serialize, A: DeserializeOwned>(
    lab: Option<&Path>,
    subcommand: &str,
    setup: &Setup,
    job: &J,
    timeout: Duration,
    interrupted: &AtomicBool,
) -> Result<Option<Result<A, Outcome>>, String> {
    let mut child = process::child(lab, subcommand, setup)?
        .spawn()
        .map_err(|e| format!("cannot start a process for a sample: {e}"))?;
    let text = serde_json::to_string(job).map_err(|e| format!("cannot write the job: {e}"))?;
    // Held open until the child has ended: its end would end the child.
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        // A child that died before it read shows in its status.
        let _ = stdin.write_all((text + "\n").as_bytes());
    }
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let ended = wait(&mut child, timeout, interrupted);
    if setup.engine_command.is_some() {
        // The child may have been killed before it could clear up.
        let _ = std::fs::remove_dir_all(shell::scratch(child.id()));
    }
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    let status = match ended {
        Waited::Interrupted => return Ok(None),
        Waited::TimedOut => {
            let after_ms = timeout.as_millis() as u64;
            return Ok(Some(Err(Outcome::TimedOut { after_ms })));
        }
        Waited::Exited(status) => status,
    };
    let answer = String::from_utf8_lossy(&out);
    if status.success()
        && let Some(answer) = answer.lines().last().and_then(|line| serde_json::from_str(line).ok())
    {
        return Ok(Some(Ok(answer)));
    }
    Ok(Some(Err(Outcome::Crashed {
        signal: signal_of(status),
        status: status.code(),
        message: last_lines(&String::from_utf8_lossy(&err)),
    })))
}

enum Waited {
    Exited(std::process::ExitStatus),
    TimedOut,
    Interrupted,
}

/// Waits for the child. The pause between looks grows with the time it has run, so that the
/// delay stays under a hundredth of it.
fn wait(child: &mut Child, timeout: Duration, interrupted: &AtomicBool) -> Waited {
    let begun = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            // A child that got the interrupt too is no crash to record.
            return if interrupted.load(Ordering::Relaxed) {
                Waited::Interrupted
            } else {
                Waited::Exited(status)
            };
        }
        let stopped = interrupted.load(Ordering::Relaxed);
        if stopped || begun.elapsed() >= timeout {
            // Both fail only when the child has ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
            return if stopped { Waited::Interrupted } else { Waited::TimedOut };
        }
        let look = begun.elapsed() / 100;
        thread::sleep(look.clamp(Duration::from_micros(300), Duration::from_millis(20)));
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth having.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The signal that ended a process, where one did.
#[cfg(unix)]
pub fn signal_of(status: std::process::ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The signal that ended a process; there are none here.
#[cfg(not(unix))]
pub fn signal_of(_status: std::process::ExitStatus) -> Option<i32> {
    None
}

/// The end of what a process said, in one line of bounded length.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(4)..].join(" / ");
    let start = tail.char_indices().rev().nth(399).map_or(0, |(index, _)| index);
    let tail = tail[start..].to_string();
    if tail.is_empty() { "it said nothing on standard error".into() } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_is_kept() {
        assert_eq!(last_lines("a\n\nb\nc\nd\ne\n"), "b / c / d / e");
        assert_eq!(last_lines("\n"), "it said nothing on standard error");
        assert_eq!(last_lines(&"é".repeat(1000)).chars().count(), 400);
    }
}
