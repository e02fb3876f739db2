//! Sessions and their tokens.

use crate::domain::session::{Restriction, Session};
use crate::proto::v1;
use crate::provisioning::sessions::IssuedSession;

use super::timestamp;

/// A session with its tokens, for the one who asked.
pub fn tokens(issued: &IssuedSession) -> v1::SessionTokens {
    let session = &issued.session;
    v1::SessionTokens {
        session_id: session.id.to_string(),
        bearer_token: issued.bearer.expose().to_owned(),
        bearer_token_expire_time: Some(timestamp(session.bearer_expire_time)),
        refresh_token: issued.refresh.expose().to_owned(),
        refresh_token_expire_time: Some(timestamp(session.expire_time)),
        restriction: restriction(session.restriction).into(),
    }
}

/// A session without its tokens.
pub fn session(session: &Session) -> v1::Session {
    v1::Session {
        session_id: session.id.to_string(),
        tenant_id: session.tenant_id.to_string(),
        realm_id: session.realm_id.to_string(),
        account_id: session.account_id.to_string(),
        application_id: session.application_id.to_string(),
        restriction: restriction(session.restriction).into(),
        user_agent: session.user_agent.clone().unwrap_or_default(),
        create_time: Some(timestamp(session.create_time)),
        refresh_time: Some(timestamp(session.refresh_time)),
        expire_time: Some(timestamp(session.expire_time)),
    }
}

fn restriction(restriction: Option<Restriction>) -> v1::SessionRestriction {
    match restriction {
        None => v1::SessionRestriction::Unspecified,
        Some(Restriction::ChangePassword) => v1::SessionRestriction::ChangePassword,
    }
}
