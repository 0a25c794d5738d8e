//! app_names_extractor
