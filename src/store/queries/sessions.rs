//! Sessions and their refresh tokens.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::account_rows::AccountRow;
use super::schema::{accounts, refresh_tokens, sessions::dsl};
use super::sweeping::{self, Old};
use super::{Backend, Conn, Pipeline, Reader, point, reader, schema, trail};
use crate::domain::account::Account;
use crate::domain::event::Trail;
use crate::domain::ids::{AccountId, ApplicationId, RealmId, RequestId, SessionId, TenantId};
use crate::domain::secret::KeyHash;
use crate::domain::session::{Restriction, Session};
use crate::store::columns::Time;
use crate::store::{Keyset, NewSession, Refresh, Refreshed, StoreError};

/// A session as it stands in its table, but for the hash of its bearer token.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::sessions, treat_none_as_default_value = false, check_for_backend(Backend))]
struct SessionRow {
    tenant_id: TenantId,
    session_id: SessionId,
    account_id: AccountId,
    realm_id: RealmId,
    application_id: ApplicationId,
    restriction: Option<Restriction>,
    user_agent: Option<String>,
    create_time: Time,
    refresh_time: Time,
    bearer_expire_time: Time,
    expire_time: Time,
    revoke_time: Option<Time>,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        Self {
            tenant_id: session.tenant_id,
            session_id: session.id,
            account_id: session.account_id,
            realm_id: session.realm_id,
            application_id: session.application_id,
            restriction: session.restriction,
            user_agent: session.user_agent.clone(),
            create_time: Time(session.create_time),
            refresh_time: Time(session.refresh_time),
            bearer_expire_time: Time(session.bearer_expire_time),
            expire_time: Time(session.expire_time),
            revoke_time: session.revoke_time.map(Time),
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            id: row.session_id,
            account_id: row.account_id,
            realm_id: row.realm_id,
            application_id: row.application_id,
            restriction: row.restriction,
            user_agent: row.user_agent,
            create_time: row.create_time.0,
            refresh_time: row.refresh_time.0,
            bearer_expire_time: row.bearer_expire_time.0,
            expire_time: row.expire_time.0,
            revoke_time: row.revoke_time.map(|time| time.0),
        }
    }
}

/// Writes a session with its first refresh token.
pub(super) async fn insert(pipeline: &mut Pipeline<'_>, new: &NewSession) -> Result<(), StoreError> {
    let session = &new.session;
    let row = (SessionRow::from(session), dsl::bearer_hash.eq(new.hashes.bearer));
    pipeline.add(diesel::insert_into(dsl::sessions).values(row)).await?;
    insert_refresh_token(pipeline, session, new.hashes.refresh, None).await
}

async fn insert_refresh_token(
    pipeline: &mut Pipeline<'_>,
    session: &Session,
    hash: KeyHash,
    parent: Option<KeyHash>,
) -> Result<(), StoreError> {
    let row = (
        refresh_tokens::tenant_id.eq(session.tenant_id),
        refresh_tokens::hash.eq(hash),
        refresh_tokens::session_id.eq(session.id),
        refresh_tokens::parent_hash.eq(parent),
        refresh_tokens::expire_time.eq(Time(session.expire_time)),
    );
    pipeline.add(diesel::insert_into(refresh_tokens::table).values(row)).await
}

/// One statement: this is read at every call on behalf of a person.
pub(in crate::store) async fn by_bearer(
    conn: Reader<'_>,
    tenant: &TenantId,
    bearer: &KeyHash,
) -> Result<Option<(Session, Account)>, StoreError> {
    let query = dsl::sessions
        .inner_join(
            accounts::table.on(accounts::tenant_id.eq(dsl::tenant_id).and(accounts::account_id.eq(dsl::account_id))),
        )
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::bearer_hash.eq(*bearer))
        .select((SessionRow::as_select(), AccountRow::as_select()));
    let found = point::<_, (SessionRow, AccountRow)>(conn, query).await?;
    Ok(found.map(|(session, account)| (session.into(), account.into())))
}

