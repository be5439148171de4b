//! Synthetic people and organisations: plainly invented, with numbers whose check characters are right.
//!
//! The region of every citizen number is that of a whole city, 210200, under which nobody is registered, and the body of
//! every organisation code starts with `XX`, which is not given out: no number here is anybody's.

use crypto::licence::number::{citizen_check_character, organisation_check_character, uscc_check_character};

/// Dalian as a whole: citizen numbers are given out by its districts.
const REGION: &str = "210200";
const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
const BRANCHES: [&str; 12] = ["子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"];

/// Somebody, or some organisation, who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Citizen number or unified social credit code, 18 characters.
    pub code: String,
}

/// Person number `index`; different below 100.
#[must_use]
pub fn person(index: u16) -> Party {
    let (year, month, day) = (1960 + index % 40, 1 + index % 12, 1 + index * 7 % 28);
    let body = format!("{REGION}{year}{month:02}{day:02}{}", 900 + index % 100);
    let check = citizen_check_character(&body).unwrap_or('0');
    let family = if index.is_multiple_of(2) { "示例" } else { "测试" };
    Party { name: format!("{family}{}", cycle(index)), code: format!("{body}{check}") }
}

/// Company number `index` in this trade, such as `餐饮`; different below 1000.
#[must_use]
pub fn company(index: u16, trade: &str) -> Party {
    Party { name: format!("示例{}{trade}有限公司", cycle(index)), code: organisation_code("91", REGION, index) }
}

/// The unified social credit code of public body number `index` in this region; different below 1000 for a region.
#[must_use]
pub fn public_body(region: &str, index: u16) -> String {
    organisation_code("11", region, index)
}

fn organisation_code(kind: &str, region: &str, index: u16) -> String {
    let organisation = format!("XX{index:06}");
    let inner = organisation_check_character(&organisation).unwrap_or('0');
    let body = format!("{kind}{region}{organisation}{inner}");
    let check = uscc_check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

/// A pair of the cycle of sixty.
fn cycle(index: u16) -> String {
    let pick = |names: &[&'static str], modulus: u16| names.get(usize::from(index % modulus)).copied().unwrap_or_default();
    format!("{}{}", pick(&STEMS, 10), pick(&BRANCHES, 12))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crypto::licence::number::{citizen_number, uscc};

    use super::*;

    #[test]
    fn every_number_is_right_and_nobody_shares_one() {
        let today = "2026-07-01".parse().unwrap();
        let people: BTreeSet<_> = (0..100).map(|index| person(index).code).collect();
        assert_eq!(people.len(), 100);
        for code in people {
            assert!(citizen_number(&code, today).is_ok(), "{code}");
        }
        let companies = (0..1000).map(|index| company(index, "商贸").code);
        let bodies = (0..1000).map(|index| public_body("100000", index));
        let codes: BTreeSet<_> = companies.chain(bodies).collect();
        assert_eq!(codes.len(), 2000);
        for code in codes {
            assert_eq!(uscc(&code), Ok(()), "{code}");
        }
    }

    #[test]
    fn names_say_that_they_are_invented() {
        assert_eq!(person(0).name, "示例甲子");
        assert_eq!(person(13).name, "测试丁丑");
        assert_eq!(company(1, "餐饮").name, "示例乙丑餐饮有限公司");
    }
}
