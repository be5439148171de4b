//! `licet demo`

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crypto::report::{Indication, Verdict};
use lexopt::prelude::*;

use super::Failure;
use super::serve::{Running, runtime};
use super::table::Table;
use crate::catalogue::CatalogueFile;
use crate::config::Config;
use crate::demo::config::Addresses;
use crate::demo::folder::{self, Folder};
use crate::demo::form::Form;
use crate::demo::licences::Licence;
use crate::demo::one_number::{self, Persons};
use crate::demo::pki::PkiFile;
use crate::demo::register::Register;
use crate::demo::row::Row;
use crate::demo::shell::{self, Shell, quoted};
use crate::demo::stage::{Attempt, Stage};
use crate::demo::{DemoError, Pki, catalogue, config, forgeries, kind::Fate, licences};
use crate::{clock, logging, shutdown};

/// For the help.
pub(super) const ARGUMENTS: &str = "[--dir DIR] [--listen ADDR] [--admin ADDR] [--once]";

const HELP: &str = "\
Makes keys, licences and forgeries, starts a gateway, tells it all of them and prints what it says.

Usage: licet demo [--dir DIR] [--listen ADDR] [--admin ADDR] [--once]

  --dir DIR      folder for everything that is made; a new one for temporary files when left out
  --listen ADDR  address of the gateway; 127.0.0.1:8443 when left out
  --admin ADDR   address for metrics and health; 127.0.0.1:9443 when left out
  --once         end after the table

The exit status is 1 when a verdict is not the one that it should be. Without --once the gateway goes on serving until
Ctrl-C or SIGTERM.";

struct Options {
    folder: Option<PathBuf>,
    listen: SocketAddr,
    admin: SocketAddr,
    is_once: bool,
}

/// Everything that a demo is told with.
struct Cast {
    pki: Pki,
    licences: Vec<Licence>,
    forgeries: Vec<forgeries::Forgery>,
}

impl Cast {
    /// Whom look-ups are about: the first two with a driving licence that stays in force.
    fn persons(&self) -> Result<Persons<'_>, DemoError> {
        let is_good = |licence: &&Licence| {
            licence.kind.slug == "driving-licence" && licence.fate == Fate::Valid && licence.form == Form::OfdV4
        };
        let mut found = self.licences.iter().filter(is_good);
        let (licence, silent) = found.next().zip(found.next()).ok_or(DemoError::Unplanned("driving licences"))?;
        Ok(Persons { licence, silent })
    }
}

/// Runs the demo.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut options = Options { folder: None, listen: loopback(8443), admin: loopback(9443), is_once: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("dir") => options.folder = Some(PathBuf::from(parser.value()?)),
            Long("listen") => options.listen = parser.value()?.parse()?,
            Long("admin") => options.admin = parser.value()?.parse()?,
            Long("once") => options.is_once = true,
            Long("help") | Short('h') => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    // Before anything is made or emptied: another demo may be running.
    for (address, name) in [(options.listen, "--listen"), (options.admin, "--admin")] {
        if !address.ip().is_loopback() {
            return Err(Failure::Usage(format!(
                "{name} {address}: a demo, whose keys anybody may read, serves this machine alone"
            )));
        }
        free(address, name)?;
    }
    let cast = cast()?;
    let register = Register::bind(&one_number::holder(cast.persons()?.silent)?.code)?;
    let folder = Folder::prepare(options.folder.as_deref())?;
    write(&folder, &cast, Addresses { listen: options.listen, admin: options.admin, register: register.address })?;
    let config = Config::read(&folder.file("licet.toml"))?;
    logging::start(&config.log);
    runtime()?.block_on(async {
        register.serve()?;
        perform(&config, &folder, &cast, &options).await
    })
}

fn free(address: SocketAddr, option: &str) -> Result<(), Failure> {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::Work(format!("{address} cannot be used ({error}); choose another with {option} ADDRESS:PORT")))
        }
    }
}

fn cast() -> Result<Cast, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).or(Err(DemoError::Random))?;
    let pki = Pki::new(seed, clock::now());
    Ok(Cast { licences: licences::all(&pki)?, forgeries: forgeries::all(&pki)?, pki })
}

