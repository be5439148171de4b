//! Where in a JSON text something stands: the names of members on the way there.

/// The longest name of a member that is told, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// With more digits than that a name may be the number of somebody.
const DIGITS_MAX: usize = 5;

/// The place of the value that ends at this offset, or has it within, such as `facts[2].value`; empty for the whole text. What stands
/// before the offset is well-formed, as a reader has come so far. A name that no type of ours would have may be somebody's and is not told.
pub(super) fn place(text: &[u8], offset: usize) -> String {
    let mut steps: Vec<Step> = Vec::new();
    let mut word = None;
    let mut bytes = text.iter().take(offset).enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let mut end = at + 1;
                while let Some((inside, byte)) = bytes.next() {
                    end = inside;
                    match byte {
                        b'"' => break,
                        b'\\' if bytes.next().is_none() => break,
                        _ => {}
                    }
                }
                word = text.get(at + 1..end);
            }
            b':' => {
                if let Some(last) = steps.last_mut() {
                    *last = Step::Member(word.take());
                }
            }
            b'{' => steps.push(Step::Member(None)),
            b'[' => steps.push(Step::Element(0)),
            b'}' | b']' => drop(steps.pop()),
            b',' => match steps.last_mut() {
                Some(Step::Element(number)) => *number += 1,
                Some(last) => *last = Step::Member(None),
                None => {}
            },
            _ => {}
        }
    }
    let mut told = String::new();
    for step in steps {
        match step {
            Step::Element(number) => told.push_str(&format!("[{number}]")),
            Step::Member(None) => {}
            Step::Member(Some(word)) => {
                let dot = if told.is_empty() { "" } else { "." };
                told.push_str(&format!("{dot}{}", str::from_utf8(word).ok().filter(|word| is_ours(word)).unwrap_or("…")));
            }
        }
    }
    told
}

/// A step down.
enum Step<'a> {
    /// To a member, by its name; none where the name is still to come.
    Member(Option<&'a [u8]>),
    /// To an element, by its number.
    Element(usize),
}

/// Whether a name is like those of our own types, and nobody's number.
pub(super) fn is_ours(name: &str) -> bool {
    let is_ours = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_ours) && digits <= DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the sign that stands for the end of what was read.
    fn found(marked: &str) -> String {
        place(marked.replace('^', "").as_bytes(), marked.find('^').unwrap())
    }

    #[test]
    fn the_names_on_the_way_are_told() {
        for (marked, expected) in [
            ("{^}", ""),
            (r#"{"item": 5^}"#, "item"),
            (r#"{"item"^: 5}"#, ""),
            (r#"{"item": 5, "case"^: 6}"#, ""),
            (r#"{"a": {"b": [1, {"c": tr^ue}]}}"#, "a.b[1].c"),
            (r#"{"a": {"b": [1, {"c": true}]}^}"#, "a"),
            (r#"{"a": {"b": [1, {"c": true}]}}^"#, ""),
            (r#"[1, 2, "x, y: {[\"", 4^]"#, "[3]"),
            (r#"{"a\"": "b", "c": ["\\"^]}"#, "c[0]"),
            (r#"{"subject": {"code": "1101^"#, "subject.code"),
            ("^", ""),
        ] {
            assert_eq!(found(marked), expected, "{marked}");
        }
    }

    #[test]
    fn what_may_be_somebodys_is_not() {
        for name in ["11010519491231002X", "110105194912310021", "某甲", "a b", "Zhang_San", ""] {
            assert_eq!(found(&format!(r#"{{"fields": {{"{name}": [1^]}}}}"#)), "fields.…[0]", "{name}");
        }
        assert!(is_ours("document_sha256") && !is_ours("a123456"));
    }

    #[test]
    fn any_bytes_are_read() {
        for text in [&b"}]},,::\"\\"[..], b"\"\xff\xfe", b"{\"a\":[[[", b"\"\\\"", b",", b":"] {
            for offset in 0..text.len() + 2 {
                drop(place(text, offset));
            }
        }
    }
}
