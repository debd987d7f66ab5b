//! The program as a process: signals, pipes, terminals.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::golden::{shell, workplace};
use super::support;

/// Slow machines included.
const PATIENCE: Duration = Duration::from_secs(60);

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = support::hermetic(env!("CARGO_BIN_EXE_promgit"), folder);
    command.current_dir(folder).args(arguments).env("PROMGIT_CONFIG", "other.yaml").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// So many clusters more, in as many namespaces.
fn fill(folder: &Path, count: usize) {
    for number in 0..count {
        let text = format!(
            "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\n\
             metadata: {{name: a, namespace: n-{number:04}}}\nspec: {{}}\n"
        );
        fs::write(folder.join(format!("resources/{number:04}.yaml")), text).expect("a resource");
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

/// The first line that holds this text; what stands before it is dropped.
fn wait_for(lines: &mut impl BufRead, text: &str) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(lines.read_line(&mut line).expect("a line") > 0, "ended without {text:?}");
    }
    line
}

fn code(child: &mut Child) -> i32 {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code().unwrap_or_else(|| panic!("ended by a signal: {status}"));
        }
        if Instant::now() > end {
            child.kill().expect("killed");
            panic!("does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn commits(folder: &Path) -> usize {
    let script =
        "git --git-dir deploy.git fsck --full --strict >&2; git --git-dir deploy.git rev-list --all --count";
    let output = shell(folder, script).output().expect("git");
    support::stdout(output).trim().parse().expect("a number")
}

#[test]
fn the_first_signal_finishes_what_was_begun() {
    for name in ["TERM", "INT"] {
        let folder = workplace(None);
        fill(folder.path(), 200);
        let mut child = program(folder.path(), &["run"]).spawn().expect("promgit");
        let mut news = BufReader::new(child.stdout.take().expect("stdout"));
        wait_for(&mut news, "created");
        signal(&child, name);
        let mut rest = String::new();
        news.read_to_string(&mut rest).expect("news");
        let mut told = String::new();
        child.stderr.take().expect("stderr").read_to_string(&mut told).expect("text");
        assert_eq!(code(&mut child), 0, "{told}");
        assert!(
            told.contains("promgit: finishing what was begun; a second signal ends it at once"),
            "{told}"
        );
        assert_eq!(commits(folder.path()), rest.lines().count() + 1);
    }
}

#[test]
fn the_second_signal_ends_it_at_once_and_the_next_start_goes_on() {
    let folder = workplace(None);
    fill(folder.path(), 400);
    let mut child = program(folder.path(), &["run"]).spawn().expect("promgit");
    let mut news = BufReader::new(child.stdout.take().expect("stdout"));
    let mut told = BufReader::new(child.stderr.take().expect("stderr"));
    wait_for(&mut news, "created");
    let reader = std::thread::spawn(move || {
        let mut rest = String::new();
        news.read_to_string(&mut rest).expect("news");
        rest
    });
    signal(&child, "TERM");
    wait_for(&mut told, "finishing what was begun");
    let second = Instant::now();
    signal(&child, "TERM");
    assert_eq!(code(&mut child), 1);
    assert!(second.elapsed() < Duration::from_secs(2), "{:?}", second.elapsed());
    wait_for(&mut told, "ended at once; what is not committed is committed by the next start");
    let reported = reader.join().expect("news").lines().count() + 1;
    let before = commits(folder.path());
    assert!(reported <= before && before < 402, "{reported} reported, {before} there");

    let again = program(folder.path(), &["run", "--once"]).output().expect("promgit");
    support::stdout(again);
    assert_eq!(commits(folder.path()), 402);
}

#[test]
fn what_the_first_run_says_to_type_and_to_edit_works() {
    let folder = workplace(None);
    let mut child = program(folder.path(), &["run"]).spawn().expect("promgit");
    let mut news = BufReader::new(child.stdout.take().expect("stdout"));
    let mut told = BufReader::new(child.stderr.take().expect("stderr"));
    let git = wait_for(&mut told, "look at it:").trim().replace("look at it:", "");
    let history = wait_for(&mut told, " history ");
    assert_eq!(
        wait_for(&mut told, "next commit:").trim(),
        "next commit: set spec.replicas to 2 in resources/simple.yaml and save"
    );
    wait_for(&mut news, "team-a/web: created");

    let stat = support::stdout(shell(folder.path(), &git).output().expect("git"));
    assert!(stat.contains("example/simple: created") && stat.contains("simple/cluster.yaml"), "{stat}");
    let listed = support::stdout(shell(folder.path(), &history).output().expect("promgit"));
    assert!(listed.contains("created"), "{listed}");

    let file = folder.path().join("resources/simple.yaml");
    let text = fs::read_to_string(&file).expect("the resource");
    fs::write(&file, text.replace("replicas: 1", "replicas: 2")).expect("saved");
    wait_for(&mut news, "example/simple: replicas 1 → 2");
    signal(&child, "TERM");
    assert_eq!(code(&mut child), 0);
}

/// Two writers would tear each other's packs away.
#[test]
fn gc_leaves_a_repository_to_the_agent_that_holds_it() {
    let folder = workplace(None);
    let mut child = program(folder.path(), &["run"]).spawn().expect("promgit");
    let mut news = BufReader::new(child.stdout.take().expect("stdout"));
    wait_for(&mut news, "team-a/web: created");
    let output = program(folder.path(), &["gc"]).output().expect("promgit");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{told}");
    assert!(told.contains("is being written by process "), "{told}");
    assert!(told.contains("an agent that runs there does by itself what gc does"), "{told}");
    signal(&child, "TERM");
    assert_eq!(code(&mut child), 0);
    support::stdout(program(folder.path(), &["gc"]).output().expect("promgit"));
    assert_eq!(commits(folder.path()), 2);
}

/// Helm takes 4 GB for the first and ends without a message; for the second it has a limit and a message, which
/// stands in `tests/parity`.
#[test]
fn templates_that_call_themselves_take_little_memory_and_few_words() {
    for (template, expected) in [
        ("{{ tpl .Values.loop . }}", "exceeded maximum template depth (4000)"),
        ("{{ include \"a\" . }}", "nested reference name: a: unable to execute template"),
    ] {
        let folder = workplace(None);
        let values = "loop: '{{ tpl .Values.loop . }}'\n";
        fs::write(folder.path().join("chart/values.yaml"), values).expect("values");
        fs::remove_file(folder.path().join("chart/templates/deployment.yaml")).expect("a template less");
        let text = format!("{{{{ define \"a\" }}}}{template}{{{{ end }}}}a: {template}\n");
        fs::write(folder.path().join("chart/templates/a.yaml"), text).expect("a template");
        // A stack of 128 MiB, half of that again for a debug build's frames, and what the program itself needs.
        let limited = "ulimit -v 500000; promgit render -f resources/simple.yaml --chart chart";
        let output = shell(folder.path(), limited).output().expect("promgit");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(expected), "{told}");
        assert!(told.len() < 5_000, "{} bytes", told.len());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = workplace(None);
    support::stdout(program(folder.path(), &["run", "--once"]).output().expect("promgit"));
    let commands: [&[&str]; 9] = [
        &["crd"],
        &["completions", "bash"],
        &["template", "a", "chart"],
        &["render", "-f", "resources"],
        &["history", "example/simple"],
        &["show", "example/simple"],
        &["validate", "-f", "resources", "-o", "json"],
        &["run", "--check"],
        &["--help"],
    ];
    for command in commands {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = program(folder.path(), command).stdout(writer).output().expect("promgit");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), told.as_ref()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn an_agent_whose_reader_goes_away_still_commits() {
    let folder = workplace(None);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = program(folder.path(), &["run", "--once"]).stdout(writer).output().expect("promgit");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(commits(folder.path()), 2);
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let folder = workplace(None);
    let full = || fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = program(folder.path(), &["run", "--once"]).stdout(full()).output().expect("promgit");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(
        told.matches("error: commits go on, their lines are lost: standard output: No space").count(),
        1
    );
    assert_eq!(commits(folder.path()), 2);

    let commands: [&[&str]; 11] = [
        &["crd"],
        &["completions", "bash"],
        &["template", "a", "chart"],
        &["template", "a", "chart", "-s", "templates/deployment.yaml"],
        &["render", "-f", "resources"],
        &["diff", "-f", "changed.yaml"],
        &["history", "example/simple"],
        &["show", "example/simple"],
        &["validate", "-f", "resources", "-o", "json"],
        &["run", "--check"],
        &["--help"],
    ];
    for command in commands {
        let output = program(folder.path(), command).stdout(full()).output().expect("promgit");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {told}");
        assert!(
            told.to_lowercase().starts_with("error: standard output: no space left"),
            "{command:?}: {told}"
        );
    }
}

#[test]
fn an_agent_whose_output_is_lost_says_so_once_and_commits() {
    let folder = workplace(None);
    let full = fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let mut child = program(folder.path(), &["run"]).stdout(full).spawn().expect("promgit");
    let mut told = BufReader::new(child.stderr.take().expect("stderr"));
    wait_for(&mut told, "2 clusters, 2 commits");
    let file = folder.path().join("resources/simple.yaml");
    let text = fs::read_to_string(&file).expect("the resource");
    fs::write(&file, text.replace("replicas: 1", "replicas: 2")).expect("saved");
    let end = Instant::now() + PATIENCE;
    while commits(folder.path()) < 3 {
        assert!(Instant::now() < end, "no commit");
        std::thread::sleep(Duration::from_millis(50));
    }
    signal(&child, "TERM");
    let mut rest = String::new();
    told.read_to_string(&mut rest).expect("text");
    assert_eq!(code(&mut child), 0);
    assert!(!rest.contains("lost"), "{rest}");
}

/// `script` gives the program a terminal.
fn on_a_terminal(folder: &Path, variables: &str, command: &str) -> String {
    let script = format!(
        "export {variables} PROMGIT_CONFIG=other.yaml; script --quiet --return --command '{command}' /dev/null"
    );
    support::stdout(shell(folder, &script).output().expect("script"))
}

#[test]
fn a_terminal_gets_colour_and_a_bar_and_nothing_else_does() {
    let folder = workplace(None);
    fill(folder.path(), 150);
    let seen = on_a_terminal(folder.path(), "TERM=xterm", "promgit run --once");
    assert!(seen.contains("/152 clusters") && seen.contains("\u{1b}[33m"), "{seen:?}");
    let shown = on_a_terminal(
        folder.path(),
        "TERM=xterm NO_COLOR=1",
        "promgit diff -f resources/../changed.yaml || true",
    );
    assert!(shown.contains("replicas 1 → 4") && !shown.contains('\u{1b}'), "{shown:?}");

    fs::remove_dir_all(folder.path().join("deploy.git")).expect("removed");
    let output = program(folder.path(), &["run", "--once"]).output().expect("promgit");
    let all = [output.stdout, output.stderr].concat();
    assert!(!all.contains(&0x1b), "{}", String::from_utf8_lossy(&all));
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = workplace(None);
    let text = std::ffi::OsStr::from_bytes(b"\xff");
    let output = program(folder.path(), &["run", "--check"]).env("PROMGIT_AGENT_NAME", text).output();
    let output = output.expect("promgit");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told, "error: environment variable PROMGIT_AGENT_NAME is not UTF-8; use the settings file\n");
}

#[test]
fn completions_are_what_the_shell_reads() {
    let folder = workplace(None);
    let script = "promgit completions bash > it; bash -n it; grep -c _promgit it";
    support::stdout(shell(folder.path(), script).output().expect("bash"));
}

#[test]
fn the_definition_is_the_one_of_the_chart() {
    let folder = workplace(None);
    let printed = support::stdout(program(folder.path(), &["crd"]).output().expect("promgit"));
    assert_eq!(printed, promgit::api::crd::yaml().expect("a definition"));
    let json = support::stdout(program(folder.path(), &["crd", "-o", "json"]).output().expect("promgit"));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json, promgit::api::crd::definition().expect("a definition").json);
}
