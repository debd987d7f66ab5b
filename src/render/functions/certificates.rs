//! Sprig's certificates: authorities, self-signed and signed ones, with keys from the render's random source.

use core::net::IpAddr;
use std::any::Any;
use std::rc::Rc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::base::decode64;
use super::define::{Answer, INT, LIST, STRING, any, fail, func, int, text};
use super::keys::{self, Key};
use super::pem;
use super::random::bytes;
use super::signer::Signer;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::fmt::print_value;
use crate::template::func::{CallError, Func};
use crate::template::types::{Named, Type};
use crate::template::value::{Object, Str, Value};

/// Bits of the keys of certificates.
const RSA_BITS: usize = 2048;

const CERTIFICATE: Type = Type::Named(&NAMED);

static NAMED: Named = Named { name: "sprig.certificate", underlying: Type::Any, methods: &[] };

pub static TABLE: &[Func<Context>] = &[
    func("genCA", &[STRING, INT], CERTIFICATE, |exec, a| {
        let key = new_key(exec, "genCA")?;
        authority(exec, "genCA", a, &key)
    }),
    func("genCAWithKey", &[STRING, INT, STRING], CERTIFICATE, |exec, a| {
        let key = given_key(text(a, 2)?)?;
        authority(exec, "genCAWithKey", a, &key)
    }),
    func("genSelfSignedCert", &[STRING, LIST, LIST, INT], CERTIFICATE, |exec, a| {
        let key = new_key(exec, "genSelfSignedCert")?;
        self_signed(exec, "genSelfSignedCert", a, &key)
    }),
    func("genSelfSignedCertWithKey", &[STRING, LIST, LIST, INT, STRING], CERTIFICATE, |exec, a| {
        let key = given_key(text(a, 4)?)?;
        self_signed(exec, "genSelfSignedCertWithKey", a, &key)
    }),
    func("genSignedCert", &[STRING, LIST, LIST, INT, CERTIFICATE], CERTIFICATE, |exec, a| {
        let key = new_key(exec, "genSignedCert")?;
        signed(exec, "genSignedCert", a, &key)
    }),
    func("genSignedCertWithKey", &[STRING, LIST, LIST, INT, CERTIFICATE, STRING], CERTIFICATE, |exec, a| {
        let key = given_key(text(a, 5)?)?;
        signed(exec, "genSignedCertWithKey", a, &key)
    }),
    func("buildCustomCert", &[STRING, STRING], CERTIFICATE, build_custom),
];

/// A certificate and its private key, both as PEM: `.Cert` and `.Key`.
#[derive(Clone, Debug)]
struct Certificate {
    cert: Str,
    key: Str,
}

impl Object for Certificate {
    fn named(&self) -> &'static Named {
        &NAMED
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(Value::Str(self.cert.clone())),
            "Key" => Some(Value::Str(self.key.clone())),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::Str(self.cert.clone())), ("Key", Value::Str(self.key.clone()))]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn answer(cert: impl Into<Str>, key: impl Into<Str>) -> Answer {
    Ok(Value::Object(Rc::new(Certificate { cert: cert.into(), key: key.into() })))
}

fn new_key(exec: &mut Exec<'_, Context>, function: &str) -> Result<Key, CallError> {
    keys::new_rsa(exec, function, RSA_BITS)?
        .or_else(|error| fail(format!("error generating rsa key: {error}")))
}

fn given_key(pem: &Str) -> Result<Key, CallError> {
    keys::parse(pem).or_else(|error| fail(format!("parsing private key: {error}")))
}

/// What Go's x509 package says when a certificate cannot be made.
fn not_made<T>(error: rcgen::Error) -> Result<T, CallError> {
    fail(format!("error creating certificate: {error}"))
}

/// The key as it signs, if a render that has to be repeatable is so with it.
fn signer(exec: &Exec<'_, Context>, key: &Key) -> Result<Signer, CallError> {
    let signer = key.signer().or_else(not_made)?;
    match signer.is_repeatable() || !exec.host.policy.is_fixed() {
        true => Ok(signer),
        false => fail(
            "a key of this kind signs differently on every run, so the commit could not be reproduced; \
             give an RSA, P-256 or Ed25519 key",
        ),
    }
}

fn authority(exec: &mut Exec<'_, Context>, function: &str, args: &[Value], key: &Key) -> Answer {
    let mut params = template(exec, function, text(args, 0)?, &Value::Nil, &Value::Nil, int(args, 1)?)?;
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pair = signer(exec, key)?;
    let made = params.self_signed(&pair).or_else(not_made)?;
    answer(pem::encode("CERTIFICATE", made.der()), key.pem.as_str())
}

