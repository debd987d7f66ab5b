//! Servers of the web: logins, certificates, redirects, proxies.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promgit::pull::http::proxy::Proxies;
use promgit::remote::push::Pushed;
use promgit::remote::settings::Login;

use crate::git_http::{GitHttp, Proxy, tls};
use crate::origin::{Origin, Way, remote, to, write};

#[test]
fn a_password_is_read_anew_for_every_push() {
    let mut origin = Origin::new();
    let mut remote = origin.remote(Way::Http).unwrap();
    let folder = origin.local.folder.path().to_owned();
    let password_file = write(&folder, "password", "first\n");
    origin.http.want_basic("robot", "first");
    let one = origin.commit("a", None, "1");
    let login = |error: String| {
        assert!(error.contains("the server wants a login") && !error.contains("first"), "{error}");
        error
    };
    let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
    assert!(!error.is_transient());
    assert!(
        login(error.to_string())
            .contains("give remote.usernameFile and remote.passwordFile, or remote.tokenFile")
    );
    remote.login = Login::Basic {
        username_file: write(&folder, "user", "robot\n"),
        password_file: password_file.clone(),
    };
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
    origin.http.want_basic("robot", "second");
    let two = origin.commit("a", Some(one), "2");
    let error = login(origin.try_push(&remote, &[to("a", Some(one), two)]).unwrap_err().to_string());
    assert!(error.contains(&format!("the password in {}", password_file.display())), "{error}");
    assert!(error.ends_with("it said: who are you?"), "{error}");
    write(&folder, "password", "second");
    assert_eq!(origin.push(&remote, &[to("a", Some(one), two)]), [Pushed::Pushed]);
    origin.check();
}

#[test]
fn a_token_is_read_anew_and_its_file_named() {
    let mut origin = Origin::new();
    let mut remote = origin.remote(Way::Http).unwrap();
    let folder = origin.local.folder.path().to_owned();
    let token_file = folder.join("token");
    remote.login = Login::Bearer { token_file: token_file.clone() };
    origin.http.want_token("t0ken");
    let one = origin.commit("a", None, "1");
    for (text, expected) in [
        (None, "cannot read the token in"),
        (Some(""), "it is empty"),
        (Some("t0ken\nx"), "more than one line"),
        (Some("other"), "look at the token in"),
    ] {
        if let Some(text) = text {
            write(&folder, "token", text);
        }
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(&token_file.display().to_string()), "{error}");
    }
    write(&folder, "token", "t0ken\r\n");
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
}

/// No form in which a login could come back.
fn says_nothing_of(text: &str, login: &str) {
    let forms = [login.to_owned(), login.to_uppercase(), STANDARD.encode(login)];
    let bad = forms.iter().find(|form| text.contains(form.trim_end_matches('=')));
    assert_eq!(bad, None, "{text}");
}

#[test]
fn a_login_that_a_server_says_back_is_not_shown() {
    const TOKEN: &str = "hunter2-hunter2-hunter2/+&";
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let [user, secret] =
        [("user", "robot"), ("secret", TOKEN)].map(|(name, text)| write(&folder, name, text));
    let basic = Login::Basic { username_file: user, password_file: secret.clone() };
    let blob = STANDARD.encode(format!("robot:{TOKEN}"));
    let one = origin.commit("a", None, "1");
    for login in [basic, Login::Bearer { token_file: secret }] {
        for status in [401, 403, 404, 418, 503] {
            let mut remote = remote(&origin.http.url(&format!("/echo/{status}/x.git")));
            remote.login = login.clone();
            let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
            let (text, debug) = (error.to_string(), format!("{error:?}"));
            assert!(text.contains("you said ") && text.contains("***"), "{text}");
            assert!(text.ends_with("go away\nbecause I say so"), "{text}");
            for login in [TOKEN, &blob] {
                says_nothing_of(&text, login);
                says_nothing_of(&debug, login);
            }
        }
        // a hook that shows its environment, as a report and beside it
        let mut remote = origin.remote(Way::Http).unwrap();
        remote.login = login;
        let percent = TOKEN.replace('/', "%2f").replace('+', "%2B").replace('&', "%26");
        origin.hook("update", &format!("echo '{TOKEN} {blob} https://robot:{percent}@h/' >&2; exit 1"));
        let answers = origin.push(&remote, &[to("a", None, one)]);
        let Pushed::Rejected { words, .. } = &answers[0] else { panic!("{answers:?}") };
        assert!(words.starts_with("*** *** https://robot:***@h/\n"), "{words}");
    }
}

