//! Runtimes and how they are built.

use core::ptr::NonNull;
use std::any::Any;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use tare_allocators::{Allocator, System};

use super::{Context, Error, Inner, Shared};
use crate::code::fusions::Fusions;
use crate::heap::{Collector, Heap, Observer, Policy, Reason};
use crate::mem::{Front, Mem};
use crate::object::ShapeTable;
use crate::runtime::dump::DumpFlags;
use crate::runtime::stack::DEFAULT_STACK_BYTES;
use crate::runtime::{self as rt, JobQueue, Machine};
use crate::text::AtomTable;
use crate::value::Value;

/// See [`Runtime::set_rejection_tracker`].
pub type RejectionTracker = Box<dyn FnMut(&Context, &super::Value, &super::Value, bool)>;

/// How a runtime is made: `JS_NewRuntime2` and the setters that follow it.
pub struct Builder {
    allocator: Box<dyn Allocator>,
    front: Front,
    memory_limit: usize,
    stack_bytes: usize,
    policy: Option<Policy>,
    collector: Collector,
    observer: Option<Box<dyn Observer>>,
    output: Box<dyn Write>,
    seed: Option<u64>,
    random_seed: Option<u64>,
    dump_flags: DumpFlags,
    dump_output: Box<dyn Write>,
    track_allocations: bool,
    fusions: Fusions,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            allocator: Box::new(System),
            front: Front::default(),
            memory_limit: 0,
            stack_bytes: DEFAULT_STACK_BYTES,
            policy: None,
            collector: Collector::Full,
            observer: None,
            output: Box::new(std::io::stdout()),
            seed: None,
            random_seed: None,
            dump_flags: DumpFlags::NONE,
            dump_output: Box::new(std::io::stdout()),
            track_allocations: false,
            fusions: Fusions::ALL,
        }
    }
}

impl Builder {
    /// Where all memory comes from. The runtime owns it.
    ///
    /// An allocator that tracks what is allocated and how much it was at most, with its state in the runtime's
    /// opaque slot, where the host finds it again (`JS_NewRuntime2`, `JS_GetRuntimeOpaque`):
    ///
    /// ```
    /// use std::alloc::Layout;
    /// use std::fmt;
    /// use std::ptr::NonNull;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// use tare::Runtime;
    /// use tare_allocators::{Allocator, System};
    ///
    /// #[derive(Default)]
    /// struct State {
    ///     allocated: AtomicUsize,
    ///     peak: AtomicUsize,
    /// }
    ///
    /// struct Tracking(Arc<State>);
    ///
    /// impl Tracking {
    ///     fn note(&self, more: usize, less: usize) {
    ///         let before = self.0.allocated.fetch_add(more, Relaxed);
    ///         self.0.peak.fetch_max(before + more, Relaxed);
    ///         self.0.allocated.fetch_sub(less, Relaxed);
    ///     }
    /// }
    ///
    /// // SAFETY: (1-5) every block is the system's, passed on unchanged.
    /// unsafe impl Allocator for Tracking {
    ///     fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///         f.write_str("tracking")
    ///     }
    ///     unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
    ///         // SAFETY: (1) passed on.
    ///         let block = unsafe { System.alloc(layout) }?;
    ///         self.note(layout.size(), 0);
    ///         Some(block)
    ///     }
    ///     unsafe fn realloc(&self, block: NonNull<u8>, old: Layout, size: usize) -> Option<NonNull<u8>> {
    ///         // SAFETY: (1-3) passed on.
    ///         let block = unsafe { System.realloc(block, old, size) }?;
    ///         self.note(size, old.size());
    ///         Some(block)
    ///     }
    ///     unsafe fn free(&self, block: NonNull<u8>, layout: Layout) {
    ///         self.note(0, layout.size());
    ///         // SAFETY: (1, 2) passed on.
    ///         unsafe { System.free(block, layout) };
    ///     }
    ///     unsafe fn usable_size(&self, block: NonNull<u8>, layout: Layout) -> Option<usize> {
    ///         // SAFETY: (1) passed on.
    ///         unsafe { System.usable_size(block, layout) }
    ///     }
    /// }
    ///
    /// let state = Arc::new(State::default());
    /// let runtime = Runtime::builder().allocator(Box::new(Tracking(state.clone()))).build()?;
    /// runtime.set_opaque(Some(Box::new(state.clone())));
    /// let context = runtime.new_context()?;
    /// context.eval("let list = []; for (let i = 0; i < 1000; i++) list.push({ i });", "list.js")?;
    /// let peak = runtime.with_opaque(|state: &mut Arc<State>| state.peak.load(Relaxed)).unwrap();
    /// // All that the runtime uses came from here, and goes back when the runtime ends.
    /// assert!(peak >= runtime.memory_usage().malloc_size as usize);
    /// drop((context, runtime));
    /// assert_eq!(state.allocated.load(Relaxed), 0);
    /// # Ok::<(), tare::Error>(())
    /// ```
    pub fn allocator(mut self, allocator: Box<dyn Allocator>) -> Builder {
        self.allocator = allocator;
        self
    }

