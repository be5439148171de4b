//! One number (一号通查), told to a running gateway through its own interface: the catalogue, who may ask what, what a window then
//! learns of one person, and what becomes of it.

use crypto::catalogue::Entry;
use crypto::licence::{Holder, Identifier};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::catalogue::{DRIVERS, ITEM, MARRIAGES, PERSONS};
use super::client::{Message, Reply};
use super::error::DemoError;
use super::identity;
use super::licences::Licence;
use super::stage::{Attempt, Stage};
use crate::clock;

/// The caller that looks up.
const WINDOW: &str = "window";
/// The case that it works on.
pub const CASE: &str = "C-1";

/// Time enough on a machine with other work.
const PATIENT: &[(&str, &str)] = &[("licet-deadline", "5000")];
/// What a window waits for that has people before it.
const HURRIED: &[(&str, &str)] = &[("licet-deadline", "500")];

/// What an office asks for without anybody's leave (依职能).
const BY_DUTY: &[&str] = &["duty"];

const YEAR_S: i64 = 365 * 86_400;

/// Whom the story is about.
#[derive(Clone, Copy, Debug)]
pub struct Persons<'a> {
    /// The driving licence of whom most of it is about.
    pub licence: &'a Licence,
    /// The driving licence of somebody about whom the register of persons never answers.
    pub silent: &'a Licence,
}

/// An application for a grant, and how it ends.
struct Plea {
    what: &'static str,
    resource: &'static str,
    fields: &'static [&'static str],
    authorities: &'static [&'static str],
    provider: &'static str,
    verdict: &'static str,
    expected: &'static str,
}

const PLEAS: [Plea; 4] = [
    Plea {
        what: "the police let window ask their register, for name and birth",
        resource: PERSONS,
        fields: &["name", "birth"],
        authorities: BY_DUTY,
        provider: "police",
        verdict: "approve",
        expected: "granted",
    },
    Plea {
        what: "and for the address, with the holder's consent",
        resource: PERSONS,
        fields: &["address"],
        authorities: &["consent"],
        provider: "police",
        verdict: "approve",
        expected: "granted",
    },
    Plea {
        what: "the traffic police let window ask for driving licences",
        resource: DRIVERS,
        fields: &["holder_name", "KZ_ZJCX", "issued", "valid_until", "document"],
        authorities: BY_DUTY,
        provider: "traffic-police",
        verdict: "approve",
        expected: "granted",
    },
    Plea {
        what: "civil affairs do not let window ask for marriages",
        resource: MARRIAGES,
        fields: &["issued"],
        authorities: BY_DUTY,
        provider: "civil-affairs",
        verdict: "reject",
        expected: "refused",
    },
];

impl Persons<'_> {
    fn subject(self) -> Result<Value, DemoError> {
        Ok(subject(holder(self.licence)?))
    }
}

/// Whose licence it is.
///
/// # Errors
/// [`DemoError::Unplanned`] when it is nobody's.
pub fn holder(licence: &Licence) -> Result<&Holder, DemoError> {
    licence.metadata.holders.first().ok_or(DemoError::Unplanned("holder"))
}

fn subject(holder: &Holder) -> Value {
    json!({ "code_type": holder.code_type, "code": holder.code })
}

