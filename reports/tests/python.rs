//! The example in Python finds in the table of samples what the report says.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tare_reports::{Report, build};

/// The lines of a CSV file of the report, by column. None of its fields is quoted in these records but policies.
fn table(report: &Report, name: &str) -> Vec<BTreeMap<String, String>> {
    let content = &report.files.iter().find(|f| f.0 == name).unwrap().1;
    let mut lines = content.lines().map(|line| line.split(',').map(str::to_string).collect::<Vec<_>>());
    let head = lines.next().unwrap();
    lines.map(|line| head.iter().cloned().zip(line).collect()).collect()
}

#[test]
fn three_figures_come_out_the_same() {
    let mut records = common::records();
    // A record that was taken again counts once, as in the report.
    let mut again = records[5].clone();
    again.measured.as_mut().unwrap().cpu_ns *= 3;
    again.noise.disturbed = true;
    again.started_unix_ms -= 1;
    records.insert(5, again);
    let report = build(&records).unwrap();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    report.write(&directory).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/recompute.py");
    let output = match Command::new("python3").arg(example).arg(&directory).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("python3 cannot be run ({error}): the example was not tried");
            return;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = |kind: &str| -> Vec<Vec<&str>> {
        let of_kind = |line: &&str| line.split('\t').next() == Some(kind);
        said.lines().filter(of_kind).map(|line| line.split('\t').skip(1).collect()).collect()
    };

    let heat = table(&report, "heat-time-tare.csv");
    assert_eq!(lines("time").len(), heat.len());
    for line in lines("time") {
        let cell = heat.iter().find(|c| {
            (c["workload"].as_str(), c["allocator"].as_str(), c["front"].as_str())
                == (line[0], line[1], line[2])
        });
        let (report, python): (f64, f64) =
            (cell.unwrap()["ratio"].parse().unwrap(), line[3].parse().unwrap());
        assert!((report - python).abs() < 2e-4, "{line:?}: the report says {report}");
    }

    assert_eq!(lines("memory").len(), 8);
    for line in lines("memory") {
        let row = format!("<td class=\"l\">tare · {} · {}</td>", line[0], line[1]);
        let from = report.html.find(&row).unwrap_or_else(|| panic!("no row {row} in the ledger"));
        let row = &report.html[from..][..report.html[from..].find("</tr>").unwrap()];
        assert!(row.ends_with(&format!("<td>{}</td>", line[2])), "{line:?}: the report says {row}");
    }

    let figures: Vec<_> =
        table(&report, "figures.csv").into_iter().filter(|c| c["engine"] == "tare").collect();
    assert_eq!(lines("pause").len(), figures.len());
    for line in lines("pause") {
        let same = |c: &&BTreeMap<String, String>| {
            let key = ["workload", "allocator", "front", "policy"].map(|name| c[name].as_str());
            key == [line[0], line[1], line[2], line[3]]
        };
        let cell = figures.iter().find(same).unwrap();
        assert_eq!(cell["pause_max_ns"], line[4], "{line:?}");
    }
}
