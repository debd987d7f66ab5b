//! A path turned into a git program that serves the repository there, so that its hooks run.
#![allow(clippy::disallowed_methods)] // a repository with hooks is git's own business: the one program that is run

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pipe;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use super::super::error::Fault;
use super::super::settings::Remote;
use super::super::silence::Watch;
use super::answer::answer;
use super::service::Service;
use super::stream::{Collected, Errors, Stream};

/// Ends with the conversation.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // one that has ended already is only collected
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program. It sees nothing of the host's configuration and of this process's environment.
pub fn begin(remote: &Remote, path: &Path, service: Service, watch: &Watch) -> Result<Stream, Fault> {
    let verb = service.name().trim_start_matches("git-");
    let failed = |error: io::Error| Fault::Unreachable(format!("git {verb} cannot be started: {error}"));
    let (talk, theirs) = Pipe::pair().map_err(failed)?;
    let (errors, their_errors) = Pipe::pair().map_err(failed)?;
    let their_input = theirs.try_clone().map_err(failed)?;
    let mut command = Command::new("git");
    command.args([verb, "--"]).arg(path).env_clear().env("PATH", &remote.search_path);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C.UTF-8");
    command.stdin(OwnedFd::from(their_input)).stdout(OwnedFd::from(theirs));
    command.stderr(Stdio::from(OwnedFd::from(their_errors)));
    let child = command.spawn();
    // the ends of the program are its own from here on, or the end of its output would never come
    drop(command);
    let program = Program(child.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::NoGit(verb),
        _ => failed(error),
    })?);
    let (source, sink) = tokio::io::split(watch.over(stream(talk).map_err(failed)?));
    Ok(Stream {
        answer: answer(Box::new(source)),
        sink: Box::new(sink),
        errors: collect(stream(errors).map_err(failed)?),
        _guard: Box::new(program),
    })
}

fn stream(pipe: Pipe) -> io::Result<UnixStream> {
    pipe.set_nonblocking(true)?;
    UnixStream::from_std(pipe)
}

fn collect(mut stream: UnixStream) -> Errors {
    let words = Collected::default();
    let collected = words.clone();
    let task = tokio::spawn(async move {
        let mut piece = [0; 1024];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            collected.add(&piece[..count]);
        }
    });
    Errors { words, task }
}
