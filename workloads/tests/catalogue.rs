//! The catalogue and the folder of programs say the same.

use std::collections::BTreeSet;
use std::path::Path;

use tare_workloads::{Feature, catalogue, find};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

#[test]
fn every_file_is_listed_and_every_entry_has_its_file() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".js").unwrap().to_string()
        })
        .collect();
    let listed: BTreeSet<String> = catalogue().iter().map(|w| w.name.to_string()).collect();
    assert_eq!(files, listed);
    assert_eq!(listed.len(), catalogue().len(), "a name is listed twice");
    assert!(listed.len() >= 17);
}

#[test]
fn find_knows_every_name_and_no_other() {
    for workload in catalogue() {
        assert_eq!(find(workload.name).unwrap().source, workload.source);
    }
    assert!(find("no_such_workload").is_none());
}

#[test]
fn each_program_follows_the_conventions() {
    for w in catalogue() {
        let name = w.name;
        assert!(w.summary.ends_with('.') && w.why.ends_with('.'), "{name}: sentences end in a full stop");
        assert!(!w.stresses.is_empty(), "{name}: stresses nothing");
        assert!(w.source.contains(&format!("? SIZE : {};", w.sizes.default)), "{name}: default size differs");
        assert!(w.source.contains("globalThis.result ="), "{name}: sets no result");
        assert!(w.source.contains("throw new Error("), "{name}: checks nothing");
        assert!(w.source.contains("\"use strict\";"), "{name}: is sloppy");
        assert_eq!(w.leaks, name.starts_with("leak_"), "{name}: leaks by name and by header");
        for host in ["console", "print(", "require(", "Date", "Math.random", "performance"] {
            assert!(!w.source.contains(host), "{name}: uses {host}");
        }
        let native = w.needs.contains(&Feature::NativeHandle);
        assert_eq!(w.source.contains("__native"), native, "{name}: __native and the header");
        assert!(w.source.lines().count() < 400, "{name}: too long to read");
    }
    assert_eq!(catalogue().iter().filter(|w| w.leaks).count(), 3);
}

#[test]
fn headers_name_the_features_that_the_text_shows() {
    // Words that give a feature away; the reverse does not hold, so only this direction is checked.
    let signs: &[(&str, Feature)] = &[
        ("class ", Feature::Classes),
        ("new Map(", Feature::Collections),
        ("new Set(", Feature::Collections),
        ("new WeakMap(", Feature::Collections),
        ("function* ", Feature::Generators),
        ("async ", Feature::Async),
        ("JSON.", Feature::Json),
        ("new Float64Array(", Feature::TypedArrays),
        ("new Uint8Array(", Feature::TypedArrays),
        ("new WeakRef(", Feature::WeakRefs),
        ("BigInt.", Feature::BigInt),
        (".exec(", Feature::RegExp),
    ];
    for w in catalogue() {
        let code: String =
            w.source.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for (sign, feature) in signs {
            assert!(
                !code.contains(sign) || w.needs.contains(feature),
                "{}: `{sign}` needs {feature:?}",
                w.name
            );
        }
    }
}

#[test]
fn check_tells_good_results_from_bad() {
    let w = find("binary_trees").unwrap();
    assert_eq!(w.check(Some(w.sizes.small), &w.results.small.to_string()), Ok(()));
    assert_eq!(w.check(None, &w.results.default.to_string()), Ok(()));
    assert_eq!(w.check(Some(w.sizes.large), &w.results.large.to_string()), Ok(()));
    assert_eq!(w.check(Some(w.sizes.small + 1), "7"), Ok(()));
    assert!(w.check(None, &(w.results.default ^ 1).to_string()).unwrap_err().contains("expected"));
    assert!(w.check(Some(w.sizes.small + 1), "undefined").unwrap_err().contains("undefined"));
    assert!(w.check(None, "Error: binary_trees").is_err());
}
