//! Module records as storage (ECMA-262 16.2.1.5, 16.2.1.6), and namespace objects.
//!
//! # Invariants
//! - The borrow that [`ModuleCell::state`] gives lasts for one statement, in which nothing runs JavaScript
//!   and nothing is dropped that might lead back to the module.

use core::cell::UnsafeCell;

use super::Context;
use crate::code::function::ModuleInfo;
use crate::heap::{self, Blocks, Cell, Header, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::object::{ObjectHead, Shape};
use crate::value::{JsResult, JsString, Object, Value, kind};

/// What a host does for modules, in its own memory.
#[allow(clippy::disallowed_types)]
pub trait ModuleLoader {
    /// The name of the module that `specifier` means in the module or script called `referrer`. Modules of one
    /// name are one module. An error is the message of a TypeError.
    fn resolve(&mut self, specifier: &str, referrer: &str) -> Result<String, String>;
    /// The text of a module. An error is the message of a TypeError.
    fn load(&mut self, name: &str) -> Result<std::vec::Vec<u8>, String>;
}

/// The host's loader; taken out of the runtime while it works.
pub(crate) type Loader = Box<dyn ModuleLoader>;

/// Parses JSON text (a string), for JSON modules.
pub(crate) type ParseJson = fn(&mut Context, &JsString) -> JsResult<Value>;

/// [[Status]].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ModuleStatus {
    /// Loaded.
    Unlinked,
    /// Being linked.
    Linking,
    /// Linked.
    Linked,
    /// Being evaluated.
    Evaluating,
    /// Waits for asynchronous modules, or for its own `await`.
    EvaluatingAsync,
    /// Evaluated, with or without an error.
    Evaluated,
}

/// What a module record keeps.
pub struct ModuleState {
    /// [[Status]].
    pub status: ModuleStatus,
    /// [[RequestedModules]], by the index of the request; undefined until loaded.
    pub requested: Vec<'static, Value>,
    /// The module function, whose captures are the module's bindings; undefined for a synthetic module.
    pub function: Value,
    /// The box of a synthetic module's default export.
    pub default: Value,
    /// The namespace object, once made.
    pub namespace: Value,
    /// `import.meta`, once made.
    pub meta: Value,
    /// [[EvaluationError]]; the hole marker for none.
    pub error: Value,
    /// [[DFSIndex]].
    pub index: u32,
    /// [[DFSAncestorIndex]].
    pub ancestor: u32,
    /// [[CycleRoot]], or undefined.
    pub cycle_root: Value,
    /// [[AsyncEvaluationOrder]]: 0 for unset, `u64::MAX` for done.
    pub order: u64,
    /// [[PendingAsyncDependencies]].
    pub pending: u32,
    /// [[AsyncParentModules]].
    pub parents: Vec<'static, Value>,
    /// The promise of [[TopLevelCapability]], or undefined.
    pub promise: Value,
}

/// A module record.
#[repr(C)]
pub struct ModuleCell {
    header: Header,
    /// Its name: a string.
    pub name: Value,
    /// Its realm.
    pub realm: Value,
    /// The linking interface; none for a synthetic module. Its atoms belong to the script cell.
    pub info: Option<ModuleInfo<'static>>,
    /// The code of the function that initializes hoisted functions, or undefined.
    pub init: Value,
    state: UnsafeCell<ModuleState>,
}

impl ModuleCell {
    /// A new module record.
    pub fn create(
        name: Value,
        realm: Value,
        info: Option<ModuleInfo<'static>>,
        init: Value,
    ) -> JsResult<Value> {
        let memory = heap::current().mem().memory(Use::Runtime);
        let mut requested = Vec::new(memory);
        if let Some(info) = &info {
            requested.try_resize(info.requests.len(), Value::UNDEFINED)?;
        }
        let state = UnsafeCell::new(ModuleState {
            status: ModuleStatus::Unlinked,
            requested,
            function: Value::UNDEFINED,
            default: Value::UNDEFINED,
            namespace: Value::UNDEFINED,
            meta: Value::UNDEFINED,
            error: Value::HOLE,
            index: 0,
            ancestor: 0,
            cycle_root: Value::UNDEFINED,
            order: 0,
            pending: 0,
            parents: Vec::new(memory),
            promise: Value::UNDEFINED,
        });
        let cell = ModuleCell { header: Header::new(0), name, realm, info, init, state };
        Ok(heap::current().alloc(cell, u32::from(kind::MODULE))?.into())
    }

    /// The state, for one statement.
    #[allow(clippy::mut_from_ref, reason = "see the invariant")]
    pub fn state(&self) -> &mut ModuleState {
        // SAFETY: by the invariant no two borrows overlap.
        unsafe { &mut *self.state.get() }
    }

    /// Whether it has top-level `await`.
    pub fn has_await(&self) -> bool {
        self.state().function.downcast::<super::ClosureCell>().is_some_and(|f| f.code().flags.async_())
    }
}

// SAFETY: `repr(C)` with the header first; all references are reported (atoms are leaves).
unsafe impl Cell for ModuleCell {
    const KIND: u8 = kind::MODULE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.name.trace(tracer);
        self.realm.trace(tracer);
        self.init.trace(tracer);
        let state = self.state();
        for value in state.requested.iter().chain(state.parents.iter()) {
            value.trace(tracer);
        }
        for value in [
            &state.function,
            &state.default,
            &state.namespace,
            &state.meta,
            &state.error,
            &state.cycle_root,
            &state.promise,
        ] {
            value.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        let state = self.state();
        blocks.list(Use::Runtime, Part::Lists, &state.requested);
        blocks.list(Use::Runtime, Part::Lists, &state.parents);
        if let Some(info) = &self.info {
            blocks.list(Use::Code, Part::CodeTables, &info.requests);
            blocks.list(Use::Code, Part::CodeTables, &info.imports);
            blocks.list(Use::Code, Part::CodeTables, &info.exports);
            for request in &info.requests {
                blocks.list(Use::Code, Part::CodeTables, &request.attributes);
            }
        }
    }
}

/// A namespace object (10.4.6): its properties are boxes of the modules' bindings.
#[repr(C)]
pub struct NamespaceCell {
    head: ObjectHead,
    module: Value,
}

impl NamespaceCell {
    /// A new namespace object of a module.
    pub fn create(shape: &Shape, module: Value) -> JsResult<Object> {
        Object::alloc(NamespaceCell { head: ObjectHead::new(), module }, shape)
    }
}

// SAFETY: `repr(C)` with the header first; head and module are reported.
unsafe impl Cell for NamespaceCell {
    const KIND: u8 = kind::NAMESPACE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        self.module.trace(tracer);
    }
}
