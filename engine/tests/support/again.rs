//! A test program once more, under another policy.

use std::process::Command;

/// Runs the tests of this program again, in a process of its own, with another policy for the runtimes that are
/// not given one: see `Builder::build`. Only builds with debug assertions do that, and verify the heap
/// after each collection.
pub fn again(policy: &str) {
    if !cfg!(debug_assertions) || std::env::var("TARE_GC").is_ok() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let status = command.args(["--skip", "again_under_stress"]).env("TARE_GC", policy).status().unwrap();
    assert!(status.success(), "with the policy {policy}: {status}");
}
