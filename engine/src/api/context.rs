//! Contexts: realms in the host's hands.

use core::mem::ManuallyDrop;
use std::any::Any;
use std::rc::Rc;

use super::host::HostFunction;
use super::value::IntoValue;
use super::{Error, Shared, Value};
use crate::heap::Ref;
use crate::object::buffer::SharedMemory;
use crate::runtime::{self as rt, Realm};
use crate::value::{self as engine, JsResult, kind};

/// A realm: a global object and what belongs to it. Cloning makes another handle.
pub struct Context {
    shared: Shared,
    realm: ManuallyDrop<Ref<Realm>>,
}

impl Clone for Context {
    fn clone(&self) -> Context {
        Context { shared: Rc::clone(&self.shared), realm: self.realm.clone() }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let _entry = self.shared.enter();
        // SAFETY: dropped once, here.
        unsafe { ManuallyDrop::drop(&mut self.realm) };
    }
}

impl Context {
    pub(super) fn create(shared: &Shared) -> Result<Context, Error> {
        let _entry = shared.enter();
        // SAFETY: the state lives as long as its handles.
        let state = unsafe { &mut *shared.state.as_ptr() };
        let realm =
            state.heap.alloc(Realm::blank(), u32::from(kind::REALM)).map_err(|_| Error::OutOfMemory)?;
        // SAFETY: `realm` outlives the context, and the runtime is entered.
        let mut cx = unsafe { rt::Context::new(shared.state, realm.as_ptr()) };
        if let Err(thrown) = crate::builtins::install(&mut cx) {
            let error = match thrown {
                crate::value::Thrown::Exception => Error::from_thrown(shared, &mut cx, thrown),
                _ => Error::OutOfMemory,
            };
            return Err(error);
        }
        Ok(Context { shared: Rc::clone(shared), realm: ManuallyDrop::new(realm) })
    }

