//! The status of certificates, fetched in the background: what is found counts at once, what fails leaves the last good.

use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::issue::Reason;
use crypto::issue::ocsp::refusal;
use crypto::report::Report;
use crypto::time::Timestamp;
use gateway::app::App;
use gateway::cache::At;
use gateway::config::Config;
use gateway::live::Live;
use gateway::routes::TABLE;
use gateway::status;
use gateway::verdict::{self, Document, Inquiry};
use hyper::Method;
use serde_json::Value;
use storage::Store;

use crate::licence_kit::{Office, fields};
use crate::publisher::{Behaviour, Publisher, nobody};
use crate::started::{AUDITOR, Setup, memory};

const PASSED: (&str, &str) = ("TOTAL-PASSED", "-");
const REVOKED: (&str, &str) = ("TOTAL-FAILED", "REVOKED");
const TRY_LATER: (&str, &str) = ("INDETERMINATE", "TRY_LATER");

/// The office trusted with these files of lists, its status asked at these addresses.
fn setup(office: &Office, files: &str, lists: &[String], responders: &[String]) -> Setup {
    let mut setup = office.trusted_with(files, Setup::new());
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\n");
    if lists.len() + responders.len() > 0 {
        setup.sections.push_str("[status]\nocsp_timeout_ms = 200\nlist_timeout_ms = 200\n[[status.sources]]\n");
        setup.sections.push_str(&format!("domain = 'offices'\ncrl_urls = {lists:?}\nocsp_urls = {responders:?}\n"));
    }
    setup
}

fn app(setup: &Setup, store: Store) -> Arc<App> {
    App::build(&Config::parse(&setup.text(), setup.folder.path()).unwrap(), TABLE, store).unwrap()
}

async fn report(app: &App, document: &[u8], at: At, now: Timestamp) -> Report {
    let (sha256, document) = (Sha256::of(&[document]), Document::Given(document.to_vec().into()));
    verdict::on(app, Inquiry { document, sha256, at, now, along: None }).await.unwrap().report().into_owned()
}

#[track_caller]
fn says(report: &Report, (indication, sub): (&str, &str)) {
    let report = serde_json::to_value(report).unwrap();
    let found = (report["indication"].as_str().unwrap(), report["sub_indication"].as_str().unwrap_or("-"));
    assert_eq!(found, (indication, sub), "{report:#}");
}

async fn ask(app: &App, document: &[u8], now: Timestamp, expected: (&str, &str)) {
    says(&report(app, document, At::Now, now).await, expected);
}

/// The codes of the last failures, in the order of the sources.
fn codes(app: &App) -> Vec<&'static str> {
    app.status.standings().iter().map(|source| source.fault.map_or("-", |(fault, _)| fault.code())).collect()
}

#[tokio::test]
async fn a_revocation_counts_with_the_next_list() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let app = app(&setup(&office, "", &[publisher.url("/a.crl?key=secret")], &[]), memory());
    let document = office.jws(&fields("1", 1));
    ask(&app, &document, now, TRY_LATER).await;
    publisher.give("/a.crl", office.list_for(1, (now.plus(-60), now.plus(7200)), None));
    status::tick(&app, now).await;
    ask(&app, &document, now, PASSED).await;
    // Not due again, and later not changed.
    status::tick(&app, now.plus(60)).await;
    assert_eq!(publisher.seen().len(), 1);
    let later = now.plus(3600);
    status::tick(&app, later).await;
    assert_eq!(publisher.seen().len(), 1);
    assert_eq!(app.status.standings()[0].succeeded_at, Some(later));
    assert_eq!(app.status.extent().lists, 1);
    ask(&app, &document, later, PASSED).await;

    let last = now.plus(7100);
    publisher.give("/a.crl", office.list_for(2, (now.plus(3700), now.plus(9000)), Some(now.plus(-600))));
    status::tick(&app, last).await;
    ask(&app, &document, last, REVOKED).await;
    assert_eq!(app.store().evidence().count(), Ok(2));
    assert_eq!(app.status.standings()[0].url, publisher.url("/a.crl"), "no query in views");
}

