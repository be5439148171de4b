//! The floor, measured: the same client and the same TLS against a server that does nothing.

use std::path::Path;

use hyper::body::Bytes;
use tokio::sync::oneshot;

use crate::asks::{Ask, Expectation, LANES, Lane, post};
use crate::bare;
use crate::engine::{Plan, drive};
use crate::mix::{Kind, Mix};
use crate::report::Step;
use crate::server::{Pin, Process, Sampler, cpu_seconds};
use crate::target::Connection;

/// What is sent: as long as a question about a licence.
const QUESTION: &[u8] = b"{\"identifier\":\"1.2.156.3005.2.11100000900000014X001.11990100000001000X.0000000000.001.0\"}";

/// A bare server, and connections to it.
#[derive(Debug)]
pub struct Floor {
    server: Server,
    connections: Vec<Connection>,
}

#[derive(Debug)]
enum Server {
    /// In a process of its own: this program, called again.
    Apart(Box<Process>),
    /// In this process, on a thread of its own: for tests, whose program is another. It ends when this is dropped.
    Within(#[expect(dead_code, reason = "its end is what counts")] oneshot::Sender<()>),
}

impl Floor {
    /// Starts the server: `program` called with `bare`, or a thread of this program.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(program: Option<&Path>, pin: Pin, connections: usize) -> Result<Self, String> {
        let (server, address) = match program {
            Some(program) => {
                let null = std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(|error| error.to_string())?;
                let process = Process::start(pin.command(program).arg("bare"), null).await?;
                let address = process.addresses.first().copied().ok_or("the bare server does not start")?;
                (Server::Apart(Box::new(process)), address)
            }
            None => {
                let (ends, ended) = oneshot::channel::<()>();
                let (told, address) = oneshot::channel();
                std::thread::spawn(move || within(told, ended));
                (Server::Within(ends), address.await.map_err(|_gone| "the bare server does not start".to_owned())?)
            }
        };
        let door = bare::door(address)?;
        Ok(Self { server, connections: (0..connections.max(1)).map(|_| Connection::new(&door)).collect() })
    }

    /// Measures it.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn measure(&mut self, name: &str, plan: &Plan) -> Result<Step, String> {
        let mut lanes: Vec<Vec<Connection>> = (0..LANES).map(|_| Vec::new()).collect();
        if let Some(lane) = lanes.get_mut(Lane::Verifier.place()) {
            lane.append(&mut self.connections);
        }
        let request: Bytes = post("/", "application/json", QUESTION);
        let ask = || {
            let expectation = Expectation::PASSED;
            Ok(Ask { kind: Kind::VerifyIdHot, lane: Lane::Verifier, request: request.clone(), expectation })
        };
        let process = match &self.server {
            Server::Apart(process) => process.id(),
            Server::Within(_) => None,
        };
        let (sampler, before) = (process.map(Sampler::start), cpu_seconds());
        let (tally, mut back) = drive(plan, lanes, ask).await?;
        let own = cpu_seconds() - before;
        self.connections.extend(back.drain(..).flatten());
        let step = Step::of(name, plan, &Mix::of(Kind::VerifyIdHot), &tally);
        Ok(step.with_use(sampler.map(Sampler::end), process.map(|_| own)))
    }
}

/// Serves on a thread until nobody wants it any more.
fn within(told: oneshot::Sender<std::net::SocketAddr>, ended: oneshot::Receiver<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(listener) = bare::bind().await else { return };
        let Ok(address) = listener.local_addr() else { return };
        // Where nobody waits for it any more, it ends at once.
        told.send(address).unwrap_or_default();
        tokio::select! {
            _ = bare::serve(listener) => {}
            _ = ended => {}
        }
    });
}
