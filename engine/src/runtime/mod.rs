//! Floor 7: the state of a runtime and its realms. Below the wall: nothing here runs JavaScript.
//!
//! A [`Runtime`] owns the memory, the heap and everything that lives in them. A [`Context`] is a
//! runtime together with the realm that code runs in; it is what natives are handed.
//!
//! # Invariants
//! - The runtime does not move: heap, tables and hooks refer to it. It is dropped only when nothing runs.
//! - While a `Context` exists, its runtime's heap is the thread's current heap.
//! - When a function returns `Thrown::Exception`, the thrown value is in `pending`.

pub mod code;
// What the host asked to be told, in its own memory.
#[allow(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods)]
pub mod dump;
pub mod function;
mod host;
pub mod jobs;
pub mod machine;
pub mod module;
pub mod realm;
// What the host asked to be told, in its own memory.
pub mod rejections;
#[allow(clippy::disallowed_types, clippy::disallowed_macros, clippy::disallowed_methods)]
pub mod sites;
pub mod stack;
pub mod thread_stack;
pub mod usage;
pub mod waiters;
mod weak;

use core::ptr::NonNull;

pub use code::{ClosureCell, CodeCell, InlineCache, ScriptCell};
pub use function::{Arguments, BoundCell, NativeCell, NativeDef, NativeFn, NativeKind, undefined};
pub use jobs::{JOB_VALUES, Job, JobFn, JobQueue};
pub use machine::{Frame, Machine, SuspendedFrame};
pub use realm::{Intrinsic, Realm};
pub use stack::Stack;
pub(crate) use weak::NO_JOB;

use crate::heap::{Heap, KIND_MASK, KINDS, KindInfo, Ref};
use crate::mem::Mem;
use crate::object::shape::SHAPES;
use crate::object::weak::WEAK;
use crate::object::{self, ShapeTable};
use crate::text::atom::ATOMS;
use crate::text::{AtomTable, rope, string, symbol};
use crate::value::{JsResult, Object, Thrown, Value, kind};

/// Kinds of the floors up to this one. Floors above add theirs before the first heap is made.
pub const fn base_kinds() -> [KindInfo; KINDS] {
    let mut table = [KindInfo::UNUSED; KINDS];
    macro_rules! row {
        ($kind:ident, $type:ty $(, $mark:ident)*) => {
            table[kind::$kind as usize] = KindInfo::of::<$type>(kind::name(kind::$kind))$(.$mark())*;
        };
    }
    row!(STRING8, string::Flat<false>, leaf);
    row!(STRING16, string::Flat<true>, leaf);
    row!(ROPE, rope::Rope);
    row!(SYMBOL, symbol::SymbolCell, weakable, late);
    row!(PRIVATE_NAME, symbol::PrivateNameCell, late);
    row!(VAR_REF, object::VarRef);
    row!(ACCESSOR, object::Accessor);
    row!(SHAPE, object::Shape, table_owned);
    row!(REALM, Realm);
    row!(BIGINT, object::bigint::BigIntCell, leaf);
    row!(CODE, CodeCell);
    row!(SCRIPT, ScriptCell);
    row!(FRAME, SuspendedFrame);
    row!(CLOSURE, ClosureCell, weakable);
    row!(OBJECT, object::OrdinaryCell, weakable);
    // Without out-of-line slots; the shape, which the header names, is the uncounted reference.
    table[kind::OBJECT as usize] = table[kind::OBJECT as usize].plain(object::HEAD_BYTES);
    row!(ARRAY, object::array::ArrayCell, weakable);
    row!(ARGUMENTS, object::array::ArgumentsCell, weakable);
    row!(NATIVE, NativeCell, weakable);
    row!(BOUND, BoundCell, weakable);
    row!(ERROR, object::exotic::ErrorCell, weakable);
    row!(PRIMITIVE, object::exotic::PrimitiveCell, weakable);
    row!(PROXY, object::exotic::ProxyCell, weakable);
    row!(DATE, object::exotic::DateCell, weakable);
    row!(REGEXP, object::regexp::RegExpCell, weakable);
    row!(REGEXP_PROGRAM, object::regexp::ProgramCell);
    row!(ARRAY_BUFFER, object::buffer::BufferCell, weakable);
    row!(SHARED_ARRAY_BUFFER, object::buffer::SharedBufferCell, weakable);
    row!(TYPED_ARRAY, object::buffer::TypedArrayCell, weakable);
    row!(DATA_VIEW, object::buffer::DataViewCell, weakable);
    row!(FOR_IN, object::iteration::ForInCell);
    row!(MAP, object::collections::MapCell, weakable);
    row!(SET, object::collections::SetCell, weakable);
    row!(WEAK_MAP, object::weak::WeakMapCell, weakable);
    row!(WEAK_SET, object::weak::WeakSetCell, weakable);
    row!(WEAK_REF, object::weak::WeakRefCell, weakable);
    row!(FINALIZATION_REGISTRY, object::weak::RegistryCell, weakable);
    row!(ITERATOR_HELPER, object::iteration::HelperCell, weakable);
    row!(MODULE, module::ModuleCell);
    row!(NAMESPACE, module::NamespaceCell, weakable);
    row!(PROMISE, object::promise::PromiseCell, weakable);
    row!(GENERATOR, object::generator::GeneratorCell, weakable);
    row!(ASYNC_GENERATOR, object::generator::AsyncGeneratorCell, weakable);
    row!(ITERATOR, object::iteration::IteratorCell, weakable);
    row!(DISPOSER, object::dispose::DisposerCell, weakable);
    table
}

