//! `Debug` of the messages that carry a secret. `build.rs` takes the generated one away from every message with a
//! `debug_redact` field, and a test of this room holds each of these to printing no secret.
use std::fmt::{Debug, Formatter, Result};

use super::v1::{
    Captcha, ChangePasswordRequest, CheckPasswordRequest, ConfirmVerificationRequest, CreateApplicationKeyResponse,
    CreateSessionRequest, FinishPasswordResetRequest, GetSessionRequest, InitialPassword, PasswordHash, PasswordInput,
    RefreshSessionRequest, RegisterPortalResponse, SendVerificationRequest, SessionTokens, Verification,
    confirm_verification_request::SecondKey, send_verification_request::Target,
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

impl Debug for Verification {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { verification_id: _, kind, expire_time, token: _, url: _ } = self;
        f.debug_struct("Verification")
            .field("verification_id", &REDACTED)
            .field("kind", kind)
            .field("expire_time", expire_time)
            .field("token", &REDACTED)
            .field("url", &REDACTED)
            .finish()
    }
}

impl Debug for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::VerificationId(_) => f.debug_struct("Target").field("verification_id", &REDACTED).finish(),
            Self::Email(email) => f.debug_tuple("Email").field(email).finish(),
            Self::Account(account) => f.debug_tuple("Account").field(account).finish(),
        }
    }
}

impl Debug for SendVerificationRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tenant_id, realm_id, kind, delivery, target } = self;
        f.debug_struct("SendVerificationRequest")
            .field("tenant_id", tenant_id)
            .field("realm_id", realm_id)
            .field("kind", kind)
            .field("delivery", delivery)
            .field("target", target)
            .finish()
    }
}

impl Debug for SecondKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = match self {
            Self::VerificationId(_) => "verification_id",
            Self::Password(_) => "password",
        };
        f.debug_struct("SecondKey").field(name, &REDACTED).finish()
    }
}

impl Debug for ConfirmVerificationRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token: _, end_user, request_id, second_key } = self;
        f.debug_struct("ConfirmVerificationRequest")
            .field("token", &REDACTED)
            .field("end_user", end_user)
            .field("request_id", request_id)
            .field("second_key", second_key)
            .finish()
    }
}

impl Debug for FinishPasswordResetRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { token: _, new_password } = self;
        f.debug_struct("FinishPasswordResetRequest")
            .field("token", &REDACTED)
            .field("new_password", new_password)
            .finish()
    }
}

impl Debug for RegisterPortalResponse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { tenant, owner, outcome, reference: _, verifications } = self;
        f.debug_struct("RegisterPortalResponse")
            .field("tenant", tenant)
            .field("owner", owner)
            .field("outcome", outcome)
            .field("reference", &REDACTED)
            .field("verifications", verifications)
            .finish()
    }
}
