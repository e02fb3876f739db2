//! What the use of a token changes. The token is used by one UPDATE that must hit its row, and a claim becomes an identifier by one UPDATE
//! under the unique index: whoever commits first has it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Conn;
use super::schema::{accounts, identifiers, tenants, verifications::dsl};
use crate::domain::account::{AccountState, IdentifierKind};
use crate::domain::tenant::TenantState;
use crate::domain::verification::{VerificationKind, VerificationToken};
use crate::store::columns::Time;
use crate::store::{StoreError, TokenUse};

/// Uses a token. Everybody who wants the same address or number begins with the same rows, all of its claims, so that two wait for each other
/// and never in a circle; what else is locked is of the one account whose claim it is.
pub(super) async fn prove(conn: &mut Conn, token_use: &TokenUse) -> Result<(), StoreError> {
    let (token, now) = (&token_use.token, Time(token_use.time));
    end_claims(conn, token, now).await?;
    let used = diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(token.tenant_id))
        .filter(dsl::token_id.eq(token.id))
        .filter(dsl::use_time.is_null())
        .filter(dsl::void_time.is_null())
        .filter(dsl::expire_time.gt(now))
        .set(dsl::use_time.eq(now))
        .execute(conn)
        .await?;
    if used == 0 {
        return Err(StoreError::Stale);
    }
    hold(conn, token, now).await?;
    void_rivals(conn, token, now).await?;
    use_up(conn, token, now).await?;
    mark_verified(conn, token_use).await?;
    if matches!(token.kind, VerificationKind::PortalActivation | VerificationKind::Password) {
        activate_portal(conn, token, now).await?;
    }
    Ok(())
}

/// Ends every claim on the identifier, the account's own among them, which becomes the identifier next; the sweeper takes the others.
async fn end_claims(conn: &mut Conn, token: &VerificationToken, now: Time) -> QueryResult<usize> {
    diesel::update(identifiers::table)
        .filter(identifiers::tenant_id.eq(token.tenant_id))
        .filter(identifiers::realm_id.eq(token.realm_id))
        .filter(identifiers::kind.eq(identifier(token.kind)))
        .filter(identifiers::key.eq(&token.key))
        .filter(diesel::dsl::not(identifiers::held))
        .set(identifiers::expire_time.eq(now))
        .execute(conn)
        .await
}

/// Makes the identifier the account's. A number that was kept while nobody verified numbers stands in no row yet.
async fn hold(conn: &mut Conn, token: &VerificationToken, now: Time) -> Result<(), StoreError> {
    let of = (identifiers::kind.eq(identifier(token.kind)), identifiers::key.eq(&token.key));
    let values = (identifiers::held.eq(true), identifiers::verify_time.eq(now));
    let held = diesel::update(identifiers::table)
        .filter(identifiers::tenant_id.eq(token.tenant_id))
        .filter(identifiers::account_id.eq(token.account_id))
        .filter(identifiers::kind.eq(identifier(token.kind)))
        .filter(identifiers::key.eq(&token.key))
        .set((values, identifiers::expire_time.eq(None::<Time>)))
        .execute(conn)
        .await?;
    match (held, token.kind) {
        (0, VerificationKind::Phone) => {
            let whose = (
                identifiers::tenant_id.eq(token.tenant_id),
                identifiers::realm_id.eq(token.realm_id),
                identifiers::account_id.eq(token.account_id),
            );
            diesel::insert_into(identifiers::table).values((whose, of, values)).execute(conn).await?;
            Ok(())
        }
        (0, _) => Err(StoreError::Missing),
        _ => Ok(()),
    }
}

/// The identifier that a token was sent to.
pub(super) fn identifier(kind: VerificationKind) -> IdentifierKind {
    match kind {
        VerificationKind::Phone => IdentifierKind::Phone,
        VerificationKind::Email | VerificationKind::PortalActivation | VerificationKind::Password => {
            IdentifierKind::Email
        }
    }
}

/// The kinds of token that were sent to the same identifier.
fn siblings(kind: VerificationKind) -> &'static [VerificationKind] {
    match kind {
        VerificationKind::Phone => &[VerificationKind::Phone],
        VerificationKind::Email | VerificationKind::PortalActivation | VerificationKind::Password => {
            &[VerificationKind::Email, VerificationKind::PortalActivation, VerificationKind::Password]
        }
    }
}

/// What others would have proved they cannot any more.
async fn void_rivals(conn: &mut Conn, token: &VerificationToken, now: Time) -> QueryResult<usize> {
    diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(token.tenant_id))
        .filter(dsl::realm_id.eq(token.realm_id))
        .filter(dsl::kind.eq_any(siblings(token.kind)))
        .filter(dsl::key.eq(&token.key))
        .filter(dsl::account_id.ne(token.account_id))
        .filter(dsl::use_time.is_null())
        .filter(dsl::void_time.is_null())
        .set(dsl::void_time.eq(now))
        .execute(conn)
        .await
}

/// The account's other tokens prove nothing new any more. Who confirms an address may still set the password that they asked to set.
async fn use_up(conn: &mut Conn, token: &VerificationToken, now: Time) -> QueryResult<usize> {
    let done = siblings(token.kind)
        .iter()
        .copied()
        .filter(|kind| *kind != VerificationKind::Password || token.kind == VerificationKind::Password);
    diesel::update(dsl::verifications)
        .filter(dsl::tenant_id.eq(token.tenant_id))
        .filter(dsl::account_id.eq(token.account_id))
        .filter(dsl::kind.eq_any(done.collect::<Vec<_>>()))
        .filter(dsl::use_time.is_null())
        .set(dsl::use_time.eq(now))
        .execute(conn)
        .await
}

/// The account with what was verified, and in use where nothing else is missing. The row is locked by the first statement, so that of two
/// tokens used at once the second sees what the first one proved.
async fn mark_verified(conn: &mut Conn, token_use: &TokenUse) -> QueryResult<()> {
    let (token, now) = (&token_use.token, Time(token_use.time));
    let own = || {
        diesel::update(accounts::table)
            .filter(accounts::tenant_id.eq(token.tenant_id))
            .filter(accounts::account_id.eq(token.account_id))
    };
    let changed = (accounts::update_time.eq(now), accounts::version.eq(accounts::version + 1));
    match identifier(token.kind) {
        IdentifierKind::Phone => own().set((accounts::phone_verify_time.eq(now), changed)).execute(conn).await?,
        _ => own().set((accounts::email_verify_time.eq(now), changed)).execute(conn).await?,
    };
    let in_use = (accounts::state.eq(AccountState::Active), accounts::verification_required.eq(false));
    let mut complete = own().filter(accounts::state.eq(AccountState::PendingVerification)).set(in_use).into_boxed();
    if token_use.needs_email {
        complete = complete.filter(accounts::email_verify_time.is_not_null());
    }
    if token_use.needs_phone {
        complete = complete.filter(accounts::phone_verify_time.is_not_null());
    }
    complete.execute(conn).await?;
    Ok(())
}

async fn activate_portal(conn: &mut Conn, token: &VerificationToken, now: Time) -> QueryResult<usize> {
    diesel::update(tenants::table)
        .filter(tenants::tenant_id.eq(token.tenant_id))
        .filter(tenants::owner_account_id.eq(token.account_id))
        .filter(tenants::state.eq(TenantState::PendingActivation))
        .set((
            tenants::state.eq(TenantState::Active),
            tenants::update_time.eq(now),
            tenants::version.eq(tenants::version + 1),
        ))
        .execute(conn)
        .await
}
