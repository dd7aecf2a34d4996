//! The records as one table: a line per sample, a column per figure, for tools that are not ours. As CSV always, and
//! as Parquet where this is built with the feature of that name.

use crate::charts::csv_line;
use crate::record::{Ledger, Record};
use std::fmt;

/// The name of the file as CSV.
pub const FILE: &str = "samples.csv";

/// The name of the file as Parquet.
#[cfg(feature = "parquet")]
pub const PARQUET_FILE: &str = "samples.parquet";

/// The single figures of every record; series and single collections stay in the records. A figure that is not
/// known, or of a sample that failed, is empty.
pub fn csv(records: &[Record]) -> String {
    let columns = columns();
    let mut out = csv_line(&columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>());
    for record in sorted(records) {
        let text = |column: &Column| (column.of)(record).map_or(String::new(), |value| value.to_string());
        out += &csv_line(&columns.iter().map(text).collect::<Vec<_>>());
    }
    out
}

/// The same table as Parquet, its columns optional and of their own types, without compression.
///
/// # Errors
/// What the library says; that is a defect of this crate.
#[cfg(feature = "parquet")]
pub fn parquet(records: &[Record]) -> Result<Vec<u8>, String> {
    use parquet::basic::{LogicalType, Repetition, Type as Physical};
    use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::sync::Arc;

    let said = |error: parquet::errors::ParquetError| error.to_string();
    let columns = columns();
    let field = |column: &Column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Whole => (Physical::INT64, None),
            Kind::Ratio => (Physical::DOUBLE, None),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        let built = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build();
        built.map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>().map_err(said)?;
    let schema = Type::group_type_builder("samples").with_fields(fields).build().map_err(said)?;
    // The same records give the same bytes: the file names no version and no time.
    let properties = WriterProperties::builder().set_created_by("gc-lab".into()).build();
    let mut bytes = Vec::new();
    let mut file =
        SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties)).map_err(said)?;
    let mut group = file.next_row_group().map_err(said)?;
    let rows = sorted(records);
    for column in &columns {
        let values: Vec<Option<Value>> = rows.iter().map(|record| (column.of)(record)).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let known = || values.iter().flatten();
        let mut writer = group.next_column().map_err(said)?.ok_or("a column is missing")?;
        macro_rules! write {
            ($type:ty, $take:expr) => {{
                let values: Vec<_> = known().map($take).collect();
                writer.typed::<$type>().write_batch(&values, Some(&levels), None).map_err(said)?;
            }};
        }
        match column.kind {
            Kind::Text => write!(ByteArrayType, |value| ByteArray::from(value.to_string().into_bytes())),
            Kind::Whole => write!(Int64Type, |value| match value {
                Value::Whole(n) => i64::try_from(*n).unwrap_or(i64::MAX),
                _ => 0,
            }),
            Kind::Ratio => write!(DoubleType, |value| match value {
                Value::Ratio(ratio) => *ratio,
                _ => f64::NAN,
            }),
            Kind::Flag => write!(BoolType, |value| *value == Value::Flag(true)),
        }
        writer.close().map_err(said)?;
    }
    group.close().map_err(said)?;
    file.close().map_err(said)?;
    Ok(bytes)
}

fn sorted(records: &[Record]) -> Vec<&Record> {
    let mut sorted: Vec<&Record> = records.iter().collect();
    sorted.sort_by_key(|r| (r.sample.key(), r.started_unix_ms, r.noise.retaken));
    sorted
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Ratio,
    Flag,
}

/// One figure of one sample.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Whole(u64),
    Ratio(f64),
    Flag(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Whole(number) => number.fmt(f),
            Value::Ratio(ratio) => ratio.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
        }
    }
}

macro_rules! values {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::$variant(value.into())
            }
        })*
    };
}

values!(String => Text, &str => Text, u64 => Whole, u32 => Whole, f64 => Ratio, bool => Flag);

/// How a figure is read from a record.
type Of = Box<dyn Fn(&Record) -> Option<Value>>;

struct Column {
    name: String,
    #[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "CSV has no types"))]
    kind: Kind,
    of: Of,
}

