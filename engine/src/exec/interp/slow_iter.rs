//! Iteration, suspension, eval and modules' instructions.

use super::{Flow, Interp, cache, resume};
use crate::code::opcodes::Op;
use crate::object::iteration::ForInCell;
use crate::text::names;
use crate::value::{JsResult, Thrown, Value};

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
            let quick = if op == Op::IterOpen { cache::open_array(i, &iterable)? } else { None };
            let (iterator, next) = match quick {
                Some(opened) => opened,
                None if op == Op::IterOpen => i.cx().get_iterator(&iterable)?,
                None => i.cx().get_async_iterator(&iterable)?,
            };
            i.push(iterator);
            i.push(next);
        }
        Op::ForOfNext => return resume::for_of_next(i),
        Op::IterNextValue => {
            let depth = i.u8(1);
            let (next, iterator) = (i.peek(depth), i.peek(depth + 1));
            let mut value = Value::UNDEFINED;
            if let Some(element) = resume::quick_element(&iterator, &next) {
                value = element;
            } else if !iterator.is_undefined() {
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
            if !iterator.is_undefined() && !cache::needs_no_close(&iterator) {
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
        Op::CheckCoercible => {
            if i.peek(0).is_nullish() {
                let mut cx = i.cx();
                let value = i.peek(0);
                let what = cx.describe(&value);
                return Err(cx.throw_type_error(format_args!("cannot destructure {what}")));
            }
        }

        Op::Coerce => {
            let value = i.pop();
            let mut cx = i.cx();
            if i.u8(1) == 0 {
                let object = cx.to_object(&value)?;
                i.push(object.into());
            } else if value.is_object() {
                i.push(value);
            } else {
                return Err(cx.throw_type_error(format_args!("iterator result is not an object")));
            }
        }
        Op::Make => {
            let mut cx = i.cx();
            let object = match i.u8(1) {
                0 => cx.import_meta()?,
                1 => cx.new_object_with_prototype(&Value::NULL)?.into(),
                _ => cx.new_block_disposer()?,
            };
            i.push(object);
        }

        // ----- Disposal of resources -----
        Op::DisposeAdd => {
            let disposer = i.pop();
            let value = i.peek(0);
            let mut cx = i.cx();
            let disposer = cx.block_disposer(&disposer)?;
            match i.u8(1) {
                2 => cx.note_disposal_error(disposer, value)?,
                hint => cx.add_disposable(disposer, &value, hint != 0)?,
            }
        }
        Op::DisposeStep => {
            let disposer = i.pop();
            let mut cx = i.cx();
            let disposer = cx.block_disposer(&disposer)?;
            let step = cx.dispose_step(disposer)?;
            let ended = step.is_none();
            if let Some(value) = step {
                i.push(value);
            }
            return i.branch(ended, i.i32(1) as isize, size);
        }

        // ----- Suspension -----
        Op::InitialYield => return resume::initial_yield(i),
        Op::Yield => return resume::yield_value(i),
        Op::YieldDelegate => return resume::yield_delegate(i),
        Op::Await => return resume::await_value(i),
        Op::Finish => return resume::finish(i),
        Op::DelegateStep => return resume::delegate_step(i),
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
            let spread = if op == Op::EvalSpread { Some(i.pop()) } else { None };
            let (argc, scope) = match &spread {
                Some(array) => (i.spread_on_stack(array)?, i.u16(1)),
                None => (Some(i.u16(1)), i.u16(3)),
            };
            let callee = i.peek(argc.unwrap_or(0));
            let mut cx = i.cx();
            if callee.bits() != cx.realm().intrinsic(crate::runtime::Intrinsic::Eval).bits() {
                return match (argc, &spread) {
                    (None, Some(array)) => i.call_with_array(array, false, size),
                    _ => i.call_on_stack(argc.unwrap_or(0), size),
                };
            }
            let source = match (argc, &spread) {
                (Some(0), _) => Value::UNDEFINED,
                (Some(argc), _) => i.peek(argc - 1),
                (None, array) => {
                    let first = array.as_ref().and_then(|a| a.as_object()?.as_array()?.dense(0));
                    first.unwrap_or_default()
                }
            };
            let result = cx.direct_eval(&source, scope)?;
            i.cut(i.m().sp.sub(argc.unwrap_or(0) + 2));
            i.push(result);
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
