//! `licet evidence`: checking evidence bundles, with no network and no database.

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::bundle::{self, Bundle, Examination, Finding, Given};
use crypto::report::{Outcome, Report, Text};
use crypto::time::Timestamp;
use crypto::tlog::{Policy, VerifierKey};
use crypto::x509::{Certificate, pem};
use lexopt::prelude::*;
use serde::Serialize;

use super::Failure;
use super::input::{self, InputError, Language};
use crate::clock;

/// For the help.
pub(super) const ARGUMENTS: &str = "verify FILE";

const HELP: &str = "\
Checks an evidence bundle with what is in it alone: whether the receipt is signed and made for what is enclosed, whether its
record is in the log, whether the log and witnesses signed for that, and whether the document, judged again as of then with the
enclosed evidence, gets the verdict that the receipt says. Nothing is fetched, and no store is opened.

Usage: licet evidence verify FILE [--log-key VKEY...] [--anchor FILE...] [--policy FILE] [--document FILE] [--time TIME]
                             [--json] [--lang en|zh]

  FILE             the bundle; - for standard input
  --log-key VKEY   a key of the log to trust, as GET /v1/logs gives it; good for both logs of that gateway in every period; may be
                   repeated. Without it the enclosed key is believed only as such, and the last line says so
  --anchor FILE    certificates to trust; may be repeated. Without it the enclosed anchors are believed only as such, and
                   the last line says so. Every anchor that was used must be among them
  --policy FILE    which witnesses are enough (C2SP tlog-policy); its logs count as --log-key
  --document FILE  the document, where the bundle holds its digests alone
  --time TIME      the moment of checking (RFC 3339), now when left out: nothing in the bundle may be younger
  --json           one JSON object
  --lang en|zh     language, en when left out

Exit status: 0 every step holds, 1 one does not, or the file is no bundle; 64 wrong command line, or a file of keys or
certificates that holds none; 66 a file cannot be read.";

#[derive(Default)]
struct Options {
    file: PathBuf,
    log_keys: Vec<VerifierKey>,
    anchors: Vec<PathBuf>,
    policy: Option<PathBuf>,
    document: Option<PathBuf>,
    time: Option<Timestamp>,
    is_json: bool,
    language: Language,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Line<'a> {
    good: bool,
    #[serde(flatten)]
    examination: &'a Examination,
}

/// What `--json` prints of what is no bundle.
#[derive(Serialize)]
struct Refused {
    good: bool,
    code: &'static str,
    text: Text,
}

/// Runs `licet evidence verify`.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    Ok(input::with_options("evidence verify", HELP, options(parser), verify))
}

/// The options; none when help is wanted.
fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    match parser.next()? {
        Some(Value(word)) if word == "verify" => {}
        Some(Long("help") | Short('h')) => return Ok(None),
        _ => return Err("the only thing to do with evidence is verify".into()),
    }
    let (mut options, mut files) = (Options::default(), Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Value(file) => files.push(PathBuf::from(file)),
            Long("log-key") => {
                let key = |text: &str| text.parse::<VerifierKey>();
                options.log_keys.push(parser.value()?.parse_with(key)?);
            }
            Long("anchor") => options.anchors.push(PathBuf::from(parser.value()?)),
            Long("policy") => options.policy = Some(PathBuf::from(parser.value()?)),
            Long("document") => options.document = Some(PathBuf::from(parser.value()?)),
            Long("time") => options.time = Some(parser.value()?.parse()?),
            Long("json") => options.is_json = true,
            Long("lang") => options.language = parser.value()?.parse()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(Some(Options { file, ..options })),
        Err(_) => Err("one bundle is to be named".into()),
    }
}

