//! Async functions written in Rust: a step function that is called again with what it awaited.
//!
//! A task keeps its state in a list of values that no script can reach. Each step returns what to await
//! next, or the result; an error rejects the task's promise. Awaits take as many jobs as those of a script.

use crate::object::promise::Reaction;
use crate::runtime::{Arguments, Context, NativeDef, NativeFn, NativeKind};
use crate::value::{JsResult, Object, Value};

/// What a step ends with.
pub(crate) enum Step {
    /// Call again with the outcome of this value.
    Await(Value),
    /// The task's promise is resolved with this value.
    Done(Value),
}

/// One step: the task, and how what it awaited has settled (`Ok(undefined)` at the start).
pub(crate) type StepFn = fn(&mut Context, &Task, Result<Value, Value>) -> JsResult<Step>;

/// A kind of task: its step function and the functions that promises call.
pub(crate) struct TaskDef {
    step: StepFn,
    fulfilled: NativeDef,
    rejected: NativeDef,
}

impl TaskDef {
    /// A kind of task. `resume` must be a function that calls [`Context::resume_task`] with this definition.
    pub(crate) const fn new(step: StepFn, resume: NativeFn) -> TaskDef {
        const fn def(magic: i32, function: NativeFn) -> NativeDef {
            NativeDef { name: "", length: 1, kind: NativeKind::Function, magic, function }
        }
        TaskDef { step, fulfilled: def(0, resume), rejected: def(1, resume) }
    }
}

/// A task: its state.
pub(crate) struct Task {
    state: Object,
}

impl Task {
    /// The value in slot `i`.
    pub(crate) fn get(&self, i: u32) -> Value {
        self.state.as_array().and_then(|state| state.dense(i)).unwrap_or_default()
    }

    /// Replaces the value in slot `i`, one of those the task was started with.
    pub(crate) fn set(&self, i: u32, value: Value) {
        if let Some(state) = self.state.as_array() {
            state.set_dense(i, value);
        }
    }
}

impl Context {
    /// Starts a task: runs it to its first await and gives its promise.
    pub(crate) fn start_task(&mut self, def: &'static TaskDef, state: &[Value]) -> JsResult<Value> {
        let promise = self.new_promise()?;
        let state = self.new_array(state)?;
        self.drive_task(def, &Task { state }, &promise, Ok(Value::UNDEFINED))?;
        Ok(promise)
    }

    /// Goes on with a task whose awaited promise has settled.
    pub(crate) fn resume_task(&mut self, def: &'static TaskDef, call: &Arguments<'_>) -> JsResult<Value> {
        let (state, promise) = (call.data(0), call.data(1));
        if let Ok(state) = Object::try_from(state) {
            let value = call.get(0).clone();
            let input = if call.magic == 0 { Ok(value) } else { Err(value) };
            self.drive_task(def, &Task { state }, &promise, input)?;
        }
        Ok(Value::UNDEFINED)
    }

    fn drive_task(
        &mut self,
        def: &'static TaskDef,
        task: &Task,
        promise: &Value,
        mut input: Result<Value, Value>,
    ) -> JsResult<()> {
        loop {
            let awaited = match (def.step)(self, task, input) {
                Ok(Step::Done(value)) => return self.resolve_promise(promise, &value),
                Ok(Step::Await(value)) => value,
                Err(thrown) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    return self.reject_promise(promise, reason);
                }
            };
            match self.intrinsic_promise_resolve(&awaited) {
                Ok(awaited) => {
                    let data = [task.state.as_value().clone(), promise.clone()];
                    let fulfilled = self.new_native(&def.fulfilled, &data)?.into_value();
                    let rejected = self.new_native(&def.rejected, &data)?.into_value();
                    let reaction = Reaction { target: Value::UNDEFINED, fulfilled, rejected };
                    return self.promise_then(&awaited, reaction);
                }
                Err(thrown) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    input = Err(reason);
                }
            }
        }
    }
}
