//! Identifier checks, case mapping and normalisation, per code unit of typical text, next to the same
//! work by `unicode-ident`, `unicode-normalization` and the standard library ("reference").
#![allow(missing_docs, reason = "criterion's macros")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tare_allocators::{Memory, System};
use tare_unicode as u;
use unicode_normalization::UnicodeNormalization;

const SAMPLES: [(&str, &str); 4] = [
    ("ascii", "The quick brown fox jumps over the lazy dog and function_name123 returns "),
    ("latin", "Größe élève Ærøskøbing señor façade Übermaß naïve coöperate Łódź žluťoučký kůň "),
    ("greek", "Πανδαμάτωρ Χρόνος σοφώτερον πάντων Ἀχιλλεύς ἄνδρα μοι ἔννεπε Μοῦσα "),
    ("cjk", "日本語のテキスト処理は速くなければならない。한국어 문장도 마찬가지이다 "),
];

fn text(sample: &str) -> Vec<u16> {
    sample.repeat(4096 / sample.len() + 1).encode_utf16().collect()
}

fn bench(criterion: &mut Criterion) {
    for (name, sample) in SAMPLES {
        let text = text(sample);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(text.len() as u64));
        let count = |f: fn(u32) -> bool| black_box(&text).iter().filter(|&&unit| f(unit.into())).count();
        group.bench_function("is_id_start", |b| b.iter(|| count(u::is_id_start)));
        group.bench_function("is_id_continue", |b| b.iter(|| count(u::is_id_continue)));
        let sum = |f: fn(u32) -> u32| black_box(&text).iter().fold(0u32, |sum, &unit| sum ^ f(unit.into()));
        group.bench_function("fold_simple", |b| b.iter(|| sum(u::fold_simple)));
        group.bench_function("to_upper_full", |b| b.iter(|| sum(|c| u::to_upper_full(c)[0])));
        let system = System;
        let memory = Memory::new(&system);
        for form in [u::Form::Nfc, u::Form::Nfd, u::Form::Nfkc, u::Form::Nfkd] {
            group.bench_function(format!("{form:?}"), |b| {
                b.iter(|| u::normalize(form, u::Text::Utf16(black_box(&text)), memory).unwrap().len());
            });
        }
        let nfd = u::normalize(u::Form::Nfd, u::Text::Utf16(&text), memory).unwrap();
        group.bench_function("Nfc of Nfd", |b| {
            b.iter(|| u::normalize(u::Form::Nfc, u::Text::Utf16(black_box(&nfd)), memory).unwrap().len());
        });
        let chars: Vec<char> = sample.repeat(4096 / sample.len() + 1).chars().collect();
        group.bench_function("reference: is_xid_continue", |b| {
            b.iter(|| black_box(&chars).iter().filter(|&&c| unicode_ident::is_xid_continue(c)).count());
        });
        group.bench_function("reference: to_uppercase", |b| {
            b.iter(|| {
                black_box(&chars).iter().fold(0, |sum, c| sum ^ c.to_uppercase().next().map_or(0, u32::from))
            });
        });
        let string: String = chars.iter().collect();
        group.bench_function("reference: Nfc", |b| {
            b.iter(|| black_box(&string).nfc().collect::<String>().len())
        });
        group.bench_function("reference: Nfd", |b| {
            b.iter(|| black_box(&string).nfd().collect::<String>().len())
        });
        group.finish();
    }
    criterion.bench_function("ranges of Alphabetic", |b| {
        let property = u::lookup_property("Alphabetic", None).unwrap();
        b.iter(|| {
            let mut count = 0;
            black_box(property).for_each_range(|_, _| count += 1);
            count
        });
    });
    criterion.bench_function("case equivalents of everything", |b| {
        b.iter(|| {
            let mut count = 0;
            u::for_each_case_equivalent_in_range(
                0,
                black_box(u::MAX_CODE_POINT),
                u::CaseMode::Unicode,
                |_, _| count += 1,
            );
            count
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
