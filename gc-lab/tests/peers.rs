//! Peers by their own shell, and what else is measured beside our engine. The shell of these tests is the lab itself:
//! `gc-lab exec` runs a file and prints what the file prints.

mod support;

use support::{LAB, directory, lab, records, stderr, stdout};
use tare_reports::record::{OWN, Outcome, SHELL};

fn mine() -> String {
    format!("mine={LAB} exec {{script}}")
}

const WORK: &str = "const keep = []; for (let i = 0; i < 30000; i++) keep.push({ i, a: [i] }); \
                    globalThis.result = keep.length; print('not a result');";

#[test]
fn a_shell_is_measured_by_the_same_samples() {
    let here = directory("shell-run");
    std::fs::write(here.join("one.js"), WORK).unwrap();
    let command = mine();
    let mut arguments = vec!["run", "--script", "one.js", "--allocators", "system", "--policies", "quickjs"];
    arguments.extend(["--fronts", "pool", "--blocks", "2", "--no-retake", "--out", "out"]);
    arguments.extend(["--engine-command", &command]);
    let output = lab(&arguments, &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let records = records(&here.join("out"));
    let of = |engine: &str| records.iter().filter(|r| r.sample.engine == engine).collect::<Vec<_>>();
    assert_eq!(of("tare").len(), 2);
    assert_eq!(of("mine").len(), 2);
    for record in of("mine") {
        let sample = &record.sample;
        let setup = (sample.allocator.as_str(), sample.front.as_str(), sample.policy.as_str());
        assert_eq!((setup, sample.warmup), ((OWN, SHELL, OWN), 0));
        let measured = record.measured.as_ref().unwrap();
        assert_eq!(measured.result, "30000");
        // An empty script's time is taken off; the work is far more than its noise.
        assert!(measured.cpu_ns > 1_000_000 && measured.setup_ns > 0, "{measured:?}");
        if cfg!(target_os = "linux") {
            let anon = measured.ledger.peak_growth(|l| l.rss_anon_bytes).unwrap();
            assert!(anon > 1 << 20, "30,000 objects and arrays take more than {anon} bytes");
            assert!(record.noise.minor_faults > 100);
        }
        assert!(record.versions.engine.contains("sha256"), "{}", record.versions.engine);
    }
    let page = std::fs::read_to_string(here.join("out/report.html")).unwrap();
    assert!(page.contains("by its own shell: mine="), "the page says which build the peer was");
    assert!(!page.contains("NaN") && !page.contains("inf"), "what is not known is not drawn");
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is() {
    let here = directory("shell-refused");
    std::fs::write(here.join("one.js"), WORK).unwrap();
    let refused = |command: &str, more: &[&str], why: &str| {
        let arguments = [&["run", "--script", "one.js", "--engine-command", command], more].concat();
        let output = lab(&arguments, &here);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert!(!here.join("lab-out").exists());
    };
    refused("no-such-shell {script}", &[], "no program `no-such-shell`");
    refused("sh script.js", &[], "write `{script}` there");
    refused("tare=sh {script}", &[], "there is an engine `tare` already");
    refused(&mine(), &["--warmup", "2"], "measured cold");
    let output = lab(&["bench-peers", "--engine-command", "no-such-shell {script}", "fib"], &here);
    assert!(stderr(&output).contains("no program `no-such-shell`"), "{}", stderr(&output));
    let output = lab(&["exec", "one.js", "--engine-command", "no-such-shell {script}"], &here);
    assert!(stderr(&output).contains("no program `no-such-shell`"), "{}", stderr(&output));
}

#[test]
fn a_shell_that_ends_badly_has_no_figures() {
    let here = directory("shell-bad");
    let command = mine();
    let ends = |name: &str, source: &str, command: &str| {
        std::fs::write(here.join(name), source).unwrap();
        let out = format!("out-{name}");
        let mut arguments = vec!["run", "--script", name, "--engine-command", command, "--blocks", "1"];
        arguments.extend(["--allocators", "system", "--policies", "never", "--fronts", "pool"]);
        arguments.extend(["--timeout", "5", "--out", &out]);
        lab(&arguments, &here);
        let found = records(&here.join(&out)).into_iter().find(|r| r.sample.engine == "mine").unwrap();
        assert!(found.measured.is_none());
        found.outcome
    };
    let threw = ends("throws.js", "throw new TypeError('of this script')", &command);
    assert!(matches!(threw, Outcome::Crashed { status: Some(1), .. }), "{threw:?}");
    assert!(threw.message().contains("TypeError: of this script"), "{}", threw.message());
    let not_even_nothing =
        ends("fine.js", "globalThis.result = 1;", "mine=sh -c 'echo no >&2; exit 3' {script}");
    assert!(not_even_nothing.message().contains("cannot run an empty script"), "{not_even_nothing:?}");
    let endless = ends("endless.js", "for (;;) {}", &command);
    assert!(matches!(endless, Outcome::TimedOut { .. }), "{endless:?}");
    // Killed as well are the shell and what it was told to run.
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("gc-lab-shell-") && entry.path().join("run-endless.js").exists()
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn exec_runs_a_shell_and_passes_on_what_it_prints() {
    let here = directory("shell-exec");
    std::fs::write(here.join("one.js"), WORK).unwrap();
    let output = lab(&["exec", "one.js", "--engine-command", &mine()], &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("not a result\n") && !said.contains("gc-lab result:"), "{said}");
    // The shell says how much it took, too; what this program says comes last.
    let (_, own) = said.rsplit_once("Time on a core").unwrap();
    assert!(own.contains("anonymous pages") && !own.contains("Collections"), "{own}");
}

#[test]
fn a_side_of_a_comparison_can_be_a_shell() {
    let here = directory("shell-compare");
    std::fs::write(here.join("one.js"), WORK).unwrap();
    let command = mine();
    let mut arguments = vec!["compare", "--run", "--script", "one.js", "--blocks", "5", "--invocations", "1"];
    arguments.extend(["--engine-command", &command, "--side-b", "engine=mine", "--json"]);
    let output = lab(&arguments, &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let found: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let overall = found["overall"].as_array().unwrap();
    let of = |figure: &str| overall.iter().find(|s| s["figure"] == figure).map(|s| s["blocks"].clone());
    assert_eq!((of("time"), of("physical")), (Some(5.into()), Some(5.into())));
    // What a shell took from its allocator nobody tells: there is nothing to compare.
    assert!(of("peak").is_none_or(|blocks| blocks == 0), "{found}");
    let unknown = lab(&["compare", "--run", "--script", "one.js", "--side-b", "engine=mine"], &here);
    assert!(stderr(&unknown).contains("--engine-command"), "{}", stderr(&unknown));
}

#[cfg(unix)]
#[test]
fn another_build_of_the_lab_is_asked_first() {
    use std::os::unix::fs::PermissionsExt;
    let here = directory("other-lab");
    std::fs::write(here.join("one.js"), "globalThis.result = 1;").unwrap();
    let compare = |side: &str, out: &str| {
        let arguments = ["compare", "--run", "--script", "one.js", "--blocks", "1", "--invocations", "1"];
        lab(&[&arguments[..], &["--side-b", side, "--out", out]].concat(), &here)
    };
    let refused = |side: &str, why: &str| {
        let output = compare(side, "refused");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert!(!here.join("refused").exists(), "nothing is measured");
    };
    let script = |name: &str, text: &str| {
        let path = here.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    refused("lab=./nothing-here", "there is no such program");
    script("deaf", "#!/bin/sh\nread job; echo 'cannot read the job: missing field' >&2; exit 1\n");
    refused("lab=./deaf", "cannot read the job");
    script("old", "#!/bin/sh\nread job; echo '{\"outcome\":{\"kind\":\"ok\"},\"measured\":null}'\n");
    refused("lab=./old", "its records are of version 0");
    // A second build, or what goes for one.
    std::fs::copy(LAB, here.join("second")).unwrap();
    let works = compare("lab=./second", "works");
    assert!(works.status.success(), "{}", stderr(&works));
    assert_eq!(records(&here.join("works/b")).len(), 1);
}

#[cfg(feature = "quickjs-ng")]
mod quickjs_ng {
    use super::*;

    fn run(name: &str, source: &str) -> std::process::Output {
        let here = directory(&format!("ng-{name}"));
        std::fs::write(here.join("part.mjs"), "export const answer = 42;").unwrap();
        std::fs::write(here.join("script.js"), source).unwrap();
        lab(&["exec", "script.js", "--engine", "quickjs-ng"], &here)
    }

    #[test]
    fn it_is_built_as_its_own_build_makes_it_and_says_so() {
        let said = stdout(&lab(&["list"], &directory("ng-build")));
        let line = said.lines().find(|line| line.trim_start().starts_with("quickjs-ng ")).unwrap();
        assert!(line.contains("-DNDEBUG") && line.contains("crate rquickjs"), "{line}");
        if cfg!(target_os = "linux") {
            assert!(
                line.contains("-fvisibility=hidden"),
                "CFLAGS of the environment win over .cargo/config.toml: {line}"
            );
        }
    }

    #[test]
    fn a_rejection_that_nobody_handles_is_a_failure() {
        let unseen = run("unseen", "Promise.reject(new TypeError('unseen'));");
        assert_eq!(unseen.status.code(), Some(1));
        assert!(stderr(&unseen).contains("Uncaught TypeError: unseen"), "{}", stderr(&unseen));
        let late = "const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {}));";
        assert!(run("late", late).status.success(), "a handler that comes later handles it");
        let second = "const p = Promise.reject(1); p.catch(() => {}); Promise.reject(new RangeError('two'));";
        assert!(stderr(&run("second", second)).contains("RangeError: two"));
    }

    #[test]
    fn modules_are_run() {
        let module = run("module", "import { answer } from './part.mjs'; print(await answer);");
        assert!(module.status.success() && stdout(&module).starts_with("42\n"), "{}", stderr(&module));
        let throws = run("throws", "export {}; await null; throw new TypeError('in a module');");
        assert!(stderr(&throws).contains("Uncaught TypeError: in a module"), "{}", stderr(&throws));
        let waits = run("waits", "export {}; await new Promise(() => {});");
        assert!(stderr(&waits).contains("never ends"), "{}", stderr(&waits));
        let missing = run("missing", "import './missing.mjs';");
        assert!(stderr(&missing).contains("could not load module"), "{}", stderr(&missing));
    }
}