fn write(folder: &Folder, cast: &Cast, addresses: Addresses) -> Result<(), Failure> {
    write_files(&folder.file(config::PKI), &cast.pki.files())?;
    folder.write("licet.toml", config::text(&cast.pki, addresses).as_bytes())?;
    folder.write("catalogue.toml", catalogue::text(&cast.pki).as_bytes())?;
    for licence in &cast.licences {
        folder.write(&format!("licences/{}", licence.file()), &licence.document)?;
    }
    for forgery in &cast.forgeries {
        folder.write(&format!("forgeries/{}.{}", forgery.slug, forgery.form.extension()), &forgery.document)?;
    }
    storage::Keys::generate(folder.path()).map_err(|error| Failure::Work(error.to_string()))?;
    Ok(())
}

/// Writes the files of an infrastructure into this folder.
pub(super) fn write_files(folder: &Path, files: &[PkiFile]) -> Result<(), Failure> {
    for file in files {
        folder::write(&folder.join(&file.path), &file.bytes, file.is_secret)?;
    }
    Ok(())
}

async fn perform(config: &Config, folder: &Folder, cast: &Cast, options: &Options) -> Result<ExitCode, Failure> {
    let running = Running::start(config).await?;
    let outcome = tell(&running, folder, cast).await;
    let is_good = match outcome {
        Ok(is_good) => is_good,
        Err(error) => {
            running.stop().await?;
            return Err(error.into());
        }
    };
    if !options.is_once && is_good {
        folder.write(shell::FILE, shell(&running, folder, cast)?.as_bytes())?;
        let unwatched = |error| Failure::Work(format!("signals cannot be watched: {error}"));
        let mut stops = shutdown::stops().map_err(unwatched)?;
        println!("{}", curl_lines(&running, folder, cast));
        println!("\nServing until Ctrl-C. Later again with: licet serve --config {}", folder.file("licet.toml").display());
        stops.next().await;
        println!("\nStopping: running requests finish.");
    }
    running.stop().await?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells the story and prints it. Answers whether everything was as it should be.
async fn tell(running: &Running, folder: &Folder, cast: &Cast) -> Result<bool, DemoError> {
    println!("licet {} on https://{}, in {}", env!("CARGO_PKG_VERSION"), running.address, folder.path().display());
    let mut stage = Stage::new(&cast.pki, running.address)?;
    let started = clock::instant();
    let (certificates, seals) = stage.register().await?;
    println!("  {} offices registered {certificates} certificates and {seals} seals", cast.pki.departments.len());
    stage.hand_in(&cast.licences).await?;
    println!("  and handed in {} licences, {} a licence", cast.licences.len(), each(started, cast.licences.len()));
    let decisions = stage.decide(&cast.licences).await?;
    println!("  and ended or suspended {decisions} of them");
    let refused = stage.hand_in_forgeries(&cast.forgeries).await?;
    println!("  somebody handed in {} forgeries", cast.forgeries.len());
    let started = clock::instant();
    let mut asked = stage.verify(&cast.licences).await?;
    asked.extend(stage.verify_credentials(&cast.licences).await?);
    asked.extend(stage.verify_forgeries(&cast.forgeries).await?);
    println!("  an approval system asked {} times, {} an answer", asked.len(), each(started, asked.len()));
    println!("  anybody reads who is struck off in a signed status list of {} bytes\n", stage.status_list().await?);
    let mut told = BTreeSet::new();
    println!("{}", verdicts(&asked, &mut told));
    println!("Forgeries handed in to be stored, all refused:\n{}", verdicts(&refused, &mut told));
    let first = cast.licences.first().ok_or(DemoError::Unplanned("licence"))?;
    let attempts = stage.attempts(first).await?;
    println!("Who may do what:\n{}", tried(&attempts));
    let told = tell_one_number(&mut stage, cast).await?;
    println!("One number 一号通查, for the matter {} {}:\n{}", catalogue::ITEM, catalogue::ITEM_NAME, tried(&told));
    let rows: Vec<&Row> = asked.iter().chain(&refused).collect();
    let wrong = rows.iter().filter(|row| !row.is_expected()).count();
    let missed = attempts.iter().chain(&told).filter(|attempt| !attempt.is_expected()).count();
    println!("{}", counts(&rows, wrong + missed));
    Ok(wrong + missed == 0)
}

/// What departments have on record of one person, and who is told what of it.
async fn tell_one_number(stage: &mut Stage<'_>, cast: &Cast) -> Result<Vec<Attempt>, DemoError> {
    let file = CatalogueFile::parse(&catalogue::text(&cast.pki)).or(Err(DemoError::Unplanned("readable catalogue")))?;
    let persons = cast.persons()?;
    let mut told = stage.grant(&file.into_entries().collect::<Vec<_>>()).await?;
    told.extend(stage.look_up(persons).await?);
    told.extend(stage.ask_with_consent(persons).await?);
    told.extend(stage.use_up(persons).await?);
    told.extend(stage.follow_up(persons).await?);
    Ok(told)
}

fn each(started: Instant, times: usize) -> String {
    let spent = clock::instant().saturating_duration_since(started);
    let times = u32::try_from(times.max(1)).unwrap_or(u32::MAX);
    format!("{:.1} ms", (spent / times).as_secs_f64() * 1000.0)
}

/// The verdict in short, such as `FAILED` and `HASH_FAILURE`.
fn short(verdict: Verdict) -> (&'static str, String) {
    let name = match verdict.indication {
        Indication::TotalPassed => "PASSED",
        Indication::Indeterminate => "INDETERMINATE",
        Indication::TotalFailed => "FAILED",
    };
    let why = verdict.sub_indication.and_then(|why| serde_json::to_value(why).ok());
    (name, why.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned())
}

/// The table of verdicts. Why a licence does not pass, or of what its verdict warns, is said once, the first time that it is asked about.
fn verdicts(rows: &[Row], told: &mut BTreeSet<String>) -> Table {
    let mut table = Table::default();
    table.row(["  ", "serial.version.check", "type", "form", "what was done", "asked by", "expected", "verdict", "because of"]);
    for row in rows {
        let identifier = &row.identifier;
        let tail = format!("{}.{:03}.{}", identifier.serial(), identifier.version(), identifier.check());
        let mark = if row.is_expected() { " ✓" } else { " ✗" };
        let ((expected, expected_why), (found, why)) = (short(row.expected), short(row.found));
        let why = if row.found.is_passed() && row.why.is_some() { "with a warning" } else { &why };
        table.row([mark, &tail, &row.type_name, row.form.name(), row.story, row.asked.name(), expected, found, why]);
        if !row.is_expected() {
            table.text(format!("      └ expected: {expected} {expected_why}"));
        }
        if let Some(check) = row.why.as_ref().filter(|check| told.insert(format!("{identifier} {}", check.id))) {
            table.text(format!("      └ {}  {} {}", check.id, check.text.zh, check.text.en));
        }
    }
    table
}

fn tried(attempts: &[Attempt]) -> Table {
    let mut table = Table::default();
    for attempt in attempts {
        let mark = if attempt.is_expected() { " ✓" } else { " ✗" };
        table.row([mark, attempt.what, &attempt.found]);
        if !attempt.is_expected() {
            table.text(format!("      └ expected: {}", attempt.expected));
        }
    }
    table
}

fn counts(rows: &[&Row], wrong: usize) -> String {
    let of = |indication| rows.iter().filter(|row| row.found.indication == indication).count();
    let (passed, failed) = (of(Indication::TotalPassed), of(Indication::TotalFailed));
    let open = of(Indication::Indeterminate);
    let all = rows.len();
    let result = match wrong {
        0 => "All is as expected.".to_owned(),
        wrong => format!("{wrong} not as expected: see the lines with ✗."),
    };
    format!("{all} verdicts: {passed} TOTAL-PASSED, {failed} TOTAL-FAILED, {open} INDETERMINATE. {result}")
}

/// The file that says to a shell how to ask the demo.
fn shell(running: &Running, folder: &Folder, cast: &Cast) -> Result<String, DemoError> {
    // Those of the market office, of which nothing is told above but that they are in force.
    let is_good = |licence: &&Licence| {
        licence.kind.slug == "business-licence" && licence.fate == Fate::Valid && licence.form == Form::OfdV4
    };
    let mut found = cast.licences.iter().filter(is_good);
    let (licence, spare) = found.next().zip(found.next()).ok_or(DemoError::Unplanned("business licences"))?;
    let program = program();
    let shell = Shell { folder: folder.path(), program: &program, gateway: running.address, licence, spare };
    Ok(shell.text())
}

/// Lines to paste into a shell.
fn curl_lines(running: &Running, folder: &Folder, cast: &Cast) -> String {
    let of_fate = |fate| cast.licences.iter().find(move |licence| licence.fate == fate);
    let Some(revoked) = of_fate(Fate::Revoked) else { return String::new() };
    let stamped = of_fate(Fate::KeyLost).map(Licence::file).unwrap_or_default();
    let Ok(one_number) = one_number_lines(cast) else { return String::new() };
    format!(
        r#"
Try it, in a shell. The file says what ask, licet_as, token and the names with a $ are:

. {file}

# is it valid? by identifier, by file, and one that was revoked
ask approval /v1/verifications --json "{{\"identifier\":\"$licence\"}}"
ask approval '/v1/verifications?depth=simple' -H 'content-type: application/ofd' --data-binary "@$file"
ask approval '/v1/verifications?depth=simple' --json '{{"identifier":"{gone}"}}'
# a forgery, with the answer's problems in Chinese
ask market /v1/licences -H 'content-type: application/ofd' -H 'accept-language: zh' --data-binary "@$D/forgeries/lifted-seal.ofd"
# a time stamp that proves the signature older than the loss of its key; the signed status list
ask approval /v1/verifications -H 'content-type: application/ofd' --data-binary "@$D/licences/{stamped}"
ask approval /v1/status-lists/0
# its office takes it back; ask again and the verdict is TOTAL-FAILED
ask market "/v1/licences/$spare/status" --json '{{"operation":"revoke","reason":"示例"}}'
ask approval '/v1/verifications?depth=simple' --json "{{\"identifier\":\"$spare\"}}"
{one_number}
# whom the gateway trusts; its interface
ask auditor /v1/trust
ask approval /openapi.json
# without a client certificate
curl -sS --cacert "$D/pki/authorities/tls-root.pem" "$URL/v1/trust"; echo
# for operators
curl -sS http://{admin}/ready; echo
curl -sS http://{admin}/metrics | grep ^licet_verdicts
# without the gateway
licet verify --config "$D/licet.toml" "$file" "$D/forgeries/lifted-seal.ofd""#,
        file = quoted(&folder.file(shell::FILE).display().to_string()),
        gone = revoked.metadata.identifier,
        admin = running.admin_address,
    )
}

/// The lines about one number: looked up, its materials, one of them used, and what comes of a department that does not answer.
fn one_number_lines(cast: &Cast) -> Result<String, DemoError> {
    let Persons { licence, silent } = cast.persons()?;
    let (number, silent) = (&one_number::holder(licence)?.code, &one_number::holder(silent)?.code);
    let (item, case, persons) = (catalogue::ITEM, one_number::CASE, catalogue::PERSONS);
    Ok(format!(
        r#"# whose licences are there? the number stands in the body
ask auditor /v1/licences/search --json '{{"holder":{{"code_type":"111","code":"{number}"}}}}'
# one number: what departments have of a person, as far as window may ask for this matter; which materials are there already
matter='"item":"{item}","case":"{case}"'
one='{{"subject":{{"code_type":"111","code":"{number}"}},'$matter
ask window /v1/lookups --json "$one,\"resources\":\"item\"}}"
materials=$(ask window /v1/materials --json "$one}}"); echo "$materials"
# what the use code gives; paste the last line again, and it is spent
code=$(echo "$materials" | grep -o '"use_code":"[^"]*"' | cut -d '"' -f 4)
ask window /v1/use-codes/redemptions --json "{{\"code\":\"$code\",\"want\":\"data\",$matter}}"
# of somebody about whom the register of persons never answers: what there is, within 300 ms
ask window /v1/lookups -H 'licet-deadline: 300' --json '{{"subject":{{"code_type":"111","code":"{silent}"}},'"$matter}}"
# what is told with the holder's consent alone
address='"resources":["{persons}"],"fields":{{"{persons}":["address"]}}'
claims='"licet_authority":"consent","licet_holder":{{"code_type":"111","code":"{number}"}}'
consent=$(token "$claims,\"licet_item\":\"{item}\",\"licet_resources\":[\"{persons}\"]")
ask window /v1/lookups -H "licet-authorization: $consent" --json "$one,$address}}"
# whether a name is right, and no more; what happens to driving licences; the catalogue as a file, against the gateway's
ask window /v1/comparisons --json "$one,\"facts\":[{{\"attribute\":\"person.name\",\"value\":\"某甲\"}}]}}"
ask window '/v1/feed?limit=5'
licet_as operator catalogue diff "$D/catalogue.toml""#,
    ))
}

fn program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("licet"))
}
