//! What the log of the process says of a source: that its breaker turned, and that its answers cannot be read. So many lines a minute at
//! most, however bad it gets; and never what was asked or answered.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::BreakerState;

/// The most lines about one source within [`SPAN`].
const LINES_MAX: u32 = 10;
const SPAN: Duration = Duration::from_secs(60);

/// What was said of a source lately.
#[derive(Debug)]
pub(super) struct Journal {
    source: String,
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    breaker: BreakerState,
    /// When the first line of this span was said, and how many were since.
    begun: Option<Instant>,
    lines: u32,
    /// How many were not said since the last that was.
    suppressed: u64,
}

impl Journal {
    /// Of a source of which nothing was said yet.
    pub(super) fn new(source: &str) -> Self {
        let pages = Pages { breaker: BreakerState::Closed, begun: None, lines: 0, suppressed: 0 };
        Self { source: source.to_owned(), pages: Mutex::new(pages) }
    }

    /// Its breaker stands so. Said when it stood otherwise before.
    pub(super) fn breaker(&self, (state, tried_in): (BreakerState, Option<Duration>), now: Instant) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut pages.breaker, state);
        if before == state {
            return;
        }
        let Some(suppressed) = pages.line(now) else { return };
        let (source, before, state) = (self.source.as_str(), before.name(), state.name());
        match tried_in.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)) {
            Some(tried_in_ms) => {
                tracing::warn!(source, before, state, tried_in_ms, suppressed, "the breaker of a source opened");
            }
            None => tracing::info!(source, before, state, suppressed, "the breaker of a source turned"),
        }
    }

    /// An answer about this resource could not be read.
    pub(super) fn malformed(&self, resource: &str, now: Instant) {
        let said = self.pages.lock().unwrap_or_else(PoisonError::into_inner).line(now);
        if let Some(suppressed) = said {
            tracing::warn!(source = self.source.as_str(), resource, suppressed, "an answer of a source cannot be read");
        }
    }
}

impl Pages {
    /// Whether a line may be said now, and how many were left out before it.
    fn line(&mut self, now: Instant) -> Option<u64> {
        if self.begun.is_none_or(|begun| now.saturating_duration_since(begun) >= SPAN) {
            (self.begun, self.lines) = (Some(now), 0);
        }
        if self.lines >= LINES_MAX {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        self.lines = self.lines.saturating_add(1);
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, MutexGuard};

    use tracing_subscriber::fmt::MakeWriter;

    use super::super::testing::question;
    use super::super::{Answer, BreakerLimits, Broker, Limits, Question, Settings, Source, SourceFault};
    use super::*;
    use crate::clock;

    /// What was said.
    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl io::Write for &Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.lines().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Said {
        type Writer = &'a Self;

        fn make_writer(&'a self) -> Self::Writer {
            self
        }
    }

    impl Said {
        fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }

        /// What was said since the last time, as JSON, line by line.
        fn take(&self) -> Vec<serde_json::Value> {
            let bytes = std::mem::take(&mut *self.lines());
            bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_slice(line).unwrap())
                .collect()
        }
    }

    /// Runs with everything that is said heard.
    fn heard(work: impl FnOnce(&Said)) {
        let said = Said::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(said.clone()).finish();
        tracing::subscriber::with_default(subscriber, || work(&said));
    }

    #[test]
    fn turns_of_a_breaker_are_said_once_each() {
        heard(|said| {
            let (journal, now) = (Journal::new("police"), clock::instant());
            let open = (BreakerState::Open, Some(Duration::from_millis(900)));
            for stands in [(BreakerState::Closed, None), open, open, (BreakerState::HalfOpen, None), (BreakerState::Closed, None)]
            {
                journal.breaker(stands, now);
            }
            let lines = said.take();
            let told: Vec<_> =
                lines.iter().map(|line| (line["level"].as_str().unwrap(), line["fields"]["state"].as_str().unwrap())).collect();
            assert_eq!(told, [("WARN", "open"), ("INFO", "half-open"), ("INFO", "closed")]);
            let fields = &lines[0]["fields"];
            assert_eq!((&fields["source"], &fields["before"]), (&"police".into(), &"closed".into()));
            assert_eq!((&fields["tried_in_ms"], &fields["suppressed"]), (&900.into(), &0.into()));
        });
    }

    /// A source that nobody understands.
    #[derive(Debug)]
    struct Mumbling;

    impl Source for Mumbling {
        fn ask<'a>(&'a self, _: &'a Question, _: Duration) -> Answer<'a> {
            Box::pin(std::future::ready(Err(SourceFault::Malformed)))
        }
    }

    #[tokio::test]
    async fn what_becomes_of_a_source_is_said_and_not_of_whom_it_was_asked() {
        let said = Said::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(said.clone()).finish();
        let _heard = tracing::subscriber::set_default(subscriber);
        let limits = Limits { breaker: BreakerLimits { calls_min: 2, ..BreakerLimits::default() }, ..Limits::default() };
        let source: Arc<dyn Source> = Arc::new(Mumbling);
        let broker = Arc::new(Broker::new([("a".to_owned(), (source, limits))].into(), Settings::default()));
        for subject in ["NUMBER1", "NUMBER2"] {
            let until = clock::tokio_instant() + Duration::from_secs(5);
            let mut gathering = broker.scatter(vec![question(subject)], until);
            while gathering.next().await.is_some() {}
        }
        let lines = said.take();
        let told: Vec<_> = lines.iter().map(|line| line["fields"]["message"].as_str().unwrap()).collect();
        let unread = "an answer of a source cannot be read";
        assert_eq!(told, [unread, "the breaker of a source opened", unread]);
        assert!(lines.iter().all(|line| line["fields"]["source"] == "a" && !line.to_string().contains("NUMBER")), "{lines:#?}");
    }

    #[test]
    fn however_bad_it_gets_the_log_is_not_flooded_and_says_what_it_left_out() {
        heard(|said| {
            let (journal, now) = (Journal::new("police"), clock::instant());
            (0..1000).for_each(|_| journal.malformed("people/1", now));
            let lines = said.take();
            assert_eq!(lines.len(), 10);
            let fields = &lines[0]["fields"];
            assert_eq!((&fields["source"], &fields["resource"]), (&"police".into(), &"people/1".into()));
            journal.malformed("people/1", now + SPAN);
            let [line] = &said.take()[..] else { panic!("one line") };
            assert_eq!(line["fields"]["suppressed"], 990);
        });
    }
}
