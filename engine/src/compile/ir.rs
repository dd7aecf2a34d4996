//! The intermediate form: instructions of fixed size, in which names are symbolic and jumps go to labels.
//!
//! `op` is an opcode's number, or one of the pseudo instructions of [`p`]. Operands: a jump's label is in
//! `b`; a single other operand is in `a`; of two others the first is in `x`, the second in `a`. Atoms and
//! caches hold a [`Name`](super::names::Name).

use tare_allocators::{Memory, OutOfMemory, Vec};

use super::names::Name;
use crate::code::function::{ArgumentsKind, BindingKind, CaptureInfo, Constant, Flags};
use crate::code::opcodes::Op;

/// "No function", "no scope", "no variable".
pub(crate) const NONE: u32 = u32::MAX;
/// In the binding table: a `var` passed through this block.
pub(crate) const VAR_MARK: u32 = u32::MAX - 1;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Inst {
    pub op: u16,
    pub x: u16,
    pub a: u32,
    pub b: u32,
    /// Source offset.
    pub at: u32,
}

impl Inst {
    pub fn new(op: Op, a: u32, at: u32) -> Inst {
        Inst { op: op as u16, x: 0, a, b: 0, at }
    }

    pub fn is(&self, op: Op) -> bool {
        self.op == op as u16
    }

    /// The opcode, if this is no pseudo instruction.
    pub fn opcode(&self) -> Option<Op> {
        if self.op < 256 { Op::from_byte(self.op as u8) } else { None }
    }
}

/// Pseudo instructions.
pub(crate) mod p {
    /// Nothing.
    pub const NOP: u16 = 256;
    /// Label `b`.
    pub const LABEL: u16 = 257;
    /// Region `a` begins or goes on; its depth leaves out the `x` topmost values.
    pub const TRY_BEGIN: u16 = 258;
    /// Region `a` ends or pauses.
    pub const TRY_END: u16 = 259;
    /// Drops what is above the depth of region `a`.
    pub const CUT: u16 = 260;
    /// Scope `a` is entered: its variables and functions begin.
    pub const ENTER: u16 = 261;
    /// The next iteration's bindings of scope `a`.
    pub const REBOX: u16 = 262;
    /// Pushes the value of name `a` seen from scope `b`.
    pub const GET: u16 = 263;
    /// The same for typeof.
    pub const GET_TYPEOF: u16 = 264;
    /// Pops into the name.
    pub const PUT: u16 = 265;
    /// Pushes receiver and value for a call.
    pub const CALL_GET: u16 = 266;
    /// `delete name`.
    pub const DELETE: u16 = 267;
    /// Resolves name `a` from scope `b` for an assignment; pushes a reference if a with object or a var object lies on
    /// the way.
    pub const REF: u16 = 268;
    /// Pushes the value through the reference `b` instructions back.
    pub const REF_GET: u16 = 269;
    /// Stores through the reference `b` instructions back; `x` 1 keeps the value.
    pub const REF_PUT: u16 = 270;
    /// iter_next_value with depth `a`, plus one if the REF `b` instructions back pushes.
    pub const ITER_NEXT: u16 = 271;
    /// pick likewise.
    pub const PICK: u16 = 272;
    /// Initializes variable `a`.
    pub const INIT_VAR: u16 = 273;
    /// Pushes variable `a`, unchecked.
    pub const GET_VAR: u16 = 274;
    /// Pops into variable `a`, unchecked.
    pub const PUT_VAR: u16 = 275;
    /// Pushes variable `a`, checked where needed.
    pub const GET_VAR_CHECK: u16 = 276;
    /// Pushes the string `a`.
    pub const STRING: u16 = 277;
    /// Pushes the number with the bits `b << 32 | a`.
    pub const NUMBER: u16 = 278;
    /// A function in a block is evaluated: copies variable `a` to the var of that name seen from scope `b`.
    pub const ANNEX_B: u16 = 279;
    /// `init_fields` with `this` in a base (0) or derived (1) constructor, if the class has fields.
    pub const INIT_FIELDS: u16 = 280;
    /// iter_rest likewise.
    pub const ITER_REST: u16 = 281;
    /// The functions of scope `a`, if they do not begin with it.
    pub const FUNCTIONS: u16 = 282;
    /// What follows is strict mode code in a sloppy function; `x` 0: no more.
    pub const STRICT: u16 = 283;
    // From here on only between resolution and encoding.
    /// Pushes own variable `a`; `x` 1: checked.
    pub const V_GET: u16 = 290;
    /// Pops into own variable `a`; `x` 1: checked.
    pub const V_PUT: u16 = 291;
    /// Marks own variable `a` uninitialized, or gives it a fresh box with that.
    pub const V_UNINIT: u16 = 292;
    /// Boxes own variable `a` if it is captured.
    pub const V_BOX: u16 = 293;
    /// A fresh box for own variable `a` if it is captured.
    pub const V_REBOX: u16 = 294;
    /// A fresh box for own variable `a`, which is about to be initialized, if it is captured.
    pub const V_FRESH: u16 = 295;
    /// The name of a function expression gets its value, if it is used.
    pub const V_SELF: u16 = 296;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ScopeKind {
    /// Top level of a script: bindings are global.
    Global,
    /// Top level of a module.
    Module,
    /// Top level of an eval.
    Eval,
    /// Parameters, and the body's variables unless the parameters have expressions.
    Function,
    /// The body, where the parameters have expressions.
    Body,
    /// The name of a function expression.
    SelfName,
    Block,
    /// The block of a switch: declarations can be jumped over.
    Switch,
    /// A catch clause's parameter that is a plain name.
    CatchSimple,
    /// A catch clause's pattern.
    CatchPattern,
    With,
    Class,
    /// What an eval sees of its caller.
    Outer,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub parent: u32,
    pub func: u32,
    pub kind: ScopeKind,
    pub first: u32,
    pub last: u32,
    /// Bindings in the table, marks not counted.
    pub count: u32,
    /// The with object, or the var object of a sloppy direct eval.
    pub object: u32,
    pub start: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Var {
    pub name: Name,
    pub scope: u32,
    pub func: u32,
    pub kind: BindingKind,
    /// Next variable of the scope.
    pub next: u32,
    pub captured: bool,
    pub needs_tdz: bool,
    pub assigned: bool,
    pub used: bool,
    pub dead: bool,
    pub exported: bool,
    /// The import it is, in a module.
    pub import: u32,
    /// A function in a block that is a var too.
    pub annex_b: bool,
    /// Source offset from which on it is initialized; 0: from the start.
    pub init_at: u32,
    /// The function to initialize it with at the start of the scope.
    pub function: u32,
    /// Slot of a parameter this could share.
    pub arg: u16,
    pub local: u16,
    pub declared_at: u32,
}

pub(crate) const NO_SLOT: u16 = u16::MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FnKind {
    Script,
    Module,
    Eval,
    Normal,
    Arrow,
    Method,
    Getter,
    Setter,
    ClassConstructor,
    DerivedConstructor,
    /// Initializes instance fields, or static fields and blocks.
    Fields,
    StaticBlock,
    /// Initializes a module's functions.
    ModuleInit,
}

/// A direct eval's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EvalSite {
    pub scope: u32,
    pub strict: bool,
    /// In the parameters: vars of the eval go to an environment outside of theirs.
    pub params: bool,
}

pub(crate) struct Func<'a> {
    pub parent: u32,
    pub kind: FnKind,
    pub flags: Flags,
    pub name: Name,
    pub ir: Vec<'a, Inst>,
    pub scope: u32,
    pub body_scope: u32,
    pub labels: u32,
    /// Object literals that are made from values on the stack.
    pub literals: u32,
    pub arg_count: u16,
    pub length: u16,
    pub rest: u32,
    pub this_var: u32,
    pub new_target_var: u32,
    pub home_var: u32,
    pub active_var: u32,
    pub arguments_var: u32,
    pub self_var: u32,
    /// Holds the value of a return statement while iterators close.
    pub return_temp: u32,
    pub arguments_kind: ArgumentsKind,
    pub uses_this: bool,
    pub super_property: bool,
    pub super_call: bool,
    pub new_target: bool,
    pub no_arguments: bool,
    pub class_has_fields: bool,
    /// The functions of its scope get their values behind the parameters: patterns in them may store to the
    /// same names.
    pub late_functions: bool,
    pub has_tla: bool,
    pub dead: bool,
    /// Source offset of its creation; 0 if it is hoisted.
    pub created_at: u32,
    pub source: (u32, u32),
    pub captures: Vec<'a, CaptureInfo>,
    pub constants: Vec<'a, Constant<'a>>,
    pub evals: Vec<'a, EvalSite>,
    /// Locals: variables by slot.
    pub slots: Vec<'a, u32>,
    pub unit_index: u32,
}

