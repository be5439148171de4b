//! A configuration laid over that of a site: what it says counts, and what it leaves out stays.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::site::{Site, write};

/// The file that the gateway is started with.
pub(super) fn configuration(site: &Site, overlay: Option<&Path>) -> Result<PathBuf, String> {
    let Some(overlay) = overlay else { return Ok(site.configuration()) };
    let read = |path: &Path| -> Result<Table, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        text.parse().map_err(|error| format!("{}: {error}", path.display()))
    };
    let merged = over(read(&site.configuration())?, read(overlay)?);
    let text = toml::to_string(&merged).map_err(|error| error.to_string())?;
    write(&site.folder, &[("overlaid.toml".to_owned(), text)])?;
    Ok(site.folder.join("overlaid.toml"))
}

/// Tables are merged, all else is replaced.
fn over(mut below: Table, above: Table) -> Table {
    for (name, value) in above {
        let merged = match (below.remove(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(over(below, above)),
            (_, value) => value,
        };
        below.insert(name, merged);
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_and_what_is_left_out_stays() {
        let below = "[server]\nlisten = 'a'\nworkers_max = 1\n[log]\nlevel = 'warn'\n[[callers]]\nname = 'x'".parse().unwrap();
        let above = "[server]\nworkers_max = 2\n[cache]\nverdicts_mib = 5".parse().unwrap();
        let wanted: Table = "[server]\nlisten = 'a'\nworkers_max = 2\n[log]\nlevel = 'warn'\n[[callers]]\nname = 'x'\n\
                             [cache]\nverdicts_mib = 5"
            .parse()
            .unwrap();
        assert_eq!(over(below, above), wanted);
    }
}
