//! `ApplicationService`, and what an application's key opens.

mod calling;
mod keys;
mod managing;
