//! QuickJS-ng through the bindings of the crate rquickjs.
//!
//! The runtime gets its memory from one of our allocators through [`Bridge`], and its
//! collections are followed by a [`probe`]. Small blocks come from the arena that QuickJS-ng has
//! in front of every allocator; there is no way around it, so the only front is `arena`.

#[path = "quickjs_probe.rs"]
mod probe;

use super::{Backend, Run, Script, Setup};
use crate::machine;
use crate::meter::{Handle, Meter};
use crate::policy::Policy;
use probe::Probe;
use rquickjs::qjs;
use std::alloc::Layout;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::ptr::{NonNull, null_mut};
use std::time::Instant;
use tare_allocators::Allocator;
use tare_reports::record::{Ledger, Ledgers, Measured, Outcome};

/// The back end.
pub struct QuickJsNg;

impl Backend for QuickJsNg {
    fn name(&self) -> &str {
        "quickjs-ng"
    }

    fn version(&self) -> String {
        // SAFETY: the call returns a static string that ends in zero.
        let version = unsafe { CStr::from_ptr(qjs::JS_GetVersion()) }.to_string_lossy();
        // The assertions are a feature of the crate that this workspace turns off.
        format!("{version}, built by the crate rquickjs: {}, -DNDEBUG", env!("LAB_PEER_BUILD"))
    }

    fn fronts(&self) -> &'static [&'static str] {
        &["arena"]
    }

    fn supports(&self, policy: &Policy) -> Result<(), String> {
        match policy.as_quickjs_threshold() {
            Some(_) => Ok(()),
            None => Err(format!("QuickJS-ng collects only by `quickjs(SIZE)` or `never`, not by `{policy}`")),
        }
    }

    fn run(&self, script: &Script, setup: &Setup) -> Run {
        let failed = |message: String| Run::not_begun(Outcome::Failed { message });
        let policy = match setup.policy() {
            Ok(policy) => policy,
            Err(message) => return failed(message),
        };
        if let Err(message) = self.supports(&policy) {
            return Run::not_begun(Outcome::Unsupported { message });
        }
        if !self.fronts().contains(&setup.front.as_str()) {
            let message = format!("QuickJS-ng has only its own front, `arena`, not `{}`", setup.front);
            return Run::not_begun(Outcome::Unsupported { message });
        }
        let base = super::base(&setup.allocator);
        let (allocator, told) = match super::allocator_of(setup) {
            Ok(made) => made,
            Err(message) => return failed(message),
        };
        let (allocator, handle): (Box<dyn Allocator>, Option<Handle>) = if setup.watch {
            let (meter, handle) = Meter::new(allocator);
            (Box::new(meter), Some(handle))
        } else {
            (allocator, None)
        };
        let bridge = Bridge { allocator };
        let begun = Instant::now();
        let rejections = Rejections::default();
        let Some(engine) = Engine::new(&bridge, &rejections, setup, &policy) else {
            return failed("QuickJS-ng could not make a runtime: out of memory".into());
        };
        let setup_ns = begun.elapsed().as_nanos() as u64;
        let mut run = match engine.iterate(script, setup.warmup) {
            Ok(()) => engine.run(script, setup, handle.as_ref(), &*bridge.allocator),
            Err(message) => {
                Run::not_begun(Outcome::Threw { message: format!("while warming up: {message}") })
            }
        };
        let ended = Instant::now();
        drop(engine);
        drop(bridge);
        run.cost = told.map(|told| told.estimate());
        if let Some(handle) = &handle {
            run.refused = handle.finish().refused;
            run.requests = handle.requests();
            run.left_bytes = handle.live_bytes();
        }
        if let Some(measured) = &mut run.measured {
            measured.setup_ns = setup_ns;
            measured.teardown_ns = ended.elapsed().as_nanos() as u64;
            measured.ledger.base = base;
        }
        run
    }
}

/// A runtime with one context and its probe.
struct Engine<'a> {
    runtime: *mut qjs::JSRuntime,
    context: *mut qjs::JSContext,
    probe: Option<Box<Probe>>,
    rejections: &'a Rejections,
}

