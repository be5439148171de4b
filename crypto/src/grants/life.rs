//! The life of an application and of the grant that it leads to: filed, checked, decided, in force, withdrawn.

use super::application::{Application, ApplicationState, Check, Decision, Verdict};
use super::conformity::Finding;
use super::error::GrantError;
use super::grant::{Grant, Withdrawal};
use crate::licence::Reason;
use crate::time::Timestamp;

/// What holds when somebody checks or decides an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// What the automatic check finds now.
    pub findings: Vec<Finding>,
    /// Until when the provider has to decide; none where the resource is shared without condition, and the check is all it takes.
    pub decision_due: Option<Timestamp>,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The same was done before.
    Unchanged,
    /// The application has changed.
    Changed,
    /// It has changed, and there is a grant now.
    Granted(Box<Grant>),
}

impl Assessment {
    fn is_faulty(&self) -> bool {
        self.findings.iter().any(|finding| finding.fault)
    }
}

impl Application {
    /// Whether another one applies for the same thing: that of the same request, sent again.
    #[must_use]
    pub fn is_same_request(&self, other: &Self) -> bool {
        let asked = |one: &Self| (one.id.clone(), one.consumer.clone(), one.wish.clone(), one.applied_by.clone());
        asked(self) == asked(other)
    }

    /// Puts the conformity check on record. The same again, by the same caller, changes nothing.
    ///
    /// # Errors
    /// [`GrantError::Own`], [`GrantError::ReasonRequired`], [`GrantError::Done`], [`GrantError::Faulty`].
    pub fn check(&mut self, check: Check, now: Assessment) -> Result<Outcome, GrantError> {
        self.may_act(&check.by, check.verdict, check.reason.as_ref())?;
        if let Some(earlier) = &self.check {
            let is_same = Check { at: earlier.at, ..check } == *earlier;
            return if is_same { Ok(Outcome::Unchanged) } else { Err(GrantError::Done) };
        }
        if check.verdict == Verdict::Approve && now.is_faulty() {
            return Err(GrantError::Faulty);
        }
        let (is_passed, at, by) = (check.verdict == Verdict::Approve, check.at, check.by.clone());
        self.findings = now.findings;
        self.decision_due = now.decision_due.filter(|_| is_passed);
        self.check = Some(check);
        Ok(self.outcome(at, &by))
    }

    /// Puts the provider's decision on record. The same again, by the same caller, changes nothing.
    ///
    /// # Errors
    /// [`GrantError::NotProvider`], [`GrantError::Own`], [`GrantError::ReasonRequired`], [`GrantError::NotChecked`],
    /// [`GrantError::Done`], [`GrantError::Faulty`].
    pub fn decide(&mut self, decision: Decision, organisation: &str, now: Assessment) -> Result<Outcome, GrantError> {
        if organisation != self.provider {
            return Err(GrantError::NotProvider);
        }
        self.may_act(&decision.by, decision.verdict, decision.reason.as_ref())?;
        if let Some(earlier) = &self.decision {
            let is_same = Decision { at: earlier.at, ..decision } == *earlier;
            return if is_same { Ok(Outcome::Unchanged) } else { Err(GrantError::Done) };
        }
        if self.state() != ApplicationState::Checked {
            return Err(GrantError::NotChecked);
        }
        if decision.verdict == Verdict::Approve && now.is_faulty() {
            return Err(GrantError::Faulty);
        }
        let (at, by) = (decision.at, decision.by.clone());
        self.findings = now.findings;
        self.decision = Some(decision);
        Ok(self.outcome(at, &by))
    }

    /// Whoever applied neither checks nor decides, and a no has a reason.
    fn may_act(&self, by: &str, verdict: Verdict, reason: Option<&Reason>) -> Result<(), GrantError> {
        if by == self.applied_by || by == self.consumer.caller {
            return Err(GrantError::Own);
        }
        let has_reason = reason.is_some_and(|reason| !reason.expose().trim().is_empty());
        if verdict == Verdict::Reject && !has_reason { Err(GrantError::ReasonRequired) } else { Ok(()) }
    }

    fn outcome(&self, at: Timestamp, by: &str) -> Outcome {
        match self.state() {
            ApplicationState::Granted => Outcome::Granted(Box::new(self.grant(at, by))),
            _ => Outcome::Changed,
        }
    }

