//! Random edits against a map of files, and random text against `git interpret-trailers`.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use promgit::git::message::Message;
use promgit::git::trailers;
use promgit::git::{Batch, Edit, Oid, Outcome, tree_id};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::bed::{Bed, all_moved, put, remove, spec};

type Files = BTreeMap<String, Vec<u8>>;

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "a.b", "a-b", "a0", "c"]);
    prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => (path(), 0..4u8).prop_map(|(path, text)| put(&path, &text.to_string())),
        1 => path().prop_map(|path| remove(&path)),
    ]
}

/// The rule in plain words: a file needs its parents to be no files, and its name to be no folder.
fn model(files: &Files, edits: &[Edit]) -> Option<Files> {
    let mut files = files.clone();
    for edit in edits {
        match edit {
            Edit::Put { path, bytes } => {
                let below = format!("{path}/");
                let taken = files.keys().any(|f| f.starts_with(&below) || path.starts_with(&format!("{f}/")));
                if taken {
                    return None;
                }
                files.insert(path.clone(), bytes.clone());
            }
            // of objects that are there, which random edits know nothing of
            Edit::Place { .. } => return None,
            Edit::Remove { path } => files.retain(|f, _| f != path && !f.starts_with(&format!("{path}/"))),
        }
    }
    Some(files)
}

/// Without the edits that a later removal undoes: a list may be refused for them, but need not be.
fn effective(edits: &[Edit]) -> Vec<Edit> {
    let undone = |path: &str, later: &[Edit]| {
        let mut removed =
            later.iter().filter_map(|e| if let Edit::Remove { path } = e { Some(path) } else { None });
        removed.any(|r| r == path || path.starts_with(&format!("{r}/")))
    };
    let kept = edits.iter().enumerate().filter(|(i, edit)| match edit {
        Edit::Put { path, .. } => !undone(path, &edits[i + 1..]),
        Edit::Place { .. } | Edit::Remove { .. } => true,
    });
    kept.map(|(_, edit)| edit.clone()).collect()
}

#[test]
fn random_edits_do_what_the_model_does() {
    let bed = Bed::new();
    let store = std::cell::RefCell::new(bed.open());
    let count = std::cell::Cell::new(0);
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    let commits = prop::collection::vec(prop::collection::vec(edit(), 1..8), 1..6);
    TestRunner::new(config)
        .run(&commits, |commits| {
            let mut store = store.borrow_mut();
            let branch = format!("b{}", count.replace(count.get() + 1));
            let (mut files, mut tip): (Files, Option<Oid>) = (Files::new(), None);
            let mut batch = Batch::begin(&mut store).unwrap();
            for edits in commits {
                let result = batch.commit(&spec(&branch, tip, edits.clone()));
                let after = match (model(&files, &edits), model(&files, &effective(&edits)), &result) {
                    (Some(after), ..) | (None, Some(after), Ok(_)) => after,
                    (None, ..) => {
                        prop_assert!(result.is_err(), "{:?}", edits);
                        continue;
                    }
                };
                match result.unwrap() {
                    Outcome::Committed(oid) => tip = Some(oid),
                    Outcome::Unchanged => prop_assert_eq!(&files, &after),
                }
                files = after;
            }
            all_moved(&batch.flush().unwrap());
            let reader = store.reader().unwrap();
            let Some(tip) = tip else { return Ok(()) };
            let tree = reader.commit(tip).unwrap().tree;
            prop_assert_eq!(tree, tree_id(&files).unwrap());
            let listed = reader.list(tree).unwrap();
            let read: Files = listed.into_iter().map(|(p, e)| (p, reader.blob(e.oid).unwrap())).collect();
            prop_assert_eq!(read, files);
            Ok(())
        })
        .unwrap();
    drop(store);
    bed.check();
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "---",
        "--- ",
        "Cluster: x",
        "Signed-off-by: me",
        "(cherry picked from commit 1)",
        "#",
        "# ------------------------ >8 ------------------------",
        "; ------------------------ >8 ------------------------",
        " ",
        "\t",
        ":",
        "word",
        "Key : v",
        "→",
        "\u{2028}",
        "\u{0}",
        "\u{85}",
        "Conflicts:\n\tx",
        "-",
        "a-b:",
        "\u{b}",
        "\u{c}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn parsed_by_git(bed: &Bed, message: &str) -> String {
    let mut git = bed.command(bed.folder.path(), &["interpret-trailers", "--parse"]);
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    git.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    String::from_utf8(git.wait_with_output().unwrap().stdout).unwrap()
}

fn shown(trailers: &[trailers::Trailer]) -> String {
    trailers.iter().map(|t| format!("{}: {}\n", t.key, t.value)).collect()
}

#[test]
fn no_text_forges_or_hides_a_trailer() {
    let bed = Bed::new();
    let config = Config { cases: 300, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let parts = (hostile(), prop::collection::vec(hostile(), 0..3), prop::collection::vec(hostile(), 0..4));
    TestRunner::new(config)
        .run(&parts, |(subject, paragraphs, values)| {
            let message =
                paragraphs.iter().fold(Message::new(&format!("s {subject}")), |m, p| m.paragraph(p));
            let message =
                values.iter().enumerate().fold(message, |m, (i, v)| m.trailer(&format!("Key-{i}"), v));
            let text = message.build().unwrap();
            let wanted: String = values
                .iter()
                .enumerate()
                .map(|(i, v)| format!("Key-{i}: {}\n", trailers::one_line(v)))
                .collect();
            prop_assert_eq!(&parsed_by_git(&bed, &text), &wanted, "{}", text);
            prop_assert_eq!(&shown(&trailers::parse(&text)), &wanted, "{}", text);
            prop_assert!(text.lines().next().unwrap().chars().count() <= 72);
            prop_assert!(!text.contains(['\0', '\r']));
            Ok(())
        })
        .unwrap();
}

#[test]
fn trailers_are_parsed_as_git_parses_them() {
    let bed = Bed::new();
    let config = Config { cases: 300, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
    let text =
        prop::collection::vec(hostile(), 0..4).prop_map(|parts| format!("title\n\n{}\n", parts.join("\n")));
    TestRunner::new(config)
        .run(&text, |text| {
            // what ends a line elsewhere, and what git leaves to its locale, never enters a message of ours
            let text = text.replace(['\r', '\0', '\u{b}', '\u{c}', '\u{85}', '\u{2028}'], "");
            // git 2.39 never comes back from a scissors line below a `---`
            let patch = text.lines().any(|line| line.starts_with("---"));
            prop_assume!(!(patch && text.contains(" >8 ")));
            prop_assert_eq!(shown(&trailers::parse(&text)), parsed_by_git(&bed, &text), "{}", text);
            Ok(())
        })
        .unwrap();
}
