//! The instructions of a program: one row each, with name, length and meaning.
//!
//! An instruction is an opcode byte and little-endian operands, unaligned. `rel` operands are signed
//! 32-bit distances from the start of the instruction. `set` operands are byte offsets into the
//! program's table of sets, where [`NONE`] means *no set*. Registers `2n` and `2n + 1` hold start and
//! end of group `n`; those behind them are loop positions, counters and lookaround marks.
//!
//! The table of sets holds three shapes:
//! - a class: 32 bytes of bitmap for units below 256, `u16` number of ranges within the BMP, `u16`
//!   number of ranges above, then the ranges as pairs of `u16` and of `u32`, sorted;
//! - a guard: a byte of `GUARD_*` flags, a byte with the only unit, then 32 bytes of bitmap for units
//!   below 256, then with [`GUARD_HASHED`] 32 bytes of bitmap for the low bytes of all other units;
//! - lists (groups of a name, strings), described at their instruction.

use core::fmt;

/// An absent set.
pub(crate) const NONE: u32 = u32::MAX;

/// Added to an instruction that consumes: it matches leftwards, as lookbehind does.
pub(crate) const BACK: u8 = 0x40;

/// Guard: some unit of 256 or above may come.
pub(crate) const GUARD_WIDE: u8 = 1;
/// Guard: the end of the subject may come.
pub(crate) const GUARD_END: u8 = 2;
/// Guard: nothing but the one unit in the second byte may come.
pub(crate) const GUARD_SINGLE: u8 = 4;
/// Guard: units of 256 and above may come whose low byte is in the second bitmap.
pub(crate) const GUARD_HASHED: u8 = 8;
/// Bytes of a guard without its second bitmap.
pub(crate) const GUARD_SIZE: usize = 34;
/// Bytes of a guard with its second bitmap.
pub(crate) const GUARD_HASHED_SIZE: usize = 66;

/// Bytes of the map of a [`SWITCH`]: one for each unit below 256, one for all others, one for the end.
pub(crate) const SWITCH_MAP: usize = 258;

/// Loop head flags.
pub(crate) const LOOP_LAZY: u8 = 1;
/// The body may match the empty string, and an optional iteration that does so fails.
pub(crate) const LOOP_EMPTY: u8 = 2;
/// The body has groups, which each iteration resets.
pub(crate) const LOOP_CAPTURES: u8 = 4;

/// `MODE` operand of [`LOOP`].
pub(crate) const GREEDY: u8 = 0;
pub(crate) const LAZY: u8 = 1;
/// Greedy without giving back, because no shorter run could be followed by what follows.
pub(crate) const POSSESSIVE: u8 = 2;

/// Flags of [`BACK_REF`], [`BACK_REF_NAMED`], [`STRINGS`] and [`WORD_BOUNDARY`].
pub(crate) const FLAG_IGNORE_CASE: u8 = 1;
pub(crate) const FLAG_UNICODE: u8 = 2;
pub(crate) const FLAG_NOT: u8 = 4;

