//! Which web pages may use the server: origins (RFC 6454 §6.2), compared as text. Both doors that browsers come to ask here,
//! so that a page may not be right for one and wrong for the other.

/// Stands for every port.
const ANY_PORT: &str = ":*";

/// Is a page of this origin allowed? In the list, `*` allows all and `http://localhost:*` every port of a host.
pub fn is_allowed_origin(allowed: &[String], origin: &str) -> bool {
    allowed.iter().any(|allowed| match allowed.strip_suffix(ANY_PORT) {
        Some(host) => origin.strip_prefix(host).is_some_and(is_port_or_none),
        None => allowed == "*" || allowed == origin,
    })
}

/// What follows the host: nothing (the scheme's own port), or a colon and digits.
fn is_port_or_none(rest: &str) -> bool {
    rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_by_its_name_by_its_host_on_every_port_or_by_a_star() {
        let allowed = |list: &[&str], origin| {
            let list: Vec<String> = list.iter().map(|&text| text.to_owned()).collect();
            is_allowed_origin(&list, origin)
        };
        assert!(allowed(&["https://a.org"], "https://a.org") && !allowed(&["https://a.org"], "https://a.org:8443"));
        assert!(allowed(&["*"], "https://evil.example") && !allowed(&[], "https://a.org"));
        let local = ["http://localhost:*", "http://[::1]:*"];
        assert!(allowed(&local, "http://localhost:5173") && allowed(&local, "http://localhost"));
        assert!(allowed(&local, "http://[::1]:3000"));
        assert!(!allowed(&local, "https://localhost:5173") && !allowed(&local, "http://localhost.evil.example"));
        assert!(!allowed(&local, "http://localhost:80.evil.example") && !allowed(&local, "null"));
    }
}
