//! A caller of the service: a connection, and what each of its calls says in its metadata.

use tonic::metadata::{AsciiMetadataKey, MetadataMap};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use enroll::proto::v1;
use enroll::proto::v1::account_service_client::AccountServiceClient;
use enroll::proto::v1::application_service_client::ApplicationServiceClient;
use enroll::proto::v1::contract_service_client::ContractServiceClient;
use enroll::proto::v1::credential_service_client::CredentialServiceClient;
use enroll::proto::v1::realm_service_client::RealmServiceClient;
use enroll::proto::v1::registration_service_client::RegistrationServiceClient;
use enroll::proto::v1::session_service_client::SessionServiceClient;
use enroll::proto::v1::template_service_client::TemplateServiceClient;
use enroll::proto::v1::tenant_service_client::TenantServiceClient;

use super::told::made;

/// What a generated client speaks over.
pub type Wire = InterceptedService<Channel, Headers>;

/// Metadata of every call.
#[derive(Clone, Debug, Default)]
pub struct Headers(MetadataMap);

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for entry in self.0.iter() {
            if let tonic::metadata::KeyAndValueRef::Ascii(name, value) = entry {
                request.metadata_mut().append(name.clone(), value.clone());
            }
        }
        Ok(request)
    }
}

/// A caller in its role.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    headers: Headers,
    /// The application; empty for nobody.
    pub application_id: String,
    /// Its home tenant; empty for nobody.
    pub tenant_id: String,
    /// Its key; empty for nobody.
    pub key: String,
}

impl Client {
    /// A caller without a credential.
    pub fn anonymous(channel: Channel) -> Self {
        let nobody = String::new();
        Self {
            channel,
            headers: Headers::default(),
            application_id: nobody.clone(),
            tenant_id: nobody.clone(),
            key: nobody,
        }
    }

    /// The same connection, calling as an application.
    pub fn as_application(&self, application_id: &str, tenant_id: &str, key: &str) -> Self {
        Self { application_id: application_id.to_owned(), tenant_id: tenant_id.to_owned(), ..self.with_key(key) }
    }

    /// The same caller with another key.
    pub fn with_key(&self, key: &str) -> Self {
        let mut other = self.saying("authorization", &format!("Bearer {key}"));
        other.key = key.to_owned();
        other
    }

    /// The same caller whose calls say one thing more, or another thing under the same name.
    pub fn saying(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        let name: AsciiMetadataKey = name.parse().expect("a name of metadata");
        other.headers.0.insert(name, value.parse().expect("a value of metadata"));
        other
    }

    /// An application as described, at home in a tenant, which this caller makes with a key; it calls by the same connection.
    pub async fn application(&self, tenant_id: &str, application: v1::Application) -> Self {
        let mut applications = self.applications();
        let request = v1::CreateApplicationRequest {
            tenant_id: tenant_id.to_owned(),
            application: Some(application),
            validate_only: false,
        };
        let application = made(applications.create_application(request).await).application.expect("an application");
        let request = v1::CreateApplicationKeyRequest {
            tenant_id: tenant_id.to_owned(),
            application_id: application.application_id.clone(),
            key: None,
        };
        let key = made(applications.create_application_key(request).await);
        let nobody = Self::anonymous(self.channel.clone());
        nobody.as_application(&application.application_id, tenant_id, &key.secret)
    }

    /// The connection, for calls that no generated client makes.
    pub fn wire(&self) -> Wire {
        InterceptedService::new(self.channel.clone(), self.headers.clone())
    }

    /// `AccountService`.
    pub fn accounts(&self) -> AccountServiceClient<Wire> {
        AccountServiceClient::new(self.wire())
    }

    /// `RegistrationService`.
    pub fn registration(&self) -> RegistrationServiceClient<Wire> {
        RegistrationServiceClient::new(self.wire())
    }

    /// `SessionService`.
    pub fn sessions(&self) -> SessionServiceClient<Wire> {
        SessionServiceClient::new(self.wire())
    }

    /// `CredentialService`.
    pub fn credentials(&self) -> CredentialServiceClient<Wire> {
        CredentialServiceClient::new(self.wire())
    }

    /// `TenantService`.
    pub fn tenants(&self) -> TenantServiceClient<Wire> {
        TenantServiceClient::new(self.wire())
    }

    /// `RealmService`.
    pub fn realms(&self) -> RealmServiceClient<Wire> {
        RealmServiceClient::new(self.wire())
    }

    /// `ApplicationService`.
    pub fn applications(&self) -> ApplicationServiceClient<Wire> {
        ApplicationServiceClient::new(self.wire())
    }

    /// `ContractService`.
    pub fn contracts(&self) -> ContractServiceClient<Wire> {
        ContractServiceClient::new(self.wire())
    }

    /// `TemplateService`.
    pub fn templates(&self) -> TemplateServiceClient<Wire> {
        TemplateServiceClient::new(self.wire())
    }
}