/// The promises that were rejected and that nobody handles yet: two owned values each, promise and reason.
#[derive(Default)]
struct Rejections(RefCell<Vec<(qjs::JSValue, qjs::JSValue)>>);

impl<'a> Engine<'a> {
    /// Makes them. The bridge and the rejections outlive the engine because the caller holds them longer.
    fn new(bridge: &Bridge, rejections: &'a Rejections, setup: &Setup, policy: &Policy) -> Option<Self> {
        let functions = qjs::JSMallocFunctions {
            js_calloc: Some(calloc),
            js_malloc: Some(malloc),
            js_free: Some(free),
            js_realloc: Some(realloc),
            js_malloc_usable_size: Some(usable_size),
        };
        let opaque = std::ptr::from_ref(bridge).cast_mut().cast::<c_void>();
        // SAFETY: the functions keep the contract of malloc for this opaque pointer, which stays
        // valid until the runtime is freed; the struct of functions is copied by the call.
        let runtime = unsafe { qjs::JS_NewRuntime2(&functions, opaque) };
        if runtime.is_null() {
            return None;
        }
        let limit = setup.memory_limit_bytes;
        let mut engine = Engine { runtime, context: null_mut(), probe: None, rejections };
        let opaque = std::ptr::from_ref(rejections).cast_mut().cast::<c_void>();
        // SAFETY: the runtime was just made and is used by this thread only; the rejections outlive it.
        unsafe {
            qjs::JS_SetHostPromiseRejectionTracker(runtime, Some(track_rejection), opaque);
            qjs::JS_SetModuleLoaderFunc(runtime, None, Some(load_module), null_mut());
            if let Some(stack) = setup.max_stack_bytes {
                qjs::JS_SetMaxStackSize(runtime, stack as _);
            }
            if limit > 0 {
                qjs::JS_SetMemoryLimit(runtime, limit as _);
            }
            engine.context = qjs::JS_NewContext(runtime);
        }
        if engine.context.is_null() {
            return None;
        }
        // Under a memory limit the planted garbage could fail to be allocated in the middle of a
        // collection, where an exception must not be made: such runs are not followed.
        if setup.watch && limit == 0 {
            engine.probe = Probe::new(runtime, engine.context);
        }
        let threshold = policy.as_quickjs_threshold().unwrap_or(u64::MAX);
        // SAFETY: as above.
        unsafe { qjs::JS_SetGCThreshold(runtime, threshold as _) };
        Some(engine)
    }

    fn run(&self, script: &Script, setup: &Setup, handle: Option<&Handle>, allocator: &dyn Allocator) -> Run {
        if let Err(message) = self.prepare(script) {
            return Run::not_begun(Outcome::Failed { message });
        }
        let start = handle.map_or_else(Instant::now, |handle| handle.start(None, false));
        if let Some(probe) = &self.probe {
            probe.start(start, handle.cloned());
        }
        let cpu = machine::cpu_ns();
        let ended = self.iterate(script, setup.further_iterations).and_then(|()| self.evaluate(script));
        let cpu_ns = machine::cpu_ns() - cpu;
        let wall_ns = start.elapsed().as_nanos() as u64;
        let (watch_cpu_ns, watch_wall_ns) = handle.map(Handle::watch_ns).unwrap_or_default();
        let followed = self.probe.as_ref().map(|probe| probe.finish()).unwrap_or_default();
        let end = handle.map(|handle| handle.end(allocator)).unwrap_or_default();
        let figures = handle.map(Handle::finish).unwrap_or_default();
        let usage = self.usage();
        let outcome = match ended {
            Ok(()) => Outcome::Ok,
            Err(message) => Outcome::Threw { message },
        };
        let result = self.global_text("result");
        let mut full_collection_ns = Vec::new();
        for _ in 0..setup.full_collections {
            let begun = machine::cpu_ns();
            // SAFETY: no JavaScript runs and no value of ours is half-made.
            unsafe { qjs::JS_RunGC(self.runtime) };
            full_collection_ns.push(machine::cpu_ns() - begun);
        }
        let measured = Measured {
            wall_ns: wall_ns.saturating_sub(watch_wall_ns),
            cpu_ns: cpu_ns.saturating_sub(watch_cpu_ns),
            watch_cpu_ns,
            peak_requested_bytes: None,
            peak_charged_bytes: figures.peak_bytes,
            ledger: Ledgers { base: Ledger::default(), peak: figures.peak, end },
            end_charged_bytes: figures.live_bytes,
            allocations: figures.allocations,
            refused: figures.refused,
            series: figures.series,
            collection_count: followed.count,
            pause_total_ns: followed.total_ns,
            pause_max_ns: followed.max_ns,
            pause_cpu_total_ns: followed.cpu_total_ns,
            pause_cpu_max_ns: followed.cpu_max_ns,
            collections: followed.collections,
            result,
            usage: usage.clone(),
            ..Measured::default()
        };
        let memory_report =
            usage.iter().map(|(name, value)| format!("{name:<24} {value:>14}\n")).collect::<String>();
        Run { measured: Some(measured), full_collection_ns, memory_report, ..Run::not_begun(outcome) }
    }

