//! Tokens that were sent to people, and claims on addresses. What the use of a token changes is in [`proving`](super::proving).

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::account_rows::AccountRow;
use super::schema::{accounts, identifiers, verifications::dsl};
use super::sweeping::{self, Old};
use super::{
    Backend, Conn, Pipeline, Reader, logins, point, proving, quotas, reader, requests, schema, sessions, trail,
};
use crate::domain::account::{Account, AccountRef, AccountState, IdentifierKind};
use crate::domain::event::Trail;
use crate::domain::ids::{AccountId, RealmId, TenantId, VerificationTokenId};
use crate::domain::secret::KeyHash;
use crate::domain::verification::{CODE_TRIES_MAX, TOKENS_ALIVE_MAX, VerificationKind, VerificationToken};
use crate::store::columns::Time;
use crate::store::{Confirmation, PasswordByToken, StoreError};

/// A token as it stands in its table.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::verifications, treat_none_as_default_value = false, check_for_backend(Backend))]
struct TokenRow {
    tenant_id: TenantId,
    token_id: VerificationTokenId,
    token_hash: KeyHash,
    verification_hash: KeyHash,
    account_id: AccountId,
    realm_id: RealmId,
    kind: VerificationKind,
    key: String,
    create_time: Time,
    expire_time: Time,
    use_time: Option<Time>,
    void_time: Option<Time>,
    tries: i32,
}

impl From<&VerificationToken> for TokenRow {
    fn from(token: &VerificationToken) -> Self {
        Self {
            tenant_id: token.tenant_id,
            token_id: token.id,
            token_hash: token.hash,
            verification_hash: token.verification,
            account_id: token.account_id,
            realm_id: token.realm_id,
            kind: token.kind,
            key: token.key.clone(),
            create_time: Time(token.create_time),
            expire_time: Time(token.expire_time),
            use_time: token.use_time.map(Time),
            void_time: token.void_time.map(Time),
            tries: token.tries,
        }
    }
}

impl From<TokenRow> for VerificationToken {
    fn from(row: TokenRow) -> Self {
        Self {
            tenant_id: row.tenant_id,
            id: row.token_id,
            hash: row.token_hash,
            verification: row.verification_hash,
            account_id: row.account_id,
            realm_id: row.realm_id,
            kind: row.kind,
            key: row.key,
            create_time: row.create_time.0,
            expire_time: row.expire_time.0,
            use_time: row.use_time.map(|time| time.0),
            void_time: row.void_time.map(|time| time.0),
            tries: row.tries,
        }
    }
}

pub(super) async fn insert(pipeline: &mut Pipeline<'_>, tokens: &[VerificationToken]) -> Result<(), StoreError> {
    let rows: Vec<TokenRow> = tokens.iter().map(TokenRow::from).collect();
    insert_rows!(pipeline, dsl::verifications, rows);
    Ok(())
}

pub(in crate::store) async fn issue(
    conn: &mut Conn,
    tokens: &[VerificationToken],
    trail: &Trail,
) -> Result<(), StoreError> {
    for token in tokens {
        void_surplus(conn, token).await?;
        prolong_claim(conn, token).await?;
    }
    let mut pipeline = Pipeline::on(conn);
    insert(&mut pipeline, tokens).await?;
    trail::insert(&mut pipeline, trail).await?;
    pipeline.finish().await
}

/// Makes the oldest tokens void, so that with the new one there are no more than there may be.
async fn void_surplus(conn: &mut Conn, new: &VerificationToken) -> QueryResult<usize> {
    let kept = i64::try_from(TOKENS_ALIVE_MAX - 1).unwrap_or(i64::MAX);
    let now = Time(new.create_time);
    let surplus: Vec<VerificationTokenId> = dsl::verifications
        .filter(dsl::tenant_id.eq(new.tenant_id))
        .filter(dsl::account_id.eq(new.account_id))
        .filter(dsl::kind.eq(new.kind))
        .filter(dsl::use_time.is_null())
        .filter(dsl::void_time.is_null())
        .filter(dsl::expire_time.gt(now))
        // One that holds longer than the new one was not asked for by whoever asks now.
        .filter(dsl::expire_time.le(Time(new.expire_time)))
        .select(dsl::token_id)
        .order((dsl::create_time.desc(), dsl::token_id.desc()))
        .limit(100)
        .offset(kept)
        .load(conn)
        .await?;
    diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(new.tenant_id))
        .filter(dsl::token_id.eq_any(surplus))
        .set(dsl::void_time.eq(now))
        .execute(conn)
        .await
}

