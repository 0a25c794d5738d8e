//! What the operating system tells about this process, by the names that every Prometheus client
//! uses. A number that it does not tell is left out.

use chrono::{DateTime, Utc};

use crate::domain::metrics::{Family, Labels};

/// The numbers now, of a process that started at `started`.
pub(super) fn families(started: DateTime<Utc>) -> Vec<Family> {
    let memory = memory_stats::memory_stats();
    let resident = memory.as_ref().map(|memory| memory.physical_mem as u64);
    let virtual_size = memory.as_ref().map(|memory| memory.virtual_mem as u64);
    let started = started.timestamp_millis();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
    let started = started as f64 / 1_000.0;
    let none = Labels::default;
    let mut families = vec![
        Family::gauge("process_start_time_seconds", "Start of the process, seconds since 1970.")
            .value(none(), started),
    ];
    if let Some((user, system)) = system::cpu_seconds() {
        for (name, help, seconds) in [
            ("process_cpu_user_seconds_total", "Processor time used by the program.", user),
            (
                "process_cpu_system_seconds_total",
                "Processor time used by the operating system for the program.",
                system,
            ),
            ("process_cpu_seconds_total", "Processor time used, user and system.", user + system),
        ] {
            families.push(Family::counter(name, help).value(none(), seconds));
        }
    }
    for (name, help, number) in [
        ("process_resident_memory_bytes", "Resident memory.", resident),
        ("process_virtual_memory_bytes", "Virtual memory.", virtual_size),
        ("process_open_fds", "Open file descriptors.", system::open_fds()),
        ("process_max_fds", "Most file descriptors that may be open.", system::max_fds()),
    ] {
        if let Some(number) = number {
            families.push(Family::gauge(name, help).count(none(), number));
        }
    }
    families
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    /// The kernel tells times to programs in hundredths of a second on every processor that Rust
    /// runs on.
    const TICKS_PER_SECOND: f64 = 100.0;

    /// Of the program, and of the system for it.
    pub(super) fn cpu_seconds() -> Option<(f64, f64)> {
        cpu_times(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// Fields 14 and 15; the second field is a name that may have spaces and brackets in it.
    pub(super) fn cpu_times(stat: &str) -> Option<(f64, f64)> {
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ').skip(11).map(|field| field.parse::<u32>().ok());
        let mut seconds = || Some(f64::from(fields.next()??) / TICKS_PER_SECOND);
        Some((seconds()?, seconds()?))
    }

    pub(super) fn open_fds() -> Option<u64> {
        // One of them is the folder that is being read.
        let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        Some(open as u64)
    }

    pub(super) fn max_fds() -> Option<u64> {
        soft_limit(&fs::read_to_string("/proc/self/limits").ok()?)
    }

    pub(super) fn soft_limit(limits: &str) -> Option<u64> {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn cpu_seconds() -> Option<(f64, f64)> {
        None
    }

    pub(super) fn open_fds() -> Option<u64> {
        None
    }

    pub(super) fn max_fds() -> Option<u64> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_understood() {
        let stat = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(system::cpu_times(stat), Some((2.5, 0.5)));
        let limits = "Limit   Soft Limit   Hard Limit\nMax open files   1024   4096   files\n";
        assert_eq!(system::soft_limit(limits), Some(1024));
        assert_eq!(system::soft_limit("Max open files unlimited unlimited files"), None);
    }

    #[test]
    fn this_process_is_told_with_numbers_that_can_be() {
        let started = "2026-05-03T16:10:09.500Z".parse().unwrap();
        let value = |name: &str| {
            let families = families(started);
            families.iter().find(|family| family.name == name).unwrap().samples[0].value
        };
        assert_eq!(value("process_start_time_seconds"), 1_777_824_609.5);
        let before = value("process_open_fds");
        let _file = std::fs::File::open("/proc/self/stat").unwrap();
        assert!(value("process_open_fds") >= 1.0 && before >= 1.0);
        assert!(value("process_max_fds") >= before);
        let resident = value("process_resident_memory_bytes");
        assert!(resident > 1e6 && resident < value("process_virtual_memory_bytes"));
        let both =
            value("process_cpu_user_seconds_total") + value("process_cpu_system_seconds_total");
        assert!(value("process_cpu_seconds_total") >= 0.0 && both >= 0.0);
    }
}
