//! The layers as a whole, over services that answer as tonic and handlers do: order, outcomes, and that each layer alone fails closed.

mod support;

mod closed;
mod endings;
mod order;
