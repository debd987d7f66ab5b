//! Turns a path or a branch name from outside into one that every git client accepts, or refuses it with the reason.

/// Folders in a path. Far more than any layout needs, few enough to recurse.
pub const MAX_DEPTH: usize = 32;
/// Bytes of a whole path: what Linux lets a checkout create.
const MAX_PATH: usize = 4095;
/// Bytes of one name in a path, and of one part of a branch name with `.lock` appended.
const MAX_NAME: usize = 255;
/// Where git keeps what it knows of submodules.
const GITMODULES: &str = ".gitmodules";
const LOCK_SUFFIX: &str = ".lock";

/// A path that must not enter a tree.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("path {path:?} cannot be written to a branch: {reason}")]
pub struct PathError {
    pub path: String,
    pub reason: &'static str,
}

/// A name that git does not take for a branch.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{branch:?} is not a branch name that git accepts: {reason}; see `git check-ref-format`")]
pub struct BranchError {
    pub branch: String,
    pub reason: &'static str,
}

/// The names of a path, checked: relative, `/` between names, nothing that any git client would refuse to check out.
pub fn components(path: &str) -> Result<Vec<&str>, PathError> {
    checked(path, unfit)
}

/// The same of what somebody has committed and stays what it is: it may be the list of their submodules.
pub fn carried(path: &str) -> Result<Vec<&str>, PathError> {
    checked(path, |name| unfit(name).filter(|_| name != GITMODULES))
}

fn checked(path: &str, unfit: impl Fn(&str) -> Option<&'static str>) -> Result<Vec<&str>, PathError> {
    let refuse = |reason| PathError { path: path.to_owned(), reason };
    if path.is_empty() {
        return Err(refuse("it is empty"));
    }
    if path.len() > MAX_PATH {
        return Err(refuse("it is longer than 4095 bytes"));
    }
    let names: Vec<&str> = path.split('/').collect();
    if names.len() > MAX_DEPTH {
        return Err(refuse("it is more than 32 folders deep"));
    }
    match names.iter().find_map(|name| unfit(name)) {
        Some(reason) => Err(refuse(reason)),
        None => Ok(names),
    }
}

fn unfit(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it starts or ends with a slash, or has an empty name in it"),
        "." | ".." => Some("`.` and `..` would leave its folder"),
        _ if name.len() > MAX_NAME => Some("a name in it is longer than 255 bytes"),
        _ if name.contains(|c: char| c.is_control() || c == '\\') => {
            Some("control characters and backslashes are not portable")
        }
        _ if is_git_own(name) => Some("git keeps `.git` and `.gitmodules` for itself"),
        _ => None,
    }
}

/// What some file system would take for `.git` or `.gitmodules`: in any case, with characters that HFS+ ignores, and
/// as NTFS shortens or ends names (git's `is_hfs_dotgit`, `is_ntfs_dotgit`).
fn is_git_own(name: &str) -> bool {
    let seen: String = name.chars().filter(|c| !ignored_by_hfs(*c)).collect::<String>().to_lowercase();
    let stem = seen.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    matches!(stem, ".git" | GITMODULES) || stem.starts_with("git~") || stem.starts_with("gitmod~")
}

fn ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Where notes and tags are: they go along with branches, under their full names.
const BESIDE: [&str; 2] = ["refs/notes/", "refs/tags/"];

/// Whether the name is that of a tag in full: those never move.
pub fn is_tag(name: &str) -> bool {
    name.starts_with(BESIDE[1])
}

/// A branch, note or tag as people call it.
pub fn called(name: &str) -> String {
    match name.strip_prefix(BESIDE[1]) {
        Some(tag) => format!("tag {tag}"),
        None if is_beside(name) => format!("notes {name}"),
        None => format!("branch {name}"),
    }
}

/// Whether the name is that of a note or tag in full, and no branch.
pub fn is_beside(name: &str) -> bool {
    BESIDE.iter().any(|start| name.starts_with(start))
}

/// The full reference name of a branch, after the checks of `git check-ref-format --branch`; that of a note or tag is its own.
pub fn branch_ref(branch: &str) -> Result<String, BranchError> {
    let refuse = |reason| Err(BranchError { branch: branch.to_owned(), reason });
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    if branch.contains(bad) {
        return refuse("it holds a space, a control character or one of ~ ^ : ? * [ \\");
    }
    if branch.contains("..") || branch.contains("@{") || branch == "@" || branch == "HEAD" {
        return refuse("`..`, `@{`, `@` and `HEAD` have a meaning of their own");
    }
    if branch.starts_with('-') || branch.ends_with('.') {
        return refuse("it starts with a dash or ends with a dot");
    }
    let unfit = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(LOCK_SUFFIX);
    if branch.split('/').any(unfit) {
        return refuse("a part of it is empty, starts with a dot or ends with .lock");
    }
    let too_long = |part: &str| part.len() + LOCK_SUFFIX.len() > MAX_NAME;
    if branch.split('/').any(too_long) || branch.split('/').count() > MAX_DEPTH {
        return refuse("it is too long or too deep for a file name");
    }
    Ok(if is_beside(branch) { branch.to_owned() } else { format!("refs/heads/{branch}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_or_fool() {
        let long = "x".repeat(256);
        let bad = [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "a/..",
            "../a",
            ".git",
            "a/.GIT/config",
            "git~1",
            ".g\u{200c}it",
            ".git.",
            ".git ",
            ".git::$INDEX",
            ".gitmodules",
            "a\nb",
            "a\\b",
            "a\0",
            &long,
        ];
        for path in bad {
            assert!(components(path).is_err(), "{path:?}");
        }
        for path in bad {
            assert_eq!(carried(path).is_ok(), path == ".gitmodules", "{path:?}");
        }
        for path in ["a", "a/b.yaml", ".gitignore", "..a", "ü/€", "a b"] {
            assert!(components(path).is_ok(), "{path:?}");
        }
        assert!(components(&"d/".repeat(MAX_DEPTH)).is_err());
    }

    #[test]
    fn branch_names_as_git_takes_them() {
        for branch in
            ["", "a b", "-a", "a.", "a..b", "a.lock", "a.lock/b", "a//b", "/a", ".a", "a@{1}", "HEAD", "@"]
        {
            assert!(branch_ref(branch).is_err(), "{branch:?}");
            assert!(!git2::Branch::name_is_valid(branch).unwrap_or(false) || branch == "@", "{branch:?}");
        }
        assert_eq!(branch_ref("deploy/example").unwrap(), "refs/heads/deploy/example");
        assert_eq!(branch_ref("refs/notes/promgit").unwrap(), "refs/notes/promgit");
        assert_eq!(branch_ref("refs/heads/a").unwrap(), "refs/heads/refs/heads/a");
    }
}
