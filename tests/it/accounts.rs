//! `AccountService`: accounts that a trusted application makes and reads.

mod contracts;
mod credentials;
mod duplicates;
mod external_keys;
mod lists;
mod making;
mod phones;
mod reach;
mod reading;
mod repeats;
mod user_names;
