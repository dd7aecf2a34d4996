//! Disagreements that are settled: what an engine prints that is not what the specification says, or what the
//! specification leaves open.
//!
//! A line of the list reads `ENGINE | TEXT | PROGRAM | CLAUSE: REASON`: the line that the engine prints contains
//! TEXT, and the program contains PROGRAM; `*` is any.

/// The list.
#[derive(Default)]
pub struct Settled {
    entries: Vec<Entry>,
}

struct Entry {
    engine: String,
    line: String,
    program: String,
}

impl Settled {
    /// Reads a list.
    pub fn parse(text: &str) -> Result<Settled, String> {
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let mut parts = line.splitn(4, " | ").map(str::trim);
            let mut part = || parts.next().filter(|part| !part.is_empty()).map(str::to_string);
            let (Some(engine), Some(text), Some(program), Some(_reason)) = (part(), part(), part(), part())
            else {
                return Err(format!(
                    "settled disagreements, line {}: wanted ENGINE | TEXT | PROGRAM | CLAUSE: REASON",
                    number + 1
                ));
            };
            entries.push(Entry { engine, line: text, program });
        }
        Ok(Settled { entries })
    }

    /// Whether that line of that engine is settled.
    pub fn covers(&self, engine: &str, line: &str, program: &str) -> bool {
        let holds = |pattern: &str, text: &str| pattern == "*" || text.contains(pattern);
        self.entries.iter().any(|entry| {
            holds(&entry.engine, engine) && holds(&entry.line, line) && holds(&entry.program, program)
        })
    }
}
