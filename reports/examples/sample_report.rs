//! Writes a report from made-up records, to look at the page: `cargo run --example sample_report -- DIR`.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("name the directory to write into")?;
    let report = tare_reports::build(&common::records())?;
    println!("{}", report.write(std::path::Path::new(&directory))?.display());
    for finding in report.findings {
        println!("{}: {}", finding.topic, finding.text);
    }
    Ok(())
}
