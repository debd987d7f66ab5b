//! A bare repository that is written durably and read consistently. Knows no Kubernetes, no Helm.
