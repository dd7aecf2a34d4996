//! Iteration, suspension, eval and modules' instructions.

use core::ptr::NonNull;

use super::{Flow, Interp};
use crate::code::opcodes::Op;
pub(crate) use crate::object::generator::Resume;
use crate::object::iteration::ForInCell;
use crate::runtime::machine::*;
use crate::runtime::{ClosureCell, Context};
use crate::text::names;
use crate::value::{JsResult, RawValue, Thrown, Value};

#[expect(clippy::too_many_lines, reason = "one arm per instruction, each a few lines")]
pub(super) unsafe fn execute(i: Interp, op: Op) -> JsResult<Flow> {
    let size = op.size();
    match op {
        Op::ForInStart => {
            let value = i.pop();
            let enumerator = i.cx().for_in_start(&value)?;
            i.push(enumerator);
        }
        Op::ForInNext => {
            let enumerator = i.peek(0);
            let next = match enumerator.downcast::<ForInCell>() {
                Some(cell) => i.cx().for_in_next(cell)?,
                None => None,
            };
            let ended = next.is_none();
            if let Some(key) = next {
                i.push(key);
            }
            return i.branch(ended, i.i32(1) as isize, size);
        }
        Op::IterOpen | Op::IterOpenAsync => {
            let iterable = i.pop();
            let mut cx = i.cx();
            let (iterator, next) = if op == Op::IterOpen {
                cx.get_iterator(&iterable)?
            } else {
                cx.get_async_iterator(&iterable)?
            };
            i.push(iterator);
            i.push(next);
        }
        Op::ForOfNext => {
            let (next, iterator) = (i.peek(0), i.peek(1));
            let step = i.cx().iterator_step_value(&iterator, &next)?;
            let ended = step.is_none();
            if let Some(value) = step {
                i.push(value);
            }
            return i.branch(ended, i.i32(1) as isize, size);
        }
        Op::IterNextValue => {
            let depth = i.u8(1);
            let (next, iterator) = (i.peek(depth), i.peek(depth + 1));
            let mut value = Value::UNDEFINED;
            if !iterator.is_undefined() {
                match i.cx().iterator_step_value(&iterator, &next) {
                    Ok(Some(step)) => value = step,
                    Ok(None) => i.poke(depth + 1, Value::UNDEFINED),
                    Err(error) => {
                        i.poke(depth + 1, Value::UNDEFINED);
                        return Err(error);
                    }
                }
            }
            i.push(value);
        }
        Op::IterRest => {
            let depth = i.u8(1);
            let (next, iterator) = (i.peek(depth), i.peek(depth + 1));
            i.poke(depth + 1, Value::UNDEFINED);
            let mut cx = i.cx();
            let array = cx.new_array(&[])?;
            if !iterator.is_undefined() {
                while let Some(value) = cx.iterator_step_value(&iterator, &next)? {
                    if let Some(cell) = array.as_array()
                        && cell.push_dense(value)?.is_err()
                    {
                        return Err(Thrown::OutOfMemory);
                    }
                }
            }
            i.push(array.into());
        }
        Op::IterClose => {
            let (_next, iterator) = (i.pop(), i.pop());
            if !iterator.is_undefined() {
                i.cx().iterator_close(&iterator)?;
            }
        }
        Op::IterCloseThrow => {
            let (exception, _next, iterator) = (i.pop(), i.pop(), i.pop());
            let mut cx = i.cx();
            if !iterator.is_undefined() {
                match cx.iterator_close(&iterator) {
                    Err(Thrown::Terminated) => return Err(Thrown::Terminated),
                    // The exception that closes the iterator wins over the iterator's own.
                    Ok(()) | Err(_) => drop(cx.take_pending()),
                }
            }
            return Err(cx.throw(exception));
        }
        Op::IterCloseCall => {
            let (_next, iterator) = (i.pop(), i.pop());
            let mut cx = i.cx();
            let mut result = None;
            if !iterator.is_undefined() {
                let method = cx.get_method(&iterator, names::RETURN)?;
                if !method.is_undefined() {
                    result = Some(cx.call(&method, &iterator, &[])?);
                }
            }
            let taken = result.is_none();
            if let Some(result) = result {
                i.push(result);
            }
            return i.branch(taken, i.i32(1) as isize, size);
        }
        Op::IterCallNext => {
            let (next, iterator) = (i.peek(0), i.peek(1));
            let result = i.cx().call(&next, &iterator, &[])?;
            i.push(result);
        }
        Op::IterUnwrap => {
            let result = i.pop();
            let mut cx = i.cx();
            let Some(object) = result.as_object() else {
                return Err(cx.throw_type_error(format_args!("iterator must return an object")));
            };
            let done = cx.get(object, names::DONE)?.to_boolean();
            if !done {
                let value = cx.get(object, names::VALUE)?;
                i.push(value);
            }
            return i.branch(done, i.i32(1) as isize, size);
        }
        Op::CheckObject => {
            if !i.peek(0).is_object() {
                return Err(i.cx().throw_type_error(format_args!("iterator result is not an object")));
            }
        }
        Op::CheckCoercible => {
            if i.peek(0).is_nullish() {
                let mut cx = i.cx();
                let value = i.peek(0);
                let what = cx.describe(&value);
                return Err(cx.throw_type_error(format_args!("cannot destructure {what}")));
            }
        }

        // ----- Suspension -----
        Op::InitialYield => {
            i.advance(size);
            return initial_yield(i);
        }
        Op::Yield => {
            let value = i.pop();
            let frame = suspend(i)?;
            i.m().exit = Some(Exit::Yield(value, frame));
            return Ok(Flow::Exit);
        }
        Op::YieldDelegate => {
            // A sync generator hands the result object out as it is: `kind` stays on the stack for `delegate_step`.
            let (mut result, _kind) = (i.pop(), i.pop());
            if i.code().flags.async_()
                && let Some(object) = result.as_object()
            {
                result = i.cx().get(object, names::VALUE)?;
            }
            let frame = suspend(i)?;
            i.m().exit = Some(Exit::Yield(result, frame));
            return Ok(Flow::Exit);
        }
        Op::Await => {
            let value = i.pop();
            let frame = suspend(i)?;
            i.m().exit = Some(Exit::Await(value, frame));
            return Ok(Flow::Exit);
        }
        Op::Finish => {
            // Leaves like a return; who resumed the frame knows what its end means.
            return i.return_value();
        }
        Op::DelegateStep => return delegate_step(i, size),
        Op::DelegateCheck => {
            let result = i.pop();
            let kind = i.peek(0).as_int().unwrap_or(0);
            let mut cx = i.cx();
            if kind == 3 {
                return Err(cx.throw_type_error(format_args!("iterator does not have a throw method")));
            }
            if kind == 2 {
                i.push(result);
                return i.branch(true, i.i32(1) as isize, size);
            }
            let Some(object) = result.as_object() else {
                return Err(cx.throw_type_error(format_args!("iterator must return an object")));
            };
            let done = cx.get(object, names::DONE)?.to_boolean();
            let out = if done { cx.get(object, names::VALUE)? } else { result.clone() };
            i.push(out);
            return i.branch(done, i.i32(1) as isize, size);
        }
        Op::DelegateFinish => {
            let (value, kind, _next, _iterator) = (i.pop(), i.pop(), i.pop(), i.pop());
            i.push(value);
            return i.branch(kind.as_int() == Some(0), i.i32(1) as isize, size);
        }

        // ----- Eval and modules -----
        Op::Eval | Op::EvalSpread => {
            let argc = if op == Op::EvalSpread {
                let array = i.pop();
                i.spread_on_stack(&array)?
            } else {
                i.u16(1)
            };
            let scope = i.u16(if op == Op::EvalSpread { 1 } else { 3 });
            let callee = i.peek(argc);
            let mut cx = i.cx();
            if callee.bits() != cx.realm().intrinsic(crate::runtime::Intrinsic::Eval).bits() {
                return i.call_on_stack(argc, size);
            }
            let source = if argc == 0 { Value::UNDEFINED } else { i.peek(argc - 1) };
            let result = cx.direct_eval(&source, scope)?;
            i.cut(i.m().sp.sub(argc + 2));
            i.push(result);
        }
        Op::ImportMeta => {
            let meta = i.cx().import_meta()?;
            i.push(meta);
        }
        Op::ImportCall => {
            let (options, specifier) = (i.pop(), i.pop());
            let promise = i.cx().import_call(&specifier, &options)?;
            i.push(promise);
        }
        _ => return Err(Thrown::Terminated),
    }
    i.done(size)
}

