//! What is on record about one version of a licence.
