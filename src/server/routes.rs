//! The services behind the layers: ours, health and reflection.

use std::collections::BTreeSet;

use tonic::service::Routes;
use tonic_reflection::server::Builder;

use crate::middleware::methods::Methods;
use crate::proto;

use super::health;
use super::house::House;
use super::readiness::Readiness;
use super::services::Services;

/// All services. Who may call them is not decided here: the layers refuse what nobody may call.
pub(super) fn services(
    house: &House,
    readiness: &Readiness,
    message_bytes_max: usize,
) -> Result<Services, tonic_reflection::server::Error> {
    let names: BTreeSet<String> = Methods::of_the_house().services().map(str::to_owned).collect();
    let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
    let others = Routes::new(health::service(readiness.clone(), names)).add_service(v1).add_service(v1alpha).prepare();
    Ok(Services::new(&house.provisioning(), message_bytes_max, others))
}

/// Our protos with their options, and those of error details, so that clients can print them.
fn reflection() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
