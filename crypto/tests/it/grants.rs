//! Nothing that was not granted ever leaves: random catalogues and grants, every question about them, and a second opinion.

use std::collections::BTreeSet;

use crypto::catalogue::{Catalogue, Entry, Field, FieldType, Resource, Sensitivity, ShareClass, ShareMethod, Sla, UpdateCycle};
use crypto::grants::{Ask, Authority, Consumer, Denial, Grant, Mode, Permit, Quota, Withdrawal, decide};
use crypto::licence::Reason;
use crypto::time::Timestamp;

use crate::hostile::Dice;

const CALLERS: [(&str, &str); 3] = [("a", "A"), ("b", "B"), ("a", "B")];
const ITEMS: [&str; 3] = ["i1", "i2", "i3"];
const PURPOSES: [Option<&str>; 3] = [None, Some("p1"), Some("p2")];
const RESOURCES: [&str; 3] = ["r1", "r2", "r3"];
const FIELDS: [&str; 4] = ["f1", "f2", "f3", "f4"];
const TIMES: [i64; 5] = [9, 10, 19, 20, 30];

/// A random set of these, by a chance of one in `sides` for each.
fn some(dice: &mut Dice, names: &[&str], sides: usize) -> BTreeSet<String> {
    names.iter().filter(|_| dice.roll(sides) == 0).map(|name| (*name).to_owned()).collect()
}

fn pick<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    of[dice.roll(of.len())]
}

fn resource(dice: &mut Dice, code: &str) -> Resource {
    let fields = some(dice, &FIELDS, 2).into_iter().map(|name| Field {
        title: name.clone(),
        name,
        kind: FieldType::Text,
        sensitivity: None,
        attribute: None,
        authoritative: false,
    });
    Resource {
        code: code.to_owned(),
        name: code.to_owned(),
        summary: None,
        provider: pick(dice, &["P", "P", "P", "Q"]).to_owned(),
        share: pick(dice, &[ShareClass::Unconditional, ShareClass::Conditional, ShareClass::Conditional, ShareClass::Never]),
        condition: None,
        method: pick(dice, &[ShareMethod::Interface, ShareMethod::Interface, ShareMethod::Comparison]),
        legal_basis: "law".to_owned(),
        sensitivity: Sensitivity::Personal,
        subjects: Vec::new(),
        fields: fields.collect(),
        sla: Sla { latency_ms: 1, slow_permille_max: 0, error_permille_max: 0 },
        update: UpdateCycle::Live,
        published: None,
        licence_type: None,
        source: None,
        idempotent: false,
        related: Vec::new(),
    }
}

fn catalogue(dice: &mut Dice) -> Catalogue {
    // Now and then one of the resources is gone.
    let resources: Vec<_> = RESOURCES.iter().filter(|_| dice.roll(8) != 0).copied().collect();
    Catalogue::of(1, resources.into_iter().map(|code| Entry::Resource(resource(dice, code))).collect::<Vec<_>>())
}

fn grant(dice: &mut Dice, number: usize) -> Grant {
    let (caller, organisation) = pick(dice, &CALLERS);
    let withdrawn = (dice.roll(6) == 0).then(|| Withdrawal {
        at: Timestamp::from_unix(15),
        by: "x".to_owned(),
        reason: Reason::new("x".to_owned()).unwrap(),
    });
    let authorities = Authority::ALL.into_iter().filter(|_| dice.roll(2) == 0).collect();
    Grant {
        id: format!("{number:032x}"),
        consumer: Consumer { caller: caller.to_owned(), organisation: organisation.to_owned() },
        resource: pick(dice, &RESOURCES).to_owned(),
        provider: "P".to_owned(),
        items: some(dice, &ITEMS, 2),
        purposes: if dice.roll(2) == 0 { BTreeSet::new() } else { some(dice, &["p1", "p2"], 2) },
        fields: some(dice, &FIELDS, 2),
        compared: some(dice, &FIELDS, 3),
        authorities,
        quota: Quota::default(),
        from: Timestamp::from_unix(pick(dice, &[0, 10])),
        until: Timestamp::from_unix(pick(dice, &[20, 40])),
        stale_s_max: (dice.roll(2) == 0).then_some(60),
        feed: false,
        granted_at: Timestamp::from_unix(0),
        granted_by: "x".to_owned(),
        withdrawn,
    }
}

