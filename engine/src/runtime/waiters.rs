//! Waiter lists (ECMA-262 25.4.1): who waits for a place in shared memory, threads and promises alike.
//!
//! There is one list for the process, in the order of coming. A thread that waits stands on it with a waiter on
//! its stack; what a promise waits for is a block of the C library's, as shared memory is: other runtimes'
//! threads write to it.
//!
//! # Invariants
//! - A waiter is on the list from its making to its removal, and alive all that time; the list, and all fields of
//!   the waiters on it but `notified`, are used under the lock only.
//! - Whether a place holds the value expected is looked at under the lock, so that no notification is missed.
//! - The lock is not held while the interrupt handler is asked, which may run scripts that notify or wait themselves.

use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Context;
use crate::object::buffer::SharedMemory;
use crate::value::{JsResult, JsString, Thrown, Value};

/// One that waits.
struct Waiter {
    address: usize,
    notified: AtomicBool,
    /// Where its thread sleeps; null for a promise's.
    wake: *const Condvar,
    next: *mut Waiter,
}

/// The first waiter.
struct Waiters(*mut Waiter);
// SAFETY: the list is used under its lock only, and waiters are taken off before they go.
unsafe impl Send for Waiters {}

static WAITERS: Mutex<Waiters> = Mutex::new(Waiters(null_mut()));

/// Where threads sleep that wait for notifications of promises' waiters.
static PROMISES_WAKE: Condvar = Condvar::new();

/// Longest sleep between two questions to the interrupt handler.
const SLICE: Duration = Duration::from_millis(2);
/// Longest sleep where nobody is to be asked.
const LONGEST: Duration = Duration::from_secs(3600);

fn lock() -> MutexGuard<'static, Waiters> {
    WAITERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    /// # Safety
    /// `waiter` stays where it is until it is removed.
    unsafe fn add(&mut self, waiter: *mut Waiter) {
        let mut at = &raw mut self.0;
        // SAFETY: waiters on the list are alive.
        unsafe {
            while !(*at).is_null() {
                at = &raw mut (**at).next;
            }
            *at = waiter;
        }
    }

    fn remove(&mut self, waiter: *mut Waiter) {
        let mut at = &raw mut self.0;
        // SAFETY: as above.
        unsafe {
            while !(*at).is_null() {
                if *at == waiter {
                    *at = (*waiter).next;
                    return;
                }
                at = &raw mut (**at).next;
            }
        }
    }
}

/// Notifies up to `count` of those that wait at an address; how many there were.
pub fn notify(address: usize, count: f64) -> usize {
    let list = lock();
    let (mut woken, mut promises) = (0, false);
    let mut at = list.0;
    // SAFETY: waiters on the list are alive, and so are the condition variables of threads that wait.
    while let Some(waiter) = unsafe { at.as_ref() } {
        if woken as f64 >= count {
            break;
        }
        if waiter.address == address && !waiter.notified.swap(true, SeqCst) {
            // SAFETY: as above.
            match unsafe { waiter.wake.as_ref() } {
                Some(wake) => wake.notify_one(),
                None => promises = true,
            }
            woken += 1;
        }
        at = waiter.next;
    }
    if promises {
        PROMISES_WAKE.notify_all();
    }
    woken
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The place did not hold the value.
    NotEqual,
    /// Notified.
    Notified,
    /// The time is up.
    TimedOut,
    /// The interrupt handler asked to stop.
    Interrupted,
}

/// A thread's place on the list; it is left when this is dropped, without the lock.
struct ThreadWaiter(*mut Waiter);

impl Drop for ThreadWaiter {
    fn drop(&mut self) {
        lock().remove(self.0);
    }
}

/// How long to sleep when so much time is left, and whether somebody is to be asked meanwhile.
fn nap(left: Duration, asks: bool) -> Duration {
    left.min(if asks { SLICE } else { LONGEST })
}

/// Lets the thread wait at an address for at most `timeout_ms`, if the place holds what is expected;
/// `interrupted` is asked now and then, if there is one.
pub fn wait(
    address: usize,
    timeout_ms: f64,
    expected: impl FnOnce() -> bool,
    mut interrupted: Option<impl FnMut() -> bool>,
) -> Outcome {
    let start = Instant::now();
    let timeout = Duration::try_from_secs_f64(timeout_ms / 1000.0).unwrap_or(Duration::MAX);
    let wake = Condvar::new();
    let mut waiter = Waiter { address, notified: AtomicBool::new(false), wake: &wake, next: null_mut() };
    let place = &raw mut waiter;
    let mut list = lock();
    if !expected() {
        return Outcome::NotEqual;
    }
    // SAFETY: what is made next takes the waiter off the list before this function returns or unwinds; until then
    // nothing panics.
    unsafe { list.add(place) };
    let on_list = ThreadWaiter(place);
    let outcome = loop {
        // SAFETY: the waiter is this function's.
        if unsafe { (*place).notified.load(SeqCst) } {
            break Outcome::Notified;
        }
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            break Outcome::TimedOut;
        }
        let sleep = nap(left, interrupted.is_some());
        list = wake.wait_timeout(list, sleep).map_or_else(|e| e.into_inner().0, |woken| woken.0);
        if let Some(interrupted) = &mut interrupted {
            drop(list);
            let stops = interrupted();
            list = lock();
            if stops {
                break Outcome::Interrupted;
            }
        }
    };
    drop(list);
    drop(on_list);
    outcome
}

