//! A stack with a key table instead of a database, a limiter that takes notes, and services that answer in the ways that matter.

use std::collections::VecDeque;
use std::future::ready;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, FutureExt};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::{ServiceExt, service_fn};
use uuid::Uuid;

use crate::domain::application::{Application, ApplicationSettings, ApplicationState, CallingApps};
use crate::domain::ids::{AccountId, ApplicationId, ApplicationKeyId, RealmId, SessionId, TenantId};
use crate::domain::limits::LimitName;
use crate::domain::permission::Permission;
use crate::domain::session::Restriction;
use crate::domain::text::Label;
use crate::middleware::authenticate::Authenticate;
use crate::middleware::authorize::ReflectionAccess;
use crate::middleware::client_address::TrustedProxies;
use crate::middleware::methods::Methods;
use crate::middleware::{StackParts, stack};
use crate::provisioning::limiter::{Attempt, Limited, Limiter};
use crate::provisioning::principal::{Call, Caller, Person, Principal};
use crate::provisioning::refusal::{CredentialFault, Refusal};
use crate::telemetry::metric;

/// Needs `accounts.create`, costs a hash.
pub const CREATE_ACCOUNT: &str = "/enroll.v1.AccountService/CreateAccount";
/// Needs any application.
pub const REGISTER_ACCOUNT: &str = "/enroll.v1.RegistrationService/RegisterAccount";
/// Open to all.
pub const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// Knows two keys, `creator` (accounts.create, and only the calling app `desk`) and `reader` (accounts.read).
#[derive(Default)]
pub struct KeyTable {
    pub asked: AtomicUsize,
}

impl Authenticate for KeyTable {
    async fn authenticate(&self, authorization: Option<&str>, _: IpAddr) -> Result<Principal, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let caller = match authorization {
            None => return Ok(Principal::Anonymous),
            Some("Bearer creator") => {
                caller(Permission::AccountsCreate, CallingApps { required: false, allowed: vec!["desk".to_owned()] })
            }
            Some("Bearer reader") => caller(Permission::AccountsRead, CallingApps::default()),
            Some(_) => return Err(Refusal::Credential(CredentialFault::Invalid)),
        };
        Ok(Principal::Application(Arc::new(caller)))
    }

    async fn person(&self, _: &Caller, token: &str) -> Result<Person, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let restriction = match token {
            "person" => None,
            "restricted" => Some(Restriction::ChangePassword),
            _ => return Err(Refusal::SessionInvalid),
        };
        let id = Uuid::from_u128(7);
        Ok(Person {
            tenant_id: TenantId::from_uuid(id),
            realm_id: RealmId::from_uuid(id),
            account_id: AccountId::from_uuid(id),
            session_id: SessionId::from_uuid(id),
            restriction,
            roles: Vec::new(),
        })
    }
}

fn caller(permission: Permission, calling_apps: CallingApps) -> Caller {
    let id = Uuid::from_u128(7);
    Caller {
        application: Application {
            id: ApplicationId::from_uuid(id),
            home_tenant: TenantId::from_uuid(id),
            name: Label::operator(),
            display_name: None,
            state: ApplicationState::Enabled,
            settings: ApplicationSettings { calling_apps, ..ApplicationSettings::default() },
            create_time: chrono::DateTime::UNIX_EPOCH,
            update_time: chrono::DateTime::UNIX_EPOCH,
            version: 1,
        },
        legacy_codes: Arc::default(),
        key_id: ApplicationKeyId::from_uuid(id),
        key_expire_time: None,
        permissions: [permission].into(),
    }
}

/// Writes down what was taken, and has room for so much.
pub struct Notes {
    pub taken: Mutex<Vec<(LimitName, Vec<u8>, u32)>>,
    pub room: usize,
    /// Whether it answers like a limiter that has to ask first.
    pub asks: bool,
}

impl Notes {
    /// A limiter with room for so much.
    pub fn with_room(room: usize, asks: bool) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), room, asks })
    }

    fn answer(&self, verdict: Result<(), Limited>) -> Attempt {
        if self.asks { Either::Right(async move { verdict }.boxed()) } else { Either::Left(ready(verdict)) }
    }
}

impl Limiter for Notes {
    fn take(&self, limit: LimitName, key: &[u8], cost: u32) -> Attempt {
        let mut taken = self.taken.lock().expect("not poisoned");
        let verdict =
            if taken.len() < self.room { Ok(()) } else { Err(Limited { retry_after: Duration::from_secs(3) }) };
        taken.push((limit, key.to_vec(), cost));
        self.answer(verdict)
    }

    fn peek(&self, _: LimitName, _: &[u8], _: u32) -> Attempt {
        self.answer(Ok(()))
    }
}

/// How the service behind the layers answers.
#[derive(Clone)]
pub enum Behaviour {
    /// One message, then OK.
    Ok,
    /// A status without details in the headers, as tonic's codec makes it.
    Refuses(Code),
    /// One message, then a status without details.
    Fails(Code),
    /// Never.
    Hangs,
    /// One message, then nothing more.
    HangsMidway,
    /// A panic at once.
    Panics,
    /// One message, then a panic.
    PanicsMidway,
}

