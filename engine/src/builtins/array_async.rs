//! `Array.fromAsync` (ECMA-262 23.1.2.2).

use crate::exec::task::{Step, Task, TaskDef};
use crate::runtime::{Arguments, Context};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value};

static FROM_ASYNC: TaskDef = TaskDef::new(step, resume);

fn resume(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.resume_task(&FROM_ASYNC, call)
}

// Slots of the task's state.
const PHASE: u32 = 0;
const CLASS: u32 = 1;
const ITEMS: u32 = 2;
const MAPPER: u32 = 3;
const THIS: u32 = 4;
const ITERATOR: u32 = 5;
const NEXT: u32 = 6;
const RESULT: u32 = 7;
const INDEX: u32 = 8;
const LENGTH: u32 = 9;
const ERROR: u32 = 10;
const SLOTS: usize = 11;

// What was awaited, in slot PHASE.
const START: i32 = 0;
/// The result of the iterator's `next`.
const NEXT_RESULT: i32 = 1;
/// The mapper's result for a value of an iterator.
const MAPPED: i32 = 2;
/// The iterator's `return`, before the error in slot ERROR is thrown.
const CLOSED: i32 = 3;
/// An element of an array-like.
const ELEMENT: i32 = 4;
/// The mapper's result for such an element.
const MAPPED_ELEMENT: i32 = 5;

/// `Array.fromAsync(items, mapper, thisArg)`.
pub(super) fn from_async(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let mut state = [const { Value::UNDEFINED }; SLOTS];
    state[PHASE as usize] = Value::int(START);
    state[CLASS as usize] = call.this.clone();
    state[ITEMS as usize] = call.get(0).clone();
    state[MAPPER as usize] = call.get(1).clone();
    state[THIS as usize] = call.get(2).clone();
    state[INDEX as usize] = Value::int(0);
    cx.start_task(&FROM_ASYNC, &state)
}

fn awaiting(task: &Task, phase: i32, value: Value) -> JsResult<Step> {
    task.set(PHASE, Value::int(phase));
    Ok(Step::Await(value))
}

fn step(cx: &mut Context, task: &Task, input: Result<Value, Value>) -> JsResult<Step> {
    match (task.get(PHASE).as_int().unwrap_or(START), input) {
        (START, _) => start(cx, task),
        (NEXT_RESULT, Ok(result)) => take(cx, task, &result),
        (MAPPED, Ok(value)) => store(cx, task, value),
        (MAPPED, Err(reason)) => {
            let thrown = cx.throw(reason);
            close(cx, task, thrown)
        }
        (CLOSED, _) => Err(cx.throw(task.get(ERROR))),
        (ELEMENT, Ok(value)) => map_element(cx, task, value),
        (MAPPED_ELEMENT, Ok(value)) => store_element(cx, task, value),
        (_, Err(reason)) => Err(cx.throw(reason)),
        (_, Ok(value)) => Ok(Step::Done(value)),
    }
}

fn start(cx: &mut Context, task: &Task) -> JsResult<Step> {
    let mapper = task.get(MAPPER);
    if !mapper.is_undefined() {
        super::function::callback(cx, &mapper)?;
    }
    let (class, items) = (task.get(CLASS), task.get(ITEMS));
    let mut record = None;
    let method = cx.get_method(&items, names::SYM_ASYNC_ITERATOR)?;
    if method.is_undefined() {
        let method = cx.get_method(&items, names::SYM_ITERATOR)?;
        if !method.is_undefined() {
            let (iterator, next) = cx.iterator_from_method(&items, &method)?;
            record = Some(cx.async_from_sync_iterator(iterator, next)?);
        }
    } else {
        record = Some(cx.iterator_from_method(&items, &method)?);
    }
    if let Some((iterator, next)) = record {
        let result = if cx.is_constructor(&class) {
            cx.construct(&class, &[], &class)?
        } else {
            cx.new_array(&[])?.into()
        };
        task.set(RESULT, result);
        task.set(ITERATOR, iterator);
        task.set(NEXT, next);
        return advance(cx, task);
    }
    let object = cx.to_object(&items)?;
    let length = cx.length_of(&object)?;
    let result = if cx.is_constructor(&class) {
        cx.construct(&class, &[Value::number(length as f64)], &class)?
    } else {
        cx.array_create(length)?.into()
    };
    task.set(ITEMS, object.into());
    task.set(LENGTH, Value::number(length as f64));
    task.set(RESULT, result);
    element(cx, task)
}

