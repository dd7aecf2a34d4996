//! `$262.agent` for QuickJS-ng: each agent a runtime on a thread of its own, blocks shared by count.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rquickjs::qjs;

use super::{Ctx, HostFn, Value, define, eval, function, host_of, new_runtime, run_jobs, text_of};
use crate::agents::{self, Agent, Agents};

/// The bytes before a shared block: its count of owners and its size with this header.
#[repr(C, align(16))]
struct Header {
    owners: AtomicUsize,
    bytes: usize,
}

const HEADER: usize = size_of::<Header>();

/// One reference to a shared block, and the number that a broadcast carries.
pub(super) struct Payload {
    data: *mut u8,
    length: usize,
    number: Number,
}

#[derive(Clone, Copy)]
enum Number {
    Int(i32),
    Big(i64),
}

// SAFETY: a block is reached by several threads at once by design: engines access it by atomic
// operations or accept races; the count of owners is atomic and the block lives while one owns it.
unsafe impl Send for Payload {}

impl Clone for Payload {
    fn clone(&self) -> Payload {
        // SAFETY: `self` owns a reference, so the block is alive.
        unsafe { share(std::ptr::null_mut(), self.data.cast()) };
        Payload { data: self.data, length: self.length, number: self.number }
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        // SAFETY: this gives back the reference that `self` owns.
        unsafe { release(std::ptr::null_mut(), self.data.cast()) };
    }
}

/// Tells a runtime how to allocate and share blocks.
///
/// # Safety
/// `rt` is a live runtime of this thread.
pub(super) unsafe fn install_memory(rt: *mut qjs::JSRuntime) {
    let functions = qjs::JSSharedArrayBufferFunctions {
        sab_alloc: Some(allocate),
        sab_free: Some(release),
        sab_dup: Some(share),
        sab_opaque: std::ptr::null_mut(),
    };
    // SAFETY: the structure is copied by the call.
    unsafe { qjs::JS_SetSharedArrayBufferFunctions(rt, &functions) };
}

unsafe extern "C" fn allocate(_opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    let Some(bytes) = (size as usize).checked_add(HEADER) else { return std::ptr::null_mut() };
    let Ok(layout) = Layout::from_size_align(bytes, align_of::<Header>()) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the layout has a size; the header fits before the data and is aligned.
    unsafe {
        let block = alloc_zeroed(layout);
        if block.is_null() {
            return std::ptr::null_mut();
        }
        block.cast::<Header>().write(Header { owners: AtomicUsize::new(1), bytes });
        block.add(HEADER).cast()
    }
}

unsafe extern "C" fn share(_opaque: *mut c_void, data: *mut c_void) {
    // SAFETY: the caller owns a reference to a block of `allocate`.
    unsafe { (*header_of(data)).owners.fetch_add(1, Ordering::Relaxed) };
}

unsafe extern "C" fn release(_opaque: *mut c_void, data: *mut c_void) {
    // SAFETY: the caller gives up a reference; the last one frees with the layout of `allocate`.
    unsafe {
        let header = header_of(data);
        if (*header).owners.fetch_sub(1, Ordering::AcqRel) == 1 {
            let layout = Layout::from_size_align_unchecked((*header).bytes, align_of::<Header>());
            dealloc(header.cast(), layout);
        }
    }
}

/// # Safety
/// `data` came from [`allocate`].
unsafe fn header_of(data: *mut c_void) -> *mut Header {
    // SAFETY: the header stands right before the data.
    unsafe { data.byte_sub(HEADER).cast() }
}

/// What the host functions of a runtime find of agents: those it started, or the one it is.
pub(super) enum Role {
    /// The test itself.
    Test(Agents<Payload>),
    /// An agent, with the function it wants called with the next broadcast.
    Agent(Agent<Payload>, RefCell<Option<Value>>),
}

impl Role {
    pub(super) fn deadline(&self, own: Instant) -> Instant {
        match self {
            Role::Test(_) => own,
            Role::Agent(agent, _) => agent.deadline(),
        }
    }
}

/// Defines `$262.agent`'s functions on `agent`.
///
/// # Safety
/// `ctx` is a live context of a runtime whose host state is set.
pub(super) unsafe fn define_functions(ctx: Ctx, agent: Value) {
    let test: &[(_, c_int, HostFn)] =
        &[(c"start", 1, start), (c"broadcast", 2, broadcast), (c"getReport", 0, get_report)];
    let own: &[(_, c_int, HostFn)] =
        &[(c"receiveBroadcast", 1, receive), (c"report", 1, report), (c"leaving", 0, leaving)];
    let both: &[(_, c_int, HostFn)] = &[(c"sleep", 1, sleep), (c"monotonicNow", 0, monotonic_now)];
    // SAFETY: as the caller promises; `define` takes each function.
    unsafe {
        let first = if matches!(host_of(ctx).role, Role::Test(_)) { test } else { own };
        for (name, length, code) in first.iter().chain(both) {
            define(ctx, agent, name, function(ctx, name, *length, *code));
        }
    }
}

/// Runs an agent's script and the function it gives to `receiveBroadcast`, on the agent's thread.
fn run_agent(agent: Agent<Payload>, script: &str, memory_limit: usize) {
    let deadline = agent.deadline();
    let role = Role::Agent(agent, RefCell::new(None));
    new_runtime(role, deadline, memory_limit, true, |ctx, host| {
        let Role::Agent(agent, wanted) = &host.role else { return };
        // SAFETY: `ctx` is live in this call; each value is freed once.
        unsafe {
            let done = eval(ctx, script, Path::new("<agent>"), qjs::JS_EVAL_TYPE_GLOBAL);
            finish(ctx, done);
            loop {
                run_jobs(ctx, host);
                let Some(callback) = wanted.take() else { break };
                let payload = agent.receive();
                if let Some(payload) = &payload {
                    let mut arguments = [buffer_of(ctx, payload), number_of(ctx, payload.number)];
                    let done = qjs::JS_Call(ctx, callback, qjs::JS_UNDEFINED, 2, arguments.as_mut_ptr());
                    arguments.iter().for_each(|value| qjs::JS_FreeValue(ctx, *value));
                    finish(ctx, done);
                }
                qjs::JS_FreeValue(ctx, callback);
                if payload.is_none() {
                    break;
                }
            }
        }
    });
}

