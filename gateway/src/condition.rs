//! In what condition the gateway is: the disk and the clock under it, the anchor, and whether operators have stopped it. A new configuration
//! changes none of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crypto::record::EventKind;
use crypto::time::Timestamp;
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};
use serde_json::json;
use storage::{StorageError, Store};

use crate::admin::{self, Health};
use crate::anchor_watch::AnchorWatch;
use crate::app::App;
use crate::clock;
use crate::clock_watch::ClockWatch;
use crate::disk_watch::{self, DiskWatch};
use crate::live::Live;
use crate::maintenance::Maintenance;
use crate::owed::{self, Owed};
use crate::shutdown::Shutdown;

/// How often the clocks are compared.
const EVERY: Duration = Duration::from_secs(1);

/// The condition of one gateway.
#[derive(Debug)]
pub struct Condition {
    /// The disk under the store.
    pub disk: DiskWatch,
    /// The anchor beside it.
    pub anchor: AnchorWatch,
    /// The wall clock.
    pub clock: ClockWatch,
    /// Whether changes and look-ups are stopped.
    pub maintenance: Maintenance,
    /// What operators did that is not on record yet.
    pub owed: Owed,
    /// What looks whether it can do its work.
    pub health: Health,
}

impl Condition {
    /// As the record says, with everything else still to be seen.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn recall(store: &Store) -> Result<Arc<Self>, StorageError> {
        let maintenance = Maintenance::recall(store.logs())?;
        let health = Health::new(admin::checks());
        let (disk, anchor, clock, owed) = Default::default();
        Ok(Arc::new(Self { disk, anchor, clock, maintenance, owed, health }))
    }
}

/// What the metrics tell of it.
#[derive(Clone, Debug)]
pub struct Tally {
    /// How each check of `/ready` ended.
    pub ready: GaugeVec,
    /// Free space on the disk under the store, in bytes.
    pub free: IntGauge,
    /// How often the disk did not answer in time.
    pub stalls: IntCounter,
    /// Jumps of the clock.
    pub jumps: IntCounter,
    /// Seconds until certificates end.
    pub expires: IntGaugeVec,
    /// Answers that were given without a record.
    pub unrecorded: IntCounterVec,
    /// Reads that found stored bytes damaged.
    pub damaged: IntGauge,
}

impl Tally {
    /// Makes the metrics.
    ///
    /// # Errors
    /// When one is malformed, which is a fault of this file.
    pub fn new() -> prometheus::Result<Self> {
        let ready = Opts::new("licet_ready", "How each check of /ready ended: 1 ready, 0.5 degraded, 0 not ready");
        let expires = Opts::new("licet_certificate_expires_seconds", "Time until a certificate of the gateway's own use ends");
        let unrecorded = Opts::new("licet_unrecorded_answers_total", "Answers given although no record could be made");
        Ok(Self {
            ready: GaugeVec::new(ready, &["check"])?,
            free: IntGauge::new("licet_disk_free_bytes", "Free space on the disk under the store")?,
            stalls: IntCounter::new("licet_disk_stalls_total", "Times that the disk did not answer a write in time")?,
            jumps: IntCounter::new("licet_clock_jumps_total", "Jumps of the clock of the machine")?,
            expires: IntGaugeVec::new(expires, &["name"])?,
            unrecorded: IntCounterVec::new(unrecorded, &["route"])?,
            damaged: IntGauge::new("licet_storage_damaged_reads", "Reads that found stored bytes damaged, since the start")?,
        })
    }

    /// Brings up to date what changes by time alone.
    pub fn measure(&self, app: &App, now: Timestamp) {
        if let Some(Ok(free_mib)) = app.condition.disk.seen().free_mib {
            self.free.set(i64::try_from(free_mib << 20).unwrap_or(i64::MAX));
        }
        self.damaged.set(i64::try_from(app.store().damaged_reads()).unwrap_or(i64::MAX));
        for expiry in &app.expiries {
            self.expires.with_label_values(&[&expiry.name]).set(expiry.left_s(now));
        }
    }

    /// Everything that is measured.
    #[must_use]
    pub fn collectors(&self) -> [Box<dyn Collector>; 7] {
        [
            Box::new(self.ready.clone()),
            Box::new(self.free.clone()),
            Box::new(self.stalls.clone()),
            Box::new(self.jumps.clone()),
            Box::new(self.expires.clone()),
            Box::new(self.unrecorded.clone()),
            Box::new(self.damaged.clone()),
        ]
    }
}

/// Watches disk and clock until it is time to stop. A disk that hangs keeps nobody from seeing the clock.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let disk = tokio::spawn(disk_watch::run(Arc::clone(&live), shutdown.clone()));
    loop {
        let app = live.current();
        look_at_clock(&app, (clock::unix_ms(), clock::instant())).await;
        owed::settle(&app).await;
        drop(app);
        if tokio::time::timeout(EVERY, shutdown.requested()).await.is_ok() {
            break;
        }
    }
    // It has seen the signal too; nothing that it still does would be missed.
    disk.abort();
}

/// Looks at both clocks, of which the first shows milliseconds since 1970. A jump is counted, said in the log, and put on record.
pub async fn look_at_clock(app: &App, (wall_ms, at): (i64, Instant)) {
    let Some(jump) = app.condition.clock.look(wall_ms, at, app.config.record.clock_jump_s_max.into()) else { return };
    app.metrics.condition.jumps.inc();
    tracing::error!(by_s = jump.by_s, "the clock of the machine jumped");
    let details = BTreeMap::from([("by_s".to_owned(), json!(jump.by_s))]);
    let trust = app.trust.current().generation();
    if let Err(error) = app.recorder.note_own(EventKind::ClockJump, details, trust, jump.at).await {
        tracing::error!(code = error.code(), %error, "the jump of the clock is not on record");
    }
}
