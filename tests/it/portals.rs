//! `RegistrationService.RegisterPortal` and `CheckPortalName`.

mod making;
mod names;
mod quotas;
