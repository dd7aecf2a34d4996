//! From source text to running code: scripts, evals, and functions made from text.

use crate::code::function::{Constant, Flags, Interner, Unit};
use crate::compile::{self, DynamicKind, Error, Options};
use crate::mem::{OutOfMemory, Use, Vec};
use crate::object::exotic::{ErrorCell, TraceEntry};
use crate::object::{PropertyFlags, ShapeTable};
use crate::runtime::dump::{DumpFlags, DumpText};
use crate::runtime::sites::atom_name;
use crate::runtime::{Arguments, ClosureCell, CodeCell, Context, Intrinsic, ScriptCell, thread_stack};
use crate::text::{Atom, AtomTable, RawAtom, StringBuilder, Text, names};
use crate::value::{BigInt, JsResult, JsString, Thrown, Value};

/// The runtime's atom table, and its budget of work, for the compiler.
struct Atoms<'c>(&'c mut Context);

fn text(text: tare_number::Text<'_>) -> Text<'_> {
    match text {
        tare_number::Text::Latin1(units) => Text::Latin1(units),
        tare_number::Text::Utf16(units) => Text::Utf16(units),
    }
}

impl Interner for Atoms<'_> {
    fn goes_on(&mut self, steps: u32) -> bool {
        self.0.pay(steps).is_ok()
    }
    fn intern(&mut self, name: tare_number::Text<'_>) -> Result<u32, OutOfMemory> {
        match AtomTable::current().intern(text(name)) {
            Ok(atom) => Ok(atom.into_raw().bits()),
            Err(_) => Err(OutOfMemory),
        }
    }
    fn text_of(&self, atom: u32, sink: &mut dyn FnMut(tare_number::Text<'_>)) {
        if let Ok(string) = RawAtom::from_bits(atom).to_js_string()
            && let Ok(text) = string.text()
        {
            sink(super::convert::number_text(text));
        }
    }
    fn retain(&mut self, atom: u32) {
        RawAtom::from_bits(atom).to_owned().into_raw();
    }
    fn release(&mut self, atom: u32) {
        release_atom(atom);
    }
}

fn release_atom(atom: u32) {
    // SAFETY: the compiler gives back what it was given.
    drop(unsafe { Atom::from_raw(RawAtom::from_bits(atom)) });
}

/// What a text is compiled as.
enum Goal<'a> {
    Script,
    IndirectEval,
    DirectEval(&'a crate::code::function::EvalScope<'static>),
    Function { parameters_end: usize },
    Module,
}

/// Holds what the compiler made against the opcode table.
fn verify_all(unit: &Unit<'_>) {
    let host = tare_allocators::System;
    let memory = tare_allocators::Memory::new(&host);
    for (number, function) in unit.functions.iter().enumerate() {
        if let Err(fault) = crate::code::verify::verify(function, unit.functions.len(), memory) {
            panic!("the compiler made wrong code: function {number}, {fault}");
        }
    }
}

