//! Cells of compiled code and of the functions made from it.
//!
//! # Invariants
//! - `bytecode`, `constants`, `caches` and `literals` point into the vectors of the same cell,
//!   which are never changed in size after the cell was made.
//! - An inline cache is believed only where its words match an object's header and, for look-ups through
//!   prototypes, its epoch is the shape table's. Words of dead shapes are flushed before their
//!   ids are given again ([`CodeCell::flush_caches`]).

use core::cell::{Cell as StdCell, UnsafeCell};
use core::ptr::NonNull;

use crate::code::function::{Constant, Flags, FunctionTemplate, Global};
use crate::heap::{self, Blocks, Cell, Header, Tracer};
use crate::mem::{Part, Use, Vec};
use crate::object::{ObjectHead, Shape};
use crate::text::{Atom, RawAtom};
use crate::value::{JsResult, Object, RawValue, Value, kind};

/// What an inline cache knows beyond the own-inline case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CacheKind {
    /// Nothing yet.
    Empty,
    /// `word2` has the property in out-of-line slot `offset2`.
    OwnExt,
    /// `word2`'s prototype chain has it: `aux` is the address of the slot.
    Prototype,
    /// `word2`'s prototype chain has it as an accessor: `aux` is the address of the slot.
    Accessor,
    /// Storing adds the property: `aux` is the new word, `offset2` the slot's byte offset in the cell.
    AddInline,
    /// Storing adds the property: `aux` is the new word, `offset2` the out-of-line slot, which exists.
    AddExt,
    /// A global variable: `aux` is the address of its value, in a box or in a slot of the global object.
    Lexical,
    /// A method of string primitives: `aux` is the address of the slot on their prototype chain.
    StringMethod,
    /// Gave up: too many shapes came by.
    Megamorphic,
}

/// The inline cache of one instruction. The first eight bytes serve the commonest case: the
/// property is the object's own, in an inline slot.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct InlineCache {
    /// Header word of objects with the property in the inline slot at `offset`.
    pub word: u32,
    /// Byte offset of that slot from the start of the cell.
    pub offset: u16,
    /// See [`CacheKind`].
    pub kind: CacheKind,
    /// How often the cache was refilled.
    pub misses: u8,
    /// Header word for `kind`.
    pub word2: u32,
    /// See `kind`.
    pub offset2: u32,
    /// See `kind`.
    pub aux: u64,
    /// The epoch at which a look-up through prototypes was cached.
    pub epoch: u32,
    /// The property's atom.
    pub atom: RawAtom,
}

/// A word that no object has: kind 0.
pub const NO_WORD: u32 = 0;

impl InlineCache {
    /// An empty cache for a property.
    pub fn new(atom: RawAtom) -> InlineCache {
        InlineCache {
            word: NO_WORD,
            offset: 0,
            kind: CacheKind::Empty,
            misses: 0,
            word2: NO_WORD,
            offset2: 0,
            aux: 0,
            epoch: 0,
            atom,
        }
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        *self = InlineCache { misses: self.misses, ..InlineCache::new(self.atom) };
    }
}

/// The shape of an object literal's site, found when it first runs.
#[derive(Debug, Default)]
pub struct LiteralShape {
    /// Header word of the finished object; 0 until it is known.
    pub word: StdCell<u32>,
    /// Inline slots of the object.
    pub capacity: StdCell<u32>,
    /// A counted reference to the shape.
    pub held: UnsafeCell<Value>,
}

/// What the functions of one source text share.
#[repr(C)]
pub struct ScriptCell {
    header: Header,
    /// The source text, in WTF-8.
    pub source: Vec<'static, u8>,
    /// The file's name: a string.
    pub file_name: Value,
    /// Declarations for `declare_globals`.
    pub globals: Vec<'static, Global>,
    /// Atoms the declarations own.
    pub atoms: Vec<'static, u32>,
    /// Whether the code is an eval's: its global variables can be deleted.
    pub is_eval: bool,
    /// The module record of a module's code, or undefined.
    pub module: UnsafeCell<Value>,
    /// For code made from text at run time: the name of the file that `import()` in it is relative to.
    pub referrer: Value,
}

impl ScriptCell {
    /// A new cell; `atoms` are counted references that it takes over.
    pub fn create(
        source: Vec<'static, u8>,
        file_name: Value,
        globals: Vec<'static, Global>,
        atoms: Vec<'static, u32>,
        is_eval: bool,
        referrer: Value,
    ) -> JsResult<Value> {
        let cell = ScriptCell {
            header: Header::new(0),
            source,
            file_name,
            globals,
            atoms,
            is_eval,
            module: UnsafeCell::new(Value::UNDEFINED),
            referrer,
        };
        Ok(heap::current().alloc(cell, u32::from(kind::SCRIPT))?.into())
    }

