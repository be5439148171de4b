//! The steps.

use std::sync::Arc;

use crypto::digest::to_hex;

use super::Step;
use crate::engine::{Batch, Direction, Engine, FORMAT_KEY, Range, Space};
use crate::error::{StorageError, StoreError};
use crate::keyring::row::Ring;
use crate::keys::{self, REGISTRY};
use crate::records::KeyCheck;
use crate::secret::Keys;
use crate::shelf::Shelf;
use crate::slots;
use crate::vault::Vault;

/// Every step, from format 1 on.
pub(super) static STEPS: &[Step] = &[Step { from: 1, to: 2, name: "keyring", is_online: true, run: keyring }];

/// Format 1 worked with the keys that it was given; format 2 has its keys in the store, under the one that is given. Licences from
/// before there were status lists get their places.
fn keyring(engine: &Arc<dyn Engine>, keys: &Keys, done: &mut dyn FnMut(u64)) -> Result<Batch, StoreError> {
    let random = ring::rand::SystemRandom::new();
    let ring = if is_new(engine.as_ref())? {
        Ring::new(keys, &random).map_err(|error| StorageError::of_vault(error, "keyring"))?
    } else {
        let ring = Ring::of_given(keys)?;
        let shelf = Shelf::new(Arc::clone(engine), Vault::new(&ring, keys), false);
        check_given(&shelf)?;
        slots::backfill(&shelf, done)?;
        ring
    };
    let (row, mut batch) = (keys::ring(), Batch::new());
    batch.insert(row.space, row.bytes, ring.seal(keys, &random)?);
    Ok(batch)
}

/// Whether nothing but the format is in the store.
fn is_new(engine: &dyn Engine) -> Result<bool, StorageError> {
    for space in Space::ALL {
        let rows = engine.scan(REGISTRY, space, Range::prefix(&[]), Direction::Ascending, 2)?;
        if rows.iter().any(|(key, _)| key != FORMAT_KEY) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Checks the keys against those that a store of format 1 was made with.
pub(crate) fn check_given(shelf: &Shelf) -> Result<(), StoreError> {
    let ours = KeyCheck { index: to_hex(&shelf.vault.blind(b"key check", b"")) };
    match shelf.read::<KeyCheck>(&keys::key_check()) {
        Ok(noted) if noted.as_ref().is_none_or(|kept| kept.value == ours) => Ok(()),
        Ok(_) => Err(StoreError::WrongIndexKey),
        Err(StorageError::WrongKey { sealed }) => Err(StoreError::WrongValueKey { expected: sealed, given: shelf.vault.id() }),
        Err(error) => Err(error.into()),
    }
}
