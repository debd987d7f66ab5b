//! Several outputs of the same program turned into one with holes, where they differ, that another is held against.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of the first output, `None` where another run of the same program printed another.
pub struct Masks<'t> {
    lines: Vec<Option<&'t [u8]>>,
    /// Whether all runs had as many lines: then a hole is one line, else any number.
    is_steady: bool,
    /// The lines of the first output, sorted, if the runs differ in nothing but their order.
    shuffled: Option<Vec<&'t [u8]>>,
}

/// Longest line shown.
const SHOWN: usize = 200;

impl<'t> Masks<'t> {
    pub fn of(runs: &[&'t [u8]]) -> Masks<'t> {
        let first = lines(runs[0]);
        let mut masked: Vec<Option<&[u8]>> = first.iter().copied().map(Some).collect();
        let others: Vec<Vec<&[u8]>> = runs[1..].iter().map(|run| lines(run)).collect();
        let is_steady = others.iter().all(|other| other.len() == first.len());
        for other in &others {
            for hole in holes(&first, other, is_steady) {
                masked[hole] = None;
            }
        }
        let is_shuffled = masked.iter().any(Option::is_none)
            && others.iter().all(|other| sorted(other.clone()) == sorted(first.clone()));
        Masks { lines: masked, is_steady, shuffled: is_shuffled.then(|| sorted(first)) }
    }

    /// Where `ours` is not what was printed, as `line: helm … ours …`.
    pub fn first_difference(&self, ours: &[u8]) -> Option<String> {
        let ours = lines(ours);
        if self.shuffled.as_ref().is_some_and(|lines| *lines == sorted(ours.clone())) {
            return None;
        }
        match self.is_steady {
            true => self.line_by_line(&ours),
            false => self.piece_by_piece(&ours),
        }
    }

    fn line_by_line(&self, ours: &[&[u8]]) -> Option<String> {
        let at =
            (0..self.lines.len().max(ours.len())).find(|&at| match (self.lines.get(at), ours.get(at)) {
                (Some(Some(line)), Some(our)) => line != our,
                (Some(None), Some(_)) => false,
                _ => true,
            })?;
        Some(self.difference(at, ours.get(at).copied()))
    }

    /// The pieces between the holes come in their order, and nothing else but what fills the holes.
    fn piece_by_piece(&self, ours: &[&[u8]]) -> Option<String> {
        let mut at = 0;
        let mut begin = 0;
        for piece in self.lines.split(Option::is_none) {
            let wanted: Vec<&[u8]> = piece.iter().copied().flatten().collect();
            let is_last = begin + piece.len() == self.lines.len();
            let found = match (begin, is_last) {
                (0, _) => ours.starts_with(&wanted).then_some(0),
                (_, true) => (ours.ends_with(&wanted) && ours.len() >= at + wanted.len())
                    .then(|| ours.len() - wanted.len()),
                _ => (at..=ours.len().saturating_sub(wanted.len()))
                    .find(|&from| ours[from..].starts_with(&wanted)),
            };
            let Some(found) = found else {
                let same =
                    wanted.iter().zip(ours.get(at..).unwrap_or(&[])).take_while(|(a, b)| a == b).count();
                return Some(self.difference(begin + same, ours.get(at + same).copied()));
            };
            at = found + wanted.len();
            begin += piece.len() + 1;
        }
        (begin == self.lines.len() + 1 && self.lines.iter().all(Option::is_some) && at != ours.len())
            .then(|| self.difference(self.lines.len(), ours.get(at).copied()))
    }

    fn difference(&self, at: usize, ours: Option<&[u8]>) -> String {
        let helm = self.lines.get(at).copied().map(Option::unwrap_or_default);
        format!("{}\n  helm {}\n  ours {}", at + 1, show(helm), show(ours))
    }
}

fn sorted(mut lines: Vec<&[u8]>) -> Vec<&[u8]> {
    lines.sort_unstable();
    lines
}

/// Whether both texts have the same lines, in whatever order.
pub fn has_same_lines(one: &[u8], other: &[u8]) -> bool {
    sorted(lines(one)) == sorted(lines(other))
}

fn holes(first: &[&[u8]], other: &[&[u8]], is_steady: bool) -> Vec<usize> {
    if is_steady {
        return (0..first.len()).filter(|&at| first[at] != other[at]).collect();
    }
    let ops = capture_diff_slices(Algorithm::Myers, first, other);
    let changed = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    changed.flat_map(DiffOp::old_range).collect()
}

/// With their ends, so that a missing last line feed is a difference.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn show(line: Option<&[u8]>) -> String {
    let Some(line) = line else { return "(end)".to_owned() };
    let text = format!("{:?}", String::from_utf8_lossy(line));
    if text.chars().count() > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text }
}
