//! influx_writer
