//! `Debug` of the messages that carry a secret. `build.rs` takes the generated one away from every message with a
//! `debug_redact` field, and a test of this room holds each of these to printing no secret.
use std::fmt::{Debug, Formatter, Result};

use super::v1::{CreateApplicationKeyResponse, InitialPassword, PasswordHash, PasswordInput};

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
