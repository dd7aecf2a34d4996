//! The directory of a run: who may write there, what goes on, what is told from what.

mod support;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::{LAB, directory, lab, records, run_script, stderr};
use tare_reports::record::Outcome;

/// Waits until something holds; false when it did not within a minute.
fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// A directory with a script in it.
fn with(name: &str, scripts: &[(&str, &str)]) -> PathBuf {
    let here = directory(name);
    for (script, source) in scripts {
        std::fs::write(here.join(script), source).unwrap();
    }
    here
}

const ONE: (&str, &str) = ("one.js", "globalThis.result = 1;");
const LOOPS: (&str, &str) = ("loops.js", "for (;;) {}");

/// Runs a script to the end of the run, which must be well.
fn ran(script: &str, more: &[&str], here: &Path) -> Output {
    let output = lab(&run_script(script, more), here);
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

/// A run that goes on until it is ended.
fn endless(script: &str, here: &Path) -> Command {
    let mut command = Command::new(LAB);
    command.args(run_script(script, &["--timeout", "60"])).current_dir(here);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_record_says_where_and_how_it_was_taken() {
    let source =
        "const keep = []; for (let i = 0; i < 30000; i++) keep.push({ i, a: [i] }); globalThis.result = 5;";
    let here = with("provenance", &[("one.js", source)]);
    let mut command = Command::new(LAB);
    command.args(run_script("one.js", &["--blocks", "2", "--pin"])).current_dir(&here);
    let output = command.env("MALLOC_ARENA_MAX", "1").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let records = records(&here.join("out"));
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!(record.sample.source_hash.len(), 64);
        assert_eq!(record.environment["MALLOC_ARENA_MAX"], "1");
        let measured = record.measured.as_ref().unwrap();
        assert_eq!(measured.result, "5");
        assert!(measured.pause_cpu_total_ns > 0 && measured.pause_cpu_total_ns <= measured.cpu_ns);
        assert!(measured.pause_cpu_max_ns <= measured.pause_cpu_total_ns);
        for collection in &measured.collections {
            assert!(collection.pause_cpu_ns.is_some());
        }
        assert!(record.noise.wall_over_cpu > 0.0 && record.noise.minor_faults > 0);
        if cfg!(target_os = "linux") {
            assert_eq!(record.sample.thp, "never");
            assert!(record.noise.pinned_core.is_some() && record.noise.load1.is_some());
            assert_eq!(measured.ledger.peak.anon_huge_bytes, Some(0));
        }
    }
    assert_ne!(records[0].noise.env_bytes, records[1].noise.env_bytes, "the environment varies");
}

#[cfg(target_os = "linux")]
#[test]
fn huge_pages_are_a_dimension() {
    let modes = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let source = "globalThis.keep = []; for (let i = 0; i < 400; i++) keep.push(new Uint8Array(65536).fill(i)); globalThis.result = 1;";
    let here = with("thp", &[("big.js", source)]);
    let mut arguments = run_script("big.js", &["--blocks", "1", "--thp", "never,always"]);
    arguments[4] = "system,mimalloc,jemalloc";
    let output = lab(&arguments, &here);
    if modes.is_empty() || modes.contains("[never]") {
        assert!(stderr(&output).contains("switched off"), "{}", stderr(&output));
        return;
    }
    assert!(output.status.success(), "{}", stderr(&output));
    let records = records(&here.join("out"));
    assert_eq!(records.len(), 6);
    // How many of the pages a kernel has at hand differs from heap to heap: it is their sum that must be there.
    let mut always = 0;
    for record in records {
        let huge = record.measured.unwrap().ledger.peak.anon_huge_bytes.unwrap();
        match record.sample.thp.as_str() {
            "never" => assert_eq!(huge, 0, "{}", record.sample.allocator),
            _ => always += huge,
        }
    }
    assert!(always > 4 << 20, "{always} bytes in huge pages");
}

#[test]
fn one_run_at_a_time_in_a_directory() {
    let here = with("locked", &[LOOPS, ONE]);
    let mut first = endless("loops.js", &here).spawn().unwrap();
    assert!(eventually(|| here.join("out/records.jsonl").exists()));
    let second = lab(&run_script("one.js", &["--blocks", "1"]), &here);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("another gc-lab is running in out"), "{}", stderr(&second));
    // The lock goes with the process, however it ends.
    ran("one.js", &["--blocks", "1"], &here);
}

