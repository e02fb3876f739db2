//! A statement that is written out once a process. diesel quotes every column of a statement at each execution, which for the widest rows
//! costs more than reading them, or as much as binding them; where all that varies is bound, the text is always the same. What has no id of
//! its own (upserts, updates) is written each time.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use diesel::QueryResult;
use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

/// The texts by the types of their queries: as many as the source has.
static TEXTS: LazyLock<RwLock<HashMap<TypeId, &'static str>>> = LazyLock::new(RwLock::default);

/// A query with its statement remembered.
pub(in crate::store) struct Rendered<Q>(pub(super) Q);

impl<Q: QueryFragment<Pg> + QueryId> QueryFragment<Pg> for Rendered<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &Pg) -> QueryResult<bool> {
        self.0.is_safe_to_cache_prepared(backend)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        let Some(id) = Q::query_id() else { return self.0.to_sql(out, backend) };
        // What may not be prepared once for all has a text that varies.
        if !self.0.is_safe_to_cache_prepared(backend)? {
            return self.0.to_sql(out, backend);
        }
        let known = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
        let text = match known {
            Some(text) => text,
            None => {
                let mut builder = PgQueryBuilder::default();
                self.0.to_sql(&mut builder, backend)?;
                let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
                *texts.entry(id).or_insert_with(|| builder.finish().leak())
            }
        };
        out.push_sql(text);
        Ok(())
    }
}

impl<Q: QueryId> QueryId for Rendered<Q> {
    type QueryId = Q::QueryId;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Rendered<Q> {
    type SqlType = Q::SqlType;
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::super::schema::realms::dsl;
    use super::*;
    use crate::store::upsert::Upsert;

    fn text(query: &impl QueryFragment<Pg>) -> String {
        let mut builder = PgQueryBuilder::default();
        query.to_sql(&mut builder, &Pg).expect("a statement");
        builder.finish()
    }

    #[test]
    fn a_statement_is_the_same_as_without() {
        let by_name = |name: &'static str| dsl::realms.select(dsl::name).filter(dsl::name.eq(name));
        let by_two = |one: &'static str, other: &'static str| {
            dsl::realms.select(dsl::name).filter(dsl::name.eq(one)).filter(dsl::name.ne(other))
        };
        for _ in 0..2 {
            assert_eq!(text(&Rendered(by_name("a"))), text(&by_name("b")));
            assert_eq!(text(&Rendered(by_two("a", "b"))), text(&by_two("c", "d")));
        }
    }

    #[test]
    fn an_upsert_stays_prepared() {
        let named = (dsl::name.eq("a"), dsl::version.eq(1));
        let upsert = || diesel::insert_into(dsl::realms).values(named).on_conflict(dsl::name).do_update().set(named);
        let is_kept =
            |statement: &dyn QueryFragment<Pg>| statement.is_safe_to_cache_prepared(&Pg).expect("a statement");
        assert!(is_kept(&Rendered(Upsert(upsert()))));
        assert!(!is_kept(&upsert()), "diesel by itself does not keep it");
    }

    #[test]
    fn a_statement_that_varies_is_written_anew() {
        let among =
            |names: &'static [&'static str]| dsl::realms.select(dsl::name).limit(1).filter(dsl::name.eq_any(names));
        let raw = |text: &str| diesel::sql_query(text.to_owned());
        assert_eq!(text(&Rendered(among(&["a"]))), text(&among(&["a"])));
        for statement in ["SELECT 1", "SELECT 2"] {
            assert_eq!(text(&Rendered(raw(statement))), statement);
        }
    }
}
