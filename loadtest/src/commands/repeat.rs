//! `licet-load repeat`

use std::fs;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crypto::time::Timestamp;
use loadtest::arrivals::Rhythm;
use loadtest::asks::{Ask, Expectation, LANES, Lane, post};
use loadtest::engine::{Load, Plan, drive};
use loadtest::mix::{Kind, Mix};
use loadtest::report::{Finding, Report, Step};
use loadtest::rig::saturating;
use loadtest::server::{Sampler, cpu_seconds};
use loadtest::target::{Connection, Door, allowed};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::common::{Common, FLAGS, each, rate, read, seconds};
use super::seek::status;
use super::{Done, Failure, thread};

const HELP: &str = "\
licet-load repeat: send one file to any gateway many times, such as that of licet demo, and say how long the answers took

usage: licet-load repeat --cacert FILE --cert FILE --key FILE --body FILE [options]

  --address ADDR       where the gateway listens [127.0.0.1:8443]; with --anywhere also on another machine
  --pid N              which process it is
  --path PATH          what is asked [/v1/verifications]
  --body FILE          what is sent
  --type TYPE          its media type [application/ofd]
  --uncached UNIX      ask about a different past second each time, counted back from here, so that no answer is kept
  --rate N             requests a second; left out, each connection asks again when it has its answer
  --seconds N          for how long [10]
  --requests N         how many at most [1M]
  --connections N      how many at a time [8]
  --out FOLDER         where report.json, report.md and report.html are written; left out, Markdown is printed
";

/// What `repeat` is asked to do.
struct Repeat {
    common: Common,
    address: SocketAddr,
    process: Option<u32>,
    path: String,
    media_type: String,
    body: Vec<u8>,
    uncached: Option<i64>,
    rate: Option<u64>,
    lasts: Duration,
    requests_max: u64,
    /// Authority, certificate and key: PEM.
    pem: [Vec<u8>; 3],
}

/// Sends one file many times.
pub(crate) fn repeat(parser: &mut lexopt::Parser) -> Done {
    let mut repeat = Repeat {
        common: Common::new(),
        address: SocketAddr::from(([127, 0, 0, 1], 8443)),
        process: None,
        path: "/v1/verifications".to_owned(),
        media_type: "application/ofd".to_owned(),
        body: Vec::new(),
        uncached: None,
        rate: None,
        lasts: Duration::from_secs(10),
        requests_max: 1_000_000,
        pem: [Vec::new(), Vec::new(), Vec::new()],
    };
    repeat.common.settings.connections = 8;
    if !each(parser, HELP, &FLAGS, |name, value| repeat.take(name, value))? {
        return Ok(ExitCode::SUCCESS);
    }
    allowed(repeat.address, repeat.common.settings.anywhere).map_err(Failure::Misused)?;
    repeat.common.pin()?;
    let report = thread()?.block_on(repeat.measure()).map_err(Failure::Failed)?;
    repeat.common.publish(&report)?;
    Ok(status(&report))
}

impl Repeat {
    fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        let file = || fs::read(value).map_err(|error| error.to_string());
        let [cacert, cert, key] = &mut self.pem;
        match name {
            "cacert" => *cacert = file()?,
            "cert" => *cert = file()?,
            "key" => *key = file()?,
            "body" => self.body = file()?,
            "address" => self.address = read(value)?,
            "pid" => self.process = Some(read(value)?),
            "path" => self.path = value.to_owned(),
            "type" => self.media_type = value.to_owned(),
            "uncached" => self.uncached = Some(read(value)?),
            "rate" => self.rate = Some(rate(value)?),
            "seconds" => self.lasts = seconds(value)?,
            "requests" => self.requests_max = loadtest::number::read(value)?.clamp(1, 100_000_000),
            "connections" | "anywhere" | "out" | "pin" => return self.common.take(name, value),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn door(&self) -> Result<Arc<Door>, String> {
        let [cacert, cert, key] = &self.pem;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(cacert) {
            roots.add(certificate.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("--key: {error}"))?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.map_err(|error| error.to_string())?, key)
            .map_err(|error| error.to_string())?;
        let name = "localhost".try_into().map_err(|_error| "localhost is no name".to_owned())?;
        Ok(Door::named(self.address, name, Arc::new(config)))
    }

    async fn measure(&self) -> Result<Report, String> {
        let (connections, door) = (self.common.settings.connections, self.door()?);
        let load =
            self.rate.map_or_else(|| saturating(connections), |per_second| Load::Open { per_second, rhythm: Rhythm::Random });
        let plan = Plan { requests_max: self.requests_max, ..Plan::new(load, self.lasts) };
        let mut lanes: Vec<Vec<Connection>> = (0..LANES).map(|_| Vec::new()).collect();
        if let Some(lane) = lanes.get_mut(Lane::Verifier.place()) {
            lane.resize_with(connections, || Connection::new(&door));
        }
        let (same, mut back) = (post(&self.path, &self.media_type, &self.body), 0);
        let next = || {
            let request = match self.uncached {
                Some(from) => {
                    back += 1;
                    let at = Timestamp::from_unix(from).plus(-back);
                    let mark = if self.path.contains('?') { '&' } else { '?' };
                    post(&format!("{}{mark}at={at}", self.path), &self.media_type, &self.body)
                }
                None => same.clone(),
            };
            let expectation = Expectation { statuses: &[200, 201], says: None };
            Ok(Ask { kind: Kind::VerifyFile, lane: Lane::Verifier, request, expectation })
        };
        let (sampler, own) = (self.process.map(Sampler::start), cpu_seconds());
        let (tally, _) = drive(&plan, lanes, next).await?;
        let own = cpu_seconds() - own;
        let step = Step::of("repeat", &plan, &Mix::of(Kind::VerifyFile), &tally);
        let step = step.with_use(sampler.map(Sampler::end), Some(own));
        let mut report = Report::new("One file, many times");
        report.set("gateway", self.address.to_string());
        report.set("connections", connections.to_string());
        report.findings.push(Finding::told("answers", step.line()));
        let bad = step.all.bad();
        report.findings.push(Finding::held("answers that are wrong or missing", bad.to_string(), "0", bad == 0));
        report.steps.push(step);
        report.findings.push(report.kept_time());
        Ok(report)
    }
}
