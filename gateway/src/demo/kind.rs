//! The five types of licence of the demo, and what becomes of each licence.

use super::form::Form::{self, Cms, JwsEdDsa, JwsEs256, JwsSm2, OfdStamped, OfdV1, OfdV4, OfdV5, Pdf, SdJwt};

/// A type of licence.
#[derive(Debug)]
pub struct Kind {
    /// What it is called.
    pub name: &'static str,
    /// Short name in files.
    pub slug: &'static str,
    /// Short name of the department that issues it.
    pub department: &'static str,
    /// Number of the invented body that defined it, and its number there.
    pub definer: u16,
    /// What its holders are.
    pub holders: Holders,
    /// Years for which it is valid; none for a licence without end.
    pub years: Option<u16>,
    /// Its licences: form and fate.
    pub plan: &'static [(Form, Fate)],
}

/// What the holders of a type of licence are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    /// A company of this trade.
    Company(&'static str),
    /// One person.
    Person,
    /// Two people.
    Couple,
}

/// What becomes of a licence after it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays in force.
    Valid,
    /// It stays in force, though the key that signed it was lost after that.
    KeyLost,
    /// Its time is over.
    Expired,
    /// 撤销.
    Revoked,
    /// 吊销.
    Withdrawn,
    /// 注销.
    Cancelled,
    /// 暂扣.
    Suspended,
    /// 变更: a second version takes its place.
    Changed,
}

/// Every type.
pub static KINDS: [Kind; 5] = [
    Kind {
        name: "营业执照",
        slug: "business-licence",
        department: "market",
        definer: 1,
        holders: Holders::Company("商贸"),
        years: None,
        plan: &[
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV1, Fate::Valid),
            (OfdV5, Fate::Valid),
            (OfdV4, Fate::Changed),
            (OfdV4, Fate::Revoked),
            (OfdV4, Fate::Cancelled),
            (OfdStamped, Fate::KeyLost),
        ],
    },
    Kind {
        name: "食品经营许可证",
        slug: "food-business-permit",
        department: "market",
        definer: 1,
        holders: Holders::Company("餐饮"),
        years: Some(5),
        plan: &[
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV1, Fate::Valid),
            (JwsSm2, Fate::Valid),
            (OfdV5, Fate::Expired),
            (OfdV4, Fate::Expired),
            (OfdV4, Fate::Suspended),
            (OfdV4, Fate::Withdrawn),
        ],
    },
    Kind {
        name: "建筑工程施工许可证",
        slug: "construction-permit",
        department: "construction",
        definer: 2,
        holders: Holders::Company("建设"),
        years: Some(3),
        plan: &[
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV5, Fate::Valid),
            (OfdV1, Fate::Expired),
            (OfdV4, Fate::Changed),
            (JwsSm2, Fate::Revoked),
            (Cms, Fate::Valid),
        ],
    },
    Kind {
        name: "结婚证",
        slug: "marriage-certificate",
        department: "civil-affairs",
        definer: 3,
        holders: Holders::Couple,
        years: None,
        plan: &[
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (OfdV1, Fate::Valid),
            (JwsEdDsa, Fate::Valid),
            (JwsEdDsa, Fate::Valid),
            (JwsEdDsa, Fate::Cancelled),
            (OfdV4, Fate::Revoked),
            (SdJwt, Fate::Revoked),
        ],
    },
    Kind {
        name: "机动车驾驶证",
        slug: "driving-licence",
        department: "traffic-police",
        definer: 4,
        holders: Holders::Person,
        years: Some(6),
        plan: &[
            (OfdV4, Fate::Valid),
            (OfdV4, Fate::Valid),
            (JwsEs256, Fate::Valid),
            (JwsEs256, Fate::Valid),
            (JwsEs256, Fate::Expired),
            (OfdV4, Fate::Suspended),
            (JwsEs256, Fate::Withdrawn),
            (Pdf, Fate::Valid),
            (SdJwt, Fate::Valid),
        ],
    },
];

impl Kind {
    /// The first with this short name.
    #[must_use]
    pub fn of(slug: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.slug == slug)
    }
}
