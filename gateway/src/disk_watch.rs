//! The disk under the store, watched: how much room is left on it, and whether it still answers. What is seen shuts and opens the gate
//! of the store before anything fails; nobody has to restart anything.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crypto::time::Timestamp;
use storage::{Room, Store};

use crate::clock;
use crate::live::Live;
use crate::shutdown::Shutdown;

/// How often it is looked whether writes go on: a few loads from memory.
const TICK: Duration = Duration::from_millis(200);

/// How often the file system is asked for its room.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// Records are taken until so much of `storage.free_mib_min` is left: one part of so many.
const RECORDS_PART: u64 = 4;

/// A gate that shut opens again when there is more than this part above its mark, so that it does not rattle.
const MARGIN_PART: u64 = 8;

/// What is known of the disk.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Free space, in MiB, or why the system did not tell.
    pub free_mib: Option<Result<u64, String>>,
    /// The turn of the store that is under way, and since when.
    turn: Option<(u64, Instant)>,
    /// Since when the store has been waiting for the disk too long.
    pub hangs_since: Option<Timestamp>,
    /// When it was first seen that a write had failed.
    pub failed_at: Option<Timestamp>,
}

/// Watches the disk.
#[derive(Debug, Default)]
pub struct DiskWatch {
    seen: Mutex<Seen>,
}

impl DiskWatch {
    /// What is known of the disk.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.state().clone()
    }

    /// Looks whether the store waits for the disk, and shuts its gate when it has for too long. True when that is new.
    pub fn look_at_writes(&self, store: &Store, stall: Duration, at: Instant, now: Timestamp) -> bool {
        let mut seen = self.state();
        let turn = store.gate().turn();
        seen.turn = match (turn, seen.turn) {
            (Some(turn), Some((before, since))) if turn == before => Some((turn, since)),
            (Some(turn), _) => Some((turn, at)),
            (None, _) => None,
        };
        let hangs = seen.turn.filter(|(_, since)| at.saturating_duration_since(*since) >= stall);
        let Some((turn, _)) = hangs else {
            seen.hangs_since = None;
            return false;
        };
        store.gate().hangs(turn);
        let is_new = seen.hangs_since.is_none();
        seen.hangs_since.get_or_insert(now);
        is_new
    }

    /// Takes note of the free space, and sets what the store may write from now on. The new room, where it is another one.
    pub fn look_at_room(&self, store: &Store, free_mib: Result<u64, String>, min_mib: u64) -> Option<Room> {
        let before = store.gate().room();
        // A file system that does not tell is no full one: what it refuses is found out by writing.
        let after = free_mib.as_ref().map_or(before, |free| room(before, *free, min_mib));
        self.state().free_mib = Some(free_mib);
        store.gate().set_room(after);
        (after != before).then_some(after)
    }

    /// Takes note that a write has failed, and says when that was first seen.
    pub fn has_failed(&self, now: Timestamp) -> Timestamp {
        *self.state().failed_at.get_or_insert(now)
    }

    fn state(&self) -> MutexGuard<'_, Seen> {
        // Every change is a few assignments.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What there is room for with so much free space.
fn room(before: Room, free_mib: u64, min_mib: u64) -> Room {
    let mark = |mark: u64, is_shut: bool| if is_shut { mark.saturating_add(mark / MARGIN_PART) } else { mark };
    if free_mib < mark(min_mib / RECORDS_PART, before == Room::None) {
        Room::None
    } else if free_mib < mark(min_mib, before != Room::Ample) {
        Room::Records
    } else {
        Room::Ample
    }
}

/// Free space of the file system that holds this folder, in MiB, as far as its user may have it.
///
/// # Errors
/// Those of the system, in its words.
pub fn free_mib(folder: &Path) -> Result<u64, String> {
    let told = rustix::fs::statvfs(folder).map_err(|error| error.to_string())?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize) >> 20)
}

/// The same for a task, which must not wait for a disk.
async fn free_mib_under(folder: PathBuf) -> Result<u64, String> {
    // A file system that hangs holds one thread and no more: who waits for it does not ask again.
    let asked = tokio::task::spawn_blocking(move || free_mib(&folder)).await;
    asked.unwrap_or_else(|error| Err(error.to_string()))
}

/// Watches until it is time to stop.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let room = tokio::spawn(watch_room(Arc::clone(&live), shutdown.clone()));
    while tokio::time::timeout(TICK, shutdown.requested()).await.is_err() {
        let app = live.current();
        let (stall, now) = (app.config.storage.stall(), clock::now());
        if app.condition.disk.look_at_writes(app.store(), stall, clock::instant(), now) {
            app.metrics.condition.stalls.inc();
            tracing::error!(after_ms = app.config.storage.stall_ms, "the disk does not answer: writes are refused until it does");
        }
    }
    // What it still waits for, nobody needs.
    room.abort();
}

async fn watch_room(live: Arc<Live>, mut shutdown: Shutdown) {
    loop {
        let app = live.current();
        let free = free_mib_under(app.config.storage.path.clone()).await;
        if let Err(error) = &free {
            tracing::warn!(error, "the file system does not tell how much room there is");
        }
        match app.condition.disk.look_at_room(app.store(), free, app.config.storage.free_mib_min) {
            Some(Room::Ample) => tracing::info!("there is room on the disk again"),
            Some(Room::Records) => tracing::error!("the disk is nearly full: changes are refused"),
            Some(Room::None) => tracing::error!("the disk is full: whatever has to be put on record is refused"),
            None => {}
        }
        drop(app);
        if tokio::time::timeout(ROOM_EVERY, shutdown.requested()).await.is_ok() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::Keys;

    use super::*;

    #[test]
    fn changes_stop_first_and_begin_again_last() {
        let mut now = Room::Ample;
        for (free, expected) in [
            (1000, Room::Ample),
            (400, Room::Ample),
            (399, Room::Records),
            (449, Room::Records),
            (450, Room::Ample),
            (399, Room::Records),
            (100, Room::Records),
            (99, Room::None),
            (111, Room::None),
            (112, Room::Records),
            (0, Room::None),
            (5000, Room::Ample),
        ] {
            now = room(now, free, 400);
            assert_eq!(now, expected, "{free}");
        }
        assert_eq!(room(Room::Ample, 0, 0), Room::Ample, "0 asks for nothing");
    }

    #[test]
    fn a_file_system_that_does_not_tell_changes_nothing() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let watch = DiskWatch::default();
        assert_eq!(watch.look_at_room(&store, Ok(1), 8), Some(Room::None));
        assert_eq!(watch.look_at_room(&store, Err("no".to_owned()), 8), None);
        assert_eq!(store.gate().room(), Room::None);
        assert_eq!(watch.look_at_room(&store, Ok(9), 8), Some(Room::Ample));
    }

    #[test]
    fn a_folder_has_some_room_and_a_missing_one_says_why() {
        assert!(free_mib(Path::new("/")).is_ok());
        assert!(free_mib(Path::new("/nothing/here")).is_err());
    }
}
