//! What can be done about objections, and by whom.

use super::*;

const OFFICE: &str = "11330105002500287C";
const OTHER: &str = "11350200004144116F";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reason(text: &str) -> Reason {
    text.to_owned().try_into().unwrap()
}

fn objection() -> Objection {
    let licence = crate::licence::Identifier::new("11100000000013338W009", OFFICE, "A1", 1).unwrap();
    Objection {
        id: "00".repeat(16),
        about: About::Licence(Licence { licence }),
        text: reason("the name is wrong"),
        evidence: vec![Sha256::of(&[b"letter"])],
        filed_for: FiledFor::Holder,
        filed_at: at("2026-07-01T00:00:00Z"),
        filed_by: "portal".to_owned(),
        organisation: OTHER.to_owned(),
        responsible: OFFICE.to_owned(),
        due: at("2026-07-15T16:00:00Z"),
        events: Vec::new(),
    }
}

fn event(step: Step, (by, organisation): (&str, &str)) -> Event {
    Event { step, at: at("2026-07-02T00:00:00Z"), by: by.to_owned(), organisation: organisation.to_owned() }
}

fn answer(decision: Decision) -> Step {
    Step::Answer { decision, text: reason("looked into") }
}

fn forward(to: &str) -> Step {
    Step::Forward { to: to.to_owned(), reason: None }
}

const DESK: (&str, &str) = ("office", OFFICE);
const OTHER_DESK: (&str, &str) = ("another-office", OTHER);
const PORTAL: (&str, &str) = ("portal", OTHER);

#[test]
fn a_life() {
    let mut one = objection();
    assert_eq!((one.state(), one.is_open()), (State::Filed, true));
    assert!(!one.is_overdue(at("2026-07-15T15:59:59Z")) && one.is_overdue(at("2026-07-15T16:00:00Z")));
    assert_eq!(one.apply(event(Step::Accept, DESK)), Ok(true));
    assert_eq!(one.apply(event(Step::Accept, DESK)), Ok(false));
    assert_eq!(one.apply(event(Step::Accept, ("office-2", OFFICE))), Ok(false), "taken on is taken on");
    assert_eq!(one.state(), State::Accepted);
    assert_eq!(one.apply(event(forward(OTHER), DESK)), Ok(true));
    assert_eq!(one.apply(event(forward(OTHER), DESK)), Ok(false), "the same request again");
    assert_eq!((one.state(), one.responsible.as_str()), (State::Filed, OTHER));
    assert_eq!(one.apply(event(answer(Decision::Rejected), DESK)), Err(ObjectionError::NotResponsible));
    assert_eq!(one.apply(event(answer(Decision::Corrected), OTHER_DESK)), Ok(true));
    assert_eq!(one.apply(event(answer(Decision::Corrected), OTHER_DESK)), Ok(false));
    assert_eq!((one.state(), one.is_open()), (State::Corrected, false));
    assert!(!one.is_overdue(at("2027-01-01T00:00:00Z")));
    assert_eq!(one.apply(event(answer(Decision::Rejected), OTHER_DESK)), Err(ObjectionError::Closed));
    assert_eq!(one.apply(event(Step::Withdraw, PORTAL)), Err(ObjectionError::Closed));
    let json = serde_json::to_string(&one).unwrap();
    assert!(json.contains(r#""step":"forward","to":"#), "{json}");
    assert_eq!(serde_json::from_str::<Objection>(&json).unwrap(), one);
}

#[test]
fn everybody_has_a_part() {
    // The one responsible neither withdraws, nor does who filed it answer.
    for (step, who, expected) in [
        (Step::Withdraw, DESK, Err(ObjectionError::NotOwn)),
        (Step::Withdraw, ("another-office", OTHER), Err(ObjectionError::NotOwn)),
        (Step::Withdraw, PORTAL, Ok(true)),
        (Step::Accept, PORTAL, Err(ObjectionError::NotResponsible)),
        (answer(Decision::Rejected), PORTAL, Err(ObjectionError::NotResponsible)),
        (answer(Decision::Rejected), DESK, Ok(true)),
        (forward(OFFICE), DESK, Err(ObjectionError::SameOrganisation)),
        (forward(OTHER), OTHER_DESK, Err(ObjectionError::NotResponsible)),
    ] {
        assert_eq!(objection().apply(event(step.clone(), who)), expected, "{step:?} by {who:?}");
    }
}

#[test]
fn nobody_passes_it_on_for_ever() {
    let mut one = objection();
    for n in 0..Objection::MAX_EVENTS - 1 {
        let (who, to) = if n % 2 == 0 { (DESK, OTHER) } else { (OTHER_DESK, OFFICE) };
        assert_eq!(one.apply(event(forward(to), who)), Ok(true), "{n}");
    }
    let holder = if one.responsible == OFFICE { DESK } else { OTHER_DESK };
    let to = if one.responsible == OFFICE { OTHER } else { OFFICE };
    assert_eq!(one.apply(event(forward(to), holder)), Err(ObjectionError::Full));
    assert_eq!(one.apply(event(Step::Accept, holder)), Err(ObjectionError::Full));
    assert_eq!(one.apply(event(answer(Decision::Corrected), holder)), Ok(true));
    assert_eq!(one.events.len(), Objection::MAX_EVENTS);
}

#[test]
fn the_same_request_is_known_by_what_it_asked() {
    let one = objection();
    let mut later = Objection { filed_at: at("2026-07-03T00:00:00Z"), due: at("2026-07-17T16:00:00Z"), ..objection() };
    later.apply(event(Step::Accept, DESK)).unwrap();
    assert!(one.is_same_request(&later));
    assert!(!one.is_same_request(&Objection { text: reason("the date is wrong"), ..objection() }));
}

#[test]
fn no_number_is_shown() {
    let code_type = crate::licence::HolderCodeType::CitizenNumber;
    let subject = Subject { code_type, code: Some("11010519491231002X".to_owned()) };
    let about = About::Attribute(Attribute { subject, resource: "3010010001/1".to_owned(), field: Some("name".to_owned()) });
    assert!(!format!("{about:?}").contains("11010519491231002X"));
    let masked = serde_json::to_string(&about.masked()).unwrap();
    assert_eq!(masked, r#"{"subject":{"code_type":"111"},"resource":"3010010001/1","field":"name"}"#);
    let json = serde_json::to_string(&about).unwrap();
    assert_eq!(serde_json::from_str::<About>(&json).unwrap(), about);
}

#[test]
fn every_error_has_words() {
    for error in ObjectionError::ALL {
        assert!(error.text().en.ends_with('.') && error.text().zh.ends_with('。'), "{error:?}");
    }
}