/// Whether this one field may be told or compared, read off the grant clause by clause.
fn gives(grant: &Grant, catalogue: &Catalogue, ask: &Ask<'_>, field: &str) -> bool {
    let Some(resource) = catalogue.resource(ask.resource) else { return false };
    if resource.share == ShareClass::Never || !resource.fields.iter().any(|known| known.name == field) {
        return false;
    }
    // Who provides it now may never have granted anything.
    if grant.provider != resource.provider {
        return false;
    }
    if grant.withdrawn.is_some() || ask.at.unix() < grant.from.unix() || ask.at.unix() >= grant.until.unix() {
        return false;
    }
    if grant.consumer.caller != ask.caller || grant.consumer.organisation != ask.organisation || grant.resource != ask.resource {
        return false;
    }
    if !grant.items.iter().any(|item| item == ask.item) || !grant.authorities.iter().any(|one| *one == ask.authority) {
        return false;
    }
    let has_purpose = match ask.purpose {
        Some(purpose) => grant.purposes.is_empty() || grant.purposes.iter().any(|one| one == purpose),
        None => grant.purposes.is_empty(),
    };
    let is_wanted = ask.fields.is_empty() || ask.fields.iter().any(|one| one == field);
    let is_told = grant.fields.iter().any(|one| one == field);
    let is_compared = grant.compared.iter().any(|one| one == field);
    let is_given = match ask.mode {
        Mode::Tell => is_told && resource.method != ShareMethod::Comparison,
        Mode::Compare => is_told || is_compared,
    };
    has_purpose && is_wanted && is_given
}

/// What is allowed, found out field by field and grant by grant.
fn oracle(grants: &[Grant], catalogue: &Catalogue, ask: &Ask<'_>) -> Option<Permit> {
    let mut best: Option<Permit> = None;
    for grant in grants {
        let fields: BTreeSet<_> =
            FIELDS.iter().filter(|field| gives(grant, catalogue, ask, field)).map(|field| (*field).to_owned()).collect();
        // Grants are numbered in the order of their identifiers: of equals the first stays.
        if !fields.is_empty() && best.as_ref().is_none_or(|best| fields.len() > best.fields.len()) {
            best = Some(Permit { grant: grant.id.clone(), fields, stale_s_max: grant.stale_s_max });
        }
    }
    best
}

/// Every question to one world, each held against the second opinion. Returns how many were allowed and how many not.
fn every_question(dice: &mut Dice, grants: &[Grant], catalogue: &Catalogue) -> (u64, u64) {
    let (mut allowed, mut denied) = (0, 0);
    for (caller, organisation) in CALLERS {
        for (item, resource) in ITEMS.iter().flat_map(|item| RESOURCES.iter().map(move |resource| (*item, *resource))) {
            for (purpose, authority) in PURPOSES.iter().flat_map(|purpose| Authority::ALL.map(|authority| (*purpose, authority)))
            {
                for mode in [Mode::Tell, Mode::Compare] {
                    let fields = some(dice, &FIELDS, 2);
                    let at = Timestamp::from_unix(pick(dice, &TIMES));
                    let ask = Ask { caller, organisation, resource, item, purpose, fields: &fields, mode, authority, at };
                    let decided = decide(grants, catalogue, &ask);
                    assert_eq!(decided.as_ref().ok(), oracle(grants, catalogue, &ask).as_ref(), "{ask:?}\n{grants:#?}");
                    match decided {
                        Ok(_) => allowed += 1,
                        Err(_) => denied += 1,
                    }
                }
            }
        }
    }
    (allowed, denied)
}

#[test]
fn nothing_ungranted_is_ever_permitted() {
    let mut dice = Dice(0x5eed_0005);
    let (mut allowed, mut denied) = (0, 0);
    for _ in 0..300 {
        let catalogue = catalogue(&mut dice);
        let count = dice.roll(24);
        let grants: Vec<_> = (0..count).map(|number| grant(&mut dice, number)).collect();
        let (yes, no) = every_question(&mut dice, &grants, &catalogue);
        (allowed, denied) = (allowed + yes, denied + no);
    }
    // Both happen often enough to mean something.
    assert!(allowed > 5_000 && denied > 50_000, "{allowed} {denied}");
}

