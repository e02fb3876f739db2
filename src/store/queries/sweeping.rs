//! Deleting what is over, over all tenants, a few rows a unit.

use diesel::dsl::SqlTypeOf;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::schema::requests;
use crate::store::columns::Time;

/// Rows of a table, and what makes them old.
pub(super) struct Old {
    /// The table.
    pub table: &'static str,
    /// Its primary key, whole: only that is unique.
    pub key: &'static str,
    /// A time that an index on it alone finds.
    pub time: &'static str,
}

/// Deletes up to `limit` of the oldest rows until a time; how many there were. Neither engine has a LIMIT of its own for DELETE.
pub(super) async fn delete(
    conn: &mut Conn,
    Old { table, key, time }: Old,
    until: Time,
    limit: u32,
) -> diesel::QueryResult<usize> {
    let rows = format!("SELECT {key} FROM {table} WHERE {time} <= $1 ORDER BY {time} LIMIT {limit}");
    let query = diesel::sql_query(format!("DELETE FROM {table} WHERE ({key}) IN ({rows})"));
    // Every time has the same type as this one.
    query.bind::<SqlTypeOf<requests::expire_time>, _>(until).execute(conn).await
}
