//! Every row, in the order in which the promises were made.

use crate::load::Report;
use crate::options::Options;
use crate::ratio::{Ratio, of_steps};
use crate::row::{Found, Row};
use crate::{ingest, log};

/// What takes HTTPS, and clients beside the gateway.
const BY_LOAD: &str = "by `make load`";

/// Every row, measured. Each is told as soon as it is there.
pub(crate) fn all(options: &Options, mut load: Option<Report>, told: impl Fn(&Row)) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |row: Row| {
        told(&row);
        rows.push(row);
    };
    for (what, target, step, floor, judge) in STEPS {
        let found = of_steps(step, floor, options.rounds).map(|ratio| judge(&ratio));
        add(Row::new(what, target, found.unwrap_or_else(Found::Failed)));
    }
    loaded(OVER_TLS, load.as_mut()).into_iter().for_each(&mut add);
    let ingested = ingest::measure(&options.folder, options.rounds).map(|ratio| Found::speed(&ratio, 0.6));
    let target = "≥ 60 % of one committer, batches of 64";
    add(Row::new("ingest from 64 callers, durable", target, ingested.unwrap_or_else(Found::Failed)));
    let [append, receipts] = log::measure(&options.folder, options.rounds);
    add(Row::new("log append, concurrent callers, synced", "≥ 20,000/s", append));
    add(Row::new("receipts at half that rate", "p99 ≤ 20 ms", receipts));
    loaded(WHOLE, load.as_mut()).into_iter().for_each(&mut add);
    for finding in load.into_iter().flat_map(Report::rest) {
        add(Row { what: finding.what.clone(), target: finding.wanted.clone(), found: Found::Reported(finding) });
    }
    rows
}

/// What it is about, what was promised, the step, its floor, and what their ratio means.
type StepRow = (&'static str, &'static str, &'static str, &'static str, fn(&Ratio) -> Found);

/// Rows that are one step beside another.
const STEPS: &[StepRow] = &[
    ("SM2 verify, cold key, hashing 256 B", "≥ 1.15 × ring P-256", "signature/sm2-cold", "floor/ring-p256", |ratio| {
        Found::speed(ratio, 1.15)
    }),
    (
        "SM2 verify, hot key",
        "≥ 4 × ring P-256 (≤ 128 KiB a key; 2.8 × with 8 KiB)",
        "signature/sm2-hot",
        "floor/ring-p256",
        |ratio| Found::speed(ratio, 4.0),
    ),
    (
        "SM2 verify, 1,024 keys in turn",
        "(prototype: 2.5 × ring P-256)",
        "signature/sm2-many",
        "floor/ring-p256",
        Found::told_speed,
    ),
    ("ECDSA P-256 verify, hot key", "≥ 2 × ring's own", "signature/p256", "floor/ring-p256", |ratio| Found::speed(ratio, 2.0)),
    ("Ed25519 verify, hot key", "≥ 1.3 × dalek's own", "signature/ed25519", "floor/dalek-ed25519", |ratio| {
        Found::speed(ratio, 1.3)
    }),
    (
        "full verification of a 30 KB sealed OFD, uncached, in process",
        "≤ 1.5 × its digests and signatures",
        "verify/ofd-v4",
        "floor/ofd-primitives",
        |ratio| Found::time(ratio, 1.5),
    ),
    (
        "cached verdict by identifier, record in memory, over a pipe",
        "(bare hyper over the same pipe)",
        "flow/identifier-kept",
        "floor/bare-http",
        Found::told_speed,
    ),
];

/// Rows that are measured over HTTPS, beside a gateway.
type LoadRow = (&'static str, &'static str, From);

/// Where such a row comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    /// A finding of this name in a report of `licet-load profile`.
    Profile(&'static str),
    /// It is not in the profile, but so.
    Said(&'static str),
}

const OVER_TLS: &[LoadRow] = &[
    (
        "cached verdict over TLS 1.3 keep-alive, one core, record buffered",
        "≥ 75 % of bare hyper + rustls",
        From::Said("not offered: every record is durable before its answer"),
    ),
    ("the same with the record durable before the answer", "≥ 30 % of that floor", From::Profile("kept verdicts, at most")),
    ("verification by identifier, not a cached verdict", "≥ 50 % of the floor", From::Profile("by identifier, at most")),
    (
        "uncached OFD verification over TLS",
        "≥ 85 % of one core in process, as in the row above",
        From::Profile("sealed documents anew, at most"),
    ),
];

const WHOLE: &[LoadRow] = &[
    (
        "look-up through the broker, one fast source",
        "+ ≤ 0.3 ms at p50",
        From::Said("by `licet-load city --profile one-fast`: [one number](#one-number)"),
    ),
    (
        "look-ups answered within deadline + 5 ms, 4 of 12 departments broken",
        "≥ 99.99 %",
        From::Said("by `licet-load city`: [one number](#one-number)"),
    ),
    ("start-up with 10 million licences", "≤ 2 s to /ready", From::Said("by `licet-load growth`: [growth](#growth)")),
    ("memory at rest", "≤ 300 MB", From::Profile("memory at rest")),
    ("memory under twice the load that it can bear", "flat", From::Profile("memory")),
    ("latency at 10 M licences against 100 k", "≤ 1.5 ×", From::Said("by `licet-load growth`: [growth](#growth)")),
];

fn loaded(rows: &[LoadRow], load: Option<&mut Report>) -> Vec<Row> {
    let mut load = load;
    let row = |&(what, target, from): &LoadRow| {
        let found = match from {
            From::Profile(name) => {
                load.as_mut().and_then(|load| load.take(name)).map_or(Found::Elsewhere(BY_LOAD), Found::Reported)
            }
            From::Said(said) => Found::Elsewhere(said),
        };
        Row { what: what.to_owned(), target: target.to_owned(), found }
    };
    rows.iter().map(row).collect()
}
