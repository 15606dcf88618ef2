//! An exporter that says when spans stop to arrive and when they arrive again: once each, however many batches that
//! concerns. What the SDK itself would say, for each batch, is not compiled.

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

#[derive(Debug)]
pub struct Telling<E> {
    exporter: E,
    /// Where it exports to, for people.
    collector: String,
    failing: AtomicBool,
}

impl<E: SpanExporter> Telling<E> {
    pub fn new(exporter: E, collector: String) -> Telling<E> {
        Telling { exporter, collector, failing: AtomicBool::new(false) }
    }

    fn tell(&self, result: &OTelSdkResult) {
        let collector = &self.collector;
        let failed = self.failing.swap(result.is_err(), Relaxed);
        match result {
            Ok(()) if failed => tracing::info!(collector, "the collector takes spans again"),
            Err(error) if !failed => tracing::warn!(
                collector,
                %error,
                "the collector takes no spans: see whether it runs and is reached from here; they are dropped \
                 until it takes some, the server goes on, and this is not said again"
            ),
            _ => {}
        }
    }
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        self.tell(&result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