    /// The grant that it leads to when it is granted at this moment: what was wished, and not from before that.
    fn grant(&self, at: Timestamp, by: &str) -> Grant {
        let wish = self.wish.clone();
        Grant {
            id: self.id.clone(),
            consumer: self.consumer.clone(),
            resource: wish.resource,
            provider: self.provider.clone(),
            items: wish.items,
            purposes: wish.purposes,
            fields: wish.fields,
            compared: wish.compared,
            authorities: wish.authorities,
            quota: wish.quota,
            from: wish.from.map_or(at, |from| from.max(at)),
            until: wish.until,
            stale_s_max: wish.stale_s_max,
            feed: wish.feed,
            granted_at: at,
            granted_by: by.to_owned(),
            withdrawn: None,
        }
    }
}

impl Grant {
    /// Ends it before its time. The same again, by the same caller, changes nothing: then the answer is `false`.
    ///
    /// # Errors
    /// [`GrantError::Withdrawn`] when it was withdrawn otherwise, [`GrantError::ReasonRequired`].
    pub fn withdraw(&mut self, withdrawal: Withdrawal) -> Result<bool, GrantError> {
        if withdrawal.reason.expose().trim().is_empty() {
            return Err(GrantError::ReasonRequired);
        }
        if let Some(earlier) = &self.withdrawn {
            let is_same = Withdrawal { at: earlier.at, ..withdrawal } == *earlier;
            return if is_same { Ok(false) } else { Err(GrantError::Withdrawn) };
        }
        self.withdrawn = Some(withdrawal);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformity::examine;
    use super::super::testing::{PROVIDER, RESOURCE, application, at, catalogue, catalogue_with, grant, resource};
    use super::*;
    use crate::catalogue::{Resource, ShareClass};

    const DUE: &str = "2026-07-10T00:00:00Z";

    fn good() -> Assessment {
        Assessment { findings: Vec::new(), decision_due: Some(at(DUE)) }
    }

    fn faulty() -> Assessment {
        let never = Resource { share: ShareClass::Never, ..resource(RESOURCE, &["name", "birth"]) };
        let findings = examine(&application(), &catalogue_with(never), at("2026-07-02T00:00:00Z"));
        Assessment { findings, decision_due: Some(at(DUE)) }
    }

    fn reason(text: &str) -> Option<Reason> {
        Some(Reason::new(text.to_owned()).unwrap())
    }

    fn check(verdict: Verdict) -> Check {
        Check { verdict, reason: reason("r"), at: at("2026-07-02T00:00:00Z"), by: "platform".to_owned() }
    }

    fn decision(verdict: Verdict) -> Decision {
        Decision { verdict, reason: reason("r"), at: at("2026-07-03T00:00:00Z"), by: "office".to_owned() }
    }

    fn checked() -> Application {
        let mut application = application();
        assert_eq!(application.check(check(Verdict::Approve), good()), Ok(Outcome::Changed));
        application
    }

    #[test]
    fn from_application_to_grant() {
        let mut one = application();
        assert_eq!((one.state(), one.is_overdue(one.check_due.plus(-1))), (ApplicationState::Applied, false));
        assert!(one.is_overdue(one.check_due));
        assert_eq!(one.decide(decision(Verdict::Approve), PROVIDER, good()), Err(GrantError::NotChecked));
        one = checked();
        assert_eq!((one.state(), one.decision_due), (ApplicationState::Checked, Some(at(DUE))));
        assert!(one.is_overdue(at(DUE)) && !one.is_overdue(at(DUE).plus(-1)));
        let Ok(Outcome::Granted(made)) = one.decide(decision(Verdict::Approve), PROVIDER, good()) else { panic!("{one:?}") };
        assert_eq!((one.state(), one.is_overdue(at("2030-01-01T00:00:00Z"))), (ApplicationState::Granted, false));
        let began = at("2026-07-03T00:00:00Z");
        assert_eq!(*made, Grant { from: began, granted_at: began, ..grant() });
        let later = Decision { at: at("2026-07-04T00:00:00Z"), ..decision(Verdict::Approve) };
        assert_eq!(one.decide(later, PROVIDER, good()), Ok(Outcome::Unchanged));
        assert_eq!(one.decide(decision(Verdict::Reject), PROVIDER, good()), Err(GrantError::Done));
    }

    #[test]
    fn a_grant_begins_when_it_was_wished_but_not_before_it_was_made() {
        for (wished, expected) in
            [("2026-08-01T00:00:00Z", "2026-08-01T00:00:00Z"), ("2026-01-01T00:00:00Z", "2026-07-03T00:00:00Z")]
        {
            let mut one = checked();
            one.wish.from = Some(at(wished));
            let Ok(Outcome::Granted(made)) = one.decide(decision(Verdict::Approve), PROVIDER, good()) else { panic!("{one:?}") };
            assert_eq!(made.from, at(expected));
        }
    }

    #[test]
    fn what_is_shared_without_condition_is_granted_by_the_check() {
        let mut one = application();
        let free = Assessment { decision_due: None, ..good() };
        let Ok(Outcome::Granted(made)) = one.check(check(Verdict::Approve), free.clone()) else { panic!("{one:?}") };
        assert_eq!((made.granted_by.as_str(), one.state()), ("platform", ApplicationState::Granted));
        assert_eq!(one.check(check(Verdict::Approve), free), Ok(Outcome::Unchanged));
        assert_eq!(one.decide(decision(Verdict::Reject), PROVIDER, good()), Err(GrantError::NotChecked));
    }

    #[test]
    fn a_no_has_a_reason_and_is_the_end() {
        for why in [None, reason("  ")] {
            let silent = Check { reason: why.clone(), ..check(Verdict::Reject) };
            assert_eq!(application().check(silent, good()), Err(GrantError::ReasonRequired));
            let silent = Decision { reason: why, ..decision(Verdict::Reject) };
            assert_eq!(checked().decide(silent, PROVIDER, good()), Err(GrantError::ReasonRequired));
        }
        let mut one = application();
        assert_eq!(one.check(check(Verdict::Reject), good()), Ok(Outcome::Changed));
        assert_eq!((one.state(), one.decision_due), (ApplicationState::Nonconforming, None));
        assert_eq!(one.check(check(Verdict::Approve), good()), Err(GrantError::Done));
        assert_eq!(one.decide(decision(Verdict::Approve), PROVIDER, good()), Err(GrantError::NotChecked));
        let mut one = checked();
        assert_eq!(one.decide(decision(Verdict::Reject), PROVIDER, good()), Ok(Outcome::Changed));
        assert_eq!(one.state(), ApplicationState::Refused);
    }

    #[test]
    fn who_may_not() {
        for by in ["approval", "desk"] {
            let mut one = application();
            one.applied_by = "desk".to_owned();
            let own = Check { by: by.to_owned(), ..check(Verdict::Approve) };
            assert_eq!(one.check(own, good()), Err(GrantError::Own), "{by}");
            let own = Decision { by: by.to_owned(), ..decision(Verdict::Approve) };
            assert_eq!(one.decide(own, PROVIDER, good()), Err(GrantError::Own), "{by}");
        }
        let stranger = checked().decide(decision(Verdict::Approve), "11350200004144116F", good());
        assert_eq!(stranger, Err(GrantError::NotProvider));
    }

    #[test]
    fn what_has_faults_does_not_pass() {
        assert_eq!(application().check(check(Verdict::Approve), faulty()), Err(GrantError::Faulty));
        assert_eq!(checked().decide(decision(Verdict::Approve), PROVIDER, faulty()), Err(GrantError::Faulty));
        // It can be refused.
        assert_eq!(application().check(check(Verdict::Reject), faulty()), Ok(Outcome::Changed));
        assert_eq!(checked().decide(decision(Verdict::Reject), PROVIDER, faulty()), Ok(Outcome::Changed));
        let remarks = Assessment { findings: examine(&application(), &catalogue(), at(DUE)), ..good() };
        assert!(!remarks.findings.is_empty());
        assert_eq!(application().check(check(Verdict::Approve), remarks), Ok(Outcome::Changed));
    }

    #[test]
    fn a_grant_is_withdrawn_once() {
        let withdrawal = |by: &str, text: &str, when: &str| Withdrawal {
            at: at(when),
            by: by.to_owned(),
            reason: Reason::new(text.to_owned()).unwrap(),
        };
        let (mut one, when) = (grant(), "2026-08-01T00:00:00Z");
        assert_eq!(one.withdraw(withdrawal("office", " ", when)), Err(GrantError::ReasonRequired));
        assert!(one.is_in_force(at(when)));
        assert_eq!(one.withdraw(withdrawal("office", "misuse", when)), Ok(true));
        assert!(!one.is_in_force(at(when)) && one.is_in_force(at(when).plus(-1)));
        assert_eq!(one.withdraw(withdrawal("office", "misuse", "2026-08-02T00:00:00Z")), Ok(false));
        assert_eq!(one.withdraw(withdrawal("approval", "misuse", when)), Err(GrantError::Withdrawn));
        assert_eq!(one.withdrawn.map(|withdrawn| withdrawn.at), Some(at(when)));
    }

    #[test]
    fn the_same_request_is_known() {
        let mut kept = checked();
        kept.applied_at = at("2026-07-01T09:00:00Z");
        assert!(kept.is_same_request(&application()));
        let mut other = application();
        other.wish.feed = true;
        assert!(!kept.is_same_request(&other));
    }
}
