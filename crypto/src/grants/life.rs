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