#[test]
fn each_field_alone_is_as_all_together() {
    // Asking for all fields at once gives what asking for each alone gives, under the same grant.
    let mut dice = Dice(0x5eed_0006);
    for _ in 0..2_000 {
        let catalogue = catalogue(&mut dice);
        let grants = [grant(&mut dice, 0)];
        let (caller, organisation) = pick(&mut dice, &CALLERS);
        let (item, resource, purpose) = (pick(&mut dice, &ITEMS), pick(&mut dice, &RESOURCES), pick(&mut dice, &PURPOSES));
        let (authority, mode) = (pick(&mut dice, &Authority::ALL), pick(&mut dice, &[Mode::Tell, Mode::Compare]));
        let at = Timestamp::from_unix(pick(&mut dice, &TIMES));
        let ask = |fields: &BTreeSet<String>| {
            let ask = Ask { caller, organisation, resource, item, purpose, fields, mode, authority, at };
            decide(&grants, &catalogue, &ask).map(|permit| permit.fields).unwrap_or_default()
        };
        let alone: BTreeSet<_> = FIELDS.iter().flat_map(|field| ask(&BTreeSet::from([(*field).to_owned()]))).collect();
        assert_eq!(ask(&BTreeSet::new()), alone);
    }
}

#[test]
fn the_most_specific_denial_is_told() {
    let mut dice = Dice(1);
    let mut of = |change: &dyn Fn(&mut Grant)| {
        let mut grant = Grant {
            consumer: Consumer { caller: "a".to_owned(), organisation: "A".to_owned() },
            resource: "r1".to_owned(),
            items: BTreeSet::from(["i1".to_owned()]),
            purposes: BTreeSet::from(["p1".to_owned()]),
            fields: BTreeSet::from(["f1".to_owned()]),
            compared: BTreeSet::new(),
            authorities: BTreeSet::from([Authority::Duty]),
            from: Timestamp::from_unix(0),
            until: Timestamp::from_unix(40),
            withdrawn: None,
            ..grant(&mut dice, 0)
        };
        change(&mut grant);
        grant
    };
    let good = of(&|_| {});
    let steps = [
        (Denial::NotGranted, of(&|grant| grant.resource = "r2".to_owned())),
        (Denial::NotInForce, of(&|grant| grant.until = Timestamp::from_unix(5))),
        (Denial::Item, of(&|grant| grant.items.clear())),
        (Denial::Purpose, of(&|grant| grant.purposes = BTreeSet::from(["p2".to_owned()]))),
        (Denial::Fields, of(&|grant| grant.fields = BTreeSet::from(["f2".to_owned()]))),
        (Denial::Authority, of(&|grant| grant.authorities = BTreeSet::from([Authority::Holder]))),
    ];
    let fields = BTreeSet::from(["f1".to_owned()]);
    let mut shared = resource(&mut dice, "r1");
    (shared.share, shared.method) = (ShareClass::Conditional, ShareMethod::Interface);
    "P".clone_into(&mut shared.provider);
    shared.fields = FIELDS
        .map(|name| Field {
            name: name.to_owned(),
            title: name.to_owned(),
            kind: FieldType::Text,
            sensitivity: None,
            attribute: None,
            authoritative: false,
        })
        .to_vec();
    let moved = Catalogue::of(2, [Entry::Resource(Resource { provider: "Q".to_owned(), ..shared.clone() })]);
    let catalogue = Catalogue::of(1, [Entry::Resource(shared)]);
    let ask = Ask {
        caller: "a",
        organisation: "A",
        resource: "r1",
        item: "i1",
        purpose: Some("p1"),
        fields: &fields,
        mode: Mode::Tell,
        authority: Authority::Duty,
        at: Timestamp::from_unix(10),
    };
    assert_eq!(decide([&good], &moved, &ask), Err(Denial::NotInForce), "it has come to another provider");
    assert!(good.is_of_provider(&catalogue) && !good.is_of_provider(&moved));
    for count in 0..=steps.len() {
        let grants: Vec<_> = steps.iter().take(count).map(|(_, grant)| grant.clone()).collect();
        let expected = count.checked_sub(1).map_or(Denial::NotGranted, |last| steps[last].0);
        assert_eq!(decide(&grants, &catalogue, &ask), Err(expected));
        assert_eq!(decide(grants.iter().rev(), &catalogue, &ask), Err(expected), "in whatever order");
        assert_eq!(decide(grants.iter().chain([&good]), &catalogue, &ask).map(|permit| permit.grant), Ok(good.id.clone()));
    }
}
