//! Rows turned into a table that can be pasted into a Markdown page.

use std::fmt;

/// One measured thing.
#[derive(Default)]
pub struct Row {
    pub work: String,
    pub promgit: String,
    /// What does the same, its number, and the ratio; empty where nothing does.
    pub beside: String,
    pub ratio: String,
    /// The limit in words, and whether it is met; `None` where no limit was set.
    pub target: Option<(&'static str, bool)>,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    pub fn add(&mut self, row: Row) {
        eprintln!("measured: {}: {} {}", row.work, row.promgit, row.beside);
        self.rows.push(row);
    }
}

impl Row {
    fn cells(&self) -> [String; 6] {
        let (target, met) = match self.target {
            Some((words, true)) => (words, "ok"),
            Some((words, false)) => (words, "short"),
            None => ("", ""),
        };
        let [work, promgit, beside, ratio] = [&self.work, &self.promgit, &self.beside, &self.ratio];
        [work.clone(), promgit.clone(), beside.clone(), ratio.clone(), target.into(), met.into()]
    }
}

const HEAD: [&str; 6] = ["work", "promgit", "beside it", "ratio", "target", ""];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![HEAD.map(String::from)];
        lines.extend(self.rows.iter().map(Row::cells));
        let widest = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEAD.len()).map(widest).collect();
        for (index, line) in lines.iter().enumerate() {
            let cell = |(cell, width): (&String, &usize)| format!(" {cell:width$} |");
            let cells: String = line.iter().zip(&widths).map(cell).collect();
            writeln!(f, "|{cells}")?;
            if index == 0 {
                let rule: String = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect();
                writeln!(f, "|{rule}")?;
            }
        }
        Ok(())
    }
}
