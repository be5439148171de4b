//! What can be wrong with a catalogue: one closed table of stable codes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Key;
use crate::licence::words;
use crate::report::Text;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $en:literal, $zh:literal;)*) => {
        /// A rule that a catalogue can break. The code of a row never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(rename = "CatalogueRule")]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl Rule {
            /// Every rule there is.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code of breaking it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What is wrong, in words.
            #[must_use]
            pub const fn text(self) -> Text {
                match self { $(Self::$name => words($en, $zh),)* }
            }
        }
    };
}

rules! {
    /// A text is empty.
    Empty = "empty", "This must not be empty.", "不能为空。";
    /// A text is too long.
    TooLong = "too-long", "This is too long.", "内容过长。";
    /// A text has characters that are not printed.
    Unprintable = "unprintable", "This has characters that cannot be printed.", "含有不可打印字符。";
    /// There are too many of something.
    TooMany = "too-many", "There are too many of these.", "数量过多。";
    /// Something stands there twice.
    Repeated = "repeated", "This stands there twice.", "重复。";
    /// A code has not the shape that it must have.
    CodeShape = "code-shape", "The code has not the form of its kind.", "编码格式不符合要求。";
    /// It is no unified social credit code.
    SocialCreditCode = "uscc", "This is not a unified social credit code.", "不是有效的统一社会信用代码。";
    /// It is no code of an area.
    Area = "area", "An area is six digits (GB/T 2260).", "行政区划代码应为六位数字。";
    /// A name of a field or an attribute has other characters than it may have.
    FieldName = "field-name", "A name is 1 to 64 letters, digits, _, - and . of ASCII.", "名称应为1至64位英文字母、数字、下划线、连字符或句点。";
    /// The organisation is not in the catalogue.
    UnknownOrganisation = "unknown-organisation", "No organisation in the catalogue has this code.", "目录中没有该机构。";
    /// The type of licence is not in the catalogue.
    UnknownLicenceType = "unknown-licence-type", "No type of licence in the catalogue has this code.", "目录中没有该证照类型。";
    /// The resource is not in the catalogue.
    UnknownResource = "unknown-resource", "No resource in the catalogue has this code.", "目录中没有该信息资源。";
    /// The item is not in the catalogue.
    UnknownItem = "unknown-item", "No item in the catalogue has this code.", "目录中没有该事项。";
    /// The source is not in the configuration.
    UnknownSource = "unknown-source", "No source in the configuration of the gateway has this name.", "网关配置中没有该数据源。";
    /// An organisation stands above itself.
    Circle = "circle", "The organisation stands above itself.", "机构的上下级关系成环。";
    /// An organisation stands below one of a lower level.
    LevelOrder = "level-order", "The organisation above is of a lower level.", "上级机构的层级低于本机构。";
    /// A resource has both a type of licence and a source, or neither.
    SourceOrType = "source-or-type", "A resource has either a type of licence or a source, and not both.", "信息资源应且只应指定证照类型或数据源之一。";
    /// It is not said on which condition a resource is shared, or why it is not.
    ConditionMissing = "condition-missing", "Say on which condition it is shared, or why it is not.", "须说明共享条件或不予共享的理由。";
    /// A material is bound to a resource that is never shared.
    NeverShared = "never-shared", "The resource is never shared, so no material can rest on it.", "该资源不予共享，材料不得与之关联。";
    /// Two fields claim to be where an attribute comes from.
    AuthorityTwice = "authority-twice", "Another field is already where this attribute comes from.", "该属性已有权威来源。";
    /// A field is where an attribute comes from, but names none.
    AuthorityOfNothing = "authority-of-nothing", "The field is authoritative, but names no attribute.", "字段标为权威来源，但未指定属性。";
    /// A resource belongs to itself.
    RelatedToItself = "related-to-itself", "A resource is not related to itself.", "信息资源不得与自身关联。";
    /// A promise is out of range.
    OutOfRange = "out-of-range", "The number is out of range.", "数值超出范围。";
    /// A demand is said to be answered, and it is not said by what.
    AnswerMissing = "answer-missing", "Say which resource answers the demand.", "须说明满足该需求的信息资源。";
    /// A demand is declined, and it is not said why.
    ReasonMissing = "reason-missing", "Say why the demand is declined.", "须说明不满足该需求的理由。";
    /// A demand is not answered, and yet has a resource.
    NotAnswered = "not-answered", "Only a demand that is answered has a resource.", "只有已满足的需求才可指定信息资源。";
    /// A change changes one entry twice.
    ChangedTwice = "changed-twice", "One change has this entry twice.", "同一变更中该条目出现多次。";
    /// A change removes what is not there.
    NotThere = "not-there", "There is no such entry to remove.", "没有可删除的该条目。";
    /// A change changes nothing.
    NoChange = "no-change", "The change has no entries.", "变更中没有条目。";
    /// The number of a citizen stands in a text.
    CitizenNumber = "citizen-number", "The number of a citizen does not belong here.", "此处不得出现公民身份号码。";
    /// There are more faults than are listed.
    MoreFaults = "more-faults", "There are more faults than are listed.", "错误过多，未全部列出。";
}

/// Something that is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueFault {
    /// The entry; none where it is about all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Key>,
    /// The place in the entry, such as `fields[2].name`; empty where it is about the whole.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
}

impl fmt::Display for CatalogueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = &self.entry {
            write!(f, "{entry}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}: {}", self.rule.code(), self.rule.text().en)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn codes_are_unique_and_serialised() {
        let codes: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_string(rule).unwrap(), format!("\"{}\"", rule.code()));
        }
        let fault = CatalogueFault { entry: Some(Key::new(Kind::Item, "x")), field: "name".to_owned(), rule: Rule::Empty };
        assert_eq!(fault.to_string(), "item x: name: empty: This must not be empty.");
    }
}