#[tokio::test]
async fn the_second_responder_answers_for_the_first() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let app = app(&setup(&office, "", &[], &[nobody().await, publisher.url("/ocsp")]), memory());
    let document = office.jws(&fields("1", 1));
    publisher.give("/ocsp", office.response((now.plus(-60), now.plus(7200)), |answer| answer));
    status::tick(&app, now).await;
    assert!(publisher.seen().is_empty(), "nobody has asked for a verdict yet");
    ask(&app, &document, now, TRY_LATER).await;
    status::tick(&app, now).await;
    ask(&app, &document, now, PASSED).await;
    assert_eq!(publisher.seen(), [(Method::POST, "/ocsp".to_owned(), "application/ocsp-request".to_owned())]);
    assert_eq!(codes(&app), ["unreachable", "-"]);
    let [first, second] = &app.status.standings()[..] else { panic!("two sources") };
    assert!(first.succeeded_at.is_none() && first.failures == 1 && first.next_at > Some(now));
    assert_eq!((second.succeeded_at, second.failures), (Some(now), 0));

    let later = now.plus(3600);
    let revoked = office.response((now.plus(3500), now.plus(9000)), |answer| {
        answer.revoked(gateway::clock::now().plus(-600), Reason::KeyCompromise)
    });
    publisher.give("/ocsp", revoked);
    status::tick(&app, later).await;
    ask(&app, &document, later, REVOKED).await;
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused_where_questions_have_a_nonce() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let document = office.jws(&fields("1", 1));
    publisher.give("/ocsp", office.response_to(b"another question", (now.plus(-60), now.plus(7200))));
    let without = setup(&office, "", &[], &[publisher.url("/ocsp")]);
    let mut with = setup(&office, "", &[], &[publisher.url("/ocsp")]);
    with.sections = with.sections.replace("[status]\n", "[status]\nocsp_nonce = true\n");
    for (setup, expected, code) in [(without, PASSED, "-"), (with, TRY_LATER, "not-answered")] {
        let app = app(&setup, memory());
        ask(&app, &document, now, TRY_LATER).await;
        status::tick(&app, now).await;
        ask(&app, &document, now, expected).await;
        assert_eq!(codes(&app), [code]);
    }
}

#[tokio::test]
async fn with_all_down_the_last_good_counts_until_it_is_too_old() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let app = app(&setup(&office, "", &[publisher.url("/a.crl")], &[publisher.url("/ocsp")]), memory());
    let document = office.jws(&fields("1", 1));
    publisher.give("/a.crl", office.list_for(1, (now.plus(-60), now.plus(7200)), None));
    publisher.give("/ocsp", office.response((now.plus(-60), now.plus(7200)), |answer| answer));
    ask(&app, &document, now, TRY_LATER).await;
    status::tick(&app, now).await;
    publisher.set("/a.crl", Behaviour::Refuses(503));
    publisher.set("/ocsp", Behaviour::Refuses(302));
    for step in 1..=10 {
        status::tick(&app, now.plus(700 * step)).await;
    }
    ask(&app, &document, now.plus(7100), PASSED).await;
    assert_eq!(codes(&app), ["refused", "refused"]);
    for source in app.status.standings() {
        assert_eq!(source.succeeded_at, Some(now));
        assert!(source.failures >= 4, "{source:?}");
    }
    ask(&app, &document, now.plus(7600), TRY_LATER).await;
    // Nothing is lost once they are back.
    let back = now.plus(8700);
    publisher.give("/a.crl", office.list_for(2, (now.plus(8000), now.plus(16_000)), None));
    status::tick(&app, back).await;
    ask(&app, &document, back, PASSED).await;
    assert_eq!(app.status.standings()[0].failures, 0);
}

#[tokio::test]
async fn what_does_not_verify_changes_nothing() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let span = (now.plus(-60), now.plus(7200));
    let good = office.list_for(1, span, None);
    let forged = {
        let mut list = good.clone();
        *list.last_mut().unwrap() ^= 1;
        list
    };
    let lists: [(&str, Behaviour, &str); 6] = [
        ("/garbage", Behaviour::Gives(b"<html>not a list</html>".to_vec()), "malformed"),
        ("/forged", Behaviour::Gives(forged), "not-signed"),
        ("/future", Behaviour::Gives(office.list_for(9, (now.plus(4000), now.plus(7200)), Some(now))), "not-current"),
        ("/slow", Behaviour::Hangs, "slow"),
        ("/gone", Behaviour::Refuses(404), "refused"),
        ("/old", Behaviour::Gives(office.list_for(1, (now.plus(-7200), now.plus(-3600)), None)), "not-current"),
    ];
    let answers: [(&str, Behaviour, &str); 6] = [
        ("/huge", Behaviour::Gives(vec![0x30; (64 << 10) + 1]), "too-large"),
        ("/later", Behaviour::Gives(refusal(3)), "declined"),
        ("/not-ours", Behaviour::Gives(refusal(6)), "not-answered"),
        ("/unknown", Behaviour::Gives(office.response(span, crypto::issue::ocsp::Answer::unknown)), "unknown-certificate"),
        ("/hangs", Behaviour::Hangs, "slow"),
        ("/list", Behaviour::Gives(good), "malformed"),
    ];
    let urls = |all: &[(&str, Behaviour, &str)]| all.iter().map(|(path, ..)| publisher.url(path)).collect::<Vec<_>>();
    let app = app(&setup(&office, "", &urls(&lists), &urls(&answers)), memory());
    let document = office.jws(&fields("1", 1));
    ask(&app, &document, now, TRY_LATER).await;
    for (path, behaviour, _) in lists.iter().chain(&answers) {
        publisher.set(path, behaviour.clone());
    }
    status::tick(&app, now).await;
    let expected: Vec<_> = lists.iter().chain(&answers).map(|(_, _, code)| *code).collect();
    assert_eq!(codes(&app), expected);
    assert_eq!(app.status.extent().lists, 1, "the old one alone, which may tell of revocations");
    ask(&app, &document, now, TRY_LATER).await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let store = memory();
    let document = office.jws(&fields("1", 1));
    let moment = At::Moment(now.plus(-30));
    {
        let app = app(&setup(&office, "", &[publisher.url("/old.crl"), publisher.url("/new.crl")], &[]), store.clone());
        publisher.give("/old.crl", office.list_for(1, (now.plus(-900), now.plus(7200)), Some(now.plus(-600))));
        // The newest list no longer has it.
        publisher.give("/new.crl", office.list_for(2, (now.plus(-20), now.plus(7200)), None));
        status::tick(&app, now).await;
        says(&report(&app, &document, moment, now).await, REVOKED);
    }
    let app = app(&setup(&office, "", &[nobody().await], &[]), store);
    let before = report(&app, &document, moment, now).await;
    says(&before, REVOKED);
    let text = serde_json::to_string(&before).unwrap();
    assert!(text.contains("path.revocation") && text.contains(&now.plus(-600).to_string()), "{text}");
    status::tick(&app, now).await;
    assert_eq!(codes(&app), ["unreachable"]);
    says(&report(&app, &document, moment, now).await, REVOKED);
}