macro_rules! instructions {
    ($($name:ident = $code:literal, $text:literal, $length:literal, $doc:literal;)*) => {
        $(#[doc = $doc] pub(crate) const $name: u8 = $code;)*

        /// Mnemonic and fixed length of the opcode, without [`BACK`].
        fn row(op: u8) -> Option<(&'static str, usize)> {
            match op {
                $($code => Some(($text, $length)),)*
                _ => None,
            }
        }
    };
}

instructions! {
    FAIL = 0, "fail", 1, "Backtrack.";
    MATCH = 1, "match", 1, "The whole pattern matched.";
    JUMP = 2, "jump", 5, "`rel`: continue there.";
    SPLIT = 3, "split", 13, "`rel`, `set`, `set`: try the next instruction, on failure `rel`; the guards say what either can start with.";
    SWITCH = 37, "switch", 13, "`rel`, table, unused: a SPLIT of many ways. The table holds the two guards of the SPLIT, then a map from the next unit to 0 (nothing matches), 1 (go on as SPLIT) or 2 + the index of a `rel`, then those.";
    SPLIT_IN_CHAIN = 38, "split-in-chain", 13, "As SPLIT; a SWITCH before it covers its ways.";
    SAVE = 4, "save", 3, "`u16`: store the position in a register.";
    CHAR = 5, "char", 3, "`u16`: one unit.";
    CHAR2 = 6, "char2", 5, "`u16`, `u16`: one of two units.";
    STRING8 = 7, "string8", 3, "`u16` count, that many bytes: a run of units below 256.";
    STRING16 = 8, "string16", 3, "`u16` count, that many `u16`: a run of units.";
    PAIRS = 9, "pairs", 3, "`u16` count, that many pairs of `u16`: a run of units, each one of two.";
    CLASS = 10, "class", 5, "`set`: one unit of a class.";
    CLASS_U = 11, "class-u", 5, "`set`: one code point of a class.";
    DOT = 12, "dot", 1, "One unit that is no line terminator.";
    DOT_U = 13, "dot-u", 1, "One code point that is no line terminator.";
    ANY = 14, "any", 1, "One unit.";
    ANY_U = 15, "any-u", 1, "One code point.";
    LOOP = 16, "loop", 19, "opcode, `MODE` byte, min `u32`, max `u32`, operand `u32`, guard of what follows: repeats one of CHAR, CHAR2, CLASS to ANY_U.";
    BACK_REF = 17, "back-ref", 4, "flags, `u16` group: its text again, or nothing if it did not take part.";
    BACK_REF_NAMED = 18, "back-ref-named", 6, "flags, offset of `u16` count and that many `u16` groups: the one that took part.";
    STRINGS = 19, "strings", 6, "flags, offset of `u16` number of lengths, then for each, longest first, `u16` length, `u16` number of strings, `u32` offset of their units (sorted): tries them, longest first.";
    LINE_START = 20, "line-start", 1, "At the start of the subject.";
    LINE_START_M = 21, "line-start-m", 1, "At the start or behind a line terminator.";
    LINE_END = 22, "line-end", 1, "At the end of the subject.";
    LINE_END_M = 23, "line-end-m", 1, "At the end or before a line terminator.";
    WORD_BOUNDARY = 24, "word-boundary", 2, "flags: between a word character and something else.";
    LOOK = 25, "look", 7, "`u16` register, `rel` of what follows: starts a positive lookaround.";
    LOOK_END = 26, "look-end", 3, "`u16` register: it matched; drop its choices, return to where it started.";
    NOT_LOOK = 27, "not-look", 7, "`u16` register, `rel` of what follows: starts a negative lookaround.";
    NOT_LOOK_END = 28, "not-look-end", 3, "`u16` register: it matched; undo all it did and fail.";
    STAR = 29, "star", 30, "Loop head: `LOOP_` flags, `rel` of the end, min `u32`, max `u32`, counter `u16`, position `u16`, first and last register to reset `u16`, guards of body and end.";
    OPTIONAL = 30, "optional", 30, "As STAR, at most once.";
    PLUS = 31, "plus", 30, "As STAR, at least once.";
    COUNTED = 32, "counted", 30, "As STAR, between min and max times; the counter starts at zero.";
    STAR_TAIL = 33, "star-tail", 5, "`rel` of the head: end of an iteration.";
    OPTIONAL_TAIL = 34, "optional-tail", 5, "`rel` of the head.";
    PLUS_TAIL = 35, "plus-tail", 5, "`rel` of the head.";
    COUNTED_TAIL = 36, "counted-tail", 5, "`rel` of the head.";
}

/// Length of a [`LOOP`] instruction.
pub(crate) const LOOP_LENGTH: usize = 19;
/// Length of a loop head.
pub(crate) const HEAD_LENGTH: usize = 30;

/// The byte at `at`, or 0 behind the end.
#[inline(always)]
pub(crate) fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

/// The `u16` at `at`, or 0 behind the end.
#[inline(always)]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) {
        Some(chunk) => u16::from_le_bytes(*chunk),
        None => 0,
    }
}

