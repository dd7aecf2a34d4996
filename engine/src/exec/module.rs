//! Modules (ECMA-262 16.2.1): loading, linking, evaluation, namespaces, `import()`, `import.meta`.
//!
//! Loading is synchronous: the host's loader answers at once.

use crate::code::function::{CaptureSource, Export, ImportName};
use crate::mem::{Use, Vec};
use crate::object::promise::Reaction;
use crate::object::{PropertyFlags, VarRef};
use crate::runtime::module::{ModuleCell, ModuleStatus, NamespaceCell};
use crate::runtime::{Arguments, ClosureCell, CodeCell, Context, NativeDef, NativeKind, ScriptCell};
use crate::text::{Atom, RawAtom, names};
use crate::value::{JsResult, JsString, Object, Thrown, Value};

/// What a name stands for in a module (ResolveExport, 16.2.1.6.3).
#[derive(Clone)]
enum Resolution {
    /// A binding's box.
    Binding(Value),
    /// The namespace object of a module.
    Namespace(Value),
    NotFound,
    Ambiguous,
}

impl Resolution {
    fn same(&self, other: &Resolution) -> bool {
        match (self, other) {
            (Resolution::Binding(a), Resolution::Binding(b))
            | (Resolution::Namespace(a), Resolution::Namespace(b)) => a.bits() == b.bits(),
            _ => false,
        }
    }
}

/// Modules and names already asked on the way.
type Asked = Vec<'static, (Value, RawAtom)>;
type Modules = Vec<'static, Value>;

const ORDER_DONE: u64 = u64::MAX;

fn cell(module: &Value) -> Option<&ModuleCell> {
    module.downcast::<ModuleCell>()
}

const fn internal(magic: i32, function: crate::runtime::NativeFn) -> NativeDef {
    NativeDef { name: "", length: 1, kind: NativeKind::Function, magic, function }
}

static FULFILLED: NativeDef = internal(0, settled);
static REJECTED: NativeDef = internal(1, settled);
static IMPORTED: NativeDef = internal(0, imported);

/// An asynchronous module's promise has settled (16.2.1.5.3.4, .5).
fn settled(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    let module = call.data(0);
    if call.magic == 0 {
        cx.module_fulfilled(&module)?;
    } else {
        cx.module_rejected(&module, call.get(0))?;
    }
    Ok(Value::UNDEFINED)
}

/// A module that `import()` asked for was evaluated: its namespace is the result.
fn imported(cx: &mut Context, call: &Arguments<'_>) -> JsResult<Value> {
    cx.module_namespace(&call.data(0)).map(Value::from)
}

/// The job that goes on with `import()` once everything is loaded: module, promise.
fn link_and_evaluate(cx: &mut Context, values: &[Value]) -> JsResult<Value> {
    let [module, promise] = values else { return Ok(Value::UNDEFINED) };
    let evaluated = match cx.link_module(module).and_then(|()| cx.evaluate_module(module)) {
        Ok(evaluated) => evaluated,
        Err(thrown) => {
            let Some(reason) = cx.caught_value(thrown) else { return Err(thrown) };
            cx.reject_promise(promise, reason)?;
            return Ok(Value::UNDEFINED);
        }
    };
    let fulfilled = cx.new_native(&IMPORTED, core::slice::from_ref(module))?.into_value();
    let reaction = Reaction { target: promise.clone(), fulfilled, rejected: Value::UNDEFINED };
    cx.promise_then(&evaluated, reaction)?;
    Ok(Value::UNDEFINED)
}

impl Context {
    fn modules(&mut self) -> Modules {
        self.scratch()
    }

    // ----- Loading -----

