//! Packets and advertisements: what git writes is read, and what nobody should write is refused.

use promgit::git::Oid;
use promgit::remote::advertisement::Advertisement;
use promgit::remote::error::Fault;
use promgit::remote::pkt_line::{MAX_PACKET, Packet, Packets, push_line};
use promgit::remote::report::Report;
use promgit::remote::side_band;
use promgit::remote::words::Words;
use proptest::prelude::*;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

fn read_all(bytes: &[u8]) -> Result<Vec<Packet>, String> {
    wait(async {
        let mut packets = Packets::new(bytes);
        let mut all = Vec::new();
        while let Some(packet) = packets.next().await.map_err(|error| error.to_string())? {
            all.push(packet);
        }
        Ok(all)
    })
}

#[test]
fn packets_are_those_of_git() {
    // the table of gitprotocol-common
    for (bytes, expected) in [
        ("0006a\n", vec![Packet::Line(b"a\n".to_vec())]),
        ("0005a", vec![Packet::Line(b"a".to_vec())]),
        ("000bfoobar\n", vec![Packet::Line(b"foobar\n".to_vec())]),
        ("0004", vec![Packet::Line(Vec::new())]),
        ("00000005a0000", vec![Packet::Flush, Packet::Line(b"a".to_vec()), Packet::Flush]),
        ("000Ba bcdef", vec![Packet::Line(b"a bcdef".to_vec())]),
        ("", vec![]),
    ] {
        assert_eq!(read_all(bytes.as_bytes()), Ok(expected), "{bytes}");
    }
    for bytes in
        ["0001", "0002", "0003", "fff1", "ffff", "+005a", "0x05", "zzzz", "-001", "    ", "000", "0006a", "0"]
    {
        assert!(read_all(bytes.as_bytes()).is_err(), "{bytes}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..20)) {
        let mut bytes = Vec::new();
        lines.iter().for_each(|line| push_line(&mut bytes, line));
        let expected: Vec<Packet> = lines.into_iter().map(Packet::Line).collect();
        prop_assert_eq!(read_all(&bytes), Ok(expected));
        prop_assert!(bytes.is_empty() || read_all(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn rubbish_ends(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let _ = read_all(&bytes);
        let _ = advertisement(&bytes);
        let _ = wait(Report::read(&mut Packets::new(bytes.as_slice())));
    }

    #[test]
    fn lines_of_rubbish_end(lines in prop::collection::vec("[ -~\\x00\n]{0,80}", 0..20)) {
        let mut bytes = Vec::new();
        lines.iter().for_each(|line| push_line(&mut bytes, line.as_bytes()));
        bytes.extend_from_slice(b"0000");
        let _ = advertisement(&bytes);
        let _ = wait(Report::read(&mut Packets::new(bytes.as_slice())));
    }
}

fn advertisement(bytes: &[u8]) -> Result<Advertisement, Fault> {
    wait(Advertisement::read(&mut Packets::new(bytes), None))
}

fn lines(lines: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    lines.iter().for_each(|line| push_line(&mut bytes, line));
    bytes.extend_from_slice(b"0000");
    bytes
}

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ZERO: &str = "0000000000000000000000000000000000000000";

#[test]
fn advertisements_as_servers_write_them() {
    let first = format!("{A} HEAD\0report-status side-band-64k agent=git/2.39 object-format=sha1\n");
    let found = advertisement(&lines(&[
        b"version 1\n",
        first.as_bytes(),
        format!("{A} refs/heads/deploy/a\n").as_bytes(),
        format!("{B} refs/heads/ü").as_bytes(),
        format!("{B} refs/tags/v1").as_bytes(),
        format!("{A} refs/tags/v1^{{}}").as_bytes(),
        format!("{B} .have").as_bytes(),
        format!("shallow {B}").as_bytes(),
    ]));
    let found = found.unwrap();
    let names: Vec<&str> = found.branches.keys().map(String::as_str).collect();
    assert_eq!(names, ["deploy/a", "refs/tags/v1", "ü"]);
    assert_eq!(found.known.len(), 2);
    assert!(found.can("report-status") && !found.can("report") && !found.can("ofs-delta"));
    assert_eq!(found.value("agent"), Some("git/2.39"));
    let empty = format!("{ZERO} capabilities^{{}}\0report-status\n");
    let found = advertisement(&lines(&[empty.as_bytes()])).unwrap();
    assert!(found.branches.is_empty() && found.known.is_empty() && found.can("report-status"));
    assert!(advertisement(b"0000").unwrap().branches.is_empty());
}

#[test]
fn hostile_advertisements() {
    let sha256 = "a".repeat(64);
    let huge = "x".repeat(60_000);
    for (line, expected) in [
        (A.to_owned(), "no git server"),
        (format!("{A} "), "no git server"),
        (format!("{} refs/heads/a", &A[1..]), "no git server"),
        (format!("{A}a refs/heads/a"), "no git server"),
        ("<html>".into(), "no git server"),
        (String::new(), "no git server"),
        (format!("{sha256} refs/heads/a"), "sha256 ids"),
        (format!("{A} refs/heads/a\0object-format=sha256"), "sha256 ids"),
        (format!("{A} refs/heads/a\0x\0y"), ""),
        (format!("{A} refs/heads/{huge}"), ""),
        (format!("{A} refs/heads/../../etc/passwd"), ""),
        (format!("{A} refs/heads/a\u{1b}[2J"), ""),
        ("ERR access denied or repository not exported: /x".into(), "there is no repository"),
        ("ERR \u{1b}[2Jgo away".into(), "the server refuses; it said: go away"),
    ] {
        match advertisement(&lines(&[line.as_bytes()])) {
            Ok(found) => {
                assert_eq!(expected, "", "{line}");
                assert!(found.branches.keys().all(|name| name == "a"), "{found:?}");
            }
            Err(error) => {
                assert!(!expected.is_empty() && error.to_string().contains(expected), "{line}: {error}");
                assert!(!error.to_string().contains('\u{1b}') && error.to_string().len() < 500);
            }
        }
    }
    let twice = format!("{A} refs/heads/a");
    let error = advertisement(&lines(&[twice.as_bytes(), twice.as_bytes()])).unwrap_err();
    assert!(error.to_string().contains("twice"), "{error}");
    let error = advertisement(&lines(&[twice.as_bytes()])[..20]).unwrap_err();
    assert!(matches!(error, Fault::Ended(_)), "{error}");
    let mut endless = Vec::new();
    push_line(&mut endless, twice.as_bytes());
    let error = advertisement(&endless).unwrap_err();
    assert!(error.to_string().contains("has no end"), "{error}");
}

#[test]
fn reports_as_servers_write_them_and_others() {
    let report = |texts: &[&str]| {
        let bytes = lines(&texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>());
        wait(Report::read(&mut Packets::new(bytes.as_slice())))
    };
    let found = report(&["unpack ok\n", "ok refs/heads/a\n", "ng refs/heads/b hook declined\n"]).unwrap();
    assert_eq!(found.unpack, None);
    assert_eq!(found.references["refs/heads/a"], None);
    assert_eq!(found.references["refs/heads/b"], Some("hook declined".to_owned()));
    assert_eq!(report(&["unpack disk\u{7} full"]).unwrap().unpack, Some("disk full".to_owned()));
    for bad in [
        &[][..],
        &["ok refs/heads/a"],
        &["unpack ok", "unpack ok"],
        &["unpack ok", "ok a", "ng a b"],
        &["hello"],
    ] {
        assert!(report(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn bands_are_told_apart() {
    let next = |texts: &[&[u8]]| {
        let bytes = lines(texts);
        let mut words = Words::default();
        let data = wait(async {
            let mut packets = Packets::new(bytes.as_slice());
            let mut all = Vec::new();
            while let Some(piece) = side_band::next(&mut packets, &mut words).await? {
                all.extend(piece);
            }
            Ok::<_, Fault>(all)
        });
        (data.map_err(|fault| fault.to_string()), words.shown())
    };
    assert_eq!(next(&[b"\x01ab", b"\x02hello\n", b"", b"\x01c"]), (Ok(b"abc".to_vec()), "hello".to_owned()));
    let (data, _) = next(&[b"\x02why\n", b"\x03because"]);
    assert_eq!(data.unwrap_err(), "the server refuses; it said: why\nbecause");
    assert!(next(&[b"\x07x"]).0.unwrap_err().contains("side-band 7"));
    assert!(next(&[b"ERR upload-pack: not our ref"]).0.unwrap_err().contains("branches moved"));
    assert!(MAX_PACKET < 1 << 16 && Oid::from_hex(A.as_bytes()).is_some());
}
