//! Frames that are suspended and resumed: generators, async functions, `yield*`.
//!
//! A generator that bytecode asks for its next value (a `for-of`, a call of `next()`, a `yield*`) runs in a
//! frame above the asking one, in the same run: no native recursion, and nothing is allocated but the
//! result objects that a script can see. Who asked is in the frame's flags ([`FRAME_DRIVEN`]), the generator
//! itself in `new_target`. A generator that native code asks, an async generator, and an async function
//! that goes on after an `await` run nested, in a frame marked [`FRAME_ENTRY`].
//!
//! # Invariants
//! - While a generator runs, its frame is on the stack alone: its cell is empty and belongs to the frame record.
//! - An error after a frame was left stands one byte inside the caller's instruction, for its handlers
//!   and its position.

use core::ptr::NonNull;

use super::{Flow, Interp};
use crate::code::opcodes::Op;
use crate::exec::iteration::GENERATOR_NEXT;
use crate::object::generator::{GeneratorCell, GeneratorState, Resume};
use crate::object::iteration::{Iteration, IteratorCell};
use crate::runtime::machine::*;
use crate::runtime::{ClosureCell, Context, NativeCell, Realm};
use crate::text::names;
use crate::value::{JsResult, RawValue, Thrown, Value, kind};

/// Moves the running frame's values to its cell; the frame is suspended *at* the present instruction. Its
/// record is still to be left. On failure nothing has changed.
unsafe fn store(i: Interp) -> JsResult<Value> {
    let m = i.m();
    let low = m.fp.sub(2);
    let count = m.sp.offset_from(low) as usize;
    let (pc, argc) = (i.pc_offset() as u32, (*m.frame).argc);
    let delegating = i.u8(0) == Op::YieldDelegate as usize;
    // A frame that was suspended before goes back into its cell, and the cell's block of values.
    let kept = (*m.frame).resumable;
    if kept.kind() == kind::FRAME {
        let cell = kept.cell_unchecked().cast::<SuspendedFrame>();
        cell.as_ref().fill(low, count, pc, argc, delegating)?;
        m.sp = low;
        (*m.frame).resumable = RawValue::UNDEFINED;
        return Ok(Value::from_raw(kept));
    }
    let frame = SuspendedFrame::create(&i.cx().rt().mem)?;
    frame.fill(low, count, pc, argc, delegating)?;
    m.sp = low;
    Ok(frame.into())
}

/// Leaves the run with what a frame that native code resumed has to say.
unsafe fn exit(i: Interp, exit: Exit) -> JsResult<Flow> {
    i.leave_frame();
    i.m().exit = Some(exit);
    Ok(Flow::Exit)
}

/// An error of the caller's instruction, whose frame has just become the running one.
unsafe fn fail(i: Interp, thrown: Thrown) -> JsResult<Flow> {
    let m = i.m();
    m.pc = m.pc.sub(1);
    Err(thrown)
}

/// The generator object takes the frame over, and is what the call returns.
pub(super) unsafe fn initial_yield(i: Interp) -> JsResult<Flow> {
    i.advance(Op::InitialYield.size());
    let function = (*i.m().fp.sub(1)).to_owned();
    let mut cx = i.cx();
    let is_async = i.code().flags.async_();
    let generator = cx.new_generator(&function, is_async)?;
    let frame = store(i)?;
    cx.set_generator_frame(&generator, frame);
    if (*i.m().frame).flags & FRAME_ENTRY != 0 {
        return exit(i, Exit::Return(generator.into()));
    }
    i.leave_frame();
    i.push(generator.into());
    Ok(Flow::Continue)
}

/// `yield`.
pub(super) unsafe fn yield_value(i: Interp) -> JsResult<Flow> {
    if (*i.m().frame).flags == FRAME_STEP | FRAME_RESUMABLE {
        return yield_to_loop(i);
    }
    let value = i.pop();
    if (*i.m().frame).flags & FRAME_DRIVEN == 0 {
        let frame = store(i)?;
        return exit(i, Exit::Yield(value, frame));
    }
    give(i, value, true)
}