/// A claim does not end before what it waits for.
async fn prolong_claim(conn: &mut Conn, new: &VerificationToken) -> QueryResult<usize> {
    diesel::update(identifiers::table)
        .filter(identifiers::tenant_id.eq(new.tenant_id))
        .filter(identifiers::account_id.eq(new.account_id))
        .filter(identifiers::key.eq(&new.key))
        .filter(diesel::dsl::not(identifiers::held))
        .filter(identifiers::expire_time.gt(Time(new.create_time)))
        .filter(identifiers::expire_time.lt(Time(new.expire_time)))
        .set(identifiers::expire_time.eq(Time(new.expire_time)))
        .execute(conn)
        .await
}

/// Whether an account still holds or claims what a token was sent to.
pub(in crate::store) async fn claims(
    conn: Reader<'_>,
    token: &VerificationToken,
    now: &DateTime<Utc>,
) -> Result<bool, StoreError> {
    let lives = identifiers::held.or(identifiers::expire_time.assume_not_null().gt(Time(*now)));
    let query = identifiers::table
        .filter(identifiers::tenant_id.eq(token.tenant_id))
        .filter(identifiers::account_id.eq(token.account_id))
        .filter(identifiers::kind.eq(proving::identifier(token.kind)))
        .filter(identifiers::key.eq(token.key.clone()))
        .filter(lives)
        .select(identifiers::account_id);
    Ok(point::<_, AccountId>(conn, query).await?.is_some())
}

pub(in crate::store) async fn by_token(
    conn: Reader<'_>,
    tenant: &TenantId,
    token: &KeyHash,
) -> Result<Option<VerificationToken>, StoreError> {
    let query = dsl::verifications
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::token_hash.eq(*token))
        .select(TokenRow::as_select());
    Ok(point::<_, TokenRow>(conn, query).await?.map(VerificationToken::from))
}

pub(in crate::store) async fn by_id(
    conn: Reader<'_>,
    tenant: &TenantId,
    verification: &KeyHash,
) -> Result<Option<VerificationToken>, StoreError> {
    let query = dsl::verifications
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::verification_hash.eq(*verification))
        .select(TokenRow::as_select())
        .order((dsl::create_time.desc(), dsl::token_id.desc()))
        .limit(1);
    Ok(point::<_, TokenRow>(conn, query).await?.map(VerificationToken::from))
}

pub(in crate::store) async fn unverified(
    mut conn: Reader<'_>,
    tenant: &TenantId,
    realm: &RealmId,
    email_key: &str,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let query =
        identifiers::table
            .inner_join(accounts::table.on(
                accounts::tenant_id.eq(identifiers::tenant_id).and(accounts::account_id.eq(identifiers::account_id)),
            ))
            .filter(identifiers::tenant_id.eq(*tenant))
            .filter(identifiers::realm_id.eq(*realm))
            .filter(identifiers::kind.eq(IdentifierKind::Email))
            .filter(identifiers::key.eq(email_key.to_owned()))
            .filter(identifiers::verify_time.is_null())
            .filter(accounts::state.eq_any([AccountState::PendingVerification, AccountState::Active]))
            .select(AccountRow::as_select())
            .order(accounts::account_id.desc())
            .limit(limit);
    let rows: Vec<AccountRow> = query.load(&mut conn).await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

pub(in crate::store) async fn try_code(
    conn: &mut Conn,
    tenant: &TenantId,
    account: &AccountId,
    kind: &VerificationKind,
    now: &DateTime<Utc>,
) -> Result<Vec<VerificationToken>, StoreError> {
    let tried: Vec<TokenRow> = diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(*tenant))
        .filter(dsl::account_id.eq(*account))
        .filter(dsl::kind.eq(*kind))
        .filter(dsl::use_time.is_null())
        .filter(dsl::void_time.is_null())
        .filter(dsl::expire_time.gt(Time(*now)))
        .filter(dsl::tries.lt(CODE_TRIES_MAX))
        .set(dsl::tries.eq(dsl::tries + 1))
        .returning(TokenRow::as_returning())
        .get_results(conn)
        .await?;
    Ok(tried.into_iter().map(VerificationToken::from).collect())
}