pub(in crate::store) async fn by_refresh(
    conn: Reader<'_>,
    tenant: &TenantId,
    refresh: &KeyHash,
) -> Result<Option<(Session, Account)>, StoreError> {
    let query = refresh_tokens::table
        .inner_join(
            dsl::sessions
                .on(dsl::tenant_id.eq(refresh_tokens::tenant_id).and(dsl::session_id.eq(refresh_tokens::session_id))),
        )
        .inner_join(
            accounts::table.on(accounts::tenant_id.eq(dsl::tenant_id).and(accounts::account_id.eq(dsl::account_id))),
        )
        .filter(refresh_tokens::tenant_id.eq(*tenant))
        .filter(refresh_tokens::hash.eq(*refresh))
        .select((SessionRow::as_select(), AccountRow::as_select()));
    let found = point::<_, (SessionRow, AccountRow)>(conn, query).await?;
    Ok(found.map(|(session, account)| (session.into(), account.into())))
}

/// A token is used by one UPDATE that must hit its row. Where it does not, the token came before: by the same request a moment ago, whose
/// answer may have been lost, or by somebody else, and then nobody knows who of the two is the person, and the session ends.
pub(in crate::store) async fn refresh(conn: &mut Conn, refresh: &Refresh) -> Result<Refreshed, StoreError> {
    let session = &refresh.session;
    let now = session.refresh_time;
    let used = diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::tenant_id.eq(refresh.tenant_id))
        .filter(refresh_tokens::hash.eq(refresh.used))
        .filter(refresh_tokens::expire_time.gt(Time(now)))
        .filter(refresh_tokens::use_time.is_null())
        .set((refresh_tokens::use_time.eq(Time(now)), refresh_tokens::use_request_id.eq(refresh.request_id)))
        .execute(conn)
        .await?;
    if used == 0 && !may_repeat(conn, refresh).await? {
        let ended = end(conn, refresh.tenant_id, session.id, now).await?;
        if ended > 0 {
            trail::write(conn, &refresh.reuse_trail).await?;
        }
        return Ok(if ended > 0 { Refreshed::Reused } else { Refreshed::Ended });
    }
    let renewed = diesel::update(dsl::sessions)
        .filter(dsl::tenant_id.eq(refresh.tenant_id))
        .filter(dsl::session_id.eq(session.id))
        .filter(dsl::revoke_time.is_null())
        .set((
            dsl::bearer_hash.eq(refresh.hashes.bearer),
            dsl::refresh_time.eq(Time(now)),
            dsl::bearer_expire_time.eq(Time(session.bearer_expire_time)),
            dsl::expire_time.eq(Time(session.expire_time)),
        ))
        .execute(conn)
        .await?;
    if renewed == 0 {
        return Ok(Refreshed::Ended);
    }
    let mut pipeline = Pipeline::on(conn);
    insert_refresh_token(&mut pipeline, session, refresh.hashes.refresh, Some(refresh.used)).await?;
    trail::insert(&mut pipeline, &refresh.trail).await?;
    pipeline.finish().await?;
    Ok(Refreshed::Renewed)
}

/// Whether a used token may be exchanged again: by the request that used it, within the grace, as long as nobody used what it got. The
/// tokens of the lost answer are void then.
async fn may_repeat(conn: &mut Conn, refresh: &Refresh) -> Result<bool, StoreError> {
    let Some(request_id) = refresh.request_id else { return Ok(false) };
    let query = refresh_tokens::table
        .filter(refresh_tokens::tenant_id.eq(refresh.tenant_id))
        .filter(refresh_tokens::hash.eq(refresh.used))
        .select((refresh_tokens::use_time, refresh_tokens::use_request_id));
    let token = point::<_, (Option<Time>, Option<RequestId>)>(reader(conn), query).await?;
    let Some((Some(use_time), Some(by))) = token else { return Ok(false) };
    if by != request_id || use_time.0 < refresh.grace_begin {
        return Ok(false);
    }
    let children = refresh_tokens::table
        .filter(refresh_tokens::tenant_id.eq(refresh.tenant_id))
        .filter(refresh_tokens::session_id.eq(refresh.session.id))
        .filter(refresh_tokens::parent_hash.eq(refresh.used));
    let gone = diesel::delete(children.filter(refresh_tokens::use_time.is_null())).execute(conn).await?;
    Ok(gone > 0)
}