/// A map from 64-bit keys to 32-bit values: open addressing, no deletion.
pub(crate) struct Map<'a> {
    entries: Vec<'a, (u64, u32)>,
    count: usize,
}

const FREE: u64 = u64::MAX;

impl<'a> Map<'a> {
    pub fn new(memory: Memory<'a>) -> Self {
        Map { entries: Vec::new(memory), count: 0 }
    }

    fn slot(&self, key: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = (crate::base::hash_word(key, 0x2545_F491_4F6C_DD1D) as usize) & mask;
        loop {
            let found = self.entries[at].0;
            if found == key || found == FREE {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    pub fn get(&self, key: u64) -> Option<u32> {
        if self.count == 0 {
            return None;
        }
        let (found, value) = self.entries[self.slot(key)];
        if found == key { Some(value) } else { None }
    }

    pub fn set(&mut self, key: u64, value: u32) -> Result<(), OutOfMemory> {
        if (self.count + 1) * 2 > self.entries.len() {
            let size = (self.entries.len() * 2).max(16);
            let mut entries = Vec::try_with_capacity(size, self.entries.memory())?;
            entries.try_resize(size, (FREE, 0))?;
            let old = core::mem::replace(&mut self.entries, entries);
            for &(key, value) in old.iter().filter(|entry| entry.0 != FREE) {
                let at = self.slot(key);
                self.entries[at] = (key, value);
            }
        }
        let at = self.slot(key);
        if self.entries[at].0 == FREE {
            self.count += 1;
        }
        self.entries[at] = (key, value);
        Ok(())
    }
}

/// The key of two 32-bit numbers.
pub(crate) fn pair(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}