    /// Runs a program that many times, each in a context of its own.
    fn iterate(&self, script: &Script, iterations: u32) -> Result<(), String> {
        for _ in 0..iterations {
            // SAFETY: the runtime is live and no JavaScript runs.
            let context = unsafe { qjs::JS_NewContext(self.runtime) };
            if context.is_null() {
                return Err("out of memory".into());
            }
            // The runtime is not this engine's to free.
            let rejections = self.rejections;
            let other = ManuallyDrop::new(Engine { runtime: self.runtime, context, probe: None, rejections });
            let ended = other.prepare(script).and_then(|()| other.evaluate(script));
            // SAFETY: the context was made above, and no value of it is held.
            unsafe { qjs::JS_FreeContext(context) };
            ended?;
        }
        Ok(())
    }

    /// Sets the global `SIZE`, and `print` with `console.log`.
    fn prepare(&self, script: &Script) -> Result<(), String> {
        let mut source = String::new();
        if let Some(size) = script.size {
            source += &format!("globalThis.SIZE = {size};\n");
        }
        // SAFETY: the context is live; the function has the signature the binding asks for, and
        // the new function value is given to the global object, which owns it from then on.
        unsafe {
            let print = qjs::JS_NewCFunction2(
                self.context,
                Some(if script.prints { print } else { ignore }),
                c"print".as_ptr(),
                1,
                qjs::JSCFunctionEnum_JS_CFUNC_generic,
                0,
            );
            let global = qjs::JS_GetGlobalObject(self.context);
            qjs::JS_SetPropertyStr(self.context, global, c"print".as_ptr(), print);
            qjs::JS_FreeValue(self.context, global);
        }
        source += "globalThis.console = { log: print };\n";
        source += "globalThis.performance ??= { now: Date.now };\n";
        let setup = Script { filename: "<setup>".into(), source, size: None, prints: false, module: false };
        self.evaluate(&setup)
    }

    /// Runs a program and its jobs. A promise that was rejected without a handler is an exception that nobody saw.
    fn evaluate(&self, script: &Script) -> Result<(), String> {
        let ended = self.eval(script).and_then(|value| {
            let ended =
                self.run_jobs().and_then(|()| if script.module { self.settled(value) } else { Ok(()) });
            // SAFETY: the context is live and the value is owned here.
            unsafe { qjs::JS_FreeValue(self.context, value) };
            ended
        });
        let unseen: Vec<_> = self.rejections.0.take();
        // SAFETY: the context is live; both values of each pair are owned here and freed once.
        let mut reasons = unseen.into_iter().map(|(promise, reason)| unsafe {
            let settled = qjs::JS_PromiseState(self.context, promise);
            let text = self.error_text(reason);
            qjs::JS_FreeValue(self.context, promise);
            qjs::JS_FreeValue(self.context, reason);
            (settled == qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED).then_some(text)
        });
        let first = reasons.by_ref().flatten().next();
        reasons.for_each(drop);
        ended.and(first.map_or(Ok(()), Err))
    }

