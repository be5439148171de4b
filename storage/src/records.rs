//! Every value layout, versioned.
//!
//! What is sealed is one byte of version, then JSON. A new layout of a thing takes a new version, and its reader goes on to read
//! the old ones. What kind of thing a value is, its place says, and its place is authenticated.

use crypto::grants::{self, Grant, Usage};
use crypto::licence::Record;
use crypto::record::{Link, Opening};
use crypto::seal_register::{self, Application};
use crypto::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::certificates::CertificateRecord;
use crate::error::StorageError;
use crate::evidence::EvidenceRecord;
use crate::log::Recorded;
use crate::log::rows::{Closed, Head, KeptFrom, Pseudonym, Signed};
use crate::seals::FirstRecord;
use crate::slots::{Backfilled, Owner, Slot};

/// A value that is stored as JSON.
pub(crate) trait Layout: Serialize + DeserializeOwned {
    /// The version that is written, and the only one that stands in its place.
    const VERSION: u8 = 1;
    /// What it is, for errors.
    const WHAT: &'static str;

    /// The bytes to seal.
    fn encode(&self) -> Result<Vec<u8>, StorageError> {
        let mut bytes = vec![Self::VERSION];
        serde_json::to_writer(&mut bytes, self).map_err(|_error| StorageError::Internal)?;
        Ok(bytes)
    }

    /// The value of opened bytes.
    fn decode(bytes: &[u8]) -> Result<Self, StorageError> {
        let (version, json) = bytes.split_first().ok_or(StorageError::Corrupt { what: Self::WHAT })?;
        if *version != Self::VERSION {
            return Err(StorageError::UnknownLayout { what: Self::WHAT, version: *version });
        }
        serde_json::from_slice(json).map_err(|_error| StorageError::Corrupt { what: Self::WHAT })
    }
}

impl Layout for Record {
    const WHAT: &'static str = "licence record";
}

impl Layout for Head {
    const WHAT: &'static str = "head of a log";
}

impl Layout for Opening {
    const WHAT: &'static str = "record of a log";
}

impl Layout for Link {
    const WHAT: &'static str = "chain of a log";
}

impl Layout for Pseudonym {
    const WHAT: &'static str = "pseudonym";
}

impl Layout for Recorded {
    const WHAT: &'static str = "note of a request";
}

impl Layout for Signed {
    const WHAT: &'static str = "note of what was signed";
}

impl Layout for Closed {
    const WHAT: &'static str = "closed shard of a log";
}

impl Layout for KeptFrom {
    const WHAT: &'static str = "note of what is kept of a log";
}

impl Layout for FirstRecord {
    const WHAT: &'static str = "seal record";
}

/// The second layout, in a place of its own: the first stands where nothing is written twice.
impl Layout for seal_register::Record {
    const VERSION: u8 = 2;
    const WHAT: &'static str = "seal record";
}

impl Layout for Application {
    const WHAT: &'static str = "application for a seal";
}

impl Layout for grants::Application {
    const WHAT: &'static str = "application for a grant";
}

impl Layout for Grant {
    const WHAT: &'static str = "grant";
}

impl Layout for Usage {
    const WHAT: &'static str = "usage of a grant";
}

impl Layout for CertificateRecord {
    const WHAT: &'static str = "certificate record";
}

impl Layout for Slot {
    const WHAT: &'static str = "place in a status list";
}

impl Layout for Owner {
    const WHAT: &'static str = "owner of a place in a status list";
}

impl Layout for Backfilled {
    const WHAT: &'static str = "note that every licence has a place";
}

impl Layout for EvidenceRecord {
    const WHAT: &'static str = "evidence record";
}

/// Which version of a licence is the latest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Current {
    pub(crate) version: u16,
}

impl Layout for Current {
    const WHAT: &'static str = "current version";
}

/// What tells in format 1 whether the keys are those of the store. That it opens tells it of the value key.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct KeyCheck {
    /// A keyed digest of a constant, in hexadecimal.
    pub(crate) index: String,
}

impl Layout for KeyCheck {
    const WHAT: &'static str = "key check";
}

/// What readiness probes write.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) at: Timestamp,
}

impl Layout for Probe {
    const WHAT: &'static str = "probe";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::ledger::{Card, CardHead, Tally};
    use crate::restoration::Restoration;
    use crate::tokens::Spent;
    use crate::use_codes::UseCode;

