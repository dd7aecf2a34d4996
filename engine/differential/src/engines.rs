//! The parent's side: engines as child processes, restarted when one crashes or hangs.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::worker::{Job, Output};

/// Programs that one process runs before another takes its place.
const PER_PROCESS: usize = 3000;

/// An engine: how it is started, and the process that runs now.
pub struct Engine {
    /// Its name in tables.
    pub name: String,
    program: String,
    arguments: Vec<String>,
    process: Option<Process>,
}

struct Process {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    served: usize,
}

impl Engine {
    /// An engine that this program's own workers run; `program` is another build of it, or nothing for this one.
    pub fn worker(engine: &str, program: Option<&str>) -> Result<Engine, String> {
        let own = std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
        let program = program.map_or_else(|| own.to_string_lossy().into_owned(), str::to_string);
        let arguments = vec!["worker".to_string(), engine.to_string()];
        Ok(Engine { name: engine.to_string(), program, arguments, process: None })
    }

    /// Node, if it is on this machine.
    pub fn node() -> Option<Engine> {
        let found =
            Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let script = include_str!("worker/node.js").to_string();
        let arguments = vec!["--stack-size=900".to_string(), "-e".to_string(), script];
        found.is_ok_and(|status| status.success()).then(|| Engine {
            name: "node".to_string(),
            program: "node".to_string(),
            arguments,
            process: None,
        })
    }

    /// Runs a job. What goes wrong is an output that says so.
    pub fn run(&mut self, job: &Job) -> Output {
        let end = |end: String| Output { end, ..Output::default() };
        let mut process = match self.process.take() {
            Some(process) => process,
            None => match self.start() {
                Ok(process) => process,
                Err(problem) => return end(format!("host: {problem}")),
            },
        };
        let text = match serde_json::to_string(job) {
            Ok(text) => text,
            Err(error) => return end(format!("host: {error}")),
        };
        // A process that is gone shows in the answer that does not come.
        let _ = writeln!(process.stdin, "{text}").and_then(|()| process.stdin.flush());
        // The worker stops the program itself; the grace is for natives that do not ask.
        let patience = Duration::from_millis(job.limit_ms * 3 + 2000);
        match process.answers.recv_timeout(patience) {
            Ok(answer) => {
                process.served += 1;
                if process.served < PER_PROCESS {
                    self.process = Some(process);
                }
                serde_json::from_str(&answer).unwrap_or_else(|error| end(format!("host: {error}: {answer}")))
            }
            Err(RecvTimeoutError::Timeout) => end("hang".to_string()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = process.child.wait();
                let why = match status {
                    Ok(status) => match status.signal() {
                        Some(signal) => format!("signal {signal}"),
                        None => format!("status {}", status.code().unwrap_or(-1)),
                    },
                    Err(error) => error.to_string(),
                };
                end(format!("crash: {why}"))
            }
        }
    }

    fn start(&self) -> Result<Process, String> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", self.program))?;
        let stdin = child.stdin.take().ok_or("no standard input")?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Process { child, stdin, answers, served: 0 })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