fn verify(options: &Options) -> Result<ExitCode, InputError> {
    let anchors: Vec<Certificate> = input::all(&options.anchors, "certificate", pem::certificates)?;
    let policy = options.policy.as_ref().map(|path| read_policy(path)).transpose()?;
    let document = options.document.as_ref().map(|path| input::read(path)).transpose()?;
    let of_policy = policy.iter().flat_map(Policy::log_keys);
    let log_keys: Vec<VerifierKey> = options.log_keys.iter().cloned().chain(of_policy).collect();
    let bytes = input::read(&options.file)?;
    let bundle = match Bundle::parse(&bytes) {
        Ok(bundle) => bundle,
        Err(error) => {
            let (en, zh) = error.texts();
            let text = Text { en: en.into(), zh: zh.into() };
            if options.is_json {
                println!("{}", serde_json::to_string(&Refused { good: false, code: error.code(), text }).unwrap_or_default());
            } else {
                println!("{}", options.language.of(en, zh));
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let given = Given {
        log_keys: &log_keys,
        anchors: Some(anchors.as_slice()).filter(|anchors| !anchors.is_empty()),
        policy: policy.as_ref(),
        document: document.as_deref(),
        now: options.time.unwrap_or_else(clock::now),
    };
    let examination = bundle::check(&bundle, &given);
    let good = examination.is_good();
    if options.is_json {
        println!("{}", serde_json::to_string(&Line { good, examination: &examination }).unwrap_or_default());
    } else {
        println!("{}", text(&examination, good, &believed(&given), options.language));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_policy(path: &std::path::Path) -> Result<Policy, InputError> {
    Policy::parse(&input::read(path)?).map_err(|error| InputError::malformed(path, "policy", &error))
}

/// What was taken from the file itself, as nothing was given to hold it against.
fn believed(given: &Given<'_>) -> Vec<(&'static str, &'static str)> {
    let mut believed = Vec::new();
    if given.log_keys.is_empty() {
        believed.push(("the keys of the log (no --log-key)", "日志公钥（未给出 --log-key）"));
    }
    if given.anchors.is_none() {
        believed.push(("the anchors of trust (no --anchor)", "信任锚（未给出 --anchor）"));
    }
    believed
}

/// Each step in a line, with what was looked at below it; then what came of it all.
fn text(examination: &Examination, good: bool, believed: &[(&str, &str)], language: Language) -> String {
    let mut lines: Vec<String> = examination.findings.iter().flat_map(|finding| step(finding, language)).collect();
    if let Some(receipt) = &examination.receipt {
        let judged = language.of("The receipt says", "回执结论");
        let at = language.of("as of", "时间");
        lines.push(format!("{judged}: {} ({at} {})", verdict(receipt.verdict()), receipt.at));
    }
    if let Some(report) = &examination.report {
        lines.extend(doubts(report, language));
    }
    lines.push(match (good, believed) {
        (false, _) => language.of("NOT GOOD: a step does not hold.", "无效：有步骤不成立。").to_owned(),
        (true, []) => language.of("GOOD: every step holds.", "有效：全部步骤成立。").to_owned(),
        (true, believed) => {
            let what: Vec<&str> = believed.iter().map(|(en, zh)| language.of(en, zh)).collect();
            match language {
                Language::En => format!(
                    "GOOD IN ITSELF: every step holds, but {} were believed as enclosed, which whoever made the file could have made up.",
                    what.join(" and ")
                ),
                Language::Zh => format!("自身一致：全部步骤成立，但{}仅取自文件本身，未经独立核实。", what.join("和")),
            }
        }
    });
    lines.join("\n")
}

fn step(finding: &Finding, language: Language) -> Vec<String> {
    let mark = match finding.outcome {
        Outcome::Passed => "ok  ",
        Outcome::Failed => "FAIL",
        Outcome::NotConcluded | Outcome::NotApplicable => "note",
    };
    let words = language.of(&finding.text.en, &finding.text.zh);
    let inputs = finding.inputs.iter().map(|(name, value)| format!("       {name}: {value}"));
    std::iter::once(format!("{mark}  {:<20} {words}", finding.id)).chain(inputs).collect()
}

/// What kept the verdict from being better.
fn doubts(report: &Report, language: Language) -> Vec<String> {
    let words = |check: &crypto::report::Check| format!("       {}: {}", check.id, language.of(&check.text.en, &check.text.zh));
    report.errors.iter().map(words).collect()
}

fn verdict(verdict: crypto::report::Verdict) -> String {
    let why = verdict.sub_indication.map(|why| serde_json::to_value(why).unwrap_or_default());
    let why = why.as_ref().and_then(|why| why.as_str()).map(|why| format!(", {why}")).unwrap_or_default();
    format!("{}{why}", verdict.indication.name())
}