#[test]
fn another_text_under_the_same_name_is_another_run() {
    let here = with("edited", &[ONE]);
    ran("one.js", &["--blocks", "2"], &here);
    std::fs::write(here.join("one.js"), "globalThis.result = 2;").unwrap();
    let output = ran("one.js", &["--blocks", "2"], &here);
    assert!(stderr(&output).contains("records-1.jsonl"), "{}", stderr(&output));
    let records = records(&here.join("out"));
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|r| r.measured.as_ref().unwrap().result == "2"));
}

#[test]
fn blocks_are_added_to_a_complete_run() {
    let here = with("more", &[ONE]);
    ran("one.js", &["--blocks", "2"], &here);
    let output = ran("one.js", &["--more", "3"], &here);
    assert!(stderr(&output).contains("2 samples are done"), "{}", stderr(&output));
    let blocks: Vec<u32> = records(&here.join("out")).iter().map(|r| r.sample.block).collect();
    assert_eq!(blocks, [0, 1, 2, 3, 4]);
    // A larger number of blocks does the same; a smaller one adds nothing.
    ran("one.js", &["--blocks", "6"], &here);
    ran("one.js", &["--blocks", "1"], &here);
    assert_eq!(records(&here.join("out")).len(), 6);
}

#[test]
fn a_program_that_never_ends_is_waited_for_once() {
    let here = with("never-ends", &[LOOPS, ONE]);
    let arguments = ["--blocks", "4", "--timeout", "1", "--script", "one.js"];
    ran("loops.js", &arguments, &here);
    let outcomes = |out: &str| {
        let records = records(&here.join(out));
        let ended = |r: &&tare_reports::Record| matches!(r.outcome, Outcome::TimedOut { .. });
        (records.iter().filter(ended).count(), records.len())
    };
    assert_eq!(outcomes("out"), (1, 5));
    ran("loops.js", &[&arguments[..], &["--more", "2"]].concat(), &here);
    assert_eq!(outcomes("out"), (1, 7), "nor is it waited for when blocks are added");
}

#[cfg(target_os = "linux")]
#[test]
fn children_end_with_the_lab() {
    /// Whether a process has a handler for SIGIO, the signal 29.
    fn catches_input(status: &str) -> bool {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0").trim();
        u64::from_str_radix(mask, 16).unwrap_or(0) >> 28 & 1 == 1
    }

    let here = with("orphans", &[LOOPS]);
    let mut run = endless("loops.js", &here).spawn().unwrap();
    // The name of the script stands in no command line: the child is found by its parent.
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    let child = || std::fs::read_to_string(&children).ok()?.split_whitespace().next()?.parse::<u32>().ok();
    let mut found = None;
    assert!(eventually(|| {
        found = child();
        found.is_some()
    }));
    let number = found.unwrap();
    let child = format!("/proc/{number}");
    // The kernel may tell late of the job that the child has read: that is not the end.
    let job_read = || std::fs::read_to_string(format!("{child}/status")).is_ok_and(|s| catches_input(&s));
    assert!(eventually(job_read), "the child waits for no signal");
    assert!(Command::new("sh").args(["-c", &format!("kill -29 {number}")]).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_millis(200));
    let lives = std::fs::read_to_string(format!("{child}/stat")).is_ok_and(|stat| !stat.contains(") Z"));
    assert!(lives, "the child took a signal for the end");
    run.kill().unwrap();
    run.wait().unwrap();
    // A zombie that nobody has waited for yet is gone as well.
    let gone = || std::fs::read_to_string(format!("{child}/stat")).map_or(true, |stat| stat.contains(") Z"));
    assert!(eventually(gone), "{child} lives on");
}

#[test]
fn without_a_terminal_lines_tell_of_the_progress() {
    let here = with("lines", &[ONE]);
    let output = ran("one.js", &["--blocks", "2", "--time-budget", "50"], &here);
    let said = stderr(&output);
    assert!(said.contains("block 1 of 2, 1 of 1 samples, about "), "{said}");
    assert!(said.contains("2 samples in "), "{said}");
    assert!(!said.contains('\x1b') && !said.contains('\r'), "{said:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_says_how_to_go_on_in_words_a_shell_reads() {
    let here = with("it's here", &[("a loop.js", LOOPS.1)]);
    let mut run = endless("a loop.js", &here).stderr(Stdio::piped()).spawn().unwrap();
    assert!(eventually(|| here.join("out/records.jsonl").exists()));
    let interrupt = Command::new("sh").args(["-c", &format!("kill -INT {}", run.id())]).status().unwrap();
    assert!(interrupt.success());
    let mut said = String::new();
    run.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    run.wait().unwrap();
    assert!(said.lines().last().unwrap().contains("gc-lab run --script 'a loop.js' --allocators"), "{said}");
}
