//! The cache of verdicts: what it has, and what it has not.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crypto::digest::Sha256;
use crypto::issue::seal::SealVersion;
use crypto::verify;
use gateway::cache::{At, Cache, Judged, Question};
use gateway::epochs::Epochs;

use super::{Run, Step, again, seen};
use crate::office::{ISSUER, Office, now};

/// How many the floor is made for: about as many of usual length have room.
pub(super) const VERDICTS: u64 = 20_000;
/// How much memory they may take, in KiB, as by default.
const KIB: u64 = 128 << 10;

pub(super) const STEPS: &[Step] = &[
    Step::new("cache/hit", || lookup(1)).beside("floor/moka-get").counted(200, 20_000),
    Step::new("cache/miss", || lookup(2)).beside("floor/moka-get").counted(200, 20_000),
];

/// What a future gives that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, String> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("the cache waits for somebody".to_owned()),
    }
}

/// Looks for the verdict on this document in a cache that has document 1.
fn lookup(document: u8) -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    let (licence, trust) = (office.licence(1), office.trust());
    let verification = verify::verify(&verify::Question::new(&licence, now()), &trust);
    let epochs = Arc::new(Epochs::default());
    let judged = Judged {
        report: Arc::new(verification.report),
        diagnostic: Arc::new(verification.diagnostic),
        made_at: now(),
        about: None,
        epochs: [epochs.of(ISSUER), epochs.of_seal("33010500000001")].into(),
        drawn: Arc::default(),
    };
    let cache = Cache::new(KIB, epochs);
    let question = |number| Question { document: Sha256([number; 32]), generation: trust.generation(), at: At::Now };
    let keep = cache.verdict(question(1), now(), || async { Ok(judged.clone()) });
    at_once(keep)?.map_err(|problem| format!("{problem:?}"))?;
    let question = question(document);
    let is_kept = at_once(cache.kept(question, now()))?.is_some();
    if is_kept != (document == 1) {
        return Err("the cache has what it should not have, or the other way round".to_owned());
    }
    Ok(again(move || seen(at_once(cache.kept(black_box(question), now())))))
}
