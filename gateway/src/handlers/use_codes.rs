//! Using up a code that a look-up gave out (用证码).

use std::sync::Arc;

use storage::use_codes::{Bound, UseCode};

use super::redemption::{self, Wanted, consumer};
use crate::app::App;
use crate::http::{Answer, Problem, Request};

/// `POST /v1/use-codes/redemptions`
///
/// # Errors
/// [`Code::UseCodeNotFound`](crate::http::Code::UseCodeNotFound), [`Code::UseCodeSpent`](crate::http::Code::UseCodeSpent),
/// [`Code::LicenceNotValid`](crate::http::Code::LicenceNotValid).
pub async fn redeem(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let wanted = redemption::read(&request)?;
    let code = redemption::find(&app, &request, &wanted, |code| is_for(code, &request, &wanted)).await?;
    redemption::give(&app, &request, (&wanted, &code)).await
}

/// Whether a code was given to this caller, for this item and case.
fn is_for(code: &UseCode, request: &Request, wanted: &Wanted) -> bool {
    let Bound::Errand { item, case, .. } = &code.bound else { return false };
    let is_same_case = case.is_none() || *case == wanted.case;
    code.issued_to == consumer(request) && *item == wanted.item && is_same_case
}
