//! The work in the background: the configuration is read again when a signal says so, or when its files have changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::watch::{Watch, look};
use super::{How, reload};
use crate::app::App;
use crate::config::Config;
use crate::live::Live;
use crate::shutdown::{Hangups, Shutdown};

/// Reads the configuration again whenever there is reason to, until it is time to stop.
pub async fn run(live: Arc<Live>, mut hangups: Hangups, mut shutdown: Shutdown) {
    let mut watch = Watch::default();
    loop {
        let app = live.current();
        let (every, mut changes) = (app.config.reload.look_every(), live.changes());
        drop(app);
        let by = tokio::select! {
            () = shutdown.requested() => return,
            () = hangups.next() => "signal",
            // How often to look may be another matter now.
            _ = changes.changed() => continue,
            () = pause(every) => {
                if !have_changed(&live, &mut watch).await {
                    continue;
                }
                tracing::debug!("files of the configuration have changed");
                "files"
            }
        };
        // What is wrong is noted and logged where it is found, and is tried again with the next change.
        drop(reload(&live, How::InForce, by).await);
        watch.has_read(live.current().reloads.refusals());
    }
}

async fn pause(every: Option<Duration>) {
    match every {
        Some(every) => tokio::time::sleep(every).await,
        None => std::future::pending().await,
    }
}

async fn have_changed(live: &Live, watch: &mut Watch) -> bool {
    let app = live.current();
    let refusals = app.reloads.refusals();
    // A file system that hangs holds a thread, and not the signals.
    match tokio::task::spawn_blocking(move || look(files(&app))).await {
        Ok(now) => watch.is_due(now, refusals),
        Err(_) => false,
    }
}

/// The file of the configuration, and those that it names.
fn files(app: &App) -> Vec<PathBuf> {
    let own: Vec<PathBuf> = app.config.origin().file().map(Path::to_owned).into_iter().collect();
    let mut files = own.clone();
    files.extend(app.config.files().into_iter().map(|(_, file)| file));
    // What was refused may wait for a file that only it names, or for one of trust.
    let refused = own.first().filter(|_| app.reloads.refusals().is_some()).and_then(|own| Config::read(own).ok());
    if let Some(refused) = refused {
        files.extend(refused.files().into_iter().map(|(_, file)| file));
        files.extend(refused.trust_files());
    }
    files
}
