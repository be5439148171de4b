//! Streams of events, with a log that is made of numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crypto::record::{Ending, EventKind, Facts};
use crypto::time::Timestamp;
use storage::log::Draft;
use storage::{Keys, Store};

use super::super::event::FeedEvent;
use super::*;

const AT: Timestamp = Timestamp::from_unix(1_790_000_000);

fn event(position: u64) -> FeedEvent {
    let event = EventKind::SealStop;
    FeedEvent { position, at: AT, event, operation: None, status: None, effective_at: AT, licence: None, seal: None }
}

/// Every tenth record is an event; at most three on a page.
fn page(after: Option<u64>, size: u64) -> Page {
    let from = after.map_or(0, |after| after + 1);
    let events: Vec<_> = (from..size).filter(|number| number % 10 == 0).take(3).map(event).collect();
    let end = if events.len() == 3 { events[2].position + 1 } else { size };
    Page { events, next: end.checked_sub(1).max(after), is_end: end == size, size }
}

struct World {
    store: Store,
    wake: Arc<Wake>,
    size: Arc<AtomicU64>,
}

impl World {
    fn new(size: u64) -> Self {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let wake = Arc::new(Wake::by(store.logs()));
        Self { store, wake, size: Arc::new(AtomicU64::new(size)) }
    }

    fn listen(&self, after: Option<u64>) -> (mpsc::Receiver<Result<Bytes, Cut>>, tokio::task::JoinHandle<Delivered>) {
        let (out, taken) = mpsc::channel(4);
        let (wake, size) = (Arc::clone(&self.wake), Arc::clone(&self.size));
        let work = async move {
            let subscriber = Subscriber { wake: &wake, out, stall: Duration::from_secs(60) };
            subscriber.serve(after, |after| std::future::ready(Ok(page(after, size.load(Ordering::SeqCst))))).await
        };
        (taken, tokio::spawn(work))
    }

    fn grows(&self, size: u64) {
        self.size.store(size, Ordering::SeqCst);
        let facts = Facts::new(EventKind::SealStop, Ending::Done, "office".to_owned());
        self.store.logs().append_and_wait(&[Draft::new(AT, facts)]).unwrap();
    }
}

async fn next(taken: &mut mpsc::Receiver<Result<Bytes, Cut>>) -> String {
    String::from_utf8(taken.recv().await.unwrap().unwrap().to_vec()).unwrap()
}

fn ids(text: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")).map(|id| id.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_there_and_what_comes() {
    let world = World::new(45);
    let (mut taken, work) = world.listen(Some(3));
    assert_eq!(next(&mut taken).await, "retry: 2000\n\n");
    let first = next(&mut taken).await;
    assert_eq!(ids(&first), [10, 20, 30]);
    assert!(first.starts_with("id: 10\nevent: seal.stop\ndata: {\"position\":10,"), "{first}");
    assert_eq!(ids(&next(&mut taken).await), [40]);
    // Nothing comes: the position goes on once, and then a comment says that somebody is there.
    assert_eq!(next(&mut taken).await, "id: 44\n\n");
    assert_eq!(next(&mut taken).await, ":\n\n");
    world.grows(51);
    assert_eq!(ids(&next(&mut taken).await), [50]);
    world.wake.close();
    assert_eq!(work.await.unwrap(), Delivered { events: 5, through: Some(50), is_complete: true });
    assert!(taken.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_does_not_last_for_ever() {
    let world = World::new(1);
    let (mut taken, work) = world.listen(None);
    let begun = tokio::time::Instant::now();
    while taken.recv().await.is_some() {}
    assert_eq!(begun.elapsed(), LIFE_MAX);
    assert_eq!(work.await.unwrap(), Delivered { events: 1, through: Some(0), is_complete: true });
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_goes_or_stalls_ends_it() {
    let world = World::new(1_000);
    let (mut taken, work) = world.listen(None);
    next(&mut taken).await;
    drop(taken);
    assert!(!work.await.unwrap().is_complete);
    // Four pieces wait, and the fifth is not waited for for ever.
    let (taken, work) = world.listen(None);
    let delivered = work.await.unwrap();
    assert_eq!((delivered.events, delivered.is_complete), (9, false));
    drop(taken);
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_a_cut_and_what_is_granted_no_more_an_end() {
    for (code, is_cut) in [(Code::Unavailable, true), (Code::RecordRetired, true), (Code::FeedNotGranted, false)] {
        let world = World::new(0);
        let (out, mut taken) = mpsc::channel(4);
        let subscriber = Subscriber { wake: &world.wake, out, stall: Duration::from_secs(60) };
        let tries = AtomicU64::new(0);
        let look = |_| {
            let code = if tries.fetch_add(1, Ordering::SeqCst) == 0 { Code::Overloaded } else { code };
            std::future::ready(Err(code.into()))
        };
        assert_eq!(subscriber.serve(None, look).await.is_complete, !is_cut);
        next(&mut taken).await;
        assert_eq!(taken.recv().await, is_cut.then_some(Err(Cut)));
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }
}
