//! What the doctor can find, and what it says about it.

use serde::Serialize;

/// Where it is written what to do.
const PAGES: &str = "docs/OPERATIONS.md#";

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Severity {
    /// It works, and somebody should look at it.
    Warning,
    /// Something does not work.
    Fault,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: String,
    /// How bad it is.
    pub(super) severity: Severity,
    /// What is wrong.
    pub(super) what: String,
    /// What that means for those who use the gateway.
    pub(super) means: String,
    /// The command to type next.
    pub(super) next: String,
    /// Where more is written about it.
    pub(super) page: String,
}

/// What is said of a check that does not pass: its name, the heading of its page, what it means, and what to type next, where CONFIG
/// stands for the file.
type Advice = (&'static str, &'static str, &'static str, &'static str);

const ADVICE: &[Advice] = &[
    (
        "configuration",
        "the-configuration-is-wrong",
        "A gateway that runs goes on with what it has; one that is started with this does not come up.",
        "licet config check CONFIG",
    ),
    (
        "restart",
        "a-restart-is-due",
        "The file is good, and part of it counts only after a restart: until then all of it waits.",
        "licet reload --dry-run --config CONFIG names the keys; then systemctl restart licet, or undo the change",
    ),
    (
        "exposed",
        "everybody-can-change-the-configuration",
        "Whoever can log in to this machine can decide whom the gateway believes, and who may ask it what.",
        "chmod o-w on what is named",
    ),
    (
        "ports",
        "a-port-is-taken",
        "A gateway that is started with this does not come up.",
        "ss -ltnp, then end who has the port, or give the gateway another: licet config check CONFIG",
    ),
    (
        "modes",
        "a-key-is-readable-by-others",
        "Whoever can log in to this machine can read the sealed database.",
        "chmod 700 on storage.path",
    ),
    (
        "user",
        "the-doctor-is-another-user",
        "What only the user of the gateway may open was not looked at: keys and the store.",
        "sudo -u licet licet doctor --config CONFIG",
    ),
    (
        "certificates",
        "a-certificate-ends",
        "Behind its end, those who are shown the certificate refuse the connection.",
        "put the renewed certificate in the place of the file, then: licet config check CONFIG",
    ),
    (
        "disk",
        "the-disk-is-nearly-full",
        "Changes are refused below storage.free_mib_min, all that is put on record below a quarter of it. Nothing is lost.",
        "df -h, then make room or a larger disk; it goes on by itself",
    ),
    (
        "anchor",
        "the-anchor-cannot-be-written",
        "A store that is set back to what it was before would be served, and nobody would see what is missing. Nothing stops for it.",
        "df -h and ls -ld on the folder of record.anchor; it goes on by itself",
    ),
    ("running", "no-gateway-runs", "Nobody is answered.", "systemctl start licet, then: journalctl -u licet -n 50"),
    (
        "answer",
        "the-gateway-does-not-answer",
        "The process is there and does nothing: callers wait.",
        "journalctl -u licet -n 50, then: systemctl restart licet",
    ),
    (
        "store",
        "the-store-takes-no-writes",
        "Changes and look-ups are refused; verdicts are given without a record, if record.when_failed says so.",
        "dmesg | tail -50 for the disk; when it is well: systemctl restart licet",
    ),
    (
        "lock",
        "the-store-is-in-use",
        "Another process holds the store, and is not the gateway of this configuration.",
        "fuser -v on licet.lock in storage.path",
    ),
    (
        "damage",
        "stored-bytes-are-damaged",
        "What lies in the damaged block is refused; all else goes on. It does not heal.",
        "licet log fsck --config CONFIG with the gateway stopped, then restore from a backup",
    ),
    (
        "logs",
        "checkpoints-stay-behind",
        "Proofs are late, or something in the logs is not what was signed.",
        "licet log fsck --config CONFIG with the gateway stopped",
    ),
    (
        "verify",
        "a-rehearsed-verification-fails",
        "Verdicts of this gateway cannot be relied on.",
        "journalctl -u licet -n 50, and send traffic elsewhere",
    ),
    (
        "clock",
        "the-clock-is-wrong",
        "Certificates and licences are judged by a wrong time, and records get the time of the one before.",
        "timedatectl; mend the source of time, and it goes on by itself",
    ),
    ("maintenance", "maintenance", "An operator has stopped changes and look-ups.", "licet maintenance off --config CONFIG"),
    (
        "restoration",
        "the-store-was-lost",
        "The store was restored: whoever would rely on what it says is answered 503.",
        "enter again what was lost, then: licet restore confirm --config CONFIG --reason TEXT",
    ),
    (
        "trust",
        "trust-cannot-be-read",
        "The last good rules stay in force; who came or went since is judged by them.",
        "licet trust check --config CONFIG",
    ),
    (
        "status",
        "no-news-of-certificates",
        "Revocation lists get old; verdicts become INDETERMINATE when they are over.",
        "GET /v1/trust/status as an operator says which source, and why",
    ),
    (
        "sources",
        "a-source-does-not-answer",
        "Its part is missing from look-ups, which say so.",
        "call whoever runs the source; it is tried again by itself",
    ),
    (
        "witnesses",
        "witnesses-do-not-sign",
        "Nobody else has signed the newest checkpoints; verdicts and changes go on.",
        "journalctl -u licet | grep witness, and call whoever runs the witnesses",
    ),
];

impl Finding {
    /// That this check does not pass.
    pub(super) fn new(check: &str, severity: Severity, what: impl Into<String>) -> Self {
        let advice = ADVICE.iter().find(|(name, ..)| *name == check);
        let (page, means, next) = advice.map_or(
            ("health", "It is looked at by the gateway itself.", "licet doctor --config CONFIG --json"),
            |(_, page, means, next)| (page, means, next),
        );
        let (means, next, page) = (means.to_owned(), next.to_owned(), format!("{PAGES}{page}"));
        Self { check: check.to_owned(), severity, what: what.into(), means, next, page }
    }

    /// The same, with something else to type next.
    pub(super) fn then(self, next: impl Into<String>) -> Self {
        Self { next: next.into(), ..self }
    }

    /// A warning.
    pub(super) fn warning(check: &str, what: impl Into<String>) -> Self {
        Self::new(check, Severity::Warning, what)
    }

    /// A fault.
    pub(super) fn fault(check: &str, what: impl Into<String>) -> Self {
        Self::new(check, Severity::Fault, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_gateway_checks_the_doctor_has_advice_for() {
        for check in crate::admin::checks() {
            let advice = ADVICE.iter().find(|(name, ..)| *name == check.name);
            let (_, page, ..) = advice.unwrap_or_else(|| panic!("{}", check.name));
            assert_eq!(*page, check.page, "{}", check.name);
        }
    }
}
