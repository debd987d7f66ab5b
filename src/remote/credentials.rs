//! The files of a login turned into what a request says, and a refusal into which file to look at.
#![allow(clippy::disallowed_methods)] // reads the files that hold secrets

use std::io::Read as _;
use std::path::Path;

use crate::pull::http::connect::basic;
use crate::pull::http::fault::system;

use super::error::Fault;
use super::settings::Login;

/// Bytes of a file that holds a password, a token or a key; the largest keys have 4 kB.
const MAX_FILE: u64 = 64 << 10;

/// The value of `Authorization`, read now.
pub fn authorization(login: &Login) -> Result<Option<String>, Fault> {
    Ok(match login {
        Login::Anonymous => None,
        Login::Basic { username_file, password_file } => {
            let username = secret(username_file, "read the user in")?;
            Some(basic(&username, &secret(password_file, "read the password in")?))
        }
        Login::Bearer { token_file } => Some(format!("Bearer {}", secret(token_file, "read the token in")?)),
    })
}

/// Where to look when a server does not take the login.
pub fn way_out(login: &Login) -> String {
    match login {
        Login::Anonymous => {
            "give remote.usernameFile and remote.passwordFile, or remote.tokenFile".to_owned()
        }
        Login::Basic { username_file, password_file } => {
            let [user, password] = [username_file, password_file].map(|path| path.display());
            format!("look at the user in {user} and the password in {password}")
        }
        Login::Bearer { token_file } => format!("look at the token in {}", token_file.display()),
    }
}

/// A secret without the end of line that editors give it.
pub fn secret(path: &Path, action: &'static str) -> Result<String, Fault> {
    let text = text(path, action)?;
    let text = text.trim_end_matches(['\r', '\n']);
    let reason = match text {
        "" => "it is empty; write it there",
        _ if text.chars().any(char::is_control) => "it has more than one line; write only the secret",
        _ => return Ok(text.to_owned()),
    };
    Err(failed(path, action, reason))
}

/// A whole file.
pub fn text(path: &Path, action: &'static str) -> Result<String, Fault> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text));
    match read {
        Err(error) => Err(failed(path, action, &system(&error))),
        Ok(length) if length as u64 > MAX_FILE => Err(failed(path, action, "it is larger than 64 KiB")),
        Ok(_) => Ok(text),
    }
}

fn failed(path: &Path, action: &'static str, reason: &str) -> Fault {
    Fault::File { action, path: path.to_owned(), reason: reason.to_owned() }
}
