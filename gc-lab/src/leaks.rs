//! `gc-lab leaks`: what a script keeps alive, and what stays when everything was let go.
//!
//! Two moments are looked at, each after a full collection:
//! - with the globals still there: the largest things the script can still reach, with the path
//!   from the global object (a cache that only grows, a listener that was never removed);
//! - with the context gone: whatever is alive then is held by the host or by a native structure
//!   and can never be freed by the engine.
//!
//! The script finds the host function `__native(value)`, which keeps `value` alive outside of the
//! heap as long as the handle it returns is referred to: a cycle through it cannot be collected.

use crate::matrix::read_script;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use tare::{Alive, AliveReport, Runtime};
use tare_reports::units;

/// Entries of each list.
const MOST: usize = 12;

/// What is smaller than this is not listed among the largest.
const LEAST_BYTES: usize = 1024;

/// Runs a script and prints what is alive; as JSON when asked.
///
/// # Errors
/// A sentence that says what kept the script from running or its heap from being explained.
pub fn leaks(path: &Path, allocator: &str, json: bool) -> Result<(), String> {
    let source = read_script(path)?;
    let text = |error: tare::Error| error.to_string();
    // What a runtime keeps for itself, such as the texts of its atoms, is no leak of the script's.
    let own = {
        let runtime = Runtime::builder().track_allocations(true).build().map_err(text)?;
        drop(runtime.new_context().map_err(text)?);
        runtime.explain(0).map_err(text)?
    };
    let allocator = crate::backend::allocator(allocator)?;
    let runtime = Runtime::builder().allocator(allocator).track_allocations(true).build().map_err(text)?;
    let context = runtime.new_context().map_err(text)?;
    let fresh = runtime.explain(0).map_err(text)?;
    crate::backend::provide_native(&context).map_err(text)?;
    let ended = context.eval(&source, &path.display().to_string()).and_then(|_| runtime.run_jobs());
    let uncaught = ended.err().map(|error| error.to_string());
    if let Some(message) = &uncaught {
        eprintln!("Uncaught {message}");
    }
    let with_globals = runtime.explain(MOST).map_err(text)?;
    drop(context);
    let without = runtime.explain(usize::MAX).map_err(text)?;
    let leaked = beyond(&without, &own);
    // What the engine made for itself is gone with its contexts, unless something that leaked needs it.
    let kept = without.own_bytes.saturating_sub(own.own_bytes);
    let held = without.held;
    if json {
        let list = |list: &[Alive]| {
            let row = |a: &Alive| {
                json!({
                    "what": a.what, "references": a.count, "external_references": a.external,
                    "bytes": a.bytes, "retained_bytes": a.retained_bytes, "path": a.path,
                    "allocated_at": a.allocated_at,
                })
            };
            list.iter().map(row).collect::<Vec<_>>()
        };
        let sites = |sites: &[(String, usize, usize)]| {
            let row = |s: &(String, usize, usize)| json!({"site": s.0, "cells": s.1, "bytes": s.2});
            sites.iter().take(1000).map(row).collect::<Vec<_>>()
        };
        let kinds = |kinds: &[Kind]| {
            kinds.iter().map(|k| json!({"kind": k.0, "cells": k.1, "bytes": k.2})).collect::<Vec<_>>()
        };
        let document = json!({
            "script": path.display().to_string(),
            "uncaught": uncaught,
            "reachable": {
                "cells": with_globals.cells, "bytes": with_globals.bytes, "kinds": kinds(&with_globals.kinds),
                "engine_cells": with_globals.own_cells, "engine_bytes": with_globals.own_bytes,
                "largest": list(&with_globals.largest), "sites": sites(&with_globals.sites),
            },
            "leaked": {
                "cells": leaked.iter().map(|k| k.1).sum::<usize>(),
                "bytes": leaked.iter().map(|k| k.2).sum::<usize>(),
                "engine_bytes": kept,
                "kinds": kinds(&leaked), "sites": sites(&without.sites),
                "held": list(&held[..held.len().min(1000)]),
            },
        });
        say!("{document}");
        return Ok(());
    }
    say!(
        "Reachable when the script had ended: {} cells, {} ({} more than before it); builtins and names: {}.",
        units::count(with_globals.cells as u64),
        units::bytes(with_globals.bytes as f64),
        units::bytes(with_globals.bytes.saturating_sub(fresh.bytes) as f64),
        units::bytes(with_globals.own_bytes as f64)
    );
    let large: Vec<&Alive> =
        with_globals.largest.iter().filter(|a| a.retained_bytes >= LEAST_BYTES).collect();
    print_list("What retains most, with the path that keeps it:", &large);
    print_sites("Where what is reachable was allocated:", &with_globals.sites);
    if held.is_empty() {
        say!("\nNothing was left when the context was gone: no leak.");
        return Ok(());
    }
    say!(
        "\nLeaked: {} cells, {} were still alive when the context was gone.",
        units::count(leaked.iter().map(|k| k.1 as u64).sum()),
        units::bytes(leaked.iter().map(|k| k.2 as f64).sum())
    );
    for (kind, cells, bytes) in &leaked {
        say!("  {kind:<24} {:>10} {:>12}", units::count(*cells as u64), units::bytes(*bytes as f64));
    }
    if kept > 0 {
        say!("They keep builtins and names: {}.", units::bytes(kept as f64));
    }
    say!("Held from outside the heap:");
    for (alike, first) in alike(&held).into_iter().take(MOST) {
        say!(
            "  {:>8} × {:<28} retains {:>10} in all, {} from outside each",
            units::count(alike.len() as u64),
            first.what,
            units::bytes(alike.iter().map(|a| a.retained_bytes as f64).sum()),
            first.external
        );
        if let Some(site) = &first.allocated_at {
            say!("             allocated at {site}");
        }
    }
    print_sites("Where what leaked was allocated:", &without.sites);
    Ok(())
}

