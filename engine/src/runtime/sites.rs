//! Where cells were allocated, for leak reports: only while allocations are tracked.
//!
//! Each cell then has a block of its own, whose number in the table of cells finds its site's number; nothing is
//! added to cells. The tables here are the host's memory, so that tracking leaves the books alone.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the host's memory: what is told of a runtime is not in its books"
)]

use core::fmt;
use std::collections::HashMap;

use super::machine::FRAME_NATIVE;
use super::{CodeCell, Runtime};
use crate::code::positions::{Position, position};
use crate::text::RawAtom;

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The function's name; `<anonymous>` if it has none.
    pub function: String,
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{}:{})", self.function, self.file, self.line, self.column)
    }
}

/// What tells a function from another that later lies at the same address.
type Fingerprint = (u32, u32, usize, u32);

/// All places that allocated. Number 0 is the host: no script was running.
#[derive(Default)]
pub struct Sites {
    numbers: HashMap<(usize, u32), (u32, Fingerprint)>,
    list: Vec<Site>,
}

impl Sites {
    /// The place with a number; none for the host.
    pub fn get(&self, number: u32) -> Option<&Site> {
        self.list.get((number as usize).checked_sub(1)?)
    }

    fn number(&mut self, code: &CodeCell, pc: u32) -> u32 {
        let template = &code.template;
        let print = (template.line, template.column, template.code.len(), template.name);
        let key = ((&raw const *code).addr(), pc);
        if let Some(&(number, known)) = self.numbers.get(&key)
            && known == print
        {
            return number;
        }
        let start = Position { line: template.line, column: template.column };
        let at = position(&template.positions, start, pc);
        let name = atom_name(code.name());
        let function = if name.is_empty() { String::from("<anonymous>") } else { name };
        let file = code.script().file_name.as_string().map_or(String::new(), |name| {
            name.text().map_or(String::new(), |text| char::decode_utf16(text.units()).map(lossy).collect())
        });
        self.list.push(Site { function, file, line: at.line, column: at.column });
        let number = self.list.len() as u32;
        self.numbers.insert(key, (number, print));
        number
    }
}

fn lossy(c: Result<char, core::char::DecodeUtf16Error>) -> char {
    c.unwrap_or('\u{FFFD}')
}

/// The text of an atom without allocating anything in the runtime.
pub(crate) fn atom_name(atom: RawAtom) -> String {
    if let Some(integer) = atom.as_integer() {
        return integer.to_string();
    }
    if atom.is_none() {
        return String::new();
    }
    // Only integers need a string to be made.
    let Ok(string) = atom.to_js_string() else { return String::new() };
    string.text().map_or(String::new(), |text| char::decode_utf16(text.units()).map(lossy).collect())
}

/// The heap's site hook: `owner` is the runtime.
///
/// # Safety
/// 1. Called by the heap, whose owner is a runtime, when a cell is allocated.
pub(super) unsafe fn allocating(owner: *mut ()) -> u32 {
    let runtime = owner.cast::<Runtime>();
    // SAFETY: (1); the machine is only read, and the sites are touched by nobody else. Code of a running frame is
    // alive, and the machine's pc belongs to the innermost frame that runs JavaScript.
    unsafe {
        let machine = &(*runtime).machine;
        let frame = machine.frames().find(|frame| frame.flags & FRAME_NATIVE == 0 && !frame.code.is_null());
        let Some(frame) = frame else { return 0 };
        let code = &*frame.code;
        let pc = machine.pc.addr().wrapping_sub(code.bytecode.addr());
        let pc = if pc < code.template.code.len() { pc as u32 } else { 0 };
        let Some(sites) = &mut (*runtime).sites else { return 0 };
        sites.number(code, pc)
    }
}
