//! Health and reflection, through clients that know nothing of this service.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_stream::{StreamExt, once};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::{Engine, TestApp, on_both_engines, raw};

on_both_engines!(health_is_told_for_the_server_and_each_service);

const TIME_MAX: Duration = Duration::from_secs(10);

/// The services that a stranger has to find.
fn services() -> BTreeSet<String> {
    raw::methods().iter().map(|method| method.parent_service().full_name().to_owned()).collect()
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn health_is_told_for_the_server_and_each_service(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut health = HealthClient::new(app.anonymous().wire());
    for service in services().iter().map(String::as_str).chain([""]) {
        let status = health.check(about(service)).await.expect("an answer").into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    let unknown = health.check(about("enroll.v1.Nothing")).await.expect_err("no such service");
    assert_eq!(unknown.code(), Code::NotFound);

    // A watcher is told at once, and let go by the drain.
    let mut watch = health.watch(about("")).await.expect("a stream").into_inner();
    let mut next = async || {
        let told = tokio::time::timeout(TIME_MAX, watch.next()).await.expect("in time");
        told.map(|told| told.expect("a status").status())
    };
    assert_eq!(next().await, Some(ServingStatus::Serving));
    let stopped = tokio::spawn(app.stop());
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None);
    tokio::time::timeout(TIME_MAX, stopped).await.expect("a watcher holds up no drain").expect("it stops");
}

/// The answers of one version of reflection as the services it lists and the files it gives for a symbol.
macro_rules! reflected {
    ($version:ident, $app:expr, $symbol:expr) => {{
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let mut reflection = $version::server_reflection_client::ServerReflectionClient::new($app.anonymous().wire());
        let mut ask = async |request: MessageRequest| {
            let request = $version::ServerReflectionRequest { host: String::new(), message_request: Some(request) };
            let mut answers = reflection.server_reflection_info(once(request)).await.expect("a stream").into_inner();
            let answer = tokio::time::timeout(TIME_MAX, answers.next()).await.expect("in time").expect("an answer");
            answer.expect("no error").message_response.expect("a message")
        };
        let MessageResponse::ListServicesResponse(listed) = ask(MessageRequest::ListServices(String::new())).await
        else {
            panic!("no list of services");
        };
        let listed: BTreeSet<String> = listed.service.into_iter().map(|service| service.name).collect();
        let symbol: String = $symbol.to_owned();
        let MessageResponse::FileDescriptorResponse(files) = ask(MessageRequest::FileContainingSymbol(symbol)).await
        else {
            panic!("no file with {}", $symbol);
        };
        (listed, files.file_descriptor_proto)
    }};
}

#[test]
fn both_versions_of_reflection_know_the_services_their_options_and_the_error_details() {
    crate::support::engine::run(async {
        let app = TestApp::start(Engine::Sqlite).await;
        let described = [
            reflected!(v1, app, "enroll.v1.AccountService"),
            reflected!(v1alpha, app, "enroll.v1.AccountService"),
            reflected!(v1, app, "google.rpc.ErrorInfo"),
            reflected!(v1alpha, app, "google.rpc.BadRequest"),
        ];
        for (listed, files) in &described {
            assert!(listed.is_superset(&services()), "{listed:?}");
            assert!(listed.contains("grpc.health.v1.Health"), "{listed:?}");
            assert!(!files.is_empty());
        }
        // The method options travel with the descriptors: a client reads from them what a call needs.
        let needs = b"accounts.create";
        let told = described[0].1.iter().any(|file| file.windows(needs.len()).any(|part| part == needs));
        assert!(told, "the options are not in the file of AccountService");
    });
}
