//! What the runtime does when a weakly held cell dies, and what it keeps alive for the present job.

use core::ptr::NonNull;

use super::{Context, Job, JobFn, Runtime};
use crate::heap::Header;
use crate::object::weak::RegistryCell;
use crate::value::{JsResult, RawValue, Value};

impl Runtime {
    /// AddToKeptObjects (9.12): keeps what a WeakRef gave alive until the running job ends.
    pub(crate) fn keep_alive(&mut self, value: &Value) -> JsResult<()> {
        if self.kept_alive.last().is_some_and(|last| last.bits() == value.bits()) {
            return Ok(());
        }
        Ok(self.kept_alive.try_push(value.clone())?)
    }

    /// ClearKeptObjects (9.11).
    pub(crate) fn clear_kept_alive(&mut self) {
        while let Some(value) = self.kept_alive.pop() {
            drop(value);
        }
    }
}

/// The heap's weak hook: `owner` is the runtime.
///
/// # Safety
/// 1. Called by the heap, whose owner is a runtime, with a cell that has died.
pub(super) unsafe fn target_died(owner: *mut (), cell: NonNull<Header>) {
    let runtime = owner.cast::<Runtime>();
    // SAFETY: (1); only the weak table and the job queue are touched, each by a borrow of its own.
    unsafe {
        let table = &raw const (*runtime).weak;
        (*table).died(cell, &mut |registry: &RegistryCell| {
            if registry.set_notified(true) {
                return;
            }
            let value = RawValue::cell(NonNull::from(registry).cast()).to_owned();
            let job = Job {
                run: (*runtime).finalization_job,
                realm: registry.realm().clone(),
                values: [value, Value::UNDEFINED, Value::UNDEFINED, Value::UNDEFINED, Value::UNDEFINED],
                count: 1,
            };
            if (*runtime).jobs.push(job).is_err() {
                // Without memory for the job the next death tries again.
                let _: bool = registry.set_notified(false);
            }
        });
    }
}

/// What the job does until the builtins say it.
pub(crate) const NO_JOB: JobFn = |_: &mut Context, _: &[Value]| Ok(Value::UNDEFINED);
