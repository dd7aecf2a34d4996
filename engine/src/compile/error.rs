//! What a compilation can fail with.

use core::fmt::{self, Write};

use tare_allocators::OutOfMemory;

/// Greatest length of a message in bytes; longer ones are cut.
const MESSAGE_BYTES: usize = 108;

/// The text of an error, kept in place: making it cannot fail.
#[derive(Clone, Copy)]
pub struct Message {
    bytes: [u8; MESSAGE_BYTES],
    len: u8,
}

impl Message {
    pub(crate) fn new(text: fmt::Arguments<'_>) -> Message {
        let mut message = Message { bytes: [0; MESSAGE_BYTES], len: 0 };
        // A text that does not fit is cut; that is no error.
        let _ = message.write_fmt(text);
        message
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("syntax error")
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let start = usize::from(self.len);
            if start + c.len_utf8() > MESSAGE_BYTES {
                return Err(fmt::Error);
            }
            self.len += c.encode_utf8(&mut self.bytes[start..]).len() as u8;
        }
        Ok(())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Why there is no code.
#[derive(Clone, Copy, Debug)]
pub enum Error {
    /// An early error of the source text: a SyntaxError.
    Syntax {
        /// The text of the error.
        message: Message,
        /// Line, from 1.
        line: u32,
        /// Column in UTF-16 code units, from 1.
        column: u32,
    },
    /// Memory ran out.
    OutOfMemory,
    /// The source is nested deeper than [`Options::stack_bytes`](super::Options) allows.
    TooDeep,
    /// The interner did not let the compiler go on.
    Interrupted,
}

impl From<OutOfMemory> for Error {
    fn from(_: OutOfMemory) -> Error {
        Error::OutOfMemory
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Syntax { message, line, column } => {
                write!(f, "SyntaxError: {} ({line}:{column})", message.as_str())
            }
            Error::OutOfMemory => f.write_str("out of memory"),
            Error::Interrupted => f.write_str("interrupted"),
            Error::TooDeep => f.write_str("RangeError: source text is nested too deeply"),
        }
    }
}

/// A failure inside the compiler; the details of a syntax error wait in the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    Syntax,
    OutOfMemory,
    TooDeep,
    Interrupted,
    /// The parenthesis at `retry_at` must be read again, as arrow parameters.
    Retry,
}

impl From<OutOfMemory> for Fail {
    fn from(_: OutOfMemory) -> Fail {
        Fail::OutOfMemory
    }
}

pub(crate) type Res<T = ()> = Result<T, Fail>;