    /// Whether a built-in pool stands in front of the allocator.
    pub fn front(mut self, front: Front) -> Builder {
        self.front = front;
        self
    }

    /// Bytes that may be taken from the allocator; 0 for no limit. Pages and tables count whole. What an allocator
    /// holds from the system beyond what it is asked for is its own and is not limited.
    pub fn memory_limit(mut self, bytes: usize) -> Builder {
        self.memory_limit = bytes;
        self
    }

    /// Bytes of stack that scripts may use, of the interpreter's and of the native one; 0 for no limit. The native
    /// one never ends the process: of a thread that has less stack than this, scripts get what it has.
    pub fn max_stack_size(mut self, bytes: usize) -> Builder {
        self.stack_bytes = bytes;
        self
    }

    /// When to collect cycles.
    pub fn gc_policy(mut self, policy: Policy) -> Builder {
        self.policy = Some(policy);
        self
    }

    /// Charged bytes at which the first collection happens, then 1.5 times what is left: QuickJS's policy.
    pub fn gc_threshold(mut self, bytes: usize) -> Builder {
        self.policy = Some(Policy::quickjs(bytes));
        self
    }

    /// What the collections of the policy look at: [`Collector::Full`] unless told otherwise.
    pub fn gc_collector(mut self, collector: Collector) -> Builder {
        self.collector = collector;
        self
    }

    /// Who is told of collections.
    pub fn observer(mut self, observer: Box<dyn Observer>) -> Builder {
        self.observer = Some(observer);
        self
    }

    /// Where `print` and `console.log` write; standard output unless told otherwise.
    pub fn output(mut self, output: Box<dyn Write>) -> Builder {
        self.output = output;
        self
    }

    /// The seed of `Math.random`, for runs that must repeat: the same seed gives the same numbers. Unless one is
    /// given here or by [`Builder::hash_seed`], each runtime's comes from the operating system.
    pub fn random_seed(mut self, seed: u64) -> Builder {
        self.random_seed = Some(seed);
        self
    }

    /// The seed of the runtime's hashes, for runs that must repeat exactly.
    pub fn hash_seed(mut self, seed: u64) -> Builder {
        self.seed = Some(seed);
        self
    }

    /// What to dump, see [`DumpFlags`] (`JS_SetDumpFlags`).
    pub fn dump_flags(mut self, flags: impl Into<DumpFlags>) -> Builder {
        self.dump_flags = flags.into();
        self
    }

    /// Where dumps are written; standard output unless told otherwise.
    pub fn dump_output(mut self, output: Box<dyn Write>) -> Builder {
        self.dump_output = output;
        self
    }

    /// Notes for each cell which line of which function allocated it, for leak reports. Takes time, and gives every
    /// cell a block of its own; costs nothing when it is off.
    pub fn track_allocations(mut self, track: bool) -> Builder {
        self.track_allocations = track;
        self
    }

