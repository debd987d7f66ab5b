//! A path on disk to a chart: a folder is walked, an archive read (Helm `pkg/chart/loader`, `internal/sympath`).
#![allow(clippy::disallowed_methods)] // The one file of this room that reads from disk.

use std::fs::{self, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::model::{Chart, File};
use super::super::warning::Warning;
use super::archive::{self, ArchiveChartError};
use super::files::files;
use super::ignore::{IgnoreError, Rules};
use super::unpack::{self, MAX_ENTRIES, MAX_SIZE};

/// How deep folders may lie in each other: each is a recursion, and a link can make a circle.
const MAX_DEPTH: usize = 64;

/// Rules of a `.helmignore` times files and folders: each is a comparison of patterns. Public charts need some thousand.
const MAX_COMPARED: usize = 5_000_000;

/// Go's limit for links on the way to a file.
const MAX_LINKS: usize = 255;

/// Why a path is no chart; the texts are those of `helm template PATH`, but for the two limits at the end.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("path \"{0}\" not found")]
    NotFound(String),
    #[error("unable to detect chart at {path}: {error}")]
    NoMetadata { path: String, error: String },
    #[error(transparent)]
    Chart(#[from] ArchiveChartError),
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    #[error("{0}")]
    Io(String),
    #[error("error evaluating symlink {path}: {error}")]
    Link { path: String, error: String },
    #[error("cannot load irregular file {0} as it has file mode type bits set")]
    Irregular(String),
    #[error("error reading {name}: {error}")]
    Read { name: String, error: String },
    #[error("error reading {0}: chart exceeds maximum decompressed size of {MAX_SIZE} bytes")]
    TooLarge(String),
    #[error("file '{0}' seems to be a YAML file, but expected a gzipped archive")]
    YamlFile(String),
    #[error("file '{path}' does not appear to be a gzipped archive; got '{kind}'")]
    NoArchive { path: String, kind: &'static str },
    #[error("file '{path}' does not appear to be a valid chart file (details: {details})")]
    NoGzip { path: String, details: String },
    #[error("the chart {0} holds more than {MAX_ENTRIES} files and folders; exclude some in its .helmignore")]
    TooMany(String),
    #[error(
        ".helmignore has too many patterns for so many files: more than {MAX_COMPARED} comparisons; name folders in it"
    )]
    TooManyRules,
    #[error(
        "folders of the chart lie more than {MAX_DEPTH} deep at {0}; look for a link that makes a circle"
    )]
    TooDeep(String),
}

/// Reads the chart in a folder, or in a `.tgz`.
pub fn path(path: &Path) -> Result<Chart, LoadError> {
    path_or_said(path, &mut Vec::new())
}

/// As [`path`]; `said` gets what Helm had printed on standard error before it failed.
pub fn path_or_said(path: &Path, said: &mut Vec<Warning>) -> Result<Chart, LoadError> {
    let shown = path.display().to_string();
    match fs::metadata(path) {
        Err(_) => Err(LoadError::NotFound(shown)),
        Ok(found) if found.is_dir() => folder(path, said),
        Ok(_) => archive_file(path, &absolute(path).display().to_string()),
    }
}

fn archive_file(path: &Path, shown: &str) -> Result<Chart, LoadError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| LoadError::Io(said("open", shown, &error)))?;
    // An archive larger than what it may hold is refused below, unread.
    let read = file.take(MAX_SIZE).read_to_end(&mut bytes);
    read.map_err(|error| LoadError::Io(said("read", shown, &error)))?;
    let gzip = bytes.starts_with(GZIP);
    if !gzip && (shown.ends_with(".yml") || shown.ends_with(".yaml")) {
        return Err(LoadError::YamlFile(shown.to_owned()));
    }
    self::bytes(&bytes, shown)
}

/// How a gzipped file begins.
const GZIP: &[u8] = &[0x1F, 0x8B, 0x08];

/// Reads the chart in the bytes of a `.tgz`; `shown` is where errors say it was found.
pub fn bytes(bytes: &[u8], shown: &str) -> Result<Chart, LoadError> {
    if !bytes.starts_with(GZIP) {
        return Err(LoadError::NoArchive { path: shown.to_owned(), kind: content_type(bytes) });
    }
    match archive::archive(bytes) {
        Err(error) if error.is_no_gzip() => {
            let details = match &error {
                ArchiveChartError::Archive(error) => error.to_string(),
                error => error.to_string(),
            };
            Err(LoadError::NoGzip { path: shown.to_owned(), details })
        }
        chart => Ok(chart?),
    }
}

fn folder(path: &Path, said: &mut Vec<Warning>) -> Result<Chart, LoadError> {
    let top = absolute(path);
    let chart_yaml = top.join("Chart.yaml");
    let shown = chart_yaml.display().to_string();
    let text = fs::read(&chart_yaml).map_err(|error| LoadError::NoMetadata {
        error: self::said("open", &shown, &error),
        path: shown.clone(),
    })?;
    archive::check_version(&text)?;
    let rules = match fs::read(top.join(".helmignore")) {
        Ok(text) => Rules::parse(&text)?,
        Err(_) => Rules::parse(b"")?,
    };
    let mut walk = Walk { rules, files: Vec::new(), warnings: Vec::new(), entries: 0, left: MAX_SIZE };
    let walked = walk.children(&top, "", 0);
    let files = std::mem::take(&mut walk.files);
    let chart = walked.and_then(|()| Ok(self::files(files).map_err(ArchiveChartError::Files)?));
    match chart {
        Ok(mut chart) => {
            chart.warnings.splice(0..0, walk.warnings);
            Ok(chart)
        }
        Err(error) => {
            said.append(&mut walk.warnings);
            Err(error)
        }
    }
}

