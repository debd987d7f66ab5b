//! Files as a text lists them, to a chart that is loaded, coalesced with values and rendered.

use std::io::Write;
use std::sync::Arc;

use promgit::chart::load;
use promgit::template::frozen::Frozen;
use promgit::template::value::Value;

use super::{files, rendering};

/// Holds the user's values; no file of the chart.
const USER: &str = "values";

pub fn run(data: &[u8]) {
    let (_, parts) = files::split(data);
    let user = parts.iter().find(|(path, _)| path == USER).map_or(&b""[..], |(_, data)| *data);
    let parts: Vec<_> = parts.iter().filter(|(path, _)| path != USER).collect();
    archived(&parts);
    let files = rendering::files(parts.iter().map(|(path, data)| (path.as_str(), *data)));
    let Ok(user) = load::values::values(user) else { return };
    let Ok(chart) = load::files(files) else { return };
    let user = Frozen::from(&Value::Map(user));
    let _ = rendering::twice(Arc::new(chart), &user);
}

/// The same files as an archive. Paths that no archive may hold are refused there.
fn archived(parts: &[&files::Part<'_>]) {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let mut archive = tar::Builder::new(packed);
    for (path, data) in parts {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        // Written by hand: the builder refuses the paths that are wanted here.
        let name = format!("app/{path}");
        let Some(field) = header.as_old_mut().name.get_mut(..name.len()) else { return };
        field.copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *data).expect("memory");
    }
    let mut packed = archive.into_inner().expect("memory");
    packed.flush().expect("memory");
    let _ = load::archive(&packed.finish().expect("memory"));
}
