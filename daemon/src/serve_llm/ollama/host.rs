//! `OLLAMA_HOST` in all the forms that Ollama's own clients take: a name, a port, an address, a URL.

use reqwest::Url;
use std::net::{IpAddr, Ipv6Addr};

const PORT: u16 = 11_434;

/// The base URL that such a text means; why it means none.
pub(in super::super) fn base_url(said: &str) -> Result<Url, String> {
    let said = said.trim().trim_matches(['"', '\'']).trim();
    let (scheme, rest, port) = match said.split_once("://") {
        Some((scheme @ "http", rest)) => (scheme, rest, 80),
        Some((scheme @ "https", rest)) => (scheme, rest, 443),
        Some((scheme, _)) => return Err(format!("the scheme `{scheme}` is not http or https")),
        None => ("http", said, PORT),
    };
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host_and_port(address, port)?;
    let path = path.trim_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    let url = format!("{scheme}://{}:{port}/{path}{slash}", dialled(&host));
    Url::parse(&url).map_err(|error| error.to_string())
}

fn host_and_port(address: &str, port: u16) -> Result<(String, u16), String> {
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<Ipv6Addr>().is_ok() {
        return Ok((bare.to_owned(), port));
    }
    let Some((host, said_port)) = address.rsplit_once(':') else { return Ok((address.to_owned(), port)) };
    let port = match said_port {
        "" => port,
        // Not repeated: what stands behind the colon may be a password.
        digits => digits.parse().map_err(|_| "its port is none".to_owned())?,
    };
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

/// What is dialled: a server that listens everywhere is met on this machine.
fn dialled(host: &str) -> String {
    match host.parse::<IpAddr>() {
        _ if host.is_empty() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_ollama_host_means_what_ollamas_clients_take_it_for() {
        for (said, url) in [
            ("", "http://127.0.0.1:11434/"),
            ("  ", "http://127.0.0.1:11434/"),
            ("localhost", "http://localhost:11434/"),
            ("localhost:1234", "http://localhost:1234/"),
            (":1234", "http://127.0.0.1:1234/"),
            ("0.0.0.0", "http://127.0.0.1:11434/"),
            ("0.0.0.0:11434", "http://127.0.0.1:11434/"),
            ("http://0.0.0.0:11434", "http://127.0.0.1:11434/"),
            ("1.2.3.4", "http://1.2.3.4:11434/"),
            ("example.com", "http://example.com:11434/"),
            ("example.com:", "http://example.com:11434/"),
            ("example.com/ollama", "http://example.com:11434/ollama/"),
            ("http://example.com", "http://example.com/"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com:8443", "https://example.com:8443/"),
            ("http://example.com/a/b/", "http://example.com/a/b/"),
            ("https://example.com/a", "https://example.com/a/"),
            ("::1", "http://[::1]:11434/"),
            ("[::1]", "http://[::1]:11434/"),
            ("[::1]:1234", "http://[::1]:1234/"),
            ("[::]:11434", "http://[::1]:11434/"),
            ("http://[fe80::1]:9", "http://[fe80::1]:9/"),
            ("\"localhost:1\"", "http://localhost:1/"),
            (" 'localhost:1' ", "http://localhost:1/"),
        ] {
            assert_eq!(base_url(said).map(String::from), Ok(url.to_owned()), "{said:?}");
        }
        for wrong in ["ftp://example.com", "localhost:99999", "localhost:http", "exa mple.com"] {
            assert!(base_url(wrong).is_err(), "{wrong:?}");
        }
    }
}
