//! Compiles a pattern and shows its code and the first match: `grep PATTERN FLAGS SUBJECT`.

use tare_allocators::{Memory, System};
use tare_regexp::{Flags, Scratch, Text, compile, disassemble, exec};

fn main() {
    let args: Vec<Vec<u16>> = std::env::args().skip(1).map(|arg| arg.encode_utf16().collect()).collect();
    let [pattern, flags, subject] = &args[..] else { panic!("usage: grep PATTERN FLAGS SUBJECT") };
    let memory = Memory::new(&System);
    let flags = Flags::parse(Text::Utf16(flags)).expect("flags");
    let program = match compile(Text::Utf16(pattern), flags, memory) {
        Ok(program) => program,
        Err(error) => {
            println!("{error}");
            return;
        }
    };
    let mut text = String::new();
    disassemble(program.as_ref(), &mut text).expect("text");
    print!("{text}");
    let mut scratch = Scratch::new(memory);
    let found = exec(program.as_ref(), Text::Utf16(subject), 0, &mut scratch, &mut || false);
    println!("{found:?}, {} bytes", program.as_bytes().len());
    for group in 0..scratch.group_count() {
        println!("{group}: {:?}", scratch.group(group));
    }
}
