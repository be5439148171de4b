//! Resources (信息资源): what a department shares, in which fields, on which conditions, and who answers for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::licence::HolderCodeType;
use crate::time::Date;

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its code: class (1 digit), item (2), sub-item (3), detail (any number of digits), `/`, number within them, as in
    /// `3010010001/1`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it holds, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The organisation that provides it and decides about it.
    pub provider: String,
    /// Whether it is shared.
    pub share: ShareClass,
    /// On which condition it is shared, or why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How it is shared.
    #[serde(default)]
    pub method: ShareMethod,
    /// The law or rule that it is kept and shared by.
    pub legal_basis: String,
    /// How sensitive it is as a whole.
    pub sensitivity: Sensitivity,
    /// The kinds of number by which it is looked up.
    pub subjects: Vec<HolderCodeType>,
    /// What one record of it says.
    pub fields: Vec<Field>,
    /// What its provider has promised.
    pub sla: Sla,
    /// How often it is brought up to date.
    pub update: UpdateCycle,
    /// The day since which it is in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// The type of licence that it consists of, where it is the licences on record here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_type: Option<String>,
    /// The source that answers for it, by its name in the configuration; none where it is the licences on record here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether asking twice does no harm: only then the same question is asked again when an answer is late.
    #[serde(default)]
    pub idempotent: bool,
    /// Codes of resources that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
}

/// Whether a resource is shared (共享类型).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShareClass {
    /// 无条件共享: whoever has a use for it within their duty gets it, without a decision of the provider.
    Unconditional,
    /// 有条件共享: the provider decides.
    Conditional,
    /// 不予共享: nobody gets it.
    Never,
}

/// How a resource is shared (共享方式).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShareMethod {
    /// 接口: asked one by one.
    #[default]
    Interface,
    /// 核验: compared with what the caller knows, and never told.
    Comparison,
}

/// How sensitive data are (GB/T 43697 calls the last two 重要 and 核心; these do not leave here).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Anybody may know it.
    Public,
    /// For offices.
    Internal,
    /// About a person.
    Personal,
    /// About a person, and harmful in wrong hands (敏感个人信息).
    Sensitive,
}

/// A field of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in requests and answers: letters, digits, `_`, `-`, `.`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// How sensitive it is; as the resource when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Sensitivity>,
    /// The attribute that it is one statement of, where several resources tell of the same thing, such as `person.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Whether this is where the attribute comes from (一数一源): one field of all that have the attribute.
    #[serde(default)]
    pub authoritative: bool,
}

/// What the values of a field are. All but texts are checked before they leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Any text.
    Text,
    /// A whole or decimal number.
    Number,
    /// A day, `2026-07-01`.
    Date,
    /// Yes or no.
    Boolean,
    /// A text out of a list of codes that the provider keeps.
    Code,
}

/// What a provider has promised (SLA).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sla {
    /// Within how many milliseconds an answer is given.
    #[schemars(range(min = 1))]
    pub latency_ms: u32,
    /// How many of a thousand answers may take longer.
    #[schemars(range(max = 1000))]
    pub slow_permille_max: u16,
    /// How many of a thousand questions may fail.
    #[schemars(range(max = 1000))]
    pub error_permille_max: u16,
}

/// How often a resource is brought up to date (更新周期).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum UpdateCycle {
    Live,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
    OnDemand,
}

impl Resource {
    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
