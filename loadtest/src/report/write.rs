//! A report as files.

use std::fs;
use std::path::Path;

use super::model::Report;
use super::{html, markdown};

impl Report {
    /// The report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::text(self)
    }

    /// The report as one page.
    #[must_use]
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The report as JSON.
    ///
    /// # Errors
    /// It cannot be written as JSON, which tests rule out.
    pub fn json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|error| error.to_string())
    }

    /// Writes `report.json`, `report.md` and `report.html` into this folder.
    ///
    /// # Errors
    /// One cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for (name, content) in [("report.json", self.json()?), ("report.md", self.markdown()), ("report.html", self.html())] {
            let path = folder.join(name);
            fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}
