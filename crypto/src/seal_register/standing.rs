//! The checks of a seal's record: is it on file, is it the one that was used, and was it in use then.

use super::record::{OutOfUse, Record};
use super::status::Status;
use crate::digest::Sha256;
use crate::report::checks::{SEAL_RECORD, SEAL_STATE};
use crate::report::{Check, Horizon, SealSummary, SignatureReport, SubIndication, Verdict};
use crate::time::Timestamp;

/// A use of a seal, as a signature shows it.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// The digest of the seal that was used.
    pub sha256: Sha256,
    /// When the signer says to have used it.
    pub claimed: Option<Timestamp>,
    /// When the signature is proven to have existed.
    pub proven: Option<Timestamp>,
}

impl Use {
    /// The use that this signature is, if it was made with a seal.
    #[must_use]
    pub fn of(signature: &SignatureReport) -> Option<(&SealSummary, Self)> {
        let seal = signature.seal.as_ref()?;
        Some((seal, Self { sha256: seal.sha256, claimed: signature.claimed_time, proven: signature.proven_time }))
    }
}

/// Checks what is on file under the identifier of a seal that was used, for the moment of the horizon.
///
/// The same question as for a revoked certificate, and the same answer (ETSI EN 319 102-1, 5.5): what is proven to be from before
/// the seal was put out of use stays good, what only says so itself is no conclusion, and all else fails. Unlike a certificate on
/// hold a frozen seal fails: 国办发〔2025〕33号 ends its effect from that moment on. A seal that was restored is as good as before,
/// except for what says itself to be from the time in between.
///
/// Reasons of changes are free text and stay out of the report.
#[must_use]
pub fn checks(record: Option<&Record>, used: &Use, horizon: &mut Horizon) -> Vec<Check> {
    let Some(record) = record else { return vec![SEAL_RECORD.doubt()] };
    if record.sha256 != used.sha256 {
        let other = SEAL_RECORD.fail().with("seal_sha256", &used.sha256).with("record_sha256", &record.sha256);
        return vec![other.with("seal", &record.id)];
    }
    let found = SEAL_RECORD.pass().with("seal", &record.id).with("registered_at", &record.registered_at);
    let found = record.filing.iter().fold(found, |found, filing| found.with("filing", filing));
    vec![found, state(record, used, horizon)]
}

fn state(record: &Record, used: &Use, horizon: &mut Horizon) -> Check {
    // Noted one by one: the next of them is when the answer changes.
    let reached = record.events.iter().take_while(|event| horizon.reached(event.effective_at)).last();
    let status = reached.map(|event| event.status);
    let times = record.out_of_use(horizon.at());
    // By its own word, or by now.
    let counts = times.iter().find(|time| used.claimed.is_some_and(|claimed| time.contains(claimed)));
    let Some(time) = counts.or_else(|| times.last().filter(|time| time.until.is_none())) else {
        return status.iter().fold(SEAL_STATE.pass(), |check, status| check.with("state", &status.name()));
    };
    let check = if used.proven.is_some_and(|proven| proven < time.from) {
        SEAL_STATE.pass().with("note", "it was put out of use since")
    } else if used.claimed.is_some_and(|claimed| claimed < time.from) {
        SEAL_STATE.doubt()
    } else {
        SEAL_STATE.fail()
    };
    describe(check, record, time)
}

fn describe(check: Check, record: &Record, time: &OutOfUse) -> Check {
    let check = check.with("state", &time.status.name()).with("since", &time.from);
    let check = time.until.iter().fold(check, |check, until| check.with("until", until));
    match &record.next {
        Some(next) if time.status == Status::Remade => check.with("next", next),
        _ => check,
    }
}

