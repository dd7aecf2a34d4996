//! What the engines printed, line by line, and who stands alone.

use std::fmt;

use crate::settled::Settled;
use crate::worker::Output;

/// How a program went.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// All printed the same, but for settled disagreements and what an engine does not have.
    Same,
    /// Tare crashed, hung or left the heap broken.
    Broken(String),
    /// Tare stands against peers that agree, at this line.
    TareAlone(Difference),
    /// One peer stands against Tare and the other.
    PeerAlone(String, Difference),
    /// No two agree, or there is only one peer.
    Split(Difference),
    /// A program that takes too long for a peer, or meets its limits, shows nothing.
    Unusable(String),
}

/// A line that differs, as each engine printed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Engine and line.
    pub lines: Vec<(String, String)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (engine, line) in &self.lines {
            writeln!(f, "    {engine:11} {line}")?;
        }
        Ok(())
    }
}

impl Verdict {
    /// The short name for counts.
    pub fn kind(&self) -> String {
        match self {
            Verdict::Same => "same".to_string(),
            Verdict::Broken(_) => "broken".to_string(),
            Verdict::TareAlone(_) => "Tare alone".to_string(),
            Verdict::PeerAlone(engine, _) => format!("{engine} alone"),
            Verdict::Split(_) => "split".to_string(),
            Verdict::Unusable(_) => "unusable".to_string(),
        }
    }
}

/// Whether an end says that Tare itself is at fault, whatever the program.
pub fn broken(output: &Output) -> Option<String> {
    let fault = ["crash", "unsound", "hang", "host"].iter().any(|word| output.end.starts_with(word));
    fault.then(|| output.end.clone())
}

/// Lines about limits say nothing: each engine has its own.
fn about_limits(line: &str) -> bool {
    line.contains("InternalError") || line.contains("(more lines")
}

/// Judges the outputs of Tare, the first, and its peers.
pub fn judge(program: &str, outputs: &[(String, Output)], settled: &Settled) -> Verdict {
    let Some(((_, tare), peers)) = outputs.split_first() else { return Verdict::Same };
    if let Some(problem) = broken(tare) {
        return Verdict::Broken(problem);
    }
    let slow = |output: &Output| output.end == "timeout" || broken(output).is_some();
    if let Some((engine, output)) = peers.iter().find(|(_, output)| slow(output)) {
        return Verdict::Unusable(format!("{engine}: {}", output.end));
    }
    if tare.end == "timeout" && peers.is_empty() {
        return Verdict::Unusable("slow".to_string());
    }
    if tare.end == "timeout" {
        return Verdict::Broken("timeout where the peers end".to_string());
    }
    // Who does not have what the whole program is about says so at once.
    let outputs: Vec<&(String, Output)> = outputs
        .iter()
        .filter(|(_, output)| output.lines.first().is_none_or(|line| line != "(absent)"))
        .collect();
    let longest = outputs.iter().map(|(_, output)| output.lines.len()).max().unwrap_or(0);
    for at in 0..=longest {
        // The end of the program stands behind its last line.
        let line = |output: &Output| match output.lines.get(at) {
            Some(line) => line.clone(),
            None if at == output.lines.len() => format!("(end: {})", output.end),
            None => "(ended)".to_string(),
        };
        let all: Vec<(String, String)> =
            outputs.iter().map(|(name, output)| (name.clone(), line(output))).collect();
        if all.iter().any(|(_, line)| about_limits(line)) {
            return Verdict::Unusable("limits".to_string());
        }
        if all.iter().all(|(_, line)| *line == all[0].1) {
            continue;
        }
        let here: Vec<&(String, String)> = all
            .iter()
            .filter(|(engine, line)| !abstains(line) && !settled.covers(engine, line, program))
            .collect();
        if here.len() < all.len() && !all.iter().any(|(_, line)| abstains(line)) {
            // What follows a settled disagreement does not stand side by side.
            return Verdict::Same;
        }
        if here.len() < 2 || here[0].0 != "tare" || here.iter().all(|(_, line)| *line == here[0].1) {
            // Where a line is missing or came too much, the rest does not stand side by side.
            let ends = all.iter().filter(|(_, line)| line.starts_with("(end")).count();
            if ends > 0 && ends < all.len() {
                return Verdict::Same;
            }
            continue;
        }
        let difference = Difference { lines: all.clone() };
        if here.len() == 2 {
            return Verdict::Split(difference);
        }
        let (own, first, second) = (&here[0].1, &here[1].1, &here[2].1);
        return match (own == first, own == second, first == second) {
            (false, false, true) => Verdict::TareAlone(difference),
            (true, false, false) => Verdict::PeerAlone(here[2].0.clone(), difference),
            (false, true, false) => Verdict::PeerAlone(here[1].0.clone(), difference),
            _ => Verdict::Split(difference),
        };
    }
    Verdict::Same
}

fn abstains(line: &str) -> bool {
    line.ends_with("(absent)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(lines: [&[&str]; 3]) -> Vec<(String, Output)> {
        ["tare", "quickjs-ng", "node"]
            .iter()
            .zip(lines)
            .map(|(name, lines)| {
                let lines = lines.iter().map(|line| line.to_string()).collect();
                (name.to_string(), Output { lines, end: "ok".to_string() })
            })
            .collect()
    }

    fn kind(lines: [&[&str]; 3]) -> String {
        let settled = Settled::parse("node | old | * | 1.2.3: a reason").expect("a list");
        judge("", &outputs(lines), &settled).kind()
    }

    #[test]
    fn who_stands_alone_is_found() {
        assert_eq!(kind([&["a", "b"], &["a", "b"], &["a", "b"]]), "same");
        assert_eq!(kind([&["a", "x"], &["a", "b"], &["a", "b"]]), "Tare alone");
        assert_eq!(kind([&["a", "b"], &["a", "x"], &["a", "b"]]), "quickjs-ng alone");
        assert_eq!(kind([&["a", "b"], &["a", "b"], &["a"]]), "node alone");
        assert_eq!(kind([&["a"], &["b"], &["c"]]), "split");
        assert_eq!(kind([&["a"], &["b"], &["t (absent)"]]), "split");
        assert_eq!(kind([&["a", "b"], &["a", "b"], &["old", "b"]]), "same");
        assert_eq!(kind([&["a", "b"], &["a", "b"], &["old", "x"]]), "same");
        assert_eq!(kind([&["a", "b"], &["a", "b"], &["(absent)"]]), "same");
        assert_eq!(kind([&["InternalError"], &["b"], &["c"]]), "unusable");
    }

    #[test]
    fn a_crash_is_one_whatever_the_peers_do() {
        let mut all = outputs([&["a"], &["b"], &["c"]]);
        all[0].1.end = "crash: signal 11".to_string();
        all[1].1.end = "timeout".to_string();
        assert_eq!(judge("", &all, &Settled::default()).kind(), "broken");
    }
}
