//! Runs many tests over several worker processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::worker::{Limits, Outcome};

/// How much of what a worker wrote on standard error is kept for the report of a crash, in bytes.
const STDERR_TAIL: usize = 2048;

/// Runs `tests` on `jobs` workers at a time, each started by `command`; `done` is called on this
/// thread with each outcome as it comes, in no particular order.
///
/// # Errors
/// A worker process could not be started.
pub fn run_all(
    tests: &[String],
    jobs: usize,
    limits: Limits,
    command: &(dyn Fn() -> Command + Sync),
    mut done: impl FnMut(Outcome),
) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = channel();
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || feed(tests, next, limits, command, &sender))
            })
            .collect();
        drop(sender);
        for outcome in outcomes {
            done(outcome);
        }
        // A feeder that panicked has no result to lose: the panic is handed on.
        handles
            .into_iter()
            .try_for_each(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Keeps one worker busy until no test is left.
fn feed(
    tests: &[String],
    next: &AtomicUsize,
    limits: Limits,
    command: &(dyn Fn() -> Command + Sync),
    sender: &Sender<Outcome>,
) -> Result<(), String> {
    let mut worker: Option<Worker> = None;
    while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut current = match worker.take() {
            Some(worker) => worker,
            None => Worker::start(command())?,
        };
        let outcome = match current.run(test, limits) {
            Ok(outcome) => {
                worker = Some(current);
                outcome
            }
            Err(why) => Outcome::failed(test, why),
        };
        if sender.send(outcome).is_err() {
            break;
        }
    }
    Ok(())
}

/// A worker process. Dropping it ends the process.
struct Worker {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(mut command: Command) -> Result<Worker, String> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| format!("cannot start a worker: {error}"))?;
        let (Some(stdin), Some(stdout), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("a worker without its three streams".to_string());
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let tail = Arc::clone(&stderr);
        let stderr_reader = std::thread::spawn(move || {
            let mut chunk = [0; 1024];
            while let Ok(count @ 1..) = errors.read(&mut chunk) {
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend_from_slice(&chunk[..count]);
                let excess = tail.len().saturating_sub(STDERR_TAIL);
                tail.drain(..excess);
            }
        });
        Ok(Worker { child, stdin, lines, stderr, stderr_reader: Some(stderr_reader) })
    }

    /// Runs one test; an error means that the worker is of no more use.
    fn run(&mut self, test: &str, limits: Limits) -> Result<Outcome, String> {
        // A worker that is gone shows at the read.
        let _ = writeln!(self.stdin, "{test}").and_then(|()| self.stdin.flush());
        // The engine gives up by itself in each of at most two modes; what does not, is killed.
        let patience = limits.timeout * 2 + Duration::from_secs(2);
        match self.lines.recv_timeout(patience) {
            Ok(line) => match serde_json::from_str::<Outcome>(&line) {
                Ok(outcome) if outcome.test == test => Ok(outcome),
                _ => Err(format!("the worker answered {line:?}")),
            },
            Err(RecvTimeoutError::Timeout) => Err("timeout (killed)".to_string()),
            Err(RecvTimeoutError::Disconnected) => Err(self.cause_of_death()),
        }
    }

    /// How the process ended, with the last line that it wrote on standard error.
    fn cause_of_death(&mut self) -> String {
        let status = match self.child.wait() {
            Ok(status) => describe(status),
            Err(error) => error.to_string(),
        };
        if let Some(reader) = self.stderr_reader.take() {
            // The stream has ended with the process; a panic in the reader loses only the text.
            let _ = reader.join();
        }
        let tail = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&tail);
        let said: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        // The message of a panic stands between its place and the notes on backtraces.
        let at = said
            .iter()
            .rposition(|line| line.contains("panicked at"))
            .unwrap_or(said.len().saturating_sub(1));
        let end = (at + 2).min(said.len());
        format!("crash: {status}: {}", said.get(at..end).unwrap_or_default().join(" "))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => status.to_string(),
    }
}

#[cfg(not(unix))]
fn describe(status: ExitStatus) -> String {
    status.to_string()
}
