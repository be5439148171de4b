//! `licet backup list`

use std::process::ExitCode;

use crypto::record::LogName;
use crypto::time::Timestamp;
use serde_json::json;
use storage::backup::Manifest;

use super::Backups;
use crate::cli::Failure;
use crate::cli::progress::size;
use crate::cli::table::Table;

/// Says which backups there are. One that does not open is told of, and is no good end.
pub(super) fn run(backups: &Backups, is_json: bool) -> Result<ExitCode, Failure> {
    let mut table = Table::default();
    table.row(["backup", "begun", "until", "size", "new", "seal log", "access log"]);
    let (mut is_good, mut count) = (true, 0_usize);
    for listed in backups.folder.list(&backups.key)? {
        count += 1;
        match listed.manifest {
            Ok(manifest) if is_json => println!("{}", told(&manifest, listed.until)),
            Ok(manifest) => {
                let [seal, access] = LogName::ALL.map(|log| extent(&manifest, log).unwrap_or_else(|| "-".to_owned()));
                let [bytes, new] = [manifest.bytes(), manifest.new_bytes].map(size);
                let (begun, until) = (manifest.made_at.to_string(), listed.until.to_string());
                table.row([manifest.id.as_str(), &begun, &until, &bytes, &new, &seal, &access]);
            }
            Err(error) => {
                is_good = false;
                if is_json {
                    println!("{}", json!({ "backup": listed.id, "code": error.code(), "error": error.to_string() }));
                } else {
                    table.text(format!("{}  {}: {error}", listed.id, error.code()));
                }
            }
        }
    }
    match (is_json, count) {
        (true, _) => {}
        (false, 0) => println!("there is no backup in {}", backups.folder.path().display()),
        (false, _) => print!("{table}"),
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The newest tree of a log, and how many records it has.
fn extent(manifest: &Manifest, log: LogName) -> Option<String> {
    let head = manifest.logs.iter().find(|head| head.log == log)?;
    Some(format!("{}: {}", head.period, head.size))
}

fn told(manifest: &Manifest, until: Timestamp) -> serde_json::Value {
    let logs = manifest.logs.iter();
    let logs = logs.map(|head| json!({ "log": head.log, "period": head.period, "size": head.size, "root": head.root }));
    json!({
        "backup": manifest.id,
        "begun": manifest.made_at,
        "until": until,
        "program": manifest.program,
        "store_format": manifest.store_format,
        "value_key": manifest.value_key,
        "parent": manifest.parent,
        "pieces": manifest.pieces.len(),
        "bytes": manifest.bytes(),
        "new_bytes": manifest.new_bytes,
        "logs": logs.collect::<Vec<_>>(),
    })
}
