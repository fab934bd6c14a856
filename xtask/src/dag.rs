//! The direction of dependencies. Nothing points up, nothing points sideways:
//!
//! ```text
//! bin -> doors, services -> control/rooms -> media/worker -> media/engine
//!     -> {webrtc -> egress, router, mixer, turn} -> {codec, dsp, rtp} -> core/model
//! ```
//! `ARCHITECTURE.md` tells why. What this file knows is which folder is which [`Place`], and what each place may see.

use crate::Complaints;
use crate::graph::{Graph, Kind, Package};

/// Where a crate stands in the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `core/model`: the vocabulary.
    Model,
    /// `core/rtp`, `core/dsp`, `core/stun`, `media/codec`: bytes and samples.
    Foundation,
    /// `media/egress`: the sending half of a connection, which `media/webrtc` completes.
    Egress,
    /// `media/webrtc`, `media/router`, `media/mixer`, `media/turn`: one state machine each.
    Part,
    /// `media/engine`: composes the parts for one worker.
    Engine,
    /// `media/udp`: sockets.
    Socket,
    /// `media/worker`: threads.
    Worker,
    /// `control/*` but rooms.
    Control,
    /// `control/rooms`: the façade.
    Rooms,
    /// `doors/*`.
    Door,
    /// `services/*`.
    Service,
    /// `bin/*`.
    Bin,
    /// `tests/*`, `bench`, `xtask`, `fuzz`: outside the house; nothing in it may depend on them.
    Outside,
}

impl Place {
    fn of(folder: &str) -> Option<Self> {
        Some(match folder {
            "core/model" => Self::Model,
            "core/rtp" | "core/dsp" | "core/stun" | "media/codec" => Self::Foundation,
            "media/egress" => Self::Egress,
            "media/webrtc" | "media/router" | "media/mixer" | "media/turn" => Self::Part,
            "media/engine" => Self::Engine,
            "media/udp" => Self::Socket,
            "media/worker" => Self::Worker,
            "control/rooms" => Self::Rooms,
            _ => match folder.split('/').next()? {
                "control" => Self::Control,
                "doors" => Self::Door,
                "services" => Self::Service,
                "bin" => Self::Bin,
                "tests" | "bench" | "fuzz" | "xtask" => Self::Outside,
                _ => return None,
            },
        })
    }

    /// The places whose crates a crate of this place may name.
    fn sees(self) -> &'static [Self] {
        use Place::{Bin, Control, Door, Egress, Engine, Foundation, Model, Part, Rooms, Service, Socket, Worker};
        match self {
            Self::Model => &[],
            Self::Foundation | Self::Socket => &[Model],
            Self::Control => &[Foundation, Model],
            Self::Egress => &[Foundation, Model],
            Self::Part => &[Egress, Foundation, Model],
            Self::Engine => &[Part, Foundation, Model],
            Self::Worker => &[Engine, Socket, Part, Foundation, Model],
            Self::Rooms => &[Worker, Control, Model],
            Self::Door | Self::Service => &[Rooms, Control, Foundation, Model],
            Self::Bin => &[Door, Service, Rooms, Control, Worker, Foundation, Model],
            Self::Outside => &[
                Bin,
                Door,
                Service,
                Rooms,
                Control,
                Worker,
                Socket,
                Engine,
                Part,
                Egress,
                Foundation,
                Model,
                Self::Outside,
            ],
        }
    }

    /// A state machine: input and time come in, output goes out; no I/O of any kind.
    pub fn is_sans_io(self) -> bool {
        matches!(self, Self::Model | Self::Foundation | Self::Egress | Self::Part | Self::Engine)
    }

    fn why(self) -> &'static str {
        match self {
            Self::Model => "the model is the vocabulary of all and depends on none of ours",
            Self::Foundation => "it works on bytes and samples and needs no more than the vocabulary",
            Self::Egress => "it writes packets; whose they are and who wants them is above it",
            Self::Part => "the parts of an engine do not know each other; media/engine composes them",
            Self::Engine => "the engine is a state machine for one worker; sockets, rooms and doors are above it",
            Self::Socket => "sockets carry datagrams and know nothing of what is in them",
            Self::Worker => "a worker runs an engine; who gives the orders is above it",
            Self::Control => "a part of the control plane serves rooms, doors and bin; only control/rooms composes",
            Self::Rooms => {
                "rooms are what doors and services call, so they cannot call back; use a trait that bin fills"
            }
            Self::Door => "a door speaks one protocol and calls control/rooms; what two doors share belongs there",
            Self::Service => "a service joins rooms through control/rooms; what it offers to doors is a trait there",
            Self::Bin => "bin wires doors, services and control; media is reached through media/worker",
            Self::Outside => "",
        }
    }
}

/// Crates that only some folders may name, and why.
struct Reserved {
    covers: fn(&str) -> bool,
    for_folders: &'static [&'static str],
    why: &'static str,
}

const RESERVED: &[Reserved] = &[Reserved {
    covers: |name| name == "str0m" || name.starts_with("str0m-") || name == "dimpl",
    for_folders: &["media/webrtc"],
    why: "only media/webrtc names str0m and what is inside it: each of its releases breaks, and one crate is enough to mend",
}];

/// What a state machine must not even reach: runtimes and sockets.
const IO: &[&str] = &["tokio", "mio", "socket2", "quinn-udp", "axum", "hyper", "reqwest", "async-std", "smol"];

