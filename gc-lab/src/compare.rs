//! `gc-lab compare`: two runs against each other, with intervals instead of single numbers.

use std::path::{Path, PathBuf};
use tare_reports::record::read_records;
use tare_reports::stats::Rule;
use tare_reports::versus::{Options, versus};
use tare_reports::{Figure, RECORDS_FILE, Record};

/// What to compare with what, and what to do with the answer.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How sure, and what is alike.
    pub rule: Rule,
    /// The figures in which B may be worse, and by how much.
    pub limits: Vec<(Figure, f64)>,
    /// Print JSON in place of text.
    pub json: bool,
    /// Where to write the comparison as a page.
    pub html: Option<PathBuf>,
}

/// Compares run `b` with run `a`. Returns false when a limit was passed for certain.
///
/// # Errors
/// A sentence that names what cannot be read, or why the runs cannot be compared.
pub fn compare(a: &Path, b: &Path, wish: &Wish) -> Result<bool, String> {
    let name = |p: &Path| p.display().to_string();
    records(&load(a)?, &load(b)?, (name(a), name(b)), wish)
}

/// Compares records that are in memory already, under the names given.
fn records(a: &[Record], b: &[Record], names: (String, String), wish: &Wish) -> Result<bool, String> {
    let options = Options { a: names.0, b: names.1, rule: wish.rule, limits: wish.limits.clone() };
    let found = versus(a, b, &options)?;
    if !wish.limits.is_empty() && found.overall.iter().all(|s| s.low.is_none()) {
        return Err(
            "--fail-on cannot be decided: the runs share fewer than five blocks; `gc-lab run --repeats 5` \
                    or more makes them"
                .into(),
        );
    }
    if let Some(path) = &wish.html {
        std::fs::write(path, found.html()?).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    if wish.json {
        say!("{}", found.json()?);
    } else {
        say!("{}", found.text().trim_end());
    }
    Ok(!found.failed())
}

fn load(path: &Path) -> Result<Vec<Record>, String> {
    let file = if path.is_dir() { path.join(RECORDS_FILE) } else { path.to_path_buf() };
    let (records, bad) = read_records(&file).map_err(|e| {
        format!("cannot read the records {}: {e}; name a directory of `gc-lab run`", file.display())
    })?;
    for line in &bad {
        tracing::warn!("{} line {}: {}", file.display(), line.line, line.message);
    }
    Ok(records)
}

/// Reads `time:3%,peak:2%`.
///
/// # Errors
/// A sentence that names the part that cannot be read.
pub fn parse_limits(text: &str) -> Result<Vec<(Figure, f64)>, String> {
    let one = |part: &str| {
        let (figure, percent) =
            part.split_once(':').ok_or_else(|| format!("`{part}` is no limit; write it as time:3%"))?;
        let number = percent.trim().trim_end_matches('%').trim().parse::<f64>();
        match number {
            Ok(percent) if (0.0..=1000.0).contains(&percent) => Ok((figure.trim().parse()?, percent / 100.0)),
            _ => Err(format!("`{percent}` is no percentage between 0 and 1000; write it as time:3%")),
        }
    };
    text.split(',').filter(|p| !p.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_wrong_ones_named() {
        assert_eq!(parse_limits("time:3%, peak:2.5").unwrap(), [(Figure::Time, 0.03), (Figure::Peak, 0.025)]);
        assert!(parse_limits("tme:3%").unwrap_err().contains("time, peak, physical, pause"));
        assert!(parse_limits("time").unwrap_err().contains("time:3%"));
        assert!(parse_limits("time:lots").unwrap_err().contains("lots"));
    }
}
