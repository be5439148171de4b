//! A gateway with a licence on record, consumers and a portal, for tests of codes.

use std::collections::BTreeSet;

use crypto::catalogue::{Change, Entry};
use crypto::grants::{Application, Assessment, Authority, Check, Consumer, Verdict, Withdrawal};
use crypto::issue::KeyType;
use crypto::licence::{Identifier, Reason};
use crypto::record::{EventKind, Facts, LogName, Opening};
use crypto::time::Timestamp;
use gateway::broker::{Class, Errand};
use gateway::clock;
use gateway::use_codes::mint;
use hyper::Request;
use serde_json::{Value, json};
use storage::Store;

use crate::client::{Client, Http, Reply, post_json, request};
use crate::licence_kit::{ORGANISATION, Office, fields, identifier};
use crate::started::{ISSUER, Setup, Started};
use crate::token_kit::{ITEM, RESOURCE, provided};

pub(crate) const WINDOW: &str = "urn:test:window";
pub(crate) const OTHER_WINDOW: &str = "urn:test:other-window";
pub(crate) const PORTAL: &str = "urn:test:portal";
/// The organisation of the caller at [`WINDOW`].
pub(crate) const BUREAU: &str = "91350211M000100Y46";
/// The organisation of the caller at [`OTHER_WINDOW`].
pub(crate) const OTHER_BUREAU: &str = "11350200004144116F";
pub(crate) const REDEEM: &str = "/v1/use-codes/redemptions";
pub(crate) const GRANT: &str = "0123456789abcdef0123456789abcdef";
/// How long the codes of a test live.
const TTL_S: u32 = 600;

/// Starts a gateway that signs, with one licence on record.
pub(crate) async fn start(office: &Office, store: Store) -> Started {
    let mut setup = office.published_by(office.trusted_by(provided(Setup::new(), &[])), KeyType::P256);
    for (name, uri, organisation, role) in [
        ("window", WINDOW, BUREAU, "consumer"),
        ("other-window", OTHER_WINDOW, OTHER_BUREAU, "consumer"),
        ("portal", PORTAL, BUREAU, "portal"),
    ] {
        setup.sections.push_str(&format!(
            "[[callers]]\nname = '{name}'\norganisation = '{organisation}'\ncertificates = ['uri:{uri}']\nroles = ['{role}']\n"
        ));
    }
    seed(&store);
    let gateway = setup.start_over(gateway::routes::TABLE, store).await;
    let ofd = request("POST", "/v1/licences", "application/ofd", office.ofd(&fields("1", 1)));
    assert_eq!(gateway.caller(ISSUER).send(Http::One, ofd).await.status, 201);
    gateway
}

/// The fields of the resource, all of them granted.
const FIELDS: [&str; 4] = ["name", "valid_until", "holder_name", "document"];

/// The resource of grants, of this provider.
pub(crate) fn resource(provider: &str) -> Value {
    let field = |name: &str| json!({ "name": name, "title": "名称", "type": "text" });
    json!({
        "kind": "resource", "code": RESOURCE, "name": "某许可证", "provider": provider, "share": "unconditional", "legal_basis": "law",
        "sensitivity": "personal", "subjects": ["111"], "fields": FIELDS.map(field),
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 }, "update": "live",
        "licence_type": licence().type_code(),
    })
}

/// Puts the catalogue on file, unless it is there.
fn seed(store: &Store) {
    let organisation = |code: &str| json!({ "kind": "organisation", "code": code, "name": "某局", "level": "city" });
    let licence_type = json!({
        "kind": "licence-type", "code": licence().type_code(), "name": "某证", "authority": ORGANISATION, "authority_name": "某局",
        "holder": "person",
    });
    let item = json!({ "kind": "item", "code": ITEM, "name": "开办餐馆", "organisation": BUREAU });
    let entries = [organisation(ORGANISATION), organisation(BUREAU), licence_type, resource(ORGANISATION), item];
    let change = Change {
        version: 1,
        at: clock::now(),
        caller: "operations".to_owned(),
        organisation: BUREAU.to_owned(),
        reason: None,
        puts: entries.map(|entry| serde_json::from_value::<Entry>(entry).unwrap()).to_vec(),
        removals: Vec::new(),
    };
    if store.catalogue().newest().unwrap().version == 0 {
        store.catalogue().change(&change, None).unwrap();
    }
}

