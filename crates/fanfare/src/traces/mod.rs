//! Traces: whether the environment asks for them, and who is told then.
//!
//! The variables are those of OpenTelemetry, which whoever has a collector sets for everything that runs; they are no
//! options of ours. Without an endpoint nothing is started. A program that was built without the feature `otel` says
//! that it has no traces where they are asked for, and runs without.

#[cfg(feature = "otel")]
mod otel;

use fanfare_server::Traces;
#[cfg(feature = "otel")]
use otel::start as export;
use std::sync::Arc;

/// Who is told while a server runs, and what is left to do when it has ended.
#[derive(Default)]
pub struct Tracing {
    /// Who is told, if somebody is.
    pub traces: Option<Arc<dyn Traces>>,
    end: Option<Box<dyn FnOnce()>>,
}

impl Tracing {
    /// Exports what was told last, in [`TRACES_END_TIME`](fanfare_proto::limits::TRACES_END_TIME) or not at all.
    pub fn end(self) {
        if let Some(end) = self.end {
            end();
        }
    }
}

/// Starts what the environment asks for.
pub fn start() -> Tracing {
    match asked() {
        Some((variable, url)) => export(variable, &url),
        None => Tracing::default(),
    }
}

/// The variable that says where spans go, that of traces before that of everything, and what it says.
fn asked() -> Option<(&'static str, String)> {
    let off = value("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let all = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    all.into_iter().find_map(|variable| Some((variable, value(variable)?))).filter(|_| !off)
}

/// What a variable says. An empty one says nothing, as the specification of OpenTelemetry has it.
fn value(variable: &str) -> Option<String> {
    let text = std::env::var_os(variable)?.to_string_lossy().into_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(not(feature = "otel"))]
fn export(variable: &str, _url: &str) -> Tracing {
    tracing::warn!(
        variable,
        "this program was built without traces and exports none; \
         one with them is built by `cargo build --release -p fanfare --features otel`"
    );
    Tracing::default()
}
