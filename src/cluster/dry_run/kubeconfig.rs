//! The file of a kubeconfig turned into what it says, read once, as go-yaml reads it
//! (`k8s.io/client-go/tools/clientcmd/loader.go`).
#![allow(clippy::disallowed_methods)] // reads the file

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use secrecy::{ExposeSecret as _, SecretString};

use crate::pull::http::fault::system;
use crate::render::functions::base::decode64;
use crate::render::functions::paths::clean;
use crate::template::value::Value;
use crate::yaml::{convert, read};

/// What only Helm says of its own files.
const CONVERTING: &str = "error converting YAML to JSON: ";

/// No kubeconfig is larger: one with certificates of a thousand clusters has 8 MB.
const MAX_FILE: u64 = 32 << 20;

/// Why a file is none.
#[derive(Debug, thiserror::Error)]
#[error("error loading config file \"{path}\": {reason}", path = .path.display())]
pub struct FileError {
    pub path: PathBuf,
    pub reason: String,
}

/// Reads it. Paths in it are meant from its folder.
pub fn load(path: &Path) -> Result<Kubeconfig, FileError> {
    let failed = |reason| FileError { path: path.to_owned(), reason };
    let text = bytes(path).map_err(failed)?;
    let value = read::value(&text).map_err(|error| {
        let said = error.to_string();
        failed(said.strip_prefix(CONVERTING).unwrap_or(&said).to_owned())
    })?;
    if matches!(value, Value::Nil) {
        return Ok(Kubeconfig::default());
    }
    let parsed = serde_json::from_value(convert::to_json(&value));
    let mut file: Kubeconfig = parsed.map_err(|error| failed(words(&error)))?;
    check_data(&mut file).map_err(failed)?;
    let folder = path.parent().and_then(|folder| std::path::absolute(folder).ok());
    resolve(&mut file, &folder.unwrap_or_else(|| PathBuf::from("/")));
    Ok(file)
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let opened = File::open(path).map_err(|error| format!("open {}: {}", path.display(), system(&error)))?;
    let read = opened.take(MAX_FILE + 1).read_to_end(&mut text);
    read.map_err(|error| format!("read {}: {}", path.display(), system(&error)))?;
    match text.len() as u64 > MAX_FILE {
        true => Err(format!("larger than {} MiB; keep fewer clusters in it", MAX_FILE >> 20)),
        false => Ok(text),
    }
}

/// What a field should be, without what it is: that may be a password.
fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rsplit_once(", expected ") {
        Some((_, wanted)) => format!("a field is of another type than expected: {wanted}"),
        None => said,
    }
}

/// Certificates and keys have to be base 64; the client takes them without line ends only.
fn check_data(file: &mut Kubeconfig) -> Result<(), String> {
    for cluster in file.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        cluster.certificate_authority_data.iter_mut().try_for_each(check_text)?;
    }
    for user in file.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        user.client_certificate_data.iter_mut().try_for_each(check_text)?;
        if let Some(key) = &user.client_key_data {
            let mut text = key.expose_secret().to_owned();
            check_text(&mut text)?;
            user.client_key_data = Some(SecretString::from(text));
        }
    }
    Ok(())
}

fn check_text(text: &mut String) -> Result<(), String> {
    decode64(text.as_bytes()).map_err(|error| error.to_string())?;
    text.retain(|c| !matches!(c, '\r' | '\n'));
    Ok(())
}

/// Makes paths absolute (`ResolveLocalPaths`); of commands those that are a path and no name to search for.
fn resolve(file: &mut Kubeconfig, folder: &Path) {
    let absolute = |path: &mut String| {
        if !path.is_empty() && !path.starts_with('/') {
            let whole = clean(folder.join(&*path).as_os_str().as_encoded_bytes());
            *path = String::from_utf8_lossy(&whole).into_owned();
        }
    };
    for cluster in file.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        cluster.certificate_authority.iter_mut().for_each(absolute);
    }
    for user in file.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        let paths = [&mut user.client_certificate, &mut user.client_key, &mut user.token_file];
        paths.into_iter().flatten().for_each(absolute);
        let command = user.exec.as_mut().and_then(|exec| exec.command.as_mut());
        command.into_iter().filter(|command| command.contains('/')).for_each(absolute);
    }
}