    #[test]
    fn an_unknown_version_is_refused_by_name() {
        let mut bytes = Current { version: 3 }.encode().unwrap();
        assert_eq!(bytes, b"\x01{\"version\":3}");
        assert_eq!(Current::decode(&bytes).unwrap().version, 3);
        bytes[0] = 2;
        let error = Current::decode(&bytes).unwrap_err();
        assert_eq!(error, StorageError::UnknownLayout { what: "current version", version: 2 });
        assert_eq!(Current::decode(&[]).unwrap_err(), StorageError::Corrupt { what: "current version" });
        assert_eq!(Current::decode(b"\x01{").unwrap_err(), StorageError::Corrupt { what: "current version" });
    }

    /// What a version has written must be read for ever, and is written alike until there is a next one.
    #[track_caller]
    fn check_fixture<T: Layout>(json: &str) {
        let stored = [&[T::VERSION], json.trim_end().as_bytes()].concat();
        assert_eq!(String::from_utf8(T::decode(&stored).unwrap().encode().unwrap()), String::from_utf8(stored));
    }

    #[test]
    fn every_version_is_read_and_written() {
        check_fixture::<Record>(include_str!("../tests/fixtures/v1/record.json"));
        check_fixture::<FirstRecord>(include_str!("../tests/fixtures/v1/seal.json"));
        check_fixture::<CertificateRecord>(include_str!("../tests/fixtures/v1/certificate.json"));
        check_fixture::<EvidenceRecord>(include_str!("../tests/fixtures/v1/evidence.json"));
        check_fixture::<seal_register::Record>(include_str!("../tests/fixtures/v2/seal.json"));
        check_fixture::<Application>(include_str!("../tests/fixtures/v1/seal_application.json"));
        check_fixture::<grants::Application>(include_str!("../tests/fixtures/v1/grant_application.json"));
        check_fixture::<Grant>(include_str!("../tests/fixtures/v1/grant.json"));
        check_fixture::<Usage>(r#"{"day":"2026-03-01","questions":1,"records":2,"total":3}"#);
        check_fixture::<Probe>(r#"{"at":"2026-03-01T00:00:00Z"}"#);
        check_fixture::<Restoration>(
            r#"{"at":"2026-03-01T00:00:00Z","lost":[{"log":"seal","period":"2026","from":7,"until":9}]}"#,
        );
        check_fixture::<Tally>(r#"{"calls":3,"errors":1,"slow":1,"refused":0,"classes":[0,2]}"#);
        check_fixture::<Tally>(r#"{"calls":3,"errors":1,"slow":1,"refused":0,"wrong":1,"classes":[0,2]}"#);
        let card = r#"{"number":0,"at":"2026-03-01T00:00:00Z","about":{"kind":"resource","code":"3010010001/1"},"organisation":"11330105002500287C","colour":"yellow","before":"green","used_permille":870,"limit":"slow"}"#;
        check_fixture::<Card>(card);
        check_fixture::<CardHead>(r#"{"count":1}"#);
        check_fixture::<Slot>(r#"{"list":1,"index":131071}"#);
        check_fixture::<Owner>(&format!(r#"{{"lineage":[{}7],"version":2}}"#, "0,".repeat(31)));
        check_fixture::<Backfilled>("{}");
        check_fixture::<catalogue::Head>(r#"{"version":7,"changed_bytes":512,"whole_bytes":262144}"#);
        check_fixture::<catalogue::Whole>(&format!(r#"{{"sha256":"{}"}}"#, "ab".repeat(32)));
        check_fixture::<catalogue::ChangeRecord>(include_str!("../tests/fixtures/v1/catalogue_change_record.json"));
        // This is kept as a file, without the version of a layout: its digest is told to others.
        let file = include_str!("../tests/fixtures/v1/catalogue_change.json").trim_end();
        let read: crypto::catalogue::Change = serde_json::from_str(file).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), file);
        check_fixture::<Spent>(r#"{"at":"2026-03-01T00:00:00Z","attempt":"00ff"}"#);
        check_fixture::<UseCode>(include_str!("../tests/fixtures/v1/use_code.json"));
        check_fixture::<UseCode>(include_str!("../tests/fixtures/v1/presentation.json"));
        check_fixture::<KeyCheck>(r#"{"index":"00ff"}"#);
    }
}
