//! What a token says.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Refusal;
use crate::grants::Authority;
use crate::licence::{HolderCodeType, HolderNumber};
use crate::time::{Date, Timestamp};

/// Audiences that one token may name.
const AUDIENCES_MAX: usize = 16;
/// Resources that one token may name.
const RESOURCES_MAX: usize = 256;
/// The longest text of a claim, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// Under which names a provider puts what is not registered with the IANA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The holder: an object with `code_type` and `code`. `licet_holder` by default.
    pub holder: String,
    /// The code of the item. `licet_item` by default.
    pub item: String,
    /// The codes of the resources, or `*`. `licet_resources` by default.
    pub resources: String,
    /// On whose authority. `licet_authority` by default.
    pub authority: String,
    /// The person who is empowered. `licet_delegate` by default.
    pub delegate: String,
    /// The system or organisation that may use it. `licet_consumer` by default.
    pub consumer: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            holder: "licet_holder".to_owned(),
            item: "licet_item".to_owned(),
            resources: "licet_resources".to_owned(),
            authority: "licet_authority".to_owned(),
            delegate: "licet_delegate".to_owned(),
            consumer: "licet_consumer".to_owned(),
        }
    }
}

/// What a token says, read and not yet held against a question.
pub(super) struct Claims<'a> {
    pub(super) audiences: BTreeSet<&'a str>,
    pub(super) expires: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) issued: Timestamp,
    pub(super) id: &'a str,
    pub(super) holder: HolderNumber,
    pub(super) item: Option<&'a str>,
    pub(super) resources: Resources<'a>,
    pub(super) authority: Authority,
    pub(super) delegate: Option<&'a str>,
    pub(super) consumer: Option<&'a str>,
}

/// For which resources a token is.
pub(super) enum Resources<'a> {
    /// It names none.
    None,
    /// For whatever the item needs.
    All,
    /// For these.
    Some(BTreeSet<&'a str>),
}

impl<'a> Claims<'a> {
    pub(super) fn read(payload: &'a Map<String, Value>, names: &ClaimNames, today: Date) -> Result<Self, Refusal> {
        let holder = payload.get(&names.holder).and_then(|value| holder(value, today)).ok_or(Refusal::Malformed)?;
        let authority = text(payload, &names.authority)?.and_then(authority).ok_or(Refusal::Malformed)?;
        Ok(Self {
            audiences: texts(payload.get("aud"), AUDIENCES_MAX)?,
            expires: moment(payload, "exp")?.ok_or(Refusal::Malformed)?,
            not_before: moment(payload, "nbf")?,
            issued: moment(payload, "iat")?.ok_or(Refusal::Malformed)?,
            id: text(payload, "jti")?.ok_or(Refusal::Malformed)?,
            holder,
            item: text(payload, &names.item)?,
            resources: resources(payload.get(&names.resources))?,
            authority,
            delegate: text(payload, &names.delegate)?,
            consumer: text(payload, &names.consumer)?,
        })
    }
}

/// A text that is neither empty nor too long.
pub(super) fn text<'a>(payload: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match payload.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=TEXT_BYTES_MAX).contains(&text.len()) => Ok(Some(text)),
        Some(_) => Err(Refusal::Malformed),
    }
}

/// `NumericDate` (RFC 7519, 2), in whole seconds.
fn moment(payload: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(value) = payload.get(name) else { return Ok(None) };
    let seconds = value.as_i64().filter(|seconds| (0..=Timestamp::MAX.unix()).contains(seconds));
    seconds.map(|seconds| Some(Timestamp::from_unix(seconds))).ok_or(Refusal::Malformed)
}

/// A text or a list of texts.
fn texts(value: Option<&Value>, most: usize) -> Result<BTreeSet<&str>, Refusal> {
    match value {
        Some(Value::String(text)) => Ok(BTreeSet::from([text.as_str()])),
        Some(Value::Array(list)) if (1..=most).contains(&list.len()) => {
            list.iter().map(|value| value.as_str().ok_or(Refusal::Malformed)).collect()
        }
        _ => Err(Refusal::Malformed),
    }
}

fn resources(value: Option<&Value>) -> Result<Resources<'_>, Refusal> {
    match value {
        None => Ok(Resources::None),
        Some(Value::String(text)) if text == "*" => Ok(Resources::All),
        Some(value @ Value::Array(_)) => texts(Some(value), RESOURCES_MAX).map(Resources::Some),
        Some(_) => Err(Refusal::Malformed),
    }
}

fn holder(value: &Value, today: Date) -> Option<HolderNumber> {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    HolderNumber::parse(HolderCodeType::from_code(member("code_type")?)?, member("code")?, today).ok()
}

/// A duty needs no token, so none may say that it is one.
fn authority(text: &str) -> Option<Authority> {
    Authority::ALL.into_iter().find(|authority| authority.needs_token() && authority.name() == text)
}
