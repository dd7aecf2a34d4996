//! The plain data of compiled code: what the compiler makes and the runtime turns into cells.
//!
//! # Ownership of atoms
//! Atoms are the `u32` bits of the runtime's raw atoms (bit 31: integer). A [`Unit`] owns exactly one
//! count of every atom in each template's `atoms` list, and every atom anywhere else in that template
//! (code operands, caches, names, constants, ...) is in that list. Whoever holds the template releases
//! that list when it dies, and nothing else. The unit's own `atoms` list covers `globals` and `module`.

use tare_allocators::{OutOfMemory, Vec};
pub use tare_number::Text;

/// Where atoms come from.
pub trait Interner {
    /// The atom of a string: an integer atom if the text is the decimal form of an integer below
    /// 2^31. The caller owns one count of it.
    fn intern(&mut self, text: Text<'_>) -> Result<u32, OutOfMemory>;
    /// One more count of an atom.
    fn retain(&mut self, atom: u32);
    /// Gives one count back.
    fn release(&mut self, atom: u32);
    /// Is told of steps of work, of up to a tenth of a microsecond each, and says whether the compiler goes on.
    fn goes_on(&mut self, steps: u32) -> bool {
        let _ = steps;
        true
    }
    /// Shows the text of an atom to `sink` (names of an [`EvalScope`]).
    fn text_of(&self, atom: u32, sink: &mut dyn FnMut(Text<'_>));
}

/// Facts about a function, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u32);

macro_rules! flags {
    ($($bit:literal $name:ident $method:ident $doc:literal)*) => {
        impl Flags {
            $(#[doc = $doc] pub const $name: Flags = Flags(1 << $bit);
            #[doc = $doc] #[inline] pub const fn $method(self) -> bool { self.0 & (1 << $bit) != 0 })*
            /// Name of each flag, by bit.
            pub const NAMES: &'static [(u32, &'static str)] = &[$((1 << $bit, stringify!($method)),)*];
        }
    };
}

flags! {
    0 STRICT strict "Strict mode code."
    1 ARROW arrow "An arrow function: no `this`, `arguments`, `new.target`, prototype of its own."
    2 GENERATOR generator "A generator or async generator."
    3 ASYNC async_ "An async function, async generator, or a module with top-level await."
    4 CONSTRUCTOR constructor "May be called by `new`."
    5 CLASS_CONSTRUCTOR class_constructor "Throws a TypeError when called without `new`."
    6 DERIVED derived "The constructor of a class with heritage."
    7 HAS_PROTOTYPE has_prototype "Function objects get a `prototype` property (ordinary functions, classes, generators)."
    8 NEEDS_HOME_OBJECT needs_home_object "Uses `super` itself or in arrows, or may through eval."
    9 HAS_EVAL has_eval "Contains a direct eval call."
    10 SIMPLE_PARAMS simple_params "All parameters are plain names: no default, pattern or rest."
    11 USES_THIS uses_this "Reads `this` itself or in arrows."
    12 CLASS_FIELDS class_fields "The synthesized function that initializes instance fields, or static fields and blocks."
    13 METHOD method "Defined by method syntax (also getters, setters)."
    14 EVAL_CODE eval_code "The top-level code of an eval."
    15 MODULE_CODE module_code "The top-level code of a module."
    16 SCRIPT_CODE script_code "The top-level code of a script."
    17 HIDE_SOURCE hide_source "Synthesized: no source text."
    18 ACCESSOR accessor "A getter or setter."
    19 STRICT_PARTS strict_parts "Sloppy code with parts that are strict: see [`Handler::STRICT`]."
}

impl core::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

/// What kind of arguments object a call makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentsKind {
    /// Strict, or parameters not simple: unmapped, `callee` throws.
    Unmapped,
    /// Sloppy with simple parameters, but the mapping cannot be seen: unmapped, with `callee`.
    Sloppy,
    /// Sloppy, mapped: the call first boxes all formal parameters, and the object's elements below
    /// the number of actual arguments share those boxes (of parameters with one name only the last is mapped).
    Mapped,
}

/// How a name was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// `var`, or a function in a function body.
    Var,
    /// A formal parameter.
    Param,
    /// `let`, or a function in a block.
    Let,
    /// `const`, or an import binding: assignments throw.
    Const,
    /// A class declaration (assignable) .
    Class,
    /// A catch parameter that is a plain name.
    Catch,
    /// The name of a function expression: sloppy assignments are ignored, strict ones throw.
    FunctionName,
    /// A private name.
    Private,
    /// The object of a with statement.
    With,
    /// The var object of a function with a sloppy direct eval.
    VarObject,
    /// `this`, `new.target`, `<home_object>`, `<active_function>`, or a temporary.
    Hidden,
}

/// A local variable, for errors and debuggers.
#[derive(Clone, Copy, Debug)]
pub struct LocalInfo {
    /// Its name, 0 if it has none.
    pub name: u32,
    /// How it was declared.
    pub kind: BindingKind,
    /// Whether its slot holds a box.
    pub boxed: bool,
}

