//! Spans by OTLP over HTTP, in batches, on a thread of the SDK: whoever tells puts a span in a bounded line and goes on;
//! what does not fit is dropped.
//!
//! Sampling, resource, limits, timeouts and headers are the SDK's, by its variables. The endpoint is read here, because
//! the SDK takes an address that cannot be one for none and exports to where nobody looks.

mod spans;
mod telling;

use super::{Tracing, value};
use fanfare_proto::limits;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, ResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use spans::Spans;
use std::sync::Arc;
use telling::Telling;

/// What the specification of OpenTelemetry calls the samplers that there are.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Starts exporting to what a variable says. Where that cannot be, says why, and nothing is traced.
pub fn start(variable: &str, url: &str) -> Tracing {
    let Some(collector) = collector(url) else {
        tracing::error!(variable, "nothing is traced: this is no URL as `http://collector:4318`");
        return Tracing::default();
    };
    if let Some(sampler) = value("OTEL_TRACES_SAMPLER").filter(|name| !SAMPLERS.contains(&&**name)) {
        let known = SAMPLERS.join(", ");
        tracing::warn!(
            sampler,
            known,
            "OTEL_TRACES_SAMPLER names no sampler; parentbased_always_on is taken"
        );
    }
    match provider(variable, url, &collector) {
        Ok(provider) => tracing(provider, collector),
        Err(error) => {
            tracing::error!(variable, %error, "nothing is traced");
            Tracing::default()
        }
    }
}

fn tracing(provider: SdkTracerProvider, collector: String) -> Tracing {
    let tracer = provider.tracer("fanfare");
    // Its drop would export, too, and take its time where the server is to end at once.
    std::mem::forget(provider.clone());
    tracing::info!(collector, "traces are exported");
    let end = move || {
        if let Err(error) = provider.shutdown_with_timeout(limits::TRACES_END_TIME) {
            tracing::warn!(%error, collector, "the last spans were not exported in time");
        }
    };
    Tracing { traces: Some(Arc::new(Spans { tracer })), end: Some(Box::new(end)) }
}

fn provider(variable: &str, url: &str, collector: &str) -> Result<SdkTracerProvider, String> {
    // The variable of traces is the whole address; that of everything is where all signals are below.
    let whole = variable.contains("_TRACES_");
    let url = if whole { url.to_owned() } else { format!("{}/v1/traces", url.trim_end_matches('/')) };
    let exporter = SpanExporter::builder().with_http().with_endpoint(&url).build();
    // The URL may have a password in it.
    let exporter = exporter.map_err(|error| error.to_string().replace(&url, collector))?;
    let telling = Telling::new(exporter, collector.to_owned());
    Ok(SdkTracerProvider::builder().with_batch_exporter(telling).with_resource(resource()).build())
}

/// What the spans are of: a service called fanfare, unless the environment calls it otherwise.
fn resource() -> Resource {
    let version = env!("CARGO_PKG_VERSION");
    let own = [KeyValue::new("service.name", "fanfare"), KeyValue::new("service.version", version)];
    let telemetry: Box<dyn ResourceDetector> = Box::new(TelemetryResourceDetector);
    let builder = Resource::builder_empty().with_attributes(own);
    let builder = builder.with_detectors(&[telemetry, Box::new(EnvResourceDetector::new())]);
    match value("OTEL_SERVICE_NAME") {
        Some(name) => builder.with_service_name(name).build(),
        None => builder.build(),
    }
}

/// The host and port of a URL of HTTP, for people: without the path and the password that may be in it.
fn collector(url: &str) -> Option<String> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    Some(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_without_what_nobody_should_read() {
        let table = [
            ("http://a:4318", Some("a:4318")),
            ("https://user:secret@a/v1/traces?key=secret", Some("a")),
            ("http://[::1]:4318/", Some("[::1]:4318")),
            ("a:4318", None),
            ("http://", None),
            ("http:///v1/traces", None),
            ("grpc://a:4317", None),
        ];
        for (url, expected) in table {
            assert_eq!(collector(url).as_deref(), expected, "{url}");
        }
    }
}
