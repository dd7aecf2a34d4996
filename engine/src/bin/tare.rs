//! The shell: runs script files.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use tare::{Context, DumpFlags, Error, Front, Runtime};

const USAGE: &str = "usage: tare [options] FILE.js
  --memory-limit SIZE   bytes the engine may use; K, M or G may follow the number
  --stack-size SIZE     bytes of stack that scripts may use, 0 for no check
  --allocator SPEC      where memory comes from, such as system or counting(pool(system))
  --front FRONT         what stands before the allocator: pool or direct
  -d, --dump-memory     print the memory report when the script has ended
  --dump-json           print it as one line of JSON
  -D, --dump-flags SET  dump what the flags say: a number, or names with commas between them
  --leaks               dump what is left when the runtime ends, with where it was allocated";

/// What is printed of the memory when the script has ended.
#[derive(PartialEq)]
enum Report {
    None,
    Text,
    Json,
}

struct Options {
    memory_limit: usize,
    stack_size: Option<usize>,
    allocator: Option<String>,
    front: Front,
    report: Report,
    dump_flags: DumpFlags,
    track: bool,
    path: String,
}

/// A number of bytes, with K, M or G for powers of 1024.
fn size(option: &str, text: &str) -> Result<usize, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number = digits.parse::<usize>();
    let number = number.map_err(|error| format!("{option}: {text:?} is no number of bytes: {error}"))?;
    number.checked_mul(1 << shift).ok_or(format!("{option}: {text:?} is too large"))
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        memory_limit: 0,
        stack_size: None,
        allocator: None,
        front: Front::default(),
        report: Report::None,
        dump_flags: DumpFlags::NONE,
        track: false,
        path: String::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--memory-limit" => options.memory_limit = size(&argument, &value()?)?,
            "--stack-size" => options.stack_size = Some(size(&argument, &value()?)?),
            "--allocator" => options.allocator = Some(value()?),
            "--front" => {
                options.front = match value()?.as_str() {
                    "pool" => Front::Pool,
                    "direct" => Front::Direct,
                    other => return Err(format!("there is no front {other:?}; there are pool and direct")),
                }
            }
            "-d" | "--dump-memory" => options.report = Report::Text,
            "--dump-json" => options.report = Report::Json,
            "-D" | "--dump-flags" => options.dump_flags = options.dump_flags | DumpFlags::parse(&value()?)?,
            "--leaks" => {
                options.dump_flags = options.dump_flags | DumpFlags::LEAKS | DumpFlags::ATOM_LEAKS;
                options.track = true;
            }
            "--help" => return Err(String::new()),
            other if other.starts_with('-') => return Err(format!("unknown option {other}")),
            path => options.path = String::from(path),
        }
    }
    if options.path.is_empty() { Err(String::from("no script file given")) } else { Ok(options) }
}

fn run(options: Options) -> Result<(), Error> {
    let path = options.path.as_str();
    let source = std::fs::read_to_string(path).map_err(|error| {
        Error::Host(format!("cannot read {path}: {error}; give the path of a script file"))
    })?;
    let mut builder = Runtime::builder()
        .memory_limit(options.memory_limit)
        .front(options.front)
        .dump_flags(options.dump_flags)
        .track_allocations(options.track);
    if let Some(bytes) = options.stack_size {
        builder = builder.max_stack_size(bytes);
    }
    if let Some(spec) = options.allocator {
        let allocator = tare_allocators::parse(&spec).map_err(|error| Error::Host(error.to_string()))?;
        builder = builder.allocator(allocator);
    }
    let runtime = builder.build()?;
    let context = runtime.new_context()?;
    runtime.set_module_loader(Some(Box::new(tare::FileLoader)));
    let ended = evaluate(&runtime, &context, &source, path);
    match options.report {
        Report::None => (),
        Report::Text => show(&runtime.memory_report().to_string())?,
        Report::Json => show(&(runtime.memory_report().to_json() + "\n"))?,
    }
    ended
}

/// Writes to standard output. That nobody reads it any longer is no error.
fn show(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Host(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

fn evaluate(runtime: &Runtime, context: &Context, source: &str, path: &str) -> Result<(), Error> {
    if path.ends_with(".mjs") {
        let promise = context.eval_module(source, path)?;
        run_jobs(runtime)?;
        return context.promise_result(&promise).unwrap_or(Ok(promise)).map(drop);
    }
    context.eval(source, path)?;
    run_jobs(runtime)
}

/// Runs jobs, and waits for those that the clock brings.
fn run_jobs(runtime: &Runtime) -> Result<(), Error> {
    runtime.run_jobs()?;
    while runtime.wait(false) {
        runtime.run_jobs()?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ Error::Host(_)) => {
            eprintln!("tare: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("Uncaught {error}");
            ExitCode::FAILURE
        }
    }
}
