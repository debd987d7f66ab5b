//! A chart to one hash of everything that a render could see of it.

use sha2::{Digest, Sha256};

use super::model::Chart;

impl Chart {
    /// `sha256:<hex>` over metadata, default values, schema, templates and files, subcharts included.
    ///
    /// The same chart has the same digest as a folder, as an archive of that folder, and as `helm package` writes
    /// it (which spells `Chart.yaml` anew and unpacks subcharts): order, times, modes and comments in `Chart.yaml`
    /// do not count. The lock file does not either: what it locks is there.
    pub fn digest(&self) -> String {
        written(&self.hash())
    }

    /// Every part goes in with its length, so that no two charts run together to the same bytes.
    fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        // Metadata is plain data and always has a JSON form.
        part(&serde_json::to_vec(&self.metadata).unwrap_or_default());
        let known =
            self.raw.iter().filter(|file| matches!(&*file.name, "values.yaml" | "values.schema.json"));
        let mut files: Vec<_> = known.chain(&*self.templates).chain(&*self.files).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        for file in files {
            part(file.name.as_bytes());
            part(&file.data);
        }
        let mut subcharts: Vec<_> = self.dependencies.iter().map(Chart::hash).collect();
        subcharts.sort_unstable();
        for subchart in subcharts {
            part(&subchart);
        }
        hash.finalize().into()
    }
}

/// A SHA-256 as it is written everywhere: `sha256:<hex>`.
pub fn written(hash: &[u8]) -> String {
    hash.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
