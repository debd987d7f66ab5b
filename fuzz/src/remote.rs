//! What a git server says, and what a user wrote about it: the list of branches, the report of a push, side-bands, known hosts,
//! addresses. The first byte says which.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use promgit::remote::address::RemoteAddress;
use promgit::remote::advertisement::Advertisement;
use promgit::remote::known_hosts::{self, HostKey};
use promgit::remote::pkt_line::{MAX_PACKET, Packets};
use promgit::remote::report::Report;
use promgit::remote::side_band;
use promgit::remote::words::Words;

pub fn run(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind {
        b'h' => advertisement(data, Some("git-receive-pack")),
        b's' => advertisement(data, None),
        b'r' => report(data),
        b'b' => bands(data),
        b'k' => hosts(&String::from_utf8_lossy(data)),
        _ => address(&String::from_utf8_lossy(data)),
    }
}

/// A stream that is all there never waits.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for more than there is"),
    }
}

fn advertisement(data: &[u8], service: Option<&str>) {
    let read =
        || now(Advertisement::read(&mut Packets::new(data), service)).map_err(|fault| fault.to_string());
    let found = read();
    assert_eq!(found, read(), "the same bytes say something else");
    if let Ok(Advertisement { branches, known, .. }) = found {
        assert!(branches.values().all(|oid| known.contains(oid)), "a branch with an id that is not known");
    }
}

fn report(data: &[u8]) {
    if let Ok(report) = now(Report::read(&mut Packets::new(data))) {
        let reasons = report.references.values().flatten().chain(&report.unpack);
        assert!(
            reasons.into_iter().all(|words| !words.contains(|c: char| c.is_control() && c != '\n')),
            "words that a terminal acts on"
        );
    }
}

fn bands(data: &[u8]) {
    let (mut packets, mut words) = (Packets::new(data), Words::default());
    while let Ok(Some(piece)) = now(side_band::next(&mut packets, &mut words)) {
        assert!(piece.len() < MAX_PACKET, "more than a packet holds");
    }
    assert!(!words.shown().contains('\u{1b}'), "words that a terminal acts on");
}

fn hosts(text: &str) {
    let key = HostKey {
        host: "git.example.com".into(),
        port: 22,
        algorithm: "ssh-ed25519".into(),
        blob: text.as_bytes().iter().take(51).copied().collect(),
    };
    let file = Path::new("known_hosts");
    if key.check(text, file).is_ok() {
        let known = known_hosts::algorithms(text, &key.host, key.port);
        assert!(!known.is_empty(), "a host that is trusted by no key");
    }
}

fn address(text: &str) {
    let Ok(address) = RemoteAddress::parse(text) else { return };
    let shown = address.to_string();
    assert!(!shown.contains(char::is_control), "{shown:?}");
}