/// The commonest `yield`, to a `for-of` of the frame below, without the generality of [`give`].
unsafe fn yield_to_loop(i: Interp) -> JsResult<Flow> {
    let m = i.m();
    let frame = &mut *m.frame;
    let (value, low) = (*m.sp.sub(1), m.fp.sub(2));
    let count = m.sp.offset_from(low) as usize - 1;
    let kept = frame.resumable;
    let cell = kept.cell_unchecked().cast::<SuspendedFrame>();
    cell.as_ref().fill(low, count, i.pc_offset() as u32, frame.argc, false)?;
    // The loop's iterator is this generator too: it outlives the count that the frame record gives up.
    let generator = Value::from_raw(frame.new_target);
    if let Some(generator) = generator.downcast::<GeneratorCell>() {
        generator.set_state(GeneratorState::SuspendedYield);
        generator.set_frame(Value::from_raw(kept));
    }
    drop(generator);
    m.frame = m.frame.sub(1);
    let below = &*m.frame;
    m.pc = below.pc;
    m.fp = below.fp;
    m.code = below.code;
    low.write(value);
    m.sp = low.add(1);
    Ok(Flow::Continue)
}

/// The suspension of a `yield*`: a sync generator hands the result object out as it is.
pub(super) unsafe fn yield_delegate(i: Interp) -> JsResult<Flow> {
    let (mut result, _kind) = (i.pop(), i.pop());
    if !i.code().flags.async_() {
        return give(i, result, false);
    }
    if let Some(object) = result.as_object() {
        result = i.cx().get(object, names::VALUE)?;
    }
    let frame = store(i)?;
    exit(i, Exit::Yield(result, frame))
}

/// Suspends the running generator and gives `value` to whoever asked it; `plain` says that it is the value and
/// no result object. Generators that delegate to it are suspended with it.
unsafe fn give(i: Interp, mut value: Value, mut plain: bool) -> JsResult<Flow> {
    loop {
        let flags = (*i.m().frame).flags;
        let native = flags & FRAME_DRIVEN == 0;
        if plain && (flags & FRAME_NEXT != 0 || native) {
            value = i.cx().iter_result(value, false)?;
            plain = false;
        }
        let frame = store(i)?;
        if native {
            return exit(i, Exit::Yield(value, frame));
        }
        let record = &mut *i.m().frame;
        let generator = Value::from_raw(core::mem::replace(&mut record.new_target, RawValue::UNDEFINED));
        i.leave_frame();
        if let Some(cell) = generator.downcast::<GeneratorCell>() {
            cell.set_state(GeneratorState::SuspendedYield);
            cell.set_frame(frame);
        }
        drop(generator);
        if flags & FRAME_NEXT != 0 {
            i.push(value);
            return Ok(Flow::Continue);
        }
        if flags & FRAME_STEP != 0 {
            return if plain {
                i.push(value);
                Ok(Flow::Continue)
            } else {
                step_result(i, &value)
            };
        }
        // A `yield*`, which stands before its `delegate_check`.
        if !plain || i.u8(0) != Op::DelegateCheck as usize {
            return match if plain { i.cx().iter_result(value, false) } else { Ok(value) } {
                Ok(result) => {
                    i.push(Value::int(0));
                    i.push(result);
                    Ok(Flow::Continue)
                }
                Err(thrown) => fail(i, thrown),
            };
        }
        // No script can see the result object, so there is none: on to the generator's own suspension.
        i.advance(Op::DelegateCheck.size());
        debug_assert_eq!(i.u8(0), Op::YieldDelegate as usize);
    }
}

/// The end of a `for_of_next` that was given a result object.
unsafe fn step_result(i: Interp, result: &Value) -> JsResult<Flow> {
    let mut cx = i.cx();
    let mut read = || match result.as_object() {
        None => Err(cx.throw_type_error(format_args!("iterator must return an object"))),
        Some(object) if cx.get(object, names::DONE)?.to_boolean() => Ok(None),
        Some(object) => cx.get(object, names::VALUE).map(Some),
    };
    match read() {
        Ok(Some(value)) => i.push(value),
        Ok(None) => leave_loop(i),
        Err(thrown) => return fail(i, thrown),
    }
    Ok(Flow::Continue)
}

