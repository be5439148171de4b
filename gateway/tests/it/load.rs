//! The load tool against the gateway as people run it: every kind of request is answered as it must be, and nobody who asks after a
//! revocation was acknowledged is told that the licence is good.
//!
//! What depends on the machine is not asserted: how long answers take is measured by `licet-load`.

use std::path::PathBuf;
use std::time::Duration;

use loadtest::arrivals::Rhythm;
use loadtest::engine::{Load, Plan};
use loadtest::mix::Kind;
use loadtest::rig::{Rig, Settings};
use loadtest::server::Pin;
use loadtest::stale;

use crate::pki::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_answered_and_no_revocation_is_missed() {
    let folder = Folder::new();
    let settings = Settings {
        licet: Some(PathBuf::from(env!("CARGO_BIN_EXE_licet"))),
        own: None,
        folder: folder.path().join("load"),
        seed: 7,
        licences: 400,
        hot: 50,
        connections: 8,
        pin: Pin::Nowhere,
        address: None,
        anywhere: false,
        overlay: None,
    };
    let mut rig = Rig::start(&settings).await.unwrap();
    let all = Kind::ALL.map(Kind::name).join(",");
    let plan = Plan::new(Load::Open { per_second: 100, rhythm: Rhythm::Random }, Duration::from_secs(2)).cold();
    let (step, _) = rig.measure("all kinds", &all.parse().unwrap(), &plan).await.unwrap();
    assert!(step.all.good > 100 && step.all.bad() == 0, "{:#?}", step.kinds);
    assert_eq!(step.kinds.len(), Kind::ALL.len());
    assert!(step.usage.unwrap().rss_most > 1_000_000);
    assert!(step.counters.keys().any(|name| name.starts_with("licet_log_records_total")));

    let found = stale::watch(&mut rig, 3, 4).await.unwrap();
    assert!(found.is_right(), "{found:?}");
    assert!(found.revoked == 3 && found.answers >= 3 * 4 * 12, "{found:?}");
    rig.stop().await.unwrap();

    // The same folder again: nothing is handed in twice, and what is revoked is not revoked again.
    let mut rig = Rig::start(&settings).await.unwrap();
    let (step, _) = rig.measure("again", &"verify-id=8,ingest=1,revoke=1".parse().unwrap(), &plan).await.unwrap();
    assert!(step.all.good > 100 && step.all.bad() == 0, "{:#?}", step.kinds);
    rig.stop().await.unwrap();

    let mut floor = settings.floor().await.unwrap();
    let step = floor.measure("floor", &plan).await.unwrap();
    assert!(step.all.good > 100 && step.all.bad() == 0, "{:#?}", step.kinds);
}
