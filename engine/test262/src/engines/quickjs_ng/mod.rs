//! QuickJS-ng through its C interface: an engine with known results, to check the runner itself.
//!
//! Everything happens in [`Engine::run`] on one thread: a runtime and its contexts are made, used
//! and freed there. Values are C structs without ownership, so each function below says what it
//! takes and what it gives.

mod agents;

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::time::Instant;

use rquickjs::qjs;

use self::agents::Role;
use crate::agents::Agents;
use crate::engine::{Completion, Engine, Job, Ran};
use crate::meta::Phase;

/// The engine; it has no state.
pub struct QuickJsNg;

type Ctx = *mut qjs::JSContext;
type Value = qjs::JSValue;

/// What the host functions need: the runtime's opaque pointer leads here while a test runs.
struct Host {
    printed: RefCell<Vec<String>>,
    deadline: Instant,
    timed_out: Cell<bool>,
    /// Whether the loader was called: the test's own text had been parsed by then.
    loaded: Cell<bool>,
    /// Contexts made by `createRealm`.
    realms: RefCell<Vec<Ctx>>,
    memory_limit: usize,
    role: Role,
}

impl Engine for QuickJsNg {
    fn name(&self) -> String {
        // SAFETY: the function takes nothing and returns a static string.
        let version = unsafe { CStr::from_ptr(qjs::JS_GetVersion()) };
        format!("quickjs-ng {}", version.to_string_lossy())
    }

    fn run(&self, job: &Job<'_>) -> Ran {
        let role = Role::Test(Agents::new(job.deadline));
        let ran = new_runtime(role, job.deadline, job.memory_limit, job.can_block, |ctx, host| {
            // SAFETY: the context is live during this call.
            let completion = unsafe { run_in(ctx, job, host) };
            let completion = if host.timed_out.get() { Completion::TimedOut } else { completion };
            Ran { completion, printed: host.printed.take() }
        });
        ran.unwrap_or_else(|| Ran {
            completion: Completion::Broken("no runtime".to_string()),
            printed: Vec::new(),
        })
    }
}

/// Makes a runtime and a context with the host's functions, calls `with`, and frees them again.
/// Nothing when there is no memory for a runtime.
fn new_runtime<R>(
    role: Role,
    deadline: Instant,
    memory_limit: usize,
    can_block: bool,
    with: impl FnOnce(Ctx, &Host) -> R,
) -> Option<R> {
    let host = Host {
        printed: RefCell::default(),
        deadline,
        timed_out: Cell::new(false),
        loaded: Cell::new(false),
        realms: RefCell::default(),
        memory_limit,
        role,
    };
    let opaque = (&raw const host).cast_mut().cast::<c_void>();
    // SAFETY: the runtime and all contexts live only in this block, on this thread; `host`
    // outlives them and is only read through shared references.
    unsafe {
        let rt = qjs::JS_NewRuntime();
        if rt.is_null() {
            return None;
        }
        qjs::JS_SetMemoryLimit(rt, memory_limit as _);
        qjs::JS_SetRuntimeOpaque(rt, opaque);
        qjs::JS_SetInterruptHandler(rt, Some(interrupt), opaque);
        qjs::JS_SetCanBlock(rt, can_block);
        qjs::JS_SetModuleLoaderFunc2(rt, None, Some(load_module), None, opaque);
        agents::install_memory(rt);
        let ctx = new_realm(rt);
        let result = with(ctx, &host);
        for realm in host.realms.take() {
            qjs::JS_FreeContext(realm);
        }
        qjs::JS_FreeContext(ctx);
        // A test whose last error was an uncatchable one may leave objects behind; freeing the
        // runtime would abort then, and the process goes on to other tests.
        if !host.timed_out.get() {
            qjs::JS_FreeRuntime(rt);
        }
        Some(result)
    }
}

