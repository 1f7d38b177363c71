"""The benches: what runs, how it is measured, and how it is shown."""
