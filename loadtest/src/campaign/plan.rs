//! What happens in a round: from the seed and the number of the round alone, so that one round can be done again.

use std::time::Duration;

use crate::departments::Chance;
use crate::fault::DiskFault;

/// What is done to the gateway in the middle of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is killed.
    Kill,
    /// It is killed, and the disk forgets what was not synced.
    Power,
    /// It is killed, and again while it starts.
    Twice,
    /// It is asked to stop, and started again.
    Restart,
    /// The disk does something.
    Disk(DiskFault),
}

/// A round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub round: u64,
    /// What is done.
    pub fault: Fault,
    /// After how much load.
    pub at: Duration,
    /// Whether the power goes when the gateway is killed at the end of the round.
    pub power: bool,
    /// For [`Fault::Twice`]: how long the start goes on before it is killed.
    pub start: Duration,
}

impl Fault {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Power => "power lost",
            Self::Twice => "kill -9, and again while it starts",
            Self::Restart => "restart",
            Self::Disk(DiskFault::SyncFails { .. }) => "a sync fails",
            Self::Disk(DiskFault::SyncHangs { .. }) => "a sync hangs",
            Self::Disk(DiskFault::WriteFails { .. }) => "a write fails",
            Self::Disk(DiskFault::Full { .. }) => "disk full",
            Self::Disk(DiskFault::ShortWrites { .. }) => "short writes",
            Self::Disk(DiskFault::SaysFull { .. }) => "disk says that it is full",
            Self::Disk(DiskFault::Forgets) => "syncs do nothing",
        }
    }

    /// Whether the gateway may write nothing any more after it, until it is started again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        use DiskFault::{Full, SyncFails, WriteFails};
        matches!(self, Self::Disk(SyncFails { .. } | WriteFails { .. } | Full { .. }))
    }
}

impl Plan {
    /// The round with this number.
    #[must_use]
    pub fn of(seed: u64, round: u64) -> Self {
        let mut chance = Chance::of(&[seed, 71, round]);
        let mut upto = |most: u32| u32::try_from(chance.next() % u64::from(most)).unwrap_or(0);
        let (at, start, after) = (200 + u64::from(upto(900)), u64::from(upto(400)), upto(40));
        // The first ten rounds are one of each; then chance decides.
        let kind = if round < 10 { round } else { u64::from(upto(10)) };
        let power = upto(2) == 0;
        let fault = match kind {
            0 => Fault::Kill,
            1 => Fault::Power,
            2 => Fault::Disk(DiskFault::SyncFails { after }),
            3 => Fault::Disk(DiskFault::WriteFails { after }),
            4 => Fault::Disk(DiskFault::Full { bytes: upto(200_000) }),
            5 => Fault::Disk(DiskFault::ShortWrites { many: 1 + after }),
            6 => Fault::Disk(DiskFault::SyncHangs { after }),
            7 => Fault::Twice,
            9 => Fault::Disk(DiskFault::SaysFull { free_mib: upto(500) }),
            _ => Fault::Restart,
        };
        let power = fault == Fault::Power || (power && fault != Fault::Restart);
        Self { round, fault, at: Duration::from_millis(at), power, start: Duration::from_millis(start) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_round_follows_from_seed_and_number_and_soon_every_fault_has_come() {
        assert_eq!(Plan::of(1, 7), Plan::of(1, 7));
        assert_ne!(Plan::of(1, 20), Plan::of(2, 20));
        let first: BTreeSet<_> = (0..10).map(|round| Plan::of(5, round).fault.name()).collect();
        assert_eq!(first.len(), 10);
        let later: BTreeSet<_> = (10..200).map(|round| Plan::of(5, round).fault.name()).collect();
        assert_eq!(later, first);
        let plans: Vec<_> = (0..500).map(|round| Plan::of(3, round)).collect();
        assert!(plans.iter().all(|plan| plan.fault != Fault::Power || plan.power));
        assert!(plans.iter().any(|plan| plan.fault.is_final() && plan.power));
        assert!(plans.iter().any(|plan| plan.fault.is_final() && !plan.power));
    }
}