/// Runs the harness and the test.
///
/// # Safety
/// `ctx` is a live context of this thread.
unsafe fn run_in(ctx: Ctx, job: &Job<'_>, host: &Host) -> Completion {
    // SAFETY: `ctx` is live; every value made here is freed once.
    unsafe {
        for (name, text) in job.harness {
            let done = eval(ctx, text, Path::new(name), qjs::JS_EVAL_TYPE_GLOBAL);
            if qjs::JS_IsException(done) {
                let (error, message) = thrown(ctx, qjs::JS_GetException(ctx));
                return Completion::Broken(format!("{name}: {error}: {message}"));
            }
            qjs::JS_FreeValue(ctx, done);
        }
        let threw = |phase, value| {
            let (error, message) = thrown(ctx, value);
            Completion::Threw { phase, error, message }
        };
        let goal = if job.module { qjs::JS_EVAL_TYPE_MODULE } else { qjs::JS_EVAL_TYPE_GLOBAL };
        let code = eval(ctx, job.source, job.path, goal | qjs::JS_EVAL_FLAG_COMPILE_ONLY);
        if qjs::JS_IsException(code) {
            // Compiling a module also loads what it imports.
            let phase = if host.loaded.get() { Phase::Resolution } else { Phase::Parse };
            return threw(phase, qjs::JS_GetException(ctx));
        }
        if job.module && qjs::JS_ResolveModule(ctx, code) < 0 {
            return threw(Phase::Resolution, qjs::JS_GetException(ctx));
        }
        // Takes `code`. A module that does not link throws here; one that throws gives a promise.
        let done = qjs::JS_EvalFunction(ctx, code);
        if qjs::JS_IsException(done) {
            let phase = if job.module { Phase::Resolution } else { Phase::Runtime };
            return threw(phase, qjs::JS_GetException(ctx));
        }
        run_jobs(ctx, host);
        let rejected =
            job.module && qjs::JS_PromiseState(ctx, done) == qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED;
        let completion = if rejected {
            threw(Phase::Runtime, qjs::JS_PromiseResult(ctx, done))
        } else {
            Completion::Normal
        };
        qjs::JS_FreeValue(ctx, done);
        completion
    }
}

/// Runs pending jobs until there are none, or the deadline has passed. A job that throws is done.
///
/// # Safety
/// `ctx` is a live context of this thread.
unsafe fn run_jobs(ctx: Ctx, host: &Host) {
    // SAFETY: `ctx` is live, and so is its runtime.
    unsafe {
        let rt = qjs::JS_GetRuntime(ctx);
        let mut job_ctx = std::ptr::null_mut();
        loop {
            match qjs::JS_ExecutePendingJob(rt, &mut job_ctx) {
                0 => return,
                n if n < 0 => qjs::JS_FreeValue(job_ctx, qjs::JS_GetException(job_ctx)),
                _ => {}
            }
            if Instant::now() > host.deadline {
                host.timed_out.set(true);
                return;
            }
        }
    }
}

/// Evaluates or compiles `text`.
///
/// # Safety
/// `ctx` is a live context of this thread. The caller owns the result.
unsafe fn eval(ctx: Ctx, text: &str, path: &Path, flags: u32) -> Value {
    let name = CString::new(path.to_string_lossy().into_owned()).unwrap_or_default();
    // The text may hold zero bytes; the engine asks for one more after its end.
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    // SAFETY: text and name are followed by a zero byte and outlive the call.
    unsafe { qjs::JS_Eval(ctx, bytes.as_ptr().cast(), text.len() as _, name.as_ptr(), flags as c_int) }
}

/// Takes a thrown value; the name of its constructor, and what it converts to as a string.
///
/// # Safety
/// `ctx` is a live context of this thread, `value` is owned by the caller.
unsafe fn thrown(ctx: Ctx, value: Value) -> (String, String) {
    // SAFETY: `ctx` is live; each value is freed once.
    unsafe {
        let mut error = String::new();
        if qjs::JS_IsObject(value) {
            let constructor = qjs::JS_GetPropertyStr(ctx, value, c"constructor".as_ptr());
            if qjs::JS_IsObject(constructor) {
                let name = qjs::JS_GetPropertyStr(ctx, constructor, c"name".as_ptr());
                error = text_of(ctx, name).unwrap_or_default();
                qjs::JS_FreeValue(ctx, name);
            }
            qjs::JS_FreeValue(ctx, constructor);
        }
        let message = text_of(ctx, value).unwrap_or_else(|| "a value without a text".to_string());
        qjs::JS_FreeValue(ctx, value);
        if error.is_empty() {
            error = "(no error object)".to_string();
        }
        (error, message)
    }
}

