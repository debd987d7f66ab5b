//! Charts from repositories and registries: real servers on loopback, and the real helm asked for the same charts.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "pull/agent.rs"]
mod agent;
#[path = "pull/charts.rs"]
mod charts;
#[path = "pull/question.rs"]
mod question;
#[path = "pull/registry.rs"]
mod registry;
#[path = "pull/site.rs"]
mod site;
mod support;
#[path = "pull/token.rs"]
mod token;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use charts::Charts;
use question::Home;
use registry::{Access, Registry};
use site::Site;

/// The charts that all tests of this process fetch.
static CHARTS: LazyLock<Charts> = LazyLock::new(Charts::new);

/// Every line of a table is asked of helm and of promgit.
fn ask(table: &str, names: &BTreeMap<&str, String>, home: &Home, site: Option<&Site>) {
    let mut wrong = String::new();
    let path = support::root().join("tests/pull").join(table);
    let text = std::fs::read_to_string(&path).unwrap();
    let rows: Vec<_> =
        text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    assert!(!rows.is_empty(), "{table} is empty");
    for row in &rows {
        let (name, arguments) = row.split_once(": ").unwrap_or_else(|| panic!("{table}: {row}"));
        let arguments = names
            .iter()
            .fold(arguments.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        assert!(!arguments.contains('{'), "{table}: {arguments}");
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let helm = home.helm(&arguments, site);
        let promgit = home.promgit(&arguments, site);
        if helm != promgit {
            wrong += &format!("== {table}: {name}: {arguments:?}\n-- helm\n{helm}\n-- promgit\n{promgit}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn repositories_are_read_as_helm_reads_them() {
    let site = Site::start(&CHARTS, None);
    let home = Home::new();
    home.add_repository("known", &site.here("/charts"), Some(&CHARTS.index("charts")));
    let mut names = site.names();
    names.insert("files", home.path().join("files").display().to_string());
    ask("repository.txt", &names, &home, Some(&site));
}

#[test]
fn names_are_read_as_helm_reads_them() {
    let site = Site::start(&CHARTS, None);
    let home = Home::new();
    home.add_repository("known", &site.here("/charts"), Some(&CHARTS.index("charts")));
    home.add_repository("locked", &site.here_with("u", "p", "/auth/charts"), Some(&CHARTS.index("charts")));
    home.add_login("login", &site.here("/auth/charts"), "u", "p", Some(&CHARTS.index("charts")));
    home.add_repository("stale", &site.here("/none"), Some(&CHARTS.index("charts")));
    ask("names.txt", &site.names(), &home, Some(&site));
}

#[test]
fn values_are_fetched_as_helm_fetches_them() {
    let site = Site::start(&CHARTS, None);
    let mut names = site.names();
    names.insert("chart", CHARTS.archive("1.0.0").display().to_string());
    names.insert("capitals", site.here("").replace("http", "HTTP"));
    ask("values.txt", &names, &Home::new(), Some(&site));
}

/// With a repository whose index was never fetched, helm answers no question about a URL.
#[test]
fn an_index_that_was_never_fetched_is_named() {
    let site = Site::start(&CHARTS, None);
    let home = Home::new();
    home.add_repository("never", &site.here("/charts"), None);
    ask("never.txt", &site.names(), &home, Some(&site));
}

#[test]
fn certificates_are_checked_as_helm_checks_them() {
    let home = Home::new();
    let secure = site::Identity::new(home.path());
    let site = Site::start(&CHARTS, Some(&secure));
    let mut names = site.names();
    names.extend(secure.names());
    ask("tls.txt", &names, &home, Some(&site));
}

#[test]
fn registries_are_read_as_helm_reads_them() {
    let home = Home::new();
    let registry = Registry::start(&CHARTS.registry(), &Access::Open);
    let names =
        BTreeMap::from([("registry", registry.host()), ("digest", registry.digest("charts/a", "1.0.0"))]);
    ask("registry.txt", &names, &home, None);
}

#[test]
fn registries_that_want_a_password_get_it() {
    let home = Home::new();
    let registry = Registry::start(&CHARTS.registry(), &Access::Password);
    home.docker_login(&registry.host(), "u", "p");
    let bare = Home::new();
    let names = BTreeMap::from([("registry", registry.host())]);
    ask("registry-login.txt", &names, &home, None);
    ask("registry-password.txt", &names, &bare, None);
}

#[test]
fn registries_that_want_a_token_get_it() {
    let home = Home::new();
    let tokens = token::Server::start();
    let registry = Registry::start(&CHARTS.registry(), &Access::Token(&tokens));
    let names = BTreeMap::from([("registry", registry.host())]);
    ask("registry-token.txt", &names, &home, None);
    for wrong in token::Fault::ALL {
        tokens.fail(Some(wrong));
        let arguments = ["a-name", &format!("oci://{}/charts/a", registry.host()), "--plain-http"];
        let arguments: Vec<&str> = arguments[1..].to_vec();
        let (helm, promgit) = (home.helm(&arguments, None), home.promgit(&arguments, None));
        assert!(helm.code != 0 && helm == promgit, "{wrong:?}\n-- helm\n{helm}\n-- promgit\n{promgit}");
    }
}

/// Through a proxy, which Go never uses for loopback: the names are known to the proxy alone.
#[test]
fn proxies_of_the_environment_are_used_as_helm_uses_them() {
    let site = Site::start(&CHARTS, None);
    let mut home = Home::new();
    home.set("HTTP_PROXY", &site.here(""));
    home.set("HTTPS_PROXY", &site.here_with("u", "p", ""));
    home.set("NO_PROXY", "direct.invalid");
    ask("proxy.txt", &site.names(), &home, Some(&site));
}
