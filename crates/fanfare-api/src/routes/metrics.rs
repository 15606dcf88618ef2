//! What the server counts. The text comes from whoever knows all the parts; here it only gets its form: OpenMetrics for
//! those who ask for it, else the older text that everything reads.

use super::Route;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/metrics",
    query: &[],
    about: "what the server counts, for Prometheus; see [metrics.md](metrics.md)",
    operation: Operation {
        id: "metrics",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the counters",
            headers: &[],
            content: &[Media("text/plain", "Text"), Media(OPEN, "Text")],
        }],
        refusals: &[],
    },
    serve: || get(metrics),
};

const OPEN: &str = "application/openmetrics-text";

async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let open = accepted.into_iter().any(|value| value.contains(OPEN));
    let text = (api.scrape)().await;
    let (text, media_type) = match open {
        true => (text, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        false => (plain(&text), "text/plain; version=0.0.4; charset=utf-8"),
    };
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// OpenMetrics as the text of before: there a counter is described by the name that its value has, and there is no
/// word at the end.
fn plain(open: &str) -> String {
    let mut out = String::with_capacity(open.len() + 1024);
    let mut help = None;
    for line in open.lines() {
        if line.starts_with("# HELP ") {
            help = Some(line);
            continue;
        }
        let counter = line.strip_prefix("# TYPE ").and_then(|rest| rest.strip_suffix(" counter"));
        match (counter, help.take()) {
            (Some(name), Some(help)) => {
                let about = help.get("# HELP ".len() + name.len()..).unwrap_or_default();
                out.extend(["# HELP ", name, "_total", about, "\n# TYPE ", name, "_total counter\n"]);
            }
            _ if line == "# EOF" || line.starts_with("# UNIT ") => {}
            (_, help) => {
                help.into_iter().chain([line]).for_each(|line| out.extend([line, "\n"]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_by_the_name_of_their_value() {
        let open = "# HELP a Of a.\n# TYPE a counter\na_total{x=\"1\"} 2\n# HELP b Of b.\n# TYPE b gauge\n\
                    b 1\n# EOF\n";
        let expected = "# HELP a_total Of a.\n# TYPE a_total counter\na_total{x=\"1\"} 2\n# HELP b Of b.\n\
                        # TYPE b gauge\nb 1\n";
        assert_eq!(plain(open), expected);
    }
}