    /// How a module's promise ended.
    fn settled(&self, promise: qjs::JSValue) -> Result<(), String> {
        // SAFETY: the context and the promise are live; the result is freed.
        unsafe {
            match qjs::JS_PromiseState(self.context, promise) {
                qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Err(super::NEVER_SETTLED.into()),
                qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => {
                    let reason = qjs::JS_PromiseResult(self.context, promise);
                    let text = self.error_text(reason);
                    qjs::JS_FreeValue(self.context, reason);
                    Err(text)
                }
                _ => Ok(()),
            }
        }
    }

    /// Runs a script, or begins a module and gives its promise; an exception comes back as its text.
    fn eval(&self, script: &Script) -> Result<qjs::JSValue, String> {
        let source = CString::new(script.source.as_str())
            .map_err(|_| format!("{}: the script holds a zero character", script.filename))?;
        let filename = CString::new(script.filename.replace('\0', "?")).unwrap_or_default();
        let kind = if script.module { qjs::JS_EVAL_TYPE_MODULE } else { qjs::JS_EVAL_TYPE_GLOBAL };
        // SAFETY: both strings end in zero and outlive the call; the value it returns is the caller's.
        unsafe {
            let value = qjs::JS_Eval(
                self.context,
                source.as_ptr(),
                source.as_bytes().len() as _,
                filename.as_ptr(),
                kind as c_int,
            );
            if qjs::JS_IsException(value) { Err(self.exception()) } else { Ok(value) }
        }
    }

    fn run_jobs(&self) -> Result<(), String> {
        loop {
            let mut context = null_mut();
            // SAFETY: the runtime is live and no JavaScript runs.
            match unsafe { qjs::JS_ExecutePendingJob(self.runtime, &mut context) } {
                0 => return Ok(()),
                n if n < 0 => return Err(self.exception()),
                _ => {}
            }
        }
    }

    /// Takes the pending exception and gives its text, with its stack where it has one.
    fn exception(&self) -> String {
        // SAFETY: the context is live; both values are freed.
        unsafe {
            let value = qjs::JS_GetException(self.context);
            let text = self.error_text(value);
            qjs::JS_FreeValue(self.context, value);
            text
        }
    }

    /// The text of what was thrown, with its stack where it has one.
    ///
    /// # Safety
    /// 1. `value` is a live value of this context.
    unsafe fn error_text(&self, value: qjs::JSValue) -> String {
        // SAFETY: (1); the stack is freed.
        unsafe {
            let mut text = self.text(value);
            if qjs::JS_IsError(value) {
                let stack = qjs::JS_GetPropertyStr(self.context, value, c"stack".as_ptr());
                let lines = self.text(stack);
                if !lines.trim().is_empty() && lines != "undefined" {
                    text = format!("{text}\n{}", lines.trim_end());
                }
                qjs::JS_FreeValue(self.context, stack);
            }
            text
        }
    }

    /// A global variable as text; `undefined` where there is none.
    fn global_text(&self, name: &str) -> String {
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: the context is live, the name ends in zero, both values are freed.
        unsafe {
            let global = qjs::JS_GetGlobalObject(self.context);
            let value = qjs::JS_GetPropertyStr(self.context, global, name.as_ptr());
            let text = self.text(value);
            qjs::JS_FreeValue(self.context, value);
            qjs::JS_FreeValue(self.context, global);
            text
        }
    }

