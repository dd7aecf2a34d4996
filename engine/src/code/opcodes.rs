//! The opcode table: the one definition of the instruction set.
//!
//! A row is: variant, name, operands, `pops => pushes` (with a third number where the depth after a
//! taken jump differs), flags, stack picture, meaning. Encoder, disassembler, stack-depth checker and
//! verifier are derived from it.
//!
//! # Encoding
//! One byte of opcode, then the operands in order, little-endian, unaligned. A jump operand is relative
//! to the start of its own instruction. Jumps go forward, except those of the `loop*` family, which go
//! backward and poll for interrupts.
//!
//! # Frame
//! `fp[-2]` is `this`, `fp[-1]` the running function, `fp[0..arg_count]` the formal parameters, then the
//! other locals up to `local_count`, then the operand stack. On entry arguments beyond `arg_count` are
//! dropped, missing ones are undefined, and **all other locals are undefined**. Before the first
//! instruction the call also obeys the template's `arguments` and `rest` fields (see
//! [`FunctionTemplate`](super::function::FunctionTemplate)).
//!
//! # Locals, boxes, captures
//! A local that an inner function or a direct eval may see is *boxed*: its slot holds a VarRef cell. The
//! compiler knows which locals are boxed and uses the `*_boxed` instructions for them, never the plain
//! ones; a fresh box is made by `box_local` (around the slot's present value), `box_uninit`, or `rebox`.
//! A capture is a VarRef in the running closure. `*_check` instructions throw a ReferenceError if the
//! value is the uninitialized marker; its name is that of the local or capture (for the name `this` the
//! message says that super() has not been called). Stores drop the value they replace **after** the new
//! one is in place.
//!
//! # `this`, new.target, home objects
//! `push_this` reads `fp[-2]`. Sloppy functions that use `this` begin with `coerce_this`. In a derived
//! constructor `this` is an ordinary local named `this` that starts uninitialized; arrows and evals
//! capture `this`, `new.target`, `<home_object>` and `<active_function>` as ordinary variables of those
//! names. A closure whose template has `NEEDS_HOME_OBJECT` receives its home object from the
//! `define_method*` family, `define_class` or `set_home_object`; other closures may ignore it.
//! Constructors: a call by `construct` of a base constructor or ordinary function makes the `this` object
//! from `new_target.prototype` before entry; if the body returns no object, the result is that `this`.
//! A derived constructor starts with `fp[-2]` undefined, and returns only objects (see `derived_return`).
//!
//! # Completion and `finally`
//! `try` regions are handler ranges: on a throw the first matching range (the table is sorted innermost
//! first) cuts the operand stack to its depth, pushes the exception, continues at its handler. A finally
//! block is a subroutine: `gosub` pushes the code offset of the next instruction as an int32 and jumps;
//! `ret` pops it and continues there. An exception runs the block by `[exception] gosub; throw`. A
//! `return` through finally blocks keeps its value in a hidden local. The ranges have holes where
//! unwinding code has already left the region.
//!
//! # Iterator records
//! Two stack slots, `iterator next`, seen only by the iteration instructions and `drop`. `iterator` being
//! undefined means: done or failed, do not close. An implementation may keep an unobservable iteration in
//! another form (for instance an array and an int index) as long as every instruction of the family,
//! including `iter_close`, understands it.
//!
//! # Generators and async functions
//! A generator runs its prologue (parameters), then `initial_yield` makes the generator object, moves the
//! frame into it and returns it to the caller. `yield` suspends; a resumption by `throw()` throws at the
//! instruction. `return()` on a suspended **async** generator first awaits the value *in the runtime* and
//! then resumes with return, or with throw if the promise was rejected; on a generator suspended at its
//! start, `return()` and `throw()` never resume the frame. An async function starts as an ordinary frame
//! whose call has made the result promise; any throw out of it, also from the prologue, rejects the promise.
//! `await` suspends until the promise settles. All three kinds leave by `finish`.
//!
//! # Caches
//! Property and global instructions name an inline cache, whose descriptor has the atom. Functions with
//! more than 65,536 of them use constants and the `*_elem` instructions for the rest, and for globals
//! `get_global_named` and `put_global_ref`.
//!
//! # Strictness
//! `put_field`, `put_elem`, `delete_*`, `put_super`, `with_*` throw where the specification says *strict*,
//! by the `STRICT` flag of the running function, or where a range of strict code covers them.

/// What an operand means; gives its size and how it is printed and verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Signed byte: an int constant.
    I8,
    /// Signed 32-bit int constant.
    I32,
    /// Unsigned byte with a meaning of its own (see the row).
    U8,
    /// Local index, one byte.
    Local8,
    /// Local index, two bytes.
    Local16,
    /// Capture index, one byte.
    Capture8,
    /// Capture index, two bytes.
    Capture16,
    /// Inline-cache index, two bytes; the descriptor names the atom.
    Ic,
    /// Atom, four bytes.
    Atom,
    /// Constant index, two bytes.
    Const16,
    /// Constant index, four bytes.
    Const32,
    /// Index into the template's list of inner functions, four bytes.
    Function,
    /// Literal-shape index, two bytes; the pops of the row grow by the number of its atoms.
    Shape,
    /// Eval-scope index, two bytes.
    Scope,
    /// A count of stack values, two bytes, added to the pops of the row.
    Count,
    /// A distance down the stack, one byte.
    Depth,
    /// Relative jump, two bytes.
    Jump16,
    /// Relative jump, four bytes.
    Jump32,
}

impl Operand {
    /// Size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Operand::I8 | Operand::U8 | Operand::Local8 | Operand::Capture8 | Operand::Depth => 1,
            Operand::Local16
            | Operand::Capture16
            | Operand::Ic
            | Operand::Const16
            | Operand::Shape
            | Operand::Scope
            | Operand::Count
            | Operand::Jump16 => 2,
            Operand::I32 | Operand::Atom | Operand::Const32 | Operand::Function | Operand::Jump32 => 4,
        }
    }
}

