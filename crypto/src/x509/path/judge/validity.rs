//! Validity of every certificate of a path (RFC 5280 6.1.3 (a)(2)).

use crate::report::checks::PATH_VALIDITY;
use crate::report::{Check, Horizon, SubIndication, Verdict};
use crate::time::Timestamp;
use crate::x509::path::{Lifetime, Path};

pub(super) fn check(path: &Path<'_>, lifetime: Lifetime, horizon: &mut Horizon) -> Check {
    let mut outside = Vec::new();
    for certificate in &path.certificates {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        let good = match lifetime {
            Lifetime::Now => horizon.within(from, until),
            Lifetime::At { moment, .. } | Lifetime::Proven(moment) => from <= moment && moment <= until,
        };
        if !good {
            outside.push(*certificate);
        }
    }
    let Some(first) = outside.first() else {
        let ended_since = matches!(lifetime, Lifetime::At { warn_since: true, .. } | Lifetime::Proven(_))
            && path.certificates.iter().any(|certificate| horizon.reached(certificate.not_after().plus(1)));
        let check = PATH_VALIDITY.pass();
        return if ended_since { check.with("note", "a certificate of the path has expired since") } else { check };
    };
    let check = PATH_VALIDITY
        .fail()
        .with("certificate", &first.subject())
        .with("not_before", &first.not_before())
        .with("not_after", &first.not_after())
        .with("at", &moment(lifetime, horizon));
    match lifetime {
        // A proof that came too late proves nothing about the time before.
        Lifetime::Now | Lifetime::Proven(_) => check,
        // The standards of the seal leave no doubt here: outside its validity when it was used is a failure.
        Lifetime::At { .. } => check.counting_as(Verdict::failed(SubIndication::Expired)),
    }
}

const fn moment(lifetime: Lifetime, horizon: &Horizon) -> Timestamp {
    match lifetime {
        Lifetime::Now => horizon.at(),
        Lifetime::At { moment, .. } | Lifetime::Proven(moment) => moment,
    }
}
