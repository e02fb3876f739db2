//! A connection that has to say what it speaks before a timer ends: hyper waits for the preface of HTTP/2 as long as it takes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{self, Sleep};

/// The length of the client's preface (RFC 9113 section 3.4); no request of HTTP/1.1 with a host is shorter. Once so much was read, the
/// timers of hyper take over: header timeout and keepalive.
const PREFACE_BYTES: usize = 24;

/// See the module.
#[derive(Debug)]
pub(super) struct FirstBytes<I> {
    io: I,
    /// How many of the first bytes are still to come.
    missing: usize,
    /// Gone with the last of them.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<I> FirstBytes<I> {
    /// Gives up `timeout` from now, unless the first bytes have come by then.
    pub(super) fn new(io: I, timeout: Duration) -> Self {
        Self { io, missing: PREFACE_BYTES, timer: Some(Box::pin(time::sleep(timeout))) }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for FirstBytes<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        let Some(timer) = &mut self.timer else { return polled };
        if polled.is_pending() {
            ready!(timer.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.missing = self.missing.saturating_sub(buf.filled().len() - before);
        if self.missing == 0 {
            self.timer = None;
        }
        polled
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for FirstBytes<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