/// Moves the running frame to the heap; the registers are then the caller's. The frame is
/// suspended *at* the present instruction.
unsafe fn suspend(i: Interp) -> JsResult<Value> {
    let m = i.m();
    let low = m.fp.sub(2);
    let count = m.sp.offset_from(low) as usize;
    let pc = i.pc_offset() as u32;
    let delegating = i.u8(0) == Op::YieldDelegate as usize;
    let argc = (*m.frame).argc;
    let mut cx = i.cx();
    // A frame that was suspended before goes back into its cell, and the cell's block of values.
    let kept = (*m.frame).resumable.to_owned().downcast_ref::<SuspendedFrame>();
    let (frame, mut values) = match kept {
        Some(frame) => {
            let values = frame.take().values;
            (frame, values)
        }
        None => {
            let values = crate::mem::Vec::new(cx.rt().mem.memory(crate::mem::Use::Stack));
            let empty = crate::mem::Vec::new(values.memory());
            (SuspendedFrame::create(Suspended { values: empty, pc, argc, delegating })?, values)
        }
    };
    values.try_reserve_exact(count)?;
    for at in 0..count {
        values.try_push(Value::from_raw(*low.add(at)))?;
    }
    frame.put(Suspended { values, pc, argc, delegating });
    m.sp = low;
    i.leave_frame();
    Ok(frame.into())
}

