//! A small server that hands out tokens as a registry's authorization server does (distribution `spec/auth/token`).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, KeyPair, SigningKey as _};

/// Who says that a token is good.
pub const ISSUER: &str = "tests";

/// What the server does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody gets a token.
    Refuses,
    /// The token is for another repository.
    OtherScope,
    /// The token ended long ago.
    Expired,
    /// Another key than the registry's.
    OtherKey,
    /// An answer without a token.
    Empty,
    /// No JSON.
    Broken,
}

impl Fault {
    pub const ALL: [Fault; 6] =
        [Fault::Refuses, Fault::OtherScope, Fault::Expired, Fault::OtherKey, Fault::Empty, Fault::Broken];
}

pub struct Server {
    port: u16,
    certificate: String,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let signer = Signer::new();
        let certificate = signer.pem.clone();
        let fault = Arc::new(Mutex::new(None));
        let shared = fault.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let fault = *shared.lock().unwrap();
                answer(stream, &signer, fault);
            }
        });
        Server { port, certificate, fault }
    }

    pub fn realm(&self) -> String {
        format!("http://127.0.0.1:{}/token", self.port)
    }

    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub fn fail(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }
}

struct Signer {
    key: KeyPair,
    pem: String,
    der: Vec<u8>,
}

impl Signer {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["tokens".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages =
            vec![rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).unwrap();
        Signer { pem: certificate.pem(), der: certificate.der().to_vec(), key }
    }

    /// A JSON Web Token with the rights of `scope` (`repository:charts/a:pull`).
    fn token(&self, scope: &str, fault: Option<Fault>) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let end = if fault == Some(Fault::Expired) { now - 100_000 } else { now + 300 };
        let mut parts = scope.splitn(3, ':');
        let (kind, name, actions) = (parts.next(), parts.next(), parts.next().unwrap_or("pull"));
        let name = if fault == Some(Fault::OtherScope) { Some("other") } else { name };
        let access = serde_json::json!([{"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}]);
        let header = serde_json::json!({"typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&self.der)]});
        let claims = serde_json::json!({
            "iss": ISSUER, "sub": "u", "aud": "test", "exp": end, "nbf": now - 200_000, "iat": now - 200_000,
            "jti": "1", "access": access,
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = raw(&self.key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The two numbers of an ECDSA signature, 32 bytes each: ASN.1 is how rcgen writes them, and not how tokens want them.
fn raw(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let len = usize::from(der[at + 1]);
        (&der[at + 2..at + 2 + len], at + 2 + len)
    };
    let (r, next) = number(2);
    let (s, _) = number(next);
    let fixed = |number: &[u8]| {
        let number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        [vec![0; 32 - number.len()], number].concat()
    };
    [fixed(r), fixed(s)].concat()
}

fn answer(mut stream: TcpStream, signer: &Signer, fault: Option<Fault>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut authorization = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            authorization = Some(value.trim().to_owned());
        }
    }
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let scope = query.split('&').find_map(|pair| pair.strip_prefix("scope=")).unwrap_or_default();
    let scope = scope.replace("%3A", ":").replace("%2F", "/").replace("%2C", ",");
    let known = authorization.as_deref() == Some(&format!("Basic {}", STANDARD.encode("u:p")));
    let other = Signer::new();
    let signer = if fault == Some(Fault::OtherKey) { &other } else { signer };
    let (status, body) = match fault {
        Some(Fault::Empty) => ("200 OK", "{}".to_owned()),
        Some(Fault::Broken) => ("200 OK", "<html>".to_owned()),
        Some(Fault::Refuses) => {
            ("403 Forbidden", r#"{"errors": [{"code": "DENIED", "message": "not you"}]}"#.to_owned())
        }
        // Anybody may read `charts/a`; the rest is for `u`.
        _ if known || (authorization.is_none() && scope == "repository:charts/a:pull") => {
            let token = signer.token(&scope, fault);
            ("200 OK", serde_json::json!({"token": token}).to_string())
        }
        _ => (
            "401 Unauthorized",
            r#"{"errors": [{"code": "UNAUTHORIZED", "message": "who are you"}]}"#.to_owned(),
        ),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all((head + &body).as_bytes());
}
