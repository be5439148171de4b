//! The store: one licence read, one row written and synced, 64 records in one synced write.

use std::hint::black_box;

use crypto::issue::seal::SealVersion;
use crypto::verify::{Question, verify};
use storage::Store;
use storage::licences::Ingest;

use super::{Run, Step, again, seen};
use crate::folder::Folder;
use crate::inside::{memory, on_disk};
use crate::office::{ISSUER, Office, now};
use crate::subjects::draft;

pub(super) const STEPS: &[Step] = &[
    Step::new("store/get", || get(true)).beside("floor/rocks-get"),
    Step::new("store/get-memory", || get(false)).counted(20, 400).untimed(),
    Step::new("store/put-synced", put).beside("floor/fdatasync"),
    Step::new("store/multi-64", multi).beside("floor/rocks-batch-64"),
];

/// A store with licence 1.
fn with_licence(store: &Store) -> Result<(), String> {
    let office = Office::new(SealVersion::V4);
    let document = office.licence(1);
    let verified = verify(&Question::new(&document, now()), &office.trust()).into_verified(document);
    let verified = verified.ok_or("the licence is not good")?;
    let how = Ingest { operation: None, actor: "bench".to_owned(), organisation: ISSUER.to_owned(), now: now() };
    store.licences().ingest(&verified, &how).map(drop).map_err(|error| error.to_string())
}

fn get(is_on_disk: bool) -> Result<Run, String> {
    let folder = Folder::temporary()?;
    let store = if is_on_disk { on_disk(folder.path())? } else { memory()? };
    with_licence(&store)?;
    let identifier = Office::identifier(1).ok_or("the identifier is none")?;
    store.licences().record(&identifier).map_err(|error| error.to_string())?.ok_or("the licence is not there")?;
    Ok(again(move || {
        let _kept = &folder;
        seen(store.licences().record(black_box(&identifier)));
    }))
}

fn put() -> Result<Run, String> {
    let folder = Folder::temporary()?;
    let store = on_disk(folder.path())?;
    store.probe(now()).map_err(|error| error.to_string())?;
    Ok(again(move || {
        let _kept = &folder;
        seen(store.probe(now()));
    }))
}

fn multi() -> Result<Run, String> {
    let folder = Folder::temporary()?;
    let store = on_disk(folder.path())?;
    let mut next = 0;
    Ok(again(move || {
        let _kept = &folder;
        let drafts: Vec<_> = (next..next + 64).map(draft).collect();
        next += 64;
        seen(store.logs().append_and_wait(&drafts));
    }))
}
