//! grpc.health.v1: the server as a whole (the empty name) and each of its services have the same health. Not tonic-health's own reporter,
//! which begins as SERVING and keeps its watchers through a drain.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::readiness::{Phase, Readiness};

/// A request holds the name of a service.
const MESSAGE_BYTES_MAX: usize = 1 << 10;

/// The service, telling `readiness` for each of `services`.
pub(super) fn service(readiness: Readiness, services: BTreeSet<String>) -> HealthServer<impl Health> {
    let services = Arc::new(services);
    HealthServer::new(Reporter { readiness, services }).max_decoding_message_size(MESSAGE_BYTES_MAX)
}

struct Reporter {
    readiness: Readiness,
    services: Arc<BTreeSet<String>>,
}

impl Reporter {
    fn knows(&self, service: &str) -> bool {
        service.is_empty() || self.services.contains(service)
    }
}

fn answer(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

fn status_of(phase: Phase) -> ServingStatus {
    match phase {
        Phase::Serving => ServingStatus::Serving,
        Phase::Starting | Phase::Unreachable | Phase::Draining => ServingStatus::NotServing,
    }
}

#[tonic::async_trait]
impl Health for Reporter {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if !self.knows(&request.get_ref().service) {
            return Err(Status::not_found("unknown service"));
        }
        Ok(Response::new(answer(status_of(self.readiness.phase()))))
    }

    /// Tells every change, and ends once the server drains, so that no watcher holds up the drain. A service that is not there is
    /// SERVICE_UNKNOWN, as the protocol has it, and stays so.
    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let known = self.knows(&request.get_ref().service);
        let phases = self.readiness.subscribe();
        let told: Option<ServingStatus> = None;
        let changes = stream::unfold(Some((phases, told)), move |state| async move {
            let (mut phases, told) = state?;
            loop {
                let phase = *phases.borrow_and_update();
                let status = if known { status_of(phase) } else { ServingStatus::ServiceUnknown };
                let last = phase == Phase::Draining;
                if told != Some(status) {
                    let next = (!last).then_some((phases, Some(status)));
                    return Some((Ok(answer(status)), next));
                }
                if last || phases.changed().await.is_err() {
                    return None;
                }
            }
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    fn reporter(readiness: &Readiness) -> Reporter {
        let services = BTreeSet::from(["enroll.v1.AccountService".to_owned()]);
        Reporter { readiness: readiness.clone(), services: Arc::new(services) }
    }

    fn request(service: &str) -> Request<HealthCheckRequest> {
        Request::new(HealthCheckRequest { service: service.to_owned() })
    }

    #[tokio::test]
    async fn the_server_and_its_services_are_told_alike_and_strangers_not_at_all() {
        let readiness = Readiness::default();
        let reporter = reporter(&readiness);
        for (phase, status) in [
            (Phase::Starting, ServingStatus::NotServing),
            (Phase::Serving, ServingStatus::Serving),
            (Phase::Unreachable, ServingStatus::NotServing),
        ] {
            readiness.set(phase);
            for service in ["", "enroll.v1.AccountService"] {
                let told = reporter.check(request(service)).await.expect("known").into_inner();
                assert_eq!(told.status(), status, "{service} {phase:?}");
            }
        }
        let stranger = reporter.check(request("enroll.v1.Nothing")).await;
        assert_eq!(stranger.expect_err("unknown").code(), tonic::Code::NotFound);
    }

    #[tokio::test]
    async fn a_watcher_sees_every_change_and_is_let_go_by_the_drain() {
        let readiness = Readiness::default();
        let watch = reporter(&readiness).watch(request("")).await.expect("known");
        let mut watch = watch.into_inner().map(|told| told.expect("a status").status());
        assert_eq!(watch.next().await, Some(ServingStatus::NotServing));
        readiness.set(Phase::Serving);
        assert_eq!(watch.next().await, Some(ServingStatus::Serving));
        readiness.set(Phase::Draining);
        assert_eq!(watch.next().await, Some(ServingStatus::NotServing));
        assert_eq!(watch.next().await, None);
    }

    #[tokio::test]
    async fn watching_a_stranger_says_so_and_ends_with_the_drain_too() {
        let readiness = Readiness::default();
        let watch = reporter(&readiness).watch(request("enroll.v1.Nothing")).await.expect("a stream");
        let mut watch = watch.into_inner().map(|told| told.expect("a status").status());
        assert_eq!(watch.next().await, Some(ServingStatus::ServiceUnknown));
        readiness.set(Phase::Draining);
        assert_eq!(watch.next().await, None);
    }
}
