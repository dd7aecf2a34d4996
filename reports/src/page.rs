//! The page: one HTML file that needs nothing beside it, and the files that go with it.

use crate::charts::memory::interval;
use crate::charts::{self, Chart, canvas, csv_line};
use crate::data::{Cell, Data, Growth, Setup, pause_share};
use crate::figure::Figure;
use crate::findings::{self, Finding};
use crate::record::Record;
use crate::samples;
use crate::trace_events;
use crate::units;
use askama::Template;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// A finished report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The page.
    pub html: String,
    /// The other files: name and content. An SVG and a CSV per chart, and the table of figures.
    pub files: Vec<(String, String)>,
    /// Tables that are no text: name and content.
    pub tables: Vec<(String, Vec<u8>)>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The name of the page inside its directory.
pub const PAGE: &str = "report.html";

struct FigureView {
    id: String,
    short: String,
    title: String,
    caption: String,
    wide: String,
    narrow: String,
}

struct RowView {
    engine: String,
    workload: String,
    size: String,
    allocator: String,
    policy: String,
    samples: usize,
    time: String,
    peak: String,
    rss: String,
    collections: String,
    share: String,
    longest: String,
}

/// A line of the ledger: sums over workloads, so that a large heap weighs as it does in a process.
struct LedgerView {
    name: String,
    workloads: usize,
    columns: Vec<String>,
}

struct FailureView {
    point: String,
    outcome: String,
    times: usize,
    message: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    light: String,
    dark: String,
    subtitle: String,
    several_engines: bool,
    findings: &'a [Finding],
    figures: Vec<FigureView>,
    workloads: &'a [String],
    ledger: Vec<LedgerView>,
    ledger_note: String,
    confidence: String,
    margin: String,
    thp: &'a str,
    rows: Vec<RowView>,
    all_rows: usize,
    failures: Vec<FailureView>,
    machines: &'a [String],
    engines: &'a [String],
    builds: &'a [String],
    commands: &'a [String],
}

/// Makes the report. The same records in any order give the same bytes.
///
/// # Errors
/// When a chart cannot be drawn or the page not be filled in; both are defects of this crate.
pub fn build(records: &[Record]) -> Result<Report, String> {
    let data = Data::new(records);
    let findings = findings::all(&data);
    let charts = charts::all(&data)?;
    let html = page(&data, &findings, &charts)?;
    let mut files = vec![
        ("figures.csv".to_string(), figures_csv(&data)),
        (samples::FILE.to_string(), samples::csv(records)),
        (trace_events::FILE.to_string(), trace_events::json(&data)),
    ];
    for chart in charts {
        files.push((format!("{}.svg", chart.id), chart.wide.plain()));
        files.push((format!("{}.csv", chart.id), chart.csv));
    }
    #[cfg(feature = "parquet")]
    let tables = vec![(samples::PARQUET_FILE.to_string(), samples::parquet(records)?)];
    #[cfg(not(feature = "parquet"))]
    let tables = Vec::new();
    Ok(Report { html, files, tables, findings })
}

impl Report {
    /// Writes the page and its files into a directory and returns the path of the page.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, directory: &Path) -> io::Result<PathBuf> {
        std::fs::create_dir_all(directory)?;
        for (name, content) in &self.files {
            std::fs::write(directory.join(name), content)?;
        }
        for (name, content) in &self.tables {
            std::fs::write(directory.join(name), content)?;
        }
        let page = directory.join(PAGE);
        std::fs::write(&page, &self.html)?;
        Ok(page)
    }
}

fn page(data: &Data, findings: &[Finding], charts: &[Chart]) -> Result<String, String> {
    let figures = charts
        .iter()
        .map(|chart| FigureView {
            id: chart.id.clone(),
            short: match data.engines.iter().find(|e| chart.id.ends_with(&format!("-{e}"))) {
                Some(engine) => format!("{}, {engine}", chart.short),
                None => chart.short.clone(),
            },
            title: chart.title.clone(),
            caption: chart.caption.clone(),
            wide: chart.wide.themed(&chart.title),
            narrow: chart.narrow.themed(&chart.title),
        })
        .collect();
    let p = &data.provenance;
    let workloads = data.workloads.len();
    let subtitle = format!(
        "{} samples of {workloads} {} under {} {} and {} {} on {}, {}.",
        units::count(data.records as u64),
        plural(workloads, "workload"),
        data.memories.len(),
        plural(data.memories.len(), "memory set-up"),
        data.policies.len(),
        if data.policies.len() == 1 { "collection policy" } else { "collection policies" },
        data.engines.join(" and "),
        p.day,
    );
    let rows = table(data);
    let page = Page {
        light: canvas::css_variables(false),
        dark: canvas::css_variables(true),
        subtitle,
        several_engines: data.engines.len() > 1,
        findings,
        figures,
        workloads: &data.workloads,
        ledger_note: ledger_note(data),
        ledger: ledger(data),
        confidence: findings::share_words(findings::RULE.confidence),
        margin: findings::share_words(findings::RULE.margin),
        thp: &data.base_thp,
        rows,
        all_rows: data.cells.len(),
        failures: data
            .failures
            .iter()
            .map(|f| {
                let k = &f.key;
                FailureView {
                    point: format!(
                        "{} · {} {} · {} · {} · {}",
                        k.engine, k.workload, k.size, k.allocator, k.front, k.policy
                    ),
                    outcome: f.outcome.name().to_string(),
                    times: f.times,
                    message: f.outcome.message(),
                }
            })
            .collect(),
        machines: &p.machines,
        engines: &p.engines,
        builds: &p.builds,
        commands: &p.commands,
    };
    page.render().map_err(|e| e.to_string())
}

