//! What holds of requests whichever rpc they go to: what has to be named, what a text may hold, which refusal goes first, that all faults
//! come at once and once each, that lists have bounds, and that a check looks like what it checks.

mod checks;
mod faults;
mod order;
