//! Tests of the compiler.
//!
//! `tests/NAME.js` must compile to the listing `tests/NAME.txt`; the first line may be `//! module`,
//! `//! strict` or `//! completion`. `tests/errors.txt` has a source per line, a tab, and the error it must give
//! (`\n` in a source is a line end; `ok` where it must compile). `TARE_BLESS=1` rewrites both.

use std::collections::HashMap;
use std::fmt::Write;

use std::path::PathBuf;

use tare_allocators::wrappers::{Counting, Fail, Plan};
use tare_allocators::{Allocator, Memory, OutOfMemory, System};

use super::*;
use crate::code::function::Text;
use crate::code::fusions::{Fusion, Fusions};
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
            if let Err((i, fault)) = verify::verify_unit(&unit, memory) {
                panic!("function {i}: {fault}\n{out}");
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

fn compile(source: &str, module: bool, options: Options) -> String {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::new();
    let result = if module {
        compile_module(source.as_bytes(), options, memory, &mut toy)
    } else {
        compile_script(source.as_bytes(), options, memory, &mut toy)
    };
    listing(result, &mut toy, memory)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/compile/tests")
}

fn blessing() -> bool {
    std::env::var("TARE_BLESS").is_ok_and(|value| value == "1")
}

fn compile_marked(source: &str) -> String {
    let first = source.lines().next().unwrap_or("");
    let marked = |word: &str| first.starts_with("//!") && first.contains(word);
    let options =
        Options { strict: marked("strict"), completion: marked("completion"), ..Options::default() };
    compile(source, marked("module"), options)
}

#[test]
fn listings() {
    let mut names: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "js"))
        .collect();
    names.sort();
    assert!(names.len() > 10, "the listings are missing");
    let mut wrong = Vec::new();
    for path in names {
        let got = compile_marked(&std::fs::read_to_string(&path).unwrap());
        let expected = path.with_extension("txt");
        if blessing() {
            std::fs::write(&expected, &got).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != got {
            wrong.push(format!("{}:\n{got}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} listings differ (TARE_BLESS=1 accepts):\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn errors() {
    let path = folder().join("errors.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut out, mut wrong) = (String::new(), String::new());
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            writeln!(out, "{line}").unwrap();
            continue;
        }
        let (source, expected) = line.split_once('\t').unwrap_or((line, ""));
        let plain = source.replace("\\n", "\n");
        let (module, plain) = match plain.strip_prefix("module: ") {
            Some(rest) => (true, rest.to_owned()),
            None => (false, plain),
        };
        let listing = compile(&plain, module, Options::default());
        let got = if listing.starts_with("SyntaxError") { listing.trim_end() } else { "ok" };
        writeln!(out, "{source}\t{got}").unwrap();
        if got != expected {
            writeln!(wrong, "{source}\n  expected {expected}\n  got      {got}").unwrap();
        }
    }
    if blessing() {
        std::fs::write(&path, out).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

/// Texts nested a million deep are refused, not a crash; long but flat ones compile.
#[test]
fn nesting() {
    const DEEP: usize = 1_000_000;
    let nested = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "", "}"),
        ("a=>", "1", ""),
        ("!", "1", ""),
        ("new ", "a", ""),
        ("f(", "", ")"),
        ("`${", "1", "}`"),
        ("if(1)", ";", ""),
        ("function f(){", "", "}"),
        ("x?", "1", ":1"),
        ("x?1:", "1", ""),
        ("a=", "1", ""),
        ("a**", "1", ""),
        ("[a=", "1", "]"),
        ("({a:", "1", "})"),
        ("(a=", "1", ")=>1"),
        ("class A extends ", "B", "{}"),
        ("class A{a=", "1", "}"),
        ("l:", ";", ""),
        ("a[", "1", "]"),
        ("typeof ", "1", ""),
        ("async()=>{await ", "1", "}"),
        ("for(;;)", ";", ""),
        ("try{", "", "}finally{}"),
        ("var [", "a", "]=1"),
        ("delete ", "a", ""),
        ("a?.[", "1", "]"),
        ("switch(1){case 1:", "", "}"),
        ("with(a)", ";", ""),
        ("do ", ";", " while(0)"),
    ];
    for (open, middle, close) in nested {
        let source = format!("{}{middle}{}", open.repeat(DEEP), close.repeat(DEEP));
        let got = compile(&source, false, Options::default());
        assert!(
            got.starts_with("RangeError") || got.starts_with("SyntaxError"),
            "{open}: {}",
            &got[..80.min(got.len())]
        );
    }
    let flat = ["1+", "a,", "a.b().c;", "if(a);else ", "a&&", "x=>x;", "[a]=b;", "`${a}`;"];
    for part in flat {
        let source = format!("{}1", part.repeat(20_000));
        let system = System;
        let result =
            compile_script(source.as_bytes(), Options::default(), Memory::new(&system), &mut Toy::new());
        assert!(result.is_ok(), "{part}: {}", result.unwrap_err());
    }
}

/// Nested patterns and arrow functions are read at most twice each.
#[test]
fn rereading_is_not_exponential() {
    for (open, close) in
        [("[a=", "]=x"), ("(a=", ")=>1"), ("({a=", "}=x)"), ("[", "]=x"), ("async(a=", ")=>1")]
    {
        let source = format!("{}b{}", open.repeat(60), close.repeat(60));
        // What the text means does not matter: only that this ends.
        assert!(!compile(&source, false, Options::default()).is_empty());
    }
}

/// Fails every allocation in turn: an error comes back, and nothing leaks or is given back twice.
#[test]
fn every_allocation_may_fail() {
    let source = std::fs::read_to_string(folder().join("mixed.js")).unwrap();
    let mut number = 1;
    loop {
        let fail = Fail::new(Plan::Nth(number), Counting::new(System));
        let handle = fail.handle();
        let mut toy = Toy::new();
        {
            let memory = Memory::new(&fail);
            match compile_script(source.as_bytes(), Options::default(), memory, &mut toy) {
                Ok(unit) => {
                    for function in unit.functions.iter() {
                        function.atoms.iter().for_each(|&atom| toy.release(atom));
                    }
                    unit.atoms.iter().for_each(|&atom| toy.release(atom));
                    // A buffer that could not shrink stays as it was.
                    if handle.refused() == 0 {
                        break;
                    }
                }
                Err(error) => assert!(matches!(error, Error::OutOfMemory), "{error}"),
            }
        }
        assert!(toy.balanced(), "atoms leak when allocation {number} fails");
        assert_eq!(fail.stats().live_blocks, Some(0), "blocks leak when allocation {number} fails");
        number += 1;
    }
    assert!(number > 100);
}

/// A direct eval sees what its caller can see, and its vars go where they belong.
#[test]
fn direct_eval() {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::new();
    let source = b"function f(a) { let b; { const c = 1; return () => eval('x'); } }";
    let unit = compile_script(source, Options::default(), memory, &mut toy).unwrap();
    let arrow = &unit.functions[2];
    let scope = &arrow.eval_scopes[0];
    let visible: Vec<String> = scope.vars.iter().map(|var| toy.text(var.name)).collect();
    for name in ["a", "b", "c", "this", "new.target", "arguments", "<var_object>"] {
        assert!(visible.iter().any(|v| v == name), "{name} is not among {visible:?}");
    }
    let mut show = |source: &str| {
        let result = compile_eval(source.as_bytes(), Some(scope), Options::default(), memory, &mut toy);
        match result {
            Ok(unit) => {
                let names = |atom: u32, out: &mut dyn Write| out.write_str(&toy.text(atom));
                let mut out = String::new();
                disassemble::unit(&unit, &names, &mut out).unwrap();
                verify::verify_unit(&unit, memory).unwrap();
                out
            }
            Err(error) => error.to_string(),
        }
    };
    assert!(show("a + b").contains("get_capture"));
    assert!(show("c = 1").contains("throw_const c"));
    assert!(show("var v = 1").contains("declare_var v"));
    assert!(!show("'use strict'; var v = 1").contains("declare_var"));
    assert!(show("new.target").contains("new.target"));
    assert!(show("super.x").starts_with("SyntaxError"));
    assert!(show("this").contains("this"));
}

/// A direct eval at the top level of a script finds the script's `this`.
#[test]
fn eval_in_a_script() {
    let got = compile("eval('this'); let a;", false, Options::default());
    assert!(got.contains("eval scope this new.target\n"), "{got}");
}

/// In parameters, a var of an eval would cross the parameters: they count as lexical there.
#[test]
fn eval_in_parameters() {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::new();
    let source = b"function f(p = eval('x'), q) { eval('y'); }";
    let unit = compile_script(source, Options::default(), memory, &mut toy).unwrap();
    let scopes = &unit.functions[1].eval_scopes;
    let fails = |toy: &mut Toy, scope, text: &str| {
        compile_eval(text.as_bytes(), Some(scope), Options::default(), memory, toy).is_err()
    };
    for name in ["var arguments", "var p", "var q", "function arguments() {}"] {
        assert!(fails(&mut toy, &scopes[0], name), "{name} in the parameters");
        assert!(!fails(&mut toy, &scopes[1], name), "{name} in the body");
    }
    assert!(!fails(&mut toy, &scopes[0], "var r"));
}

/// `this` of a derived constructor starts uninitialized also if only super() looks at it.
#[test]
fn derived_this() {
    let got = compile("class A extends B { constructor() { super(); } }", false, Options::default());
    assert!(got.contains("uninit_local 0:this"), "{got}");
}

/// The parts of a `Function` constructor's function must be whole.
#[test]
fn dynamic_functions() {
    let system = System;
    let memory = Memory::new(&system);
    let check = |parameters: &str, body: &str| {
        let prefix = DynamicKind::Normal.prefix();
        let source = format!("{prefix}{parameters}\n) {{\n{body}\n}}");
        let mut toy = Toy::new();
        let end = prefix.len() + parameters.len();
        compile_function(source.as_bytes(), end, Options::default(), memory, &mut toy).is_ok()
    };
    assert!(check("a, b", "return a + b"));
    assert!(check("", ""));
    assert!(check("a = '//'", "// comment"));
    assert!(!check("a) { }, function(b", ""));
    assert!(!check("", "}, function(){"));
    assert!(!check("a /*", "*/ ) {"));
    assert!(!check("a", "} + {"));
    assert!(!check("a", "super.x"));
}

/// What the verifier says of the code of a script after one instruction became another of the same form.
fn fault_after(source: &str, from: Op, to: Op) -> Option<verify::What> {
    let system = System;
    let memory = Memory::new(&system);
    let mut toy = Toy::new();
    let mut unit = compile_script(source.as_bytes(), Options::default(), memory, &mut toy).unwrap();
    verify::verify_unit(&unit, memory).unwrap();
    let place = unit.functions.iter().enumerate().find_map(|(i, function)| {
        let mut pc = 0;
        while let Some(op) = function.code.get(pc).and_then(|&byte| Op::from_byte(byte)) {
            if op == from {
                return Some((i, pc));
            }
            pc += op.size();
        }
        None
    });
    let (function, pc) = place.expect("the script has the instruction");
    assert_eq!(from.info().operands, to.info().operands);
    unit.functions[function].code[pc] = to as u8;
    verify::verify_unit(&unit, memory).err().map(|(_, fault)| fault.what)
}

#[test]
fn variables_used_wrongly_are_found() {
    use verify::What::{Box, Uninitialized};
    let captured = "function f() { g(() => x); let x = 1; return x; }";
    assert_eq!(fault_after(captured, Op::GetCaptureCheck, Op::GetCapture), Some(Uninitialized));
    assert_eq!(fault_after(captured, Op::GetBoxed, Op::GetLocal), Some(Box));
    assert_eq!(fault_after(captured, Op::BoxUninit, Op::UninitLocal), Some(Box));
    let own = "function f(a) { { if (a) return x; let x = 1; x; } }";
    assert_eq!(fault_after(own, Op::GetLocalCheck, Op::GetLocal), Some(Uninitialized));
    let late = "function f(a) { let b = 1; return () => a + b; }";
    assert_eq!(fault_after(late, Op::BoxLocal, Op::UninitLocal), Some(Box));
    // A store is no read, and what was stored to is initialized.
    let stored = "function f() { let x = 1; g(() => x); return x; }";
    assert_eq!(fault_after(stored, Op::GetBoxed, Op::GetBoxedCheck), None);
    let derived = "class A extends B { constructor() { super(); } }";
    assert_eq!(fault_after(derived, Op::ThrowIfInitialized, Op::Drop), Some(Uninitialized));
}

/// What the compiler makes of a source without some fusions.
fn compile_without(source: &str, fusions: Fusions) -> String {
    compile(source, false, Options { fusions, ..Options::default() })
}

/// Each switch stands for something: the source that shows the fusion compiles otherwise without it.
#[test]
fn each_fusion_can_be_turned_off() {
    let sources: &[(Fusion, &str)] = &[
        (Fusion::DropResult, "o.x = 1;"),
        (Fusion::Thread, "function f(a) { while (a) { if (a.b) { if (a.c) g(); else continue; } } }"),
        (Fusion::TestAgain, "function f(a, b) { if (a.x || b.x) g(); }"),
        (Fusion::JumpToNext, "function f(a) { l: { a(); break l; } }"),
        (Fusion::BranchAround, "function f(a) { for (;;) { if (a()) break; g(); } }"),
        (Fusion::StoreLoad, "function f(a) { return a = g(); }"),
        (Fusion::LoadStore, "function f(a) { a = a; }"),
        (Fusion::PushDrop, "function f(a) { a; }"),
        (Fusion::SwapSwap, "class A { #x = 1; static s = 2; get x() { return this.#x; } static t() {} }"),
        (Fusion::TwoLocals, "function f(a, b) { g(a, b); }"),
        (Fusion::LocalField, "function f(a) { return a.x; }"),
        (Fusion::ThisField, "function f() { return this.x; }"),
        (Fusion::CaptureField, "function f(a) { return () => a.x; }"),
        (Fusion::ThisPutField, "function f() { this.x = g(1); }"),
        (Fusion::ElementLocals, "function f(a, b) { return a[b]; }"),
        (Fusion::ElementLocal, "function f(a) { return g[a]; }"),
        (Fusion::OpLocals, "function f(a, b) { return a * b; }"),
        (Fusion::OpLocalInt, "function f(a) { return a + 1; }"),
        (Fusion::OpInt, "function f(a) { return a.x | 0; }"),
        (Fusion::OpLocal, "function f(a, b) { return a.x + b; }"),
        (Fusion::StepLocal, "function f(a) { a++; }"),
        (Fusion::AppendLocal, "function f(a) { a += g.x; }"),
        (Fusion::AddPutLocal, "function f(a) { a = g() + h; }"),
        (Fusion::TypeofIs, "function f(a) { return typeof a === 'number'; }"),
        (Fusion::ReturnUndefined, "function f() { return undefined; }"),
        (Fusion::BranchNot, "function f(a) { if (!g()) h(); }"),
        (Fusion::CompareBranch, "function f(a) { if (g() < h()) h(); }"),
        (Fusion::CompareLocals, "function f(a, b) { if (a < b) h(); }"),
        (Fusion::CompareInt, "function f(a) { if (a === 1) h(); }"),
        (Fusion::BranchLocal, "function f(a) { if (a) h(); }"),
        (Fusion::LoopStep, "function f(a, b) { for (let i = 0; i < a; i++) h(); }"),
    ];
    let mut same = Vec::new();
    for &fusion in Fusion::ALL {
        let name = fusion.info().name;
        let shown = sources.iter().find(|row| row.0 == fusion);
        let Some((_, source)) = shown else { panic!("no source shows {name}") };
        let with = compile_without(source, Fusions::ALL);
        let without = compile_without(source, Fusions::ALL.without(fusion));
        if with == without {
            same.push(format!("{name}: {source}\n{with}"));
        }
        assert_eq!(Fusions::all_but(name), Ok(Fusions::ALL.without(fusion)));
    }
    assert!(same.is_empty(), "no difference:\n{}", same.join("\n"));
    assert_eq!(Fusions::all_but("all"), Ok(Fusions::NONE));
    assert_eq!(Fusions::all_but("this_field, nonsense"), Err("nonsense"));
}

/// The proof refuses a rewriting that moves a value others address by depth, and the like.
#[test]
fn wrong_fusions_are_refused() {
    let system = System;
    let memory = Memory::new(&system);
    let i = |op: Op, a: u32| Inst::new(op, a, 0);
    let same = |before: &[Inst], after: &[Inst]| prove::same(before, after, memory).unwrap();
    let get = |local| i(Op::GetLocal, local);
    let this = i(Op::PushThis, 0);
    // `this.a = b` and `[this.a] = b`.
    assert!(same(&[this, get(1), i(Op::PutField, 5)], &[get(1), i(Op::ThisPutField, 5)]));
    assert!(!same(
        &[this, i(Op::IterNextValue, 1), i(Op::PutField, 5)],
        &[i(Op::IterNextValue, 1), i(Op::ThisPutField, 5)]
    ));
    assert!(!same(&[this, i(Op::Pick, 1), i(Op::PutField, 5)], &[i(Op::Pick, 1), i(Op::ThisPutField, 5)]));
    // The order of what is seen from outside, and of operands.
    assert!(!same(&[i(Op::GetGlobal, 1), i(Op::GetGlobal, 2)], &[i(Op::GetGlobal, 2), i(Op::GetGlobal, 1)]));
    assert!(!same(&[get(1), get(2), i(Op::Sub, 0)], &[get(2), get(1), i(Op::Sub, 0)]));
    // A local that changes between its reading and its use.
    let assigned = [i(Op::PushTrue, 0), i(Op::SetLocal, 1)];
    let before = [get(1), assigned[0], assigned[1], i(Op::Add, 0), i(Op::PutLocal, 1)];
    assert!(!same(&before, &[assigned[0], assigned[1], i(Op::AppendLocal, 1)]));
    assert!(same(&[get(1), get(2), i(Op::Add, 0), i(Op::PutLocal, 1)], &[get(2), i(Op::AppendLocal, 1)]));
    // Branches: the direction, the label, and a value that is not only tested.
    let branch = |op: Op, label: u32| Inst { b: label, ..i(op, 0) };
    assert!(same(&[i(Op::Not, 0), branch(Op::IfFalse, 3)], &[branch(Op::IfTrue, 3)]));
    assert!(!same(&[i(Op::Not, 0), branch(Op::IfFalse, 3)], &[branch(Op::IfFalse, 3)]));
    assert!(!same(&[branch(Op::IfFalse, 3)], &[branch(Op::IfFalse, 4)]));
    assert!(!same(&[i(Op::Not, 0), i(Op::Not, 0), i(Op::Return, 0)], &[i(Op::Return, 0)]));
    assert!(same(&[i(Op::Ne, 0), branch(Op::IfTrue, 3)], &[branch(Op::IfNotEq, 3)]));
    assert!(!same(&[i(Op::Ne, 0), branch(Op::IfTrue, 3)], &[branch(Op::IfNotStrictEq, 3)]));
}

/// Literals, patterns and parameters that look alike, by enumeration.
#[test]
fn cover_grammars() {
    let text = std::fs::read_to_string(folder().join("cover.txt")).unwrap();
    let with = |start| text.lines().filter_map(move |line: &str| line.strip_prefix(start));
    let elements: Vec<&str> = with("element ").collect();
    let reviewed: Vec<&str> = with("reviewed ").collect();
    let (mut place, mut count, mut used) = ("", 0, 0);
    let mut report = String::new();
    for line in text.lines() {
        if let Some(found) = line.strip_prefix("place ") {
            place = found;
            continue;
        }
        let Some((mode, bits)) = line.split_once(' ') else { continue };
        let strict = match mode {
            "sloppy" => "",
            "strict" => "\"use strict\"; ",
            _ => continue,
        };
        assert_eq!(bits.len(), elements.len(), "{place}: record the file again");
        for (element, bit) in elements.iter().zip(bits.chars()) {
            let source = format!("{strict}{}", place.replacen('@', element, 1));
            let flipped = reviewed.contains(&source.as_str());
            used += usize::from(flipped);
            let wanted = (bit == '1') != flipped;
            let got = compile(&source, false, Options::default());
            if wanted == got.starts_with("SyntaxError") {
                let word = if wanted { "refused" } else { "accepted" };
                writeln!(report, "{word}: {source}").unwrap();
            }
            count += 1;
        }
    }
    assert!(report.is_empty(), "\n{report}");
    assert_eq!(used, reviewed.len(), "a reviewed source is not among those enumerated");
    assert!(count > 7000, "{count}");
}
