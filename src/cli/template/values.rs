//! Values files and `--set` flags to one table of values (Helm `pkg/cli/values/options.go`).
#![allow(clippy::disallowed_methods)] // reads the files that the user names

use std::io::{self, Read as _};

use clap::Args;
use http::StatusCode;

use crate::chart::load::values::{self, ValuesError as FileError};
use crate::chart::overrides::{self, OverrideError};
use crate::chart::tables;
use crate::chart::warning::Warning;
use crate::pull::address::{Address, redact};
use crate::pull::environment::Environment;
use crate::pull::file;
use crate::pull::repository::FetchError;
use crate::template::value::{Map, Value};

use super::log::Log;

/// The flags that change values; the later ones in this list win.
#[derive(Args, Clone, Debug, Default)]
pub struct ValueFlags {
    /// Values from a YAML file, from an address, or from stdin (`-`); may be given several times, the last one wins
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    pub files: Vec<String>,
    /// Values as JSON: `a=[1,2],b.c={"d":null}`, or a whole object
    #[arg(long, value_name = "KEY=JSON")]
    pub set_json: Vec<String>,
    /// Values: `a.b=1,c[0]=x,d={1,2},e=null`
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Values that stay strings: `a=1`
    #[arg(long, value_name = "KEY=STRING")]
    pub set_string: Vec<String>,
    /// Values from files or addresses: `a=path`
    #[arg(long, value_name = "KEY=PATH")]
    pub set_file: Vec<String>,
    /// A string taken as it is, commas and braces included
    #[arg(long, value_name = "KEY=STRING")]
    pub set_literal: Vec<String>,
}

/// Why the values cannot be read; the texts are Helm's.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    #[error("{0}")]
    Read(String),
    #[error("failed to parse {path}: {source}")]
    Parse { path: String, source: FileError },
    #[error(transparent)]
    Override(#[from] OverrideError),
}

/// All values that the flags give, merged.
pub fn merge(arguments: &ValueFlags, log: &mut Log<'_>) -> Result<Value, ValuesError> {
    let mut read = |path: &str| read(path, log);
    let mut merged = tables::empty();
    for path in &arguments.files {
        let text = read(path).map_err(ValuesError::Read)?;
        let parsed = values::values(&text);
        let table = parsed.map_err(|source| ValuesError::Parse { path: path.clone(), source })?;
        merged = tables::merge(&merged, &table);
    }
    each(&merged, &arguments.set_json, overrides::set_json)?;
    each(&merged, &arguments.set, overrides::set)?;
    each(&merged, &arguments.set_string, overrides::set_string)?;
    each(&merged, &arguments.set_file, |merged, text| overrides::set_file(merged, text, &mut read))?;
    each(&merged, &arguments.set_literal, overrides::set_literal)?;
    Ok(Value::Map(merged))
}

fn each(
    merged: &Map,
    texts: &[String],
    mut set: impl FnMut(&Map, &str) -> Result<(), OverrideError>,
) -> Result<(), OverrideError> {
    texts.iter().try_for_each(|text| set(merged, text))
}

/// The contents of a file, of standard input or of an address; the error is what Go would say (`readFile`).
fn read(path: &str, log: &mut Log<'_>) -> Result<Vec<u8>, String> {
    if path.trim() == "-" {
        let mut text = Vec::new();
        return io::stdin().read_to_end(&mut text).map(|_| text).map_err(|error| error.to_string());
    }
    let address = Address::parse(path).map_err(|error| error.to_string())?;
    if ["http", "https"].contains(&&*address.scheme) {
        return fetch(path, &address, log);
    }
    std::fs::read(path).map_err(|error| {
        let verb = if error.kind() == io::ErrorKind::IsADirectory { "read" } else { "open" };
        format!("{verb} {path}: {}", system_text(&error))
    })
}

fn fetch(path: &str, address: &Address, log: &mut Log<'_>) -> Result<Vec<u8>, String> {
    // A line of a log that cannot be written is no reason to stop.
    let _ = log.debug("fetching", "url", path);
    let file =
        file::fetch(address, Environment::of_process().proxies()).map_err(|error| error.to_string())?;
    let line = Warning::debug("fetch complete").with("url", path).with("status", &*file.status);
    let _ = log.say(&line.with("content-length", file.length.unwrap_or_else(|| "-1".to_owned())));
    match file.code {
        StatusCode::OK => Ok(file.bytes),
        code => {
            let (address, status) = (redact(path), file.status);
            Err(FetchError::Status { address, status, code }.to_string())
        }
    }
}

/// The system's words for an error as Go prints them: lower case, without a number.
pub(super) fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + characters.as_str())
        .unwrap_or_default()
}