/// Where a closure finds a capture when it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureSource {
    /// The box in a local slot of the frame that makes the closure.
    Local(u16),
    /// A capture of the closure that makes it.
    Capture(u16),
    /// A module's own binding: the runtime makes a box when it links; uninitialized if the flag is
    /// true, else undefined.
    Module {
        /// Lexical binding.
        uninitialized: bool,
    },
    /// An import, by its index in [`ModuleInfo::imports`].
    Import(u32),
}

/// A captured variable.
#[derive(Clone, Copy, Debug)]
pub struct CaptureInfo {
    /// Its name.
    pub name: u32,
    /// How it was declared.
    pub kind: BindingKind,
    /// Where it comes from.
    pub source: CaptureSource,
}

/// An entry of a template's constant table.
#[derive(Debug)]
pub enum Constant<'a> {
    /// A number (never one that fits an int32).
    Number(f64),
    /// A string.
    String(u32),
    /// A BigInt, by its literal text: digits without `n`, separators or fraction, with 0x, 0o or 0b as written.
    BigInt(u32),
    /// A RegExp: pattern and flags, checked already.
    RegExp {
        /// The text between the slashes.
        pattern: u32,
        /// The flags.
        flags: u32,
    },
    /// A template object; a cooked string may be missing (undefined): its atom is then 0.
    Template {
        /// The cooked strings.
        cooked: Vec<'a, u32>,
        /// The raw strings.
        raw: Vec<'a, u32>,
    },
}

/// A range of code whose exceptions are caught. Sorted so that the first that contains the pc is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First byte covered.
    pub start: u32,
    /// First byte not covered; a throwing instruction is covered if its first byte is.
    pub end: u32,
    /// Where control goes.
    pub target: u32,
    /// The operand stack is cut to this depth, then the exception pushed.
    pub depth: u16,
}

impl Handler {
    /// The target of a range that is no handler: its code is strict mode code within a sloppy function (the
    /// heritage or a computed key of a class).
    pub const STRICT: u32 = u32::MAX;

    /// Whether this is the handler of the instruction at `pc`.
    #[inline]
    pub const fn covers(&self, pc: u32) -> bool {
        self.start <= pc && pc < self.end && self.target != Handler::STRICT
    }

    /// Whether this says that the instruction at `pc` is strict mode code.
    pub const fn makes_strict(&self, pc: u32) -> bool {
        self.start <= pc && pc < self.end && self.target == Handler::STRICT
    }
}

/// A variable that a direct eval can see.
#[derive(Clone, Copy, Debug)]
pub struct EvalVar {
    /// Its name.
    pub name: u32,
    /// How it was declared.
    pub kind: BindingKind,
    /// Where it is in the frame that runs the eval: `Local` or `Capture` only.
    pub source: CaptureSource,
    /// Whether the scope of this variable is the function's var scope or inside it (a `var` of the eval
    /// conflicts with a lexical one here).
    pub inside_var_scope: bool,
    /// Whether it may be uninitialized when the eval runs.
    pub checked: bool,
}

/// What a direct eval can see and do.
#[derive(Debug)]
pub struct EvalScope<'a> {
    /// Visible variables, innermost first; a hidden one hides nothing.
    pub vars: Vec<'a, EvalVar>,
    /// The code around is strict.
    pub strict: bool,
    /// `new.target` is allowed.
    pub new_target: bool,
    /// `super.x` is allowed.
    pub super_property: bool,
    /// `super()` is allowed.
    pub super_call: bool,
    /// Directly in a class field initializer or static block: `arguments` is an error.
    pub no_arguments: bool,
    /// The var scope is the global one (the eval's `var`s become global).
    pub global_vars: bool,
}

/// A compiled function, before the runtime makes a cell of it.
#[derive(Debug)]
pub struct FunctionTemplate<'a> {
    /// Facts.
    pub flags: Flags,
    /// The function's `name`.
    pub name: u32,
    /// The function's `length`.
    pub length: u16,
    /// Number of parameter slots: locals `0..arg_count`.
    pub arg_count: u16,
    /// Number of locals, parameters included.
    pub local_count: u16,
    /// Greatest depth of the operand stack.
    pub stack_size: u16,
    /// Local that receives the array of the arguments from `arg_count` on, before the code runs.
    pub rest: Option<u16>,
    /// Local that receives the arguments object, before the code runs; its kind. (Both as plain values: if
    /// the local is boxed, the code starts with `box_local`.)
    pub arguments: Option<(u16, ArgumentsKind)>,
    /// The instructions.
    pub code: Vec<'a, u8>,
    /// Information about each local.
    pub locals: Vec<'a, LocalInfo>,
    /// The captures.
    pub captures: Vec<'a, CaptureInfo>,
    /// The constants.
    pub constants: Vec<'a, Constant<'a>>,
    /// Inner functions: indices into [`Unit::functions`], greater than this function's own.
    pub functions: Vec<'a, u32>,
    /// The atom of each inline cache.
    pub caches: Vec<'a, u32>,
    /// Key lists of object literals: shape `i` is `shape_atoms[shapes[i].0..][..shapes[i].1]`.
    pub shapes: Vec<'a, (u32, u32)>,
    /// The atoms of all literal shapes.
    pub shape_atoms: Vec<'a, u32>,
    /// Handler ranges, innermost first; among them the ranges of strict code in a sloppy function.
    pub handlers: Vec<'a, Handler>,
    /// Scopes of the direct evals.
    pub eval_scopes: Vec<'a, EvalScope<'a>>,
    /// The position table ([`positions`](super::positions)).
    pub positions: Vec<'a, u8>,
    /// Line of the function's start, from 1.
    pub line: u32,
    /// Column of the function's start, from 1.
    pub column: u32,
    /// The function's source text: byte range of the unit's source (WTF-8).
    pub source: (u32, u32),
    /// Atoms this template owns, each once.
    pub atoms: Vec<'a, u32>,
}

