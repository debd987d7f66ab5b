//! Two contents that are alike, to the delta between them and back; and bytes of anybody as a delta, as packs of others hold them.

use promgit::git::delta::{apply, encode};

/// Bytes that a delta of anybody may make.
const LIMIT: usize = 1 << 20;

pub fn run(data: &[u8]) {
    let Some((&share, rest)) = data.split_first() else { return };
    let (base, target) = rest.split_at(rest.len() * usize::from(share) / 255);
    match encode(base, target, usize::MAX) {
        Some(delta) => {
            assert_eq!(apply(base, &delta, target.len()).as_deref(), Some(target), "{delta:?}");
            assert!(
                delta.len() <= target.len() + target.len() / 100 + 24,
                "longer than its target: {delta:?}"
            );
            assert_eq!(encode(base, target, delta.len()), None, "a limit that does not hold");
        }
        None => assert!(target.is_empty(), "no delta makes {target:?}"),
    }
    if let Some(made) = apply(base, target, LIMIT) {
        assert!(made.len() <= LIMIT);
    }
}
