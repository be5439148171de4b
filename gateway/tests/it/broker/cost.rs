//! What the broker costs beside the call itself, measured in process.

use std::sync::Arc;
use std::time::Duration;

use gateway::broker::{Answer, Broker, Limits, Question, Reply, Settings, Source, State};
use gateway::clock;

use super::kit::{all, question};

/// A source that has nothing, at once.
#[derive(Debug)]
struct AtOnce;

impl Source for AtOnce {
    fn ask<'a>(&'a self, question: &'a Question, _: Duration) -> Answer<'a> {
        Box::pin(async move { Ok(Reply::nothing(question.errand.now)) })
    }
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

#[tokio::test]
#[ignore = "a measurement, which is for machines that do nothing else"]
async fn of_one_question_and_of_twelve() {
    let limits = Limits { negative_ttl_ms: 0, ..Limits::default() };
    let sources = (0..12).map(|n| {
        let source: Arc<dyn Source> = Arc::new(AtOnce);
        (format!("s{n}"), (source, limits.clone()))
    });
    let broker = Arc::new(Broker::new(sources.collect(), Settings::default()));
    for count in [1, 12] {
        let mut took = Vec::new();
        let began = clock::instant();
        for n in 0..10_000 {
            let questions = (0..count).map(|source| question(&format!("s{source}"), &format!("S{n}"))).collect();
            let until = clock::tokio_instant() + Duration::from_millis(800);
            let asked = clock::instant();
            let outcomes = all(broker.scatter(questions, until)).await;
            took.push(asked.elapsed());
            assert!(outcomes.iter().all(|outcome| outcome.state == State::NotFound));
        }
        println!("{count} sources: {:?} at p50, {:?} for 10,000", median(took), began.elapsed());
    }
}
