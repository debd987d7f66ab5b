//! The folder source on real folders: what people and tools do to files, and the events that come of it.
//!
//! Nothing is slept for. What must happen is waited for; what must not happen is shown by something later that did:
//! events come in the order of their looks, and a look sees the whole folder.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use promgit::source::event::{Event, Kept, Observed, Refused};
use promgit::source::folder::watch::{Options, WatchError, follow};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// Far above what any step takes, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// A folder that is followed.
struct Feed {
    events: Receiver<Event>,
    end: JoinHandle<Result<(), WatchError>>,
}

/// What a listing said.
struct Listing {
    listed: Vec<Observed>,
    refused: Vec<Refused>,
    kept: Kept,
}

impl Listing {
    fn names(&self) -> Vec<String> {
        self.listed.iter().map(|observed| observed.key.to_string()).collect()
    }

    fn lines(&self) -> Vec<String> {
        self.refused.iter().flat_map(Refused::lines).collect()
    }
}

impl Feed {
    fn start(root: &Path) -> Self {
        Self::with(root, Duration::from_secs(3600))
    }

    /// `rescan` an hour: only notifications make it look.
    fn with(root: &Path, rescan: Duration) -> Self {
        let options = Options { root: root.to_path_buf(), debounce: Duration::from_millis(50), rescan };
        let (sender, events) = channel(16);
        Feed { events, end: tokio::spawn(follow(options, sender)) }
    }

    async fn next(&mut self) -> Event {
        let event = tokio::time::timeout(LONG, self.events.recv()).await.expect("an event in time");
        match event {
            Some(event) => event,
            None => panic!("the source ended: {:?}", (&mut self.end).await),
        }
    }

    async fn listing(&mut self) -> Listing {
        let first = self.next().await;
        assert!(matches!(first, Event::Init), "{first:?}");
        let (mut listed, mut refused) = (Vec::new(), Vec::new());
        loop {
            match self.next().await {
                Event::Listed(observed) => listed.push(observed),
                Event::Refused(one) => refused.push(one),
                Event::Ready { kept, .. } => return Listing { listed, refused, kept },
                other => panic!("not part of a listing: {other:?}"),
            }
        }
    }

    /// The next event, in words.
    async fn told(&mut self) -> String {
        words(&self.next().await)
    }

    /// Everything up to and with an event, in words.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            all.push(self.told().await);
            if all.last().is_some_and(|told| told == last) {
                return all;
            }
        }
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Init => "init".into(),
        Event::Listed(observed) => format!("listed {}", observed.key),
        Event::Trouble(text) => format!("trouble: {text}"),
        Event::Ready { .. } => "ready".into(),
        Event::Lost { keys, .. } => format!("lost {}", keys.len()),
        Event::Applied(observed) => format!("applied {} {}", observed.key, observed.cluster.spec.replicas),
        Event::Deleted(deleted) => format!("deleted {}", deleted.key),
        Event::Refused(refused) => refused.lines().fold("refused".into(), |mut all, line| {
            let _ = write!(all, " | {line}");
            all
        }),
    }
}

fn cluster(name: &str, replicas: i64) -> String {
    format!(
        "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata:\n  name: {name}\n  namespace: ns\nspec:\n  replicas: {replicas}\n"
    )
}

fn json(name: &str) -> String {
    format!(
        r#"{{"apiVersion": "promgit.dev/v1alpha1", "kind": "PrometheusCluster", "metadata": {{"name": "{name}", "namespace": "ns"}}, "spec": {{}}}}"#
    )
}

fn folder() -> (TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("clusters");
    fs::create_dir(&root).unwrap();
    (temporary, root)
}

/// Names paths relative to the folder.
fn short(text: &str, root: &Path) -> String {
    text.replace(&format!("{}/", root.display()), "")
}

fn only() -> Kept {
    Kept::Only(Vec::new())
}

#[tokio::test]
async fn every_kind_of_file_is_listed_and_others_are_left_alone() {
    let (_temporary, root) = folder();
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    let two = format!("# two\n---\n{}---\n{}---\n", cluster("two-a", 1), cluster("two-b", 1));
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n---\n";
    let foreign = "apiVersion: other.dev/v1\nkind: PrometheusCluster\nmetadata: {name: foreign}\n";
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n- {{apiVersion: v1, kind: Secret}}\n- {}\n",
        json("list-a"),
        json("list-b")
    );
    let typed = "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusClusterList\nitems:\n- metadata: {name: typed, namespace: ns}\n  spec: {}\n";
    let files = [
        ("one.yaml", cluster("one", 1)),
        ("a/two.yml", two),
        ("a/b/c/deep.json", json("deep")),
        ("list.yaml", list),
        ("typed.yaml", typed.into()),
        ("mixed.yaml", format!("{service}{}---\n{foreign}", cluster("mixed", 1))),
        ("name with spaces.yaml", cluster("spaces", 1)),
        ("größe-日本.yaml", cluster("unicode", 1)),
        ("notes.txt", cluster("no-text", 1)),
        ("one.yaml.bak", cluster("no-backup", 1)),
        (".one.yaml.swp", cluster("no-swap", 1)),
        (".hidden.yaml", cluster("no-hidden", 1)),
        (".git/x.yaml", cluster("no-git", 1)),
        ("empty.yaml", String::new()),
        ("comments.yaml", "# nothing\n---\n---\n".into()),
    ];
    for (path, text) in files {
        fs::write(root.join(path), text).unwrap();
    }
    fs::create_dir(root.join("folder.yaml")).unwrap();
    let listing = Feed::start(&root).listing().await;
    let names = ["deep", "list-a", "list-b", "mixed", "one", "spaces", "two-a", "two-b", "typed", "unicode"];
    assert_eq!(listing.names(), names.map(|name| format!("ns/{name}")));
    assert_eq!((listing.lines(), listing.kept.clone()), (vec![], only()));
    let at = |name: &str| {
        let observed = listing.listed.iter().find(|observed| observed.key.name == name).unwrap();
        short(&observed.origin.to_string(), &root)
    };
    assert_eq!(at("two-b"), "a/two.yml:11");
    assert_eq!(at("list-b"), "list.yaml:6");
    assert_eq!(at("spaces"), "name with spaces.yaml:1");
}

