//! The first look at a pattern: how many groups there are, how many alternatives each has, how each
//! is quantified, and what the named ones are called.
//!
//! The compiler emits code in one pass and never inserts into what it has emitted; what it must know
//! about a group when the group opens comes from here. The scan is exact for valid patterns. In
//! invalid ones it may count anything: the compiler reports the error.

use crate::CompileError;
use crate::source::{Quantifier, Source};
use tare_allocators::{Memory, Vec};

/// What the compiler wants to know of a group at its opening parenthesis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupInfo {
    /// One more than the number of `|` directly in the group.
    pub alternatives: u32,
    /// The quantifier behind the closing parenthesis.
    pub quantifier: Option<Quantifier>,
}

/// A named group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// Where the name's units start in [`Groups::units`].
    pub start: u32,
    /// How many units.
    pub len: u32,
    /// The group's number, from 1.
    pub group: u32,
    /// A hash of the units.
    pub hash: u32,
    /// Whether a second group of that name, found now, might take part in the same match.
    pub conflicts: bool,
}

/// The result of the scan.
pub(crate) struct Groups<'a> {
    /// One entry for the pattern as a whole, then one for each `(`, in order.
    pub infos: Vec<'a, GroupInfo>,
    /// Named groups in order.
    pub names: Vec<'a, Name>,
    /// The units of all names.
    pub units: Vec<'a, u16>,
    /// Number of capturing groups, without group 0.
    pub captures: u32,
    /// Whether any group is named, which gives `\k` its meaning in Annex B.
    pub has_names: bool,
}

impl Groups<'_> {
    pub fn name(&self, name: &Name) -> &[u16] {
        &self.units[name.start as usize..(name.start + name.len) as usize]
    }
}

/// A 32-bit FNV-1a hash of units.
pub(crate) fn hash(units: &[u16]) -> u32 {
    units.iter().fold(0x811C_9DC5, |hash, &unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

/// Runs the scan.
pub(crate) fn scan<'a>(src: &Source<'_>, memory: Memory<'a>) -> Result<Groups<'a>, CompileError> {
    let mut groups = Groups {
        infos: Vec::new(memory),
        names: Vec::new(memory),
        units: Vec::new(memory),
        captures: 0,
        has_names: false,
    };
    let plain = GroupInfo { alternatives: 1, quantifier: None };
    let mut open: Vec<'_, u32> = Vec::new(memory);
    groups.infos.try_push(plain)?;
    open.try_push(0)?;
    let mut at = 0;
    while let Some(unit) = src.unit(at) {
        at += 1;
        match u8::try_from(unit).unwrap_or(0) {
            b'\\' => at += 1,
            b'[' => skip_class(src, &mut at),
            b'|' => {
                if let Some(&group) = open.last() {
                    groups.infos[group as usize].alternatives += 1;
                }
            }
            b'(' => {
                open.try_push(groups.infos.len() as u32)?;
                groups.infos.try_push(plain)?;
                scan_opening(src, &mut at, &mut groups)?;
            }
            b')' if open.len() > 1 => {
                let group = open.pop().unwrap_or(0);
                groups.infos[group as usize].quantifier = src.quantifier(&mut at).unwrap_or(None);
            }
            _ => {}
        }
    }
    Ok(groups)
}

/// Behind a `(`: counts the group if it captures and takes its name.
fn scan_opening(src: &Source<'_>, at: &mut usize, groups: &mut Groups<'_>) -> Result<(), CompileError> {
    if !src.is(*at, b'?') {
        groups.captures += 1;
        return Ok(());
    }
    *at += 1;
    if !src.is(*at, b'<') || src.is(*at + 1, b'=') || src.is(*at + 1, b'!') {
        return Ok(());
    }
    *at += 1;
    groups.captures += 1;
    groups.has_names = true;
    let start = groups.units.len();
    match src.group_name(at, &mut groups.units) {
        Ok(()) => {
            let hash = hash(&groups.units[start..]);
            let len = groups.units.len() - start;
            let group = groups.captures;
            let (start, len) = (start as u32, len as u32);
            groups.names.try_push(Name { start, len, group, hash, conflicts: false })?;
            Ok(())
        }
        Err(CompileError::Syntax { .. }) => {
            groups.units.truncate(start);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Behind a `[`: moves behind the matching `]`.
fn skip_class(src: &Source<'_>, at: &mut usize) {
    let mut depth = 1usize;
    while let Some(unit) = src.unit(*at) {
        *at += 1;
        match u8::try_from(unit).unwrap_or(0) {
            b'\\' => *at += 1,
            b'[' if src.sets => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            _ => {}
        }
    }
}