#[tokio::test]
async fn lists_that_come_by_file_are_kept_as_well() {
    let (office, now) = (Office::new(), gateway::clock::now());
    let store = memory();
    let document = office.jws(&fields("1", 1));
    let moment = At::Moment(now.plus(-30));
    let setup = setup(&office, "'root.crl'", &[], &[]);
    setup.folder.write("root.crl", office.list_for(1, (now.plus(-900), now.plus(7200)), Some(now.plus(-600))));
    status::tick(&app(&setup, store.clone()), now).await;
    assert_eq!(store.evidence().count(), Ok(1));
    setup.folder.write("root.crl", office.list_for(2, (now.plus(-20), now.plus(7200)), None));
    says(&report(&app(&setup, memory()), &document, moment, now).await, PASSED);
    says(&report(&app(&setup, store), &document, moment, now).await, REVOKED);
}

#[tokio::test]
async fn operators_see_how_sources_do() {
    let (office, publisher) = (Office::new(), Publisher::start().await);
    let now = gateway::clock::now();
    let gateway = setup(&office, "", &[publisher.url("/a.crl?key=secret")], &[nobody().await]).start_with(TABLE).await;
    publisher.give("/a.crl", office.list_for(1, (now.plus(-60), now.plus(7200)), None));
    ask(&gateway.app, &office.jws(&fields("1", 1)), now, TRY_LATER).await;
    status::tick(&gateway.app, now).await;
    gateway.verifier().get("/v1/trust/status").await.is_problem(403, "role-required");
    for caller in [gateway.operator(), gateway.caller(AUDITOR)] {
        let view: Value = caller.get("/v1/trust/status").await.json();
        let [list, responder] = &view["sources"].as_array().unwrap()[..] else { panic!("{view}") };
        assert_eq!((&list["kind"], &list["domain"]), (&"list".into(), &"offices".into()));
        assert_eq!(list["url"], publisher.url("/a.crl"));
        assert_eq!((&list["failures"], &list["succeeded_at"]), (&0.into(), &now.to_string().into()));
        assert!(list["age_s"].as_i64().unwrap() < 600 && list["next_at"].is_string() && list.get("last_error").is_none());
        assert_eq!((&responder["kind"], &responder["last_error"]["code"]), (&"ocsp".into(), &"unreachable".into()));
        assert_eq!((&view["evidence"]["lists"], &view["evidence"]["stored"]), (&1.into(), &1.into()));
    }
    gateway.app.status.measure(&gateway.app.metrics, now.plus(5));
    let metrics = String::from_utf8(gateway.app.metrics.text().unwrap()).unwrap();
    for line in [
        "licet_status_fetches_total{kind=\"list\",outcome=\"good\"} 1",
        "licet_status_fetches_total{kind=\"ocsp\",outcome=\"unreachable\"} 1",
        "licet_status_age_seconds{domain=\"offices\",kind=\"list\"} 5",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn it_runs_by_itself_until_told_to_stop() {
    let (office, publisher, now) = (Office::new(), Publisher::start().await, gateway::clock::now());
    let app = app(&setup(&office, "", &[publisher.url("/a.crl")], &[publisher.url("/ocsp")]), memory());
    publisher.give("/a.crl", office.list_for(1, (now.plus(-60), now.plus(7200)), None));
    publisher.give("/ocsp", office.response((now.plus(-60), now.plus(7200)), |answer| answer));
    let (trigger, shutdown) = gateway::shutdown::channel();
    let running = tokio::spawn(status::run(Live::new(Arc::clone(&app)), shutdown));
    ask(&app, &office.jws(&fields("1", 1)), now, TRY_LATER).await;
    while app.status.extent().responses == 0 || app.status.extent().lists == 0 {
        tokio::task::yield_now().await;
    }
    trigger.stop();
    running.await.unwrap();
}