async fn end(conn: &mut Conn, tenant: TenantId, session: SessionId, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::update(dsl::sessions)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::session_id.eq(session))
        .filter(dsl::revoke_time.is_null())
        .set(dsl::revoke_time.eq(Time(now)))
        .execute(conn)
        .await
}

pub(in crate::store) async fn list(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    account: &AccountId,
    now: &DateTime<Utc>,
    page: &Keyset<SessionId>,
) -> Result<Vec<Session>, StoreError> {
    let mut query = dsl::sessions
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::account_id.eq(*account))
        .filter(dsl::revoke_time.is_null())
        .filter(dsl::expire_time.gt(Time(*now)))
        .select(SessionRow::as_select())
        .order(dsl::session_id)
        .limit(page.limit)
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(dsl::session_id.gt(after));
    }
    let rows: Vec<SessionRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Ends once: a repeat finds nothing to end and leaves no trail.
pub(in crate::store) async fn revoke(
    conn: &mut Conn,
    tenant: &TenantId,
    session: &SessionId,
    of: &Option<AccountId>,
    now: &DateTime<Utc>,
    trail: &Trail,
) -> Result<bool, StoreError> {
    let mut update = diesel::update(dsl::sessions)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::session_id.eq(*session))
        .filter(dsl::revoke_time.is_null())
        .filter(dsl::expire_time.gt(Time(*now)))
        .set(dsl::revoke_time.eq(Time(*now)))
        .into_boxed();
    if let Some(account) = of {
        update = update.filter(dsl::account_id.eq(*account));
    }
    let ended = update.execute(conn).await? > 0;
    if ended {
        trail::write(conn, trail).await?;
    }
    Ok(ended)
}

pub(in crate::store) async fn revoke_all(
    conn: &mut Conn,
    tenant: &TenantId,
    account: &AccountId,
    keep: &Option<SessionId>,
    now: &DateTime<Utc>,
    trail: &Trail,
) -> Result<usize, StoreError> {
    let ended = end_others(conn, *tenant, *account, *keep, *now).await?;
    if ended > 0 {
        trail::write(conn, trail).await?;
    }
    Ok(ended)
}

/// Sessions that cannot be refreshed any more, with their tokens.
pub(in crate::store) async fn sweep(
    conn: &mut Conn,
    expired: &DateTime<Utc>,
    limit: &u32,
) -> Result<usize, StoreError> {
    let old = Old { table: "sessions", key: "tenant_id, session_id", time: "expire_time" };
    Ok(sweeping::delete(conn, old, Time(*expired), *limit).await?)
}

/// Ends every live session of an account but one.
pub(super) async fn end_others(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    keep: Option<SessionId>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let mut update = diesel::update(dsl::sessions)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::account_id.eq(account))
        .filter(dsl::revoke_time.is_null())
        .filter(dsl::expire_time.gt(Time(now)))
        .set(dsl::revoke_time.eq(Time(now)))
        .into_boxed();
    if let Some(keep) = keep {
        update = update.filter(dsl::session_id.ne(keep));
    }
    update.execute(conn).await
}

/// Makes a restricted session good for everything.
pub(super) async fn unrestrict(conn: &mut Conn, tenant: TenantId, session: SessionId) -> QueryResult<usize> {
    diesel::update(dsl::sessions)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::session_id.eq(session))
        .set(dsl::restriction.eq(None::<Restriction>))
        .execute(conn)
        .await
}
