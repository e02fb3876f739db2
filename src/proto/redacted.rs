//! `Debug` of the messages that carry a secret. `build.rs` takes the generated one away from every message with a
//! `debug_redact` field, and a test of this room holds each of these to printing no secret.
use std::fmt::{Debug, Formatter, Result};

use super::v1::{
    Captcha, ChangePasswordRequest, CheckPasswordRequest, CreateApplicationKeyResponse, CreateSessionRequest,
    GetSessionRequest, InitialPassword, PasswordHash, PasswordInput, RefreshSessionRequest, SessionTokens,
};

const REDACTED: &str = "[redacted]";

impl Debug for PasswordInput {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { password: _, password_confirmation } = self;
        f.debug_struct("PasswordInput")
            .field("password", &REDACTED)
            .field("password_confirmation", &password_confirmation.as_ref().map(|_| REDACTED))
            .finish()
    }
}

impl Debug for Captcha {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token: _ } = self;
        f.debug_struct("Captcha").field("token", &REDACTED).finish()
    }
}

impl Debug for InitialPassword {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { password: _, password_confirmation, change_required } = self;
        f.debug_struct("InitialPassword")
            .field("password", &REDACTED)
            .field("password_confirmation", &password_confirmation.as_ref().map(|_| REDACTED))
            .field("change_required", change_required)
            .finish()
    }
}

impl Debug for PasswordHash {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { encoded: _ } = self;
        f.debug_struct("PasswordHash").field("encoded", &REDACTED).finish()
    }
}

impl Debug for CreateApplicationKeyResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { key, secret: _ } = self;
        f.debug_struct("CreateApplicationKeyResponse").field("key", key).field("secret", &REDACTED).finish()
    }
}

impl Debug for SessionTokens {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self {
            session_id,
            bearer_token: _,
            bearer_token_expire_time,
            refresh_token: _,
            refresh_token_expire_time,
            restriction,
        } = self;
        f.debug_struct("SessionTokens")
            .field("session_id", session_id)
            .field("bearer_token", &REDACTED)
            .field("bearer_token_expire_time", bearer_token_expire_time)
            .field("refresh_token", &REDACTED)
            .field("refresh_token_expire_time", refresh_token_expire_time)
            .field("restriction", restriction)
            .finish()
    }
}

impl Debug for CreateSessionRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tenant_id, realm_id, identifier: _, password: _, end_user } = self;
        f.debug_struct("CreateSessionRequest")
            .field("tenant_id", tenant_id)
            .field("realm_id", realm_id)
            .field("identifier", &REDACTED)
            .field("password", &REDACTED)
            .field("end_user", end_user)
            .finish()
    }
}

impl Debug for RefreshSessionRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { refresh_token: _, request_id } = self;
        f.debug_struct("RefreshSessionRequest")
            .field("refresh_token", &REDACTED)
            .field("request_id", request_id)
            .finish()
    }
}

impl Debug for GetSessionRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { bearer_token: _ } = self;
        f.debug_struct("GetSessionRequest").field("bearer_token", &REDACTED).finish()
    }
}

impl Debug for CheckPasswordRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tenant_id, realm_id, password: _, identifiers } = self;
        f.debug_struct("CheckPasswordRequest")
            .field("tenant_id", tenant_id)
            .field("realm_id", realm_id)
            .field("password", &REDACTED)
            .field("identifiers", identifiers)
            .finish()
    }
}

impl Debug for ChangePasswordRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tenant_id, realm_id, identifier: _, old_password: _, new_password, end_user } = self;
        f.debug_struct("ChangePasswordRequest")
            .field("tenant_id", tenant_id)
            .field("realm_id", realm_id)
            .field("identifier", &REDACTED)
            .field("old_password", &REDACTED)
            .field("new_password", new_password)
            .field("end_user", end_user)
            .finish()
    }
}