/// The licence on record.
pub(crate) fn licence() -> Identifier {
    identifier("1", 1)
}

/// Gives the caller at [`WINDOW`] a grant.
pub(crate) fn grant(gateway: &Started) {
    grant_to(gateway, (GRANT, "window", BUREAU), &["duty"]);
}

/// Gives a caller of an organisation a grant on these authorities.
pub(crate) fn grant_to(gateway: &Started, (id, caller, organisation): (&str, &str, &str), authorities: &[&str]) {
    let now = clock::now();
    let application: Application = serde_json::from_value(json!({
        "id": id, "consumer": { "caller": caller, "organisation": organisation }, "provider": ORGANISATION,
        "wish": {
            "resource": RESOURCE, "items": [ITEM], "fields": FIELDS, "authorities": authorities, "legal_basis": "law",
            "until": now.plus(86_400),
        },
        "applied_at": now, "applied_by": caller, "check_due": now,
    }))
    .unwrap();
    let check = Check { verdict: Verdict::Approve, reason: None, at: now, by: "operations".to_owned() };
    let assessment = Assessment { findings: Vec::new(), decision_due: None };
    let grants = gateway.app.store().grants();
    assert!(grants.apply(&application).unwrap().is_new());
    let acted = gateway.app.rights.change(id, || grants.check(id, &check, &assessment)).unwrap();
    assert!(acted.grant.is_some());
}

/// Ends it.
pub(crate) fn withdraw(gateway: &Started) {
    let withdrawal = Withdrawal { at: clock::now(), by: "office".to_owned(), reason: Reason::new("over".to_owned()).unwrap() };
    let grants = gateway.app.store().grants();
    gateway.app.rights.change(GRANT, || grants.withdraw(GRANT, &withdrawal)).unwrap();
}

/// A use code for the caller at [`WINDOW`], as a look-up for the case `C-7` gives it out, made so many seconds ago.
pub(crate) fn code(gateway: &Started, fields: &[&str], ago_s: i64) -> String {
    code_for(gateway, &licence(), fields, ago_s)
}

/// The same for any licence.
pub(crate) fn code_for(gateway: &Started, licence: &Identifier, fields: &[&str], ago_s: i64) -> String {
    let errand = Errand {
        now: clock::now().plus(-ago_s),
        request_id: "r".to_owned(),
        consumer: Consumer { caller: "window".to_owned(), organisation: BUREAU.to_owned() },
        authority: Authority::Duty,
        item: ITEM.to_owned(),
        purpose: Some("办理".to_owned()),
        case: Some("C-7".to_owned()),
        operator: None,
        class: Class::Interactive,
    };
    let fields: BTreeSet<String> = fields.iter().map(|name| (*name).to_owned()).collect();
    let minted = mint(&errand, GRANT, &fields, licence, TTL_S).unwrap();
    assert!(!format!("{minted:?}").contains(&minted.code));
    gateway.app.store().use_codes().issue(&[minted.row]).unwrap();
    minted.code
}

/// Asks to use a code up for the case `C-7`.
pub(crate) async fn redeem(client: &Client, path: &str, code: &str, want: &str) -> Reply {
    post(client, path, &json!({ "code": code, "item": ITEM, "case": "C-7", "want": want })).await
}

pub(crate) async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::Two, post_json(path, &body.to_string())).await
}

/// A request of a portal, with a token.
pub(crate) async fn show(gateway: &Started, body: &Value, token: &str) -> Reply {
    let mut request: Request<_> = post_json("/v1/presentations", &body.to_string());
    if !token.is_empty() {
        request.headers_mut().insert("licet-authorization", token.parse().unwrap());
    }
    gateway.caller(PORTAL).send(Http::One, request).await
}

/// The facts of the last record of this event, with everything that the record says.
pub(crate) fn last(gateway: &Started, event: EventKind) -> (Facts, Opening) {
    let logs = gateway.app.store().logs();
    let all = (0..logs.size(LogName::Access).unwrap()).rev();
    let record = |number| logs.record(LogName::Access, number).unwrap().unwrap();
    let mut read = all.map(|number| (record(number).read::<Facts>(Opening::FACTS).unwrap(), record(number)));
    read.find(|(facts, _)| facts.event == event).unwrap()
}

/// A moment that an answer names.
pub(crate) fn moment(value: &Value) -> Timestamp {
    serde_json::from_value(value.clone()).unwrap()
}
