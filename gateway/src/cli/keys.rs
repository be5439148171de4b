//! `licet keys`: the keys of the store of a gateway that runs.

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use lexopt::prelude::*;
use serde_json::{Value, json};
use storage::Cipher;
use storage::secret::new_key_file;

use super::Failure;
use super::control::Socket;
use crate::config::Config;

pub(super) const ARGUMENTS: &str = "list | status | rotate | retire ID | rewrap ...";

const HELP: &str = "\
Looks at and changes the keys of the store, in the gateway that runs with this configuration: nothing stops meanwhile, and each change is
on record as key.change.

Usage: licet keys list --config FILE [--count] [--json]
       licet keys status --config FILE [--json]
       licet keys rotate --config FILE [--cipher NAME]
       licet keys retire ID --config FILE
       licet keys rewrap --config FILE --to FILE
       licet keys new FILE

  list    the keys that seal values, the current one first, and the name of the key that opens the store; with --count how
          many rows are under each, for which every row is looked at
  status  how far re-encryption has come
  rotate  makes a new key and seals new values under it; what is there is re-encrypted in the background
  retire  lets a key go under which no row is left; looks at every row first
  rewrap  seals the keys of the store under the key in a file: from then on the store opens with that one alone, so put it
          into storage.value_key before the next start, and keep the old one for old backups
  new     writes a new key into a file that does not exist

  --cipher NAME  aes-256-gcm or sm4-gcm; by default what storage.cipher says
  --to FILE      64 hexadecimal digits, which the user of the gateway alone can read

Exit status: 0 done, 1 not done, 2 the command or the configuration is wrong.";

#[derive(Default)]
struct Options {
    words: Vec<String>,
    config: Option<PathBuf>,
    cipher: Option<String>,
    to: Option<PathBuf>,
    counts: bool,
    is_json: bool,
}

/// Asks the gateway.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let usage = || {
        Failure::Usage(
            "usage: licet keys list | status | rotate | retire ID | rewrap --to FILE; see licet keys --help".to_owned(),
        )
    };
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => options.words.push(word.string()?),
            Long("config") => options.config = Some(PathBuf::from(parser.value()?)),
            Long("cipher") => options.cipher = Some(parser.value()?.string()?),
            Long("to") => options.to = Some(PathBuf::from(parser.value()?)),
            Long("count") => options.counts = true,
            Long("json") => options.is_json = true,
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    if let ["new", file] = words[..] {
        new_key_file(file.as_ref()).map_err(|error| Failure::Work(error.to_string()))?;
        println!("{file}: a new key");
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read(options.config.as_deref().ok_or_else(usage)?)?;
    let ask = |method, path: &str, body: Value| Socket::of(&config).ask(method, path, &body, &mut |_| {});
    match (words.as_slice(), &options.to) {
        (["list"], None) => {
            let path = if options.counts { "/keys?count" } else { "/keys" };
            show(&ask(Method::GET, path, Value::Null)?, &options, list);
        }
        (["status"], None) => show(&ask(Method::GET, "/keys", Value::Null)?, &options, |told| println!("{}", status(told))),
        (["rotate"], None) => {
            let cipher = options.cipher.as_deref().unwrap_or_else(|| config.storage.cipher.name());
            let known = [Cipher::Aes256Gcm, Cipher::Sm4Gcm].into_iter().find(|known| known.name() == cipher);
            let cipher = known.ok_or_else(|| Failure::Usage(format!("there is no cipher {cipher}: aes-256-gcm or sm4-gcm")))?;
            let told = ask(Method::POST, "/keys/rotate", json!({ "cipher": cipher }))?;
            println!(
                "new values are sealed under {} ({}); licet keys status tells of the others",
                text(&told, "id"),
                cipher.name()
            );
        }
        (["retire", id], None) => {
            ask(Method::POST, "/keys/retire", json!({ "id": id }))?;
            println!("{id} is gone");
        }
        (["rewrap"], Some(to)) => {
            let to = std::path::absolute(to).map_err(|error| Failure::Usage(format!("{}: {error}", to.display())))?;
            let told = ask(Method::POST, "/keys/rewrap", json!({ "to": to }))?;
            println!(
                "the store opens with {} now; name {} in storage.value_key: until then no reload is taken, and no start",
                text(&told, "outer"),
                to.display()
            );
        }
        _ => return Err(usage()),
    }
    Ok(ExitCode::SUCCESS)
}

fn show(told: &Value, options: &Options, print: fn(&Value)) {
    if options.is_json {
        println!("{told}");
    } else {
        print(told);
    }
}

fn text<'a>(told: &'a Value, name: &str) -> &'a str {
    told.get(name).and_then(Value::as_str).unwrap_or("?")
}

fn list(told: &Value) {
    println!("opened with {}", text(told, "outer"));
    for key in told.get("keys").and_then(Value::as_array).into_iter().flatten() {
        let is_current = key.get("is_current").and_then(Value::as_bool).unwrap_or_default();
        let state = if is_current { "current" } else { "older" };
        let made = key.get("made_at").and_then(Value::as_str).unwrap_or("with the store");
        let rows = key.get("rows").and_then(Value::as_u64).map_or_else(String::new, |rows| format!(", {rows} rows"));
        println!("{} {} {state}, made {made}{rows}", text(key, "id"), text(key, "cipher"));
    }
}

fn status(told: &Value) -> String {
    let Some(at) = told.get("resealing").filter(|at| !at.is_null()) else {
        return "every value was always under the current key: there is nothing to re-encrypt".to_owned();
    };
    let number = |name: &str| at.get(name).and_then(Value::as_u64).unwrap_or_default();
    let is_done = at.get("is_done").and_then(Value::as_bool).unwrap_or_default();
    let at_time =
        |word: &str, name: &str| at.get(name).and_then(Value::as_str).map_or_else(String::new, |time| format!(" {word} {time}"));
    let (began, ended) = (at_time("since", "began_at"), at_time("at", "ended_at"));
    let state = match (is_done, began.as_str()) {
        (true, _) => format!("done{ended}"),
        (false, "") if number("seen") == 0 => {
            format!("has not begun, and will within seconds; about {} rows to look at", number("rows"))
        }
        (false, _) => format!("{} %{began}, of about {} rows", number("permille") / 10, number("rows")),
    };
    format!(
        "re-encryption under {}: {state}; {} rows looked at, {} sealed anew, {} damaged",
        text(at, "to"),
        number("seen"),
        number("resealed"),
        number("damaged"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_re_encryption_is_true_at_each_stage() {
        let said = |resealing: Value| status(&json!({ "resealing": resealing }));
        assert!(said(Value::Null).ends_with("there is nothing to re-encrypt"));
        let at = |more: Value| {
            let mut at =
                json!({ "to": "k", "is_done": false, "permille": 0, "rows": 700, "seen": 0, "resealed": 0, "damaged": 0 });
            at.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            said(at)
        };
        let pending = at(json!({}));
        assert!(
            pending.contains("under k: has not begun, and will within seconds; about 700 rows to look at; 0 rows"),
            "{pending}"
        );
        let began = json!({ "began_at": "2026-01-01T00:00:00Z", "permille": 412, "seen": 288 });
        assert!(at(began).contains("41 % since 2026-01-01T00:00:00Z, of about 700 rows; 288 rows looked at"));
        let ended = json!({ "began_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:01:00Z", "is_done": true });
        assert!(at(ended).contains("under k: done at 2026-01-01T00:01:00Z; "));
        // One that an older licet began.
        assert!(at(json!({ "permille": 412, "seen": 288 })).contains("41 %, of about"));
    }
}