/// A kind's name, number of cells and bytes.
type Kind = (&'static str, usize, usize);

/// What one report has more than another, per kind.
fn beyond(report: &AliveReport, own: &AliveReport) -> Vec<Kind> {
    let base: BTreeMap<&str, (usize, usize)> = own.kinds.iter().map(|k| (k.0, (k.1, k.2))).collect();
    report
        .kinds
        .iter()
        .map(|&(kind, cells, bytes)| {
            let (own_cells, own_bytes) = base.get(kind).copied().unwrap_or_default();
            (kind, cells.saturating_sub(own_cells), bytes.saturating_sub(own_bytes))
        })
        .filter(|k| k.1 > 0)
        .collect()
}

/// The entries of a list that say the same, together; the group that retains most first.
fn alike(list: &[Alive]) -> Vec<(Vec<&Alive>, &Alive)> {
    let mut groups: BTreeMap<_, Vec<&Alive>> = BTreeMap::new();
    for alive in list {
        groups.entry((&alive.what, alive.external, &alive.allocated_at)).or_default().push(alive);
    }
    let mut groups: Vec<(Vec<&Alive>, &Alive)> = groups.into_values().map(|g| (g.clone(), g[0])).collect();
    groups.sort_by_key(|(group, _)| std::cmp::Reverse(group.iter().map(|a| a.retained_bytes).sum::<usize>()));
    groups
}

/// Prints the places that allocated most.
fn print_sites(title: &str, sites: &[(String, usize, usize)]) {
    if sites.is_empty() {
        return;
    }
    say!("\n{title}");
    for (site, cells, bytes) in sites.iter().take(MOST) {
        say!("  {:>10} {:>10}  {site}", units::count(*cells as u64), units::bytes(*bytes as f64));
    }
}

fn print_list(title: &str, list: &[&Alive]) {
    if list.is_empty() {
        return;
    }
    say!("{title}");
    for alive in list {
        let outside = match alive.external {
            0 => String::new(),
            n => format!(", {n} from outside"),
        };
        say!(
            "  {:<28} retains {:>10}, itself {}, {} references{outside}",
            alive.what,
            units::bytes(alive.retained_bytes as f64),
            units::bytes(alive.bytes as f64),
            alive.count,
        );
        if let Some(site) = &alive.allocated_at {
            say!("      allocated at {site}");
        }
        if alive.path.len() > 1 {
            say!("      {}", alive.path.join(" → "));
        }
    }
}
