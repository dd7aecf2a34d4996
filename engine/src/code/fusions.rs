//! The fusions: every rewriting of code that the compiler does after it was emitted, one row each.
//!
//! A row is: variant, name, what is replaced by what, and what that assumes of the stack. Each can be
//! turned off, and code means the same with any of them off: tests run all scripts that way. Builds with
//! debug assertions also prove each rewriting where it happens (`compile/prove.rs`).

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FusionInfo {
    /// Its name, for switches.
    pub name: &'static str,
    /// What becomes what.
    pub rule: &'static str,
    /// What it assumes of the operand stack.
    pub assumes: &'static str,
}

macro_rules! fusions {
    ($($fusion:ident $name:literal $rule:literal, $assumes:literal;)*) => {
        /// A rewriting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fusion { $(#[doc = concat!($rule, ". ", $assumes)] $fusion,)* }

        impl Fusion {
            /// All, in order.
            pub const ALL: &'static [Fusion] = &[$(Fusion::$fusion,)*];

            /// The row.
            pub fn info(self) -> FusionInfo {
                match self {
                    $(Fusion::$fusion => FusionInfo { name: $name, rule: $rule, assumes: $assumes },)*
                }
            }
        }
    };
}

fusions! {
    DropResult "drop_result" "a store that keeps its value, then drop -> the store alone", "What is dropped is the copy that the store itself made.";
    Thread "thread" "a jump to a jump -> a jump to where that leads", "Nothing: both places have one depth.";
    TestAgain "test_again" "if_true_or_pop to a test of the same value -> if_true to where that test leads", "The value kept for the test is its only operand.";
    JumpToNext "jump_to_next" "a jump to what follows -> nothing", "Nothing.";
    BranchAround "branch_around" "a branch around a jump -> the opposite branch to the jump's target", "Nothing: both branches pop the same.";
    StoreLoad "store_load" "put_local x; get_local x, or dup; put_local x -> set_local x", "The value is on top.";
    LoadStore "load_store" "get_local x; put_local x -> nothing", "Nothing else is pushed between.";
    PushDrop "push_drop" "a push without effect, or set_local; drop -> nothing, or put_local", "What is dropped was pushed last.";
    SwapSwap "swap_swap" "swap; swap -> nothing", "Nothing.";
    TwoLocals "get_locals" "get_local x; get_local y -> get_locals x y", "Nothing.";
    LocalField "local_field" "get_local x; get_field -> local_get_field, and the like for calls and length", "The object is on top.";
    ThisField "this_field" "push_this; get_field -> this_get_field", "The object is on top.";
    CaptureField "capture_field" "get_capture x; get_field -> capture_get_field", "The object is on top.";
    ThisPutField "this_put_field" "push_this; CODE; put_field -> CODE; this_put_field", "CODE is straight, pushes one value, and addresses nothing below itself: neither pops it nor names it by depth.";
    ElementLocals "element_locals" "get_local x; get_local y; get_elem -> get_elem_locals x y", "Object and key are on top.";
    ElementLocal "element_local" "get_local x; get_elem -> get_elem_local x", "The key is on top.";
    OpLocals "op_locals" "get_local x; get_local y; add, sub or mul -> the same in one", "Both operands are on top.";
    OpLocalInt "op_local_int" "get_local x; push_i32; add or sub -> the same in one", "Both operands are on top.";
    OpInt "op_int" "push_i32; add, sub, mod, and, or or a shift -> the same in one", "The second operand is on top.";
    OpLocal "op_local" "get_local x; add or mul -> the same in one", "The second operand is on top.";
    StepLocal "step_local" "get_local x; inc or dec; put_local x -> inc_local or dec_local", "The local's value is on top.";
    AppendLocal "append_local" "get_local x; CODE; add; put_local x -> CODE; append_local x", "CODE is straight, pushes one value, does not change x, and addresses nothing below itself.";
    AddPutLocal "add_put_local" "add; put_local x -> add_put_local x", "Both operands are on top.";
    TypeofIs "typeof_is" "typeof; a type's name; a comparison for equality -> typeof_is", "Both operands are on top.";
    ReturnUndefined "return_undefined" "push_undefined; return -> return_undefined", "The value is on top.";
    BranchNot "branch_not" "not; a branch -> the opposite branch", "The value is on top.";
    CompareBranch "compare_branch" "a comparison; a branch -> both in one", "Both operands are on top.";
    CompareLocals "compare_locals" "get_local x; get_local y; a comparison; a branch -> all in one", "Both operands are on top.";
    CompareInt "compare_int" "a comparison with a constant; a branch -> both in one", "Both operands are on top.";
    BranchLocal "branch_local" "get_local x; a branch -> both in one", "The value is on top.";
    LoopStep "loop_step" "inc_local or dec_local x; a comparison of x; a branch back -> all in one", "Nothing is pushed between.";
}

const _: () = assert!(Fusion::ALL.len() <= 64);

/// A set of fusions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fusions(u64);

impl Fusions {
    /// All of them: what the compiler does unless told otherwise.
    pub const ALL: Fusions = Fusions(u64::MAX);
    /// None.
    pub const NONE: Fusions = Fusions(0);

    /// The set without one of its members.
    pub const fn without(self, fusion: Fusion) -> Fusions {
        Fusions(self.0 & !(1 << fusion as u8))
    }

    /// Whether it has a fusion.
    #[inline]
    pub const fn has(self, fusion: Fusion) -> bool {
        self.0 & 1 << fusion as u8 != 0
    }

    /// All but those named, with commas between them; `all` names all.
    ///
    /// # Errors
    /// The name that is no fusion's.
    pub fn all_but(names: &str) -> Result<Fusions, &str> {
        let mut set = Fusions::ALL;
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if name == "all" {
                set = Fusions::NONE;
                continue;
            }
            let named = Fusion::ALL.iter().find(|fusion| fusion.info().name == name).ok_or(name)?;
            set = set.without(*named);
        }
        Ok(set)
    }
}

impl Default for Fusions {
    fn default() -> Fusions {
        Fusions::ALL
    }
}
