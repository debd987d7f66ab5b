//! What holds for every render, whatever the chart: threads, caches, the hermetic policy, budgets.
// A test may panic.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use promgit::chart::load;
use promgit::chart::model::File;
use promgit::render::capabilities::Capabilities;
use promgit::render::outside::Outside;
use promgit::render::policy::Policy;
use promgit::render::release::Release;
use promgit::render::{self, Output, Prepared, RenderError, Request, text};
use promgit::template::frozen::Frozen;
use promgit::yaml::read;

fn prepare(files: &[(&str, &str)]) -> Prepared {
    let chart_yaml = ("Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\n");
    let has_own = files.iter().any(|(name, _)| *name == "Chart.yaml");
    let files = files.iter().chain((!has_own).then_some(&chart_yaml));
    let files = files.map(|(name, data)| File { name: (*name).into(), data: (*data).into() }).collect();
    render::prepare(Arc::new(load::files(files).unwrap()))
}

fn request<'a>(chart: &'a Prepared, values: &str) -> Request<'a> {
    Request {
        chart,
        values: Frozen::from(&read::value(values.as_bytes()).unwrap()),
        release: Release { name: "one".into(), namespace: "default".into(), revision: 1, is_upgrade: false },
        capabilities: Capabilities::default(),
        policy: Policy::hermetic(),
        outside: Outside::default(),
        skip_schema: false,
        verbose: false,
    }
}

fn render(chart: &Prepared, values: &str) -> Result<Output, RenderError> {
    render::render(request(chart, values)).unwrap()
}

fn printed(chart: &Prepared, values: &str) -> String {
    let output = render(chart, values).unwrap();
    String::from_utf8(text::all(&output, false, &output.hooks)).unwrap()
}

fn message(template: &str) -> String {
    let chart = prepare(&[("templates/a.yaml", template)]);
    render(&chart, "{}").unwrap_err().to_string()
}

#[test]
fn threads_share_a_chart_and_print_the_same() {
    let template = "kind: A\nv: {{ .Values.v }}\nn: {{ set .Values \"n\" 1 | len }}\n";
    let chart = prepare(&[("templates/a.yaml", template), ("values.yaml", "v: default\n")]);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let chart = &chart;
                scope.spawn(move || {
                    (0..20).map(|_| printed(chart, &format!("v: {number}"))).collect::<Vec<_>>()
                })
            })
            .collect();
        for (number, thread) in threads.into_iter().enumerate() {
            let wanted = format!("---\n# Source: app/templates/a.yaml\nkind: A\nv: {number}\nn: 2\n");
            assert!(thread.join().unwrap().iter().all(|text| *text == wanted));
        }
    });
}

#[test]
fn subcharts_come_and_go_with_the_values() {
    let declared = "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n\
                    - {name: kid, version: 1.0.0, condition: kid.enabled, alias: other}\n";
    let chart = prepare(&[
        ("Chart.yaml", declared),
        ("charts/kid/Chart.yaml", "apiVersion: v2\nname: kid\nversion: 1.0.0\n"),
        ("charts/kid/templates/k.yaml", "kid: {{ .Chart.Name }}\n"),
        ("templates/a.yaml", "a: {{ keys .Subcharts }}\n"),
    ]);
    let own = "---\n# Source: app/templates/a.yaml\na: []\n";
    let both = "---\n# Source: app/charts/other/templates/k.yaml\nkid: other\n---\n# Source: app/templates/a.yaml\na: [other]\n";
    for _ in 0..2 {
        assert_eq!(printed(&chart, "kid: {enabled: false}").trim(), own.trim());
        assert_eq!(printed(&chart, "{}").replace("\n\n", "\n").trim(), both.trim());
    }
}

#[test]
fn a_hermetic_render_names_the_function_that_would_change() {
    for function in
        ["now", "uuidv4", "randAlphaNum 5", "genPrivateKey \"rsa\"", "htpasswd \"u\" \"p\"", "shuffle \"ab\""]
    {
        let said = message(&format!("a: {{{{ {function} }}}}"));
        let name = function.split(' ').next().unwrap();
        assert!(
            said.contains(&format!("error calling {name}: {name} gives another answer on every run")),
            "{said}"
        );
    }
}

#[test]
fn endless_recursion_that_helm_has_no_words_for_is_told_in_few() {
    let cycle: String = (0..5)
        .map(|at| format!("{{{{ define \"x{at}\" }}}}{{{{ include \"x{}\" . }}}}{{{{ end }}}}", (at + 1) % 5))
        .collect();
    for template in [
        "{{ $x := dict \"t\" \"{{ tpl .t . }}\" }}{{ tpl $x.t $x }}",
        "{{ $x := dict \"t\" (print (repeat 5000 \"a\") \"{{ tpl .t . }}\") }}{{ tpl $x.t $x }}",
        &(cycle + "{{ include \"x0\" . }}"),
    ] {
        let said = message(template);
        assert!(said.contains("app/templates/a.yaml:1:") && said.len() < 5_000, "{} bytes", said.len());
        assert!(said.ends_with("exceeded maximum template depth (4000)"), "{said}");
    }
}

#[test]
fn hostile_charts_end_with_an_error() {
    for template in [
        "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}",
        "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
        "{{ define \"x\" }}{{ tpl \"{{ include `x` . }}\" . }}{{ end }}{{ include \"x\" . }}",
        "{{ range until 2000000000 }}{{ end }}",
        "{{ range 2000000000 }}{{ range 2000000000 }}{{ end }}{{ end }}",
        "{{ repeat 2000000000 \"aaaaaaaa\" }}",
        "{{ $s := \"a\" }}{{ range until 64 }}{{ $s = print $s $s }}{{ end }}{{ $s }}",
        "{{ printf \"%2000000000d\" 1 }}{{ fail \"padding is bounded\" }}",
    ] {
        let said = message(template);
        assert!(!said.is_empty(), "{template}");
    }
}
