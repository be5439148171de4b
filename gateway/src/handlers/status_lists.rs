//! Status lists: what credentials that refer to a licence are checked against.

use std::sync::Arc;

use crypto::status_list::token::MEDIA_TYPE;
use hyper::header::{CACHE_CONTROL, HeaderValue};

use super::licences::tagged;
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};

/// `GET /v1/status-lists/{list}`
///
/// # Errors
/// [`Code::StatusListNotFound`] when there is no such list, or none is published here.
pub async fn list(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let list: u32 = request.params.value("list")?.parse().or(Err(Code::StatusListNotFound))?;
    let lists = app.judge.status_lists.clone().ok_or(Code::StatusListNotFound)?;
    let (shared, now) = (Arc::clone(&app), request.now);
    let published = app.pool.run(move || lists.published(list, shared.store(), now)).await??;
    let published = published.ok_or(Code::StatusListNotFound)?;
    // Not for longer than the list itself may be kept, however long it was kept here.
    let seconds = published.fresh_until.unix().saturating_sub(now.unix()).max(0);
    let keep = HeaderValue::from_str(&format!("max-age={seconds}")).or(Err(Code::Internal))?;
    let answer = tagged(&request, &published.sha256.to_string(), MEDIA_TYPE, published.token.to_vec())?;
    Ok(answer.header(CACHE_CONTROL, keep))
}
