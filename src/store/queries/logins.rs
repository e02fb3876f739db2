//! What a login is checked against, what it leaves, and the passwords themselves.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::account_rows::AccountRow;
use super::schema::{accounts, credentials, identifiers, known_addresses, login_failures};
use super::sweeping::{self, Old};
use super::{Conn, Pipeline, Reader, point, requests, sessions, trail, verifications};
use crate::domain::account::{Account, IdentifierKind};
use crate::domain::ids::{AccountId, RealmId, TenantId};
use crate::domain::secret::KeyHash;
use crate::domain::session::{LoginGuard, wait_after};
use crate::store::columns::Time;
use crate::store::upsert::Upsert;
use crate::store::{LoginFailure, NewLogin, NewPassword, Rehash, StoreError};

/// One statement whether or not there is such an account: the time that it takes tells nobody which.
pub(in crate::store) async fn find(
    conn: Reader<'_>,
    tenant: &TenantId,
    realm: &RealmId,
    kind: &IdentifierKind,
    key: &str,
) -> Result<Option<(Account, Option<String>)>, StoreError> {
    let query = identifiers::table
        .inner_join(
            accounts::table.on(accounts::tenant_id
                .eq(identifiers::tenant_id)
                .and(accounts::account_id.eq(identifiers::account_id))),
        )
        .left_join(credentials::table.on(
            credentials::tenant_id.eq(identifiers::tenant_id).and(credentials::account_id.eq(identifiers::account_id)),
        ))
        .filter(identifiers::tenant_id.eq(*tenant))
        .filter(identifiers::realm_id.eq(*realm))
        .filter(identifiers::kind.eq(*kind))
        .filter(identifiers::key.eq(key.to_owned()))
        .filter(identifiers::held)
        .select((AccountRow::as_select(), credentials::phc.nullable()));
    let found = point::<_, (AccountRow, Option<String>)>(conn, query).await?;
    Ok(found.map(|(account, phc)| (account.into(), phc)))
}

pub(in crate::store) async fn guard(
    conn: Reader<'_>,
    tenant: &TenantId,
    guard: &KeyHash,
) -> Result<LoginGuard, StoreError> {
    let query = login_failures::table
        .filter(login_failures::tenant_id.eq(*tenant))
        .filter(login_failures::guard.eq(*guard))
        .select((login_failures::failures, login_failures::wait_until));
    let found = point::<_, (i32, Option<Time>)>(conn, query).await?;
    Ok(found.map_or_else(LoginGuard::default, |(failures, wait_until)| LoginGuard {
        failures,
        wait_until: wait_until.map(|time| time.0),
    }))
}

pub(in crate::store) async fn knows_address(
    conn: Reader<'_>,
    tenant: &TenantId,
    account: &AccountId,
    address: &KeyHash,
) -> Result<bool, StoreError> {
    let query = known_addresses::table
        .filter(known_addresses::tenant_id.eq(*tenant))
        .filter(known_addresses::account_id.eq(*account))
        .filter(known_addresses::address.eq(*address))
        .select(known_addresses::account_id);
    Ok(point::<_, AccountId>(conn, query).await?.is_some())
}

pub(in crate::store) async fn fail(conn: &mut Conn, failure: &LoginFailure) -> Result<i32, StoreError> {
    use login_failures::dsl;
    let failed = diesel::insert_into(dsl::login_failures)
        .values((
            dsl::tenant_id.eq(failure.tenant_id),
            dsl::guard.eq(failure.guard),
            dsl::failures.eq(1),
            dsl::failure_time.eq(Time(failure.time)),
        ))
        .on_conflict((dsl::tenant_id, dsl::guard))
        .do_update()
        .set((dsl::failures.eq(dsl::failures + 1), dsl::failure_time.eq(Time(failure.time))))
        .returning(dsl::failures);
    let failures: i32 = Upsert(failed).get_result(conn).await?;
    if let Some(wait) = wait_after(failures) {
        diesel::update(dsl::login_failures)
            .filter(dsl::tenant_id.eq(failure.tenant_id))
            .filter(dsl::guard.eq(failure.guard))
            .set(dsl::wait_until.eq(Time(failure.time + wait)))
            .execute(conn)
            .await?;
    }
    Ok(failures)
}

pub(in crate::store) async fn succeed(conn: &mut Conn, login: &NewLogin) -> Result<(), StoreError> {
    let session = &login.session.session;
    // The password that was verified has to be the one in force still: who replaces it begins with the same row, and ends the sessions that
    // there are by then.
    let holds = match &login.rehash {
        Some(rehash) => {
            exchange(conn, session.tenant_id, session.account_id, rehash, Time(session.create_time)).await?
        }
        None => still_holds(conn, session.tenant_id, session.account_id, &login.verified).await?,
    };
    if !holds {
        return Err(StoreError::Stale);
    }
    let mut pipeline = Pipeline::on(conn);
    forget_failures(&mut pipeline, session.tenant_id, login.guard).await?;
    let known = diesel::insert_into(known_addresses::table)
        .values((
            known_addresses::tenant_id.eq(session.tenant_id),
            known_addresses::account_id.eq(session.account_id),
            known_addresses::address.eq(login.address),
            known_addresses::login_time.eq(Time(session.create_time)),
        ))
        .on_conflict((known_addresses::tenant_id, known_addresses::account_id, known_addresses::address))
        .do_update()
        .set(known_addresses::login_time.eq(Time(session.create_time)));
    pipeline.add(Upsert(known)).await?;
    sessions::insert(&mut pipeline, &login.session).await?;
    trail::insert(&mut pipeline, &login.trail).await?;
    pipeline.finish().await
}

