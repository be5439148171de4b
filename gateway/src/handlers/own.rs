//! What is whose: the rules between organisations that hold beyond the roles of a route.

use std::sync::Arc;

use crypto::licence::Identifier;
use crypto::time::{Date, Timestamp};

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::http::{Code, Problem, Request};

/// The identifier in the path.
pub(super) fn identifier(request: &Request) -> Result<Identifier, Problem> {
    request.params.value("identifier")?.parse().map_err(|_error| Problem::parameter("identifier"))
}

/// Refuses unless the matter is the caller's own.
pub(super) fn demand_own(caller: &Caller, organisation: &str) -> Result<(), Problem> {
    if caller.organisation == organisation { Ok(()) } else { Err(Code::OtherOrganisation.into()) }
}

/// Refuses unless the caller may read about licences of this issuer: verifiers and auditors may of all, issuers of their own.
///
/// Decided by the identifier, before anything is looked up, so that a refusal does not tell what exists.
pub(super) fn demand_readable(caller: &Caller, issuer: &str) -> Result<(), Problem> {
    if is_readable(caller, issuer) { Ok(()) } else { Err(Code::OtherOrganisation.into()) }
}

/// Whether the caller may read about licences of this issuer.
pub(super) fn is_readable(caller: &Caller, issuer: &str) -> bool {
    reads_all(caller) || caller.organisation == issuer
}

/// Whether the caller may read about the licences of every issuer.
pub(super) fn reads_all(caller: &Caller) -> bool {
    caller.is(Role::Verifier) || caller.is(Role::Auditor)
}

/// The day that it is in China, where licences are dated.
pub(super) fn today_in_china(now: Timestamp) -> Date {
    now.plus(8 * 3600).date()
}

/// Changes something about an issuer's licences. Verdicts from before are dead before anybody learns of the change, whether
/// it succeeds, fails half-way or panics.
pub(super) async fn change<T: Send + 'static>(
    app: &Arc<App>,
    issuer: String,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    struct Bump(Arc<App>, String);
    impl Drop for Bump {
        fn drop(&mut self) {
            self.0.judge.epochs.bump(&self.1);
        }
    }
    let shared = Arc::clone(app);
    app.pool
        .run(move || {
            let bump = Bump(shared, issuer);
            work(&bump.0)
        })
        .await?
}
