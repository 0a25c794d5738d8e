//! influx_error_sink
