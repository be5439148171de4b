//! An answer on its way out, with what it holds until its last byte has left.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Buf, Bytes, Frame, SizeHint};

use super::activity::Running;
use crate::http::{Cut, Outgoing};

/// The body of an answer as it leaves. What it holds is given back when every piece has been written or given up.
pub(super) struct Leaving {
    body: Outgoing,
    running: Arc<Running>,
}

/// A piece of an answer, which somebody below has until it is written.
pub(super) struct Piece {
    bytes: Bytes,
    _running: Arc<Running>,
}

impl Leaving {
    pub(super) fn new(body: Outgoing, running: Running) -> Self {
        Self { body, running: Arc::new(running) }
    }
}

impl Body for Leaving {
    type Data = Piece;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, Cut>>> {
        let Self { body, running } = self.get_mut();
        let piece = |bytes| Piece { bytes, _running: Arc::clone(running) };
        Pin::new(body).poll_frame(cx).map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}
