//! How a message becomes values and values a message: one adapter a service, each of its methods decode, use case, encode. Decoding refuses
//! nothing by itself that a use case has to look at first (who may, on which tenant): it collects violations and hands them on.
//!
//! Absent from here: rules, lookups, permissions, and the making of a status (that is [`crate::status`]).

mod account;
mod application;
mod contract;
mod decode;
mod encode;
mod inbound;
mod paging;
mod realm;
mod registration;
mod tenant;

use std::sync::Arc;

use tonic::codec::CompressionEncoding;
use tonic::service::Routes;

use crate::proto::v1::account_service_server::AccountServiceServer;
use crate::proto::v1::application_service_server::ApplicationServiceServer;
use crate::proto::v1::contract_service_server::ContractServiceServer;
use crate::proto::v1::realm_service_server::RealmServiceServer;
use crate::proto::v1::registration_service_server::RegistrationServiceServer;
use crate::proto::v1::tenant_service_server::TenantServiceServer;
use crate::provisioning::Provisioning;

/// Every service of `enroll.v1` over the use cases; a longer request message than `message_octets_max` is refused before it is read.
pub fn routes(provisioning: Arc<Provisioning>, message_octets_max: usize) -> Routes {
    /// The settings that every service has.
    macro_rules! service {
        ($server:ident, $adapter:expr) => {
            $server::new($adapter)
                .max_decoding_message_size(message_octets_max)
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd)
                .send_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Zstd)
        };
    }
    let use_cases = || provisioning.clone();
    Routes::new(service!(RegistrationServiceServer, registration::Registration(use_cases())))
        .add_service(service!(AccountServiceServer, account::Accounts(use_cases())))
        .add_service(service!(TenantServiceServer, tenant::Tenants(use_cases())))
        .add_service(service!(RealmServiceServer, realm::Realms(use_cases())))
        .add_service(service!(ApplicationServiceServer, application::Applications(use_cases())))
        .add_service(service!(ContractServiceServer, contract::Contracts(use_cases())))
}
