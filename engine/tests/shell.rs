//! The shell as its users meet it: what it says on standard error, and its exit status.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of scripts that goes when the test ends.
struct Scripts(PathBuf);

impl Scripts {
    fn new(name: &str, files: &[(&str, &str)]) -> Scripts {
        let folder = std::env::temp_dir().join(format!("tare-shell-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        Scripts(folder)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tare"));
        command.args(arguments).current_dir(&self.0);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Status, standard output, standard error.
    fn said(&self, file: &str) -> (Option<i32>, String, String) {
        let output = self.run(&[file]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Scripts {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_nobody_catches_is_told_and_ends_with_one() {
    let cases = [
        ("sync.js", "print('a'); throw new Error('sync');", "a\n", "Uncaught Error: sync\n    at "),
        (
            "async.js",
            "print('a'); (async () => { await null; throw new Error('lost'); })();",
            "a\n",
            "Uncaught (in promise) Error: lost\n    at ",
        ),
        (
            "microtask.js",
            "queueMicrotask(() => { throw new TypeError('micro'); }); print('a');",
            "a\n",
            "Uncaught (in promise) TypeError: micro\n    at ",
        ),
        (
            "import.js",
            "import('./nothing.js'); print('a');",
            "a\n",
            "Uncaught (in promise) TypeError: cannot load module",
        ),
        ("reject.js", "Promise.reject(1); Promise.reject(2);", "", "Uncaught (in promise) 1\ntare: 1 more"),
        ("then.js", "Promise.resolve().then(() => { null.x; });", "", "Uncaught (in promise) TypeError"),
        (
            "chain.js",
            "Promise.reject(new Error('first')).finally(() => {});",
            "",
            "Uncaught (in promise) Error: first",
        ),
        (
            "generator.js",
            "(async function* () { throw new Error('gen'); })().next();",
            "",
            "Uncaught (in promise) Error: gen",
        ),
        (
            "rethrown.js",
            "Promise.reject(1).catch(() => { throw new Error('again'); });",
            "",
            "Uncaught (in promise) Error: again",
        ),
        ("imported.js", "import('./throws.mjs');", "", "Uncaught (in promise) RangeError: tla"),
        ("module.mjs", "import './throws.mjs'; print('never');", "", "Uncaught RangeError: tla\n    at "),
        ("both.mjs", "Promise.reject(new Error('b')); throw new Error('a');", "", "Uncaught Error: a"),
        ("later.mjs", "await null; Promise.reject(new Error('b'));", "", "Uncaught (in promise) Error: b"),
    ];
    let mut files: Vec<(&str, &str)> = cases.iter().map(|case| (case.0, case.1)).collect();
    files.push(("throws.mjs", "await null; throw new RangeError('tla');"));
    let scripts = Scripts::new("uncaught", &files);
    for (file, _, out, err) in cases {
        let said = scripts.said(file);
        assert_eq!((said.0, said.1.as_str()), (Some(1), out), "{file}: {}", said.2);
        assert!(said.2.starts_with(err), "{file}: {}", said.2);
    }
}

#[test]
fn what_gets_its_handler_before_the_jobs_end_is_no_failure() {
    let cases = [
        (
            "late.js",
            "const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => print('late')));",
            "late\n",
        ),
        ("all.js", "Promise.all([Promise.reject(1), Promise.reject(2)]).catch((e) => print(e));", "1\n"),
        ("await.js", "(async () => { try { await Promise.reject(1); } catch (e) { print(e); } })();", "1\n"),
        ("import.js", "import('./nothing.js').catch(() => print('caught'));", "caught\n"),
        ("waits.js", "new Promise(() => {}).then(() => print('never')); print('a');", "a\n"),
        (
            "many.js",
            "let n = 0; (function f() { Promise.reject(n).catch(() => {}); if (n++ < 1e4) Promise.resolve().then(f); else print(n); })();",
            "10001\n",
        ),
        ("settles.mjs", "import { x } from './dep.mjs'; print(await Promise.resolve(x));", "5\n"),
    ];
    let mut files: Vec<(&str, &str)> = cases.iter().map(|case| (case.0, case.1)).collect();
    files.push(("dep.mjs", "export const x = await 5;"));
    let scripts = Scripts::new("handled", &files);
    for (file, _, out) in cases {
        assert_eq!(scripts.said(file), (Some(0), out.to_string(), String::new()), "{file}");
    }
}

#[test]
fn a_module_that_never_settles_ends_with_thirteen() {
    let files = [
        ("own.mjs", "print('a'); await new Promise(() => {}); print('never');"),
        ("import.mjs", "import './own.mjs'; print('never');"),
        ("dynamic.mjs", "await import('./own.mjs');"),
    ];
    let scripts = Scripts::new("unsettled", &files);
    for (file, _) in files {
        let (status, out, err) = scripts.said(file);
        assert_eq!((status, out.as_str()), (Some(13), "a\n"), "{file}: {err}");
        assert!(err.starts_with(&format!("tare: {file}: the module waits at a top-level await")), "{err}");
    }
    // A failure beside it is the news.
    let scripts = Scripts::new("unsettled2", &[("a.mjs", "Promise.reject(1); await new Promise(() => {});")]);
    let (status, _, err) = scripts.said("a.mjs");
    assert_eq!((status, err.as_str()), (Some(1), "Uncaught (in promise) 1\n"));
}

#[test]
fn random_numbers_differ_unless_they_are_to_repeat() {
    let scripts = Scripts::new("random", &[("r.js", "print(Math.random(), Math.random());")]);
    let run = |arguments: &[&str]| String::from_utf8(scripts.run(arguments).stdout).unwrap();
    assert_ne!(run(&["r.js"]), run(&["r.js"]));
    let seeded = run(&["--random-seed", "5", "r.js"]);
    assert_eq!(seeded, run(&["--random-seed", "5", "r.js"]));
    assert_ne!(seeded, run(&["--random-seed", "6", "r.js"]));
    let bad = scripts.run(&["--random-seed", "x", "r.js"]);
    assert_eq!(bad.status.code(), Some(2));
}

#[test]
fn fusions_can_be_named() {
    let scripts =
        Scripts::new("fusions", &[("f.js", "(function () { this.x = 1; print(this.x); }).call({});")]);
    let run = |names| scripts.run(&["--without-fusions", names, "-D", "bytecode", "f.js"]);
    let text = |output: Output| String::from_utf8(output.stdout).unwrap();
    assert!(text(run("")).contains("this_put_field"));
    assert!(!text(run("this_put_field")).contains("this_put_field"));
    let bad = run("this_put_field,nonsense");
    assert_eq!(bad.status.code(), Some(2));
    assert!(String::from_utf8(bad.stderr).unwrap().contains("there is no fusion \"nonsense\""));
}

#[cfg(target_os = "linux")]
mod full {
    use super::*;

    fn full() -> Stdio {
        Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
    }

    #[test]
    fn output_that_cannot_be_written_is_a_failure() {
        let files = [
            ("one.js", "print(1);"),
            ("for_ever.js", "for (;;) print(1);"),
            ("silent.js", ""),
            ("job.js", "Promise.resolve().then(() => print(1));"),
        ];
        let scripts = Scripts::new("full", &files);
        for arguments in [
            &["one.js"][..],
            &["for_ever.js"],
            &["job.js"],
            &["-d", "silent.js"],
            &["--dump-json", "silent.js"],
            &["-D", "bytecode", "silent.js"],
        ] {
            let output = scripts.command(arguments).stdout(full()).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}");
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(err.starts_with("tare: cannot write to standard output: "), "{arguments:?}: {err}");
        }
        let output = scripts.command(&["silent.js"]).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
    }

    /// An error that cannot be told still has its status, and is no panic.
    #[test]
    fn errors_that_cannot_be_written_keep_their_status() {
        let files = [
            ("throws.js", "throw new Error('x');"),
            ("rejects.js", "Promise.reject(1);"),
            ("waits.mjs", "await new Promise(() => {});"),
            ("prints.js", "print(1);"),
        ];
        let scripts = Scripts::new("mute", &files);
        for (arguments, status) in [
            (&["throws.js"][..], 1),
            (&["rejects.js"], 1),
            (&["waits.mjs"], 13),
            (&["prints.js"], 1),
            (&["--nonsense"], 2),
            (&["nothing.js"], 1),
            (&["--help"], 1),
        ] {
            let mut command = scripts.command(arguments);
            let run = command.stdout(full()).stderr(full()).status().unwrap();
            assert_eq!(run.code(), Some(status), "{arguments:?}");
        }
    }

    /// `tare long.js | head -1`: the script ends, and nobody complains.
    #[test]
    fn a_reader_that_stops_ends_the_script() {
        let scripts = Scripts::new("reader", &[("for_ever.js", "for (;;) print(1);")]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = scripts.command(&["for_ever.js"]).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}
