//! moonswitch
