//! Two runs against each other: one verdict per figure, and the single points that differ.
//!
//! The runs are compared block by block, so it matters that block *n* of one ran beside block *n*
//! of the other: `gc-lab compare --run` sees to that. Of two runs made one after the other,
//! whatever changed on the machine between them counts as a difference, and the text says so.

use crate::figure::Figure;
use crate::record::Record;
use crate::stats::{Blocks, Interval, Judged, Pair, Rule, Verdict, complete, judge};
use crate::units;
use askama::Template;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// What A is called.
    pub a: String,
    /// What B is called.
    pub b: String,
    /// How sure, and what is alike.
    pub rule: Rule,
    /// By how much B may be worse: figures and shares.
    pub limits: Vec<(Figure, f64)>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// The figure.
    pub figure: Figure,
    /// The point; `None` for the geometric mean over all.
    pub point: Option<String>,
    /// What is said.
    pub verdict: &'static str,
    /// B divided by A as far as it is known.
    pub ratio: Option<f64>,
    /// The lower end of the interval; `None` for too few blocks.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The level of the interval.
    pub level: f64,
    /// Blocks behind it.
    pub blocks: usize,
}

/// A limit that was set on a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// The figure.
    pub figure: Figure,
    /// The share by which B may be worse.
    pub allowed: f64,
    /// The statements that pass it for certain.
    pub passed_by: Vec<String>,
    /// Whether the overall interval lies below the limit; where it does not, and nothing passes
    /// the limit for certain, more blocks are needed to know.
    pub kept_for_certain: bool,
}

/// The comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Versus {
    /// What A is called.
    pub a: String,
    /// What B is called.
    pub b: String,
    /// How sure all overall statements are together; the single ones are a family of their own.
    pub confidence: f64,
    /// Up to where figures are alike.
    pub margin: f64,
    /// Points that both have.
    pub points: usize,
    /// Whether the runs ran at the same time.
    pub interleaved: bool,
    /// A statement per figure.
    pub overall: Vec<Statement>,
    /// The single points that differ for certain, the largest difference first.
    pub single: Vec<Statement>,
    /// The limits.
    pub limits: Vec<Limit>,
}

type Samples<'a> = BTreeMap<u32, Vec<&'a Record>>;
type Points<'a> = BTreeMap<String, Samples<'a>>;

/// Compares two lists of records.
///
/// # Errors
/// A sentence: the runs have nothing in common, or call different programs or sizes by one name.
pub fn versus(a: &[Record], b: &[Record], options: &Options) -> Result<Versus, String> {
    same_programs(a, b, options)?;
    let (a_points, b_points) = points(a, b);
    let common: Vec<&String> = a_points.keys().filter(|k| b_points.contains_key(*k)).collect();
    if common.is_empty() {
        return Err(format!(
            "{} and {} have no successful sample of the same program, size, allocator, front and policy in common",
            options.a, options.b
        ));
    }
    let row = |key: &String, figure: Figure| -> Vec<Option<Pair>> {
        let (a, b) = (&a_points[key], &b_points[key]);
        let last = a.keys().chain(b.keys()).max().copied().unwrap_or(0);
        let values = |samples: &Samples<'_>, block: u32| -> Vec<f64> {
            let measured = samples.get(&block).into_iter().flatten().filter_map(|r| r.measured.as_ref());
            measured.filter_map(|m| figure.of(m)).collect()
        };
        (0..=last)
            .map(|block| Pair { a: values(a, block), b: values(b, block) })
            .map(|pair| Some(pair).filter(|p| !p.a.is_empty() && !p.b.is_empty()))
            .collect()
    };
    let mut overall = Vec::new();
    let mut single = Vec::new();
    for figure in Figure::ALL {
        let rows: Vec<Vec<Option<Pair>>> = common.iter().map(|key| row(key, figure)).collect();
        for (key, row) in common.iter().zip(&rows) {
            single.push(((figure, Some((*key).clone())), Blocks::new(&complete(vec![row.clone()]))));
        }
        overall.push(((figure, None), Blocks::new(&complete(rows))));
    }
    let overall = statements(overall, options.rule);
    let single = statements(single, options.rule);
    let limits =
        options.limits.iter().map(|(figure, allowed)| limit(*figure, *allowed, &overall, &single)).collect();
    let mut single: Vec<Statement> =
        single.into_iter().filter(|s| matches!(s.verdict, "more" | "less")).collect();
    let size = |s: &Statement| s.ratio.map_or(0.0, |r| r.ln().abs());
    single.sort_by(|x, y| size(y).total_cmp(&size(x)).then_with(|| x.point.cmp(&y.point)));
    Ok(Versus {
        a: options.a.clone(),
        b: options.b.clone(),
        confidence: options.rule.confidence,
        margin: options.rule.margin,
        points: common.len(),
        interleaved: interleaved(a, b),
        overall,
        single,
        limits,
    })
}

