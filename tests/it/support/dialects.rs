//! Applications of the dialects, made by the command line as an operator would.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::binary::{self, Binary, operator_key};
use super::process;

const TIME_MAX: Duration = Duration::from_secs(30);

/// The presets that ship.
pub const PRESETS: [&str; 5] = ["dialogportal", "onlyoffice", "fluid-topics", "servicestack", "comexposium"];

/// Makes the application of every preset; their keys.
pub async fn keys(server: &Binary) -> BTreeMap<&'static str, String> {
    let mut keys = BTreeMap::new();
    for preset in PRESETS {
        let mut command = binary::command(&["app", "create", "--preset", preset, "--json"]);
        command.env("ENROLL_ENDPOINT", format!("http://{}", server.address())).env("ENROLL_KEY", operator_key());
        let printed = process::run_beside(command, TIME_MAX).await.done();
        let made: Value = serde_json::from_str(&printed).expect("JSON");
        let own = Some(&made["realmId"]).filter(|id| id.is_string()).map_or(Value::Null, |id| json!([id]));
        let grant = &made["application"]["grants"][0];
        assert_eq!(grant["allowedRealmIds"], own, "{preset} may use its own realm and no other");
        keys.insert(preset, made["secret"].as_str().expect("a key").to_owned());
    }
    keys
}
