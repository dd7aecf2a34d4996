//! A short run of random programs, of each family and in each mode, without peers: plain programs show that Tare
//! neither crashes nor leaves anything behind; those under stress are compared with the plain run.

use std::process::Command;

fn run(mode: &str, count: &str) {
    let arguments = ["run", "--alone", "--seed", "1", "--tries", "100", "--mode", mode, "--count", count];
    let output = Command::new(env!("CARGO_BIN_EXE_tare-differential")).args(arguments).output();
    let output = output.expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}:\n{text}");
    // One line for each family and the sum.
    assert!(
        text.lines().any(|line| line.starts_with("all ") && line.contains(&format!(" {count} "))),
        "{text}"
    );
}

#[test]
fn plain_programs_end_without_a_fault() {
    run("plain", "340");
}

#[test]
fn a_collection_at_every_object_changes_nothing() {
    run("every", "17");
}

#[test]
fn small_stacks_and_limits_break_nothing() {
    for mode in ["stack", "memory"] {
        run(mode, "170");
    }
}

#[test]
fn refused_allocations_break_nothing_and_leave_nothing_behind() {
    run("fail", "340");
}