fn statements(family: Vec<((Figure, Option<String>), Blocks)>, rule: Rule) -> Vec<Statement> {
    let (names, blocks): (Vec<_>, Vec<Blocks>) = family.into_iter().filter(|f| !f.1.is_empty()).unzip();
    let judged = judge(&blocks, rule);
    let one = |((figure, point), j): ((Figure, Option<String>), Judged)| Statement {
        figure,
        point,
        verdict: word(j.verdict),
        ratio: j.ratio,
        low: j.interval.map(|i| i.low),
        high: j.interval.map(|i| i.high),
        level: j.level,
        blocks: j.blocks,
    };
    names.into_iter().zip(judged).map(one).collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Less => "less",
        Verdict::More => "more",
        Verdict::Alike => "alike",
        Verdict::CannotTell => "cannot tell",
    }
}

fn limit(figure: Figure, allowed: f64, overall: &[Statement], single: &[Statement]) -> Limit {
    let most = 1.0 + allowed;
    let of_figure = |s: &&Statement| s.figure == figure;
    let passed_by = overall
        .iter()
        .chain(single)
        .filter(of_figure)
        .filter(|s| s.low.is_some_and(|low| low > most))
        .map(|s| s.point.clone().unwrap_or_else(|| "all".into()))
        .collect();
    let kept_for_certain = overall.iter().filter(of_figure).any(|s| s.high.is_some_and(|high| high <= most));
    Limit { figure, allowed, passed_by, kept_for_certain }
}

/// The successful samples by point and block, points named by what both runs need to share. Runs
/// of one set-up each, which differ, are compared by program.
fn points<'a>(a: &'a [Record], b: &'a [Record]) -> (Points<'a>, Points<'a>) {
    let program = |r: &Record| match r.sample.size {
        0 => r.sample.workload.clone(),
        size => format!("{} {size}", r.sample.workload),
    };
    let setup = |r: &Record| {
        let s = &r.sample;
        let mut name = format!("{} · {} · {} · {}", s.engine, s.allocator, s.front, s.policy);
        if s.memory_limit_bytes > 0 {
            name += &format!(" · limit {}", units::bytes(s.memory_limit_bytes as f64));
        }
        if s.warmup > 0 {
            name += &format!(" · {} warm-ups", s.warmup);
        }
        name + &format!(" · huge pages {}", s.thp)
    };
    let setups = |records: &[Record]| -> BTreeSet<String> { records.iter().map(setup).collect() };
    let (of_a, of_b) = (setups(a), setups(b));
    let by_program = of_a.len() == 1 && of_b.len() == 1;
    let key = |r: &Record| if by_program { program(r) } else { format!("{} · {}", program(r), setup(r)) };
    let collect = |records: &'a [Record]| {
        // The last record of a key is the one that counts.
        let latest: BTreeMap<String, &Record> = records.iter().map(|r| (r.sample.key(), r)).collect();
        let mut points = Points::new();
        for record in latest.into_values().filter(|r| r.outcome.is_ok() && r.measured.is_some()) {
            points.entry(key(record)).or_default().entry(record.sample.block).or_default().push(record);
        }
        points
    };
    (collect(a), collect(b))
}

