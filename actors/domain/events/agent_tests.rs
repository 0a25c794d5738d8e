//! Agents as the library of the original names them (version 2.14 of `bowser`).

use super::super::agents::{BROWSERS, SYSTEMS};
use super::*;

/// Agent, name of the browser, its whole version, name and version of the system; between tabs.
const AGENTS: &str = include_str!("../../../tests/data/agents.tsv");

/// The facts of one line that we tell too: of the version of the browser its leading digits.
fn told(line: &str) -> (&str, [&str; 4]) {
    let [agent, browser, version, os, os_version] =
        line.splitn(5, '\t').collect::<Vec<_>>().try_into().unwrap();
    let major = version.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    (agent, [browser, major, os, os_version])
}

fn read(agent: &UserAgent<'_>) -> [String; 4] {
    [agent.browser, agent.browser_major, agent.os, &agent.os_version].map(str::to_owned)
}

#[test]
fn agents_are_named_as_by_the_original() {
    let mut agents = 0;
    for (agent, told) in AGENTS.lines().map(told) {
        assert_eq!(read(&UserAgent::of(agent)), told, "{agent}");
        agents += 1;
    }
    assert!(agents > 150, "{agents}");
}

#[test]
fn common_agents_are_named() {
    const KIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
    for (agent, expected) in [
        (
            format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/138.0.0.0 Safari/537.36"),
            ["Chrome", "138", "Windows", "NT 10.0"],
        ),
        (
            format!("Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/120.0.0.0 Safari/537.36 Edg/120.1"),
            ["Microsoft Edge", "120", "Linux", ""],
        ),
        (
            format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/119.0 Safari/537.36 OPR/105.0"),
            ["Opera", "105", "Chrome OS", ""],
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko".to_owned(),
            ["Internet Explorer", "11", "Windows", "NT 6.1"],
        ),
        (
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)".to_owned(),
            ["Internet Explorer", "8", "Windows", "NT 5.1"],
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17.4 Safari/605".to_owned(),
            ["Safari", "17", "macOS", "10.15.7"],
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) CriOS/118.0 Safari/604".to_owned(),
            ["Chrome", "118", "iOS", "17.1"],
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM) SamsungBrowser/23.0 Chrome/115.0 Safari/537".to_owned(),
            ["Samsung Internet for Android", "23", "Android", "14"],
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:109.0) Gecko Firefox/121.0".to_owned(),
            ["Firefox", "121", "macOS", "10.15"],
        ),
        ("curl/8".to_owned(), ["", "", "", ""]),
        ("Mozilla/5.0".to_owned(), ["", "", "", ""]),
        ("".to_owned(), ["", "", "", ""]),
    ] {
        assert_eq!(read(&UserAgent::of(&agent)), expected, "{agent}");
    }
}

#[test]
fn the_agent_is_found_in_the_message() {
    for (message, agent) in [
        ("Start; UserAgent: 'curl/8'", Some("curl/8")),
        ("UserAgent: a'b UserAgent: c", Some("ab")),
        ("UserAgent:", Some("")),
        ("none", None),
    ] {
        assert_eq!(UserAgent::in_message(message).as_deref(), agent);
    }
}

/// Whatever is sent, nothing but letters of an agent comes out, and every row can be found.
#[test]
fn any_text_can_be_an_agent() {
    for row in &BROWSERS {
        let agent = format!("x {}12.3", row.marker);
        assert!(BROWSERS.iter().any(|row| row.name == UserAgent::of(&agent).browser), "{agent}");
    }
    for row in &SYSTEMS {
        let marker = if row.marker == "cros" { "CrOS" } else { row.marker };
        assert_eq!(UserAgent::of(&format!("x {marker} 12.3")).os, row.name, "{marker}");
    }
    for text in
        ["é/😀 (é", "windows né", "opt/", "(/ (", " (", "/ ", "macintosh é", "os é like mac"]
    {
        let agent = UserAgent::of(text);
        assert!(agent.browser.len() + agent.browser_major.len() <= text.len());
    }
}
