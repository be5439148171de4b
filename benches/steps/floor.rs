//! What the steps are held against: the same work by the bare primitives.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;

use crypto::digest::{Sha256, sm3};
use crypto::issue::seal::SealVersion;
use crypto::issue::{KeyType, SigningKey};
use crypto::x509::Certificate;
use ed25519_dalek::{Signature, VerifyingKey};
use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::Bytes;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use storage::Options;
use storage::engine::rocks::Rocks;
use storage::engine::{Batch, Engine as _, Part, Space};

use super::cache::VERDICTS;
use super::signature::MESSAGE;
use super::{Run, Step, again, flow, seen};
use crate::folder::Folder;
use crate::office::Office;
use crate::pipe::{Ask, Pipe};

pub(super) const STEPS: &[Step] = &[
    Step::new("floor/ring-p256", ring_p256),
    Step::new("floor/dalek-ed25519", dalek),
    Step::new("floor/sha256-1k", || Ok(sha256(vec![7; 1024]))),
    Step::new("floor/sha256-document", || Ok(sha256(Office::new(SealVersion::V4).licence(1)))),
    Step::new("floor/chain-signatures", || ofd_primitives(Share::Chain)),
    Step::new("floor/ofd-primitives", || ofd_primitives(Share::Whole)),
    Step::new("floor/moka-get", moka_get),
    Step::new("floor/rocks-get", rocks_get),
    Step::new("floor/fdatasync", fdatasync),
    Step::new("floor/rocks-batch-64", rocks_batch),
    Step::new("floor/bare-http", bare_http),
];

/// P-256 by ring over the same 256 bytes: what others reach for the same security.
fn ring_p256() -> Result<Run, String> {
    let key = SigningKey::from_label(KeyType::P256, "bench");
    let (public, signature) = (key.public_key().bits().to_vec(), key.sign(&MESSAGE));
    let verify = move || UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &public).verify(black_box(&MESSAGE), &signature);
    verify().map_err(|error| error.to_string())?;
    Ok(again(move || seen(verify())))
}

/// Ed25519 by the library that licet uses, its key read before.
fn dalek() -> Result<Run, String> {
    let key = SigningKey::from_label(KeyType::Ed25519, "bench");
    let public: [u8; 32] = key.public_key().bits().try_into().map_err(|_length| "an Ed25519 key has 32 bytes")?;
    let public = VerifyingKey::from_bytes(&public).map_err(|error| error.to_string())?;
    let signature = Signature::from_slice(&key.sign(&MESSAGE)).map_err(|error| error.to_string())?;
    public.verify_strict(&MESSAGE, &signature).map_err(|error| error.to_string())?;
    Ok(again(move || seen(public.verify_strict(black_box(&MESSAGE), &signature))))
}

fn sha256(text: Vec<u8>) -> Run {
    again(move || {
        seen(Sha256::of(&[black_box(&text)]));
    })
}

/// What of a verification.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    /// The signatures of one chain of three.
    Chain,
    /// All digests and signatures of a sealed document with its two chains.
    Whole,
}

/// The digests and signatures that a verification of a sealed licence cannot do without: of each chain of three the two certificates
/// below the anchor, the signature of the document, that of the seal (over about as many bytes as the seal has), SM3 over the content
/// and SHA-256 over the file. Signatures of revocation lists are not in it: they are checked once for each list.
fn ofd_primitives(part: Share) -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    let read = |der: &[u8]| Certificate::from_der(der).map_err(|error| error.to_string());
    let [signers, makers] = &office.authorities;
    let chains = if part == Share::Chain {
        vec![(&office.signer, signers)]
    } else {
        vec![(&office.signer, signers), (&office.maker, makers)]
    };
    let mut pairs = Vec::new();
    for (leaf, authority) in chains {
        pairs.push((read(leaf)?, read(authority)?));
        pairs.push((read(authority)?, read(&office.root)?));
    }
    let key = SigningKey::from_label(KeyType::Sm2, "bench");
    let (algorithm, public, signature) = (key.algorithm(), key.public_key(), key.sign(office.seal()));
    let document = office.licence(1);
    let (seal, over_document) = (office.seal().to_vec(), if part == Share::Chain { 0 } else { 2 });
    for (certificate, issuer) in &pairs {
        let key = issuer.key().ok_or("an authority has no key")?;
        certificate.verify_signature(key).map_err(|error| error.to_string())?;
    }
    Ok(again(move || {
        for (certificate, issuer) in &pairs {
            seen(issuer.key().map(|key| certificate.verify_signature(key)));
        }
        for _ in 0..over_document {
            seen(algorithm.verify(&public, black_box(&seal), &signature));
        }
        if part == Share::Whole {
            seen((sm3(&[black_box(&document)]), Sha256::of(&[black_box(&document)])));
        }
    }))
}

fn moka_get() -> Result<Run, String> {
    let cache = moka::sync::Cache::new(VERDICTS);
    cache.insert([1u8; 32], ());
    Ok(again(move || {
        seen(cache.get(black_box(&[1u8; 32])));
    }))
}

/// A value of 1 KiB.
fn value() -> Vec<u8> {
    vec![7; 1024]
}

fn rocks() -> Result<(Folder, Rocks), String> {
    let folder = Folder::temporary()?;
    let rocks = Rocks::open(&folder.path().join("data"), &Options::default()).map_err(|error| error.to_string())?;
    Ok((folder, rocks))
}

fn rocks_get() -> Result<Run, String> {
    let (folder, rocks) = rocks()?;
    let (part, key) = (Part(7), vec![7; 32]);
    let mut batch = Batch::new();
    batch.put(Space::Hot, key.clone(), value());
    rocks.commit(part, batch).map_err(|error| error.to_string())?;
    Ok(again(move || {
        let _kept = &folder;
        seen(rocks.get(part, Space::Hot, black_box(&key)));
    }))
}

/// One synced write of 64 rows.
fn rocks_batch() -> Result<Run, String> {
    let (folder, rocks) = rocks()?;
    let mut next = 0u64;
    Ok(again(move || {
        let _kept = &folder;
        let mut batch = Batch::new();
        for _ in 0..64 {
            next += 1;
            batch.put(Space::Log, next.to_be_bytes().to_vec(), value());
        }
        seen(rocks.commit(Part(7), batch));
    }))
}

fn fdatasync() -> Result<Run, String> {
    let folder = Folder::temporary()?;
    let mut file = File::create(folder.path().join("floor")).map_err(|error| error.to_string())?;
    Ok(again(move || {
        let _kept = &folder;
        seen(file.write_all(&value()).and_then(|()| file.sync_data()));
    }))
}

/// The pipe with nothing behind it: a fixed answer of 300 bytes.
fn bare_http() -> Result<Run, String> {
    let runtime = flow::runtime()?;
    let service = |request: hyper::Request<hyper::body::Incoming>| async move {
        // The whole body is read, as the gateway does.
        drop(request.into_body().collect().await);
        Response::new(Full::new(Bytes::from_static(&[b' '; 300])))
    };
    let mut pipe = runtime.block_on(Pipe::to(service))?;
    let ask = Ask::json("/v1/verifications", &serde_json::json!({ "identifier": "-" }));
    runtime.block_on(pipe.post(&ask))?;
    Ok(again(move || seen(runtime.block_on(pipe.post(&ask)))))
}
