//! The tail form of dispatch, where it is compiled: no handler calls a handler, and the native stack does
//! not grow however long a script runs.
//!
//! `cargo test` compiles the match form, which proves nothing about the other. So these tests build the shell
//! with the profile `quick` into the same target folder (seconds where it is up to date) and look at that.
//! The target is known to be checked on x86-64; elsewhere, and without `objdump`, the reason for skipping
//! is printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Builds the shell optimised, once for all tests here.
fn shell() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| {
            let target = std::env::var_os("CARGO_TARGET_DIR").map_or(top().join("target"), PathBuf::from);
            let status = Command::new(env!("CARGO"))
                .current_dir(top())
                .args(["build", "--quiet", "--profile", "quick", "--package", "tare", "--bin", "tare"])
                .arg("--target-dir")
                .arg(&target)
                .env_remove("CARGO_ENCODED_RUSTFLAGS")
                .env_remove("RUSTFLAGS")
                .status()
                .unwrap();
            assert!(status.success(), "the shell does not compile with the profile quick");
            target.join("quick/tare")
        })
        .clone()
}

/// Functions of a listing that make the tail form, and the calls in them that are no jumps to a handler but
/// should be: calls of a function of the tail form, through the table of handlers, or through a register
/// that was not loaded with the address of one named function.
fn faults(listing: &str) -> (usize, Vec<String>) {
    let (mut functions, mut faults) = (0, Vec::new());
    let mut name = None;
    let mut named: BTreeMap<&str, bool> = BTreeMap::new();
    for line in listing.lines() {
        if let Some(start) = line.strip_suffix(">:").and_then(|l| l.split_once('<')) {
            let tail = start.1.contains("dispatch::tail::");
            functions += usize::from(tail);
            name = tail.then_some(start.1);
            named.clear();
            continue;
        }
        let Some(function) = name else { continue };
        let Some((_, text)) = line.split_once('\t') else { continue };
        let mut words = text.split_whitespace();
        let (Some(operation), Some(operands)) = (words.next(), words.next()) else { continue };
        if operation.starts_with("mov")
            && let Some((from, to)) = operands.rsplit_once(',')
            && to.starts_with('%')
        {
            named.insert(to, from.ends_with("(%rip)"));
        }
        if !operation.starts_with("call") {
            continue;
        }
        let through_register = operands.strip_prefix('*').filter(|o| o.starts_with('%'));
        let bad = text.contains("dispatch::tail::")
            || (operands.starts_with('*') && operands.ends_with(",8)"))
            || through_register.is_some_and(|register| !named.get(register).copied().unwrap_or(false));
        if bad {
            faults.push(format!("{function}: {}", text.trim()));
        }
    }
    (functions, faults)
}

#[test]
fn no_handler_calls_a_handler() {
    if !cfg!(target_arch = "x86_64") {
        println!("skipped: the listing is only understood on x86-64");
        return;
    }
    let Ok(output) = Command::new("objdump").args(["-d", "-C", "--no-show-raw-insn"]).arg(shell()).output()
    else {
        println!("skipped: there is no objdump");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (functions, faults) = faults(&String::from_utf8_lossy(&output.stdout));
    assert!(functions > 150, "only {functions} functions of the tail form: has it another name now?");
    assert!(faults.is_empty(), "these do not end in jumps:\n{}", faults.join("\n"));
}

#[test]
fn a_call_of_a_handler_is_seen() {
    let entry = "0000 <tare::exec::interp::dispatch::tail::entry::Add>:\n";
    let bad = [
        "    1:\tcall   *(%r9,%rax,8)",
        "    1:\tmov    (%r9,%rax,8),%rax\n    5:\tcall   *%rax",
        "    1:\tcall   90 <tare::exec::interp::dispatch::tail::slow_tail>",
    ];
    for lines in bad {
        assert_eq!(faults(&format!("{entry}{lines}\n")).1.len(), 1, "{lines}");
    }
    let good = [
        "    1:\tjmp    *(%r9,%rax,8)",
        "    1:\tmov    0x10(%rip),%r12        # 24d138 <_DYNAMIC+0x908>\n    5:\tcall   *%r12",
        "    1:\tcall   90 <tare::heap::Heap::release>",
    ];
    for lines in good {
        assert_eq!(faults(&format!("{entry}{lines}\n")), (1, Vec::new()), "{lines}");
    }
}

#[cfg(unix)]
#[test]
fn long_scripts_run_on_a_small_native_stack() {
    let mut scripts = vec![top().join("engine/tests/js/long_loops.js")];
    let programs = std::fs::read_dir(top().join("gc-lab/bench")).unwrap();
    scripts.extend(programs.map(|p| p.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "js")));
    assert!(scripts.len() > 10);
    for script in scripts {
        // 256 KiB: a handler that calls the next one fills that within some thousand instructions.
        let output = Command::new("sh")
            .args(["-c", "ulimit -s 256 && exec \"$0\" --stack-size 100000 \"$1\""])
            .arg(shell())
            .arg(&script)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{errors}", script.display(), output.status);
    }
}
