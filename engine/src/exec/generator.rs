//! Generators (ECMA-262 27.5.3): starting, resuming, ending.

use crate::object::ShapeTable;
use crate::object::generator::{AsyncGeneratorCell, GeneratorCell, GeneratorState, Resume};
use crate::runtime::machine::Exit;
use crate::runtime::{Context, Intrinsic, SuspendedFrame};
use crate::text::names;
use crate::value::{JsResult, Object, Value};

/// What a generator gave.
pub(crate) enum Step {
    /// It yielded a value.
    Value(Value),
    /// It handed out the result object of the iterator it delegates to.
    Result(Value),
    /// It ended with a value.
    Done(Value),
}

impl Context {
    /// The generator object of a call of a generator function.
    pub(crate) fn new_generator(&mut self, function: &Value, is_async: bool) -> JsResult<Object> {
        self.collect_if_due();
        let which = if is_async { Intrinsic::AsyncGeneratorPrototype } else { Intrinsic::GeneratorPrototype };
        let prototype = self.prototype_from_constructor(function, which)?;
        let shape = ShapeTable::current().root(prototype.as_value(), 0, 0)?;
        if is_async { AsyncGeneratorCell::create(shape) } else { GeneratorCell::create(shape) }
    }

    /// Gives a new generator its frame.
    pub(crate) fn set_generator_frame(&mut self, generator: &Object, frame: Value) {
        if let Some(cell) = generator.downcast::<GeneratorCell>() {
            cell.set_frame(frame);
        } else if let Some(cell) = generator.downcast::<AsyncGeneratorCell>() {
            cell.set_frame(frame);
        }
    }

    /// GeneratorResume (27.5.3.3) and GeneratorResumeAbrupt (27.5.3.4).
    pub(crate) fn generator_resume(
        &mut self,
        generator: &GeneratorCell,
        how: Resume,
        value: Value,
    ) -> JsResult<Step> {
        match generator.state() {
            GeneratorState::SuspendedStart if how != Resume::Next => {
                generator.set_state(GeneratorState::Completed);
                drop(generator.take_frame());
            }
            GeneratorState::SuspendedStart | GeneratorState::SuspendedYield => {
                let held = generator.take_frame();
                let Some(frame) = held.downcast::<SuspendedFrame>() else {
                    return Ok(Step::Done(Value::UNDEFINED));
                };
                let before = generator.state();
                generator.set_state(GeneratorState::Executing);
                let exit = match self.resume_frame(frame, how, value) {
                    Ok(exit) => exit,
                    Err(thrown) => {
                        // It never started: everything is as before.
                        generator.set_state(before);
                        generator.set_frame(held);
                        return Err(thrown);
                    }
                };
                return match exit {
                    Exit::Yield(value, frame) => {
                        let delegating =
                            frame.downcast::<SuspendedFrame>().is_some_and(SuspendedFrame::is_delegating);
                        generator.set_state(GeneratorState::SuspendedYield);
                        generator.set_frame(frame);
                        Ok(if delegating { Step::Result(value) } else { Step::Value(value) })
                    }
                    Exit::Throw(thrown) => {
                        generator.set_state(GeneratorState::Completed);
                        Err(thrown)
                    }
                    Exit::Return(value) | Exit::Await(value, _) => {
                        generator.set_state(GeneratorState::Completed);
                        Ok(Step::Done(value))
                    }
                };
            }
            GeneratorState::Executing | GeneratorState::Draining => {
                return Err(self.throw_type_error(format_args!("generator is already running")));
            }
            GeneratorState::Completed => (),
        }
        match how {
            Resume::Next => Ok(Step::Done(Value::UNDEFINED)),
            Resume::Return => Ok(Step::Done(value)),
            Resume::Throw => Err(self.throw(value)),
        }
    }

    /// One step of a `for-of` over a generator, without a result object; `None` at its end.
    pub(crate) fn generator_step(&mut self, generator: &GeneratorCell) -> JsResult<Option<Value>> {
        match self.generator_resume(generator, Resume::Next, Value::UNDEFINED)? {
            Step::Value(value) => Ok(Some(value)),
            Step::Done(_) => Ok(None),
            Step::Result(result) => {
                let Some(object) = result.as_object() else { return Ok(None) };
                if self.get(object, names::DONE)?.to_boolean() {
                    return Ok(None);
                }
                self.get(object, names::VALUE).map(Some)
            }
        }
    }
}
