//! What failed and works again is told once.

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Program, until};

use crate::common::BINARY;

#[test]
fn what_works_again_is_told_once_with_its_outage() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let all = [Endpoint::Engine(0), Endpoint::Proxy(0), Endpoint::Repository];
    for endpoint in all {
        site.set(endpoint, Fault::Status(503, ""));
    }
    let choices = Choices { interval_ms: 200, virtual_proxies: vec!["/hdr"], ..Choices::default() };
    let text = of_site(&site, 1, &choices);
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    let asked = |endpoint, least| site.count(endpoint) >= least;
    until("two failures of each", || all.iter().all(|at| asked(*at, 2)).then_some(()));
    for endpoint in all {
        site.set(endpoint, Fault::None);
    }
    let engine = site.address(Endpoint::Engine(0)).unwrap();
    let proxy = site.address(Endpoint::Proxy(0)).unwrap();
    let repository = site.address(Endpoint::Repository).unwrap().ip();
    for what in [
        format!("info: HEALTH: sense1 ({engine}) works again, had failed since 20"),
        format!("info: PROXY SESSIONS: sense1 ({proxy}) /hdr works again, had failed since 20"),
        format!("info: APP NAMES: {repository} works again, had failed since 20"),
    ] {
        let line = program.line_with(&what);
        assert!(line.ends_with(" errors"), "{line}");
    }
    let later = all.map(|at| site.count(at) + 2);
    until("two polls more", || {
        all.iter().zip(later).all(|(at, least)| asked(*at, least)).then_some(())
    });
    let told = program.lines().iter().filter(|line| line.contains("works again")).count();
    assert_eq!(told, 3);
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