/// Compiled patterns that a runtime remembers.
pub(crate) const PROGRAMS: usize = 64;

/// Asked after so many steps of work, by scripts and natives alike: true stops the script.
pub type InterruptHandler = Box<dyn FnMut() -> bool>;
/// Told when a promise is rejected without a handler (true), and when one is added later (false).
pub type RejectionTracker = Box<dyn FnMut(&mut Context, &Value, &Value, bool)>;

/// The state of an engine.
pub struct Runtime {
    pub(crate) heap: Heap,
    pub(crate) atoms: AtomTable,
    pub(crate) shapes: ShapeTable,
    /// The thrown value, while `Thrown::Exception` is on its way up.
    pub(crate) pending: Value,
    pub(crate) jobs: JobQueue,
    /// Promises of `Atomics.waitAsync`.
    pub(crate) waits: crate::mem::Vec<'static, waiters::AsyncWait>,
    /// Who refers weakly to what.
    pub(crate) weak: object::weak::WeakTable,
    /// What WeakRefs gave during the running job.
    pub(crate) kept_alive: crate::mem::Vec<'static, Value>,
    /// The modules loaded so far.
    pub(crate) modules: crate::mem::Vec<'static, Value>,
    /// Number of the last module whose evaluation became asynchronous.
    pub(crate) module_order: u64,
    pub(crate) module_loader: Option<module::Loader>,
    pub(crate) parse_json: module::ParseJson,
    /// Calls a FinalizationRegistry back: given the registry.
    pub(crate) finalization_job: JobFn,
    /// `Symbol.for`: an object without prototype from keys to symbols.
    pub(crate) symbol_registry: Value,
    /// State of `Math.random`, never 0.
    pub(crate) random_state: u64,
    /// Objects that `join` is at work on, so that cycles end.
    pub(crate) joining: crate::mem::Vec<'static, Value>,
    /// Programs compiled lately, by hash of pattern and flags: the same pattern is often made again. Two places for
    /// each hash, the one used last first.
    pub(crate) programs: [Value; PROGRAMS],
    /// The RegExp matcher's memory, while no match is going on.
    pub(crate) regexp: Option<tare_regexp::Scratch<'static>>,
    pub(crate) interrupt: Option<InterruptHandler>,
    pub(crate) rejection_tracker: Option<RejectionTracker>,
    pub(crate) rejections: rejections::Rejections,
    /// Lowest address native code may use; 0 while nothing of the runtime runs.
    pub(crate) native_stack_floor: usize,
    /// Native stack that scripts may use, if the thread has as much; 0 for all that it has.
    pub(crate) native_stack_bytes: usize,
    /// Whether `Atomics.wait` may block the thread ([[CanBlock]] of the agent).
    pub(crate) can_block: bool,
    pub(crate) opaque: Option<Box<dyn core::any::Any>>,
    /// Where `print` and `console.log` write.
    pub(crate) output: Box<dyn std::io::Write>,
    /// Run when the runtime has ended, the last added first; the host's memory, as the closures are.
    #[allow(clippy::disallowed_types)]
    pub(crate) finalizers: Vec<Box<dyn FnOnce()>>,
    /// What the host gave the runtime and is to drop, when the host's outermost call returns; the host's memory.
    #[allow(clippy::disallowed_types)]
    pub(crate) doomed: std::collections::VecDeque<Box<dyn core::any::Any>>,
    /// Everything was let go: only the memory is left to be freed.
    pub(crate) ended: bool,
    pub(crate) dump_flags: dump::DumpFlags,
    /// Which rewritings of its code the compiler does.
    pub(crate) fusions: crate::code::fusions::Fusions,
    /// Where dumps are written.
    pub(crate) dump_output: dump::DumpOutput,
    /// Where cells were allocated, while that is tracked.
    pub(crate) sites: Option<Box<sites::Sites>>,
    pub(crate) machine: Machine,
    /// Last: everything above lives in it.
    pub(crate) mem: Box<Mem>,
}

/// A runtime and the realm that code runs in.
pub struct Context {
    runtime: NonNull<Runtime>,
    realm: NonNull<Realm>,
}

