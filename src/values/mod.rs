//! A PrometheusCluster turned into Helm values, by a mapping that is data.
