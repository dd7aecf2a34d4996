//! The shell: runs script files.

use std::process::ExitCode;

use tare::{Error, Runtime};

const USAGE: &str = "usage: tare [--memory-limit BYTES] [--stack-size BYTES] [--allocator SPEC] FILE.js";

struct Options {
    memory_limit: usize,
    stack_size: Option<usize>,
    allocator: Option<String>,
    path: String,
}

fn options() -> Result<Options, String> {
    let mut options = Options { memory_limit: 0, stack_size: None, allocator: None, path: String::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        let number = |text: String| {
            text.parse::<usize>()
                .map_err(|error| format!("{argument}: {text:?} is no number of bytes: {error}"))
        };
        match argument.as_str() {
            "--memory-limit" => options.memory_limit = number(value()?)?,
            "--stack-size" => options.stack_size = Some(number(value()?)?),
            "--allocator" => options.allocator = Some(value()?),
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
    let mut builder = Runtime::builder().memory_limit(options.memory_limit);
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
    if path.ends_with(".mjs") {
        let promise = context.eval_module(&source, path)?;
        runtime.run_jobs()?;
        return context.promise_result(&promise).unwrap_or(Ok(promise)).map(drop);
    }
    context.eval(&source, path)?;
    runtime.run_jobs()?;
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
