//! Iterator helpers (ECMA-262 27.1.2, 27.1.4): their steps, as a machine without code of its own.

use crate::object::iteration::{Helper, HelperCell, HelperState};
use crate::runtime::{Context, undefined};
use crate::text::names;
use crate::value::{JsResult, Object, Thrown, Value};

impl Context {
    /// GetIteratorDirect (7.4.4): the iterator's `next`.
    pub fn iterator_next_method(&mut self, iterator: &Object) -> JsResult<Value> {
        self.get(iterator, names::NEXT)
    }

    /// GetIteratorFlattenable (7.4.5): an iterable object, an iterator, or, where `strings`, a string.
    pub fn get_flattenable(&mut self, value: &Value, strings: bool) -> JsResult<(Value, Value)> {
        let iterable = value.is_object() || strings && value.is_string();
        if !iterable {
            let what = self.describe(value);
            return Err(self.throw_type_error(format_args!("{what} is not an object")));
        }
        let method = self.get_method(value, names::SYM_ITERATOR)?;
        let iterator = if method.is_undefined() { value.clone() } else { self.call(&method, value, &[])? };
        let Some(object) = iterator.as_object() else {
            let what = self.describe(&iterator);
            return Err(self.throw_type_error(format_args!("{what} is not an object")));
        };
        let next = self.iterator_next_method(object)?;
        Ok((iterator, next))
    }

    fn check_helper(&mut self, helper: &HelperCell) -> JsResult<bool> {
        match helper.state() {
            HelperState::Running => Err(self.throw_type_error(format_args!("iterator is already running"))),
            HelperState::Done => Ok(false),
            HelperState::Start | HelperState::Suspended => Ok(true),
        }
    }

    /// One step of a helper: `None` at its end.
    pub(crate) fn helper_step(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        if !self.check_helper(helper)? {
            return Ok(None);
        }
        self.check_native_stack()?;
        helper.set_state(HelperState::Running);
        let step = self.helper_work(helper);
        let ended = !matches!(step, Ok(Some(_)));
        helper.set_state(if ended { HelperState::Done } else { HelperState::Suspended });
        step
    }

    /// Calls a helper's function with a value and the counter; an error closes the iterator.
    fn helper_call(&mut self, helper: &HelperCell, value: Value) -> JsResult<Value> {
        let count = helper.count();
        helper.set_count(count + 1.0);
        self.call(&helper.function, undefined(), &[value, Value::number(count)])
            .map_err(|thrown| self.iterator_close_after(&helper.iterator, thrown))
    }

    fn helper_work(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        let (iterator, next) = (&helper.iterator, &helper.next);
        match helper.what() {
            Helper::Map => match self.iterator_step_value(iterator, next)? {
                Some(value) => self.helper_call(helper, value).map(Some),
                None => Ok(None),
            },
            Helper::Filter => {
                while let Some(value) = self.iterator_step_value(iterator, next)? {
                    if self.helper_call(helper, value.clone())?.to_boolean() {
                        return Ok(Some(value));
                    }
                }
                Ok(None)
            }
            Helper::Take => {
                if helper.count() <= 0.0 {
                    self.iterator_close(iterator)?;
                    return Ok(None);
                }
                helper.set_count(helper.count() - 1.0);
                self.iterator_step_value(iterator, next)
            }
            Helper::Drop => {
                while helper.count() > 0.0 {
                    helper.set_count(helper.count() - 1.0);
                    if !self.iterator_step(iterator, next)? {
                        return Ok(None);
                    }
                }
                self.iterator_step_value(iterator, next)
            }
            Helper::FlatMap => loop {
                let (inner, inner_next) = helper.inner();
                if !inner.is_undefined() {
                    match self.iterator_step_value(&inner, &inner_next) {
                        Ok(Some(value)) => return Ok(Some(value)),
                        Ok(None) => helper.set_inner(Value::UNDEFINED, Value::UNDEFINED),
                        Err(thrown) => return Err(self.iterator_close_after(iterator, thrown)),
                    }
                    continue;
                }
                let Some(value) = self.iterator_step_value(iterator, next)? else { return Ok(None) };
                let mapped = self.helper_call(helper, value)?;
                match self.get_flattenable(&mapped, false) {
                    Ok((inner, next)) => helper.set_inner(inner, next),
                    Err(thrown) => return Err(self.iterator_close_after(iterator, thrown)),
                }
            },
            Helper::Wrap => self.iterator_step_value(iterator, next),
            Helper::Concat => loop {
                let (inner, inner_next) = helper.inner();
                if !inner.is_undefined() {
                    if let Some(value) = self.iterator_step_value(&inner, &inner_next)? {
                        return Ok(Some(value));
                    }
                    helper.set_inner(Value::UNDEFINED, Value::UNDEFINED);
                }
                let at = helper.count() as u32;
                let list = helper.function.as_object().and_then(|o| o.as_array());
                let pair = list.and_then(|list| Some((list.dense(at)?, list.dense(at + 1)?)));
                let Some((iterable, method)) = pair else { return Ok(None) };
                helper.set_count(f64::from(at + 2));
                let (inner, next) = self.iterator_from_method(&iterable, &method)?;
                helper.set_inner(inner, next);
            },
        }
    }

    /// `return()` of a helper.
    pub(crate) fn helper_return(&mut self, helper: &HelperCell) -> JsResult<()> {
        if !self.check_helper(helper)? {
            return Ok(());
        }
        let started = helper.state() == HelperState::Suspended;
        helper.set_state(if started { HelperState::Running } else { HelperState::Done });
        let result = self.helper_close(helper);
        helper.set_state(HelperState::Done);
        result
    }

    fn helper_close(&mut self, helper: &HelperCell) -> JsResult<()> {
        let (inner, _) = helper.inner();
        if helper.what() == Helper::Concat {
            helper.set_inner(Value::UNDEFINED, Value::UNDEFINED);
            return if inner.is_undefined() { Ok(()) } else { self.iterator_close(&inner) };
        }
        if !inner.is_undefined() {
            helper.set_inner(Value::UNDEFINED, Value::UNDEFINED);
            if let Err(thrown) = self.iterator_close(&inner) {
                return Err(self.iterator_close_after(&helper.iterator, thrown));
            }
        }
        self.iterator_close(&helper.iterator)
    }

    /// An error about an argument, which closes the iterator first.
    pub(crate) fn close_and_throw(&mut self, iterator: &Value, thrown: Thrown) -> Thrown {
        self.iterator_close_after(iterator, thrown)
    }
}
