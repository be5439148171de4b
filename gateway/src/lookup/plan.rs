//! Which of the wanted resources may be asked, and for what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crypto::catalogue::{Catalogue, Resource};
use crypto::grants::{Ask, Authority, Denial, Mode, Permit};
use crypto::licence::HolderNumber;

use super::order::Order;
use super::wish::Wanted;
use crate::app::App;
use crate::authority::{self, Claim};
use crate::broker::{Errand, Question};
use crate::http::{Code, Problem, Request};

/// What is asked about one subject.
#[derive(Debug)]
pub struct Plan {
    /// The catalogue that it was made by.
    pub catalogue: Arc<Catalogue>,
    /// What it is for.
    pub errand: Arc<Errand>,
    /// About whom.
    pub subject: HolderNumber,
    /// Every wanted resource, by its code.
    pub asked: Vec<Asked>,
    /// Whether it is told or compared.
    pub mode: Mode,
    /// Whether use codes are made for the licences that come.
    pub use_codes: bool,
}

/// A wanted resource, and whether it may be asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its code.
    pub code: String,
    /// The resource, where the catalogue has it.
    pub resource: Option<Arc<Resource>>,
    /// The fields that are wanted by name; every granted one when empty.
    pub fields: BTreeSet<String>,
    /// Whether the caller named it.
    pub is_named: bool,
    /// Whether it is wanted for attributes that the caller named.
    pub is_stating: bool,
    /// What may be asked.
    pub leave: Leave,
}

/// Whether a resource may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// A grant allows it.
    Permitted(Permit),
    /// None does.
    Denied(Denial),
    /// It is not looked up by numbers of this kind.
    NotApplicable,
}

/// What is to be planned.
#[derive(Debug)]
pub struct Intent<'a> {
    /// The catalogue.
    pub catalogue: &'a Arc<Catalogue>,
    /// What it is for, and until when.
    pub order: &'a Order,
    /// About whom.
    pub subject: HolderNumber,
    /// What is wanted.
    pub wanted: Vec<Wanted>,
    /// Whether it is told or compared.
    pub mode: Mode,
    /// Whether use codes are made for the licences that come.
    pub use_codes: bool,
}

/// The resources that a caller has any grant of.
#[must_use]
pub fn granted(app: &App, order: &Order) -> BTreeSet<String> {
    let grants = app.rights.of_caller(&order.consumer.caller, order.now);
    grants.iter().filter(|grant| grant.consumer == order.consumer).map(|grant| grant.resource.clone()).collect()
}

impl Plan {
    /// Finds out on whose authority is asked, and holds every wanted resource against the grants. A token is used up last, when
    /// nothing is left that could refuse the look-up.
    ///
    /// # Errors
    /// What is wrong with the token that the request carries, [`Code::NotGranted`] when nothing of what is wanted may be asked.
    pub async fn make(app: &Arc<App>, request: &Request, intent: Intent<'_>) -> Result<Self, Problem> {
        let codes: BTreeSet<String> = intent.wanted.iter().map(|wanted| wanted.code.clone()).collect();
        let claim = Claim { subject: &intent.subject, item: &intent.order.item, resources: &codes };
        let standing = authority::of(app, request, &claim).await?;
        let plan = Self::decide(app, intent, standing.authority).await;
        plan.demand_any()?;
        standing.spend(app, request).await?;
        Ok(plan)
    }

    /// Holds every wanted resource against the grants. What is permitted counts against the quota from now on.
    pub async fn decide(app: &App, intent: Intent<'_>, authority: Authority) -> Self {
        let mut asked = Vec::with_capacity(intent.wanted.len());
        for wanted in &intent.wanted {
            let resource = intent.catalogue.resource(&wanted.code);
            let leave = match resource {
                None => Leave::Denied(Denial::NotGranted),
                Some(resource) if !resource.subjects.contains(&intent.subject.code_type()) => Leave::NotApplicable,
                Some(_) => permit(app, &intent, authority, wanted).await,
            };
            let resource = resource.map(|resource| Arc::new(resource.clone()));
            let Wanted { code, fields, is_named, is_stating } = wanted.clone();
            asked.push(Asked { code, resource, fields, is_named, is_stating, leave });
        }
        Self {
            catalogue: Arc::clone(intent.catalogue),
            errand: intent.order.errand(authority),
            subject: intent.subject,
            asked,
            mode: intent.mode,
            use_codes: intent.use_codes,
        }
    }

