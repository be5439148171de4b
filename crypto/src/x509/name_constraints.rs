//! Name constraints (RFC 5280 4.2.1.10): subtrees of names, and whether a name lies in one.

use super::extension::Extensions;
use super::general_name::GeneralName;
use crate::der::{self, DerError, Reader, tag};
use crate::oid::Oid;

/// What an authority may name below it.
#[derive(Clone, Debug, Default)]
pub struct NameConstraints<'a> {
    /// If any subtree has the form of a name, the name must lie in one of that form.
    pub permitted: Vec<GeneralName<'a>>,
    /// A name must lie in none of these.
    pub excluded: Vec<GeneralName<'a>>,
}

/// A name, or a constraint on names, that is not what its form demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl<'a> NameConstraints<'a> {
    /// The constraints of a certificate, if it has some.
    ///
    /// # Errors
    /// [`DerError`] when the extension is malformed or empty, gives a subtree a minimum or maximum, or a base of a known form is
    /// none.
    pub fn of(extensions: Extensions<'a>) -> der::Result<Option<Self>> {
        let Some(extension) = extensions.find(Oid::NAME_CONSTRAINTS) else { return Ok(None) };
        let mut fields = der::single(extension.value, tag::SEQUENCE)?.reader();
        let mut side = |n| fields.optional(tag::context(n))?.map(|element| subtrees(element.reader())).transpose();
        let (permitted, excluded) = (side(0)?, side(1)?);
        fields.end()?;
        if permitted.is_none() && excluded.is_none() {
            return Err(DerError::BadValue);
        }
        Ok(Some(Self { permitted: permitted.unwrap_or_default(), excluded: excluded.unwrap_or_default() }))
    }

    /// Whether the authority may give this name.
    ///
    /// # Errors
    /// [`Malformed`] when there are constraints for names of this form and the name is not what its form demands.
    pub fn allow(&self, name: &GeneralName<'_>) -> Result<bool, Malformed> {
        let mut constrained = false;
        let mut inside = false;
        for base in self.permitted.iter().filter(|base| base.has_form_of(name)) {
            constrained = true;
            inside = inside || lies_in(name, base, Side::Permitted)?;
        }
        for base in self.excluded.iter().filter(|base| base.has_form_of(name)) {
            if lies_in(name, base, Side::Excluded)? {
                return Ok(false);
            }
        }
        Ok(inside || !constrained)
    }

    /// How many subtrees there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.permitted.len() + self.excluded.len()
    }

    /// Whether there is no subtree.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A wildcard stands for many names: it is permitted if all of them are, and excluded if one of them is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

fn subtrees<'a>(mut list: Reader<'a>) -> der::Result<Vec<GeneralName<'a>>> {
    let mut subtrees = Vec::new();
    while !list.is_empty() {
        let mut subtree = list.sequence()?;
        let base = GeneralName::from_element(&subtree.any()?)?;
        // RFC 5280 knows no minimum but 0, which DER leaves out and some authorities write, and no maximum at all.
        if subtree.optional(tag::implicit(0))?.is_some_and(|minimum| minimum.content != [0]) {
            return Err(DerError::BadValue);
        }
        subtree.end()?;
        if !is_base(&base) {
            return Err(DerError::BadValue);
        }
        subtrees.push(base);
    }
    if subtrees.is_empty() { Err(DerError::BadValue) } else { Ok(subtrees) }
}

/// Whether a constraint is what its form demands. Forms that are not known are refused when a name has them.
fn is_base(base: &GeneralName<'_>) -> bool {
    match base {
        GeneralName::Dns(text) => ascii(text).is_ok_and(|text| text.is_empty() || is_host(text)),
        GeneralName::Email(text) => ascii(text).is_ok_and(|text| match text.rsplit_once('@') {
            Some((local, host)) => is_local(local) && is_host(host),
            None => text.is_empty() || is_host(text.strip_prefix('.').unwrap_or(text)),
        }),
        GeneralName::Uri(text) => {
            ascii(text).is_ok_and(|text| text.is_empty() || is_host(text.strip_prefix('.').unwrap_or(text)))
        }
        GeneralName::Ip(octets) => {
            let mask = match octets.len() {
                8 | 32 => octets.split_at_checked(octets.len() / 2).map_or(&[][..], |(_, mask)| mask),
                _ => return false,
            };
            let ones = mask.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1));
            ones.skip_while(|one| *one).all(|one| !one)
        }
        GeneralName::Directory(name) => name.is_well_formed(),
        GeneralName::Other(_) => true,
    }
}

