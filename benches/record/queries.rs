//! What auditors ask: pages of a seal's uses, a document, proofs.

use crypto::digest::Sha256;
use crypto::record::{EventKind, LogName};
use storage::Store;
use storage::log::{Order, Query};

use benches::measure::{quantiles, timed};
use benches::subjects::{SEALS, mixed, seal};

const ROUNDS: u64 = 1000;

pub(crate) fn run(store: &Store) -> Result<(), String> {
    let logs = store.logs();
    let size = logs.size(LogName::Seal).map_err(|error| error.to_string())?;
    let ask = |what: &str, query: &dyn Fn(u64) -> Query| {
        let mut times = Vec::new();
        let mut rows = 0;
        for round in 0..ROUNDS {
            let query = query(mixed(round));
            let (hits, took) = timed(|| logs.search(LogName::Seal, &query, Order::NewestFirst, None, 50));
            rows += hits.map_err(|error| error.to_string())?.rows.len();
            times.push(took);
        }
        println!("query      {what}: {} ({} rows in {ROUNDS} pages of 50)", quantiles(times), rows);
        Ok::<_, String>(())
    };
    ask("by seal", &|chance| Query { seal: Some(seal(chance % SEALS)), ..Query::default() })?;
    ask("by document", &|chance| {
        let document = Sha256::of(&[&(chance % size.max(1)).to_be_bytes()]);
        Query { document: Some(document), ..Query::default() }
    })?;
    ask("by seal, item and event", &|chance| Query {
        seal: Some(seal(chance % (SEALS / 50))),
        item: Some(format!("000136{:06}", chance % 700)),
        event: Some(EventKind::SealUse),
        ..Query::default()
    })?;
    let published = logs.published(LogName::Seal).ok_or("nothing is published")?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let number = published.first + mixed(round) % published.size.max(1);
        let (proof, took) = timed(|| logs.inclusion(number, &published));
        proof.map_err(|error| error.to_string())?;
        times.push(took);
    }
    println!("proof      of inclusion: {}", quantiles(times));
    Ok(())
}
