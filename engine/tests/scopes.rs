//! Scopes by enumeration: `scopes/NAME.js` builds all combinations of what the parts of a program may be, runs each, and
//! prints what it saw; `scopes/NAME.out` is what must be printed. The outputs were recorded from another engine and
//! read against the specification where the two differ.
//!
//! `TARE_BLESS=1` writes what was printed to the `.out` files instead of comparing.

#[path = "support/kept.rs"]
mod kept;

use std::path::Path;

use kept::Kept;
use tare::Runtime;

/// Runs a script of the folder and compares what it printed, line by line.
fn enumerate(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scopes");
    let source = std::fs::read_to_string(folder.join(name).with_extension("js")).unwrap();
    let printed = Kept::default();
    let runtime =
        Runtime::builder().output(Box::new(printed.clone())).max_stack_size(4 << 20).build().unwrap();
    let context = runtime.new_context().unwrap();
    context.eval(&source, name).unwrap();
    runtime.run_jobs().unwrap();
    let printed = printed.text();
    let recorded = folder.join(name).with_extension("out");
    if std::env::var("TARE_BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(recorded, printed).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(recorded).unwrap();
    let pairs = printed.lines().zip(expected.lines());
    let wrong: Vec<_> = pairs.filter(|(got, expected)| got != expected).take(20).collect();
    for (got, expected) in &wrong {
        eprintln!("printed:  {got}\nexpected: {expected}");
    }
    assert!(wrong.is_empty(), "{name}: what was seen is not what must be");
    assert_eq!(printed.lines().count(), expected.lines().count(), "{name}");
    assert!(expected.lines().count() > 100, "{name}: the combinations are missing");
}

#[test]
fn parameters_and_what_the_body_declares() {
    enumerate("parameters");
}

#[test]
fn places_where_a_name_is_used() {
    enumerate("places");
}