    /// ParseModule (16.2.1.6.1), and registration under its name.
    pub(crate) fn add_module(&mut self, source: &[u8], file: &str) -> JsResult<Value> {
        let (code, init, info) = self.compile_module_text(source, file)?;
        let info = match info {
            Some(info) => info,
            None => crate::code::function::ModuleInfo::empty(self.rt().mem.memory(Use::Code)),
        };
        let name: Value = JsString::from_str(file)?.into();
        let shape = self.closure_shape(code.flags)?;
        let function = ClosureCell::create(shape, &code)?;
        if let Some(closure) = function.downcast::<ClosureCell>() {
            for (i, capture) in code.template.captures.iter().enumerate() {
                if let CaptureSource::Module { uninitialized } = capture.source {
                    let value = if uninitialized { Value::UNINITIALIZED } else { Value::UNDEFINED };
                    closure.set_capture(i, VarRef::new(value)?.into());
                }
            }
        }
        let realm = self.realm_value();
        let module = ModuleCell::create(name, realm, Some(info), init)?;
        if let Some(record) = cell(&module) {
            record.state().function = function.into();
        }
        if let Some(script) = code.script.downcast::<ScriptCell>() {
            script.set_module(module.clone());
        }
        self.rt().modules.try_push(module.clone())?;
        Ok(module)
    }

    /// A module that only has a default export.
    fn add_synthetic(&mut self, name: &str, value: Value) -> JsResult<Value> {
        let name: Value = JsString::from_str(name)?.into();
        let realm = self.realm_value();
        let module = ModuleCell::create(name, realm, None, Value::UNDEFINED)?;
        let default = VarRef::new(value)?;
        if let Some(record) = cell(&module) {
            record.state().default = default.into();
        }
        self.rt().modules.try_push(module.clone())?;
        Ok(module)
    }

    /// The module registered under a name in this realm.
    fn find_module(&mut self, name: &JsString, synthetic: bool) -> JsResult<Option<Value>> {
        let realm = self.realm_value();
        let mut i = 0;
        while let Some(module) = self.rt().modules.get(i).cloned() {
            i += 1;
            let Some(record) = cell(&module) else { continue };
            if record.realm.bits() == realm.bits()
                && record.info.is_none() == synthetic
                && match record.name.as_string() {
                    Some(other) => other.equals(name)?,
                    None => false,
                }
            {
                return Ok(Some(module));
            }
        }
        Ok(None)
    }

    /// HostLoadImportedModule (16.2.1.8): the module a specifier means.
    fn load_module(&mut self, specifier: &JsString, referrer: &str, json: bool) -> JsResult<Value> {
        let specifier = &*HostText::new(specifier)?;
        let Some(mut loader) = self.rt().module_loader.take() else {
            return Err(self.throw_type_error(format_args!("cannot load module '{specifier}': no loader")));
        };
        let name = loader.resolve(specifier, referrer);
        self.rt().module_loader.get_or_insert(loader);
        let name = match name {
            Ok(name) => name,
            Err(message) => return Err(self.throw_type_error(format_args!("{message}"))),
        };
        let key = JsString::from_str(&name)?;
        if let Some(module) = self.find_module(&key, json)? {
            return Ok(module);
        }
        let Some(mut loader) = self.rt().module_loader.take() else {
            return Err(self.throw_type_error(format_args!("cannot load module '{specifier}': no loader")));
        };
        let text = loader.load(&name);
        self.rt().module_loader.get_or_insert(loader);
        let text = match text {
            Ok(text) => text,
            Err(message) => return Err(self.throw_type_error(format_args!("{message}"))),
        };
        if json {
            let Ok(text) = core::str::from_utf8(&text) else {
                return Err(self.throw_syntax_error(format_args!("module '{name}' is not UTF-8")));
            };
            let string = JsString::from_str(text)?;
            let parse = self.rt().parse_json;
            let value = parse(self, &string)?;
            return self.add_synthetic(&name, value);
        }
        self.add_module(&text, &name)
    }

