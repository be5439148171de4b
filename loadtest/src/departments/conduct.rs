//! What a department does with a question.

use std::time::Duration;

use serde_json::{Value, json};

use super::chance::Chance;
use super::profile::{Department, Outage};

/// What a department does with the n-th question about somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Conduct {
    /// After how long.
    pub after: Duration,
    /// What.
    pub deed: Deed,
}

/// What a department does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// It says this.
    Say(Value),
    /// It says that it has nothing.
    Nothing,
    /// It fails.
    Fail,
    /// It never answers.
    Silence,
    /// It closes the connection.
    Hang,
}

/// Which stream of chance is for what.
const KNOWN: u64 = 1;
const CONDUCT: u64 = 2;

/// What the department at this place has about the person at this place: `None` for nothing. `record` is different for every
/// department and every person, so that an answer to somebody else's question shows.
#[must_use]
pub fn known(seed: u64, (place, department): (u64, &Department), person: u64) -> Option<Value> {
    let mut chance = Chance::of(&[seed, KNOWN, place, person]);
    if chance.happens(department.absent_permille) {
        return None;
    }
    let record = format!("{:016x}", chance.next());
    let truth = name(seed, person);
    let said = if chance.happens(department.lie_permille) { format!("{truth}某") } else { truth };
    let year = 1990 + chance.next() % 36;
    Some(
        json!({ "name": said, "record": record, "since": format!("{year:04}-{:02}-{:02}", 1 + chance.next() % 12, 1 + chance.next() % 28) }),
    )
}

/// What a person is called.
fn name(seed: u64, person: u64) -> String {
    const FAMILIES: [&str; 8] = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王"];
    const GIVEN: [&str; 8] = ["明", "华", "丽", "强", "芳", "伟", "娜", "洋"];
    let mut chance = Chance::of(&[seed, person]);
    let mut pick = |of: [&'static str; 8]| of.get(usize::try_from(chance.next() % 8).unwrap_or(0)).copied().unwrap_or_default();
    format!("{}{}{}", pick(FAMILIES), pick(GIVEN), pick(GIVEN))
}

impl Conduct {
    /// What the department at this place does with the n-th question about the person at this place, which is the m-th question at
    /// all; both from 0.
    #[must_use]
    pub fn of(seed: u64, (place, department): (u64, &Department), (person, nth): (u64, u64), mth: u64) -> Self {
        let mut chance = Chance::of(&[seed, CONDUCT, place, person, nth]);
        let after = department.latency.draw(chance.unit(), chance.unit());
        let is_down = match department.outage {
            Outage::Never => None,
            Outage::Silent => Some(Deed::Silence),
            Outage::Dead => Some(Deed::Hang),
            Outage::Flapping { up, down } => (mth % (u64::from(up) + u64::from(down)) >= u64::from(up)).then_some(Deed::Hang),
        };
        if let Some(deed) = is_down {
            return Self { after: Duration::ZERO, deed };
        }
        let deed = match known(seed, (place, department), person) {
            _ if chance.happens(department.error_permille) => Deed::Fail,
            Some(said) => Deed::Say(said),
            None => Deed::Nothing,
        };
        Self { after, deed }
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::{Latency, Profile};
    use super::*;

    #[test]
    fn conduct_follows_from_the_seed() {
        let city = Profile::city(7);
        for (place, department) in (0..).zip(&city.departments) {
            for person in 0..50 {
                let conduct = |seed| Conduct::of(seed, (place, department), (person, 0), 0);
                assert_eq!(conduct(7), conduct(7));
            }
        }
        let housing = &city.departments[1];
        assert_ne!(known(7, (1, housing), 5), known(8, (1, housing), 5));
        assert_ne!(known(7, (1, housing), 5).unwrap()["record"], known(7, (1, housing), 6).unwrap()["record"]);
        assert_ne!(known(7, (1, housing), 5).unwrap()["record"], known(7, (2, housing), 5).unwrap()["record"]);
    }

    #[test]
    fn shares_and_outages_are_kept() {
        let good = Department::good("x", Latency::Fixed { ms: 1.0 });
        let conduct = |department: &Department, m: u64| Conduct::of(1, (0, department), (m, 0), m).deed;
        let count =
            |department: &Department, wanted: fn(&Deed) -> bool| (0..1000).filter(|m| wanted(&conduct(department, *m))).count();
        assert_eq!(count(&good, |deed| matches!(deed, Deed::Say(_))), 1000);
        let absent = Department { absent_permille: 300, ..good.clone() };
        assert!((250..350).contains(&count(&absent, |deed| *deed == Deed::Nothing)));
        let failing = Department { error_permille: 100, ..good.clone() };
        assert!((70..130).contains(&count(&failing, |deed| *deed == Deed::Fail)));
        let flapping = Department { outage: Outage::Flapping { up: 3, down: 2 }, ..good.clone() };
        assert_eq!(count(&flapping, |deed| *deed == Deed::Hang), 400);
        let lying = Department { lie_permille: 500, ..good };
        let lies =
            (0..1000).filter(|person| known(1, (0, &lying), *person).unwrap()["name"].as_str().unwrap().ends_with('某')).count();
        assert!((440..560).contains(&lies), "{lies}");
    }
}
