//! Text as the engine keeps it: Latin-1 or UTF-16 code units, read without conversion.

/// Borrowed text in one of the two forms of a JavaScript string.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// One byte a code unit: code points 0 to 255.
    Latin1(&'a [u8]),
    /// Two bytes a code unit.
    Utf16(&'a [u16]),
}

impl<'a> From<&'a str> for Text<'a> {
    /// Takes ASCII text as Latin-1; for other characters the bytes are read one by one.
    fn from(ascii: &'a str) -> Self {
        debug_assert!(ascii.is_ascii());
        Text::Latin1(ascii.as_bytes())
    }
}

/// A code unit of either form.
pub(crate) trait CodeUnit: Copy {
    /// The unit as a number.
    fn code(self) -> u32;

    /// The value of the unit as a digit of a base up to 36, or a larger number if it is none.
    #[inline]
    fn digit(self) -> u32 {
        let code = self.code();
        let decimal = code.wrapping_sub(u32::from(b'0'));
        if decimal < 10 {
            return decimal;
        }
        let letter = (code | 0x20).wrapping_sub(u32::from(b'a'));
        // Without the check of `code`, bit 5 would fold characters outside ASCII onto letters.
        if letter < 26 && code < 128 { letter + 10 } else { u32::MAX }
    }
}

impl CodeUnit for u8 {
    #[inline]
    fn code(self) -> u32 {
        u32::from(self)
    }
}

impl CodeUnit for u16 {
    #[inline]
    fn code(self) -> u32 {
        u32::from(self)
    }
}

/// Whether a unit is WhiteSpace or LineTerminator (ECMA-262, 12.2 and 12.3): what
/// `String.prototype.trim` and StringToNumber strip. No such character lies outside the BMP.
pub fn is_white_space(code: u32) -> bool {
    match code {
        0x09..=0x0D | 0x20 => true,
        0..=0x9F => false,
        0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000 | 0xFEFF => true,
        _ => false,
    }
}

/// Whether `text` begins with the ASCII string `prefix`.
pub(crate) fn starts_with<U: CodeUnit>(text: &[U], prefix: &[u8]) -> bool {
    text.len() >= prefix.len() && text.iter().zip(prefix).all(|(unit, byte)| unit.code() == u32::from(*byte))
}
