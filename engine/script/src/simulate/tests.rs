//! Tests that try the tests: what holds, what fails and with which words, and what is simulated.

mod bed;
mod broken_hooks;
mod dead_air;
mod failures;
mod gates;
mod others;
mod outside;
mod queues;
mod several;
mod shipped;
mod simulated;
mod stubs;