    /// # Safety
    /// 1. `value` is a live value of this context.
    unsafe fn text(&self, value: qjs::JSValue) -> String {
        let mut length = 0;
        // SAFETY: (1); the text is copied before it is given back.
        unsafe {
            let text = qjs::JS_ToCStringLen2(self.context, &mut length, value, false);
            if text.is_null() {
                let pending = qjs::JS_GetException(self.context);
                qjs::JS_FreeValue(self.context, pending);
                return "a value without text (out of memory, or its toString threw)".into();
            }
            let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length as usize);
            let owned = String::from_utf8_lossy(bytes).into_owned();
            qjs::JS_FreeCString(self.context, text);
            owned
        }
    }

    /// The fields of `JSMemoryUsage` by name.
    fn usage(&self) -> BTreeMap<String, i64> {
        // SAFETY: the struct is plain numbers, for which zero is a value.
        let mut usage: qjs::JSMemoryUsage = unsafe { std::mem::zeroed() };
        // SAFETY: the runtime is live and the pointer is to a struct of our own.
        unsafe { qjs::JS_ComputeMemoryUsage(self.runtime, &mut usage) };
        macro_rules! fields {
            ($($field:ident)*) => { [$((stringify!($field).to_string(), usage.$field)),*].into() }
        }
        fields!(
            malloc_size malloc_limit memory_used_size malloc_count memory_used_count
            atom_count atom_size str_count str_size obj_count obj_size prop_count prop_size
            shape_count shape_size js_func_count js_func_size js_func_code_size
            js_func_pc2line_count js_func_pc2line_size c_func_count array_count
            fast_array_count fast_array_elements binary_object_count binary_object_size
        )
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        // SAFETY: no value of ours is left but those of the probe, which go first; the bridge
        // under the runtime is still there.
        unsafe {
            if let Some(probe) = &self.probe {
                probe.release(self.context);
            }
            if !self.context.is_null() {
                qjs::JS_FreeContext(self.context);
            }
            qjs::JS_FreeRuntime(self.runtime);
        }
    }
}

/// Notes a promise that was rejected without a handler, and forgets one that got a handler later.
unsafe extern "C" fn track_rejection(
    context: *mut qjs::JSContext,
    promise: qjs::JSValue,
    reason: qjs::JSValue,
    is_handled: bool,
    opaque: *mut c_void,
) {
    // SAFETY: the opaque pointer is the rejections of the runtime, which outlive it; the engine passes live values,
    // of which references are kept. The tag of every promise is that of objects, so it holds a pointer.
    unsafe {
        let Some(rejections) = opaque.cast::<Rejections>().as_ref() else { return };
        if !is_handled {
            let kept = (qjs::JS_DupValue(context, promise), qjs::JS_DupValue(context, reason));
            rejections.0.borrow_mut().push(kept);
            return;
        }
        let same = |(known, _): &(qjs::JSValue, qjs::JSValue)| {
            qjs::JS_VALUE_GET_PTR(*known) == qjs::JS_VALUE_GET_PTR(promise)
        };
        let found = rejections.0.borrow().iter().position(same);
        let taken = found.map(|at| rejections.0.borrow_mut().swap_remove(at));
        if let Some((promise, reason)) = taken {
            qjs::JS_FreeValue(context, promise);
            qjs::JS_FreeValue(context, reason);
        }
    }
}

/// Reads a module from the file that its name is the path of.
unsafe extern "C" fn load_module(
    context: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the name ends in zero and lives as long as the call.
    let path = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    let source = std::fs::read_to_string(&path).ok().and_then(|text| CString::new(text).ok());
    // SAFETY: the context is live, the strings end in zero and outlive the calls. A compiled module is referenced by
    // its context, so the value that stands for it is given up at once.
    unsafe {
        let Some(source) = source else {
            qjs::JS_ThrowReferenceError(context, c"could not load module '%s'".as_ptr(), name);
            return null_mut();
        };
        let flags = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
        let length = source.as_bytes().len() as _;
        let compiled = qjs::JS_Eval(context, source.as_ptr(), length, name, flags as c_int);
        if qjs::JS_IsException(compiled) {
            return null_mut();
        }
        let module = qjs::JS_VALUE_GET_PTR(compiled).cast::<qjs::JSModuleDef>();
        qjs::JS_FreeValue(context, compiled);
        module
    }
}

/// Writes its arguments to standard output, separated by spaces.
unsafe extern "C" fn print(
    context: *mut qjs::JSContext,
    _this: qjs::JSValue,
    count: c_int,
    arguments: *mut qjs::JSValue,
) -> qjs::JSValue {
    let mut line = Vec::new();
    for index in 0..count.max(0) as usize {
        let mut length = 0;
        // SAFETY: the engine passes `count` live values; the text is copied, then given back.
        unsafe {
            let text = qjs::JS_ToCStringLen2(context, &mut length, *arguments.add(index), false);
            if text.is_null() {
                return qjs::JS_EXCEPTION;
            }
            if index > 0 {
                line.push(b' ');
            }
            line.extend_from_slice(std::slice::from_raw_parts(text.cast::<u8>(), length as usize));
            qjs::JS_FreeCString(context, text);
        }
    }
    line.push(b'\n');
    // A closed pipe is no reason to stop the script.
    let _ = std::io::Write::write_all(&mut std::io::stdout().lock(), &line);
    qjs::JS_UNDEFINED
}

