//! The one door to the checks of RegExp literals.

use tare_allocators::Vec;
use tare_regexp::{CompileError, Flags, Text};

use super::error::{Fail, Res};
use super::names::{Name, to_units};
use super::parser::Compiler;

/// Early errors of a RegExp literal at a source offset.
pub(crate) fn validate(c: &mut Compiler<'_, '_, '_>, pattern: Name, flags: Name, at: u32) -> Res {
    let source = c.lexer.source;
    let parsed = Flags::parse(Text::Latin1(c.lexer.names.text(source, flags)));
    let Some(parsed) = parsed else {
        return c.err_at(at, format_args!("invalid regular expression flags"));
    };
    let text = c.lexer.names.text(source, pattern);
    let result = if text.is_ascii() {
        tare_regexp::compile(Text::Latin1(text), parsed, c.memory).map(drop)
    } else {
        let mut units = Vec::new(c.memory);
        to_units(text, &mut units)?;
        tare_regexp::compile(Text::Utf16(&units), parsed, c.memory).map(drop)
    };
    match result {
        Ok(()) => Ok(()),
        Err(CompileError::Syntax { message, .. }) => {
            c.err_at(at, format_args!("invalid regular expression: {message}"))
        }
        Err(CompileError::OutOfMemory) => Err(Fail::OutOfMemory),
        Err(CompileError::Interrupted) => Err(Fail::Interrupted),
        Err(CompileError::TooLarge) => c.err_at(at, format_args!("regular expression is too large")),
    }
}
