//! Types of licences (GB/T 36902).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type of licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceType {
    /// 证照类型代码, 21 characters.
    pub code: String,
    /// 证照类型名称.
    pub name: String,
    /// 证照定义机构代码: the organisation that defines it.
    pub authority: String,
    /// 证照定义机构.
    pub authority_name: String,
    /// 有效期限范围, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<String>,
    /// 关联事项代码: items that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// 颁发机构级别: the level of who issues it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_level: Option<String>,
    /// 持证主体类别.
    pub holder: HolderClass,
    /// 适用区域: the area where it holds, six digits (GB/T 2260).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The version of its template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// Who holds licences of a type (持证主体类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolderClass {
    /// 自然人
    Person,
    /// 法人和其他组织
    Organisation,
    /// Both.
    Mixed,
}
