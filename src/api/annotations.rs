//! The annotations of a PrometheusCluster that mean something to promgit.

/// Any new value asks for a reconcile now and resets the count of retries. The value itself is not read; a time in
/// RFC 3339 is customary.
pub const RECONCILE_AT: &str = "promgit.dev/reconcile-at";

/// Any new value gives the release new random values (passwords, certificates) and a new time, where its chart draws some.
pub const REFRESH_LOCK: &str = "promgit.dev/refresh-lock";

/// Any new value runs the chart's test hooks once all is up, as `helm test` does; the condition `Tested` says what became of them.
pub const TEST_AT: &str = "promgit.dev/test-at";

/// `true`: the hooks of the chart are not run, as with `helm --no-hooks`.
pub const SKIP_HOOKS: &str = "promgit.dev/skip-hooks";

/// Why the change was made, in the words of whoever made it; goes into the commit message. Kubernetes' own key, so
/// `kubectl annotate` and `kubectl rollout history` know it.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Who asked for the change; becomes the author of the commit. Only worth something where an admission policy stamps
/// it, because whoever may edit the resource may edit the annotation too.
pub const REQUESTED_BY: &str = "promgit.dev/requested-by";
