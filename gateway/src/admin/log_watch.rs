//! Whether the checkpoints of the logs keep up with their records.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crypto::record::LogName;
use storage::log::Logs;

/// How long a record may wait for its checkpoint. It takes milliseconds where all is well.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Remembers how far each log had come, to see whether a checkpoint has come as far since.
#[derive(Debug, Default)]
pub struct LogWatch {
    seen: Mutex<BTreeMap<LogName, (Instant, u64)>>,
}

impl LogWatch {
    /// Looks at both logs. It writes nothing: that the store takes records is for its own check to find out.
    ///
    /// # Errors
    /// Which log has records that wait for a checkpoint, for the operator.
    pub fn check(&self, logs: &Logs, now: Instant) -> Result<(), String> {
        for log in LogName::ALL {
            let size = logs.size(log).map_err(|error| error.to_string())?;
            let published = logs.published(log).map_or(0, |published| published.first.saturating_add(published.size));
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(behind) = behind(seen.entry(log).or_insert((now, size)), (size, published), now) {
                return Err(format!("the {log} log has records that have waited for a checkpoint for {} s", behind.as_secs()));
            }
        }
        Ok(())
    }
}

/// For how long the records that were seen have waited too long, if they have.
fn behind(seen: &mut (Instant, u64), (size, published): (u64, u64), now: Instant) -> Option<Duration> {
    let (since, expected) = *seen;
    if published >= expected {
        *seen = (now, size);
        return None;
    }
    Some(now.saturating_duration_since(since)).filter(|waited| *waited > WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_must_come_as_far_as_was_seen() {
        let start = crate::clock::instant();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut seen = (start, 5);
        assert_eq!(behind(&mut seen, (5, 3), at(10)), None, "there is time yet");
        assert_eq!(behind(&mut seen, (9, 4), at(11)), Some(Duration::from_secs(11)));
        assert_eq!(behind(&mut seen, (9, 5), at(12)), None, "it has come as far, and the rest has its own time");
        assert_eq!(behind(&mut seen, (20, 8), at(22)), None);
        assert_eq!(behind(&mut seen, (20, 8), at(23)), Some(Duration::from_secs(11)));
    }
}