/// The instruction may throw.
pub const THROWS: u8 = 1;
/// Control never reaches the next instruction.
pub const ENDS: u8 = 2;
/// The frame may be suspended here.
pub const SUSPENDS: u8 = 4;
/// The jump goes backward.
pub const BACK: u8 = 8;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name in listings.
    pub name: &'static str,
    /// Operands in order.
    pub operands: &'static [Operand],
    /// Values taken from the stack, without those a `Count` or `Shape` operand adds.
    pub pops: u8,
    /// Values left instead of them when control falls through.
    pub pushes: u8,
    /// Values left instead of them when the jump is taken.
    pub jump_pushes: u8,
    /// Sum of [`THROWS`], [`ENDS`], [`SUSPENDS`], [`BACK`].
    pub flags: u8,
    /// Stack before and after, top at the right; `/` separates what a taken jump leaves.
    pub stack: &'static str,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! jump_pushes {
    ($pushes:literal) => {
        $pushes
    };
    ($pushes:literal $jump:literal) => {
        $jump
    };
}

macro_rules! opcodes {
    ($($op:ident $name:literal [$($operand:ident),*] $pops:literal => $pushes:literal $(/ $jump:literal)?, $flags:expr, $stack:literal, $doc:literal;)*) => {
        /// An opcode.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op { $(#[doc = concat!("`", $stack, "`: ", $doc)] $op,)* }

        impl Op {
            /// All opcodes, by number.
            pub const ALL: &'static [Op] = &[$(Op::$op,)*];
        }

        /// The rows, by opcode number.
        pub static OPCODES: &[OpInfo] = &[$(OpInfo {
            name: $name,
            operands: &[$(Operand::$operand),*],
            pops: $pops,
            pushes: $pushes,
            jump_pushes: jump_pushes!($pushes $($jump)?),
            flags: $flags,
            stack: $stack,
            doc: $doc,
        },)*];
    };
}

const T: u8 = THROWS;
const X: u8 = ENDS;
const S: u8 = SUSPENDS;
const B: u8 = BACK;