    /// Whether a module's requests are all loaded; loads one that is not.
    fn load_next(&mut self, module: &Value) -> JsResult<Option<Value>> {
        let Some(record) = cell(module) else { return Ok(None) };
        let Some(info) = &record.info else { return Ok(None) };
        for (i, request) in info.requests.iter().enumerate() {
            if !record.state().requested[i].is_undefined() {
                continue;
            }
            let mut json = false;
            for attribute in request.attributes.iter() {
                if RawAtom::from_bits(attribute.key) != names::TYPE {
                    let key = self.describe_key(RawAtom::from_bits(attribute.key));
                    return Err(
                        self.throw_syntax_error(format_args!("import attribute '{key}' is not supported"))
                    );
                }
                let value = RawAtom::from_bits(attribute.value).to_js_string()?;
                json = self.attribute_type(&value)?;
            }
            let specifier = RawAtom::from_bits(request.specifier).to_js_string()?;
            let referrer = match record.name.as_string() {
                Some(name) => HostText::new(name)?,
                None => HostText::default(),
            };
            let loaded = self.load_module(&specifier, &referrer, json)?;
            record.state().requested[i] = loaded.clone();
            return Ok(Some(loaded));
        }
        Ok(None)
    }

    /// Whether a `type` attribute asks for JSON; a TypeError for types there are not.
    fn attribute_type(&mut self, value: &JsString) -> JsResult<bool> {
        if value.text()?.equals_str("json") {
            return Ok(true);
        }
        let what = self.describe(value.as_value());
        Err(self.throw_type_error(format_args!("module type {what} is not supported")))
    }

    /// LoadRequestedModules (16.2.1.6.1.1): the whole graph.
    pub(crate) fn load_graph(&mut self, module: &Value) -> JsResult<()> {
        let mut waiting = self.modules();
        waiting.try_push(module.clone())?;
        while let Some(last) = waiting.last().cloned() {
            match self.load_next(&last)? {
                // What was loaded before is complete, or is further down.
                Some(loaded) => waiting.try_push(loaded)?,
                None => drop(waiting.pop()),
            }
        }
        Ok(())
    }

    // ----- Exports -----

    fn requested(&self, module: &ModuleCell, request: u32) -> Value {
        module.state().requested.get(request as usize).cloned().unwrap_or_default()
    }

    fn resolve_import(
        &mut self,
        module: &ModuleCell,
        request: u32,
        name: ImportName,
        asked: &mut Asked,
    ) -> JsResult<Resolution> {
        let from = self.requested(module, request);
        match name {
            ImportName::Namespace => Ok(Resolution::Namespace(from)),
            ImportName::Name(name) => self.resolve_export(&from, RawAtom::from_bits(name), asked),
        }
    }

    /// ResolveExport (16.2.1.6.3).
    fn resolve_export(&mut self, module: &Value, name: RawAtom, asked: &mut Asked) -> JsResult<Resolution> {
        self.check_native_stack()?;
        let Some(record) = cell(module) else { return Ok(Resolution::NotFound) };
        let Some(info) = &record.info else {
            let found = name == names::DEFAULT;
            let default = record.state().default.clone();
            return Ok(if found { Resolution::Binding(default) } else { Resolution::NotFound });
        };
        if asked.iter().any(|(m, n)| m.bits() == module.bits() && *n == name) {
            return Ok(Resolution::NotFound);
        }
        asked.try_push((module.clone(), name))?;
        for export in info.exports.iter() {
            match *export {
                Export::Local { name: exported, capture } if RawAtom::from_bits(exported) == name => {
                    let function = record.state().function.clone();
                    let Some(closure) = function.downcast::<ClosureCell>() else {
                        return Ok(Resolution::NotFound);
                    };
                    let capture = usize::from(capture);
                    // The local name of an import is that import, also before it is linked.
                    let source = closure.code().template.captures.get(capture).map(|c| c.source);
                    if let Some(CaptureSource::Import(import)) = source
                        && let Some(import) = info.imports.get(import as usize)
                    {
                        return self.resolve_import(record, import.request, import.name, asked);
                    }
                    return Ok(Resolution::Binding(closure.capture(capture)));
                }
                Export::Indirect { name: exported, request, import }
                    if RawAtom::from_bits(exported) == name =>
                {
                    return self.resolve_import(record, request, import, asked);
                }
                _ => (),
            }
        }
        if name == names::DEFAULT {
            return Ok(Resolution::NotFound);
        }
        let mut found = Resolution::NotFound;
        for export in info.exports.iter() {
            let Export::Star { request } = *export else { continue };
            let from = self.requested(record, request);
            match self.resolve_export(&from, name, asked)? {
                Resolution::Ambiguous => return Ok(Resolution::Ambiguous),
                Resolution::NotFound => (),
                other if matches!(found, Resolution::NotFound) => found = other,
                other if !found.same(&other) => return Ok(Resolution::Ambiguous),
                _ => (),
            }
        }
        Ok(found)
    }

