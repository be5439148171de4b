//! What leaves over the control socket: one JSON text, or a line of JSON for each step of long work.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Refused, Reply};

/// The body of an answer.
pub(super) enum Content {
    Whole(Option<Bytes>),
    Lines(mpsc::Receiver<Value>),
}

pub(super) fn response(outcome: Result<Reply, Refused>) -> Response<Content> {
    let (status, media, content) = match outcome {
        Ok(Reply::Whole(value)) => (StatusCode::OK, "application/json", Content::Whole(Some(line(&value)))),
        Ok(Reply::Lines(lines)) => (StatusCode::OK, "application/x-ndjson", Content::Lines(lines)),
        Err(refused) => {
            let told = json!({ "status": refused.status.as_u16(), "code": refused.code, "detail": refused.detail });
            (refused.status, "application/problem+json", Content::Whole(Some(line(&told))))
        }
    };
    let mut response = Response::new(content);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Lines(lines) => lines.poll_recv(cx).map(|value| value.map(|value| Ok(Frame::data(line(&value))))),
        }
    }
}
