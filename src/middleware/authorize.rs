//! May this caller call this method: the method's policy decides, and what has no policy does not exist. On which tenant and realm it may,
//! a use case asks. A label in `x-calling-app` has to be one that the application is configured for.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use futures_util::future::Either;
use http::{HeaderMap, HeaderName, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::domain::application::CallingApps;
use crate::provisioning::principal::Principal;
use crate::provisioning::refusal::{AccountFault, Refusal};
use crate::status::{self, AnswerContext, WireFault};

use super::inbound::Inbound;
use super::methods::Access;
use super::refuse::refuse;

const X_CALLING_APP: HeaderName = HeaderName::from_static("x-calling-app");

/// The label is kept in the audit of every write.
const CALLING_APP_LEN_MAX: usize = 128;

/// Who may ask for the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReflectionAccess {
    /// Anybody.
    Anonymous,
    /// Any application.
    Application,
    /// Nobody; the methods do not exist.
    Nobody,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizeLayer {
    reflection: ReflectionAccess,
}

impl AuthorizeLayer {
    /// Reflection answers as `reflection` says.
    pub fn new(reflection: ReflectionAccess) -> Self {
        Self { reflection }
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorize { inner, reflection: self.reflection }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Authorize<S> {
    inner: S,
    reflection: ReflectionAccess,
}

impl<S, B> Service<Request<Body>> for Authorize<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: Default,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response<B>, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let verdict = match request.extensions().get::<Inbound>() {
            Some(inbound) => judge(inbound, request.headers(), self.reflection),
            None => Verdict::NoSuchMethod,
        };
        let context = request.extensions().get::<AnswerContext>();
        match verdict {
            Verdict::Passes { calling_app } => {
                if let Some(inbound) = request.extensions_mut().get_mut::<Inbound>() {
                    inbound.calling_app = calling_app;
                }
                Either::Right(self.inner.call(request))
            }
            Verdict::Refused(refusal) => Either::Left(ready(Ok(refuse(&refusal, context)))),
            Verdict::NoSuchMethod => {
                let status = context.map(|context| status::from_wire_fault(WireFault::MethodUnknown, context));
                let status = status.unwrap_or_else(|| tonic::Status::unimplemented(""));
                Either::Left(ready(Ok(status.into_http())))
            }
        }
    }
}

/// What becomes of a call.
#[derive(Debug)]
enum Verdict {
    /// It goes on, under this label.
    Passes { calling_app: Option<String> },
    /// It does not.
    Refused(Refusal),
    /// There is no such method, or none that anybody may call.
    NoSuchMethod,
}

fn judge(inbound: &Inbound, headers: &HeaderMap, reflection: ReflectionAccess) -> Verdict {
    let principal = &inbound.principal;
    let hidden = |access| access == Access::Reflection && reflection == ReflectionAccess::Nobody;
    let Some(method) = inbound.method.filter(|method| !hidden(method.access)) else {
        // Who has no credential is not told which methods there are.
        return principal.caller().err().map_or(Verdict::NoSuchMethod, Verdict::Refused);
    };
    if let Some(person) = inbound.person.as_deref().filter(|person| person.restriction.is_some())
        && !method.restricted_session
    {
        return Verdict::Refused(Refusal::AccountUnusable(AccountFault::PasswordChangeRequired, person.account_id));
    }
    let permitted = match method.access {
        Access::Open | Access::Anonymous => Ok(()),
        Access::Reflection if reflection == ReflectionAccess::Anonymous => Ok(()),
        Access::Reflection | Access::Application => principal.caller().map(drop),
        Access::PermissionOrSelf(_) if inbound.person.is_some() => principal.caller().map(drop),
        Access::Permission(permission) | Access::PermissionOrSelf(permission) => principal.may(permission),
    };
    let labelled = permitted.and_then(|()| match (principal, method.access) {
        (Principal::Application(caller), Access::Application | Access::Permission(_) | Access::PermissionOrSelf(_)) => {
            calling_app(headers, &caller.application.settings.calling_apps)
        }
        _ => Ok(None),
    });
    match labelled {
        Ok(calling_app) => Verdict::Passes { calling_app },
        Err(refusal) => Verdict::Refused(refusal),
    }
}

/// The label, if the application is configured for it (Fluid Topics: `Ft-Calling-App`). One that cannot be kept is no label of anybody's.
fn calling_app(headers: &HeaderMap, rule: &CallingApps) -> Result<Option<String>, Refusal> {
    let label = match headers.get(&X_CALLING_APP).map(|value| value.to_str()) {
        None if rule.required => return Err(Refusal::CallingAppMismatch),
        None => return Ok(None),
        Some(Ok(label)) if (1..=CALLING_APP_LEN_MAX).contains(&label.len()) => label,
        Some(_) => return Err(Refusal::CallingAppMismatch),
    };
    if !rule.allowed.is_empty() && !rule.allowed.iter().any(|allowed| allowed == label) {
        return Err(Refusal::CallingAppMismatch);
    }
    Ok(Some(label.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn outcome(label: Option<&str>, required: bool, allowed: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        if let Some(label) = label {
            headers.insert(X_CALLING_APP, HeaderValue::from_str(label).expect("a header value"));
        }
        let rule = CallingApps { required, allowed: allowed.iter().map(ToString::to_string).collect() };
        calling_app(&headers, &rule).map_err(drop)
    }

    #[test]
    fn a_label_is_demanded_and_checked_as_configured() {
        assert_eq!(outcome(None, false, &[]), Ok(None));
        assert_eq!(outcome(None, false, &["shop"]), Ok(None));
        assert_eq!(outcome(None, true, &[]), Err(()));
        assert_eq!(outcome(Some("shop"), true, &[]), Ok(Some("shop".to_owned())));
        assert_eq!(outcome(Some("shop"), true, &["desk", "shop"]), Ok(Some("shop".to_owned())));
        assert_eq!(outcome(Some("Shop"), true, &["desk", "shop"]), Err(()));
        assert_eq!(outcome(Some(""), false, &[]), Err(()));
        assert_eq!(outcome(Some(&"x".repeat(129)), false, &[]), Err(()));
    }
}
