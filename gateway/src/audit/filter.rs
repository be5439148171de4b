//! Which records an auditor asks for, as it stands in the body of a request: never in a URL, since it may name a person.

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{Ending, EventKind, LogName, SealMention};
use crypto::time::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::log::{Draft, Query};

use crate::handlers::{HolderRequest, read_identifier};
use crate::http::{Code, Problem};
use crate::purpose::holds_citizen_number;

/// The longest text of a filter, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// Which records: those of which all that is given is true. All records where nothing is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilterRequest {
    /// They concern the seal with this identifier.
    pub seal: Option<String>,
    /// They concern the document with this SHA-256.
    pub document: Option<Sha256>,
    /// They concern the licence with this identifier.
    pub licence: Option<String>,
    /// They concern a licence issued by the body with this code.
    pub issuer: Option<String>,
    /// The calling system with this name acted, or the person with this pseudonym.
    pub actor: Option<String>,
    /// A system of the organisation with this code acted.
    pub organisation: Option<String>,
    /// They concern whoever goes by this number. Only a keyed digest of it is looked for, and the number is not kept.
    pub subject: Option<HolderRequest>,
    /// They served the item (事项) with this code.
    pub item: Option<String>,
    /// They served this case (办件).
    pub case: Option<String>,
    /// This happened.
    pub event: Option<EventKind>,
    /// It ended so.
    pub outcome: Option<Ending>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// At this moment or earlier.
    pub until: Option<Timestamp>,
}

/// A filter that was read.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What is looked for.
    pub query: Query,
    note: Value,
}

/// What of a filter goes on record for good. What may be about a citizen is only said to be there.
#[derive(Serialize)]
struct Note<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Ending>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    personal: Vec<&'static str>,
}

impl Filter {
    /// Reads a filter on this day in China.
    ///
    /// # Errors
    /// [`Code::BadParameter`] with the name of the field that is wrong and what is wrong with it.
    pub fn read(asked: FilterRequest, today: Date) -> Result<Self, Problem> {
        let range = (asked.from, asked.until);
        if let (Some(from), Some(until)) = range
            && from > until
        {
            return Err(bad("filter.until", "it is earlier than from", "早于from"));
        }
        let query = Query {
            seal: text("filter.seal", asked.seal, today)?,
            document: asked.document,
            licence: licence(asked.licence)?,
            issuer: text("filter.issuer", asked.issuer, today)?,
            actor: text("filter.actor", asked.actor, today)?,
            organisation: text("filter.organisation", asked.organisation, today)?,
            subject: asked.subject.map(|subject| subject_number("filter.subject", &subject, today)).transpose()?,
            item: text("filter.item", asked.item, today)?,
            case: case(asked.case)?,
            event: asked.event,
            outcome: asked.outcome,
            from: asked.from,
            until: asked.until,
        };
        let note = note(&query)?;
        Ok(Self { query, note })
    }

    /// Says on record what was asked for: the filter without what may be about a citizen, its digest, the seal and the person as
    /// links, and licence and case where they can be erased.
    pub fn tell(&self, draft: &mut Draft) {
        let details = &mut draft.facts.details;
        details.insert("filter".to_owned(), self.note.clone());
        details.insert("filter_sha256".to_owned(), self.sha256().to_string().into());
        if let Some(id) = &self.query.seal {
            draft.facts.seals.push(SealMention { id: id.clone(), sha256: None, owner: None });
        }
        draft.holders.extend(self.query.subject.clone());
        draft.subject.licence.clone_from(&self.query.licence);
        if self.query.case.is_some() {
            // The case that the question itself serves stands in its own header, and is not lost.
            draft.subject.details.insert("case_asked".to_owned(), self.query.case.clone().into());
        }
    }

    /// The digest of what is told of it.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&[self.note.to_string().as_bytes()])
    }
}

fn note(query: &Query) -> Result<Value, Problem> {
    let personal = [("subject", query.subject.is_some()), ("licence", query.licence.is_some()), ("case", query.case.is_some())];
    let note = Note {
        seal: query.seal.as_deref(),
        document: query.document,
        issuer: query.issuer.as_deref(),
        actor: query.actor.as_deref(),
        organisation: query.organisation.as_deref(),
        item: query.item.as_deref(),
        event: query.event,
        outcome: query.outcome,
        from: query.from,
        until: query.until,
        personal: personal.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect(),
    };
    serde_json::to_value(note).or(Err(Code::Internal.into()))
}

/// The name of a log in a path.
///
/// # Errors
/// [`Code::LogPartNotFound`].
pub fn log_name(text: &str) -> Result<LogName, Problem> {
    text.parse().or(Err(Code::LogPartNotFound.into()))
}

