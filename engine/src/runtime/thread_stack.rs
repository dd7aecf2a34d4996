//! How far down the running thread's own stack reaches.
//!
//! The limit that a host sets says what scripts may use; the thread may have less: `ulimit -s`, threads made with
//! small stacks. The system is asked once per thread, because the answer for a main thread is read from `/proc`.

use core::cell::Cell;

/// Kept free above the end of the stack: native code goes so deep between two checks, at most. Frames of a build
/// without optimisation are several times larger.
const MARGIN_BYTES: usize = if cfg!(debug_assertions) { 160 << 10 } else { 32 << 10 };
/// No more than this part of the stack is kept free.
const MARGIN_DIVISOR: usize = 2;

std::thread_local! {
    /// Lowest and highest address of this thread's stack; the same when the system cannot tell.
    static BOUNDS: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// An address in the caller's frame, roughly.
#[inline(always)]
pub fn here() -> usize {
    let marker = 0u8;
    core::ptr::from_ref(core::hint::black_box(&marker)).addr()
}

/// The lowest address that code entered here may use: `bytes` below (0 for all there is), but not so far that less than
/// the margin is left of the thread's stack. Never 0.
pub fn floor(bytes: usize) -> usize {
    let here = here();
    let wanted = if bytes == 0 { 1 } else { here.saturating_sub(bytes).max(1) };
    let (low, high) = BOUNDS.get().unwrap_or_else(|| {
        let bounds = ask().unwrap_or((0, 0));
        BOUNDS.set(Some(bounds));
        bounds
    });
    // A host that switches stacks by itself runs on one that the system does not know.
    if here < low || here >= high {
        return wanted;
    }
    let margin = MARGIN_BYTES.min((high - low) / MARGIN_DIVISOR);
    wanted.max(low.saturating_add(margin).min(here))
}

/// The bounds of this thread's stack, its guard excluded.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
fn ask() -> Option<(usize, usize)> {
    let mut attributes = core::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size, mut guard) = (core::ptr::null_mut(), 0, 0);
    // SAFETY: the attributes are those of the calling thread, initialised by the first call if it succeeds, read
    // by the next two and destroyed once; the places written to are of the types asked for.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let told = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size);
        if libc::pthread_attr_getguardsize(attributes.as_ptr(), &raw mut guard) != 0 {
            guard = 0;
        }
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if told != 0 {
            return None;
        }
    }
    let (low, high) = (low.addr(), low.addr().checked_add(size)?);
    Some((low.checked_add(guard)?, high))
}

/// The bounds of this thread's stack.
#[cfg(all(target_vendor = "apple", not(miri)))]
fn ask() -> Option<(usize, usize)> {
    // SAFETY: both only read what the system keeps of the calling thread.
    let (high, size) = unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread).addr(), libc::pthread_get_stacksize_np(thread))
    };
    Some((high.checked_sub(size)?, high))
}

/// Not known on this system.
#[cfg(not(all(any(target_os = "linux", target_os = "android", target_vendor = "apple"), not(miri))))]
fn ask() -> Option<(usize, usize)> {
    None
}
