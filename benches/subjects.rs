//! What the records are about: as many seals and people as a city has, some of them more often than others.

use crypto::digest::Sha256;
use crypto::record::{DocumentMention, Ending, EventKind, Facts, SealMention};
use crypto::time::Timestamp;
use storage::log::Draft;

/// So many seals are in use.
pub const SEALS: u64 = 5_000;

/// The first record's time: 2026-01-01 in UTC. A record follows every tenth of a second.
const BEGIN: i64 = 1_767_225_600;

/// The identifier of a seal.
#[must_use]
pub fn seal(number: u64) -> String {
    format!("33010500{number:010}")
}

/// A number without order: what looks random and is the same in every run.
#[must_use]
pub fn mixed(number: u64) -> u64 {
    let mut word = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The time of a record.
#[must_use]
pub fn time(number: u64) -> Timestamp {
    Timestamp::from_unix(BEGIN).plus(i64::try_from(number / 10).unwrap_or(0))
}

/// The use of a seal under a document of its own, for a case of its own.
#[must_use]
pub fn draft(number: u64) -> Draft {
    let chance = mixed(number);
    // Half of all uses are of one seal in fifty.
    let which = if chance & 1 == 0 { (chance >> 8) % (SEALS / 50) } else { (chance >> 8) % SEALS };
    let mut facts = Facts::new(EventKind::SealUse, Ending::Done, format!("stamping-{}", chance % 40));
    facts.organisation = Some("11330105002500287C".to_owned());
    facts.request = Some(format!("{chance:016x}"));
    facts.seals = vec![SealMention { id: seal(which), sha256: Some(Sha256([7; 32])), owner: None }];
    facts.document = Some(DocumentMention { sha256: Some(Sha256::of(&[&number.to_be_bytes()])), sm3: None });
    facts.item = Some(format!("000136{:06}", chance % 700));
    facts.approval = Some(format!("A{number}"));
    let mut draft = Draft::new(time(number), facts);
    draft.subject.case = Some(format!("330105{number:012}"));
    draft
}
