//! Butler SOS.

fn main() {}
