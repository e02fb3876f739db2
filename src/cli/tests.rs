use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_of_the_documentation_parses() {
    for line in [
        "serve",
        "serve --listen 0.0.0.0:50051 --plaintext --no-migrate --data-dir d",
        "migrate --data-dir d",
        "config show",
        "app create --preset onlyoffice",
        "app create crm --permission accounts.create --permission accounts.read --dry-run",
        "app create mine --preset fluid-topics --json",
        "app list --endpoint http://h:1",
        "app key create",
        "app key create crm --expires-in 90days",
        "app key create --offline --data-dir d",
        "app key list crm",
        "app key revoke crm 0190",
        "app key generate",
        "realm create people --registration-mode public --set client.timeout=5s",
        "realm list --json --tenant t",
        "realm update people --registration-mode closed",
        "realm update people --captcha true",
        "app create shop --redirect-url https://shop.example/in --error-view login --portal-captcha true",
        "contract create basic --field email.address=required,returned",
        "contract list",
        "contract show basic --version 2",
        "account create --email a@b.example --password-stdin",
        "account get --email a@b.example --realm people",
        "account list --state active",
        "app create --preset comexposium",
        "app create --preset dialogportal --allow-realm people --allow-contract basic",
        "template create account-created --language fr-FR --brand fair --subject s --html-file h --text-file t",
        "template get account-created --language fr-FR",
        "template list --json",
        "template update account-created --language fr-FR --subject s",
        "template delete account-created --language fr-FR --brand fair",
        "template preview activation --language de --strict --part text",
        "completions bash",
    ] {
        CommandLine::try_parse_from(line.split(' ').fold(vec!["enroll"], |mut words, word| {
            words.push(word);
            words
        }))
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn every_command_of_the_readme_parses() {
    let lines = include_str!("../../README.md").lines().flat_map(|line| line.split(" && "));
    let commands: Vec<&str> = lines.filter(|line| line.starts_with("enroll ")).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let words = command.split('#').next().unwrap_or_default().split_whitespace();
        CommandLine::try_parse_from(words).unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

#[test]
fn a_flag_is_a_setting() {
    let line =
        ["enroll", "serve", "--listen", "127.0.0.1:7", "--set", "server.drain=3s", "--no-migrate", "--data-dir", "/d"];
    let invocation = CommandLine::parse_from(line).configure().expect("right");
    assert_eq!(invocation.config.server.listen.port(), 7);
    assert_eq!(invocation.config.server.drain, std::time::Duration::from_secs(3));
    assert!(!invocation.config.server.migrate);
    let wrong = CommandLine::parse_from(["enroll", "config", "show", "--set", "server.lissten=1"]);
    wrong.configure().map(|_| ()).expect_err("there is no such setting");
}

#[test]
fn scripts_are_written_for_every_shell() {
    for shell in <Shell as clap::ValueEnum>::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut CommandLine::command(), "enroll", &mut script);
        assert!(String::from_utf8_lossy(&script).contains("preset"), "{shell}");
    }
}
