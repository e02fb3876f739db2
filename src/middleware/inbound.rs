//! What the layers have learnt of a call so far: one record in the request's extensions, opened by the outermost layer of ours, filled on
//! the way down, and made into the [`Call`] that the use cases see by the innermost. A request that reaches a handler without a `Call` has
//! not passed the layers, and the handler refuses it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::Request;

use crate::provisioning::principal::{Call, Person, Principal};
use crate::status::AnswerContext;

use super::methods::Method;

/// See the module.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The method, if there is such a one.
    pub method: Option<&'static Method>,
    /// The client's address.
    pub peer: IpAddr,
    /// Who calls; anonymous until authentication says otherwise.
    pub principal: Principal,
    /// On whose behalf, once authentication has found out.
    pub person: Option<Arc<Person>>,
    /// The label in `x-calling-app`, once authorization has accepted it.
    pub calling_app: Option<String>,
    /// When the answer is of no more use; at once until the deadline layer says otherwise.
    pub deadline: Instant,
}

/// The innermost step: hands over what the layers learnt. Nothing is handed over where a layer is missing.
pub fn hand_over<B>(mut request: Request<B>) -> Request<B> {
    let extensions = request.extensions_mut();
    let context = extensions.get::<AnswerContext>().cloned();
    let inbound = extensions.remove::<Inbound>();
    if let (Some(context), Some(inbound)) = (context, inbound)
        && let Some(method) = inbound.method
    {
        extensions.insert(Call {
            principal: inbound.principal,
            person: inbound.person,
            rpc: &method.rpc,
            request_id: context.request_id().to_owned(),
            calling_app: inbound.calling_app,
            peer: inbound.peer,
            deadline: inbound.deadline,
        });
    }
    request
}
