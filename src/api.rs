//! How a message becomes values and values a message: one adapter a service, each of its methods decode, use case, encode. Decoding refuses
//! nothing by itself that a use case has to look at first (who may, on which tenant): it collects violations and hands them on.
//!
//! Absent from here: rules, lookups, permissions, and the making of a status (that is [`crate::status`]).

mod account;
mod application;
mod contract;
mod credential;
mod decode;
mod encode;
mod inbound;
mod paging;
mod realm;
mod registration;
mod session;
mod template;
mod tenant;

pub use account::Accounts;
pub use application::Applications;
pub use contract::Contracts;
pub use credential::Credentials;
pub use realm::Realms;
pub use registration::Registration;
pub use session::Sessions;
pub use template::Templates;
pub use tenant::Tenants;