/// What a seal counts as that is not on file, where that is not to matter: a remark.
#[must_use]
pub fn remark(check: Check) -> Check {
    if check.id == SEAL_RECORD.id && check.effect == Some(Verdict::indeterminate(SubIndication::TryLater)) {
        check.without_effect()
    } else {
        check
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Applied, Change};
    use super::super::status::Operation;
    use super::super::testing::{at, change, record};
    use super::*;

    const REVOKED: Verdict = Verdict::failed(SubIndication::Revoked);
    const NO_POE: Verdict = Verdict::indeterminate(SubIndication::RevokedNoPoe);

    fn used(claimed: Option<&str>, proven: Option<&str>) -> Use {
        Use { sha256: record().sha256, claimed: claimed.map(at), proven: proven.map(at) }
    }

    fn judge(record: &Record, used: &Use, when: &str) -> (Verdict, Horizon) {
        let mut horizon = Horizon::new(at(when));
        let checks = checks(Some(record), used, &mut horizon);
        (Verdict::of(checks.iter()), horizon)
    }

    fn frozen() -> Record {
        let mut record = record();
        assert_eq!(record.apply(change(Operation::Freeze, "2026-03-01T00:00:00Z")), Ok(Applied::New));
        record
    }

    #[test]
    fn a_frozen_seal_fails_from_its_moment_on() {
        let record = frozen();
        for (claimed, proven, when, verdict) in [
            // Asked about before: nothing has happened yet, and it is known when it will.
            (Some("2026-02-01T00:00:00Z"), None, "2026-02-28T23:59:59Z", Verdict::PASSED),
            // Used after it, by its own word or without one.
            (Some("2026-03-01T00:00:00Z"), None, "2026-03-02T00:00:00Z", REVOKED),
            (None, None, "2026-03-01T00:00:00Z", REVOKED),
            (Some("2026-03-02T00:00:00Z"), Some("2026-03-02T00:00:00Z"), "2026-03-03T00:00:00Z", REVOKED),
            // Says to have been used before, and nothing proves it, or what proves it came too late.
            (Some("2026-02-01T00:00:00Z"), None, "2026-03-01T00:00:00Z", NO_POE),
            (Some("2026-02-01T00:00:00Z"), Some("2026-03-01T00:00:00Z"), "2026-03-02T00:00:00Z", NO_POE),
            // Proven to have been used before.
            (Some("2026-02-01T00:00:00Z"), Some("2026-02-28T23:59:59Z"), "2026-03-02T00:00:00Z", Verdict::PASSED),
            (None, Some("2026-02-28T23:59:59Z"), "2026-03-02T00:00:00Z", Verdict::PASSED),
        ] {
            let (found, _) = judge(&record, &used(claimed, proven), when);
            assert_eq!(found, verdict, "claimed {claimed:?}, proven {proven:?}, at {when}");
        }
        let (_, horizon) = judge(&record, &used(None, None), "2026-02-01T00:00:00Z");
        assert_eq!(horizon.next(), Some(at("2026-03-01T00:00:00Z")));
    }

    #[test]
    fn a_restored_seal_is_good_but_for_what_says_to_be_from_between() {
        let mut record = frozen();
        record.apply(change(Operation::Restore, "2026-04-01T00:00:00Z")).unwrap();
        for (claimed, verdict) in [
            (Some("2026-02-01T00:00:00Z"), Verdict::PASSED),
            (Some("2026-03-15T00:00:00Z"), REVOKED),
            (Some("2026-04-01T00:00:00Z"), Verdict::PASSED),
            (None, Verdict::PASSED),
        ] {
            assert_eq!(judge(&record, &used(claimed, None), "2026-05-01T00:00:00Z").0, verdict, "{claimed:?}");
        }
        let between = used(Some("2026-03-15T00:00:00Z"), Some("2026-02-15T00:00:00Z"));
        assert_eq!(judge(&record, &between, "2026-05-01T00:00:00Z").0, Verdict::PASSED, "proof is stronger than a claim");
    }

    #[test]
    fn every_end_fails_and_a_proof_never_makes_it_worse() {
        for operation in [Operation::Stop, Operation::Cancel, Operation::Remake] {
            let mut record = record();
            let successor = (operation == Operation::Remake).then(|| "new".to_owned());
            let end = Change { successor, ..change(operation, "2026-03-01T00:00:00Z") };
            record.apply(end).unwrap();
            for claimed in [None, Some("2026-02-01T00:00:00Z"), Some("2026-03-05T00:00:00Z")] {
                let alone = judge(&record, &used(claimed, None), "2026-04-01T00:00:00Z").0;
                assert!(!alone.is_passed(), "{operation:?} {claimed:?}");
                for proven in ["2026-01-15T00:00:00Z", "2026-03-10T00:00:00Z"] {
                    let proven = judge(&record, &used(claimed, Some(proven)), "2026-04-01T00:00:00Z").0;
                    assert!(proven.indication <= alone.indication);
                }
            }
        }
    }

    #[test]
    fn not_on_file_or_another_one() {
        let mut horizon = Horizon::new(at("2026-02-01T00:00:00Z"));
        let none = checks(None, &used(None, None), &mut horizon);
        assert_eq!(Verdict::of(none.iter()), Verdict::indeterminate(SubIndication::TryLater));
        let remarks: Vec<_> = none.into_iter().map(remark).collect();
        assert!(remarks.iter().all(Check::is_warning) && Verdict::of(remarks.iter()).is_passed());
        let other = Use { sha256: Sha256::of(&[b"other"]), ..used(None, None) };
        let other: Vec<_> = checks(Some(&record()), &other, &mut horizon).into_iter().map(remark).collect();
        assert_eq!(Verdict::of(other.iter()), Verdict::failed(SubIndication::HashFailure));
    }

    #[test]
    fn what_the_report_tells() {
        let mut record = record();
        record.filing = Some("BA-1".to_owned());
        let reason = Some(crate::licence::Reason::new("因张三".to_owned()).unwrap());
        let successor = Some("new".to_owned());
        let remake = Change { reason, successor, ..change(Operation::Remake, "2026-03-01T00:00:00Z") };
        record.apply(remake).unwrap();
        let mut horizon = Horizon::new(at("2026-04-01T00:00:00Z"));
        let report = serde_json::to_string(&checks(Some(&record), &used(None, None), &mut horizon)).unwrap();
        assert!(!report.contains("张三"), "{report}");
        for told in ["\"filing\":\"BA-1\"", "\"next\":\"new\"", "\"state\":\"remade\"", "\"since\":\"2026-03-01T00:00:00Z\""] {
            assert!(report.contains(told), "{told} in {report}");
        }
    }
}
