//! The work in the background: the configuration is read again when a signal says so, or when its files have changed.

use std::sync::Arc;
use std::time::Duration;

use super::watch::{Watch, look};
use super::{How, reload};
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
                "files"
            }
        };
        // What is wrong is noted and logged where it is found, and is tried again with the next change.
        drop(reload(&live, How::InForce, by).await);
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
    let own = app.config.origin().file().map(std::path::Path::to_owned);
    let files = own.into_iter().chain(app.config.files().into_iter().map(|(_, file)| file)).collect();
    // A file system that hangs holds a thread, and not the signals.
    match tokio::task::spawn_blocking(move || look(files)).await {
        Ok(now) => watch.is_due(now),
        Err(_) => false,
    }
}
