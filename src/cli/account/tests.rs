use clap::Parser;

use crate::cli::schema;

use super::*;

#[derive(Parser)]
struct Create {
    #[command(flatten)]
    args: CreateArgs,
}

#[derive(Parser)]
struct Get {
    #[command(flatten)]
    args: GetArgs,
}

#[derive(Parser)]
struct List {
    #[command(flatten)]
    args: ListArgs,
}

/// The request as the service would see it.
fn sent(method: &str, request: Fields) -> Value {
    let message = schema::from_json(schema::method(method).expect("a method").input(), request.into());
    schema::to_json(&message.expect("the message")).expect("JSON")
}

#[test]
fn every_flag_of_create_is_a_field_of_the_request() {
    let flags = [
        "x",
        "--email",
        "e",
        "--user-name",
        "u",
        "--phone",
        "p",
        "--display-name",
        "d",
        "--given-name",
        "g",
        "--family-name",
        "f",
        "--language",
        "en",
        "--time-zone",
        "UTC",
        "--password",
        "secret",
        "--attribute",
        "age=7",
        "--attribute",
        "town=Århus",
        "--annotation",
        "a.b=c",
        "--external-key",
        "crm=1",
        "--consent",
        "terms=false",
        "--on-duplicate",
        "return-existing",
        "--request-id",
        "r",
        "--dry-run",
    ];
    let args = Create::parse_from(flags).args;
    let request = sent("AccountService/CreateAccount", args.request(args.password.read().expect("a password")));
    let expected = json!({
        "account": {
            "email": {"address": "e"}, "phone": {"number": "p"},
            "profile": {
                "userName": "u", "displayName": "d", "givenName": "g", "familyName": "f", "languageCode": "en", "timeZone": "UTC"
            },
            "consents": [{"document": "terms", "accepted": false}], "attributes": {"age": 7.0, "town": "Århus"},
            "annotations": {"a.b": "c"},
        },
        "credential": {"password": {"password": "secret"}}, "externalKeys": [{"type": "crm", "key": "1"}],
        "onDuplicate": "ON_DUPLICATE_RETURN_EXISTING", "requestId": "r", "validateOnly": true,
    });
    assert_eq!(request, expected);
}

#[test]
fn an_account_is_pointed_at_in_exactly_one_way() {
    let seen = |flags: &[&str]| {
        sent("AccountService/GetAccount", Get::parse_from(flags).args.reference.request())["account"].clone()
    };
    let id = "019f0000-0000-7000-8000-000000000001";
    assert_eq!(seen(&["x", id]), json!({"accountId": id}));
    assert_eq!(seen(&["x", "--number", "7"]), json!({"accountNumber": "7"}));
    assert_eq!(seen(&["x", "--external-key", "crm=a=b"]), json!({"externalKey": {"type": "crm", "key": "a=b"}}));
    assert!(Get::try_parse_from(["x"]).is_err());
    assert!(Get::try_parse_from(["x", id, "--email", "e"]).is_err());
    assert!(Get::try_parse_from(["x", "ada@example.org"]).is_err(), "an address is no id");
}

#[test]
fn every_flag_of_list_is_a_field_of_the_request() {
    let flags = ["x", "--state", "pending-verification", "--show-deleted", "--page-size", "7", "--page-token", "t"];
    let request = sent("AccountService/ListAccounts", List::parse_from(flags).args.request());
    let expected =
        json!({"state": "ACCOUNT_STATE_PENDING_VERIFICATION", "showDeleted": true, "pageSize": 7, "pageToken": "t"});
    assert_eq!(request, expected);
}

#[test]
fn one_password_at_most_and_its_first_line_only() {
    assert!(Create::try_parse_from(["x", "--password", "a", "--password-stdin"]).is_err());
    assert!(Create::try_parse_from(["x", "--password", "a", "--password-hash", "$argon2id$"]).is_err());
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), " two words \nmore\n").expect("written");
    let path = file.path().to_str().expect("UTF-8");
    let read = || Create::parse_from(["x", "--password-file", path]).args.password.read();
    assert_eq!(read().expect("a password").as_deref(), Some(" two words "));
    std::fs::write(file.path(), "\nmore").expect("written");
    read().expect_err("an empty line is no password");
}
