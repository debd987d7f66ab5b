//! What helm said, perhaps several times, and what promgit said, turned into how they compare.

use crate::masks::{Masks, has_same_lines};

/// What a process printed, and its exit code; none if a signal ended it.
#[derive(Clone, PartialEq)]
pub struct Answer {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub code: Option<i32>,
}

/// How both compare.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// Both succeed with the same bytes.
    Equal,
    /// Both succeed with the same bytes but for lines in which runs of helm differ among themselves.
    Masked,
    /// Both fail with the same text.
    SameFailure,
    /// Both fail, with other words.
    OtherFailure(String),
    Different(String),
    /// Helm itself did not end in time.
    Unanswered,
}

impl Verdict {
    pub fn is_difference(&self) -> bool {
        matches!(self, Verdict::OtherFailure(_) | Verdict::Different(_))
    }
}

impl Answer {
    /// Whether both complain of the same in another order: Go shuffles its maps, and only more runs show whether it did.
    pub fn is_shuffled(&self, other: &Answer) -> bool {
        self.stderr != other.stderr && has_same_lines(&self.stderr, &other.stderr)
    }
}

type Stream = fn(&Answer) -> &[u8];

/// Compares ours with the first run of helm, lines that differ between the runs left out.
pub fn judge(helm: &[Answer], ours: &Answer) -> Verdict {
    let first = &helm[0];
    let fails = |answer: &Answer| answer.code != Some(0);
    if first.code != ours.code {
        return Verdict::Different(exits(first, ours));
    }
    if first == ours {
        return if fails(ours) { Verdict::SameFailure } else { Verdict::Equal };
    }
    let streams: [(&str, Stream); 2] =
        [("stdout", |answer| &answer.stdout), ("stderr", |answer| &answer.stderr)];
    for (name, stream) in streams {
        let runs: Vec<&[u8]> = helm.iter().map(stream).collect();
        if let Some(difference) = Masks::of(&runs).first_difference(stream(ours)) {
            let difference = format!("{name}:{difference}");
            return match fails(ours) {
                true => Verdict::OtherFailure(difference),
                false => Verdict::Different(difference),
            };
        }
    }
    if fails(ours) { Verdict::SameFailure } else { Verdict::Masked }
}

fn exits(helm: &Answer, ours: &Answer) -> String {
    let code = |answer: &Answer| answer.code.map_or("signal".to_owned(), |code| code.to_string());
    let last = |answer: &Answer| {
        let text = String::from_utf8_lossy(&answer.stderr).into_owned();
        text.lines().find(|line| line.starts_with("Error: ")).or(text.lines().last()).unwrap_or("").to_owned()
    };
    format!("exit: helm {} {}\n  ours {} {}", code(helm), last(helm), code(ours), last(ours))
}
