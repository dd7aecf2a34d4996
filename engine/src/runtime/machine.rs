//! The interpreter's registers and control frames, and frames that were suspended.
//!
//! # Invariants
//! - `frame` points to the running frame's record; the records below it are those of its callers.
//!   Record 0 is a sentinel that belongs to nobody.
//! - A record's `pc` is where the frame continues when control comes back to it; while native code
//!   runs, `frame.pc` is the instruction that called it and `sp` is the stack pointer there.
//! - The stack slots from `fp - 2` to the frame's stack pointer are owned by the frame.

use core::cell::UnsafeCell;
use core::ptr::null_mut;

use super::code::CodeCell;
use super::stack::{RED_ZONE, Stack};
use crate::heap::{self, Blocks, Cell, Header, Tracer};
use crate::mem::{Mem, Part, Use, Vec};
use crate::value::{JsResult, RawValue, Thrown, Value, kind};

/// Set in a frame that native code entered: leaving it leaves the dispatch loop.
pub const FRAME_ENTRY: u32 = 1;
/// The call is a `construct`: a result that is no object is replaced by `this`.
pub const FRAME_CONSTRUCT: u32 = 2;
/// A generator or async function: leaving it goes through its object.
pub const FRAME_RESUMABLE: u32 = 4;
/// The frame begins a chunk of the value stack, to be popped with it.
pub const FRAME_CHUNK: u32 = 8;
/// A native function: `code` is null, `fp[-1]` the function.
pub const FRAME_NATIVE: u32 = 16;
/// A generator that a `for-of` of the frame below steps: that frame stands behind its `for_of_next`.
pub const FRAME_STEP: u32 = 32;
/// A generator that the frame below resumed by calling `next()`.
pub const FRAME_NEXT: u32 = 64;
/// A generator that a `yield*` of the frame below steps: that frame stands behind its `delegate_step`.
pub const FRAME_DELEGATE: u32 = 128;
/// A generator resumed by bytecode, in the same run: `new_target` holds the generator.
pub const FRAME_DRIVEN: u32 = FRAME_STEP | FRAME_NEXT | FRAME_DELEGATE;
/// The first run of an async function called by bytecode: its promise is what the call gives, however the
/// run ends.
pub const FRAME_ASYNC: u32 = 256;
/// A frame with so many arguments beyond what it has room for that they count as stack.
pub const FRAME_CHARGED: u32 = 512;

/// A setter: what it returns is dropped.
pub const FRAME_DISCARD: u32 = 1024;
/// A getter that an instruction calls: what comes behind that instruction does not make this a tail call.
pub const FRAME_GETTER: u32 = 2048;

/// Arguments beyond a frame's own that need no counting.
pub const MANY_ARGUMENTS: usize = 64;

/// A control frame.
#[repr(C)]
pub struct Frame {
    /// See the invariants.
    pub pc: *const u8,
    /// First local.
    pub fp: *mut RawValue,
    /// The code, null for natives.
    pub code: *const CodeCell,
    /// `new.target`, or the generator of a [`FRAME_DRIVEN`] frame; owned by the frame.
    pub new_target: RawValue,
    /// For resumed frames: the cell they were suspended in, to be used again; owned by the frame.
    pub resumable: RawValue,
    /// See the `FRAME_*` constants.
    pub flags: u32,
    /// Arguments the caller passed.
    pub argc: u32,
    /// Where the result goes, for a frame that begins a chunk: the caller's stack pointer without the call.
    pub base: *mut RawValue,
}

/// The interpreter's state between and during runs.
pub struct Machine {
    /// The running frame's record.
    pub frame: *mut Frame,
    /// One past the last record there is room for.
    pub frame_end: *mut Frame,
    /// No frame may reach beyond this, its operand stack included.
    pub stack_end: *mut RawValue,
    /// Registers of the running frame, saved while a slow path or native code runs.
    pub pc: *const u8,
    /// See `pc`.
    pub sp: *mut RawValue,
    /// See `pc`.
    pub fp: *mut RawValue,
    /// See `pc`.
    pub code: *const CodeCell,
    /// Counts steps of work down: back edges, calls, and what natives do. At zero the interrupt handler is asked.
    pub budget: i32,
    /// Steps between two questions.
    pub interval: i32,
    /// Elements that natives go over between two payments: not many more than are worth an interval.
    pub run: usize,
    /// Arguments of the running frames that the stack had to hold for a moment only ([`FRAME_CHARGED`]).
    pub(crate) charged: usize,
    /// Arguments beyond the parameters, on their way to a mapped arguments object.
    pub(crate) extra_arguments: Value,
    /// How the last run ended; `None` when it returned `returned`.
    pub(crate) exit: Option<Exit>,
    /// What the last run returned, owned, until it is taken out.
    pub(crate) returned: RawValue,
    frames: Vec<'static, Frame>,
    /// Chunks of the value stack.
    pub stack: Stack,
}

