//! What goes wrong in the demo, and when.

use std::time::Duration;

use super::site::{BadCertificate, Endpoint, Fault, Site};

/// One change of one endpoint.
pub(super) struct Step {
    /// Milliseconds from the beginning of a round.
    at_ms: u64,
    endpoint: Endpoint,
    fault: Fault,
    /// For the console.
    says: &'static str,
}

/// Length of a round; then everything begins again.
pub(super) const ROUND: Duration = Duration::from_secs(30);

const HTML: &[u8] = b"<!doctype html><title>Sign in</title><p>Please sign in.";

/// One round: every fault lasts longer than the time between two polls.
pub(super) fn round() -> Vec<Step> {
    use Endpoint::{Engine, Proxy, Repository};
    let step = |at_ms, endpoint, fault, says| Step { at_ms, endpoint, fault, says };
    vec![
        step(300, Proxy(1), Fault::NoAnswer, "the proxy of sense2 accepts requests but is silent"),
        step(1_500, Engine(1), Fault::Refused, "the engine of sense2 is stopped"),
        step(2_500, Proxy(0), Fault::Status(401, ""), "the proxy of sense1 denies access"),
        step(4_000, Engine(0), Fault::Status(503, ""), "the engine of sense1 is overloaded"),
        step(5_000, Engine(1), Fault::None, "the engine of sense2 is back"),
        step(5_500, Proxy(0), Fault::None, "the proxy of sense1 lets us in again"),
        step(
            6_000,
            Engine(1),
            Fault::Certificate(BadCertificate::Expired),
            "the engine of sense2 shows an expired certificate",
        ),
        step(6_500, Repository, Fault::Body(HTML.to_vec()), "the repository shows a sign-in page"),
        step(7_000, Engine(0), Fault::None, "the engine of sense1 is well"),
        step(9_000, Engine(1), Fault::None, "the engine of sense2 has a new certificate"),
        step(9_500, Repository, Fault::None, "the repository lists apps again"),
        step(10_000, Proxy(1), Fault::None, "the proxy of sense2 answers again"),
        step(13_000, Engine(0), Fault::Reset, "a firewall resets connections to sense1"),
        step(16_000, Engine(0), Fault::None, "the firewall has learned"),
        step(17_000, Proxy(1), Fault::Status(429, ""), "the proxy of sense2 wants fewer requests"),
        step(20_000, Proxy(1), Fault::None, "the proxy of sense2 is content"),
        step(21_000, Repository, Fault::ClientRefused, "the repository refuses our certificate"),
        step(24_000, Repository, Fault::None, "the repository accepts our certificate"),
    ]
}

/// Plays rounds for ever.
pub(super) async fn play(site: &Site) {
    loop {
        let begin = tokio::time::Instant::now();
        for step in round() {
            tokio::time::sleep_until(begin + Duration::from_millis(step.at_ms)).await;
            site.set(step.endpoint, step.fault);
            log::info!("DEMO: Now {}", step.says);
        }
        log::info!("DEMO: All is well until the next round");
        tokio::time::sleep_until(begin + ROUND).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::configuration::Choices;
    use super::*;

    #[test]
    fn five_categories_are_shown_within_the_ten_seconds_that_are_promised() {
        let begins = |fault: &Fault| {
            let steps = round();
            steps.iter().find(|step| step.fault == *fault).map(|step| step.at_ms).unwrap()
        };
        let next_poll = Choices::default().interval_ms;
        // Who is silent is found out after five seconds.
        assert!(begins(&Fault::NoAnswer) + next_poll + 5_000 < 10_000);
        for fault in [
            Fault::Refused,
            Fault::Status(401, ""),
            Fault::Status(503, ""),
            Fault::Certificate(BadCertificate::Expired),
        ] {
            assert!(begins(&fault) + next_poll < 10_000, "{fault:?}");
        }
    }

    #[test]
    fn a_round_is_in_order_and_leaves_the_site_healthy() {
        let round = round();
        assert!(round.windows(2).all(|steps| steps[0].at_ms < steps[1].at_ms));
        assert!(round.last().unwrap().at_ms < ROUND.as_millis() as u64);
        for step in &round {
            let last = round.iter().rfind(|other| other.endpoint == step.endpoint).unwrap();
            assert_eq!(last.fault, Fault::None, "{:?}", step.endpoint);
        }
    }
}