/// What `value`, which stays the caller's, converts to as a string; nothing when that throws.
///
/// # Safety
/// `ctx` is a live context of this thread.
unsafe fn text_of(ctx: Ctx, value: Value) -> Option<String> {
    // SAFETY: the bytes belong to the engine until they are given back.
    unsafe {
        let mut length = 0;
        let bytes = qjs::JS_ToCStringLen2(ctx, &mut length, value, false);
        if bytes.is_null() {
            qjs::JS_FreeValue(ctx, qjs::JS_GetException(ctx));
            return None;
        }
        let text = String::from_utf8_lossy(std::slice::from_raw_parts(bytes.cast::<u8>(), length as usize))
            .into_owned();
        qjs::JS_FreeCString(ctx, bytes);
        Some(text)
    }
}

/// The host state of a context's runtime.
///
/// # Safety
/// `ctx` belongs to a runtime that [`QuickJsNg::run`] made and still uses.
unsafe fn host_of<'a>(ctx: Ctx) -> &'a Host {
    // SAFETY: the opaque pointer was set to a `Host` that outlives the runtime.
    unsafe { &*qjs::JS_GetRuntimeOpaque(qjs::JS_GetRuntime(ctx)).cast::<Host>() }
}

/// A new context with `print` and `$262`.
///
/// # Safety
/// `rt` is a live runtime of this thread. The caller owns the context.
unsafe fn new_realm(rt: *mut qjs::JSRuntime) -> Ctx {
    // SAFETY: the values defined as properties are taken by the calls that define them.
    unsafe {
        let ctx = qjs::JS_NewContext(rt);
        let global = qjs::JS_GetGlobalObject(ctx);
        define(ctx, global, c"print", function(ctx, c"print", 1, print));
        let host = qjs::JS_NewObject(ctx);
        define(ctx, host, c"global", qjs::JS_DupValue(ctx, global));
        define(ctx, host, c"createRealm", function(ctx, c"createRealm", 0, create_realm));
        define(ctx, host, c"detachArrayBuffer", function(ctx, c"detachArrayBuffer", 1, detach_array_buffer));
        define(ctx, host, c"evalScript", function(ctx, c"evalScript", 1, eval_script));
        define(ctx, host, c"gc", function(ctx, c"gc", 0, gc));
        let dda = function(ctx, c"IsHTMLDDA", 0, is_htmldda);
        qjs::JS_SetIsHTMLDDA(ctx, dda);
        define(ctx, host, c"IsHTMLDDA", dda);
        let agent = qjs::JS_NewObject(ctx);
        agents::define_functions(ctx, agent);
        define(ctx, host, c"agent", agent);
        define(ctx, global, c"$262", host);
        qjs::JS_FreeValue(ctx, global);
        ctx
    }
}

type HostFn = unsafe extern "C" fn(Ctx, Value, c_int, *mut Value) -> Value;

/// # Safety
/// `ctx` is a live context of this thread. The caller owns the function.
unsafe fn function(ctx: Ctx, name: &CStr, length: c_int, code: HostFn) -> Value {
    // SAFETY: the name is copied by the call.
    unsafe {
        qjs::JS_NewCFunction2(
            ctx,
            Some(code),
            name.as_ptr(),
            length,
            qjs::JSCFunctionEnum_JS_CFUNC_generic,
            0,
        )
    }
}

/// Defines a writable, configurable, non-enumerable property and takes `value`.
///
/// # Safety
/// `ctx` is a live context of this thread.
unsafe fn define(ctx: Ctx, object: Value, name: &CStr, value: Value) {
    let flags = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as c_int;
    // SAFETY: the object is extensible and new, so the definition can only fail for want of memory,
    // which shows in the test.
    unsafe { qjs::JS_DefinePropertyValueStr(ctx, object, name.as_ptr(), value, flags) };
}

unsafe extern "C" fn interrupt(_rt: *mut qjs::JSRuntime, opaque: *mut c_void) -> c_int {
    // SAFETY: the pointer was given with the handler and is valid while the runtime is.
    let host = unsafe { &*opaque.cast::<Host>() };
    if Instant::now() > host.deadline {
        host.timed_out.set(true);
    }
    c_int::from(host.timed_out.get())
}

