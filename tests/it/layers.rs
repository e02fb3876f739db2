//! The way of a call seen from outside: which layer answers, what the ones before it have done by then, and how the server begins and ends.
//! Panics and the single layers have their tests beside them.

mod drain;
mod first_start;
mod health;
mod order;
mod scrape;
mod transport;

pub use scrape::{get, hashes, wait_for_hashes};
