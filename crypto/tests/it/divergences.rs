//! Suites from outside, each with its file of cases on which we knowingly differ.

use std::collections::BTreeMap;

/// Reads `id reason` lines; lines that start with `#` are headings.
fn read(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut known = BTreeMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (id, reason) = line.split_once(' ').unwrap_or_else(|| panic!("no reason is given: {line}"));
        assert!(reason.trim().len() > 10, "no reason is given: {line}");
        assert!(known.insert(id, reason.trim()).is_none(), "twice: {id}");
    }
    known
}

/// Demands that every case agrees but the listed ones, that these do not, and that each of them exists.
///
/// An outcome is the case's name, whether we agree with the suite, and what there is to say if not.
pub(crate) fn settle(listed: &'static str, outcomes: impl IntoIterator<Item = (String, bool, String)>) {
    let mut known = read(listed);
    let (mut agreed, mut wrong) = (0, Vec::new());
    for (id, agrees, facts) in outcomes {
        match (agrees, known.remove(id.as_str())) {
            (true, None) => agreed += 1,
            (true, Some(_)) => wrong.push(format!("{id} agrees although it is listed")),
            (false, None) => wrong.push(format!("{id}: {facts}")),
            (false, Some(_)) => {}
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id} is listed but there is no such case")));
    assert!(wrong.is_empty(), "{} cases agree; {} surprises:\n{}", agreed, wrong.len(), wrong.join("\n"));
    assert!(agreed > 0);
}
