//! A gateway under test with its data set, its callers, and the floor beside it.

mod overlay;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::asks::{LANES, Lane, Source, Supply};
use crate::dataset::{self, Dataset};
use crate::engine::{Load, Plan, Tally, drive};
use crate::floor::Floor;
use crate::mix::{Kind, Mix};
use crate::report::Step;
use crate::server::{Counters, Gateway, Pin, Sampler, cpu_seconds};
use crate::site::{Site, VERIFIER};
use crate::target::{Connection, allowed};

/// Connections of each caller but the one who asks for verdicts.
const OTHERS: usize = 4;

/// What a rig is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The gateway's program; none where a gateway runs already at `address`.
    pub licet: Option<PathBuf>,
    /// This program, for the floor; none in tests, where it is another one.
    pub own: Option<PathBuf>,
    /// The folder of the site.
    pub folder: PathBuf,
    /// What everything follows from.
    pub seed: u64,
    /// How many licences the set has.
    pub licences: u64,
    /// How many of them are asked about all the time.
    pub hot: u64,
    /// Connections of who asks for verdicts.
    pub connections: usize,
    /// Where processes run.
    pub pin: Pin,
    /// Where a gateway runs that was set up with the site's folder, and its process where that is on this machine.
    pub address: Option<(SocketAddr, Option<u32>)>,
    /// Whether that may be another machine.
    pub anywhere: bool,
    /// A configuration that is laid over the site's own (TOML).
    pub overlay: Option<PathBuf>,
}

/// A gateway that serves, loaded and ready.
#[derive(Debug)]
pub struct Rig {
    /// Its site.
    pub site: Site,
    /// Its licences.
    pub dataset: Dataset,
    /// What can be asked.
    pub supply: Supply,
    /// The gateway's process, if it is ours.
    pub gateway: Option<Gateway>,
    /// Where it serves.
    pub address: SocketAddr,
    process: Option<u32>,
    connections: usize,
    lanes: Vec<Vec<Connection>>,
}

impl Settings {
    /// Starts the floor.
    ///
    /// # Errors
    /// It does not start.
    pub async fn floor(&self) -> Result<Floor, String> {
        Floor::start(self.own.as_deref(), self.pin, self.connections).await
    }
}

impl Rig {
    /// Makes the site if there is none, starts the gateway, and hands in what is missing of the set.
    ///
    /// # Errors
    /// In a sentence.
    pub async fn start(settings: &Settings) -> Result<Self, String> {
        let mut site = Site::open(&settings.folder, settings.seed)?;
        let gateway = match (&settings.licet, settings.address) {
            (Some(licet), None) => {
                let configuration = overlay::configuration(&site, settings.overlay.as_deref())?;
                Some(Gateway::start(licet, &site.folder, &configuration, settings.pin).await?)
            }
            (None, Some(_)) => None,
            _ => return Err("either --licet or --address is needed".to_owned()),
        };
        let (address, process) = match (&gateway, settings.address) {
            (Some(gateway), _) => (gateway.address, gateway.id()),
            (None, Some((address, process))) => (allowed(address, settings.anywhere)?, process),
            (None, None) => return Err("either --licet or --address is needed".to_owned()),
        };
        site.introduce(address).await?;
        let dataset = Dataset::new(settings.seed, &site.offices);
        dataset::load(&mut site, &dataset, address, settings.licences).await?;
        let supply = Supply::new(&dataset, &site.book, settings.hot)?;
        let lanes = (0..LANES).map(|_| Vec::new()).collect();
        Ok(Self { site, dataset, supply, gateway, address, process, connections: settings.connections, lanes })
    }

    /// Connections of who asks for verdicts.
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// Another connection of who asks for verdicts.
    ///
    /// # Errors
    /// In a sentence.
    pub fn verifier(&self) -> Result<Connection, String> {
        self.site.door(VERIFIER, self.address).map(|door| Connection::new(&door))
    }

    /// Measures requests of this mix.
    ///
    /// # Errors
    /// There is nothing to ask, or nobody to ask.
    pub async fn measure(&mut self, name: &str, mix: &Mix, plan: &Plan) -> Result<(Step, Tally), String> {
        let lanes = self.connect(mix)?;
        let Self { supply, site, .. } = self;
        let mut source = Source::new(supply, &mut site.book, mix, plan.expected())?;
        let before = counters(self.gateway.as_ref()).await?;
        let (sampler, own) = (self.process.map(Sampler::start), cpu_seconds());
        let (tally, back) = drive(plan, lanes, || source.draw()).await?;
        let own = cpu_seconds() - own;
        let usage = sampler.map(Sampler::end);
        self.lanes = back;
        let after = counters(self.gateway.as_ref()).await?;
        let counted = after.zip(before).map_or_else(BTreeMap::new, |(after, before)| after.since(&before));
        Ok((Step::of(name, plan, mix, &tally).with_use(usage, Some(own)).with_counters(counted), tally))
    }

    /// The connections that this mix needs; those of others stay closed.
    fn connect(&mut self, mix: &Mix) -> Result<Vec<Vec<Connection>>, String> {
        let mut lanes = std::mem::take(&mut self.lanes);
        lanes.resize_with(LANES, Vec::new);
        for (place, lane) in lanes.iter_mut().enumerate() {
            let wanted = match Lane::at(place) {
                Lane::Verifier => self.connections,
                Lane::Auditor if mix.has(Kind::Audit) => OTHERS,
                Lane::Consumer if mix.has(Kind::LookUp) => OTHERS,
                Lane::Office(_) if mix.has(Kind::Ingest) || mix.has(Kind::Revoke) => OTHERS,
                _ => 0,
            };
            if lane.len() < wanted {
                let door = self.site.door(&Lane::at(place).caller(), self.address)?;
                lane.resize_with(wanted, || Connection::new(&door));
            }
            lane.truncate(wanted);
        }
        Ok(lanes)
    }

    /// Stops the gateway, if it is ours.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(self) -> Result<(), String> {
        drop(self.lanes);
        match self.gateway {
            Some(gateway) => gateway.stop().await,
            None => Ok(()),
        }
    }
}

async fn counters(gateway: Option<&Gateway>) -> Result<Option<Counters>, String> {
    match gateway {
        Some(gateway) => gateway.counters().await.map(Some),
        None => Ok(None),
    }
}

/// As many callers as there are connections: what a server does at most.
#[must_use]
pub fn saturating(connections: usize) -> Load {
    Load::Closed { callers: crate::number::count(connections) }
}
