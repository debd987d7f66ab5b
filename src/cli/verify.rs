//! `promgit verify`: renders again what branches record, and prints what on them is not so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, ConfigArguments, Format};
use crate::ledger::branch::Branches;
use crate::ledger::root::README;
use crate::reconcile::inputs;
use crate::reconcile::verify::charts::Charts;
use crate::reconcile::verify::finding::{At, Finding, How, Report, Unverified, What};
use crate::reconcile::verify::{self, Request};
use crate::settings::load::Flags;

/// Prove that branches hold what promgit rendered, and nothing else
///
/// Renders every cluster again from what its branch records, compares every byte, and looks at who made each commit. Prints
/// nothing when all is as it should be. Exit code 0: so it is; 3: something differs, is missing, too much, or was not
/// made by promgit; 1: something could not be verified; 2: used wrongly.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit verify --repo deploy.git
  promgit verify --repo deploy.git deploy/example --all
  promgit verify --repo deploy.git --chart old/mychart-1.0.0.tgz --chart ./mychart
  promgit verify --repo deploy.git -o json | jq -r '.findings[].path'")]
pub struct Arguments {
    /// Branches [default: all that promgit manages]
    #[arg(value_name = "BRANCH")]
    branches: Vec<String>,
    /// The repository [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// Every commit, not only the newest of each branch
    #[arg(long)]
    all: bool,
    /// A chart that clusters were rendered from, a folder or a .tgz; may be given several times
    #[arg(long = "chart", value_name = "PATH")]
    charts: Vec<PathBuf>,
    /// Get charts that are not here from the repositories that release.yaml names
    #[arg(long)]
    fetch: bool,
    /// json prints one object
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { branches, repo, all, charts, fetch, output, config } = arguments;
    let settings = config.load(&Flags { repository: repo.clone(), ..Flags::default() })?;
    let settings = repo.map_or_else(|| settings.clone(), |repo| operation::at(&settings, &repo));
    drop(operation::repository(&settings)?);
    let charts = Charts::new(&settings, &charts, fetch)?;
    let report = verify::run(&Request {
        repository: &settings.repository.path,
        prefix: Branches::compile(&settings.repository.branch)?.prefix(),
        branches: &branches,
        all,
        charts: &charts,
        readme: &inputs::readme(&settings)?,
    })?;
    match output {
        Format::Text => console.data(report.findings.iter().map(line).collect::<String>())?,
        Format::Json => console.data(serde_json::to_string_pretty(&json(&report))? + "\n")?,
    }
    told(&report, console);
    Ok(match (report.findings.is_empty(), report.unverified.is_empty()) {
        // What was found stands, whatever could not be looked at.
        (false, _) => Exit::Different,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Done,
    })
}

/// What is no finding, on standard error.
fn told(report: &Report, console: &mut Console) {
    report.notes.iter().for_each(|note| console.note(note));
    for line in unverified(&report.unverified) {
        console.note(format_args!("error: {line}"));
    }
    let is_readme = |finding: &Finding| matches!(&finding.what, What::File { path, .. } if path == README);
    if report.findings.iter().any(is_readme) {
        console.note(
            "hint: a README.md differs, too, where another `templates.readme` or promgit made it; \
             --config names the settings",
        );
    }
}

/// Clusters that a line names; many have the same reason.
const MOST_NAMED: usize = 5;

/// One line a reason.
fn unverified(all: &[Unverified]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for Unverified { branch, cluster, reason } in all {
        let who = cluster.as_ref().map_or_else(|| format!("branch {branch}"), ToString::to_string);
        by_reason.entry(reason).or_default().insert(who);
    }
    let line = |(reason, who): (&str, BTreeSet<String>)| {
        let named: Vec<&str> = who.iter().take(MOST_NAMED).map(String::as_str).collect();
        let more = who.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more} could not be verified: {reason}", named.join(", "))
    };
    by_reason.into_iter().map(line).collect()
}

/// `BRANCH:PATH:LINE: …`, or the commit instead of the branch where it is not the newest: what `git show` takes.
fn line(finding: &Finding) -> String {
    let Finding { at, what } = finding;
    match what {
        What::Commit { who, reason, subject } => {
            let (branch, short) = (&at.branch, at.commit.short());
            format!("{branch}: commit {short} was not made by promgit: {reason} ({who}: {subject})\n")
        }
        What::Folder { path } => format!("{}:{path}: {MADE_UP}\n", place(at)),
        What::File { path, how } => format!("{}:{path}{}\n", place(at), words(how)),
    }
}

/// What is said of a folder that was there before, or of which somebody put the commits into one.
const MADE_UP: &str = "no commit of promgit made this folder, so nothing says what it should hold; if commits were squashed, bring \
                       the branch back to those that promgit made, else remove the folder, or have its resource changed: promgit \
                       commits it anew";

fn place(At { branch, back, commit }: &At) -> String {
    if *back == 0 { branch.clone() } else { commit.short() }
}

fn words(how: &How) -> String {
    match how {
        How::Different { line, is: Some(is), should: Some(should) } => {
            format!(":{line}: is {}, promgit makes it {}", quoted(is), quoted(should))
        }
        How::Different { line, is: None, should } => {
            let should = should.as_deref().map(quoted).unwrap_or_default();
            format!(":{line}: ends here, promgit goes on with {should}")
        }
        How::Different { line, is: Some(is), should: None } => {
            format!(":{line}: is {}, promgit ends before it", quoted(is))
        }
        How::Kind(kind) => format!(": is {kind}, promgit makes it a plain file"),
        How::Missing => ": is missing".into(),
        How::Extra => ": is too much, promgit makes no such file".into(),
    }
}

/// A line without what a terminal would act upon. One that has no end says so.
fn quoted(line: &str) -> String {
    match line.strip_suffix('\n') {
        Some(line) => format!("{line:?}"),
        None => format!("{line:?} without an end of line"),
    }
}

fn json(report: &Report) -> Json {
    let finding = |Finding { at, what }: &Finding| {
        let mut value = json!({"branch": at.branch, "commit": at.commit.to_string()});
        let more = match what {
            What::Commit { who, reason, subject } => {
                json!({"kind": "commit", "who": who, "reason": reason, "subject": subject})
            }
            What::Folder { path } => json!({"kind": "folder", "path": path}),
            What::File { path, how: How::Different { line, is, should } } => {
                json!({"kind": "different", "path": path, "line": line, "is": is, "should": should})
            }
            What::File { path, how: How::Kind(is) } => json!({"kind": "mode", "path": path, "is": is}),
            What::File { path, how: How::Missing } => json!({"kind": "missing", "path": path}),
            What::File { path, how: How::Extra } => json!({"kind": "extra", "path": path}),
        };
        if let (Some(all), Json::Object(more)) = (value.as_object_mut(), more) {
            all.extend(more);
        }
        value
    };
    let unverified = |Unverified { branch, cluster, reason }: &Unverified| json!({"branch": branch, "cluster": cluster.as_ref().map(ToString::to_string), "reason": reason});
    json!({
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "unverified": report.unverified.iter().map(unverified).collect::<Vec<_>>(),
        "notes": report.notes,
    })
}
