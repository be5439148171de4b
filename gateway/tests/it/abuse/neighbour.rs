//! Another caller, which asks all the time while somebody misbehaves, and must not notice.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

use crate::client::{Client, Http, get};

/// How long one answer may take at most. It takes a millisecond; but machines that run tests are busy.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Asks for this until the abuse has ended, at least so often. Every answer must be right, and come in time.
pub(super) async fn unharmed<T>(neighbour: &Client, path: &str, at_least: usize, abuse: impl Future<Output = T>) -> T {
    unharmed_by(neighbour, &get(path), at_least, abuse).await
}

/// The same with any request.
pub(super) async fn unharmed_by<T>(
    neighbour: &Client,
    request: &Request<Full<Bytes>>,
    at_least: usize,
    abuse: impl Future<Output = T>,
) -> T {
    let mut connection = neighbour.connect(Http::One).await;
    let mut abuse = std::pin::pin!(abuse);
    let mut ended = None;
    let mut asked = 0;
    while ended.is_none() || asked < at_least {
        let ask = async {
            let reply =
                tokio::time::timeout(WAIT_MAX, connection.send(request.clone())).await.expect("an answer in time").unwrap();
            assert_eq!(reply.status, 200, "{reply:?}");
        };
        let mut ask = std::pin::pin!(ask);
        // Both go on together, and what has ended is not asked again.
        loop {
            tokio::select! {
                () = &mut ask => break,
                end = &mut abuse, if ended.is_none() => ended = Some(end),
            }
        }
        asked += 1;
    }
    let mut fresh = neighbour.connect(Http::Two).await;
    assert_eq!(tokio::time::timeout(WAIT_MAX, fresh.send(request.clone())).await.expect("a new connection").unwrap().status, 200);
    ended.expect("it has ended")
}