    /// The module record, or undefined.
    pub fn module(&self) -> Value {
        // SAFETY: cloned at once.
        unsafe { (*self.module.get()).clone() }
    }

    /// Sets the module record.
    pub fn set_module(&self, module: Value) {
        // SAFETY: the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *self.module.get(), module) });
    }
}

/// Bytes of a list's block.
fn bytes_of<T>(list: &Vec<'_, T>) -> usize {
    list.capacity() * size_of::<T>()
}

fn release_atoms(atoms: &[u32]) {
    for &atom in atoms {
        // SAFETY: a template owns one count of each atom of its list.
        drop(unsafe { Atom::from_raw(RawAtom::from_bits(atom)) });
    }
}

impl Drop for ScriptCell {
    fn drop(&mut self) {
        release_atoms(&self.atoms);
    }
}

// SAFETY: `repr(C)` with the header first; all references to cells are reported.
unsafe impl Cell for ScriptCell {
    const KIND: u8 = kind::SCRIPT;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.file_name.trace(tracer);
        self.referrer.trace(tracer);
        // SAFETY: no reference into the cell is alive while the collector runs.
        unsafe { (*self.module.get()).trace(tracer) };
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        blocks.list(Use::Code, Part::Source, &self.source);
        blocks.list(Use::Code, Part::CodeTables, &self.globals);
        blocks.list(Use::Code, Part::CodeTables, &self.atoms);
    }
}

/// Bytes of bytecode that a call pays a step for: as many as take about a tenth of a microsecond.
const BYTES_PER_STEP: usize = 128;

/// The bytecode of a function, with its caches.
#[repr(C)]
pub struct CodeCell {
    header: Header,
    /// First instruction.
    pub bytecode: *const u8,
    /// Constants as values; RegExps and templates are made when first needed.
    pub constants: *const Value,
    /// Inline caches.
    pub caches: *mut InlineCache,
    /// Object literal sites.
    pub literals: *const LiteralShape,
    /// Parameter slots.
    pub arg_count: u16,
    /// Locals, parameters included.
    pub local_count: u16,
    /// Greatest depth of the operand stack.
    pub stack_size: u16,
    /// Steps of the budget for a call: one, and more for long code.
    pub steps: i32,
    /// A plain call may enter without further ado: no rest, arguments object, generator, async, class.
    pub is_simple: bool,
    /// Facts.
    pub flags: Flags,
    /// Header word of objects that `new` makes; 0 until known. See `constructor_prototype`.
    pub instance_word: StdCell<u32>,
    /// Inline slots of such objects, learned from how many properties they got.
    pub instance_capacity: StdCell<u16>,
    /// The `prototype` that `instance_word` was found for.
    pub instance_prototype: UnsafeCell<Value>,
    /// The realm.
    pub realm: Value,
    /// What all functions of the source share: a [`ScriptCell`].
    pub script: Value,
    /// The compiler's data.
    pub template: FunctionTemplate<'static>,
    values: UnsafeCell<Vec<'static, Value>>,
    cache_table: UnsafeCell<Vec<'static, InlineCache>>,
    literal_table: Vec<'static, LiteralShape>,
    /// Code of the inner functions, in the order of the template's list.
    pub functions: Vec<'static, Value>,
}

// SAFETY: `repr(C)` with the header first; all counted references to cells are reported (caches
// hold none, atoms are leaves).
unsafe impl Cell for CodeCell {
    const KIND: u8 = kind::CODE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.realm.trace(tracer);
        self.script.trace(tracer);
        // SAFETY: no reference into the cells is alive while the collector runs.
        unsafe {
            (*self.instance_prototype.get()).trace(tracer);
            for value in &*self.values.get() {
                value.trace(tracer);
            }
            for literal in &self.literal_table {
                (*literal.held.get()).trace(tracer);
            }
        }
        for function in &self.functions {
            function.trace(tracer);
        }
    }
    fn blocks(&self, blocks: &mut Blocks<'_>) {
        let template = &self.template;
        let mut list = |part, bytes| blocks.block(Use::Code, part, bytes);
        macro_rules! lists {
            ($($part:ident $list:expr;)*) => {$(list(Part::$part, bytes_of($list));)*};
        }
        // SAFETY: no mutable reference into the cell is alive while the heap is walked.
        let (values, caches) = unsafe { (&*self.values.get(), &*self.cache_table.get()) };
        lists! {
            Bytecode &template.code;
            Positions &template.positions;
            Constants &template.constants;
            Constants &template.functions;
            Constants &template.shapes;
            Constants &template.shape_atoms;
            Constants values;
            Constants &self.functions;
            Constants &self.literal_table;
            Caches &template.caches;
            Caches caches;
            CodeTables &template.locals;
            CodeTables &template.captures;
            CodeTables &template.handlers;
            CodeTables &template.eval_scopes;
            CodeTables &template.atoms;
        }
        for scope in &template.eval_scopes {
            list(Part::CodeTables, bytes_of(&scope.vars));
        }
        for constant in &template.constants {
            if let Constant::Template { cooked, raw } = constant {
                list(Part::Constants, bytes_of(cooked));
                list(Part::Constants, bytes_of(raw));
            }
        }
    }
}

