//! The keys of supervision: the rows `W` and `u` of the table in [`keys`](crate::keys).

use crypto::time::Timestamp;

use crate::engine::Space;
use crate::keys::{Key, key, time};
use crate::ledger::Watched;

/// The figures of supervision of one hour. Codes of resources and names of callers hold no zero byte.
pub(crate) fn ledger_hour(about: &Watched, hour: Timestamp) -> Key {
    key(Space::Hot, &[b"W", &[about.tag()], about.code().as_bytes(), &[0], &time(hour)])
}

/// How many changes of cards there were, and which cards are in force.
pub(crate) fn card_head() -> Key {
    key(Space::Hot, &[b"u"])
}

/// The beginning of the keys of cards.
pub(crate) const CARDS: &[u8] = b"u";

/// A change of a card.
pub(crate) fn card(number: u64) -> Key {
    key(Space::Obj, &[CARDS, &number.to_be_bytes()])
}
