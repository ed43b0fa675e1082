//! The lookups of the catalogue, on rows made for them.
