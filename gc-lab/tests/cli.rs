//! The program as its users meet it: errors that say what to do, and samples that may fail.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn lab(arguments: &[&str], directory: &Path) -> Output {
    let run = Command::new(env!("CARGO_BIN_EXE_gc-lab")).args(arguments).current_dir(directory).output();
    run.unwrap()
}

fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run of the test left would be gone on with.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `gc-lab list | head -1`: the reader has seen enough.
#[test]
fn a_reader_that_stops_is_no_defect() {
    let here = directory("reader");
    std::fs::write(here.join("one.js"), "for (let i = 0; i < 1000; i++) print(i);").unwrap();
    for arguments in [&["list"][..], &["exec", "one.js"], &["exec", "one.js", "--json"], &["leaks", "one.js"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = Command::new(env!("CARGO_BIN_EXE_gc-lab"))
            .args(arguments)
            .current_dir(&here)
            .stdout(writer)
            .output()
            .unwrap();
        assert!(run.status.success(), "{arguments:?} ended by {}: {}", run.status, stderr(&run));
        assert_eq!(stderr(&run), "", "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_of() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_gc-lab")).arg("list").stdout(full).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", stderr(&run));
    assert!(stderr(&run).contains("cannot write to standard output"), "{}", stderr(&run));
}

#[test]
fn errors_name_what_is_wrong_and_what_there_is() {
    let here = directory("errors");
    std::fs::write(here.join("one.js"), "globalThis.result = 1;").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["run", "--engine", "v8"], &["no engine `v8`", "tare"]),
        (&["run", "--workloads", "closure"], &["no workload `closure`", "closures"]),
        (&["run", "--allocators", "mimaloc"], &["mimaloc", "mimalloc"]),
        (&["run", "--allocators", "limit(64Q, system)"], &["64Q"]),
        (&["run", "--policies", "sometimes"], &["sometimes", "never"]),
        (&["run", "--fronts", "porch"], &["no front `porch`", "direct"]),
        (&["run", "--size", "huge"], &["huge", "small, default, large"]),
        (&["run", "--timeout", "soon"], &["soon", "seconds"]),
        (&["run", "--script", "missing.js"], &["missing.js", "No such file"]),
        (&["report", "nowhere"], &["nowhere", "gc-lab run --out nowhere"]),
        (&["exec", "missing.js"], &["missing.js"]),
        (&["exec", "one.js", "--memory-limit", "lots"], &["lots", "64M"]),
        (&["exec", "one.js", "--front", "porch"], &["porch", "pool"]),
        (&["compare", "nowhere", "nowhere"], &["nowhere", "gc-lab run"]),
        (&["compare", "nowhere", "nowhere", "--confidence", "100"], &["confidence", "below 100"]),
        (&["tune", "one.js", "--slack", "5000"], &["--slack 5000", "between 0 and 1000"]),
    ];
    for (arguments, expected) in cases {
        let output = lab(arguments, &here);
        let message = stderr(&output);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert!(output.status.code().is_some(), "{arguments:?} ended by a signal");
        for part in *expected {
            assert!(message.contains(part), "{arguments:?} does not say {part:?}: {message}");
        }
    }
}

#[test]
fn a_broken_job_is_an_error_and_no_panic() {
    let output = lab(&["sample"], &directory("broken"));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot read the job"));
}

