//! Departments on loopback, a catalogue that names them, and grants: what look-ups need.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crypto::catalogue::{Change, Entry};
use crypto::grants::{Application, Assessment, Check, Verdict};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use storage::Store;
use tokio::net::TcpListener;

use crate::client::{Client, Http, Reply, post_json};
use crate::licence_kit::{HOLDER, ORGANISATION, identifier};
use crate::started::{Setup, Started};

/// The caller that has the grants, and one that has none.
pub(crate) const CONSUMER: &str = "urn:test:window";
pub(crate) const OTHER_CONSUMER: &str = "urn:test:other-window";

/// The organisation that both speak for.
const CONSUMERS: &str = "91350211M000100Y46";

/// A city's police, its registry of marriages, its taxes, and a department that shares with nobody here.
pub(crate) const PEOPLE: &str = "1010010001/1";
pub(crate) const CIVIL: &str = "1010010002/1";
pub(crate) const TAX: &str = "1010010003/1";
pub(crate) const SECRET: &str = "1010010004/1";
/// The licences of the office.
pub(crate) const LICENCES: &str = "1010010005/1";
/// What is compared and never told.
pub(crate) const SALARY: &str = "1010010006/1";

pub(crate) const ITEM: &str = "350200-0101";

/// The name of the holder, by the police.
pub(crate) const NAME: &str = "张三丰收";

/// What a department does with a question.
pub(crate) enum Behaviour {
    /// Gives these records.
    Says(Value),
    /// Does not answer, ever.
    Silent,
}

/// A department's interface on loopback.
pub(crate) struct Department {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Department {
    pub(crate) async fn start(behaviour: impl Fn(&Value) -> Behaviour + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Value>>>::default());
        let (behaviour, kept) = (Arc::new(behaviour), Arc::clone(&seen));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (behaviour, kept) = (Arc::clone(&behaviour), Arc::clone(&kept));
                let service = service_fn(move |request| answer(request, Arc::clone(&behaviour), Arc::clone(&kept)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, seen }
    }

    /// One that gives the same records about everybody.
    pub(crate) async fn saying(rows: Value) -> Self {
        Self::start(move |_| Behaviour::Says(rows.clone())).await
    }

    /// One that never answers.
    pub(crate) async fn silent() -> Self {
        Self::start(|_| Behaviour::Silent).await
    }

    /// What it was asked.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }

    /// Where it is asked.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/query", self.address)
    }

    fn section(&self, name: &str) -> String {
        let request = r#"{"number":"{number}","item":"{item}","fields":"{fields}"}"#;
        format!(
            "[[sources]]\nname = '{name}'\nkind = 'http-json'\nurl = '{}'\nrequest = '{request}'\n[sources.answer]\nrows = '/rows'\n",
            self.url()
        )
    }
}

async fn answer(
    request: Request<Incoming>,
    behaviour: Arc<impl Fn(&Value) -> Behaviour>,
    kept: Arc<Mutex<Vec<Value>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    kept.lock().unwrap().push(asked.clone());
    let Behaviour::Says(rows) = behaviour(&asked) else { std::future::pending().await };
    let body = json!({ "rows": rows }).to_string();
    let answer = Response::builder().header("content-type", "application/json");
    Ok(answer.body(Full::new(Bytes::from(body))).unwrap())
}

/// The departments of the city.
pub(crate) struct City {
    pub(crate) police: Department,
    pub(crate) civil: Department,
    pub(crate) tax: Department,
    pub(crate) secret: Department,
}

impl City {
    /// The police and the registry answer, taxes never do, and the last would.
    pub(crate) async fn start() -> Self {
        Self {
            police: Department::saying(json!([{ "name": NAME, "sex": "1" }])).await,
            civil: Department::saying(json!([{ "person": NAME, "married": "true" }])).await,
            tax: Department::silent().await,
            secret: Department::saying(json!([{ "what": "nobody knows" }])).await,
        }
    }

    pub(crate) fn asked_by(&self, mut setup: Setup) -> Setup {
        setup.sections.push_str(&self.sections());
        setup
    }

    /// The callers and the sources.
    pub(crate) fn sections(&self) -> String {
        let mut sections = String::new();
        for (name, uri) in [("window", CONSUMER), ("other-window", OTHER_CONSUMER)] {
            sections.push_str(&format!(
                "[[callers]]\nname = '{name}'\norganisation = '{CONSUMERS}'\ncertificates = ['uri:{uri}']\nroles = ['consumer']\n"
            ));
        }
        for (name, department) in [("police", &self.police), ("civil", &self.civil), ("tax", &self.tax), ("secret", &self.secret)]
        {
            sections.push_str(&department.section(name));
        }
        sections
    }
}

/// A gateway over this store, with the catalogue and the grants in it.
pub(crate) async fn start_over(setup: Setup, store: Store) -> Started {
    seed(&store);
    setup.start_over(gateway::routes::TABLE, store).await
}

