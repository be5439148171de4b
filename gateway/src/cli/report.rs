//! `licet report`: what two reports of the same document say differently.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::report::Report;
use crypto::report::diff::{Change, Difference, Part, Place};
use lexopt::prelude::*;
use serde_json::Value as Json;

use super::Failure;
use super::input::{self, InputError, Language};

const HELP: &str = "\
Compares two reports: verdicts, each check's outcome, effect and facts, chains, what was used, trust.

Usage: licet report diff A B [--json] [--lang en|zh]

  A, B          reports in JSON, as the gateway gives them and licet verify --json prints them; - for standard input
  --json        the differences as one JSON object
  --lang en|zh  language, en when left out

The moment in question is the question's own and no difference; reports of different depths are compared at the shallower one.
Exit status: 0 both say the same of the same document, 1 they do not; 64 wrong command line, or no report; 66 a file cannot
be read.";

struct Options {
    before: PathBuf,
    after: PathBuf,
    is_json: bool,
    language: Language,
}

/// Compares reports.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    Ok(input::with_options("report", HELP, options(parser), diff))
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut words, mut is_json, mut language) = (Vec::new(), false, Language::default());
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => words.push(word),
            Long("json") => is_json = true,
            Long("lang") => language = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    match <[_; 3]>::try_from(words) {
        Ok([word, before, after]) if word == "diff" => {
            Ok(Some(Options { before: before.into(), after: after.into(), is_json, language }))
        }
        _ => Err("diff and two reports are needed".into()),
    }
}

fn diff(options: &Options) -> Result<ExitCode, InputError> {
    let difference = Difference::between(&read(&options.before)?, &read(&options.after)?);
    if options.is_json {
        println!("{}", serde_json::to_string(&difference).unwrap_or_default());
    } else {
        println!("{}", text(&difference, options.language));
    }
    Ok(ExitCode::from(u8::from(!difference.is_none())))
}

/// A report; also one within a problem, as the gateway gives it for what is no document.
fn read(path: &Path) -> Result<Report, InputError> {
    let malformed = |error: serde_json::Error| InputError::malformed(path, "report", &error);
    let mut json: Json = serde_json::from_slice(&input::read(path)?).map_err(malformed)?;
    let within = json.get_mut("report").map(Json::take);
    serde_json::from_value(within.unwrap_or(json)).map_err(malformed)
}

fn text(difference: &Difference, language: Language) -> String {
    let (before, after) = difference.documents;
    let (earlier, later) = difference.moments;
    let moment = language.of("moment in question", "验证时间");
    let mut lines = vec![format!("SHA-256 {before}"), format!("{moment} {earlier} → {later}")];
    if !difference.same_document {
        lines.push(format!("{} SHA-256 {after}", language.of("NOT THE SAME DOCUMENT:", "并非同一文件：")));
    }
    if difference.changes.is_empty() {
        lines.push(language.of("Both say the same.", "两份报告内容一致。").to_owned());
    }
    let mut part = None;
    for change in &difference.changes {
        if part != Some(&change.place.part) {
            part = Some(&change.place.part);
            lines.push(heading(&change.place.part, language));
        }
        lines.push(line(change, language));
    }
    lines.join("\n")
}

fn heading(part: &Part, language: Language) -> String {
    match part {
        Part::Document => language.of("document and licence", "文件与证照").to_owned(),
        Part::Signature(id) => format!("{} {id}", language.of("signature", "签名")),
        Part::Used => language.of("what was used", "所用材料").to_owned(),
    }
}

fn line(change: &Change, language: Language) -> String {
    let Place { of, fact, .. } = &change.place;
    let place = of.as_ref().map_or_else(|| fact.clone(), |of| format!("{of} {fact}"));
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| language.of("(nothing)", "（无）").to_owned());
    format!("  {place}: {} → {}", side(&change.before), side(&change.after))
}
