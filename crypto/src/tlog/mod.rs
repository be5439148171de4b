//! Transparency logs (RFC 6962 trees in the text forms of C2SP): arithmetic and formats, read and written.
//!
//! From the bottom: [`merkle`] hashes and checks proofs, [`tile`] names and packs pieces of a tree, [`tree`] grows one, [`prove`]
//! makes proofs from tiles. [`key`] and [`note`] are signed texts; a [`checkpoint`] is such a text, a [`cosignature`] a witness's
//! line below it, [`policy`] says which witnesses are enough. [`proof`] is what is handed out with an entry, [`witness`] what a
//! witness is asked and how it decides.
//!
//! Texts have one form each: what is read prints as it was.

pub mod checkpoint;
pub mod cosignature;
pub mod error;
pub mod key;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
pub mod prove;
pub mod tile;
pub mod tree;
pub mod witness;

#[cfg(test)]
mod testing;
mod text;

pub use checkpoint::Checkpoint;
pub use error::TlogError;
pub use key::{KeyType, VerifierKey};
pub use merkle::{Hash, leaf_hash, node_hash};
pub use note::{Note, NoteSigner, SignatureLine, Signed};
pub use policy::{Cosigner, Observed, Policy, PolicyError};
pub use proof::TlogProof;
pub use prove::{HashTiles, ProveError, Prover};
pub use tile::{TileKind, TilePath};
pub use tree::{FullTile, Tree};
pub use witness::{Accepted, AddCheckpoint, Refusal};
