//! `tune`, `cost` and `replay` as their users meet them.

mod support;

use serde_json::Value;
use std::path::Path;
use support::{directory, lab, stderr, stdout};

fn json(arguments: &[&str], here: &Path) -> Value {
    let output = lab(arguments, here);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Garbage in cycles beside a few objects that stay; a request is one round.
const SERVICE: &str = "
const requests = typeof SIZE === 'number' ? SIZE : 100;
let kept = [];
for (let i = 0; i < 500; i++) kept.push({ i });
for (let r = 0; r < requests; r++) {
  const a = { r }, b = { a };
  a.b = b;
}
globalThis.result = requests;
";

/// Few samples: what is tested is what is said, not how fast the machine is.
#[test]
fn a_service_is_tuned_and_the_answer_checked_on_longer_runs() {
    let here = directory("tune");
    std::fs::write(here.join("service.js"), SERVICE).unwrap();
    let arguments =
        ["tune", "service.js", "--requests", "300", "--blocks", "5", "--time-budget", "1", "--json"];
    let answer = json(&arguments, &here);
    let policy = answer["policy"].as_str().unwrap();
    // The words are those of --policy, and the command is one that runs.
    let output = lab(&["exec", "service.js", "--policy", policy], &here);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(answer["command"].as_str().unwrap().contains(&format!("--policy '{policy}'")));
    assert!(answer["rust"].as_str().unwrap().contains("gc_"));
    assert!(answer["c"].as_str().unwrap().contains("JS_SetGCThreshold"));
    assert!(answer["policies_tried"].as_u64().unwrap() > 40);
    let check = &answer["check"];
    assert_eq!((check["length"].as_u64(), check["blocks"].as_u64()), (Some(10), Some(5)));
    let sentence = check["sentence"].as_str().unwrap();
    assert!(sentence.contains("3000 to 5400 requests"), "{sentence}");
    let finalists = answer["finalists"].as_array().unwrap();
    let of = |name: &str| finalists.iter().find(|f| f["policy"] == name);
    let chosen = of(policy).unwrap();
    assert!(chosen["refused"].is_null() && chosen["peak_bytes"].as_f64().unwrap() > 0.0);
    assert!(of("quickjs(256K)").is_some(), "what everybody runs is among the finalists");
    for row in finalists.iter().filter(|f| !f["ratio"].is_null()) {
        let of = |name: &str| row[name].as_f64().unwrap();
        assert!(of("low") <= of("ratio") && of("ratio") <= of("high"), "{row}");
    }
    // Nothing that is allowed is leaner by more than what counts as equal.
    let peak = |row: &Value| row["peak_bytes"].as_f64().unwrap();
    for row in finalists.iter().filter(|f| f["refused"].is_null()) {
        assert!(peak(row) * 1.011 >= peak(chosen), "{row}");
    }
}

#[test]
fn a_cap_is_kept_to_and_one_that_nothing_keeps_is_an_error() {
    let here = directory("tune-cap");
    std::fs::write(here.join("service.js"), SERVICE).unwrap();
    let tune = |cap: &str| {
        let arguments =
            ["tune", "service.js", "--memory-cap", cap, "--blocks", "5", "--time-budget", "1", "--json"];
        lab(&arguments, &here)
    };
    let output = tune("100K");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no policy stays under the memory cap"), "{}", stderr(&output));
    let output = tune("1M");
    assert!(output.status.success(), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let finalists = answer["finalists"].as_array().unwrap();
    let chosen = finalists.iter().find(|f| f["policy"] == answer["policy"]).unwrap();
    assert!(chosen["peak_bytes"].as_f64().unwrap() <= 1048576.0);
    // Without --requests a longer run is more iterations in one runtime.
    let sentence = answer["check"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("10 to 18 iterations in one runtime"), "{sentence}");
}

#[test]
fn a_replay_writes_to_what_was_written_to_and_tells_its_phases_apart() {
    let here = directory("replay");
    // A buffer of which a tenth is written to, beside small blocks.
    let script = "const b = new Uint8Array(1e6); for (let i = 0; i < 1e5; i++) b[i] = 1;
        let a = []; for (let i = 0; i < 2000; i++) a.push({ i });";
    std::fs::write(here.join("one.js"), script).unwrap();
    let output =
        lab(&["exec", "one.js", "--front", "direct", "--allocator", "trace(one.trace, system)"], &here);
    assert!(output.status.success(), "{}", stderr(&output));
    let arguments = [
        "replay",
        "one.trace",
        "--allocators",
        "system,mimalloc",
        "--blocks",
        "5",
        "--live",
        "one.js",
        "--front",
        "direct",
        "--json",
    ];
    let report = json(&arguments, &here);
    let rows = report["allocators"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(row["touched_bytes"], row["recorded_bytes"], "{row}");
        let (touched, peak) = (row["touched_bytes"].as_u64().unwrap(), row["peak_bytes"].as_u64().unwrap());
        assert!(peak > 1_000_000 && touched < peak, "{touched} of {peak}");
        for phase in ["cold_cpu_ns", "warm_cpu_ns", "cold_inside_ns", "warm_inside_ns"] {
            assert_eq!(row[phase].as_array().unwrap().len(), 5, "{phase}");
        }
    }
    let difference = &report["differences"][0];
    let sentence = difference["sentence"].as_str().unwrap();
    assert!(sentence.contains("mimalloc against system") && sentence.contains("by replay"), "{sentence}");
    assert!(difference["agrees"].is_boolean() || difference["agrees"].is_null());
    // For people, and without a program beside it.
    let output = lab(&["replay", "one.trace", "--allocators", "system", "--blocks", "1"], &here);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("times on a core"), "{}", stdout(&output));
}

#[test]
fn the_cost_of_an_allocator_counts_every_call_and_measures_some() {
    let here = directory("cost");
    let script = "let a = []; for (let i = 0; i < 20000; i++) a.push({ i });";
    std::fs::write(here.join("one.js"), script).unwrap();
    let cells =
        json(&["cost", "one.js", "--allocators", "system,mimalloc", "--blocks", "2", "--json"], &here);
    let cells = cells.as_array().unwrap();
    assert_eq!(cells.len(), 4, "two allocators behind two fronts");
    let calls = |allocator: &str, front: &str| {
        let cell = cells.iter().find(|c| c["allocator"] == allocator && c["front"] == front).unwrap();
        let blocks = cell["blocks"].as_array().unwrap();
        let of = |block: &Value, name: &str| block["cost"][name].as_u64().unwrap();
        for block in blocks {
            assert!(of(block, "measured") > 0 && block["cost"]["ns"].as_f64().unwrap() > 0.0, "{block}");
            assert_eq!(of(block, "calls"), of(&blocks[0], "calls"), "the same program makes the same calls");
        }
        of(&blocks[0], "calls")
    };
    for allocator in ["system", "mimalloc"] {
        let (pool, direct) = (calls(allocator, "pool"), calls(allocator, "direct"));
        // Every object and its end is a call; the pool asks for pages.
        assert!(direct > 20_000 && pool * 10 < direct, "{pool} {direct}");
    }
    let output = lab(&["cost", "one.js", "--allocators", "system", "--fronts", "porch"], &here);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no front `porch`"), "{}", stderr(&output));
}
