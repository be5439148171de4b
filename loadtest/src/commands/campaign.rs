//! `licet-load campaign`

use std::path::PathBuf;
use std::process::ExitCode;

use loadtest::campaign::{self, Control, Options};

use super::common::{each, read};
use super::{Done, Failure, threads};

const HELP: &str = "\
licet-load campaign: kill a gateway in the middle of its work, make its disk fail, fill up, hang and forget, again and again, and look
after each restart whether everything is there that it acknowledged

usage: licet-load campaign --licet FILE --folder FOLDER [options]

  --licet FILE         the gateway's program
  --folder FOLDER      where everything is; made new, must not exist
  --seed N             what every round follows from [1]
  --rounds N           how many [25], at most 100000
  --from N             the first of them [0], to do a round again
  --fsck N             after how many rounds the whole store is read by `licet log fsck` [5]
  --control WHAT       something that no gateway can stand, and that must be found: `forgets`, a disk that says that it synced and did
                       not, or `set-back`, a store that is put back by a round; it ends with 0 when something is found wrong
  --out FOLDER         where report.json, report.md and report.html are written; left out, Markdown is printed

It ends with 1 at the first round in which something is wrong. A C compiler (cc) is needed, and a gateway that is linked dynamically.
";

/// Carries out a campaign.
pub(crate) fn campaign(parser: &mut lexopt::Parser) -> Done {
    let (licet, folder) = (PathBuf::new(), PathBuf::new());
    let mut options = Options { licet, folder, seed: 1, from: 0, rounds: 25, fsck: 5, control: None };
    let mut out = None;
    let is_read = each(parser, HELP, &[], |name, value| {
        match name {
            "licet" => options.licet = PathBuf::from(value),
            "folder" => options.folder = PathBuf::from(value),
            "seed" => options.seed = read(value)?,
            "rounds" => options.rounds = read::<u64>(value)?.clamp(1, 100_000),
            "from" => options.from = read::<u64>(value)?.min(100_000),
            "fsck" => options.fsck = read::<u64>(value)?.max(1),
            "control" => options.control = Some(Control::named(value).ok_or("is forgets or set-back")?),
            "out" => out = Some(PathBuf::from(value)),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if !is_read {
        return Ok(ExitCode::SUCCESS);
    }
    if options.licet.as_os_str().is_empty() || options.folder.as_os_str().is_empty() {
        return Err(Failure::Misused("--licet and --folder are needed".to_owned()));
    }
    let outcome = threads()?.block_on(campaign::run(&options, |round| eprintln!("{}", round.line())));
    let outcome = outcome.map_err(Failure::Failed)?;
    let report = outcome.report();
    match &out {
        Some(folder) => report.write(folder).map_err(Failure::Failed)?,
        None => print!("{}", report.markdown()),
    }
    if options.control.is_some() {
        return if outcome.is_right() {
            Err(Failure::Failed("nothing was found wrong".to_owned()))
        } else {
            Ok(ExitCode::SUCCESS)
        };
    }
    match outcome.again() {
        None => Ok(ExitCode::SUCCESS),
        Some(again) => {
            eprintln!("licet-load: something is wrong; once more: {again}");
            eprintln!("licet-load: the gateway's log is {}", campaign::log_of(&options.folder).display());
            Ok(ExitCode::FAILURE)
        }
    }
}
