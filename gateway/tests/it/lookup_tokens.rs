//! The holder's consent in look-ups: a token is used up by the look-up that is served, and by no other.

use serde_json::json;

use crate::client::{Client, Http, Reply, post_json};
use crate::code_kit::{BUREAU, GRANT, WINDOW, grant_to, start, withdraw};
use crate::licence_kit::{HOLDER, Office};
use crate::started::memory;
use crate::token_kit::{ITEM, RESOURCE, consent, token};

async fn look_up(client: &Client, item: &str, token: &str) -> Reply {
    let body = json!({ "subject": { "code_type": "111", "code": HOLDER }, "item": item, "resources": [RESOURCE] });
    let mut request = post_json("/v1/lookups", &body.to_string());
    request.headers_mut().insert("licet-deadline", 4900.into());
    request.headers_mut().insert("licet-authorization", token.parse().unwrap());
    client.send(Http::Two, request).await
}

#[tokio::test]
async fn a_look_up_that_is_refused_leaves_the_token_as_it_was() {
    let gateway = start(&Office::new(), memory()).await;
    let (window, made) = (gateway.caller(WINDOW), token(&consent("1")));
    look_up(&window, ITEM, &made).await.is_problem(403, "not-granted");
    look_up(&window, "other", &made).await.is_problem(403, "token-refused");
    grant_to(&gateway, (GRANT, "window", BUREAU), &["consent"]);
    let served = look_up(&window, ITEM, &made).await;
    assert_eq!((served.status.as_u16(), &served.json()["sources"][0]["state"]), (200, &json!("answered")), "{served:?}");
    let refused = look_up(&window, ITEM, &made).await;
    refused.is_problem(403, "token-refused");
    assert_eq!(refused.json()["reason"], "replayed");
    withdraw(&gateway);
    let other = token(&consent("2"));
    look_up(&window, ITEM, &other).await.is_problem(403, "not-granted");
    assert!(!gateway.app.store().tokens().is_spent(crate::token_kit::ISSUER, "2").unwrap());
}

#[tokio::test]
async fn of_many_look_ups_at_once_with_one_token_one_is_served() {
    let gateway = start(&Office::new(), memory()).await;
    grant_to(&gateway, (GRANT, "window", BUREAU), &["consent"]);
    let made = token(&consent("1"));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (window, made) = (gateway.caller(WINDOW), made.clone());
            tokio::spawn(async move { look_up(&window, ITEM, &made).await })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        if reply.status == 200 {
            served += 1;
        } else {
            reply.is_problem(403, "token-refused");
            assert_eq!(reply.json()["reason"], "replayed");
        }
    }
    assert_eq!(served, 1);
}
