//! Reading what came from others.

use std::hint::black_box;

use crypto::budget::Budget;
use crypto::issue::seal::SealVersion;
use crypto::ofd::Package;
use crypto::seal::Seal;
use crypto::x509::{Certificate, RevocationList};

use super::{Run, Step, again, seen};
use crate::office::Office;

pub(super) const STEPS: &[Step] = &[
    Step::new("parse/package", package).beside("floor/sha256-document").counted(5, 20),
    Step::new("parse/certificate", certificate).beside("floor/sha256-1k").counted(20, 400),
    Step::new("parse/seal", seal).beside("floor/sha256-1k").counted(20, 200),
    Step::new("parse/list", list).beside("floor/sha256-1k").counted(20, 200),
];

fn package() -> Result<Run, String> {
    let document = Office::new(SealVersion::V4).licence(1);
    Package::open(&document, &mut Budget::for_document()).map_err(|error| error.to_string())?;
    Ok(again(move || {
        seen(Package::open(black_box(&document), &mut Budget::for_document()));
    }))
}

fn certificate() -> Result<Run, String> {
    let der = Office::new(SealVersion::V4).signer;
    Certificate::from_der(&der).map_err(|error| error.to_string())?;
    Ok(again(move || seen(Certificate::from_der(black_box(&der)))))
}

fn seal() -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    Seal::from_der(office.seal()).map_err(|error| error.to_string())?;
    Ok(again(move || seen(Seal::from_der(black_box(office.seal())))))
}

fn list() -> Result<Run, String> {
    let [der, ..] = Office::new(SealVersion::V4).lists;
    RevocationList::from_der(&der).map_err(|error| error.to_string())?;
    Ok(again(move || seen(RevocationList::from_der(black_box(&der)))))
}