impl Stage<'_> {
    async fn post(&mut self, caller: &str, path: &str, body: &Value) -> Result<Reply, DemoError> {
        let body = body.to_string();
        self.send(caller, Message::post(path, "application/json", body.as_bytes()).with(PATIENT)).await
    }

    /// The operator makes the catalogue, and departments decide who may ask them.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when an application for a grant is not taken.
    pub async fn grant(&mut self, entries: &[Entry]) -> Result<Vec<Attempt>, DemoError> {
        let change = json!({ "base_version": 0, "puts": entries, "reason": "演示" });
        let reply = self.post("operator", "/v1/catalogue/changes", &change).await?;
        let found = told(&reply, |change| format!("version {}", text(change, "/version")));
        let mut attempts = vec![Attempt { what: "the operator makes the catalogue", expected: "version 1", found }];
        for plea in &PLEAS {
            attempts.push(Attempt { what: plea.what, expected: plea.expected, found: self.plead(plea).await? });
        }
        Ok(attempts)
    }

    /// Application, check, decision.
    async fn plead(&mut self, plea: &Plea) -> Result<String, DemoError> {
        let wish = json!({
            "resource": plea.resource, "items": [ITEM], "fields": plea.fields, "authorities": plea.authorities,
            "quota": { "per_day": 10_000 }, "until": clock::now().plus(YEAR_S), "legal_basis": "示例市政务数据共享办法", "feed": plea.resource == DRIVERS,
        });
        let applied = self.post(WINDOW, "/v1/grants/applications", &wish).await?.good("applying for a grant")?.json();
        let path = format!("/v1/grants/applications/{}", text(&applied, "/id"));
        let conforms = json!({ "verdict": "approve" });
        self.post("operator", &format!("{path}/check"), &conforms).await?.good("checking an application")?;
        let decision = json!({ "verdict": plea.verdict, "reason": "示例" });
        let decided = self.post(plea.provider, &format!("{path}/decision"), &decision).await?;
        Ok(told(&decided, |application| text(application, "/state")))
    }

    /// The window looks up one number.
    ///
    /// # Errors
    /// [`DemoError::Transport`] when the gateway does not answer.
    pub async fn look_up(&mut self, persons: Persons<'_>) -> Result<Vec<Attempt>, DemoError> {
        let subject = persons.subject()?;
        let needed = json!({ "subject": subject, "item": ITEM, "case": CASE, "resources": "item" });
        let all = self.post(WINDOW, "/v1/lookups", &needed).await?;
        let more = json!({ "subject": subject, "item": ITEM, "case": CASE, "resources": [PERSONS, DRIVERS, MARRIAGES] });
        let more = self.post(WINDOW, "/v1/lookups", &more).await?;
        let other = json!({ "subject": subject, "item": "210200-0119", "case": CASE, "resources": [PERSONS] });
        let other = self.post(WINDOW, "/v1/lookups", &other).await?;
        let slow = json!({ "subject": self::subject(holder(persons.silent)?), "item": ITEM, "case": CASE, "resources": "item" });
        let slow = slow.to_string();
        let slow = Message::post("/v1/lookups", "application/json", slow.as_bytes()).with(HURRIED);
        let slow = self.send(WINDOW, slow).await?;
        let asked = json!({ "subject": subject, "item": ITEM, "case": CASE });
        let materials = self.post(WINDOW, "/v1/materials", &asked).await?;
        Ok(vec![
            Attempt {
                what: "window looks up one number: register and driving licence",
                expected: "complete: answered, answered",
                found: told(&all, |answer| states(answer, &[PERSONS, DRIVERS])),
            },
            Attempt {
                what: "what it is told of the register: no more than is granted",
                expected: "birth, name",
                found: told(&all, |answer| fields(answer, PERSONS)),
            },
            Attempt {
                what: "the same, and the marriage",
                expected: "partial: answered, answered, denied",
                found: told(&more, |answer| states(answer, &[PERSONS, DRIVERS, MARRIAGES])),
            },
            Attempt {
                what: "the same for a matter that nothing was granted for",
                expected: "403 not-granted",
                found: told(&other, |answer| states(answer, &[PERSONS])),
            },
            Attempt {
                what: "somebody else, about whom the register is silent, within 500 ms",
                expected: "partial: timed-out, answered",
                found: told(&slow, |answer| states(answer, &[PERSONS, DRIVERS])),
            },
            Attempt {
                what: "materials on record: identity, driving licence, health",
                expected: "available, available, not-electronic",
                found: told(&materials, |answer| each(answer, "/materials", "/state")),
            },
        ])
    }

    /// The window asks for what the holder has to consent to (依授权).
    ///
    /// # Errors
    /// As [`Stage::look_up`].
    pub async fn ask_with_consent(&mut self, persons: Persons<'_>) -> Result<Vec<Attempt>, DemoError> {
        let address = json!({ PERSONS: ["address"] });
        let question = json!({
            "subject": persons.subject()?, "item": ITEM, "case": CASE, "resources": [PERSONS], "fields": address,
        });
        let by_duty = self.post(WINDOW, "/v1/lookups", &question).await?;
        let named = (clock::now(), "demo-4");
        let token = identity::consent(&self.pki.identity, holder(persons.licence)?, (ITEM, PERSONS), named);
        let question = question.to_string();
        let headers = [PATIENT, &[("licet-authorization", token.as_str())][..]].concat();
        let message = Message::post("/v1/lookups", "application/json", question.as_bytes()).with(&headers);
        let consented = self.send(WINDOW, message).await?;
        let again = self.send(WINDOW, message).await?;
        Ok(vec![
            Attempt {
                what: "window asks for the address, without a token of the holder",
                expected: "403 not-granted",
                found: told(&by_duty, |answer| fields(answer, PERSONS)),
            },
            Attempt {
                what: "the same with one, by which the holder consents",
                expected: "address",
                found: told(&consented, |answer| fields(answer, PERSONS)),
            },
            Attempt {
                what: "the same token once more",
                expected: "403 token-refused",
                found: told(&again, |answer| fields(answer, PERSONS)),
            },
        ])
    }

    /// The window uses codes up, and compares.
    ///
    /// # Errors
    /// As [`Stage::look_up`].
    pub async fn use_up(&mut self, persons: Persons<'_>) -> Result<Vec<Attempt>, DemoError> {
        let subject = persons.subject()?;
        let name = &holder(persons.licence)?.name;
        let asked = json!({ "subject": subject, "item": ITEM, "case": CASE });
        let materials = self.post(WINDOW, "/v1/materials", &asked).await?.json();
        let code = text(&materials, "/materials/1/licences/0/use_code");
        let use_code = ("/v1/use-codes/redemptions", code);
        let mut attempts = vec![
            Attempt { what: "the use code of the licence", expected: "200 C1", found: self.redeem(&use_code).await? },
            Attempt { what: "the same once more", expected: "410 use-code-spent", found: self.redeem(&use_code).await? },
        ];
        for (what, name, expected) in
            [("is this the name to this number?", name.as_str(), "match"), ("and this one?", "示例某某", "no-match")]
        {
            let facts = json!([{ "attribute": "person.name", "value": name }]);
            let question = json!({ "subject": subject, "item": ITEM, "case": CASE, "facts": facts });
            let reply = self.post(WINDOW, "/v1/comparisons", &question).await?;
            attempts.push(Attempt { what, expected, found: told(&reply, |answer| each(answer, "/facts", "/result")) });
        }
        attempts.extend(self.present(persons).await?);
        Ok(attempts)
    }

    async fn redeem(&mut self, (path, code): &(&str, String)) -> Result<String, DemoError> {
        let body = json!({ "code": code, "item": ITEM, "case": CASE, "want": "data" });
        let reply = self.post(WINDOW, path, &body).await?;
        Ok(told(&reply, |answer| format!("200 {}", text(answer, "/fields/KZ_ZJCX"))))
    }

    /// The holder shows the licence on a screen (亮证), by a token that is good once.
    async fn present(&mut self, persons: Persons<'_>) -> Result<Vec<Attempt>, DemoError> {
        let token = identity::in_person(&self.pki.identity, holder(persons.licence)?, clock::now(), "demo-1");
        let foreign = identity::in_person(&self.pki.identity, holder(persons.silent)?, clock::now(), "demo-2");
        let licence = &persons.licence.metadata.identifier;
        let shown = self.show(licence, &token).await?;
        let code = ("/v1/presentations/redemptions", text(&shown.json(), "/code"));
        Ok(vec![
            Attempt {
                what: "the holder shows the licence, with a token",
                expected: "201",
                found: told(&shown, |_| "201".to_owned()),
            },
            Attempt {
                what: "shows it again with the same token",
                expected: "403 token-refused",
                found: told(&self.show(licence, &token).await?, |_| "201".to_owned()),
            },
            Attempt {
                what: "somebody else shows it",
                expected: "403 token-refused",
                found: told(&self.show(licence, &foreign).await?, |_| "201".to_owned()),
            },
            Attempt { what: "window reads what was shown", expected: "200 C1", found: self.redeem(&code).await? },
            Attempt { what: "and once more", expected: "410 use-code-spent", found: self.redeem(&code).await? },
        ])
    }

    async fn show(&mut self, licence: &Identifier, token: &str) -> Result<Reply, DemoError> {
        let body = json!({ "licence": licence }).to_string();
        let headers = [("licet-authorization", token)];
        self.send("portal", Message::post("/v1/presentations", "application/json", body.as_bytes()).with(&headers)).await
    }

    /// The holder objects, the department answers; and the window hears what happens to driving licences.
    ///
    /// # Errors
    /// As [`Stage::look_up`].
    pub async fn follow_up(&mut self, persons: Persons<'_>) -> Result<Vec<Attempt>, DemoError> {
        let about = json!({ "licence": persons.licence.metadata.identifier });
        let objection = json!({ "about": about, "text": "示例：准驾车型有误", "filed_for": "holder" }).to_string();
        let token = identity::in_person(&self.pki.identity, holder(persons.licence)?, clock::now(), "demo-3");
        let headers = [("licet-authorization", token.as_str())];
        let message = Message::post("/v1/objections", "application/json", objection.as_bytes()).with(&headers);
        let filed = self.send("portal", message).await?;
        let disputed = self.disputed(persons).await?;
        let path = format!("/v1/objections/{}/answer", text(&filed.json(), "/id"));
        let answer = json!({ "decision": "rejected", "text": "示例：经核查无误" });
        let answered = self.post("traffic-police", &path, &answer).await?;
        let settled = self.disputed(persons).await?;
        Ok(vec![
            Attempt {
                what: "the holder objects to the licence",
                expected: "filed",
                found: told(&filed, |view| text(view, "/state")),
            },
            Attempt { what: "a look-up says that it is disputed", expected: "true", found: disputed },
            Attempt {
                what: "the traffic police answer",
                expected: "rejected",
                found: told(&answered, |view| text(view, "/state")),
            },
            Attempt { what: "a look-up says it no more", expected: "false", found: settled },
            Attempt {
                what: "another licence is suspended and given back: window hears of both",
                expected: "suspend, restore",
                found: self.hear(&persons.silent.metadata.identifier).await?,
            },
        ])
    }

    async fn disputed(&mut self, persons: Persons<'_>) -> Result<String, DemoError> {
        let asked = json!({ "subject": persons.subject()?, "item": ITEM, "case": CASE, "resources": [DRIVERS] });
        let reply = self.post(WINDOW, "/v1/lookups", &asked).await?;
        Ok(told(&reply, |answer| text(answer, "/sources/0/rows/0/licence/disputed")))
    }

    async fn hear(&mut self, licence: &Identifier) -> Result<String, DemoError> {
        let before = self.send(WINDOW, Message::get("/v1/feed?limit=500")).await?.good("reading the feed")?.json();
        let path = format!("/v1/licences/{licence}/status");
        for operation in ["suspend", "restore"] {
            let body = json!({ "operation": operation, "reason": "示例" });
            self.post("traffic-police", &path, &body).await?.good("changing the state of a licence")?;
        }
        let since = self.send(WINDOW, Message::get(&format!("/v1/feed?after={}", text(&before, "/next")))).await?;
        Ok(told(&since, |page| each(page, "/events", "/operation")))
    }
}

