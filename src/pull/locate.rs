//! What a user calls a chart turned into a path or an archive (Helm `LocateChart`, `pkg/action/install.go`,
//! `ResolveChartVersion`, `pkg/downloader`).
#![allow(clippy::disallowed_methods)] // looks at what is on disk

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::{Address, AddressError, redact};
use super::cache::Cache;
use super::http::client::Client;
use super::http::fault::system;
use super::http::proxy::Proxies;
use super::http::tls::{self, TlsError, Trust};
use super::index::{self, Index, IndexError};
use super::oci::reference::SCHEME;
use super::oci_chart::{self, Asked, Logins, PullError};
use super::repositories::{self, RepositoriesError, Repository};
use super::repository::{self, Credentials, FetchError};
use crate::template::quote::quote;

/// Helm waits as long for the index, and once more for the archive.
pub const TIMEOUT: Duration = Duration::from_secs(240);

/// What the flags of `helm template` say of the chart, and where helm's own files are.
#[derive(Clone, Default)]
pub struct Options {
    /// `--repo`
    pub repository: String,
    pub version: String,
    pub credentials: Credentials,
    pub trust: Trust,
    pub plain_http: bool,
    pub repository_config: PathBuf,
    pub repository_cache: PathBuf,
    pub logins: Vec<PathBuf>,
}

/// Where the chart is.
pub enum Located {
    Path(PathBuf),
    Archive {
        bytes: Vec<u8>,
        /// Where it came from, for errors.
        from: String,
        /// What Helm says of it on standard error.
        said: Vec<String>,
    },
}

/// Why there is no chart. Displays as Helm says it.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    #[error("path {0} not found")]
    NotFound(String),
    /// Helm makes its client for registries first, whatever the chart is.
    #[error("missing registry client: {0}")]
    Flags(TlsError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("invalid chart URL format: {0}")]
    Format(String),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("could not find protocol handler for: {0}")]
    NoHandler(String),
    /// Helm asks the registry for an index, and its library for registries answers.
    #[error(
        "looks like {0} is not a valid chart repository or cannot be reached: \
         failed to perform \"FetchReference\" on source: invalid reference"
    )]
    NoIndexThere(String),
    #[error("scheme {0} not supported")]
    Scheme(String),
    #[error("looks like {url} is not a valid chart repository or cannot be reached: {source}")]
    Repository { url: String, source: FetchError },
    #[error("{chart} not found in {url} repository")]
    NoChart { chart: String, url: String },
    #[error("{0} has no downloadable URLs")]
    NoUrls(String),
    #[error("failed to make chart URL absolute: {0}")]
    Absolute(FetchError),
    #[error("non-absolute URLs should be in form of repo_name/path_to_chart, got: {0}")]
    NoRepository(String),
    #[error(transparent)]
    Repositories(#[from] RepositoriesError),
    #[error("no cached repo found. (try 'helm repo update'): open {path}: {reason}")]
    NoIndex { path: PathBuf, reason: String },
    #[error("no cached repo found. (try 'helm repo update'): error loading {path}: {source}")]
    BadIndex { path: PathBuf, source: IndexError },
    #[error(
        "chart {chart} matching {version} not found in {repository} index. (try 'helm repo update'): {source}"
    )]
    NotInIndex { chart: String, version: String, repository: String, source: index::GetError },
    #[error("invalid digest length: {0}")]
    DigestLength(usize),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Pull(#[from] PullError),
    #[error("the network cannot be used: {0}")]
    Runtime(std::io::Error),
}

/// Finds the chart; what is not on this machine is fetched.
pub fn locate(
    name: &str,
    options: &Options,
    proxies: Proxies,
    cache: &Cache,
) -> Result<Located, LocateError> {
    let name = name.trim();
    if options.trust != Trust::default() {
        tls::configure(&options.trust).map_err(LocateError::Flags)?;
    }
    if options.repository.is_empty() && !name.starts_with(SCHEME) {
        let path = PathBuf::from(name);
        if path.exists() {
            return Ok(Located::Path(path));
        }
        if path.is_absolute() || name.starts_with('.') {
            return Err(LocateError::NotFound(quote(name.as_bytes())));
        }
    }
    let client = Client::new(&options.trust, proxies.clone(), TIMEOUT).map_err(LocateError::Flags)?;
    let locator = Locator { options, version: options.version.trim(), proxies, cache };
    super::wait::wait(async {
        match (options.repository.is_empty(), name.starts_with(SCHEME)) {
            (false, _) => locator.of_repository(&client, name).await,
            (true, true) => locator.of_registry(&client, name).await,
            (true, false) => locator.of_name(&client, name).await,
        }
    })
    .map_err(LocateError::Runtime)?
}

