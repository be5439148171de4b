//! The demo's story, told to a running gateway through its own interface.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crypto::report::{Report, SubIndication, Verdict};
use serde_json::json;

use super::client::{Client, Message, Reply};
use super::error::DemoError;
use super::forgeries::Forgery;
use super::form::{self, Form};
use super::kind::{Fate, Kind};
use super::licences::{self, Licence};
use super::pki::Pki;
use super::row::{Asked, Row, reason};

/// The caller that asks for verdicts.
const APPROVAL: &str = "approval";

/// The cast: a client for each caller.
#[derive(Debug)]
pub struct Stage<'a> {
    pub(super) pki: &'a Pki,
    address: SocketAddr,
    clients: BTreeMap<&'a str, Client>,
}

/// An attempt at something that is not allowed.
#[derive(Debug)]
pub struct Attempt {
    /// Who tried what.
    pub what: &'static str,
    /// What should come of it.
    pub expected: &'static str,
    /// What came of it.
    pub found: String,
}

impl<'a> Stage<'a> {
    /// Every caller of the infrastructure, before the gateway at this address.
    ///
    /// # Errors
    /// [`DemoError::Tls`].
    pub fn new(pki: &'a Pki, address: SocketAddr) -> Result<Self, DemoError> {
        let mut clients = BTreeMap::new();
        for client in &pki.clients {
            let made = Client::new(address, &pki.tls_root.certificate, &client.credential)?;
            clients.insert(client.name.as_str(), made);
        }
        Ok(Self { pki, address, clients })
    }

    pub(super) async fn send(&mut self, caller: &str, message: Message<'_>) -> Result<Reply, DemoError> {
        self.clients.get_mut(caller).ok_or(DemoError::Unplanned("such caller"))?.send(message).await
    }

    /// Every department registers its certificates and seals. Answers how many there are.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when one is refused.
    pub async fn register(&mut self) -> Result<(usize, usize), DemoError> {
        let (mut certificates, mut seals) = (0, 0);
        for department in &self.pki.departments {
            for credential in std::iter::once(&department.signer).chain(&department.other) {
                let message = Message::post("/v1/certificates", "application/pkix-cert", &credential.certificate);
                self.send(department.slug, message).await?.good("registering a certificate")?;
                certificates += 1;
            }
            for seal in &department.seals {
                let message = Message::post("/v1/seals", "application/octet-stream", &seal.der);
                self.send(department.slug, message).await?.good("registering a seal")?;
                seals += 1;
            }
        }
        Ok((certificates, seals))
    }

    /// The departments hand in their licences.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when one is refused.
    pub async fn hand_in(&mut self, licences: &[Licence]) -> Result<(), DemoError> {
        for licence in licences {
            let is_first = licence.metadata.identifier.version() == 1;
            let path = if is_first { "/v1/licences" } else { "/v1/licences?operation=change" };
            let message = Message::post(path, licence.form.media_type(), &licence.document);
            self.send(licence.kind.department, message).await?.good("handing in a licence")?;
        }
        Ok(())
    }

    /// The departments decide what becomes of their licences. Answers how many decisions there were.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when one is refused.
    pub async fn decide(&mut self, licences: &[Licence]) -> Result<usize, DemoError> {
        let mut decisions = 0;
        for licence in licences {
            let Some((operation, reason)) = licence.fate.decision() else { continue };
            let path = format!("/v1/licences/{}/status", licence.metadata.identifier);
            let body = json!({ "operation": operation, "reason": reason }).to_string();
            let message = Message::post(&path, "application/json", body.as_bytes());
            self.send(licence.kind.department, message).await?.good("changing the state of a licence")?;
            decisions += 1;
        }
        Ok(decisions)
    }

    /// Somebody hands in forgeries in the name of the departments; each must be refused with the report that says why.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when the gateway answers anything but a report.
    pub async fn hand_in_forgeries(&mut self, forgeries: &[Forgery]) -> Result<Vec<Row>, DemoError> {
        let mut rows = Vec::new();
        for forgery in forgeries {
            let message = Message::post("/v1/licences", forgery.form.media_type(), &forgery.document);
            let reply = self.send(forgery.department, message).await?;
            let (status, code) = (reply.status.as_u16(), reply.code());
            let report = reply.json().get("report").and_then(|report| serde_json::from_value(report.clone()).ok());
            let report: Report = report.ok_or(DemoError::Answer { what: "handing in a forgery", status, code })?;
            rows.push(forgery.row(Asked::HandedIn, forgery.verdict, &report));
        }
        Ok(rows)
    }

    /// The approval system asks about every licence by its file, and about every third by its identifier.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when the gateway answers anything but a report.
    pub async fn verify(&mut self, licences: &[Licence]) -> Result<Vec<Row>, DemoError> {
        let mut rows = Vec::new();
        for (licence, index) in licences.iter().zip(0u32..) {
            let message = Message::post("/v1/verifications", licence.form.media_type(), &licence.document);
            let report = self.report(message).await?;
            rows.push(licence.row(licence.fate.story(), Asked::ByFile, licence.fate.verdict(), &report));
            if index.is_multiple_of(3) {
                let body = json!({ "identifier": licence.metadata.identifier }).to_string();
                let report = self.report(Message::post("/v1/verifications", "application/json", body.as_bytes())).await?;
                rows.push(licence.row(licence.fate.story(), Asked::ByIdentifier, licence.fate.verdict(), &report));
            }
        }
        let unknown = self.never_handed_in()?;
        let report = self.report(Message::post("/v1/verifications", unknown.form.media_type(), &unknown.document)).await?;
        let doubt = Verdict::indeterminate(SubIndication::TryLater);
        rows.push(unknown.row("never handed in", Asked::ByFile, doubt, &report));
        Ok(rows)
    }