fn lies_in(name: &GeneralName<'_>, base: &GeneralName<'_>, side: Side) -> Result<bool, Malformed> {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns(ascii(name)?, ascii(base)?, side),
        (GeneralName::Email(name), GeneralName::Email(base)) => email(ascii(name)?, ascii(base)?),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => Ok(host_fits(uri_host(ascii(name)?)?, ascii(base)?)),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip(name, base),
        (GeneralName::Directory(name), GeneralName::Directory(base)) => {
            if name.is_well_formed() {
                Ok(name.is_within(*base))
            } else {
                Err(Malformed)
            }
        }
        // How names of other forms lie below each other is not known here.
        _ => Err(Malformed),
    }
}

fn ascii(text: &[u8]) -> Result<&str, Malformed> {
    if text.is_ascii() { std::str::from_utf8(text).or(Err(Malformed)) } else { Err(Malformed) }
}

/// A host as the DNS knows it: labels of letters, digits, hyphens and (in practice) underscores.
fn is_host(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.len() <= 253 && text.split('.').all(|label| (1..=63).contains(&label.len()) && label.chars().all(fits))
}

/// What stands before the `@`, unless it needs quotes (RFC 5321 4.1.2), which nobody in fact has.
fn is_local(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
}

/// Whether a host is `base` or lies below it.
fn is_below(host: &str, base: &str) -> bool {
    let Some(start) = host.len().checked_sub(base.len()) else { return false };
    let (above, tail) = host.split_at_checked(start).unwrap_or(("", ""));
    base.is_empty() || (tail.eq_ignore_ascii_case(base) && (above.is_empty() || above.ends_with('.')))
}

/// Labels may be added to the left of the base.
fn dns(name: &str, base: &str, side: Side) -> Result<bool, Malformed> {
    let wildcard = name.strip_prefix("*.");
    let host = wildcard.unwrap_or(name);
    if !is_host(host) {
        return Err(Malformed);
    }
    Ok(is_below(host, base) || (wildcard.is_some() && side == Side::Excluded && is_below(base, host)))
}

/// A base with a leading dot holds the hosts below it, one without holds that host.
fn host_fits(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(parent) => host.len() > parent.len() && is_below(host, parent),
        None => base.is_empty() || host.eq_ignore_ascii_case(base),
    }
}

/// A base is a mailbox, a host or a domain of hosts. What stands before the `@` is compared letter by letter.
fn email(name: &str, base: &str) -> Result<bool, Malformed> {
    let (local, host) = name.rsplit_once('@').ok_or(Malformed)?;
    if !is_local(local) || !is_host(host) {
        return Err(Malformed);
    }
    Ok(match base.rsplit_once('@') {
        Some((wanted, base)) => local == wanted && host.eq_ignore_ascii_case(base),
        None => host_fits(host, base),
    })
}

/// The host of a URI that has one; addresses are no hosts here.
fn uri_host(uri: &str) -> Result<&str, Malformed> {
    let (_, rest) = uri.split_once("://").ok_or(Malformed)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let host = place.split_once(':').map_or(place, |(host, _)| host);
    let is_number = host.rsplit('.').next().is_none_or(|label| label.chars().all(|c| c.is_ascii_digit()));
    if is_number || !is_host(host) { Err(Malformed) } else { Ok(host) }
}