opcodes! {
    // Constants.
    PushUndefined "push_undefined" [] 0 => 1, 0, "-- undefined", "Pushes undefined.";
    PushNull "push_null" [] 0 => 1, 0, "-- null", "Pushes null.";
    PushTrue "push_true" [] 0 => 1, 0, "-- true", "Pushes true.";
    PushFalse "push_false" [] 0 => 1, 0, "-- false", "Pushes false.";
    PushI8 "push_i8" [I8] 0 => 1, 0, "-- int", "Pushes the int operand.";
    PushI32 "push_i32" [I32] 0 => 1, 0, "-- int", "Pushes the int operand.";
    PushConst "push_const" [Const16] 0 => 1, 0, "-- value", "Pushes a number, string or BigInt constant.";
    PushConst32 "push_const32" [Const32] 0 => 1, 0, "-- value", "As push_const.";
    PushRegExp "push_regexp" [Const32] 0 => 1, T, "-- regexp", "Pushes a new RegExp object of the RegExp constant.";
    PushTemplate "push_template" [Const32] 0 => 1, T, "-- array", "Pushes the template object of this site (GetTemplateObject), made once per function cell and kept in the constant.";
    Closure "closure" [Function] 0 => 1, T, "-- function", "Makes a function object of the inner template, taking its captures from this frame's boxes and this closure's captures.";
    PushThis "push_this" [] 0 => 1, 0, "-- this", "Pushes fp[-2].";
    PushFunction "push_function" [] 0 => 1, 0, "-- function", "Pushes the running function, fp[-1].";
    PushNewTarget "push_new_target" [] 0 => 1, 0, "-- new.target", "Pushes the frame's new.target, undefined for a plain call.";
    PushHomeObject "push_home_object" [] 0 => 1, 0, "-- home", "Pushes the running closure's home object, undefined if it has none.";
    CoerceThis "coerce_this" [] 0 => 0, T, "--", "Sloppy prologue: if fp[-2] is undefined or null it becomes the realm's globalThis, other primitives become objects.";

    Make "make" [U8] 0 => 1, T, "-- object", "Operand 0: import.meta of the running function's module, made at first use; 1: a fresh object without prototype, for the variables that direct evals declare; 2: the resources of a scope with `using` declarations, none yet.";
    Coerce "coerce" [U8] 1 => 1, T, "value -- value", "Operand 0: ToObject, for a with statement; 1: a TypeError if the value (an iterator's return() result) is no object.";

    // Stack.
    Drop "drop" [] 1 => 0, 0, "a --", "Drops the top.";
    Nip "nip" [] 2 => 1, 0, "a b -- b", "Drops the value under the top.";
    Dup "dup" [] 1 => 2, 0, "a -- a a", "Copies the top.";
    Dup2 "dup2" [] 2 => 4, 0, "a b -- a b a b", "Copies the two topmost values.";
    Dup3 "dup3" [] 3 => 6, 0, "a b c -- a b c a b c", "Copies the three topmost values.";
    DupX1 "dup_x1" [] 2 => 3, 0, "a b -- b a b", "Copies the top under one value.";
    DupX2 "dup_x2" [] 3 => 4, 0, "a b c -- c a b c", "Copies the top under two values.";
    DupX3 "dup_x3" [] 4 => 5, 0, "a b c d -- d a b c d", "Copies the top under three values.";
    Swap "swap" [] 2 => 2, 0, "a b -- b a", "Exchanges the two topmost values.";
    RotRight3 "rot_right3" [] 3 => 3, 0, "a b c -- c a b", "Moves the top under two values.";
    RotLeft3 "rot_left3" [] 3 => 3, 0, "a b c -- b c a", "Moves the third value to the top.";
    Pick "pick" [Depth] 0 => 1, 0, "x .. -- x .. x", "Pushes a copy of the value `depth` below the top (0 is the top).";

    // Locals.
    GetLocal "get_local" [Local16] 0 => 1, 0, "-- value", "Pushes a local.";
    PutLocal "put_local" [Local16] 1 => 0, 0, "value --", "Pops into a local.";
    SetLocal "set_local" [Local16] 1 => 1, 0, "value -- value", "Copies the top into a local.";
    GetLocalCheck "get_local_check" [Local16] 0 => 1, T, "-- value", "As get_local, checked.";
    PutLocalCheck "put_local_check" [Local16] 1 => 0, T, "value --", "As put_local; throws if the local is uninitialized.";
    UninitLocal "uninit_local" [Local16] 0 => 0, 0, "--", "Sets a local to the uninitialized marker.";
    GetLocal8 "get_local8" [Local8] 0 => 1, 0, "-- value", "As get_local.";
    PutLocal8 "put_local8" [Local8] 1 => 0, 0, "value --", "As put_local.";
    SetLocal8 "set_local8" [Local8] 1 => 1, 0, "value -- value", "As set_local.";
    GetLocals "get_locals" [Local8, Local8] 0 => 2, 0, "-- a b", "Pushes two locals, the first operand first.";
    IncLocal "inc_local" [Local8] 0 => 0, T, "--", "The local's value, made numeric, plus one (BigInts too), stored back.";
    DecLocal "dec_local" [Local8] 0 => 0, T, "--", "The local's value, made numeric, minus one, stored back.";
    AddPutLocal "add_put_local" [Local8] 2 => 0, T, "a b --", "local = a + b.";
    AppendLocal "append_local" [Local8] 1 => 0, T, "b --", "local = local + b; takes the old value out of the slot first so that a string with one owner grows in place; if the addition throws the slot has its old value again.";

    // Boxes and captures.
    BoxLocal "box_local" [Local16] 0 => 0, T, "--", "Replaces a local's value by a fresh box that holds it.";
    BoxUninit "box_uninit" [Local16] 0 => 0, T, "--", "Puts a fresh box, holding the uninitialized marker, into a local's slot.";
    Rebox "rebox" [Local16] 0 => 0, T, "--", "Replaces the box in the slot by a fresh one with the same value: the next iteration's binding.";
    GetBoxed "get_boxed" [Local16] 0 => 1, 0, "-- value", "Pushes the value in a local's box.";
    PutBoxed "put_boxed" [Local16] 1 => 0, 0, "value --", "Pops into a local's box.";
    GetBoxedCheck "get_boxed_check" [Local16] 0 => 1, T, "-- value", "As get_boxed, checked.";
    PutBoxedCheck "put_boxed_check" [Local16] 1 => 0, T, "value --", "As put_boxed; throws if the value there is uninitialized.";
    GetCapture "get_capture" [Capture16] 0 => 1, 0, "-- value", "Pushes a capture's value.";
    PutCapture "put_capture" [Capture16] 1 => 0, 0, "value --", "Pops into a capture.";
    GetCaptureCheck "get_capture_check" [Capture16] 0 => 1, T, "-- value", "As get_capture, checked.";
    PutCaptureCheck "put_capture_check" [Capture16] 1 => 0, T, "value --", "As put_capture; throws if the value there is uninitialized.";
    GetCapture8 "get_capture8" [Capture8] 0 => 1, 0, "-- value", "As get_capture.";
    ThrowIfInitialized "throw_if_initialized" [] 1 => 0, T, "raw --", "Throws a ReferenceError (super() called twice) unless the popped value is the uninitialized marker (plain gets do push it).";
    ThrowConst "throw_const" [Atom] 0 => 0, T + X, "--", "Throws the TypeError of an assignment to the constant of that name.";

    // Global variables: the global lexical scope first, then the global object.
    GetGlobal "get_global" [Ic] 0 => 1, T, "-- value", "Pushes a global variable; ReferenceError if there is none or it is uninitialized.";
    GetGlobalOrUndefined "get_global_or_undefined" [Ic] 0 => 1, T, "-- value", "As get_global, but undefined if there is none (typeof); uninitialized still throws.";
    PutGlobal "put_global" [Ic] 1 => 0, T, "value --", "Assigns a global variable: const throws a TypeError, uninitialized a ReferenceError; if there is none, sloppy code creates a property of the global object, strict code throws a ReferenceError.";
    HasGlobal "has_global" [Atom] 0 => 1, T, "-- bool", "Whether the global variable exists (strict assignments resolve their target before the right side).";
    PutGlobalRef "put_global_ref" [Atom] 2 => 0, T, "bool value --", "Assignment to a global variable that existed, or not, before the value was computed: if not, ReferenceError in strict code; else as put_global, without a cache. If `bool` is null: the assignment to the var of a function in a block (Annex B.3.2); nothing if a lexical binding has the name.";
    GetGlobalNamed "get_global_named" [U8, Atom] 0 => 1, T, "-- value", "As get_global, or get_global_or_undefined if operand 0 is 1, without a cache.";
    InitGlobal "init_global" [Atom] 1 => 0, T, "value --", "Initializes the global lexical binding that declare_globals made.";
    DeleteGlobal "delete_global" [Atom] 0 => 1, T, "-- bool", "`delete name` for an unresolvable or global-object name; true if there is none, false for a lexical one.";
    DeclareGlobals "declare_globals" [] 0 => 0, T, "--", "GlobalDeclarationInstantiation, or EvalDeclarationInstantiation for the global scope: all checks first, then creates the bindings of the unit's `globals` list (functions with undefined; they follow by define_global_function).";
    DefineGlobalFunction "define_global_function" [Atom] 1 => 0, T, "function --", "CreateGlobalFunctionBinding; deletable if the unit is an eval.";

    // with, and variables that a direct eval made.
    DeclareVar "declare_var" [Atom] 1 => 0, T, "object --", "Defines the property as undefined, configurable, unless the var object has it.";
    WithHas "with_has" [Atom, Jump32] 1 => 0 / 1, T, "object -- / object", "Object environment HasBinding, with @@unscopables: jumps with the object kept if it has the name. For a var object (no prototype) @@unscopables is not asked.";
    WithGet "with_get" [Atom] 1 => 1, T, "object -- value", "Object environment GetBindingValue: HasProperty again (absent: undefined, or ReferenceError if strict), then Get.";
    WithPut "with_put" [Atom] 2 => 0, T, "object value --", "Object environment SetMutableBinding: HasProperty again (absent and strict: ReferenceError), then Set.";
    RefGet "ref_get" [Atom, Jump32] 1 => 1 / 2, T, "ref -- ref / ref value", "If ref is an object: with_get of it, and jumps; if undefined, falls through.";
    RefPut "ref_put" [Atom, Jump32] 2 => 1 / 0, T, "ref value -- value /", "If ref is an object: with_put, and jumps; if undefined, drops it and falls through.";

    // Properties.
    GetField "get_field" [Ic] 1 => 1, T, "object -- value", "object.name; the error for undefined and null names the property.";
    GetField2 "get_field2" [Ic] 1 => 2, T, "object -- object value", "object.name, keeping the receiver for a call.";
    PutField "put_field" [Ic] 2 => 0, T, "object value --", "object.name = value.";
    GetLength "get_length" [Ic] 1 => 1, T, "object -- value", "get_field of `length`.";
    GetElem "get_elem" [] 2 => 1, T, "object key -- value", "object[key]; undefined and null objects throw before the key is converted.";
    GetElem2 "get_elem2" [] 2 => 2, T, "object key -- object value", "object[key], keeping the receiver for a call.";
    PutElem "put_elem" [] 3 => 0, T, "object key value --", "object[key] = value.";
    DeleteField "delete_field" [Atom] 1 => 1, T, "object -- bool", "delete object.name; strict: TypeError instead of false.";
    DeleteElem "delete_elem" [] 2 => 1, T, "object key -- bool", "delete object[key].";
    ToKey "to_key" [] 1 => 1, T, "value -- key", "ToPropertyKey; ints, strings and symbols stay as they are.";
    ToKey2 "to_key2" [] 2 => 2, T, "object value -- object key", "TypeError if object is undefined or null, then ToPropertyKey of the value.";
    SuperBase "super_base" [] 1 => 1, T, "object -- parent", "[[GetPrototypeOf]] of the home object (null is possible and makes the access throw a TypeError), or of the active function of a constructor.";
    GetSuper "get_super" [] 3 => 1, T, "this key base -- value", "base[key] with receiver `this`; ToPropertyKey of the key here.";
    PutSuper "put_super" [] 4 => 0, T, "this key base value --", "Sets base[key] with receiver `this`; strict: TypeError on failure.";
    GetPrivate "get_private" [Ic] 2 => 1, T, "object name -- value", "Private get: field, method or getter; TypeError if the object lacks it. The cache's atom is the description, for messages.";
    PutPrivate "put_private" [Ic] 3 => 0, T, "object name value --", "Private set: TypeError if absent, a method, or without setter.";
    HasPrivate "has_private" [] 2 => 1, T, "value name -- bool", "`#name in value`; TypeError if value is no object.";

    // Fused property access.
    ThisGetField "this_get_field" [Ic] 0 => 1, T, "-- value", "push_this; get_field.";
    ThisPutField "this_put_field" [Ic] 1 => 0, T, "value --", "this.name = value.";
    LocalGetField "local_get_field" [Local8, Ic] 0 => 1, T, "-- value", "get_local; get_field.";
    LocalGetField2 "local_get_field2" [Local8, Ic] 0 => 2, T, "-- object value", "get_local; get_field2.";
    LocalGetLength "local_get_length" [Local8, Ic] 0 => 1, T, "-- value", "get_local; get_length.";
    CaptureGetField "capture_get_field" [Capture8, Ic] 0 => 1, T, "-- value", "get_capture; get_field.";
    GetElemLocals "get_elem_locals" [Local8, Local8] 0 => 1, T, "-- value", "first[second].";
    GetElemLocal "get_elem_local" [Local8] 1 => 1, T, "object -- value", "object[local].";

    // Literals and definitions.
    NewObject "new_object" [] 0 => 1, T, "-- object", "A new empty object.";
    ObjectLiteral "object_literal" [Shape] 0 => 1, T, "v1 .. vn -- object", "A new object with the literal shape's keys, in order, as enumerable data properties. Keys are distinct, none is an array index or __proto__.";
    NewArray "new_array" [Count] 0 => 1, T, "v1 .. vn -- array", "A new array of the values.";
    ArrayAppend "array_append" [Count] 1 => 1, T, "array v1 .. vn -- array", "Appends the values to an array under construction.";
    ArrayHole "array_hole" [] 1 => 1, T, "array -- array", "Grows the length of an array under construction by one, leaving a hole.";
    ArraySpread "array_spread" [] 2 => 1, T, "array iterable -- array", "Appends all values of the iterable.";
    DefineField "define_field" [Ic] 2 => 1, T, "object value -- object", "CreateDataPropertyOrThrow: literals and public class fields.";
    DefineElem "define_elem" [] 3 => 1, T, "object key value -- object", "CreateDataPropertyOrThrow with a key that is a property key already.";
    DefineMethod "define_method" [U8, Atom] 2 => 1, T, "object function -- object", "Defines a method; operand: bits 0-1 kind (0 method, 1 getter, 2 setter), bit 2 enumerable. Sets the home object. An accessor keeps the other half of an existing accessor.";
    DefineMethodElem "define_method_elem" [U8] 3 => 1, T, "object key function -- object", "As define_method, key on the stack; also sets the function's name from the key, with prefix `get ` or `set `.";
    SetProto "set_proto" [] 2 => 1, T, "object value -- object", "`__proto__: value` in a literal: sets the prototype if value is an object or null.";
    CopyDataProperties "copy_data_properties" [] 2 => 1, T, "object source -- object", "Object spread.";
    ObjectRest "object_rest" [Count] 1 => 2, T, "source k1 .. kn -- source object", "A new object with the source's own enumerable properties except the keys (property keys already).";
    SetFunctionName "set_function_name" [Depth] 1 => 1, T, "key .. function -- key .. function", "Names the anonymous function or class on top after the property key `depth` below it (symbol: [description]); a class that has an own `name` keeps it.";
    SetHomeObject "set_home_object" [] 2 => 2, T, "object function -- object function", "Sets the function's home object, if its template needs one.";
    DefineClass "define_class" [U8] 2 => 2, T, "parent constructor -- constructor prototype", "Operand bit 0: has heritage. Makes the prototype object from the parent (null allowed; TypeError if no constructor or its prototype is neither object nor null), links `prototype` (not writable) and `constructor` (not enumerable), sets the constructor's [[Prototype]] and home object (the prototype). Without heritage parent is undefined.";
    SetFieldsInit "set_fields_init" [] 3 => 2, T, "constructor prototype function -- constructor prototype", "Stores the function that initializes instance fields in the constructor.";
    InitFields "init_fields" [] 2 => 0, T, "this constructor --", "Calls the constructor's fields initializer, if any, on `this`.";
    NewPrivateName "new_private_name" [Atom] 0 => 1, T, "-- name", "A fresh private name with that description (the atom includes the #).";
    DefinePrivate "define_private" [] 3 => 1, T, "object name value -- object", "PrivateFieldAdd; TypeError if the object has it.";
    DefinePrivateMethod "define_private_method" [] 3 => 1, T, "object name function -- object", "PrivateMethodOrAccessorAdd of a method (not writable).";
    DefinePrivateAccessor "define_private_accessor" [] 4 => 1, T, "object name getter setter -- object", "PrivateMethodOrAccessorAdd of an accessor; the missing half is undefined.";

    // Operators.
    Add "add" [] 2 => 1, T, "a b -- a+b", "Addition or concatenation.";
    Sub "sub" [] 2 => 1, T, "a b -- a-b", "Subtraction.";
    Mul "mul" [] 2 => 1, T, "a b -- a*b", "Multiplication.";
    Div "div" [] 2 => 1, T, "a b -- a/b", "Division.";
    Mod "mod" [] 2 => 1, T, "a b -- a%b", "Remainder.";
    Exp "exp" [] 2 => 1, T, "a b -- a**b", "Exponentiation.";
    Shl "shl" [] 2 => 1, T, "a b -- a<<b", "Left shift.";
    Sar "sar" [] 2 => 1, T, "a b -- a>>b", "Signed right shift.";
    Shr "shr" [] 2 => 1, T, "a b -- a>>>b", "Unsigned right shift.";
    BitAnd "bit_and" [] 2 => 1, T, "a b -- a&b", "Bitwise and.";
    BitOr "bit_or" [] 2 => 1, T, "a b -- a|b", "Bitwise or.";
    BitXor "bit_xor" [] 2 => 1, T, "a b -- a^b", "Bitwise exclusive or.";
    BitNot "bit_not" [] 1 => 1, T, "a -- ~a", "Bitwise not.";
    Neg "neg" [] 1 => 1, T, "a -- -a", "Unary minus.";
    Plus "plus" [] 1 => 1, T, "a -- +a", "ToNumber (TypeError for BigInt).";
    Inc "inc" [] 1 => 1, T, "a -- a+1", "ToNumeric, plus one.";
    Dec "dec" [] 1 => 1, T, "a -- a-1", "ToNumeric, minus one.";
    ToNumeric "to_numeric" [] 1 => 1, T, "a -- number", "ToNumeric: the old value of a postfix operator.";
    Not "not" [] 1 => 1, 0, "a -- bool", "Logical not.";
    Typeof "typeof" [] 1 => 1, 0, "a -- string", "The typeof string.";
    TypeofIs "typeof_is" [U8] 1 => 1, 0, "a -- bool", "typeof a === the type with that number in [`TYPE_NAMES`].";
    ToString "to_string" [] 1 => 1, T, "a -- string", "ToString, for a template literal's part; ints stay as they are.";
    Concat "concat" [Count] 0 => 1, T, "s1 .. sn -- string", "Concatenates strings and ints.";
    Lt "lt" [] 2 => 1, T, "a b -- bool", "a < b.";
    Le "le" [] 2 => 1, T, "a b -- bool", "a <= b.";
    Gt "gt" [] 2 => 1, T, "a b -- bool", "a > b.";
    Ge "ge" [] 2 => 1, T, "a b -- bool", "a >= b.";
    Eq "eq" [] 2 => 1, T, "a b -- bool", "a == b.";
    Ne "ne" [] 2 => 1, T, "a b -- bool", "a != b.";
    StrictEq "strict_eq" [] 2 => 1, 0, "a b -- bool", "a === b.";
    StrictNe "strict_ne" [] 2 => 1, 0, "a b -- bool", "a !== b.";
    Instanceof "instanceof" [] 2 => 1, T, "a b -- bool", "a instanceof b.";
    In "in" [] 2 => 1, T, "key object -- bool", "key in object.";

    // Fused operators.
    AddLocals "add_locals" [Local8, Local8] 0 => 1, T, "-- a+b", "first + second.";
    SubLocals "sub_locals" [Local8, Local8] 0 => 1, T, "-- a-b", "first - second.";
    MulLocals "mul_locals" [Local8, Local8] 0 => 1, T, "-- a*b", "first * second.";
    MulLocal "mul_local" [Local8] 1 => 1, T, "a -- a*local", "a * local.";
    AddLocal "add_local" [Local8] 1 => 1, T, "a -- a+local", "a + local.";
    AddLocalInt "add_local_int" [Local8, I8] 0 => 1, T, "-- local+int", "local + int.";
    SubLocalInt "sub_local_int" [Local8, I8] 0 => 1, T, "-- local-int", "local - int.";
    AddInt "add_int" [I8] 1 => 1, T, "a -- a+int", "a + int.";
    SubInt "sub_int" [I8] 1 => 1, T, "a -- a-int", "a - int.";
    ModInt "mod_int" [I8] 1 => 1, T, "a -- a%int", "a % int; the int is positive.";
    AndInt "and_int" [I32] 1 => 1, T, "a -- a&int", "a & int.";
    ShlInt "shl_int" [U8] 1 => 1, T, "a -- a<<n", "a << n, n below 32.";
    SarInt "sar_int" [U8] 1 => 1, T, "a -- a>>n", "a >> n, n below 32.";
    ShrInt "shr_int" [U8] 1 => 1, T, "a -- a>>>n", "a >>> n, n below 32.";
    ToInt32 "to_int32" [] 1 => 1, T, "a -- a|0", "a | 0.";

    // Jumps.
    Jump "jump" [Jump32] 0 => 0, X, "--", "Jumps.";
    IfTrue "if_true" [Jump32] 1 => 0, 0, "a --", "Jumps if a is truthy.";
    IfFalse "if_false" [Jump32] 1 => 0, 0, "a --", "Jumps if a is falsy.";
    Jump16 "jump16" [Jump16] 0 => 0, X, "--", "Jumps.";
    IfTrue16 "if_true16" [Jump16] 1 => 0, 0, "a --", "As if_true.";
    IfFalse16 "if_false16" [Jump16] 1 => 0, 0, "a --", "As if_false.";
    Loop "loop" [Jump32] 0 => 0, X + T + B, "--", "Jumps back.";
    LoopIfTrue "loop_if_true" [Jump32] 1 => 0, T + B, "a --", "Jumps back if a is truthy.";
    Loop16 "loop16" [Jump16] 0 => 0, X + T + B, "--", "Jumps back.";
    LoopIfTrue16 "loop_if_true16" [Jump16] 1 => 0, T + B, "a --", "As loop_if_true.";
    IfTrueOrPop "if_true_or_pop" [Jump32] 1 => 0 / 1, 0, "a -- / a", "Jumps keeping a if it is truthy, else pops it.";
    IfFalseOrPop "if_false_or_pop" [Jump32] 1 => 0 / 1, 0, "a -- / a", "Jumps keeping a if it is falsy, else pops it.";
    IfNotNullishOrPop "if_not_nullish_or_pop" [Jump32] 1 => 0 / 1, 0, "a -- / a", "Jumps keeping a if it is neither undefined nor null, else pops it.";
    IfDefinedOrPop "if_defined_or_pop" [Jump32] 1 => 0 / 1, 0, "a -- / a", "Jumps keeping a if it is not undefined, else pops it (default values).";
    OptionalChain "optional_chain" [Jump32] 1 => 1, 0, "a -- a / undefined", "If a is undefined or null, replaces it by undefined and jumps.";
    OptionalCall "optional_call" [Jump32] 2 => 2 / 1, 0, "this f -- this f / undefined", "If f is undefined or null, replaces both by undefined and jumps.";
    IfNotCase "if_not_case" [Jump32] 2 => 0 / 1, 0, "a b -- / a", "A switch case: if a === b pops both and falls into the body, else keeps a and jumps to the next test.";
    IfFalseLocal "if_false_local" [Local8, Jump16] 0 => 0, 0, "--", "Jumps if the local is falsy.";
    IfTrueLocal "if_true_local" [Local8, Jump16] 0 => 0, 0, "--", "Jumps if the local is truthy.";
    IfNotLt "if_not_lt" [Jump16] 2 => 0, T, "a b --", "Jumps unless a < b.";
    IfNotLe "if_not_le" [Jump16] 2 => 0, T, "a b --", "Jumps unless a <= b.";
    IfNotGt "if_not_gt" [Jump16] 2 => 0, T, "a b --", "Jumps unless a > b.";
    IfNotGe "if_not_ge" [Jump16] 2 => 0, T, "a b --", "Jumps unless a >= b.";
    IfNotEq "if_not_eq" [Jump16] 2 => 0, T, "a b --", "Jumps unless a == b.";
    IfEq "if_eq" [Jump16] 2 => 0, T, "a b --", "Jumps if a == b.";
    IfNotStrictEq "if_not_strict_eq" [Jump16] 2 => 0, 0, "a b --", "Jumps unless a === b.";
    IfStrictEq "if_strict_eq" [Jump16] 2 => 0, 0, "a b --", "Jumps if a === b.";
    IfNotLtLocals "if_not_lt_locals" [Local8, Local8, Jump16] 0 => 0, T, "--", "Jumps unless first < second.";
    IfNotLeLocals "if_not_le_locals" [Local8, Local8, Jump16] 0 => 0, T, "--", "Jumps unless first <= second.";
    IfNotGtLocals "if_not_gt_locals" [Local8, Local8, Jump16] 0 => 0, T, "--", "Jumps unless first > second.";
    IfNotGeLocals "if_not_ge_locals" [Local8, Local8, Jump16] 0 => 0, T, "--", "Jumps unless first >= second.";
    IfNotLtInt "if_not_lt_int" [Local8, I8, Jump16] 0 => 0, T, "--", "Jumps unless local < int.";
    IfNotLeInt "if_not_le_int" [Local8, I8, Jump16] 0 => 0, T, "--", "Jumps unless local <= int.";
    IfNotGtInt "if_not_gt_int" [Local8, I8, Jump16] 0 => 0, T, "--", "Jumps unless local > int.";
    IfNotGeInt "if_not_ge_int" [Local8, I8, Jump16] 0 => 0, T, "--", "Jumps unless local >= int.";
    IfNotStrictEqInt "if_not_strict_eq_int" [I8, Jump16] 1 => 0, 0, "a --", "Jumps unless a === int.";
    IfStrictEqInt "if_strict_eq_int" [I8, Jump16] 1 => 0, 0, "a --", "Jumps if a === int.";
    LoopLt "loop_lt" [Jump16] 2 => 0, T + B, "a b --", "Jumps back if a < b.";
    LoopLe "loop_le" [Jump16] 2 => 0, T + B, "a b --", "Jumps back if a <= b.";
    LoopGt "loop_gt" [Jump16] 2 => 0, T + B, "a b --", "Jumps back if a > b.";
    LoopGe "loop_ge" [Jump16] 2 => 0, T + B, "a b --", "Jumps back if a >= b.";
    LoopLtLocals "loop_lt_locals" [Local8, Local8, Jump16] 0 => 0, T + B, "--", "Jumps back if first < second.";
    LoopLtInt "loop_lt_int" [Local8, I32, Jump16] 0 => 0, T + B, "--", "Jumps back if local < int.";
    IncLoopLtLocals "inc_loop_lt_locals" [Local8, Local8, Jump16] 0 => 0, T + B, "--", "inc_local first; then as loop_lt_locals.";
    IncLoopLeLocals "inc_loop_le_locals" [Local8, Local8, Jump16] 0 => 0, T + B, "--", "inc_local first; jumps back if first <= second.";
    IncLoopLtInt "inc_loop_lt_int" [Local8, I32, Jump16] 0 => 0, T + B, "--", "inc_local; then as loop_lt_int.";
    IncLoopLeInt "inc_loop_le_int" [Local8, I32, Jump16] 0 => 0, T + B, "--", "inc_local; jumps back if local <= int.";
    DecLoopGtInt "dec_loop_gt_int" [Local8, I8, Jump16] 0 => 0, T + B, "--", "dec_local; jumps back if local > int.";
    DecLoopGeInt "dec_loop_ge_int" [Local8, I8, Jump16] 0 => 0, T + B, "--", "dec_local; jumps back if local >= int.";
    Gosub "gosub" [Jump32] 0 => 0 / 1, 0, "-- / address", "Pushes the offset of the next instruction as an int32 and jumps; control comes back by ret with the stack as before.";
    Ret "ret" [] 1 => 0, X, "address --", "Pops an offset and continues there.";
    Throw "throw" [] 1 => 0, T + X, "value --", "Throws the value.";
    ThrowError "throw_error" [U8, Atom] 0 => 0, T + X, "--", "Throws an error by number: 0 ReferenceError, invalid assignment target; 1 ReferenceError, delete of a super property. The atom may help the message or be 0.";

    // Calls.
    Call "call" [Count] 2 => 1, T, "this f a1 .. an -- result", "Calls f.";
    CallSpread "call_spread" [] 3 => 1, T, "this f array -- result", "Calls f with the elements of an array that array_spread made.";
    Construct "construct" [Count] 2 => 1, T, "f new_target a1 .. an -- object", "[[Construct]]; TypeError if f is no constructor.";
    ConstructSpread "construct_spread" [] 3 => 1, T, "f new_target array -- object", "As construct, with the elements of an array.";
    Eval "eval" [Count, Scope] 2 => 1, T, "this f a1 .. an -- result", "If f is the realm's %eval%: direct eval of a1 with the eval scope; else a call.";
    EvalSpread "eval_spread" [Scope] 3 => 1, T, "this f array -- result", "As eval, with the elements of an array.";
    Return "return" [] 1 => 0, X, "value --", "Leaves the function with the value.";
    ReturnUndefined "return_undefined" [] 0 => 0, X, "--", "Leaves the function with undefined.";
    DerivedReturn "derived_return" [] 2 => 1, T, "value this -- result", "End of a derived constructor: value if it is an object; TypeError if it is not undefined; else `this` (raw: ReferenceError if uninitialized).";
    ImportCall "import_call" [] 2 => 1, T, "specifier options -- promise", "import(specifier, options); errors become a rejected promise. options is undefined if absent.";

    // Iteration.
    ForInStart "for_in_start" [] 1 => 1, T, "value -- enumerator", "Starts the enumeration of property names; nothing to enumerate for undefined and null.";
    ForInNext "for_in_next" [Jump32] 1 => 2 / 1, T, "enumerator -- enumerator key / enumerator", "The next name that still exists; jumps when there is none.";
    IterOpen "iter_open" [] 1 => 2, T, "iterable -- iterator next", "GetIterator, sync.";
    IterOpenAsync "iter_open_async" [] 1 => 2, T, "iterable -- iterator next", "GetIterator, async: @@asyncIterator, or the sync iterator wrapped.";
    ForOfNext "for_of_next" [Jump32] 2 => 3 / 2, T, "iterator next -- iterator next value / iterator next", "IteratorStepValue; jumps when done. No handler that closes the iterator covers it.";
    IterNextValue "iter_next_value" [Depth] 0 => 1, T, "iterator next .. -- iterator next .. value", "Destructuring step on the record with `depth` values above it: undefined if done. When it finds the end, or throws, the record's iterator becomes undefined.";
    IterRest "iter_rest" [Depth] 0 => 1, T, "iterator next .. -- iterator next .. array", "Collects the remaining values into an array; the record's iterator becomes undefined.";
    IterClose "iter_close" [] 2 => 0, T, "iterator next --", "IteratorClose with a normal completion; nothing if the iterator is undefined. The record is gone also when it throws.";
    IterCloseThrow "iter_close_throw" [] 3 => 0, T + X, "iterator next exception --", "IteratorClose with a throw completion: errors of return() are swallowed, then the exception is thrown.";
    IterCloseCall "iter_close_call" [Jump32] 2 => 1 / 0, T, "iterator next -- result /", "AsyncIteratorClose, first half: if the iterator is undefined or has no return method, jumps; else calls it. `await` and `check_object` follow.";
    IterCallNext "iter_call_next" [] 2 => 3, T, "iterator next -- iterator next result", "Calls next(), for `for await`; `await` and `iter_unwrap` follow.";
    IterUnwrap "iter_unwrap" [Jump32] 1 => 1 / 0, T, "result -- value /", "TypeError if result is no object; jumps if it is done; else its value.";
    CheckCoercible "check_coercible" [] 1 => 1, T, "value -- value", "TypeError if the value is undefined or null (object patterns).";

    // Disposal of resources.
    DisposeAdd "dispose_add" [U8] 2 => 1, T, "value disposer -- value", "Operand 0: AddDisposableResource; 1: the same for `await using`; 2: the value is an exception of the scope or of an awaited disposal, to be noted: a second one suppresses the first.";
    DisposeStep "dispose_step" [Jump32] 1 => 1 / 0, T, "disposer -- value /", "DisposeResources up to its next await, whose value it pushes; jumps when all is done, or throws what was noted.";

    // Suspension.
    InitialYield "initial_yield" [] 0 => 0, T + S, "--", "Makes the generator object, moves the frame into it, returns it to the caller; the first next() continues after it.";
    Yield "yield" [Jump32] 1 => 1, T + S, "value -- received", "Suspends with the value; resumed by next() it jumps with what was received, by return() it falls through (into the code of a return statement).";
    Await "await" [] 1 => 1, T + S, "value -- result", "Suspends until the promise settles; throws at this instruction if it was rejected.";
    DelegateStep "delegate_step" [] 4 => 4, T, "iterator next received mode -- iterator next kind result", "yield*: mode 0 calls next(received), 1 throw(received), 2 return(received). Kind is 0 after next or throw, 1 after return, 2 if there is no return method (result is received). No throw method: closes the iterator and throws a TypeError; in an async generator with a return method kind 3 and its result instead.";
    DelegateCheck "delegate_check" [Jump32] 4 => 4, T, "iterator next kind result -- iterator next kind result / iterator next kind value", "yield*, after the await of the result in async generators. Kind 3: throws the TypeError. Kind 2: jumps, value = result. Else TypeError if result is no object; if result.done is truthy jumps with result.value; else falls through.";
    YieldDelegate "yield_delegate" [] 2 => 2, T + S, "kind result -- received mode", "Suspends: a sync generator hands out the result object itself, an async one result.value. However resumed, pushes what was received and the mode (0 next, 1 throw, 2 return).";
    DelegateFinish "delegate_finish" [Jump32] 4 => 1, 0, "iterator next kind value -- value", "End of yield*: jumps if kind is 0, else falls through (into the code of a return).";
    Finish "finish" [] 1 => 0, X, "value --", "Leaves a generator, async function or async generator for good: done with the value, or the promise is resolved with it.";
}

