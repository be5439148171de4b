//! 亮证: codes that holders show, made by a portal on the holder's word, and used up by whoever they are shown to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::grants::Denial;
use crypto::identity::Refusal;
use crypto::licence::{HolderNumber, Identifier, Record, number};
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::use_codes::{Bound, Fields, UseCode};

use super::own::{read_identifier, today_in_china};
use super::redemption::{self, consumer};
use super::{noted, redemption::standing};
use crate::app::App;
use crate::authority::{self, Sought, Token};
use crate::http::{Answer, Code, Problem, Request};
use crate::use_codes::{self, DOCUMENT, Secret, licence_fields};

/// What a holder wants to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowRequest {
    /// The licence.
    #[schemars(with = "Identifier")]
    pub licence: String,
    /// The fields that may be told, `document` for the file among them; every one when absent.
    #[schemars(length(min = 1, max = 64))]
    pub fields: Option<BTreeSet<String>>,
    /// The organisation that it is shown to, by its unified social credit code; any when absent.
    pub organisation: Option<String>,
}

/// What a holder shows.
#[derive(Serialize, JsonSchema)]
pub struct ShownView {
    /// The text of the image: `LICET1:` and the code.
    pub code: String,
    /// Until when it is good, this moment excluded.
    pub expires_at: Timestamp,
    /// The image, a QR code as SVG.
    pub svg: String,
}

/// The most fields that a holder names.
const FIELDS_MAX: usize = 64;

/// `POST /v1/presentations`
///
/// # Errors
/// [`Code::TokenRefused`], [`Code::LicenceNotValid`], [`Code::BadContent`].
pub async fn show(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: ShowRequest = request.json()?;
    let licence = read_identifier(Code::BadContent, &asked.licence)?;
    noted::asked(&request, &licence);
    if asked.organisation.as_deref().is_some_and(|code| number::uscc(code).is_err()) {
        let code = ("a unified social credit code", "统一社会信用代码");
        return Err(Problem::expected(Code::BadContent, "organisation", code));
    }
    let token = in_person(&app, &request, &licence).await;
    let token = noted::decided(&app, &request, token).await?;
    let (record, _) = standing(&app, &request, &licence).await?;
    let fields = fields(asked.fields, &record, request.now)?;
    let secret = Secret::random()?;
    let code = UseCode {
        id: secret.id(),
        licence,
        bound: Bound::Shown { organisation: asked.organisation },
        fields,
        issued_to: consumer(&request),
        issued_at: request.now,
        expires_at: use_codes::end(request.now, app.use_codes.presentation_ttl_s),
        redeemed: None,
    };
    request.trail.detail("use_code", code.id.as_str());
    let view = ShownView { svg: use_codes::svg(&secret.shown())?, code: secret.shown(), expires_at: code.expires_at };
    token.spend(&app, &request).await?;
    let (shared, trail) = (Arc::clone(&app), Arc::clone(&request.trail));
    app.pool.run(move || shared.store().use_codes().recording(&trail.carried()).issue(&[code])).await??;
    Ok(Answer::json(StatusCode::CREATED, &view))
}

/// Demands a token of a holder of the licence in person. Without the licence there are no holders: the refusal does not tell whether
/// it is on record.
async fn in_person(app: &Arc<App>, request: &Request, licence: &Identifier) -> Result<Token, Problem> {
    let (shared, named) = (Arc::clone(app), licence.clone());
    let record = app.pool.run(move || shared.store().licences().record(&named)).await??;
    let subjects = record.map(|record| holders(&record, request.now)).unwrap_or_default();
    let sought = Sought { subjects, in_person: true, item: None, resources: BTreeSet::new() };
    let token = authority::token(app, request, sought).await?;
    let token = token.ok_or_else(|| authority::refused(request, Refusal::Missing))?;
    request.trail.detail("authority", token.authority().name());
    Ok(token)
}

fn holders(record: &Record, now: Timestamp) -> Vec<HolderNumber> {
    let today = today_in_china(now);
    record.metadata.holders.iter().filter_map(|holder| holder.number(today).ok()).collect()
}

fn fields(named: Option<BTreeSet<String>>, record: &Record, now: Timestamp) -> Result<Fields, Problem> {
    let Some(named) = named else { return Ok(Fields::All) };
    let known = licence_fields(record, None, now);
    let is_known = |name: &String| name == DOCUMENT || known.contains_key(name);
    if (1..=FIELDS_MAX).contains(&named.len()) && named.iter().all(is_known) {
        Ok(Fields::These(named))
    } else {
        let names = ("1 to 64 names of fields that the licence has, or document", "1至64个该证照已有的字段名，或document");
        Err(Problem::expected(Code::BadContent, "fields", names))
    }
}

/// `POST /v1/presentations/redemptions`
///
/// # Errors
/// [`Code::UseCodeNotFound`], [`Code::UseCodeSpent`], [`Code::NotGranted`], [`Code::LicenceNotValid`].
pub async fn redeem(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let wanted = redemption::read(&request)?;
    let code = redemption::find(&app, &request, &wanted, |code| is_shown_to(code, &request.caller.organisation)).await?;
    request.trail.detail("presented_by", json!(code.issued_to));
    let granted = granted_for(&app, &request, &wanted.item).map_err(|denial| redemption::denied(&request, denial));
    noted::decided(&app, &request, granted).await?;
    redemption::give(&app, &request, (&wanted, &code)).await
}

/// Demands that the caller has a grant in force for the item, of whatever resource: the holder says which licence is seen, and not what
/// an office deals with.
fn granted_for(app: &App, request: &Request, item: &str) -> Result<(), Denial> {
    let grants = app.rights.of_caller(&request.caller.name, request.now);
    let mut own = grants.iter().filter(|grant| grant.consumer == consumer(request)).peekable();
    own.peek().ok_or(Denial::NotGranted)?;
    if own.any(|grant| grant.items.contains(item)) { Ok(()) } else { Err(Denial::Item) }
}

fn is_shown_to(code: &UseCode, asking: &str) -> bool {
    let Bound::Shown { organisation } = &code.bound else { return false };
    organisation.as_deref().is_none_or(|named| named == asking)
}

impl std::fmt::Debug for ShownView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownView").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