    /// GetExportedNames (16.2.1.6.2).
    fn exported_names(
        &mut self,
        module: &Value,
        seen: &mut Modules,
        names: &mut Vec<'static, Atom>,
        top: bool,
    ) -> JsResult<()> {
        self.check_native_stack()?;
        if seen.iter().any(|m| m.bits() == module.bits()) {
            return Ok(());
        }
        seen.try_push(module.clone())?;
        let Some(record) = cell(module) else { return Ok(()) };
        let mut add = |name: RawAtom| -> JsResult<()> {
            if (top || name != names::DEFAULT) && !names.iter().any(|n| n.raw() == name) {
                names.try_push(name.to_owned())?;
            }
            Ok(())
        };
        let Some(info) = &record.info else { return add(names::DEFAULT) };
        for export in info.exports.iter() {
            match *export {
                Export::Local { name, .. } | Export::Indirect { name, .. } => add(RawAtom::from_bits(name))?,
                Export::Star { .. } => (),
            }
        }
        for export in info.exports.iter() {
            if let Export::Star { request } = *export {
                let from = self.requested(record, request);
                self.exported_names(&from, seen, names, false)?;
            }
        }
        Ok(())
    }

    /// GetModuleNamespace (16.2.1.10).
    pub(crate) fn module_namespace(&mut self, module: &Value) -> JsResult<Object> {
        let Some(record) = cell(module) else { return self.new_object() };
        if let Ok(namespace) = Object::try_from(record.state().namespace.clone()) {
            return Ok(namespace);
        }
        let mut names: Vec<'static, Atom> = self.scratch();
        let mut seen = self.modules();
        self.exported_names(module, &mut seen, &mut names, true)?;
        let mut sorted: Vec<'static, (JsString, Atom)> = self.scratch();
        for name in names.iter() {
            sorted.try_push((name.raw().to_js_string()?.flatten()?, name.clone()))?;
        }
        // Flat strings compare without failing.
        sorted.sort_unstable_by(|a, b| a.0.compare(&b.0).unwrap_or(core::cmp::Ordering::Equal));
        let shape = self.rt().shapes.unique(&Value::NULL, 0)?;
        let namespace = NamespaceCell::create(shape, module.clone())?;
        // Known before it is filled: a module may export its own namespace.
        record.state().namespace = namespace.as_value().clone();
        let flags =
            PropertyFlags(PropertyFlags::VARIABLE | PropertyFlags::WRITABLE | PropertyFlags::ENUMERABLE);
        for (_, name) in sorted.iter() {
            let mut asked = self.scratch();
            let binding = match self.resolve_export(module, name.raw(), &mut asked)? {
                Resolution::Binding(binding) => binding,
                Resolution::Namespace(other) => VarRef::new(self.module_namespace(&other)?.into())?.into(),
                Resolution::NotFound | Resolution::Ambiguous => continue,
            };
            namespace.add_property(name.raw(), binding, flags)?;
        }
        let tag = JsString::from_str("Module")?;
        namespace.add_property(names::SYM_TO_STRING_TAG, tag.into(), PropertyFlags::FIXED)?;
        namespace.set_shape_flag(crate::object::shape_flags::NOT_EXTENSIBLE)?;
        Ok(namespace)
    }

    // ----- Linking -----

    /// Link (16.2.1.5.2); modules of a graph that fails go back to unlinked.
    pub(crate) fn link_module(&mut self, module: &Value) -> JsResult<()> {
        let mut stack = self.modules();
        let result = self.inner_link(module, &mut stack, 0);
        if result.is_err() {
            for module in stack.iter() {
                if let Some(record) = cell(module) {
                    record.state().status = ModuleStatus::Unlinked;
                }
            }
        }
        result.map(drop)
    }

