//! What fails says so and ends with another status than 0.

mod support;

use std::process::Command;
use support::{LAB, directory, lab, records, run_script, stderr, stdout};
use tare_reports::record::Outcome;

/// Checks that a command failed by its own will and said each of these.
fn fails(arguments: &[&str], here: &std::path::Path, parts: &[&str]) {
    let output = lab(arguments, here);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    for part in parts {
        assert!(message.contains(part), "{arguments:?} does not say {part:?}: {message}");
    }
}

#[test]
fn a_run_without_a_single_success_fails() {
    let here = directory("no-success");
    std::fs::write(here.join("throws.js"), "throw new TypeError('always');").unwrap();
    fails(
        &run_script("throws.js", &["--blocks", "2"]),
        &here,
        &["no sample succeeded", "throws threw", "TypeError: always"],
    );
    // The failures are kept and shown all the same.
    assert_eq!(records(&here.join("out")).len(), 2);
    assert!(std::fs::read_to_string(here.join("out/report.html")).unwrap().contains("always"));
}

#[test]
fn unreadable_records_do_not_replace_a_good_report() {
    let here = directory("unreadable");
    std::fs::write(here.join("fine.js"), "globalThis.result = 1;").unwrap();
    let output = lab(&run_script("fine.js", &["--blocks", "1"]), &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let page = here.join("out/report.html");
    let good = std::fs::read(&page).unwrap();
    let records = here.join("out/records.jsonl");
    let lines = std::fs::read_to_string(&records).unwrap();
    let old = lines.replace("\"schema\":2", "\"schema\":1");
    for spoilt in ["", "no record\n", "{}\n{}\n", &lines[..40], old.as_str()] {
        std::fs::write(&records, spoilt).unwrap();
        fails(&["report", "out"], &here, &["records.jsonl", "no record that can be read"]);
        assert_eq!(std::fs::read(&page).unwrap(), good, "{spoilt:?} replaced the report");
    }
    fails(&["report", "out"], &here, &["record format 1 where 2 is known"]);
    // The page itself is no file of records.
    fails(&["report", "out/report.html"], &here, &["report.html", "no record", "records.jsonl"]);
    assert_eq!(std::fs::read(&page).unwrap(), good);
    // One damaged line among good ones: the report is made, and the status tells of it.
    std::fs::write(&records, format!("{}{{\"schema\":2}}\n{lines}", lines)).unwrap();
    fails(&["report", "out"], &here, &["line 2 is left out"]);
    // The torn last line of an interrupted run is no damage.
    std::fs::write(&records, format!("{lines}{}", &lines[..30])).unwrap();
    let output = lab(&["report", "out"], &here);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn traces_that_cannot_be_written_or_trusted_are_refused() {
    let here = directory("traces");
    std::fs::write(here.join("one.js"), "let a = []; for (let i = 0; i < 1000; i++) a.push({ i });").unwrap();
    if cfg!(target_os = "linux") {
        fails(
            &["exec", "one.js", "--allocator", "trace(/dev/full, system)"],
            &here,
            &["the trace /dev/full could not be written", "No space left"],
        );
        // In a run the sample is recorded as failed.
        let mut arguments = run_script("one.js", &["--blocks", "1"]);
        arguments[4] = "trace(/dev/full, system)";
        fails(&arguments, &here, &["no sample succeeded", "could not be written"]);
        assert!(matches!(records(&here.join("out"))[0].outcome, Outcome::Failed { .. }));
    }
    let output = lab(&["exec", "one.js", "--front", "direct", "--allocator", "trace(good, system)"], &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let replay = |name: &str, more: &[&str]| {
        let mut arguments = vec!["replay", name, "--allocators", "system", "--repeats", "1"];
        arguments.extend(more);
        lab(&arguments, &here)
    };
    assert!(replay("good", &[]).status.success());
    let good = std::fs::read(here.join("good")).unwrap();
    // A byte changed, anywhere; a part cut off; more behind the end; another version.
    for index in (8..good.len()).step_by(good.len() / 40) {
        let mut spoilt = good.clone();
        spoilt[index] ^= 0x11;
        std::fs::write(here.join("spoilt"), spoilt).unwrap();
        let output = replay("spoilt", &[]);
        assert_eq!(output.status.code(), Some(1), "byte {index} passed: {}", stdout(&output));
        assert!(stderr(&output).contains("trace"), "{}", stderr(&output));
    }
    std::fs::write(here.join("cut"), &good[..good.len() / 2]).unwrap();
    let output = replay("cut", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("breaks off") && stderr(&output).contains("--partial"));
    assert!(replay("cut", &["--partial"]).status.success());
    std::fs::write(here.join("longer"), [&good[..], b"more"].concat()).unwrap();
    assert_eq!(replay("longer", &[]).status.code(), Some(1));
    std::fs::write(here.join("older"), [b"TAREAT01", &good[8..]].concat()).unwrap();
    assert!(stderr(&replay("older", &[])).contains("TAREAT03"));
    std::fs::write(here.join("empty"), &good[..8]).unwrap();
    assert_eq!(replay("empty", &["--partial"]).status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let here = directory("full-output");
    std::fs::write(here.join("one.js"), "globalThis.result = 1;").unwrap();
    std::fs::write(here.join("prints.js"), "for (let i = 0; i < 10; i++) print(i);").unwrap();
    assert!(lab(&run_script("one.js", &["--blocks", "1"]), &here).status.success());
    let traced = ["exec", "one.js", "--allocator", "trace(a.trace, system)"];
    assert!(lab(&traced, &here).status.success());
    let again = run_script("one.js", &["--blocks", "1", "--fresh"]);
    let commands: [&[&str]; 6] = [
        &["exec", "one.js"],
        &["exec", "prints.js", "--json"],
        &["leaks", "one.js"],
        &["report", "out"],
        &["replay", "a.trace", "--allocators", "system"],
        &again,
    ];
    for arguments in commands {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Command::new(LAB).args(arguments).current_dir(&here).stdout(full).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {}", stderr(&run));
        assert!(stderr(&run).contains("cannot write to standard output"), "{}", stderr(&run));
    }
}

#[test]
fn modules_run_and_their_failures_show() {
    let here = directory("modules");
    std::fs::write(here.join("part.mjs"), "export const part = 41;").unwrap();
    let uses = "import { part } from './part.mjs'; globalThis.result = await Promise.resolve(part + 1);";
    std::fs::write(here.join("uses.mjs"), uses).unwrap();
    std::fs::write(here.join("by_content.js"), format!("// A comment.\n{uses}")).unwrap();
    std::fs::write(here.join("asked.js"), "globalThis.result = await 42;").unwrap();
    std::fs::write(here.join("throws.mjs"), "await null; throw new TypeError('late');").unwrap();
    std::fs::write(here.join("never.mjs"), "await new Promise(() => {});").unwrap();
    std::fs::write(here.join("missing.mjs"), "import './no-such.mjs';").unwrap();
    for (file, more) in [("uses.mjs", ""), ("by_content.js", ""), ("asked.js", "--module")] {
        let mut arguments = vec!["exec", file, "--json"];
        arguments.extend(Some(more).filter(|m| !m.is_empty()));
        let output = lab(&arguments, &here);
        assert_eq!(output.status.code(), Some(0), "{file}: {}", stderr(&output));
        let answer: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
        assert_eq!(answer["measured"]["result"], "42", "{file}");
    }
    fails(&["exec", "asked.js"], &here, &["Uncaught SyntaxError"]);
    fails(&["exec", "throws.mjs"], &here, &["Uncaught TypeError: late"]);
    fails(&["exec", "never.mjs"], &here, &["never ends"]);
    fails(&["exec", "missing.mjs"], &here, &["no-such.mjs"]);
    // In a run: each with its own outcome, warmed up or not.
    let mut arguments = run_script("uses.mjs", &["--blocks", "1", "--warmup", "2"]);
    arguments.extend(["--script", "never.mjs", "--script", "throws.mjs"]);
    let output = lab(&arguments, &here);
    assert!(output.status.success(), "{}", stderr(&output));
    for record in records(&here.join("out")) {
        match record.sample.workload.as_str() {
            "uses" => assert_eq!(record.measured.unwrap().result, "42"),
            "never" => assert!(record.outcome.message().contains("never ends")),
            _ => assert!(record.outcome.message().contains("TypeError: late")),
        }
    }
}
