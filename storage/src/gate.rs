//! The gate in front of the queue of writes. It shuts before anything fails: while the disk has no room, and while the thread
//! that writes hangs. Nothing that is refused here was written, nothing is in doubt, and it opens again by itself.
//!
//! The store has no clock and looks at no file system: whoever runs it does, and says here what was seen.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What there is still room for on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// For everything.
    #[default]
    Ample,
    /// For records of what changes nothing. Changes are refused, so that what is read can still be put on record.
    Records,
    /// For nothing more.
    None,
}

/// Why a write is refused before it is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The thread that writes waits for the disk, and has for too long.
    Hangs,
    /// The disk is nearly full.
    NoRoom,
}

/// The gate of one store.
#[derive(Debug, Default)]
pub struct Gate {
    room: AtomicU8,
    /// How many turns the thread that writes has begun.
    begun: AtomicU64,
    /// How many of them it has ended.
    ended: AtomicU64,
    /// The turn that was found to hang; 0 when none was.
    hangs: AtomicU64,
}

/// A turn of the thread that writes, over when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Gate);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// Says what there is room for from now on.
    pub fn set_room(&self, room: Room) {
        let room = match room {
            Room::Ample => 0,
            Room::Records => 1,
            Room::None => 2,
        };
        self.room.store(room, Ordering::Release);
    }

    /// What there is room for.
    #[must_use]
    pub fn room(&self) -> Room {
        match self.room.load(Ordering::Acquire) {
            0 => Room::Ample,
            1 => Room::Records,
            _ => Room::None,
        }
    }

    /// The number of the turn that the thread which writes is in; nothing while it waits for work.
    #[must_use]
    pub fn turn(&self) -> Option<u64> {
        // In this order: a turn that ends in between counts as one that is under way, never the other way round.
        let ended = self.ended.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        (begun > ended).then_some(begun)
    }

    /// Says that this turn hangs. It counts for this turn alone: with its end the gate is open again.
    pub fn hangs(&self, turn: u64) {
        self.hangs.store(turn, Ordering::Release);
    }

    /// Why a write would be refused now, if it would: one that changes something, or a record of what changed nothing.
    #[must_use]
    pub fn refusal(&self, is_change: bool) -> Option<Refusal> {
        let hangs = self.hangs.load(Ordering::Acquire);
        if hangs != 0 && self.turn() == Some(hangs) {
            return Some(Refusal::Hangs);
        }
        let is_full = match self.room() {
            Room::Ample => false,
            Room::Records => is_change,
            Room::None => true,
        };
        is_full.then_some(Refusal::NoRoom)
    }

    /// Begins a turn.
    pub(crate) fn begin(&self) -> Turn<'_> {
        self.begun.fetch_add(1, Ordering::AcqRel);
        Turn(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_refused_first_and_records_last() {
        let gate = Gate::default();
        for (room, refuses_changes, refuses_records) in
            [(Room::Ample, false, false), (Room::Records, true, false), (Room::None, true, true), (Room::Ample, false, false)]
        {
            gate.set_room(room);
            assert_eq!(gate.room(), room);
            assert_eq!(gate.refusal(true), refuses_changes.then_some(Refusal::NoRoom));
            assert_eq!(gate.refusal(false), refuses_records.then_some(Refusal::NoRoom));
        }
    }

    #[test]
    fn what_hangs_counts_for_one_turn_alone() {
        let gate = Gate::default();
        assert_eq!(gate.turn(), None);
        let turn = gate.begin();
        assert_eq!(gate.turn(), Some(1));
        assert_eq!(gate.refusal(false), None);
        gate.hangs(1);
        assert_eq!(gate.refusal(false), Some(Refusal::Hangs));
        drop(turn);
        assert_eq!((gate.turn(), gate.refusal(false)), (None, None));
        let _next = gate.begin();
        assert_eq!(gate.refusal(true), None, "the next turn has a time of its own");
        // Said too late, of a turn that has ended.
        gate.hangs(1);
        assert_eq!(gate.refusal(true), None);
    }
}
