//! Every crate and every npm package that ends up in the product may be used under the terms of a licence on a short list.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::graph::Graph;
use crate::{CannotRun, Complaints, spdx};

/// Licences that ask for no more than notices. MPL-2.0 is the strictest of them: it covers its own files only, which are
/// used unchanged. GPL, LGPL and AGPL are refused by not being here.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Packages of fonts, and the licence that they may have: it lets a page carry a font and asks nothing of the page.
const FONTS: &str = "/@fontsource";
const FONT_LICENCE: &str = "OFL-1.1";

/// The crates that are linked into, or run while building, anything of ours.
pub fn of_crates(graph: &Graph) -> Complaints {
    let ours = graph.packages.iter().filter(|(_, package)| package.folder.is_some());
    let used: BTreeSet<String> = ours.flat_map(|(id, _)| graph.closure(id).into_keys()).collect();
    let packages = used.iter().filter_map(|id| graph.packages.get(id));
    packages
        .filter_map(|package| complaint(&format!("{} {}", package.name, package.version), package.licence.as_deref()))
        .collect()
}

/// The npm packages that pages load; a font may be bundled under its own licence, and what only builds and tests them (`dev` in the lock file) is not shipped.
pub fn of_npm(root: &Path) -> Result<Complaints, CannotRun> {
    let lock = root.join("package-lock.json");
    if !lock.exists() {
        return Ok(Complaints::new());
    }
    Ok(of_lock(&serde_json::from_str(&std::fs::read_to_string(lock)?)?))
}

fn of_lock(lock: &Value) -> Complaints {
    let packages = lock["packages"].as_object().into_iter().flatten();
    let shipped = packages
        .filter(|(path, entry)| path.contains("node_modules/") && !is_true(&entry["dev"]) && !is_true(&entry["link"]));
    shipped
        .filter(|(path, entry)| !(path.contains(FONTS) && entry["license"].as_str() == Some(FONT_LICENCE)))
        .filter_map(|(path, entry)| complaint(&format!("npm {path}"), entry["license"].as_str()))
        .collect()
}

fn complaint(name: &str, licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else {
        return Some(format!("{name} names no licence: look at it, then use another, or say here why it may be used"));
    };
    let met = spdx::is_met(licence, &|name| ALLOWED.contains(&name));
    (!met).then(|| format!("{name} is under {licence}, which the list in xtask/src/licences.rs does not allow"))
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Kind;
    use crate::graph::tests::made_up;

    #[test]
    fn a_copyleft_dependency_is_refused_however_deep() {
        let mut graph = made_up(&[("bin/x", "x", &["a"]), ("", "a", &["b"]), ("", "b", &[])]);
        license(&mut graph, &[("x", "MIT"), ("a", "ISC AND (MIT OR GPL-2.0-only)"), ("b", "LGPL-3.0-or-later")]);
        let found = of_crates(&graph);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("b  is under LGPL-3.0-or-later"), "{found:?}");
    }

    #[test]
    fn what_only_tests_use_is_not_shipped() {
        let mut graph = made_up(&[("bin/x", "x", &[]), ("", "a", &[])]);
        license(&mut graph, &[("x", "MIT"), ("a", "GPL-3.0-only")]);
        if let Some(package) = graph.packages.get_mut("x") {
            package.uses.insert(("a".into(), Kind::Dev));
        }
        assert_eq!(of_crates(&graph), Complaints::new());
    }

    #[test]
    fn no_licence_at_all_is_refused() {
        assert_eq!(of_crates(&made_up(&[("bin/x", "x", &[])])).len(), 1);
    }

    #[test]
    fn npm_packages_that_only_build_and_fonts_are_left_out() {
        let lock = serde_json::json!({"packages": {
            "": {"name": "root"},
            "node_modules/tool": {"dev": true, "license": "GPL-3.0-only"},
            "node_modules/ours": {"link": true},
            "node_modules/@fontsource-variable/a": {"license": "OFL-1.1"},
            "node_modules/shipped": {"license": "AGPL-3.0-only"},
        }});
        let found = of_lock(&lock);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("npm node_modules/shipped"));
    }

    fn license(graph: &mut Graph, licences: &[(&str, &str)]) {
        for (name, licence) in licences {
            if let Some(package) = graph.packages.get_mut(*name) {
                package.licence = Some((*licence).to_owned());
            }
        }
    }
}