/// How a run ended.
pub(crate) enum Exit {
    /// The frame returned.
    Return(Value),
    /// An exception left the frame, which is gone.
    Throw(Thrown),
    /// A generator yielded the value; its frame is now the suspended frame that follows.
    Yield(Value, Value),
    /// An async function awaits the value; likewise.
    Await(Value, Value),
}

/// Steps of work between two questions to the interrupt handler, unless the host says otherwise. A step is a back
/// edge, a call, or what a native does in up to a tenth of a microsecond, so that a question comes at least every
/// millisecond.
pub const INTERRUPT_BUDGET: i32 = 4_000;

/// The most elements that natives go over between two payments.
const LONGEST_RUN: usize = 1 << 14;

impl Machine {
    /// Sets the steps between two questions, at least one.
    pub fn set_interval(&mut self, steps: u32) {
        self.interval = i32::try_from(steps).unwrap_or(i32::MAX).max(1);
        self.budget = self.interval;
        self.run = (self.interval as usize).saturating_mul(64).min(LONGEST_RUN);
    }

    /// A machine at rest; takes no memory before the first run.
    pub fn new(mem: &Mem) -> Machine {
        Machine {
            frame: null_mut(),
            frame_end: null_mut(),
            stack_end: null_mut(),
            pc: core::ptr::null(),
            sp: null_mut(),
            fp: null_mut(),
            code: core::ptr::null(),
            budget: INTERRUPT_BUDGET,
            interval: INTERRUPT_BUDGET,
            run: LONGEST_RUN,
            charged: 0,
            extra_arguments: Value::UNDEFINED,
            exit: None,
            returned: RawValue::UNDEFINED,
            frames: Vec::new(mem.memory(Use::Stack)),
            stack: Stack::new(mem),
        }
    }

    /// Makes the first stack chunk and the sentinel frame, once. A machine that is refused one of them is at rest
    /// as before: `frame` stays null until it has both.
    pub fn start(&mut self) -> JsResult<()> {
        if self.frame.is_null() {
            let (low, high) = self.stack.first_chunk()?;
            self.grow_frames()?;
            self.sp = low.cast();
            self.stack_end = high.cast::<RawValue>().wrapping_sub(RED_ZONE);
            // SAFETY: `grow_frames` made room for records.
            unsafe { self.frame.write(Frame::blank()) };
        }
        Ok(())
    }

    /// Counts arguments as stack; false, and nothing counted, when the limit is passed.
    pub(crate) fn charge_arguments(&mut self, count: usize) -> bool {
        let values = self.charged + count;
        let limit = self.stack.limit();
        if limit != 0 && values * size_of::<Value>() > limit {
            return false;
        }
        self.charged = values;
        true
    }

    /// Doubles the room for frame records, within the stack limit.
    pub fn grow_frames(&mut self) -> JsResult<()> {
        let used = if self.frame.is_null() {
            0
        } else {
            // SAFETY: both point into the same allocation.
            unsafe { self.frame.offset_from(self.frames.as_ptr()) as usize + 1 }
        };
        let capacity = (self.frames.capacity() * 2).max(64);
        let bytes = capacity * size_of::<Frame>() + self.stack.bytes();
        if self.stack.limit() != 0 && bytes > self.stack.limit() * 2 && used > 0 {
            return Err(Thrown::StackOverflow);
        }
        // SAFETY: records in use are plain data; the vector must know of them to move them.
        unsafe {
            let mut larger: Vec<'static, Frame> = Vec::try_with_capacity(capacity, self.frames.memory())?;
            larger.as_mut_ptr().copy_from_nonoverlapping(self.frames.as_ptr(), used);
            self.frames = larger;
        }
        let base = self.frames.as_mut_ptr();
        self.frame = base.wrapping_add(used.saturating_sub(1));
        self.frame_end = base.wrapping_add(self.frames.capacity());
        Ok(())
    }

    /// Reports the blocks of the value stack and the control frames.
    pub fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Stack, Part::Frames, &self.frames);
        self.stack.blocks(blocks);
    }

    /// The records from the running frame outwards, sentinel excluded.
    pub fn frames(&self) -> impl Iterator<Item = &Frame> {
        let base = self.frames.as_ptr();
        let count = if self.frame.is_null() {
            0
        } else {
            // SAFETY: both point into the same allocation.
            unsafe { self.frame.cast_const().offset_from(base) as usize }
        };
        // SAFETY: records 1..=count are initialised while the machine runs.
        (1..=count).rev().map(move |i| unsafe { &*base.add(i) })
    }
}