    fn inner_link(&mut self, module: &Value, stack: &mut Modules, mut index: u32) -> JsResult<u32> {
        self.check_native_stack()?;
        let Some(record) = cell(module) else { return Ok(index) };
        if record.state().status != ModuleStatus::Unlinked {
            return Ok(index);
        }
        if record.info.is_none() {
            record.state().status = ModuleStatus::Linked;
            return Ok(index);
        }
        {
            let state = record.state();
            state.status = ModuleStatus::Linking;
            state.index = index;
            state.ancestor = index;
        }
        index += 1;
        stack.try_push(module.clone())?;
        let count = record.state().requested.len();
        for i in 0..count {
            let required = record.state().requested[i].clone();
            index = self.inner_link(&required, stack, index)?;
            if let Some(other) = cell(&required).filter(|o| o.state().status == ModuleStatus::Linking) {
                record.state().ancestor = record.state().ancestor.min(other.state().ancestor);
            }
        }
        self.initialize_environment(module)?;
        if record.state().ancestor == record.state().index {
            while let Some(done) = stack.pop() {
                if let Some(other) = cell(&done) {
                    other.state().status = ModuleStatus::Linked;
                }
                if done.bits() == module.bits() {
                    break;
                }
            }
        }
        Ok(index)
    }

    fn throw_unresolved(&mut self, name: RawAtom, ambiguous: bool) -> Thrown {
        let name = self.describe_key(name);
        if ambiguous {
            self.throw_syntax_error(format_args!("export '{name}' is ambiguous"))
        } else {
            self.throw_syntax_error(format_args!("there is no export '{name}'"))
        }
    }

    /// InitializeEnvironment (16.2.1.6.4).
    fn initialize_environment(&mut self, module: &Value) -> JsResult<()> {
        let Some(record) = cell(module) else { return Ok(()) };
        let Some(info) = &record.info else { return Ok(()) };
        for export in info.exports.iter() {
            if let Export::Indirect { name, .. } = *export {
                let name = RawAtom::from_bits(name);
                let mut asked = self.scratch();
                match self.resolve_export(module, name, &mut asked)? {
                    Resolution::NotFound => return Err(self.throw_unresolved(name, false)),
                    Resolution::Ambiguous => return Err(self.throw_unresolved(name, true)),
                    _ => (),
                }
            }
        }
        let function = record.state().function.clone();
        let Some(closure) = function.downcast::<ClosureCell>() else { return Ok(()) };
        let mut bindings: Vec<'static, Value> = self.scratch();
        for import in info.imports.iter() {
            let mut asked = self.scratch();
            let binding = match self.resolve_import(record, import.request, import.name, &mut asked)? {
                Resolution::Binding(binding) => binding,
                Resolution::Namespace(other) => VarRef::new(self.module_namespace(&other)?.into())?.into(),
                resolution => {
                    let name = match import.name {
                        ImportName::Name(name) => RawAtom::from_bits(name),
                        ImportName::Namespace => RawAtom::from_bits(import.local),
                    };
                    let ambiguous = matches!(resolution, Resolution::Ambiguous);
                    return Err(self.throw_unresolved(name, ambiguous));
                }
            };
            bindings.try_push(binding)?;
        }
        for (i, capture) in closure.code().template.captures.iter().enumerate() {
            if let CaptureSource::Import(import) = capture.source {
                closure.set_capture(i, bindings.get(import as usize).cloned().unwrap_or_default());
            }
        }
        if let Some(code) = record.init.downcast_ref::<CodeCell>() {
            let shape = self.closure_shape(code.flags)?;
            let init = ClosureCell::create(shape, &code)?;
            if let Some(cell) = init.downcast::<ClosureCell>() {
                for (i, capture) in code.template.captures.iter().enumerate() {
                    if let CaptureSource::Capture(outer) = capture.source {
                        cell.set_capture(i, closure.capture(usize::from(outer)));
                    }
                }
            }
            self.call_closure(init.as_value(), &Value::UNDEFINED, &[], &Value::UNDEFINED)?;
        }
        Ok(())
    }

