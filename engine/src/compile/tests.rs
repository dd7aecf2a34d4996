//! Tests of the compiler: its listings for small programs.

use std::collections::HashMap;
use std::fmt::Write;

use tare_allocators::{Memory, OutOfMemory, System};

use super::*;
use crate::code::function::Text;
use crate::code::{disassemble, verify};

/// A table of strings with counts, in place of the runtime's.
pub(crate) struct Toy {
    texts: Vec<std::vec::Vec<u16>>,
    counts: std::vec::Vec<i64>,
    index: HashMap<std::vec::Vec<u16>, u32>,
}

type Vec<T> = std::vec::Vec<T>;

impl Toy {
    pub fn new() -> Toy {
        Toy { texts: vec![vec![]], counts: vec![0], index: HashMap::new() }
    }

    pub fn text(&self, atom: u32) -> String {
        if atom >> 31 != 0 {
            return (atom & !(1 << 31)).to_string();
        }
        String::from_utf16_lossy(&self.texts[atom as usize])
    }

    pub fn balanced(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }
}

impl Interner for Toy {
    fn intern(&mut self, text: Text<'_>) -> Result<u32, OutOfMemory> {
        let units: Vec<u16> = match text {
            Text::Latin1(bytes) => bytes.iter().map(|&b| u16::from(b)).collect(),
            Text::Utf16(units) => units.to_vec(),
        };
        let string = String::from_utf16_lossy(&units);
        if let Ok(int) = string.parse::<u32>()
            && int < 1 << 31
            && int.to_string() == string
        {
            return Ok(1 << 31 | int);
        }
        let next = self.texts.len() as u32;
        let atom = *self.index.entry(units.clone()).or_insert(next);
        if atom == next {
            self.texts.push(units);
            self.counts.push(0);
        }
        self.counts[atom as usize] += 1;
        Ok(atom)
    }

    fn retain(&mut self, atom: u32) {
        if atom >> 31 == 0 {
            self.counts[atom as usize] += 1;
        }
    }

    fn release(&mut self, atom: u32) {
        if atom >> 31 == 0 {
            self.counts[atom as usize] -= 1;
            assert!(self.counts[atom as usize] >= 0, "atom {atom} released too often");
        }
    }

    fn text_of(&self, atom: u32, sink: &mut dyn FnMut(Text<'_>)) {
        if atom >> 31 != 0 {
            let text = (atom & !(1 << 31)).to_string();
            sink(Text::Latin1(text.as_bytes()));
        } else {
            sink(Text::Utf16(&self.texts[atom as usize]));
        }
    }
}

/// The listing of a unit, verified, or the error.
fn listing(result: Result<Unit<'_>, Error>, toy: &mut Toy, memory: Memory<'_>) -> String {
    let mut out = String::new();
    match result {
        Ok(unit) => {
            let names = |atom: u32, out: &mut dyn Write| out.write_str(&toy.text(atom));
            disassemble::unit(&unit, &names, &mut out).unwrap();
            for (i, function) in unit.functions.iter().enumerate() {
                if let Err(fault) = verify::verify(function, unit.functions.len(), memory) {
                    panic!("function {i}: {fault}\n{out}");
                }
            }
            for function in unit.functions.iter() {
                function.atoms.iter().for_each(|&atom| toy.release(atom));
            }
            unit.atoms.iter().for_each(|&atom| toy.release(atom));
        }
        Err(error) => writeln!(out, "{error}").unwrap(),
    }
    assert!(toy.balanced(), "atoms leak");
    out
}

pub(crate) fn script(source: &str) -> String {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::new();
    let result = compile_script(source.as_bytes(), Options::default(), memory, &mut toy);
    listing(result, &mut toy, memory)
}

#[test]
fn dump() {
    let Ok(path) = std::env::var("TARE_DUMP") else { return };
    println!("{}", script(&std::fs::read_to_string(path).unwrap()));
}
