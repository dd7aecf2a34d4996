//! The table from program counters to lines and columns.
//!
//! Entries in order of pc: a varint of the pc's growth, a zigzag varint of the line's change, then, if
//! the line did not change, a zigzag varint of the column's change, else a varint of the column. The
//! first entry starts from pc 0 and the function's own line and column. An entry holds until the next.

use tare_allocators::{OutOfMemory, Vec};

/// A place in a source text, both from 1; columns count UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// Writes a table.
pub struct Writer<'a> {
    bytes: Vec<'a, u8>,
    pc: u32,
    at: Position,
}

fn put(bytes: &mut Vec<'_, u8>, mut n: u32) -> Result<(), OutOfMemory> {
    while n >= 0x80 {
        bytes.try_push(n as u8 | 0x80)?;
        n >>= 7;
    }
    bytes.try_push(n as u8)
}

const fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

impl<'a> Writer<'a> {
    /// Starts a table for a function that starts at a position.
    pub fn new(bytes: Vec<'a, u8>, start: Position) -> Self {
        Writer { bytes, pc: 0, at: start }
    }

    /// From `pc` on, the position is `at`. Calls come in order of pc.
    pub fn add(&mut self, pc: u32, at: Position) -> Result<(), OutOfMemory> {
        if at == self.at {
            return Ok(());
        }
        put(&mut self.bytes, pc - self.pc)?;
        put(&mut self.bytes, zigzag(at.line.wrapping_sub(self.at.line) as i32))?;
        if at.line == self.at.line {
            put(&mut self.bytes, zigzag(at.column.wrapping_sub(self.at.column) as i32))?;
        } else {
            put(&mut self.bytes, at.column)?;
        }
        self.pc = pc;
        self.at = at;
        Ok(())
    }

    /// The table.
    pub fn finish(self) -> Vec<'a, u8> {
        self.bytes
    }
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut n = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u32::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

const fn unzigzag(n: u32) -> i32 {
    ((n >> 1) as i32) ^ -((n & 1) as i32)
}

/// The position of the instruction at `pc` in a function that starts at `start`.
pub fn position(mut table: &[u8], start: Position, pc: u32) -> Position {
    let (mut at, mut here) = (0u32, start);
    while !table.is_empty() {
        let mut entry = || {
            let next = at.wrapping_add(take(&mut table)?);
            let line = unzigzag(take(&mut table)?);
            let column = take(&mut table)?;
            Some((next, line, column))
        };
        let Some((next, line, column)) = entry() else { break };
        if next > pc {
            break;
        }
        at = next;
        here = if line == 0 {
            Position { line: here.line, column: here.column.wrapping_add(unzigzag(column) as u32) }
        } else {
            Position { line: here.line.wrapping_add(line as u32), column }
        };
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;
    use tare_allocators::{Memory, System};

    #[test]
    fn round_trip() {
        let system = System;
        let start = Position { line: 3, column: 7 };
        let mut writer = Writer::new(Vec::new(Memory::new(&system)), start);
        let places = [(0, 3, 9), (5, 3, 2), (9, 10, 400), (300, 4, 1), (301, 4, 70000)];
        for (pc, line, column) in places {
            writer.add(pc, Position { line, column }).unwrap();
        }
        let table = writer.finish();
        for (i, (pc, line, column)) in places.into_iter().enumerate() {
            assert_eq!(position(&table, start, pc), Position { line, column });
            if let Some(next) = places.get(i + 1) {
                assert_eq!(position(&table, start, next.0 - 1), Position { line, column });
            }
        }
    }
}
