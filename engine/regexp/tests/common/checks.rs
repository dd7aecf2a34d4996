//! What must hold for any pattern and any subject.

use super::narrow;
use tare_allocators::{Memory, System};
use tare_regexp::{CompileError, ExecError, Flags, ProgramRef, Scratch, Text, compile, exec, exec_with};

/// Groups of a match, or `None`.
pub type Found = Option<Vec<Option<(usize, usize)>>>;

/// Matches with a limit of steps; `Err` where that is reached.
pub fn find(
    program: ProgramRef<'_>,
    subject: Text<'_>,
    start: usize,
    sticky: bool,
    patience: u32,
) -> Result<Found, ExecError> {
    let mut scratch = Scratch::new(Memory::new(&System));
    let mut left = patience;
    let mut interrupt = || {
        left = left.saturating_sub(1);
        left == 0
    };
    let found = exec_with(program, subject, start, sticky, &mut scratch, &mut interrupt)?;
    let groups = 0..scratch.group_count();
    Ok(found
        .then(|| groups.map(|group| scratch.group(group).map(|range| (range.start, range.end))).collect()))
}

/// Compiles and matches in every way that must agree, and with damaged programs, which must not crash.
/// Returns whether the pattern was valid.
pub fn check(pattern: &[u16], flags: Flags, subject: &[u16], damage: &mut dyn FnMut(usize) -> usize) -> bool {
    let memory = Memory::new(&System);
    let program = match compile(Text::Utf16(pattern), flags, memory) {
        Ok(program) => program,
        Err(CompileError::Syntax { message, position }) => {
            assert!(!message.is_empty() && position <= pattern.len(), "{message} at {position}");
            if let Some(pattern) = narrow(pattern) {
                let other = compile(Text::Latin1(&pattern), flags, memory);
                assert_eq!(other.err(), Some(CompileError::Syntax { message, position }));
            }
            return false;
        }
        Err(error) => panic!("{error}"),
    };
    let bytes = program.as_bytes();
    if let Some(pattern) = narrow(pattern) {
        let other = compile(Text::Latin1(&pattern), flags, memory).expect("the same pattern");
        assert_eq!(bytes, other.as_bytes(), "the width of the pattern does not matter");
    }
    let program = ProgramRef::from_bytes(bytes).expect("a program");
    let wide = Text::Utf16(subject);
    for start in [0, subject.len() / 2] {
        let Ok(found) = find(program, wide, start, flags.has(Flags::STICKY), 30) else { break };
        check_found(program, subject, start, &found);
        if let Some(subject) = narrow(subject) {
            let other = find(program, Text::Latin1(&subject), start, flags.has(Flags::STICKY), 60);
            assert_eq!(other.as_ref(), Ok(&found), "the width of the subject does not matter");
        }
        // A search finds the first place at which a sticky match succeeds.
        let end = found.as_ref().map_or(subject.len(), |groups| groups[0].expect("group 0").0);
        if !flags.has(Flags::STICKY) {
            let pairs = flags.full_unicode();
            for at in start..=end {
                let low = pairs && at > 0 && subject.get(at).is_some_and(|unit| unit & 0xFC00 == 0xDC00);
                if low && subject[at - 1] & 0xFC00 == 0xD800 {
                    continue;
                }
                let Ok(there) = find(program, wide, at, true, 60) else { continue };
                let expected = if at == end { found.clone() } else { None };
                assert_eq!(there, expected, "sticky at {at} and search from {start} agree");
            }
        }
    }
    // Damaged bytes: anything but a crash.
    let mut broken = bytes.to_vec();
    for _ in 0..3 {
        let at = damage(broken.len());
        broken[at] = damage(256) as u8;
        if let Some(program) = ProgramRef::from_bytes(&broken) {
            let _ = find(program, wide, 0, false, 2);
            if let Some(subject) = narrow(subject) {
                let _ = find(program, Text::Latin1(&subject), 0, false, 2);
            }
            let _ = program.group_names().count();
            let mut text = String::new();
            tare_regexp::disassemble(program, &mut text).expect("text");
        }
    }
    let mut scratch = Scratch::new(memory);
    let _ = exec(program, wide, subject.len() + 1, &mut scratch, &mut || false).map(|found| assert!(!found));
    true
}

fn check_found(program: ProgramRef<'_>, subject: &[u16], start: usize, found: &Found) {
    let Some(groups) = found else { return };
    assert_eq!(groups.len(), program.group_count());
    let (from, to) = groups[0].expect("group 0");
    assert!(from + 1 >= start && from <= to && to <= subject.len());
    for group in groups.iter().flatten() {
        assert!(group.0 <= group.1 && group.1 <= subject.len());
    }
}
