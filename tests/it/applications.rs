//! `ApplicationService`, and what an application's key opens.

mod bounds;
mod calling;
mod keys;
mod managing;
