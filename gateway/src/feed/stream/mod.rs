//! The feed as server-sent events: told as it happens, for as long as somebody listens.

use std::pin::pin;
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::page::Page;
use super::wake::{News, Wake};
use crate::http::{Code, Cut, Problem};

/// How long nothing is said, at most: who listens learns from it that the connection stands, and how far the feed has come.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long to wait after news before looking: much of it comes together.
const BREATH: Duration = Duration::from_millis(50);

/// How long a stream lasts. Then it ends in order, and who listens asks again: rights, certificates and connections change.
const LIFE_MAX: Duration = Duration::from_secs(30 * 60);

/// What is sent first: how long to wait before asking again, in milliseconds.
const HEAD: &[u8] = b"retry: 2000\n\n";

/// What came of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many events the connection took.
    pub events: u64,
    /// The last of their positions, or how far the feed had come without any.
    pub through: Option<u64>,
    /// Whether it ended in order.
    pub is_complete: bool,
}

/// Somebody who listens.
#[derive(Debug)]
pub struct Subscriber<'a> {
    /// Who wakes it.
    pub wake: &'a Wake,
    /// Where what it is told goes.
    pub out: mpsc::Sender<Result<Bytes, Cut>>,
    /// How long the connection may take nothing.
    pub stall: Duration,
}

/// Nobody listens any more.
struct Gone;

impl Subscriber<'_> {
    /// Tells of everything behind a position, until the listener is gone, may listen no more, or has listened for long.
    pub async fn serve<F>(self, after: Option<u64>, look: impl FnMut(Option<u64>) -> F) -> Delivered
    where
        F: Future<Output = Result<Page, Problem>> + Send,
    {
        let mut delivered = Delivered { through: after, ..Delivered::default() };
        let ended = tokio::time::timeout(LIFE_MAX, self.tell(&mut delivered, look)).await;
        delivered.is_complete = matches!(ended, Ok(Ok(())) | Err(_));
        delivered
    }

    async fn tell<F>(&self, delivered: &mut Delivered, mut look: impl FnMut(Option<u64>) -> F) -> Result<(), Gone>
    where
        F: Future<Output = Result<Page, Problem>> + Send,
    {
        self.send(Bytes::from_static(HEAD)).await?;
        let mut after = delivered.through;
        let mut beat = pin!(tokio::time::sleep(HEARTBEAT));
        loop {
            let page = match look(after).await {
                Ok(page) => page,
                Err(problem) if problem.code() == Code::Overloaded => {
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
                // What was granted is granted no more.
                Err(problem) if problem.code() == Code::FeedNotGranted => return Ok(()),
                Err(_) => {
                    // Whoever listens learns that this is not the end of the feed. If it is gone, there is nobody to tell.
                    drop(self.out.send_timeout(Err(Cut), self.stall).await);
                    return Err(Gone);
                }
            };
            after = page.next;
            if !page.events.is_empty() {
                self.send(text(&page).into()).await?;
                delivered.events = delivered.events.saturating_add(u64::try_from(page.events.len()).unwrap_or(u64::MAX));
                delivered.through = page.events.last().map(|event| event.position);
                beat.set(tokio::time::sleep(HEARTBEAT));
            }
            if !page.is_end {
                continue;
            }
            tokio::select! {
                biased;
                () = self.out.closed() => return Err(Gone),
                () = &mut beat => {
                    self.send(heartbeat(after, delivered.through)).await?;
                    delivered.through = after;
                    beat.set(tokio::time::sleep(HEARTBEAT));
                }
                news = self.wake.news(page.size) => match news {
                    News::Look => tokio::time::sleep(BREATH).await,
                    News::Closing => return Ok(()),
                },
            }
        }
    }

    async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.out.send_timeout(Ok(bytes), self.stall).await.map_err(|_gone| Gone)
    }
}

/// The events of a page (HTML, 9.2): data in one line, as JSON has no line breaks of its own.
fn text(page: &Page) -> Vec<u8> {
    let mut text = Vec::new();
    for event in &page.events {
        // Our own types always serialise.
        let data = serde_json::to_string(event).unwrap_or_default();
        text.extend_from_slice(format!("id: {}\nevent: {}\ndata: {data}\n\n", event.position, event.event).as_bytes());
    }
    text
}

/// A comment; or, where the feed has come further without an event, the position alone, which dispatches no event and is where the
/// listener goes on from.
fn heartbeat(after: Option<u64>, known: Option<u64>) -> Bytes {
    match after.filter(|_| after != known) {
        Some(position) => format!("id: {position}\n\n").into(),
        None => Bytes::from_static(b":\n\n"),
    }
}

#[cfg(test)]
mod tests;