#[test]
fn certificates_are_checked() {
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let https = GitHttp::start(&folder.join("served"), Some(tls(&folder)));
    let mut remote = remote(&https.url("/origin.git"));
    let one = origin.commit("a", None, "1");
    let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
    assert!(error.to_string().contains("certificate signed by unknown authority"), "{error}");
    assert!(!error.is_transient());
    remote.trust.ca_file = Some(folder.join("ca.pem"));
    assert_eq!(origin.push(&remote, &[to("a", None, one)]), [Pushed::Pushed]);
    origin.check();
}

#[test]
fn a_redirect_is_followed_to_where_the_repository_is() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    let moved = remote(&origin.http.url("/moved/origin.git"));
    assert_eq!(origin.push(&moved, &[to("a", None, one)]), [Pushed::Pushed]);
    let seen = origin.http.take_seen();
    assert_eq!(seen.last().unwrap(), "POST /origin.git/git-receive-pack whole");
    origin.check();
}

#[test]
fn a_proxy_is_gone_through() {
    let mut origin = Origin::new();
    let folder = origin.local.folder.path().to_owned();
    let https = GitHttp::start(&folder.join("served"), Some(tls(&folder)));
    let mut expected = None;
    for (scheme, port, seen) in [("http", origin.http.port, "GET http://"), ("https", https.port, "CONNECT ")]
    {
        let proxy = Proxy::start(port);
        let environment = |name: &str| (name.to_owned(), format!("http://127.0.0.1:{}", proxy.port));
        // certificates are for the number, names lead through proxies only
        let host = if scheme == "http" { "git.example.com" } else { "127.0.0.1" };
        let mut remote = remote(&format!("{scheme}://{host}:{port}/origin.git"));
        remote.trust.ca_file = Some(folder.join("ca.pem"));
        remote.proxies =
            Proxies::of(&BTreeMap::from([environment("HTTP_PROXY"), environment("HTTPS_PROXY")]));
        let tip = origin.commit("a", expected, scheme);
        assert_eq!(origin.push(&remote, &[to("a", expected, tip)]), [Pushed::Pushed]);
        expected = Some(tip);
        let lines = proxy.take_seen();
        // loopback is always gone to directly
        assert_eq!(lines.iter().any(|line| line.starts_with(seen)), scheme == "http", "{lines:?}");
    }
    origin.check();
}

#[test]
fn what_is_no_repository_is_said() {
    let mut origin = Origin::new();
    let one = origin.commit("a", None, "1");
    for (path, transient, expected) in [
        ("/gone.git", false, "there is no repository, or it is not shown to this login"),
        ("/status/403/x.git", false, "allows this login nothing here"),
        ("/status/503/x.git", true, "cannot answer now: 503 So be it"),
        ("/status/429/x.git", true, "cannot answer now: 429"),
        ("/status/200/x.git", false, "no git server answers there"),
        ("/status/418/x.git", false, "the server refuses; it said: 418"),
    ] {
        let remote = remote(&origin.http.url(path));
        let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{}: ", origin.http.url(path))), "{text}");
        assert!(text.contains(expected), "{text}");
        assert_eq!(error.is_transient(), transient, "{text}");
    }
    // pushes are not allowed where nobody allowed them
    origin.git(&["config", "http.receivepack", "false"]);
    let remote = origin.remote(Way::Http).unwrap();
    let error = origin.try_push(&remote, &[to("a", None, one)]).unwrap_err();
    assert!(error.to_string().contains("allows this login nothing here"), "{error}");
}
