//! Numbers and ports.

use serde_json::{Value, json};

use super::key_path::KeyPath;
use super::kind::{Kind, expected, scalar};
use super::tree::Tree;

/// A whole number of any size.
#[derive(Debug, Clone, Copy)]
pub struct Whole;

impl Kind for Whole {
    type Value = i64;
    type Literal = i64;

    fn known(literal: i64) -> i64 {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<i64>) -> Option<i64> {
        scalar(at, tree)
    }

    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

/// A whole number within limits; what is outside is moved to the nearest limit with a warning.
#[derive(Debug, Clone, Copy)]
pub struct Number<const LEAST: u32, const MOST: u32>;

impl<const LEAST: u32, const MOST: u32> Kind for Number<LEAST, MOST> {
    type Value = u32;
    type Literal = u32;

    fn known(literal: u32) -> u32 {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<u32>) -> Option<u32> {
        let number: i64 = scalar(at, tree)?;
        let kept = number.clamp(LEAST.into(), MOST.into());
        if kept != number {
            let limits = format!("{LEAST} to {MOST}");
            at.warning(format!("expected {limits}, found number {number}; {kept} is used"));
        }
        u32::try_from(kept).ok()
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
    }
}

/// A whole number within limits; outside of them the default is used with a warning.
#[derive(Debug, Clone, Copy)]
pub struct Within<const LEAST: u32, const MOST: u32>;

impl<const LEAST: u32, const MOST: u32> Kind for Within<LEAST, MOST> {
    type Value = u32;
    type Literal = u32;

    fn known(literal: u32) -> u32 {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<u32>) -> Option<u32> {
        let number: i64 = scalar(at, tree)?;
        let kept = u32::try_from(number).ok().filter(|kept| (LEAST..=MOST).contains(kept));
        if kept.is_none() {
            let used = default.map_or_else(String::new, |used| format!("; {used} is used"));
            at.warning(format!("expected {LEAST} to {MOST}, found number {number}{used}"));
        }
        kept
    }

    fn schema() -> Value {
        Number::<LEAST, MOST>::schema()
    }
}

/// What a port is called in a message.
const PORT: &str = "a port number 1-65535";

/// A port to connect to, 1 to 65535.
#[derive(Debug, Clone, Copy)]
pub struct Port;

impl Kind for Port {
    type Value = u16;
    type Literal = u16;

    fn known(literal: u16) -> u16 {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<u16>) -> Option<u16> {
        let number: i64 = expected(at, tree, PORT)?;
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        if port.is_none() {
            at.error(format!("expected {PORT}, found number {number}"));
        }
        port
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX })
    }
}

/// A port to listen on: 0 lets the system choose.
#[derive(Debug, Clone, Copy)]
pub struct Listener;

impl Kind for Listener {
    type Value = u16;
    type Literal = u16;

    fn known(literal: u16) -> u16 {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<u16>) -> Option<u16> {
        if matches!(tree, Tree::Plain(text) if &**text == "0") {
            return Some(0);
        }
        Port::read(at, tree, default)
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX })
    }
}
