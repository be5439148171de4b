//! Two configurations that take turns under load: no request may fail, no connection may be dropped, and no answer may show facts of
//! both.

mod facts;
mod pair;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

pub use facts::{Facts, Which};
use pair::Pair;
pub use watch::Watched;
use watch::{Question, Stage, Watcher};

use crate::latencies::Latencies;
use crate::number::short;
use crate::report::Finding;
use crate::rig::{Rig, Settings};
use crate::server::{Gateway, Moment, Sampler};
use crate::site::VERIFIER;
use crate::soak;
use crate::target::Connection;
use crate::time::now;

/// The metric that counts configurations.
const GENERATION: &str = "licet_configuration_generation";
/// How long a reload may take.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);
/// How long a configuration stays at least.
const STAYS: Duration = Duration::from_millis(20);
/// Who watches, by what they ask.
const WATCHERS: [(Question, usize); 3] = [(Question::Identifier, 4), (Question::Reader, 2), (Question::Large, 2)];

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Reloads {
    /// Reloads that took effect.
    pub reloads: u64,
    /// How long each took, from the signal.
    pub took: Latencies,
    /// What those saw who asked all the time.
    pub watched: Watched,
    /// New connections that were shown a certificate of another configuration than the one in force.
    pub other_certificates: u64,
    /// What the process used.
    pub moments: Vec<Moment>,
}

/// Reloads so many times.
///
/// # Errors
/// The gateway does not serve, or does not reload.
pub async fn run(settings: &Settings, count: u64) -> Result<Reloads, String> {
    let licet = settings.licet.clone().ok_or("--licet is needed")?;
    Rig::start(settings).await?.stop().await?;
    let rig_site = crate::site::Site::open(&settings.folder, settings.seed)?;
    let pair = Pair::write(&rig_site)?;
    let path = pair.put(Which::A)?;
    let gateway = Gateway::start(&licet, &rig_site.folder, &path, settings.pin).await?;
    let process = gateway.id().ok_or("the gateway has ended by itself")?;
    let dataset = crate::dataset::Dataset::new(settings.seed, &rig_site.offices);
    let questions = Question::all(&dataset)?;
    let verifier = rig_site.door(VERIFIER, gateway.address)?;
    let reader = rig_site.door(pair::READER, gateway.address)?;
    let learn = |question: Question| (Connection::new(if question == Question::Reader { &reader } else { &verifier }), question);

    // What each configuration looks like from outside, before anything is asked of both.
    let mut before = generation(&gateway).await?;
    let mut known = facts::Known::default();
    for which in [Which::A, Which::B] {
        if which == Which::B {
            pair.put(which)?;
            before = reload(&gateway, process, before).await?;
        }
        for (question, _) in WATCHERS {
            let (mut connection, question) = learn(question);
            known.learn(which, question, watch::ask(&mut connection, questions.request(question)).await?);
        }
    }
    known.differ()?;

    let stage = Arc::new(Stage::new(Which::B));
    let known = Arc::new(known);
    let mut watching = JoinSet::new();
    for (question, many) in WATCHERS {
        for _ in 0..many {
            let (connection, question) = learn(question);
            let request = questions.request(question).clone();
            let (stage, known) = (Arc::clone(&stage), Arc::clone(&known));
            watching.spawn(Watcher { connection, question, request, stage, known }.run());
        }
    }
    let sampler = Sampler::start(process);
    let mut found = Reloads::default();
    let turned = turns(&mut found, (&gateway, process, before), (&pair, &stage), &verifier, count).await;
    stage.end();
    while let Some(ended) = watching.join_next().await {
        found.watched.add(ended.map_err(|error| error.to_string())?);
    }
    found.moments = sampler.end().moments;
    turned?;
    gateway.stop().await?;
    Ok(found)
}

/// Lets them take turns.
async fn turns(
    found: &mut Reloads,
    (gateway, process, mut before): (&Gateway, u32, u64),
    (pair, stage): (&Pair, &Stage),
    verifier: &Arc<crate::target::Door>,
    count: u64,
) -> Result<(), String> {
    let mut which = Which::B;
    for _ in 0..count {
        which = which.other();
        stage.changes();
        pair.put(which)?;
        let sent = now();
        before = reload(gateway, process, before).await?;
        found.took.record(now().saturating_duration_since(sent));
        found.reloads += 1;
        stage.settled(which);
        let mut connection = Connection::new(verifier);
        connection.open().await?;
        found.other_certificates += u64::from(connection.server().as_deref() != Some(pair.certificate(which)));
        tokio::time::sleep(STAYS).await;
    }
    Ok(())
}

/// Sends the signal, and waits until the next configuration is in force.
async fn reload(gateway: &Gateway, process: u32, before: u64) -> Result<u64, String> {
    let sent = tokio::process::Command::new("kill").arg("-HUP").arg(process.to_string()).status().await;
    sent.map_err(|error| error.to_string())?;
    let begun = now();
    loop {
        let found = generation(gateway).await?;
        if found > before {
            return Ok(found);
        }
        if now().saturating_duration_since(begun) > PATIENCE {
            return Err(format!("{GENERATION} stays {before} after SIGHUP"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn generation(gateway: &Gateway) -> Result<u64, String> {
    let text = gateway.metrics().await?;
    let line = text.lines().find_map(|line| line.strip_prefix(GENERATION)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).ok_or_else(|| format!("the metrics have no {GENERATION}: it cannot reload"))
}

/// The file that the gateway is started with, and that changes.
#[must_use]
pub fn configuration(folder: &std::path::Path) -> PathBuf {
    folder.join("reloaded.toml")
}

impl Reloads {
    /// What it says.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let Watched { answers, mixed, late, failed, dropped, .. } = &self.watched;
        let took = self.took.summary();
        let held = |what: &str, found: u64| Finding::held(what, found.to_string(), "0", found == 0);
        let mut findings = vec![
            Finding::told("reloads", self.reloads.to_string()),
            Finding::told("answers meanwhile", answers.to_string()),
            Finding::told(
                "from the signal to the new configuration",
                format!("p50 {} ms, p99 {} ms, at most {} ms", short(took.p50_ms), short(took.p99_ms), short(took.max_ms)),
            ),
            held("answers with facts of two configurations", *mixed),
            held("answers of the old one that were asked for after the new one was in force", *late),
            held("requests that failed", *failed),
            held("connections that were dropped", *dropped),
            held("new connections with a certificate of the other one", self.other_certificates),
            soak::memory(&self.moments),
        ];
        if let Some(complaint) = &self.watched.complaint {
            findings.push(Finding::told("the first that went wrong", complaint.replace('|', "/")));
        }
        findings
    }
}
