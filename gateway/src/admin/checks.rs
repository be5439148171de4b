//! Every check of `/ready`, in the order in which it is told.

use storage::{Refusal, Room};

use super::check::{Check, Found, Sight, State};
use super::log_watch::LogWatch;
use super::rehearsal;
use crate::anchor_watch::Failing;
use crate::broker::BreakerState;
use crate::clock_watch::Standing;
use crate::maintenance::Ordered;

/// For how long the newest checkpoint of a log may go without its witnesses, in seconds.
const WITNESS_LAG_S_MAX: i64 = 600;

/// From when on a certificate that ends is something to look at, in seconds.
const EXPIRES_S: i64 = 7 * 86_400;

/// Every check. Who has something else that can fail adds a row.
#[must_use]
pub fn all() -> Vec<Check> {
    let logs = LogWatch::default();
    vec![
        Check::work("verify", "a-rehearsed-verification-fails", |sight: &Sight| Found::of(rehearsal::verification(sight.now))),
        Check::work("store", "the-store-takes-no-writes", probe).unless(store),
        Check::work("logs", "checkpoints-stay-behind", move |sight: &Sight| {
            Found::of(logs.check(sight.app.store().logs(), sight.at))
        }),
        Check::glance("disk", "the-disk-is-nearly-full", disk),
        Check::glance("anchor", "the-anchor-cannot-be-written", anchor),
        Check::glance("damage", "stored-bytes-are-damaged", damage),
        Check::glance("clock", "the-clock-is-wrong", clock),
        Check::glance("maintenance", "maintenance", maintenance),
        Check::glance("restoration", "the-store-was-lost", restoration),
        Check::glance("configuration", "the-configuration-is-wrong", |sight: &Sight| {
            Found::degraded(sight.app.reloads.refused().into_iter().collect())
        }),
        Check::glance("restart", "a-restart-is-due", |sight: &Sight| {
            Found::degraded(sight.app.reloads.restart_due().into_iter().collect())
        }),
        Check::glance("trust", "trust-cannot-be-read", trust),
        Check::glance("status", "no-news-of-certificates", |sight: &Sight| {
            Found::degraded(unnamed("status: ", sight.app.status.warnings(&sight.app.trust.current())))
        }),
        Check::glance("certificates", "a-certificate-ends", certificates),
        Check::glance("sources", "a-source-does-not-answer", sources),
        Check::glance("witnesses", "witnesses-do-not-sign", witnesses),
    ]
}

/// What shows that a write would not succeed.
fn store(sight: &Sight) -> Found {
    let gate = sight.app.store().gate();
    match gate.refusal(false) {
        Some(Refusal::Hangs) => {
            let since = sight.app.condition.disk.seen().hangs_since;
            let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
            Found::not_ready(format!("the disk does not answer{since}; writes are refused until it does"))
        }
        // The disk has a check of its own, which says more.
        Some(Refusal::NoRoom) => Found::not_ready("there is no room for records; they are taken again when there is"),
        None => Found::ready(),
    }
}

/// Writes to the store and reads back.
fn probe(sight: &Sight) -> Found {
    let (app, now) = (&sight.app, sight.now);
    match app.store().probe(now) {
        Ok(()) => Found::ready(),
        // Of a write that failed an operator wants to know why, and when.
        Err(error) => match app.store().trouble() {
            Some(why) => {
                let at = app.condition.disk.has_failed(now);
                Found::not_ready(format!("{error}: {why} (seen at {at}); restart the gateway when the disk is well"))
            }
            None => Found::not_ready(error.to_string()),
        },
    }
}

fn disk(sight: &Sight) -> Found {
    let (app, min_mib) = (&sight.app, sight.app.config.storage.free_mib_min);
    let seen = app.condition.disk.seen();
    let left = match &seen.free_mib {
        Some(Ok(free)) => format!("{free} MiB are left of storage.free_mib_min = {min_mib}"),
        Some(Err(error)) => format!("the system does not tell how much room there is: {error}"),
        None => String::new(),
    };
    match (app.store().gate().room(), seen.free_mib) {
        (Room::None, _) => Found::not_ready(format!("{left}: nothing is written any more")),
        (Room::Records, _) => Found::degraded(vec![format!("{left}: changes are refused, records of reads go on")]),
        (Room::Ample, Some(Err(_))) => Found::degraded(vec![left]),
        (Room::Ample, _) => Found::ready(),
    }
}

