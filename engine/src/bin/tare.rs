//! The shell: runs script files.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::rc::Rc;

use tare::{Context, DumpFlags, Error, Front, Fusions, Runtime};

const USAGE: &str = "usage: tare [options] FILE.js
  --memory-limit SIZE   bytes the engine may use; K, M or G may follow the number
  --stack-size SIZE     bytes of stack that scripts may use, 0 for all there is
  --allocator SPEC      where memory comes from, such as system or counting(pool(system))
  --front FRONT         what stands before the allocator: pool or direct
  -d, --dump-memory     print the memory report when the script has ended
  --dump-json           print it as one line of JSON
  -D, --dump-flags SET  dump what the flags say: a number, or names with commas between them
  --leaks               dump what is left when the runtime ends, with where it was allocated
  --random-seed NUMBER  the seed of Math.random, for runs that must repeat
  --without-fusions SET compile without these rewritings of code: names with commas between them, or all
Exit status: 0; 1 if the script failed, a promise was rejected without a handler, or standard output could not be
written; 2 if the command line is wrong; 13 if a module waits for what never comes";

/// The exit status of a module whose top-level await never settles.
const UNSETTLED: u8 = 13;

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
    random_seed: Option<u64>,
    fusions: Fusions,
    path: String,
}

/// Why a run failed.
enum Failure {
    /// The script threw, or the engine could not go on.
    Uncaught(Error),
    /// Promises were rejected, and nothing was there to handle it: the first, and how many more.
    Unhandled(Error, usize),
    /// The module's evaluation waits, and no job is left.
    Unsettled,
    /// What was printed could not be written.
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Uncaught(error)
    }
}

/// Standard output, as long as it can be written. The first failure is kept, and ends the script.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<Option<io::Error>>>);

impl Output {
    fn has_failed(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            self.0.borrow_mut().get_or_insert(error);
            kind.into()
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.note(io::stdout().write(bytes))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.note(io::stdout().flush())
    }
}

/// Writes a line to standard error. If nobody can be told, the exit status must do.
fn complain(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
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
        random_seed: None,
        fusions: Fusions::ALL,
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
            "--random-seed" => {
                let text = value()?;
                let number = text.parse::<u64>();
                options.random_seed =
                    Some(number.map_err(|error| format!("--random-seed: {text:?} is no number: {error}"))?);
            }
            "--without-fusions" => {
                let names = value()?;
                options.fusions = Fusions::all_but(&names)
                    .map_err(|name| format!("--without-fusions: there is no fusion {name:?}"))?;
            }
            "--help" => return Err(String::new()),
            other if other.starts_with('-') => return Err(format!("unknown option {other}")),
            path => options.path = String::from(path),
        }
    }
    if options.path.is_empty() { Err(String::from("no script file given")) } else { Ok(options) }
}

fn run(options: Options) -> Result<(), Failure> {
    let path = options.path.as_str();
    let source = std::fs::read_to_string(path).map_err(|error| {
        Error::Host(format!("cannot read {path}: {error}; give the path of a script file"))
    })?;
    let output = Output::default();
    let mut builder = Runtime::builder()
        .memory_limit(options.memory_limit)
        .front(options.front)
        .output(Box::new(output.clone()))
        .dump_flags(options.dump_flags)
        .dump_output(Box::new(output.clone()))
        .fusions(options.fusions)
        .track_allocations(options.track);
    if let Some(bytes) = options.stack_size {
        builder = builder.max_stack_size(bytes);
    }
    if let Some(seed) = options.random_seed {
        builder = builder.random_seed(seed);
    }
    if let Some(spec) = options.allocator {
        let allocator = tare_allocators::parse(&spec).map_err(|error| Error::Host(error.to_string()))?;
        builder = builder.allocator(allocator);
    }
    let runtime = builder.build()?;
    let context = runtime.new_context()?;
    runtime.set_module_loader(Some(Box::new(tare::FileLoader)));
    runtime.track_rejections(true);
    // A script whose output goes nowhere is not run to its end.
    let watched = output.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || watched.has_failed())));
    let ended = evaluate(&runtime, &context, &source, path);
    let report = match options.report {
        Report::None => String::new(),
        Report::Text => runtime.memory_report().to_string(),
        Report::Json => runtime.memory_report().to_json() + "\n",
    };
    let mut out = output.clone();
    // The failure is kept.
    let _ = out.write_all(report.as_bytes()).and_then(|()| out.flush());
    // What is dumped at the end of the runtime is output, too.
    drop((context, runtime));
    match output.0.take() {
        Some(error) => Err(Failure::Output(error)),
        None => ended,
    }
}

fn evaluate(runtime: &Runtime, context: &Context, source: &str, path: &str) -> Result<(), Failure> {
    if path.ends_with(".mjs") {
        let promise = context.eval_module(source, path)?;
        let ran = run_jobs(runtime, context);
        // The module's own failure comes first: others may follow from it.
        return match context.promise_result(&promise) {
            Some(Err(error)) => Err(error.into()),
            Some(Ok(_)) => ran,
            None => ran.and(Err(Failure::Unsettled)),
        };
    }
    context.eval(source, path)?;
    run_jobs(runtime, context)
}

/// Runs jobs, and waits for those that the clock brings. Whenever none is left, all promises that were rejected
/// must have a handler.
fn run_jobs(runtime: &Runtime, context: &Context) -> Result<(), Failure> {
    loop {
        runtime.run_jobs()?;
        if let Some(first) = context.next_unhandled_rejection() {
            let more = std::iter::from_fn(|| context.next_unhandled_rejection()).count();
            return Err(Failure::Unhandled(first, more));
        }
        if !runtime.wait(false) {
            return Ok(());
        }
    }
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(problem) if problem.is_empty() => {
            return match writeln!(io::stdout(), "{USAGE}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        Err(problem) => {
            complain(format_args!("{problem}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let path = options.path.clone();
    let Err(failure) = run(options) else { return ExitCode::SUCCESS };
    match failure {
        Failure::Uncaught(error @ Error::Host(_)) => complain(format_args!("tare: {error}")),
        Failure::Uncaught(error) => complain(format_args!("Uncaught {error}")),
        Failure::Unhandled(error, more) => {
            complain(format_args!("Uncaught (in promise) {error}"));
            if more > 0 {
                complain(format_args!("tare: {more} more rejected promises have no handler"));
            }
        }
        Failure::Unsettled => {
            complain(format_args!(
                "tare: {path}: the module waits at a top-level await, and nothing is left that could wake it"
            ));
            return ExitCode::from(UNSETTLED);
        }
        // Whoever read it has seen enough: that is no failure.
        Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Failure::Output(error) => complain(format_args!("tare: cannot write to standard output: {error}")),
    }
    ExitCode::FAILURE
}
