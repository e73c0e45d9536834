"""Rule packs: TOML becomes rules, every mistake named."""
