//! The headers that requests are read for, beyond those of HTTP: for the documentation.

use super::Route;

/// A header that a request may carry.
#[derive(Debug)]
pub(crate) struct Header {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) text: &'static str,
    /// What it may be: the pattern of JSON Schema.
    pub(crate) pattern: &'static str,
    /// What is read for it.
    routes: Readers,
}

/// What is read for a header.
#[derive(Debug)]
enum Readers {
    /// Every request that leaves a record.
    Recorded,
    /// The operations with these names.
    Named(&'static [&'static str]),
}

/// A text of UTF-8 without control characters, percent-encoded: characters of one, two and three bytes.
const ENCODED: &str = concat!(
    "^([!-$&-~]|%([2-6][0-9A-Fa-f]|7[0-9A-Ea-e])",
    "|%([Cc][3-9A-Fa-f]|[Dd][0-9A-Fa-f])%[89ABab][0-9A-Fa-f]",
    "|%[Ee][1-9A-Ca-c](%[89ABab][0-9A-Fa-f]){2}){1,64}$"
);

/// Every one of them.
pub(crate) static ALL: &[Header] = &[
    Header {
        name: "Licet-Item",
        text: "The code of the item (事项) that the request serves, percent-encoded; on record.",
        pattern: ENCODED,
        routes: Readers::Recorded,
    },
    Header {
        name: "Licet-Case",
        text: "The number of the case (办件), percent-encoded; on record where it can be erased.",
        pattern: ENCODED,
        routes: Readers::Recorded,
    },
    Header {
        name: "Licet-Purpose",
        text: "Why, in words, percent-encoded; on record.",
        pattern: ENCODED,
        routes: Readers::Recorded,
    },
    Header {
        name: "Licet-Operator",
        text: "The person who acts, by a pseudonym that the calling system gives; on record.",
        pattern: r"^[!-~]([ -~]{0,62}[!-~])?$",
        routes: Readers::Recorded,
    },
    Header {
        name: "Licet-Authorization",
        text: "A token of the holder: a compact JWS, good for one use.",
        pattern: r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
        routes: Readers::Named(&["lookUp", "lookUpMaterials", "compareFacts", "presentLicence", "fileObjection"]),
    },
    Header {
        name: "Licet-Deadline",
        text: "Within how many milliseconds the answer is to be given; lookup.deadline_ms when absent.",
        pattern: "^0*[1-9][0-9]*$",
        routes: Readers::Named(LOOK_UPS),
    },
    Header {
        name: "Licet-Class",
        text: "interactive or batch: who gives way when a source is crowded.",
        pattern: "^(interactive|batch)$",
        routes: Readers::Named(LOOK_UPS),
    },
    Header {
        name: "Idempotency-Key",
        text: "The name of the request, one word of 1 to 64 visible characters: sent again under it, it changes nothing more.",
        pattern: "^[!-~]{1,64}$",
        routes: Readers::Named(&["applyForSeal", "changeSealStatus", "changeCatalogue", "applyForGrant", "fileObjection"]),
    },
    Header {
        name: "Last-Event-ID",
        text: "With Accept: text/event-stream, the position of the last event that was heard.",
        pattern: "^[0-9]{1,19}$",
        routes: Readers::Named(&["readFeed"]),
    },
];

const LOOK_UPS: &[&str] = &["lookUp", "lookUpBatch", "lookUpMaterials", "compareFacts"];

impl Header {
    /// Whether requests to this route are read for it.
    #[must_use]
    pub(crate) fn is_read_by(&self, route: &Route) -> bool {
        match self.routes {
            Readers::Recorded => route.event.is_some(),
            Readers::Named(ids) => ids.contains(&route.doc.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::deadline;
    use crate::routes::TABLE;
    use crate::{authority, purpose};

    #[test]
    fn every_header_is_read_somewhere_and_every_route_that_is_named_is_there() {
        let names: Vec<_> = ALL.iter().map(|header| header.name.to_ascii_lowercase()).collect();
        for read in [
            purpose::ITEM,
            purpose::CASE,
            purpose::PURPOSE,
            purpose::OPERATOR,
            authority::HEADER,
            deadline::DEADLINE,
            deadline::CLASS,
            "idempotency-key",
            "last-event-id",
        ] {
            assert!(names.iter().any(|name| name == read), "{read}");
        }
        let ids: Vec<_> = TABLE.iter().map(|route| route.doc.id).collect();
        for header in ALL {
            if let Readers::Named(named) = header.routes {
                assert!(named.iter().all(|id| ids.contains(id)), "{}", header.name);
            }
        }
    }
}
