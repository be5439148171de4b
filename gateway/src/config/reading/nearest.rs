//! The known word that somebody may have meant.

/// The word of those that are known which is nearest to `word`, if it is near: at most a third of its letters are others.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let far = (word.chars().count() / 3).max(1);
    known.into_iter().map(|one| (distance(word, one), one)).filter(|(steps, _)| *steps <= far).min().map(|(_, one)| one)
}

/// How many letters must be put in, left out or changed to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut before = index + 1;
        let mut next = vec![before];
        for ((pair, above), diagonal) in other.iter().zip(row.iter().skip(1)).zip(&row) {
            let changed = diagonal + usize::from(*pair != letter);
            before = changed.min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted() {
        for (one, other, steps) in
            [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("licet", "licet", 0), ("表", "表单", 1)]
        {
            assert_eq!(distance(one, other), steps, "{one} {other}");
        }
    }

    #[test]
    fn only_what_is_near_is_named() {
        let known = ["listen", "certificate", "key"];
        assert_eq!(nearest("listn", known), Some("listen"));
        assert_eq!(nearest("certifcates", known), Some("certificate"));
        assert_eq!(nearest("kex", known), Some("key"));
        assert_eq!(nearest("colour", known), None);
    }
}
