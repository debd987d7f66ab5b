//! What a chart repository serves as its `index.yaml`, to the versions that it has.

use promgit::pull::index;

pub fn run(data: &[u8]) {
    let Ok(index) = index::parse(data, "http://127.0.0.1/index.yaml") else { return };
    for version in ["", "1.0.0", "^1", ">0-0"] {
        if let Ok((entry, _)) = index.get("app", version) {
            assert!(!entry.version.is_empty(), "an entry without a version");
        }
    }
}
