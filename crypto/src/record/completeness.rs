//! Proof that an answer has every record of a seal, or of a person, in a range of time.
//!
//! Each record of a key says how many came before it and what their digest is ([`Link`]). Between two records of the key there can
//! be no other ones than those that lead from what the first says to what the second says. So it takes the first record of the
//! range, whose link says that the one before is older than the range; all numbers; and the first record behind the range. Reading
//! a log is itself put on record in the chain of the key, so that there always is one behind.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Facts, KeyKind, Link, LogName, Opening, Stamp};
use crate::digest::Sha256;
use crate::report::Text;
use crate::time::Timestamp;
use crate::tlog::{Hash, leaf_hash, merkle};

/// A record in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// Its number in the log.
    pub number: u64,
    /// The origin of the checkpoint of its shard.
    pub origin: String,
    /// Its place among the leaves of that tree.
    pub index: u64,
    /// The record, as far as it is shown.
    pub opening: Opening,
    /// The proof that it is in the tree.
    pub path: Vec<Hash>,
}

impl Proven {
    fn stamp(&self) -> Result<Stamp, CompletenessError> {
        let stamp: Option<Stamp> = self.opening.read(Opening::STAMP);
        stamp.filter(|stamp| stamp.number == self.number).ok_or(CompletenessError::Stamp)
    }

    /// Its link of a key, if it has one and shows it.
    fn link(&self, kind: KeyKind, key: &Sha256) -> Option<Link> {
        let links = (Opening::LINKS..self.opening.parts.len()).filter_map(|place| self.opening.read::<Link>(place));
        links.into_iter().find(|link| (link.kind, &link.key) == (kind, key))
    }
}

/// All records of a key in a range of time, and the proof that they are all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// The log.
    pub log: LogName,
    /// What kind of key.
    pub kind: KeyKind,
    /// The key, as links have it.
    pub key: Sha256,
    /// From when on: absent for the beginning of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until when, this second included: absent for all that came before `end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The records, oldest first. Each shows its stamp, the first shows its link of the key.
    pub rows: Vec<Proven>,
    /// The first record of the key behind the range. It shows its stamp and its link of the key.
    pub end: Proven,
    /// The record of the asking, where that is not `end`. Whichever it is, it shows its facts as well: they say of what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<Proven>,
}

/// A tree that a checkpoint has been verified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedTree {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Why an answer is not proven to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletenessError {
    /// The records are not in order.
    Order,
    /// A record does not show its stamp, or is not the one of its number.
    Stamp,
    /// A record is not of the range.
    Range,
    /// A record is of another log.
    Log,
    /// Of the tree of a record no verified checkpoint is known.
    UnknownTree,
    /// A record is not in the tree.
    Tree,
    /// The first record, or the one behind the range, does not show a link of the key.
    Key,
    /// What comes before the first record may be of the range.
    Start,
    /// What should be behind the range is not.
    End,
    /// A record was left out.
    LeftOut,
    /// A record was added.
    Added,
    /// The numbers are not those that the links have.
    Chain,
}

impl Completeness {
    /// Checks that these are all records of the key in the range. `tree` gives the verified tree of an origin.
    ///
    /// # Errors
    /// [`CompletenessError`] says what is wrong.
    pub fn check(&self, tree: &dyn Fn(&str) -> Option<VerifiedTree>) -> Result<(), CompletenessError> {
        let mut firsts = BTreeMap::new();
        for record in self.rows.iter().chain([&self.end]).chain(&self.asking) {
            self.check_tree(record, tree)?;
            // Numbers go on as places do: no shard has two records of one number.
            let first = record.number.checked_sub(record.index).ok_or(CompletenessError::Stamp)?;
            if *firsts.entry(&record.origin).or_insert(first) != first {
                return Err(CompletenessError::Stamp);
            }
        }
        let stamps = self.rows.iter().map(Proven::stamp).collect::<Result<Vec<_>, _>>()?;
        let end = self.end.stamp()?;
        self.check_order(&stamps, end)?;
        self.check_chain(&stamps)?;
        self.check_asking(end)
    }

    /// What the record of the asking says. A key says by itself neither which seal nor which person it is of; this record, which is
    /// in the chain of the key, does of a seal. Nothing where it does not show that. Only to be believed after
    /// [`Self::check`].
    #[must_use]
    pub fn asked(&self) -> Option<Facts> {
        self.asking.as_ref().unwrap_or(&self.end).opening.read(Opening::FACTS)
    }

    /// That a record is where it says it is.
    fn check_tree(&self, record: &Proven, tree: &dyn Fn(&str) -> Option<VerifiedTree>) -> Result<(), CompletenessError> {
        // Origins end in the name of the log and the period.
        if record.origin.rsplit('/').nth(1) != Some(self.log.name()) {
            return Err(CompletenessError::Log);
        }
        let VerifiedTree { size, root } = tree(&record.origin).ok_or(CompletenessError::UnknownTree)?;
        let leaf = leaf_hash(&record.opening.entry().0);
        merkle::verify_inclusion(record.index, size, &leaf, &root, &record.path).or(Err(CompletenessError::Tree))
    }