/// Takes the jump of the `for_of_next` that lies just behind.
unsafe fn leave_loop(i: Interp) {
    let m = i.m();
    m.pc = m.pc.sub(Op::ForOfNext.size());
    i.jump(i.i32(1) as isize);
}

/// A generator has ended.
pub(super) fn complete(generator: &Value) {
    if let Some(cell) = generator.downcast::<GeneratorCell>() {
        cell.set_state(GeneratorState::Completed);
    }
}

/// The promise of an async function that ended with an exception in its first run.
pub(super) fn rejected(i: Interp, thrown: Thrown) -> JsResult<Value> {
    let mut cx = i.cx();
    let Some(reason) = cx.caught_value(thrown) else { return Err(thrown) };
    let promise = cx.new_promise()?;
    cx.reject_promise(&promise, reason)?;
    Ok(promise)
}

/// The end of a generator or async function.
pub(super) unsafe fn finish(i: Interp) -> JsResult<Flow> {
    let flags = (*i.m().frame).flags;
    if flags & (FRAME_DRIVEN | FRAME_ASYNC) == 0 {
        // Who resumed the frame knows what its end means.
        return i.return_value();
    }
    let mut value = i.pop();
    if flags & FRAME_ASYNC != 0 {
        let mut cx = i.cx();
        let promise = cx.new_promise()?;
        cx.resolve_promise(&promise, &value)?;
        value = promise;
    } else if flags & FRAME_NEXT != 0 {
        value = i.cx().iter_result(value, true)?;
    }
    if flags & FRAME_DRIVEN != 0 {
        complete(&(*i.m().frame).new_target.to_owned());
    }
    i.cut(i.m().fp.sub(2));
    i.leave_frame();
    if flags & FRAME_STEP != 0 {
        leave_loop(i);
    } else if flags & FRAME_DELEGATE == 0 {
        i.push(value);
    } else if i.u8(0) == Op::DelegateCheck as usize {
        i.push(Value::int(0));
        i.push(value);
        i.jump(i.i32(1) as isize);
    } else {
        match i.cx().iter_result(value, true) {
            Ok(result) => {
                i.push(Value::int(0));
                i.push(result);
            }
            Err(thrown) => return fail(i, thrown),
        }
    }
    Ok(Flow::Continue)
}

/// `await`.
pub(super) unsafe fn await_value(i: Interp) -> JsResult<Flow> {
    let value = i.pop();
    if (*i.m().frame).flags & FRAME_ASYNC == 0 {
        let frame = store(i)?;
        return exit(i, Exit::Await(value, frame));
    }
    let promise = i.cx().new_promise()?;
    let realm = i.code().realm.clone();
    let frame = store(i)?;
    i.leave_frame();
    let mut cx = Context::new(i.rt, realm.cell_unchecked().cast::<Realm>());
    match cx.settle_async(Exit::Await(value, frame), &promise) {
        Ok(()) => i.push(promise),
        Err(thrown) => return fail(i, thrown),
    }
    Ok(Flow::Continue)
}

/// A step of a `for-of`.
pub(super) unsafe fn for_of_next(i: Interp) -> JsResult<Flow> {
    let size = Op::ForOfNext.size();
    let m = i.m();
    // Borrowed from the stack, which keeps them to the end of the loop.
    let (next, iterator) = (&*m.sp.sub(1).cast::<Value>(), &*m.sp.sub(2).cast::<Value>());
    match iterator.kind() {
        kind::GENERATOR if i.is_ready(iterator, next) => {
            (*m.frame).pc = m.pc.add(size);
            i.enter_generator(iterator, Value::UNDEFINED, FRAME_STEP)?;
            return Ok(Flow::Continue);
        }
        kind::ITERATOR if next.kind() == kind::NATIVE => {
            if let Some(value) = quick_element(iterator, next) {
                i.push(value);
                return i.done(size);
            }
        }
        _ => {}
    }
    let (next, iterator) = (next.clone(), iterator.clone());
    let step = i.cx().iterator_step_value(&iterator, &next)?;
    let ended = step.is_none();
    if let Some(value) = step {
        i.push(value);
    }
    i.branch(ended, i.i32(1) as isize, size)
}

