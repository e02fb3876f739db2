//! Statements that need nothing from each other's answers. No way to a server is to be saved here: each runs at once, and the first that is
//! not as expected ends the unit.

use diesel::query_builder::{QueryFragment, QueryId};
use diesel_async::AsyncConnectionCore;

use super::{Backend, Conn};
use crate::store::error::StoreError;

/// What a unit of work writes.
pub(in crate::store) struct Pipeline<'c> {
    /// The unit's connection.
    conn: &'c mut Conn,
}

impl<'c> Pipeline<'c> {
    /// For a unit of work.
    pub(in crate::store) fn on(conn: &'c mut Conn) -> Self {
        Self { conn }
    }

    /// Runs a statement. A foreign key that it violates is a parent that is gone, [`StoreError::Missing`]: what others refer to is not
    /// deleted here.
    pub(in crate::store) async fn add<Q>(&mut self, statement: Q) -> Result<(), StoreError>
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        self.run(statement).await.map(drop)
    }

    /// Runs one that has to touch so many rows; `otherwise` is the unit's refusal where it does not.
    pub(in crate::store) async fn expect<Q>(
        &mut self,
        rows: usize,
        statement: Q,
        otherwise: StoreError,
    ) -> Result<(), StoreError>
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        if self.run(statement).await? == rows { Ok(()) } else { Err(otherwise) }
    }

    /// Refuses without a statement.
    pub(in crate::store) async fn refuse(&mut self, refusal: StoreError) -> Result<(), StoreError> {
        Err(refusal)
    }

    /// Everything has run.
    pub(in crate::store) async fn finish(self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn run<Q>(&mut self, statement: Q) -> Result<usize, StoreError>
    where
        Q: QueryFragment<Backend> + QueryId,
    {
        let ran = self.conn.execute_returning_count(statement).await;
        ran.map_err(|error| StoreError::from(error).missing_parent())
    }
}
