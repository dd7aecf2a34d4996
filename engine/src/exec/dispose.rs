//! Disposal of resources (ECMA-262 9.5): what `using` declarations and disposable stacks do.

use crate::object::dispose::{Disposer, DisposerCell, Hint, Resource};
use crate::object::exotic::ErrorCell;
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::{Context, Intrinsic, undefined};
use crate::text::{Atom, names};
use crate::value::{JsResult, Object, Thrown, Value};

impl Context {
    /// The resources of a block that begins.
    pub(crate) fn new_block_disposer(&mut self) -> JsResult<Value> {
        let shape = ShapeTable::current().root(&Value::NULL, 0, 0)?;
        Ok(DisposerCell::create(shape, Disposer::Block)?.into())
    }

    /// AddDisposableResource (9.5.4).
    pub(crate) fn add_disposable(
        &mut self,
        disposer: &DisposerCell,
        value: &Value,
        is_async: bool,
    ) -> JsResult<()> {
        let mut resource = Resource {
            value: value.clone(),
            as_argument: false,
            method: Value::UNDEFINED,
            hint: if is_async { Hint::Async } else { Hint::Sync },
        };
        if value.is_nullish() {
            if is_async {
                resource.value = Value::UNDEFINED;
                disposer.push(resource)?;
            }
            return Ok(());
        }
        if !value.is_object() {
            let what = self.describe(value);
            return Err(self.throw_type_error(format_args!("{what} is not an object")));
        }
        if is_async {
            resource.method = self.get_method(value, names::SYM_ASYNC_DISPOSE)?;
        }
        if resource.method.is_undefined() {
            resource.method = self.get_method(value, names::SYM_DISPOSE)?;
            if is_async {
                resource.hint = Hint::AsyncFromSync;
            }
        }
        if resource.method.is_undefined() {
            let what = self.describe(value);
            return Err(self.throw_type_error(format_args!("{what} is not disposable")));
        }
        disposer.push(resource)
    }

    /// Notes that the disposal, or what came before it, threw: a second error suppresses the first.
    pub(crate) fn note_disposal_error(&mut self, disposer: &DisposerCell, error: Value) -> JsResult<()> {
        let error = match disposer.take_error() {
            Some(suppressed) => self.new_suppressed_error(error, suppressed)?,
            None => error,
        };
        disposer.set_error(error);
        Ok(())
    }

    fn new_suppressed_error(&mut self, error: Value, suppressed: Value) -> JsResult<Value> {
        let prototype = self.realm().intrinsic(Intrinsic::SuppressedErrorPrototype);
        let trace = self.capture_trace()?;
        let shape = ShapeTable::current().root(&prototype, 0, 0)?;
        let object = ErrorCell::create(shape, trace)?;
        self.define_suppressed(&object, error, suppressed)?;
        Ok(object.into())
    }

    /// Gives a SuppressedError its two properties.
    pub(crate) fn define_suppressed(
        &mut self,
        object: &Object,
        error: Value,
        suppressed: Value,
    ) -> JsResult<()> {
        let key = Atom::from_str("error")?;
        self.define_builtin(object, key.raw(), error, PropertyFlags::HIDDEN)?;
        let key = Atom::from_str("suppressed")?;
        self.define_builtin(object, key.raw(), suppressed, PropertyFlags::HIDDEN)
    }

    /// DisposeResources (9.5.8) up to its next await: the value to await, or `None` at its end, which may be an
    /// error. A rejection of what was awaited is noted by [`Context::note_disposal_error`].
    pub(crate) fn dispose_step(&mut self, disposer: &DisposerCell) -> JsResult<Option<Value>> {
        let (mut needs_await, mut has_awaited) = disposer.awaits();
        while let Some(resource) = disposer.pop() {
            let wait_first = resource.hint == Hint::Sync && needs_await && !has_awaited;
            if wait_first {
                disposer.push(resource)?;
                disposer.set_awaits(false, has_awaited);
                return Ok(Some(Value::UNDEFINED));
            }
            if resource.method.is_undefined() {
                needs_await = true;
                continue;
            }
            let result = if resource.as_argument {
                self.call(&resource.method, undefined(), core::slice::from_ref(&resource.value))
            } else {
                self.call(&resource.method, &resource.value, &[])
            };
            let awaited = match (result, resource.hint) {
                (Ok(_), Hint::Sync) => continue,
                (Ok(value), Hint::Async) => value,
                (Ok(_), Hint::AsyncFromSync) => Value::UNDEFINED,
                (Err(thrown), hint) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    if hint != Hint::AsyncFromSync {
                        self.note_disposal_error(disposer, reason)?;
                        continue;
                    }
                    let promise = self.new_promise()?;
                    self.reject_promise(&promise, reason)?;
                    promise
                }
            };
            has_awaited = true;
            disposer.set_awaits(needs_await, has_awaited);
            return Ok(Some(awaited));
        }
        disposer.set_awaits(false, false);
        if needs_await && !has_awaited {
            return Ok(Some(Value::UNDEFINED));
        }
        match disposer.take_error() {
            Some(error) => Err(self.throw(error)),
            None => Ok(None),
        }
    }

    /// DisposeResources where nothing asks for an await.
    pub(crate) fn dispose_all(&mut self, disposer: &DisposerCell) -> JsResult<()> {
        while self.dispose_step(disposer)?.is_some() {}
        Ok(())
    }

    /// The disposer of a block, as its instructions see it.
    pub(crate) fn block_disposer<'a>(&mut self, value: &'a Value) -> JsResult<&'a DisposerCell> {
        value.downcast::<DisposerCell>().ok_or(Thrown::Terminated)
    }
}