async fn forget_failures(pipeline: &mut Pipeline<'_>, tenant: TenantId, guard: KeyHash) -> Result<(), StoreError> {
    let of = login_failures::table.filter(login_failures::tenant_id.eq(tenant)).filter(login_failures::guard.eq(guard));
    pipeline.add(diesel::delete(of)).await
}

/// Failures that nobody waits for any more. A wait is an hour at most.
pub(in crate::store) async fn sweep(conn: &mut Conn, until: &DateTime<Utc>, limit: &u32) -> Result<usize, StoreError> {
    let old = Old { table: "login_failures", key: "tenant_id, guard", time: "failure_time" };
    Ok(sweeping::delete(conn, old, Time(*until), *limit).await?)
}

/// Puts a hash in the place of the expected one; says whether that was still there.
async fn exchange(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    rehash: &Rehash,
    at: Time,
) -> QueryResult<bool> {
    let exchanged = diesel::update(credentials::table)
        .filter(credentials::tenant_id.eq(tenant))
        .filter(credentials::account_id.eq(account))
        .filter(credentials::phc.eq(&rehash.expected))
        .set((credentials::phc.eq(&rehash.credential.phc), credentials::update_time.eq(at)))
        .execute(conn)
        .await?;
    Ok(exchanged > 0)
}

/// Whether a password is the one in force; it is until the unit ends.
async fn still_holds(conn: &mut Conn, tenant: TenantId, account: AccountId, phc: &str) -> QueryResult<bool> {
    let locked = diesel::update(credentials::table)
        .filter(credentials::tenant_id.eq(tenant))
        .filter(credentials::account_id.eq(account))
        .filter(credentials::phc.eq(phc))
        .set(credentials::phc.eq(phc))
        .execute(conn)
        .await?;
    Ok(locked > 0)
}

/// Holds off who would log in with the password or replace it.
pub(super) async fn lock_password(conn: &mut Conn, tenant: TenantId, account: AccountId) -> QueryResult<usize> {
    diesel::update(credentials::table)
        .filter(credentials::tenant_id.eq(tenant))
        .filter(credentials::account_id.eq(account))
        .set(credentials::phc.eq(credentials::phc))
        .execute(conn)
        .await
}

/// Forgets who failed to log in, and from where anybody ever succeeded: none of it is the person's who has just shown who they are.
pub(super) async fn forget(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    guard: KeyHash,
) -> Result<(), StoreError> {
    let mut pipeline = Pipeline::on(conn);
    forget_failures(&mut pipeline, tenant, guard).await?;
    let known = known_addresses::table
        .filter(known_addresses::tenant_id.eq(tenant))
        .filter(known_addresses::account_id.eq(account));
    pipeline.add(diesel::delete(known)).await?;
    pipeline.finish().await
}

/// The request row first, then the password, then every session and every token that it ends.
pub(in crate::store) async fn replace_password(conn: &mut Conn, new: &NewPassword) -> Result<usize, StoreError> {
    if let Some(request) = &new.request {
        requests::write(conn, request).await?;
    }
    let at = Time(new.time);
    match &new.expected {
        Some(rehash) => {
            if !exchange(conn, new.tenant_id, new.account_id, rehash, at).await? {
                return Err(StoreError::Stale);
            }
        }
        None => {
            let replaced = diesel::insert_into(credentials::table)
                .values((
                    credentials::tenant_id.eq(new.tenant_id),
                    credentials::account_id.eq(new.account_id),
                    credentials::phc.eq(&new.credential.phc),
                    credentials::update_time.eq(at),
                ))
                .on_conflict((credentials::tenant_id, credentials::account_id))
                .do_update()
                .set((credentials::phc.eq(&new.credential.phc), credentials::update_time.eq(at)));
            let replaced = Upsert(replaced).execute(conn).await;
            replaced.map_err(|error| StoreError::from(error).missing_parent())?;
        }
    }
    let changed = diesel::update(accounts::table)
        .filter(accounts::tenant_id.eq(new.tenant_id))
        .filter(accounts::account_id.eq(new.account_id))
        .set((
            accounts::password_set.eq(true),
            accounts::password_change_required.eq(new.change_required),
            accounts::update_time.eq(at),
            accounts::version.eq(accounts::version + 1),
        ))
        .execute(conn)
        .await?;
    if changed == 0 {
        return Err(StoreError::Missing);
    }
    verifications::use_up_passwords(conn, new.tenant_id, new.account_id, at).await?;
    let ended = sessions::end_others(conn, new.tenant_id, new.account_id, new.keep, new.time).await?;
    if let Some(keep) = new.keep {
        sessions::unrestrict(conn, new.tenant_id, keep).await?;
    }
    trail::write(conn, &new.trail).await?;
    Ok(ended)
}