/// Collects the files of a folder in the order of their names, links followed.
struct Walk {
    rules: Rules,
    files: Vec<File>,
    warnings: Vec<Warning>,
    entries: usize,
    left: u64,
}

impl Walk {
    fn children(&mut self, folder: &Path, name: &str, depth: usize) -> Result<(), LoadError> {
        let shown = folder.display().to_string();
        if depth > MAX_DEPTH {
            return Err(LoadError::TooDeep(shown));
        }
        let io = |error: io::Error| LoadError::Io(said("open", &shown, &error));
        let names = fs::read_dir(folder).map_err(io)?.map(|entry| entry.map(|entry| entry.file_name()));
        let mut names = names.collect::<Result<Vec<_>, _>>().map_err(io)?;
        names.sort();
        for child in names {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(LoadError::TooMany(shown));
            }
            if self.entries.saturating_mul(self.rules.count()) > MAX_COMPARED {
                return Err(LoadError::TooManyRules);
            }
            let path = folder.join(&child);
            let child = child.to_string_lossy();
            let name = if name.is_empty() { child.into_owned() } else { format!("{name}/{child}") };
            self.entry(&path, &name, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), LoadError> {
        let shown = path.display().to_string();
        let io = |error: io::Error| LoadError::Io(said("lstat", &shown, &error));
        let mut found = fs::symlink_metadata(path).map_err(io)?;
        if found.is_symlink() {
            let target = fs::canonicalize(path)
                .map_err(|error| LoadError::Link { error: broken(path, &error), path: shown.clone() })?;
            found = fs::symlink_metadata(&target).map_err(io)?;
            let message = "found symbolic link in path. Contents of linked file included and used";
            let target = target.display().to_string();
            self.warnings.push(Warning::info(message).with("path", &*shown).with("resolved", target));
        }
        if self.rules.ignores(name, found.is_dir()) {
            return Ok(());
        }
        if found.is_dir() {
            return self.children(path, name, depth + 1);
        }
        self.file(path, name, &found)
    }

    fn file(&mut self, path: &Path, name: &str, found: &Metadata) -> Result<(), LoadError> {
        let shown = path.display().to_string();
        if !FileType::is_file(&found.file_type()) {
            return Err(LoadError::Irregular(shown));
        }
        let read =
            |error: io::Error| LoadError::Read { name: name.to_owned(), error: said("open", &shown, &error) };
        let file = fs::File::open(path).map_err(read)?;
        // The file may have grown since: read no more than shows that it is too large.
        let mut data = Vec::with_capacity(usize::try_from(found.len().min(self.left)).unwrap_or(0));
        file.take(self.left + 1).read_to_end(&mut data).map_err(read)?;
        let Some(left) = self.left.checked_sub(data.len() as u64) else {
            return Err(LoadError::TooLarge(name.to_owned()));
        };
        self.left = left;
        self.files.push(File { name: name.into(), data: unpack::without_mark(&data).into() });
        Ok(())
    }
}

/// The path from the root, without dots.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    PathBuf::from(unpack::clean(&path.to_string_lossy()))
}

/// Why a link leads nowhere: the first part of the way that is not there (Go `path/filepath`, `walkSymlinks`).
fn broken(link: &Path, error: &io::Error) -> String {
    let mut path = link.to_owned();
    for _ in 0..MAX_LINKS {
        let mut way = PathBuf::new();
        let mut parts = path.components();
        let step = parts.find_map(|part| {
            way.push(part);
            fs::symlink_metadata(&way).map(|found| found.is_symlink().then_some(())).transpose()
        });
        match step {
            Some(Ok(())) => path = target_of(&way).join(parts.as_path()),
            Some(Err(_)) => return said("lstat", &way.display().to_string(), error),
            None => return said("lstat", &path.display().to_string(), error),
        }
    }
    "EvalSymlinks: too many links".to_owned()
}

/// Where a link points to.
fn target_of(link: &Path) -> PathBuf {
    let target = fs::read_link(link).unwrap_or_default();
    let target = link.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    PathBuf::from(unpack::clean(&target.to_string_lossy()))
}

/// An error of the operating system as Go prints it: `open /a: no such file or directory`.
fn said(operation: &str, path: &str, error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    let first = chars.next().map(|char| char.to_ascii_lowercase());
    format!("{operation} {path}: {}{}", first.map(String::from).unwrap_or_default(), chars.as_str())
}

/// What a file that is no archive looks like, in the words of Go's `http.DetectContentType` (the kinds that a user
/// is likely to pass by mistake).
fn content_type(bytes: &[u8]) -> &'static str {
    const SNIFFED: usize = 512;
    let head = &bytes[..bytes.len().min(SNIFFED)];
    let text = head.iter().position(|byte| !b"\t\n\x0c\r ".contains(byte)).map_or(&[][..], |at| &head[at..]);
    let is_tag = |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    let binary = |byte: &u8| matches!(byte, 0..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F);
    match head {
        head if head.starts_with(b"PK\x03\x04") => "application/zip",
        head if head.starts_with(b"%PDF-") => "application/pdf",
        _ if is_tag(b"<!DOCTYPE HTML") || is_tag(b"<HTML") => "text/html; charset=utf-8",
        _ if is_tag(b"<?xml") => "text/xml; charset=utf-8",
        // Helm looks at a buffer of this size, zeros behind the file's end included.
        _ if head.len() < SNIFFED || head.iter().any(binary) => "application/octet-stream",
        _ => "text/plain; charset=utf-8",
    }
}