/// The `u32` at `at`, or 0 behind the end.
#[inline(always)]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}

/// The target of the `rel` operand at `operand` of the instruction at `pc`.
#[inline(always)]
pub(crate) fn target(code: &[u8], pc: usize, operand: usize) -> usize {
    pc.wrapping_add_signed(u32_at(code, pc + operand) as i32 as isize)
}

/// As [`target`], for operands that always lead forward: one that does not, in a damaged program, leads
/// to where there is no code, so that nothing loops without passing a loop's tail.
#[inline(always)]
pub(crate) fn target_ahead(code: &[u8], pc: usize, operand: usize) -> usize {
    match u32_at(code, pc + operand) as i32 {
        rel @ 1.. => pc + rel as usize,
        _ => usize::MAX,
    }
}

/// The length of the instruction at `pc`; 0 for one that does not exist.
pub(crate) fn length(code: &[u8], pc: usize) -> usize {
    let op = u8_at(code, pc) & !BACK;
    let count = usize::from(u16_at(code, pc + 1));
    match op {
        STRING8 => 3 + count,
        STRING16 => 3 + 2 * count,
        PAIRS => 3 + 4 * count,
        _ => row(op).map_or(0, |row| row.1),
    }
}

/// Whether the instruction (without [`BACK`]) consumes exactly one character and can be looped.
pub(crate) fn is_single(op: u8) -> bool {
    matches!(op, CHAR | CHAR2 | CLASS..=ANY_U)
}

/// Writes the code of a program, one instruction per line.
pub fn disassemble(program: crate::ProgramRef<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let code = program.code();
    let mut pc = 0;
    while pc < code.len() {
        let op = u8_at(code, pc);
        let length = length(code, pc);
        let Some((name, _)) = row(op & !BACK) else {
            return writeln!(out, "{pc:5} invalid {op}");
        };
        write!(out, "{pc:5} {name}{}", if op & BACK != 0 { "-back" } else { "" })?;
        match op & !BACK {
            JUMP | STAR_TAIL..=COUNTED_TAIL => write!(out, " {}", target(code, pc, 1))?,
            SWITCH => write!(out, " {} table {}", target(code, pc, 1), u32_at(code, pc + 5))?,
            SPLIT | SPLIT_IN_CHAIN => write!(
                out,
                " {} guards {} {}",
                target(code, pc, 1),
                u32_at(code, pc + 5) as i32,
                u32_at(code, pc + 9) as i32
            )?,
            SAVE | LOOK_END | NOT_LOOK_END => write!(out, " r{}", u16_at(code, pc + 1))?,
            LOOK | NOT_LOOK => write!(out, " r{} {}", u16_at(code, pc + 1), target(code, pc, 3))?,
            LOOP => write!(
                out,
                " {} {} {{{},{}}} {} guard {}",
                row(u8_at(code, pc + 1)).map_or("?", |row| row.0),
                ["greedy", "lazy", "possessive"].get(usize::from(u8_at(code, pc + 2))).unwrap_or(&"?"),
                u32_at(code, pc + 3),
                u32_at(code, pc + 7) as i32,
                u32_at(code, pc + 11),
                u32_at(code, pc + 15) as i32
            )?,
            STAR..=COUNTED => write!(
                out,
                " flags {} end {} {{{},{}}} counter r{} position r{} reset r{}..r{} guards {} {}",
                u8_at(code, pc + 1),
                target(code, pc, 2),
                u32_at(code, pc + 6),
                u32_at(code, pc + 10) as i32,
                u16_at(code, pc + 14),
                u16_at(code, pc + 16),
                u16_at(code, pc + 18),
                u16_at(code, pc + 20),
                u32_at(code, pc + 22) as i32,
                u32_at(code, pc + 26) as i32
            )?,
            _ => {
                for byte in code.get(pc + 1..pc + length).unwrap_or(&[]) {
                    write!(out, " {byte:02x}")?;
                }
            }
        }
        writeln!(out)?;
        pc += length;
    }
    Ok(())
}
