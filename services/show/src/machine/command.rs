//! What comes in and goes out.

use crosspoint_model::show::{CallLink, CallNotes, CallerView, ConnectionType, ShowEvent, ShowMedia, ShowSettings};

/// What is wanted, or has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Somebody calls.
    Ring(Box<Newcomer>),
    /// Something is done with a call.
    Act {
        /// Which.
        call: String,
        /// What.
        verb: Verb,
        /// What goes with it.
        words: Words,
    },
    /// The next one goes on the air.
    TakeNext,
    /// The sound of a call came, or went.
    Link {
        /// Which.
        call: String,
        /// Where it is now.
        link: CallLink,
    },
    /// A caller keyed in a digit.
    Keyed {
        /// Which.
        call: String,
        /// `0`–`9`, `*`, `#`.
        digit: char,
    },
    /// A call has ended by itself.
    Over {
        /// Which.
        call: String,
        /// Why.
        reason: String,
    },
    /// Something was noted of a number.
    Known(Box<CallerView>),
    /// A screener has gone for good: whom they talked to is alone.
    Leave(String),
    /// Other settings.
    Change(Box<ShowSettings>),
    /// It takes calls.
    Open,
    /// It takes no more calls; those that are there stay.
    Close,
    /// Others carry the sound of its telephones.
    Switch(ShowMedia),
    /// It is over.
    Finish,
}

/// Somebody who calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Newcomer {
    /// The new call's id, which no other call has.
    pub call_id: String,
    /// How it is connected.
    pub connection_type: ConnectionType,
    /// The telephone company's name for it.
    pub call_sid: Option<String>,
    /// The telephone company.
    pub provider: Option<String>,
    /// The caller's number in E.164.
    pub number: Option<String>,
    /// What is known of that number.
    pub caller: Option<CallerView>,
    /// What a guest said of themselves.
    pub notes: CallNotes,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        /// What is done with a call. The word stands in paths.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb { $($(#[$doc])* $variant),+ }

        impl Verb {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stands in paths.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The verb of a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|verb| verb.as_str() == word)
            }
        }
    };
}

verbs! {
    /// Talk to the caller, in a room of their own.
    PickUp = "pick-up",
    /// Talked to: back to the lobby.
    Screened = "screened",
    /// May go on the air: waits in the live room.
    Approve = "approve",
    /// Goes on the air next.
    Next = "next",
    /// Goes on the air.
    Air = "air",
    /// Off the air, stays in the live room.
    Hold = "hold",
    /// Back to its screener.
    Screen = "screen",
    /// Out.
    Drop = "drop",
    /// Stays on the air when the next one is taken.
    Lock = "lock",
    /// Does not.
    Unlock = "unlock",
    /// Something is noted.
    Notes = "notes",
    /// A guest hangs up.
    HangUp = "hang-up",
}

/// What goes with a verb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// What is noted of the caller; absent fields stay.
    pub notes: CallNotes,
    /// Why it is dropped.
    pub reason: Option<String>,
    /// Is whoever screened it not connected just now?
    pub is_unattended: bool,
}

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What is kept and told, in order.
    pub events: Vec<ShowEvent>,
    /// What is to be done about it, in order.
    pub deeds: Vec<Deed>,
    /// The call that it was about.
    pub call: Option<String>,
}

/// Something to be done in rooms, or at the telephone company.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// A call's place may be another one.
    Settle(String),
    /// Somebody of the staff may belong elsewhere.
    SettleStaff(String),
    /// What waits to be played to this caller is not for them any more.
    Clear(String),
    /// A call was put out by somebody.
    PutOut(String),
    /// A call ended by itself.
    Release(String),
    /// The room of a call and its screener is not needed any more.
    Fold(String),
    /// A telephone is to be asked anew where it goes.
    Redirect(String),
    /// The voices of callers are treated otherwise.
    Voices,
    /// What the lobby hears may be something else.
    Feeds,
    /// The show's rooms are not needed any more.
    CloseRooms,
}