/// Refuses runs that mean different things by one name.
fn same_programs(a: &[Record], b: &[Record], options: &Options) -> Result<(), String> {
    type Programs<'a> = BTreeMap<&'a str, (BTreeSet<u64>, BTreeSet<&'a str>)>;
    fn programs(records: &[Record]) -> Programs<'_> {
        let mut programs = Programs::new();
        for r in records {
            let entry = programs.entry(&r.sample.workload).or_default();
            entry.0.insert(r.sample.size);
            entry.1.insert(&r.sample.source_hash);
        }
        programs
    }
    let (of_a, of_b) = (programs(a), programs(b));
    for (name, (sizes, hashes)) in &of_a {
        let Some((other_sizes, other_hashes)) = of_b.get(name) else { continue };
        if hashes != other_hashes || hashes.len() > 1 {
            let short = |h: &BTreeSet<&str>| {
                h.iter().map(|h| h.get(..12).unwrap_or(h)).collect::<Vec<_>>().join(", ")
            };
            return Err(format!(
                "the program `{name}` is not the same in both runs: {} has the text {}, {} has {}; run both with \
                 one version of the script",
                options.a,
                short(hashes),
                options.b,
                short(other_hashes)
            ));
        }
        if sizes != other_sizes {
            let list = |s: &BTreeSet<u64>| s.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "`{name}` ran at size {} in {} and at size {} in {}; run both with the same --size",
                list(sizes),
                options.a,
                list(other_sizes),
                options.b
            ));
        }
    }
    Ok(())
}

/// Whether the runs ran beside each other: the common time is most of the shorter one's.
fn interleaved(a: &[Record], b: &[Record]) -> bool {
    let span = |records: &[Record]| {
        let times = || records.iter().map(|r| r.started_unix_ms);
        (times().min().unwrap_or(0), times().max().unwrap_or(0))
    };
    let ((a0, a1), (b0, b1)) = (span(a), span(b));
    let common = a1.min(b1) as f64 - a0.max(b0) as f64;
    common >= 0.5 * ((a1 - a0).min(b1 - b0)) as f64
}

impl Statement {
    fn interval(&self) -> Option<Interval> {
        Some(Interval { value: self.ratio?, low: self.low?, high: self.high? })
    }

    /// The ratio and its interval, as text.
    pub fn figures(&self) -> String {
        match (self.interval(), self.ratio) {
            (Some(i), _) => format!("{:.3} [{:.3}, {:.3}]", i.value, i.low, i.high),
            (None, Some(ratio)) => format!("{ratio:.3}"),
            (None, None) => "–".into(),
        }
    }

    /// The verdict in words.
    pub fn words(&self) -> &'static str {
        match self.verdict {
            "less" => "B needs less",
            "more" => "B needs more",
            "alike" => "alike",
            _ if self.low.is_none() => "too few blocks",
            _ => "cannot be told apart",
        }
    }
}

impl Limit {
    /// What came of the limit, in a sentence.
    pub fn sentence(&self) -> String {
        let name = format!("{}:{}", self.figure.key(), units::percent(self.allowed).replace(' ', ""));
        if !self.passed_by.is_empty() {
            let more = if self.passed_by.len() > 3 {
                format!(" and {} more", self.passed_by.len() - 3)
            } else {
                String::new()
            };
            format!(
                "{name}: passed for certain, by {}{more}",
                self.passed_by[..self.passed_by.len().min(3)].join("; ")
            )
        } else if self.kept_for_certain {
            format!("{name}: kept for certain")
        } else {
            format!("{name}: not passed for certain, nor kept for certain; more blocks would tell")
        }
    }
}

impl Versus {
    /// Whether a limit was passed for certain.
    pub fn failed(&self) -> bool {
        self.limits.iter().any(|l| !l.passed_by.is_empty())
    }

