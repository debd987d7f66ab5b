//! An address, headers and content turned into one request.

use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, Method, Request};

use super::super::address::Address;
use super::connect::{Forwarded, basic};
use super::fault::Cause;

/// Who asks, in every request.
const AGENT: &str = concat!("promgit/", env!("CARGO_PKG_VERSION"));

/// One request; through a proxy it names the whole address.
pub(super) fn request<B>(
    method: Method,
    address: &Address,
    headers: &HeaderMap,
    forwarded: Option<&Forwarded>,
    body: B,
) -> Result<Request<B>, Cause> {
    let target = match forwarded {
        Some(_) => format!("{}://{}{}", address.scheme, address.host, address.target()),
        None => address.target(),
    };
    let malformed = |error: http::Error| Cause::Malformed(error.to_string());
    let mut request = Request::builder().method(method).uri(target).body(body).map_err(malformed)?;
    *request.headers_mut() = headers.clone();
    set(&mut request, HOST, &address.host)?;
    set(&mut request, USER_AGENT, AGENT)?;
    if let Some(authorization) = forwarded.and_then(|forwarded| forwarded.authorization.as_deref()) {
        set(&mut request, PROXY_AUTHORIZATION, authorization)?;
    }
    if let (Some((user, password)), false) = (address.credentials(), headers.contains_key(AUTHORIZATION)) {
        set(&mut request, AUTHORIZATION, &basic(&user, &password))?;
    }
    Ok(request)
}

fn set<B>(request: &mut Request<B>, name: HeaderName, text: &str) -> Result<(), Cause> {
    let value = HeaderValue::from_str(text);
    let value = value.map_err(|_| Cause::Malformed(format!("{name} cannot be sent")))?;
    request.headers_mut().insert(name, value);
    Ok(())
}
