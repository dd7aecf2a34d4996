//! `gc-lab replay`: a recorded allocation trace, on allocators alone.

use std::path::Path;
use tare_allocators::replay::{Options as Replaying, Program};
use tare_reports::{stats, units};

/// Replays a trace on each allocator stack, in turns, and prints the figures.
///
/// # Errors
/// A sentence that names the trace or the allocator and what is wrong with it.
pub fn replay(path: &Path, allocators: &[String], repeats: u32, partial: bool) -> Result<(), String> {
    let bytes = std::fs::read(path).map_err(|e| {
        let how = format!("`gc-lab exec FILE.js --allocator 'trace({}, system)'` makes one", path.display());
        format!("cannot read the trace {}: {e}; {how}", path.display())
    })?;
    let program = Program::read(&bytes).map_err(|e| format!("{}: {e}", path.display()))?;
    if !program.complete {
        let trace = path.display();
        if !partial {
            return Err(format!(
                "the trace {trace} breaks off: the program that wrote it was ended, or the disk was full; \
                 `--partial` replays what there is of it"
            ));
        }
        eprintln!("The trace {trace} breaks off; what there is of it is replayed.");
    }
    if program.ops.is_empty() {
        return Err(format!("the trace {} holds no call to replay", path.display()));
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); allocators.len()];
    let mut figures = vec![(0u64, 0u64, 0usize, None); allocators.len()];
    for _ in 0..repeats {
        for (index, name) in allocators.iter().enumerate() {
            let allocator = crate::backend::allocator(name)?;
            let options = Replaying { touch: true, sample_every: None };
            let timed = program.run(&*allocator, options);
            times[index].push(timed.elapsed.as_nanos() as f64 / timed.calls.max(1) as f64);
            // The figures are taken apart from the time, for they cost some.
            let allocator = crate::backend::allocator(name)?;
            let every = (timed.calls as usize / 64).max(1);
            let sampled = program.run(&*allocator, Replaying { touch: true, sample_every: Some(every) });
            let committed = sampled.samples.iter().filter_map(|s| s.stats.committed).max();
            figures[index] = (timed.calls, timed.refused, timed.peak_requested, committed);
        }
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "allocator",
        "calls",
        "time per call",
        "peak asked for",
        "peak held from the system",
        "refused",
    ]);
    for ((name, times), (calls, refused, peak, committed)) in allocators.iter().zip(&times).zip(figures) {
        table.add_row([
            name.clone(),
            units::count(calls),
            stats::median(times).map_or("–".into(), |ns| format!("{ns:.1} ns")),
            units::bytes(peak as f64),
            committed.map_or("not known".into(), |c| units::bytes(c as f64)),
            units::count(refused),
        ]);
    }
    say!("{table}");
    Ok(())
}