fn index(task: &Task) -> u64 {
    task.get(INDEX).as_number().unwrap_or(0.0) as u64
}

fn result(task: &Task) -> JsResult<Object> {
    Object::try_from(task.get(RESULT)).map_err(|_| Thrown::Exception)
}

// ----- Iterators -----

/// Asks the iterator for its next result.
fn advance(cx: &mut Context, task: &Task) -> JsResult<Step> {
    if index(task) >= (1 << 53) - 1 {
        let thrown = cx.throw_type_error(format_args!("too many elements for an array"));
        return close(cx, task, thrown);
    }
    let next = cx.call(&task.get(NEXT), &task.get(ITERATOR), &[])?;
    awaiting(task, NEXT_RESULT, next)
}

fn take(cx: &mut Context, task: &Task, next: &Value) -> JsResult<Step> {
    let Some(object) = next.as_object() else {
        return Err(cx.throw_type_error(format_args!("iterator must return an object")));
    };
    if cx.get(object, names::DONE)?.to_boolean() {
        return finish(cx, task);
    }
    let value = cx.get(object, names::VALUE)?;
    let mapper = task.get(MAPPER);
    if mapper.is_undefined() {
        return store(cx, task, value);
    }
    match cx.call(&mapper, &task.get(THIS), &[value, task.get(INDEX)]) {
        Ok(mapped) => awaiting(task, MAPPED, mapped),
        Err(thrown) => close(cx, task, thrown),
    }
}

fn store(cx: &mut Context, task: &Task, value: Value) -> JsResult<Step> {
    let at = index(task);
    if let Err(thrown) = cx.create_index_or_throw(&result(task)?, at, value) {
        return close(cx, task, thrown);
    }
    task.set(INDEX, Value::number((at + 1) as f64));
    advance(cx, task)
}

/// AsyncIteratorClose (7.4.13) with a throw completion.
fn close(cx: &mut Context, task: &Task, thrown: Thrown) -> JsResult<Step> {
    let Some(reason) = cx.caught_value(thrown) else { return Err(thrown) };
    let iterator = task.get(ITERATOR);
    let closing = match cx.get_method(&iterator, names::RETURN) {
        Ok(method) if method.is_undefined() => Err(None),
        Ok(method) => cx.call(&method, &iterator, &[]).map_err(Some),
        Err(thrown) => Err(Some(thrown)),
    };
    match closing {
        Ok(returned) => {
            task.set(ERROR, reason);
            awaiting(task, CLOSED, returned)
        }
        Err(Some(Thrown::Terminated)) => Err(Thrown::Terminated),
        Err(_) => Err(cx.throw(reason)),
    }
}

fn finish(cx: &mut Context, task: &Task) -> JsResult<Step> {
    let result = result(task)?;
    cx.set(&result, names::LENGTH, task.get(INDEX))?;
    Ok(Step::Done(result.into()))
}

// ----- Array-likes -----

fn element(cx: &mut Context, task: &Task) -> JsResult<Step> {
    let at = index(task);
    if at as f64 >= task.get(LENGTH).as_number().unwrap_or(0.0) {
        return finish(cx, task);
    }
    let Ok(items) = Object::try_from(task.get(ITEMS)) else { return Err(Thrown::Exception) };
    let value = cx.get_index(&items, at)?;
    awaiting(task, ELEMENT, value)
}

fn map_element(cx: &mut Context, task: &Task, value: Value) -> JsResult<Step> {
    let mapper = task.get(MAPPER);
    if mapper.is_undefined() {
        return store_element(cx, task, value);
    }
    let mapped = cx.call(&mapper, &task.get(THIS), &[value, task.get(INDEX)])?;
    awaiting(task, MAPPED_ELEMENT, mapped)
}

fn store_element(cx: &mut Context, task: &Task, value: Value) -> JsResult<Step> {
    let at = index(task);
    cx.create_index_or_throw(&result(task)?, at, value)?;
    task.set(INDEX, Value::number((at + 1) as f64));
    element(cx, task)
}
