//! Every case of the files in `tests/corpus`.

mod common;

#[test]
fn corpus() {
    let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file");
        for case in common::cases(&text) {
            count += 1;
            let result = common::run(&case);
            if result != case.result {
                let pattern = String::from_utf16_lossy(&case.pattern);
                let subject = String::from_utf16_lossy(&case.subject);
                wrong.push(format!(
                    "{}: /{pattern}/{} on {subject:?} at {}: wanted {}, got {result}",
                    file.display(),
                    case.flags,
                    case.start,
                    case.result
                ));
            }
        }
    }
    assert!(count > 1000, "the corpus has been found");
    assert!(wrong.is_empty(), "{} of {count} cases failed:\n{}", wrong.len(), wrong.join("\n"));
}
