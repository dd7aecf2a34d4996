//! `gc-lab report`: the page and the findings, from the records of a run.

use std::path::{Path, PathBuf};
use tare_reports::RECORDS_FILE;
use tare_reports::record::{BadLine, Outcome, read_records};

/// Makes the report of a directory, or of a file of records, and says where it is and what was found. Returns
/// whether every line of the records could be read.
///
/// # Errors
/// A sentence that names what could not be read or written. Without a single record nothing is written: what is
/// there stays.
pub fn report(place: &Path) -> Result<bool, String> {
    let (path, directory) = if place.is_file() {
        (place.to_path_buf(), place.parent().map_or(PathBuf::new(), Path::to_path_buf))
    } else {
        (place.join(RECORDS_FILE), place.to_path_buf())
    };
    let (records, bad) = read_records(&path).map_err(|e| {
        let (file, out) = (path.display(), directory.display());
        format!("cannot read the records {file}: {e}; `gc-lab run --out {out}` makes them")
    })?;
    for line in bad.iter().take(8) {
        eprintln!("{} line {} is left out: {}", path.display(), line.line, line.message);
    }
    if bad.len() > 8 {
        eprintln!("{} more lines are left out", bad.len() - 8);
    }
    if records.is_empty() {
        let why = bad.first().map_or("it is empty".into(), |line| line.message.clone());
        return Err(format!(
            "{} holds no record that can be read ({why}); no report was made. Name a directory of `gc-lab run`, \
             or its {RECORDS_FILE}",
            path.display()
        ));
    }
    let report = tare_reports::build(&records).map_err(|e| format!("cannot make the report: {e}"))?;
    let page =
        report.write(&directory).map_err(|e| format!("cannot write into {}: {e}", directory.display()))?;
    for finding in &report.findings {
        say!("{}", wrap(&format!("{}: {}", finding.topic, finding.text), 96));
    }
    let failed = records.iter().filter(|r| matches!(r.outcome, Outcome::Crashed { .. })).count();
    if failed > 0 {
        say!("Samples whose process died: {failed}.");
    }
    let disturbed = records.iter().filter(|r| r.noise.disturbed).count();
    if disturbed > 0 {
        let retaken = records.iter().filter(|r| r.noise.retaken).count();
        say!("Samples that were disturbed: {disturbed} of {}; taken again: {retaken}.", records.len());
    }
    say!("\nReport: {}", page.display());
    Ok(torn_only(&bad, &path))
}

/// Whether nothing is unreadable but the last line, as an interrupted run leaves it.
fn torn_only(bad: &[BadLine], path: &Path) -> bool {
    match bad {
        [] => true,
        [line] => std::fs::read(path)
            .is_ok_and(|bytes| !bytes.ends_with(b"\n") && bytes.split(|b| *b == b'\n').count() == line.line),
        _ => false,
    }
}

/// Breaks a text into lines; those after the first are indented.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("aa bb cc dd", 5), "aa bb\n  cc\n  dd");
        assert_eq!(wrap("one", 2), "one");
    }
}
