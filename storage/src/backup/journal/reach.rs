//! How far the journal leads from a backup. The names of its segments say it: each leads from one write to another, until a moment, and a
//! name that was changed does not open.

use std::collections::{BTreeMap, BTreeSet};

use crypto::record::LogName;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{BackupError, BackupId, BackupKey, Folder, Harm, Manifest};
use super::{SegmentName, segment};
use crate::engine::Line;

/// Where the journal goes on from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joint {
    /// The run without a gap in which the backup was made.
    pub line: Line,
    /// The number of a write that is in it, as was everything before. It may hold more.
    pub from: u64,
}

/// What a backup is restored to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The backup.
    pub manifest: Manifest,
    /// The segments of the journal that are written over it, in their order.
    pub segments: Vec<SegmentName>,
    /// The segment that the journal does not lead through, and why.
    pub broken: Option<(SegmentName, Harm)>,
}

impl Goal {
    /// A backup as it was made.
    #[must_use]
    pub const fn of(manifest: Manifest) -> Self {
        Self { manifest, segments: Vec::new(), broken: None }
    }

    /// A backup with all of the journal that leads on from it, as far as nothing in it is from after a moment.
    fn along(manifest: Manifest, journal: &Segments, until: Option<Timestamp>) -> Self {
        let mut goal = Self::of(manifest);
        let Some(joint) = goal.manifest.journal else { return goal };
        let mut at = None;
        for (name, harm) in journal.iter().filter(|(name, _)| name.line == joint.line && name.to > joint.from) {
            if until.is_some_and(|until| name.until > until) {
                break;
            }
            // The first one may begin before the backup; what of it is there already is not written again.
            let joins = at.map_or(name.from <= joint.from, |at| at == name.from);
            goal.broken = if joins { *harm } else { Some(Harm::SegmentMissing) }.map(|harm| (*name, harm));
            if goal.broken.is_some() {
                break;
            }
            at = Some(name.to);
            goal.segments.push(*name);
        }
        goal
    }

    /// The moment of the state: what is in it was committed by then, or while the backup was begun.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        let made_at = self.manifest.made_at;
        self.segments.last().map_or(made_at, |last| last.until.max(made_at))
    }
}

/// The segments that there are, and what is wrong with them as far as they were read.
type Segments = BTreeMap<SegmentName, Option<Harm>>;

/// The newest state that can be reached from these backups, which come oldest first, or the newest in which nothing is from after a moment:
/// of the newest backup, as far as the journal leads on from it. Which is the newest, the order of names says, in which no clock counts
/// that was set back. Every byte of the journal is read for it.
///
/// # Errors
/// [`BackupError`] when the folder or the newest backup cannot be read. [`BackupError::NoneUntil`] when there is no backup from before.
/// [`BackupError::Hole`] when the journal does not lead to the moment. [`BackupError::Ahead`] when an older backup has more of the logs.
pub fn goal(folder: &Folder, key: &BackupKey, ids: &[BackupId], until: Option<Timestamp>) -> Result<Goal, BackupError> {
    let mut journal: Segments = folder.segments()?.into_iter().map(|name| (name, None)).collect();
    let is_by_then = |moment: Timestamp| until.is_none_or(|until| moment <= until);
    let mut manifests = Vec::new();
    for id in ids.iter().rev() {
        match folder.manifest(id, key) {
            Ok(manifest) if is_by_then(manifest.made_at) => manifests.push(manifest),
            Err(error) if manifests.is_empty() && is_by_then(id.made_at()) => return Err(error),
            // An older one that does not open is told of by a verification.
            Ok(_) | Err(_) => {}
        }
    }
    let Some(newest) = manifests.first() else {
        return Err(BackupError::NoneUntil { until, folder: folder.path().to_owned() });
    };
    if let Some(ahead) = manifests.iter().find(|older| until.is_none() && has_more(older, newest)) {
        return Err(BackupError::Ahead { newest: newest.id.clone(), ahead: ahead.id.clone() });
    }
    loop {
        let best = Goal::along(newest.clone(), &journal, until);
        if let Some((name, harm)) = first_harm(folder, &best.segments, key)? {
            journal.insert(name, Some(harm));
            continue;
        }
        return match (best.broken, until) {
            (Some((at, harm)), Some(until)) if best.until() < until => Err(BackupError::Hole { at, harm, until: best.until() }),
            _ => Ok(best),
        };
    }
}

/// Whether a backup has more of a log than another. Later shards have later names.
fn has_more(one: &Manifest, other: &Manifest) -> bool {
    let newest = |manifest: &Manifest, log: LogName| {
        let heads = manifest.logs.iter().filter(|head| head.log == log);
        heads.map(|head| (head.period.clone(), head.size)).max()
    };
    LogName::ALL.into_iter().any(|log| newest(one, log) > newest(other, log))
}

