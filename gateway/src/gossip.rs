//! Gossip: what several clients saw of the same logs, put beside each other.
//!
//! A log that shows different trees to different clients signs both. Whoever has two checkpoints with different roots for one size
//! has the proof; of different sizes a consistency proof must lead from one to the other.

use std::collections::BTreeMap;

use crypto::tlog::{Checkpoint, Hash, Note};

/// The name of the header in which checkpoints travel: origin, size and root.
const HEADER: &str = "licet-checkpoint:";

/// The longest line of a header, in bytes.
const LINE_BYTES_MAX: usize = 1024;

/// A checkpoint as one client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Of which log.
    pub origin: String,
    /// How many leaves its tree has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
    /// The signed note, where that was seen: it proves what the log has signed.
    pub note: Option<Note>,
    /// Who saw it: the file and the line.
    pub seen: String,
}

/// Two sightings that cannot both be of one log that only grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitView {
    /// One of them.
    pub one: Sighting,
    /// The other.
    pub other: Sighting,
}

/// What all sightings come to, for each origin: one of each size, ascending; and the contradictions.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// By origin and size.
    pub trees: BTreeMap<String, BTreeMap<u64, Sighting>>,
    /// Different roots for one size.
    pub splits: Vec<SplitView>,
}

/// Reads what a client has kept: signed notes, lines of headers, or lines of origin, size and root. What is neither is a fault,
/// with its line.
///
/// # Errors
/// The number of the first line that is none of these.
pub fn read(name: &str, text: &str) -> Result<Vec<Sighting>, usize> {
    let lines: Vec<&str> = text.lines().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.get(at) {
        let seen = format!("{name}:{}", at + 1);
        if line.trim().is_empty() {
            at += 1;
        } else if let Some((origin, size, root)) = in_a_line(line) {
            found.push(Sighting { origin, size, root, note: None, seen });
            at += 1;
        } else {
            let rest = lines.get(at..).unwrap_or_default();
            let (note, length) = leading_note(rest).ok_or(at + 1)?;
            let checkpoint = Checkpoint::of(&note).or(Err(at + 1))?;
            let (origin, size, root) = (checkpoint.origin().to_owned(), checkpoint.size(), checkpoint.root());
            found.push(Sighting { origin, size, root, note: Some(note), seen });
            at += length;
        }
    }
    Ok(found)
}

/// `[Licet-Checkpoint: ]ORIGIN SIZE ROOT`
fn in_a_line(line: &str) -> Option<(String, u64, Hash)> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let line = line.trim();
    let is_header = line.get(..HEADER.len()).is_some_and(|name| name.eq_ignore_ascii_case(HEADER));
    let rest = if is_header { line.get(HEADER.len()..)? } else { line };
    let [origin, size, root] = rest.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    Some((origin.to_owned(), size.parse().ok()?, root.parse().ok()?))
}

/// The signed note at the beginning of these lines, and how many of them it takes.
fn leading_note(lines: &[&str]) -> Option<(Note, usize)> {
    let blank = lines.iter().position(|line| line.is_empty())?;
    let signatures = lines.iter().skip(blank + 1).take_while(|line| line.starts_with('\u{2014}')).count();
    let length = blank + 1 + signatures;
    let text = lines.get(..length)?.join("\n") + "\n";
    Some((Note::parse(text.as_bytes()).ok()?, length))
}

/// Puts all sightings beside each other.
#[must_use]
pub fn compare(sightings: Vec<Sighting>) -> Compared {
    let mut compared = Compared::default();
    for sighting in sightings {
        let trees = compared.trees.entry(sighting.origin.clone()).or_default();
        match trees.get_mut(&sighting.size) {
            Some(known) if known.root != sighting.root => {
                compared.splits.push(SplitView { one: known.clone(), other: sighting });
            }
            // What is signed is worth more than what is only told.
            Some(known) if known.note.is_none() => *known = sighting,
            Some(_) => {}
            None => drop(trees.insert(sighting.size, sighting)),
        }
    }
    compared
}

impl std::fmt::Display for Sighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signed = if self.note.is_some() { "signed" } else { "told" };
        write!(f, "{} {} {} ({signed}, {})", self.origin, self.size, self.root, self.seen)
    }
}

#[cfg(test)]
mod tests {
    use crypto::tlog::leaf_hash;

    use super::*;

    #[test]
    fn headers_lines_and_notes_are_read() {
        let root = leaf_hash(b"1");
        let note = format!("a.example/seal/2026\n7\n{root}\n\n\u{2014} a.example/seal/2026 AAAAAAAA\n");
        let text = format!("\nLicet-Checkpoint: a.example/seal/2026 5 {root}\r\n{note}\nb.example/x 1 {root}\n{note}");
        let found = read("file", &text).unwrap();
        let short: Vec<_> =
            found.iter().map(|one| (one.origin.as_str(), one.size, one.note.is_some(), one.seen.as_str())).collect();
        assert_eq!(
            short,
            [
                ("a.example/seal/2026", 5, false, "file:2"),
                ("a.example/seal/2026", 7, true, "file:3"),
                ("b.example/x", 1, false, "file:9"),
                ("a.example/seal/2026", 7, true, "file:10"),
            ]
        );
        for (bad, line) in [("x", 1), ("\nb.example/x 1 AAAA\n", 2), ("a\n7\n", 1), ("a 01x b\n", 1)] {
            assert_eq!(read("file", bad), Err(line), "{bad:?}");
        }
    }

    #[test]
    fn two_roots_for_one_size_are_a_split_view() {
        let sighting = |origin: &str, size: u64, leaf: &str, seen: &str| Sighting {
            origin: origin.to_owned(),
            size,
            root: leaf_hash(leaf.as_bytes()),
            note: None,
            seen: seen.to_owned(),
        };
        let good =
            vec![sighting("a", 1, "x", "1"), sighting("a", 1, "x", "2"), sighting("b", 1, "y", "3"), sighting("a", 2, "z", "4")];
        let compared = compare(good.clone());
        assert!(compared.splits.is_empty());
        assert_eq!((compared.trees.len(), compared.trees["a"].len()), (2, 2));
        let compared = compare([good, vec![sighting("b", 1, "x", "5")]].concat());
        assert_eq!((compared.splits[0].one.seen.as_str(), compared.splits[0].other.seen.as_str()), ("3", "5"));
    }
}
