//! The memory report's figures: every block of the runtime, attributed.
//!
//! [`Runtime::for_each_block`] walks everything there is; [`MemoryUsage`] adds up what it finds under the names that
//! QuickJS gives them.
//!
//! # Invariants
//! - The walk finds every block that the books ([`Mem`](crate::mem::Mem)) hold, exactly once, and with the charge
//!   that they hold: `memory_used_size` is `malloc_size`, to the byte, and `memory_used_count` is `malloc_count`.
//! - The only blocks that no owner reports are the working memory of what runs at this moment ([`IN_FLIGHT`]), of
//!   which there is none between two scripts. They are taken from the books.

use core::ptr::NonNull;

use super::Runtime;
use crate::heap::{Blocks, Header};
use crate::mem::{Part, Use};
use crate::object::ObjectHead;
use crate::text::RawAtom;
use crate::value::{Object, RawValue, Value, kind};

/// Uses whose blocks may have no owner that the walk reaches, while a script, the compiler or the collector runs.
pub const IN_FLIGHT: [Use; 5] = [Use::Scratch, Use::Compiler, Use::RegExp, Use::Collector, Use::Host];

/// Something that the walk found: a block, or the in-flight blocks of one use together.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The cell it is, or belongs to; none for the runtime's own tables.
    pub cell: Option<NonNull<Header>>,
    /// What the books charge it to.
    pub purpose: Use,
    /// What it is to its owner.
    pub part: Part,
    /// What the books charge for it.
    pub bytes: usize,
    /// Number of blocks: 1 but for what is in flight.
    pub count: usize,
}

impl Runtime {
    /// Calls `visit` with every block of the runtime. Nothing is allocated or freed meanwhile.
    pub fn for_each_block(&self, visit: &mut dyn FnMut(Block)) {
        let mut in_flight =
            IN_FLIGHT.map(|purpose| (self.mem.charged_to(purpose), self.mem.blocks_of(purpose)));
        let mut found = |cell, purpose, part, bytes| {
            if let Some(place) = IN_FLIGHT.iter().position(|&u| u == purpose) {
                in_flight[place].0 -= bytes;
                in_flight[place].1 -= 1;
            }
            visit(Block { cell, purpose, part, bytes, count: 1 });
        };
        self.heap.for_each_block(&mut |cell, purpose, part, bytes| {
            found(cell, purpose, part, bytes);
            let Some(owner) = cell.filter(|_| part == Part::Cell) else { return };
            // SAFETY: the walk gives whole cells; those of objects start with their head.
            unsafe {
                if owner.as_ref().kind() & crate::heap::KIND_MASK >= kind::FIRST_OBJECT {
                    let bytes = owner.cast::<ObjectHead>().as_ref().ext_bytes();
                    Blocks::new(&self.mem, &mut |purpose, part, bytes| found(cell, purpose, part, bytes))
                        .block(Use::Slots, Part::Slots, bytes);
                }
            }
        });
        let mut own = |purpose, part, bytes| found(None, purpose, part, bytes);
        let mut blocks = Blocks::new(&self.mem, &mut own);
        self.atoms.blocks(&mut blocks);
        self.shapes.blocks(&mut blocks);
        self.weak.blocks(&mut blocks);
        self.machine.blocks(&mut blocks);
        self.jobs.blocks(&mut blocks);
        self.rejections.blocks(&mut blocks);
        blocks.list(Use::Runtime, Part::Runtime, &self.waits);
        for bytes in self.regexp.iter().flat_map(|scratch| scratch.block_bytes()) {
            blocks.block(Use::RegExp, Part::Runtime, bytes);
        }
        for list in [&self.kept_alive, &self.modules, &self.joining] {
            blocks.list(Use::Runtime, Part::Runtime, list);
        }
        for (purpose, (bytes, count)) in IN_FLIGHT.into_iter().zip(in_flight) {
            if count != 0 {
                let part = if purpose == Use::Host { Part::Host } else { Part::InFlight };
                visit(Block { cell: None, purpose, part, bytes, count });
            }
        }
    }

    /// The figures of `JS_ComputeMemoryUsage`.
    pub fn memory_usage(&self) -> MemoryUsage {
        let mut usage = MemoryUsage {
            malloc_size: self.mem.charged() as u64,
            malloc_limit: self.mem.limit() as u64,
            malloc_count: self.mem.blocks() as u64,
            atom_count: self.atoms.len() as u64,
            shape_count: self.shapes.len() as u64,
            ..MemoryUsage::default()
        };
        self.for_each_block(&mut |block| usage.add(block));
        usage
    }
}

macro_rules! memory_usage {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// How much memory a runtime uses, and for what: the fields of `JSMemoryUsage`.
        ///
        /// Sizes are in bytes as the books charge them, rounding included. `atom_size`, `str_size`, `obj_size`,
        /// `prop_size`, `shape_size`, `js_func_size`, `js_func_code_size`, `js_func_pc2line_size` and
        /// `binary_object_size` share no byte with each other; with array elements, tables of collections, variable
        /// boxes, realms, the stack and the runtime's own tables they add up to `memory_used_size`.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct MemoryUsage { $($(#[doc = $doc])* pub $name: u64,)* }

        impl MemoryUsage {
            /// The fields with their names, in QuickJS's order.
            pub fn fields(&self) -> [(&'static str, u64); [$(stringify!($name)),*].len()] {
                [$((stringify!($name), self.$name),)*]
            }
        }
    };
}

