//! `gc-lab compare` as a gate: what passes, what fails, and what is refused.

mod support;

use std::path::Path;
use support::{directory, lab, stderr, stdout as said};

fn cycles(here: &Path) {
    let source = "for (let i = 0; i < 8000; i++) { const a = {}; a.self = a; a.more = [a, i]; } globalThis.result = 1;";
    std::fs::write(here.join("cycles.js"), source).unwrap();
}

const RUN: &[&str] = &["compare", "--run", "--script", "cycles.js", "--blocks", "5", "--invocations", "1"];

#[test]
fn one_set_up_against_itself_has_the_same_peak_and_passes() {
    let here = directory("compare-same");
    cycles(&here);
    let run = lab(&[RUN, &["--fail-on", "peak:2%", "--json", "--html", "page.html"]].concat(), &here);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    let found: serde_json::Value = serde_json::from_str(&said(&run)).unwrap();
    let peak = found["overall"].as_array().unwrap().iter().find(|s| s["figure"] == "peak").unwrap().clone();
    assert_eq!((&peak["verdict"], &peak["blocks"]), (&"alike".into(), &5.into()), "{peak}");
    assert_eq!(found["interleaved"], true);
    assert_eq!(found["limits"][0]["kept_for_certain"], true);
    assert!(std::fs::read_to_string(here.join("page.html")).unwrap().contains("alike"));
    // The records stay, can be compared again, and are not written over.
    let again = lab(&["compare", "compare-out/a", "compare-out/b"], &here);
    assert!(again.status.success() && said(&again).contains("peak memory"), "{}", stderr(&again));
    let second = lab(RUN, &here);
    assert!(!second.status.success() && stderr(&second).contains("--out"), "{}", stderr(&second));
}

#[test]
fn a_side_that_needs_more_fails_the_gate() {
    let here = directory("compare-more");
    cycles(&here);
    let gate = |limits: &str, out: &str| {
        let sides = [
            "--side-a",
            "policy=quickjs(64K)",
            "--side-b",
            "policy=never",
            "--fail-on",
            limits,
            "--out",
            out,
        ];
        lab(&[RUN, &sides].concat(), &here)
    };
    let failed = gate("peak:50%", "out-1");
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    assert!(
        said(&failed).contains("passed for certain") && said(&failed).contains("B needs more"),
        "{}",
        said(&failed)
    );
    assert_eq!(gate("peak:1000%", "out-2").status.code(), Some(0));
}

#[test]
fn an_edited_script_and_too_few_blocks_are_refused() {
    let here = directory("compare-refused");
    cycles(&here);
    let run = |blocks: &str, out: &str| {
        let more = ["--script", "cycles.js", "--blocks", blocks, "--invocations", "1", "--out", out];
        lab(&[&["compare", "--run"], &more[..]].concat(), &here)
    };
    assert!(run("2", "before").status.success());
    let few = lab(&["compare", "before/a", "before/b", "--fail-on", "time:3%"], &here);
    assert_eq!(few.status.code(), Some(1));
    assert!(stderr(&few).contains("five blocks"), "{}", stderr(&few));
    std::fs::write(here.join("cycles.js"), "globalThis.result = 2;").unwrap();
    assert!(run("2", "after").status.success());
    let edited = lab(&["compare", "before/a", "after/a"], &here);
    assert_eq!(edited.status.code(), Some(1));
    assert!(stderr(&edited).contains("`cycles` is not the same"), "{}", stderr(&edited));
}

#[test]
fn a_run_can_calibrate_first_and_says_so_in_its_report() {
    let here = directory("calibrated-run");
    cycles(&here);
    let arguments = ["run", "--script", "cycles.js", "--blocks", "1", "--calibrate", "1", "--out", "out"];
    let cell = ["--allocators", "system", "--policies", "never", "--fronts", "pool"];
    let run = lab(&[&arguments[..], &cell].concat(), &here);
    if !run.status.success() {
        assert!(stderr(&run).contains("too noisy"), "{}", stderr(&run));
        return;
    }
    let page = std::fs::read_to_string(here.join("out/report.html")).unwrap();
    assert!(
        page.contains("confidence: false alarms: ") && page.contains(" of 1, found: "),
        "the report says it"
    );
}