    /// What is worth knowing before the figures.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.interleaved {
            remarks.push(
                "The runs were made at different times: what changed on the machine between them counts as a \
                 difference. `gc-lab compare --run` makes both in turns."
                    .into(),
            );
        }
        if self.overall.iter().any(|s| s.low.is_none()) {
            let least = crate::stats::blocks::LEAST_BLOCKS;
            remarks.push(format!(
                "Nothing is said of fewer than {least} blocks: `gc-lab run --repeats {least}`."
            ));
        }
        remarks
    }

    /// How the statements are meant, in a sentence.
    pub fn meaning(&self) -> String {
        format!(
            "{} {} in both runs; ratios are B / A, geometric means over them, below 1 is better. Intervals hold together with \
             {} confidence (t over blocks; Holm over the figures, and over the single points); alike means \
             within {}.",
            self.points,
            if self.points == 1 { "point is" } else { "points are" },
            share(self.confidence),
            share(self.margin)
        )
    }

    /// The comparison as text.
    pub fn text(&self) -> String {
        let mut text = format!("A: {}\nB: {}\n{}\n", self.a, self.b, self.meaning());
        for remark in self.remarks() {
            text += &format!("{remark}\n");
        }
        text += "\n";
        for s in &self.overall {
            text +=
                &format!("{:<16} {:<24} {} ({} blocks)\n", s.figure.name(), s.figures(), s.words(), s.blocks);
        }
        for s in self.single.iter().take(12) {
            let point = s.point.as_deref().unwrap_or_default();
            text += &format!("    {:<16} {:<24} {point}\n", s.figure.name(), s.figures());
        }
        if self.single.len() > 12 {
            text += &format!("    and {} more\n", self.single.len() - 12);
        }
        for limit in &self.limits {
            text += &format!("--fail-on {}\n", limit.sentence());
        }
        text
    }

    /// The comparison as JSON.
    ///
    /// # Errors
    /// When a figure has no JSON form, which is a defect.
    pub fn json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|e| e.to_string())
    }

    /// The comparison as a page of its own.
    ///
    /// # Errors
    /// When the page cannot be filled in, which is a defect.
    pub fn html(&self) -> Result<String, String> {
        Page { v: self, meaning: self.meaning(), remarks: self.remarks() }.render().map_err(|e| e.to_string())
    }
}

/// A share as percent without needless digits.
fn share(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[derive(Template)]
#[template(path = "versus.html")]
struct Page<'a> {
    v: &'a Versus,
    meaning: String,
    remarks: Vec<String>,
}

impl Page<'_> {
    /// The statements with a bar each, on an axis that fits them all.
    fn bars(&self) -> Vec<Bar<'_>> {
        let all: Vec<&Statement> = self.v.overall.iter().chain(&self.v.single).collect();
        let ends = all.iter().filter_map(|s| s.interval()).flat_map(|i| [i.low, i.high]);
        let reach = ends
            .map(|v| v.ln().abs())
            .filter(|v| v.is_finite())
            .fold((1.0 + self.v.margin).ln() * 1.5, f64::max);
        let at = |ratio: f64| (50.0 + 48.0 * ratio.ln() / reach).clamp(0.0, 100.0);
        let margin = [1.0 / (1.0 + self.v.margin), 1.0 + self.v.margin].map(at);
        let bar = |statement| {
            let span = Statement::interval(statement).map_or([0.0; 3], |i| [i.low, i.value, i.high].map(at));
            Bar {
                statement,
                margin: [margin[0], margin[1] - margin[0]],
                span: [span[0], (span[2] - span[0]).max(0.4)],
                middle: span[1],
                known: statement.low.is_some(),
            }
        };
        all.into_iter().map(bar).collect()
    }
}

struct Bar<'a> {
    statement: &'a Statement,
    margin: [f64; 2],
    span: [f64; 2],
    middle: f64,
    known: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_short() {
        assert_eq!((share(0.99), share(0.02), share(0.995)), ("99 %".into(), "2 %".into(), "99.5 %".into()));
    }
}
