//! The keys of the store and of backups: named anew, replaced by mistake, readable by others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gateway::reload::Outcome;
use storage::Keys;

use super::{again, edit};
use crate::started::{Setup, Started};

/// Writes a key into a file with this mode.
fn key(gateway: &Started, name: &str, byte: &str, mode: u32) {
    let path = gateway.folder.write(name, byte.repeat(32));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn assert_wrong(faults: &str, key: &str, what: &str) {
    assert!(faults.contains(&format!("{key}: ")) && faults.contains(what), "{faults}");
    assert!(!["01", "05", "06", "09"].iter().any(|byte| faults.contains(&byte.repeat(8))), "{faults}");
}

#[tokio::test]
async fn the_key_of_the_store_is_named_anew_and_has_to_open_it() {
    let gateway = Setup::new().start().await;
    key(&gateway, "next.key", "09", 0o600);
    let refused = async || again(&gateway).await.unwrap_err().to_string();
    // Named too soon.
    edit(&gateway, "value_key = \"value.key\"", "value_key = \"next.key\"");
    assert_wrong(&refused().await, "storage.value_key", "the store opens with the key");
    gateway.app.store().keyring().rewrap(&Keys::outside([9; 32])).unwrap();
    let done = again(&gateway).await.unwrap();
    assert_eq!((done.outcome, done.difference.about().collect::<Vec<_>>()), (Outcome::InForce, vec!["storage.value_key"]));
    assert_eq!(done.needs_restart, [""; 0]);

    // Replaced by mistake, without a word in the file.
    key(&gateway, "next.key", "01", 0o600);
    assert_wrong(&refused().await, "storage.value_key", "the store opens with the key");
    key(&gateway, "next.key", "09", 0o644);
    assert_wrong(&refused().await, "storage.value_key", "expected 600");
    key(&gateway, "next.key", "09", 0o600);
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::Unchanged);
    // Wrapped anew while nothing of the configuration changes.
    gateway.app.store().keyring().rewrap(&Keys::outside([1; 32])).unwrap();
    assert_wrong(&refused().await, "storage.value_key", "the store opens with the key");
    edit(&gateway, "value_key = \"next.key\"", "value_key = { command = [\"/bin/cat\", \"value.key\"] }");
    let path = gateway.folder.path().join("value.key");
    edit(&gateway, "\"/bin/cat\", \"value.key\"", &format!("\"/bin/cat\", \"{}\"", path.display()));
    let done = again(&gateway).await.unwrap();
    assert_eq!(done.outcome, Outcome::InForce);
    let told = format!("{:?}", done.difference);
    assert!(told.contains("(not shown)") && !told.contains("/bin/cat"), "{told}");

    key(&gateway, "index.key", "09", 0o600);
    assert_wrong(&refused().await, "storage.index_key", "another index key");
    edit(&gateway, "index_key = \"index.key\"", "");
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce, "the store has its own");
}

#[tokio::test]
async fn a_key_of_backups_that_cannot_be_used_is_refused() {
    let gateway = Setup::new().start().await;
    edit(&gateway, "[admin]", "[backup]\npath = 'backups'\nkey = 'backup.key'\nevery_s = 0\n[admin]");
    let refused = async || again(&gateway).await.unwrap_err().to_string();
    assert_wrong(&refused().await, "backup.key", "cannot be read");
    key(&gateway, "backup.key", "05", 0o640);
    assert_wrong(&refused().await, "backup.key", "expected 600");
    gateway.folder.write("backup.key", "no key");
    fs::set_permissions(gateway.folder.path().join("backup.key"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_wrong(&refused().await, "backup.key", "does not hold a key");
    key(&gateway, "backup.key", "05", 0o600);
    assert_eq!(again(&gateway).await.unwrap().outcome, Outcome::InForce);
    // It is looked at again when it is another.
    key(&gateway, "backup.key", "06", 0o644);
    assert_wrong(&refused().await, "backup.key", "expected 600");
}
