//! Edits turned into commit messages: `tests/ledger/words/<case>/` holds `before.yaml`, `after.yaml` and the
//! message of the commit between them, with digests cut (`PROMGIT_UPDATE=1` writes it).
//!
//! An empty file stands for «deleted»; `between.yaml`, if there is one, comes between the two;
//! `after.settings.yaml` are settings that the second run has.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::bed::{Bed, cluster};
use crate::support;

#[test]
fn every_edit_has_its_words() {
    let folder = support::root().join("tests/ledger/words");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 15, "{}", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(case: &Path) -> Result<(), String> {
    let bed = Bed::new();
    // Without it the folder would be empty after a deletion, and then nothing is deleted.
    bed.put("other.yaml", &cluster("other", "other", "{}"));
    for step in ["before", "between", "after"] {
        let Ok(text) = fs::read_to_string(case.join(format!("{step}.yaml"))) else { continue };
        bed.put("simple.yaml", &text);
        let settings = case.join(format!("{step}.settings.yaml"));
        let said = match settings.exists() {
            true => bed.once_into(&bed.repo, &["--config", settings.to_str().unwrap()]),
            false => bed.once(),
        };
        assert!(said.ok, "{}: {step}: {}", case.display(), said.err);
    }
    let found = plain(&bed.message("deploy/example"));
    check_trailers(&bed, &found);
    bed.check();
    let file = case.join("message.txt");
    if std::env::var_os("PROMGIT_UPDATE").is_some() {
        fs::write(&file, &found).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(format!("{}\n--- expected\n{expected}--- found\n{found}", case.display()))
}

fn plain(message: &str) -> String {
    Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(message, "sha256:…").into_owned()
}

/// git reads what stands below the last empty line, all of it, and nothing else.
fn check_trailers(bed: &Bed, message: &str) {
    let file = bed.aside("message", message);
    let parsed = bed.git(&["interpret-trailers", "--parse", file.to_str().unwrap()]);
    let (_, last) = message.trim_end().rsplit_once("\n\n").unwrap();
    assert_eq!(parsed.trim_end(), last);
    assert!(last.starts_with("Cluster: example/simple\nGeneration: "), "{last}");
}
