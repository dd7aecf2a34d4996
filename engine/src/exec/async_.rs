//! Async functions (ECMA-262 27.7.5), async generators (27.6.3), and the wrapper that makes an async
//! iterator of a sync one (27.1.6).
//!
//! A suspended frame knows its owner: the promise of an async function, or the async generator. While
//! such a frame waits for a promise it is held by the promise's reaction alone.

use crate::heap::Ref;
use crate::object::ShapeTable;
use crate::object::generator::{AsyncGeneratorCell, GeneratorState, Request, Resume};
use crate::object::iteration::{Iteration, IteratorCell};
use crate::object::promise::Reaction;
use crate::runtime::machine::Exit;
use crate::runtime::{Arguments, ClosureCell, Context, Intrinsic, NativeDef, NativeKind, SuspendedFrame};
use crate::text::names;
use crate::value::{JsResult, Value};

const fn internal(length: u8, magic: i32, function: crate::runtime::NativeFn) -> NativeDef {
    NativeDef { name: "", length, kind: NativeKind::Function, magic, function }
}

impl Context {
    /// Calls an async function: runs it to its first `await` and gives its promise.
    pub(crate) fn call_async(
        &mut self,
        function: &Value,
        this: &Value,
        arguments: &[Value],
    ) -> JsResult<Value> {
        let Some(closure) = function.downcast::<ClosureCell>() else { return Ok(Value::UNDEFINED) };
        // SAFETY: the function, which the caller holds, keeps its realm alive.
        let mut cx = unsafe { Context::new(self.rt_ptr(), closure.code().realm.cell_unchecked().cast()) };
        let exit = match cx.run_closure(function, this, arguments, &Value::UNDEFINED, 0) {
            Ok(exit) => exit,
            Err(thrown) => Exit::Throw(thrown),
        };
        let promise = cx.new_promise()?;
        cx.settle_async(exit, &promise)?;
        Ok(promise)
    }

    /// Goes on with a frame whose awaited promise has settled.
    pub(crate) fn go_on(&mut self, frame: &Ref<SuspendedFrame>, how: Resume, value: Value) -> JsResult<()> {
        let owner = frame.owner();
        if let Some(generator) = owner.downcast::<AsyncGeneratorCell>() {
            let unwrapping = generator.take_unwrapping();
            let how = if unwrapping && how == Resume::Next { Resume::Return } else { how };
            let exit = self.resume_or_throw(frame, how, value);
            return self.async_generator_exit(&owner, exit);
        }
        let exit = self.resume_or_throw(frame, how, value);
        self.settle_async(exit, &owner)
    }

    fn resume_or_throw(&mut self, frame: &SuspendedFrame, how: Resume, value: Value) -> Exit {
        match self.resume_frame(frame, how, value) {
            Ok(exit) => exit,
            Err(thrown) => Exit::Throw(thrown),
        }
    }

    /// Lets `frame` await a value; if that fails, goes on with the exception.
    fn await_or_throw(&mut self, value: &Value, frame: &Value, owner: &Value) -> JsResult<Option<Exit>> {
        let Some(cell) = frame.downcast::<SuspendedFrame>() else { return Ok(None) };
        cell.set_owner(owner.clone());
        match self.await_value(value, frame) {
            Ok(()) => Ok(None),
            Err(thrown) => {
                let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                Ok(Some(self.resume_or_throw(cell, Resume::Throw, reason)))
            }
        }
    }

