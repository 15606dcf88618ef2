//! Numbers on their way into the text that Prometheus reads.

use super::watcher::Seen;
use super::{Kind, Metric, all};
use fanfare_node::Histogram;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;

/// Takes the numbers of one metric.
pub(super) struct Samples<'a> {
    metric: &'static Metric,
    encoder: MetricEncoder<'a>,
    /// The first thing that went wrong.
    result: fmt::Result,
}

/// A number.
pub(super) enum Number {
    Whole(u64),
    Real(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Number {
        Number::Whole(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Number {
        Number::Real(number)
    }
}

impl From<bool> for Number {
    fn from(number: bool) -> Number {
        Number::Whole(number.into())
    }
}

impl Samples<'_> {
    /// Adds the number that these values of the metric's labels belong to.
    pub(super) fn add(&mut self, values: &[&str], number: impl Into<Number>) {
        self.result = self.result.and_then(|()| self.encode(values, &number.into()));
    }

    /// Adds a histogram, of whose values so many are one of the metric's unit.
    pub(super) fn spread(&mut self, histogram: &Histogram, unit: f64) {
        let bound = |bound: Option<u64>| bound.map_or(f64::INFINITY, |bound| bound as f64 / unit);
        let buckets: Vec<_> = histogram.iter().map(|(upper, count)| (bound(upper), count)).collect();
        let (sum, count) = (histogram.sum() as f64 / unit, buckets.iter().map(|(_, count)| count).sum());
        let encoded = self.encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None);
        self.result = self.result.and(encoded);
    }

    fn encode(&mut self, values: &[&str], number: &Number) -> fmt::Result {
        let labels: Vec<(&str, &str)> =
            self.metric.labels.iter().copied().zip(values.iter().copied()).collect();
        if labels.is_empty() {
            return encode(&mut self.encoder, self.metric.kind, number);
        }
        encode(&mut self.encoder.encode_family(&labels)?, self.metric.kind, number)
    }
}

fn encode(encoder: &mut MetricEncoder<'_>, kind: Kind, number: &Number) -> fmt::Result {
    match (kind, number) {
        (Kind::Counter, Number::Whole(number)) => encoder.encode_counter::<NoLabelSet, _, f64>(number, None),
        (Kind::Counter, Number::Real(number)) => encoder.encode_counter::<NoLabelSet, _, f64>(number, None),
        (_, Number::Whole(number)) => encoder.encode_gauge(number),
        (_, Number::Real(number)) => encoder.encode_gauge(number),
    }
}

/// Everything that was seen, as the library takes it.
struct Page(Seen);

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in all() {
            let kind = match metric.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            // The library adds it again.
            let name = metric.name.trim_end_matches("_total");
            let encoder = encoder.encode_descriptor(name, metric.about, None, kind)?;
            let mut samples = Samples { metric, encoder, result: Ok(()) };
            (metric.read)(&self.0, &mut samples);
            samples.result?;
        }
        Ok(())
    }
}

/// The text of what was seen, in the form of OpenMetrics.
pub(super) fn text(seen: Seen) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Page(seen)));
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = text::encode(&mut out, &registry);
    out
}
