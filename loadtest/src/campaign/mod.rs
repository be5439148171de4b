//! A gateway that works, and to which things happen: it is killed, its disk fails, fills up, hangs, and forgets what was not synced.
//! After every restart everything that it acknowledged must be there, and nothing that was taken back may come back.
//!
//! What happens in a round follows from the seed and the number of the round ([`Plan`]); which requests are under way at that moment
//! does not, as on any machine.

mod callers;
mod check;
mod control;
mod known;
mod ledger;
mod plan;
mod report;
mod scene;
mod strike;
mod trees;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;

pub use control::Control;
pub use plan::{Fault, Plan};
pub use report::{Outcome, Round};
pub use strike::Struck;

use crate::dataset::Dataset;
use crate::fault::{Disk, DiskFault, Lost};
use crate::number::count;
use crate::rig::{Rig, Settings};
use crate::server::{Gateway, Pin};
use crate::site::Site;
use crate::time::now;
use scene::{Memory, Scene};

/// So many licences there are before anything happens, which nobody changes.
const LICENCES: u64 = 400;
/// How long a gateway may take to be ready after its start.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How often that is asked.
const PAUSE: Duration = Duration::from_millis(5);

/// What is asked of a campaign.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway's program.
    pub licet: PathBuf,
    /// Where everything is; made new.
    pub folder: PathBuf,
    /// What every round follows from.
    pub seed: u64,
    /// The first round.
    pub from: u64,
    /// How many rounds.
    pub rounds: u64,
    /// After how many rounds the whole store is read by `licet log fsck`.
    pub fsck: u64,
    /// What is done that must be found, in place of any fault.
    pub control: Option<Control>,
}

/// A campaign under way.
struct Campaign<'a> {
    options: &'a Options,
    site: Site,
    dataset: Dataset,
    memory: Arc<Memory>,
    disk: Disk,
}

/// Goes through all rounds, and tells of each when it is over. It ends with the first in which something is wrong.
///
/// # Errors
/// The campaign itself cannot go on; what is wrong with the gateway is in the outcome.
pub async fn run(options: &Options, mut tell: impl FnMut(&Round)) -> Result<Outcome, String> {
    let campaign = Campaign::prepare(options).await?;
    let mut rounds = Vec::new();
    for number in options.from..options.from + options.rounds {
        let mut plan = Plan::of(options.seed, number);
        if options.control.is_some() {
            (plan.fault, plan.power) = (Fault::Power, true);
        }
        let round = campaign.round(plan).await?;
        tell(&round);
        let is_wrong = !round.wrong.is_empty();
        rounds.push(round);
        if is_wrong {
            break;
        }
    }
    let last = campaign.last().await?;
    let ledger = campaign.memory.ledger().clone();
    Ok(Outcome::new(options, rounds, last, &ledger))
}

impl<'a> Campaign<'a> {
    /// Makes the site, with licences and catalogue, and the disk under its store.
    async fn prepare(options: &'a Options) -> Result<Self, String> {
        if options.folder.exists() {
            return Err(format!("{} is there already", options.folder.display()));
        }
        let settings = Settings {
            licet: Some(options.licet.clone()),
            own: None,
            folder: options.folder.clone(),
            seed: options.seed,
            licences: LICENCES,
            hot: 1,
            connections: 1,
            pin: Pin::Nowhere,
            address: None,
            anywhere: false,
            overlay: None,
        };
        let rig = Rig::start(&settings).await?;
        let dataset = rig.dataset.clone();
        rig.stop().await?;
        let site = Site::open(&options.folder, options.seed)?;
        let disk = Disk::new(&site.folder.join("fault"), &site.folder.join("data"))?;
        let memory = Memory::new(site.book.next / callers::ISSUERS);
        Ok(Self { options, site, dataset, memory, disk })
    }

    fn command(&self) -> Command {
        let mut command = Pin::Nowhere.command(&self.options.licet);
        self.disk.under(&mut command);
        command
    }

    async fn start(&self) -> Result<Gateway, String> {
        Gateway::launch(self.command(), &self.site.folder, &self.site.configuration()).await
    }