    /// That the records ascend within the range, and the end is behind it.
    fn check_order(&self, stamps: &[Stamp], end: Stamp) -> Result<(), CompletenessError> {
        let mut pairs = stamps.iter().zip(stamps.iter().skip(1).chain([&end]));
        if pairs.any(|(one, next)| one.number >= next.number || one.at > next.at) {
            return Err(CompletenessError::Order);
        }
        let is_inside =
            |stamp: &Stamp| self.from.is_none_or(|from| stamp.at >= from) && self.until.is_none_or(|until| stamp.at <= until);
        if !stamps.iter().all(is_inside) {
            return Err(CompletenessError::Range);
        }
        if self.until.is_some_and(|until| end.at <= until) { Err(CompletenessError::End) } else { Ok(()) }
    }

    /// That the records lead from the first link to the last.
    fn check_chain(&self, stamps: &[Stamp]) -> Result<(), CompletenessError> {
        let end = self.link_of(&self.end)?;
        let Some(first) = self.rows.first() else {
            return self.check_start(&end, CompletenessError::LeftOut);
        };
        let mut link = self.link_of(first)?;
        self.check_start(&link, CompletenessError::Start)?;
        let count = end.count.checked_sub(link.count).and_then(|count| usize::try_from(count).ok());
        match count.ok_or(CompletenessError::Chain)? {
            count if count > stamps.len() => return Err(CompletenessError::LeftOut),
            count if count < stamps.len() => return Err(CompletenessError::Added),
            _ => {}
        }
        for (row, stamp) in self.rows.iter().zip(stamps) {
            if row.link(self.kind, &self.key).is_some_and(|shown| shown != link) {
                return Err(CompletenessError::Chain);
            }
            link = link.next(*stamp);
        }
        if link == end { Ok(()) } else { Err(CompletenessError::Chain) }
    }

    /// That before this link there is nothing of the range.
    fn check_start(&self, link: &Link, otherwise: CompletenessError) -> Result<(), CompletenessError> {
        match (link.previous, self.from) {
            (None, _) if *link == Link::first(self.kind, self.key) => Ok(()),
            (None, _) => Err(CompletenessError::Chain),
            (Some(previous), Some(from)) if previous.at < from => Ok(()),
            (Some(_), _) => Err(otherwise),
        }
    }

    /// That the asking, where it is not the end, comes behind it in the chain.
    fn check_asking(&self, end: Stamp) -> Result<(), CompletenessError> {
        let Some(asking) = &self.asking else { return Ok(()) };
        let stamp = asking.stamp()?;
        if stamp.number <= end.number || stamp.at < end.at {
            return Err(CompletenessError::Order);
        }
        let (link, before) = (self.link_of(asking)?, self.link_of(&self.end)?);
        if link.count > before.count { Ok(()) } else { Err(CompletenessError::Chain) }
    }

    fn link_of(&self, record: &Proven) -> Result<Link, CompletenessError> {
        record.link(self.kind, &self.key).ok_or(CompletenessError::Key)
    }
}

impl CompletenessError {
    /// Every error.
    pub const ALL: [Self; 12] = [
        Self::Order,
        Self::Stamp,
        Self::Range,
        Self::Log,
        Self::UnknownTree,
        Self::Tree,
        Self::Key,
        Self::Start,
        Self::End,
        Self::LeftOut,
        Self::Added,
        Self::Chain,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Order => "completeness-order",
            Self::Stamp => "completeness-stamp",
            Self::Range => "completeness-range",
            Self::Log => "completeness-log",
            Self::UnknownTree => "completeness-unknown-tree",
            Self::Tree => "completeness-tree",
            Self::Key => "completeness-key",
            Self::Start => "completeness-start",
            Self::End => "completeness-end",
            Self::LeftOut => "completeness-left-out",
            Self::Added => "completeness-added",
            Self::Chain => "completeness-chain",
        }
    }

    /// A sentence for whoever reads the answer.
    #[must_use]
    pub fn text(self) -> Text {
        let (en, zh) = match self {
            Self::Order => ("The records are not in order.", "记录未按顺序排列。"),
            Self::Stamp => ("A record does not show its own number and time.", "有记录未出示与其相符的编号和时间。"),
            Self::Range => ("A record is outside the range that was asked for.", "有记录不在所查询的时间范围内。"),
            Self::Log => ("A record is of another log.", "有记录属于另一日志。"),
            Self::UnknownTree => ("A record's tree has no verified checkpoint.", "有记录所在的树没有经核验的检查点。"),
            Self::Tree => ("A record is not in the tree that the checkpoint signs.", "有记录不在检查点所签署的树中。"),
            Self::Key => ("A record does not show its link of the key asked for.", "有记录未出示所查询对象的链接。"),
            Self::Start => ("A record at the beginning of the range may be missing.", "时间范围起始处可能缺少记录。"),
            Self::End => ("The record at the end is not behind the range.", "末尾的记录不在时间范围之后。"),
            Self::LeftOut => ("A record was left out.", "有记录被遗漏。"),
            Self::Added => ("A record was added that is not of the key.", "混入了不属于所查询对象的记录。"),
            Self::Chain => ("The records are not those that the links lead to.", "记录与链接所指向的不一致。"),
        };
        Text { en: en.into(), zh: zh.into() }
    }
}

impl std::fmt::Display for CompletenessError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for CompletenessError {}