/// Everything that is wrong with the direction of dependencies.
pub fn complaints(graph: &Graph) -> Complaints {
    let mut found = Complaints::new();
    for (folder, package) in graph.ours() {
        let Some(place) = Place::of(folder) else {
            found.push(format!(
                "{folder}: no such place in the house; say in xtask/src/dag.rs what it is and what it may see"
            ));
            continue;
        };
        found.extend(wrong_directions(graph, folder, package, place));
        if place != Place::Outside {
            found.extend(reserved(folder, package));
        }
        if place.is_sans_io() {
            found.extend(io_within(graph, folder, package));
        }
    }
    found
}

/// The place of one of our crates, if the house knows its folder.
pub fn place(package: &Package) -> Option<Place> {
    Place::of(package.folder.as_deref()?)
}

fn wrong_directions(graph: &Graph, folder: &str, package: &Package, place: Place) -> Complaints {
    let mut found = Complaints::new();
    for (other_folder, other) in graph.ours() {
        let Some(other_place) = Place::of(other_folder) else { continue };
        let named = package.named.iter().filter(|(name, _)| *name == other.name);
        for (_, kind) in named {
            // The tests of a crate may hold it against its neighbours from outside; the product may not.
            let allowed = place.sees().contains(&other_place) || (*kind == Kind::Dev && other_place != Place::Outside);
            if !allowed {
                found.push(format!("{folder} must not depend on {other_folder}: {}", reason(place, other_place)));
            }
        }
    }
    found
}

fn reason(place: Place, other: Place) -> &'static str {
    if other == Place::Outside {
        "tests and tools look at the house, the house does not know them"
    } else {
        place.why()
    }
}

fn reserved(folder: &str, package: &Package) -> Complaints {
    let mut found = Complaints::new();
    for (name, _) in &package.named {
        for rule in RESERVED.iter().filter(|rule| (rule.covers)(name) && !rule.for_folders.contains(&folder)) {
            found.push(format!("{folder} must not name {name}: {}", rule.why));
        }
    }
    found
}

fn io_within(graph: &Graph, folder: &str, package: &Package) -> Complaints {
    let id = graph.packages.iter().find(|(_, candidate)| candidate.name == package.name && candidate.folder.is_some());
    let chains = id.map(|(id, _)| graph.closure(id)).unwrap_or_default();
    let reached = chains.iter().filter_map(|(id, chain)| Some((graph.packages.get(id)?.name.as_str(), chain)));
    reached
        .filter(|(name, _)| IO.contains(name))
        .map(|(name, chain)| {
            format!(
                "{folder} reaches {name} ({chain}): everything below media/worker is a state machine that time and data \
                 come into, so that the server can be tested in virtual time"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::made_up;

    #[test]
    fn a_house_in_order_has_no_complaints() {
        let graph = made_up(&[
            ("core/model", "model", &["serde"]),
            ("core/rtp", "rtp", &["model"]),
            ("media/webrtc", "webrtc", &["rtp", "model", "str0m"]),
            ("media/router", "router", &["model"]),
            ("media/engine", "engine", &["webrtc", "router", "model"]),
            ("media/udp", "udp", &["quinn-udp"]),
            ("media/worker", "worker", &["engine", "udp", "webrtc"]),
            ("control/auth", "auth", &["model"]),
            ("control/rooms", "rooms", &["worker", "model", "tokio"]),
            ("doors/signal", "signal", &["rooms", "auth", "model"]),
            ("bin/crosspoint", "crosspoint", &["signal", "rooms", "worker"]),
            ("bench", "bench", &["str0m", "model"]),
            ("", "tokio", &[]),
            ("", "str0m", &[]),
        ]);
        assert_eq!(complaints(&graph), Complaints::new());
    }

    #[test]
    fn a_dependency_that_points_up_is_refused() {
        let graph = made_up(&[("core/model", "model", &["rooms"]), ("control/rooms", "rooms", &[])]);
        assert_eq!(
            only(&graph),
            "core/model must not depend on control/rooms: the model is the vocabulary of all and depends on none of ours"
        );
    }

    #[test]
    fn doors_do_not_know_each_other_nor_services_nor_the_engine() {
        for (folder, name) in [("doors/whip", "whip"), ("services/show", "show"), ("media/engine", "engine")] {
            let graph = made_up(&[("doors/signal", "signal", &[name]), (folder, name, &[])]);
            assert!(only(&graph).starts_with(&format!("doors/signal must not depend on {folder}")));
        }
    }

    #[test]
    fn the_parts_of_an_engine_do_not_know_each_other() {
        let graph = made_up(&[("media/router", "router", &["webrtc"]), ("media/webrtc", "webrtc", &[])]);
        assert!(only(&graph).contains("media/engine composes them"));
    }

    #[test]
    fn only_webrtc_and_what_stands_outside_names_str0m() {
        let graph =
            made_up(&[("media/engine", "engine", &["str0m"]), ("bench", "bench", &["str0m"]), ("", "str0m", &[])]);
        assert!(only(&graph).starts_with("media/engine must not name str0m"));
    }

    #[test]
    fn a_runtime_below_the_worker_is_found_however_deep() {
        let graph = made_up(&[("core/rtp", "rtp", &["helper"]), ("", "helper", &["tokio"]), ("", "tokio", &[])]);
        assert!(only(&graph).contains("core/rtp reaches tokio (rtp -> helper -> tokio)"));
    }

    #[test]
    fn nothing_in_the_house_depends_on_its_tools() {
        let graph = made_up(&[("bin/crosspoint", "crosspoint", &["xtask"]), ("xtask", "xtask", &[])]);
        assert!(only(&graph).contains("the house does not know them"));
    }

    #[test]
    fn an_unknown_folder_must_be_given_a_place() {
        assert!(only(&made_up(&[("utils/misc", "misc", &[])])).contains("no such place"));
    }

    /// The one complaint there should be.
    fn only(graph: &Graph) -> String {
        let found = complaints(graph);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }
}
