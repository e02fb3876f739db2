//! What every engine of the store has to do, run on each: the same tests, none skipped. What only one engine has stands in `engines`.

mod accounts;
mod cancellation;
mod changes;
mod engines;
pub mod fixtures;
mod migrations;
mod outbox;
mod pages;
mod pipeline;
mod portals;
mod races;
mod relay;
mod requests;
mod silence;
mod templates;
mod tls;
mod uniqueness;
