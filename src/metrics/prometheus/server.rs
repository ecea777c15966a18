//! Who a server is, as far as its address tells.

use std::net::IpAddr;

use reqwest::Url;

/// The address of a server, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    host: Host,
    /// A number, or the name of a service's port.
    port: String,
    /// Without a slash at its end.
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// This machine, which may be the end of a tunnel to any other.
    Here,
    /// A service of the cluster; without a namespace, that of whoever asks.
    Service {
        name: String,
        namespace: Option<String>,
    },
    /// A name of the network, or an IP address.
    Name(String),
}

/// Whether what one server answers is what another one would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// They are one and the same.
    Same,
    /// The same server at another port: what guards it may be another.
    OtherPort,
    /// Their addresses do not tell.
    Unknown,
    /// They are two.
    Other,
}

impl Server {
    /// The server of a URL; `None` for what is none.
    pub(super) fn of_url(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        Some(Self {
            host: Host::of(&host),
            port: url.port_or_known_default()?.to_string(),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The server behind a path of the API server's service proxy.
    pub(super) fn of_proxy(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api/v1/namespaces/")?;
        let mut parts = rest.splitn(5, '/');
        let namespace = parts.next()?;
        let (Some("services"), Some(service), Some("proxy")) =
            (parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let without_scheme = |it: &str| {
            let cut = it
                .strip_prefix("https:")
                .or_else(|| it.strip_prefix("http:"));
            cut.unwrap_or(it).to_owned()
        };
        let service = without_scheme(service);
        let (name, port) = service.split_once(':').unwrap_or((service.as_str(), ""));
        let path = parts.next().unwrap_or_default().trim_end_matches('/');
        Some(Self {
            host: Host::Service {
                name: name.to_owned(),
                namespace: Some(namespace.to_owned()),
            },
            port: port.to_owned(),
            path: if path.is_empty() {
                String::new()
            } else {
                format!("/{path}")
            },
        })
    }

    /// How alike the two are. What two names of one server have in common cannot be known, so that
    /// [`Other`](Likeness::Other) means that they are probably two.
    pub(super) fn likeness(&self, other: &Self) -> Likeness {
        match (&self.host, &other.host) {
            (Host::Here, Host::Here) if self.port != other.port => Likeness::Unknown,
            (Host::Here, Host::Here) => self.at_one_host(other),
            (
                Host::Service { name, namespace },
                Host::Service {
                    name: to,
                    namespace: of,
                },
            ) => {
                match (namespace, of) {
                    (Some(namespace), Some(of)) if namespace != of => Likeness::Other,
                    (Some(_), Some(_)) if name == to => self.at_one_host(other),
                    // One server often has several services in its namespace.
                    _ => Likeness::Unknown,
                }
            }
            (Host::Name(a), Host::Name(b)) if a == b => self.at_one_host(other),
            (Host::Name(a), Host::Name(b)) if is_address(a) == is_address(b) => Likeness::Other,
            // A tunnel, an ingress, or an IP address may lead to any of them.
            (Host::Here | Host::Service { .. } | Host::Name(_), _) => Likeness::Unknown,
        }
    }

    fn at_one_host(&self, other: &Self) -> Likeness {
        let is_number = |port: &str| port.parse::<u16>().is_ok();
        match self.path == other.path {
            // Below other paths are other tenants.
            false => Likeness::Other,
            true if self.port == other.port && is_number(&self.port) => Likeness::Same,
            true => Likeness::OtherPort,
        }
    }
}

impl Host {
    fn of(host: &str) -> Self {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<IpAddr>() {
            Ok(ip) if ip.is_loopback() => return Self::Here,
            Ok(_) => return Self::Name(address.to_owned()),
            Err(_) if host == "localhost" => return Self::Here,
            Err(_) => {}
        }
        let service = |name: &str, namespace: Option<&str>| Self::Service {
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
        };
        let labels: Vec<&str> = host.split('.').collect();
        match labels.as_slice() {
            [name] => service(name, None),
            [name, namespace] | [name, namespace, "svc", ..] => service(name, Some(namespace)),
            _ => Self::Name(host.to_owned()),
        }
    }
}

fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "/api/v1/namespaces/monitoring/services/";

    fn server(text: &str) -> Server {
        let proxied = text.strip_prefix("proxy ").map(|it| format!("{PROXY}{it}"));
        match proxied {
            Some(path) => Server::of_proxy(&path).unwrap(),
            None => Server::of_url(text).unwrap(),
        }
    }

    #[test]
    fn addresses_are_the_same_others_or_not_to_be_told() {
        use Likeness::{Other, OtherPort, Same, Unknown};
        let table = [
            ("http://127.0.0.1:9090", "http://localhost:9090/", Same),
            ("http://[::1]:9090", "http://localhost:9091", Unknown),
            (
                "http://p.monitoring.svc:9090",
                "http://localhost:9090",
                Unknown,
            ),
            ("http://p.monitoring.svc:9090", "proxy p:9090/proxy", Same),
            (
                "http://p.monitoring:9090/",
                "proxy http:p:9090/proxy/",
                Same,
            ),
            (
                "https://p.monitoring.svc.cluster.local:9092",
                "proxy https:p:web/proxy",
                OtherPort,
            ),
            (
                "https://p.monitoring.svc:9092",
                "proxy p:9091/proxy",
                OtherPort,
            ),
            (
                "http://p-operated.monitoring:9090",
                "proxy p:9090/proxy",
                Unknown,
            ),
            ("http://p:9090", "proxy p:9090/proxy", Unknown),
            ("http://p.team-a.svc:9090", "proxy p:9090/proxy", Other),
            (
                "http://p.monitoring:9090/select/1",
                "proxy p:9090/proxy/select/0",
                Other,
            ),
            (
                "http://p.monitoring:9090/select/1",
                "proxy p:9090/proxy/select/1",
                Same,
            ),
            ("https://p.example.com", "proxy p:9090/proxy", Unknown),
            ("https://P.example.com.", "https://p.example.com:443", Same),
            ("https://p.example.com", "https://thanos.example.com", Other),
            ("https://p.example.com", "http://10.0.0.1:9090", Unknown),
            ("http://10.0.0.2:9090", "http://10.0.0.1:9090", Other),
        ];
        for (asked, source, expected) in table {
            assert_eq!(
                server(asked).likeness(&server(source)),
                expected,
                "{asked} {source}"
            );
            assert_eq!(
                server(source).likeness(&server(asked)),
                expected,
                "{source} {asked}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_no_server() {
        for text in ["", "p:9090", "not a url", "http://", "unix:/run/p"] {
            assert_eq!(Server::of_url(text), None, "{text}");
        }
        for path in [
            "",
            "/api/v1/namespaces/a/pods/p/proxy",
            "/api/v1/namespaces/a/services/p",
        ] {
            assert_eq!(Server::of_proxy(path), None, "{path}");
        }
    }
}
