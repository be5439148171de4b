//! What no gateway can stand, done on purpose: a campaign that finds nothing wrong then does not see what it is there to see.

use std::fs;
use std::path::Path;

/// What is done in every round, beside killing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The disk says that it has synced, and has not.
    Forgets,
    /// The store is put back to what it was a round before, with all that stands beside it.
    SetBack,
}

impl Control {
    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "forgets" => Some(Self::Forgets),
            "set-back" => Some(Self::SetBack),
            _ => None,
        }
    }

    /// Does what is done between two rounds, of which so many are over.
    pub(super) fn between(self, folder: &Path, over: u64) -> Result<(), String> {
        if self != Self::SetBack {
            return Ok(());
        }
        let kept = folder.join("kept");
        let (from, to) = if over.is_multiple_of(2) { (folder, kept.as_path()) } else { (kept.as_path(), folder) };
        let done = fs::create_dir_all(&kept).and_then(|()| {
            replace(&from.join("data"), &to.join("data"))?;
            fs::copy(from.join("data.anchor"), to.join("data.anchor")).map(drop)
        });
        done.map_err(|error| format!("{}: {error}", folder.display()))
    }
}

/// Puts one folder of files in the place of another.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        // Sockets and what else is no file is made anew.
        if file.file_type()?.is_file() {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_put_back_with_its_anchor_every_second_round() {
        let folder = std::env::temp_dir().join(format!("licet-control-{}", std::process::id()));
        fs::create_dir_all(folder.join("data")).unwrap();
        let put = |text: &str| {
            fs::write(folder.join("data/a"), text).unwrap();
            fs::write(folder.join("data.anchor"), text).unwrap();
        };
        put("1");
        Control::SetBack.between(&folder, 0).unwrap();
        put("2");
        fs::write(folder.join("data/b"), "new").unwrap();
        Control::Forgets.between(&folder, 1).unwrap();
        assert_eq!(fs::read_to_string(folder.join("data/a")).unwrap(), "2");
        Control::SetBack.between(&folder, 1).unwrap();
        assert_eq!(fs::read_to_string(folder.join("data/a")).unwrap(), "1");
        assert_eq!(fs::read_to_string(folder.join("data.anchor")).unwrap(), "1");
        assert!(!folder.join("data/b").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
