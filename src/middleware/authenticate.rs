//! Who calls: the application key in `authorization` becomes a [`Principal`]. A bad credential is refused; a missing one is anonymous,
//! which the next layer judges. From here on answers speak the dialect of the application.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::provisioning::authentication::Authenticator;
use crate::provisioning::principal::{Caller, Person, Principal};
use crate::provisioning::refusal::{CredentialFault, Refusal};
use crate::status::AnswerContext;

use super::authorize::ReflectionAccess;
use super::inbound::Inbound;
use super::methods::Access;
use super::refuse::refuse;

/// The session token of the person on whose behalf the application calls.
const X_USER_TOKEN: HeaderName = HeaderName::from_static("x-user-token");

/// Tells callers by their credentials.
pub trait Authenticate: Send + Sync + 'static {
    /// Who calls: nobody said (no header), an application, or a refusal.
    fn authenticate(
        &self,
        authorization: Option<&str>,
        peer: IpAddr,
    ) -> impl Future<Output = Result<Principal, Refusal>> + Send;

    /// On whose behalf the application calls.
    fn person(&self, caller: &Caller, token: &str) -> impl Future<Output = Result<Person, Refusal>> + Send;
}

impl Authenticate for Authenticator {
    async fn authenticate(&self, authorization: Option<&str>, peer: IpAddr) -> Result<Principal, Refusal> {
        Self::authenticate(self, authorization, peer).await
    }

    async fn person(&self, caller: &Caller, token: &str) -> Result<Person, Refusal> {
        Self::person(self, caller, token).await
    }
}

/// See the module.
pub struct AuthenticateLayer<A> {
    authenticator: Arc<A>,
    reflection: ReflectionAccess,
}

impl<A> AuthenticateLayer<A> {
    /// Asks this authenticator, but where the schema is anybody's: clients send the credential of the call that they are about to make with
    /// their question for the schema, and a wrong one has to be told by that call, with its details.
    pub fn new(authenticator: Arc<A>, reflection: ReflectionAccess) -> Self {
        Self { authenticator, reflection }
    }
}

impl<S, A> Layer<S> for AuthenticateLayer<A> {
    type Service = AuthenticateService<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthenticateService { inner, authenticator: self.authenticator.clone(), reflection: self.reflection }
    }
}

/// See the module.
pub struct AuthenticateService<S, A> {
    inner: S,
    authenticator: Arc<A>,
    reflection: ReflectionAccess,
}

impl<S: Clone, A> Clone for AuthenticateService<S, A> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), authenticator: self.authenticator.clone(), reflection: self.reflection }
    }
}

impl<S, A, B> Service<Request<Body>> for AuthenticateService<S, A>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible, Future: Send> + Clone + Send + 'static,
    A: Authenticate,
    B: Default,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let inner = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, inner);
        let (authenticator, reflection) = (self.authenticator.clone(), self.reflection);
        Box::pin(async move {
            let context = request.extensions().get::<AnswerContext>().cloned();
            let (inbound, headers) = (request.extensions().get(), request.headers());
            match identify(&*authenticator, reflection, inbound, headers, context.as_ref()).await {
                Ok((principal, person)) => {
                    if let Some(inbound) = request.extensions_mut().get_mut::<Inbound>() {
                        (inbound.principal, inbound.person) = (principal, person.map(Arc::new));
                    }
                    inner.call(request).await
                }
                Err(refusal) => Ok(refuse(&refusal, context.as_ref())),
            }
        })
    }
}

async fn identify<A: Authenticate>(
    authenticator: &A,
    reflection: ReflectionAccess,
    inbound: Option<&Inbound>,
    headers: &HeaderMap,
    context: Option<&AnswerContext>,
) -> Result<(Principal, Option<Person>), Refusal> {
    let Some(inbound) = inbound else {
        return Err(Refusal::Credential(CredentialFault::Missing));
    };
    let asks_nobody = |access| match access {
        Access::Open => true,
        Access::Reflection => reflection == ReflectionAccess::Anonymous,
        _ => false,
    };
    if inbound.method.is_some_and(|method| asks_nobody(method.access)) {
        return Ok((Principal::Anonymous, None));
    }
    let authorization = sole(headers, &AUTHORIZATION).map_err(|_| Refusal::Credential(CredentialFault::Invalid))?;
    let principal = authenticator.authenticate(authorization, inbound.peer).await?;
    if let (Principal::Application(caller), Some(context)) = (&principal, context) {
        context.set_legacy_codes(caller.legacy_codes.clone());
    }
    let Some(token) = sole(headers, &X_USER_TOKEN).map_err(|_| Refusal::SessionInvalid)? else {
        return Ok((principal, None));
    };
    // A person comes beside an application, never by themselves.
    let person = authenticator.person(principal.caller()?, token).await?;
    Ok((principal, Some(person)))
}

/// A header that is there more than once, or that is no text.
struct Ambiguous;

/// The one header of a name. Two of them are refused: two readers might not mean the same one.
fn sole<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Ambiguous> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().map_err(|_| Ambiguous)).transpose()?;
    if values.next().is_some() { Err(Ambiguous) } else { Ok(value) }
}
