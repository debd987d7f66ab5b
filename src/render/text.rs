//! Rendered objects to the text that `helm template` prints (Helm `pkg/action/action.go`, `pkg/cmd/template.go`).

use crate::template::value::Str;

use super::manifests::Hook;
use super::output::Output;
use super::split::trim;

/// The manifest of a release: CRDs if wanted, then every object that is no hook.
pub fn manifest(output: &Output, include_crds: bool) -> Vec<u8> {
    let mut text = Vec::new();
    if include_crds {
        for crd in &output.crds {
            document(&mut text, crd.path.as_bytes(), &crd.data);
        }
    }
    for manifest in &output.manifests {
        document(&mut text, &manifest.path, &manifest.text);
    }
    text
}

/// The whole output of `helm template`: the manifest, then the hooks.
pub fn all<'o>(output: &Output, include_crds: bool, hooks: impl IntoIterator<Item = &'o Hook>) -> Vec<u8> {
    let mut text = trim(&manifest(output, include_crds)).to_vec();
    text.push(b'\n');
    for hook in hooks {
        document(&mut text, &hook.manifest.path, &hook.manifest.text);
    }
    text
}

/// One document with the line that says where it comes from.
pub fn document(text: &mut Vec<u8>, path: &[u8], contents: &[u8]) {
    for part in [b"---\n# Source: ", path, b"\n", contents, b"\n"] {
        text.extend_from_slice(part);
    }
}

/// The documents of `text` whose template path, without the chart's name, is wanted; in their order.
pub fn from_template(text: &[u8], is_wanted: impl Fn(&str) -> bool) -> Vec<Str> {
    let documents = super::split::documents(text).into_iter();
    documents.filter(|document| source(document).is_some_and(&is_wanted)).map(Str::from).collect()
}

/// What the first `# Source: chart/PATH` says (Helm's `# Source: [^/]+/(.+)`).
fn source(document: &[u8]) -> Option<&str> {
    const SOURCE: &[u8] = b"# Source: ";
    document.split(|byte| *byte == b'\n').find_map(|line| {
        let at = line.windows(SOURCE.len()).position(|window| window == SOURCE)?;
        let path = std::str::from_utf8(&line[at + SOURCE.len()..]).ok()?;
        let (chart, path) = path.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}
