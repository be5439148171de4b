//! Why something of a transparency log is refused.

use std::borrow::Cow;
use std::fmt;

use crate::budget::Exhausted;
use crate::report::Text;

/// Why something of a transparency log is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlogError {
    /// A request to a witness is not of the form of C2SP tlog-witness.
    AddCheckpoint,
    /// A signature of a known key does not fit the note.
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// Checking it would cost more than any honest one does.
    Budget(Exhausted),
    /// The text of a note is not a checkpoint.
    Checkpoint,
    /// The proof does not lead from the smaller tree to the larger one.
    Consistency,
    /// A text is not 32 bytes in base64.
    Hash,
    /// The proof does not lead from the leaf to the root.
    Inclusion,
    /// Two known keys have the same name and the same identifier.
    KeyAmbiguous {
        /// Their name.
        name: String,
    },
    /// The identifier in a verifier key is not that of its name and key.
    KeyId,
    /// A text is not a verifier key.
    KeyMalformed,
    /// The type of a verifier key is not known here.
    KeyType,
    /// A note is malformed.
    Note,
    /// A note is longer than [`Note::BYTES_MAX`](super::Note::BYTES_MAX) bytes.
    NoteLength,
    /// Fewer witnesses than the policy demands have signed.
    NotWitnessed,
    /// The checkpoint is of another log than the key that signed it.
    Origin,
    /// A text is not a `tlog-proof`.
    Proof,
    /// Bytes are not the tile or the bundle that they should be.
    Tile,
    /// A text is not the path of a tile.
    TilePath,
    /// A note has more than [`Note::LINES_MAX`](super::Note::LINES_MAX) signatures.
    TooManySignatures,
    /// The sizes and places of tiles and edges do not fit together.
    Tree,
    /// No known key has signed.
    Unsigned,
}

impl TlogError {
    /// The stable code that clients see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.row().0
    }

    /// The reason in words.
    #[must_use]
    pub fn text(&self) -> Text {
        let (_, en, zh) = self.row();
        match self {
            Self::BadSignature { name } | Self::KeyAmbiguous { name } => Text {
                en: format!("{} ({name}).", en.trim_end_matches('.')).into(),
                zh: format!("{}（{name}）。", zh.trim_end_matches('。')).into(),
            },
            Self::Budget(what) => Text { en: format!("{} ({what}).", en.trim_end_matches('.')).into(), zh: zh.into() },
            _ => Text { en: Cow::Borrowed(en), zh: Cow::Borrowed(zh) },
        }
    }

    const fn row(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AddCheckpoint => ("log-add-checkpoint", "This is not a request to a witness.", "不是有效的见证请求。"),
            Self::BadSignature { .. } => {
                ("log-bad-signature", "The signature of a known key does not fit the note.", "已知密钥的签名与内容不符。")
            }
            Self::Budget(_) => ("log-budget", "Checking this would cost too much.", "核验开销超出限制。"),
            Self::Checkpoint => ("log-checkpoint", "This is not a checkpoint of a log.", "不是有效的日志检查点。"),
            Self::Consistency => (
                "log-consistency",
                "The larger tree is not shown to contain the smaller one.",
                "一致性证明不成立，无法证明日志只增不改。",
            ),
            Self::Hash => ("log-hash", "This is not a hash in base64.", "不是有效的 Base64 哈希值。"),
            Self::Inclusion => {
                ("log-inclusion", "The entry is not shown to be in the log.", "包含证明不成立，无法证明记录在日志中。")
            }
            Self::KeyAmbiguous { .. } => {
                ("log-key-ambiguous", "Two known keys have the same name and identifier.", "两个已知密钥的名称和标识相同。")
            }
            Self::KeyId => ("log-key-id", "The identifier of the verifier key is wrong.", "验证密钥的标识不正确。"),
            Self::KeyMalformed => ("log-key-malformed", "This is not a verifier key.", "不是有效的验证密钥。"),
            Self::KeyType => ("log-key-type", "The type of the verifier key is not supported here.", "不支持该类型的验证密钥。"),
            Self::Note => ("log-note", "This is not a signed note.", "不是有效的签名文本。"),
            Self::NoteLength => ("log-note-length", "The signed note is too long.", "签名文本过长。"),
            Self::NotWitnessed => {
                ("log-not-witnessed", "Fewer witnesses have signed than the policy demands.", "见证方签名数量未达到策略要求。")
            }
            Self::Origin => {
                ("log-origin", "The checkpoint is of another log than the key that signed it.", "检查点所属日志与签名密钥不符。")
            }
            Self::Proof => ("log-proof", "This is not a proof of an entry in a log.", "不是有效的日志证明。"),
            Self::Tile => ("log-tile", "This is not the tile of the log that it should be.", "日志分片数据不正确。"),
            Self::TilePath => ("log-tile-path", "This is not the path of a tile.", "不是有效的日志分片路径。"),
            Self::TooManySignatures => ("log-too-many-signatures", "The note has too many signatures.", "签名数量过多。"),
            Self::Tree => ("log-tree", "The parts of the tree do not fit together.", "日志树的各部分不一致。"),
            Self::Unsigned => ("log-unsigned", "No known key has signed.", "没有已知密钥的签名。"),
        }
    }
}

impl From<Exhausted> for TlogError {
    fn from(what: Exhausted) -> Self {
        Self::Budget(what)
    }
}

impl fmt::Display for TlogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for TlogError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences_in_both_languages() {
        let bad = TlogError::BadSignature { name: "a.example/log".to_owned() };
        for error in [&bad, &TlogError::Budget(Exhausted::Signatures), &TlogError::Consistency] {
            let text = error.text();
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{text:?}");
            assert_eq!(text.en.matches('.').count() - text.en.matches("a.example").count(), 1, "{text:?}");
        }
        assert!(bad.to_string().contains("(a.example/log)"));
        assert_eq!(bad.code(), "log-bad-signature");
    }
}
