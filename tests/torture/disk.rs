//! A disk that can be mounted, cut off from its power, and mounted again; and folders whose space or rights are small.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Room for a repository of some hundred commits and the journal.
const SIZE: &str = "96M";
/// Longer than a process takes to let go of its files.
const PATIENCE: Duration = Duration::from_secs(20);

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH` (fs/ext4/ext4.h): from now on nothing reaches the device, neither what
/// programs wrote and did not fsync, nor the journal's transaction that is open. What xfstests cuts the power with.
const CUT: &str = r#"my $how = pack("L", 2); open(my $disk, "<", $ARGV[0]) or die "open: $!"; $| = 1; print "ready\n";
<STDIN>; ioctl($disk, 0x8004587d, $how) or die "shutdown: $!";"#;

/// An ext4 file system in a file.
pub struct Disk {
    image: PathBuf,
    pub path: PathBuf,
    options: &'static str,
}

/// How the file system orders what it was not told to order. Without `auto_da_alloc` it does not make good for programs that
/// rename what they did not fsync; with `writeback` a name may last longer than the bytes behind it. Nothing is written to the
/// journal but on fsync (`commit=`: seconds).
pub const OPTIONS: [&str; 2] =
    ["loop,noauto_da_alloc,commit=300,data=writeback", "loop,noauto_da_alloc,commit=300,data=ordered"];

impl Disk {
    /// Nothing where this user cannot mount.
    pub fn new(folder: &Path, options: &'static str) -> Option<Disk> {
        let disk = Disk { image: folder.join("image"), path: folder.join("disk"), options };
        std::fs::create_dir_all(&disk.path).unwrap();
        let made = run("truncate", &["--size", SIZE, text(&disk.image)])
            && run("mkfs.ext4", &["-q", "-F", text(&disk.image)]);
        let ready = made && disk.try_mount();
        if !ready {
            println!("skipped: it takes root, ext4 and loop devices to cut a disk's power");
        }
        ready.then_some(disk)
    }

    fn try_mount(&self) -> bool {
        run("mount", &["-t", "ext4", "-o", self.options, text(&self.image), text(&self.path)])
    }

    /// Mounts what is on the device, as after the power came back.
    pub fn mount(&self) {
        assert!(self.try_mount(), "the disk cannot be mounted");
    }

    /// Lets go of it; who had files open on it is ending.
    pub fn unmount(&self) {
        let end = Instant::now() + PATIENCE;
        while !run("umount", &[text(&self.path)]) {
            assert!(Instant::now() < end, "the disk stays busy");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What is ready to cut the power.
    pub fn switch(&self) -> Switch {
        let mut perl = Command::new("perl");
        perl.args(["-e", CUT]).arg(&self.path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = perl.spawn().expect("perl, which comes with git");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Switch(child)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy", text(&self.path)]);
    }
}

/// A process that needs no more than a line.
pub struct Switch(Child);

impl Switch {
    pub fn cut(mut self) {
        self.0.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

/// Something mounted over a folder, as long as this lives.
pub struct Mounted(PathBuf);

impl Mounted {
    /// A tmpfs; nothing where this user cannot mount.
    pub fn tmpfs(path: &Path, options: &str) -> Option<Mounted> {
        std::fs::create_dir_all(path).unwrap();
        Mounted::new(path, &["-t", "tmpfs", "-o", options, "tmpfs", text(path)])
    }

    /// The same folder over itself, read-only.
    pub fn read_only(path: &Path) -> Option<Mounted> {
        let mounted = Mounted::new(path, &["--bind", text(path), text(path)])?;
        assert!(run("mount", &["-o", "remount,bind,ro", text(path)]));
        Some(mounted)
    }

    fn new(path: &Path, arguments: &[&str]) -> Option<Mounted> {
        let done = run("mount", arguments);
        if !done {
            println!("skipped: it takes root to mount");
        }
        done.then(|| Mounted(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        run("umount", &["--lazy", text(&self.0)]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