/// A number that a person goes by.
///
/// # Errors
/// [`Code::BadParameter`]; the number is not repeated.
pub fn subject_number(place: &str, asked: &HolderRequest, today: Date) -> Result<HolderNumber, Problem> {
    HolderNumber::parse(asked.code_type, &asked.code, today).map_err(|error| {
        let text = error.text();
        bad(place, &text.en, &text.zh)
    })
}

/// What is wrong with a part of the body that is JSON, but not good.
#[must_use]
pub fn bad(place: &str, en: &str, zh: &str) -> Problem {
    let en = en.trim_end_matches('.');
    let zh = zh.trim_end_matches('。');
    Problem::new(Code::BadParameter).detail(format!("{place} is wrong: {en}."), format!("{place}有误：{zh}。"))
}

/// A text that is neither empty nor too long.
///
/// # Errors
/// [`Code::BadParameter`] with its place.
pub fn text(place: &str, asked: Option<String>, today: Date) -> Result<Option<String>, Problem> {
    let Some(text) = asked else { return Ok(None) };
    if text.is_empty() || text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(bad(place, "it is empty, longer than 256 bytes, or has control characters", "为空、超过256字节或含控制字符"));
    }
    // It goes on record for good.
    if holds_citizen_number(&text, today) {
        return Err(bad(
            place,
            "it holds the number of a citizen, for which there is subject",
            "含有公民身份号码，应使用subject",
        ));
    }
    Ok(Some(text))
}

/// A case, which goes where it can be erased.
fn case(asked: Option<String>) -> Result<Option<String>, Problem> {
    match asked {
        Some(text) if text.is_empty() || text.len() > TEXT_BYTES_MAX => {
            Err(bad("filter.case", "it is empty or longer than 256 bytes", "为空或超过256字节"))
        }
        asked => Ok(asked),
    }
}

fn licence(asked: Option<String>) -> Result<Option<String>, Problem> {
    asked.map(|text| read_identifier(Code::BadParameter, &text).map(|licence| licence.to_string())).transpose()
}

#[cfg(test)]
mod tests {
    use crypto::record::Facts;

    use super::*;

    fn read(json: &str) -> Result<Filter, Problem> {
        Filter::read(serde_json::from_str(json).unwrap(), Date::new(2026, 7, 1).unwrap())
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, place) in [
            (r#"{"from":"2026-07-02T00:00:00Z","until":"2026-07-01T00:00:00Z"}"#, "filter.until"),
            (r#"{"seal":""}"#, "filter.seal"),
            (r#"{"item":"a\nb"}"#, "filter.item"),
            (r#"{"subject":{"code_type":"111","code":"110101199003070071"}}"#, "filter.subject"),
            (r#"{"actor":"w11010519491231002X"}"#, "filter.actor"),
            (r#"{"licence":"1.2.3"}"#, "licence identifier"),
        ] {
            let problem = read(json).unwrap_err();
            assert_eq!(problem.code(), Code::BadParameter);
            let text = format!("{problem:?}");
            assert!(text.contains(place) && !text.contains("1101"), "{text}");
        }
        assert!(serde_json::from_str::<FilterRequest>(r#"{"seals":"1"}"#).is_err());
        assert!(serde_json::from_str::<FilterRequest>(r#"{"event":"seal.used"}"#).is_err());
    }

    #[test]
    fn what_is_told_names_nobody() {
        let filter = read(
            r#"{"subject":{"code_type":"111","code":"11010519491231002X"},"case":"2026-7","seal":"33","event":"seal.use",
                "from":"2026-07-01T00:00:00Z","until":"2026-07-01T00:00:00Z"}"#,
        )
        .unwrap();
        let at = "2026-07-01T00:00:00Z".parse().unwrap();
        let mut draft = Draft::new(at, Facts::new(EventKind::LogRead, Ending::Done, "audit".to_owned()));
        filter.tell(&mut draft);
        let facts = serde_json::to_string(&draft.facts).unwrap();
        assert!(!facts.contains("11010519491231002X") && !facts.contains("2026-7\""), "{facts}");
        assert!(facts.contains(r#""personal":["subject","case"]"#) && facts.contains(r#""event":"seal.use""#), "{facts}");
        assert_eq!((draft.facts.seals.len(), draft.holders.len()), (1, 1));
        assert_eq!(draft.subject.details["case_asked"], "2026-7");
        // The digest does not tell which person it was.
        let other = read(
            r#"{"subject":{"code_type":"411","code":"E12345678"},"case":"2026-8","seal":"33","event":"seal.use",
                "from":"2026-07-01T00:00:00Z","until":"2026-07-01T00:00:00Z"}"#,
        );
        assert_eq!(filter.sha256(), other.unwrap().sha256());
        assert_ne!(filter.sha256(), read("{}").unwrap().sha256());
    }
}
