//! What is posted to New Relic: put together from the sections that have a say in it.

use actors::io::sense::SenseSettings;
use actors::new_relic_poster::{
    Account, EventPosts, MetricPosts, NewRelicSection, NewRelicSettings, Timeouts, UptimePosts,
    attributes,
};
use actors::uptime_monitor::UptimeSettings;

use super::cross_rules::CrossRules;
use super::{ConfigKeys, LogEvents, UserEvents};

/// What other sections say, checked.
pub(super) struct Parts<'a> {
    pub(super) accounts: Vec<Account>,
    pub(super) uptime: Option<&'a UptimeSettings>,
    pub(super) user_events: Option<&'a UserEvents>,
    pub(super) log_events: Option<&'a LogEvents>,
    pub(super) sense: &'a SenseSettings,
}

/// See [`ConfigKeys::check_new_relic`].
pub(super) struct Posts {
    /// `newRelic.enable`.
    pub(super) on: bool,
    /// The names of all accounts.
    pub(super) names: Vec<String>,
    /// `None` when nothing is posted.
    pub(super) settings: Option<NewRelicSettings>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl ConfigKeys {
    /// The accounts: those of the command line, or else those of the file, with the name of the
    /// one that is meant where none is named.
    pub(super) fn check_accounts(
        &self,
        replaced: Vec<Account>,
    ) -> (Vec<Account>, Option<&'static str>) {
        match replaced.is_empty() {
            true => self.credentials.get().check(),
            false => (replaced, None),
        }
    }

    /// Checks the section `newRelic`, and puts everything together that is posted.
    pub(super) fn check_new_relic(&self, across: &CrossRules, parts: Parts) -> Posts {
        let keys = self.new_relic.get();
        let section = keys.check(VERSION);
        let uptime = parts.uptime.and_then(|uptime| self.uptime_posts(across, uptime));
        let (on, names) = (section.is_some(), names(&parts.accounts));
        if !on && uptime.is_none() {
            return Posts { on, names, settings: None };
        }
        let metrics = section.as_ref().map(|section| {
            let accounts = self.metric_accounts(across, section, &parts);
            metric_posts(section, accounts, parts.sense)
        });
        let events = section.map(|section| EventPosts {
            to: section.event,
            attributes: attributes(section.event_attributes),
            user: parts.user_events.and_then(|events| events.posts.clone()),
            log: parts.log_events.and_then(|events| events.posts.clone()),
        });
        let settings = NewRelicSettings {
            accounts: parts.accounts,
            metric: keys.metric_endpoint(),
            metrics,
            uptime,
            events,
            timeouts: Timeouts::default(),
        };
        Posts { on, names, settings: Some(settings) }
    }

    /// The accounts for metrics. Files that name none rely on those of user events, which is where
    /// the original sends metrics in any case.
    fn metric_accounts(
        &self,
        across: &CrossRules,
        section: &NewRelicSection,
        parts: &Parts,
    ) -> Vec<String> {
        let own_at = self.new_relic.get().metric_accounts_at();
        let borrowed = self.user_events.get().new_relic_accounts();
        let names = borrowed.get();
        if !section.metric_accounts.is_empty() || names.is_empty() {
            return across.sends_to(own_at, section.metric_accounts.clone());
        }
        let key = borrowed.at;
        own_at.note(format!("is empty, so metrics go to the accounts of {}", key.path()));
        let checked = parts.user_events.is_some_and(|events| events.posts.is_some());
        if checked { names } else { across.sends_to(key, names) }
    }

    fn uptime_posts(&self, across: &CrossRules, uptime: &UptimeSettings) -> Option<UptimePosts> {
        let posts = uptime.new_relic.as_ref()?;
        let at = self.uptime.at.key("storeNewRelic.destinationAccount");
        let version = posts.version.then(|| ("version".to_owned(), VERSION.to_owned()));
        Some(UptimePosts {
            accounts: across.sends_to(at, posts.accounts.clone()),
            memory: posts.memory,
            uptime: posts.uptime,
            attributes: attributes(posts.attributes.iter().cloned().chain(version)),
            interval: uptime.schedule.interval(chrono::Utc::now()),
        })
    }
}

fn names(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(|account| account.name.clone()).collect()
}

fn metric_posts(
    section: &NewRelicSection,
    accounts: Vec<String>,
    sense: &SenseSettings,
) -> MetricPosts {
    let proxies = sense.targets.iter().filter_map(|target| target.sessions.as_ref());
    let proxies: usize = proxies.map(|sessions| sessions.virtual_proxies.len()).sum();
    let sessions = sense.sessions.as_ref();
    MetricPosts {
        accounts,
        engine: section.engine,
        sessions: section.sessions,
        attributes: attributes(section.metric_attributes.iter().cloned()),
        health_interval: sense.health_interval,
        session_interval: sessions.map_or(sense.health_interval, |polling| polling.interval),
        round: sense.targets.len().max(proxies),
    }
}
