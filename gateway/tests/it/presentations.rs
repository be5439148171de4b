//! What holders show, over HTTPS: made on the holder's word, read by a reader that is not ours, used up once, and secret throughout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crypto::record::{EventKind, KeyKind, Link, Opening};
use rqrr::PreparedImage;
use serde_json::json;
use storage::{Keys, Options, Store};
use tracing_subscriber::fmt::MakeWriter;

use crate::code_kit::{
    BUREAU, OTHER_BUREAU, OTHER_WINDOW, REDEEM, WINDOW, code, grant, grant_to, last, licence, moment, post, redeem, show, start,
};
use crate::licence_kit::{HOLDER, Office};
use crate::pki::Folder;
use crate::started::{ISSUER, Started, memory};
use crate::token_kit::{ITEM, consent, in_person, token};

const REDEEM_SHOWN: &str = "/v1/presentations/redemptions";
const OTHER_GRANT: &str = "1123456789abcdef0123456789abcdef";

/// The text of a QR image, by another maker's reader: the squares of the picture are drawn, and the drawing is read.
fn read(svg: &str) -> String {
    let number = |text: &str| text.parse::<usize>().unwrap();
    let (_, rest) = svg.split_once("viewBox=\"0 0 ").unwrap();
    let width = number(rest.split_once(' ').unwrap().0);
    let (_, path) = svg.split_once("d=\"").unwrap();
    let mut dark = vec![false; width * width];
    for square in path.split_once('"').unwrap().0.split('M').filter(|square| !square.is_empty()) {
        // M{left} {top}h{width}v{height}H{left}V{top}
        let (left, rest) = square.split_once(' ').unwrap();
        let (top, rest) = rest.split_once('h').unwrap();
        let (across, rest) = rest.split_once('v').unwrap();
        let down = rest.split_once('H').unwrap().0;
        for y in number(top)..number(top) + number(down) {
            for x in number(left)..number(left) + number(across) {
                dark[y * width + x] = true;
            }
        }
    }
    let mut image = PreparedImage::prepare_from_greyscale(width, width, |x, y| if dark[y * width + x] { 0 } else { 255 });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

/// Gives the caller at [`OTHER_WINDOW`] a grant for the item.
fn grant_other(gateway: &Started) {
    grant_to(gateway, (OTHER_GRANT, "other-window", OTHER_BUREAU), &["duty"]);
}

#[tokio::test]
async fn what_a_holder_shows_is_read_and_used_up_once() {
    let gateway = start(&Office::new(), memory()).await;
    grant_other(&gateway);
    let shown = show(&gateway, &json!({ "licence": licence() }), &token(&in_person("1"))).await;
    assert_eq!(shown.status, 201, "{shown:?}");
    let body = shown.json();
    let text = read(body["svg"].as_str().unwrap());
    assert_eq!((&json!(text), text.starts_with("LICET1:")), (&body["code"], true));
    let lives = moment(&body["expires_at"]).unix() - gateway::clock::now().unix();
    assert!((1..=120).contains(&lives), "{lives}");
    let (facts, _) = last(&gateway, EventKind::PresentationIssue);
    assert_eq!((&facts.details["authority"], &facts.details["provider"]), (&json!("holder"), &json!("city")));

    // A use code is no presentation, and the other way round.
    redeem(&gateway.caller(WINDOW), REDEEM, &text, "data").await.is_problem(404, "use-code-not-found");
    let given = redeem(&gateway.caller(OTHER_WINDOW), REDEEM_SHOWN, &text, "data").await;
    assert_eq!(given.json()["fields"]["holder_code"], HOLDER, "what no grant tells, the holder shows");
    let (redeemed, _) = last(&gateway, EventKind::PresentationRedeem);
    assert_eq!(redeemed.details["use_code"], facts.details["use_code"]);
    assert_eq!(redeemed.details["presented_by"], json!({ "caller": "portal", "organisation": BUREAU }));
    redeem(&gateway.caller(WINDOW), REDEEM_SHOWN, &text, "data").await.is_problem(410, "use-code-spent");
}

#[tokio::test]
async fn what_is_shown_is_used_up_for_an_item_that_is_granted_alone() {
    let gateway = start(&Office::new(), memory()).await;
    let shown = show(&gateway, &json!({ "licence": licence() }), &token(&in_person("1"))).await.json();
    let window = gateway.caller(WINDOW);
    for (item, reason) in [(ITEM, "not-granted"), ("350200-0999", "item")] {
        if reason == "item" {
            grant(&gateway);
        }
        let body = json!({ "code": shown["code"], "item": item, "case": "C-7", "want": "data" });
        let refused = post(&window, REDEEM_SHOWN, &body).await;
        refused.is_problem(403, "not-granted");
        assert_eq!(refused.json()["reason"], reason, "{item}");
        let (facts, opening) = last(&gateway, EventKind::PresentationRedeem);
        assert_eq!((facts.code.as_deref(), facts.item.as_deref()), (Some("not-granted"), Some(item)));
        let links = (Opening::LINKS..opening.parts.len()).map(|place| opening.read::<Link>(place).unwrap());
        assert_eq!(links.filter(|link| link.kind == KeyKind::Subject).count(), 1, "the holder finds who tried");
    }
    let given = redeem(&window, REDEEM_SHOWN, shown["code"].as_str().unwrap(), "data").await;
    assert_eq!(given.status, 200, "a refusal does not use it up: {given:?}");
}

#[tokio::test]
async fn a_token_is_used_up_by_the_code_that_is_made_alone() {
    let gateway = start(&Office::new(), memory()).await;
    let made = token(&in_person("1"));
    let wrong = json!({ "licence": licence(), "fields": ["no-such-field"] });
    show(&gateway, &wrong, &made).await.is_problem(422, "bad-content");
    let path = format!("/v1/licences/{}/status", licence());
    let issuer = gateway.caller(ISSUER);
    assert_eq!(post(&issuer, &path, &json!({ "operation": "suspend", "reason": "审查" })).await.status, 200);
    show(&gateway, &json!({ "licence": licence() }), &made).await.is_problem(409, "licence-not-valid");
    assert_eq!(post(&issuer, &path, &json!({ "operation": "restore" })).await.status, 200);
    assert_eq!(show(&gateway, &json!({ "licence": licence() }), &made).await.status, 201);
    show(&gateway, &json!({ "licence": licence() }), &made).await.is_problem(403, "token-refused");
}

#[tokio::test]
async fn a_holder_shows_as_much_as_they_like_to_whom_they_like() {
    let gateway = start(&Office::new(), memory()).await;
    grant(&gateway);
    grant_other(&gateway);
    let wish = json!({ "licence": licence(), "fields": ["name", "document"], "organisation": OTHER_BUREAU });
    let text = show(&gateway, &wish, &token(&in_person("1"))).await.json()["code"].as_str().unwrap().to_owned();
    redeem(&gateway.caller(WINDOW), REDEEM_SHOWN, &text, "data").await.is_problem(404, "use-code-not-found");
    let given = redeem(&gateway.caller(OTHER_WINDOW), REDEEM_SHOWN, &text, "copy").await.json();
    assert!(given["annotation"]["watermark"].as_str().unwrap().contains(OTHER_BUREAU));
    let text = show(&gateway, &json!({ "licence": licence(), "fields": ["name"] }), &token(&in_person("2"))).await;
    let text = text.json()["code"].as_str().unwrap().to_owned();
    redeem(&gateway.caller(WINDOW), REDEEM_SHOWN, &text, "file").await.is_problem(403, "not-granted");
    let given = redeem(&gateway.caller(WINDOW), REDEEM_SHOWN, &text, "data").await.json();
    assert_eq!(given["fields"], json!({ "name": "食品经营许可证" }));
    for (name, bad) in
        [("fields", json!([])), ("fields", json!(["other"])), ("organisation", json!("1")), ("licence", json!("1"))]
    {
        let mut wish = json!({ "licence": licence() });
        wish[name] = bad;
        show(&gateway, &wish, &token(&in_person(&wish.to_string()))).await.is_problem(422, "bad-content");
    }
}

#[tokio::test]
async fn nobody_shows_what_is_not_theirs() {
    let gateway = start(&Office::new(), memory()).await;
    let wish = json!({ "licence": licence() });
    let used = token(&in_person("used"));
    assert_eq!(show(&gateway, &wish, &used).await.status, 201);
    let mut other = in_person("1");
    other["licet_holder"] = json!({ "code_type": "414", "code": "E12345678" });
    let mut agreed = in_person("2");
    agreed["licet_authority"] = json!("consent");
    let mut named = in_person("3");
    named["licet_item"] = json!(ITEM);
    for (token, reason) in [
        (String::new(), "missing"),
        (used, "replayed"),
        (token(&other), "holder"),
        (token(&agreed), "authority"),
        (token(&named), "item"),
        (token(&consent("4")), "authority"),
    ] {
        let refused = show(&gateway, &wish, &token).await;
        refused.is_problem(403, "token-refused");
        assert_eq!(refused.json()["reason"], reason);
    }
    // Whether a licence is on record is not told to whoever does not hold it.
    let missing = json!({ "licence": crate::licence_kit::identifier("2", 1) });
    let refused = show(&gateway, &missing, &token(&in_person("5"))).await;
    assert_eq!((refused.status.as_u16(), refused.json()["reason"].clone()), (403, json!("holder")));
    post(&gateway.caller(WINDOW), "/v1/presentations", &wish).await.is_problem(403, "role-required");
}

/// What is written to the log of the process.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn neither_code_nor_token_nor_number_is_in_clear_anywhere() {
    let written = Written::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(written.clone()).init();
    let folder = Folder::new();
    let store = Store::open(folder.path(), &Keys::new([1; 32], [2; 32]), &Options::default()).unwrap();
    let gateway = start(&Office::new(), store).await;
    grant(&gateway);
    let (good, replayed) = (token(&in_person("jti-of-the-token")), token(&in_person("jti-of-the-token")));
    let shown = show(&gateway, &json!({ "licence": licence() }), &good).await.json()["code"].as_str().unwrap().to_owned();
    show(&gateway, &json!({ "licence": licence() }), &replayed).await.is_problem(403, "token-refused");
    let made = code(&gateway, &["name", "document"], 0);
    for (path, code) in [(REDEEM_SHOWN, &shown), (REDEEM, &made)] {
        assert_eq!(redeem(&gateway.caller(WINDOW), path, code, "data").await.status, 200);
        redeem(&gateway.caller(WINDOW), path, code, "data").await.is_problem(410, "use-code-spent");
    }
    let signature = good.rsplit('.').next().unwrap().to_owned();
    let secrets = [
        shown.trim_start_matches("LICET1:").to_owned(),
        made,
        signature,
        "jti-of-the-token".to_owned(),
        HOLDER.to_owned(),
        "某甲".to_owned(),
    ];
    let metrics = String::from_utf8(gateway.app.metrics.text().unwrap()).unwrap();
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/v1/presentations/redemptions") && metrics.contains("licet_log_records_total"));
    let mut seen = false;
    for file in files(folder.path()) {
        let bytes = fs::read(&file).unwrap();
        let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        for secret in &secrets {
            assert!(!holds(secret), "{} holds {secret}", file.display());
        }
        seen |= holds("11330105002500287C");
    }
    assert!(seen, "the search would not have found what is there");
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()) && !metrics.contains(secret.as_str()), "{secret} is in the log or a metric");
    }
}
