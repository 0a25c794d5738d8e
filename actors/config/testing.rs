//! Sections as texts, for tests.

use super::{Catalog, Problems, SectionKeys, compose, modern};

/// The keys of a section that is written as `text`, at the path `root`, and where its problems
/// are collected.
pub(crate) fn section<T: SectionKeys>(root: &str, text: &str) -> (T, Problems) {
    let problems = Problems::default();
    let at = problems.at(root);
    let tree = compose(text).expect("YAML");
    let tree = modern(&Catalog::new(T::definitions()), &tree, &at);
    (T::take(at, &tree), problems)
}

/// What is wrong, each with its path.
pub(crate) fn messages(problems: &Problems) -> Vec<String> {
    problems.take().iter().map(ToString::to_string).collect()
}
