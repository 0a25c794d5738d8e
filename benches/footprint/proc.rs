//! What Linux tells about a process.

use std::fs;
use std::io;
use std::time::Duration;

/// Resident memory of a process now and at its highest, in MiB.
pub(crate) fn memory(process: u32) -> io::Result<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = |name: &str| -> Option<f64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1024.0)
    };
    Ok((value("VmRSS:").unwrap_or(f64::NAN), value("VmHWM:").unwrap_or(f64::NAN)))
}

/// Processor time that a process has used, all threads together.
pub(crate) fn processor_time(process: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold anything; numbers begin behind it.
    let numbers = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        numbers.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on every Linux.
    Ok(Duration::from_millis(ticks * 10))
}

/// How often the threads of a process waited and were woken.
pub(crate) fn wake_ups(process: u32) -> io::Result<u64> {
    let mut all = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end meanwhile.
        let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        all += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(all)
}

/// Median, lowest and highest of some measurements.
pub(crate) fn spread(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let (Some(lowest), Some(highest)) = (values.first(), values.last()) else {
        return "nothing measured".to_owned();
    };
    let (median, n) = (values[values.len() / 2], values.len());
    format!("median {median:.2}, lowest {lowest:.2}, highest {highest:.2}, n = {n}")
}
