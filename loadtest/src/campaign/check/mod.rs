//! What is looked at after every restart: everything that was acknowledged must be there, revocations first.

mod codes;
mod licences;
mod logs;
mod matters;
mod uses;

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::task::JoinSet;

use super::scene::{Came, Scene};

/// Connections that ask.
const LINES: usize = 8;
/// How often a question is asked again that got no answer.
const TRIES: u32 = 5;

/// Looks at everything.
///
/// # Errors
/// The harness itself cannot go on. What is wrong with the gateway goes into the ledger.
pub(super) async fn everything(scene: &Arc<Scene>) -> Result<(), String> {
    licences::ended(scene).await?;
    licences::doubtful(scene).await?;
    licences::in_force(scene).await?;
    uses::recorded(scene).await?;
    codes::spent(scene).await?;
    matters::grants(scene).await?;
    matters::objections(scene).await?;
    matters::items(scene).await?;
    logs::grown(scene).await
}

/// Asks all of these over several connections, in no certain order.
async fn each<T: Send + 'static>(
    scene: &Arc<Scene>,
    (caller, kind): (&str, &'static str),
    questions: Vec<(T, Bytes)>,
    may_refuse: &'static [u16],
) -> Result<Vec<(T, Came)>, String> {
    let mut shares: Vec<Vec<(T, Bytes)>> = (0..LINES).map(|_| Vec::new()).collect();
    for (place, question) in questions.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(place % LINES) {
            share.push(question);
        }
    }
    let mut asking = JoinSet::new();
    for share in shares.into_iter().filter(|share| !share.is_empty()) {
        let mut line = scene.line(caller)?;
        asking.spawn(async move {
            let mut answers = Vec::new();
            for (what, question) in share {
                let mut came = Came::Unsure;
                for _ in 0..TRIES {
                    came = line.ask(kind, &question, may_refuse).await;
                    if came != Came::Unsure {
                        break;
                    }
                }
                answers.push((what, came));
            }
            answers
        });
    }
    let mut all = Vec::new();
    while let Some(answers) = asking.join_next().await {
        all.extend(answers.map_err(|error| error.to_string())?);
    }
    let silent = all.iter().filter(|(_, came)| *came == Came::Unsure).count();
    if silent > 0 {
        scene.ledger().blame(format!("after the restart {silent} of {} questions ({kind}) are not answered", all.len()));
    }
    Ok(all)
}

/// One question of one caller.
async fn one(scene: &Arc<Scene>, who: (&str, &'static str), question: Bytes, may_refuse: &'static [u16]) -> Result<Came, String> {
    let answers = each(scene, who, vec![((), question)], may_refuse).await?;
    Ok(answers.into_iter().next().map_or(Came::Unsure, |(_, came)| came))
}
