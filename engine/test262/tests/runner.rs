//! The runner as a whole: a tiny suite in a temporary folder, a scripted engine, real workers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A suite in a folder of its own that goes when the test ends.
struct FakeSuite(PathBuf);

impl FakeSuite {
    fn new(name: &str, tests: &[(&str, &str, &str)]) -> FakeSuite {
        let root = std::env::temp_dir().join(format!("tare-test262-{name}-{}", std::process::id()));
        let suite = FakeSuite(root);
        suite.write("features.txt", "## Proposed language features\n## Standard language features\nclass\n");
        for file in ["assert.js", "sta.js", "doneprintHandle.js", "extra.js"] {
            suite.write(&format!("harness/{file}"), "var harness;");
        }
        for (name, front, text) in tests {
            suite.write(&format!("test/{name}"), &format!("/*---\n{front}\n---*/\n{text}\n"));
        }
        suite
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tare-test262"));
        command.arg("--suite").arg(&self.0).args(["--engine", "scripted", "--jobs", "2"]).args(args);
        command.output().unwrap()
    }
}

impl Drop for FakeSuite {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn last_line(output: &Output) -> String {
    stdout(output).lines().last().unwrap_or_default().to_string()
}

#[test]
fn every_kind_of_test_is_run_and_judged() {
    let done = "//@ print Test262:AsyncTestComplete";
    let suite = FakeSuite::new(
        "kinds",
        &[
            ("language/plain.js", "", "//@ need-harness assert.js\n//@ need-script"),
            ("language/strict-only-fails.js", "", "//@ strict throw runtime TypeError no"),
            ("language/no-strict.js", "flags: [noStrict]", "//@ strict throw runtime TypeError no"),
            ("language/include.js", "includes: [extra.js]", "//@ need-harness extra.js"),
            ("language/include-missing.js", "includes: [nowhere.js]", ""),
            ("language/module.js", "flags: [module]", "//@ need-module"),
            ("language/raw.js", "flags: [raw]", "//@ need-harness assert.js"),
            ("language/async.js", "flags: [async]", &format!("//@ need-harness doneprintHandle.js\n{done}")),
            ("language/async-silent.js", "flags: [async]", ""),
            ("language/blocked.js", "flags: [CanBlockIsFalse]", "//@ need-no-block"),
            (
                "language/neg.js",
                "negative:\n  phase: parse\n  type: SyntaxError",
                "//@ throw parse SyntaxError x",
            ),
            (
                "language/neg-late.js",
                "negative:\n  phase: parse\n  type: SyntaxError",
                "//@ throw runtime SyntaxError x",
            ),
            ("language/a_FIXTURE.js", "", "//@ abort"),
            ("built-ins/proposal.js", "features: [decorators]", "//@ abort"),
            ("built-ins/bad-front.js", "flags: [what]", ""),
            ("intl402/outside.js", "", "//@ abort"),
        ],
    );
    let output = suite.run(&["--failures"]);
    let text = stdout(&output);
    let failed: Vec<&str> = text.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert_eq!(
        failed,
        [
            "FAIL built-ins/bad-front.js (all): unknown flag `what`",
            "FAIL language/async-silent.js (sloppy): async test never completed",
            "FAIL language/include-missing.js (all): harness/nowhere.js: No such file or directory (os error 2)",
            "FAIL language/neg-late.js (sloppy): SyntaxError at runtime, expected SyntaxError at parse: x",
            "FAIL language/raw.js (raw): Unmet: unmet: need-harness assert.js",
            "FAIL language/strict-only-fails.js (strict): TypeError: no",
        ]
    );
    assert_eq!(last_line(&output), "core: 7/13 files passed (53.84 %)");
    assert!(output.status.success());
    let output = suite.run(&["--folders", "intl402", "language", "--filter", "e/p"]);
    assert_eq!(last_line(&output), "intl402+language: 1/1 files passed (100.00 %)");
}

#[test]
fn crashes_panics_and_hangs_do_not_end_the_run() {
    let suite = FakeSuite::new(
        "crashes",
        &[
            ("language/a.js", "", ""),
            ("language/abort.js", "", "//@ abort"),
            ("language/freeze.js", "", "//@ freeze"),
            ("language/hang.js", "", "//@ hang"),
            ("language/panic.js", "", "//@ panic out of luck"),
            ("language/z.js", "", ""),
        ],
    );
    let output = suite.run(&["--failures", "--timeout", "0.2"]);
    let text = stdout(&output);
    assert!(text.contains("FAIL language/abort.js (all): crash: signal 6"), "{text}");
    assert!(text.contains("FAIL language/freeze.js (all): timeout (killed)"), "{text}");
    assert!(text.contains("FAIL language/hang.js (sloppy): timeout"), "{text}");
    let panic = text.lines().find(|line| line.starts_with("FAIL language/panic.js")).unwrap();
    assert!(panic.contains("crash: signal 6") && panic.ends_with("out of luck"), "{panic}");
    assert_eq!(last_line(&output), "core: 2/6 files passed (33.33 %)");
}

#[test]
fn the_list_of_expected_failures_is_exact() {
    let suite = FakeSuite::new(
        "expected",
        &[
            ("language/x/good.js", "", ""),
            ("language/x/bad.js", "", "//@ throw runtime Error e"),
            ("language/y/1.js", "", "//@ throw runtime Error e"),
            ("language/y/2.js", "", "//@ throw runtime Error e"),
        ],
    );
    let list = suite.0.join("list.txt");
    let list_arg = list.to_str().unwrap();
    assert_eq!(suite.run(&["--check", "--expected", list_arg]).status.code(), Some(2), "no list yet");
    assert!(suite.run(&["--update", "--expected", list_arg]).status.success());
    let entries = |path: &Path| -> Vec<String> {
        fs::read_to_string(path)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(String::from)
            .collect()
    };
    assert_eq!(entries(&list), ["language/x/bad.js", "language/y/"]);
    assert!(suite.run(&["--check", "--expected", list_arg]).status.success());

    // One more failure, and one pass too many.
    suite.write("test/language/x/good.js", "/*---\n---*/\n//@ throw runtime Error e\n");
    suite.write("test/language/y/2.js", "/*---\n---*/\n");
    let output = suite.run(&["--check", "--expected", list_arg]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("fails, not on the list: language/x/good.js"), "{text}");
    assert!(text.contains("passes, on the list: language/y/2.js"), "{text}");
    assert!(text.ends_with("core: 1/4 files passed (25.00 %)\n"), "{text}");

    // With a filter, only what was run is judged and changed.
    assert_eq!(suite.run(&["--check", "--expected", list_arg, "--filter", "bad"]).status.code(), Some(0));
    assert!(suite.run(&["--update", "--expected", list_arg, "--filter", "/y/"]).status.success());
    assert_eq!(entries(&list), ["language/x/bad.js", "language/y/1.js"]);
}

#[test]
fn results_are_written_as_json() {
    let suite = FakeSuite::new(
        "json",
        &[
            ("language/a.js", "", ""),
            ("language/b.js", "flags: [module]", "//@ throw resolution SyntaxError m"),
        ],
    );
    let path = suite.0.join("out.json");
    assert!(suite.run(&["--json", path.to_str().unwrap(), "--filter", "language"]).status.success());
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(json["passed"], 1);
    assert_eq!(json["total"], 2);
    assert_eq!(json["filter"], "language");
    assert_eq!(json["variants_total"], 3);
    assert_eq!(json["outcomes"][0]["variants"][1]["mode"], "strict");
    assert_eq!(json["outcomes"][1]["variants"][0]["failure"], "SyntaxError at resolution: m");
}

#[test]
fn a_folder_that_is_no_suite_is_an_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_tare-test262"))
        .args(["--suite", env!("CARGO_MANIFEST_DIR"), "--engine", "scripted"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is no checkout of tc39/test262"));
}

/// The engine itself: a module whose evaluation never settles has not passed.
#[test]
fn a_module_that_never_settles_fails() {
    let suite = FakeSuite::new(
        "unsettled",
        &[
            ("language/waits.js", "flags: [module]", "await new Promise(() => {});"),
            ("language/settles.js", "flags: [module]", "await null;"),
            (
                "language/done.js",
                "flags: [module, async]",
                "print('Test262:AsyncTestComplete'); await new Promise(() => {});",
            ),
        ],
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_tare-test262"));
    let output = command.arg("--suite").arg(&suite.0).args(["--jobs", "1", "--failures"]).output().unwrap();
    let text = stdout(&output);
    assert!(text.contains("waits.js"), "{text}");
    assert!(text.contains("never settles"), "{text}");
    assert!(!text.contains("settles.js:") && !text.contains("done.js"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_a_failure() {
    let suite = FakeSuite::new("full", &[("language/plain.js", "", "")]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |out: std::process::Stdio, err: std::process::Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tare-test262"));
        command.arg("--suite").arg(&suite.0).args(["--engine", "scripted", "--jobs", "1", "--quiet"]);
        command.stdout(out).stderr(err).output().unwrap()
    };
    let output = run(full().into(), std::process::Stdio::piped());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
    assert_eq!(run(full().into(), full().into()).status.code(), Some(2));
}
