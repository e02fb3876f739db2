//! Which service a call is for: its name is a segment of the path, and there are few of them. A general router would match patterns and box
//! the bodies both ways, which costs more than some of the layers.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{BoxFuture, Either};
use http::{Request, Response};
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tower::Service;

use crate::api::{Accounts, Applications, Contracts, Credentials, Realms, Registration, Sessions, Templates, Tenants};
use crate::proto::v1::account_service_server::{self, AccountServiceServer};
use crate::proto::v1::application_service_server::{self, ApplicationServiceServer};
use crate::proto::v1::contract_service_server::{self, ContractServiceServer};
use crate::proto::v1::credential_service_server::{self, CredentialServiceServer};
use crate::proto::v1::realm_service_server::{self, RealmServiceServer};
use crate::proto::v1::registration_service_server::{self, RegistrationServiceServer};
use crate::proto::v1::session_service_server::{self, SessionServiceServer};
use crate::proto::v1::template_service_server::{self, TemplateServiceServer};
use crate::proto::v1::tenant_service_server::{self, TenantServiceServer};

use crate::provisioning::Provisioning;

/// Every service of `enroll.v1`, and what else is served beside them. Cloning it is cheap.
#[derive(Clone)]
pub(super) struct Services(Arc<ByName>);

/// The services.
struct ByName {
    registration: RegistrationServiceServer<Registration>,
    accounts: AccountServiceServer<Accounts>,
    credentials: CredentialServiceServer<Credentials>,
    sessions: SessionServiceServer<Sessions>,
    templates: TemplateServiceServer<Templates>,
    tenants: TenantServiceServer<Tenants>,
    realms: RealmServiceServer<Realms>,
    applications: ApplicationServiceServer<Applications>,
    contracts: ContractServiceServer<Contracts>,
    /// For every other name.
    others: Routes,
}

impl Services {
    /// The services over the use cases, with `others` beside them; a longer request message than `message_octets_max` is refused before it is
    /// read.
    pub(super) fn new(provisioning: &Arc<Provisioning>, message_octets_max: usize, others: Routes) -> Self {
        /// The settings that every service has.
        macro_rules! service {
            ($server:ident, $adapter:ident) => {
                $server::new($adapter(provisioning.clone()))
                    .max_decoding_message_size(message_octets_max)
                    .accept_compressed(CompressionEncoding::Gzip)
                    .accept_compressed(CompressionEncoding::Zstd)
                    .send_compressed(CompressionEncoding::Gzip)
                    .send_compressed(CompressionEncoding::Zstd)
            };
        }
        Self(Arc::new(ByName {
            registration: service!(RegistrationServiceServer, Registration),
            accounts: service!(AccountServiceServer, Accounts),
            credentials: service!(CredentialServiceServer, Credentials),
            sessions: service!(SessionServiceServer, Sessions),
            templates: service!(TemplateServiceServer, Templates),
            tenants: service!(TenantServiceServer, Tenants),
            realms: service!(RealmServiceServer, Realms),
            applications: service!(ApplicationServiceServer, Applications),
            contracts: service!(ContractServiceServer, Contracts),
            others,
        }))
    }
}

impl Service<Request<Body>> for Services {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        Either<BoxFuture<'static, Result<Response<Body>, Infallible>>, <Routes as Service<Request<Body>>>::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let services = &*self.0;
        Either::Left(match service_name(request.uri().path()) {
            registration_service_server::SERVICE_NAME => services.registration.clone().call(request),
            account_service_server::SERVICE_NAME => services.accounts.clone().call(request),
            credential_service_server::SERVICE_NAME => services.credentials.clone().call(request),
            session_service_server::SERVICE_NAME => services.sessions.clone().call(request),
            template_service_server::SERVICE_NAME => services.templates.clone().call(request),
            tenant_service_server::SERVICE_NAME => services.tenants.clone().call(request),
            realm_service_server::SERVICE_NAME => services.realms.clone().call(request),
            application_service_server::SERVICE_NAME => services.applications.clone().call(request),
            contract_service_server::SERVICE_NAME => services.contracts.clone().call(request),
            _ => return Either::Right(services.others.clone().call(request)),
        })
    }
}

/// The service in `/service/method`; empty where there is none.
fn service_name(path: &str) -> &str {
    path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(service, _)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_the_first_of_two_segments() {
        assert_eq!(service_name("/enroll.v1.AccountService/GetAccount"), account_service_server::SERVICE_NAME);
        for path in ["", "/", "enroll.v1.AccountService/GetAccount", "/enroll.v1.AccountService", "//GetAccount"] {
            assert_eq!(service_name(path), "", "{path}");
        }
    }
}
