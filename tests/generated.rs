//! Generated charts, rendered by the real helm and by us: same output, same messages, same exit code.
//!
//! `structure` makes trees of charts and values (aliases, conditions, tags, imports, globals, nulls); `language` makes
//! templates. `PROMGIT_CHARTS=5000 PROMGIT_CHARTS_SEED=1 cargo test --test generated` asks for more, or for others.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/both.rs"]
mod both;
#[path = "generated/language.rs"]
mod language;
#[path = "support/random.rs"]
mod random;
#[path = "generated/structure.rs"]
mod structure;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use random::Random;

/// Charts of each kind, unless `PROMGIT_CHARTS` says another number.
const CHARTS: u64 = 250;
/// Processes of helm at a time.
const WORKERS: usize = 2;
/// So often is helm asked whether ours is one of its answers.
const RUNS_OF_HELM: usize = 8;
/// Differences shown in full.
const SHOWN: usize = 5;

/// A chart as files by path, and the flags it is rendered with; `@` in these stands for its folder.
pub struct Question {
    pub files: BTreeMap<String, String>,
    pub flags: Vec<String>,
}

#[test]
fn trees_of_charts_are_rendered_as_by_helm() {
    compare(structure::question);
}

#[test]
fn templates_are_rendered_as_by_helm() {
    compare(language::question);
}

fn compare(question: fn(&mut Random) -> Question) {
    let number = |name: &str, otherwise| {
        std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    };
    let (count, seed) = (number("PROMGIT_CHARTS", CHARTS), number("PROMGIT_CHARTS_SEED", 1));
    let (next, failures) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    // Every chart has its own seed, so that one can be asked for alone.
                    let question = question(&mut Random(seed + at));
                    if let Some(difference) = ask(&question) {
                        failures.lock().unwrap().insert(at, difference);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let shown: Vec<String> = failures
        .iter()
        .take(SHOWN)
        .map(|(at, text)| format!("──── PROMGIT_CHARTS=1 PROMGIT_CHARTS_SEED={}\n{text}", seed + at))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {count} charts differ from helm\n{}",
        failures.len(),
        shown.join("\n")
    );
}

fn ask(question: &Question) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    for (path, text) in &question.files {
        write(&root.join(path), text);
    }
    let root = root.display().to_string();
    let mut arguments = vec!["r".to_owned(), format!("{root}/chart")];
    arguments.extend(question.flags.iter().map(|flag| flag.replace('@', &root)));
    let ours = in_order(both::promgit(&arguments));
    let mut difference = None;
    // Go shuffles its maps, and helm walks some of them: undeclared subcharts, the keys it warns of. Ours is one of its answers.
    for _ in 0..RUNS_OF_HELM {
        difference = Some(both::difference(&in_order(both::helm(&arguments)), &ours)?);
    }
    let difference = difference?;
    let files: String = question.files.iter().map(|(path, text)| format!("── {path}\n{text}\n")).collect();
    Some(format!("{}\n{files}{difference}", question.flags.join(" ")))
}

/// With the lines that are logged in the order of the alphabet.
fn in_order(mut said: both::Said) -> both::Said {
    let (mut logged, rest): (Vec<&str>, Vec<&str>) =
        said.stderr.split_inclusive('\n').partition(|line| line.starts_with("level="));
    logged.sort_unstable();
    said.stderr = [logged, rest].concat().concat();
    said
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
