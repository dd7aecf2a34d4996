//! Iterator helpers (ECMA-262 27.1.2, 27.1.4): their steps, as a machine without code of its own.

use crate::mem::Vec;
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
                    let kept = self.helper_call(helper, value.clone())?;
                    if self.truth(&kept) {
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
            Helper::Chunks => self.chunk_step(helper),
            Helper::Windows | Helper::PartialWindows => self.window_step(helper),
            Helper::ZipShortest | Helper::ZipLongest | Helper::ZipStrict => self.zip_step(helper),
        }
    }

    /// The next value of a helper's iterator; its end is remembered, so that nobody closes it then.
    fn helper_value(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        if helper.inner().0.to_boolean() {
            return Ok(None);
        }
        let value = self.iterator_step_value(&helper.iterator, &helper.next)?;
        if value.is_none() {
            helper.set_inner(Value::TRUE, Value::UNDEFINED);
        }
        Ok(value)
    }

    /// As many values as go into a chunk: only the last may be short.
    fn chunk_step(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        let chunk = self.new_array(&[])?;
        let Some(list) = chunk.as_array() else { return Ok(None) };
        while f64::from(list.length()) < helper.count() {
            let Some(value) = self.helper_value(helper)? else { break };
            if list.push_dense(value)?.is_err() {
                return Err(Thrown::OutOfMemory);
            }
        }
        Ok((list.length() > 0).then(|| chunk.into()))
    }

    /// The last window moved on by one value, or the first one.
    fn window_step(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        let Some(window) = helper.function.as_object().and_then(|o| o.as_array()) else { return Ok(None) };
        let is_full = |length: u32| f64::from(length) >= helper.count();
        loop {
            let started = is_full(window.length());
            match self.helper_value(helper)? {
                Some(value) => {
                    if started {
                        window.shift_dense(0, 1);
                    }
                    if window.push_dense(value)?.is_err() {
                        return Err(Thrown::OutOfMemory);
                    }
                    if !is_full(window.length()) {
                        continue;
                    }
                }
                None => {
                    let partial = helper.what() == Helper::PartialWindows && !started && window.length() > 0;
                    if !partial {
                        return Ok(None);
                    }
                }
            }
            let mut values: Vec<'static, Value> = self.scratch();
            for at in 0..window.length() {
                values.try_push(window.dense(at).unwrap_or_default())?;
            }
            if !is_full(window.length()) {
                window.set_length(0);
            }
            return Ok(Some(self.new_array(&values)?.into()));
        }
    }

    /// One step of IteratorZip.
    fn zip_step(&mut self, helper: &HelperCell) -> JsResult<Option<Value>> {
        let Some(records) = helper.iterator.as_object().and_then(|o| o.as_array()) else { return Ok(None) };
        let record = |at: u32| {
            let iterator = records.dense(2 * at).unwrap_or_default();
            (iterator, records.dense(2 * at + 1).unwrap_or_default())
        };
        let ended = |at: u32| {
            records.set_dense(2 * at, Value::NULL);
        };
        let count = records.length() / 2;
        let mut results: Vec<'static, Value> = self.scratch();
        for at in 0..count {
            let (iterator, next) = record(at);
            if !iterator.is_null() {
                match self.iterator_step_value(&iterator, &next) {
                    Ok(Some(value)) => {
                        results.try_push(value)?;
                        continue;
                    }
                    Ok(None) => ended(at),
                    Err(thrown) => {
                        ended(at);
                        return Err(self.zip_close_after(helper, thrown));
                    }
                }
                match helper.what() {
                    Helper::ZipShortest => return self.zip_close(helper).map(|()| None),
                    Helper::ZipLongest => {
                        if (0..count).all(|at| record(at).0.is_null()) {
                            return Ok(None);
                        }
                    }
                    _ if at > 0 => return Err(self.zip_uneven(helper)),
                    _ => {
                        for at in 1..count {
                            let (iterator, next) = record(at);
                            match self.iterator_step(&iterator, &next) {
                                Ok(true) => return Err(self.zip_uneven(helper)),
                                Ok(false) => ended(at),
                                Err(thrown) => {
                                    ended(at);
                                    return Err(self.zip_close_after(helper, thrown));
                                }
                            }
                        }
                        return Ok(None);
                    }
                }
            }
            let padding = helper.next.as_object().and_then(|o| o.as_array()?.dense(at));
            results.try_push(padding.unwrap_or_default())?;
        }
        if count == 0 {
            return Ok(None);
        }
        let Some(keys) = helper.function.as_object().and_then(|o| o.as_array()) else {
            return Ok(Some(self.new_array(&results)?.into()));
        };
        let object = self.new_object_with_prototype(&Value::NULL)?;
        for (at, value) in results.iter().enumerate() {
            let key = keys.dense(at as u32).unwrap_or_default();
            let key = self.to_property_key(&key)?;
            self.create_data_property_or_throw(&object, key.raw(), value.clone())?;
        }
        Ok(Some(object.into()))
    }

    fn zip_uneven(&mut self, helper: &HelperCell) -> Thrown {
        let thrown = self.throw_type_error(format_args!("iterators do not have the same length"));
        self.zip_close_after(helper, thrown)
    }

    /// IteratorCloseAll with a throw completion.
    fn zip_close_after(&mut self, helper: &HelperCell, mut thrown: Thrown) -> Thrown {
        if let Some(records) = helper.iterator.as_object().and_then(|o| o.as_array()) {
            for at in (0..records.length() / 2).rev() {
                let iterator = records.dense(2 * at).unwrap_or_default();
                if iterator.is_object() {
                    records.set_dense(2 * at, Value::NULL);
                    thrown = self.iterator_close_after(&iterator, thrown);
                }
            }
        }
        thrown
    }

    /// IteratorCloseAll with a normal completion.
    fn zip_close(&mut self, helper: &HelperCell) -> JsResult<()> {
        let Some(records) = helper.iterator.as_object().and_then(|o| o.as_array()) else { return Ok(()) };
        for at in (0..records.length() / 2).rev() {
            let iterator = records.dense(2 * at).unwrap_or_default();
            if iterator.is_object() {
                records.set_dense(2 * at, Value::NULL);
                if let Err(thrown) = self.iterator_close(&iterator) {
                    return Err(self.zip_close_after(helper, thrown));
                }
            }
        }
        Ok(())
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
        match helper.what() {
            Helper::ZipShortest | Helper::ZipLongest | Helper::ZipStrict => return self.zip_close(helper),
            Helper::Chunks | Helper::Windows | Helper::PartialWindows => {
                return if inner.to_boolean() { Ok(()) } else { self.iterator_close(&helper.iterator) };
            }
            _ => (),
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
