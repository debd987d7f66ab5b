//! The last thing a server says about a push turned into its answer for each branch (gitprotocol-pack, "Report Status").

use std::collections::BTreeMap;

use tokio::io::AsyncRead;

use super::advertisement::unreadable;
use super::error::Fault;
use super::pkt_line::{Packet, Packets, trimmed};
use super::words;

/// Lines of a report: one for every reference of a push, which are never so many.
const MAX_LINES: usize = 1_000_000;

/// What a server says about a push.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Why it could not take the objects.
    pub unpack: Option<String>,
    /// By full name: nothing when it was moved, else why not.
    pub references: BTreeMap<String, Option<String>>,
}

impl Report {
    /// Reads up to the flush that ends it.
    pub async fn read(packets: &mut Packets<impl AsyncRead + Unpin>) -> Result<Report, Fault> {
        let mut report = Report::default();
        let mut lines = 0;
        loop {
            let line = match packets.next().await.map_err(unreadable)? {
                Some(Packet::Line(line)) => line,
                Some(Packet::Flush) if lines > 0 => return Ok(report),
                Some(Packet::Flush) => return Err(Fault::Protocol("its report is empty".to_owned())),
                None => return Err(Fault::Ended(String::new())),
            };
            lines += 1;
            let text = String::from_utf8_lossy(trimmed(&line)).into_owned();
            if lines > MAX_LINES || !report.line(&text, lines == 1) {
                let text = words::clean(&text);
                return Err(Fault::Protocol(format!("its report has the line {text:?}")));
            }
        }
    }

    /// False for a line that has no place there.
    fn line(&mut self, text: &str, first: bool) -> bool {
        let answer = match text.split_once(' ') {
            Some(("unpack", state)) if first => {
                self.unpack = (state != "ok").then(|| words::clean(state));
                return true;
            }
            Some(_) if first => return false,
            Some(("ok", name)) => (name, None),
            Some(("ng", rest)) => {
                let (name, reason) = rest.split_once(' ').unwrap_or((rest, "no reason given"));
                (name, Some(words::clean(reason)))
            }
            // an addition of report-status-v2, which is not asked for
            Some(("option", _)) => return true,
            _ => return false,
        };
        self.references.insert(answer.0.to_owned(), answer.1).is_none()
    }
}
