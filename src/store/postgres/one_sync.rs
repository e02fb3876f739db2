//! One Sync for the statements of a unit that leave together. tokio-postgres ends every statement with a Sync of its own; the server answers
//! each in a packet of its own, and each packet wakes the process that waits for the last. So a stream stands between the two that takes out
//! every such Sync but the last, and puts the answer to it, ReadyForQuery, back where tokio-postgres looks for it. (Message Flow, Pipelining, in
//! the server's manual.)
//!
//! Between a unit's BEGIN, which is a prepared statement too, and its end, what each statement comes to is the same with one Sync as with
//! many: after an error nothing is run, in either case. Elsewhere the statements under one Sync would be one transaction, so there each keeps
//! its own. What counts is that BEGIN was sent, and not how it was answered: were it refused, the server would skip all that shares its Sync,
//! and refuse what comes after that, since the session is read-only (`connect`).
//!
//! COPY, whose Syncs go unanswered, is refused here. Whatever else does not add up ends the connection, and nobody waits for an answer that
//! does not come. What the server owes is known here, so it is also here that one that owes it for too long is given up ([`patience`]).

mod inside_tls;
mod patience;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) use self::inside_tls::OneSyncInside;
use self::patience::Patience;
use super::units::{BEGIN, COMMIT};

/// Octets of a message before its body: its kind, and its length, which counts itself and the body.
const HEAD: usize = 5;

/// Messages to the server.
mod question {
    pub(super) const BIND: u8 = b'B';
    pub(super) const COPY: [u8; 3] = *b"dcf";
    pub(super) const EXECUTE: u8 = b'E';
    pub(super) const PARSE: u8 = b'P';
    pub(super) const QUERY: u8 = b'Q';
    pub(super) const SYNC: u8 = b'S';
}

/// Messages from the server.
mod answer {
    pub(super) const COMMAND_COMPLETE: u8 = b'C';
    pub(super) const EMPTY_QUERY: u8 = b'I';
    pub(super) const ERROR: u8 = b'E';
    pub(super) const PORTAL_SUSPENDED: u8 = b's';
    pub(super) const READY_FOR_QUERY: u8 = b'Z';
}

/// ReadyForQuery, inside of a transaction that goes on.
const READY: &[u8] = b"Z\0\0\0\x05T";
/// ReadyForQuery, inside of a transaction that failed.
const READY_TO_END: &[u8] = b"Z\0\0\0\x05E";
/// What the server says to a statement of such a transaction, `in_failed_sql_transaction`.
const NOT_RUN: &[u8] =
    b"E\0\0\0\x55SERROR\0VERROR\0C25P02\0Mcurrent transaction is aborted, a statement before failed\0\0";

/// A stream to the server, for tokio-postgres to speak on from the first message.
pub(super) struct OneSync<S> {
    stream: S,
    questions: Questions,
    answers: Answers,
    patience: Patience,
    /// What is to be written still.
    leaving: BytesMut,
    /// What is to be read before what the stream has.
    arrived: BytesMut,
}

impl<S> OneSync<S> {
    /// Over a stream on which nothing was said, and on which the server may owe an answer for so long.
    pub(super) fn over(stream: S, silence_max: Duration) -> Self {
        Self {
            stream,
            questions: Questions::default(),
            answers: Answers::default(),
            patience: Patience::of(silence_max),
            leaving: BytesMut::new(),
            arrived: BytesMut::new(),
        }
    }
}

/// What is said to the server.
#[derive(Default)]
struct Questions {
    /// Whether the first message was said, which has no kind.
    has_begun: bool,
    /// What the statement that begins a unit is called, once it was prepared.
    begin: Option<Vec<u8>>,
    /// Whether that was said, and no simple query since.
    in_unit: bool,
    /// Whether COMMIT was among what was said last. It takes as long as it takes.
    commits: bool,
}

impl Questions {
    /// Appends to `leaving` what goes out of whole messages that leave together, and to `syncs`, for each Sync that does (or what is answered
    /// like one), how many were taken out before it.
    fn pass(&mut self, messages: &[u8], leaving: &mut BytesMut, syncs: &mut VecDeque<usize>) -> io::Result<()> {
        if !self.has_begun {
            self.has_begun = true;
            leaving.extend_from_slice(messages);
            return Ok(());
        }
        let (mut rest, mut before, mut taken_out) = (messages, 0, 0);
        self.commits = false;
        while !rest.is_empty() {
            let (kind, message) = first(rest)?;
            rest = &rest[message.len()..];
            match kind {
                question::SYNC
                    if self.in_unit && before == question::EXECUTE && rest.first() == Some(&question::BIND) =>
                {
                    taken_out += 1;
                    before = kind;
                    continue;
                }
                question::SYNC => syncs.push_back(std::mem::take(&mut taken_out)),
                question::PARSE => self.note(&message[HEAD..]),
                question::BIND => self.in_unit |= self.begins(&message[HEAD..]),
                question::QUERY => {
                    self.in_unit = false;
                    self.commits = text(&message[HEAD..]).0 == COMMIT.as_bytes();
                    syncs.push_back(0);
                }
                kind if question::COPY.contains(&kind) => return Err(broken("COPY")),
                _ => {}
            }
            before = kind;
            leaving.extend_from_slice(message);
        }
        Ok(())
    }