/// Stands for `print` where the output is the lab's.
unsafe extern "C" fn ignore(
    _context: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _count: c_int,
    _arguments: *mut qjs::JSValue,
) -> qjs::JSValue {
    qjs::JS_UNDEFINED
}

/// What QuickJS-ng's malloc functions get as their opaque pointer.
struct Bridge {
    allocator: Box<dyn Allocator>,
}

/// Our contract wants the size back on free, and the callback for usable size has no opaque
/// pointer: the size is kept in front of the block. QuickJS-ng aligns to 8.
const HEADER: usize = 8;
const ALIGN: usize = 8;

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(HEADER)?, ALIGN).ok()
}

/// Writes the size in front of a fresh block and returns what QuickJS-ng gets.
fn dress(block: Option<NonNull<u8>>, size: usize) -> *mut c_void {
    let Some(block) = block else { return null_mut() };
    // SAFETY: the block holds HEADER + size bytes and is aligned to 8.
    unsafe {
        block.as_ptr().cast::<usize>().write(size);
        block.as_ptr().add(HEADER).cast()
    }
}

/// The size of a block that [`dress`] returned.
///
/// # Safety
/// 1. `block` came from [`dress`] and is live.
unsafe fn size_of(block: *const c_void) -> usize {
    // SAFETY: (1) the size stands in front of it.
    unsafe { block.cast::<u8>().sub(HEADER).cast::<usize>().read() }
}

unsafe extern "C" fn malloc(opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    let size = size as usize;
    let Some(layout) = layout(size) else { return null_mut() };
    // SAFETY: the opaque pointer is the bridge of the runtime; the size is above zero.
    dress(unsafe { (*opaque.cast::<Bridge>()).allocator.alloc(layout) }, size)
}

unsafe extern "C" fn calloc(opaque: *mut c_void, count: qjs::size_t, size: qjs::size_t) -> *mut c_void {
    let Some(size) = (count as usize).checked_mul(size as usize) else { return null_mut() };
    let Some(layout) = layout(size) else { return null_mut() };
    // SAFETY: the opaque pointer is the bridge of the runtime; the size is above zero.
    dress(unsafe { (*opaque.cast::<Bridge>()).allocator.alloc_zeroed(layout) }, size)
}

unsafe extern "C" fn free(opaque: *mut c_void, block: *mut c_void) {
    let Some(start) = NonNull::new(block.cast::<u8>()) else { return };
    // SAFETY: the block came from `dress` with this size, is live, and is not used again.
    unsafe {
        let Some(layout) = layout(size_of(block)) else { return };
        (*opaque.cast::<Bridge>()).allocator.free(start.sub(HEADER), layout);
    }
}

unsafe extern "C" fn realloc(opaque: *mut c_void, block: *mut c_void, size: qjs::size_t) -> *mut c_void {
    let size = size as usize;
    let Some(start) = NonNull::new(block.cast::<u8>()) else {
        // SAFETY: the duties are the caller's.
        return unsafe { malloc(opaque, size as qjs::size_t) };
    };
    // SAFETY: the block came from `dress` with this size and is live; the new size fits.
    unsafe {
        let (Some(old), Some(new)) = (layout(size_of(block)), layout(size)) else { return null_mut() };
        let allocator = &(*opaque.cast::<Bridge>()).allocator;
        dress(allocator.realloc(start.sub(HEADER), old, new.size()), size)
    }
}

unsafe extern "C" fn usable_size(block: *const c_void) -> qjs::size_t {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the engine asks only for live blocks.
    unsafe { size_of(block) as qjs::size_t }
}