/// What is read of an answer; status and code of a problem.
fn told(reply: &Reply, read: impl FnOnce(&Value) -> String) -> String {
    match reply.status {
        StatusCode::OK | StatusCode::CREATED => read(&reply.json()),
        status => format!("{} {}", status.as_u16(), reply.code()),
    }
}

/// What stands there, without quotation marks.
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// What stands there in each element of a list.
fn each(value: &Value, list: &str, pointer: &str) -> String {
    let elements = value.pointer(list).and_then(Value::as_array);
    let texts: Vec<String> = elements.into_iter().flatten().map(|element| text(element, pointer)).collect();
    texts.join(", ")
}

fn source<'v>(answer: &'v Value, resource: &str) -> Option<&'v Value> {
    answer.get("sources")?.as_array()?.iter().find(|source| source.get("resource").is_some_and(|code| code == resource))
}

/// Whether all was told, and what came of each resource.
fn states(answer: &Value, resources: &[&str]) -> String {
    let state = |resource: &&str| source(answer, resource).map(|source| text(source, "/state")).unwrap_or_default();
    let states: Vec<String> = resources.iter().map(state).collect();
    format!("{}: {}", text(answer, "/status"), states.join(", "))
}

/// The names of the fields that were told of a resource.
fn fields(answer: &Value, resource: &str) -> String {
    let told = source(answer, resource).and_then(|source| source.pointer("/rows/0/fields")?.as_object());
    let mut names: Vec<&str> = told.into_iter().flat_map(|fields| fields.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.join(", ")
}
