//! On whose authority a request asks: by the duty of the office, or by a token that the holder stands behind.
//!
//! A token is good for one use: it is verified first, and used up, durably, when nothing else is left that could refuse the request and
//! before any source is asked. It stays used up after a restart. What goes on record is whose provider's it was and a keyed digest of
//! its name, never the token.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::grants::Authority;
use crypto::identity::{self, Accepted, Demand, KeySet, Provider, Refusal, TOKEN_BYTES_MAX};
use crypto::licence::HolderNumber;
use storage::tokens::TokenUse;

use crate::app::App;
use crate::config::{Faults, IdentityProvider};
use crate::http::{Code, Problem, Request};

/// The token, a compact JWS.
pub const HEADER: &str = "licet-authorization";

/// The largest file of keys, in bytes.
const KEYS_BYTES_MAX: usize = 1 << 18;

/// What a token has to be for.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who is asked about.
    pub subject: &'a HolderNumber,
    /// The item that it is asked for.
    pub item: &'a str,
    /// The resources that are asked.
    pub resources: &'a BTreeSet<String>,
}

/// The same for a token that may be of one of several holders, and for no item.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    pub(crate) subjects: Vec<HolderNumber>,
    pub(crate) in_person: bool,
    pub(crate) item: Option<String>,
    pub(crate) resources: BTreeSet<String>,
}

/// On whose authority a request asks, with the token that says so where there is one.
#[derive(Debug)]
#[must_use = "a token is good for one use, and has to be used up before anything is asked on its authority"]
pub struct Standing {
    /// The authority.
    pub authority: Authority,
    token: Option<Token>,
}

/// A token that was verified, and is not used up yet.
#[derive(Debug)]
#[must_use = "a token is good for one use, and has to be used up before anything is done on its word"]
pub(crate) struct Token(Accepted);

/// On whose authority a request asks. A token is verified by this, and not used up.
///
/// # Errors
/// [`Code::TokenRefused`] with the reason; [`Code::BadParameter`] when there are two tokens.
pub async fn of(app: &Arc<App>, request: &Request, claim: &Claim<'_>) -> Result<Standing, Problem> {
    let sought = Sought {
        subjects: vec![claim.subject.clone()],
        in_person: false,
        item: Some(claim.item.to_owned()),
        resources: claim.resources.clone(),
    };
    let token = token(app, request, sought).await?;
    let authority = token.as_ref().map_or(Authority::Duty, Token::authority);
    request.trail.detail("authority", authority.name());
    Ok(Standing { authority, token })
}

impl Standing {
    /// Uses the token up, where there is one: of all who do that at once, one does.
    ///
    /// # Errors
    /// [`Code::TokenRefused`] when it was used before.
    pub async fn spend(self, app: &Arc<App>, request: &Request) -> Result<(), Problem> {
        match self.token {
            Some(token) => token.spend(app, request).await,
            None => Ok(()),
        }
    }
}

impl Token {
    /// On whose authority it lets ask.
    pub(crate) const fn authority(&self) -> Authority {
        self.0.authority
    }

    /// Uses it up.
    ///
    /// # Errors
    /// [`Code::TokenRefused`] when it was used before.
    pub(crate) async fn spend(self, app: &Arc<App>, request: &Request) -> Result<(), Problem> {
        let (shared, now, accepted) = (Arc::clone(app), request.now, self.0);
        let work = move || {
            let Accepted { issuer, id, dead_at, .. } = &accepted;
            shared.store().tokens().spend(&TokenUse { issuer, id, dead_at: *dead_at, now })
        };
        if app.pool.run(work).await?? { Ok(()) } else { Err(refused(request, Refusal::Replayed)) }
    }
}

/// The token that came with a request, verified; none where none came.
pub(crate) async fn token(app: &Arc<App>, request: &Request, sought: Sought) -> Result<Option<Token>, Problem> {
    let mut values = request.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::parameter(HEADER));
    }
    if value.len() > TOKEN_BYTES_MAX {
        return Err(refused(request, Refusal::Malformed));
    }
    let (shared, asking, token) = (Arc::clone(app), request.clone(), value.clone());
    app.pool.run(move || verified(&shared, &asking, token.as_bytes(), &sought)).await?.map(Some)
}

fn verified(app: &App, request: &Request, token: &[u8], sought: &Sought) -> Result<Token, Problem> {
    let operator = request.trail.draft().facts.operator;
    let demand = Demand {
        now: request.now,
        subjects: &sought.subjects,
        in_person: sought.in_person,
        item: sought.item.as_deref(),
        resources: &sought.resources,
        operator: operator.as_deref(),
        caller: &request.caller.name,
        organisation: &request.caller.organisation,
    };
    let accepted = identity::verify(token, &app.identity_providers, &demand).map_err(|refusal| refused(request, refusal))?;
    let tokens = app.store().tokens();
    request.trail.detail("provider", accepted.provider.as_str());
    request.trail.detail("token", tokens.mention(&accepted.issuer, &accepted.id));
    // Nothing is counted or asked for one that cannot be used up any more.
    if tokens.is_spent(&accepted.issuer, &accepted.id)? { Err(refused(request, Refusal::Replayed)) } else { Ok(Token(accepted)) }
}

pub(crate) fn refused(request: &Request, refusal: Refusal) -> Problem {
    request.trail.detail("reason", refusal.code());
    let (en, zh) = refusal.text();
    Problem::new(Code::TokenRefused).detail(en, zh).reason(refusal.code())
}

/// Reads the keys of the providers.
///
/// # Errors
/// What is wrong with which file.
pub fn load(providers: &[IdentityProvider]) -> Result<Vec<Provider>, Faults> {
    providers.iter().enumerate().map(|(index, provider)| load_one(provider, index)).collect()
}

fn load_one(settings: &IdentityProvider, index: usize) -> Result<Provider, Faults> {
    let path = settings.keys.display();
    let fault = |what: String| Faults::one(format!("identity_providers[{index}].keys"), format!("{path} {what}"));
    let json = std::fs::read(&settings.keys).map_err(|error| fault(format!("cannot be read: {error}")))?;
    if json.len() > KEYS_BYTES_MAX {
        return Err(fault(format!("has more than {KEYS_BYTES_MAX} bytes")));
    }
    Ok(Provider {
        name: settings.name.clone(),
        issuer: settings.issuer.clone(),
        audience: settings.audience.clone(),
        keys: KeySet::parse(&json).map_err(|error| fault(format!("cannot be used: {error}")))?,
        clock_skew_s: settings.clock_skew_s,
        lifetime_s_max: settings.lifetime_s_max,
        claims: settings.claims.names(),
    })
}
