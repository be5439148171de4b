//! Routes that do what a test of the rim needs and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crypto::record::EventKind;
use gateway::admission::Class;
use gateway::app::App;
use gateway::auth::{Admits, Role};
use gateway::http::{Answer, BodyRule, Media, Problem, Request};
use gateway::routes::{Content, Doc, Good, Handler, Parameter, Route, schema_of};
use hyper::{Method, StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// How many requests reached `/gate`, and permits that let them go on.
pub(crate) static GATE: (AtomicU32, Semaphore) = (AtomicU32::new(0), Semaphore::const_new(0));

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Word {
    word: String,
}

pub(crate) static TABLE: &[Route] = &[
    row(Method::GET, "/whoami", Admits::AnyCaller, BodyRule::None, |_, request| Box::pin(who(request))),
    row(Method::GET, "/items/{item}", Admits::AnyCaller, BodyRule::None, |_, request| Box::pin(item(request))),
    row(Method::POST, "/words", Admits::Roles(&[Role::Verifier]), BodyRule::Json, |_, request| Box::pin(word(request))),
    row(
        Method::POST,
        "/files",
        Admits::Roles(&[Role::Issuer, Role::Verifier]),
        BodyRule::Files(&[Media::Ofd, Media::Octets]),
        |_, request| Box::pin(file(request)),
    ),
    row(Method::GET, "/operators", Admits::Roles(&[Role::Operator]), BodyRule::None, |_, request| Box::pin(who(request))),
    row(Method::GET, "/panic", Admits::AnyCaller, BodyRule::None, |_, _| Box::pin(async { panic!("on purpose") })),
    row(Method::GET, "/stuck", Admits::AnyCaller, BodyRule::None, |_, _| Box::pin(std::future::pending())),
    row(Method::POST, "/stuck", Admits::AnyCaller, BodyRule::Json, |_, _| Box::pin(std::future::pending())),
    row(Method::GET, "/gate", Admits::AnyCaller, BodyRule::None, |_, request| Box::pin(gate(request))),
    classed(Class::Export, Method::GET, ("/export", Admits::AnyCaller), BodyRule::None, |_, _| Box::pin(large())),
    classed(Class::Operate, Method::GET, ("/operate", Admits::AnyCaller), BodyRule::None, |_, request| Box::pin(who(request))),
    row(Method::GET, "/large", Admits::AnyCaller, BodyRule::None, |_, _| Box::pin(large())),
    row(Method::GET, "/work", Admits::AnyCaller, BodyRule::None, |app, request| Box::pin(work(app, request))),
];

const fn row(method: Method, path: &'static str, admits: Admits, body: BodyRule, handler: Handler) -> Route {
    classed(Class::Verify, method, (path, admits), body, handler)
}

const fn classed(
    class: Class,
    method: Method,
    (path, admits): (&'static str, Admits),
    body: BodyRule,
    handler: Handler,
) -> Route {
    let doc = Doc {
        id: path,
        summary: "",
        text: "",
        json: None,
        answers: &[Good { status: 200, text: "", content: Content::AnyJson }],
        problems: &[],
    };
    const QUERY: &[Parameter] = &[Parameter { name: "at", text: "", schema: schema_of::<String> }];
    Route { method, path, admits, class, query: QUERY, event: Some(EventKind::TrustRead), body, handler, doc }
}

async fn who(request: Request) -> Result<Answer, Problem> {
    let caller = &request.caller;
    let body = serde_json::json!({ "name": caller.name, "organisation": caller.organisation, "roles": caller.roles });
    Ok(Answer::json(StatusCode::OK, &body))
}

/// How long the answer of `/large` is.
pub(crate) const LARGE_BYTES: usize = 1 << 20;

async fn large() -> Result<Answer, Problem> {
    Ok(Answer::bytes(StatusCode::OK, "application/octet-stream", vec![b'x'; LARGE_BYTES]))
}

async fn item(request: Request) -> Result<Answer, Problem> {
    let body = serde_json::json!({ "item": request.params.value("item")?, "at": request.query.value("at") });
    Ok(Answer::json(StatusCode::OK, &body))
}

async fn word(request: Request) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::CREATED, &request.json::<Word>()?))
}

async fn file(request: Request) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::OK, &request.body.len()))
}

async fn gate(request: Request) -> Result<Answer, Problem> {
    GATE.0.fetch_add(1, Ordering::SeqCst);
    GATE.1.acquire().await.unwrap().forget();
    who(request).await
}

async fn work(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let sum = app.pool.run(|| (1..=100_u32).sum::<u32>()).await?;
    assert_eq!(sum, 5050);
    who(request).await
}
