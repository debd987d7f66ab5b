//! Password hashes, passwords derived from a master password, and AES with a password as its key.

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::base::{decode64, encode64};
use super::define::{Answer, STRING, fail, func, text};
use super::random::bytes;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::Value;

/// Steps that a bcrypt hash costs: it takes 50 ms on purpose, and a chart can make 100 of them.
const BCRYPT_STEPS: u64 = 99_000;

/// The same for `derivePassword`, which takes 300 ms and 32 MiB.
const DERIVE_STEPS: u64 = 1_000_000;

/// `bcrypt.DefaultCost`
const COST: u32 = 10;

/// What Go's bcrypt takes of a password.
const MAX_PASSWORD: usize = 72;

/// Bytes of an AES block, and of the vector in front of an encrypted text.
const BLOCK: usize = 16;

pub static TABLE: &[Func<Context>] = &[
    func("bcrypt", &[STRING], STRING, |exec, a| Ok(Value::str(bcrypt(exec, "bcrypt", text(a, 0)?)?))),
    func("htpasswd", &[STRING, STRING], STRING, |exec, a| {
        let (user, password) = (text(a, 0)?, text(a, 1)?);
        if user.contains(&b':') {
            return Ok(Value::str([b"invalid username: ", &**user].concat()));
        }
        let hash = bcrypt(exec, "htpasswd", password)?;
        Ok(Value::str([user, &b":"[..], hash.as_bytes()].concat()))
    }),
    func("derivePassword", &[Type::Uint32, STRING, STRING, STRING, STRING], STRING, derive),
    func("encryptAES", &[STRING, STRING], STRING, encrypt),
    func("decryptAES", &[STRING, STRING], STRING, decrypt),
];

/// A bcrypt hash with a random salt, `$2a$` as Go writes it.
fn bcrypt(exec: &mut Exec<'_, Context>, function: &str, password: &[u8]) -> Result<String, CallError> {
    exec.budget.steps(BCRYPT_STEPS)?;
    if password.len() > MAX_PASSWORD {
        return Ok(
            "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned()
        );
    }
    let mut salt = [0; 16];
    salt.copy_from_slice(&bytes(exec, function, 16)?);
    match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(hash) => Ok(hash.format_for_version(bcrypt::Version::TwoA)),
        Err(error) => Ok(format!("failed to encrypt string with bcrypt: {error}")),
    }
}

/// Templates of the passwords of each kind; a letter stands for a set of [`letters`].
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn letters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm: a password that follows from counter, kind, master password, user and site.
fn derive(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    exec.budget.steps(DERIVE_STEPS)?;
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let counter = match args.first() {
        Some(Value::Uint(_, counter)) => *counter as u32,
        _ => return fail("wrong type for value; expected uint32"),
    };
    let (kind, password, user, site) = (text(args, 1)?, text(args, 2)?, text(args, 3)?, text(args, 4)?);
    let Some(templates) = templates(kind) else {
        return Ok(Value::str([b"cannot find password template ", &**kind].concat()));
    };
    let scoped = |name: &[u8]| [SCOPE, &(name.len() as u32).to_be_bytes(), name].concat();
    let mut key = [0; 64];
    let derived = scrypt::Params::new(15, 8, 2, 64).map_err(|error| error.to_string()).and_then(|params| {
        scrypt::scrypt(password, &scoped(user), &params, &mut key).map_err(|error| error.to_string())
    });
    if let Err(error) = derived {
        return Ok(Value::str(format!("failed to derive password: {error}")));
    }
    let mut mac = match Hmac::<Sha256>::new_from_slice(&key) {
        Ok(mac) => mac,
        Err(error) => return Ok(Value::str(format!("failed to derive password: {error}"))),
    };
    mac.update(&scoped(site));
    mac.update(&counter.to_be_bytes());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let chosen = template.bytes().zip(&seed[1..]).map(|(class, byte)| {
        let letters = letters(class);
        letters[usize::from(*byte) % letters.len()]
    });
    Ok(Value::str(chosen.collect::<Vec<u8>>()))
}

/// The first 32 bytes of the password, zeros where it is shorter.
fn aes_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// AES-256 in CBC mode, a random vector in front, in base 64.
fn encrypt(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (password, plain) = (text(args, 0)?, text(args, 1)?);
    if plain.is_empty() {
        return Ok(Value::str(""));
    }
    exec.budget.text(plain.len().saturating_mul(2))?;
    let mut vector = [0; BLOCK];
    vector.copy_from_slice(&bytes(exec, "encryptAES", BLOCK)?);
    let cipher = cbc::Encryptor::<Aes256>::new(&aes_key(password).into(), &vector.into());
    let secret = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
    Ok(Value::str(encode64(&[&vector[..], &secret].concat())))
}

/// The reverse. Texts that were never encrypted run into Go's slicing, whose panics are the errors here.
fn decrypt(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (password, text64) = (text(args, 0)?, text(args, 1)?);
    if text64.is_empty() {
        return Ok(Value::str(""));
    }
    let secret = decode64(text64).map_err(|error| CallError::new(error.to_string()))?;
    if secret.len() < BLOCK {
        let capacity = text64.len() / 4 * 3;
        return fail(format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}"));
    }
    let (vector, secret) = secret.split_at(BLOCK);
    let mut start = [0; BLOCK];
    start.copy_from_slice(vector);
    let cipher = cbc::Decryptor::<Aes256>::new(&aes_key(password).into(), &start.into());
    let Ok(plain) = cipher.decrypt_padded_vec_mut::<NoPadding>(secret) else {
        return fail("crypto/cipher: input not full blocks");
    };
    let Some(padding) = plain.last() else { return fail("runtime error: index out of range [-1]") };
    match plain.len().checked_sub(usize::from(*padding)) {
        Some(length) => Ok(Value::str(&plain[..length])),
        None => {
            let end = plain.len() as i64 - i64::from(*padding);
            fail(format!("runtime error: slice bounds out of range [:{end}]"))
        }
    }
}
