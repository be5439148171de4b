//! What can happen, and which log keeps it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogName {
    /// Seals and what is done with them, verifications, issue and state of licences.
    Seal,
    /// Look-ups, reads, refusals, administration.
    Access,
}

impl LogName {
    /// Both logs.
    pub const ALL: [Self; 2] = [Self::Seal, Self::Access];

    /// The name in paths and origins.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Access => "access",
        }
    }

    /// The number in keys of the store.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Seal => 1,
            Self::Access => 2,
        }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for LogName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|log| log.name() == text).ok_or(())
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// It was done.
    Done,
    /// It was refused: the caller may not, or the thing does not allow it.
    Refused,
    /// It could not be done: something did not work.
    Failed,
}

impl Ending {
    /// Every ending.
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    /// The name in records and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $log:ident;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl EventKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in records and queries.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The log that keeps it.
            #[must_use]
            pub const fn log(self) -> LogName {
                match self { $(Self::$name => LogName::$log,)* }
            }
        }
    };
}

events! {
    /// 申请: a seal was applied for.
    SealApply = "seal.apply", Seal;
    /// 审批: an application was decided.
    SealDecide = "seal.decide", Seal;
    /// 制作、备案: a seal was made and put on file.
    SealFile = "seal.file", Seal;
    /// 发放: a seal was handed over, or taken into use.
    SealDeliver = "seal.deliver", Seal;
    /// 用印: a seal was used.
    SealUse = "seal.use", Seal;
    /// 冻结: a seal was frozen.
    SealFreeze = "seal.freeze", Seal;
    /// 停用: a seal was taken out of use.
    SealStop = "seal.stop", Seal;
    /// 恢复: a seal was restored.
    SealRestore = "seal.restore", Seal;
    /// 注销: a seal was cancelled.
    SealCancel = "seal.cancel", Seal;
    /// 重制: a seal was replaced by a new one.
    SealRemake = "seal.remake", Seal;
    /// 核验: a document was verified.
    DocumentVerify = "document.verify", Seal;
    /// A licence was handed in: 新发、延续、变更.
    LicenceIssue = "licence.issue", Seal;
    /// The state of a licence was changed.
    LicenceStatus = "licence.status", Seal;
    /// A receipt or an evidence bundle was made.
    EvidenceMake = "evidence.make", Seal;
    /// What is on record about a licence was read.
    LicenceRead = "licence.read", Access;
    /// The file of a licence was read.
    LicenceDownload = "licence.download", Access;
    /// The licences of a holder were looked up.
    LicenceSearch = "licence.search", Access;
    /// What is on record about a seal was read.
    SealRead = "seal.read", Access;
    /// A certificate was put on file.
    CertificateAdd = "certificate.add", Access;
    /// A certificate was read.
    CertificateRead = "certificate.read", Access;
    /// Trust, its sources or their state were read.
    TrustRead = "trust.read", Access;
    /// Trust was read again or changed.
    TrustChange = "trust.change", Access;
    /// The records of a log were read.
    LogRead = "log.read", Access;
    /// The records of a log were exported.
    LogExport = "log.export", Access;
    /// What a log says about a person was erased.
    LogErase = "log.erase", Access;
    /// Old records were let go, and their proofs kept.
    LogRetire = "log.retire", Access;
    /// The checkpoint of another log was witnessed.
    LogWitness = "log.witness", Access;
    /// 一号通查: a person or an organisation was looked up by number.
    LookUp = "look-up", Access;
    /// What is on record of the materials of an item was looked up by number.
    LookUpMaterials = "look-up.materials", Access;
    /// 比对核验: facts were compared with what is on record, and not told.
    LookUpCompare = "look-up.compare", Access;
    /// 用证码: a use code was given out.
    UseCodeIssue = "use-code.issue", Access;
    /// A use code was redeemed.
    UseCodeRedeem = "use-code.redeem", Access;
    /// 亮证: a code was made for a holder to show.
    PresentationIssue = "presentation.issue", Access;
    /// What a holder showed was redeemed.
    PresentationRedeem = "presentation.redeem", Access;
    /// The catalogue was changed.
    CatalogueChange = "catalogue.change", Access;
    /// The catalogue or its history was read.
    CatalogueRead = "catalogue.read", Access;
    /// A grant was applied for.
    GrantApply = "grant.apply", Access;
    /// An application for a grant was checked for conformity.
    GrantCheck = "grant.check", Access;
    /// An application for a grant was decided.
    GrantDecide = "grant.decide", Access;
    /// A grant was withdrawn.
    GrantWithdraw = "grant.withdraw", Access;
    /// Grants or applications were read.
    GrantRead = "grant.read", Access;
    /// 双告知: changes of licences and seals were read by who follows them.
    FeedRead = "feed.read", Access;
    /// 异议: an objection was filed.
    ObjectionFile = "objection.file", Access;
    /// An objection was taken on, answered or withdrawn.
    ObjectionAnswer = "objection.answer", Access;
    /// Objections were read.
    ObjectionRead = "objection.read", Access;
    /// 黄牌、红牌: a source or a consumer came near its limit or past it, or back.
    SupervisionCard = "supervision.card", Access;
    /// Cards, budgets or reports were read.
    SupervisionRead = "supervision.read", Access;
    /// A request was refused before it was known what it was for.
    Request = "request", Access;
    /// The gateway was started with another configuration than the last time, or took up another one while it ran.
    ConfigChange = "config.change", Access;
    /// What is written to standard error was made more or less.
    LogLevel = "log.level", Access;
    /// Changes and look-ups were stopped for maintenance, or let in again.
    Maintenance = "maintenance", Access;
    /// A key of the store was added, changed or let go.
    KeyChange = "key.change", Access;
    /// A backup was made.
    BackupMake = "backup.make", Access;
    /// A store that was restored, and is behind what others know of it, was taken into use.
    StoreRestore = "store.restore", Access;
    /// The clock of the machine jumped.
    ClockJump = "clock.jump", Access;
    /// The gateway began or stopped to serve.
    Service = "service", Access;
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EventKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|event| event.name() == text).ok_or(())
    }
}
