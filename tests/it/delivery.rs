//! What leaves the house, round by round: the workers of the house on stores of both engines, a clock that the test moves, and at the other
//! end a real mail server, a folder, or an HTTP server of this machine.

mod failures;
mod house;
mod post;
mod providers;
mod smtp;