    // ----- Evaluation -----

    /// Evaluate (16.2.1.5.3): the promise of the module's cycle.
    pub(crate) fn evaluate_module(&mut self, module: &Value) -> JsResult<Value> {
        let mut module = module.clone();
        if let Some(record) = cell(&module) {
            let root = record.state().cycle_root.clone();
            if record.state().status >= ModuleStatus::EvaluatingAsync && !root.is_undefined() {
                module = root;
            }
        }
        let Some(record) = cell(&module) else { return self.new_promise() };
        let known = record.state().promise.clone();
        if !known.is_undefined() {
            return Ok(known);
        }
        let promise = self.new_promise()?;
        record.state().promise = promise.clone();
        let mut stack = self.modules();
        match self.inner_evaluate(&module, &mut stack, 0) {
            Ok(_) => {
                if record.state().order == 0 {
                    self.resolve_promise(&promise, &Value::UNDEFINED)?;
                }
            }
            Err(thrown) => {
                let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                for module in stack.iter() {
                    if let Some(failed) = cell(module) {
                        failed.state().status = ModuleStatus::Evaluated;
                        failed.state().error = reason.clone();
                        failed.state().cycle_root = module.clone();
                    }
                }
                self.reject_promise(&promise, reason)?;
            }
        }
        Ok(promise)
    }

    fn throw_if_failed(&mut self, record: &ModuleCell) -> JsResult<()> {
        let error = record.state().error.clone();
        if error.bits() == Value::HOLE.bits() { Ok(()) } else { Err(self.throw(error)) }
    }

    fn inner_evaluate(&mut self, module: &Value, stack: &mut Modules, mut index: u32) -> JsResult<u32> {
        self.check_native_stack()?;
        let Some(record) = cell(module) else { return Ok(index) };
        match record.state().status {
            ModuleStatus::EvaluatingAsync | ModuleStatus::Evaluated => {
                self.throw_if_failed(record)?;
                return Ok(index);
            }
            ModuleStatus::Evaluating => return Ok(index),
            _ => (),
        }
        if record.info.is_none() {
            record.state().status = ModuleStatus::Evaluated;
            record.state().cycle_root = module.clone();
            return Ok(index);
        }
        {
            let state = record.state();
            state.status = ModuleStatus::Evaluating;
            state.index = index;
            state.ancestor = index;
            state.pending = 0;
        }
        index += 1;
        stack.try_push(module.clone())?;
        let count = record.state().requested.len();
        for i in 0..count {
            let mut required = record.state().requested[i].clone();
            index = self.inner_evaluate(&required, stack, index)?;
            let Some(other) = cell(&required) else { continue };
            if other.state().status == ModuleStatus::Evaluating {
                record.state().ancestor = record.state().ancestor.min(other.state().ancestor);
            } else {
                let root = other.state().cycle_root.clone();
                if !root.is_undefined() {
                    required = root;
                }
                if let Some(root) = cell(&required) {
                    self.throw_if_failed(root)?;
                }
            }
            if let Some(other) = cell(&required)
                && other.state().order != 0
                && other.state().order != ORDER_DONE
            {
                record.state().pending += 1;
                other.state().parents.try_push(module.clone())?;
            }
        }
        if record.state().pending > 0 || record.has_await() {
            self.rt().module_order += 1;
            record.state().order = self.rt().module_order;
            if record.state().pending == 0 {
                self.execute_async_module(module)?;
            }
        } else {
            self.execute_module(record)?;
        }
        if record.state().ancestor == record.state().index {
            while let Some(done) = stack.pop() {
                if let Some(other) = cell(&done) {
                    other.state().status = if other.state().order == 0 {
                        ModuleStatus::Evaluated
                    } else {
                        ModuleStatus::EvaluatingAsync
                    };
                    other.state().cycle_root = module.clone();
                }
                if done.bits() == module.bits() {
                    break;
                }
            }
        }
        Ok(index)
    }