struct Locator<'a> {
    options: &'a Options,
    version: &'a str,
    proxies: Proxies,
    cache: &'a Cache,
}

impl Locator<'_> {
    /// `--repo URL NAME`
    async fn of_repository(&self, client: &Client, name: &str) -> Result<Located, LocateError> {
        let Options { repository: url, credentials, .. } = self.options;
        let base = Address::parse(url).map_err(|_| LocateError::Format(redact(url)))?;
        if url.starts_with(SCHEME) {
            return Err(LocateError::NoIndexThere(quote(url.as_bytes())));
        }
        if !matches!(&*base.scheme, "http" | "https") {
            return Err(LocateError::NoHandler(base.scheme));
        }
        let shown = redact(url);
        let found = repository::index(client, &base, credentials).await;
        let index =
            found.map_err(|source| LocateError::Repository { url: quote(shown.as_bytes()), source })?;
        let mut said: Vec<String> = index.warnings.iter().map(ToString::to_string).collect();
        let mut chart = format!("chart {}", quote(name.as_bytes()));
        if !self.version.is_empty() {
            chart = format!("{chart} version {}", quote(self.version.as_bytes()));
        }
        let found = index.get(name, self.version);
        let (entry, warning) =
            found.map_err(|_| LocateError::NoChart { chart: chart.clone(), url: shown })?;
        said.extend(warning.map(|warning| warning.to_string()));
        let reference = entry.urls.first().ok_or(LocateError::NoUrls(chart))?;
        let address = repository::resolve(&base, reference).map_err(LocateError::Absolute)?;
        let keep = credentials.pass_to_all || base.same_origin(&address);
        let credentials = if keep { credentials.clone() } else { Credentials::default() };
        self.of_address(client, &address, credentials, said).await
    }

    /// `https://…/name-1.0.0.tgz`: with what `helm repo add` knows of the repository that lists it.
    async fn of_address(
        &self,
        client: &Client,
        address: &Address,
        credentials: Credentials,
        said: Vec<String>,
    ) -> Result<Located, LocateError> {
        if !matches!(&*address.scheme, "http" | "https") {
            return Err(LocateError::Scheme(quote(address.scheme.as_bytes())));
        }
        let bytes = match self.owner(address)? {
            Some(owner) => {
                let base = Address::parse(&owner.url)?;
                let credentials = of_repository(&owner, credentials);
                let own = self.client_of(&owner)?;
                repository::archive(own.as_ref().unwrap_or(client), &base, address, &credentials).await?
            }
            None => repository::archive(client, address, address, &credentials).await?,
        };
        self.keep(&bytes);
        Ok(Located::Archive { bytes, from: address.to_string(), said })
    }

    /// `REPOSITORY/NAME`, or a URL.
    async fn of_name(&self, client: &Client, name: &str) -> Result<Located, LocateError> {
        let address = Address::parse(name).map_err(|_| LocateError::Format(redact(name)))?;
        if address.is_absolute() && !address.host.is_empty() && !address.path.is_empty() {
            return self.of_address(client, &address, self.options.credentials.clone(), Vec::new()).await;
        }
        let (repository, chart) =
            address.path.split_once('/').ok_or_else(|| LocateError::NoRepository(address.to_string()))?;
        let repositories = repositories::load(&self.options.repository_config)?;
        let repository = repositories::by_name(&repositories, repository)?;
        let base =
            Address::parse(&repository.url).map_err(|_| LocateError::Format(redact(&repository.url)))?;
        if !matches!(&*base.scheme, "http" | "https") {
            return Err(LocateError::NoHandler(base.scheme));
        }
        let index = self.cached_index(repository)?;
        let mut said: Vec<String> = index.warnings.iter().map(ToString::to_string).collect();
        let found = index.get(chart, self.version).map_err(|source| LocateError::NotInIndex {
            chart: quote(chart.as_bytes()),
            version: self.version.to_owned(),
            repository: repository.name.clone(),
            source,
        });
        let (entry, warning) = found?;
        said.extend(warning.map(|warning| warning.to_string()));
        let reference = entry.urls.first();
        let reference =
            reference.ok_or_else(|| LocateError::NoUrls(format!("chart {}", quote(name.as_bytes()))))?;
        let address = repository::resolve(&base, reference).map_err(|_| LocateError::Format(redact(name)))?;
        let digest = entry.digest.rsplit(':').next().unwrap_or_default();
        if !digest.is_empty() && digest.len() != 64 {
            return Err(LocateError::DigestLength(digest.len() / 2));
        }
        let from = address.to_string();
        if let Some(bytes) = self.cache.get(&format!("sha256:{digest}")) {
            return Ok(Located::Archive { bytes, from, said });
        }
        let credentials = of_repository(repository, self.options.credentials.clone());
        let own = self.client_of(repository)?;
        let bytes =
            repository::archive(own.as_ref().unwrap_or(client), &base, &address, &credentials).await?;
        self.keep(&bytes);
        Ok(Located::Archive { bytes, from, said })
    }

    /// `oci://…`
    async fn of_registry(&self, client: &Client, name: &str) -> Result<Located, LocateError> {
        let Options { credentials, plain_http, trust, logins, .. } = self.options;
        // Helm's own client for other certificates does not know of plain HTTP.
        let plain = *plain_http && *trust == Trust::default();
        let asked = Asked { name, version: self.version, plain };
        let own = (credentials.username.clone(), credentials.password.clone());
        let own = Some(own).filter(|(user, password)| !user.is_empty() && !password.is_empty());
        let logins = match own {
            Some((user, password)) => Logins::Own(user, password),
            None => Logins::Files(logins),
        };
        let found = oci_chart::pull(client, &asked, &logins).await?;
        self.keep(&found.pulled.archive);
        Ok(Located::Archive {
            from: found.place.to_string(),
            said: found.said(),
            bytes: found.pulled.archive,
        })
    }

    /// The repository that lists this address (`scanReposForURL`).
    fn owner(&self, address: &Address) -> Result<Option<Repository>, LocateError> {
        for repository in repositories::load(&self.options.repository_config)? {
            let index = self.cached_index(&repository)?;
            let listed = index.urls().any(|url| Address::parse(url).is_ok_and(|url| same(&url, address)));
            if listed {
                return Ok(Some(repository));
            }
        }
        Ok(None)
    }

    fn cached_index(&self, repository: &Repository) -> Result<Index, LocateError> {
        let path = self.options.repository_cache.join(format!("{}-index.yaml", repository.name));
        let bytes = read(&path)
            .map_err(|error| LocateError::NoIndex { path: path.clone(), reason: system(&error) })?;
        let source = path.display().to_string();
        index::parse(&bytes, &source).map_err(|source| LocateError::BadIndex { path, source })
    }

    /// With the certificates that `helm repo add` knows of, if it knows of any.
    fn client_of(&self, repository: &Repository) -> Result<Option<Client>, LocateError> {
        let given = |path: &PathBuf| Some(path.clone()).filter(|path| !path.as_os_str().is_empty());
        let Repository { cert_file, key_file, ca_file, .. } = repository;
        let trust = Trust {
            ca_file: given(ca_file),
            cert_file: given(cert_file),
            key_file: given(key_file),
            insecure: self.options.trust.insecure,
        };
        if trust.ca_file.is_none() && trust.cert_file.is_none() && trust.key_file.is_none() {
            return Ok(None);
        }
        Ok(Some(Client::new(&trust, self.proxies.clone(), TIMEOUT)?))
    }

    /// A chart that cannot be kept is fetched again the next time.
    fn keep(&self, bytes: &[u8]) {
        if let Err(error) = self.cache.put(bytes) {
            tracing::debug!(%error, cache = %self.cache.root().display(), "the chart is not kept");
        }
    }
}

/// What a repository's entry says wins over the flags, if it says anything.
fn of_repository(repository: &Repository, flags: Credentials) -> Credentials {
    let Repository { username, password, pass_credentials, .. } = repository;
    if username.is_empty() || password.is_empty() {
        return flags;
    }
    let (username, password) = (username.clone(), password.clone());
    Credentials { username, password, pass_to_all: *pass_credentials }
}

/// `urlutil.Equal`, for addresses without dots in their paths.
fn same(a: &Address, b: &Address) -> bool {
    let plain = |address: &Address| address.with_path(address.path.trim_end_matches('/'));
    plain(a) == plain(b)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(index::MAX_INDEX as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
