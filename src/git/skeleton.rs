//! Turns an empty folder into a bare repository, and says of any other folder whether it is one that can be used.
#![allow(clippy::disallowed_methods)] // creates the repository's folders

use std::path::{Path, PathBuf};

use super::durable::{self, IoError};

/// Held, by its lock, by the one process that writes.
pub const LOCK_FILE: &str = "promgit.lock";
/// What may stand in a folder whose creation was cut off, or that is the root of a volume.
const OURS: &[&str] = &[LOCK_FILE, "config", "objects", "refs", "tmp_head", "lost+found"];
/// Folders of a repository.
const FOLDERS: &[&str] = &["objects/info", "objects/pack", "refs/heads", "refs/tags"];
/// Repacking is the writer's own business: a `git gc` in the middle of a push would compete with it.
const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\
    [gc]\n\tauto = 0\n[receive]\n\tautogc = false\n";

/// What a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Empty, absent, or the beginning of a repository that was cut off.
    New,
    /// A bare repository of the kind that can be used.
    Repository,
}

/// A folder that is not used as a repository.
#[derive(Debug, thiserror::Error)]
pub enum UnfitError {
    #[error("{} is a file; give the path of a bare repository, or of a folder to create one in", .0.display())]
    File(PathBuf),
    #[error("{} is not empty and no bare git repository; give another path, or empty it", .0.display())]
    Foreign(PathBuf),
    #[error("{} is a git working tree; promgit writes bare repositories; `git clone --bare` makes one of it", .0.display())]
    WorkTree(PathBuf),
    #[error("{} uses reftable references; convert it with `git refs migrate --ref-format=files`", .0.display())]
    Reftable(PathBuf),
    #[error("{} uses {format} object ids; promgit needs SHA-1: create it anew with `git init --bare --object-format=sha1`", path.display())]
    ObjectFormat { path: PathBuf, format: String },
    #[error("{} uses the git extension {extension:?}, which promgit does not know; create a repository without it", path.display())]
    Extension { path: PathBuf, extension: String },
    #[error("the configuration of {} cannot be read: {detail}; `git config --list` there says where", path.display())]
    Config { path: PathBuf, detail: String },
    #[error(transparent)]
    Io(#[from] IoError),
}

/// Looks at a folder without changing it.
pub fn inspect(path: &Path) -> Result<State, UnfitError> {
    if path.is_file() {
        return Err(UnfitError::File(path.to_owned()));
    }
    let names = durable::names(path)?;
    if names.iter().any(|name| name == ".git") {
        return Err(UnfitError::WorkTree(path.to_owned()));
    }
    if path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir() {
        check_config(path)?;
        return Ok(State::Repository);
    }
    match names.iter().all(|name| OURS.contains(&name.as_str())) {
        true => Ok(State::New),
        false => Err(UnfitError::Foreign(path.to_owned())),
    }
}

fn check_config(path: &Path) -> Result<(), UnfitError> {
    let failed =
        |e: git2::Error| UnfitError::Config { path: path.to_owned(), detail: e.message().to_owned() };
    let config = git2::Config::open(&path.join("config")).map_err(failed)?;
    if matches!(config.get_bool("core.bare"), Ok(false)) {
        return Err(UnfitError::WorkTree(path.to_owned()));
    }
    let mut extensions = Vec::new();
    let entries = config.entries(Some("^extensions\\.")).map_err(failed)?;
    entries
        .for_each(|entry| {
            let (name, value) = (entry.name().unwrap_or_default(), entry.value().unwrap_or_default());
            extensions.push((name.to_lowercase(), value.to_lowercase()));
        })
        .map_err(failed)?;
    extensions.into_iter().try_for_each(|(name, value)| check_extension(path, &name, value))
}

fn check_extension(path: &Path, name: &str, value: String) -> Result<(), UnfitError> {
    let path = path.to_owned();
    match (name, value.as_str()) {
        ("extensions.refstorage", "files") | ("extensions.objectformat", "sha1") => Ok(()),
        ("extensions.noop" | "extensions.preciousobjects" | "extensions.worktreeconfig", _) => Ok(()),
        ("extensions.refstorage", _) => Err(UnfitError::Reftable(path)),
        ("extensions.objectformat", _) => Err(UnfitError::ObjectFormat { path, format: value }),
        _ => Err(UnfitError::Extension { path, extension: name.to_owned() }),
    }
}

/// Creates the repository; `HEAD` comes last, so that a folder without it is known to be unfinished.
pub fn create(path: &Path, branch_ref: &str) -> Result<(), IoError> {
    for folder in FOLDERS {
        let folder = path.join(folder);
        std::fs::create_dir_all(&folder).map_err(IoError::at("create", &folder))?;
    }
    let (config, head) = (path.join("config"), path.join("tmp_head"));
    durable::remove(&config)?;
    durable::create(&config, CONFIG.as_bytes())?;
    for folder in ["objects", "refs", "."] {
        durable::sync_dir(&path.join(folder))?;
    }
    durable::remove(&head)?;
    durable::create(&head, format!("ref: {branch_ref}\n").as_bytes())?;
    durable::rename(&head, &path.join("HEAD"))?;
    durable::sync_dir(path)
}
