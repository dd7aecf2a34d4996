//! Patterns that would run for ever, and patterns that are too much.

use tare_allocators::{Memory, System};
use tare_regexp::{CompileError, ExecError, Flags, Scratch, Text, compile, exec};

/// Matches until it was asked so many times whether to stop.
const PATIENCE: u32 = 50;

fn interrupted(pattern: &str, flags: Flags, subject: &[u8]) -> Result<bool, ExecError> {
    within(PATIENCE, pattern, flags, subject)
}

fn within(patience: u32, pattern: &str, flags: Flags, subject: &[u8]) -> Result<bool, ExecError> {
    let memory = Memory::new(&System);
    let program = compile(Text::Latin1(pattern.as_bytes()), flags, memory).expect("a pattern");
    let mut scratch = Scratch::new(memory);
    let mut left = patience;
    exec(program.as_ref(), Text::Latin1(subject), 0, &mut scratch, &mut || {
        left -= 1;
        left == 0
    })
}

#[test]
fn catastrophic_patterns_can_be_interrupted() {
    let many = b"a".repeat(60);
    let close = [&many[..], b"!"].concat();
    for pattern in [
        "(a+)+[bc]",
        "(a*)*[bc]",
        "(?:a|aa)+$",
        "(a|a)*?[bc]",
        "(?:a?){60}a{60}[bc]",
        "^(?:(a+)+)+$",
        "(?:(?:a{1,3})*)*[bc]",
        "(?=(?:a+)+[bc])a",
        "(?<=[bc](?:a|aa)+)!",
        r"(a*)(?:\1a|a)*[bc]",
        "(?:){4294967295}[bc]|(?:){4294967295}",
        "(?:(?:){65535}){65535}",
    ] {
        assert_eq!(interrupted(pattern, Flags::NONE, &close), Err(ExecError::Interrupted), "{pattern}");
    }
}

#[test]
fn long_subjects_can_be_interrupted() {
    // Quadratic: every start scans to the end.
    let subject = b"ab".repeat(200_000);
    assert_eq!(interrupted(r"b.+?[cd]", Flags::NONE, &subject), Err(ExecError::Interrupted));
    assert_eq!(interrupted(r"b.*[cd]", Flags::NONE, &subject), Err(ExecError::Interrupted));
    assert_eq!(interrupted(r"(\w).*\1(?:c|d)", Flags::NONE, &subject), Err(ExecError::Interrupted));
}

#[test]
fn linear_where_a_naive_matcher_is_quadratic() {
    let subject = b"a".repeat(2_000_000);
    for pattern in ["[a-z]+@", "a+[bc]", "[a-c]*d", "(a+)b", "[^,]+,", r"\ba+\bx"] {
        // Going over each unit once is asked for as many times more as the subject is longer; quadratically, a
        // million times as often as that.
        assert_eq!(within(8 * PATIENCE, pattern, Flags::NONE, &subject), Ok(false), "{pattern}");
    }
}

fn compiled(pattern: &[u8], flags: Flags) -> Result<usize, CompileError> {
    compile(Text::Latin1(pattern), flags, Memory::new(&System)).map(|program| program.as_bytes().len())
}

#[test]
fn deep_nesting_works_or_is_an_error() {
    for (open, inner, close) in [
        ("(?:", "a", ")"),
        ("(?:a|", "b", ")*"),
        ("(?=", "a", ")"),
        ("(?<=b", "a", "c)"),
        ("(?!", "a", ")"),
        ("(?i:", "a", ")"),
        ("(", "a", ")"),
        ("(?:", "a", "){2,3}"),
    ] {
        for depth in [10, 1000, 100_000] {
            let pattern = [open.repeat(depth), inner.into(), close.repeat(depth)].concat();
            match compiled(pattern.as_bytes(), Flags::NONE) {
                Ok(_) | Err(CompileError::TooLarge) => {}
                Err(error) => panic!("{open} {depth}: {error}"),
            }
            let unclosed = open.repeat(depth);
            match compiled(unclosed.as_bytes(), Flags::NONE) {
                Err(CompileError::Syntax { message, .. }) => assert_eq!(message, "Unterminated group"),
                Err(CompileError::TooLarge) => {}
                other => panic!("{open} {depth}: {other:?}"),
            }
        }
    }
    let nested = ["[".repeat(100_000), "a".into(), "]".repeat(100_000)].concat();
    assert!(compiled(nested.as_bytes(), Flags::UNICODE_SETS).is_ok());
    let unclosed = "[".repeat(100_000);
    assert!(compiled(unclosed.as_bytes(), Flags::UNICODE_SETS).is_err());
}

#[test]
fn deep_nesting_matches() {
    let depth = 5000;
    let pattern = ["(?:".repeat(depth), "a".into(), ")?".repeat(depth)].concat();
    assert_eq!(interrupted(&pattern, Flags::NONE, b"xa"), Ok(true));
    let pattern = ["(?=".repeat(depth), "a".into(), ")".repeat(depth)].concat();
    assert_eq!(interrupted(&pattern, Flags::NONE, b"xa"), Ok(true));
}

#[test]
fn large_bounds_do_not_grow_the_program() {
    for pattern in ["(?:ab){1,65535}", "(?:(?:a|b){1000}){1000}", "a{4294967295}", "(?:(a)(b)){99999,}"] {
        assert!(compiled(pattern.as_bytes(), Flags::NONE).expect("a pattern") < 600, "{pattern}");
    }
    assert_eq!(interrupted("^(?:ab){3,}$", Flags::NONE, &b"ab".repeat(3)), Ok(true));
    assert_eq!(interrupted("^a{99999999999999999999}", Flags::NONE, &b"a".repeat(100)), Ok(false));
}

#[test]
fn long_patterns_compile_in_reasonable_time() {
    let words: Vec<String> = (0..20_000).map(|index| format!("word{index}")).collect();
    assert!(compiled(words.join("|").as_bytes(), Flags::IGNORE_CASE).is_ok());
    let classes: String = (0..20_000).map(|index| format!("[a-z{}]", index % 10)).collect();
    assert!(compiled(classes.as_bytes(), Flags::NONE).is_ok());
    let behind = format!("(?<={})", "[ab]c?".repeat(50_000));
    assert!(compiled(behind.as_bytes(), Flags::NONE).is_ok());
    let names: String = (0..20_000).map(|index| format!("(?<n{index}>)|")).collect();
    assert!(compiled(names.as_bytes(), Flags::NONE).is_ok());
    let many = "()".repeat(40_000);
    assert_eq!(compiled(many.as_bytes(), Flags::NONE), Err(CompileError::TooLarge));
}
