//! Answers that are not read. Flow control lets a client ask for much and take nothing: what was made for it is held until it is taken, and
//! no timer of HTTP/2 minds, as long as pings are answered. So an answer goes out in pieces, each of which knows when it has left this
//! process, and a connection with a piece that does not leave is ended, which lets everything go that was held for it.
//!
//! A piece is watched from the moment at which HTTP/2 takes it until its last byte is with the operating system (a short one: in what HTTP/2 is
//! about to hand it, 16 KiB at most), wherever it waits in between: for the window of its call, for that of the connection, or for the socket. A byte now and then does not help a client: it is
//! whole pieces that have to leave. Absent from here: handlers that are slow to answer, which have their deadlines.

mod budget;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{self, Instant};
use tonic::Status;
use tonic::body::Body;

pub(super) use self::budget::Budget;
use self::budget::Hold;

/// The longest piece: a frame as large as every client takes (RFC 9113 section 4.2).
const PIECE_OCTETS_MAX: usize = 16 << 10;
/// A short answer, which most are, or what is left of a longer one, goes out in pieces that h2 copies behind what it has to send already (it does so below 256 octets); a
/// longer piece it sends by itself, in a packet of its own with what came before it.
const COPIED_OCTETS_MAX: usize = 255;
/// How long a short answer is: a few such pieces.
const SHORT_OCTETS_MAX: usize = 1 << 10;
/// How long a piece may wait while memory is short.
const PATIENCE_STRAINED: Duration = Duration::from_secs(1);

/// Counts the pieces of one connection that have not left yet. Time is cut into turns, and a piece counts for the turn that it began in:
/// so nothing has to be kept for a piece but which of two numbers it stands in.
#[derive(Debug)]
pub(super) struct Unread {
    budget: Arc<Budget>,
    /// Pieces of this turn and of the one before.
    waiting: [AtomicUsize; 2],
    /// Which of the two is this turn's.
    turn: AtomicUsize,
}

impl Unread {
    /// For one connection; `budget` is that of all.
    pub(super) fn new(budget: Arc<Budget>) -> Arc<Self> {
        Arc::new(Self { budget, waiting: Default::default(), turn: AtomicUsize::new(0) })
    }

    /// Ends when a piece has waited too long: longer than half of `patience`, not longer than all of it. Patience is shorter while memory is.
    pub(super) async fn stalled(&self, patience: Duration) {
        let mut strained = self.budget.strained();
        let mut began = Instant::now();
        loop {
            let is_strained = *strained.borrow_and_update();
            let patience = if is_strained { patience.min(PATIENCE_STRAINED) } else { patience };
            tokio::select! {
                () = time::sleep_until(began + patience / 2) => {}
                // The turn that is under way gets its new length.
                _ = strained.changed() => continue,
            }
            if !self.begin_turn() {
                return;
            }
            began = Instant::now();
        }
    }

    /// Ends a turn, if no piece of the one before it is still here.
    fn begin_turn(&self) -> bool {
        let before = self.turn.load(Ordering::Relaxed) ^ 1;
        let all_left = self.waiting[before].load(Ordering::Relaxed) == 0;
        if all_left {
            self.turn.store(before, Ordering::Relaxed);
        }
        all_left
    }

    /// The same octets, counted until they are dropped.
    fn piece(self: &Arc<Self>, octets: Bytes, hold: Option<Arc<Hold>>) -> Bytes {
        let turn = self.turn.load(Ordering::Relaxed);
        self.waiting[turn].fetch_add(1, Ordering::Relaxed);
        Bytes::from_owner(Piece { octets, unread: Arc::clone(self), turn, _hold: hold })
    }
}

/// Octets on their way.
struct Piece {
    octets: Bytes,
    unread: Arc<Unread>,
    /// In which of the two numbers it is counted.
    turn: usize,
    /// Of all the data that the piece is a part of and keeps in memory.
    _hold: Option<Arc<Hold>>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.unread.waiting[self.turn].fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, in pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    inner: Body,
    /// What is left of the data that `inner` gave last.
    rest: Bytes,
    /// Of that data.
    hold: Option<Arc<Hold>>,
    unread: Arc<Unread>,
}

impl Pieces {
    fn new(inner: Body, unread: Arc<Unread>) -> Self {
        Self { inner, rest: Bytes::new(), hold: None, unread }
    }