/// What the columns of the ledger are of.
fn ledger_note(data: &Data) -> String {
    let policies: Vec<String> = data.base_policy.iter().map(|(e, p)| format!("{p} ({e})")).collect();
    format!(
        "Growth of a process from before its engine started up to its peak, under {}: medians of the samples, summed \
         over the workloads that every line has. Each column holds the one before it, up to what the kernel backs with \
         pages.",
        policies.join(", ")
    )
}

/// The ledger of each allocator and front at the peak.
fn ledger(data: &Data) -> Vec<LedgerView> {
    let mut lines = Vec::new();
    for engine in &data.engines {
        let policy = data.base_policy.get(engine);
        let mut setups: Vec<Setup> = data
            .cells
            .keys()
            .filter(|k| &k.engine == engine && Some(&k.policy) == policy)
            .map(crate::data::CellKey::setup)
            .collect();
        setups.sort();
        setups.dedup();
        let programs = |s: &Setup| -> BTreeSet<(String, u64)> {
            data.cells_under(s).map(|c| (c.key.workload.clone(), c.key.size)).collect()
        };
        let common = setups.iter().map(programs).reduce(|a, b| a.intersection(&b).cloned().collect());
        let common = common.unwrap_or_default();
        for setup in &setups {
            let cells: Vec<&Cell> = data
                .cells_under(setup)
                .filter(|c| common.contains(&(c.key.workload.clone(), c.key.size)))
                .collect();
            let sum =
                |f: fn(&Growth) -> Option<f64>| -> Option<f64> { cells.iter().map(|c| f(&c.growth)).sum() };
            let said = |v: Option<f64>| v.map_or("–".to_string(), units::bytes);
            let (asked, anon) = (sum(|g| g.asked), sum(|g| g.rss_anon));
            let mut columns = vec![
                said(asked),
                said(sum(|g| g.usable)),
                said(sum(|g| g.taken)),
                said(sum(|g| g.committed)),
                said(anon),
                said(sum(|g| g.anon_huge)),
                said(sum(|g| g.rss_file)),
                said(sum(|g| g.pss)),
            ];
            let per_byte = asked.zip(anon).filter(|(a, _)| *a > 0.0).map(|(a, r)| r / a);
            columns.push(per_byte.map_or("–".into(), |r| format!("{r:.2}")));
            let mut name = format!("{} · {}", setup.allocator, setup.front);
            if data.engines.len() > 1 {
                name = format!("{engine} · {name}");
            }
            if setup.thp != data.base_thp {
                name += &format!(" · huge pages {}", setup.thp);
            }
            lines.push(LedgerView { name, workloads: cells.len(), columns });
        }
    }
    lines
}

/// The table of the page: the cells that lie on one of the two comparisons.
fn table(data: &Data) -> Vec<RowView> {
    data.cells
        .values()
        .map(|c| RowView {
            engine: c.key.engine.clone(),
            workload: c.key.workload.clone(),
            size: c.key.size.to_string(),
            allocator: match c.key.thp == data.base_thp {
                true => format!("{} · {}", c.key.allocator, c.key.front),
                false => format!("{} · {} · huge pages {}", c.key.allocator, c.key.front, c.key.thp),
            },
            policy: c.key.policy.clone(),
            samples: c.samples,
            time: match interval(c, Figure::Time) {
                Some(i) => {
                    format!("{} [{}, {}]", units::time(c.cpu_ns), units::time(i.low), units::time(i.high))
                }
                None => units::time(c.cpu_ns),
            },
            peak: if c.peak_bytes > 0.0 { units::bytes(c.peak_bytes) } else { "–".into() },
            rss: units::bytes(c.rss_bytes),
            collections: if told(c) { format!("{:.0}", c.collections) } else { "–".into() },
            share: if told(c) { units::percent(pause_share(c)) } else { "–".into() },
            longest: if c.pause_max_ns > 0.0 { units::time(c.pause_max_ns) } else { "–".into() },
        })
        .collect()
}

/// Whether the engine tells of its collections; a shell does not.
fn told(cell: &Cell) -> bool {
    cell.key.front != crate::record::SHELL
}

fn figures_csv(data: &Data) -> String {
    let mut csv = csv_line(&[
        "engine",
        "workload",
        "size",
        "allocator",
        "front",
        "policy",
        "memory_limit_bytes",
        "samples",
        "wall_ns",
        "cpu_ns",
        "peak_charged_bytes",
        "peak_requested_bytes",
        "committed_bytes",
        "rss_anon_growth_bytes",
        "collections",
        "pause_total_ns",
        "pause_max_ns",
    ]);
    let known = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.0}"));
    for c in data.cells.values() {
        let k = &c.key;
        csv += &csv_line(&[
            k.engine.clone(),
            k.workload.clone(),
            k.size.to_string(),
            k.allocator.clone(),
            k.front.clone(),
            k.policy.clone(),
            k.memory_limit_bytes.to_string(),
            c.samples.to_string(),
            format!("{:.0}", c.wall_ns),
            format!("{:.0}", c.cpu_ns),
            format!("{:.0}", c.peak_bytes),
            known(c.requested_bytes),
            known(c.growth.committed),
            format!("{:.0}", c.rss_bytes),
            format!("{:.0}", c.collections),
            format!("{:.0}", c.pause_total_ns),
            format!("{:.0}", c.pause_max_ns),
        ]);
    }
    csv
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_string() } else { format!("{word}s") }
}