/// The next value of an iterator over a dense array.
pub(super) fn quick_element(iterator: &Value, next: &Value) -> Option<Value> {
    let state = iterator.downcast::<IteratorCell>()?;
    let function = next.downcast::<NativeCell>()?;
    if state.what() != Iteration::ArrayValues || function.def().magic != crate::exec::iteration::ARRAY_NEXT {
        return None;
    }
    let index = state.index();
    let value = state.with_source(|source| {
        if source.kind() != kind::ARRAY {
            return None;
        }
        let array = source.as_object()?.as_array()?;
        if index < u64::from(array.length()) { array.dense(index as u32) } else { None }
    })?;
    state.set_index(index + 1);
    Some(value)
}

/// One step of `yield*`.
pub(super) unsafe fn delegate_step(i: Interp) -> JsResult<Flow> {
    let size = Op::DelegateStep.size();
    let (mode, received) = (i.pop().as_int().unwrap_or(0), i.pop());
    let (next, iterator) = (i.peek(0), i.peek(1));
    let is_async = i.code().flags.async_();
    if mode == 0 && !is_async && i.is_ready(&iterator, &next) {
        let m = i.m();
        (*m.frame).pc = m.pc.add(size);
        i.enter_generator(&iterator, received, FRAME_DELEGATE)?;
        return Ok(Flow::Continue);
    }
    let mut cx = i.cx();
    let (kind, result) = match mode {
        0 => (0, cx.call(&next, &iterator, &[received])?),
        1 => {
            let method = cx.get_method(&iterator, names::THROW)?;
            if !method.is_undefined() {
                (0, cx.call(&method, &iterator, &[received])?)
            } else if is_async {
                let method = cx.get_method(&iterator, names::RETURN)?;
                let result =
                    if method.is_undefined() { Value::UNDEFINED } else { cx.call(&method, &iterator, &[])? };
                (3, result)
            } else {
                cx.iterator_close(&iterator)?;
                return Err(cx.throw_type_error(format_args!("iterator does not have a throw method")));
            }
        }
        _ => {
            let method = cx.get_method(&iterator, names::RETURN)?;
            if method.is_undefined() { (2, received) } else { (1, cx.call(&method, &iterator, &[received])?) }
        }
    };
    i.push(Value::int(kind));
    i.push(result);
    i.done(size)
}

impl Interp {
    /// Whether `next` is the builtin method and `iterator` a generator that it would resume.
    pub(super) fn is_ready(&self, iterator: &Value, next: &Value) -> bool {
        let Some(cell) = iterator.downcast::<GeneratorCell>() else { return false };
        matches!(cell.state(), GeneratorState::SuspendedStart | GeneratorState::SuspendedYield)
            && next.downcast::<NativeCell>().is_some_and(|f| f.def().magic == GENERATOR_NEXT)
    }

    /// Resumes a generator that [`Interp::is_ready`] in a frame above the running one, which goes on at the
    /// `pc` in its record. On failure the generator is as it was.
    pub(super) unsafe fn enter_generator(
        &self,
        generator: &Value,
        value: Value,
        driver: u32,
    ) -> JsResult<()> {
        let Some(cell) = generator.downcast::<GeneratorCell>() else { return Ok(()) };
        let held = cell.take_frame();
        let Some(frame) = held.downcast::<SuspendedFrame>() else { return Err(Thrown::Terminated) };
        if let Err(thrown) = self.reenter(frame, driver | FRAME_RESUMABLE) {
            cell.set_frame(held);
            return Err(thrown);
        }
        cell.set_state(GeneratorState::Executing);
        let record = &mut *self.m().frame;
        record.resumable = held.into_raw();
        record.new_target = generator.clone().into_raw();
        self.resume_at(Resume::Next, value)
    }