#[tokio::test]
async fn create_edit_rename_delete() {
    let (_temporary, root) = folder();
    fs::write(root.join("a.yaml"), cluster("a", 1)).unwrap();
    let mut feed = Feed::start(&root);
    assert_eq!(feed.listing().await.names(), ["ns/a"]);
    fs::create_dir_all(root.join("new/folder")).unwrap();
    fs::write(root.join("new/folder/b.yaml"), cluster("b", 1)).unwrap();
    assert_eq!(feed.told().await, "applied ns/b 1");
    fs::write(root.join("new/folder/b.yaml"), cluster("b", 2)).unwrap();
    assert_eq!(feed.told().await, "applied ns/b 2");
    // A rename and a change of comments are no change of a cluster: the next event is the one after.
    fs::rename(root.join("a.yaml"), root.join("new/renamed.yaml")).unwrap();
    fs::rename(root.join("new"), root.join("moved")).unwrap();
    fs::write(root.join("moved/folder/b.yaml"), format!("# two\n{}", cluster("b", 2))).unwrap();
    fs::remove_file(root.join("moved/folder/b.yaml")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/b");
    fs::remove_dir_all(root.join("moved")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/a");
    assert!(!feed.end.is_finished());
}

#[tokio::test]
async fn a_relative_folder_is_followed_like_any_other() {
    let here = std::env::current_dir().unwrap();
    let temporary = tempfile::tempdir_in(&here).unwrap();
    let relative = temporary.path().strip_prefix(&here).unwrap();
    fs::write(temporary.path().join("a.yaml"), cluster("a", 1)).unwrap();
    let mut feed = Feed::start(relative);
    let listing = feed.listing().await;
    assert_eq!(listing.listed[0].origin.path, relative.join("a.yaml"));
    // Same size, and the time set back: only the notification and the inode's own time tell.
    let path = temporary.path().join("a.yaml");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, cluster("a", 2)).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 2");
}

#[tokio::test]
async fn editors_replace_files() {
    let (_temporary, root) = folder();
    let path = root.join("a.yaml");
    fs::write(&path, cluster("a", 1)).unwrap();
    fs::write(root.join("last.yaml"), cluster("last", 1)).unwrap();
    let mut feed = Feed::start(&root);
    feed.listing().await;
    for replicas in 2..6 {
        // vim and most others: write beside, rename over.
        fs::write(root.join(".a.yaml.tmp"), cluster("a", replicas)).unwrap();
        fs::rename(root.join(".a.yaml.tmp"), &path).unwrap();
        assert_eq!(feed.told().await, format!("applied ns/a {replicas}"));
    }
    // emacs: move to a backup, write anew. git checkout: remove, write anew.
    fs::rename(&path, root.join("a.yaml~")).unwrap();
    fs::write(&path, cluster("a", 6)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 6");
    fs::remove_file(&path).unwrap();
    fs::write(&path, cluster("a", 7)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 7");
    // In no step was it gone.
    fs::remove_file(root.join("last.yaml")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/last");
}

/// As kubelet's atomic writer does it: files in a folder with a time in its name, `..data` links to it, the keys
/// link through `..data`; a change makes a new folder and renames a new `..data` over the old one.
fn publish(root: &Path, version: u32, files: &[(&str, String)]) {
    let data = root.join(format!("..2026_11_22_{version}"));
    for (path, text) in files {
        let file = data.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let before = fs::read_link(root.join("..data")).ok();
    symlink(data.file_name().unwrap(), root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    let keys: Vec<&str> = files.iter().filter_map(|(path, _)| path.split('/').next()).collect();
    for key in &keys {
        if fs::symlink_metadata(root.join(key)).is_err() {
            symlink(Path::new("..data").join(key), root.join(key)).unwrap();
        }
    }
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with("..") && !keys.contains(&name.as_str()) {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    if let Some(before) = before {
        fs::remove_dir_all(root.join(before)).unwrap();
    }
}

#[tokio::test]
async fn a_config_map_swaps_its_link() {
    let (_temporary, root) = folder();
    let files = |a, b| vec![("a.yaml", cluster("a", a)), ("team/b.yaml", cluster("b", b))];
    publish(&root, 1, &files(1, 1));
    let mut feed = Feed::start(&root);
    let listing = feed.listing().await;
    assert_eq!(listing.names(), ["ns/a", "ns/b"]);
    publish(&root, 2, &files(2, 1));
    assert_eq!(feed.told().await, "applied ns/a 2");
    publish(&root, 3, &files(2, 3));
    assert_eq!(feed.told().await, "applied ns/b 3");
    publish(&root, 4, &[("team/b.yaml", cluster("b", 3)), ("c.yaml", cluster("c", 1))]);
    assert_eq!(feed.told().await, "applied ns/c 1");
    let gone = feed.until("deleted ns/a").await;
    assert!(gone.iter().all(|told| !told.starts_with("deleted ns/b")), "{gone:?}");
}

#[tokio::test]
async fn a_half_written_file_changes_nothing_until_it_is_complete() {
    let (_temporary, root) = folder();
    let path = root.join("a.yaml");
    let text = format!("{}---\n{}", cluster("a", 1), cluster("b", 1));
    fs::write(&path, &text).unwrap();
    fs::write(root.join("other.yaml"), cluster("other", 1)).unwrap();
    let mut feed = Feed::start(&root);
    feed.listing().await;
    // Truncated, then cut in the middle of a word, then in the middle of a document that reads as a smaller one.
    for (step, cut) in [0, 20, text.find("spec").unwrap() + 3, text.len() - 60].into_iter().enumerate() {
        fs::write(&path, &text[..cut]).unwrap();
        fs::write(root.join("other.yaml"), cluster("other", step as i64 + 2)).unwrap();
        let told = feed.until(&format!("applied ns/other {}", step + 2)).await;
        assert!(told.iter().all(|told| !told.starts_with("deleted")), "cut at {cut}: {told:?}");
    }
    fs::write(&path, text.replace("replicas: 1", "replicas: 9")).unwrap();
    let told = feed.until("applied ns/b 9").await;
    assert!(told.contains(&"applied ns/a 9".into()), "{told:?}");
    assert!(told.iter().all(|told| !told.starts_with("deleted")), "{told:?}");
}

#[tokio::test]
async fn a_bad_document_spoils_only_itself() {
    let (_temporary, root) = folder();
    let bad_value = cluster("b", 0);
    let unknown = cluster("d", 1).replace("replicas", "replicaz");
    let text =
        format!("{}---\n{bad_value}---\nspec: [\n---\n{}---\n{unknown}", cluster("a", 1), cluster("c", 1));
    fs::write(root.join("all.yaml"), &text).unwrap();
    let list = format!(
        "kind: List\napiVersion: v1\nitems:\n- {}",
        json("e").replace("{}", "\n   {\"replicas\": 0}")
    );
    fs::write(root.join("list.yaml"), list).unwrap();
    let slip = cluster("f", 1).replace("promgit.dev/v1alpha1", "v1alpha1");
    fs::write(root.join("slip.yaml"), slip).unwrap();
    let listing = Feed::start(&root).listing().await;
    assert_eq!(listing.names(), ["ns/a", "ns/c"]);
    let lines: Vec<String> = listing.lines().iter().map(|line| short(line, &root)).collect();
    let starts = [
        "all.yaml:15: spec.replicas: Invalid value: 0: ",
        "all.yaml:18: column 1: not valid YAML: ",
        "all.yaml:33: ",
        "list.yaml:5: spec.replicas: Invalid value: 0: ",
        "slip.yaml:1: apiVersion: ",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}\nshould start with {start}");
    }
    assert!(lines[1].ends_with("; correct it"), "{lines:#?}");
    assert!(lines[2].contains("replicas"), "{lines:#?}");
}

#[tokio::test]
async fn the_same_cluster_in_two_files() {
    let (_temporary, root) = folder();
    let mut feed = Feed::start(&root);
    assert_eq!(feed.listing().await.kept, Kept::All("the folder holds no PrometheusCluster at all".into()));
    fs::write(root.join("x.yaml"), cluster("a", 1)).unwrap();
    let told = feed.until("ready").await;
    assert!(
        told.contains(&"listed ns/a".to_string()) || told.contains(&"applied ns/a 1".to_string()),
        "{told:?}"
    );
    fs::write(root.join("y.yaml"), cluster("a", 2)).unwrap();
    let told = short(&feed.told().await, &root);
    assert_eq!(
        told,
        "refused | x.yaml:1: PrometheusCluster ns/a is defined 2 times, at x.yaml:1 and y.yaml:1; keep one of them"
    );
    fs::remove_file(root.join("x.yaml")).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 2");
    // A bad one beside a good one is named too, and the good one is not taken for it.
    fs::write(root.join("z.yaml"), cluster("a", 0)).unwrap();
    assert!(feed.told().await.contains("spec.replicas"));
    let told = short(&feed.told().await, &root);
    assert!(told.contains("at y.yaml:1 and z.yaml:1; keep one of them"), "{told}");
    fs::remove_file(root.join("y.yaml")).unwrap();
    fs::write(root.join("z.yaml"), cluster("a", 3)).unwrap();
    assert_eq!(
        feed.until("applied ns/a 3").await.iter().filter(|told| told.starts_with("deleted")).count(),
        0
    );
}

#[tokio::test]
async fn a_document_that_becomes_bad_keeps_its_cluster_until_its_file_goes() {
    let (_temporary, root) = folder();
    for name in ["a", "b", "c", "last"] {
        fs::write(root.join(format!("{name}.yaml")), cluster(name, 1)).unwrap();
    }
    let mut feed = Feed::start(&root);
    feed.listing().await;
    fs::write(root.join("a.yaml"), cluster("a", 0)).unwrap();
    assert!(feed.told().await.starts_with("refused"));
    fs::write(root.join("b.yaml"), "kind: [\n").unwrap();
    assert!(feed.told().await.starts_with("refused"));
    // Renamed and broken in one go: it may still be in there.
    let aside = tempfile::NamedTempFile::new_in(root.parent().unwrap()).unwrap();
    fs::write(&aside, "kind: [\n").unwrap();
    fs::rename(&aside, root.join("d.yaml")).unwrap();
    fs::remove_file(root.join("c.yaml")).unwrap();
    assert!(feed.told().await.starts_with("refused"));
    // Another one is deleted all the same, and these three are not.
    fs::remove_file(root.join("last.yaml")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/last");
    for (file, key) in [("a.yaml", "ns/a"), ("b.yaml", "ns/b"), ("d.yaml", "ns/c")] {
        fs::remove_file(root.join(file)).unwrap();
        assert_eq!(feed.told().await, format!("deleted {key}"));
    }
}

#[tokio::test]
async fn a_folder_that_vanishes_and_comes_back() {
    let (temporary, root) = folder();
    let away = temporary.path().join("away");
    for name in ["a", "b"] {
        fs::write(root.join(format!("{name}.yaml")), cluster(name, 1)).unwrap();
    }
    let mut feed = Feed::start(&root);
    feed.listing().await;
    // Moved away, changed there, moved back.
    fs::rename(&root, &away).unwrap();
    fs::write(away.join("a.yaml"), cluster("a", 2)).unwrap();
    fs::rename(&away, &root).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 2");
    // It is listened to again.
    fs::write(root.join("a.yaml"), cluster("a", 3)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 3");
    // Removed file by file, and made anew, slowly.
    fs::remove_dir_all(&root).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a.yaml"), cluster("a", 4)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 4");
    fs::write(root.join("b.yaml"), cluster("b", 4)).unwrap();
    assert_eq!(feed.told().await, "applied ns/b 4");
    // Another folder of the same name, first empty: nothing is deleted for that.
    fs::rename(&root, &away).unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(root.join("b.yaml"), cluster("b", 5)).unwrap();
    assert_eq!(feed.told().await, "applied ns/b 5");
    // One that lies still without a cluster has lost it.
    assert_eq!(feed.told().await, "deleted ns/a");
}

#[tokio::test]
async fn a_link_to_a_folder_is_swapped() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    for (checkout, replicas) in [("1", 1), ("2", 2)] {
        fs::create_dir_all(at(checkout).join("clusters")).unwrap();
        fs::write(at(checkout).join("clusters/a.yaml"), cluster("a", replicas)).unwrap();
    }
    // As git-sync publishes a checkout; the link is on the way to the folder, not the folder itself.
    symlink("1", at("current")).unwrap();
    let mut feed = Feed::start(&at("current/clusters"));
    feed.listing().await;
    symlink("2", at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 2");
    fs::write(at("2/clusters/a.yaml"), cluster("a", 3)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 3");
}

#[tokio::test]
async fn a_start_with_an_unreadable_file_prunes_nothing_until_it_can_be_read() {
    let (_temporary, root) = folder();
    fs::write(root.join("a.yaml"), cluster("a", 1)).unwrap();
    // Reading it fails for everybody, root too.
    symlink("/proc/self/mem", root.join("bad.yaml")).unwrap();
    let mut feed = Feed::start(&root);
    let listing = feed.listing().await;
    assert_eq!(listing.names(), ["ns/a"]);
    let lines: Vec<String> = listing.lines().iter().map(|line| short(line, &root)).collect();
    assert!(lines[0].starts_with("bad.yaml: the file cannot be read: "), "{lines:?}");
    let Kept::All(reason) = listing.kept else { panic!("{:?}", listing.kept) };
    assert_eq!(short(&reason, &root), "bad.yaml cannot be read");
    fs::write(root.join("a.yaml"), cluster("a", 2)).unwrap();
    assert_eq!(feed.told().await, "applied ns/a 2");
    fs::remove_file(root.join("bad.yaml")).unwrap();
    fs::write(root.join("bad.yaml"), cluster("b", 1)).unwrap();
    assert_eq!(feed.told().await, "applied ns/b 1");
    let listing = feed.listing().await;
    assert_eq!((listing.names(), listing.kept), (vec!["ns/a".into(), "ns/b".into()], only()));
}

#[tokio::test]
async fn five_thousand_files() {
    let (_temporary, root) = folder();
    let path = |n: usize| root.join(format!("team-{}/c{n}.yaml", n % 50));
    for n in 0..50 {
        fs::create_dir(root.join(format!("team-{n}"))).unwrap();
    }
    for n in 0..5000 {
        fs::write(path(n), cluster(&format!("c{n}"), 1)).unwrap();
    }
    let mut feed = Feed::start(&root);
    let listing = feed.listing().await;
    assert_eq!((listing.listed.len(), listing.refused.len(), listing.kept), (5000, 0, only()));
    fs::write(path(4321), cluster("c4321", 2)).unwrap();
    assert_eq!(feed.told().await, "applied ns/c4321 2");
    fs::remove_file(path(77)).unwrap();
    assert_eq!(feed.told().await, "deleted ns/c77");
    // All at once: one event each.
    for n in (0..5000).filter(|n| *n != 77) {
        fs::write(path(n), cluster(&format!("c{n}"), 3)).unwrap();
    }
    let mut told = Vec::new();
    for _ in 0..4999 {
        told.push(feed.told().await);
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4999);
    assert!(told.iter().all(|told| told.starts_with("applied") && told.ends_with(" 3")));
}

#[tokio::test]
async fn huge_binary_and_broken_files_are_refused_alone() {
    let (_temporary, root) = folder();
    fs::write(root.join("a.yaml"), cluster("a", 1)).unwrap();
    fs::File::create(root.join("huge.yaml")).unwrap().set_len(1 << 40).unwrap();
    fs::write(root.join("binary.yaml"), [0, 159, 146, 150, 255, 0, 1]).unwrap();
    fs::write(root.join("latin1.yaml"), b"kind: caf\xe9\n").unwrap();
    fs::write(root.join("cut.json"), &json("cut")[..40]).unwrap();
    fs::write(root.join("bomb.yaml"), "[".repeat(100_000)).unwrap();
    symlink("nowhere", root.join("dangling.yaml")).unwrap();
    let listing = Feed::start(&root).listing().await;
    assert_eq!(listing.names(), ["ns/a"]);
    let lines: Vec<String> = listing.lines().iter().map(|line| short(line, &root)).collect();
    let named =
        ["binary.yaml:1:", "bomb.yaml:1:", "cut.json:", "dangling.yaml: ", "huge.yaml: ", "latin1.yaml:1:"];
    assert_eq!(lines.len(), named.len(), "{lines:#?}");
    for (line, name) in lines.iter().zip(named) {
        assert!(line.starts_with(name), "{line}\nshould start with {name}");
    }
    assert!(lines[4].ends_with("split it"), "{}", lines[4]);
    assert!(matches!(listing.kept, Kept::All(_)));
}

#[tokio::test]
async fn links_in_circles_end() {
    let (temporary, root) = folder();
    let outside = temporary.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(root.join("real")).unwrap();
    fs::write(root.join("real/a.yaml"), cluster("a", 1)).unwrap();
    fs::write(outside.join("b.yaml"), cluster("b", 1)).unwrap();
    symlink(&root, root.join("real/root")).unwrap();
    symlink(&root, outside.join("back")).unwrap();
    symlink("real", root.join("again")).unwrap();
    symlink(&outside, root.join("there")).unwrap();
    symlink("self.yaml", root.join("self.yaml")).unwrap();
    symlink("self", root.join("self")).unwrap();
    let mut feed = Feed::start(&root);
    let listing = feed.listing().await;
    assert_eq!(listing.names(), ["ns/a", "ns/b"]);
    let lines: Vec<String> = listing.lines().iter().map(|line| short(line, &root)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("self.yaml: the link cannot be followed: "), "{lines:?}");
}

#[tokio::test]
async fn too_deep_a_folder_is_told_and_the_rest_goes_on() {
    let (_temporary, root) = folder();
    let deep = root.join("d/".repeat(40));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("deep.yaml"), cluster("deep", 1)).unwrap();
    fs::write(root.join("a.yaml"), cluster("a", 1)).unwrap();
    let listing = Feed::start(&root).listing().await;
    assert_eq!(listing.names(), ["ns/a"]);
    assert!(listing.lines()[0].ends_with("folders are nested more than 32 deep; move it up"));
    assert!(matches!(listing.kept, Kept::All(_)));
}

/// Root may read everything, so as root this runs itself again as nobody.
#[test]
fn no_permission() {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return tokio::runtime::Runtime::new().unwrap().block_on(without_permission());
    }
    // The build folder may be root's alone: a copy stands where nobody can start it.
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = open.path().join("source");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut again = std::process::Command::new(&program);
    again
        .args(["--exact", "no_permission", "--nocapture"])
        .env_remove("TMPDIR")
        .current_dir("/")
        .uid(65534)
        .gid(65534);
    let output = again.output().expect("the test again, as nobody");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn without_permission() {
    let (_temporary, root) = folder();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir(root.join("closed")).unwrap();
    for (path, name) in [("a.yaml", "a"), ("b.yaml", "b"), ("closed/c.yaml", "c")] {
        fs::write(root.join(path), cluster(name, 1)).unwrap();
    }
    allow(&root.join("b.yaml"), 0o000);
    allow(&root.join("closed"), 0o000);
    let mut feed = Feed::start(&root);
    let listing = feed.listing().await;
    assert_eq!(listing.names(), ["ns/a"]);
    let lines: Vec<String> = listing.lines().iter().map(|line| short(line, &root)).collect();
    assert!(lines[0].starts_with("b.yaml: the file cannot be read: Permission denied"), "{lines:?}");
    assert!(lines[1].starts_with("closed: the folder cannot be read: Permission denied"), "{lines:?}");
    assert!(matches!(listing.kept, Kept::All(_)));
    // The permission alone makes it readable; then all is known.
    allow(&root.join("b.yaml"), 0o644);
    assert_eq!(feed.told().await, "applied ns/b 1");
    allow(&root.join("closed"), 0o755);
    assert_eq!(feed.told().await, "applied ns/c 1");
    let listing = feed.listing().await;
    assert_eq!((listing.names().len(), listing.kept), (3, only()));
    // Closed again while it runs: what is in there stays.
    allow(&root.join("closed"), 0o000);
    assert!(feed.told().await.contains("closed: the folder cannot be read"));
    fs::remove_file(root.join("a.yaml")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/a");
    allow(&root.join("closed"), 0o755);
    fs::remove_file(root.join("closed/c.yaml")).unwrap();
    assert_eq!(feed.told().await, "deleted ns/c");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error_with_the_way_out() {
    let (temporary, root) = folder();
    let gone = temporary.path().join("gone");
    let text = |error: WatchError| error.to_string();
    let error = text(Feed::start(&gone).end.await.unwrap().unwrap_err());
    assert!(error.starts_with(&format!("folder {} cannot be read: ", gone.display())), "{error}");
    assert!(error.ends_with("create it, or name the folder that holds the resources"), "{error}");
    fs::write(root.join("a.yaml"), cluster("a", 1)).unwrap();
    let error = text(Feed::start(&root.join("a.yaml")).end.await.unwrap().unwrap_err());
    assert!(error.ends_with("a.yaml is not a folder; name the folder that holds it"), "{error}");
}

#[tokio::test]
async fn a_time_to_come_is_taken_for_now() {
    let (_temporary, root) = folder();
    let hours = |count: u64| Duration::from_secs(3600 * count);
    let now = SystemTime::now();
    for (name, time) in [("ahead", now + hours(1000)), ("past", now - hours(1000))] {
        let path = root.join(format!("{name}.yaml"));
        fs::write(&path, cluster(name, 1)).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    }
    let listing = Feed::start(&root).listing().await;
    let [ahead, past] = [0, 1].map(|at| SystemTime::from(listing.listed[at].changed_at));
    assert!(ahead >= now && ahead <= SystemTime::now(), "{ahead:?}");
    assert_eq!(past, now - hours(1000));
}

#[tokio::test]
async fn nobody_listening_ends_it() {
    let (_temporary, root) = folder();
    let Feed { events, end } = Feed::start(&root);
    drop(events);
    tokio::time::timeout(LONG, end).await.expect("an end in time").unwrap().unwrap();
}

mod pure {
    //! A snapshot fed by hand: what is believed at once, and what only later.

    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use jiff::{SignedDuration, Timestamp};
    use promgit::source::folder::read;
    use promgit::source::folder::snapshot::{Patience, Snapshot};
    use promgit::source::folder::walk::{self, Files, Found, Stamp};

    use super::{cluster, words};

    struct Bench {
        _temporary: tempfile::TempDir,
        root: PathBuf,
        snapshot: Snapshot,
        start: Timestamp,
    }

    impl Bench {
        fn new(files: &[(&str, String)]) -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = temporary.path().to_path_buf();
            let patience =
                Patience { quiet: SignedDuration::from_millis(50), grace: SignedDuration::from_secs(2) };
            let mut bench =
                Bench { _temporary: temporary, root, snapshot: Snapshot::new(patience), start: now() };
            bench.put(files);
            bench.look(10);
            assert_eq!(bench.snapshot.listing().len(), files.len() + 2);
            bench
        }

        fn put(&self, files: &[(&str, String)]) {
            for (path, text) in files {
                std::fs::write(self.root.join(path), text).unwrap();
            }
        }

        fn remove(&self, path: &str) {
            std::fs::remove_file(self.root.join(path)).unwrap();
        }

        /// Looks as if it were `seconds` after the start.
        fn look(&mut self, seconds: i64) -> Timestamp {
            let now = self.start + SignedDuration::from_secs(seconds);
            let files = walk::files(&self.root).unwrap();
            self.snapshot.update(files, &BTreeSet::new(), now, read::found);
            now
        }

        fn told(&mut self, seconds: i64) -> Vec<String> {
            let now = self.look(seconds);
            self.snapshot.changes(now).iter().map(words).collect()
        }
    }

    fn now() -> Timestamp {
        Timestamp::now()
    }

    #[test]
    fn what_is_gone_for_a_moment_is_not_deleted() {
        let mut bench = Bench::new(&[("a.yaml", cluster("a", 1)), ("b.yaml", cluster("b", 1))]);
        bench.remove("a.yaml");
        assert_eq!(bench.told(20), [""; 0]);
        assert!(bench.snapshot.is_waiting());
        bench.put(&[("moved.yaml", cluster("a", 1))]);
        assert_eq!(bench.told(21), [""; 0]);
        assert!(!bench.snapshot.is_waiting());
        bench.remove("moved.yaml");
        // The time starts again.
        assert_eq!(bench.told(22), [""; 0]);
        assert_eq!(bench.told(23), [""; 0]);
        assert_eq!(bench.told(24), ["deleted ns/a"]);
        assert_eq!(bench.told(25), [""; 0]);
    }

    #[test]
    fn a_file_that_is_being_written_is_not_read() {
        let mut bench = Bench::new(&[("a.yaml", cluster("a", 1))]);
        bench.put(&[("a.yaml", String::new()), ("b.yaml", cluster("b", 1))]);
        let fresh = walk::files(&bench.root).unwrap();
        let Some(Found::File(stamp)) = fresh.get(&bench.root.join("b.yaml")) else { panic!("{fresh:?}") };
        let at = stamp.modified() + SignedDuration::from_millis(40);
        bench.snapshot.update(fresh, &BTreeSet::new(), at, |path, _| panic!("{path:?} was read"));
        assert!(bench.snapshot.is_unsettled());
        assert_eq!(bench.snapshot.changes(at).len(), 0);
        assert_eq!(bench.told(20), ["applied ns/b 1"]);
        assert_eq!(bench.told(22), ["deleted ns/a"]);
    }

    #[test]
    fn a_file_that_is_written_while_it_is_read_is_read_again() {
        let mut bench = Bench::new(&[("a.yaml", cluster("a", 1))]);
        bench.put(&[("a.yaml", cluster("a", 2)), ("b.yaml", cluster("b", 1))]);
        let files = walk::files(&bench.root).unwrap();
        let now = bench.start + SignedDuration::from_secs(20);
        // Between the walk and the end of reading; half of it reads as a whole resource.
        let half = cluster("a", 3).replace("  replicas: 3\n", "");
        let write_and_read = |path: &Path, found: &Found| {
            std::fs::write(path, if path.ends_with("a.yaml") { &half } else { "" }).unwrap();
            if path.ends_with("b.yaml") {
                std::fs::remove_file(path).unwrap();
            }
            read::whole(path, found)
        };
        bench.snapshot.update(files, &BTreeSet::new(), now, write_and_read);
        assert_eq!(bench.snapshot.changes(now).iter().map(words).collect::<Vec<_>>(), [""; 0]);
        assert!(bench.snapshot.is_unsettled());
        bench.put(&[("a.yaml", cluster("a", 3))]);
        assert_eq!(bench.told(21), ["applied ns/a 3"]);
    }

    #[test]
    fn another_folder_deletes_nothing_before_it_holds_something_and_lies_still() {
        let mut bench = Bench::new(&[("a.yaml", cluster("a", 1)), ("b.yaml", cluster("b", 1))]);
        bench.remove("a.yaml");
        bench.remove("b.yaml");
        bench.snapshot.doubt();
        assert_eq!(bench.told(20), [""; 0]);
        assert_eq!(bench.told(1000), [""; 0]);
        assert!(!bench.snapshot.is_waiting(), "nothing to wait for in an empty folder");
        bench.put(&[("a.yaml", cluster("a", 1))]);
        assert_eq!(bench.told(2000), [""; 0]);
        assert!(bench.snapshot.is_waiting());
        assert_eq!(bench.told(2002), [""; 0]);
        assert_eq!(bench.told(2004), ["deleted ns/b"]);
    }

    #[test]
    fn the_last_cluster_can_be_deleted() {
        let mut bench = Bench::new(&[("a.yaml", cluster("a", 1))]);
        bench.remove("a.yaml");
        assert_eq!(bench.told(20), [""; 0]);
        assert_eq!(bench.told(22), ["deleted ns/a"]);
    }

    #[test]
    fn only_what_changed_is_read() {
        let mut snapshot = Snapshot::default();
        let files = |stamp: Stamp| -> Files { [("a.yaml".into(), Found::File(stamp))].into() };
        let text = cluster("a", 1);
        let stamp = Stamp::now();
        let read = |path: &Path, _: &Found| read::contents(path, text.as_bytes(), stamp);
        let never = |path: &Path, _: &Found| panic!("{path:?} was read");
        snapshot.update(files(stamp), &BTreeSet::new(), now(), read);
        assert_eq!(snapshot.listing().len(), 3);
        snapshot.update(files(stamp), &BTreeSet::new(), now(), never);
        assert_eq!(snapshot.changes(now()).len(), 0);
        // Touched, it is read whatever its stamp says.
        let text = cluster("a", 2);
        let read = |path: &Path, _: &Found| read::contents(path, text.as_bytes(), stamp);
        snapshot.update(files(stamp), &BTreeSet::from(["a.yaml".into()]), now(), read);
        assert_eq!(snapshot.changes(now()).iter().map(words).collect::<Vec<_>>(), ["applied ns/a 2"]);
    }
}

mod immutable {
    //! What cannot change, cannot change in a folder either, over restarts too.

    use std::fs;
    use std::path::Path;

    use promgit::agent::Agent;
    use promgit::agent::until::Until;
    use promgit::git::reader::Reader;
    use promgit::reconcile::class::Class;
    use promgit::reconcile::report::Report;
    use promgit::settings::Settings;
    use tokio::sync::mpsc::unbounded_channel;

    use super::{cluster, folder};

    /// One start of the agent, and what it reported of clusters.
    async fn once(root: &Path, repository: &Path) -> Vec<Report> {
        let mut settings = Settings::default();
        settings.source.from = format!("dir:{}", root.display());
        settings.repository.path = repository.to_path_buf();
        let (sender, mut reports) = unbounded_channel();
        let agent = Agent::open(settings).unwrap();
        agent.run(Until::Done, sender, std::future::pending(), std::future::pending()).await.unwrap();
        let mut all = Vec::new();
        while let Some(report) = reports.recv().await {
            all.push(report);
        }
        all.retain(|report| !matches!(report, Report::Listed { .. } | Report::Notice(_)));
        all
    }

    /// Whoever ends first, the source or those who listen to it.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_first_listing_that_fails_is_the_agents_error() {
        for _ in 0..20 {
            let (temporary, root) = folder();
            let mut settings = Settings::default();
            settings.source.from = format!("dir:{}", root.display());
            settings.repository.path = temporary.path().join("deploy.git");
            let agent = Agent::open(settings).unwrap();
            fs::remove_dir(&root).unwrap();
            let (sender, _reports) = unbounded_channel();
            let ended = agent.run(Until::Done, sender, std::future::pending(), std::future::pending()).await;
            let error = ended.unwrap_err().to_string();
            assert!(error.contains("create it, or name the folder that holds the resources"), "{error}");
        }
    }

    fn subject(reports: &[Report]) -> &str {
        match reports {
            [Report::Committed { subject, .. }] => subject,
            other => panic!("one commit was expected: {other:?}"),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn storage_only_grows() {
        let (temporary, root) = folder();
        let repository = temporary.path().join("deploy.git");
        let path = root.join("a.yaml");
        let storage = |size: &str| format!("{}  storage:\n    size: {size}\n", cluster("a", 1));
        let tip = || Reader::open(&repository).unwrap().tip("deploy/ns").unwrap();
        fs::write(root.join("other.yaml"), cluster("other", 1).replace("ns", "elsewhere")).unwrap();
        fs::write(&path, storage("10Gi")).unwrap();
        assert_eq!(once(&root, &repository).await.len(), 2);
        let before = tip();

        for (text, words) in [(storage("5Gi"), "can only grow"), (cluster("a", 1), "once the cluster exists")]
        {
            fs::write(&path, text).unwrap();
            let reports = once(&root, &repository).await;
            let failed = reports.iter().find_map(|report| match report {
                Report::Failed { key, origin, class, message, again, .. } => {
                    assert_eq!(
                        origin.as_ref().map(ToString::to_string),
                        Some(format!("{}:1", path.display()))
                    );
                    Some((key, *class, message, *again))
                }
                _ => None,
            });
            let (key, class, message, again) = failed.unwrap_or_else(|| panic!("{reports:?}"));
            assert_eq!((key.to_string().as_str(), class, again), ("ns/a", Class::User, false));
            assert!(message.starts_with("spec.storage: Invalid value"), "{message}");
            assert!(message.contains(words), "{message}");
            assert_eq!(tip(), before, "nothing is committed");
        }

        // What may change, changes; the old storage written back is no change.
        fs::write(&path, storage("10Gi").replace("replicas: 1", "replicas: 2")).unwrap();
        let mut reports = once(&root, &repository).await;
        reports.retain(|report| !matches!(report, Report::Unchanged { .. }));
        assert_eq!(subject(&reports), "ns/a: replicas 1 → 2");
        fs::write(&path, storage("15Gi")).unwrap();
        let mut reports = once(&root, &repository).await;
        reports.retain(|report| !matches!(report, Report::Unchanged { .. }));
        let grown = subject(&reports);
        assert!(grown.contains("10Gi → 15Gi"), "{grown}");
        // Deleted, it may come back with other storage.
        fs::remove_file(&path).unwrap();
        once(&root, &repository).await;
        fs::write(&path, storage("5Gi")).unwrap();
        let mut reports = once(&root, &repository).await;
        reports.retain(|report| !matches!(report, Report::Unchanged { .. }));
        assert_eq!(subject(&reports), "ns/a: created");
    }
}
