//! The steps of checking a bundle, and what came of each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::receipt::Receipt;
use crate::report::{Outcome, Report, Text};

macro_rules! steps {
    ($($name:ident = $id:literal; $holds_en:literal, $holds_zh:literal; $fails_en:literal, $fails_zh:literal; $open_en:literal, $open_zh:literal;)*) => {
        /// A step of checking a bundle.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Step {
            $(#[doc = $holds_en] $name,)*
        }

        impl Step {
            /// Every step, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable identifier.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it means that the step holds, fails, or cannot be decided.
            #[must_use]
            pub const fn texts(self) -> [(&'static str, &'static str); 3] {
                match self { $(Self::$name => [($holds_en, $holds_zh), ($fails_en, $fails_zh), ($open_en, $open_zh)],)* }
            }
        }
    };
}

steps! {
    Receipt = "receipt.signature";
        "The receipt was signed with the certificate that it carries.", "回执确由其所附证书签署。";
        "The receipt is malformed, or was not signed with the certificate that it carries.", "回执格式错误，或并非由其所附证书签署。";
        "The receipt could not be read.", "回执无法读取。";
    Material = "receipt.material";
        "The receipt was made for exactly what is enclosed.", "回执所载摘要与所附材料一致。";
        "What is enclosed is not what the receipt was made for.", "所附材料与回执所载摘要不一致。";
        "The receipt does not say what it was made for.", "回执未载明所附材料的摘要。";
    Claims = "receipt.claims";
        "The receipt and the report say the same.", "回执与报告内容一致。";
        "The receipt says something else than the report.", "回执与报告内容不一致。";
        "The report could not be read.", "报告无法读取。";
    Record = "record.receipt";
        "The record of the log names the receipt by its digest.", "日志记录载有该回执的摘要。";
        "The record of the log is not about this receipt.", "日志记录并非关于该回执。";
        "The record of the log does not show what it is about.", "日志记录未公开其内容。";
    Checkpoint = "log.checkpoint";
        "The log signed the checkpoint.", "检查点确由日志签署。";
        "The checkpoint was not signed by the log.", "检查点并非由该日志签署。";
        "The checkpoint could not be read.", "检查点无法读取。";
    Entry = "log.entry";
        "The record is in the log, at its place.", "记录已包含在日志中，且位置相符。";
        "The record is not shown to be in the log.", "无法证明记录包含在日志中。";
        "The proof could not be read.", "证明无法读取。";
    LogKey = "log.key";
        "The log is the one that is to be trusted.", "日志密钥即所指定的可信密钥。";
        "The log is another one than that which is to be trusted.", "日志密钥并非所指定的可信密钥。";
        "Which log to trust was not said: the enclosed key is believed only as such.", "未指定可信日志密钥，所附密钥仅就其本身采信。";
    Witnesses = "log.witnesses";
        "Every signature below the checkpoint is good, and as many witnesses signed as the policy demands.", "检查点的全部签名有效，且见证方数量符合策略要求。";
        "A signature below the checkpoint is bad or of nobody known, or too few witnesses signed.", "检查点签名中有无效或来源不明者，或见证方数量不足。";
        "No witness signed, and no policy demands any.", "没有见证方签名，亦无策略要求。";
    Document = "document.digest";
        "The document is the one that was judged.", "文件即所核验的文件。";
        "The document is not the one that was judged.", "文件并非所核验的文件。";
        "The document is not enclosed: it takes the document to judge it again.", "未附文件，须另行提供文件方可重新核验。";
    Anchors = "trust.anchors";
        "Every trust anchor that was used is among those given.", "所用信任锚均在指定范围内。";
        "A trust anchor that was used is not among those given.", "所用信任锚不在指定范围内。";
        "Whom to trust was not said: the enclosed anchors are believed only as such.", "未指定信任锚，所附信任锚仅就其本身采信。";
    Verdict = "document.verdict";
        "Judged again, the document gets the verdict that the receipt says.", "重新核验所得结论与回执一致。";
        "Judged again, the document gets another verdict than the receipt says.", "重新核验所得结论与回执不一致。";
        "The document could not be judged again with what is enclosed.", "所附材料不足以重新核验。";
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The step, by its stable identifier.
    pub id: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// The same in words.
    pub text: Text,
    /// What was looked at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<Cow<'static, str>, String>,
}

impl Step {
    pub(super) fn pass(self) -> Finding {
        let [holds, _, _] = self.texts();
        self.finding(Outcome::Passed, holds)
    }

    pub(super) fn fail(self, reason: &(impl ToString + ?Sized)) -> Finding {
        let [_, fails, _] = self.texts();
        self.finding(Outcome::Failed, fails).with("reason", reason)
    }

    /// It does not hold because it cannot be decided, which is as good as failed.
    pub(super) fn stuck(self) -> Finding {
        let [.., open] = self.texts();
        self.finding(Outcome::Failed, open)
    }

    /// Nobody asked for it to be decided.
    pub(super) fn open(self) -> Finding {
        let [.., open] = self.texts();
        self.finding(Outcome::NotConcluded, open)
    }

    fn finding(self, outcome: Outcome, (en, zh): (&'static str, &'static str)) -> Finding {
        Finding { id: self.id(), outcome, text: Text { en: en.into(), zh: zh.into() }, inputs: BTreeMap::new() }
    }
}

impl Finding {
    pub(super) fn with(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.inputs.insert(name.into(), value.to_string());
        self
    }
}

/// What came of checking a bundle.
#[derive(Clone, Debug, Serialize)]
pub struct Examination {
    /// Each step, in order.
    pub findings: Vec<Finding>,
    /// The receipt, if it could be read.
    pub receipt: Option<Receipt>,
    /// What came of judging the document again.
    pub report: Option<Report>,
}

impl Examination {
    /// Whether no step failed. What nobody asked to be decided is no failure.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.outcome != Outcome::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn steps_have_names_of_their_own_and_words_for_every_outcome() {
        let ids: BTreeSet<_> = Step::ALL.iter().map(|step| step.id()).collect();
        assert_eq!(ids.len(), Step::ALL.len());
        for (en, zh) in Step::ALL.iter().flat_map(|step| step.texts()) {
            assert!(en.ends_with('.') && zh.ends_with('。'), "{en}");
        }
    }
}