impl Context {
    /// Compiles a text; the error is thrown as a SyntaxError that knows its place.
    fn compile(&mut self, source: &[u8], file: &str, goal: Goal<'_>) -> JsResult<Unit<'static>> {
        let memory = self.rt().mem.memory(Use::Code);
        // Where the thread's stack is not known and no limit was set, as much as most have to spare.
        let room = match self.rt().native_stack_floor {
            0 | 1 => 1 << 20,
            floor => thread_stack::here().saturating_sub(floor),
        };
        let fusions = self.rt().fusions;
        let options = Options { completion: true, stack_bytes: room / 4 * 3, fusions, ..Options::default() };
        let result = match goal {
            Goal::Script => compile::compile_script(source, options, memory, &mut Atoms(self)),
            Goal::IndirectEval => compile::compile_eval(source, None, options, memory, &mut Atoms(self)),
            Goal::DirectEval(scope) => {
                compile::compile_eval(source, Some(scope), options, memory, &mut Atoms(self))
            }
            Goal::Function { parameters_end } => {
                compile::compile_function(source, parameters_end, options, memory, &mut Atoms(self))
            }
            Goal::Module => compile::compile_module(source, options, memory, &mut Atoms(self)),
        };
        match result {
            Ok(unit) => Ok(unit),
            Err(Error::OutOfMemory) => Err(Thrown::OutOfMemory),
            Err(Error::TooDeep) => Err(Thrown::StackOverflow),
            Err(Error::Interrupted) => Err(Thrown::Terminated),
            Err(Error::Syntax { message, line, column }) => {
                let message = JsString::from_str(message.as_str())?;
                let prototype = self.intrinsic(Intrinsic::SyntaxErrorPrototype);
                let file: Value = JsString::from_str(file)?.into();
                let mut trace: Vec<'static, TraceEntry> = Vec::new(self.rt().mem.memory(Use::Runtime));
                trace.try_push(TraceEntry { function: file, pc: line, column })?;
                if let Some(rest) = self.capture_trace()? {
                    for entry in rest.iter().take(8) {
                        let function = entry.function.clone();
                        trace.try_push(TraceEntry { function, pc: entry.pc, column: entry.column })?;
                    }
                }
                let shape = ShapeTable::current().root(&prototype, 0, 0)?;
                let error = ErrorCell::create(shape, Some(trace))?;
                error.add_property(names::MESSAGE, message.into(), PropertyFlags::HIDDEN)?;
                Err(self.throw(error.into()))
            }
        }
    }

    /// Makes code cells of a unit, in this realm; the first function's is returned.
    fn instantiate(
        &mut self,
        unit: Unit<'static>,
        source: &[u8],
        file: &str,
        is_eval: bool,
        second: Option<&mut Value>,
    ) -> JsResult<crate::heap::Ref<CodeCell>> {
        if self.rt().dump_flags.has(DumpFlags::BYTECODE_FINAL) {
            let mut text = DumpText(&self.rt().dump_output);
            let names =
                |atom, out: &mut dyn core::fmt::Write| out.write_str(&atom_name(RawAtom::from_bits(atom)));
            let _ = crate::code::disassemble::unit(&unit, &names, &mut text);
        }
        if cfg!(debug_assertions) {
            verify_all(&unit);
        }
        let memory = self.rt().mem.memory(Use::Code);
        let Unit { mut functions, globals, module: _, atoms } = unit;
        let referrer = if is_eval { self.running_file() } else { Value::UNDEFINED };
        let script = {
            let kept = Vec::try_from_slice(source, memory);
            let file_name = JsString::from_str(file);
            match (kept, file_name) {
                (Ok(kept), Ok(file_name)) => {
                    ScriptCell::create(kept, file_name.into(), globals, atoms, is_eval, referrer)
                }
                _ => {
                    release(&atoms);
                    Err(Thrown::OutOfMemory)
                }
            }
        };
        let realm = self.realm_value();
        // Inner functions have larger numbers than those around them: from the last to the first.
        let mut cells: Vec<'static, Value> = Vec::new(memory);
        let result = (|| {
            let script = script?;
            cells.try_resize(functions.len(), Value::UNDEFINED)?;
            while let Some(template) = functions.pop() {
                let prepared = (|| {
                    let mut values: Vec<'static, Value> =
                        Vec::try_with_capacity(template.constants.len(), memory)?;
                    for constant in &template.constants {
                        values.try_push(self.constant_value(constant)?)?;
                    }
                    let mut inner: Vec<'static, Value> =
                        Vec::try_with_capacity(template.functions.len(), memory)?;
                    for &index in &template.functions {
                        inner.try_push(cells[index as usize].clone())?;
                    }
                    Ok((values, inner))
                })();
                let (values, inner) = match prepared {
                    Ok(parts) => parts,
                    Err(error) => {
                        release(&template.atoms);
                        return Err(error);
                    }
                };
                let cell = CodeCell::create(template, values, inner, realm.clone(), script.clone())?;
                if functions.is_empty() {
                    if let (Some(second), Some(code)) = (second, cells.get(1)) {
                        *second = code.clone();
                    }
                    return Ok(cell);
                }
                cells[functions.len()] = cell.into();
            }
            Err(Thrown::OutOfMemory)
        })();
        for template in &functions {
            release(&template.atoms);
        }
        result
    }

    /// The name of the file whose code runs, undefined if none does.
    fn running_file(&mut self) -> Value {
        if self.rt().machine.code.is_null() {
            return Value::UNDEFINED;
        }
        let script = self.interp().code().script.clone();
        match script.downcast::<ScriptCell>() {
            Some(script) if script.referrer.is_string() => script.referrer.clone(),
            Some(script) => script.file_name.clone(),
            None => Value::UNDEFINED,
        }
    }

    fn constant_value(&mut self, constant: &Constant<'static>) -> JsResult<Value> {
        Ok(match constant {
            Constant::Number(number) => Value::number(*number),
            Constant::String(atom) => RawAtom::from_bits(*atom).to_value()?,
            Constant::BigInt(atom) => {
                let text = RawAtom::from_bits(*atom).to_js_string()?;
                match self.string_to_bigint(&text)? {
                    Some(big) => big.into(),
                    None => BigInt::from_limbs(false, &[])?.into(),
                }
            }
            // Made when they are first needed.
            Constant::RegExp { .. } | Constant::Template { .. } => Value::UNDEFINED,
        })
    }

    /// A closure of top-level code, which captures nothing.
    fn top_closure(&mut self, code: &crate::heap::Ref<CodeCell>) -> JsResult<Value> {
        let shape = self.closure_shape(Flags::default())?;
        Ok(ClosureCell::create(shape, code)?.into())
    }

    /// Compiles and runs a script (ScriptEvaluation, 16.1.6). The source is UTF-8 or WTF-8.
    pub fn eval_script(&mut self, source: &[u8], file: &str) -> JsResult<Value> {
        let unit = self.compile(source, file, Goal::Script)?;
        let code = self.instantiate(unit, source, file, false, None)?;
        let function = self.top_closure(&code)?;
        drop(code);
        let this = self.global();
        self.call_closure(&function, &this, &[], &Value::UNDEFINED)
    }

    /// Indirect eval (19.2.1.1): in the global scope of this realm.
    pub fn indirect_eval(&mut self, source: &Value) -> JsResult<Value> {
        let Some(string) = source.as_string() else { return Ok(source.clone()) };
        let bytes = string.to_wtf8()?;
        let unit = self.compile(&bytes, "<eval>", Goal::IndirectEval)?;
        let code = self.instantiate(unit, &bytes, "<eval>", true, None)?;
        let function = self.top_closure(&code)?;
        let this = self.global();
        self.call_closure(&function, &this, &[], &Value::UNDEFINED)
    }

    /// Direct eval, in eval scope `scope` of the running code.
    pub(crate) fn direct_eval(&mut self, source: &Value, scope: usize) -> JsResult<Value> {
        let Some(string) = source.as_string() else { return Ok(source.clone()) };
        let bytes = string.to_wtf8()?;
        let interp = self.interp();
        let running = interp.code();
        let Some(scope) = running.template.eval_scopes.get(scope) else { return Ok(Value::UNDEFINED) };
        let unit = self.compile(&bytes, "<eval>", Goal::DirectEval(scope))?;
        let code = self.instantiate(unit, &bytes, "<eval>", true, None)?;
        let function = interp.closure_in_frame(&code)?;
        // SAFETY: the running frame's `this` is at `fp[-2]`.
        let this = unsafe { (*interp.m().fp.sub(2)).to_owned() };
        self.call_closure(&function, &this, &[], &Value::UNDEFINED)
    }

    /// Compiles a module: its code, whose script cell has no module record yet, the code that initializes its
    /// hoisted functions (or undefined), and the linking interface.
    pub(crate) fn compile_module_text(
        &mut self,
        source: &[u8],
        file: &str,
    ) -> JsResult<(crate::heap::Ref<CodeCell>, Value, Option<crate::code::function::ModuleInfo<'static>>)>
    {
        let mut unit = self.compile(source, file, Goal::Module)?;
        let module = unit.module.take();
        let mut init = Value::UNDEFINED;
        let wanted = module.as_ref().is_some_and(|info| info.init.is_some());
        let code = self.instantiate(unit, source, file, false, wanted.then_some(&mut init))?;
        Ok((code, init, module))
    }

    /// CreateDynamicFunction (20.2.1.1.1).
    pub(crate) fn create_dynamic_function(
        &mut self,
        call: &Arguments<'_>,
        generator: bool,
        is_async: bool,
    ) -> JsResult<Value> {
        let (kind, fallback) = match (generator, is_async) {
            (false, false) => (DynamicKind::Normal, Intrinsic::FunctionPrototype),
            (true, false) => (DynamicKind::Generator, Intrinsic::GeneratorFunctionPrototype),
            (false, true) => (DynamicKind::Async, Intrinsic::AsyncFunctionPrototype),
            (true, true) => (DynamicKind::AsyncGenerator, Intrinsic::AsyncGeneratorFunctionPrototype),
        };
        let mut text = StringBuilder::new();
        text.push_str(kind.prefix())?;
        let count = call.len();
        for (i, parameter) in call.list.iter().take(count.saturating_sub(1)).enumerate() {
            if i > 0 {
                text.push_unit(u16::from(b','))?;
            }
            let parameter = self.to_string(parameter)?;
            text.push(&parameter)?;
        }
        let head = text.finish()?.to_wtf8()?;
        let parameters_end = head.len();
        let body = match call.list.last() {
            Some(body) => self.to_string(body)?,
            None => JsString::empty(),
        };
        let mut tail = StringBuilder::new();
        tail.push_str("\n) {\n")?;
        tail.push(&body)?;
        tail.push_str("\n}")?;
        let tail = tail.finish()?.to_wtf8()?;
        let mut source: Vec<'static, u8> = self.scratch();
        source.try_extend_from_slice(&head)?;
        source.try_extend_from_slice(&tail)?;
        let unit = self.compile(&source, "<function>", Goal::Function { parameters_end })?;
        let code = self.instantiate(unit, &source, "<function>", true, None)?;
        let maker = self.top_closure(&code)?;
        let this = self.global();
        let function = self.call_closure(&maker, &this, &[], &Value::UNDEFINED)?;
        let new_target = if call.is_construct() { call.new_target } else { call.callee.as_value() };
        if let Some(object) = function.as_object() {
            let prototype = self.prototype_from_constructor(new_target, fallback)?;
            if object.prototype().bits() != prototype.bits() {
                self.set_prototype_of(object, prototype.as_value())?;
            }
        }
        Ok(function)
    }
}

fn release(atoms: &[u32]) {
    for &atom in atoms {
        release_atom(atom);
    }
}