/// The strings `typeof` can give; `typeof_is` has the position as operand.
pub const TYPE_NAMES: &[&str] =
    &["undefined", "object", "boolean", "number", "string", "symbol", "bigint", "function"];

const _: () = assert!(Op::ALL.len() <= 256);

impl Op {
    /// The opcode of a byte, if there is one.
    #[inline]
    pub fn from_byte(byte: u8) -> Option<Op> {
        Op::ALL.get(usize::from(byte)).copied()
    }

    /// Whether it matters for the instruction if it is strict mode code.
    pub const fn asks_for_strict(self) -> bool {
        matches!(
            self,
            Op::PutField
                | Op::ThisPutField
                | Op::PutElem
                | Op::PutSuper
                | Op::DeleteField
                | Op::DeleteElem
                | Op::PutGlobal
                | Op::PutGlobalRef
                | Op::WithGet
                | Op::WithPut
                | Op::RefGet
                | Op::RefPut
        )
    }

    /// The row.
    #[inline]
    pub fn info(self) -> &'static OpInfo {
        &OPCODES[self as usize]
    }

    /// How many values at and under the place that a `Depth` operand names belong to it.
    pub const fn reach(self) -> usize {
        match self {
            Op::Pick => 1,
            Op::IterNextValue | Op::IterRest | Op::SetFunctionName => 2,
            _ => 0,
        }
    }

    /// Size of the instruction with its operands, in bytes.
    #[inline]
    pub fn size(self) -> usize {
        usize::from(SIZES[self as usize])
    }
}

/// Sizes of the instructions with their operands, in bytes, by opcode.
pub static SIZES: [u8; Op::ALL.len()] = {
    let mut sizes = [0; Op::ALL.len()];
    let mut i = 0;
    while i < sizes.len() {
        let operands = OPCODES[i].operands;
        let mut size = 1;
        let mut j = 0;
        while j < operands.len() {
            size += operands[j].size();
            j += 1;
        }
        sizes[i] = size as u8;
        i += 1;
    }
    sizes
};