    /// ExecuteModule of a module without top-level `await`.
    fn execute_module(&mut self, record: &ModuleCell) -> JsResult<()> {
        let function = record.state().function.clone();
        self.call_closure(&function, &Value::UNDEFINED, &[], &Value::UNDEFINED).map(drop)
    }

    /// ExecuteAsyncModule (16.2.1.5.3.2).
    fn execute_async_module(&mut self, module: &Value) -> JsResult<()> {
        let Some(record) = cell(module) else { return Ok(()) };
        let function = record.state().function.clone();
        let promise = self.call_async(&function, &Value::UNDEFINED, &[])?;
        let data = core::slice::from_ref(module);
        let fulfilled = self.new_native(&FULFILLED, data)?.into_value();
        let rejected = self.new_native(&REJECTED, data)?.into_value();
        self.promise_then(&promise, Reaction { target: Value::UNDEFINED, fulfilled, rejected })
    }

    /// GatherAvailableAncestors (16.2.1.5.3.3).
    fn gather_ancestors(&mut self, record: &ModuleCell, list: &mut Modules) -> JsResult<()> {
        self.check_native_stack()?;
        let mut i = 0;
        while let Some(parent) = record.state().parents.get(i).cloned() {
            i += 1;
            let Some(other) = cell(&parent) else { continue };
            let root = other.state().cycle_root.clone();
            let failed = cell(&root).is_some_and(|r| r.state().error.bits() != Value::HOLE.bits());
            if failed || list.iter().any(|m| m.bits() == parent.bits()) {
                continue;
            }
            other.state().pending = other.state().pending.saturating_sub(1);
            if other.state().pending == 0 {
                list.try_push(parent.clone())?;
                if !other.has_await() {
                    self.gather_ancestors(other, list)?;
                }
            }
        }
        Ok(())
    }

    fn finish_module(&mut self, record: &ModuleCell) -> JsResult<()> {
        record.state().order = ORDER_DONE;
        record.state().status = ModuleStatus::Evaluated;
        let promise = record.state().promise.clone();
        if promise.is_undefined() { Ok(()) } else { self.resolve_promise(&promise, &Value::UNDEFINED) }
    }

    /// AsyncModuleExecutionFulfilled (16.2.1.5.3.4).
    fn module_fulfilled(&mut self, module: &Value) -> JsResult<()> {
        let Some(record) = cell(module) else { return Ok(()) };
        if record.state().status == ModuleStatus::Evaluated {
            return Ok(());
        }
        self.finish_module(record)?;
        let mut list = self.modules();
        self.gather_ancestors(record, &mut list)?;
        list.sort_unstable_by_key(|module| cell(module).map_or(0, |record| record.state().order));
        for module in list.iter() {
            let Some(other) = cell(module) else { continue };
            if other.state().status == ModuleStatus::Evaluated {
                continue;
            }
            if other.has_await() {
                self.execute_async_module(module)?;
                continue;
            }
            match self.execute_module(other) {
                Ok(()) => self.finish_module(other)?,
                Err(thrown) => {
                    let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
                    self.module_rejected(module, &reason)?;
                }
            }
        }
        Ok(())
    }

    /// AsyncModuleExecutionRejected (16.2.1.5.3.5).
    fn module_rejected(&mut self, module: &Value, reason: &Value) -> JsResult<()> {
        self.check_native_stack()?;
        let Some(record) = cell(module) else { return Ok(()) };
        if record.state().status == ModuleStatus::Evaluated {
            return Ok(());
        }
        record.state().error = reason.clone();
        record.state().status = ModuleStatus::Evaluated;
        record.state().order = ORDER_DONE;
        let promise = record.state().promise.clone();
        if !promise.is_undefined() {
            self.reject_promise(&promise, reason.clone())?;
        }
        let mut i = 0;
        while let Some(parent) = record.state().parents.get(i).cloned() {
            i += 1;
            self.module_rejected(&parent, reason)?;
        }
        Ok(())
    }