    /// Moves a suspended frame back to the stack, above the running one. Nothing has changed on failure.
    unsafe fn reenter(&self, frame: &SuspendedFrame, flags: u32) -> JsResult<()> {
        let m = self.m();
        if m.frame.add(1) == m.frame_end {
            m.grow_frames()?;
        }
        let function = match frame.function() {
            Some(function) if function.kind() == kind::CLOSURE => function,
            _ => return Err(self.cx().throw_type_error(format_args!("generator is already running"))),
        };
        let code: *const crate::runtime::CodeCell =
            function.cell_unchecked().cast::<ClosureCell>().as_ref().code();
        let room = 2 + usize::from((*code).local_count) + usize::from((*code).stack_size);
        let mut flags = flags;
        let base = m.sp;
        if base.add(room) > m.stack_end {
            let (low, high) = m.stack.push_chunk(room)?;
            m.sp = low.cast();
            m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
            flags |= FRAME_CHUNK;
        }
        let fp = m.sp.add(2);
        let (pc, argc) = frame.place();
        m.sp = m.sp.add(frame.pour(m.sp));
        let pc = (*code).bytecode.add(pc as usize);
        let next = m.frame.add(1);
        next.write(Frame {
            // For stack texts: inside the instruction.
            pc: pc.add(1),
            fp,
            code,
            new_target: RawValue::UNDEFINED,
            resumable: RawValue::UNDEFINED,
            flags,
            argc,
            base,
        });
        m.frame = next;
        m.fp = fp;
        m.code = code;
        m.pc = pc;
        Ok(())
    }

    /// Prepares the stack for the instruction at which a frame was suspended.
    unsafe fn resume_at(&self, how: Resume, value: Value) -> JsResult<()> {
        let byte = *self.m().pc;
        match Op::from_byte(byte) {
            Some(op @ Op::Yield) => match how {
                Resume::Throw => return Err(self.cx().throw(value)),
                Resume::Next => {
                    self.push(value);
                    self.jump(self.i32(1) as isize);
                }
                Resume::Return => {
                    self.push(value);
                    self.advance(op.size());
                }
            },
            Some(op @ Op::YieldDelegate) => {
                self.push(value);
                self.push(Value::int(match how {
                    Resume::Next => 0,
                    Resume::Throw => 1,
                    Resume::Return => 2,
                }));
                self.advance(op.size());
            }
            Some(op @ Op::Await) => {
                if how == Resume::Throw {
                    return Err(self.cx().throw(value));
                }
                self.push(value);
                self.advance(op.size());
            }
            // Suspended at its start: `pc` is behind `initial_yield` already.
            _ => drop(value),
        }
        Ok(())
    }
}

impl Context {
    /// Goes on with a suspended frame until it returns, throws or suspends again.
    pub(crate) fn resume_frame(
        &mut self,
        frame: &SuspendedFrame,
        how: Resume,
        value: Value,
    ) -> JsResult<Exit> {
        self.check_native_stack()?;
        self.rt().machine.start()?;
        let interp = self.interp();
        let saved = interp.save_registers();
        // SAFETY: the machine has started; the registers are saved and restored around the run.
        unsafe {
            interp.reenter(frame, FRAME_ENTRY | FRAME_RESUMABLE)?;
            (*interp.m().frame).resumable = RawValue::cell(NonNull::from(frame).cast()).to_owned().into_raw();
            let flow = interp.resume_at(how, value);
            let exit = match flow {
                Ok(()) => interp.run(),
                Err(thrown) => match interp.unwind(thrown) {
                    Flow::Continue => interp.run(),
                    Flow::Exit => interp.m().exit.take().unwrap_or(Exit::Throw(Thrown::Terminated)),
                },
            };
            interp.restore_registers(saved);
            Ok(exit)
        }
    }
}