/// Frees a result. What an agent throws goes nowhere: the test misses its report.
///
/// # Safety
/// `ctx` is live and `done` owned by the caller.
unsafe fn finish(ctx: Ctx, done: Value) {
    // SAFETY: as the caller promises.
    unsafe {
        let value = if qjs::JS_IsException(done) { qjs::JS_GetException(ctx) } else { done };
        qjs::JS_FreeValue(ctx, value);
    }
}

/// A SharedArrayBuffer on the payload's block; the caller owns it.
///
/// # Safety
/// `ctx` is live.
unsafe fn buffer_of(ctx: Ctx, payload: &Payload) -> Value {
    let length = payload.length as qjs::size_t;
    // SAFETY: the engine takes a reference of its own through `share`.
    unsafe { qjs::JS_NewArrayBuffer(ctx, payload.data, length, 0, None, std::ptr::null_mut(), true) }
}

/// # Safety
/// `ctx` is live. The caller owns the value.
unsafe fn number_of(ctx: Ctx, number: Number) -> Value {
    match number {
        Number::Int(n) => qjs::JS_MKVAL(qjs::JS_TAG_INT, n),
        // SAFETY: `ctx` is live.
        Number::Big(n) => unsafe { qjs::JS_NewBigInt64(ctx, n) },
    }
}

unsafe extern "C" fn start(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: the engine passes `argc` values that stay its own.
    unsafe {
        let host = host_of(ctx);
        let script = (argc > 0).then(|| text_of(ctx, *argv)).flatten();
        let (Some(script), Role::Test(agents)) = (script, &host.role) else {
            return qjs::JS_ThrowTypeError(ctx, c"start needs a script".as_ptr());
        };
        let limit = host.memory_limit;
        match agents.start(move |agent| run_agent(agent, &script, limit)) {
            Ok(()) => qjs::JS_UNDEFINED,
            Err(_) => qjs::JS_ThrowInternalError(ctx, c"no thread for an agent".as_ptr()),
        }
    }
}

unsafe extern "C" fn broadcast(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: the engine passes `argc` values; the block stays alive through the payload's
    // reference, which is taken while the buffer holds one.
    unsafe {
        let Role::Test(agents) = &host_of(ctx).role else { return qjs::JS_UNDEFINED };
        let mut length = 0;
        let data =
            if argc > 0 { qjs::JS_GetArrayBuffer(ctx, &mut length, *argv) } else { std::ptr::null_mut() };
        if data.is_null() {
            return qjs::JS_ThrowTypeError(ctx, c"broadcast needs a SharedArrayBuffer".as_ptr());
        }
        let mut number = Number::Int(0);
        if argc > 1 {
            let value = *argv.add(1);
            if qjs::JS_IsBigInt(value) {
                let mut big = 0;
                qjs::JS_ToBigInt64(ctx, &mut big, value);
                number = Number::Big(big);
            } else {
                let mut int = 0;
                if qjs::JS_ToInt32(ctx, &mut int, value) < 0 {
                    return qjs::JS_EXCEPTION;
                }
                number = Number::Int(int);
            }
        }
        share(std::ptr::null_mut(), data.cast());
        agents.broadcast(&Payload { data, length: length as usize, number });
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn get_report(ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    // SAFETY: the text is copied by the call.
    unsafe {
        let Role::Test(agents) = &host_of(ctx).role else { return qjs::JS_NULL };
        match agents.take_report() {
            Some(text) => qjs::JS_NewStringLen(ctx, text.as_ptr().cast(), text.len() as _),
            None => qjs::JS_NULL,
        }
    }
}

unsafe extern "C" fn receive(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: the callback is kept by a reference of its own until it is called.
    unsafe {
        let Role::Agent(_, wanted) = &host_of(ctx).role else { return qjs::JS_UNDEFINED };
        if argc < 1 || !qjs::JS_IsFunction(ctx, *argv) {
            return qjs::JS_ThrowTypeError(ctx, c"receiveBroadcast needs a function".as_ptr());
        }
        if let Some(old) = wanted.replace(Some(qjs::JS_DupValue(ctx, *argv))) {
            qjs::JS_FreeValue(ctx, old);
        }
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn report(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: the engine passes `argc` values that stay its own.
    unsafe {
        let Role::Agent(agent, _) = &host_of(ctx).role else { return qjs::JS_UNDEFINED };
        match (argc > 0).then(|| text_of(ctx, *argv)).flatten() {
            Some(text) => agent.report(text),
            None => return qjs::JS_ThrowTypeError(ctx, c"report needs a message".as_ptr()),
        }
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn leaving(_ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn sleep(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    let mut milliseconds = 0.0;
    // SAFETY: the engine passes `argc` values that stay its own.
    unsafe {
        if argc > 0 && qjs::JS_ToFloat64(ctx, &mut milliseconds, *argv) < 0 {
            return qjs::JS_EXCEPTION;
        }
        let host = host_of(ctx);
        agents::sleep(milliseconds, host.role.deadline(host.deadline));
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn monotonic_now(_ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    qjs::JS_NewFloat64(agents::monotonic_now())
}
