//! Stack texts: captured raw, written out when somebody reads them.

use core::fmt::Write;

use crate::code::positions::{Position, position};
use crate::mem::{Use, Vec};
use crate::object::exotic::{ErrorCell, TraceEntry};
use crate::runtime::machine::FRAME_NATIVE;
use crate::runtime::{CodeCell, Context, NativeCell};
use crate::text::StringBuilder;
use crate::value::{JsResult, JsString, RawValue};

/// Frames kept in an error.
const TRACE_LIMIT: usize = 10;

impl Context {
    /// The functions that are running now, innermost first. `None` when there is no memory for
    /// them: an error without a stack is better than none.
    pub(crate) fn capture_trace(&mut self) -> JsResult<Option<Vec<'static, TraceEntry>>> {
        self.capture_trace_below(0)
    }

    /// The trace that the native function which is running asks for: it is not part of it.
    pub(crate) fn capture_callers_trace(&mut self) -> JsResult<Option<Vec<'static, TraceEntry>>> {
        let innermost = self.rt().machine.frames().next();
        let native = innermost.is_some_and(|frame| frame.flags & FRAME_NATIVE != 0);
        self.capture_trace_below(usize::from(native))
    }

    fn capture_trace_below(&mut self, skipped: usize) -> JsResult<Option<Vec<'static, TraceEntry>>> {
        let mut entries: Vec<'static, TraceEntry> = Vec::new(self.rt().mem.memory(Use::Runtime));
        let machine = &self.rt().machine;
        let mut innermost = Some(machine.pc);
        for frame in machine.frames().skip(skipped).take(TRACE_LIMIT) {
            let entry = if frame.flags & FRAME_NATIVE != 0 {
                // SAFETY: the frame's function is alive while it runs.
                TraceEntry { function: unsafe { frame.resumable.to_owned() }, pc: 0, column: 0 }
            } else if frame.code.is_null() {
                continue;
            } else {
                // SAFETY: a frame's code is alive while it runs, and its pc points into it. The
                // machine's pc belongs to the innermost JavaScript frame.
                unsafe {
                    let code = &*frame.code;
                    // A frame that called another stands behind its call instruction.
                    let pc = innermost.take().unwrap_or_else(|| frame.pc.sub(1));
                    let cell = RawValue::cell(core::ptr::NonNull::from(code).cast());
                    TraceEntry {
                        function: cell.to_owned(),
                        pc: pc.offset_from(code.bytecode) as u32,
                        column: 0,
                    }
                }
            };
            if entries.try_push(entry).is_err() {
                return Ok(None);
            }
        }
        Ok(Some(entries))
    }

    /// The text of an error's stack: a line `    at f (file:line:column)` per function.
    pub fn format_stack(&mut self, error: &ErrorCell) -> JsResult<JsString> {
        let mut text = StringBuilder::new();
        for entry in error.trace_entries() {
            if let Some(code) = entry.function.downcast::<CodeCell>() {
                text.push_str("    at ")?;
                let name = code.name().to_js_string()?;
                if name.is_empty() {
                    text.push_str("<anonymous>")?
                } else {
                    text.push(&name)?
                }
                text.push_str(" (")?;
                if let Some(file) = code.script().file_name.as_string() {
                    text.push(file)?;
                }
                let at = code_position(code, entry.pc);
                let _ = write!(text, ":{}:{}", at.line, at.column);
                text.push_str(")\n")?;
            } else if let Some(file) = entry.function.as_string() {
                text.push_str("    at ")?;
                text.push(file)?;
                let _ = writeln!(text, ":{}:{}", entry.pc, entry.column);
            } else if let Some(native) = entry.function.downcast::<NativeCell>() {
                text.push_str("    at ")?;
                text.push_str(native.def().name)?;
                text.push_str(" (native)\n")?;
            }
        }
        text.finish()
    }
}

/// The position of an instruction in its source text.
pub(crate) fn code_position(code: &CodeCell, pc: u32) -> Position {
    let start = Position { line: code.template.line, column: code.template.column };
    position(&code.template.positions, start, pc)
}
