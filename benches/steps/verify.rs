//! A whole verification of a sealed licence in process, with nothing kept: all references, two chains of three, two keys.

use std::hint::black_box;

use crypto::issue::seal::SealVersion;
use crypto::verify::{Question, verify};
use gateway::cache::At;
use gateway::verdict::{Document, Inquiry};

use super::{Run, Step, again, seen};
use crate::inside::{Inside, memory};
use crate::office::{Office, now};
use crypto::digest::Sha256;

pub(super) const STEPS: &[Step] = &[
    Step::new("verify/ofd-v1", || ofd(SealVersion::V1)).beside("floor/ofd-primitives"),
    Step::new("verify/ofd-v4", || ofd(SealVersion::V4)).beside("floor/ofd-primitives").counted(50, 20),
    Step::new("verify/ofd-v5", || ofd(SealVersion::V5)).beside("floor/ofd-primitives"),
    Step::new("verify/judge", judge).beside("verify/ofd-v4").counted(50, 20),
];

fn ofd(version: SealVersion) -> Result<Run, String> {
    let office = Office::new(version);
    let (document, trust) = (office.licence(1), office.trust());
    let report = verify(&Question::new(&document, now()), &trust).report;
    if !report.verdict.is_passed() {
        return Err(format!("the licence is not good: {:?}", report.verdict));
    }
    Ok(again(move || seen(verify(&Question::new(black_box(&document), now()), &trust))))
}

/// The same by the gateway, with what is on record about licence and seal.
fn judge() -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    let gateway = Inside::new(&office, memory()?)?;
    let document = office.licence(1);
    let sha256 = Sha256::of(&[&document]);
    let inquiry =
        Inquiry { document: Document::Given(document.into()), sha256, at: At::Moment(now()), now: gateway.now(), along: None };
    let trust = gateway.app.trust.current();
    gateway.app.judge.judge(&inquiry, &trust).map_err(|problem| format!("{problem:?}"))?;
    Ok(again(move || seen(gateway.app.judge.judge(black_box(&inquiry), &trust))))
}