impl<'a> FunctionTemplate<'a> {
    /// The keys of a literal shape.
    pub fn shape(&self, index: usize) -> &[u32] {
        let (start, count) = self.shapes[index];
        &self.shape_atoms[start as usize..][..count as usize]
    }
}

/// How a script or eval declares a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlobalKind {
    /// `var`.
    Var,
    /// A function; its closure follows by `define_global_function`.
    Function,
    /// A var of a function in a block (Annex B.3.2): left out, without an error, where it cannot be declared.
    AnnexB,
    /// `let` or a class.
    Let,
    /// `const`.
    Const,
}

/// A declaration for GlobalDeclarationInstantiation.
#[derive(Clone, Copy, Debug)]
pub struct Global {
    /// Its name.
    pub name: u32,
    /// Its kind.
    pub kind: GlobalKind,
}

/// An import attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its key.
    pub key: u32,
    /// Its value.
    pub value: u32,
}

/// A requested module.
#[derive(Debug)]
pub struct ModuleRequest<'a> {
    /// The specifier.
    pub specifier: u32,
    /// Its attributes, in source order.
    pub attributes: Vec<'a, Attribute>,
    /// Byte position in the source, for errors.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportName {
    /// A named export.
    Name(u32),
    /// The namespace object.
    Namespace,
}

/// An import binding.
#[derive(Clone, Copy, Debug)]
pub struct Import {
    /// Index into [`ModuleInfo::requests`].
    pub request: u32,
    /// The name in the other module.
    pub name: ImportName,
    /// The local name.
    pub local: u32,
    /// Line of the local name.
    pub line: u32,
    /// Column of the local name.
    pub column: u32,
}

/// An export entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// A binding of this module: a capture of the module function.
    Local {
        /// The exported name.
        name: u32,
        /// Index into the module function's captures.
        capture: u16,
    },
    /// `export {name as x} from`, or a re-exported import.
    Indirect {
        /// The exported name.
        name: u32,
        /// Index into [`ModuleInfo::requests`].
        request: u32,
        /// The name in the other module.
        import: ImportName,
    },
    /// `export * from`.
    Star {
        /// Index into [`ModuleInfo::requests`].
        request: u32,
    },
}

/// The linking interface of a module. The module function is function 0; it is called with `this`
/// undefined. Linking makes its captures, then makes a closure of `init` *as if in a frame of the module
/// function* (its captures are the module function's captures, one to one) and calls it: it initializes
/// the hoisted functions. Evaluation calls the module function; with top-level await (`ASYNC`) it is an async function.
#[derive(Debug)]
pub struct ModuleInfo<'a> {
    /// Requested modules, each specifier with its attributes once, in source order.
    pub requests: Vec<'a, ModuleRequest<'a>>,
    /// Import bindings.
    pub imports: Vec<'a, Import>,
    /// Exports.
    pub exports: Vec<'a, Export>,
    /// Index into [`Unit::functions`] of the function that initializes hoisted functions.
    pub init: Option<u32>,
}

impl<'a> ModuleInfo<'a> {
    /// The interface of a module that neither imports nor exports.
    pub fn empty(memory: tare_allocators::Memory<'a>) -> ModuleInfo<'a> {
        ModuleInfo {
            requests: Vec::new(memory),
            imports: Vec::new(memory),
            exports: Vec::new(memory),
            init: None,
        }
    }
}

/// The result of a compilation.
#[derive(Debug)]
pub struct Unit<'a> {
    /// The functions; 0 is the top-level code (for `compile_function`: code that returns the function).
    pub functions: Vec<'a, FunctionTemplate<'a>>,
    /// Global declarations, for `declare_globals`.
    pub globals: Vec<'a, Global>,
    /// Present for modules.
    pub module: Option<ModuleInfo<'a>>,
    /// Atoms that `globals` and `module` own, each once.
    pub atoms: Vec<'a, u32>,
}
