//! What is true: values that cannot be wrong and rules over them. Pure: no I/O, no clock, no randomness of its own, no wire and no engine.
//! A value is parsed once, at the edge, and is right from then on.

// Values.
pub mod annotations;
pub mod attribute_type;
pub mod attributes;
pub mod captcha;
mod case_fold;
pub mod common_passwords;
pub mod email;
pub mod external_key;
pub mod ids;
pub mod language;
mod language_codes;
pub mod limits;
pub mod link;
pub mod message;
pub mod password;
pub mod password_policy;
pub mod phone;
pub mod portal_name;
pub mod secret;
pub mod text;
pub mod time_zone;
pub mod token;
pub mod user_name;
pub mod user_name_pattern;
pub mod violation;

// Things and their rules.
pub mod account;
pub mod application;
pub mod brand;
pub mod consent;
pub mod contract;
pub mod event;
pub mod idempotency;
pub mod legacy;
pub mod permission;
pub mod quota;
pub mod realm;
pub mod session;
pub mod state;
pub mod template;
pub mod tenant;
pub mod verification;
