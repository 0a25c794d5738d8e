//! The session list of one virtual proxy, as Qlik Sense sends it and as we send it on.

use std::sync::Arc;

use serde_json::Value;

use super::body;
use crate::domain::names::{MonitoredServer, VirtualProxy};

/// One answer of the proxy session API.
#[derive(Debug, Clone, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct ProxySessions {
    /// The server asked.
    pub server: Arc<MonitoredServer>,
    /// `userSessions.host` as configured, with its port.
    pub session_host: Arc<str>,
    /// The virtual proxy asked for.
    pub virtual_proxy: VirtualProxy,
    /// All sessions, in the order of the answer.
    pub sessions: Arc<[ProxySession]>,
    /// The answer, a JSON array, excluded users included.
    pub answer: Arc<Value>,
}

/// One session. Members that Qlik Sense left out are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxySession {
    /// `UserDirectory`.
    pub directory: String,
    /// `UserId`.
    pub user_id: String,
    /// `SessionId`.
    pub session_id: String,
    /// Listed in `userSessions.excludeUser`: counted, but without a detail point.
    pub excluded: bool,
}

impl ProxySession {
    /// Reads the sessions of an answer; `excluded` says which users get no details. Also the
    /// answer itself.
    ///
    /// # Errors
    /// When the body is not a JSON array of objects: then it is no session list at all.
    pub fn list_from_json(
        body: &[u8],
        excluded: impl Fn(&str, &str) -> bool,
    ) -> Result<(Arc<[Self]>, Arc<Value>), &'static str> {
        let body: Value = body::read(body).map_err(|_| "the answer is not valid JSON")?;
        let Value::Array(items) = &body else {
            return Err("the answer is JSON, but not an array of sessions");
        };
        if !items.iter().all(Value::is_object) {
            return Err("the answer is a JSON array, but not of sessions");
        }
        let text =
            |item: &Value, member: &str| item.get(member).and_then(body::text).unwrap_or_default();
        let sessions = items
            .iter()
            .map(|item| {
                let directory = text(item, "UserDirectory");
                let user_id = text(item, "UserId");
                let excluded = excluded(&directory, &user_id);
                Self { directory, user_id, session_id: text(item, "SessionId"), excluded }
            })
            .collect();
        Ok((sessions, Arc::new(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_read_and_excluded_users_marked() {
        let body = br#"[{"UserDirectory":"CORP","UserId":"anna","Attributes":[],"SessionId":"s1"},
            {"UserDirectory":"CORP","UserId":"probe","SessionId":"s2","New":{"a":[1]}},{"UserId":7}]"#;
        let (sessions, answer) =
            ProxySession::list_from_json(body, |dir, id| (dir, id) == ("CORP", "probe")).unwrap();
        assert_eq!(sessions.len(), 3);
        assert_eq!((&*sessions[0].user_id, sessions[0].excluded), ("anna", false));
        assert_eq!((&*sessions[1].session_id, sessions[1].excluded), ("s2", true));
        assert_eq!((&*sessions[2].directory, &*sessions[2].user_id), ("", "7"));
        assert_eq!(answer[1]["New"]["a"][0], 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for body in [
            &b"<html>login</html>"[..],
            b"{}",
            b"[{\"UserId\":",
            b"",
            b"\"text\"",
            b"[1,2]",
            b"[{\"UserId\":\"anna\"},null]",
        ] {
            assert!(ProxySession::list_from_json(body, |_, _| false).is_err());
        }
    }
}