    /// Notes what BEGIN is called. (What has no name is another statement each time.)
    fn note(&mut self, parse: &[u8]) {
        let (name, rest) = text(parse);
        if !name.is_empty() && text(rest).0 == BEGIN.as_bytes() {
            self.begin = Some(name.to_owned());
        }
    }

    /// Whether that statement is BEGIN.
    fn begins(&self, bind: &[u8]) -> bool {
        let (_portal, rest) = text(bind);
        self.begin.as_deref() == Some(text(rest).0)
    }
}

/// A text at the front of a message's body, and what stands behind it.
fn text(body: &[u8]) -> (&[u8], &[u8]) {
    let end = body.iter().position(|octet| *octet == 0).unwrap_or(body.len());
    (&body[..end], body.get(end + 1..).unwrap_or_default())
}

/// The first of whole messages, with its kind.
fn first(messages: &[u8]) -> io::Result<(u8, &[u8])> {
    let cut = || broken("a part of a message");
    let (head, _) = messages.split_at_checked(HEAD).ok_or_else(cut)?;
    let length = 1 + u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let message = messages.get(..length.max(HEAD)).ok_or_else(cut)?;
    Ok((head[0], message))
}

/// What neither side says on such a stream.
fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} among the messages to or from PostgreSQL"))
}

/// What the server says.
#[derive(Default)]
struct Answers {
    /// For each ReadyForQuery to come, how many are to be put before it.
    syncs: VecDeque<usize>,
    /// The head of the message under way, as far as it came.
    head: [u8; HEAD],
    head_length: usize,
    /// How much of its body is to come.
    body_left: usize,
}

impl Answers {
    /// Whether something was asked that is not answered.
    fn is_owed(&self) -> bool {
        !self.syncs.is_empty()
    }

    /// What tokio-postgres gets to read, where it is something else than `octets`.
    fn complete(&mut self, octets: &[u8]) -> io::Result<Option<BytesMut>> {
        let mut completed: Option<BytesMut> = None;
        let (mut at, mut passed) = (0, 0);
        while at < octets.len() {
            at += self.take(&octets[at..]);
            if self.head_length == HEAD && self.body_left == 0 {
                self.head_length = 0;
                let missing = self.missing_after(self.head[0])?;
                if !missing.is_empty() {
                    let completed = completed.get_or_insert_default();
                    completed.extend_from_slice(&octets[passed..at]);
                    completed.extend_from_slice(&missing);
                    passed = at;
                }
            }
        }
        if let Some(completed) = &mut completed {
            completed.extend_from_slice(&octets[passed..]);
        }
        Ok(completed)
    }

    /// Takes what belongs to the message under way off the front; how much that is.
    fn take(&mut self, octets: &[u8]) -> usize {
        if self.head_length == HEAD {
            let taken = self.body_left.min(octets.len());
            self.body_left -= taken;
            return taken;
        }
        let taken = (HEAD - self.head_length).min(octets.len());
        self.head[self.head_length..][..taken].copy_from_slice(&octets[..taken]);
        self.head_length += taken;
        if let (HEAD, [_, length @ ..]) = (self.head_length, self.head) {
            self.body_left = (u32::from_be_bytes(length) as usize).saturating_sub(length.len());
        }
        taken
    }

    /// What the server would have said after a message, had no Sync been taken out.
    fn missing_after(&mut self, kind: u8) -> io::Result<Vec<u8>> {
        match (kind, self.syncs.front_mut()) {
            (answer::READY_FOR_QUERY, Some(1..)) => Err(broken("an early end")),
            (answer::READY_FOR_QUERY, _) => {
                self.syncs.pop_front();
                Ok(Vec::new())
            }
            (answer::COMMAND_COMPLETE | answer::EMPTY_QUERY | answer::PORTAL_SUSPENDED, Some(missing @ 1..)) => {
                *missing -= 1;
                Ok(READY.to_vec())
            }
            (answer::ERROR, Some(missing @ 1..)) => {
                Ok([READY_TO_END, NOT_RUN].concat().repeat(std::mem::take(missing)))
            }
            _ => Ok(Vec::new()),
        }
    }
}

impl<S: AsyncWrite + Unpin> OneSync<S> {
    /// Writes what is leaving.
    fn poll_leave(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.leaving.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.leaving))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.leaving.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for OneSync<S> {
    /// Takes all of the messages: tokio-postgres hands over those that it has, whole, and flushes.
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, messages: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_leave(context))?;
        this.questions.pass(messages, &mut this.leaving, &mut this.answers.syncs)?;
        if this.questions.commits {
            this.patience.rest();
        } else if this.answers.is_owed() {
            this.patience.asked();
            this.patience.check(context)?;
        }
        Poll::Ready(Ok(messages.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_leave(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_leave(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for OneSync<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.arrived.has_remaining() {
            let before = buffer.filled().len();
            let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) else {
                this.patience.check(context)?;
                return Poll::Pending;
            };
            read?;
            let completed = this.answers.complete(&buffer.filled()[before..])?;
            this.patience.heard(this.answers.is_owed());
            let Some(completed) = completed else { return Poll::Ready(Ok(())) };
            buffer.set_filled(before);
            this.arrived = completed;
        }
        let fits = this.arrived.len().min(buffer.remaining());
        buffer.put_slice(&this.arrived.split_to(fits));
        Poll::Ready(Ok(()))
    }
}
