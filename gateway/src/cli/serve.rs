//! `licet serve --config FILE`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use lexopt::prelude::*;

use super::Failure;
use crate::admin::{Admin, Check, Health, rehearse_verification};
use crate::app::{self, App};
use crate::config::Config;
use crate::server::{self, Server};
use crate::{clock, logging, routes, shutdown};

/// Runs the gateway until SIGTERM or SIGINT, then drains.
pub(super) fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    let mut file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => file = Some(PathBuf::from(parser.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("usage: licet serve --config FILE".to_owned()))?;
    let config = Config::read(&file)?;
    logging::start(&config.log);
    let tls = server::tls_config(&config.server)?;
    let app = App::build(&config, routes::TABLE, app::open_store(&config.storage)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Work(format!("threads cannot be started: {error}")))?;
    runtime.block_on(serve(&config, app, tls))
}

async fn serve(config: &Config, app: Arc<App>, tls: Arc<rustls::ServerConfig>) -> Result<ExitCode, Failure> {
    let cannot_bind = |key: &str, error: std::io::Error| Failure::Work(format!("{key} cannot be bound: {error}"));
    let public = Server::bind(config.server.listen).await.map_err(|error| cannot_bind("server.listen", error))?;
    let admin = Admin::bind(config.admin.listen).await.map_err(|error| cannot_bind("admin.listen", error))?;
    let (trigger, shutdown) = shutdown::channel();
    tracing::info!(listen = %public.address(), admin = %admin.address(), version = env!("CARGO_PKG_VERSION"), "serving");

    let health = Arc::new(Health::new(vec![verify_check(), store_check(&app)]));
    let admin = tokio::spawn(admin.run(Arc::clone(&app), health, shutdown.clone()));
    let public = tokio::spawn(public.run(app, tls, shutdown));
    shutdown::on_signal().await.map_err(|error| Failure::Work(format!("signals cannot be watched: {error}")))?;
    tracing::info!("stopping: no new connections, running requests finish");
    trigger.stop();
    let drained = public.await.map_err(|error| Failure::Work(format!("the listener broke down: {error}")))?;
    admin.abort();
    tracing::info!(cut = drained.cut, "stopped");
    Ok(ExitCode::SUCCESS)
}

/// Verifies a document of our own making.
fn verify_check() -> (&'static str, Check) {
    ("verify", Box::new(|| rehearse_verification(clock::now())))
}

/// Writes to the store and reads back.
fn store_check(app: &Arc<App>) -> (&'static str, Check) {
    let app = Arc::clone(app);
    ("store", Box::new(move || app.store().probe(clock::now()).map_err(|error| error.to_string())))
}
