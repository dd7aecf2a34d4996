//! Standard output, which somebody may stop reading (`gc-lab list | head`) and a full disk may refuse.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// Writes text. When nobody reads it any longer, the process ends there, quietly, since nothing it could still
/// find out would be seen; when it cannot be written, the process ends with the reason and status 1.
pub fn write(text: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let _ = writeln!(io::stderr(), "gc-lab: cannot write to standard output: {error}");
    std::process::exit(1);
}

/// `println!` by way of [`write`].
macro_rules! say {
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}
