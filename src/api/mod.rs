//! What a user writes and reads back: the PrometheusCluster resource, its defaults and its rules.
