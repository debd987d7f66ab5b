//! The bytes of a tar, gzipped or not, to a chart.

use std::io::Write;

use promgit::chart::load;

pub fn run(data: &[u8]) {
    let chart = match data.starts_with(&[0x1F, 0x8B]) {
        true => load::archive(data),
        // What is not compressed is easier to change and to look at.
        false => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
            packed.write_all(data).expect("memory");
            load::archive(&packed.finish().expect("memory"))
        }
    };
    let Ok(chart) = chart else { return };
    for file in chart.raw.iter() {
        let leaves = file.name.starts_with('/') || file.name.split('/').any(|part| part == "..");
        assert!(!leaves, "a file outside of its chart: {}", file.name);
    }
}
