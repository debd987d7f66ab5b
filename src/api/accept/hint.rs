//! From a name that does not exist to the one that was probably meant.

/// Names longer than this are not compared: nobody mistypes so much, and comparing costs the product of the lengths.
const MAX_NAME: usize = 64;

/// The known name nearest to `name`, if it is near enough to be worth saying: another case, a few letters off, or one
/// the beginning of the other.
pub fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let lower = name.to_lowercase();
    let near = known.iter().map(|candidate| (distance(&lower, &candidate.to_lowercase()), *candidate)).min();
    let budget = (name.chars().count() / 3).clamp(1, 3);
    match near {
        Some((letters, candidate)) if letters <= budget => Some(candidate),
        _ => known.iter().copied().find(|candidate| begins(&lower, &candidate.to_lowercase())),
    }
}

/// Three letters in common are the least that says something.
fn begins(name: &str, candidate: &str) -> bool {
    let shorter = name.len().min(candidate.len());
    shorter >= 3 && (candidate.starts_with(name) || name.starts_with(candidate))
}

/// How many letters must be added, removed, changed or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["config", "configMaps", "replicas", "retention", "storage", "storageClassName"];
        assert_eq!(closest("replica", &known), Some("replicas"));
        assert_eq!(closest("Replicas", &known), Some("replicas"));
        assert_eq!(closest("stroage", &known), Some("storage"));
        assert_eq!(closest("storageClass", &known), Some("storage"));
        assert_eq!(closest("storageClassname", &known), Some("storageClassName"));
        assert_eq!(closest("scrape", &known), None);
        assert_eq!(closest(&"x".repeat(1000), &known), None);
    }
}
