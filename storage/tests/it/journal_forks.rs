//! What must not be mixed: two histories in one line, two restorations in one folder, two gateways in one folder of backups.

use storage::Store;
use storage::backup;

use crate::journal::{Desk, goal, key, places, quiet, restored};
use crate::sample::{keys, options};
use crate::scratch::Scratch;

#[test]
fn a_store_that_is_restored_to_less_begins_a_new_line() {
    let scratch = Scratch::new("journal-less");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    desk.fill(0..2);
    let kept = desk.segment();
    desk.fill(2..4);
    let lost = desk.segment();
    let seconds = desk.seconds;
    drop(desk);
    let to = scratch.path().join("put-back");
    drop(restored(&folder, &goal(&folder, Some(kept.until)).unwrap(), &to));
    // It is where a segment ends, and another follows that it does not have.
    let desk = Desk::open(&to, &folder, seconds);
    assert_ne!(desk.journal.line(), lost.line);
}

#[test]
fn two_restorations_into_one_folder_are_kept_apart() {
    let scratch = Scratch::new("journal-two");
    let (data, folder) = places(&scratch);
    let mut desk = Desk::open(&data, &folder, 0);
    desk.back_up(&folder);
    drop(desk);
    let (goal, to) = (goal(&folder, None).unwrap(), scratch.path().join("to"));
    let mut second = None;
    backup::restore_to(&folder, &goal, &key(), &to, &mut |_| {
        second.get_or_insert_with(|| backup::restore_to(&folder, &goal, &key(), &to, &mut quiet).unwrap_err().code());
    })
    .unwrap();
    assert_eq!(second, Some("backup-restoring"));
    assert!(!to.join("restoring.lock").exists() && !to.join("restoring").exists());
    Store::open(&to, &keys(), &options()).unwrap();
}

#[test]
fn a_folder_belongs_to_one_gateway() {
    let scratch = Scratch::new("journal-origin");
    let (_, folder) = places(&scratch);
    for _ in 0..2 {
        folder.claim("licet.example/one").unwrap();
    }
    let refused = folder.claim("licet.example/two").unwrap_err();
    assert!(refused.code() == "backup-foreign" && refused.to_string().contains("licet.example/one"), "{refused}");
}
