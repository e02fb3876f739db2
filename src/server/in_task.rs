//! The calls of a connection run in the connection's own task, a few at a time. HTTP/2 would have a task for each: that is a task to make and
//! to wake for every call, and, since a task that was woken runs next, a packet for every answer. Here those that come together are answered
//! together, and their answers leave in one packet.
//!
//! Bounded three ways. Of many calls that come at once the first stay, and the others get tasks of their own, which other cores take. After a
//! few answers those leave, before the next call has its turn. And after a while it is the turn of other tasks, and of what may end the
//! connection. What waits (for a hash, for the database) waits in the connection's task, and is polled when it is woken.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;
use futures_util::{FutureExt, StreamExt};
use hyper::rt::Executor;
use pin_project_lite::pin_project;

/// How many calls stay in the connection's task of those that come at once, and how many answers wait for each other: enough for one packet,
/// too few to keep a core, or an answer, for longer than a packet is worth.
const TOGETHER_MAX: usize = 8;
/// How long a connection works before others have their turn: longer than it takes to answer so many reads.
const TURN_MAX: Duration = Duration::from_micros(500);

/// A call with the way of its answer, as hyper hands it to be run.
type Call = BoxFuture<'static, ()>;

/// The calls of one connection that came and have not begun.
#[derive(Default)]
struct Queue {
    calls: Mutex<Vec<Call>>,
    /// Whether the connection has more to do than it gets done: what comes then gets a task of its own.
    is_behind: AtomicBool,
    /// Says that there are calls.
    alarm: Arc<Alarm>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where hyper puts the calls of a connection. Each call keeps a copy of it, so it must not keep the calls: with the connection they go.
#[derive(Clone)]
pub(super) struct NewCalls(Weak<Queue>);

impl<F> Executor<F> for NewCalls
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, call: F) {
        let Some(queue) = self.0.upgrade() else { return };
        // A call that panics outside of the layer that catches it takes no other along; its stream is reset as it is dropped.
        let call = AssertUnwindSafe(call).catch_unwind().map(drop);
        let mut calls = queue.lock();
        if calls.len() < TOGETHER_MAX && !queue.is_behind.load(Ordering::Relaxed) {
            calls.push(call.boxed());
            queue.alarm.wake_by_ref();
        } else {
            tokio::spawn(call);
        }
    }
}

/// What wakes the connection and its calls. Each answer wakes its connection; while that is at work anyway, it only has to look again: a task
/// that wakes itself is queued once more, and another core is woken to help.
#[derive(Default)]
struct Alarm {
    task: AtomicWaker,
    is_at_work: AtomicBool,
    rang: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rang.store(true, Ordering::SeqCst);
        if !self.is_at_work.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

pin_project! {
    /// A connection with the calls that run in its task. It ends with the connection; calls that are not answered by then are dropped, as
    /// nobody waits for them.
    pub(super) struct WithCalls<C> {
        #[pin]
        connection: C,
        queue: Arc<Queue>,
        running: FuturesUnordered<Call>,
        // Of the queue's alarm.
        waker: Waker,
        turn_max: Duration,
    }
}

impl<C> WithCalls<C> {
    /// The connection that `serve` makes; its new calls are to go where `serve` is told.
    pub(super) fn new(serve: impl FnOnce(NewCalls) -> C) -> Self {
        let queue = Arc::<Queue>::default();
        let connection = serve(NewCalls(Arc::downgrade(&queue)));
        let waker = Waker::from(Arc::clone(&queue.alarm));
        Self { connection, queue, running: FuturesUnordered::new(), waker, turn_max: TURN_MAX }
    }

