//! Interfaces of departments: a POST with a body by a template, an answer by a mapping.

use std::collections::BTreeMap;
use std::time::Duration;

use super::auth::Auth;
use super::body::{self, Values};
use super::client::{Address, Client};
use super::head::head;
use super::mapping;
use crate::broker::{Answer, Question, Reply, Source, SourceFault};
use crate::config::{AnswerRules, DataSource, Faults, RequestTemplate};

/// An interface of a department.
#[derive(Debug)]
pub(super) struct HttpJson {
    client: Client,
    auth: Auth,
    forms: Forms,
}

/// How each resource is asked.
#[derive(Debug)]
pub(super) struct Forms {
    every: Form,
    own: BTreeMap<String, Form>,
}

/// How a resource is asked, and how its answers are read.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) url: Address,
    request: Option<RequestTemplate>,
    rules: Option<AnswerRules>,
    remote: Option<String>,
    is_form: bool,
}

impl HttpJson {
    /// Reads the files.
    pub(super) fn open(settings: &DataSource, at: &str) -> Result<Self, Faults> {
        let client = Client::new(settings, at)?;
        Ok(Self { client, auth: Auth::open(settings.auth.as_ref(), at)?, forms: Forms::new(settings, at)? })
    }

    async fn asked(&self, question: &Question, left: Duration) -> Result<Reply, SourceFault> {
        let form = self.forms.of(&question.resource.code);
        let body = form.body(question, &self.auth)?;
        let mut head = head(question, form.content_type(), left);
        self.auth.seal(&mut head, &form.url, &body, question.errand.now)?;
        let answer = self.client.post(&form.url, head, body).await?;
        form.read(&answer, question)
    }
}

impl Source for HttpJson {
    fn ask<'a>(&'a self, question: &'a Question, left: Duration) -> Answer<'a> {
        Box::pin(self.asked(question, left))
    }
}

impl Forms {
    pub(super) fn new(settings: &DataSource, at: &str) -> Result<Self, Faults> {
        let url = Address::new(&settings.url, None, &format!("{at}.url"))?;
        let (request, rules) = (settings.request.clone(), settings.answer.clone());
        let every = Form { url, request, rules, remote: None, is_form: settings.form };
        let mut own = BTreeMap::new();
        for (code, resource) in &settings.resources {
            let mut form = every.clone();
            if let Some(path) = &resource.path {
                form.url = Address::new(&settings.url, Some(path), &format!("{at}.resources.{code:?}.path"))?;
            }
            form.request = resource.request.clone().or(form.request);
            form.rules = resource.answer.clone().or(form.rules);
            form.remote.clone_from(&resource.remote);
            own.insert(code.clone(), form);
        }
        Ok(Self { every, own })
    }

    /// How this resource is asked.
    pub(super) fn of(&self, resource: &str) -> &Form {
        self.own.get(resource).unwrap_or(&self.every)
    }
}

impl Form {
    pub(super) const fn content_type(&self) -> &'static str {
        if self.is_form { "application/x-www-form-urlencoded" } else { "application/json" }
    }

    /// The body. A resource for which none is declared is not asked.
    pub(super) fn body(&self, question: &Question, auth: &Auth) -> Result<hyper::body::Bytes, SourceFault> {
        let template = self.request.as_ref().ok_or(SourceFault::Refused)?;
        let resource = self.remote.as_deref().unwrap_or(&question.resource.code);
        let values = Values { question, resource, secret: auth.secret() };
        Ok(if self.is_form { body::form(template, values) } else { body::json(template, values) })
    }

    pub(super) fn read(&self, answer: &super::client::Reply, question: &Question) -> Result<Reply, SourceFault> {
        mapping::read(self.rules.as_ref().ok_or(SourceFault::Refused)?, answer, question)
    }
}
