//! The one door to the checks of RegExp literals.

use super::error::Res;
use super::names::Name;
use super::parser::Compiler;

/// Early errors of a RegExp literal.
pub(crate) fn validate(c: &mut Compiler<'_, '_, '_>, pattern: Name, flags: Name, at: u32) -> Res {
    let _ = pattern;
    let text = c.lexer.names.text(c.lexer.source, flags);
    let mut seen = 0u32;
    let mut good = true;
    for &flag in text {
        let bit = match b"dgimsuvy".iter().position(|&f| f == flag) {
            Some(position) => 1 << position,
            None => 1 << 31,
        };
        good &= seen & bit == 0 && bit != 1 << 31;
        seen |= bit;
    }
    // u and v exclude each other.
    if !good || seen & 0b0110_0000 == 0b0110_0000 {
        return c.err_at(at, format_args!("invalid regular expression flags"));
    }
    Ok(())
}
