//! The counts that were written down, and what they were counted with.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

const HEAD: &str = "\
# Instructions of one run of each step, as `make gate UPDATE=1` counted them. `make gate` fails when one takes over 3 % more.
# Write it anew when a change is worth what it costs, and say so in the commit; and with every new compiler.
";

/// What instructions were counted with: with anything else they are others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    /// The compiler, as it tells its version.
    pub(crate) rustc: String,
    /// How it was told to optimise.
    pub(crate) profile: String,
    /// What the processor offers of what valgrind passes on.
    pub(crate) processor: String,
}

/// The counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    pub(crate) setting: Setting,
    pub(crate) steps: BTreeMap<String, u64>,
}

impl Setting {
    /// That of this program on this machine.
    pub(crate) fn here() -> Result<Self, String> {
        let output = Command::new("rustc").arg("--version").output().map_err(|error| format!("rustc does not start: {error}"))?;
        let rustc = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        Ok(Self { rustc, profile: profile.to_owned(), processor: processor() })
    }

    /// What is different, in words.
    pub(crate) fn differences(&self, here: &Self) -> Vec<String> {
        let pairs = [
            ("the compiler", &self.rustc, &here.rustc),
            ("the profile", &self.profile, &here.profile),
            ("the processor", &self.processor, &here.processor),
        ];
        let different = pairs.into_iter().filter(|(_, before, now)| before != now);
        different.map(|(what, before, now)| format!("{what} was \"{before}\" and is \"{now}\"")).collect()
    }
}

/// The extensions by which libraries choose their code, as far as valgrind has them; it has no others, such as AVX-512, ADX or SHA.
#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    let has = |name, is_there| if is_there { name } else { "" };
    let names = [has("avx2", is_x86_feature_detected!("avx2")), has("bmi2", is_x86_feature_detected!("bmi2"))];
    format!("x86-64 {}", names.join(" ")).trim_end().to_owned()
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    std::env::consts::ARCH.to_owned()
}

impl Baseline {
    /// Reads what was written down.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{}: {error}; `make gate UPDATE=1` writes it", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Writes it down.
    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        std::fs::write(file, self.text()).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn text(&self) -> String {
        let Setting { rustc, profile, processor } = &self.setting;
        let steps: String = self.steps.iter().map(|(name, count)| format!("\"{name}\" = {count}\n")).collect();
        format!(
            "{HEAD}\n[setting]\nrustc = \"{rustc}\"\nprofile = \"{profile}\"\nprocessor = \"{processor}\"\n\n[steps]\n{steps}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> Setting {
        Setting { rustc: "rustc 1.95.0 (abc)".to_owned(), profile: "release".to_owned(), processor: "x86-64 avx2".to_owned() }
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let steps = [("a/b".to_owned(), 1), ("c/d-e".to_owned(), u64::from(u32::MAX))].into();
        let baseline = Baseline { setting: setting(), steps };
        assert_eq!(toml::from_str(&baseline.text()), Ok(baseline));
    }

    #[test]
    fn another_compiler_profile_or_processor_is_named() {
        assert_eq!(setting().differences(&setting()), [""; 0]);
        let other = Setting { rustc: "rustc 1.96.0 (def)".to_owned(), profile: "dev".to_owned(), ..setting() };
        let told = setting().differences(&other);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0], "the compiler was \"rustc 1.95.0 (abc)\" and is \"rustc 1.96.0 (def)\"");
    }
}