    /// Takes more data; a long answer is given up where there is no room for it.
    fn take(&mut self, data: Bytes) -> Result<(), Status> {
        let budget = &self.unread.budget;
        let hold = match data.len() {
            0..=PIECE_OCTETS_MAX => Some(budget.hold_anyway(data.len())),
            _ => budget.hold(data.len()),
        };
        self.hold = Some(hold.ok_or_else(|| Status::resource_exhausted("too many answers are not read"))?);
        self.rest = data;
        Ok(())
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_frame(cx)).transpose()?.map(Frame::into_data) {
                None => return Poll::Ready(None),
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                Some(Ok(data)) => self.take(data)?,
            }
        }
        let piece_max = if self.rest.len() <= SHORT_OCTETS_MAX { COPIED_OCTETS_MAX } else { PIECE_OCTETS_MAX };
        let length = self.rest.len().min(piece_max);
        let octets = self.rest.split_to(length);
        let hold = if self.rest.is_empty() { self.hold.take() } else { self.hold.clone() };
        Poll::Ready(Some(Ok(Frame::data(self.unread.piece(octets, hold)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

pin_project! {
    /// Waits for an answer and takes it apart.
    pub(super) struct InPieces<F> {
        #[pin]
        inner: F,
        unread: Arc<Unread>,
    }
}

impl<F> InPieces<F> {
    /// The answer of `inner`, watched by `unread`.
    pub(super) fn new(inner: F, unread: Arc<Unread>) -> Self {
        Self { inner, unread }
    }
}

impl<F, E> Future for InPieces<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Pieces>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx))?;
        Poll::Ready(Ok(answer.map(|inner| Pieces::new(inner, Arc::clone(this.unread)))))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn body(octets: usize, unread: &Arc<Unread>) -> Pieces {
        let whole = Bytes::from((0..octets).map(|at| at as u8).collect::<Vec<_>>());
        let inner = Body::new(Full::new(whole).map_err(|never| match never {}));
        Pieces::new(inner, Arc::clone(unread))
    }

    #[tokio::test]
    async fn an_answer_arrives_whole_in_pieces_of_a_frame() {
        let unread = Unread::new(Budget::new(1 << 20));
        for octets in [0, 1, 255, 256, 1_024, 1_025, PIECE_OCTETS_MAX, PIECE_OCTETS_MAX + 600, 3 * PIECE_OCTETS_MAX + 5]
        {
            let mut pieces = body(octets, &unread);
            assert_eq!(pieces.size_hint().exact(), Some(octets as u64));
            let (mut lengths, mut whole) = (Vec::new(), Vec::new());
            while let Some(frame) = pieces.frame().await {
                let data = frame.expect("a frame").into_data().expect("data");
                lengths.push(data.len());
                whole.extend_from_slice(&data);
            }
            assert!(lengths.iter().all(|length| (1..=PIECE_OCTETS_MAX).contains(length)), "{lengths:?}");
            let (whole_pieces, rest) = (octets / PIECE_OCTETS_MAX, octets % PIECE_OCTETS_MAX);
            let rest_max = if rest <= SHORT_OCTETS_MAX { COPIED_OCTETS_MAX } else { PIECE_OCTETS_MAX };
            assert_eq!(lengths.len(), whole_pieces + rest.div_ceil(rest_max), "{lengths:?}");
            assert!(whole.iter().enumerate().all(|(at, octet)| *octet == at as u8) && whole.len() == octets);
        }
    }

    #[tokio::test]
    async fn a_piece_may_stay_for_the_rest_of_its_turn_and_one_more() {
        let unread = Unread::new(Budget::new(1 << 20));
        let mut pieces = body(3 * PIECE_OCTETS_MAX, &unread);
        let held = pieces.frame().await;
        assert!(unread.begin_turn(), "it began in this turn");
        let next = pieces.frame().await;
        assert!(!unread.begin_turn(), "a whole turn has passed");
        drop(held);
        assert!(unread.begin_turn());
        drop(next);
        assert!(unread.begin_turn() && unread.begin_turn());
        assert!(unread.waiting.iter().all(|waiting| waiting.load(Ordering::Relaxed) == 0));
    }

    #[tokio::test]
    async fn a_piece_that_stays_is_noticed_in_time() {
        let patience = Duration::from_millis(100);
        let unread = Unread::new(Budget::new(1 << 20));
        let (_held, began) = (body(1, &unread).frame().await, Instant::now());
        time::timeout(Duration::from_secs(10), unread.stalled(patience)).await.expect("noticed");
        assert!(began.elapsed() >= patience / 2);
    }

    #[tokio::test]
    async fn patience_is_short_while_memory_is() {
        let budget = Budget::new(4 * PIECE_OCTETS_MAX);
        let unread = Unread::new(Arc::clone(&budget));
        let patience = Duration::from_secs(3_600);
        let watching =
            async { time::timeout(Duration::from_secs(30), unread.stalled(patience)).await.expect("noticed") };
        // The piece keeps all in memory that it is a part of, and is held after the watch has begun.
        let holding = async { body(3 * PIECE_OCTETS_MAX, &unread).frame().await };
        let ((), _held) = tokio::join!(watching, holding);
    }

    #[tokio::test]
    async fn no_long_answer_begins_without_room() {
        let budget = Budget::new(4 * PIECE_OCTETS_MAX);
        let unread = Unread::new(Arc::clone(&budget));
        let held = body(3 * PIECE_OCTETS_MAX, &unread).frame().await;
        let refused = body(2 * PIECE_OCTETS_MAX, &unread).frame().await.expect("an error");
        assert_eq!(refused.expect_err("no room").code(), tonic::Code::ResourceExhausted);
        assert!(body(PIECE_OCTETS_MAX, &unread).frame().await.is_some_and(|frame| frame.is_ok()), "short ones go");
        drop(held);
        assert!(body(2 * PIECE_OCTETS_MAX, &unread).frame().await.is_some_and(|frame| frame.is_ok()));
    }
}
