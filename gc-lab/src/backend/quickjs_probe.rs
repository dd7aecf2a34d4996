//! Following QuickJS-ng's collections, which it reports to nobody.
//!
//! Two objects of our own classes take part in every collection:
//! - The *sentinel* is referenced from outside and stands near the head of the list of objects.
//!   Its mark function is called near the start of the first pass (which subtracts the internal
//!   references) and near the start of the second (which adds them again).
//! - When the first pass reaches the sentinel it makes a *last one*: an object that only refers
//!   to itself, appended to the end of the list. It is garbage, and as the last of the list it
//!   is the last to be freed, which its finalizer sees: the end of the collection, but for giving
//!   back the headers of the freed objects.
//!
//! # Invariants
//! - The reference that makes the last one owns is the one its mark function reports, to itself:
//!   counts are balanced, and the collector sees a cycle of one.
//! - No exception may arise during a collection, so a probe is used only without memory limit,
//!   and the threshold is out of reach while the last one is allocated.
//! - The engine calls back on the thread that runs it; the state is in `Cell`s.

use crate::machine;
use crate::meter::Handle;
use rquickjs::qjs;
use std::cell::{Cell, RefCell};
use std::ptr::null_mut;
use std::time::Instant;
use tare_reports::record::{Collection, MAX_COLLECTIONS};

/// What a probe saw.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// How many collections there were.
    pub count: u64,
    /// The sum of their pauses.
    pub total_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// The sum of their pauses in processor time of the thread.
    pub cpu_total_ns: u64,
    /// The longest in processor time of the thread.
    pub cpu_max_ns: u64,
    /// The collections one by one, up to the limit of a record.
    pub collections: Vec<Collection>,
}

/// The two classes and the state of the collection that runs.
pub struct Probe {
    context: *mut qjs::JSContext,
    last_class: qjs::JSClassID,
    sentinel: Cell<qjs::JSValue>,
    /// Keeps the shape of the last ones alive, so that none is made during a collection.
    model: Cell<qjs::JSValue>,
    active: Cell<bool>,
    begun: Cell<Option<Instant>>,
    /// When it began: thread time, and the time of readings of the ledger until then.
    begun_cpu: Cell<(u64, (u64, u64))>,
    before: Cell<u64>,
    origin: Cell<Instant>,
    handle: RefCell<Option<Handle>>,
    followed: RefCell<Followed>,
}

impl Probe {
    /// Registers the classes and makes the sentinel. `None` when memory ran out.
    pub fn new(runtime: *mut qjs::JSRuntime, context: *mut qjs::JSContext) -> Option<Box<Self>> {
        let sentinel_class = class(runtime, c"LabSentinel".as_ptr(), sentinel_mark, None)?;
        let last_class = class(runtime, c"LabLast".as_ptr(), last_mark, Some(last_finalizer))?;
        let probe = Box::new(Probe {
            context,
            last_class,
            sentinel: Cell::new(qjs::JS_UNDEFINED),
            model: Cell::new(qjs::JS_UNDEFINED),
            active: Cell::new(false),
            begun: Cell::new(None),
            begun_cpu: Cell::new((0, (0, 0))),
            before: Cell::new(0),
            origin: Cell::new(Instant::now()),
            handle: RefCell::new(None),
            followed: RefCell::new(Followed::default()),
        });
        // SAFETY: the context is live and the classes are registered in its runtime. The probe
        // is boxed, so its address holds as long as the objects that carry it.
        unsafe {
            let sentinel = qjs::JS_NewObjectClass(context, sentinel_class);
            let model = qjs::JS_NewObjectClass(context, last_class);
            if qjs::JS_IsException(sentinel) || qjs::JS_IsException(model) {
                return None;
            }
            qjs::JS_SetOpaque(sentinel, std::ptr::from_ref(&*probe).cast_mut().cast());
            // The model has no opaque pointer and so reports no reference and no end.
            qjs::JS_SetOpaque(model, null_mut());
            probe.sentinel.set(sentinel);
            probe.model.set(model);
        }
        Some(probe)
    }

    /// Follows from now on; times count from `origin`.
    pub fn start(&self, origin: Instant, handle: Option<Handle>) {
        self.origin.set(origin);
        *self.handle.borrow_mut() = handle;
        *self.followed.borrow_mut() = Followed::default();
        self.active.set(true);
    }

    /// Stops following and returns what was seen.
    pub fn finish(&self) -> Followed {
        self.active.set(false);
        self.settle();
        self.followed.take()
    }

    /// Gives up the two objects.
    ///
    /// # Safety
    /// 1. `context` is the one the probe was made with, and still live.
    pub unsafe fn release(&self, context: *mut qjs::JSContext) {
        self.active.set(false);
        // SAFETY: (1); each value is replaced, so it is freed once.
        unsafe {
            qjs::JS_SetOpaque(self.sentinel.get(), null_mut());
            qjs::JS_FreeValue(context, self.sentinel.replace(qjs::JS_UNDEFINED));
            qjs::JS_FreeValue(context, self.model.replace(qjs::JS_UNDEFINED));
        }
    }

    fn readings(&self) -> (u64, u64) {
        self.handle.borrow().as_ref().map(Handle::watch_ns).unwrap_or_default()
    }

