//! The spellings of one URL that a provider may have signed.

/// With and without the port that the scheme has anyway: Twilio's documentation and its own libraries differ there.
pub fn of_webhook(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let port = if matches!(scheme, "https" | "wss") { ":443" } else { ":80" };
    let other = match authority.strip_suffix(port) {
        Some(host) => Some(host.to_owned()),
        // The last colon of an IPv6 address in brackets is none of a port.
        None if authority.rfind(':') > authority.rfind(']') => None,
        None => Some(format!("{authority}{port}")),
    };
    let mut urls = vec![url.to_owned()];
    urls.extend(other.map(|authority| format!("{scheme}://{authority}{path}")));
    urls
}

/// Those, with and without a slash at the end of the path.
pub fn of_socket(url: &str) -> Vec<String> {
    let (path, query) = match url.find('?') {
        Some(at) => url.split_at(at),
        None => (url, ""),
    };
    let bare = path.trim_end_matches('/');
    [format!("{bare}{query}"), format!("{bare}/{query}")].iter().flat_map(|url| of_webhook(url)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_port_may_stand_there_or_not() {
        assert_eq!(of_webhook("https://a.example/x?y"), ["https://a.example/x?y", "https://a.example:443/x?y"]);
        assert_eq!(of_webhook("https://a.example:443/x"), ["https://a.example:443/x", "https://a.example/x"]);
        assert_eq!(of_webhook("http://127.0.0.1:8080/x"), ["http://127.0.0.1:8080/x"]);
        assert_eq!(of_webhook("https://[::1]/x"), ["https://[::1]/x", "https://[::1]:443/x"]);
    }

    #[test]
    fn a_socket_may_have_a_slash_at_the_end() {
        let urls = of_socket("wss://a.example/media");
        let expected = ["/media", ":443/media", "/media/", ":443/media/"].map(|rest| format!("wss://a.example{rest}"));
        assert_eq!(urls, expected);
        assert!(of_socket("wss://a.example/media/?q").contains(&"wss://a.example/media?q".to_owned()));
    }
}