/// A promise's place on the list.
struct PromiseWaiter(NonNull<Waiter>);

impl PromiseWaiter {
    /// A waiter at an address, if the place holds what is expected.
    fn begin(address: usize, expected: impl FnOnce() -> bool) -> JsResult<Option<PromiseWaiter>> {
        // SAFETY: the size is not zero; the block is initialised before anybody sees it.
        let waiter = unsafe {
            let block = NonNull::new(libc::calloc(1, size_of::<Waiter>()).cast::<Waiter>());
            let block = block.ok_or(Thrown::OutOfMemory)?;
            let notified = AtomicBool::new(false);
            block.write(Waiter { address, notified, wake: core::ptr::null(), next: null_mut() });
            PromiseWaiter(block)
        };
        let mut list = lock();
        if !expected() {
            drop(list);
            return Ok(None);
        }
        // SAFETY: dropping removes it.
        unsafe { list.add(waiter.0.as_ptr()) };
        Ok(Some(waiter))
    }

    fn is_notified(&self) -> bool {
        // SAFETY: alive as long as this.
        unsafe { self.0.as_ref() }.notified.load(SeqCst)
    }
}

impl Drop for PromiseWaiter {
    fn drop(&mut self) {
        lock().remove(self.0.as_ptr());
        // SAFETY: it is off the list, and nobody else knows of it.
        unsafe { libc::free(self.0.as_ptr().cast()) };
    }
}

/// A promise of `Atomics.waitAsync`, and what it waits for.
pub(crate) struct AsyncWait {
    waiter: PromiseWaiter,
    promise: Value,
    realm: Value,
    /// `None`: it waits for ever.
    deadline: Option<Instant>,
    /// Keeps the address from being that of anything else.
    _memory: SharedMemory,
}

impl AsyncWait {
    fn is_over(&self) -> bool {
        self.waiter.is_notified() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

impl Context {
    /// Lets a promise wait at an address of shared memory, if the place holds what is expected; false if not.
    pub(crate) fn wait_with_promise(
        &mut self,
        promise: &Value,
        memory: SharedMemory,
        address: usize,
        timeout_ms: f64,
        expected: impl FnOnce() -> bool,
    ) -> JsResult<bool> {
        let timeout = Duration::try_from_secs_f64(timeout_ms / 1000.0).ok();
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.rt().waits.try_reserve(1)?;
        let Some(waiter) = PromiseWaiter::begin(address, expected)? else { return Ok(false) };
        let (promise, realm) = (promise.clone(), self.realm_value());
        self.rt().waits.try_push(AsyncWait { waiter, promise, realm, deadline, _memory: memory })?;
        Ok(true)
    }
}

impl super::Runtime {
    /// The realm of the first promise that waits.
    pub(crate) fn wait_realm(&self) -> Option<Value> {
        self.waits.first().map(|wait| wait.realm.clone())
    }

    /// Enqueues jobs for the promises whose wait is over: each is resolved by `run` with what the wait came to.
    pub(crate) fn finish_waits(&mut self, run: super::JobFn) -> JsResult<()> {
        let mut i = 0;
        while i < self.waits.len() {
            if !self.waits[i].is_over() {
                i += 1;
                continue;
            }
            let notified = self.waits[i].waiter.is_notified();
            let outcome = JsString::from_str(if notified { "ok" } else { "timed-out" })?;
            let wait = &self.waits[i];
            let mut values = [const { Value::UNDEFINED }; super::JOB_VALUES];
            values[0] = wait.promise.clone();
            values[1] = outcome.into();
            let realm = wait.realm.clone();
            self.jobs.push(super::Job { run, realm, values, count: 2 })?;
            drop(self.waits.remove(i));
        }
        Ok(())
    }

    /// Sleeps until a promise's wait is over: false if there is none to wait for, or the interrupt handler
    /// asked to stop. Waits without a time limit count only if `for_ever`.
    ///
    /// # Safety
    /// 1. The runtime is alive and entered, and no script is running: the handler may run some.
    pub(crate) unsafe fn sleep(this: NonNull<super::Runtime>, for_ever: bool) -> bool {
        loop {
            let list = lock();
            // SAFETY: (1) the reference ends before the handler is asked.
            let runtime = unsafe { this.as_ref() };
            if runtime.waits.iter().any(AsyncWait::is_over) {
                return true;
            }
            let nearest = runtime.waits.iter().filter_map(|wait| wait.deadline).min();
            if nearest.is_none() && (!for_ever || runtime.waits.is_empty()) {
                return false;
            }
            let left = nearest.map_or(LONGEST, |at| at.saturating_duration_since(Instant::now()));
            let sleep = nap(left, runtime.interrupt.is_some());
            drop(PROMISES_WAKE.wait_timeout(list, sleep));
            // SAFETY: (1).
            if unsafe { super::Runtime::asks_to_stop(this) } {
                return false;
            }
        }
    }
}