    /// Acts on how an async function's run ended.
    pub(crate) fn settle_async(&mut self, mut exit: Exit, promise: &Value) -> JsResult<()> {
        loop {
            match exit {
                Exit::Return(value) => return self.resolve_promise(promise, &value),
                Exit::Throw(thrown) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    return self.reject_promise(promise, reason);
                }
                Exit::Await(value, frame) | Exit::Yield(value, frame) => {
                    match self.await_or_throw(&value, &frame, promise)? {
                        Some(next) => exit = next,
                        None => return Ok(()),
                    }
                }
            }
        }
    }

    // ----- Async generators -----

    /// `next`, `throw` and `return` of async generators (27.6.1).
    pub(crate) fn async_generator_request(
        &mut self,
        generator: &Value,
        how: Resume,
        value: &Value,
    ) -> JsResult<Value> {
        let promise = self.new_promise()?;
        let Some(cell) = generator.downcast::<AsyncGeneratorCell>() else {
            let error =
                self.make_error(Intrinsic::TypeErrorPrototype, format_args!("not an async generator"))?;
            self.reject_promise(&promise, error.into())?;
            return Ok(promise);
        };
        let mut state = cell.state();
        if how == Resume::Throw && state == GeneratorState::SuspendedStart {
            state = GeneratorState::Completed;
            cell.set_state(state);
            drop(cell.take_frame());
        }
        if state == GeneratorState::Completed && how != Resume::Return {
            if how == Resume::Next {
                let result = self.iter_result(Value::UNDEFINED, true)?;
                self.resolve_promise(&promise, &result)?;
            } else {
                self.reject_promise(&promise, value.clone())?;
            }
            return Ok(promise);
        }
        cell.push_request(Request { how, value: value.clone(), promise: promise.clone() })?;
        match state {
            GeneratorState::SuspendedStart | GeneratorState::Completed if how == Resume::Return => {
                drop(cell.take_frame());
                self.async_generator_await_return(generator)?;
            }
            GeneratorState::SuspendedStart | GeneratorState::SuspendedYield => {
                let frame = cell.take_frame();
                cell.set_state(GeneratorState::Executing);
                let exit = self.async_generator_resume(generator, &frame, how, value.clone())?;
                if let Some(exit) = exit {
                    self.async_generator_exit(generator, exit)?;
                }
            }
            _ => (),
        }
        Ok(promise)
    }

    /// Goes on with the frame; the value of a return completion is awaited first (AsyncGeneratorUnwrapYieldResumption).
    fn async_generator_resume(
        &mut self,
        generator: &Value,
        frame: &Value,
        how: Resume,
        value: Value,
    ) -> JsResult<Option<Exit>> {
        if how == Resume::Return {
            if let Some(cell) = generator.downcast::<AsyncGeneratorCell>() {
                cell.set_unwrapping();
            }
            let failed = self.await_or_throw(&value, frame, generator)?;
            if let (Some(_), Some(cell)) = (&failed, generator.downcast::<AsyncGeneratorCell>()) {
                let _: bool = cell.take_unwrapping();
            }
            return Ok(failed);
        }
        let Some(cell) = frame.downcast::<SuspendedFrame>() else { return Ok(None) };
        Ok(Some(self.resume_or_throw(cell, how, value)))
    }

    /// Acts on how an async generator's run ended.
    fn async_generator_exit(&mut self, generator: &Value, mut exit: Exit) -> JsResult<()> {
        let Some(cell) = generator.downcast::<AsyncGeneratorCell>() else { return Ok(()) };
        loop {
            let next = match exit {
                Exit::Await(value, frame) => self.await_or_throw(&value, &frame, generator)?,
                Exit::Yield(value, frame) => {
                    self.async_generator_complete(cell, Ok(value), false)?;
                    match cell.first_request() {
                        Some(request) => {
                            self.async_generator_resume(generator, &frame, request.how, request.value)?
                        }
                        None => {
                            if let Some(frame) = frame.downcast::<SuspendedFrame>() {
                                frame.set_owner(Value::UNDEFINED);
                            }
                            cell.set_state(GeneratorState::SuspendedYield);
                            cell.set_frame(frame);
                            None
                        }
                    }
                }
                Exit::Return(value) => {
                    cell.set_state(GeneratorState::Draining);
                    self.async_generator_complete(cell, Ok(value), true)?;
                    return self.async_generator_drain(generator);
                }
                Exit::Throw(thrown) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    cell.set_state(GeneratorState::Draining);
                    self.async_generator_complete(cell, Err(reason), true)?;
                    return self.async_generator_drain(generator);
                }
            };
            match next {
                Some(next) => exit = next,
                None => return Ok(()),
            }
        }
    }

    /// AsyncGeneratorCompleteStep (27.6.3.5): answers the first request.
    fn async_generator_complete(
        &mut self,
        cell: &AsyncGeneratorCell,
        outcome: Result<Value, Value>,
        done: bool,
    ) -> JsResult<()> {
        let Some(request) = cell.pop_request() else { return Ok(()) };
        match outcome {
            Ok(value) => {
                let result = self.iter_result(value, done)?;
                self.resolve_promise(&request.promise, &result)
            }
            Err(reason) => self.reject_promise(&request.promise, reason),
        }
    }

    /// AsyncGeneratorAwaitReturn (27.6.3.9).
    fn async_generator_await_return(&mut self, generator: &Value) -> JsResult<()> {
        let Some(cell) = generator.downcast::<AsyncGeneratorCell>() else { return Ok(()) };
        cell.set_state(GeneratorState::Draining);
        let Some(request) = cell.first_request() else { return Ok(()) };
        let promise = match self.intrinsic_promise_resolve(&request.value) {
            Ok(promise) => promise,
            Err(thrown) => {
                let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                self.async_generator_complete(cell, Err(reason), true)?;
                return self.async_generator_drain(generator);
            }
        };
        let data = core::slice::from_ref(generator);
        let fulfilled = self.new_native(&RETURN_FULFILLED, data)?.into_value();
        let rejected = self.new_native(&RETURN_REJECTED, data)?.into_value();
        self.promise_then(&promise, Reaction { target: Value::UNDEFINED, fulfilled, rejected })
    }

    /// AsyncGeneratorDrainQueue (27.6.3.10).
    fn async_generator_drain(&mut self, generator: &Value) -> JsResult<()> {
        let Some(cell) = generator.downcast::<AsyncGeneratorCell>() else { return Ok(()) };
        while let Some(request) = cell.first_request() {
            let outcome = match request.how {
                Resume::Return => return self.async_generator_await_return(generator),
                Resume::Next => Ok(Value::UNDEFINED),
                Resume::Throw => Err(request.value),
            };
            self.async_generator_complete(cell, outcome, true)?;
        }
        cell.set_state(GeneratorState::Completed);
        Ok(())
    }

    // ----- Async iterators of sync ones -----

    /// GetIterator, async: the iterator and its `next`.
    pub(crate) fn get_async_iterator(&mut self, iterable: &Value) -> JsResult<(Value, Value)> {
        let method = self.get_method(iterable, names::SYM_ASYNC_ITERATOR)?;
        if !method.is_undefined() {
            return self.iterator_from_method(iterable, &method);
        }
        let (iterator, next) = self.get_iterator(iterable)?;
        self.async_from_sync_iterator(iterator, next)
    }

    /// CreateAsyncFromSyncIterator (27.1.6.1).
    pub(crate) fn async_from_sync_iterator(
        &mut self,
        iterator: Value,
        next: Value,
    ) -> JsResult<(Value, Value)> {
        let prototype = self.realm().intrinsic(Intrinsic::AsyncFromSyncIteratorPrototype);
        let shape = ShapeTable::current().root(&prototype, 0, 0)?;
        let wrapper = IteratorCell::create(shape, Iteration::AsyncFromSync, iterator, next)?;
        let next = self.get(&wrapper, names::NEXT)?;
        Ok((wrapper.into(), next))
    }

    /// `next`, `return` and `throw` of %AsyncFromSyncIteratorPrototype% (27.1.6.2).
    pub(crate) fn async_from_sync(
        &mut self,
        wrapper: &Value,
        how: Resume,
        arguments: &[Value],
    ) -> JsResult<Value> {
        let promise = self.new_promise()?;
        if let Err(thrown) = self.async_from_sync_step(wrapper, how, arguments, &promise) {
            let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
            self.reject_promise(&promise, reason)?;
        }
        Ok(promise)
    }

    fn async_from_sync_step(
        &mut self,
        wrapper: &Value,
        how: Resume,
        arguments: &[Value],
        promise: &Value,
    ) -> JsResult<()> {
        let Some(cell) = wrapper.downcast::<IteratorCell>().filter(|c| c.what() == Iteration::AsyncFromSync)
        else {
            return Err(self.throw_type_error(format_args!("not an async-from-sync iterator")));
        };
        let iterator = cell.source();
        let arguments = arguments.get(..1).unwrap_or(&[]);
        let result = match how {
            Resume::Next => self.call(&cell.extra(), &iterator, arguments)?,
            Resume::Return => {
                let method = self.get_method(&iterator, names::RETURN)?;
                if method.is_undefined() {
                    let value = arguments.first().cloned().unwrap_or_default();
                    let result = self.iter_result(value, true)?;
                    return self.resolve_promise(promise, &result);
                }
                self.call(&method, &iterator, arguments)?
            }
            Resume::Throw => {
                let method = self.get_method(&iterator, names::THROW)?;
                if method.is_undefined() {
                    self.iterator_close(&iterator)?;
                    return Err(self.throw_type_error(format_args!("iterator does not have a throw method")));
                }
                self.call(&method, &iterator, arguments)?
            }
        };
        let Some(object) = result.as_object() else {
            return Err(self.throw_type_error(format_args!("iterator must return an object")));
        };
        // AsyncFromSyncIteratorContinuation (27.1.6.4).
        let close = how != Resume::Return;
        let done = self.get(object, names::DONE)?.to_boolean();
        let value = self.get(object, names::VALUE)?;
        let wrapped = match self.intrinsic_promise_resolve(&value) {
            Ok(wrapped) => wrapped,
            Err(thrown) if !done && close => return Err(self.iterator_close_after(&iterator, thrown)),
            Err(thrown) => return Err(thrown),
        };
        let fulfilled = self.new_native(if done { &UNWRAP_DONE } else { &UNWRAP }, &[])?.into_value();
        let rejected = if done || !close {
            Value::UNDEFINED
        } else {
            self.new_native(&CLOSE_ITERATOR, core::slice::from_ref(&iterator))?.into_value()
        };
        self.promise_then(&wrapped, Reaction { target: promise.clone(), fulfilled, rejected })
    }
}

static RETURN_FULFILLED: NativeDef = internal(1, 0, returned);
static RETURN_REJECTED: NativeDef = internal(1, 1, returned);
static UNWRAP: NativeDef = internal(1, 0, unwrap);
static UNWRAP_DONE: NativeDef = internal(1, 1, unwrap);
static CLOSE_ITERATOR: NativeDef = internal(1, 0, close_iterator);

/// The value of a `return()` on a generator that had ended has settled.
fn returned(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let generator = call.data(0);
    if let Some(cell) = generator.downcast::<AsyncGeneratorCell>() {
        let value = call.get(0).clone();
        let outcome = if call.magic == 0 { Ok(value) } else { Err(value) };
        cx.async_generator_complete(cell, outcome, true)?;
        cx.async_generator_drain(&generator)?;
    }
    Ok(Value::UNDEFINED)
}

fn unwrap(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.iter_result(call.get(0).clone(), call.magic != 0)
}

fn close_iterator(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let error = cx.throw(call.get(0).clone());
    Err(cx.iterator_close_after(&call.data(0), error))
}
