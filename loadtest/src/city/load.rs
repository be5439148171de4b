//! Look-ups, sent when they are due and not when the one before has its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::judge::Judged;
use super::options::Options;
use super::site::ITEM;
use super::web::Web;
use crate::departments::{Profile, number};
use crate::time::now;

/// People that only warm things up.
const WARM: u64 = 10_000_000;

/// What was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// From when each look-up was due to when all of its answer was there, sorted.
    pub times: Vec<Duration>,
    /// What came of the answers.
    pub judged: Judged,
}

/// The same question asked directly and through the gateway, and how many look-ups there were in a second at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    /// Half of the direct answers came within.
    pub direct: Duration,
    /// Half of those through the gateway.
    pub through: Duration,
    /// Look-ups a second of 64 callers that each wait for their answer.
    pub per_second: f64,
}

/// Looks up so many people a second, each once.
pub(super) async fn open_loop(web: &Web, profile: &Profile, options: &Options) -> Result<Measured, String> {
    let connections: Vec<_> = (0..options.connections).map(|_| Arc::new(web.another())).collect();
    for (place, web) in (0..).zip(&connections) {
        // The handshakes, and the first calls of everybody, are not measured.
        look_up(web, WARM + place, options.deadline).await?;
    }
    let profile = Arc::new(profile.clone());
    let total = u64::from(options.rate) * u64::from(options.seconds);
    let (started, pause) = (now(), Duration::from_secs(1) / options.rate);
    let (mut tasks, mut measured) = (JoinSet::new(), Measured::default());
    for (person, web) in (0..total).zip(connections.iter().cycle()) {
        let due = started + pause * u32::try_from(person).unwrap_or(u32::MAX);
        tokio::time::sleep_until(due.into()).await;
        let (web, profile, deadline) = (Arc::clone(web), Arc::clone(&profile), options.deadline);
        tasks.spawn(async move {
            let answer = look_up(&web, person, deadline).await;
            let took = now().saturating_duration_since(due);
            let mut judged = Judged::default();
            judged.add(&profile, person, deadline, answer.ok().flatten().as_ref());
            (took, judged)
        });
        while let Some(ended) = tasks.try_join_next() {
            measured.add(ended.map_err(|error| error.to_string())?);
        }
    }
    while let Some(ended) = tasks.join_next().await {
        measured.add(ended.map_err(|error| error.to_string())?);
    }
    measured.times.sort_unstable();
    Ok(measured)
}

impl Measured {
    fn add(&mut self, (took, judged): (Duration, Judged)) {
        self.times.push(took);
        self.judged.merge(judged);
    }
}

/// One look-up; nothing where it is not answered with 200.
async fn look_up(web: &Web, person: u64, deadline: Duration) -> Result<Option<Value>, String> {
    let body = json!({ "subject": { "code_type": "111", "code": number(person) }, "item": ITEM, "resources": "item" });
    let deadline = deadline.as_millis().to_string();
    let (status, answer) = web.post("/v1/lookups", &[("licet-deadline", &deadline)], body.to_string().into_bytes()).await?;
    Ok((status == 200).then(|| serde_json::from_slice(&answer).ok()).flatten())
}

/// Asks the one department of a profile by turns directly and through the gateway.
pub(super) async fn compare(web: &Web, profile: &Profile, department: SocketAddr, times: u64) -> Result<Compared, String> {
    let name = profile.departments.first().map(|department| department.name.clone()).unwrap_or_default();
    let stream = TcpStream::connect(department).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for person in 0..times {
        let body = json!({ "number": number(2 * WARM + person) }).to_string();
        let request = Request::post(format!("/departments/{name}/query")).header("host", "localhost");
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let asked = now();
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        answer.into_body().collect().await.map_err(|error| error.to_string())?;
        direct.push(now().saturating_duration_since(asked));
        let asked = now();
        look_up(web, 3_000_000 + person, Duration::from_millis(1000)).await?.ok_or("a look-up was not answered")?;
        through.push(now().saturating_duration_since(asked));
    }
    let per_second = saturate(web, times).await?;
    Ok(Compared { direct: median(direct), through: median(through), per_second })
}

/// How many look-ups 64 callers get answered in a second, who each wait for their answer.
async fn saturate(web: &Web, times: u64) -> Result<f64, String> {
    let (started, mut tasks) = (now(), JoinSet::new());
    let web = Arc::new(web.another());
    for caller in 0..64 {
        let web = Arc::clone(&web);
        tasks.spawn(async move {
            for person in (4_000_000..4_000_000 + 4 * times).skip(caller).step_by(64) {
                look_up(&web, person, Duration::from_millis(1000)).await?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| error.to_string())??;
    }
    let took = now().saturating_duration_since(started).as_secs_f64();
    Ok(f64::from(u32::try_from(4 * times).unwrap_or(u32::MAX)) / took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
