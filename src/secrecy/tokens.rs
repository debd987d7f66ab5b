//! Texts to the kind of credential in them, by formats that are made to be recognised.
//!
//! Only what cannot be anything else: a key block, or a prefix that its issuer documents for scanners, with the length
//! and the letters that belong to it. A word called «password» proves nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{RegexSet, RegexSetBuilder};

/// A format: what it is, how it looks, and words of which each text of it holds one.
struct Format(&'static str, &'static str, &'static [&'static str]);

/// Documented by those who issue them, for secret scanning; `\b` keeps longer words out.
const FORMATS: &[Format] = &[
    Format(
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)*[A-Za-z0-9+/=]",
        &["PRIVATE KEY"],
    ),
    Format("a private key", r"\bPuTTY-User-Key-File-[23]: ", &["PuTTY-User-Key-File-"]),
    Format("an age identity", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b", &["AGE-SECRET-KEY-1"]),
    Format(
        "an AWS access key",
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
        &["AKIA", "ASIA", "ABIA", "ACCA"],
    ),
    Format("an AWS API key", r"\bABSK[A-Za-z0-9+/]{109,269}", &["ABSK"]),
    Format(
        "an Azure client secret",
        r"(?:^|[\s\x22'`=:,>(])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?:$|[\s\x22'`<),;\\])",
        &["Q~"],
    ),
    Format(
        "an Azure account key",
        r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,87}=",
        &["AccountKey=", "SharedAccessKey="],
    ),
    Format(
        "a GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    ),
    Format(
        "a GitLab token",
        r"\b(?:gl(?:pat|rt|rtr|dt|ptt|ft|soat|imt|agent|cbt|oas|ffct)-|GR1348941)[A-Za-z0-9_-]{20,}",
        &[
            "glpat-",
            "glrt-",
            "glrtr-",
            "gldt-",
            "glptt-",
            "glft-",
            "glsoat-",
            "glimt-",
            "glagent-",
            "glcbt-",
            "gloas-",
            "glffct-",
            "GR1348941",
        ],
    ),
    Format("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b", &["AIza"]),
    Format("a Google client secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}\b", &["GOCSPX-"]),
    Format("a Google access token", r"\bya29\.[A-Za-z0-9_-]{30,}", &["ya29."]),
    Format(
        "a Slack token",
        r"\b(?:xox[abeprs]|xapp)-[A-Za-z0-9-]{20,}",
        &["xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
    ),
    Format(
        "a Slack webhook",
        r"https://hooks\.slack\.com/(?:services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}|(?:workflows|triggers)/[A-Za-z0-9+/]{43,})",
        &["hooks.slack.com/"],
    ),
    Format(
        "a Discord webhook",
        r"https://(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}",
        &["/webhooks/"],
    ),
    Format(
        "a Teams webhook",
        r"https://[a-z0-9-]+\.webhook\.office\.com/webhookb2/[a-f0-9@-]{36,}/IncomingWebhook/[a-f0-9]{32}",
        &[".webhook.office.com"],
    ),
    Format("a Telegram bot token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b", &[":AA"]),
    Format("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{24,}\b", &["k_live_"]),
    Format("a Square secret", r"\bsq0csp-[A-Za-z0-9_-]{43}\b", &["sq0csp-"]),
    Format(
        "a Shopify token",
        r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}\b",
        &["shpat_", "shpca_", "shppa_", "shpss_"],
    ),
    Format("a Vault token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}", &["hvs.", "hvb.", "hvr."]),
    Format("a Terraform token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}", &[".atlasv1."]),
    Format("a Grafana token", r"\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}\b", &["glsa_"]),
    Format("a Grafana Cloud token", r"\bglc_[A-Za-z0-9+/]{32,}", &["glc_"]),
    Format("a Grafana API key", r"\beyJrIjoi[A-Za-z0-9]{70,}", &["eyJrIjoi"]),
    Format("a Docker token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}", &["dckr_"]),
    Format("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b", &["doo_v1_", "dop_v1_", "dor_v1_"]),
    Format(
        "a Doppler token",
        r"\bdp\.(?:pt|st|ct|sa|said|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}\b",
        &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.said.", "dp.scim.", "dp.audit."],
    ),
    Format("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", &["npm_"]),
    // a macaroon that begins with the name of its place: `pypi.org`, `test.pypi.org`
    Format(
        "a PyPI token",
        r"\bpypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,}",
        &["pypi-Ag"],
    ),
    Format("a RubyGems key", r"\brubygems_[a-f0-9]{48}\b", &["rubygems_"]),
    Format("a Packagist token", r"\bpackagist_[a-z]{3}_[a-f0-9]{68}\b", &["packagist_"]),
    Format("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b", &["SG."]),
    Format("a Brevo key", r"\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b", &["xkeysib-"]),
    Format("an Anthropic key", r"\bsk-ant-[a-z]{3,10}[0-9]{2}-[A-Za-z0-9_-]{80,}", &["sk-ant-"]),
    Format("an OpenAI key", r"\bsk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}", &["T3BlbkFJ"]),
    Format("a Hugging Face token", r"\b(?:hf|api_org)_[A-Za-z]{34}\b", &["hf_", "api_org_"]),
    Format("a Groq key", r"\bgsk_[A-Za-z0-9]{52}\b", &["gsk_"]),
    Format("a Perplexity key", r"\bpplx-[A-Za-z0-9]{48}\b", &["pplx-"]),
    Format("a Databricks token", r"\bdapi[a-f0-9]{32}\b", &["dapi"]),
    Format(
        "a New Relic key",
        r"\b(?:NRAK-[A-Z0-9]{27}|NRII-[A-Za-z0-9_-]{32}|[a-f0-9]{36}NRAL)\b",
        &["NRAK-", "NRII-", "NRAL"],
    ),
    Format("a Dynatrace token", r"\bdt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b", &["dt0"]),
    Format(
        "a Sentry token",
        r"\b(?:sntryu_[a-f0-9]{64}\b|sntrys_eyJ[A-Za-z0-9+/=]{20,}_[A-Za-z0-9+/]{43})",
        &["sntryu_", "sntrys_"],
    ),
    Format("a Sonar token", r"\bsq[apu]_[a-f0-9]{40}\b", &["sqa_", "sqp_", "squ_"]),
    Format("a Sourcegraph token", r"\bsgp_(?:[A-Fa-f0-9]{16}_|local_)?[A-Fa-f0-9]{40}\b", &["sgp_"]),
    Format("an Artifactory key", r"\b(?:AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})\b", &["AKCp", "cmVmd"]),
    Format("an Atlassian token", r"\bATATT3[A-Za-z0-9_=-]{186}", &["ATATT3"]),
    Format("a Linear key", r"\blin_api_[A-Za-z0-9]{40}\b", &["lin_api_"]),
    Format("a Notion token", r"\bntn_[0-9]{11}[A-Za-z0-9]{35}\b", &["ntn_"]),
    Format("a Postman key", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b", &["PMAK-"]),
    Format("a Pulumi token", r"\bpul-[a-f0-9]{40}\b", &["pul-"]),
    Format("a PlanetScale secret", r"\bpscale_(?:tkn|oauth|pw)_[A-Za-z0-9_=.-]{32,}", &["pscale_"]),
    Format("a Supabase token", r"\bsbp_[a-f0-9]{40}\b", &["sbp_"]),
    Format("a Tailscale key", r"\btskey-[a-z]{3,10}-[A-Za-z0-9]{5,}-[A-Za-z0-9]{20,}", &["tskey-"]),
    Format(
        "a Cloudflare token",
        r"\b(?:cf(?:k|ut|at)_[A-Za-z0-9]{44,}|v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b",
        &["cfk_", "cfut_", "cfat_", "v1.0-"],
    ),
    Format(
        "a Fly token",
        r"\b(?:fo1_[A-Za-z0-9_-]{43}\b|fm(?:1[ar]|2)_[A-Za-z0-9+/]{100,})",
        &["fo1_", "fm1a_", "fm1r_", "fm2_"],
    ),
    Format("a Heroku key", r"\bHRKU-AA[A-Za-z0-9_-]{58}\b", &["HRKU-AA"]),
    Format("an OpenShift token", r"\bsha256~[A-Za-z0-9_-]{43}\b", &["sha256~"]),
    Format("a 1Password token", r"\bops_eyJ[A-Za-z0-9+/]{250,}", &["ops_eyJ"]),
    Format(
        "a JSON web token",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
        &["eyJ"],
    ),
];

static SET: LazyLock<Option<RegexSet>> =
    // letters of other languages are in no format, and slow down the search
    LazyLock::new(|| {
        RegexSetBuilder::new(FORMATS.iter().map(|Format(_, pattern, _)| pattern)).unicode(false).build().ok()
    });

/// All formats together take megabytes of tables, in each thread that searches. Hardly any text holds one of the words.
static WORDS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(FORMATS.iter().flat_map(|Format(.., words)| *words)).ok());

