//! The proofs of transparency-dev/merkle: what must hold holds, what must fail fails.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::tlog::merkle::{self, Hash};
use crypto::tlog::{Tree, leaf_hash};
use serde::Deserialize;

use crate::testdata;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    #[serde(default)]
    leaf_idx: u64,
    tree_size: Option<u64>,
    start: Option<u64>,
    end: Option<u64>,
    size1: Option<u64>,
    size2: Option<u64>,
    size: Option<u64>,
    root: Option<String>,
    root1: Option<String>,
    root2: Option<String>,
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

/// Some cases have a few words where a hash should be: what stands for them is equal where they are. Nothing stands for nothing.
fn hash(text: Option<&String>) -> Option<Hash> {
    let bytes = STANDARD.decode(text.unwrap()).unwrap();
    if bytes.is_empty() { None } else { Some(bytes.try_into().map_or_else(|words: Vec<u8>| leaf_hash(&words), Hash)) }
}

impl Case {
    /// `None` when something is no hash: nothing can be proven of it.
    fn holds(&self, kind: &str) -> Option<bool> {
        let proof: Vec<Hash> = self.proof.iter().flatten().map(|text| hash(Some(text))).collect::<Option<_>>()?;
        let range = || (self.start.unwrap(), self.end.unwrap());
        let outcome = match kind {
            "inclusion" => {
                let (leaf, root) = (hash(self.leaf_hash.as_ref())?, hash(self.root.as_ref())?);
                merkle::verify_inclusion(self.leaf_idx, self.tree_size.unwrap(), &leaf, &root, &proof)
            }
            "subtreeinclusion" => {
                let (leaf, root) = (hash(self.leaf_hash.as_ref())?, hash(self.root.as_ref())?);
                merkle::verify_subtree_inclusion(self.leaf_idx, range().0, range().1, &leaf, &root, &proof)
            }
            "consistency" => {
                let (one, two) = (hash(self.root1.as_ref())?, hash(self.root2.as_ref())?);
                merkle::verify_consistency(self.size1.unwrap(), self.size2.unwrap(), &one, &two, &proof)
            }
            "subtreeconsistency" => {
                let (one, two) = (hash(self.root1.as_ref())?, hash(self.root2.as_ref())?);
                merkle::verify_subtree_consistency(range().0, range().1, self.size.unwrap(), &one, &two, &proof)
            }
            other => panic!("{other} is not known"),
        };
        Some(outcome.is_ok())
    }
}

/// Runs all cases below a folder. Gives how many there are, and how many of them must fail.
fn run(kind: &str, folder: &Path) -> (usize, usize) {
    let (mut all, mut failing) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let (more, of_them_failing) = run(kind, &path);
            (all, failing) = (all + more, failing + of_them_failing);
            continue;
        }
        let case: Case = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(case.holds(kind).unwrap_or(false), !case.want_err, "{}", path.display());
        (all, failing) = (all + 1, failing + usize::from(case.want_err));
    }
    (all, failing)
}

#[test]
fn every_published_case() {
    let kinds = ["inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"];
    let counts = kinds.map(|kind| run(kind, &testdata().join("merkle").join(kind)));
    assert_eq!(counts.iter().map(|(all, _)| all).sum::<usize>(), 518);
    assert_eq!(counts.iter().map(|(_, failing)| failing).sum::<usize>(), 482);
}

#[test]
fn every_bit_of_a_proof_counts() {
    let leaves: Vec<Hash> = (0..13u8).map(|n| leaf_hash(&[n])).collect();
    let mut tree = Tree::default();
    let roots: Vec<Hash> = leaves
        .iter()
        .map(|leaf| {
            tree.append(*leaf).unwrap();
            tree.root()
        })
        .collect();
    // In a tree of 13 leaves: 0 to 7, 8 to 11, 12. The path of leaf 9.
    let eight = roots[7];
    let pair = |left: usize| merkle::node_hash(&leaves[left], &leaves[left + 1]);
    let proof = [leaves[8], pair(10), leaves[12], eight];
    assert!(merkle::verify_inclusion(9, 13, &leaves[9], &roots[12], &proof).is_ok());
    for at in 0..proof.len() * 256 {
        let mut bad = proof;
        bad[at / 256].0[at % 256 / 8] ^= 1 << (at % 8);
        assert!(merkle::verify_inclusion(9, 13, &leaves[9], &roots[12], &bad).is_err(), "bit {at}");
    }
    for index in (0..20).filter(|index| *index != 9) {
        assert!(merkle::verify_inclusion(index, 13, &leaves[9], &roots[12], &proof).is_err(), "{index}");
    }
    // Up to 16 leaves the way from leaf 9 is of one shape: that the size is right, the signature on the checkpoint says.
    for size in (0..64).filter(|size| !(13..=16).contains(size)) {
        assert!(merkle::verify_inclusion(9, size, &leaves[9], &roots[12], &proof).is_err(), "{size}");
    }
}
