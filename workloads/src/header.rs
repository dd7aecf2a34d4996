//! Reads the comment that opens a workload.
//!
//! ```text
//! // name: one line that says what it is.
//! //
//! // Why: a paragraph; lines that go on are indented.
//! // Size: unit; small 1, default 2, large 3
//! // Result: small 1, default 2, large 3
//! // Stresses: one thing, another thing
//! // Needs: feature, feature            (or `nothing`)
//! // Leaks: no                          (or `yes`)
//! // Measured: cold                     (or `after 2 iterations`; then `, by default` for the default runs)
//! ```

use crate::{Feature, Sizes, Workload};

/// The workload that `source` describes in its header. Lists are kept for the life of the program.
pub(crate) fn parse(name: &'static str, source: &'static str) -> Result<Workload, String> {
    let mut lines = source.lines().map_while(|line| line.strip_prefix("//"));
    let title = lines.next().ok_or("no header")?.trim();
    let summary = title
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(": "))
        .ok_or("title: not `name: summary`")?;

    // Key and text; a line indented by more than one space goes on with the text before it.
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in lines {
        if line.trim().is_empty() {
            continue;
        }
        if let (true, Some((_, text))) = (line.starts_with("  "), fields.last_mut()) {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            let (key, text) = line.trim().split_once(": ").ok_or_else(|| format!("no key in `{line}`"))?;
            fields.push((key, text.to_string()));
        }
    }
    let keys: Vec<&str> = fields.iter().map(|(key, _)| *key).collect();
    let expected = ["Why", "Size", "Result", "Stresses", "Needs", "Leaks", "Measured"];
    if keys != expected {
        return Err(format!("keys are {keys:?}, expected {expected:?}"));
    }
    let mut texts = fields.into_iter().map(|(_, text)| &*text.leak());
    let mut next = || texts.next().ok_or("a key is missing");

    let why = next()?;
    let (size_unit, sizes) = next()?.split_once("; ").ok_or("Size: no `; `")?;
    let sizes = parse_sizes(sizes)?;
    if !(sizes.small < sizes.default && sizes.default < sizes.large) {
        return Err("Size: not in ascending order".to_string());
    }
    let results = parse_sizes(next()?)?;
    let stresses = next()?.split(", ").collect::<Vec<_>>().leak();
    let needs = match next()? {
        "nothing" => &[][..],
        list => list.split(", ").map(parse_feature).collect::<Result<Vec<_>, _>>()?.leak(),
    };
    let leaks = match next()? {
        "yes" => true,
        "no" => false,
        other => return Err(format!("Leaks: {other}")),
    };
    let measured = next()?;
    let by_default = measured.strip_suffix(", by default");
    let warmup = parse_warmup(by_default.unwrap_or(measured))?;
    let by_default = by_default.is_some();
    Ok(Workload {
        name,
        summary,
        why,
        size_unit,
        stresses,
        source,
        sizes,
        results,
        leaks,
        needs,
        warmup,
        by_default,
    })
}

/// Reads `cold` or `after 2 iterations`.
fn parse_warmup(text: &str) -> Result<u32, String> {
    if text == "cold" {
        return Ok(0);
    }
    let count = text.strip_prefix("after ").and_then(|rest| rest.strip_suffix(" iterations"));
    count.and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or_else(|| format!("Measured: {text}"))
}

/// Reads `small 1, default 2, large 3`.
fn parse_sizes(text: &str) -> Result<Sizes, String> {
    let mut parts = text.split(", ");
    let mut number = |label: &str| {
        let part = parts.next().and_then(|part| part.strip_prefix(label)?.strip_prefix(' '));
        part.and_then(|n| n.parse().ok()).ok_or_else(|| format!("no `{label} N` in `{text}`"))
    };
    let sizes = Sizes { small: number("small")?, default: number("default")?, large: number("large")? };
    match parts.next() {
        None => Ok(sizes),
        Some(more) => Err(format!("`{more}` after the sizes")),
    }
}

fn parse_feature(word: &str) -> Result<Feature, String> {
    let found = Feature::NAMES.iter().find(|(_, name)| *name == word);
    found.map(|(feature, _)| *feature).ok_or_else(|| format!("Needs: no feature `{word}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "// a: text.\n//\n// Why: first\n//   second.\n// Size: things; small 1, default 2, large 3\n\
        // Result: small 4, default 5, large 6\n// Stresses: x, y\n// Needs: json, async\n// Leaks: yes\n// Measured: after 3 iterations, by default\ncode // Why: no";

    #[test]
    fn a_header_gives_every_field() {
        let w = parse("a", GOOD).unwrap();
        assert_eq!((w.summary, w.why, w.size_unit), ("text.", "first second.", "things"));
        assert_eq!(w.sizes, Sizes { small: 1, default: 2, large: 3 });
        assert_eq!(w.results, Sizes { small: 4, default: 5, large: 6 });
        assert_eq!(
            (w.stresses, w.needs, w.leaks),
            (&["x", "y"][..], &[Feature::Json, Feature::Async][..], true)
        );
        assert_eq!((w.warmup, w.by_default), (3, true));
        let cold = parse("a", GOOD.replace("after 3 iterations, by default", "cold").leak()).unwrap();
        assert_eq!((cold.warmup, cold.by_default), (0, false));
    }

    #[test]
    fn a_bad_header_is_named() {
        let broken = |from: &str, to: &str| parse("a", GOOD.replace(from, to).leak()).unwrap_err();
        assert_eq!(broken("// a: ", "// b: "), "title: not `name: summary`");
        assert_eq!(broken("json", "jsom"), "Needs: no feature `jsom`");
        assert_eq!(broken("yes", "maybe"), "Leaks: maybe");
        assert_eq!(broken("after 3 iterations, by default", "warm"), "Measured: warm");
        assert_eq!(broken("3 iterations", "0 iterations"), "Measured: after 0 iterations");
        assert_eq!(broken("default 2", "default 0"), "Size: not in ascending order");
        assert_eq!(broken("large 6", "large"), "no `large N` in `small 4, default 5, large`");
        assert_eq!(broken("large 3", "large 3, huge 4"), "`huge 4` after the sizes");
        assert!(broken("// Stresses: x, y\n", "").starts_with("keys are"));
    }
}
