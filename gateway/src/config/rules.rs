//! The rules of trust alone, in the words of the configuration: what signed lists are made from.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::files::resolve;
use super::reading::Reading;
use super::{Faults, SignaturePolicy, TrustDomain, trust};

/// A TOML file with `[policy]` and `[[trust]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// `[policy]`: the rules that decide on signatures.
    #[serde(default)]
    pub policy: SignaturePolicy,
    /// `[[trust]]`: the domains.
    pub trust: Vec<TrustDomain>,
}

impl RulesFile {
    /// Reads and checks a file; relative paths in it are taken from its folder.
    ///
    /// # Errors
    /// Every fault that can be found without opening the files that it names.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Faults::one("(file)", format!("{} cannot be read: {error}", path.display())))?;
        let Reading { value, faults, .. } = Reading::<Self>::of(&text);
        let in_file = |faults: Faults| faults.in_file_of::<Self>(path);
        let mut rules = faults.none_or(value).map_err(in_file)?.ok_or_else(|| Faults::one("(file)", "cannot be read"))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        rules.trust.iter_mut().flat_map(TrustDomain::materials_mut).for_each(|path| resolve(path, folder));
        let mut faults = Faults::default();
        rules.policy.check("policy", &mut faults);
        trust::check(&rules.trust, "trust", &mut faults);
        faults.none_or(rules).map_err(in_file)
    }
}