/// The generator object takes the frame over, and is what the call returns.
unsafe fn initial_yield(i: Interp) -> JsResult<Flow> {
    let function = (*i.m().fp.sub(1)).to_owned();
    let mut cx = i.cx();
    let is_async = i.code().flags.async_();
    let generator = cx.new_generator(&function, is_async)?;
    let entry = (*i.m().frame).flags & FRAME_ENTRY != 0;
    let frame = suspend(i)?;
    cx.set_generator_frame(&generator, frame);
    if entry {
        i.m().exit = Some(Exit::Return(generator.into()));
        return Ok(Flow::Exit);
    }
    i.push(generator.into());
    Ok(Flow::Continue)
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
        // SAFETY: the values are moved back to the stack of a new frame, which was big enough for
        // them when they were suspended; the function among them keeps its code alive.
        unsafe {
            let m = interp.m();
            if m.frame.add(1) == m.frame_end {
                m.grow_frames()?;
            }
            let suspended = frame.take();
            let Some(closure) = suspended.values.get(1).and_then(|f| f.downcast::<ClosureCell>()) else {
                return Err(self.throw_type_error(format_args!("generator is already running")));
            };
            let code: *const crate::runtime::CodeCell = closure.code();
            let room = 2 + usize::from((*code).local_count) + usize::from((*code).stack_size);
            let mut flags = FRAME_ENTRY | FRAME_RESUMABLE;
            let base = m.sp;
            if base.add(room) > m.stack_end {
                let chunk = m.stack.push_chunk(room);
                let (low, high) = match chunk {
                    Ok(bounds) => bounds,
                    Err(error) => {
                        frame.put(suspended);
                        return Err(error);
                    }
                };
                m.sp = low.cast();
                m.stack_end = high.cast::<RawValue>().sub(crate::runtime::stack::RED_ZONE);
                flags |= FRAME_CHUNK;
            }
            let fp = m.sp.add(2);
            let (pc, argc) = (suspended.pc, suspended.argc);
            let mut suspended = suspended;
            for value in suspended.values.drain(..) {
                interp.push(value);
            }
            frame.put(suspended);
            let next = m.frame.add(1);
            let mut record = Frame::blank();
            record.fp = fp;
            record.code = code;
            record.flags = flags;
            record.argc = argc;
            record.base = base;
            record.resumable = RawValue::cell(NonNull::from(frame).cast()).to_owned().into_raw();
            next.write(record);
            m.frame = next;
            m.fp = fp;
            m.code = code;
            m.pc = (*code).bytecode.add(pc as usize);
            (*next).pc = m.pc.add(1);
            let flow = interp.resume_at(how, value);
            let exit = match flow {
                Ok(()) => interp.run(),
                Err(thrown) => match interp.unwind(thrown) {
                    Flow::Continue => interp.run(),
                    Flow::Exit => m.exit.take().unwrap_or(Exit::Throw(Thrown::Terminated)),
                },
            };
            interp.restore_registers(saved);
            Ok(exit)
        }
    }
}

impl Interp {
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

/// One step of `yield*`.
unsafe fn delegate_step(i: Interp, size: usize) -> JsResult<Flow> {
    let (mode, received) = (i.pop().as_int().unwrap_or(0), i.pop());
    let (next, iterator) = (i.peek(0), i.peek(1));
    let is_async = i.code().flags.async_();
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
