//! Runs the cases of corpus files that are not in the tree: `corpus FILE...`.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let (mut count, mut wrong) = (0, 0);
    for file in std::env::args().skip(1) {
        for case in common::cases(&std::fs::read_to_string(&file).expect("a file")) {
            count += 1;
            let result = common::run(&case);
            if result != case.result {
                wrong += 1;
                let pattern = String::from_utf16_lossy(&case.pattern);
                let subject = String::from_utf16_lossy(&case.subject);
                println!(
                    "/{pattern}/{} on {subject:?} at {}: wanted {}, got {result}",
                    case.flags, case.start, case.result
                );
            }
        }
    }
    println!("{wrong} of {count} cases failed");
}
