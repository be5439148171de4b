//! Lines that are written while a request is answered carry its name and that of its trace.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::{self, Here};

/// A form of lines, with these names.
pub(super) struct Named<F>(F);

impl<F> Named<F> {
    pub(super) const fn new(form: F) -> Self {
        Self(form)
    }
}

impl<S, N, F> FormatEvent<S, N> for Named<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(here) = telemetry::here().filter(|here| here.request_id().is_some() || here.trace_id().is_some()) else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&named(&line, &here))
    }
}

/// The line with the names. Neither has a character that JSON would want to be escaped.
fn named(line: &str, here: &Here) -> String {
    let names = [("request_id", here.request_id().map(str::to_owned)), ("trace_id", here.trace_id())];
    let names = names.into_iter().filter_map(|(key, name)| Some((key, name?)));
    match line.strip_prefix('{') {
        Some(rest) => {
            let names: String = names.map(|(key, name)| format!("\"{key}\":\"{name}\",")).collect();
            format!("{{{names}{rest}")
        }
        None => {
            let names: String = names.map(|(key, name)| format!(" {key}={name}")).collect();
            format!("{}{names}\n", line.trim_end_matches('\n'))
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;
    use crate::http::RequestId;
    use crate::telemetry::Step;

    #[test]
    fn both_forms_carry_the_name() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "case-1".parse().unwrap());
        let here = Here::of(RequestId::of(&headers), &Step::default());
        assert_eq!(named("{\"level\":\"WARN\"}\n", &here), "{\"request_id\":\"case-1\",\"level\":\"WARN\"}\n");
        assert_eq!(named("now WARN slow\n", &here), "now WARN slow request_id=case-1\n");
    }
}