    /// The approval system asks about every forgery.
    ///
    /// # Errors
    /// As [`Stage::verify`].
    pub async fn verify_forgeries(&mut self, forgeries: &[Forgery]) -> Result<Vec<Row>, DemoError> {
        let mut rows = Vec::new();
        for forgery in forgeries {
            let message = Message::post("/v1/verifications", forgery.form.media_type(), &forgery.document);
            let report = self.report(message).await?;
            rows.push(forgery.row(Asked::ByFile, forgery.verdict, &report));
        }
        Ok(rows)
    }

    /// The traffic police make credentials of licences that are on record in another form, each with the place in the status
    /// list that the record names, and the approval system asks about them.
    ///
    /// # Errors
    /// As [`Stage::verify`].
    pub async fn verify_credentials(&mut self, licences: &[Licence]) -> Result<Vec<Row>, DemoError> {
        let office = self.pki.department("traffic-police").ok_or(DemoError::Unplanned("such department"))?;
        let of_office = |licence: &&Licence| licence.kind.department == office.slug && licence.form == Form::OfdV4;
        let mut rows = Vec::new();
        for licence in licences.iter().filter(of_office) {
            let path = format!("/v1/licences/{}", licence.metadata.identifier);
            let record = self.send(office.slug, Message::get(&path)).await?.good("reading a record")?.json();
            let place = record.get("status_list").ok_or(DemoError::Unplanned("place in a status list"))?;
            let document = form::sd_jwt(office, &licence.metadata, Some(json!({ "status_list": place })))?;
            let report = self.report(Message::post("/v1/verifications", Form::SdJwt.media_type(), &document)).await?;
            let row = licence.row(licence.fate.story(), Asked::ByCredential, licence.fate.verdict(), &report);
            rows.push(Row { form: Form::SdJwt, ..row });
        }
        Ok(rows)
    }

    /// Reads the first status list, as holders of credentials do. Answers its size in bytes.
    ///
    /// # Errors
    /// [`DemoError::Answer`] when there is none.
    pub async fn status_list(&mut self) -> Result<usize, DemoError> {
        let list = self.send(APPROVAL, Message::get("/v1/status-lists/0")).await?.good("reading a status list")?;
        Ok(list.body.len())
    }

    async fn report(&mut self, message: Message<'_>) -> Result<Report, DemoError> {
        let reply = self.send(APPROVAL, message).await?.good("verifying")?;
        let unreadable = DemoError::Answer { what: "reading a report", status: reply.status.as_u16(), code: String::new() };
        serde_json::from_slice(&reply.body).or(Err(unreadable))
    }

    fn never_handed_in(&self) -> Result<Licence, DemoError> {
        let kind = Kind::of("food-business-permit").ok_or(DemoError::Unplanned("such type"))?;
        licences::licence(self.pki, kind, Form::OfdV4, Fate::Valid, (47, 1))
    }

    /// What callers may not do.
    ///
    /// # Errors
    /// [`DemoError::Transport`] when the gateway does not answer those whom it knows.
    pub async fn attempts(&mut self, licence: &Licence) -> Result<Vec<Attempt>, DemoError> {
        let path = format!("/v1/licences/{}/status", licence.metadata.identifier);
        let revoke = Message::post(&path, "application/json", b"{\"operation\":\"revoke\"}");
        let hand_in = Message::post("/v1/licences", licence.form.media_type(), &licence.document);
        let search = Message::post("/v1/licences/search", "application/json", b"{}");
        let mut attempts = Vec::new();
        for (what, caller, message, expected) in [
            ("approval hands in a licence", APPROVAL, hand_in, "403 role-required"),
            ("operator searches licences", "operator", search, "403 role-required"),
            ("traffic-police revokes a licence of market", "traffic-police", revoke, "403 other-organisation"),
            ("traffic-police hands in a licence of market", "traffic-police", hand_in, "403 other-organisation"),
        ] {
            let reply = self.send(caller, message).await?;
            attempts.push(Attempt { what, expected, found: format!("{} {}", reply.status.as_u16(), reply.code()) });
        }
        let mut stranger = Client::new(self.address, &self.pki.tls_root.certificate, &self.pki.stranger)?;
        let found = match stranger.send(Message::get("/v1/trust")).await {
            Ok(reply) => format!("{} {}", reply.status.as_u16(), reply.code()),
            Err(_) => "no connection".to_owned(),
        };
        attempts.push(Attempt { what: "a certificate of a foreign authority", expected: "no connection", found });
        Ok(attempts)
    }
}

impl Attempt {
    /// Whether what came of it is what should.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.found == self.expected
    }
}

impl Licence {
    fn row(&self, story: &'static str, asked: Asked, expected: Verdict, report: &Report) -> Row {
        Row {
            identifier: self.metadata.identifier.clone(),
            type_name: self.metadata.type_name.clone(),
            form: self.form,
            story,
            asked,
            expected,
            found: report.verdict,
            why: reason(report).cloned(),
        }
    }
}

impl Forgery {
    fn row(&self, asked: Asked, expected: Verdict, report: &Report) -> Row {
        Row {
            identifier: self.metadata.identifier.clone(),
            type_name: self.metadata.type_name.clone(),
            form: self.form,
            story: self.what,
            asked,
            expected,
            found: report.verdict,
            why: reason(report).cloned(),
        }
    }
}