fn self_signed(exec: &mut Exec<'_, Context>, function: &str, args: &[Value], key: &Key) -> Answer {
    let params = template(exec, function, text(args, 0)?, any(args, 1), any(args, 2), int(args, 3)?)?;
    let pair = signer(exec, key)?;
    let made = params.self_signed(&pair).or_else(not_made)?;
    answer(pem::encode("CERTIFICATE", made.der()), key.pem.as_str())
}

fn signed(exec: &mut Exec<'_, Context>, function: &str, args: &[Value], key: &Key) -> Answer {
    let Value::Object(object) = any(args, 4) else { return fail("unable to decode certificate") };
    let Some(ca) = object.as_any().downcast_ref::<Certificate>() else {
        return fail("unable to decode certificate");
    };
    let Some(block) = pem::decode(&ca.cert) else { return fail("unable to decode certificate") };
    let signer = keys::parse(&ca.key).or_else(|error| fail(format!("error parsing private key: {error}")))?;
    let mut params = template(exec, function, text(args, 0)?, any(args, 1), any(args, 2), int(args, 3)?)?;
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_ca_cert_der(&block.bytes.into(), self::signer(exec, &signer)?);
    let issuer = issuer
        .or_else(|error| fail(format!("error parsing certificate: decodedSignerCert.Bytes: {error}")))?;
    let made = params.signed_by(&key.signer().or_else(not_made)?, &issuer).or_else(not_made)?;
    answer(pem::encode("CERTIFICATE", made.der()), key.pem.as_str())
}

/// Sprig's `getBaseCertTemplate`: for servers and clients, valid from now on for so many days.
fn template(
    exec: &mut Exec<'_, Context>,
    function: &str,
    name: &Str,
    addresses: &Value,
    names: &Value,
    days: i64,
) -> Result<CertificateParams, CallError> {
    /// Days beyond this leave the four-digit years of a certificate.
    const MOST_DAYS: i64 = 2_900_000;
    let addresses = addresses.as_list().map(|list| list.snapshot()).unwrap_or_default();
    let names = names.as_list().map(|list| list.snapshot()).unwrap_or_default();
    let mut params = CertificateParams::default();
    for address in &addresses {
        params.subject_alt_names.push(SanType::IpAddress(ip(address)?));
    }
    let mut dns = names.iter().map(dns_name).collect::<Result<Vec<_>, _>>()?;
    dns.append(&mut params.subject_alt_names);
    params.subject_alt_names = dns;
    let now = exec.host.policy.now(function)?.timestamp().as_second();
    let day = Duration::from_secs(86_400);
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.unsigned_abs());
    let length = day * days.clamp(-MOST_DAYS, MOST_DAYS).unsigned_abs() as u32;
    params.not_after = if days < 0 { params.not_before - length } else { params.not_before + length };
    params.serial_number = Some(SerialNumber::from_slice(&bytes(exec, function, 16)?));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name.to_text().into_owned());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.is_ca = IsCa::ExplicitNoCa;
    Ok(params)
}

fn ip(value: &Value) -> Result<IpAddr, CallError> {
    let Some(text) = value.as_str() else {
        let shown = print_value(value);
        return fail(format!("error parsing ip: {} is not a string", String::from_utf8_lossy(&shown)));
    };
    let text = text.to_text();
    text.parse().or_else(|_| fail(format!("error parsing ip: {text}")))
}

fn dns_name(value: &Value) -> Result<SanType, CallError> {
    let Some(text) = value.as_str() else {
        let shown = print_value(value);
        let shown = String::from_utf8_lossy(&shown);
        return fail(format!("error processing alternate dns name: {shown} is not a string"));
    };
    let text = text.to_text();
    let name = text.as_ref().try_into();
    name.map(SanType::DnsName).or_else(|_| {
        fail(format!("error creating certificate: x509: {text:?} cannot be encoded as an IA5String"))
    })
}

/// Takes a certificate and a key in base 64 of PEM, after a look at both.
fn build_custom(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let cert = decode64(text(args, 0)?).or_else(|_| fail("unable to decode base64 certificate"))?;
    let key = decode64(text(args, 1)?).or_else(|_| fail("unable to decode base64 private key"))?;
    let Some(block) = pem::decode(&cert) else { return fail("unable to decode certificate") };
    if let Err(error) = X509Certificate::from_der(&block.bytes) {
        return fail(format!("error parsing certificate: decodedCert.Bytes: {error}"));
    }
    keys::parse(&key).or_else(|error| fail(format!("error parsing private key: {error}")))?;
    answer(cert, key)
}
