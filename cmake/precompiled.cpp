// Carries the precompiled header; it has no code.
