//! What a server tells, as spans. The names of attributes are those of the semantic conventions for HTTP servers (1.23 and
//! later); our own begin with `fanfare.`.
//!
//! A span is made when all is known and ended at once, so that nothing is carried along with a request.

use fanfare_server::{CommitTrace, Period, RequestTrace, Traces};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

pub struct Spans {
    pub tracer: SdkTracer,
}

impl Traces for Spans {
    fn answered(&self, request: &RequestTrace<'_>) {
        // What is not a method of HTTP has no name of its own: else strangers could make as many as they like.
        let verb = request.method.unwrap_or("HTTP");
        let name = request.route.map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"));
        let method = request.method.unwrap_or("_OTHER").to_owned();
        let mut attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.response.status_code", i64::from(request.status)),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("fanfare.request", request.name.to_owned()),
        ];
        attributes.extend(request.route.map(|route| KeyValue::new("http.route", route)));
        attributes.extend(request.path.map(|path| KeyValue::new("url.path", path.to_owned())));
        attributes.extend(request.refusal.map(|refusal| KeyValue::new("fanfare.refusal", refusal)));
        let failed = request.status >= 500;
        if failed {
            let kind = request.refusal.map_or_else(|| request.status.to_string(), str::to_owned);
            attributes.push(KeyValue::new("error.type", kind));
        }
        let builder = self.tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Brought(request));
        self.make(builder, &parent, request.period, failed);
    }

    fn committed(&self, commit: &CommitTrace) {
        let number = |name, number: usize| KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX));
        let attributes = vec![
            number("fanfare.commit.messages", commit.messages),
            number("fanfare.commit.accepted", commit.accepted),
            number("fanfare.commit.bytes", commit.bytes),
        ];
        let builder = self.tracer.span_builder("commit").with_attributes(attributes);
        self.make(builder, &Context::new(), commit.period, false);
    }
}

impl Spans {
    fn make(&self, builder: SpanBuilder, parent: &Context, period: Period, failed: bool) {
        let builder = builder.with_start_time(period.began);
        let mut span = self.tracer.build_with_context(builder, parent);
        if failed {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(period.began + period.took);
    }
}

/// What a request brings of its caller's span.
struct Brought<'a>(&'a RequestTrace<'a>);

impl Extractor for Brought<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.0.parent,
            "tracestate" => self.0.state,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}
