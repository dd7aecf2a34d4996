//! The shell: runs script files.

use std::process::ExitCode;

use tare::{Error, Runtime};

fn run(path: &str) -> Result<(), Error> {
    let source = std::fs::read_to_string(path).map_err(|error| {
        Error::Host(format!("cannot read {path}: {error}; give the path of a script file"))
    })?;
    let runtime = Runtime::new()?;
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
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: tare FILE.js");
        return ExitCode::from(2);
    };
    match run(&path) {
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
