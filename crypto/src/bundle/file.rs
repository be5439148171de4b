//! The file: its members, and the one form that it has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::material::Material;
use crate::record::Opening;

/// What the member `format` says.
pub const FORMAT: &str = "licet-evidence-1";

/// The media type.
pub const MEDIA_TYPE: &str = "application/vnd.licet.evidence+json";

/// The largest file that is read.
pub const BYTES_MAX: usize = 64 << 20;

/// Brackets within each other that any bundle has; more would only cost memory.
const DEPTH_MAX: usize = 48;

/// An evidence bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// `licet-evidence-1`.
    pub format: String,
    /// What the verdict was drawn from, and the report.
    pub material: Material,
    /// The receipt: a compact JWS that names the digest of `material`.
    pub receipt: String,
    /// The record of it, opened as far as it concerns the receipt.
    pub record: Opening,
    /// The log that holds the record.
    pub log: LogUsed,
    /// The proof that it does (C2SP tlog-proof), with the checkpoint and its signatures.
    pub proof: String,
}

/// A log, as far as it takes to check a checkpoint of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogUsed {
    /// The origin of the shard.
    pub origin: String,
    /// The number of the first record of the shard.
    pub first: u64,
    /// The keys of the log that signed the checkpoint (C2SP vkey).
    pub keys: Vec<String>,
    /// The keys of the witnesses that signed it.
    pub witnesses: Vec<String>,
}

/// Why bytes are no bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// More than [`BYTES_MAX`].
    TooLarge,
    /// No JSON of this form.
    Form,
    /// Another format, or another version of it.
    Format,
    /// A bundle, but not written in the one form that it has: something was changed that readers would pass over.
    Canonical,
}

impl BundleError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "bundle-too-large",
            Self::Form => "bundle-form",
            Self::Format => "bundle-format",
            Self::Canonical => "bundle-canonical",
        }
    }

    /// The reason, in English and in Chinese.
    #[must_use]
    pub const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::TooLarge => ("The file is larger than any evidence bundle.", "文件超出证据包大小限制。"),
            Self::Form => ("The file is no evidence bundle.", "文件不是有效的证据包。"),
            Self::Format => ("The evidence bundle is of a form that is not known here.", "证据包的格式版本不受支持。"),
            Self::Canonical => (
                "The evidence bundle is not written as such files are: it was changed.",
                "证据包的书写形式不规范，表明其已被改动。",
            ),
        }
    }
}

impl std::fmt::Display for BundleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.texts().0)
    }
}

impl std::error::Error for BundleError {}

impl Bundle {
    /// Reads a file. But for white space between its members it is exactly what [`Bundle::to_bytes`] writes: so nothing in it can
    /// be changed to what means the same.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > BYTES_MAX {
            return Err(BundleError::TooLarge);
        }
        let compact = without_space(bytes).ok_or(BundleError::Form)?;
        let bundle: Self = serde_json::from_slice(&compact).or(Err(BundleError::Form))?;
        if bundle.format != FORMAT {
            return Err(BundleError::Format);
        }
        if bundle.to_bytes() == compact { Ok(bundle) } else { Err(BundleError::Canonical) }
    }

    /// The file, without white space.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// JSON without the white space between its parts. `None` when it is too deep to be a bundle.
fn without_space(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut compact, mut depth) = (Vec::with_capacity(bytes.len()), 0usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b' ' | b'\t' | b'\r' | b'\n') => continue,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return None;
        }
        compact.push(*byte);
    }
    Some(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_goes_and_texts_stay() {
        let text = without_space(b"{ \"a b\" :\n[1,\t\"\\\" \"] }\r\n").unwrap();
        assert_eq!(text, b"{\"a b\":[1,\"\\\" \"]}");
        assert_eq!(without_space(&[b'['; 49]), None);
        assert_eq!(Bundle::parse(b"{}"), Err(BundleError::Form));
    }
}