fn columns() -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut column = |name: &str, kind: Kind, of: Of| {
        columns.push(Column { name: name.to_string(), kind, of });
    };
    macro_rules! sample {
        ($kind:ident: $($field:ident)*) => { $(column(stringify!($field), Kind::$kind, Box::new(|r| {
            Some(r.sample.$field.clone().into())
        }));)* };
    }
    macro_rules! measured {
        ($($field:ident)*) => { $(column(stringify!($field), Kind::Whole, Box::new(|r| {
            Some(r.measured.as_ref()?.$field.into())
        }));)* };
    }
    macro_rules! noise {
        ($kind:ident: $($field:ident)*) => { $(column(stringify!($field), Kind::$kind, Box::new(|r| {
            Some(r.noise.$field.into())
        }));)* };
    }
    sample!(Text: engine workload source_hash);
    sample!(Whole: size);
    sample!(Text: allocator front policy);
    sample!(Whole: memory_limit_bytes);
    sample!(Text: thp);
    sample!(Whole: warmup block invocation);
    column("outcome", Kind::Text, Box::new(|r| Some(r.outcome.name().into())));
    measured!(wall_ns cpu_ns setup_ns teardown_ns watch_cpu_ns peak_charged_bytes end_charged_bytes allocations
        refused collection_count pause_total_ns pause_max_ns pause_cpu_total_ns pause_cpu_max_ns);
    type Line = (&'static str, fn(&Ledger) -> Option<u64>);
    const LINES: [Line; 8] = [
        ("asked_bytes", |l| l.asked_bytes),
        ("usable_bytes", |l| l.usable_bytes),
        ("taken_bytes", |l| Some(l.taken_bytes)),
        ("committed_bytes", |l| l.committed_bytes),
        ("rss_anon_bytes", |l| l.rss_anon_bytes),
        ("rss_file_bytes", |l| l.rss_file_bytes),
        ("anon_huge_bytes", |l| l.anon_huge_bytes),
        ("pss_bytes", |l| l.pss_bytes),
    ];
    for moment in ["base", "peak", "end"] {
        for (line, of) in LINES {
            let value = move |r: &Record| {
                let ledgers = &r.measured.as_ref()?.ledger;
                of(match moment {
                    "base" => &ledgers.base,
                    "peak" => &ledgers.peak,
                    _ => &ledgers.end,
                })
            };
            column(&format!("{moment}_{line}"), Kind::Whole, Box::new(move |r| value(r).map(u64::into)));
        }
    }
    noise!(Whole: voluntary_switches involuntary_switches minor_faults major_faults env_bytes);
    noise!(Ratio: wall_over_cpu);
    noise!(Flag: disturbed retaken);
    column("started_unix_ms", Kind::Whole, Box::new(|r| Some(r.started_unix_ms.into())));
    columns
}

#[cfg(all(test, feature = "parquet"))]
mod tests {
    use super::*;
    use crate::record::{Measured, Outcome, Sample};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn both_forms_of_the_table_say_the_same() {
        let ok = Record {
            sample: Sample { engine: "tare".into(), workload: "a, \"b\"".into(), ..Sample::default() },
            measured: Some(Measured { cpu_ns: 1 << 40, ..Measured::default() }),
            outcome: Outcome::Ok,
            ..Record::default()
        };
        let failed = Outcome::TimedOut { after_ms: 5 };
        let late = Record { measured: None, outcome: failed, started_unix_ms: 1, ..ok.clone() };
        let records = [late, ok];
        let bytes = parquet(&records).unwrap();
        assert_eq!(bytes, parquet(&records).unwrap());
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let csv = csv(&records);
        let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        assert_eq!(rows.len(), 2);
        for (row, record) in rows.iter().zip(sorted(&records)) {
            let columns: Vec<_> = row.get_column_iter().collect();
            assert_eq!(columns.iter().map(|c| c.0.as_str()).collect::<Vec<_>>(), head);
            for ((_, field), column) in columns.iter().zip(super::columns()) {
                let expected = (column.of)(record).map_or("null".into(), |value| match value {
                    Value::Text(text) => format!("\"{text}\""),
                    other => other.to_string(),
                });
                let found = field.to_string();
                let same =
                    found == expected || found.parse::<f64>().is_ok_and(|f| expected.parse::<f64>() == Ok(f));
                assert!(same, "{}: {found} and not {expected}", column.name);
            }
        }
    }
}