impl Drop for CodeCell {
    fn drop(&mut self) {
        release_atoms(&self.template.atoms);
    }
}

impl CodeCell {
    /// A new cell. `values` holds one value per constant of the template, `functions` the code of
    /// its inner functions. The template's atoms are taken over.
    pub fn create(
        template: FunctionTemplate<'static>,
        values: Vec<'static, Value>,
        functions: Vec<'static, Value>,
        realm: Value,
        script: Value,
    ) -> JsResult<heap::Ref<CodeCell>> {
        let memory = template.code.memory();
        let tables = || -> JsResult<_> {
            let mut caches = Vec::try_with_capacity(template.caches.len(), memory)?;
            for &atom in &template.caches {
                caches.try_push(InlineCache::new(RawAtom::from_bits(atom)))?;
            }
            let mut literals = Vec::try_with_capacity(template.shapes.len(), memory)?;
            for _ in 0..template.shapes.len() {
                literals.try_push(LiteralShape::default())?;
            }
            Ok((caches, literals))
        };
        let (mut caches, literals) = match tables() {
            Ok(tables) => tables,
            Err(error) => {
                release_atoms(&template.atoms);
                return Err(error);
            }
        };
        let flags = template.flags;
        let is_simple = template.rest.is_none()
            && template.arguments.is_none()
            && !flags.generator()
            && !flags.async_()
            && !flags.class_constructor();
        let cell = CodeCell {
            header: Header::new(0),
            bytecode: template.code.as_ptr(),
            constants: values.as_ptr(),
            caches: caches.as_mut_ptr(),
            literals: literals.as_ptr(),
            arg_count: template.arg_count,
            local_count: template.local_count,
            stack_size: template.stack_size,
            steps: 1 + i32::try_from(template.code.len() / BYTES_PER_STEP).unwrap_or(i32::MAX / 2),
            is_simple,
            flags,
            instance_word: StdCell::new(0),
            instance_capacity: StdCell::new(4),
            instance_prototype: UnsafeCell::new(Value::UNDEFINED),
            realm,
            script,
            template,
            values: UnsafeCell::new(values),
            cache_table: UnsafeCell::new(caches),
            literal_table: literals,
            functions,
        };
        Ok(heap::current().alloc(cell, u32::from(kind::CODE))?)
    }

    /// Constant `i`.
    pub fn constant(&self, i: usize) -> Value {
        // SAFETY: cloned at once.
        unsafe { (&*self.values.get())[i].clone() }
    }

    /// Replaces constant `i`: a template object or a compiled RegExp, once it is made.
    pub fn set_constant(&self, i: usize, value: Value) {
        // SAFETY: the old value is moved out before it is dropped; the size does not change.
        drop(unsafe { core::mem::replace(&mut (&mut *self.values.get())[i], value) });
    }

    /// What all functions of the source share.
    pub fn script(&self) -> &ScriptCell {
        // SAFETY: every code cell is made with a script cell.
        unsafe { self.script.cell_unchecked().cast::<ScriptCell>().as_ref() }
    }

    /// Forgets all that the inline caches know, and what `new` makes. Drops nothing.
    pub fn flush_caches(&self) {
        // SAFETY: no handler holds a reference to a cache while this runs.
        unsafe {
            for cache in (*self.cache_table.get()).iter_mut() {
                cache.flush();
            }
        }
        self.instance_word.set(0);
    }

    /// The function's name, as its template has it.
    pub fn name(&self) -> RawAtom {
        RawAtom::from_bits(self.template.name)
    }

    /// Bytes of code, and of the position table.
    pub fn code_bytes(&self) -> (usize, usize) {
        (self.template.code.len(), self.template.positions.len())
    }
}

/// A function made from source; captures follow.
#[repr(C)]
pub struct ClosureCell {
    head: ObjectHead,
    code: NonNull<CodeCell>,
}

/// Extra slots behind the captures, for functions that need them.
const EXTRA_HOME: usize = 0;
const EXTRA_FIELDS: usize = 1;

impl ClosureCell {
    /// Byte offset of the code pointer, for the interpreter.
    pub const CODE_OFFSET: usize = core::mem::offset_of!(ClosureCell, code);
    /// Byte offset of the first capture, for the interpreter.
    pub const CAPTURES_OFFSET: usize = size_of::<ClosureCell>();