pub(in crate::store) async fn confirm(conn: &mut Conn, confirmation: &Confirmation) -> Result<Account, StoreError> {
    let Confirmation { token_use, request, trail } = confirmation;
    if let Some(request) = request {
        requests::write(conn, request).await?;
    }
    let token = &token_use.token;
    proving::prove(conn, token_use).await?;
    sessions::end_others(conn, token.tenant_id, token.account_id, None, token_use.time).await?;
    trail::write(conn, trail).await?;
    account(conn, token).await
}

pub(in crate::store) async fn set_password(
    conn: &mut Conn,
    by_token: &PasswordByToken,
) -> Result<(Account, usize), StoreError> {
    let token = &by_token.token_use.token;
    // Whoever sets a password begins with its row.
    logins::lock_password(conn, token.tenant_id, token.account_id).await?;
    proving::prove(conn, &by_token.token_use).await?;
    let ended = logins::replace_password(conn, &by_token.password).await?;
    logins::forget(conn, token.tenant_id, token.account_id, by_token.guard).await?;
    Ok((account(conn, token).await?, ended))
}

async fn account(conn: &mut Conn, token: &VerificationToken) -> Result<Account, StoreError> {
    let name = AccountRef::Id(token.account_id);
    super::accounts::get(reader(conn), &token.tenant_id, &name).await?.ok_or(StoreError::Missing)
}

pub(in crate::store) async fn ended_claims(
    mut conn: Reader<'_>,
    expired: &DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(TenantId, AccountId)>, StoreError> {
    let query = identifiers::table
        .filter(diesel::dsl::not(identifiers::held))
        .filter(identifiers::expire_time.le(Time(*expired)))
        .select((identifiers::tenant_id, identifiers::account_id))
        .order(identifiers::expire_time)
        .limit(limit);
    let mut rows: Vec<(TenantId, AccountId)> = query.load(&mut conn).await?;
    rows.dedup();
    Ok(rows)
}

/// The quota's row comes first, as where an account is made. Of an account that is in use only the claim goes.
pub(in crate::store) async fn end_claims(
    conn: &mut Conn,
    tenant: &TenantId,
    account: &AccountId,
    expired: &DateTime<Utc>,
    trail: &Trail,
) -> Result<(), StoreError> {
    let ended = identifiers::table
        .filter(identifiers::tenant_id.eq(*tenant))
        .filter(identifiers::account_id.eq(*account))
        .filter(diesel::dsl::not(identifiers::held))
        .filter(identifiers::expire_time.le(Time(*expired)));
    let realms: Vec<RealmId> = ended.select(identifiers::realm_id).limit(1).load(conn).await?;
    let Some(realm) = realms.into_iter().next() else { return Ok(()) };
    quotas::lock_accounts(conn, *tenant, realm).await?;
    let never_in_use = accounts::table
        .filter(accounts::tenant_id.eq(*tenant))
        .filter(accounts::account_id.eq(*account))
        .filter(accounts::state.eq(AccountState::PendingVerification))
        .filter(diesel::dsl::exists(ended));
    if diesel::delete(never_in_use).execute(conn).await? == 0 {
        diesel::delete(ended).execute(conn).await?;
        return Ok(());
    }
    quotas::give_back_account(conn, *tenant, realm).await?;
    trail::write(conn, trail).await
}

/// A token that lets its holder set a password is of no use once there is another one.
pub(super) async fn use_up_passwords(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    now: Time,
) -> QueryResult<usize> {
    diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::account_id.eq(account))
        .filter(dsl::kind.eq(VerificationKind::Password))
        .filter(dsl::use_time.is_null())
        .set(dsl::use_time.eq(now))
        .execute(conn)
        .await
}

/// Tokens that nobody is told of any more.
pub(in crate::store) async fn sweep(
    conn: &mut Conn,
    expired: &DateTime<Utc>,
    limit: &u32,
) -> Result<usize, StoreError> {
    let old = Old { table: "verifications", key: "tenant_id, token_id", time: "expire_time" };
    Ok(sweeping::delete(conn, old, Time(*expired), *limit).await?)
}
