//! The national exchange and those that copied it: signed headers with a rotating secret, bodies and answers as declared.
//!
//! The signature covers who asks which service when, and neither path nor body: the connection must protect these.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::jws;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use ring::hmac;
use serde_json::{Map, Value};

use super::auth::Auth;
use super::cipher;
use super::client::{Address, Client, Reply as Got};
use super::convert;
use super::head::head;
use super::http_json::Forms;
use super::rotating::{Fetch, Lent, Rotating};
use crate::broker::{Answer, Question, Reply, Source, SourceFault};
use crate::clock;
use crate::config::{self, DataSource, ExchangeCipher, Faults, KeySource};
use crate::secrets::Secret;

/// For the key service to answer.
const KEY_TIMEOUT: Duration = Duration::from_secs(10);

/// Services behind an exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    client: Arc<Client>,
    auth: Auth,
    forms: Forms,
    names: Arc<Names>,
    every: Option<Service>,
    own: BTreeMap<String, Service>,
}

/// A service of the exchange.
#[derive(Clone, Debug)]
struct Service {
    sid: Arc<str>,
    secret: Rotating,
}

/// The names of the four fields, and ours.
#[derive(Debug)]
struct Names {
    fields: [String; 4],
    rid: String,
}

/// Where secrets are had, and how.
#[derive(Clone, Debug)]
struct KeyService {
    client: Arc<Client>,
    url: Address,
    cipher: ExchangeCipher,
    names: Arc<Names>,
    sid: Arc<str>,
    app_key: Secret,
}

impl Exchange {
    /// Reads the files.
    pub(super) fn open(settings: &DataSource, at: &str) -> Result<Self, Faults> {
        let missing = || Faults::one(format!("{at}.exchange"), "is missing");
        let exchange = settings.exchange.as_ref().ok_or_else(missing)?;
        let client = Arc::new(Client::new(settings, at)?);
        let names = Arc::new(Names::new(exchange));
        let key_service = KeyService {
            client: Arc::clone(&client),
            url: Address::new(&exchange.key_url, None, &format!("{at}.exchange.key_url"))?,
            cipher: exchange.cipher,
            names: Arc::clone(&names),
            sid: Arc::from(""),
            app_key: Secret::new(String::new()),
        };
        let before_ms = i64::from(exchange.refresh_before_s).saturating_mul(1_000);
        let open = |sid: Option<&String>, app_key: Option<&KeySource>, key: &str| -> Result<Option<Service>, Faults> {
            let Some((sid, app_key)) = sid.zip(app_key) else { return Ok(None) };
            let (sid, app_key) = (Arc::<str>::from(sid.as_str()), Secret::read(key, app_key)?);
            let source = KeyService { sid: Arc::clone(&sid), app_key, ..key_service.clone() };
            Ok(Some(Service { sid, secret: Rotating::new(source.into_fetch(), before_ms) }))
        };
        let every = open(exchange.sid.as_ref(), exchange.app_key.as_ref(), &format!("{at}.exchange.app_key"))?;
        let mut own = BTreeMap::new();
        for (code, resource) in settings.resources.iter().filter(|(_, one)| one.sid.is_some() || one.app_key.is_some()) {
            let (sid, app_key) =
                (resource.sid.as_ref().or(exchange.sid.as_ref()), resource.app_key.as_ref().or(exchange.app_key.as_ref()));
            let service = open(sid, app_key, &format!("{at}.resources.{code:?}.app_key"))?;
            own.extend(service.map(|service| (code.clone(), service)));
        }
        let (auth, forms) = (Auth::open(settings.auth.as_ref(), at)?, Forms::new(settings, at)?);
        Ok(Self { client, auth, forms, names, every, own })
    }

    async fn asked(&self, question: &Question, left: Duration) -> Result<Reply, SourceFault> {
        let code = &question.resource.code;
        let service = self.own.get(code).or(self.every.as_ref()).ok_or(SourceFault::Refused)?;
        let lent = service.secret.at(clock::unix_ms()).await?;
        let form = self.forms.of(code);
        let body = form.body(question, &self.auth)?;
        let mut head = head(question, form.content_type(), left);
        for (name, value) in self.names.signed(&service.sid, clock::unix_ms(), lent.secret.expose()) {
            let name = HeaderName::try_from(name).or(Err(SourceFault::Failed))?;
            head.insert(name, HeaderValue::try_from(value).or(Err(SourceFault::Failed))?);
        }
        self.auth.seal(&mut head, &form.url, &body, question.errand.now)?;
        let answer = self.client.post(&form.url, head, body).await?;
        let read = form.read(&answer, question);
        if matches!(read, Err(SourceFault::Refused)) {
            service.secret.doubt(&lent, clock::unix_ms());
        }
        read
    }
}

