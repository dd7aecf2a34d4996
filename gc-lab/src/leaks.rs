//! `gc-lab leaks`: what a script leaves alive when its runtime ends.

use crate::matrix::read_script;
use std::path::Path;

/// Runs a script, drops its runtime, and prints what was still alive, with what kept it.
///
/// # Errors
/// A sentence that says what kept the script from running.
pub fn leaks(path: &Path, allocator: &str, _json: bool) -> Result<(), String> {
    crate::backend::allocator(allocator)?;
    let _source = read_script(path)?;
    Err("the engine of this build cannot run scripts yet".into())
}