    // ----- import() and import.meta -----

    /// `import.meta` of the running code's module.
    pub(crate) fn import_meta(&mut self) -> JsResult<Value> {
        let script = self.interp().code().script.clone();
        let module = script.downcast::<ScriptCell>().map_or(Value::UNDEFINED, ScriptCell::module);
        let Some(record) = cell(&module) else { return Ok(Value::UNDEFINED) };
        let known = record.state().meta.clone();
        if !known.is_undefined() {
            return Ok(known);
        }
        let meta = self.new_object_with_prototype(&Value::NULL)?;
        self.create_data_property(&meta, names::URL, record.name.clone())?;
        record.state().meta = meta.as_value().clone();
        Ok(meta.into())
    }

    /// `import(specifier, options)` (13.3.10.2).
    pub(crate) fn import_call(&mut self, specifier: &Value, options: &Value) -> JsResult<Value> {
        let script = self.interp().code().script.clone();
        let promise = self.new_promise()?;
        if let Err(thrown) = self.start_import(&script, specifier, options, &promise) {
            let Some(reason) = self.caught_value(thrown) else { return Err(thrown) };
            self.reject_promise(&promise, reason)?;
        }
        Ok(promise)
    }

    fn start_import(
        &mut self,
        script: &Value,
        specifier: &Value,
        options: &Value,
        promise: &Value,
    ) -> JsResult<()> {
        let specifier = self.to_string(specifier)?;
        let mut json = false;
        if !options.is_undefined() {
            let Some(options) = options.as_object() else {
                return Err(self.throw_type_error(format_args!("import options must be an object")));
            };
            let with = self.get(options, names::WITH)?;
            if !with.is_undefined() {
                json = self.dynamic_attributes(&with)?;
            }
        }
        let file = script.downcast::<ScriptCell>();
        let referrer = match file.and_then(|s| s.referrer.as_string().or_else(|| s.file_name.as_string())) {
            Some(name) => HostText::new(name)?,
            None => HostText::default(),
        };
        let module = self.load_module(&specifier, &referrer, json)?;
        self.load_graph(&module)?;
        self.enqueue(link_and_evaluate, &[&module, promise])
    }

    fn dynamic_attributes(&mut self, with: &Value) -> JsResult<bool> {
        let Some(with) = with.as_object() else {
            return Err(self.throw_type_error(format_args!("import attributes must be an object")));
        };
        let keys = self.own_keys(with)?;
        let mut entries: Vec<'static, (Atom, JsString)> = self.scratch();
        for key in keys.iter().filter(|key| !key.raw().is_symbol()) {
            if !self.is_own_enumerable(with, key.raw())? {
                continue;
            }
            let value = self.get(with, key.raw())?;
            let Ok(value) = JsString::try_from(value) else {
                return Err(self.throw_type_error(format_args!("import attribute must be a string")));
            };
            entries.try_push((key.clone(), value))?;
        }
        let mut json = false;
        for (key, value) in entries.iter() {
            if key.raw() != names::TYPE {
                let key = self.describe_key(key.raw());
                return Err(self.throw_type_error(format_args!("import attribute '{key}' is not supported")));
            }
            json = self.attribute_type(value)?;
        }
        Ok(json)
    }
}

/// A name or specifier for the host, in UTF-8: lone surrogates become U+FFFD.
#[derive(Default)]
struct HostText(Option<Vec<'static, u8>>);

impl HostText {
    fn new(string: &JsString) -> JsResult<HostText> {
        let mut bytes = string.to_wtf8()?;
        // In WTF-8 a surrogate is ED followed by a byte of A0 and up: as long as U+FFFD.
        for at in 1..bytes.len() {
            if bytes[at - 1] == 0xED && bytes[at] >= 0xA0 {
                bytes[at - 1..at + 2].copy_from_slice("\u{FFFD}".as_bytes());
            }
        }
        Ok(HostText(Some(bytes)))
    }
}

impl core::ops::Deref for HostText {
    type Target = str;
    fn deref(&self) -> &str {
        self.0.as_ref().and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}
