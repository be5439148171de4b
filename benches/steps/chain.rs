//! A path of three certificates, with the status of each by a list.

use std::hint::black_box;

use crypto::chain::{Question, judge};
use crypto::issue::seal::SealVersion;
use crypto::x509::{Certificate, Evidence, Purpose};

use super::{Run, Step, again, seen};
use crate::office::{Office, now};

pub(super) const STEPS: &[Step] = &[Step::new("chain/three", three).beside("floor/chain-signatures").counted(50, 30)];

fn three() -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    let (leaf, trust) = (Certificate::from_der(&office.signer).map_err(|error| error.to_string())?, office.trust());
    let ask = move || {
        let evidence = &Evidence::NONE;
        judge(&Question { leaf: black_box(&leaf), purpose: Purpose::Signer, at: now(), certificates: &[], evidence }, &trust)
    };
    let report = ask();
    if !report.verdict.is_passed() {
        return Err(format!("the path is not good: {:?}", report.verdict));
    }
    Ok(again(move || seen(ask())))
}
