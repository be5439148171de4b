//! One record: written down, numbered, linked, sealed and committed, for a caller that waits; in memory, and durably.

use super::{Run, Step, again, seen};
use crate::folder::Folder;
use crate::inside::{memory, on_disk};
use crate::subjects::draft;

pub(super) const STEPS: &[Step] = &[
    Step::new("record/memory", || append(false)).beside("floor/sha256-1k").counted(100, 300),
    Step::new("record/durable", || append(true)).beside("floor/fdatasync"),
];

fn append(is_on_disk: bool) -> Result<Run, String> {
    let folder = Folder::temporary()?;
    let store = if is_on_disk { on_disk(folder.path())? } else { memory()? };
    store.logs().append_and_wait(&[draft(0)]).map_err(|error| error.to_string())?;
    let mut next = 1;
    Ok(again(move || {
        let _kept = &folder;
        seen(store.logs().append_and_wait(&[draft(next)]));
        next += 1;
    }))
}