fn ip(name: &[u8], base: &[u8]) -> Result<bool, Malformed> {
    if !matches!(name.len(), 4 | 16) {
        return Err(Malformed);
    }
    let Some((network, mask)) = base.split_at_checked(base.len() / 2) else { return Err(Malformed) };
    let mut octets = name.iter().zip(network).zip(mask);
    Ok(name.len() == network.len() && octets.all(|((name, network), mask)| name & mask == network & mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(permitted: &[GeneralName<'_>], excluded: &[GeneralName<'_>], name: GeneralName<'_>) -> Result<bool, Malformed> {
        for base in permitted.iter().chain(excluded) {
            assert!(is_base(base), "{base:?}");
        }
        NameConstraints { permitted: permitted.to_vec(), excluded: excluded.to_vec() }.allow(&name)
    }

    fn table<'a>(form: fn(&'a [u8]) -> GeneralName<'a>, base: &'a str, inside: &[&'a str], outside: &[&'a str], bad: &[&'a str]) {
        let base = form(base.as_bytes());
        for name in inside {
            assert_eq!(allows(&[base], &[], form(name.as_bytes())), Ok(true), "{name} in {base:?}");
            assert_eq!(allows(&[], &[base], form(name.as_bytes())), Ok(false), "{name} in {base:?}");
        }
        for name in outside {
            assert_eq!(allows(&[base], &[], form(name.as_bytes())), Ok(false), "{name} not in {base:?}");
            assert_eq!(allows(&[], &[base], form(name.as_bytes())), Ok(true), "{name} not in {base:?}");
        }
        for name in bad {
            assert_eq!(allows(&[base], &[], form(name.as_bytes())), Err(Malformed), "{name}");
            assert_eq!(allows(&[], &[base], form(name.as_bytes())), Err(Malformed), "{name}");
        }
    }

    #[test]
    fn hosts() {
        let bad = ["", ".", "a..b", "a.*.b", "x*.example.com", "example.com.", "ex ample.com", "认证.example.com"];
        table(GeneralName::Dns, "example.com", &["example.com", "A.EXAMPLE.com", "*.example.com"], &["ample.com", "com"], &bad);
        table(GeneralName::Dns, "", &["example.com"], &[], &[""]);
        let (base, name) = (GeneralName::Dns(b"a.example.com"), GeneralName::Dns(b"*.example.com"));
        assert_eq!(allows(&[base], &[], name), Ok(false), "the wildcard stands for more");
        assert_eq!(allows(&[], &[base], name), Ok(false), "the wildcard stands for this too");
        assert_eq!(allows(&[], &[base], GeneralName::Dns(b"example.com")), Ok(true));
    }

    #[test]
    fn mailboxes() {
        let bad = ["example.com", "@example.com", "a@", "a@b@example.com", "a b@example.com", "示例@example.com"];
        table(GeneralName::Email, "example.com", &["a@example.com", "b@EXAMPLE.com"], &["a@x.example.com", "a@ample.com"], &bad);
        table(GeneralName::Email, ".example.com", &["a@x.example.com"], &["a@example.com", "a@xexample.com"], &[]);
        table(GeneralName::Email, "a@example.com", &["a@EXAMPLE.com"], &["A@example.com", "b@example.com"], &[]);
        table(GeneralName::Email, "*@example.com", &["*@example.com"], &["a@example.com"], &[]);
    }

    #[test]
    fn identifiers_of_resources() {
        let bad = ["urn:a:b", "http://1.2.3.4/", "http://[::1]/", "http:///x", "http://a b/", "x"];
        let inside = ["http://example.com", "ldap://u:p@EXAMPLE.com:389/x?y", "https://example.com#z"];
        table(GeneralName::Uri, "example.com", &inside, &["http://x.example.com/", "http://a/@example.com"], &bad);
        table(GeneralName::Uri, ".example.com", &["http://x.example.com/"], &["http://example.com/"], &bad);
    }

    #[test]
    fn addresses() {
        let net = GeneralName::Ip(&[10, 0, 0, 0, 255, 0, 0, 0]);
        assert_eq!(allows(&[net], &[], GeneralName::Ip(&[10, 1, 2, 3])), Ok(true));
        assert_eq!(allows(&[net], &[], GeneralName::Ip(&[11, 1, 2, 3])), Ok(false));
        assert_eq!(allows(&[net], &[], GeneralName::Ip(&[0; 16])), Ok(false));
        assert_eq!(allows(&[], &[net], GeneralName::Ip(&[0; 16])), Ok(true));
        assert_eq!(allows(&[net], &[], GeneralName::Ip(&[10, 1, 2])), Err(Malformed));
        for bad in [&[10, 0, 0, 0, 255, 0, 255, 0][..], &[0; 4], &[0; 16], &[]] {
            assert!(!is_base(&GeneralName::Ip(bad)), "{bad:?}");
        }
    }

    #[test]
    fn forms_do_not_mix_and_unknown_forms_are_refused() {
        let host = GeneralName::Dns(b"example.com");
        assert_eq!(allows(&[host], &[host], GeneralName::Email(b"nonsense")), Ok(true));
        assert_eq!(allows(&[host], &[], GeneralName::Other(0xa0)), Ok(true));
        assert_eq!(allows(&[GeneralName::Other(0xa0)], &[], GeneralName::Other(0x88)), Ok(true));
        assert_eq!(allows(&[], &[GeneralName::Other(0xa0)], GeneralName::Other(0xa0)), Err(Malformed));
        for bad in [GeneralName::Dns(b".a"), GeneralName::Dns(b"*.a"), GeneralName::Email(b"@a"), GeneralName::Uri(b"a/b")] {
            assert!(!is_base(&bad), "{bad:?}");
        }
    }
}
