//! A compiled pattern: one block of bytes, and the view the matcher has of it.
//!
//! Layout, little-endian: a header of [`HEADER`] bytes, the code, the table of sets, the names of
//! groups (`u16` group, `u16` length, units). A [`ProgramRef`] can be made from any bytes: every
//! read is checked, so damaged bytes give wrong matches at worst, never a crash.

use crate::op::{self, u16_at, u32_at};
use crate::scan::Groups;
use crate::{CompileError, Flags};
use tare_allocators::{Memory, Vec};

const MAGIC: u32 = u32::from_le_bytes(*b"TRX1");
const HEADER: usize = 60;

/// Where a match can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Start {
    /// Anywhere.
    #[default]
    Any,
    /// At the start of the subject.
    Subject,
    /// At the start of a line.
    Line,
    /// At an ASCII word character that no ASCII word character precedes.
    Word,
}

/// A run of units that every match has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Literal {
    /// Its CHAR, STRING8 or STRING16 instruction.
    pub pc: u32,
    /// The index of its rarest unit.
    pub rarest: u8,
}

/// What the search for a start position goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Search {
    pub start: Start,
    /// A literal at a fixed distance from the start of the match.
    pub literal: Option<(Literal, u16)>,
    /// The guard of the whole pattern.
    pub guard: Option<u32>,
    /// A literal somewhere in the match.
    pub required: Option<Literal>,
    /// The least number of units a match has.
    pub least: u16,
    /// An unbounded simple loop that begins every match and whose start nothing behind it depends on:
    /// when all ends of its run have failed, no start within the run can succeed.
    pub first_loop: Option<u32>,
    /// The class that the first character of every match is in.
    pub first_class: Option<u32>,
    /// The guard of the second unit of every match.
    pub second: Option<u32>,
    /// The units a match can start with, if they are at most three.
    pub needles: [u8; 3],
    pub needle_count: u8,
}

/// The parts a program is assembled from.
pub(crate) struct Parts<'a> {
    pub flags: Flags,
    pub groups: Groups<'a>,
    /// Registers of groups and loops.
    pub registers: u32,
    /// Registers of lookarounds, which come behind those; the code numbers them from 0 until
    /// [`crate::optimize`] has run.
    pub look_registers: u32,
    pub code: Vec<'a, u8>,
    pub sets: Vec<'a, u8>,
    pub search: Search,
}

impl<'a> Parts<'a> {
    /// Copies the parts into one block.
    pub fn assemble(self, memory: Memory<'a>) -> Result<Program<'a>, CompileError> {
        let names_len: usize = self.groups.names.iter().map(|name| 4 + 2 * name.len as usize).sum();
        let total = HEADER + self.code.len() + self.sets.len() + names_len;
        let registers =
            u16::try_from(self.registers + self.look_registers).map_err(|_| CompileError::TooLarge)?;
        let mut bytes: Vec<'a, u8> = Vec::try_with_capacity(total, memory)?;
        let search = self.search;
        let start = match search.start {
            Start::Any => 0,
            Start::Subject => 1,
            Start::Line => 2,
            Start::Word => 3,
        };
        let (literal, offset) = search.literal.unwrap_or((Literal { pc: op::NONE, rarest: 0 }, 0));
        let required = search.required.unwrap_or(Literal { pc: op::NONE, rarest: 0 });
        let mut header = [0u8; HEADER];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            header[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        put(&MAGIC.to_le_bytes());
        put(&self.flags.bits().to_le_bytes());
        put(&(self.groups.captures as u16 + 1).to_le_bytes());
        put(&registers.to_le_bytes());
        put(&(self.groups.names.len() as u16).to_le_bytes());
        put(&(self.code.len() as u32).to_le_bytes());
        put(&(self.sets.len() as u32).to_le_bytes());
        put(&(names_len as u32).to_le_bytes());
        put(&[start, literal.rarest, required.rarest, 0]);
        put(&offset.to_le_bytes());
        put(&search.least.to_le_bytes());
        put(&literal.pc.to_le_bytes());
        put(&search.guard.unwrap_or(op::NONE).to_le_bytes());
        put(&required.pc.to_le_bytes());
        put(&search.first_loop.unwrap_or(op::NONE).to_le_bytes());
        put(&search.first_class.unwrap_or(op::NONE).to_le_bytes());
        put(&search.needles);
        put(&[search.needle_count]);
        put(&search.second.unwrap_or(op::NONE).to_le_bytes());
        debug_assert_eq!(at, HEADER);
        bytes.try_extend_from_slice(&header)?;
        let mut put = |part: &[u8]| bytes.try_extend_from_slice(part);
        put(&self.code)?;
        put(&self.sets)?;
        for name in &self.groups.names {
            put(&(name.group as u16).to_le_bytes())?;
            put(&(name.len as u16).to_le_bytes())?;
            for unit in self.groups.name(name) {
                put(&unit.to_le_bytes())?;
            }
        }
        debug_assert_eq!(bytes.len(), total);
        Ok(Program { bytes })
    }
}

/// A compiled pattern that owns its block of memory.
#[derive(Debug)]
pub struct Program<'a> {
    bytes: Vec<'a, u8>,
}

impl Program<'_> {
    /// The block, to be copied elsewhere and read again with [`ProgramRef::from_bytes`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of its block, as they were asked for.
    pub fn block_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The view that [`crate::exec`] wants.
    #[inline]
    pub fn as_ref(&self) -> ProgramRef<'_> {
        ProgramRef::new(&self.bytes)
    }
}

