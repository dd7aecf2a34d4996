//! Which features of the suite's `features.txt` are outside the scope `core`.
//!
//! `core` is what the published specification asks of every implementation. Outside it are
//! proposals that have not reached stage 4, the internationalisation API, and Temporal.

/// Features outside `core`, with the reason. Names that end in `*` stand for all that begin so.
pub const EXCLUDED: &[(&str, Why)] = &[
    ("Temporal", Why::Later),
    ("Intl*", Why::Intl),
    ("intl-normative-optional", Why::Intl),
    ("canonical-tz", Why::Intl),
    ("Iterator.prototype.join", Why::Proposal),
    ("ShadowRealm", Why::Proposal),
    ("await-dictionary", Why::Proposal),
    ("decorators", Why::Proposal),
    ("error-stack-accessor", Why::Proposal),
    ("export-defer", Why::Proposal),
    ("immutable-arraybuffer", Why::Proposal),
    ("import-bytes", Why::Proposal),
    ("import-defer", Why::Proposal),
    ("import-text", Why::Proposal),
    ("nonextensible-applies-to-private", Why::Proposal),
    ("source-phase-imports", Why::Proposal),
    ("source-phase-imports-module-source", Why::Proposal),
];

/// Proposals that are asked of engines all the same: every browser has had them for decades, and so does this one.
const ASKED: &[&str] = &["legacy-regexp"];

/// Why a feature is outside `core`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not part of the published specification: a proposal below stage 4.
    Proposal,
    /// Part of ECMA-402, not of ECMA-262.
    Intl,
    /// A subject of its own, counted apart.
    Later,
}

/// The first of a test's features that puts it outside `core`.
pub fn excluded(features: &[String]) -> Option<&str> {
    let listed = |feature: &&String| {
        EXCLUDED.iter().any(|(name, _)| match name.strip_suffix('*') {
            Some(start) => feature.starts_with(start),
            None => *feature == name,
        })
    };
    features.iter().find(listed).map(String::as_str)
}

/// Compares the table with the suite's own list of proposals in `features.txt`.
///
/// Returns a sentence for each difference: a proposal that the table lacks (its tests would count
/// against an engine), or an entry that the suite no longer calls a proposal (its tests would be
/// left out although the feature is standard now).
pub fn compare(features_txt: &str) -> Vec<String> {
    let mut proposals = Vec::new();
    let mut in_proposals = false;
    for line in features_txt.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            // Second-level comments inside the section are not titles of sections.
            match title {
                "Proposed language features" => in_proposals = true,
                "Standard language features" | "Test-Harness Features" => in_proposals = false,
                _ => {}
            }
        } else if in_proposals && !line.starts_with('#') && !line.trim().is_empty() {
            proposals.push(line.split('#').next().unwrap_or(line).trim().to_string());
        }
    }
    let lacks = proposals
        .iter()
        .filter(|name| excluded(std::slice::from_ref(name)).is_none() && !ASKED.contains(&name.as_str()));
    let mut notes: Vec<String> = lacks
        .map(|name| format!("features.txt lists the proposal `{name}`, which the table lacks"))
        .collect();
    let stale =
        EXCLUDED.iter().filter(|(name, why)| *why == Why::Proposal && !proposals.iter().any(|p| p == name));
    notes.extend(stale.map(|(name, _)| format!("`{name}` is no longer a proposal in features.txt")));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn excluded_features_are_found_by_name_and_by_prefix() {
        assert_eq!(excluded(&names(&["class", "decorators"])), Some("decorators"));
        assert_eq!(excluded(&names(&["Intl.Locale"])), Some("Intl.Locale"));
        assert_eq!(excluded(&names(&["class", "Symbol", "IsHTMLDDA"])), None);
        assert_eq!(excluded(&[]), None);
    }

    #[test]
    fn the_table_is_compared_with_the_suite_both_ways() {
        let mut text =
            "## Proposed language features\n#\n# Words\nnew-thing # link\n## test262 special specifier\n"
                .to_string();
        for (name, why) in EXCLUDED {
            if *why == Why::Proposal && *name != "decorators" {
                text.push_str(&format!("{name}\n"));
            }
        }
        text.push_str("## Standard language features\nclass\ndecorators\n");
        assert_eq!(
            compare(&text),
            [
                "features.txt lists the proposal `new-thing`, which the table lacks",
                "`decorators` is no longer a proposal in features.txt"
            ]
        );
    }
}