    /// # Errors
    /// [`Code::NotGranted`] when something was denied and nothing is left to ask; [`Code::Unavailable`] when it could not be decided.
    pub fn demand_any(&self) -> Result<(), Problem> {
        let denials = self.asked.iter().filter_map(|asked| Some((Some(asked.code.as_str()), asked.leave.denial()?)));
        let denials: Vec<_> = denials.collect();
        if denials.is_empty() || self.asked.iter().any(|asked| asked.leave.permit().is_some()) {
            return Ok(());
        }
        Err(refused(denials.into_iter()))
    }

    /// Whether what was permitted of a resource still is, by the grants and the catalogue of now: they may have changed while the
    /// sources were asked.
    ///
    /// # Errors
    /// The [`Denial`] that the question would meet now.
    pub fn again(&self, app: &App, asked: &Asked) -> Result<(), Denial> {
        let Some(permit) = asked.leave.permit() else { return Ok(()) };
        let errand = &self.errand;
        let ask = Ask {
            caller: &errand.consumer.caller,
            organisation: &errand.consumer.organisation,
            resource: &asked.code,
            item: &errand.item,
            purpose: errand.purpose.as_deref(),
            fields: &permit.fields,
            mode: self.mode,
            authority: errand.authority,
            at: errand.now,
        };
        let now = app.rights.again(&app.catalogues.current(), &permit.grant, &ask)?;
        if now.fields.is_superset(&permit.fields) { Ok(()) } else { Err(Denial::Fields) }
    }

    /// What is asked of the sources, with the place of each among [`Plan::asked`].
    pub fn questions(&self) -> impl Iterator<Item = (usize, Question)> {
        self.asked.iter().enumerate().filter_map(|(place, asked)| {
            let (Leave::Permitted(permit), Some(resource)) = (&asked.leave, &asked.resource) else { return None };
            let question = Question {
                subject: self.subject.clone(),
                resource: Arc::clone(resource),
                fields: permit.fields.clone(),
                stale_s_max: permit.stale_s_max,
                errand: Arc::clone(&self.errand),
            };
            Some((place, question))
        })
    }
}

/// Says that nothing is granted, and why: the last of the reasons comes closest to a grant.
pub fn refused<'a>(denials: impl Iterator<Item = (Option<&'a str>, Denial)> + Clone) -> Problem {
    let all: BTreeSet<Denial> = denials.clone().map(|(_, denial)| denial).collect();
    let Some(reason) = all.last().filter(|_| !all.contains(&Denial::Unavailable)) else { return Code::Unavailable.into() };
    let denied = denials.filter_map(|(code, denial)| Some((code?.to_owned(), denial.name())));
    let texts = || all.iter().map(|denial| denial.text());
    let en = texts().map(|text| text.en.into_owned()).collect::<Vec<_>>().join(" ");
    let zh = texts().map(|text| text.zh.into_owned()).collect::<String>();
    Problem::new(Code::NotGranted).reason(reason.name()).denied(denied).detail(en, zh)
}

/// Asks the grants about one resource.
async fn permit(app: &App, intent: &Intent<'_>, authority: Authority, wanted: &Wanted) -> Leave {
    let order = intent.order;
    let ask = Ask {
        caller: &order.consumer.caller,
        organisation: &order.consumer.organisation,
        resource: &wanted.code,
        item: &order.item,
        purpose: order.purpose.as_deref(),
        fields: &wanted.fields,
        mode: intent.mode,
        authority,
        at: order.now,
    };
    // Quota may have to be set aside on a disk; the deadline holds for that as well.
    let permit = app.rights.permit(intent.catalogue, &ask);
    match tokio::time::timeout_at(order.deadline.until, permit).await {
        Ok(Ok(permit)) => Leave::Permitted(permit),
        Ok(Err(denial)) => Leave::Denied(denial),
        Err(_late) => Leave::Denied(Denial::Unavailable),
    }
}

impl Asked {
    /// The fields that are wanted by name and not granted, where others are.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        let permit = self.leave.permit();
        let fields = permit.into_iter().flat_map(|permit| self.fields.iter().filter(|name| !permit.fields.contains(*name)));
        fields.map(String::as_str)
    }
}

impl Leave {
    /// What may be asked, if anything.
    #[must_use]
    pub const fn permit(&self) -> Option<&Permit> {
        match self {
            Self::Permitted(permit) => Some(permit),
            Self::Denied(_) | Self::NotApplicable => None,
        }
    }

    /// Why it may not be asked.
    #[must_use]
    pub const fn denial(&self) -> Option<Denial> {
        match self {
            Self::Denied(denial) => Some(*denial),
            Self::Permitted(_) | Self::NotApplicable => None,
        }
    }
}

/// How many of each there are, for the record.
#[must_use]
pub fn tally<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u32> {
    let mut tally = BTreeMap::new();
    for name in names {
        let count: &mut u32 = tally.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    tally
}
