//! The table in Markdown, and its place in a file.

use crate::load::{Finding, Verdict};
use crate::noise::Noise;
use crate::row::{Bound, Found, Row};

/// The lines between which the table stands. Nothing else of the file is touched.
const MARKS: [&str; 2] = ["<!-- make bench: begin -->", "<!-- make bench: end -->"];

/// The table, with what is to be known about the run.
pub(crate) fn table(rows: &[Row], noise: &Noise) -> String {
    let mut text = format!(
        "Load at the beginning {}; others had {:.0} % of the processors meanwhile{}.\n\n\
         | what | target | measured | floor | ratio | verdict |\n|---|---|---|---|---|---|\n",
        noise.load,
        noise.others * 100.0,
        if noise.is_noisy() { ": **a noisy run, whose figures say little**" } else { "" },
    );
    for row in rows {
        text.push_str(&line(row));
    }
    text
}

/// One line of it.
pub(crate) fn line(Row { what, target, found }: &Row) -> String {
    match found {
        Found::Measured { figure, floor, value, bound } => {
            let verdict = if bound.admits(*value) { "met" } else { "**missed**" };
            let sign = match bound {
                Bound::AtLeast(_) => "≥",
                Bound::AtMost(_) => "≤",
            };
            let (Bound::AtLeast(limit) | Bound::AtMost(limit)) = bound;
            format!("| {what} | {target} | {figure} | {floor} | {value:.2} ({sign} {limit}) | {verdict} |\n")
        }
        Found::Told { figure, floor, value } => format!("| {what} | {target} | {figure} | {floor} | {value:.2} | |\n"),
        Found::Reported(Finding { found, verdict, .. }) => {
            let verdict = match verdict {
                Verdict::Met => "met",
                Verdict::Missed => "**missed**",
                Verdict::Told => "",
            };
            format!("| {what} | {target} | {found} | | | {verdict} |\n")
        }
        Found::Failed(reason) => format!("| {what} | {target} | {reason} | | | **missed** |\n"),
        Found::Elsewhere(how) => format!("| {what} | {target} | {how} | | | |\n"),
    }
}

/// The file with this between its marks.
pub(crate) fn put(file: &str, table: &str) -> Result<String, String> {
    let [begin, end] = MARKS;
    let missing = || format!("the marks {begin} and {end} must stand in it once each, in this order");
    let (before, rest) = file.split_once(begin).ok_or_else(missing)?;
    let (between, after) = rest.split_once(end).ok_or_else(missing)?;
    if MARKS.iter().any(|mark| before.contains(mark) || between.contains(mark) || after.contains(mark)) {
        return Err(missing());
    }
    Ok(format!("{before}{begin}\n{table}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: f64 = 0.034;

    fn noise(others: f64) -> Noise {
        Noise { load: "0.10 0.20 0.30".to_owned(), others }
    }

    #[test]
    fn rows_say_what_is_met_and_what_is_not() {
        let row = |value, bound| {
            let (figure, floor) = ("2 µs".to_owned(), "1 µs".to_owned());
            Row::new("a", "fast", Found::Measured { figure, floor, value, bound })
        };
        assert_eq!(line(&row(2.0, Bound::AtMost(1.5))), "| a | fast | 2 µs | 1 µs | 2.00 (≤ 1.5) | **missed** |\n");
        assert_eq!(line(&row(2.0, Bound::AtLeast(1.5))), "| a | fast | 2 µs | 1 µs | 2.00 (≥ 1.5) | met |\n");
        let elsewhere = Row::new("a", "fast", Found::Elsewhere("by `make load`"));
        assert_eq!(line(&elsewhere), "| a | fast | by `make load` | | | |\n");
        let failed = Row::new("a", "fast", Found::Failed("the disk is full".to_owned()));
        assert_eq!(line(&failed), "| a | fast | the disk is full | | | **missed** |\n");
        let text = table(&[elsewhere], &noise(NOISE));
        assert!(text.starts_with("Load at the beginning 0.10 0.20 0.30; others had 3 %") && !text.contains("noisy"), "{text}");
        assert!(table(&[], &noise(0.2)).contains("a noisy run"));
    }

    #[test]
    fn nothing_outside_the_marks_is_touched() {
        let file = "# A\n<!-- make bench: begin -->\nold\n| x |\n<!-- make bench: end -->\n\n## B | c\n";
        let new = put(file, "new\n").unwrap();
        assert_eq!(new, "# A\n<!-- make bench: begin -->\nnew\n<!-- make bench: end -->\n\n## B | c\n");
        assert_eq!(put(&new, "new\n").unwrap(), new, "twice is once");
        let [begin, end] = MARKS;
        for bad in ["", begin, end, &format!("{end}{begin}"), &format!("{file}{file}"), &format!("{begin}{begin}{end}")] {
            assert!(put(bad, "new\n").is_err(), "{bad}");
        }
    }
}