    /// The connection itself.
    pub(super) fn connection(self: Pin<&mut Self>) -> Pin<&mut C> {
        self.project().connection
    }
}

impl<C: Future> WithCalls<C> {
    /// Works until there is nothing to do, or it is the turn of others. Calls come first: whatever a client sends meanwhile, those that it has
    /// begun go on, and their deadlines are heard.
    fn work(self: Pin<&mut Self>) -> Poll<C::Output> {
        let mut this = self.project();
        let mut cx = Context::from_waker(this.waker);
        let rang = &this.queue.alarm.rang;
        let began = Instant::now();
        let is_over = || began.elapsed() > *this.turn_max;
        let mut was_idle = false;
        loop {
            rang.store(false, Ordering::SeqCst);
            this.running.extend(this.queue.lock().drain(..));
            let mut answered = 0;
            while answered < TOGETHER_MAX
                && let Poll::Ready(Some(())) = this.running.poll_next_unpin(&mut cx)
            {
                answered += 1;
                if is_over() {
                    break;
                }
            }
            // Sends what was answered, and takes what came.
            if let Poll::Ready(ended) = this.connection.as_mut().poll(&mut cx) {
                return Poll::Ready(ended);
            }
            let is_behind = is_over();
            this.queue.is_behind.store(is_behind, Ordering::Relaxed);
            if is_behind {
                rang.store(true, Ordering::SeqCst);
                return Poll::Pending;
            }
            // An alarm without an answer is worth one more look; after that it is for the runtime, which may have to let others go first.
            let is_idle = answered == 0;
            if is_idle && (was_idle || !rang.load(Ordering::SeqCst)) {
                return Poll::Pending;
            }
            was_idle = is_idle && this.queue.lock().is_empty();
        }
    }
}

impl<C: Future> Future for WithCalls<C> {
    type Output = C::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let alarm = Arc::clone(&self.queue.alarm);
        alarm.task.register(cx.waker());
        alarm.is_at_work.store(true, Ordering::SeqCst);
        let worked = self.as_mut().work();
        alarm.is_at_work.store(false, Ordering::SeqCst);
        // Whoever rang before that was heard by nobody but this.
        if worked.is_pending() && alarm.rang.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
        }
        worked
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{pending, poll_fn, ready};
    use std::rc::Rc;
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    /// Longer than any test.
    const NO_END: Duration = Duration::from_secs(3_600);

    /// Counts how often the task is woken.
    struct Outer(AtomicUsize);

    impl Wake for Outer {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn outer() -> (Arc<Outer>, Waker) {
        let outer = Arc::new(Outer(AtomicUsize::new(0)));
        (Arc::clone(&outer), Waker::from(outer))
    }

    /// A connection that takes a batch of calls each of the first times it is polled, never ends, and counts how often it is polled: each time
    /// it would send what has been answered.
    fn served(
        batches: Vec<Vec<Call>>,
        turn_max: Duration,
        polls: &Rc<Cell<usize>>,
    ) -> Pin<Box<impl Future<Output = ()> + use<>>> {
        let (polls, mut batches) = (Rc::clone(polls), batches.into_iter());
        let mut served = WithCalls::new(move |new| {
            Box::pin(poll_fn(move |_| {
                polls.set(polls.get() + 1);
                batches.next().into_iter().flatten().for_each(|call| new.execute(call));
                Poll::Pending
            }))
        });
        served.turn_max = turn_max;
        Box::pin(served)
    }

    fn batch(call: impl Fn() -> Call) -> Vec<Call> {
        (0..TOGETHER_MAX).map(|_| call()).collect()
    }

    #[test]
    fn answers_of_calls_that_come_together_leave_together() {
        let polls = Rc::default();
        let mut served = served(vec![batch(|| ready(()).boxed())], NO_END, &polls);
        assert_eq!((&mut served).now_or_never(), None);
        assert_eq!(polls.get(), 3, "to take the calls, to send the answers, and to see that there is no more");
    }

    #[test]
    fn no_answer_waits_for_more_than_a_few_others() {
        let (polls, open) = (Rc::default(), Arc::new(Notify::new()));
        let waiting = || {
            let open = Arc::clone(&open);
            async move { open.notified().await }.boxed()
        };
        let mut served = served(vec![batch(waiting), batch(waiting)], NO_END, &polls);
        for _ in 0..3 {
            assert_eq!((&mut served).now_or_never(), None);
        }
        let before = polls.get();
        open.notify_waiters();
        assert_eq!((&mut served).now_or_never(), None);
        assert_eq!(polls.get() - before, 3, "half of them are sent, then the other half, and there is no more");
    }