impl Frame {
    /// A record of nobody.
    pub fn blank() -> Frame {
        Frame {
            pc: core::ptr::null(),
            fp: null_mut(),
            code: core::ptr::null(),
            new_target: RawValue::UNDEFINED,
            resumable: RawValue::UNDEFINED,
            flags: 0,
            argc: 0,
            base: null_mut(),
        }
    }
}

/// A frame that waits in the heap: of a generator, or of an async function at an `await`. While the frame
/// runs the cell is empty, and keeps its block of values for the next time.
#[repr(C)]
pub struct SuspendedFrame {
    header: Header,
    state: UnsafeCell<Suspended>,
    /// Whom it belongs to while it awaits: a promise or an async generator.
    owner: UnsafeCell<Value>,
}

/// What a suspended frame keeps.
struct Suspended {
    /// `this`, function, locals, operand stack; owned.
    values: Vec<'static, RawValue>,
    /// Offset of the instruction it is suspended at.
    pc: u32,
    /// Arguments the caller passed.
    argc: u32,
    /// Whether that instruction is a `yield*`: what was yielded is a result object.
    delegating: bool,
}

impl Drop for Suspended {
    fn drop(&mut self) {
        for value in &*self.values {
            // SAFETY: the frame owns its values, and nobody uses them after it.
            drop(unsafe { Value::from_raw(*value) });
        }
    }
}

// SAFETY: `repr(C)` with the header first; all values are reported.
unsafe impl Cell for SuspendedFrame {
    const KIND: u8 = kind::FRAME;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe {
            for value in &*(*self.state.get()).values {
                if let Some(cell) = value.as_cell() {
                    tracer.edge(cell);
                }
            }
            (*self.owner.get()).trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        // SAFETY: no mutable reference into the cell is alive while the heap is walked.
        blocks.list(Use::Stack, Part::Frame, unsafe { &(*self.state.get()).values });
    }
}

impl SuspendedFrame {
    /// A new cell without values.
    pub fn create(mem: &Mem) -> JsResult<heap::Ref<SuspendedFrame>> {
        let values = Vec::new(mem.memory(Use::Stack));
        let cell = SuspendedFrame {
            header: Header::new(0),
            state: UnsafeCell::new(Suspended { values, pc: 0, argc: 0, delegating: false }),
            owner: UnsafeCell::new(Value::UNDEFINED),
        };
        Ok(heap::current().alloc(cell, u32::from(kind::FRAME))?)
    }

    /// Takes over the values of a frame that is being suspended. On failure nothing has changed.
    ///
    /// # Safety
    /// 1. The `count` values from `from` on are live and the caller's to give away.
    /// 2. The cell is empty.
    pub unsafe fn fill(
        &self,
        from: *const RawValue,
        count: usize,
        pc: u32,
        argc: u32,
        delegating: bool,
    ) -> JsResult<()> {
        // SAFETY: (1), (2); no reference into the cell is kept by anybody.
        unsafe {
            let state = &mut *self.state.get();
            debug_assert!(state.values.is_empty());
            if state.values.capacity() < count {
                state.values.try_reserve_exact(count)?;
            }
            state.values.as_mut_ptr().copy_from_nonoverlapping(from, count);
            state.values.set_len(count);
            (state.pc, state.argc, state.delegating) = (pc, argc, delegating);
            Ok(())
        }
    }

    /// Moves the values out to the stack, and returns how many there are.
    ///
    /// # Safety
    /// 1. There is room for the frame at `to`.
    pub unsafe fn pour(&self, to: *mut RawValue) -> usize {
        // SAFETY: (1); no reference into the cell is kept by anybody.
        unsafe {
            let values = &mut (*self.state.get()).values;
            let count = values.len();
            to.copy_from_nonoverlapping(values.as_ptr(), count);
            values.set_len(0);
            count
        }
    }

    /// The function, unless the frame runs.
    pub fn function(&self) -> Option<RawValue> {
        // SAFETY: read at once.
        let state = unsafe { &*self.state.get() };
        state.values.get(1).copied()
    }

    /// Offset of the instruction it is suspended at, and the number of arguments the caller passed.
    pub fn place(&self) -> (u32, u32) {
        // SAFETY: read at once.
        unsafe { ((*self.state.get()).pc, (*self.state.get()).argc) }
    }

    /// Whether it is suspended at a `yield*`.
    pub fn is_delegating(&self) -> bool {
        // SAFETY: read at once.
        unsafe { (*self.state.get()).delegating }
    }

    /// See [`SuspendedFrame::set_owner`].
    pub fn owner(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.owner.get()).clone() }
    }

    /// Says whom the frame belongs to while it awaits: a promise or an async generator.
    pub fn set_owner(&self, owner: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.owner.get(), owner) });
    }
}
