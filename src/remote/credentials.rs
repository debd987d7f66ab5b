//! The files of a login turned into what a request says, and a refusal into which file to look at.

use std::path::Path;

use crate::pull::http::connect::basic;
use crate::pull::http::fault::system;
use crate::secrecy::file;
use crate::secrecy::hidden::Hidden;

use super::error::Fault;
use super::settings::Login;

/// Bytes of a file that holds a password, a token or a key; the largest keys have 4 kB.
const MAX_FILE: u64 = 64 << 10;

/// Letters of a user's name from which on it is a token: forges take one in either place.
const TOKEN: usize = 20;

/// The value of `Authorization`, read now. What it is made of is hidden.
pub fn authorization(login: &Login, hidden: &mut Hidden) -> Result<Option<String>, Fault> {
    let value = match login {
        Login::Anonymous => return Ok(None),
        Login::Basic { username_file, password_file } => {
            let username = secret(username_file, "read the user in")?;
            let password = secret(password_file, "read the password in")?;
            hide(&username, &password, hidden);
            basic(&username, &password)
        }
        Login::Bearer { token_file } => {
            let token = secret(token_file, "read the token in")?;
            hidden.add(&token);
            format!("Bearer {token}")
        }
    };
    Ok(Some(value))
}

/// A password, and what is sent of it.
pub fn hide(username: &str, password: &str, hidden: &mut Hidden) {
    hidden.add(password);
    if username.len() >= TOKEN {
        hidden.add(username);
    }
    if let Some((_, sent)) = basic(username, password).split_once(' ') {
        hidden.add(sent);
    }
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
    let read = file::read(path, MAX_FILE).map_err(|error| failed(path, action, &system(&error)))?;
    String::from_utf8(read).map_err(|_| failed(path, action, "it is no text in UTF-8"))
}

fn failed(path: &Path, action: &'static str, reason: &str) -> Fault {
    Fault::File { action, path: path.to_owned(), reason: reason.to_owned() }
}
