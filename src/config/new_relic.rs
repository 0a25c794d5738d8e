//! What is posted to New Relic: put together from the sections that have a say in it.

use actors::domain::yaml::{Problems, Reader};
use actors::io::sense::SenseSettings;
use actors::new_relic_poster::{
    Account, EventPosts, MetricPosts, NewRelicSection, NewRelicSettings, Timeouts, UptimePosts,
    attributes,
};
use actors::uptime_monitor::UptimeSettings;

use super::across::Across;
use super::{Config, LogEvents, UserEvents};

/// What other sections say, checked.
pub(super) struct Parts<'a> {
    pub(super) accounts: Vec<Account>,
    pub(super) uptime: Option<&'a UptimeSettings>,
    pub(super) user_events: Option<&'a UserEvents>,
    pub(super) log_events: Option<&'a LogEvents>,
    pub(super) sense: &'a SenseSettings,
}

/// See [`Config::check_new_relic`].
pub(super) struct Posts {
    /// `newRelic.enable`.
    pub(super) on: bool,
    /// The names of all accounts.
    pub(super) names: Vec<String>,
    /// `None` when nothing is posted.
    pub(super) settings: Option<NewRelicSettings>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Config {
    /// The accounts: those of the command line, or else those of the file, with the name of the
    /// one that is meant where none is named.
    pub(super) fn check_accounts(
        &self,
        at: &Reader,
        replaced: Vec<Account>,
    ) -> (Vec<Account>, Option<&'static str>) {
        if !replaced.is_empty() {
            return (replaced, None);
        }
        let at = at.key("thirdPartyToolsCredentials");
        at.section(&self.third_party_tools_credentials).check(&at)
    }

    /// Checks the section `newRelic`, and puts everything together that is posted.
    pub(super) fn check_new_relic(&self, at: &Reader, across: &Across, parts: Parts) -> Posts {
        let relic_at = at.key("newRelic");
        let config = relic_at.section(&self.new_relic);
        let section = config.check(&relic_at, VERSION);
        let uptime = parts.uptime.and_then(|uptime| uptime_posts(at, across, uptime));
        let (on, names) = (section.is_some(), names(&parts.accounts));
        if !on && uptime.is_none() {
            return Posts { on, names, settings: None };
        }
        let metrics = section.as_ref().map(|section| {
            let accounts = self.metric_accounts(at, across, section, &parts);
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
            metric: config.metric_endpoint(&relic_at),
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
        at: &Reader,
        across: &Across,
        section: &NewRelicSection,
        parts: &Parts,
    ) -> Vec<String> {
        let own_at = at.key("newRelic.metric.destinationAccount");
        let user_at = at.key("userEvents");
        // Whoever checks user events, if they are on, tells what is wrong there.
        let silent = Problems::default().reader("");
        let borrowed = user_at.section(&self.user_events).new_relic_accounts(&silent);
        if !section.metric_accounts.is_empty() || borrowed.is_empty() {
            return across.sends_to(own_at, section.metric_accounts.clone());
        }
        let key = user_at.key("sendToNewRelic.destinationAccount");
        own_at.note(format!("is empty, so metrics go to the accounts of {}", key.path()));
        let checked = parts.user_events.is_some_and(|events| events.posts.is_some());
        if checked { borrowed } else { across.sends_to(key, borrowed) }
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

fn uptime_posts(at: &Reader, across: &Across, uptime: &UptimeSettings) -> Option<UptimePosts> {
    let posts = uptime.new_relic.as_ref()?;
    let at = at.key("uptimeMonitor.storeNewRelic.destinationAccount");
    let version = posts.version.then(|| ("version".to_owned(), VERSION.to_owned()));
    Some(UptimePosts {
        accounts: across.sends_to(at, posts.accounts.clone()),
        memory: posts.memory,
        uptime: posts.uptime,
        attributes: attributes(posts.attributes.iter().cloned().chain(version)),
        interval: uptime.schedule.interval(chrono::Utc::now()),
    })
}
