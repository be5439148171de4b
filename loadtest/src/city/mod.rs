//! A whole city on this machine: departments of a profile, a gateway in a process of its own, and look-ups in an open loop.
//!
//! What comes back is held against what the departments are known to have: whether each answer is about its subject, whether what
//! could have come in time did, and whether every look-up was answered by its deadline.

mod judge;
mod load;
mod options;
mod print;
mod site;
mod web;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

pub use options::{HELP, Options};
pub use print::Report;
use site::Site;
use web::Web;

use crate::departments::{Department, Departments, Latency};
use crate::server::{Gateway, Pin};

/// How long a department that is asked at once is asked about the same things directly and through the gateway, in look-ups.
const COMPARED: u64 = 2_000;

/// Runs all of it, and says what came of it. Nothing is left running.
///
/// # Errors
/// What did not work, in a sentence.
pub async fn run(options: &Options) -> Result<Report, String> {
    let profile = options.profile.clone();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let departments = Departments::bind(address, profile.clone()).await.map_err(|error| error.to_string())?;
    let listening = departments.address().map_err(|error| error.to_string())?;
    let seen = departments.seen();
    let serving = tokio::spawn(departments.run());
    let site = Site::write(&options.folder, &profile, listening)?;
    let gateway = Gateway::start(&options.licet, &site.folder, &site.folder.join("licet.toml"), Pin::Nowhere).await?;
    let consumer = Web::new(gateway.address, site.client("consumer"))?;
    site.introduce(gateway.address).await?;
    let compared = if is_one_fast(&profile.departments) {
        Some(load::compare(&consumer, &profile, listening, COMPARED).await?)
    } else {
        None
    };
    let before = seen();
    let measured = load::open_loop(&consumer, &profile, options).await?;
    // What was asked twice, or late, may still be under way.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked = before.iter().zip(seen()).map(|(before, after)| after.questions - before.questions).collect();
    let metrics = gateway.metrics().await?;
    gateway.stop().await?;
    serving.abort();
    Ok(Report { profile, deadline: options.deadline, measured, asked, compared, metrics })
}

/// Whether there is but one department, which answers at once: then brokering can be compared with asking directly.
fn is_one_fast(departments: &[Department]) -> bool {
    matches!(departments, [Department { latency: Latency::Fixed { ms }, .. }] if *ms == 0.0)
}
