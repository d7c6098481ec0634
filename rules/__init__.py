"""The catalogue of rules: one YAML file a rule, and index.json, what a run needs of them."""
