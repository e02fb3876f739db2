//! What every call can be told, whichever it is: faults of the wire, floods, languages, and the bounds of an answer.

mod answers;
mod capacity;
mod floods;
mod wire;
