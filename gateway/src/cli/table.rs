//! Text in columns. Chinese characters take two columns of a terminal.

/// Lines of equal cells, each column as wide as its widest cell.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Line>);

#[derive(Debug)]
enum Line {
    Cells(Vec<String>),
    Text(String),
}

impl Table {
    /// Adds a line of cells.
    pub(super) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.0.push(Line::Cells(cells.map(str::to_owned).to_vec()));
    }

    /// Adds a line that belongs to no column.
    pub(super) fn text(&mut self, text: String) {
        self.0.push(Line::Text(text));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut widths: Vec<usize> = Vec::new();
        for line in &self.0 {
            let Line::Cells(cells) = line else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (widest, cell) in widths.iter_mut().zip(cells) {
                *widest = (*widest).max(width(cell));
            }
        }
        for line in &self.0 {
            match line {
                Line::Text(text) => writeln!(f, "{text}")?,
                Line::Cells(cells) => {
                    let padded = cells.iter().zip(&widths).map(|(cell, widest)| pad(cell, *widest));
                    writeln!(f, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
                }
            }
        }
        Ok(())
    }
}

/// The text with blanks after it until it is `columns` wide.
pub(super) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// How many columns of a terminal the text takes.
pub(super) fn width(text: &str) -> usize {
    let wide = |c: char| matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}');
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!((width("ab"), width("营业执照"), width("✓ 证，")), (2, 8, 6));
        let mut table = Table::default();
        table.row(["营业执照", "x"]);
        table.text("a line of its own".to_owned());
        table.row(["ab", "y"]);
        assert_eq!(table.to_string(), "营业执照  x\na line of its own\nab        y\n");
    }
}