    #[tokio::test]
    async fn of_many_at_once_most_get_tasks_of_their_own() {
        let (polls, answered) = (Rc::default(), Arc::new(AtomicUsize::new(0)));
        let counted = || {
            let answered = Arc::clone(&answered);
            async move {
                let _before = answered.fetch_add(1, Ordering::SeqCst);
            }
            .boxed()
        };
        let mut served = served(vec![(0..100).map(|_| counted()).collect()], NO_END, &polls);
        assert_eq!((&mut served).now_or_never(), None);
        assert_eq!(answered.load(Ordering::SeqCst), TOGETHER_MAX, "the first, in the connection's task");
        let others = async {
            while answered.load(Ordering::SeqCst) < 100 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), others).await.expect("the others, in theirs");
    }

    #[tokio::test]
    async fn who_is_behind_leaves_others_their_turn_and_new_calls_their_tasks() {
        let (polls, answered) = (Rc::default(), Arc::new(AtomicUsize::new(0)));
        let (outer, waker) = outer();
        let counted = || {
            let answered = Arc::clone(&answered);
            async move {
                let _before = answered.fetch_add(1, Ordering::SeqCst);
            }
            .boxed()
        };
        let mut served = served(vec![batch(counted), batch(counted)], Duration::ZERO, &polls);
        let mut turn = || assert!(served.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        turn();
        for turns in 1..=3 {
            let woken = outer.0.load(Ordering::SeqCst);
            turn();
            assert_eq!(answered.load(Ordering::SeqCst), turns, "one answer a turn, whatever the connection does");
            assert_eq!(outer.0.load(Ordering::SeqCst), woken + 1, "and it asks for another");
        }
        tokio::task::yield_now().await;
        assert_eq!(answered.load(Ordering::SeqCst), 3 + TOGETHER_MAX, "those that came meanwhile had their own tasks");
    }

    #[test]
    fn an_answer_does_not_queue_its_connection_again() {
        let (outer, waker) = outer();
        // As h2's do, calls wake their connection when they answer.
        let of_connection = Arc::new(Mutex::new(None::<Waker>));
        let (shared, mut is_first) = (Arc::clone(&of_connection), true);
        let mut served = WithCalls::new(move |new| {
            Box::pin(poll_fn(move |cx| {
                *shared.lock().unwrap() = Some(cx.waker().clone());
                let answered = cx.waker().clone();
                if std::mem::take(&mut is_first) {
                    new.execute(async move { answered.wake() });
                }
                Poll::<()>::Pending
            }))
        });
        served.turn_max = NO_END;
        let mut served = Box::pin(served);
        assert!(served.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(outer.0.load(Ordering::SeqCst), 0, "it looked again by itself");
        of_connection.lock().unwrap().take().unwrap().wake();
        assert_eq!(outer.0.load(Ordering::SeqCst), 1, "at rest it is woken");
    }

    #[test]
    fn a_call_that_panics_takes_no_other_along() {
        let (polls, answered) = (Rc::default(), Arc::new(AtomicUsize::new(0)));
        let panicking = async { panic!("as a test") }.boxed();
        let counted = answered.clone();
        let sound = async move {
            let _before = counted.fetch_add(1, Ordering::SeqCst);
        }
        .boxed();
        let mut served = served(vec![vec![panicking, sound]], NO_END, &polls);
        assert_eq!((&mut served).now_or_never(), None);
        assert_eq!(answered.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn calls_go_with_their_connection() {
        let kept = Arc::new(());
        let in_call = Arc::clone(&kept);
        let ended = WithCalls::new(move |new| {
            poll_fn(move |_| {
                // As hyper's calls do, it keeps a copy of what it was put into.
                let (again, in_call) = (new.clone(), Arc::clone(&in_call));
                new.execute(async move {
                    let _both = (again, in_call);
                    pending::<()>().await;
                });
                Poll::Ready(())
            })
        })
        .now_or_never();
        assert_eq!((ended, Arc::strong_count(&kept)), (Some(()), 1));
    }
}
