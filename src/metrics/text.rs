//! OpenMetrics text turned into the older Prometheus text format, which people and `promtool` read.
//!
//! The formats differ in this: the old one names a family as its samples are named (`x_total`, `x_info`), knows no info
//! type, no unit and no end mark. Sources: <https://prometheus.io/docs/specs/om/open_metrics_spec/>,
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

/// `open`: without exemplars, which the old format cannot say.
pub fn classic(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help = None;
    for line in open.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(_), about) => help = about,
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", kind),
                    "info" => ("_info", "gauge"),
                    _ => ("", kind),
                };
                if let Some(about) = help.take() {
                    text += &format!("# HELP {name}{suffix} {about}\n");
                }
                text += &format!("# TYPE {name}{suffix} {kind}\n");
            }
            (Some("#"), Some("UNIT" | "EOF"), ..) => {}
            _ => {
                text += line;
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named_as_their_samples() {
        let open = "# HELP a Some a.\n# TYPE a counter\na_total{b=\"# c d\"} 1\n# HELP e E.\n# TYPE e info\ne_info 1\n\
                    # HELP f_seconds F.\n# TYPE f_seconds histogram\n# UNIT f_seconds seconds\nf_seconds_sum 1.0\n# EOF\n";
        let old = "# HELP a_total Some a.\n# TYPE a_total counter\na_total{b=\"# c d\"} 1\n# HELP e_info E.\n\
                   # TYPE e_info gauge\ne_info 1\n# HELP f_seconds F.\n# TYPE f_seconds histogram\nf_seconds_sum 1.0\n";
        assert_eq!(classic(open), old);
    }
}
