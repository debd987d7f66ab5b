//! The path of a small file, such as one that holds a key, turned into its bytes: nothing that waits or has no end.
#![allow(clippy::disallowed_methods)] // reads the files that hold secrets

use std::fs::{File, metadata};
use std::io::{self, Read as _};
use std::path::Path;

/// The whole file. What is no regular file is refused before it is opened: a FIFO would wait for somebody who writes, and a device
/// has no end. So is what is larger than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let found = metadata(path)?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file; write what it gives into one"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::other(format!("it is larger than {} KiB", most >> 10))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_or_has_no_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [fifo, file, link] = ["fifo", "file", "link"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        std::fs::write(&file, vec![b'x'; 1 << 10]).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for (path, most, expected) in [
            (&*fifo, 1 << 10, "no regular file"),
            (Path::new("/dev/zero"), 1 << 10, "no regular file"),
            (Path::new("/dev/null"), 1 << 10, "no regular file"),
            (folder.path(), 1 << 10, "is a directory"),
            (&*folder.path().join("gone"), 1 << 10, "No such file"),
            (&*file, (1 << 10) - 1, "larger than"),
        ] {
            let error = read(path, most).unwrap_err().to_string();
            assert!(error.contains(expected), "{}: {error}", path.display());
        }
        // a mounted Secret is a link
        assert_eq!(read(&link, 1 << 10).unwrap().len(), 1 << 10);
    }
}
