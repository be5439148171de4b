//! `GET /maintenance`, `POST /maintenance`: whether changes and look-ups are stopped, and stopping them and letting them in again.

use std::collections::BTreeMap;

use crypto::record::EventKind;
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Asked, Command, Refused, Reply};
use crate::clock;
use crate::maintenance::{Ordered, REASON_MAX};
use crate::owed;
use crate::purpose::holds_citizen_number;

/// The longest time that may be named: 30 days.
const FOR_S_MAX: u32 = 30 * 86_400;

pub(super) static COMMANDS: &[Command] = &[
    Command { method: Method::GET, path: "/maintenance", run: |asked| Box::pin(async move { Ok(told(&asked)) }) },
    Command { method: Method::POST, path: "/maintenance", run: |asked| Box::pin(set(asked)) },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    on: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    for_s: Option<u32>,
}

fn told(asked: &Asked) -> Reply {
    let in_force = asked.live.current().condition.maintenance.in_force(clock::now());
    Reply::Whole(in_force.map_or_else(|| json!(Ordered::Off), |ordered| json!(*ordered)))
}

/// It is on record before it is in force, or owed to the record where no record can be made.
async fn set(asked: Asked) -> Result<Reply, Refused> {
    let wanted: Wanted = serde_json::from_value(asked.body).map_err(|error| Refused::malformed(error.to_string()))?;
    let (app, now) = (asked.live.current(), clock::now());
    let ordered = if wanted.on {
        let reason = wanted.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let is_bad = |reason: &str| {
            reason.chars().count() > REASON_MAX
                || reason.chars().any(char::is_control)
                || holds_citizen_number(reason, now.date())
        };
        if reason.is_some_and(is_bad) {
            let detail =
                format!("the reason must have at most {REASON_MAX} characters, no control characters and no number of a citizen");
            return Err(Refused::malformed(detail));
        }
        if wanted.for_s.is_some_and(|for_s| for_s == 0 || for_s > FOR_S_MAX) {
            return Err(Refused::malformed(format!("the time must be from 1 to {FOR_S_MAX} seconds")));
        }
        let until = wanted.for_s.map(|for_s| now.plus(for_s.into()));
        Ordered::On { reason: reason.map(str::to_owned), since: now, until }
    } else {
        Ordered::Off
    };
    let Value::Object(details) = json!(ordered) else { return Err(Refused::failed("it cannot be written down")) };
    let mut details: BTreeMap<_, _> = details.into_iter().collect();
    details.insert("by".to_owned(), json!(asked.by));
    let noted = owed::note(&app, EventKind::Maintenance, details).await;
    let noted = noted.map_err(|error| Refused::failed(format!("it cannot be put on record, and is not done: {error}")))?;
    tracing::warn!(on = wanted.on, by = asked.by, "maintenance");
    let told = noted.told(json!(ordered));
    app.condition.maintenance.set(ordered);
    Ok(Reply::Whole(told))
}
