//! The inputs that fuzzing starts from, and those that once failed, go through the checks of the fuzz targets.

#[path = "../fuzz/checks.rs"]
mod checks;

use std::path::Path;

/// On a thread with room for the stack that the checks allow in debug builds.
fn each(target: &'static str, check: fn(&[u8])) {
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || all(target, check));
    if let Err(panic) = thread.expect("a thread").join() {
        std::panic::resume_unwind(panic);
    }
}

fn all(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        check(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        count += 1;
    }
    assert!(count > 10, "{count} inputs in {}", folder.display());
}

#[test]
fn source_texts() {
    each("source", checks::source);
}

#[test]
fn json_texts() {
    each("json", checks::json);
}
