//! `RegistrationService.RegisterAccount`: people who register themselves.

mod attempts;
mod consents;
mod people;
mod realms;