impl Source for Exchange {
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a> {
        Box::pin(self.asked(question, left))
    }
}

impl Names {
    fn new(settings: &config::Exchange) -> Self {
        let field = |name| format!("{}{name}", settings.prefix);
        Self { fields: [field("rid"), field("sid"), field("rtime"), field("sign")], rid: settings.rid.clone() }
    }

    /// The four fields, in the order of the names, made at this moment.
    fn signed(&self, sid: &str, now_ms: i64, key: &str) -> impl Iterator<Item = (&str, String)> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let rtime = now_ms.to_string();
        let sign = STANDARD.encode(hmac::sign(&key, format!("{sid}{}{rtime}", self.rid).as_bytes()));
        self.fields.iter().map(String::as_str).zip([self.rid.clone(), sid.to_owned(), rtime, sign])
    }
}

impl KeyService {
    fn into_fetch(self) -> Fetch {
        Box::new(move || {
            let this = self.clone();
            Box::pin(async move { this.fetch().await })
        })
    }

    async fn fetch(&self) -> Result<Lent, SourceFault> {
        let fields = self.names.signed(&self.sid, clock::unix_ms(), self.app_key.expose());
        let body: Map<String, Value> = fields.map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut head = HeaderMap::new();
        head.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        head.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let posted = self.client.post(&self.url, head, Value::Object(body).to_string().into());
        let got = tokio::time::timeout(KEY_TIMEOUT, posted).await.unwrap_or(Err(SourceFault::Slow));
        let lent = got.and_then(|got| self.read(&got));
        if let Err(fault) = &lent {
            tracing::warn!(service = &*self.sid, fault = fault.name(), "no secret from the key service of an exchange");
        }
        lent
    }

    /// `{code: "0", data: {secret, secretEndTime}}`, where `data` may be a text with the object.
    fn read(&self, got: &Got) -> Result<Lent, SourceFault> {
        if got.status != 200 {
            return Err(SourceFault::Failed);
        }
        let answer = jws::object(&got.body).ok_or(SourceFault::Malformed)?;
        let is_good = match answer.get("code") {
            Some(Value::String(code)) => code == "0",
            Some(code) => code.as_i64() == Some(0),
            None => false,
        };
        if !is_good {
            return Err(SourceFault::Refused);
        }
        let data = match answer.get("data") {
            Some(Value::Object(data)) => Some(data.clone()),
            Some(Value::String(text)) => jws::object(text.as_bytes()),
            _ => None,
        };
        let data = data.ok_or(SourceFault::Malformed)?;
        let end = match data.get("secretEndTime") {
            Some(Value::String(text)) => convert::moment(text),
            Some(Value::Number(number)) => convert::moment(&number.to_string()),
            _ => None,
        };
        let secret = data.get("secret").and_then(Value::as_str);
        let secret = secret.and_then(|text| cipher::decrypt(self.cipher, self.app_key.expose(), text));
        let (end, secret) = end.zip(secret).ok_or(SourceFault::Malformed)?;
        Ok(Lent { secret, until_ms: end.unix().saturating_mul(1_000) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_fields() {
        let names = Names { fields: ["p_rid", "p_sid", "p_rtime", "p_sign"].map(str::to_owned), rid: "app-1".to_owned() };
        let fields: Vec<_> = names.signed("s_1_2", 1_782_835_200_000, "key").collect();
        // printf %s s_1_2app-11782835200000 | openssl dgst -sha256 -hmac key -binary | base64
        let sign = "9UTPbDvLGVHrHz49yp/dCxpakM0Za4SVpAaQ9RE6odw=";
        let expected = [("p_rid", "app-1"), ("p_sid", "s_1_2"), ("p_rtime", "1782835200000"), ("p_sign", sign)];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
