//! A kind and its namespaces turned into streams of events that go on by themselves after every error.

use std::future::ready;

use futures::StreamExt;
use futures::stream::BoxStream;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watcher};

use super::pause::Pauses;

/// What a watch tells.
pub type Told = watcher::Result<Event<DynamicObject>>;

/// What to watch: everything where no namespace is named, else each one by itself.
pub fn apis(client: &Client, resource: &ApiResource, namespaces: &[String]) -> Vec<Api<DynamicObject>> {
    match namespaces {
        [] => vec![Api::all_with(client.clone(), resource)],
        some => some.iter().map(|name| Api::namespaced_with(client.clone(), name, resource)).collect(),
    }
}

/// Lists, then watches, and after an error waits (longer each time, with jitter) and goes on where it was. `streams`: whether
/// the API server streams listings.
pub fn events(api: Api<DynamicObject>, streams: bool) -> BoxStream<'static, Told> {
    let config = if streams { Config::default().streaming_lists() } else { Config::default() };
    // That a listing is asked for is no success: taken for one, it would begin the pauses anew with every attempt.
    let told = |event: &Told| ready(!matches!(event, Ok(Event::Init)));
    watcher(api, config).filter(told).backoff(Pauses::default()).boxed()
}
