//! Which licences does somebody hold? The number stands in the body, never in a URL.

use std::fmt;
use std::sync::Arc;

use crypto::licence::{HolderCodeType, HolderNumber};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::page::Cursor;

use super::licences::LicenceView;
use super::own::{reads_all, today_in_china};
use crate::app::App;
use crate::http::{Answer, Code, NEXT, Problem, Request, page_rows};

/// Most licences of one page.
const LIMIT_MAX: usize = 100;

/// A search by holder.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Whose licences.
    pub holder: HolderRequest,
    /// Most licences of one page, 1 to 100; 50 when absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
    /// `next` of the page before.
    #[schemars(regex(pattern = "^([0-9a-f]{2}){1,64}$"))]
    pub after: Option<String>,
}

/// The number of a holder. Its `Debug` shows no number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderRequest {
    /// What kind of number.
    pub code_type: HolderCodeType,
    /// The number.
    pub code: String,
}

/// A page of licences, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SearchAnswer {
    /// The licences. An issuer that is neither verifier nor auditor sees its own alone.
    pub licences: Vec<LicenceView>,
    /// For `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl fmt::Debug for HolderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HolderRequest").field("code_type", &self.code_type).finish_non_exhaustive()
    }
}

/// `POST /v1/licences/search`
///
/// # Errors
/// [`Code::BadContent`] when the number is none.
pub async fn by_holder(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: SearchRequest = request.json()?;
    let today = today_in_china(request.now);
    let number = HolderNumber::parse(asked.holder.code_type, &asked.holder.code, today).map_err(|error| {
        let text = error.text();
        Problem::new(Code::BadContent).detail(text.en, text.zh)
    })?;
    request.trail.note(|draft| draft.holders.push(number.clone()));
    let limit = page_rows(Code::BadParameter, asked.limit, LIMIT_MAX)?;
    let read = |text: String| text.parse().map_err(|_error| Problem::expected(Code::BadParameter, "after", NEXT));
    let after: Option<Cursor> = asked.after.map(read).transpose()?;
    let (shared, caller) = (Arc::clone(&app), Arc::clone(&request.caller));
    let find = move || {
        let licences = shared.store().licences();
        if reads_all(&caller) {
            licences.by_holder(&number, after.as_ref(), limit)
        } else {
            licences.by_holder_and_issuer((&number, &caller.organisation), after.as_ref(), limit)
        }
    };
    let page = app.auditing.run(find).await??;
    request.trail.detail("rows", page.items.len());
    let answer = SearchAnswer {
        licences: page.items.into_iter().map(|record| LicenceView::new(&app, record, request.now)).collect::<Result<_, _>>()?,
        next: page.next.map(|cursor| cursor.to_string()),
    };
    Ok(Answer::json(StatusCode::OK, &answer))
}