    /// Which rewritings of code the compiler does; all unless told otherwise. Code means the same without
    /// any of them, and is slower: a switch for whoever looks for a fault in one.
    pub fn fusions(mut self, fusions: Fusions) -> Builder {
        self.fusions = fusions;
        self
    }

    /// Makes the runtime.
    pub fn build(self) -> Result<Runtime, Error> {
        let mem = Mem::new(self.allocator, self.front);
        mem.set_limit(self.memory_limit);
        let seed = self.seed.unwrap_or(0x5EED_7A2E_0000_0001);
        let state = Box::new(rt::Runtime {
            heap: Heap::new(&mem, &KIND_TABLE),
            atoms: AtomTable::new(&mem, seed),
            shapes: ShapeTable::new(&mem),
            pending: Value::UNDEFINED,
            machine: Machine::new(&mem),
            jobs: JobQueue::new(&mem),
            waits: crate::mem::Vec::new(mem.memory(crate::mem::Use::Runtime)),
            weak: crate::object::weak::WeakTable::new(&mem),
            kept_alive: crate::mem::Vec::new(mem.memory(crate::mem::Use::Runtime)),
            finalization_job: rt::NO_JOB,
            modules: crate::mem::Vec::new(mem.memory(crate::mem::Use::Runtime)),
            module_order: 0,
            module_loader: None,
            parse_json: |_, _| Ok(Value::UNDEFINED),
            symbol_registry: Value::UNDEFINED,
            random_state: random_state(self.random_seed.or(self.seed)),
            joining: crate::mem::Vec::new(mem.memory(crate::mem::Use::Runtime)),
            programs: [const { Value::UNDEFINED }; rt::PROGRAMS],
            regexp: None,
            interrupt: None,
            rejection_tracker: None,
            rejections: rt::rejections::Rejections::new(&mem),
            can_block: true,
            native_stack_floor: 0,
            native_stack_bytes: self.stack_bytes,
            opaque: None,
            ended: false,
            output: self.output,
            finalizers: Vec::new(),
            doomed: std::collections::VecDeque::new(),
            dump_flags: self.dump_flags,
            fusions: self.fusions,
            dump_output: Rc::new(RefCell::new(self.dump_output)),
            sites: self.track_allocations.then(Box::default),
            mem,
        });
        let state = NonNull::from(Box::leak(state));
        let inner = Inner { state };
        {
            let _entry = inner.enter();
            // SAFETY: the state was just made and is nobody else's.
            let runtime = unsafe { &mut *state.as_ptr() };
            runtime.connect();
            runtime.machine.stack.set_limit(self.stack_bytes);
            runtime.heap.set_collector(self.collector);
            if let Some(policy) = self.policy.or_else(policy_of_tests) {
                runtime.heap.set_policy(policy);
            }
            if runtime.atoms.fill().is_err() {
                return Err(Error::OutOfMemory);
            }
            runtime.heap.set_observer(self.observer);
            super::dump::connect(runtime);
        }
        Ok(Runtime { shared: Rc::new(inner) })
    }
}

/// The first state of `Math.random`, never 0: from a seed, or from the operating system's random numbers, which
/// the keys of the host's hash maps are made of.
fn random_state(seed: Option<u64>) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let seed = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    // Seeds that are alike must not give numbers that are alike.
    match crate::base::hash_word(seed, 0xA076_1D64_78BD_642F) {
        0 => 0x2545_F491_4F6C_DD1D,
        state => state,
    }
}

static KIND_TABLE: [crate::heap::KindInfo; crate::heap::KINDS] = {
    let mut table = crate::exec::kind_table();
    table[crate::value::kind::LIST as usize] =
        crate::heap::KindInfo::of::<super::host::HostCell>("host closure").leaf();
    table
};

/// In builds with debug assertions, the policy of runtimes that are given none can be set from outside: a whole test
/// program runs under stress with `TARE_GC='every(1)'`.
fn policy_of_tests() -> Option<Policy> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let text = std::env::var("TARE_GC").ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("TARE_GC is {text:?}: {error}")))
}

