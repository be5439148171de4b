//! Every row, in the order in which the promises were made.

use crate::load::Report;
use crate::options::Options;
use crate::ratio::{Ratio, of_steps};
use crate::row::{Found, Row};
use crate::{ingest, log};

/// What takes HTTPS, and clients beside the gateway.
const BY_LOAD: &str = "by `make load`";

/// Every row, measured.
pub(crate) fn all(options: &Options, mut load: Option<Report>) -> Result<Vec<Row>, String> {
    let mut rows = signatures(options.rounds)?;
    rows.extend(in_process(options.rounds)?);
    rows.extend(loaded(&OVER_TLS, load.as_mut()));
    let ingested = Found::speed(&ingest::measure(&options.folder, options.rounds)?, 0.6);
    rows.push(Row::new("ingest from 64 callers, durable", "≥ 60 % of one committer, batches of 64", ingested));
    let [append, receipts] = log::measure(&options.folder, options.rounds)?;
    rows.push(Row::new("log append, concurrent callers, synced", "≥ 20,000/s", append));
    rows.push(Row::new("receipts at half that rate", "p99 ≤ 20 ms", receipts));
    rows.extend(loaded(&WHOLE, load.as_mut()));
    rows.extend(load.into_iter().flat_map(Report::rest).map(|finding| Row {
        what: finding.what.clone(),
        target: finding.wanted.clone(),
        found: Found::Reported(finding),
    }));
    Ok(rows)
}

fn signatures(rounds: usize) -> Result<Vec<Row>, String> {
    let ratio = |step, floor| of_steps(step, floor, rounds);
    let p256 = |step| ratio(step, "floor/ring-p256");
    Ok(vec![
        Row::new("SM2 verify, cold key, hashing 256 B", "≥ 1.15 × ring P-256", Found::speed(&p256("signature/sm2-cold")?, 1.15)),
        Row::new(
            "SM2 verify, hot key",
            "≥ 4 × ring P-256 (≤ 128 KiB a key; 2.8 × with 8 KiB)",
            Found::speed(&p256("signature/sm2-hot")?, 4.0),
        ),
        Row::new(
            "SM2 verify, 1,024 keys in turn",
            "(prototype: 2.5 × ring P-256)",
            Found::told_speed(&p256("signature/sm2-many")?),
        ),
        Row::new("ECDSA P-256 verify, hot key", "≥ 2 × ring's own", Found::speed(&p256("signature/p256")?, 2.0)),
        Row::new(
            "Ed25519 verify, hot key",
            "≥ 1.3 × dalek's own",
            Found::speed(&ratio("signature/ed25519", "floor/dalek-ed25519")?, 1.3),
        ),
    ])
}

fn in_process(rounds: usize) -> Result<Vec<Row>, String> {
    let ofd: Ratio = of_steps("verify/ofd-v4", "floor/ofd-primitives", rounds)?;
    let kept = of_steps("flow/identifier-kept", "floor/bare-http", rounds)?;
    Ok(vec![
        Row::new(
            "full verification of a 30 KB sealed OFD, uncached, in process",
            "≤ 1.5 × its digests and signatures",
            Found::time(&ofd, 1.5),
        ),
        Row::new(
            "cached verdict by identifier, record in memory, over a pipe",
            "(bare hyper over the same pipe)",
            Found::told_speed(&kept),
        ),
    ])
}

/// Rows that `licet-load` measures: a finding of the same name in its report fills them.
const OVER_TLS: [(&str, &str); 4] = [
    ("cached verdict over TLS 1.3 keep-alive, one core, record buffered", "≥ 75 % of bare hyper + rustls"),
    ("the same with the record durable before the answer", "≥ 30 % of that floor"),
    ("verification by identifier, not a cached verdict", "≥ 50 % of the floor"),
    ("uncached OFD verification over TLS", "≥ 85 % of one core in process"),
];

const WHOLE: [(&str, &str); 5] = [
    ("look-up through the broker, one fast source", "+ ≤ 0.3 ms at p50"),
    ("look-ups answered within deadline + 5 ms, 4 of 12 departments broken", "≥ 99.99 %"),
    ("start-up with 10 million licences", "≤ 2 s to /ready"),
    ("memory", "≤ 300 MB at rest; flat under load"),
    ("latency at 10 M licences against 100 k", "≤ 1.5 ×"),
];

fn loaded(rows: &[(&str, &str)], load: Option<&mut Report>) -> Vec<Row> {
    let mut load = load;
    let row = |&(what, target): &(&str, &str)| {
        let found = load.as_mut().and_then(|load| load.take(what)).map_or(Found::Elsewhere(BY_LOAD), Found::Reported);
        Row { what: what.to_owned(), target: target.to_owned(), found }
    };
    rows.iter().map(row).collect()
}
