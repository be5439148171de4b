//! A licence for the tests of this module.

use super::number::HolderCodeType;
use super::record::{Decision, Record};
use super::status::Operation;
use super::{Holder, Metadata};
use crate::time::{Date, Timestamp};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn record() -> Record {
    let holder = Holder {
        name: "某甲".to_owned(),
        // The worked example of GB 11643-1999.
        code: "11010519491231002X".to_owned(),
        code_type: HolderCodeType::CitizenNumber,
    };
    let metadata = Metadata {
        name: "食品经营许可证".to_owned(),
        type_name: "食品经营许可证".to_owned(),
        type_code: "11100000000013338W009".to_owned(),
        number: "JY10000000000".to_owned(),
        identifier: "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0".parse().unwrap(),
        issuer_name: "某某局".to_owned(),
        issuer_code: "11330105002500287C".to_owned(),
        issuer_level: None,
        issued: Date::new(2025, 5, 23).unwrap(),
        holders: vec![holder],
        valid_from: None,
        valid_until: Date::new(2030, 5, 22),
        extras: std::collections::BTreeMap::new(),
    };
    metadata.validate().unwrap();
    Record::new(metadata, "ofd", b"document", at("2025-06-01T00:00:00Z"))
}

pub(super) fn decide(operation: Operation, effective_at: &str) -> Decision {
    Decision {
        operation,
        effective_at: at(effective_at),
        recorded_at: Timestamp::MAX,
        reason: None,
        actor: "approvals".to_owned(),
        organisation: "11330105002500287C".to_owned(),
        successor: None,
    }
}