    fn extras(code: &CodeCell) -> usize {
        if code.flags.class_constructor() { 2 } else { usize::from(code.flags.needs_home_object()) }
    }

    /// A new closure whose captures are still to be set ([`ClosureCell::set_capture`]); until
    /// then they are undefined.
    pub fn create(shape: &Shape, code: &heap::Ref<CodeCell>) -> JsResult<Object> {
        let count = code.template.captures.len() + Self::extras(code);
        let word = shape.id() << 8 | u32::from(kind::CLOSURE);
        let cell = heap::current().alloc_raw(Self::CAPTURES_OFFSET + count * size_of::<Value>(), word)?;
        // SAFETY: the whole cell is initialised before anybody sees it; the header is kept.
        unsafe {
            let header = cell.read();
            let code = code.clone().into_raw();
            cell.cast::<ClosureCell>().write(ClosureCell { head: ObjectHead::new(), code });
            cell.write(header);
            let slots = cell.as_ptr().byte_add(Self::CAPTURES_OFFSET).cast::<Value>();
            let room = (heap::current().cell_size(cell) - Self::CAPTURES_OFFSET) / size_of::<Value>();
            for i in 0..room {
                slots.add(i).write(Value::UNDEFINED);
            }
            Ok(Object::from_value_unchecked(Value::from_raw(RawValue::cell(cell))))
        }
    }

    /// The code.
    #[inline(always)]
    pub fn code(&self) -> &CodeCell {
        // SAFETY: a closure owns one count of its code.
        unsafe { self.code.as_ref() }
    }

    /// A counted reference to the code.
    pub fn code_ref(&self) -> heap::Ref<CodeCell> {
        // SAFETY: the code is alive.
        unsafe { heap::Ref::share(self.code) }
    }

    fn slots(&self) -> (*mut Value, usize) {
        let cell = NonNull::from(self).cast();
        // SAFETY: the cell is live or being finalized; its slots follow the fixed part.
        unsafe {
            let room = (heap::current().cell_size(cell) - Self::CAPTURES_OFFSET) / size_of::<Value>();
            (cell.as_ptr().byte_add(Self::CAPTURES_OFFSET).cast(), room)
        }
    }

    /// Capture `i`: a variable box.
    pub fn capture(&self, i: usize) -> Value {
        let (slots, room) = self.slots();
        debug_assert!(i < room);
        // SAFETY: initialised; cloned at once.
        unsafe { (*slots.add(i)).clone() }
    }

    /// Sets a capture.
    pub fn set_capture(&self, i: usize, value: Value) {
        let (slots, room) = self.slots();
        debug_assert!(i < room);
        // SAFETY: initialised; the old value is moved out before it is dropped.
        drop(unsafe { core::mem::replace(&mut *slots.add(i), value) });
    }

    fn extra(&self, which: usize) -> Option<usize> {
        let code = self.code();
        (which < Self::extras(code)).then(|| code.template.captures.len() + which)
    }

    /// The home object, or undefined.
    pub fn home_object(&self) -> Value {
        self.extra(EXTRA_HOME).map_or(Value::UNDEFINED, |i| self.capture(i))
    }

    /// Sets the home object, if the function needs one.
    pub fn set_home_object(&self, home: Value) {
        if let Some(i) = self.extra(EXTRA_HOME) {
            self.set_capture(i, home);
        }
    }

    /// The function that initializes a class's fields, or undefined.
    pub fn fields_init(&self) -> Value {
        self.extra(EXTRA_FIELDS).map_or(Value::UNDEFINED, |i| self.capture(i))
    }

    /// Sets the function that initializes a class's fields.
    pub fn set_fields_init(&self, function: Value) {
        if let Some(i) = self.extra(EXTRA_FIELDS) {
            self.set_capture(i, function);
        }
    }
}

// SAFETY: `repr(C)` with the header first; head, code and slots are reported.
unsafe impl Cell for ClosureCell {
    const KIND: u8 = kind::CLOSURE;
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.head.trace(tracer);
        tracer.edge(self.code.cast());
        let (slots, room) = self.slots();
        for i in 0..room {
            // SAFETY: all slots are initialised.
            unsafe { (*slots.add(i)).trace(tracer) };
        }
    }
}

impl Drop for ClosureCell {
    fn drop(&mut self) {
        let (slots, room) = self.slots();
        // SAFETY: all slots are initialised and dropped once; the closure owns one count of its code.
        unsafe {
            for i in 0..room {
                slots.add(i).drop_in_place();
            }
            drop(heap::Ref::from_raw(self.code));
        }
    }
}
