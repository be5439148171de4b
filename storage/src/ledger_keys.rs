//! The keys of supervision: the rows `W`, `X` and `u` of the table in [`keys`](crate::keys).

use crypto::time::Timestamp;

use crate::engine::Space;
use crate::keys::{Key, key, time};
use crate::ledger::Watched;

/// The figures of supervision of one hour. Codes of resources and names of callers hold no zero byte.
pub(crate) fn ledger_hour(about: &Watched, hour: Timestamp) -> Key {
    key(Space::Hot, &[b"W", &[about.tag()], about.code().as_bytes(), &[0], &time(hour)])
}

/// The beginning of the keys of cards that are in force.
pub(crate) const STANDING: &[u8] = b"X";

/// The card that somebody has, where it is not green.
pub(crate) fn standing(about: &Watched) -> Key {
    key(Space::Hot, &[STANDING, &[about.tag()], about.code().as_bytes()])
}

/// How many changes of cards there were.
pub(crate) fn card_head() -> Key {
    key(Space::Hot, &[b"u"])
}

/// The beginning of the keys of cards.
pub(crate) const CARDS: &[u8] = b"u";

/// A change of a card.
pub(crate) fn card(number: u64) -> Key {
    key(Space::Obj, &[CARDS, &number.to_be_bytes()])
}
