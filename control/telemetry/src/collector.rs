//! Log records for an OpenTelemetry collector: OTLP over HTTP, in batches, from a thread of its own. A collector that is away
//! costs records, never a call.

use std::sync::OnceLock;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};

use crate::LogError;

static PROVIDER: OnceLock<SdkLoggerProvider> = OnceLock::new();

/// Takes every record of the log.
pub(crate) type Layer = OpenTelemetryTracingBridge<SdkLoggerProvider, SdkLogger>;

/// Sends to the collector at this address (`http://127.0.0.1:4318/v1/logs`).
pub(crate) fn layer(address: &str) -> Result<Layer, LogError> {
    let exporter = LogExporter::builder().with_http().with_endpoint(address).build();
    let exporter = exporter.map_err(|error| LogError(format!("log.otlp: {error}")))?;
    let resource = Resource::builder().with_service_name("crosspoint").build();
    let provider = SdkLoggerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    Ok(OpenTelemetryTracingBridge::new(PROVIDER.get_or_init(|| provider)))
}

/// Sends what still waits.
pub(crate) fn flush() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown()
    {
        eprintln!("the last records did not reach the collector: {error}");
    }
}
