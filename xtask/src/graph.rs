//! The crates and who depends on whom, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::CannotRun;

/// The target whose dependencies are looked at: what the server runs on.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// When a dependency is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// In the product.
    Normal,
    /// While it is built.
    Build,
    /// In tests, examples and benches only.
    Dev,
}

/// A crate, ours or another's.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SPDX expression in its manifest.
    pub licence: Option<String>,
    /// Its folder in the repository; none: it is not ours.
    pub folder: Option<String>,
    /// What its manifest names.
    pub named: BTreeSet<(String, Kind)>,
    /// What that led to: package ids.
    pub uses: BTreeSet<(String, Kind)>,
}

/// All packages by their id.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The packages.
    pub packages: BTreeMap<String, Package>,
}

impl Graph {
    /// Asks cargo.
    pub fn read(root: &Path) -> Result<Self, CannotRun> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--filter-platform", PLATFORM])
            .current_dir(root)
            .output()?;
        if !output.status.success() {
            return Err(format!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(Self::from_metadata(&serde_json::from_slice(&output.stdout)?))
    }

    fn from_metadata(metadata: &Value) -> Self {
        let root = text(&metadata["workspace_root"]);
        let ours: BTreeSet<String> = items(&metadata["workspace_members"]).map(text).collect();
        let mut packages = BTreeMap::new();
        for entry in items(&metadata["packages"]) {
            let id = text(&entry["id"]);
            let folder = ours.contains(&id).then(|| folder_in(&root, &text(&entry["manifest_path"])));
            let named =
                items(&entry["dependencies"]).map(|dependency| (text(&dependency["name"]), kind(&dependency["kind"])));
            let package = Package {
                name: text(&entry["name"]),
                version: text(&entry["version"]),
                licence: entry["license"].as_str().map(str::to_owned),
                folder,
                named: named.collect(),
                uses: BTreeSet::new(),
            };
            packages.insert(id, package);
        }
        for node in items(&metadata["resolve"]["nodes"]) {
            let uses = items(&node["deps"]).flat_map(|dep| {
                let id = text(&dep["pkg"]);
                items(&dep["dep_kinds"]).map(move |entry| (id.clone(), kind(&entry["kind"]))).collect::<Vec<_>>()
            });
            if let Some(package) = packages.get_mut(&text(&node["id"])) {
                package.uses = uses.collect();
            }
        }
        Self { packages }
    }

    /// Our own crates with their folders.
    pub fn ours(&self) -> impl Iterator<Item = (&str, &Package)> {
        self.packages.values().filter_map(|package| Some((package.folder.as_deref()?, package)))
    }

    /// The ids of everything that ends up in a product made of `from`: normal and build dependencies, all the way down.
    /// Each with the chain of names that leads to it.
    pub fn closure(&self, from: &str) -> BTreeMap<String, String> {
        let mut chains = BTreeMap::new();
        let mut open = vec![(from.to_owned(), String::new())];
        while let Some((id, before)) = open.pop() {
            let Some(package) = self.packages.get(&id) else { continue };
            if chains.contains_key(&id) {
                continue;
            }
            let chain = if before.is_empty() { package.name.clone() } else { format!("{before} -> {}", package.name) };
            open.extend(
                package.uses.iter().filter(|(_, kind)| *kind != Kind::Dev).map(|(id, _)| (id.clone(), chain.clone())),
            );
            chains.insert(id, chain);
        }
        chains
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn kind(value: &Value) -> Kind {
    match value.as_str() {
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    }
}

fn folder_in(root: &str, manifest: &str) -> String {
    let inside = manifest.strip_prefix(root).unwrap_or(manifest);
    inside.trim_start_matches('/').trim_end_matches("Cargo.toml").trim_end_matches('/').to_owned()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    #[test]
    fn metadata_becomes_packages_with_folders_and_kinds() {
        let metadata = serde_json::json!({
            "workspace_root": "/r",
            "workspace_members": ["a#1"],
            "packages": [
                {"id": "a#1", "name": "a", "version": "1", "license": "MIT", "manifest_path": "/r/core/a/Cargo.toml",
                 "dependencies": [{"name": "b", "kind": "dev"}]},
                {"id": "b#1", "name": "b", "version": "1", "manifest_path": "/elsewhere/Cargo.toml", "dependencies": []},
            ],
            "resolve": {"nodes": [{"id": "a#1", "deps": [{"pkg": "b#1", "dep_kinds": [{"kind": "dev"}]}]}]},
        });
        let graph = Graph::from_metadata(&metadata);
        let ours: Vec<_> = graph.ours().collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].0, "core/a");
        assert!(ours[0].1.named.contains(&("b".to_owned(), Kind::Dev)));
        assert!(!graph.closure("a#1").contains_key("b#1"), "a dev-dependency is not in the product");
    }

    #[test]
    fn the_closure_tells_the_chain() {
        let graph = made_up(&[("core/a", "a", &["b"]), ("", "b", &["c"]), ("", "c", &[])]);
        assert_eq!(graph.closure("a")["c"], "a -> b -> c");
    }

    /// A graph of (folder, name, normal dependencies), where an id is the name and an empty folder is not ours.
    pub fn made_up(crates: &[(&str, &str, &[&str])]) -> Graph {
        let mut graph = Graph::default();
        for (folder, name, dependencies) in crates {
            let edges: BTreeSet<_> = dependencies.iter().map(|other| ((*other).to_owned(), Kind::Normal)).collect();
            let package = Package {
                name: (*name).to_owned(),
                folder: (!folder.is_empty()).then(|| (*folder).to_owned()),
                named: edges.clone(),
                uses: edges,
                ..Package::default()
            };
            graph.packages.insert((*name).to_owned(), package);
        }
        graph
    }
}