    fn live_bytes(&self) -> u64 {
        self.handle.borrow().as_ref().map_or(0, Handle::live_bytes)
    }

    /// The memory after a collection shows only when its last headers are given back, after the
    /// end that is seen: it is the least that was taken until the next one began.
    fn settle(&self) {
        let Some(least) = self.handle.borrow().as_ref().map(Handle::low_bytes) else { return };
        if let Some(last) = self.followed.borrow_mut().collections.last_mut() {
            last.bytes_after = last.bytes_after.map(|after| after.min(least));
        }
    }

    fn begin(&self, runtime: *mut qjs::JSRuntime) {
        self.settle();
        self.before.set(self.live_bytes());
        self.begun_cpu.set((machine::thread_cpu_ns(), self.readings()));
        self.begun.set(Some(Instant::now()));
        // SAFETY: the runtime and its context are live. The threshold is out of reach, so that
        // the allocation starts no collection inside this one; without a memory limit it can
        // only fail with the machine out of memory, and then no end is seen.
        unsafe {
            let threshold = qjs::JS_GetGCThreshold(runtime);
            qjs::JS_SetGCThreshold(runtime, qjs::size_t::MAX);
            let last = qjs::JS_NewObjectClass(self.context, self.last_class);
            if !qjs::JS_IsException(last) {
                qjs::JS_SetOpaque(last, std::ptr::from_ref(self).cast_mut().cast());
            }
            qjs::JS_SetGCThreshold(runtime, threshold);
        }
    }

    fn end(&self) {
        let Some(begun) = self.begun.take() else { return };
        let (begun_cpu, (read_cpu, read_wall)) = self.begun_cpu.get();
        let (now_cpu, now_wall) = self.readings();
        let pause_ns = (begun.elapsed().as_nanos() as u64).saturating_sub(now_wall - read_wall);
        let cpu_ns = (machine::thread_cpu_ns() - begun_cpu).saturating_sub(now_cpu - read_cpu);
        if let Some(handle) = self.handle.borrow().as_ref() {
            handle.reset_low();
        }
        let mut followed = self.followed.borrow_mut();
        followed.count += 1;
        followed.total_ns += pause_ns;
        followed.max_ns = followed.max_ns.max(pause_ns);
        followed.cpu_total_ns += cpu_ns;
        followed.cpu_max_ns = followed.cpu_max_ns.max(cpu_ns);
        if followed.collections.len() < MAX_COLLECTIONS {
            followed.collections.push(Collection {
                at_ns: begun.duration_since(self.origin.get()).as_nanos() as u64,
                pause_ns,
                pause_cpu_ns: Some(cpu_ns),
                reason: "threshold".into(),
                bytes_before: Some(self.before.get()),
                bytes_after: Some(self.live_bytes()),
                ..Collection::default()
            });
        }
    }
}

type Mark = unsafe extern "C" fn(*mut qjs::JSRuntime, qjs::JSValue, qjs::JS_MarkFunc);
type Finalizer = unsafe extern "C" fn(*mut qjs::JSRuntime, qjs::JSValue);

fn class(
    runtime: *mut qjs::JSRuntime,
    name: *const std::ffi::c_char,
    mark: Mark,
    finalizer: Option<Finalizer>,
) -> Option<qjs::JSClassID> {
    let definition =
        qjs::JSClassDef { class_name: name, finalizer, gc_mark: Some(mark), call: None, exotic: null_mut() };
    let mut id = 0;
    // SAFETY: the runtime is live; the definition is read during the call only, and the name of
    // a class is copied.
    let failed = unsafe {
        qjs::JS_NewClassID(runtime, &mut id);
        qjs::JS_NewClass(runtime, id, &definition)
    } != 0;
    (!failed).then_some(id)
}

/// The probe an object carries, if it carries one.
unsafe fn probe_of<'a>(value: qjs::JSValue) -> Option<&'a Probe> {
    let mut id = 0;
    // SAFETY: the engine passes a live object; what it carries is null or a probe that outlives
    // it, which `Probe::release` sees to.
    unsafe { qjs::JS_GetAnyOpaque(value, &mut id).cast::<Probe>().cast_const().as_ref() }
}

unsafe extern "C" fn sentinel_mark(
    runtime: *mut qjs::JSRuntime,
    value: qjs::JSValue,
    _mark: qjs::JS_MarkFunc,
) {
    // SAFETY: the value is the sentinel, live during the call.
    let Some(probe) = (unsafe { probe_of(value) }) else { return };
    // The second call of a collection, from its second pass, finds it begun.
    if probe.active.get() && probe.begun.get().is_none() {
        probe.begin(runtime);
    }
}

unsafe extern "C" fn last_mark(runtime: *mut qjs::JSRuntime, value: qjs::JSValue, mark: qjs::JS_MarkFunc) {
    // SAFETY: the value is live during the call. An object that carries the probe owns the one
    // reference it was made with, and that reference is to itself.
    unsafe {
        if probe_of(value).is_some() {
            qjs::JS_MarkValue(runtime, value, mark);
        }
    }
}

unsafe extern "C" fn last_finalizer(_runtime: *mut qjs::JSRuntime, value: qjs::JSValue) {
    // SAFETY: the value is being freed and still holds what it carries.
    if let Some(probe) = unsafe { probe_of(value) } {
        probe.end();
    }
}
