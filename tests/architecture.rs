//! The floors of the house: which room may use which, and no cycle between any two files.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::Visit;

/// Every room with its floor. A room uses only rooms of lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("template", 0),
    ("api", 0),
    ("secrecy", 0),
    ("git", 0),
    ("settings", 0),
    ("metrics", 0),
    ("telemetry", 1),
    ("yaml", 1),
    ("health", 1),
    ("chart", 2),
    ("prometheus", 2),
    ("values", 3),
    ("render", 3),
    ("ledger", 4),
    ("release", 4),
    ("pull", 4),
    ("source", 5),
    ("remote", 5),
    ("cluster", 6),
    ("reconcile", 7),
    ("server", 7),
    ("agent", 8),
    ("cli", 9),
];

/// Pure rooms: no clock, environment, file, network or `async`. The exceptions are files, named with what they do.
const PURE: &[&str] = &[
    "template",
    "api",
    "secrecy",
    "yaml",
    "health",
    "chart",
    "prometheus",
    "values",
    "render",
    "ledger",
    "release",
];
const IMPURE_FILES: &[&str] = &["chart/load/folder.rs", "chart/load/directory.rs", "secrecy/file.rs"];

/// The one file that may hold `unsafe`: the wrapper around libyaml.
const UNSAFE_FILE: &str = "yaml/events.rs";

#[test]
fn rooms_use_only_lower_floors() {
    let mut broken = Vec::new();
    for file in files() {
        let Some(floor) = floor(&file.room) else { continue };
        for used in &file.uses {
            let other = used.split("::").next().unwrap_or_default();
            let Some(below) = self::floor(other) else { continue };
            if other != file.room && below >= floor {
                broken.push(format!(
                    "{}: {} (floor {floor}) uses {other} (floor {below})",
                    file.path, file.room
                ));
            }
        }
    }
    assert!(broken.is_empty(), "imports against the floors:\n{}", broken.join("\n"));
}

#[test]
fn every_room_has_a_floor_and_every_floor_a_room() {
    let rooms: BTreeSet<String> = files().into_iter().map(|file| file.room).collect();
    let known: BTreeSet<String> = FLOORS.iter().map(|(room, _)| room.to_string()).collect();
    let outside = BTreeSet::from(["lib".to_string(), "main".to_string()]);
    let unknown: Vec<_> = rooms.difference(&known).filter(|room| !outside.contains(*room)).collect();
    assert!(unknown.is_empty(), "rooms without a floor: {unknown:?}");
    let gone: Vec<_> = known.difference(&rooms).collect();
    assert!(gone.is_empty(), "floors without a room: {gone:?}");
}

#[test]
fn no_two_modules_use_each_other() {
    let files = files();
    let modules: BTreeSet<String> = files.iter().map(|file| file.module.clone()).collect();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let uses = file.uses.iter().filter_map(|used| home(used, &modules));
        let uses = uses.filter(|used| *used != file.module).collect();
        graph.insert(file.module.clone(), uses);
    }
    if let Some(cycle) = find_cycle(&graph) {
        panic!("modules that use each other: {}", cycle.join(" → "));
    }
}

#[test]
fn pure_rooms_touch_nothing_outside() {
    let mut broken = Vec::new();
    for file in files() {
        if !PURE.contains(&file.room.as_str()) || IMPURE_FILES.contains(&file.path.as_str()) {
            continue;
        }
        if file.text.contains("allow(clippy::disallowed_methods)") {
            broken.push(format!("{}: lifts the ban on clock, environment or files", file.path));
        }
        for word in ["async fn", "tokio::", "TcpStream", "UdpSocket", "ToSocketAddrs"] {
            if file.text.contains(word) {
                broken.push(format!("{}: holds `{word}`", file.path));
            }
        }
    }
    assert!(broken.is_empty(), "pure rooms that are not:\n{}", broken.join("\n"));
}

#[test]
fn unsafe_stays_in_one_file() {
    let lifted = files().into_iter().filter(|file| file.text.contains("allow(unsafe_code)"));
    let paths: Vec<_> = lifted.map(|file| file.path).collect();
    assert_eq!(paths, [UNSAFE_FILE]);
}

#[test]
fn every_file_opens_with_what_it_does() {
    let silent = files().into_iter().filter(|file| !file.text.starts_with("//! "));
    let paths: Vec<_> = silent.map(|file| file.path).collect();
    assert!(paths.is_empty(), "files without an opening sentence: {paths:?}");
}

/// A source file and what it names from this crate.
struct File {
    /// Relative to `src/`.
    path: String,
    /// First folder or file stem: `render`, `agent`.
    room: String,
    /// Module path without `crate::`: `render::functions::strings`.
    module: String,
    /// Paths into this crate, absolute, without `crate::`.
    uses: BTreeSet<String>,
    text: String,
}

fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = walkdir::WalkDir::new(&src).sort_by_file_name().into_iter();
    let paths = entries.map(|entry| entry.expect("a readable src").into_path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .map(|path| read(&src, &path))
        .collect()
}

fn read(src: &Path, path: &Path) -> File {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let relative = path.strip_prefix(src).expect("below src").with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let room = parts[0].clone();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths = Paths { module: parts.clone(), found: BTreeSet::new() };
    paths.visit_file(&syntax);
    let path = path.strip_prefix(src).expect("below src").to_string_lossy().into_owned();
    File { path, room, module: parts.join("::"), uses: paths.found, text }
}

/// Collects every path that starts with `crate`, `super` or `self`, tests left out.
struct Paths {
    module: Vec<String>,
    found: BTreeSet<String>,
}

impl Paths {
    fn add(&mut self, path: &[String]) {
        let mut absolute = match path[0].as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().saturating_sub(1)].to_vec(),
            _ => return,
        };
        for part in &path[1..] {
            if part == "super" {
                absolute.pop();
            } else {
                absolute.push(part.clone());
            }
        }
        self.found.insert(absolute.join("::"));
    }

    fn walk(&mut self, tree: &syn::UseTree, mut path: Vec<String>) {
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.walk(&part.tree, path);
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.add(&path);
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.add(&path);
            }
            syn::UseTree::Glob(_) => self.add(&path),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(tree, path.clone());
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !item.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.walk(&item.tree, Vec::new());
    }

    /// `pub(super)` names who may look, not what is used.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.add(&parts);
        syn::visit::visit_path(self, path);
    }
}

fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The module that a path leads into: its longest prefix that is one.
fn home(path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let parts: Vec<&str> = path.split("::").collect();
    (1..=parts.len()).rev().map(|n| parts[..n].join("::")).find(|prefix| modules.contains(prefix))
}

fn find_cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| visit(start, graph, &mut Vec::new(), &mut done))
}

fn visit(
    node: &str,
    graph: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|seen| seen == node) {
        let mut cycle = path[at..].to_vec();
        cycle.push(node.to_string());
        return Some(cycle);
    }
    if !done.insert(node.to_string()) && !path.contains(&node.to_string()) {
        return None;
    }
    path.push(node.to_string());
    let next = graph.get(node).into_iter().flatten();
    let found = next.into_iter().find_map(|used| visit(used, graph, path, done));
    path.pop();
    found
}

#[test]
fn a_cycle_is_found() {
    let edge = |from: &str, to: &[&str]| (from.to_string(), to.iter().map(|s| s.to_string()).collect());
    let graph = BTreeMap::from([edge("a", &["b"]), edge("b", &["c"]), edge("c", &["b"])]);
    assert_eq!(find_cycle(&graph), Some(vec!["b".into(), "c".into(), "b".into()]));
}