/// The first of these segments that is not what was written behind the one before it.
fn first_harm(folder: &Folder, segments: &[SegmentName], key: &BackupKey) -> Result<Option<(SegmentName, Harm)>, BackupError> {
    let mut previous = None;
    for name in segments {
        let (header, sha256) = match segment::read(folder, name, key, &mut |_| (), &mut |_, _| Ok(())) {
            Ok(read) => read,
            Err(BackupError::Damaged { harm, .. }) => return Ok(Some((*name, harm))),
            Err(BackupError::OtherKey { .. }) => return Ok(Some((*name, Harm::OtherKey))),
            Err(BackupError::UnknownFormat { .. }) => return Ok(Some((*name, Harm::UnknownFormat))),
            Err(error) => return Err(error),
        };
        if previous.is_some() && header.previous != previous {
            return Ok(Some((*name, Harm::SegmentOrder)));
        }
        previous = Some(sha256);
    }
    Ok(None)
}

/// Until when the journal leads on from a backup, by the names of its segments.
pub(in super::super) fn reach(manifest: &Manifest, journal: &BTreeSet<SegmentName>) -> Timestamp {
    let journal = journal.iter().map(|name| (*name, None)).collect();
    Goal::along(manifest.clone(), &journal, None).until()
}

#[cfg(test)]
mod tests {
    use crypto::tlog::Hash;

    use super::*;
    use crate::log::KnownHead;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_772_323_200 + seconds)
    }

    fn manifest(journal: Option<Joint>) -> Manifest {
        Manifest {
            id: "20260301T000000Z-00000000".parse().unwrap(),
            made_at: at(0),
            program: "test".to_owned(),
            store_format: "2".to_owned(),
            value_key: "00112233".to_owned(),
            logs: Vec::new(),
            parent: None,
            new_bytes: 0,
            journal,
            pieces: Vec::new(),
        }
    }

    const LINE: Line = Line::new([7; 8]);

    fn segment(line: Line, from: u64, to: u64, seconds: i64) -> SegmentName {
        SegmentName { line, from, to, until: at(seconds) }
    }

    #[test]
    fn later_shards_and_larger_ones_are_more_of_a_log() {
        let with = |heads: &[(LogName, &str, u64)]| {
            let head = |(log, period, size): &(LogName, &str, u64)| KnownHead {
                log: *log,
                period: (*period).to_owned(),
                first: None,
                size: *size,
                root: Hash([0; 32]),
                note: String::new(),
            };
            Manifest { logs: heads.iter().map(head).collect(), ..manifest(None) }
        };
        let [seal, access] = [LogName::Seal, LogName::Access];
        let one = with(&[(seal, "2026", 7), (access, "2026", 9)]);
        assert!(!has_more(&one, &one));
        assert!(has_more(&one, &with(&[])) && !has_more(&with(&[]), &one));
        assert!(has_more(&one, &with(&[(seal, "2026", 7), (access, "2026", 8)])));
        let accepted = with(&[(seal, "2026-r20260303081500", 0), (access, "2026-r20260303081500", 1)]);
        assert!(has_more(&accepted, &one) && !has_more(&one, &accepted));
    }

    #[test]
    fn the_journal_leads_on_as_far_as_it_joins() {
        let other = segment(Line::new([8; 8]), 30, 40, 90);
        let before = segment(LINE, 1, 10, -10);
        let [one, two, four] = [(10, 20, 10), (20, 30, 20), (40, 50, 40)].map(|(from, to, at)| segment(LINE, from, to, at));
        let mut journal: Segments = [other, before, one, two, four].map(|name| (name, None)).into();
        let along = |journal: &Segments, from, until: Option<i64>| {
            let goal = Goal::along(manifest(Some(Joint { line: LINE, from })), journal, until.map(at));
            (goal.segments.clone(), goal.broken, goal.until())
        };
        let hole = Some((four, Harm::SegmentMissing));
        // In the middle of a segment, and between two.
        assert_eq!(along(&journal, 15, None), (vec![one, two], hole, at(20)));
        assert_eq!(along(&journal, 20, None), (vec![two], hole, at(20)));
        assert_eq!(along(&journal, 20, Some(39)), (vec![two], None, at(20)));
        assert_eq!(along(&journal, 15, Some(19)), (vec![one], None, at(10)));
        assert_eq!(along(&journal, 15, Some(5)), (vec![], None, at(0)));
        assert_eq!(along(&journal, 35, None), (vec![], hole, at(0)));
        assert_eq!(along(&journal, 45, None), (vec![four], None, at(40)));
        assert_eq!(along(&journal, 50, None), (vec![], None, at(0)));
        assert_eq!(Goal::along(manifest(None), &journal, None), Goal::of(manifest(None)));
        // As far as the first that is known not to be what it was.
        journal.insert(two, Some(Harm::Segment));
        assert_eq!(along(&journal, 15, None), (vec![one], Some((two, Harm::Segment)), at(10)));
    }
}
