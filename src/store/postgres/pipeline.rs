//! Statements that need nothing from each other's answers, sent one behind the other: a unit of ten of them takes one way to the server and
//! back, and not ten; one that is not prepared on its connection takes a way more. The server runs them in their order. After an error it
//! runs none of the rest; after a count that is not the expected one it does, and the rollback takes that back.

use std::future::poll_fn;
use std::task::Poll;

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel_async::AsyncConnectionCore;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, maybe_done};

use super::rendered::Rendered;
use super::{Backend, Conn, Reader};
use crate::store::error::StoreError;

/// What a unit of work is about to send; nothing leaves before [`finish`](Self::finish).
pub(in crate::store) struct Pipeline<'c> {
    /// The unit's connection, in its transaction.
    conn: Reader<'c>,
    /// In the order in which they go out.
    statements: Vec<Statement<'c>>,
    /// What the unit is refused with, unless a statement refuses it first.
    refusal: Option<StoreError>,
}

/// A statement and what is expected of it.
struct Statement<'c> {
    /// Sends it when it is first polled; the number of rows that it touched.
    answer: BoxFuture<'c, QueryResult<usize>>,
    /// How many rows it has to touch, and what it means where it does not.
    expected: Option<(usize, StoreError)>,
}

impl Statement<'_> {
    fn verdict(expected: Option<(usize, StoreError)>, answer: QueryResult<usize>) -> Result<(), StoreError> {
        match (answer.map_err(|error| StoreError::from(error).missing_parent())?, expected) {
            (rows, Some((wanted, otherwise))) if rows != wanted => Err(otherwise),
            _ => Ok(()),
        }
    }
}

impl<'c> Pipeline<'c> {
    /// For a unit of work. Outside of a transaction a statement would take effect although one before it failed.
    pub(in crate::store) fn on(conn: &'c mut Conn) -> Self {
        Self { conn, statements: Vec::new(), refusal: None }
    }

    /// Appends a statement. A foreign key that it violates is a parent that is gone, [`StoreError::Missing`]: what others refer to is not
    /// deleted here. (It neither waits nor fails; SQLite's does.)
    pub(in crate::store) async fn add<Q>(&mut self, statement: Q) -> Result<(), StoreError>
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        self.append(statement, None);
        Ok(())
    }

    /// Appends one that has to touch so many rows; `otherwise` is the unit's refusal where it does not.
    pub(in crate::store) async fn expect<Q>(
        &mut self,
        rows: usize,
        statement: Q,
        otherwise: StoreError,
    ) -> Result<(), StoreError>
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        self.append(statement, Some((rows, otherwise)));
        Ok(())
    }

    /// Appends a refusal: what stands before it is asked still, and refuses first, what comes after it is not sent.
    pub(in crate::store) async fn refuse(&mut self, refusal: StoreError) -> Result<(), StoreError> {
        self.refusal.get_or_insert(refusal);
        Ok(())
    }

    fn append<Q>(&mut self, statement: Q, expected: Option<(usize, StoreError)>)
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        if self.refusal.is_none() {
            let answer = self.conn.execute_returning_count(Rendered(statement));
            self.statements.push(Statement { answer, expected });
        }
    }

    /// Sends everything and waits for all answers; the first that is not as expected refuses the unit.
    pub(in crate::store) async fn finish(self) -> Result<(), StoreError> {
        let (mut answers, expected): (Vec<_>, Vec<_>) =
            self.statements.into_iter().map(|one| (maybe_done(one.answer), one.expected)).unzip();
        // Polled in their order, each time (`join_all` promises none): a statement that is being prepared holds the lock of the connection's
        // statements, those behind it queue for that lock, and so none goes out before another that stands before it. That is so as long
        // as no value is of a type that is looked up by its name, which would be done before the lock.
        poll_fn(|context| {
            let mut is_waiting = false;
            for answer in &mut answers {
                is_waiting |= answer.poll_unpin(context).is_pending();
            }
            if is_waiting { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        for (mut answer, expected) in answers.into_iter().zip(expected) {
            let answer = std::pin::Pin::new(&mut answer).take_output().expect("invariant: every answer was waited for");
            Statement::verdict(expected, answer)?;
        }
        self.refusal.map_or(Ok(()), Err)
    }
}