/// A compiled pattern in borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub struct ProgramRef<'p> {
    header: &'p [u8],
    code: &'p [u8],
    sets: &'p [u8],
    names: &'p [u8],
}

impl<'p> ProgramRef<'p> {
    /// Reads bytes written by [`Program::as_bytes`]; constant time. `None` if they are no program of
    /// this version. Bytes damaged in other ways are safe to execute, but match anything.
    pub fn from_bytes(bytes: &'p [u8]) -> Option<Self> {
        let code = HEADER.checked_add(u32_at(bytes, 12) as usize)?;
        let sets = code.checked_add(u32_at(bytes, 16) as usize)?;
        let names = sets.checked_add(u32_at(bytes, 20) as usize)?;
        let groups = u16_at(bytes, 6);
        let registers = u32::from(u16_at(bytes, 8));
        let valid = u32_at(bytes, 0) == MAGIC
            && bytes.len() == names
            && groups > 0
            && registers >= 2 * u32::from(groups);
        valid.then(|| ProgramRef::new(bytes))
    }

    #[inline]
    fn new(bytes: &'p [u8]) -> Self {
        let (header, rest) = bytes.split_at_checked(HEADER).unwrap_or((&[], &[]));
        let (code, rest) = rest.split_at_checked(u32_at(header, 12) as usize).unwrap_or((&[], &[]));
        let (sets, names) = rest.split_at_checked(u32_at(header, 16) as usize).unwrap_or((&[], &[]));
        ProgramRef { header, code, sets, names }
    }

    /// The flags the pattern was compiled with.
    #[inline]
    pub fn flags(self) -> Flags {
        Flags::from_bits(u16_at(self.header, 4))
    }

    /// Number of groups, group 0 (the whole match) included.
    #[inline]
    pub fn group_count(self) -> usize {
        usize::from(u16_at(self.header, 6))
    }

    /// The named groups in the order of the pattern. A name that several alternatives share comes once
    /// for each of its groups.
    pub fn group_names(self) -> GroupNames<'p> {
        GroupNames { bytes: self.names }
    }

    #[inline]
    pub(crate) fn register_count(self) -> usize {
        usize::from(u16_at(self.header, 8))
    }

    #[inline]
    pub(crate) fn code(self) -> &'p [u8] {
        self.code
    }

    #[inline]
    pub(crate) fn sets(self) -> &'p [u8] {
        self.sets
    }

    #[inline]
    pub(crate) fn search(self) -> Search {
        let Some(header) = self.header.first_chunk::<HEADER>() else { return Search::default() };
        let some = |value: u32| (value != op::NONE).then_some(value);
        Search {
            start: match header[24] {
                1 => Start::Subject,
                2 => Start::Line,
                3 => Start::Word,
                _ => Start::Any,
            },
            literal: some(u32_at(header, 32))
                .map(|pc| (Literal { pc, rarest: header[25] }, u16_at(header, 28))),
            guard: some(u32_at(header, 36)),
            required: some(u32_at(header, 40)).map(|pc| Literal { pc, rarest: header[26] }),
            least: u16_at(header, 30),
            first_loop: some(u32_at(header, 44)),
            first_class: some(u32_at(header, 48)),
            second: some(u32_at(header, 56)),
            needles: [header[52], header[53], header[54]],
            needle_count: header[55].min(3),
        }
    }
}

/// The name of a group: UTF-16 units, escapes resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupName<'p> {
    bytes: &'p [u8],
}

impl<'p> GroupName<'p> {
    /// The units.
    pub fn units(self) -> impl ExactSizeIterator<Item = u16> + 'p {
        self.bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair))
    }
}

/// Iterator over the named groups of a program: the name and the group's number.
#[derive(Clone, Debug)]
pub struct GroupNames<'p> {
    bytes: &'p [u8],
}

impl<'p> Iterator for GroupNames<'p> {
    type Item = (GroupName<'p>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.bytes.split_at_checked(4)?;
        let len = 2 * usize::from(u16_at(head, 2));
        let (bytes, rest) = rest.split_at_checked(len)?;
        self.bytes = rest;
        Some((GroupName { bytes }, usize::from(u16_at(head, 0))))
    }
}
