//! Verdicts turned into the list of what differs and a table that can be pasted into a Markdown page.

use std::collections::BTreeMap;
use std::fmt;

use crate::charts::Case;
use crate::verdict::Verdict;

/// After so many cases the progress is told.
const PROGRESS: usize = 100;

pub struct Report {
    expected: usize,
    counts: [usize; ROWS.len()],
    /// By case, so that two runs print the same.
    differences: BTreeMap<String, String>,
    charts: std::collections::BTreeSet<std::path::PathBuf>,
}

const ROWS: [&str; 6] = [
    "equal",
    "equal after masking",
    "both fail, same text",
    "both fail, other text",
    "different",
    "helm did not end in time",
];

impl Report {
    pub fn new(expected: usize) -> Report {
        Report { expected, counts: [0; ROWS.len()], differences: BTreeMap::new(), charts: Default::default() }
    }

    pub fn add(&mut self, case: &Case, verdict: Verdict) {
        let row = match &verdict {
            Verdict::Equal => 0,
            Verdict::Masked => 1,
            Verdict::SameFailure => 2,
            Verdict::OtherFailure(_) => 3,
            Verdict::Different(_) => 4,
            Verdict::Unanswered => 5,
        };
        self.counts[row] += 1;
        self.charts.insert(case.chart.clone());
        if let Verdict::OtherFailure(text) | Verdict::Different(text) = verdict {
            eprintln!("{}\n  {}: {text}", case.label, ROWS[row]);
            self.differences.insert(case.label.clone(), format!("{}: {text}", ROWS[row]));
        }
        let done: usize = self.counts.iter().sum();
        if done.is_multiple_of(PROGRESS) || done == self.expected {
            eprintln!("{done} of {} cases, {} differ", self.expected, self.differences.len());
        }
    }

    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (label, difference) in &self.differences {
            writeln!(f, "{label}\n  {difference}")?;
        }
        writeln!(f, "| {:24} | cases |\n|{}|------:|", "promgit beside helm", "-".repeat(26))?;
        for (row, count) in ROWS.iter().zip(self.counts) {
            writeln!(f, "| {row:24} | {count:5} |")?;
        }
        let cases: usize = self.counts.iter().sum();
        write!(f, "| {:24} | {cases:5} |", format!("all, of {} charts", self.charts.len()))
    }
}