    /// Starts, and looks whether everything is there that was acknowledged.
    async fn begin(&self, round: u64) -> Result<(Gateway, Arc<Scene>), String> {
        let gateway = self.start().await?;
        let scene = Scene::new(&self.site, &self.dataset, gateway.address, &self.memory, (self.options.seed, round))?;
        if let Err(said) = becomes(&gateway, true).await? {
            scene.ledger().blame(format!("it is not ready after its start: {said}"));
        }
        check::everything(&scene).await?;
        Ok((gateway, scene))
    }

    async fn round(&self, plan: Plan) -> Result<Round, String> {
        let began = now();
        let (gateway, scene) = match self.begin(plan.round).await {
            Ok(begun) => begun,
            Err(reason) => return Ok(Round::lost(plan, format!("after the faults before it: {reason}"))),
        };
        let (start, checked) = (gateway.start_took, now().saturating_duration_since(began));
        if self.options.control == Some(Control::Forgets) {
            self.disk.ask(DiskFault::Forgets)?;
        }
        let mut callers = callers::begin(&scene);
        tokio::time::sleep(plan.at).await;
        let struck = strike::strike(&self.disk, plan, &scene, &gateway).await?;
        scene.end();
        if plan.fault == Fault::Restart {
            if let Err(reason) = gateway.stop().await {
                scene.ledger().blame(format!("asked to stop: {reason}"));
            }
        } else {
            gateway.kill().await?;
        }
        self.disk.heal()?;
        while let Some(ended) = callers.join_next().await {
            ended.map_err(|error| error.to_string())??;
        }
        if plan.fault == Fault::Twice {
            self.kill_starting(plan.start).await?;
        }
        let lost = if plan.power { self.disk.lose_power(&mut scene.chance(999))? } else { Lost::default() };
        if let Some(control) = self.options.control {
            control.between(&self.site.folder, plan.round - self.options.from)?;
        } else if (plan.round + 1).is_multiple_of(self.options.fsck.max(1)) {
            self.fsck().await?;
        }
        let mut ledger = self.memory.ledger();
        let wrong = std::mem::take(&mut ledger.wrong);
        let took = now().saturating_duration_since(began);
        Ok(Round { plan, start, checked, took, struck, lost, acknowledged: ledger.acknowledged(), wrong })
    }

    /// Starts it, and kills it while it starts.
    async fn kill_starting(&self, after: Duration) -> Result<(), String> {
        let mut command = self.command();
        command.arg("serve").arg("--config").arg(self.site.configuration());
        let quiet = std::process::Stdio::null;
        let mut child = command.stdin(quiet()).stdout(quiet()).stderr(quiet()).kill_on_drop(true).spawn();
        let child = child.as_mut().map_err(|error| error.to_string())?;
        tokio::time::sleep(after).await;
        child.kill().await.map_err(|error| error.to_string())
    }

    /// Reads the whole store.
    async fn fsck(&self) -> Result<(), String> {
        let mut command = Command::new(&self.options.licet);
        let read = command.args(["log", "fsck", "--config"]).arg(self.site.configuration()).output().await;
        let read = read.map_err(|error| error.to_string())?;
        if !read.status.success() {
            let said = [read.stdout, read.stderr].concat();
            self.memory.ledger().blame(format!("licet log fsck: {}", String::from_utf8_lossy(&said)));
        }
        Ok(())
    }

    /// Looks once more at everything after the last round, stops in order, and reads the whole store.
    async fn last(&self) -> Result<Vec<String>, String> {
        match self.begin(self.options.from + self.options.rounds).await {
            Ok((gateway, _)) => {
                gateway.stop().await?;
                self.fsck().await?;
            }
            Err(reason) => self.memory.ledger().blame(format!("after the last round: {reason}")),
        }
        Ok(std::mem::take(&mut self.memory.ledger().wrong))
    }
}

/// Waits until it says that it is ready, or that it is not; what it says, where it does not.
async fn becomes(gateway: &Gateway, ready: bool) -> Result<Result<String, String>, String> {
    let begun = now();
    loop {
        let (is_ready, said) = gateway.ready().await?;
        if is_ready == ready {
            return Ok(Ok(said));
        }
        if now().saturating_duration_since(begun) > READY_WITHIN {
            return Ok(Err(said));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Where the log of the gateway is that was started last.
#[must_use]
pub fn log_of(folder: &Path) -> PathBuf {
    folder.join("gateway.log")
}

/// How many things a campaign found wrong.
fn sum<'a>(rounds: impl Iterator<Item = &'a Round>) -> u64 {
    rounds.map(|round| count(round.wrong.len())).sum()
}
