//! Closing a connection so that its last answer arrives.
//!
//! A socket that is closed while the client still sends is reset, and the reset may overtake the answer that said why. So what
//! still comes is read and thrown away for a short while, within limits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Semaphore;

/// How long a connection lingers.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Connections that linger at the same time; further ones are closed at once.
static PLACES: Semaphore = Semaphore::const_new(256);

/// A stream that lingers when it is dropped, unless the client has ended its side.
#[derive(Debug)]
pub(super) struct Lingering<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    stream: Option<S>,
    bytes_max: u64,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Lingering<S> {
    /// Throws away at most so many bytes in the end.
    pub(super) const fn new(stream: S, bytes_max: u64) -> Self {
        Self { stream: Some(stream), bytes_max, ended: false }
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut S>> {
        self.get_mut().stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Drop for Lingering<S> {
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take().filter(|_| !self.ended) else { return };
        let (Ok(place), Ok(runtime)) = (PLACES.try_acquire(), tokio::runtime::Handle::try_current()) else { return };
        let bytes_max = self.bytes_max;
        runtime.spawn(async move {
            let _place = place;
            let drain = async {
                stream.shutdown().await?;
                tokio::io::copy(&mut stream.take(bytes_max), &mut tokio::io::sink()).await
            };
            // Whether the client took its time or went away makes no difference now.
            drop(tokio::time::timeout(TIME_MAX, drain).await);
        });
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncRead for Lingering<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = ready!(self.as_mut().stream()?.poll_read(cx, buffer));
        self.ended |= outcome.is_err() || buffer.filled().len() == before && buffer.remaining() > 0;
        Poll::Ready(outcome)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncWrite for Lingering<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}
