//! The job queue (ECMA-262 9.5): promise reactions and the like, in order of their enqueueing.

use super::Context;
use crate::heap::Blocks;
use crate::mem::{Mem, Part, Use, Vec};
use crate::value::{JsResult, Value};

/// What a job runs: it is given the values it was enqueued with.
pub type JobFn = fn(&mut Context, &[Value]) -> JsResult<Value>;

/// Most values a job carries.
pub const JOB_VALUES: usize = 5;

/// A job waiting to run.
pub struct Job {
    /// The code.
    pub run: JobFn,
    /// The realm it runs in.
    pub realm: Value,
    /// What it is given.
    pub values: [Value; JOB_VALUES],
    /// How many of `values` are meant.
    pub count: usize,
}

/// A queue of jobs, in memory of the runtime.
pub struct JobQueue {
    jobs: Vec<'static, Option<Job>>,
    first: usize,
}

impl JobQueue {
    /// An empty queue.
    pub fn new(mem: &Mem) -> JobQueue {
        JobQueue { jobs: Vec::new(mem.memory(Use::Runtime)), first: 0 }
    }

    /// Adds a job at the end.
    pub fn push(&mut self, job: Job) -> JsResult<()> {
        if self.first > 32 && self.first * 2 > self.jobs.len() {
            let first = core::mem::take(&mut self.first);
            self.jobs.drain(..first).for_each(drop);
        }
        Ok(self.jobs.try_push(Some(job))?)
    }

    /// Takes the first job.
    pub fn pop(&mut self) -> Option<Job> {
        let job = self.jobs.get_mut(self.first)?.take();
        self.first += 1;
        if self.first == self.jobs.len() {
            self.jobs.clear();
            self.first = 0;
        }
        job
    }

    /// Reports the queue's block.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Runtime, Part::Runtime, &self.jobs);
    }

    /// Number of jobs waiting.
    pub fn len(&self) -> usize {
        self.jobs.len() - self.first
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