/// A stack and what its parts saw.
pub struct House {
    pub keys: Arc<KeyTable>,
    pub limiter: Arc<Notes>,
    pub behaviour: Behaviour,
    pub reflection: ReflectionAccess,
    /// The calls that reached the service.
    pub calls: Arc<Mutex<Vec<Call>>>,
}

impl Default for House {
    fn default() -> Self {
        Self {
            keys: Arc::default(),
            limiter: Notes::with_room(usize::MAX, false),
            behaviour: Behaviour::Ok,
            reflection: ReflectionAccess::Application,
            calls: Arc::default(),
        }
    }
}

impl House {
    pub fn that(behaviour: Behaviour) -> Self {
        Self { behaviour, ..Self::default() }
    }

    /// Sends a call with these headers.
    pub async fn call(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let response = self.send(path, headers).await;
        let code_in_headers = response.headers().contains_key(Status::GRPC_STATUS);
        let (parts, body) = response.into_parts();
        let collected = body.collect().await.expect("no error but in trailers");
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let status = Status::from_header_map(if code_in_headers { &parts.headers } else { &trailers });
        Answer { status: status.expect("a status"), code_in_headers, headers: parts.headers }
    }

    /// Sends a call and does not read the answer's body.
    pub async fn send(&self, path: &str, headers: &[(&'static str, &str)]) -> Response<Body> {
        let (behaviour, calls) = (self.behaviour.clone(), self.calls.clone());
        let service = service_fn(move |request: Request<Body>| {
            calls.lock().expect("not poisoned").extend(request.extensions().get::<Call>().cloned());
            answer(behaviour.clone())
        });
        let parts = StackParts {
            methods: Methods::of_the_house(),
            proxies: TrustedProxies::default(),
            deadline_max: Duration::from_secs(60),
            authenticator: self.keys.clone(),
            reflection: self.reflection,
            limiter: self.limiter.clone(),
        };
        let mut request = Request::post(path).version(http::Version::HTTP_2).body(Body::empty()).expect("a request");
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).expect("a header value"));
        }
        let Ok(response) = stack(parts, service).oneshot(request).await;
        response
    }
}

async fn answer(behaviour: Behaviour) -> Result<Response<Body>, std::convert::Infallible> {
    let ok = Status::new(Code::Ok, "");
    Ok(match behaviour {
        Behaviour::Refuses(code) => Status::new(code, "prost says too much").into_http(),
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Panics => panic!("of a handler"),
        Behaviour::Ok => Response::new(Body::new(Frames::of([Step::Message, Step::Trailers(ok)]))),
        Behaviour::Fails(code) => {
            let status = Status::new(code, "prost says too much");
            Response::new(Body::new(Frames::of([Step::Message, Step::Trailers(status)])))
        }
        Behaviour::HangsMidway => Response::new(Body::new(Frames::of([Step::Message, Step::Hang]))),
        Behaviour::PanicsMidway => Response::new(Body::new(Frames::of([Step::Message, Step::Panic]))),
    })
}

enum Step {
    Message,
    Trailers(Status),
    Hang,
    Panic,
}

/// A body that plays steps.
struct Frames(VecDeque<Step>);

impl Frames {
    fn of(steps: [Step; 2]) -> Self {
        Self(steps.into())
    }
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(match self.0.pop_front() {
            None => None,
            Some(Step::Message) => Some(Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\0")))),
            Some(Step::Trailers(status)) => {
                let mut trailers = HeaderMap::new();
                status.add_header(&mut trailers).expect("a status");
                Some(Ok(Frame::trailers(trailers)))
            }
            Some(Step::Hang) => {
                self.0.push_front(Step::Hang);
                return Poll::Pending;
            }
            Some(Step::Panic) => panic!("of a stream"),
        })
    }
}

/// What the caller got.
pub struct Answer {
    pub status: Status,
    pub code_in_headers: bool,
    pub headers: HeaderMap,
}

impl Answer {
    /// Code and reason, having checked what holds for every refusal.
    pub fn refusal(&self) -> (Code, String) {
        let details = self.status.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!(info.domain, "enroll.v1");
        let id = details.request_info().expect("a RequestInfo").request_id.clone();
        assert_eq!(self.headers.get("x-request-id").map(HeaderValue::as_bytes), Some(id.as_bytes()));
        assert!(!self.status.message().contains("prost"), "{}", self.status.message());
        (self.status.code(), info.reason.clone())
    }
}

/// Runs calls under a recorder of their own and returns what it recorded.
pub fn recorded(calls: impl Future<Output = ()>) -> String {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&recorder, || runtime.block_on(calls));
    handle.render()
}

/// The lines of one method that a recorder holds for a counter.
pub fn counter(recorded: &str, name: &str, labels: &[(&str, &str)]) -> u64 {
    let holds = |line: &&str| labels.iter().all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")));
    let lines = recorded.lines().filter(|line| line.starts_with(&format!("{name}{{"))).filter(holds);
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// How often a method ended with a code.
pub fn ended(recorded: &str, path: &str, code: &str) -> u64 {
    counter(recorded, metric::CALLS, &[("rpc", path.trim_start_matches('/')), ("code", code)])
}
