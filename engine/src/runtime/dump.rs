//! What a runtime tells of its insides when it is asked to: the dump flags of `JS_SetDumpFlags`.
//!
//! Everything is written to one place that the host gives, in the host's memory; nothing is asked of the runtime's.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "the host's memory: what is told of a runtime is not in its books"
)]

use core::fmt;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// Where dumps go; shared with the heap's log.
pub(crate) type DumpOutput = Rc<RefCell<Box<dyn Write>>>;

macro_rules! dump_flags {
    ($($(#[doc = $doc:literal])* $name:ident = $bit:literal, $label:literal;)*) => {
        /// A set of dump flags; the bits are QuickJS's. Bits that are not listed are kept, and do nothing.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct DumpFlags(u64);

        impl DumpFlags {
            $($(#[doc = $doc])* pub const $name: DumpFlags = DumpFlags($bit);)*

            /// Every flag with its name on command lines and its description.
            pub const ALL: &'static [(DumpFlags, &'static str, &'static str)] =
                &[$((DumpFlags::$name, $label, concat!($($doc),*)),)*];
        }
    };
}

dump_flags! {
    /// The bytecode of every function, as it will run.
    BYTECODE_FINAL = 0x01, "bytecode";
    /// Every collection: why, and what it freed.
    GC = 0x400, "gc";
    /// Every cell that a collection frees.
    GC_FREE = 0x800, "gc-free";
    /// When the runtime ends: objects and strings that are still held from outside, with the path that keeps each.
    LEAKS = 0x4000, "leaks";
    /// When the runtime ends: atoms that are still there when all that the runtime held of them was let go.
    ATOM_LEAKS = 0x8000, "atom-leaks";
    /// The memory report, before the runtime lets anything go.
    MEM = 0x1_0000, "mem";
    /// All objects, before the runtime lets anything go.
    OBJECTS = 0x2_0000, "objects";
    /// All atoms, before the runtime lets anything go.
    ATOMS = 0x4_0000, "atoms";
    /// All shapes, before the runtime lets anything go.
    SHAPES = 0x8_0000, "shapes";
}

impl DumpFlags {
    /// No flag.
    pub const NONE: DumpFlags = DumpFlags(0);

    /// The flags with these bits.
    pub const fn from_bits(bits: u64) -> DumpFlags {
        DumpFlags(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all flags of `other` are in this set.
    pub const fn has(self, other: DumpFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Reads names with commas between them, or a number (`0x` for a hexadecimal one).
    ///
    /// # Errors
    /// A sentence that lists the names.
    pub fn parse(text: &str) -> Result<DumpFlags, String> {
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        if let Ok(bits) = number {
            return Ok(DumpFlags(bits));
        }
        let mut flags = DumpFlags::NONE;
        for name in text.split(',') {
            let Some((flag, ..)) = DumpFlags::ALL.iter().find(|flag| flag.1 == name.trim()) else {
                let names: Vec<&str> = DumpFlags::ALL.iter().map(|flag| flag.1).collect();
                return Err(format!(
                    "there is no dump flag {name:?}; there are {}, or give a number",
                    names.join(", ")
                ));
            };
            flags = flags | *flag;
        }
        Ok(flags)
    }
}

impl core::ops::BitOr for DumpFlags {
    type Output = DumpFlags;
    fn bitor(self, other: DumpFlags) -> DumpFlags {
        DumpFlags(self.0 | other.0)
    }
}

impl From<u64> for DumpFlags {
    fn from(bits: u64) -> DumpFlags {
        DumpFlags(bits)
    }
}

/// Lets what formats text write to the place of dumps. What cannot be written is lost: a dump is no reason to stop.
pub(crate) struct DumpText<'a>(pub &'a DumpOutput);

impl fmt::Write for DumpText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Ok(mut to) = self.0.try_borrow_mut() {
            let _ = to.write_all(text.as_bytes());
        }
        Ok(())
    }
}
