//! What is asked and how it is answered: paths, methods, types of content, languages, panics.

use crate::client::{BOTH, get, post_json, request};
use crate::started::Setup;

#[tokio::test]
async fn paths_and_methods() {
    let gateway = Setup::new().start().await;
    let client = gateway.verifier();
    for http in BOTH {
        let reply = client.send(http, get("/items/a%20b?at=%C3%A9")).await;
        assert_eq!(reply.json(), serde_json::json!({ "item": "a b", "at": "é" }));
        client.send(http, get("/items")).await.is_problem(404, "not-found");
        let reply = client.send(http, request("DELETE", "/words", "", "")).await;
        reply.is_problem(405, "method-not-allowed");
        assert_eq!(reply.header("allow"), "POST");
        client.send(http, get("/items/a?nothing=1")).await.is_problem(400, "bad-parameter");
        let head = client.send(http, request("HEAD", "/whoami", "", "")).await;
        let whole = client.send(http, get("/whoami")).await;
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-length"), whole.body.len().to_string());
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let gateway = Setup::new().start().await;
    let client = gateway.verifier();
    for http in BOTH {
        assert_eq!(client.send(http, post_json("/words", "{\"word\": \"x\"}")).await.status, 201);
        let reply = client.send(http, post_json("/words", "{\"word\": \"x\", \"wort\": 1}")).await;
        reply.is_problem(400, "bad-json");
        assert!(reply.json()["detail"].as_str().unwrap().starts_with("Line 1, column 20: unknown field `wort`"), "{reply:?}");
        client.send(http, post_json("/words", "{\"word\": 110101199003070070}")).await.is_problem(400, "bad-json");
        client.send(http, request("POST", "/words", "text/plain", "x")).await.is_problem(415, "unsupported-media-type");
        client.send(http, request("POST", "/words", "", "{}")).await.is_problem(415, "unsupported-media-type");
        let other = request("POST", "/words", "application/json; charset=gbk", "{}");
        client.send(http, other).await.is_problem(415, "unsupported-media-type");
        let typed = request("POST", "/words", "Application/JSON; charset=utf-8", "{\"word\": \"x\"}");
        assert_eq!(client.send(http, typed).await.status, 201);
    }
}

#[tokio::test]
async fn answers_name_the_request_and_speak_the_language() {
    let gateway = Setup::new().start().await;
    let mut asked = get("/nowhere");
    asked.headers_mut().insert("accept-language", "zh-CN, en;q=0.5".parse().unwrap());
    asked.headers_mut().insert("x-request-id", "case-1".parse().unwrap());
    let reply = gateway.verifier().send(BOTH[0], asked).await;
    reply.is_problem(404, "not-found");
    assert_eq!(reply.json()["title"], "该路径不存在");
    assert_eq!((reply.header("content-language"), reply.header("vary")), ("zh-CN", "accept-language"));
    assert_eq!(reply.header("x-request-id"), "case-1");
    let reply = gateway.verifier().get("/whoami").await;
    assert_eq!((reply.header("cache-control"), reply.header("x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(reply.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn a_panic_hurts_its_own_request_alone() {
    let gateway = Setup::new().start().await;
    for http in BOTH {
        let mut connection = gateway.verifier().connect(http).await;
        connection.send(get("/panic")).await.unwrap().is_problem(500, "internal");
        assert_eq!(connection.send(get("/work")).await.unwrap().status, 200);
    }
    assert_eq!(gateway.app.metrics.panics.get(), 2);
}

#[tokio::test]
async fn the_interface_describes_itself() {
    let gateway = Setup::new().start_with(gateway::routes::TABLE).await;
    let reply = gateway.verifier().get("/openapi.json").await;
    assert_eq!(reply.header("content-type"), "application/json");
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), {
        gateway::routes::TABLE.len()
    });
}
