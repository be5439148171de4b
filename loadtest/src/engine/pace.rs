//! Keeps the time: says when each request is due, to within some 60 µs.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::time::now;

/// Who keeps the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A thread that sleeps: tokio's timers are good to a millisecond alone, which is longer than most answers take.
    Thread,
    /// Tokio's timers: what tests can pause.
    Timers,
}

/// The moments at which requests are due, each when it has come.
pub(super) fn start(
    pace: Pace,
    arrivals: impl Iterator<Item = Duration> + Send + 'static,
    started: Instant,
) -> UnboundedReceiver<Instant> {
    let (sender, receiver) = unbounded_channel();
    match pace {
        Pace::Thread => drop(std::thread::spawn(move || by_sleeping(arrivals, started, &sender))),
        Pace::Timers => drop(tokio::spawn(by_timers(arrivals, started, sender))),
    }
    receiver
}

fn by_sleeping(arrivals: impl Iterator<Item = Duration>, started: Instant, sender: &UnboundedSender<Instant>) {
    for at in arrivals {
        let due = started + at;
        let ahead = due.saturating_duration_since(now());
        if !ahead.is_zero() {
            std::thread::sleep(ahead);
        }
        if sender.send(due).is_err() {
            return;
        }
    }
}

async fn by_timers(arrivals: impl Iterator<Item = Duration> + Send, started: Instant, sender: UnboundedSender<Instant>) {
    for at in arrivals {
        tokio::time::sleep_until((started + at).into()).await;
        if sender.send(started + at).is_err() {
            return;
        }
    }
}