#[test]
fn the_list_names_what_can_be_chosen() {
    let output = lab(&["list"], &directory("list"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in ["tare", "churn_cyclic", "mimalloc", "jemalloc", "limit(", "quickjs(", "membalancer"] {
        assert!(text.contains(name), "the list does not name {name}");
    }
}

/// What runs scripts, on each engine of this build.
mod runs {
    use super::*;
    use tare_reports::record::{Outcome, read_records};

    const ENGINES: &[&str] = if cfg!(feature = "quickjs-ng") { &["tare", "quickjs-ng"] } else { &["tare"] };

    fn records(out: &Path) -> Vec<tare_reports::Record> {
        let (records, bad) = read_records(&out.join("records.jsonl")).unwrap();
        assert!(bad.is_empty(), "{bad:?}");
        records
    }

    #[test]
    fn samples_that_fail_are_recorded_and_the_rest_goes_on() {
        for engine in ENGINES {
            let here = directory(&format!("failing-{engine}"));
            std::fs::write(here.join("fine.js"), "globalThis.result = 7;").unwrap();
            std::fs::write(here.join("loops.js"), "for (;;) {}").unwrap();
            std::fs::write(here.join("throws.js"), "throw new TypeError('as planned');").unwrap();
            std::fs::write(
                here.join("grows.js"),
                "const a = []; for (;;) a.push('x'.repeat(1000) + a.length);",
            )
            .unwrap();
            let output = lab(
                &[
                    "run",
                    "--engine",
                    engine,
                    "--script",
                    "fine.js",
                    "--script",
                    "loops.js",
                    "--script",
                    "throws.js",
                    "--script",
                    "grows.js",
                    "--allocators",
                    "system",
                    "--policies",
                    "quickjs",
                    "--repeats",
                    "1",
                    "--timeout",
                    "2",
                    "--memory-limit",
                    "4M",
                    "--out",
                    "out",
                ],
                &here,
            );
            assert!(output.status.success(), "{}", stderr(&output));
            let outcome = |name: &str| {
                let records = records(&here.join("out"));
                records.into_iter().find(|r| r.sample.workload == name).unwrap().outcome
            };
            assert_eq!(outcome("fine"), Outcome::Ok);
            assert_eq!(outcome("loops"), Outcome::TimedOut { after_ms: 2000 });
            assert!(outcome("throws").message().contains("TypeError: as planned"));
            assert!(outcome("grows").message().contains("out of memory"));
            let page = std::fs::read_to_string(here.join("out/report.html")).unwrap();
            assert!(page.contains("as planned") && page.contains("ended after 2000 ms"));
        }
    }

    /// A rejection that nobody handles is no success.
    #[test]
    fn unhandled_rejections_are_recorded_as_thrown() {
        let here = directory("rejects");
        let script = "globalThis.result = 1; (async () => { await null; throw new Error('lost'); })();";
        std::fs::write(here.join("rejects.js"), script).unwrap();
        let script = "Promise.reject(1).catch(() => { globalThis.result = 7; });";
        std::fs::write(here.join("handled.js"), script).unwrap();
        lab(
            &[
                "run",
                "--engine",
                "tare",
                "--script",
                "rejects.js",
                "--script",
                "handled.js",
                "--allocators",
                "system",
                "--policies",
                "quickjs",
                "--repeats",
                "1",
                "--out",
                "out",
            ],
            &here,
        );
        let outcome = |name: &str| {
            let records = records(&here.join("out"));
            records.into_iter().find(|r| r.sample.workload == name).unwrap().outcome
        };
        assert!(matches!(outcome("rejects"), Outcome::Threw { .. }), "{:?}", outcome("rejects"));
        assert!(outcome("rejects").message().contains("Error: lost"));
        assert_eq!(outcome("handled"), Outcome::Ok);
    }

    #[test]
    fn an_interrupted_run_goes_on_where_it_was_and_another_choice_starts_anew() {
        for engine in ENGINES {
            let here = directory(&format!("resume-{engine}"));
            let run = |more: &[&str]| {
                let mut arguments = vec![
                    "run",
                    "--engine",
                    engine,
                    "--workloads",
                    "closures,strings",
                    "--allocators",
                    "system,pool",
                    "--policies",
                    "quickjs",
                    "--size",
                    "small",
                    "--repeats",
                    "2",
                    "--no-retake",
                    "--out",
                    "out",
                ];
                arguments.extend(more);
                let output = lab(&arguments, &here);
                assert!(output.status.success(), "{}", stderr(&output));
                stderr(&output)
            };
            run(&[]);
            let out = here.join("out");
            let whole = records(&out);
            // Two workloads, two allocators, two repeats, and the fronts of the engine.
            let total = if *engine == "tare" { 16 } else { 8 };
            assert_eq!(whole.len(), total);
            // The state that an interruption leaves: not complete, and half of a line at the end.
            let state = std::fs::read_to_string(out.join("run.json")).unwrap();
            std::fs::write(out.join("run.json"), state.replace("\"complete\": true", "\"complete\": false"))
                .unwrap();
            let mut lines: String = whole[..3].iter().map(|r| r.to_line().unwrap()).collect();
            lines += &whole[3].to_line().unwrap()[..50];
            std::fs::write(out.join("records.jsonl"), lines).unwrap();
            assert!(run(&[]).contains("3 samples are done"));
            let again = records(&out);
            assert_eq!(again.len(), total);
            assert_eq!(again[..3], whole[..3], "what was done is not done again");
            let keys = |records: &[tare_reports::Record]| {
                let mut keys: Vec<String> = records.iter().map(|r| r.sample.key()).collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(&again), keys(&whole));
            assert!(run(&["--seed", "2"]).contains("records-1.jsonl"));
            assert_eq!(records(&out).len(), total);
        }
    }

    #[test]
    fn exec_ends_with_zero_or_one_and_reports_memory() {
        for engine in ENGINES {
            let here = directory(&format!("exec-{engine}"));
            std::fs::write(here.join("fine.js"), "print('said', 1 + 1); globalThis.keep = [1, 2, 3];")
                .unwrap();
            std::fs::write(
                here.join("grows.js"),
                "const a = []; for (;;) a.push('x'.repeat(1000) + a.length);",
            )
            .unwrap();
            std::fs::write(here.join("deep.js"), "function f() { return 1 + f(); } f();").unwrap();
            let fine = lab(&["exec", "fine.js", "--engine", engine], &here);
            let text = String::from_utf8_lossy(&fine.stdout).into_owned();
            assert_eq!(fine.status.code(), Some(0), "{}", stderr(&fine));
            assert!(text.starts_with("said 2\n") && text.contains("Peak taken from allocator"), "{text}");
            let grows = lab(&["exec", "grows.js", "--engine", engine, "--memory-limit", "4M"], &here);
            assert_eq!(grows.status.code(), Some(1));
            assert!(stderr(&grows).contains("Uncaught InternalError: out of memory"), "{}", stderr(&grows));
            let deep = lab(&["exec", "deep.js", "--engine", engine, "--stack-size", "256K"], &here);
            assert_eq!(deep.status.code(), Some(1));
            assert!(
                stderr(&deep).contains("Uncaught RangeError")
                    || stderr(&deep).contains("Uncaught InternalError"),
                "{}",
                stderr(&deep)
            );
            let json = lab(&["exec", "fine.js", "--engine", engine, "--json"], &here);
            let text = String::from_utf8_lossy(&json.stdout).into_owned();
            let answer: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            let usage = &answer["measured"]["usage"];
            assert!(usage["malloc_size"].as_i64().unwrap() > 0);
            if *engine == "tare" {
                assert!(said(&fine).contains("(0 not attributed)"), "{}", said(&fine));
                assert_eq!(usage["malloc_size"], usage["memory_used_size"]);
                assert_eq!(answer["memory"]["usage"]["malloc_size"], usage["malloc_size"]);
            }
        }
    }

    #[cfg(feature = "quickjs-ng")]
    #[test]
    fn collections_of_quickjs_ng_are_followed() {
        let here = directory("followed");
        let source = "for (let i = 0; i < 100000; i++) { const a = {}; a.self = a; }";
        std::fs::write(here.join("cycles.js"), source).unwrap();
        let run = |policy: &str| -> serde_json::Value {
            let arguments = ["exec", "cycles.js", "--engine", "quickjs-ng", "--policy", policy, "--json"];
            let output = lab(&arguments, &here);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let often = run("quickjs(256K)")["measured"].clone();
        let count = often["collection_count"].as_u64().unwrap();
        assert!(count > 10, "{count} collections");
        assert_eq!(often["collections"].as_array().unwrap().len() as u64, count);
        for collection in often["collections"].as_array().unwrap() {
            assert!(collection["pause_ns"].as_u64().unwrap() > 0);
            let bytes = |name: &str| collection[name].as_u64().unwrap();
            assert!(bytes("bytes_after") <= bytes("bytes_before"));
        }
        assert_eq!(run("never")["measured"]["collection_count"], 0);
    }

    #[test]
    fn planted_leaks_are_found_with_the_place_that_allocated_them() {
        let here = directory("leaks");
        // The workload, its size here, the list to look in, what it must name, and the function that made it.
        let planted = [
            ("leak_cache", 1000, "/reachable/largest", "Map", "leak_cache.js:"),
            ("leak_listener", 1000, "/reachable/largest", "Array", "leak_listener.js:"),
            ("leak_native", 60, "/leaked/held", "function", "leak_native.js:"),
        ];
        for (name, size, list, class, place) in planted {
            let workload = tare_workloads::catalogue().iter().find(|w| w.name == name).unwrap();
            let file = format!("{name}.js");
            std::fs::write(here.join(&file), format!("var SIZE = {size}; {}", workload.source)).unwrap();
            let output = lab(&["leaks", &file, "--json"], &here);
            assert!(output.status.success(), "{}", stderr(&output));
            let found: serde_json::Value = serde_json::from_str(said(&output).trim()).unwrap();
            let rows = found.pointer(list).unwrap().as_array().unwrap();
            let names_it = |row: &serde_json::Value| {
                row["what"].as_str().unwrap().contains(class)
                    && row["allocated_at"].as_str().is_some_and(|at| at.contains(place))
            };
            let matching: Vec<_> = rows.iter().filter(|row| names_it(row)).collect();
            assert!(!matching.is_empty(), "{name}: {rows:#?}");
            if name == "leak_native" {
                assert!(found["leaked"]["cells"].as_u64().unwrap() >= size);
            } else {
                assert_eq!(found["leaked"]["cells"], 0, "{name}");
            }
            let text = said(&lab(&["leaks", &file], &here));
            assert!(text.contains("allocated at ") && text.contains(place), "{text}");
        }
    }

    /// Ropes, what cells own, remembered patterns and long lists, as the command tells of them.
    #[test]
    fn leaks_of_scripts_that_leak_nothing() {
        let here = directory("no-leaks");
        let cases = [
            ("rope", "globalThis.big = 'x'.repeat(1) + 'y'.repeat(100000);", "string"),
            (
                "external",
                "globalThis.a = new Array(1e5).fill(1); globalThis.b = new ArrayBuffer(2e6);",
                "1.91 MiB",
            ),
            ("pattern", "/x/.test('x'); globalThis.list = new Array(500).fill(0);", "Array"),
            (
                "chain",
                "let h = null; for (let i = 0; i < 60000; i++) h = { n: h }; globalThis.chain = h;",
                "chain",
            ),
        ];
        for (name, source, names) in cases {
            let file = format!("{name}.js");
            std::fs::write(here.join(&file), source).unwrap();
            let output = lab(&["leaks", &file], &here);
            assert!(output.status.success(), "{name}: {}", stderr(&output));
            let text = said(&output);
            assert!(text.contains("no leak") && text.contains(names), "{name}: {text}");
            assert!(!text.contains("native") && !text.contains("compiled regexp"), "{name}: {text}");
        }
    }
}
