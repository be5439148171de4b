//! Who keeps the catalogue, and who applies for grants: an item is put into the catalogue, a grant for it is applied for, given, used
//! and withdrawn, again and again. What was withdrawn allows nothing any more.

use std::sync::Arc;

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::asks::{get, post, post_once};
use crate::campaign::known::Known;
use crate::campaign::ledger::{Matter, Stage};
use crate::campaign::scene::{Came, Line, Scene};
use crate::site::{CALLERS, CONSUMER, OPERATOR, RESOURCE, organisation, type_code};
use crate::time::wall;

/// How many items there are in turns.
const ITEMS: u32 = 6;
/// Whose grants they are: nobody else's licences are asked for.
const HOLDER: u64 = 0;

/// What it needs.
struct Desk {
    scene: Arc<Scene>,
    operator: Line,
    consumer: Line,
    version: u64,
}

/// The code of the item at this place.
fn item_of(place: u32) -> String {
    format!("990100-1{place:03}")
}

/// A look-up that nothing but the grant of this item allows.
pub(in crate::campaign) fn looked_up(scene: &Scene, place: u32) -> Bytes {
    let subject = json!({ "code_type": "111", "code": scene.dataset.holder(HOLDER) });
    let body = json!({ "subject": subject, "item": item_of(place), "resources": [RESOURCE], "use_codes": false });
    post("/v1/lookups", "application/json", body.to_string().as_bytes())
}

/// Where the item at this place is read.
pub(in crate::campaign) fn item_path(place: u32) -> String {
    format!("/v1/catalogue/entries/item/{}", item_of(place))
}

pub(super) async fn run(scene: Arc<Scene>, _which: u64) -> Result<(), String> {
    let (operator, consumer) = (scene.line(OPERATOR)?, scene.line(CONSUMER)?);
    let mut desk = Desk { scene, operator, consumer, version: 0 };
    desk.look().await;
    for turn in 0_u32.. {
        if desk.scene.is_over() {
            break;
        }
        desk.step(turn % ITEMS, turn).await;
    }
    Ok(())
}

impl Desk {
    /// Which version the catalogue has.
    async fn look(&mut self) {
        if let Came::Done(found) = self.operator.ask("read the catalogue", &get("/v1/catalogue?kind=demand"), &[]).await {
            self.version = found.get("version").and_then(Value::as_u64).unwrap_or(0);
        }
    }

    async fn step(&mut self, place: u32, turn: u32) {
        let stage = self.scene.ledger().grants.get(&place).map(|grant| (grant.stage.settled().copied(), grant.id.clone()));
        match stage {
            None | Some((Some(Stage::Nothing | Stage::Closed), _)) => {
                if self.put(place, turn).await {
                    self.apply(place, turn).await;
                }
            }
            Some((Some(Stage::Filed), Some(id))) => {
                let path = format!("/v1/grants/applications/{id}/check");
                self.move_on(place, Stage::Granted, &post(&path, "application/json", b"{\"verdict\":\"approve\"}")).await;
            }
            Some((Some(Stage::Granted), Some(id))) => self.use_and_withdraw(place, &id).await,
            // Nobody knows how far it is: the check after the restart finds out.
            Some(_) => tokio::task::yield_now().await,
        }
    }

    /// Puts the item into the catalogue under another name; whether it is certain that it is there.
    async fn put(&mut self, place: u32, turn: u32) -> bool {
        let name = format!("item {place} of round {}, turn {turn}", self.scene.round);
        let material = json!({ "code": "licence", "name": "licence", "required": true, "licence_types": [type_code()] });
        let consumer = organisation(CALLERS.iter().zip(1..).find(|(name, _)| **name == CONSUMER).map_or(1, |(_, number)| number));
        let entry =
            json!({ "kind": "item", "code": item_of(place), "name": name, "organisation": consumer, "materials": [material] });
        let change = json!({ "base_version": self.version, "puts": [entry] }).to_string();
        let begun = self.scene.ledger().items.entry(place).or_insert_with(|| Known::new(String::new())).begin_if_settled(name);
        if !begun {
            return false;
        }
        let request = post("/v1/catalogue/changes", "application/json", change.as_bytes());
        let came = self.operator.ask("change the catalogue", &request, &[409]).await;
        let is_done = matches!(came, Came::Done(_));
        if let Some(item) = self.scene.ledger().items.get_mut(&place) {
            match &came {
                Came::Done(_) => item.done(),
                Came::Refused(..) => item.refused(),
                Came::Unsure => {}
            }
        }
        match came {
            Came::Done(made) => self.version = made.get("version").and_then(Value::as_u64).unwrap_or(self.version),
            _ => self.look().await,
        }
        is_done
    }

    async fn apply(&mut self, place: u32, turn: u32) {
        let wish = json!({
            "resource": RESOURCE, "items": [item_of(place)], "fields": ["issued"], "authorities": ["duty"],
            "until": wall().plus(365 * 86_400), "legal_basis": "simulation",
        });
        let key = format!("grant-{place}-{}-{turn}", self.scene.round);
        let request = post_once("/v1/grants/applications", &key, wish.to_string().as_bytes());
        let mut matter = Matter::new(key, wish, HOLDER);
        matter.stage.begin(Stage::Filed);
        self.scene.ledger().grants.insert(place, matter);
        let came = self.consumer.ask("apply for a grant", &request, &[]).await;
        if let Some(matter) = self.scene.ledger().grants.get_mut(&place) {
            matter.filed(&came);
        }
    }

    /// Asks for the next stage.
    async fn move_on(&mut self, place: u32, next: Stage, request: &[u8]) -> bool {
        if let Some(grant) = self.scene.ledger().grants.get_mut(&place) {
            grant.stage.begin(next);
        }
        let kind = if next == Stage::Granted { "check a grant" } else { "withdraw a grant" };
        let came = self.operator.ask(kind, request, &[]).await;
        if let Some(grant) = self.scene.ledger().grants.get_mut(&place) {
            grant.moved(&came);
        }
        matches!(came, Came::Done(_))
    }

    async fn use_and_withdraw(&mut self, place: u32, id: &str) {
        let question = looked_up(&self.scene, place);
        self.consumer.ask("look up by a grant", &question, &[]).await;
        let path = format!("/v1/grants/{id}/withdrawal");
        let request = post(&path, "application/json", b"{\"reason\":\"campaign\"}");
        if self.move_on(place, Stage::Closed, &request).await {
            let came = self.consumer.ask("look up without a grant", &question, &[403]).await;
            if let Came::Done(answer) = came {
                self.scene.ledger().blame(format!("stale: the grant {id} was withdrawn before, and allows {answer}"));
            }
        }
    }
}

impl Known<String> {
    /// Begins a change where nothing is in doubt; whether it did.
    fn begin_if_settled(&mut self, next: String) -> bool {
        let is_settled = self.settled().is_some();
        if is_settled {
            self.begin(next);
        }
        is_settled
    }
}

impl Matter {
    /// It was filed, or not.
    pub(in crate::campaign) fn filed(&mut self, came: &Came) {
        if let Came::Done(answer) = came {
            self.id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
        }
        self.moved(came);
    }

    /// It came to the next stage, or not.
    pub(in crate::campaign) fn moved(&mut self, came: &Came) {
        match came {
            Came::Done(_) => self.stage.done(),
            Came::Refused(..) => self.stage.refused(),
            Came::Unsure => {}
        }
    }
}