unsafe extern "C" fn print(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: the engine passes `argc` values that stay its own.
    unsafe {
        let text = if argc > 0 { text_of(ctx, *argv) } else { Some(String::new()) };
        host_of(ctx).printed.borrow_mut().push(text.unwrap_or_default());
    }
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn create_realm(ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    // SAFETY: the new context is freed by `run`, after everything that uses it.
    unsafe {
        let realm = new_realm(qjs::JS_GetRuntime(ctx));
        host_of(ctx).realms.borrow_mut().push(realm);
        let global = qjs::JS_GetGlobalObject(realm);
        let host = qjs::JS_GetPropertyStr(realm, global, c"$262".as_ptr());
        qjs::JS_FreeValue(realm, global);
        host
    }
}

unsafe extern "C" fn detach_array_buffer(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    if argc > 0 {
        // SAFETY: the engine checks what it is given.
        unsafe { qjs::JS_DetachArrayBuffer(ctx, *argv) };
    }
    qjs::JS_NULL
}

unsafe extern "C" fn eval_script(ctx: Ctx, _this: Value, argc: c_int, argv: *mut Value) -> Value {
    // SAFETY: a function runs in the context it was made in; the engine passes `argc` values.
    unsafe {
        match (argc > 0).then(|| text_of(ctx, *argv)).flatten() {
            Some(text) => eval(ctx, &text, Path::new("<evalScript>"), qjs::JS_EVAL_TYPE_GLOBAL),
            None => qjs::JS_ThrowTypeError(ctx, c"evalScript needs a string".as_ptr()),
        }
    }
}

unsafe extern "C" fn gc(ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    // SAFETY: a collection may run whenever host code does.
    unsafe { qjs::JS_RunGC(qjs::JS_GetRuntime(ctx)) };
    qjs::JS_UNDEFINED
}

unsafe extern "C" fn is_htmldda(_ctx: Ctx, _this: Value, _argc: c_int, _argv: *mut Value) -> Value {
    qjs::JS_NULL
}

/// Loads a module by its path: a script module, or JSON when the attributes say so.
unsafe extern "C" fn load_module(
    ctx: Ctx,
    name: *const c_char,
    _opaque: *mut c_void,
    attributes: Value,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the name is a C string of the engine's; values made here are freed or taken once.
    unsafe {
        host_of(ctx).loaded.set(true);
        let path = CStr::from_ptr(name).to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(&path) else {
            qjs::JS_ThrowReferenceError(ctx, c"could not load module '%s'".as_ptr(), name);
            return std::ptr::null_mut();
        };
        let mut kind = None;
        if qjs::JS_IsObject(attributes) {
            let value = qjs::JS_GetPropertyStr(ctx, attributes, c"type".as_ptr());
            kind = text_of(ctx, value);
            qjs::JS_FreeValue(ctx, value);
        }
        if kind.as_deref() == Some("json") {
            let mut bytes = text.into_bytes();
            bytes.push(0);
            let value = qjs::JS_ParseJSON(ctx, bytes.as_ptr().cast(), (bytes.len() - 1) as _, name);
            if qjs::JS_IsException(value) {
                return std::ptr::null_mut();
            }
            let module = qjs::JS_NewCModule(ctx, name, Some(init_json_module));
            qjs::JS_AddModuleExport(ctx, module, c"default".as_ptr());
            qjs::JS_SetModulePrivateValue(ctx, module, value);
            return module;
        }
        let code =
            eval(ctx, &text, Path::new(&path), qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY);
        if qjs::JS_IsException(code) {
            return std::ptr::null_mut();
        }
        // The module is listed in the context, which keeps it; the value is one more reference.
        let module = qjs::JS_VALUE_GET_PTR(code).cast();
        qjs::JS_FreeValue(ctx, code);
        module
    }
}

unsafe extern "C" fn init_json_module(ctx: Ctx, module: *mut qjs::JSModuleDef) -> c_int {
    // SAFETY: the private value was set when the module was made; the export takes it.
    unsafe {
        let value = qjs::JS_GetModulePrivateValue(ctx, module);
        qjs::JS_SetModuleExport(ctx, module, c"default".as_ptr(), value)
    }
}
