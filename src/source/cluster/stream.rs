//! A kind and its namespaces turned into streams of events that go on by themselves after every error.

use std::future::ready;

use futures::StreamExt;
use futures::stream::BoxStream;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::{DynamicResourceScope, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watcher};
use kube::{Client, Resource};
use serde_json::{Map, Value};

use super::pause::Pauses;

/// What a watch tells.
pub type Told = watcher::Result<Event<DynamicObject>>;

/// An object of which nothing but the metadata is asked for.
pub type Metadata = PartialObjectMeta<DynamicObject>;

/// What to watch: everything where no namespace is named, else each one by itself.
pub fn apis<K: Resource<DynamicType = ApiResource, Scope = DynamicResourceScope>>(
    client: &Client,
    resource: &ApiResource,
    namespaces: &[String],
) -> Vec<Api<K>> {
    match namespaces {
        [] => vec![Api::all_with(client.clone(), resource)],
        some => some.iter().map(|name| Api::namespaced_with(client.clone(), name, resource)).collect(),
    }
}

/// Lists, then watches, and after an error waits (longer each time, with jitter) and goes on where it was. `streams`: whether
/// the API server streams listings.
pub fn events(api: Api<DynamicObject>, streams: bool) -> BoxStream<'static, Told> {
    // That a listing is asked for is no success: taken for one, it would begin the pauses anew with every attempt.
    let told = |event: &Told| ready(!matches!(event, Ok(Event::Init)));
    watcher(api, config(streams)).filter(told).backoff(Pauses::default()).boxed()
}

/// The same of objects with this label, of which nothing but the metadata is told.
pub fn metadata(api: Api<Metadata>, streams: bool, label: &str) -> BoxStream<'static, Told> {
    let told = |event: watcher::Result<Event<Metadata>>| {
        ready(match event {
            Ok(Event::Init) => None,
            Ok(Event::InitApply(object)) => Some(Ok(Event::InitApply(whole(object)))),
            Ok(Event::InitDone) => Some(Ok(Event::InitDone)),
            Ok(Event::Apply(object)) => Some(Ok(Event::Apply(whole(object)))),
            Ok(Event::Delete(object)) => Some(Ok(Event::Delete(whole(object)))),
            Err(error) => Some(Err(error)),
        })
    };
    let events = watcher(api, config(streams).labels(label));
    events.filter_map(told).backoff(Pauses::default()).boxed()
}

/// An object of which nothing else is known.
fn whole(PartialObjectMeta { types, metadata, .. }: Metadata) -> DynamicObject {
    DynamicObject { types, metadata, data: Value::Object(Map::new()) }
}

fn config(streams: bool) -> Config {
    if streams { Config::default().streaming_lists() } else { Config::default() }
}