/// An engine: memory, heap, job queue. Cloning makes another handle.
#[derive(Clone)]
pub struct Runtime {
    pub(super) shared: Shared,
}

impl Runtime {
    /// A runtime over the system's allocator, with the defaults.
    pub fn new() -> Result<Runtime, Error> {
        Builder::default().build()
    }

    /// Starts building a runtime.
    pub fn builder() -> Builder {
        Builder::default()
    }

    #[allow(clippy::mut_from_ref, reason = "one thread, and no borrow is kept across calls")]
    pub(super) fn state(&self) -> &mut rt::Runtime {
        // SAFETY: the state lives as long as its handles.
        unsafe { &mut *self.shared.state.as_ptr() }
    }

    /// A new realm with its own globals.
    pub fn new_context(&self) -> Result<Context, Error> {
        Context::create(&self.shared)
    }

    /// Runs jobs (promise reactions and the like) until none is left. Stops at the first that
    /// fails, which can be only for memory or an interrupt. Returns how many ran.
    pub fn run_jobs(&self) -> Result<usize, Error> {
        let _entry = self.shared.enter();
        let mut ran = 0;
        loop {
            if let Some(realm) = self.state().wait_realm()
                && let Err(thrown) = self.state().finish_waits(crate::exec::promise::resolve_job)
            {
                // SAFETY: the realm value keeps its cell alive for this block.
                let mut cx = unsafe { rt::Context::new(self.shared.state, realm.cell_unchecked().cast()) };
                return Err(Error::from_thrown(&self.shared, &mut cx, thrown));
            }
            let Some(job) = self.state().jobs.pop() else { break };
            // SAFETY: the job keeps its realm alive while it runs.
            let mut cx = unsafe { rt::Context::new(self.shared.state, job.realm.cell_unchecked().cast()) };
            ran += 1;
            self.state().clear_kept_alive();
            if let Err(thrown) = (job.run)(&mut cx, &job.values[..job.count]) {
                return Err(Error::from_thrown(&self.shared, &mut cx, thrown));
            }
        }
        Ok(ran)
    }

    /// Sleeps until a promise that `Atomics.waitAsync` gave can be settled, which
    /// [`Runtime::run_jobs`] does then. False if there is none, or the interrupt handler asked to stop.
    ///
    /// Promises without a time limit, which only another thread can notify, count only if `for_ever`.
    pub fn wait(&self, for_ever: bool) -> bool {
        let _entry = self.shared.enter();
        // SAFETY: (1) the handle keeps the runtime alive, it is entered, and the host is not called by a script.
        unsafe { rt::Runtime::sleep(self.shared.state, for_ever) }
    }

    /// Jobs waiting.
    pub fn pending_jobs(&self) -> usize {
        self.state().jobs.len()
    }

    /// Collects cycles now (`JS_RunGC`).
    pub fn run_gc(&self) {
        let _entry = self.shared.enter();
        self.state().forget_programs();
        // Without memory for the collector's tables nothing is collected, and nothing changed.
        let _ = self.state().heap.collect(Reason::Requested);
    }

    /// Sets the memory limit in bytes; 0 removes it (`JS_SetMemoryLimit`).
    pub fn set_memory_limit(&self, bytes: usize) {
        self.state().mem.set_limit(bytes);
        self.state().heap.limit_changed();
    }

    /// Sets the stack limit in bytes (`JS_SetMaxStackSize`); see [`Builder::max_stack_size`].
    pub fn set_max_stack_size(&self, bytes: usize) {
        self.state().native_stack_bytes = bytes;
        self.state().machine.stack.set_limit(bytes);
    }

    /// Replaces the policy that says when to collect.
    pub fn set_gc_policy(&self, policy: Policy) {
        self.state().heap.set_policy(policy);
    }

    /// The policy that says when to collect.
    pub fn gc_policy(&self) -> Policy {
        self.state().heap.policy()
    }

