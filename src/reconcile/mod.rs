//! The loop: observe → plan → commit → report.
