//! A change of an object turned into the metadata that it has then: all else of the answer would be what was sent, and defaults.

use http::HeaderValue;
use http::header::ACCEPT;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::request::Error as RequestError;
use kube::{Client, Error};
use serde::Deserialize;

use super::call::{CallError, limited};

/// Metadata alone; all of it where a server cannot leave the rest out
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
const METADATA: HeaderValue = HeaderValue::from_static(
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json",
);

#[derive(Deserialize)]
struct Answer {
    metadata: ObjectMeta,
}

/// Sends a request that changes one object.
pub async fn send(
    client: &Client,
    request: Result<http::Request<Vec<u8>>, RequestError>,
) -> Result<ObjectMeta, CallError> {
    let mut request = request.map_err(Error::BuildRequest)?;
    request.headers_mut().insert(ACCEPT, METADATA);
    let answer: Answer = limited(client.request(request)).await?;
    Ok(answer.metadata)
}
