//! A seal for the tests of this module.

use super::making::{Making, Mention, Picture};
use super::record::{Change, Record};
use super::status::Operation;
use crate::digest::Sha256;
use crate::time::Timestamp;

pub(super) const OWNER: &str = "11330105002500287C";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn record() -> Record {
    let mention = |name: &[u8]| Mention {
        algorithm: "SHA-256".to_owned(),
        digest: Sha256::of(&[name]).to_string(),
        not_before: None,
        not_after: None,
        organisation: None,
    };
    let picture =
        Picture { kind: "png".to_owned(), sha256: Sha256::of(&[b"picture"]), sm3: "00".repeat(32), width_mm: 40, height_mm: 40 };
    let mut record = Record {
        id: "33010500012345".to_owned(),
        sha256: Sha256::of(&[b"seal"]),
        name: "某某局".to_owned(),
        version: 5,
        maker_sha256: Sha256::of(&[b"maker"]),
        valid_from: at("2026-01-01T00:00:00Z"),
        valid_until: at("2030-12-31T00:00:00Z"),
        organisation: OWNER.to_owned(),
        registered_at: at("2026-01-01T00:00:00Z"),
        registered_by: "office".to_owned(),
        filing: None,
        application: None,
        making: Making {
            sm3: "00".repeat(32),
            created: at("2026-01-01T00:00:00Z"),
            picture,
            maker: mention(b"maker"),
            signers: vec![mention(b"signer")],
        },
        events: Vec::new(),
        previous: None,
        next: None,
    };
    record.events.push(record.filed(OWNER));
    record
}

pub(super) fn change(operation: Operation, effective_at: &str) -> Change {
    Change {
        operation,
        effective_at: Some(at(effective_at)),
        now: Timestamp::MAX,
        reason: None,
        evidence: Vec::new(),
        actor: "office".to_owned(),
        organisation: OWNER.to_owned(),
        successor: None,
        delivery: None,
        request: None,
    }
}
