//! No credential is looked up before the schema is there: until then every call but health is refused as UNAVAILABLE, and so is what comes
//! on an old connection while the server drains.

use std::net::IpAddr;
use std::sync::Arc;

use crate::middleware::authenticate::Authenticate;
use crate::provisioning::principal::{Caller, Person, Principal};
use crate::provisioning::refusal::Refusal;

use super::readiness::{Phase, Readiness};

/// An authenticator behind the gate.
pub(super) struct Gate<A> {
    authenticator: A,
    readiness: Readiness,
}

impl<A> Gate<A> {
    pub(super) fn before(authenticator: A, readiness: Readiness) -> Arc<Self> {
        Arc::new(Self { authenticator, readiness })
    }
}

impl<A: Authenticate> Authenticate for Gate<A> {
    async fn authenticate(&self, authorization: Option<&str>, peer: IpAddr) -> Result<Principal, Refusal> {
        match self.readiness.phase() {
            Phase::Starting => Err(Refusal::DependencyUnavailable),
            Phase::Draining => Err(Refusal::Draining),
            // An unreachable database refuses by itself, and what the caches know can still be answered.
            Phase::Serving | Phase::Unreachable => self.authenticator.authenticate(authorization, peer).await,
        }
    }

    /// Asked only for an application that came through the gate.
    async fn person(&self, caller: &Caller, token: &str) -> Result<Person, Refusal> {
        self.authenticator.person(caller, token).await
    }
}
