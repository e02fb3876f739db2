//! Upserts that are prepared once a connection.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// An INSERT with DO UPDATE in which all that varies is bound, so that its text is always the same. diesel cannot know that of a SET, and
/// would have the engine read the statement anew at each execution: on PostgreSQL that is a way to the server of its own.
pub(super) struct Upsert<Q>(pub(super) Q);

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Upsert<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Without an id of its own, so that it is found by its text.
impl<Q> QueryId for Upsert<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Upsert<Q> {
    type SqlType = Q::SqlType;
}
