//! A connection to the service, and calls over it with the application's key.

use std::fs;
use std::path::Path;
use std::time::Duration;

use http::uri::PathAndQuery;
use serde_json::Value;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::config::{Client, ClientTls};

use super::codec::DynamicCodec;
use super::error::CliError;
use super::flags::ClientArgs;
use super::refused::Refused;
use super::schema;

/// The service, as one application sees it.
#[derive(Debug)]
pub(super) struct Session {
    channel: Channel,
    authorization: MetadataValue<Ascii>,
    calling_app: Option<MetadataValue<Ascii>>,
    tenant: Option<String>,
    timeout: Duration,
    /// Where the service is.
    pub(super) endpoint: http::Uri,
    /// Whether answers are printed as JSON.
    pub(super) json: bool,
}

impl Session {
    /// Connects; a service that is not there is told at once.
    pub(super) async fn open(client: &Client, args: &ClientArgs) -> Result<Self, CliError> {
        let Some(key) = &client.key else {
            let message =
                "no key to call with: set ENROLL_KEY or ENROLL_KEY_FILE (the first `enroll serve` prints one)";
            return Err(CliError::Usage(message.to_owned()));
        };
        let mut authorization = MetadataValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| CliError::Usage("the key has characters that no key has".to_owned()))?;
        authorization.set_sensitive(true);
        let calling_app = args.calling_app.as_deref().map(MetadataValue::try_from).transpose();
        let calling_app =
            calling_app.map_err(|_| CliError::Usage("--calling-app takes printable ASCII only".to_owned()))?;
        let channel = connect(client).await?;
        let (tenant, json) = (args.tenant.clone(), args.json);
        let endpoint = client.endpoint.clone();
        Ok(Self { channel, authorization, calling_app, tenant, timeout: client.timeout, endpoint, json })
    }

    /// The tenant that the command line names.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Calls `Service/Method`: proto JSON in, proto JSON out. The tenant of the command line goes into every request that names none.
    pub(super) async fn call(&self, method: &str, request: impl Into<Value>) -> Result<Value, CliError> {
        let mut request: Value = request.into();
        let descriptor =
            schema::method(method).ok_or_else(|| CliError::Usage(format!("there is no method {method}")))?;
        let takes_tenant = schema::has_field(&descriptor, "tenant_id");
        if let (Some(tenant), Value::Object(fields), true) = (&self.tenant, &mut request, takes_tenant) {
            fields.entry("tenant_id").or_insert_with(|| Value::String(tenant.clone()));
        }
        let message = schema::from_json(descriptor.input(), request).map_err(CliError::Usage)?;
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        if let Some(label) = &self.calling_app {
            request.metadata_mut().insert("x-calling-app", label.clone());
        }
        let path = format!("/enroll.v1.{method}");
        let path = PathAndQuery::try_from(path).map_err(|_| CliError::Usage(format!("there is no method {method}")))?;
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Refused::from(Status::unavailable(cause(&error))))?;
        let answer =
            client.unary(request, path, DynamicCodec::new(descriptor.output())).await.map_err(Refused::from)?;
        schema::to_json(answer.get_ref()).map_err(|error| CliError::Usage(format!("the answer is no JSON: {error}")))
    }
}

async fn connect(client: &Client) -> Result<Channel, CliError> {
    let failed = |cause| CliError::Client { endpoint: client.endpoint.to_string(), cause };
    let mut endpoint = Endpoint::from(client.endpoint.clone()).connect_timeout(client.timeout);
    if client.endpoint.scheme_str() == Some("https") {
        endpoint = endpoint.tls_config(tls(&client.tls)?).map_err(|error| failed(cause(&error)))?;
    }
    endpoint.connect().await.map_err(|error| failed(cause(&error)))
}

fn tls(settings: &ClientTls) -> Result<ClientTlsConfig, CliError> {
    let tls = match &settings.ca {
        Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    Ok(match &settings.identity {
        Some((certificate, key)) => tls.identity(Identity::from_pem(read(certificate)?, read(key)?)),
        None => tls,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(CliError::io(path.display().to_string()))
}

/// The innermost cause: "connection refused" rather than "transport error".
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
