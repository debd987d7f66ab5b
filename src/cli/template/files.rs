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
use super::values::system_text;

/// A file that could not be written; the texts are Go's.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{operation} {path}: {}", system_text(.source))]
    System { operation: &'static str, path: String, source: io::Error },
    #[error(transparent)]
    Stdout(io::Error),
}

fn system(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.display().to_string();
    move |source| WriteError::System { operation, path, source }
}

/// Writes every object to the path of its template, objects of one template into one file, and says so.
pub fn write(
    folder: &Path,
    arguments: &Arguments,
    release: &str,
    output: &Output,
    hooks: &[&Hook],
    stdout: &mut dyn Write,
) -> Result<(), WriteError> {
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
    fn append(&mut self, folder: &Path, path: &Str, contents: &[u8]) -> Result<(), WriteError> {
        let target = format!("{}/{}", folder.display(), path.to_text());
        if let Some(parent) = Path::new(&target).parent() {
            make_folder(parent)?;
        }
        let file = match self.written.insert(path.clone()) {
            true => File::create(&target),
            false => OpenOptions::new().append(true).open(&target),
        };
        let mut file = file.map_err(system("open", Path::new(&target)))?;
        let mut document = Vec::new();
        text::document(&mut document, path, contents);
        file.write_all(&document).map_err(system("write", Path::new(&target)))?;
        writeln!(self.stdout, "wrote {target}").map_err(WriteError::Stdout)
    }
}

/// Makes a folder and those around it, the outermost first (Helm `ensureDirectoryForFile`, Go `os.MkdirAll`).
fn make_folder(folder: &Path) -> Result<(), WriteError> {
    match fs::metadata(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(system("stat", folder)(error)),
        _ => {}
    }
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
    missing.into_iter().rev().try_for_each(|folder| fs::create_dir(folder).map_err(system("mkdir", folder)))
}
