//! The keys that Prometheus 3.16 knows, section by section (github.com/prometheus/prometheus `config/config.go`,
//! `model/rulefmt/rulefmt.go`), and what a misspelt one most likely meant.

/// The release that the tables were read from.
pub const VERSION: &str = "v3.16.0";

pub const TOP: &[&str] = &[
    "global",
    "runtime",
    "alerting",
    "rule_files",
    "scrape_config_files",
    "scrape_configs",
    "storage",
    "tracing",
    "remote_write",
    "remote_read",
    "otlp",
];

pub const GLOBAL: &[&str] = &[
    "scrape_interval",
    "scrape_timeout",
    "scrape_protocols",
    "evaluation_interval",
    "rule_query_offset",
    "query_log_file",
    "query_max_series",
    "query_max_samples_read",
    "query_max_duration",
    "scrape_failure_log_file",
    "external_labels",
    "body_size_limit",
    "sample_limit",
    "target_limit",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "keep_dropped_targets",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
    "scrape_native_histograms",
    "convert_classic_histograms_to_nhcb",
    "always_scrape_classic_histograms",
    "extra_scrape_metrics",
];

pub const HTTP_CLIENT: &[&str] = &[
    "basic_auth",
    "authorization",
    "oauth2",
    "bearer_token",
    "bearer_token_file",
    "tls_config",
    "follow_redirects",
    "enable_http2",
    "proxy_url",
    "no_proxy",
    "proxy_from_environment",
    "proxy_connect_header",
    "http_headers",
];

/// Service discovery keys end so; which of them a build knows is its own business.
pub const DISCOVERY_SUFFIX: &str = "_sd_configs";

pub const SCRAPE: &[&str] = &[
    "job_name",
    "honor_labels",
    "honor_timestamps",
    "track_timestamps_staleness",
    "params",
    "scrape_interval",
    "scrape_timeout",
    "scrape_protocols",
    "fallback_scrape_protocol",
    "scrape_native_histograms",
    "always_scrape_classic_histograms",
    "convert_classic_histograms_to_nhcb",
    "scrape_failure_log_file",
    "metrics_path",
    "scheme",
    "enable_compression",
    "body_size_limit",
    "sample_limit",
    "target_limit",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "native_histogram_bucket_limit",
    "native_histogram_min_bucket_factor",
    "keep_dropped_targets",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
    "extra_scrape_metrics",
    "relabel_configs",
    "metric_relabel_configs",
    "static_configs",
];

pub const REMOTE_WRITE: &[&str] = &[
    "url",
    "remote_timeout",
    "headers",
    "write_relabel_configs",
    "name",
    "send_exemplars",
    "send_native_histograms",
    "round_robin_dns",
    "protobuf_message",
    "failed_request_logging",
    "queue_config",
    "metadata_config",
    "sigv4",
    "azuread",
    "google_iam",
    "convert_nhcb_to_classic",
];

pub const RELABEL: &[&str] =
    &["source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action"];

pub const RULE_GROUP: &[&str] = &["name", "interval", "query_offset", "limit", "rules", "labels"];

pub const RULE: &[&str] = &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

/// The known key that `key` is a misspelling of, if there is one within two letters.
pub fn meant<'k>(key: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.into_iter().map(|other| (distance(key, other), other)).min()?;
    (near.0 <= 2).then_some(near.1)
}

/// Levenshtein's distance; keys are short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(LONGEST_KEY).enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

/// No key of Prometheus is nearly as long.
const LONGEST_KEY: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_is_recognised_and_a_new_key_is_not() {
        assert_eq!(meant("scrape_config", TOP.iter().copied()), Some("scrape_configs"));
        assert_eq!(meant("job_nmae", SCRAPE.iter().copied()), Some("job_name"));
        assert_eq!(meant("quantum_mode", TOP.iter().copied()), None);
    }
}
