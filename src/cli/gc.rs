//! `promgit gc`: the objects of a repository merged into one pack.

use std::path::PathBuf;

use anyhow::bail;
use serde_json::json;

use super::console::Console;
use super::exit::Exit;
use super::operation::{self, ConfigArguments, Format};
use crate::git::consolidate::{self, Stored};
use crate::git::store::{OpenError, Options, Store};
use crate::settings::load::Flags;

/// Merge the packs and loose objects of a repository into one pack
///
/// The agent does this by itself while it runs, and then nobody else may. No object is ever dropped.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  promgit gc --repo deploy.git
  promgit gc --repo deploy.git -o json | jq .after.bytes")]
pub struct Arguments {
    /// The repository [default: deploy.git]
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// json prints one object
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    config: ConfigArguments,
}

pub fn run(arguments: Arguments, console: &mut Console) -> anyhow::Result<Exit> {
    let Arguments { repo, output, config } = arguments;
    let settings = config.load(&Flags { repository: repo.clone(), ..Flags::default() })?;
    let settings = repo.map_or_else(|| settings.clone(), |repo| operation::at(&settings, &repo));
    // Opened for writing, a repository that is not there would be made.
    drop(operation::repository(&settings)?);
    let mut store = match Store::open(&settings.repository.path, &Options::default()) {
        Ok(store) => store,
        Err(error @ OpenError::InUse { .. }) => {
            bail!("{error}; an agent that runs there does by itself what gc does")
        }
        Err(error) => return Err(error.into()),
    };
    let before = consolidate::stored(&store)?;
    let done = consolidate::all(&mut store)?;
    let after = consolidate::stored(&store)?;
    console.data(match output {
        Format::Text => {
            let head = format!("{:<6}  {:>5}  {:>7}  {:>12}", "", "PACKS", "LOOSE", "BYTES");
            format!("{head}\n{}\n{}\n", text("before", before), text("after", after))
        }
        Format::Json => {
            let damaged: Vec<_> = done.damaged.iter().map(|path| path.display().to_string()).collect();
            let value = json!({"before": json(before), "after": json(after), "damaged": damaged});
            serde_json::to_string_pretty(&value)? + "\n"
        }
    })?;
    for path in &done.damaged {
        console.note(format_args!(
            "error: {} is damaged and was left as it is; run `git fsck --full` and restore its objects from a clone",
            path.display()
        ));
    }
    Ok(if done.damaged.is_empty() { Exit::Done } else { Exit::Failed })
}

fn text(when: &str, stored: Stored) -> String {
    let Stored { packs, loose, bytes } = stored;
    format!("{when:<6}  {packs:>5}  {loose:>7}  {bytes:>12}")
}

fn json(stored: Stored) -> serde_json::Value {
    let Stored { packs, loose, bytes } = stored;
    json!({"packs": packs, "loose": loose, "bytes": bytes})
}
