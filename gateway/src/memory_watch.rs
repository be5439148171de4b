//! Keeps the gateway within its memory: near the limit the caches are emptied, and what can wait is refused until there is memory again.

use std::time::Duration;

use crate::live::Live;
use crate::shutdown::Shutdown;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// From how much of the limit on, in thousandths, memory is short, and below how much it is not any more.
const SHORT_AT: u64 = 900;
const EASY_BELOW: u64 = 800;

/// Decides whether memory is short. Has no clock and reads nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    is_short: bool,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Go on as before.
    Same,
    /// Memory has become short.
    Short,
    /// There is enough again.
    Easy,
}

impl Watch {
    /// Looks at how much is used of how much there may be.
    fn look(&mut self, used: u64, limit: Option<u64>) -> Turn {
        let used_permille = limit.map_or(0, |limit| used.saturating_mul(1000) / limit.max(1));
        let turn = match self.is_short {
            false if used_permille >= SHORT_AT => Turn::Short,
            true if used_permille < EASY_BELOW => Turn::Easy,
            _ => Turn::Same,
        };
        if turn != Turn::Same {
            self.is_short = turn == Turn::Short;
        }
        turn
    }
}

/// Watches until it is time to stop.
pub async fn run(live: std::sync::Arc<Live>, mut shutdown: Shutdown) {
    let mut watch = Watch::default();
    while tokio::time::timeout(EVERY, shutdown.requested()).await.is_err() {
        let Some(used) = used_bytes() else { continue };
        let app = live.current();
        match watch.look(used, app.memory.max_bytes()) {
            Turn::Same => {}
            Turn::Short => {
                tracing::warn!(used_mib = used >> 20, "memory is short: caches are emptied, and what can wait is refused");
                app.admission.is_short_of_memory(true);
                app.cache.clear().await;
            }
            Turn::Easy => {
                tracing::info!(used_mib = used >> 20, "there is enough memory again");
                app.admission.is_short_of_memory(false);
            }
        }
    }
}

/// Resident memory of this process, as the system counts it.
#[must_use]
pub fn used_bytes() -> Option<u64> {
    resident(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident(status: &str) -> Option<u64> {
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))?;
    kib.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_short_until_there_is_clearly_enough() {
        let mut watch = Watch::default();
        let turns = [899, 900, 950, 850, 800, 799, 850, 900].map(|used| watch.look(used, Some(1000)));
        let (same, short, easy) = (Turn::Same, Turn::Short, Turn::Easy);
        assert_eq!(turns, [same, short, same, same, same, easy, same, short]);
        assert_eq!(watch.look(u64::MAX, None), easy, "the limit was taken away");
        assert_eq!(watch.look(u64::MAX, None), same);
        assert_eq!(watch.look(1, Some(0)), short);
    }

    #[test]
    fn what_the_system_says_is_read() {
        assert_eq!(resident("Name:\tlicet\nVmRSS:\t   12345 kB\nThreads:\t3\n"), Some(12_345 * 1024));
        assert_eq!(resident("Name:\tlicet\n"), None);
        assert!(used_bytes().unwrap() > 1 << 20);
    }
}