    /// Replaces what the collections of the policy look at. The next one looks at everything.
    pub fn set_gc_collector(&self, collector: Collector) {
        self.state().heap.set_collector(collector);
    }

    /// What the collections of the policy look at.
    pub fn gc_collector(&self) -> Collector {
        self.state().heap.collector()
    }

    /// Bounds how many objects are freed at once when a large structure loses its last reference; 0, the default,
    /// for no bound. The rest is freed bit by bit while the script allocates. Weak references to what waits
    /// are dead already.
    pub fn set_release_budget(&self, cells: usize) {
        self.state().heap.set_release_budget(cells);
    }

    /// Charged bytes at which the next collection is due (`JS_GetGCThreshold`).
    pub fn gc_threshold(&self) -> usize {
        self.state().heap.trigger()
    }

    /// `JS_SetGCThreshold`: QuickJS's policy from this threshold on.
    pub fn set_gc_threshold(&self, bytes: usize) {
        self.set_gc_policy(Policy::quickjs(bytes));
    }

    /// Bytes in use and their peak, as charged.
    pub fn memory_in_use(&self) -> (usize, usize) {
        (self.state().mem.charged(), self.state().mem.peak())
    }

    /// Bytes taken from the allocator, as it was asked for them, and their peak: what the memory limit is on.
    pub fn memory_taken(&self) -> (usize, usize) {
        (self.state().mem.taken(), self.state().mem.peak_taken())
    }

    /// The memory's books.
    pub fn mem(&self) -> &Mem {
        &self.state().mem
    }

    /// Collections so far.
    pub fn collections(&self) -> u64 {
        self.state().heap.collections()
    }

    /// Replaces who is told of collections.
    pub fn set_observer(&self, observer: Option<Box<dyn Observer>>) {
        drop(self.state().heap.set_observer(observer));
    }

    /// Asked after every few thousand steps of work, which is at least about every millisecond of processor time,
    /// also within builtins; true stops the script with an error that no script can catch.
    pub fn set_interrupt_handler(&self, handler: Option<rt::InterruptHandler>) {
        self.state().interrupt = handler;
    }

    /// Keeps the promises that are rejected without a handler, for
    /// [`Context::next_unhandled_rejection`](super::Context::next_unhandled_rejection). They are in the
    /// runtime's memory. Off at first; turning it off forgets them.
    pub fn track_rejections(&self, track: bool) {
        let _entry = self.shared.enter();
        self.state().rejections.wanted = track;
        if !track {
            self.state().rejections.clear();
        }
    }

    /// Told at once of every promise that is rejected without a handler (`true`), and of one among them that gets its
    /// first handler later (`false`): promise, reason, which (HostPromiseRejectionTracker,
    /// `JS_SetHostPromiseRejectionTracker`).
    pub fn set_rejection_tracker(&self, tracker: Option<RejectionTracker>) {
        let _entry = self.shared.enter();
        let shared = Rc::downgrade(&self.shared);
        let tracker = tracker.map(|mut tracker| -> rt::RejectionTracker {
            Box::new(move |cx, promise, reason, unhandled| {
                let Some(shared) = shared.upgrade() else { return };
                let context = Context::from_engine(&shared, cx);
                let value = |value: &Value| super::Value::new(&shared, value.clone());
                tracker(&context, &value(promise), &value(reason), unhandled);
            })
        });
        drop(core::mem::replace(&mut self.state().rejection_tracker, tracker));
    }

    /// Sets how many steps of work, of up to a tenth of a microsecond, pass between two questions to the interrupt
    /// handler; 4,000 unless said otherwise, at least 1.
    pub fn set_interrupt_interval(&self, steps: u32) {
        self.state().machine.set_interval(steps);
    }

    /// Whether `Atomics.wait` may block this thread; it may unless said otherwise.
    pub fn set_can_block(&self, can_block: bool) {
        self.state().can_block = can_block;
    }

