//! The checks of a licence's record: is it there, does the document match, was it in force.

use super::Metadata;
use super::record::Record;
use super::status::Status;
use crate::digest::Sha256;
use crate::report::checks::{LICENCE_RECORD, LICENCE_SAME_DATA, LICENCE_SAME_FILE, LICENCE_STATE, LICENCE_VALIDITY};
use crate::report::{Check, Horizon, SubIndication, Verdict};

/// What is held against a record.
#[derive(Clone, Copy, Debug)]
pub enum Presented<'a> {
    /// A file, by its digest: it must be the very one on record.
    File(&'a Sha256),
    /// A credential that the issuer made of the licence: it is signed anew each time, and must say what is on record.
    Credential(&'a Metadata),
}

/// Checks the record, and what was presented against it, for the moment of the horizon.
///
/// Reasons of state changes are free text and stay out of the report.
#[must_use]
pub fn checks(record: Option<&Record>, horizon: &mut Horizon, presented: Presented<'_>) -> Vec<Check> {
    let Some(record) = record else { return vec![LICENCE_RECORD.doubt()] };
    let found = LICENCE_RECORD.pass().with("identifier", &record.identifier()).with("received_at", &record.received_at);
    vec![found, same(record, presented), state(record, horizon), validity(record, horizon)]
}

fn same(record: &Record, presented: Presented<'_>) -> Check {
    match presented {
        Presented::File(digest) => {
            let check = LICENCE_SAME_FILE.test(*digest == record.sha256);
            check.with("document_sha256", &digest).with("record_sha256", &record.sha256)
        }
        Presented::Credential(data) => LICENCE_SAME_DATA.test(*data == record.metadata),
    }
}

/// A suspension is told apart from the states that end a licence, as in ETSI EN 319 102-1, where a certificate on hold makes
/// the verdict `INDETERMINATE` with `TRY_LATER`, not `TOTAL-FAILED`: it may be lifted.
fn state(record: &Record, horizon: &mut Horizon) -> Check {
    let not_yet = Verdict::failed(SubIndication::NotYetValid);
    let until_now = record.events.iter().take_while(|event| horizon.reached(event.effective_at));
    let Some(event) = until_now.last() else {
        return LICENCE_STATE.fail().counting_as(not_yet).with("state", "not-issued");
    };
    let check = match event.status {
        Status::Valid => LICENCE_STATE.pass(),
        Status::Suspended => LICENCE_STATE.doubt(),
        Status::Draft => LICENCE_STATE.fail().counting_as(not_yet),
        Status::Expired => LICENCE_STATE.fail().counting_as(Verdict::failed(SubIndication::Expired)),
        Status::Revoked
        | Status::Withdrawn
        | Status::Cancelled
        | Status::Abolished
        | Status::Superseded
        | Status::Transferred => LICENCE_STATE.fail().counting_as(Verdict::failed(SubIndication::Revoked)),
    };
    let check = check.with("state", &event.status.name()).with("since", &event.effective_at);
    match &record.next {
        Some(next) if matches!(event.status, Status::Superseded | Status::Transferred) => check.with("next", &next),
        _ => check,
    }
}

fn validity(record: &Record, horizon: &mut Horizon) -> Check {
    let (from, until) = (record.metadata.valid_from(), record.metadata.valid_until());
    let started = horizon.reached(from);
    let check = match until {
        _ if !started => LICENCE_VALIDITY.fail().counting_as(Verdict::failed(SubIndication::NotYetValid)),
        Some(until) => LICENCE_VALIDITY.test(horizon.within(from, until)),
        None => LICENCE_VALIDITY.pass(),
    };
    let check = check.with("valid_from", &from);
    match until {
        Some(until) => check.with("valid_until", &until),
        None => check,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::super::record::Decision;
    use super::super::status::Operation;
    use super::super::testing::{at, decide, record};
    use super::*;

    fn judge(record: &Record, when: &str) -> (Verdict, Horizon) {
        let mut horizon = Horizon::new(at(when));
        let checks = checks(Some(record), &mut horizon, Presented::File(&record.sha256));
        (Verdict::of(checks.iter()), horizon)
    }

    fn failed(why: SubIndication) -> Verdict {
        Verdict::failed(why)
    }

    #[test]
    fn the_answer_follows_the_life_and_knows_when_it_changes() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        record.apply(decide(Operation::Suspend, "2025-07-01T00:00:00Z")).unwrap();
        record.apply(decide(Operation::Restore, "2025-08-01T00:00:00Z")).unwrap();
        for (when, verdict, next) in [
            ("2025-05-01T00:00:00Z", failed(SubIndication::NotYetValid), Some("2025-05-22T16:00:00Z")),
            ("2025-05-31T00:00:00Z", failed(SubIndication::NotYetValid), Some("2025-06-01T00:00:00Z")),
            ("2025-06-01T00:00:00Z", Verdict::PASSED, Some("2025-07-01T00:00:00Z")),
            ("2025-07-01T00:00:00Z", Verdict::indeterminate(SubIndication::TryLater), Some("2025-08-01T00:00:00Z")),
            ("2030-05-22T15:59:59Z", Verdict::PASSED, Some("2030-05-22T16:00:00Z")),
            ("2030-05-22T16:00:00Z", failed(SubIndication::Expired), None),
        ] {
            let (found, horizon) = judge(&record, when);
            assert_eq!((found, horizon.next()), (verdict, next.map(at)), "{when}");
        }
    }

    #[test]
    fn every_end_fails_from_its_moment_on() {
        for operation in [Operation::Revoke, Operation::Withdraw, Operation::Cancel, Operation::Abolish, Operation::Transfer] {
            let mut record = record();
            record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
            record.apply(decide(operation, "2025-07-01T00:00:00Z")).unwrap();
            assert_eq!(judge(&record, "2025-06-30T23:59:59Z").0, Verdict::PASSED);
            assert_eq!(judge(&record, "2025-07-01T00:00:00Z").0, failed(SubIndication::Revoked));
        }
        let mut record = record();
        let successor = Some(record.identifier().with_version(3).unwrap());
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        record.apply(Decision { successor, ..decide(Operation::Extend, "2025-07-01T00:00:00Z") }).unwrap();
        assert_eq!(judge(&record, "2025-07-01T00:00:00Z").0, failed(SubIndication::Revoked));
    }

    #[test]
    fn states_that_only_imports_have() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        for (status, why) in [(Status::Draft, SubIndication::NotYetValid), (Status::Expired, SubIndication::Expired)] {
            record.events.last_mut().unwrap().status = status;
            assert_eq!(judge(&record, "2025-07-01T00:00:00Z").0, failed(why));
        }
    }

    #[test]
    fn no_record_or_another_document() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let mut horizon = Horizon::new(at("2025-07-01T00:00:00Z"));
        let unknown = checks(None, &mut horizon, Presented::File(&record.sha256));
        assert_eq!(Verdict::of(unknown.iter()), Verdict::indeterminate(SubIndication::TryLater));
        assert_eq!(horizon.next(), None);
        let other = checks(Some(&record), &mut horizon, Presented::File(&Sha256::of(&[b"other"])));
        assert_eq!(Verdict::of(other.iter()), failed(SubIndication::HashFailure));
        let mut data = record.metadata.clone();
        let same = checks(Some(&record), &mut horizon, Presented::Credential(&data));
        assert_eq!(Verdict::of(same.iter()), Verdict::PASSED);
        data.name.push('x');
        let other = checks(Some(&record), &mut horizon, Presented::Credential(&data));
        assert_eq!(Verdict::of(other.iter()), failed(SubIndication::SigConstraintsFailure));
    }

    #[test]
    fn a_licence_without_end_stays() {
        let mut record = record();
        record.metadata.valid_until = None;
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let (verdict, horizon) = judge(&record, "9999-12-31T23:59:59Z");
        assert_eq!((verdict, horizon.next()), (Verdict::PASSED, None));
    }

    #[test]
    fn nothing_personal_gets_into_the_report() {
        let mut record = record();
        record.apply(decide(Operation::Issue, "2025-06-01T00:00:00Z")).unwrap();
        let reason = Some(Reason::new("因张三".to_owned()).unwrap());
        record.apply(Decision { reason, ..decide(Operation::Revoke, "2025-07-01T00:00:00Z") }).unwrap();
        let mut horizon = Horizon::new(at("2025-08-01T00:00:00Z"));
        let report =
            serde_json::to_string(&checks(Some(&record), &mut horizon, Presented::Credential(&record.metadata))).unwrap();
        for secret in ["张三", "某甲", "11010519491231002X"] {
            assert!(!report.contains(secret) && !format!("{record:?}").contains(secret));
        }
        assert!(report.contains("\"since\":\"2025-07-01T00:00:00Z\""));
    }
}
