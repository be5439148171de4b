//! Licences, keys and callers for tests. People and companies are invented; their numbers have valid check characters.

use crypto::issue::{CertificateBuilder, KeyType, Name, SealBuilder, SealVersion, Signer, SigningKey};
use crypto::licence::number::citizen_check_character;
use crypto::licence::{Holder, HolderCodeType, HolderNumber, Identifier, Metadata, Operation};
use crypto::seal::Seal;
use crypto::seal_register::{self, Change};
use crypto::time::{Date, Timestamp};
use crypto::verify::Verified;
use storage::licences::{Ingest, StatusChange};
use storage::seals::SealRecord;
use storage::{Keys, Options};

pub(crate) const ISSUER: &str = "11330105002500287C";
pub(crate) const TYPE: &str = "11100000000013338W009";
pub(crate) const NAME: &str = "测试甲乙丙";

pub(crate) fn keys() -> Keys {
    Keys::new([1; 32], [2; 32])
}

/// Small sizes: tests open many stores.
pub(crate) fn options() -> Options {
    Options { memory_bytes: 16 << 20, ..Options::default() }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The day on which tests take place.
pub(crate) fn now() -> Timestamp {
    at("2026-03-01T00:00:00Z")
}

/// The number of the invented citizen `n`.
pub(crate) fn citizen(n: u16) -> String {
    let first = format!("11010519800101{n:03}");
    let check = citizen_check_character(&first).unwrap();
    format!("{first}{check}")
}

pub(crate) fn number(n: u16) -> HolderNumber {
    HolderNumber::parse(HolderCodeType::CitizenNumber, &citizen(n), now().date()).unwrap()
}

pub(crate) fn identifier(serial: &str, version: u16) -> Identifier {
    Identifier::new(TYPE, ISSUER, serial, version).unwrap()
}

/// A licence of the citizens `holders` with this document.
pub(crate) fn licence(serial: &str, version: u16, holders: &[u16], document: &[u8]) -> Verified {
    let holder = |n: &u16| Holder { name: NAME.to_owned(), code: citizen(*n), code_type: HolderCodeType::CitizenNumber };
    let metadata = Metadata {
        name: "食品经营许可证".to_owned(),
        type_name: "食品经营许可证".to_owned(),
        type_code: TYPE.to_owned(),
        number: format!("JY{serial}"),
        identifier: identifier(serial, version),
        issuer_name: "某某局".to_owned(),
        issuer_code: ISSUER.to_owned(),
        issuer_level: None,
        issued: Date::new(2026, 1, 1).unwrap(),
        holders: holders.iter().map(holder).collect(),
        valid_from: None,
        valid_until: Date::new(2030, 12, 31),
        extras: std::collections::BTreeMap::new(),
    };
    metadata.validate().unwrap();
    Verified::for_tests(metadata, document.to_vec())
}

pub(crate) fn ingest_at(now: Timestamp) -> Ingest {
    Ingest { operation: None, actor: "issuing-system".to_owned(), organisation: ISSUER.to_owned(), now }
}

pub(crate) fn ingest() -> Ingest {
    ingest_at(now())
}

pub(crate) fn status(operation: Operation) -> StatusChange {
    StatusChange {
        operation,
        reason: None,
        actor: "issuing-system".to_owned(),
        organisation: ISSUER.to_owned(),
        effective_at: None,
        successor: None,
        now: now().plus(60),
    }
}

/// A seal with this identifier and picture, of which nothing but its structure is good, and its record from so many seconds later.
pub(crate) fn seal(id: &str, picture: &[u8], seconds: i64) -> (SealRecord, Vec<u8>) {
    let key = SigningKey::from_label(KeyType::Sm2, "maker");
    let maker = CertificateBuilder::new(&Name::new("licet tests", "maker"), &key, 1).self_signed(&key);
    let builder = SealBuilder::new(SealVersion::V5, id, "某某局", now(), now().plus(86_400 * 365));
    let der = builder.user(&maker).picture("png", picture, (40, 40)).build(Signer::new(&maker, &key));
    let seal = Seal::from_der(&der).unwrap();
    let record = SealRecord::new(&seal, ISSUER, ("issuing-system", ISSUER), now().plus(seconds));
    (record, der)
}

pub(crate) fn seal_change(operation: seal_register::Operation) -> Change {
    Change {
        operation,
        effective_at: None,
        now: now().plus(60),
        reason: None,
        evidence: Vec::new(),
        actor: "issuing-system".to_owned(),
        organisation: ISSUER.to_owned(),
        successor: None,
        delivery: None,
        request: None,
    }
}