impl Context {
    /// A context of a realm.
    ///
    /// # Safety
    /// 1. The runtime is alive and entered, and somebody else owns the realm, for as long as the
    ///    context exists.
    #[inline(always)]
    pub(crate) unsafe fn new(runtime: NonNull<Runtime>, realm: NonNull<Realm>) -> Context {
        Context { runtime, realm }
    }

    /// The runtime's state.
    #[inline(always)]
    pub(crate) fn rt(&mut self) -> &mut Runtime {
        // SAFETY: the runtime outlives the context, and callers keep no second borrow across calls.
        unsafe { self.runtime.as_mut() }
    }

    /// The runtime's address.
    #[inline(always)]
    pub(crate) fn rt_ptr(&self) -> NonNull<Runtime> {
        self.runtime
    }

    /// The realm code runs in.
    #[inline(always)]
    pub fn realm(&self) -> &Realm {
        // SAFETY: the realm outlives the context.
        unsafe { self.realm.as_ref() }
    }

    /// The realm as a value: a new reference to its cell.
    pub(crate) fn realm_value(&self) -> Value {
        // SAFETY: the realm's cell is alive.
        unsafe { Ref::share(self.realm) }.into()
    }

    /// An intrinsic object of the realm.
    #[inline(always)]
    pub fn intrinsic(&self, which: Intrinsic) -> Object {
        self.realm().object(which)
    }

    /// The global object of the realm.
    pub fn global(&self) -> Object {
        self.realm().global()
    }

    /// Throws a value.
    #[inline]
    pub fn throw(&mut self, value: Value) -> Thrown {
        self.rt().pending = value;
        Thrown::Exception
    }

    /// Takes the pending exception value.
    pub(crate) fn take_pending(&mut self) -> Value {
        self.rt().pending.take()
    }

    /// Adds a job to the queue. `values` are at most [`JOB_VALUES`].
    pub fn enqueue(&mut self, run: JobFn, values: &[&Value]) -> JsResult<()> {
        debug_assert!(values.len() <= JOB_VALUES);
        let mut carried = [const { Value::UNDEFINED }; JOB_VALUES];
        for (to, from) in carried.iter_mut().zip(values) {
            *to = (*from).clone();
        }
        let realm = self.realm_value();
        let job = Job { run, realm, values: carried, count: values.len() };
        self.rt().jobs.push(job)
    }
}

impl Runtime {
    /// The cells that the runtime remembers for speed: it refers to them, and forgets them without being asked.
    pub(crate) fn remembered(&self) -> impl Iterator<Item = NonNull<crate::heap::Header>> + '_ {
        self.programs.iter().filter_map(|program| program.as_cell())
    }

    /// Registers heap hooks and tables. Called once, when the runtime is at its final address.
    pub(crate) fn connect(&self) {
        self.heap.set_table(ATOMS, (&raw const self.atoms).cast());
        self.heap.set_table(SHAPES, (&raw const self.shapes).cast());
        self.heap.set_table(WEAK, (&raw const self.weak).cast());
        let owner = (&raw const *self).cast_mut().cast();
        self.heap.set_owner(owner, weak::target_died);
        self.heap.set_collected_hook(collected);
        self.heap.set_meter((&raw const self.machine.budget).cast_mut());
        if self.sites.is_some() {
            self.heap.track_allocations(sites::allocating);
        }
    }
}

impl Runtime {
    /// Starts the budget anew and asks the interrupt handler whether to stop.
    ///
    /// # Safety
    /// 1. The runtime is alive and entered, and the interpreter's registers are saved: the handler may run scripts.
    #[cold]
    pub(crate) unsafe fn asks_to_stop(this: NonNull<Runtime>) -> bool {
        // SAFETY: (1); the handler is taken out while it runs, so that it cannot be replaced under itself, and
        // no reference is kept meanwhile.
        unsafe {
            let this = this.as_ptr();
            (*this).machine.budget = (*this).machine.interval;
            let Some(mut handler) = (*this).interrupt.take() else { return false };
            let stop = handler();
            (*this).interrupt.get_or_insert(handler);
            stop
        }
    }
}

/// Gives the numbers of dead shapes out again once there are many, after all inline caches forgot them.
///
/// # Safety
/// 1. `owner` is the [`Runtime`] that the heap belongs to.
unsafe fn collected(owner: *mut (), urgent: bool) {
    // SAFETY: (1) fields are borrowed one by one, and only for reading.
    unsafe {
        let runtime = owner.cast::<Runtime>();
        let shapes = &(*runtime).shapes;
        if shapes.wants_recycling(urgent) {
            (*runtime).heap.for_each_cell(&mut |cell| {
                if cell.as_ref().kind() & KIND_MASK == kind::CODE {
                    cell.cast::<CodeCell>().as_ref().flush_caches();
                }
            });
            shapes.recycle_ids();
        }
    }
}
