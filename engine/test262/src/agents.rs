//! What `$262.agent` needs beside an engine: threads, broadcasts and reports.
//!
//! An engine brings the payload `P` of a broadcast (its handle of a shared block, and a number)
//! and runs an agent's script on the thread that [`Agents::start`] gives it. Whatever a test does,
//! no call here blocks beyond the test's deadline. A thread that never ends (an agent that waits
//! for ever) is left behind; it holds only its own runtime and its share of shared blocks.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of native stack of an agent's thread.
const STACK_BYTES: usize = 16 << 20;

/// The side of the test: its agents. Dropping it tells agents that wait for a broadcast to end.
pub struct Agents<P> {
    deadline: Instant,
    inboxes: Mutex<Vec<Sender<Letter<P>>>>,
    reports: Arc<Mutex<VecDeque<String>>>,
}

/// A broadcast on its way to one agent, with the channel that says it was retrieved.
struct Letter<P> {
    payload: P,
    retrieved: Sender<()>,
}

/// The side of one agent.
pub struct Agent<P> {
    deadline: Instant,
    inbox: Receiver<Letter<P>>,
    reports: Arc<Mutex<VecDeque<String>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<P: Clone + Send + 'static> Agents<P> {
    /// No agents yet, for a test that ends at `deadline`.
    pub fn new(deadline: Instant) -> Agents<P> {
        Agents { deadline, inboxes: Mutex::default(), reports: Arc::default() }
    }

    /// Starts an agent: a thread that calls `run`. Returns when it is running.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(&self, run: impl FnOnce(Agent<P>) + Send + 'static) -> std::io::Result<()> {
        let (sender, inbox) = channel();
        let (running, is_running) = channel();
        let agent = Agent { deadline: self.deadline, inbox, reports: Arc::clone(&self.reports) };
        let body = move || {
            // Nobody listens any more when the deadline has passed; the agent notices by itself.
            let _ = running.send(());
            run(agent);
        };
        std::thread::Builder::new().name("agent".to_string()).stack_size(STACK_BYTES).spawn(body)?;
        lock(&self.inboxes).push(sender);
        let _ = is_running.recv_timeout(self.deadline.saturating_duration_since(Instant::now()));
        Ok(())
    }

    /// Sends `payload` to every agent and waits until each has retrieved it. Agents that have
    /// ended are passed over.
    pub fn broadcast(&self, payload: &P) {
        let (retrieved, receipts) = channel();
        let letter = || Letter { payload: payload.clone(), retrieved: retrieved.clone() };
        let sent = lock(&self.inboxes).iter().filter(|inbox| inbox.send(letter()).is_ok()).count();
        drop(retrieved);
        for _ in 0..sent {
            // Disconnected: the agents that are left have ended without looking.
            if receipts.recv_timeout(self.deadline.saturating_duration_since(Instant::now())).is_err() {
                break;
            }
        }
    }

    /// The oldest report that was not yet taken.
    pub fn take_report(&self) -> Option<String> {
        lock(&self.reports).pop_front()
    }
}

impl<P> Agent<P> {
    /// Waits for the next broadcast; nothing when the test is over.
    pub fn receive(&self) -> Option<P> {
        let letter = self.inbox.recv_timeout(self.deadline.saturating_duration_since(Instant::now())).ok()?;
        // The test may be over and its side gone.
        let _ = letter.retrieved.send(());
        Some(letter.payload)
    }

    /// Puts a report into the queue of the test.
    pub fn report(&self, text: String) {
        lock(&self.reports).push_back(text);
    }

    /// When the test ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}

/// Sleeps for about `milliseconds`, and not beyond `deadline`.
pub fn sleep(milliseconds: f64, deadline: Instant) {
    let wanted = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
    std::thread::sleep(wanted.min(deadline.saturating_duration_since(Instant::now())));
}

/// Milliseconds of a clock that never goes back, the same in every thread.
pub fn monotonic_now() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[test]
    fn every_agent_retrieves_a_broadcast_before_it_returns() {
        let agents = Agents::new(soon());
        for id in 0..3 {
            let run = move |agent: Agent<u32>| {
                let mut sum = 0;
                while let Some(number) = agent.receive() {
                    sum += number;
                    agent.report(format!("{id}: {sum}"));
                }
            };
            agents.start(run).unwrap();
        }
        agents.broadcast(&5);
        agents.broadcast(&7);
        let mut reports = Vec::new();
        while reports.len() < 6 {
            reports.extend(agents.take_report());
            std::thread::yield_now();
        }
        reports.sort();
        assert_eq!(reports, ["0: 12", "0: 5", "1: 12", "1: 5", "2: 12", "2: 5"]);
        assert_eq!(agents.take_report(), None);
    }

    #[test]
    fn agents_that_ended_do_not_hold_up_a_broadcast() {
        let agents = Agents::new(soon());
        agents.start(|_: Agent<u32>| {}).unwrap();
        let (over, is_over) = channel();
        let run = move |agent: Agent<u32>| {
            let first = agent.receive();
            let second = agent.receive();
            over.send((first, second)).unwrap();
        };
        agents.start(run).unwrap();
        agents.broadcast(&1);
        drop(agents);
        assert_eq!(is_over.recv().unwrap(), (Some(1), None));
    }

    #[test]
    fn nothing_waits_beyond_the_deadline() {
        let agents = Agents::<u32>::new(Instant::now());
        agents.start(|agent| assert_eq!(agent.receive(), None)).unwrap();
        agents.broadcast(&1);
        sleep(1e12, Instant::now());
        sleep(f64::NAN, soon());
        let before = monotonic_now();
        assert!(monotonic_now() >= before);
    }
}
