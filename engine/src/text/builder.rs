//! Builds a string piece by piece, in Latin-1 until a wider unit comes.

use crate::heap;
use crate::mem::{Use, Vec};
use crate::text::string::{MAX_LENGTH, Text};
use crate::value::{JsResult, JsString, Thrown};

/// A growing string. All of its memory is the runtime's, and every growth can fail.
pub struct StringBuilder {
    narrow: Vec<'static, u8>,
    wide: Vec<'static, u16>,
    is_wide: bool,
}

impl Default for StringBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl StringBuilder {
    /// An empty builder; takes no memory yet.
    pub fn new() -> StringBuilder {
        let memory = heap::current().mem().memory(Use::Scratch);
        StringBuilder { narrow: Vec::new(memory), wide: Vec::new(memory), is_wide: false }
    }

    /// Makes room for `units` more at once, of which some will be above U+00FF if `wide`, so that a text that is too
    /// large is refused before it is built. A refused request collects first.
    pub fn reserve(&mut self, units: usize, wide: bool) -> JsResult<()> {
        self.check(units)?;
        match self.reserve_once(units, wide) {
            Err(Thrown::OutOfMemory) if heap::current().make_room() => self.reserve_once(units, wide),
            result => result,
        }
    }

    fn reserve_once(&mut self, units: usize, wide: bool) -> JsResult<()> {
        if wide || self.is_wide {
            self.widen(units)?;
            return Ok(self.wide.try_reserve(units)?);
        }
        Ok(self.narrow.try_reserve(units)?)
    }

    /// Number of units so far.
    pub fn len(&self) -> usize {
        if self.is_wide { self.wide.len() } else { self.narrow.len() }
    }

    /// Whether nothing was appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The units so far.
    pub fn text(&self) -> Text<'_> {
        if self.is_wide { Text::Utf16(&self.wide) } else { Text::Latin1(&self.narrow) }
    }

    fn widen(&mut self, additional: usize) -> JsResult<()> {
        if !self.is_wide {
            self.wide.try_reserve(self.narrow.len() + additional)?;
            for i in 0..self.narrow.len() {
                self.wide.try_push(u16::from(self.narrow[i]))?;
            }
            self.narrow.clear();
            self.is_wide = true;
        }
        Ok(())
    }

    fn check(&self, additional: usize) -> JsResult<()> {
        if self.len() + additional > MAX_LENGTH { Err(Thrown::StringTooLong) } else { Ok(()) }
    }

    /// Appends one code unit.
    #[inline]
    pub fn push_unit(&mut self, unit: u16) -> JsResult<()> {
        self.check(1)?;
        if !self.is_wide {
            if let Ok(unit) = u8::try_from(unit) {
                return Ok(self.narrow.try_push(unit)?);
            }
            self.widen(1)?;
        }
        Ok(self.wide.try_push(unit)?)
    }

    /// Appends one code point, as a surrogate pair above U+FFFF.
    pub fn push_code_point(&mut self, code_point: u32) -> JsResult<()> {
        if code_point < 0x10000 {
            return self.push_unit(code_point as u16);
        }
        let c = code_point - 0x10000;
        self.push_unit(0xD800 | (c >> 10) as u16)?;
        self.push_unit(0xDC00 | (c & 0x3FF) as u16)
    }

    /// Appends text.
    pub fn push_text(&mut self, text: Text<'_>) -> JsResult<()> {
        self.check(text.len())?;
        match text {
            Text::Latin1(units) if !self.is_wide => Ok(self.narrow.try_extend_from_slice(units)?),
            Text::Latin1(units) => {
                self.wide.try_reserve(units.len())?;
                for &unit in units {
                    self.wide.try_push(u16::from(unit))?;
                }
                Ok(())
            }
            Text::Utf16(units) => {
                if !self.is_wide && units.iter().all(|&u| u < 256) {
                    self.narrow.try_reserve(units.len())?;
                    for &unit in units {
                        self.narrow.try_push(unit as u8)?;
                    }
                    return Ok(());
                }
                self.widen(units.len())?;
                Ok(self.wide.try_extend_from_slice(units)?)
            }
        }
    }

    /// Appends a string.
    pub fn push(&mut self, string: &JsString) -> JsResult<()> {
        self.push_text(string.text()?)
    }

    /// Appends UTF-8 text.
    pub fn push_str(&mut self, text: &str) -> JsResult<()> {
        if text.is_ascii() {
            return self.push_text(Text::Latin1(text.as_bytes()));
        }
        text.encode_utf16().try_for_each(|unit| self.push_unit(unit))
    }

    /// The finished string.
    pub fn finish(self) -> JsResult<JsString> {
        JsString::from_text(self.text())
    }
}

impl core::fmt::Write for StringBuilder {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.push_str(text).map_err(|_| core::fmt::Error)
    }
}