/// Puts the catalogue and the grants on file.
pub(crate) fn seed(store: &Store) {
    let entries: Vec<Entry> = entries().into_iter().map(|entry| serde_json::from_value(entry).unwrap()).collect();
    let change = Change {
        version: 1,
        at: gateway::clock::now(),
        caller: "operations".to_owned(),
        organisation: CONSUMERS.to_owned(),
        reason: None,
        puts: entries,
        removals: Vec::new(),
    };
    store.catalogue().change(&change, None).unwrap();
    for (resource, told, compared) in [
        (PEOPLE, &["name"][..], &[][..]),
        (CIVIL, &["person", "married"], &[]),
        (TAX, &["debt"], &[]),
        (LICENCES, &["number", "status"], &[]),
        (SALARY, &[], &["amount"]),
    ] {
        grant(store, resource, (told, compared), &json!({}));
    }
}

/// Grants the caller some fields of a resource.
pub(crate) fn grant(store: &Store, resource: &str, (told, compared): (&[&str], &[&str]), quota: &Value) {
    let now = gateway::clock::now();
    let id = crypto::digest::to_hex(&crypto::digest::Sha256::of(&[resource.as_bytes()]).0[..16]);
    let application: Application = serde_json::from_value(json!({
        "id": id, "consumer": { "caller": "window", "organisation": CONSUMERS }, "provider": ORGANISATION,
        "wish": { "resource": resource, "items": [ITEM], "fields": told, "compared": compared, "authorities": ["duty"], "quota": quota,
            "until": now.plus(86_400), "legal_basis": "law" },
        "applied_at": now.plus(-10), "applied_by": "window", "check_due": now.plus(1000),
    }))
    .unwrap();
    store.grants().apply(&application).unwrap();
    let check = Check { verdict: Verdict::Approve, reason: None, at: now.plus(-5), by: "operations".to_owned() };
    let acted = store.grants().check(&id, &check, &Assessment { findings: Vec::new(), decision_due: None }).unwrap();
    assert!(acted.grant.is_some());
}

fn resource(code: &str, source: Option<&str>, fields: &[(&str, &str, Option<&str>)]) -> Value {
    let field = |(name, kind, attribute): &(&str, &str, Option<&str>)| {
        let mut field = json!({ "name": name, "title": name, "type": kind, "authoritative": *name == "name" });
        field.as_object_mut().unwrap().extend(attribute.map(|attribute| ("attribute".to_owned(), json!(attribute))));
        field
    };
    let mut resource = json!({
        "kind": "resource", "code": code, "name": format!("resource {code}"), "provider": ORGANISATION, "share": "unconditional",
        "legal_basis": "law", "sensitivity": "personal", "subjects": ["111"], "fields": fields.iter().map(field).collect::<Vec<_>>(),
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 }, "update": "live",
    });
    match source {
        Some(source) => resource["source"] = json!(source),
        None => resource["licence_type"] = json!(identifier("1", 1).type_code()),
    }
    resource
}

fn entries() -> Vec<Value> {
    let material = |code: &str, types: &[&str], resources: &[&str]| json!({ "code": code, "name": code, "required": true, "licence_types": types, "resources": resources });
    let kind = identifier("1", 1);
    let mut salary = resource(SALARY, Some("police"), &[("amount", "number", None)]);
    salary["method"] = json!("comparison");
    vec![
        resource(PEOPLE, Some("police"), &[("name", "text", Some("person.name")), ("sex", "code", None)]),
        resource(CIVIL, Some("civil"), &[("person", "text", Some("person.name")), ("married", "text", None)]),
        resource(TAX, Some("tax"), &[("debt", "text", None)]),
        resource(SECRET, Some("secret"), &[("what", "text", None)]),
        resource(
            LICENCES,
            None,
            &[("number", "text", Some("licence.number")), ("status", "code", None), ("holder_name", "text", None)],
        ),
        salary,
        json!({ "kind": "item", "code": ITEM, "name": "开办餐馆", "organisation": ORGANISATION, "materials": [
            material("licence", &[kind.type_code()], &[]),
            material("identity", &[], &[PEOPLE]),
            material("debts", &[], &[TAX]),
            material("either", &[], &[TAX, CIVIL]),
            material("secret", &[], &[SECRET]),
            material("paper", &[], &[]),
        ] }),
    ]
}

/// The subject of most look-ups.
pub(crate) fn subject() -> Value {
    json!({ "code_type": "111", "code": HOLDER })
}

/// Asks with this deadline.
pub(crate) async fn ask(client: &Client, path: &str, body: &Value, deadline_ms: u32) -> Reply {
    let mut request = post_json(path, &body.to_string());
    request.headers_mut().insert("licet-deadline", deadline_ms.into());
    client.send(Http::Two, request).await
}

/// What came of a resource.
#[track_caller]
pub(crate) fn source<'a>(answer: &'a Value, resource: &str) -> &'a Value {
    let sources = answer["sources"].as_array().unwrap();
    sources.iter().find(|source| source["resource"] == resource).unwrap_or_else(|| panic!("{resource} in {answer:#}"))
}
