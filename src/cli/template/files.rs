//! Rendered objects to files below a folder (`--output-dir`).
#![allow(clippy::disallowed_methods)] // writes what the user asked for

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::render::manifests::Hook;
use crate::render::output::Output;
use crate::render::text;
use crate::template::value::Str;

use super::arguments::Arguments;

/// Writes every object to the path of its template, objects of one template into one file, and says so.
pub fn write(
    folder: &Path,
    arguments: &Arguments,
    release: &str,
    output: &Output,
    hooks: &[&Hook],
    stdout: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = Writer { stdout, written: BTreeSet::new() };
    if arguments.include_crds {
        for crd in &output.crds {
            writer.append(folder, &crd.path.as_str().into(), &crd.data)?;
        }
    }
    let folder = if arguments.release_name { folder.join(release) } else { folder.to_owned() };
    for manifest in &output.manifests {
        writer.append(&folder, &manifest.path, &manifest.text)?;
    }
    for hook in hooks {
        let Hook { manifest, .. } = hook;
        if folder.join(&*manifest.path.to_text()).exists() {
            writer.written.insert(manifest.path.clone());
        }
        writer.append(&folder, &manifest.path, &manifest.text)?;
    }
    Ok(())
}

struct Writer<'w> {
    stdout: &'w mut dyn Write,
    /// What this run wrote already and appends to.
    written: BTreeSet<Str>,
}

impl Writer<'_> {
    fn append(&mut self, folder: &Path, path: &Str, contents: &[u8]) -> io::Result<()> {
        let target = format!("{}/{}", folder.display(), path.to_text());
        if let Some(parent) = Path::new(&target).parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = match self.written.insert(path.clone()) {
            true => File::create(&target)?,
            false => OpenOptions::new().append(true).open(&target)?,
        };
        let mut document = Vec::new();
        text::document(&mut document, path, contents);
        file.write_all(&document)?;
        writeln!(self.stdout, "wrote {target}")
    }
}
