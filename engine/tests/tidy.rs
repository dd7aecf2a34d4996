//! The rules of the house that no compiler checks, read from the sources of the whole project.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the engine: a module imports only from its own floor and lower ones. Between
/// `heap` and `value` stand the leaf crates (`unicode`, `number`, `regexp`).
const FLOORS: &[(&str, u32)] = &[
    ("base", 0),
    ("mem", 1),
    ("heap", 2),
    ("value", 4),
    ("text", 4),
    ("object", 5),
    ("code", 6),
    ("runtime", 7),
    ("compile", 8),
    ("exec", 9),
    ("builtins", 10),
    ("api", 11),
];

/// Longest file that needs no excuse, in lines.
const LONGEST: usize = 1000;

/// Files that are longer, with the length they may have: they may only shrink, and leave the list
/// once they are short enough. `engine/unicode/src/tables.rs` is generated.
const LONG_FILES: &[(&str, usize)] = &[];

/// Where unsafe code may stand in the engine: floors that are made of it, and single files.
const UNSAFE: &[&str] = &[
    "mem/",
    "heap/",
    "value/",
    "text/",
    "object/",
    "runtime/",
    // The machine itself.
    "exec/interp/",
    "exec/async_.rs",
    "exec/function.rs",
    "exec/script.rs",
    // Raw elements and bytes.
    "builtins/array.rs",
    "builtins/atomics.rs",
    "builtins/data_view.rs",
    "builtins/json.rs",
    "builtins/string.rs",
    "builtins/typed_array.rs",
    // The time zone, by the C library.
    "builtins/date_time.rs",
    // Handles to a runtime.
    "api/context.rs",
    "api/dump.rs",
    "api/host.rs",
    "api/leaks.rs",
    "api/memory.rs",
    "api/mod.rs",
    "api/runtime.rs",
    "api/usage.rs",
    "api/value.rs",
];

struct Source {
    /// From the top of the project, with `/`.
    path: String,
    text: String,
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, top: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    walk(&path, top, found);
                }
            } else if name.ends_with(".rs") {
                let relative = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
                found.push(Source { path: relative, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    let top = top();
    let mut found = Vec::new();
    for folder in ["allocators", "engine", "gc-lab", "reports", "workloads"] {
        walk(&top.join(folder), &top, &mut found);
    }
    assert!(found.len() > 100, "the sources are not where they were");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The line without what follows `//`. A `//` in a string only hides the rest of its line.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// The first identifiers after each `crate::` of a file's code, those of a group one by one.
fn crate_paths(text: &str) -> Vec<String> {
    let joined: String = text.lines().flat_map(|line| [code(line), "\n"]).collect();
    let mut found = Vec::new();
    for (at, prefix) in joined.match_indices("crate::") {
        if joined[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &joined[at + prefix.len()..];
        let identifier = |s: &str| -> String {
            s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => found.push(identifier(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut start = 0;
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            found.push(identifier(&group[start..i]));
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.push(identifier(&group[start..i]));
                            start = i + 1;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn crate_paths_are_found() {
    let text = "use crate::heap::{A, B};\nuse crate::{mem::X, value};\n// crate::api\npub(crate) fn f(x: crate::text::T) {}";
    assert_eq!(crate_paths(text), ["heap", "mem", "value", "text"]);
}

#[test]
fn modules_import_only_from_lower_floors() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let Some(path) = source.path.strip_prefix("engine/src/") else { continue };
        let name = path.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(&(_, floor)) = FLOORS.iter().find(|f| f.0 == name) else {
            assert!(matches!(name, "lib" | "bin"), "{path} is on no floor: add it to FLOORS");
            continue;
        };
        for used in crate_paths(&source.text) {
            if let Some(&(other, above)) = FLOORS.iter().find(|f| f.0 == used) {
                seen += 1;
                if above > floor {
                    faults.push(format!("{} imports {other}, which is above {name}", source.path));
                }
            }
        }
    }
    assert!(seen > 300, "only {seen} imports found: is the reader of paths broken?");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|source| {
            let opening = source.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!"));
            !opening.is_some_and(|line| line.starts_with("//!"))
        })
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "no opening //! in:\n{}", silent.join("\n"));
}

#[test]
fn no_file_grows_past_its_length() {
    let mut allowed: BTreeMap<&str, usize> = LONG_FILES.iter().copied().collect();
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if source.path == "engine/unicode/src/tables.rs" {
            continue;
        }
        match allowed.remove(source.path.as_str()) {
            Some(limit) if lines > limit => {
                faults.push(format!("{} has {lines} lines, {limit} were allowed: split it", source.path));
            }
            Some(_) if lines <= LONGEST => {
                faults.push(format!("{} is short enough now: take it off LONG_FILES", source.path));
            }
            None if lines > LONGEST => {
                faults.push(format!("{} has {lines} lines, {LONGEST} are enough: split it", source.path));
            }
            _ => {}
        }
    }
    faults.extend(allowed.keys().map(|path| format!("{path} is in LONG_FILES but not in the project")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    let mut faults = Vec::new();
    let mut used = vec![false; UNSAFE.len()];
    for source in sources() {
        let Some(path) = source.path.strip_prefix("engine/src/") else { continue };
        let unsafe_here =
            source.text.lines().map(code).any(|l| l.contains("unsafe {") || l.contains("unsafe impl"));
        if !unsafe_here {
            continue;
        }
        match UNSAFE.iter().position(|room| path.starts_with(room)) {
            Some(room) => used[room] = true,
            None => faults.push(format!("{} has unsafe code; its room is not in UNSAFE", source.path)),
        }
    }
    let empty = UNSAFE.iter().zip(&used).filter(|(_, used)| !**used);
    faults.extend(empty.map(|(room, _)| format!("{room} has no unsafe code any more: take it off UNSAFE")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_speak_of_the_project_only() {
    // Spelled in two halves, so that this file does not find itself.
    let banned = [concat!("/wo", "rk/"), concat!("crates", ".io/"), concat!("/ro", "ot/")];
    let top = top();
    let mut texts: Vec<(String, String)> = sources().into_iter().map(|s| (s.path, s.text)).collect();
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml", ".ci/run"] {
        texts.push((name.to_owned(), fs::read_to_string(top.join(name)).unwrap()));
    }
    let faults: Vec<String> = texts
        .iter()
        .flat_map(|(path, text)| {
            banned.iter().filter(|word| text.contains(**word)).map(move |word| format!("{path}: {word}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
