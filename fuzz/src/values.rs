//! Lines of `set`, `string`, `json`, `literal` and `file`, and below a `---` a values file, to the values that the
//! templates of a chart see.

use promgit::chart::coalesce;
use promgit::chart::load;
use promgit::chart::overrides::options::Options;
use promgit::template::frozen::Frozen;
use promgit::template::value::Value;

use super::{files, rendering};

const DEFAULTS: &str = "\
a: {b: 1, c: {d: text}}
l: [1, {x: y}]
none: null
kid: {on: true, t: {u: 1}, global: {own: 1}}
global: {g: 1, t: {u: 2}}
";
const KIDS: &str = "on: false\nt: {u: 2, v: null, w: {x: 1}}\nglobal: {g: {deep: 1}, t: 5}\n";

pub fn run(data: &[u8]) {
    let (lines, file) = files::head(data);
    let options = options(&lines, file);
    let mut read = |path: &str| Ok(path.as_bytes().to_vec());
    let Ok(user) = options.merge(&mut read) else { return };
    let again = options.merge(&mut read).expect("what was merged once");
    let given = Frozen::from(&Value::Map(user.clone()));
    assert_eq!(given, Frozen::from(&Value::Map(again)), "the same options");
    let files = rendering::files([
        ("values.yaml", DEFAULTS.as_bytes()),
        ("charts/kid/Chart.yaml", b"apiVersion: v2\nname: kid\nversion: 1.0.0\n"),
        ("charts/kid/values.yaml", KIDS.as_bytes()),
    ]);
    let chart = load::files(files).expect("a chart");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut warnings = Vec::new();
        let values = coalesce::values(&chart, &user, &mut warnings);
        seen.push(values.map(|values| Frozen::from(&Value::Map(values))));
        assert_eq!(given, Frozen::from(&Value::Map(user.clone())), "the user's values were changed");
    }
    assert_eq!(seen[0], seen[1], "coalesced twice");
}

fn options(lines: &str, file: &[u8]) -> Options {
    let mut options = Options { files: vec![("values.yaml".into(), file.to_vec())], ..Options::default() };
    for line in lines.lines() {
        let Some((flag, text)) = line.split_once(' ') else { continue };
        let list = match flag {
            "set" => &mut options.set,
            "string" => &mut options.string,
            "json" => &mut options.json,
            "literal" => &mut options.literal,
            "file" => &mut options.file,
            _ => continue,
        };
        list.push(text.to_owned());
    }
    options
}