    /// Says where the texts of modules come from (`JS_SetModuleLoaderFunc`); without a loader every import fails.
    pub fn set_module_loader(&self, loader: Option<Box<dyn rt::module::ModuleLoader>>) {
        self.state().module_loader = loader;
    }

    /// Data of the embedder (`JS_SetRuntimeOpaque`).
    pub fn set_opaque(&self, opaque: Option<Box<dyn Any>>) {
        self.state().opaque = opaque;
    }

    /// Calls `with` with the embedder's data if it is a `T` (`JS_GetRuntimeOpaque`).
    pub fn with_opaque<T: 'static, R>(&self, with: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.state().opaque.as_mut().and_then(|o| o.downcast_mut::<T>()).map(with)
    }

    /// Runs when the runtime ends, the last added first (`JS_AddRuntimeFinalizer`).
    pub fn add_finalizer(&self, finalizer: impl FnOnce() + 'static) {
        self.state().finalizers.push(Box::new(finalizer));
    }

    /// Ends the runtime and tells how many cells, and how many bytes, were still alive when
    /// everything that the runtime itself holds was let go: what the host or a native leaked. Gives
    /// the runtime back while other handles to it exist.
    pub fn close(self) -> Result<Leftover, Runtime> {
        let inner = Rc::try_unwrap(self.shared).map_err(|shared| Runtime { shared })?;
        let entry = inner.enter();
        // SAFETY: the last handle is gone; the state is used by nobody else.
        let runtime = unsafe { &mut *inner.state.as_ptr() };
        end(runtime, true);
        let bytes = runtime.mem.charged_to(crate::mem::Use::Cells);
        let leftover = Leftover { cells: runtime.heap.live_cells(), bytes };
        drop(entry);
        Ok(leftover)
    }

    /// Says what to dump (`JS_SetDumpFlags`).
    pub fn set_dump_flags(&self, flags: impl Into<DumpFlags>) {
        self.state().dump_flags = flags.into();
        super::dump::connect(self.state());
    }

    /// What is dumped (`JS_GetDumpFlags`).
    pub fn dump_flags(&self) -> DumpFlags {
        self.state().dump_flags
    }

    /// Says where dumps are written.
    pub fn set_dump_output(&self, output: Box<dyn Write>) {
        *self.state().dump_output.borrow_mut() = output;
    }
}

/// Lets everything go that the runtime holds, with the dumps that were asked for. A second time does nothing.
fn end(runtime: &mut rt::Runtime, told: bool) {
    if core::mem::replace(&mut runtime.ended, true) {
        return;
    }
    super::dump::before_end(runtime);
    runtime.tear_down(told || runtime.dump_flags != DumpFlags::default());
    super::dump::leaks(runtime);
    runtime.let_atoms_go();
    super::dump::atom_leaks(runtime);
    let _ = runtime.dump_output.borrow_mut().flush();
}

/// What was still alive when a runtime ended. See [`Runtime::close`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Live cells.
    pub cells: usize,
    /// Bytes charged to cells, the collector's tables of cells included.
    pub bytes: usize,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let entry = self.enter();
        // SAFETY: the last handle is gone; the state is used by nobody else.
        let runtime = unsafe { &mut *self.state.as_ptr() };
        // Nobody asks what is left: where all memory goes back at once, cells need not be freed one by one.
        if !runtime.ended && runtime.mem.front() == Front::Pool && runtime.dump_flags == DumpFlags::default()
        {
            // SAFETY: (1) the last handle is gone, and with it every context and value; (2) just checked.
            unsafe { runtime.abandon() };
            runtime.tear_down(false);
            runtime.let_atoms_go();
            runtime.ended = true;
        }
        end(runtime, false);
        let finalizers = core::mem::take(&mut runtime.finalizers);
        let doomed = core::mem::take(&mut runtime.doomed);
        drop(entry);
        // SAFETY: made by `Box::leak` when the runtime was built.
        drop(unsafe { Box::from_raw(self.state.as_ptr()) });
        drop(doomed);
        for finalizer in finalizers.into_iter().rev() {
            finalizer();
        }
    }
}
