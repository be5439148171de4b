//! What is answered although no record can be made of it, and what is answered during maintenance: that which tells nothing of any
//! person.
//!
//! The record exists so that nobody's data is told, and nothing is changed, without a trace. A verdict on a file that the caller
//! holds, who is trusted, whether a certificate or a seal is in force: none of that is anybody's data, and all of it is what a
//! counter needs to go on while a disk is replaced. So with `record.when_failed = "verdicts"` it is told, marked, counted and said in
//! the log. All else is refused, also the verdict on a licence that the caller only names: whether somebody has one is somebody's
//! data (`Trail::is_of_named`).

use hyper::header::{HeaderName, HeaderValue};
use storage::StorageError;

use crate::app::App;
use crate::config::WhenFailed;
use crate::http::Answer;
use crate::routes::Route;

/// Says of an answer that it is not on record, or that nobody knows.
pub const RECORD: HeaderName = HeaderName::from_static("licet-record");

/// The operations whose answers tell nothing of any person.
pub const IMPERSONAL: &[&str] = &[
    "verify",
    "readSeal",
    "readSealFile",
    "readCertificate",
    "readCertificateFile",
    "readTrust",
    "readTrustStatus",
    "proveLogEntry",
    "proveLogConsistency",
];

/// Whether answers of this route tell nothing of any person, and change nothing.
#[must_use]
pub fn is_impersonal(route: &Route) -> bool {
    route.event.is_none() || IMPERSONAL.contains(&route.doc.id)
}

/// The answer, marked, if it may be given although its record failed with this error.
#[must_use]
pub fn marked(app: &App, route: Option<&'static Route>, error: &StorageError, answer: Answer) -> Option<Answer> {
    let route = route.filter(|route| is_impersonal(route))?;
    if app.config.record.when_failed == WhenFailed::Refuse {
        return None;
    }
    let said = match error {
        StorageError::Poisoned => "none",
        // The write that failed was this one: it may be found by the restart.
        StorageError::Unknown => "unknown",
        StorageError::Unavailable if app.store().gate().refusal(false).is_some() => "none",
        // Too much at once is no broken record, and a faulty record no broken store.
        _ => return None,
    };
    app.recorder.went_unrecorded();
    app.metrics.condition.unrecorded.with_label_values(&[route.path]).inc();
    tracing::warn!(route = route.path, code = error.code(), record = said, "answered without a record");
    Some(answer.header(RECORD, HeaderValue::from_static(said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::changes;
    use crate::routes::TABLE;

    #[test]
    fn what_is_told_without_a_record_is_a_route_and_changes_nothing() {
        for id in IMPERSONAL {
            let route = TABLE.iter().find(|route| route.doc.id == *id);
            let route = route.unwrap_or_else(|| panic!("{id} is no operation"));
            assert!(route.event.is_some_and(|event| !changes(event)), "{id}");
        }
        for id in ["readLicence", "lookUp", "searchLog", "registerSeal", "exportLog"] {
            assert!(!is_impersonal(TABLE.iter().find(|route| route.doc.id == id).unwrap()), "{id}");
        }
    }
}
