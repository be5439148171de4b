//! RFC 9457: what a caller is told when a request fails.

use std::sync::Arc;
use std::time::Duration;

use crypto::catalogue::{CatalogueFault, Key, Rule};
use crypto::report::Report;
use hyper::header::{ALLOW, CONTENT_LANGUAGE, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Code, Language, RequestId};

/// A failed request. What the operator has to know beyond it goes to the log, never to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: Option<Box<(String, String)>>,
    reason: Option<&'static str>,
    denied: Vec<DeniedBody>,
    report: Option<Arc<Report>>,
    faults: Vec<CatalogueFault>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem as it is sent: `application/problem+json` (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemBody<'a> {
    /// `urn:licet:problem:` and the code.
    pub r#type: String,
    /// What is wrong, in the language of the answer.
    pub title: String,
    /// Status of the answer.
    pub status: u16,
    /// More about this case, in the language of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Stable code.
    pub code: String,
    /// Stable code of the reason, where the code above has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What of the catalogue is denied, each with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<DeniedBody>,
    /// Name of the request in the gateway's log.
    pub request_id: String,
    /// Why a licence was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<&'a Report>,
    /// What is wrong with a catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultBody>,
}

/// A resource that may not be asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeniedBody {
    /// The resource, by its code.
    pub resource: String,
    /// Stable code of the reason.
    pub reason: &'static str,
}

/// Something that is wrong with a catalogue.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FaultBody {
    /// The entry; absent where it is about all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Key>,
    /// The place in the entry, such as `fields[2].name`; empty where it is about the whole.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong, in the language of the answer.
    pub text: String,
}

impl Problem {
    /// A problem with nothing more to say than its title.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let mut problem =
            Self { code, detail: None, reason: None, denied: Vec::new(), report: None, faults: Vec::new(), headers: Vec::new() };
        match code {
            // RFC 9110 15.5.2 demands a challenge; there is no registered scheme for certificates.
            Code::CertificateRequired | Code::CertificateExpired | Code::CertificateRevoked => {
                problem.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("ClientCertificate realm=\"licet\"")));
            }
            Code::Overloaded | Code::Unavailable | Code::DeadlineExceeded => {
                problem.headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
            }
            _ => {}
        }
        problem
    }

    /// A malformed parameter.
    #[must_use]
    pub fn parameter(name: &str) -> Self {
        Self::new(Code::BadParameter).detail(format!("The parameter {name:?} is malformed."), format!("参数“{name}”格式错误。"))
    }

    /// A part of a request that is not what it should be: its place, and what is expected there, in English and in Chinese. What was
    /// found there is not told.
    #[must_use]
    pub fn expected(code: Code, place: &str, (en, zh): (&str, &str)) -> Self {
        Self::new(code).detail(format!("{place}: expected {en}."), format!("{place}：应为{zh}。"))
    }

    /// A method that the path does not have, with those that it has.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed);
        if let Ok(value) = HeaderValue::from_str(allow) {
            problem.headers.push((ALLOW, value));
        }
        problem
    }

    /// Says more about the case, in English and in Chinese. Never put personal data here.
    #[must_use]
    pub fn detail(mut self, en: impl Into<String>, zh: impl Into<String>) -> Self {
        self.detail = Some(Box::new((en.into(), zh.into())));
        self
    }

    /// Says that what was asked may have been done: who takes the answer for a refusal would be wrong.
    #[must_use]
    pub fn outcome_unknown(self) -> Self {
        self.detail(
            "A change that was asked for may have been made. Read the state before asking again.",
            "所请求的变更可能已生效，重试前请先查询当前状态。",
        )
    }

    /// Says after how long to ask again, in whole seconds and not before.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.headers.retain(|(name, _)| name != RETRY_AFTER);
        self.headers.push((RETRY_AFTER, HeaderValue::from(seconds.max(1))));
        self
    }

    /// Names the reason by a stable code.
    #[must_use]
    pub const fn reason(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Names what is denied, each with its reason.
    #[must_use]
    pub fn denied(mut self, denied: impl Iterator<Item = (String, &'static str)>) -> Self {
        self.denied = denied.map(|(resource, reason)| DeniedBody { resource, reason }).collect();
        self
    }

    /// Adds the report that says why.
    #[must_use]
    pub fn report(mut self, report: Arc<Report>) -> Self {
        self.report = Some(report);
        self
    }

    /// Adds what is wrong with a catalogue.
    #[must_use]
    pub fn faults(mut self, faults: Vec<CatalogueFault>) -> Self {
        self.faults = faults;
        self
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The answer that says so.
    #[must_use]
    pub fn answer(self, language: Language, request_id: &RequestId) -> Answer {
        let chosen = |(en, zh): (String, String)| if language == Language::Chinese { zh } else { en };
        let (en, zh) = self.code.titles();
        let verdict = self.report.as_ref().map(|report| report.verdict.indication);
        let body = ProblemBody {
            r#type: format!("urn:licet:problem:{}", self.code.code()),
            title: chosen((en.to_owned(), zh.to_owned())),
            status: self.code.status().as_u16(),
            detail: self.detail.map(|detail| chosen(*detail)),
            code: self.code.code().to_owned(),
            reason: self.reason,
            denied: self.denied,
            request_id: request_id.to_string(),
            report: self.report.as_deref(),
            faults: self.faults.into_iter().map(|fault| FaultBody::new(fault, language)).collect(),
        };
        let mut answer = Answer::json(self.code.status(), &body);
        answer.content_type = "application/problem+json";
        answer.code = Some(self.code);
        answer.verdict = verdict;
        answer.headers = self.headers;
        answer.headers.push((CONTENT_LANGUAGE, HeaderValue::from_static(language.tag())));
        answer.headers.push((VARY, HeaderValue::from_static("accept-language")));
        answer
    }
}

impl FaultBody {
    fn new(fault: CatalogueFault, language: Language) -> Self {
        let CatalogueFault { entry, field, rule } = fault;
        let text = rule.text();
        let text = if language == Language::Chinese { text.zh } else { text.en };
        Self { entry, field, rule, text: text.into_owned() }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Outgoing;

    #[test]
    fn when_to_ask_again_is_said_once_and_in_whole_seconds() {
        let id = RequestId::of(&hyper::HeaderMap::new());
        for (after_ms, said) in [(0, "1"), (240, "1"), (1000, "1"), (1001, "2"), (59_000, "59")] {
            let problem = Problem::new(Code::Overloaded).retry_after(Duration::from_millis(after_ms));
            let headers = problem.answer(Language::English, &id).headers;
            let said_after: Vec<_> = headers.iter().filter(|(name, _)| name == RETRY_AFTER).map(|(_, value)| value).collect();
            assert_eq!(said_after, [said]);
        }
    }

    #[test]
    fn both_languages() {
        let id = RequestId::of(&hyper::HeaderMap::new());
        let body = |language| -> serde_json::Value {
            let problem = Problem::new(Code::LicenceNotFound).detail("Look elsewhere.", "请另行查找。");
            let Outgoing::Whole(body) = problem.answer(language, &id).body else { panic!("a problem is whole") };
            serde_json::from_slice(&body).unwrap()
        };
        assert_eq!(
            body(Language::English),
            serde_json::json!({
                "type": "urn:licet:problem:licence-not-found", "title": "No such licence is on record", "status": 404,
                "detail": "Look elsewhere.", "code": "licence-not-found", "request_id": id.as_str(),
            })
        );
        assert_eq!(body(Language::Chinese)["title"], "未登记该证照");
        assert_eq!(body(Language::Chinese)["detail"], "请另行查找。");
    }
}