fn anchor(sight: &Sight) -> Found {
    let Some(failing) = sight.app.condition.anchor.failing() else { return Found::ready() };
    let Failing { since, why } = failing;
    let path = sight.app.config.anchor();
    Found::degraded(vec![format!("{} cannot be written since {since}: {why}", path.display())])
}

fn damage(sight: &Sight) -> Found {
    match sight.app.store().damaged_reads() {
        0 => Found::ready(),
        n => Found::degraded(vec![format!("{n} reads found stored bytes damaged since the start; licet doctor says where")]),
    }
}

fn clock(sight: &Sight) -> Found {
    let (app, newest) = (&sight.app, sight.app.store().logs().newest_at());
    match app.condition.clock.standing(sight.now, newest, app.config.record.clock_jump_s_max.into()) {
        Standing::Right => Found::ready(),
        Standing::Jumped { by_s, at } => Found::degraded(vec![format!("it jumped by {by_s} s, to {at}")]),
        Standing::Behind { by_s } => Found::not_ready(format!("it is {by_s} s before the last time on record")),
    }
}

fn maintenance(sight: &Sight) -> Found {
    let Some(ordered) = sight.app.condition.maintenance.in_force(sight.now) else { return Found::ready() };
    let Ordered::On { reason, since, until } = &*ordered else { return Found::ready() };
    let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
    let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Found { state: State::Maintenance, reasons: vec![format!("changes and look-ups are stopped since {since}{until}{reason}")] }
}

fn restoration(sight: &Sight) -> Found {
    let told = "the store was restored: nothing is vouched for until what was lost is entered again, and licet restore confirm";
    if sight.app.doubt.is_there() { Found::degraded(vec![told.to_owned()]) } else { Found::ready() }
}

fn trust(sight: &Sight) -> Found {
    let standing = sight.app.trust.standing();
    if sight.app.renewal.requires_fresh() && standing.is_stale(sight.now) {
        return Found::not_ready("the list is overdue");
    }
    Found::degraded(unnamed("trust: ", standing.warnings(sight.now)))
}

/// Warnings without the name that stands before each in the log: here the check has it.
fn unnamed(name: &str, warnings: Vec<String>) -> Vec<String> {
    warnings.into_iter().map(|warning| warning.strip_prefix(name).map_or_else(|| warning.clone(), str::to_owned)).collect()
}

fn certificates(sight: &Sight) -> Found {
    let mut reasons = Vec::new();
    let mut state = State::Ready;
    for expiry in &sight.app.expiries {
        let left_s = expiry.left_s(sight.now);
        if left_s <= 0 {
            reasons.push(format!("{} ended on {}", expiry.name, expiry.not_after));
            // Nobody connects any more to who shows it.
            state = state.max(if expiry.is_shown { State::NotReady } else { State::Degraded });
        } else if left_s < EXPIRES_S {
            reasons.push(format!("{} ends on {}", expiry.name, expiry.not_after));
            state = state.max(State::Degraded);
        }
    }
    Found { state, reasons }
}

fn sources(sight: &Sight) -> Found {
    let states = sight.app.broker.state();
    let out = states.into_iter().filter(|source| source.breaker == BreakerState::Open);
    Found::degraded(out.map(|source| format!("{} does not answer and is left alone", source.name)).collect())
}

fn witnesses(sight: &Sight) -> Found {
    let Some(witnesses) = &sight.app.witnesses else { return Found::ready() };
    let late = witnesses.lags(sight.now).into_iter().filter(|(_, lag_s)| *lag_s > WITNESS_LAG_S_MAX);
    let told = late.map(|(log, lag_s)| format!("the newest checkpoint of the {log} log has had no quorum for {lag_s} s"));
    Found::degraded(told.collect())
}
