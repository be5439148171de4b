//! What came of a look-up about one subject, question by question.

use crypto::grants::{Denial, Mode};
use storage::objections::Dispute;
use tokio::time::Instant;

use super::plan::{Asked, Leave, Plan};
use super::state::Standing;
use crate::app::App;
use crate::broker::{Outcome, Row, State};

/// What came of a look-up about one subject.
#[derive(Debug)]
pub struct Findings {
    /// What was asked.
    pub plan: Plan,
    /// What came of each, at the place that it has among what was asked; nothing where nothing was asked or has come yet.
    pub came: Vec<Option<Outcome>>,
    /// What may not be told although it came: the quota of records is used up, or it is not granted any more.
    withheld: Vec<Option<Denial>>,
    /// What is disputed of it.
    pub disputes: Vec<Dispute>,
}

impl Findings {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let count = plan.asked.len();
        Self { plan, came: vec![None; count], withheld: vec![None; count], disputes: Vec::new() }
    }

    /// Takes in what came of the question at a place. What the sources said is counted against the quota of records here, before
    /// any of it is told.
    pub async fn take(&mut self, app: &App, (place, until): (usize, Instant), outcome: Outcome) {
        super::supervised::call(app, &self.plan.errand, &outcome);
        let records = outcome.reply.as_ref().map_or(0, |reply| reply.rows.len());
        if let Some(grant) = self.plan.asked.get(place).and_then(|asked| asked.leave.permit()).map(|permit| permit.grant.clone())
            && records > 0
            // A comparison tells of no record, not even that there is one.
            && self.plan.mode == Mode::Tell
        {
            let count = u64::try_from(records).unwrap_or(u64::MAX);
            // Quota may have to be set aside on a disk; the deadline holds for that as well.
            let told = tokio::time::timeout_at(until, app.rights.told(&grant, count, self.plan.errand.now)).await;
            if let Some(withheld) = self.withheld.get_mut(place) {
                *withheld = told.unwrap_or(Err(Denial::Unavailable)).err();
            }
        }
        if let Some(came) = self.came.get_mut(place) {
            *came = Some(outcome);
        }
        self.hold(app, place);
    }

    /// Withholds what is not granted any more: directly before it is told.
    pub fn hold_all(&mut self, app: &App) {
        (0..self.came.len()).for_each(|place| self.hold(app, place));
    }

    fn hold(&mut self, app: &App, place: usize) {
        let (Some(asked), Some(withheld)) = (self.plan.asked.get(place), self.withheld.get_mut(place)) else { return };
        if withheld.is_none() {
            *withheld = self.plan.again(app, asked).err();
        }
    }

    /// Each wanted resource, with what came of it.
    pub fn all(&self) -> impl Iterator<Item = Finding<'_>> {
        let each = self.plan.asked.iter().zip(&self.came).zip(&self.withheld).enumerate();
        each.map(|(place, ((asked, outcome), withheld))| Finding {
            place,
            asked,
            outcome: outcome.as_ref().filter(|_| withheld.is_none()),
            withheld: *withheld,
        })
    }

    /// What came of the resource at this place.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<Finding<'_>> {
        self.all().nth(place)
    }

    /// What came of the resource with this code.
    #[must_use]
    pub fn of(&self, code: &str) -> Option<Finding<'_>> {
        self.all().find(|finding| finding.asked.code == code)
    }

    /// Whether every source has spoken that may speak, somebody could be asked, and nothing was left out that the caller named.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_idle = |finding: &Finding<'_>| finding.standing() == Standing::NotApplicable;
        let is_whole = |finding: &Finding<'_>| !finding.is_missing() && finding.asked.withheld().next().is_none();
        self.all().all(|finding| is_whole(&finding))
            && (self.plan.asked.is_empty() || !self.all().all(|finding| is_idle(&finding)))
    }

    /// What may be told, as the merging of attributes takes it.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.all().filter_map(|finding| finding.outcome.cloned()).collect()
    }
}

/// What came of one wanted resource.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// Its place among what was asked.
    pub place: usize,
    /// What was asked.
    pub asked: &'a Asked,
    /// What came and may be told.
    pub outcome: Option<&'a Outcome>,
    /// Why what came may not be told.
    withheld: Option<Denial>,
}

impl<'a> Finding<'a> {
    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (&self.asked.leave, self.withheld, self.outcome) {
            (Leave::NotApplicable, ..) => Standing::NotApplicable,
            (Leave::Denied(_), ..) | (_, Some(_), _) => Standing::Denied,
            (_, None, Some(outcome)) => outcome.state.into(),
            // The broker gives every question its outcome.
            (_, None, None) => Standing::Failed,
        }
    }

    /// Why it is denied, where it is.
    #[must_use]
    pub fn denial(&self) -> Option<Denial> {
        self.asked.leave.denial().or(self.withheld)
    }

    /// Whether the answer is less than it could be for want of it. A denial counts where the caller named the resource or what it
    /// states, or where something came that is withheld; that nobody can be asked by such a number, where the caller named the resource.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self.standing() {
            Standing::NotApplicable => self.asked.is_named,
            // Whether it is granted could not be found out: it may be.
            Standing::Denied if self.denial() == Some(Denial::Unavailable) => true,
            Standing::Denied => self.asked.is_named || self.asked.is_stating || self.withheld.is_some(),
            _ => !self.outcome.is_some_and(|outcome| outcome.state.is_conclusive()),
        }
    }

    /// The records that may be told.
    pub fn rows(&self) -> &'a [Row] {
        let reply = self.outcome.and_then(|outcome| outcome.reply.as_ref());
        reply.map_or(&[], |reply| reply.rows.as_slice())
    }

    /// Whether the source has spoken for the present and has records.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.outcome.is_some_and(|outcome| outcome.state == State::Answered)
    }
}