    pub(crate) fn from_engine(shared: &Shared, cx: &rt::Context) -> Context {
        // SAFETY: the context's realm is alive.
        let realm = unsafe { Ref::share(core::ptr::NonNull::from(cx.realm())) };
        Context { shared: Rc::clone(shared), realm: ManuallyDrop::new(realm) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The runtime.
    pub fn runtime(&self) -> super::Runtime {
        super::Runtime { shared: Rc::clone(&self.shared) }
    }

    /// Enters the runtime for one operation.
    pub(crate) fn with<T>(
        &self,
        operation: impl FnOnce(&mut rt::Context) -> JsResult<T>,
    ) -> Result<T, Error> {
        let _entry = self.shared.enter();
        // SAFETY: this handle keeps the realm alive, and the runtime is entered.
        let mut cx = unsafe { rt::Context::new(self.shared.state, self.realm.as_ptr()) };
        operation(&mut cx).map_err(|thrown| Error::from_thrown(&self.shared, &mut cx, thrown))
    }

    /// Runs a script. `file` is the name in stack texts.
    pub fn eval(&self, source: &str, file: &str) -> Result<Value, Error> {
        let value = self.with(|cx| cx.eval_script(source.as_bytes(), file))?;
        Ok(Value::new(&self.shared, value))
    }

    /// Compiles a module and registers it under its name `file`, by which others import it.
    pub fn compile_module(&self, source: &str, file: &str) -> Result<Module, Error> {
        let module = self.with(|cx| cx.add_module(source.as_bytes(), file))?;
        Ok(Module(Value::new(&self.shared, module)))
    }

    /// Loads what a module imports, and links it: the error may be of any of the modules.
    pub fn link_module(&self, module: &Module) -> Result<(), Error> {
        self.with(|cx| {
            cx.load_graph(module.0.engine())?;
            cx.link_module(module.0.engine())
        })
    }

    /// Evaluates a linked module: a promise, to be settled by [`Runtime::run_jobs`](super::Runtime::run_jobs).
    pub fn evaluate_module(&self, module: &Module) -> Result<Value, Error> {
        let promise = self.with(|cx| cx.evaluate_module(module.0.engine()))?;
        Ok(Value::new(&self.shared, promise))
    }

    /// The namespace object of a linked module (`JS_GetModuleNamespace`).
    pub fn module_namespace(&self, module: &Module) -> Result<Value, Error> {
        let namespace = self.with(|cx| cx.module_namespace(module.0.engine()))?;
        Ok(Value::new(&self.shared, namespace.into()))
    }

    /// Compiles, loads, links and evaluates a module; see the single steps.
    pub fn eval_module(&self, source: &str, file: &str) -> Result<Value, Error> {
        let module = self.compile_module(source, file)?;
        self.link_module(&module)?;
        self.evaluate_module(&module)
    }

    /// What a promise was settled with: `None` while it is pending or if the value is no promise.
    /// A rejection that is looked at counts as handled.
    pub fn promise_result(&self, promise: &Value) -> Option<Result<Value, Error>> {
        use crate::object::promise::{PromiseCell, PromiseState};
        let (state, result) = {
            let _entry = self.shared.enter();
            let cell = promise.engine().downcast::<PromiseCell>()?;
            cell.set_handled();
            (cell.state(), cell.result())
        };
        match state {
            PromiseState::Pending => None,
            PromiseState::Fulfilled => Some(Ok(Value::new(&self.shared, result))),
            PromiseState::Rejected => Some(self.with(|cx| Err(cx.throw(result)))),
        }
    }

    /// The first promise, of those that [`Runtime::track_rejections`](super::Runtime::track_rejections) keeps,
    /// that was rejected and still has no handler, as an error; it counts as handled then. A host asks when no
    /// job is left: until then a promise may get its handler.
    pub fn next_unhandled_rejection(&self) -> Option<Error> {
        use crate::object::promise::PromiseCell;
        use crate::runtime::rejections::Unhandled;
        let reason = {
            let _entry = self.shared.enter();
            // SAFETY: the runtime is alive and entered; no other reference into its state is kept.
            let state = unsafe { &mut *self.shared.state.as_ptr() };
            match state.rejections.take()? {
                Unhandled::Lost => return Some(Error::OutOfMemory),
                Unhandled::Promise(promise) => {
                    let cell = promise.downcast::<PromiseCell>()?;
                    cell.set_handled();
                    cell.result()
                }
            }
        };
        self.with(|cx| Err::<(), _>(cx.throw(reason))).err()
    }

    /// A SharedArrayBuffer of bytes that another runtime shares, see [`Value::shared_memory`].
    pub fn new_shared_buffer(&self, memory: SharedMemory) -> Result<Value, Error> {
        let buffer = self.with(|cx| cx.new_shared_buffer(memory))?;
        Ok(Value::new(&self.shared, buffer.into()))
    }

    /// The global object.
    pub fn global(&self) -> Value {
        let _entry = self.shared.enter();
        Value::new(&self.shared, self.realm.global().into())
    }

    /// Data of the embedder (`JS_SetContextOpaque`). It goes with the realm, which functions made in it keep.
    pub fn set_opaque(&self, opaque: Option<Box<dyn Any>>) {
        let _entry = self.shared.enter();
        // SAFETY: no reference into the slot is alive: what was there is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.realm.opaque.get(), opaque) });
    }

    /// Calls `with` with the embedder's data if it is a `T` (`JS_GetContextOpaque`). While it runs the context has
    /// no data.
    pub fn with_opaque<T: 'static, R>(&self, with: impl FnOnce(&mut T) -> R) -> Option<R> {
        // SAFETY: the data is moved out while it is in use, so that no reference into the slot is alive.
        let mut data = unsafe { (*self.realm.opaque.get()).take() }?;
        let result = data.downcast_mut::<T>().map(with);
        // SAFETY: as above. What was set meanwhile stays.
        unsafe { (*self.realm.opaque.get()).get_or_insert(data) };
        result
    }

    /// A value of a host type.
    pub fn value(&self, value: impl IntoValue) -> Result<Value, Error> {
        value.into_value(self)
    }

    /// A new empty object.
    pub fn new_object(&self) -> Result<Value, Error> {
        let object = self.with(|cx| cx.new_object())?;
        Ok(Value::new(&self.shared, object.into()))
    }

    /// A function of the host. It is called with `this` and the arguments; an error it returns is thrown.
    pub fn new_function(
        &self,
        name: &str,
        length: u8,
        function: impl Fn(&Context, &Value, &[Value]) -> Result<Value, Error> + 'static,
    ) -> Result<Value, Error> {
        let host: HostFunction = Box::new(function);
        let function = self.with(|cx| super::host::create(cx, &self.shared, name, length, host))?;
        Ok(Value::new(&self.shared, function.into()))
    }

    /// Gives a function the internal slot [[IsHTMLDDA]] (Annex B.3.6): it behaves like `undefined` in some places,
    /// as `document.all` does in browsers. Nothing happens to a value that is no object.
    pub fn mark_html_dda(&self, function: &Value) -> Result<(), Error> {
        self.with(|_| match function.engine().as_object() {
            Some(object) => object.set_shape_flag(crate::object::shape_flags::HTML_DDA),
            None => Ok(()),
        })
    }

    /// Whether a value's cell is alive (`JS_IsLiveObject`): always true while the host holds it.
    pub fn is_live(&self, value: &Value) -> bool {
        value.engine().as_cell().is_none_or(|cell| {
            // SAFETY: the host's handle keeps the cell.
            unsafe { (*self.shared.state.as_ptr()).heap.is_live(cell) }
        })
    }
}

/// A module of a realm.
#[derive(Clone)]
pub struct Module(Value);

/// The engine's own value.
pub(crate) fn engine_value(value: &Value) -> engine::Value {
    value.engine().clone()
}
