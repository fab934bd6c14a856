//! Settings that come in: whole with a new show, in parts with a change.

use crosspoint_model::show::ShowSettings;
use crosspoint_model::{Code, Refusal};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A show that is to be made.
#[derive(Debug, PartialEq, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct NewShow {
    /// Its name in paths and rooms: 1 to 64 of `a-z`, `0-9`, `-`. Absent: the server chooses one.
    pub show_id: Option<String>,
    /// What can be set of it; what is absent is as usual.
    #[schema(inline)]
    pub settings: ShowSettings,
}

// By hand, for a flattened part cannot refuse unknown fields.
impl<'de> Deserialize<'de> for NewShow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let show_id = match fields.remove("showId") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => return Err(D::Error::custom("showId must be text")),
        };
        let settings = serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)?;
        Ok(Self { show_id, settings })
    }
}

/// Settings with a change: what is absent stays, `null` is as usual again (RFC 7396).
pub fn changed(settings: &ShowSettings, change: Value) -> Result<ShowSettings, Refusal> {
    if !change.is_object() {
        return Err(Refusal::new(Code::InvalidRequest, "send a JSON object with the settings that change"));
    }
    let mut whole = serde_json::to_value(settings)
        .map_err(|error| Refusal::new(Code::Internal, format!("the settings cannot be written: {error}")))?;
    merge(&mut whole, change);
    serde_json::from_value(whole).map_err(|error| Refusal::new(Code::InvalidRequest, error.to_string()))
}

fn merge(whole: &mut Value, change: Value) {
    match (whole, change) {
        (Value::Object(whole), Value::Object(change)) => {
            for (name, value) in change {
                if value.is_null() {
                    whole.remove(&name);
                } else {
                    merge(whole.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (whole, change) => *whole = change,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_show_has_a_name_and_settings_and_nothing_else() {
        let show: NewShow = serde_json::from_value(json!({ "showId": "morning", "lines": 4 })).expect("a show");
        assert_eq!((show.show_id.as_deref(), show.settings.lines), (Some("morning"), 4));
        let unnamed: NewShow = serde_json::from_value(json!({})).expect("a show");
        assert_eq!(unnamed, NewShow { show_id: None, settings: ShowSettings::default() });
        for wrong in [json!({ "colour": "red" }), json!({ "showId": 7 }), json!({ "lines": "many" }), json!([])] {
            assert!(serde_json::from_value::<NewShow>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_was() {
        let before = ShowSettings {
            title: "Morning".into(),
            lines: 9,
            lobby_file: Some("a.wav".into()),
            ..ShowSettings::default()
        };
        let change = json!({ "title": "Evening", "lobbyFile": null, "callerVoice": { "gain": -3.0 }, "lines": null });
        let after = changed(&before, change).expect("settings");
        assert_eq!(
            (after.title.as_str(), after.lines, after.lobby_file),
            ("Evening", ShowSettings::default().lines, None)
        );
        assert_eq!((after.caller_voice.gain, after.caller_voice.high_pass), (-3.0, before.caller_voice.high_pass));
        for wrong in
            [json!({ "colour": 1 }), json!({ "lines": -1 }), json!(7), json!({ "callerVoice": { "loud": true } })]
        {
            assert_eq!(
                changed(&before, wrong.clone()).map_err(|refusal| refusal.code),
                Err(Code::InvalidRequest),
                "{wrong}"
            );
        }
    }
}
