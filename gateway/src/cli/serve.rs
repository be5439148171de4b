//! `licet serve --config FILE`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Failure, arguments, config as config_command, notify};
use crate::admin::Admin;
use crate::anchor::{self, Anchor};
use crate::app::{self, App};
use crate::backing_up::journal::Last;
use crate::config::{Config, Faults};
use crate::control::Control;
use crate::live::Live;
use crate::server::{Drained, Server};
use crate::shutdown::{Hangups, Shutdown, Trigger};
use crate::trust::renewal;
use crate::{
    backing_up, clock, condition, hot_keys, logging, memory_watch, owed, reload, resealing, routes, shutdown, status,
    supervision, sweep, telemetry, witness,
};

const USAGE: &str = "Runs the gateway until SIGTERM or Ctrl-C, then lets running requests finish.

Usage: licet serve --config FILE

  --config FILE  the configuration (TOML); licet config check FILE says what is wrong with one";

/// Runs the gateway until SIGTERM or SIGINT, then drains.
pub(super) fn run(parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let Some(file) = arguments::read(parser, (USAGE, "serve --config FILE"), &mut [])? else { return Ok(ExitCode::SUCCESS) };
    let config = Config::read(&file)?;
    logging::start(&config.log);
    runtime()?.block_on(async {
        let unwatched = |error| Failure::Work(format!("signals cannot be watched: {error}"));
        // Before anybody is told that it serves: a signal to read the configuration again must not end it, and one to stop must drain it.
        let hangups = shutdown::hangups().map_err(unwatched)?;
        let mut stops = shutdown::stops().map_err(unwatched)?;
        let running = Running::start(&config).await.map_err(|failure| failure.in_file(&file))?;
        running.follow(hangups);
        for fault in config_command::exposed(&file).err().unwrap_or_default().iter() {
            tracing::warn!(what = fault.message, "not only its owner can change the configuration");
        }
        // Said to whoever started it, whatever the level of the log, which has stderr to itself.
        println!("licet serves on https://{}; health and metrics on http://{}", running.address, running.admin_address);
        notify::tell(notify::READY);
        stops.next().await;
        notify::tell(notify::STOPPING);
        running.stop().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Threads on which everything runs.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Work(format!("threads cannot be started: {error}")))
}

/// A gateway that serves.
pub(super) struct Running {
    /// Address of the public listener.
    pub(super) address: SocketAddr,
    /// Address of the listener for metrics and health.
    pub(super) admin_address: SocketAddr,
    live: Arc<Live>,
    anchor: Anchor,
    shutdown: Shutdown,
    trigger: Trigger,
    public: JoinHandle<Drained>,
    admin: JoinHandle<()>,
    control: JoinHandle<()>,
    status: JoinHandle<()>,
    turns: JoinHandle<()>,
    spans: JoinHandle<()>,
    journal: JoinHandle<Last>,
}

impl Running {
    /// Opens everything that the configuration names, then the ports.
    pub(super) async fn start(config: &Config) -> Result<Self, Failure> {
        // Before anything is verified: what is loaded below is.
        hot_keys::limit(config.cache.sm2_tables_mib);
        let store = app::open_store(&config.storage, &config.memory)?;
        let anchor = Anchor::of(config);
        // Before anything is signed of it.
        anchor.check(&store, &config.storage.path).map_err(Faults::from)?;
        let app = App::build(config, routes::TABLE, store)?;
        let cannot_bind = |key: &str, error: std::io::Error| Failure::Work(format!("{key} cannot be bound: {error}"));
        let live = Live::new(Arc::clone(&app));
        let public = Server::bind(config.server.listen).await.map_err(|error| cannot_bind("server.listen", error))?;
        let admin = Admin::bind(config.admin.listen).await.map_err(|error| cannot_bind("admin.listen", error))?;
        let socket = config.socket();
        let control =
            Control::bind(&socket).map_err(|error| cannot_bind(&format!("{} (admin.socket)", socket.display()), error))?;
        let (address, admin_address) = (public.address(), admin.address());
        let recorded = app.recorder.note_start(&app.settings, app.trust.current().generation(), clock::now()).await;
        recorded.map_err(|error| Failure::Work(format!("the start cannot be put on record: {error}")))?;
        let (trigger, shutdown) = shutdown::channel();
        tracing::info!(listen = %address, admin = %admin_address, version = env!("CARGO_PKG_VERSION"), "serving");
        let admin = tokio::spawn(admin.run(Arc::clone(&live), shutdown.clone()));
        // It ends with the signal to stop; nothing that it still does would be missed.
        drop(tokio::spawn(renewal::run(Arc::clone(&live), shutdown.clone())));
        // It ends with the signal to stop; nothing that it still does would be missed.
        drop(tokio::spawn(status::staple::run(Arc::clone(&live), shutdown.clone())));
        let status = tokio::spawn(status::run(Arc::clone(&live), shutdown.clone()));
        // It ends with the signal to stop; what a witness then still signs is asked for again after a restart.
        drop(tokio::spawn(witness::run(Arc::clone(&live), shutdown.clone())));
        if app.doubt.is_there() {
            tracing::warn!("the store was restored, and nothing is vouched for until licet restore confirm");
        }
        // They end with the signal to stop: an anchor may be behind the store, and a backup that is cut short is none.
        drop(tokio::spawn(anchor::run(Arc::clone(&live), anchor.clone(), shutdown.clone())));
        let (opened, is_open) = oneshot::channel();
        let journal = tokio::spawn(backing_up::journal::run(Arc::clone(&live), opened, shutdown.clone()));
        drop(tokio::spawn(backing_up::run(Arc::clone(&live), is_open, shutdown.clone())));
        // It ends with the signal to stop.
        drop(tokio::spawn(condition::run(Arc::clone(&live), shutdown.clone())));
        let spans = tokio::spawn(telemetry::run(Arc::clone(&live), shutdown.clone()));
        // It ends with the signal to stop, from when on nothing new comes.
        drop(tokio::spawn(memory_watch::run(Arc::clone(&live), shutdown.clone())));
        // It ends with the signal to stop; what it did not let go, the next start does.
        drop(tokio::spawn(sweep::run(app.store().clone(), shutdown.clone())));
        // It ends with the signal to stop; where it was, the next start goes on.
        drop(tokio::spawn(resealing::run(app.store().clone(), app.metrics.resealing.clone(), shutdown.clone())));
        let turns = tokio::spawn(supervision::run(Arc::clone(&live), shutdown.clone()));
        let control = tokio::spawn(control.run(Arc::clone(&live)));
        let public = tokio::spawn(public.run(Arc::clone(&live), shutdown.clone()));
        Ok(Self {
            address,
            admin_address,
            live,
            anchor,
            shutdown,
            trigger,
            public,
            admin,
            control,
            status,
            turns,
            spans,
            journal,
        })
    }

    /// Reads the configuration again from now on when a signal says so, or when its files have changed.
    fn follow(&self, hangups: Hangups) {
        // It ends with the signal to stop; nothing that it still does would be missed.
        drop(tokio::spawn(reload::run(Arc::clone(&self.live), hangups, self.shutdown.clone())));
    }

    /// Stops accepting, lets running requests finish, and ends.
    pub(super) async fn stop(self) -> Result<Drained, Failure> {
        tracing::info!("stopping: no new connections, running requests finish");
        self.trigger.stop();
        let drained = self.public.await.map_err(|error| Failure::Work(format!("the listener broke down: {error}")))?;
        self.admin.abort();
        self.control.abort();
        // It has seen the signal too; nothing that it still does would be missed.
        self.status.abort();
        // It takes one more turn, so that no figures are lost.
        drop(self.turns.await);
        // It sends what is left.
        drop(self.spans.await);
        let app = self.live.current();
        let generation = app.trust.current().generation();
        owed::settle(&app).await;
        // What failed was said in the log; nothing else is left to do about it.
        drop(app.recorder.note_stop(generation, clock::now()).await);
        if let Err(error) = self.anchor.write_last(app.store().logs()).await {
            tracing::error!(%error, "the anchor could not be replaced");
        }
        // Behind everything that is committed: the next start goes on from there.
        if let Ok(journal) = self.journal.await {
            journal.write().await;
        }
        tracing::info!(cut = drained.cut, "stopped");
        Ok(drained)
    }
}
