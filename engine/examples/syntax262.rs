//! Runs the compiler alone over a checkout of test262: every file that is valid must compile (sloppy and strict, or
//! as a module), every file with an early error must be rejected. Prints the files that did otherwise and
//! the rates.
//!
//! `cargo run --profile quick -p tare --example syntax262 -- DIRECTORY [--skip FEATURE]... [--time]`
//!
//! Every unit that comes out is verified against the opcode table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tare::code::function::{Interner, Text};
use tare::code::verify;
use tare::compile::{self, Options};
use tare_allocators::{Memory, OutOfMemory, System};

/// Atoms without a runtime.
#[derive(Default)]
struct Toy {
    texts: Vec<Vec<u16>>,
    index: HashMap<Vec<u16>, u32>,
}

impl Interner for Toy {
    fn intern(&mut self, text: Text<'_>) -> Result<u32, OutOfMemory> {
        let units: Vec<u16> = match text {
            Text::Latin1(bytes) => bytes.iter().map(|&b| u16::from(b)).collect(),
            Text::Utf16(units) => units.to_vec(),
        };
        let next = self.texts.len() as u32 + 1;
        let atom = *self.index.entry(units.clone()).or_insert(next);
        if atom == next {
            self.texts.push(units);
        }
        Ok(atom)
    }
    fn retain(&mut self, _: u32) {}
    fn release(&mut self, _: u32) {}
    fn text_of(&self, atom: u32, sink: &mut dyn FnMut(Text<'_>)) {
        sink(Text::Utf16(&self.texts[atom as usize - 1]));
    }
}

fn files(directory: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "js") && !path.to_string_lossy().contains("_FIXTURE")
        {
            out.push(path);
        }
    }
}

/// Compiles a source; the error's text if it has one.
fn compile(source: &[u8], module: bool, strict: bool) -> Result<(), String> {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::default();
    let options = Options { strict, completion: true, ..Options::default() };
    let result = if module {
        compile::compile_module(source, options, memory, &mut toy)
    } else {
        compile::compile_script(source, options, memory, &mut toy)
    };
    let unit = result.map_err(|error| error.to_string())?;
    for function in unit.functions.iter() {
        if let Err(fault) = verify::verify(function, unit.functions.len(), memory) {
            return Err(format!("VERIFIER: {fault}"));
        }
    }
    Ok(())
}

fn main() {
    let mut skip: Vec<String> = Vec::new();
    let mut directory = None;
    let mut time = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--skip" => skip.extend(args.next()),
            "--time" => time = true,
            _ => directory = Some(PathBuf::from(arg)),
        }
    }
    let Some(directory) = directory else {
        eprintln!("usage: syntax262 DIRECTORY [--skip FEATURE]... [--time]");
        std::process::exit(2);
    };
    let mut paths = Vec::new();
    files(&directory, &mut paths);
    if time {
        return measure(&paths);
    }
    let (mut valid, mut valid_good, mut negative, mut negative_good, mut skipped) = (0, 0, 0, 0, 0);
    for path in &paths {
        let Ok(source) = std::fs::read(path) else { continue };
        let text = String::from_utf8_lossy(&source);
        let meta = match (text.find("/*---"), text.find("---*/")) {
            (Some(a), Some(b)) if a < b => &text[a..b],
            _ => "",
        };
        if skip.iter().any(|feature| meta.contains(feature.as_str())) {
            skipped += 1;
            continue;
        }
        let flags = meta.find("flags:").map_or("", |at| meta[at..].split(']').next().unwrap_or(""));
        let module = flags.contains("module");
        let early = meta.contains("negative:") && meta.contains("phase: parse");
        let mut modes: Vec<bool> = Vec::new();
        if module || flags.contains("raw") || flags.contains("noStrict") {
            modes.push(false);
        } else if flags.contains("onlyStrict") {
            modes.push(true);
        } else {
            modes.extend([false, true]);
        }
        for strict in modes {
            let result = compile(&source, module, strict);
            let good = match &result {
                Err(text) => early && text.starts_with("SyntaxError"),
                Ok(()) => !early,
            };
            if early {
                negative += 1;
                negative_good += u32::from(good);
            } else {
                valid += 1;
                valid_good += u32::from(good);
            }
            if !good {
                let name = path.strip_prefix(&directory).unwrap_or(path).display();
                match result {
                    Err(text) => println!("REJECTED {name} strict={strict}: {text}"),
                    Ok(()) => println!("ACCEPTED {name} strict={strict}"),
                }
            }
        }
    }
    println!(
        "valid: {valid_good} of {valid}; early errors: {negative_good} of {negative}; skipped {skipped}"
    );
}

/// Compiles all files again and again for a while; prints the speed.
fn measure(paths: &[PathBuf]) {
    let sources: Vec<Vec<u8>> = paths.iter().filter_map(|path| std::fs::read(path).ok()).collect();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let mut best = f64::MAX;
    for _ in 0..7 {
        let start = Instant::now();
        for source in &sources {
            let system = System;
            let memory = Memory::new(&system);
            let mut toy = Toy::default();
            if let Err(error) = compile::compile_script(source, Options::default(), memory, &mut toy) {
                println!("{error}");
            }
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{bytes} bytes, best of 7: {:.1} MB/s", bytes as f64 / best / 1e6);
}