/// What Amazon's own documentation shows.
const EXAMPLE: &str = "AKIAIOSFODNN7EXAMPLE";

/// The first kind of credential that a text holds.
pub fn kind(text: &str) -> Option<&'static str> {
    if !WORDS.as_ref()?.is_match(text) {
        return None;
    }
    let text = match text.contains(EXAMPLE) {
        true => Cow::Owned(text.replace(EXAMPLE, "")),
        false => Cow::Borrowed(text),
    };
    let found = SET.as_ref()?.matches(&text);
    found.iter().next().map(|at| FORMATS[at].0)
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy, ValueTree};

    use super::*;

    /// Made here, so that no scanner of this repository takes a case for a leak.
    fn letters(count: usize) -> String {
        "aZ3".chars().cycle().take(count).collect()
    }

    #[test]
    fn known_formats_are_recognised() {
        let capitals = "A2".repeat(40);
        let cases = [
            ("a private key", format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n", letters(64))),
            ("a private key", format!("x: |\n  -----BEGIN PRIVATE KEY-----\n  {}\n", letters(64))),
            ("a private key", format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}", letters(64))),
            ("a private key", format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{}", letters(64))),
            ("an age identity", format!("AGE-SECRET-KEY-1{}", &capitals[..58])),
            ("an AWS access key", format!("aws_access_key_id = AKIA{}", &capitals[..16])),
            ("a GitHub token", format!("token: ghp_{}", letters(36))),
            ("a GitHub token", format!("github_pat_{}_{}", letters(22), letters(59))),
            ("a GitLab token", format!("glpat-{}", letters(20))),
            ("a Google API key", format!("key=AIza{}", letters(35))),
            ("a Slack token", format!("xoxb-{}", letters(24))),
            (
                "a Slack webhook",
                format!("https://hooks.slack.com/services/T{0}/B{0}/{1}", &capitals[..8], letters(24)),
            ),
            ("a Stripe key", format!("sk_live_{}", letters(24))),
            ("a Vault token", format!("hvs.{}", letters(24))),
            ("a Grafana token", format!("glsa_{}_{}", letters(32), "0a".repeat(4))),
            ("a Docker token", format!("dckr_pat_{}", letters(27))),
            ("a DigitalOcean token", format!("dop_v1_{}", "0a".repeat(32))),
            ("an npm token", format!("npm_{}", letters(36))),
            ("a SendGrid key", format!("SG.{}.{}", letters(22), letters(43))),
            ("a private key", format!("PuTTY-User-Key-File-3: ssh-ed25519\nComment: {}", letters(8))),
            ("an AWS API key", format!("ABSK{}", letters(120))),
            ("an Azure client secret", format!("secret: ab~8Q~{}", letters(34))),
            ("an Azure account key", format!("AccountName=a;AccountKey={}==;", letters(86))),
            ("a GitLab token", format!("glcbt-64_{}", letters(20))),
            ("a GitLab token", format!("GR1348941{}", letters(20))),
            ("a Google client secret", format!("GOCSPX-{}", letters(28))),
            ("a Google access token", format!("ya29.{}", letters(40))),
            ("a Slack webhook", format!("https://hooks.slack.com/triggers/{}", letters(44))),
            (
                "a Discord webhook",
                format!("https://discord.com/api/webhooks/{}/{}", "1".repeat(18), letters(68)),
            ),
            (
                "a Teams webhook",
                format!(
                    "https://o.webhook.office.com/webhookb2/{0}@{0}/IncomingWebhook/{0}/x",
                    "0a".repeat(16)
                ),
            ),
            ("a Telegram bot token", format!("bot_token: 123456789:AA{}", letters(33))),
            ("a Square secret", format!("sq0csp-{}", letters(43))),
            ("a Shopify token", format!("shpat_{}", "0a".repeat(16))),
            ("a Terraform token", format!("{}.atlasv1.{}", letters(14), letters(67))),
            ("a Grafana Cloud token", format!("glc_{}==", letters(90))),
            ("a Grafana API key", format!("eyJrIjoi{}", letters(80))),
            ("a Docker token", format!("dckr_oat_{}", letters(32))),
            ("a Doppler token", format!("dp.pt.{}", letters(43))),
            ("a Doppler token", format!("DOPPLER_TOKEN=dp.st.prod_eu.{}", letters(43))),
            ("a PyPI token", format!("password = pypi-AgEIcHlwaS5vcmc{}", letters(140))),
            ("a PyPI token", format!("pypi-AgENdGVzdC5weXBpLm9yZw{}", letters(140))),
            ("a RubyGems key", format!("rubygems_{}", "0a".repeat(24))),
            ("a Packagist token", format!("packagist_out_{}", "0a".repeat(34))),
            ("a Brevo key", format!("xkeysib-{}-{}", "0a".repeat(32), letters(16))),
            ("an Anthropic key", format!("sk-ant-api03-{}AA", letters(93))),
            ("an Anthropic key", format!("sk-ant-admin01-{}AA", letters(93))),
            ("an OpenAI key", format!("sk-proj-{0}T3BlbkFJ{0}", letters(58))),
            ("a Hugging Face token", format!("hf_{}", "aZ".repeat(17))),
            ("a Groq key", format!("gsk_{}", letters(52))),
            ("a Perplexity key", format!("pplx-{}", letters(48))),
            ("a Databricks token", format!("dapi{}", "0a".repeat(16))),
            ("a New Relic key", format!("NRAK-{}", &capitals[..27])),
            ("a New Relic key", format!("api-key: {}NRAL", "0a".repeat(18))),
            ("a Dynatrace token", format!("dt0c01.{}.{}", &capitals[..24], &capitals[..64])),
            ("a Sentry token", format!("sntryu_{}", "0a".repeat(32))),
            ("a Sonar token", format!("squ_{}", "0a".repeat(20))),
            ("a Sourcegraph token", format!("sgp_local_{}", "0a".repeat(20))),
            ("an Artifactory key", format!("AKCp{}", letters(69))),
            ("an Atlassian token", format!("ATATT3{}", letters(186))),
            ("a Linear key", format!("lin_api_{}", letters(40))),
            ("a Notion token", format!("ntn_{}{}", "1".repeat(11), letters(35))),
            ("a Postman key", format!("PMAK-{}-{}", "0a".repeat(12), "0a".repeat(17))),
            ("a Pulumi token", format!("pul-{}", "0a".repeat(20))),
            ("a PlanetScale secret", format!("pscale_pw_{}", letters(43))),
            ("a Supabase token", format!("sbp_{}", "0a".repeat(20))),
            ("a Tailscale key", format!("tskey-auth-{}-{}", letters(12), letters(32))),
            ("a Cloudflare token", format!("cfut_{}", letters(48))),
            ("a Fly token", format!("FlyV1 fm2_{}", letters(120))),
            ("a Heroku key", format!("HRKU-AA{}", letters(58))),
            ("an OpenShift token", format!("sha256~{}", letters(43))),
            ("a 1Password token", format!("ops_eyJ{}", letters(260))),
            ("a JSON web token", format!("Bearer eyJ{0}.eyJ{0}.{0}", letters(24))),
        ];
        for (wanted, text) in cases {
            assert_eq!(kind(&text), Some(wanted), "{text}");
        }
    }

    /// A format whose words are wrong would be found no more.
    #[test]
    fn each_text_of_a_format_holds_one_of_its_words() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for Format(what, pattern, words) in FORMATS {
            let plain = pattern.replace(r"\b", "").replace("(?:^|", "(?:").replace("(?:$|", "(?:");
            let texts = proptest::string::string_regex(&plain).unwrap();
            for _ in 0..200 {
                let text = texts.new_tree(&mut runner).unwrap().current();
                assert!(words.iter().any(|word| text.contains(word)), "{what}: {text}");
            }
        }
    }

    #[test]
    fn what_looks_like_one_is_left_alone() {
        let cases = [
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\nMIIB",
            "-----BEGIN PRIVATE KEY-----\n# put your key here",
            "grep -q 'BEGIN PRIVATE KEY' file",
            "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            "AKIA is how such a key begins",
            "ghp_short",
            "token: ${GITHUB_TOKEN}",
            "glpat-",
            "password: see the vault",
            "xoxo-hugs-and-kisses-to-everybody",
            "https://hooks.slack.com/services/T00000000/B00000000/X",
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "hvs.yaml",
            "SG.1.2",
            "eyJ.eyJ.eyJ",
            "npm_config_cache=/tmp",
            "glc_region",
            "glcm_0123456789012345678901234567890123456789x",
            "pypi-mirror.example.com/simple/pypi-AgEIcHlwaS5vcmc",
            "pypi-AgEI",
            "sk-ant-api03-",
            "sk-ant-colony-of-twelve-million-ants-that-carry-leaves-and-other-things-all-day-and-all-night-long",
            "sk-learn-0123456789012345678901234567890123456789",
            "dp.pt.",
            "dp.example.com/dp.st.prod",
            "http://dp.pt/0123456789012345678901234567890123456789",
            "hf_home",
            "hf_hub_download_and_other_functions_of_it",
            "https://discord.com/api/webhooks/1/x",
            "https://example.webhook.office.com/webhookb2/x",
            "12:AA",
            "rubygems_version",
            "ya29.html",
            "AccountKey=$(KEY)",
            "PuTTY-User-Key-File",
            "tskey-auth-",
            "pscale_tkn_$(TOKEN)",
            "10.0.0.1:9100",
            "git@github.com:a/b.git",
            "pul-request",
            "dapitest0a",
            "sha256~",
            "ops_eyJ",
            "gsk_name",
            "v1.0-alpha",
            "squ_are",
            "eyJrIjoi",
            "key: 8Q~",
            "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a",
            "prometheus_tsdb_head_samples_appended_total",
            "quay.io/prometheus/prometheus@sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
            "sha256:0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
        ];
        for text in cases {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
