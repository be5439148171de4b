//! What the body of a request says that it is for, where its headers may say it as well.

use storage::log::Draft;

use crate::handlers::today_in_china;
use crate::http::{Code, Problem};
use crate::purpose::{self, holds_citizen_number};

/// The longest name that a refusal says back, in bytes.
const NAME_BYTES_SAID_BACK: usize = 128;
/// From so many digits in a row on it may be the number of somebody.
const DIGITS_SAID_BACK: usize = 15;

/// What a body says that a request is for.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The code of the item.
    pub item: Option<String>,
    /// The number of the case.
    pub case: Option<String>,
    /// The purpose.
    pub purpose: Option<String>,
    /// The person who asks, by a pseudonym.
    pub operator: Option<String>,
}

impl Said {
    /// Puts on record what the body says, where the headers are silent.
    ///
    /// # Errors
    /// [`Code::BadContent`] with what is expected of what is malformed, holds the number of a citizen where none may stand, or is not
    /// what the header says.
    pub fn settle(self, draft: &mut Draft) -> Result<(), Problem> {
        let today = today_in_china(draft.at);
        let lasting = [
            ("item", self.item, &mut draft.facts.item),
            ("purpose", self.purpose, &mut draft.facts.purpose),
            ("operator", self.operator, &mut draft.facts.operator),
        ];
        for (name, said, place) in lasting {
            // These stay for ever.
            if said.as_ref().is_some_and(|said| holds_citizen_number(said, today)) {
                return Err(expected(name));
            }
            take(name, said, place)?;
        }
        take("case", self.case, &mut draft.subject.case)
    }
}

fn take(name: &str, said: Option<String>, place: &mut Option<String>) -> Result<(), Problem> {
    let Some(said) = said else { return Ok(()) };
    let is_good = if name == "operator" { purpose::is_pseudonym(&said) } else { purpose::is_text(&said) };
    if !is_good {
        return Err(expected(name));
    }
    if place.as_ref().is_some_and(|header| *header != said) {
        return Err(Problem::new(Code::BadContent)
            .detail(format!("The body says another {name} than the header."), format!("请求体中的{name}与请求头不一致。")));
    }
    *place = Some(said);
    Ok(())
}

/// Says what is expected of one of them.
fn expected(name: &str) -> Problem {
    let expected = match name {
        "operator" => (
            "a pseudonym of 1 to 64 printable ASCII characters, and not the number of a citizen",
            "1至64个可打印ASCII字符的化名，且不含公民身份号码",
        ),
        "case" => ("1 to 256 bytes without control characters", "1至256字节且不含控制字符的文本"),
        _ => (
            "1 to 256 bytes without control characters and without the number of a citizen",
            "1至256字节且不含控制字符和公民身份号码的文本",
        ),
    };
    Problem::expected(Code::BadContent, name, expected)
}

/// Says which name in a part of a request is none of the catalogue. A long run of digits is not said back: it may be somebody's number.
#[must_use]
pub fn unknown(place: &str, name: &str) -> Problem {
    let is_number = name.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= DIGITS_SAID_BACK);
    let is_short = name.len() <= NAME_BYTES_SAID_BACK && !name.chars().any(char::is_control);
    let name = if is_short && !is_number { name } else { "…" };
    Problem::new(Code::BadContent)
        .detail(format!("{place}: the catalogue does not have {name:?}."), format!("{place}：目录中没有“{name}”。"))
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Facts};
    use crypto::time::Timestamp;

    use super::*;

    fn draft(item: Option<&str>) -> Draft {
        let now: Timestamp = "2026-07-01T08:00:00Z".parse().unwrap();
        let mut draft = Draft::new(now, Facts::new(EventKind::LookUp, Ending::Done, "a".to_owned()));
        draft.facts.item = item.map(str::to_owned);
        draft
    }

    fn said(item: &str) -> Said {
        Said { item: Some(item.to_owned()), ..Said::default() }
    }

    #[test]
    fn headers_and_body_say_the_same_or_one_is_silent() {
        let mut silent = draft(None);
        Said { case: Some("11010519491231002X".to_owned()), ..said("a-1") }.settle(&mut silent).unwrap();
        assert_eq!(silent.facts.item.as_deref(), Some("a-1"));
        // A case may be named by a number of whatever kind: it is kept where it can be erased.
        assert_eq!(silent.subject.case.as_deref(), Some("11010519491231002X"));
        let mut same = draft(Some("a-1"));
        said("a-1").settle(&mut same).unwrap();
        Said::default().settle(&mut same).unwrap();
        assert_eq!(same.facts.item.as_deref(), Some("a-1"));
        assert_eq!(said("a-2").settle(&mut same).unwrap_err().code(), Code::BadContent);
    }

    #[test]
    fn what_is_malformed_or_personal_is_refused() {
        for bad in ["", "a\n", "11010519491231002X", &"x".repeat(257)] {
            let problem = said(bad).settle(&mut draft(None)).unwrap_err();
            assert_eq!(problem.code(), Code::BadContent, "{bad:?}");
            let told = format!("{problem:?}");
            assert!(told.contains("item: expected 1 to 256 bytes") && !told.contains("1101"), "{told}");
        }
        for bad in ["", "某甲", &"x".repeat(65)] {
            let said = Said { operator: Some(bad.to_owned()), ..Said::default() };
            assert_eq!(said.settle(&mut draft(None)).unwrap_err().code(), Code::BadContent, "{bad:?}");
        }
    }
}