memory_usage! {
    /// Bytes charged to the runtime at this moment.
    malloc_size,
    /// The memory limit; 0 when there is none.
    malloc_limit,
    /// Bytes of the blocks that the walk over the heap found: equal to `malloc_size`.
    memory_used_size,
    /// Number of live blocks; a cell in a page counts as one.
    malloc_count,
    /// Number of blocks that the walk found: equal to `malloc_count`.
    memory_used_count,
    /// Strings and symbols in the atom table, predefined ones and private names included. Integers are
    /// atoms without an entry.
    atom_count,
    /// Bytes of the atom table and of the cells in it.
    atom_size,
    /// Flat strings and ropes that are no atoms.
    str_count,
    /// Bytes of their cells.
    str_size,
    /// Objects of every class, functions included.
    obj_count,
    /// Bytes of their cells: head, fields of the class, inline slots, captures.
    obj_size,
    /// Named properties of all objects. Elements of arrays, and properties that are not made before somebody looks at
    /// them (`length`, `name` and `prototype` of functions), are not among them.
    prop_count,
    /// Bytes of slot blocks outside of their objects. Inline slots are part of `obj_size`.
    prop_size,
    /// Shapes.
    shape_count,
    /// Bytes of shape cells, of the property tables that they share, and of the table of shapes.
    shape_size,
    /// Compiled functions (not their closures), the top-level code of scripts, evals and modules included.
    js_func_count,
    /// Bytes of their cells, constants, inline caches and tables, and of source texts; without the next two.
    js_func_size,
    /// Bytes of their instructions.
    js_func_code_size,
    /// Compiled functions with a position table.
    js_func_pc2line_count,
    /// Bytes of position tables.
    js_func_pc2line_size,
    /// Functions written in Rust, those of the host included.
    c_func_count,
    /// Arrays and arguments objects.
    array_count,
    /// Those of them whose elements are dense.
    fast_array_count,
    /// Element slots of those that are below the length, holes included.
    fast_array_elements,
    /// ArrayBuffers and SharedArrayBuffers.
    binary_object_count,
    /// Their bytes, and the state that they share with their views.
    binary_object_size,
}

impl MemoryUsage {
    fn add(&mut self, block: Block) {
        let bytes = block.bytes as u64;
        self.memory_used_size += bytes;
        self.memory_used_count += block.count as u64;
        match block.part {
            Part::Cell => {
                if let Some(cell) = block.cell {
                    self.add_cell(cell, bytes);
                }
            }
            Part::Slots => self.prop_size += bytes,
            Part::Bytes | Part::BufferState => self.binary_object_size += bytes,
            Part::Bytecode => self.js_func_code_size += bytes,
            Part::Positions => {
                self.js_func_pc2line_count += 1;
                self.js_func_pc2line_size += bytes;
            }
            Part::Constants | Part::Caches | Part::CodeTables | Part::Source => self.js_func_size += bytes,
            Part::Properties | Part::ShapeTable => self.shape_size += bytes,
            Part::AtomTable => self.atom_size += bytes,
            Part::Elements
            | Part::Table
            | Part::RegExp
            | Part::Trace
            | Part::Frame
            | Part::Lists
            | Part::WeakTable
            | Part::Runtime
            | Part::Stack
            | Part::Frames
            | Part::CellTable
            | Part::Host
            | Part::InFlight => (),
        }
    }

    fn add_cell(&mut self, cell: NonNull<Header>, bytes: u64) {
        // SAFETY: the walk gives whole cells.
        let header = unsafe { cell.as_ref() };
        let kind = header.kind() & crate::heap::KIND_MASK;
        match kind {
            kind::STRING8 | kind::STRING16 if header.tag() != 0 => self.atom_size += bytes,
            kind::SYMBOL | kind::PRIVATE_NAME => self.atom_size += bytes,
            kind::STRING8 | kind::STRING16 | kind::ROPE => {
                self.str_count += 1;
                self.str_size += bytes;
            }
            kind::SHAPE => self.shape_size += bytes,
            kind::CODE => {
                self.js_func_count += 1;
                self.js_func_size += bytes;
            }
            kind::SCRIPT => self.js_func_size += bytes,
            kind if kind >= kind::FIRST_OBJECT => {
                self.obj_count += 1;
                self.obj_size += bytes;
                if !header.is_dead() {
                    self.add_object(kind, cell);
                }
            }
            _ => (),
        }
    }

    fn add_object(&mut self, kind: u8, cell: NonNull<Header>) {
        // SAFETY: the cell is a live object; the reference is given up again without a count.
        let object = core::mem::ManuallyDrop::new(unsafe {
            Object::from_value_unchecked(Value::from_raw(RawValue::cell(cell)))
        });
        let shape = object.shape();
        self.prop_count += (0..shape.count()).filter(|&i| is_property(shape.property(i))).count() as u64;
        match kind {
            kind::NATIVE => self.c_func_count += 1,
            kind::ARRAY_BUFFER | kind::SHARED_ARRAY_BUFFER => self.binary_object_count += 1,
            kind::ARRAY | kind::ARGUMENTS => {
                self.array_count += 1;
                if let Some(array) = object.as_array().filter(|array| !array.is_sparse()) {
                    self.fast_array_count += 1;
                    self.fast_array_elements += u64::from(array.length().min(array.capacity()));
                }
            }
            _ => (),
        }
    }
}

fn is_property(property: Option<crate::object::Property>) -> bool {
    property.is_some_and(|property| property.atom != RawAtom::NONE)
}
